# Milliseconds of a whole rebuild, against a scan that only counts. A rebuild writes what differs, so all tallies are
# emptied and all scores are made wrong first: there is everything to write.
need_filled
ours() {
  q -d filled -c "UPDATE app.lead_tally SET base = '{}', recent = '{}'" -c 'VACUUM app.lead_tally' -c CHECKPOINT
  q -d filled -c 'UPDATE app.lead_score SET score = score + 1' -c 'VACUUM app.lead_score' -c CHECKPOINT
  timed filled "CALL lead_scoring.rebuild('bench')"
}
count() { timed filled "$(explained "$count_sql")" "$table_only"; }
measure rebuild 5 ms ours count
agree
result rebuild "$(quotient rebuild ours count)"
