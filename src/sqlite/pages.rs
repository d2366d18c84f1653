//! The pages of a database as one transaction sees them, in order, through the virtual table `sqlite_dbpage`.
//!
//! Where the file alone holds them all they are read from it, through SQLite's own descriptor: that is several times quicker.
//! Why not SQLite's backup API: it copies into another database file, and a backup that is compressed and encrypted in one
//! pass never has one.
//!
//! Leaves to others: what becomes of the pages (`archive/`), the transaction.
//!
//! Invariants: the caller's transaction is open, so that no page changes on the way; the page that holds SQLite's locks is
//! zeros; the first page says rollback journal, so that a copy opens on read-only media.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::types::ValueRef;

use super::access::{Access, Lease};
use super::connection::Connection;
use super::engine::Engine;
use super::replace::overwrite;
use super::scratch::Scratch;
use super::statement::Statement;
use super::value::Value;
use crate::error::{Error, Result};
use crate::operation::{self, Operation};

/// Bytes read from the file at once.
const CHUNK: u32 = 1 << 20;
/// The byte that SQLite locks lies in a page that holds nothing.
const PENDING_BYTE: u32 = 0x4000_0000;
/// Bytes 18 and 19 of the first page: 1 for a rollback journal, 2 for WAL.
const VERSIONS: std::ops::Range<usize> = 18..20;

/// Size and number of the pages that the open transaction sees.
pub fn page_figures(connection: &Connection) -> Result<(u32, u32)> {
    let pragma = |name: &str| connection.value::<i64>(&format!("PRAGMA main.{name}"), &[]);
    let fits = |value: Option<i64>| u32::try_from(value.unwrap_or(0)).unwrap_or(0);
    Ok((fits(pragma("page_size")?), fits(pragma("page_count")?)))
}

/// Marks the database that begins with these bytes for a rollback journal: where its pages go there is no log.
pub fn unmark_wal(first: &mut [u8]) {
    if let Some(versions) = first.get_mut(VERSIONS) {
        versions.iter_mut().filter(|version| **version == 2).for_each(|version| *version = 1);
    }
}

/// Where the pages of a snapshot are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// All in the database file.
    File,
    /// In the file and the log, or in memory.
    Pager,
}

/// Hands every page to `each`, in order, beginning with number 1.
pub fn for_each_page(
    connection: &Connection,
    place: Where,
    mut each: impl FnMut(u32, &[u8]) -> Result<()>,
) -> Result<()> {
    connection.must_be_in_transaction()?;
    let mut first = Vec::new();
    let mut hand_on = |number: u32, page: &[u8]| {
        if number > 1 {
            return each(number, page);
        }
        first.extend_from_slice(page);
        unmark_wal(&mut first);
        each(1, &first)
    };
    if place == Where::File {
        return from_file(connection, hand_on);
    }
    let mut number = 0;
    let walk = |statement: &mut Statement<'_>| {
        statement.for_each_first(|value| {
            let ValueRef::Blob(page) = value else {
                return Err(Error::Internal { detail: "sqlite_dbpage gave no page".into() });
            };
            number += 1;
            hand_on(number, page)
        })
    };
    match connection.ours("SELECT data FROM sqlite_dbpage('main')", walk) {
        // why by text: SQLite has no code for it. No page was handed on
        Err(Error::Sql { message, .. }) if Engine::IS_SHARED && is_absent(&message, "sqlite_dbpage") => {
            from_copy(connection, hand_on)
        }
        outcome => outcome,
    }
}

/// Whether SQLite says that it was compiled without a table of its own.
fn is_absent(message: &str, table: &str) -> bool {
    message.contains("no such table") && message.contains(table)
}

