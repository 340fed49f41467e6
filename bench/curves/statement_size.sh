# Microseconds a row of one INSERT … SELECT by its number of rows, into tables that hold the whole history: with the
# extension, with the naive trigger (not for the largest, see sql/workload.sql), and without any.
need_filled
copy filled run
for ((n = 1; n <= EVENTS; n *= 10)); do
  # As many statements as make some thousand rows.
  statements=$((n >= 3000 ? 1 : 3000 / n > 300 ? 300 : 3000 / n))
  rounds=$((n <= 10000 ? 3 : 1))
  row() {
    cat > "$work/statement.sql" <<SQL
\set first random(1, $((EVENTS - n + 1)))
INSERT INTO $1.event ($columns) SELECT $columns FROM made.event WHERE id BETWEEN :first AND :first + $((n - 1));
SQL
    PGOPTIONS=$quick_commit bench_of run -c 1 -t "$statements" -f "$work/statement.sql" | latency |
      awk -v rows="$n" '{ print $1 * 1000 / rows }'
  }
  ours() { row app; }
  naive() { row naive; }
  bare() { row bare; }
  sides=(ours bare)
  [ "$n" -gt 100000 ] || sides+=(naive)
  measure "statement_$n" "$rounds" us "${sides[@]}"
  for side in "${sides[@]}"; do point "statement_size.$side" "$n" "$(median "statement_$n" "$side")" us; done
done
