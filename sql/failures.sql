-- A scoring problem never loses an event: the statement commits, the failure is told, everything else counts, and
-- rebuild brings the lead right once the rule is mended.
\set SHOW_CONTEXT never
CREATE SCHEMA fail;
SET search_path = fail, public;
SET datestyle = 'ISO';
SET timezone = 'UTC';
CREATE TABLE lead (id integer PRIMARY KEY, revenue text);
CREATE TABLE event (id integer, lead integer, at timestamptz, amount text, parts integer, big numeric);
INSERT INTO lead VALUES (1, '100'), (2, '200');
SELECT lead_scoring.create_audience('leads', 'lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('leads', 'event', 'lead', 'at');
INSERT INTO lead_scoring.signal (audience, name, source, condition, value, distinct_by) VALUES
    ('leads', 'event',  'event',   NULL, NULL, NULL),
    ('leads', 'cast',   'event',   'amount::integer > 10', NULL, NULL),
    ('leads', 'share',  'event',   '100 / parts >= 50', NULL, NULL),
    ('leads', 'value',  'event',   'big IS NOT NULL', 'big', NULL),
    ('leads', 'rich',   'profile', 'revenue::numeric > 150', NULL, NULL);
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('main', 'leads');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, component) VALUES
    ('main', 'event', 'event', 1, 'engagement'), ('main', 'cast', 'cast', 10, 'engagement'), ('main', 'share', 'share', 100, 'engagement'),
    ('main', 'value', 'value', 1000, 'engagement'), ('main', 'rich', 'rich', 10000, 'fit');
SELECT lead_scoring.publish('main');
-- What one statement leaves behind: the scores, what verify finds, and the failures.
CREATE VIEW state AS
    SELECT string_agg(format('%s: %s', lead, score), ', ' ORDER BY lead) AS scores,
           (SELECT count(*) FROM lead_scoring.verify('leads')) AS wrong
    FROM lead_score;
CREATE VIEW failures AS
    SELECT source, signal, sqlstate, message, count, sample_key FROM lead_scoring.failure WHERE audience = 'leads'
    ORDER BY source, signal NULLS FIRST, sqlstate;

-- A bad cast, in the middle of a statement of several rows: the row counts for the other signals, and the other
-- rows for all.
INSERT INTO event VALUES (1, 1, '2025-01-01', '11', 1, NULL), (2, 1, '2025-01-01', 'eleven', 2, 1), (3, 2, '2025-01-02', '12', 3, 1);
SELECT count(*) FROM event;
SELECT * FROM state;
SELECT * FROM failures;
-- Division by zero; the same kind of failure is summed, in the statement and over statements.
INSERT INTO event VALUES (4, 2, '2025-01-02', 'a', 0, NULL), (5, 2, '2025-01-02', 'b', 0, NULL);
INSERT INTO event VALUES (6, 2, '2025-01-02', 'c', 1, NULL);
SELECT * FROM state;
SELECT * FROM failures;
SELECT count(*) AS lines FROM lead_scoring.failure_log;

-- A value that is no number, infinite or too large; a number at the edge; an overflow inside the expression.
INSERT INTO event VALUES (10, 1, '2025-01-03', NULL, NULL, 'NaN'), (11, 1, '2025-01-03', NULL, NULL, 'infinity'),
    (12, 1, '2025-01-03', NULL, NULL, 10000000000.0001), (13, 1, '2025-01-03', NULL, NULL, 10000000000), (14, 1, '2025-01-03', '99999999999', NULL, NULL);
SELECT * FROM state;
SELECT * FROM failures WHERE signal IN ('value', 'cast');
-- No lead, no time, a time outside the calendar: such a row counts for nothing.
INSERT INTO event VALUES (20, NULL, '2025-01-03', '11', 1, NULL), (21, 1, NULL, '11', 1, NULL), (22, 1, 'infinity', '11', 1, NULL),
    (23, 1, '-infinity', '11', 1, NULL), (24, 1, '294276-12-31 23:59', '11', 1, NULL), (25, 1, '10000-01-01', '11', 1, NULL),
    (26, 1, '1399-12-31', '11', 1, NULL), (27, 1, '4713-01-01 BC', '11', 1, NULL);
SELECT * FROM state;
SELECT * FROM failures WHERE signal IS NULL;
-- The first and the last day of the calendar do count; the last one has not come yet.
INSERT INTO event VALUES (28, 1, '1400-01-01', '11', 1, NULL), (29, 1, '9999-12-31', '11', 1, NULL);
SELECT * FROM state;
-- The profile fails as any other source; its lead is scored all the same.
INSERT INTO lead VALUES (3, 'a lot');
UPDATE lead SET revenue = '?' WHERE id = 2;
SELECT * FROM state;
SELECT * FROM failures WHERE source = 'profile';

-- Corrected rows count; deleted ones do not leave anything behind, though they have failed when they came.
UPDATE event SET amount = '14', parts = 1 WHERE id IN (4, 14);
SELECT * FROM state;
DELETE FROM event WHERE id IN (5, 12, 20, 22, 24);
SELECT * FROM state;
UPDATE event SET lead = 1, at = '2025-01-04' WHERE id IN (21, 23);
SELECT * FROM state;

-- COPY commits as well.
COPY event (id, lead, at, amount, parts) FROM stdin;
40	1	2025-01-05	x	0
41	1	2025-01-05	20	1
\.
SELECT count(*) FROM event WHERE id IN (40, 41);
SELECT * FROM state;

