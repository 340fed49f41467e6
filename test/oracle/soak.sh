#!/bin/sh
# soak.sh [CASES [SEED]]: compares the extension with the oracle on random scenarios, in a database of its own on
# the server of PGHOST, PGPORT and PGUSER, where the extension must be installed. The last line is
# "N passed, N failed"; the status is 0 when nothing failed.
set -eu
cases=${1:-2000}
seed=${2:-1}
here=$(dirname "$(readlink -f "$0")")
database=lead_scoring_soak_$$
export PYTHONDONTWRITEBYTECODE=1
dropdb --if-exists "$database" 2>/dev/null
createdb --template=template0 --encoding=UTF8 "$database"
trap 'dropdb --if-exists --force "$database"' EXIT
psql -X -q -v ON_ERROR_STOP=1 -d "$database" -c 'CREATE EXTENSION lead_scoring' \
  -f "$here/oracle.sql" -f "$here/compare.sql"
echo "soak: $cases cases, seed $seed"
python3 "$here/soak.py" "$database" "$cases" "$seed"
