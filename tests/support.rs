//! What several of the outside tests need: a scratch folder, migrations in it, the command, and a database's contents.
//!
//! Leaves to others: what is right. Nothing here asserts more than that the scenery could be set up.
//!
//! Invariant: a live database file is never read with ordinary file calls, because that drops the locks this process
//! has on it; [`bytes`] is for files that nobody has open.

pub(crate) mod prometheus;
pub(crate) mod terminal;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use rpmadb::{Database, Error, Operation, report, request};
use serde_json::Value as Json;

/// A folder that goes away with the test.
pub(crate) struct Scratch(tempfile::TempDir);

impl Scratch {
    pub(crate) fn new() -> Scratch {
        Scratch(tempfile::Builder::new().prefix("rpmadb-test-").tempdir().expect("a scratch folder"))
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("in a folder")).expect("makes folders");
        std::fs::write(&path, contents).expect("writes a file");
        path
    }

    /// Makes the folder `name` hold these files and nothing else.
    pub(crate) fn migrations(&self, name: &str, files: &[(&str, &str)]) -> String {
        let folder = self.path(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).expect("removes the old files");
        }
        std::fs::create_dir(&folder).expect("makes a folder");
        for (file, text) in files {
            std::fs::write(folder.join(file), text).expect("writes a migration");
        }
        text(&folder)
    }

    /// Names of what is in it, hidden files included, in order; without the anchors of the audit, which every database that had a
    /// call has beside it (`audit`).
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).expect("reads the folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| !name.ends_with("-audit"));
        names.sort();
        names
    }
}

pub(crate) fn text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

/// An operation with a limit, so that a test that would hang fails.
pub(crate) fn watch() -> Operation {
    let operation = Operation::new();
    operation.set_timeout_ms(30_000);
    operation
}

pub(crate) fn try_open(path: impl AsRef<Path>, options: &request::Open) -> Result<(Database, report::Open), Error> {
    Database::open(path, options, &watch())
}

/// Opens with the embedded migrations.
pub(crate) fn open(path: impl AsRef<Path>) -> Database {
    try_open(path, &request::Open::default()).expect("opens").0
}

/// Options that use the migrations in `folder`.
pub(crate) fn with_folder(folder: &str) -> request::Open {
    request::Open { migrations: Some(folder.to_owned()), ..request::Open::default() }
}

/// For tests that compare a file byte by byte, in which calls would leave records.
pub(crate) fn unrecorded(options: request::Open) -> request::Open {
    let audit = request::AuditLog { enabled: Some(false), ..request::AuditLog::default() };
    request::Open { audit, ..options }
}

/// What is in the database file `path`, see [`contents`]; the look itself is not recorded.
pub(crate) fn contents_of(path: &Path) -> BTreeMap<String, Vec<Vec<Json>>> {
    contents(&try_open(path, &unrecorded(bare())).expect("opens").0)
}

/// Options that leave the schema to the test.
pub(crate) fn bare() -> request::Open {
    request::Open { migrate: Some(false), ..request::Open::default() }
}

/// The rows of a statement that must succeed.
pub(crate) fn rows(database: &Database, sql: &str) -> Vec<Vec<Json>> {
    database.query(sql, None, &watch()).expect(sql).rows
}

/// The first value of a statement that must succeed.
pub(crate) fn value(database: &Database, sql: &str) -> Json {
    rows(database, sql).into_iter().next().and_then(|row| row.into_iter().next()).expect(sql)
}

/// Everything in the database: the schema, the numbers in the header, and every row of every table but the audit, which has a
/// record of looking at them.
pub(crate) fn contents(database: &Database) -> BTreeMap<String, Vec<Vec<Json>>> {
    let mut found = BTreeMap::new();
    let schema = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";
    found.insert("the schema".into(), rows(database, schema));
    for pragma in ["user_version", "application_id"] {
        found.insert(format!("pragma {pragma}"), rows(database, &format!("PRAGMA {pragma}")));
    }
    for table in rows(database, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") {
        let name = table[0].as_str().expect("a name").to_owned();
        if name == "rpmadb_audit" {
            continue;
        }
        let all = rows(database, &format!("SELECT * FROM \"{}\"", name.replace('"', "\"\"")));
        found.insert(name, all);
    }
    found
}

/// The name of the status of a call that must fail.
pub(crate) fn refusal<T>(outcome: Result<T, Error>) -> &'static str {
    outcome.err().expect("must be refused").status().name()
}

/// The bytes of a file that nobody has open.
pub(crate) fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("reads a file")
}

/// The command, in an environment that says nothing about rpmadb.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rpmadb"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("RPMADB_")
            || ["RPMA_DB_METRICS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"].contains(&&*text)
        {
            command.env_remove(&name);
        }
    }
    // why: there is no terminal to ask on; what is asked is what `cli/questions.rs` and `cli/terminal.rs` are about
    command.env("RPMADB_YES", "1");
    command
}

/// What a run of the command left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on stdout"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on stderr"),
        }
    }
}

impl Ran {
    /// The error document that `--json` prints.
    pub(crate) fn error(&self) -> Json {
        let document: Json = serde_json::from_str(&self.stdout).expect("an error document on stdout");
        document["error"].clone()
    }
}

/// Runs the command in `folder`.
pub(crate) fn run(folder: &Path, args: &[&str]) -> Ran {
    command().current_dir(folder).args(args).output().expect("runs").into()
}

/// The paths of all keys of a document, values ignored; what is in arrays counts as one.
pub(crate) fn keys(document: &Json) -> BTreeSet<String> {
    fn walk(at: &str, value: &Json, found: &mut BTreeSet<String>) {
        match value {
            Json::Object(members) => {
                for (key, member) in members {
                    let path = format!("{at}/{key}");
                    walk(&path, member, found);
                    found.insert(path);
                }
            }
            Json::Array(items) => items.iter().for_each(|item| walk(&format!("{at}/*"), item, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    walk("", document, &mut found);
    found
}

/// Waits until `condition` holds; fails after half a minute.
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < limit, "waited 30 s until {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
