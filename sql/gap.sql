-- gap: what would lift a lead to a band, why some rules cannot, and what time alone will do.
SET search_path = public, lead_scoring;
SET timezone = 'UTC';
SET datestyle = 'ISO';

--
-- By sheet and lead key.
--
CREATE SCHEMA gap_shop;
CREATE TABLE gap_shop.customer (id integer PRIMARY KEY, country text);
CREATE TABLE gap_shop.event (customer integer, at timestamptz, kind text, page text, amount numeric);
SELECT create_audience('gap', 'gap_shop.customer', time_zone => 'Europe/Berlin');
SELECT add_source('gap', 'gap_shop.event', 'customer', 'at', 'kind');
INSERT INTO signal (audience, name, source, event_type, condition, value, distinct_by) VALUES
    ('gap', 'visit', 'event', 'visit', NULL, NULL, 'page'),
    ('gap', 'open', 'event', 'open', NULL, NULL, NULL),
    ('gap', 'order', 'event', 'order', NULL, 'amount', NULL),
    ('gap', 'german', 'profile', NULL, 'country = ''DE''', NULL, NULL),
    ('gap', 'swiss', 'profile', NULL, 'country = ''CH''', NULL, NULL);
INSERT INTO sheet (name, audience) VALUES ('gap', 'gap');
INSERT INTO rule (sheet, name, component, signal, measure, points, max_points, repeat_limit, decay, lifespan, valid_to, guard_signal, guard_min, inactive_after) VALUES
    ('gap', 'visits', 'engagement', 'visit', 'occurrences', 5, NULL, NULL, 'expire', '30 days', NULL, NULL, NULL, NULL),
    ('gap', 'first open', 'engagement', 'open', 'occurrences', 3, NULL, 1, 'none', NULL, NULL, NULL, NULL, NULL),
    ('gap', 'every open', 'engagement', 'open', 'occurrences', 1, 4, NULL, 'none', NULL, NULL, NULL, NULL, NULL),
    ('gap', 'spend', 'engagement', 'order', 'value', 0.1, NULL, NULL, 'none', NULL, NULL, NULL, NULL, NULL),
    ('gap', 'trade fair', 'engagement', 'visit', 'occurrences', 50, NULL, NULL, 'none', NULL, '2026-06-30', NULL, NULL, NULL),
    ('gap', 'customer visits', 'engagement', 'visit', 'occurrences', 10, NULL, NULL, 'none', NULL, NULL, 'order', 1, NULL),
    ('gap', 'quiet', 'engagement', NULL, 'inactivity', -15, NULL, NULL, 'none', NULL, NULL, NULL, NULL, '60 days'),
    ('gap', 'germany', 'fit', 'german', 'occurrences', 20, NULL, NULL, 'none', NULL, NULL, NULL, NULL, NULL),
    ('gap', 'switzerland', 'fit', 'swiss', 'occurrences', 40, NULL, NULL, 'none', NULL, NULL, NULL, NULL, NULL);
INSERT INTO band (sheet, name, rank, min_score, min_fit) VALUES ('gap', 'warm', 1, 10, NULL), ('gap', 'MQL', 2, 40, NULL), ('gap', 'SQL', 3, 60, 30);
SELECT publish('gap');
INSERT INTO gap_shop.customer VALUES (1, 'DE'), (2, 'FR'), (3, 'CH');
INSERT INTO gap_shop.event VALUES
    (1, '2026-10-20 10:00+02', 'visit', '/a', NULL), (1, '2026-11-02 10:00+01', 'visit', '/b', NULL), (1, '2026-11-03 10:00+01', 'open', NULL, NULL),
    (2, '2026-08-01 10:00+02', 'open', NULL, NULL), (3, '2026-11-01 10:00+01', 'order', NULL, 75);

-- Customer 1 is German, has two visits and one open: 20 + 10 + 3 + 1 = 34, which is warm. Two more visits make an MQL
-- (5 points each), and so does one order of any amount, because it opens the guard of the customers' visits.
SELECT rule, counted, points, running_total FROM explain('gap', '1', '2026-11-11') WHERE points <> 0;
SELECT way, rule, signal, more, value, score, band_then, gained, reason FROM gap('gap', '1', 'MQL', '2026-11-11');
-- Until when it stays warm if nothing happens, and what comes then: the visits expire, and the lead goes quiet.
SELECT way, score, band_then, until AT TIME ZONE 'Europe/Berlin' AS until, reason FROM gap('gap', '1', 'warm', '2026-11-11');
-- The band SQL asks for fit, which no event can give.
SELECT way, rule, more, score, reason FROM gap('gap', '1', 'SQL', '2026-11-11');
-- Customer 2 has been quiet: any activity ends the penalty, and two visits count 10 besides. A first order of 54.995
-- does too: 5.4995 points are rounded to 5.5, and 9.5 is displayed as 10.
SELECT way, rule, signal, more, value, score, band_then, gained, reason FROM gap('gap', '2', 'warm', '2026-11-11');
-- Customer 3 is Swiss and has an order of 75: 40 + 7.5.
SELECT way, score, band_then, until, reason FROM gap('gap', '3', 'MQL', '2026-11-11');
-- Somebody without any row, and no key.
SELECT way, rule, more, value, score, reason FROM gap('gap', '99', 'warm', '2026-11-11');
SELECT count(*) FROM gap('gap', NULL, 'warm', '2026-11-11') WHERE way = 'time';
-- Without an instant it is now.
SELECT count(*) AS differences FROM (SELECT * FROM gap('gap', '1', 'MQL') EXCEPT SELECT * FROM gap('gap', '1', 'MQL', now())) AS d;

