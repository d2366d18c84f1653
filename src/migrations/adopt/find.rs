//! Finding a history: which tools' tables are there, by name and by columns.
//!
//! Leaves to others: what the rows mean (`tables.rs`, `flyway.rs`).
//!
//! Invariant: a database without such a table costs one query over the schema. A table that merely has the name of a
//! history is none, and an empty history is none: both leave the database to us as it is.

use super::{Foreign, Refusal, Stop, Tool};
use crate::error::Result;
use crate::sqlite::{Connection, Value, schema};

/// A tool's table, and the columns that tell it.
struct Shape {
    tool: Tool,
    table: &'static str,
    columns: &'static [&'static str],
    /// Whether a further column shows that the table is somebody else's, as under a name that many use.
    is_exact: bool,
}

const SHAPES: &[Shape] = &[
    Shape { tool: Tool::Rpma, table: "schema_version", columns: &["version", "applied_at"], is_exact: true },
    Shape {
        tool: Tool::Refinery,
        table: "refinery_schema_history",
        columns: &["version", "name", "applied_on", "checksum"],
        is_exact: false,
    },
    Shape {
        tool: Tool::Sqlx,
        table: "_sqlx_migrations",
        columns: &["version", "installed_on", "success", "checksum"],
        is_exact: false,
    },
    Shape { tool: Tool::Diesel, table: "__diesel_schema_migrations", columns: &["version", "run_on"], is_exact: false },
    Shape {
        tool: Tool::Goose,
        table: "goose_db_version",
        columns: &["id", "version_id", "is_applied", "tstamp"],
        is_exact: false,
    },
    Shape { tool: Tool::GolangMigrate, table: "schema_migrations", columns: &["version", "dirty"], is_exact: true },
    Shape { tool: Tool::Dbmate, table: "schema_migrations", columns: &["version"], is_exact: true },
    Shape {
        tool: Tool::Flyway,
        table: "flyway_schema_history",
        columns: &["installed_rank", "version", "type", "checksum", "installed_on", "success"],
        is_exact: false,
    },
    Shape { tool: Tool::Alembic, table: "alembic_version", columns: &["version_num"], is_exact: false },
];

/// One column of a table.
struct Column {
    name: String,
    declared: String,
    is_not_null: bool,
    is_key: bool,
}

impl Shape {
    fn fits(&self, columns: &[Column], is_named: bool) -> bool {
        let has = |wanted: &&str| columns.iter().any(|column| column.name.eq_ignore_ascii_case(wanted));
        self.columns.iter().all(has)
            && (!self.is_exact || columns.len() == self.columns.len())
            && (is_named || self.tool != Tool::Dbmate || columns.iter().all(is_key_of_dbmate))
    }
}

/// Whether the column is declared as dbmate does it: Rails has a table of the same name with the same one column, but
/// declares it NOT NULL.
fn is_key_of_dbmate(column: &Column) -> bool {
    column.is_key && !column.is_not_null && column.declared.to_ascii_lowercase().starts_with("varchar")
}

/// Finds the history of a tool; `None` when there is none or it is empty. With `tool` looks for that one alone;
/// without, more than one history is a refusal.
pub(in crate::migrations) fn find(connection: &Connection, tool: Option<Tool>) -> Result<Option<Foreign>, Stop> {
    if tool == Some(Tool::RusqliteMigration) {
        return user_version(connection);
    }
    let mut found = Vec::new();
    for table in tables(connection)? {
        let wanted =
            |shape: &&Shape| shape.table.eq_ignore_ascii_case(&table) && tool.is_none_or(|tool| tool == shape.tool);
        let shapes: Vec<&Shape> = SHAPES.iter().filter(wanted).collect();
        if shapes.is_empty() {
            continue;
        }
        let columns = columns(connection, &table)?;
        if let Some(shape) = shapes.into_iter().find(|shape| shape.fits(&columns, tool.is_some())) {
            let sql = format!("SELECT count(*) FROM main.{}", schema::quoted(&table));
            let rows = connection.value::<u64>(&sql, &[])?.unwrap_or(0);
            if rows > 0 {
                let rows = usize::try_from(rows).unwrap_or(usize::MAX);
                found.push(Foreign { tool: shape.tool, table, rows });
            }
        }
    }
    if found.len() > 1 {
        let names: Vec<String> =
            found.iter().map(|foreign| format!("{} ({})", foreign.table, foreign.tool.name())).collect();
        let reason = format!("the database holds the histories of several tools: {}", names.join(", "));
        return Err(Refusal::new(reason, "name the tool whose history is the true one").into());
    }
    Ok(found.pop())
}

fn user_version(connection: &Connection) -> Result<Option<Foreign>, Stop> {
    let number = connection.value::<i64>("PRAGMA main.user_version", &[])?.unwrap_or(0);
    let table = "PRAGMA user_version".to_owned();
    match usize::try_from(number) {
        Ok(0) => Ok(None),
        Ok(rows) => Ok(Some(Foreign { tool: Tool::RusqliteMigration, table, rows })),
        Err(_) => {
            let reason = format!("{table} is {number}, which is no number of migrations");
            Err(Refusal::new(reason, "look at what set that number; rusqlite_migration does not").into())
        }
    }
}

