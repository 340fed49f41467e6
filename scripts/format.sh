#!/usr/bin/env bash
# format.sh check|write: clang-format over all C++ files.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

mapfile -d '' files < <(find "$top/src" "$top/test" "$top/bench" -name '*.[ch]pp' -print0)
[ ${#files[@]} -gt 0 ] || die "no C++ file found below $top"
case ${1:-} in
  check) clang-format --style=file --dry-run --Werror "${files[@]}" ;;
  write) clang-format --style=file -i "${files[@]}" ;;
  *) die "usage: format.sh check|write" ;;
esac
