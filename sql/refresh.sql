\set SHOW_CONTEXT never
-- Time passes: refresh brings due rows up and tells each crossing at the instant at which it became true.
-- Nothing here depends on today's date: the events are placed relative to now, and instants are shown as
-- distances from them.
SET timezone = 'UTC';
CREATE SCHEMA clock;
SET search_path = clock, public;
CREATE TABLE lead (id integer PRIMARY KEY);
CREATE TABLE event (lead integer, at timestamp, kind text);
INSERT INTO lead SELECT generate_series(1, 5);
SELECT lead_scoring.create_audience('clock', 'lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('clock', 'event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type) VALUES ('clock', 'form', 'event', 'form'), ('clock', 'order', 'event', 'order');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('clock', 'clock');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, decay, lifespan) VALUES ('clock', 'form', 'form', 40, 'expire', '10 days');
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('clock', 'MQL', 1, 40), ('clock', 'SQL', 2, 80);
SELECT lead_scoring.publish('clock');

-- Lead 1 filled in forms 20 and 13 days ago, lead 2 one 3 days ago, lead 3 one that is dated in 2 days.
INSERT INTO event SELECT v.lead, date_trunc('day', now() AT TIME ZONE 'UTC') + v.days * interval '1 day' + interval '9 hours', 'form'
FROM (VALUES (1, -20), (1, -13), (2, -3), (3, 2)) AS v (lead, days);
SELECT lead, score, band, nullif(next_change_at, 'infinity') - date_trunc('day', now()) AS changes_in FROM lead_score ORDER BY lead;

-- Had nobody looked for three weeks, lead 1 would still show what was true then: a score of 0, due on the day
-- of its first form. This makes it so.
UPDATE lead_score SET score = 0, engagement = 0, band = NULL, next_change_at = date_trunc('day', now()) - interval '20 days' WHERE lead = 1;
DELETE FROM lead_band_change;
INSERT INTO lead_band_change (lead, sheet, to_band, score, at, revision, cause) VALUES (2, 'clock', 'MQL', 40, now() - interval '3 days', 1, 'event');
-- The view is right already: it evaluates what is due.
SELECT lead, score, band FROM lead_score_now ORDER BY lead;
CALL lead_scoring.refresh('clock');
SELECT lead, score, band, nullif(next_change_at, 'infinity') - date_trunc('day', now()) AS changes_in FROM lead_score ORDER BY lead;
-- Up with the first form, to SQL with the second, down when the first expired, and out when the second did.
SELECT lead, from_band, to_band, score, at - date_trunc('day', now()) AS at, cause FROM lead_band_change WHERE lead = 1 ORDER BY id;
SELECT band_since - date_trunc('day', now()) AS band_since FROM lead_score WHERE lead = 1;
SELECT * FROM lead_scoring.verify('clock');
SELECT operation, leads, skipped, last_key, finished_at IS NOT NULL AS finished FROM lead_scoring.progress;

-- The same story when an event comes before anybody refreshes.
UPDATE lead_score SET score = 0, engagement = 0, band = NULL, next_change_at = date_trunc('day', now()) - interval '20 days' WHERE lead = 1;
DELETE FROM lead_band_change WHERE lead = 1;
INSERT INTO event SELECT 1, now() AT TIME ZONE 'UTC', 'form';
SELECT from_band, to_band, score, CASE cause WHEN 'time' THEN at - date_trunc('day', now()) END AS at, cause FROM lead_band_change WHERE lead = 1 ORDER BY id;
SELECT * FROM lead_scoring.verify('clock');

-- Nothing is due: nothing is written.
CREATE TABLE before AS SELECT lead, xmin::text AS made_by, ctid AS place FROM lead_score;
CALL lead_scoring.refresh('clock');
SELECT count(*) AS rewritten FROM before AS b JOIN lead_score AS s USING (lead) WHERE (s.xmin::text, s.ctid) IS DISTINCT FROM (b.made_by, b.place);
SELECT leads FROM lead_scoring.progress;

