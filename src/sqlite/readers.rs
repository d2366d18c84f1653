//! The pool of reading connections (r2d2).
//!
//! Leaves to others: the writer, and when the pool is made (`access.rs`: with the first reader, because a pool
//! starts threads that no host asked for).
//!
//! It grows while somebody waits, and closes what was not needed for a while where a call is under way anyway: when a reader comes
//! back, and when somebody asks for its state. A thread that did so in the background might hold SQLite's locks at a fork.
//!
//! Invariants: readers open the file read-only, so nothing that runs on one can change it; after `close` returned
//! no reader is open, so that the writer is the last to close and SQLite tidies up the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::connection::Connection;
use super::settings::{Common, Settings};
use crate::error::{Error, Result};
use crate::operation::Operation;

/// How long one wait inside r2d2 lasts before the operation is looked at again.
const SLICE: Duration = Duration::from_millis(50);

pub(super) struct Readers {
    pool: r2d2::Pool<Manager>,
    shared: Arc<Shared>,
    common: Arc<Common>,
}

/// A reader in use; goes back to the pool when dropped.
pub(super) type Reader = r2d2::PooledConnection<Manager>;

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    demand: Demand,
}

/// How many readers are needed.
struct Demand {
    /// So many are kept.
    least: u32,
    window: Duration,
    open: AtomicU32,
    in_use: AtomicU32,
    /// Most in use since the window began.
    peak: AtomicU32,
    began: Mutex<Instant>,
}

impl Demand {
    fn taken(&self) {
        let in_use = self.in_use.fetch_add(1, Ordering::Relaxed) + 1;
        self.peak.fetch_max(in_use, Ordering::Relaxed);
    }

    /// Whether a reader that is free may be closed: in a whole window not as many were needed as are open. A window ends when one is
    /// closed only if none is left over then, so all that are left over go at once.
    fn has_surplus(&self) -> bool {
        let open = self.open.load(Ordering::Relaxed);
        if open <= self.least {
            return false;
        }
        let mut began = self.began.lock();
        if began.elapsed() < self.window {
            return false;
        }
        if open > self.peak.load(Ordering::Relaxed).max(self.least) {
            return true;
        }
        *began = Instant::now();
        self.peak.store(self.in_use.load(Ordering::Relaxed), Ordering::Relaxed);
        false
    }
}

#[derive(Default)]
struct State {
    closing: bool,
    last_error: Option<Error>,
}

/// What r2d2 asks to open a reader.
pub(super) struct Manager {
    settings: Settings,
    shared: Arc<Shared>,
}

/// A connection that is counted while it is open.
pub(super) struct Counted {
    // declared before `_count`: fields drop in order, and the count must fall after the file is closed
    pub(super) connection: Connection,
    _count: Count,
}

struct Count(Arc<Shared>);

