-- The tables of an audience are ordinary tables: what somebody adds to them works, although rows are written without SQL.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA own;
CREATE TABLE own.lead (id integer PRIMARY KEY, country text);
CREATE TABLE own.event (lead integer, at timestamptz, kind text);
SELECT lead_scoring.create_audience('own', 'own.lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('own', 'own.event', 'lead', 'at', 'kind');
SELECT lead_scoring.import_sheet('own', '{"format": 1, "name": "own sheet",
    "signals": [{"name": "visit", "source": "event", "event_type": "visit"}],
    "rules": [{"name": "visits", "signal": "visit", "points": 10}],
    "bands": [{"name": "warm", "rank": 1, "min_score": 20}]}') IS NOT NULL AS imported;
SELECT lead_scoring.publish('own sheet');
INSERT INTO own.lead VALUES (1, 'DE');

-- A column with a default, a generated one, a check, and triggers of every kind.
ALTER TABLE own.lead_score
    ADD COLUMN note text DEFAULT 'made by default', ADD COLUMN twice integer GENERATED ALWAYS AS (score * 2) STORED,
    ADD CONSTRAINT "no more than 100" CHECK (score <= 100);
CREATE TABLE own.log (id integer GENERATED ALWAYS AS IDENTITY, what text);
CREATE FUNCTION own.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.note := format('%s to %s', OLD.score, NEW.score);
    RETURN NEW;
END $$;
CREATE TRIGGER note BEFORE UPDATE ON own.lead_score FOR EACH ROW EXECUTE FUNCTION own.note();
CREATE FUNCTION own.log_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO own.log (what) VALUES (format('%s %s row of lead %s: %s', TG_WHEN, TG_OP, NEW.lead, NEW.score));
    RETURN NULL;
END $$;
CREATE TRIGGER log_insert AFTER INSERT ON own.lead_score FOR EACH ROW EXECUTE FUNCTION own.log_row();
CREATE TRIGGER log_score AFTER UPDATE OF score ON own.lead_score FOR EACH ROW WHEN (OLD.score <> NEW.score) EXECUTE FUNCTION own.log_row();
CREATE TRIGGER log_key AFTER UPDATE OF lead, sheet ON own.lead_score FOR EACH ROW EXECUTE FUNCTION own.log_row();
CREATE FUNCTION own.log_statement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rows text := '';
BEGIN
    IF TG_WHEN = 'AFTER' THEN
        rows := (SELECT format(': leads %s', string_agg(n.lead::text, ', ' ORDER BY n.lead)) FROM new_rows AS n);
    END IF;
    INSERT INTO own.log (what) VALUES (format('%s %s statement%s', TG_WHEN, TG_OP, rows));
    RETURN NULL;
END $$;
CREATE TRIGGER before_statement BEFORE INSERT OR UPDATE ON own.lead_score FOR EACH STATEMENT EXECUTE FUNCTION own.log_statement();
CREATE TRIGGER after_insert AFTER INSERT ON own.lead_score REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION own.log_statement();
CREATE TRIGGER after_update AFTER UPDATE ON own.lead_score REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION own.log_statement();

-- An event of a lead that has a row, and two new leads in one statement.
INSERT INTO own.event VALUES (1, now(), 'visit');
INSERT INTO own.lead VALUES (2, 'FR'), (3, 'FR');
INSERT INTO own.event VALUES (2, now(), 'visit'), (3, now(), 'visit'), (2, now(), 'visit');
SELECT lead, score, band, note, twice FROM own.lead_score ORDER BY lead;
SELECT what FROM own.log ORDER BY id;
-- A row that the same transaction has written before.
TRUNCATE own.log;
BEGIN;
INSERT INTO own.event VALUES (3, now(), 'visit');
INSERT INTO own.event VALUES (3, now(), 'visit');
COMMIT;
SELECT note FROM own.lead_score WHERE lead = 3;
DELETE FROM own.event WHERE ctid IN (SELECT ctid FROM own.event WHERE lead = 3 LIMIT 2);
-- Nothing is written, so nothing fires.
TRUNCATE own.log;
INSERT INTO own.event VALUES (1, now(), 'something else');
CALL lead_scoring.refresh('own');
SELECT what FROM own.log ORDER BY id;
-- The check holds here as anywhere, and costs no event: sql/never_lost.sql has more of that.
INSERT INTO own.event SELECT 1, '2025-01-01', 'visit' FROM generate_series(1, 20);
SELECT count(*) FROM own.event WHERE at = '2025-01-01';
SELECT score FROM own.lead_score WHERE lead = 1;
SELECT message, sample_key FROM lead_scoring.failure;
CALL lead_scoring.rebuild('own');
DELETE FROM own.event WHERE at = '2025-01-01';
CALL lead_scoring.rebuild('own');
-- A trigger that keeps a row from being written: verify tells.
CREATE FUNCTION own.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER a_keep BEFORE UPDATE ON own.lead_score FOR EACH ROW WHEN (OLD.lead = 2) EXECUTE FUNCTION own.keep();
INSERT INTO own.event VALUES (2, now(), 'visit');
SELECT problem, lead, sheet FROM lead_scoring.verify('own');
DROP TRIGGER a_keep ON own.lead_score;
CALL lead_scoring.rebuild('own');
SELECT lead, score, band FROM own.lead_score ORDER BY lead;
SELECT * FROM lead_scoring.verify('own');

-- The tally table may have more columns, too.
ALTER TABLE own.lead_tally ADD COLUMN seen timestamptz DEFAULT '2020-01-01', ADD COLUMN who text DEFAULT current_user;
INSERT INTO own.event VALUES (1, now(), 'visit'), (7, now(), 'visit');
SELECT lead, seen IS NOT NULL AS has_default, who = current_user AS is_owner FROM own.lead_tally ORDER BY lead;
-- A column that is only shown may go, with the view that shows it; the application goes on. One that decides may not.
ALTER TABLE own.lead_score DROP COLUMN persona CASCADE, DROP COLUMN twice;
INSERT INTO own.event VALUES (1, now(), 'visit');
SELECT score FROM own.lead_score WHERE lead = 1;
ALTER TABLE own.lead_score RENAME COLUMN revision TO version;
INSERT INTO own.event VALUES (1, now(), 'visit');
SELECT score FROM own.lead_score WHERE lead = 1;
ALTER TABLE own.lead_score RENAME COLUMN version TO revision;
-- Rows are found by the primary key.
ALTER TABLE own.lead_tally DROP CONSTRAINT lead_tally_pkey;
INSERT INTO own.event VALUES (1, now(), 'visit');
SELECT score FROM own.lead_score WHERE lead = 1;
ALTER TABLE own.lead_tally ADD PRIMARY KEY (lead);
CALL lead_scoring.rebuild('own');
INSERT INTO own.event VALUES (1, now(), 'visit');
SELECT score FROM own.lead_score WHERE lead = 1;
SELECT message, count, sample_key FROM lead_scoring.failure ORDER BY first_at;
DROP SCHEMA own CASCADE;
