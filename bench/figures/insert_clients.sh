# Transactions a second of four clients, one INSERT each, and each commit waits for the disk.
need_filled
clients() {
  mapfile -t scripts < <(insert_scripts "$1")
  bench_of filled -c 4 -j 2 -t "$(transactions 600)" "${scripts[@]}" | rate
}
ours() { clients app; }
bare() { clients bare; }
measure insert_clients 7 tps ours bare
result insert_clients "$(quotient insert_clients ours bare)"
