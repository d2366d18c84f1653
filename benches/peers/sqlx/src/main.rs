//! Migrates with sqlx: a transaction a migration.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

#[path = "../../measure.rs"]
mod measure;

use measure::Arguments;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

fn main() {
    let arguments = Arguments::new(std::env::args().skip(1));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let synchronous = match arguments.synchronous.as_str() {
        "FULL" => SqliteSynchronous::Full,
        _ => SqliteSynchronous::Normal,
    };
    let options = SqliteConnectOptions::new()
        .filename(&arguments.path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous);
    measure::report(
        "",
        || runtime.block_on(Migrator::new(arguments.folder.as_path())).expect("a sound folder"),
        |migrator| {
            runtime.block_on(async {
                let mut connection = options.connect().await.expect("opens");
                migrator.run(&mut connection).await.expect("migrates");
                connection.close().await.expect("closes");
            });
        },
    );
}
