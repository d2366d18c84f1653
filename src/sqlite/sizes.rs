//! How many pages each table and index occupies, by SQLite's `dbstat`.
//!
//! Leaves to others: when the walk is worth its time (`ops/stats.rs`): it reads every page in use.
//!
//! Why page by page and not `dbstat`'s own sums: those take one step for a whole tree, which nothing could stop, and
//! they do not tell overflow pages.
//!
//! Invariant: a damaged tree ends the walk at the latest when more pages came than the database has.

use std::collections::HashMap;

use super::connection::Connection;
use super::schema;
use crate::error::{Error, Result};
use crate::report::{ObjectKind, ObjectSize};

/// What a walk found.
#[derive(Debug, Default)]
pub struct Sizes {
    /// The objects, largest first; `None` when the walk did not come to its end.
    pub objects: Option<Vec<ObjectSize>>,
    /// Names of the objects with a damaged page.
    pub damaged: Vec<String>,
}

/// Pages between two reports.
const STRIDE: u64 = 1_024;

/// Walks through every page in use and calls `progress` with pages done and in all. `None` when this SQLite has no
/// `dbstat`, or a table of that name hides it.
pub fn sizes(connection: &Connection, mut progress: impl FnMut(u64, u64) -> Result<()>) -> Result<Option<Sizes>> {
    let pragma = |name: &str| -> Result<u64> { Ok(connection.value(&format!("PRAGMA {name}"), &[])?.unwrap_or(0)) };
    let (page_size, page_count) = (pragma("page_size")?, pragma("page_count")?);
    let known = known(connection)?;
    let mut found: Vec<ObjectSize> = Vec::new();
    let mut damaged: Vec<String> = Vec::new();
    let mut done = 0;
    let mut whole = true;
    let walk = connection.ours("SELECT name, pagetype, unused FROM dbstat('main')", |statement| {
        statement.for_each(|row| {
            let name = row.text(0).unwrap_or_default();
            if found.last().is_none_or(|object| object.name != name) {
                let (kind, table) = match known.get(name) {
                    Some((kind, table)) => (*kind, table.clone()),
                    None => (ObjectKind::Table, name.to_owned()),
                };
                found.push(ObjectSize { name: name.to_owned(), table, kind, ..ObjectSize::default() });
            }
            if let Some(object) = found.last_mut() {
                object.pages += 1;
                object.size_bytes += page_size;
                object.unused_bytes += row.number(2).unwrap_or(0).min(page_size);
                match row.text(1) {
                    Some("overflow") => object.overflow_pages += 1,
                    Some("internal" | "leaf") => {}
                    _ if damaged.last() != Some(&object.name) => damaged.push(object.name.clone()),
                    _ => {}
                }
            }
            done += 1;
            if done % STRIDE == 0 {
                progress(done, page_count)?;
            }
            whole = done <= page_count;
            Ok(whole)
        })
    });
    match walk {
        Ok(()) => {}
        Err(Error::Corrupt { .. }) => whole = false,
        // why by text: SQLite has no code for it
        Err(Error::Sql { message, .. }) if message.contains("dbstat") => return Ok(None),
        Err(error) => return Err(error),
    }
    if !whole && let Some(last) = found.last().filter(|last| damaged.last() != Some(&last.name)) {
        damaged.push(last.name.clone());
    }
    found.sort_unstable_by(|a, b| b.size_bytes.cmp(&a.size_bytes).then_with(|| a.name.cmp(&b.name)));
    Ok(Some(Sizes { objects: whole.then_some(found), damaged }))
}

