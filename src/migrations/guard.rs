//! Guards: what a migration must not do by accident. They watch every statement of a run, files, Lua and host code alike, and
//! look only at what the statements touched.
//!
//! `objects` finds what vanished or no longer compiles, `keys` what the foreign keys say.
//! Leaves to others: running the statements, and when to ask.
//!
//! Invariants: what a statement is about to destroy is noted before it runs; a finding names the place of the statement that
//! caused it, and is waived only by the directives of that statement's file.

mod keys;
mod objects;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

pub(super) use keys::Baseline;
pub(super) use objects::{Step as Noted, Vanished};

use super::directive::Directives;
use super::outstanding::Outstanding;
use super::scan::{self, Kind};
use super::set::Migration;
use super::statement::{self, Reading};
use crate::error::{Error, Place, Result};
use crate::sqlite::{Action, Connection, Watch};

/// A new violation of a foreign key.
const FOREIGN_KEY: &str = "foreign-key";
/// Rows lost from a table that the file does not name.
const ROW_LOSS: &str = "row-loss";
/// A foreign key to a table that is not there.
const MISSING_PARENT: &str = "missing-parent";
const DROP_INDEX: &str = "drop-index";
const DROP_TRIGGER: &str = "drop-trigger";
const BROKEN_VIEW: &str = "broken-view";
const BROKEN_TRIGGER: &str = "broken-trigger";
/// An AUTOINCREMENT counter that went back.
const AUTOINCREMENT: &str = "autoincrement";

/// Every guard, as the directive `allow` spells it.
pub(super) const NAMES: &[&str] =
    &[FOREIGN_KEY, ROW_LOSS, MISSING_PARENT, DROP_INDEX, DROP_TRIGGER, BROKEN_VIEW, BROKEN_TRIGGER, AUTOINCREMENT];

/// The text a step runs, for positions and for which tables it names.
#[derive(Clone)]
pub(super) enum Text {
    /// A file of the set.
    File(Arc<Migration>),
    /// A text from the history, or a repeatable.
    Owned(Arc<str>),
    /// A step in code.
    None,
}

impl Text {
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Text::File(file) => Some(&file.text),
            Text::Owned(text) => Some(text),
            Text::None => None,
        }
    }
}

/// What runs.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) file: String,
    pub(super) text: Text,
    pub(super) is_sql: bool,
    pub(super) version: Option<i64>,
    pub(super) directives: Directives,
    /// Statements at the start that have run already.
    pub(super) done: usize,
}

/// A statement of a step: which, and where in its text.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Origin {
    /// Not kept: it counts the steps of one run.
    #[serde(skip)]
    source: usize,
    statement: Option<u32>,
    at: At,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
enum At {
    #[default]
    Unknown,
    /// Byte offset.
    Offset(usize),
    /// Line, counting from 1.
    Line(u32),
}

/// What happened to a table in this transaction.
#[derive(Debug, Default)]
struct Touched {
    origin: Origin,
    /// Rows came, or a foreign key was declared.
    gained: bool,
    /// Rows went, or the table was dropped, or another took its name.
    lost: bool,
    columns: BTreeSet<String>,
}

/// Watches the statements of one transaction of a run.
#[derive(Default)]
pub(super) struct Guard {
    state: Mutex<State>,
    /// Here, because the guards hear of every statement that could see that the rows are not written yet.
    pub(super) outstanding: Outstanding,
}

#[derive(Default)]
struct State {
    sources: Vec<Source>,
    origin: Origin,
    /// By name in lower case.
    touched: BTreeMap<String, Touched>,
    step: objects::Step,
    compiled: objects::Compiled,
    /// Rows of the tables that the statement now running deletes from without being named in its file.
    counted: Vec<(String, u64)>,
    /// What a statement was refused for: Lua or host code may have gone on after it.
    refused: Option<Error>,
    /// Tables that were renamed in this transaction: their names now to those before, in lower case.
    renamed: BTreeMap<String, String>,
    /// Words of the step's text, once somebody asked, and of the statements that its code ran; in lower case.
    said: HashSet<String>,
    has_read_text: bool,
}

impl Guard {
    /// From here on, statements are those of `source`.
    pub(super) fn begin_step(&self, source: Source) {
        let mut state = self.state.lock();
        state.sources.push(source);
        state.origin = Origin { source: state.sources.len() - 1, ..Origin::default() };
        state.step = state.step.next();
        state.said.clear();
        state.has_read_text = false;
    }

    /// From here on, the statement is the one at this offset of the source's text.
    pub(super) fn at(&self, statement: u32, offset: usize) {
        let mut state = self.state.lock();
        state.origin.statement = Some(statement);
        state.origin.at = At::Offset(offset);
    }

