//! Waiting: for locks of other connections, and inside long statements; always looking at the operation of the call.
//!
//! Leaves to others: setting these handlers on a connection (`connection.rs`).
//!
//! Invariant: no wait outlasts its limit or a cancel by more than one poll.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::heap;
use super::settings::Common;
use crate::operation;

/// See [`Connection::wait_for_locks`].
pub struct BusyWait {
    pub(super) cell: Arc<AtomicU64>,
    pub(super) before: u64,
}

impl Drop for BusyWait {
    fn drop(&mut self) {
        self.cell.store(self.before, Ordering::Relaxed);
    }
}

pub(super) fn to_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Waits for a lock as SQLite's own handler does (1, 2, 5, ... 100 ms), but stops when the operation does.
pub(super) fn busy_handler(limit_ms: Arc<AtomicU64>, common: Arc<Common>) -> impl FnMut(i32) -> bool + Send + 'static {
    const DELAYS: [u64; 10] = [1, 2, 5, 10, 15, 20, 25, 25, 50, 100];
    let mut since = Instant::now();
    let never_waits = limit_ms.load(Ordering::Relaxed) == 0;
    let mut counted = false;
    move |count| {
        let limit = limit_ms.load(Ordering::Relaxed);
        if count == 0 {
            since = Instant::now();
            // why not without a limit: who only asks has not waited, unless the handle never does anything else
            counted = limit > 0 || never_waits;
            if counted {
                common.ledger.waits();
            }
        }
        let left = limit.saturating_sub(to_ms(since.elapsed()));
        if left == 0 || must_stop() {
            if counted {
                common.ledger.gives_up();
            }
            return false;
        }
        let delay = DELAYS[usize::try_from(count).unwrap_or(0).min(DELAYS.len() - 1)];
        std::thread::sleep(Duration::from_millis(delay.min(left)));
        true
    }
}

/// Polled by SQLite inside long statements.
pub(super) fn must_stop() -> bool {
    heap::is_over() || operation::current().is_some_and(|operation| operation.heartbeat().is_err())
}
