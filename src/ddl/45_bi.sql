-- For any table, with no set-up: points by age, buying cycles and bands as plain functions of their arguments.
--
-- The rules are those of sheets, to the microsecond instead of to the tick. A timestamp is a wall-clock time as it
-- stands, a date is its midnight, and a timestamptz is read in UTC: no setting of the session has a say, and so all
-- of this is immutable. Who wants days of a place passes times of that place: at AT TIME ZONE 'Europe/Berlin'.
--
-- Results are rounded once, half away from zero, to four decimals, or to as many as the points have when these are
-- more (zeros at their end do not count). What happens after as_of counts 0, and so does an infinite time or one
-- outside the years 1400 to 9999; an infinite as_of gives NULL, as does any argument that is NULL.

CREATE FUNCTION lead_scoring.decay_exponential(points numeric, at timestamptz, as_of timestamptz, half_life interval) RETURNS numeric
    AS 'MODULE_PATHNAME', 'ls_decay_exponential' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.decay_exponential(points numeric, at timestamp, as_of timestamp, half_life interval) RETURNS numeric
    AS 'MODULE_PATHNAME', 'ls_decay_exponential' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.decay_exponential(points numeric, at date, as_of date, half_life interval) RETURNS numeric
    AS 'MODULE_PATHNAME', 'ls_decay_exponential_date' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.decay_exponential(numeric, timestamptz, timestamptz, interval) IS
    'Points that halve with every half_life since at: points * 2^(-elapsed/half_life), from exact elapsed time; a month of a half-life is 30 days. Instants are read in UTC';
COMMENT ON FUNCTION lead_scoring.decay_exponential(numeric, timestamp, timestamp, interval) IS
    'Points that halve with every half_life since at: points * 2^(-elapsed/half_life), from exact elapsed time; a month of a half-life is 30 days. Times are wall-clock times';
COMMENT ON FUNCTION lead_scoring.decay_exponential(numeric, date, date, interval) IS
    'Points that halve with every half_life since at: points * 2^(-elapsed/half_life), from exact elapsed time; a month of a half-life is 30 days. Dates are their midnights';

CREATE FUNCTION lead_scoring.decay_linear(points numeric, at timestamptz, as_of timestamptz, lifespan interval) RETURNS numeric
    AS 'MODULE_PATHNAME', 'ls_decay_linear' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.decay_linear(points numeric, at timestamp, as_of timestamp, lifespan interval) RETURNS numeric
    AS 'MODULE_PATHNAME', 'ls_decay_linear' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.decay_linear(points numeric, at date, as_of date, lifespan interval) RETURNS numeric
    AS 'MODULE_PATHNAME', 'ls_decay_linear_date' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.decay_linear(numeric, timestamptz, timestamptz, interval) IS
    'Points that shrink evenly to 0 between at and at + lifespan. Instants are read in UTC';
COMMENT ON FUNCTION lead_scoring.decay_linear(numeric, timestamp, timestamp, interval) IS
    'Points that shrink evenly to 0 between at and at + lifespan. Times are wall-clock times';
COMMENT ON FUNCTION lead_scoring.decay_linear(numeric, date, date, interval) IS
    'Points that shrink evenly to 0 between at and at + lifespan. Dates are their midnights';

CREATE FUNCTION lead_scoring.decay_step(points numeric, at timestamptz, as_of timestamptz, percent numeric, every interval) RETURNS numeric
    AS 'MODULE_PATHNAME', 'ls_decay_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.decay_step(points numeric, at timestamp, as_of timestamp, percent numeric, every interval) RETURNS numeric
    AS 'MODULE_PATHNAME', 'ls_decay_step' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lead_scoring.decay_step(points numeric, at date, as_of date, percent numeric, every interval) RETURNS numeric
    AS 'MODULE_PATHNAME', 'ls_decay_step_date' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.decay_step(numeric, timestamptz, timestamptz, numeric, interval) IS
    'Points that lose percent of the original at at + every, at at + 2 * every and so on by the calendar, down to 0; whole months, days and hours. Instants are read in UTC';
COMMENT ON FUNCTION lead_scoring.decay_step(numeric, timestamp, timestamp, numeric, interval) IS
    'Points that lose percent of the original at at + every, at at + 2 * every and so on by the calendar, down to 0; whole months, days and hours. Times are wall-clock times';
COMMENT ON FUNCTION lead_scoring.decay_step(numeric, date, date, numeric, interval) IS
    'Points that lose percent of the original at at + every, at at + 2 * every and so on by the calendar, down to 0; whole months, days and hours. Dates are their midnights';

-- NULL for step: the points grow evenly. NULL for hold: they stay after the due date.
CREATE FUNCTION lead_scoring.cycle_points(
    last_order timestamptz, as_of timestamptz, cycle interval, step interval, points numeric, hold interval DEFAULT NULL
) RETURNS numeric
    AS 'MODULE_PATHNAME', 'ls_cycle_points' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION lead_scoring.cycle_points(
    last_order timestamp, as_of timestamp, cycle interval, step interval, points numeric, hold interval DEFAULT NULL
) RETURNS numeric
    AS 'MODULE_PATHNAME', 'ls_cycle_points' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION lead_scoring.cycle_points(
    last_order date, as_of date, cycle interval, step interval, points numeric, hold interval DEFAULT NULL
) RETURNS numeric
    AS 'MODULE_PATHNAME', 'ls_cycle_points_date' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.cycle_points(timestamptz, timestamptz, interval, interval, numeric, interval) IS
    'Points of a buying cycle: 0 at the last order, all from last_order + cycle on, in between step by step (NULL: evenly); 0 again from last_order + cycle + hold on (NULL: never). Instants are read in UTC';
