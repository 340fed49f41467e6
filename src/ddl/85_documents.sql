-- Sheets as documents: one JSON object that holds everything a sheet consists of, for review, version control
-- and moving between databases.
--
-- A document speaks the catalog's words: its keys are the columns of the catalog tables, read from the system
-- catalog, so a new column is a new key at once. Left out are what has its default value, what is NULL, and what
-- is state rather than definition (audience, active_revision). The order of a list is the position of its
-- elements.
--
--   {"format": 1, "name": ..., columns of sheet,
--    "signals": [columns of signal], "groups": [columns of rule_group],
--    "rules": [columns of rule, "tiers": [columns of rule_tier]],
--    "grades": [name, threshold], "levels": [name, threshold], "bands": [columns of band]}

CREATE FUNCTION lead_scoring.document_keys(
    OUT object text, OUT key text, OUT ordinal integer, OUT type text, OUT required boolean, OUT initial jsonb, OUT words text[])
    RETURNS SETOF record
    LANGUAGE sql STABLE ROWS 80 SET search_path = pg_catalog, pg_temp AS
$$
    SELECT o.object, a.attname::text, a.attnum::integer, format_type(a.atttypid, NULL), a.attnotnull AND d.oid IS NULL,
           CASE WHEN e.expression LIKE '''%' THEN to_jsonb(substring(e.expression from '^''(.*)''::text$')) ELSE e.expression::jsonb END,
           (SELECT array_agg(m.word[1]) FROM pg_constraint AS c,
                   regexp_matches(pg_get_constraintdef(c.oid), '''([^'']+)''::text', 'g') AS m(word)
            WHERE c.conrelid = o.relation AND c.contype = 'c' AND c.conkey = ARRAY[a.attnum])
    FROM (VALUES ('sheet', 'lead_scoring.sheet'::regclass, '{audience,active_revision}'::name[]),
                 ('signal', 'lead_scoring.signal', '{audience}'),
                 ('group', 'lead_scoring.rule_group', '{sheet,position}'),
                 ('rule', 'lead_scoring.rule', '{sheet,position}'),
                 ('tier', 'lead_scoring.rule_tier', '{sheet,rule,position}'),
                 ('grade', 'lead_scoring.grade', '{sheet,kind}'),
                 ('band', 'lead_scoring.band', '{sheet}')) AS o(object, relation, apart)
    JOIN pg_attribute AS a ON a.attrelid = o.relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL (o.apart)
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN LATERAL pg_get_expr(d.adbin, d.adrelid) AS e(expression) ON true
    ORDER BY o.relation, a.attnum
$$;
COMMENT ON FUNCTION lead_scoring.document_keys() IS 'The keys of a sheet document: for each object, in order, with type, default and allowed words';

-- The lists of a document, in its order, and what their elements are.
CREATE FUNCTION lead_scoring.document_lists(OUT list text, OUT object text, OUT ordinal integer) RETURNS SETOF record
    LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 6 SET search_path = pg_catalog, pg_temp AS
$$ VALUES ('signals', 'signal', 1), ('groups', 'group', 2), ('rules', 'rule', 3), ('grades', 'grade', 4), ('levels', 'grade', 5), ('bands', 'band', 6) $$;
COMMENT ON FUNCTION lead_scoring.document_lists() IS 'The lists of a sheet document';

-- Every object of a document with its JSON path, without what is none; ordinal counts from 1, parent is the
-- ordinal of a tier's rule.
CREATE FUNCTION lead_scoring.document_elements(
    document jsonb, OUT object text, OUT list text, OUT path text, OUT parent integer, OUT ordinal integer, OUT element jsonb)
    RETURNS SETOF record
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
    WITH top AS (
        SELECT l.object, l.list, format('$.%s[%s]', l.list, e.n - 1) AS path, e.n::integer AS ordinal, e.value
        FROM lead_scoring.document_lists() AS l,
             jsonb_array_elements(CASE WHEN jsonb_typeof(document -> l.list) = 'array' THEN document -> l.list ELSE '[]' END)
                 WITH ORDINALITY AS e(value, n))
    SELECT 'sheet', NULL, '$', NULL::integer, 1,
           document - 'format' - ARRAY(SELECT l.list FROM lead_scoring.document_lists() AS l)
    UNION ALL
    SELECT t.object, t.list, t.path, NULL, t.ordinal, CASE WHEN t.object = 'rule' THEN t.value - 'tiers' ELSE t.value END
    FROM top AS t WHERE jsonb_typeof(t.value) = 'object'
    UNION ALL
    SELECT 'tier', 'tiers', format('%s.tiers[%s]', t.path, e.n - 1), t.ordinal, e.n::integer, e.value
    FROM top AS t,
         jsonb_array_elements(CASE WHEN t.object = 'rule' AND jsonb_typeof(t.value) = 'object' AND jsonb_typeof(t.value -> 'tiers') = 'array'
                                   THEN t.value -> 'tiers' ELSE '[]' END) WITH ORDINALITY AS e(value, n)
    WHERE jsonb_typeof(e.value) = 'object'
$$;
COMMENT ON FUNCTION lead_scoring.document_elements(jsonb) IS 'The objects of a sheet document, each with its JSON path';

--
-- Export
--

-- {"rule": {"name": null, "component": "engagement", ...}, ...}
CREATE FUNCTION lead_scoring.document_defaults() RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT jsonb_object_agg(o.object, o.defaults)
    FROM (SELECT k.object, jsonb_object_agg(k.key, k.initial) AS defaults FROM lead_scoring.document_keys() AS k GROUP BY k.object) AS o
$$;
COMMENT ON FUNCTION lead_scoring.document_defaults() IS 'The keys of a sheet document with their defaults, by object';

