# Instructions of one evaluation, counted in the core alone, which is the same on a busy machine; and beside it how many
# leads a second one process scores from stored tallies.
need_filled
rm -f "$build/check/instructions.tsv"
"$top/scripts/check.sh" instructions > /dev/null || say "    see build/check/instructions.log: not every kernel is counted and in its budget"
instructions() { awk -F '\t' '$1 == "evaluate" { print $2 }' "$build/check/instructions.tsv"; }
leads_per_second() {
  local ms
  ms=$(timed filled "$what_if" "$serial")
  awk -v ms="$ms" -v leads="$LEADS" 'BEGIN { printf "%.0f\n", leads / ms * 1000 }'
}
measure evaluate 1 instructions instructions
result evaluate "$(median evaluate instructions)"
measure evaluate 5 leads/s leads_per_second
