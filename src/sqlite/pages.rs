//! The pages of a database as one transaction sees them, in order, through the virtual table `sqlite_dbpage`.
//!
//! Why not SQLite's backup API: it copies into another database file, and a backup that is compressed and encrypted in one
//! pass never has one. Why not the file: in WAL mode the newest pages are in the log.
//!
//! Leaves to others: what becomes of the pages (`archive/`), the transaction.
//!
//! Invariants: the caller's transaction is open, so that no page changes on the way; the page that holds SQLite's locks is
//! zeros; the first page says rollback journal, so that a copy opens on read-only media.

use std::collections::BTreeMap;

use rusqlite::types::ValueRef;

use super::connection::Connection;
use super::value::Value;
use crate::error::{Error, Result};

/// Bytes 18 and 19 of the first page: 1 for a rollback journal, 2 for WAL.
const VERSIONS: std::ops::Range<usize> = 18..20;

/// Size and number of the pages that the open transaction sees.
pub fn page_figures(connection: &Connection) -> Result<(u32, u32)> {
    let pragma = |name: &str| connection.value::<i64>(&format!("PRAGMA main.{name}"), &[]);
    let fits = |value: Option<i64>| u32::try_from(value.unwrap_or(0)).unwrap_or(0);
    Ok((fits(pragma("page_size")?), fits(pragma("page_count")?)))
}

/// Hands every page to `each`, in order, beginning with number 1.
pub fn for_each_page(connection: &Connection, mut each: impl FnMut(u32, &[u8]) -> Result<()>) -> Result<()> {
    connection.must_be_in_transaction()?;
    let mut number = 0;
    let mut first = Vec::new();
    connection.ours("SELECT data FROM sqlite_dbpage('main')", |statement| {
        statement.for_each_first(|value| {
            let ValueRef::Blob(page) = value else {
                return Err(Error::Internal { detail: "sqlite_dbpage gave no page".into() });
            };
            number += 1;
            if number > 1 {
                return each(number, page);
            }
            first.extend_from_slice(page);
            if let Some(versions) = first.get_mut(VERSIONS) {
                versions.fill(1);
            }
            each(1, &first)
        })
    })
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
    walk(
        "SELECT d.pageno, coalesce(m.type || ' ' || d.name, d.name) FROM dbstat AS d \
         LEFT JOIN sqlite_schema AS m ON m.name = d.name",
    )?;
    Ok(found)
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
        assert!(for_each_page(&source, |_, _| Ok(())).is_err(), "without a transaction pages could change");
        source.begin_snapshot().expect("begins");
        let mut bytes = Vec::new();
        for_each_page(&source, |_, page| {
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
}
