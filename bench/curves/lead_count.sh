# Milliseconds of what applications read, by the number of leads: the top 100, one lead's row, and the same from the view
# that is exact at any instant.
need_small
need_filled
need_large

# Ten times as many as in large, for what reads the score table alone: its rows under other keys.
scored() { q -d large -c "SELECT to_regclass('app.more_score') IS NOT NULL"; }
need_more_scores() {
  [ "$(scored)" = t ] && return
  local rest='sheet, score, engagement, fit, grade, level, band, disqualified, hand_raised, persona, last_active_on, band_since,
    updated_at, next_change_at, revision'
  q -d large <<SQL
CREATE TABLE app.more_score (LIKE app.lead_score) WITH (fillfactor = 80);
INSERT INTO app.more_score (lead, $rest) SELECT lead + n * $((LEADS * 10)), $rest FROM generate_series(0, 9) AS n, app.lead_score;
ALTER TABLE app.more_score ADD PRIMARY KEY (lead, sheet);
CREATE INDEX ON app.more_score (sheet, score DESC);
VACUUM (ANALYZE) app.more_score;
CHECKPOINT;
SQL
}
need_more_scores

# read_of DATABASE LEADS STATEMENT
read_of() {
  printf '%s\n' "\\set lead random(1, $2)" "$3" > "$work/read.sql"
  bench_of "$1" -c 1 -t "$(transactions 300)" -f "$work/read.sql" | latency
}
# curve_at DATABASE LEADS TABLE SIDE …
curve_at() {
  local database=$1 n=$2 table=$3 side
  shift 3
  top() { read_of "$database" "$n" "SELECT lead, score, band FROM app.$table WHERE sheet = 'bench' ORDER BY score DESC LIMIT 100;"; }
  one() { read_of "$database" "$n" "SELECT score, band FROM app.$table WHERE lead = :lead AND sheet = 'bench';"; }
  now() { read_of "$database" "$n" "SELECT score, band FROM app.${table}_now WHERE lead = :lead AND sheet = 'bench';"; }
  measure "leads_$n" 5 ms "$@"
  for side in "$@"; do point "lead_count.$side" "$n" "$(median "leads_$n" "$side")" ms; done
}
curve_at small $((LEADS / 10)) lead_score top one now
curve_at filled "$LEADS" lead_score top one now
curve_at large $((LEADS * 10)) lead_score top one now
curve_at large $((LEADS * 100)) more_score top one
