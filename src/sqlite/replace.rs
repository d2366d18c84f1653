//! Another content for an open database: by renaming a file into its place, or page by page in one transaction.
//!
//! Renaming is for a database that nobody else has open. That is proved, not believed: the switch out of WAL needs the file for
//! itself, `BEGIN EXCLUSIVE` keeps everybody out until the new file has the name, and no other process has the file open as far as
//! the system tells. A connection that opened the old file in that moment finds it in rollback-journal mode, where SQLite
//! refuses to write to a file that has lost its name.
//!
//! Leaves to others: what the new content is and whether it is sound (`ops/restore.rs`).
//!
//! Invariants: at any time the name stands for the whole old or the whole new content; no log or journal of the old one is left
//! beside the new one.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::ffi;

use super::access::Access;
use super::connection::Connection;
use super::failure::{from_code, os_error};
use super::file;
use super::opening::set_journal_mode;
use super::pages::Where;
use super::settings::Settings;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::request::JournalMode;

/// Pages between two looks at the operation.
const STEP: i32 = 1_000;
/// How often a database with a rollback journal is looked at anew because somebody wrote to it meanwhile, however short the wait.
const TRIES: usize = 5;

impl Access {
    /// Puts a finished file, on the same file system, in the place of the database. `before` runs when nobody else can write any
    /// more, on a connection with a transaction open; `rename` gives the file the name it is told and closes it. False when somebody
    /// else has the database open; then nothing was changed.
    pub fn replace_file(
        &self,
        wait: Duration,
        operation: &Operation,
        before: impl FnOnce(&Connection) -> Result<()>,
        rename: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<bool> {
        let pool = self.pool();
        let Some(path) = pool.settings.real_path.clone() else { return Ok(false) };
        let mut lease = pool.lease_writer(operation.into(), wait)?;
        let Some(writer) = lease.writer_slot() else { return Ok(false) };
        let since = Instant::now();
        let mut readers = loop {
            operation.check()?;
            match pool.readers.try_write_for(Duration::from_millis(50)) {
                Some(readers) if readers.as_ref().is_none_or(|readers| readers.counts().0 == readers.counts().1) => {
                    break readers;
                }
                _ if since.elapsed() >= wait => return Ok(false),
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        if let Some(readers) = readers.take() {
            readers.close();
        }
        let mode = Mode { settings: &pool.settings, was_wal: writer.is_wal()? };
        let waiting = writer.wait_for_locks(Duration::ZERO);
        if !alone(writer, &path)? {
            mode.bring_back(writer);
            return Ok(false);
        }
        let failed = |error: std::io::Error| Error::from_io(path.display().to_string(), &error);
        let outcome = before(writer).and_then(|()| writer.must_hold_locks()).and_then(|()| {
            operation.boundary("the database is about to be replaced");
            file::remove_beside(&path).map_err(failed)?;
            rename(&path)
        });
        if let Err(error) = outcome {
            writer.rollback();
            mode.bring_back(writer);
            return Err(error);
        }
        operation.boundary("the database was replaced");
        let synced = file::sync_folder(file::folder_of(&path)).map_err(failed);
        drop(waiting);
        let fresh = Connection::open(&pool.settings, false, false)?;
        // why closed before the new one is used: what SQLite does at a close it does by name
        let old = std::mem::replace(writer, fresh);
        old.rollback();
        drop(old);
        writer.value::<i64>("PRAGMA user_version", &[])?;
        mode.bring_back(writer);
        synced.map(|()| true)
    }

    /// Writes the pages of the database file `candidate` over this database, in one transaction. `before` sees the last state
    /// before that: what it saw and what is overwritten are the same, whoever writes meanwhile. It may be called again when that was not
    /// so. `last` runs when nobody else can write any more, right before the first page is written. Returns how many pages were written.
    pub fn overwrite(
        &self,
        candidate: &Connection,
        wait: Duration,
        operation: &Operation,
        mut before: impl FnMut(&Connection, Where) -> Result<()>,
        last: impl Fn() -> Result<()>,
    ) -> Result<u64> {
        let writer = self.writer_within(operation, wait)?;
        let _waiting = writer.wait_for_locks(wait);
        if self.settings().path.is_none() {
            // why at once: a database in memory has this one connection
            before(&writer, Where::Pager)?;
            let pages = overwrite(&writer, candidate, wait, operation, || last().map(|()| true))?;
            return pages.ok_or_else(|| Error::Internal { detail: "a restore into memory was given up".into() });
        }
        let is_wal = writer.is_wal()?;
        let since = Instant::now();
        let mut tries = 0;
        while tries < TRIES || since.elapsed() < wait {
            operation.check()?;
            tries += 1;
            let seen = match is_wal {
                true => None,
                // why before the lock: it keeps every reader out of a database with a rollback journal
                false => {
                    let (reader, place) = self.snapshot(operation)?;
                    before(&reader, place)?;
                    Some(reader.change_counter()?)
                }
            };
            let written = overwrite(&writer, candidate, wait, operation, || {
                match seen {
                    Some(seen) if writer.change_counter()? != seen => return Ok(false),
                    Some(_) => {}
                    None => {
                        let reader = self.reader(operation)?;
                        reader.begin_snapshot()?;
                        before(&reader, Where::Pager)?;
                    }
                }
                last().map(|()| true)
            })?;
            if let Some(pages) = written {
                if is_wal {
                    // why ignored: readers may hold it back, and the next checkpoint goes on
                    let _ = super::checkpoint(&writer, "passive");
                }
                return Ok(pages);
            }
        }
        let waited_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        Err(Error::Busy { what: self.settings().display(), waited_ms })
    }
}

/// Gets the database for this connection alone, out of WAL and with an exclusive transaction open.
fn alone(writer: &Connection, path: &Path) -> Result<bool> {
    let refused = |outcome: Result<()>| match outcome {
        Ok(()) => Ok(false),
        Err(Error::Busy { .. }) => Ok(true),
        Err(error) => Err(error),
    };
    let mode = writer.value::<String>("PRAGMA journal_mode=delete", &[]);
    let is_delete = matches!(&mode, Ok(Some(mode)) if mode == "delete");
    if refused(mode.map(|_| ()))? || !is_delete {
        return Ok(false);
    }
    if refused(writer.execute_batch("BEGIN EXCLUSIVE"))? {
        return Ok(false);
    }
    if writer.has_moved()? || is_open_elsewhere(path, 1) {
        writer.rollback();
        return Ok(false);
    }
    Ok(true)
}

/// The journal mode that a database had, or is configured to have.
struct Mode<'s> {
    settings: &'s Settings,
    was_wal: bool,
}

impl Mode<'_> {
    fn bring_back(&self, writer: &Connection) {
        let settings = match self.settings.journal_mode {
            JournalMode::Keep if self.was_wal => Settings { journal_mode: JournalMode::Wal, ..self.settings.clone() },
            _ => self.settings.clone(),
        };
        if let Err(error) = set_journal_mode(writer, &settings) {
            tracing::warn!(%error, "the journal mode was not set again after a restore");
        }
    }
}

/// Takes the log or journal of a database that nobody has open into its file: after that, they can be removed and nothing that was
/// committed is lost with them.
pub fn fold_log(path: &Path) -> Result<()> {
    let settings = Settings::new(Some(path.to_owned()), &crate::request::Open::default());
    Connection::open(&settings, false, false)?.execute_batch("PRAGMA journal_mode=delete")
}

/// Whether somebody has the file open beside the `own` descriptors that the caller knows of: another process, or another
/// connection of this one. Where the system does not tell, which is everywhere but on Linux, somebody has.
#[must_use]
pub fn is_open_elsewhere(path: &Path, own: usize) -> bool {
    open_elsewhere(path, own).unwrap_or(true)
}

/// The same; `None` where the system does not tell.
#[must_use]
pub fn open_elsewhere(path: &Path, own: usize) -> Option<bool> {
    let Some(wanted) = file::identity(path) else { return Some(false) };
    let count = |process: &Path| {
        let open = std::fs::read_dir(process.join("fd"))?;
        let is_open = |name: &Path| file::identity(&process.join("fd").join(name)) == Some(wanted);
        let names = open.flatten().map(|open| PathBuf::from(open.file_name()));
        // why not those that wait: nobody uses them, and who does next looks whether the file is still the one
        Ok(names.filter(|name| is_open(name) && !waits(&process.join("fdinfo").join(name))).count())
    };
    let here: std::io::Result<usize> = count(Path::new("/proc/self"));
    let (Ok(here), Ok(processes)) = (here, std::fs::read_dir("/proc")) else { return None };
    let this = std::process::id().to_string();
    let others = processes.flatten().filter(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name != *this && name.bytes().all(|byte| byte.is_ascii_digit())
    });
    // why not those that may not be looked at: they belong to other users, and a server has hundreds
    Some(here > own || others.map(|entry| count(&entry.path()).unwrap_or(0)).any(|count| count > 0))
}

