//! The statements of a file, one by one, inside a transaction that is not the file's own.
//!
//! Leaves to others: beginning and ending the run's transaction (`run.rs`), and what a statement is meant to do
//! (`statement.rs`).
//!
//! Invariants: a file's own `BEGIN` and `COMMIT` are a savepoint, so what it means to undo is undone and nothing of it is
//! committed early; an error knows the place it happened at.

use std::ops::Range;

use super::guard::{Guard, Source};
use super::scan;
use super::state::Moved;
use super::statement::{self, Column, Reading};
use crate::error::{Error, Place, Result};
use crate::operation::Operation;
use crate::sqlite::{Connection, Whose, schema};

/// Around the savepoints of a file, so that none of them outlives it.
const AROUND: &str = "rpmadb_savepoints";
/// Stands for the file's own transaction.
const OWN: &str = "rpmadb_file";

/// A file that is being run.
pub(super) struct File<'r> {
    connection: &'r Connection,
    guard: &'r Guard,
    operation: &'r Operation,
    source: &'r Source,
    text: &'r str,
    /// Where the file began a transaction of its own.
    own: Option<(u32, usize)>,
    has_savepoints: bool,
    /// Statements that have to run outside the transaction.
    pub(super) moved: Vec<Moved>,
}

impl<'r> File<'r> {
    pub(super) fn new(
        connection: &'r Connection,
        guard: &'r Guard,
        operation: &'r Operation,
        source: &'r Source,
    ) -> File<'r> {
        let text = source.text.as_str().unwrap_or_default();
        File { connection, guard, operation, source, text, own: None, has_savepoints: false, moved: Vec::new() }
    }

    /// Runs all of it.
    pub(super) fn run(mut self) -> Result<Vec<Moved>> {
        for (index, range) in scan::statements(self.text).enumerate().skip(self.source.done) {
            self.statement(index, range)?;
        }
        self.end()?;
        Ok(self.moved)
    }

    /// Runs the statement at `range`.
    pub(super) fn statement(&mut self, index: usize, range: Range<usize>) -> Result<()> {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        self.guard.at(number, range.start);
        let outcome = self.meant(number, range.clone());
        outcome.map_err(|(error, offset)| {
            let at = range.start + offset.unwrap_or(0).min(range.len());
            self.placed(error, number, at)
        })?;
        self.operation.boundary("a statement ran");
        Ok(())
    }

    /// Says that the file is over.
    pub(super) fn end(&mut self) -> Result<()> {
        if std::mem::take(&mut self.has_savepoints) {
            self.connection.execute_batch(&format!("RELEASE {AROUND}"))?;
        }
        match self.own {
            Some((number, at)) => {
                let reason = "BEGIN has no COMMIT in this file".to_owned();
                Err(self.placed(Error::MigrationInvalid { reason, place: Box::default() }, number, at))
            }
            None => Ok(()),
        }
    }

    fn placed(&self, error: Error, number: u32, at: usize) -> Error {
        let place = Place { statement: Some(number), version: self.source.version, ..Place::locate(self.text, at) };
        let place = place.in_file(&self.source.file);
        match error {
            Error::Guard { .. } => error,
            // why turned into one that has a place: a refusal of ours is an error of the file all the same
            Error::Unsupported { what, .. } => Error::MigrationInvalid {
                reason: format!("{what} cannot stand in a migration: the whole run is one transaction of rpmadb's"),
                place: Box::new(place),
            },
            error => error.at(place),
        }
    }

    fn meant(&mut self, number: u32, range: Range<usize>) -> Result<(), (Error, Option<usize>)> {
        let sql = &self.text[range.clone()];
        let at_start = |error| (error, None);
        match statement::read(sql) {
            Reading::Plain | Reading::RenameTable { .. } | Reading::DropObject(_) => {
                self.connection.run(Whose::Migrations, sql)?;
                self.connection.must_be_in_transaction().map_err(at_start)
            }
            Reading::Savepoint => self.savepoint(sql),
            Reading::Begin => self.begin(number, range.start).map_err(at_start),
            Reading::Commit => self.finish(&format!("RELEASE {OWN}"), "commit").map_err(at_start),
            Reading::Rollback => {
                self.finish(&format!("ROLLBACK TO {OWN}; RELEASE {OWN}"), "rollback").map_err(at_start)
            }
            // why nothing inside a transaction: that is what SQLite does there, and what the author saw
            Reading::ForeignKeys(_) if self.own.is_some() => Ok(()),
            Reading::ForeignKeys(on) => self.connection.enforce_foreign_keys(on).map_err(at_start),
            Reading::JournalMode(mode) => self.journal_mode(&mode).map_err(at_start),
            Reading::Outside => {
                let Place { line, column, .. } = Place::locate(self.text, range.start);
                self.moved.push(Moved {
                    version: self.source.version,
                    file: self.source.file.clone(),
                    statement: number,
                    line: line.unwrap_or(0),
                    column: column.unwrap_or(0),
                    sql: sql.to_owned(),
                });
                Ok(())
            }
            Reading::VacuumInto => Err(at_start(Error::MigrationInvalid {
                // why not moved outside: after a crash it would be run anew, and find its file there
                reason:
                    "VACUUM INTO cannot stand in a migration: a copy is what backup makes, with compact a vacuumed one"
                        .into(),
                place: Box::default(),
            })),
            Reading::AddColumn(column) => match self.declared(&column).map_err(at_start)? {
                None => self.without_condition(sql, &column),
                Some(found) => {
                    same_declaration(sql, &column, &found).map_err(|error| (error, Some(column.condition.end)))
                }
            },
            Reading::DropColumn(column) => match self.declared(&column).map_err(at_start)? {
                Some(_) => self.without_condition(sql, &column),
                None => Ok(()),
            },
        }
    }

    fn savepoint(&mut self, sql: &str) -> Result<(), (Error, Option<usize>)> {
        self.around().map_err(|error| (error, None))?;
        // why as ours: the authorizer refuses savepoints of Lua and host code, which nothing is put around
        self.connection.run(Whose::Ours, sql)
    }

    fn around(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.has_savepoints, true) {
            return Ok(());
        }
        // why: written later, inside the savepoint, they would go with what the file takes back
        self.guard.outstanding.write(self.connection)?;
        self.connection.execute_batch(&format!("SAVEPOINT {AROUND}"))
    }

    fn begin(&mut self, number: u32, at: usize) -> Result<()> {
        if self.own.is_some() {
            return Err(sql_error("cannot start a transaction within a transaction"));
        }
        // why around it: a savepoint inside the file's transaction must not be what the others end with
        self.around()?;
        self.connection.execute_batch(&format!("SAVEPOINT {OWN}"))?;
        self.own = Some((number, at));
        Ok(())
    }

    fn finish(&mut self, sql: &str, verb: &str) -> Result<()> {
        if self.own.take().is_none() {
            return Err(sql_error(&format!("cannot {verb} - no transaction is active")));
        }
        self.connection.execute_batch(sql)
    }

    /// The mode in force is no change; another is a setting of the whole database, which its host chooses.
    fn journal_mode(&self, wanted: &str) -> Result<()> {
        let found: Option<String> = self.connection.value("PRAGMA main.journal_mode", &[])?;
        match found {
            Some(found) if found.eq_ignore_ascii_case(wanted) || found == "memory" => Ok(()),
            _ => Err(Error::Unsupported {
                what: format!("PRAGMA journal_mode={wanted}"),
                instead: Some("the journal mode is an option of rpmadb_open"),
            }),
        }
    }

    /// How the table declares the column, if it has it.
    fn declared(&self, column: &Column) -> Result<Option<Vec<String>>> {
        let sql = "SELECT count(*) FROM pragma_table_xinfo(?, 'main') WHERE name = ? COLLATE NOCASE";
        let params = [column.table.as_str().into(), column.name.as_str().into()];
        if self.connection.value::<i64>(sql, &params)? == Some(0) {
            return Ok(None);
        }
        let sql = "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE";
        let create: Option<String> = self.connection.value(sql, &params[..1])?;
        Ok(Some(create.and_then(|create| statement::declared(&create, &column.name)).unwrap_or_default()))
    }

    fn without_condition(&self, sql: &str, column: &Column) -> Result<(), (Error, Option<usize>)> {
        // why blanks: the positions that SQLite tells stay those of the file
        let blanks = " ".repeat(column.condition.len());
        let sql = format!("{}{blanks}{}", &sql[..column.condition.start], &sql[column.condition.end..]);
        self.connection.run(Whose::Migrations, &sql)
    }
}

