//! The report of `diagnostics`.
//!
//! Leaves to others: measuring (`ops/diagnostics`).
//!
//! Invariant: as in `report.rs`; literals of users' statements are not in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::SchemaChange;

/// Report of `diagnostics`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Diagnostics {
    /// The journal mode in force.
    pub journal_mode: String,
    /// Frames in the log and frames already in the database file; `[-1, -1]` when not in WAL mode.
    pub wal_checkpoint: [i64; 2],
    /// How long a call waits for locks.
    pub busy_timeout_ms: u64,
    /// `"ok"`, or the findings of SQLite's integrity check, one a line. A handle that may only read does not look at CHECK
    /// constraints.
    pub integrity: String,
    /// Rows of every table; null where they could not be counted: a virtual table without its module, a damaged page.
    pub table_counts: BTreeMap<String, Option<u64>>,
    /// The readers and the writer.
    pub pool_state: PoolState,
    /// Rows whose foreign key points nowhere, at most 100 of them; null when damage kept it from being checked.
    pub foreign_key_check: Option<Vec<ForeignKeyFinding>>,
    /// What somebody changed in the schema by hand since the last migration; null when damage kept it from being compared.
    pub schema_drift: Option<Vec<SchemaChange>>,
    /// The settings SQLite really uses, as its pragmas answer; empty when the writer was busy.
    pub pragmas: BTreeMap<&'static str, Value>,
    /// Where they are not what this handle was configured for; null when the writer was busy.
    pub pragma_findings: Option<Vec<PragmaFinding>>,
    /// The write-ahead log.
    pub wal: Wal,
    /// What holds a connection of this handle, this call left out.
    pub open_transactions: Vec<OpenTransaction>,
    /// What is wrong with the indexes; null when damage kept them from being examined.
    pub indexes: Option<Indexes>,
    /// The file systems involved, each once.
    pub disks: Vec<Disk>,
    /// The database file and those that SQLite keeps beside it, as far as they exist.
    pub files: Vec<FileMode>,
    /// Another copy of SQLite in this process; null for a database in memory.
    pub foreign_sqlite: Option<ForeignSqlite>,
    /// The SQLite inside.
    pub sqlite_version: &'static str,
    /// How that was built.
    pub sqlite: SqliteBuild,
    /// The machine.
    pub system: System,
}

/// Another copy of SQLite in this process that has the database open, as far as it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ForeignSqlite {
    /// The option `foreign_sqlite` of the handle.
    pub mode: &'static str,
    /// What is in force: `refuse` where `coexist` is not possible, `one_copy` in a build without a SQLite of its own.
    pub effective: &'static str,
    /// Whether it is known which descriptors are not this library's; with `off` nobody looks. Those of its own SQLite are none.
    pub looked: bool,
    /// The database.
    pub path: String,
    /// The descriptors of the database in this process that are not this library's.
    pub descriptors: Vec<i32>,
    /// Whether one of them is a SQLite for certain, because it has locks.
    pub live: bool,
    /// The libraries with another SQLite in them, the likeliest first. One that is built into the host shows no library.
    pub modules: Vec<String>,
    /// Its version, where it tells.
    pub version: Option<String>,
    /// Whether this handle refuses to write until the database is opened again.
    pub refused: bool,
    /// What to do about it; null when there is nothing to do.
    pub remedy: Option<String>,
}

/// The connections of a handle.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PoolState {
    /// Connections open, the writer included.
    pub connections: u32,
    /// Connections open and not in use.
    pub idle_connections: u32,
    /// Most connections there may be.
    pub max_connections: u32,
}

/// One row whose foreign key points nowhere.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ForeignKeyFinding {
    /// The table of the row.
    pub table: String,
    /// Its row id; null in a table without row ids.
    pub rowid: Option<i64>,
    /// The table it points to.
    pub parent: String,
}

