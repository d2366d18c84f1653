#!/usr/bin/env bash
# What a call through the binding costs, with the library in RPMADB_LIBRARY. Needs what test.sh built, in the same RPMADB_SCRATCH.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
: "${RPMADB_LIBRARY:?is the path of the shared library}" "${RPMADB_SCRATCH:?is the folder that test.sh used}"
cd "$RPMADB_SCRATCH/package"
RPMADB_BINDINGS=${here%/*} node bench/calls.mjs
