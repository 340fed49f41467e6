-- A lead with very many entries: most of its tally lies out of line, is not rewritten by an event, and is scored from a
-- condensed copy that the session keeps. verify() evaluates the whole tally, so it tells if that were not the same.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA hot;
CREATE TABLE hot.lead (id integer PRIMARY KEY);
CREATE TABLE hot.event (lead integer, at timestamptz, kind text, asset integer);
SELECT lead_scoring.create_audience('hot', 'hot.lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('hot', 'hot.event', 'lead', 'at', 'kind');
SELECT lead_scoring.import_sheet('hot', '{"format": 1, "name": "hot sheet",
    "signals": [{"name": "fetch", "source": "event", "event_type": "fetch", "distinct_by": "asset::text"},
                {"name": "look", "source": "event", "event_type": "look", "distinct_by": "asset::text"}],
    "rules": [
        {"name": "each asset once", "signal": "fetch", "points": 2, "decay": "expire", "lifespan": "P90D", "repeat_limit": 1, "repeat_per_item": true},
        {"name": "looks fade", "signal": "look", "points": 1, "decay": "exponential", "half_life": "P7D"},
        {"name": "looks of a month", "signal": "look", "measure": "tiers", "tiers": [{"min": 1000, "points": 50, "within": "P30D"}, {"points": 1}]},
        {"name": "quiet", "measure": "inactivity", "points": -5, "inactive_after": "P10D", "inactive_every": "P10D", "max_times": 3}],
    "bands": [{"name": "warm", "rank": 1, "min_score": 20}, {"name": "hot", "rank": 2, "min_score": 500}]}') IS NOT NULL AS imported;
SELECT lead_scoring.publish('hot sheet');
INSERT INTO hot.lead VALUES (1), (2);
INSERT INTO hot.event
SELECT 1, date_trunc('day', now()) - interval '1 day' * (i % 700), CASE i % 2 WHEN 0 THEN 'fetch' ELSE 'look' END, i % 997
FROM generate_series(1, 30000) AS i;
SELECT lead, pg_column_size(base) > 100000 AS is_large, pg_column_size(recent) AS recent FROM hot.lead_tally ORDER BY lead;
-- New assets, known ones, late events, and what is taken back: before and after each the scores are right.
CREATE PROCEDURE hot.some_events(first integer, last integer) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN first .. last LOOP
        INSERT INTO hot.event VALUES (1, now() - interval '1 hour' * (i * i % 9000), CASE i % 3 WHEN 0 THEN 'fetch' ELSE 'look' END, i % 1500);
    END LOOP;
END $$;
CALL hot.some_events(1, 50);
SELECT * FROM lead_scoring.verify('hot');
CALL hot.some_events(51, 400);
SELECT * FROM lead_scoring.verify('hot');
DELETE FROM hot.event WHERE asset = 7;
SELECT * FROM lead_scoring.verify('hot');
CALL hot.some_events(401, 420);
UPDATE hot.event SET kind = 'look' WHERE asset = 9;
CALL hot.some_events(421, 440);
SELECT * FROM lead_scoring.verify('hot');
-- Another revision looks at other entries.
UPDATE lead_scoring.rule SET half_life = 'P60D' WHERE sheet = 'hot sheet' AND name = 'looks fade';
SELECT lead_scoring.publish('hot sheet');
CALL hot.some_events(441, 460);
SELECT * FROM lead_scoring.verify('hot');
-- What a rolled back transaction has folded is not what counts.
BEGIN;
CALL hot.some_events(461, 900);
ROLLBACK;
CALL hot.some_events(901, 910);
SELECT * FROM lead_scoring.verify('hot');
SELECT lead, revision, band FROM hot.lead_score ORDER BY lead;
DROP SCHEMA hot CASCADE;
