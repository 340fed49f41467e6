-- publish() validates the rows of a sheet, stores them as its next revision and scores every lead, all or nothing.
\set SHOW_CONTEXT never
CREATE SCHEMA pub;
SET search_path = pub, public;
SET datestyle = 'ISO';
CREATE TABLE lead (id integer PRIMARY KEY, country text);
CREATE TABLE event (lead integer, at timestamptz, kind text, amount numeric);
INSERT INTO lead VALUES (1, 'DE'), (2, 'US'), (3, NULL);
INSERT INTO event VALUES (1, '2025-01-10 12:00+00', 'visit', NULL), (1, '2025-01-11 12:00+00', 'order', 250),
    (2, '2025-01-12 12:00+00', 'visit', NULL), (2, '2025-01-12 13:00+00', 'visit', NULL);
SELECT lead_scoring.create_audience('leads', 'lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('leads', 'event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition, value) VALUES
    ('leads', 'visit', 'event', 'visit', NULL, NULL), ('leads', 'order', 'event', 'order', NULL, 'amount'),
    ('leads', 'german', 'profile', NULL, 'country = ''DE''', NULL);

-- Nothing counts before the first publishing.
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('main', 'leads');
SELECT * FROM lead_score;
SELECT lead, base OPERATOR(lead_scoring.+) recent AS tally FROM lead_tally ORDER BY lead;
SELECT lead_scoring.active_model('main');
SELECT * FROM lead_scoring.explain('main', '1');
SELECT lead_scoring.publish('main');

INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('main', 'visits', 'visit', 5);
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('main', 'MQL', 1, 10);
SELECT lead_scoring.publish('main', 'the first one');
SELECT lead, score, band, revision FROM lead_score ORDER BY lead;

-- Revisions only grow, and keep model, author and note.
UPDATE lead_scoring.rule SET points = 6 WHERE sheet = 'main';
SELECT lead_scoring.publish('main', note => 'visits are worth more');
SELECT lead_scoring.publish('main');
SELECT sheet, revision, model, author = session_user AS mine, note, published_at > now() - interval '1 hour' AS fresh
FROM lead_scoring.sheet_revision ORDER BY revision \gx
SELECT active_revision FROM lead_scoring.sheet WHERE name = 'main';
SELECT lead, from_band, to_band, score, revision, cause FROM lead_band_change ORDER BY id;

-- Changed points need no event: they apply to the tallies that are there. A rule over a signal that is counted
-- already costs no counting either.
CREATE TEMP TABLE tallies AS SELECT ctid AS place, xmin::text AS writer, * FROM lead_tally;
UPDATE lead_scoring.rule SET points = 12.345 WHERE sheet = 'main';
INSERT INTO lead_scoring.rule (sheet, name, signal, points, repeat_limit) VALUES ('main', 'first visit', 'visit', 100, 1);
SELECT lead_scoring.publish('main');
SELECT lead, score, band FROM lead_score ORDER BY lead;
SELECT count(*) AS unwritten FROM lead_tally t JOIN tallies b USING (lead) WHERE t.ctid = b.place AND t.xmin::text = b.writer;
-- Counted are the signals of its rules, and those that are activity; a signal that no sheet needs costs nothing.
SELECT number, signal FROM lead_scoring.signal_version WHERE audience = 'leads' ORDER BY number;

-- A new signal is counted from the beginning of its source, and gets the next number.
INSERT INTO lead_scoring.rule (sheet, name, signal, points, measure, component) VALUES
    ('main', 'spend', 'order', 0.1, 'value', 'engagement'), ('main', 'Germany', 'german', 20, 'occurrences', 'fit');
SELECT lead_scoring.publish('main', 'spend and country');
SELECT lead, score, engagement, fit, band FROM lead_score ORDER BY lead;
SELECT number, signal FROM lead_scoring.signal_version WHERE audience = 'leads' ORDER BY number;

