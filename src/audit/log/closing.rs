//! The end of a log: what waits is written, or set aside for whoever can write next; and the taking in of what others set aside.
//!
//! Leaves to others: the file of what was set aside (`late.rs`).
//!
//! Invariant: a close waits for the writer and for that file a moment and no longer, and what it cannot write it does not forget.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::chain::Key;
use super::super::late::{self, Late};
use super::super::record::{Head, Record};
use super::super::table;
use super::{LAST_PATIENCE, Log, Next, PATIENCE};
use crate::error::{Error, Result};
use crate::operation::{self, Operation};
use crate::sqlite::{Access, Stamp};

/// How often calls look whether others left something.
const EVERY: Duration = Duration::from_secs(5);

impl Log {
    /// The last handle is being closed: writes what waits, or sets it aside, and anchors.
    pub fn close(&self, access: &Access) {
        if !self.writes || !self.is_on() {
            return;
        }
        let outcome = self.flush(access, LAST_PATIENCE);
        if let Err(error) = &outcome {
            tracing::debug!(%error, "records of the audit could not be written before the close");
        }
        self.set_aside(access);
        // why not while somebody holds the lock: it would be waited for once more
        if !matches!(outcome, Err(Error::Busy { .. })) {
            self.anchor(access, PATIENCE);
        }
    }

    /// Sets aside what still waits.
    fn set_aside(&self, access: &Access) {
        // why not of a damaged file: nothing is left beside that
        let is_damaged = self.state.lock().is_damaged;
        let Some(path) = self.late.as_deref().filter(|_| !is_damaged) else { return };
        let records = self.pending.lock().take();
        let Some(head) = Some(&records).filter(|records| !records.is_empty()).and_then(|_| self.last(access)) else {
            return;
        };
        let count = records.len();
        if let Err(error) = late::add(path, &self.key, head, records) {
            tracing::warn!(%error, count, "records of the audit are lost");
            self.pending.lock().lose(count);
        }
    }

    /// The last record; `None` for a database that is to have no audit. Where that cannot be read now it is as if there were none, and
    /// who takes the records in finds out.
    fn last(&self, access: &Access) -> Option<Head> {
        let last = || -> Result<Option<Head>> {
            let _entered = operation::enter(Operation::new());
            let operation = Operation::new().begin("audit", 0, Arc::default());
            let connection = access.writer_within(&operation, Duration::ZERO)?;
            let _wait = connection.wait_for_locks(Duration::ZERO);
            match table::head(&connection)? {
                Some(head) => Ok(Some(head)),
                None => Ok((self.enabled == Some(true) || table::is_managed(&connection)?).then(Head::default)),
            }
        };
        last().unwrap_or_else(|_| Some(Head::default()))
    }

    /// Looks, from time to time, whether others left something.
    pub(super) fn look_for_late(&self, access: &Access) {
        if self.state.lock().looked.is_none_or(|at| at.elapsed() >= EVERY)
            && let Err(error) = self.take_late(access, Duration::ZERO)
        {
            tracing::debug!(%error, "records of others wait on");
        }
    }

    /// Takes in what others set aside, if there is something, waiting for the writer at most `patience`.
    pub(super) fn take_late(&self, access: &Access, patience: Duration) -> Result<()> {
        let stamp = self.late.as_deref().filter(|_| self.writes).and_then(Stamp::of);
        {
            let mut state = self.state.lock();
            state.looked = Some(Instant::now());
            if state.is_damaged || stamp.is_none() || state.left == stamp {
                return Ok(());
            }
        }
        let Some(path) = &self.late else { return Ok(()) };
        let mut found = None;
        let outcome = self.alone(access, patience, |connection| {
            let head = self.head_to_write(connection, true)?;
            // why under the write lock: what another process took in is in the table then, or still in the file
            let mut late = match Late::read(path, &self.key) {
                Err(Error::NotFound { .. }) => return Ok(()),
                outcome => outcome?,
            };
            if let Some((before, version)) = head {
                let mut head = before;
                let mut behind = u64::MAX;
                for head in &late.heads {
                    let is_there = table::hash(connection, head.seq)? == Some(head.hash);
                    behind = behind.min(if is_there { head.seq } else { 0 });
                }
                let known = table::ids_behind(connection, behind)?;
                let mut records = std::mem::take(&mut late.records);
                records.retain(|(_, record)| !known.contains(&record.id));
                for group in records.chunk_by(|(one, _), (other, _)| one == other) {
                    // why its own: who has the key must not vouch for what anybody could have put there
                    let key = if group[0].0 { &Key::new(None) } else { &self.key };
                    if table::is_of_another_key(connection, key)? {
                        tracing::warn!(
                            count = group.len(),
                            "calls are not recorded: the audit is kept with another key"
                        );
                        continue;
                    }
                    let group: Vec<Record> = group.iter().map(|(_, record)| record.clone()).collect();
                    head = table::append(connection, key, head, version, &group)?;
                }
                if head != before {
                    self.state.lock().next = Some(Next { head, schema_version: version, change: None });
                }
            }
            found = Some(late);
            Ok(())
        });
        let outcome = outcome.and_then(|()| match found {
            Some(late) => {
                if late.spoilt > 0 {
                    tracing::warn!(count = late.spoilt, file = %path.display(), "records of the audit were cut or changed");
                    self.pending.lock().lose(late.spoilt);
                }
                late.remove()
            }
            None => Ok(()),
        });
        if !matches!(outcome, Err(Error::Busy { .. } | Error::Cancelled { .. } | Error::Timeout { .. })) {
            // why also after a failure: it would fail again with each call
            self.state.lock().left = Stamp::of(path);
        }
        outcome
    }
}
