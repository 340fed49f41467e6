-- Partitioned event tables and inheritance children: every node carries the triggers, however it is written to.
\set SHOW_CONTEXT never
CREATE SCHEMA part;
SET search_path = part, public;
SET datestyle = 'ISO';
CREATE TABLE lead (id bigint PRIMARY KEY);
INSERT INTO lead VALUES (1), (2);
CREATE TABLE event (lead bigint, at timestamptz, kind text, amount numeric) PARTITION BY RANGE (at);
CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2025-01-01 00:00+00');
-- A leaf with another column order and a dropped column, and a level in between.
CREATE TABLE event_2025 (amount numeric, gone text, kind text, at timestamptz, lead bigint) PARTITION BY LIST (kind);
ALTER TABLE event_2025 DROP COLUMN gone;
CREATE TABLE event_2025_order (gone integer, kind text, lead bigint, amount numeric, at timestamptz);
ALTER TABLE event_2025_order DROP COLUMN gone;
ALTER TABLE event_2025 ATTACH PARTITION event_2025_order FOR VALUES IN ('order');
CREATE TABLE event_2025_rest PARTITION OF event_2025 DEFAULT;
ALTER TABLE event ATTACH PARTITION event_2025 FOR VALUES FROM ('2025-01-01 00:00+00') TO ('2026-01-01 00:00+00');
INSERT INTO event VALUES (1, '2024-05-01 12:00+00', 'visit', NULL), (1, '2025-05-01 12:00+00', 'visit', NULL);

SELECT lead_scoring.create_audience('leads', 'lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('leads', 'event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition, value) VALUES
    ('leads', 'visit', 'event', 'visit', NULL, NULL), ('leads', 'order', 'event', 'order', 'amount > 0', 'amount');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('main', 'leads');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, measure) VALUES
    ('main', 'visits', 'visit', 1, 'occurrences'), ('main', 'spend', 'order', 1, 'value');
SELECT lead_scoring.publish('main');
CREATE VIEW state AS
    SELECT string_agg(format('%s: %s', lead, score), ', ' ORDER BY lead) AS scores,
           (SELECT count(*) FROM lead_scoring.verify('leads')) AS wrong
    FROM lead_score;
CREATE VIEW triggers AS
    SELECT tgrelid::regclass::text AS node, count(*) FROM pg_trigger
    WHERE tgfoid = 'lead_scoring.track'::regproc AND tgrelid <> 'lead'::regclass GROUP BY 1;
SELECT * FROM triggers ORDER BY node;
SELECT * FROM state;

-- Through the parent, through a level in between, and directly into leaves of any column order.
INSERT INTO event VALUES (1, '2024-06-01', 'visit', NULL), (2, '2025-06-01', 'order', 100), (2, '2025-06-01', 'visit', 7);
SELECT * FROM state;
INSERT INTO event_2025 (lead, at, kind, amount) VALUES (1, '2025-06-02', 'order', 1000);
SELECT * FROM state;
INSERT INTO event_2025_order (lead, at, kind, amount) VALUES (2, '2025-06-02', 'order', 10000), (2, '2025-06-02', 'order', -3);
SELECT * FROM state;
UPDATE event_2025_order SET amount = amount + 1, lead = 3 - lead WHERE amount >= 1000;
SELECT * FROM state;
COPY event_2025_order (amount, lead, kind, at) FROM stdin;
0.25	2	order	2025-06-03
0.25	2	order	2025-06-03
\.
SELECT * FROM state;
DELETE FROM event_2025_order WHERE amount = 0.25;
DELETE FROM event WHERE lead = 1 AND kind = 'visit' AND at < '2024-06-01';
SELECT * FROM state;

