//! Another copy of SQLite in this process that has the database open: what is done about it, and how it is found.
//!
//! It is looked for without opening the file: descriptors of the file that are not our SQLite's, locks of this process that our SQLite did
//! not take, libraries that are loaded.
//!
//! Leaves to others: keeping the two apart (`shim.rs`), telling (`ops/health.rs`).
//!
//! Invariants: in a build without a SQLite of its own there is no other copy, and nothing is looked for; with the mode `off` nothing is replaced, looked for or paid; once a writer was refused every later one is, until the database is opened
//! again.

use std::ffi::{CStr, CString, c_char, c_void};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::libc;
use parking_lot::Mutex;

use super::connection::Connection;
use super::engine::Engine;
use super::file::{identity, with_suffix};
use super::settings::Settings;
use super::shim::{self, Answer, Believed};
use crate::error::{Error, Result};
use crate::report::ForeignSqlite as Report;
use crate::request::ForeignSqlite as Mode;

/// A look before a write may be this old.
const FRESH: Duration = Duration::from_millis(200);

/// The bytes that SQLite locks: of the database one that says who will write, and those of all readers; of the shared memory of the log
/// who writes, and that somebody has it open.
const RESERVED: Believed = Believed { start: 0x4000_0001, length: 1, writes: true };
const SHARED: Believed = Believed { start: 0x4000_0002, length: 510, writes: false };
const LOG_WRITER: Believed = Believed { start: 120, length: 1, writes: true };
const LOG_OPEN: Believed = Believed { start: 128, length: 1, writes: false };

/// What is in force where the library works through the SQLite that the others in the process work through: it knows its own locks.
const ONE_COPY: &str = "one_copy";

/// What one handle knows of it.
#[derive(Debug)]
pub(super) struct Foreign {
    path: PathBuf,
    asked: Mode,
    /// Whether the shim keeps the locks of this file apart.
    covered: AtomicBool,
    /// When it was last looked, and whether there was one.
    looked: Mutex<Option<(Instant, bool)>>,
    /// The file that was opened, for when its name leads nowhere any more.
    key: Mutex<Option<shim::Key>>,
    refused: AtomicBool,
    warned: AtomicBool,
}

impl Foreign {
    pub(super) fn new(path: &Path, asked: Mode) -> Foreign {
        Foreign {
            path: path.to_owned(),
            asked,
            covered: AtomicBool::new(false),
            looked: Mutex::new(None),
            key: Mutex::new(None),
            refused: AtomicBool::new(false),
            warned: AtomicBool::new(false),
        }
    }

    /// Before our SQLite opens the file.
    pub(super) fn before_open(&self) {
        if self.mode() != Mode::Off {
            shim::install(self.asked == Mode::Coexist);
        }
    }

    /// After our SQLite has opened and read the file.
    pub(super) fn after_open(&self) {
        *self.key.lock() = identity(&self.path);
        if self.mode() == Mode::Off {
            return;
        }
        if self.asked == Mode::Coexist {
            self.covered.store(identity(&self.path).is_some_and(shim::covers), Ordering::Release);
        }
        if self.look() {
            let mode = self.mode().name();
            tracing::info!(path = %self.path.display(), mode, "another SQLite in this process has the database open");
        }
    }

    /// What is done about another copy.
    fn mode(&self) -> Mode {
        match self.asked {
            // why: there is no other copy
            _ if Engine::IS_SHARED => Mode::Off,
            Mode::Coexist if !self.covered.load(Ordering::Acquire) => Mode::Refuse,
            asked => asked,
        }
    }

    /// Whether another copy has the file open, looked at now.
    fn look(&self) -> bool {
        let found = identity(&self.path).and_then(shim::foreign_descriptors).is_some_and(|found| !found.is_empty());
        *self.looked.lock() = Some((Instant::now(), found));
        found
    }

    /// Before the writer is handed out.
    pub(super) fn before_write(&self) -> Result<()> {
        match self.mode() {
            Mode::Coexist | Mode::Off => Ok(()),
            Mode::Refuse | Mode::Warn => {
                let before = *self.looked.lock();
                let found = match before {
                    Some((since, found)) if since.elapsed() < FRESH => found,
                    _ => self.look(),
                };
                self.judge(found)
            }
        }
    }

    /// Before any commit. Locks that are kept apart cannot be dropped by anybody's `close`, so they are not asked for each time.
    pub(super) fn before_commit(&self, connection: &Connection) -> Result<()> {
        match self.mode() {
            Mode::Coexist | Mode::Off => Ok(()),
            Mode::Refuse | Mode::Warn => {
                self.judge(self.look())?;
                self.must_hold_locks(connection)
            }
        }
    }

    fn judge(&self, found: bool) -> Result<()> {
        if self.mode() == Mode::Refuse {
            if found {
                self.refused.store(true, Ordering::Release);
            }
            if self.refused.load(Ordering::Acquire) {
                return Err(Error::ForeignSqlite { path: self.path.display().to_string(), detail: self.detail() });
            }
        } else if found && !self.warned.swap(true, Ordering::AcqRel) {
            let detail = self.detail();
            tracing::warn!(path = %self.path.display(), detail, "another SQLite in this process has the database open");
        }
        Ok(())
    }

    fn detail(&self) -> String {
        let report = self.report();
        let module = report.modules.first().map_or_else(String::new, |module| format!(", probably {module}"));
        format!("{} descriptor(s) of it are not this library's{module}", report.descriptors.len())
    }

