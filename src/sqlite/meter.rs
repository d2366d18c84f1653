//! What is counted while metrics are on: statements by fingerprint, slow ones, long transactions, calls by verb.
//!
//! Leaves to others: when something runs (`connection.rs`, `cursor.rs`, `database/call.rs`), and the report (`ops/metrics.rs`).
//!
//! Invariants: bounded in number and in bytes, whatever is run; a statement that was seen before costs one hash of its text and one
//! lock; nothing of a literal is kept; without a meter nobody comes here.

mod fingerprint;
mod histogram;
mod statements;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::connection::Connection;
use super::indexes;
use super::statement::Statement;
use crate::error::Error;
use crate::operation::{self, Operation};
use crate::report::{
    BackupFigures, CheckpointFigures, SlowStatement, SlowTransaction, StatementFigures, VerbFigures, now_ms,
};
use statements::Statements;

/// A transaction of the writer that is open for longer is noted.
const LONG_TRANSACTION: Duration = Duration::from_millis(250);
/// Most slow statements, and most long transactions, that are kept; the oldest goes.
const MOST_SLOW: usize = 100;
/// Most steps of a plan that are kept.
const MOST_STEPS: usize = 50;

/// See the head of this file.
#[derive(Debug)]
pub struct Meter {
    since: i64,
    slow_from: Duration,
    statements: Statements,
    /// Names that a text in double quotes may be, of the schema with this version.
    names: Mutex<Option<(i64, Arc<HashSet<String>>)>>,
    slow: Mutex<Ring<SlowStatement>>,
    transactions: Mutex<Ring<SlowTransaction>>,
    /// In the order in which the verbs were first called.
    calls: Mutex<Vec<(&'static str, Calls)>>,
    works: Mutex<(BackupFigures, CheckpointFigures)>,
}

/// The last of what there was, and how many there were.
#[derive(Debug)]
struct Ring<T> {
    last: VecDeque<T>,
    total: u64,
}

impl<T> Default for Ring<T> {
    fn default() -> Ring<T> {
        Ring { last: VecDeque::new(), total: 0 }
    }
}

impl<T: Clone> Ring<T> {
    fn push(&mut self, one: T) {
        if self.last.len() >= MOST_SLOW {
            self.last.pop_back();
        }
        self.last.push_front(one);
        self.total += 1;
    }

    fn seen(&self) -> (Vec<T>, u64) {
        (self.last.iter().cloned().collect(), self.total)
    }
}

#[derive(Debug, Default)]
struct Calls {
    calls: u64,
    errors: u64,
    denied: u64,
    total: Duration,
    max: Duration,
}

/// What SQLite counts while it runs a statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counters {
    pub(super) full_scan_steps: u64,
    pub(super) sorts: u64,
    pub(super) automatic_index_rows: u64,
}

/// One run of a statement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ran {
    pub(super) ended: Instant,
    pub(super) elapsed: Duration,
    pub(super) failed: bool,
    pub(super) rows: u64,
    pub(super) counters: Counters,
}

impl Ran {
    /// One that did nothing.
    pub(super) fn at(ended: Instant) -> Ran {
        Ran { ended, elapsed: Duration::ZERO, failed: false, rows: 0, counters: Counters::default() }
    }
}

/// A run of a statement that is under way; its `ended` is still when it began.
pub(super) struct Running(Ran);

impl Running {
    /// `since` where it was just asked what time it is.
    pub(super) fn begin(since: Option<Instant>) -> Running {
        Running(Ran::at(since.unwrap_or_else(Instant::now)))
    }

