-- Aggregates of tallies give the same bytes serially, in parallel, by sorting, by hashing, and over windows.
\set SHOW_CONTEXT never
CREATE SCHEMA agg;
SET search_path = agg, public;
SET datestyle = 'ISO';

-- NULL, in every place. No rows and nothing but NULL: NULL, as other sums; NULL beside tallies is skipped.
SELECT lead_scoring.sum(t) IS NULL AS no_rows FROM (SELECT NULL::lead_scoring.tally WHERE false) s (t);
SELECT lead_scoring.sum(t) IS NULL AS only_null FROM (VALUES (NULL::lead_scoring.tally), (NULL)) s (t);
SELECT lead_scoring.sum(t) FROM (VALUES (NULL::lead_scoring.tally), ('{1@5:1}'), (NULL), ('{1@5:2,2:1}'), (NULL)) s (t);
SELECT lead_scoring.sum(t) FROM (VALUES ('{}'::lead_scoring.tally)) s (t);
SELECT lead_scoring.sum(t) FROM (VALUES ('{1@5:1}'::lead_scoring.tally), ('{1@5:-1}')) s (t);
SELECT lead_scoring.sum(t) FILTER (WHERE t IS NULL) IS NULL AS filtered FROM (VALUES ('{1@5:1}'::lead_scoring.tally), (NULL)) s (t);
SELECT lead_scoring.tally_of(signal, tick) FROM (VALUES (1, 5), (NULL, 5), (1, NULL), (2, NULL)) s (signal, tick);
SELECT lead_scoring.tally_of(signal, tick) IS NULL AS skipped FROM (VALUES (NULL::integer, 5)) s (signal, tick);
SELECT lead_scoring.tally_of(1, 5, item) FROM (VALUES (NULL), (''), ('a'), ('a')) s (item);
SELECT lead_scoring.tally_of(1, 5, 'a', value) FROM (VALUES (NULL), (0.00005), (-1)) s (value);
SELECT lead_scoring.tally_of(1, 5, 'a', 2, count) FROM (VALUES (NULL), (3), (-1)) s (count);
-- The transition functions themselves: state and argument, each NULL or not.
SELECT a AS state, b AS argument, lead_scoring.tally_accumulate(a, b) AS result
FROM (VALUES (NULL::lead_scoring.tally), ('{1@5:1}')) a (a), (VALUES (NULL::lead_scoring.tally), ('{2@6:1}')) b (b);
SELECT a AS state, s AS signal, lead_scoring.tally_add_row(a, s, 7) AS result
FROM (VALUES (NULL::lead_scoring.tally), ('{1@5:1}')) a (a), (VALUES (NULL::integer), (2)) s (s);
SELECT lead_scoring.tally_close(NULL) IS NULL AS closed_null;

-- One table, large enough for workers.
CREATE TABLE row_of (lead integer, signal integer, tick integer, item text, value numeric, tally lead_scoring.tally);
INSERT INTO row_of
SELECT n % 50, nullif(1 + n % 7, 7), nullif(9000 + n % 300, 9299), nullif('item ' || n % 11, 'item 10'), n % 1000 / 8.0,
       CASE WHEN n % 13 > 0 THEN format('{%s@%s:%s=%s}', 1 + n % 3, n % 200, n % 5 + 1, n % 100)::lead_scoring.tally END
FROM generate_series(1, 20000) n;
ALTER TABLE row_of SET (parallel_workers = 3);
ANALYZE row_of;
CREATE VIEW sums AS
    SELECT lead, lead_scoring.sum(tally) AS total, lead_scoring.tally_of(signal, tick) AS two, lead_scoring.tally_of(signal, tick, item) AS three,
           lead_scoring.tally_of(signal, tick, item, value) AS four, lead_scoring.tally_of(signal, tick, item, value, 2) AS five
    FROM row_of GROUP BY lead;
CREATE VIEW grand_total AS
    SELECT lead_scoring.sum(tally) AS total, lead_scoring.tally_of(signal, tick, item, value) AS four FROM row_of;

