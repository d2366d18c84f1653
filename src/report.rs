//! What comes up: the report of every verb. These structs are the one source of the JSON that hosts read.
//!
//! Leaves to others: measuring (ops) and printing (the doors). The field names of the original RPMA system's
//! interfaces are kept exactly; more stands beside them.
//!
//! Invariant: sizes are bytes, durations milliseconds unless the name says `_us`, times milliseconds since the
//! Unix epoch in UTC; what was not measured is null or absent, never a made-up zero.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// Report of `open`.
#[derive(Debug, Clone, Serialize)]
pub struct Open {
    /// The database file, absolute; `:memory:` for one in memory.
    pub database_path: String,
    /// Whether this call made the file.
    pub created: bool,
    /// The journal mode in force.
    pub journal_mode: String,
    /// What opening migrated; null when it was told not to.
    pub migrate: Option<Migrate>,
    /// Time the call took.
    pub duration_ms: f64,
}

/// Report of `migrate`.
#[derive(Debug, Clone, Serialize)]
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
pub struct RowChange {
    /// Rows before.
    pub before: Option<u64>,
    /// Rows after.
    pub after: Option<u64>,
}

/// An object of the schema that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
pub struct Lint {
    /// How many files were read.
    pub files: usize,
    /// What was found.
    pub warnings: Vec<Warning>,
}

/// A history that was taken over.
#[derive(Debug, Clone, Serialize)]
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
pub struct AdoptedMigration {
    /// Its version.
    pub version: i64,
    /// Its name in our set.
    pub name: String,
    /// When, where that history tells.
    pub applied_at: Option<i64>,
    /// Whether that history has a checksum and our file fits it.
    pub verified: bool,
}

/// Report of `baseline`.
#[derive(Debug, Clone, Serialize)]
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
pub struct Repair {
    /// Migrations whose present text was accepted.
    pub repaired: Vec<i64>,
    /// Changes of the schema that were accepted.
    pub accepted: Vec<SchemaChange>,
}

/// Report of `schema`.
#[derive(Debug, Clone, Serialize)]
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
pub struct MigrationState {
    /// Its version; null for a repeatable.
    pub version: Option<i64>,
    /// Its name.
    pub name: String,
    /// `sql`, `lua`, `host` or `repeatable`.
    pub kind: String,
    /// `applied`, `pending`, `changed`, `missing` or `out_of_order`.
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

/// Report of `health`.
#[derive(Debug, Clone, Serialize)]
pub struct Health {
    /// The worst of the checks: `ok`, `degraded`, `critical`, or `unknown`.
    pub status: HealthStatus,
    /// 0 to 100; at most 39 when a check is critical.
    pub score: u8,
    /// Each check.
    pub checks: Vec<Check>,
}

/// How well a check or the whole is, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// Measured and well.
    Ok,
    /// Not measured.
    Unknown,
    /// Works, but somebody should look.
    Degraded,
    /// Somebody must act.
    Critical,
}

/// One check of `health`.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Its name.
    pub id: &'static str,
    /// How it came out.
    pub status: HealthStatus,
    /// What was measured; null when it could not be.
    pub value: Value,
    /// Where `degraded` begins; null where there is no number to it.
    pub threshold: Value,
    /// When.
    pub measured_at: i64,
    /// What measuring cost, in microseconds.
    pub cost_us: u64,
    /// What to do about it; null when well.
    pub remedy: Option<String>,
}

/// Report of `diagnostics`.
#[derive(Debug, Clone, Serialize)]
pub struct Diagnostics {
    /// The journal mode in force.
    pub journal_mode: String,
    /// Frames in the log and frames already in the database file; `[-1, -1]` when not in WAL mode.
    pub wal_checkpoint: [i64; 2],
    /// How long a call waits for locks.
    pub busy_timeout_ms: u64,
    /// `"ok"`, or the findings of SQLite's integrity check, one a line.
    pub integrity: String,
    /// Rows of every table; null where they could not be counted: a virtual table without its module, a damaged page.
    pub table_counts: BTreeMap<String, Option<u64>>,
    /// The readers and the writer.
    pub pool_state: PoolState,
    /// Rows whose foreign key points nowhere, at most 100 of them; null when damage kept it from being checked.
    pub foreign_key_check: Option<Vec<ForeignKeyFinding>>,
    /// What somebody changed in the schema by hand since the last migration; null when damage kept it from being compared.
    pub schema_drift: Option<Vec<SchemaChange>>,
    /// The settings SQLite really uses, as its pragmas answer.
    pub pragmas: BTreeMap<&'static str, Value>,
    /// The SQLite inside.
    pub sqlite_version: &'static str,
    /// The machine.
    pub system: System,
}

