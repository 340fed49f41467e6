-- Watching: what an audience and its sources look like now. For monitoring, so it costs little however large the
-- tables are: counts are looked up or estimated from a sample.

CREATE FUNCTION lead_scoring.sample_percent(some_table regclass) RETURNS real
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS
$$ SELECT least(100, 100 * 1000.0 / greatest(1, pg_relation_size(some_table) / current_setting('block_size')::bigint))::real $$;
COMMENT ON FUNCTION lead_scoring.sample_percent(regclass) IS 'The part of a table that a sample of 1,000 blocks is; 100: all of it';

CREATE FUNCTION lead_scoring.audience_figures(audience text, OUT due bigint, OUT oldest_due_at timestamptz, OUT waking bigint, OUT pending bigint)
    RETURNS record
    LANGUAGE plpgsql VOLATILE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    a lead_scoring.audience;
    percent real;
BEGIN
    SELECT * INTO a FROM lead_scoring.audience AS q WHERE q.name = audience_figures.audience;
    PERFORM lead_scoring.check_audience_tables(audience);
    IF lead_scoring.may_read(a.score_table) THEN
        percent := lead_scoring.sample_percent(a.score_table);
        EXECUTE format('SELECT ceil(count(*) * 100 / $1)::bigint, min(s.next_change_at) FROM %s AS s TABLESAMPLE SYSTEM ($1) '
                       'WHERE s.next_change_at <= now()', a.score_table) INTO due, oldest_due_at USING percent;
    END IF;
    IF lead_scoring.may_read(a.tally_table) THEN
        percent := lead_scoring.sample_percent(a.tally_table);
        EXECUTE format('SELECT ceil(count(*) * 100 / $1)::bigint FROM %s AS t TABLESAMPLE SYSTEM ($1) WHERE t.wake_at <= now()', a.tally_table)
            INTO waking USING percent;
    END IF;
    IF lead_scoring.may_read(a.pending_table) THEN
        EXECUTE format('SELECT count(*) FROM (SELECT FROM %s LIMIT 10000) AS p', a.pending_table) INTO pending;
    END IF;
EXCEPTION WHEN wrong_object_type OR undefined_object OR object_not_in_prerequisite_state THEN
    -- Nothing is read of tables that somebody has changed, or of an audience that cannot be used; health() says so.
    due := NULL;
    oldest_due_at := NULL;
    waking := NULL;
END $$;
COMMENT ON FUNCTION lead_scoring.audience_figures(text) IS
    'What status counts in an audience''s tables: exact up to 1,000 blocks (8 MB), else estimated from as many; pending up to 10,000. NULL where the caller may not read';

CREATE FUNCTION lead_scoring.table_bytes(some_table regclass) RETURNS bigint
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS
$$ SELECT pg_total_relation_size(c.oid) FROM pg_class AS c WHERE c.oid = some_table $$;
COMMENT ON FUNCTION lead_scoring.table_bytes(regclass) IS 'Bytes of a table with its indexes; NULL when it is gone';

-- A run whose session is gone was cut off.
CREATE FUNCTION lead_scoring.is_running(run lead_scoring.progress) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT run.finished_at IS NULL AND EXISTS (
        SELECT FROM pg_stat_activity AS s WHERE s.pid = run.pid AND coalesce(s.backend_start <= run.started_at, true))
$$;
COMMENT ON FUNCTION lead_scoring.is_running(lead_scoring.progress) IS 'Whether the run of a line of progress goes on';

