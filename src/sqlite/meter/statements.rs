//! Statements by fingerprint, and which fingerprint a text has.
//!
//! Leaves to others: making fingerprints (`fingerprint.rs`).
//!
//! Invariants: at most [`MOST`] fingerprints, and when one more comes the one that was not run for longest goes; of texts only hashes are
//! kept, and of those a bounded number, but for a few short ones that ran last, which are found without hashing; a hash has a key of its
//! own, so nobody can make two texts that share one.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use siphasher::sip128::SipHasher13;

use super::histogram::Histogram;
use super::{Ran, milliseconds};
use crate::report::{StatementFigures, now_ms};
use crate::sqlite::seen::shortened;

/// Most fingerprints.
pub(super) const MOST: usize = 1_000;
/// Most texts in each of the two halves of the cache.
const MOST_TEXTS: usize = 4_096;
/// Texts that are kept as they are, and the longest of them.
const RECENT: usize = 8;
const LONGEST_RECENT: usize = 512;

#[derive(Debug)]
pub(super) struct Statements {
    hasher: SipHasher13,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    /// Texts that ran last, with their places; see [`slot`].
    recent: [Option<Recent>; RECENT],
    /// Which entry a text belongs to. When `new` is full it becomes `old`, so what is in use is never lost.
    new: Cache,
    old: Cache,
    /// Which entry a fingerprint has.
    places: HashMap<u128, u32, Plain>,
    entries: Vec<Entry>,
    /// For each entry, the number of the run that was its last; kept apart because a search goes through all of them.
    last_runs: Vec<u64>,
    runs: u64,
    evicted: u64,
}

#[derive(Debug)]
struct Recent {
    text: Box<str>,
    place: u32,
    number: u64,
}

/// Where a text is kept among the recent ones: two that follow one another seldom share their length and their end.
fn slot(sql: &str) -> usize {
    sql.len().wrapping_add(usize::from(sql.as_bytes().last().copied().unwrap_or(0))) % RECENT
}

/// The place of an entry, and its number; another number there is another fingerprint's.
type Cache = HashMap<u128, (u32, u64), Plain>;
type Plain = BuildHasherDefault<Passed>;

/// The keys are hashes already.
#[derive(Default)]
struct Passed(u64);

impl Hasher for Passed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut word = [0; 8];
        word.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        self.0 ^= u64::from_ne_bytes(word);
    }

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}

struct Entry {
    number: u64,
    hash: u128,
    fingerprint: Arc<str>,
    calls: u64,
    errors: u64,
    rows: u64,
    total: Duration,
    max: Duration,
    full_scan_steps: u64,
    sorts: u64,
    automatic_index_rows: u64,
    last: Option<Instant>,
    durations: Box<Histogram>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry")
            .field("fingerprint", &self.fingerprint)
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}

impl Statements {
    pub(super) fn new() -> Statements {
        let state = RandomState::new();
        Statements { hasher: SipHasher13::new_with_keys(state.hash_one(0), state.hash_one(1)), book: Mutex::default() }
    }

    fn hash(&self, text: &str) -> u128 {
        self.hasher.hash(text.as_bytes()).as_u128()
    }

    /// Adds a run, and returns the fingerprint as it is shown, if that is wanted. `fingerprint` is called for a text that is not known.
    pub(super) fn add(
        &self,
        sql: &str,
        ran: &Ran,
        is_wanted: bool,
        fingerprint: impl FnOnce() -> String,
    ) -> Option<Arc<str>> {
        if let Some(mut book) = self.book.try_lock()
            && let Some(place) = book.recent(sql)
        {
            let entry = book.add(place, ran);
            return is_wanted.then(|| Arc::clone(&entry.fingerprint));
        }
        let text = self.hash(sql);
        {
            let mut book = self.book.lock();
            if let Some(place) = book.find(text) {
                book.keep(sql, place);
                let entry = book.add(place, ran);
                return is_wanted.then(|| Arc::clone(&entry.fingerprint));
            }
        }
        // why unlocked: it takes long, and asks the connection
        let fingerprint = fingerprint();
        let hash = self.hash(&fingerprint);
        let mut book = self.book.lock();
        let place = book.place_of(hash, fingerprint);
        book.remember(text, place);
        book.keep(sql, place);
        let entry = book.add(place, ran);
        is_wanted.then(|| Arc::clone(&entry.fingerprint))
    }

