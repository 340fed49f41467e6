-- Time passes: bringing due rows up, and reading scores that are true at any instant.

CREATE TABLE lead_scoring.progress (
    audience    text NOT NULL,
    operation   text NOT NULL,
    pid         integer NOT NULL DEFAULT pg_backend_pid(),
    started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    leads       bigint NOT NULL DEFAULT 0,
    skipped     bigint NOT NULL DEFAULT 0,
    last_key    text,
    PRIMARY KEY (audience, operation, pid)
);
COMMENT ON TABLE lead_scoring.progress IS 'How far the running and the last refreshes are; each batch is committed with its line, so other sessions see it.';
COMMENT ON COLUMN lead_scoring.progress.audience IS 'Audience';
COMMENT ON COLUMN lead_scoring.progress.operation IS 'refresh or rebuild';
COMMENT ON COLUMN lead_scoring.progress.pid IS 'Server process';
COMMENT ON COLUMN lead_scoring.progress.started_at IS 'When it began';
COMMENT ON COLUMN lead_scoring.progress.updated_at IS 'When its last batch was committed';
COMMENT ON COLUMN lead_scoring.progress.finished_at IS 'When it ended; NULL while it runs, or when it was cut off';
COMMENT ON COLUMN lead_scoring.progress.leads IS 'Leads brought up so far';
COMMENT ON COLUMN lead_scoring.progress.skipped IS 'Leads left to whoever had locked them';
COMMENT ON COLUMN lead_scoring.progress.last_key IS 'Key of the last lead that was looked at';

CREATE FUNCTION lead_scoring.note_progress(audience text, operation text, leads bigint, skipped bigint, last_key text, finished boolean) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp AS
$$
    INSERT INTO lead_scoring.progress AS p (audience, operation, leads, skipped, last_key)
    VALUES (note_progress.audience, note_progress.operation, 0, 0, NULL)
    ON CONFLICT (audience, operation, pid) DO UPDATE
        SET started_at = CASE WHEN note_progress.leads IS NULL THEN clock_timestamp() ELSE p.started_at END,
            updated_at = clock_timestamp(),
            finished_at = CASE WHEN note_progress.finished THEN clock_timestamp() END,
            leads = coalesce(note_progress.leads, 0), skipped = coalesce(note_progress.skipped, 0), last_key = note_progress.last_key
$$;
COMMENT ON FUNCTION lead_scoring.note_progress(text, text, bigint, bigint, text, boolean) IS 'Writes the line of this session in progress; leads NULL: it begins';

CREATE FUNCTION lead_scoring.refresh_batch(audience text, after text, batch_size integer, what text,
                                           OUT last_key text, OUT refreshed bigint, OUT skipped bigint) RETURNS record
    AS 'MODULE_PATHNAME', 'ls_refresh_batch' LANGUAGE C;
COMMENT ON FUNCTION lead_scoring.refresh_batch(text, text, integer, text) IS
    'Brings up the next due leads after a key, in this transaction; what: due (rows whose next change has come or that an older revision made), waking (leads outside a segment, who have no row) or unequal (lead rows whose mirror columns are behind). last_key NULL: nothing more is due. See refresh()';

CREATE PROCEDURE lead_scoring.refresh(audience text DEFAULT NULL, batch_size integer DEFAULT 1000,
                                      max_leads bigint DEFAULT NULL, max_time interval DEFAULT NULL)
    LANGUAGE plpgsql AS $$
DECLARE
    one text;
    what text;
    batch record;
    done bigint := 0;
    total bigint;
    total_skipped bigint;
    after_key text;
    ends_at timestamptz := clock_timestamp() + max_time;
    noticed_at timestamptz := clock_timestamp();
BEGIN
    PERFORM lead_scoring.require_read_committed('refresh()');
    IF audience IS NOT NULL THEN
        PERFORM lead_scoring.check_owner(audience);
    END IF;
    FOREACH one IN ARRAY ARRAY(SELECT a.name FROM lead_scoring.audience AS a
                               WHERE a.name = coalesce(refresh.audience, a.name) AND lead_scoring.owns_audience(a.name) ORDER BY a.name)
    LOOP
        total := 0;
        total_skipped := 0;
        PERFORM lead_scoring.note_progress(one, 'refresh', NULL, NULL, NULL, false);
        FOREACH what IN ARRAY ARRAY['due', 'waking', 'unequal'] LOOP
            after_key := NULL;
            LOOP
                COMMIT;
                SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
                EXIT WHEN done >= max_leads OR clock_timestamp() >= ends_at;
                batch := lead_scoring.refresh_batch(one, after_key, least(batch_size, max_leads - done)::integer, what);
                EXIT WHEN batch.last_key IS NULL;
                after_key := batch.last_key;
                done := done + batch.refreshed;
                total := total + batch.refreshed;
                total_skipped := total_skipped + batch.skipped;
                PERFORM lead_scoring.note_progress(one, 'refresh', total, total_skipped, after_key, false);
                IF clock_timestamp() > noticed_at + interval '10 seconds' THEN
                    RAISE NOTICE 'lead_scoring: refresh of "%": % leads so far', one, total;
                    noticed_at := clock_timestamp();
                END IF;
            END LOOP;
        END LOOP;
        PERFORM lead_scoring.note_progress(one, 'refresh', total, total_skipped, after_key, true);
    END LOOP;
    COMMIT;