-- A row that moves to another partition.
UPDATE event SET at = '2024-12-31' WHERE kind = 'order' AND amount = 100;
SELECT tableoid::regclass, kind, amount FROM event WHERE amount = 100;
SELECT * FROM state;
UPDATE event_2025 SET kind = 'order' WHERE kind = 'visit' AND amount = 7;
SELECT * FROM state;
-- MERGE on the parent.
MERGE INTO event e USING (VALUES (100, 1), (7, 2), (11, 3)) AS n (amount, lead) ON e.amount = n.amount
WHEN MATCHED AND n.lead = 1 THEN DELETE
WHEN MATCHED THEN UPDATE SET amount = 8
WHEN NOT MATCHED THEN INSERT VALUES (1, '2024-02-02', 'order', n.amount);
SELECT * FROM state;
-- A MERGE that has all three actions shows the rows that it moves to another partition to the triggers of DELETE and INSERT.
MERGE INTO event e USING (VALUES (8)) AS n (amount) ON e.amount = n.amount
WHEN MATCHED AND false THEN DELETE
WHEN MATCHED THEN UPDATE SET at = '2024-01-02'
WHEN NOT MATCHED AND false THEN INSERT DEFAULT VALUES;
SELECT * FROM state;
MERGE INTO event e USING (VALUES (8)) AS n (amount) ON e.amount = n.amount
WHEN MATCHED AND false THEN DELETE
WHEN MATCHED THEN UPDATE SET at = '2025-06-01'
WHEN NOT MATCHED AND false THEN INSERT DEFAULT VALUES;
SELECT * FROM state;
-- One that only updates shows them to nobody, in PostgreSQL 15: verify tells, rebuild mends.
MERGE INTO event e USING (VALUES (8)) AS n (amount) ON e.amount = n.amount WHEN MATCHED THEN UPDATE SET amount = 9, at = '2024-01-01';
SELECT problem, lead, detail FROM lead_scoring.verify('leads');
CALL lead_scoring.rebuild('leads');
SELECT * FROM state;

-- New partitions get the triggers, with all levels below them.
CREATE TABLE event_2022 PARTITION OF event FOR VALUES FROM ('2022-01-01 00:00+00') TO ('2023-01-01 00:00+00') PARTITION BY HASH (lead);
CREATE TABLE event_2022_0 PARTITION OF event_2022 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE TABLE event_old PARTITION OF event DEFAULT;
SELECT * FROM triggers ORDER BY node;
INSERT INTO event_2022_0 VALUES (1, '2022-01-01', 'visit', NULL);
INSERT INTO event VALUES (1, '2022-01-02', 'visit', NULL), (1, '1999-01-02', 'visit', NULL);
INSERT INTO event_old VALUES (1, '1999-01-03', 'order', 50);
SELECT * FROM state;

-- ATTACH of an empty table, and of one that brings rows along: they count at once.
CREATE TABLE event_2027 (LIKE event);
ALTER TABLE event ATTACH PARTITION event_2027 FOR VALUES FROM ('2027-01-01 00:00+00') TO ('2028-01-01 00:00+00');
CREATE TABLE event_2023 (LIKE event);
INSERT INTO event_2023 VALUES (2, '2023-03-03', 'visit', NULL);
ALTER TABLE event ATTACH PARTITION event_2023 FOR VALUES FROM ('2023-01-01 00:00+00') TO ('2024-01-01 00:00+00');
SELECT * FROM triggers WHERE node IN ('event_2023', 'event_2027') ORDER BY node;
SELECT * FROM state;
INSERT INTO event_2023 VALUES (2, '2023-03-04', 'visit', NULL);
SELECT * FROM state;

-- TRUNCATE of a leaf, of a level, of all.
TRUNCATE event_2025_order;
SELECT * FROM state;
TRUNCATE event_2025;
SELECT * FROM state;
-- DETACH: the rows are no longer the source's, and the table loses the triggers.
ALTER TABLE event DETACH PARTITION event_2023;
SELECT * FROM state;
SELECT count(*) FROM triggers WHERE node = 'event_2023';
INSERT INTO event_2023 VALUES (2, '2023-03-05', 'visit', NULL);
SELECT * FROM state;
-- DROP TABLE of a partition takes its rows along.
DROP TABLE event_2024;
SELECT * FROM state;
TRUNCATE event;
SELECT * FROM state;

