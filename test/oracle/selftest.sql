-- Known answers for the oracle itself: the vectors of the articles, and corner cases worked out by hand. Runs in
-- an empty database without the extension (createdb x; psql -d x -f selftest.sql). The last line of its output is
-- "N passed, N failed"; the status is not 0 when something failed.
\set ON_ERROR_STOP on
\set QUIET on
\pset tuples_only on
\pset format unaligned
CREATE SCHEMA lead_scoring;
\ir ../../src/ddl/20_tables.sql
\ir oracle.sql

CREATE TABLE lead (id text PRIMARY KEY, created_at date, job text, born date);
CREATE TABLE event (id serial, lead text, at timestamp, what text, asset text, amount numeric);
CREATE TABLE scores(); CREATE TABLE tallies(); CREATE TABLE changes(); CREATE TABLE pending();
CREATE TABLE scores_h(); CREATE TABLE tallies_h(); CREATE TABLE changes_h(); CREATE TABLE pending_h();
INSERT INTO lead_scoring.audience VALUES
  ('a', 'lead', 'id', NULL, 'created_at', 'Europe/London', 'day', 'scores', 'tallies', 'changes', 'pending'),
  ('h', 'lead', 'id', NULL, NULL, 'Europe/London', 'hour', 'scores_h', 'tallies_h', 'changes_h', 'pending_h');
INSERT INTO lead_scoring.source SELECT x, 'event', 'event', 'event', 'lead', 'at', 'what' FROM unnest('{a,h}'::text[]) x;
INSERT INTO lead_scoring.source SELECT x, 'profile', 'lead', 'profile', 'id', NULL, NULL FROM unnest('{a,h}'::text[]) x;
INSERT INTO lead_scoring.signal (audience, name, source, event_type, distinct_by, value)
  SELECT a, w, 'event', w, 'asset', 'amount'
  FROM unnest('{a,h}'::text[]) a, unnest('{form,open,click,directions,visit,quote,order,reject}'::text[]) w;
INSERT INTO lead_scoring.signal (audience, name, source, condition) VALUES ('a', 'student', 'profile', 'job = ''student''');
INSERT INTO lead_scoring.signal (audience, name, source, occurred_on) VALUES
  ('a', 'birth', 'profile', 'born'), ('a', 'created', 'profile', 'created_at');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition) VALUES
  ('a', 'big', 'event', 'order', '100 / amount < 1');  -- fails on the row whose amount is 0

