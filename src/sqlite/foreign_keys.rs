//! Foreign keys as the schema declares them, and the rows that violate them.
//!
//! Leaves to others: what a violation means.
//!
//! Invariant: a key that does not fit its parent counts as violated and keeps no other key from being looked at. The quick
//! count and SQLite's own check agree; where a difference could arise (affinities that differ), SQLite's own is used.

use super::connection::Connection;
use super::schema::{quoted, text};
use super::value::Value;
use crate::error::{Error, Result};

/// One row whose foreign key points nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// A foreign key of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// The table that has it.
    pub table: String,
    /// Its number in that table.
    pub id: i64,
    /// The table it points to, as the key names it.
    pub parent: String,
    /// Its columns.
    pub from: Vec<String>,
    /// The columns it points to; empty for the parent's primary key.
    pub to: Vec<String>,
}

/// Every foreign key of the main database.
pub fn all(connection: &Connection) -> Result<Vec<ForeignKey>> {
    // why first: the join below is dear to prepare, also where it finds nothing
    let sql = "SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND sql LIKE '%references%' LIMIT 1";
    if connection.value::<i64>(sql, &[])?.is_none() {
        return Ok(Vec::new());
    }
    // why the LIKE: it is far cheaper than asking every table for a list that is nearly always empty
    let sql = "SELECT m.name, k.id, k.\"table\", k.\"from\", k.\"to\" \
               FROM main.sqlite_schema AS m, pragma_foreign_key_list(m.name, 'main') AS k \
               WHERE m.type = 'table' AND m.sql LIKE '%references%' ORDER BY m.name, k.id, k.seq";
    let mut keys: Vec<ForeignKey> = Vec::new();
    for row in connection.rows(sql, &[])? {
        let mut row = row.into_iter();
        let mut next = || row.next().unwrap_or(Value::Null);
        let (Some(table), Value::Integer(id)) = (text(next()), next()) else { continue };
        let (Some(parent), Some(from)) = (text(next()), text(next())) else { continue };
        let to = text(next());
        match keys.last_mut().filter(|key| key.table == table && key.id == id) {
            Some(key) => {
                key.from.push(from);
                key.to.extend(to);
            }
            None => keys.push(ForeignKey { table, id, parent, from: vec![from], to: to.into_iter().collect() }),
        }
    }
    Ok(keys)
}

/// How many rows violate `key`.
pub fn count_violations(connection: &Connection, key: &ForeignKey) -> Result<u64> {
    let Some(to) = comparable_columns(connection, key)? else { return count_by_check(connection, key) };
    let (child, parent) = (quoted(&key.table), quoted(&key.parent));
    let columns = || key.from.iter().map(|from| format!("c.{}", quoted(from))).enumerate();
    let list = |parts: Vec<String>, separator: &str| parts.join(separator);
    let keys = list(columns().map(|(at, from)| format!("{from} AS k{at}")).collect(), ", ");
    let given = list(columns().map(|(_, from)| format!("{from} IS NOT NULL")).collect(), " AND ");
    // why BINARY: values that are one to the child's collation may be two to the parent's
    let groups = list(columns().map(|(_, from)| format!("{from} COLLATE BINARY")).collect(), ", ");
    let matches = to.iter().enumerate().map(|(at, to)| format!("p.{} = g.k{at}", quoted(to)));
    // why grouped: it asks for each value once and in order, so that a parent much larger than the page cache is read from
    //    one end to the other and not page by page at random
    let sql = format!(
        "SELECT sum(n) FROM (SELECT {keys}, count(*) AS n FROM main.{child} AS c WHERE {given} GROUP BY {groups}) AS g \
         WHERE NOT EXISTS (SELECT 1 FROM main.{parent} AS p WHERE {})",
        list(matches.collect(), " AND ")
    );
    Ok(connection.value::<Option<u64>>(&sql, &[])?.flatten().unwrap_or(0))
}

/// Whether the parent has no unique key that `key` could point to.
pub fn is_mismatched(connection: &Connection, key: &ForeignKey) -> Result<bool> {
    if comparable_columns(connection, key)?.is_some() {
        return Ok(false);
    }
    let mut mismatched = false;
    check_table(connection, &key.table, &mut |violation| {
        mismatched |= violation.key.is_none();
        true
    })?;
    Ok(mismatched)
}

