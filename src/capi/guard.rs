//! Around every exported function: catches panics, writes the out document, returns the status.
//!
//! Leaves to others: what the function does.
//!
//! Invariants: `*out` is set to NULL before anything else and to at most one document after; a panic becomes a status and
//! prints nothing, while panics of a Rust host's own code elsewhere still reach the hook that the host has.

use std::any::Any;
use std::cell::Cell;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use serde::Serialize;

use crate::error::{Error, Result, Status};

thread_local! {
    static INSIDE: Cell<u32> = const { Cell::new(0) };
}

/// Runs `body`; its report or error goes to `out`.
pub(super) fn report<T: Serialize>(out: *mut *mut c_char, body: impl FnOnce() -> Result<T>) -> i32 {
    // SAFETY: the caller passes NULL or a pointer to a `char *` it owns, as the header demands.
    let out = unsafe { out.as_mut() };
    let Some(out) = out else { return finish(run(body).map(|_| ()), None) };
    *out = std::ptr::null_mut();
    match run(|| body().and_then(|report| document(&report))) {
        Ok(text) => {
            *out = text.into_raw();
            Status::Ok as i32
        }
        Err(error) => finish(Err(error), Some(out)),
    }
}

/// Runs `body`, which has no document of its own.
pub(super) fn plain(body: impl FnOnce() -> Result<()>) -> i32 {
    finish(run(body), None)
}

/// Runs `body`, whose outcome goes elsewhere than to a document.
#[cfg(feature = "host-sqlite")]
pub(super) fn caught<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    run(body)
}

fn finish(outcome: Result<()>, out: Option<&mut *mut c_char>) -> i32 {
    let Err(error) = outcome else { return Status::Ok as i32 };
    if let Some(out) = out
        && let Ok(text) = document(&error.document())
    {
        *out = text.into_raw();
    }
    error.status() as i32
}

fn document(report: &impl Serialize) -> Result<CString> {
    // why it cannot fail: JSON escapes NUL
    CString::new(crate::report::json(report)?)
        .map_err(|_| Error::Internal { detail: "a report held a NUL byte".into() })
}

fn run<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    quiet_hook();
    INSIDE.set(INSIDE.get() + 1);
    let outcome = catch_unwind(AssertUnwindSafe(body));
    INSIDE.set(INSIDE.get() - 1);
    outcome.unwrap_or_else(|panic| Err(Error::Panic { text: text_of(&*panic) }))
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a text".into())
}

/// The default hook writes to the host's stderr. Ours is silent for panics that the guard turns into a status, on the
/// threads this library starts too.
fn quiet_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let ours =
                INSIDE.get() > 0 || std::thread::current().name().is_some_and(|name| name.starts_with("rpmadb-"));
            if !ours {
                before(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_status_with_its_text() {
        let mut out = std::ptr::null_mut();
        let status = report(&raw mut out, || -> Result<()> { panic!("boom {}", 7) });
        assert_eq!(status, Status::Panic as i32);
        // SAFETY: `report` has just written a document of ours there.
        let text = unsafe { CString::from_raw(out) }.into_string().expect("UTF-8");
        assert!(text.contains("a panic in rpmadb: boom 7"), "{text}");
        assert_eq!(INSIDE.get(), 0);
    }
}
