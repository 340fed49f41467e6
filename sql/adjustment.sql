-- Manual adjustments: points that a person gives or takes, with author, reason and expiry.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE ROLE adjustment_owner;
CREATE ROLE adjustment_sales;
CREATE SCHEMA crm AUTHORIZATION adjustment_owner;
SET ROLE adjustment_owner;
CREATE TABLE crm.lead (id integer PRIMARY KEY, name text);
CREATE TABLE crm.visit (lead integer, at timestamptz);
SELECT lead_scoring.create_audience('crm', 'crm.lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('crm', 'crm.visit', 'lead', 'at');
INSERT INTO lead_scoring.signal (audience, name, source) VALUES ('crm', 'visit', 'visit');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('main', 'crm');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('main', 'visit', 'visit', 10);

--
-- A table beside the lead table, a source with two signals, and the rules of a sheet.
--
SELECT lead_scoring.add_adjustment_rule('main');
SELECT lead_scoring.create_adjustments('crm');
SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull AS not_null, col_description(attrelid, attnum) AS comment
FROM pg_attribute WHERE attrelid = 'crm.lead_adjustment'::regclass AND attnum > 0 ORDER BY attnum;
SELECT relname, pg_get_userbyid(relowner) AS owner, obj_description(oid) AS comment FROM pg_class WHERE oid = 'crm.lead_adjustment'::regclass;
SELECT g.name, g.source, s.occurred_at, g.condition, g.value, g.is_activity
FROM lead_scoring.signal g JOIN lead_scoring.source s ON s.audience = g.audience AND s.name = g.source WHERE g.name LIKE 'adj%' ORDER BY 1;
SELECT lead_scoring.add_adjustment_rule('main', most_points => 50);
SELECT name, component, min_points, max_points FROM lead_scoring.rule_group WHERE sheet = 'main';
SELECT name, rule_group, signal, measure, points FROM lead_scoring.rule WHERE sheet = 'main' ORDER BY position, name;
SELECT lead_scoring.publish('main');
-- Nobody has been adjusted yet, and check_sheet does not mind; that there are no visits it does.
SELECT place, advice FROM lead_scoring.check_sheet('main') WHERE severity = 'warning';

--
-- Sales people may be given the right to adjust, but not to sign with another name or to rewrite what was said.
--
GRANT USAGE ON SCHEMA crm TO adjustment_sales;
GRANT SELECT, INSERT (lead, points, reason, at, expires_at), DELETE ON crm.lead_adjustment TO adjustment_sales;
INSERT INTO crm.lead VALUES (1, 'Ada'), (2, 'Ben'), (3, 'Cem');
INSERT INTO crm.visit VALUES (1, '2024-06-01'), (2, '2024-06-01');
SET ROLE adjustment_sales;
INSERT INTO crm.lead_adjustment (lead, points, reason, at, expires_at) VALUES
    (1, 15, 'met at the fair', '2024-06-05 10:00', '2024-06-20 10:00'),
    (1, 2.5, 'knows the product', '2024-06-10 10:00', NULL),
    (2, -30, 'only looks for a job', '2024-06-05 10:00', NULL),
    (3, 80, 'friend of the boss', '2024-06-05 10:00', NULL);
INSERT INTO crm.lead_adjustment (lead, points, reason, author) VALUES (2, 99, 'why not', 'the boss');
UPDATE crm.lead_adjustment SET points = 99;
-- What cannot be meant is refused.
\set VERBOSITY terse
INSERT INTO crm.lead_adjustment (lead, points, reason) VALUES (2, 5, '');
INSERT INTO crm.lead_adjustment (lead, points) VALUES (2, 5);
INSERT INTO crm.lead_adjustment (lead, points, reason) VALUES (2, 'NaN', 'x');
INSERT INTO crm.lead_adjustment (lead, points, reason, at, expires_at) VALUES (2, 5, 'x', '2024-06-05', '2024-06-05');
\set VERBOSITY default
RESET ROLE;
SELECT lead, points, author, reason, at, expires_at FROM crm.lead_adjustment ORDER BY id;

--
-- The score knows, now and of any moment in the past, what was in force.
--
SELECT at::date, string_agg(l.name || ' ' || e.score, ', ' ORDER BY l.id) AS scores
FROM crm.lead l, (VALUES (timestamptz '2024-06-04 12:00'), ('2024-06-05 12:00'), ('2024-06-10 12:00'), ('2024-06-19 12:00'), ('2024-06-20 12:00')) t (at),
     lead_scoring.evaluate(lead_scoring.active_model('main'), lead_scoring.tally('crm', l.id::text), at) e
GROUP BY at ORDER BY at;
-- It changes by itself at the start of the day on which an adjustment expires.
SELECT score, next_change_at FROM lead_scoring.evaluate(lead_scoring.active_model('main'), lead_scoring.tally('crm', '1'), '2024-06-12 12:00');
-- Explained like any rule.
SELECT l.name, r.rule_group, r.rule, r.kind, r.counted, r.points, r.running_total
FROM crm.lead l, LATERAL (SELECT row_number() OVER () AS n, e.* FROM lead_scoring.explain('main', l.id::text, '2024-06-20 12:00') e) r
WHERE r.points <> 0 OR r.counted > 0 ORDER BY l.id, r.n;
-- No activity of the lead, and nothing that failed.
SELECT lead, last_active_on FROM crm.lead_score ORDER BY lead;
SELECT * FROM lead_scoring.failure;

--
-- Deleting the row undoes it, of the past as well. A merge of leads moves it.
--
SET ROLE adjustment_sales;
DELETE FROM crm.lead_adjustment WHERE reason = 'friend of the boss';
RESET ROLE;
UPDATE crm.lead_adjustment SET lead = 3 WHERE lead = 2;
SELECT l.name, s.score FROM crm.lead_score s JOIN crm.lead l ON l.id = s.lead ORDER BY l.id;
SELECT sum(points) AS of_three FROM lead_scoring.explain('main', '3') WHERE rule_group = 'manual adjustment';
SELECT * FROM lead_scoring.verify('crm');
CALL lead_scoring.rebuild('crm');
SELECT l.name, s.score FROM crm.lead_score s JOIN crm.lead l ON l.id = s.lead ORDER BY l.id;

--
-- Errors. Everything belongs to the audience's owner.
--
SELECT lead_scoring.create_adjustments('crm');
SELECT lead_scoring.create_adjustments('nobody');
SELECT lead_scoring.add_adjustment_rule('main');
SELECT lead_scoring.add_adjustment_rule('no sheet');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('second', 'crm');
SELECT lead_scoring.add_adjustment_rule('second', -5);
CREATE TABLE crm."Lead ü" ("Key ""K""" text COLLATE "C" PRIMARY KEY);
SELECT lead_scoring.create_audience('odd', 'crm."Lead ü"', lead_key => 'Key "K"', time_zone => 'UTC');
SELECT lead_scoring.create_adjustments('odd', 'lead');
SET ROLE adjustment_sales;
SELECT lead_scoring.create_adjustments('odd');
RESET ROLE;
-- Other names, and a key of another type with its collation.
SELECT lead_scoring.create_adjustments('odd', '"By hand"');
SELECT format_type(atttypid, atttypmod) AS type, attcollation::regcollation AS collation FROM pg_attribute WHERE attrelid = 'crm."By hand"'::regclass AND attname = 'lead';
SELECT lead_scoring.drop_audience('odd');
SELECT lead_scoring.drop_audience('crm');
-- The table stays, as any source.
SELECT count(*) AS adjustments, (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'crm.lead_adjustment'::regclass AND NOT tgisinternal) AS triggers FROM crm.lead_adjustment;
DROP SCHEMA crm CASCADE;
DROP ROLE adjustment_owner, adjustment_sales;