/// The rows that violate `key`, each as a text of its primary key and the key's columns, in order: the same rows have the same
/// texts after their table was built anew.
pub fn violating_rows(connection: &Connection, key: &ForeignKey) -> Result<Vec<String>> {
    let mut found = Vec::new();
    match comparable_columns(connection, key)? {
        Some(to) => {
            let primary = columns(connection, &key.table)?.into_iter().filter(|column| column.primary > 0);
            let shown: Vec<String> = primary
                .map(|column| column.name)
                .chain(key.from.iter().cloned())
                .map(|name| format!("quote(c.{})", quoted(&name)))
                .collect();
            let sql = format!("SELECT {} {}", shown.join(" || ',' || "), anti_join(key, &to));
            found.extend(
                connection.rows(&sql, &[])?.into_iter().filter_map(|row| row.into_iter().next().and_then(text)),
            );
        }
        None => check_table(connection, &key.table, &mut |violation| {
            if violation.key.is_none_or(|id| id == key.id) {
                found.push(format!("{:?}", violation.rowid));
            }
            true
        })?,
    }
    found.sort_unstable();
    Ok(found)
}

fn anti_join(key: &ForeignKey, to: &[String]) -> String {
    let (child, parent) = (quoted(&key.table), quoted(&key.parent));
    let list = |items: Vec<String>| items.join(" AND ");
    let given = list(key.from.iter().map(|from| format!("c.{} IS NOT NULL", quoted(from))).collect());
    // why the parent first: its column's collation decides, as it does for the key
    let matches =
        list(to.iter().zip(&key.from).map(|(to, from)| format!("p.{} = c.{}", quoted(to), quoted(from))).collect());
    format!("FROM main.{child} AS c WHERE {given} AND NOT EXISTS (SELECT 1 FROM main.{parent} AS p WHERE {matches})")
}

fn count_by_check(connection: &Connection, key: &ForeignKey) -> Result<u64> {
    let mut count = 0;
    check_table(connection, &key.table, &mut |violation| {
        count += u64::from(violation.key.is_none_or(|id| id == key.id));
        true
    })?;
    Ok(count)
}

/// The parent's columns, when an anti-join over them finds what SQLite's check finds: the parent is a table with an index on
/// just these columns, and both sides are compared as the same kind of value.
fn comparable_columns(connection: &Connection, key: &ForeignKey) -> Result<Option<Vec<String>>> {
    let parent = columns(connection, &key.parent)?;
    let child = columns(connection, &key.table)?;
    let mut primary: Vec<&Column> = parent.iter().filter(|column| column.primary > 0).collect();
    primary.sort_by_key(|column| column.primary);
    let primary: Vec<String> = primary.into_iter().map(|column| column.name.clone()).collect();
    let to = if key.to.is_empty() { primary.clone() } else { key.to.clone() };
    if to.len() != key.from.len() || to.is_empty() || !(same(&to, &primary) || is_unique(connection, &key.parent, &to)?)
    {
        return Ok(None);
    }
    let kind = |columns: &[Column], name: &String| {
        columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)).map(|column| compared_as(&column.kind))
    };
    let fits = to.iter().zip(&key.from).all(|(to, from)| {
        let (to, from) = (kind(&parent, to), kind(&child, from));
        to.is_some() && to == from
    });
    Ok(fits.then_some(to))
}

struct Column {
    name: String,
    kind: String,
    primary: i64,
}

fn columns(connection: &Connection, table: &str) -> Result<Vec<Column>> {
    let sql = "SELECT name, type, pk FROM pragma_table_xinfo(?, 'main')";
    let rows = connection.rows(sql, &[table.into()])?;
    Ok(rows
        .into_iter()
        .filter_map(|row| match <[Value; 3]>::try_from(row) {
            Ok([name, kind, Value::Integer(primary)]) => {
                Some(Column { name: text(name)?, kind: text(kind).unwrap_or_default(), primary })
            }
            _ => None,
        })
        .collect())
}

fn is_unique(connection: &Connection, table: &str, wanted: &[String]) -> Result<bool> {
    let sql = "SELECT group_concat(quote(c.name)) FROM pragma_index_list(?, 'main') AS i, pragma_index_info(i.name, 'main') AS c \
               WHERE i.\"unique\" AND NOT i.partial GROUP BY i.name";
    let quoted: Vec<String> = wanted.iter().map(|name| format!("'{}'", name.replace('\'', "''"))).collect();
    let mut wanted = quoted;
    wanted.sort_by_key(|name| name.to_ascii_lowercase());
    let found = connection.rows(sql, &[table.into()])?;
    Ok(found.into_iter().filter_map(|row| row.into_iter().next().and_then(text)).any(|columns| {
        let mut columns: Vec<String> = columns.split(',').map(str::to_owned).collect();
        columns.sort_by_key(|name| name.to_ascii_lowercase());
        same(&columns, &wanted)
    }))
}

fn same(one: &[String], other: &[String]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.eq_ignore_ascii_case(other))
}

#[derive(PartialEq)]
enum ComparedAs {
    Number,
    Text,
    Stored,
}

