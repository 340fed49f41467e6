-- Hand-offs: a lead that has come up into a band which names a next step, an owner role or a follow-up time.
-- The row of the band change is the hand-off; due_at is set when it is written.

CREATE FUNCTION lead_scoring.check_follow_ups(sheet text) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    b record;
BEGIN
    FOR b IN
        SELECT q.name, q.calendar, c.name IS NOT NULL AS known FROM lead_scoring.band AS q
        LEFT JOIN lead_scoring.calendar AS c ON c.name = q.calendar
        WHERE q.sheet = check_follow_ups.sheet AND q.calendar IS NOT NULL ORDER BY q.rank
    LOOP
        IF NOT b.known THEN
            RAISE EXCEPTION 'sheet "%": band "%" uses calendar "%", which does not exist', sheet, b.name, b.calendar
                USING ERRCODE = 'undefined_object', HINT = 'SELECT name FROM lead_scoring.calendar lists the calendars; insert the missing one there.';
        ELSIF NOT EXISTS (SELECT FROM lead_scoring.calendar_hours AS h WHERE h.calendar = b.calendar) THEN
            RAISE EXCEPTION 'sheet "%": band "%" uses calendar "%", which has no opening hours', sheet, b.name, b.calendar
                USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Insert rows into lead_scoring.calendar_hours: weekday 1 is Monday.';
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION lead_scoring.check_follow_ups(text) IS 'Refuses a sheet whose bands use a calendar that is not there, or that never opens';

CREATE FUNCTION lead_scoring.lock_handoff(audience text, id bigint, OUT band_change_table regclass, OUT due_at timestamptz,
                                          OUT accepted_at timestamptz, OUT rejected_at timestamptz, OUT completed_at timestamptz)
    RETURNS record
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    handoff boolean;
BEGIN
    SELECT a.band_change_table INTO band_change_table FROM lead_scoring.audience AS a WHERE a.name = lock_handoff.audience;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'audience "%" does not exist', audience
            USING ERRCODE = 'undefined_object', HINT = 'SELECT name FROM lead_scoring.audience lists the audiences.';
    END IF;
    EXECUTE format('SELECT c.handoff, c.due_at, c.accepted_at, c.rejected_at, c.completed_at FROM %s AS c WHERE c.id = $1 FOR NO KEY UPDATE',
                   band_change_table)
        INTO handoff, due_at, accepted_at, rejected_at, completed_at USING id;
    IF handoff IS NULL THEN
        RAISE EXCEPTION 'audience "%" has no hand-off %', audience, coalesce(id::text, 'NULL')
            USING ERRCODE = 'no_data_found',
                  HINT = format('SELECT id, lead, state FROM %s lists the hand-offs.',
                                (SELECT a.handoff_view FROM lead_scoring.audience AS a WHERE a.name = lock_handoff.audience));
    ELSIF NOT handoff THEN
        RAISE EXCEPTION 'band change % of audience "%" is no hand-off', id, audience
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'A hand-off is a lead that comes up into a band with next_step, owner_role or follow_up.';
    ELSIF rejected_at IS NOT NULL THEN
        RAISE EXCEPTION 'hand-off % of audience "%" was rejected at %', id, audience, rejected_at
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'A rejected hand-off stays rejected; the lead''s next way up makes a new one.';
    ELSIF completed_at IS NOT NULL THEN
        RAISE EXCEPTION 'hand-off % of audience "%" was completed at %', id, audience, completed_at
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'The lead''s next way up makes a new one.';
    END IF;
END $$;
COMMENT ON FUNCTION lead_scoring.lock_handoff(text, bigint) IS 'A hand-off that is neither rejected nor completed, locked as the caller, who needs SELECT and UPDATE on the band change table';

CREATE FUNCTION lead_scoring.accept_handoff(audience text, id bigint) RETURNS text
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    h record := lead_scoring.lock_handoff(audience, id);
    at timestamptz := clock_timestamp();
BEGIN
    IF h.accepted_at IS NOT NULL THEN
        RAISE EXCEPTION 'hand-off % of audience "%" was accepted at %', id, audience, h.accepted_at
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Somebody else has it already; take the next one.';
    END IF;
    EXECUTE format('UPDATE %s AS c SET accepted_at = $2 WHERE c.id = $1', h.band_change_table) USING id, at;
    RETURN CASE WHEN at > h.due_at THEN 'late' ELSE 'accepted' END;
