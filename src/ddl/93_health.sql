-- What needs a person. No row: nothing does. docs/operations.md has a paragraph on each problem.

CREATE TYPE lead_scoring.health_problem AS (audience text, severity text, problem text, object text, detail text, hint text);
COMMENT ON TYPE lead_scoring.health_problem IS 'Something that needs a person: a row of health()';
COMMENT ON COLUMN lead_scoring.health_problem.audience IS 'Audience; NULL: all of the database';
COMMENT ON COLUMN lead_scoring.health_problem.severity IS 'error: something is not counted or scored; warning: it will be, or was, or cannot be told';
COMMENT ON COLUMN lead_scoring.health_problem.problem IS 'What is wrong, in the same words each time';
COMMENT ON COLUMN lead_scoring.health_problem.object IS 'What it is about: a table, a source, a signal, a sheet';
COMMENT ON COLUMN lead_scoring.health_problem.detail IS 'More of it';
COMMENT ON COLUMN lead_scoring.health_problem.hint IS 'What to do';

CREATE FUNCTION lead_scoring.mend_triggers(audience text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    src regclass;
    old record;
BEGIN
    PERFORM lead_scoring.check_owner(audience);
    FOR src IN SELECT DISTINCT s.source_table FROM lead_scoring.source AS s WHERE s.audience = mend_triggers.audience ORDER BY 1 LOOP
        FOR old IN
            SELECT t.tgname, t.tgrelid::regclass AS node FROM pg_trigger AS t
            WHERE t.tgfoid = 'lead_scoring.track()'::regprocedure
              AND t.tgrelid IN (SELECT q.node FROM lead_scoring.trigger_state(src) AS q WHERE q.state = 'missing')
        LOOP
            EXECUTE format('DROP TRIGGER %I ON %s', old.tgname, old.node);
        END LOOP;
        PERFORM lead_scoring.create_triggers(src);
    END LOOP;
END $$;
COMMENT ON FUNCTION lead_scoring.mend_triggers(text) IS
    'Puts missing triggers back on the sources of an audience. What was written without them is not counted before rebuild()';

CREATE FUNCTION lead_scoring.health_of_server() RETURNS SETOF lead_scoring.health_problem
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT NULL::text, 'error', CASE WHEN e.evtname IS NULL THEN 'event trigger is missing' ELSE 'event trigger is disabled' END, n.name,
           n.purpose,
           CASE WHEN e.evtname IS NULL THEN format('CREATE EVENT TRIGGER %1$I ON %2$s EXECUTE FUNCTION lead_scoring.%3$I(); ALTER EXTENSION lead_scoring ADD EVENT TRIGGER %1$I;', n.name, n.event, n.function)
                ELSE format('ALTER EVENT TRIGGER %I ENABLE;', n.name) END
    FROM (VALUES ('lead_scoring_drop', 'sql_drop', 'forget_dropped_tables', 'Dropped tables keep their registrations.'),
                 ('lead_scoring_adopt', $e$ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE')$e$, 'adopt_partitions', 'Partitions that join or leave a source are not counted.'),
                 ('lead_scoring_before_drop', $e$ddl_command_start WHEN TAG IN ('DROP TABLE', 'DROP SCHEMA', 'DROP OWNED')$e$, 'detach_before_drop', 'Rows of partitions that are dropped stay counted.'),
                 ('lead_scoring_replica', $e$ddl_command_end WHEN TAG IN ('ALTER TABLE')$e$, 'keep_replica_triggers', 'ENABLE TRIGGER ALL makes ordinary triggers of those for replication.'),
                 ('lead_scoring_follow_owner', $e$ddl_command_end WHEN TAG IN ('ALTER TABLE')$e$, 'follow_owner', 'An audience''s tables do not follow a new owner.'))
         AS n(name, event, function, purpose)
         LEFT JOIN pg_event_trigger AS e ON e.evtname = n.name AND e.evtfoid = to_regproc(format('lead_scoring.%I', n.function))
    WHERE e.evtname IS NULL OR e.evtenabled NOT IN ('O', 'A')
$$;
COMMENT ON FUNCTION lead_scoring.health_of_server() IS 'The part of health() that is about the whole database: event triggers';

CREATE FUNCTION lead_scoring.health_of_triggers(a lead_scoring.audience) RETURNS SETOF lead_scoring.health_problem
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT a.name, 'error', CASE t.state WHEN 'missing' THEN 'trigger is missing' ELSE 'trigger does not fire' END, t.node::text,
           format('%s: %s', t.state, string_agg(t.name, ', ' ORDER BY t.name)),
           format('%s then CALL lead_scoring.rebuild(%L);',
                  CASE t.state WHEN 'missing' THEN format('SELECT lead_scoring.mend_triggers(%L);', a.name)
                  ELSE string_agg(format('ALTER TABLE %s ENABLE %sTRIGGER %I;', t.node, CASE t.name WHEN 'lead_scoring_replica' THEN 'REPLICA ' WHEN 'lead_scoring_truncate' THEN 'ALWAYS ' ELSE '' END, t.name), ' ' ORDER BY t.name) END, a.name)
    FROM (SELECT DISTINCT q.* FROM lead_scoring.source AS s CROSS JOIN LATERAL lead_scoring.trigger_state(s.source_table) AS q
          WHERE s.audience = a.name AND q.state <> 'enabled') AS t
    GROUP BY t.node, t.state
    UNION ALL
    SELECT a.name, 'warning', CASE WHEN c.relkind = 'f' THEN 'foreign table in a source' WHEN c.relpersistence <> 'p' THEN 'source is not logged'
                              ELSE 'partition is half detached' END, n.node::text,
           CASE WHEN c.relkind = 'f' THEN 'Its rows change without our triggers.' WHEN c.relpersistence <> 'p' THEN 'Its rows vanish in a crash, the scores made of them do not.'
           ELSE 'DETACH PARTITION CONCURRENTLY has not been finished; its rows still count.' END,
           CASE WHEN c.relkind = 'f' THEN format('Detach it, and CALL lead_scoring.rebuild(%L);', a.name)
                WHEN c.relpersistence <> 'p' THEN format('ALTER TABLE %s SET LOGGED;', n.node)
                ELSE format('ALTER TABLE %s DETACH PARTITION %s FINALIZE;', i.inhparent::regclass, n.node) END
    FROM (SELECT DISTINCT q.node FROM lead_scoring.source AS s CROSS JOIN LATERAL lead_scoring.table_nodes(s.source_table) AS q(node)
          WHERE s.audience = a.name) AS n
         JOIN pg_class AS c ON c.oid = n.node LEFT JOIN pg_inherits AS i ON i.inhrelid = n.node AND i.inhdetachpending
    WHERE c.relkind = 'f' OR c.relpersistence <> 'p' OR i.inhparent IS NOT NULL
$$;
COMMENT ON FUNCTION lead_scoring.health_of_triggers(lead_scoring.audience) IS 'The part of health() that is about triggers and partitions';

CREATE FUNCTION lead_scoring.health_of_parts(a lead_scoring.audience) RETURNS SETOF lead_scoring.health_problem
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT a.name, 'error', CASE p.kind WHEN 'audience' THEN 'audience cannot be used' WHEN 'source' THEN 'source cannot be counted'
                            WHEN 'signal' THEN 'signal cannot be counted' ELSE 'sheet cannot be scored' END, p.name, p.problem,
           CASE p.kind
           WHEN 'audience' THEN 'Mend the column or UPDATE lead_scoring.audience, then CALL lead_scoring.rebuild(' || quote_literal(a.name) || ');'
           WHEN 'source' THEN 'UPDATE lead_scoring.source with the column''s present name, then CALL lead_scoring.rebuild(' || quote_literal(a.name) || ');'
           WHEN 'signal' THEN CASE p.sqlstate WHEN '42501' THEN format('GRANT that to %I, then CALL lead_scoring.rebuild(%L);', lead_scoring.audience_owner(a.name), a.name)
                              ELSE 'Mend the row of lead_scoring.signal and publish the sheets that use it; where none does, CALL lead_scoring.rebuild(' || quote_literal(a.name) || ');' END
           ELSE format('SELECT lead_scoring.publish(%L);', p.name) END
    FROM lead_scoring.broken_parts(a.name) AS p
    UNION ALL
    SELECT a.name, 'error', 'column is gone or has another type', format('%s.%I', w.some_table, w.name), format('of type %s at first', w.types[1]), w.hint
    FROM (SELECT a.score_table, q.name, ARRAY[q.type]::regtype[], 'ALTER TABLE gives it back; then CALL lead_scoring.rebuild(' || quote_literal(a.name) || ');'
          FROM (VALUES ('sheet', 'text'), ('score', 'integer'), ('engagement', 'integer'), ('fit', 'integer'), ('grade', 'text'), ('level', 'text'),
                       ('band', 'text'), ('disqualified', 'boolean'), ('hand_raised', 'boolean'), ('persona', 'text'), ('last_active_on', 'date'),
                       ('band_since', 'timestamptz'), ('updated_at', 'timestamptz'), ('next_change_at', 'timestamptz'), ('revision', 'integer')) AS q(name, type)
          UNION ALL
          SELECT a.tally_table, q.name, ARRAY[q.type]::regtype[], 'ALTER TABLE gives it back; then CALL lead_scoring.rebuild(' || quote_literal(a.name) || ');'
          FROM (VALUES ('base', 'lead_scoring.tally'), ('recent', 'lead_scoring.tally'), ('wake_at', 'timestamptz')) AS q(name, type)
          UNION ALL
          SELECT a.lead_table, q.name, q.types::regtype[], 'UPDATE lead_scoring.audience: the column''s present name, or NULL.'
          FROM (VALUES (a.account_key, '{integer,bigint,uuid,text,varchar}'), (a.created_at, '{timestamptz,timestamp,date}'),
                       (a.score_column, '{integer,bigint}'), (a.band_column, '{text,varchar}')) AS q(name, types)
          WHERE q.name IS NOT NULL) AS w(some_table, name, types, hint)
    WHERE EXISTS (SELECT FROM pg_class AS c WHERE c.oid = w.some_table)
      AND NOT EXISTS (SELECT FROM pg_attribute AS t JOIN pg_type AS y ON y.oid = t.atttypid
                      WHERE t.attrelid = w.some_table AND t.attname = w.name AND t.attnum > 0 AND NOT t.attisdropped
                        AND CASE y.typtype WHEN 'd' THEN y.typbasetype ELSE y.oid END = ANY (w.types))
    UNION ALL
    SELECT a.name, 'error', 'key is not unique', format('%s.%I', k.some_table, k.columns[1]), format('No valid unique index on (%s).', array_to_string(k.columns, ', ')),
           format('ALTER TABLE %s ADD PRIMARY KEY (%s); then CALL lead_scoring.rebuild(%L);', k.some_table, array_to_string(k.columns, ', '), a.name)
    FROM (VALUES (a.lead_table, ARRAY[a.lead_key], false), (a.score_table, '{lead,sheet}', true), (a.tally_table, '{lead}', true), (a.pending_table, '{lead,id}', true))
         AS k(some_table, columns, primary_key)
    WHERE EXISTS (SELECT FROM pg_attribute AS t WHERE t.attrelid = k.some_table AND t.attname = k.columns[1] AND NOT t.attisdropped)
      AND NOT EXISTS (SELECT FROM pg_index AS i
                      WHERE i.indrelid = k.some_table AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indimmediate
                        AND (i.indisprimary OR NOT k.primary_key)
                        AND ARRAY(SELECT t.attname FROM unnest(i.indkey[0:i.indnkeyatts - 1]) WITH ORDINALITY AS u(number, place)
                                  JOIN pg_attribute AS t ON t.attrelid = i.indrelid AND t.attnum = u.number ORDER BY u.place) = k.columns)
$$;
COMMENT ON FUNCTION lead_scoring.health_of_parts(lead_scoring.audience) IS 'The part of health() that is about columns, expressions, models and keys';

CREATE FUNCTION lead_scoring.health_of_rights(a lead_scoring.audience) RETURNS SETOF lead_scoring.health_problem
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    WITH owner(role, name) AS (SELECT c.relowner, pg_get_userbyid(c.relowner) FROM pg_class AS c WHERE c.oid = a.lead_table),
         needed(some_table, kind, rights) AS (
             SELECT a.lead_table, 'lead table', '{SELECT}'::text[]
             UNION SELECT s.source_table, 'source', '{SELECT}' FROM lead_scoring.source AS s WHERE s.audience = a.name AND s.kind = 'event'
             UNION SELECT q.own, 'own table', '{SELECT,INSERT,UPDATE,DELETE}'
                   FROM unnest(ARRAY[a.score_table, a.tally_table, a.band_change_table, a.pending_table]) AS q(own))
    -- Expressions see the rows of the owner's own table in any case.
    SELECT a.name, CASE WHEN n.kind = 'source' AND (SELECT c.relowner FROM pg_class AS c WHERE c.oid = n.some_table) = o.role THEN 'warning' ELSE 'error' END,
           'owner lacks a right', n.some_table::text,
           format('role %I may not %s', o.name, string_agg(r.needed, ', ')),
           format('GRANT %s ON %s TO %I; then CALL lead_scoring.rebuild(%L);', string_agg(r.needed, ', '), n.some_table, o.name, a.name)
    FROM needed AS n CROSS JOIN owner AS o CROSS JOIN unnest(n.rights) AS r(needed)
    WHERE EXISTS (SELECT FROM pg_class AS c WHERE c.oid = n.some_table) AND NOT has_table_privilege(o.role, n.some_table, r.needed)
    GROUP BY n.some_table, n.kind, o.role, o.name
    UNION ALL
    SELECT DISTINCT a.name, 'error', 'owner lacks a right', s.nspname::text, format('role %I may not use the schema', o.name),
           format('GRANT USAGE ON SCHEMA %I TO %I; then CALL lead_scoring.rebuild(%L);', s.nspname, o.name, a.name)
    FROM needed AS n JOIN pg_class AS c ON c.oid = n.some_table JOIN pg_namespace AS s ON s.oid = c.relnamespace OR s.nspname = 'lead_scoring' CROSS JOIN owner AS o
    WHERE NOT has_schema_privilege(o.role, s.oid, 'USAGE')
    UNION ALL
    SELECT a.name, 'error', 'table has another owner', c.oid::regclass::text, format('It is owned by %I, the audience by %I.', pg_get_userbyid(c.relowner), o.name),
           format('ALTER TABLE %s OWNER TO %I;', c.oid::regclass, o.name)
    FROM pg_class AS c JOIN owner AS o ON o.role <> c.relowner
    WHERE c.oid IN (a.score_table, a.tally_table, a.band_change_table, a.pending_table)
$$;
COMMENT ON FUNCTION lead_scoring.health_of_rights(lead_scoring.audience) IS 'The part of health() that is about what the owner may do';

CREATE FUNCTION lead_scoring.health_of_upkeep(a lead_scoring.audience, overdue interval) RETURNS SETOF lead_scoring.health_problem
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT a.name, 'warning', CASE WHEN f.source = '' THEN 'something could not be scored' ELSE 'rows could not be counted' END,
           concat_ws(', ', nullif(f.source, ''), f.signal),
           format('%s of SQLSTATE %s, the last at %s: %s', f.count, f.sqlstate, f.last_at, f.message),
           format('SELECT * FROM lead_scoring.failure; mend the cause, CALL lead_scoring.rebuild(%L); DELETE FROM lead_scoring.failure_log WHERE audience = %L;', a.name, a.name)
    FROM (SELECT q.source, q.signal, q.sqlstate, sum(q.count) AS count, max(q.at) AS last_at, (array_agg(q.message ORDER BY q.at DESC))[1] AS message
          FROM lead_scoring.failure_log AS q WHERE q.audience = a.name GROUP BY q.source, q.signal, q.sqlstate) AS f
    UNION ALL
    SELECT a.name, 'warning', 'refresh is overdue', a.score_table::text,
           format('%s rows are due, the oldest since %s; %s', f.due, f.oldest_due_at, last.told),
           format('CALL lead_scoring.refresh(%L); and see to it that something calls it: schedule_refresh(), cron or a timer.', a.name)
    FROM lead_scoring.audience_figures(a.name) AS f, LATERAL (
        SELECT coalesce('the last refresh ended at ' || max(p.last_finished_at), 'no refresh has ended yet') AS told
        FROM lead_scoring.progress AS p WHERE p.audience = a.name AND p.operation = 'refresh') AS last
    WHERE f.oldest_due_at < now() - overdue
    UNION ALL
    SELECT a.name, 'warning', 'events are pending', a.pending_table::text, format('%s events are not in the tallies yet, and no refresh has ended in the last %s', f.pending, overdue),
           format('CALL lead_scoring.refresh(%L);', a.name)
    FROM lead_scoring.audience_figures(a.name) AS f
    WHERE f.pending > 0 AND NOT EXISTS (SELECT FROM lead_scoring.progress AS p
                                        WHERE p.audience = a.name AND p.operation = 'refresh' AND p.last_finished_at > now() - overdue)
    UNION ALL
    SELECT a.name, 'warning', p.operation || ' was cut off', format('process %s', p.pid), format('begun at %s, last heard of at %s after %s leads', p.started_at, p.updated_at, p.leads),
           format('CALL lead_scoring.%I(%L); which takes this line away.', p.operation, a.name)
    FROM lead_scoring.progress AS p
    WHERE p.audience = a.name AND p.finished_at IS NULL AND NOT lead_scoring.is_running(p)
      AND NOT EXISTS (SELECT FROM lead_scoring.progress AS q WHERE q.audience = a.name AND q.operation = p.operation AND lead_scoring.is_running(q))
$$;
COMMENT ON FUNCTION lead_scoring.health_of_upkeep(lead_scoring.audience, interval) IS 'The part of health() that is about failures, refresh and rebuild';

-- pg_cron may not be there, so nothing here may depend on it.
CREATE FUNCTION lead_scoring.health_of_jobs() RETURNS SETOF lead_scoring.health_problem
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_regclass('cron.job') IS NULL OR NOT has_schema_privilege('cron', 'USAGE') THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE $sql$
        SELECT NULL::text, 'warning', CASE WHEN j.active THEN 'scheduled refresh has failed' ELSE 'scheduled refresh is switched off' END, j.jobname::text,
               CASE WHEN j.active THEN format('%s: %s', r.start_time, r.return_message) END,
               CASE WHEN j.active THEN format('%s; mend the cause and wait for its next run.', j.command) ELSE format('SELECT cron.alter_job(%s, active => true);', j.jobid) END
        FROM cron.job AS j LEFT JOIN LATERAL (
            SELECT d.status, d.start_time, d.return_message FROM cron.job_run_details AS d WHERE d.jobid = j.jobid AND d.end_time IS NOT NULL
            ORDER BY d.runid DESC LIMIT 1) AS r ON true
        WHERE j.command LIKE 'CALL lead\_scoring.refresh(%' AND j.database = current_database() AND (NOT j.active OR r.status = 'failed')
        $sql$;
END $$;
COMMENT ON FUNCTION lead_scoring.health_of_jobs() IS 'The part of health() that is about jobs of pg_cron, as far as the caller sees them';

CREATE FUNCTION lead_scoring.health(of_audience text DEFAULT NULL, overdue interval DEFAULT '2 hours') RETURNS SETOF lead_scoring.health_problem
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    a lead_scoring.audience;
BEGIN
    IF of_audience IS NOT NULL THEN
        PERFORM lead_scoring.check_owner(of_audience);
    END IF;
    RETURN QUERY SELECT * FROM lead_scoring.health_of_server();
    RETURN QUERY SELECT * FROM lead_scoring.health_of_jobs();
    FOR a IN SELECT * FROM lead_scoring.audience AS q
             WHERE q.name = coalesce(of_audience, q.name) AND lead_scoring.owns_table(q.lead_table) ORDER BY q.name
    LOOP
        RETURN QUERY SELECT h.* FROM lead_scoring.health_of_triggers(a) AS h ORDER BY h.object, h.problem;
        RETURN QUERY SELECT h.* FROM lead_scoring.health_of_parts(a) AS h ORDER BY h.problem, h.object;
        RETURN QUERY SELECT h.* FROM lead_scoring.health_of_rights(a) AS h ORDER BY h.object, h.problem;
        RETURN QUERY SELECT h.* FROM lead_scoring.health_of_upkeep(a, overdue) AS h ORDER BY h.problem, h.object;
    END LOOP;
END $$;
COMMENT ON FUNCTION lead_scoring.health(text, interval) IS
    'What needs a person, of one audience or of all the caller owns: one row a problem, with what to do about it. No row: all is well, as far as can be told without reading the sources; verify() does that. overdue: how long a row may be due before a refresh is missed';
