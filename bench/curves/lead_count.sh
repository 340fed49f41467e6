# Milliseconds of what applications read, by the number of leads: the top 100, one lead's row, and the same from the view
# that is exact at any instant.
need_small
need_filled
need_large
read_of() {
  printf '%s\n' "$3" > "$work/read.sql"
  bench_of "$1" -c 1 -t "$(transactions 300)" -D leads="$2" -f "$work/read.sql" | latency
}
for size in small filled large; do
  case $size in small) n=$((LEADS / 10)) ;; filled) n=$LEADS ;; large) n=$((LEADS * 10)) ;; esac
  top() { read_of "$size" "$n" "SELECT lead, score, band FROM app.lead_score WHERE sheet = 'bench' ORDER BY score DESC LIMIT 100;"; }
  one() { read_of "$size" "$n" $'\\set lead random(1, :leads)\nSELECT score, band FROM app.lead_score WHERE lead = :lead AND sheet = \'bench\';'; }
  now() { read_of "$size" "$n" $'\\set lead random(1, :leads)\nSELECT score, band FROM app.lead_score_now WHERE lead = :lead AND sheet = \'bench\';'; }
  measure "leads_$n" 5 ms top one now
  point lead_count.top100 "$n" "$(median "leads_$n" top)" ms
  point lead_count.one "$n" "$(median "leads_$n" one)" ms
  point lead_count.one_now "$n" "$(median "leads_$n" now)" ms
done
