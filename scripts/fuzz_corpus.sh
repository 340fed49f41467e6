#!/usr/bin/env bash
# fuzz_corpus.sh: takes what `check.sh fuzz` has found in build/fuzz/corpus into test/fuzz/corpus, minimised: of all
# inputs that reach a line as few and as small as do. For after a long run.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

for program in "$top"/test/fuzz/*.cpp; do
  name=$(basename "$program" .cpp)
  kept=$top/test/fuzz/corpus/$name
  merged=$(mktemp -d)
  mkdir -p "$kept" "$build/fuzz/corpus/$name"
  "$build/fuzz/$name" -set_cover_merge=1 -use_counters=0 -max_len=1024 "$merged" "$kept" "$build/fuzz/corpus/$name" > /dev/null 2>&1 ||
    die "$name could not be minimised; is it built? make fuzz builds it."
  rm -rf "$kept"
  mv "$merged" "$kept"
  chmod 755 "$kept"
  say "$name: $(find "$kept" -type f | wc -l) inputs, $(du -sk "$kept" | cut -f1) kB"
done
