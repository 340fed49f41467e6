-- Audiences and sources.

CREATE FUNCTION lead_scoring.require_read_committed(what text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
        RAISE EXCEPTION '% cannot run in a % transaction', what, upper(current_setting('transaction_isolation'))
            USING ERRCODE = 'invalid_transaction_state',
                  HINT = 'It must see rows that others commit while it waits for their locks. Use READ COMMITTED.';
    END IF;
END $$;
COMMENT ON FUNCTION lead_scoring.require_read_committed(text) IS 'Refuses transactions whose snapshot is older than the locks they take';

CREATE FUNCTION lead_scoring.sibling_name(base text, suffix text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    WHILE octet_length(base || suffix) > 63 AND base <> '' LOOP
        base := left(base, -1);
    END LOOP;
    RETURN base || suffix;
END $$;
COMMENT ON FUNCTION lead_scoring.sibling_name(text, text) IS 'A table name made of another name and a suffix, shortened to fit 63 bytes';

CREATE FUNCTION lead_scoring.sibling_table(given text, schema text, base text, suffix text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parts text[];
BEGIN
    IF given IS NULL THEN
        RETURN format('%I.%I', schema, lead_scoring.sibling_name(base, suffix));
    END IF;
    parts := parse_ident(given);
    IF cardinality(parts) = 1 THEN
        RETURN format('%I.%I', schema, parts[1]);
    END IF;
    RETURN (SELECT string_agg(quote_ident(part), '.' ORDER BY position) FROM unnest(parts) WITH ORDINALITY AS p(part, position));
END $$;
COMMENT ON FUNCTION lead_scoring.sibling_table(text, text, text, text) IS 'The quoted name of a table beside the lead table: the one given, or base and suffix';

CREATE FUNCTION lead_scoring.sibling_view(lead_table regclass, suffix text, other_table regclass, other_suffix text) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT made.name
    FROM (VALUES (1, lead_table, suffix), (2, other_table, other_suffix)) AS v(choice, table_name, suffix)
         JOIN pg_class AS c ON c.oid = v.table_name JOIN pg_namespace AS n ON n.oid = c.relnamespace,
         LATERAL format('%I.%I', n.nspname, lead_scoring.sibling_name(c.relname, v.suffix)) AS made(name)
    ORDER BY to_regclass(made.name) IS NOT NULL, v.choice LIMIT 1
$$;
COMMENT ON FUNCTION lead_scoring.sibling_view(regclass, text, regclass, text) IS
    'The quoted name of a view beside the lead table; beside another table of the audience when that name is taken, as by an earlier audience over the same lead table';

CREATE FUNCTION lead_scoring.require_column(some_table regclass, column_name name, types regtype[], what text) RETURNS regtype
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    column_type regtype;
BEGIN
    IF column_name IS NULL THEN
        RAISE EXCEPTION 'no column of table % is given as %', some_table, what USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END::regtype INTO column_type
    FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
    WHERE a.attrelid = some_table AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'column "%" of table % does not exist', column_name, some_table
            USING ERRCODE = 'undefined_column', HINT = format('It was given as %s.', what);
    END IF;
    IF column_type <> ALL (types) THEN
        RAISE EXCEPTION 'column "%" of table % is of type %, which cannot be a %', column_name, some_table, column_type, what
            USING ERRCODE = 'datatype_mismatch', HINT = format('Allowed are: %s.', array_to_string(types, ', '));
    END IF;
    RETURN column_type;
END $$;
COMMENT ON FUNCTION lead_scoring.require_column(regclass, name, regtype[], text) IS 'The type of a column that must exist and have one of the types';

CREATE FUNCTION lead_scoring.require_table(some_table regclass, what text) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    class pg_class;
BEGIN
    SELECT * INTO class FROM pg_class WHERE oid = some_table;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no table is given as %', what USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF class.relkind NOT IN ('r', 'p') THEN
        RAISE EXCEPTION '% cannot be a %', some_table, what
            USING ERRCODE = 'wrong_object_type',
                  HINT = 'Only ordinary and partitioned tables carry the triggers that keep scores true.';
    END IF;
    IF class.relpersistence <> 'p' THEN
        RAISE EXCEPTION '% cannot be a %: it is temporary or unlogged', some_table, what
            USING ERRCODE = 'wrong_object_type',
                  HINT = 'Its rows may vanish in a crash while the scores made of them stay. ALTER TABLE ... SET LOGGED.';
    END IF;
    IF EXISTS (SELECT FROM pg_partition_tree(some_table) AS p JOIN pg_class AS c ON c.oid = p.relid WHERE c.relkind = 'f') THEN
        RAISE EXCEPTION '% cannot be a %: it has foreign partitions', some_table, what
            USING ERRCODE = 'wrong_object_type', HINT = 'Rows of foreign tables change without our triggers.';
    END IF;
    IF NOT pg_has_role(class.relowner, 'USAGE') THEN
        RAISE EXCEPTION 'must be owner of table %', some_table USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;
COMMENT ON FUNCTION lead_scoring.require_table(regclass, text) IS 'Refuses what cannot carry triggers, is not permanent, or is not the caller''s';

CREATE FUNCTION lead_scoring.nodes_without_triggers(source_table regclass) RETURNS regclass[]
    LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp AS
$$
    WITH RECURSIVE tree(oid) AS (
        SELECT source_table::oid UNION SELECT i.inhrelid FROM pg_inherits AS i JOIN tree ON tree.oid = i.inhparent)
    SELECT coalesce(array_agg(oid::regclass ORDER BY oid), '{}') FROM tree
    WHERE NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = tree.oid AND t.tgname = 'lead_scoring_insert'
                        AND t.tgfoid = 'lead_scoring.track()'::regprocedure)
$$;
COMMENT ON FUNCTION lead_scoring.nodes_without_triggers(regclass) IS 'Nodes of a table''s partition tree that lack the triggers';

-- What replication applies fires no statement trigger but TRUNCATE's: rows come through a row trigger, which no other
-- session fires.
CREATE FUNCTION lead_scoring.enable_for_replication(node regclass) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    trg record;
BEGIN
    FOR trg IN
        SELECT t.tgname, CASE t.tgname WHEN 'lead_scoring_replica' THEN 'REPLICA' ELSE 'ALWAYS' END AS mode FROM pg_trigger AS t
        WHERE t.tgrelid = node AND t.tgfoid = 'lead_scoring.track()'::regprocedure AND t.tgenabled = 'O'
          AND t.tgname IN ('lead_scoring_replica', 'lead_scoring_truncate')
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', node, trg.mode, trg.tgname);
    END LOOP;
END $$;
COMMENT ON FUNCTION lead_scoring.enable_for_replication(regclass) IS 'Lets the row trigger of a table fire for what replication applies, and only for that, and the TRUNCATE trigger always';

CREATE FUNCTION lead_scoring.create_triggers(source_table regclass) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    node regclass;
BEGIN
    FOREACH node IN ARRAY lead_scoring.nodes_without_triggers(source_table) LOOP
        EXECUTE format('CREATE TRIGGER lead_scoring_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows '
                       'FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring.track()', node);
        EXECUTE format('CREATE TRIGGER lead_scoring_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows '
                       'NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring.track()', node);
        EXECUTE format('CREATE TRIGGER lead_scoring_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows '
                       'FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring.track()', node);
        EXECUTE format('CREATE TRIGGER lead_scoring_truncate AFTER TRUNCATE ON %s '
                       'FOR EACH STATEMENT EXECUTE FUNCTION lead_scoring.track()', node);
        -- On the nodes that have rows: PostgreSQL would give a partitioned table's row trigger to its partitions again.
        IF (SELECT relkind FROM pg_class WHERE oid = node) = 'r' THEN
            EXECUTE format('CREATE TRIGGER lead_scoring_replica AFTER INSERT OR UPDATE OR DELETE ON %s '
                           'FOR EACH ROW EXECUTE FUNCTION lead_scoring.track()', node);
        END IF;
        PERFORM lead_scoring.enable_for_replication(node);
    END LOOP;
END $$;
COMMENT ON FUNCTION lead_scoring.create_triggers(regclass) IS 'Puts the triggers on a source table and all its partitions; those that are there already stay';

CREATE FUNCTION lead_scoring.drop_triggers(source_table regclass) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    trg record;
BEGIN
    FOR trg IN
        WITH RECURSIVE tree(oid) AS (
            SELECT source_table::oid UNION SELECT i.inhrelid FROM pg_inherits AS i JOIN tree ON tree.oid = i.inhparent)
        SELECT t.tgname, t.tgrelid::regclass AS node FROM pg_trigger AS t JOIN tree ON tree.oid = t.tgrelid
        WHERE t.tgfoid = 'lead_scoring.track()'::regprocedure
          AND NOT EXISTS (SELECT FROM lead_scoring.covering_sources(t.tgrelid))
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', trg.tgname, trg.node);
    END LOOP;
END $$;
COMMENT ON FUNCTION lead_scoring.drop_triggers(regclass) IS 'Takes the triggers off a table tree that no source counts any more';

CREATE FUNCTION lead_scoring.create_audience_tables(audience text, lead_table regclass, key_type text,
                                                    score_name text, tally_name text, band_change_name text, pending_name text) RETURNS void
    LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made text;
    owner name := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = lead_table);
BEGIN
    -- They come quoted.
    PERFORM parse_ident(q.given) FROM unnest(ARRAY[score_name, tally_name, band_change_name, pending_name]) AS q(given);
    EXECUTE format($sql$
        CREATE TABLE %1$s (
            lead %2$s NOT NULL, sheet text NOT NULL, score integer NOT NULL, engagement integer NOT NULL, fit integer NOT NULL,
            grade text, level text, band text, disqualified boolean NOT NULL, hand_raised boolean NOT NULL, persona text,
            last_active_on date, band_since timestamptz NOT NULL, updated_at timestamptz NOT NULL,
            next_change_at timestamptz NOT NULL, revision integer NOT NULL,
            PRIMARY KEY (lead, sheet)
        ) WITH (fillfactor = 80);
        CREATE INDEX ON %1$s (sheet, score DESC);
        COMMENT ON TABLE %1$s IS 'Current scores of the leads, one row a lead and sheet, kept up to date by lead_scoring. Read it; do not write it.';
        COMMENT ON COLUMN %1$s.lead IS 'Lead key';
        COMMENT ON COLUMN %1$s.sheet IS 'Scoring sheet';
        COMMENT ON COLUMN %1$s.score IS 'Total, rounded half away from zero';
        COMMENT ON COLUMN %1$s.engagement IS 'What the lead does; rounded on its own, so engagement + fit may differ from score';
        COMMENT ON COLUMN %1$s.fit IS 'What the lead is; rounded on its own';
        COMMENT ON COLUMN %1$s.grade IS 'Grade of fit';
        COMMENT ON COLUMN %1$s.level IS 'Level of engagement';
        COMMENT ON COLUMN %1$s.band IS 'Highest-ranked band earned or forced; disqualified when a rule says so';
        COMMENT ON COLUMN %1$s.disqualified IS 'Whether a disqualifying rule holds';
        COMMENT ON COLUMN %1$s.hand_raised IS 'Whether a hand-raise rule holds';
        COMMENT ON COLUMN %1$s.persona IS 'The persona that fits best';
        COMMENT ON COLUMN %1$s.last_active_on IS 'Local date of the last activity';
        COMMENT ON COLUMN %1$s.band_since IS 'When the lead came into its band';
        COMMENT ON COLUMN %1$s.updated_at IS 'When this row was last written';
        COMMENT ON COLUMN %1$s.next_change_at IS 'Until then the row stays true without any new event';
        COMMENT ON COLUMN %1$s.revision IS 'Revision of the sheet that made this row';
        CREATE TABLE %3$s (
            lead %2$s PRIMARY KEY, base lead_scoring.tally NOT NULL DEFAULT '{}', recent lead_scoring.tally NOT NULL DEFAULT '{}',
            wake_at timestamptz NOT NULL DEFAULT 'infinity'
        ) WITH (fillfactor = 70);
        ALTER TABLE %3$s ALTER COLUMN base SET STORAGE EXTERNAL;
        COMMENT ON TABLE %3$s IS 'Tallies of the leads, maintained by lead_scoring: base + recent is the sum over all source rows.';
        COMMENT ON COLUMN %3$s.lead IS 'Lead key';
        COMMENT ON COLUMN %3$s.base IS 'The larger, older part of the tally';
        COMMENT ON COLUMN %3$s.recent IS 'What came since; folded into base when it has grown';
        COMMENT ON COLUMN %3$s.wake_at IS 'When a sheet that has no row for this lead must look again';
        CREATE TABLE %4$s (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, lead %2$s NOT NULL, sheet text NOT NULL, from_band text, to_band text,
            score integer, at timestamptz NOT NULL, revision integer NOT NULL, cause text NOT NULL,
            upward boolean NOT NULL DEFAULT false, handoff boolean NOT NULL DEFAULT false, next_step text, owner_role text,
            calendar text, due_at timestamptz, accepted_at timestamptz, rejected_at timestamptz, completed_at timestamptz,
            reason text, outcome text
        );
        CREATE INDEX ON %4$s (lead, sheet, id);
        CREATE INDEX ON %4$s (due_at, id) WHERE handoff AND accepted_at IS NULL AND rejected_at IS NULL;
        COMMENT ON TABLE %4$s IS 'Band changes of the leads, append-only, in the transaction that caused them.';
        COMMENT ON COLUMN %4$s.id IS 'Order of the changes';
        COMMENT ON COLUMN %4$s.lead IS 'Lead key';
        COMMENT ON COLUMN %4$s.sheet IS 'Scoring sheet';
        COMMENT ON COLUMN %4$s.from_band IS 'Band before; NULL: none';
        COMMENT ON COLUMN %4$s.to_band IS 'Band after; NULL: none';
        COMMENT ON COLUMN %4$s.score IS 'Score when the band changed; NULL when the lead or the sheet went';
        COMMENT ON COLUMN %4$s.at IS 'When it became true';
        COMMENT ON COLUMN %4$s.revision IS 'Revision of the sheet that said so';
        COMMENT ON COLUMN %4$s.cause IS 'event, time, publish, rebuild, truncate, lead deleted, sheet removed ...';
        COMMENT ON COLUMN %4$s.upward IS 'Whether the lead came up: into a band of a higher rank, or from none';
        COMMENT ON COLUMN %4$s.handoff IS 'Whether the band asked somebody to follow up';
        COMMENT ON COLUMN %4$s.next_step IS 'What to do, as the band said at the time';
        COMMENT ON COLUMN %4$s.owner_role IS 'Who should do it, as the band said at the time';
        COMMENT ON COLUMN %4$s.calendar IS 'Business calendar of the follow-up; NULL: around the clock';
        COMMENT ON COLUMN %4$s.due_at IS 'When the follow-up is due';
        COMMENT ON COLUMN %4$s.accepted_at IS 'When the hand-off was accepted';
        COMMENT ON COLUMN %4$s.rejected_at IS 'When the hand-off was rejected';
        COMMENT ON COLUMN %4$s.completed_at IS 'When the hand-off was completed';
        COMMENT ON COLUMN %4$s.reason IS 'Why it was rejected';
        COMMENT ON COLUMN %4$s.outcome IS 'What came of it';
        -- Rows come and go: without vacuum the gone ones would be in the way.
        CREATE TABLE %5$s (
            lead %2$s NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, delta lead_scoring.tally NOT NULL,
            PRIMARY KEY (lead, id)
        ) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
        COMMENT ON TABLE %5$s IS 'What events have added to leads that other transactions held, until the next event of the lead or the next refresh adds it to the tally.';
        COMMENT ON COLUMN %5$s.lead IS 'Lead key';
        COMMENT ON COLUMN %5$s.id IS 'Tells rows of one lead apart';
        COMMENT ON COLUMN %5$s.delta IS 'What is to be added to the tally';
        $sql$, score_name, key_type, tally_name, band_change_name, pending_name);
    FOREACH made IN ARRAY ARRAY[score_name, tally_name, band_change_name, pending_name] LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO %I', made, owner);
    END LOOP;
END $$;
COMMENT ON FUNCTION lead_scoring.create_audience_tables(text, regclass, text, text, text, text, text) IS 'The score, tally, band change and pending tables of an audience';

CREATE FUNCTION lead_scoring.create_audience(
    name text, lead_table regclass, lead_key name DEFAULT 'id', account_key name DEFAULT NULL, created_at name DEFAULT NULL,
    time_zone text DEFAULT current_setting('TimeZone'), resolution text DEFAULT 'day',
    score_table text DEFAULT NULL, tally_table text DEFAULT NULL, band_change_table text DEFAULT NULL,
    score_column name DEFAULT NULL, band_column name DEFAULT NULL, score_sheet text DEFAULT NULL,
    pending_table text DEFAULT NULL, append_when_busy boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    key_type regtype;
    key_declaration text;
    lead_schema text;
    lead_name text;
    made text[];
BEGIN
    PERFORM lead_scoring.require_read_committed('create_audience()');
    IF create_audience.name IS NULL OR create_audience.name = '' THEN
        RAISE EXCEPTION 'an audience needs a name' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF EXISTS (SELECT FROM lead_scoring.audience AS a WHERE a.name = create_audience.name) THEN
        RAISE EXCEPTION 'audience "%" already exists', create_audience.name
            USING ERRCODE = 'duplicate_object', HINT = 'drop_audience() removes it, its scores and its sheets.';
    END IF;
    IF lead_table IS NULL THEN
        RAISE EXCEPTION 'audience "%" needs a lead table', create_audience.name USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM lead_scoring.require_table(lead_table, 'lead table');
    key_type := lead_scoring.require_column(lead_table, lead_key, '{integer,bigint,uuid,text}', 'lead key');
    IF NOT EXISTS (SELECT FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                   WHERE i.indrelid = lead_table AND a.attname = lead_key AND i.indisunique AND i.indisvalid
                     AND i.indpred IS NULL AND i.indnkeyatts = 1) THEN
        RAISE EXCEPTION 'column "%" of table % is not unique', lead_key, lead_table
            USING ERRCODE = 'invalid_parameter_value', HINT = 'The lead key needs a primary key or a unique index of its own.';
    END IF;
    IF account_key IS NOT NULL THEN
        PERFORM lead_scoring.require_column(lead_table, account_key, '{integer,bigint,uuid,text,varchar}', 'account key');
    END IF;
    IF created_at IS NOT NULL THEN
        PERFORM lead_scoring.require_column(lead_table, created_at, '{timestamptz,timestamp,date}', 'creation time');
    END IF;
    IF score_column IS NOT NULL THEN
        PERFORM lead_scoring.require_column(lead_table, score_column, '{integer,bigint}', 'score column');
    END IF;
    IF band_column IS NOT NULL THEN
        PERFORM lead_scoring.require_column(lead_table, band_column, '{text,varchar}', 'band column');
    END IF;
    IF resolution IS NULL OR resolution NOT IN ('day', 'hour') THEN
        RAISE EXCEPTION 'unknown resolution "%"', resolution
            USING ERRCODE = 'invalid_parameter_value', HINT = 'One of day, hour.';
    END IF;
    IF time_zone IS NULL OR NOT EXISTS (SELECT FROM pg_timezone_names AS z WHERE lower(z.name) = lower(create_audience.time_zone)) THEN
        RAISE EXCEPTION 'unknown time zone "%"', time_zone
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Give an IANA name, such as Europe/Berlin; SELECT name FROM pg_timezone_names lists them.';
    END IF;
    SELECT n.nspname, c.relname INTO lead_schema, lead_name
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = lead_table;
    made := ARRAY[lead_scoring.sibling_table(score_table, lead_schema, lead_name, '_score'),
                  lead_scoring.sibling_table(tally_table, lead_schema, lead_name, '_tally'),
                  lead_scoring.sibling_table(band_change_table, lead_schema, lead_name, '_band_change'),
                  lead_scoring.sibling_table(pending_table, lead_schema, lead_name, '_pending')];
    -- The base type of a domain: keys of events that are no leads need not be in it.
    SELECT format_type(key_type, NULL) || coalesce((SELECT format(' COLLATE %I.%I', n.nspname, c.collname)
               FROM pg_collation AS c JOIN pg_namespace AS n ON n.oid = c.collnamespace WHERE c.oid = a.attcollation), '')
    INTO key_declaration
    FROM pg_attribute AS a WHERE a.attrelid = lead_table AND a.attname = lead_key;

    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', lead_table);
    PERFORM lead_scoring.create_audience_tables(create_audience.name, lead_table, key_declaration, made[1], made[2], made[3], made[4]);
    INSERT INTO lead_scoring.audience AS a
        (name, lead_table, lead_key, account_key, created_at, time_zone, resolution, score_table, tally_table, band_change_table,
         pending_table, append_when_busy, score_column, band_column, score_sheet)
    VALUES (create_audience.name, lead_table, lead_key, account_key, create_audience.created_at, create_audience.time_zone,
            create_audience.resolution, made[1]::regclass, made[2]::regclass, made[3]::regclass, made[4]::regclass,
            coalesce(create_audience.append_when_busy, false), create_audience.score_column, create_audience.band_column, create_audience.score_sheet);
    INSERT INTO lead_scoring.source (audience, name, source_table, kind, lead_key)
    VALUES (create_audience.name, 'profile', lead_table, 'profile', lead_key);
    IF created_at IS NOT NULL THEN
        INSERT INTO lead_scoring.signal (audience, name, source, occurred_on, is_activity, description)
        VALUES (create_audience.name, 'created', 'profile', quote_ident(create_audience.created_at), false, 'When the lead was created');
    END IF;
    PERFORM lead_scoring.create_triggers(lead_table);
    PERFORM lead_scoring.create_tally_rows(create_audience.name);
    PERFORM lead_scoring.create_score_now(create_audience.name);
    PERFORM lead_scoring.create_handoff_views(create_audience.name);
END $$;
COMMENT ON FUNCTION lead_scoring.create_audience(text, regclass, name, name, name, text, text, text, text, text, name, name, text, text, boolean) IS
    'Registers a lead table. Creates <lead_table>_score, <lead_table>_tally, <lead_table>_band_change and <lead_table>_pending beside it (or under the names given) and the views <score_table>_now, <lead_table>_handoff and <lead_table>_handoff_times, owned by its owner. lead_key: unique column of type integer, bigint, uuid or text; created_at: becomes the signal "created"; time_zone: whose wall clock counts; resolution: day or hour; score_column and band_column: columns of the lead table that repeat score and band of score_sheet (the first published sheet when NULL); append_when_busy: an event whose lead another open transaction holds is appended to the pending table instead of waiting, and the score follows';

CREATE FUNCTION lead_scoring.add_source(
    audience text, event_table regclass, lead_key name, occurred_at name, event_type name DEFAULT NULL, name text DEFAULT NULL)
    RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    a lead_scoring.audience;
    source_name text;
    key_type regtype;
    lead_key_type regtype;
    owner name;
BEGIN
    PERFORM lead_scoring.require_read_committed('add_source()');
    PERFORM lead_scoring.check_owner(audience);
    SELECT * INTO STRICT a FROM lead_scoring.audience AS q WHERE q.name = add_source.audience;
    PERFORM lead_scoring.require_table(event_table, 'source');
    IF EXISTS (SELECT FROM lead_scoring.audience AS q WHERE event_table IN (q.score_table, q.tally_table, q.band_change_table, q.pending_table)) THEN
        RAISE EXCEPTION '% cannot be a source: it is written by lead_scoring', event_table USING ERRCODE = 'wrong_object_type';
    END IF;
    source_name := coalesce(add_source.name, (SELECT relname FROM pg_class WHERE oid = event_table));
    IF EXISTS (SELECT FROM lead_scoring.source AS s WHERE s.audience = add_source.audience AND s.name = source_name) THEN
        RAISE EXCEPTION 'audience "%" already has a source "%"', audience, source_name
            USING ERRCODE = 'duplicate_object', HINT = 'Give another name with name => ''...'', or drop_source() first.';
    END IF;
    lead_key_type := lead_scoring.require_column(a.lead_table, a.lead_key, '{integer,bigint,uuid,text}', 'lead key');
    key_type := lead_scoring.require_column(event_table, add_source.lead_key,
        CASE lead_key_type WHEN 'bigint'::regtype THEN '{bigint,integer,smallint}'::regtype[]
                           WHEN 'integer'::regtype THEN '{integer,smallint}'
                           WHEN 'text'::regtype THEN '{text,varchar}'
                           ELSE ARRAY[lead_key_type] END,
        format('lead key: the leads of audience "%s" have keys of type %s', audience, lead_key_type));
    PERFORM lead_scoring.require_column(event_table, occurred_at, '{timestamptz,timestamp,date}', 'time of an event');
    IF event_type IS NOT NULL AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = event_table AND attname = event_type
                                              AND attnum > 0 AND NOT attisdropped) THEN
        RAISE EXCEPTION 'column "%" of table % does not exist', event_type, event_table
            USING ERRCODE = 'undefined_column', HINT = 'It was given as event type.';
    END IF;
    owner := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = a.lead_table);
    IF NOT has_table_privilege(owner, event_table, 'SELECT') THEN
        RAISE EXCEPTION 'role "%", the owner of audience "%", may not read table %', owner, audience, event_table
            USING ERRCODE = 'insufficient_privilege', HINT = format('GRANT SELECT ON %s TO %I;', event_table, owner);
    END IF;
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', event_table);
    INSERT INTO lead_scoring.source (audience, name, source_table, kind, lead_key, occurred_at, event_type)
    VALUES (add_source.audience, source_name, event_table, 'event', add_source.lead_key, add_source.occurred_at, add_source.event_type);
    PERFORM lead_scoring.create_triggers(event_table);