    /// Looks at what the step that is over has lost.
    pub(super) fn end_step(&self, connection: &Connection) -> Result<()> {
        if let Some(refused) = self.refused() {
            return Err(refused);
        }
        let state = self.state.lock();
        for vanished in state.step.vanished(connection)? {
            let (guard, table) = (vanished.guard(), &vanished.object.table);
            state.refuse(guard, vanished.origin, || {
                format!(
                    "the {} {} of table {table} vanished with the table it stood on and was not made again",
                    vanished.object.kind, vanished.object.name
                )
            })?;
        }
        for counter in state.step.counters_gone_back(connection)? {
            state.refuse(AUTOINCREMENT, counter.origin, || counter.to_string())?;
        }
        Ok(())
    }

    /// What the step that runs has lost so far, to be kept with its progress.
    pub(super) fn noted(&self) -> Noted {
        self.state.lock().step.clone()
    }

    /// The step that runs is one that has lost so much already.
    pub(super) fn resume_step(&self, noted: &Noted) {
        let mut state = self.state.lock();
        state.step = noted.clone();
        let source = state.origin.source;
        state.step.set_source(source);
    }

    /// What a statement of the step was refused for, whatever its code made of that.
    pub(super) fn refused(&self) -> Option<Error> {
        self.state.lock().refused.take()
    }

    /// What the step that is over dropped along with a table or view that is there again.
    pub(super) fn vanished(&self, connection: &Connection) -> Result<Vec<Vanished>> {
        self.state.lock().step.vanished(connection)
    }

    /// Drops those of the `objects` (kind and name) that no longer compile.
    pub(super) fn drop_broken(&self, connection: &Connection, objects: &[(String, String)]) -> Result<()> {
        let broken = self.state.lock().compiled.broken(connection)?;
        for (kind, name) in objects {
            if broken.iter().any(|broken| broken.is(kind, name)) {
                super::history::drop_object(connection, kind, name)?;
            }
        }
        Ok(())
    }

    /// Looks at what only the end of a transaction can tell: foreign keys, and views and triggers that no longer compile.
    /// `baseline` tells how the foreign keys stood before.
    pub(super) fn before_commit(
        &self,
        connection: &Connection,
        baseline: impl FnOnce(&[keys::Identity]) -> Result<Baseline>,
    ) -> Result<()> {
        let state = self.state.lock();
        for broken in state.compiled.broken(connection)? {
            state.refuse(broken.guard(), broken.origin, || broken.to_string())?;
        }
        for finding in keys::findings(connection, &state.touched, &state.renamed, baseline)? {
            state.refuse(finding.guard(), finding.origin, || finding.to_string())?;
        }
        Ok(())
    }

    /// The views and triggers that the step that is over made, by kind and name.
    pub(super) fn made(&self, connection: &Connection) -> Result<Vec<(String, String)>> {
        let state = self.state.lock();
        state.compiled.made_by(connection, state.origin.source)
    }

    /// Forgets everything but what runs: the next transaction has begun.
    pub(super) fn begin_transaction(&self) {
        self.outstanding.clear();
        let mut state = self.state.lock();
        state.touched.clear();
        state.renamed.clear();
        state.step = objects::Step::default();
        state.compiled = objects::Compiled::default();
    }

    /// The place of the statement that runs.
    pub(super) fn place(&self) -> Place {
        let state = self.state.lock();
        state.place(state.origin)
    }
}

impl State {
    fn place(&self, origin: Origin) -> Place {
        let Some(source) = self.sources.get(origin.source) else { return Place::default() };
        let text = source.text.as_str();
        let found = match (origin.at, text) {
            (At::Offset(offset), Some(text)) => Place::locate(text, offset),
            (At::Line(line), Some(text)) => {
                let start = text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum::<usize>();
                let indent = text[start..].len() - text[start..].trim_start_matches([' ', '\t']).len();
                Place::locate(text, start + indent)
            }
            _ => Place::default(),
        };
        Place { statement: origin.statement, version: source.version, ..found.in_file(&source.file) }
    }

    fn refuse(&self, guard: &'static str, origin: Origin, finding: impl FnOnce() -> String) -> Result<()> {
        if self.sources.get(origin.source).is_some_and(|source| source.directives.allows(guard)) {
            return Ok(());
        }
        Err(Error::Guard { guard, finding: finding(), place: Box::new(self.place(origin)) })
    }

    fn touch(&mut self, table: &str, how: impl FnOnce(&mut Touched)) {
        let touched = self.touched.entry(table.to_ascii_lowercase()).or_default();
        touched.origin = self.origin;
        how(touched);
    }

    /// Whether the file, or a statement that its code ran, names the table.
    fn names(&mut self, table: &str) -> bool {
        if !std::mem::replace(&mut self.has_read_text, true)
            && let Some(source) = self.sources.get(self.origin.source)
            && let Some(text) = source.text.as_str()
        {
            if source.is_sql {
                self.said.extend(words(text));
            } else {
                // why by characters: in Lua the statements are strings
                let text = text.to_ascii_lowercase();
                let is_edge = |character: char| !(character.is_alphanumeric() || character == '_');
                self.said.extend(text.split(is_edge).map(str::to_owned));
            }
        }
        self.said.contains(&table.to_ascii_lowercase())
    }