-- Serial.
SET max_parallel_workers_per_gather = 0;
EXPLAIN (COSTS OFF) SELECT * FROM sums;
CREATE TABLE serial AS SELECT * FROM sums;
CREATE TABLE serial_total AS SELECT * FROM grand_total;
-- What they add up to, counted by plain SQL.
SELECT count(*) AS leads, count(*) FILTER (WHERE entry_count = places) AS same_places, count(*) FILTER (WHERE e.rows = r.rows) AS same_rows,
       count(*) FILTER (WHERE e.value = r.value) AS same_value
FROM (SELECT lead, lead_scoring.entry_count(two), e.* FROM serial, LATERAL (SELECT sum(count) AS rows, sum(value) AS value FROM lead_scoring.entries(four)) e) e
JOIN (SELECT lead, count(DISTINCT (signal, tick)) AS places, count(*) AS rows, sum(value) AS value FROM row_of WHERE signal IS NOT NULL GROUP BY lead) r USING (lead);
-- Parallel, by hashing.
SET max_parallel_workers_per_gather = 3;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT * FROM sums;
SELECT count(*) AS differences FROM (SELECT * FROM sums EXCEPT SELECT * FROM serial) d;
EXPLAIN (COSTS OFF) SELECT * FROM grand_total;
SELECT * FROM grand_total EXCEPT SELECT * FROM serial_total;
-- Parallel, by sorting.
SET enable_hashagg = off;
EXPLAIN (COSTS OFF) SELECT * FROM sums;
SELECT count(*) AS differences FROM (SELECT * FROM sums EXCEPT SELECT * FROM serial) d;
RESET enable_hashagg;
-- Only workers, as the leader may be slow or gone.
SET parallel_leader_participation = off;
SELECT count(*) AS differences FROM (SELECT * FROM sums EXCEPT SELECT * FROM serial) d;
RESET parallel_leader_participation;
-- Partition by partition, merged afterwards.
CREATE TABLE parted (LIKE row_of) PARTITION BY HASH (tick);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parted SELECT * FROM row_of;
ANALYZE parted;
SET max_parallel_workers_per_gather = 0;
SET enable_partitionwise_aggregate = on;
EXPLAIN (COSTS OFF) SELECT lead, lead_scoring.sum(tally) FROM parted GROUP BY lead;
SELECT count(*) AS differences FROM (SELECT lead, lead_scoring.sum(tally) FROM parted GROUP BY lead EXCEPT SELECT lead, total FROM serial) d;
-- Hashing that spills to disk, and grouping sets, which use one state for several groups.
SET work_mem = '64kB';
SELECT count(*) AS differences FROM (SELECT * FROM sums EXCEPT SELECT * FROM serial) d;
RESET work_mem;
SELECT count(*) AS differences FROM (
    SELECT lead, lead_scoring.sum(tally) FROM row_of GROUP BY GROUPING SETS ((lead), ())
    EXCEPT (SELECT lead, total FROM serial UNION ALL SELECT NULL, total FROM serial_total)) d;
-- Two aggregates over one argument share their state, which the final function must not change; partial sums by hand.
SELECT a OPERATOR(lead_scoring.=) b AS same FROM (SELECT lead_scoring.sum(tally) AS a, lead_scoring.sum(tally) FILTER (WHERE true) AS b FROM row_of) s;
SELECT lead_scoring.sum(total) OPERATOR(lead_scoring.=) (SELECT total FROM serial_total) AS sum_of_sums FROM serial;
-- A moving window subtracts what leaves its frame; a growing one shows every partial sum.
SELECT count(*) AS differences FROM (
    SELECT n, lead_scoring.sum(tally) OVER (ORDER BY n ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING) AS moving,
           (SELECT lead_scoring.sum(tally) FROM (SELECT tally, row_number() OVER () AS m FROM row_of WHERE lead = 1) q WHERE m BETWEEN w.n - 3 AND w.n - 1) AS counted
    FROM (SELECT tally, row_number() OVER () AS n FROM row_of WHERE lead = 1) w) s
