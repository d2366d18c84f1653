//! What a script may use, and as whom.
//!
//! Leaves to others: checking that the caller may run scripts at all (`database.rs`).

use std::sync::Arc;

use crate::archive::vault::Vault;
use crate::audit::Log;
use crate::error::Error;
use crate::migrations::Catalog;
use crate::operation::Caller;
use crate::ops::alerts::Board;
use crate::ops::restore::Place;
use crate::ops::stats::Measured;
use crate::request::{self, Role};
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
    /// The record of who did what.
    pub audit: Arc<Log>,
    /// Who makes the calls of the script.
    pub(crate) caller: Caller,
    /// What earlier calls of `stats` measured.
    pub measured: Arc<Measured>,
    /// What the monitor found last.
    pub board: Arc<Board>,
    /// Who.
    pub actor: String,
    /// As what.
    pub role: Role,
    /// Limits no script can raise.
    pub limits: request::ScriptLimits,
}

impl Session {
    /// Whether the role may change anything.
    pub(super) fn may_write(&self) -> bool {
        self.role == Role::Admin
    }

    /// What this role may not do.
    pub(super) fn denied(&self, what: &str) -> Error {
        Error::Denied { role: self.role.name(), what: what.to_owned() }
    }

    /// Where a restore finds what it needs.
    pub fn place(&self) -> Place<'_> {
        Place { vault: &self.vault, catalog: &self.catalog, audit: &self.audit }
    }
}