COMMENT ON FUNCTION lead_scoring.cycle_points(timestamp, timestamp, interval, interval, numeric, interval) IS
    'Points of a buying cycle: 0 at the last order, all from last_order + cycle on, in between step by step (NULL: evenly); 0 again from last_order + cycle + hold on (NULL: never). Times are wall-clock times';
COMMENT ON FUNCTION lead_scoring.cycle_points(date, date, interval, interval, numeric, interval) IS
    'Points of a buying cycle: 0 at the last order, all from last_order + cycle on, in between step by step (NULL: evenly); 0 again from last_order + cycle + hold on (NULL: never). Dates are their midnights';

-- The state is the exact sum of points times weight, in units of 2^-30: an ordinary number that any plan, parallel
-- or not, adds up to the same.
CREATE FUNCTION lead_scoring.decayed_sum_add(state numeric, points numeric, at timestamptz, as_of timestamptz, half_life interval)
    RETURNS numeric
    AS 'MODULE_PATHNAME', 'ls_decayed_sum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION lead_scoring.decayed_sum_add(state numeric, points numeric, at timestamp, as_of timestamp, half_life interval)
    RETURNS numeric
    AS 'MODULE_PATHNAME', 'ls_decayed_sum' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION lead_scoring.decayed_sum_add(state numeric, points numeric, at date, as_of date, half_life interval)
    RETURNS numeric
    AS 'MODULE_PATHNAME', 'ls_decayed_sum_date' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION lead_scoring.decayed_sum_combine(state numeric, other numeric) RETURNS numeric
    AS 'MODULE_PATHNAME', 'ls_decayed_sum_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION lead_scoring.decayed_sum_final(state numeric) RETURNS numeric
    AS 'MODULE_PATHNAME', 'ls_decayed_sum_final' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.decayed_sum_add(numeric, numeric, timestamptz, timestamptz, interval) IS 'Transition function of decayed_sum';
COMMENT ON FUNCTION lead_scoring.decayed_sum_add(numeric, numeric, timestamp, timestamp, interval) IS 'Transition function of decayed_sum';
COMMENT ON FUNCTION lead_scoring.decayed_sum_add(numeric, numeric, date, date, interval) IS 'Transition function of decayed_sum';
COMMENT ON FUNCTION lead_scoring.decayed_sum_combine(numeric, numeric) IS 'Combine function of decayed_sum';
COMMENT ON FUNCTION lead_scoring.decayed_sum_final(numeric) IS 'Final function of decayed_sum';

CREATE AGGREGATE lead_scoring.decayed_sum(points numeric, at timestamptz, as_of timestamptz, half_life interval) (
    SFUNC = lead_scoring.decayed_sum_add,
    STYPE = numeric,
    COMBINEFUNC = lead_scoring.decayed_sum_combine,
    FINALFUNC = lead_scoring.decayed_sum_final,
    PARALLEL = SAFE
);
CREATE AGGREGATE lead_scoring.decayed_sum(points numeric, at timestamp, as_of timestamp, half_life interval) (
    SFUNC = lead_scoring.decayed_sum_add,
    STYPE = numeric,
    COMBINEFUNC = lead_scoring.decayed_sum_combine,
    FINALFUNC = lead_scoring.decayed_sum_final,
    PARALLEL = SAFE
);
CREATE AGGREGATE lead_scoring.decayed_sum(points numeric, at date, as_of date, half_life interval) (
    SFUNC = lead_scoring.decayed_sum_add,
    STYPE = numeric,
    COMBINEFUNC = lead_scoring.decayed_sum_combine,
    FINALFUNC = lead_scoring.decayed_sum_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE lead_scoring.decayed_sum(numeric, timestamptz, timestamptz, interval) IS
    'Sum of points that halve with every half_life since at, rounded once at the end. Rows with a NULL are left out; no row: NULL. Instants are read in UTC';
COMMENT ON AGGREGATE lead_scoring.decayed_sum(numeric, timestamp, timestamp, interval) IS
    'Sum of points that halve with every half_life since at, rounded once at the end. Rows with a NULL are left out; no row: NULL. Times are wall-clock times';
COMMENT ON AGGREGATE lead_scoring.decayed_sum(numeric, date, date, interval) IS
    'Sum of points that halve with every half_life since at, rounded once at the end. Rows with a NULL are left out; no row: NULL. Dates are their midnights';

CREATE FUNCTION lead_scoring.classify(score numeric, thresholds numeric[], names text[]) RETURNS text
    AS 'MODULE_PATHNAME', 'ls_classify' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lead_scoring.classify(numeric, numeric[], text[]) IS
    'Name of the highest threshold that the score reaches; NULL below all of them. Thresholds ascend, and there is a name for each';

CREATE FUNCTION lead_scoring.classify(score numeric, bands jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
    SELECT lead_scoring.classify(classify.score, array_agg(b.value::numeric ORDER BY b.value::numeric, b.key),
                                 array_agg(b.key ORDER BY b.value::numeric, b.key))
    FROM jsonb_each_text(classify.bands) AS b
$$;
COMMENT ON FUNCTION lead_scoring.classify(numeric, jsonb) IS
    'The same with the bands as an object of names and thresholds in any order: classify(score, ''{"cold": 0, "MQL": 60, "SQL": 80}'')';
