//! A prepared statement: its parameters, its columns, its rows.
//!
//! Leaves to others: preparing it under the right rules (`connection.rs`, `access.rs`).
//!
//! Invariant: it runs with every parameter bound, no more and no fewer than it has.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, StatementStatus};

use super::connection::Connection;
use super::cursor::Cell;
use super::meter::Counters;
use super::value::Value;
use crate::error::{Error, Result};

/// Parameters of a statement.
#[derive(Debug, Clone, Copy)]
pub enum Params<'a> {
    /// For `?` and `?1`, in order.
    Positional(&'a [Value]),
    /// For `:name`, `@name` and `$name`; the first character may be left out.
    Named(&'a [(String, Value)]),
}

impl<'a, const N: usize> From<&'a [Value; N]> for Params<'a> {
    fn from(values: &'a [Value; N]) -> Params<'a> {
        Params::Positional(values)
    }
}

impl<'a> From<&'a [Value]> for Params<'a> {
    fn from(values: &'a [Value]) -> Params<'a> {
        Params::Positional(values)
    }
}

impl<'a> From<&'a Vec<Value>> for Params<'a> {
    fn from(values: &'a Vec<Value>) -> Params<'a> {
        Params::Positional(values)
    }
}

enum Prepared<'c> {
    Plain(rusqlite::Statement<'c>),
    Cached(CachedStatement<'c>),
}

/// A prepared statement.
pub struct Statement<'c> {
    inner: Prepared<'c>,
    connection: &'c Connection,
    /// Rows it has given.
    rows: u64,
}

/// One row of a result.
pub struct Row<'r> {
    inner: &'r rusqlite::Row<'r>,
    columns: usize,
}

impl Row<'_> {
    /// The value of a column; NULL beyond the last.
    #[must_use]
    pub fn value(&self, column: usize) -> Value {
        self.inner.get_ref(column).map_or(Value::Null, Value::from_ref)
    }

    /// The text of a column without a copy; `None` for another type.
    #[must_use]
    pub fn text(&self, column: usize) -> Option<&str> {
        self.inner.get_ref(column).ok()?.as_str().ok()
    }

    /// The bytes of a column without a copy; `None` for another type.
    #[must_use]
    pub fn blob(&self, column: usize) -> Option<&[u8]> {
        self.inner.get_ref(column).ok()?.as_blob().ok()
    }

    /// The number in a column; `None` for another type.
    #[must_use]
    pub fn integer(&self, column: usize) -> Option<i64> {
        self.inner.get_ref(column).ok()?.as_i64().ok()
    }

    /// The number in a column; `None` for another type, and for one below zero.
    #[must_use]
    pub fn number(&self, column: usize) -> Option<u64> {
        self.integer(column)?.try_into().ok()
    }

    /// All values.
    #[must_use]
    pub fn values(&self) -> Vec<Value> {
        (0..self.columns).map(|column| self.value(column)).collect()
    }
}