-- So is a changed one: until it is published the old definition goes on counting.
UPDATE lead_scoring.signal SET condition = 'amount >= 100' WHERE audience = 'leads' AND name = 'order';
INSERT INTO event VALUES (3, '2025-01-13 12:00+00', 'order', 40), (3, '2025-01-14 12:00+00', 'order', 160);
SELECT lead, score FROM lead_score WHERE lead = 3;
SELECT lead_scoring.publish('main');
SELECT lead, score FROM lead_score WHERE lead = 3;
SELECT number, signal, condition FROM lead_scoring.signal_version WHERE audience = 'leads' ORDER BY number;
-- The old definition is nobody's any more; rebuild stops counting it. Published again, it is counted from its
-- beginning, under its own number.
CALL lead_scoring.rebuild('leads');
SELECT number, signal, counted FROM lead_scoring.signal_version WHERE audience = 'leads' ORDER BY number;
SELECT lead, base OPERATOR(lead_scoring.+) recent AS tally FROM lead_tally ORDER BY lead;
SELECT lead, score FROM lead_score ORDER BY lead;
UPDATE lead_scoring.signal SET condition = NULL WHERE audience = 'leads' AND name = 'order';
SELECT lead_scoring.publish('main');
SELECT number, signal, condition, counted FROM lead_scoring.signal_version WHERE audience = 'leads' ORDER BY number;

-- Two sheets share the numbers of what they have in common.
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('second', 'leads');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, enabled) VALUES
    ('second', 'visits', 'visit', 1, true), ('second', 'not now', 'nothing of the kind', 1, false);
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('second', 'seen', 1, 1);
SELECT lead_scoring.publish('second');
SELECT count(*) FROM lead_scoring.signal_version WHERE audience = 'leads';
SELECT lead, sheet, score FROM lead_score ORDER BY lead, sheet;
SELECT * FROM lead_scoring.verify('leads');
-- A renamed sheet takes its rows along; a deleted one takes its scores.
UPDATE lead_scoring.sheet SET name = 'other' WHERE name = 'second';
SELECT lead, sheet, score, band FROM lead_score ORDER BY lead, sheet;
SELECT sheet, name FROM lead_scoring.rule WHERE sheet IN ('second', 'other') ORDER BY name;
SELECT * FROM lead_scoring.verify('leads');
DELETE FROM lead_scoring.sheet WHERE name = 'other';
SELECT lead, sheet, score FROM lead_score ORDER BY lead, sheet;
SELECT count(*) FROM lead_scoring.rule WHERE sheet = 'other';
SELECT lead, sheet, from_band, to_band, score, cause FROM lead_band_change WHERE sheet <> 'main' ORDER BY id;
SELECT * FROM lead_scoring.verify('leads');

-- What the tables refuse at once: words that do not exist.
\set VERBOSITY terse
INSERT INTO lead_scoring.rule (sheet, name, signal, measure) VALUES ('main', 'x', 'visit', 'loudness');
INSERT INTO lead_scoring.rule (sheet, name, signal, decay) VALUES ('main', 'x', 'visit', 'slowly');
INSERT INTO lead_scoring.rule (sheet, name, signal, component) VALUES ('main', 'x', 'visit', 'mood');
INSERT INTO lead_scoring.rule (sheet, name, signal, repeat_period) VALUES ('main', 'x', 'visit', 'hour');
INSERT INTO lead_scoring.rule (sheet, name, signal) VALUES ('main', '', 'visit');
\set VERBOSITY default

