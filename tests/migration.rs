//! The promise of the migration engine: what it runs, what it refuses, and that nothing is lost on the way.
//!
//! One subject a file: `guards`, `reading` (files as other tools accept them), `errors` (where one is), `rollback`, `status`
//! (states, drift, policies, dry runs), `kit` (the test kit), `adopting` (other tools' histories and layouts).
//! Leaves to others: many processes at once (`concurrency`), the texts of all errors (`errors`).
//!
//! Each test makes its own database; what must not be kept is compared by contents, table by table.

mod adopting;
mod errors;
mod guards;
mod history;
mod kit;
mod reading;
mod rollback;
mod status;

use std::path::PathBuf;
use std::sync::Arc;

use rpmadb::request::JournalMode;
use rpmadb::{Database, Error, HostFn, HostStep, Role, report, request};
use serde_json::Value as Json;

use crate::support::{Scratch, bytes, contents, refusal, rows, run, text, try_open, value, watch, with_folder};

/// A database and the folder `m` of migrations it is opened with; nothing is applied by opening it.
struct Kit {
    scratch: Scratch,
    database: Database,
}

/// How the database is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kept {
    Wal,
    Journal,
    Memory,
}

const EVERYWHERE: [Kept; 3] = [Kept::Wal, Kept::Journal, Kept::Memory];

impl Kept {
    fn options(self, folder: &str) -> request::Open {
        let journal_mode = if self == Kept::Journal { JournalMode::Delete } else { JournalMode::Wal };
        request::Open { migrate: Some(false), journal_mode, ..with_folder(folder) }
    }
}

/// A database with these migrations, none of them applied.
fn kit(files: &[(&str, &str)]) -> Kit {
    kit_in(Kept::Wal, files)
}

fn kit_in(kept: Kept, files: &[(&str, &str)]) -> Kit {
    let scratch = Scratch::new();
    let folder = scratch.migrations("m", files);
    let path = if kept == Kept::Memory { PathBuf::from(":memory:") } else { scratch.path("a.db") };
    let database = try_open(path, &kept.options(&folder)).expect("opens").0;
    Kit { scratch, database }
}

/// A database with these migrations applied.
fn migrated(files: &[(&str, &str)]) -> Kit {
    let kit = kit(files);
    kit.migrate().expect("migrates");
    kit
}

impl Kit {
    /// Makes the folder hold these files and nothing else.
    fn files(&self, files: &[(&str, &str)]) {
        self.scratch.migrations("m", files);
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) {
        self.scratch.write(&format!("m/{name}"), text);
    }

    fn remove(&self, name: &str) {
        std::fs::remove_file(self.scratch.path("m").join(name)).expect("removes a file");
    }

    fn folder(&self) -> String {
        text(&self.scratch.path("m"))
    }

    fn migrate(&self) -> Result<report::Migrate, Error> {
        self.migrate_with(request::Migrate::default())
    }

    fn migrate_with(&self, request: request::Migrate) -> Result<report::Migrate, Error> {
        self.database.migrate(&request, &watch())
    }

    fn dry_run(&self) -> Result<report::Migrate, Error> {
        self.migrate_with(request::Migrate { dry_run: true, ..request::Migrate::default() })
    }

    fn per_file(&self) -> Result<report::Migrate, Error> {
        let transaction = request::TransactionPer::File;
        self.migrate_with(request::Migrate { transaction, ..request::Migrate::default() })
    }

    fn rollback(&self, target: i64) -> Result<report::Rollback, Error> {
        self.database.rollback(target, &request::Rollback::default(), &watch())
    }

    fn migrations(&self) -> report::Migrations {
        self.database.migrations(&watch()).expect("lists")
    }

    /// Version and state of every migration, `R name` for a repeatable.
    fn states(&self) -> Vec<String> {
        let state = |state: report::MigrationState| {
            let version = state.version.map_or_else(|| format!("R {}", state.name), |version| version.to_string());
            format!("{version} {}", state.state)
        };
        self.migrations().migrations.into_iter().map(state).collect()
    }

    fn query(&self, sql: &str) -> Result<report::Query, Error> {
        self.database.query(sql, None, &watch())
    }

    fn value(&self, sql: &str) -> Json {
        value(&self.database, sql)
    }

    /// The first column of all rows.
    fn column(&self, sql: &str) -> Vec<Json> {
        rows(&self.database, sql).into_iter().filter_map(|row| row.into_iter().next()).collect()
    }

    fn contents(&self) -> std::collections::BTreeMap<String, Vec<Vec<Json>>> {
        contents(&self.database)
    }

    fn has(&self, name: &str) -> bool {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name = ?";
        let params = serde_json::json!([name]).to_string();
        self.database.query(sql, Some(&params), &watch()).expect("looks").rows[0][0] == 1
    }

    /// Migrating fails, and nothing of it is kept.
    fn failure(&self) -> Error {
        let before = self.contents();
        let error = self.migrate().expect_err("must fail");
        assert_eq!(self.contents(), before, "after: {error}");
        self.assert_enforced();
        error
    }

    /// Foreign keys are enforced on the connection that writes.
    fn assert_enforced(&self) {
        let committed = self.database.transaction(&watch(), |bound| {
            let asked = bound.query("PRAGMA foreign_keys", None, &watch()).expect("asks").rows;
            assert_eq!(asked, [[Json::from(1)]], "enforcement is back");
            1
        });
        assert!(!committed.expect("begins").committed);
    }

    /// Reads and writes with a plain connection, as somebody else's program would.
    fn by_hand(&self, sql: &str) {
        let plain = rusqlite::Connection::open(self.scratch.path("a.db")).expect("opens");
        plain.busy_timeout(std::time::Duration::from_secs(10)).expect("waits");
        plain.execute_batch(sql).expect(sql);
    }

    /// Opens the same database once more, with the same folder, and migrates.
    fn reopen(&self) -> Result<(Database, report::Open), Error> {
        try_open(self.scratch.path("a.db"), &with_folder(&self.folder()))
    }
}

/// Status, file, line, column and statement of an error.
type At<'a> = (&'static str, Option<&'a str>, Option<u32>, Option<u32>, Option<u32>);

fn at(error: &Error) -> At<'_> {
    let place = error.place();
    let part = |of: fn(&rpmadb::error::Place) -> Option<u32>| place.and_then(of);
    (
        error.status().name(),
        place.and_then(|place| place.file.as_deref()),
        part(|place| place.line),
        part(|place| place.column),
        part(|place| place.statement),
    )
}

/// A step of the host's that runs these statements.
fn says(sql: &str) -> HostFn {
    let sql = sql.to_owned();
    Arc::new(move |bound| {
        let statements = sql.split(";\n").map(|one| one.trim_end_matches(';')).filter(|one| !one.is_empty());
        for statement in statements {
            bound.query(statement, None, &watch())?;
        }
        Ok(())
    })
}

fn host(version: i64, up: &str, down: Option<&str>) -> HostStep {
    HostStep { version, name: "by_host".into(), up: says(up), down: down.map(says) }
}

/// What ran, as `1 name` and `R name`.
fn applied(report: &report::Migrate) -> Vec<String> {
    let step = |step: &report::Applied| match step.version {
        Some(version) => format!("{version} {}", step.name),
        None => format!("R {}", step.name),
    };
    report.applied.iter().map(step).collect()
}