CREATE VIEW lead_scoring.status WITH (security_invoker) AS
    SELECT a.name AS audience, a.lead_table, pg_get_userbyid(c.relowner) AS owner,
           (SELECT jsonb_object_agg(s.name, s.active_revision) FROM lead_scoring.sheet AS s
            WHERE s.audience = a.name AND s.active_revision IS NOT NULL) AS sheets,
           nullif((SELECT t.reltuples FROM pg_class AS t WHERE t.oid = a.tally_table), -1)::bigint AS leads,
           f.due, f.oldest_due_at, f.waking, f.pending,
           p.running, p.last_refresh_at, p.last_rebuild_at,
           l.failures, l.last_failure_at,
           lead_scoring.table_bytes(a.score_table) AS score_bytes, lead_scoring.table_bytes(a.tally_table) AS tally_bytes,
           lead_scoring.table_bytes(a.pending_table) AS pending_bytes, lead_scoring.table_bytes(a.band_change_table) AS band_change_bytes
    FROM lead_scoring.audience AS a
         JOIN pg_class AS c ON c.oid = a.lead_table
         CROSS JOIN LATERAL lead_scoring.audience_figures(a.name) AS f
         CROSS JOIN LATERAL (
             SELECT array_agg(DISTINCT q.operation ORDER BY q.operation) FILTER (WHERE lead_scoring.is_running(q)) AS running,
                    max(q.last_finished_at) FILTER (WHERE q.operation = 'refresh') AS last_refresh_at,
                    max(q.last_finished_at) FILTER (WHERE q.operation = 'rebuild') AS last_rebuild_at
             FROM lead_scoring.progress AS q WHERE q.audience = a.name) AS p
         CROSS JOIN LATERAL (
             SELECT CASE WHEN lead_scoring.owns_table(a.lead_table) THEN coalesce(sum(q.count), 0)::bigint END AS failures, max(q.at) AS last_failure_at
             FROM lead_scoring.failure_log AS q WHERE q.audience = a.name) AS l;
COMMENT ON VIEW lead_scoring.status IS 'One row an audience: what is active, what is due, what runs and ran last, failures and sizes. Cheap enough to be polled each minute: due rows of large tables are estimated from a sample of 1,000 blocks.';
COMMENT ON COLUMN lead_scoring.status.audience IS 'Audience';
COMMENT ON COLUMN lead_scoring.status.lead_table IS 'Its lead table';
COMMENT ON COLUMN lead_scoring.status.owner IS 'The role that owns it';
COMMENT ON COLUMN lead_scoring.status.sheets IS 'Active sheets and their revisions; NULL: none is published';
COMMENT ON COLUMN lead_scoring.status.leads IS 'Rows of the tally table, as the planner estimates; NULL before the first vacuum or analyze';
COMMENT ON COLUMN lead_scoring.status.due IS 'Score rows whose next change has come, for refresh to bring up; estimated beyond 1,000 blocks. NULL: you may not read the table';
COMMENT ON COLUMN lead_scoring.status.oldest_due_at IS 'Since when the oldest of them is due; of the sample';
COMMENT ON COLUMN lead_scoring.status.waking IS 'Leads outside a segment whom refresh must look at; estimated likewise';
COMMENT ON COLUMN lead_scoring.status.pending IS 'Events not yet in the tallies, because their lead was busy; at most 10,000';
COMMENT ON COLUMN lead_scoring.status.running IS 'What runs now: refresh, rebuild; progress says how far';
COMMENT ON COLUMN lead_scoring.status.last_refresh_at IS 'When a refresh last ended, its budget spent or not; NULL: never since the database was made or restored';
COMMENT ON COLUMN lead_scoring.status.last_rebuild_at IS 'When a rebuild last ended; likewise';
COMMENT ON COLUMN lead_scoring.status.failures IS 'Failures in failure_log; NULL for who does not own the audience';
COMMENT ON COLUMN lead_scoring.status.last_failure_at IS 'When the last of them was written';
COMMENT ON COLUMN lead_scoring.status.score_bytes IS 'Bytes of the score table with its indexes';
COMMENT ON COLUMN lead_scoring.status.tally_bytes IS 'Bytes of the tally table';
COMMENT ON COLUMN lead_scoring.status.pending_bytes IS 'Bytes of the pending table';
COMMENT ON COLUMN lead_scoring.status.band_change_bytes IS 'Bytes of the band change table';

-- What should be on a table, and what is.
CREATE FUNCTION lead_scoring.table_nodes(some_table regclass) RETURNS SETOF regclass
    LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp AS
$$
    WITH RECURSIVE tree(oid) AS (
        SELECT c.oid FROM pg_class AS c WHERE c.oid = some_table
        UNION SELECT i.inhrelid FROM pg_inherits AS i JOIN tree ON tree.oid = i.inhparent)
    SELECT oid::regclass FROM tree
