//! Migrates with rusqlite_migration: one transaction, `user_version` as history.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

#[path = "../../measure.rs"]
mod measure;

use measure::Arguments;
use rusqlite_migration::{M, Migrations};

fn main() {
    let arguments = Arguments::new(std::env::args().skip(1));
    let files = measure::files(&arguments.folder);
    measure::report(
        rusqlite::version(),
        || Migrations::new(files.iter().map(|(_, text)| M::up(text)).collect()),
        |migrations| {
            let mut connection = rusqlite::Connection::open(&arguments.path).expect("opens");
            connection.execute_batch(&arguments.pragmas()).expect("sets");
            migrations.to_latest(&mut connection).expect("migrates");
        },
    );
}
