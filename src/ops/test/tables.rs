//! The ordinary tables of a scratch database as the row generator needs them, and the order in which they can be filled.
//!
//! Leaves to others: values (`columns.rs`), what constraints mean (`checks.rs`).
//!
//! Invariants: reads the schema only; names are compared as SQLite does, without regard to ASCII case.

use std::collections::BTreeMap;

use super::checks::{self, Check};
use crate::error::Result;
use crate::sqlite::{Connection, Value};

/// An ordinary table: not ours, not SQLite's, not virtual and no shadow of a virtual one.
#[derive(Default)]
pub(super) struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, generated ones included.
    pub columns: Vec<Column>,
    /// Its foreign keys: those that must have a parent first, and of them those with most columns; own ones last.
    pub keys: Vec<ForeignKey>,
    /// Its CHECK constraints, and its triggers that raise errors.
    pub checks: Vec<Check>,
    /// The columns of its primary key in the key's order, as positions.
    pub primary: Vec<usize>,
    /// Whether it is WITHOUT ROWID.
    pub without_rowid: bool,
}

/// A column.
#[derive(Default)]
pub(super) struct Column {
    /// Its name.
    pub name: String,
    /// Its declared type.
    pub declared: String,
    /// Whether its table is STRICT.
    pub strict: bool,
    /// Whether NULL is left out: by NOT NULL, or because it is of the primary key, where SQLite's tolerance is a bug kept
    /// for compatibility and no application means it.
    pub not_null: bool,
    /// Whether it has a default.
    pub has_default: bool,
    /// Whether SQLite computes it.
    pub generated: bool,
    /// Whether it is another name of the row id.
    pub is_rowid: bool,
    /// Whether a primary key or a unique index holds it.
    pub unique: bool,
}

/// A foreign key without generated columns.
pub(super) struct ForeignKey {
    /// The parent as it is named in its own schema.
    pub parent: String,
    /// The columns, as positions in the child.
    pub from: Vec<usize>,
    /// The columns they point to.
    pub to: Vec<String>,
    /// Whether each parent can have one child only.
    pub one_to_one: bool,
}

impl Table {
    /// The position of a column.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The names of columns.
    pub(super) fn names(&self, columns: &[usize]) -> Vec<String> {
        columns.iter().map(|&column| self.columns[column].name.clone()).collect()
    }

    /// The columns that tell rows apart in an UPDATE: a name of the row id that no column has taken, or the primary key.
    pub(super) fn address(&self) -> Vec<String> {
        if self.without_rowid {
            return self.names(&self.primary);
        }
        let free = ["rowid", "_rowid_", "oid"].into_iter().find(|name| self.position(name).is_none());
        free.map(str::to_owned).into_iter().collect()
    }

    /// Whether a key may be left without a parent.
    pub(super) fn is_optional(&self, key: &ForeignKey) -> bool {
        key.from.iter().any(|&column| !self.columns[column].not_null)
    }

    /// Whether a key points back to its own table.
    pub(super) fn is_own(&self, key: &ForeignKey) -> bool {
        key.parent == self.name
    }
}

/// Asks a pragma about all ordinary tables at once, because one query a table takes most of the time of a run.
fn ask(connection: &Connection, columns: &str, pragmas: &str, order: &str) -> Result<Vec<(String, Vec<Value>)>> {
    let sql = format!(
        "SELECT t.name, {columns} FROM pragma_table_list AS t {pragmas} WHERE t.schema = 'main' AND t.type = 'table' \
         AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND t.name NOT LIKE 'rpmadb\\_%' ESCAPE '\\' ORDER BY t.name, {order}"
    );
    let rows = connection.rows(&sql, &[])?.into_iter();
    Ok(rows.map(|mut row| (text(&row[0]), row.split_off(1))).collect())
}

/// All ordinary tables, by name.
pub(super) fn read(connection: &Connection) -> Result<Vec<Table>> {
    let mut tables = read_columns(connection)?;
    let uniques = read_uniques(connection, &mut tables)?;
    read_keys(connection, &mut tables, &uniques)?;
    let sql = "s.type, s.sql";
    for (name, row) in ask(connection, sql, "JOIN main.sqlite_schema AS s ON s.tbl_name = t.name", "s.rowid")? {
        let Some(table) = tables.get_mut(&name) else { continue };
        let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        match text(&row[0]).as_str() {
            "table" => table.checks.extend(checks::of_table(&text(&row[1]), &names)),
            "trigger" => table.checks.extend(checks::of_trigger(&text(&row[1]), &names)),
            _ => {}
        }
    }
    Ok(tables.into_values().collect())
}

