-- Points by age, buying cycles and bands for any table, with no set-up: no audience, no sheet, just functions of
-- their arguments.
SET search_path = public, lead_scoring;
SET timezone = 'America/New_York';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';

--
-- Decay
--

-- Exponential: half after each half-life, from exact elapsed time.
SELECT day, decay_exponential(100, DATE '2026-01-01', day, '30 days')
FROM (VALUES (DATE '2026-01-01'), ('2026-01-16'), ('2026-01-31'), ('2026-03-02'), ('2027-01-01')) AS d (day);

-- Linear: 9 points over 90 days are 8.7 after three (V14), and nothing from the 90th day on.
SELECT day, decay_linear(9, DATE '2026-01-01', day, '90 days')
FROM (VALUES (DATE '2026-01-01'), ('2026-01-04'), ('2026-02-15'), ('2026-03-31'), ('2026-04-01'), ('2026-04-02')) AS d (day);

-- Step: 10 points that lose 50 % a month are 10, 5 and 0 (V13). The months are the calendar's, counted from the start:
-- the second step of something of 31 January falls on 31 March.
SELECT day, decay_step(10, DATE '2026-01-31', day, 50, '1 month')
FROM (VALUES (DATE '2026-01-31'), ('2026-02-27'), ('2026-02-28'), ('2026-03-30'), ('2026-03-31'), ('2026-12-31')) AS d (day);

-- The closed forms in plain SQL, over many ages and points of any sign and size. Linear and step are exact.
SELECT count(*) AS cases,
       count(*) FILTER (WHERE decay_linear(p, at, at + age, '250 hours')
                              = round(p * greatest(0, 250 * 3600 - extract(epoch FROM age)) / (250 * 3600), 4)) AS linear,
       count(*) FILTER (WHERE decay_step(p, at, at + age, 12.5, '20 hours')
                              = round(p * greatest(0, 8 - div(extract(epoch FROM age), 72000)) / 8, 4)) AS step,
       count(*) FILTER (WHERE abs(decay_exponential(p, at, at + age, '20 hours')
                                  - p * power(0.5, extract(epoch FROM age) / 72000)) <= abs(p) / 2::numeric ^ 30 + 0.00005) AS exponential
FROM (SELECT timestamp '2026-01-31 10:20:30' AS at, i * interval '1 hour 1 minute 0.7 seconds' AS age,
             ((i * 7919) % 2001 - 1000) * 12.3457 AS p
      FROM generate_series(0, 1000) AS i) AS c;

-- Results have four decimals, or as many as the points when these have more; halves are rounded away from zero.
SELECT decay_linear(0.0001, DATE '2026-01-01', '2026-01-02', '2 days') AS up,
       decay_linear(-0.0001, DATE '2026-01-01', '2026-01-02', '2 days') AS down,
       decay_linear(0.000012, DATE '2026-01-01', '2026-01-02', '2 days') AS small,
       decay_linear(1, DATE '2026-01-01', '2026-01-02', '3 days') AS third,
       decay_linear(123456789012345678901234567890, DATE '2026-01-01', '2026-01-02', '2 days') AS large;

--
-- Kinds of time
--

-- What is still to come counts 0, also by a microsecond, and so does what has no place in the calendar.
SELECT at, decay_exponential(1, at, '2026-01-02', '1 day') AS exponential, decay_linear(1, at, '2026-01-02', '1000 years') AS linear,
       decay_step(1, at, '2026-01-02', 0.001, '1 day') AS step, cycle_points(at, '2026-01-02', '1 day', NULL, 1) AS cycle
FROM (VALUES (timestamp '2026-01-01'), ('2026-01-02 00:00:00.000001'), ('-infinity'), ('infinity'), ('1399-12-31'), ('10000-01-01'))
     AS t (at);
-- An instant that is no instant has no answer, and one outside the calendar is an error.
SELECT decay_linear(1, now(), 'infinity', '1 day') AS infinite, decay_step(1, DATE '2026-01-01', '-infinity', 50, '1 day') AS infinite_date;
SELECT decay_linear(1, timestamp '2026-01-01', '10000-01-01', '1 day');
\echo :LAST_ERROR_SQLSTATE
SELECT cycle_points(DATE '2026-01-01', '1399-12-31', '1 day', NULL, 1);

-- Instants are read in UTC, whatever the session's time zone: 30 January, 23:00 in New York is the 31st in UTC, and a
-- month from there is over on 28 February at 04:00 UTC. Who wants the months of a place passes its wall clock.
SELECT as_of, decay_step(10, at, as_of, 50, '1 month') AS utc,
       decay_step(10, at AT TIME ZONE 'America/New_York', as_of AT TIME ZONE 'America/New_York', 50, '1 month') AS new_york
FROM (VALUES (timestamptz '2026-01-30 23:00-05', timestamptz '2026-02-28 03:59:59+00'), ('2026-01-30 23:00-05', '2026-02-28 04:00+00'),
             ('2026-01-30 23:00-05', '2026-02-28 22:59:59-05'), ('2026-01-30 23:00-05', '2026-02-28 23:00-05')) AS t (at, as_of);
