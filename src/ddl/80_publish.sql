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

CREATE FUNCTION lead_scoring.ensure_counted(audience text, numbers integer[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    fresh integer[] := ARRAY(SELECT v.number FROM lead_scoring.signal_version AS v
                             WHERE v.audience = ensure_counted.audience AND v.number = ANY (numbers) AND NOT v.counted ORDER BY 1);
BEGIN
    IF cardinality(fresh) = 0 THEN
        RETURN;
    END IF;
    PERFORM lead_scoring.hold_writers(s.audience, s.name)
    FROM (SELECT q.audience, q.name FROM lead_scoring.source AS q
          WHERE q.audience = ensure_counted.audience
            AND q.name IN (SELECT v.source FROM lead_scoring.signal_version AS v WHERE v.audience = q.audience AND v.number = ANY (fresh))
          ORDER BY q.source_table::oid) AS s;
    -- What an earlier life of a retired signal may have left.
    PERFORM lead_scoring.forget_signals(audience, fresh);
    UPDATE lead_scoring.signal_version AS v SET counted = true WHERE v.audience = ensure_counted.audience AND v.number = ANY (fresh);
    PERFORM lead_scoring.count_new_signals(audience, fresh);
END $$;
COMMENT ON FUNCTION lead_scoring.ensure_counted(text, integer[]) IS
    'Begins to count published signals that are not counted, with their history. Waits for and blocks writers of their sources until the end of the transaction';

CREATE FUNCTION lead_scoring.lock_for_new_rows(sheet lead_scoring.sheet, lead_table regclass) RETURNS void
    LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- A lead that is being created by somebody who does not know this sheet would get no row, and nothing would
    -- tell that one is missing. A row of an older revision tells by itself.
    IF sheet.active_revision IS NULL OR sheet.segment_signal IS NOT NULL
       OR (SELECT r.model::jsonb ? 'segment' FROM lead_scoring.sheet_revision AS r
           WHERE r.sheet = sheet.name AND r.revision = sheet.active_revision) THEN
        EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', lead_table);
    END IF;
END $$;
COMMENT ON FUNCTION lead_scoring.lock_for_new_rows(lead_scoring.sheet, regclass) IS 'Waits for and blocks writers of the lead table when a revision may need rows that no revision had';

CREATE FUNCTION lead_scoring.lock_sheet(sheet text) RETURNS lead_scoring.sheet
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    s lead_scoring.sheet;
BEGIN
    -- Who may read the sheet is told that it is not theirs; FOR UPDATE would not find it.
    SELECT * INTO s FROM lead_scoring.sheet AS q WHERE q.name = lock_sheet.sheet;
    IF FOUND THEN
        PERFORM lead_scoring.check_owner(s.audience);
        SELECT * INTO s FROM lead_scoring.sheet AS q WHERE q.name = lock_sheet.sheet FOR UPDATE;
    END IF;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'sheet "%" does not exist', sheet
            USING ERRCODE = 'undefined_object', HINT = 'SELECT name FROM lead_scoring.sheet lists the sheets.';
    END IF;
    PERFORM FROM lead_scoring.audience AS q WHERE q.name = s.audience FOR UPDATE;
    RETURN s;
END $$;
COMMENT ON FUNCTION lead_scoring.lock_sheet(text) IS 'The row of a sheet, locked with its audience: publishing is done by one at a time';

CREATE FUNCTION lead_scoring.activate_model(sheet lead_scoring.sheet, model lead_scoring.model, note text) RETURNS integer
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Revisions only grow, also where somebody has deleted the newest.
    next_revision integer := 1 + greatest(activate_model.sheet.active_revision, 0,
        (SELECT max(r.revision) FROM lead_scoring.sheet_revision AS r WHERE r.sheet = activate_model.sheet.name));
    scored bigint;
BEGIN
    PERFORM lead_scoring.check_owner(activate_model.sheet.audience);
    PERFORM lead_scoring.lock_for_new_rows(activate_model.sheet,
        (SELECT a.lead_table FROM lead_scoring.audience AS a WHERE a.name = activate_model.sheet.audience));
    PERFORM lead_scoring.ensure_counted(activate_model.sheet.audience, lead_scoring.model_signals(model));
    INSERT INTO lead_scoring.sheet_revision (sheet, revision, model, author, note, published_at)
    VALUES (activate_model.sheet.name, next_revision, activate_model.model, session_user, activate_model.note, clock_timestamp());
    UPDATE lead_scoring.sheet AS q SET active_revision = next_revision WHERE q.name = activate_model.sheet.name;
    scored := lead_scoring.rescore_all(activate_model.sheet.audience, 'publish');
    RAISE LOG 'lead_scoring: revision % of sheet "%", published by "%", has scored % leads', next_revision, activate_model.sheet.name, session_user, scored;
    RETURN next_revision;
END $$;
COMMENT ON FUNCTION lead_scoring.activate_model(lead_scoring.sheet, lead_scoring.model, text) IS 'Stores a model as the next revision of a sheet and scores every lead with it';

CREATE FUNCTION lead_scoring.model_signals(model lead_scoring.model) RETURNS integer[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT coalesce(array_agg(DISTINCT n.value::integer), '{}')
    FROM jsonb_each_text(coalesce(model::jsonb -> 'signals', '{}')
                         || jsonb_strip_nulls(jsonb_build_object('created time', model::jsonb -> 'created'))) AS n
$$;
COMMENT ON FUNCTION lead_scoring.model_signals(lead_scoring.model) IS 'Numbers of the signals a model reads';

CREATE FUNCTION lead_scoring.publish(sheet text, note text DEFAULT NULL) RETURNS integer
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    s lead_scoring.sheet;
    known integer;
    numbers jsonb;
    compiled lead_scoring.model;
BEGIN
    PERFORM lead_scoring.require_read_committed('publish()');
    s := lead_scoring.lock_sheet(sheet);
    IF NOT EXISTS (SELECT FROM lead_scoring.rule AS r WHERE r.sheet = publish.sheet AND r.enabled) THEN
        RAISE EXCEPTION 'sheet "%" has no enabled rule', sheet
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Insert rules into lead_scoring.rule first; three to five are a good start.';
    END IF;
    PERFORM lead_scoring.check_follow_ups(sheet);
    numbers := lead_scoring.signal_numbers(sheet, s.audience);
    compiled := lead_scoring.compile_sheet(sheet, numbers)::lead_scoring.model;
    SELECT a.last_signal INTO known FROM lead_scoring.audience AS a WHERE a.name = s.audience;
    INSERT INTO lead_scoring.signal_version (audience, number, signal, source, event_type, condition, value, distinct_by, occurred_on)
    SELECT g.audience, n.value::integer, g.name, g.source, g.event_type, g.condition, g.value, g.distinct_by, g.occurred_on
    FROM jsonb_each_text(numbers) AS n JOIN lead_scoring.signal AS g ON g.audience = s.audience AND g.name = n.key
    WHERE n.value::integer > known;
    UPDATE lead_scoring.audience AS a SET last_signal = q.highest
    FROM (SELECT max(n.value::integer) AS highest FROM jsonb_each_text(numbers) AS n) AS q
    WHERE a.name = s.audience AND q.highest > known;
    RETURN lead_scoring.activate_model(s, compiled, note);
END $$;
COMMENT ON FUNCTION lead_scoring.publish(text, text) IS
    'Validates the rows of a sheet, stores them as its next revision, counts the history of signals that are new or changed, and scores every lead, all in this transaction. Returns the revision. Writers of a source wait while its new signals are counted';

CREATE FUNCTION lead_scoring.activate(sheet text, revision integer, note text DEFAULT NULL) RETURNS integer
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    s lead_scoring.sheet;
    stored lead_scoring.model;
BEGIN
    PERFORM lead_scoring.require_read_committed('activate()');
    s := lead_scoring.lock_sheet(sheet);
    SELECT r.model INTO stored FROM lead_scoring.sheet_revision AS r WHERE r.sheet = activate.sheet AND r.revision = activate.revision;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'sheet "%" has no revision %', sheet, revision
            USING ERRCODE = 'undefined_object',
                  HINT = 'SELECT revision, published_at, note FROM lead_scoring.sheet_revision lists the revisions.';
    END IF;
    IF EXISTS (SELECT FROM unnest(lead_scoring.model_signals(stored)) AS n(number)
               WHERE NOT EXISTS (SELECT FROM lead_scoring.signal_version AS v WHERE v.audience = s.audience AND v.number = n.number)) THEN
        RAISE EXCEPTION 'revision % of sheet "%" counts signals of a source that is gone', revision, sheet
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Publish the sheet anew without them.';
    END IF;
    RETURN lead_scoring.activate_model(s, stored, coalesce(note, format('revision %s again', revision)));
END $$;
COMMENT ON FUNCTION lead_scoring.activate(text, integer, text) IS
    'Goes back to an earlier revision of a sheet: its model is stored as a new revision and scores every lead at once. The draft rows stay as they are. Returns the new revision';

CREATE PROCEDURE lead_scoring.rebuild(audience text, batch_size integer DEFAULT 100000)
    LANGUAGE plpgsql AS $$
DECLARE
    state jsonb;
BEGIN
    state := lead_scoring.begin_rebuild(audience, batch_size);
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    PERFORM lead_scoring.wait_for_writers(audience);
    PERFORM lead_scoring.create_tally_rows(audience);
    LOOP
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        state := lead_scoring.rebuild_step(state);
        EXIT WHEN state IS NULL;
    END LOOP;
    COMMIT;
END $$;
COMMENT ON PROCEDURE lead_scoring.rebuild(text, integer) IS
    'Recounts an audience from its sources beside live writers: leads are locked, recounted and scored in batches that commit, each with its line in progress. Must not run inside a transaction block';

-- The procedure commits, so it can have no settings of its own; all that search_path could reach is in these two.
CREATE FUNCTION lead_scoring.begin_rebuild(audience text, batch_size integer) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM lead_scoring.require_read_committed('rebuild()');
    PERFORM lead_scoring.check_owner(audience);
    PERFORM lead_scoring.retire_signals(audience);
    PERFORM lead_scoring.note_progress(audience, 'rebuild', NULL, NULL, NULL, false);
    RETURN jsonb_build_object('audience', audience, 'batch_size', batch_size, 'leads', 0, 'noticed_at', clock_timestamp());
END $$;
COMMENT ON FUNCTION lead_scoring.begin_rebuild(text, integer) IS 'The state of a rebuild that begins. See rebuild()';

CREATE FUNCTION lead_scoring.rebuild_step(state jsonb) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    audience text := state ->> 'audience';
    batch record := lead_scoring.rebuild_batch(audience, state ->> 'after', (state ->> 'batch_size')::integer);
    finished boolean := batch.last_key IS NULL;
BEGIN
    state := state || jsonb_build_object('leads', (state ->> 'leads')::bigint + batch.leads, 'after', coalesce(batch.last_key, state ->> 'after'));
    PERFORM lead_scoring.note_progress(audience, 'rebuild', (state ->> 'leads')::bigint, 0, state ->> 'after', finished);
    IF finished THEN
        PERFORM lead_scoring.log_finished(audience, 'rebuild');
        RETURN NULL;
    END IF;
    IF clock_timestamp() > (state ->> 'noticed_at')::timestamptz + interval '10 seconds' THEN
        RAISE NOTICE 'lead_scoring: rebuild of "%": % leads so far', audience, state ->> 'leads';
        state := state || jsonb_build_object('noticed_at', clock_timestamp());
    END IF;
    RETURN state;
END $$;
COMMENT ON FUNCTION lead_scoring.rebuild_step(jsonb) IS 'The next batch of a rebuild; returns its new state, NULL at the end. See rebuild()';

CREATE FUNCTION lead_scoring.retire_signals(audience text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM lead_scoring.audience AS a WHERE a.name = retire_signals.audience FOR UPDATE;
    UPDATE lead_scoring.signal_version AS v SET counted = false
    WHERE v.audience = retire_signals.audience AND v.counted
      AND NOT EXISTS (
          SELECT FROM lead_scoring.sheet AS s
          JOIN lead_scoring.sheet_revision AS r ON r.sheet = s.name AND r.revision = s.active_revision
          WHERE s.audience = v.audience AND v.number = ANY (lead_scoring.model_signals(r.model)));
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
    OUT counted bigint, OUT dropped bigint, OUT dropped_because text, OUT weight numeric, OUT points numeric, OUT running_total numeric, OUT reason text) RETURNS SETOF record
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT e.component, e.rule_group, e.rule, e.signal, e.kind, e.holds, e.counted, e.dropped, e.dropped_because, e.weight, e.points, e.running_total, e.reason
    FROM (SELECT lead_scoring.active_model(explain.sheet) AS model,
                 lead_scoring.tally((SELECT s.audience FROM lead_scoring.sheet AS s WHERE s.name = explain.sheet), explain.lead_key) AS tally) AS m,
         lead_scoring.explain(m.model, m.tally, explain.as_of) AS e
$$;
COMMENT ON FUNCTION lead_scoring.explain(text, text, timestamptz) IS
    'How a lead''s score on a sheet comes about at an instant, from its tally as it is now: one row a rule, then what clamps and verdicts changed. The points add up to the score exactly. lead_key is the key as text';
