//! Rows of tables without scanning them: SQLite's statistics where ANALYZE left some that still hold, otherwise a
//! sample of the table's pages.
//!
//! How a sample counts: level by level from the root down, a few pages of each level are read, spread evenly over it,
//! and each stands for those between it and the next. A tree small enough to be read whole is counted exactly. The
//! pages come from `sqlite_dbpage`; a build without it has the span of the row ids, which deleted rows make too wide.
//!
//! Leaves to others: what a page says (`page.rs`), exact counts (`schema.rs`).
//!
//! Invariants: the same database gives the same numbers; a damaged page makes its table unknown and fails nothing.

use std::collections::{BTreeMap, HashMap};

use super::connection::Connection;
use super::page::{self, Node};
use super::schema::quoted;
use super::statement::{Params, Statement};
use super::value::Value;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::report::RowSource;

/// Pages read of one level of all tables together: a page takes 3 to 12 us.
const PAGES: usize = 256;
/// Pages read of one level of one table.
const SAMPLE: std::ops::RangeInclusive<usize> = 3..=48;
/// No tree is deeper: each level has at least twice the pages of the one above.
const DEEPEST: usize = 32;
/// No row takes less on a page: two bytes of pointer, and a cell has four at least.
const SMALLEST_ROW: u64 = 6;

/// A sample that may be off by more than this share of the rows is not large enough.
const MOST_ERROR: f64 = 0.05;
/// How many times as many pages are read then.
const LARGER: usize = 6;

/// Rows of a table, and where the number comes from.
pub type Estimate = (u64, RowSource);

/// The estimates by table, `None` where there is none, and the tables with a damaged page in the way of a sample.
pub type Estimates = (BTreeMap<String, Option<Estimate>>, Vec<String>);

/// A table of the schema.
struct Table {
    name: String,
    /// 0 for a virtual one.
    root: u32,
    /// The statement that made it, of a virtual one.
    sql: Option<String>,
}

/// Estimates the rows of every table but SQLite's own.
pub fn estimate(connection: &Connection, operation: &Operation) -> Result<Estimates> {
    let tables = tables(connection)?;
    operation.report("estimating rows", 0, tables.len() as u64)?;
    let statistics = statistics(connection)?;
    let sampled = sample(connection, &tables, operation)?;
    let mut found = BTreeMap::new();
    let mut damaged = Vec::new();
    for table in tables.iter().filter(|table| table.root > 0) {
        let looked = match &sampled {
            Some(sampled) => {
                let rows = sampled.get(&table.root).copied();
                if rows.is_none() {
                    damaged.push(table.name.clone());
                }
                rows
            }
            None => by_row_ids(connection, &table.name)?.map(|rows| (rows, RowSource::RowIds)),
        };
        found.insert(table.name.clone(), settle(statistics.get(&table.name).copied(), looked));
    }
    for table in tables.iter().filter(|table| table.root == 0) {
        let rows = shadows(table).into_iter().find_map(|shadow| found.get(&shadow).copied().flatten());
        found.insert(table.name.clone(), rows);
    }
    Ok((found, damaged))
}

/// Statistics are as old as the last ANALYZE: they are taken where the table looks as if they still held.
fn settle(statistics: Option<u64>, looked: Option<Estimate>) -> Option<Estimate> {
    match (statistics, looked) {
        (None, looked) => looked,
        (Some(rows), None) => Some((rows, RowSource::Statistics)),
        (Some(rows), Some((seen, source))) => {
            let holds = match source {
                RowSource::Exact => rows == seen,
                RowSource::RowIds => rows <= seen,
                // why so wide: a sample may be off by a fifth itself
                _ => rows <= seen.saturating_mul(3) / 2 && seen <= rows.saturating_mul(3) / 2,
            };
            Some(if holds { (rows, RowSource::Statistics) } else { (seen, source) })
        }
    }
}

fn tables(connection: &Connection) -> Result<Vec<Table>> {
    let sql = "SELECT name, coalesce(rootpage, 0), CASE WHEN coalesce(rootpage, 0) = 0 THEN sql END \
               FROM main.sqlite_schema WHERE type = 'table'";
    let mut found = Vec::new();
    connection.ours(sql, |statement| {
        statement.for_each(|row| {
            let own = |name: &&str| !name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_"));
            if let Some(name) = row.text(0).filter(own) {
                let root = row.number(1).and_then(|root| root.try_into().ok()).unwrap_or(0);
                found.push(Table { name: name.to_owned(), root, sql: row.text(2).map(str::to_owned) });
            }
            Ok(true)
        })
    })?;
    Ok(found)
}

