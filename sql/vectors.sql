-- The test vectors of practitioners' articles, one after the other: given, then.
\set SHOW_CONTEXT never
CREATE SCHEMA vec;
SET search_path = vec, public;
SET datestyle = 'ISO';
SET timezone = 'UTC';
CREATE TABLE lead (id integer PRIMARY KEY, name text);
CREATE TABLE activity (lead integer, at timestamptz, kind text, asset text);
INSERT INTO lead VALUES (1, 'V1'), (8, 'V8'), (9, 'V9'), (10, 'V10'), (13, 'V13'), (14, 'V14'), (15, 'V15'), (16, 'V15, the other record');
SELECT lead_scoring.create_audience('vectors', 'lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('vectors', 'activity', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, distinct_by)
SELECT 'vectors', kind, 'activity', kind, 'asset' FROM unnest('{form,open,click,directions,pricing,e-book,demo}'::text[]) kind;
-- What a sheet says about a lead at an instant.
CREATE FUNCTION at_instant(sheet text, lead integer, as_of timestamptz, OUT score integer, OUT band text) LANGUAGE sql STABLE AS $$
    SELECT e.score, e.band FROM lead_scoring.evaluate(lead_scoring.active_model(sheet), lead_scoring.tally('vectors', lead::text), as_of) e
$$;

-- V1. Given form 10, open 3, click 7 and MQL at 30: 20 points, not MQL.
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('dealer', 'vectors');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES
    ('dealer', 'form', 'form', 10), ('dealer', 'open', 'open', 3), ('dealer', 'click', 'click', 7), ('dealer', 'directions', 'directions', 20);
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('dealer', 'MQL', 1, 30);
SELECT lead_scoring.publish('dealer');
INSERT INTO activity VALUES (1, '2025-03-01 09:00', 'form', 'test drive'), (1, '2025-03-01 10:00', 'open', 'offer'), (1, '2025-03-01 10:01', 'click', 'offer');
SELECT score, band FROM lead_score WHERE sheet = 'dealer' AND lead = 1;

-- V2. The directions page some days later: 40, MQL, exactly one crossing.
INSERT INTO activity VALUES (1, '2025-03-05 18:00', 'directions', NULL);
SELECT score, band FROM lead_score WHERE sheet = 'dealer' AND lead = 1;
SELECT from_band, to_band, score FROM lead_band_change WHERE sheet = 'dealer' AND lead = 1;
SELECT day, (at_instant('dealer', 1, day)).* FROM unnest('{2025-02-28,2025-03-01,2025-03-04,2025-03-05}'::timestamptz[]) day;
-- Further points are no further crossing.
INSERT INTO activity VALUES (1, '2025-03-06 18:00', 'click', 'offer');
SELECT count(*) FROM lead_band_change WHERE sheet = 'dealer' AND lead = 1;

-- V8. Pricing page 10 and e-book 5: 15.
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('pages', 'vectors');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('pages', 'pricing page', 'pricing', 10), ('pages', 'e-book', 'e-book', 5);
SELECT lead_scoring.publish('pages');
INSERT INTO activity VALUES (8, '2025-03-01', 'pricing', NULL), (8, '2025-03-01', 'e-book', 'guide');
SELECT score FROM lead_score WHERE sheet = 'pages' AND lead = 8;

-- V9. A score of exactly 60 with bands at 60 and 80: MQL; with an exclusive bound: not.
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('inclusive', 'vectors'), ('exclusive', 'vectors');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('inclusive', 'demo', 'demo', 60), ('exclusive', 'demo', 'demo', 60);
INSERT INTO lead_scoring.band (sheet, name, rank, min_score, exclusive) VALUES
    ('inclusive', 'MQL', 1, 60, false), ('inclusive', 'SQL', 2, 80, false), ('exclusive', 'MQL', 1, 60, true), ('exclusive', 'SQL', 2, 80, true);
SELECT lead_scoring.publish('inclusive'), lead_scoring.publish('exclusive');
INSERT INTO activity VALUES (9, '2025-03-01', 'demo', NULL);
SELECT sheet, score, band FROM lead_score WHERE sheet IN ('inclusive', 'exclusive') AND lead = 9 ORDER BY sheet DESC;

-- V10. Fifty opens of one mail, first only, 3 points: 3.
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('opens', 'vectors');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, repeat_limit, repeat_per_item) VALUES ('opens', 'open', 'open', 3, 1, true);
SELECT lead_scoring.publish('opens');
INSERT INTO activity SELECT 10, '2025-03-01'::timestamptz + n * interval '5 hours', 'open', 'newsletter' FROM generate_series(1, 50) n;
SELECT score FROM lead_score WHERE sheet = 'opens' AND lead = 10;
SELECT rule, counted, dropped, points FROM lead_scoring.explain('opens', '10', '2025-06-01');
-- Another mail counts by itself.
INSERT INTO activity SELECT 10, '2025-04-01'::timestamptz, 'open', 'invitation' FROM generate_series(1, 50) n;
SELECT score FROM lead_score WHERE sheet = 'opens' AND lead = 10;

