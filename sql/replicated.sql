-- What replication applies: its worker runs under session_replication_role = replica, as the sessions here do. Rows
-- count when the transaction commits, or at once inside a savepoint. test/tap has the worker itself.
CREATE SCHEMA rep;
SET search_path = rep, public;
CREATE TABLE lead (id bigint PRIMARY KEY, country text, score integer, band text);
CREATE TABLE event (id integer PRIMARY KEY, lead bigint, at date, kind text, amount text);
CREATE TABLE click (lead bigint, at date) PARTITION BY RANGE (at);
CREATE TABLE click_2025 PARTITION OF click FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE click_2026 (at date, lead bigint);
ALTER TABLE click ATTACH PARTITION click_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
SELECT lead_scoring.create_audience('a', 'lead', time_zone => 'UTC', score_column => 'score', band_column => 'band');
SELECT lead_scoring.create_audience('b', 'lead', time_zone => 'UTC', score_table => 'b_score', tally_table => 'b_tally',
                                    band_change_table => 'b_change', pending_table => 'b_pending');
SELECT lead_scoring.add_source('a', 'event', 'lead', 'at', 'kind');
SELECT lead_scoring.add_source('a', 'click', 'lead', 'at');
SELECT lead_scoring.add_source('b', 'event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, value, condition) VALUES
    ('a', 'order', 'event', 'order', 'amount::numeric', NULL), ('a', 'click', 'click', NULL, NULL, NULL), ('a', 'german', 'profile', NULL, NULL, 'country = ''DE'''),
    ('b', 'visit', 'event', 'visit', NULL, NULL);
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('a', 'a'), ('b', 'b');
INSERT INTO lead_scoring.rule (sheet, name, signal, measure, points, component) VALUES
    ('a', 'orders', 'order', 'value', 1, 'engagement'), ('a', 'clicks', 'click', 'occurrences', 1000, 'engagement'),
    ('a', 'german', 'german', 'occurrences', 5, 'fit'), ('b', 'visits', 'visit', 'occurrences', 1, 'engagement');
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('a', 'MQL', 1, 1000);
SELECT lead_scoring.publish('a');
SELECT lead_scoring.publish('b');
CREATE VIEW state AS
    SELECT (SELECT string_agg(format('%s: %s %s', lead, score, band), ', ' ORDER BY lead) FROM lead_score) AS a,
           (SELECT string_agg(format('%s: %s', lead, score), ', ' ORDER BY lead) FROM b_score) AS b,
           (SELECT count(*) FROM lead_scoring.verify('a')) + (SELECT count(*) FROM lead_scoring.verify('b'))
           + (SELECT count(*) FROM lead AS l JOIN lead_score AS s ON s.lead = l.id
              WHERE (l.score, l.band) IS DISTINCT FROM (s.score, s.band)) AS wrong;
SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger
WHERE tgname IN ('lead_scoring_replica', 'lead_scoring_truncate') AND tgfoid = 'lead_scoring.track'::regproc ORDER BY tgrelid::regclass::text, tgname;

SET session_replication_role = replica;
INSERT INTO lead VALUES (1, 'DE'), (2, 'FR');
SELECT * FROM state;
COPY event FROM stdin (NULL '');
1	1	2025-03-01	order	100
2	1	2025-03-01	order	100
3	2	2025-03-01	visit	
4	2	2025-03-01	order	a lot
5		2025-03-01	order	1
\.
COPY click FROM stdin;
1	2025-06-01
1	2026-06-01
2	2026-06-02
\.
SELECT * FROM state;
SELECT audience, signal, message, count, sample_key FROM lead_scoring.failure ORDER BY audience, message;
-- Updates of what counts, of the key, of nothing; rows that move to another partition; deletes.
UPDATE event SET amount = '150' WHERE id = 1;
UPDATE event SET lead = 2 WHERE id = 2;
UPDATE event SET kind = kind;
UPDATE click SET at = '2025-12-31', lead = 2 WHERE lead = 1 AND at = '2026-06-01';
DELETE FROM event WHERE id = 3;
SELECT * FROM state;
-- Lead rows: a country, a key, columns that mirror the score and came from elsewhere, and one that goes.
UPDATE lead SET country = 'DE', score = 7, band = 'other' WHERE id = 2;
UPDATE lead SET id = 3 WHERE id = 1;
SELECT * FROM state;
DELETE FROM lead WHERE id = 3;
SELECT * FROM state;
INSERT INTO lead VALUES (3, 'DE');
SELECT * FROM state;

-- The scores of a transaction come with its end, the leads in their order; a savepoint's rows count at once, and go with it.
CREATE FUNCTION scores() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(format('%s: %s', lead, score), ', ' ORDER BY lead) FROM rep.lead_score $$;
BEGIN;
INSERT INTO event VALUES (10, 3, '2025-03-02', 'order', 1);
SELECT scores();
SAVEPOINT a;
INSERT INTO event VALUES (11, 3, '2025-03-02', 'order', 10);
SELECT scores();
ROLLBACK TO a;
SELECT scores();
INSERT INTO event VALUES (12, 3, '2025-03-02', 'order', 20);
SAVEPOINT b;
INSERT INTO event VALUES (13, 2, '2025-03-02', 'order', 30);
RELEASE a;
INSERT INTO event VALUES (14, 2, '2025-03-02', 'order', 40);
SELECT scores();
COMMIT;
SELECT scores();
SELECT * FROM state;
-- A transaction that counts in a savepoint, loses it, and goes on.
BEGIN;
INSERT INTO event VALUES (20, 2, '2025-03-03', 'order', 100);
SAVEPOINT a;
SELECT * FROM lead_scoring.verify('a');
ROLLBACK TO a;
INSERT INTO event VALUES (21, 2, '2025-03-03', 'order', 200), (22, 3, '2025-03-03', 'order', 300);
SAVEPOINT b;
SELECT * FROM lead_scoring.verify('a');
RELEASE b;
INSERT INTO event VALUES (23, 2, '2025-03-03', 'order', 400);
COMMIT;
SELECT * FROM state;
BEGIN;
INSERT INTO event VALUES (24, 2, '2025-03-03', 'order', 500);
ROLLBACK;
SELECT * FROM state;

-- TRUNCATE, alone and among rows of the same transaction; of one partition; in a savepoint that is rolled back.
BEGIN;
INSERT INTO event VALUES (30, 2, '2025-03-03', 'order', 1), (31, 2, '2025-03-03', 'visit', NULL);
TRUNCATE event;
INSERT INTO event VALUES (32, 2, '2025-03-03', 'order', 2);
COMMIT;
SELECT * FROM state;
BEGIN;
INSERT INTO event VALUES (33, 3, '2025-03-03', 'order', 3);
SAVEPOINT a;
TRUNCATE event;
ROLLBACK TO a;
INSERT INTO event VALUES (34, 3, '2025-03-03', 'visit', NULL);
COMMIT;
SELECT * FROM state;
TRUNCATE click_2026;
SELECT * FROM state;
TRUNCATE click;
SELECT * FROM state;

-- Who changes the catalog in between.
BEGIN;
INSERT INTO event VALUES (40, 3, '2025-03-04', 'order', 7), (41, 3, '2025-03-04', 'quote', NULL);
SET LOCAL session_replication_role = origin;
INSERT INTO lead_scoring.signal (audience, name, source, event_type) VALUES ('a', 'quote', 'event', 'quote');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('a', 'quotes', 'quote', 50);
SELECT lead_scoring.publish('a');
SET LOCAL session_replication_role = replica;
INSERT INTO event VALUES (42, 3, '2025-03-04', 'quote', NULL);
COMMIT;
SELECT * FROM state;
BEGIN;
INSERT INTO click VALUES (3, '2025-03-04');
SET LOCAL session_replication_role = origin;
SELECT lead_scoring.drop_source('a', 'click');
COMMIT;
SELECT * FROM state;

-- Triggers of others on our tables fire as well, deferred ones too, and what they write counts.
CREATE FUNCTION thank() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.score >= 5000 AND NOT EXISTS (SELECT FROM rep.event WHERE id = 1000) THEN
        INSERT INTO rep.event VALUES (1000, NEW.lead, '2025-03-05', 'order', 10000);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER thank AFTER UPDATE ON lead_score DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION thank();
ALTER TABLE lead_score ENABLE ALWAYS TRIGGER thank;
INSERT INTO event VALUES (50, 2, '2025-03-05', 'order', 5000);
SELECT * FROM state;
BEGIN;
INSERT INTO event VALUES (51, 2, '2025-03-05', 'order', 70000);
PREPARE TRANSACTION 'rep';
COMMIT PREPARED 'rep';
SELECT * FROM state;

-- An ordinary session has nothing to do with it, whatever triggers are enabled; and those of replication become again what
-- they were.
RESET session_replication_role;
ALTER TABLE event ENABLE ALWAYS TRIGGER lead_scoring_insert, ENABLE ALWAYS TRIGGER lead_scoring_replica;
INSERT INTO event VALUES (60, 2, '2025-03-06', 'order', 100000);
SELECT * FROM state;
SET session_replication_role = replica;
INSERT INTO event VALUES (61, 2, '2025-03-06', 'order', 100000);
SELECT * FROM state;
RESET session_replication_role;
ALTER TABLE event DISABLE TRIGGER ALL;
ALTER TABLE event ENABLE TRIGGER ALL;
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'event'::regclass ORDER BY tgname;

-- The lead table is dropped while rows wait: nobody is left to score.
DROP VIEW state;
SELECT lead_scoring.drop_audience('b');
SET client_min_messages = warning;
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO event VALUES (70, 2, '2025-03-07', 'order', 1);
SET LOCAL session_replication_role = origin;
DROP TABLE lead CASCADE;
COMMIT;
SELECT count(*) FROM lead_scoring.audience;
DROP SCHEMA rep CASCADE;
