-- Any number of tables feed an audience, and one table may feed several.
\set SHOW_CONTEXT never
CREATE SCHEMA src;
SET search_path = src, public;
SET timezone = 'America/New_York';
SET datestyle = 'ISO';

CREATE TABLE lead (id bigint PRIMARY KEY, phone text UNIQUE);
INSERT INTO lead VALUES (1, '+49 1'), (2, '+49 2'), (70000, '+49 7');

-- Keys of events may be narrower than the leads' own; times may be of three types.
CREATE TABLE visit (lead bigint, at timestamptz, kind text);
CREATE TABLE mail (lead integer, at timestamp, kind varchar(10));
CREATE TABLE fair (lead smallint, at date);
CREATE TABLE call (phone varchar(20), at timestamptz, kind "char");
INSERT INTO visit VALUES (1, '2025-03-30 00:30 Europe/Berlin', 'page'), (1, '2025-03-29 23:30 Europe/Berlin', 'page');
INSERT INTO mail VALUES (1, '2025-03-30 00:30', 'open'), (70000, '2025-03-29 23:30', 'click');
INSERT INTO fair VALUES (1, '2025-03-30'), (2, '2025-03-29'), (2, 'infinity'), (NULL, '2025-03-29');
INSERT INTO call VALUES ('+49 1', '2025-03-30 12:00 Europe/Berlin', 'i'), ('+49 9', '2025-03-30 12:00 Europe/Berlin', 'o');

SELECT lead_scoring.create_audience('leads', 'lead', time_zone => 'Europe/Berlin');
SELECT lead_scoring.create_audience('callers', 'lead', lead_key => 'phone', time_zone => 'UTC', resolution => 'hour',
    score_table => 'caller_score', tally_table => 'caller_tally', band_change_table => 'caller_band_change',
    pending_table => 'caller_pending');
SELECT lead_scoring.add_source('leads', 'visit', 'lead', 'at', 'kind');
SELECT lead_scoring.add_source('leads', 'mail', 'lead', 'at', event_type => 'kind');
SELECT lead_scoring.add_source('leads', 'fair', lead_key => 'lead', occurred_at => 'at', name => 'trade fair');
SELECT lead_scoring.add_source('callers', 'call', 'phone', 'at', 'kind');
SELECT audience, name, source_table, kind, lead_key, occurred_at, event_type FROM lead_scoring.source ORDER BY audience, name;

INSERT INTO lead_scoring.signal (audience, name, source, event_type) VALUES
    ('leads', 'visited', 'visit', 'page'), ('leads', 'opened', 'mail', 'open'), ('leads', 'clicked', 'mail', 'click'),
    ('leads', 'met', 'trade fair', NULL), ('callers', 'called us', 'call', 'i'), ('callers', 'we called', 'call', 'o');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('interest', 'leads'), ('calls', 'callers');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES
    ('interest', 'visits', 'visited', 1), ('interest', 'opens', 'opened', 10), ('interest', 'clicks', 'clicked', 100),
    ('interest', 'fairs', 'met', 1000), ('calls', 'in', 'called us', 5), ('calls', 'out', 'we called', 1);
SELECT lead_scoring.publish('interest'), lead_scoring.publish('calls');
SELECT lead, score, last_active_on FROM lead_score ORDER BY lead;
SELECT lead, score, last_active_on FROM caller_score ORDER BY lead;

-- timestamptz is converted to the audience's wall clock; timestamp and date already are it, whatever the
-- session's TimeZone. Half past midnight in Berlin is the 30th by each road, half past eleven the 29th.
SELECT t.lead, v.signal, DATE '2000-01-01' + e.tick AS day, e.count
FROM lead_tally t, lead_scoring.entries(base OPERATOR(lead_scoring.+) recent) e
JOIN lead_scoring.signal_version v ON v.audience = 'leads' AND v.number = e.signal ORDER BY 1, 2, 3;
-- The hour of a call, in UTC for this audience. An unknown caller's history waits for the lead.
SELECT t.lead, v.signal, TIMESTAMP '2000-01-01' + e.tick * interval '1 hour' AS hour, e.count
FROM caller_tally t, lead_scoring.entries(base OPERATOR(lead_scoring.+) recent) e
JOIN lead_scoring.signal_version v ON v.audience = 'callers' AND v.number = e.signal ORDER BY 1, 2, 3;

-- The same by the triggers' road.
INSERT INTO visit VALUES (2, '2025-03-30 00:30 Europe/Berlin', 'page'), (2, '2025-03-30 00:30 Europe/Berlin', 'other');
INSERT INTO mail VALUES (2, '2025-03-30 00:30', 'open');
INSERT INTO fair VALUES (1, '2025-04-01');
INSERT INTO call VALUES ('+49 2', '2025-03-30 12:00 Europe/Berlin', 'i');
SELECT lead, score, last_active_on FROM lead_score ORDER BY lead;
SELECT lead, score FROM caller_score ORDER BY lead;
SELECT a AS audience, v.* FROM unnest('{leads,callers}'::text[]) a, lead_scoring.verify(a) v;

