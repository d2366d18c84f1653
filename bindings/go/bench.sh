#!/usr/bin/env bash
# What a call through the binding costs, with the library in RPMADB_LIBRARY; what is downloaded and built goes to RPMADB_SCRATCH.
set -euo pipefail
cd "$(dirname "$0")"
: "${RPMADB_LIBRARY:?is the path of the shared library}" "${RPMADB_SCRATCH:?is a folder for what is built}"
export GOMODCACHE="$RPMADB_SCRATCH/modules" GOCACHE="$RPMADB_SCRATCH/cache" GOFLAGS="-mod=readonly -modcacherw" GOTOOLCHAIN=local
CGO_ENABLED=0 go run ./bench
