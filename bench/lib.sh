# How things are measured; sourced by run, and so before the figures and curves.
# shellcheck shell=bash

q() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

# timed DATABASE STATEMENT [BEFORE]: milliseconds of a statement, as the client sees it; BEFORE runs first in the same
# session, and is not timed.
timed() {
  printf '%s;\n' "${3:-}" '\timing on' "$2" | sed 's/^\(\\timing on\);$/\1/' |
    psql -XqAt -v ON_ERROR_STOP=1 -o /dev/null -d "$1" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | tail -n 1
}

# What a scan costs without what its rows cost on their way to the client.
explained() { echo "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) $1"; }

# measure NAME ROUNDS UNIT SIDE …: each SIDE is a function that prints a number. The sides take turns, so that a busy
# minute of the machine falls on all of them. A side may print more: a line "NAME VALUE" for each other number it found.
measure() {
  local name=$1 rounds=$2 unit=$3 round side printed found value
  shift 3
  [ -z "${SMOKE:-}" ] || rounds=1
  for ((round = 1; round <= rounds; round++)); do
    for side in "$@"; do
      printed=$("$side")
      while read -r found value; do
        [ -n "$value" ] || { value=$found && found=$side; }
        [[ $value =~ ^[0-9.]+$ ]] || die "$name: $side gave no number: $value"
        printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$found" "$unit" "$round" "$value" >> "$raw"
      done <<< "$printed"
    done
  done
  awk -F '\t' -v n="$name" '$1 == n && !seen[$2]++ { print $2, $3 }' "$raw" | while read -r side unit; do
    printf '    %-24s %12s %s\n' "$side" "$(median "$name" "$side")" "$unit" >&2
  done
}

middle() { sort -g | awk '{ v[NR] = $1 } END { if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

median() { awk -F '\t' -v n="$1" -v s="$2" '$1 == n && $2 == s { print $5 }' "$raw" | middle; }

# quotient NAME SIDE OTHER: the median of the rounds' quotients.
quotient() {
  awk -F '\t' -v n="$1" -v a="$2" -v b="$3" '
    $1 == n && $2 == a { x[$4] = $5 }
    $1 == n && $2 == b { y[$4] = $5 }
    END { for (r in x) print x[r] / y[r] }' "$raw" | middle
}

# result NAME VALUE
result() { printf '%s\t%.5g\n' "$1" "$2" >> "$values"; }

# point CURVE X VALUE UNIT
point() {
  printf '%s\t%s\t%s\t%s\n' "$@" >> "$curves"
  printf '    %-24s %12s %12s %s\n' "$@" >&2
}
