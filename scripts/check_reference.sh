#!/usr/bin/env bash
# check_reference.sh [print]: whether docs/reference.md has an entry for every member of the extension, compared
# with the catalogs of the server that the environment names. One line a member, "ok" or "not ok"; status 1 if
# any is missing, or if the page has an entry for what does not exist. `print` prints the entries instead.
#
# An entry is a line of the page: for a function, aggregate, type, operator or cast the line that begins with its
# signature; for a table or view, a heading and a row a column with the column's comment.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

page=$top/docs/reference.md
database=lead_scoring_reference
export PGOPTIONS='-c client_min_messages=warning'
members=$(mktemp)
trap 'rm -f "$members"; dropdb --if-exists "$database"' EXIT
dropdb --if-exists "$database"
createdb "$database"

psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --dbname="$database" > "$members" << 'END'
CREATE EXTENSION lead_scoring;
SET search_path = lead_scoring, pg_catalog;
WITH member AS (
    SELECT classid, objid FROM pg_depend
    WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
      AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'lead_scoring')),
argument AS (
    SELECT p.oid, a.n, a.mode, a.name, format_type(a.type, NULL) AS type,
           CASE WHEN a.input > p.pronargs - p.pronargdefaults THEN pg_get_function_arg_default(p.oid, a.n::integer) END AS default_value
    FROM pg_proc AS p
    CROSS JOIN LATERAL (
        SELECT u.n, u.type, coalesce(p.proargmodes[u.n], 'i') AS mode, nullif(p.proargnames[u.n], '') AS name,
               count(*) FILTER (WHERE coalesce(p.proargmodes[u.n], 'i') IN ('i', 'b', 'v')) OVER (ORDER BY u.n) AS input
        FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY AS u(type, n)) AS a),
signature AS (
    SELECT p.oid, p.prokind, format('%s(%s)', p.proname,
               (SELECT string_agg(concat_ws(' ', CASE a.mode WHEN 'v' THEN 'VARIADIC' END, a.name, a.type)
                                  || coalesce(' = ' || regexp_replace(a.default_value, '::[a-z ]+$', ''), ''), ', ' ORDER BY a.n)
                FROM argument AS a WHERE a.oid = p.oid AND a.mode IN ('i', 'b', 'v'))) AS call,
           CASE WHEN p.prokind = 'p' THEN NULL
                WHEN (SELECT bool_or(a.mode IN ('o', 't')) FROM argument AS a WHERE a.oid = p.oid)
                THEN format('%s (%s)', CASE WHEN p.proretset THEN 'rows' ELSE 'row' END,
                            (SELECT string_agg(concat_ws(' ', a.name, a.type), ', ' ORDER BY a.n) FROM argument AS a WHERE a.oid = p.oid AND a.mode IN ('o', 't')))
                ELSE format_type(p.prorettype, NULL) END AS result
    FROM pg_proc AS p)
SELECT format('`%s%s`', s.call, ' → ' || s.result)
FROM member AS m JOIN signature AS s ON s.oid = m.objid WHERE m.classid = 'pg_proc'::regclass
UNION ALL
-- Base types; array types and the row types of tables have no entry, composite types have a heading.
SELECT format('`%s`', t.typname)
FROM member AS m JOIN pg_type AS t ON t.oid = m.objid
WHERE m.classid = 'pg_type'::regclass AND t.typtype = 'b' AND t.typelem = 0
UNION ALL
SELECT format('`%s`', concat_ws(' ', CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) END, o.oprname, format_type(o.oprright, NULL)))
FROM member AS m JOIN pg_operator AS o ON o.oid = m.objid WHERE m.classid = 'pg_operator'::regclass
UNION ALL
SELECT format('`%s::%s`', format_type(c.castsource, NULL), format_type(c.casttarget, NULL))
FROM member AS m JOIN pg_cast AS c ON c.oid = m.objid WHERE m.classid = 'pg_cast'::regclass
UNION ALL
SELECT format('`event trigger %s`', e.evtname)
FROM member AS m JOIN pg_event_trigger AS e ON e.oid = m.objid WHERE m.classid = 'pg_event_trigger'::regclass
UNION ALL
SELECT format('### %s', c.relname)
FROM member AS m JOIN pg_class AS c ON c.oid = m.objid WHERE m.classid = 'pg_class'::regclass AND c.relkind IN ('r', 'v')
UNION ALL
SELECT format('### %s', t.typname)
FROM member AS m JOIN pg_type AS t ON t.oid = m.objid WHERE m.classid = 'pg_type'::regclass AND t.typtype = 'c'
UNION ALL
SELECT format(E'### %s\t| `%s` | %s | %s |', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), replace(coalesce(col_description(c.oid, a.attnum), ''), '|', '\|'))
FROM member AS m JOIN pg_class AS c ON c.oid = m.objid
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE m.classid = 'pg_class'::regclass AND c.relkind IN ('r', 'v')
UNION ALL
SELECT format(E'### %s\t| `%s` | %s | %s |', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), replace(coalesce(col_description(c.oid, a.attnum), ''), '|', '\|'))
FROM member AS m JOIN pg_type AS t ON t.oid = m.objid JOIN pg_class AS c ON c.oid = t.typrelid
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE m.classid = 'pg_type'::regclass AND c.relkind = 'c';
END

if [ "${1:-}" = print ]; then
  cat "$members"
  exit
fi

# The page with each table row behind its heading, as in the list of members.
entries=$(awk '/^## / { heading = "" } /^### / { heading = $0; print } /^\| `/ && heading != "" { print heading "\t" $0 } /^`/' "$page")

status=0
while IFS= read -r member; do
  if awk -v member="$member" 'index($0, member) == 1 && (member !~ /^### [a-z_]+$/ || $0 == member) { found = 1; exit }
                              END { exit !found }' <<< "$entries"; then
    echo "ok ${member/$'\t'/ }"
  else
    echo "not ok, docs/reference.md has no line that begins with: ${member/$'\t'/ }"
    status=1
  fi
done < "$members"

# And the other way round: an entry for what is not there (any more).
while IFS= read -r entry; do
  if ! awk -v entry="$entry" 'index(entry, $0) == 1 { found = 1; exit } END { exit !found }' "$members"; then
    echo "not ok, docs/reference.md has an entry for what does not exist: ${entry/$'\t'/ }"
    status=1
  fi
done <<< "$entries"
exit $status