/// The machine around the database; null where this platform does not tell.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct System {
    /// Free space on the file system of the database.
    pub free_disk_bytes: Option<u64>,
    /// Memory this process occupies.
    pub resident_memory_bytes: Option<u64>,
    /// Processor time this process has used.
    pub cpu_ms: Option<u64>,
}

/// One setting that is not what it should be.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PragmaFinding {
    /// Its name.
    pub pragma: &'static str,
    /// What the handle was configured for.
    pub expected: Value,
    /// What is in force.
    pub actual: Value,
}

/// The write-ahead log; null where there is none, or inside a transaction.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Wal {
    /// Size of the file.
    pub size_bytes: Option<u64>,
    /// Frames in it.
    pub frames: Option<u64>,
    /// Frames of it that are not in the database file yet.
    pub backlog: Option<u64>,
}

/// One holder of a connection.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OpenTransaction {
    /// What it is doing.
    pub label: &'static str,
    /// Since when.
    pub age_ms: u64,
    /// Whether it holds the writer.
    pub writes: bool,
    /// Who made the call; null for the library's own work.
    pub actor: Option<Arc<str>>,
    /// In which role.
    pub role: Option<&'static str>,
    /// The statement it has the connection for, without literals; null where it is for something else, such as a transaction.
    pub statement: Option<String>,
}

/// What is wrong with the indexes.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Indexes {
    /// Indexes that another one makes superfluous; all of them may be dropped.
    pub redundant: Vec<RedundantIndex>,
    /// Foreign keys whose columns no index begins with.
    pub missing: Vec<MissingIndex>,
    /// Indexes that no statement uses and nothing else needs; null when no statement was seen.
    pub unused: Option<Vec<UnusedIndex>>,
    /// Statements that read a table of more than 1,000 rows without an index, at most 100; null when no statement was seen.
    pub full_scans: Option<Vec<FullScan>>,
    /// How many statements that is: distinct ones of this handle since it was opened, 500 at most.
    pub statements_seen: Option<u64>,
    /// How many were left out, too old or too long; if any, an unused index may have been used by one of them.
    pub statements_forgotten: Option<u64>,
}

/// An index that another one makes superfluous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RedundantIndex {
    /// Its name.
    pub index: String,
    /// Its table.
    pub table: String,
    /// The index that does its work, or `PRIMARY KEY`.
    pub covered_by: String,
}

/// An index that there should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MissingIndex {
    /// The table that lacks it.
    pub table: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// What it is for.
    pub reason: String,
    /// The statement that makes it.
    pub suggestion: String,
}

/// An index that no statement uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UnusedIndex {
    /// Its name.
    pub index: String,
    /// Its table.
    pub table: String,
}

/// A statement that reads a large table without an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FullScan {
    /// The table.
    pub table: String,
    /// The statement, with `?` for each literal.
    pub sql: String,
    /// Rows of the table, about.
    pub rows: u64,
}

/// A file system.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Disk {
    /// The first of what is on it: `database`, `backups`, `temporary`.
    pub what: &'static str,
    /// The folder of that.
    pub path: String,
    /// Space this process may still fill; null where it could not be measured.
    pub free_bytes: Option<u64>,
    /// Its size; null where it could not be measured.
    pub total_bytes: Option<u64>,
}

/// Who may do what with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FileMode {
    /// The file.
    pub path: String,
    /// Its permissions, in octal as `chmod` takes them.
    pub mode: String,
    /// What is questionable about them; null when nothing is.
    pub findings: Option<&'static str>,
}

/// How the SQLite inside was built.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SqliteBuild {
    /// Its version.
    pub version: &'static str,
    /// Its source id.
    pub source_id: String,
    /// The options it was compiled with, without `SQLITE_`.
    pub compile_options: Vec<String>,
    /// Whether its version can damage a database when a checkpoint resets the log while another connection begins to write.
    pub has_wal_reset_bug: bool,
}
