-- Advice about sheets. Every sheet below is made to earn one piece of advice; a good one earns none.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA crm;
CREATE TABLE crm.lead (id integer PRIMARY KEY, country text, created_at timestamptz);
CREATE TABLE crm.event (lead integer, at timestamptz, kind text, mail text);
INSERT INTO crm.lead VALUES (1, 'DE', '2024-01-01'), (2, 'FR', '2024-01-01');
INSERT INTO crm.event VALUES (1, '2024-02-01', 'visit', NULL), (1, '2024-02-02', 'mail_open', 'june'), (2, '2024-02-03', 'order', NULL);
SELECT lead_scoring.create_audience('crm', 'crm.lead', created_at => 'created_at', time_zone => 'UTC');
SELECT lead_scoring.add_source('crm', 'crm.event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition, distinct_by, description) VALUES
    ('crm', 'visit', 'event', 'visit', NULL, NULL, 'Any page'), ('crm', 'order', 'event', 'order', NULL, NULL, 'Orders'),
    ('crm', 'any visit', 'event', 'visit', NULL, NULL, 'The same as visit'),
    ('crm', 'mail open', 'event', 'mail_open', NULL, 'mail', 'Opened a mail'), ('crm', 'fax', 'event', 'fax', NULL, NULL, 'Nobody has one'),
    ('crm', 'german', 'profile', NULL, 'country = ''DE''', NULL, 'From Germany'), ('crm', 'martian', 'profile', NULL, 'country = ''MARS''', NULL, 'From Mars');

-- The rules of a sheet from a document; each has a description where nothing else is said.
CREATE FUNCTION make(sheet text, document jsonb) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lead_scoring.import_sheet('crm', '{"format": 1, "description": "A test"}' || jsonb_build_object('name', sheet, 'bands', '[{"name": "MQL", "rank": 1, "min_score": 20, "description": "Call"}]'::jsonb) || document);
    UPDATE lead_scoring.rule AS r SET description = 'Said' WHERE r.sheet = make.sheet;
END $$;
CREATE FUNCTION advice(sheet text) RETURNS TABLE (severity text, place text, advice text)
    LANGUAGE sql AS
$$ SELECT c.severity, c.place, replace(c.advice, current_date::text, 'TODAY') FROM lead_scoring.check_sheet(sheet) AS c $$;

--
-- Nothing to say about a sheet that is small, described, and has its penalties in bounds.
--
SELECT make('good', '{"rules": [{"name": "visit", "signal": "visit", "points": 10}, {"name": "german", "component": "fit", "signal": "german", "points": 10},
    {"name": "first open of each mail", "signal": "mail open", "points": 3, "repeat_limit": 1, "repeat_per_item": true},
    {"name": "inactive", "measure": "inactivity", "points": -5, "inactive_after": "P1M", "inactive_every": "P1M", "max_times": 3},
    {"name": "orders fade", "signal": "order", "points": -2, "decay": "linear", "lifespan": "P30D"}]}');
SELECT * FROM advice('good');
SELECT lead_scoring.publish('good');
SELECT * FROM advice('good');
SELECT * FROM lead_scoring.check_sheet('no sheet');

--
-- Errors: what publish() would refuse, all of it.
--
INSERT INTO lead_scoring.sheet (name, audience, description) VALUES ('errors', 'crm', 'Wrong'), ('empty', 'crm', 'Nothing in it');
INSERT INTO lead_scoring.rule (sheet, name, signal, points, decay, guard_signal, description) VALUES
    ('errors', 'a', 'vissit', 10, 'none', NULL, 'Said'), ('errors', 'b', 'visit', 10, 'exponential', 'nothing', 'Said'),
    ('errors', 'c', 'visit', NULL, 'none', NULL, 'Said');
INSERT INTO lead_scoring.band (sheet, name, rank, min_score, description) VALUES ('errors', 'x', 1, 10, 'Said'), ('errors', 'y', 1, 20, 'Said');
SELECT * FROM advice('errors') WHERE severity = 'error';
SELECT * FROM advice('empty');

