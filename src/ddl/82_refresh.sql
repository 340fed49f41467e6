-- Time passes: bringing due rows up, and reading scores that are true at any instant.

CREATE TABLE lead_scoring.progress (
    audience    text NOT NULL,
    operation   text NOT NULL,
    pid         integer NOT NULL DEFAULT pg_backend_pid(),
    started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    last_finished_at timestamptz,
    leads       bigint NOT NULL DEFAULT 0,
    skipped     bigint NOT NULL DEFAULT 0,
    last_key    text,
    PRIMARY KEY (audience, operation, pid)
);
COMMENT ON TABLE lead_scoring.progress IS 'How far the running and the last refreshes and rebuilds are; each batch is committed with its line, so other sessions see it. What ends takes the lines of earlier runs away. Not dumped.';
COMMENT ON COLUMN lead_scoring.progress.audience IS 'Audience';
COMMENT ON COLUMN lead_scoring.progress.operation IS 'What runs: refresh or rebuild';
COMMENT ON COLUMN lead_scoring.progress.pid IS 'Server process';
COMMENT ON COLUMN lead_scoring.progress.started_at IS 'When it began';
COMMENT ON COLUMN lead_scoring.progress.updated_at IS 'When its last batch was committed';
COMMENT ON COLUMN lead_scoring.progress.finished_at IS 'When it ended; NULL while it runs, or when it was cut off';
COMMENT ON COLUMN lead_scoring.progress.last_finished_at IS 'When a run of this session last ended, the running one not yet';
COMMENT ON COLUMN lead_scoring.progress.leads IS 'Leads brought up so far';
COMMENT ON COLUMN lead_scoring.progress.skipped IS 'Leads left to whoever had locked them';
COMMENT ON COLUMN lead_scoring.progress.last_key IS 'Key of the last lead that was looked at';

-- Not in SQL: that would be parsed and planned anew for each batch.
CREATE FUNCTION lead_scoring.note_progress(audience text, operation text, leads bigint, skipped bigint, last_key text, finished boolean) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
BEGIN
    INSERT INTO lead_scoring.progress AS p (audience, operation, leads, skipped, last_key)
    VALUES (note_progress.audience, note_progress.operation, 0, 0, NULL)
    ON CONFLICT (audience, operation, pid) DO UPDATE
        SET started_at = CASE WHEN note_progress.leads IS NULL THEN moment ELSE p.started_at END,
            updated_at = moment,
            finished_at = CASE WHEN note_progress.finished THEN moment END,
            last_finished_at = CASE WHEN note_progress.finished THEN moment ELSE p.last_finished_at END,
            leads = coalesce(note_progress.leads, 0), skipped = coalesce(note_progress.skipped, 0), last_key = note_progress.last_key;
    IF finished THEN
        -- A scheduler's sessions come and go. Two that end at the same time leave each other's line alone.
        DELETE FROM lead_scoring.progress AS p
        USING (SELECT q.pid FROM lead_scoring.progress AS q
               WHERE q.audience = note_progress.audience AND q.operation = note_progress.operation
                 AND q.pid <> pg_backend_pid()
                 AND (q.finished_at IS NOT NULL OR NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.pid = q.pid))
               FOR UPDATE SKIP LOCKED) AS old
        WHERE p.audience = note_progress.audience AND p.operation = note_progress.operation AND p.pid = old.pid;
    END IF;
END $$;
COMMENT ON FUNCTION lead_scoring.note_progress(text, text, bigint, bigint, text, boolean) IS 'Writes the line of this session in progress; leads NULL: it begins';

