//! Reports of the verbs about migrations.
//!
//! Leaves to others: filling them (`migrations/`, `ops/test.rs`).

use std::collections::BTreeMap;

use serde::Serialize;

use super::Backup;

/// Report of `migrate`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Migrate {
    /// Version before the run; 0 for none.
    pub from: i64,
    /// Version after the run.
    pub to: i64,
    /// What ran, in order.
    pub applied: Vec<Applied>,
    /// The backup made before, if one was.
    pub backup: Option<Backup>,
    /// Whether all of it was rolled back again, as asked.
    pub dry_run: bool,
    /// What was taken over from another history first; null where there was none.
    pub adopted: Option<Adopted>,
    /// What somebody changed in the schema by hand since the last run.
    pub drift: Vec<SchemaChange>,
    /// Statements that ran outside the transaction, such as VACUUM; in a dry run those that would.
    pub moved: Vec<String>,
    /// What a dry run would change; null in a real one.
    pub changes: Option<Changes>,
    /// What lint says about what a dry run would apply; null in a real one.
    pub warnings: Option<Vec<Warning>>,
    /// Time the run took, waiting for the lock included.
    pub duration_ms: f64,
}

/// Report of `rollback`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Rollback {
    /// Version before.
    pub from: i64,
    /// Version after.
    pub to: i64,
    /// What was taken back, in order.
    pub reverted: Vec<Applied>,
    /// The backup made before, if one was.
    pub backup: Option<Backup>,
    /// Whether all of it was undone again, as asked.
    pub dry_run: bool,
    /// What a dry run would change; null in a real one.
    pub changes: Option<Changes>,
    /// Time it took, waiting for the lock included.
    pub duration_ms: f64,
}

/// What a dry run would change.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Changes {
    /// Objects of the schema.
    pub schema: Vec<SchemaChange>,
    /// Tables whose number of rows changes.
    pub rows: BTreeMap<String, RowChange>,
    /// Size of the database before.
    pub size_bytes: u64,
    /// The largest it would become on the way.
    pub peak_size_bytes: u64,
}

/// A table whose number of rows changes; null where there is no such table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RowChange {
    /// Rows before.
    pub before: Option<u64>,
    /// Rows after.
    pub after: Option<u64>,
}

/// An object of the schema that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SchemaChange {
    /// `added`, `removed` or `changed`.
    pub change: &'static str,
    /// `table`, `index`, `view` or `trigger`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The table it belongs to.
    pub table: String,
    /// The statement that made it before.
    pub before: Option<String>,
    /// The statement that makes it now.
    pub after: Option<String>,
}

/// Something in a migration that is likely to be regretted.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Warning {
    /// The rule that says so; the directive `allow` waives it by this name.
    pub rule: &'static str,
    /// What it is.
    pub message: String,
    /// What to do about it.
    pub hint: &'static str,
    /// Where.
    #[serde(flatten)]
    pub place: crate::error::Place,
}

/// Report of `lint`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Lint {
    /// How many files were read.
    pub files: usize,
    /// What was found.
    pub warnings: Vec<Warning>,
}

/// A history that was taken over.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Adopted {
    /// The tool whose it is.
    pub tool: &'static str,
    /// Where it stands.
    pub table: String,
    /// Which migrations it says are applied.
    pub migrations: Vec<AdoptedMigration>,
    /// Whether nothing was written, as asked.
    pub dry_run: bool,
}

/// A migration that another history says is applied.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AdoptedMigration {
    /// Its version.
    pub version: i64,
    /// Its name in our set.
    pub name: String,
    /// When, where that history tells; null also for a version that it has no row for and that lies below its highest.
    pub applied_at: Option<i64>,
    /// Whether that history has a checksum and our file fits it.
    pub verified: bool,
}

/// Report of `baseline`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Baseline {
    /// Version before.
    pub from: i64,
    /// Version after.
    pub to: i64,
    /// What was recorded as applied without running.
    pub recorded: Vec<i64>,
}

/// Report of `repair`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Repair {
    /// Migrations whose present text was accepted.
    pub repaired: Vec<i64>,
    /// Changes of the schema that were accepted.
    pub accepted: Vec<SchemaChange>,
}

/// Report of `schema`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Schema {
    /// Highest applied migration.
    pub version: i64,
    /// A sum over all objects: equal for schemas that mean the same.
    pub hash: String,
    /// Every object, by kind and name.
    pub objects: Vec<SchemaObject>,
    /// What somebody changed by hand since the last run.
    pub drift: Vec<SchemaChange>,
    /// What is different in the other database, seen from this one; null when none was named.
    pub differences: Option<Vec<SchemaChange>>,
}

/// Report of `test`.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Test {
    /// Whether nothing was found wrong.
    pub passed: bool,
    /// What the rows were made from.
    pub seed: u64,
    /// Versions that were started from.
    pub started_from: Vec<i64>,
    /// How many crashes were tried.
    pub crashes: u64,
    /// What was found wrong.
    pub problems: Vec<TestProblem>,
    /// Most rows that each table had.
    pub rows: BTreeMap<String, u64>,
    /// Tables that no row could be made for, and why.
    pub skipped_tables: BTreeMap<String, String>,
    /// Migrations without a way back; going back was tried above them only.
    pub irreversible: Vec<i64>,
    /// Time it took.
    pub duration_ms: f64,
}

/// Something that `test` found wrong.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TestProblem {
    /// The version that was started from, or that a crash was tried in.
    pub from: i64,
    /// What it is.
    pub what: String,
    /// The error, where there was one.
    pub error: Option<crate::error::Body>,
}

/// One object of the schema.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SchemaObject {
    /// `table`, `index`, `view` or `trigger`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The table it belongs to.
    pub table: String,
    /// The statement that makes it.
    pub sql: String,
}

/// One migration that ran.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Applied {
    /// Its version; null for a repeatable.
    pub version: Option<i64>,
    /// Its name.
    pub name: String,
    /// `sql`, `lua`, `host` or `repeatable`.
    pub kind: &'static str,
    /// Time it took.
    pub duration_ms: f64,
}

/// Report of `migrations`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Migrations {
    /// Highest applied version; 0 for none.
    pub current: i64,
    /// Highest version in the set; 0 for none.
    pub latest: i64,
    /// How many would run now.
    pub pending: usize,
    /// Every migration known or recorded, by version, the repeatables last.
    pub migrations: Vec<MigrationState>,
    /// What somebody changed in the schema by hand since the last run.
    pub drift: Vec<SchemaChange>,
}

/// One migration known or recorded.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MigrationState {
    /// Its version; null for a repeatable.
    pub version: Option<i64>,
    /// Its name.
    pub name: String,
    /// `sql`, `lua`, `host` or `repeatable`.
    pub kind: String,
    /// `applied`, `pending`, `changed`, `missing` or `out_of_order`; `removed` is a repeatable whose file is gone, what it made stays.
    pub state: &'static str,
    /// When it was applied.
    pub applied_at: Option<i64>,
    /// By whom.
    pub actor: Option<String>,
    /// How long it took then.
    pub duration_ms: Option<f64>,
    /// Whether there is a way back; null for a Lua file that does not load.
    pub reversible: Option<bool>,
    /// How it came to be recorded: `run`, `baseline`, or the tool it was adopted from.
    pub origin: Option<String>,
    /// When a changed text was accepted.
    pub repaired_at: Option<i64>,
    /// By whom.
    pub repaired_by: Option<String>,
}