--
-- Rules that can never fire.
--
SELECT make('never', '{"segment_signal": "order", "segment_max": 0, "rules": [
    {"name": "unseen event", "signal": "fax", "points": 5},
    {"name": "guard on what nobody has", "signal": "visit", "points": 5, "guard_signal": "fax"},
    {"name": "guard on what nobody has, twice", "signal": "visit", "points": 5, "guard_signal": "fax", "guard_min": 2, "guard_max": 4},
    {"name": "guard shuts itself", "signal": "visit", "points": 5, "guard_signal": "visit", "guard_max": 0},
    {"name": "not in the segment", "signal": "order", "points": 5},
    {"name": "guard not in the segment", "signal": "german", "component": "fit", "points": 5, "guard_signal": "order"},
    {"name": "since itself", "signal": "visit", "points": 5, "since_signal": "visit"},
    {"name": "no effect", "signal": "visit", "points": 0},
    {"name": "no effect of tiers", "signal": "visit", "measure": "tiers", "tiers": [{"points": 0}]}]}');
SELECT * FROM advice('never') WHERE severity = 'warning';
-- The same with what makes them possible: a guard with a window, nobody needed, a ceiling, a verdict, a tier for none.
SELECT make('possible', '{"segment_signal": "order", "segment_max": 0, "segment_within": "P1Y", "rules": [
    {"name": "guard shut for a week", "signal": "visit", "points": 5, "guard_signal": "visit", "guard_max": 0, "guard_within": "P7D"},
    {"name": "without fax", "signal": "visit", "points": 5, "guard_signal": "fax", "guard_max": 3},
    {"name": "old orders", "signal": "order", "points": 5},
    {"name": "ceiling", "measure": "inactivity", "inactive_after": "P1M", "ceiling": 10},
    {"name": "verdict", "signal": "german", "component": "fit", "points": 0, "hand_raise": true},
    {"name": "never by fax", "signal": "fax", "measure": "tiers", "tiers": [{"min": 0, "max": 0, "points": 5}]}]}');
SELECT * FROM advice('possible') WHERE severity = 'warning';
-- A signal whose condition is counted is known by its rows; one that is not counted yet by its event type only.
SELECT * FROM lead_scoring.unseen_signals('never');
SELECT make('mars', '{"rules": [{"name": "martian", "component": "fit", "signal": "martian", "points": 20}]}');
SELECT * FROM advice('mars');
SELECT lead_scoring.publish('mars');
SELECT * FROM advice('mars');

--
-- Validity that is over. What happened before goes on counting, unless it has lost its weight or left the windows.
--
SELECT make('validity', format('{"rules": [
    {"name": "counts what was", "signal": "visit", "points": 5, "valid_to": "2024-12-31"},
    {"name": "expired", "signal": "visit", "points": 4, "valid_to": "2024-12-31", "decay": "expire", "lifespan": "P90D"},
    {"name": "profile", "component": "fit", "signal": "german", "points": 5, "valid_to": "2024-12-31"},
    {"name": "windows", "signal": "visit", "measure": "tiers", "valid_to": "2024-12-31", "tiers": [{"min": 2, "points": 9, "within": "P7D"}, {"points": 5, "within": "P30D"}]},
    {"name": "open window", "signal": "visit", "measure": "tiers", "valid_to": "2024-12-31", "tiers": [{"min": 2, "points": 9, "within": "P7D"}, {"points": 5}]},
    {"name": "today is valid", "signal": "order", "points": 3, "valid_to": "%1$s"},
    {"name": "not yet", "signal": "order", "points": 5, "valid_from": "9000-01-01"}]}', current_date)::jsonb);
SELECT * FROM advice('validity') WHERE advice LIKE '%valid%';

--
-- Tiers that an earlier one takes away.
--
SELECT make('tiers', '{"rules": [
    {"name": "wrong order", "signal": "visit", "measure": "tiers", "tiers": [{"points": 5}, {"min": 3, "points": 10}, {"min": 2, "max": 3, "points": 7}]},
    {"name": "right order", "signal": "visit", "measure": "tiers", "tiers": [{"min": 3, "points": 10}, {"min": 2, "points": 7}, {"points": 5}]},
    {"name": "wider window first", "signal": "visit", "measure": "tiers", "tiers": [{"min": 2, "points": 5, "within": "P30D"}, {"min": 3, "points": 10, "within": "P7D"}]},
    {"name": "window first", "signal": "visit", "measure": "tiers", "tiers": [{"min": 2, "points": 10, "within": "P7D"}, {"min": 2, "points": 5, "within": "P30D"}]},
    {"name": "up to", "signal": "visit", "measure": "tiers", "tiers": [{"max": 2, "points": 5, "within": "P30D"}, {"points": 10, "within": "P7D"}]},
    {"name": "limit", "signal": "visit", "measure": "tiers", "repeat_limit": 2, "tiers": [{"min": 3, "points": 10}, {"min": 2, "points": 5}]}]}');