/// What each tree of the file is, and of which table.
fn known(connection: &Connection) -> Result<HashMap<String, (ObjectKind, String)>> {
    let mut known = HashMap::new();
    for row in connection.rows("SELECT name, type, tbl_name FROM main.sqlite_schema WHERE rootpage > 0", &[])? {
        let mut texts = row.into_iter().filter_map(schema::text);
        if let (Some(name), Some(kind), Some(table)) = (texts.next(), texts.next(), texts.next()) {
            let kind = if kind == "index" { ObjectKind::Index } else { ObjectKind::Table };
            known.insert(name, (kind, table));
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_in_use_belongs_to_an_object() {
        let connection = Connection::open_in_memory().expect("opens");
        connection
            .execute_batch(
                "CREATE TABLE a (x UNIQUE, y); CREATE INDEX by_y ON a (y); CREATE VIEW v AS SELECT 1;
                 CREATE TABLE big (x); INSERT INTO big VALUES (zeroblob(100000));
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO a SELECT i, i FROM n;
                 CREATE TABLE gone (x); INSERT INTO gone VALUES (zeroblob(50000)); DROP TABLE gone",
            )
            .expect("fills");
        let mut reports = Vec::new();
        let found = sizes(&connection, |done, total| {
            reports.push((done, total));
            Ok(())
        });
        let found = found.expect("walks").expect("has dbstat");
        let objects = found.objects.expect("comes to its end");
        let pragma =
            |name: &str| connection.value::<u64>(&format!("PRAGMA {name}"), &[]).expect("answers").expect("a row");
        let in_use = pragma("page_count") - pragma("freelist_count");
        assert_eq!(objects.iter().map(|object| object.pages).sum::<u64>(), in_use);
        assert_eq!(objects.iter().map(|object| object.size_bytes).sum::<u64>(), in_use * pragma("page_size"));
        assert!(objects.is_sorted_by(|a, b| a.size_bytes >= b.size_bytes));
        let of = |name: &str| objects.iter().find(|object| object.name == name).expect(name);
        assert_eq!((of("by_y").kind, of("by_y").table.as_str()), (ObjectKind::Index, "a"));
        assert_eq!((of("sqlite_autoindex_a_1").kind, of("a").kind), (ObjectKind::Index, ObjectKind::Table));
        assert_eq!(of("big").overflow_pages, of("big").pages - 1);
        assert!(of("big").overflow_pages >= 24 && of("a").overflow_pages == 0);
        assert!(objects.iter().all(|object| object.unused_bytes < object.size_bytes));
        assert_eq!(of("sqlite_schema").pages, 1);
        assert_eq!(found.damaged, Vec::<String>::new());
        assert_eq!(reports, Vec::new(), "fewer pages than a report is worth");
    }

    #[test]
    fn a_table_that_hides_dbstat_leaves_sizes_unknown() {
        let connection = Connection::open_in_memory().expect("opens");
        connection.execute_batch("CREATE TABLE dbstat (x)").expect("makes");
        assert!(sizes(&connection, |_, _| Ok(())).expect("no error").is_none());
    }

    #[test]
    fn a_circle_in_a_tree_ends_the_walk() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let settings = crate::sqlite::Settings::new(Some(path.clone()), &crate::request::Open::default());
        let connection = Connection::open(&settings, true, false).expect("opens");
        connection
            .execute_batch(
                "CREATE TABLE a (x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) \
                 INSERT INTO a SELECT i FROM n; CREATE TABLE b (x)",
            )
            .expect("fills");
        drop(connection);
        let mut bytes = std::fs::read(&path).expect("reads");
        assert_eq!(bytes[4096], 0x05, "the root of a, above the leaves");
        // the right-most child, and every child whose cell is there, lead back to the root
        bytes[4096 + 8..4096 + 12].copy_from_slice(&2u32.to_be_bytes());
        for cell in 0..4 {
            let at = 4096 + usize::from(u16::from_be_bytes([bytes[4108 + 2 * cell], bytes[4109 + 2 * cell]]));
            bytes[at..at + 4].copy_from_slice(&2u32.to_be_bytes());
        }
        std::fs::write(&path, bytes).expect("writes");
        let connection = Connection::open(&settings, false, true).expect("opens");
        let found = sizes(&connection, |_, _| Ok(())).expect("no error").expect("has dbstat");
        assert_eq!((found.objects, found.damaged), (None, vec!["a".to_owned()]));
    }
}
