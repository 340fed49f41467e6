-- Manual adjustments: points that a person gives or takes, with author, reason and, if wanted, an end.
--
-- They are a source like any other, so they are counted by the same triggers, explained as rules, and undone by
-- deleting the row. One row makes two entries: its points at its time, and the same points taken back when it
-- expires. So a score of any moment knows what was in force then. The second entry is dated by another column,
-- so the table is registered twice; every row of a source must have a time, hence ends_at beside expires_at.

CREATE FUNCTION lead_scoring.create_adjustments(audience text, adjustment_table text DEFAULT NULL) RETURNS regclass
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    a lead_scoring.audience;
    owner name;
    key_type text;
    table_name text;
BEGIN
    PERFORM lead_scoring.require_read_committed('create_adjustments()');
    PERFORM lead_scoring.check_owner(audience);
    SELECT * INTO STRICT a FROM lead_scoring.audience AS q WHERE q.name = create_adjustments.audience;
    IF EXISTS (SELECT FROM lead_scoring.source AS s
               WHERE s.audience = create_adjustments.audience AND s.name IN ('adjustment', 'adjustment_end')) THEN
        RAISE EXCEPTION 'audience "%" already has manual adjustments', audience
            USING ERRCODE = 'duplicate_object',
                  HINT = 'They are its sources "adjustment" and "adjustment_end"; SELECT source_table FROM lead_scoring.source shows their table.';
    END IF;
    SELECT pg_get_userbyid(c.relowner), lead_scoring.sibling_table(adjustment_table, n.nspname, c.relname, '_adjustment') INTO owner, table_name
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = a.lead_table;
    IF to_regclass(table_name) IS NOT NULL THEN
        RAISE EXCEPTION 'relation % already exists', table_name
            USING ERRCODE = 'duplicate_table', HINT = 'Give another name with adjustment_table => ''...''.';
    END IF;
    SELECT format_type(k.atttypid, NULL) || coalesce((SELECT format(' COLLATE %I.%I', n.nspname, c.collname)
               FROM pg_collation AS c JOIN pg_namespace AS n ON n.oid = c.collnamespace WHERE c.oid = k.attcollation), '')
    INTO key_type
    FROM pg_attribute AS k WHERE k.attrelid = a.score_table AND k.attname = 'lead';

    EXECUTE format($sql$
        CREATE TABLE %1$s (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            lead %2$s NOT NULL,
            points numeric(10, 3) NOT NULL CHECK (points BETWEEN -1000000 AND 1000000),
            author text NOT NULL DEFAULT current_user,
            reason text NOT NULL CHECK (reason <> ''),
            at timestamptz NOT NULL DEFAULT now(),
            expires_at timestamptz CHECK (expires_at > at),
            ends_at timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(expires_at, timestamptz '9999-12-31 00:00:00+00')) STORED
        );
        CREATE INDEX ON %1$s (lead);
        COMMENT ON TABLE %1$s IS 'Manual adjustments of the scores of these leads: insert a row to adjust, delete it to undo.';
        COMMENT ON COLUMN %1$s.id IS 'Number of the adjustment';
        COMMENT ON COLUMN %1$s.lead IS 'Lead key';
        COMMENT ON COLUMN %1$s.points IS 'Points given, or taken when negative';
        COMMENT ON COLUMN %1$s.author IS 'Who made it';
        COMMENT ON COLUMN %1$s.reason IS 'Why';
        COMMENT ON COLUMN %1$s.at IS 'Since when it counts';
        COMMENT ON COLUMN %1$s.expires_at IS 'When it ends; NULL: never';
        COMMENT ON COLUMN %1$s.ends_at IS 'expires_at, or the end of all time';
        ALTER TABLE %1$s OWNER TO %3$I;
        $sql$, table_name, key_type, owner);
    PERFORM lead_scoring.add_source(audience, table_name::regclass, 'lead', 'at', name => 'adjustment');
    PERFORM lead_scoring.add_source(audience, table_name::regclass, 'lead', 'ends_at', name => 'adjustment_end');
    INSERT INTO lead_scoring.signal (audience, name, source, condition, value, is_activity, description) VALUES
        (create_adjustments.audience, 'adjustment', 'adjustment', NULL, 'points', false, 'Points that a person gave or took'),
        (create_adjustments.audience, 'adjustment_end', 'adjustment_end', 'expires_at IS NOT NULL', '- points', false,
         'The same points taken back when the adjustment expires');
    RETURN table_name::regclass;
END $$;
COMMENT ON FUNCTION lead_scoring.create_adjustments(text, text) IS
    'Makes the table <lead_table>_adjustment (or one of the name given) for manual adjustments of an audience''s scores, with author, reason and expiry, owned by the owner of the lead table, and registers it as the sources "adjustment" (what they give) and "adjustment_end" (what has expired), with a signal each. add_adjustment_rule() makes a sheet count them. Returns the table';

CREATE FUNCTION lead_scoring.add_adjustment_rule(sheet text, most_points numeric DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    s lead_scoring.sheet;
    last_position integer;
BEGIN
    SELECT * INTO s FROM lead_scoring.sheet AS q WHERE q.name = add_adjustment_rule.sheet;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'sheet "%" does not exist', sheet
            USING ERRCODE = 'undefined_object', HINT = 'SELECT name FROM lead_scoring.sheet lists the sheets.';
    END IF;
    PERFORM lead_scoring.check_owner(s.audience);
    IF (SELECT count(*) FROM lead_scoring.signal AS g WHERE g.audience = s.audience AND g.name IN ('adjustment', 'adjustment_end')) < 2 THEN
        RAISE EXCEPTION 'audience "%" has no manual adjustments', s.audience
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('SELECT lead_scoring.create_adjustments(%L);', s.audience);
    END IF;
    IF EXISTS (SELECT FROM lead_scoring.rule_group AS g WHERE g.sheet = s.name AND g.name = 'manual adjustment') THEN
        RAISE EXCEPTION 'sheet "%" already counts manual adjustments', sheet
            USING ERRCODE = 'duplicate_object', HINT = 'They are the rules of group "manual adjustment".';
    END IF;
    IF most_points < 0 THEN
        RAISE EXCEPTION 'most_points must be 0 or more, not %', most_points
            USING ERRCODE = 'invalid_parameter_value', HINT = 'It limits what all adjustments of a lead together give or take.';
    END IF;
    INSERT INTO lead_scoring.rule_group (sheet, name, min_points, max_points, position)
    SELECT s.name, 'manual adjustment', -most_points, most_points, 1 + coalesce(max(g.position), 0)
    FROM lead_scoring.rule_group AS g WHERE g.sheet = s.name;
    SELECT coalesce(max(r.position), 0) INTO last_position FROM lead_scoring.rule AS r WHERE r.sheet = s.name;
    INSERT INTO lead_scoring.rule (sheet, name, position, rule_group, signal, measure, points, description) VALUES
        (s.name, 'manual adjustment', last_position + 1, 'manual adjustment', 'adjustment', 'value', 1, 'What people gave or took by hand'),
        (s.name, 'manual adjustment expired', last_position + 2, 'manual adjustment', 'adjustment_end', 'value', 1, 'What of it has expired');
END $$;
COMMENT ON FUNCTION lead_scoring.add_adjustment_rule(text, numeric) IS
    'Adds to a sheet the group "manual adjustment" with the rules that count its audience''s manual adjustments; publish() makes them count. most_points: what they may give or take in all, a lead; NULL: no limit';
