# Milliseconds of the aggregate that rebuild counts with, and of the same scan that only counts rows. Both serial.
need_filled
ours() { timed filled "$(explained "$tally_sql")" "$serial"; }
count() { timed filled "$(explained "$count_sql")" "$serial"; }
measure tally_scan 7 ms ours count
result tally_scan "$(quotient tally_scan ours count)"
