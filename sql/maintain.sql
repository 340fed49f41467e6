-- Triggers keep tallies and scores exact through every kind of statement.
\set SHOW_CONTEXT never
CREATE SCHEMA mnt;
SET search_path = mnt, public;
SET datestyle = 'ISO';
CREATE TABLE lead (id integer PRIMARY KEY, country text, note text);
CREATE TABLE event (id integer PRIMARY KEY, lead integer, at timestamptz, kind text, page text, amount numeric, comment text);
SELECT lead_scoring.create_audience('leads', 'lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('leads', 'event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition, value, distinct_by) VALUES
    ('leads', 'visit', 'event', 'visit', NULL, NULL, 'page'), ('leads', 'order', 'event', 'order', NULL, 'amount', NULL),
    ('leads', 'german', 'profile', NULL, 'country = ''DE''', NULL, NULL);
INSERT INTO lead_scoring.sheet (name, audience, min_score) VALUES ('main', 'leads', -100);
INSERT INTO lead_scoring.rule (sheet, name, signal, points, measure, component, repeat_limit) VALUES
    ('main', 'visits', 'visit', 1, 'occurrences', 'engagement', NULL),
    ('main', 'first visit', 'visit', 10, 'occurrences', 'engagement', 1),
    ('main', 'spend', 'order', 1, 'value', 'engagement', NULL),
    ('main', 'Germany', 'german', 1000, 'occurrences', 'fit', NULL);
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('main', 'warm', 1, 11), ('main', 'hot', 2, 100);
SELECT lead_scoring.publish('main');

-- After each statement: every lead's score, and what verify finds (nothing).
CREATE VIEW state AS
    SELECT string_agg(format('%s: %s%s', lead, score, ' ' || band), ', ' ORDER BY lead) AS scores,
           (SELECT count(*) FROM lead_scoring.verify('leads')) AS wrong
    FROM lead_score;

-- INSERT of many rows, of one, of none; leads before their events and events before their leads.
INSERT INTO lead VALUES (1, 'DE'), (2, 'US');
SELECT * FROM state;
INSERT INTO event SELECT n, 1 + n % 3, '2025-01-01 12:00+00'::timestamptz + n * interval '1 day', 'visit', '/' || n FROM generate_series(1, 6) n;
SELECT * FROM state;
INSERT INTO event VALUES (7, 2, '2025-02-01', 'order', NULL, 99.5);
SELECT * FROM state;
INSERT INTO event SELECT * FROM event WHERE false;
SELECT * FROM state;
-- The visits of lead 3 are counted though there is no such lead yet; when it comes, its past is there.
SELECT lead_scoring.tally('leads', '3');
INSERT INTO lead VALUES (3, NULL);
SELECT * FROM state;

-- COPY.
COPY event (id, lead, at, kind, page, amount) FROM stdin;
8	1	2024-12-31 12:00+00	visit	/late	\N
9	1	2025-02-02 12:00+00	order	\N	10
10	4	2025-02-02 12:00+00	order	\N	77
11	3	2025-02-02 12:00+00	chat	\N	\N
\.
SELECT * FROM state;

-- UPDATE: of values, of types, of times, of the lead key; of rows that do not count, to rows that do.
UPDATE event SET amount = amount + 1 WHERE kind = 'order';
SELECT * FROM state;
UPDATE event SET kind = 'visit' WHERE id IN (9, 11);
SELECT * FROM state;
UPDATE event SET at = '2999-01-01' WHERE id = 7;
SELECT * FROM state;
UPDATE event SET at = '2025-02-01' WHERE id = 7;
UPDATE event SET lead = 3 WHERE lead = 1;
SELECT * FROM state;
UPDATE event SET lead = 5 - lead WHERE lead IN (2, 3);
SELECT * FROM state;
UPDATE event SET lead = NULL WHERE id = 7;
SELECT * FROM state;
UPDATE event SET lead = 3 WHERE id = 7;
SELECT * FROM state;
UPDATE event SET amount = 1000000 WHERE false;
SELECT * FROM state;
-- A key that the statement gives away and takes back.
UPDATE event SET id = id + 100;
SELECT * FROM state;

-- The lead table is a source as well: profile changes, new keys, deletion.
UPDATE lead SET country = 'DE' WHERE id = 2;
SELECT * FROM state;
UPDATE lead SET id = 4 WHERE id = 1;
SELECT * FROM state;
SELECT lead, base OPERATOR(lead_scoring.+) recent AS tally FROM lead_tally ORDER BY lead;
DELETE FROM lead WHERE id = 2;
SELECT * FROM state;
-- The tally of its events stays, and is there again when the lead comes back.
SELECT lead_scoring.tally('leads', '2');
INSERT INTO lead VALUES (2, 'FR');
SELECT * FROM state;

