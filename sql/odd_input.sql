-- Odd input: instants at the ends of time, counts and values at their limits, many of everything, NULLs everywhere, keys
-- of every type, names of every length. What cannot be counted is a failure of its row; nothing crashes, nothing is
-- truncated in silence, and verify agrees.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
CREATE SCHEMA odd;
SET search_path = odd, public;
CREATE FUNCTION public.try(what text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE what; RETURN 'done'; EXCEPTION WHEN OTHERS THEN RETURN format('%s %s', SQLSTATE, SQLERRM); END $$;

-- The same, and what it did is taken back.
CREATE FUNCTION public.undone(what text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE what; RAISE EXCEPTION 'done'; EXCEPTION WHEN raise_exception THEN RETURN SQLERRM; WHEN OTHERS THEN RETURN format('%s %s', SQLSTATE, SQLERRM); END $$;

-- 1. Time: an audience where clocks change, by the hour and by the day, with each kind of time column.
CREATE TABLE lead (id integer PRIMARY KEY, born date);
CREATE TABLE event (lead integer, at timestamptz, wall timestamp, day date);
INSERT INTO lead VALUES (1, 'infinity'), (2, '-infinity'), (3, '0001-01-01 BC'), (4, '2000-02-29'), (5, NULL), (6, '5874897-12-31');
SELECT lead_scoring.create_audience('hours', 'lead', time_zone => 'Europe/Berlin', resolution => 'hour');
SELECT lead_scoring.create_audience('days', 'lead', time_zone => 'America/Sao_Paulo', score_table => 's2', tally_table => 't2', band_change_table => 'b2', pending_table => 'p2');
SELECT lead_scoring.add_source(a, 'event', 'lead', c, name => c) FROM unnest('{hours,days}'::text[]) AS a, unnest('{at,wall,day}'::text[]) AS c;
INSERT INTO lead_scoring.signal (audience, name, source) SELECT a, c, c FROM unnest('{hours,days}'::text[]) AS a, unnest('{at,wall,day}'::text[]) AS c;
INSERT INTO lead_scoring.signal (audience, name, source, occurred_on) SELECT a, 'born', 'profile', 'born' FROM unnest('{hours,days}'::text[]) AS a;
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('hours', 'hours'), ('days', 'days');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, decay, half_life) SELECT audience, name, name, 1000, 'exponential', '1 month' FROM lead_scoring.signal WHERE audience IN ('hours', 'days');
INSERT INTO lead_scoring.rule (sheet, name, signal, measure, points, inactive_after) VALUES ('hours', 'away', NULL, 'inactivity', -1, '1 year'), ('days', 'away', NULL, 'inactivity', -1, '1 year');
SELECT lead_scoring.publish('hours'), lead_scoring.publish('days');
INSERT INTO event SELECT 1 + n % 6, t, t::timestamp, t::date FROM (SELECT t::timestamptz AS t, n::integer FROM unnest(ARRAY[
    'infinity', '-infinity', '294276-12-31 23:59:59.999999', '4714-11-24 00:00:00 BC', '4713-01-01 BC', '0001-01-01', '1399-12-31 23:59:59', '1400-01-01 00:00:00',
    '9999-12-31 23:59:59', '10000-01-01', '2024-02-29 12:00', '2023-02-28 23:59:59.999999', '2024-12-31 23:59:60', '1900-02-28', '2000-01-01', '1999-12-31 23:59:59.999999',
    -- An hour that never was, one that was twice; and a midnight that never was.
    '2024-03-31 00:59:59', '2024-03-31 01:00', '2024-10-27 00:30', '2024-10-27 01:30', '2017-10-15 02:59:59', '2017-10-15 03:00', '2018-02-18 02:30', '1893-03-31 23:00', '1980-04-06 00:30']) WITH ORDINALITY AS u(t, n)) AS x;
INSERT INTO event VALUES (1, NULL, '2024-03-31 02:30', '2024-02-29'), (1, NULL, '2024-10-27 02:30', '1900-01-01'), (1, NULL, '2017-10-15 00:00', '2017-10-15'), (NULL, 'infinity', '-infinity', 'infinity');
SELECT audience, source, signal, sqlstate, message, count FROM lead_scoring.failure ORDER BY 1, 2, 3, 4;
SELECT * FROM lead_scoring.verify('hours');
SELECT * FROM lead_scoring.verify('days');
CALL lead_scoring.rebuild('hours');
SELECT * FROM lead_scoring.verify('hours');
-- Every tick is the wall clock's, as PostgreSQL says it.
SELECT count(*) AS different FROM (
    SELECT e.at FROM event AS e WHERE e.at >= '1400-01-01' AND e.at < '9999-12-31' AND isfinite(e.at)
    EXCEPT
    SELECT e.at FROM event AS e, lead_scoring.entries(lead_scoring.tally('hours', e.lead::text)) AS n
    WHERE n.tick = CASE WHEN e.at >= '1400-01-01' AND e.at < '10000-01-01' THEN floor(extract(epoch FROM e.at AT TIME ZONE 'Europe/Berlin' - timestamp '2000-01-01') / 3600) END) AS d;
-- Instants at which nothing can be evaluated, or just still.
SELECT a, i, try(format('SELECT lead_scoring.score(lead_scoring.active_model(%L), lead_scoring.tally(%1$L, ''4''), %L)', a, i)) AS result
FROM unnest('{hours,days}'::text[]) AS a, unnest('{infinity,-infinity,294276-12-31 23:59:59,4714-11-24 BC,1399-12-30,1400-01-02,9999-12-30,10000-01-02}'::text[]) AS i ORDER BY a, i;
SELECT lead, next_change_at = 'infinity' AS never FROM lead_score WHERE lead IN (3, 5) ORDER BY lead;
-- A row that goes takes away what it brought, also what failed.
DELETE FROM event;
SELECT lead_scoring.entry_count(base OPERATOR(lead_scoring.+) recent) AS entries, lead FROM lead_tally WHERE lead_scoring.entry_count(base OPERATOR(lead_scoring.+) recent) > 0 ORDER BY lead;
SELECT * FROM lead_scoring.verify('hours');
SELECT lead_scoring.drop_audience('hours'), lead_scoring.drop_audience('days');
DROP TABLE lead, event;

-- 2. Numbers at their limits.
CREATE TABLE lead (id bigint PRIMARY KEY);
CREATE TABLE event (lead bigint, at date, amount text);
INSERT INTO lead VALUES (9223372036854775807), (-9223372036854775808), (0), (1);
SELECT lead_scoring.create_audience('limits', 'lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('limits', 'event', 'lead', 'at');
INSERT INTO lead_scoring.signal (audience, name, source, value) VALUES ('limits', 'amount', 'event', 'amount::numeric');
INSERT INTO lead_scoring.sheet (name, audience, min_score) VALUES ('limits', 'limits', -1000000000);
INSERT INTO lead_scoring.rule (sheet, name, signal, measure, points) VALUES ('limits', 'most', 'amount', 'value', 1000000), ('limits', 'least', 'amount', 'value', -1000000), ('limits', 'finest', 'amount', 'value', 0.001);
SELECT lead_scoring.publish('limits');
INSERT INTO event SELECT 9223372036854775807, '2024-01-01', v FROM unnest('{NaN,Infinity,-Infinity,10000000000,-10000000000,10000000000.0001,1e1000,1e-1000,0.00005,-0.00005,0.00004999,"",x,1e400000,--1,0x10,1_000}'::text[]) AS v;
SELECT sqlstate, message, count FROM lead_scoring.failure WHERE audience = 'limits' ORDER BY sqlstate, message;
SELECT lead_scoring.tally('limits', '9223372036854775807');
SELECT lead, score FROM lead_score ORDER BY lead;
-- Values that would not fit their sum: the lead is left as it was, and that is told, until they are mended.
INSERT INTO event SELECT 0, '2024-01-01', '10000000000' FROM generate_series(1, 92000);
SELECT try($$INSERT INTO odd.event SELECT 0, '2024-01-01', '10000000000' FROM generate_series(1, 1000)$$);
SELECT lead_scoring.tally('limits', '0'), lead, score FROM lead_score WHERE lead = 0;
SELECT sqlstate, message, count, sample_key FROM lead_scoring.failure WHERE audience = 'limits' AND source = '';
SELECT try($$SELECT * FROM lead_scoring.verify('limits')$$);
DELETE FROM event WHERE lead = 0;
CALL lead_scoring.rebuild('limits');
SELECT lead_scoring.tally('limits', '0'), lead, score FROM lead_score WHERE lead = 0;
SELECT * FROM lead_scoring.verify('limits');
SELECT t, try(format('SELECT %L::lead_scoring.tally', t)) AS alone, try(format('SELECT %L::lead_scoring.tally OPERATOR(lead_scoring.+) %1$L', t)) AS twice, try(format('SELECT OPERATOR(lead_scoring.-) %L::lead_scoring.tally', t)) AS negative
FROM unnest(ARRAY['{1:9223372036854775807}', '{1:-9223372036854775808}', '{1:9223372036854775808}', '{1:1=922337203685477.5807}', '{1:1=922337203685477.5808}', '{1:1=-922337203685477.5808}', '{2147483647:1}', '{4294967295:1}', '{4294967296:1}',
    '{0:1}', '{-1:1}', '{1@2147483647:1}', '{1@2147483648:1}', '{1@-2147483648:1}', '{1@-2147483647:1}', '{1#ffffffffffffffff:1}', '{1#10000000000000000:1}', '{1:0}', '{1:0=1}', '{1:1,1:1}', '{', '', '{}', '{1:1', '{1:1,}', ' { 1 : 1 } ', '{1:1}x', E'{1:1}\t']) AS t;
SELECT r.what, try(r.what) FROM unnest(ARRAY['SELECT lead_scoring.tally_of(2147483647, 2147483647, repeat(''x'', 1000000), 10000000000, 9223372036854775807)', 'SELECT lead_scoring.tally_of(0, 1)', 'SELECT lead_scoring.tally_of(1, -2147483648)',
    'SELECT lead_scoring.tally_of(1, 1, NULL, ''NaN'')', 'SELECT lead_scoring.tally_of(1, 1, NULL, 1, 9223372036854775807) FROM generate_series(1, 2)', 'SELECT lead_scoring.sum(t) FROM (VALUES (''{1:9223372036854775807}''::lead_scoring.tally), (''{1:1}'')) AS v(t)',
    'SELECT repeat(''['', 1000000)::lead_scoring.model', 'SELECT (''{"format": '' || repeat(''{"a":'', 100000) || ''1'' || repeat(''}'', 100000) || ''}'')::lead_scoring.model', 'SELECT ''null''::lead_scoring.model', 'SELECT ''{"format": 1e400}''::lead_scoring.model',
    'SELECT ''{"format": 18446744073709551616}''::lead_scoring.model', 'SELECT lead_scoring.import_sheet(''limits'', (repeat(''['', 5000) || repeat('']'', 5000))::jsonb)']) AS r(what);
SELECT lead_scoring.drop_audience('limits');
DROP TABLE lead, event;

-- 3. Many: 1,000 signals, 1,000 rules, 100 sheets, a tally of 10 MB, values of 100 kB.
CREATE TABLE lead (id integer PRIMARY KEY);
CREATE TABLE event (lead integer, at date, kind text);
INSERT INTO lead SELECT generate_series(1, 3);
SELECT lead_scoring.create_audience('many', 'lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('many', 'event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type) SELECT 'many', 'signal ' || n, 'event', 'kind ' || n FROM generate_series(1, 1000) AS n;
INSERT INTO lead_scoring.sheet (name, audience, activity) SELECT 'sheet ' || n, 'many', CASE WHEN n > 0 THEN ARRAY['signal ' || n] END FROM generate_series(0, 100) AS n;
INSERT INTO lead_scoring.rule (sheet, name, signal, points) SELECT 'sheet 0', 'rule ' || n, 'signal ' || n, n FROM generate_series(1, 1000) AS n;
INSERT INTO lead_scoring.rule (sheet, name, signal, points) SELECT 'sheet ' || n, 'rule', 'signal ' || n, 1 FROM generate_series(1, 100) AS n;
SELECT lead_scoring.publish('sheet 0');
SELECT count(lead_scoring.publish('sheet ' || n)) FROM generate_series(1, 100) AS n;
INSERT INTO event SELECT 1, '2024-01-01', 'kind ' || n FROM generate_series(1, 1000) AS n;
SELECT sheet, score FROM lead_score WHERE lead = 1 AND sheet IN ('sheet 0', 'sheet 1', 'sheet 100') ORDER BY sheet;
SELECT count(*), sum(score) FROM lead_score WHERE lead = 1;
SELECT count(*), sum(points) FROM lead_scoring.explain('sheet 0', '1');
SELECT * FROM lead_scoring.verify('many');
SELECT lead_scoring.drop_audience('many');
DROP TABLE lead, event;
CREATE TABLE lead (id integer PRIMARY KEY);
CREATE TABLE event (lead integer, at date, page text);
INSERT INTO lead SELECT generate_series(1, 2);
SELECT lead_scoring.create_audience('large', 'lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('large', 'event', 'lead', 'at');
INSERT INTO lead_scoring.signal (audience, name, source, distinct_by) VALUES ('large', 'pages', 'event', 'page');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('large', 'large');
INSERT INTO lead_scoring.rule (sheet, name, signal, measure, count_by) VALUES ('large', 'pages', 'pages', 'tiers', 'items');
INSERT INTO lead_scoring.rule_tier (sheet, rule, position, min, points) SELECT 'large', 'pages', n, (1001 - n) * 1000, 1001 - n FROM generate_series(1, 1000) AS n;
SELECT lead_scoring.publish('large');
INSERT INTO event SELECT 1, date '2024-01-01' - n / 300, 'page ' || n FROM generate_series(1, 1250000) AS n;
SELECT octet_length(lead_scoring.tally_send(lead_scoring.tally('large', '1'))) > 10000000 AS large, lead_scoring.entry_count(lead_scoring.tally('large', '1')) AS entries, score FROM lead_score WHERE lead = 1;
INSERT INTO event VALUES (1, '2024-01-02', repeat('a long page ', 10000)), (1, '2024-01-02', repeat('a long page ', 10001)), (1, '2024-01-02', NULL), (1, '2024-01-02', '');
SELECT lead_scoring.entry_count(lead_scoring.tally('large', '1')) AS entries;
DELETE FROM event WHERE at < '2023-12-01';
SELECT lead_scoring.entry_count(lead_scoring.tally('large', '1')) AS entries, score FROM lead_score WHERE lead = 1;
SELECT * FROM lead_scoring.verify('large');
SELECT lead_scoring.drop_audience('large');
DROP TABLE lead, event;

-- 4. Lead keys of every type: those that can be keys count; the others are refused, each with its name.
CREATE DOMAIN small_text AS text CHECK (VALUE <> '');
CREATE DOMAIN small_number AS integer;
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TYPE pair AS (a integer, b integer);
CREATE FUNCTION key_of(type text, example text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('CREATE TABLE odd.k (id %s PRIMARY KEY); CREATE TABLE odd.e (lead %1$s, at date)', type);
    EXECUTE format('INSERT INTO odd.k VALUES (%L)', example);
    PERFORM lead_scoring.create_audience('key', 'odd.k', time_zone => 'UTC');
    PERFORM lead_scoring.add_source('key', 'odd.e', 'lead', 'at');
    INSERT INTO lead_scoring.signal (audience, name, source) VALUES ('key', 'e', 'e');
    INSERT INTO lead_scoring.sheet (name, audience) VALUES ('key', 'key');
    INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('key', 'e', 'e', 7);
    PERFORM lead_scoring.publish('key');
    EXECUTE format('INSERT INTO odd.e VALUES (%L, ''2024-01-01'')', example);
    EXECUTE 'SELECT format(''lead %s has %s, %s wrong'', lead, score, (SELECT count(*) FROM lead_scoring.verify(''key''))) FROM odd.k_score' INTO result;
    RAISE EXCEPTION '%', result;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END $$;
SELECT type, key_of(type, example) FROM (VALUES (1, 'smallint', '1'), (2, 'integer', '-1'), (3, 'bigint', '9223372036854775807'), (4, 'text', ' a ''b" '), (5, 'text COLLATE "C"', 'Ä'), (6, 'varchar', 'a'), (7, 'varchar(5)', 'a'), (8, 'char(5)', 'a'),
    (9, 'uuid', '00000000-0000-0000-0000-000000000000'), (10, 'numeric', '1.0'), (11, 'date', 'infinity'), (12, 'timestamptz', '2024-01-01'), (13, 'odd.small_text', 'a'), (14, 'odd.small_number', '1'), (15, 'odd.mood', 'a'), (16, 'odd.pair', '(1,2)'),
    (17, 'bytea', '\x00'), (18, 'boolean', 'true'), (19, 'real', 'NaN'), (20, 'inet', '::1'), (21, 'integer[]', '{1}'), (22, 'jsonb', '{}'), (23, 'name', 'a'), (24, 'oid', '1'), (25, 'interval', '1 day'), (26, '"char"', 'a')) AS t(n, type, example) ORDER BY n;

-- 5. Names that only differ in what is cut off: made names never meet in silence.
CREATE SCHEMA odd2;
DO $$ BEGIN EXECUTE format('CREATE TABLE odd2.%I (id integer PRIMARY KEY)', repeat('n', 62) || 'a'); EXECUTE format('CREATE TABLE odd2.%I (id integer PRIMARY KEY)', repeat('n', 62) || 'b'); END $$;
SET search_path = odd2, public;
SELECT lead_scoring.create_audience('first', (repeat('n', 62) || 'a')::regclass, time_zone => 'UTC');
SELECT try(format('SELECT lead_scoring.create_audience(''second'', %L, time_zone => ''UTC'')', repeat('n', 62) || 'b'));
SELECT lead_scoring.create_audience('second', (repeat('n', 62) || 'b')::regclass, time_zone => 'UTC', score_table => 'b_score', tally_table => 'b_tally', band_change_table => 'b_change', pending_table => 'b_pending');
SELECT try(format('SELECT lead_scoring.create_audience(''third'', %L, time_zone => ''UTC'', score_table => %L)', repeat('n', 62) || 'b', t)) AS given, left(t, 20) AS name
FROM unnest(ARRAY['', ' ', '.', 'a.b.c.d', 'a b', '1a', '"', '"a""b', repeat('x', 70), 'nowhere.x', 'pg_catalog.x', 'pg_temp.x', 'information_schema.x', 'b_score']) AS t;
SELECT count(*) = count(DISTINCT oid) AND count(*) = 14 AS all_there, max(octet_length(relname)) FROM lead_scoring.audience AS a JOIN pg_class ON pg_class.oid IN (score_table, tally_table, band_change_table, pending_table, score_now_view, handoff_view, handoff_times_view);
SELECT lead_scoring.sibling_name(repeat('ä', 100), '_score'), lead_scoring.sibling_name('', repeat('x', 100)) = repeat('x', 100) AS ends, lead_scoring.sibling_name('x', '');
SELECT lead_scoring.drop_audience('first'), lead_scoring.drop_audience('second');
SET search_path = odd, public;

-- 6. NULL in every place of every function, and in all places at once: an error that says what is missing, or an answer.
CREATE TABLE lead (id integer PRIMARY KEY);
CREATE TABLE event (lead integer, at date);
SELECT lead_scoring.create_audience('nulls', 'lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('nulls', 'event', 'lead', 'at');
INSERT INTO lead_scoring.signal (audience, name, source) VALUES ('nulls', 'event', 'event');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('nulls', 'nulls');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('nulls', 'event', 'event', 1);
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('nulls', 'warm', 1, 1);
SELECT lead_scoring.publish('nulls');
-- Empty tables first.
SELECT * FROM lead_scoring.verify('nulls');
CALL lead_scoring.rebuild('nulls');
CALL lead_scoring.refresh('nulls');
TRUNCATE event, lead;
SELECT count(*) FROM lead_score_now;
INSERT INTO lead VALUES (1);
CREATE FUNCTION fitting(type regtype, argument text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE type::text WHEN 'text' THEN CASE argument WHEN 'lead_key' THEN '''1''' WHEN 'after' THEN '''0''' WHEN 'kind' THEN '''condition''' WHEN 'expression' THEN '''true''' WHEN 'what' THEN '''due''' WHEN 'band' THEN '''warm'''
                                                         WHEN 'source' THEN '''event''' WHEN 'signal' THEN '''event''' WHEN 'cron' THEN '''* * * * *''' WHEN 'calendar' THEN 'NULL' ELSE '''nulls''' END
                           WHEN 'name' THEN '''lead''' WHEN 'regclass' THEN CASE argument WHEN 'score_table' THEN '''odd.lead_score''' WHEN 'band_change_table' THEN '''odd.lead_band_change''' ELSE '''odd.event''' END
                           WHEN 'integer' THEN '1' WHEN 'bigint' THEN '1' WHEN 'smallint' THEN '1' WHEN 'numeric' THEN '1' WHEN 'double precision' THEN '1' WHEN 'boolean' THEN 'true'
                           WHEN 'timestamp with time zone' THEN '''2024-01-01''' WHEN 'timestamp without time zone' THEN '''2024-01-01''' WHEN 'date' THEN '''2024-01-01''' WHEN 'interval' THEN '''1 day'''
                           WHEN 'lead_scoring.tally' THEN '''{1:1}''' WHEN 'lead_scoring.model' THEN 'lead_scoring.active_model(''nulls'')' WHEN 'jsonb' THEN '''{}''' WHEN 'json' THEN '''{}'''
                           WHEN 'integer[]' THEN '''{1}''' WHEN 'bigint[]' THEN '''{1}''' WHEN 'text[]' THEN '''{event}''' WHEN 'cstring' THEN '''{}''' WHEN 'bytea' THEN '''\x''' ELSE 'NULL' END
           || '::' || type::text
$$;
CREATE TABLE null_calls (signature text, place integer, result text);
DO $$
DECLARE
    f record;
    place integer;
BEGIN
    FOR f IN
        SELECT p.oid::regprocedure::text AS signature, format('lead_scoring.%I', p.proname) AS name, p.prokind, p.provariadic <> 0 AS variadic, p.proargtypes::regtype[] AS types, p.pronargs,
               (SELECT array_agg(coalesce(p.proargnames[n], '') ORDER BY n) FROM generate_series(1, p.pronargs) AS n) AS names
        FROM pg_proc AS p WHERE p.pronamespace = 'lead_scoring'::regnamespace AND p.prokind IN ('f', 'a') AND p.pronargs > 0
          AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) AS a(type) JOIN pg_type AS t ON t.oid = a.type WHERE t.typtype = 'p' AND t.typname NOT IN ('cstring', 'any', 'record'))
        ORDER BY 1
    LOOP
        -- Place 0: nothing is NULL. The last: everything.
        FOR place IN 0..f.pronargs + 1 LOOP
            INSERT INTO odd.null_calls VALUES (f.signature, place, undone(format('SELECT %s FROM %s(%s) AS x', CASE f.prokind WHEN 'a' THEN 'x' ELSE 'count(*)' END, f.name,
                (SELECT string_agg(CASE WHEN i.n = place OR place > f.pronargs THEN 'NULL' || CASE WHEN f.types[i.n - 1] = '"any"'::regtype THEN '' ELSE '::' || f.types[i.n - 1]::text END
                                        WHEN f.types[i.n - 1] = '"any"'::regtype THEN '1' ELSE odd.fitting(f.types[i.n - 1], f.names[i.n]) END, ', ' ORDER BY i.n) FROM generate_series(1, f.pronargs) AS i(n)))));
        END LOOP;
    END LOOP;
END $$;
SELECT count(*) > 500 AS many, count(DISTINCT signature) > 100 AS functions, count(*) FILTER (WHERE place = 0 AND result = 'done') > 50 AS work FROM null_calls;
-- Nothing internal, nothing of the parser's about SQL that was put together with a NULL in it.
SELECT signature, place, result FROM null_calls WHERE result ~ '^(XX|42601|42P02|22P02.*NULL|P0002 query|P0003|39004|22004 (query string|argument))' ORDER BY signature COLLATE "C", place;
SELECT * FROM lead_scoring.verify('nulls');
-- Rows of the catalog with NULLs and nonsense in every column: refused, or without effect.
SELECT c.relname, a.attname, undone(format('UPDATE lead_scoring.%I SET %I = NULL WHERE %I IN (''nulls'', ''event'', ''warm'')', c.relname, a.attname, CASE WHEN c.relname IN ('rule', 'band') THEN 'sheet' WHEN c.relname IN ('audience', 'sheet') THEN 'name' ELSE 'audience' END)) AS set_null
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND a.attnotnull
WHERE c.relnamespace = 'lead_scoring'::regnamespace AND c.relname IN ('audience', 'source', 'signal', 'sheet', 'rule', 'band') ORDER BY c.relname COLLATE "C", a.attnum;
SELECT lead_scoring.publish('nulls');
INSERT INTO event VALUES (1, '2024-01-01');
SELECT score FROM lead_score;
SELECT * FROM lead_scoring.verify('nulls');
SELECT lead_scoring.drop_audience('nulls');
DELETE FROM lead_scoring.failure_log;
SET client_min_messages = warning;
DROP SCHEMA odd, odd2 CASCADE;
DROP FUNCTION public.try, public.undone;
