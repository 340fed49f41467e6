-- What happens to the tables of an audience and its sources over the years: renamed, moved, given to others, detached,
-- dropped. Events always go in, and what counts is what is there.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_ls_first;
CREATE ROLE regress_ls_second;
CREATE ROLE regress_ls_loader;
CREATE SCHEMA old_name;
CREATE SCHEMA archive;
CREATE SCHEMA attic;
GRANT ALL ON SCHEMA old_name, archive, attic TO regress_ls_first, regress_ls_second, regress_ls_loader;
SET ROLE regress_ls_first;
CREATE TABLE old_name.lead (id bigint PRIMARY KEY, country text, score integer, band text) PARTITION BY RANGE (id);
CREATE TABLE old_name.lead_1 PARTITION OF old_name.lead FOR VALUES FROM (1) TO (100);
CREATE TABLE old_name.lead_2 PARTITION OF old_name.lead FOR VALUES FROM (100) TO (200);
CREATE TABLE old_name.event (lead bigint, at date, kind text, unused integer) PARTITION BY RANGE (at);
CREATE TABLE old_name.e2019 PARTITION OF old_name.event FOR VALUES FROM ('2019-01-01') TO ('2020-01-01');
CREATE TABLE old_name.e2020 PARTITION OF old_name.event FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE archive.e2021 PARTITION OF old_name.event FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE attic.e2022 PARTITION OF old_name.event FOR VALUES FROM ('2022-01-01') TO ('2023-01-01') PARTITION BY LIST (kind);
CREATE TABLE attic.e2022_visit PARTITION OF attic.e2022 FOR VALUES IN ('visit');
CREATE TABLE old_name.e2023 PARTITION OF old_name.event FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE old_name.e2024 PARTITION OF old_name.event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE old_name.note (lead bigint, at date);
CREATE TABLE old_name.mail_note (subject text) INHERITS (old_name.note);
INSERT INTO old_name.lead VALUES (1), (2), (101);
SELECT lead_scoring.create_audience('life', 'old_name.lead', time_zone => 'UTC', score_column => 'score', band_column => 'band');
SELECT lead_scoring.add_source('life', 'old_name.event', 'lead', 'at', 'kind');
SELECT lead_scoring.add_source('life', 'old_name.note', 'lead', 'at');
INSERT INTO lead_scoring.signal (audience, name, source, event_type) VALUES ('life', 'visit', 'event', 'visit'), ('life', 'note', 'note', NULL);
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('life', 'life');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('life', 'visits', 'visit', 1), ('life', 'notes', 'note', 100);
INSERT INTO lead_scoring.band (sheet, rank, name, min_score) VALUES ('life', 1, 'MQL', 6);
SELECT lead_scoring.publish('life');
RESET ROLE;
CREATE FUNCTION pg_temp.state(OUT scores text, OUT wrong bigint) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT string_agg(format(''%%s: %%s %%s'', lead, score, band), '', '' ORDER BY lead) FROM %s', a.score_table)
    FROM lead_scoring.audience AS a WHERE a.name = 'life' INTO scores;
    wrong := (SELECT count(*) FROM lead_scoring.verify('life'));
END $$;
SELECT format('INSERT INTO old_name.event (lead, at, kind) VALUES (%s, ''%s-05-05'', ''visit'')', lead, year) FROM generate_series(2019, 2024) AS year, unnest('{1,2,101}'::int[]) AS lead \gexec
INSERT INTO old_name.note VALUES (1, '2024-01-01');
INSERT INTO old_name.mail_note VALUES (2, '2024-01-01', 'hello');
-- Statements that are rarely needed are prepared by now.
DELETE FROM old_name.lead WHERE id = 101;
INSERT INTO old_name.lead VALUES (101);
SELECT * FROM pg_temp.state();

