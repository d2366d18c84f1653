//! Records that wait to be written: of calls that only looked, which are written together, and of those that failed, until the
//! writer is free.
//!
//! Leaves to others: writing them (`log.rs`).
//!
//! Invariant: bounded. Of equal calls the first are kept one by one; what comes after them is counted by the last of them.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::record::Record;
use crate::operation::{Account, Origin};
use crate::report::now_ms;

/// More are lost, and counted.
const MOST: usize = 10_000;
/// So many are written together.
pub(super) const BATCH: usize = 1_000;
/// What has waited so long is written with the next call.
pub(super) const AGE: Duration = Duration::from_secs(5);
/// Equal calls that are kept one by one.
const EQUALS: u32 = 64;

/// What makes two calls equal.
fn sameness<'a>(account: &'a Account, origin: Origin, target: Option<&'a Arc<str>>) -> impl Hash + 'a {
    (&account.caller.actor, account.caller.role.name(), origin.name(), account.verb, target)
}

/// See the head of this file.
#[derive(Debug, Default)]
pub(super) struct Pending {
    records: Vec<Record>,
    /// How many there are of a kind, by a hash over who did what on what, and which is the last.
    alike: HashMap<u64, (u32, usize)>,
    hasher: RandomState,
    oldest: Option<Instant>,
    /// Whether one must not wait for others.
    urgent: bool,
    lost: u64,
}

impl Pending {
    /// Counts a call that only looked with those it equals, if there are enough of them already; whether it did.
    pub(super) fn count(&mut self, account: &Account, origin: Origin, target: Option<&Arc<str>>) -> bool {
        // why nothing is noted of more: it is lost, and this must be bounded too
        if self.records.len() >= MOST {
            return false;
        }
        let (count, last) = self.alike.entry(self.hasher.hash_one(sameness(account, origin, target))).or_insert((0, 0));
        *count += 1;
        if *count > EQUALS
            && let Some(known) = self.records.get_mut(*last)
        {
            known.at = now_ms();
            known.calls += 1;
            known.rows = known.rows.saturating_add(i64::try_from(account.rows()).unwrap_or(i64::MAX));
            known.duration_us = known.duration_us.saturating_add(account.elapsed_us());
            return true;
        }
        *last = self.records.len();
        false
    }

    /// Takes one in, and says whether it must not wait for others.
    pub(super) fn add(&mut self, record: Record, urgent: bool) {
        self.urgent |= urgent;
        if self.records.len() >= MOST {
            self.lost += 1;
            return;
        }
        self.oldest.get_or_insert_with(Instant::now);
        self.records.push(record);
    }

    /// Whether it is time to write.
    pub(super) fn is_due(&self) -> bool {
        self.urgent || self.records.len() >= BATCH || self.oldest.is_some_and(|oldest| oldest.elapsed() >= AGE)
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    /// Hands out all of them.
    pub(super) fn take(&mut self) -> Vec<Record> {
        self.alike.clear();
        (self.oldest, self.urgent) = (None, false);
        std::mem::take(&mut self.records)
    }

    /// Takes back what could not be written, before those that came since.
    pub(super) fn give_back(&mut self, mut records: Vec<Record>) {
        records.append(&mut self.records);
        self.alike.clear();
        self.lost += records.len().saturating_sub(MOST) as u64;
        records.truncate(MOST);
        if !records.is_empty() {
            self.oldest.get_or_insert_with(Instant::now);
        }
        self.records = records;
    }

    /// Says that these will never be written.
    pub(super) fn lose(&mut self, count: usize) {
        self.lost += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Caller;
    use crate::request::Role;

    fn account(verb: &'static str) -> Account {
        let account = Account::new(Caller { actor: "anna".into(), role: Role::Admin, origin: Origin::C }, verb);
        account.add_rows(2);
        account
    }

    fn record(account: &Account, target: &str) -> Record {
        Record::of(account, Origin::C, Some(target.into()), account.rows(), None)
    }

    fn look(pending: &mut Pending, verb: &'static str, target: &str) {
        let account = account(verb);
        if !pending.count(&account, Origin::C, Some(&target.into())) {
            pending.add(record(&account, target), false);
        }
    }

    #[test]
    fn equal_calls_beyond_the_first_are_counted_by_the_last() {
        let mut pending = Pending::default();
        for _ in 0..100_000 {
            look(&mut pending, "query", "SELECT ?");
        }
        look(&mut pending, "stats", "SELECT ?");
        look(&mut pending, "query", "SELECT ?, ?");
        let records = pending.take();
        assert_eq!(records.len(), EQUALS as usize + 2);
        let calls: i64 = records.iter().map(|record| record.calls).sum();
        let rows: i64 = records.iter().map(|record| record.rows).sum();
        assert_eq!((calls, rows), (100_002, 200_004), "none is lost");
        assert_eq!(records[63].calls, 100_000 - 63);
        look(&mut pending, "query", "SELECT ?");
        assert_eq!(pending.take().len(), 1, "another batch begins anew");
    }

    #[test]
    fn what_waits_is_bounded_and_what_is_lost_is_counted() {
        let mut pending = Pending::default();
        for number in 0..MOST + 7 {
            look(&mut pending, "query", &number.to_string());
        }
        assert_eq!((pending.len(), pending.lost()), (MOST, 7));
        assert_eq!(pending.alike.len(), MOST);
        let records = pending.take();
        pending.add(record(&account("query"), "new"), true);
        pending.give_back(records);
        assert_eq!((pending.len(), pending.lost()), (MOST, 8));
    }

    #[test]
    fn a_failure_does_not_wait() {
        let mut pending = Pending::default();
        look(&mut pending, "query", "a");
        assert!(!pending.is_due());
        pending.add(record(&account("query"), "a"), true);
        assert!(pending.is_due());
        pending.take();
        assert!(!pending.is_due());
        (0..BATCH).for_each(|number| look(&mut pending, "query", &number.to_string()));
        assert!(pending.is_due());
    }
}
