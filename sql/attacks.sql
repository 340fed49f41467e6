-- Attacks. Three roles are attacked: the owner of an audience, the superuser who maintains it, and an application that
-- writes its events. Mallory owns an audience of her own and may do all that an ordinary role may. Each attack ends with
-- an error, or gains nothing: her code never runs as anybody else, nothing of the others changes, and she learns nothing.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_ls_victim, regress_ls_writer, regress_ls_reader, regress_ls_mallory;
SET datestyle = 'ISO';
SET timezone = 'UTC';
CREATE ROLE regress_ls_victim;
CREATE ROLE regress_ls_writer;
CREATE ROLE regress_ls_reader;
CREATE ROLE regress_ls_mallory;
CREATE SCHEMA shop AUTHORIZATION regress_ls_victim;
CREATE SCHEMA den AUTHORIZATION regress_ls_mallory;
CREATE SCHEMA desk AUTHORIZATION regress_ls_writer;
GRANT USAGE ON SCHEMA shop TO PUBLIC;
GRANT USAGE ON SCHEMA den TO PUBLIC;

-- What is caught: whoever runs the trap although it is not his own.
CREATE TABLE public.caught (who text, as_whom name DEFAULT current_user);
GRANT INSERT ON public.caught TO PUBLIC;

-- The victim's audience. Its owner has put a trigger on the scores that names its table without a schema.
SET SESSION AUTHORIZATION regress_ls_victim;
SET search_path = shop, public;
CREATE TABLE lead (id integer PRIMARY KEY, country text);
CREATE TABLE event (lead integer, at timestamptz, kind text, amount text);
CREATE TABLE alert (lead integer, as_whom name DEFAULT current_user);
SELECT lead_scoring.create_audience('shop', 'lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('shop', 'event', 'lead', 'at', 'kind');
SELECT lead_scoring.import_sheet('shop', '{"format": 1, "name": "shop sheet",
    "signals": [{"name": "visit", "source": "event", "event_type": "visit"},
                {"name": "order", "source": "event", "event_type": "order", "value": "amount::numeric"}],
    "rules": [{"name": "visits", "signal": "visit", "points": 10}, {"name": "orders", "signal": "order", "points": 1}],
    "bands": [{"name": "warm", "rank": 1, "min_score": 20}]}') IS NOT NULL AS imported;
SELECT lead_scoring.publish('shop sheet');
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO alert (lead) VALUES (NEW.lead); RETURN NULL; END $$;
CREATE TRIGGER tell AFTER UPDATE ON lead_score FOR EACH ROW EXECUTE FUNCTION tell();
INSERT INTO lead VALUES (1, 'DE'), (2, 'US');
GRANT INSERT ON event TO regress_ls_writer;
GRANT SELECT ON lead_score TO regress_ls_reader;
RESET search_path;

-- Mallory's.
SET SESSION AUTHORIZATION regress_ls_mallory;
SET search_path = den, public;
CREATE TABLE lead (id integer PRIMARY KEY);
CREATE TABLE event (lead integer, at timestamptz, kind text, amount text);
SELECT lead_scoring.create_audience('den', 'lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('den', 'event', 'lead', 'at', 'kind');
SELECT lead_scoring.import_sheet('den', '{"format": 1, "name": "den sheet",
    "signals": [{"name": "visit", "source": "event", "event_type": "visit"}],
    "rules": [{"name": "visits", "signal": "visit", "points": 10}]}') IS NOT NULL AS imported;
SELECT lead_scoring.publish('den sheet');
INSERT INTO lead VALUES (1);
-- The trap: runs anywhere, and tells when it is somebody else who runs it.
CREATE FUNCTION den.trap(place text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'regress_ls_mallory' THEN
        INSERT INTO public.caught VALUES (place);
    END IF;
    RETURN true;
END $$;
RESET search_path;
RESET SESSION AUTHORIZATION;

-- One line for everything that could change: nothing may.
CREATE VIEW public.state AS
SELECT (SELECT string_agg(format('%s:%s', lead, score), ' ' ORDER BY lead) FROM shop.lead_score) AS scores,
       (SELECT count(*) FROM lead_scoring.verify('shop')) AS wrong,
       (SELECT md5(string_agg(x::text, '|' ORDER BY x::text)) FROM (
           SELECT a::text FROM lead_scoring.audience AS a WHERE name = 'shop' UNION ALL SELECT s::text FROM lead_scoring.source AS s WHERE audience = 'shop'
           UNION ALL SELECT g::text FROM lead_scoring.signal AS g WHERE audience = 'shop' UNION ALL SELECT v::text FROM lead_scoring.signal_version AS v WHERE audience = 'shop'
           UNION ALL SELECT s::text FROM lead_scoring.sheet AS s WHERE audience = 'shop' UNION ALL SELECT r::text FROM lead_scoring.rule AS r WHERE sheet = 'shop sheet'
           UNION ALL SELECT b::text FROM lead_scoring.band AS b WHERE sheet = 'shop sheet' UNION ALL SELECT r::text FROM lead_scoring.sheet_revision AS r WHERE sheet = 'shop sheet'
           UNION ALL SELECT tgrelid::regclass || tgname || tgenabled::text FROM pg_trigger WHERE tgrelid IN ('shop.lead'::regclass, 'shop.event'::regclass)
           UNION ALL SELECT relname || relkind::text || relowner FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relname NOT LIKE 'pg_toast%') AS t(x)) AS fingerprint;
SELECT fingerprint AS before FROM public.state \gset
SELECT scores, wrong FROM public.state;

-- 1. SQL in every text, as mallory, through every function that she may call with values.
CREATE FUNCTION public.storm(hostile text) RETURNS TABLE (calls bigint, went_through bigint, internal_errors text) LANGUAGE plpgsql AS $$
DECLARE
    f record;
    call text;
    internal text[] := '{}';
BEGIN
    calls := 0;
    went_through := 0;
    FOR f IN
        SELECT p.oid::regprocedure AS signature, p.prokind, format('lead_scoring.%I', p.proname) AS name,
               (SELECT string_agg(CASE WHEN t.typname = 'name' THEN format('%L::name', left(hostile, 60)) WHEN t.typname = 'text' THEN quote_literal(hostile)
                                       WHEN t.typname = '_text' THEN format('ARRAY[%L]', hostile) WHEN t.typname IN ('json', 'jsonb') THEN format('to_%s(%L::text)', t.typname, hostile)
                                       WHEN t.typname = 'regclass' THEN quote_literal('shop.lead') || '::regclass'
                                       ELSE format('NULL::%s', format_type(t.oid, NULL)) END, ', ' ORDER BY a.n)
                FROM unnest(p.proargtypes) WITH ORDINALITY AS a(type, n) JOIN pg_type AS t ON t.oid = a.type) AS arguments
        FROM pg_proc AS p
        WHERE p.pronamespace = 'lead_scoring'::regnamespace AND p.prokind = 'f' AND p.proargtypes::oid[] && ARRAY['text', 'name', '_text', 'json', 'jsonb']::regtype[]::oid[]
          AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) AS a(type) JOIN pg_type AS t ON t.oid = a.type WHERE t.typtype = 'p')
        ORDER BY 1
    LOOP
        calls := calls + 1;
        BEGIN
            EXECUTE format('SELECT count(*) FROM %s(%s) AS x', f.name, f.arguments);
            went_through := went_through + 1;
        EXCEPTION WHEN OTHERS THEN
            -- An error of PostgreSQL's own parser about text of ours would be SQL that was smuggled in.
            IF SQLSTATE LIKE 'XX%' OR SQLSTATE = '42601' AND SQLERRM NOT LIKE '%is not a single SQL expression' AND f.name NOT LIKE '%check_expression' THEN
                internal := internal || format('%s: %s %s', f.signature, SQLSTATE, SQLERRM);
            END IF;
        END;
    END LOOP;
    internal_errors := array_to_string(internal, E'\n');
    RETURN NEXT;
END $$;
SET SESSION AUTHORIZATION regress_ls_mallory;
SELECT s.calls > 50 AS many_calls, s.internal_errors FROM unnest(ARRAY[
    $a$'; DROP TABLE shop.event; --$a$, $a$"; DROP TABLE shop.event; --$a$, $a$shop'); SELECT den.trap('quote'); --$a$, $a$$$ \'%s%I%L%1$s%n$a$,
    'shop', 'shop sheet', 'den.trap(''condition'')', repeat('x', 100)]) AS h(hostile), public.storm(h.hostile) AS s;
