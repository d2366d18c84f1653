//! Options of the verbs about backups.
//!
//! Leaves to others: what they mean (`archive/`, `ops/`).

use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer};

use super::{Request, within};
use crate::error::{Error, Result};

/// A text that never shows in debug output.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Option `backup` of `open`: where backups go, how they are wrapped, and which of them stay.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct BackupFolder {
    /// Where backups without a destination go; it must exist.
    pub folder: Option<String>,
    /// Back up before a migration run that has something to do; default false.
    pub before_migrate: bool,
    /// A monitor makes a backup when the newest scheduled one is older, 1 to 100,000; default none.
    pub every_hours: Option<u64>,
    /// Compress; default false.
    pub compress: Option<Compress>,
    /// Encrypt; default not.
    pub encrypt_to: Option<EncryptTo>,
    /// What opens encrypted backups again: texts of age identities.
    pub identities: Vec<Secret>,
    /// What opens backups that were encrypted with a passphrase.
    pub passphrase: Option<Secret>,
    /// Signs manifests; those without its signature are then refused.
    pub sign_key: Option<Secret>,
    /// So many of the newest.
    pub keep_last: Option<u32>,
    /// The newest of each hour, for so many hours that have one.
    pub keep_hourly: Option<u32>,
    /// The newest of each day.
    pub keep_daily: Option<u32>,
    /// The newest of each week.
    pub keep_weekly: Option<u32>,
    /// The newest of each month.
    pub keep_monthly: Option<u32>,
    /// The newest of each year.
    pub keep_yearly: Option<u32>,
    /// Never fewer than this many verified full ones; default 1.
    pub keep_minimum: Option<u32>,
    /// Of those made before a migration, so many of the newest; default 3.
    pub keep_pre_migrate: Option<u32>,
    /// Of those made before a restore, so many of the newest; default 3.
    pub keep_pre_restore: Option<u32>,
}

/// Which backups in the folder stay: a backup stays when one of these wants it. Without any, all do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keep {
    /// So many of the newest.
    pub keep_last: Option<u32>,
    /// The newest of each hour, for so many hours that have one.
    pub keep_hourly: Option<u32>,
    /// The newest of each day.
    pub keep_daily: Option<u32>,
    /// The newest of each week.
    pub keep_weekly: Option<u32>,
    /// The newest of each month.
    pub keep_monthly: Option<u32>,
    /// The newest of each year.
    pub keep_yearly: Option<u32>,
    /// Never fewer than this many verified full ones; default 1.
    pub keep_minimum: Option<u32>,
    /// Of those made before a migration, so many of the newest; default 3.
    pub keep_pre_migrate: Option<u32>,
    /// Of those made before a restore, so many of the newest; default 3.
    pub keep_pre_restore: Option<u32>,
}

macro_rules! keeps {
    ($($owner:ident),*) => {$(
        impl $owner {
            /// Which backups stay.
            #[must_use]
            pub fn keep(&self) -> Keep {
                Keep {
                    keep_last: self.keep_last,
                    keep_hourly: self.keep_hourly,
                    keep_daily: self.keep_daily,
                    keep_weekly: self.keep_weekly,
                    keep_monthly: self.keep_monthly,
                    keep_yearly: self.keep_yearly,
                    keep_minimum: self.keep_minimum,
                    keep_pre_migrate: self.keep_pre_migrate,
                    keep_pre_restore: self.keep_pre_restore,
                }
            }
        }
    )*};
}

keeps!(BackupFolder, Prune);

impl Keep {
    /// These rules, with those of `base` where there is none.
    #[must_use]
    pub fn or(self, base: Keep) -> Keep {
        Keep {
            keep_last: self.keep_last.or(base.keep_last),
            keep_hourly: self.keep_hourly.or(base.keep_hourly),
            keep_daily: self.keep_daily.or(base.keep_daily),
            keep_weekly: self.keep_weekly.or(base.keep_weekly),
            keep_monthly: self.keep_monthly.or(base.keep_monthly),
            keep_yearly: self.keep_yearly.or(base.keep_yearly),
            keep_minimum: self.keep_minimum.or(base.keep_minimum),
            keep_pre_migrate: self.keep_pre_migrate.or(base.keep_pre_migrate),
            keep_pre_restore: self.keep_pre_restore.or(base.keep_pre_restore),
        }
    }
}

