//! Options of the audit: how it is kept (`open`), and what is asked of it (`audit`).

use serde::Deserialize;

use super::{Request, Secret, within};
use crate::error::{Error, Result};

/// Option `audit` of `open`: the record of who did what.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AuditLog {
    /// Keep one; default in every database that has the history of this library, and in no other.
    pub enabled: Option<bool>,
    /// Also of calls that only look; default true.
    pub reads: Option<bool>,
    /// What keys the chain of hashes, so that nobody without it can write a record; default a key that everybody has, and then
    /// only the anchors outside the database tell. It must be the same for every handle on the database: what one without it writes
    /// behind records of the key is a finding of the proof; calls without it that change nothing are not recorded there.
    pub key: Option<Secret>,
    /// Keep the values that stand in SQL; default false.
    pub literals: bool,
    /// Texts that are replaced by `[redacted]` wherever they stand in a target or an actor, in any case.
    pub redact: Vec<String>,
    /// Records that are older are archived and removed by the monitor, 1 to 36,500; default never.
    pub keep_days: Option<u64>,
}

impl AuditLog {
    pub(super) fn check(&self) -> Result<()> {
        within("audit.keep_days", self.keep_days, 1, 36_500)?;
        let refused = |key: &str, reason: &str| Err(Error::InvalidOption { key: key.into(), reason: reason.into() });
        if self.key.as_ref().is_some_and(|key| key.0.len() < 16) {
            return refused("audit.key", "is shorter than 16 bytes");
        }
        if self.redact.len() > 1_000 {
            return refused("audit.redact", "has more than 1,000 texts");
        }
        if self.redact.iter().any(|text| text.trim().is_empty()) {
            return refused("audit.redact", "has a blank text");
        }
        Ok(())
    }
}

/// How records are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum AuditFormat {
    /// As a list.
    #[default]
    Json,
    /// As one text, a JSON document a line.
    Jsonl,
}

/// Options of `audit`: which records, and what else is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// Of this actor.
    pub actor: Option<String>,
    /// Of this role.
    pub role: Option<String>,
    /// That came through this door: rust, c, lua, cli, monitor or migration.
    pub origin: Option<String>,
    /// Of this verb.
    pub verb: Option<String>,
    /// That ended so: ok, denied or error.
    pub outcome: Option<String>,
    /// Whose target has this text in it.
    pub target: Option<String>,
    /// From this time on, in milliseconds since the Unix epoch.
    pub since: Option<i64>,
    /// Before this time.
    pub until: Option<i64>,
    /// Behind this number, or before it when the newest come first.
    pub after: Option<u64>,
    /// Most records, 0 to 1,000,000; default 100.
    pub limit: Option<u64>,
    /// The oldest first; default the newest.
    pub oldest_first: bool,
    /// Default a list.
    pub format: AuditFormat,
    /// Prove the chain of hashes and the anchors; default false.
    pub verify: bool,
    /// Archive and remove the oldest.
    pub prune: Option<AuditPrune>,
}

impl Request for Audit {
    fn check(&self) -> Result<()> {
        within("limit", self.limit, 0, 1_000_000)?;
        for (key, value, names) in [
            ("role", &self.role, &["admin", "supervisor", "user"] as &[&str]),
            ("origin", &self.origin, &["rust", "c", "lua", "cli", "monitor", "migration"]),
            ("outcome", &self.outcome, &["ok", "denied", "error"]),
        ] {
            if let Some(value) = value.as_deref().filter(|value| !names.contains(value)) {
                let reason = format!("'{value}' is none of {}", names.join(", "));
                return Err(Error::InvalidOption { key: key.into(), reason });
            }
        }
        self.prune.as_ref().map_or(Ok(()), AuditPrune::check)
    }
}

/// Option `prune` of `audit`: which records stay. One of the two must be given; a record goes when either wants it to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AuditPrune {
    /// Those of so many days, 0 to 36,500.
    pub keep_days: Option<u64>,
    /// So many of the newest.
    pub keep_rows: Option<u64>,
    /// Where the archive goes; default the folder for backups, or that of the database.
    pub folder: Option<String>,
    /// Tell what would go, and change nothing; default false.
    pub dry_run: bool,
}

impl AuditPrune {
    fn check(&self) -> Result<()> {
        within("prune.keep_days", self.keep_days, 0, 36_500)?;
        if self.keep_days.is_none() && self.keep_rows.is_none() {
            return Err(Error::InvalidOption { key: "prune".into(), reason: "needs keep_days or keep_rows".into() });
        }
        Ok(())
    }
}
