# Milliseconds of the top 100 of a sheet, with many leads and with few.
need_large
need_small
cat > "$work/top100.sql" <<'SQL'
SELECT lead, score, band FROM app.lead_score WHERE sheet = 'bench' ORDER BY score DESC LIMIT 100;
SQL
top() { bench_of "$1" -c 1 -t "$(transactions 500)" -f "$work/top100.sql" | latency; }
many() { top large; }
few() { top small; }
measure top100 7 ms many few
result top100 "$(quotient top100 many few)"
