#!/bin/sh
# Installs the library for C and C++ hosts, and the command.
#
#   bindings/c/install.sh [--prefix DIR] [--destdir DIR] [--libdir NAME] [--from DIR] [--command FILE] [--tarball FILE]
#
# prefix   where it will be, /usr/local without it       destdir  put before every path, for whoever makes packages
# libdir   lib without it, under the prefix              from     what cargo built: target/release, built if it is not there
# command  the command rpmadb, in `from` without it      tarball  packs it all into this file and installs nothing
set -eu
umask 022
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
prefix=/usr/local destdir= libdir=lib from= command= tarball=
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || { echo "install.sh: $1 needs a value" >&2; exit 2; }
  case $1 in
    --prefix) prefix=$2 ;; --destdir) destdir=$2 ;; --libdir) libdir=$2 ;;
    --from) from=$2 ;; --command) command=$2 ;; --tarball) tarball=$2 ;;
    *) echo "install.sh: unknown option $1; see the head of this file" >&2; exit 2 ;;
  esac
  shift 2
done
if [ -z "$from" ]; then
  (cd "$root" && cargo build --release --locked)
  from=$root/target/release
fi
command=${command:-$from/rpmadb}
abi=$(sed -n 's/^#define RPMADB_ABI_VERSION \([0-9]*\).*/\1/p' "$root/include/rpmadb.h")
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -n "$tarball" ]; then
  name=$(basename "$tarball" | sed 's/\.tar.*//')
  stage=$work/$name
else
  stage=$destdir$prefix
fi
lib=$stage/$libdir
mkdir -p "$stage/include" "$stage/bin" "$lib/pkgconfig" "$lib/cmake/rpmadb"

# the file has the number of the ABI before the rest of the version: what was linked with one runs with every later one of that number
file=librpmadb.so.$abi.${version#*.}
install -m 755 "$from/librpmadb.so" "$lib/$file"
ln -sf "$file" "$lib/librpmadb.so.$abi"
ln -sf "librpmadb.so.$abi" "$lib/librpmadb.so"
sh "$here/seal.sh" "$from/librpmadb.a" "$root/include/rpmadb.h" "$lib/librpmadb.a"
chmod 644 "$lib/librpmadb.a"
install -m 755 "$command" "$stage/bin/rpmadb"
page() { # FILE ARGUMENT... : what the command prints of itself
  mkdir -p "$stage/share/$(dirname "$1")"
  to=$stage/share/$1
  shift
  "$command" "$@" > "$to" || rm -f "$to" # one for another machine cannot say it here
  chmod 644 "$to"
}
page man/man1/rpmadb.1 man
page bash-completion/completions/rpmadb completions bash
page zsh/site-functions/_rpmadb completions zsh
page fish/vendor_completions.d/rpmadb.fish completions fish
install -m 644 "$root/include/rpmadb.h" "$stage/include/rpmadb.h"
cp -R "$root/bindings/cpp/include/." "$stage/include"
up=$(printf %s "$libdir/" | sed 's|[^/]*/|../|g') # from libdir to the prefix
fill() {
  sed -e "s|@UP@|$up|g" -e "s|@VERSION@|$version|g" -e "s|@ABI@|$abi|g" -e "s|@LIBDIR@|$libdir|g" "$here/$1" > "$2"
  chmod 644 "$2"
}
fill rpmadb.pc.in "$lib/pkgconfig/rpmadb.pc"
fill rpmadb-config.cmake.in "$lib/cmake/rpmadb/rpmadb-config.cmake"
fill rpmadb-config-version.cmake.in "$lib/cmake/rpmadb/rpmadb-config-version.cmake"

if [ -n "$tarball" ]; then
  tar -C "$work" --owner=0 --group=0 -caf "$tarball" "$name"
  echo "$tarball"
else
  echo "installed rpmadb $version in $stage"
fi
