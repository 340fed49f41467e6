-- The oracle, part two: what one rule finds in a scene.

-- The occurrences of a rule's signal; with `since`, those later than that signal's last one.
CREATE FUNCTION oracle.own(r lead_scoring.rule, c oracle.scene) RETURNS oracle.entry[] STABLE LANGUAGE sql AS $$
  SELECT coalesce(array_agg(e), '{}') FROM unnest(c.entries) AS e
  WHERE signal = r.signal
    AND (r.since_signal IS NULL
         OR tick > coalesce((SELECT max(tick) FROM unnest(c.entries) WHERE signal = r.since_signal), '-infinity'))
$$;

-- Those that survive validity and the repeat limit. A limit keeps the earliest of each period over the whole
-- valid history; a tick gives as many as are left.
CREATE FUNCTION oracle.survivors(r lead_scoring.rule, c oracle.scene) RETURNS oracle.entry[]
STABLE LANGUAGE sql AS $$
  SELECT coalesce(array_agg(row(signal, tick, item, kept, value)::oracle.entry ORDER BY tick)
                    FILTER (WHERE kept > 0), '{}')
  FROM (
    SELECT signal, tick, item, value,
           CASE WHEN r.repeat_limit IS NULL THEN count
                ELSE least(count, r.repeat_limit - coalesce(sum(count) OVER earlier, 0)) END AS kept
    FROM unnest(oracle.own(r, c))
    WHERE (r.valid_from IS NULL OR tick::date >= r.valid_from)
      AND (r.valid_to IS NULL OR tick::date <= r.valid_to)
    WINDOW earlier AS (
      PARTITION BY CASE WHEN r.repeat_period <> 'ever' THEN date_trunc(r.repeat_period, tick) END,
                   CASE WHEN r.repeat_per_item THEN item END
      ORDER BY tick, item ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
  ) AS limited
$$;

-- Weight of an occurrence in units of 2^-30, the exact real number rounded half up. Only a whole number of
-- half-lives can lie on a rounding border, so it is done in integers; 80 digits settle all others.
CREATE FUNCTION oracle.weight(r lead_scoring.rule, t timestamp, c oracle.scene) RETURNS numeric
STABLE LANGUAGE plpgsql AS $$
DECLARE
  one   constant bigint := 1073741824;   -- 2^30
  ln_2  constant numeric :=
    0.69314718055994530941723212145817656807550013436025525412068000949339362196969471560586;
  since timestamp := CASE r.decay_anchor WHEN 'activity' THEN greatest(t, c.active_at) ELSE t END;
  age   numeric := oracle.hours(since, c.now);
  half  numeric;
  over  timestamp := since + r.lifespan;
BEGIN
  CASE r.decay
  WHEN 'none' THEN
    RETURN one;
  WHEN 'exponential' THEN
    half := oracle.nominal_hours(r.half_life);
    IF age > 40 * half THEN RETURN 0; END IF;
    IF mod(age, half) = 0 THEN RETURN floor(one / power(2::numeric, age / half) + 0.5); END IF;
    RETURN floor(one * exp(-age * ln_2 / half) + 0.5);
  WHEN 'linear' THEN
    IF over >= '10000-01-01' THEN RETURN one; END IF;   -- the end is never
    IF over <= c.now THEN RETURN 0; END IF;
    RETURN div(2 * one * oracle.hours(c.now, over) + oracle.hours(since, over),
               2 * oracle.hours(since, over));
  WHEN 'step' THEN
    RETURN floor(one * greatest(0, 1 - oracle.times_reached(since, r.lose_every, r.lose_every, c.now)
                                       * r.lose_percent * 0.01) + 0.5);
  WHEN 'expire' THEN
    RETURN CASE WHEN over <= c.now THEN 0 ELSE one END;
  END CASE;
END $$;

-- occurrences and value: points times the weighted sum, rounded once. 5^30 / 10^30 is 2^-30 exactly.
CREATE FUNCTION oracle.weighted(r lead_scoring.rule, c oracle.scene, kept oracle.entry[]) RETURNS oracle.finding
STABLE LANGUAGE sql AS $$
  SELECT row(coalesce(bool_or(w > 0), false), coalesce(sum(count), 0),
             round(coalesce(r.points * sum(w * CASE r.measure WHEN 'value' THEN value ELSE count END)
                              * 0.000000000931322574615478515625, 0), 3),
             'decayed')::oracle.finding
  FROM (SELECT *, oracle.weight(r, tick, c) AS w FROM unnest(kept)) AS e
$$;

-- tiers: the first tier in order whose min <= n <= max.
CREATE FUNCTION oracle.tiered(r lead_scoring.rule, c oracle.scene, kept oracle.entry[]) RETURNS oracle.finding
STABLE LANGUAGE plpgsql AS $$
DECLARE
  tier    lead_scoring.rule_tier;
  seen_at timestamp := c.now;   -- windows look back from here
  n       numeric := 0;
BEGIN
  IF r.count_by = 'value' AND r.repeat_limit IS NOT NULL THEN
    RAISE EXCEPTION 'rule %: which of several rows of one tick a limit drops is not defined for values', r.name;
  END IF;
  IF r.window_anchor = 'last' THEN
    seen_at := coalesce((SELECT max(tick) FROM unnest(kept)), c.now);
  END IF;
  FOR tier IN SELECT * FROM lead_scoring.rule_tier AS x WHERE x.sheet = r.sheet AND x.rule = r.name
              ORDER BY x.position LOOP
    SELECT CASE r.count_by WHEN 'occurrences' THEN coalesce(sum(count), 0)
                           WHEN 'value' THEN coalesce(sum(value), 0)
                           ELSE count(DISTINCT coalesce('=' || item, 'null')) END
      INTO n FROM unnest(kept) WHERE oracle.in_window(tick, tier.older_than, tier.within, seen_at);
    IF n >= coalesce(tier.min, 1) AND (tier.max IS NULL OR n <= tier.max) THEN
      RETURN row(true, n, tier.points, NULL)::oracle.finding;
    END IF;
  END LOOP;
  RETURN row(false, n, 0, 'no tier')::oracle.finding;
END $$;

-- inactivity: how often `after`, then `every`, has passed since the last sign of life.
CREATE FUNCTION oracle.inactive(r lead_scoring.rule, c oracle.scene) RETURNS oracle.finding
STABLE LANGUAGE plpgsql AS $$
DECLARE
  start timestamp := CASE WHEN r.signal IS NULL THEN c.active_at
                          ELSE (SELECT max(tick) FROM unnest(c.entries) WHERE signal = r.signal) END;
  n     numeric;
BEGIN
  start := coalesce(start, c.created);
  IF start IS NULL THEN RETURN row(false, 0, 0, 'never active')::oracle.finding; END IF;
  n := least(oracle.times_reached(start, r.inactive_after, r.inactive_every, c.now), r.max_times);
  RETURN row(n >= 1, n, coalesce(r.points, 0) * n, 'active')::oracle.finding;
END $$;

-- The days between purchases: the median gap between distinct dates, two middle gaps averaged, half a day up.
-- NULL with fewer than three dates.
CREATE FUNCTION oracle.learned_cycle(kept oracle.entry[]) RETURNS integer IMMUTABLE LANGUAGE sql AS $$
  SELECT CASE WHEN count(*) >= 2
              THEN ((gaps[(count(*) + 1) / 2] + gaps[count(*) / 2 + 1] + 1) / 2)::integer END
  FROM (SELECT array_agg(gap ORDER BY gap) AS gaps
        FROM (SELECT day - lag(day) OVER (ORDER BY day) AS gap
              FROM (SELECT DISTINCT tick::date AS day FROM unnest(kept)) AS days) AS between_days
        WHERE gap IS NOT NULL) AS sorted, unnest(gaps)
  GROUP BY gaps
$$;

-- cycle: the share of the way from the last purchase to the next. Lengths in a ratio are nominal.
CREATE FUNCTION oracle.cycle(r lead_scoring.rule, c oracle.scene, kept oracle.entry[]) RETURNS oracle.finding
STABLE LANGUAGE plpgsql AS $$
DECLARE
  last  timestamp := (SELECT max(tick) FROM unnest(kept));
  seen  numeric := (SELECT coalesce(sum(count), 0) FROM unnest(kept));
  span  interval := r.cycle;
  above numeric;   -- the share is above / below
  below numeric;
BEGIN
  IF r.cycle_learned THEN span := coalesce(make_interval(days => oracle.learned_cycle(kept)), r.cycle); END IF;
  IF span IS NULL OR last IS NULL THEN RETURN row(false, seen, 0, 'cycle unknown')::oracle.finding; END IF;
  IF last + (span + r.cycle_hold) <= c.now THEN RETURN row(false, seen, 0, 'hold over')::oracle.finding; END IF;
  IF last + span <= c.now THEN
    above := 1; below := 1;
  ELSIF r.cycle_step IS NOT NULL THEN
    below := oracle.nominal_hours(span);
    above := least(below, oracle.nominal_hours(r.cycle_step)
                          * oracle.times_reached(last, r.cycle_step, r.cycle_step, c.now));
  ELSE
    above := oracle.hours(last, c.now);
    below := oracle.hours(last, last + span);
  END IF;
  -- Half away from zero of an exact fraction, which a rounded quotient could miss.
  RETURN row(above > 0, seen,
             sign(r.points) * div(2000 * abs(r.points) * above + below, 2 * below) / 1000,
             'cycle just begun')::oracle.finding;
END $$;

-- season: fixed windows and months, or the months that the lead itself has taught.
CREATE FUNCTION oracle.season(r lead_scoring.rule, c oracle.scene, kept oracle.entry[]) RETURNS oracle.finding
STABLE LANGUAGE plpgsql AS $$
DECLARE
  today text := to_char(c.now, 'MM-DD');
  years numeric := 0;
  open  boolean;
BEGIN
  IF r.season_learned THEN
    years := (SELECT count(DISTINCT extract(year FROM tick)) FROM unnest(kept)
              WHERE extract(month FROM tick) = extract(month FROM c.now)
                AND extract(year FROM tick) < extract(year FROM c.now));
    open := years >= 2;
  ELSE
    open := coalesce(extract(month FROM c.now)::integer = ANY (r.season_months), false)
         OR EXISTS (SELECT FROM unnest(r.season_windows) AS w,
                           LATERAL (SELECT split_part(w, '/', 1) AS first, split_part(w, '/', 2) AS last) AS p
                    WHERE CASE WHEN first <= last THEN today BETWEEN first AND last
                               ELSE today >= first OR today <= last END);
  END IF;
  RETURN row(open, years, CASE WHEN open THEN r.points ELSE 0 END, 'out of season')::oracle.finding;
END $$;

-- The explain row of one rule, before any clamp.
CREATE FUNCTION oracle.rule_line(r lead_scoring.rule, c oracle.scene) RETURNS oracle.line
STABLE LANGUAGE plpgsql AS $$
DECLARE
  kept    oracle.entry[] := oracle.survivors(r, c);
  f       oracle.finding;
  counts  constant boolean := r.signal IS NOT NULL AND r.measure <> 'inactivity';   -- occurrences of its own
  present numeric := 0;
  dropped numeric := 0;
  reason  text;
BEGIN
  f := CASE WHEN r.measure IN ('occurrences', 'value') THEN oracle.weighted(r, c, kept)
            WHEN r.measure = 'tiers' THEN oracle.tiered(r, c, kept)
            WHEN r.measure = 'inactivity' THEN oracle.inactive(r, c)
            WHEN r.measure = 'cycle' THEN oracle.cycle(r, c, kept)
            WHEN r.measure = 'season' THEN oracle.season(r, c, kept) END;
  IF counts THEN
    present := (SELECT coalesce(sum(count), 0) FROM unnest(c.entries) WHERE signal = r.signal);
    dropped := present - (SELECT coalesce(sum(count), 0) FROM unnest(kept));
  END IF;
  IF NOT oracle.is_open(c, r.guard_signal, r.guard_min, r.guard_max, r.guard_within, r.guard_older_than) THEN
    f.holds := false;
    reason := 'guard';
  ELSIF NOT f.holds THEN
    reason := CASE WHEN NOT counts OR cardinality(kept) > 0 THEN f.reason
                   WHEN cardinality(oracle.own(r, c)) > 0 THEN 'not valid'
                   WHEN r.signal = ANY (c.ahead) THEN 'not yet'
                   ELSE 'no occurrence' END;
  END IF;
  RETURN row(r.component, r.rule_group, r.name, r.signal, 'rule', f.holds, f.counted, dropped,
             CASE WHEN f.holds THEN oracle.clamp(f.points, -1000000000, 1000000000) ELSE 0 END,
             reason)::oracle.line;
END $$;