    pub(super) fn figures(&self) -> Vec<StatementFigures> {
        let mut all: Vec<StatementFigures> = self.book.lock().entries.iter().map(Entry::figures).collect();
        all.sort_by(|one, other| other.total_ms.total_cmp(&one.total_ms));
        all
    }

    pub(super) fn evicted(&self) -> u64 {
        self.book.lock().evicted
    }

    /// How often statements ran that have a fingerprint with one of these texts, as far as the texts are known.
    pub(super) fn calls_like(&self, texts: &[Arc<str>]) -> u64 {
        let hashes: Vec<u128> = texts.iter().map(|text| self.hash(text)).collect();
        let mut book = self.book.lock();
        let mut places: Vec<u32> = hashes.into_iter().filter_map(|hash| book.find(hash)).collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|place| book.entries[place as usize].calls).sum()
    }
}

impl Book {
    fn recent(&self, sql: &str) -> Option<u32> {
        let found = self.recent[slot(sql)].as_ref().filter(|found| *found.text == *sql)?;
        (self.entries[found.place as usize].number == found.number).then_some(found.place)
    }

    fn keep(&mut self, sql: &str, place: u32) {
        if sql.len() <= LONGEST_RECENT {
            let number = self.entries[place as usize].number;
            self.recent[slot(sql)] = Some(Recent { text: sql.into(), place, number });
        }
    }

    fn find(&mut self, text: u128) -> Option<u32> {
        let (place, number) = match self.new.get(&text) {
            Some(found) => *found,
            None => {
                let found = self.old.remove(&text)?;
                self.put(text, found);
                found
            }
        };
        (self.entries[place as usize].number == number).then_some(place)
    }

    fn remember(&mut self, text: u128, place: u32) {
        let number = self.entries[place as usize].number;
        self.put(text, (place, number));
    }

    fn put(&mut self, text: u128, found: (u32, u64)) {
        if self.new.len() >= MOST_TEXTS {
            self.old = std::mem::take(&mut self.new);
        }
        self.new.insert(text, found);
    }

    fn place_of(&mut self, hash: u128, fingerprint: String) -> u32 {
        if let Some(place) = self.places.get(&hash) {
            return *place;
        }
        self.runs += 1;
        let entry = Entry::new(self.runs, hash, fingerprint);
        let place = if self.entries.len() < MOST {
            self.entries.push(entry);
            self.last_runs.push(self.runs);
            self.entries.len() - 1
        } else {
            let oldest = self.last_runs.iter().enumerate().min_by_key(|(_, run)| **run).map_or(0, |(place, _)| place);
            self.places.remove(&self.entries[oldest].hash);
            self.entries[oldest] = entry;
            self.evicted += 1;
            oldest
        };
        let place = place as u32;
        self.places.insert(hash, place);
        place
    }

    fn add(&mut self, place: u32, ran: &Ran) -> &Entry {
        self.runs += 1;
        self.last_runs[place as usize] = self.runs;
        let entry = &mut self.entries[place as usize];
        entry.calls += 1;
        entry.errors += u64::from(ran.failed);
        entry.rows += ran.rows;
        entry.total += ran.elapsed;
        entry.max = entry.max.max(ran.elapsed);
        entry.full_scan_steps += ran.counters.full_scan_steps;
        entry.sorts += ran.counters.sorts;
        entry.automatic_index_rows += ran.counters.automatic_index_rows;
        entry.last = Some(ran.ended);
        entry.durations.add(ran.elapsed);
        entry
    }

    /// Bytes that the book occupies, at most.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        let cached = (self.new.capacity() + self.old.capacity()) * size_of::<(u128, (u32, u64))>();
        let places = self.places.capacity() * size_of::<(u128, u32)>();
        let texts: usize = self.entries.iter().map(|entry| entry.fingerprint.len() + size_of::<Histogram>()).sum();
        let recent = RECENT * (size_of::<Recent>() + LONGEST_RECENT);
        cached + places + texts + recent + self.entries.capacity() * size_of::<Entry>() + self.last_runs.capacity() * 8
    }
}

