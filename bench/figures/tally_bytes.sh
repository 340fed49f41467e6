# Bytes of base and recent as they are stored, by the entries they hold.
need_filled
stored() {
  q -d filled -c "SELECT sum(pg_column_size(base) + pg_column_size(recent))::numeric / sum(n)
    FROM app.lead_tally, LATERAL (SELECT count(*) FROM lead_scoring.entries(base OPERATOR(lead_scoring.+) recent)) AS e(n)"
}
measure tally_bytes 1 bytes stored
result tally_bytes "$(median tally_bytes stored)"
