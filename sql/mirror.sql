\set SHOW_CONTEXT never
-- Score and band in columns of one's own lead table, for applications that read nothing else.
SET timezone = 'UTC';
CREATE SCHEMA own;
SET search_path = own, public;
CREATE TABLE lead (id integer PRIMARY KEY, country text, lead_score integer, lead_band text);
CREATE TABLE event (lead integer, at timestamptz, kind text);
INSERT INTO lead (id, country) VALUES (1, 'DE'), (2, 'FR');
SELECT lead_scoring.create_audience('own', 'lead', score_column => 'lead_score', band_column => 'lead_band');
SELECT lead_scoring.add_source('own', 'event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition) VALUES
    ('own', 'form', 'event', 'form', NULL), ('own', 'german', 'profile', NULL, 'country = ''DE''');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('own', 'own');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, component) VALUES ('own', 'form', 'form', 10, 'engagement'), ('own', 'german', 'german', 5, 'fit');
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('own', 'MQL', 1, 20);
SELECT lead_scoring.publish('own');
SELECT * FROM lead ORDER BY id;
-- An event, a change of the profile, a new lead.
INSERT INTO event VALUES (1, '2026-01-01', 'form'), (1, '2026-01-02', 'form');
UPDATE lead SET country = 'DE' WHERE id = 2;
INSERT INTO lead (id, country, lead_score) VALUES (3, 'DE', 99);
SELECT * FROM lead ORDER BY id;
-- An application that writes an old copy of the row back does not win.
UPDATE lead SET lead_score = 0, lead_band = 'old' WHERE id = 1;
SELECT * FROM lead ORDER BY id;
-- A row is written only when the value changed.
CREATE TABLE before AS SELECT id, xmin::text AS made_by FROM lead;
INSERT INTO event VALUES (1, '2026-01-03', 'visit');
UPDATE lead SET country = 'AT' WHERE id = 2;
SELECT l.id FROM lead AS l JOIN before AS b USING (id) WHERE l.xmin::text <> b.made_by ORDER BY 1;
-- One's own triggers fire as for any update, once for each change.
CREATE TABLE seen (id integer, score integer);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO own.seen VALUES (NEW.id, NEW.lead_score); RETURN NULL; END $$;
CREATE TRIGGER note AFTER UPDATE ON lead FOR EACH ROW WHEN (OLD.lead_score IS DISTINCT FROM NEW.lead_score) EXECUTE FUNCTION note();
INSERT INTO event VALUES (2, '2026-01-03', 'form'), (3, '2026-01-03', 'form');
SELECT * FROM seen ORDER BY id;
-- What a lock kept from being written is found by refresh. (A lead row that differs stands for it here.)
ALTER TABLE lead DISABLE TRIGGER ALL;
UPDATE lead SET lead_score = -1 WHERE id = 3;
ALTER TABLE lead ENABLE TRIGGER ALL;
CALL lead_scoring.refresh('own');
SELECT * FROM lead ORDER BY id;
SELECT * FROM lead_scoring.verify('own');
-- Whoever inserts events cannot make the owner run an operator of theirs: nothing is looked up in search_path.
CREATE SCHEMA evil;
CREATE FUNCTION evil.same(integer, integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'run as %', current_user; END $$;
CREATE FUNCTION evil.same(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'run as %', current_user; END $$;
CREATE OPERATOR evil.= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = evil.same);
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.same);
SET search_path = evil, pg_catalog;
INSERT INTO own.event VALUES (1, '2026-01-04', 'form');
CALL lead_scoring.refresh('own');
SET search_path = own, public;
SELECT * FROM lead ORDER BY id;
DROP SCHEMA evil CASCADE;
-- Errors
SELECT lead_scoring.create_audience('other', 'lead', score_column => 'points');
SELECT lead_scoring.create_audience('other', 'lead', score_column => 'country');
SELECT lead_scoring.drop_audience('own');
SELECT * FROM lead ORDER BY id;
DROP SCHEMA own CASCADE;
