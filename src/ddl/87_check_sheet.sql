-- Advice about a sheet: what publish() would refuse, what can never have an effect, and what practice has taught
-- to avoid. It reads the draft, not the published revision.

-- The signals of a sheet's rules and segment; number: of the definition that is being counted, NULL for none.
CREATE FUNCTION lead_scoring.sheet_signal_facts(
    sheet text, OUT signal text, OUT number integer, OUT is_profile boolean, OUT source_table regclass, OUT event_type_column name,
    OUT definition lead_scoring.signal) RETURNS SETOF record
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT g.name, v.number, c.kind = 'profile', c.source_table, c.event_type, g
    FROM (SELECT DISTINCT q.signal FROM lead_scoring.sheet_signals(sheet_signal_facts.sheet) AS q
          WHERE q.place NOT IN ('the activity of the audience', 'the creation time')) AS n
    JOIN lead_scoring.sheet AS s ON s.name = sheet_signal_facts.sheet
    JOIN lead_scoring.signal AS g ON g.audience = s.audience AND g.name = n.signal
    JOIN lead_scoring.source AS c ON c.audience = g.audience AND c.name = g.source
    LEFT JOIN LATERAL (
        SELECT max(x.number) AS number FROM lead_scoring.signal_version AS x
        WHERE x.audience = g.audience AND x.signal = g.name
          AND (x.source, x.event_type, x.condition, x.value, x.distinct_by, x.occurred_on)
              IS NOT DISTINCT FROM (g.source, g.event_type, g.condition, g.value, g.distinct_by, g.occurred_on)) AS v ON true
$$;
COMMENT ON FUNCTION lead_scoring.sheet_signal_facts(text) IS 'The signals of a sheet''s rules and segment, with where they come from';

-- Signals that no row has shown yet: of those that are counted by the tallies, of the others by event type alone,
-- for their conditions may run only as the audience''s owner, inside the counting.
CREATE FUNCTION lead_scoring.unseen_signals(sheet text) RETURNS SETOF text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    a lead_scoring.audience;
    counted integer[];
    seen integer[];
    f record;
    is_seen boolean;
BEGIN
    SELECT q.* INTO a FROM lead_scoring.audience AS q JOIN lead_scoring.sheet AS s ON s.audience = q.name WHERE s.name = unseen_signals.sheet;
    counted := ARRAY(SELECT x.number FROM lead_scoring.sheet_signal_facts(unseen_signals.sheet) AS x WHERE x.number IS NOT NULL);
    IF cardinality(counted) > 0 THEN
        EXECUTE format('SELECT array_agg(DISTINCT e.signal) FROM (SELECT t.base OPERATOR(lead_scoring.+) t.recent FROM %s AS t '
                       'UNION ALL SELECT p.delta FROM %s AS p) AS q(tally), lead_scoring.entries(q.tally) AS e '
                       'WHERE e.signal = ANY ($1) AND e.count > 0', a.tally_table, a.pending_table) INTO seen USING counted;
    END IF;
    FOR f IN SELECT * FROM lead_scoring.sheet_signal_facts(unseen_signals.sheet) AS x ORDER BY x.signal LOOP
        IF f.number IS NOT NULL THEN
            is_seen := f.number = ANY (seen);
        ELSE
            EXECUTE format('SELECT EXISTS (SELECT FROM %s%s)', f.source_table,
                           CASE WHEN (f.definition).event_type IS NOT NULL AND f.event_type_column IS NOT NULL
                           THEN format(' WHERE %I::text = %L', f.event_type_column, (f.definition).event_type) ELSE '' END) INTO is_seen;
        END IF;
        IF is_seen IS NOT TRUE THEN
            RETURN NEXT f.signal;
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION lead_scoring.unseen_signals(text) IS 'Signals of a sheet that no lead has';