-- DELETE, of some rows, of none; a tally without rows and without lead vanishes.
DELETE FROM event WHERE kind = 'order' AND lead = 3;
SELECT * FROM state;
DELETE FROM event WHERE id = -1;
SELECT * FROM state;
INSERT INTO event VALUES (20, 99, '2025-01-01', 'visit');
SELECT lead_scoring.tally('leads', '99');
DELETE FROM event WHERE id = 20;
SELECT lead_scoring.tally('leads', '99') IS NULL AS vanished;

-- ON CONFLICT: one statement that inserts and updates.
INSERT INTO event (id, lead, at, kind, amount) VALUES (30, 2, '2025-03-01', 'order', 5), (110, 4, '2025-03-01', 'order', 50)
ON CONFLICT (id) DO UPDATE SET amount = excluded.amount;
SELECT * FROM state;
INSERT INTO event (id, lead, at, kind, amount) VALUES (30, 2, '2025-03-01', 'order', 5000) ON CONFLICT DO NOTHING;
SELECT * FROM state;

-- MERGE: inserts, updates and deletes at once.
MERGE INTO event e USING (VALUES (30, 2, 7), (31, 3, 8), (110, 4, NULL)) AS n (id, lead, amount) ON e.id = n.id
WHEN MATCHED AND n.amount IS NULL THEN DELETE
WHEN MATCHED THEN UPDATE SET amount = n.amount
WHEN NOT MATCHED THEN INSERT (id, lead, at, kind, amount) VALUES (n.id, n.lead, '2025-03-02', 'order', n.amount);
SELECT * FROM state;

-- Writable CTEs over both tables in one statement.
WITH new_lead AS (INSERT INTO lead VALUES (6, 'DE') RETURNING id),
     new_event AS (INSERT INTO event (id, lead, at, kind) SELECT 40, id, '2025-03-03', 'visit' FROM new_lead RETURNING lead),
     gone AS (DELETE FROM event WHERE id = 31 RETURNING lead)
SELECT (SELECT count(*) FROM new_event) AS inserted, (SELECT count(*) FROM gone) AS deleted;
SELECT * FROM state;

-- Foreign keys that cascade, and rows that change the same table again.
CREATE TABLE basket (id integer PRIMARY KEY);
INSERT INTO basket VALUES (1), (2);
ALTER TABLE event ADD basket integer REFERENCES basket ON DELETE CASCADE ON UPDATE CASCADE;
INSERT INTO event (id, lead, at, kind, amount, basket) VALUES (50, 6, '2025-03-04', 'order', 1, 1), (51, 6, '2025-03-04', 'order', 2, 2);
SELECT * FROM state;
DELETE FROM basket WHERE id = 1;
UPDATE basket SET id = 3 WHERE id = 2;
SELECT * FROM state;

-- Savepoints and rollback.
BEGIN;
INSERT INTO event (id, lead, at, kind) VALUES (60, 6, '2025-03-05', 'visit');
SAVEPOINT a;
INSERT INTO event (id, lead, at, kind) VALUES (61, 6, '2025-03-05', 'visit');
DELETE FROM lead WHERE id = 4;
SELECT * FROM state;
ROLLBACK TO a;
SELECT * FROM state;
INSERT INTO event (id, lead, at, kind) VALUES (62, 6, '2025-03-05', 'visit'), (62, 6, '2025-03-05', 'visit');
ROLLBACK TO a;
SELECT * FROM state;
COMMIT;
SELECT * FROM state;

-- An unchanged row costs no write: neither a column that no signal reads, nor a value set to what it is, nor an
-- event that no signal counts touches a tally or a score.
CREATE VIEW rows_now AS
    SELECT 'tally' AS kind, lead, ctid AS place, xmin::text AS writer FROM lead_tally
    UNION ALL SELECT 'score', lead, ctid, xmin::text FROM lead_score;
CREATE TEMP TABLE rows_before AS SELECT * FROM rows_now;
UPDATE event SET comment = 'called back', amount = amount, at = at;
UPDATE lead SET note = 'nice', country = country;
INSERT INTO event (id, lead, at, kind) VALUES (70, 6, '2025-03-06', 'chat');
UPDATE event SET kind = 'phone' WHERE id = 70;
DELETE FROM event WHERE id = 70;
SELECT (SELECT count(*) FROM rows_before) AS rows, (SELECT count(*) FROM (TABLE rows_before INTERSECT TABLE rows_now) s) AS untouched;
-- A change of the tally that does not change the score writes the tally only.
INSERT INTO event (id, lead, at, kind, amount) VALUES (71, 6, '2025-03-05', 'order', 0.1);
SELECT kind, lead FROM (SELECT * FROM rows_before EXCEPT SELECT * FROM rows_now) w;
SELECT * FROM lead_scoring.verify('leads');

