#!/usr/bin/env bash
# check.sh [part …]: every test and linter, or only the named parts. Goes on after a part that fails, counts
# the tests of all parts, and closes with a line "N passed, N failed". Logs are kept in build/check.
set -uo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

all_parts=(build symbols source format unit asan instructions regress isolation tap docs oracle bench tidy)
logs=$build/check
cluster='' tree=''
total_passed=0 total_failed=0
extension_builds=unknown

cleanup() {
  [ -z "$cluster" ] || "$top/scripts/cluster.sh" down "$cluster"
  [ -z "$tree" ] || "$top/scripts/cluster.sh" down "$tree"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# Each part_NAME writes to its log and sets `passed` and `failed`.

# one COMMAND …: a part that is one test.
one() {
  if "$@"; then passed=1; else failed=1; fi
}

# Parts that need the extension call this first: a build that failed is told once.
need_extension() {
  [ $extension_builds != unknown ] || { build_extension WERROR=1 && extension_builds=yes; } || extension_builds=no
  [ $extension_builds = yes ] || { echo "the extension does not build"; failed=1; return 1; }
}

part_build() { need_extension && passed=1; }
part_symbols() { need_extension && one "$top/scripts/check_symbols.sh" "$build/pgxs/lead_scoring.so"; }
part_source() { one "$top/scripts/check_source.sh"; }
part_format() { one "$top/scripts/format.sh" check; }

configure_core() {
  (cd "$top" && cmake --preset "$1" -DLEAD_SCORING_PG_CONFIG="$(find_pg_config)")
}

# Each GoogleTest case is one test.
core_tests() {
  local preset=$1 summary built=yes
  configure_core "$preset" || { failed=1; return; }
  # What does build is tested all the same.
  (cd "$top" && cmake --build --preset "$preset" -j "$(nproc)" -- -k) || built=no
  (cd "$top" && ctest --preset "$preset" -j "$(nproc)" --no-tests=error) | tee "$logs/ctest.$preset"
  # "98% tests passed, 2 tests failed out of 100"
  summary=$(grep -E 'tests passed, [0-9]+ tests failed out of' "$logs/ctest.$preset") || { failed=1; return; }
  failed=$(sed -E 's/.*, ([0-9]+) tests failed.*/\1/' <<< "$summary")
  passed=$(($(sed -E 's/.* out of ([0-9]+).*/\1/' <<< "$summary") - failed))
  [ $built = yes ] || [ "$failed" -gt 0 ] || failed=1
}
part_unit() { core_tests release; }
part_asan() { core_tests asan; }
# Part of scripts/torture.sh.
part_coverage() { core_tests coverage; }

# Instructions of the core's kernels against their budgets, one test each: the machine's mood has no part in it.
part_instructions() {
  configure_core release && (cd "$top" && cmake --build --preset release -j "$(nproc)" --target instructions) ||
    { failed=1; return; }
  "$top/scripts/instructions.sh" "$build/release/instructions" > "$logs/instructions.tsv" || { failed=1; return; }
  awk '
    FNR == NR { if ($0 !~ /^#/) budget[$1] = $2; next }
    { ok = $1 in budget && $2 <= budget[$1]; seen[$1] = 1
      printf "%s %s: %d instructions, budget %s\n", (ok ? "ok" : "not ok"), $1, $2, budget[$1] }
    END { for (name in budget) if (!(name in seen)) print "not ok " name ": was not counted" }
  ' "$top/bench/core/instructions.txt" "$logs/instructions.tsv" | tee "$logs/instructions.results"
  passed=$(grep -c '^ok ' "$logs/instructions.results")
  failed=$(grep -c '^not ok ' "$logs/instructions.results")
}

start_cluster() {
  [ -n "$cluster" ] || cluster=$("$top/scripts/cluster.sh" up)
}

# pg_regress and pg_isolation_regress print one line a file: "test name ... ok  12 ms" or "... FAILED".
server_tests() {
  local kind=$1 other=$2 status=0
  need_extension || return
  start_cluster || { failed=1; return; }
  rm -rf "$build/pgxs/regression.diffs" "$build/pgxs/output_iso"
  (
    eval "$("$top/scripts/cluster.sh" env "$cluster")"
    make -C "$build/pgxs" -f "$top/Makefile" --no-print-directory PG_CONFIG="$(find_pg_config)" \
      installcheck "$other="
  ) | tee "$logs/installcheck.$kind" || status=1
  passed=$(grep -cE '^(test| ) .*\.\.\. +ok\b' "$logs/installcheck.$kind")
  failed=$(grep -cE '^(test| ) .*\.\.\. +FAILED' "$logs/installcheck.$kind")
  [ $status -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
  find "$build/pgxs" -name regression.diffs -exec cat {} +
  # A crash that the client did not notice, or that happened after its last statement; and what a sanitizer says.
  if grep -E 'terminated by signal|PANIC:|TRAP:|runtime error:' "$cluster/server.log"; then
    failed=$((failed + 1))
    : > "$cluster/server.log"
  fi
}
part_regress() { [ -z "$(ls "$top"/sql/*.sql 2> /dev/null)" ] || server_tests regress ISOLATION; }
part_isolation() {
  [ -z "$(ls "$top"/test/isolation/specs/*.spec 2> /dev/null)" ] || server_tests isolation REGRESS
}

# The TAP tests start clusters themselves, so they run as the server's user, from a place it can read. TAP names some.
part_tap() {
  local pg_config pgxs files status=0
  pg_config=$(find_pg_config)
  pgxs=$(dirname "$("$pg_config" --pgxs)")/../..
  [ -n "$(ls "$top"/test/tap/*.pl 2> /dev/null)" ] || return 0
  need_extension || return
  [ -n "$tree" ] || tree=$("$top/scripts/cluster.sh" tree) || { failed=1; return; }
  # Some run the examples, or blocks of the documentation.
  rm -rf "$tree/tap" "$tree/examples" "$tree/docs"
  cp -r "$top/test/tap" "$top/examples" "$top/docs" "$tree"
  # One makes releases of the extension.
  [ "$(id -u)" -ne 0 ] || chown -R postgres "$tree/tap" "$tree/examples" "$tree/docs" "$tree$("$pg_config" --sharedir)/extension"
  mapfile -t files < <(printf '%s\n' "$tree"/tap/*.pl | grep -E "/(${TAP:-.*})\.pl$")
  as_server_user env PATH="$tree$("$pg_config" --bindir):$PATH" TESTDIR="$tree/tap" LC_ALL=C.UTF-8 \
    PG_REGRESS="$pgxs/src/test/regress/pg_regress" \
    prove --verbose -I "$pgxs/src/test/perl" -I "$tree/tap" "${files[@]}" 2>&1 | tee "$logs/prove" || status=1
  passed=$(grep -cE '^ok [0-9]' "$logs/prove")
  failed=$(grep -cE '^not ok [0-9]' "$logs/prove")
  if [ $status -ne 0 ]; then
    [ "$failed" -gt 0 ] || failed=1
    find "$tree/tap/tmp_check/log" -type f -exec tail -n 20 {} + 2> /dev/null
  fi
}

# The SQL of the pages, one test a block, and the completeness of the reference, one test a member.
part_docs() {
  local status=0
  need_extension || return
  start_cluster || { failed=1; return; }
  (
    eval "$("$top/scripts/cluster.sh" env "$cluster")"
    # The blocks of handoff.md want other servers: test/tap/005_handoff.pl runs them.
    mapfile -t pages < <(find "$top/docs" -name '*.md' ! -name handoff.md | sort)
    "$top/scripts/check_docs.sh" "$top/README.md" "${pages[@]}" || status=1
    "$top/scripts/check_reference.sh" || status=1
    exit $status
  ) > "$logs/docs.results" || status=1
  # What is wrong comes last, where it is seen.
  grep '^ok ' "$logs/docs.results"
  grep -v '^ok ' "$logs/docs.results"
  passed=$(grep -c '^ok ' "$logs/docs.results")
  failed=$(grep -c '^not ok' "$logs/docs.results")
  [ $status -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
}

# The independent oracle in plain SQL: first against cases worked by hand, then the extension against it on random
# sheets, data and operations. CASES and SEED choose others.
part_oracle() {
  local status=0
  need_extension || return
  start_cluster || { failed=1; return; }
  (
    eval "$("$top/scripts/cluster.sh" env "$cluster")"
    dropdb --if-exists oracle_selftest
    createdb oracle_selftest
    psql -X -q -v ON_ERROR_STOP=1 -d oracle_selftest -f "$top/test/oracle/selftest.sql" || exit 1
    "$top/test/oracle/soak.sh" "${CASES:-2000}" "${SEED:-1}"
  ) | tee "$logs/oracle.results" || status=1
  passed=$(awk '/^ *[0-9]+ passed, [0-9]+ failed$/ { n += $1 } END { print n + 0 }' "$logs/oracle.results")
  failed=$(awk '/^ *[0-9]+ passed, [0-9]+ failed$/ { n += $3 } END { print n + 0 }' "$logs/oracle.results")
  [ $status -eq 0 ] || [ "${failed:-0}" -gt 0 ] || failed=1
}

# The benchmark, once and small: every figure and curve comes about, and the peers agree with the extension. `evaluate`
# is the part `instructions`. No time is looked at.
part_bench() {
  local names
  need_extension || return
  mapfile -t names < <(cd "$top/bench" && printf '%s\n' figures/*.sh curves/*.sh | sed 's|.*/||; s|\.sh$||' | grep -vx evaluate)
  EVENTS=20000 LEADS=2000 SMOKE=1 OUT="$logs/bench" "$top/bench/run" "${names[@]}" 2>&1 | tee "$logs/bench.results"
  passed=$(grep -c '^    ok, ' "$logs/bench.results")
  failed=$((${#names[@]} - passed))
}

# One test a file.
part_tidy() {
  local files
  configure_core release || { failed=1; return; }
  mapfile -t files < <(find "$top/src" -name '*.cpp' | sort)
  # shellcheck disable=SC2016
  printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -I{} bash -c '
    if clang-tidy -p "$1" --quiet --warnings-as-errors="*" "$2" > "$3/tidy.$$" 2>&1; then
      echo "ok $2"
    else
      echo "not ok $2"; cat "$3/tidy.$$"
    fi; rm "$3/tidy.$$"' tidy "$build/release" {} "$logs" | tee "$logs/clang-tidy"
  passed=$(grep -c '^ok ' "$logs/clang-tidy")
  failed=$((${#files[@]} - passed))
}

# Not part of a plain `make check`: it has no natural end.
# Each from the inputs that the tree keeps and those found here before.
part_fuzz() {
  local program known
  if ! configure_core fuzz || ! (cd "$top" && cmake --build --preset fuzz -j "$(nproc)"); then
    failed=1
    return
  fi
  for program in "$top"/test/fuzz/*.cpp; do
    program=$(basename "$program" .cpp)
    known=$top/test/fuzz/corpus/$program
    mkdir -p "$build/fuzz/corpus/$program"
    if [ -d "$known" ] && "$build/fuzz/$program" -max_total_time="${FUZZ_SECONDS:-30}" -timeout=10 -max_len=4096 \
      -print_final_stats=1 -artifact_prefix="$build/fuzz/$program-" "$build/fuzz/corpus/$program" "$known"; then
      passed=$((passed + 1))
    else
      failed=$((failed + 1))
    fi
  done
}

# Random queries beside a scored database; see there.
part_smith() { need_extension && start_cluster && one "$top/scripts/smith.sh" "$cluster" "${SMITH_SECONDS:-120}"; }

# A compiler's candidates and notes bury its errors.
excerpt() { grep -E ': (fatal )?error: |undefined reference|multiple definition' "$1" | head -n 15 | grep . || tail -n 60 "$1"; }

run_part() {
  local name=$1 started=$SECONDS log=$logs/$1.log
  passed=0 failed=0
  printf '%-10s ' "$name"
  "part_$name" > "$log" 2>&1 < /dev/null
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  printf '%5d passed %4d failed  %4d s\n' "$passed" "$failed" $((SECONDS - started))
  if [ "$failed" -gt 0 ]; then
    excerpt "$log" | sed 's/^/    | /'
    echo "    the whole log: ${log#"$top"/}"
  fi
}

[ $# -gt 0 ] || set -- "${all_parts[@]}"
for name in "$@"; do
  declare -F "part_$name" > /dev/null || die "no part $name; there are: ${all_parts[*]} fuzz smith"
done
mkdir -p "$logs"
wanted=check
[[ " $* " != *" fuzz "* && " $* " != *" smith "* ]] || wanted=fuzz
"$top/scripts/deps.sh" $wanted || exit 1
cd "$top" || exit 1
for name in "$@"; do
  run_part "$name"
done
echo "$total_passed passed, $total_failed failed"
[ "$total_failed" -eq 0 ]
