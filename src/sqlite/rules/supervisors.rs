//! What a supervisor's statement may do: read tables and views, and ask the pragmas that only tell.
//!
//! Leaves to others: which verbs a supervisor may call (`database/rights.rs`), the rows of the audit that are the supervisor's own.
//!
//! Invariants: an action that is not listed here is refused, and so is a statement that SQLite finds to write; what is refused is
//! `DENIED`, whatever it would be for an admin. Statements judged here are not kept, see [`Whose::keeps`](super::Whose::keeps).

use rusqlite::hooks::{AuthAction, AuthContext};

use super::{is_ours, is_pages, judge_pragma, transaction_word, written_table};
use crate::error::Error;
use crate::request::Role;

/// The error for what a supervisor may not do, as in "the role supervisor may not ...".
pub(super) fn refuse(what: impl Into<String>) -> Error {
    Error::Denied { role: Role::Supervisor.name(), what: what.into() }
}

pub(super) fn judge(context: &AuthContext<'_>) -> Result<(), Error> {
    let what = match context.action {
        AuthAction::Select | AuthAction::Recursive => return Ok(()),
        // why the name alone: it is the table's own whatever the statement calls it, and also for a count, which reads no column
        AuthAction::Read { table_name, .. } if is_hidden(table_name) => format!("read {table_name}"),
        AuthAction::Read { .. } => return Ok(()),
        AuthAction::Function { function_name } if is_forbidden(function_name) => format!("call {function_name}"),
        AuthAction::Function { .. } => return Ok(()),
        AuthAction::Pragma { pragma_name, pragma_value } => {
            if judge_pragma(super::Whose::Supervisors, pragma_name, pragma_value).is_ok() {
                return Ok(());
            }
            format!("run PRAGMA {pragma_name}{}", if pragma_value.is_some() { " with a value" } else { "" })
        }
        AuthAction::Transaction { operation } => format!("run {}", transaction_word(operation)),
        AuthAction::Savepoint { .. } => "run SAVEPOINT".into(),
        AuthAction::Attach { .. } | AuthAction::Detach { .. } | AuthAction::Unknown { .. } => {
            "run ATTACH, DETACH or VACUUM".into()
        }
        AuthAction::Analyze { .. } => "run ANALYZE".into(),
        AuthAction::Reindex { .. } => "run REINDEX".into(),
        ref action => match written_table(action) {
            // why not by name: every CREATE, ALTER and DROP begins with a change to the tables that hold the schema
            Some(table) if !table.to_ascii_lowercase().starts_with("sqlite_") => format!("change {table}"),
            Some(_) | None => "change anything".into(),
        },
    };
    Err(refuse(what))
}

/// Tables whose rows are others' business: the audit; the pages of the file, which are every table's; samples of indexed
/// values, which may be the audit's; the texts of statements that ran on the connection, with what was written into them.
fn is_hidden(table: &str) -> bool {
    const AUDIT: &str = "rpmadb_audit";
    let is_audit = table.get(..AUDIT.len()).is_some_and(|start| start.eq_ignore_ascii_case(AUDIT));
    let others = ["sqlite_stat3", "sqlite_stat4", "sqlite_stmt"];
    is_audit || is_pages(table) || others.iter().any(|other| table.eq_ignore_ascii_case(other))
}

/// Functions that reach beyond the database, where a build or a host has them.
fn is_forbidden(function: &str) -> bool {
    const BEYOND: [&str; 6] = ["load_extension", "writefile", "readfile", "edit", "fts3_tokenizer", "sqlite_log"];
    is_ours(function) || BEYOND.iter().any(|known| function.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::super::Whose;
    use crate::sqlite::Connection;

    /// Runs it and gives the name of its status.
    fn run(connection: &Connection, whose: Whose, sql: &str) -> &'static str {
        let outcome = connection.users(whose, sql, |statement| statement.for_each(|_| Ok(true)));
        outcome.map_or_else(|error| error.status().name(), |()| "OK")
    }

    fn with_an_audit() -> Connection {
        let connection = Connection::open_in_memory().expect("opens");
        let sql = "CREATE TABLE rpmadb_audit (actor); INSERT INTO rpmadb_audit VALUES ('eve'); CREATE TABLE t (a);
            CREATE VIEW v AS SELECT a FROM t";
        connection.execute_batch(sql).expect("ours may");
        connection
    }

    #[test]
    fn what_one_kept_is_judged_anew_for_the_other_on_the_one_connection() {
        let connection = with_an_audit();
        for (sql, supervisors) in [
            ("SELECT actor FROM rpmadb_audit", "DENIED"),
            ("SELECT count(*) FROM Rpmadb_Audit AS t", "DENIED"),
            ("INSERT INTO t VALUES (1)", "DENIED"),
            ("PRAGMA journal_mode", "OK"),
            ("SELECT a FROM v", "OK"),
        ] {
            for round in 0..3 {
                assert_eq!(run(&connection, Whose::Supervisors, sql), supervisors, "{sql}");
                assert_eq!(run(&connection, Whose::Users, sql), "OK", "{sql}");
                assert_eq!(run(&connection, Whose::Supervisors, sql), supervisors, "{sql}");
                // why: SQLite prepares what is kept anew
                connection.execute_batch(&format!("CREATE TABLE IF NOT EXISTS new_{round} (x)")).expect("ours may");
            }
        }
        assert_eq!(run(&connection, Whose::Supervisors, "SELECT a FROM v WHERE 1"), "OK");
        connection
            .execute_batch("DROP VIEW v; CREATE VIEW v AS SELECT actor AS a FROM rpmadb_audit")
            .expect("ours may");
        assert_eq!(run(&connection, Whose::Supervisors, "SELECT a FROM v WHERE 1"), "DENIED");
    }

    #[test]
    fn what_a_migration_may_is_judged_anew_for_a_user() {
        let connection = with_an_audit();
        for sql in [
            "CREATE TEMP TABLE x (a)",
            "CREATE TEMP TABLE IF NOT EXISTS t (a)",
            "PRAGMA application_id = 7",
            "PRAGMA defer_foreign_keys = 1",
        ] {
            assert_eq!(run(&connection, Whose::Migrations, sql), "OK", "{sql}");
            connection.execute_batch("DROP TABLE IF EXISTS temp.x; DROP TABLE IF EXISTS temp.t").expect("ours may");
            assert_eq!(run(&connection, Whose::Users, sql), "UNSUPPORTED", "{sql}");
        }
    }

    #[test]
    fn a_statement_that_is_prepared_raw_is_judged_as_well() {
        let connection = with_an_audit();
        for (sql, status) in [("VACUUM", "DENIED"), ("SELECT 1 FROM rpmadb_audit", "DENIED"), ("SELEC", "SQL")] {
            let error = connection.prepare_raw(Whose::Supervisors, sql).expect_err(sql);
            assert_eq!(error.status().name(), status, "{sql}: {error}");
        }
    }
}