/// The connections of a handle.
#[derive(Debug, Clone, Copy, Serialize)]
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
pub struct System {
    /// Free space on the file system of the database.
    pub free_disk_bytes: Option<u64>,
    /// Memory this process occupies.
    pub resident_memory_bytes: Option<u64>,
    /// Processor time this process has used.
    pub cpu_ms: Option<u64>,
}

/// Report of `stats`.
#[derive(Debug, Clone, Serialize)]
pub struct Stats {
    /// Size of the database: its pages, without the log.
    pub size_bytes: u64,
    /// Rows of every table; null where an estimate was asked for and there is none.
    pub tables: BTreeMap<String, Option<u64>>,
    /// The database file.
    pub database_path: String,
    /// Whether the row counts are estimates.
    pub estimated: bool,
    /// Size of a page.
    pub page_size: u64,
    /// Pages in the database.
    pub page_count: u64,
    /// Pages that are free for reuse.
    pub freelist_count: u64,
    /// Size of the write-ahead log; null when there is none.
    pub wal_size_bytes: Option<u64>,
    /// How many tables.
    pub table_count: u64,
    /// How many indexes.
    pub index_count: u64,
    /// Highest applied migration.
    pub schema_version: i64,
}

/// Report of `checkpoint`.
#[derive(Debug, Clone, Serialize)]
pub struct Checkpoint {
    /// The mode that ran.
    pub mode: &'static str,
    /// Whether readers or writers kept it from finishing.
    pub busy: bool,
    /// Frames in the log; -1 when not in WAL mode.
    pub log: i64,
    /// Frames that are now in the database file; -1 when not in WAL mode.
    pub checkpointed: i64,
    /// Time it took.
    pub duration_ms: f64,
}

/// Report of `backup`.
#[derive(Debug, Clone, Serialize)]
pub struct Backup {
    /// The finished file.
    pub path: String,
    /// The file that describes it; null: not written yet by this version.
    pub manifest: Option<String>,
    /// Size of the file.
    pub size_bytes: u64,
    /// Pages in it.
    pub pages: u64,
    /// Whether the copy was checked before it got its name.
    pub verified: bool,
    /// Time it took.
    pub duration_ms: f64,
    /// Older backups removed by retention; none yet in this version.
    pub deleted: Vec<String>,
}

/// Report of `query`.
#[derive(Debug, Clone, Serialize)]
pub struct Query {
    /// Names of the result's columns.
    pub columns: Vec<String>,
    /// The rows, each an array. A BLOB is `{"base64": "..."}`, an infinite number `{"real": "inf"}` or `{"real": "-inf"}`.
    pub rows: Vec<Vec<Value>>,
    /// Rows inserted, updated or deleted.
    pub changes: u64,
    /// Row id of the last insert by this statement; null when it inserted none.
    pub last_insert_rowid: Option<i64>,
}

/// Report of `script`.
#[derive(Debug, Clone, Serialize)]
pub struct Script {
    /// What the chunk returned.
    pub result: Value,
    /// What it logged, control characters escaped; a line not of level info starts with its level in brackets.
    pub log: Vec<String>,
    /// Time it took.
    pub duration_ms: f64,
    /// The most memory Lua held.
    pub peak_memory_bytes: u64,
}

/// Report of `transaction`.
#[derive(Debug, Clone, Serialize)]
pub struct Transaction {
    /// Whether it was committed.
    pub committed: bool,
    /// What the callback returned.
    pub returned: i32,
    /// Time it took.
    pub duration_ms: f64,
}

/// Version of the C ABI: changes only when a program compiled against an older header would break.
pub const ABI_VERSION: u32 = 1;

/// Report of `build_info`.
#[derive(Debug, Clone, Serialize)]
pub struct BuildInfo {
    /// Version of this library.
    pub version: &'static str,
    /// Version of its C ABI.
    pub abi_version: u32,
    /// The SQLite inside.
    pub sqlite: SqliteInfo,
    /// The Lua inside.
    pub lua: &'static str,
    /// Optional parts that are in this build.
    pub features: Vec<&'static str>,
    /// What it was compiled for.
    pub target: &'static str,
    /// How many migrations are embedded.
    pub embedded_migrations: usize,
}

/// The SQLite inside.
#[derive(Debug, Clone, Serialize)]
pub struct SqliteInfo {
    /// Its version.
    pub version: &'static str,
    /// Its source id.
    pub source_id: String,
    /// `bundled` or `system`.
    pub linkage: &'static str,
}

/// Milliseconds since `start`, with the microseconds kept.
#[must_use]
pub(crate) fn elapsed_ms(start: std::time::Instant) -> f64 {
    (start.elapsed().as_micros() as f64) / 1000.0
}

/// Milliseconds since the Unix epoch.
#[must_use]
pub(crate) fn now_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
