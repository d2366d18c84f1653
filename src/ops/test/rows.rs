//! Fills the tables of a scratch database with rows that its constraints allow and that programs stumble over.
//!
//! Leaves to others: the schema (`tables.rs`), one table's rows (`filling.rs`), values (`columns.rs`, `pools.rs`).
//!
//! Invariants: the same schema, seed and number give the same rows, apart from what the schema itself draws from a clock or
//! from chance; foreign keys are satisfied whether or not SQLite enforces them.

use std::collections::BTreeMap;

use super::filling::Filling;
use super::parents;
use super::tables;
use crate::error::Result;
use crate::sqlite::{Connection, schema};

/// What was generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Generated {
    /// How many rows each table holds, those that its own migrations and triggers put there included.
    pub tables: BTreeMap<String, u64>,
    /// Why a table could be given no row, in SQLite's words.
    pub skipped: BTreeMap<String, String>,
}

/// Fills every table that is not ours, not SQLite's and neither virtual nor the shadow of a virtual one with up to `rows`
/// rows. Runs in the transaction that is open, or, better, in none: a trigger with RAISE(ROLLBACK) ends the open
/// transaction, which is an error here, and otherwise costs one row.
pub(super) fn generate(connection: &Connection, rows: u32, seed: u64) -> Result<Generated> {
    let tables = tables::read(connection)?;
    let order = tables::parents_first(&tables);
    let mut skipped = BTreeMap::new();
    for &at in &order {
        if let Some(reason) = Filling::new(connection, &tables[at], rows, seed)?.fill()? {
            skipped.insert(tables[at].name.clone(), reason);
        }
    }
    for (place, &at) in order.iter().enumerate() {
        let table = &tables[at];
        for key in &table.keys {
            if order[place + 1..].iter().any(|&later| tables[later].name == key.parent) {
                parents::connect_late(connection, table, key)?;
            }
        }
    }
    let mut counted = BTreeMap::new();
    for table in &tables {
        let count = schema::count_rows(connection, &table.name)?.unwrap_or(0);
        if count > 0 {
            skipped.remove(&table.name);
            counted.insert(table.name.clone(), count);
        }
    }
    Ok(Generated { tables: counted, skipped })
}

#[cfg(test)]
mod tests {
    use super::super::columns;
    use super::super::tables::Table;
    use super::*;
    use crate::sqlite::Value;
    use std::collections::BTreeSet;
    use std::time::{Duration, Instant};

