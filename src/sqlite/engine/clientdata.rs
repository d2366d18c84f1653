//! What a host keeps with a connection, for a SQLite before 3.44, which keeps nothing: rusqlite keeps its callbacks so.
//!
//! Leaves to others: when this is needed (`table.rs`).
//!
//! Invariants: what is kept is released once: when it is replaced, or when its connection is closed and nothing can call it any more; never
//! under the lock here, because a release may come back.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::OnceLock;

use parking_lot::Mutex;
use rusqlite::ffi;

type Close = unsafe extern "C" fn(*mut ffi::sqlite3) -> c_int;
type Release = unsafe extern "C" fn(*mut c_void);

struct Kept {
    name: CString,
    data: usize,
    release: Option<Release>,
}

impl Kept {
    fn release(self) {
        if let Some(release) = self.release {
            // SAFETY: who gave both promised that they belong together, and it is called once, because it consumes them.
            unsafe { release(self.data as *mut c_void) };
        }
    }
}

/// By the address of the connection.
static KEPT: Mutex<Option<HashMap<usize, Vec<Kept>>>> = Mutex::new(None);
static CLOSE: OnceLock<Close> = OnceLock::new();

/// Puts the functions here into a table that lacks them.
pub(super) fn stand_in(table: &mut ffi::sqlite3_api_routines) {
    if table.set_clientdata.is_some() {
        return;
    }
    if let Some(close) = table.close {
        let _ = CLOSE.set(close);
    }
    table.get_clientdata = Some(get);
    table.set_clientdata = Some(set);
    table.close = Some(close);
}

fn with<T>(body: impl FnOnce(&mut HashMap<usize, Vec<Kept>>) -> T) -> T {
    body(KEPT.lock().get_or_insert_with(HashMap::new))
}

unsafe extern "C" fn get(connection: *mut ffi::sqlite3, name: *const c_char) -> *mut c_void {
    // SAFETY: as SQLite's own function wants it, the name ends with a zero.
    let name = unsafe { CStr::from_ptr(name) };
    let found = with(|kept| {
        let of_this = kept.get(&(connection as usize))?;
        of_this.iter().find(|kept| kept.name.as_c_str() == name).map(|kept| kept.data)
    });
    found.unwrap_or(0) as *mut c_void
}

unsafe extern "C" fn set(
    connection: *mut ffi::sqlite3,
    name: *const c_char,
    data: *mut c_void,
    release: Option<Release>,
) -> c_int {
    // SAFETY: as above.
    let name = unsafe { CStr::from_ptr(name) }.to_owned();
    let before = with(|kept| {
        let of_this = kept.entry(connection as usize).or_default();
        let at = of_this.iter().position(|kept| kept.name == name);
        let before = at.map(|at| of_this.swap_remove(at));
        if !data.is_null() {
            of_this.push(Kept { name, data: data as usize, release });
        }
        before
    });
    before.into_iter().for_each(Kept::release);
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(connection: *mut ffi::sqlite3) -> c_int {
    let Some(close) = CLOSE.get() else { return ffi::SQLITE_MISUSE };
    // why first: as soon as it is closed, another connection may have its address
    let of_this = with(|kept| kept.remove(&(connection as usize))).unwrap_or_default();
    // SAFETY: called as SQLite's own would be.
    let code = unsafe { close(connection) };
    if code == ffi::SQLITE_OK {
        of_this.into_iter().for_each(Kept::release);
    } else {
        with(|kept| kept.entry(connection as usize).or_default().extend(of_this));
    }
    code
}
