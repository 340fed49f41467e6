# Microseconds to score a lead by the number of rules on the sheet: the rules of the sheet once, or again and again under
# other names and with other points.
need_filled
for n in 5 10 25 50 100 200; do
  q -d filled -v n="$n" <<'SQL' > /dev/null
DELETE FROM lead_scoring.sheet WHERE name = 'many rules';
SELECT lead_scoring.import_sheet('bench', lead_scoring.export_sheet('bench') || '{"name": "many rules"}' || jsonb_build_object('rules', (
    SELECT jsonb_agg(r || jsonb_build_object('name', r ->> 'name' || ' ' || i) ORDER BY i, place)
    FROM (SELECT r, i, place FROM generate_series(1, 8) AS i,
              jsonb_array_elements(lead_scoring.export_sheet('bench') -> 'rules') WITH ORDINALITY AS x(r, place)
          ORDER BY i, place LIMIT :n) AS x)), create_signals => false);
SQL
  score() {
    timed filled "SELECT sum(lead_scoring.score((SELECT lead_scoring.draft_model('many rules')),
      base OPERATOR(lead_scoring.+) recent, now())) FROM app.lead_tally" "$serial"
  }
  measure "rules_$n" 3 ms score
  point rule_count.score "$n" "$(awk -v ms="$(median "rules_$n" score)" -v leads="$LEADS" 'BEGIN { print ms * 1000 / leads }')" us
done
q -d filled -c "DELETE FROM lead_scoring.sheet WHERE name = 'many rules'"