fn sql_error(message: &str) -> Error {
    Error::Sql { message: message.to_owned(), sqlite_code: 1, place: Box::default() }
}

fn same_declaration(sql: &str, column: &Column, found: &[String]) -> Result<()> {
    let wanted = statement::declaration(&sql[column.declaration.clone()]);
    if wanted == found {
        return Ok(());
    }
    let shown = |declaration: &[String]| {
        if declaration.is_empty() { "nothing".to_owned() } else { format!("'{}'", declaration.join(" ")) }
    };
    let Column { table, name, .. } = column;
    Err(sql_error(&format!(
        "table {table} has the column {name} already, declared as {} where the file says {}",
        shown(found),
        shown(&wanted)
    )))
}

/// Runs a statement that was moved outside the transaction.
pub(super) fn run_moved(connection: &Connection, moved: &Moved) -> Result<()> {
    // why as ours: the authorizer cannot tell VACUUM from ATTACH, and only what was recognised was moved
    connection.run(Whose::Ours, &moved.sql).map_err(|(error, _)| {
        let place = Place {
            file: Some(moved.file.clone()),
            line: Some(moved.line),
            column: Some(moved.column),
            statement: Some(moved.statement),
            source_line: moved.sql.lines().next().map(str::to_owned),
            version: moved.version,
            ..Place::default()
        };
        error.at(place)
    })
}

/// Drops what must not outlive a step.
pub(super) fn tidy(connection: &Connection) -> Result<()> {
    connection.must_be_in_transaction()?;
    // why asked first: SQLite sets up a whole temporary database for the look
    if connection.take_made_temporary() { schema::drop_temporary(connection) } else { Ok(()) }
}
