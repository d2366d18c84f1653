//! What SQLite allocates on the thread of a script, counted, and refused beyond the script's share.
//!
//! Why: SQLite's own limits are of one value or of the whole process, and a statement of 2,000 long values takes gigabytes
//! between two looks at the clock.
//!
//! Leaves to others: how much a script may have (`lua/sandbox.rs`).
//!
//! Invariants: a call that must stop gets no long block any more; a thread without a share is refused nothing, and neither is SQL of ours, such as a rollback; what is refused is an
//! out-of-memory error of SQLite's, which [`refusal`] tells from a real one. A database in memory may grow: there each call counts
//! from its own beginning. Where SQLite was started by somebody else before us nothing is counted.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::sync::{Once, OnceLock};

use rusqlite::ffi;

use crate::error::Result;
use crate::operation;

thread_local! {
    /// Bytes that SQLite took on this thread less those it gave back.
    static USED: Cell<i64> = const { Cell::new(0) };
    static SHARE: Cell<Option<i64>> = const { Cell::new(None) };
    /// What `USED` may come to at this moment.
    static CEILING: Cell<i64> = const { Cell::new(i64::MAX) };
    static TAKEN: Cell<u32> = const { Cell::new(0) };
    static WAS_REFUSED: Cell<bool> = const { Cell::new(false) };
}

/// Functions of SQLite's own.
struct Own {
    malloc: unsafe extern "C" fn(c_int) -> *mut c_void,
    free: unsafe extern "C" fn(*mut c_void),
    realloc: unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void,
    size: unsafe extern "C" fn(*mut c_void) -> c_int,
}

/// Not there when SQLite had begun before we could ask.
static OWN: OnceLock<Own> = OnceLock::new();
static INSTALLED: Once = Once::new();

/// An allocation that is worth a look at the operation.
const LONG: i64 = 64 << 10;
/// So many short ones are too: preparing a statement may take seconds, and makes hundreds of thousands.
const MANY: u32 = 1_024;

/// Steps of SQLite's virtual machine between two looks at the operation: a few tens of microseconds, against some 40 ns for the look.
pub(super) const STEPS_BETWEEN_POLLS: i32 = 1_000;

/// Whether a statement is to be stopped for what it has: it was refused what is too much.
pub(super) const fn is_over() -> bool {
    false
}

/// Before a statement is made: what is too much is refused when it is asked for.
#[allow(clippy::unnecessary_wraps, reason = "other builds can fail")]
pub(super) const fn check() -> Result<()> {
    Ok(())
}

/// To be called before anything that starts SQLite.
pub(super) fn install() {
    INSTALLED.call_once(|| {
        // SAFETY: SQLite writes its functions into the struct, and copies ours out of it; after it has begun both calls do nothing. The
        // struct of pointers may be all zeros.
        unsafe {
            let mut own: ffi::sqlite3_mem_methods = std::mem::zeroed();
            let told = ffi::sqlite3_config(ffi::SQLITE_CONFIG_GETMALLOC, &raw mut own);
            let (Some(malloc), Some(free), Some(realloc), Some(size)) =
                (own.xMalloc, own.xFree, own.xRealloc, own.xSize)
            else {
                return;
            };
            if told != ffi::SQLITE_OK {
                return;
            }
            // why before: another thread may start SQLite as soon as it has ours
            let _ = OWN.set(Own { malloc, free, realloc, size });
            let counting = ffi::sqlite3_mem_methods {
                xMalloc: Some(count_malloc),
                xFree: Some(count_free),
                xRealloc: Some(count_realloc),
                ..own
            };
            ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw const counting);
        }
    });
}

/// Gives this thread `bytes` of what SQLite allocates, until the guard is dropped.
#[must_use]
pub fn share(bytes: u64) -> Share {
    USED.set(0);
    SHARE.set(Some(i64::try_from(bytes).unwrap_or(i64::MAX)));
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
        Some(share) if !is_ours => share.saturating_add(if in_memory { USED.get() } else { 0 }),
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

/// The share of this thread, if an allocation was refused since this was asked the last time.
pub(super) fn refusal() -> Option<u64> {
    let share = SHARE.get().filter(|_| WAS_REFUSED.replace(false))?;
    u64::try_from(share).ok()
}

fn may_take(bytes: i64) -> bool {
    if CEILING.get() == i64::MAX {
        return true;
    }
    if USED.get().saturating_add(bytes) > CEILING.get() {
        WAS_REFUSED.set(true);
        return false;
    }
    // why here too: SQLite looks at the clock where it jumps, and a statement may make thousands of long values before it does. A look
    // and no heartbeat, because SQLite holds a lock here that whatever a callback calls would wait for
    TAKEN.set(TAKEN.get().wrapping_add(1));
    let is_worth_a_look = bytes >= LONG || TAKEN.get().is_multiple_of(MANY);
    !is_worth_a_look || operation::current().is_none_or(|operation| operation.check().is_ok())
}

impl Own {
    /// # Safety
    /// `block` came from these functions, or is null.
    unsafe fn size_of(&self, block: *mut c_void) -> i64 {
        // SAFETY: the caller promises it.
        if block.is_null() { 0 } else { i64::from(unsafe { (self.size)(block) }) }
    }
}

unsafe extern "C" fn count_malloc(bytes: c_int) -> *mut c_void {
    let Some(own) = OWN.get().filter(|_| may_take(i64::from(bytes))) else { return std::ptr::null_mut() };
    // SAFETY: SQLite calls it as it would call its own.
    unsafe {
        let block = (own.malloc)(bytes);
        USED.set(USED.get() + own.size_of(block));
        block
    }
}

unsafe extern "C" fn count_free(block: *mut c_void) {
    let Some(own) = OWN.get() else { return };
    // SAFETY: as above.
    unsafe {
        USED.set(USED.get() - own.size_of(block));
        (own.free)(block);
    }
}

unsafe extern "C" fn count_realloc(block: *mut c_void, bytes: c_int) -> *mut c_void {
    let Some(own) = OWN.get() else { return std::ptr::null_mut() };
    // SAFETY: as above.
    unsafe {
        let before = own.size_of(block);
        let more = i64::from(bytes) - before;
        if more > 0 && !may_take(more) {
            return std::ptr::null_mut();
        }
        let moved = (own.realloc)(block, bytes);
        if !moved.is_null() {
            USED.set(USED.get() + own.size_of(moved) - before);
        }
        moved
    }
}
