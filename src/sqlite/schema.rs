//! What the schema holds, as far as more than one verb asks for it.
//!
//! Leaves to others: what the answers mean.
//!
//! Invariant: names go into SQL quoted, whatever characters they have.

use super::connection::Connection;
use super::value::Value;
use crate::error::{Error, Result};

/// Names of all tables but SQLite's own, in order; shadow tables of virtual tables are among them.
pub fn tables(connection: &Connection) -> Result<Vec<String>> {
    let rows = connection.rows(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        &[],
    )?;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next().and_then(text)).collect())
}

/// Drops the temporary tables of a connection, their indexes with them.
pub fn drop_temporary(connection: &Connection) -> Result<()> {
    for row in connection.rows("SELECT name FROM temp.sqlite_schema WHERE type = 'table'", &[])? {
        if let Some(name) = row.into_iter().next().and_then(text) {
            connection.execute_batch(&format!("DROP TABLE temp.{}", quoted(&name)))?;
        }
    }
    Ok(())
}

/// How many objects of a type (`table`, `index`, `view`, `trigger`) there are.
pub fn count_of_type(connection: &Connection, kind: &str) -> Result<u64> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = ?";
    Ok(connection.value(sql, &[kind.into()])?.unwrap_or(0))
}

/// Rows of a table, counted; `None` for a virtual table whose module is not in this build.
pub fn count_rows(connection: &Connection, table: &str) -> Result<Option<u64>> {
    match connection.value(&format!("SELECT count(*) FROM {}", quoted(table)), &[]) {
        Err(Error::Sql { message, .. }) if message.contains("no such module") => Ok(None),
        outcome => outcome,
    }
}

/// Rows of a table without scanning it: SQLite's statistics where ANALYZE left some, otherwise the span of the row
/// ids; `None` where neither exists.
pub fn estimate_rows(connection: &Connection, table: &str) -> Result<Option<u64>> {
    let has_statistics: i64 =
        connection.value("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'", &[])?.unwrap_or(0);
    if has_statistics > 0 {
        let sql = "SELECT max(CAST(stat AS INTEGER)) FROM sqlite_stat1 WHERE tbl = ?";
        if let Some(Some(rows)) = connection.value::<Option<u64>>(sql, &[table.into()])? {
            return Ok(Some(rows));
        }
    }
    let name = quoted(table);
    // why two subqueries: SQLite answers each from one end of the tree, but scans for both in one SELECT
    let sql = format!("SELECT (SELECT max(rowid) FROM {name}) - (SELECT min(rowid) FROM {name}) + 1");
    match connection.value::<Option<u64>>(&sql, &[]) {
        Ok(rows) => Ok(Some(rows.flatten().unwrap_or(0))),
        Err(Error::Sql { .. } | Error::Corrupt { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A row whose foreign key points nowhere, or a key that cannot be checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Violation {
    /// The table of the row.
    pub table: String,
    /// The table it points to.
    pub parent: String,
    /// Which foreign key of the table; `None` when SQLite cannot check the table, because a parent has no unique key to
    /// point to.
    pub key: Option<i64>,
    /// Its row id; `None` in a table without row ids.
    pub rowid: Option<i64>,
}

/// Hands each violation to `each` until that returns false. A key that does not fit its parent is a violation like
/// others and keeps no other table from being checked.
pub fn foreign_key_check(connection: &Connection, mut each: impl FnMut(Violation) -> bool) -> Result<()> {
    let sql = "SELECT DISTINCT m.name FROM main.sqlite_schema AS m, pragma_foreign_key_list(m.name) \
               WHERE m.type = 'table' ORDER BY m.name";
    let mut more = true;
    for row in connection.rows(sql, &[])? {
        let Some(table) = row.into_iter().next().and_then(text).filter(|_| more) else { continue };
        let check = format!("PRAGMA main.foreign_key_check({})", quoted(&table));
        let outcome = connection.ours(&check, |statement| {
            statement.for_each(|row| {
                let number = |column| if let Value::Integer(number) = row.value(column) { Some(number) } else { None };
                let parent = text(row.value(2)).unwrap_or_default();
                more = each(Violation { table: table.clone(), parent, key: number(3), rowid: number(1) });
                Ok(more)
            })
        });
        match outcome {
            Err(Error::Sql { message, .. }) if message.contains("foreign key mismatch") => {
                let parent = message.rsplit_once("referencing ").map_or("", |(_, parent)| parent).trim_matches('"');
                more = each(Violation { table, parent: parent.to_owned(), key: None, rowid: None });
            }
            outcome => outcome?,
        }
    }
    Ok(())
}

/// A name quoted for SQL.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_does_not_fit_its_parent_hides_no_other_violation() {
        let connection = Connection::open_in_memory().expect("opens");
        connection
            .execute_batch(
                "PRAGMA foreign_keys=OFF; CREATE TABLE p (a); CREATE TABLE k (x REFERENCES p (a)); INSERT INTO k VALUES (1);
                 CREATE TABLE q (id INTEGER PRIMARY KEY); CREATE TABLE z (y REFERENCES q); INSERT INTO z VALUES (7);",
            )
            .expect("makes tables");
        let mut found = Vec::new();
        foreign_key_check(&connection, |violation| {
            found.push((violation.table, violation.parent, violation.key, violation.rowid));
            true
        })
        .expect("checks");
        assert_eq!(found, [("k".into(), "p".into(), None, None), ("z".into(), "q".into(), Some(0), Some(1))]);
    }

    #[test]
    fn odd_names_are_counted_and_estimated() {
        let connection = Connection::open_in_memory().expect("opens");
        connection
            .execute_batch("CREATE TABLE \"a\"\"b; c\" (x); INSERT INTO \"a\"\"b; c\" VALUES (1), (2); CREATE TABLE w (k PRIMARY KEY) WITHOUT ROWID")
            .expect("makes tables");
        assert_eq!(tables(&connection).expect("lists"), ["a\"b; c", "w"]);
        assert_eq!(count_rows(&connection, "a\"b; c"), Ok(Some(2)));
        assert_eq!(estimate_rows(&connection, "a\"b; c"), Ok(Some(2)));
        assert_eq!(estimate_rows(&connection, "w"), Ok(None));
    }
}
