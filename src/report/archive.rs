//! Reports of the verbs about backups, and the description that stands beside each backup.
//!
//! Leaves to others: filling them (`archive/`, `ops/`).
//!
//! Invariant: a [`Manifest`] holds no floating-point number: it is sealed by a hash of its text, and a float may not come
//! back from text as it went in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::AuditHead;

/// Report of `backup`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Backup {
    /// The finished file; null when nothing was due.
    pub path: Option<String>,
    /// The file that describes it.
    pub manifest: Option<String>,
    /// Size of the file.
    pub size_bytes: u64,
    /// Pages in it.
    pub pages: u64,
    /// Whether the copy was read back and found to be what was copied, before it got its name.
    pub verified: bool,
    /// What was looked at: `pages`, `quick`, `full`; null when nothing was.
    pub depth: Option<&'static str>,
    /// The backup this one is based on; null for a full one.
    pub base: Option<String>,
    /// Time it took.
    pub duration_ms: f64,
    /// Older backups that retention removed.
    pub deleted: Vec<String>,
}

/// What is known of a backup; the JSON file beside it holds this, the hashes of its pages, and a seal.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Manifest {
    /// Version of this description; 1.
    pub format: u32,
    /// A name that no other backup has.
    pub id: String,
    /// In which order backups were made, from 1; no clock is trusted with that.
    pub sequence: u64,
    /// The file's name.
    pub file: String,
    /// Why it was made: `manual`, `scheduled`, `pre_migrate`, `pre_restore`.
    pub reason: String,
    /// When, in milliseconds since the Unix epoch.
    pub created_at: i64,
    /// The database it was made from.
    pub database: String,
    /// `full` or `incremental`.
    pub kind: String,
    /// The backup that an incremental one is based on.
    pub base: Option<Base>,
    /// Size of the file.
    pub size_bytes: u64,
    /// BLAKE3 of the file; null for a plain full backup, whose pages are hashed.
    pub file_hash: Option<String>,
    /// Size of a page.
    pub page_size: u32,
    /// Pages of the database.
    pub page_count: u32,
    /// Pages in the file: fewer in an incremental one.
    pub stored_pages: u32,
    /// `zstd`, or null.
    pub compression: Option<String>,
    /// `age`, or null.
    pub encryption: Option<String>,
    /// Whether free space was left out.
    pub compact: bool,
    /// Rows of every table; null where they cannot be counted.
    pub tables: BTreeMap<String, Option<u64>>,
    /// BLAKE3 of the schema.
    pub schema_hash: String,
    /// Highest applied migration.
    pub schema_version: i64,
    /// Whether a migration outside a transaction had run in part.
    pub migration_in_part: bool,
    /// What was looked at before the file got its name.
    pub checks: Checks,
    /// Number and hash of the last audit record; null where there is no audit.
    pub audit_head: Option<AuditHead>,
    /// Version of this library.
    pub library_version: String,
    /// Version of SQLite.
    pub sqlite_version: String,
}

/// What an incremental backup is based on.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Base {
    /// The name of its file, in the same folder.
    pub file: String,
    /// Its id.
    pub id: String,
}

/// How the looks at a finished backup came out; null: not looked.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Checks {
    /// Read back and compared with what was copied.
    pub pages: Option<String>,
    /// `PRAGMA quick_check`.
    pub quick_check: Option<String>,
    /// `PRAGMA integrity_check`.
    pub integrity_check: Option<String>,
    /// Rows whose foreign key points nowhere.
    pub foreign_keys: Option<u64>,
}

/// Report of `backups`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Backups {
    /// The folder; null when the handle has none.
    pub folder: Option<String>,
    /// The backups in it, newest first.
    pub backups: Vec<Listed>,
    /// Files that look like backups and have no manifest that fits; they do not count.
    pub incomplete: Vec<String>,
}

/// One backup of a folder.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Listed {
    /// The file.
    pub path: String,
    /// Whether it was read back and found good when it was made.
    pub verified: bool,
    /// Whether retention keeps its hands off it.
    pub pinned: bool,
    /// Whether everything that it is based on is there.
    pub complete: bool,
    /// What is known of it.
    pub manifest: Manifest,
}

/// Report of `verify`: the backup is what its manifest says. One that is not is an error.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Verify {
    /// The file.
    pub path: String,
    /// What was looked at: `pages`, `quick` or `full`.
    pub depth: &'static str,
    /// The backups it is made of, the full one first.
    pub chain: Vec<String>,
    /// How the looks came out.
    pub checks: Checks,
    /// `ok`, `none`, or `not_checked` when it is signed and the handle has no key.
    pub signature: &'static str,
    /// Bytes read.
    pub bytes: u64,
    /// What is known of it.
    pub manifest: Manifest,
    /// Time it took.
    pub duration_ms: f64,
}

/// Report of `restore` and `undo_restore`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Restore {
    /// The backup that was brought back.
    pub path: String,
    /// The database.
    pub database_path: String,
    /// How: `rename`, or `transaction` while others had the database open.
    pub method: &'static str,
    /// The backup of what was there before; null when there was nothing, or it was not wanted.
    pub backup: Option<String>,
    /// What was kept of a file that was no longer a database; null when it was one.
    pub kept: Option<String>,
    /// Pages of the database now.
    pub pages: u64,
    /// Highest applied migration now.
    pub schema_version: i64,
    /// What deserves a look.
    pub warnings: Vec<String>,
    /// Whether nothing was changed, as asked.
    pub dry_run: bool,
    /// Time it took.
    pub duration_ms: f64,
}

/// Report of `prune`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Prune {
    /// What was removed; in a dry run what would be.
    pub deleted: Vec<String>,
    /// What stays, and why.
    pub kept: Vec<Kept>,
    /// What was cleaned up after backups that were killed.
    pub leftovers: Vec<String>,
    /// Whether nothing was removed, as asked.
    pub dry_run: bool,
    /// Time it took.
    pub duration_ms: f64,
}

/// A backup that stays.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Kept {
    /// The file.
    pub path: String,
    /// What wants it.
    pub because: Vec<String>,
}

/// Report of `pin`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Pin {
    /// The file.
    pub path: String,
    /// Whether retention now keeps its hands off it.
    pub pinned: bool,
}
