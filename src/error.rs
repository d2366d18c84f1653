//! What can go wrong, once for all floors: [`Status`] (the numbers of the C ABI), [`Error`] (what happened,
//! with what a person needs to mend it) and [`Place`] (where in a file of the user's it happened).
//!
//! Leaves to others: how a SQLite or Lua failure becomes an `Error` (`sqlite/failure.rs`, `lua/failure.rs`)
//! and how it is printed (the doors).
//!
//! Invariants: numbers are never reused and families never move; the match in [`Error::status`] has no
//! wildcard; messages start lower case, are one line, and end without a full stop.

mod place;
mod status;

use serde::Serialize;

pub use place::Place;
pub use status::Status;

/// Shorthand for results of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How the place of an error in a step in code begins, which has no file.
pub(crate) const HOST_STEP: &str = "the host's step";

/// What stays of a run that failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kept {
    /// Nothing.
    #[default]
    Nothing,
    /// So many migrations before the one that failed.
    Migrations(usize),
    /// So many migrations, and the statements of a migration without a transaction that ran before the one that failed.
    Statements(usize),
}

/// A line of a file that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LineChange {
    /// Its number, counting from 1: in the file as it is now, or where it would stand.
    pub line: u32,
    /// The text that was applied; null for a line that is new.
    pub before: Option<String>,
    /// The text now; null for a line that is gone.
    pub after: Option<String>,
}

fn first_change(changes: &[LineChange]) -> String {
    let Some(first) = changes.first() else { return String::new() };
    let shown =
        |text: &Option<String>| text.as_deref().map_or_else(|| "nothing".into(), |text| format!("'{}'", text.trim()));
    let more = if changes.len() > 1 { format!(", and {} more line(s)", changes.len() - 1) } else { String::new() };
    format!(": line {} was {} and is {}{more}", first.line, shown(&first.before), shown(&first.after))
}