SELECT * FROM advice('tiers') WHERE place LIKE '%tier%' AND place LIKE 'rule%';

--
-- Bands nobody can reach, because all rules together do not give as much.
--
SELECT make('bands', '{"max_fit": 15, "rules": [
    {"name": "first visit", "signal": "visit", "points": 10, "repeat_limit": 1},
    {"name": "orders", "signal": "order", "points": 100, "rule_group": "g"},
    {"name": "tiers", "signal": "order", "measure": "tiers", "tiers": [{"min": 3, "points": 15}, {"points": -5}]},
    {"name": "silence", "measure": "inactivity", "points": -5, "inactive_after": "P1M"},
    {"name": "german", "component": "fit", "signal": "german", "points": 30},
    {"name": "off", "signal": "order", "points": 1000, "enabled": false}],
  "groups": [{"name": "g", "max_points": 20}],
  "grades": [{"name": "A", "threshold": 16}, {"name": "B", "threshold": 15}], "levels": [{"name": "1", "threshold": 46}, {"name": "2", "threshold": 45}],
  "bands": [{"name": "sixty", "rank": 1, "min_score": 60}, {"name": "above sixty", "rank": 2, "min_score": 60, "exclusive": true},
            {"name": "fit", "rank": 3, "min_fit": 16}, {"name": "engagement", "rank": 4, "min_engagement": 46, "min_fit": 1},
            {"name": "grade", "rank": 5, "min_grade": "A", "min_engagement": 1}, {"name": "level", "rank": 6, "min_level": "1", "min_fit": 2}]}');
SELECT * FROM lead_scoring.highest_scores('bands');
SELECT * FROM advice('bands') WHERE severity = 'warning';
-- One rule without limit, and everything is possible; so is what a rule forces.
UPDATE lead_scoring.rule SET repeat_limit = NULL WHERE sheet = 'bands' AND name = 'first visit';
UPDATE lead_scoring.rule SET forces_band = 'fit' WHERE sheet = 'bands' AND name = 'german';
SELECT * FROM lead_scoring.highest_scores('bands');
SELECT * FROM advice('bands') WHERE severity = 'warning';
-- Of personas only the best counts.
SELECT make('personas', '{"groups": [{"name": "p", "component": "fit", "persona": true}, {"name": "q", "component": "fit", "persona": true}],
  "rules": [{"name": "p", "component": "fit", "rule_group": "p", "signal": "german", "points": 10}, {"name": "q", "component": "fit", "rule_group": "q", "signal": "german", "points": 15},
            {"name": "visits", "signal": "visit", "points": 2, "max_points": 4}]}');
SELECT * FROM lead_scoring.highest_scores('personas');

--
-- A higher rank that is easier.
--
SELECT make('ranks', '{"rules": [{"name": "visit", "signal": "visit", "points": 10}],
  "bands": [{"name": "hot", "rank": 1, "min_score": 60, "min_fit": 0}, {"name": "warm", "rank": 2, "min_score": 30}, {"name": "other", "rank": 3, "min_engagement": 50},
            {"name": "above 30", "rank": 4, "min_score": 30, "exclusive": true}]}');
SELECT * FROM advice('ranks') WHERE place LIKE 'band%';
SELECT make('no bands', '{"rules": [{"name": "visit", "signal": "visit", "points": 10}], "bands": []}');
SELECT * FROM advice('no bands');

--
-- Rules that say the same, or nearly.
--
SELECT make('same', '{"groups": [{"name": "nothing in it"}], "rules": [
    {"name": "visit", "signal": "visit", "points": 10}, {"name": "visit once more", "signal": "visit", "points": 5, "max_points": 20},
    {"name": "visit, fading", "signal": "visit", "points": 5, "decay": "linear", "lifespan": "P30D"},
    {"name": "visit of old", "signal": "visit", "points": 5, "valid_to": "2023-12-31", "decay": "linear", "lifespan": "P9000D", "guard_signal": "german"},
    {"name": "any visit", "signal": "any visit", "points": 5}]}');
