//! Ctrl-C, and the signals with which a service manager or a closed terminal ends a program.
//!
//! Leaves to others: taking back what was begun; a cancelled call of the library does that.
//!
//! Invariant: the first signal cancels the running call, and the command ends by itself, with nothing half done left; the second ends
//! it at once, which loses no more than a kill would.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use rpmadb::Operation;

/// What a shell says of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

static SIGNALS: AtomicUsize = AtomicUsize::new(0);
static RUNNING: Mutex<Option<Operation>> = Mutex::new(None);
static LISTENING: Once = Once::new();

/// From now on the next signal cancels `watch`, and nothing that was watched before.
pub(crate) fn on_signal(watch: &Operation) {
    *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = Some(watch.clone());
    SIGNALS.store(0, Ordering::SeqCst);
    LISTENING.call_once(|| {
        // why ignored: where signals cannot be heard, they end the program as they always did
        let _ = ctrlc::set_handler(|| {
            if SIGNALS.fetch_add(1, Ordering::SeqCst) > 0 {
                std::process::exit(INTERRUPTED);
            }
            if let Some(watch) = RUNNING.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
                watch.cancel();
            }
        });
    });
}

/// Whether a signal came.
pub(crate) fn asked() -> bool {
    SIGNALS.load(Ordering::SeqCst) > 0
}