impl<'c> Statement<'c> {
    /// Prepares `sql` on `inner`, which is the locked inside of `connection`.
    pub(super) fn prepare(
        inner: &'c rusqlite::Connection,
        connection: &'c Connection,
        sql: &str,
        cached: bool,
    ) -> rusqlite::Result<Statement<'c>> {
        let inner = if cached {
            inner.prepare_cached(sql).map(Prepared::Cached)
        } else {
            inner.prepare(sql).map(Prepared::Plain)
        };
        inner.map(|inner| Statement { inner, connection, rows: 0 })
    }

    fn inner(&mut self) -> &mut rusqlite::Statement<'c> {
        match &mut self.inner {
            Prepared::Plain(statement) => statement,
            Prepared::Cached(statement) => statement,
        }
    }

    /// Whether it changes nothing in the database file.
    pub(super) fn is_read_only(&mut self) -> bool {
        self.inner().readonly()
    }

    /// How many rows it has given since this was asked the last time.
    pub(super) fn take_rows(&mut self) -> u64 {
        std::mem::take(&mut self.rows)
    }

    /// What SQLite has counted since this was asked the last time, also before this was prepared, where it was kept.
    pub(super) fn take_counters(&mut self) -> Counters {
        let statement = self.inner();
        let take = |which| u64::from(statement.reset_status(which).unsigned_abs());
        Counters {
            full_scan_steps: take(StatementStatus::FullscanStep),
            sorts: take(StatementStatus::Sort),
            automatic_index_rows: take(StatementStatus::AutoIndex),
        }
    }

    /// Names of the result's columns.
    pub fn columns(&mut self) -> Vec<String> {
        self.inner().column_names().map(str::to_owned).collect()
    }

    /// Binds every parameter; one too many or too few is an error that says so.
    pub fn bind(&mut self, params: Params<'_>) -> Result<()> {
        let wanted = self.inner().parameter_count();
        assign(
            params,
            wanted,
            self,
            |statement, name| statement.index_of(name),
            |statement, index, value| statement.bind_one(index, value),
        )
    }

    /// The same for values that are borrowed.
    pub fn bind_cells(&mut self, cells: &[Cell<'_>]) -> Result<()> {
        let connection = self.connection;
        let statement = self.inner();
        for (index, cell) in cells.iter().enumerate() {
            let value = match *cell {
                Cell::Null => ValueRef::Null,
                Cell::Integer(number) => ValueRef::Integer(number),
                Cell::Real(number) => ValueRef::Real(number),
                Cell::Text(bytes) => ValueRef::Text(bytes),
                Cell::Blob(bytes) => ValueRef::Blob(bytes),
            };
            let bound = statement.raw_bind_parameter(index + 1, ToSqlOutput::Borrowed(value));
            bound.map_err(|error| connection.failure(error))?;
        }
        Ok(())
    }

    fn index_of(&mut self, name: &str) -> Option<usize> {
        let statement = self.inner();
        if name.starts_with([':', '@', '$', '?']) {
            return statement.parameter_index(name).ok().flatten();
        }
        [':', '@', '$'].iter().find_map(|sign| statement.parameter_index(&format!("{sign}{name}")).ok().flatten())
    }

    fn bind_one(&mut self, index: usize, value: &Value) -> Result<()> {
        let connection = self.connection;
        self.inner().raw_bind_parameter(index, value).map_err(|error| connection.failure(error))
    }

    /// Runs it and lends the first column of each row to `body`, without a copy.
    pub(super) fn for_each_first(
        &mut self,
        mut body: impl FnMut(rusqlite::types::ValueRef<'_>) -> Result<()>,
    ) -> Result<()> {
        let connection = self.connection;
        let mut rows = self.inner().raw_query();
        while let Some(row) = rows.next().map_err(|error| connection.failure(error))? {
            body(row.get_ref(0).map_err(|error| connection.failure(error))?)?;
        }
        Ok(())
    }

    /// Runs it and hands each row to `body` until that returns false.
    pub fn for_each(&mut self, mut body: impl FnMut(&Row<'_>) -> Result<bool>) -> Result<()> {
        let connection = self.connection;
        let statement = self.inner();
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        let mut given = 0;
        let outcome = loop {
            match rows.next() {
                Ok(Some(row)) => {
                    given += 1;
                    match body(&Row { inner: row, columns }) {
                        Ok(true) => {}
                        Ok(false) => break Ok(()),
                        Err(error) => break Err(error),
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(connection.failure(error)),
            }
        };
        drop(rows);
        self.rows += given;
        outcome
    }
}

/// Hands every parameter to `bind` with its number, which counts from 1; one too many or too few, an unknown name, and one that
/// stands twice are errors that say so. `statement` is what both closures work on.
pub(super) fn assign<S>(
    params: Params<'_>,
    wanted: usize,
    statement: &mut S,
    mut index_of: impl FnMut(&mut S, &str) -> Option<usize>,
    mut bind: impl FnMut(&mut S, usize, &Value) -> Result<()>,
) -> Result<()> {
    let wrong = |reason: String| Err(Error::InvalidArgument { name: "params".into(), reason });
    let given = match params {
        Params::Positional(values) => values.len(),
        Params::Named(pairs) => pairs.len(),
    };
    if given != wanted {
        return wrong(format!("hold {given} value(s), the statement takes {wanted}"));
    }
    match params {
        Params::Positional(values) => {
            for (index, value) in values.iter().enumerate() {
                bind(statement, index + 1, value)?;
            }
        }
        Params::Named(pairs) => {
            let mut bound = vec![false; wanted + 1];
            for (name, value) in pairs {
                let Some(index) = index_of(statement, name) else {
                    return wrong(format!("name '{name}', which the statement does not use"));
                };
                if std::mem::replace(&mut bound[index], true) {
                    return wrong(format!("name '{name}' twice"));
                }
                bind(statement, index, value)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_counted_and_named() {
        let connection = Connection::open_in_memory().expect("opens");
        let bind = |sql: &str, params: Params<'_>| connection.ours(sql, |statement| statement.bind(params));
        assert!(bind("SELECT ?", Params::Positional(&[])).is_err());
        assert!(bind("SELECT ?", Params::Positional(&[Value::Null])).is_ok());
        assert!(bind("SELECT :a, @b", Params::Named(&[("a".into(), Value::Null), ("@b".into(), Value::Null)])).is_ok());
        let twice = [("a".into(), Value::Null), (":a".into(), Value::Null)];
        let error = bind("SELECT :a, :b", Params::Named(&twice)).expect_err("twice");
        assert!(error.to_string().contains("twice"), "{error}");
        let error = bind("SELECT :a", Params::Named(&[("c".into(), Value::Null)])).expect_err("unknown");
        assert!(error.to_string().contains("'c'"), "{error}");
    }
}
