#!/bin/sh
# Makes the static library self-contained: seal.sh ARCHIVE HEADER SEALED
#
# The archive that cargo leaves holds SQLite, Lua and Rust's own library with all their names, which would take the place of the host's
# SQLite and Lua, or clash with them, depending on the order of linking. Here all of it is linked into one object in which only the
# functions of the header are global.
set -eu
archive=$1 header=$2 sealed=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
grep -o 'rpmadb_[a-z0-9_]*(' "$header" | tr -d '(' | sort -u > "$work/functions"
"${LD:-ld}" -r --whole-archive "$archive" -o "$work/all.o"
# why without these sections: they hold the compiler's own form of the code, for optimising across objects, with the names in it
"${OBJCOPY:-objcopy}" --strip-debug --remove-section=.llvmbc --remove-section=.llvmcmd --keep-global-symbols="$work/functions" \
  "$work/all.o" "$work/rpmadb.o"
rm -f "$sealed"
"${AR:-ar}" rcs "$sealed" "$work/rpmadb.o"
