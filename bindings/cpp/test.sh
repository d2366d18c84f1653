#!/usr/bin/env bash
# Builds the tests for C++17, 20 and 23 under the sanitizers and runs them, with the examples of the README and of CMake.
#
# RPMADB_LIBRARY names the shared library, RPMADB_SCRATCH a folder for everything that is made; what is compiled stays there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
RPMADB_LIBRARY=$(realpath "${RPMADB_LIBRARY:?names the shared library}")
export RPMADB_LIBRARY
mkdir -p "${RPMADB_SCRATCH:?names a folder}"
scratch=$(realpath "$RPMADB_SCRATCH")
cd "$scratch"

PYTHONDONTWRITEBYTECODE=1 python3 "$here/generate.py" --check

# Every function of the library's header is used.
for function in $(grep -oE '\brpmadb_[a-z_]+\(' "$here/../../include/rpmadb.h" | tr -d '(' | sort -u); do
  case $function in rpmadb_progress_fn | rpmadb_step_fn | rpmadb_alert_fn | rpmadb_log_fn) continue ;;
    rpmadb_bind_host_sqlite | rpmadb_sqlite3 | rpmadb_open_sqlite3) continue ;; # for builds without a SQLite of their own
  esac
  grep -rqwF "$function" "$here/include" || { echo "no header uses $function" >&2; exit 1; }
done

for standard in 17 20 23; do
  cmake -S "$here" -B "build$standard" -DCMAKE_CXX_STANDARD=$standard -DCMAKE_CXX_STANDARD_REQUIRED=ON -DCMAKE_CXX_EXTENSIONS=OFF \
    -DRPMADB_LIBRARY="$RPMADB_LIBRARY" -DRPMADB_CPP_TESTS=ON >"cmake$standard.log" 2>&1 || { cat "cmake$standard.log"; exit 1; }
  cmake --build "build$standard" -j 2 >"build$standard.log" 2>&1 || { cat "build$standard.log"; exit 1; }
  (cd "build$standard" && ctest --output-on-failure)
done

# The examples, in a folder of their own: the one of CMake as a stranger builds it, those of the README as one program.
cmake -S "$here/example" -B example -DRPMADB_LIBRARY="$RPMADB_LIBRARY" >example.log 2>&1 && cmake --build example >>example.log 2>&1 || { cat example.log; exit 1; }
rm -rf run
mkdir -p run/migrations
echo 'CREATE TABLE parts (id INTEGER PRIMARY KEY, name TEXT, price REAL);' >run/migrations/001_parts.sql
(cd run && ../example/app >app.txt && printf 'c1: Ada\n1 client(s)\nbacked up\n' | diff - app.txt)
(cd run && ../build17/tests/readme >readme.txt && grep -qx 'no such table: klients' readme.txt && grep -qx DENIED readme.txt && grep -qx 2 readme.txt)
