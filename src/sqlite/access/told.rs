//! What statement a call is about, told to its account for whoever keeps a journal.
//!
//! Leaves to others: the journal (`journal.rs`), texts without their literals (`seen.rs`).
//!
//! Invariant: nothing is told where nobody keeps a journal, and then nothing is computed for it.

use std::sync::Arc;

use super::Access;
use crate::error::Result;
use crate::operation::{Account, Operation};
use crate::sqlite::connection::Connection;
use crate::sqlite::statement::Statement;

/// A statement, and the account of the call that runs it.
pub(super) struct Told(Option<(Arc<Account>, Arc<str>)>);

impl Told {
    /// Runs the statement on the writer. What failed is told only where it left a change behind, as `INSERT OR FAIL` may.
    pub(super) fn run<T>(
        &self,
        connection: &Connection,
        statement: &mut Statement<'_>,
        body: &mut impl FnMut(&Connection, &mut Statement<'_>) -> Result<T>,
    ) -> Result<T> {
        let Some((account, shape)) = &self.0 else { return body(connection, statement) };
        let before = connection.total_changes();
        let outcome = body(connection, statement);
        if (outcome.is_ok() || connection.total_changes() != before) && !statement.is_read_only() {
            account.add_statement(shape, 1);
        }
        outcome
    }
}

impl Access {
    /// Tells the account of the call what statement it is about, where somebody keeps a journal.
    pub(super) fn told(&self, sql: &str, shape: Option<&Arc<str>>, operation: &Operation) -> Told {
        let has_journal = self.settings().common.journal.get().is_some();
        let Some(account) = operation.account().filter(|_| has_journal) else { return Told(None) };
        let shape = match shape {
            Some(shape) if !self.settings().tells_literals => Arc::clone(shape),
            _ => self.as_told(sql),
        };
        if account.verb == "query" {
            account.set_target(Arc::clone(&shape));
        }
        Told(Some((Arc::clone(account), shape)))
    }

    /// The same for a statement that will run again and again inside a transaction.
    pub(in crate::sqlite) fn tell_of(
        &self,
        sql: &str,
        operation: Option<&Operation>,
    ) -> Option<(Arc<Account>, Arc<str>)> {
        self.told(sql, None, operation?).0
    }

    /// A statement as it may be told: without its literals, unless the host wants them.
    #[must_use]
    pub fn as_told(&self, sql: &str) -> Arc<str> {
        if self.settings().tells_literals { sql.into() } else { crate::sqlite::seen::shape(sql).into() }
    }
}
