#!/usr/bin/env bash
# Throw-away clusters: demo, tests and benchmarks run in these, and never in a cluster of the system.
#
#   cluster.sh up [setting=value …]   start one that has the extension installed; prints its directory
#   cluster.sh env DIR                shell lines that point psql and friends to it: eval "$(cluster.sh env DIR)"
#   cluster.sh down DIR               stop and remove it
#   cluster.sh tree                   only the server's files with the extension; prints the directory
#
# PostgreSQL 15 looks for extensions in one directory of the server only. So each cluster gets a server tree of
# its own: copies of the programs, which find their files relative to where they are, and links to all the
# rest. Two clones can so have different builds of the extension running, and the system's server never
# changes.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

pg_config=$(find_pg_config)
bindir=$("$pg_config" --bindir) || die "$pg_config does not run" "make deps installs what is missing on Debian."
pkglibdir=$("$pg_config" --pkglibdir)
sharedir=$("$pg_config" --sharedir)
marker=.lead_scoring_cluster

# link_all FROM TO: a link for each entry, but for a system-wide installation of this extension.
link_all() {
  mkdir -p "$2"
  find "$1" -mindepth 1 -maxdepth 1 ! -name 'lead_scoring*' -exec ln -s -t "$2" {} +
}

make_tree() {
  local dir=$1
  mkdir -p "$dir$bindir"
  cp -p "$bindir"/* "$dir$bindir"
  link_all "$pkglibdir" "$dir$pkglibdir"
  link_all "$sharedir" "$dir$sharedir"
  rm "$dir$sharedir/extension"
  link_all "$sharedir/extension" "$dir$sharedir/extension"
  build_extension
  install_extension "$dir"
}

settings() {
  cat <<END
listen_addresses = ''
unix_socket_directories = '$1/socket'
unix_socket_permissions = 0700
port = 5432
timezone = 'UTC'
log_timezone = 'UTC'
datestyle = 'iso, mdy'
lc_messages = 'C'
max_prepared_transactions = 10
# It is thrown away in any case.
fsync = off
full_page_writes = off
END
  shift
  local setting
  for setting in "$@"; do
    [[ $setting == *=* ]] || die "a setting is written name=value, not: $setting"
    printf "%s = '%s'\n" "${setting%%=*}" "${setting#*=}"
  done
}

# The directory of `up` and `tree`, printed when all went well; whatever fails before leaves nothing behind.
dir=
new_dir() {
  dir=$(private_dir)
  touch "$dir/$marker"
  trap 'status=$?; [ $status -eq 0 ] || down "$dir"; exit $status' EXIT
  trap 'exit 130' INT TERM
}

tree() {
  new_dir
  make_tree "$dir"
  echo "$dir"
}

up() {
  new_dir
  make_tree "$dir"
  mkdir -m 700 "$dir/data" "$dir/socket"
  [ "$(id -u)" -ne 0 ] || chown postgres "$dir" "$dir/data" "$dir/socket"
  as_server_user "$dir$bindir/initdb" --pgdata="$dir/data" --username=postgres --auth=trust --encoding=UTF8 \
    --locale=C.UTF-8 --no-sync > "$dir/initdb.log" 2>&1 ||
    die "initdb failed:" "$(tail -n 15 "$dir/initdb.log")"
  settings "$dir" "$@" >> "$dir/data/postgresql.conf"
  as_server_user "$dir$bindir/pg_ctl" --pgdata="$dir/data" --log="$dir/server.log" --wait --timeout=60 \
    --silent start > /dev/null 2>&1 ||
    die "the server did not start:" "$(tail -n 15 "$dir/server.log" 2>&1)"
  echo "$dir"
}

down() {
  local dir=$1
  [ -e "$dir/$marker" ] || die "not a directory of cluster.sh: $dir"
  if [ -e "$dir/data/postmaster.pid" ]; then
    as_server_user "$dir$bindir/pg_ctl" --pgdata="$dir/data" --mode=immediate --wait --silent stop >&2 || true
  fi
  rm -rf "$dir"
}

env_lines() {
  local dir=$1
  [ -e "$dir/$marker" ] || die "not a directory of cluster.sh: $dir"
  printf 'export %s\n' "PATH='$dir$bindir:$PATH'" "PGHOST='$dir/socket'" PGPORT=5432 PGUSER=postgres
  echo 'unset PGDATABASE PGPASSWORD PGSERVICE PGOPTIONS PGSSLMODE PGPASSFILE PGTZ PGDATESTYLE PGCLIENTENCODING'
}

case ${1:-} in
  up) shift; up "$@" ;;
  env) env_lines "${2:?which directory?}" ;;
  down) down "${2:?which directory?}" ;;
  tree) tree ;;
  *) die "usage: cluster.sh up [setting=value …] | env DIR | down DIR | tree" ;;
esac