END $$;
COMMENT ON PROCEDURE lead_scoring.refresh(text, integer, bigint, interval) IS
    'Brings up every lead whose score is due, because time has passed or a newer revision is active, in batches that commit. audience NULL: all the caller owns. Never waits for writers: leads they hold are skipped and stay due. max_leads and max_time are a budget; calling again goes on. Must not run inside a transaction block';

CREATE FUNCTION lead_scoring.active_models(audience text, OUT sheet text, OUT revision integer, OUT model lead_scoring.model)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'ls_active_models' LANGUAGE C STRICT STABLE ROWS 3;
COMMENT ON FUNCTION lead_scoring.active_models(text) IS 'The active model of each published sheet of an audience, for everybody who may read the audience''s score table';

CREATE FUNCTION lead_scoring.create_score_now(audience text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    a lead_scoring.audience;
    made text;
    lead_schema text;
    lead_name text;
BEGIN
    SELECT * INTO STRICT a FROM lead_scoring.audience AS q WHERE q.name = create_score_now.audience;
    SELECT n.nspname, c.relname INTO lead_schema, lead_name
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = a.lead_table;
    made := format('%I.%I', lead_schema, lead_scoring.sibling_name(lead_name, '_score_now'));
    -- Only what is due is evaluated; the rest is the stored row.
    EXECUTE format($sql$
        CREATE VIEW %1$s AS
        SELECT s.lead, s.sheet, s.score, s.engagement, s.fit, s.grade, s.level, s.band, s.disqualified, s.hand_raised, s.persona,
               s.last_active_on, s.next_change_at, s.revision
        FROM %2$s AS s JOIN lead_scoring.active_models(%5$L) AS m ON m.sheet = s.sheet
        WHERE s.next_change_at > now() AND s.revision = m.revision
        UNION ALL
        SELECT t.lead, m.sheet, e.score, e.engagement, e.fit, e.grade, e.level, e.band, e.disqualified, e.hand_raised, e.persona,
               e.last_active_on, e.next_change_at, m.revision
        FROM lead_scoring.active_models(%5$L) AS m
             JOIN %2$s AS s ON s.sheet = m.sheet AND (s.next_change_at <= now() OR s.revision <> m.revision)
             JOIN %3$s AS t ON t.lead = s.lead
             CROSS JOIN LATERAL lead_scoring.evaluate(m.model, t.base OPERATOR(lead_scoring.+) t.recent, now()) AS e
        WHERE e.in_segment
        UNION ALL
        SELECT t.lead, m.sheet, e.score, e.engagement, e.fit, e.grade, e.level, e.band, e.disqualified, e.hand_raised, e.persona,
               e.last_active_on, e.next_change_at, m.revision
        FROM %3$s AS t JOIN %4$s AS l ON l.%6$I = t.lead
             CROSS JOIN lead_scoring.active_models(%5$L) AS m
             CROSS JOIN LATERAL lead_scoring.evaluate(m.model, t.base OPERATOR(lead_scoring.+) t.recent, now()) AS e
        WHERE t.wake_at <= now() AND e.in_segment
          AND NOT EXISTS (SELECT FROM %2$s AS s WHERE s.lead = t.lead AND s.sheet = m.sheet)
        $sql$, made, a.score_table, a.tally_table, a.lead_table, a.name, a.lead_key);
    EXECUTE format('ALTER VIEW %s OWNER TO %I', made, (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = a.lead_table));
    UPDATE lead_scoring.audience AS q SET score_now_view = made::regclass WHERE q.name = create_score_now.audience;
    EXECUTE format('COMMENT ON VIEW %s IS %L', made,
        'Scores that are exact at now(), also where nothing has been refreshed: due rows are evaluated from their tallies. Readers need SELECT on the score table too.');
END $$;
COMMENT ON FUNCTION lead_scoring.create_score_now(text) IS 'The view <lead_table>_score_now of an audience';
