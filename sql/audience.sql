-- create_audience registers a lead table; drop_audience leaves it as it was.
\set SHOW_CONTEXT never
CREATE SCHEMA aud;
SET search_path = aud, public;

CREATE TABLE lead_int4 (id integer PRIMARY KEY, country text);
CREATE TABLE lead_int8 (id bigint PRIMARY KEY, country text);
CREATE TABLE lead_uuid (id uuid PRIMARY KEY, country text);
CREATE TABLE lead_text (email text COLLATE "C" UNIQUE, country text);
INSERT INTO lead_int4 VALUES (-5, 'DE'), (2147483647, 'US');
INSERT INTO lead_int8 VALUES (9000000000, 'DE'), (1, 'US');
INSERT INTO lead_uuid VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'DE'), ('00000000-0000-0000-0000-000000000001', 'US');
INSERT INTO lead_text VALUES ('zoe@example.org', 'DE'), ('Ada@example.org', 'US');

-- All key types; the key need not be the primary key, only unique.
SELECT lead_scoring.create_audience('int4', 'lead_int4', time_zone => 'UTC');
SELECT lead_scoring.create_audience('int8', 'lead_int8', time_zone => 'UTC');
SELECT lead_scoring.create_audience('uuid', 'lead_uuid', time_zone => 'UTC');
SELECT lead_scoring.create_audience('text', 'lead_text', lead_key => 'email', time_zone => 'Europe/Berlin', resolution => 'hour');
SELECT name, lead_table, lead_key, time_zone, resolution, score_table, tally_table, band_change_table
FROM lead_scoring.audience ORDER BY name;
-- The lead table itself is a source already.
SELECT audience, name, source_table, kind, lead_key FROM lead_scoring.source ORDER BY audience;
-- The tables beside it have the key's type and collation.
SELECT attrelid::regclass AS sibling, format_type(atttypid, atttypmod) AS type, nullif(collname, 'default') AS collation
FROM pg_attribute LEFT JOIN pg_collation c ON c.oid = attcollation
WHERE attrelid::regclass::text ~ '_(score|tally|band_change)$' AND attname = 'lead'
ORDER BY attrelid::regclass::text COLLATE "C";

-- Every lead has a tally row from the first day, empty as it may be; and so has every lead that comes.
INSERT INTO lead_text VALUES ('new@example.org', NULL);
SELECT * FROM lead_text_tally ORDER BY lead;

-- One sheet each, one rule, to see that scores go to the right key.
INSERT INTO lead_scoring.signal (audience, name, source, condition)
SELECT a, 'german', 'profile', 'country = ''DE''' FROM unnest('{int4,int8,uuid,text}'::text[]) a;
INSERT INTO lead_scoring.sheet (name, audience) SELECT a || ' fit', a FROM unnest('{int4,int8,uuid,text}'::text[]) a;
INSERT INTO lead_scoring.rule (sheet, name, signal, points, component)
SELECT a || ' fit', 'german', 'german', 20, 'fit' FROM unnest('{int4,int8,uuid,text}'::text[]) a;
SELECT lead_scoring.publish(a || ' fit') FROM unnest('{int4,int8,uuid,text}'::text[]) a;
UPDATE lead_int4 SET country = 'DE' WHERE id = 2147483647;
SELECT * FROM (
    SELECT sheet, lead::text, score FROM lead_int4_score
    UNION ALL SELECT sheet, lead::text, score FROM lead_int8_score
    UNION ALL SELECT sheet, lead::text, score FROM lead_uuid_score
    UNION ALL SELECT sheet, lead COLLATE "default", score FROM lead_text_score) all_scores
ORDER BY sheet, lead COLLATE "C";
-- Functions that serve every audience take the key as text.
SELECT lead_scoring.tally('uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11');
SELECT rule, counted, points FROM lead_scoring.explain('int8 fit', '9000000000', '2025-01-01');
SELECT rule, counted, points FROM lead_scoring.explain('text fit', 'nobody@example.org', '2025-01-01');
SELECT lead_scoring.tally('int4', 'ten');
SELECT lead_scoring.tally('nobody', '1');
SELECT a AS audience, v.* FROM unnest('{int4,int8,uuid,text}'::text[]) a, lead_scoring.verify(a) v;

-- Names of the three tables can be given: in another schema, qualified, or plain (then beside the lead table).
CREATE SCHEMA aud_scores;
CREATE TABLE customer (id bigint PRIMARY KEY, company integer, since date);
INSERT INTO customer VALUES (1, 7, '2020-02-29'), (2, 7, NULL);
SELECT lead_scoring.create_audience('customers', 'customer', account_key => 'company', created_at => 'since', time_zone => 'UTC',
    score_table => 'aud_scores.customer_points', tally_table => '"Tallies of customers"', band_change_table => 'aud_scores.history');
