#!/bin/sh
# Builds the peers of benches/migrate.rs. Each is a crate of its own, because one build can link only one SQLite; the options
# of SQLite's build come from .cargo/config.toml of the project, for them as for us.
set -eu
cd "$(dirname "$0")"
target="${CARGO_TARGET_DIR:-$(cd ../.. && pwd)/target}/peers"
for peer in rusqlite-migration refinery sqlx diesel; do
    (cd "$peer" && CARGO_TARGET_DIR="$target" cargo build --release --locked)
done
