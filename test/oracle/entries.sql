-- The oracle, part one: the calendar, and from source rows to what can be seen of a lead at an instant.

-- The wall clock of a column's value; NULL when the value cannot count. Only timestamptz needs the zone.
CREATE FUNCTION oracle.wall_clock(at timestamptz, zone text) RETURNS timestamp IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE WHEN isfinite(at) THEN at AT TIME ZONE zone END $$;
CREATE FUNCTION oracle.wall_clock(at timestamp, zone text) RETURNS timestamp IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE WHEN isfinite(at) THEN at END $$;
CREATE FUNCTION oracle.wall_clock(at date, zone text) RETURNS timestamp IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE WHEN isfinite(at) THEN at::timestamp END $$;

-- The tick a wall-clock time falls into; NULL outside the years 1400 to 9999.
CREATE FUNCTION oracle.tick(wall timestamp, resolution text) RETURNS timestamp IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE WHEN wall >= '1400-01-01' AND wall < '10000-01-01' THEN date_trunc(resolution, wall) END $$;

-- Wall-clock hours from one tick to another.
CREATE FUNCTION oracle.hours(a timestamp, b timestamp) RETURNS numeric IMMUTABLE LANGUAGE sql AS
$$ SELECT extract(epoch FROM b - a) / 3600 $$;

-- Nominal length of a span in hours; a month is 30 days.
CREATE FUNCTION oracle.nominal_hours(span interval) RETURNS numeric IMMUTABLE LANGUAGE sql AS
$$ SELECT (extract(year FROM span) * 12 + extract(month FROM span)) * 720
        + extract(day FROM span) * 24 + extract(hour FROM span)
        + extract(minute FROM span) / 60 + extract(second FROM span) / 3600 $$;

-- How many i >= 0 have start + (first + i * every) <= now. Spans are multiplied and added as spans and added to
-- the start once. For a fixed start the instants only grow with i, so bisection is safe; 28 days is the
-- shortest a month can be, which bounds i from above.
CREATE FUNCTION oracle.times_reached(start timestamp, first interval, every interval, now timestamp)
RETURNS numeric IMMUTABLE LANGUAGE plpgsql AS $$
DECLARE
  low  bigint := 0;   -- reached
  high bigint;        -- not reached
  middle bigint;
BEGIN
  IF start + first > now THEN RETURN 0; END IF;
  IF every IS NULL THEN RETURN 1; END IF;
  high := ceil(extract(epoch FROM now - start) / 3600
               / (oracle.nominal_hours(every) * 28 / 30)) + 1;
  WHILE high - low > 1 LOOP
    middle := (low + high) / 2;
    IF start + (first + middle * every) <= now THEN low := middle; ELSE high := middle; END IF;
  END LOOP;
  RETURN low + 1;
END $$;

-- Is an occurrence at t at least `older_than` and less than `within` old, seen from `from_tick`?
CREATE FUNCTION oracle.in_window(t timestamp, older_than interval, within interval, from_tick timestamp)
RETURNS boolean IMMUTABLE LANGUAGE sql AS
$$ SELECT (older_than IS NULL OR t + older_than <= from_tick) AND (within IS NULL OR from_tick < t + within) $$;

-- The rows of one source that match one signal, for one lead. A row on which an expression fails, or whose
-- value is not a number or beyond 10^10, does not count: then the rows are tried one by one.
CREATE FUNCTION oracle.signal_entries(s lead_scoring.signal, lead text) RETURNS oracle.entry[]
STABLE LANGUAGE plpgsql AS $$
DECLARE
  a       lead_scoring.audience;
  src     lead_scoring.source;
  dated   text;    -- expression for the tick; NULL: timeless
  query   text;    -- one row a source row
  row_of  record;
  one     oracle.entry;
  result  oracle.entry[] := '{}';