/// SQLite's rule for the affinity of a declared type, as far as comparisons tell affinities apart.
/// Source: "Determination Of Column Affinity" in SQLite's page on data types.
fn compared_as(declared: &str) -> ComparedAs {
    let declared = declared.to_ascii_uppercase();
    let has = |part: &str| declared.contains(part);
    if has("INT") {
        ComparedAs::Number
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        ComparedAs::Text
    } else if has("BLOB") || declared.is_empty() || declared == "ANY" {
        ComparedAs::Stored
    } else {
        ComparedAs::Number
    }
}

/// Hands each violation to `each` until that returns false.
pub fn check(connection: &Connection, mut each: impl FnMut(Violation) -> bool) -> Result<()> {
    let mut tables: Vec<String> = all(connection)?.into_iter().map(|key| key.table).collect();
    tables.dedup();
    let mut more = true;
    for table in tables {
        if more {
            check_table(connection, &table, &mut |violation| {
                more = each(violation);
                more
            })?;
        }
    }
    Ok(())
}

fn check_table(connection: &Connection, table: &str, each: &mut dyn FnMut(Violation) -> bool) -> Result<()> {
    let outcome = connection.ours(&format!("PRAGMA main.foreign_key_check({})", quoted(table)), |statement| {
        statement.for_each(|row| {
            let number = |column| if let Value::Integer(number) = row.value(column) { Some(number) } else { None };
            let parent = text(row.value(2)).unwrap_or_default();
            Ok(each(Violation { table: table.to_owned(), parent, key: number(3), rowid: number(1) }))
        })
    });
    match outcome {
        Err(Error::Sql { message, .. }) if message.contains("foreign key mismatch") => {
            let parent = message.rsplit_once("referencing ").map_or("", |(_, parent)| parent).trim_matches('"');
            each(Violation { table: table.to_owned(), parent: parent.to_owned(), key: None, rowid: None });
            Ok(())
        }
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(sql: &str) -> Connection {
        let connection = Connection::open_in_memory().expect("opens");
        connection.execute_batch("PRAGMA foreign_keys=OFF").expect("off");
        connection.execute_batch(sql).expect("makes tables");
        connection
    }

    #[test]
    fn a_key_that_does_not_fit_its_parent_hides_no_other_violation() {
        let connection = database(
            "CREATE TABLE p (a); CREATE TABLE k (x REFERENCES p (a)); INSERT INTO k VALUES (1);
             CREATE TABLE q (id INTEGER PRIMARY KEY); CREATE TABLE z (y REFERENCES q); INSERT INTO z VALUES (7);",
        );
        let mut found = Vec::new();
        check(&connection, |violation| {
            found.push((violation.table, violation.parent, violation.key, violation.rowid));
            true
        })
        .expect("checks");
        assert_eq!(found, [("k".into(), "p".into(), None, None), ("z".into(), "q".into(), Some(0), Some(1))]);
    }

    #[test]
    fn the_quick_count_agrees_with_sqlite() {
        let connection = database(
            "CREATE TABLE \"p'1\" (id INTEGER PRIMARY KEY, code TEXT COLLATE NOCASE UNIQUE, a, b, UNIQUE (b, a));
             INSERT INTO \"p'1\" VALUES (1, 'One', 1, 'x'), (2, '02', 2, 'y');
             CREATE TABLE byid (x INTEGER REFERENCES \"p'1\");
             INSERT INTO byid VALUES (1), (NULL), (3), ('1'), (2.5);
             CREATE TABLE bycode (x TEXT REFERENCES \"p'1\" (code));
             INSERT INTO bycode VALUES ('ONE'), ('two'), ('2');
             CREATE TABLE bynumber (x INTEGER REFERENCES \"p'1\" (code));
             INSERT INTO bynumber VALUES (2), (1);
             CREATE TABLE pairs (u, v, FOREIGN KEY (u, v) REFERENCES \"p'1\" (a, b));
             INSERT INTO pairs VALUES (1, 'x'), (1, 'y'), (NULL, 'y'), (2, 'y');
             CREATE TABLE orphans (x REFERENCES nowhere); INSERT INTO orphans VALUES (1), (NULL);",
        );
        let keys = all(&connection).expect("lists");
        assert_eq!(keys.len(), 5);
        let counts: Vec<(String, u64)> =
            keys.iter().map(|key| (key.table.clone(), count_violations(&connection, key).expect("counts"))).collect();
        let wanted = [("bycode", 2), ("byid", 2), ("bynumber", 2), ("orphans", 1), ("pairs", 1)];
        assert_eq!(counts, wanted.map(|(table, count)| (table.to_owned(), count)));
        for key in &keys {
            assert_eq!(count_violations(&connection, key), count_by_check(&connection, key), "{}", key.table);
        }
    }
}
