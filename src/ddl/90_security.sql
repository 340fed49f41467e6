-- Who may see and change what. A role sees the audiences it owns (as owner of the lead table, or member of
-- its owner) and those whose scores or band changes it may read; it changes only what it owns.

CREATE FUNCTION lead_scoring.owns_table(some_table regclass) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$ SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class AS c WHERE c.oid = some_table $$;
COMMENT ON FUNCTION lead_scoring.owns_table(regclass) IS 'Whether the current role owns a table or is a member of its owner; NULL when the table is gone';

CREATE FUNCTION lead_scoring.may_read(some_table regclass) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$ SELECT has_table_privilege(c.oid, 'SELECT') FROM pg_class AS c WHERE c.oid = some_table $$;
COMMENT ON FUNCTION lead_scoring.may_read(regclass) IS 'Whether the current role may read a table; NULL when the table is gone';

CREATE FUNCTION lead_scoring.owns_audience(audience text) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$ SELECT lead_scoring.owns_table(a.lead_table) FROM lead_scoring.audience AS a WHERE a.name = owns_audience.audience $$;
COMMENT ON FUNCTION lead_scoring.owns_audience(text) IS 'Whether the current role owns an audience';

CREATE FUNCTION lead_scoring.owns_sheet(sheet text) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$ SELECT lead_scoring.owns_audience(s.audience) FROM lead_scoring.sheet AS s WHERE s.name = owns_sheet.sheet $$;
COMMENT ON FUNCTION lead_scoring.owns_sheet(text) IS 'Whether the current role owns the audience of a sheet';

GRANT USAGE ON SCHEMA lead_scoring TO PUBLIC;

ALTER TABLE lead_scoring.audience ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON lead_scoring.audience
    USING (lead_scoring.owns_table(lead_table)) WITH CHECK (lead_scoring.owns_table(lead_table));
CREATE POLICY reader ON lead_scoring.audience FOR SELECT
    USING (lead_scoring.may_read(score_table) OR lead_scoring.may_read(band_change_table));