CREATE TABLE result (label text, got text, want text);
CREATE FUNCTION is(label text, got text, want text) RETURNS void LANGUAGE sql AS $$ INSERT INTO result VALUES ($1, $2, $3) $$;
-- A sheet of one rule, given as the columns that differ from their defaults.
CREATE FUNCTION sheet(sheet text, rules jsonb, sheet_columns jsonb DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  r jsonb;
  n integer := 0;
BEGIN
  INSERT INTO lead_scoring.sheet SELECT (jsonb_populate_record(NULL::lead_scoring.sheet, jsonb_build_object(
    'name', sheet, 'audience', 'a', 'min_score', 0) || sheet_columns)).*;
  FOR r IN SELECT * FROM jsonb_array_elements(rules) LOOP
    n := n + 1;
    INSERT INTO lead_scoring.rule SELECT (jsonb_populate_record(NULL::lead_scoring.rule, jsonb_build_object(
      'sheet', sheet, 'name', 'rule ' || n, 'position', n, 'component', 'engagement', 'measure', 'occurrences',
      'enabled', true, 'decay', 'none', 'decay_anchor', 'occurrence', 'repeat_period', 'ever',
      'repeat_per_item', false, 'count_by', 'occurrences', 'window_anchor', 'now', 'cycle_learned', false,
      'season_learned', false, 'disqualifies', false, 'hand_raise', false) || r)).*;
  END LOOP;
END $$;
CREATE FUNCTION score(sheet text, lead text, at timestamptz) RETURNS text LANGUAGE sql AS
$$ SELECT (oracle.evaluate(sheet, lead, at)).score::text $$;
CREATE FUNCTION points(sheet text, lead text, at timestamptz) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(trim_scale(points) || coalesce(' ' || reason, ''), ', ') FROM oracle.explain(sheet, lead, at) $$;
SET timezone = 'Europe/London';

\o /dev/null
-- V1, V2, V8, V9: points add up; bands
SELECT sheet('b2c', '[{"signal":"form","points":10},{"signal":"open","points":3},{"signal":"click","points":7},
                      {"signal":"directions","points":20}]');
INSERT INTO lead_scoring.band (sheet, name, rank, min_score, exclusive) VALUES
  ('b2c', 'MQL', 1, 30, false), ('b2c', 'SQL', 2, 80, false);
INSERT INTO event (lead, at, what, amount, asset) VALUES
  ('v1', '2024-03-01', 'form', 1, NULL), ('v1', '2024-03-01', 'open', 1, NULL), ('v1', '2024-03-02', 'click', 1, NULL),
  ('v1', '2024-03-09 23:30', 'directions', 1, NULL);
SELECT is('V1 score', score('b2c', 'v1', '2024-03-08'), '20');
SELECT is('V1 band', (oracle.evaluate('b2c', 'v1', '2024-03-08')).band, NULL);
SELECT is('V2 score', score('b2c', 'v1', '2024-03-09 00:00'), '40');
SELECT is('V2 band', (oracle.evaluate('b2c', 'v1', '2024-03-09')).band, 'MQL');
SELECT is('V2 explain', points('b2c', 'v1', '2024-03-08 23:59:59'), '10, 3, 7, 0 not yet');
SELECT sheet('exact', '[{"signal":"form","points":60}]'), sheet('above', '[{"signal":"form","points":60}]');
INSERT INTO lead_scoring.band (sheet, name, rank, min_score, exclusive) VALUES
  ('exact', 'MQL', 1, 60, false), ('exact', 'SQL', 2, 80, false), ('above', 'MQL', 1, 60, true);
SELECT is('V9 inclusive', (oracle.evaluate('exact', 'v1', '2024-04-01')).band, 'MQL');
SELECT is('V9 exclusive', (oracle.evaluate('above', 'v1', '2024-04-01')).band, NULL);

-- V3 to V7: cycles
SELECT sheet('cycle3', '[{"signal":"order","points":60,"measure":"cycle","cycle":"3 months","cycle_step":"1 month"}]'),
       sheet('cycle4', '[{"signal":"order","points":60,"measure":"cycle","cycle":"4 months","cycle_step":"1 month",
                          "cycle_hold":"10 days"},
                         {"signal":"visit","points":10},{"signal":"quote","points":30}]'),
       sheet('cycle linear', '[{"signal":"order","points":61,"measure":"cycle","cycle":"4 months"}]'),
       sheet('cycle learned', '[{"signal":"order","points":100,"measure":"cycle","cycle_learned":true,"cycle_step":"7 days"}]');
INSERT INTO event (lead, at, what) VALUES ('v3', '2024-01-31', 'order'), ('v5', '2024-01-31', 'order'),
  ('v5', '2024-04-01', 'visit'), ('v6', '2024-01-31', 'order'), ('v6', '2024-04-01', 'visit'),
  ('v6', '2024-04-01', 'visit'), ('v7', '2024-01-31', 'order'), ('v7', '2024-04-01', 'quote'),
  ('l', '2024-01-01', 'order'), ('l', '2024-01-11', 'order'), ('l', '2024-01-11', 'order'), ('l', '2024-02-01', 'order');
SELECT is('V3', string_agg(score('cycle3', 'v3', d::date), ' '), '0 20 40 60')
  FROM unnest('{2024-02-28,2024-02-29,2024-03-31,2024-04-30}'::text[]) d;
SELECT is('V4', string_agg(score('cycle4', 'v3', d::date), ' '), '15 30 45 60 60 0')
  FROM unnest('{2024-02-29,2024-03-31,2024-04-30,2024-05-31,2024-06-09,2024-06-10}'::text[]) d;
