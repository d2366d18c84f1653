//! [`Log`]: the audit of one open database: what is recorded, when it is written, when the head is anchored.
//!
//! A change is recorded by the journal of the connections, inside its own transaction. A call that failed or was refused is written at
//! its end in a transaction of its own, so that no rollback takes the record away; while the writer is not free it waits, as calls that
//! only looked do, for the next flush; what waits at the close is set aside for whoever can write. The head is anchored when the log of
//! SQLite is all in the database, because a commit that is only in the log may not survive the power.
//!
//! Leaves to others: the rows (`table.rs`), what waits (`pending.rs`); `log/` has the commits, the anchors and the close.
//!
//! Invariants: a database without the history of this library gets no table of the audit's, unless the host asks for it; nothing is
//! written by the audit itself into a file that was found damaged, which would make it worse.

mod anchoring;
mod closing;
mod journal;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use journal::tell;
use parking_lot::Mutex;

use super::anchor::{self, Anchors, Kind};
use super::chain::Key;
use super::denials::{Denials, Denied};
use super::late;
use super::pending::Pending;
use super::prune;
use super::record::{Head, Record, unhex};
use super::redact::Redaction;
use super::{Archived, Prunable, table};
use crate::error::{Error, Result};
use crate::operation::{self, Account, Caller, Operation, Origin};
use crate::report::now_ms;
use crate::request::AuditLog;
use crate::sqlite::{Access, Connection, DataVersion, Settings, Stamp};

/// How long an anchor waits for the writer.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long records wait for it when the database is closed, before they are set aside.
const LAST_PATIENCE: Duration = Duration::from_millis(100);
/// After a flush that did not get the writer, the next calls do not try for so long.
const PAUSE: Duration = Duration::from_millis(500);
/// A database that had no history is looked at again after so long.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// So many records, or so much time, without an anchor.
const ANCHOR_RECORDS: u64 = 4_096;
const ANCHOR_AGE: Duration = Duration::from_secs(60);

/// Verbs that change nothing, unless a statement of theirs does, which is then recorded with its change.
const LOOKS: &[&str] = &[
    "alerts",
    "as",
    "audit",
    "backups",
    "diagnostics",
    "health",
    "integrity_check",
    "lint",
    "metrics",
    "migrations",
    "query",
    "schema",
    "scripts",
    "stats",
    "test",
    "transaction",
    "verify",
];

/// See the head of this file.
#[derive(Debug)]
pub struct Log {
    /// What the host says; `None` leaves it to what kind of database it is.
    enabled: Option<bool>,
    reads: bool,
    /// Whether anything can be written.
    writes: bool,
    keep_days: Option<u64>,
    key: Key,
    redaction: Redaction,
    anchors: Option<PathBuf>,
    /// Where records are set aside.
    late: Option<PathBuf>,
    pending: Mutex<Pending>,
    state: Mutex<State>,
    denials: Denials,
}

#[derive(Debug, Default)]
struct State {
    /// The head as this handle left it, and the state of the database in which it is still that.
    head: Option<(DataVersion, Head, i64)>,
    /// What the transaction that is being committed makes of it.
    next: Option<Next>,
    /// Until when a database is taken for one without an audit.
    none_until: Option<Instant>,
    tried: Option<Instant>,
    /// When it was looked whether others set something aside, and what is there that is not for this handle.
    looked: Option<Instant>,
    left: Option<Stamp>,
    /// Damage was found: nothing more is written into this file until it is replaced.
    is_damaged: bool,
    /// Why the last flush failed, if that was not because the writer was in use.
    trouble: Option<String>,
    /// Records that this handle wrote since it anchored.
    unanchored: u64,
    /// When it last anchored, or tried to; before that, since when there is something to anchor.
    anchored_at: Option<Instant>,
}

impl State {
    /// Whether it is time to anchor, or to try again: that a reader holds the checkpoint back must not cost each call one.
    fn is_anchor_due(&self) -> bool {
        let age = self.anchored_at.map_or(Duration::ZERO, |at| at.elapsed());
        self.unanchored > 0 && (age >= ANCHOR_AGE || (self.unanchored >= ANCHOR_RECORDS && age >= PAUSE))
    }
}

/// What is being committed.
#[derive(Debug)]
struct Next {
    head: Head,
    schema_version: i64,
    /// The record of a change; whoever takes log lines hears of it when it is committed.
    change: Option<Record>,
}

