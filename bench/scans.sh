# The statements that scan all events.
# shellcheck shell=bash

# What rebuild counts with, a row a lead; the numbers are those of the columns.
tally_sql="SELECT lead_scoring.counted_keys(c.leads, NULL::integer) AS lead, lead_scoring.counted_tallies(c.leads) AS tally
FROM (SELECT lead_scoring.tally_rows('bench', 'event', NULL, false, '{2,3,4,5,6,7}', $columns) AS leads FROM app.event) AS c"
count_sql='SELECT lead, count(*) FROM app.event GROUP BY lead'

# Both read the table from end to end: counting from an index would be another question.
table_only='SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off'
serial="$table_only; SET max_parallel_workers_per_gather = 0"
# The planner is talked into using its one worker: without, it may find that serial is cheaper.
one_worker="$table_only; SET max_parallel_workers_per_gather = 1; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0"

# All leads by the draft of the sheet, from the tallies.
what_if="SELECT sum(lead_scoring.score((SELECT lead_scoring.draft_model('bench')), base OPERATOR(lead_scoring.+) recent, now()))
FROM app.lead_tally"