/// Whether a descriptor of some process is one that a shim like ours keeps for later.
fn waits(info: &Path) -> bool {
    let text = std::fs::read_to_string(info).unwrap_or_default();
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:")).map(str::trim);
    flags.and_then(|flags| i32::from_str_radix(flags, 8).ok()).is_some_and(super::shim::waits)
}

/// SQLite's backup API, from one connection into the other, as one transaction of the latter. `locked` is asked when nobody
/// else can write any more, before the first page is: false gives up, and then nothing was written.
pub(super) fn overwrite(
    into: &Connection,
    from: &Connection,
    wait: Duration,
    operation: &Operation,
    locked: impl FnOnce() -> Result<bool>,
) -> Result<Option<u64>> {
    let (into_inner, from_inner) = (into.raw(), from.raw());
    let since = Instant::now();
    let failed = |code: i32| {
        // SAFETY: the connection is open and locked by us, and the text is copied before the lock ends.
        let message = unsafe { std::ffi::CStr::from_ptr(ffi::sqlite3_errmsg(into_inner.handle())) };
        let waited = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        from_code(code, message.to_string_lossy().into_owned(), &into.display(), waited, os_error(&into_inner))
    };
    // SAFETY: both connections are open, not the same one, and locked by us until the backup is finished below; nothing else
    // uses them meanwhile, as SQLite demands of the destination.
    let backup = unsafe {
        ffi::sqlite3_backup_init(into_inner.handle(), c"main".as_ptr(), from_inner.handle(), c"main".as_ptr())
    };
    if backup.is_null() {
        // SAFETY: the connection is open and locked by us.
        return Err(failed(unsafe { ffi::sqlite3_extended_errcode(into_inner.handle()) }));
    }
    let step = |pages: i32| loop {
        // SAFETY: `backup` came from sqlite3_backup_init and is finished only at the end of this function.
        match unsafe { ffi::sqlite3_backup_step(backup, pages) } {
            ffi::SQLITE_DONE => break Ok(true),
            ffi::SQLITE_OK => break Ok(false),
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED if since.elapsed() < wait => {
                operation.check()?;
                std::thread::sleep(Duration::from_millis(10));
            }
            code => break Err(failed(code)),
        }
    };
    let figures = || {
        // SAFETY: as above; both calls only read numbers.
        let (left, total) = unsafe { (ffi::sqlite3_backup_remaining(backup), ffi::sqlite3_backup_pagecount(backup)) };
        let total = u64::try_from(total).unwrap_or(0);
        (total.saturating_sub(u64::try_from(left).unwrap_or(0)), total)
    };
    let outcome = (|| -> Result<Option<u64>> {
        // why no page: the first step takes the write lock, however few pages it copies
        step(0)?;
        if !locked()? {
            return Ok(None);
        }
        into.must_hold_locks()?;
        while !step(STEP)? {
            operation.boundary("pages of a restore were written");
            // why each time: the last step commits
            into.must_hold_locks()?;
            let (done, total) = figures();
            operation.report("writing pages", done, total)?;
        }
        Ok(Some(figures().1))
    })();
    // SAFETY: `backup` is not used again. Unless it came to its end, this rolls the destination back.
    let code = unsafe { ffi::sqlite3_backup_finish(backup) };
    match (outcome?, code) {
        (pages, ffi::SQLITE_OK) => Ok(pages),
        (_, code) => Err(failed(code)),
    }
}
