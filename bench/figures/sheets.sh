# Milliseconds of one INSERT … SELECT of all events with ten sheets over the same signals, and with one.
need_empty
need_sheets 10
bulk() {
  copy "$1" run
  timed run "$(fill app)" 'SELECT count(*) FROM made.event'
}
ten() { bulk sheets10; }
one() { bulk empty; }
measure sheets 3 ms ten one
result sheets "$(quotient sheets ten one)"
