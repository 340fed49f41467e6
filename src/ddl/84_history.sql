-- Scores of other moments, from the tallies alone.

CREATE FUNCTION lead_scoring.draft_model(sheet text) RETURNS lead_scoring.model
    LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    of_audience text := (SELECT s.audience FROM lead_scoring.sheet AS s WHERE s.name = draft_model.sheet);
    numbers jsonb;
    uncounted text;
BEGIN
    IF of_audience IS NULL THEN
        RAISE EXCEPTION 'sheet "%" does not exist', sheet
            USING ERRCODE = 'undefined_object', HINT = 'SELECT name FROM lead_scoring.sheet lists the sheets.';
    END IF;
    numbers := lead_scoring.signal_numbers(sheet, of_audience);
    SELECT string_agg(format('"%s"', n.key), ', ' ORDER BY n.key) INTO uncounted FROM jsonb_each_text(numbers) AS n
    WHERE NOT EXISTS (SELECT FROM lead_scoring.signal_version AS v
                      WHERE v.audience = of_audience AND v.number = n.value::integer AND v.counted);
    IF uncounted IS NOT NULL THEN
        RAISE EXCEPTION 'the draft of sheet "%" needs signals that are not counted yet: %', sheet, uncounted
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'A new or changed signal is counted when a sheet that uses it is published.';
    END IF;
    RETURN lead_scoring.compile_sheet(sheet, numbers)::lead_scoring.model;
END $$;
COMMENT ON FUNCTION lead_scoring.draft_model(text) IS
    'The present rows of a sheet as a model, published or not: for what-if questions with evaluate(), score_history() and scores_at()';

CREATE FUNCTION lead_scoring.score_history(model lead_scoring.model, tally lead_scoring.tally, "from" timestamptz, "to" timestamptz,
                                           step interval DEFAULT '1 day', OUT at timestamptz, OUT evaluation lead_scoring.evaluation)
    RETURNS SETOF record
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$ SELECT g.at, lead_scoring.evaluate(model, tally, g.at) FROM generate_series("from", "to", step) AS g(at) $$;
COMMENT ON FUNCTION lead_scoring.score_history(lead_scoring.model, lead_scoring.tally, timestamptz, timestamptz, interval) IS
    'What a model says about a tally at a series of instants, both ends included';

CREATE FUNCTION lead_scoring.score_history(sheet text, lead_key text, "from" timestamptz, "to" timestamptz, step interval DEFAULT '1 day',
    OUT at timestamptz, OUT score integer, OUT engagement integer, OUT fit integer, OUT grade text, OUT level text, OUT band text,
    OUT disqualified boolean, OUT hand_raised boolean, OUT persona text, OUT last_active_on date) RETURNS SETOF record
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT h.at, (h.evaluation).score, (h.evaluation).engagement, (h.evaluation).fit, (h.evaluation).grade, (h.evaluation).level,
           (h.evaluation).band, (h.evaluation).disqualified, (h.evaluation).hand_raised, (h.evaluation).persona, (h.evaluation).last_active_on
    FROM (SELECT lead_scoring.active_model(score_history.sheet) AS model,
                 lead_scoring.tally((SELECT s.audience FROM lead_scoring.sheet AS s WHERE s.name = score_history.sheet), score_history.lead_key) AS tally) AS m,
         lead_scoring.score_history(m.model, m.tally, "from", "to", step) AS h
    WHERE (h.evaluation).in_segment
$$;
COMMENT ON FUNCTION lead_scoring.score_history(text, text, timestamptz, timestamptz, interval) IS
    'How a lead''s score on a sheet came about over time: what the active revision says today about each instant. What was shown at the time is in the band changes';

CREATE FUNCTION lead_scoring.scores_at(audience text, model lead_scoring.model, as_of timestamptz DEFAULT now(),
    OUT lead text, OUT score integer, OUT engagement integer, OUT fit integer, OUT grade text, OUT level text, OUT band text,
    OUT disqualified boolean, OUT hand_raised boolean, OUT persona text, OUT last_active_on date) RETURNS SETOF record
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    a lead_scoring.audience;
BEGIN
    SELECT * INTO a FROM lead_scoring.audience AS q WHERE q.name = scores_at.audience;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'audience "%" does not exist', audience
            USING ERRCODE = 'undefined_object', HINT = 'SELECT name FROM lead_scoring.audience lists the audiences.';
    END IF;
    PERFORM lead_scoring.check_audience_tables(audience);
    RETURN QUERY EXECUTE format($sql$
        SELECT t.lead::text, e.score, e.engagement, e.fit, e.grade, e.level, e.band, e.disqualified, e.hand_raised, e.persona, e.last_active_on
        FROM %s AS t JOIN %s AS l ON l.%I = t.lead
             LEFT JOIN (SELECT q.lead, lead_scoring.sum(q.delta) AS delta FROM %s AS q GROUP BY q.lead) AS p ON p.lead = t.lead
             CROSS JOIN LATERAL lead_scoring.evaluate($1, t.base OPERATOR(lead_scoring.+) CASE WHEN p.lead IS NULL THEN t.recent
                                                          ELSE t.recent OPERATOR(lead_scoring.+) p.delta END, $2) AS e
        WHERE e.in_segment $sql$, a.tally_table, a.lead_table, a.lead_key, a.pending_table) USING model, as_of;
END $$;
COMMENT ON FUNCTION lead_scoring.scores_at(text, lead_scoring.model, timestamptz) IS
    'Every lead of an audience under any model at any instant, from the tallies; nothing is written. For what-if questions: draft_model(sheet) or a revision''s model';

CREATE FUNCTION lead_scoring.score_history_of_all(sheet text, "from" timestamptz, "to" timestamptz, step interval DEFAULT '1 day',
    OUT at timestamptz, OUT lead text, OUT score integer, OUT engagement integer, OUT fit integer, OUT grade text, OUT level text,
    OUT band text, OUT disqualified boolean, OUT hand_raised boolean, OUT persona text, OUT last_active_on date) RETURNS SETOF record
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT g.at, q.lead, q.score, q.engagement, q.fit, q.grade, q.level, q.band, q.disqualified, q.hand_raised, q.persona, q.last_active_on
    FROM (SELECT s.audience, lead_scoring.active_model(s.name) AS model FROM lead_scoring.sheet AS s WHERE s.name = score_history_of_all.sheet) AS m
         CROSS JOIN generate_series("from", "to", step) AS g(at)
         CROSS JOIN LATERAL lead_scoring.scores_at(m.audience, m.model, g.at) AS q
$$;
COMMENT ON FUNCTION lead_scoring.score_history_of_all(text, timestamptz, timestamptz, interval) IS 'The same for all leads of the sheet''s audience, one row a lead and instant';