    /// One table a feature, children before parents to make it harder.
    const FEATURES: &str = "
        CREATE TABLE child_implicit (id INTEGER PRIMARY KEY AUTOINCREMENT, p TEXT NOT NULL REFERENCES parent, note TEXT);
        CREATE TABLE child_composite (a INT, b TEXT, c REAL, FOREIGN KEY (b, a) REFERENCES pair (b, a));
        CREATE TABLE one_to_one (p TEXT PRIMARY KEY REFERENCES parent ON DELETE CASCADE, bio TEXT) WITHOUT ROWID, STRICT;
        CREATE TABLE parent (code TEXT PRIMARY KEY NOT NULL CHECK (length(code) = 36), \"odd \"\"name; --\" BLOB);
        CREATE TABLE pair (a INT, b TEXT, PRIMARY KEY (a, b));
        CREATE TABLE tenant (id INTEGER PRIMARY KEY);
        CREATE TABLE tenant_user (tenant INT REFERENCES tenant, id INT, PRIMARY KEY (tenant, id)) WITHOUT ROWID;
        CREATE TABLE shares (t INT NOT NULL, u INT NOT NULL, v INT, FOREIGN KEY (t, u) REFERENCES tenant_user,
            FOREIGN KEY (t, v) REFERENCES tenant_user, UNIQUE (t, u));
        CREATE TABLE tree (id INTEGER PRIMARY KEY, up INT REFERENCES tree, must INT NOT NULL REFERENCES tree (id));
        CREATE TABLE ring_a (id TEXT PRIMARY KEY NOT NULL, b TEXT REFERENCES ring_b);
        CREATE TABLE ring_b (id TEXT PRIMARY KEY NOT NULL, a TEXT NOT NULL UNIQUE REFERENCES ring_a DEFERRABLE INITIALLY DEFERRED);
        CREATE TABLE typed (i INTEGER, r REAL, t TEXT, b BLOB, x ANY) STRICT;
        CREATE TABLE loose (bare, \"when\" DATETIME, flag BOOLEAN, price DECIMAL(10, 2), doc JSON, name VARCHAR(20));
        CREATE TABLE checked (
            role TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('admin', 'user')), age INT CHECK (age >= 0 AND age <= 150),
            stars INT NOT NULL CHECK (stars BETWEEN 1 AND 5), uuid TEXT CHECK (length(uuid) = 36), doc TEXT CHECK (json_valid(doc)),
            flag INT CHECK (flag IN (0, 1)), hash BLOB CHECK (length(hash) = 32), mail TEXT CONSTRAINT mail CHECK (mail LIKE '%_@_%'),
            hex TEXT NOT NULL UNIQUE CHECK (length(hex) = 64 AND hex NOT GLOB '*[^0-9a-f]*'), lang CHECK (lang GLOB '[a-z][a-z]'),
            day TEXT CHECK (date(day) IS day), begins INT NOT NULL, ends INT NOT NULL, twice INT AS (begins * 2) STORED,
            x INT, y INT, CHECK (ends > begins), CONSTRAINT \"one of\" CHECK ((x IS NULL) <> (y IS NULL)), CHECK (twice <> 2));
        CREATE TABLE guarded (kind TEXT NOT NULL, amount INT NOT NULL DEFAULT 7, p TEXT REFERENCES parent);
        CREATE TRIGGER guard BEFORE INSERT ON guarded WHEN NEW.kind NOT IN ('in', 'out') OR NEW.amount = 0
            BEGIN SELECT RAISE(ABORT, 'unknown kind'); END;
        CREATE TABLE defaults (id INTEGER PRIMARY KEY, a TEXT DEFAULT 'by default', b INT NOT NULL DEFAULT (1 + 1));
        CREATE TABLE replaced (k INT PRIMARY KEY ON CONFLICT REPLACE, v TEXT NOT NULL ON CONFLICT ROLLBACK);
        CREATE TABLE arc (a TEXT REFERENCES parent, b INT REFERENCES tenant, CHECK ((a IS NULL) + (b IS NULL) = 1));
        CREATE TABLE phones (number TEXT UNIQUE CHECK (number GLOB '+[1-9]*' AND substr(number, 2) NOT GLOB '*[^0-9]*'
            AND length(number) BETWEEN 9 AND 16), country TEXT NOT NULL DEFAULT 'FR' CHECK (country GLOB '[A-Z][A-Z]'));
        CREATE UNIQUE INDEX few ON loose (flag) WHERE flag = 1;
        CREATE VIEW v AS SELECT * FROM parent; CREATE VIRTUAL TABLE search USING fts5 (body);";

    fn filled(sql: &str, rows: u32, seed: u64) -> (Connection, Generated) {
        let connection = Connection::open_in_memory().expect("opens");
        connection.execute_batch(sql).expect("makes tables");
        let generated = generate(&connection, rows, seed).expect("generates");
        assert_eq!(connection.rows("PRAGMA foreign_key_check", &[]), Ok(Vec::new()));
        assert_eq!(connection.value::<String>("PRAGMA integrity_check", &[]), Ok(Some("ok".into())));
        (connection, generated)
    }

    fn contents(connection: &Connection) -> Vec<Vec<Vec<Value>>> {
        let tables = tables::read(connection).expect("reads");
        let all = |table: &Table| connection.rows(&format!("SELECT * FROM {}", schema::quoted(&table.name)), &[]);
        tables.iter().map(|table| all(table).expect("reads")).collect()
    }

    fn embedded() -> String {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let files = std::fs::read_dir(folder).expect("lists").map(|file| file.expect("is there").path());
        let is_up = |name: &str| name.ends_with(".sql") && !name.ends_with(".down.sql") && name.starts_with('0');
        let files: BTreeSet<_> =
            files.filter(|file| file.file_name().and_then(|name| name.to_str()).is_some_and(is_up)).collect();
        files.iter().map(|file| std::fs::read_to_string(file).expect("reads")).collect()
    }

    /// Columns that may be NULL and never are, or never are anything else.
    fn one_sided(connection: &Connection) -> Vec<String> {
        let mut found = Vec::new();
        for table in tables::read(connection).expect("reads") {
            for column in table.columns.iter().filter(|column| !column.not_null && !column.generated) {
                let name = schema::quoted(&column.name);
                let sql = format!(
                    "SELECT count(*) > count({name}) AND count({name}) > 0 FROM {}",
                    schema::quoted(&table.name)
                );
                if connection.value::<i64>(&sql, &[]).expect("counts") != Some(1) {
                    found.push(format!("{}.{}", table.name, column.name));
                }
            }
        }
        found
    }

    #[test]
    fn every_feature_of_a_schema_gets_rows() {
        for seed in 0..10 {
            let (connection, generated) = filled(FEATURES, 8, seed);
            assert_eq!(generated.skipped, BTreeMap::new(), "seed {seed}");
            assert_eq!(generated.tables.len(), tables::read(&connection).expect("reads").len());
            let short: Vec<_> = generated.tables.iter().filter(|(_, rows)| **rows < 8).collect();
            assert_eq!(short, Vec::<(&String, &u64)>::new(), "seed {seed}");
            assert_eq!(one_sided(&connection), Vec::<String>::new(), "seed {seed}");
        }
    }

    #[test]
    fn any_number_of_rows_can_be_asked_for() {
        assert_eq!(filled(FEATURES, 0, 1).1.tables, BTreeMap::new());
        for rows in [1, 2, 3, 100] {
            let (_, generated) = filled(FEATURES, rows, 1);
            assert_eq!(generated.skipped, BTreeMap::new(), "{rows}");
            let most = generated.tables.values().max();
            assert_eq!(most, Some(&u64::from(rows)));
        }
    }

    #[test]
    fn edge_values_of_every_type_appear() {
        let (connection, _) = filled(FEATURES, 12, 1);
        for (column, declared) in [("i", "INTEGER"), ("r", "REAL"), ("t", "TEXT"), ("b", "BLOB")] {
            for value in columns::edges(declared) {
                let sql = format!("SELECT count(*) FROM typed WHERE {column} = ?");
                assert_ne!(connection.value::<i64>(&sql, std::slice::from_ref(&value)), Ok(Some(0)), "{value:?}");
            }
        }
        let sql = "SELECT count(*) > sum(a = 'by default') AND count(*) > sum(b = 2) AND sum(a = 'by default') * sum(b = 2) > 0 FROM defaults";
        assert_eq!(connection.value::<i64>(sql, &[]), Ok(Some(1)), "defaults come, and not always");
    }

    #[test]
    fn edge_values_appear_among_what_constraints_ask_for() {
        let (connection, _) = filled(&embedded(), 8, 1);
        let sql = "SELECT count(*) FROM users WHERE id IN ('ä€😀', 'NULL') OR length(id) = 10000 OR id GLOB '*[''\"]*'";
        assert_ne!(connection.value::<i64>(sql, &[]), Ok(Some(0)));
        let sql = "SELECT count(*) FROM photos WHERE file_size_bytes = 9223372036854775807";
        assert_ne!(connection.value::<i64>(sql, &[]), Ok(Some(0)));
    }

    #[test]
    fn rows_are_those_of_the_seed() {
        let of = |seed| contents(&filled(FEATURES, 8, seed).0);
        assert_eq!(of(3), of(3));
        assert_ne!(of(3), of(4));
    }

    #[test]
    fn foreign_keys_hold_also_where_nobody_enforces_them() {
        filled(&format!("PRAGMA foreign_keys=OFF; {FEATURES}"), 4, 1);
        let (connection, _) = filled(&format!("BEGIN; {FEATURES}"), 4, 1);
        assert!(!connection.is_autocommit());
    }

    #[test]
    fn what_cannot_have_a_row_says_why() {
        let sql = "CREATE TABLE never (a CHECK (a IS NULL AND a IS NOT NULL)); CREATE TABLE orphan (n NOT NULL REFERENCES never (a));
            CREATE TABLE x (id INT PRIMARY KEY, y NOT NULL REFERENCES y); CREATE TABLE y (id INT PRIMARY KEY, x NOT NULL REFERENCES x);
            CREATE TABLE closed (a); CREATE TRIGGER c AFTER INSERT ON closed BEGIN SELECT RAISE(ROLLBACK, 'closed for good'); END;
            CREATE TABLE lost (a NOT NULL REFERENCES gone (id)); CREATE TABLE misfit (a REFERENCES never (a));";
        let connection = Connection::open_in_memory().expect("opens");
        connection.execute_batch(sql).expect("makes tables");
        let generated = generate(&connection, 3, 1).expect("generates");
        assert_eq!(generated.tables, BTreeMap::new());
        let why: Vec<(&str, &str)> =
            generated.skipped.iter().map(|(table, why)| (table.as_str(), why.as_str())).collect();
        assert_eq!(
            why,
            [
                ("closed", "closed for good"),
                ("lost", "no such table: main.gone"),
                ("misfit", "foreign key mismatch - \"misfit\" referencing \"never\""),
                ("never", "CHECK constraint failed: a IS NULL AND a IS NOT NULL"),
                ("orphan", "FOREIGN KEY constraint failed: never has no row to refer to"),
                ("x", "FOREIGN KEY constraint failed: y has no row to refer to"),
                ("y", "FOREIGN KEY constraint failed: x has no row to refer to"),
            ]
        );
    }

    #[test]
    fn a_trigger_that_ends_the_transaction_is_an_error() {
        let sql = "BEGIN; CREATE TABLE closed (a); CREATE TRIGGER c AFTER INSERT ON closed BEGIN SELECT RAISE(ROLLBACK, 'no'); END;";
        let connection = Connection::open_in_memory().expect("opens");
        connection.execute_batch(sql).expect("makes tables");
        let error = generate(&connection, 1, 1).expect_err("must fail");
        assert!(error.to_string().contains("the transaction was ended"), "{error}");
    }

    #[test]
    fn the_embedded_migrations_get_rows_in_every_table() {
        let sql = embedded();
        for seed in 0..5 {
            let (connection, generated) = filled(&sql, 8, seed);
            assert_eq!(generated.skipped, BTreeMap::new(), "seed {seed}");
            assert_eq!(generated.tables.len(), tables::read(&connection).expect("reads").len());
            let short: Vec<_> = generated.tables.iter().filter(|(_, rows)| **rows < 8).collect();
            assert_eq!(short, Vec::<(&String, &u64)>::new(), "seed {seed}");
            // why not it: the trigger on deliveries may have filled it everywhere
            let one_sided: Vec<_> =
                one_sided(&connection).into_iter().filter(|name| name != "materials.last_delivery_at").collect();
            assert_eq!(one_sided, Vec::<String>::new(), "seed {seed}");
        }
    }

    #[test]
    fn the_embedded_schema_is_filled_quickly() {
        let connection = Connection::open_in_memory().expect("opens");
        connection.execute_batch(&embedded()).expect("makes tables");
        let start = Instant::now();
        generate(&connection, 8, 1).expect("generates");
        let took = start.elapsed();
        // why ten times what it takes: other tests run beside this one
        assert!(took < Duration::from_secs(1), "{took:?}");
    }
}