SELECT is('V5 V6 V7', string_agg(score('cycle4', l, '2024-04-30'), ' '), '55 65 75') FROM unnest('{v5,v6,v7}'::text[]) l;
SELECT is('linear: 60 of 121 days', points('cycle linear', 'v3', '2024-03-31'), '30.248');
SELECT is('at the purchase', points('cycle linear', 'v3', '2024-01-31 13:00'), '0 cycle just begun');
SELECT is('learned: gaps 10 and 21 give 16', string_agg(points('cycle learned', 'l', d::date), ' '), '43.75 87.5 100')
  FROM unnest('{2024-02-08,2024-02-16,2024-02-17}'::text[]) d;
SELECT is('learned: two dates', points('cycle learned', 'l', '2024-01-31'), '0 cycle unknown');

-- V10, V15: repeat limits
SELECT sheet('opens', '[{"signal":"open","points":3,"repeat_limit":1}]'),
       sheet('opens by mail', '[{"signal":"open","points":3,"repeat_limit":1,"repeat_per_item":true}]'),
       sheet('opens a week', '[{"signal":"open","points":3,"repeat_limit":2,"repeat_period":"week",
                                "valid_from":"2024-03-03","valid_to":"2024-03-11"}]');
INSERT INTO event (lead, at, what, asset) SELECT 'v10', '2024-03-01'::date + i / 5, 'open', 'mail' FROM generate_series(0, 49) i;
INSERT INTO event (lead, at, what, asset) VALUES ('v10', '2024-03-01', 'open', NULL), ('v10', '2024-03-02', 'open', ''),
  ('v10', '2024-03-02', 'open', NULL);
SELECT is('V10', score('opens', 'v10', '2024-05-01'), '3');
SELECT is('NULL is an item, the empty text another', score('opens by mail', 'v10', '2024-05-01'), '9');
-- valid: Sunday 3rd, Monday 4th to 10th; 2024-03-11 has none
SELECT is('two a week', points('opens a week', 'v10', '2024-05-01'), '12');
SELECT is('dropped', (SELECT counted || ' ' || dropped FROM oracle.explain('opens a week', 'v10', '2024-05-01')), '4 49');
SELECT is('not valid', points('opens a week', 'v10', '2024-03-02'), '0 not valid');

-- V11: velocity, hourly
SELECT sheet('velocity', '[{"signal":"visit","measure":"tiers","window_anchor":"last"}]', '{"audience":"h"}');
INSERT INTO lead_scoring.rule_tier (sheet, rule, position, min, points, within) VALUES
  ('velocity', 'rule 1', 1, 3, 30, '3 hours'), ('velocity', 'rule 1', 2, 1, 5, NULL);
INSERT INTO event (lead, at, what) VALUES ('fast', '2024-03-01 10:10', 'visit'), ('fast', '2024-03-01 11:10', 'visit'),
  ('fast', '2024-03-01 12:05', 'visit'), ('slow', '2024-03-01 10:10', 'visit'), ('slow', '2024-03-15 11:10', 'visit'),
  ('slow', '2024-03-31 12:05', 'visit');
SELECT is('V11', score('velocity', 'fast', '2024-06-01') || ' ' || score('velocity', 'slow', '2024-06-01'), '30 5');

-- V12: inactivity, repeated, with a ceiling
SELECT sheet('quiet', '[{"points":-10,"measure":"inactivity","inactive_after":"3 months","inactive_every":"1 month",
                         "max_times":3,"ceiling":15},{"signal":"form","points":50}]', '{"min_score":-100}');
INSERT INTO lead (id, created_at) VALUES ('born only', '2024-01-31'), ('active', '2024-01-31');
INSERT INTO event (lead, at, what) VALUES ('active', '2024-04-29', 'form');
SELECT is('V12', score('quiet', 'born only', '2024-04-30') || ' ' || score('quiet', 'active', '2024-04-30'), '-10 50');
SELECT is('inactivity repeats', string_agg(score('quiet', 'born only', d::date), ' '), '0 -10 -10 -20 -30 -30')
  FROM unnest('{2024-04-29,2024-04-30,2024-05-30,2024-05-31,2024-06-30,2025-01-01}'::text[]) d;