GRANT SELECT, INSERT, UPDATE, DELETE ON lead_scoring.audience TO PUBLIC;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['source', 'signal', 'signal_version', 'sheet', 'failure_log', 'progress'] LOOP
        EXECUTE format('ALTER TABLE lead_scoring.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner ON lead_scoring.%I USING (lead_scoring.owns_audience(audience)) '
                       'WITH CHECK (lead_scoring.owns_audience(audience))', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON lead_scoring.%I TO PUBLIC', t);
        -- Failures and progress carry keys and values of rows, which a reader of the scores may not be allowed to see.
        CONTINUE WHEN t IN ('failure_log', 'progress');
        EXECUTE format('CREATE POLICY reader ON lead_scoring.%I FOR SELECT '
                       'USING (EXISTS (SELECT FROM lead_scoring.audience AS a WHERE a.name = audience))', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['rule', 'rule_tier', 'rule_group', 'grade', 'band', 'sheet_revision'] LOOP
        EXECUTE format('ALTER TABLE lead_scoring.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner ON lead_scoring.%I USING (lead_scoring.owns_sheet(sheet)) '
                       'WITH CHECK (lead_scoring.owns_sheet(sheet))', t);
        EXECUTE format('CREATE POLICY reader ON lead_scoring.%I FOR SELECT '
                       'USING (EXISTS (SELECT FROM lead_scoring.sheet AS s WHERE s.name = sheet))', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON lead_scoring.%I TO PUBLIC', t);
    END LOOP;
END $$;
-- Rows of a source are handed to the audience's expressions, so only who owns a table may make it a source.
CREATE POLICY own_table ON lead_scoring.source AS RESTRICTIVE FOR INSERT WITH CHECK (lead_scoring.owns_table(source_table));
CREATE POLICY own_new_table ON lead_scoring.source AS RESTRICTIVE FOR UPDATE WITH CHECK (lead_scoring.owns_table(source_table));
GRANT SELECT ON lead_scoring.failure TO PUBLIC;

-- Calendars are for all; each is changed by its owner. Names, because a role column that does not resolve would
-- lose the table in a restore.
CREATE FUNCTION lead_scoring.owns_calendar(calendar text) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$ SELECT EXISTS (SELECT FROM lead_scoring.calendar AS c JOIN pg_roles AS r ON r.rolname = c.owner
                  WHERE c.name = owns_calendar.calendar AND pg_has_role(r.oid, 'USAGE')) $$;
COMMENT ON FUNCTION lead_scoring.owns_calendar(text) IS 'Whether the current role owns a business calendar';

ALTER TABLE lead_scoring.calendar ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON lead_scoring.calendar
    USING (EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = owner AND pg_has_role(r.oid, 'USAGE')));
CREATE POLICY reader ON lead_scoring.calendar FOR SELECT USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON lead_scoring.calendar TO PUBLIC;
ALTER TABLE lead_scoring.calendar_hours ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON lead_scoring.calendar_hours USING (lead_scoring.owns_calendar(calendar));
CREATE POLICY reader ON lead_scoring.calendar_hours FOR SELECT USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON lead_scoring.calendar_hours TO PUBLIC;
ALTER TABLE lead_scoring.holiday ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON lead_scoring.holiday USING (lead_scoring.owns_calendar(calendar));
CREATE POLICY reader ON lead_scoring.holiday FOR SELECT USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON lead_scoring.holiday TO PUBLIC;

-- A dump of the database carries the catalog.
SELECT pg_catalog.pg_extension_config_dump('lead_scoring.audience', '');
SELECT pg_catalog.pg_extension_config_dump('lead_scoring.source', '');
SELECT pg_catalog.pg_extension_config_dump('lead_scoring.signal', '');
SELECT pg_catalog.pg_extension_config_dump('lead_scoring.signal_version', '');
SELECT pg_catalog.pg_extension_config_dump('lead_scoring.sheet', '');
SELECT pg_catalog.pg_extension_config_dump('lead_scoring.rule', '');
SELECT pg_catalog.pg_extension_config_dump('lead_scoring.rule_tier', '');
SELECT pg_catalog.pg_extension_config_dump('lead_scoring.rule_group', '');
SELECT pg_catalog.pg_extension_config_dump('lead_scoring.grade', '');
SELECT pg_catalog.pg_extension_config_dump('lead_scoring.band', '');
SELECT pg_catalog.pg_extension_config_dump('lead_scoring.sheet_revision', '');
SELECT pg_catalog.pg_extension_config_dump('lead_scoring.calendar', '');
SELECT pg_catalog.pg_extension_config_dump('lead_scoring.calendar_hours', '');
SELECT pg_catalog.pg_extension_config_dump('lead_scoring.holiday', '');
SELECT pg_catalog.pg_extension_config_dump('lead_scoring.failure_log', '');

-- Tables that are dropped take their registrations along; new partitions of a source get its triggers.
CREATE FUNCTION lead_scoring.forget_dropped_tables() RETURNS event_trigger
    AS 'MODULE_PATHNAME', 'ls_forget_dropped_tables' LANGUAGE C;
COMMENT ON FUNCTION lead_scoring.forget_dropped_tables() IS 'Event trigger: removes the registrations of dropped tables; never raises';
CREATE EVENT TRIGGER lead_scoring_drop ON sql_drop EXECUTE FUNCTION lead_scoring.forget_dropped_tables();
COMMENT ON EVENT TRIGGER lead_scoring_drop IS 'Removes the registrations of dropped tables';

CREATE FUNCTION lead_scoring.changes_tree(command pg_ddl_command) RETURNS boolean
    AS 'MODULE_PATHNAME', 'ls_changes_tree' LANGUAGE C STRICT;
COMMENT ON FUNCTION lead_scoring.changes_tree(pg_ddl_command) IS 'Whether a command of an event trigger makes a table join or leave a partition or inheritance tree';

-- The audience's owner may read the partitioned table but not its single partition, and that must not stop
-- whoever manages the partitions.
CREATE FUNCTION lead_scoring.count_moved(audience text, source text, partition regclass, sign integer) RETURNS void
    LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    has_rows boolean;
    owner name;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', partition) INTO has_rows;
    IF NOT has_rows THEN
        RETURN;
    END IF;
    owner := lead_scoring.audience_owner(audience);
    IF NOT has_table_privilege(owner, partition, 'SELECT') THEN
        RAISE WARNING 'lead_scoring: the rows of % are not counted: role "%", the owner of audience "%", may not read it', partition, owner, audience
            USING HINT = format('GRANT SELECT ON %s TO %I; before the next time, and now CALL lead_scoring.rebuild(%L);', partition, owner, audience);
        RETURN;
    END IF;
    PERFORM lead_scoring.count_partition(audience, source, partition, sign);
EXCEPTION WHEN object_not_in_prerequisite_state THEN
    -- An audience that cannot be used just now.
    RAISE WARNING 'lead_scoring: the rows of % are not counted: %', partition, SQLERRM
        USING HINT = format('CALL lead_scoring.rebuild(%L) when that is mended.', audience);
END $$;
COMMENT ON FUNCTION lead_scoring.count_moved(text, text, regclass, integer) IS 'Counts a partition that joined (1) or left (-1) a source; a warning where the audience''s owner may not read it, or the audience cannot be used';

-- A partition that joins a source brings its rows, one that leaves takes them away. ALTER TABLE holds it
-- exclusively, so counting just its rows is exact beside writers of the other partitions.
CREATE FUNCTION lead_scoring.adopt_nodes(parents_left oid[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changed regclass;
    node regclass;
    src record;
BEGIN
    FOR changed IN
        SELECT c.objid::regclass FROM pg_event_trigger_ddl_commands() AS c
        WHERE c.classid = 'pg_class'::regclass AND c.object_type = 'table' AND lead_scoring.changes_tree(c.command)
        UNION SELECT p.oid::regclass FROM unnest(parents_left) AS p(oid)
    LOOP
        CONTINUE WHEN NOT EXISTS (SELECT FROM lead_scoring.covering_sources(changed));
        FOREACH node IN ARRAY lead_scoring.nodes_without_triggers(changed) LOOP
            PERFORM lead_scoring.create_triggers(node);
            CONTINUE WHEN (SELECT relkind FROM pg_class WHERE oid = node) = 'p';
            FOR src IN SELECT * FROM lead_scoring.covering_sources(node) ORDER BY 1, 2 LOOP
                PERFORM lead_scoring.count_moved(src.audience, src.source, node, 1);
            END LOOP;
        END LOOP;
        FOR node IN
            SELECT DISTINCT t.tgrelid::regclass FROM pg_trigger AS t
            WHERE t.tgfoid = 'lead_scoring.track()'::regprocedure
              AND NOT EXISTS (SELECT FROM lead_scoring.covering_sources(t.tgrelid))
        LOOP
            FOR src IN SELECT * FROM lead_scoring.covering_sources(changed) ORDER BY 1, 2 LOOP
                CONTINUE WHEN (SELECT relkind FROM pg_class WHERE oid = node) = 'p';
                PERFORM lead_scoring.count_moved(src.audience, src.source, node, -1);
            END LOOP;
        END LOOP;
        PERFORM lead_scoring.drop_triggers(t.tgrelid) FROM pg_trigger AS t
        WHERE t.tgname = 'lead_scoring_insert' AND t.tgfoid = 'lead_scoring.track()'::regprocedure
          AND NOT EXISTS (SELECT FROM lead_scoring.covering_sources(t.tgrelid));
    END LOOP;
END $$;
COMMENT ON FUNCTION lead_scoring.adopt_nodes(oid[]) IS 'For event triggers: counts tables that have joined or left a source''s tree and gives them its triggers or takes them off; the given tables are parents that a table has left';

CREATE FUNCTION lead_scoring.adopt_partitions() RETURNS event_trigger
    AS 'MODULE_PATHNAME', 'ls_adopt_partitions' LANGUAGE C;
COMMENT ON FUNCTION lead_scoring.adopt_partitions() IS 'Event trigger: calls adopt_nodes() for the command''s tables';
CREATE EVENT TRIGGER lead_scoring_adopt ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE')
    EXECUTE FUNCTION lead_scoring.adopt_partitions();
COMMENT ON EVENT TRIGGER lead_scoring_adopt IS 'Counts partitions that join or leave a source';

-- A partition that is dropped leaves its source first. With it go its own partitions; and where the source itself is
-- dropped, everything goes.
CREATE FUNCTION lead_scoring.detach_dropped(tables oid[], schemas oid[], owners oid[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    node record;
BEGIN
    FOR node IN
        WITH RECURSIVE named(oid) AS (
            SELECT c.oid FROM pg_class AS c
            WHERE c.relkind IN ('r', 'p') AND (c.oid = ANY (tables) OR c.relnamespace = ANY (schemas) OR c.relowner = ANY (owners))),
        dropped(oid) AS (
            SELECT n.oid FROM named AS n UNION SELECT i.inhrelid FROM pg_inherits AS i JOIN dropped AS d ON d.oid = i.inhparent)
        SELECT i.inhparent::regclass AS parent, c.oid::regclass AS child, c.relispartition
        FROM named AS n JOIN pg_inherits AS i ON i.inhrelid = n.oid JOIN pg_class AS c ON c.oid = n.oid
        WHERE NOT EXISTS (SELECT FROM dropped AS d WHERE d.oid = i.inhparent)
          AND EXISTS (SELECT FROM lead_scoring.covering_sources(i.inhparent))
        ORDER BY i.inhparent, c.oid
    LOOP
        IF node.relispartition THEN
            EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', node.parent, node.child);
        ELSE
            EXECUTE format('ALTER TABLE %s NO INHERIT %s', node.child, node.parent);
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION lead_scoring.detach_dropped(oid[], oid[], oid[]) IS 'Detaches the partitions that a command drops from sources that stay: given tables, all tables of schemas, all tables of owners';

CREATE FUNCTION lead_scoring.detach_before_drop() RETURNS event_trigger
    AS 'MODULE_PATHNAME', 'ls_detach_before_drop' LANGUAGE C;
COMMENT ON FUNCTION lead_scoring.detach_before_drop() IS 'Event trigger: partitions that are dropped are detached from their source first, so their rows are counted out; never raises';
CREATE EVENT TRIGGER lead_scoring_before_drop ON ddl_command_start WHEN TAG IN ('DROP TABLE', 'DROP SCHEMA', 'DROP OWNED')
    EXECUTE FUNCTION lead_scoring.detach_before_drop();
COMMENT ON EVENT TRIGGER lead_scoring_before_drop IS 'Counts out the rows of partitions that are dropped';

-- ENABLE TRIGGER ALL, as after loading data, makes every trigger an ordinary one.
CREATE FUNCTION lead_scoring.enables_triggers(command pg_ddl_command) RETURNS boolean
    AS 'MODULE_PATHNAME', 'ls_enables_triggers' LANGUAGE C STRICT;
COMMENT ON FUNCTION lead_scoring.enables_triggers(pg_ddl_command) IS 'Whether a command of an event trigger is ALTER TABLE ... ENABLE TRIGGER';

CREATE FUNCTION lead_scoring.keep_replica_triggers() RETURNS event_trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM lead_scoring.enable_for_replication(c.objid) FROM pg_event_trigger_ddl_commands() AS c
    WHERE c.classid = 'pg_class'::regclass AND c.object_type = 'table' AND lead_scoring.enables_triggers(c.command);
END $$;
COMMENT ON FUNCTION lead_scoring.keep_replica_triggers() IS 'Event trigger: what ENABLE TRIGGER ALL has made of the triggers for replication becomes what it was';
CREATE EVENT TRIGGER lead_scoring_replica ON ddl_command_end WHEN TAG IN ('ALTER TABLE')
    EXECUTE FUNCTION lead_scoring.keep_replica_triggers();
COMMENT ON EVENT TRIGGER lead_scoring_replica IS 'Keeps the triggers for replication what they are when triggers are enabled again';

CREATE FUNCTION lead_scoring.follow_owner() RETURNS event_trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moved record;
BEGIN
    FOR moved IN
        SELECT t.relkind, t.oid::regclass AS own_table, pg_get_userbyid(l.relowner) AS owner
        FROM pg_event_trigger_ddl_commands() AS c JOIN lead_scoring.audience AS a ON a.lead_table = c.objid
             JOIN pg_class AS l ON l.oid = a.lead_table
             JOIN pg_class AS t ON t.oid IN (a.score_table, a.tally_table, a.band_change_table, a.pending_table, a.score_now_view,
                                                    a.handoff_view, a.handoff_times_view)
        WHERE c.classid = 'pg_class'::regclass AND t.relowner <> l.relowner
    LOOP
        EXECUTE format('ALTER %s %s OWNER TO %I', CASE moved.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, moved.own_table, moved.owner);
    END LOOP;
END $$;
COMMENT ON FUNCTION lead_scoring.follow_owner() IS 'Event trigger: an audience''s own tables follow the owner of its lead table';
CREATE EVENT TRIGGER lead_scoring_follow_owner ON ddl_command_end WHEN TAG IN ('ALTER TABLE')
    EXECUTE FUNCTION lead_scoring.follow_owner();
COMMENT ON EVENT TRIGGER lead_scoring_follow_owner IS 'An audience''s own tables follow the owner of its lead table';