/// The tables whose name is that of a history, in the order of their names.
fn tables(connection: &Connection) -> Result<Vec<String>> {
    let names: Vec<String> = SHAPES.iter().map(|shape| format!("'{}'", shape.table)).collect();
    let sql = format!(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND lower(name) IN ({}) ORDER BY name",
        names.join(", ")
    );
    let rows = connection.rows(&sql, &[])?;
    Ok(rows
        .into_iter()
        .flatten()
        .filter_map(|name| if let Value::Text(name) = name { Some(name) } else { None })
        .collect())
}

fn columns(connection: &Connection, table: &str) -> Result<Vec<Column>> {
    let sql = "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?, 'main')";
    let rows = connection.rows(sql, &[table.into()])?;
    let column = |row: Vec<Value>| match row.as_slice() {
        [Value::Text(name), Value::Text(declared), Value::Integer(not_null), Value::Integer(key)] => Some(Column {
            name: name.clone(),
            declared: declared.clone(),
            is_not_null: *not_null != 0,
            is_key: *key != 0,
        }),
        _ => None,
    };
    Ok(rows.into_iter().filter_map(column).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sql: &str, tool: Option<Tool>) -> Result<Option<Foreign>, Stop> {
        let connection = Connection::open_in_memory().expect("opens");
        connection.execute_batch(sql).expect("makes tables");
        find(&connection, tool)
    }

    #[test]
    fn a_database_without_a_history_has_none() {
        assert_eq!(found("CREATE TABLE notes (x); PRAGMA user_version=3", None), Ok(None));
        assert_eq!(found("", Some(Tool::Sqlx)), Ok(None));
        assert_eq!(found("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)", None), Ok(None), "empty");
    }

    #[test]
    fn a_table_is_known_by_its_columns_and_not_by_its_name_alone() {
        for sql in [
            "CREATE TABLE schema_migrations (version varchar NOT NULL PRIMARY KEY)",
            "CREATE TABLE schema_migrations (version varchar(255) NOT NULL)",
            "CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY)",
            "CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, inserted_at TEXT)",
            "CREATE TABLE schema_version (version INTEGER PRIMARY KEY)",
            "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at INTEGER, note TEXT)",
            "CREATE TABLE _sqlx_migrations (version INTEGER PRIMARY KEY)",
        ] {
            let table = sql.split(' ').nth(2).expect("a name");
            assert_eq!(found(&format!("{sql}; INSERT INTO {table} (version) VALUES (1)"), None), Ok(None), "{sql}");
        }
        assert_eq!(found("CREATE VIEW alembic_version AS SELECT 'a' AS version_num", None), Ok(None));
    }

    #[test]
    fn a_name_in_other_letters_is_found_as_it_is_spelt() {
        let sql = "CREATE TABLE \"Schema_Migrations\" (Version varchar(128) primary key);
                   INSERT INTO schema_migrations VALUES ('1'), ('2')";
        let foreign = Foreign { tool: Tool::Dbmate, table: "Schema_Migrations".into(), rows: 2 };
        assert_eq!(found(sql, None), Ok(Some(foreign)));
    }

    #[test]
    fn a_tool_that_is_named_may_have_a_table_that_others_have_too() {
        let sql = "CREATE TABLE schema_migrations (version varchar NOT NULL PRIMARY KEY);
                   INSERT INTO schema_migrations VALUES ('1')";
        assert_eq!(found(sql, Some(Tool::Dbmate)).map(|found| found.map(|foreign| foreign.rows)), Ok(Some(1)));
        assert_eq!(found(sql, Some(Tool::GolangMigrate)), Ok(None));
    }

    #[test]
    fn a_user_version_is_a_history_only_when_its_tool_is_named() {
        let foreign = Foreign { tool: Tool::RusqliteMigration, table: "PRAGMA user_version".into(), rows: 3 };
        assert_eq!(found("PRAGMA user_version=3", Some(Tool::RusqliteMigration)), Ok(Some(foreign)));
        assert_eq!(found("PRAGMA user_version=0", Some(Tool::RusqliteMigration)), Ok(None));
        let Err(Stop::Refused(refusal)) = found("PRAGMA user_version=-3", Some(Tool::RusqliteMigration)) else {
            panic!("must be refused");
        };
        assert_eq!(refusal.reason, "PRAGMA user_version is -3, which is no number of migrations");
    }

    #[test]
    fn two_histories_are_refused_with_both_names_until_one_is_named() {
        let sql = "CREATE TABLE schema_migrations (version uint64,dirty bool);
                   CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,
                     CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
                   INSERT INTO schema_migrations VALUES (1, 0); INSERT INTO alembic_version VALUES ('1975ea83b712')";
        let Err(Stop::Refused(refusal)) = found(sql, None) else { panic!("must be refused") };
        assert_eq!(
            refusal.reason,
            "the database holds the histories of several tools: alembic_version (alembic), \
             schema_migrations (golang-migrate)"
        );
        let named = found(sql, Some(Tool::Alembic)).expect("found").expect("there");
        assert_eq!((named.tool, named.rows), (Tool::Alembic, 1));
    }
}