RESET SESSION AUTHORIZATION;
SELECT scores, wrong, fingerprint = :'before' AS unchanged FROM public.state;

-- 2. Expressions of signals. What is not immutable is refused at once.
SET SESSION AUTHORIZATION regress_ls_mallory;
CREATE FUNCTION den.liar(kind text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    PERFORM den.trap('condition');
    RETURN true;
END $$;
RESET SESSION AUTHORIZATION;
CREATE FUNCTION public.problem(condition text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lead_scoring.signal (audience, name, source, condition) VALUES ('den', 'hostile', 'event', condition);
    RAISE EXCEPTION 'went through';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END $$;
SET SESSION AUTHORIZATION regress_ls_mallory;
SELECT c.condition, public.problem(c.condition) FROM (VALUES ('set_config(''role'', ''postgres'', false) = ''x'''), ('pg_read_file(''/etc/passwd'') = ''x'''), ('lo_import(''/etc/passwd'') > 0'),
    ('den.trap(kind)'), ('pg_sleep(1) IS NULL'), ('nextval(''x'') > 0'), ('kind = current_user'), ('(SELECT true)'), ('EXISTS (SELECT FROM shop.event)'),
    ('kind = ''x'') OR (true'), ('true; DROP TABLE shop.event'), ('true) FROM shop.event --'), ('count(*) > 1'), ('generate_series(1, 2) > 1'), ('row_number() OVER () > 1'),
    ('xmin::text = ''1'''), ('event IS NULL'), ('kind = $1'), ('DEFAULT'), ('pg_terminate_backend(1)'), ('dblink(''x'')'), ('query_to_xml(''SELECT 1'', true, true, '''') IS NULL'),
    ('kind ~ ANY (ARRAY(SELECT kind FROM shop.event))'), ('(VALUES (true))'), ('kind::regclass IS NULL'), ('float8 ''1''::text = amount'), ('txid_current() > 0')) AS c(condition);
-- One that only says so is run as mallory, whoever writes the row or counts it, and has no means to become anybody.
CREATE FUNCTION den.do_climb() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN SET LOCAL ROLE postgres; RETURN true; END $$;
CREATE FUNCTION den.do_climb_session() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN SET SESSION AUTHORIZATION postgres; RETURN true; END $$;
CREATE FUNCTION den.do_leave_table() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN CREATE TEMP TABLE left_behind (x integer); RETURN true; END $$;
CREATE FUNCTION den.do_leave_setting() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('search_path', 'den', false); RETURN true; END $$;
CREATE FUNCTION den.do_leave_cursor() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DECLARE c CURSOR WITH HOLD FOR SELECT den.trap(''cursor'')'; RETURN true; END $$;
CREATE FUNCTION den.do_leave_listener() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'LISTEN lead_scoring'; RETURN true; END $$;
CREATE FUNCTION den.do_end_it() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN COMMIT; RETURN true; END $$;
CREATE FUNCTION den.do_raise_self() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE regress_ls_mallory SUPERUSER'; RETURN true; END $$;
CREATE FUNCTION den.do_write_there() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shop.event VALUES (1, '2025-01-01', 'visit', NULL); RETURN true; END $$;
CREATE FUNCTION den.do_read_there() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM FROM shop.lead_score; RETURN true; END $$;
DO $$
DECLARE
    deed text;
BEGIN
    FOREACH deed IN ARRAY '{climb,climb_session,leave_table,leave_setting,leave_cursor,leave_listener,end_it,raise_self,write_there,read_there}'::text[] LOOP
        EXECUTE format('CREATE FUNCTION den.%I(kind text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS ''BEGIN RETURN den.%I(); END''', deed, 'do_' || deed);
    END LOOP;
END $$;
INSERT INTO lead_scoring.signal (audience, name, source, condition)
SELECT 'den', f, 'event', format('den.%I(kind)', f) FROM unnest('{liar,climb,climb_session,leave_table,leave_setting,leave_cursor,leave_listener,end_it,raise_self,write_there,read_there}'::text[]) AS f;
INSERT INTO lead_scoring.rule (sheet, name, signal, points) SELECT 'den sheet', name, name, 1 FROM lead_scoring.signal WHERE audience = 'den' AND condition IS NOT NULL;
GRANT INSERT ON den.event TO regress_ls_writer;
RESET SESSION AUTHORIZATION;
-- The superuser publishes, writes, rebuilds, verifies and refreshes.
SELECT lead_scoring.publish('den sheet');
INSERT INTO den.event VALUES (1, '2025-01-01', 'visit', '1');
CALL lead_scoring.rebuild('den');
SELECT * FROM lead_scoring.verify('den');
CALL lead_scoring.refresh();
SHOW search_path;
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_ls_mallory';
SELECT signal, sqlstate, message FROM lead_scoring.failure WHERE audience = 'den' ORDER BY signal;
SELECT * FROM public.caught;
SELECT lead, score FROM den.lead_score;
-- tally_rows runs expressions; it does so for nobody but their owner.
SELECT lead_scoring.tally_rows('den', 'event', NULL, true, '{1}', 1);
DELETE FROM lead_scoring.rule WHERE sheet = 'den sheet' AND name <> 'visits';
SELECT lead_scoring.publish('den sheet');

-- 3. The writer plants operators, functions and tables where names are looked up in its own session.
SET SESSION AUTHORIZATION regress_ls_writer;
CREATE FUNCTION desk.trap(place text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'regress_ls_writer' THEN
        INSERT INTO public.caught VALUES ('writer ' || place);
    END IF;
    RETURN true;
END $$;
CREATE FUNCTION desk.equal(a integer, b integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM desk.trap('='); RETURN a OPERATOR(pg_catalog.=) b; END $$;
CREATE FUNCTION desk.equal(a text, b text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM desk.trap('='); RETURN a OPERATOR(pg_catalog.=) b; END $$;
CREATE OPERATOR desk.= (leftarg = integer, rightarg = integer, function = desk.equal);
CREATE OPERATOR desk.= (leftarg = text, rightarg = text, function = desk.equal);
CREATE OPERATOR desk.<> (leftarg = text, rightarg = text, function = desk.equal);
CREATE FUNCTION desk.unnest(anyarray) RETURNS SETOF anyelement LANGUAGE plpgsql AS $$ BEGIN PERFORM desk.trap('unnest'); RETURN; END $$;
CREATE FUNCTION desk.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN PERFORM desk.trap('now'); RETURN pg_catalog.now(); END $$;
CREATE FUNCTION desk.format(text, VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM desk.trap('format'); RETURN ''; END $$;
CREATE TEMP TABLE alert (lead integer);
CREATE TEMP TABLE failure_log (LIKE lead_scoring.failure_log);
CREATE TEMP TABLE lead_score (lead integer, sheet text, score integer);
CREATE FUNCTION desk.spring() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM desk.trap('temporary table'); RETURN NEW; END $$;
CREATE TRIGGER spring BEFORE INSERT OR UPDATE ON pg_temp.alert FOR EACH ROW EXECUTE FUNCTION desk.spring();
CREATE TRIGGER spring BEFORE INSERT OR UPDATE ON pg_temp.failure_log FOR EACH ROW EXECUTE FUNCTION desk.spring();
CREATE TRIGGER spring BEFORE INSERT OR UPDATE ON pg_temp.lead_score FOR EACH ROW EXECUTE FUNCTION desk.spring();
SET search_path = pg_temp, desk, pg_catalog;
INSERT INTO shop.event VALUES (1, '2025-01-01', 'visit', NULL), (1, '2025-01-01', 'order', '12 pounds'), (2, '2025-01-01', 'order', '5');
INSERT INTO shop.event VALUES (1, '2025-01-02', 'visit', NULL);
DISCARD TEMP;
RESET search_path;
RESET SESSION AUTHORIZATION;
SELECT * FROM public.caught;
SELECT lead, score, band FROM shop.lead_score ORDER BY lead;
SELECT DISTINCT lead, as_whom FROM shop.alert ORDER BY lead;
-- A writer who may create things in the owner's schema finds that names there are not looked up at all.
GRANT CREATE ON SCHEMA shop TO regress_ls_writer;
SET SESSION AUTHORIZATION regress_ls_writer;
INSERT INTO shop.event VALUES (1, '2025-01-02', 'visit', NULL);
RESET SESSION AUTHORIZATION;
REVOKE CREATE ON SCHEMA shop FROM regress_ls_writer;

-- 4. Mallory puts her code on the tables that others' maintenance writes to: every kind of trigger, a default, a check,
-- an index, a rule, a policy.
SET SESSION AUTHORIZATION regress_ls_mallory;
CREATE FUNCTION den.spring() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM den.trap(format('%s %s %s', TG_OP, TG_WHEN, TG_TABLE_NAME));
    PERFORM set_config('search_path', 'den', false), set_config('lead_scoring.mallory', 'was here', false);
    BEGIN
        SET LOCAL ROLE postgres;
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
    RETURN NEW;
END $$;
CREATE TRIGGER spring BEFORE INSERT OR UPDATE ON den.lead_score FOR EACH ROW EXECUTE FUNCTION den.spring();
CREATE TRIGGER spring_statement AFTER INSERT OR UPDATE OR DELETE ON den.lead_score FOR EACH STATEMENT EXECUTE FUNCTION den.spring();
CREATE TRIGGER spring BEFORE INSERT OR UPDATE ON den.lead_tally FOR EACH ROW EXECUTE FUNCTION den.spring();
CREATE TRIGGER spring BEFORE INSERT ON den.lead_band_change FOR EACH ROW EXECUTE FUNCTION den.spring();
CREATE FUNCTION den.check_it(score integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT den.trap('check') $$;
ALTER TABLE den.lead_score ADD CHECK (den.check_it(score));
ALTER TABLE den.lead_tally ADD COLUMN planted boolean DEFAULT den.trap('default');
CREATE FUNCTION den.index_it(score integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN den.trap('index'); END $$;
CREATE INDEX planted ON den.lead_score (den.index_it(score));
CREATE RULE planted AS ON DELETE TO den.lead_score DO ALSO SELECT den.trap('rule');
ALTER TABLE den.lead_score ENABLE ROW LEVEL SECURITY;
CREATE POLICY planted ON den.lead_score USING (den.trap('policy'));
RESET SESSION AUTHORIZATION;
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('den sheet', 'warm', 1, 20);
SELECT lead_scoring.publish('den sheet');
INSERT INTO den.event VALUES (1, '2025-01-01', 'visit', '1'), (2, '2025-01-01', 'visit', '1');
INSERT INTO den.lead VALUES (2);
SET SESSION AUTHORIZATION regress_ls_mallory;
UPDATE den.lead_score SET next_change_at = '2020-01-01';
RESET SESSION AUTHORIZATION;
RESET search_path;
RESET lead_scoring.mallory;
CALL lead_scoring.refresh();
CALL lead_scoring.rebuild('den');
SELECT * FROM lead_scoring.verify('den');
SELECT lead_scoring.activate('den sheet', 1);
DELETE FROM den.lead WHERE id = 2;
SELECT count(*) FROM lead_scoring.explain('den sheet', '1');
SELECT lead, score FROM lead_scoring.scores_at('den', lead_scoring.active_model('den sheet'), '2025-02-01');
SELECT * FROM public.caught;
SHOW search_path;
SELECT current_setting('lead_scoring.mallory', true) = 'was here' AS was_here;
-- A trigger that waits for the commit would run when nobody is mallory any more.
SET SESSION AUTHORIZATION regress_ls_mallory;
CREATE CONSTRAINT TRIGGER later AFTER INSERT OR UPDATE ON den.lead_score DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION den.spring();
UPDATE den.lead_score SET next_change_at = '2020-01-01';
RESET SESSION AUTHORIZATION;
RESET search_path;
CALL lead_scoring.refresh();
SELECT lead_scoring.publish('den sheet');
SELECT * FROM public.caught;
SET SESSION AUTHORIZATION regress_ls_mallory;
DROP TRIGGER later ON den.lead_score;
RESET SESSION AUTHORIZATION;
CALL lead_scoring.refresh();

-- 5. The tables become something else under the hands of who reads them.
SET SESSION AUTHORIZATION regress_ls_mallory;
SET search_path = den, public;
ALTER TABLE lead_score DISABLE ROW LEVEL SECURITY;
CREATE VIEW lure AS SELECT lead, base, recent, wake_at FROM lead_tally WHERE trap('view');
CREATE TYPE disguise AS (x integer);
CREATE FUNCTION unmask(disguise) RETURNS lead_scoring.tally LANGUAGE plpgsql AS $$ BEGIN PERFORM den.trap('cast'); RETURN '{}'; END $$;
CREATE CAST (disguise AS lead_scoring.tally) WITH FUNCTION unmask(disguise) AS IMPLICIT;
CREATE TABLE disguised (lead integer PRIMARY KEY, base disguise, recent disguise, wake_at timestamptz);
INSERT INTO disguised VALUES (1, ROW(1), ROW(1));
RESET search_path;
UPDATE lead_scoring.audience SET tally_table = 'den.lure' WHERE name = 'den';
RESET SESSION AUTHORIZATION;
SELECT lead_scoring.tally('den', '1');
SELECT count(*) FROM lead_scoring.explain('den sheet', '1');
SELECT lead_scoring.explain_text('den sheet', '1');
SELECT * FROM lead_scoring.scores_at('den', lead_scoring.active_model('den sheet'), '2025-02-01');
SELECT * FROM lead_scoring.verify('den');
CALL lead_scoring.rebuild('den');
INSERT INTO den.event VALUES (1, '2025-01-01', 'visit', '1');
SET SESSION AUTHORIZATION regress_ls_mallory;
UPDATE lead_scoring.audience SET tally_table = 'den.disguised' WHERE name = 'den';
RESET SESSION AUTHORIZATION;
SELECT lead_scoring.tally('den', '1');
SELECT * FROM lead_scoring.scores_at('den', lead_scoring.active_model('den sheet'), '2025-02-01');
SELECT problem FROM lead_scoring.verify('den');
INSERT INTO den.event VALUES (1, '2025-01-01', 'visit', '1');
SELECT * FROM public.caught;
-- Whoever watches over all audiences reads all their tables.
CREATE FUNCTION public.watch() RETURNS TABLE (due bigint, waking bigint, pending bigint, problem text) LANGUAGE sql AS $$
    SELECT s.due, s.waking, s.pending, h.problem FROM lead_scoring.status AS s LEFT JOIN lead_scoring.health('den') AS h ON h.problem <> 'something could not be scored' WHERE s.audience = 'den'
$$;
SET SESSION AUTHORIZATION regress_ls_mallory;
CREATE FUNCTION den.unmask_time(den.disguise) RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN PERFORM den.trap('time'); RETURN '2020-01-01'; END $$;
CREATE CAST (den.disguise AS timestamptz) WITH FUNCTION den.unmask_time(den.disguise) AS IMPLICIT;
CREATE TABLE den.disguised_times (lead integer PRIMARY KEY, next_change_at den.disguise, delta lead_scoring.tally);
INSERT INTO den.disguised_times VALUES (1, ROW(1));
UPDATE lead_scoring.audience SET tally_table = 'den.lead_tally', pending_table = 'den.lure' WHERE name = 'den';
RESET SESSION AUTHORIZATION;
SELECT DISTINCT * FROM public.watch() ORDER BY problem;
SET SESSION AUTHORIZATION regress_ls_mallory;
UPDATE lead_scoring.audience SET pending_table = 'den.lead_pending', score_table = 'den.disguised_times' WHERE name = 'den';
RESET SESSION AUTHORIZATION;
SELECT DISTINCT * FROM public.watch() ORDER BY problem;
SELECT * FROM public.caught;
SET SESSION AUTHORIZATION regress_ls_mallory;
UPDATE lead_scoring.audience SET score_table = 'den.lead_score', tally_table = 'den.disguised' WHERE name = 'den';
RESET SESSION AUTHORIZATION;
-- Any other relation in any place of the catalog row: an error, and never a crash.
CREATE FUNCTION public.try(what text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE what; RETURN 'done'; EXCEPTION WHEN OTHERS THEN RETURN format('%s %s', SQLSTATE, SQLERRM); END $$;
SET SESSION AUTHORIZATION regress_ls_mallory;
CREATE SEQUENCE den.counter;
CREATE MATERIALIZED VIEW den.shadow AS SELECT 1 AS lead;
CREATE TABLE den.parts (lead integer PRIMARY KEY, base lead_scoring.tally, recent lead_scoring.tally, wake_at timestamptz) PARTITION BY RANGE (lead);
UPDATE lead_scoring.audience SET tally_table = 'den.lead_tally' WHERE name = 'den';
CREATE FUNCTION den.forge(place text, target text) RETURNS TABLE (forged text, event text, explain text, verify text, rebuild text) LANGUAGE plpgsql AS $$
DECLARE
    genuine regclass;
BEGIN
    EXECUTE format('SELECT a.%I FROM lead_scoring.audience AS a WHERE a.name = ''den''', place) INTO genuine;
    forged := public.try(format('UPDATE lead_scoring.audience SET %I = %L::regclass WHERE name = ''den''', place, target));
    IF forged = 'done' THEN
        event := public.try($i$INSERT INTO den.event VALUES (1, '2025-01-01', 'visit', '1')$i$);
        explain := public.try($i$SELECT count(*) FROM lead_scoring.explain('den sheet', '1')$i$);
        verify := public.try($i$SELECT count(*) FROM lead_scoring.verify('den')$i$);
        rebuild := public.try($i$SELECT lead_scoring.rebuild_batch('den', NULL, 10)$i$);
        EXECUTE format('UPDATE lead_scoring.audience SET %I = %L::regclass WHERE name = ''den''', place, genuine::text);
    END IF;
    RETURN NEXT;
END $$;
SELECT c.place, t.target, left(f.forged, 5) AS forged, left(f.event, 5) AS event, left(f.explain, 5) AS explain, left(f.verify, 5) AS verify, left(f.rebuild, 5) AS rebuild
FROM unnest('{score_table,tally_table,band_change_table,pending_table,lead_table}'::text[]) WITH ORDINALITY AS c(place, n)
     CROSS JOIN unnest('{den.counter,den.shadow,den.parts,den.planted,den.lure,den.disguise,shop.lead_score,shop.lead,pg_catalog.pg_class,pg_catalog.pg_authid,lead_scoring.audience}'::text[]) WITH ORDINALITY AS t(target, n)
     CROSS JOIN LATERAL den.forge(c.place, t.target) AS f
ORDER BY c.n, t.n;
SELECT lead_table, score_table, tally_table, band_change_table, pending_table FROM lead_scoring.audience;
RESET SESSION AUTHORIZATION;
SELECT * FROM public.caught;
SELECT scores, wrong, fingerprint = :'before' AS unchanged FROM public.state;

-- 6. The machinery, called by hand.
SET SESSION AUTHORIZATION regress_ls_mallory;
CREATE TABLE den.forged (lead integer, at timestamptz, kind text, amount text);
INSERT INTO den.forged VALUES (1, '2025-01-01', 'visit', NULL);
GRANT SELECT ON den.forged TO regress_ls_victim;
SELECT lead_scoring.count_partition('shop', 'event', 'den.forged', 1);
SELECT lead_scoring.count_moved('shop', 'event', 'den.forged', 1);
SELECT lead_scoring.count_partition('shop', 'event', 'shop.event', 1);
SELECT lead_scoring.refresh_step('{"audiences": ["shop"], "steps": ["due"], "batch_size": 10, "leads": 0, "skipped": 0}');
SELECT lead_scoring.refresh_batch('shop', NULL, 10, 'due');
SELECT lead_scoring.refresh_batch('den', NULL, -1, 'due');
SELECT lead_scoring.refresh_batch('den', 'x', 10, 'nothing');
SELECT lead_scoring.note_progress('shop', 'refresh', 1, 1, 'x', true);
SELECT lead_scoring.announce_changes('shop.lead_band_change', '{1,2,3}');
SELECT lead_scoring.hold_writers('shop', 'event');
SELECT lead_scoring.activate_model(jsonb_populate_record(NULL::lead_scoring.sheet, '{"name": "shop sheet", "audience": "shop"}'), '{"format": 1, "time_zone": "UTC", "resolution": "day", "signals": {}, "rules": []}', 'mine');
SELECT lead_scoring.lock_for_new_rows(jsonb_populate_record(NULL::lead_scoring.sheet, '{"name": "shop sheet"}'), 'shop.lead');
SELECT lead_scoring.follow_owner();
SELECT lead_scoring.adopt_partitions();
SELECT lead_scoring.forget_dropped_tables();
SELECT lead_scoring.track();
SELECT lead_scoring.cascade();
SELECT lead_scoring.changes_tree(NULL);
SELECT lead_scoring.tally_rows_deserialize('\x00'::bytea, NULL::internal);
SELECT lead_scoring.tally_rows_finish(NULL::internal);
-- What it returns is a pointer: nobody can make one, or keep one.
SELECT lead_scoring.counted_keys('\xdeadbeef', 1);
SELECT lead_scoring.counted_tallies('\x0000000000000000000000000000000000'::bytea);
SELECT lead_scoring.counted_tallies((SELECT lead_scoring.tally_rows('den', 'event', NULL, true, '{1,2,3}', e.lead, e.at, e.kind) FROM den.event AS e));
SELECT lead_scoring.counted_keys(q.c, NULL::text) FROM (SELECT lead_scoring.tally_rows('den', 'event', NULL, true, '{1,2,3}', e.lead, e.at, e.kind) AS c FROM den.event AS e) AS q;
CREATE AGGREGATE den.stolen (text, text, integer[], boolean, smallint[], VARIADIC "any") (sfunc = lead_scoring.tally_rows_add, stype = internal);
-- Her own audience, with values that do not fit their columns.
SELECT lead_scoring.counted_keys(q.c, NULL::integer), lead_scoring.counted_tallies(q.c) FROM (SELECT lead_scoring.tally_rows('den', 'event', NULL, true, c.columns, e.lead, e.at, e.kind) AS c FROM den.event AS e, (VALUES ('{1,2,3}'::smallint[])) AS c(columns)) AS q;
SELECT lead_scoring.tally_rows('den', 'event', NULL, true, '{2,1,3}', e.lead, e.at, e.kind) FROM den.event AS e;
SELECT lead_scoring.tally_rows('den', 'event', NULL, true, '{0,-1,32767}', e.lead, e.at, e.kind) FROM den.event AS e;
SELECT lead_scoring.tally_rows('den', 'event', '{1,NULL}', true, '{1,2,3}', e.lead, e.at, e.kind) FROM den.event AS e;
SELECT lead_scoring.counted_keys(q.c, NULL::integer), lead_scoring.counted_tallies(q.c) FROM (SELECT lead_scoring.tally_rows('den', 'event', '{-1,2147483647}', false, '{1,2,3}', e.lead, e.at, e.kind) AS c FROM den.event AS e) AS q;
SELECT lead_scoring.tally_rows('den', 'event', NULL, true, '{1}', e.lead, e.at) FROM den.event AS e;
SELECT lead_scoring.tally_rows('den', 'event', NULL, true, '{1,2,3}', e.lead, e.at, e.kind) OVER (ORDER BY e.at ROWS 1 PRECEDING) IS NOT NULL AS counted FROM den.event AS e LIMIT 1;
-- Aggregates of her own around functions that may change their state in place.
CREATE AGGREGATE den.twice (lead_scoring.tally) (sfunc = lead_scoring.tally_accumulate, stype = lead_scoring.tally, initcond = '{1:1}');
CREATE AGGREGATE den.closed (lead_scoring.tally) (sfunc = lead_scoring.tally_accumulate, stype = lead_scoring.tally, finalfunc = lead_scoring.tally_close, combinefunc = lead_scoring.tally_accumulate, parallel = safe);
SELECT den.twice(t) AS twice, den.twice(t) AS again, den.closed(t) AS closed, den.closed(t ORDER BY t::text DESC) AS reversed FROM (VALUES ('{1:1,2@5:1}'::lead_scoring.tally), ('{2@5:1}'), (NULL)) AS v(t);
SELECT den.twice(t) OVER (ORDER BY n) AS running, den.closed(t) OVER (ORDER BY n ROWS 1 PRECEDING) AS sliding FROM (VALUES (1, '{1:1}'::lead_scoring.tally), (2, '{1:2}'), (3, '{1:4}')) AS v(n, t);
RESET SESSION AUTHORIZATION;
SELECT scores, wrong, fingerprint = :'before' AS unchanged FROM public.state;

-- 7. The triggers' functions on other tables, with other arguments, or twice.
SET SESSION AUTHORIZATION regress_ls_mallory;
CREATE TABLE den.bait (name text, audience text, sheet text, source text, active_revision integer, time_zone text, time_limit integer);
INSERT INTO den.bait VALUES ('shop', 'shop', 'shop sheet', 'event', 1, 'UTC', 1);
CREATE TRIGGER t BEFORE UPDATE ON den.bait FOR EACH ROW EXECUTE FUNCTION lead_scoring.track('shop');
UPDATE den.bait SET time_limit = 2;
DROP TRIGGER t ON den.bait;
CREATE TRIGGER t AFTER UPDATE ON den.bait FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring.track('shop');
UPDATE den.bait SET time_limit = 2;
DROP TRIGGER t ON den.bait;
CREATE TRIGGER t AFTER DELETE ON den.bait FOR EACH ROW EXECUTE FUNCTION lead_scoring.cascade('rule.sheet', 'audience; DROP TABLE x; --.name');
DELETE FROM den.bait;
DROP TRIGGER t ON den.bait;
CREATE TRIGGER t AFTER DELETE ON den.bait FOR EACH ROW EXECUTE FUNCTION lead_scoring.cascade_rule();
CREATE TRIGGER u AFTER DELETE ON den.bait FOR EACH ROW EXECUTE FUNCTION lead_scoring.cascade_source();
DELETE FROM den.bait;
DROP TRIGGER t ON den.bait;
DROP TRIGGER u ON den.bait;
CREATE TRIGGER t AFTER DELETE ON den.bait FOR EACH ROW EXECUTE FUNCTION lead_scoring.rescore_sheet();
INSERT INTO den.bait VALUES ('shop', 'shop', 'shop sheet', 'event', 1, 'UTC', 1);
DELETE FROM den.bait;
CREATE TRIGGER t AFTER INSERT ON lead_scoring.rule FOR EACH ROW EXECUTE FUNCTION den.spring();
CREATE EVENT TRIGGER mallory ON ddl_command_end EXECUTE FUNCTION lead_scoring.adopt_partitions();
RESET SESSION AUTHORIZATION;
-- Whoever may create triggers on a source makes nothing count twice.
GRANT TRIGGER ON shop.event TO regress_ls_mallory;
SET SESSION AUTHORIZATION regress_ls_mallory;
CREATE TRIGGER a_second AFTER INSERT ON shop.event REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring.track();
CREATE TRIGGER lead_scoring_late AFTER UPDATE ON shop.event REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring.track();
CREATE TRIGGER z_third AFTER INSERT ON shop.event REFERENCING NEW TABLE AS n FOR EACH STATEMENT WHEN (true) EXECUTE FUNCTION lead_scoring.track();
RESET SESSION AUTHORIZATION;
INSERT INTO shop.event VALUES (2, '2025-01-03', 'visit', NULL);
UPDATE shop.event SET kind = 'visit' WHERE kind = 'order';
SELECT * FROM lead_scoring.verify('shop');
DROP TRIGGER a_second ON shop.event;
DROP TRIGGER lead_scoring_late ON shop.event;
DROP TRIGGER z_third ON shop.event;
REVOKE TRIGGER ON shop.event FROM regress_ls_mallory;

-- 8. Reading: nothing of the victim's is to be had, nor that it is there; the reader of the scores has what they say.
SET SESSION AUTHORIZATION regress_ls_victim;
CREATE TABLE shop.lent (lead integer, at timestamptz, kind text, amount text);
RESET SESSION AUTHORIZATION;
SELECT fingerprint AS before FROM public.state \gset
SET SESSION AUTHORIZATION regress_ls_mallory;
SELECT public.try(format('SELECT count(*) FROM %s', c.call)) AS victims, public.try(format('SELECT count(*) FROM %s', replace(c.call, 'shop', 'nobody'))) AS nobodys
FROM unnest(ARRAY['lead_scoring.tally(''shop'', ''1'')', 'lead_scoring.explain(''shop sheet'', ''1'')', 'lead_scoring.explain_text(''shop sheet'', ''1'')', 'lead_scoring.gap(''shop sheet'', ''1'', ''warm'')',
    'lead_scoring.score_history(''shop sheet'', ''1'', ''2025-01-01'', ''2025-02-01'')', 'lead_scoring.score_history_of_all(''shop sheet'', ''2025-01-01'', ''2025-02-01'')',
    'lead_scoring.scores_at(''shop'', NULL)', 'lead_scoring.verify(''shop'')', 'lead_scoring.draft_model(''shop sheet'')', 'lead_scoring.active_model(''shop sheet'')', 'lead_scoring.export_sheet(''shop sheet'')',
    'lead_scoring.check_sheet(''shop sheet'')', 'lead_scoring.audience_owner(''shop'')', 'lead_scoring.check_owner(''shop'')', 'lead_scoring.publish(''shop sheet'')', 'lead_scoring.drop_audience(''shop'')',
    'lead_scoring.add_source(''shop'', ''den.event'', ''lead'', ''at'')', 'lead_scoring.drop_source(''shop'', ''event'')', 'lead_scoring.create_adjustments(''shop'')', 'lead_scoring.rescore_all(''shop'', ''x'')',
    'lead_scoring.accept_handoff(''shop'', 1)', 'lead_scoring.schedule_refresh(audience => ''shop'')']) AS c(call);
SELECT * FROM lead_scoring.covering_sources('shop.event');
SELECT lead_scoring.has_lead('shop.lead_score', '1');
SELECT lead_scoring.active_models('shop.lead_score');
SELECT (SELECT count(*) FROM lead_scoring.audience WHERE name = 'shop') AS audiences, (SELECT count(*) FROM lead_scoring.failure WHERE audience = 'shop') AS failures,
       (SELECT count(*) FROM lead_scoring.progress WHERE audience = 'shop') AS progress, (SELECT count(*) FROM lead_scoring.signal WHERE audience = 'shop') AS signals,
       (SELECT count(*) FROM lead_scoring.rule WHERE sheet = 'shop sheet') AS rules, (SELECT count(*) FROM lead_scoring.sheet_revision WHERE sheet = 'shop sheet') AS revisions;
-- A condition of her own that tells what it sees, before the policies have decided.
CREATE FUNCTION den.peek(x text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE WARNING 'peeked: %', x; RETURN true; END $$;
SELECT count(*) FROM lead_scoring.audience WHERE den.peek(name) AND name <> 'den';
SELECT count(*) FROM lead_scoring.failure_log WHERE den.peek(sample_key) AND audience <> 'den';
-- Names of audiences and sheets are the database's, as those of tables: to take one is to learn that it is taken.
SELECT lead_scoring.create_audience('shop', 'den.lead', time_zone => 'UTC', score_table => 's', tally_table => 't', band_change_table => 'b', pending_table => 'p');
RESET SESSION AUTHORIZATION;
-- The reader of the scores: what they are made of, and neither the failures, which quote rows, nor the leads that a policy hides.
SELECT count(*) > 0 AS failures FROM lead_scoring.failure WHERE audience = 'shop';
SET SESSION AUTHORIZATION regress_ls_reader;
SELECT count(*) FROM lead_scoring.failure;
SELECT count(*) FROM lead_scoring.progress;
SELECT rule, counted, points FROM lead_scoring.explain('shop sheet', '1', '2025-02-01');
SELECT count(*) FROM shop.event;
SELECT * FROM lead_scoring.scores_at('shop', lead_scoring.active_model('shop sheet'), '2025-02-01');
RESET SESSION AUTHORIZATION;

-- 9. A table that is lent, and a right that is taken back: rows are not shown to the audience's expressions any more.
SET SESSION AUTHORIZATION regress_ls_victim;
GRANT SELECT, TRIGGER ON shop.lent TO regress_ls_mallory;
RESET SESSION AUTHORIZATION;
SELECT lead_scoring.add_source('den', 'shop.lent', 'lead', 'at', 'kind', 'lent');
SET SESSION AUTHORIZATION regress_ls_mallory;
CREATE FUNCTION den.peek_at(x text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE EXCEPTION 'peeked: %', x; END $$;
INSERT INTO lead_scoring.signal (audience, name, source, condition) VALUES ('den', 'lent', 'lent', 'den.peek_at(amount)');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('den sheet', 'lent', 'lent', 1);
SELECT lead_scoring.publish('den sheet');
RESET SESSION AUTHORIZATION;
INSERT INTO shop.lent VALUES (1, '2025-01-01', 'visit', 'as agreed');
REVOKE SELECT ON shop.lent FROM regress_ls_mallory;
INSERT INTO shop.lent VALUES (1, '2025-01-01', 'visit', 'secret');
SELECT signal, sqlstate, message, count FROM lead_scoring.failure WHERE audience = 'den' AND source = 'lent' ORDER BY sqlstate;
SET SESSION AUTHORIZATION regress_ls_mallory;
CALL lead_scoring.rebuild('den');
SELECT lead_scoring.hold_writers('den', 'lent');
RESET SESSION AUTHORIZATION;

-- 10. Bytes from a client that are no tally, as COPY sends them.
CREATE TABLE public.bytes (t lead_scoring.tally);
CREATE FUNCTION public.receive(payload bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message bytea := '\x5047434f50590aff0d0a000000000000000000' || int2send(1::smallint) || int4send(length(payload)) || payload || '\xffff';
BEGIN
    EXECUTE format('COPY public.bytes FROM PROGRAM %L WITH (FORMAT binary)',
                   format('printf ''%s''', (SELECT string_agg('\' || lpad(to_char(b / 64 * 100 + b / 8 % 8 * 10 + b % 8, 'FM999'), 3, '0'), '' ORDER BY i)
                                           FROM generate_series(0, length(message) - 1) AS i, get_byte(message, i) AS b)));
    RETURN 'taken';
EXCEPTION WHEN OTHERS THEN
    RETURN format('%s %s', SQLSTATE, SQLERRM);
END $$;
SELECT b.bytes, public.receive(b.bytes) FROM (VALUES ('\x'::bytea), ('\x01'), (lead_scoring.tally_send('{1:1,2@5:3=1.5}')), (lead_scoring.tally_send('{1:1,2@5:3=1.5}') || '\x00'), ('\xff'), ('\x0101ffffffffffffffffffffffff'),
    ('\x01ffffffffffffffffff7f'), ('\x00'), ('\x0180'), (decode(repeat('80', 500), 'hex'))) AS b(bytes);
SELECT * FROM public.bytes;
DROP TABLE public.bytes;
DROP FUNCTION public.receive;

-- 11. The schema is there before the extension, made by somebody who could then plant things in it.
SELECT current_database() AS here \gset
CREATE DATABASE regress_ls_trap;
GRANT CREATE ON DATABASE regress_ls_trap TO regress_ls_mallory;
\c regress_ls_trap
SET client_min_messages = warning;
SET SESSION AUTHORIZATION regress_ls_mallory;
CREATE SCHEMA lead_scoring;
RESET SESSION AUTHORIZATION;
CREATE EXTENSION lead_scoring;
DROP SCHEMA lead_scoring;
CREATE SCHEMA lead_scoring;
CREATE FUNCTION lead_scoring.owns_table(text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE EXTENSION lead_scoring;
DROP SCHEMA lead_scoring CASCADE;
CREATE EXTENSION lead_scoring;
\c :here
SET client_min_messages = warning;
SET timezone = 'UTC';
DROP DATABASE regress_ls_trap;

SELECT * FROM public.caught;
SELECT scores, wrong, fingerprint = :'before' AS unchanged FROM public.state;
DROP FUNCTION public.watch();
DROP VIEW den.lure, public.state;
SELECT lead_scoring.drop_audience('shop'), lead_scoring.drop_audience('den');
SET client_min_messages = warning;
DROP TABLE public.caught;
DROP FUNCTION public.storm, public.problem, public.try;
DROP SCHEMA shop, den, desk CASCADE;
DROP ROLE regress_ls_victim, regress_ls_writer, regress_ls_reader, regress_ls_mallory;
