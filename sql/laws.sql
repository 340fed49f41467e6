-- The laws of the product, by SQL over generated data.
--   1  The tally of two sets of rows is the sum of their tallies, in any order and grouping.
--   2  Maintained = rebuilt = counted by plain SQL.
--   3  Scoring knows no clock, no setting and no table.
--   4  The points of explain add up to the score.
--   6  Publishing changed points needs no event.
\set SHOW_CONTEXT never
CREATE SCHEMA law;
SET search_path = law, public;
SET datestyle = 'ISO';
SET timezone = 'UTC';
CREATE TABLE lead (id integer PRIMARY KEY, country text, since date);
CREATE TABLE event (id integer PRIMARY KEY, lead integer, at timestamptz, kind text, page text, amount numeric(9, 3));
SELECT lead_scoring.create_audience('laws', 'lead', created_at => 'since', time_zone => 'America/New_York');
SELECT lead_scoring.add_source('laws', 'event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition, value, distinct_by) VALUES
    ('laws', 'visit', 'event', 'visit', NULL, NULL, NULL), ('laws', 'pricing', 'event', 'visit', 'page LIKE ''/p%''', NULL, 'page'),
    ('laws', 'order', 'event', 'order', NULL, 'amount', NULL), ('laws', 'bounce', 'event', 'bounce', NULL, NULL, NULL),
    ('laws', 'german', 'profile', NULL, 'country = ''DE''', NULL, NULL);
-- A sheet whose score plain SQL can compute ...
INSERT INTO lead_scoring.sheet (name, audience, max_engagement) VALUES ('plain', 'laws', 35);
INSERT INTO lead_scoring.rule_group (sheet, name, max_points) VALUES ('plain', 'web', 30);
INSERT INTO lead_scoring.rule (sheet, name, signal, points, measure, component, rule_group, min_points, max_points, repeat_limit, repeat_period, repeat_per_item, valid_from, valid_to) VALUES
    ('plain', 'visits',  'visit',   0.7,   'occurrences', 'engagement', 'web', NULL, NULL, NULL, 'ever',  false, NULL, NULL),
    ('plain', 'pricing', 'pricing', 2.125, 'occurrences', 'engagement', 'web', NULL, NULL, 2,    'month', true,  NULL, NULL),
    ('plain', 'spend',   'order',   0.017, 'value',       'engagement', NULL,  NULL, 40,   NULL, 'ever',  false, '2024-03-01', '2024-10-31'),
    ('plain', 'bounces', 'bounce',  -1.5,  'occurrences', 'engagement', NULL,  -9,   NULL, NULL, 'ever',  false, NULL, NULL),
    ('plain', 'Germany', 'german',  10.5,  'occurrences', 'fit',        NULL,  NULL, NULL, NULL, 'ever',  false, NULL, NULL);
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('plain', 'warm', 1, 20), ('plain', 'hot', 2, 40);
-- ... and one with every decay.
INSERT INTO lead_scoring.sheet (name, audience, min_score, max_score) VALUES ('decay', 'laws', -20, 90);
INSERT INTO lead_scoring.rule (sheet, name, signal, points, measure, component, decay, half_life, lifespan, lose_percent, lose_every, decay_anchor, repeat_limit, repeat_period) VALUES
    ('decay', 'exponential', 'visit',   3,    'occurrences', 'engagement', 'exponential', '10 days', NULL, NULL, NULL, 'occurrence', NULL, 'ever'),
    ('decay', 'linear',      'pricing', 7.77, 'occurrences', 'engagement', 'linear', NULL, '3 months', NULL, NULL, 'activity', 3, 'week'),
    ('decay', 'step',        'order',   0.01, 'value',       'engagement', 'step', NULL, NULL, 12.5, '2 weeks', 'occurrence', NULL, 'ever'),
    ('decay', 'expire',      'bounce',  -4,   'occurrences', 'engagement', 'expire', NULL, '1 year', NULL, NULL, 'occurrence', 5, 'quarter'),
    ('decay', 'fit',         'german',  11.1, 'occurrences', 'fit',        'none', NULL, NULL, NULL, NULL, 'occurrence', NULL, 'ever');
SELECT lead_scoring.publish('plain'), lead_scoring.publish('decay');

-- Law 2, first by its left side: rows come, change and go, in every kind of statement.
INSERT INTO lead SELECT n, CASE n % 3 WHEN 0 THEN 'DE' WHEN 1 THEN 'US' END, '2023-12-01'::date + n FROM generate_series(1, 40) n;
INSERT INTO event SELECT n, 1 + n * 31 % 53, '2024-01-01 00:00+00'::timestamptz + n * 7919 % 8000 * interval '67 minutes',
    (ARRAY['visit', 'visit', 'visit', 'order', 'bounce', 'other'])[1 + n * 13 % 6], (ARRAY['/', '/pricing', '/plans', '/about', NULL])[1 + n * 17 % 5],
    CASE WHEN n * 13 % 6 = 3 THEN (n * 37 % 3000) / 7.0 - 60 END
FROM generate_series(1, 2000) n;
INSERT INTO lead SELECT n, 'DE', NULL FROM generate_series(41, 53) n;
UPDATE event SET at = at - interval '40 days', amount = amount * 1.5 WHERE id % 11 = 0;
UPDATE event SET kind = 'visit', page = '/plans' WHERE id % 17 = 0;
UPDATE event SET lead = 1 + (lead + 5) % 53 WHERE id % 5 = 0;
DELETE FROM event WHERE id % 19 = 0;
INSERT INTO event SELECT id, lead, at + interval '1 day', 'order', '/', 12.345 FROM event WHERE id % 23 = 0 AND id < 1000
ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, amount = excluded.amount, at = excluded.at;
MERGE INTO event e USING (SELECT n AS id FROM generate_series(1900, 2100) n) s ON s.id = e.id
WHEN MATCHED AND e.id % 2 = 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET page = '/pricing', kind = 'visit'
WHEN NOT MATCHED THEN INSERT VALUES (s.id, 1 + s.id % 53, '2024-02-02 03:00+00', 'bounce', NULL, NULL);
UPDATE lead SET country = 'DE' WHERE id % 7 = 0;
UPDATE lead SET id = id + 100 WHERE id IN (3, 4);
DELETE FROM lead WHERE id IN (11, 12);
BEGIN;
DELETE FROM event WHERE id % 2 = 0;
SAVEPOINT s;
TRUNCATE event;
ROLLBACK TO s;
UPDATE lead SET country = 'FR';
ROLLBACK;

-- By plain SQL: what the rules say, from the rows.
CREATE VIEW by_hand AS
WITH local AS (
    SELECT lead, kind, page, amount, (at AT TIME ZONE 'America/New_York')::date AS day FROM event),
visits AS (
    SELECT lead, sum(0.7) AS points FROM local WHERE kind = 'visit' GROUP BY lead),
pricing AS (
    SELECT lead, sum(2.125 * least(n, 2)) AS points
    FROM (SELECT lead, count(*) AS n FROM local WHERE kind = 'visit' AND page LIKE '/p%' GROUP BY lead, page, date_trunc('month', day)) p GROUP BY lead),
spend AS (
    SELECT lead, least(round(0.017 * sum(amount), 3), 40) AS points FROM local
    WHERE kind = 'order' AND day BETWEEN '2024-03-01' AND '2024-10-31' GROUP BY lead),
bounces AS (
    SELECT lead, greatest(sum(-1.5), -9) AS points FROM local WHERE kind = 'bounce' GROUP BY lead),
parts AS (
    SELECT id AS lead, CASE WHEN country = 'DE' THEN 10.5 ELSE 0 END AS fit,
           least(coalesce(spend.points, 0) + coalesce(bounces.points, 0) + least(coalesce(visits.points, 0) + coalesce(pricing.points, 0), 30), 35) AS engagement
    FROM lead LEFT JOIN visits ON visits.lead = id LEFT JOIN pricing ON pricing.lead = id
              LEFT JOIN spend ON spend.lead = id LEFT JOIN bounces ON bounces.lead = id)
SELECT lead, round(greatest(engagement + fit, 0))::integer AS score, round(engagement)::integer AS engagement, round(fit)::integer AS fit,
       (SELECT max(day) FROM local WHERE local.lead = parts.lead AND kind IN ('visit', 'order', 'bounce')) AS last_active_on
FROM parts;
SELECT count(*) AS leads, count(DISTINCT score) > 10 AS many_scores, count(*) FILTER (WHERE score = 0) AS nought, count(*) FILTER (WHERE engagement = 35) AS clamped,
       count(*) FILTER (WHERE fit > 0) AS fitting, min(score), max(score) FROM by_hand;
SELECT h.*, s.score, s.engagement, s.fit, s.last_active_on FROM by_hand h FULL JOIN (SELECT * FROM lead_score WHERE sheet = 'plain') s USING (lead)
WHERE (h.score, h.engagement, h.fit, h.last_active_on) IS DISTINCT FROM (s.score, s.engagement, s.fit, s.last_active_on);
-- The bands are those of the scores, and each lead's changes lead to its band.
SELECT lead, score, band FROM lead_score WHERE sheet = 'plain'
AND band IS DISTINCT FROM CASE WHEN score >= 40 THEN 'hot' WHEN score >= 20 THEN 'warm' END;
SELECT lead, band, to_band FROM lead_score s
LEFT JOIN LATERAL (SELECT to_band FROM lead_band_change c WHERE c.lead = s.lead AND c.sheet = s.sheet ORDER BY id DESC LIMIT 1) c ON true
WHERE sheet = 'plain' AND band IS DISTINCT FROM to_band;
-- By the extension itself, and by a rebuild, which finds nothing to change.
SELECT * FROM lead_scoring.verify('laws');
CREATE TABLE tallies AS SELECT lead, base OPERATOR(lead_scoring.+) recent AS tally FROM lead_tally;
CREATE TEMP TABLE scores AS SELECT ctid AS place, xmin::text AS writer, lead, sheet FROM lead_score WHERE sheet = 'plain';
CALL lead_scoring.rebuild('laws', 7);
SELECT count(*) AS tallies, count(*) FILTER (WHERE tally OPERATOR(lead_scoring.<>) (base OPERATOR(lead_scoring.+) recent)) AS differences
FROM tallies FULL JOIN lead_tally USING (lead);
SELECT count(*) AS scores, count(*) FILTER (WHERE place = s.ctid AND writer = s.xmin::text) AS untouched
FROM scores FULL JOIN (SELECT ctid, xmin, lead, sheet FROM lead_score WHERE sheet = 'plain') s USING (lead, sheet);

-- Law 1. Cut the rows in two in any way, add the two tallies: it is the tally of all.
CREATE VIEW numbered AS SELECT lead, e.signal, e.tick, e.item, e.count, e.value, row_number() OVER () AS n FROM tallies, lead_scoring.entries(tally) e;
SELECT cut, count(*) AS leads, count(*) FILTER (WHERE a.tally OPERATOR(lead_scoring.+) b.tally OPERATOR(lead_scoring.=) t.tally
    AND b.tally OPERATOR(lead_scoring.+) a.tally OPERATOR(lead_scoring.=) t.tally AND t.tally OPERATOR(lead_scoring.-) a.tally OPERATOR(lead_scoring.=) b.tally) AS equal
FROM generate_series(2, 5) cut,
     LATERAL (SELECT lead, lead_scoring.sum(format('{%s%s%s:%s=%s}', signal, '@' || tick, '#' || item, count, value)::lead_scoring.tally) AS tally FROM numbered WHERE n % cut = 0 GROUP BY lead) a
     JOIN LATERAL (SELECT lead, lead_scoring.sum(format('{%s%s%s:%s=%s}', signal, '@' || tick, '#' || item, count, value)::lead_scoring.tally ORDER BY n DESC) AS tally FROM numbered WHERE n % cut > 0 GROUP BY lead) b USING (lead)
     JOIN tallies t USING (lead)
GROUP BY cut ORDER BY cut;
-- One form for one content: equal tallies have equal bytes and equal text.
SELECT count(*) AS wrong FROM tallies a JOIN tallies b ON true
WHERE (a.tally OPERATOR(lead_scoring.=) b.tally) <> (a.tally::text = b.tally::text)
   OR (a.tally OPERATOR(lead_scoring.=) b.tally) <> (lead_scoring.tally_send(a.tally) = lead_scoring.tally_send(b.tally));

-- Law 3. The same instant, the same answer, whatever the session's settings and wherever it runs.
CREATE VIEW answers AS
    SELECT s.name AS sheet, t.lead, at, lead_scoring.evaluate(lead_scoring.active_model(s.name), t.tally, at)::text AS evaluation
    FROM tallies t, lead_scoring.sheet s, unnest('{2024-01-31 23:30+00,2024-06-01 04:00+00,2024-12-01 12:00+00,2030-02-28 12:00+00}'::timestamptz[]) at
    WHERE s.audience = 'laws';
CREATE TABLE first_answers AS SELECT sheet, lead, extract(epoch FROM at) AS at, md5(evaluation) AS evaluation FROM answers;
SELECT count(*), count(DISTINCT evaluation) > 100 AS many FROM first_answers;
SET datestyle = 'ISO';
SET extra_float_digits = -5;
SET search_path = pg_temp;
SELECT count(*) AS differences FROM (SELECT sheet, lead, extract(epoch FROM at), md5(evaluation) FROM law.answers EXCEPT SELECT * FROM law.first_answers) d;
SET search_path = law, public;
SET timezone = 'Asia/Kathmandu';
-- (The text of next_change_at follows TimeZone, so the columns are compared.)
SELECT count(*) AS leads, count(*) FILTER (WHERE e.score = lead_scoring.score(m, tally, '2024-06-01 04:00+00')) AS same_score,
       count(*) FILTER (WHERE e.next_change_at > '2024-06-01 04:00+00') AS later
FROM tallies, lead_scoring.active_model('decay') m, lead_scoring.evaluate(m, tally, '2024-06-01 04:00+00') e;
SET timezone = 'UTC';
RESET extra_float_digits;
CREATE TABLE stored AS SELECT lead, tally, lead_scoring.active_model('decay') AS model FROM tallies;
ALTER TABLE stored SET (parallel_workers = 2);
ANALYZE stored;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT lead, lead_scoring.evaluate(model, tally, '2024-06-01 04:00+00') FROM stored;
SELECT count(*) AS differences FROM (
    SELECT 'decay', lead, 1717214400, md5(lead_scoring.evaluate(model, tally, '2024-06-01 04:00+00')::text) FROM stored EXCEPT SELECT * FROM first_answers) d;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- Law 4. For every lead, sheet and instant: score = round(sum of the points); the running total ends there; the
-- rows of a component add up to its column.
SELECT sheet, count(*) AS evaluations, count(*) FILTER (WHERE e.score = round(x.total)) AS score, count(*) FILTER (WHERE x.total = x.last) AS running,
       count(*) FILTER (WHERE e.engagement = round(x.engagement)) AS engagement, count(*) FILTER (WHERE e.fit = round(x.fit)) AS fit
FROM (SELECT s.name AS sheet, lead_scoring.active_model(s.name) AS model FROM lead_scoring.sheet s WHERE s.audience = 'laws') s,
     tallies t, generate_series('2023-12-15'::timestamptz, '2025-12-15', '61 days') at,
     LATERAL lead_scoring.evaluate(s.model, t.tally, at) e,
     LATERAL (SELECT sum(points) AS total, (array_agg(running_total ORDER BY n DESC))[1] AS last,
                     coalesce(sum(points) FILTER (WHERE component = 'engagement'), 0) AS engagement,
                     coalesce(sum(points) FILTER (WHERE component = 'fit'), 0) AS fit
              FROM (SELECT x.*, row_number() OVER () AS n FROM lead_scoring.explain(s.model, t.tally, at) x) x) x
GROUP BY sheet ORDER BY sheet;
-- As the README says it: for every lead as it is now.
SELECT count(*) AS leads, count(*) FILTER (WHERE s.score = round((SELECT sum(points) FROM lead_scoring.explain(s.sheet, s.lead::text)))) AS explained FROM lead_score s;

-- Law 6. New points, a dropped rule and a new rule over a known signal change the scores as the new model says, and no tally.
CREATE TEMP TABLE tally_rows AS SELECT ctid AS place, xmin::text AS writer, lead FROM lead_tally;
UPDATE lead_scoring.rule SET points = points * 2 WHERE sheet = 'plain';
UPDATE lead_scoring.rule SET enabled = false WHERE sheet = 'plain' AND name = 'bounces';
INSERT INTO lead_scoring.rule (sheet, name, signal, points, repeat_limit) VALUES ('plain', 'first order', 'order', 5, 1);
SELECT lead_scoring.publish('plain');
SELECT count(*) AS tallies, count(*) FILTER (WHERE t.ctid = place AND t.xmin::text = writer) AS untouched FROM tally_rows FULL JOIN lead_tally t USING (lead);
SELECT count(*) AS leads, count(*) FILTER (WHERE s.score = lead_scoring.score(m, tally, now()) AND s.revision = 2) AS rescored
FROM lead_score s JOIN tallies USING (lead), lead_scoring.active_model('plain') m WHERE s.sheet = 'plain';
SELECT * FROM lead_scoring.verify('laws');

SELECT lead_scoring.drop_audience('laws');
SET client_min_messages = warning;
DROP SCHEMA law CASCADE;
