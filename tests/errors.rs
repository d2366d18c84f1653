//! Every message the library can give, against the committed `errors.txt`: messages are interface.
//!
//! Leaves to others: that the right error comes at the right time.
//!
//! Invariant: each variant of [`Error`] stands in [`every_error`] at least once, and again for each hint or status it
//! can have; a variant that is added to `src/error.rs` and not here fails. `RPMADB_UPDATE=1` writes the file anew.

use std::collections::BTreeSet;
use std::path::Path;

use rpmadb::error::{Kept, LineChange, Place};
use rpmadb::{Error, Status};

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/errors.txt");

fn text(text: &str) -> String {
    text.to_owned()
}

fn place() -> Box<Place> {
    let line = "CREATE TABEL tags (";
    Box::new(Place {
        file: Some(text("007_add_tags.sql")),
        line: Some(12),
        column: Some(8),
        statement: Some(3),
        source_line: Some(text(line)),
        version: Some(7),
        traceback: None,
    })
}

fn sql() -> Error {
    Error::Sql { message: text("near \"TABEL\": syntax error"), sqlite_code: 1, place: place() }
}

fn migration_failed(cause: Error) -> Error {
    Error::MigrationFailed { version: text("7"), cause: Box::new(cause), place: place(), kept: Kept::Nothing }
}

fn changes() -> Vec<LineChange> {
    vec![
        LineChange { line: 2, before: Some(text("  name TEXT")), after: Some(text("  name TEXT NOT NULL")) },
        LineChange { line: 4, before: None, after: Some(text("  color TEXT")) },
    ]
}

/// One of every kind, with sample fields as they really occur.
fn every_error() -> Vec<Error> {
    let path = || text("/srv/app.db");
    vec![
        Error::InvalidArgument { name: text("path"), reason: text("is empty") },
        Error::InvalidOption { key: text("pool.max"), reason: text("0 is outside 1 to 1000") },
        Error::NullArgument { name: "path" },
        Error::InvalidUtf8 { name: "options", at: 4 },
        Error::StaleHandle { kind: "database" },
        Error::BadHandle { value: 0xdead_beef },
        Error::WrongKind { expected: "database", found: "operation" },
        Error::Reentrant { verb: "query" },
        Error::WrongProcess { opened_by: 100, current: 101 },
        Error::AbiMismatch { header: 2, library: 1 },
        Error::Unsupported { what: text("BEGIN as a statement"), instead: Some("use rpmadb_transaction") },
        Error::Unsupported { what: text("encryption"), instead: None },
        Error::SqliteTooOld { found: text("3.35.5"), floor: text("3.40.0") },
        Error::NotReady,
        sql(),
        Error::Busy { what: path(), waited_ms: 5_000 },
        Error::ReadOnly { what: path() },
        Error::NotFound { what: path() },
        Error::NoSuch { what: text("a verified backup in b"), remedy: "make a full backup first" },
        Error::AlreadyExists { path: path() },
        Error::NotADatabase { path: path(), reason: text("is not a SQLite database") },
        Error::Corrupt { path: path(), detail: text("database disk image is malformed"), sqlite_code: 11 },
        Error::DiskFull { what: path() },
        Error::Io { what: path(), detail: text("disk I/O error"), sqlite_code: Some(778) },
        Error::Io { what: text("a thread for the script"), detail: text("out of threads"), sqlite_code: None },
        Error::Permission { what: path() },
        Error::Constraint { message: text("UNIQUE constraint failed: users.email"), sqlite_code: 2067, place: place() },
        Error::SameFile { path: path() },
        Error::ForeignSqlite { path: path(), detail: text("2 descriptor(s) of it are not this library's") },
        Error::LockLost { path: path(), lock: "write" },
        migration_failed(sql()),
        migration_failed(Error::DiskFull { what: path() }),
        migration_failed(Error::LockLost { path: path(), lock: "read" }),
        migration_failed(Error::Busy { what: path(), waited_ms: 60_000 }),
        migration_failed(Error::Cancelled { verb: "migrate" }),
        migration_failed(Error::Timeout { verb: "migrate", limit_ms: 50, place: place() }),
        Error::BroughtBack {
            cause: Box::new(Error::Guard { guard: "row-loss", finding: text("rows are gone"), place: place() }),
            backup: text("/backups/app.db"),
        },
        Error::MigrationFailed {
            version: text("7"),
            cause: Box::new(sql()),
            place: place(),
            kept: Kept::Migrations(3),
        },
        Error::MigrationFailed {
            version: text("7"),
            cause: Box::new(sql()),
            place: place(),
            kept: Kept::Statements(3),
        },
        Error::ForeignHistory { tool: "sqlx", table: text("_sqlx_migrations") },
        Error::AdoptRefused {
            reason: text("version 7 is dirty"),
            hint: "finish it with the tool first",
            place: place(),
        },
        Error::MigrationChanged { version: 7, file: text("007_add_tags.sql"), changes: Vec::new(), place: place() },
        Error::MigrationChanged { version: 7, file: text("007_add_tags.sql"), changes: changes(), place: place() },
        Error::MigrationMissing { version: 7, name: text("add_tags") },
        Error::MigrationInvalid { reason: text("'007_tags.sql' holds no statement"), place: place() },
        Error::DatabaseTooNew { database: 20, library: 18 },
        Error::OutOfOrder { version: 7, latest: 9, file: text("007_add_tags.sql") },
        Error::Guard {
            guard: "drop-index",
            finding: text("the index tags_by_name of table tags vanished"),
            place: place(),
        },
        Error::Irreversible { version: 7, name: text("add_tags"), reason: "it has no down file", remedy: "write one" },
        Error::ScriptSyntax { message: text("unexpected symbol near '='"), place: place() },
        Error::ScriptFailed { message: text("attempt to call a nil value (global 'boom')"), place: place() },
        Error::ScriptTimeout { limit_ms: 30_000, place: place() },
        Error::ScriptMemory { limit_bytes: 67_108_864, place: place() },
        Error::Cancelled { verb: "backup" },
        Error::Timeout { verb: "query", limit_ms: 50, place: place() },
        Error::Denied { role: "supervisor", what: text("call migrate") },
        Error::BackupInvalid { path: path(), detail: text("row 1 missing from index i") },
        Error::BackupFailed { path: path(), detail: text("source and destination must be distinct") },
        Error::Decrypt { path: path(), detail: text("no identity was given") },
        Error::Internal { detail: text("wal_checkpoint gave an unexpected answer") },
        Error::Panic { text: text("index out of bounds") },
        Error::NoMemory { what: text("SQLite worked") },
    ]
}