/// What ANALYZE left: of each table the most entries that an index of it had.
fn statistics(connection: &Connection) -> Result<HashMap<String, u64>> {
    let mut found = HashMap::new();
    let sql = "SELECT tbl, max(CAST(stat AS INTEGER)) FROM main.sqlite_stat1 GROUP BY tbl";
    let outcome = connection.ours(sql, |statement| {
        statement.for_each(|row| {
            if let (Some(table), Some(rows)) = (row.text(0), row.number(1)) {
                found.insert(table.to_owned(), rows);
            }
            Ok(true)
        })
    });
    match outcome {
        // why: there is no such table before the first ANALYZE, and a damaged one is none
        Ok(()) | Err(Error::Sql { .. } | Error::Corrupt { .. }) => Ok(found),
        Err(error) => Err(error),
    }
}

/// Rows by root page, without those tables that have a damaged page in the way; `None` when pages cannot be read.
fn sample(connection: &Connection, tables: &[Table], operation: &Operation) -> Result<Option<HashMap<u32, Estimate>>> {
    let outcome = connection.ours("SELECT data FROM sqlite_dbpage('main') WHERE pgno = ?", |statement| {
        let mut pages = Pages { statement, random: 1 };
        let mut found = HashMap::new();
        let mut trees = Vec::new();
        for table in tables.iter().filter(|table| table.root > 0) {
            match pages.node(table.root)? {
                Some(node) if node.children.is_empty() => {
                    found.insert(table.root, (u64::from(node.cells), RowSource::Exact));
                }
                Some(node) => trees.push((table.root, node)),
                None => {}
            }
        }
        let most = (PAGES / trees.len().max(1)).clamp(*SAMPLE.start(), *SAMPLE.end());
        // why a limit: where all tables are uneven, all of them larger would take several times as long
        let mut larger = PAGES;
        for (root, node) in trees {
            operation.check()?;
            let mut outcome = pages.tree(&node, most)?;
            let is_uneven = outcome.is_some_and(|(_, error)| error > MOST_ERROR);
            let enough = (most * LARGER).min(larger);
            if is_uneven && enough > most {
                larger -= enough;
                outcome = pages.tree(&node, enough)?;
            }
            if let Some((rows, _)) = outcome {
                found.insert(root, rows);
            }
        }
        Ok(found)
    });
    match outcome {
        Ok(found) => Ok(Some(found)),
        // why by text: SQLite has no code for it
        Err(Error::Sql { message, .. }) if message.contains("sqlite_dbpage") => Ok(None),
        Err(error) => Err(error),
    }
}

/// The pages of the file.
struct Pages<'s, 'c> {
    statement: &'s mut Statement<'c>,
    random: u64,
}