-- Wall-clock days have 24 hours, also on the day the clocks change; between instants it is the elapsed time.
SELECT decay_linear(24, DATE '2026-03-08', '2026-03-09', '2 days') AS days,
       decay_linear(24, timestamptz '2026-03-08 00:00', '2026-03-09 00:00', '2 days') AS instants;

--
-- Buying cycles
--

-- V3: a three-month cycle with 60 points at its end gives 20, 40 and 60 after one, two and three months.
SELECT day, cycle_points(DATE '2026-01-15', day, '3 months', '1 month', 60)
FROM (VALUES (DATE '2026-01-15'), ('2026-02-14'), ('2026-02-15'), ('2026-03-15'), ('2026-04-14'), ('2026-04-15'), ('2030-01-01')) AS d (day);
-- V4: a four-month cycle gives 15, 30, 45 and 60.
SELECT months, cycle_points(as_of - make_interval(months => months), as_of, '4 months', '1 month', 60)
FROM generate_series(1, 4) AS months, (VALUES (timestamp '2026-09-15 12:00')) AS t (as_of);
-- Without steps the points grow evenly, and with a hold they are gone after it.
SELECT day, cycle_points(DATE '2026-01-01', day, '10 days', NULL, 60) AS evenly,
       cycle_points(DATE '2026-01-01', day, '10 days', '4 days', 60) AS steps,
       cycle_points(DATE '2026-01-01', day, '10 days', NULL, 60, '5 days') AS held
FROM (VALUES (DATE '2026-01-01'), ('2026-01-02'), ('2026-01-05'), ('2026-01-10'), ('2026-01-11'), ('2026-01-15'), ('2026-01-16')) AS d (day);

--
-- decayed_sum
--

CREATE TABLE bi_event (customer integer, at timestamptz, amount numeric);
INSERT INTO bi_event
SELECT i % 7, timestamptz '2026-01-01 00:00+00' + i * interval '47 minutes 13 seconds', ((i * 7919) % 20011 - 5000) * 0.01
FROM generate_series(1, 20000) AS i;
INSERT INTO bi_event VALUES (7, NULL, 5), (7, '2026-01-01', NULL), (8, '2030-01-01', 5), (9, '2027-01-01 00:00+00', 8);
ANALYZE bi_event;

-- One row a customer. Customer 7 has no complete row, customer 8 only one that is still to come.
SELECT customer, count(*), decayed_sum(amount, at, '2027-01-31 00:00+00', '30 days')
FROM bi_event GROUP BY customer ORDER BY customer;
-- It is the closed form, and the sum of the decayed amounts but for the rounding of each.
SELECT max(abs(total - closed_form)) < 0.0002 AS closed_form, max(abs(total - parts)) < 0.00005 * max(n) AS adds_up
FROM (SELECT decayed_sum(amount, at, '2027-01-31', '30 days') AS total, count(*) AS n,
             sum(decay_exponential(amount, at, '2027-01-31', '30 days')) AS parts,
             sum(amount * power(0.5, extract(epoch FROM '2027-01-31' - at) / 2592000)) FILTER (WHERE at < '2027-01-31') AS closed_form
      FROM bi_event GROUP BY customer) AS c;
-- A hundred parts that are each too small to see are seen in the sum.
SELECT sum(decay_exponential(0.0001, DATE '2026-01-01', '2026-01-11', '5 days')) AS rounded_each,
       decayed_sum(0.0001, DATE '2026-01-01', '2026-01-11', '5 days') AS rounded_once
FROM generate_series(1, 100);
-- No row, rows without effect, FILTER, DISTINCT, the order of rows.
SELECT decayed_sum(amount, at, '2027-01-31', '30 days') AS none FROM bi_event WHERE false;
SELECT decayed_sum(amount, at, NULL, '30 days') AS no_instant, decayed_sum(amount, at, 'infinity', '30 days') AS no_end,
       decayed_sum(amount, at, '2027-01-31', NULL) AS no_half_life,
       decayed_sum(amount, at, '2027-01-31 00:00+00', '30 days') FILTER (WHERE customer = 9) AS filtered,
       decayed_sum(DISTINCT amount, at, '2027-01-31 00:00+00', '30 days') FILTER (WHERE customer = 9) AS different,
       decayed_sum(amount, at, '2027-01-31', '30 days' ORDER BY amount) = decayed_sum(amount, at, '2027-01-31', '30 days' ORDER BY at DESC) AS any_order
FROM bi_event;
-- As a window function: what the customer's last purchases were worth on the day of each. The final function may run
-- for every row, since it leaves the state alone.
SELECT at, amount, decayed_sum(amount, at, DATE '2026-01-31', '10 days') OVER (ORDER BY at) AS running,
       decayed_sum(amount, at, DATE '2026-01-31', '10 days') OVER (ORDER BY at ROWS 1 PRECEDING) AS last_two
