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

use super::settings::Common;

/// A connection in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseInfo {
    /// The verb that uses it.
    pub label: &'static str,
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
}

#[derive(Debug, Default)]
struct Book {
    /// Also the number of all leases so far.
    last_id: u64,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    id: u64,
    label: &'static str,
    since: Instant,
    writes: bool,
}

/// An entry of the ledger; struck out when dropped.
pub(super) struct Noted {
    common: Arc<Common>,
    pub(super) id: u64,
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.common.ledger.book.lock().entries.retain(|entry| entry.id != self.id);
    }
}

impl Ledger {
    pub(super) fn note(common: &Arc<Common>, label: &'static str, writes: bool) -> Noted {
        let since = Instant::now();
        let mut book = common.ledger.book.lock();
        book.last_id += 1;
        let id = book.last_id;
        book.entries.push(Entry { id, label, since, writes });
        drop(book);
        Noted { common: Arc::clone(common), id }
    }

    /// What is in use but for `except`, oldest first.
    pub(super) fn leases(&self, except: Option<u64>) -> Vec<LeaseInfo> {
        let mut found: Vec<Entry> =
            self.book.lock().entries.iter().filter(|entry| Some(entry.id) != except).copied().collect();
        found.sort_by_key(|entry| entry.since);
        let info = |entry: Entry| LeaseInfo { label: entry.label, age: entry.since.elapsed(), writes: entry.writes };
        found.into_iter().map(info).collect()
    }

    pub(super) fn counters(&self) -> LockCounters {
        LockCounters {
            leases: self.book.lock().last_id,
            waited: self.waited.load(Ordering::Relaxed),
            gave_up: self.gave_up.load(Ordering::Relaxed),
        }
    }

    /// A wait for a lock begins.
    pub(super) fn waits(&self) {
        self.waited.fetch_add(1, Ordering::Relaxed);
    }

    /// That wait ended without the lock.
    pub(super) fn gives_up(&self) {
        self.gave_up.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_are_told_oldest_first_and_are_gone_when_dropped() {
        let common = Arc::new(Common::default());
        let first = Ledger::note(&common, "backup", false);
        std::thread::sleep(Duration::from_millis(2));
        let second = Ledger::note(&common, "query", true);
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
        let _others: Vec<Noted> = (0..10).map(|_| Ledger::note(&common, "query", false)).collect();
        let start = Instant::now();
        for _ in 0..10_000 {
            let _noted = Ledger::note(&common, "query", false);
        }
        // under 1 µs in a release build; the factor is for builds without optimisation on a busy machine
        assert!(start.elapsed() < Duration::from_micros(10 * 10_000), "{:?} for 10,000", start.elapsed());
    }
}