fn line(error: &Error) -> String {
    let status = error.status();
    let hint = error.hint().unwrap_or_else(|| "-".into());
    format!("{} {}: {error} | {hint}", status as i32, status.name())
}

/// The variant's name, as `Debug` begins with it.
fn variant(error: &Error) -> String {
    format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// Names of the variants of `pub enum Error` in `source`.
fn variants(source: &str) -> BTreeSet<String> {
    let body = source.split("pub enum Error {").nth(1).expect("the enum").split("\n}").next().expect("its end");
    body.lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| line.chars().take_while(char::is_ascii_alphanumeric).collect())
        .collect()
}

#[test]
fn every_message_is_the_committed_one() {
    let found: String = every_error().iter().map(|error| line(error) + "\n").collect();
    if std::env::var_os("RPMADB_UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(SNAPSHOT, &found).expect("writes the snapshot");
    }
    let committed = std::fs::read_to_string(SNAPSHOT).unwrap_or_default();
    for (now, then) in found.lines().zip(committed.lines()) {
        assert_eq!(now, then, "a message changed; if it was meant to, run with RPMADB_UPDATE=1");
    }
    assert_eq!(found, committed, "a message came or went; if it was meant to, run with RPMADB_UPDATE=1");
}

#[test]
fn every_variant_is_in_the_table() {
    let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/error.rs")).expect("reads");
    let here: BTreeSet<String> = every_error().iter().map(variant).collect();
    let there = variants(&source);
    assert!(there.len() > 30, "{there:?}");
    assert_eq!(there.difference(&here).collect::<Vec<_>>(), Vec::<&String>::new(), "not in the table");
    let planted = source.replace("pub enum Error {", "pub enum Error {\n    Planted { x: u8 },");
    assert!(variants(&planted).difference(&here).eq(["Planted"].iter()), "a new one is found");
}

#[test]
fn messages_and_hints_read_as_one_sentence_part() {
    for error in every_error() {
        let (message, hint) = (error.to_string(), error.hint());
        for text in std::iter::once(&message).chain(&hint) {
            assert!(!text.is_empty() && text.trim() == text.as_str(), "{text:?}");
            assert!(!text.contains(char::is_control), "one line: {text:?}");
            assert!(!text.ends_with(['.', '!', ':', ',']), "ends open: {text:?}");
        }
        let first = message.chars().next().expect("not empty");
        let sqlite_own = matches!(error, Error::Constraint { .. });
        let word = message.split(' ').next().unwrap_or("");
        let is_sql = word.chars().all(|c| c.is_ascii_uppercase());
        assert!(!first.is_ascii_uppercase() || sqlite_own || is_sql, "starts lower case: {message:?}");
    }
}

#[test]
fn a_run_that_was_stopped_from_outside_does_not_blame_the_file() {
    for cause in [
        Error::DiskFull { what: text("/srv/app.db") },
        Error::Busy { what: text("/srv/app.db"), waited_ms: 60_000 },
        Error::Cancelled { verb: "migrate" },
        Error::Timeout { verb: "migrate", limit_ms: 50, place: place() },
    ] {
        let failed = migration_failed(cause.clone());
        assert_eq!((failed.status(), failed.hint()), (cause.status(), cause.hint()), "{failed}");
    }
}

#[test]
fn the_document_of_an_error_says_the_same() {
    for error in every_error() {
        let document = serde_json::to_value(error.document()).expect("serialises");
        let body = &document["error"];
        assert_eq!(body["status"], error.status() as i32);
        assert_eq!(body["name"], error.status().name());
        assert_eq!(body["message"], error.to_string());
        assert_eq!(body.get("hint").and_then(|hint| hint.as_str()), error.hint().as_deref());
        assert_eq!(body.get("sqlite_code").and_then(serde_json::Value::as_i64), error.sqlite_code().map(i64::from));
        assert!(body.as_object().is_some_and(|members| members.values().all(|value| !value.is_null())), "{body}");
        if error.place().is_some() {
            assert_eq!((&body["line"], &body["column"], &body["version"]), (&12.into(), &8.into(), &7.into()));
        }
    }
}

#[test]
fn every_status_has_one_number_and_one_name() {
    let numbers: Vec<i32> = Status::ALL.iter().map(|status| *status as i32).collect();
    assert!(numbers.is_sorted() && numbers.iter().collect::<BTreeSet<_>>().len() == numbers.len());
    for status in Status::ALL {
        assert_eq!(Status::from_number(*status as i32), Some(*status));
        let name = status.name();
        assert!(name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'), "{name}");
        let header = include_str!("../include/rpmadb.h");
        assert!(header.contains(&format!("#define RPMADB_{name} {}\n", *status as i32)), "{name} is in the header");
    }
    assert_eq!((Status::from_number(1), Status::from_number(-1)), (None, None));
}
