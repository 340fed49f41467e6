\set SHOW_CONTEXT never
-- Scores of other moments and of drafts, from the tallies alone: nothing is written, no event is read.
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE SCHEMA past;
SET search_path = past, public;
CREATE TABLE lead (id integer PRIMARY KEY);
CREATE TABLE event (lead integer, at timestamptz, kind text);
INSERT INTO lead VALUES (1), (2), (3);
SELECT lead_scoring.create_audience('past', 'lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('past', 'event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type) VALUES
    ('past', 'visit', 'event', 'visit'), ('past', 'order', 'event', 'order'), ('past', 'call', 'event', 'call');
INSERT INTO lead_scoring.sheet (name, audience, activity) VALUES ('past', 'past', '{visit}');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, decay, lifespan) VALUES ('past', 'visit', 'visit', 10, 'expire', '10 days');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('past', 'order', 'order', 5);
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('past', 'MQL', 1, 15);
SELECT lead_scoring.publish('past');
INSERT INTO event VALUES
    (1, '2026-03-02 10:00', 'visit'), (1, '2026-03-05 10:00', 'visit'), (2, '2026-03-04 10:00', 'order'), (2, '2026-03-06 10:00', 'visit');

-- A lead over time, both ends included.
SELECT at, score, band, last_active_on FROM lead_scoring.score_history('past', '1', '2026-03-01', '2026-03-16', '3 days');
-- All leads. Both forms can have four arguments; a named step says which is meant.
SELECT at, lead, score, band FROM lead_scoring.score_history_of_all('past', '2026-03-04', '2026-03-12', '4 days') ORDER BY at, lead;
-- A late row changes what history says.
INSERT INTO event VALUES (3, '2026-03-04 08:00', 'order');
SELECT lead, score FROM lead_scoring.scores_at('past', lead_scoring.active_model('past'), '2026-03-06') ORDER BY lead;

-- What if: the draft is tried on everybody, published or not.
UPDATE lead_scoring.rule SET points = 20 WHERE sheet = 'past' AND name = 'order';
SELECT d.lead, s.score AS is_now, d.score AS would_be, d.band
FROM lead_scoring.scores_at('past', lead_scoring.draft_model('past'), '2026-03-06') AS d
JOIN lead_scoring.scores_at('past', lead_scoring.active_model('past'), '2026-03-06') AS s USING (lead) ORDER BY lead;
SELECT count(*) AS revisions FROM lead_scoring.sheet_revision WHERE sheet = 'past';
-- Somebody outside the segment has no score at that moment.
UPDATE lead_scoring.sheet SET segment_signal = 'visit' WHERE name = 'past';
SELECT lead, score FROM lead_scoring.scores_at('past', lead_scoring.draft_model('past'), '2026-03-05') ORDER BY lead;
UPDATE lead_scoring.sheet SET segment_signal = NULL WHERE name = 'past';

-- Errors: a signal that no publish has counted yet; names that lead nowhere.
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('past', 'call', 'call', 5);
SELECT lead_scoring.draft_model('past');
\echo :LAST_ERROR_SQLSTATE
SELECT lead_scoring.draft_model('nothing');
SELECT * FROM lead_scoring.scores_at('nobody', lead_scoring.active_model('past'));
SELECT * FROM lead_scoring.score_history('nothing', '1', '2026-03-01', '2026-03-02');
SELECT lead_scoring.drop_audience('past');
DROP SCHEMA past CASCADE;