impl Pages<'_, '_> {
    /// A page of a b-tree; `None` when it is damaged.
    fn node(&mut self, number: u32) -> Result<Option<Node>> {
        let mut node = None;
        self.statement.bind(Params::Positional(&[Value::Integer(i64::from(number))]))?;
        let outcome = self.statement.for_each(|row| {
            node = row.blob(0).and_then(|bytes| page::node(number, bytes));
            Ok(false)
        });
        match outcome {
            Ok(()) => Ok(node),
            Err(Error::Corrupt { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The rows below and in `root`, by at most `most` pages of each level, and by what share of them that may be off.
    fn tree(&mut self, root: &Node, most: usize) -> Result<Option<(Estimate, f64)>> {
        let is_index = root.is_index;
        let mut source = RowSource::Exact;
        let mut rows = 0.0;
        // each page with the number of pages it stands for
        let mut level = vec![(root.clone(), 1.0)];
        for _ in 0..DEEPEST {
            let is_leaf = level.iter().all(|(node, _)| node.children.is_empty());
            let is_inner = level.iter().all(|(node, _)| !node.children.is_empty());
            // why: in a sound tree all leaves are on one level, and all pages of one kind
            if !(is_leaf || is_inner) || level.iter().any(|(node, _)| node.is_index != is_index) {
                return Ok(None);
            }
            if is_leaf || is_index {
                rows += level.iter().map(|(node, weight)| weight * f64::from(node.cells)).sum::<f64>();
            }
            if is_leaf {
                let error = if source == RowSource::Exact { 0.0 } else { standard_error(&level) / rows.max(1.0) };
                return Ok(Some(((rows.round() as u64, source), error)));
            }
            let below: Vec<(u32, f64)> =
                level.iter().flat_map(|(node, weight)| node.children.iter().map(|child| (*child, *weight))).collect();
            if below.len() > most {
                source = RowSource::Sampled;
            }
            level.clear();
            for (place, stands_for) in self.spread(below.len(), most) {
                let (number, weight) = below[place];
                match self.node(number)? {
                    Some(node) => level.push((node, weight * stands_for)),
                    None => return Ok(None),
                }
            }
        }
        Ok(None)
    }

    /// At most `most` of the places below `count`, one at random out of each of so many equal parts, with the size of the
    /// part. The last place is a part of its own: rows are mostly added at the end, and the page there is seldom full.
    fn spread(&mut self, count: usize, most: usize) -> Vec<(usize, f64)> {
        if count <= most {
            return (0..count).map(|place| (place, 1.0)).collect();
        }
        let parts = most - 1;
        let bound = |part: usize| part * (count - 1) / parts;
        let mut chosen: Vec<(usize, f64)> = (0..parts)
            .map(|part| {
                let size = bound(part + 1) - bound(part);
                (bound(part) + self.next() as usize % size, size as f64)
            })
            .collect();
        chosen.push((count - 1, 1.0));
        chosen
    }

    /// The next number of splitmix64.
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// How far a sum over sampled leaves may be off, from how much they differ. The last leaf stands for itself alone.
fn standard_error(leaves: &[(Node, f64)]) -> f64 {
    let sampled = leaves.split_last().map_or(&[][..], |(_, before)| before);
    let count = sampled.len() as f64;
    let rows = || sampled.iter().map(|(node, weight)| weight * f64::from(node.cells));
    let mean = rows().sum::<f64>() / count.max(1.0);
    let squares: f64 = rows().map(|rows| (rows - mean).powi(2)).sum();
    (squares * count / (count - 1.0).max(1.0)).sqrt()
}

/// The span of the row ids; `None` where there are none, and where it is more than the file can hold.
fn by_row_ids(connection: &Connection, table: &str) -> Result<Option<u64>> {
    let name = quoted(table);
    // why two subqueries: SQLite answers each from one end of the tree, but scans for both in one SELECT
    let sql = format!("SELECT (SELECT max(rowid) FROM {name}) - (SELECT min(rowid) FROM {name}) + 1");
    // why a value of any type: a span beyond 64 bits is a float
    let span = match connection.value::<Value>(&sql, &[]) {
        Ok(Some(Value::Integer(span))) => u64::try_from(span).ok(),
        Ok(Some(Value::Null) | None) => Some(0),
        Ok(_) | Err(Error::Sql { .. } | Error::Corrupt { .. }) => None,
        Err(error) => return Err(error),
    };
    let pragma = |name: &str| connection.value::<u64>(&format!("PRAGMA {name}"), &[]);
    let bytes = pragma("page_size")?.unwrap_or(0) * pragma("page_count")?.unwrap_or(0);
    Ok(span.filter(|span| *span <= bytes / SMALLEST_ROW))
}

/// The tables in which a virtual one keeps one row for each of its own, where its module is known to.
fn shadows(table: &Table) -> Vec<String> {
    let module = table.sql.as_deref().and_then(module).unwrap_or_default().to_ascii_lowercase();
    let suffixes: &[&str] = match module.as_str() {
        "fts5" | "fts4" | "fts3" => &["docsize", "content"],
        "rtree" | "rtree_i32" | "geopoly" => &["rowid"],
        _ => &[],
    };
    suffixes.iter().map(|suffix| format!("{}_{suffix}", table.name)).collect()
}

/// The module of `CREATE VIRTUAL TABLE name USING module...`; SQLite keeps the statement in this form.
fn module(sql: &str) -> Option<&str> {
    let rest = sql.strip_prefix("CREATE VIRTUAL TABLE ")?;
    let behind_name = match rest.chars().next()? {
        '[' => rest.split_once(']')?.1,
        quote @ ('"' | '\'' | '`') => {
            let mut rest = &rest[1..];
            loop {
                rest = rest.split_once(quote)?.1;
                match rest.strip_prefix(quote) {
                    Some(after) => rest = after,
                    None => break rest,
                }
            }
        }
        _ => rest.split_once(char::is_whitespace)?.1,
    };
    let mut words = behind_name.split_whitespace();
    words.next().filter(|word| word.eq_ignore_ascii_case("using"))?;
    words.next()?.split('(').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimates(connection: &Connection) -> Estimates {
        estimate(connection, &Operation::new()).expect("estimates")
    }

    fn filled(sql: &str) -> Connection {
        let connection = Connection::open_in_memory().expect("opens");
        connection.execute_batch(sql).expect(sql);
        connection
    }

    const NUMBERS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)";

    #[test]
    fn small_tables_are_counted_and_large_ones_are_near() {
        let connection = filled(&format!(
            "CREATE TABLE \"a\"\"b; c\" (x); INSERT INTO \"a\"\"b; c\" VALUES (1), (2);
             CREATE TABLE none (x);
             CREATE TABLE few (k PRIMARY KEY) WITHOUT ROWID;
             {NUMBERS} INSERT INTO few SELECT i FROM n LIMIT 3000;
             CREATE TABLE plain (id INTEGER PRIMARY KEY, x); {NUMBERS} INSERT INTO plain SELECT i, i % 97 FROM n;
             CREATE TABLE odd (x); {NUMBERS} INSERT INTO odd SELECT randomblob(i % 300) FROM n;
             CREATE TABLE keyed (k PRIMARY KEY, v) WITHOUT ROWID; {NUMBERS} INSERT INTO keyed SELECT i * 7919 % 60013, 'v' FROM n;
             CREATE TABLE thinned (id INTEGER PRIMARY KEY, x); {NUMBERS} INSERT INTO thinned SELECT i * 1000, 'some text' FROM n;
             DELETE FROM thinned WHERE id % 3000 > 0 AND id < 45000000;"
        ));
        let (found, damaged) = estimates(&connection);
        assert_eq!(damaged, Vec::<String>::new());
        assert_eq!(found["a\"b; c"], Some((2, RowSource::Exact)));
        assert_eq!(found["none"], Some((0, RowSource::Exact)));
        assert_eq!(found["few"], Some((3000, RowSource::Exact)), "a tree that is read whole, inner pages included");
        for (table, rows) in [("plain", 60_000), ("odd", 60_000), ("keyed", 60_000), ("thinned", 30_000)] {
            let (estimate, source) = found[table].expect(table);
            assert_eq!(source, RowSource::Sampled, "{table}");
            assert!(estimate.abs_diff(rows) <= rows / 5, "{table}: {estimate}");
        }
        assert_eq!(estimates(&connection).0, found, "the same again");
    }

    #[test]
    fn of_uneven_tables_more_pages_are_read() {
        let uneven = "INSERT INTO t0 SELECT zeroblob(CASE WHEN random() % 5 = 0 THEN 3000 ELSE 5 END) FROM n";
        let even =
            (1..20).map(|n| format!("CREATE TABLE t{n} (x); {NUMBERS} INSERT INTO t{n} SELECT i FROM n LIMIT 9000;"));
        let connection = filled(&format!("CREATE TABLE t0 (x); {NUMBERS} {uneven}; {}", even.collect::<String>()));
        let root = connection.value::<u64>("SELECT rootpage FROM sqlite_schema WHERE name = 't0'", &[]);
        let root = u32::try_from(root.expect("answers").expect("is there")).expect("a page");
        let error = |most| {
            connection.ours("SELECT data FROM sqlite_dbpage('main') WHERE pgno = ?", |statement| {
                let mut pages = Pages { statement, random: 1 };
                let node = pages.node(root)?.expect("sound");
                Ok(pages.tree(&node, most)?.expect("sound").1)
            })
        };
        let few = error(PAGES / 20).expect("samples");
        assert!(few > MOST_ERROR, "{few}");
        assert!(error(PAGES / 20 * LARGER).expect("samples") < few);
        let (rows, _) = estimates(&connection).0["t0"].expect("estimated");
        assert!(rows.abs_diff(60_000) <= 12_000, "{rows}");
    }

    #[test]
    fn statistics_are_taken_as_long_as_they_hold() {
        let connection = filled(&format!(
            "CREATE TABLE a (x); CREATE INDEX i ON a (x); {NUMBERS} INSERT INTO a SELECT i FROM n;
             CREATE TABLE b (x); INSERT INTO b VALUES (1), (2); ANALYZE"
        ));
        let (found, _) = estimates(&connection);
        assert_eq!(found["a"], Some((60_000, RowSource::Statistics)));
        assert_eq!(found["b"], Some((2, RowSource::Statistics)));
        connection.execute_batch("DELETE FROM a WHERE rowid > 600; INSERT INTO b VALUES (3)").expect("changes");
        let (found, _) = estimates(&connection);
        assert_eq!(found["a"], Some((600, RowSource::Exact)));
        assert_eq!(found["b"], Some((3, RowSource::Exact)));
    }

    #[test]
    fn a_damaged_page_makes_its_table_unknown_and_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let settings = crate::sqlite::Settings::new(Some(path.clone()), &crate::request::Open::default());
        let connection = Connection::open(&settings, true, false).expect("opens");
        connection
            .execute_batch(&format!(
                "CREATE TABLE a (x); {NUMBERS} INSERT INTO a SELECT i FROM n LIMIT 5000;
                 CREATE TABLE b (x); INSERT INTO b VALUES (1)"
            ))
            .expect("fills");
        let root: u64 = connection
            .value("SELECT rootpage FROM sqlite_schema WHERE name = 'a'", &[])
            .expect("answers")
            .expect("is there");
        drop(connection);
        let sound = std::fs::read(&path).expect("reads");
        let at = (root as usize - 1) * 4096;
        let inner = std::fs::read(&path).expect("reads")[at..at + 12].to_vec();
        assert_eq!(inner[0], 0x05, "a root above the leaves");
        // a page that is none, a child that is not there, and a child that leads back to the root
        let child = |number: u32| [&inner[..8], &number.to_be_bytes()].concat();
        for (what, bytes) in [("noise", vec![0xff; 12]), ("beyond", child(1 << 20)), ("a circle", child(root as u32))] {
            let mut damaged = sound.clone();
            damaged[at..at + 12].copy_from_slice(&bytes);
            std::fs::write(&path, &damaged).expect("writes");
            let connection = Connection::open(&settings, false, true).expect("opens");
            let (found, damaged) = estimates(&connection);
            assert_eq!((found["a"], found["b"]), (None, Some((1, RowSource::Exact))), "{what}");
            assert_eq!(damaged, ["a"], "{what}");
        }
    }

    #[test]
    fn a_virtual_table_has_the_rows_of_its_shadow() {
        let connection = filled(
            "CREATE VIRTUAL TABLE \"a using b\" USING fts5(x); INSERT INTO \"a using b\" VALUES ('one'), ('two');
             CREATE VIRTUAL TABLE r USING rtree(id, x0, x1); INSERT INTO r VALUES (1, 2, 3)",
        );
        let (found, _) = estimates(&connection);
        assert_eq!(found["a using b"], Some((2, RowSource::Exact)));
        assert_eq!(found["r"], Some((1, RowSource::Exact)));
        let virtual_table = |name: &str, sql: &str| Table { name: name.into(), root: 0, sql: Some(sql.into()) };
        for (name, sql, first) in [
            ("f", "CREATE VIRTUAL TABLE f USING FTS4(x)", Some("f_docsize")),
            ("o'\"p", "CREATE VIRTUAL TABLE \"o'\"\"p\" using fts3", Some("o'\"p_docsize")),
            ("x", "CREATE VIRTUAL TABLE [x] USING dbstat", None),
            ("x", "CREATE VIRTUAL TABLE x", None),
        ] {
            assert_eq!(shadows(&virtual_table(name, sql)).first().map(String::as_str), first, "{sql}");
        }
    }

    #[test]
    fn without_pages_the_span_of_the_row_ids_is_taken_where_it_can_be_true() {
        let connection = filled(
            "CREATE TABLE a (x); INSERT INTO a VALUES (1), (2), (3); CREATE TABLE none (x);
             CREATE TABLE wide (id INTEGER PRIMARY KEY); INSERT INTO wide VALUES (1), (1000000);
             CREATE TABLE widest (id INTEGER PRIMARY KEY);
             INSERT INTO widest VALUES (-9223372036854775808), (9223372036854775807);
             CREATE TABLE w (k PRIMARY KEY) WITHOUT ROWID",
        );
        for (table, rows) in [("a", Some(3)), ("none", Some(0)), ("wide", None), ("widest", None), ("w", None)] {
            assert_eq!(by_row_ids(&connection, table), Ok(rows), "{table}");
        }
        let looked = |rows| Some((rows, RowSource::RowIds));
        assert_eq!(settle(Some(5), looked(9)), Some((5, RowSource::Statistics)));
        assert_eq!(settle(Some(9), looked(5)), looked(5));
        assert_eq!(settle(Some(5), None), Some((5, RowSource::Statistics)));
    }
}
