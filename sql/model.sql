-- The type model: a published sheet as a value.
SET search_path = public, lead_scoring;

--
-- Text form: one JSON document. It is checked as a whole and stored in one canonical form.
--
SELECT '{"format": 1, "time_zone": "Europe/London", "resolution": "day",
         "signals": {"visit": 2, "order": 1},
         "activity": ["order"],
         "bands": [{"rank": 1, "name": "MQL", "min_score": 60.0, "exclusive": false}],
         "rules": [{"points": 10.50, "measure": "occurrences", "signal": "order", "component": "engagement",
                    "name": "orders", "decay": {"half_life": "P4W2D", "kind": "exponential"}}]}'::model
\gset
SELECT :'model'::model::text = :'model' AS "prints itself", :'model'::model::jsonb -> 'rules' -> 0 AS first_rule;
SELECT :'model'::json::model = :'model'::model AS from_json, :'model'::jsonb::model = :'model'::model AS from_jsonb,
       :'model'::model <> :'model'::model AS different;

-- Equality and hashing: GROUP BY, DISTINCT, joins.
CREATE TEMP TABLE revision (id integer, model model);
INSERT INTO revision VALUES (1, :'model'), (2, :'model'), (3, replace(:'model', '10.5', '11')::model);
SELECT a.id, b.id, model_hash(a.model) = model_hash(b.model) AS same_hash
FROM revision a JOIN revision b USING (model) WHERE a.id < b.id;
SELECT min(id) AS first, count(*) FROM revision GROUP BY model ORDER BY first;
SELECT model_hash_extended(model, 1) = model_hash_extended(model, 2) AS other_seed FROM revision WHERE id = 1;

-- Binary form: a version byte and the same JSON text.
SELECT get_byte(model_send(model), 0) AS version,
       convert_from(substr(model_send(model), 2), 'UTF8') = model::text AS json FROM revision WHERE id = 1;
\copy revision (model) FROM PROGRAM 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\001\0\0\0\003\002{}\377\377"' (FORMAT binary)

--
-- What is wrong is said at once, with its place.
--
SELECT 'not JSON'::model;
\echo :LAST_ERROR_SQLSTATE
SELECT '{"format": 1, "time_zone": "Europe/London", "signals": {"order": 1, "order": 2}}'::model;
SELECT '{"format": 7}'::model;
SELECT '{"format": 1, "time_zone": "Europe/London", "resolution": "week", "signals": {"order": 1},
         "rules": [{"name": "orders", "component": "engagement", "signal": "oder", "points": 1e9,
                    "decay": {"kind": "exponential"}, "repeat": {"limit": -1}, "colour": "red"}],
         "bands": [{"name": "MQL", "rank": 1, "min_score": 60}, {"name": "SQL", "rank": 1, "min_score": 80}]}'::model;
\echo :LAST_ERROR_SQLSTATE
SELECT '{"format": 1, "time_zone": "Mars/Olympus_Mons", "resolution": "day", "signals": {"order": 1},
         "rules": [{"name": "orders", "component": "engagement", "signal": "order", "measure": "occurrences",
                    "points": 1}]}'::model;
\echo :LAST_ERROR_SQLSTATE