/// What happened. Every variant maps to one [`Status`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message above each variant is its documentation")]
pub enum Error {
    #[error("{name} {reason}")]
    InvalidArgument { name: String, reason: String },
    #[error("option '{key}': {reason}")]
    InvalidOption { key: String, reason: String },
    #[error("{name} is NULL")]
    NullArgument { name: &'static str },
    #[error("{name} is not UTF-8: the byte at {at} is wrong")]
    InvalidUtf8 { name: &'static str, at: usize },
    #[error("the {kind} handle was closed")]
    StaleHandle { kind: &'static str },
    #[error("{value:#x} is not a handle of this library")]
    BadHandle { value: u64 },
    #[error("the handle is of the kind {found}, and one of the kind {expected} belongs here")]
    WrongKind { expected: &'static str, found: &'static str },
    #[error("{verb} was called on a handle that is already in a call on this thread")]
    Reentrant { verb: &'static str },
    #[error("the handle was opened by process {opened_by} and this is process {current}")]
    WrongProcess { opened_by: u32, current: u32 },
    #[error("the header is for ABI {header}, this library has ABI {library}")]
    AbiMismatch { header: u32, library: u32 },
    #[error("no SQLite was handed over yet")]
    NotReady,
    #[error("the SQLite of this process is {found}, and {floor} is the oldest that will do")]
    SqliteTooOld { found: String, floor: String },
    #[error("{what} is not available here")]
    Unsupported { what: String, instead: Option<&'static str> },

    #[error("{message}")]
    Sql { message: String, sqlite_code: i32, place: Box<Place> },
    #[error("{what} is locked by another connection (waited up to {waited_ms} ms)")]
    Busy { what: String, waited_ms: u64 },
    #[error("{what} cannot be written: it is open read-only")]
    ReadOnly { what: String },
    #[error("{what} does not exist")]
    NotFound { what: String },
    #[error("{what} does not exist")]
    NoSuch { what: String, remedy: &'static str },
    #[error("{path} exists already")]
    AlreadyExists { path: String },
    #[error("{path} {reason}")]
    NotADatabase { path: String, reason: String },
    #[error("{path} is damaged: {detail}")]
    Corrupt { path: String, detail: String, sqlite_code: i32 },
    #[error("no space is left to write {what}")]
    DiskFull { what: String },
    #[error("{what}: {detail}")]
    Io { what: String, detail: String, sqlite_code: Option<i32> },
    #[error("{what}: permission denied")]
    Permission { what: String },
    #[error("{message}")]
    Constraint { message: String, sqlite_code: i32, place: Box<Place> },
    #[error("{path} is the open database itself")]
    SameFile { path: String },
    #[error("{path} is open in another copy of SQLite in this process: {detail}")]
    ForeignSqlite { path: String, detail: String },
    #[error("the {lock} lock on {path} is gone: somebody in this process closed the file")]
    LockLost { path: String, lock: &'static str },

    #[error("migration {version} failed: {cause}")]
    MigrationFailed { version: String, cause: Box<Error>, place: Box<Place>, kept: Kept },
    #[error("{cause}; what had been applied was undone: the database is again what it was in {backup}")]
    BroughtBack { cause: Box<Error>, backup: String },
    #[error("the database has the history of {tool} ({table}), which is not taken over")]
    ForeignHistory { tool: &'static str, table: String },
    #[error("{reason}")]
    AdoptRefused { reason: String, hint: &'static str, place: Box<Place> },
    #[error("migration {version} was applied with another text than {file} has now{}", first_change(.changes))]
    MigrationChanged { version: i64, file: String, changes: Vec<LineChange>, place: Box<Place> },
    #[error("migration {version} ({name}) is recorded in the database but missing from the set")]
    MigrationMissing { version: i64, name: String },
    #[error("{reason}")]
    MigrationInvalid { reason: String, place: Box<Place> },
    #[error("the database is at version {database}, this set of migrations ends at {library}")]
    DatabaseTooNew { database: i64, library: i64 },
    #[error("migration {version} is pending but {latest} is already applied")]
    OutOfOrder { version: i64, latest: i64, file: String },
    #[error("{finding}")]
    Guard { guard: &'static str, finding: String, place: Box<Place> },
    #[error("migration {version} ({name}) cannot be taken back: {reason}")]
    Irreversible { version: i64, name: String, reason: &'static str, remedy: &'static str },

    #[error("{message}")]
    ScriptSyntax { message: String, place: Box<Place> },
    #[error("{message}")]
    ScriptFailed { message: String, place: Box<Place> },
    #[error("the script ran longer than its {limit_ms} ms")]
    ScriptTimeout { limit_ms: u64, place: Box<Place> },
    #[error("the script needed more than its {limit_bytes} bytes of memory")]
    ScriptMemory { limit_bytes: u64, place: Box<Place> },

    #[error("{verb} was cancelled")]
    Cancelled { verb: &'static str },
    #[error("{verb} ran out of time after {limit_ms} ms")]
    Timeout { verb: &'static str, limit_ms: u64, place: Box<Place> },
    #[error("the role {role} may not {what}")]
    Denied { role: &'static str, what: String },

    #[error("the backup {path} is not sound: {detail}")]
    BackupInvalid { path: String, detail: String },
    #[error("the backup to {path} failed: {detail}")]
    BackupFailed { path: String, detail: String },
    #[error("{path} cannot be decrypted: {detail}")]
    Decrypt { path: String, detail: String },

    #[error("a defect in rpmadb: {detail}")]
    Internal { detail: String },
    #[error("a panic in rpmadb: {text}")]
    Panic { text: String },
    #[error("memory ran out while {what}")]
    NoMemory { what: String },
}

impl Error {
    /// The status number this error has in C.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Error::InvalidArgument { .. } | Error::InvalidOption { .. } => Status::InvalidArgument,
            Error::NullArgument { .. } => Status::NullArgument,
            Error::InvalidUtf8 { .. } => Status::InvalidUtf8,
            Error::StaleHandle { .. } => Status::StaleHandle,
            Error::BadHandle { .. } => Status::BadHandle,
            Error::WrongKind { .. } => Status::WrongKind,
            Error::Reentrant { .. } => Status::Reentrant,
            Error::WrongProcess { .. } => Status::WrongProcess,
            Error::AbiMismatch { .. } => Status::AbiMismatch,
            Error::NotReady => Status::NotReady,
            Error::Unsupported { .. } | Error::SqliteTooOld { .. } => Status::Unsupported,
            Error::Sql { .. } => Status::Sql,
            Error::Busy { .. } => Status::Busy,
            Error::ReadOnly { .. } => Status::ReadOnly,
            Error::NotFound { .. } | Error::NoSuch { .. } => Status::NotFound,
            Error::AlreadyExists { .. } => Status::AlreadyExists,
            Error::NotADatabase { .. } => Status::NotADatabase,
            Error::Corrupt { .. } => Status::Corrupt,
            Error::DiskFull { .. } => Status::DiskFull,
            Error::Io { .. } => Status::Io,
            Error::Permission { .. } => Status::Permission,
            Error::Constraint { .. } => Status::Constraint,
            Error::SameFile { .. } => Status::SameFile,
            Error::ForeignSqlite { .. } => Status::ForeignSqlite,
            Error::LockLost { .. } => Status::LockLost,
            // why: a run that was stopped is not a migration at fault; the host asks "was it me?" by number
            Error::MigrationFailed { cause, .. } => match cause.status() {
                stopped @ (Status::Cancelled
                | Status::Timeout
                | Status::DiskFull
                | Status::Busy
                | Status::ForeignSqlite
                | Status::LockLost) => stopped,
                _ => Status::MigrationFailed,
            },
            Error::BroughtBack { cause, .. } => cause.status(),
            Error::ForeignHistory { .. } | Error::AdoptRefused { .. } => Status::MigrationFailed,
            Error::MigrationChanged { .. } => Status::MigrationChanged,
            Error::MigrationMissing { .. } => Status::MigrationMissing,
            Error::MigrationInvalid { .. } => Status::MigrationInvalid,
            Error::DatabaseTooNew { .. } => Status::DatabaseTooNew,
            Error::OutOfOrder { .. } => Status::OutOfOrder,
            Error::Guard { .. } => Status::Guard,
            Error::Irreversible { .. } => Status::Irreversible,
            Error::ScriptSyntax { .. } => Status::ScriptSyntax,
            Error::ScriptFailed { .. } => Status::ScriptFailed,
            Error::ScriptTimeout { .. } => Status::ScriptTimeout,
            Error::ScriptMemory { .. } => Status::ScriptMemory,
            Error::Cancelled { .. } => Status::Cancelled,
            Error::Timeout { .. } => Status::Timeout,
            Error::Denied { .. } => Status::Denied,
            Error::BackupInvalid { .. } => Status::BackupInvalid,
            Error::BackupFailed { .. } => Status::BackupFailed,
            Error::Decrypt { .. } => Status::Decrypt,
            Error::Internal { .. } => Status::Internal,
            Error::Panic { .. } => Status::Panic,
            Error::NoMemory { .. } => Status::NoMemory,
        }
    }

    /// What to do about it, one line, where there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Error::InvalidOption { .. } => "the options and their ranges are listed in rpmadb.h",
            Error::StaleHandle { .. } => "use a handle until its close, and do not keep copies of it",
            Error::BadHandle { .. } => "pass the pointer that rpmadb_open or rpmadb_op_new wrote",
            Error::Reentrant { .. } => {
                "inside a callback use the handle that the callback was given, or wait until it returned"
            }
            Error::WrongProcess { .. } => "open the database again after fork",
            Error::AbiMismatch { .. } => "compile with the rpmadb.h that came with this library",
            Error::NotReady => {
                "call rpmadb_bind_host_sqlite, or load the library as an extension, before anything else"
            }
            Error::SqliteTooOld { found, floor } => {
                return Some(format!(
                    "use SQLite {floor} or newer in place of {found}, or the build of rpmadb with a SQLite of its own"
                ));
            }
            Error::Unsupported { instead: Some(instead), .. } => instead,
            Error::Busy { .. } => "try again, raise busy_timeout_ms, or find who holds a long transaction",
            Error::ReadOnly { .. } => "open it without read_only",
            Error::NotFound { .. } => "check the path; a missing folder is not made",
            Error::NoSuch { remedy, .. } => remedy,
            Error::AlreadyExists { .. } => "choose another name or remove the file",
            Error::NotADatabase { .. } => "check the path; rpmadb left it as it was",
            Error::Corrupt { .. } => "run diagnostics on it and bring back a verified backup",
            Error::DiskFull { .. } => "free some space and try again; nothing half-written was kept",
            Error::Permission { .. } => "let the account of this process read and write the file and its folder",
            Error::SameFile { .. } => "name another file",
            Error::ForeignSqlite { .. } => {
                "close the other connection and open the database again, or open it with foreign_sqlite coexist"
            }
            Error::LockLost { .. } => {
                "nothing was kept; do not open a live database with ordinary file calls, then try again"
            }
            Error::BroughtBack { cause, .. } => return cause.hint(),
            Error::MigrationFailed { cause, .. } if self.status() != Status::MigrationFailed => return cause.hint(),
            Error::MigrationFailed { kept: Kept::Nothing, place, .. }
                if place.file.as_ref().is_some_and(|file| file.starts_with(HOST_STEP)) =>
            {
                "mend the step and run again; nothing of this run was kept"
            }
            Error::MigrationFailed { kept: Kept::Migrations(kept @ 1..), .. } => {
                return Some(format!(
                    "mend the file and run again; {kept} migration(s) before it are applied and stay"
                ));
            }
            Error::MigrationFailed { kept: Kept::Statements(_), .. } => {
                "mend the statement and run again; what ran before it stays, and the next run goes on behind that"
            }
            Error::MigrationFailed { .. } => "mend the file and run again; nothing of this run was kept",
            Error::ForeignHistory { .. } => "take it over with adopt, or record what is applied with baseline",
            Error::AdoptRefused { hint, .. } => hint,
            Error::MigrationChanged { .. } => {
                "bring back the text that was applied and put the change into a new migration, or accept it with repair"
            }
            Error::MigrationMissing { .. } => {
                "bring the file back, or open with the set that this database was migrated with"
            }
            Error::MigrationInvalid { place, .. } if place.line.is_some() => "mend the file",
            Error::MigrationInvalid { .. } => {
                "mend the file; names are NNN_name.sql, NNN_name.down.sql, NNN_name.lua or R_name.sql, unless the option style \
                 names another tool"
            }
            Error::DatabaseTooNew { .. } => "use the newer library with this database",
            Error::OutOfOrder { .. } => {
                "give the new migration a number above the applied ones, or pass allow_out_of_order"
            }
            Error::Guard { guard, place, .. }
                if place.file.as_ref().is_some_and(|file| file.starts_with(HOST_STEP)) =>
            {
                return Some(format!("mend the step; the guard {guard} cannot be waived for code"));
            }
            Error::Guard { guard, .. } => {
                return Some(format!(
                    "mend the file, or if it is meant, put the line '-- rpmadb: allow={guard}' before its first statement"
                ));
            }
            Error::Irreversible { remedy, .. } => {
                return Some(format!("nothing was changed; go back to a backup, or {remedy}"));
            }
            Error::ScriptTimeout { .. } => "raise script.timeout_ms, or do the work in smaller batches",
            Error::ScriptMemory { .. } => "raise script.memory_bytes, or read the rows in smaller batches",
            Error::Denied { .. } => "ask an admin, or open the handle with a role that may",
            Error::Decrypt { .. } => "give the identity or passphrase that it was encrypted for",
            Error::Internal { .. } | Error::Panic { .. } => "please report it with the steps that led here",
            _ => return None,
        };
        Some(text.to_owned())
    }

    /// SQLite's extended result code, where SQLite was the judge.
    #[must_use]
    pub fn sqlite_code(&self) -> Option<i32> {
        match self {
            Error::Sql { sqlite_code, .. }
            | Error::Corrupt { sqlite_code, .. }
            | Error::Constraint { sqlite_code, .. } => Some(*sqlite_code).filter(|code| *code != 0),
            Error::Io { sqlite_code, .. } => *sqlite_code,
            Error::MigrationFailed { cause, .. } | Error::BroughtBack { cause, .. } => cause.sqlite_code(),
            _ => None,
        }
    }

    /// Where in a file of the user's it happened.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match self {
            Error::Sql { place, .. }
            | Error::Constraint { place, .. }
            | Error::MigrationFailed { place, .. }
            | Error::MigrationChanged { place, .. }
            | Error::AdoptRefused { place, .. }
            | Error::MigrationInvalid { place, .. }
            | Error::Guard { place, .. }
            | Error::ScriptSyntax { place, .. }
            | Error::ScriptFailed { place, .. }
            | Error::ScriptTimeout { place, .. }
            | Error::ScriptMemory { place, .. }
            | Error::Timeout { place, .. } => Some(place),
            Error::BroughtBack { cause, .. } => cause.place(),
            _ => None,
        }
    }

    /// The same error with its place set, for those that carry one; others come back unchanged.
    #[must_use]
    pub fn at(mut self, new: Place) -> Error {
        match &mut self {
            Error::Sql { place, .. }
            | Error::Constraint { place, .. }
            | Error::MigrationFailed { place, .. }
            | Error::MigrationChanged { place, .. }
            | Error::AdoptRefused { place, .. }
            | Error::MigrationInvalid { place, .. }
            | Error::Guard { place, .. }
            | Error::ScriptSyntax { place, .. }
            | Error::ScriptFailed { place, .. }
            | Error::ScriptTimeout { place, .. }
            | Error::ScriptMemory { place, .. }
            | Error::Timeout { place, .. } => **place = new,
            _ => {}
        }
        self
    }

    /// What is known of the place of an error that is about a migration as a whole.
    fn place_by_version(&self) -> Place {
        let (version, file) = match self {
            Error::Irreversible { version, .. } | Error::MigrationMissing { version, .. } => (Some(*version), None),
            Error::OutOfOrder { version, file, .. } => (Some(*version), Some(file.clone())),
            Error::DatabaseTooNew { database, .. } => (Some(*database), None),
            _ => (None, None),
        };
        Place { version, file, ..Place::default() }
    }

    /// The message and the hint in one line, for where there is no document.
    #[must_use]
    pub(crate) fn in_words(&self) -> String {
        self.hint().map_or_else(|| self.to_string(), |hint| format!("{self}; {hint}"))
    }

    /// The error document of the contract: `{"error": {...}}`.
    #[must_use]
    pub fn document(&self) -> Document {
        Document {
            error: Body {
                status: self.status() as i32,
                name: self.status().name(),
                message: in_one_line(self.to_string()),
                hint: self.hint().map(in_one_line),
                sqlite_code: self.sqlite_code(),
                place: self.place().cloned().unwrap_or_else(|| self.place_by_version()),
                changes: match self {
                    Error::MigrationChanged { changes, .. } => changes.clone(),
                    _ => Vec::new(),
                },
            },
        }
    }

    /// A failed file operation, with the kinds a user can act on told apart.
    #[must_use]
    pub fn from_io(what: impl Into<String>, error: &std::io::Error) -> Error {
        use std::io::ErrorKind;
        let what = what.into();
        match error.kind() {
            ErrorKind::NotFound => Error::NotFound { what },
            ErrorKind::AlreadyExists => Error::AlreadyExists { path: what },
            ErrorKind::PermissionDenied => Error::Permission { what },
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Error::DiskFull { what },
            _ => Error::Io { what, detail: error.to_string(), sqlite_code: None },
        }
    }
}

/// `{"error": {...}}`: what a failed call hands out.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Document {
    /// The one member.
    pub error: Body,
}

/// A name of a file may have line ends.
fn in_one_line(text: String) -> String {
    if text.contains(['\n', '\r']) { text.replace('\n', "\\n").replace('\r', "\\r") } else { text }
}

/// The members of an error document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Body {
    /// The status number.
    pub status: i32,
    /// The status name.
    pub name: &'static str,
    /// One line for a person.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// SQLite's extended result code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sqlite_code: Option<i32>,
    /// Where in a file of the user's.
    #[serde(flatten)]
    pub place: Place,
    /// The lines of a changed migration that are not what was applied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<LineChange>,
}
