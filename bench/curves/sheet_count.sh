# What sheets cost: a single INSERT, and a row of an INSERT of as many rows as there are leads, by their number.
for n in 1 2 5 10 20; do
  need_small_sheets "$n"
  one() {
    mapfile -t scripts < <(LEADS=$((LEADS / 10)) insert_scripts app)
    PGOPTIONS=$quick_commit bench_of "small_sheets$n" -c 1 -t "$(transactions 300)" "${scripts[@]}" | latency
  }
  row() {
    local rows=$((LEADS / 10)) ms
    ms=$(timed "small_sheets$n" "$(fill app) WHERE id <= $rows")
    awk -v ms="$ms" -v rows="$rows" 'BEGIN { print ms * 1000 / rows }'
  }
  measure "sheets_$n" 3 ms one
  measure "sheets_rows_$n" 3 us row
  point sheet_count.insert_one "$n" "$(awk -v ms="$(median "sheets_$n" one)" 'BEGIN { print ms * 1000 }')" us
  point sheet_count.insert_row "$n" "$(median "sheets_rows_$n" row)" us
done
