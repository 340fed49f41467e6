-- Who may do what. The owner of the lead table owns the audience; an application only needs to write its events, a
-- BI user only to read the scores; nobody else sees anything.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_ls_owner, regress_ls_app, regress_ls_bi, regress_ls_stranger, regress_ls_member;
RESET client_min_messages;
SET datestyle = 'ISO';
CREATE ROLE regress_ls_owner;
CREATE ROLE regress_ls_app;
CREATE ROLE regress_ls_bi;
CREATE ROLE regress_ls_stranger;
CREATE ROLE regress_ls_member;
GRANT regress_ls_owner TO regress_ls_member;
CREATE SCHEMA crm AUTHORIZATION regress_ls_owner;
CREATE SCHEMA away AUTHORIZATION regress_ls_stranger;
GRANT USAGE ON SCHEMA crm TO regress_ls_app, regress_ls_bi, regress_ls_stranger;

-- An ordinary role sets everything up; it needs no privilege of its own on the extension.
SET ROLE regress_ls_owner;
CREATE TABLE crm.lead (id integer PRIMARY KEY, country text);
CREATE TABLE crm.event (lead integer, at timestamptz, kind text);
INSERT INTO crm.lead VALUES (1, 'DE'), (2, 'US');
SELECT lead_scoring.create_audience('leads', 'crm.lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('leads', 'crm.event', 'lead', 'at', 'kind');
-- An immutable function that tells who runs it: conditions run as the owner, never as the writer.
CREATE FUNCTION crm.runs_as_owner(kind text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
    $$ BEGIN RETURN current_user = 'regress_ls_owner'; END $$;
REVOKE EXECUTE ON FUNCTION crm.runs_as_owner(text) FROM PUBLIC;
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition) VALUES
    ('leads', 'visit', 'event', 'visit', NULL), ('leads', 'as owner', 'event', NULL, 'crm.runs_as_owner(kind)');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('main', 'leads');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('main', 'visits', 'visit', 1), ('main', 'as owner', 'as owner', 10);
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('main', 'warm', 1, 22);
SELECT lead_scoring.publish('main');
-- The tables of the audience are the owner's.
SELECT relname, relowner::regrole FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relkind = 'r' ORDER BY relname;
-- What the author's column says is who published.
SELECT revision, author = session_user AS me FROM lead_scoring.sheet_revision WHERE sheet = 'main';
GRANT INSERT ON crm.event TO regress_ls_app;
GRANT SELECT ON crm.lead_score TO regress_ls_bi;
RESET ROLE;

-- The application writes its events and nothing else; the scores follow.
SET ROLE regress_ls_app;
INSERT INTO crm.event VALUES (1, '2025-01-01', 'visit'), (1, '2025-01-02', 'mail');
COPY crm.event FROM stdin;
1	2025-01-03	visit
\.
SELECT * FROM crm.event;
SELECT * FROM crm.lead_score;
SELECT * FROM crm.lead_tally;
UPDATE crm.event SET lead = 2;
-- It sees nothing of the catalog.
SELECT count(*) FROM lead_scoring.audience;
SELECT count(*) FROM lead_scoring.rule;
SELECT * FROM lead_scoring.explain('main', '1');
RESET ROLE;
SELECT lead, score, band FROM crm.lead_score ORDER BY lead;

-- A BI role reads scores, sees the sheets behind them, and may explain them; it changes nothing, and reads no tally
-- table.
SET ROLE regress_ls_bi;
SELECT lead, score, band FROM crm.lead_score ORDER BY lead;
SELECT name FROM lead_scoring.audience;
SELECT name, points FROM lead_scoring.rule ORDER BY name;
SELECT rule, counted, points FROM lead_scoring.explain('main', '1', '2025-02-01');
-- (These find no row that is theirs.)
UPDATE lead_scoring.rule SET points = 1000;
DELETE FROM lead_scoring.rule;
SELECT name, points FROM lead_scoring.rule ORDER BY name;
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('main', 'mine', 'visit', 1000);
SELECT lead_scoring.publish('main');
SELECT * FROM crm.lead_tally;
SELECT * FROM lead_scoring.verify('leads');
CALL lead_scoring.rebuild('leads');
SELECT lead_scoring.drop_audience('leads');
RESET ROLE;
-- Where it sees only some of the scores, it has only those explained.
ALTER TABLE crm.lead_score ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON crm.lead_score FOR SELECT TO regress_ls_bi USING (lead = 2);
SET ROLE regress_ls_bi;
SELECT lead, score FROM crm.lead_score;
SELECT lead_scoring.tally('leads', '1'), lead_scoring.tally('leads', '2');
RESET ROLE;
DROP POLICY mine ON crm.lead_score;
ALTER TABLE crm.lead_score DISABLE ROW LEVEL SECURITY;
-- With the tallies as well, it scores them as it likes.
GRANT SELECT ON crm.lead_tally TO regress_ls_bi;
SET ROLE regress_ls_bi;
SELECT lead, lead_scoring.score(lead_scoring.active_model('main'), base OPERATOR(lead_scoring.+) recent, '2025-02-01') FROM crm.lead_tally ORDER BY lead;
RESET ROLE;

-- A stranger sees no row of the catalog, and may not do anything to the audience.
SET ROLE regress_ls_stranger;
SELECT (SELECT count(*) FROM lead_scoring.audience) AS audiences, (SELECT count(*) FROM lead_scoring.source) AS sources,
    (SELECT count(*) FROM lead_scoring.signal) AS signals, (SELECT count(*) FROM lead_scoring.signal_version) AS versions,
    (SELECT count(*) FROM lead_scoring.sheet) AS sheets, (SELECT count(*) FROM lead_scoring.rule) AS rules,
    (SELECT count(*) FROM lead_scoring.band) AS bands, (SELECT count(*) FROM lead_scoring.sheet_revision) AS revisions,
    (SELECT count(*) FROM lead_scoring.failure) AS failures;
SELECT lead_scoring.publish('main');
SELECT * FROM lead_scoring.verify('leads');
CALL lead_scoring.rebuild('leads');
SELECT lead_scoring.explain('main', '1');
SELECT lead_scoring.tally('leads', '1');
SELECT lead_scoring.drop_source('leads', 'event');
SELECT lead_scoring.drop_audience('leads');
UPDATE lead_scoring.sheet SET max_score = 1;
DELETE FROM lead_scoring.audience;
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('mine', 'leads');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('main', 'mine', 'visit', 1000);
INSERT INTO lead_scoring.signal (audience, name, source) VALUES ('leads', 'mine', 'event');
INSERT INTO lead_scoring.failure_log (audience, source, sqlstate, message, count) VALUES ('leads', 'x', 'x', 'x', 1);
TRUNCATE lead_scoring.sheet;
-- The machinery below is no way in either.
SELECT lead_scoring.rescore_all('leads', 'mine');
SELECT lead_scoring.rebuild_batch('leads', NULL, 10);
SELECT lead_scoring.create_tally_rows('leads');
SELECT lead_scoring.count_new_signals('leads', '{1}');
SELECT lead_scoring.forget_signals('leads', '{1}');
SELECT lead_scoring.wait_for_writers('leads');
SELECT lead_scoring.retire_signals('leads');
SELECT lead_scoring.create_triggers('crm.event');
SELECT lead_scoring.drop_triggers('crm.event');
SELECT lead_scoring.tally_rows('leads', 'event', NULL, true, '{1}', lead) FROM (VALUES (1)) e (lead);
-- Nobody can make an audience of somebody else's table, nor a source; nor lend a table of its own to another's audience.
CREATE TABLE away.event (lead integer, at timestamptz, kind text);
SELECT lead_scoring.create_audience('mine', 'crm.lead');
SELECT lead_scoring.add_source('leads', 'away.event', 'lead', 'at');
CREATE TABLE away.lead (id integer PRIMARY KEY);
SELECT lead_scoring.create_audience('mine', 'away.lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('mine', 'crm.event', 'lead', 'at');
-- Nor can the catalog be told so.
UPDATE lead_scoring.audience SET lead_table = 'crm.lead', score_table = 'crm.lead_score' WHERE name = 'mine';
INSERT INTO lead_scoring.audience (name, lead_table, lead_key, time_zone, score_table, tally_table, band_change_table)
VALUES ('forged', 'crm.lead', 'id', 'UTC', 'away.event', 'away.lead', 'away.event');
INSERT INTO lead_scoring.source (audience, name, source_table, lead_key, occurred_at) VALUES ('mine', 'stolen', 'crm.event', 'lead', 'at');
SELECT name FROM lead_scoring.audience;
RESET ROLE;

GRANT USAGE ON SCHEMA away TO regress_ls_owner;
SET ROLE regress_ls_owner;
SELECT lead_scoring.add_source('leads', 'away.event', 'lead', 'at', name => 'away');
RESET ROLE;
-- Who owns both, by membership, still has to let the audience's owner read the table.
GRANT regress_ls_stranger TO regress_ls_member;
SET ROLE regress_ls_member;
SELECT lead_scoring.add_source('leads', 'away.event', 'lead', 'at', name => 'away');
RESET ROLE;
REVOKE regress_ls_stranger FROM regress_ls_member;
-- A member of the owner may do what the owner may.
SET ROLE regress_ls_member;
SELECT lead_scoring.publish('main', 'by a member');
SELECT * FROM lead_scoring.verify('leads');
CALL lead_scoring.rebuild('leads');
RESET ROLE;

-- A table with row-level security: what counts is every row, not what the owner happens to see.
SET ROLE regress_ls_owner;
CREATE TABLE crm.secret (lead integer, at timestamptz, hidden boolean);
ALTER TABLE crm.secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE crm.secret FORCE ROW LEVEL SECURITY;
CREATE POLICY shown ON crm.secret USING (NOT hidden) WITH CHECK (true);
INSERT INTO crm.secret VALUES (2, '2025-01-01', true), (2, '2025-01-01', false);
SELECT lead_scoring.add_source('leads', 'crm.secret', 'lead', 'at');
INSERT INTO lead_scoring.signal (audience, name, source) VALUES ('leads', 'secret', 'secret');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('main', 'secret', 'secret', 100);
SELECT lead_scoring.publish('main');
ALTER TABLE crm.secret NO FORCE ROW LEVEL SECURITY;
SELECT lead_scoring.publish('main');
SELECT lead, score FROM crm.lead_score ORDER BY lead;
RESET ROLE;

-- The lead table gets another owner: the audience with it.
ALTER TABLE crm.lead OWNER TO regress_ls_stranger;
SET ROLE regress_ls_stranger;
SELECT name FROM lead_scoring.audience ORDER BY name;
RESET ROLE;
ALTER TABLE crm.lead OWNER TO regress_ls_owner;

-- A right that the owner has lost fails the signal, not the application's statement.
SET ROLE regress_ls_owner;
REVOKE EXECUTE ON FUNCTION crm.runs_as_owner(text) FROM regress_ls_owner;
SET ROLE regress_ls_app;
INSERT INTO crm.event VALUES (1, '2025-01-04', 'visit');
RESET ROLE;
SELECT lead, score FROM crm.lead_score ORDER BY lead;
SELECT source, signal, sqlstate, message, count FROM lead_scoring.failure;

-- What an ordinary role renames or removes takes its children along: row-level security must not hide them from
-- the cascade, when the parent has its new name, or is gone, already.
SET ROLE regress_ls_owner;
CREATE TABLE crm.tidy (id integer PRIMARY KEY);
SELECT lead_scoring.create_audience('tidy', 'crm.tidy', time_zone => 'UTC');
INSERT INTO lead_scoring.signal (audience, name, source) VALUES ('tidy', 'here', 'profile');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('first', 'tidy'), ('second', 'tidy');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('first', 'here', 'here', 1), ('second', 'here', 'here', 1);
INSERT INTO lead_scoring.band (sheet, name, rank) VALUES ('first', 'all', 1);
SELECT lead_scoring.publish('first');
UPDATE lead_scoring.sheet SET name = 'renamed' WHERE name = 'first';
DELETE FROM lead_scoring.sheet WHERE name = 'second';
UPDATE lead_scoring.audience SET name = 'tidier' WHERE name = 'tidy';
RESET ROLE;
CREATE VIEW children AS
    SELECT 'source' AS child, audience AS parent FROM lead_scoring.source
    UNION ALL SELECT 'signal', audience FROM lead_scoring.signal
    UNION ALL SELECT 'signal_version', audience FROM lead_scoring.signal_version
    UNION ALL SELECT 'sheet', audience FROM lead_scoring.sheet
    UNION ALL SELECT 'rule', sheet FROM lead_scoring.rule
    UNION ALL SELECT 'band', sheet FROM lead_scoring.band
    UNION ALL SELECT 'sheet_revision', sheet FROM lead_scoring.sheet_revision;
SELECT * FROM children WHERE parent IN ('tidy', 'tidier', 'first', 'second', 'renamed') ORDER BY child, parent;
SET ROLE regress_ls_owner;
SELECT lead_scoring.drop_audience('tidier');
RESET ROLE;
SELECT * FROM children WHERE parent IN ('tidy', 'tidier', 'first', 'second', 'renamed') ORDER BY child, parent;
DROP VIEW children;

-- The cascade acts as the owner of its table, so it is good for no other: whoever may create triggers on a table
-- does not become its owner.
CREATE TABLE lent (name text);
GRANT TRIGGER, INSERT, DELETE ON lent TO regress_ls_app;
INSERT INTO lent VALUES ('x');
SET ROLE regress_ls_app;
CREATE TRIGGER hijack AFTER DELETE ON lent FOR EACH ROW EXECUTE FUNCTION lead_scoring.cascade('rule.sheet');
DELETE FROM lent;
RESET ROLE;
DROP TABLE lent;

SELECT lead_scoring.drop_audience('leads'), lead_scoring.drop_audience('mine');
SET client_min_messages = warning;
DROP SCHEMA crm, away CASCADE;
DROP ROLE regress_ls_owner, regress_ls_app, regress_ls_bi, regress_ls_stranger, regress_ls_member;
