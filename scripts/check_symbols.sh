#!/usr/bin/env bash
# check_symbols.sh MODULE.so: only what the server looks up by name may be exported, since a backend loads every
# module into one global name space; and nothing of ours may be left undefined.
set -euo pipefail
exported=$(nm -D --defined-only --format=posix "$1" | awk '{print $1}')
grep -qx Pg_magic_func <<< "$exported" || { echo "$1 does not export Pg_magic_func"; exit 1; }
others=$(grep -vxE 'Pg_magic_func|_PG_init|pg_finfo_ls_[a-z0-9_]+|ls_[a-z0-9_]+' <<< "$exported" || true)
[ -z "$others" ] || { printf 'exported, but should be hidden:\n%s\n' "$others"; exit 1; }
# The linker leaves the server's symbols open, and so would not notice a file of ours that is missing.
open=$(nm -D --undefined-only --format=posix "$1" | awk '{print $1}' | grep lead_scoring | c++filt || true)
[ -z "$open" ] || { printf 'defined nowhere:\n%s\n' "$open"; exit 1; }