    /// Runs `body` with the statement, and takes what there is to count from it.
    pub(super) fn watch<T>(
        &mut self,
        connection: &Connection,
        statement: &mut Statement<'_>,
        body: impl FnOnce(&mut Statement<'_>) -> T,
    ) -> T {
        let before = (!statement.is_read_only()).then(|| connection.total_changes());
        let value = body(statement);
        let given = statement.take_rows();
        let changed = before.map_or(0, |before| connection.changes_since(before));
        self.0.rows = if given > 0 { given } else { changed };
        self.0.counters = statement.take_counters();
        value
    }

    pub(super) fn end(self, error: Option<&Error>) -> Ran {
        let ended = Instant::now();
        Ran { ended, elapsed: ended.saturating_duration_since(self.0.ended), failed: error.is_some(), ..self.0 }
    }
}

/// Whether a reader refused the statement because it writes. That is no run: it goes to the writer next, or the call is denied.
pub(super) fn is_refused(error: Option<&Error>) -> bool {
    matches!(error, Some(Error::ReadOnly { .. }))
}

impl Meter {
    pub(super) fn new(slow_from: Duration) -> Meter {
        Meter {
            since: now_ms(),
            slow_from,
            statements: Statements::new(),
            names: Mutex::default(),
            slow: Mutex::default(),
            transactions: Mutex::default(),
            calls: Mutex::default(),
            works: Mutex::default(),
        }
    }

    /// Counts a run of `sql` that just ended on `connection`.
    pub(super) fn ran(&self, connection: &Connection, sql: &str, ran: &Ran) {
        let is_slow = ran.elapsed > self.slow_from;
        let fingerprint = self.statements.add(sql, ran, is_slow, || self.fingerprint(connection, sql));
        let Some(fingerprint) = fingerprint else { return };
        let plan = {
            // why not under the operation: one that was stopped for taking long is just the one whose plan is wanted
            let _unwatched = operation::enter(Operation::new());
            let names = self.names(connection);
            let is_name = |name: &str| names.as_ref().is_some_and(|names| names.contains(&name.to_lowercase()));
            has_plan(&fingerprint).then(|| indexes::shown_plan(connection, sql, is_name)).flatten()
        };
        let plan = plan.map(|mut steps| {
            steps.truncate(MOST_STEPS);
            steps
        });
        let (verb, actor) = who();
        let duration_ms = milliseconds(ran.elapsed);
        let slow = SlowStatement {
            fingerprint: Arc::clone(&fingerprint),
            duration_ms,
            rows: ran.rows,
            failed: ran.failed,
            at: now_ms(),
            verb,
            actor,
            plan,
        };
        self.slow.lock().push(slow);
        tracing::warn!(duration_ms, rows = ran.rows, verb, statement = &*fingerprint, "slow statement");
    }

    /// Notes that a transaction of the writer ended.
    pub(super) fn transaction_ended(&self, duration: Duration, committed: bool) {
        if duration <= LONG_TRANSACTION {
            return;
        }
        let (label, actor) = who();
        let duration_ms = milliseconds(duration);
        self.transactions.lock().push(SlowTransaction { label, actor, duration_ms, at: now_ms(), committed });
        tracing::warn!(duration_ms, label, committed, "long transaction");
    }

    /// Counts a call.
    pub fn called(&self, verb: &'static str, error: Option<&Error>, duration: Duration) {
        let mut all = self.calls.lock();
        // why first by address: it is nearly always the same text, and this is on the way of every call
        let known = all.iter().position(|(known, _)| std::ptr::eq(*known, verb));
        let place = known.or_else(|| all.iter().position(|(known, _)| *known == verb)).unwrap_or_else(|| {
            all.push((verb, Calls::default()));
            all.len() - 1
        });
        let calls = &mut all[place].1;
        calls.calls += 1;
        match error {
            None => {}
            Some(Error::Denied { .. }) => calls.denied += 1,
            Some(_) => calls.errors += 1,
        }
        calls.total += duration;
        calls.max = calls.max.max(duration);
    }

    /// Counts a backup: its time and size, or that it failed.
    pub fn backed_up(&self, made: Option<(f64, u64)>) {
        let backups = &mut self.works.lock().0;
        match made {
            Some((duration_ms, size_bytes)) => {
                *backups = BackupFigures {
                    made: backups.made + 1,
                    failed: backups.failed,
                    last_at: Some(now_ms()),
                    last_duration_ms: Some(duration_ms),
                    last_size_bytes: Some(size_bytes),
                }
            }
            None => backups.failed += 1,
        }
    }