-- Inheritance children of the old kind.
CREATE TABLE note (lead integer, at date, stars integer);
CREATE TABLE phone_note (number text) INHERITS (note);
INSERT INTO phone_note VALUES (1, '2025-01-01', 3, '110');
SELECT lead_scoring.add_source('leads', 'note', 'lead', 'at');
INSERT INTO lead_scoring.signal (audience, name, source, value) VALUES ('leads', 'stars', 'note', 'stars');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, measure) VALUES ('main', 'stars', 'stars', 1, 'value');
SELECT lead_scoring.publish('main');
INSERT INTO note VALUES (1, '2025-01-02', 10);
INSERT INTO phone_note VALUES (2, '2025-01-02', 20, '112');
CREATE TABLE mail_note (subject text) INHERITS (note);
INSERT INTO mail_note VALUES (2, '2025-01-02', 30, 'hello');
SELECT * FROM state;
UPDATE note SET stars = stars + 100;
SELECT * FROM state;
UPDATE phone_note SET stars = stars + 1000;
SELECT * FROM state;
DELETE FROM note WHERE lead = 1;
SELECT * FROM state;
TRUNCATE ONLY note;
SELECT * FROM state;
TRUNCATE phone_note;
SELECT * FROM state;
SELECT lead_scoring.drop_source('leads', 'note');
SELECT * FROM triggers WHERE node LIKE '%note' ORDER BY node;

-- The lead table may be partitioned as well, by its key.
CREATE TABLE person (id integer PRIMARY KEY, country text) PARTITION BY RANGE (id);
CREATE TABLE person_a PARTITION OF person FOR VALUES FROM (0) TO (100);
CREATE TABLE person_b PARTITION OF person FOR VALUES FROM (100) TO (200);
INSERT INTO person VALUES (1, 'DE'), (101, 'US');
SELECT lead_scoring.create_audience('people', 'person', time_zone => 'UTC');
INSERT INTO lead_scoring.signal (audience, name, source, condition) VALUES ('people', 'german', 'profile', 'country = ''DE''');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('people', 'people');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, component) VALUES ('people', 'german', 'german', 1, 'fit');
SELECT lead_scoring.publish('people');
INSERT INTO person VALUES (2, 'DE'), (102, 'DE');
INSERT INTO person_b VALUES (103, 'DE');
UPDATE person SET id = id + 102 WHERE id = 2;
UPDATE person SET id = 150 WHERE id = 1;
DELETE FROM person_b WHERE id = 103;
SELECT lead, score FROM person_score ORDER BY lead;
TRUNCATE person_b;
SELECT lead, score FROM person_score ORDER BY lead;
SELECT * FROM lead_scoring.verify('people');

-- Foreign partitions cannot tell about their rows.
CREATE FOREIGN DATA WRAPPER part_nowhere;
CREATE SERVER part_nowhere FOREIGN DATA WRAPPER part_nowhere;
CREATE TABLE far (lead integer, at date) PARTITION BY RANGE (at);
CREATE FOREIGN TABLE far_1 PARTITION OF far FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') SERVER part_nowhere;
SELECT lead_scoring.add_source('people', 'far', 'lead', 'at');
SELECT lead_scoring.add_source('people', 'far_1', 'lead', 'at');

SELECT lead_scoring.drop_audience('people');
DROP VIEW state;
SELECT lead_scoring.drop_audience('leads');
SELECT tgrelid::regclass FROM pg_trigger WHERE tgfoid = 'lead_scoring.track'::regproc;
SET client_min_messages = warning;
DROP FOREIGN DATA WRAPPER part_nowhere CASCADE;
DROP SCHEMA part CASCADE;
