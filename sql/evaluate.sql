-- evaluate, score and explain: pure functions of (model, tally, instant). They read no table, no clock and no
-- setting, so they score drafts, the past and what-if questions as readily as today.
SET search_path = public, lead_scoring;
SET timezone = 'UTC';
SET datestyle = 'ISO';

--
-- A car dealer's sheet: form 10, mail open 3 (the first one only), mail click 7, directions page 20.
-- Ticks are days since 2000-01-01; 9811 is 2026-11-11.
--
CREATE TEMP TABLE sheet (name text, model model);
INSERT INTO sheet VALUES ('dealer', '{
  "format": 1, "time_zone": "Europe/London", "resolution": "day",
  "signals": {"form": 1, "open": 2, "click": 3, "directions": 4, "student": 5, "careers": 6},
  "activity": ["form", "open", "click", "directions"],
  "rules": [
    {"name": "form", "component": "engagement", "signal": "form", "measure": "occurrences", "points": 10},
    {"name": "open", "component": "engagement", "signal": "open", "measure": "occurrences", "points": 3,
     "repeat": {"limit": 1}},
    {"name": "click", "component": "engagement", "signal": "click", "measure": "occurrences", "points": 7},
    {"name": "directions", "component": "engagement", "signal": "directions", "measure": "occurrences", "points": 20},
    {"name": "careers", "component": "engagement", "signal": "careers", "measure": "occurrences", "points": -10,
     "min": -15},
    {"name": "student", "component": "fit", "signal": "student", "measure": "occurrences", "points": -1,
     "disqualifies": true}],
  "bands": [{"name": "MQL", "rank": 1, "min_score": 30}]}');

-- 20 points are no MQL; the directions page some days later makes 40, which is one.
SELECT day, e.score, e.band, e.last_active_on, e.next_change_at
FROM sheet, (VALUES (DATE '2026-11-11'), ('2026-11-14'), ('2026-11-15')) d (day),
     evaluate(model, '{1@9811:1,2@9811:1,3@9811:1,4@9815:1}', day + time '12:00') e
WHERE name = 'dealer';

-- Fifty opens of one mail are the first one.
SELECT score(model, '{2@9811:50}', '2026-11-20'), counted, dropped, points, running_total
FROM sheet, explain(model, '{2@9811:50}', '2026-11-20') WHERE name = 'dealer' AND rule = 'open';

-- Everything in its row: what counted, what did not and why, clamps and verdicts. The points add up.
SELECT component, rule, kind, holds, counted, dropped, points, running_total, reason
FROM sheet, explain(model, '{1@9811:2,2@9811:3,5:1,6@9811:4,4@9900:1}', '2026-11-12') WHERE name = 'dealer';
SELECT (evaluate(model, '{1@9811:2,2@9811:3,5:1,6@9811:4,4@9900:1}', '2026-11-12')).*
FROM sheet WHERE name = 'dealer' \gx

--
-- Bands: boundaries are inclusive unless said otherwise.
--
INSERT INTO sheet SELECT 'bands', '{
  "format": 1, "time_zone": "Europe/London", "resolution": "day", "signals": {"visit": 1},
  "rules": [{"name": "visit", "component": "engagement", "signal": "visit", "measure": "occurrences", "points": 60}],
  "bands": [{"name": "MQL", "rank": 1, "min_score": 60}, {"name": "SQL", "rank": 2, "min_score": 80}]}';
INSERT INTO sheet SELECT 'exclusive', replace(model::text, '"min_score": 60', '"min_score": 60, "exclusive": true')::model
FROM sheet WHERE name = 'bands';
SELECT name, (evaluate(model, '{1@9811:1}', '2026-11-20')).band FROM sheet WHERE name IN ('bands', 'exclusive') ORDER BY name;

