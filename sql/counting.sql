-- Counting keys of every type: publish, rebuild and verify must agree with plain SQL, also where keys are equal whose
-- bytes are not.
\set SHOW_CONTEXT never
CREATE SCHEMA cnt;
SET search_path = cnt, public;
CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
-- A key's text is long or short, or differs at its end only.
CREATE VIEW made AS
    SELECT n, CASE n % 3 WHEN 0 THEN 'k' || n ELSE repeat('key', n % 11) || n END AS name FROM generate_series(1, 400) AS n;
CREATE FUNCTION make(key text, key_type text, key_of text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %1$s_lead (id %2$s PRIMARY KEY);
                    CREATE TABLE %1$s_event (lead %2$s, at date, kind text, amount numeric);
                    INSERT INTO %1$s_lead SELECT %3$s FROM made;
                    INSERT INTO %1$s_event SELECT %3$s, make_date(2024, 1, 1) + (n * i) %% 50, ''order'', nullif(i %% 4, 3)
                    FROM made, generate_series(1, 40) AS i WHERE n %% 7 > 0', key, key_type, key_of);
    PERFORM lead_scoring.create_audience(key, format('%s_lead', key)::regclass, time_zone => 'UTC');
    PERFORM lead_scoring.add_source(key, format('%s_event', key)::regclass, 'lead', 'at', 'kind');
    INSERT INTO lead_scoring.signal (audience, name, source, event_type, value) VALUES (key, 'order', key || '_event', 'order', 'amount');
    INSERT INTO lead_scoring.sheet (name, audience) VALUES (key, key);
    INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES (key, 'order', 'order', 1);
    PERFORM lead_scoring.publish(key);
END $$;
CREATE TABLE keys (key text, key_type text, key_of text, fold text);
INSERT INTO keys VALUES
    ('small', 'integer', 'CASE WHEN n % 2 = 0 THEN n ELSE -n END', 'lead'), ('big', 'bigint', 'n * 123456789012 - 5', 'lead'),
    ('uuid', 'uuid', 'md5(n::text)::uuid', 'lead'), ('text', 'text', 'name', 'lead'), ('folded', 'text COLLATE cnt.folded', 'name', 'lower(lead COLLATE "C")');
SELECT make(key, key_type, key_of) FROM keys;
-- Half of the events name their lead in other letters.
UPDATE folded_event SET lead = upper(lead) WHERE amount = 1 OR amount IS NULL;
CREATE FUNCTION differences(key text, fold text, OUT leads bigint, OUT entries numeric, OUT differ bigint) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT count(*), sum(t.entries), count(*) FILTER (WHERE (t.entries, t.rows, t.value) IS DISTINCT FROM (e.entries, e.rows, e.value))
                    FROM (SELECT %2$s AS lead, count(*) AS entries, sum(count) AS rows, sum(value) AS value
                          FROM %1$s_lead_tally, lead_scoring.entries(base OPERATOR(lead_scoring.+) recent) GROUP BY 1) t
                    FULL JOIN (SELECT %2$s AS lead, count(DISTINCT at) AS entries, count(*) AS rows, sum(coalesce(amount, 0)) AS value
                               FROM %1$s_event GROUP BY 1) e USING (lead)', key, fold)
    INTO leads, entries, differ;
END $$;
SELECT key, d.* FROM keys, differences(key, fold) AS d ORDER BY key;
SELECT key, v.* FROM keys, lead_scoring.verify(key) AS v;
-- Parallel, and with everything wrong before.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
UPDATE small_lead_tally SET base = '{}', recent = '{}';
UPDATE big_lead_tally SET base = '{}', recent = '{1@8800:1}';
UPDATE uuid_lead_tally SET base = '{}', recent = '{}';
UPDATE text_lead_tally SET base = '{}', recent = '{}';
UPDATE folded_lead_tally SET base = '{}', recent = '{}';
SELECT key, count(*) AS problems FROM keys, lead_scoring.verify(key) AS v GROUP BY key ORDER BY key;
CALL lead_scoring.rebuild('small');
CALL lead_scoring.rebuild('big', 37);
CALL lead_scoring.rebuild('uuid');
CALL lead_scoring.rebuild('text', 61);
CALL lead_scoring.rebuild('folded', 53);
SELECT key, d.* FROM keys, differences(key, fold) AS d ORDER BY key;
SELECT key, v.* FROM keys, lead_scoring.verify(key) AS v;
SET client_min_messages = warning;
SELECT count(lead_scoring.drop_audience(key)) FROM keys;
DROP SCHEMA cnt CASCADE;
