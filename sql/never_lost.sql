-- Whatever is wrong with scoring: the statement that brings an event commits, the failure is told, the others of the
-- statement are scored, verify names the leads concerned, and rebuild heals once the cause is gone.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
SET datestyle = 'ISO';
SET timezone = 'UTC';
CREATE SCHEMA lost;
SET search_path = lost, public;
CREATE TABLE lead (id integer PRIMARY KEY, city text, points integer);
CREATE TABLE event (id integer GENERATED ALWAYS AS IDENTITY, lead integer, at date, kind text, amount numeric);
INSERT INTO lead SELECT generate_series(1, 4);
SELECT lead_scoring.create_audience('lost', 'lead', time_zone => 'UTC', score_column => 'points');
SELECT lead_scoring.add_source('lost', 'event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, value) VALUES
    ('lost', 'visit', 'event', 'visit', NULL), ('lost', 'order', 'event', 'order', 'amount');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('main', 'lost');
INSERT INTO lead_scoring.rule (sheet, name, signal, measure, points) VALUES
    ('main', 'visits', 'visit', 'occurrences', 1), ('main', 'orders', 'order', 'value', 1);
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('main', 'warm', 1, 10);
SELECT lead_scoring.publish('main');

CREATE VIEW scores AS
    SELECT string_agg(format('%s: %s', l.id, s.score), ', ' ORDER BY l.id) AS scores FROM lead AS l LEFT JOIN lead_score AS s ON s.lead = l.id;
CREATE VIEW told AS
    SELECT source, signal, sqlstate, message, count, first_at IS NOT NULL AND last_at >= first_at AS dated, sample_key
    FROM lead_scoring.failure WHERE audience = 'lost' ORDER BY source, signal, sqlstate, message;
-- All events are there, what verify says, and that rebuild brings everything right.
CREATE PROCEDURE heal() LANGUAGE plpgsql AS $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(format('%s %s', problem, lead), ', ' ORDER BY problem, lead) INTO wrong FROM lead_scoring.verify('lost');
    RAISE WARNING 'wrong: %', wrong;
    CALL lead_scoring.rebuild('lost');
    SELECT string_agg(format('%s %s', problem, lead), ', ' ORDER BY problem, lead) INTO wrong FROM lead_scoring.verify('lost');
    RAISE WARNING 'wrong after rebuild: %', wrong;
    DELETE FROM lead_scoring.failure_log WHERE audience = 'lost';
END $$;

-- As they are made, our tables cannot refuse a row, and nothing is written under a guard: that would take a transaction id
-- of its own.
CREATE VIEW is_guarded AS SELECT bool_or(t.xmin <> pg_current_xact_id()::xid) AS is_guarded FROM lead_tally AS t WHERE t.lead = 1;
BEGIN;
INSERT INTO event (lead, at, kind) VALUES (1, '2025-01-01', 'visit');
SELECT * FROM is_guarded;
ROLLBACK;
ALTER TABLE lead_score ADD CONSTRAINT harmless CHECK (score IS NOT NULL);
BEGIN;
INSERT INTO event (lead, at, kind) VALUES (1, '2025-01-01', 'visit');
SELECT * FROM is_guarded;
ROLLBACK;
ALTER TABLE lead_score DROP CONSTRAINT harmless;
BEGIN;
INSERT INTO event (lead, at, kind) VALUES (1, '2025-01-01', 'visit');
SELECT * FROM is_guarded;
ROLLBACK;

-- A check on the score table: only the lead that it refuses is not scored, in an INSERT as in a refresh.
ALTER TABLE lead_score ADD CONSTRAINT "at most 100" CHECK (score <= 100);
INSERT INTO event (lead, at, kind, amount) VALUES (1, '2025-01-01', 'order', 20), (2, '2025-01-01', 'order', 200), (3, '2025-01-01', 'order', 30);
SELECT count(*) FROM event;
SELECT * FROM scores;
SELECT * FROM told;
UPDATE lead_score SET next_change_at = now() - interval '1 hour';
ALTER TABLE lead_score ADD CONSTRAINT "not lead 3" CHECK (lead <> 3) NOT VALID;
CALL lead_scoring.refresh('lost');
SELECT lead FROM lead_score WHERE next_change_at < now() ORDER BY lead;
SELECT * FROM told WHERE message ~ 'not lead 3';
ALTER TABLE lead_score DROP CONSTRAINT "at most 100", DROP CONSTRAINT "not lead 3";
CALL heal();
SELECT * FROM scores;

-- The same of the tally table, the band changes, and what a trigger raises.
ALTER TABLE lead_tally ADD CONSTRAINT "not lead 2" CHECK (lead <> 2) NOT VALID;
INSERT INTO event (lead, at, kind) VALUES (1, '2025-01-02', 'visit'), (2, '2025-01-02', 'visit'), (3, '2025-01-02', 'visit');
SELECT * FROM scores;
SELECT * FROM told;
ALTER TABLE lead_tally DROP CONSTRAINT "not lead 2";
CALL heal();
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''not on my watch''; END';
CREATE TRIGGER refuse BEFORE INSERT ON lead_band_change FOR EACH ROW EXECUTE FUNCTION refuse();
INSERT INTO event (lead, at, kind, amount) VALUES (3, '2025-01-02', 'visit', NULL), (4, '2025-01-02', 'order', 50);
SELECT * FROM scores;
SELECT * FROM told;
DROP TRIGGER refuse ON lead_band_change;
CALL heal();
SELECT * FROM scores;

-- The lead table's own columns that repeat the score: only they stay behind.
ALTER TABLE lead ADD CONSTRAINT "points at most 60" CHECK (points <= 60) NOT VALID;
INSERT INTO event (lead, at, kind, amount) VALUES (4, '2025-01-03', 'order', 20);
SELECT lead, score, points FROM lead_score JOIN lead ON id = lead WHERE lead = 4;
SELECT * FROM told;
ALTER TABLE lead DROP CONSTRAINT "points at most 60";
CALL lead_scoring.refresh('lost');
SELECT points FROM lead WHERE id = 4;
CALL heal();

-- Columns of our own tables that are gone or have another type, a lost primary key, lost rights.
ALTER TABLE lead_score RENAME revision TO version;
INSERT INTO event (lead, at, kind) VALUES (1, '2025-01-04', 'visit');
SELECT * FROM told;
ALTER TABLE lead_score RENAME version TO revision;
CALL heal();
DROP VIEW lead_score_now;
ALTER TABLE lead_score ALTER grade TYPE integer USING NULL, ALTER band_since TYPE text;
INSERT INTO event (lead, at, kind) VALUES (1, '2025-01-04', 'visit');
SELECT * FROM told;
ALTER TABLE lead_score ALTER band_since TYPE timestamptz USING band_since::timestamptz;
INSERT INTO event (lead, at, kind) VALUES (1, '2025-01-04', 'visit');
SELECT * FROM scores;
ALTER TABLE lead_score ALTER grade TYPE text;
CALL heal();
SELECT * FROM scores;
ALTER TABLE lead_tally DROP CONSTRAINT lead_tally_pkey;
INSERT INTO event (lead, at, kind) VALUES (1, '2025-01-05', 'visit'), (2, '2025-01-05', 'visit');
SELECT * FROM told;
ALTER TABLE lead_tally ADD PRIMARY KEY (lead);
CALL heal();
SELECT * FROM scores;

-- TRUNCATE, too.
ALTER TABLE lead_score ADD CONSTRAINT "at least 5" CHECK (score >= 5);
TRUNCATE event;
SELECT * FROM told;
ALTER TABLE lead_score DROP CONSTRAINT "at least 5";
CALL heal();
SELECT * FROM scores;

-- Values so large that their sum overflows, on one day. Nobody can count such rows, until they are mended.
INSERT INTO event (lead, at, kind, amount) SELECT 1, '2025-02-01', 'order', 10000000000 FROM generate_series(1, 70000);
INSERT INTO event (lead, at, kind, amount) SELECT 1 + n % 2, '2025-02-02', 'order', 10000000000 FROM generate_series(1, 60000) AS n;
INSERT INTO event (lead, at, kind, amount) SELECT 1 + n % 2, '2025-02-01', 'order', 10000000000 FROM generate_series(1, 60000) AS n;
INSERT INTO event (lead, at, kind) VALUES (1, '2025-02-02', 'visit'), (2, '2025-02-02', 'visit');
SELECT kind, count(*) FROM event GROUP BY kind ORDER BY kind;
SELECT * FROM scores;
SELECT * FROM told;
SELECT count(*) FROM lead_scoring.verify('lost');
-- In one statement.
INSERT INTO event (lead, at, kind, amount) SELECT 3 + (n > 10)::int, '2025-02-01', 'order', 10000000000 FROM generate_series(1, 100000) AS n;
SELECT count(*) FROM event WHERE lead >= 3;
SELECT * FROM scores;
SELECT source, signal, sqlstate, message, count > 1 AS many, sample_key FROM told;
DELETE FROM event WHERE lead >= 3;
UPDATE event SET amount = 10 WHERE kind = 'order' AND at = '2025-02-01' AND id % 2 = 0;
UPDATE event SET amount = 10 WHERE kind = 'order' AND amount > 10 AND at = '2025-02-01';
UPDATE event SET amount = 10 WHERE kind = 'order' AND amount > 10;
CALL heal();
SELECT * FROM scores;
DELETE FROM event WHERE kind = 'order';

-- The active revision is missing, or cannot be read: its sheet rests.
INSERT INTO event (lead, at, kind) VALUES (1, '2025-03-01', 'visit');
DELETE FROM lead_scoring.sheet_revision WHERE sheet = 'main';
INSERT INTO event (lead, at, kind) VALUES (1, '2025-03-02', 'visit'), (2, '2025-03-02', 'visit');
SELECT * FROM scores;
SELECT * FROM told;
SELECT problem, lead FROM lead_scoring.verify('lost') ORDER BY problem, lead;
SELECT lead_scoring.publish('main', note => 'anew') AS revision_is_a_new_one;
CALL heal();
SELECT * FROM scores;
CREATE CAST (text AS lead_scoring.model) WITHOUT FUNCTION;
UPDATE lead_scoring.sheet_revision SET model = '{"format": 99}'::text::lead_scoring.model WHERE revision = (SELECT active_revision FROM lead_scoring.sheet WHERE name = 'main');
INSERT INTO event (lead, at, kind) VALUES (1, '2025-03-03', 'visit'), (2, '2025-03-03', 'visit');
SELECT * FROM scores;
SELECT * FROM told;
SELECT problem, lead FROM lead_scoring.verify('lost') ORDER BY problem, lead;
-- Rows of a revision that cannot be read are brought up by the next one.
SELECT lead_scoring.publish('main', note => 'anew') AS revision_is_a_new_one;
CALL heal();
SELECT * FROM scores;
DROP CAST (text AS lead_scoring.model);

-- The log of failures refuses: a warning tells what it would have said.
ALTER TABLE lead_scoring.failure_log ADD CONSTRAINT full_up CHECK (count < 0) NOT VALID;
INSERT INTO event (lead, at, kind, amount) VALUES (2, '2025-03-04', 'visit', NULL), (NULL, '2025-03-04', 'visit', NULL), (3, '2025-03-04', 'order', 'NaN');
ALTER TABLE lead_scoring.failure_log RENAME TO failure_lag;
INSERT INTO event (lead, at, kind, amount) VALUES (2, '2025-03-04', 'visit', NULL), (NULL, '2025-03-04', 'visit', NULL);
ALTER TABLE lead_scoring.failure_lag RENAME TO failure_log;
ALTER TABLE lead_scoring.failure_log DROP CONSTRAINT full_up;
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'could not extend file' USING ERRCODE = TG_ARGV[0];
END $$;
CREATE TRIGGER no_room BEFORE INSERT ON lead_scoring.failure_log FOR EACH ROW EXECUTE FUNCTION no_room('disk_full');
INSERT INTO event (lead, at, kind, amount) VALUES (NULL, '2025-03-04', 'visit', NULL);
DROP TRIGGER no_room ON lead_scoring.failure_log;
-- But not what concerns the session.
CREATE TRIGGER no_room BEFORE INSERT ON lead_scoring.failure_log FOR EACH ROW EXECUTE FUNCTION no_room('query_canceled');
INSERT INTO event (lead, at, kind, amount) VALUES (NULL, '2025-03-04', 'visit', NULL);
DROP TRIGGER no_room ON lead_scoring.failure_log;
SELECT * FROM scores;
SELECT * FROM told;
CALL heal();

-- A condition that wants more memory than a value may have is the row's failure; one for which there is none is not.
CREATE FUNCTION wants(what text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF what = 'a gigabyte' THEN
        RETURN length(repeat(what, 1000000000)) > 0;
    END IF;
    RAISE EXCEPTION 'out of memory' USING ERRCODE = 'out_of_memory';
END $$;
INSERT INTO lead_scoring.signal (audience, name, source, condition) VALUES ('lost', 'greedy', 'profile', 'lost.wants(city)');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, component) VALUES ('main', 'greedy', 'greedy', 1, 'fit');
UPDATE lead SET city = 'a gigabyte';
SELECT lead_scoring.publish('main') > 0 AS published;
DELETE FROM lead_scoring.failure_log;
INSERT INTO lead VALUES (5, 'a gigabyte');
SELECT * FROM scores;
SELECT * FROM told;
INSERT INTO lead VALUES (6, 'all there is');
SELECT count(*) FROM lead WHERE id = 6;

-- Rights that are lost, of an owner who is no superuser.
CREATE ROLE lost_owner;
CREATE SCHEMA theirs AUTHORIZATION lost_owner;
SET ROLE lost_owner;
CREATE TABLE theirs.lead (id text PRIMARY KEY);
CREATE TABLE theirs.event (lead text, at date, city text);
CREATE FUNCTION theirs.is_near(city text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT city = 'here' $$;
INSERT INTO theirs.lead VALUES ('a'), ('b');
SELECT lead_scoring.create_audience('theirs', 'theirs.lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('theirs', 'theirs.event', 'lead', 'at');
INSERT INTO lead_scoring.signal (audience, name, source, condition) VALUES ('theirs', 'event', 'event', NULL), ('theirs', 'near', 'event', 'theirs.is_near(city)');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('theirs', 'theirs');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('theirs', 'events', 'event', 1), ('theirs', 'near', 'near', 10);
SELECT lead_scoring.publish('theirs');
RESET ROLE;
CREATE VIEW their_told AS SELECT signal, sqlstate, message, count, sample_key FROM lead_scoring.failure WHERE audience = 'theirs' ORDER BY signal, message;
REVOKE EXECUTE ON FUNCTION theirs.is_near(text) FROM PUBLIC, lost_owner;
INSERT INTO theirs.event VALUES ('a', '2025-01-01', 'here'), ('b', '2025-01-01', 'here');
SELECT lead, score FROM theirs.lead_score ORDER BY lead;
SELECT * FROM their_told;
GRANT EXECUTE ON FUNCTION theirs.is_near(text) TO lost_owner;
INSERT INTO theirs.event VALUES ('a', '2025-01-02', 'here');
SELECT lead, score FROM theirs.lead_score ORDER BY lead;
SELECT problem, lead FROM lead_scoring.verify('theirs') ORDER BY lead;
REVOKE INSERT ON theirs.lead_score FROM lost_owner;
INSERT INTO theirs.event VALUES ('a', '2025-01-02', 'here');
GRANT INSERT ON theirs.lead_score TO lost_owner;
REVOKE SELECT ON theirs.lead FROM lost_owner;
INSERT INTO theirs.event VALUES ('a', '2025-01-02', 'there'), ('c', '2025-01-02', 'there');
GRANT SELECT ON theirs.lead TO lost_owner;
ALTER SCHEMA theirs OWNER TO CURRENT_USER;
INSERT INTO theirs.event VALUES ('b', '2025-01-02', 'here');
ALTER SCHEMA theirs OWNER TO lost_owner;
REVOKE SELECT ON theirs.event FROM lost_owner;
INSERT INTO theirs.event VALUES ('b', '2025-01-02', 'here');
GRANT SELECT ON theirs.event TO lost_owner;
REVOKE INSERT ON lead_scoring.failure_log FROM PUBLIC;
INSERT INTO theirs.event VALUES (NULL, '2025-01-02', 'here');
GRANT INSERT ON lead_scoring.failure_log TO PUBLIC;
SELECT lead, score FROM theirs.lead_score ORDER BY lead;
SELECT * FROM their_told;
CALL lead_scoring.rebuild('theirs');
SELECT lead, score FROM theirs.lead_score ORDER BY lead;
SELECT problem, lead FROM lead_scoring.verify('theirs') ORDER BY lead;
DELETE FROM lead_scoring.failure_log;

-- A key too long for an index names nobody; the others of the statement count.
INSERT INTO theirs.event SELECT k, '2025-01-03', 'there'
FROM (VALUES ('a'), ((SELECT string_agg(md5(n::text), '') FROM generate_series(1, 200) AS n)), ('b')) AS v(k);
SELECT count(*) FROM theirs.event WHERE at = '2025-01-03';
SELECT lead, score FROM theirs.lead_score ORDER BY lead;
SELECT signal, sqlstate, message, count, length(sample_key) FROM their_told;
CALL lead_scoring.rebuild('theirs');
SELECT problem, lead FROM lead_scoring.verify('theirs') ORDER BY lead;

DROP SCHEMA lost CASCADE;
DROP SCHEMA theirs CASCADE;
DROP ROLE lost_owner;