-- V13. 10 points that lose 50 % a month: 10, 5, 0 after 0, 1 and 2 months.
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('step', 'vectors');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, decay, lose_percent, lose_every) VALUES ('step', 'visit', 'pricing', 10, 'step', 50, '1 month');
SELECT lead_scoring.publish('step');
INSERT INTO activity VALUES (13, '2025-01-31 12:00', 'pricing', NULL);
SELECT day, (at_instant('step', 13, day)).score
FROM unnest('{2025-01-31,2025-02-27,2025-02-28,2025-03-30,2025-03-31,2025-04-30}'::timestamptz[]) day;

-- V14. 9 points, linear over 90 days, after 3 days: 8.7 before rounding.
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('linear', 'vectors');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, decay, lifespan) VALUES ('linear', 'e-book', 'e-book', 9, 'linear', '90 days');
SELECT lead_scoring.publish('linear');
INSERT INTO activity VALUES (14, '2025-03-01 12:00', 'e-book', 'guide');
SELECT day, (at_instant('linear', 14, day)).score, e.points
FROM unnest('{2025-03-01,2025-03-04,2025-05-29,2025-05-30}'::timestamptz[]) day, lead_scoring.explain('linear', '14', day) e;

-- V15. The rows of one lead are re-assigned to another (a merge): both exact, first-only not doubled.
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('first', 'vectors');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, repeat_limit, repeat_per_item) VALUES
    ('first', 'first form', 'form', 100, 1, false), ('first', 'each mail once', 'open', 10, 1, true), ('first', 'clicks', 'click', 1, NULL, false);
SELECT lead_scoring.publish('first');
INSERT INTO activity VALUES
    (15, '2025-03-01', 'form', 'a'), (15, '2025-03-02', 'open', 'newsletter'), (15, '2025-03-03', 'click', 'newsletter'),
    (16, '2025-03-04', 'form', 'b'), (16, '2025-03-05', 'open', 'newsletter'), (16, '2025-03-06', 'open', 'offer'), (16, '2025-03-07', 'click', 'offer');
SELECT lead, score FROM lead_score WHERE sheet = 'first' AND lead IN (15, 16) ORDER BY lead;
UPDATE activity SET lead = 15 WHERE lead = 16;
SELECT lead, score FROM lead_score WHERE sheet = 'first' AND lead IN (15, 16) ORDER BY lead;
SELECT rule, counted, dropped, points FROM lead_scoring.explain('first', '15', '2025-04-01');
DELETE FROM lead WHERE id = 16;
SELECT lead, score FROM lead_score WHERE sheet = 'first' AND lead IN (15, 16) ORDER BY lead;

SELECT * FROM lead_scoring.verify('vectors');
SELECT lead_scoring.drop_audience('vectors');
SET client_min_messages = warning;
DROP SCHEMA vec CASCADE;