fn read_columns(connection: &Connection) -> Result<BTreeMap<String, Table>> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let columns = "c.name, c.type, c.\"notnull\", c.dflt_value IS NOT NULL, c.hidden, c.pk, t.strict, t.wr";
    for (name, row) in ask(connection, columns, "JOIN pragma_table_xinfo(t.name, 'main') AS c", "c.cid")? {
        let table = tables.entry(name.clone()).or_insert_with(|| Table { name, ..Table::default() });
        let [not_null, default, hidden, primary, strict, without_rowid] =
            [2, 3, 4, 5, 6, 7].map(|at| integer(&row[at]));
        if let Ok(place @ 1..) = usize::try_from(primary) {
            table.primary.resize(table.primary.len().max(place), 0);
            table.primary[place - 1] = table.columns.len();
        }
        table.without_rowid = without_rowid != 0;
        table.columns.push(Column {
            name: text(&row[0]),
            declared: text(&row[1]),
            strict: strict != 0,
            not_null: not_null != 0 || primary != 0,
            has_default: default != 0,
            generated: hidden >= 2,
            unique: primary != 0,
            is_rowid: false,
        });
    }
    for table in tables.values_mut() {
        if let ([only], false) = (table.primary.as_slice(), table.without_rowid) {
            let column = &mut table.columns[*only];
            column.is_rowid = column.declared.eq_ignore_ascii_case("integer");
        }
    }
    Ok(tables)
}

/// Columns of the unique indexes that hold for all rows, by table; notes in each column whether it is in any.
fn read_uniques(connection: &Connection, tables: &mut BTreeMap<String, Table>) -> Result<Vec<(String, Vec<String>)>> {
    let pragmas = "JOIN pragma_index_list(t.name, 'main') AS l JOIN pragma_index_info(l.name, 'main') AS i";
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for (name, row) in ask(connection, "l.\"unique\", l.partial, l.origin, i.seqno, i.name", pragmas, "l.seq, i.seqno")?
    {
        let Some(table) = tables.get_mut(&name).filter(|_| integer(&row[0]) != 0) else { continue };
        let column = text(&row[4]);
        if let Some(position) = table.position(&column) {
            table.columns[position].unique = true;
            // why: an index of its own tells INTEGER PRIMARY KEY DESC, which is no row id, from the others
            table.columns[position].is_rowid &= text(&row[2]) != "pk";
        }
        if integer(&row[1]) == 0 {
            match found.last_mut() {
                Some((_, columns)) if integer(&row[3]) > 0 => columns.push(column),
                _ => found.push((name, vec![column])),
            }
        }
    }
    for (name, table) in tables {
        found.push((name.clone(), table.names(&table.primary)));
    }
    Ok(found)
}

fn read_keys(
    connection: &Connection,
    tables: &mut BTreeMap<String, Table>,
    uniques: &[(String, Vec<String>)],
) -> Result<()> {
    let mut keys: Vec<(String, String, Vec<String>, Vec<String>)> = Vec::new();
    let pragma = "JOIN pragma_foreign_key_list(t.name, 'main') AS k";
    for (name, row) in ask(connection, "k.seq, k.\"table\", k.\"from\", k.\"to\"", pragma, "k.id, k.seq")? {
        if integer(&row[0]) == 0 {
            keys.push((name, text(&row[1]), Vec::new(), Vec::new()));
        }
        if let Some((_, _, from, to)) = keys.last_mut() {
            from.push(text(&row[2]));
            // why only then: without a name the key points to the parent's primary key
            to.extend((row[3] != Value::Null).then(|| text(&row[3])));
        }
    }
    for (name, parent, from, mut to) in keys {
        let parent = tables.keys().find(|table| table.eq_ignore_ascii_case(&parent)).cloned().unwrap_or(parent);
        if to.is_empty() {
            to = tables.get(&parent).map(|table| table.names(&table.primary)).unwrap_or_default();
        }
        let is_key = |columns: &[String]| columns.iter().all(|column| from.contains(column));
        let one_to_one = uniques.iter().any(|(table, key)| *table == name && !key.is_empty() && is_key(key));
        let Some(table) = tables.get_mut(&name) else { continue };
        let from: Vec<usize> = from.iter().filter_map(|column| table.position(column)).collect();
        if !from.iter().any(|&column| table.columns[column].generated) {
            table.keys.push(ForeignKey { parent, from, to, one_to_one });
        }
    }
    for table in tables.values_mut() {
        // why this order: what must have a parent is less free to follow the others, and a row that is its own parent
        //    must know its key
        let mut keys = std::mem::take(&mut table.keys);
        keys.sort_by_key(|key| (table.is_own(key), table.is_optional(key), std::cmp::Reverse(key.from.len())));
        table.keys = keys;
    }
    Ok(())
}