-- Band changes chain: each begins where the one before ended.
SELECT lead, from_band, to_band, score, cause FROM lead_band_change WHERE lead IN (1, 2, 6) ORDER BY id;
SELECT count(*) AS broken FROM (
    SELECT from_band, lag(to_band) OVER (PARTITION BY lead, sheet ORDER BY id) AS before FROM lead_band_change) c
WHERE from_band IS DISTINCT FROM before;

-- Where triggers do not fire rebuild brings things right, and verify says what is wrong until then.
ALTER TABLE event DISABLE TRIGGER USER;
ALTER TABLE lead DISABLE TRIGGER USER;
INSERT INTO event (id, lead, at, kind, amount) VALUES (80, 2, '2025-03-07', 'order', 500), (81, 77, '2025-03-07', 'order', 1);
DELETE FROM event WHERE lead = 4;
DELETE FROM lead WHERE id = 6;
INSERT INTO lead VALUES (8, 'DE');
ALTER TABLE event ENABLE TRIGGER USER;
ALTER TABLE lead ENABLE TRIGGER USER;
SELECT * FROM lead_scoring.verify('leads') ORDER BY problem, lead, sheet;
CALL lead_scoring.rebuild('leads');
SELECT * FROM state;
-- In batches as small as one lead.
UPDATE lead_tally SET base = '{1@1:1}', recent = '{}';
DELETE FROM lead_tally WHERE lead = 3;
UPDATE lead_score SET score = 7;
CALL lead_scoring.rebuild('leads', batch_size => 1);
SELECT * FROM state;
-- rebuild commits as it goes, so it cannot be part of a transaction.
BEGIN;
CALL lead_scoring.rebuild('leads');
ROLLBACK;
CALL lead_scoring.rebuild('nobody');
CALL lead_scoring.rebuild(NULL);
CALL lead_scoring.rebuild('leads', 0);
CALL lead_scoring.rebuild('leads', NULL);
SELECT lead_scoring.rebuild_batch(NULL, NULL, NULL);

-- A lead of many events: its tally is kept in two parts, and the small one is folded into the large one.
INSERT INTO event (id, lead, at, kind, page)
SELECT 1000 + n, 2, '2024-01-01 12:00+00'::timestamptz + n * interval '1 hour', 'visit', 'p' || n % 97 FROM generate_series(1, 3000) n;
SELECT lead, pg_column_size(base) > 3000 AS large_base, recent FROM lead_tally WHERE lead = 2;
SELECT * FROM state;
INSERT INTO event (id, lead, at, kind, page) SELECT 5000 + n, 2, '2025-04-01', 'visit', n::text FROM generate_series(1, 10) n;
SELECT lead, lead_scoring.entry_count(recent) FROM lead_tally WHERE lead = 2;
SELECT * FROM state;

-- TRUNCATE, alone and together.
TRUNCATE event;
SELECT * FROM state;
SELECT lead, base OPERATOR(lead_scoring.+) recent AS tally FROM lead_tally ORDER BY lead;
INSERT INTO event (id, lead, at, kind, amount) VALUES (1, 2, '2025-03-07', 'order', 500), (2, 5, '2025-03-07', 'order', 1);
SELECT * FROM state;
BEGIN;
TRUNCATE lead;
SELECT * FROM state;
SELECT lead, base OPERATOR(lead_scoring.+) recent AS tally FROM lead_tally ORDER BY lead;
ROLLBACK;
SELECT * FROM state;
TRUNCATE lead, event;
SELECT * FROM state;
SELECT lead, base OPERATOR(lead_scoring.+) recent AS tally FROM lead_tally ORDER BY lead;

-- Columns come, go and change their type. A signal that has lost its column fails by itself, and is mended by
-- writing and publishing it anew.
INSERT INTO lead VALUES (1, 'DE');
ALTER TABLE event DROP COLUMN comment, ADD COLUMN device text DEFAULT 'phone', DROP COLUMN page;
INSERT INTO event (id, lead, at, kind, amount) VALUES (1, 1, '2025-03-07', 'order', 5), (2, 1, '2025-03-07', 'visit', NULL);
SELECT * FROM state;
SELECT source, signal, sqlstate, message, count, sample_key FROM lead_scoring.failure WHERE signal IS NOT NULL;
UPDATE lead_scoring.signal SET distinct_by = 'device' WHERE audience = 'leads' AND name = 'visit';
SELECT lead_scoring.publish('main');
SELECT * FROM state;
ALTER TABLE event ALTER amount TYPE integer;
UPDATE event SET amount = 6 WHERE id = 1;
SELECT * FROM state;

-- Views over the tables of an audience keep it from being dropped.
SELECT lead_scoring.drop_audience('leads');
DROP VIEW state, rows_now;
SELECT lead_scoring.drop_audience('leads');
SET client_min_messages = warning;
DROP SCHEMA mnt CASCADE;