/// The pages by way of a copy that nobody can read, for a SQLite without `sqlite_dbpage`. Its backup copies what the transaction sees, but for
/// numbers of the first page that say how often the schema and the file were changed.
fn from_copy(connection: &Connection, mut each: impl FnMut(u32, &[u8]) -> Result<()>) -> Result<()> {
    let (size, count) = page_figures(connection)?;
    if count == 0 {
        return Ok(());
    }
    let folder = connection.file().and_then(|path| path.parent().map(PathBuf::from));
    let scratch = Scratch::new(&folder.unwrap_or_else(std::env::temp_dir))?;
    let copy = scratch.open()?;
    copy.execute_batch("PRAGMA journal_mode=off")?;
    let operation = operation::current().unwrap_or_default();
    overwrite(&copy, connection, Duration::ZERO, &operation, || Ok(true))?;
    drop(copy);
    let lock_page = PENDING_BYTE / size.max(1) + 1;
    let mut page = vec![0; size as usize];
    for number in 1..=count {
        if number == lock_page {
            page.fill(0);
        } else {
            let read = scratch.read_at(&mut page, u64::from(number - 1) * u64::from(size));
            let read = read.map_err(|error| Error::from_io(connection.display(), &error))?;
            page[read..].fill(0);
        }
        each(number, &page)?;
    }
    Ok(())
}

/// A mebibyte at a time: to ask for one page after the other costs more than to copy and hash it.
fn from_file(connection: &Connection, mut each: impl FnMut(u32, &[u8]) -> Result<()>) -> Result<()> {
    let (size, count) = page_figures(connection)?;
    if size == 0 {
        return Ok(());
    }
    let lock_page = PENDING_BYTE / size + 1;
    let at_once = (CHUNK / size).max(1);
    let mut chunk = vec![0; (at_once * size) as usize];
    let mut number = 1;
    while number <= count {
        let pages = at_once.min(count - number + 1);
        let bytes = &mut chunk[..(pages * size) as usize];
        connection.read_file(u64::from(number - 1) * u64::from(size), bytes)?;
        for page in bytes.chunks_exact_mut(size as usize) {
            if number == lock_page {
                page.fill(0);
            }
            each(number, page)?;
            number += 1;
        }
    }
    Ok(())
}

impl Access {
    /// A reader with a read transaction begun, and where its pages are.
    ///
    /// In WAL mode they are in the file when all frames of the log were copied there and none can follow: a checkpoint never goes
    /// beyond what the oldest reader sees, and a log that a reader uses is not begun anew. So what is true at one moment after
    /// the transaction began stays true to its end.
    pub fn snapshot(&self, operation: &Operation) -> Result<(Lease<'_>, Where)> {
        if self.settings().path.is_none() {
            let lease = self.reader(operation)?;
            lease.begin_snapshot()?;
            return Ok((lease, Where::Pager));
        }
        if !self.settings().read_only
            && let Ok(writer) = self.writer_within(operation, Duration::ZERO)
        {
            let _at_once = writer.wait_for_locks(Duration::ZERO);
            // why ignored: it only makes what follows quicker
            let _ = super::checkpoint(&writer, "passive");
        }
        let lease = self.reader(operation)?;
        lease.begin_snapshot()?;
        if !lease.is_wal()? {
            return Ok((lease, Where::File));
        }
        let state = self.first(operation, Duration::ZERO).and_then(|other| super::wal_state(&other));
        let all_in_file = state.is_ok_and(|state| state.log >= 0 && state.log == state.checkpointed);
        Ok((lease, if all_in_file { Where::File } else { Where::Pager }))
    }
}