BEGIN
  SELECT * INTO STRICT a FROM lead_scoring.audience WHERE name = s.audience;
  SELECT * INTO STRICT src FROM lead_scoring.source WHERE audience = s.audience AND name = s.source;
  dated := CASE WHEN src.kind = 'event' THEN quote_ident(src.occurred_at)
                WHEN s.occurred_on IS NOT NULL THEN s.occurred_on END;
  query := format(
    'SELECT %L::text AS signal, %s AS tick, %s AS item, 1::numeric AS count, %s AS value '
    'FROM %s WHERE %I::text = $1',
    s.name,
    CASE WHEN dated IS NULL THEN 'NULL::timestamp'
         ELSE format('oracle.tick(oracle.wall_clock((%s), %L), %L)', dated, a.time_zone, a.resolution) END,
    coalesce('(' || s.distinct_by || ')::text', 'NULL::text'),
    CASE WHEN s.value IS NULL THEN '0::numeric' ELSE format('oracle.row_value((%s)::numeric)', s.value) END,
    src.source_table, src.lead_key)
    || CASE WHEN s.event_type IS NULL THEN '' ELSE format(' AND %I::text = $2', src.event_type) END
    || CASE WHEN s.condition IS NULL THEN '' ELSE format(' AND (%s)', s.condition) END;
  IF dated IS NOT NULL THEN
    query := format('SELECT * FROM (%s) AS f WHERE tick IS NOT NULL', query);
  END IF;
  BEGIN
    EXECUTE format('SELECT coalesce(array_agg(f::oracle.entry), ''{}'') FROM (%s) AS f', query)
      INTO result USING lead, s.event_type;
    RETURN result;
  EXCEPTION WHEN data_exception OR raise_exception THEN
    result := '{}';
  END;
  FOR row_of IN EXECUTE format('SELECT tableoid::regclass AS part, ctid AS place FROM %s WHERE %I::text = $1',
                               src.source_table, src.lead_key) USING lead LOOP
    BEGIN
      -- The one row stands alone behind a fence, so that no other row's failure can be blamed on it.
      EXECUTE replace(query, format(' FROM %s WHERE ', src.source_table),
                      format(' FROM (SELECT * FROM %s WHERE ctid = %L OFFSET 0) AS one_row WHERE ',
                             row_of.part, row_of.place))
        INTO one USING lead, s.event_type;
      IF one.signal IS NOT NULL THEN result := result || one; END IF;
    EXCEPTION WHEN data_exception OR raise_exception THEN
      NULL;  -- this row failed and does not count for this signal
    END;
  END LOOP;
  RETURN result;
END $$;

-- The value of a row: four decimals, half away from zero; NULL is 0.
CREATE FUNCTION oracle.row_value(x numeric) RETURNS numeric IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
  IF x = 'NaN' OR abs(x) > 10000000000 THEN RAISE EXCEPTION 'value % cannot count', x; END IF;
  RETURN coalesce(round(x, 4), 0);
END $$;

-- Everything the sources say about one lead, for every signal of the audience. The creation column is
-- the signal `created`, which create_audience() has written.
CREATE FUNCTION oracle.entries(audience text, lead text) RETURNS oracle.entry[] STABLE LANGUAGE plpgsql AS $$
DECLARE
  s    lead_scoring.signal;
  rows oracle.entry[] := '{}';
BEGIN
  FOR s IN SELECT * FROM lead_scoring.signal AS g WHERE g.audience = entries.audience LOOP
    rows := rows || oracle.signal_entries(s, lead);
  END LOOP;
  RETURN (SELECT coalesce(array_agg(row(signal, tick, item, count, value)::oracle.entry), '{}')
          FROM (SELECT signal, tick, item, sum(count) AS count, sum(value) AS value
                FROM unnest(rows) GROUP BY signal, tick, item) AS e);
END $$;

-- What of it can be seen at an instant. A timeless entry stands at the instant itself.
CREATE FUNCTION oracle.scene(sh lead_scoring.sheet, a lead_scoring.audience, entries oracle.entry[],
                             as_of timestamptz) RETURNS oracle.scene STABLE LANGUAGE plpgsql AS $$
DECLARE
  c     oracle.scene;
  names text[];
BEGIN
  c.now := oracle.tick(oracle.wall_clock(as_of, a.time_zone), a.resolution);
  IF c.now IS NULL THEN RAISE EXCEPTION 'as_of % is outside the years 1400 to 9999', as_of; END IF;
  c.entries := ARRAY(SELECT row(signal, coalesce(tick, c.now), item, count, value)::oracle.entry
                     FROM unnest(entries) WHERE coalesce(tick, c.now) <= c.now);
  c.ahead := ARRAY(SELECT DISTINCT signal FROM unnest(entries) WHERE tick > c.now);
  names := coalesce(sh.activity, ARRAY(
    SELECT g.name FROM lead_scoring.signal AS g JOIN lead_scoring.source AS src
      ON src.audience = g.audience AND src.name = g.source
    WHERE g.audience = a.name AND src.kind = 'event' AND g.is_activity IS NOT FALSE));
  c.active_at := (SELECT max(tick) FROM unnest(c.entries) WHERE signal = ANY (names));
  c.created := (SELECT max(tick) FROM unnest(c.entries) WHERE signal = 'created');
  RETURN c;
END $$;

-- Guards and segments: is the raw count inside [min, max]? A bare name means min 1.
CREATE FUNCTION oracle.is_open(c oracle.scene, name text, min bigint, max bigint, within interval,
                               older_than interval) RETURNS boolean STABLE LANGUAGE sql AS $$
  SELECT name IS NULL OR n >= CASE WHEN min IS NULL AND max IS NULL THEN 1 ELSE coalesce(min, 0) END
                         AND (max IS NULL OR n <= max)
  FROM (SELECT coalesce(sum(count), 0) AS n FROM unnest(c.entries)
        WHERE signal = name AND oracle.in_window(tick, older_than, within, c.now)) AS counted
$$;
