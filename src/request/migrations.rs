//! Options of the verbs about migrations.
//!
//! Leaves to others: what they mean (`migrations/`).

use serde::{Deserialize, Deserializer};

use super::{Request, within};
use crate::error::Result;

/// Options of `migrate`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Migrate {
    /// Stop after this version; default the latest.
    pub target: Option<i64>,
    /// Run everything, report, and roll back; default false.
    pub dry_run: bool,
    /// Back up first into the configured folder; default what `open` said.
    pub backup: Option<bool>,
    /// How long to wait for the write lock, 0 to 86,400,000; default 60,000.
    pub lock_timeout_ms: Option<u64>,
    /// Apply a pending migration that is lower than one already applied; default false.
    pub allow_out_of_order: bool,
    /// What is committed together; default the whole run.
    pub transaction: TransactionPer,
}

/// What `migrate` commits together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum TransactionPer {
    /// The whole run: an upgrade lands whole or not at all.
    #[default]
    Run,
    /// Each migration by itself.
    File,
}

impl Request for Migrate {
    fn check(&self) -> Result<()> {
        within("target", self.target, 0, i64::MAX)?;
        within("lock_timeout_ms", self.lock_timeout_ms, 0, 86_400_000)
    }
}

impl Migrate {
    /// How long to wait for the write lock, in milliseconds.
    #[must_use]
    pub fn lock_timeout_ms(&self) -> u64 {
        self.lock_timeout_ms.unwrap_or(LOCK_TIMEOUT_MS)
    }
}

const LOCK_TIMEOUT_MS: u64 = 60_000;

/// Options of `rollback`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Rollback {
    /// Run everything, report, and undo it again; default false.
    pub dry_run: bool,
    /// Back up first into the configured folder; default what `open` said.
    pub backup: Option<bool>,
    /// How long to wait for the write lock, 0 to 86,400,000; default 60,000.
    pub lock_timeout_ms: Option<u64>,
}

impl Request for Rollback {
    fn check(&self) -> Result<()> {
        within("lock_timeout_ms", self.lock_timeout_ms, 0, 86_400_000)
    }
}

impl Rollback {
    /// How long to wait for the write lock, in milliseconds.
    #[must_use]
    pub fn lock_timeout_ms(&self) -> u64 {
        self.lock_timeout_ms.unwrap_or(LOCK_TIMEOUT_MS)
    }
}

/// Options of `adopt`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Adopt {
    /// Whose history to take over; default the one that is found.
    pub tool: Option<String>,
    /// Which version of the set the history stands for; needed where the other tool has no version numbers.
    pub target: Option<i64>,
    /// Look and verify, write nothing; default false.
    pub dry_run: bool,
}

impl Request for Adopt {
    fn check(&self) -> Result<()> {
        within("target", self.target, 1, i64::MAX)
    }
}

/// Options of `baseline`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Baseline {
    /// Record up to this version; default the latest.
    pub target: Option<i64>,
}

impl Request for Baseline {
    fn check(&self) -> Result<()> {
        within("target", self.target, 1, i64::MAX)
    }
}

/// Options of `repair`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Repair {
    /// Accept the present text of these; default of all that changed.
    #[serde(deserialize_with = "list")]
    pub versions: Option<Vec<i64>>,
    /// Accept the schema as it is, so that it no longer counts as changed by hand; default false.
    pub schema: bool,
}

impl Request for Repair {}

/// Options of `schema`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Schema {
    /// Another database file to compare with; it is only read.
    pub compare: Option<String>,
}

impl Request for Schema {}

/// Options of `test`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Test {
    /// Rows generated for each table at every version started from, 1 to 1,000; default 8.
    pub rows: Option<u32>,
    /// What the rows are made from: the same seed makes the same; default 1.
    pub seed: Option<u64>,
    /// Versions to start from, 0 for an empty database; default all, or 50 of them spread evenly.
    #[serde(deserialize_with = "list")]
    pub versions: Option<Vec<i64>>,
    /// End every migration at each of its statements as well; default true.
    pub crash: Option<bool>,
}

impl Request for Test {
    fn check(&self) -> Result<()> {
        within("rows", self.rows.map(u64::from), 1, 1_000)
    }
}

impl Test {
    /// What the rows are made from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or(1)
    }
}

/// A list; an empty object is an empty list, because in Lua the two are one.
fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<i64>>, D::Error> {
    #[derive(Deserialize)]
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    #[serde(untagged, expecting = "a list of versions")]
    enum Form {
        List(Option<Vec<i64>>),
        Empty(Empty),
    }
    #[derive(Deserialize)]
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    #[serde(deny_unknown_fields)]
    struct Empty {}
    Ok(match Form::deserialize(deserializer)? {
        Form::List(list) => list,
        Form::Empty(Empty {}) => Some(Vec::new()),
    })
}
