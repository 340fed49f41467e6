-- health(): each problem provoked, seen alone, mended as its hint says, and gone.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE ROLE health_owner;
CREATE ROLE health_reader;
CREATE SCHEMA health AUTHORIZATION health_owner;
GRANT USAGE ON SCHEMA health TO health_reader;
CREATE VIEW health.problems AS
    SELECT audience, severity, problem, object, regexp_replace(detail, '\d{4}-\d\d-\d\d [\d:.+]*', '<time>', 'g') AS detail, hint FROM lead_scoring.health();
-- Follows the hints as far as they are SQL.
\set follow 'SELECT step[1] FROM lead_scoring.health() AS h, regexp_matches(h.hint, ''((?:SELECT lead_scoring|CALL|ALTER|GRANT|CREATE|DELETE FROM)[^;]+);'', ''g'') AS step \\gexec'
SET search_path = health, public;
SET ROLE health_owner;
CREATE TABLE lead (id integer PRIMARY KEY, joined date, points integer);
CREATE TABLE event (id integer, lead integer, at date, kind text, amount text) PARTITION BY RANGE (at);
CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE event_2025 PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE call (lead integer, at date, seconds integer);
INSERT INTO lead VALUES (1, '2024-01-01'), (2, '2024-01-02');
SELECT lead_scoring.create_audience('watched', 'lead', created_at => 'joined', time_zone => 'UTC', score_column => 'points');
SELECT lead_scoring.add_source('watched', 'event', 'lead', 'at', 'kind');
SELECT lead_scoring.add_source('watched', 'call', 'lead', 'at');
CREATE FUNCTION is_long(seconds integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT seconds > 60 $$;
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition, value) VALUES
    ('watched', 'visit', 'event', 'visit', NULL, NULL), ('watched', 'order', 'event', 'order', NULL, 'amount::numeric'), ('watched', 'call', 'call', NULL, 'health.is_long(seconds)', NULL);
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('main', 'watched');
INSERT INTO lead_scoring.rule (sheet, name, signal, measure, points) VALUES
    ('main', 'visits', 'visit', 'occurrences', 1), ('main', 'orders', 'order', 'value', 1), ('main', 'calls', 'call', 'occurrences', 5);
SELECT lead_scoring.publish('main');
INSERT INTO event VALUES (1, 1, '2024-02-01', 'visit', NULL), (2, 2, '2025-02-01', 'order', '10');
INSERT INTO call VALUES (1, '2025-03-01', 90);
RESET ROLE;
-- All is well.
SELECT * FROM problems;
SELECT audience, lead_table, owner, sheets, due, oldest_due_at, waking, pending, running, last_refresh_at, last_rebuild_at, failures, last_failure_at,
       score_bytes > 0 AS has_bytes, tally_bytes > 0 AND pending_bytes > 0 AND band_change_bytes > 0 AS all_have FROM lead_scoring.status;
SELECT * FROM lead_scoring.source_status ORDER BY source;

