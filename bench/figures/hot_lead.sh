# Milliseconds of one INSERT for a lead with 100,000 entries, and for one with 100: medians. The means stand beside them,
# because what a hot lead costs may come in lumps.
need_hot
insert_for() {
  local lead=$1 log=$work/hot.$1
  rm -f "$log".*
  insert_script "$work/hot.sql" app download NULL "'/products/' || :n" '{"device": "desktop"}' "$lead"
  PGOPTIONS=$quick_commit bench_of hot -c 1 -t "$(transactions 60)" --log --log-prefix="$log" -f "$work/hot.sql" > /dev/null
  awk '{ print $3 / 1000 }' "$log".* | middle
  awk -v name="$2" '{ s += $3 } END { print name, s / NR / 1000 }' "$log".*
}
many() { insert_for "$((LEADS + hot_most))" many_mean; }
few() { insert_for "$((LEADS + 100))" few_mean; }
measure hot_lead 5 ms many few
result hot_lead "$(quotient hot_lead many few)"
