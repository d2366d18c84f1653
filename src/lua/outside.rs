//! Memory of a run that Lua does not count: texts of statements, rows that wait, errors that were caught.
//!
//! What a script holds of it by a few bytes of Lua's may not come to more than the run may have in Lua.
//!
//! Leaves to others: what SQLite allocates (`sqlite/heap.rs`).
//!
//! Invariant: before a script is refused anything, what it no longer reaches was collected.

use std::cell::Cell;

use mlua::Lua;

use super::failure::MemoryLimit;
use crate::error::Error;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// Bytes that are held until it is dropped, on the thread of the run.
#[derive(Debug)]
pub(super) struct Held(usize);

impl Held {
    pub(super) fn new(bytes: usize) -> Held {
        HELD.set(HELD.get().saturating_add(bytes));
        Held(bytes)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.set(HELD.get().saturating_sub(self.0));
    }
}

/// Fails when `bytes` more are more than the run may have, after a collection.
pub(super) fn make_room(lua: &Lua, bytes: usize) -> Result<(), Error> {
    let Some(limit) = lua.app_data_ref::<MemoryLimit>().map(|limit| limit.0) else { return Ok(()) };
    let fits = || u64::try_from(HELD.get().saturating_add(bytes)).is_ok_and(|bytes| bytes <= limit);
    // why ignored: it fails when there is no memory, and then this does too
    if fits() || lua.gc_collect().is_ok_and(|()| fits()) {
        return Ok(());
    }
    Err(Error::ScriptMemory { limit_bytes: limit, place: Box::default() })
}