-- A budget of leads: the next call goes on.
UPDATE lead_score SET next_change_at = now();
CALL lead_scoring.refresh('clock', max_leads => 2);
SELECT count(*) AS still_due FROM lead_score WHERE next_change_at <= now();
CALL lead_scoring.refresh('clock', batch_size => 1, max_time => '1 minute');
SELECT count(*) AS still_due FROM lead_score WHERE next_change_at <= now();

-- A batch that wrote nothing but scores need not wait for the disk: after a crash they would be due again.
BEGIN;
UPDATE lead_score SET score = score + 1, next_change_at = now() WHERE lead = 2;
SELECT lead_scoring.refresh_step(lead_scoring.begin_refresh('clock', 10, NULL, NULL) || '{"steps": ["due"]}') ->> 'leads' AS leads;
SHOW synchronous_commit;
ROLLBACK;
-- One that told more, as a change of band, waits.
BEGIN;
UPDATE lead_score SET band = NULL, next_change_at = now() WHERE lead = 2;
SELECT lead_scoring.refresh_step(lead_scoring.begin_refresh('clock', 10, NULL, NULL) || '{"steps": ["due"]}') ->> 'leads' AS leads;
SHOW synchronous_commit;
ROLLBACK;
-- So does one whose writing somebody watches with a trigger.
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER watch AFTER UPDATE ON lead_score FOR EACH ROW EXECUTE FUNCTION watch();
BEGIN;
UPDATE lead_score SET score = score + 1, next_change_at = now() WHERE lead = 2;
SELECT lead_scoring.refresh_step(lead_scoring.begin_refresh('clock', 10, NULL, NULL) || '{"steps": ["due"]}') ->> 'leads' AS leads;
SHOW synchronous_commit;
ROLLBACK;
DROP FUNCTION watch CASCADE;

-- A lead outside the segment has no row; when its time comes it gets one.
UPDATE lead_scoring.sheet SET segment_signal = 'form', segment_min = 1, segment_within = '5 days' WHERE name = 'clock';
SELECT lead_scoring.publish('clock', 'only fresh forms');
SELECT lead, score FROM lead_score ORDER BY lead;
SELECT lead, wake_at - date_trunc('day', now()) AS wakes_in FROM lead_tally WHERE wake_at < 'infinity' ORDER BY lead;
-- As if the form of lead 3 had been dated the day before yesterday, and nobody had looked since.
ALTER TABLE event DISABLE TRIGGER ALL;
UPDATE event SET at = at - interval '4 days' WHERE lead = 3;
ALTER TABLE event ENABLE TRIGGER ALL;
UPDATE lead_tally SET wake_at = date_trunc('day', now()) - interval '2 days', base = (SELECT lead_scoring.tally_of(signal, tick - 4) FROM lead_scoring.entries(base OPERATOR(lead_scoring.+) recent)), recent = '{}' WHERE lead = 3;
SELECT lead, score, band FROM lead_score_now ORDER BY lead;
CALL lead_scoring.refresh('clock');
SELECT lead, score, band FROM lead_score ORDER BY lead;
SELECT from_band, to_band, at - date_trunc('day', now()) AS at, cause FROM lead_band_change WHERE lead = 3 ORDER BY id;
SELECT * FROM lead_scoring.verify('clock');

-- Going back is a new revision.
SELECT lead_scoring.activate('clock', 1);
SELECT revision, note FROM lead_scoring.sheet_revision WHERE sheet = 'clock' ORDER BY 1;
SELECT lead, score, revision FROM lead_score ORDER BY lead;
SELECT lead_scoring.activate('clock', 17);
SELECT * FROM lead_scoring.verify('clock');

-- The view outlives a new name of its audience.
UPDATE lead_scoring.audience SET name = 'renamed' WHERE name = 'clock';
SELECT lead, score, revision FROM lead_score_now ORDER BY lead;
UPDATE lead_scoring.audience SET name = 'clock' WHERE name = 'renamed';

-- Errors
SELECT * FROM lead_scoring.active_models('event');
CALL lead_scoring.refresh('nobody');
BEGIN ISOLATION LEVEL REPEATABLE READ;
CALL lead_scoring.refresh('clock');
ROLLBACK;
SELECT lead_scoring.drop_audience('clock');
DROP SCHEMA clock CASCADE;
