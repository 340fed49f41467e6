# The databases that figures start from, each made when the first figure asks for it.
# shellcheck shell=bash

sheet=$(< "$bench/sheet.json")
columns='lead, occurred_at, type, amount, page, properties'
fill() { echo "INSERT INTO $1.event ($columns) SELECT $columns FROM made.event"; }

have() { [ "$(q -d postgres -c "SELECT 1 FROM pg_database WHERE datname = '$1'")" = 1 ]; }

# copy FROM TO: the same files under another name, so each run begins from the same state.
copy() {
  q -d postgres -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS $2" -c "CREATE DATABASE $2 TEMPLATE $1 STRATEGY file_copy"
}

settle() {
  q -d "$1" -c 'VACUUM (ANALYZE)'
  q -d postgres -c CHECKPOINT
}

# make_empty NAME LEADS EVENTS SCHEMA …: leads and a published sheet; the events lie ready in made.event.
make_empty() {
  local name=$1 leads=$2 events=$3
  shift 3
  createdb "$name"
  q -d "$name" -v leads="$leads" -v events="$events" -f "$bench/sql/workload.sql"
  q -d "$name" -v schemas="$*" -f "$bench/sql/tables.sql"
  [[ " $* " != *" naive statement "* ]] || q -d "$name" -f "$bench/sql/peers.sql"
  q -d "$name" -v sheet="$sheet" -f "$bench/sql/ours.sql" > /dev/null
}

# empty: the four schemas, no events.
need_empty() {
  have empty && return
  make_empty empty "$LEADS" "$EVENTS" app naive statement bare
  settle empty
}

# filled: all events are in. The triggers are spared: what they would have written is computed at once.
need_filled() {
  have filled && return
  need_empty
  copy empty filled
  q -d filled <<SQL > /dev/null
SET session_replication_role = replica;
$(for schema in app naive statement bare; do echo "$(fill $schema);"; done)
UPDATE naive.lead AS l SET score = p.points
FROM (SELECT lead, sum(naive.points(type)) AS points FROM naive.event GROUP BY lead) AS p WHERE p.lead = l.id;
UPDATE statement.lead AS l SET score = n.score FROM naive.lead AS n WHERE n.id = l.id;
RESET session_replication_role;
CALL lead_scoring.rebuild('bench');
SQL
  q -d filled -f "$bench/sql/plain_sheet.sql"
  q -d filled -c 'DROP TABLE made.event, made.lead'
  q -d filled -c 'VACUUM FULL naive.lead, statement.lead, app.lead_tally, app.lead_score'
  settle filled
  agree
}

# Peers that do not do the same work are no peers: (c) must give our scores, (a) and (b) each other's. One point is
# rounding, and few leads have a sum that lies so close to a half.
agree() {
  q -d filled -v ON_ERROR_STOP=1 <<'SQL'
DO $$
DECLARE
    leads bigint; differing bigint; most integer;
BEGIN
    SELECT count(*), count(*) FILTER (WHERE (p.score, p.engagement, p.fit) IS DISTINCT FROM (s.score, s.engagement, s.fit)),
           max(greatest(abs(p.score - s.score), abs(p.engagement - s.engagement), abs(p.fit - s.fit)))
    INTO leads, differing, most
    FROM app.plain_score AS p JOIN app.lead_score AS s ON s.lead = p.lead;
    IF leads <> (SELECT count(*) FROM app.lead) OR most > 1 OR differing * 1000 > leads THEN
        RAISE EXCEPTION 'the plain SQL sheet differs for % of % leads, by up to %', differing, leads, most;
    END IF;
END $$;
SQL
}
