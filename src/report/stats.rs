//! Report of `stats`.
//!
//! Leaves to others: measuring (`ops/stats.rs`).
//!
//! Invariant: all numbers but those of the log are of one state of the database.

use std::collections::BTreeMap;

use serde::Serialize;

/// Report of `stats`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Stats {
    /// Size of the database: its pages, without the log.
    pub size_bytes: u64,
    /// Rows of every table; null where they could not be counted or estimated: a virtual table without its module, a
    /// damaged page.
    pub tables: BTreeMap<String, Option<u64>>,
    /// The database file.
    pub database_path: String,
    /// Whether the row counts are estimates; `sources` tells it of each.
    pub estimated: bool,
    /// Where the number of rows of each table comes from; a table without a number is not here.
    pub sources: BTreeMap<String, RowSource>,
    /// Size of a page.
    pub page_size: u64,
    /// Pages in the database.
    pub page_count: u64,
    /// Pages that are free for reuse.
    pub freelist_count: u64,
    /// Their size.
    pub freelist_bytes: u64,
    /// What becomes of free pages: `none` (they stay in the file), `full` or `incremental`.
    pub auto_vacuum: &'static str,
    /// How text is stored: `UTF-8`, `UTF-16le` or `UTF-16be`.
    pub encoding: String,
    /// Size of the write-ahead log; null when there is none.
    pub wal_size_bytes: Option<u64>,
    /// Frames in the log, also those that are in the database already; null when not in WAL mode, and inside a transaction.
    pub wal_frames: Option<u64>,
    /// How many tables.
    pub table_count: u64,
    /// How many indexes.
    pub index_count: u64,
    /// Highest applied migration.
    pub schema_version: i64,
    /// Size of every table and index, SQLite's own included, largest first; null when never measured.
    pub objects: Option<Vec<ObjectSize>>,
    /// When `objects` was measured. It is measured anew only when the database changed since and sizes are asked for.
    pub objects_measured_at: Option<i64>,
    /// Tables and indexes in which a damaged page was met; `diagnostics` is what looks for damage.
    pub damaged: Vec<String>,
    /// What changed since the last call on this open database, by any handle; null at the first, and inside a transaction.
    pub growth: Option<Growth>,
}

/// Where a number of rows comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RowSource {
    /// Counted.
    Exact,
    /// What ANALYZE counted, and samples do not contradict.
    Statistics,
    /// The span of the row ids: at most so many.
    RowIds,
    /// Some pages of the table were looked at.
    Sampled,
}

/// What an object of `stats` is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are SQL's own")]
pub enum ObjectKind {
    #[default]
    Table,
    Index,
}

/// Size of a table or an index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ObjectSize {
    /// Its name.
    pub name: String,
    /// The table it belongs to; a table's own name.
    pub table: String,
    /// What it is.
    pub kind: ObjectKind,
    /// Size of its pages.
    pub size_bytes: u64,
    /// How much of that holds nothing.
    pub unused_bytes: u64,
    /// Its pages.
    pub pages: u64,
    /// Those of them that continue rows which do not fit on one page.
    pub overflow_pages: u64,
}

/// What changed between two calls of `stats`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Growth {
    /// When the call before was.
    pub since: i64,
    /// How long ago that is.
    pub elapsed_ms: u64,
    /// By how much the database grew; below zero, it shrank.
    pub size_bytes: i64,
    /// By how much the log grew; null when there was none and is none.
    pub wal_size_bytes: Option<i64>,
    /// By how many rows tables grew: those that changed, and were counted both times or estimated both times.
    pub tables: BTreeMap<String, i64>,
}
