# Milliseconds of a refresh when every score row is due and shows another score than it should, as after a night with
# points that fade; and of an UPDATE of the same rows in a table with the same indexes.
need_filled
q -d filled <<'SQL'
CREATE TABLE app.plain_copy (LIKE app.lead_score INCLUDING ALL) WITH (fillfactor = 80);
INSERT INTO app.plain_copy SELECT * FROM app.lead_score ORDER BY lead;
SQL
ours() {
  q -d filled -c "UPDATE app.lead_score SET score = score + 1, next_change_at = date_trunc('day', now(), 'Europe/Berlin')" \
    -c 'VACUUM app.lead_score' -c CHECKPOINT
  timed filled "CALL lead_scoring.refresh('bench')"
  [ "$(q -d filled -c 'SELECT count(*) FROM app.lead_score WHERE next_change_at <= now()')" = 0 ] || die "refresh left rows"
}
plain() {
  q -d filled -c 'VACUUM app.plain_copy' -c CHECKPOINT
  timed filled 'UPDATE app.plain_copy SET score = score + 1'
}
measure refresh 5 ms ours plain
agree
result refresh "$(quotient refresh ours plain)"
