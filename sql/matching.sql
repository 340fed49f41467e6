-- Rows are matched by looking up their event type, times by remembered offsets, values digit by digit: all of it must
-- give what plain SQL gives.
\set SHOW_CONTEXT never
CREATE SCHEMA mat;
SET search_path = mat, public;
SET datestyle = 'ISO';
SET timezone = 'UTC';

-- Event types of every kind of column: those that are looked up, and those whose equality is not that of their bytes.
CREATE TYPE kind AS ENUM ('visit', 'order', 'chat');
CREATE DOMAIN kind_name AS text;
CREATE COLLATION without_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE lead (id integer PRIMARY KEY);
CREATE TABLE event (lead integer, at date, as_text text, as_varchar varchar(20), as_char char(8), as_name name, as_domain kind_name,
                    as_enum kind, as_int integer, as_big bigint, as_small smallint, as_folded text COLLATE without_case);
INSERT INTO lead SELECT generate_series(1, 4);
SELECT lead_scoring.create_audience('mat', 'lead', time_zone => 'UTC');
CREATE FUNCTION add_kind(column_name text, VARIADIC literals text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lead_scoring.add_source('mat', 'event', 'lead', 'at', column_name, name => column_name);
    INSERT INTO lead_scoring.signal (audience, name, source, event_type)
    SELECT 'mat', column_name || ' ' || n, column_name, literals[n] FROM generate_subscripts(literals, 1) AS n;
    -- Between those that have a type by their number: for rows of every type, and two for the same type.
    INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition)
    VALUES ('mat', column_name || ' 1 again', column_name, literals[1], 'lead < 3'), ('mat', column_name || ' all', column_name, NULL, NULL);
END $$;
SELECT add_kind('as_text', 'visit', 'order', ''), add_kind('as_varchar', 'visit', 'order'), add_kind('as_char', 'visit', 'order'),
       add_kind('as_name', 'visit', 'order'), add_kind('as_domain', 'visit', 'order'), add_kind('as_enum', 'visit', 'order'),
       add_kind('as_int', '7', '-1'), add_kind('as_big', '7', '-1'), add_kind('as_small', '7', '-1'), add_kind('as_folded', 'Visit', 'ORDER');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('mat', 'mat');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) SELECT 'mat', name, name, 1 FROM lead_scoring.signal WHERE audience = 'mat';
SELECT lead_scoring.publish('mat');
INSERT INTO event
SELECT 1 + n % 4, '2024-01-01', t, t, t, t, t, CASE WHEN t IN ('visit', 'order', 'chat') THEN t::kind END, i, i, i, t
FROM (SELECT n, (ARRAY['visit', 'order', 'chat', 'Visit', 'VISIT', 'visit ', '', NULL])[1 + n % 8] AS t, (ARRAY[7, -1, 0, NULL])[1 + n % 4] AS i
      FROM generate_series(0, 63) AS n) AS made;
-- The same comparisons by SQL.
CREATE VIEW expected AS
    SELECT e.lead, c.name || ' ' || s.name AS signal, count(*) AS rows
    FROM event e, LATERAL (VALUES
             ('as_text', as_text = 'visit', as_text = 'order', as_text = ''), ('as_varchar', as_varchar = 'visit', as_varchar = 'order', NULL),
             ('as_char', as_char = 'visit', as_char = 'order', NULL), ('as_name', as_name = 'visit', as_name = 'order', NULL),
             ('as_domain', as_domain = 'visit', as_domain = 'order', NULL), ('as_enum', as_enum = 'visit', as_enum = 'order', NULL),
             ('as_int', as_int = 7, as_int = -1, NULL), ('as_big', as_big = 7, as_big = -1, NULL), ('as_small', as_small = 7, as_small = -1, NULL),
             ('as_folded', as_folded = 'Visit', as_folded = 'ORDER', NULL)) AS c (name, first, second, third),
         LATERAL (VALUES ('1', first), ('2', second), ('3', third), ('1 again', first AND lead < 3), ('all', true)) AS s (name, holds)
    WHERE s.holds GROUP BY 1, 2;
CREATE VIEW counted AS
    SELECT t.lead, v.signal, e.count AS rows
    FROM lead_tally t, lead_scoring.entries(base OPERATOR(lead_scoring.+) recent) e
    JOIN lead_scoring.signal_version v ON v.number = e.signal AND v.audience = 'mat';
