//! One step of a run, forward or back: a file's SQL, a Lua file or code, watched by the guards.
//!
//! Leaves to others: the transaction around it and its history row (`run.rs`, `rollback.rs`).
//!
//! Invariant: whatever kind a step is, it goes through the same watch, the same guards and the same errors.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use super::catalog::{Body, Entry, LuaRunner, LuaStep, StepFn};
use super::directive;
use super::guard::{Guard, Source, Text};
use super::history;
use super::set::Repeatable;
use super::sql::{self, File};
use super::state::Moved;
use crate::error::{Error, Kept, Place, Result};
use crate::operation::Operation;
use crate::sqlite::{Connection, Whose};

/// What every step of a run works with.
pub(super) struct Bench {
    pub(super) connection: Connection,
    pub(super) guard: Arc<Guard>,
    pub(super) run_lua: LuaRunner,
    pub(super) operation: Operation,
    /// What of this run is committed.
    pub(super) kept: Cell<Kept>,
    /// The last step of this transaction that ran with foreign keys enforced, and where it ended.
    pub(super) enforced: RefCell<Option<(String, Place)>>,
}

/// What a step runs.
pub(super) enum Work {
    Sql,
    Lua { back: bool },
    Code(StepFn),
}

/// What a step left.
#[derive(Debug, Default)]
pub(super) struct Ran {
    /// Statements that have to run outside the transaction.
    pub(super) moved: Vec<Moved>,
    /// Whether a Lua chunk has a way back.
    pub(super) has_down: bool,
}

impl Entry {
    /// The step that applies it.
    pub(super) fn up(&self) -> (Source, Work) {
        match &self.body {
            Body::File(file) => {
                let source = Source {
                    file: file.file.clone(),
                    text: Text::File(Arc::clone(file)),
                    is_sql: !file.is_lua,
                    version: Some(self.version),
                    directives: file.directives.clone(),
                    done: 0,
                };
                (source, if file.is_lua { Work::Lua { back: false } } else { Work::Sql })
            }
            Body::Code(step) => (self.code_source(), Work::Code(Arc::clone(&step.up))),
        }
    }

    fn code_source(&self) -> Source {
        Source {
            file: self.file(),
            text: Text::None,
            is_sql: false,
            version: Some(self.version),
            directives: directive::Directives::default(),
            done: 0,
        }
    }

    /// The step that takes it back; `None` without one in the set, where the history may have one.
    pub(super) fn down(&self) -> Result<Option<(Source, Work)>> {
        match &self.body {
            Body::File(file) if file.is_lua => {
                let source = Source { directives: directive::Directives::default(), ..self.up().0 };
                Ok(Some((source, Work::Lua { back: true })))
            }
            Body::File(file) => file
                .down
                .as_ref()
                .map(|down| back_source(&down.file, down.text.as_ref().into(), true, self.version))
                .transpose(),
            Body::Code(step) => Ok(step.down.as_ref().map(|down| (self.code_source(), Work::Code(Arc::clone(down))))),
        }
    }
}

/// The step back whose text is `text`.
pub(super) fn back_source(file: &str, text: Arc<str>, is_sql: bool, version: i64) -> Result<(Source, Work)> {
    let directives = if is_sql { directive::read(file, &text)? } else { directive::Directives::default() };
    let source =
        Source { file: file.to_owned(), text: Text::Owned(text), is_sql, version: Some(version), directives, done: 0 };
    Ok((source, if is_sql { Work::Sql } else { Work::Lua { back: true } }))
}

impl Bench {
    /// Runs a step inside the transaction that is open.
    pub(super) fn step(&self, name: &str, source: &Source, work: &Work) -> Result<Ran> {
        self.guard.begin_step(source.clone());
        let outcome = self.watched(source, work).and_then(|ran| {
            self.guard.end_step(&self.connection)?;
            Ok(ran)
        });
        // why before the step's own error: on its way through a script a refusal became a text
        let outcome = self.guard.refused().map_or(outcome, Err);
        outcome.map_err(|error| self.failed(name, with_file(error, &source.file, source.version)))
    }

