# Milliseconds of a whole rebuild, which writes every tally and score anew where it differs, against a scan that only
# counts. Tallies and scores of half the leads are damaged first, so that there is something to write.
need_filled
ours() {
  q -d filled -c "UPDATE app.lead_tally SET base = '{}', recent = '{}'" -c 'VACUUM app.lead_tally' -c CHECKPOINT
  q -d filled -c 'UPDATE app.lead_score SET score = score + 1' -c 'VACUUM app.lead_score' -c CHECKPOINT
  timed filled "CALL lead_scoring.rebuild('bench')"
}
count() { timed filled "$(explained "$count_sql")" "$table_only"; }
measure rebuild 5 ms ours count
result rebuild "$(quotient rebuild ours count)"
