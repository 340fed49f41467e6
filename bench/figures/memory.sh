# The most memory that a rebuild of ten times the standard size holds at once: backend and parallel workers together,
# without the pages of shared_buffers, which belong to the server whoever touches them. Looked at 50 times a second.
need_large

# The private pages of a process in kB: anonymous ones, and those of files.
private_of() { awk '/^(RssAnon|RssFile):/ { n += $2 } END { print n + 0 }' "/proc/$1/status" 2> /dev/null || echo 0; }

watch() {
  local client=$1 most=0 pid sum backend
  backend=$(q -d postgres -c "SELECT pid FROM pg_stat_activity WHERE application_name = 'rebuild'")
  while kill -0 "$client" 2> /dev/null; do
    sum=0
    for pid in "$backend" $(pgrep -f "^postgres: parallel worker for PID $backend" || true); do
      sum=$((sum + $(private_of "$pid")))
    done
    [ "$sum" -le "$most" ] || most=$sum
    sleep 0.02
  done
  echo $((most / 1024))
}

peak() {
  q -d large -c "DELETE FROM lead_scoring.progress"
  PGAPPNAME=rebuild q -d large -c 'SELECT pg_sleep(0.5)' -c "CALL lead_scoring.rebuild('bench')" > /dev/null &
  local client=$!
  sleep 0.2
  watch "$client"
  wait "$client"
}
measure memory 1 MB peak
[ "$(q -d large -c "SELECT count(*) FROM app.lead_tally AS t WHERE base OPERATOR(lead_scoring.+) recent OPERATOR(lead_scoring.=) '{}'
    AND EXISTS (SELECT FROM app.event AS e WHERE e.lead = t.lead)")" = 0 ] || die "rebuild left leads out"
result memory "$(median memory peak)"