-- Triggers: missing, disabled, on one partition.
DROP TRIGGER lead_scoring_update ON call;
SELECT * FROM problems;
:follow
SELECT * FROM problems;
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'call'::regclass AND tgname IN ('lead_scoring_insert', 'lead_scoring_update', 'lead_scoring_delete', 'lead_scoring_truncate', 'lead_scoring_replica') ORDER BY tgname;
ALTER TABLE event_2025 DISABLE TRIGGER ALL;
SELECT severity, problem, object, detail FROM problems;
SELECT source, triggers_in_place, triggers_enabled FROM lead_scoring.source_status ORDER BY source;
INSERT INTO event_2025 VALUES (3, 2, '2025-04-01', 'order', '5');
:follow
SELECT * FROM problems;
SELECT * FROM lead_scoring.verify('watched');
-- Event triggers.
ALTER EVENT TRIGGER lead_scoring_adopt DISABLE;
SELECT * FROM problems;
:follow
SELECT * FROM problems;
ALTER EXTENSION lead_scoring DROP EVENT TRIGGER lead_scoring_drop;
DROP EVENT TRIGGER lead_scoring_drop;
SELECT * FROM problems;
:follow
COMMENT ON EVENT TRIGGER lead_scoring_drop IS 'Removes the registrations of dropped tables';
SELECT * FROM problems;
-- Triggers for replication that somebody makes ordinary ones while nobody looks.
ALTER EVENT TRIGGER lead_scoring_before_drop DISABLE;
ALTER EVENT TRIGGER lead_scoring_replica DISABLE;
ALTER TABLE call ENABLE TRIGGER ALL;
SELECT * FROM problems;
:follow
SELECT * FROM problems;
-- A source that is not logged, has a foreign partition, or one that is half detached.
ALTER TABLE call SET UNLOGGED;
SELECT * FROM problems;
:follow
SELECT * FROM problems;
ALTER EVENT TRIGGER lead_scoring_adopt DISABLE;
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') SERVER nowhere;
ALTER EVENT TRIGGER lead_scoring_adopt ENABLE;
SELECT * FROM problems;
DROP FOREIGN DATA WRAPPER nowhere CASCADE;
SELECT * FROM problems;
-- As an interrupted DETACH PARTITION CONCURRENTLY leaves it.
SET allow_system_table_mods = on;
UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'event_2024'::regclass;
RESET allow_system_table_mods;
SELECT * FROM problems;
:follow
SELECT * FROM problems;
SELECT * FROM lead_scoring.verify('watched');

-- Columns: of a source, of an expression, of the lead table, of our own tables.
ALTER TABLE call RENAME at TO happened;
SELECT * FROM problems;
UPDATE lead_scoring.source SET occurred_at = 'happened' WHERE name = 'call';
:follow
SELECT * FROM problems;
ALTER TABLE call RENAME lead TO who;
SELECT problem, object, detail FROM problems;
UPDATE lead_scoring.source SET lead_key = 'who' WHERE name = 'call';
SELECT * FROM problems;
ALTER TABLE event DROP COLUMN amount;
SELECT * FROM problems;
ALTER TABLE event ADD COLUMN amount text;
SELECT * FROM problems;
ALTER TABLE call ALTER seconds TYPE text;
SELECT problem, object, detail FROM problems;
ALTER TABLE call ALTER seconds TYPE integer USING seconds::integer;
SELECT * FROM problems;
ALTER TABLE lead RENAME id TO number;
SELECT problem, object, detail FROM problems;
INSERT INTO call VALUES (1, '2025-03-02', 90);
SELECT source, message, count FROM lead_scoring.failure;
DELETE FROM lead_scoring.failure_log;
ALTER TABLE lead RENAME number TO id;
CALL lead_scoring.rebuild('watched');
SELECT * FROM problems;
ALTER TABLE lead RENAME points TO shown;
SELECT * FROM problems;
ALTER TABLE lead RENAME shown TO points;
UPDATE lead_scoring.audience SET time_zone = 'Mars/Olympus' WHERE name = 'watched';
SELECT problem, object, detail FROM problems;
UPDATE lead_scoring.audience SET time_zone = 'UTC' WHERE name = 'watched';
SELECT * FROM problems;
ALTER TABLE lead_score RENAME band TO label;
SELECT * FROM problems;
ALTER TABLE lead_score RENAME label TO band;
SELECT * FROM problems;
-- Keys.
ALTER TABLE lead_tally DROP CONSTRAINT lead_tally_pkey;
SELECT * FROM problems;
:follow
ALTER TABLE lead DROP CONSTRAINT lead_pkey;
SELECT problem, object, detail FROM problems;
:follow
SELECT * FROM problems;

-- A revision that is missing, or cannot be read.
DELETE FROM lead_scoring.sheet_revision WHERE sheet = 'main';
SELECT * FROM problems;
:follow
SELECT * FROM problems;
CREATE CAST (text AS lead_scoring.model) WITHOUT FUNCTION;
UPDATE lead_scoring.sheet_revision SET model = '{"format": 99}'::text::lead_scoring.model;
SELECT problem, object, detail FROM problems;
:follow
DROP CAST (text AS lead_scoring.model);
SELECT * FROM problems;

