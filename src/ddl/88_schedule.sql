-- Scheduling refresh() with pg_cron, where it is there.

CREATE FUNCTION lead_scoring.refresh_job(audience text) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$ SELECT format('lead_scoring refresh of %s in %s', coalesce(quote_literal(audience), 'all audiences'), current_database()) $$;
COMMENT ON FUNCTION lead_scoring.refresh_job(text) IS 'Name of the job that refreshes an audience, or all of them (NULL)';

CREATE FUNCTION lead_scoring.refresh_command(audience text) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS
$$ SELECT format('CALL lead_scoring.refresh(%s)', coalesce(quote_literal(audience), '')) $$;
COMMENT ON FUNCTION lead_scoring.refresh_command(text) IS 'The SQL command that refreshes an audience, or all of them (NULL)';

CREATE FUNCTION lead_scoring.require_pg_cron(what_to_run text) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Not everybody may read the setting.
    sees_settings boolean := pg_has_role('pg_read_all_settings', 'USAGE');
    cron_database text := CASE WHEN sees_settings THEN current_setting('cron.database_name', true) END;
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron') THEN
        IF NOT has_schema_privilege('cron', 'USAGE') THEN
            RAISE EXCEPTION 'role "%" may not use pg_cron', current_user
                USING ERRCODE = 'insufficient_privilege', HINT = format('GRANT USAGE ON SCHEMA cron TO %I;', current_user);
        END IF;
        RETURN;
    END IF;
    RAISE EXCEPTION 'pg_cron is not installed in database "%"', current_database()
        USING ERRCODE = 'object_not_in_prerequisite_state',
              DETAIL = CASE WHEN NOT sees_settings THEN 'The setting cron.database_name, which names the database it lives in, is not for everybody to read.'
                            WHEN cron_database IS NULL THEN 'This server does not run pg_cron.'
                            ELSE format('pg_cron of this server lives in database "%s".', cron_database) END,
              HINT = CASE WHEN NOT sees_settings
                          THEN format('If pg_cron runs on this server, run in its database: %s Otherwise run CALL lead_scoring.refresh() '
                                      'from another scheduler, such as cron or a systemd timer.', what_to_run)
                          WHEN cron_database IS NULL
                          THEN 'Put it into shared_preload_libraries, restart, and CREATE EXTENSION pg_cron; '
                               'or run CALL lead_scoring.refresh() from another scheduler, such as cron or a systemd timer.'
                          WHEN cron_database = current_database() THEN 'CREATE EXTENSION pg_cron;'
                          ELSE format('Run there: %s', what_to_run) END;
END $$;
COMMENT ON FUNCTION lead_scoring.require_pg_cron(text) IS 'Refuses to go on without pg_cron, and says what to do about it';

CREATE FUNCTION lead_scoring.schedule_refresh(cron text DEFAULT '*/5 * * * *', audience text DEFAULT NULL, job_name text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    command text := lead_scoring.refresh_command(audience);
    job bigint;
BEGIN
    IF audience IS NOT NULL THEN
        PERFORM lead_scoring.check_owner(audience);
    END IF;
    job_name := coalesce(job_name, lead_scoring.refresh_job(audience));
    PERFORM lead_scoring.require_pg_cron(format('SELECT cron.schedule_in_database(%L, %L, %L, %L);', job_name, cron, command, current_database()));
    EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO job USING job_name, cron, command;
    RETURN job;
END $$;
COMMENT ON FUNCTION lead_scoring.schedule_refresh(text, text, text) IS
    'Has pg_cron call refresh() as the caller: cron is a schedule as in crontab (in the server''s cron.timezone, GMT by default), audience NULL all that the caller owns. A job of the same name gets the new schedule. Returns the job''s id';

CREATE FUNCTION lead_scoring.unschedule_refresh(audience text DEFAULT NULL, job_name text DEFAULT NULL) RETURNS boolean
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    job bigint;
BEGIN
    job_name := coalesce(job_name, lead_scoring.refresh_job(audience));
    PERFORM lead_scoring.require_pg_cron(format('SELECT cron.unschedule(%L);', job_name));
    EXECUTE 'SELECT j.jobid FROM cron.job AS j WHERE j.jobname::text = $1 AND j.username = current_user' INTO job USING job_name;
    IF job IS NOT NULL THEN
        EXECUTE 'SELECT cron.unschedule($1)' USING job;
    END IF;
    RETURN job IS NOT NULL;
END $$;
COMMENT ON FUNCTION lead_scoring.unschedule_refresh(text, text) IS 'Ends what schedule_refresh() began, by audience or by the job''s name. Returns whether there was such a job of the caller';
