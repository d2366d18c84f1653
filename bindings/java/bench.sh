#!/usr/bin/env bash
# What a call through the binding costs, with the library in RPMADB_LIBRARY. Needs what test.sh built, in the same RPMADB_SCRATCH.
set -euo pipefail
cd "$(dirname "$0")"
: "${RPMADB_LIBRARY:?is the path of the shared library}" "${RPMADB_SCRATCH:?is the folder that test.sh used}"
folder=$(mktemp -d "$RPMADB_SCRATCH/bench.XXXXXX")
trap 'rm -rf "$folder"' EXIT
gcc -O2 -I../../include -o "$folder/loop" ../c/loop.c "$RPMADB_LIBRARY" "-Wl,-rpath,$(dirname "$RPMADB_LIBRARY")"
jars=$(find "$RPMADB_SCRATCH/repository" -name 'jna-[0-9]*.jar' -o -name 'jackson-*.jar' | tr '\n' ':')
java -cp "$RPMADB_SCRATCH/target/classes:$jars" Bench.java "$folder/loop" "$folder"
