//! What an admin does to a database that works: in Rust what scripts have as `db:optimize`.
//!
//! Leaves to others: doing it (`ops/upkeep.rs`).

use super::Database;
use crate::error::Result;
use crate::operation::Operation;
use crate::{ops, report};

impl Database {
    /// Lets SQLite renew the statistics that its planner needs.
    pub fn optimize(&self, operation: &Operation) -> Result<report::Optimize> {
        self.call("optimize", operation, |core, operation| ops::upkeep::optimize(core.access()?, operation))
    }
}