--
-- Decay: 10 points that lose half of them a month, and 9 points over 90 days (8.7 after three).
--
INSERT INTO sheet VALUES ('step', '{
  "format": 1, "time_zone": "Europe/London", "resolution": "day", "signals": {"visit": 1},
  "rules": [{"name": "visit", "component": "engagement", "signal": "visit", "measure": "occurrences", "points": 10,
             "decay": {"kind": "step", "percent": 50, "every": "P1M"}}]}'),
 ('linear', '{
  "format": 1, "time_zone": "Europe/London", "resolution": "day", "signals": {"visit": 1},
  "rules": [{"name": "visit", "component": "engagement", "signal": "visit", "measure": "occurrences", "points": 9,
             "decay": {"kind": "linear", "lifespan": "P90D"}}]}');
SELECT day, score(model, '{1@9811:1}', day)
FROM sheet, (VALUES (DATE '2026-11-11'), ('2026-12-10'), ('2026-12-11'), ('2027-01-10'), ('2027-01-11')) d (day)
WHERE name = 'step' ORDER BY day;
SELECT points, running_total, score(model, '{1@9811:1}', '2026-11-14')
FROM sheet, explain(model, '{1@9811:1}', '2026-11-14') WHERE name = 'linear';

--
-- Fit beside engagement: grades and levels, groups and their clamps, a segment, a raised hand.
--
INSERT INTO sheet VALUES ('wholesale', '{
  "format": 1, "time_zone": "America/Sao_Paulo", "resolution": "day",
  "signals": {"visit": 1, "quote": 2, "order": 3, "country": 4, "size": 5},
  "activity": ["visit", "quote"], "min_score": -50, "max_score": 100,
  "components": {"fit": {"max": 40}},
  "groups": [{"name": "browsing", "component": "engagement", "max": 25}],
  "rules": [
    {"name": "visit", "component": "engagement", "group": "browsing", "signal": "visit", "measure": "occurrences",
     "points": 10, "decay": {"kind": "expire", "lifespan": "P90D"}},
    {"name": "quote", "component": "engagement", "signal": "quote", "measure": "value", "points": 0.01,
     "hand_raise": true},
    {"name": "country", "component": "fit", "signal": "country", "measure": "occurrences", "points": 20},
    {"name": "size", "component": "fit", "signal": "size", "measure": "occurrences", "points": 30}],
  "grades": [{"name": "A", "min": 40}, {"name": "B", "min": 20}],
  "levels": [{"name": "1", "min": 50}, {"name": "2", "min": 10}],
  "bands": [{"name": "warm", "rank": 1, "min_score": 20}, {"name": "hot", "rank": 2, "min_grade": "A", "min_level": "1"}],
  "segment": {"signal": "order", "max": 0}}');
SELECT tally, (evaluate(model, tally, '2026-11-20 12:00')).*
FROM sheet, (VALUES ('{4:1,5:1,1@9811:4,2@9815:1=2750}'::tally), ('{4:1,1@9811:1}'), ('{3@9000:1}'), ('{}'), (NULL)) t (tally)
WHERE name = 'wholesale' \gx
SELECT component, rule_group, rule, signal, kind, counted, points, running_total, reason
FROM sheet, explain(model, '{4:1,5:1,1@9811:4,2@9815:1=2750}', '2026-11-20 12:00') WHERE name = 'wholesale';

--
-- The instant of the next change is the start of a local day, also where the clock skips midnight (Sao Paulo went
-- from 2018-11-03 24:00 to 01:00) or goes through it twice (Havana on 2018-11-04, when AT TIME ZONE tells the
-- second time).
--
SELECT zone, visit, e.next_change_at, e.next_change_at AT TIME ZONE zone AS local, visit::timestamp AT TIME ZONE zone AS midnight
FROM sheet, (VALUES ('America/Sao_Paulo', DATE '2018-11-04'), ('America/Sao_Paulo', '2018-07-01'),
                    ('America/Havana', '2018-11-04')) v (zone, visit),
     evaluate(replace(model::text, 'America/Sao_Paulo', zone)::model,
              format('{1@%s:1}', visit - DATE '2000-01-01')::tally, '2018-01-01') e