impl Log {
    /// The audit of the database of `settings`; its commits are recorded from now on.
    #[must_use]
    pub fn new(settings: &Settings, options: &AuditLog) -> Arc<Log> {
        let log = Arc::new(Log {
            enabled: options.enabled,
            reads: options.reads.unwrap_or(true),
            writes: !settings.read_only,
            keep_days: options.keep_days,
            key: Key::new(options.key.as_ref()),
            redaction: Redaction::new(&options.redact),
            anchors: settings.beside("-audit"),
            late: settings.beside("-audit-waiting"),
            pending: Mutex::default(),
            state: Mutex::default(),
            denials: Denials::default(),
        });
        if log.is_on() {
            settings.set_journal(Arc::<Log>::clone(&log));
        }
        log
    }

    /// Whether records are kept at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.enabled != Some(false)
    }

    /// What keys the chain.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// After how many days records are to be removed.
    #[must_use]
    pub fn keep_days(&self) -> Option<u64> {
        self.keep_days
    }

    /// What is anchored beside the database.
    pub fn anchors(&self) -> Result<Anchors> {
        Anchors::read(self.anchors.as_deref(), &self.key)
    }

    /// Records that wait to be written, those that others set aside among them, and those that are lost.
    #[must_use]
    pub fn waiting(&self) -> (u64, u64) {
        let late = self.late.as_deref().map_or(0, late::count);
        let pending = self.pending.lock();
        (pending.len() as u64 + late, pending.lost())
    }

    /// What keeps records from being written.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let state = self.state.lock();
        if state.is_damaged { Some("the file was found damaged".into()) } else { state.trouble.clone() }
    }

    /// A call is over; `error` is how it failed. On the connection of a transaction it is part of that, and what it changed is
    /// recorded when that commits, for the call `around` it.
    pub fn finished(
        &self,
        access: &Access,
        operation: &Operation,
        around: Option<&Arc<Account>>,
        error: Option<&Error>,
    ) {
        let Some(account) = operation.own_account() else { return };
        if matches!(error, Some(Error::Denied { .. })) {
            self.denials.count(self.redaction.apply(&account.caller.actor), account.verb);
        }
        if !self.is_on() {
            return;
        }
        let target = account.target().or_else(|| account.statements());
        match error {
            // why compared: a call may be about another file
            Some(Error::Corrupt { path, .. } | Error::NotADatabase { path, .. })
                if *path == access.settings().display() =>
            {
                self.found_damage();
            }
            // why that too: a copy that does not stand up to its checks is one of a damaged file
            Some(Error::BackupInvalid { .. }) if account.verb == "backup" => self.found_damage(),
            _ => {}
        }
        if access.is_bound()
            // why also a script that failed: what it did before that stays in the transaction
            && (error.is_none() || account.verb.starts_with("script"))
            && let Some(around) = around
            && account.hand_to(around)
        {
            account.set_recorded();
        }
        self.note(account, account.caller.origin, target, error);
        if !access.is_bound() && !operation.is_inside() {
            self.settle(access);
        }
    }

    /// Who was denied something within `window`, how often, and which verb it was the last time.
    #[must_use]
    pub fn denied_within(&self, window: Duration) -> Vec<Denied> {
        self.denials.within(window)
    }

    /// Records something that happened and that nobody called.
    pub(crate) fn event(&self, caller: Caller, verb: &'static str, target: String) {
        if self.is_on() {
            let origin = caller.origin;
            self.note(&Account::new(caller, verb), origin, Some(target.into()), None);
        }
    }

    /// The file is damaged: the audit writes nothing more into it until it is replaced.
    pub fn found_damage(&self) {
        self.state.lock().is_damaged = true;
    }

    /// The same for a call that a script makes, which is part of the script's own.
    pub fn finished_in_script(&self, account: &Account, error: Option<&Error>) {
        if matches!(error, Some(Error::Denied { .. })) {
            self.denials.count(self.redaction.apply(&account.caller.actor), account.verb);
        }
        if self.is_on() {
            self.note(account, Origin::Lua, account.target(), error);
        }
    }

    fn note(&self, account: &Account, origin: Origin, target: Option<Arc<str>>, error: Option<&Error>) {
        let is_read = LOOKS.contains(&account.verb);
        let is_recorded = account.is_recorded() && !account.verb.starts_with("script");
        // why not by itself: an open that finds nothing to migrate changes nothing and asks for nothing
        let is_idle = account.caller.origin == Origin::Migration && error.is_none();
        let is_unwanted = is_read && !self.reads;
        if error.is_none() && (is_recorded || is_idle || is_unwanted) {
            return;
        }
        let urgent = error.is_some() || !is_read;
        let is_counted = !urgent && self.writes && self.pending.lock().count(account, origin, target.as_ref());
        if is_counted && !tracing::enabled!(target: "rpmadb::audit", tracing::Level::INFO) {
            return;
        }
        let record = self.redacted(Record::of(account, origin, target, account.rows(), error));
        tell(&record);
        if self.writes && !is_counted {
            self.pending.lock().add(record, urgent);
        }
    }

    fn redacted(&self, mut record: Record) -> Record {
        record.actor = self.redaction.apply(&record.actor);
        record.target = record.target.map(|target| self.redaction.apply(&target));
        record
    }

    /// Writes what waits when it is time, and anchors.
    pub fn settle(&self, access: &Access) {
        if self.pending.lock().is_due() && self.state.lock().tried.is_none_or(|tried| tried.elapsed() >= PAUSE) {
            // why not waited for: the call that is over must not be late for its record
            let outcome = self.flush(access, Duration::ZERO);
            self.state.lock().tried = outcome.is_err().then(Instant::now);
        }
        self.look_for_late(access);
        if self.state.lock().is_anchor_due() {
            self.anchor(access, Duration::ZERO);
        }
    }

    /// Writes everything that waits, and first what others set aside, waiting for the writer at most `patience`; what cannot be
    /// written waits on.
    pub fn flush(&self, access: &Access, patience: Duration) -> Result<()> {
        if self.state.lock().is_damaged {
            return Ok(());
        }
        match self.take_late(access, patience) {
            Err(error @ (Error::Busy { .. } | Error::Cancelled { .. } | Error::Timeout { .. })) => return Err(error),
            // why no failure: it must not keep this handle's own from being written
            Err(error) => tracing::warn!(%error, "records of others that wait cannot be taken in"),
            Ok(()) => {}
        }
        let records = self.pending.lock().take();
        // why not into a file without a page: the transaction would make one, and there is no table in it
        if records.is_empty() || (self.enabled != Some(true) && access.settings().is_empty_file()) {
            return Ok(());
        }
        let outcome = self.alone(access, patience, |connection| match self.head_to_write(connection, true)? {
            // why not written: they changed nothing, and looking without the key must not raise an alarm for good
            Some(_) if table::is_of_another_key(connection, &self.key)? => {
                tracing::warn!(count = records.len(), "calls are not recorded: the audit is kept with another key");
                Ok(())
            }
            Some((head, version)) => {
                let head = table::append(connection, &self.key, head, version, &records)?;
                self.state.lock().next = Some(Next { head, schema_version: version, change: None });
                Ok(())
            }
            None => Ok(()),
        });
        match &outcome {
            Ok(()) => self.state.lock().trouble = None,
            Err(Error::Busy { .. } | Error::Cancelled { .. } | Error::Timeout { .. }) => {}
            Err(error) => self.state.lock().trouble = Some(error.to_string()),
        }
        match &outcome {
            Ok(()) => {}
            Err(
                error @ (Error::Busy { .. } | Error::Cancelled { .. } | Error::Timeout { .. } | Error::DiskFull { .. }),
            ) => {
                tracing::debug!(%error, count = records.len(), "records of the audit wait");
                self.pending.lock().give_back(records);
            }
            Err(error) => {
                tracing::warn!(%error, count = records.len(), "records of the audit are lost");
                self.pending.lock().lose(records.len());
            }
        }
        outcome
    }

    /// Whether the audit that `connection` sees is kept with another key than this handle has.
    pub fn is_of_another_key(&self, connection: &Connection) -> bool {
        // why no failure: without the table there is nothing of another key
        self.is_on() && table::is_of_another_key(connection, &self.key).unwrap_or(false)
    }

    /// Runs `body` in a write transaction of its own.
    fn alone(&self, access: &Access, patience: Duration, body: impl FnOnce(&Connection) -> Result<()>) -> Result<()> {
        // why an operation of its own: that the call was cancelled is just what may have to be written
        let _entered = operation::enter(Operation::new());
        let operation = Operation::new().begin("audit", 0, Arc::default());
        let writer = access.writer_within(&operation, patience)?;
        let _wait = writer.wait_for_locks(patience);
        writer.begin_immediate()?;
        match body(&writer) {
            Ok(()) => writer.commit(),
            Err(error) => {
                writer.rollback();
                Err(error)
            }
        }
    }

    /// The head, under the write lock, and the version of the schema; makes the table where it is to be made. `None` for a
    /// database that is to have no audit. With `may_know` what the last commit left need not be read again.
    fn head_to_write(&self, connection: &Connection, may_know: bool) -> Result<Option<(Head, i64)>> {
        {
            let state = self.state.lock();
            if may_know
                && let Some((version, head, schema_version)) = state.head
                && connection.data_version_inside().is_ok_and(|now| now == version)
            {
                return Ok(Some((head, schema_version)));
            }
            if state.none_until.is_some_and(|until| Instant::now() < until) {
                return Ok(None);
            }
        }
        let is_wanted = || -> Result<bool> { Ok(self.enabled == Some(true) || table::is_managed(connection)?) };
        let head = match table::head(connection) {
            Ok(Some(head)) => {
                table::refuse_triggers(connection)?;
                self.note_loss(head);
                head
            }
            Ok(None) if is_wanted()? => {
                self.note_loss(Head::default());
                connection.execute_batch(table::CREATE)?;
                Head::default()
            }
            Err(error @ Error::Sql { .. }) if is_wanted()? => return Err(table::is_not_ours(&error)),
            Err(error) if !matches!(error, Error::Sql { .. }) => return Err(error),
            Ok(None) | Err(_) => {
                self.state.lock().none_until = Some(Instant::now() + LOOK_AGAIN);
                return Ok(None);
            }
        };
        Ok(Some((head, table::schema_version(connection)?)))
    }

    /// Removes records that were archived, and tells whether they were still there; see [`prune::remove`].
    pub fn prune(&self, access: &Access, account: &Account, prunable: Prunable, archive: &Archived) -> Result<bool> {
        let mut is_pruned = false;
        self.alone(access, access.settings().busy_timeout, |connection| {
            let Some((head, version)) = self.head_to_write(connection, false)? else { return Ok(()) };
            self.keep_proof(connection)?;
            let before = connection.total_changes();
            let Some(said) = prune::remove(connection, prunable, archive)? else { return Ok(()) };
            is_pruned = true;
            let rows = connection.changes_since(before);
            // why before the commit: an anchored record that is gone without this was removed by somebody else
            if let (Some(path), Some(hash)) = (&self.anchors, unhex(&archive.last)) {
                anchor::add(path, &self.key, Kind::Pruned, Head { seq: prunable.to, hash }, now_ms())?;
            }
            let mut record = Record::of(account, account.caller.origin, Some(said.into()), rows, None);
            record.verb = prune::VERB.into();
            // why not the rest: the proof reads what was removed there
            record.actor = self.redaction.apply(&record.actor);
            let head = table::append(connection, &self.key, head, version, std::slice::from_ref(&record))?;
            self.state.lock().next = Some(Next { head, schema_version: version, change: Some(record) });
            Ok(())
        })?;
        if !is_pruned {
            return Ok(false);
        }
        self.anchor(access, PATIENCE);
        if let Some(path) = self.anchors.as_deref().filter(|path| path.exists())
            && let Err(error) = anchor::forget(path, prunable.to)
        {
            // why no failure: the records are gone, and an anchor of one is not asked for
            tracing::debug!(%error, "anchors of records that were pruned are left");
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Once so many records waited and a reader held the checkpoint back, each call made one.
    #[test]
    fn an_anchor_that_failed_is_not_tried_with_each_call() {
        let ago = |time: Duration| Instant::now().checked_sub(time);
        let state = |unanchored, anchored_at| State { unanchored, anchored_at, ..State::default() };
        assert!(!state(ANCHOR_RECORDS, ago(Duration::ZERO)).is_anchor_due(), "just tried");
        assert!(state(ANCHOR_RECORDS, ago(PAUSE)).is_anchor_due());
        assert!(!state(1, ago(PAUSE)).is_anchor_due());
        assert!(state(1, ago(ANCHOR_AGE)).is_anchor_due());
        assert!(!state(0, ago(ANCHOR_AGE)).is_anchor_due(), "nothing to anchor");
    }
}