END $$;
COMMENT ON FUNCTION lead_scoring.add_source(text, regclass, name, name, name, text) IS
    'Registers an event table as a source of an audience. lead_key: column that names the lead; occurred_at: timestamptz, timestamp or date column; event_type: column that signals select by; name: by default the table''s name. Waits for running writers and blocks new ones for a moment';

CREATE FUNCTION lead_scoring.drop_source(audience text, source text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    src lead_scoring.source;
    numbers integer[];
BEGIN
    PERFORM lead_scoring.require_read_committed('drop_source()');
    PERFORM lead_scoring.check_owner(audience);
    SELECT * INTO src FROM lead_scoring.source AS s WHERE s.audience = drop_source.audience AND s.name = drop_source.source;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'source "%" of audience "%" does not exist', source, audience
            USING ERRCODE = 'undefined_object', HINT = 'SELECT name, source_table FROM lead_scoring.source lists the sources.';
    END IF;
    IF src.kind = 'profile' THEN
        RAISE EXCEPTION 'the profile of audience "%" cannot be dropped', audience
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'It is the lead table itself; drop_audience() removes the audience.';
    END IF;
    -- What DROP TRIGGER needs, at once: a weaker lock first could deadlock with who reads now and writes then.
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', src.source_table);
    SELECT coalesce(array_agg(v.number ORDER BY v.number), '{}') INTO numbers
    FROM lead_scoring.signal_version AS v WHERE v.audience = drop_source.audience AND v.source = drop_source.source;
    DELETE FROM lead_scoring.signal_version AS v WHERE v.audience = drop_source.audience AND v.source = drop_source.source;
    DELETE FROM lead_scoring.signal AS g WHERE g.audience = drop_source.audience AND g.source = drop_source.source;
    DELETE FROM lead_scoring.source AS s WHERE s.audience = drop_source.audience AND s.name = drop_source.source;
    PERFORM lead_scoring.drop_triggers(src.source_table);
    PERFORM lead_scoring.forget_signals(audience, numbers);
END $$;
COMMENT ON FUNCTION lead_scoring.drop_source(text, text) IS
    'Takes a source out of an audience: its signals no longer count, the scores follow at once, and the table is left as it was before add_source()';

CREATE FUNCTION lead_scoring.drop_audience(audience text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    a lead_scoring.audience;
    tables regclass[];
    some_table regclass;
BEGIN
    PERFORM lead_scoring.check_owner(audience);
    SELECT * INTO STRICT a FROM lead_scoring.audience AS q WHERE q.name = drop_audience.audience;
    tables := ARRAY(SELECT s.source_table FROM lead_scoring.source AS s WHERE s.audience = drop_audience.audience ORDER BY s.source_table::oid);
    FOREACH some_table IN ARRAY tables LOOP
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', some_table);
    END LOOP;
    DELETE FROM lead_scoring.audience AS q WHERE q.name = drop_audience.audience;
    FOREACH some_table IN ARRAY tables LOOP
        PERFORM lead_scoring.drop_triggers(some_table);
    END LOOP;
    -- A view may have gone before, by hand or with a table it reads.
    FOREACH some_table IN ARRAY ARRAY[a.handoff_times_view, a.handoff_view, a.score_now_view] LOOP
        IF EXISTS (SELECT FROM pg_class WHERE oid = some_table) THEN
            EXECUTE format('DROP VIEW %s', some_table);
        END IF;
    END LOOP;
    EXECUTE format('DROP TABLE %s, %s, %s, %s', a.score_table, a.tally_table, a.band_change_table, a.pending_table);
END $$;
COMMENT ON FUNCTION lead_scoring.drop_audience(text) IS
    'Removes an audience with its sheets, signals, scores, tallies and band changes. The lead table and the event tables are left as they were';
