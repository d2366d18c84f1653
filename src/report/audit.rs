//! What `audit` reports.

use serde::{Deserialize, Serialize};

/// What `audit` found, and did.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Audit {
    /// Whether the database has an audit.
    pub enabled: bool,
    /// Records there are.
    pub rows: u64,
    /// The newest record.
    pub head: Option<AuditHead>,
    /// Those asked for; empty with the format `jsonl`.
    pub records: Vec<AuditRecord>,
    /// Those asked for, with the format `jsonl`.
    pub text: Option<String>,
    /// What to ask for as `after` to get the next ones; null when there are none.
    pub next: Option<u64>,
    /// Records that are not written yet: of this process, and of those that closed the database while it was locked.
    pub waiting: u64,
    /// Records that this process could not write, or found cut or changed where they waited, and that are lost.
    pub lost: u64,
    /// What the proof found; null when it was not asked for.
    pub verify: Option<AuditVerify>,
    /// What was archived and removed; null when that was not asked for.
    pub pruned: Option<AuditPruned>,
    /// How long it took.
    pub duration_ms: f64,
}

/// The newest record: its number, which counts all there ever were, and its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AuditHead {
    /// Its number.
    pub count: u64,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AuditRecord {
    /// Its number, without gaps from 1.
    pub seq: u64,
    /// A UUID of version 7.
    pub id: String,
    /// When the call ended, in milliseconds since the Unix epoch.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// As what.
    pub role: String,
    /// Through which door: rust, c, lua, cli, monitor or migration.
    pub origin: String,
    /// What was called.
    pub verb: String,
    /// What it was about, such as a path or statements without their values.
    pub target: Option<String>,
    /// ok, denied or error.
    pub outcome: String,
    /// The status, 0 for OK.
    pub status: i64,
    /// How long it took, for a change until its commit, in microseconds.
    pub duration_us: i64,
    /// Rows changed, or else given.
    pub rows: i64,
    /// How many equal calls this record stands for.
    pub calls: i64,
    /// Highest applied migration.
    pub schema_version: i64,
    /// The process.
    pub process: i64,
    /// The hash over this record and the one before, in hexadecimal.
    pub hash: String,
}

/// What a proof of the audit found.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AuditVerify {
    /// `ok`, `tampered`, or `unknown` when the key of some records was not given.
    pub status: &'static str,
    /// Records that were read.
    pub rows: u64,
    /// Anchors outside of the database that were compared: in the file beside it, and in manifests of backups.
    pub anchors: u64,
    /// What is wrong, at most 100.
    pub findings: Vec<AuditFinding>,
    /// How many more are wrong.
    pub more_findings: u64,
    /// How long it took.
    pub duration_ms: f64,
}

/// One thing that is wrong with the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AuditFinding {
    /// `edited`, `missing`, `tail_cut`, `head_removed`, `rewritten`, `table_dropped`, `anchor_edited`, `trigger`, `unkeyed` or
    /// `unknown_key`.
    pub class: &'static str,
    /// First record that it is about.
    pub from_seq: u64,
    /// Last one.
    pub to_seq: u64,
    /// In words.
    pub message: String,
}

/// What was archived and removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AuditPruned {
    /// First record.
    pub from_seq: u64,
    /// Last record.
    pub to_seq: u64,
    /// How many; 0 when there was nothing to remove.
    pub rows: u64,
    /// Where they are now.
    pub archive: Option<String>,
    /// Whether nothing was changed.
    pub dry_run: bool,
}
