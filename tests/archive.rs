//! Backups through the Rust API: that each kind holds what the database held, is proved, and brings it back.
//!
//! `kinds` (plain, compressed, encrypted, incremental, compact, and the ordinary programs that open them), `damage` (every
//! flipped bit is found), `restoring`, `sources` (files without a manifest), `keeping` (retention, leftovers).
//! Leaves to others: kills and full disks (`crash`), the other doors (`c`, `cli`, `lua`).
//!
//! Invariant: content is compared by an independent SQLite, object by object and row by row.

mod damage;
mod keeping;
mod kinds;
mod restoring;
mod shapes;
mod sources;

use std::path::{Path, PathBuf};

use rpmadb::{Database, Error, report, request};
use serde_json::Value as Json;

use crate::support::{Scratch, text, try_open, watch};

/// A database with every sort of table, and a folder for its backups.
pub(crate) struct Scene {
    pub(crate) scratch: Scratch,
    pub(crate) database: Database,
}

pub(crate) const TABLES: &str = "
    CREATE TABLE plain (id INTEGER PRIMARY KEY, a TEXT, b BLOB);
    CREATE INDEX plain_a ON plain (a);
    CREATE TABLE keyed (k TEXT PRIMARY KEY, v REAL) WITHOUT ROWID;
    CREATE TABLE made (a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2) STORED, c TEXT AS (a || 'x') VIRTUAL);
    CREATE TABLE gone (id INTEGER PRIMARY KEY AUTOINCREMENT, x);
    CREATE TABLE no_key (a, b);
    CREATE VIRTUAL TABLE words USING fts5 (body);
    CREATE VIEW both AS SELECT a FROM plain UNION ALL SELECT k FROM keyed;";

pub(crate) const ROWS: &str = "
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
        INSERT INTO plain SELECT i, 'name ' || i, randomblob(i % 300) FROM n;
    INSERT INTO keyed SELECT 'k' || id, id / 3.0 FROM plain WHERE id % 3 = 0;
    INSERT INTO made (a) SELECT id FROM plain WHERE id % 5 = 0;
    INSERT INTO gone (x) SELECT id FROM plain; DELETE FROM gone WHERE id > 100;
    INSERT INTO no_key SELECT a, b FROM plain WHERE id % 7 = 0; DELETE FROM no_key WHERE rowid % 3 = 0;
    INSERT INTO words SELECT a || ' word' FROM plain;
    INSERT INTO plain (a, b) VALUES ('large', randomblob(70000));";

pub(crate) fn scene_with(options: &str) -> Scene {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    let migrations = scratch.migrations("m", &[("1_tables.sql", TABLES), ("2_rows.sql", ROWS)]);
    let mut wanted: Json = serde_json::from_str(options).expect("JSON");
    wanted["migrations"] = migrations.into();
    wanted["backup"]["folder"] = text(&scratch.path("backups")).into();
    let options = <request::Open as request::Request>::from_json(Some(&wanted.to_string())).expect("options");
    let (database, _) = try_open(scratch.path("app.db"), &options).expect("opens");
    Scene { scratch, database }
}

pub(crate) fn scene() -> Scene {
    scene_with("{}")
}

impl Scene {
    pub(crate) fn folder(&self) -> PathBuf {
        self.scratch.path("backups")
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.scratch.path("app.db")
    }

    pub(crate) fn query(&self, sql: &str) {
        self.database.query(sql, None, &watch()).expect(sql);
    }

    pub(crate) fn try_backup(&self, options: &str) -> Result<report::Backup, Error> {
        let request = <request::Backup as request::Request>::from_json(Some(options))?;
        self.database.backup(None, &request, &watch())
    }

    pub(crate) fn backup(&self, options: &str) -> PathBuf {
        PathBuf::from(self.try_backup(options).expect(options).path.expect("was made"))
    }

    pub(crate) fn verify(&self, path: &Path, options: &str) -> Result<report::Verify, Error> {
        let request = <request::Verify as request::Request>::from_json(Some(options))?;
        self.database.verify(path, &request, &watch())
    }

    pub(crate) fn restore(&self, path: &Path, options: &str) -> Result<report::Restore, Error> {
        let request = <request::Restore as request::Request>::from_json(Some(options))?;
        self.database.restore(path, &request, &watch())
    }

    pub(crate) fn contents(&self) -> String {
        contents(&self.path())
    }
}

/// Everything in a database but the history of migrations, as text. `PRAGMA integrity_check` must be ok.
pub(crate) fn contents(path: &Path) -> String {
    contents_of(&rusqlite::Connection::open(path).expect("opens"))
}

pub(crate) fn contents_of(connection: &rusqlite::Connection) -> String {
    use std::fmt::Write as _;
    let integrity: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("checks");
    assert_eq!(integrity, "ok");
    let mut statement = connection
        .prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'rpmadb_%' AND name NOT LIKE 'sqlite_stat%' ORDER BY type, name")
        .expect("prepares");
    let objects: Vec<(String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("lists")
        .collect::<Result<_, _>>()
        .expect("reads");
    let mut all = String::new();
    for (name, sql) in objects {
        writeln!(all, "{name}: {sql}").expect("writes");
        let is_table =
            sql.starts_with("CREATE TABLE") || sql.starts_with("CREATE VIRTUAL") || name == "sqlite_sequence";
        if !is_table {
            continue;
        }
        let mut rows = connection
            .prepare(&format!("SELECT * FROM \"{name}\" ORDER BY 1, 2"))
            .unwrap_or_else(|_| connection.prepare(&format!("SELECT * FROM \"{name}\" ORDER BY 1")).expect("prepares"));
        let width = rows.column_count();
        let mut found = rows.query([]).expect("reads");
        while let Some(row) = found.next().expect("a row") {
            for column in 0..width {
                write!(all, "{:?} ", row.get_ref(column).expect("a value")).expect("writes");
            }
            all.push('\n');
        }
    }
    all
}

/// Runs a program that must succeed, and gives what it printed.
pub(crate) fn run(program: &str, args: &[&str]) -> String {
    let output = std::process::Command::new(program).args(args).output().expect(program);
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A new age identity and its recipient.
pub(crate) fn identity(scratch: &Scratch) -> (String, String, PathBuf) {
    let file = scratch.path("identity.txt");
    if !file.exists() {
        run("age-keygen", &["-o", &text(&file)]);
    }
    let secret = std::fs::read_to_string(&file).expect("reads");
    let recipient = run("age-keygen", &["-y", &text(&file)]).trim().to_owned();
    let secret = secret.lines().find(|line| line.starts_with("AGE-SECRET-KEY")).expect("a key").to_owned();
    (secret, recipient, file)
}

pub(crate) fn manifest(backup: &Path) -> Json {
    let text = std::fs::read_to_string(format!("{}.manifest.json", backup.display())).expect("a manifest");
    serde_json::from_str(&text).expect("JSON")
}
