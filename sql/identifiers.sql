-- Names may have spaces, capitals, quotes and letters of any alphabet, and be as long as PostgreSQL allows.
\set SHOW_CONTEXT never
SET client_encoding = 'UTF8';
SET datestyle = 'ISO';
CREATE SCHEMA "Größe ""1""; DROP";
SET search_path = "Größe ""1""; DROP";
CREATE TABLE "Käufer's Tafel" ("Schlüssel ""K""" text PRIMARY KEY, "Land, %s" text, "seit wann?" date);
CREATE TABLE "select" ("from" text, "at time zone" timestamptz, "Art:$1" text, "Betrag €" numeric, "Seite\" text);
INSERT INTO "Käufer's Tafel" VALUES ('O''Neill "x" \ %s', 'Österreich', '2020-01-01'), ('日本', 'España', NULL), ('', NULL, NULL);
INSERT INTO "select" VALUES ('日本', '2025-01-01 12:00+00', 'Kauf''t', 10, '/a\b'), ('O''Neill "x" \ %s', '2025-01-02 12:00+00', 'Kauf''t', 20, NULL);
-- The session's search_path is not where the functions look for anything.
SET search_path = '';
SELECT lead_scoring.create_audience('Zielgruppe "Ä" {a,b}', '"Größe ""1""; DROP"."Käufer''s Tafel"', lead_key => 'Schlüssel "K"',
    created_at => 'seit wann?', time_zone => 'UTC');
SELECT lead_scoring.add_source('Zielgruppe "Ä" {a,b}', '"Größe ""1""; DROP"."select"', 'from', 'at time zone', 'Art:$1', name => 'Quelle ''q'', "Q"');
SELECT name, lead_table, lead_key, score_table, tally_table, band_change_table FROM lead_scoring.audience \gx
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition, value, distinct_by) VALUES
    ('Zielgruppe "Ä" {a,b}', 'Käufe "k" \', 'Quelle ''q'', "Q"', 'Kauf''t', '"Betrag €" > 5', '"Betrag €"', '"Seite\"'),
    ('Zielgruppe "Ä" {a,b}', 'aus ''Ö''', 'profile', NULL, '"Land, %s" = ''Österreich''', NULL, NULL);
SELECT name, condition, value, distinct_by, occurred_on FROM lead_scoring.signal ORDER BY name COLLATE "C" \gx
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('Blatt "1", ''zwei''; 三', 'Zielgruppe "Ä" {a,b}');
INSERT INTO lead_scoring.rule_group (sheet, name, max_points) VALUES ('Blatt "1", ''zwei''; 三', 'Gruppe {"x"}', 15);
INSERT INTO lead_scoring.rule (sheet, name, signal, points, measure, component, rule_group) VALUES
    ('Blatt "1", ''zwei''; 三', 'Regel \ "eins"', 'Käufe "k" \', 1, 'value', 'engagement', 'Gruppe {"x"}'),
    ('Blatt "1", ''zwei''; 三', 'Regel 2'', ''''', 'aus ''Ö''', 100, 'occurrences', 'fit', NULL);
INSERT INTO lead_scoring.band (sheet, name, rank, min_score) VALUES ('Blatt "1", ''zwei''; 三', 'heiß & "fettig" \ 热', 1, 100);
SELECT lead_scoring.publish('Blatt "1", ''zwei''; 三', 'Erste "Fassung"');
SELECT lead, sheet, score, band FROM "Größe ""1""; DROP"."Käufer's Tafel_score" ORDER BY lead COLLATE "C";
INSERT INTO "Größe ""1""; DROP"."select" VALUES ('日本', '2025-01-03 12:00+00', 'Kauf''t', 100, '/a\b'), ('', '2025-01-03 12:00+00', 'Kauf''t', 7, NULL);
UPDATE "Größe ""1""; DROP"."Käufer's Tafel" SET "Land, %s" = 'Österreich' WHERE "Schlüssel ""K""" = '日本';
SELECT lead, score, band FROM "Größe ""1""; DROP"."Käufer's Tafel_score" ORDER BY lead COLLATE "C";
SELECT lead, from_band, to_band, score FROM "Größe ""1""; DROP"."Käufer's Tafel_band_change" ORDER BY id;
SELECT component, rule_group, rule, signal, kind, counted, points FROM lead_scoring.explain('Blatt "1", ''zwei''; 三', '日本', '2025-02-01');
SELECT * FROM lead_scoring.verify('Zielgruppe "Ä" {a,b}');
-- Renamed tables and schemas are still the same tables.
ALTER TABLE "Größe ""1""; DROP"."select" RENAME TO "insert";
ALTER SCHEMA "Größe ""1""; DROP" RENAME TO "Kürzer";
INSERT INTO "Kürzer"."insert" VALUES ('', '2025-01-04 12:00+00', 'Kauf''t', 7, '/');
SELECT lead, score, band FROM "Kürzer"."Käufer's Tafel_score" ORDER BY lead COLLATE "C";
CALL lead_scoring.rebuild('Zielgruppe "Ä" {a,b}');
SELECT * FROM lead_scoring.verify('Zielgruppe "Ä" {a,b}');
TRUNCATE "Kürzer"."insert";
SELECT lead, score, band FROM "Kürzer"."Käufer's Tafel_score" ORDER BY lead COLLATE "C";
-- A renamed audience takes everything along.
UPDATE lead_scoring.audience SET name = 'Käufer';
SELECT DISTINCT audience FROM (SELECT audience FROM lead_scoring.source UNION SELECT audience FROM lead_scoring.signal
    UNION SELECT audience FROM lead_scoring.signal_version UNION SELECT audience FROM lead_scoring.sheet) a;
INSERT INTO "Kürzer"."insert" VALUES ('日本', '2025-01-04 12:00+00', 'Kauf''t', 7, '/');
SELECT lead, score, band FROM "Kürzer"."Käufer's Tafel_score" ORDER BY lead COLLATE "C";
SELECT * FROM lead_scoring.verify('Käufer');
SELECT lead_scoring.publish('Blatt "1", ''zwei''; 三');
-- Errors name the things.
SELECT lead_scoring.publish('Blatt "9"');
SELECT lead_scoring.add_source('Käufer', '"Kürzer"."insert"', 'kein "Ort"', 'at time zone');
INSERT INTO lead_scoring.signal (audience, name, source, condition) VALUES ('Käufer', 'x', 'Quelle ''q'', "Q"', '"Betrag $" > 5');
SELECT lead_scoring.drop_source('Käufer', 'Quelle ''q'', "Q"');
SELECT lead_scoring.drop_audience('Käufer');

-- Names of 63 bytes: those made of them are shortened, at whole letters.
CREATE SCHEMA ids;
SET search_path = ids;
CREATE TABLE ääääääääääääääääääääääääääääääx (ööööööööööööööööööööööööööööööö integer PRIMARY KEY);
CREATE TABLE b23456789012345678901234567890123456789012345678901234567890123 (k23456789012345678901234567890123456789012345678901234567890123 integer,
    t23456789012345678901234567890123456789012345678901234567890123 timestamptz, e23456789012345678901234567890123456789012345678901234567890123 text);
INSERT INTO ääääääääääääääääääääääääääääääx VALUES (1);
SELECT lead_scoring.create_audience('long', 'ääääääääääääääääääääääääääääääx', 'ööööööööööööööööööööööööööööööö', time_zone => 'UTC');
SELECT lead_scoring.add_source('long', 'b23456789012345678901234567890123456789012345678901234567890123',
    'k23456789012345678901234567890123456789012345678901234567890123', 't23456789012345678901234567890123456789012345678901234567890123',
    'e23456789012345678901234567890123456789012345678901234567890123');
SELECT relname, octet_length(relname) FROM lead_scoring.audience JOIN pg_class ON pg_class.oid IN (score_table, tally_table, band_change_table)
ORDER BY relname DESC;
SELECT score_table AS scores FROM lead_scoring.audience \gset
-- Names of rows of the catalog have no limit.
INSERT INTO lead_scoring.signal (audience, name, source, event_type) VALUES ('long', repeat('signal ', 100), 'b23456789012345678901234567890123456789012345678901234567890123', repeat('type ', 1000));
INSERT INTO lead_scoring.sheet (name, audience) VALUES (repeat('sheet ', 100), 'long');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES (repeat('sheet ', 100), repeat('rule ', 100), repeat('signal ', 100), 1);
INSERT INTO lead_scoring.band (sheet, name, rank) VALUES (repeat('sheet ', 100), repeat('band ', 100), 1);
SELECT lead_scoring.publish(repeat('sheet ', 100));
INSERT INTO b23456789012345678901234567890123456789012345678901234567890123 VALUES (1, '2025-01-01', repeat('type ', 1000));
SELECT lead, length(sheet) AS sheet, score, length(band) AS band FROM :scores;
SELECT length(rule) AS rule, length(signal) AS signal, points FROM lead_scoring.explain(repeat('sheet ', 100), '1', '2025-02-01');
SELECT * FROM lead_scoring.verify('long');
SELECT lead_scoring.drop_audience('long');
SET client_min_messages = warning;
DROP SCHEMA ids, "Kürzer" CASCADE;