WHERE coalesce(moving, '{}') OPERATOR(lead_scoring.<>) coalesce(counted, '{}');
SELECT n, lead_scoring.sum(t) OVER (ORDER BY n) AS growing, lead_scoring.sum(t) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS moving
FROM (VALUES (1, '{1@5:1}'::lead_scoring.tally), (2, '{1@5:1}'), (3, NULL), (4, '{1@5:-1,2:1}'), (5, '{1@5:1}')) s (n, t);

-- tally_rows, which rebuild and verify count with: serial and parallel, guarded and not.
RESET enable_partitionwise_aggregate;
CREATE TABLE lead (id integer PRIMARY KEY);
CREATE TABLE event (id integer, lead integer, at date, kind text, amount numeric, page text);
INSERT INTO lead SELECT generate_series(0, 49);
INSERT INTO event SELECT n, n % 50, '2024-01-01'::date + n % 365, CASE n % 3 WHEN 0 THEN 'visit' WHEN 1 THEN 'order' END, n % 1000 / 8.0, 'p' || n % 9
FROM generate_series(1, 20000) n;
ALTER TABLE event SET (parallel_workers = 3);
ANALYZE event;
SELECT lead_scoring.create_audience('agg', 'lead', time_zone => 'UTC');
SELECT lead_scoring.add_source('agg', 'event', 'lead', 'at', 'kind');
INSERT INTO lead_scoring.signal (audience, name, source, event_type, condition, value, distinct_by) VALUES
    ('agg', 'big order', 'event', 'order', 'amount > 100', 'amount', NULL), ('agg', 'visit', 'event', 'visit', NULL, NULL, 'page');
INSERT INTO lead_scoring.sheet (name, audience) VALUES ('agg', 'agg');
INSERT INTO lead_scoring.rule (sheet, name, signal, points) VALUES ('agg', 'big order', 'big order', 1), ('agg', 'visit', 'visit', 1);
SELECT lead_scoring.publish('agg');
SELECT v.signal, count(DISTINCT lead) AS leads, sum(e.count) AS rows, sum(e.value) AS value
FROM lead_tally t, lead_scoring.entries(base OPERATOR(lead_scoring.+) recent) e JOIN lead_scoring.signal_version v ON v.number = e.signal AND v.audience = 'agg'
GROUP BY v.signal ORDER BY v.signal;
SELECT kind, count(DISTINCT lead) AS leads, count(*) AS rows, sum(CASE WHEN kind = 'order' THEN amount ELSE 0 END) AS value
FROM event WHERE kind = 'visit' OR kind = 'order' AND amount > 100 GROUP BY kind ORDER BY kind;
-- The columns in the order of their numbers.
SELECT array_agg(attnum::smallint ORDER BY attnum) AS columns FROM pg_attribute WHERE attrelid = 'event'::regclass AND attname IN ('lead', 'at', 'kind', 'amount', 'page') \gset
CREATE VIEW counted AS
    SELECT lead_scoring.counted_keys(c.leads, NULL::integer) AS lead, lead_scoring.counted_tallies(c.leads) AS free
    FROM (SELECT lead_scoring.tally_rows('agg', 'event', NULL, false, :'columns', lead, at, kind, amount, page) AS leads FROM event) c;
SET max_parallel_workers_per_gather = 3;
EXPLAIN (COSTS OFF) SELECT * FROM counted;
SELECT count(*) AS differences FROM counted c FULL JOIN lead_tally t USING (lead)
WHERE c.free IS NULL OR c.free OPERATOR(lead_scoring.<>) (t.base OPERATOR(lead_scoring.+) t.recent);
-- Only workers; workers whose parts are closed early, because little memory is allowed.
SET parallel_leader_participation = off;
SET work_mem = '64kB';
SELECT count(*) AS differences FROM counted c FULL JOIN lead_tally t USING (lead)
WHERE c.free IS NULL OR c.free OPERATOR(lead_scoring.<>) (t.base OPERATOR(lead_scoring.+) t.recent);
RESET work_mem;
RESET parallel_leader_participation;
SET max_parallel_workers_per_gather = 0;
SELECT count(*) AS differences FROM counted c FULL JOIN lead_tally t USING (lead)
WHERE c.free IS NULL OR c.free OPERATOR(lead_scoring.<>) (t.base OPERATOR(lead_scoring.+) t.recent);
SELECT count(*) AS leads, count(*) FILTER (WHERE c.guarded OPERATOR(lead_scoring.<>) (t.base OPERATOR(lead_scoring.+) t.recent)) AS differences
FROM (SELECT lead_scoring.counted_keys(c.leads, NULL::integer) AS lead, lead_scoring.counted_tallies(c.leads) AS guarded
      FROM (SELECT lead_scoring.tally_rows('agg', 'event', NULL, true, :'columns', lead, at, kind, amount, page) AS leads FROM event) c) c
