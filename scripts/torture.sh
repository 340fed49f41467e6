#!/usr/bin/env bash
# torture.sh [part …]: the tests that take long, or only the named parts; `make check` has the short form of each. Closes
# with a line "N passed, N failed". Durations: STORM_SECONDS, KILLS, FUZZ_SECONDS, SMITH_SECONDS, CASES.
set -uo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

all_parts=(soak storm kill ubsan memcheck coverage fuzz smith)
total_passed=0 total_failed=0

# check [VARIABLE=value …] part …: parts of check.sh, with their counts.
check() {
  local line
  line=$(env "$@" | tee /dev/stderr | tail -n 1)
  [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]] || { failed=$((failed + 1)); return; }
  passed=$((passed + BASH_REMATCH[1]))
  failed=$((failed + BASH_REMATCH[2]))
}
check_sh=$top/scripts/check.sh

part_soak() { check CASES="${CASES:-20000}" SEED="${SEED:-$RANDOM}" "$check_sh" oracle; }
# Two storms, each half of the time.
part_storm() { check TAP=009_storm STORM_SECONDS=$((${STORM_SECONDS:-600} / 2)) "$check_sh" tap; }
part_kill() { check TAP=012_kill KILLS="${KILLS:-50}" KILL_SEED="${SEED:-$RANDOM}" "$check_sh" tap; }
part_fuzz() { check FUZZ_SECONDS="${FUZZ_SECONDS:-600}" "$check_sh" fuzz; }
part_smith() { check SMITH_SECONDS="${SMITH_SECONDS:-1800}" "$check_sh" smith; }

# The module in the server, watched by UndefinedBehaviorSanitizer: check.sh reads what it says in the server's log.
part_ubsan() {
  check BUILD_DIR="$build/ubsan" EXTRA_CXXFLAGS='-O1 -g1 -fsanitize=undefined -fno-sanitize=vptr' \
    EXTRA_LDFLAGS=-fsanitize=undefined "$check_sh" regress isolation oracle
}

# The regression files with the server under valgrind.
part_memcheck() {
  local dir log=$build/check/memcheck
  mkdir -p "$log"
  dir=$(BUILD_DIR="$build/memcheck" EXTRA_CXXFLAGS='-O1 -g' "$top/scripts/cluster.sh" up) || { failed=1; return; }
  if "$top/scripts/memcheck.sh" "$dir" "$log"; then passed=1; else failed=1; fi
  "$top/scripts/cluster.sh" down "$dir"
}

# Lines that tests reach: of the core by unit tests and through SQL, of the adapter through SQL.
part_coverage() {
  local flags=(BUILD_DIR="$build/coverage" EXTRA_CXXFLAGS='-O0 -g1 --coverage' EXTRA_LDFLAGS=--coverage)
  check "${flags[@]}" "$check_sh" build
  find "$build/coverage" -name '*.gcda' -delete
  # The server's user leaves its counts beside the objects.
  chmod -R a+rwX "$build/coverage/pgxs"
  check "${flags[@]}" "$check_sh" regress isolation tap docs oracle coverage
  if "$top/scripts/coverage.sh" "$build/coverage"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

run_part() {
  local name=$1 started=$SECONDS
  passed=0 failed=0
  step "$name"
  "part_$name" < /dev/null
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  printf '%-10s %5d passed %4d failed  %5d s\n' "$name" "$passed" "$failed" $((SECONDS - started))
}

[ $# -gt 0 ] || set -- "${all_parts[@]}"
for name in "$@"; do
  declare -F "part_$name" > /dev/null || die "no part $name; there are: ${all_parts[*]}"
done
"$top/scripts/deps.sh" torture || exit 1
for name in "$@"; do
  run_part "$name"
done
echo "$total_passed passed, $total_failed failed"
[ "$total_failed" -eq 0 ]