    fn note(&mut self, connection: &Connection, sql: &str, action: &Action) -> Result<()> {
        match action {
            Action::CreateTable { table } | Action::AlterTable { table } => {
                if scan::holds_letters(sql, "references")
                    && keywords(sql, usize::MAX).any(|word| word.eq_ignore_ascii_case("references"))
                {
                    self.touch(table, |touched| touched.gained = true);
                }
            }
            Action::ReadOurs => {}
            Action::CreateView { view } => self.compiled.made(view, self.origin),
            Action::CreateTrigger { trigger } => self.compiled.made(trigger, self.origin),
            Action::DropTable { table } => {
                self.compiled.dropping(connection, table, self.origin)?;
                self.step.dropping(connection, table, self.origin)?;
                self.touch(table, |touched| touched.lost = true);
            }
            Action::DropView { view } => {
                self.compiled.dropping(connection, view, self.origin)?;
                self.step.dropping(connection, view, self.origin)?;
            }
            Action::Delete { table } | Action::Insert { table } | Action::Update { table, .. }
                if table.eq_ignore_ascii_case("sqlite_sequence") =>
            {
                self.step.note_counters(connection, self.origin)?;
            }
            Action::Insert { table } => {
                // why also lost: REPLACE deletes the rows in its way, and tells nobody
                let replaces = keywords(sql, 3).any(|word| word.eq_ignore_ascii_case("replace"));
                self.touch(table, |touched| {
                    touched.gained = true;
                    touched.lost |= replaces;
                });
            }
            Action::Delete { table } => {
                self.touch(table, |touched| touched.lost = true);
                if !self.names(table) {
                    let rows = crate::sqlite::schema::count_rows(connection, table)?.unwrap_or(0);
                    self.counted.push((table.clone(), rows));
                }
            }
            Action::Update { table, column } => self.touch(table, |touched| {
                touched.columns.insert(column.to_ascii_lowercase());
            }),
        }
        Ok(())
    }

    fn note_reading(&mut self, connection: &Connection, sql: &str) -> Result<()> {
        match statement::read(sql) {
            Reading::RenameTable { from, to } => {
                self.step.renamed(&from, &to);
                if let Some(before) = self.touched.remove(&from.to_ascii_lowercase()) {
                    self.touched.insert(to.to_ascii_lowercase(), before);
                }
                let (from_lower, to_lower) = (from.to_ascii_lowercase(), to.to_ascii_lowercase());
                let before = self.renamed.remove(&from_lower).unwrap_or(from_lower);
                self.renamed.insert(to_lower, before);
                self.touch(&from, |touched| touched.lost = true);
                self.touch(&to, |touched| (touched.gained, touched.lost) = (true, true));
            }
            Reading::DropObject(name) => {
                self.step.dropped_by_name(&name);
                // why: a foreign key may need that index to find its parent's rows
                if let Some(table) = crate::sqlite::schema::table_of_unique_index(connection, &name)? {
                    self.touch(&table, |touched| touched.lost = true);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Watch for Guard {
    fn before(&self, connection: &Connection, sql: &str, actions: &[Action]) -> Result<()> {
        if actions.contains(&Action::ReadOurs) {
            self.outstanding.write(connection)?;
        }
        let mut state = self.state.lock();
        let source = state.origin.source;
        if state.sources.get(source).is_some_and(|source| !source.is_sql) {
            state.origin.at = connection.line().map_or(At::Unknown, At::Line);
            state.said.extend(words(sql));
        }
        state.counted.clear();
        for action in actions {
            state.note(connection, sql, action)?;
        }
        let reads = actions.iter().any(|action| matches!(action, Action::AlterTable { .. }));
        // why by its start: an index or trigger that is dropped is no action of interest
        if reads || actions.is_empty() || keywords(sql, 1).any(|word| word.eq_ignore_ascii_case("drop")) {
            state.note_reading(connection, sql)?;
        }
        Ok(())
    }

    fn after(&self, connection: &Connection, _: &str, _: &[Action]) -> Result<()> {
        let mut state = self.state.lock();
        for (table, before) in std::mem::take(&mut state.counted) {
            // why zero: a table that is gone has lost all of them
            let after = crate::sqlite::schema::count_rows(connection, &table).ok().flatten().unwrap_or(0);
            if after < before {
                let refused = state.refuse(ROW_LOSS, state.origin, || {
                    format!(
                        "the statement deletes {} row(s) of table {table}, which the file does not name",
                        before - after
                    )
                });
                if let Err(error) = refused {
                    state.refused = Some(error.clone());
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

/// What may be keywords among the first `most` names and words of a text.
fn keywords(text: &str, most: usize) -> impl Iterator<Item = &str> {
    let names = scan::tokens(text).filter(|token| matches!(token.kind, Kind::Word | Kind::Quoted)).take(most);
    names.filter(|token| token.kind == Kind::Word).map(|token| &text[token.range])
}

/// The names and words of a text, unquoted and in lower case.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    scan::tokens(text)
        .filter(|token| matches!(token.kind, Kind::Word | Kind::Quoted))
        .map(|token| statement::unquoted(&text[token.range]).to_ascii_lowercase())
}
