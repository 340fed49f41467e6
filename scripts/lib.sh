# Shared by the scripts beside it; sourced, never run.
# shellcheck shell=bash

top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# BUILD_DIR: builds with other flags (EXTRA_CXXFLAGS, EXTRA_LDFLAGS) live beside the plain one.
build=${BUILD_DIR:-$top/build}

# The scripts read what pg_regress and others print, which is in the language of the user otherwise.
export LC_ALL=C.UTF-8

say() { printf '%s\n' "$*" >&2; }
step() { printf '==> %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$1" >&2; shift; [ $# -eq 0 ] || printf '%s\n' "$@" >&2; exit 1; }

# The server of this extension, unless PG_CONFIG names another one. A plain pg_config may belong to libpq
# only, or to a newer server.
find_pg_config() {
  local debian=/usr/lib/postgresql/15/bin/pg_config
  if [ -n "${PG_CONFIG:-}" ]; then
    echo "$PG_CONFIG"
  elif [ -x "$debian" ]; then
    echo "$debian"
  else
    echo pg_config
  fi
}

# PostgreSQL refuses to run as root: as root, server programs run as the user that its package brings.
as_server_user() {
  if [ "$(id -u)" -eq 0 ]; then
    # A root shell's directory is often closed to other users, and every program would complain.
    (cd / && runuser -u postgres -- "$@")
  else
    "$@"
  fi
}

# A private directory with a short name: a socket's path must stay below 108 bytes.
private_dir() {
  local parent=${TMPDIR:-/tmp} dir
  [ ${#parent} -le 60 ] || parent=/tmp
  dir=$(mktemp -d "$parent/lead_scoring.XXXXXX")
  chmod 755 "$dir"
  echo "$dir"
}

# Compiles are repeated a lot; ccache makes the repetition free where it is installed.
compiler_launcher() { command -v ccache || true; }

# build_extension [VARIABLE=value …]: out of the tree, so that a build with other flags in the tree and this one
# do not disturb each other. Several scripts of one clone may come here at once. Prints the names of the files
# it compiles, and what the compiler has to say about them.
build_extension() {
  mkdir -p "$build/pgxs"
  (
    flock 9
    make -C "$build/pgxs" -f "$top/Makefile" --no-print-directory -j "$(nproc)" \
      PG_CONFIG="$(find_pg_config)" CXX="$(compiler_launcher) ${CXX:-g++}" "$@" all |
      sed -n 's|.* -c -o obj/\(.*\)\.o .*|    \1.cpp|p'
  ) 9> "$build/pgxs.lock" >&2
}

# install_extension DESTDIR
install_extension() {
  (
    flock 9
    make -C "$build/pgxs" -f "$top/Makefile" --no-print-directory \
      PG_CONFIG="$(find_pg_config)" DESTDIR="$1" install
  ) 9> "$build/pgxs.lock" > /dev/null
}
