#!/usr/bin/env bash
# Builds the binding for Java, with all warnings as errors, and runs its tests.
# RPMADB_LIBRARY is the shared library; what is downloaded and built goes to RPMADB_SCRATCH. RPMADB_UPDATE=1 writes the generated sources anew.
set -euo pipefail
cd "$(dirname "$0")"
: "${RPMADB_LIBRARY:?is the path of the shared library}" "${RPMADB_SCRATCH:?is a folder for what is built}"

maven() {
  mvn -q -B -ntp "-Dmaven.repo.local=$RPMADB_SCRATCH/repository" "-Dbuild.folder=$RPMADB_SCRATCH/target" \
    "-Drpmadb.update=$([ "${RPMADB_UPDATE:-}" = 1 ] && echo true || echo false)" "$@"
}

# Once everything was downloaded for this pom, the network is not asked again.
stamp=$RPMADB_SCRATCH/downloaded
if cmp -s pom.xml "$stamp"; then
  maven -o package
else
  maven package
  cp pom.xml "$stamp"
fi