    /// Counts a checkpoint.
    pub fn checkpointed(&self, busy: bool) {
        let checkpoints = &mut self.works.lock().1;
        checkpoints.runs += 1;
        checkpoints.busy += u64::from(busy);
    }

    /// When counting began.
    #[must_use]
    pub fn since(&self) -> i64 {
        self.since
    }

    /// Every fingerprint, those with the largest total first.
    #[must_use]
    pub fn statements(&self) -> Vec<StatementFigures> {
        self.statements.figures()
    }

    /// How many fingerprints were forgotten.
    #[must_use]
    pub fn evicted(&self) -> u64 {
        self.statements.evicted()
    }

    /// How often statements ran that have a fingerprint with one of these texts.
    #[must_use]
    pub fn calls_like(&self, texts: &[Arc<str>]) -> u64 {
        self.statements.calls_like(texts)
    }

    /// The slow statements that are kept, newest first, and how many there were.
    #[must_use]
    pub fn slow(&self) -> (Vec<SlowStatement>, u64) {
        self.slow.lock().seen()
    }

    /// The long transactions that are kept, newest first, and how many there were.
    #[must_use]
    pub fn slow_transactions(&self) -> (Vec<SlowTransaction>, u64) {
        self.transactions.lock().seen()
    }

    /// Calls by verb.
    #[must_use]
    pub fn verbs(&self) -> BTreeMap<&'static str, VerbFigures> {
        let figures = |calls: &Calls| VerbFigures {
            calls: calls.calls,
            errors: calls.errors,
            denied: calls.denied,
            total_ms: milliseconds(calls.total),
            max_ms: milliseconds(calls.max),
        };
        self.calls.lock().iter().map(|(verb, calls)| (*verb, figures(calls))).collect()
    }

    /// Backups and checkpoints.
    #[must_use]
    pub fn works(&self) -> (BackupFigures, CheckpointFigures) {
        *self.works.lock()
    }

    fn fingerprint(&self, connection: &Connection, sql: &str) -> String {
        // why only with one: telling names from texts asks the schema
        let names = if sql.contains('"') { self.names(connection) } else { None };
        fingerprint::fingerprint(sql, |name| names.as_ref().is_some_and(|names| names.contains(&name.to_lowercase())))
    }

    /// The names in the schema; `None`, so that a name is taken for a literal, when they cannot be read.
    fn names(&self, connection: &Connection) -> Option<Arc<HashSet<String>>> {
        // why not under the operation: one that was stopped must not leave names taken for literals for good
        let _unwatched = operation::enter(Operation::new());
        let version = connection.value::<i64>("PRAGMA schema_version", &[]).ok()??;
        let mut known = self.names.lock();
        if let Some((of, names)) = known.as_ref()
            && *of == version
        {
            return Some(Arc::clone(names));
        }
        let names = Arc::new(indexes::names(connection).ok()?.into_iter().collect::<HashSet<String>>());
        *known = Some((version, Arc::clone(&names)));
        Some(names)
    }
}

/// The verb and the actor of the call that this thread is in.
fn who() -> (&'static str, Option<Arc<str>>) {
    let operation = operation::current();
    let actor = operation.as_ref().and_then(Operation::account).map(|account| Arc::clone(&account.caller.actor));
    (operation.map_or("the call", |operation| operation.verb()), actor)
}

/// SQLite runs some pragmas while it prepares them, so only these are ever prepared again.
fn has_plan(fingerprint: &str) -> bool {
    let word = fingerprint.split([' ', '(']).next().unwrap_or_default();
    matches!(word, "select" | "values" | "insert" | "replace" | "update" | "delete" | "with")
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1_000.0
}

#[cfg(test)]
mod tests;
