-- The vectors of the rule language (cycles, velocity, inactivity), on live tables. Each block reads: given, then.
--
-- Scores are those of fixed days, so that the test gives the same on every day.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA vector;
CREATE TABLE vector.lead (id text PRIMARY KEY, created_at timestamptz);
CREATE TABLE vector.event (lead text, at timestamptz, kind text);
SELECT lead_scoring.create_audience('by day', 'vector.lead', created_at => 'created_at', time_zone => 'UTC');
SELECT lead_scoring.add_source('by day', 'vector.event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type)
SELECT 'by day', kind, 'event', kind FROM unnest('{order,visit,quote}'::text[]) kind;

-- What a sheet says of a lead at an instant.
CREATE FUNCTION says(sheet text, lead text, as_of timestamptz) RETURNS TABLE (score integer, band text)
    LANGUAGE sql AS
$$
    SELECT e.score, e.band
    FROM lead_scoring.evaluate(lead_scoring.active_model(sheet),
                               lead_scoring.tally((SELECT s.audience FROM lead_scoring.sheet AS s WHERE s.name = sheet), lead), as_of) AS e
$$;

--
-- V3: a three-month cycle, 60 when due; last order 1, 2, 3 months ago: 20, 40, 60, and ready at 60.
--
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('three months', 'by day'), ('four months', 'by day');
INSERT INTO lead_scoring.rule (sheet, name, signal, measure, points, cycle, cycle_step) VALUES
    ('three months', 'cycle', 'order', 'cycle', 60, '3 months', '1 month'),
    ('four months', 'cycle', 'order', 'cycle', 60, '4 months', '1 month');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES
    ('four months', 'visit', 'visit', 10),
    ('four months', 'quote', 'quote', 30);
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('three months', 'ready', 1, 60), ('four months', 'ready', 1, 60);
SELECT lead_scoring.publish('three months'), lead_scoring.publish('four months');
INSERT INTO vector.lead VALUES ('customer');
INSERT INTO vector.event VALUES ('customer', '2026-03-15 09:00', 'order');
SELECT given, s.score, s.band
FROM (VALUES ('last order 1 month ago', timestamptz '2026-04-15 12:00'), ('2 months', '2026-05-15 12:00'), ('3 months', '2026-06-15 12:00')) v (given, at),
     says('three months', 'customer', at) s ORDER BY at;
-- A day before its month is over there is a step less.
SELECT s.score, s.band FROM says('three months', 'customer', '2026-06-14 23:59') s;

--
-- V4: a four-month cycle; 1, 2, 3, 4 months ago: 15, 30, 45, 60.
--
SELECT given, s.score, s.band
FROM (VALUES ('1 month', timestamptz '2026-04-15 12:00'), ('2 months', '2026-05-15 12:00'), ('3 months', '2026-06-15 12:00'), ('4 months', '2026-07-15 12:00')) v (given, at),
     says('four months', 'customer', at) s ORDER BY at;

--
-- V5, V6, V7: V4 at three months with one visit of 10: 55, not ready; two visits: 65, ready; a quote of 30: 75, ready.
--
INSERT INTO vector.lead VALUES ('one visit'), ('two visits'), ('a quote');
INSERT INTO vector.event SELECT id, '2026-03-15 09:00', 'order' FROM vector.lead WHERE id <> 'customer';
INSERT INTO vector.event VALUES
    ('one visit', '2026-06-01', 'visit'),
    ('two visits', '2026-06-01', 'visit'), ('two visits', '2026-06-02', 'visit'),
    ('a quote', '2026-06-01', 'quote');
SELECT v AS vector, lead, s.score, s.band
FROM (VALUES ('V5', 'one visit'), ('V6', 'two visits'), ('V7', 'a quote')) t (v, lead), says('four months', lead, '2026-06-15 12:00') s ORDER BY v;
-- A purchase starts the cycle again.
INSERT INTO vector.event VALUES ('a quote', '2026-06-15 08:00', 'order');
SELECT score, band FROM says('four months', 'a quote', '2026-06-15 12:00');

--
-- V11: the same events within two hours and over thirty days; a velocity rule; an audience that counts hours. The
-- faster lead is hotter, and stays so: the windows look back from its last event.
--
CREATE TABLE vector.fast_lead (id text PRIMARY KEY);
SELECT lead_scoring.create_audience('by hour', 'vector.fast_lead', time_zone => 'UTC', resolution => 'hour');
SELECT lead_scoring.add_source('by hour', 'vector.event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type) VALUES ('by hour', 'visit', 'event', 'visit');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('velocity', 'by hour');
INSERT INTO lead_scoring.rule (sheet, name, position, signal, measure, points, window_anchor) VALUES
    ('velocity', 'visit', 1, 'visit', 'occurrences', 5, 'now'), ('velocity', 'speed', 2, 'visit', 'tiers', NULL, 'last');
INSERT INTO lead_scoring.rule_tier (sheet, rule, position, min, points, within) VALUES
    ('velocity', 'speed', 1, 4, 20, '3 hours'), ('velocity', 'speed', 2, 4, 10, '7 days'), ('velocity', 'speed', 3, 4, 2, '60 days');
SELECT lead_scoring.publish('velocity');
INSERT INTO vector.fast_lead VALUES ('in two hours'), ('in thirty days');
INSERT INTO vector.event
SELECT 'in two hours', timestamptz '2026-06-01 10:00' + n * interval '40 minutes', 'visit' FROM generate_series(0, 3) n
UNION ALL
SELECT 'in thirty days', timestamptz '2026-05-02 12:00' + n * interval '10 days', 'visit' FROM generate_series(0, 3) n;
SELECT at, f.score AS in_two_hours, s.score AS in_thirty_days, f.score > s.score AS faster_is_hotter
FROM (VALUES (timestamptz '2026-06-01 12:30'), ('2026-09-01')) t (at),
     says('velocity', 'in two hours', at) f, says('velocity', 'in thirty days', at) s ORDER BY at;

--
-- V12: inactive for three months; and created three months ago, but active yesterday: only the first loses points.
--
INSERT INTO lead_scoring.sheet (name, audience, min_score) VALUES ('inactivity', 'by day', -100);
INSERT INTO lead_scoring.rule (sheet, name, measure, points, inactive_after) VALUES ('inactivity', 'inactive', 'inactivity', -25, '3 months');
SELECT lead_scoring.publish('inactivity');
INSERT INTO vector.lead VALUES ('inactive', '2026-01-01'), ('late bloomer', '2026-03-15');
INSERT INTO vector.event VALUES ('inactive', '2026-03-15', 'visit'), ('late bloomer', '2026-06-14', 'visit');
SELECT lead, s.score FROM (VALUES ('inactive'), ('late bloomer')) t (lead), says('inactivity', lead, '2026-06-15 12:00') s ORDER BY lead;
-- Somebody who was never active is inactive since the creation, and not at all before three months are over.
INSERT INTO vector.lead VALUES ('never active', '2026-03-15');
SELECT at, s.score FROM (VALUES (timestamptz '2026-06-14 12:00'), ('2026-06-15 12:00')) t (at), says('inactivity', 'never active', at) s ORDER BY at;

-- All this was kept by triggers; a recomputation agrees.
SELECT * FROM lead_scoring.verify('by day') UNION ALL SELECT * FROM lead_scoring.verify('by hour');
DROP FUNCTION says;
SELECT lead_scoring.drop_audience('by day');
SELECT lead_scoring.drop_audience('by hour');
DROP SCHEMA vector CASCADE;
