# Milliseconds for the scores of all leads under changed points, nothing written: from the tallies, and by plain SQL from
# the events.
need_filled
q -d filled -c "UPDATE lead_scoring.rule SET points = points * 1.1 WHERE sheet = 'bench' AND points IS NOT NULL"
ours() { timed filled "$what_if"; }
plain() { timed filled 'SELECT sum(score) FROM app.plain_score'; }
measure rescore 5 ms ours plain
result rescore "$(quotient rescore ours plain)"
