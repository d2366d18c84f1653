//! Ctrl-C, and the signals with which a service manager or a closed terminal ends a program.
//!
//! Leaves to others: taking back what was begun; a cancelled call of the library does that.
//!
//! Invariant: the first signal cancels the running call, and the command ends by itself, with nothing half done left; the second ends
//! it at once, which loses no more than a kill would. A signal that is ignored from the start, as after nohup, stays ignored.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use rpmadb::{Error, Operation};

/// What a shell says of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

static SIGNALS: AtomicUsize = AtomicUsize::new(0);
static RUNNING: Mutex<Option<Operation>> = Mutex::new(None);
/// The verb that somebody is asked about.
static ASKING: Mutex<Option<&'static str>> = Mutex::new(None);
/// What gives the terminal back.
static BEFORE_EXIT: Mutex<Option<fn()>> = Mutex::new(None);
/// The prompt at which nothing runs.
static PROMPT: Mutex<Option<Prompt>> = Mutex::new(None);
/// Whether a signal came at a prompt.
static ENDED: AtomicBool = AtomicBool::new(false);
static LISTENING: Once = Once::new();

/// From now on the next signal cancels `watch`, and nothing that was watched before.
pub(crate) fn on_signal(watch: &Operation) {
    *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = Some(watch.clone());
    SIGNALS.store(0, Ordering::SeqCst);
    LISTENING.call_once(|| {
        keep_ignored();
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
            let prompt = *PROMPT.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(prompt) = prompt {
                return end_at(prompt);
            }
            if ENDED.load(Ordering::SeqCst) {
                // why: it ends already, and what `end_at` sent may come late
                return;
            }
            if SIGNALS.fetch_add(1, Ordering::SeqCst) > 0 {
                if let Some(restore) = *BEFORE_EXIT.lock().unwrap_or_else(PoisonError::into_inner) {
                    restore();
                }
                std::process::exit(INTERRUPTED);
            }
            cancel();
        });
    });
}

/// Cancels what runs, as a first signal does.
pub(crate) fn cancel() {
    if let Some(watch) = RUNNING.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
        watch.cancel();
    }
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

/// Where lines come from.
#[derive(Clone, Copy)]
pub(crate) enum Prompt {
    /// A line editor, which has its own way with Ctrl-C and gives the terminal back.
    Editor,
    Pipe,
}

/// Until it is dropped, a signal ends the wait for a line.
pub(crate) struct Waiting(());

pub(crate) fn while_waiting(prompt: Prompt) -> Waiting {
    *PROMPT.lock().unwrap_or_else(PoisonError::into_inner) = Some(prompt);
    Waiting(())
}

impl Drop for Waiting {
    fn drop(&mut self) {
        *PROMPT.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Whether a signal came while a line was waited for.
pub(crate) fn ended() -> bool {
    ENDED.load(Ordering::SeqCst)
}

/// Ends the wait for a line.
fn end_at(prompt: Prompt) {
    ENDED.store(true, Ordering::SeqCst);
    // why over and over: the editor may be about to begin; why not for ever: on a terminal that can do nothing it does not listen
    for _ in 0..100 {
        if matches!(prompt, Prompt::Pipe) {
            break;
        }
        // why this signal: it is the one that the editor hears
        let _ = kill(Pid::this(), Signal::SIGINT);
        std::thread::sleep(Duration::from_millis(10));
        if PROMPT.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            return;
        }
    }
    std::process::exit(INTERRUPTED);
}

/// Holds back for good what is ignored now. Why not just left alone: the listener takes all three signals or none. Where there is no
/// /proc nothing is known, and all are heard.
fn keep_ignored() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    let mut held = SigSet::empty();
    for signal in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM] {
        if ignored.is_some_and(|ignored| ignored >> (signal as i32 - 1) & 1 == 1) {
            held.add(signal);
        }
    }
    // why ignored: then it is heard, as it always was
    let _ = held.thread_block();
}

/// Whether a signal came.
pub(crate) fn asked() -> bool {
    SIGNALS.load(Ordering::SeqCst) > 0
}