-- Names and schemas change under a session that has everything prepared.
ALTER SCHEMA old_name RENAME TO new_name;
INSERT INTO new_name.event VALUES (1, '2024-05-06', 'visit');
DELETE FROM new_name.lead WHERE id = 101;
INSERT INTO new_name.lead VALUES (101);
SELECT * FROM pg_temp.state();
CREATE SCHEMA third AUTHORIZATION regress_ls_first;
ALTER TABLE new_name.lead SET SCHEMA third;
ALTER TABLE new_name.event SET SCHEMA third;
ALTER TABLE new_name.lead_score SET SCHEMA third;
ALTER TABLE new_name.lead_tally RENAME TO "sums of leads";
ALTER TABLE new_name.lead_pending RENAME TO waiting;
ALTER TABLE new_name.lead_band_change SET SCHEMA third;
ALTER VIEW new_name.lead_score_now RENAME TO now_view;
INSERT INTO third.event VALUES (2, '2024-05-06', 'visit');
DELETE FROM third.lead WHERE id = 101;
INSERT INTO third.lead VALUES (101);
CALL lead_scoring.refresh('life');
CALL lead_scoring.rebuild('life');
SELECT * FROM pg_temp.state();
SELECT lead, score FROM new_name.now_view ORDER BY lead;
SELECT id, score, band FROM third.lead ORDER BY id;
SELECT lead, next_step FROM new_name.lead_handoff;
-- A column that nobody uses comes and goes; one of the score table that its user added as well.
ALTER TABLE third.event DROP COLUMN unused, ADD COLUMN more text;
ALTER TABLE third.lead_score ADD COLUMN remark text;
INSERT INTO third.event VALUES (2, '2024-05-07', 'visit', 'more');
ALTER TABLE third.lead_score DROP COLUMN remark;
INSERT INTO third.event VALUES (2, '2024-05-08', 'visit', 'more');
SELECT * FROM pg_temp.state();

-- Another owner of the lead table owns all of the audience, and may do all with it.
ALTER TABLE third.lead OWNER TO regress_ls_second;
SELECT relkind, relname FROM pg_class WHERE relowner = 'regress_ls_second'::regrole AND relkind IN ('r', 'p', 'v') ORDER BY relname;
GRANT USAGE ON SCHEMA third TO regress_ls_second;
-- What the new owner may not read does not count, because his expressions would see it. That is told, and mended.
INSERT INTO third.event VALUES (2, '2024-05-09', 'visit');
SELECT source, signal, sqlstate, message, count FROM lead_scoring.failure;
SELECT scores FROM (SELECT string_agg(format('%s: %s', lead, score), ', ' ORDER BY lead) AS scores FROM third.lead_score) AS s;
SELECT * FROM lead_scoring.verify('life');
CALL lead_scoring.rebuild('life');
GRANT SELECT ON third.event, new_name.note TO regress_ls_second;
CALL lead_scoring.rebuild('life');
SELECT * FROM pg_temp.state();
SET ROLE regress_ls_second;
SELECT lead_scoring.publish('life');
SELECT count(*) FROM new_name.lead_handoff;
SELECT count(*) FROM new_name.now_view;
RESET ROLE;
-- A source changes hands: who owned it before has lost the right to read it, and so has the audience.
ALTER TABLE third.event OWNER TO regress_ls_loader;
REVOKE ALL ON third.event FROM regress_ls_second;
INSERT INTO third.event VALUES (2, '2024-05-10', 'visit');
SELECT lead, score FROM third.lead_score WHERE lead = 2;
CALL lead_scoring.rebuild('life');
GRANT SELECT ON third.event, new_name.e2019, new_name.e2020, archive.e2021, attic.e2022, attic.e2022_visit, new_name.e2023, new_name.e2024, new_name.mail_note
TO regress_ls_second;
CALL lead_scoring.rebuild('life');
SELECT * FROM pg_temp.state();
REASSIGN OWNED BY regress_ls_second TO regress_ls_first;
GRANT SELECT ON third.event TO regress_ls_first;
SELECT relowner::regrole, count(*) FROM pg_class WHERE relname ~ '^(lead|sums of leads$|waiting$|now_view$)' AND relkind IN ('r', 'p', 'v')
AND relnamespace IN ('third'::regnamespace, 'new_name'::regnamespace) GROUP BY 1;
INSERT INTO third.event VALUES (2, '2024-05-11', 'visit');
SELECT * FROM pg_temp.state();