/// Positions of the tables, parents before children. A circle is entered where a key may stay without a parent; where none
/// may, at its first table, for which SQLite will say what is missing.
pub(super) fn parents_first(tables: &[Table]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::with_capacity(tables.len());
    while order.len() < tables.len() {
        let left = |name: &str| tables.iter().enumerate().any(|(at, table)| table.name == name && !order.contains(&at));
        // -- how many keys of a table point to tables that are not filled yet, and how many of those must have a parent
        let missing = |table: &Table| {
            let missing = table.keys.iter().filter(|key| !table.is_own(key) && left(&key.parent));
            missing
                .fold((0, 0), |(must, may), key| if table.is_optional(key) { (must, may + 1) } else { (must + 1, may) })
        };
        let next = (0..tables.len()).filter(|at| !order.contains(at)).min_by_key(|&at| missing(&tables[at]));
        order.extend(next);
    }
    order
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        _ => String::new(),
    }
}

fn integer(value: &Value) -> i64 {
    match value {
        Value::Integer(number) => *number,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(sql: &str) -> Vec<Table> {
        let connection = Connection::open_in_memory().expect("opens");
        connection.execute_batch(sql).expect("makes tables");
        read(&connection).expect("reads")
    }

    #[test]
    fn tables_of_others_are_left_out() {
        let tables = tables(
            "CREATE TABLE rpmadb_history (a); CREATE TABLE rpmadbx (a); CREATE VIRTUAL TABLE f USING fts5 (a);
             CREATE TABLE n (id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE VIEW v AS SELECT 1; CREATE TEMP TABLE s (a)",
        );
        assert_eq!(tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(), ["n", "rpmadbx"]);
    }

    #[test]
    fn keys_find_the_columns_they_mean() {
        let tables = tables(
            "CREATE TABLE P (a INTEGER, b TEXT, PRIMARY KEY (b, a));
             CREATE TABLE one (X, Y UNIQUE, FOREIGN KEY (x, y) REFERENCES p, FOREIGN KEY (x) REFERENCES gone);
             CREATE TABLE d (id INTEGER PRIMARY KEY DESC); CREATE TABLE r (id INTEGER PRIMARY KEY, rowid TEXT);",
        );
        let [parent, d, one, r] = tables.as_slice() else { panic!("{}", tables.len()) };
        assert_eq!((parent.primary.as_slice(), parent.address()), (&[1, 0][..], vec!["rowid".to_owned()]));
        let key = &one.keys[0];
        assert_eq!((key.parent.as_str(), key.from.as_slice()), ("P", &[0, 1][..]));
        assert_eq!((key.to.join(" "), key.one_to_one), ("b a".into(), true));
        assert_eq!((one.keys[1].parent.as_str(), one.keys[1].one_to_one), ("gone", false));
        assert!(!d.columns[0].is_rowid && r.columns[0].is_rowid);
        assert_eq!(r.address(), ["_rowid_"]);
    }

    #[test]
    fn parents_come_before_children_and_circles_start_where_they_can() {
        let tables = tables(
            "CREATE TABLE a (b NOT NULL REFERENCES b); CREATE TABLE b (id PRIMARY KEY, c NOT NULL REFERENCES c);
             CREATE TABLE c (id PRIMARY KEY, a REFERENCES a, c NOT NULL REFERENCES c);",
        );
        let order: Vec<&str> = parents_first(&tables).into_iter().map(|at| tables[at].name.as_str()).collect();
        assert_eq!(order, ["c", "b", "a"]);
    }
}
