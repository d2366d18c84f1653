#!/usr/bin/env bash
# Installs, builds and tests the package in RPMADB_SCRATCH; the folder it is in stays as it is. RPMADB_LIBRARY is the library to test.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
: "${RPMADB_LIBRARY:?the shared library to test with}"
: "${RPMADB_SCRATCH:?a folder for what is installed and built}"
package=$RPMADB_SCRATCH/package
export RPMADB_BINDINGS=${here%/*} npm_config_update_notifier=false npm_config_audit=false npm_config_fund=false

mkdir -p "$package"
# why by name: node_modules stays from the last time
fresh() { # FOLDER PART...
  mkdir -p "$package/$1"
  for part in dist "${@:2}"; do rm -rf "${package:?}/$1/$part"; done
  (cd "$here/$1" && cp -r "${@:2}" "$package/$1")
}
install() {
  if ! cmp -s package-lock.json node_modules/.installed; then
    # why no scripts: koffi comes built
    npm ci --ignore-scripts --prefer-offline
    cp package-lock.json node_modules/.installed
  fi
}
panel=examples/admin-panel
fresh . src scripts test bench package.json package-lock.json tsconfig.json .prettierrc.json .prettierignore README.md
fresh $panel server web test package.json package-lock.json config.demo.json README.md
cd "$package"

install
npx --no-install prettier --check .
node scripts/generate.mjs --check
npx --no-install tsc
npx --no-install tsc --project test/types
node --test --test-reporter=dot test/*.test.mjs

cd $panel
install
npm run --silent build
node --test --test-reporter=dot test/*.test.mjs
