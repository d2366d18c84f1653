//! Which SQLite this build works through: one of its own, the system's, or the host's.
//!
//! With one of the latter two the process has one copy of SQLite, which sees its own locks, so nothing of `shim.rs` is needed, and
//! nothing in it may be replaced: it is not ours. Such a build calls SQLite through the table that SQLite gives its extensions.
//!
//! Leaves to others: that table (`engine/table.rs`), where the system's comes from (`engine/system.rs`).
//!
//! Invariant: nothing calls SQLite before [`ready`] said that it may.

#[cfg(not(feature = "bundled"))]
mod clientdata;
#[cfg(not(feature = "bundled"))]
#[path = "engine/table.rs"]
mod linked;
#[cfg(feature = "bundled")]
#[path = "engine/inside.rs"]
mod linked;
#[cfg(feature = "system-sqlite")]
mod system;

use std::ffi::{CStr, c_void};
use std::ptr::NonNull;

use crate::error::{Error, Result};

/// Which SQLite a build works through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One of its own, inside.
    Bundled,
    /// The system's, which the library is linked to.
    System,
    /// The host's, which hands it over at run time.
    Host,
}

impl Engine {
    /// That of this build.
    pub const THIS: Engine = if cfg!(feature = "bundled") {
        Engine::Bundled
    } else if cfg!(feature = "system-sqlite") {
        Engine::System
    } else {
        Engine::Host
    };

    /// Whether others in the process work through it too, so that it is not ours to change.
    pub const IS_SHARED: bool = !matches!(Engine::THIS, Engine::Bundled);

    /// As reports name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Engine::Bundled => "bundled",
            Engine::System => "system",
            Engine::Host => "host",
        }
    }
}

/// Fails while no SQLite is there, or one that will not do.
pub fn ready() -> Result<()> {
    linked::ready()
}

/// The version of the SQLite; `None` while there is none.
#[must_use]
pub fn version() -> Option<&'static str> {
    linked::version()
}

/// The source id of the SQLite: check-in and hash; `None` while there is none.
#[must_use]
pub fn source_id() -> Option<String> {
    ready().ok()?;
    // SAFETY: SQLite is there, and the function gives a text that lives as long as it.
    let text = unsafe { CStr::from_ptr(rusqlite::ffi::sqlite3_sourceid()) };
    Some(text.to_string_lossy().into_owned())
}

/// The version of the SQLite as a number, 3051003 for 3.51.3; 0 while there is none.
#[must_use]
pub fn version_number() -> i32 {
    linked::version_number()
}

/// Whether the SQLite takes its own JSON functions for unsafe in a schema that is not trusted, as older ones do: a table with a CHECK that calls one
/// could be neither written nor checked there.
pub fn must_trust_schema() -> bool {
    linked::must_trust_schema()
}

/// Another SQLite's functions, as it gives them to its extensions: a `const sqlite3_api_routines *`.
#[derive(Debug, Clone, Copy)]
pub struct HostApi(pub(super) NonNull<c_void>);

impl HostApi {
    /// # Safety
    /// `api` is what SQLite handed to the entry point of an extension, or a copy of it, and stays what it is for the life of the process.
    #[must_use]
    pub unsafe fn new(api: NonNull<c_void>) -> HostApi {
        HostApi(api)
    }

    /// Works through this SQLite from now on and for good.
    pub fn bind(self) -> Result<()> {
        if Engine::THIS != Engine::Host {
            return Err(Error::Unsupported {
                what: format!("binding a SQLite of the host in a build with the {} one", Engine::THIS.name()),
                instead: Some("use the build of rpmadb with the feature host-sqlite"),
            });
        }
        linked::bind(self.0)
    }
}