/// How hard to compress: `true` is zstd's level 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compress {
    /// Not at all.
    Off,
    /// With zstd at this level, 1 to 19.
    Zstd(i32),
}

impl<'de> Deserialize<'de> for Compress {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> std::result::Result<Compress, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected true, false or a zstd level from 1 to 19")]
        enum Typed {
            Switch(bool),
            Level(i32),
        }
        match Typed::deserialize(reader)? {
            Typed::Switch(false) => Ok(Compress::Off),
            Typed::Switch(true) => Ok(Compress::Zstd(1)),
            Typed::Level(level @ 1..=19) => Ok(Compress::Zstd(level)),
            Typed::Level(level) => {
                Err(D::Error::invalid_value(Unexpected::Signed(level.into()), &"a zstd level from 1 to 19"))
            }
        }
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Compress {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Compress".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "description": "How hard to compress: true is zstd level 1", "anyOf": [{ "type": "boolean" }, { "type": "integer", "minimum": 1, "maximum": 19 }] })
    }
}

/// For whom to encrypt.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected an age recipient, a list of them, or {\"passphrase\": \"...\"}")]
pub enum EncryptTo {
    /// An age recipient, `age1...`.
    One(String),
    /// Several.
    Several(Vec<String>),
    /// Whoever knows the passphrase.
    Passphrase(Passphrase),
}

/// See [`EncryptTo::Passphrase`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Passphrase {
    /// The text.
    pub passphrase: Secret,
}

/// How deep a backup is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Not at all.
    None,
    /// Every byte against the hashes of the manifest.
    Pages,
    /// Also rows and `PRAGMA quick_check`, but for CHECK constraints.
    Quick,
    /// Also `PRAGMA integrity_check`, with CHECK constraints, and the foreign keys.
    Full,
}

impl<'de> Deserialize<'de> for Depth {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> std::result::Result<Depth, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected true, false, \"pages\", \"quick\" or \"full\"")]
        enum Typed {
            Switch(bool),
            Name(String),
        }
        match Typed::deserialize(reader)? {
            Typed::Switch(false) => Ok(Depth::None),
            Typed::Switch(true) => Ok(Depth::Quick),
            Typed::Name(name) => Depth::from_name(&name).ok_or_else(|| {
                D::Error::invalid_value(Unexpected::Str(&name), &"true, false, \"pages\", \"quick\" or \"full\"")
            }),
        }
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Depth {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Depth".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "description": "How deep a backup is looked at: true is quick", "anyOf": [{ "type": "boolean" }, { "enum": ["pages", "quick", "full"] }] })
    }
}

impl Depth {
    /// The name in reports; `None` for no look.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Depth::None => None,
            Depth::Pages => Some("pages"),
            Depth::Quick => Some("quick"),
            Depth::Full => Some("full"),
        }
    }

    /// The depth of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Depth> {
        match name {
            "pages" => Some(Depth::Pages),
            "quick" => Some(Depth::Quick),
            "full" => Some(Depth::Full),
            _ => None,
        }
    }
}

/// What an incremental backup is based on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected true, false or the name of a backup in the folder")]
pub enum Incremental {
    /// The newest in the folder; false: a full backup.
    Newest(bool),
    /// The one of this name.
    Named(String),
}

/// Options of `backup`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Backup {
    /// How deep the finished copy is looked at; default `quick`, and `pages` for one that is compressed or encrypted.
    pub verify: Option<Depth>,
    /// Pages copied between two looks at cancel and time-out, 1 to 100,000; default 1,000.
    pub step_pages: Option<u64>,
    /// Replace the destination if it is there; it stays whole until the new one is; default false.
    pub overwrite: bool,
    /// Leave out free space, by VACUUM INTO; default false.
    pub compact: bool,
    /// Compress; default what the handle was opened with.
    pub compress: Option<Compress>,
    /// Encrypt; default what the handle was opened with.
    pub encrypt_to: Option<EncryptTo>,
    /// Only the pages that changed since another backup in the folder; default false.
    pub incremental: Option<Incremental>,
    /// Never removed by retention; default false.
    pub pin: bool,
    /// Do nothing when the folder has a scheduled backup younger than this, 1 to 100,000; of several processes that ask, one makes it.
    pub every_hours: Option<u64>,
}