WHERE name = 'wholesale';
-- A day begins where the lead lives: 2026-11-20 02:59:59 UTC is still the 19th in Sao Paulo.
SELECT at, score(model, '{1@9820:1}', at)
FROM sheet, (VALUES (timestamptz '2026-11-20 02:59:59.999999'), ('2026-11-20 03:00')) v (at) WHERE name = 'wholesale';

--
-- Arguments: NULL tally is a lead without rows; without a model or a finite instant there is no answer.
--
SELECT score(model, NULL, '2026-11-20') AS null_tally, score(NULL, '{}', '2026-11-20') AS null_model,
       score(model, '{}', NULL) AS null_instant, score(model, '{}', 'infinity') AS infinity,
       evaluate(NULL, '{}', '2026-11-20') IS NULL AND evaluate(model, '{}', NULL) IS NULL
         AND evaluate(model, '{}', '-infinity') IS NULL AS no_evaluation,
       (SELECT count(*) FROM explain(NULL, '{}', '2026-11-20')) + (SELECT count(*) FROM explain(model, '{}', NULL)) AS no_rows
FROM sheet WHERE name = 'dealer';
SELECT score(model, '{}', '1399-12-31') FROM sheet WHERE name = 'dealer';
\echo :LAST_ERROR_SQLSTATE
SELECT evaluate(model, '{}', '10000-01-01') FROM sheet WHERE name = 'dealer';
SELECT * FROM sheet, explain(model, '{}', '4713-01-01 BC') WHERE name = 'dealer';
-- Entries of times that no calendar has cannot count, and neither do those of unknown signals.
SELECT name, score(model, '{1@-2000000000:1,1@2000000000:1,99:5}', '2026-11-20') FROM sheet ORDER BY name COLLATE "C";

--
-- Laws, over a thousand tallies and every sheet above.
--
CREATE TABLE evaluate_lead AS
SELECT lead, tally_of(1 + hashint4(lead * 31 + i) % 6, 9700 + hashint4(lead * 17 + i) % 120, NULL, hashint4(i) % 1000) AS tally
FROM generate_series(1, 1000) lead, generate_series(1, 1 + lead % 9) i
WHERE hashint4(lead * 31 + i) >= 0
GROUP BY lead;
CREATE TABLE evaluate_sheet AS SELECT * FROM sheet;
-- The rows of an explanation add up to the score; score() is evaluate().score.
SELECT count(*) AS evaluations,
       count(*) FILTER (WHERE round(total) <> score OR score <> score(model, tally, '2026-11-20')) AS wrong
FROM (SELECT model, tally, (evaluate(model, tally, '2026-11-20')).score,
             (SELECT sum(points) FROM explain(model, tally, '2026-11-20')) AS total
      FROM evaluate_sheet, evaluate_lead) e;
-- Nothing changes before next_change_at, and something does at it.
WITH now AS (SELECT model, tally, evaluate(model, tally, '2026-08-01 12:00') AS e FROM evaluate_sheet, evaluate_lead)
SELECT count(*) AS changes,
       count(*) FILTER (WHERE evaluate(model, tally, (e).next_change_at - interval '1 us') <> e) AS too_late,
       count(*) FILTER (WHERE to_jsonb(evaluate(model, tally, (e).next_change_at)) - 'next_change_at'
                              = to_jsonb(e) - 'next_change_at') AS too_early
FROM now WHERE (e).next_change_at < 'infinity';
-- A serial and a parallel plan agree.
SELECT sum(score(model, tally, '2026-11-20')) AS serial FROM evaluate_sheet, evaluate_lead \gset
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF)
SELECT sum(score((SELECT model FROM evaluate_sheet WHERE name = 'dealer'), tally, '2026-11-20')) FROM evaluate_lead;
SELECT sum(score(model, tally, '2026-11-20')) - :serial AS difference FROM evaluate_sheet, evaluate_lead;
DROP TABLE evaluate_lead, evaluate_sheet;