-- A mended condition is published, and everything in the past counts as it says.
UPDATE lead_scoring.signal SET condition = 'amount ~ ''^[0-9]{1,9}$'' AND amount::integer > 10' WHERE audience = 'leads' AND name = 'cast';
UPDATE lead_scoring.signal SET condition = 'parts <> 0 AND 100 / nullif(parts, 0) >= 50' WHERE audience = 'leads' AND name = 'share';
UPDATE lead_scoring.signal SET condition = 'revenue ~ ''^[0-9.]+$'' AND revenue::numeric > 150' WHERE audience = 'leads' AND name = 'rich';
SELECT lead_scoring.publish('main');
SELECT * FROM state;
DELETE FROM lead_scoring.failure_log;
CALL lead_scoring.rebuild('leads');
SELECT * FROM state;
SELECT * FROM failures;
INSERT INTO event VALUES (50, 1, '2025-01-05', 'y', 0, NULL);
SELECT * FROM failures WHERE signal IN ('cast', 'share');

-- A function that changes: the row that failed when it came counts -1 when it goes, which rebuild brings right.
CREATE FUNCTION moody(parts integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RAISE EXCEPTION 'not today' USING ERRCODE = 'LS001';
END $$;
INSERT INTO lead_scoring.signal (audience, name, source, condition) VALUES ('leads', 'moody', 'event', 'fail.moody(parts)');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('main', 'moody', 'moody', 100000);
SELECT lead_scoring.publish('main');
SELECT * FROM failures WHERE signal = 'moody';
INSERT INTO event VALUES (60, 2, '2025-01-06', NULL, NULL, NULL);
SELECT * FROM failures WHERE signal = 'moody';
CREATE OR REPLACE FUNCTION moody(parts integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
DELETE FROM event WHERE id = 60;
SELECT lead, e.count FROM lead_tally, lead_scoring.entries(base OPERATOR(lead_scoring.+) recent) e
JOIN lead_scoring.signal_version v ON v.number = e.signal WHERE v.signal = 'moody';
SELECT problem, lead FROM lead_scoring.verify('leads') ORDER BY lead;
CALL lead_scoring.rebuild('leads');
SELECT * FROM state;

-- What is no scoring problem surfaces as usual.
CREATE OR REPLACE FUNCTION moody(parts integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RAISE EXCEPTION 'cannot serialize' USING ERRCODE = 'serialization_failure';
END $$;
INSERT INTO event VALUES (61, 2, '2025-01-06', NULL, NULL, NULL);
SELECT count(*) FROM event WHERE id = 61;
CREATE OR REPLACE FUNCTION moody(parts integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    PERFORM pg_sleep(10);
    RETURN true;
END $$;
SET statement_timeout = '100ms';
INSERT INTO event VALUES (61, 2, '2025-01-06', NULL, NULL, NULL);
RESET statement_timeout;
SELECT count(*) FROM event WHERE id = 61;
-- A condition that tries to write fails like any other.
CREATE TABLE notes (text text);
CREATE OR REPLACE FUNCTION moody(parts integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    INSERT INTO fail.notes VALUES ('was here');
    RETURN true;
END $$;
INSERT INTO event VALUES (62, 2, '2025-01-06', NULL, NULL, NULL);
SELECT * FROM notes;
SELECT signal, sqlstate, message FROM failures WHERE signal = 'moody';
-- A function that is gone.
DROP FUNCTION moody;
INSERT INTO event VALUES (63, 2, '2025-01-06', '20', 1, NULL);
SELECT signal, sqlstate, message, count FROM failures WHERE signal = 'moody';
SELECT lead, score FROM lead_score WHERE lead = 2;

-- Many statements fail: refresh sums the log up. Messages of one kind of error are one line, with the last of them.
DELETE FROM lead_scoring.failure_log;
DO $$
BEGIN
    FOR n IN 1..1100 LOOP
        INSERT INTO fail.event VALUES (100 + n, CASE WHEN n % 2 = 0 THEN 1 END, '2025-01-07', NULL, NULL, 'NaN');
    END LOOP;
END $$;
INSERT INTO lead_scoring.failure_log (audience, source, signal, sqlstate, message, count, sample_key, at)
VALUES ('leads', 'event', 'cast', '22P02', 'bad "1"', 3, '1', '2025-01-01'), ('leads', 'event', 'cast', '22P02', 'bad "2"', 4, '2', '2025-01-02');
CREATE TABLE before AS SELECT source, signal, sqlstate, sum(count) AS count, min(first_at) AS first_at, max(last_at) AS last_at
    FROM lead_scoring.failure GROUP BY source, signal, sqlstate;
CALL lead_scoring.refresh('leads');
SELECT f.source, f.signal, f.sqlstate, f.message, f.count, f.sample_key, (f.count, f.first_at, f.last_at) = (b.count, b.first_at, b.last_at) AS as_before
FROM lead_scoring.failure AS f LEFT JOIN before AS b ON (b.source, b.sqlstate) = (f.source, f.sqlstate) AND b.signal IS NOT DISTINCT FROM f.signal
ORDER BY f.signal, f.sqlstate;
SELECT count(*) FROM lead_scoring.failure_log;

DROP VIEW state, failures;
SELECT lead_scoring.drop_audience('leads');
SELECT count(*) FROM lead_scoring.failure;
SET client_min_messages = warning;
DROP SCHEMA fail CASCADE;
