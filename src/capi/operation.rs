//! `rpmadb_op_*`: watching and stopping one call.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::guard;
use super::handle::{self, Held, Kind};
use super::text;
use crate::error::{Error, Result};
use crate::operation::Operation;

/// Watches one call: cancel, time-out, progress. A number in the shape of a pointer; the library never reads through it.
#[allow(non_camel_case_types)]
pub struct rpmadb_op {
    _private: [u8; 0],
}

/// Told how far a call is: `done` of `total` units (`total` is 0 while unknown) of `stage`, which is only valid during
/// the callback. Runs on the thread that works, and must not use the handle of the call (`RPMADB_REENTRANT`).
/// Return 0 to go on, anything else to cancel the call. A C++ exception that leaves it ends the process.
#[allow(non_camel_case_types)]
pub type rpmadb_progress_fn =
    Option<unsafe extern "C-unwind" fn(done: u64, total: u64, stage: *const c_char, user_data: *mut c_void) -> i32>;

/// A pointer of the host's that is handed back to it.
#[derive(Clone, Copy)]
pub(super) struct UserData(pub(super) *mut c_void);

// SAFETY: the library never reads through the pointer; the header tells the host on which threads it comes back.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    pub(super) fn pointer(&self) -> *mut c_void {
        self.0
    }
}

/// The operation that a call was given; NULL is one that nobody watches.
pub(super) fn given(op: *mut rpmadb_op) -> Result<Operation> {
    if op.is_null() { Ok(Operation::new()) } else { handle::operation(op.addr() as u64) }
}

fn required(op: *mut rpmadb_op) -> Result<Operation> {
    if op.is_null() { Err(Error::NullArgument { name: "op" }) } else { handle::operation(op.addr() as u64) }
}

/// Makes an operation. It may be passed to any number of calls, one after the other or at once; once cancelled it
/// stops every call that gets it.
///
/// @param op_out  receives the handle; release it with rpmadb_op_free.
/// @return RPMADB_OK, RPMADB_NULL_ARGUMENT, or RPMADB_NO_MEMORY when 65,536 handles are open.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_op_new(op_out: *mut *mut rpmadb_op) -> i32 {
    guard::plain(|| {
        // SAFETY: NULL or a pointer to a `rpmadb_op *` of the caller's.
        let op_out = unsafe { op_out.as_mut() }.ok_or(Error::NullArgument { name: "op_out" })?;
        *op_out = std::ptr::null_mut();
        *op_out = std::ptr::without_provenance_mut(handle::insert(Held::Operation(Operation::new()))? as usize);
        Ok(())
    })
}

/// Sets or, with a NULL function, removes the progress callback.
///
/// @param op         the operation.
/// @param callback   see rpmadb_progress_fn.
/// @param user_data  handed to the callback; must stay valid until the callback is removed and no call that has `op`
///                   is running.
/// @return RPMADB_OK or the status of a wrong handle.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_op_on_progress(
    op: *mut rpmadb_op,
    callback: rpmadb_progress_fn,
    user_data: *mut c_void,
) -> i32 {
    guard::plain(|| {
        let operation = required(op)?;
        let user_data = UserData(user_data);
        operation.on_progress(callback.map(|callback| -> Arc<crate::operation::OnProgress> {
            Arc::new(move |progress| {
                let stage = text::to_c(&progress.stage);
                // SAFETY: the host promised a function of this type; `stage` outlives the call.
                unsafe { callback(progress.done, progress.total, stage.as_ptr(), user_data.pointer()) == 0 }
            })
        }));
        Ok(())
    })
}

/// Limits each call that is given `op` from now on to `timeout_ms` milliseconds from its start (RPMADB_TIMEOUT).
///
/// @param op          the operation.
/// @param timeout_ms  the limit; 0 is none.
/// @return RPMADB_OK or the status of a wrong handle.
///
/// Threads: any. A call that already runs keeps the limit it started with.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_op_set_timeout_ms(op: *mut rpmadb_op, timeout_ms: u64) -> i32 {
    guard::plain(|| {
        required(op)?.set_timeout_ms(timeout_ms);
        Ok(())
    })
}

/// Asks the calls that have `op` to stop; they return RPMADB_CANCELLED, usually within a few milliseconds.
///
/// @param op  the operation.
/// @return RPMADB_OK or the status of a wrong handle.
///
/// Threads: any, also while the call runs.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_op_cancel(op: *mut rpmadb_op) -> i32 {
    guard::plain(|| {
        required(op)?.cancel();
        Ok(())
    })
}

/// Tells how far the call is: `{"stage": ..., "done": ..., "total": ..., "cancelled": ...}`.
///
/// @param op   the operation.
/// @param out  receives the document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or the status of a wrong handle.
///
/// Threads: any, also while the call runs.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_op_progress(op: *mut rpmadb_op, out: *mut *mut c_char) -> i32 {
    guard::report(out, || Ok(required(op)?.progress()))
}

/// Releases an operation and sets the variable to NULL. A call that still runs with it goes on unwatched.
///
/// @param op  address of the variable; a variable that holds NULL is RPMADB_OK.
/// @return RPMADB_OK, or the status of a wrong handle, and then the variable is left as it was.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_op_free(op: *mut *mut rpmadb_op) -> i32 {
    guard::plain(|| {
        // SAFETY: NULL or a pointer to a `rpmadb_op *` of the caller's.
        let op = unsafe { op.as_mut() }.ok_or(Error::NullArgument { name: "op" })?;
        if !op.is_null() {
            let operation = required(*op)?;
            handle::remove(op.addr() as u64, Kind::Operation)?;
            operation.on_progress(None);
            *op = std::ptr::null_mut();
        }
        Ok(())
    })
}
