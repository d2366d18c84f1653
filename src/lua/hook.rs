//! The count hook that looks at the limits of a run while Lua code runs, and the alarm it looks at.
//!
//! The thread that waits for the run watches the clock and the operation, and rings: then the hook looks what it is. Between two
//! rings a look costs a read of one flag, so it can be taken every few instructions, each of which may be long.
//!
//! Why not mlua's hook: when its callback fails it clears the stack of the function that was interrupted, which runs the
//! `__close` handlers of that function inside the hook, where no hook fires; one with an endless loop never ends.
//!
//! Leaves to others: which operation it is (the one that this thread has entered), saying why the run ended, and where Lua works on in
//! one C call (`blocks.rs`).
//!
//! Invariants: coroutines inherit the hook from the thread that makes them; nothing with a destructor is alive when the
//! hook raises, because Lua jumps out of it; once a run must end, every instruction of it looks.

use std::cell::Cell;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

use mlua::{Lua, ffi};

use super::blocks;
use crate::operation::{self, Operation};

const INSTRUCTIONS_BETWEEN_POLLS: c_int = 32;
/// Polls between two looks at the memory that Lua holds.
const POLLS_BETWEEN_SAMPLES: u32 = 32;
/// Looks at the memory between two looks at the line, which take longer.
const SAMPLES_BETWEEN_LINES: u32 = 16;
/// How often the waiting thread looks at the operation.
const TICK: Duration = Duration::from_millis(5);
/// How often it rings although nothing ended the run: a progress callback is told from the thread that works.
const RING: Duration = Duration::from_millis(100);

thread_local! {
    /// The most memory Lua held when the hook looked, in bytes.
    static PEAK: Cell<usize> = const { Cell::new(0) };
    static POLLS: Cell<u32> = const { Cell::new(0) };
    /// What rings for the run of this thread; null while there is none.
    static BELL: Cell<*const AtomicBool> = const { Cell::new(std::ptr::null()) };
}

/// Rings when the hook must look.
#[derive(Clone, Default)]
pub(super) struct Alarm {
    bell: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
}

/// The working thread's end of an alarm.
pub(super) struct Armed {
    alarm: Alarm,
    watcher: Thread,
}

impl Alarm {
    /// Lets the hook of this thread hear it, until the guard is dropped, and wakes `watcher` then.
    pub(super) fn arm(self, watcher: Thread) -> Armed {
        BELL.set(Arc::as_ptr(&self.bell));
        Armed { alarm: self, watcher }
    }

    /// Waits until the run is over, and rings as often as there may be something to look at.
    pub(super) fn watch(&self, operation: &Operation) {
        let mut rang = Instant::now();
        while !self.is_over.load(Ordering::Acquire) {
            // why not shorter when nothing is left: it rings below, and what does not hear it is in C
            let left = operation.time_left().filter(|left| !left.is_zero());
            let tick = left.map_or(TICK, |left| left.clamp(Duration::from_micros(100), TICK));
            std::thread::park_timeout(tick);
            if operation.check().is_err() || rang.elapsed() >= RING {
                self.bell.store(true, Ordering::Relaxed);
                rang = Instant::now();
            }
        }
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        BELL.set(std::ptr::null());
        self.alarm.is_over.store(true, Ordering::Release);
        self.watcher.unpark();
    }
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
    let polls = POLLS.get().wrapping_add(1);
    POLLS.set(polls);
    if polls.is_multiple_of(POLLS_BETWEEN_SAMPLES) {
        // SAFETY: Lua passes a live state; GCCOUNT only reads.
        let kibibytes = unsafe { ffi::lua_gc(state, ffi::LUA_GCCOUNT, 0) };
        PEAK.set(PEAK.get().max(usize::try_from(kibibytes).unwrap_or(0) * 1024));
        if polls.is_multiple_of(POLLS_BETWEEN_SAMPLES * SAMPLES_BETWEEN_LINES) {
            // SAFETY: as above; between two instructions no stack is growing.
            unsafe { blocks::note_line(state) };
        }
    }
    let bell = BELL.get();
    // SAFETY: the guard that made it non-null lives as long as the run, and holds the flag.
    if bell.is_null() || !unsafe { (*bell).load(Ordering::Relaxed) } {
        return;
    }
    // why caught: a progress callback of a Rust host's may panic, and must not unwind through Lua's C frames
    let must_stop =
        catch_unwind(AssertUnwindSafe(|| operation::current().is_some_and(|operation| operation.heartbeat().is_err())));
    // SAFETY: as above. `lua_error` does not return; nothing here has a destructor.
    unsafe {
        if must_stop.unwrap_or(true) {
            ffi::lua_sethook(state, Some(poll), ffi::LUA_MASKCOUNT, 1);
            ffi::lua_pushstring(state, c"the run was stopped".as_ptr());
            ffi::lua_error(state);
        }
        (*bell).store(false, Ordering::Relaxed);
    }
}
