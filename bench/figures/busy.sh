# Inserts a second of one session for Zipf-like leads, alone and beside two others that insert for the same leads and
# keep each transaction open for 20 to 200 ms. Here the r-th lead has a share of r^-1: the first has 8 percent.
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
alone() { inserts app; }
beside() { beside_two app; }
naive_alone() { inserts naive; }
naive_beside() { beside_two naive; }
measure busy 5 tps beside alone naive_beside naive_alone
result busy "$(quotient busy beside alone)"