-- Partitions go: detached, with and without waiting; dropped, with their own partitions, with a schema, with all that a role owns.
ALTER TABLE third.event DETACH PARTITION new_name.e2019;
SELECT * FROM pg_temp.state();
ALTER TABLE third.event DETACH PARTITION new_name.e2020 CONCURRENTLY;
SELECT * FROM pg_temp.state();
ALTER TABLE third.event ATTACH PARTITION new_name.e2019 FOR VALUES FROM ('2019-01-01') TO ('2020-01-01');
SELECT * FROM pg_temp.state();
BEGIN;
DROP TABLE new_name.e2019, new_name.e2023;
SELECT * FROM pg_temp.state();
ROLLBACK;
SELECT * FROM pg_temp.state();
DROP TABLE IF EXISTS new_name.e2019, new_name.nowhere, nowhere.e2019;
SELECT * FROM pg_temp.state();
-- Its owner may drop it, who does not own the table that it belongs to; nobody else. The audience's owner must be able to
-- read what is to be taken away.
ALTER TABLE archive.e2021 OWNER TO regress_ls_second;
SET ROLE regress_ls_loader;
DROP TABLE archive.e2021;
SET ROLE regress_ls_second;
BEGIN;
DROP TABLE archive.e2021;
ROLLBACK;
GRANT SELECT ON archive.e2021 TO regress_ls_first;
DROP TABLE archive.e2021;
RESET ROLE;
SELECT * FROM pg_temp.state();
-- Something depends on it: it stays.
CREATE VIEW new_name.look AS SELECT * FROM new_name.e2023;
DROP TABLE new_name.e2023;
SELECT * FROM pg_temp.state();
SELECT relispartition FROM pg_class WHERE oid = 'new_name.e2023'::regclass;
DROP TABLE new_name.e2023 CASCADE;
SELECT * FROM pg_temp.state();
DROP SCHEMA attic;
DROP SCHEMA attic CASCADE;
SELECT * FROM pg_temp.state();
CREATE TABLE new_name.e2025 PARTITION OF third.event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO third.event VALUES (1, '2025-05-05', 'visit');
SELECT * FROM pg_temp.state();
ALTER TABLE new_name.e2025 OWNER TO regress_ls_second;
GRANT SELECT ON new_name.e2025 TO regress_ls_first;
DROP OWNED BY regress_ls_second;
SELECT * FROM pg_temp.state();
SELECT count(*) FROM pg_class WHERE relname = 'e2025';
-- A child of the old kind leaves, by the name that the session's search_path gives, comes back, and is dropped.
SET search_path = new_name;
ALTER TABLE mail_note NO INHERIT note;
RESET search_path;
SELECT * FROM pg_temp.state();
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'new_name.mail_note'::regclass;
ALTER TABLE new_name.mail_note INHERIT new_name.note;
SELECT * FROM pg_temp.state();
-- Whoever owns it may take it out, without owning the table that it belongs to.
ALTER TABLE new_name.mail_note OWNER TO regress_ls_loader;
GRANT SELECT ON new_name.mail_note TO regress_ls_first;
SET ROLE regress_ls_loader;
ALTER TABLE new_name.mail_note NO INHERIT new_name.note;
RESET ROLE;
SELECT * FROM pg_temp.state();
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'new_name.mail_note'::regclass;
ALTER TABLE new_name.mail_note INHERIT new_name.note;
SELECT * FROM pg_temp.state();
DROP TABLE new_name.mail_note;
SELECT * FROM pg_temp.state();
-- A partition of the lead table: its leads come and go with it, also those that no signal is about.
INSERT INTO third.event VALUES (101, '2024-05-11', 'visit');
ALTER TABLE third.lead DETACH PARTITION new_name.lead_2;
SELECT * FROM pg_temp.state();
INSERT INTO new_name.lead_2 VALUES (102);
ALTER TABLE third.lead ATTACH PARTITION new_name.lead_2 FOR VALUES FROM (100) TO (200);
SELECT * FROM pg_temp.state();
DROP TABLE new_name.lead_2;
SELECT * FROM pg_temp.state();
SELECT lead, to_band, cause FROM third.lead_band_change WHERE cause <> 'event' ORDER BY id;

-- The score table by itself: its audience goes, the lead and event tables work on.
DROP TABLE third.lead_score CASCADE;
SELECT count(*) FROM lead_scoring.audience WHERE name = 'life';
INSERT INTO third.event VALUES (1, '2024-05-12', 'visit');
INSERT INTO third.lead VALUES (3);
SELECT count(*) FROM third.event;
SELECT count(*) FROM third.lead;
DROP SCHEMA new_name, third, archive CASCADE;
DROP ROLE regress_ls_first, regress_ls_second, regress_ls_loader;
