-- From the rows of a sheet to the JSON of its model.

CREATE FUNCTION lead_scoring.iso_interval(span interval) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = 'iso_8601' AS
$$ SELECT span::text $$;
COMMENT ON FUNCTION lead_scoring.iso_interval(interval) IS 'An interval in ISO 8601, as models have it';

CREATE FUNCTION lead_scoring.condition_json(signal text, min bigint, max bigint, within interval, older_than interval) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$ SELECT CASE WHEN signal IS NOT NULL OR min IS NOT NULL OR max IS NOT NULL OR within IS NOT NULL OR older_than IS NOT NULL
          THEN jsonb_strip_nulls(jsonb_build_object('signal', signal,
               'min', CASE WHEN min IS NULL AND max IS NULL THEN 1 ELSE min END, 'max', max,
               'within', lead_scoring.iso_interval(within), 'older_than', lead_scoring.iso_interval(older_than))) END $$;
COMMENT ON FUNCTION lead_scoring.condition_json(text, bigint, bigint, interval, interval) IS 'A guard or segment as models have it; a bare signal means at least one occurrence';

CREATE FUNCTION lead_scoring.rule_json(r lead_scoring.rule) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'name', r.name, 'component', r.component, 'group', r.rule_group, 'signal', r.signal, 'measure', r.measure,
        'points', r.points, 'min', r.min_points, 'max', r.max_points,
        'decay', CASE WHEN r.decay <> 'none' OR r.decay_anchor <> 'occurrence' OR r.half_life IS NOT NULL OR r.lifespan IS NOT NULL
                           OR r.lose_percent IS NOT NULL OR r.lose_every IS NOT NULL
                 THEN jsonb_build_object('kind', r.decay, 'half_life', lead_scoring.iso_interval(r.half_life),
                      'lifespan', lead_scoring.iso_interval(r.lifespan), 'percent', r.lose_percent,
                      'every', lead_scoring.iso_interval(r.lose_every), 'anchor', nullif(r.decay_anchor, 'occurrence')) END,
        'repeat', CASE WHEN r.repeat_limit IS NOT NULL OR r.repeat_period <> 'ever' OR r.repeat_per_item
                  THEN jsonb_build_object('limit', r.repeat_limit, 'period', nullif(r.repeat_period, 'ever'),
                       'per_item', nullif(r.repeat_per_item, false)) END,
        'valid_from', to_char(r.valid_from, 'FMYYYY-MM-DD'), 'valid_to', to_char(r.valid_to, 'FMYYYY-MM-DD'),
        'count_by', nullif(r.count_by, 'occurrences'), 'window_anchor', nullif(r.window_anchor, 'now'),
        'tiers', (SELECT jsonb_agg(jsonb_build_object('min', t.min, 'max', t.max, 'points', t.points,
                         'within', lead_scoring.iso_interval(t.within), 'older_than', lead_scoring.iso_interval(t.older_than))
                         ORDER BY t.position)
                  FROM lead_scoring.rule_tier AS t WHERE t.sheet = r.sheet AND t.rule = r.name),
        'after', lead_scoring.iso_interval(r.inactive_after), 'every', lead_scoring.iso_interval(r.inactive_every),
        'max_times', r.max_times, 'ceiling', r.ceiling,
        'cycle', lead_scoring.iso_interval(r.cycle), 'learned', nullif(r.cycle_learned OR r.season_learned, false),
        'step', lead_scoring.iso_interval(r.cycle_step),
        'linear', CASE WHEN r.measure = 'cycle' AND r.cycle_step IS NULL THEN true END,
        'hold', lead_scoring.iso_interval(r.cycle_hold),
        'windows', (SELECT jsonb_agg(to_jsonb(string_to_array(w, '/')) ORDER BY n)
                    FROM unnest(r.season_windows) WITH ORDINALITY AS u(w, n)),
        'months', to_jsonb(r.season_months),
        'guard', lead_scoring.condition_json(r.guard_signal, r.guard_min, r.guard_max, r.guard_within, r.guard_older_than),
        'since', r.since_signal, 'disqualifies', nullif(r.disqualifies, false), 'forces_band', r.forces_band,
        'hand_raise', nullif(r.hand_raise, false)))
$$;
COMMENT ON FUNCTION lead_scoring.rule_json(lead_scoring.rule) IS 'A rule as models have it';