SELECT * FROM advice('same') WHERE advice NOT LIKE '%valid_to%';

--
-- What practice warns of: opens, and penalties without end.
--
SELECT make('practice', '{"rules": [
    {"name": "opens", "signal": "mail open", "points": 3},
    {"name": "visit", "signal": "visit", "points": -5},
    {"name": "orders", "signal": "order", "points": -5, "measure": "value"},
    {"name": "inactive", "measure": "inactivity", "points": -5, "inactive_after": "P1M", "inactive_every": "P1M"}]}');
SELECT * FROM advice('practice') WHERE advice NOT LIKE '%never be reached%';
-- Each has its way out.
UPDATE lead_scoring.rule SET max_points = 9 WHERE sheet = 'practice' AND name = 'opens';
UPDATE lead_scoring.rule SET repeat_limit = 3 WHERE sheet = 'practice' AND name = 'visit';
UPDATE lead_scoring.rule SET decay = 'exponential', half_life = '30 days' WHERE sheet = 'practice' AND name = 'orders';
UPDATE lead_scoring.rule SET min_points = -20 WHERE sheet = 'practice' AND name = 'inactive';
SELECT * FROM advice('practice') WHERE advice NOT LIKE '%never be reached%';
UPDATE lead_scoring.rule SET repeat_limit = NULL, min_points = NULL WHERE sheet = 'practice';
SELECT place FROM advice('practice') WHERE advice LIKE 'negative%';
UPDATE lead_scoring.sheet SET min_engagement = -30 WHERE name = 'practice';
SELECT place FROM advice('practice') WHERE advice LIKE 'negative%';

--
-- Upkeep: descriptions, what is disabled, reviews, and the size of a first sheet.
--
SELECT make('upkeep', '{"description": "", "rules": [{"name": "visit", "signal": "visit", "points": 10}, {"name": "order", "signal": "order", "points": 10, "enabled": false}]}');
UPDATE lead_scoring.rule SET description = NULL WHERE sheet = 'upkeep';
UPDATE lead_scoring.band SET description = NULL WHERE sheet = 'upkeep';
UPDATE lead_scoring.signal SET description = NULL WHERE name = 'visit';
SELECT * FROM advice('upkeep');
UPDATE lead_scoring.signal SET description = 'Any page' WHERE name = 'visit';
UPDATE lead_scoring.sheet SET reviewed_on = current_date - interval '3 months' WHERE name = 'good';
SELECT severity, place, replace(advice, (current_date - interval '3 months')::date::text, 'THREE MONTHS AGO') FROM advice('good');
UPDATE lead_scoring.sheet SET reviewed_on = current_date - interval '2 months' WHERE name = 'good';
SELECT * FROM advice('good');
-- Never reviewed: since it was published.
UPDATE lead_scoring.sheet SET reviewed_on = NULL WHERE name = 'good';
UPDATE lead_scoring.sheet_revision SET published_at = '2024-03-01' WHERE sheet = 'good';
SELECT * FROM advice('good');
-- Six rules are many for the first sheet; where another one has been published they are not.
SELECT make('six', '{"rules": [{"name": "a", "signal": "visit", "points": 10}, {"name": "b", "signal": "order", "points": 10}, {"name": "c", "signal": "german", "points": 10},
    {"name": "d", "signal": "visit", "measure": "tiers", "tiers": [{"points": 1}]}, {"name": "e", "signal": "order", "measure": "value", "points": 1}, {"name": "f", "measure": "season", "season_months": [1], "points": 1}]}');
SELECT * FROM advice('six') WHERE place = 'sheet';
DELETE FROM lead_scoring.sheet WHERE name IN ('good', 'mars');
SELECT * FROM advice('six') WHERE place = 'sheet';

--
-- Only the owner is advised.
--
CREATE ROLE check_sheet_reader;
GRANT SELECT ON crm.lead_score TO check_sheet_reader;
SET ROLE check_sheet_reader;
SELECT * FROM lead_scoring.check_sheet('six');
RESET ROLE;
DROP FUNCTION make, advice;
SELECT lead_scoring.drop_audience('crm');
DROP SCHEMA crm CASCADE;
DROP ROLE check_sheet_reader;