/// The table or index that each of these pages belongs to, as far as a damaged file still tells.
pub fn page_owners(connection: &Connection, pages: &[u32]) -> Result<BTreeMap<u32, String>> {
    let mut found = BTreeMap::new();
    if pages.contains(&1) {
        found.insert(1, "the schema".to_owned());
    }
    let mut walk = |sql: &str| {
        connection.ours(sql, |statement| {
            statement.for_each(|row| {
                if let (Value::Integer(page), Value::Text(owner)) = (row.value(0), row.value(1))
                    && let Ok(page) = u32::try_from(page)
                    && pages.contains(&page)
                {
                    found.entry(page).or_insert(owner);
                }
                Ok(found.len() < pages.len())
            })
        })
    };
    let walked = walk(
        "SELECT d.pageno, coalesce(m.type || ' ' || d.name, d.name) FROM dbstat AS d \
         LEFT JOIN sqlite_schema AS m ON m.name = d.name",
    );
    match walked {
        Err(Error::Sql { message, .. }) if is_absent(&message, "dbstat") => Ok(found),
        outcome => outcome.map(|()| found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Open;
    use crate::sqlite::Settings;

    #[test]
    fn the_pages_are_a_database_in_rollback_mode_with_what_the_log_holds() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = Settings::new(Some(folder.path().join("a.db")), &Open::default());
        let source = Connection::open(&settings, true, false).expect("opens");
        source
            .execute_batch("PRAGMA journal_mode=wal; PRAGMA wal_autocheckpoint=0; CREATE TABLE t (a)")
            .expect("makes");
        source.execute_batch("INSERT INTO t VALUES (zeroblob(9000)), ('in the log')").expect("writes");
        assert!(
            for_each_page(&source, Where::Pager, |_, _| Ok(())).is_err(),
            "without a transaction pages could change"
        );
        source.begin_snapshot().expect("begins");
        let mut bytes = Vec::new();
        for_each_page(&source, Where::Pager, |_, page| {
            bytes.extend_from_slice(page);
            Ok(())
        })
        .expect("reads");
        let (size, count) = page_figures(&source).expect("tells");
        assert_eq!(bytes.len(), size as usize * count as usize);
        let path = folder.path().join("copy.db");
        std::fs::write(&path, bytes).expect("writes");
        let copy = Connection::open(&Settings::new(Some(path), &Open::default()), false, true).expect("opens");
        assert_eq!(copy.is_wal(), Ok(false));
        assert_eq!(copy.value::<i64>("SELECT count(*) FROM t", &[]), Ok(Some(2)));
    }

    fn all(access: &Access) -> (Vec<u8>, Where) {
        let (lease, place) = access.snapshot(&Operation::new()).expect("begins");
        let read = |place: Where| {
            let mut bytes = Vec::new();
            for_each_page(&lease, place, |_, page| {
                bytes.extend_from_slice(page);
                Ok(())
            })
            .expect("reads");
            bytes
        };
        let found = read(place);
        assert_eq!(found, read(Where::Pager), "{place:?}");
        (found, place)
    }

    #[test]
    fn the_file_is_read_only_when_it_holds_all_of_the_snapshot() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let (pool, _) = crate::sqlite::Pool::open(Settings::new(Some(path.clone()), &Open::default())).expect("opens");
        let access = Access::Pool(std::sync::Arc::new(pool));
        let write = |sql: &str| access.writer(&Operation::new()).expect("leases").execute_batch(sql).expect("writes");
        write("PRAGMA wal_autocheckpoint=0; CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(3000000))");
        assert_eq!(all(&access).1, Where::File, "the log is copied first");
        // why a reader: it keeps the checkpoint from what comes after it
        let old = Connection::open(&Settings::new(Some(path), &Open::default()), false, true).expect("opens");
        old.begin_snapshot().expect("begins");
        write("INSERT INTO t VALUES ('in the log alone')");
        assert_eq!(all(&access).1, Where::Pager);
        old.rollback();
        assert_eq!(all(&access).1, Where::File);
        let delete = Open { journal_mode: crate::request::JournalMode::Delete, ..Open::default() };
        let settings = Settings::new(Some(folder.path().join("b.db")), &delete);
        let rollback = Access::Pool(std::sync::Arc::new(crate::sqlite::Pool::open(settings).expect("opens").0));
        rollback.writer(&Operation::new()).expect("leases").execute_batch("CREATE TABLE t (a)").expect("writes");
        assert_eq!(all(&rollback).1, Where::File);
        let memory = crate::sqlite::Pool::open(Settings::new(None, &Open::default())).expect("opens").0;
        let memory = Access::Pool(std::sync::Arc::new(memory));
        memory.writer(&Operation::new()).expect("leases").execute_batch("CREATE TABLE t (a)").expect("writes");
        assert_eq!(all(&memory).1, Where::Pager);
    }
}
