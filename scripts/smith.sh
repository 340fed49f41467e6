#!/usr/bin/env bash
# smith.sh CLUSTER SECONDS: sqlsmith throws random queries at a scored database, as a role that owns it and is nothing
# else. Fails when the server crashes, or when code of ours raises an internal error (XX000).
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

cluster=${1:?which cluster?} seconds=${2:?for how long?}
eval "$("$top/scripts/cluster.sh" env "$cluster")"
database=lead_scoring_smith
smith_log=$build/smith.log
server_log=$cluster/server.log
first=$(($(wc -l < "$server_log") + 1))

psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 postgres << END
SET client_min_messages = warning;
DROP DATABASE IF EXISTS $database;
DROP ROLE IF EXISTS lead_scoring_smith;
CREATE ROLE lead_scoring_smith LOGIN;
CREATE DATABASE $database;
-- What is ours tells where an error comes from.
ALTER DATABASE $database SET log_error_verbosity = verbose;
ALTER DATABASE $database SET statement_timeout = '5s';
END
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --output=/dev/null "$database" << 'END'
CREATE EXTENSION lead_scoring;
CREATE SCHEMA crm AUTHORIZATION lead_scoring_smith;
SET ROLE lead_scoring_smith;
SET search_path = crm;
CREATE TABLE lead (id integer PRIMARY KEY, country text, since date, score integer, band text);
CREATE TABLE event (lead integer, at timestamptz, kind text, amount numeric, page text);
SELECT lead_scoring.create_audience('smith', 'lead', created_at => 'since', time_zone => 'Europe/Berlin', score_column => 'score', band_column => 'band');
SELECT lead_scoring.add_source('smith', 'event', 'lead', 'at', 'kind');
SELECT lead_scoring.create_adjustments('smith');
SELECT lead_scoring.import_sheet('smith', '{"format": 1, "name": "smith sheet",
    "signals": [{"name": "visit", "source": "event", "event_type": "visit", "distinct_by": "page"},
                {"name": "order", "source": "event", "event_type": "order", "value": "amount"},
                {"name": "german", "source": "profile", "condition": "country = ''DE''"}],
    "rules": [{"name": "visits", "signal": "visit", "points": 10, "decay": "exponential", "half_life": "30 days"},
              {"name": "orders", "signal": "order", "measure": "value", "points": 0.1},
              {"name": "german", "signal": "german", "component": "fit", "points": 5}],
    "bands": [{"name": "warm", "rank": 1, "min_score": 20}, {"name": "hot", "rank": 2, "min_score": 100}]}');
SELECT lead_scoring.publish('smith sheet');
INSERT INTO lead SELECT n, (ARRAY['DE', 'FR', NULL])[1 + n % 3], date '2024-01-01' + n FROM generate_series(1, 200) AS n;
INSERT INTO event SELECT 1 + n % 200, now() - n * interval '1 hour', (ARRAY['visit', 'order', 'other'])[1 + n % 3], n % 50, 'page ' || n % 7 FROM generate_series(1, 3000) AS n;
END

timeout --preserve-status --signal=TERM "$seconds" sqlsmith --exclude-catalog \
  --target="host=$PGHOST port=$PGPORT dbname=$database user=lead_scoring_smith" > "$smith_log" 2>&1 || true
tail -n +"$first" "$server_log" > "$build/smith_server.log"
queries=$(grep -c 'STATEMENT: ' "$build/smith_server.log" || true)
say "$queries queries of sqlsmith failed, as most do"
if [ "$queries" -eq 0 ]; then
  tail -n 20 "$smith_log" >&2
  die "sqlsmith did nothing"
fi
# The server's own files end in .c.
ours=$(grep -A 12 ' XX[0-9A-Z]*: ' "$build/smith_server.log" | grep -E 'LOCATION:.*\.cpp:' || true)
crashes=$(grep -E 'terminated by signal|PANIC:|TRAP:' "$build/smith_server.log" || true)
[ -z "$ours$crashes" ] || die "internal errors or crashes:" "$ours" "$crashes"
psql --no-psqlrc --quiet postgres -c "DROP DATABASE $database" -c 'DROP ROLE lead_scoring_smith'