SELECT split_part(signal, ' ', 1) AS source, sum(rows) AS rows, count(*) AS entries FROM counted GROUP BY 1 ORDER BY 1;
SELECT * FROM (TABLE expected EXCEPT TABLE counted UNION ALL (TABLE counted EXCEPT TABLE expected)) d ORDER BY 1, 2;
SELECT * FROM lead_scoring.verify('mat');
UPDATE event SET as_text = as_varchar, as_int = 7 WHERE lead = 1;
DELETE FROM event WHERE as_char = 'chat';
SELECT * FROM (TABLE expected EXCEPT TABLE counted UNION ALL (TABLE counted EXCEPT TABLE expected)) d ORDER BY 1, 2;
SELECT * FROM lead_scoring.verify('mat');
DROP VIEW expected, counted;
SELECT lead_scoring.drop_audience('mat');
DROP TABLE event, lead;

-- Values: half away from zero at the fourth decimal, whatever the form in which the number is stored.
CREATE TABLE number AS
    SELECT sign * (n + part) * scale AS value
    FROM (VALUES (1), (-1)) s (sign), (VALUES (0), (1), (9), (42), (9999), (10000), (10001), (99990000), (99999999), (100000000), (9999999999)) i (n),
         (VALUES (0), (0.5), (0.00004), (0.00005), (0.00005000), (0.000049999999999999999), (0.00015), (0.99994999), (0.99995), (0.12345678901234567890)) p (part),
         (VALUES (1), (0.0001), (0.00000001)) c (scale);
INSERT INTO number VALUES (1e10), (-1e10), (1e-200), (-1e-200), (4.99999e-5), (5e-5), (0.0000 * 1), (123.4500000000), (round(2.0 / 3, 600));
SELECT count(*) AS numbers, count(*) FILTER (WHERE wanted <> 0) AS not_zero, count(*) FILTER (WHERE found IS DISTINCT FROM wanted) AS wrong
FROM (SELECT round(value, 4) AS wanted,
             coalesce((SELECT e.value FROM (SELECT lead_scoring.tally_of(1, 5, 'x', v) AS t FROM (VALUES (n.value)) AS one (v)) AS o, lead_scoring.entries(t) AS e), 0) AS found
      FROM number n) r;
SELECT lead_scoring.tally_of(1, 5, 'x', v) FROM (VALUES (10000000000.00001)) n (v);
SELECT lead_scoring.tally_of(1, 5, 'x', v) FROM (VALUES ('NaN'::numeric)) n (v);
SELECT lead_scoring.tally_of(1, 5, 'x', v) FROM (VALUES ('-infinity'::numeric)) n (v);
DROP TABLE number;

-- Hours of instants around every change of some zones' offsets, in their folds and gaps, and far from any.
CREATE TABLE lead (id integer PRIMARY KEY);
CREATE TABLE event (id integer, lead integer, at timestamptz);
INSERT INTO lead VALUES (1);
CREATE TABLE zone (name text);
INSERT INTO zone VALUES ('Europe/Berlin'), ('America/St_Johns'), ('Australia/Lord_Howe'), ('Pacific/Apia'), ('Africa/Casablanca'), ('UTC');
CREATE FUNCTION hours_of(zone text, OUT entries bigint, OUT wrong bigint) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lead_scoring.create_audience('hours', 'lead', time_zone => zone, resolution => 'hour');
    PERFORM lead_scoring.add_source('hours', 'event', 'lead', 'at');
    INSERT INTO lead_scoring.signal (audience, name, source) VALUES ('hours', 'any', 'event');
    INSERT INTO lead_scoring.sheet (name, audience) VALUES ('hours', 'hours');
    INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('hours', 'any', 'any', 1);
    PERFORM lead_scoring.publish('hours');
    SELECT count(*), count(*) FILTER (WHERE c.rows IS DISTINCT FROM s.rows) INTO entries, wrong
    FROM (SELECT e.tick, e.count AS rows FROM lead_tally, lead_scoring.entries(base OPERATOR(lead_scoring.+) recent) e) c
    FULL JOIN (SELECT floor(extract(epoch FROM (at AT TIME ZONE zone) - timestamp '2000-01-01') / 3600)::integer AS tick, count(*) AS rows
               FROM event WHERE (at AT TIME ZONE zone) >= '1400-01-01' AND (at AT TIME ZONE zone) < '10000-01-01' GROUP BY 1) s USING (tick);
    PERFORM lead_scoring.drop_audience('hours');
