# Instructions of one evaluation, counted in the core alone, which is the same on a busy machine; and beside it how many
# leads a second one process scores from stored tallies. The counting itself says in build/check when it fails.
need_filled
"$top/scripts/check.sh" instructions >&2 || say "    a budget is exceeded"
instructions() { awk -F '\t' '$1 == "evaluate" { print $2 }' "$build/check/instructions.tsv"; }
leads_per_second() {
  local ms
  ms=$(timed filled "$what_if" "$serial")
  awk -v ms="$ms" -v leads="$LEADS" 'BEGIN { printf "%.0f\n", leads / ms * 1000 }'
}
measure evaluate 1 instructions instructions
result evaluate "$(median evaluate instructions)"
measure evaluate 5 leads/s leads_per_second