    /// What is found now.
    pub(super) fn report(&self) -> Report {
        if Engine::IS_SHARED {
            return Report {
                mode: self.asked.name(),
                effective: ONE_COPY,
                looked: true,
                path: self.path.display().to_string(),
                descriptors: Vec::new(),
                live: false,
                modules: Vec::new(),
                version: None,
                refused: false,
                remedy: None,
            };
        }
        let key = identity(&self.path).or_else(|| *self.key.lock());
        let descriptors = key.and_then(shim::foreign_descriptors);
        let looked = descriptors.is_some();
        let descriptors = descriptors.unwrap_or_default();
        let has_lock = |suffix: &str, believed| {
            identity(&with_suffix(&self.path, suffix)).is_some_and(|key| shim::is_locked_by_another_copy(key, believed))
        };
        let live =
            [("", SHARED), ("", RESERVED), ("-shm", LOG_OPEN)].iter().any(|(suffix, bytes)| has_lock(suffix, *bytes));
        // why not for none: it reads a list as long as the process is large
        let others = if descriptors.is_empty() && looked { Vec::new() } else { copies() };
        let effective = self.mode();
        let has_one = !descriptors.is_empty();
        let refused = self.refused.load(Ordering::Acquire);
        let remedy = match effective {
            _ if !has_one && refused => {
                Some("open the database again: this handle has found another SQLite and writes nothing more")
            }
            _ if !has_one => None,
            Mode::Coexist => None,
            Mode::Refuse if self.asked == Mode::Coexist => Some(
                "the locks cannot be kept apart: the file system has none that belong to a descriptor, or this library had the \
                     file open before in another mode; close the other connection, then open the database again",
            ),
            Mode::Refuse => {
                Some("close the other connection, then open the database again; or open with foreign_sqlite coexist")
            }
            Mode::Warn | Mode::Off => Some("close the other connection, or open with foreign_sqlite coexist"),
        };
        Report {
            mode: self.asked.name(),
            effective: effective.name(),
            looked,
            path: self.path.display().to_string(),
            descriptors,
            live,
            modules: others.iter().map(|(module, _)| module.clone()).collect(),
            version: others.into_iter().find_map(|(_, version)| version),
            refused,
            remedy: remedy.map(str::to_owned),
        }
    }

    /// Fails when a lock that SQLite believes to have, in the open write transaction of `connection`, is not there any more. A host that
    /// opens and closes the file with ordinary calls drops them.
    pub(super) fn must_hold_locks(&self, connection: &Connection) -> Result<()> {
        if !connection.has_write_lock() {
            return Ok(());
        }
        let (database, is_wal) = (identity(&self.path), connection.is_wal()?);
        let writer = match is_wal {
            true => identity(&with_suffix(&self.path, "-shm")).map(|key| (key, LOG_WRITER, "write")),
            false => database.map(|key| (key, RESERVED, "write")),
        };
        for (key, believed, lock) in database.map(|key| (key, SHARED, "read")).into_iter().chain(writer) {
            if shim::ask(key, believed) == Answer::Lost {
                return Err(Error::LockLost { path: self.path.display().to_string(), lock });
            }
        }
        Ok(())
    }
}

impl Settings {
    /// Before our SQLite opens the file of these settings: gets ready for another copy of SQLite that has it open too.
    pub fn before_open(&self) {
        if let Some(foreign) = &self.common.foreign {
            foreign.before_open();
        }
    }

    /// What is known of another copy of SQLite in this process; `None` for a database in memory.
    #[must_use]
    pub fn foreign_sqlite(&self) -> Option<Report> {
        self.common.foreign.as_ref().map(Foreign::report)
    }
}

/// Other copies of SQLite that are loaded as libraries of their own: the file of each, and its version where it tells.
fn copies() -> Vec<(String, Option<String>)> {
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else { return Vec::new() };
    let own = own_file();
    let mut found: Vec<&str> = maps
        .lines()
        .filter_map(|line| line.splitn(6, ' ').nth(5))
        .map(str::trim_start)
        .filter(|path| path.rsplit('/').next().is_some_and(|name| name.contains("sqlite") && name.contains(".so")))
        .filter(|path| own.as_deref() != Some(*path))
        .collect();
    found.sort_unstable();
    found.dedup();
    // why in this order: bindings are named after the library they load
    found.sort_by_key(|path| !path.contains("libsqlite3"));
    found.into_iter().map(|path| (path.to_owned(), version_of(path))).collect()
}

/// The file that our code was loaded from.
fn own_file() -> Option<String> {
    // SAFETY: the struct may be all zeros; `dladdr` writes it, and the name it gives lives as long as the library.
    unsafe {
        let mut found: libc::Dl_info = std::mem::zeroed();
        let address = rusqlite::ffi::sqlite3_libversion as *const c_void;
        if libc::dladdr(address, &raw mut found) == 0 || found.dli_fname.is_null() {
            return None;
        }
        Some(CStr::from_ptr(found.dli_fname).to_string_lossy().into_owned())
    }
}

/// The version that a loaded library says it is.
fn version_of(path: &str) -> Option<String> {
    let path = CString::new(path).ok()?;
    // SAFETY: nothing is loaded that is not loaded already; the function has this type in every version of SQLite, and gives a text that
    // lives as long as its library, which is copied before the library is let go of.
    unsafe {
        let library = libc::dlopen(path.as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD);
        if library.is_null() {
            return None;
        }
        let symbol = libc::dlsym(library, c"sqlite3_libversion".as_ptr());
        let version = (!symbol.is_null()).then(|| {
            let function = std::mem::transmute::<*mut c_void, unsafe extern "C" fn() -> *const c_char>(symbol);
            CStr::from_ptr(function()).to_string_lossy().into_owned()
        });
        libc::dlclose(library);
        version
    }
}
