# Milliseconds of one INSERT, prepared, autocommit, one session, synchronous_commit off. Most pages have been written to
# since the last checkpoint, as in all but the first seconds after one: each side begins with inserts that do not count.
need_filled
one() {
  mapfile -t scripts < <(insert_scripts "$1")
  PGOPTIONS=$quick_commit bench_of filled -c 1 -t "$(transactions "${2:-3000}")" "${scripts[@]}" | latency
}
for side in app naive statement bare; do one "$side" 15000 > /dev/null; done
ours() { one app; }
naive() { one naive; }
statement() { one statement; }
bare() { one bare; }
measure insert_one 7 ms ours naive statement bare
result insert_one "$(quotient insert_one ours naive)"