-- What a row says comes true: the visits it asks for are made, and the lead is there; one fewer, and it is not.
SELECT more, score, band_then FROM gap('gap', '1', 'MQL', '2026-11-11') WHERE rule = 'visits';
INSERT INTO gap_shop.event VALUES (1, '2026-11-11 09:00+01', 'visit', '/c', NULL);
SELECT score, band FROM evaluate(active_model('gap'), tally('gap', '1'), '2026-11-11');
INSERT INTO gap_shop.event VALUES (1, '2026-11-11 10:00+01', 'visit', '/d', NULL);
SELECT score, band FROM evaluate(active_model('gap'), tally('gap', '1'), '2026-11-11');
SELECT way, until AT TIME ZONE 'Europe/Berlin' AS until, band_then, reason FROM gap('gap', '1', 'MQL', '2026-11-11');
SELECT score, band FROM evaluate(active_model('gap'), tally('gap', '1'), '2026-11-19');

-- Errors.
SELECT * FROM gap('gap', '1', 'hot', '2026-11-11');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM gap('no sheet', '1', 'MQL');
\echo :LAST_ERROR_SQLSTATE
SELECT drop_audience('gap');
DROP SCHEMA gap_shop CASCADE;

--
-- As a function of model, tally and instant, without any table.
--
CREATE TEMP TABLE sheet (name text, model model);
INSERT INTO sheet VALUES ('caps', '{
  "format": 1, "time_zone": "Europe/London", "resolution": "hour", "signals": {"visit": 1, "mail": 2, "size": 3, "order": 4}, "activity": ["visit"],
  "max_score": 100, "components": {"fit": {"max": 30}},
  "groups": [{"name": "mails", "component": "engagement", "max": 10}],
  "segment": {"signal": "order", "max": 0},
  "rules": [
    {"name": "visit", "component": "engagement", "signal": "visit", "measure": "occurrences", "points": 0.25},
    {"name": "many visits", "component": "engagement", "signal": "visit", "measure": "tiers", "tiers": [{"min": 5, "points": 30, "within": "P1D"}]},
    {"name": "mail", "component": "engagement", "group": "mails", "signal": "mail", "measure": "occurrences", "points": 4},
    {"name": "size", "component": "fit", "signal": "size", "measure": "occurrences", "points": 25},
    {"name": "summer", "component": "engagement", "measure": "season", "months": [6, 7, 8], "points": 5},
    {"name": "reorder", "component": "engagement", "signal": "order", "measure": "cycle", "cycle": "P3M", "linear": true, "points": 60}],
  "bands": [{"name": "MQL", "rank": 1, "min_score": 60}]}');
SELECT way, component, rule, signal, more, score, band_then, gained, reason
FROM sheet, gap(model, '{1@235480:1,3:1}', 'MQL', '2026-11-12 18:30');
-- A profile signal can be had once. Who does not say so hears what stops a thousand of them.
SELECT once, rule, way, more, score, reason
FROM sheet, (VALUES ('{}'::text[]), ('{size}'), (NULL)) AS o (once), gap(model, '{1@235480:5}', 'MQL', '2026-11-12 18:30', once)
WHERE rule = 'size';
-- The visits of 24 October, 12:00, lie a day back at 12:00 of the next day by London's clock, which is 25 hours later.
SELECT way, until, band_then, score, reason FROM sheet, gap(model, '{1@235044:120}', 'MQL', '2026-10-24 20:00+00');
-- NULL: no lead is a lead without rows; without model, band or finite instant there is nothing to tell.
SELECT (SELECT count(*) FROM gap(model, NULL, 'MQL', '2026-11-12')) AS no_tally, (SELECT count(*) FROM gap(NULL, '{}', 'MQL', '2026-11-12')) AS no_model,
       (SELECT count(*) FROM gap(model, '{}', NULL, '2026-11-12')) AS no_band, (SELECT count(*) FROM gap(model, '{}', 'MQL', NULL)) AS no_instant,
       (SELECT count(*) FROM gap(model, '{}', 'MQL', 'infinity')) AS infinite
FROM sheet;
SELECT count(*) FROM sheet, gap(model, '{}', 'MQL', '10000-01-01');

-- A long search gives way to a cancel or a timeout, but only to these: other signals that a backend gets (here the
-- wish to see its memory in the log; every ten seconds the one to report statistics) do not end it.
SELECT pg_log_backend_memory_contexts(pg_backend_pid()) AS signalled, gap(model, '{1@235480:240}', 'MQL', '2026-11-12 18:30')
FROM sheet LIMIT 1;

-- What gap promises holds for every lead of a random lot: with so many more of the signal's occurrences at that time
-- the model says what the row says.
SELECT g.way, count(*) > 20 AS often, bool_and(e.score = g.score AND e.band = g.band_then) AS as_promised
FROM sheet,
     (SELECT lead, tally_of(1 + abs(hashint4(lead * 31 + i)) % 3, 235000 + abs(hashint4(lead * 17 + i)) % 500) AS tally
      FROM generate_series(1, 60) AS lead, generate_series(1, 1 + lead % 9) AS i GROUP BY lead) AS l,
     gap(model, tally, 'MQL', '2026-11-12 18:30') AS g,
     LATERAL (SELECT tally + tally_of((model::jsonb -> 'signals' ->> g.signal)::integer, 235506, i::text) AS more_tally FROM generate_series(1, g.more) AS i) AS m,
     evaluate(model, more_tally, '2026-11-12 18:30') AS e
WHERE g.way = 'repeat'
GROUP BY g.way;
