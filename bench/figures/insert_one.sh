# Milliseconds of one INSERT, prepared, autocommit, one session, synchronous_commit off.
need_filled
one() {
  mapfile -t scripts < <(insert_scripts "$1")
  PGOPTIONS=$quick_commit bench_of filled -c 1 -t "$(transactions 3000)" "${scripts[@]}" | latency
}
ours() { one app; }
naive() { one naive; }
statement() { one statement; }
bare() { one bare; }
measure insert_one 7 ms ours naive statement bare
result insert_one "$(quotient insert_one ours naive)"
