//! What a database file holds, seen by an independent eye: plain SQLite on files whose owner is dead or has closed them.
//!
//! Leaves to others: what should be in it.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

const FILES: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Everything that must be the same after a crash as without one; times and durations are not in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) schema: Vec<String>,
    pub(crate) rows: Vec<String>,
    /// Versions with name, kind, checksum and origin.
    pub(crate) history: Vec<String>,
    pub(crate) repeatables: Vec<String>,
    /// What else a run left, such as statements that have still to run.
    pub(crate) state: Vec<String>,
    pub(crate) integrity: Vec<String>,
    pub(crate) violations: Vec<String>,
}

impl Seen {
    pub(crate) fn at(path: &Path) -> Seen {
        let connection = Connection::open(path).expect("opens");
        // why off: only a power cut could tell the difference, and these tests look at hundreds of files
        connection.pragma_update(None, "synchronous", "off").expect("is set");
        let ask = |sql: &str| ask(&connection, sql);
        let exists = |table: &str| {
            let sql = "SELECT count(*) FROM sqlite_schema WHERE name = ?";
            connection.query_row(sql, [table], |row| row.get::<_, bool>(0)).expect("reads the schema")
        };
        let of = |table: &str, sql: &str| if exists(table) { ask(sql) } else { Vec::new() };
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' \
                      AND name NOT LIKE 'rpmadb\\_%' ESCAPE '\\' ORDER BY name";
        let rows = ask(tables).into_iter().flat_map(|table| {
            let name = table.trim_matches('\'').replace('"', "\"\"");
            ask(&format!("SELECT {table}, * FROM \"{name}\"")).into_iter()
        });
        Seen {
            schema: ask("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"),
            rows: rows.collect(),
            history: of(
                "rpmadb_migrations",
                "SELECT version, name, kind, checksum, origin FROM rpmadb_migrations ORDER BY 1",
            ),
            repeatables: of("rpmadb_repeatables", "SELECT name, checksum, objects FROM rpmadb_repeatables"),
            state: of("rpmadb_state", "SELECT key FROM rpmadb_state ORDER BY key"),
            integrity: ask("PRAGMA integrity_check"),
            violations: ask("PRAGMA foreign_key_check"),
        }
    }

    /// What whoever opens the files of a dead process next will find; the files stay as the dead one left them.
    pub(crate) fn left_at(path: &Path) -> Seen {
        let copy = beside(path, "-copy");
        copy_files(path, &copy);
        let seen = Seen::at(&copy);
        remove_files(&copy);
        seen
    }

    pub(crate) fn is_sound(&self) -> bool {
        self.integrity == ["'ok'"] && self.violations.is_empty()
    }

    /// How many versions are recorded.
    pub(crate) fn recorded(&self) -> usize {
        self.history.len()
    }

    /// What the table `counter` holds; 0 without it.
    pub(crate) fn counter(&self) -> i64 {
        let mut found = self.rows.iter().filter_map(|row| row.strip_prefix("'counter', "));
        let counter = found.next().map_or(0, |n| n.parse().expect("a number"));
        assert_eq!(found.next(), None, "one row");
        counter
    }
}

/// The rows of a statement as SQL literals.
pub(crate) fn ask(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).expect(sql);
    let columns = statement.column_count();
    let literal = |value: rusqlite::types::ValueRef<'_>| match value {
        rusqlite::types::ValueRef::Null => "NULL".to_owned(),
        rusqlite::types::ValueRef::Integer(number) => number.to_string(),
        rusqlite::types::ValueRef::Real(number) => format!("{number:?}"),
        rusqlite::types::ValueRef::Text(text) => format!("'{}'", String::from_utf8_lossy(text)),
        rusqlite::types::ValueRef::Blob(bytes) if bytes.len() > 64 => format!("a blob of {} bytes", bytes.len()),
        rusqlite::types::ValueRef::Blob(bytes) => format!("{bytes:?}"),
    };
    let rows = statement.query_map([], |row| {
        let cells: Result<Vec<_>, _> = (0..columns).map(|at| row.get_ref(at).map(literal)).collect();
        Ok(cells?.join(", "))
    });
    rows.expect(sql).collect::<Result<_, _>>().expect(sql)
}

pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

/// Copies a database that nobody has open, with what belongs to it.
pub(crate) fn copy_files(from: &Path, to: &Path) {
    remove_files(to);
    for suffix in FILES.into_iter().filter(|suffix| beside(from, suffix).exists()) {
        std::fs::copy(beside(from, suffix), beside(to, suffix)).expect("copies");
    }
}

pub(crate) fn remove_files(path: &Path) {
    for suffix in FILES.into_iter().filter(|suffix| beside(path, suffix).exists()) {
        std::fs::remove_file(beside(path, suffix)).expect("removes");
    }
}
