//! Ctrl-C, and the signals with which a service manager or a closed terminal ends a program.
//!
//! Leaves to others: taking back what was begun; a cancelled call of the library does that.
//!
//! Invariant: the first signal cancels the running call, and the command ends by itself, with nothing half done left; the second ends
//! it at once, which loses no more than a kill would.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use rpmadb::{Error, Operation};

/// What a shell says of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

static SIGNALS: AtomicUsize = AtomicUsize::new(0);
static RUNNING: Mutex<Option<Operation>> = Mutex::new(None);
/// The verb that somebody is asked about.
static ASKING: Mutex<Option<&'static str>> = Mutex::new(None);
/// What gives the terminal back.
static BEFORE_EXIT: Mutex<Option<fn()>> = Mutex::new(None);
static LISTENING: Once = Once::new();

/// From now on the next signal cancels `watch`, and nothing that was watched before.
pub(crate) fn on_signal(watch: &Operation) {
    *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = Some(watch.clone());
    SIGNALS.store(0, Ordering::SeqCst);
    LISTENING.call_once(|| {
        // why ignored: where signals cannot be heard, they end the program as they always did
        let _ = ctrlc::set_handler(|| {
            // why held: an answer that comes now must not begin anything
            let asking = ASKING.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(verb) = *asking {
                // why here: nothing was begun, and nothing else ends the wait for a line
                anstream::eprintln!("\nerror: {}", Error::Cancelled { verb });
                std::process::exit(1);
            }
            drop(asking);
            if SIGNALS.fetch_add(1, Ordering::SeqCst) > 0 {
                if let Some(restore) = *BEFORE_EXIT.lock().unwrap_or_else(PoisonError::into_inner) {
                    restore();
                }
                std::process::exit(INTERRUPTED);
            }
            if let Some(watch) = RUNNING.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
                watch.cancel();
            }
        });
    });
}

/// What is done before a second signal ends the command.
pub(crate) fn before_exit(restore: fn()) {
    *BEFORE_EXIT.lock().unwrap_or_else(PoisonError::into_inner) = Some(restore);
}

/// Until it is dropped, a signal is a no.
pub(crate) struct Asking(());

pub(crate) fn while_asking(verb: &'static str) -> Asking {
    *ASKING.lock().unwrap_or_else(PoisonError::into_inner) = Some(verb);
    Asking(())
}

impl Drop for Asking {
    fn drop(&mut self) {
        *ASKING.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Whether a signal came.
pub(crate) fn asked() -> bool {
    SIGNALS.load(Ordering::SeqCst) > 0
}
