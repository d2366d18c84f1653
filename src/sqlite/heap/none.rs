//! What SQLite allocates for a script, where SQLite is not ours: guessed by how much all of it grows, between two looks.
//!
//! Why: SQLite takes other functions to allocate with only before it begins and for the whole process, and a host that began it would not be
//! asked. What it tells is of the whole process too, so what others do meanwhile counts as well, and a statement is stopped only at
//! the next look. The limits of one value, and those of Lua itself, hold all the same.
//!
//! Leaves to others: the counting of a SQLite of our own (`heap.rs`), the looks (`waiting.rs`).
//!
//! Invariants: a thread without a share is refused nothing, and neither is SQL of ours. A database in memory may grow: there each call counts from its
//! own beginning.

use std::cell::Cell;

use rusqlite::ffi;

use crate::error::{Error, Result};

thread_local! {
    /// What SQLite may come to beyond what it had when the share was given, and what that was.
    static SHARE: Cell<Option<(i64, i64)>> = const { Cell::new(None) };
    /// What SQLite may have come to at this moment.
    static CEILING: Cell<i64> = const { Cell::new(i64::MAX) };
    static WAS_REFUSED: Cell<bool> = const { Cell::new(false) };
}

/// Steps of SQLite's between two looks: few, because each may make a value as long as the share.
pub(super) const STEPS_BETWEEN_POLLS: i32 = 100;

pub(super) fn install() {}

fn used() -> i64 {
    // SAFETY: the call reads a number.
    unsafe { ffi::sqlite3_memory_used() }
}

/// Gives this thread `bytes` of what SQLite allocates, until the guard is dropped.
#[must_use]
pub fn share(bytes: u64) -> Share {
    SHARE.set(Some((i64::try_from(bytes).unwrap_or(i64::MAX), used())));
    Share { _here: std::marker::PhantomData }
}

/// See [`share`]; stays on its thread.
pub struct Share {
    _here: std::marker::PhantomData<*const ()>,
}

impl Drop for Share {
    fn drop(&mut self) {
        SHARE.set(None);
        WAS_REFUSED.set(false);
    }
}

/// From here to the drop of the guard SQLite is held to the share of this thread, or to nothing when `is_ours`.
pub(super) fn hold(is_ours: bool, in_memory: bool) -> Held {
    let ceiling = match SHARE.get() {
        Some((share, before)) if !is_ours => share.saturating_add(if in_memory { used() } else { before }),
        _ => i64::MAX,
    };
    WAS_REFUSED.set(false);
    Held { before: CEILING.replace(ceiling) }
}

/// See [`hold`].
pub(super) struct Held {
    before: i64,
}

impl Drop for Held {
    fn drop(&mut self) {
        CEILING.set(self.before);
    }
}

/// Before a statement is made. What earlier ones keep may be too much already, and one that is short is never looked at.
pub(super) fn check() -> Result<()> {
    match is_over().then(refusal).flatten() {
        Some(limit_bytes) => Err(Error::ScriptMemory { limit_bytes, place: Box::default() }),
        None => Ok(()),
    }
}

/// Whether the statement that runs has come to more than the share.
pub(super) fn is_over() -> bool {
    let is_over = CEILING.get() != i64::MAX && used() > CEILING.get();
    if is_over {
        WAS_REFUSED.set(true);
    }
    is_over
}

/// The share of this thread, if a statement was stopped for it since this was asked the last time.
pub(super) fn refusal() -> Option<u64> {
    let (share, _) = SHARE.get().filter(|_| WAS_REFUSED.replace(false))?;
    u64::try_from(share).ok()
}