SELECT score_table, tally_table, band_change_table FROM lead_scoring.audience WHERE name = 'customers';
-- A creation column becomes the reserved signal "created".
SELECT name, source, occurred_on, is_activity FROM lead_scoring.signal WHERE audience = 'customers';
SELECT lead_scoring.drop_audience('customers');
DROP SCHEMA aud_scores;

-- Refusals.
CREATE TABLE no_key (id integer, email varchar, at timestamptz);
CREATE TABLE partial_key (id integer, live boolean);
CREATE UNIQUE INDEX ON partial_key (id) WHERE live;
CREATE TABLE wide_key (a integer, b integer, PRIMARY KEY (a, b));
CREATE TABLE odd_key (id numeric PRIMARY KEY);
CREATE UNLOGGED TABLE volatile_lead (id integer PRIMARY KEY);
CREATE TEMP TABLE temporary_lead (id integer PRIMARY KEY);
CREATE VIEW lead_view AS SELECT * FROM lead_int4;
SELECT lead_scoring.create_audience('int4', 'lead_int4');
SELECT lead_scoring.create_audience('', 'lead_int4');
SELECT lead_scoring.create_audience(NULL, 'lead_int4');
SELECT lead_scoring.create_audience('a', NULL);
SELECT lead_scoring.create_audience('a', 'nowhere');
SELECT lead_scoring.create_audience('a', 'no_key', lead_key => 'nothing');
SELECT lead_scoring.create_audience('a', 'no_key');
SELECT lead_scoring.create_audience('a', 'partial_key');
SELECT lead_scoring.create_audience('a', 'wide_key', lead_key => 'a');
SELECT lead_scoring.create_audience('a', 'odd_key');
SELECT lead_scoring.create_audience('a', 'volatile_lead');
SELECT lead_scoring.create_audience('a', 'temporary_lead');
SELECT lead_scoring.create_audience('a', 'lead_view');
SELECT lead_scoring.create_audience('a', 'pg_class', lead_key => 'oid');
SELECT lead_scoring.create_audience('a', 'lead_text', lead_key => 'email', account_key => 'company');
SELECT lead_scoring.create_audience('a', 'lead_text', lead_key => 'email', created_at => 'country');
SELECT lead_scoring.create_audience('a', 'lead_text', lead_key => 'email', time_zone => 'Mars/Olympus');
-- Abbreviations and offsets know no summer time.
SELECT lead_scoring.create_audience('a', 'lead_text', lead_key => 'email', time_zone => 'MSK');
SELECT lead_scoring.create_audience('a', 'lead_text', lead_key => 'email', time_zone => '+3');
SELECT lead_scoring.create_audience('a', 'lead_text', lead_key => 'email', time_zone => NULL);
SELECT lead_scoring.create_audience('a', 'lead_text', lead_key => 'email', resolution => 'week');
-- A second audience over the same table needs names of its own for its tables.
SELECT lead_scoring.create_audience('a', 'lead_int4');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT lead_scoring.create_audience('a', 'lead_int4');
ROLLBACK;
SELECT lead_scoring.drop_audience('a');
-- Nothing of all that stayed.
SELECT name FROM lead_scoring.audience ORDER BY name;
SELECT tgrelid::regclass::text, count(*) FROM pg_trigger WHERE tgfoid = 'lead_scoring.track'::regproc GROUP BY 1 ORDER BY 1;

-- Two audiences share a lead table: prospects and customers, say.
SELECT lead_scoring.create_audience('other', 'lead_int4', time_zone => 'UTC', score_table => 'other_score',
    tally_table => 'other_tally', band_change_table => 'other_band_change', pending_table => 'other_pending');
SELECT lead_scoring.drop_audience('int4');
-- The other one goes on.
INSERT INTO lead_int4 VALUES (1, 'DE');
SELECT lead FROM other_tally ORDER BY lead;
SELECT * FROM lead_scoring.verify('other');

-- Dropping leaves the user's tables as they were, and nothing of its own.
SELECT lead_scoring.drop_audience(a) FROM unnest('{int8,uuid,text,other}'::text[]) a;
\d lead_int4
\d lead_text
\dt aud.*
SELECT (SELECT count(*) FROM lead_scoring.audience) AS audiences, (SELECT count(*) FROM lead_scoring.source) AS sources,
       (SELECT count(*) FROM lead_scoring.signal) AS signals, (SELECT count(*) FROM lead_scoring.signal_version) AS versions,
       (SELECT count(*) FROM lead_scoring.sheet) AS sheets, (SELECT count(*) FROM lead_scoring.rule) AS rules,
       (SELECT count(*) FROM lead_scoring.sheet_revision) AS revisions;

-- DROP TABLE of a lead table takes its registration along.
SELECT lead_scoring.create_audience('gone', 'lead_int8');
-- The tables with the scores stay until somebody drops them.
DROP TABLE lead_int8;
SELECT name FROM lead_scoring.audience;
\dt aud.*int8*
SET client_min_messages = warning;
DROP SCHEMA aud CASCADE;