SELECT is('ceiling', points('quiet', 'active', '2024-07-29'), '-10, 50, -25 rule 1');
SELECT is('never active', points('quiet', 'nobody', '2024-07-29'), '0 never active, 0 no occurrence');

-- V13, V14 and the other decays
SELECT sheet('step', '[{"signal":"form","points":10,"decay":"step","lose_percent":50,"lose_every":"1 month"}]'),
       sheet('linear', '[{"signal":"form","points":9,"decay":"linear","lifespan":"90 days"}]'),
       sheet('half', '[{"signal":"form","points":1000,"decay":"exponential","half_life":"1 month"}]'),
       sheet('half of activity', '[{"signal":"form","points":100,"decay":"exponential","half_life":"10 days","decay_anchor":"activity"}]'),
       sheet('expire', '[{"signal":"form","points":4,"decay":"expire","lifespan":"1 month"}]');
INSERT INTO event (lead, at, what) VALUES ('d', '2023-02-28', 'form'), ('d', '2023-03-20', 'visit');
SELECT is('V13', string_agg(score('step', 'd', d::date), ' '), '10 10 5 0 0')
  FROM unnest('{2023-02-28,2023-03-27,2023-03-28,2023-04-28,2023-12-28}'::text[]) d;
SELECT is('V14', points('linear', 'd', '2023-03-03'), '8.7');
SELECT is('linear over', points('linear', 'd', '2023-05-29'), '0 decayed');
SELECT is('2^(-7/30)', points('half', 'd', '2023-03-07'), '850.667');
SELECT is('31 half-lives', points('half', 'd', '2023-02-28'::date + 930), '0');
SELECT is('beyond', points('half', 'd', '2023-02-28'::date + 931), '0 decayed');
SELECT is('from the last activity', points('half of activity', 'd', '2023-03-30'), '50');
SELECT is('expire', points('expire', 'd', '2023-03-27') || ', ' || points('expire', 'd', '2023-03-28'), '4, 0 decayed');
SELECT sheet('linear 3', '[{"signal":"form","points":9,"decay":"linear","lifespan":"3 days"}]');
SELECT is('weights of 2/3 and 1/3, half up',
          string_agg(oracle.weight(r, '2023-01-01', row(d::timestamp, NULL, NULL, NULL, NULL)::oracle.scene)::text, ' '),
          '715827883 357913941')
  FROM lead_scoring.rule r, unnest('{2023-01-02,2023-01-03}'::text[]) d WHERE sheet = 'linear 3';

-- Values, failures, guards, since, segment
SELECT sheet('money', '[{"signal":"order","points":0.01,"measure":"value","max_points":25},
                        {"signal":"big","points":1,"since_signal":"reject"},
                        {"signal":"order","points":7,"guard_signal":"reject","guard_max":0}]',
             '{"segment_signal":"order","segment_min":2}');
INSERT INTO event (lead, at, what, amount) VALUES ('m', '2024-01-01', 'order', 1234.56785), ('m', '2024-01-02', 'order', 0),
  ('m', '2024-01-02', 'reject', NULL), ('m', '2024-01-03', 'order', -100.5), ('m', '2024-01-03', 'order', 2000);
SELECT is('money', points('money', 'm', '2024-01-01'), '12.346, 1, 7');
SELECT is('money later', points('money', 'm', '2024-01-03'), '31.341, -6.341 rule 1, 2, 0 guard');
SELECT is('after the rejection', points('money', 'm', '2024-01-02'), '12.346, 0 not yet, 0 guard');
SELECT is('segment', string_agg((oracle.evaluate('money', 'm', d::date)).in_segment::text, ' '), 'false true')
  FROM unnest('{2024-01-01,2024-01-02}'::text[]) d;