FROM (VALUES (DATE '2026-01-01', 80), ('2026-01-11', 40), ('2026-01-21', 20.5)) AS e (at, amount);
-- Parallel workers give the same to the last digit, and they are used.
CREATE TABLE bi_serial AS
SELECT customer, decayed_sum(amount, at, '2027-01-31', '45 days'), decayed_sum(amount, at::date, '2027-01-31', '45 days') AS by_date
FROM bi_event GROUP BY customer;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 3;
EXPLAIN (COSTS OFF)
SELECT decayed_sum(amount, at, '2027-01-31', '45 days') FROM bi_event;
SELECT count(*) AS groups, bool_and(s IS NOT DISTINCT FROM p) AS same
FROM bi_serial AS s FULL JOIN (
    SELECT customer, decayed_sum(amount, at, '2027-01-31', '45 days'), decayed_sum(amount, at::date, '2027-01-31', '45 days') AS by_date
    FROM bi_event GROUP BY customer) AS p USING (customer);
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

--
-- classify
--

-- The highest threshold that is reached; boundaries are inclusive, and below all of them there is no band.
SELECT score, classify(score, '{0, 60, 80}', '{cold, MQL, SQL}') AS lists, classify(score, '{"SQL": 80, "MQL": 60, "cold": 0}') AS object
FROM (VALUES (-1), (0), (59.9999), (60), (79), (80), (1000), ('infinity'), ('-infinity'), (NULL)) AS s (score);
SELECT classify(5, '{}', '{}') IS NULL AS no_lists, classify(5, '{}') IS NULL AS no_object, classify(5, NULL, '{a}') IS NULL AS null_list;
-- A score and its band in one query, straight from a table of orders.
SELECT customer, classify(decayed_sum(amount, at, '2027-01-31 00:00+00', '30 days'), '{"quiet": 0, "warm": 2000, "hot": 50000}') AS band
FROM bi_event GROUP BY customer ORDER BY customer;

--
-- NULL in, NULL out.
--
SELECT decay_exponential(NULL, now(), now(), '1 day') IS NULL AND decay_exponential(1, NULL::timestamptz, now(), '1 day') IS NULL
       AND decay_exponential(1, now(), NULL, '1 day') IS NULL AND decay_exponential(1, now(), now(), NULL) IS NULL AS exponential,
       decay_linear(NULL, now(), now(), '1 day') IS NULL AND decay_linear(1, now(), now(), NULL) IS NULL AS linear,
       decay_step(1, now(), now(), NULL, '1 day') IS NULL AND decay_step(1, now(), now(), 1, NULL) IS NULL AS step,
       cycle_points(NULL, now(), '1 day', '1 day', 1) IS NULL AND cycle_points(now(), NULL, '1 day', '1 day', 1) IS NULL
       AND cycle_points(now(), now(), NULL, '1 day', 1) IS NULL AND cycle_points(now(), now(), '1 day', '1 day', NULL) IS NULL AS cycle;

--
-- Errors name the argument, and the value that is wrong.
--
\set VERBOSITY default
SELECT decay_exponential(1, now(), now(), '0');
\echo :LAST_ERROR_SQLSTATE
SELECT decay_exponential(1, now(), now(), '1 month -1 day');
SELECT decay_linear(1, now(), now(), '-1 second');
SELECT decay_linear(1, now(), now(), '1001 years');
SELECT decay_step(1, now(), now(), 50, '90 minutes');
SELECT decay_step(1, now(), now(), 0, '1 day');
SELECT decay_step(1, now(), now(), 100.1, '1 day');
SELECT decay_step(1, now(), now(), 'NaN', '1 day');
SELECT decay_step(1, now(), now(), 12.3456, '1 day');
SELECT decay_linear('NaN', now(), now(), '1 day');
SELECT decayed_sum('-infinity', now(), now(), '1 day');
SELECT decayed_sum(1, now(), now(), '-1 day');
SELECT cycle_points(now(), now(), '0 days', NULL, 1);
SELECT cycle_points(now(), now(), '1 month', '00:10', 1);
SELECT cycle_points(now(), now(), '1 month', NULL, 1, '-1 month');
SELECT classify(5, '{1, 3, 2}', '{a, b, c}');
\echo :LAST_ERROR_SQLSTATE
SELECT classify(5, '{1, 3, 3.0}', '{a, b, c}');
SELECT classify(5, '{1, 2}', '{a}');
SELECT classify(5, '{1, NULL}', '{a, b}');
\echo :LAST_ERROR_SQLSTATE
SELECT classify(5, '{1}', '{NULL}');
SELECT classify(5, '{{1, 2}}', '{{a, b}}');
SELECT classify(5, '{1, NaN}', '{a, b}');
SELECT classify('NaN', '{1}', '{a}');
SELECT classify(5, '{"a": 1, "b": 1}');
SELECT classify(5, '{"a": null}');
SELECT classify(5, '{"a": "high"}');
SELECT classify(5, '[1]');

DROP TABLE bi_event, bi_serial;
