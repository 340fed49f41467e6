# The databases that figures start from, each made when the first figure asks for it.
# shellcheck shell=bash

sheet=$(< "$bench/sheet.json")
columns='lead, occurred_at, type, amount, page, properties'
fill() { echo "INSERT INTO $1.event ($columns) SELECT $columns FROM made.event"; }

have() { [ "$(q -d postgres -c "SELECT 1 FROM pg_database WHERE datname = '$1'")" = 1 ]; }

# copy FROM TO: the same files under another name, so each run begins from the same state.
copy() {
  q -d postgres -c "DROP DATABASE IF EXISTS $2" -c "CREATE DATABASE $2 TEMPLATE $1 STRATEGY file_copy"
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
ALTER TABLE app.event DISABLE TRIGGER lead_scoring_replica;
$(for schema in app naive statement bare; do echo "$(fill $schema);"; done)
UPDATE naive.lead AS l SET score = p.points
FROM (SELECT lead, sum(naive.points(type)) AS points FROM naive.event GROUP BY lead) AS p WHERE p.lead = l.id;
UPDATE statement.lead AS l SET score = n.score FROM naive.lead AS n WHERE n.id = l.id;
ALTER TABLE app.event ENABLE REPLICA TRIGGER lead_scoring_replica;
RESET session_replication_role;
CALL lead_scoring.rebuild('bench');
SQL
  q -d filled -f "$bench/sql/plain_sheet.sql"
  q -d filled -c 'VACUUM FULL naive.lead, statement.lead, app.lead_tally, app.lead_score'
  settle filled
  agree
}

# A peer that does other work is no peer: the sheet as plain SQL must give our scores. One point is rounding, and few
# leads have a sum that lies so close to a half.
agree() {
  q -d filled <<'SQL'
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

# make_loaded NAME LEADS EVENTS: the extension's tables only, events loaded past the triggers by two sessions, not yet
# counted.
make_loaded() {
  local name=$1 leads=$2 events=$3 half=$(($3 / 2)) first
  make_empty "$name" "$leads" 0 app
  q -d "$name" -c 'ALTER TABLE app.event DROP CONSTRAINT event_pkey' -c 'DROP INDEX app.event_lead_occurred_at_idx' \
    -c 'ALTER TABLE app.event DISABLE TRIGGER USER'
  local fill="INSERT INTO app.event ($columns) SELECT $columns FROM made.events"
  for first in 1 $((half + 1)); do
    q -d "$name" -c "$fill($first, $((first == 1 ? half : events)), $events, $leads)" &
  done
  wait %% && wait
  [ "$(q -d "$name" -c 'SELECT count(*) FROM app.event')" = "$events" ] || die "$name: not all events are there"
  q -d "$name" -c 'ALTER TABLE app.event ENABLE TRIGGER USER' -c 'ALTER TABLE app.event ADD PRIMARY KEY (id)' -c 'CREATE INDEX ON app.event (lead, occurred_at)'
  settle "$name"
}

# large: ten times as much; small: a tenth.
need_large() { have large || make_loaded large $((LEADS * 10)) $((EVENTS * 10)); }
need_small() {
  have small && return
  make_loaded small $((LEADS / 10)) $((EVENTS / 10))
  q -d small -c "CALL lead_scoring.rebuild('bench')" \
    -c "INSERT INTO made.event SELECT * FROM made.events(1, $((EVENTS / 10)), $((EVENTS / 10)), $((LEADS / 10)))"
  settle small
}

# add_sheets NAME N: up to N sheets over the same signals, of which no two agree about the points.
add_sheets() {
  local n
  for ((n = 2; n <= $2; n++)); do
    q -d "$1" -v sheet="$sheet" -v n="$n" <<'SQL' > /dev/null
SELECT lead_scoring.import_sheet('bench', :'sheet', sheet_name => 'bench' || :'n', create_signals => false);
UPDATE lead_scoring.rule SET points = points * (1 + :n / 10.0) WHERE sheet = 'bench' || :'n' AND points IS NOT NULL;
SELECT lead_scoring.publish('bench' || :'n');
SQL
  done
  settle "$1"
}

# sheetsN: empty, with N sheets.
need_sheets() {
  need_empty
  have "sheets$1" || { copy empty "sheets$1" && add_sheets "sheets$1" "$1"; }
}

# hot: a lead with N entries for each N of hot_sizes: it fetches 200 documents again and again, on 730 days. Its key is
# LEADS + N.
hot_sizes='10 100'
for ((n = 1000; n <= EVENTS / 10; n *= 10)); do hot_sizes+=" $n"; done
hot_most=${hot_sizes##* }
need_hot() {
  have hot && return
  need_filled
  copy filled hot
  q -d hot -v sizes="$hot_sizes" -v leads="$LEADS" <<'SQL'
CREATE TEMP TABLE sizes AS SELECT n::integer FROM string_to_table(:'sizes', ' ') AS n;
INSERT INTO app.lead (id, email, name, attributes, created_at, score)
SELECT :leads + n, 'hot@example', 'Hot', '{}', now() - interval '3 years', 0 FROM sizes;
INSERT INTO app.event (lead, occurred_at, type, page, properties)
SELECT :leads + n, now() - interval '1 day' * (730 - i * 730.0 / n), 'download', '/products/' || i % 200, '{"device": "desktop"}'
FROM sizes, generate_series(1, n) AS i ORDER BY i::double precision / n;
SQL
  settle hot
}

# small_sheetsN: small, with N sheets.
need_small_sheets() {
  need_small
  have "small_sheets$1" || { copy small "small_sheets$1" && add_sheets "small_sheets$1" "$1"; }
}

# counted DATABASE SCHEMA: after all events have been inserted, the scores must be what the events say.
counted() {
  local wrong
  case $2 in
    app) wrong=$(q -d "$1" -c "SELECT count(*) FROM lead_scoring.verify('bench')") ;;
    *) wrong=$(q -d "$1" -c "SELECT count(*) FROM $2.lead AS l
        LEFT JOIN (SELECT lead, sum(naive.points(type)) AS points FROM made.event GROUP BY lead) AS e ON e.lead = l.id
        WHERE l.score <> coalesce(e.points, 0)") ;;
  esac
  [ "$wrong" = 0 ] || die "$2: $wrong leads have a wrong score"
}
