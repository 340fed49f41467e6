-- explain: the score to the thousandth of a point, one row a rule; explain_text: the same in one line for people.
SET search_path = public, lead_scoring;
SET timezone = 'UTC';
SET datestyle = 'ISO';

--
-- A wholesaler with a bit of everything. Ticks are days since 2000-01-01: 9811 is 2026-11-11.
--
CREATE TEMP TABLE sheet (name text, model model);
INSERT INTO sheet VALUES ('wholesale', '{
  "format": 1, "time_zone": "Europe/London", "resolution": "day",
  "signals": {"visit": 1, "open": 2, "order": 3, "download": 4, "careers": 5, "country": 6, "rejection": 7},
  "activity": ["visit", "order", "download"],
  "groups": [{"name": "browsing", "component": "engagement", "max": 25}],
  "components": {"fit": {"max": 15}},
  "rules": [
    {"name": "pricing visits", "component": "engagement", "group": "browsing", "signal": "visit", "measure": "tiers",
     "tiers": [{"min": 3, "points": 30, "within": "P7D"}, {"points": 5}]},
    {"name": "mail open", "component": "engagement", "group": "browsing", "signal": "open", "measure": "occurrences", "points": 3,
     "repeat": {"limit": 1, "per_item": true}},
    {"name": "download", "component": "engagement", "signal": "download", "measure": "occurrences", "points": 4,
     "decay": {"kind": "linear", "lifespan": "P30D"}, "since": "rejection"},
    {"name": "turnover", "component": "engagement", "signal": "order", "measure": "value", "points": 0.01,
     "decay": {"kind": "exponential", "half_life": "P180D"}, "valid_from": "2026-01-01"},
    {"name": "reorder", "component": "engagement", "signal": "order", "measure": "cycle", "points": 60, "cycle": "P3M", "step": "P1M"},
    {"name": "careers page", "component": "engagement", "signal": "careers", "measure": "occurrences", "points": -10, "min": -15,
     "guard": {"signal": "order", "max": 3}},
    {"name": "christmas", "component": "engagement", "measure": "season", "points": 5, "months": [11, 12]},
    {"name": "quiet", "component": "engagement", "measure": "inactivity", "points": -10, "after": "P45D", "every": "P30D", "ceiling": 60},
    {"name": "country", "component": "fit", "signal": "country", "measure": "occurrences", "points": 20}],
  "bands": [{"name": "MQL", "rank": 1, "min_score": 60}, {"name": "SQL", "rank": 2, "min_score": 80}]}');

-- weight is the average weight of what counted, so points = the rule's points * counted * weight for plain
-- occurrences; for the buying cycle it is the share that is due. dropped_because adds: occurrences that were counted but
-- have decayed, those outside the window of the tier, and those still to come.
SELECT component, rule_group, rule, counted, dropped, dropped_because, weight, points, running_total, reason
FROM sheet, explain(model, '{1@9700:1,1@9806:2,1@9811:1,2@9800#00000000000000aa:40,2@9801#00000000000000bb:2,
                             3@9400:1=900,3@9770:1=450.5,4@9780:2,4@9790:1,4@9796:1,4@9808:2,4@9815:1,5@9805:3,6:1,7@9785:1}',
                    '2026-11-12 12:00');
-- The same in words.
SELECT explain_text(model, '{1@9700:1,1@9806:2,1@9811:1,2@9800#00000000000000aa:40,2@9801#00000000000000bb:2,
                             3@9400:1=900,3@9770:1=450.5,4@9780:2,4@9790:1,4@9796:1,4@9808:2,4@9815:1,5@9805:3,6:1,7@9785:1}',
                    '2026-11-12 12:00') FROM sheet;
-- A rule whose guard is closed is still told what it counted, but has nothing to weigh.
SELECT counted, dropped, weight, points, reason FROM sheet, explain(model, '{3@9000:4,5@9805:3}', '2026-11-12') WHERE rule = 'careers page';
-- Nothing to weigh: no occurrence at all. Weight 0: there are some, but all have decayed, or the cycle has just begun.
SELECT tally, rule, counted, weight, points, reason
FROM sheet, (VALUES ('{}'::tally), ('{4@9700:3,3@9810:1=5}')) AS t (tally), explain(model, tally, '2026-11-12')
WHERE rule IN ('download', 'reorder');

-- V3 in the words of a sales person: one, two and three months after the last order.
SELECT day, score(model, '{3@9496:1}', day), explain_text(model, '{3@9496:1}', day)
FROM sheet, (VALUES (DATE '2026-01-31'), ('2026-02-28'), ('2026-03-31'), ('2026-04-30')) AS d (day);

-- Verdicts change the total too, and are told.
INSERT INTO sheet VALUES ('verdicts', '{
  "format": 1, "time_zone": "UTC", "resolution": "hour", "signals": {"demo": 1, "student": 2, "visit": 3}, "activity": ["visit"],
  "min_score": -5, "max_score": 50,
  "rules": [
    {"name": "demo", "component": "engagement", "signal": "demo", "measure": "occurrences", "points": 12.345, "hand_raise": true, "forces_band": "SQL"},
    {"name": "student", "component": "fit", "signal": "student", "measure": "occurrences", "points": -1, "disqualifies": true},
    {"name": "silent", "component": "engagement", "measure": "inactivity", "points": -0.5, "after": "PT6H", "every": "PT6H", "max_times": 3}],
  "bands": [{"name": "MQL", "rank": 1, "min_score": 20}, {"name": "SQL", "rank": 2, "min_score": 40}]}');
