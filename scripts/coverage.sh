#!/usr/bin/env bash
# coverage.sh DIR: which lines of src were reached by what ran from the builds in DIR. Prints the share of each layer,
# writes the lines that were not reached to DIR/uncovered.txt, and fails below 95 percent of the core or 85 of the adapter.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

dir=$1
lcov --quiet --capture --directory "$dir" --base-directory "$top" --no-external --output-file "$dir/all.info" 2> "$dir/lcov.log" ||
  die "lcov failed:" "$(tail -n 5 "$dir/lcov.log")"
lcov --quiet --extract "$dir/all.info" "$top/src/*" --output-file "$dir/src.info"
awk -F '[:,]' -v top="$top/" -v lines="$dir/uncovered.txt" '
  /^SF:/ { file = substr($0, 4); sub(top, "", file); layer = file ~ /^src\/core/ ? "core" : "adapter" }
  /^DA:/ {
    total[layer]++
    if ($3 > 0) { reached[layer]++; next }
    if (file != at) { printf "%s%s:", at == "" ? "" : "\n", file > lines; at = file }
    printf " %d", $2 > lines
  }
  END {
    print "" > lines
    must["core"] = 95; must["adapter"] = 85
    for (layer in must) {
      share = 100 * reached[layer] / total[layer]
      printf "%s: %.1f percent of %d lines, at least %d\n", layer, share, total[layer], must[layer]
      if (share < must[layer]) short = 1
    }
    exit short
  }' "$dir/src.info"
