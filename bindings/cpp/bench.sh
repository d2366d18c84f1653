#!/usr/bin/env bash
# What a call through the binding costs, with the library in RPMADB_LIBRARY; RPMADB_SCRATCH is where the program is built.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
: "${RPMADB_LIBRARY:?is the path of the shared library}" "${RPMADB_SCRATCH:?is a folder for what is built}"
g++ -std=c++17 -O2 "-I$here/include" "-I$here/../../include" -o "$RPMADB_SCRATCH/bench" "$here/bench.cpp" "$RPMADB_LIBRARY" \
  "-Wl,-rpath,$(dirname "$RPMADB_LIBRARY")"
"$RPMADB_SCRATCH/bench"