JOIN lead_tally t USING (lead);
-- In groups, each of which has its own leads.
SELECT month, count(*) AS leads, sum(lead_scoring.entry_count(tally)) AS entries
FROM (SELECT month, lead_scoring.counted_tallies(c.leads) AS tally
      FROM (SELECT extract(month FROM at) AS month, lead_scoring.tally_rows('agg', 'event', NULL, true, :'columns', lead, at, kind, amount, page) AS leads
            FROM event GROUP BY 1) c) c
GROUP BY month ORDER BY month LIMIT 3;
SELECT extract(month FROM at) AS month, count(DISTINCT lead) AS leads, count(DISTINCT (lead, at, kind, CASE kind WHEN 'visit' THEN page END)) AS entries
FROM event WHERE kind = 'visit' OR kind = 'order' AND amount > 100 GROUP BY 1 ORDER BY 1 LIMIT 3;
-- One signal only, none, no rows; columns that are not the source's.
SELECT lead_scoring.entry_count(one) AS one, (SELECT count(DISTINCT at) FROM event WHERE lead = 1 AND kind = 'order' AND amount > 100) AS days
FROM (SELECT lead_scoring.counted_tallies(lead_scoring.tally_rows('agg', 'event', '{1}', true, :'columns', lead, at, kind, amount, page)) AS one
      FROM event WHERE lead = 1) c;
SELECT lead_scoring.counted_tallies(lead_scoring.tally_rows('agg', 'event', '{}', true, :'columns', lead, at, kind, amount, page)) FROM event;
SELECT lead_scoring.counted_keys(lead_scoring.tally_rows('agg', 'event', NULL, true, :'columns', lead, at, kind, amount, page), 1) FROM event WHERE false;
-- The result is not for keeping, and nothing else is taken for one.
SELECT lead_scoring.tally_rows('agg', 'event', NULL, true, :'columns', lead, at, kind, amount, page) FROM event;
CREATE TABLE kept AS SELECT lead_scoring.tally_rows('agg', 'event', NULL, true, :'columns', lead, at, kind, amount, page) FROM event;
SELECT lead_scoring.counted_keys(lead_scoring.tally_rows('agg', 'event', NULL, true, :'columns', lead, at, kind, amount, page), 'x'::text) FROM event;
SELECT lead_scoring.counted_keys('\x0123456789', 1);
SELECT lead_scoring.counted_tallies('\x0123456789');
SELECT lead_scoring.counted_tallies(NULL);
SELECT lead_scoring.tally_rows('agg', 'event', NULL, true, '{1}', 'x'::text);
SELECT lead_scoring.tally_rows('agg', 'event', NULL, true, '{1,2}', 1);
SELECT lead_scoring.tally_rows('agg', 'event', NULL, true, '{99}', 1);
SELECT lead_scoring.tally_rows('agg', 'nothing', NULL, true, '{1}', 1);
SELECT lead_scoring.tally_rows(NULL, 'event', NULL, true, '{1}', 1);
SELECT lead_scoring.tally_rows('agg', 'event', NULL, NULL, '{1}', 1);
SELECT lead_scoring.tally_rows('agg', 'event', NULL, true, NULL, 1);
SELECT lead_scoring.tally_rows_add(NULL, 'agg', 'event', NULL, true, '{1}', 1);
SELECT lead_scoring.tally_rows('agg', 'event', '{1,NULL}', true, '{1}', 1);

DROP VIEW counted;
SELECT lead_scoring.drop_audience('agg');
SET client_min_messages = warning;
DROP SCHEMA agg CASCADE;
