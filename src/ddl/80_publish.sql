-- Publishing.

-- Number of each signal the sheet needs: that of its version whose definition is the same, or a new one. New
-- ones are above audience.last_signal.
CREATE FUNCTION lead_scoring.signal_numbers(sheet text, audience text) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    unknown record;
    last_number integer := (SELECT a.last_signal FROM lead_scoring.audience AS a WHERE a.name = signal_numbers.audience);
    numbers jsonb;
BEGIN
    SELECT q.* INTO unknown FROM lead_scoring.sheet_signals(sheet) AS q
    WHERE NOT EXISTS (SELECT FROM lead_scoring.signal AS g WHERE g.audience = signal_numbers.audience AND g.name = q.signal)
    ORDER BY q.place, q.signal LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'sheet "%": % uses signal "%", which audience "%" does not have', sheet, unknown.place, unknown.signal, audience
            USING ERRCODE = 'undefined_object',
                  HINT = 'SELECT name FROM lead_scoring.signal lists the signals; insert the missing one there.';
    END IF;
    SELECT coalesce(jsonb_object_agg(w.name, coalesce(w.number, last_number + w.fresh)), '{}') INTO numbers
    FROM (SELECT g.name, v.number, sum((v.number IS NULL)::int) OVER (ORDER BY g.name)::int AS fresh
          FROM (SELECT DISTINCT q.signal FROM lead_scoring.sheet_signals(sheet) AS q) AS needed
          JOIN lead_scoring.signal AS g ON g.audience = signal_numbers.audience AND g.name = needed.signal
          LEFT JOIN LATERAL (
              SELECT max(x.number) AS number FROM lead_scoring.signal_version AS x
              WHERE x.audience = g.audience AND x.signal = g.name
                AND (x.source, x.event_type, x.condition, x.value, x.distinct_by, x.occurred_on)
                    IS NOT DISTINCT FROM (g.source, g.event_type, g.condition, g.value, g.distinct_by, g.occurred_on)) AS v ON true) AS w;
    RETURN numbers;
END $$;
COMMENT ON FUNCTION lead_scoring.signal_numbers(text, text) IS 'Numbers of the signals a sheet needs; those above last_signal are not counted yet';

CREATE FUNCTION lead_scoring.lock_sources(audience text, numbers jsonb, last_signal integer) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    some_table regclass;
BEGIN
    FOR some_table IN
        SELECT DISTINCT s.source_table FROM jsonb_each_text(numbers) AS n
        JOIN lead_scoring.signal AS g ON g.audience = lock_sources.audience AND g.name = n.key
        JOIN lead_scoring.source AS s ON s.audience = g.audience AND s.name = g.source
        WHERE n.value::integer > last_signal ORDER BY 1
    LOOP
        EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', some_table);
    END LOOP;
END $$;
COMMENT ON FUNCTION lead_scoring.lock_sources(text, jsonb, integer) IS 'Waits for and blocks writers of the sources of uncounted signals, until the end of the transaction';

CREATE FUNCTION lead_scoring.publish(sheet text, note text DEFAULT NULL) RETURNS integer
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    s lead_scoring.sheet;
    a lead_scoring.audience;
    numbers jsonb;
    fresh integer[];
    compiled lead_scoring.model;
    next_revision integer;
BEGIN
    PERFORM lead_scoring.require_read_committed('publish()');
    -- Who may read the sheet is told that it is not theirs; FOR UPDATE would not find it.
    SELECT * INTO s FROM lead_scoring.sheet AS q WHERE q.name = publish.sheet;
    IF FOUND THEN
        PERFORM lead_scoring.check_owner(s.audience);
        SELECT * INTO s FROM lead_scoring.sheet AS q WHERE q.name = publish.sheet FOR UPDATE;
    END IF;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'sheet "%" does not exist', sheet
            USING ERRCODE = 'undefined_object', HINT = 'SELECT name FROM lead_scoring.sheet lists the sheets.';
    END IF;
    SELECT * INTO STRICT a FROM lead_scoring.audience AS q WHERE q.name = s.audience FOR UPDATE;
    -- A lead that is being created by somebody who does not know this sheet would get no row, and nothing would
    -- tell that one is missing. A row of an older revision tells by itself.
    IF s.active_revision IS NULL OR s.segment_signal IS NOT NULL
       OR (SELECT r.model::jsonb ? 'segment' FROM lead_scoring.sheet_revision AS r
           WHERE r.sheet = publish.sheet AND r.revision = s.active_revision) THEN
        EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', a.lead_table);
    END IF;
    IF NOT EXISTS (SELECT FROM lead_scoring.rule AS r WHERE r.sheet = publish.sheet AND r.enabled) THEN
        RAISE EXCEPTION 'sheet "%" has no enabled rule', sheet
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Insert rules into lead_scoring.rule first; three to five are a good start.';
    END IF;
    numbers := lead_scoring.signal_numbers(sheet, s.audience);
    compiled := lead_scoring.compile_sheet(sheet, numbers)::lead_scoring.model;
    fresh := ARRAY(SELECT n.value::integer FROM jsonb_each_text(numbers) AS n WHERE n.value::integer > a.last_signal ORDER BY 1);

    IF cardinality(fresh) > 0 THEN
        PERFORM lead_scoring.lock_sources(s.audience, numbers, a.last_signal);
        INSERT INTO lead_scoring.signal_version (audience, number, signal, source, event_type, condition, value, distinct_by, occurred_on)
        SELECT g.audience, n.value::integer, g.name, g.source, g.event_type, g.condition, g.value, g.distinct_by, g.occurred_on
        FROM jsonb_each_text(numbers) AS n JOIN lead_scoring.signal AS g ON g.audience = s.audience AND g.name = n.key
        WHERE n.value::integer = ANY (fresh);
        UPDATE lead_scoring.audience AS q SET last_signal = a.last_signal + cardinality(fresh) WHERE q.name = s.audience;
        PERFORM lead_scoring.count_new_signals(s.audience, fresh);
    END IF;
    next_revision := 1 + coalesce((SELECT max(r.revision) FROM lead_scoring.sheet_revision AS r WHERE r.sheet = publish.sheet), 0);
    INSERT INTO lead_scoring.sheet_revision (sheet, revision, model, author, note, published_at)
    VALUES (publish.sheet, next_revision, compiled, session_user, publish.note, clock_timestamp());
    UPDATE lead_scoring.sheet AS q SET active_revision = next_revision WHERE q.name = publish.sheet;
    PERFORM lead_scoring.rescore_all(s.audience, 'publish');
    RETURN next_revision;
