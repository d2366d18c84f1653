#!/usr/bin/env bash
# Builds the wheel, installs it into an environment of its own, and runs all tests of the binding there.
#
# RPMADB_LIBRARY names the shared library, RPMADB_SCRATCH a folder for everything that is made; what is installed stays there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
library=$(realpath "${RPMADB_LIBRARY:?names the shared library}")
mkdir -p "${RPMADB_SCRATCH:?names a folder}"
scratch=$(realpath "$RPMADB_SCRATCH")
export RPMADB_LIBRARY=$library PYTHONDONTWRITEBYTECODE=1
python=$scratch/venv/bin/python

tools="setuptools==80.9.0 mypy==1.18.2 pytest==8.4.2 ruff==0.13.2"
if [ "$(cat "$scratch/tools" 2>/dev/null || true)" != "$tools" ]; then
  rm -rf "$scratch/venv"
  python3 -m venv "$scratch/venv"
  # shellcheck disable=SC2086
  "$python" -m pip install --quiet --disable-pip-version-check $tools
  echo "$tools" >"$scratch/tools"
fi

cd "$here"
"$python" generate.py --check
"$python" -m ruff check --quiet --no-cache .
"$python" -m ruff format --check --quiet --no-cache .
"$python" -m mypy --cache-dir "$scratch/mypy" rpmadb generate.py bench.py

# The build leaves its own folders beside the source, so it gets a copy.
rm -rf "$scratch/source" "$scratch/wheels"
mkdir "$scratch/source"
cp -r rpmadb pyproject.toml setup.py README.md "$scratch/source"
"$python" -m pip wheel --quiet --disable-pip-version-check --no-build-isolation --no-deps --wheel-dir "$scratch/wheels" "$scratch/source"
wheel=$(echo "$scratch"/wheels/rpmadb-*-py3-none-*.whl)
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-index --force-reinstall "$wheel"

cd "$scratch" # so that no import finds the source
MYPYPATH=$here/tests "$python" -m mypy --cache-dir "$scratch/mypy" --strict "$here"/tests/*.py
"$python" -m pytest -c "$here/pyproject.toml" --rootdir "$here" "$here/tests" "$@"
