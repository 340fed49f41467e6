-- The type tally: what the rows about a lead add up to.
SET search_path = public, lead_scoring;

--
-- Text form: {signal@tick#item:count=value, …}. What is missing is: no tick (timeless), no item, value 0.
-- Input may come in any order and say the same thing twice; output is always the one canonical text.
--
SELECT '{}'::tally AS nothing, ' { 7 : 1 , 2@9811 : 1 } '::tally AS blanks, '{3:1, 1:1, 2:1}'::tally AS sorted;
SELECT '{1@9811:1, 1@9811:1, 2@9811#00c0ffee00c0ffee:3=12.50, 4@-5:1=-0.0001}'::tally;
SELECT '{1:2, 1:-2, 5:0}'::tally AS "zero entries do not exist", '{1:0=5}'::tally AS "a value without a count does";

-- What is no tally says where.
SELECT '{1@9811:1'::tally;
\echo :LAST_ERROR_SQLSTATE
SELECT '{1@9811}'::tally;
SELECT '{0:1}'::tally;
\echo :LAST_ERROR_SQLSTATE
SELECT '{1:1=1.23456}'::tally;
SELECT '{1#c0ffee:1}'::tally;
SELECT '{1:9223372036854775807, 1:1}'::tally;

--
-- Binary form: the canonical bytes, which are hostile until checked.
--
SELECT tally_send('{}') AS nothing, tally_send('{1@9811:1,2@9811:3=12.5}') AS something;
CREATE TEMP TABLE received (tally tally);
\copy received FROM PROGRAM 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\001\0\0\0\013\001\002\270\312\011\002\013\006\220\241\017\0\001\0\0\0\0\377\377"' (FORMAT binary)
SELECT * FROM received;
-- {1@5:1} with its value 0 written out, and a format from the future.
\copy received FROM PROGRAM 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\001\0\0\0\004\001\002\131\0\377\377"' (FORMAT binary)
\copy received FROM PROGRAM 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\001\0\0\0\001\002\377\377"' (FORMAT binary)

--
-- An abelian group: +, -, and {} as zero.
--
SELECT '{1@5:1}'::tally + '{1@5:2=3,2:1}' AS plus,
       '{1@5:1}'::tally - '{1@5:1}' AS minus,
       - '{1@5:1=3}'::tally AS opposite,
       '{1@5:1}'::tally + '{}' AS zero;
SELECT '{1:9223372036854775807}'::tally + '{1:1}';

-- Equality and hashing: GROUP BY, DISTINCT, joins.
SELECT '{1:1,2:1}'::tally = '{2:1,1:1}' AS equal, '{1:1}'::tally <> '{1:2}' AS different;
SELECT tally, count(*) FROM (VALUES ('{1:1}'::tally), ('{2:1}'), ('{1:1}')) v (tally) GROUP BY tally ORDER BY tally::text;
SELECT tally_hash('{1:1}') = tally_hash(' {1:1}') AS same_hash,
       tally_hash_extended('{1:1}', 1) = tally_hash_extended('{1:1}', 2) AS other_seed;

--
-- Looking inside.
--
SELECT * FROM entries('{7:1, 1@9811:1, 2@9811#00c0ffee00c0ffee:3=12.5}');
SELECT is_empty('{}'), is_empty('{1:1}'), entry_count('{}'), entry_count('{1@1:1,1@2:1}');
SELECT only_signals('{1:1,2:1,3:1}', '{3,1,3,-4}'), only_signals('{1:1}', '{}'),
       without_signals('{1:1,2:1,3:1}', '{3,1}'), without_signals('{1:1}', '{}');
SELECT only_signals('{1:1}', '{1,NULL}');

--
-- tally_of makes tallies from rows; sum adds tallies. NULL over no rows, as with other sums.
--
CREATE TEMP TABLE visit (lead integer, signal integer, tick integer, page text, amount numeric, times bigint);
INSERT INTO visit VALUES
  (1, 1, 10, 'home', 0.5, 1), (1, 1, 10, 'home', 0.5, 1), (1, 1, 11, 'price', NULL, 2),
  (2, 1, NULL, NULL, 12.34565, 1), (2, NULL, 10, 'home', 1, 1), (2, 2, 10, '', -0.00005, NULL),
  (3, NULL, 10, NULL, NULL, NULL);
SELECT lead,
       tally_of(signal, tick) AS signals,
       tally_of(signal, tick, NULL, amount) AS "values, rounded to 4 decimals",
       tally_of(signal, tick, NULL, amount, times) AS "rows without count are skipped"
FROM visit GROUP BY lead ORDER BY lead;
-- NULL is no item, which is not the empty text; the same text is always the same item.
SELECT lead, tally_of(signal, tick, page) AS pages FROM visit GROUP BY lead ORDER BY lead;

-- What one row may bring is bounded.
SELECT tally_of(1, 2, NULL, 'NaN');
\echo :LAST_ERROR_SQLSTATE
SELECT tally_of(1, 2, NULL, 'Infinity');
SELECT tally_of(1, 2, NULL, -10000000000.00001);
SELECT tally_of(1, 2, NULL, -10000000000);
SELECT tally_of(0, 2);
SELECT tally_of(1, -2147483648);

-- Sums over NULLs, no rows, filters, and two aggregates that share a state.
SELECT sum(t) AS total, sum(t) FILTER (WHERE t = '{1:1}') AS filtered, sum(t) FILTER (WHERE false) AS none,
       sum(t) + '{9:1}' AS and_more, count(t)
FROM (VALUES (NULL::tally), ('{1:1}'), ('{1:1}'), (NULL), ('{2:5}')) v (t);
SELECT sum(t) FROM (VALUES (NULL::tally)) v (t);
SELECT sum(tally) IS NULL AS "no rows" FROM received WHERE false;

-- Every case of the transition function, as a worker or another node may call it.
SELECT tally_accumulate(NULL, NULL), tally_accumulate(NULL, '{1:1}'), tally_accumulate('{1:1}', NULL),
       tally_accumulate('{1:1}', '{1:1}'), tally_close('{1:2}');

-- Windows: growing frames go on with the state, moving ones subtract the rows that leave.
SELECT i, t, sum(t) OVER (ORDER BY i) AS so_far,
       sum(t) OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS last_two
FROM (VALUES (1, NULL::tally), (2, '{1:1}'), (3, '{1:1}'), (4, NULL), (5, NULL), (6, '{2:5}')) v (i, t);

--
-- Parallel workers add up parts of the rows; the result is the same to the byte.
--
CREATE TABLE tally_event AS
SELECT i % 50 AS lead, 1 + i % 7 AS signal, i % 365 AS tick, 'page ' || i % 13 AS page, (i % 100)::numeric / 7 AS amount
FROM generate_series(1, 20000) i;
ANALYZE tally_event;
CREATE TEMP TABLE serial AS
SELECT lead, tally_of(signal, tick, page, amount) AS tally FROM tally_event GROUP BY lead;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF)
SELECT lead, tally_of(signal, tick, page, amount) FROM tally_event GROUP BY lead;
SELECT count(*) AS leads, count(*) FILTER (WHERE parallel.tally = serial.tally) AS same
FROM (SELECT lead, tally_of(signal, tick, page, amount) AS tally FROM tally_event GROUP BY lead) parallel
JOIN serial USING (lead);
-- Partial sums of one small entry each.
SELECT lead, tally_of(signal, tick) FROM tally_event WHERE tick = 3 AND lead < 10 GROUP BY lead ORDER BY lead;
-- Grouping never matters.
SELECT (SELECT sum(tally) FROM serial) = (SELECT tally_of(signal, tick, page, amount) FROM tally_event) AS same;
SELECT sum(- tally) + (SELECT tally_of(signal, tick, page, amount) FROM tally_event) AS nothing FROM serial;
DROP TABLE tally_event;
