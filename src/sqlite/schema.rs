//! What the schema holds, as far as more than one verb asks for it.
//!
//! Leaves to others: what the answers mean.
//!
//! Invariant: names go into SQL quoted, whatever characters they have.

use serde::{Deserialize, Serialize};

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

/// One object of the schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Object {
    /// `table`, `index`, `view` or `trigger`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The table it belongs to.
    pub table: String,
    /// The statement that made it.
    pub sql: String,
}

/// Every object of the main database but SQLite's and this library's own, by kind and name; what SQLite makes by itself for a
/// constraint is not among them.
pub fn objects(connection: &Connection) -> Result<Vec<Object>> {
    let mut found =
        objects_of(connection, "SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL", &[])?;
    let starts =
        |name: &str, prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    // why not LIKE and ORDER BY: over a thousand objects they take SQLite four times as long
    // why not those: no trigger is ours, and one on a table of ours was planted
    let is_ours = |object: &Object| object.kind != "trigger" && starts(&object.table, "rpmadb_");
    found.retain(|object| !starts(&object.name, "sqlite_") && !is_ours(object));
    found.sort_unstable();
    Ok(found)
}

/// The indexes and triggers of a table.
pub fn dependants(connection: &Connection, table: &str) -> Result<Vec<Object>> {
    let sql = "SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE tbl_name = ? COLLATE NOCASE \
               AND type IN ('index', 'trigger') AND sql IS NOT NULL";
    objects_of(connection, sql, &[table.into()])
}

/// The table of a unique index; `None` when there is no such index, or it is not unique.
pub fn table_of_unique_index(connection: &Connection, index: &str) -> Result<Option<String>> {
    let sql = "SELECT m.tbl_name FROM main.sqlite_schema AS m, pragma_index_list(m.tbl_name, 'main') AS i \
               WHERE m.type = 'index' AND m.name = ?1 COLLATE NOCASE AND i.name = m.name AND i.\"unique\"";
    connection.value(sql, &[index.into()])
}

/// All views and triggers.
pub fn views_and_triggers(connection: &Connection) -> Result<Vec<Object>> {
    let sql = "SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE type IN ('view', 'trigger')";
    objects_of(connection, sql, &[])
}

fn objects_of(connection: &Connection, sql: &str, params: &[Value]) -> Result<Vec<Object>> {
    let mut found = Vec::new();
    connection.ours(sql, |statement| {
        statement.bind(params.into())?;
        // why row by row: a schema of thousands of objects is held once, not twice
        statement.for_each(|row| {
            let [kind, name, table, sql] = [0, 1, 2, 3].map(|column| text(row.value(column)));
            if let (Some(kind), Some(name), Some(table), Some(sql)) = (kind, name, table, sql) {
                found.push(Object { kind, name, table, sql });
            }
            Ok(true)
        })
    })?;
    Ok(found)
}

/// Whether the main database has an object of this type and name.
pub fn exists(connection: &Connection, kind: &str, name: &str) -> Result<bool> {
    let sql = "SELECT count(*) FROM main.sqlite_schema WHERE type = ? AND name = ? COLLATE NOCASE";
    Ok(connection.value::<i64>(sql, &[kind.into(), name.into()])?.unwrap_or(0) > 0)
}

/// A name quoted for SQL.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The text of a value that is one.
pub(super) fn text(value: Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_are_counted() {
        let connection = Connection::open_in_memory().expect("opens");
        connection
            .execute_batch("CREATE TABLE \"a\"\"b; c\" (x); INSERT INTO \"a\"\"b; c\" VALUES (1), (2); CREATE TABLE w (k PRIMARY KEY) WITHOUT ROWID")
            .expect("makes tables");
        assert_eq!(tables(&connection).expect("lists"), ["a\"b; c", "w"]);
        assert_eq!(count_rows(&connection, "a\"b; c"), Ok(Some(2)));
    }
}
