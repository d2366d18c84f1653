#!/usr/bin/env bash
# What a call through the binding costs, with the library in RPMADB_LIBRARY; RPMADB_SCRATCH is where the peer in C is built.
set -euo pipefail
: "${RPMADB_LIBRARY:?is the path of the shared library}" "${RPMADB_SCRATCH:?is a folder for what is built}"
PYTHONDONTWRITEBYTECODE=1 python3 "$(dirname "$0")/bench.py"
