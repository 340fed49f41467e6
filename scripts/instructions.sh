#!/usr/bin/env bash
# instructions.sh PROGRAM: how many instructions the kernels of bench/core/instructions.cpp take, as lines
# "name<TAB>instructions". Always the same number for the same program on the same kind of processor.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

[ $# -eq 1 ] || die "usage: instructions.sh PROGRAM"
out=$(private_dir)
trap 'rm -rf "$out"' EXIT
valgrind --tool=callgrind --instr-atstart=no --callgrind-out-file="$out/counts" "$1" > "$out/log" 2>&1 ||
  die "$1 did not run under valgrind" "$(tail -n 20 "$out/log")"
# One file a dump: "desc: Trigger: Client Request: NAME RUNS", then "totals: INSTRUCTIONS". The last file, of the
# program's end, has no such line.
for counts in "$out"/counts.*; do
  awk '/^desc: Trigger: Client Request: / { name = $5; runs = $6 }
       /^totals: / && name { printf "%s\t%.0f\n", name, $2 / runs }' "$counts"
done