impl Drop for Count {
    fn drop(&mut self) {
        // why locked: who waits for the last must not look between the two
        let _state = self.0.state.lock();
        self.0.demand.open.fetch_sub(1, Ordering::Relaxed);
        self.0.changed.notify_all();
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Counted;
    type Error = Error;

    fn connect(&self) -> Result<Counted> {
        {
            let state = self.shared.state.lock();
            if state.closing {
                return Err(Error::StaleHandle { kind: "database" });
            }
            self.shared.demand.open.fetch_add(1, Ordering::Relaxed);
        }
        let count = Count(Arc::clone(&self.shared));
        match Connection::open(&self.settings, false, true) {
            Ok(connection) => {
                self.shared.state.lock().last_error = None;
                Ok(Counted { connection, _count: count })
            }
            Err(error) => {
                self.shared.state.lock().last_error = Some(error.clone());
                Err(error)
            }
        }
    }

    fn is_valid(&self, _: &mut Counted) -> Result<()> {
        Ok(())
    }

    /// Asked when a reader comes back; what is broken is closed, and so is what nobody needs.
    fn has_broken(&self, reader: &mut Counted) -> bool {
        self.shared.demand.in_use.fetch_sub(1, Ordering::Relaxed);
        !reader.connection.is_autocommit() || self.shared.demand.has_surplus()
    }
}

impl Readers {
    pub(super) fn new(settings: &Settings) -> Readers {
        let demand = Demand {
            least: settings.idle_readers,
            window: settings.reader_idle,
            open: AtomicU32::new(0),
            in_use: AtomicU32::new(0),
            peak: AtomicU32::new(0),
            began: Mutex::new(Instant::now()),
        };
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), demand });
        let manager = Manager { settings: settings.clone(), shared: Arc::clone(&shared) };
        // why one: r2d2 would start three, and opening a reader takes a fraction of a millisecond
        let threads = Arc::new(
            scheduled_thread_pool::ScheduledThreadPool::builder()
                .num_threads(1)
                .thread_name_pattern("rpmadb-readers-{}")
                // why: r2d2 looks after its readers every 30 s, and the thread would wait for that after the close
                .on_drop_behavior(scheduled_thread_pool::OnPoolDropBehavior::DiscardPendingScheduled)
                .build(),
        );
        let pool = r2d2::Pool::builder()
            .max_size(settings.readers)
            .min_idle(Some(0))
            .idle_timeout(None)
            .max_lifetime(None)
            .test_on_check_out(false)
            .thread_pool(threads)
            .build_unchecked(manager);
        let readers = Readers { pool, shared, common: Arc::clone(&settings.common) };
        // why opened here and not by r2d2's `min_idle`: it would open them in the background, also when no call is under way,
        // and a fork at that moment would leave SQLite's locks held in the child
        let first: Vec<_> = (0..settings.idle_readers).filter_map(|_| readers.pool.get_timeout(SLICE).ok()).collect();
        first.iter().for_each(|_| readers.shared.demand.taken());
        drop(first);
        readers
    }

    /// A reader, waiting for one at most `wait`.
    pub(super) fn lease(&self, operation: &Operation, wait: Duration) -> Result<Reader> {
        operation.check()?;
        if let Some(reader) = self.pool.try_get() {
            self.shared.demand.taken();
            return Ok(reader);
        }
        // why not while it can grow: opening one is no wait for anybody
        let waits = self.pool.state().connections >= self.pool.max_size();
        let since = Instant::now();
        let outcome = self.wait(operation, wait, since);
        if waits {
            self.common.ledger.waited_for_reader(since.elapsed(), outcome.is_ok());
        }
        outcome
    }

    fn wait(&self, operation: &Operation, wait: Duration, since: Instant) -> Result<Reader> {
        loop {
            operation.check()?;
            let left = wait.saturating_sub(since.elapsed());
            match self.pool.get_timeout(SLICE.min(left.max(Duration::from_millis(1)))) {
                Ok(reader) => {
                    self.shared.demand.taken();
                    return Ok(reader);
                }
                Err(_) => {
                    if let Some(error) = self.shared.state.lock().last_error.take() {
                        return Err(error);
                    }
                    if left.is_zero() {
                        let held_by = self.common.ledger.held_by(false);
                        return Err(Error::Busy {
                            what: format!("every one of the {} readers{held_by}", self.pool.max_size()),
                            waited_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                        });
                    }
                }
            }
        }
    }

    /// Closes idle readers that were not needed for a while.
    pub(super) fn shrink(&self) {
        while self.shared.demand.has_surplus() {
            let Some(reader) = self.pool.try_get() else { return };
            // why back at once: it comes back as one that is left over, see `has_broken`
            self.shared.demand.in_use.fetch_add(1, Ordering::Relaxed);
            drop(reader);
        }
    }

    /// Readers open, and of them idle.
    pub(super) fn counts(&self) -> (u32, u32) {
        let state = self.pool.state();
        (state.connections, state.idle_connections)
    }

    /// Closes all readers and returns when none is open any more.
    pub(super) fn close(self) {
        let shared = self.shared;
        shared.state.lock().closing = true;
        drop(self.pool);
        let mut state = shared.state.lock();
        let limit = Instant::now() + Duration::from_secs(5);
        while shared.demand.open.load(Ordering::Relaxed) > 0 {
            if shared.changed.wait_until(&mut state, limit).timed_out() {
                let open = shared.demand.open.load(Ordering::Relaxed);
                // why first: whoever takes log lines must not find the lock held
                drop(state);
                tracing::warn!(open, "readers were still open 5 s after the close");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Open, Pool};

    fn readers(folder: &tempfile::TempDir, idle_ms: u64) -> Readers {
        let pool = Pool { max: Some(6), min_idle: Some(2), idle_ms: Some(idle_ms), ..Pool::default() };
        let settings = Settings::new(Some(folder.path().join("a.db")), &Open { pool, ..Open::default() });
        Connection::open(&settings, true, false)
            .and_then(|writer| writer.execute_batch("CREATE TABLE t (a)"))
            .expect("makes");
        Readers::new(&settings)
    }

    fn take(readers: &Readers, count: usize) -> Vec<Reader> {
        let operation = Operation::new();
        (0..count).map(|_| readers.lease(&operation, Duration::from_secs(10)).expect("leases")).collect()
    }

    #[test]
    fn readers_that_are_left_over_go_when_others_come_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let readers = readers(&folder, 100);
        assert_eq!(readers.counts(), (2, 2));
        drop(take(&readers, 5));
        assert_eq!(readers.counts(), (5, 5), "not while the window lasts");
        std::thread::sleep(Duration::from_millis(110));
        drop(take(&readers, 1));
        assert_eq!(readers.counts(), (5, 5), "in the window that ended here five were needed");
        drop(take(&readers, 3));
        std::thread::sleep(Duration::from_millis(110));
        let held = take(&readers, 1);
        drop(take(&readers, 1));
        assert_eq!(readers.counts(), (4, 3), "each that comes back is one");
        drop(held);
        assert_eq!(readers.counts(), (3, 3));
        drop(take(&readers, 1));
        assert_eq!(readers.counts(), (3, 3), "three were needed");
        std::thread::sleep(Duration::from_millis(110));
        drop(take(&readers, 1));
        assert_eq!(readers.counts(), (2, 2));
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(110));
            drop(take(&readers, 1));
            assert_eq!(readers.counts(), (2, 2), "never fewer");
        }
        drop(take(&readers, 6));
        assert_eq!(readers.counts(), (6, 6), "and it grows again");
        assert_eq!(readers.common.ledger.reader_counters().waits, 0);
        readers.close();
    }

    #[test]
    fn all_that_are_left_over_go_at_once_when_it_is_looked_at() {
        let folder = tempfile::tempdir().expect("a folder");
        let readers = readers(&folder, 100);
        drop(take(&readers, 6));
        std::thread::sleep(Duration::from_millis(110));
        readers.shrink();
        assert_eq!(readers.counts(), (6, 6), "the window in which six were needed ends here");
        let held = take(&readers, 3);
        std::thread::sleep(Duration::from_millis(110));
        readers.shrink();
        assert_eq!(readers.counts(), (3, 0), "none that is in use goes");
        drop(held);
        readers.close();
    }

    #[test]
    fn a_wait_is_counted_and_its_end_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let readers = readers(&folder, 60_000);
        let held = take(&readers, 6);
        let refused = readers.lease(&Operation::new(), Duration::from_millis(60)).err().expect("none is free");
        assert_eq!(refused.status().name(), "BUSY");
        let counters = readers.common.ledger.reader_counters();
        assert_eq!((counters.waits, counters.timeouts), (1, 1));
        assert!(counters.waited >= Duration::from_millis(60), "{counters:?}");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| take(&readers, 1).len());
            std::thread::sleep(Duration::from_millis(200));
            drop(held);
            assert_eq!(waiting.join().expect("ends"), 1);
        });
        let counters = readers.common.ledger.reader_counters();
        assert_eq!((counters.waits, counters.timeouts), (2, 1));
        readers.close();
    }
}