SELECT tally, explain_text(model, tally, '2026-11-12 18:30')
FROM sheet, (VALUES ('{}'::tally), ('{1@235482:1}'), ('{3@235487:1}'), ('{1@235482:9,3@235496:1}'), ('{1@235482:1,2:1}')) AS t (tally)
WHERE name = 'verdicts';

-- Whatever the tally: the points add up, and the text is a function of model, tally and instant.
CREATE TEMP TABLE explain_lead AS
SELECT lead, tally_of(1 + abs(hashint4(lead * 31 + i)) % 7, 9600 + abs(hashint4(lead * 17 + i)) % 230, (hashint4(i) % 3)::text, hashint4(i) % 1000) AS tally
FROM generate_series(1, 300) AS lead, generate_series(1, 1 + lead % 12) AS i GROUP BY lead;
SELECT count(*) AS leads, count(*) FILTER (WHERE score(model, tally, '2026-11-20') = round(total)) AS adds_up,
       count(*) FILTER (WHERE explain_text(model, tally, '2026-11-20') LIKE '%total ' || trim_scale(total)::text || '%') AS in_words
FROM sheet, explain_lead, LATERAL (SELECT sum(points) AS total FROM explain(model, tally, '2026-11-20')) AS t
WHERE name = 'wholesale';
-- For plain occurrences the weight explains the points.
SELECT bool_and(abs(points - 4 * counted * weight) < 0.001) AS weight_explains, count(*) > 50 AS often
FROM sheet, explain_lead, explain(model, tally, '2026-11-20') WHERE name = 'wholesale' AND rule = 'download' AND counted > 0;

-- NULL: no lead is a lead without rows; without a model or a finite instant there is no answer.
SELECT explain_text(model, NULL, '2026-07-20') AS no_tally, explain_text(NULL, '{}', '2026-11-20') IS NULL AS no_model,
       explain_text(model, '{}', NULL) IS NULL AS no_instant, explain_text(model, '{}', 'infinity') IS NULL AS infinity
FROM sheet WHERE name = 'wholesale';
SELECT explain_text(model, '{}', '1399-01-01') FROM sheet WHERE name = 'wholesale';
\echo :LAST_ERROR_SQLSTATE

--
-- By sheet and lead key. Names are those of the sheet, whatever they contain.
--
CREATE SCHEMA explain_shop;
CREATE TABLE explain_shop.customer (id uuid PRIMARY KEY, country text);
CREATE TABLE explain_shop.event (customer uuid, at timestamptz, kind text, page text);
SELECT create_audience('shop', 'explain_shop.customer', time_zone => 'Europe/Berlin');
SELECT add_source('shop', 'explain_shop.event', 'customer', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition, distinct_by) VALUES
    ('shop', 'visit', 'event', 'visit', NULL, 'page'),
    ('shop', 'Größe "XL"', 'profile', NULL, 'country = ''DE''', NULL);
RESET search_path;
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('customers', 'shop');
INSERT INTO lead_scoring.rule (sheet, name, component, signal, points, repeat_limit, repeat_per_item, decay, half_life) VALUES
    ('customers', 'new page; seen', 'engagement', 'visit', 10, 1, true, 'exponential', '30 days'),
    ('customers', 'Größe "XL"', 'fit', 'Größe "XL"', 20, NULL, false, 'none', NULL);
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('customers', 'heiß', 1, 30);
SELECT lead_scoring.publish('customers');
INSERT INTO explain_shop.customer VALUES ('00000000-0000-0000-0000-000000000001', 'DE'), ('00000000-0000-0000-0000-000000000002', 'FR');
INSERT INTO explain_shop.event VALUES
    ('00000000-0000-0000-0000-000000000001', '2026-10-12 09:00+02', 'visit', '/pricing'),
    ('00000000-0000-0000-0000-000000000001', '2026-11-10 09:00+01', 'visit', '/pricing'),
    ('00000000-0000-0000-0000-000000000001', '2026-11-11 09:00+01', 'visit', '/contact');
SELECT rule, counted, dropped, dropped_because, weight, points, running_total
FROM lead_scoring.explain('customers', '00000000-0000-0000-0000-000000000001', '2026-11-11 12:00+01');
SELECT lead_scoring.explain_text('customers', '00000000-0000-0000-0000-000000000001', '2026-11-11 12:00+01');
SELECT lead_scoring.explain_text('customers', '00000000-0000-0000-0000-000000000001', '2026-10-01');
-- Without an instant it is now.
SELECT lead_scoring.explain_text('customers', '00000000-0000-0000-0000-000000000002'),
       lead_scoring.explain_text('customers', '00000000-0000-0000-0000-000000000001')
       = lead_scoring.explain_text('customers', '00000000-0000-0000-0000-000000000001', now()) AS is_now;
-- A key that nobody has; a sheet that does not exist, or was never published.
SELECT lead_scoring.explain_text('customers', '00000000-0000-0000-0000-000000000009', '2026-11-11');
SELECT lead_scoring.explain_text('nobody', '1');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('draft', 'shop');
SELECT lead_scoring.explain_text('draft', '00000000-0000-0000-0000-000000000001');
SELECT lead_scoring.explain_text('customers', 'not a uuid');
SELECT lead_scoring.drop_audience('shop');
DROP SCHEMA explain_shop CASCADE;
