//! Reading one value of a report without a JSON parser.

use std::ffi::c_char;

use serde_json::Value;

use super::{guard, text};
use crate::error::{Error, Result};

/// The value at an RFC 6901 pointer, handed to `take`, which refuses another type.
fn value_at<T>(
    json: *const c_char,
    pointer: *const c_char,
    wanted: &str,
    take: impl FnOnce(&Value) -> Option<T>,
) -> Result<T> {
    // SAFETY: the header demands NUL-terminated texts that stay valid during the call.
    let (json, pointer) = unsafe { (text::required("json", json)?, text::required("pointer", pointer)?) };
    // why: the parser passes over it, and would find what another pointer names
    if pointer.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) {
        let reason = format!("'{pointer}' has a '~' that is not followed by 0 or 1");
        return Err(Error::InvalidArgument { name: "pointer".into(), reason });
    }
    let document: Value = serde_json::from_str(json)
        .map_err(|error| Error::InvalidArgument { name: "json".into(), reason: format!("is not JSON: {error}") })?;
    let found =
        document.pointer(pointer).ok_or_else(|| Error::NotFound { what: format!("the value at '{pointer}'") })?;
    take(found).ok_or_else(|| Error::InvalidArgument {
        name: format!("the value at '{pointer}'"),
        reason: format!("is not {wanted}"),
    })
}

fn store<T>(name: &'static str, target: *mut T, value: impl FnOnce() -> Result<T>) -> Result<()> {
    if target.is_null() {
        return Err(Error::NullArgument { name });
    }
    let value = value()?;
    // SAFETY: not NULL, so by the header's contract a variable of that type which the caller owns.
    unsafe { target.write(value) };
    Ok(())
}

/// Reads an integer, or a truth value as 1 or 0.
///
/// @param json     a document, such as one that a call handed out.
/// @param pointer  an RFC 6901 pointer, such as "/size_bytes" or "/checks/0/cost_us".
/// @param value    receives the number; left as it was on failure.
/// @return RPMADB_OK; RPMADB_NOT_FOUND when nothing is there; RPMADB_INVALID_ARGUMENT when it is no integer of 64 bits, or the
///         pointer is none.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_json_int(json: *const c_char, pointer: *const c_char, value: *mut i64) -> i32 {
    guard::plain(|| {
        store("value", value, || {
            value_at(json, pointer, "an integer of 64 bits", |found| found.as_i64().or(found.as_bool().map(i64::from)))
        })
    })
}

/// Reads a number as a double.
///
/// @param json     a document.
/// @param pointer  an RFC 6901 pointer.
/// @param value    receives the number; left as it was on failure.
/// @return RPMADB_OK; RPMADB_NOT_FOUND when nothing is there; RPMADB_INVALID_ARGUMENT when it is no number, or the pointer is none.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_json_real(json: *const c_char, pointer: *const c_char, value: *mut f64) -> i32 {
    guard::plain(|| store("value", value, || value_at(json, pointer, "a number", Value::as_f64)))
}

/// Reads a text.
///
/// @param json     a document.
/// @param pointer  an RFC 6901 pointer.
/// @param value    receives the text, or NULL on failure; release it with rpmadb_free. A NUL inside is shown as U+2400.
/// @return RPMADB_OK; RPMADB_NOT_FOUND when nothing is there; RPMADB_INVALID_ARGUMENT when it is no text, or the pointer is none.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_json_text(json: *const c_char, pointer: *const c_char, value: *mut *mut c_char) -> i32 {
    guard::plain(|| {
        store("value", value, || Ok(std::ptr::null_mut()))?;
        store("value", value, || {
            value_at(json, pointer, "a text", |found| found.as_str().map(|found| text::to_c(found).into_raw()))
        })
    })
}