CREATE FUNCTION lead_scoring.log_finished(audience text, operation text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    p lead_scoring.progress;
BEGIN
    SELECT * INTO p FROM lead_scoring.progress AS q
    WHERE q.audience = log_finished.audience AND q.operation = log_finished.operation AND q.pid = pg_backend_pid();
    IF p.finished_at > p.started_at + interval '10 seconds' THEN
        RAISE LOG 'lead_scoring: % of "%": % leads, % skipped, in % s', operation, audience, p.leads, p.skipped,
            round(extract(epoch FROM p.finished_at - p.started_at), 1);
    END IF;
END $$;
COMMENT ON FUNCTION lead_scoring.log_finished(text, text) IS 'Tells the server''s log of a run of this session that took more than ten seconds';

-- What fails with each row of a busy source must not fill the disk. Messages of expressions quote values, so the last one
-- stands for all.
CREATE FUNCTION lead_scoring.sum_up_failures(audience text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (SELECT count(*) FROM (SELECT FROM lead_scoring.failure_log AS f WHERE f.audience = sum_up_failures.audience LIMIT 1001) AS q) <= 1000 THEN
        RETURN;
    END IF;
    WITH lines AS (
        SELECT f.ctid AS place FROM lead_scoring.failure_log AS f WHERE f.audience = sum_up_failures.audience FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM lead_scoring.failure_log AS f USING lines WHERE f.ctid = lines.place RETURNING f.*
    )
    INSERT INTO lead_scoring.failure_log (audience, source, signal, sqlstate, message, count, sample_key, at, first_at)
    SELECT g.audience, g.source, g.signal, g.sqlstate, (array_agg(g.message ORDER BY g.at DESC))[1], sum(g.count),
           (array_agg(g.sample_key ORDER BY g.at DESC))[1], max(g.at), min(coalesce(g.first_at, g.at))
    FROM gone AS g GROUP BY g.audience, g.source, g.signal, g.sqlstate, CASE WHEN g.signal IS NULL THEN g.message END;
END $$;
COMMENT ON FUNCTION lead_scoring.sum_up_failures(text) IS 'Sums up the log of failures of an audience when it has more than 1,000 lines: one line a source, signal and error';

CREATE FUNCTION lead_scoring.refresh_batch(audience text, after text, batch_size integer, what text,
                                           OUT last_key text, OUT refreshed bigint, OUT skipped bigint, OUT told boolean) RETURNS record
    AS 'MODULE_PATHNAME', 'ls_refresh_batch' LANGUAGE C;
COMMENT ON FUNCTION lead_scoring.refresh_batch(text, text, integer, text) IS
    'Brings up the next due leads after a key, in this transaction; what: pending (leads with pending events), due (rows whose next change has come or that an older revision made), waking (leads outside a segment, who have no row) or unequal (lead rows whose mirror columns are behind). last_key NULL: nothing more is due; told: more than scores may have been written, as a band change. See refresh()';

-- The procedure commits, so it can have no settings of its own; all that search_path could reach is in these two.
CREATE FUNCTION lead_scoring.begin_refresh(audience text, batch_size integer, max_leads bigint, max_time interval) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    audiences text[];
BEGIN
    PERFORM lead_scoring.require_read_committed('refresh()');
    IF audience IS NOT NULL THEN
        PERFORM lead_scoring.check_owner(audience);
    END IF;
    IF batch_size < 1 THEN
        RAISE EXCEPTION 'batch size must be at least 1, not %', batch_size USING ERRCODE = 'invalid_parameter_value';
    END IF;
    audiences := ARRAY(SELECT a.name FROM lead_scoring.audience AS a
                       WHERE a.name = coalesce(begin_refresh.audience, a.name) AND lead_scoring.owns_audience(a.name) ORDER BY a.name);
    PERFORM lead_scoring.note_progress(a.name, 'refresh', NULL, NULL, NULL, false) FROM unnest(audiences) AS a(name);
    RETURN jsonb_build_object('all', begin_refresh.audience IS NULL, 'audiences', to_jsonb(audiences), 'steps', '["pending", "due", "waking", "unequal"]'::jsonb, 'batch_size', batch_size,
                              'left', max_leads, 'ends_at', clock_timestamp() + max_time, 'noticed_at', clock_timestamp(),
                              'leads', 0, 'skipped', 0);
END $$;
COMMENT ON FUNCTION lead_scoring.begin_refresh(text, integer, bigint, interval) IS 'The state of a refresh that begins. See refresh()';

CREATE FUNCTION lead_scoring.refresh_step(state jsonb) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    audience text := state -> 'audiences' ->> 0;
    what text := state -> 'steps' ->> 0;
    spent boolean := (state ->> 'left')::bigint <= 0 OR clock_timestamp() >= (state ->> 'ends_at')::timestamptz;
    batch record;
BEGIN
    IF audience IS NULL THEN
        RETURN NULL;
    END IF;
    IF what IS NULL OR spent THEN
        PERFORM lead_scoring.note_progress(audience, 'refresh', (state ->> 'leads')::bigint, (state ->> 'skipped')::bigint, state ->> 'after', true);
        PERFORM lead_scoring.log_finished(audience, 'refresh');
        PERFORM lead_scoring.sum_up_failures(audience);
        RETURN state || jsonb_build_object('audiences', (state -> 'audiences') - 0, 'steps', '["pending", "due", "waking", "unequal"]'::jsonb,
                                           'leads', 0, 'skipped', 0, 'after', NULL);
    END IF;
    BEGIN
        batch := lead_scoring.refresh_batch(audience, state ->> 'after',
                                            least((state ->> 'batch_size')::bigint, (state ->> 'left')::bigint)::integer, what);
    EXCEPTION WHEN OTHERS THEN
        -- Who asked for one audience is told by the error. Of many, one that is broken must not keep the others waiting.
        IF state -> 'all' IS DISTINCT FROM 'true' THEN
            RAISE;
        END IF;
        RAISE WARNING 'lead_scoring: refresh of "%" is given up: %', audience, SQLERRM;
        RETURN state || jsonb_build_object('audiences', (state -> 'audiences') - 0, 'steps', '["pending", "due", "waking", "unequal"]'::jsonb,
                                           'leads', 0, 'skipped', 0, 'after', NULL);
    END;
    IF batch.last_key IS NULL THEN
        RETURN state || jsonb_build_object('steps', (state -> 'steps') - 0, 'after', NULL);
    END IF;
    state := state || jsonb_build_object('after', batch.last_key, 'left', (state ->> 'left')::bigint - batch.refreshed,
                                         'leads', (state ->> 'leads')::bigint + batch.refreshed,
                                         'skipped', (state ->> 'skipped')::bigint + batch.skipped);
    PERFORM lead_scoring.note_progress(audience, 'refresh', (state ->> 'leads')::bigint, (state ->> 'skipped')::bigint, state ->> 'after', false);
    -- Scores that a crash takes back are due again, so nobody need wait for the disk. What else was told could have been
    -- acted upon. The last commit is the caller's own kind again, and it covers all before.
    IF NOT batch.told THEN
        PERFORM set_config('synchronous_commit', 'off', true);
    END IF;
    IF clock_timestamp() > (state ->> 'noticed_at')::timestamptz + interval '10 seconds' THEN
        RAISE NOTICE 'lead_scoring: refresh of "%": % leads so far', audience, state ->> 'leads';
        state := state || jsonb_build_object('noticed_at', clock_timestamp());
    END IF;
    RETURN state;
END $$;
COMMENT ON FUNCTION lead_scoring.refresh_step(jsonb) IS 'The next batch of a refresh, in a transaction of its own, which need not wait for the disk when nothing but scores was written; returns the new state, NULL at the end. See refresh()';

CREATE PROCEDURE lead_scoring.refresh(audience text DEFAULT NULL, batch_size integer DEFAULT 1000,
                                      max_leads bigint DEFAULT NULL, max_time interval DEFAULT NULL)
    LANGUAGE plpgsql AS $$
DECLARE
    state jsonb;
BEGIN
    state := lead_scoring.begin_refresh(audience, batch_size, max_leads, max_time);
    LOOP
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        state := lead_scoring.refresh_step(state);
        EXIT WHEN state IS NULL;
    END LOOP;
    COMMIT;
END $$;
COMMENT ON PROCEDURE lead_scoring.refresh(text, integer, bigint, interval) IS
    'Brings up every lead whose score is due, because time has passed, events are pending or a newer revision is active, in batches that commit. audience NULL: all the caller owns. Never waits for writers: leads they hold are skipped and stay due. max_leads and max_time are a budget; calling again goes on. Must not run inside a transaction block';

CREATE FUNCTION lead_scoring.active_models(score_table regclass, OUT sheet text, OUT revision integer, OUT model lead_scoring.model)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'ls_active_models' LANGUAGE C STRICT STABLE ROWS 3;
COMMENT ON FUNCTION lead_scoring.active_models(regclass) IS 'The active model of each published sheet of the audience with this score table, for everybody who may read the table';

CREATE FUNCTION lead_scoring.has_lead(score_table regclass, lead_key text) RETURNS boolean
    AS 'MODULE_PATHNAME', 'ls_has_lead' LANGUAGE C STRICT STABLE;
COMMENT ON FUNCTION lead_scoring.has_lead(regclass, text) IS 'Whether the audience with this score table has a lead with this key, for everybody who may read the table';

CREATE FUNCTION lead_scoring.create_score_now(audience text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    a lead_scoring.audience;
    made text;
BEGIN
    PERFORM lead_scoring.check_owner(audience);
    SELECT * INTO STRICT a FROM lead_scoring.audience AS q WHERE q.name = create_score_now.audience;
    made := lead_scoring.sibling_view(a.lead_table, '_score_now', a.score_table, '_now');
    -- Only what is due is evaluated; the rest is the stored row. The view must not depend on the lead table, which
    -- could not be dropped then; only leads that exist have a wake_at. Leads with pending events come from the last part.
    EXECUTE format($sql$
        CREATE VIEW %1$s AS
        SELECT s.lead, s.sheet, s.score, s.engagement, s.fit, s.grade, s.level, s.band, s.disqualified, s.hand_raised, s.persona,
               s.last_active_on, s.next_change_at, s.revision
        FROM %2$s AS s JOIN lead_scoring.active_models(%4$L::regclass) AS m ON m.sheet = s.sheet
        WHERE s.next_change_at > now() AND s.revision = m.revision AND NOT EXISTS (SELECT FROM %5$s AS p WHERE p.lead = s.lead)
        UNION ALL
        SELECT t.lead, m.sheet, e.score, e.engagement, e.fit, e.grade, e.level, e.band, e.disqualified, e.hand_raised, e.persona,
               e.last_active_on, e.next_change_at, m.revision
        FROM lead_scoring.active_models(%4$L::regclass) AS m
             JOIN %2$s AS s ON s.sheet = m.sheet AND (s.next_change_at <= now() OR s.revision <> m.revision)
             JOIN %3$s AS t ON t.lead = s.lead
             CROSS JOIN LATERAL lead_scoring.evaluate(m.model, t.base OPERATOR(lead_scoring.+) t.recent, now()) AS e
        WHERE e.in_segment AND NOT EXISTS (SELECT FROM %5$s AS p WHERE p.lead = t.lead)
        UNION ALL
        SELECT t.lead, m.sheet, e.score, e.engagement, e.fit, e.grade, e.level, e.band, e.disqualified, e.hand_raised, e.persona,
               e.last_active_on, e.next_change_at, m.revision
        FROM %3$s AS t CROSS JOIN lead_scoring.active_models(%4$L::regclass) AS m
             CROSS JOIN LATERAL lead_scoring.evaluate(m.model, t.base OPERATOR(lead_scoring.+) t.recent, now()) AS e
        WHERE t.wake_at <= now() AND e.in_segment
          AND NOT EXISTS (SELECT FROM %2$s AS s WHERE s.lead = t.lead AND s.sheet = m.sheet)
          AND NOT EXISTS (SELECT FROM %5$s AS p WHERE p.lead = t.lead)
        UNION ALL
        SELECT p.lead, m.sheet, e.score, e.engagement, e.fit, e.grade, e.level, e.band, e.disqualified, e.hand_raised, e.persona,
               e.last_active_on, e.next_change_at, m.revision
        FROM (SELECT q.lead, lead_scoring.sum(q.delta) AS delta FROM %5$s AS q GROUP BY q.lead) AS p
             CROSS JOIN lead_scoring.active_models(%4$L::regclass) AS m
             LEFT JOIN %3$s AS t ON t.lead = p.lead
             LEFT JOIN %2$s AS s ON s.lead = p.lead AND s.sheet = m.sheet
             CROSS JOIN LATERAL lead_scoring.evaluate(m.model, coalesce(t.base OPERATOR(lead_scoring.+) t.recent, '{}')
                                                               OPERATOR(lead_scoring.+) p.delta, now()) AS e
        WHERE e.in_segment AND (s.lead IS NOT NULL OR lead_scoring.has_lead(%4$L::regclass, p.lead::text))
        $sql$, made, a.score_table, a.tally_table, a.score_table, a.pending_table);
    EXECUTE format('ALTER VIEW %s OWNER TO %I', made, (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = a.lead_table));
    UPDATE lead_scoring.audience AS q SET score_now_view = made::regclass WHERE q.name = create_score_now.audience;
    EXECUTE format('COMMENT ON VIEW %s IS %L', made,
        'Scores that are exact at now(), also where nothing has been refreshed: due rows are evaluated from their tallies. Readers need SELECT on the score table too.');
END $$;
COMMENT ON FUNCTION lead_scoring.create_score_now(text) IS 'The view <score_table>_now of an audience';