END $$;
COMMENT ON FUNCTION lead_scoring.accept_handoff(text, bigint) IS
    'Somebody takes a lead on: stops its clock. Returns the new state, accepted or late. Runs as the caller, who needs SELECT and UPDATE on the band change table; so do reject_handoff and complete_handoff';

CREATE FUNCTION lead_scoring.reject_handoff(audience text, id bigint, reason text) RETURNS text
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    h record := lead_scoring.lock_handoff(audience, id);
BEGIN
    IF coalesce(btrim(reason), '') = '' THEN
        RAISE EXCEPTION 'hand-off % of audience "%" cannot be rejected without a reason', id, audience
            USING ERRCODE = 'invalid_parameter_value', HINT = 'The reasons tell whether the sheet''s threshold is right.';
    END IF;
    EXECUTE format('UPDATE %s AS c SET rejected_at = $2, reason = $3 WHERE c.id = $1', h.band_change_table)
        USING id, clock_timestamp(), reason;
    RETURN 'rejected';
END $$;
COMMENT ON FUNCTION lead_scoring.reject_handoff(text, bigint, text) IS
    'Somebody gives a lead back, before or after accepting it, and says why. Returns the new state, rejected';

CREATE FUNCTION lead_scoring.complete_handoff(audience text, id bigint, outcome text) RETURNS text
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    h record := lead_scoring.lock_handoff(audience, id);
BEGIN
    IF coalesce(btrim(outcome), '') = '' THEN
        RAISE EXCEPTION 'hand-off % of audience "%" cannot be completed without an outcome', id, audience
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Say what came of it: meeting, opportunity, no interest.';
    END IF;
    EXECUTE format('UPDATE %s AS c SET accepted_at = coalesce(c.accepted_at, $2), completed_at = $2, outcome = $3 WHERE c.id = $1',
                   h.band_change_table)
        USING id, clock_timestamp(), outcome;
    RETURN 'completed';
END $$;
COMMENT ON FUNCTION lead_scoring.complete_handoff(text, bigint, text) IS
    'The follow-up is done; outcome says what came of it. A hand-off that nobody accepted is accepted at the same moment. Returns the new state, completed';

