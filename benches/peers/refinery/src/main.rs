//! Migrates with refinery: a transaction a migration, or one around all with `grouped` as the last argument.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

#[path = "../../measure.rs"]
mod measure;

use measure::Arguments;
use refinery::{Migration, Runner};

fn main() {
    let arguments = Arguments::new(std::env::args().skip(1));
    let grouped = std::env::args().last().as_deref() == Some("grouped");
    let read = || {
        let named = |file: &str| {
            let (version, name) = measure::version_and_name(file);
            format!("V{version}__{name}")
        };
        let files = measure::files(&arguments.folder);
        files.iter().map(|(file, text)| Migration::unapplied(&named(file), text).expect("a migration")).collect()
    };
    measure::report(rusqlite::version(), read, |migrations: Vec<Migration>| {
        let mut connection = rusqlite::Connection::open(&arguments.path).expect("opens");
        connection.execute_batch(&arguments.pragmas()).expect("sets");
        Runner::new(&migrations).set_grouped(grouped).run(&mut connection).expect("migrates");
    });
}