impl Entry {
    fn new(number: u64, hash: u128, fingerprint: String) -> Entry {
        Entry {
            number,
            hash,
            fingerprint: shortened(fingerprint).into(),
            calls: 0,
            errors: 0,
            rows: 0,
            total: Duration::ZERO,
            max: Duration::ZERO,
            full_scan_steps: 0,
            sorts: 0,
            automatic_index_rows: 0,
            last: None,
            durations: Histogram::new(),
        }
    }

    fn figures(&self) -> StatementFigures {
        let total_ms = milliseconds(self.total);
        StatementFigures {
            fingerprint: Arc::clone(&self.fingerprint),
            calls: self.calls,
            errors: self.errors,
            rows: self.rows,
            total_ms,
            mean_ms: total_ms / self.calls.max(1) as f64,
            // why not more than the longest: the middle of its bucket may be
            p95_ms: milliseconds(self.durations.percentile(95).min(self.max)),
            max_ms: milliseconds(self.max),
            full_scan_steps: self.full_scan_steps,
            sorts: self.sorts,
            automatic_index_rows: self.automatic_index_rows,
            last_at: self.last.map_or(0, |last| now_ms() - last.elapsed().as_millis() as i64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(statements: &Statements, sql: &str, micros: u64) -> Arc<str> {
        let ran = Ran { elapsed: Duration::from_micros(micros), rows: 2, ..Ran::at(Instant::now()) };
        statements.add(sql, &ran, true, || super::super::fingerprint::fingerprint(sql, |_| false)).expect("is wanted")
    }

    #[test]
    fn a_hundred_thousand_statements_stay_in_bounds() {
        let statements = Statements::new();
        for number in 0..100_000 {
            // long ones too: each is more than is shown
            let filler = if number % 3 == 0 { "column_with_a_long_name, ".repeat(100) } else { String::new() };
            add(&statements, &format!("SELECT {filler}é{number}x FROM t"), 1);
        }
        let figures = statements.figures();
        assert_eq!((figures.len(), statements.evicted()), (MOST, 99_000));
        assert!(figures.iter().any(|one| &*one.fingerprint == "select é99998x from t"), "the last is there");
        assert!(figures.iter().all(|one| one.fingerprint.len() <= 1_003), "what is shown is cut");
        let book = statements.book.lock();
        assert!(book.new.len() <= MOST_TEXTS && book.old.len() <= MOST_TEXTS);
        assert_eq!((book.places.len(), book.entries.len()), (MOST, MOST));
        assert!(book.bytes() < 5 << 20, "{} bytes", book.bytes());
    }

    #[test]
    fn the_one_that_was_not_run_for_longest_goes() {
        let statements = Statements::new();
        for number in 0..3 * MOST {
            add(&statements, "SELECT kept FROM t", 1);
            add(&statements, &format!("SELECT c{number} FROM t"), 1);
        }
        let figures = statements.figures();
        let kept = figures.iter().find(|one| &*one.fingerprint == "select kept from t").expect("kept");
        assert_eq!(kept.calls, 3 * MOST as u64);
        // one that went and comes back begins anew, also where its text is still known
        assert_eq!(&*add(&statements, "SELECT c0 FROM t", 1), "select c0 from t");
        let figures = statements.figures();
        assert_eq!(figures.iter().find(|one| &*one.fingerprint == "select c0 from t").expect("again").calls, 1);
    }

    #[test]
    fn what_a_fingerprint_did_is_added_up() {
        let statements = Statements::new();
        for micros in 1..=100 {
            add(&statements, &format!("SELECT a FROM t WHERE b = {micros}"), micros * 1_000);
        }
        add(&statements, "SELECT 1", 7);
        let figures = statements.figures();
        assert_eq!(figures.len(), 2);
        assert_eq!(&*figures[0].fingerprint, "select a from t where b = ?");
        assert_eq!((figures[0].calls, figures[0].errors, figures[0].rows), (100, 0, 200));
        assert_eq!((figures[0].total_ms, figures[0].mean_ms, figures[0].max_ms), (5_050.0, 50.5, 100.0));
        assert!((figures[0].p95_ms - 95.0).abs() < 95.0 / 16.0, "{}", figures[0].p95_ms);
        let texts: Vec<Arc<str>> =
            ["SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b = 2", "SELECT 9"].map(Into::into).into();
        assert_eq!(statements.calls_like(&texts), 100, "each fingerprint once, and what is not known not at all");
    }
}
