#!/usr/bin/env bash
# Checks the binding for Go: format, vet, and all tests, without cgo and then with it and the race detector.
# RPMADB_LIBRARY is the shared library; what is downloaded and built goes to RPMADB_SCRATCH.
set -euo pipefail
cd "$(dirname "$0")"
: "${RPMADB_LIBRARY:?is the path of the shared library}" "${RPMADB_SCRATCH:?is a folder for what is built}"
export GOMODCACHE="$RPMADB_SCRATCH/modules" GOCACHE="$RPMADB_SCRATCH/cache" GOFLAGS="-mod=readonly -modcacherw" GOTOOLCHAIN=local

unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || { echo "gofmt would change: $unformatted" >&2; exit 1; }
CGO_ENABLED=0 go vet ./...
CGO_ENABLED=0 go test -count=1 ./...
if command -v gcc >/dev/null; then
  CGO_ENABLED=1 go test -count=1 -race ./...
else
  echo "SKIPPED: the race detector, because gcc is not installed"
fi
