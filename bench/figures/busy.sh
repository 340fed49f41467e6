# Inserts a second of one session for Zipf-like leads, alone and beside two others that insert for the same leads and
# keep each transaction open for 20 to 200 ms. Here the r-th lead has a share of r^-1: the first has 8 percent. The
# audience appends what finds its lead held; beside it what comes of it when events wait.
need_filled
seconds=${SMOKE:-3}
zipf="1 + random_zipfian(1, $LEADS, 1.001) * 48271 % $LEADS"

# The application's INSERT as it is, and inside a transaction that takes its time.
scripts_for() {
  insert_script "$work/$1.sql" "$1" page_view NULL "'/products/' || :n" '{"device": "desktop", "duration": 17}' "$zipf"
  { echo 'BEGIN;'; cat "$work/$1.sql"; echo '\set ms random(20, 200)'; echo '\sleep :ms ms'; echo 'COMMIT;'; } > "$work/$1.slow.sql"
}
inserts() { PGOPTIONS=$quick_commit bench_of filled -c 1 -T "$seconds" -f "$work/$1.sql" | rate; }
beside_two() {
  local slow
  PGOPTIONS=$quick_commit pgbench -n -M prepared -c 2 -T $((seconds + 1)) -f "$work/$1.slow.sql" filled > /dev/null 2>&1 &
  slow=$!
  sleep 0.3
  inserts "$1"
  wait "$slow"
}
scripts_for app
scripts_for naive
appending() { q -d filled -c "UPDATE lead_scoring.audience SET append_when_busy = $1"; }
alone() { appending true; inserts app; }
beside() { appending true; beside_two app; }
waiting_beside() { appending false; beside_two app; }
naive_alone() { inserts naive; }
naive_beside() { beside_two naive; }
measure busy 5 tps beside alone waiting_beside naive_beside naive_alone
appending false
q -d filled -c "CALL lead_scoring.refresh('bench')"
result busy "$(quotient busy beside alone)"