-- Personas, ages that move, verdicts, season
SELECT sheet('people', '[{"signal":"birth","points":0,"component":"fit","rule_group":"young","measure":"tiers"},
                         {"signal":"form","points":5,"component":"fit","rule_group":"old"},
                         {"signal":"student","points":-1,"component":"fit","disqualifies":true},
                         {"signal":"form","points":0,"hand_raise":true,"forces_band":"hot"},
                         {"points":3,"measure":"season","season_windows":["11-15/02-10"]}]', '{"min_score":-7}');
INSERT INTO lead_scoring.rule_tier (sheet, rule, position, points, older_than) VALUES
  ('people', 'rule 1', 1, 4, '60 years'), ('people', 'rule 1', 2, 5, '18 years');
INSERT INTO lead_scoring.rule_group (sheet, name, component, persona, position) VALUES
  ('people', 'young', 'fit', true, 2), ('people', 'old', 'fit', true, 1);
INSERT INTO lead_scoring.grade VALUES ('people', 'grade', 'A', 5), ('people', 'grade', 'B', 3), ('people', 'level', '1', 3);
INSERT INTO lead_scoring.band (sheet, name, rank, min_grade) VALUES ('people', 'good', 1, 'B');
INSERT INTO lead_scoring.band (sheet, name, rank, min_score, min_level) VALUES ('people', 'hot', 2, 9, '1');
INSERT INTO lead (id, born, job) VALUES ('p', '1960-02-29', 'smith'), ('s', '2004-02-29', 'student'), ('q', '1990-01-01', 'smith');
INSERT INTO event (lead, at, what) VALUES ('p', '2022-01-01', 'form'), ('q', '2022-01-02', 'form');
SELECT is('60 years clip to 29 February', points('people', 'p', '2020-02-28') || '; ' || points('people', 'p', '2020-02-29'),
  '5, 0 not yet, 0 no occurrence, 0 not yet, 0 out of season; 4, 0 not yet, 0 no occurrence, 0 not yet, 0 out of season');
SELECT is('persona', oracle.evaluate('people', 'p', '2022-02-10')::text,
          '(8,3,5,A,1,hot,f,t,old,2022-01-01,t)');  -- forced: 8 and level 1
SELECT is('persona loses', points('people', 'p', '2022-02-11'),
          '4, 5, 0 no occurrence, 0, 0 out of season, -4 old, 0 rule 4, 0 rule 4');
SELECT is('tie goes to the first', (oracle.evaluate('people', 'q', '2022-01-02')).persona, 'old');
SELECT is('disqualified', oracle.evaluate('people', 's', '2022-02-28')::text, '(-7,0,4,B,,disqualified,t,f,young,,t)');

-- The wall clock: a fold shares a tick; only timestamptz is converted
SELECT is('fold', oracle.tick(oracle.wall_clock('2024-10-27 00:30+00'::timestamptz, 'Europe/London'), 'hour')::text,
          oracle.tick(oracle.wall_clock('2024-10-27 01:59+00'::timestamptz, 'Europe/London'), 'hour')::text);
SELECT is('half-hour zone', oracle.tick(oracle.wall_clock('2024-01-01 00:00+00'::timestamptz, 'Asia/Kolkata'), 'hour')::text,
          '2024-01-01 05:00:00');
SELECT is('infinity', oracle.tick(oracle.wall_clock('infinity'::date, 'UTC'), 'day')::text, NULL);
\o

SELECT 'not ok: ' || label || ': got ' || coalesce(got, 'NULL') || ', want ' || coalesce(want, 'NULL')
FROM result WHERE got IS DISTINCT FROM want;
SELECT count(*) FILTER (WHERE got IS NOT DISTINCT FROM want) || ' passed, '
       || count(*) FILTER (WHERE got IS DISTINCT FROM want) || ' failed' FROM result;
DO $$ BEGIN
  IF EXISTS (SELECT FROM result WHERE got IS DISTINCT FROM want) THEN RAISE EXCEPTION 'the oracle is wrong'; END IF;
END $$;
