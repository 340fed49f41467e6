#!/usr/bin/env bash
# memcheck.sh DIR LOGS [FILE …]: runs the regression files (all, or those named) in the cluster DIR with the server under
# valgrind; fails when valgrind complains about something that a function of ours had a part in. What the statements
# answer is not looked at. The server is not built for valgrind, so its own complaints mean little.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

dir=$1 logs=$2
shift 2
[ $# -gt 0 ] || set -- "$top"/sql/*.sql
eval "$("$top/scripts/cluster.sh" env "$dir")"
rm -f "$logs"/*
[ "$(id -u)" -ne 0 ] || chown postgres "$logs"
stop() { as_server_user "$(command -v pg_ctl)" --pgdata="$dir/data" --mode=fast --wait --timeout=300 --silent stop; }
stop
as_server_user valgrind --quiet --leak-check=no --trace-children=yes --error-limit=no --num-callers=40 \
  --log-file="$logs/valgrind.%p" "$(command -v postgres)" -D "$dir/data" > "$logs/server.log" 2>&1 &
trap stop EXIT
up=no
for _ in $(seq 120); do
  ! pg_isready --quiet || { up=yes; break; }
  sleep 1
done
[ $up = yes ] || die "the server did not start:" "$(tail -n 5 "$logs/server.log")"
for file in "$@"; do
  name=$(basename "$file" .sql)
  createdb "$name"
  psql -X -q -d "$name" -c 'CREATE EXTENSION lead_scoring' > /dev/null
  psql -X -q -d "$name" -f "$file" > "$logs/$name.out" 2>&1
  dropdb "$name"
  say "    $name"
done
stop
trap - EXIT
! grep -E 'terminated by signal|PANIC:' "$logs/server.log" || exit 1
# Paragraphs are divided by a line that has only the process number; only our files end so.
awk '
  { line = $0; sub(/^==[0-9]+== ?/, "", line) }
  line == "" { if (ours) { print paragraph; found++ } paragraph = ""; ours = 0; next }
  { paragraph = paragraph line "\n"; if (line ~ /\.[ch]pp:[0-9]|lead_scoring\.so/) ours = 1 }
  END { if (ours) { print paragraph; found++ } exit found > 0 }' "$logs"/valgrind.*
