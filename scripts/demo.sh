#!/usr/bin/env bash
# demo.sh start|stop: examples/online_retail in a throw-away cluster, which stays up until stop. Each clone has
# one demo of its own.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

state=$build/demo.cluster
psql_settings=(--no-psqlrc --quiet --set=ON_ERROR_STOP=1 --pset=pager=off)

stop() {
  local cluster
  [ -e "$state" ] || return 1
  cluster=$(< "$state")
  # After a reboot the cluster is gone, and only the note about it is left.
  [ ! -d "$cluster" ] || "$top/scripts/cluster.sh" down "$cluster"
  rm -f "$state"
}

start() {
  local cluster started=$SECONDS connect
  mkdir -p "$build"
  "$top/scripts/deps.sh" demo
  ! stop || step "stopped the demo that was running"
  step "building the extension"
  build_extension
  step "starting a throw-away cluster"
  cluster=$("$top/scripts/cluster.sh" up "timezone=Europe/London")
  echo "$cluster" > "$state"
  (
    eval "$("$top/scripts/cluster.sh" env "$cluster")"
    createdb demo
    cd "$top/examples/online_retail"
    psql "${psql_settings[@]}" --dbname=demo --file=demo.sql
  ) || {
    stop || true
    die "the demo failed; the message stands above"
  }
  connect="psql -h $cluster/socket -U postgres demo"
  # The socket is open to the user that runs the cluster and to root.
  [ -z "${SUDO_USER:-}" ] || connect="sudo $connect"
  printf '\n%s\n    %s\n' "Done in $((SECONDS - started)) s. The cluster stays up until \`make demo-stop\`. Look around:" "$connect" \
    "for example:" "SELECT * FROM shop.customer_score ORDER BY score DESC LIMIT 20;"
  echo
}

case ${1:-} in
  start) start ;;
  stop)
    if stop; then step "the demo is stopped and removed"; else step "no demo of this clone is running"; fi
    ;;
  *) die "usage: demo.sh start|stop" ;;
esac
