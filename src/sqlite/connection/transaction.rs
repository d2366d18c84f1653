//! Transactions of a connection: begun, committed with what the journal of the handle writes, rolled back.
//!
//! Leaves to others: what is written into them (`journal.rs`), and whose locks are in the way (`foreign.rs`).
//!
//! Invariant: every commit goes through [`Connection::commit`], and what could not be committed is rolled back.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::Connection;
use crate::error::{Error, Result};
use crate::operation;

impl Connection {
    /// Whether no transaction is open.
    #[must_use]
    pub fn is_autocommit(&self) -> bool {
        self.raw().is_autocommit()
    }

    /// Fails when the transaction that the caller works in is no longer open.
    pub fn must_be_in_transaction(&self) -> Result<()> {
        if !self.is_autocommit() {
            return Ok(());
        }
        Err(Error::Sql {
            message: "the transaction was ended by an earlier error or by a statement in it, and rolled back".into(),
            sqlite_code: rusqlite::ffi::SQLITE_ABORT_ROLLBACK,
            place: Box::default(),
        })
    }

    /// Takes the write lock and begins a transaction.
    pub fn begin_immediate(&self) -> Result<()> {
        self.shared.changes_at_begin.store(self.total_changes(), Ordering::Relaxed);
        self.execute_batch("BEGIN IMMEDIATE")?;
        if self.meter().is_some() {
            *self.shared.began.lock() = Some(Instant::now());
        }
        if let Some(journal) = self.shared.common.journal.get() {
            journal.after_begin();
        }
        Ok(())
    }

    /// Tells the meter that the transaction of `begin_immediate` is over.
    fn ended(&self, committed: bool) {
        if let Some(meter) = self.meter()
            && let Some(began) = self.shared.began.lock().take()
        {
            meter.transaction_ended(began.elapsed(), committed);
        }
    }

    /// Begins a read transaction that sees one state of the database.
    pub fn begin_snapshot(&self) -> Result<()> {
        self.execute_batch("BEGIN")?;
        self.value::<i64>("SELECT count(*) FROM (SELECT 1 FROM sqlite_schema LIMIT 1)", &[]).map(|_| ())
    }

    /// Commits; on failure the transaction is rolled back. Who keeps the journal of the handle writes into the transaction first.
    pub fn commit(&self) -> Result<()> {
        let journal = self.shared.common.journal.get();
        let written = journal.map_or(Ok(()), |journal| journal.before_commit(self));
        let outcome = written.and_then(|()| self.still_alone()).and_then(|()| self.execute_batch("COMMIT"));
        if let Some(journal) = journal {
            journal.after_commit(self, outcome.is_ok());
        }
        match outcome {
            Ok(()) => self.ended(true),
            Err(_) => self.rollback(),
        }
        outcome
    }

    /// Fails when the locks of the open write transaction are gone: to be asked before what must not be lost is committed.
    pub fn must_hold_locks(&self) -> Result<()> {
        match &self.shared.common.foreign {
            Some(foreign) => foreign.must_hold_locks(self),
            None => Ok(()),
        }
    }

    /// Before any commit.
    fn still_alone(&self) -> Result<()> {
        match &self.shared.common.foreign {
            Some(foreign) => foreign.before_commit(self),
            None => Ok(()),
        }
    }

    /// Rows changed since the transaction was begun, those changed by triggers included.
    #[must_use]
    pub fn changes_in_transaction(&self) -> u64 {
        self.total_changes().saturating_sub(self.shared.changes_at_begin.load(Ordering::Relaxed))
    }

    /// Rolls back if a transaction is open. SQLite undoes what can be undone whatever this statement says, and a
    /// journal left behind is rolled back by the next opener, so there is nothing to report.
    pub fn rollback(&self) {
        if !self.is_autocommit() {
            // why not under the operation: a cancelled call must still be able to roll back, and SQLite polls
            //    the progress handler in ROLLBACK too
            let _unwatched = operation::enter(operation::Operation::new());
            let _ = self.execute_batch("ROLLBACK");
        }
        self.ended(false);
    }
}
