# Transactions a second of four clients, one INSERT each, and each commit waits for the disk. As in insert_one, each side
# begins with inserts that do not count; and a run is long enough for what a session does once (it loads the module,
# reads the model, compiles the conditions) not to show.
need_filled
clients() {
  mapfile -t scripts < <(insert_scripts "$1")
  bench_of filled -c 4 -j 2 -t "$(transactions "${2:-5000}")" "${scripts[@]}" | rate
}
for side in app bare; do clients "$side" 6000 > /dev/null; done
ours() { clients app; }
bare() { clients bare; }
measure insert_clients 7 tps ours bare
result insert_clients "$(quotient insert_clients ours bare)"
