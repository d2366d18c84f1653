//! Running statements on a connection: this library's own, those of users, and those of migrations.
//!
//! Leaves to others: binding and rows (`statement.rs`), what the rules allow (`rules.rs`).
//!
//! Invariant: the lock is held and the rules of the statement's owner are in force from before it is prepared until it is done.

use std::time::Instant;

use super::Connection;
use crate::error::{Error, Place, Result};
use crate::sqlite::failure::Failure;
use crate::sqlite::heap;
use crate::sqlite::meter::{Running, is_refused};
use crate::sqlite::rules::Whose;
use crate::sqlite::statement::{Params, Statement};
use crate::sqlite::value::{FromValue, Value};
use crate::sqlite::watch::Action;

impl Connection {
    /// Runs `body` with a prepared statement of this library's own.
    pub fn ours<T>(&self, sql: &str, body: impl FnOnce(&mut Statement<'_>) -> Result<T>) -> Result<T> {
        self.with(Whose::Ours, |inner| {
            let statement = Statement::prepare(inner, self, sql, false);
            body(&mut statement.map_err(|error| self.failure_in(sql, error))?)
        })
    }

    /// Runs `body` with a prepared statement of this library's own that is kept for the next time. `text` is made by
    /// [`kept`](crate::sqlite::kept::kept), so that no text of a user's is ever taken for it.
    pub fn ours_kept<T>(&self, text: &str, body: impl FnOnce(&mut Statement<'_>) -> Result<T>) -> Result<T> {
        self.with(Whose::Ours, |inner| {
            let statement = Statement::prepare(inner, self, text, true);
            // why without its place: the mark must not be told
            body(&mut statement.map_err(|error| self.failure(error))?)
        })
    }

    /// Runs `body` with a prepared statement of a user's, kept for the next call with the same text if the rules let it be.
    pub fn users<T>(&self, whose: Whose, sql: &str, body: impl FnOnce(&mut Statement<'_>) -> Result<T>) -> Result<T> {
        self.users_since(None, whose, sql, body)
    }

    /// Like [`Connection::users`] for somebody who has just looked what time it is.
    pub(in crate::sqlite) fn users_since<T>(
        &self,
        since: Option<Instant>,
        whose: Whose,
        sql: &str,
        body: impl FnOnce(&mut Statement<'_>) -> Result<T>,
    ) -> Result<T> {
        let Some(meter) = self.meter() else { return self.unmetered(whose, sql, body) };
        let mut running = Running::begin(since);
        let outcome = self.unmetered(whose, sql, |statement| running.watch(self, statement, body));
        let error = outcome.as_ref().err();
        if !is_refused(error) {
            meter.ran(self, sql, &running.end(error));
        }
        outcome
    }

    fn unmetered<T>(&self, whose: Whose, sql: &str, body: impl FnOnce(&mut Statement<'_>) -> Result<T>) -> Result<T> {
        self.with(whose, |inner| {
            self.shared.rules.note_text(sql);
            if let Some(watch) = self.watcher() {
                // why not a kept one: the authorizer tells what a statement does when it is prepared, and only then
                let prepare = || Statement::prepare(inner, self, sql, false);
                let (statement, actions) = self.recorded(prepare);
                let mut statement = statement.map_err(|error| self.failure_in(sql, error))?;
                watch.before(self, sql, &actions)?;
                return body(&mut statement).and_then(|value| watch.after(self, sql, &actions).map(|()| value));
            }
            let mut statement =
                Statement::prepare(inner, self, sql, whose.keeps()).map_err(|error| self.failure_in(sql, error))?;
            // why prepared again: a kept statement was judged under the rules it was prepared under
            if whose == Whose::Readers && !statement.is_read_only() {
                statement = Statement::prepare(inner, self, sql, false).map_err(|error| self.failure_in(sql, error))?;
            }
            whose.check_writing(sql, || statement.is_read_only())?;
            body(&mut statement)
        })
    }

    /// Runs `body` under the rules of `whose`. The lock is held around the switch: rules belong to the connection, and
    /// two threads that switch at once would leave it under the wrong ones.
    pub(super) fn with<T>(&self, whose: Whose, body: impl FnOnce(&rusqlite::Connection) -> Result<T>) -> Result<T> {
        let inner = self.raw();
        let _switched = self.shared.rules.switch(whose);
        let _held = self.hold(whose == Whose::Ours);
        heap::check()?;
        body(&inner)
    }

    fn failure_in(&self, sql: &str, error: rusqlite::Error) -> Error {
        let Failure { error, offset, .. } = self.failure_with_offset(error);
        match offset {
            Some(offset) => error.at(Place::locate(sql, offset)),
            None => error,
        }
    }

    /// Runs one statement of ours and returns how many rows it changed.
    pub fn execute<'a>(&self, sql: &str, params: impl Into<Params<'a>>) -> Result<u64> {
        self.ours(sql, |statement| {
            statement.bind(params.into())?;
            let before = self.total_changes();
            statement.for_each(|_| Ok(true))?;
            Ok(self.changes_since(before))
        })
    }

    /// Runs several statements of ours.
    pub fn execute_batch(&self, sql: &str) -> Result<()> {
        self.with(Whose::Ours, |inner| inner.execute_batch(sql).map_err(|error| self.failure(error)))
    }

    /// Runs one statement of a migration to its end, inside its transaction. On failure also tells where in `sql`, in
    /// bytes, SQLite saw the error.
    pub fn run(&self, whose: Whose, sql: &str) -> Result<(), (Error, Option<usize>)> {
        let inner = self.raw();
        let _switched = self.shared.rules.switch(whose);
        let _held = self.hold(whose == Whose::Ours);
        self.shared.rules.note_text(sql);
        let failed = |error| {
            let Failure { error, offset, .. } = self.failure_with_offset(error);
            (error, offset)
        };
        let watch = self.watcher();
        let (statement, actions) = self.recorded(|| inner.prepare(sql));
        let mut statement = statement.map_err(failed)?;
        if let Some(watch) = &watch {
            watch.before(self, sql, &actions).map_err(|error| (error, None))?;
        }
        let mut rows = statement.raw_query();
        while rows.next().map_err(failed)?.is_some() {}
        drop(rows);
        match watch {
            Some(watch) => watch.after(self, sql, &actions).map_err(|error| (error, None)),
            None => Ok(()),
        }
    }

    /// What `prepare` gives, and what the statement would do.
    fn recorded<T>(&self, prepare: impl FnOnce() -> T) -> (T, Vec<Action>) {
        self.shared.rules.record();
        (prepare(), self.shared.rules.take_recorded())
    }

    /// All rows of a query of ours.
    pub fn rows<'a>(&self, sql: &str, params: impl Into<Params<'a>>) -> Result<Vec<Vec<Value>>> {
        let mut all = Vec::new();
        self.ours(sql, |statement| {
            statement.bind(params.into())?;
            statement.for_each(|row| {
                all.push(row.values());
                Ok(true)
            })
        })?;
        Ok(all)
    }

    /// The first column of the first row of a query of ours; `None` without a row. A value of another type is an error.
    pub fn value<T: FromValue>(&self, sql: &str, params: &[Value]) -> Result<Option<T>> {
        let mut first = None;
        self.ours(sql, |statement| {
            statement.bind(Params::Positional(params))?;
            statement.for_each(|row| {
                first = Some(row.value(0));
                Ok(false)
            })
        })?;
        first
            .map(|value| {
                T::from_value(value).ok_or_else(|| Error::Corrupt {
                    path: self.display(),
                    detail: format!("a value of an unexpected type in the answer to: {sql}"),
                    sqlite_code: rusqlite::ffi::SQLITE_MISMATCH,
                })
            })
            .transpose()
    }
}
