//! Who uses the connections of a handle at this moment, and how often anybody had to wait for a lock.
//!
//! Leaves to others: handing connections out (`access.rs`), and what is too long or too often.
//!
//! Invariants: an entry lives exactly as long as its [`super::Lease`]; noting one costs a lock that nobody holds for long
//! and no allocation once there was room for as many at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::seen::shortened;
use super::settings::Common;
use crate::operation::{Account, Operation};
use crate::report::OpenTransaction;

/// Holders beyond this many are only counted in a message.
const MOST_NAMED: usize = 5;

/// A connection in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseInfo {
    /// The verb that uses it.
    pub label: &'static str,
    /// Who made the call, and in which role; `None` for the library's own work.
    pub caller: Option<(Arc<str>, &'static str)>,
    /// The statement it was taken for, without literals; `None` where it was taken for something else, or the text was never
    /// remembered.
    pub statement: Option<String>,
    /// How long it has done so.
    pub age: Duration,
    /// Whether it has the writer, which nobody else gets meanwhile; else a reader.
    pub writes: bool,
}

/// Numbers since the handle was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LockCounters {
    /// How often a connection was taken to work with.
    pub leases: u64,
    /// How often a lock was held by somebody else: by another process, or the writer by another call of this handle.
    pub waited: u64,
    /// How many of these waits ended without the lock, by their limit or because the call was stopped.
    pub gave_up: u64,
}

/// See the head of this file.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    book: Mutex<Book>,
    waited: AtomicU64,
    gave_up: AtomicU64,
    recent: Mutex<Recent>,
    readers: ReaderWaits,
}

/// The minute in which waits for locks are counted, and the one before.
#[derive(Debug, Default)]
struct Recent {
    began: Option<Instant>,
    now: (u64, u64),
    before: (u64, u64),
}

impl Recent {
    const MINUTE: Duration = Duration::from_secs(60);

    fn at(&mut self, now: Instant) -> &mut (u64, u64) {
        let age = self.began.map_or(Duration::ZERO, |began| now.saturating_duration_since(began));
        if self.began.is_none() || age >= Recent::MINUTE {
            let last = std::mem::take(&mut self.now);
            self.before = if age < Recent::MINUTE * 2 { last } else { (0, 0) };
            self.began = Some(now);
        }
        &mut self.now
    }

    fn sum(&mut self, now: Instant) -> (u64, u64) {
        let (waited, gave_up) = *self.at(now);
        (waited + self.before.0, gave_up + self.before.1)
    }
}

/// Waits for a reader.
#[derive(Debug, Default)]
pub(super) struct ReaderWaits {
    waits: AtomicU64,
    micros: AtomicU64,
    timeouts: AtomicU64,
}

/// Numbers since the handle was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReaderCounters {
    /// How often a reader was asked for while all that there may be were in use.
    pub waits: u64,
    /// How long was waited, all waits together.
    pub waited: Duration,
    /// How many of these waits ended without a reader.
    pub timeouts: u64,
}

#[derive(Debug, Default)]
struct Book {
    /// Also the number of all leases so far.
    last_id: u64,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    id: u64,
    label: &'static str,
    account: Option<Arc<Account>>,
    /// Without its literals.
    statement: Option<Arc<str>>,
    since: Instant,
    writes: bool,
}

/// Who is about to take a connection.
#[derive(Clone, Copy)]
pub(super) struct Taker<'t> {
    pub(super) operation: &'t Operation,
    /// The statement it is for, as it is remembered (`seen.rs`).
    pub(super) statement: Option<&'t Arc<str>>,
}

impl<'t> From<&'t Operation> for Taker<'t> {
    fn from(operation: &'t Operation) -> Taker<'t> {
        Taker { operation, statement: None }
    }
}

/// An entry of the ledger; struck out when dropped.
pub(super) struct Noted {
    common: Arc<Common>,
    pub(super) id: u64,
    pub(super) since: Instant,
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.common.ledger.book.lock().entries.retain(|entry| entry.id != self.id);
    }
}