-- The names a sheet needs: of its rules, its segment and its activity; with the place, for errors.
CREATE FUNCTION lead_scoring.sheet_signals(sheet text, OUT signal text, OUT place text) RETURNS SETOF record
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT u.signal, format('rule "%s"', r.name)
    FROM lead_scoring.rule AS r, unnest(ARRAY[r.signal, r.guard_signal, r.since_signal]) AS u(signal)
    WHERE r.sheet = sheet_signals.sheet AND r.enabled AND u.signal IS NOT NULL
    UNION
    SELECT s.segment_signal, 'the segment' FROM lead_scoring.sheet AS s WHERE s.name = sheet_signals.sheet AND s.segment_signal IS NOT NULL
    UNION
    SELECT a.signal, 'the activity list' FROM lead_scoring.sheet AS s, unnest(s.activity) AS a(signal) WHERE s.name = sheet_signals.sheet
    UNION
    SELECT g.name, 'the activity of the audience'
    FROM lead_scoring.sheet AS s JOIN lead_scoring.signal AS g ON g.audience = s.audience
         JOIN lead_scoring.source AS c ON c.audience = g.audience AND c.name = g.source
    WHERE s.name = sheet_signals.sheet AND s.activity IS NULL AND coalesce(g.is_activity, c.kind = 'event')
    UNION
    SELECT 'created', 'the creation time'
    FROM lead_scoring.sheet AS s JOIN lead_scoring.audience AS a ON a.name = s.audience
    WHERE s.name = sheet_signals.sheet AND a.created_at IS NOT NULL
$$;
COMMENT ON FUNCTION lead_scoring.sheet_signals(text) IS 'Signals a sheet needs, and where';

CREATE FUNCTION lead_scoring.compile_sheet(sheet text, numbers jsonb) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'format', 1, 'time_zone', a.time_zone, 'resolution', a.resolution,
        'signals', numbers - 'created' || CASE WHEN EXISTS (SELECT FROM lead_scoring.rule AS r WHERE r.sheet = s.name AND r.enabled
                                  AND 'created' IN (r.signal, r.guard_signal, r.since_signal)) OR s.segment_signal = 'created'
                   THEN jsonb_build_object('created', numbers -> 'created') ELSE '{}' END,
        'activity', coalesce((SELECT jsonb_agg(DISTINCT q.signal ORDER BY q.signal) FROM lead_scoring.sheet_signals(s.name) AS q
                              WHERE q.place IN ('the activity list', 'the activity of the audience')), '[]'),
        'created', numbers -> 'created',
        'min_score', s.min_score, 'max_score', s.max_score,
        'components', jsonb_build_object('engagement', jsonb_build_object('min', s.min_engagement, 'max', s.max_engagement),
                                         'fit', jsonb_build_object('min', s.min_fit, 'max', s.max_fit)),
        'groups', (SELECT jsonb_agg(jsonb_build_object('name', g.name, 'component', g.component, 'min', g.min_points, 'max', g.max_points,
                                    'persona', nullif(g.persona, false)) ORDER BY g.position, g.name)
                   FROM lead_scoring.rule_group AS g WHERE g.sheet = s.name),
        'rules', (SELECT jsonb_agg(lead_scoring.rule_json(r) ORDER BY r.position, r.name)
                  FROM lead_scoring.rule AS r WHERE r.sheet = s.name AND r.enabled),
        'grades', (SELECT jsonb_agg(jsonb_build_object('name', g.name, 'min', g.threshold) ORDER BY g.threshold DESC, g.name)
                   FROM lead_scoring.grade AS g WHERE g.sheet = s.name AND g.kind = 'grade'),
        'levels', (SELECT jsonb_agg(jsonb_build_object('name', g.name, 'min', g.threshold) ORDER BY g.threshold DESC, g.name)
                   FROM lead_scoring.grade AS g WHERE g.sheet = s.name AND g.kind = 'level'),
        'bands', (SELECT jsonb_agg(jsonb_build_object('name', b.name, 'rank', b.rank, 'min_score', b.min_score,
                                   'exclusive', nullif(b.exclusive, false), 'min_fit', b.min_fit, 'min_engagement', b.min_engagement,
                                   'min_grade', b.min_grade, 'min_level', b.min_level) ORDER BY b.rank, b.name)
                  FROM lead_scoring.band AS b WHERE b.sheet = s.name),
        'segment', lead_scoring.condition_json(s.segment_signal, s.segment_min, s.segment_max, s.segment_within, s.segment_older_than)))
    FROM lead_scoring.sheet AS s JOIN lead_scoring.audience AS a ON a.name = s.audience
    WHERE s.name = compile_sheet.sheet
$$;
COMMENT ON FUNCTION lead_scoring.compile_sheet(text, jsonb) IS
    'The present rows of a sheet as the JSON of a model; numbers gives the number of each signal it needs. Casting the result to model checks it';
