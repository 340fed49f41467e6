#!/usr/bin/env bash
# check_docs.sh FILE.md …: runs the SQL of documentation pages against the server that the environment names, each
# page in a database of its own, block after block. One line a block, "ok" or "not ok"; status 1 if any is not.
#
# A block ```sql that is followed by a block ```text must print exactly that, errors included; blanks at the end
# of lines do not matter. A block without one must run without an error.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

export PGOPTIONS='-c client_min_messages=warning'
work=$(mktemp -d)
database=lead_scoring_docs
trap 'rm -rf "$work"; dropdb --if-exists "$database"' EXIT

# Writes NNN.sql and, where there is one, NNN.out and the number of the block's line, NNN.line.
extract() {
  awk -v dir="$work" '
    /^```/ {
      if (open) { close(file); open = 0; next }
      if ($0 == "```sql") { n++; name = sprintf("%s/%03d", dir, n); print NR > (name ".line"); close(name ".line"); file = name ".sql"; last = "sql" }
      else if ($0 == "```text" && last == "sql") { file = name ".out"; last = "" }
      else { file = "/dev/null"; last = "" }
      printf "" > file
      open = 1
      next
    }
    open { print > file }
    !open && NF { last = last == "sql" && /^[^#]/ ? "" : last }
  ' "$1"
}

trimmed() { sed -e 's/[[:space:]]*$//' "$1" | sed -e ':a' -e '/^\n*$/{$d;N;ba' -e '}'; }

status=0
run_page() {
  local page=$1 sql name result
  rm -f "$work"/*
  extract "$page"
  dropdb --if-exists "$database"
  createdb "$database"
  for sql in "$work"/*.sql; do
    [ -e "$sql" ] || return 0
    name=${sql%.sql}
    result=ok
    psql --no-psqlrc --quiet --set=SHOW_CONTEXT=never --dbname="$database" < "$sql" > "$name.got" 2>&1 || true
    if [ -e "$name.out" ]; then
      diff -u --label expected --label printed <(trimmed "$name.out") <(trimmed "$name.got") > "$name.diff" || result='not ok'
    elif grep -E '^(ERROR|FATAL|PANIC):' "$name.got" > "$name.diff"; then
      result='not ok'
    fi
    printf '%s %s:%s\n' "$result" "${page#"$top"/}" "$(< "$name.line")"
    [ "$result" = ok ] || { cat "$name.diff"; status=1; }
  done
}

for page in "$@"; do
  # Points fade at midnight: a page that saw one is read again.
  today=$(date -u +%F)
  run_page "$page" > "$work.page"
  if [ "$today" != "$(date -u +%F)" ]; then
    status=0
    run_page "$page" > "$work.page"
  fi
  cat "$work.page"
  rm -f "$work.page"
done
exit $status