impl Ledger {
    pub(super) fn note(common: &Arc<Common>, taker: Taker<'_>, writes: bool) -> Noted {
        let (since, label) = (Instant::now(), taker.operation.verb());
        let (account, statement) = (taker.operation.account().cloned(), taker.statement.cloned());
        let mut book = common.ledger.book.lock();
        book.last_id += 1;
        let id = book.last_id;
        book.entries.push(Entry { id, label, account, statement, since, writes });
        drop(book);
        Noted { common: Arc::clone(common), id, since }
    }

    /// What is in use but for `except`, oldest first.
    pub(super) fn leases(&self, except: Option<u64>) -> Vec<LeaseInfo> {
        let mut found: Vec<Entry> =
            self.book.lock().entries.iter().filter(|entry| Some(entry.id) != except).cloned().collect();
        found.sort_by_key(|entry| entry.since);
        found.into_iter().map(Entry::info).collect()
    }

    /// Who has the connections that write, or those that read, for the message to somebody who gets none.
    pub(super) fn held_by(&self, writes: bool) -> String {
        let leases: Vec<LeaseInfo> = self.leases(None).into_iter().filter(|lease| lease.writes == writes).collect();
        let mut said: Vec<String> = leases.iter().take(MOST_NAMED).map(LeaseInfo::to_string).collect();
        if leases.len() > MOST_NAMED {
            said.push(format!("and {} more", leases.len() - MOST_NAMED));
        }
        if said.is_empty() { String::new() } else { format!(" (held by {})", said.join(", ")) }
    }

    /// Somebody waited so long for a reader, and got one or not.
    pub(super) fn waited_for_reader(&self, waited: Duration, got: bool) {
        let micros = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
        self.readers.waits.fetch_add(1, Ordering::Relaxed);
        self.readers.micros.fetch_add(micros, Ordering::Relaxed);
        self.readers.timeouts.fetch_add(u64::from(!got), Ordering::Relaxed);
    }

    pub(super) fn reader_counters(&self) -> ReaderCounters {
        ReaderCounters {
            waits: self.readers.waits.load(Ordering::Relaxed),
            waited: Duration::from_micros(self.readers.micros.load(Ordering::Relaxed)),
            timeouts: self.readers.timeouts.load(Ordering::Relaxed),
        }
    }

    pub(super) fn counters(&self) -> LockCounters {
        LockCounters {
            leases: self.book.lock().last_id,
            waited: self.waited.load(Ordering::Relaxed),
            gave_up: self.gave_up.load(Ordering::Relaxed),
        }
    }

    /// Waits for locks of the last minute or two, and how many of them were in vain.
    pub(super) fn recent_waits(&self) -> (u64, u64) {
        self.recent.lock().sum(Instant::now())
    }

    /// A wait for a lock begins.
    pub(super) fn waits(&self) {
        self.recent.lock().at(Instant::now()).0 += 1;
        self.waited.fetch_add(1, Ordering::Relaxed);
    }

    /// That wait ended without the lock.
    pub(super) fn gives_up(&self) {
        self.recent.lock().at(Instant::now()).1 += 1;
        self.gave_up.fetch_add(1, Ordering::Relaxed);
    }
}

impl Entry {
    fn info(self) -> LeaseInfo {
        LeaseInfo {
            label: self.label,
            caller: self.account.map(|account| (Arc::clone(&account.caller.actor), account.caller.role.name())),
            // why no text in double quotes is a name: nobody can be asked here, and a literal must not be shown
            statement: self.statement.map(|text| shortened(text.to_string())),
            age: self.since.elapsed(),
            writes: self.writes,
        }
    }
}

impl From<LeaseInfo> for OpenTransaction {
    fn from(lease: LeaseInfo) -> OpenTransaction {
        let LeaseInfo { label, caller, statement, age, writes } = lease;
        let (actor, role) = caller.unzip();
        OpenTransaction {
            label,
            age_ms: u64::try_from(age.as_millis()).unwrap_or(u64::MAX),
            writes,
            actor,
            role,
            statement,
        }
    }
}

