//! What the library is, and giving memory back.

use std::ffi::{CString, c_char};

use once_cell::sync::Lazy;

use super::guard;
use crate::error::{Error, Status};
use crate::report::ABI_VERSION;

/// The ABI version of this header. Pass it to rpmadb_check_abi.
pub const RPMADB_ABI_VERSION: u32 = 1;

const _: () = assert!(RPMADB_ABI_VERSION == ABI_VERSION);

/// The version of the library, such as "0.1.0".
///
/// @return static text; do not release it.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_version() -> *const c_char {
    static VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// The ABI version of the library. It changes only when a program compiled against an older header would break.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_abi_version() -> u32 {
    ABI_VERSION
}

/// Refuses a library that does not fit the header a program was compiled with.
///
/// @param header_abi  RPMADB_ABI_VERSION.
/// @return RPMADB_OK or RPMADB_ABI_MISMATCH.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_check_abi(header_abi: u32) -> i32 {
    guard::plain(|| {
        if header_abi == ABI_VERSION {
            return Ok(());
        }
        Err(Error::AbiMismatch { header: header_abi, library: ABI_VERSION })
    })
}

/// Tells what the library is made of.
///
/// @param out  receives {version, abi_version, sqlite: {version, source_id, linkage}, lua, features, target,
///             embedded_migrations}; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_build_info(out: *mut *mut c_char) -> i32 {
    guard::report(out, || Ok(crate::database::build_info()))
}

/// The name of a status, such as "BUSY"; "UNKNOWN" for a number that is none.
///
/// @param status  a status number.
/// @return static text; do not release it.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_status_name(status: i32) -> *const c_char {
    static NAMES: Lazy<Vec<(Status, CString)>> = Lazy::new(|| {
        Status::ALL.iter().map(|status| (*status, CString::new(status.name()).unwrap_or_default())).collect()
    });
    let found = NAMES.iter().find(|(known, _)| *known as i32 == status);
    found.map_or(c"UNKNOWN".as_ptr(), |(_, name)| name.as_ptr())
}

/// Releases a text that the library handed out. Only those: memory of the host's own is not for this function.
///
/// @param text  the text; NULL is nothing to do. Do not use it afterwards.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: the header demands a text that the library handed out and that was not released yet; all of them
        // come from `CString::into_raw`.
        drop(unsafe { CString::from_raw(text) });
    }
}
