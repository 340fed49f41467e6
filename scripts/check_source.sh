#!/usr/bin/env bash
# The rules of the house that a command can see. One line a violation; status 1 if there is any.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
cd "$top"

violations=0
# violation TEXT FILES: FILES may be empty, then all is well.
violation() {
  [ -n "$2" ] || return 0
  violations=1
  printf '%s:\n' "$1"
  sed 's/^/    /' <<< "$2"
}

server_header='#include *[<"](postgres|fmgr|access/|catalog/|commands/|executor/|nodes/|parser/|storage/|utils/)'
violation "the core includes server headers" \
  "$(grep -rlE "$server_header|palloc|ereport" src/core --include='*.[ch]pp' || true)"
# Boost.Date_Time does not compile behind postgres.h.
violation "Boost beside server headers" "$(grep -rlE '#include *<boost/' src/pg --include='*.[ch]pp' || true)"

unlisted() {
  local layer=$1
  comm -3 <(find "src/$layer" -name '*.cpp' -printf '%P\n' | sed 's/\.cpp$//' | sort) \
    <(sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "src/$layer/units.txt" | sort -u)
}
violation "src/core/*.cpp and src/core/units.txt differ" "$(unlisted core)"
violation "src/pg/*.cpp and src/pg/units.txt differ" "$(unlisted pg)"

without_expected() {
  local input=$1 suffix=$2 expected=$3 file
  for file in "$input"/*"$suffix"; do
    [ ! -e "$file" ] || [ -e "$expected/$(basename "$file" "$suffix").out" ] || echo "$file"
  done
}
violation "without expected output" \
  "$(without_expected sql .sql expected; without_expected test/isolation/specs .spec test/isolation/expected)"

version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" lead_scoring.control)
other_version() {
  grep -q "^## \[\?$version\b" CHANGELOG.md || echo CHANGELOG.md
  [ "$(grep -c "\"version\": \"$version\"" META.json)" -eq 2 ] || echo META.json
  grep -q "VERSION $version\b" CMakeLists.txt || echo CMakeLists.txt
}
violation "version other than $version of lead_scoring.control" "$(other_version)"

exit $violations