-- One table as source of a second audience, and twice in one under two names.
CREATE TABLE account (id integer PRIMARY KEY);
INSERT INTO account VALUES (10), (20);
CREATE TABLE meeting (host bigint, guest bigint, account integer, at timestamptz);
INSERT INTO meeting VALUES (1, 2, 10, '2025-05-01 12:00+00'), (1, NULL, 20, '2025-05-02 12:00+00');
SELECT lead_scoring.create_audience('accounts', 'account', time_zone => 'UTC');
SELECT lead_scoring.add_source('leads', 'meeting', 'host', 'at', name => 'hosted');
SELECT lead_scoring.add_source('leads', 'meeting', 'guest', 'at', name => 'attended');
SELECT lead_scoring.add_source('accounts', 'meeting', 'account', 'at');
INSERT INTO lead_scoring.signal (audience, name, source) VALUES
    ('leads', 'hosted', 'hosted'), ('leads', 'attended', 'attended'), ('accounts', 'meeting', 'meeting');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES
    ('interest', 'hosted', 'hosted', 10000), ('interest', 'attended', 'attended', 100000);
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('accounts', 'accounts');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('accounts', 'meetings', 'meeting', 7);
SELECT lead_scoring.publish('interest'), lead_scoring.publish('accounts');
INSERT INTO meeting VALUES (2, 1, 10, '2025-05-03 12:00+00');
SELECT lead, score FROM lead_score ORDER BY lead;
SELECT lead, score FROM account_score ORDER BY lead;
-- One set of triggers serves them all.
SELECT tgname FROM pg_trigger WHERE tgrelid = 'meeting'::regclass ORDER BY tgname;

-- Dropping one source leaves the others; its signals go, and the scores follow at once.
SELECT lead_scoring.drop_source('leads', 'attended');
SELECT name FROM lead_scoring.signal WHERE audience = 'leads' ORDER BY name;
SELECT lead, score FROM lead_score ORDER BY lead;
INSERT INTO meeting VALUES (2, 1, 20, '2025-05-04 12:00+00');
SELECT lead, score FROM lead_score ORDER BY lead;
SELECT lead, score FROM account_score ORDER BY lead;
SELECT a AS audience, v.* FROM unnest('{leads,accounts}'::text[]) a, lead_scoring.verify(a) v;
-- The sheet still has a rule over the lost signal: published as it is, it is refused.
SELECT lead_scoring.publish('interest');
-- With the last source over a table its triggers go too.
SELECT lead_scoring.drop_source('leads', 'hosted'), lead_scoring.drop_source('accounts', 'meeting');
\d meeting
SELECT lead_scoring.drop_source('leads', 'mail');
\d mail
SELECT lead, score FROM lead_score ORDER BY lead;

-- DROP TABLE of a source: what it has told goes with the next rebuild; a lost registration harms nobody.
DROP TABLE fair;
SELECT name FROM lead_scoring.source WHERE audience = 'leads' ORDER BY name;
INSERT INTO visit VALUES (2, '2025-03-31 12:00+00', 'page');
CALL lead_scoring.rebuild('leads');
SELECT lead, score FROM lead_score ORDER BY lead;
SELECT * FROM lead_scoring.verify('leads');

-- Refusals.
CREATE TABLE e (lead bigint, label text, n numeric, at timestamptz, clock time);
CREATE VIEW e_view AS SELECT * FROM e;
CREATE UNLOGGED TABLE e_unlogged (lead bigint, at timestamptz);
CREATE TEMP TABLE e_temporary (lead bigint, at timestamptz);
CREATE MATERIALIZED VIEW e_matview AS SELECT * FROM e;
SELECT lead_scoring.add_source('nobody', 'e', 'lead', 'at');
SELECT lead_scoring.add_source('leads', 'nothing', 'lead', 'at');
SELECT lead_scoring.add_source('leads', NULL, 'lead', 'at');
SELECT lead_scoring.add_source('leads', 'e', 'person', 'at');
SELECT lead_scoring.add_source('leads', 'e', NULL, 'at');
SELECT lead_scoring.add_source('leads', 'e', 'label', 'at');
SELECT lead_scoring.add_source('leads', 'e', 'n', 'at');
SELECT lead_scoring.add_source('leads', 'e', 'lead', 'clock');
SELECT lead_scoring.add_source('leads', 'e', 'lead', 'moment');
SELECT lead_scoring.add_source('leads', 'e', 'lead', NULL);
SELECT lead_scoring.add_source('leads', 'e', 'lead', 'at', 'kind');
SELECT lead_scoring.add_source('callers', 'e', 'lead', 'at');
SELECT lead_scoring.add_source('accounts', 'e', 'lead', 'at');
SELECT lead_scoring.add_source('leads', 'e_view', 'lead', 'at');
SELECT lead_scoring.add_source('leads', 'e_matview', 'lead', 'at');
SELECT lead_scoring.add_source('leads', 'e_unlogged', 'lead', 'at');
SELECT lead_scoring.add_source('leads', 'e_temporary', 'lead', 'at');
SELECT lead_scoring.add_source('leads', 'visit', 'lead', 'at');
SELECT lead_scoring.add_source('leads', 'lead_score', 'lead', 'updated_at');
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT lead_scoring.add_source('leads', 'e', 'lead', 'at');
ROLLBACK;
SELECT lead_scoring.drop_source('leads', 'nothing');
SELECT lead_scoring.drop_source('leads', 'profile');
SELECT lead_scoring.drop_source('nobody', 'visit');
-- Nothing of all that stayed.
SELECT name FROM lead_scoring.source WHERE audience = 'leads' ORDER BY name;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'e'::regclass;

SELECT lead_scoring.drop_audience(a) FROM unnest('{leads,callers,accounts}'::text[]) a;
SELECT tgrelid::regclass FROM pg_trigger WHERE tgfoid = 'lead_scoring.track'::regproc;
SET client_min_messages = warning;
DROP SCHEMA src CASCADE;
