# Milliseconds of the aggregate that rebuild counts with: serial, and by the leader and one worker.
need_filled
q -d filled -c "$one_worker" -c "$(explained "$tally_sql")" | grep -q 'Workers Launched: 1' || die "tally_parallel: no worker"
serial() { timed filled "$(explained "$tally_sql")" "$serial"; }
parallel() { timed filled "$(explained "$tally_sql")" "$one_worker"; }
count_parallel() { timed filled "$(explained "$count_sql")" "$one_worker"; }
measure tally_parallel 7 ms serial parallel count_parallel
result tally_parallel "$(quotient tally_parallel serial parallel)"
