//! The count hook that looks at the limits of a run while Lua code runs.
//!
//! Why not mlua's hook: when its callback fails it clears the stack of the function that was interrupted, which runs the
//! `__close` handlers of that function inside the hook, where no hook fires; one with an endless loop never ends.
//!
//! Leaves to others: which operation is polled (the one that this thread has entered), and saying why the run ended.
//!
//! Invariants: coroutines inherit the hook from the thread that makes them; nothing with a destructor is alive when the
//! hook raises, because Lua jumps out of it.

use std::cell::Cell;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mlua::{Lua, ffi};

use crate::operation;

const INSTRUCTIONS_BETWEEN_POLLS: c_int = 1_000;

thread_local! {
    /// The most memory Lua held when the hook looked, in bytes.
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

/// Sets the hook in a fresh state of this thread.
pub(super) fn install(lua: &Lua) -> mlua::Result<()> {
    PEAK.set(0);
    // SAFETY: `arm` is called by Lua with the state of the caller, takes nothing from its stack and leaves nothing on it.
    unsafe { lua.create_c_function(arm) }?.call::<()>(())
}

/// The most memory the run of this thread held, in bytes, as far as the hook saw it.
pub(super) fn peak_memory() -> usize {
    PEAK.get()
}

unsafe extern "C-unwind" fn arm(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Lua passes a live state.
    unsafe { ffi::lua_sethook(state, Some(poll), ffi::LUA_MASKCOUNT, INSTRUCTIONS_BETWEEN_POLLS) };
    0
}

unsafe extern "C-unwind" fn poll(state: *mut ffi::lua_State, _: *mut ffi::lua_Debug) {
    // SAFETY: Lua passes a live state; GCCOUNT only reads.
    let kibibytes = unsafe { ffi::lua_gc(state, ffi::LUA_GCCOUNT, 0) };
    PEAK.set(PEAK.get().max(usize::try_from(kibibytes).unwrap_or(0) * 1024));
    // why caught: a progress callback of a Rust host's may panic, and must not unwind through Lua's C frames
    let must_stop =
        catch_unwind(AssertUnwindSafe(|| operation::current().is_some_and(|operation| operation.heartbeat().is_err())));
    if must_stop.unwrap_or(true) {
        // SAFETY: as above. `lua_error` does not return; nothing here has a destructor. From now on every instruction polls, so
        // that what runs on the way out is stopped too.
        unsafe {
            ffi::lua_sethook(state, Some(poll), ffi::LUA_MASKCOUNT, 1);
            ffi::lua_pushstring(state, c"the run was stopped".as_ptr());
            ffi::lua_error(state);
        }
    }
}
