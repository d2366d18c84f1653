//! What a script may use, and as whom.
//!
//! Leaves to others: checking that the caller may run scripts at all (`database.rs`).

use std::sync::Arc;

use crate::archive::vault::Vault;
use crate::error::Error;
use crate::migrations::Catalog;
use crate::ops::alerts::Board;
use crate::ops::restore::Place;
use crate::ops::stats::Measured;
use crate::request;
use crate::sqlite::Access;

/// What a script may use, and as whom.
#[derive(Clone)]
pub struct Session {
    /// The connections.
    pub access: Access,
    /// The migrations of the handle.
    pub catalog: Arc<Catalog>,
    /// How backups are made and kept.
    pub vault: Vault,
    /// What earlier calls of `stats` measured.
    pub measured: Arc<Measured>,
    /// What the monitor found last.
    pub board: Arc<Board>,
    /// Whether the role may change anything.
    pub may_write: bool,
    /// Who.
    pub actor: String,
    /// As what.
    pub role: &'static str,
    /// Limits no script can raise.
    pub limits: request::ScriptLimits,
}

impl Session {
    /// What this role may not do.
    pub(super) fn denied(&self, what: &str) -> Error {
        Error::Denied { role: self.role, what: what.to_owned() }
    }

    /// Where a restore finds what it needs.
    pub fn place(&self) -> Place<'_> {
        Place { vault: &self.vault, catalog: &self.catalog }
    }
}
