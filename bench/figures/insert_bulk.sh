# Milliseconds of one INSERT … SELECT of all events into an empty table.
need_empty
bulk() {
  copy empty run
  timed run "$(fill "$1")" 'SELECT count(*) FROM made.event'
  [ "$round" -gt 1 ] || counted run "$1"
}
ours() { bulk app; }
naive() { bulk naive; }
statement() { bulk statement; }
measure insert_bulk 3 ms ours naive statement
result insert_bulk "$(quotient insert_bulk ours naive)"
