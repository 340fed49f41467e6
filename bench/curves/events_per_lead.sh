# What one lead costs by the number of its entries: an INSERT for it, and its score at one of fifty instants, from the tally.
need_hot
for n in $hot_sizes; do
  lead=$((LEADS + n))
  insert() {
    rm -f "$work"/curve.log.*
    insert_script "$work/curve.sql" app download NULL "'/products/' || :n" '{"device": "desktop"}' "$lead"
    PGOPTIONS=$quick_commit bench_of hot -c 1 -t "$(transactions 60)" --log --log-prefix="$work/curve.log" -f "$work/curve.sql" > /dev/null
    awk '{ print $3 / 1000 }' "$work"/curve.log.* | middle
  }
  score() {
    cat > "$work/score.sql" <<SQL
SELECT sum(lead_scoring.score(m.model, t.base OPERATOR(lead_scoring.+) t.recent, now() + i * interval '1 day'))
FROM app.lead_tally AS t, lead_scoring.sheet_revision AS m, generate_series(1, 50) AS i
WHERE t.lead = $lead AND m.sheet = 'bench' AND m.revision = 1;
SQL
    bench_of hot -c 1 -t "$(transactions 20)" -f "$work/score.sql" | latency | awk '{ print $1 / 50 }'
  }
  measure "entries_$n" 3 ms insert score
  point events_per_lead.insert "$n" "$(median "entries_$n" insert)" ms
  point events_per_lead.score "$n" "$(median "entries_$n" score)" ms
done