-- Profile rows are one a lead, so their signals count once at most.
CREATE FUNCTION lead_scoring.highest_points(r lead_scoring.rule, is_profile boolean) RETURNS numeric
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT least(coalesce(r.max_points, numeric 'Infinity'), CASE r.measure
        WHEN 'occurrences' THEN CASE
            WHEN r.points <= 0 THEN 0
            WHEN is_profile THEN r.points
            WHEN r.repeat_limit IS NOT NULL AND r.repeat_period = 'ever' AND NOT r.repeat_per_item THEN r.points * r.repeat_limit
            ELSE numeric 'Infinity' END
        WHEN 'value' THEN CASE r.points WHEN 0 THEN 0 ELSE numeric 'Infinity' END
        WHEN 'tiers' THEN greatest(0, (SELECT max(t.points) FROM lead_scoring.rule_tier AS t WHERE t.sheet = r.sheet AND t.rule = r.name))
        WHEN 'inactivity' THEN CASE
            WHEN coalesce(r.points, 0) <= 0 THEN 0
            WHEN r.inactive_every IS NULL THEN r.points
            WHEN r.max_times IS NOT NULL THEN r.points * r.max_times
            ELSE numeric 'Infinity' END
        ELSE greatest(r.points, 0) END)
$$;
COMMENT ON FUNCTION lead_scoring.highest_points(lead_scoring.rule, boolean) IS 'The most points a rule can give; Infinity: no limit';

-- What the enabled rules can give together, in the order of evaluation: rules, groups, the best persona,
-- components, sheet.
CREATE FUNCTION lead_scoring.highest_scores(sheet text, OUT score numeric, OUT engagement numeric, OUT fit numeric)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    WITH rules AS (
        SELECT r.component, r.rule_group, lead_scoring.highest_points(r, coalesce(f.is_profile, false)) AS points
        FROM lead_scoring.rule AS r LEFT JOIN lead_scoring.sheet_signal_facts(highest_scores.sheet) AS f ON f.signal = r.signal
        WHERE r.sheet = highest_scores.sheet AND r.enabled),
    groups AS (
        SELECT q.component, coalesce(g.persona, false) AS persona, least(sum(q.points), coalesce(g.max_points, numeric 'Infinity')) AS points
        FROM rules AS q LEFT JOIN lead_scoring.rule_group AS g ON g.sheet = highest_scores.sheet AND g.name = q.rule_group
        GROUP BY q.component, g.name, g.persona, g.max_points),
    components AS (
        SELECT q.component, coalesce(sum(q.points) FILTER (WHERE NOT q.persona), 0) + coalesce(max(q.points) FILTER (WHERE q.persona), 0) AS points
        FROM groups AS q GROUP BY q.component),
    clamped AS (
        SELECT least(coalesce((SELECT c.points FROM components AS c WHERE c.component = 'engagement'), 0), s.max_engagement) AS engagement,
               least(coalesce((SELECT c.points FROM components AS c WHERE c.component = 'fit'), 0), s.max_fit) AS fit, s.min_score, s.max_score
        FROM lead_scoring.sheet AS s WHERE s.name = highest_scores.sheet)
    SELECT greatest(least(engagement + fit, max_score), min_score), engagement, fit
    FROM clamped
$$;
COMMENT ON FUNCTION lead_scoring.highest_scores(text) IS 'The highest score, engagement and fit that a sheet can give; Infinity: no limit';

