//! C strings in and out.
//!
//! Leaves to others: what the text means.
//!
//! Invariant: a missing or broken text is an error that names the argument; no length is assumed.

use std::ffi::{CStr, CString, c_char};

use crate::error::{Error, Result};

/// A text that may be NULL.
///
/// # Safety
///
/// `text` is NULL or points to NUL-terminated bytes that stay unchanged while the result is in use.
pub(super) unsafe fn optional<'a>(name: &'static str, text: *const c_char) -> Result<Option<&'a str>> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: not NULL, so by this function's contract NUL-terminated and unchanged for `'a`.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map(Some).map_err(|error| Error::InvalidUtf8 { name, at: error.valid_up_to() })
}

/// A text that must be there.
///
/// # Safety
///
/// As for [`optional`].
pub(super) unsafe fn required<'a>(name: &'static str, text: *const c_char) -> Result<&'a str> {
    // SAFETY: handed on as it came.
    unsafe { optional(name, text) }?.ok_or(Error::NullArgument { name })
}

/// A text as C reads it; a NUL inside ends it for C, so it is replaced by a visible sign.
pub(super) fn to_c(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{2400}")).unwrap_or_default()
}