    /// Runs a repeatable; what it dropped along with its view or table is made again.
    pub(super) fn repeatable(&self, repeatable: &Repeatable) -> Result<()> {
        let source = Source {
            file: repeatable.file.clone(),
            text: Text::Owned(repeatable.text.as_ref().into()),
            is_sql: true,
            version: None,
            directives: repeatable.directives.clone(),
            done: 0,
        };
        self.guard.begin_step(source.clone());
        let outcome = self.watched(&source, &Work::Sql).and_then(|ran| {
            for lost in self.guard.vanished(&self.connection)? {
                // why by the guards' leave: what does not fit the new form is for its author to mend
                if self.connection.run(Whose::Migrations, &lost.object.sql).is_err() {
                    self.guard.end_step(&self.connection)?;
                }
            }
            self.guard.end_step(&self.connection)?;
            match ran.moved.first() {
                Some(moved) => Err(Error::MigrationInvalid {
                    reason: format!("{} cannot stand in a repeatable", moved.sql),
                    place: Box::new(self.guard.place()),
                }),
                None => Ok(()),
            }
        });
        outcome.map_err(|error| {
            self.failed(&format!("R_{}", repeatable.name), with_file(error, &source.file, source.version))
        })
    }

    fn watched(&self, source: &Source, work: &Work) -> Result<Ran> {
        let enforces = source.directives.enforces_foreign_keys;
        if enforces {
            self.connection.enforce_foreign_keys(true)?;
        }
        let outcome = self.work(source, work);
        // why whatever was asked for: a file may have switched it itself
        if enforces || matches!(work, Work::Sql) {
            if self.connection.enforces_foreign_keys()? {
                let name = source.version.map_or_else(|| source.file.clone(), |version| version.to_string());
                *self.enforced.borrow_mut() = Some((name, self.guard.place()));
            }
            self.connection.enforce_foreign_keys(false)?;
        }
        let ran = outcome?;
        // why: a statement such as `INSERT OR ROLLBACK` can end the run's transaction
        sql::tidy(&self.connection)?;
        Ok(ran)
    }

    fn work(&self, source: &Source, work: &Work) -> Result<Ran> {
        match work {
            Work::Sql => {
                let moved = File::new(&self.connection, &self.guard, &self.operation, source).run()?;
                Ok(Ran { moved, has_down: false })
            }
            Work::Lua { back } => {
                let text = source.text.as_str().unwrap_or_default();
                let lua = LuaStep { file: &source.file, text, back: *back };
                let outcome = (self.run_lua)(&lua, Some(&self.connection), &self.operation);
                self.operation.boundary("a step ran");
                let has_down = outcome.map_err(|error| {
                    let place = error.place().cloned().unwrap_or_default();
                    error.at(Place { version: source.version, ..place })
                })?;
                Ok(Ran { moved: Vec::new(), has_down })
            }
            Work::Code(code) => {
                code(&self.connection, &self.operation)?;
                self.operation.boundary("a step ran");
                Ok(Ran::default())
            }
        }
    }

    /// The error of a commit that failed: where SQLite still counts a deferred violation, that of the step that left it.
    pub(super) fn commit_failed(&self, error: Error) -> Error {
        match (&error, self.enforced.borrow().as_ref()) {
            (Error::Constraint { .. }, Some((name, place))) => self.failed(name, error.at(place.clone())),
            _ => error,
        }
    }

    /// The error of a run whose migration `name` stopped it.
    pub(super) fn failed(&self, name: &str, cause: Error) -> Error {
        match cause {
            // why unwrapped: what stopped the run is no fault of the migration, and a guard says everything itself
            Error::Cancelled { .. } | Error::Timeout { .. } | Error::Guard { .. } => cause,
            cause => {
                let place = Box::new(cause.place().cloned().unwrap_or_default());
                Error::MigrationFailed {
                    version: name.to_owned(),
                    cause: Box::new(cause),
                    place,
                    kept: self.kept.get(),
                }
            }
        }
    }
}

fn with_file(error: Error, file: &str, version: Option<i64>) -> Error {
    match error.place() {
        Some(place) if place.file.is_none() => {
            let place = Place { file: Some(file.to_owned()), version, ..place.clone() };
            error.at(place)
        }
        _ => error,
    }
}

/// The ways back of an applied migration: that of the set, and behind it what the history kept.
pub(super) fn ways_back(
    connection: &Connection,
    entry: Option<&Entry>,
    row: &history::Row,
) -> impl Iterator<Item = Result<(Source, Work)>> {
    let from_set = entry.and_then(|entry| entry.down().transpose());
    let from_history = || match history::down_text(connection, row.version) {
        Ok(text) => text.map(|text| {
            let is_sql = row.kind != "lua";
            let suffix = if is_sql { "down.sql" } else { "lua" };
            let file = format!("{:03}_{}.{suffix} (from the history)", row.version, row.name);
            back_source(&file, text.into(), is_sql, row.version)
        }),
        Err(error) => Some(Err(error)),
    };
    from_set.into_iter().chain(std::iter::once_with(from_history).flatten())
}