-- Rights of the owner.
REVOKE EXECUTE ON FUNCTION is_long(integer) FROM PUBLIC, health_owner;
SELECT severity, problem, object, detail FROM problems;
GRANT EXECUTE ON FUNCTION is_long(integer) TO health_owner;
SELECT * FROM problems;
ALTER TABLE call OWNER TO CURRENT_USER;
SELECT * FROM problems;
:follow
SELECT * FROM problems;
ALTER TABLE call OWNER TO health_owner;
REVOKE UPDATE ON lead_score FROM health_owner;
SELECT * FROM problems;
:follow
SELECT * FROM problems;
ALTER SCHEMA health OWNER TO CURRENT_USER;
SELECT severity, problem, object, detail, hint FROM problems WHERE problem <> 'signal cannot be counted';
ALTER SCHEMA health OWNER TO health_owner;
SELECT * FROM problems;
ALTER TABLE lead_band_change OWNER TO health_reader;
SELECT problem, object, detail, hint FROM problems WHERE problem = 'table has another owner';
ALTER TABLE lead_band_change OWNER TO health_owner;
SELECT * FROM problems;

-- Failures.
INSERT INTO event VALUES (4, 1, '2025-05-01', 'order', 'much'), (5, NULL, '2025-05-01', 'visit', NULL), (6, 2, '2025-05-01', 'order', 'little');
SELECT * FROM problems;
SELECT failures, last_failure_at IS NOT NULL AS at FROM lead_scoring.status;
SELECT source, failures, last_failure_at IS NOT NULL AS at FROM lead_scoring.source_status ORDER BY source;
DELETE FROM event WHERE id IN (4, 5, 6);
:follow
SELECT * FROM problems;
-- Refresh overdue, events pending, a run that was cut off.
UPDATE lead_score SET next_change_at = now() - interval '3 hours' WHERE lead = 1;
SELECT due, now() - oldest_due_at BETWEEN '3 hours' AND '4 hours' AS oldest_is_right FROM lead_scoring.status;
SELECT problem, object, regexp_replace(detail, '<time>.*', '<time> ...') AS detail, hint FROM problems;
SELECT count(*) FROM lead_scoring.health('watched', overdue => '4 hours');
CALL lead_scoring.refresh('watched');
SELECT * FROM problems;
SELECT due, last_refresh_at > now() - interval '1 hour' AS refreshed, last_rebuild_at > now() - interval '1 hour' AS rebuilt FROM lead_scoring.status;
DELETE FROM lead_scoring.progress;
INSERT INTO lead_pending (lead, delta) VALUES (1, '{}');
SELECT * FROM problems;
SELECT pending FROM lead_scoring.status;
:follow
SELECT * FROM problems;
INSERT INTO lead_scoring.progress (audience, operation, pid, leads) VALUES ('watched', 'rebuild', 2147483647, 7);
SELECT * FROM problems;
SELECT running FROM lead_scoring.status;
CALL lead_scoring.rebuild('watched');
SELECT * FROM problems;
SELECT operation, leads, skipped, last_key, finished_at IS NOT NULL AS finished, finished_at = last_finished_at AS is_last FROM lead_scoring.progress ORDER BY operation;

-- Who sees what: owners theirs, readers of the scores the audience but no failures, others nothing.
SET ROLE health_owner;
SELECT count(*) FROM lead_scoring.health();
SELECT audience, failures FROM lead_scoring.status;
SET ROLE health_reader;
SELECT audience FROM lead_scoring.status;
SELECT * FROM lead_scoring.health();
SELECT * FROM lead_scoring.health('watched');
RESET ROLE;
GRANT SELECT ON lead_score TO health_reader;
SET ROLE health_reader;
SELECT audience, due, waking, pending FROM lead_scoring.status;
SELECT source, triggers_in_place FROM lead_scoring.source_status ORDER BY source;
SELECT * FROM lead_scoring.health();
SELECT * FROM lead_scoring.health('watched');
RESET ROLE;

DROP SCHEMA health CASCADE;
DROP ROLE health_owner;
DROP ROLE health_reader;
