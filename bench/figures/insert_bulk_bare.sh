# The same as insert_bulk, against a table without any trigger.
need_empty
bulk() {
  copy empty run
  timed run "$(fill "$1")" 'SELECT count(*) FROM made.event'
}
ours() { bulk app; }
bare() { bulk bare; }
measure insert_bulk_bare 5 ms ours bare
result insert_bulk_bare "$(quotient insert_bulk_bare ours bare)"