impl std::fmt::Display for LeaseInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.label)?;
        if let Some((actor, _)) = &self.caller {
            write!(f, " of {}", actor.escape_debug())?;
        }
        write!(f, " for {} ms", self.age.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{Caller, Origin};
    use crate::request::Role;
    use crate::sqlite::seen::shape;

    #[test]
    fn who_holds_a_connection_is_named_without_literals_and_five_at_most() {
        let common = Arc::new(Common::default());
        assert_eq!(common.ledger.held_by(false), "");
        let statement: Arc<str> = shape("SELECT a FROM t WHERE b = 'secret' AND c = \"secret\"").into();
        let mut held = Vec::new();
        for actor in ["ann", "bo\nb", "c", "d", "e", "f", "g"] {
            let caller = Caller { actor: actor.into(), role: Role::Supervisor, origin: Origin::Rust };
            let operation = Operation::new().begin("query", 1, Arc::default());
            let operation = operation.with_account(Account::new(caller, "query"));
            let taker = Taker { operation: &operation, statement: Some(&statement) };
            held.push(Ledger::note(&common, taker, false));
        }
        let lease = common.ledger.leases(None).remove(0);
        assert_eq!(lease.caller, Some(("ann".into(), "supervisor")));
        assert_eq!(lease.statement.as_deref(), Some("SELECT a FROM t WHERE b = ? AND c = ?"));
        let said = common.ledger.held_by(false);
        assert!(said.starts_with(" (held by query of ann for "), "{said}");
        assert!(said.contains("query of bo\\nb for") && said.ends_with(" ms, and 2 more)"), "{said}");
        assert_eq!(said.matches("query of").count(), 5, "{said}");
        assert_eq!(common.ledger.held_by(true), "", "none of them writes");
    }

    #[test]
    fn waits_are_forgotten_after_two_minutes_at_the_latest() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut recent = Recent::default();
        recent.at(at(0)).0 += 1;
        recent.at(at(59)).1 += 1;
        assert_eq!(recent.sum(at(59)), (1, 1));
        recent.at(at(61)).0 += 1;
        assert_eq!(recent.sum(at(119)), (2, 1), "the minute before counts");
        assert_eq!(recent.sum(at(121)), (1, 0));
        assert_eq!(recent.sum(at(400)), (0, 0));
    }

    #[test]
    fn leases_are_told_oldest_first_and_are_gone_when_dropped() {
        let common = Arc::new(Common::default());
        let operation = |verb| Operation::new().begin(verb, 1, Arc::default());
        let (backup, query) = (operation("backup"), operation("query"));
        let first = Ledger::note(&common, (&backup).into(), false);
        std::thread::sleep(Duration::from_millis(2));
        let second = Ledger::note(&common, (&query).into(), true);
        let seen = |except| -> Vec<_> {
            common.ledger.leases(except).iter().map(|lease| (lease.label, lease.writes)).collect()
        };
        assert_eq!(seen(None), [("backup", false), ("query", true)]);
        assert!(common.ledger.leases(None)[0].age >= Duration::from_millis(2));
        assert_eq!(seen(Some(first.id)), [("query", true)]);
        drop(first);
        assert_eq!(seen(None), [("query", true)]);
        drop(second);
        assert_eq!(seen(None), []);
        assert_eq!(common.ledger.counters(), LockCounters { leases: 2, waited: 0, gave_up: 0 });
    }

    #[test]
    fn noting_a_lease_costs_far_less_than_a_statement() {
        let common = Arc::new(Common::default());
        let caller = Caller { actor: "somebody".into(), role: Role::Admin, origin: Origin::Rust };
        let operation = Operation::new().begin("query", 1, Arc::default()).with_account(Account::new(caller, "query"));
        let statement = "SELECT 1".into();
        let taker = Taker { operation: &operation, statement: Some(&statement) };
        let _others: Vec<Noted> = (0..10).map(|_| Ledger::note(&common, taker, false)).collect();
        let start = Instant::now();
        for _ in 0..10_000 {
            let _noted = Ledger::note(&common, taker, false);
        }
        // under 1 µs in a release build; the factor is for builds without optimisation on a busy machine
        assert!(start.elapsed() < Duration::from_micros(10 * 10_000), "{:?} for 10,000", start.elapsed());
    }
}