$$;
COMMENT ON FUNCTION lead_scoring.table_nodes(regclass) IS 'A table and all its partitions and children';

CREATE FUNCTION lead_scoring.trigger_state(some_table regclass, OUT node regclass, OUT name name, OUT state text) RETURNS SETOF record
    LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp AS
$$
    SELECT n.node, e.name, CASE WHEN t.tgenabled IS NULL THEN 'missing' WHEN t.tgenabled = ANY (e.modes) THEN 'enabled'
                                WHEN t.tgenabled = 'D' THEN 'disabled' WHEN t.tgenabled = 'R' THEN 'only for replicas'
                                ELSE 'not for replicas' END
    FROM lead_scoring.table_nodes(some_table) AS n(node)
         JOIN pg_class AS c ON c.oid = n.node
         CROSS JOIN (VALUES ('lead_scoring_insert'::name, '{O,A}'::"char"[]), ('lead_scoring_update', '{O,A}'), ('lead_scoring_delete', '{O,A}'),
                            ('lead_scoring_truncate', '{A}'), ('lead_scoring_replica', '{R,A}')) AS e(name, modes)
         LEFT JOIN pg_trigger AS t ON t.tgrelid = n.node AND t.tgname = e.name AND t.tgfoid = 'lead_scoring.track()'::regprocedure
    WHERE c.relkind <> 'f' AND (c.relkind = 'r' OR e.name <> 'lead_scoring_replica')
$$;
COMMENT ON FUNCTION lead_scoring.trigger_state(regclass) IS 'The triggers of a source on all nodes of its tree: enabled, disabled, only for replicas, not for replicas or missing';

CREATE VIEW lead_scoring.source_status WITH (security_invoker) AS
    SELECT s.audience, s.name AS source, s.source_table, s.kind, t.nodes, t.triggers_missing = 0 AS triggers_in_place,
           t.triggers_off = 0 AS triggers_enabled,
           (SELECT count(*) FROM lead_scoring.signal_version AS v WHERE v.audience = s.audience AND v.source = s.name AND v.counted)::integer AS signals,
           l.failures, l.last_failure_at
    FROM lead_scoring.source AS s
         CROSS JOIN LATERAL (
             SELECT count(DISTINCT q.node)::integer AS nodes, count(*) FILTER (WHERE q.state = 'missing') AS triggers_missing,
                    count(*) FILTER (WHERE q.state NOT IN ('missing', 'enabled')) AS triggers_off
             FROM lead_scoring.trigger_state(s.source_table) AS q) AS t
         CROSS JOIN LATERAL (
             SELECT CASE WHEN lead_scoring.owns_audience(s.audience) THEN coalesce(sum(q.count), 0)::bigint END AS failures, max(q.at) AS last_failure_at
             FROM lead_scoring.failure_log AS q WHERE q.audience = s.audience AND q.source = s.name) AS l;
COMMENT ON VIEW lead_scoring.source_status IS 'One row a source of each audience: its triggers, signals and failures. Reads no row of the source.';
COMMENT ON COLUMN lead_scoring.source_status.audience IS 'Audience';
COMMENT ON COLUMN lead_scoring.source_status.source IS 'Source';
COMMENT ON COLUMN lead_scoring.source_status.source_table IS 'Its table';
COMMENT ON COLUMN lead_scoring.source_status.kind IS 'event, or profile: the lead table itself';
COMMENT ON COLUMN lead_scoring.source_status.nodes IS 'Tables of its tree: 1, and one a partition or child';
COMMENT ON COLUMN lead_scoring.source_status.triggers_in_place IS 'Whether all nodes have all triggers';
COMMENT ON COLUMN lead_scoring.source_status.triggers_enabled IS 'Whether those that are there fire';
COMMENT ON COLUMN lead_scoring.source_status.signals IS 'Published signals that are counted';
COMMENT ON COLUMN lead_scoring.source_status.failures IS 'Failures in failure_log; NULL for who does not own the audience';
COMMENT ON COLUMN lead_scoring.source_status.last_failure_at IS 'When the last of them was written';

GRANT SELECT ON lead_scoring.status, lead_scoring.source_status TO PUBLIC;