CREATE FUNCTION lead_scoring.create_handoff_views(audience text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    a lead_scoring.audience;
    handoffs text;
    times text;
    made text;
    about record;
BEGIN
    PERFORM lead_scoring.check_owner(audience);
    SELECT * INTO STRICT a FROM lead_scoring.audience AS q WHERE q.name = create_handoff_views.audience;
    handoffs := lead_scoring.sibling_view(a.lead_table, '_handoff', a.band_change_table, '_handoff');
    times := lead_scoring.sibling_view(a.lead_table, '_handoff_times', a.band_change_table, '_handoff_times');
    EXECUTE format($sql$
        CREATE VIEW %1$s AS
        SELECT c.id, c.lead, c.sheet, c.to_band AS band, c.score, c.at, c.next_step, c.owner_role, c.due_at, c.accepted_at, c.rejected_at,
               c.completed_at, c.reason, c.outcome,
               CASE WHEN c.rejected_at IS NOT NULL THEN 'rejected'
                    WHEN c.completed_at IS NOT NULL THEN 'completed'
                    WHEN c.accepted_at > c.due_at THEN 'late'
                    WHEN c.accepted_at IS NOT NULL THEN 'accepted'
                    WHEN c.due_at < now() THEN 'overdue'
                    ELSE 'open' END AS state,
               coalesce(c.due_at < coalesce(c.accepted_at, c.rejected_at, now()), false) AS breached,
               c.calendar
        FROM %2$s AS c WHERE c.handoff
        $sql$, handoffs, a.band_change_table);
    EXECUTE format($sql$
        CREATE VIEW %1$s AS
        SELECT h.sheet, h.band, h.owner_role, count(*) AS handoffs, count(*) FILTER (WHERE h.state = 'open') AS open,
               count(*) FILTER (WHERE h.state = 'overdue') AS overdue, count(*) FILTER (WHERE h.accepted_at IS NOT NULL) AS accepted,
               count(*) FILTER (WHERE h.state = 'rejected') AS rejected, count(*) FILTER (WHERE h.state = 'completed') AS completed,
               count(*) FILTER (WHERE h.breached) AS breached,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY t.passed) AS median_time, max(t.passed) AS max_time
        FROM %2$s AS h
             LEFT JOIN (SELECT c.name FROM lead_scoring.calendar AS c
                        WHERE EXISTS (SELECT FROM lead_scoring.calendar_hours AS o WHERE o.calendar = c.name)) AS k ON k.name = h.calendar
             CROSS JOIN LATERAL (SELECT CASE WHEN h.accepted_at IS NOT NULL AND (h.calendar IS NULL OR k.name IS NOT NULL)
                                        THEN lead_scoring.business_time_between(h.calendar, h.at, h.accepted_at) END AS passed) AS t
        GROUP BY h.sheet, h.band, h.owner_role
        $sql$, times, handoffs);
    FOREACH made IN ARRAY ARRAY[handoffs, times] LOOP
        EXECUTE format('ALTER VIEW %s OWNER TO %I', made, (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = a.lead_table));
    END LOOP;
    EXECUTE format('COMMENT ON VIEW %s IS %L', handoffs, 'Hand-offs: leads that came up into a band that asks somebody to follow up.');
    FOR about IN
        SELECT * FROM (VALUES
            ('id', 'What accept_handoff() and the like want; the band change''s'),
            ('lead', 'Lead key'),
            ('sheet', 'Scoring sheet'),
            ('band', 'The band that was reached'),
            ('score', 'Score at that moment'),
            ('at', 'When the band was reached; the clock runs from here'),
            ('next_step', 'What to do'),
            ('owner_role', 'Who should do it'),
            ('due_at', 'When it should have been accepted; NULL: no follow-up time'),
            ('accepted_at', 'When somebody took it'),
            ('rejected_at', 'When somebody gave it back'),
            ('completed_at', 'When it was done'),
            ('reason', 'Why it was given back'),
            ('outcome', 'What came of it'),
            ('state', 'open, overdue (nobody took it in time), accepted, late (accepted after due_at), rejected, completed'),
            ('breached', 'Whether due_at passed before somebody accepted or rejected it'),
            ('calendar', 'Business calendar of the follow-up; NULL: around the clock')) AS v(name, text)
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', handoffs, about.name, about.text);
    END LOOP;
    EXECUTE format('COMMENT ON VIEW %s IS %L', times, 'Hand-offs and how long they waited, by sheet, band and owner role.');
    FOR about IN
        SELECT * FROM (VALUES
            ('sheet', 'Scoring sheet'),
            ('band', 'The band that was reached'),
            ('owner_role', 'Who should follow up'),
            ('handoffs', 'All of them'),
            ('open', 'Waiting, in time'),
            ('overdue', 'Waiting, past due_at'),
            ('accepted', 'Ever accepted, whatever came of it'),
            ('rejected', 'Given back'),
            ('completed', 'Done'),
            ('breached', 'Not answered before due_at'),
            ('median_time', 'Half of the accepted ones waited no longer than this, in business time; NULL where the calendar is gone'),
            ('max_time', 'The longest that an accepted one waited, in business time')) AS v(name, text)
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', times, about.name, about.text);
    END LOOP;
    UPDATE lead_scoring.audience AS q SET handoff_view = handoffs::regclass, handoff_times_view = times::regclass
    WHERE q.name = create_handoff_views.audience;
END $$;
COMMENT ON FUNCTION lead_scoring.create_handoff_views(text) IS 'The views <lead_table>_handoff and <lead_table>_handoff_times of an audience';

-- NOTIFY for bands that ask for it. Whoever may connect to the database may listen, so the payload says nothing but
-- where to read: the table's privileges and policies decide who learns more.
CREATE FUNCTION lead_scoring.announce_changes(band_change_table regclass, changes bigint[]) RETURNS void
    LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    change record;
    quiet boolean;
BEGIN
    FOR change IN EXECUTE format(
        'SELECT n.*, b.notify_quiet FROM %s AS n JOIN lead_scoring.band AS b ON b.sheet = n.sheet AND b.name = n.to_band AND b.notify '
        'WHERE n.upward AND n.id = ANY ($1) ORDER BY n.id', band_change_table) USING changes
    LOOP
        IF change.notify_quiet IS NOT NULL THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM %s AS c WHERE c.lead = $1 AND c.sheet = $2 AND c.id < $3 '
                           'AND c.to_band = $4 AND c.upward AND c.at > $5)', band_change_table)
                INTO quiet USING change.lead, change.sheet, change.id, change.to_band, change.at - change.notify_quiet;
            CONTINUE WHEN quiet;
        END IF;
        PERFORM pg_notify('lead_scoring', jsonb_build_object('table', band_change_table, 'id', change.id)::text);
    END LOOP;
END $$;
COMMENT ON FUNCTION lead_scoring.announce_changes(regclass, bigint[]) IS
    'NOTIFY lead_scoring for leads that come up into a band with notify, unless they have done so within notify_quiet; called with the rows just made';