CREATE FUNCTION lead_scoring.document_element(defaults jsonb, "row" jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT coalesce(jsonb_object_agg(k.key, "row" -> k.key), '{}')
    FROM jsonb_each(defaults) AS k WHERE "row" -> k.key NOT IN ('null', k.value)
$$;
COMMENT ON FUNCTION lead_scoring.document_element(jsonb, jsonb) IS 'A catalog row as a sheet document has it: without NULLs, defaults and state';

CREATE FUNCTION lead_scoring.export_sheet(sheet text, include_signals boolean DEFAULT true) RETURNS jsonb
    LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp SET intervalstyle = 'iso_8601' AS $$
DECLARE
    s lead_scoring.sheet;
    defaults jsonb := lead_scoring.document_defaults();
    lists jsonb;
BEGIN
    SELECT * INTO s FROM lead_scoring.sheet AS q WHERE q.name = export_sheet.sheet;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'sheet "%" does not exist', sheet
            USING ERRCODE = 'undefined_object', HINT = 'SELECT name FROM lead_scoring.sheet lists the sheets.';
    END IF;
    lists := jsonb_build_object(
        'signals', (SELECT jsonb_agg(lead_scoring.document_element(defaults -> 'signal', to_jsonb(g)) ORDER BY g.name COLLATE "C")
                    FROM lead_scoring.signal AS g
                    WHERE include_signals AND g.audience = s.audience
                      AND (g.name = s.segment_signal OR g.name = ANY (s.activity)
                           OR EXISTS (SELECT FROM lead_scoring.rule AS r
                                      WHERE r.sheet = s.name AND g.name IN (r.signal, r.guard_signal, r.since_signal)))
                      -- `created` comes with the audience.
                      AND NOT (g.name = 'created' AND EXISTS (SELECT FROM lead_scoring.audience AS a
                                                              WHERE a.name = s.audience AND a.created_at IS NOT NULL))),
        'groups', (SELECT jsonb_agg(lead_scoring.document_element(defaults -> 'group', to_jsonb(g)) ORDER BY g.position, g.name)
                   FROM lead_scoring.rule_group AS g WHERE g.sheet = s.name),
        'rules', (SELECT jsonb_agg(lead_scoring.document_element(defaults -> 'rule', to_jsonb(r)) || coalesce(t.tiers, '{}') ORDER BY r.position, r.name)
                  FROM lead_scoring.rule AS r,
                       LATERAL (SELECT jsonb_build_object('tiers', jsonb_agg(lead_scoring.document_element(defaults -> 'tier', to_jsonb(t)) ORDER BY t.position)) AS tiers
                                FROM lead_scoring.rule_tier AS t WHERE t.sheet = r.sheet AND t.rule = r.name HAVING count(*) > 0
                                UNION ALL SELECT NULL LIMIT 1) AS t
                  WHERE r.sheet = s.name),
        'grades', (SELECT jsonb_agg(lead_scoring.document_element(defaults -> 'grade', to_jsonb(g)) ORDER BY g.threshold DESC, g.name)
                   FROM lead_scoring.grade AS g WHERE g.sheet = s.name AND g.kind = 'grade'),
        'levels', (SELECT jsonb_agg(lead_scoring.document_element(defaults -> 'grade', to_jsonb(g)) ORDER BY g.threshold DESC, g.name)
                   FROM lead_scoring.grade AS g WHERE g.sheet = s.name AND g.kind = 'level'),
        'bands', (SELECT jsonb_agg(lead_scoring.document_element(defaults -> 'band', to_jsonb(b)) ORDER BY b.rank, b.name)
                  FROM lead_scoring.band AS b WHERE b.sheet = s.name));
    RETURN '{"format": 1}' || lead_scoring.document_element(defaults -> 'sheet', to_jsonb(s)) || jsonb_strip_nulls(lists);
END $$;
COMMENT ON FUNCTION lead_scoring.export_sheet(text, boolean) IS
    'The present rows of a sheet, published or not, as a document that import_sheet() reads. include_signals: with the definitions of the signals it names';

-- An object on one line where it fits, otherwise one line a key, in the order of the catalog's columns.
CREATE FUNCTION lead_scoring.document_lines(document jsonb, object text, indent integer, ordinals jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    margin text := repeat(' ', indent + 2);
    part record;
    parts text[] := '{}';
    elements text[];
    item jsonb;
    line text;
BEGIN
    FOR part IN
        SELECT d.key, d.value, coalesce(l.object, CASE WHEN d.key = 'tiers' AND document_lines.object = 'rule' THEN 'tier' END) AS element
        FROM jsonb_each(document) AS d(key, value)
        LEFT JOIN lead_scoring.document_lists() AS l ON l.list = d.key AND document_lines.object = 'sheet'
        ORDER BY d.key <> 'format', l.ordinal NULLS FIRST, d.key = 'tiers', (ordinals -> document_lines.object -> d.key)::integer, d.key
    LOOP
        line := to_jsonb(part.key)::text || ': ';
        IF part.element IS NOT NULL AND jsonb_typeof(part.value) = 'array' THEN
            elements := '{}';
            FOR item IN SELECT e.value FROM jsonb_array_elements(part.value) AS e LOOP
                elements := elements || (margin || '  ' || CASE jsonb_typeof(item) WHEN 'object'
                    THEN lead_scoring.document_lines(item, part.element, indent + 4, ordinals) ELSE item::text END);
            END LOOP;
            parts := parts || (line || E'[\n' || array_to_string(elements, E',\n') || E'\n' || margin || ']');
        ELSE
            parts := parts || (line || part.value::text);
        END IF;
    END LOOP;
    line := '{' || array_to_string(parts, ', ') || '}';
    IF object <> 'sheet' AND position(E'\n' in line) = 0 AND indent + length(line) <= 110 THEN
        RETURN line;
    END IF;
    RETURN E'{\n' || margin || array_to_string(parts, E',\n' || margin) || E'\n' || repeat(' ', indent) || '}';
END $$;
COMMENT ON FUNCTION lead_scoring.document_lines(jsonb, text, integer, jsonb) IS 'An object of a sheet document as text; ordinals has the order of the keys';

CREATE FUNCTION lead_scoring.document_text(document jsonb) RETURNS text
    LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp AS
$$
    SELECT lead_scoring.document_lines(document, 'sheet', 0, jsonb_object_agg(o.object, o.ordinals))
    FROM (SELECT k.object, jsonb_object_agg(k.key, k.ordinal) AS ordinals FROM lead_scoring.document_keys() AS k GROUP BY k.object) AS o
$$;
COMMENT ON FUNCTION lead_scoring.document_text(jsonb) IS 'A sheet document as text, in the order of the catalog''s columns';

CREATE FUNCTION lead_scoring.export_sheet_text(sheet text, include_signals boolean DEFAULT true) RETURNS text
    LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp AS
$$ SELECT lead_scoring.document_text(lead_scoring.export_sheet(sheet, include_signals)) $$;
COMMENT ON FUNCTION lead_scoring.export_sheet_text(text, boolean) IS
    'export_sheet() as text for version control: always the same keys in the same order, so that a diff shows what has changed';

--
-- Import: what is wrong with a document, all at once
--

CREATE FUNCTION lead_scoring.edit_distance(a text, b text) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before integer[];
    above integer[] := ARRAY(SELECT generate_series(0, length(b)));
    line integer[];
    distance integer;
BEGIN
    FOR i IN 1..length(a) LOOP
        line := ARRAY[i];
        FOR j IN 1..length(b) LOOP
            distance := least(above[j + 1] + 1, line[j] + 1, above[j] + (substr(a, i, 1) <> substr(b, j, 1))::integer);
            IF i > 1 AND j > 1 AND substr(a, i - 1, 2) = reverse(substr(b, j - 1, 2)) THEN
                distance := least(distance, before[j - 1] + 1);
            END IF;
            line := line || distance;
        END LOOP;
        before := above;
        above := line;
    END LOOP;
    RETURN above[length(b) + 1];
END $$;
COMMENT ON FUNCTION lead_scoring.edit_distance(text, text) IS 'How many characters must be changed, added, removed or swapped with their neighbour to make one text of another';

CREATE FUNCTION lead_scoring.nearest_name(word text, names text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT n.name FROM unnest(names) AS n(name),
         LATERAL (SELECT lead_scoring.edit_distance(lower(left(word, 60)), lower(left(n.name, 60))) AS distance,
                         length(word) > 2 AND (strpos(n.name, word) > 0 OR strpos(word, n.name) > 0) AS contained) AS d
    WHERE d.contained OR d.distance <= greatest(1, (length(word) + 1) / 3)
    ORDER BY NOT d.contained, d.distance, n.name COLLATE "C" LIMIT 1
$$;
COMMENT ON FUNCTION lead_scoring.nearest_name(text, text[]) IS 'The name that was probably meant; NULL when none is near';

CREATE FUNCTION lead_scoring.did_you_mean(word text, names text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$ SELECT coalesce('; did you mean "' || lead_scoring.nearest_name(word, names) || '"?', '') $$;
COMMENT ON FUNCTION lead_scoring.did_you_mean(text, text[]) IS 'The end of a message about an unknown name';

CREATE FUNCTION lead_scoring.shown_value(value jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT CASE jsonb_typeof(value) WHEN 'object' THEN 'an object' WHEN 'array' THEN 'a list'
           ELSE CASE WHEN length(value::text) > 60 THEN left(value::text, 60) || '...' ELSE value::text END END
$$;
COMMENT ON FUNCTION lead_scoring.shown_value(jsonb) IS 'A JSON value as error messages quote it';

CREATE FUNCTION lead_scoring.value_problem(type text, words text[], value jsonb) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kind text := jsonb_typeof(value);
    number numeric;
BEGIN
    CASE type
        WHEN 'text' THEN
            IF kind <> 'string' THEN
                RETURN 'must be a text, not ' || lead_scoring.shown_value(value);
            ELSIF value #>> '{}' <> ALL (words) THEN
                RETURN format('%s is none of %s%s', lead_scoring.shown_value(value), array_to_string(words, ', '),
                              lead_scoring.did_you_mean(value #>> '{}', words));
            END IF;
        WHEN 'numeric' THEN
            IF kind <> 'number' THEN
                RETURN 'must be a number, not ' || lead_scoring.shown_value(value);
            END IF;
        WHEN 'integer', 'bigint' THEN
            IF kind = 'number' THEN
                number := value::numeric;
            END IF;
            IF number IS NULL OR number <> trunc(number)
               OR abs(number) > (CASE type WHEN 'integer' THEN 2147483647 ELSE 9223372036854775807 END) THEN
                RETURN format('must be a whole number%s, not %s',
                              CASE WHEN number = trunc(number) THEN ' that fits ' || type ELSE '' END, lead_scoring.shown_value(value));
            END IF;
        WHEN 'boolean' THEN
            IF kind <> 'boolean' THEN
                RETURN 'must be true or false, not ' || lead_scoring.shown_value(value);
            END IF;
        WHEN 'interval' THEN
            BEGIN
                IF kind = 'string' AND (value #>> '{}')::interval IS NOT NULL THEN
                    RETURN NULL;
                END IF;
            EXCEPTION WHEN data_exception THEN
                NULL;
            END;
            RETURN format('must be an interval in ISO 8601 such as "P30D" or "P3M", not %s', lead_scoring.shown_value(value));
        WHEN 'date' THEN
            BEGIN
                IF kind = 'string' AND value #>> '{}' ~ '^\d{4}-\d\d-\d\d$' AND (value #>> '{}')::date IS NOT NULL THEN
                    RETURN NULL;
                END IF;
            EXCEPTION WHEN data_exception THEN
                NULL;
            END;
            RETURN format('must be a date such as "2026-03-31", not %s', lead_scoring.shown_value(value));
        ELSE
            IF kind <> 'array' THEN
                RETURN 'must be a list, not ' || lead_scoring.shown_value(value);
            END IF;
            RETURN (SELECT format('element %s %s', e.n, lead_scoring.value_problem(left(type, -2), NULL, e.value))
                    FROM jsonb_array_elements(value) WITH ORDINALITY AS e(value, n)
                    WHERE lead_scoring.value_problem(left(type, -2), NULL, e.value) IS NOT NULL
                    ORDER BY e.n LIMIT 1);
    END CASE;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION lead_scoring.value_problem(text, text[], jsonb) IS 'What is wrong with a value of a sheet document; NULL: nothing';

-- What can be said of a document without an audience. `element` is the path of the object and `key` the key that
-- is not usable; NULL: the whole element.
CREATE FUNCTION lead_scoring.document_problems(
    document jsonb, OUT path text, OUT problem text, OUT element text, OUT key text) RETURNS SETOF record
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    WITH elements AS MATERIALIZED (SELECT * FROM lead_scoring.document_elements(document)),
         keys AS MATERIALIZED (SELECT * FROM lead_scoring.document_keys()),
         arrays(path, list, value) AS (
             SELECT '$', l.list, document -> l.list FROM lead_scoring.document_lists() AS l
             UNION ALL
             SELECT format('$.rules[%s]', e.n - 1), 'tiers', e.value -> 'tiers'
             FROM jsonb_array_elements(CASE WHEN jsonb_typeof(document -> 'rules') = 'array' THEN document -> 'rules' ELSE '[]' END)
                      WITH ORDINALITY AS e(value, n) WHERE jsonb_typeof(e.value) = 'object')
    SELECT '$.format', CASE WHEN document ? 'format'
                       THEN format('format %s is not known; this release reads format 1', lead_scoring.shown_value(document -> 'format'))
                       ELSE 'is missing; this release reads "format": 1' END, '$', 'format'
    WHERE document -> 'format' IS DISTINCT FROM '1'
    UNION ALL
    SELECT format('%s.%s', a.path, a.list), 'must be a list, not ' || lead_scoring.shown_value(a.value), a.path, a.list
    FROM arrays AS a WHERE jsonb_typeof(a.value) NOT IN ('array', 'null')
    UNION ALL
    SELECT format('%s.%s[%s]', a.path, a.list, e.n - 1), 'must be an object, not ' || lead_scoring.shown_value(e.value),
           format('%s.%s[%s]', a.path, a.list, e.n - 1), NULL
    FROM arrays AS a,
         jsonb_array_elements(CASE WHEN jsonb_typeof(a.value) = 'array' THEN a.value ELSE '[]' END) WITH ORDINALITY AS e(value, n)
    WHERE jsonb_typeof(e.value) <> 'object'
    UNION ALL
    SELECT format('%s.%s', e.path, CASE WHEN p.key ~ '^\w+$' THEN p.key ELSE to_jsonb(p.key)::text END),
           'unknown key' || lead_scoring.did_you_mean(p.key, ARRAY(
               SELECT k.key FROM keys AS k WHERE k.object = e.object
               UNION ALL SELECT l.list FROM lead_scoring.document_lists() AS l WHERE e.object = 'sheet'
               UNION ALL SELECT 'tiers' WHERE e.object = 'rule')),
           e.path, p.key
    FROM elements AS e, jsonb_object_keys(e.element) AS p(key)
    WHERE NOT EXISTS (SELECT FROM keys AS k WHERE k.object = e.object AND k.key = p.key)
    UNION ALL
    SELECT format('%s.%s', e.path, k.key), 'is missing', e.path, CASE WHEN e.object = 'sheet' THEN k.key END
    FROM elements AS e JOIN keys AS k ON k.object = e.object
    WHERE k.required AND coalesce(e.element -> k.key, 'null') = 'null'
    UNION ALL
    SELECT format('%s.%s', e.path, k.key), p.problem, e.path, CASE WHEN e.object = 'sheet' OR NOT k.required THEN k.key END
    FROM elements AS e JOIN keys AS k ON k.object = e.object,
         LATERAL (SELECT lead_scoring.value_problem(k.type, k.words, e.element -> k.key) AS problem
                  WHERE e.element -> k.key <> 'null') AS p
    WHERE p.problem IS NOT NULL
    UNION ALL
    SELECT format('%s.name', e.path), 'is empty', e.path, CASE WHEN e.object = 'sheet' THEN 'name' END
    FROM elements AS e WHERE e.element -> 'name' = '""'
    UNION ALL
    SELECT format('%s.name', e.path), format('the name %s stands more than once in %s', lead_scoring.shown_value(e.element -> 'name'), e.list), e.path, NULL
    FROM (SELECT x.*, row_number() OVER (PARTITION BY x.list, x.element -> 'name' ORDER BY x.ordinal) AS occurrence
          FROM elements AS x WHERE x.object NOT IN ('sheet', 'tier') AND jsonb_typeof(x.element -> 'name') = 'string') AS e
    WHERE e.occurrence > 1
$$;
COMMENT ON FUNCTION lead_scoring.document_problems(jsonb) IS 'What is wrong with a sheet document in itself: JSON path and problem; element and key say what cannot be used';

-- From the words of the compiled model, which the core's messages use, to those of the document.
CREATE FUNCTION lead_scoring.document_key_of(object text, part text, word text, element jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT CASE
        WHEN part IN ('guard', 'segment') THEN part || '_' || word
        WHEN part IN ('engagement', 'fit') THEN word || '_' || part
        WHEN part = 'decay' THEN CASE word WHEN 'kind' THEN 'decay' WHEN 'percent' THEN 'lose_percent' WHEN 'every' THEN 'lose_every'
                                 WHEN 'anchor' THEN 'decay_anchor' ELSE word END
        WHEN part = 'repeat' THEN 'repeat_' || word
        WHEN object = 'grade' THEN CASE word WHEN 'min' THEN 'threshold' ELSE word END
        WHEN object IN ('rule', 'group') THEN CASE word
            WHEN 'min' THEN 'min_points' WHEN 'max' THEN 'max_points' WHEN 'group' THEN 'rule_group' WHEN 'since' THEN 'since_signal'
            WHEN 'after' THEN 'inactive_after' WHEN 'every' THEN 'inactive_every' WHEN 'step' THEN 'cycle_step'
            WHEN 'hold' THEN 'cycle_hold' WHEN 'windows' THEN 'season_windows' WHEN 'months' THEN 'season_months'
            WHEN 'learned' THEN CASE WHEN element -> 'season_learned' = 'true' OR element ->> 'measure' = 'season' THEN 'season_learned' ELSE 'cycle_learned' END
            WHEN 'repeat' THEN CASE WHEN element ? 'repeat_limit' THEN 'repeat_limit' WHEN element ? 'repeat_period' THEN 'repeat_period' ELSE 'repeat_per_item' END
            WHEN 'band' THEN 'forces_band' WHEN 'guard' THEN 'guard_signal' ELSE word END
        WHEN object = 'band' THEN CASE word WHEN 'grade' THEN 'min_grade' WHEN 'level' THEN 'min_level' ELSE word END
        ELSE word END
$$;
COMMENT ON FUNCTION lead_scoring.document_key_of(text, text, text, jsonb) IS 'A key of the compiled model as the sheet document has it';

CREATE FUNCTION lead_scoring.model_problem(line text, document jsonb, broken jsonb, OUT path text, OUT problem text, OUT element text)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- 'rules[2] "orders" decay: percent must be above 0', 'bands "MQL": exclusive needs min_score'
    m text[] := regexp_match(line, '^(groups|rules|grades|levels|bands)(?:\[(\d+)\])?(?: "(.*?)")?(?: (decay|repeat|guard|tiers)(?:\[(\d+)\])?)?: (.*)$');
    of_object text := 'sheet';
    content jsonb;
    part text;
    word text;
    document_key text;
BEGIN
    IF coalesce(m[2], m[3]) IS NOT NULL THEN
        -- The compiled list may have another order, and it is without disabled rules and what cannot be used.
        SELECT e.path, e.object, e.element INTO element, of_object, content FROM lead_scoring.document_elements(document) AS e
        WHERE e.list = m[1] AND (e.object <> 'rule' OR e.element -> 'enabled' IS DISTINCT FROM 'false')
          AND (m[2] IS NOT NULL OR e.element ->> 'name' = m[3])
          AND NOT EXISTS (SELECT FROM jsonb_to_recordset(broken) AS b(element text, key text) WHERE b.element = e.path AND b.key IS NULL)
        ORDER BY CASE e.object WHEN 'grade' THEN -(e.element ->> 'threshold')::numeric WHEN 'band' THEN (e.element ->> 'rank')::numeric END,
                 CASE WHEN e.object IN ('grade', 'band') THEN e.element ->> 'name' END, e.ordinal
        OFFSET coalesce(m[2]::integer, 0) LIMIT 1;
        path := element || CASE WHEN m[4] = 'tiers' THEN format('.tiers[%s]', m[5]) ELSE '' END;
        IF m[4] = 'tiers' THEN
            of_object := 'tier';
        END IF;
        part := m[4];
        problem := m[6];
    ELSE
        -- 'components fit: min is above 0', 'segment: min is above max', 'bands: "a" and "b" have the same rank 1'
        m := regexp_match(line, '^(\w+)(?: (engagement|fit))?: (.*)$');
        element := '$';
        path := CASE WHEN m[1] IN ('model', 'components', 'segment') THEN '$' ELSE '$.' || m[1] END;
        part := CASE m[1] WHEN 'segment' THEN 'segment' WHEN 'components' THEN m[2] END;
        problem := m[3];
    END IF;
    IF path IS NULL OR problem IS NULL THEN
        element := '$';
        path := '$';
        problem := line;
        RETURN;
    END IF;
    -- Words inside of a message.
    problem := regexp_replace(problem, '^decay step needs (percent|every)$', 'decay step needs lose_\1');
    problem := regexp_replace(problem, '^max_times needs every$', 'max_times needs inactive_every');
    problem := regexp_replace(problem, '^measure cycle needs cycle or learned$', 'measure cycle needs cycle or cycle_learned');
    problem := regexp_replace(problem, '^(measure season needs exactly one of) windows, months and learned$',
                              '\1 season_windows, season_months and season_learned');
    problem := regexp_replace(problem, '^(".*" and ".*" have the same) min ', CASE WHEN path IN ('$.grades', '$.levels') THEN '\1 threshold ' ELSE '\1 min ' END);
    -- The word at its beginning belongs to the path.
    word := substring(problem from '^[a-z_]+');
    document_key := lead_scoring.document_key_of(of_object, coalesce(part, ''), word, content);
    IF document_key = 'tiers' OR EXISTS (SELECT FROM lead_scoring.document_keys() AS k WHERE k.object = of_object AND k.key = document_key) THEN
        path := path || '.' || document_key || coalesce(substring(problem from '^[a-z_]+(\[\d+\])'), '');
        problem := CASE WHEN problem ~ '^(decay|measure) \w+ needs |^(group|band|grade|level) "' THEN problem
                        ELSE regexp_replace(problem, '^[a-z_]+(\[\d+\])?:? ', '') END;
    END IF;
END $$;
COMMENT ON FUNCTION lead_scoring.model_problem(text, jsonb, jsonb) IS 'A problem of the compiled model, as the type model reports it, in the paths and words of the sheet document';

--
-- Import
--

-- The elements of one kind of a document as rows of a catalog table, without what cannot be used: `broken` has
-- the problems of document_problems().
CREATE FUNCTION lead_scoring.document_rows(document jsonb, list text, broken jsonb, extra jsonb) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    WITH keys AS MATERIALIZED (SELECT * FROM lead_scoring.document_keys()),
         holes AS MATERIALIZED (SELECT b ->> 'element' AS element, b ->> 'key' AS key FROM jsonb_array_elements(broken) AS b)
    SELECT coalesce(jsonb_agg(r.content || jsonb_build_object('position', e.ordinal)
               || CASE WHEN e.object = 'tier' THEN jsonb_build_object('rule', document #> ARRAY['rules', (e.parent - 1)::text, 'name']) ELSE '{}' END
               || extra), '[]')
    FROM lead_scoring.document_elements(document) AS e,
         LATERAL (SELECT coalesce(jsonb_object_agg(k.key, CASE
                             WHEN coalesce(e.element -> k.key, 'null') = 'null'
                                  OR EXISTS (SELECT FROM holes AS h WHERE h.element = e.path AND h.key = k.key) THEN k.initial
                             WHEN k.type IN ('integer', 'bigint') AND jsonb_typeof(e.element -> k.key) = 'number' THEN to_jsonb(trunc((e.element -> k.key)::numeric))
                             ELSE e.element -> k.key END), '{}') AS content
                  FROM keys AS k WHERE k.object = e.object) AS r
    WHERE coalesce(e.list, 'sheet') = document_rows.list
      AND NOT EXISTS (SELECT FROM holes AS h WHERE h.key IS NULL AND (h.element = e.path OR starts_with(e.path, h.element || '.tiers')))
$$;
COMMENT ON FUNCTION lead_scoring.document_rows(jsonb, text, jsonb, jsonb) IS 'The usable elements of a list of a sheet document as catalog rows';

-- What is wrong with the signals of a document in an audience. What is to be created has no problem and is not
-- there yet.
CREATE FUNCTION lead_scoring.document_signals(
    audience text, document jsonb, sources jsonb, broken jsonb,
    OUT path text, OUT problem text, OUT element text, OUT definition lead_scoring.signal) RETURNS SETOF record
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    e record;
    src lead_scoring.source;
    found_one lead_scoring.signal;
    expression text;
    printed text;
    kind text;
    differing text[];
BEGIN
    FOR e IN
        SELECT format('$.signals[%s]', (r.value ->> 'position')::integer - 1) AS path, r.value AS content
        FROM jsonb_array_elements(lead_scoring.document_rows(document, 'signals', broken, '{}')) AS r
        ORDER BY (r.value ->> 'position')::integer
    LOOP
        element := e.path;
        definition := jsonb_populate_record(NULL::lead_scoring.signal, e.content);
        definition.audience := document_signals.audience;
        definition.source := coalesce(sources ->> definition.source, definition.source);
        SELECT * INTO src FROM lead_scoring.source AS s WHERE s.audience = document_signals.audience AND s.name = definition.source;
        IF NOT FOUND THEN
            path := e.path || '.source';
            problem := format('audience "%s" has no source "%s"; it has %s', audience, definition.source,
                              (SELECT string_agg(format('"%s"', s.name), ', ' ORDER BY s.name) FROM lead_scoring.source AS s WHERE s.audience = document_signals.audience));
            RETURN NEXT;
            CONTINUE;
        END IF;
        problem := NULL;
        BEGIN
            IF definition.event_type IS NOT NULL AND src.event_type IS NULL THEN
                path := e.path || '.event_type';
                problem := format('source "%s" has no event type column; use a condition instead', src.name);
                RETURN NEXT;
            ELSIF definition.event_type IS NOT NULL THEN
                PERFORM lead_scoring.check_event_type(src.source_table, src.event_type, definition.event_type,
                                                      format('event_type of signal "%s"', definition.name));
            END IF;
        EXCEPTION WHEN data_exception OR syntax_error_or_access_rule_violation OR feature_not_supported THEN
            path := e.path || '.event_type';
            problem := SQLERRM;
            RETURN NEXT;
        END;
        IF definition.occurred_on IS NOT NULL AND src.kind = 'event' THEN
            path := e.path || '.occurred_on';
            problem := format('occurred_on dates signals of the profile; rows of source "%s" have their own time', src.name);
            RETURN NEXT;
        END IF;
        FOREACH kind IN ARRAY '{condition,value,distinct_by,occurred_on}'::text[] LOOP
            expression := to_jsonb(definition) ->> kind;
            CONTINUE WHEN expression IS NULL;
            BEGIN
                printed := lead_scoring.check_expression(src.source_table, expression, kind, format('%s of signal "%s"', kind, definition.name));
                definition := jsonb_populate_record(definition, jsonb_build_object(kind, printed));
            EXCEPTION WHEN data_exception OR syntax_error_or_access_rule_violation OR feature_not_supported THEN
                path := e.path || '.' || kind;
                problem := SQLERRM;
                RETURN NEXT;
            END;
        END LOOP;
        CONTINUE WHEN problem IS NOT NULL;
        SELECT * INTO found_one FROM lead_scoring.signal AS g WHERE g.audience = document_signals.audience AND g.name = definition.name;
        IF FOUND THEN
            differing := ARRAY(
                SELECT d.key FROM (VALUES ('source', definition.source, found_one.source), ('event_type', definition.event_type, found_one.event_type),
                                          ('condition', definition.condition, found_one.condition), ('value', definition.value, found_one.value),
                                          ('distinct_by', definition.distinct_by, found_one.distinct_by),
                                          ('occurred_on', definition.occurred_on, found_one.occurred_on),
                                          ('is_activity', coalesce(definition.is_activity, src.kind = 'event')::text,
                                                          coalesce(found_one.is_activity, src.kind = 'event')::text)) AS d(key, here, there)
                WHERE d.here IS DISTINCT FROM d.there);
            IF cardinality(differing) > 0 THEN
                path := e.path;
                problem := format('audience "%s" has a signal "%s" with another %s; with create_signals => false the sheet uses that one',
                                  audience, definition.name, array_to_string(differing, ', '));
                RETURN NEXT;
            END IF;
            CONTINUE;
        END IF;
        path := NULL;
        RETURN NEXT;
    END LOOP;
END $$;
COMMENT ON FUNCTION lead_scoring.document_signals(text, jsonb, jsonb, jsonb) IS 'What is wrong with the signals of a sheet document in an audience, and without a problem those that are to be created';

-- Names of signals that the document uses and nobody defines.
CREATE FUNCTION lead_scoring.document_unknown_signals(audience text, document jsonb, known text[], OUT path text, OUT problem text, OUT element text)
    RETURNS SETOF record
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT u.path, format('signal "%s" is %s%s', u.name,
                          CASE WHEN u.name = 'created' THEN format('the creation time of the lead, which audience "%s" does not know', audience)
                               ELSE format('neither in the document nor in audience "%s"', audience) END,
                          lead_scoring.did_you_mean(u.name, known)), u.element
    FROM (SELECT format('%s.%s', e.path, k.key) AS path, e.path AS element, e.element ->> k.key AS name
          FROM lead_scoring.document_elements(document) AS e
          JOIN lead_scoring.document_keys() AS k ON k.object = e.object AND k.key LIKE '%signal' AND k.type = 'text'
          WHERE e.object IN ('sheet', 'rule') AND e.element -> 'enabled' IS DISTINCT FROM 'false'
            AND jsonb_typeof(e.element -> k.key) = 'string'
          UNION ALL
          SELECT format('$.activity[%s]', a.n - 1), '$', a.name
          FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(document -> 'activity') = 'array' THEN document -> 'activity' ELSE '[]' END)
                   WITH ORDINALITY AS a(name, n)) AS u
    WHERE u.name <> ALL (known)
$$;
COMMENT ON FUNCTION lead_scoring.document_unknown_signals(text, jsonb, text[]) IS 'Signals that a sheet document uses and neither it nor the audience has';

CREATE FUNCTION lead_scoring.write_sheet(sheet text, audience text, document jsonb, broken jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    extra jsonb := jsonb_build_object('sheet', sheet);
    columns text := (SELECT string_agg(quote_ident(k.key), ', ') FROM lead_scoring.document_keys() AS k WHERE k.object = 'sheet' AND k.key <> 'name');
BEGIN
    INSERT INTO lead_scoring.sheet AS s (name, audience) VALUES (write_sheet.sheet, write_sheet.audience) ON CONFLICT (name) DO NOTHING;
    EXECUTE format('UPDATE lead_scoring.sheet SET (%1$s) = (SELECT %1$s FROM jsonb_populate_record(NULL::lead_scoring.sheet, $1)) WHERE name = $2', columns)
    USING lead_scoring.document_rows(document, 'sheet', broken, '{}') -> 0, sheet;
    DELETE FROM lead_scoring.rule AS r WHERE r.sheet = write_sheet.sheet;
    DELETE FROM lead_scoring.rule_group AS g WHERE g.sheet = write_sheet.sheet;
    DELETE FROM lead_scoring.grade AS g WHERE g.sheet = write_sheet.sheet;
    DELETE FROM lead_scoring.band AS b WHERE b.sheet = write_sheet.sheet;
    INSERT INTO lead_scoring.rule_group
    SELECT * FROM jsonb_populate_recordset(NULL::lead_scoring.rule_group, lead_scoring.document_rows(document, 'groups', broken, extra));
    INSERT INTO lead_scoring.rule
    SELECT * FROM jsonb_populate_recordset(NULL::lead_scoring.rule, lead_scoring.document_rows(document, 'rules', broken, extra));
    INSERT INTO lead_scoring.rule_tier
    SELECT * FROM jsonb_populate_recordset(NULL::lead_scoring.rule_tier, lead_scoring.document_rows(document, 'tiers', broken, extra));
    INSERT INTO lead_scoring.grade
    SELECT * FROM jsonb_populate_recordset(NULL::lead_scoring.grade, lead_scoring.document_rows(document, 'grades', broken, extra || '{"kind": "grade"}'));
    INSERT INTO lead_scoring.grade
    SELECT * FROM jsonb_populate_recordset(NULL::lead_scoring.grade, lead_scoring.document_rows(document, 'levels', broken, extra || '{"kind": "level"}'));
    INSERT INTO lead_scoring.band
    SELECT * FROM jsonb_populate_recordset(NULL::lead_scoring.band, lead_scoring.document_rows(document, 'bands', broken, extra));
END $$;
COMMENT ON FUNCTION lead_scoring.write_sheet(text, text, jsonb, jsonb) IS 'The rows of a sheet from a document; what was there of the sheet is replaced. Revisions and scores stay';

-- What publish() would refuse.
CREATE FUNCTION lead_scoring.compile_problems(sheet text) RETURNS SETOF text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    numbers jsonb := (SELECT coalesce(jsonb_object_agg(q.signal, q.number), '{}')
                      FROM (SELECT n.signal, row_number() OVER (ORDER BY n.signal) AS number
                            FROM lead_scoring.sheet_signals(compile_problems.sheet) AS n GROUP BY n.signal) AS q);
    compiled lead_scoring.model;
    problems text;
BEGIN
    compiled := lead_scoring.compile_sheet(sheet, numbers)::lead_scoring.model;
EXCEPTION WHEN invalid_parameter_value THEN
    GET STACKED DIAGNOSTICS problems = PG_EXCEPTION_DETAIL;
    RETURN QUERY SELECT line FROM regexp_split_to_table(problems, '\n') AS line;
END $$;
COMMENT ON FUNCTION lead_scoring.compile_problems(text) IS 'What is wrong with the rows of a sheet taken together, one line a problem';

CREATE FUNCTION lead_scoring.import_sheet(
    audience text, document jsonb, sheet_name text DEFAULT NULL, create_signals boolean DEFAULT true, replace boolean DEFAULT false,
    sources jsonb DEFAULT '{}') RETURNS text
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET intervalstyle = 'iso_8601' AS $$
DECLARE
    a lead_scoring.audience;
    old lead_scoring.sheet;
    broken jsonb;
    problems jsonb;
    fresh lead_scoring.signal[];
    known text[];
    unknown_source text;
    detail text;
    first_problem text;
    problem_count bigint;
BEGIN
    PERFORM lead_scoring.check_owner(audience);
    SELECT * INTO STRICT a FROM lead_scoring.audience AS q WHERE q.name = import_sheet.audience;
    IF document IS NULL OR jsonb_typeof(document) <> 'object' THEN
        RAISE EXCEPTION 'a sheet document is a JSON object, not %', coalesce(lead_scoring.shown_value(document), 'NULL')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'SELECT lead_scoring.export_sheet_text(''...'') shows one; lead_scoring.preset has some to start with.';
    END IF;
    IF sheet_name IS NOT NULL THEN
        document := document || jsonb_build_object('name', sheet_name);
    ELSIF jsonb_typeof(document -> 'name') = 'string' THEN
        sheet_name := document ->> 'name';
    END IF;
    SELECT * INTO old FROM lead_scoring.sheet AS q WHERE q.name = sheet_name FOR UPDATE;
    IF FOUND AND old.audience <> import_sheet.audience THEN
        RAISE EXCEPTION 'sheet "%" belongs to audience "%"', sheet_name, old.audience
            USING ERRCODE = 'duplicate_object', HINT = 'Sheet names are unique in the database: give another one with sheet_name => ''...''.';
    ELSIF FOUND AND NOT replace THEN
        RAISE EXCEPTION 'sheet "%" already exists', sheet_name
            USING ERRCODE = 'duplicate_object', HINT = 'replace => true makes the document its new draft; sheet_name => ''...'' imports it under another name.';
    END IF;
    IF jsonb_typeof(sources) <> 'object' OR EXISTS (SELECT FROM jsonb_each(sources) AS s WHERE jsonb_typeof(s.value) <> 'string') THEN
        RAISE EXCEPTION 'sources must be an object that gives the audience''s name for names of the document, not %', sources
            USING ERRCODE = 'invalid_parameter_value', HINT = 'For example sources => ''{"event": "crm_event"}''.';
    END IF;
    SELECT s.key INTO unknown_source FROM jsonb_object_keys(sources) AS s(key)
    WHERE NOT EXISTS (SELECT FROM lead_scoring.document_elements(document) AS e WHERE e.list = 'signals' AND e.element ->> 'source' = s.key)
    ORDER BY 1 LIMIT 1;
    IF FOUND THEN
        known := ARRAY(SELECT e.element ->> 'source' FROM lead_scoring.document_elements(document) AS e WHERE e.list = 'signals');
        RAISE EXCEPTION 'sources names "%", which is no source of the document%', unknown_source, lead_scoring.did_you_mean(unknown_source, known)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'It gives the audience''s name for each source of the document that has another one.';
    END IF;

    SELECT coalesce(jsonb_agg(to_jsonb(p)), '[]') INTO broken FROM lead_scoring.document_problems(document) AS p;
    problems := broken;
    IF create_signals THEN
        SELECT problems || coalesce(jsonb_agg(to_jsonb(s)) FILTER (WHERE s.path IS NOT NULL), '[]'),
               coalesce(array_agg(s.definition) FILTER (WHERE s.path IS NULL), '{}')
        INTO problems, fresh FROM lead_scoring.document_signals(audience, document, sources, broken) AS s;
        -- One with a problem is no unknown name.
        known := ARRAY(SELECT e.element ->> 'name' FROM lead_scoring.document_elements(document) AS e WHERE e.list = 'signals' AND e.element ? 'name');
    END IF;
    known := known || ARRAY(SELECT g.name FROM lead_scoring.signal AS g WHERE g.audience = import_sheet.audience);
    SELECT problems || coalesce(jsonb_agg(to_jsonb(u)), '[]') INTO problems
    FROM lead_scoring.document_unknown_signals(audience, document, known) AS u;

    -- Written even if there are problems, so that the core can tell its own: the error at the end takes it back.
    INSERT INTO lead_scoring.signal SELECT (f).* FROM unnest(fresh) AS f;
    PERFORM lead_scoring.write_sheet(coalesce(sheet_name, '-'), audience, document, broken);
    SELECT problems || coalesce(jsonb_agg(to_jsonb(m)), '[]') INTO problems
    FROM lead_scoring.compile_problems(coalesce(sheet_name, '-')) AS c(line), lead_scoring.model_problem(c.line, document, broken) AS m
    -- What has a problem of its own already would be blamed for what was left out.
    WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(broken) AS b
                      WHERE m.element <> '$' AND starts_with(b ->> 'element', m.element)
                         OR m.path LIKE '$.segment%' AND b ->> 'path' LIKE '$.segment%');

    SELECT count(*), string_agg(p.line, E'\n' ORDER BY p.rank, p.place, p.line COLLATE "C"), (array_agg(p.line ORDER BY p.rank, p.place, p.line COLLATE "C"))[1]
    INTO problem_count, detail, first_problem
    FROM (SELECT format('%s: %s', q.path, q.problem) || CASE WHEN e.path IS NULL THEN '' ELSE format(' (%s "%s")', e.object, e.element ->> 'name') END AS line,
                 coalesce(l.ordinal, 0) AS rank,
                 ARRAY(SELECT i.m[1]::integer FROM regexp_matches(q.path, '\[(\d+)\]', 'g') AS i(m)) AS place
          FROM jsonb_to_recordset(problems) AS q(path text, problem text)
          LEFT JOIN lead_scoring.document_lists() AS l ON l.list = substring(q.path from '^\$\.(\w+)')
          LEFT JOIN lead_scoring.document_elements(document) AS e ON e.path = substring(q.path from '^\$\.\w+\[\d+\]') AND e.element ->> 'name' <> '') AS p;
    IF problem_count > 0 THEN
        RAISE EXCEPTION '%', CASE problem_count WHEN 1 THEN 'the sheet document has a problem: ' || first_problem
                             ELSE format('the sheet document has %s problems, first %s', problem_count, first_problem) END
            USING ERRCODE = 'invalid_parameter_value', DETAIL = detail,
                  HINT = CASE WHEN detail ~ '\]\.source: audience' THEN 'sources => ''{"name in the document": "name in the audience"}'' maps sources; add_source() adds one. '
                         ELSE '' END || 'Nothing has been written.';
    END IF;
    RETURN sheet_name;
END $$;
COMMENT ON FUNCTION lead_scoring.import_sheet(text, jsonb, text, boolean, boolean, jsonb) IS
    'Makes a sheet of a document that export_sheet() wrote or a person; checked as a whole: one error lists every problem with its JSON path, and nothing is written. The sheet is a draft until publish(). sheet_name: instead of the document''s; create_signals: signals the audience does not have are created, and those it has must be the same (false: only names count); replace: an existing sheet of the audience gets these rows, its revisions and scores stay until publish(); sources: the audience''s names of the document''s sources. Returns the name of the sheet';

CREATE FUNCTION lead_scoring.preset(name text) RETURNS jsonb
    LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_one jsonb;
BEGIN
    SELECT p.document INTO found_one FROM lead_scoring.preset AS p WHERE p.name = preset.name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'preset "%" does not exist%', name, lead_scoring.did_you_mean(name, ARRAY(SELECT p.name FROM lead_scoring.preset AS p))
            USING ERRCODE = 'undefined_object', HINT = 'SELECT name, document ->> ''description'' FROM lead_scoring.preset lists them.';
    END IF;
    RETURN found_one;
END $$;
COMMENT ON FUNCTION lead_scoring.preset(text) IS 'A ready-made sheet document to start from: SELECT lead_scoring.import_sheet(''my audience'', lead_scoring.preset(''starter''))';