END $$;
COMMENT ON FUNCTION lead_scoring.publish(text, text) IS
    'Validates the rows of a sheet, stores them as its next revision, counts the history of signals that are new or changed, and scores every lead, all in this transaction. Returns the revision. Writers of a source wait while its new signals are counted';

CREATE PROCEDURE lead_scoring.rebuild(audience text, batch_size integer DEFAULT 100000)
    LANGUAGE plpgsql AS $$
DECLARE
    last_key text;
BEGIN
    PERFORM lead_scoring.require_read_committed('rebuild()');
    PERFORM lead_scoring.check_owner(audience);
    PERFORM lead_scoring.retire_signals(audience);
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    PERFORM lead_scoring.wait_for_writers(audience);
    PERFORM lead_scoring.create_tally_rows(audience);
    COMMIT;
    LOOP
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        last_key := lead_scoring.rebuild_batch(audience, last_key, batch_size);
        COMMIT;
        EXIT WHEN last_key IS NULL;
    END LOOP;
END $$;
COMMENT ON PROCEDURE lead_scoring.rebuild(text, integer) IS
    'Recounts an audience from its sources beside live writers: leads are locked, recounted and scored in batches that commit. Must not run inside a transaction block';

CREATE FUNCTION lead_scoring.retire_signals(audience text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM lead_scoring.audience AS a WHERE a.name = retire_signals.audience FOR UPDATE;
    DELETE FROM lead_scoring.signal_version AS v
    WHERE v.audience = retire_signals.audience
      AND NOT EXISTS (
          SELECT FROM lead_scoring.sheet AS s
          JOIN lead_scoring.sheet_revision AS r ON r.sheet = s.name AND r.revision = s.active_revision
          CROSS JOIN LATERAL jsonb_each_text((r.model::jsonb -> 'signals') || jsonb_build_object('created', r.model::jsonb -> 'created')) AS n
          WHERE s.audience = v.audience AND n.value = v.number::text);
END $$;
COMMENT ON FUNCTION lead_scoring.retire_signals(text) IS 'Stops counting definitions that no active revision uses';

CREATE FUNCTION lead_scoring.tally(audience text, lead_key text) RETURNS lead_scoring.tally
    AS 'MODULE_PATHNAME', 'ls_lead_tally' LANGUAGE C STRICT STABLE;
COMMENT ON FUNCTION lead_scoring.tally(text, text) IS 'The tally of a lead, whose key is given as text; NULL when there is neither a lead nor a row about it. Who may not read the tally table is given the tallies of leads whose scores they see';

CREATE FUNCTION lead_scoring.active_model(sheet text) RETURNS lead_scoring.model
    LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    s lead_scoring.sheet;
BEGIN
    SELECT * INTO s FROM lead_scoring.sheet AS q WHERE q.name = active_model.sheet;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'sheet "%" does not exist', sheet
            USING ERRCODE = 'undefined_object', HINT = 'SELECT name FROM lead_scoring.sheet lists the sheets.';
    END IF;
    IF s.active_revision IS NULL THEN
        RAISE EXCEPTION 'sheet "%" has never been published', sheet
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('SELECT lead_scoring.publish(%L);', sheet);
    END IF;
    RETURN (SELECT r.model FROM lead_scoring.sheet_revision AS r WHERE r.sheet = active_model.sheet AND r.revision = s.active_revision);
END $$;
COMMENT ON FUNCTION lead_scoring.active_model(text) IS 'The model that scores now';

CREATE FUNCTION lead_scoring.explain(
    sheet text, lead_key text, as_of timestamptz DEFAULT now(),
    OUT component text, OUT rule_group text, OUT rule text, OUT signal text, OUT kind text, OUT holds boolean,
    OUT counted bigint, OUT dropped bigint, OUT points numeric, OUT running_total numeric, OUT reason text) RETURNS SETOF record
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT e.component, e.rule_group, e.rule, e.signal, e.kind, e.holds, e.counted, e.dropped, e.points, e.running_total, e.reason
    FROM (SELECT lead_scoring.active_model(explain.sheet) AS model,
                 lead_scoring.tally((SELECT s.audience FROM lead_scoring.sheet AS s WHERE s.name = explain.sheet), explain.lead_key) AS tally) AS m,
         lead_scoring.explain(m.model, m.tally, explain.as_of) AS e
$$;
COMMENT ON FUNCTION lead_scoring.explain(text, text, timestamptz) IS
    'How a lead''s score on a sheet comes about at an instant, from its tally as it is now: one row a rule, then what clamps and verdicts changed. The points add up to the score exactly. lead_key is the key as text';
