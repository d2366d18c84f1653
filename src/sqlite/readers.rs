//! The pool of reading connections (r2d2).
//!
//! Leaves to others: the writer, and when the pool is made (`access.rs`: with the first reader, because a pool
//! starts threads that no host asked for).
//!
//! Invariants: readers open the file read-only, so nothing that runs on one can change it; after `close` returned
//! no reader is open, so that the writer is the last to close and SQLite tidies up the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::connection::Connection;
use super::settings::Settings;
use crate::error::{Error, Result};
use crate::operation::Operation;

/// How long one wait inside r2d2 lasts before the operation is looked at again.
const SLICE: Duration = Duration::from_millis(50);

pub(super) struct Readers {
    pool: r2d2::Pool<Manager>,
    shared: Arc<Shared>,
}

/// A reader in use; goes back to the pool when dropped.
pub(super) type Reader = r2d2::PooledConnection<Manager>;

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    open: u32,
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
        self.0.state.lock().open -= 1;
        self.0.changed.notify_all();
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Counted;
    type Error = Error;

    fn connect(&self) -> Result<Counted> {
        {
            let mut state = self.shared.state.lock();
            if state.closing {
                return Err(Error::StaleHandle { kind: "database" });
            }
            state.open += 1;
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

    fn has_broken(&self, reader: &mut Counted) -> bool {
        !reader.connection.is_autocommit()
    }
}

impl Readers {
    pub(super) fn new(settings: &Settings) -> Readers {
        let shared = Arc::new(Shared::default());
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
        let readers = Readers { pool, shared };
        // why opened here and not by r2d2's `min_idle`: it would open them in the background, also when no call is under way,
        // and a fork at that moment would leave SQLite's locks held in the child
        let first: Vec<_> = (0..settings.idle_readers).map(|_| readers.pool.get_timeout(SLICE)).collect();
        drop(first);
        readers
    }

    /// A reader, waiting for one at most `wait`.
    pub(super) fn lease(&self, operation: &Operation, wait: Duration) -> Result<Reader> {
        let since = Instant::now();
        loop {
            operation.check()?;
            let left = wait.saturating_sub(since.elapsed());
            match self.pool.get_timeout(SLICE.min(left.max(Duration::from_millis(1)))) {
                Ok(reader) => return Ok(reader),
                Err(_) => {
                    if let Some(error) = self.shared.state.lock().last_error.take() {
                        return Err(error);
                    }
                    if left.is_zero() {
                        return Err(Error::Busy {
                            what: format!("every one of the {} readers", self.pool.max_size()),
                            waited_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                        });
                    }
                }
            }
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
        while state.open > 0 {
            if shared.changed.wait_until(&mut state, limit).timed_out() {
                let open = state.open;
                // why first: whoever takes log lines must not find the lock held
                drop(state);
                tracing::warn!(open, "readers were still open 5 s after the close");
                return;
            }
        }
    }
}