-- What publish() refuses: combinations that make no sense. Each leaves the published revision, the scores and
-- the counted signals as they were.
CREATE FUNCTION pg_temp.refused(rows text, OUT code text, OUT error text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE rows;
    PERFORM lead_scoring.publish('draft');
    error := 'ACCEPTED';
    RAISE EXCEPTION USING ERRCODE = 'LS000';
EXCEPTION
    WHEN SQLSTATE 'LS000' THEN NULL;
    WHEN others THEN
        GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, error = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('draft', 'leads');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('draft', 'visits', 'visit', 5);
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('draft', 'MQL', 1, 10);
-- A sound change is accepted, so that the refusals below mean something.
SELECT * FROM pg_temp.refused($$ UPDATE lead_scoring.rule SET points = 6 WHERE sheet = 'draft' $$);
\x
SELECT what, r.* FROM (VALUES
    ('no rule',              $$ DELETE FROM lead_scoring.rule WHERE sheet = 'draft' $$),
    ('no enabled rule',      $$ UPDATE lead_scoring.rule SET enabled = false WHERE sheet = 'draft' $$),
    ('unknown signal',       $$ UPDATE lead_scoring.rule SET signal = 'visits' WHERE sheet = 'draft' $$),
    ('unknown guard',        $$ UPDATE lead_scoring.rule SET guard_signal = 'demo' WHERE sheet = 'draft' $$),
    ('unknown activity',     $$ UPDATE lead_scoring.sheet SET activity = '{visit,demo}' WHERE name = 'draft' $$),
    ('unknown segment',      $$ UPDATE lead_scoring.sheet SET segment_signal = 'demo' WHERE name = 'draft' $$),
    ('no signal',            $$ UPDATE lead_scoring.rule SET signal = NULL WHERE sheet = 'draft' $$),
    ('no points',            $$ UPDATE lead_scoring.rule SET points = NULL WHERE sheet = 'draft' $$),
    ('four decimals',        $$ UPDATE lead_scoring.rule SET points = 0.0005 WHERE sheet = 'draft' $$),
    ('NaN points',           $$ UPDATE lead_scoring.rule SET points = 'NaN' WHERE sheet = 'draft' $$),
    ('infinite points',      $$ UPDATE lead_scoring.rule SET points = 'infinity' WHERE sheet = 'draft' $$),
    ('too many points',      $$ UPDATE lead_scoring.rule SET points = 1000001 WHERE sheet = 'draft' $$),
    ('no half-life',         $$ UPDATE lead_scoring.rule SET decay = 'exponential' WHERE sheet = 'draft' $$),
    ('half-life 0',          $$ UPDATE lead_scoring.rule SET decay = 'exponential', half_life = '0' WHERE sheet = 'draft' $$),
    ('negative half-life',   $$ UPDATE lead_scoring.rule SET decay = 'exponential', half_life = '-1 day' WHERE sheet = 'draft' $$),
    ('no lifespan',          $$ UPDATE lead_scoring.rule SET decay = 'linear' WHERE sheet = 'draft' $$),
    ('hours of days',        $$ UPDATE lead_scoring.rule SET decay = 'expire', lifespan = '5 hours' WHERE sheet = 'draft' $$),
    ('mixed signs',          $$ UPDATE lead_scoring.rule SET decay = 'expire', lifespan = '1 month -1 day' WHERE sheet = 'draft' $$),
    ('1001 years',           $$ UPDATE lead_scoring.rule SET decay = 'linear', lifespan = '1001 years' WHERE sheet = 'draft' $$),
    ('step without percent', $$ UPDATE lead_scoring.rule SET decay = 'step', lose_every = '1 month' WHERE sheet = 'draft' $$),
    ('step without interval', $$ UPDATE lead_scoring.rule SET decay = 'step', lose_percent = 50 WHERE sheet = 'draft' $$),
    ('step of 0 %',          $$ UPDATE lead_scoring.rule SET decay = 'step', lose_percent = 0, lose_every = '1 month' WHERE sheet = 'draft' $$),
    ('interval, no decay',   $$ UPDATE lead_scoring.rule SET half_life = '30 days' WHERE sheet = 'draft' $$),
    ('two decays',           $$ UPDATE lead_scoring.rule SET decay = 'linear', lifespan = '9 days', half_life = '30 days' WHERE sheet = 'draft' $$),
    ('negative limit',       $$ UPDATE lead_scoring.rule SET repeat_limit = -1 WHERE sheet = 'draft' $$),
    ('limit 0',              $$ UPDATE lead_scoring.rule SET repeat_limit = 0 WHERE sheet = 'draft' $$),
    ('period, no limit',     $$ UPDATE lead_scoring.rule SET repeat_period = 'week' WHERE sheet = 'draft' $$),
    ('per item, no limit',   $$ UPDATE lead_scoring.rule SET repeat_per_item = true WHERE sheet = 'draft' $$),
    ('limited value',        $$ UPDATE lead_scoring.rule SET signal = 'order', measure = 'value', repeat_limit = 2 WHERE sheet = 'draft' $$),
    ('empty period',         $$ UPDATE lead_scoring.rule SET valid_from = '2025-02-01', valid_to = '2025-01-31' WHERE sheet = 'draft' $$),
    ('minimum above 0',      $$ UPDATE lead_scoring.rule SET min_points = 1 WHERE sheet = 'draft' $$),
    ('maximum below 0',      $$ UPDATE lead_scoring.rule SET max_points = -1 WHERE sheet = 'draft' $$),
    ('fit minimum above 0',  $$ UPDATE lead_scoring.sheet SET min_fit = 5 WHERE name = 'draft' $$),
    ('sheet min above max',  $$ UPDATE lead_scoring.sheet SET min_score = 100, max_score = 10 WHERE name = 'draft' $$),
    ('unknown group',        $$ UPDATE lead_scoring.rule SET rule_group = 'web' WHERE sheet = 'draft' $$),
    ('group of another component', $$ INSERT INTO lead_scoring.rule_group (sheet, name, component) VALUES ('draft', 'who', 'fit');
                                UPDATE lead_scoring.rule SET rule_group = 'who' WHERE sheet = 'draft' $$),
    ('persona of engagement', $$ INSERT INTO lead_scoring.rule_group (sheet, name, persona) VALUES ('draft', 'p', true) $$),
    ('unknown band',         $$ UPDATE lead_scoring.rule SET forces_band = 'SQL' WHERE sheet = 'draft' $$),
    ('two bands of one rank', $$ INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('draft', 'SQL', 1, 80) $$),
    ('two bands of one minimum', $$ INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('draft', 'SQL', 2, 10) $$),
    ('band "disqualified"',  $$ INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('draft', 'disqualified', 2, 80) $$),
    ('half a point',         $$ UPDATE lead_scoring.band SET min_score = 10.5 WHERE sheet = 'draft' $$),
    ('exclusive of nothing', $$ UPDATE lead_scoring.band SET min_score = NULL, exclusive = true WHERE sheet = 'draft' $$),
    ('unknown grade',        $$ UPDATE lead_scoring.band SET min_grade = 'A' WHERE sheet = 'draft' $$),
    ('guard without bounds of an unknown', $$ UPDATE lead_scoring.rule SET guard_min = 2 WHERE sheet = 'draft' $$),
    ('guard min above max',  $$ UPDATE lead_scoring.rule SET guard_signal = 'order', guard_min = 3, guard_max = 2 WHERE sheet = 'draft' $$),
    ('tiers missing',        $$ UPDATE lead_scoring.rule SET measure = 'tiers', points = NULL WHERE sheet = 'draft' $$),
    ('several at once',      $$ UPDATE lead_scoring.rule SET decay = 'step', repeat_limit = -1, min_points = 5 WHERE sheet = 'draft';
                                UPDATE lead_scoring.sheet SET max_score = 1.2345 WHERE name = 'draft' $$)
) t (what, rows), pg_temp.refused(rows) r;
\x
SELECT lead_scoring.publish('nobody''s');
SELECT lead_scoring.publish(NULL);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT lead_scoring.publish('main');
ROLLBACK;
-- A sheet of an audience that does not exist.
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('lost', 'nobody');
SELECT lead_scoring.publish('lost');
DELETE FROM lead_scoring.sheet WHERE name = 'lost';
-- Nothing of the refused drafts is left, neither a revision nor a score nor a number.
SELECT count(*) FROM lead_scoring.sheet_revision WHERE sheet = 'draft';
SELECT count(*) FROM lead_score WHERE sheet = 'draft';
SELECT last_signal FROM lead_scoring.audience WHERE name = 'leads';
SELECT * FROM lead_scoring.verify('leads');
-- publish() is transactional like anything else.
SELECT max(revision) AS revision FROM lead_scoring.sheet_revision WHERE sheet = 'main';
BEGIN;
UPDATE lead_scoring.rule SET points = 1000 WHERE sheet = 'main' AND name = 'visits';
SELECT lead_scoring.publish('main');
SELECT lead, score FROM lead_score ORDER BY lead;
ROLLBACK;
SELECT lead, score FROM lead_score ORDER BY lead;
INSERT INTO event VALUES (3, '2025-01-15 12:00+00', 'visit', NULL);
SELECT lead, score FROM lead_score ORDER BY lead;
SELECT max(revision) AS revision FROM lead_scoring.sheet_revision WHERE sheet = 'main';
SELECT * FROM lead_scoring.verify('leads');

SELECT lead_scoring.drop_audience('leads');
SET client_min_messages = warning;
DROP SCHEMA pub CASCADE;
