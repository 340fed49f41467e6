#!/usr/bin/env bash
# deps.sh demo|check|bench|fuzz|torture: installs the Debian packages that are missing, and does nothing when none is.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

build_packages=(g++ make postgresql-15 postgresql-server-dev-15 libboost-dev nlohmann-json3-dev libxxhash-dev)
check_packages=("${build_packages[@]}" cmake libgtest-dev librapidcheck-dev libipc-run-perl postgresql-15-cron
  postgresql-15-wal2json faketime clang-format clang-tidy python3 libbenchmark-dev valgrind)

case ${1:-} in
  demo) wanted=("${build_packages[@]}") ;;
  check) wanted=("${check_packages[@]}") ;;
  bench) wanted=("${build_packages[@]}" python3) ;;
  fuzz) wanted=("${check_packages[@]}" clang sqlsmith) ;;
  torture) wanted=("${check_packages[@]}" clang lcov sqlsmith) ;;
  *) die "usage: deps.sh demo|check|bench|fuzz|torture" ;;
esac

if ! command -v dpkg-query > /dev/null; then
  say "This is not Debian: make sure that the equivalents of these packages are installed:" "${wanted[*]}"
  exit 0
fi

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null)" = installed ]; }

missing=()
for package in "${wanted[@]}"; do
  installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
  sudo=()
elif command -v sudo > /dev/null; then
  sudo=(sudo)
else
  die "these packages are missing: ${missing[*]}" "Install them as root, or run this command as root."
fi
# Kept over sudo, which clears the environment.
apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0)

apt_install() {
  local log=$build/apt.log
  mkdir -p "$build"
  "${apt[@]}" install --no-install-recommends "$@" > "$log" 2>&1 ||
    die "apt-get could not install: $*" "The end of $log:" "$(tail -n 15 "$log")"
}

step "installing ${missing[*]}"
"${apt[@]}" update > /dev/null || say "warning: apt-get update failed; trying with the lists at hand"

# Debian's server package creates and starts a cluster on port 5432 when it is first installed. Nobody asked
# for one here, so that is switched off while the packages go in.
no_cluster=/etc/postgresql-common/createcluster.d/lead_scoring-install.conf
if ! installed postgresql-15; then
  installed postgresql-common || apt_install postgresql-common
  "${sudo[@]}" mkdir -p "${no_cluster%/*}"
  echo "create_main_cluster = false" | "${sudo[@]}" tee "$no_cluster" > /dev/null
  trap '"${sudo[@]}" rm -f "$no_cluster"' EXIT
fi
apt_install "${missing[@]}"