END $$;
INSERT INTO event (lead, at)
-- Each half hour of a month around the changes; each day and a bit of the years in which rules came, went and go on.
SELECT 1, t FROM (VALUES ('2011-12-15'), ('2024-03-01'), ('2024-10-15'), ('2037-10-15'), ('2038-03-15'), ('2437-10-15')) s (start),
                 generate_series(start::timestamptz, start::timestamptz + interval '31 days', interval '30 minutes') t
UNION ALL SELECT 1, t - interval '0.000001 seconds' FROM generate_series('2024-03-01'::timestamptz, '2024-04-15', interval '1 hour') t
UNION ALL SELECT 1, t FROM generate_series('1880-01-01'::timestamptz, '1950-01-01', interval '1 day 7 minutes') t
UNION ALL SELECT 1, t FROM generate_series('2030-01-01'::timestamptz, '2045-01-01', interval '1 day 7 minutes') t
UNION ALL SELECT 1, t FROM (VALUES ('1399-12-31 12:00Z'::timestamptz), ('1400-01-02 12:00Z'), ('9999-12-30 12:00Z'), ('9999-12-31 23:59:59.999999Z'),
                                   ('10000-01-02 12:00Z'), ('infinity'), ('-infinity'), ('294276-12-30 12:00Z'), ('4712-01-03 12:00Z BC')) v (t);
SELECT name, entries > 30000 AS many, wrong FROM zone, hours_of(name) AS h;
DROP TABLE event, lead, zone;

-- One statement with very many rows of a lead: equal places are summed on the way, and what is taken away again leaves
-- nothing. Text keys whose collation does not tell them apart are one lead.
CREATE TABLE lead (id text COLLATE without_case PRIMARY KEY);
CREATE TABLE event (lead text, at date, kind text, page text, amount numeric);
INSERT INTO lead VALUES ('A'), ('b');
SELECT lead_scoring.create_audience('many', 'lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('many', 'event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, value, distinct_by) VALUES
    ('many', 'visit', 'event', 'visit', NULL, 'page'), ('many', 'order', 'event', 'order', 'amount', NULL), ('many', 'any', 'event', NULL, NULL, NULL);
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('many', 'many');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) SELECT 'many', name, name, 1 FROM lead_scoring.signal WHERE audience = 'many';
SELECT lead_scoring.publish('many');
INSERT INTO event SELECT (ARRAY['a', 'A', 'B', 'b', 'c'])[1 + n % 5], '2024-01-01'::date + n % 50, (ARRAY['visit', 'order', 'chat'])[1 + n % 3], 'p' || n % 7, n / 100.0
FROM generate_series(1, 20000) n;
CREATE VIEW sums AS
    SELECT t.lead, v.signal, count(*) AS entries, sum(e.count) AS rows, sum(e.value) AS value
    FROM lead_tally t, lead_scoring.entries(base OPERATOR(lead_scoring.+) recent) e
    JOIN lead_scoring.signal_version v ON v.number = e.signal AND v.audience = 'many' GROUP BY t.lead, v.signal;
SELECT lower(lead), signal, entries, rows, value FROM sums ORDER BY 1, 2;
SELECT lower(lead), kind, count(DISTINCT at), count(DISTINCT (at, page)), count(*), sum(amount) FROM event GROUP BY GROUPING SETS ((1, 2), 1) ORDER BY 1, 2;
SELECT * FROM lead_scoring.verify('many');
UPDATE event SET lead = CASE lower(lead) WHEN 'a' THEN 'c' WHEN 'c' THEN 'A' ELSE lead END, kind = CASE kind WHEN 'visit' THEN 'order' ELSE kind END;
SELECT lower(lead), signal, entries, rows, value FROM sums ORDER BY 1, 2;
SELECT * FROM lead_scoring.verify('many');
DELETE FROM event;
SELECT lead, base OPERATOR(lead_scoring.+) recent AS tally FROM lead_tally ORDER BY lead;
DROP VIEW sums;
SELECT lead_scoring.drop_audience('many');
SET client_min_messages = warning;
DROP SCHEMA mat CASCADE;