impl Request for Backup {
    fn check(&self) -> Result<()> {
        within("step_pages", self.step_pages, 1, 100_000)?;
        within("every_hours", self.every_hours, 1, 100_000)?;
        if self.compact && matches!(self.incremental, Some(Incremental::Newest(true) | Incremental::Named(_))) {
            return Err(Error::InvalidOption {
                key: "compact".into(),
                reason: "does not go with incremental: it moves every page".into(),
            });
        }
        Ok(())
    }
}

/// Options of `verify`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Verify {
    /// How deep to look: `pages`, `quick` (the default) or `full`.
    pub depth: Option<Depth>,
    /// Texts of age identities that open it; default what the handle was opened with.
    pub identities: Vec<Secret>,
    /// The passphrase that opens it; default what the handle was opened with.
    pub passphrase: Option<Secret>,
}

impl Request for Verify {
    fn check(&self) -> Result<()> {
        if self.depth == Some(Depth::None) {
            return Err(Error::InvalidOption { key: "depth".into(), reason: "must be pages, quick or full".into() });
        }
        Ok(())
    }
}

/// Options of `restore`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Restore {
    /// Keep what is there as a backup first; default true.
    pub backup: Option<bool>,
    /// Verify, say what would be done, and change nothing; default false.
    pub dry_run: bool,
    /// Restore a backup of a newer schema than this library's migrations know; default false.
    pub allow_newer: bool,
    /// Restore a SQLite file that has no manifest, after a full check; one that somebody has open, or with a log or a hot journal beside it,
    /// is refused; default false.
    pub without_manifest: bool,
    /// How long to wait for other connections; default the handle's busy_timeout_ms.
    pub busy_timeout_ms: Option<u64>,
    /// Texts of age identities that open it; default what the handle was opened with.
    pub identities: Vec<Secret>,
    /// The passphrase that opens it; default what the handle was opened with.
    pub passphrase: Option<Secret>,
}

impl Request for Restore {
    fn check(&self) -> Result<()> {
        within("busy_timeout_ms", self.busy_timeout_ms, 0, 86_400_000)
    }
}

/// Options of `undo_restore`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UndoRestore {
    /// How long to wait for other connections; default the handle's busy_timeout_ms.
    pub busy_timeout_ms: Option<u64>,
    /// Texts of age identities that open it; default what the handle was opened with.
    pub identities: Vec<Secret>,
    /// The passphrase that opens it; default what the handle was opened with.
    pub passphrase: Option<Secret>,
}

impl Request for UndoRestore {
    fn check(&self) -> Result<()> {
        within("busy_timeout_ms", self.busy_timeout_ms, 0, 86_400_000)
    }
}

/// Options of `prune`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Prune {
    /// Say what would be removed, and remove nothing; default false.
    pub dry_run: bool,
    /// So many of the newest.
    pub keep_last: Option<u32>,
    /// The newest of each hour, for so many hours that have one.
    pub keep_hourly: Option<u32>,
    /// The newest of each day.
    pub keep_daily: Option<u32>,
    /// The newest of each week.
    pub keep_weekly: Option<u32>,
    /// The newest of each month.
    pub keep_monthly: Option<u32>,
    /// The newest of each year.
    pub keep_yearly: Option<u32>,
    /// Never fewer than this many verified full ones; default 1.
    pub keep_minimum: Option<u32>,
    /// Of those made before a migration, so many of the newest; default 3.
    pub keep_pre_migrate: Option<u32>,
    /// Of those made before a restore, so many of the newest; default 3.
    pub keep_pre_restore: Option<u32>,
}

impl Request for Prune {}

/// Options of `pin`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Pin {
    /// Whether retention keeps its hands off it; default true.
    pub pinned: Option<bool>,
}

impl Request for Pin {}