-- Whether an earlier tier takes whatever a later one would match.
CREATE FUNCTION lead_scoring.covers_tier(
    earlier_min numeric, earlier_max numeric, earlier_within interval, earlier_older_than interval,
    min numeric, max numeric, within interval, older_than interval, count_by text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT earlier_min <= min
           AND CASE WHEN (earlier_within, earlier_older_than) IS NOT DISTINCT FROM (within, older_than)
               THEN earlier_max IS NULL OR max <= earlier_max
               ELSE earlier_max IS NULL AND count_by <> 'value' AND (earlier_within IS NULL OR within <= earlier_within)
                    AND (earlier_older_than IS NULL OR older_than >= earlier_older_than) END
$$;
COMMENT ON FUNCTION lead_scoring.covers_tier(numeric, numeric, interval, interval, numeric, numeric, interval, interval, text) IS 'Whether an earlier tier matches whenever a later one does';

CREATE FUNCTION lead_scoring.advice_on_effect(sheet text, OUT severity text, OUT place text, OUT advice text) RETURNS SETOF record
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    WITH the_sheet AS (SELECT s.*, (now() AT TIME ZONE a.time_zone)::date AS today
                       FROM lead_scoring.sheet AS s JOIN lead_scoring.audience AS a ON a.name = s.audience WHERE s.name = advice_on_effect.sheet),
    facts AS MATERIALIZED (SELECT * FROM lead_scoring.sheet_signal_facts(advice_on_effect.sheet)),
    unseen(signal) AS MATERIALIZED (SELECT lead_scoring.unseen_signals(advice_on_effect.sheet)),
    rules AS MATERIALIZED (
        SELECT r.*, format('rule "%s"', r.name) AS place, f.is_profile AND (f.definition).occurred_on IS NULL AS is_timeless,
               -- Those that need an occurrence of their signal to have any effect.
               r.measure IN ('occurrences', 'value', 'cycle') OR r.measure = 'season' AND r.season_learned
               OR r.measure = 'tiers' AND NOT EXISTS (SELECT FROM lead_scoring.rule_tier AS t WHERE t.sheet = r.sheet AND t.rule = r.name AND t.min <= 0) AS needs_signal,
               r.guard_within IS NULL AND r.guard_older_than IS NULL AS guards_always,
               coalesce(r.guard_min, CASE WHEN r.guard_max IS NULL THEN 1 ELSE 0 END) AS guard_least
        FROM lead_scoring.rule AS r LEFT JOIN facts AS f ON f.signal = r.signal
        WHERE r.sheet = advice_on_effect.sheet AND r.enabled),
    tiers AS MATERIALIZED (
        SELECT t.*, r.place || format(' tier %s', row_number() OVER (PARTITION BY t.rule ORDER BY t.position)) AS place, coalesce(t.min, 1) AS least,
               r.count_by, r.repeat_limit, r.repeat_period, r.repeat_per_item,
               row_number() OVER (PARTITION BY t.rule ORDER BY t.position) AS n
        FROM lead_scoring.rule_tier AS t JOIN rules AS r ON r.name = t.rule WHERE t.sheet = advice_on_effect.sheet)

    SELECT 'warning', r.place, format('it can never fire: no lead has signal "%s" yet', r.signal)
    FROM rules AS r JOIN unseen AS u ON u.signal = r.signal
    WHERE r.needs_signal AND r.signal NOT IN ('adjustment', 'adjustment_end')  -- adjusting nobody is no mistake
    UNION ALL
    SELECT 'warning', r.place, format('it can never fire: its guard asks for signal "%s", which no lead has yet', r.guard_signal)
    FROM rules AS r JOIN unseen AS u ON u.signal = r.guard_signal WHERE r.guard_least >= 1
    UNION ALL
    SELECT 'warning', r.place, format('it can never fire: it counts signal "%s", and its guard shuts as soon as there is one', r.signal)
    FROM rules AS r WHERE r.needs_signal AND r.guard_signal = r.signal AND r.guard_max = 0 AND r.guards_always
    UNION ALL
    SELECT 'warning', r.place, format('it can never fire: the sheet is for leads without signal "%s"', s.segment_signal)
    FROM rules AS r JOIN the_sheet AS s ON s.segment_max = 0 AND s.segment_within IS NULL AND s.segment_older_than IS NULL
         AND (r.needs_signal AND s.segment_signal = r.signal OR s.segment_signal = r.guard_signal AND r.guard_least >= 1)
    UNION ALL
    SELECT 'warning', r.place, format('it can never fire: only what came after the last "%s" counts, which is the signal itself', r.since_signal)
    FROM rules AS r WHERE r.needs_signal AND r.since_signal = r.signal
    UNION ALL
    -- Occurrences up to valid_to go on counting, unless they have lost their weight or left every window.
    SELECT CASE WHEN g.is_gone THEN 'warning' ELSE 'advice' END, r.place,
           format(CASE WHEN g.is_gone THEN 'it can never fire again: valid_to %s has passed' ELSE 'valid_to %s has passed: nothing new counts' END, r.valid_to)
    FROM rules AS r CROSS JOIN the_sheet AS s,
         LATERAL (SELECT r.is_timeless AND r.needs_signal
                         OR r.decay IN ('linear', 'expire') AND r.decay_anchor = 'occurrence' AND r.valid_to + r.lifespan <= s.today
                         OR r.measure = 'tiers' AND r.needs_signal AND r.window_anchor = 'now'
                            AND (SELECT bool_and(t.within IS NOT NULL AND r.valid_to + t.within <= s.today) FROM tiers AS t WHERE t.rule = r.name) AS is_gone) AS g
    WHERE r.valid_to < s.today
    UNION ALL
    SELECT 'advice', r.place, format('nothing counts before valid_from %s', r.valid_from)
    FROM rules AS r JOIN the_sheet AS s ON r.valid_from > s.today
    UNION ALL
    SELECT 'warning', r.place, 'it has no effect: no points and no verdict'
    FROM rules AS r
    WHERE NOT r.disqualifies AND NOT r.hand_raise AND r.forces_band IS NULL AND r.ceiling IS NULL
      AND CASE r.measure WHEN 'tiers' THEN NOT EXISTS (SELECT FROM tiers AS t WHERE t.rule = r.name AND t.points <> 0)
          ELSE coalesce(r.points, 0) = 0 END
    UNION ALL
    -- The same window: the earlier range covers the later one. A wider window: at least as many occurrences are in
    -- it, and nothing is too many for it.
    SELECT 'warning', t.place, format('it can never be reached: tier %s takes all it would match', min(e.n))
    FROM tiers AS t JOIN tiers AS e ON e.rule = t.rule AND e.n < t.n
         AND lead_scoring.covers_tier(e.least, e.max, e.within, e.older_than, t.least, t.max, t.within, t.older_than, t.count_by)
    GROUP BY t.rule, t.n, t.place
    UNION ALL
    SELECT 'warning', t.place, format('it can never be reached: it asks for %s, and the repeat limit leaves %s', t.least, t.repeat_limit)
    FROM tiers AS t WHERE t.count_by = 'occurrences' AND t.repeat_period = 'ever' AND NOT t.repeat_per_item AND t.least > t.repeat_limit
$$;
COMMENT ON FUNCTION lead_scoring.advice_on_effect(text) IS 'Rules and tiers of a sheet that can never have an effect';

CREATE FUNCTION lead_scoring.advice_on_bands(sheet text, OUT severity text, OUT place text, OUT advice text) RETURNS SETOF record
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    WITH bounds AS MATERIALIZED (SELECT round(h.score) AS score, round(h.engagement) AS engagement, round(h.fit) AS fit
                                 FROM lead_scoring.highest_scores(advice_on_bands.sheet) AS h),
    bands AS MATERIALIZED (
        SELECT b.*, (SELECT g.threshold FROM lead_scoring.grade AS g WHERE g.sheet = b.sheet AND g.kind = 'grade' AND g.name = b.min_grade) AS grade_fit,
               (SELECT g.threshold FROM lead_scoring.grade AS g WHERE g.sheet = b.sheet AND g.kind = 'level' AND g.name = b.min_level) AS level_engagement
        FROM lead_scoring.band AS b WHERE b.sheet = advice_on_bands.sheet)
    SELECT 'warning', format('band "%s"', b.name), format('it can never be reached: it asks for %s, and all rules together give %s at most', n.wanted, n.most)
    FROM bands AS b CROSS JOIN bounds AS h,
         LATERAL (VALUES (1, format('a score %s %s', CASE WHEN b.exclusive THEN 'above' ELSE 'of' END, b.min_score), b.min_score + b.exclusive::integer, h.score),
                         (2, 'a fit of ' || b.min_fit, b.min_fit, h.fit),
                         (3, 'an engagement of ' || b.min_engagement, b.min_engagement, h.engagement),
                         (4, format('grade "%s", a fit of %s', b.min_grade, b.grade_fit), b.grade_fit, h.fit),
                         (5, format('level "%s", an engagement of %s', b.min_level, b.level_engagement), b.level_engagement, h.engagement)) AS n(n, wanted, least, most)
    WHERE n.least > n.most
      AND NOT EXISTS (SELECT FROM lead_scoring.rule AS r WHERE r.sheet = b.sheet AND r.enabled AND r.forces_band = b.name)
    UNION ALL
    SELECT 'warning', format('%s "%s"', g.kind, g.name),
           format('it can never be reached: it asks for %s %s, and all rules together give %s at most', m.what, g.threshold, m.most)
    FROM lead_scoring.grade AS g CROSS JOIN bounds AS h,
         LATERAL (SELECT CASE g.kind WHEN 'grade' THEN 'a fit of' ELSE 'an engagement of' END AS what,
                         CASE g.kind WHEN 'grade' THEN h.fit ELSE h.engagement END AS most) AS m
    WHERE g.sheet = advice_on_bands.sheet AND g.threshold > m.most
    UNION ALL
    -- Everything the higher one asks for, the lower one asks for as well.
    SELECT 'warning', format('band "%s"', low.name), format('nobody can be in it: band "%s" ranks higher and asks for no more', high.name)
    FROM bands AS low JOIN bands AS high ON high.rank > low.rank,
         LATERAL (SELECT bool_and(q.high IS NULL OR coalesce(q.low >= q.high, false)) AS is_easier
                  FROM (VALUES (low.min_score + low.exclusive::integer, high.min_score + high.exclusive::integer), (low.min_fit, high.min_fit),
                               (low.min_engagement, high.min_engagement), (low.grade_fit, high.grade_fit),
                               (low.level_engagement, high.level_engagement)) AS q(low, high)) AS e
    WHERE e.is_easier
    UNION ALL
    SELECT 'advice', 'sheet', 'it has no bands: nothing happens when a score is high enough'
    WHERE NOT EXISTS (SELECT FROM bands)
$$;
COMMENT ON FUNCTION lead_scoring.advice_on_bands(text) IS 'Bands, grades and levels of a sheet that nobody can be in';

CREATE FUNCTION lead_scoring.advice_on_rules(sheet text, OUT severity text, OUT place text, OUT advice text) RETURNS SETOF record
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    WITH facts AS MATERIALIZED (SELECT * FROM lead_scoring.sheet_signal_facts(advice_on_rules.sheet)),
    rules AS MATERIALIZED (
        SELECT r.*, format('rule "%s"', r.name) AS place, coalesce(f.is_profile, false) AS is_profile, f.definition,
               -- How the rule counts, without what it gives for it.
               to_jsonb(r) - ARRAY['name', 'position', 'points', 'min_points', 'max_points', 'description']
               || jsonb_build_object('tiers', (SELECT jsonb_agg(to_jsonb(t) - ARRAY['rule', 'points'] ORDER BY t.position)
                                               FROM lead_scoring.rule_tier AS t WHERE t.sheet = r.sheet AND t.rule = r.name)) AS shape
        FROM lead_scoring.rule AS r LEFT JOIN facts AS f ON f.signal = r.signal
        WHERE r.sheet = advice_on_rules.sheet AND r.enabled)
    SELECT 'warning', b.place, format('redundant: rule "%s" counts the same in the same way; make them one', a.name)
    FROM rules AS a JOIN rules AS b ON (b.position, b.name) > (a.position, a.name) AND b.shape = a.shape
    UNION ALL
    SELECT 'advice', b.place, format('it overlaps %s: %s', string_agg(a.place, ', ' ORDER BY a.position, a.name),
                                     CASE WHEN a.signal = b.signal THEN format('every "%s" gives the points of all of them', b.signal)
                                     ELSE format('signals "%s" and "%s" count the same rows', a.signal, b.signal) END)
    FROM rules AS a JOIN rules AS b ON (b.position, b.name) > (a.position, a.name) AND b.measure = a.measure AND b.shape <> a.shape
         AND (b.signal = a.signal
              OR to_jsonb(a.definition) - ARRAY['name', 'description', 'is_activity'] = to_jsonb(b.definition) - ARRAY['name', 'description', 'is_activity'])
    WHERE a.measure IN ('occurrences', 'value', 'tiers')
      AND a.guard_signal IS NULL AND b.guard_signal IS NULL
      AND daterange(a.valid_from, a.valid_to, '[]') && daterange(b.valid_from, b.valid_to, '[]')
    GROUP BY b.place, b.signal, a.signal
    UNION ALL
    SELECT 'advice', r.place,
           'opens are scored every time, and mail programs open mails on their own: '
           'set repeat_limit 1, with repeat_per_item for each mail, and score clicks'
    FROM rules AS r
    WHERE r.measure = 'occurrences' AND r.points > 0 AND r.repeat_limit IS NULL AND r.max_points IS NULL AND NOT r.is_profile
      AND concat_ws(' ', r.signal, (r.definition).event_type) ~* '(^|[^[:alpha:]])(e?mail)?open(s|ed)?($|[^[:alpha:]])'
    UNION ALL
    SELECT 'warning', r.place,
           'negative without limit: enough of it outweighs whatever the lead does later; '
           'give it min_points, a repeat_limit or decay, or its group a min_points'
    FROM rules AS r
    LEFT JOIN lead_scoring.rule_group AS g ON g.sheet = r.sheet AND g.name = r.rule_group
    JOIN lead_scoring.sheet AS s ON s.name = r.sheet
    WHERE r.points < 0 AND r.min_points IS NULL AND g.min_points IS NULL
      AND CASE r.component WHEN 'fit' THEN s.min_fit ELSE s.min_engagement END IS NULL
      AND CASE r.measure WHEN 'occurrences' THEN NOT r.is_profile AND r.repeat_limit IS NULL AND r.decay = 'none'
                         WHEN 'value' THEN r.decay = 'none' AND NOT r.is_profile
                         WHEN 'inactivity' THEN r.inactive_every IS NOT NULL AND r.max_times IS NULL ELSE false END
      AND NOT r.disqualifies
    UNION ALL
    SELECT 'advice', format('rule "%s"', r.name), 'it is disabled and not part of what publish() makes'
    FROM lead_scoring.rule AS r WHERE r.sheet = advice_on_rules.sheet AND NOT r.enabled
    UNION ALL
    SELECT 'advice', format('group "%s"', g.name), 'it has no rules'
    FROM lead_scoring.rule_group AS g
    WHERE g.sheet = advice_on_rules.sheet AND NOT EXISTS (SELECT FROM lead_scoring.rule AS r WHERE r.sheet = g.sheet AND r.rule_group = g.name AND r.enabled)
$$;
COMMENT ON FUNCTION lead_scoring.advice_on_rules(text) IS 'Rules of a sheet that repeat each other or are known to go wrong';

CREATE FUNCTION lead_scoring.advice_on_upkeep(sheet text, OUT severity text, OUT place text, OUT advice text) RETURNS SETOF record
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    WITH s AS MATERIALIZED (
        SELECT q.*, (now() AT TIME ZONE a.time_zone)::date AS today,
               (SELECT max(r.published_at AT TIME ZONE a.time_zone)::date FROM lead_scoring.sheet_revision AS r WHERE r.sheet = q.name) AS published_on,
               (SELECT count(*) FROM lead_scoring.rule AS r WHERE r.sheet = q.name AND r.enabled) AS rule_count
        FROM lead_scoring.sheet AS q JOIN lead_scoring.audience AS a ON a.name = q.audience WHERE q.name = advice_on_upkeep.sheet)
    SELECT 'advice', 'sheet', format('%s rules are many for the first sheet of an audience: start with three to five that you trust, '
                                      'add the others when these have proved themselves', s.rule_count)
    FROM s
    WHERE s.rule_count > 5
      AND NOT EXISTS (SELECT FROM lead_scoring.sheet AS o JOIN lead_scoring.sheet_revision AS r ON r.sheet = o.name WHERE o.audience = s.audience)
    UNION ALL
    SELECT 'advice', 'sheet', format('nobody has reviewed it since %s; set reviewed_on when you have',
                                     coalesce(s.reviewed_on::text, 'it was published on ' || s.published_on))
    FROM s WHERE coalesce(s.reviewed_on, s.published_on) + interval '3 months' <= s.today
    UNION ALL
    SELECT 'advice', 'sheet', 'it has no description' FROM s WHERE coalesce(s.description, '') = ''
    UNION ALL
    SELECT 'advice', d.place, format('%s of %s have no description: %s', count(*) FILTER (WHERE d.is_missing), count(*),
                                     string_agg(format('"%s"', d.name), ', ' ORDER BY d.name) FILTER (WHERE d.is_missing))
    FROM (SELECT 'rules' AS place, r.name, coalesce(r.description, '') = '' AS is_missing
          FROM lead_scoring.rule AS r WHERE r.sheet = advice_on_upkeep.sheet AND r.enabled
          UNION ALL
          SELECT 'signals', f.signal, coalesce((f.definition).description, '') = '' FROM lead_scoring.sheet_signal_facts(advice_on_upkeep.sheet) AS f
          UNION ALL
          SELECT 'bands', b.name, coalesce(b.description, '') = '' FROM lead_scoring.band AS b WHERE b.sheet = advice_on_upkeep.sheet) AS d
    GROUP BY d.place HAVING bool_or(d.is_missing)
$$;
COMMENT ON FUNCTION lead_scoring.advice_on_upkeep(text) IS 'Whether a sheet is small enough, described and reviewed';

CREATE FUNCTION lead_scoring.check_sheet(sheet text, OUT severity text, OUT place text, OUT advice text) RETURNS SETOF record
    LANGUAGE plpgsql STABLE STRICT ROWS 10 SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO' AS $$
DECLARE
    s lead_scoring.sheet;
BEGIN
    SELECT * INTO s FROM lead_scoring.sheet AS q WHERE q.name = check_sheet.sheet;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'sheet "%" does not exist', sheet
            USING ERRCODE = 'undefined_object', HINT = 'SELECT name FROM lead_scoring.sheet lists the sheets.';
    END IF;
    PERFORM lead_scoring.check_owner(s.audience);
    RETURN QUERY
    SELECT 'error', q.place, format('signal "%s" does not exist in audience "%s"; publish() will refuse the sheet', q.signal, s.audience)
    FROM lead_scoring.sheet_signals(check_sheet.sheet) AS q
    WHERE NOT EXISTS (SELECT FROM lead_scoring.signal AS g WHERE g.audience = s.audience AND g.name = q.signal)
    ORDER BY 2, 3;
    RETURN QUERY
    SELECT 'error', m[1], m[2] || '; publish() will refuse the sheet'
    FROM lead_scoring.compile_problems(check_sheet.sheet) AS p(line),
         LATERAL (SELECT coalesce(regexp_match(regexp_replace(p.line, '^(\w+)s\[\d+\] ("[^"]*")', '\1 \2'), '^(.*?): (.*)$'), ARRAY['sheet', p.line]) AS m) AS m;
    IF NOT EXISTS (SELECT FROM lead_scoring.rule AS r WHERE r.sheet = check_sheet.sheet AND r.enabled) THEN
        RETURN QUERY SELECT 'error', 'sheet', 'it has no enabled rule; publish() will refuse it';
        RETURN;
    END IF;
    RETURN QUERY
    SELECT q.* FROM (SELECT * FROM lead_scoring.advice_on_effect(check_sheet.sheet)
                     UNION ALL SELECT * FROM lead_scoring.advice_on_bands(check_sheet.sheet)
                     UNION ALL SELECT * FROM lead_scoring.advice_on_rules(check_sheet.sheet)
                     UNION ALL SELECT * FROM lead_scoring.advice_on_upkeep(check_sheet.sheet)) AS q
    ORDER BY array_position('{warning,advice}', q.severity), q.place, q.advice;
END $$;
COMMENT ON FUNCTION lead_scoring.check_sheet(text) IS
    'Advice about the present rows of a sheet: errors that publish() would refuse, warnings about what has no effect or goes wrong, and advice from practice. place names the rule, band or tier. No row: nothing to say';
