//! When the head is anchored, and what a restore says to the anchors.
//!
//! Leaves to others: the file (`anchor.rs`).
//!
//! Invariants: nothing is anchored that a power failure could still take from the database: in WAL mode only what a checkpoint has
//! moved, elsewhere only when the journal is gone for good, and nothing where SQLite does not wait for the disk. Nor is what a restore
//! replaced: a head is looked for again, and added, under the write lock, and a restore adds its line under that lock too.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::anchor::{self, Kind};
use super::super::record::Head;
use super::super::table;
use super::{Log, PATIENCE, State};
use crate::error::Result;
use crate::operation::{self, Operation};
use crate::report::now_ms;
use crate::request::CheckpointMode;
use crate::sqlite::{self, Access, Connection};

impl Log {
    /// Anchors the head, where all of it is safe on the disk. A head that cannot be anchored now is anchored another time.
    pub fn anchor(&self, access: &Access, patience: Duration) {
        let Some(path) = self.anchors.as_deref().filter(|_| self.writes && self.is_on()) else { return };
        let (unanchored, is_damaged) = {
            let state = self.state.lock();
            (state.unanchored, state.is_damaged)
        };
        if unanchored == 0 || is_damaged {
            return;
        }
        let outcome = (|| -> Result<bool> {
            let _entered = operation::enter(Operation::new());
            let operation = Operation::new().begin("audit", 0, Arc::default());
            let writer = access.writer_within(&operation, patience)?;
            let _wait = writer.wait_for_locks(patience);
            if !writer.is_synchronous()? {
                return Ok(false);
            }
            let Some(head) = table::head(&writer)? else { return Ok(false) };
            if writer.is_wal()? {
                // why: it syncs the log before it moves it, and what is moved is synced before it is said to be
                let state = sqlite::checkpoint(&writer, CheckpointMode::Passive.name())?;
                if state.busy || state.log != state.checkpointed {
                    return Ok(false);
                }
            } else {
                // why: SQLite does not wait until it is on the disk that the journal is gone, and one that is there again undoes the commit
                writer.sync_beside()?;
            }
            if head.seq == 0 {
                return Ok(true);
            }
            // why the write lock: nobody replaces the database meanwhile
            writer.begin_immediate()?;
            let added = (|| {
                let is_there = || Ok(table::hash(&writer, head.seq)? == Some(head.hash));
                let added = anchor::add_if(path, &self.key, Kind::Head, head, now_ms(), is_there)?;
                if anchor::is_large(path) {
                    self.keep_proof(&writer)?;
                    anchor::shorten(path)?;
                }
                Ok(added)
            })();
            writer.rollback();
            added
        })();
        {
            let mut state = self.state.lock();
            state.anchored_at = Some(Instant::now());
            if outcome == Ok(true) {
                // why not 0: another call may have written one meanwhile
                state.unanchored = state.unanchored.saturating_sub(unanchored);
            }
        }
        // why without the lock: it is the host's code that hears of it
        if let Err(error) = outcome {
            tracing::debug!(%error, "the audit was not anchored");
        }
    }

    /// Anchors what the database has now in the place of an anchored record, if there is such a one: of two heads of one number
    /// none is left out when others are, nor when the record is pruned.
    pub(super) fn keep_proof(&self, connection: &Connection) -> Result<()> {
        let Some(path) = &self.anchors else { return Ok(()) };
        let mut heads = self.anchors()?.heads;
        heads.sort_unstable_by_key(|head| head.seq);
        for head in &heads {
            if let Some(hash) = table::hash(connection, head.seq)?.filter(|hash| *hash != head.hash) {
                let other = Head { seq: head.seq, hash };
                let is_known = heads.contains(&other);
                return if is_known { Ok(()) } else { anchor::add(path, &self.key, Kind::Head, other, now_ms()) };
            }
        }
        Ok(())
    }

    /// Where a table that ends with `head` is empty, or is not there, and records are anchored: says so for as long as the database is
    /// not replaced, whatever the new table grows to.
    pub(super) fn note_loss(&self, head: Head) {
        let Some(path) = self.anchors.as_deref().filter(|path| head.seq == 0 && path.exists()) else { return };
        let noted = self.anchors().and_then(|anchors| match anchors.heads.iter().max_by_key(|head| head.seq) {
            Some(highest) => anchor::add(path, &self.key, Kind::Dropped, *highest, now_ms()),
            None => Ok(()),
        });
        // why no failure: the anchors are left, and tell that something is gone
        if let Err(error) = noted {
            tracing::warn!(%error, "that records of the audit are gone was not noted");
        }
    }

    /// The file was made just now: what lies beside it is of another one of that name.
    pub fn was_made(&self) {
        if let Some(path) = self.anchors.as_deref().filter(|path| self.writes && self.is_on() && path.exists())
            && let Err(error) = anchor::add(path, &self.key, Kind::Restored, Head::default(), now_ms())
        {
            tracing::warn!(%error, "the audit was not told that the database is a new one");
        }
    }

    /// Said under the write lock, right before the first page is replaced. The database is about to be replaced by one whose audit ends
    /// with `head`: what is anchored, or was noted elsewhere until `noted`, need no longer be found. Said before, because of a database
    /// that was replaced while nobody could say so the anchors would tell that its end was cut off.
    pub fn will_be_replaced(&self, head: Option<Head>, noted: Option<i64>) -> Result<()> {
        let Some(path) = &self.anchors else { return Ok(()) };
        if head.is_none() && noted.is_none() && !path.exists() {
            return Ok(());
        }
        // why not before what was noted: clocks jump
        let at = now_ms().max(noted.unwrap_or(0));
        anchor::add(path, &self.key, Kind::Restored, head.unwrap_or_default(), at)
    }

    /// The database was replaced, or that failed: nothing that is known of its audit holds any more, and what is there is anchored.
    pub fn was_replaced(&self, access: &Access) {
        // why one: its head is to be anchored, whoever wrote it
        *self.state.lock() = State { unanchored: 1, ..State::default() };
        self.anchor(access, PATIENCE);
    }

    /// The same for a database that is not open and now ends with `head`, which is safe on the disk.
    pub fn was_replaced_by(&self, head: Option<Head>) {
        let (Some(path), Some(head)) = (&self.anchors, head.filter(|head| head.seq > 0)) else { return };
        // why again: nothing kept others from anchoring what was there before until it had its name
        let added = anchor::add(path, &self.key, Kind::Restored, head, now_ms())
            .and_then(|()| anchor::add(path, &self.key, Kind::Head, head, now_ms()));
        if let Err(error) = added {
            tracing::debug!(%error, "the audit was not anchored");
        }
    }
}
