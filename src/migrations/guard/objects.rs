//! What a step lost along with a table (indexes, triggers, the AUTOINCREMENT counter), and which views and triggers no longer
//! compile.
//!
//! Leaves to others: foreign keys (`keys.rs`) and who may waive a finding (`guard.rs`).
//!
//! Invariants: what stands on a table is noted before the table goes; what was broken before is nobody's fault.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{AUTOINCREMENT, BROKEN_TRIGGER, BROKEN_VIEW, DROP_INDEX, DROP_TRIGGER, Origin, words};
use crate::error::{Error, Result};
use crate::sqlite::schema::{self, Object, quoted};
use crate::sqlite::{Connection, Value};

/// What one step has dropped so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(in crate::migrations) struct Step {
    /// Names of tables now, in lower case, to what they were when the transaction began.
    renamed: BTreeMap<String, String>,
    dropped_by_name: BTreeSet<String>,
    vanishing: Vec<Vanished>,
    counters: Option<Vec<Counter>>,
}

/// An index or trigger that went with its table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::migrations) struct Vanished {
    /// What it was; its table under the name of when the step began.
    pub(in crate::migrations) object: Object,
    pub(super) origin: Origin,
}

impl Vanished {
    pub(super) fn guard(&self) -> &'static str {
        if self.object.kind == "index" { DROP_INDEX } else { DROP_TRIGGER }
    }
}

/// An AUTOINCREMENT counter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Counter {
    table: String,
    before: i64,
    after: Option<i64>,
    pub(super) origin: Origin,
}

impl std::fmt::Display for Counter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Counter { table, before, .. } = self;
        match self.after {
            Some(after) => write!(f, "the {AUTOINCREMENT} counter of table {table} went back from {before} to {after}"),
            None => write!(f, "the {AUTOINCREMENT} counter of table {table}, at {before}, is gone"),
        }
    }
}

impl Step {
    /// The step after this one in the same transaction: tables keep the names they had when that began.
    pub(super) fn next(&mut self) -> Step {
        Step { renamed: std::mem::take(&mut self.renamed), ..Step::default() }
    }

    pub(super) fn set_source(&mut self, source: usize) {
        self.vanishing.iter_mut().for_each(|vanished| vanished.origin.source = source);
        self.counters.iter_mut().flatten().for_each(|counter| counter.origin.source = source);
    }

    fn original(&self, table: &str) -> String {
        self.renamed.get(&table.to_ascii_lowercase()).cloned().unwrap_or_else(|| table.to_owned())
    }

    pub(super) fn renamed(&mut self, from: &str, to: &str) {
        let original = self.renamed.remove(&from.to_ascii_lowercase()).unwrap_or_else(|| from.to_owned());
        self.renamed.insert(to.to_ascii_lowercase(), original);
    }

    pub(super) fn dropped_by_name(&mut self, object: &str) {
        self.dropped_by_name.insert(object.to_ascii_lowercase());
    }

    /// A table or view is about to go.
    pub(super) fn dropping(&mut self, connection: &Connection, table: &str, origin: Origin) -> Result<()> {
        let original = self.original(table);
        for object in schema::dependants(connection, table)? {
            // why: it is there, so if it was dropped by name before, it was made again since
            self.dropped_by_name.remove(&object.name.to_ascii_lowercase());
            let object = Object { table: original.clone(), ..object };
            self.vanishing.push(Vanished { object, origin });
        }
        self.note_counters(connection, origin)
    }

    /// The counters may change from here on.
    pub(super) fn note_counters(&mut self, connection: &Connection, origin: Origin) -> Result<()> {
        let found = counters(connection)?;
        let known = self.counters.take().unwrap_or_default();
        let mut noted = known.clone();
        for (table, before) in found {
            let table = self.original(&table);
            if !known.iter().any(|counter| counter.table.eq_ignore_ascii_case(&table)) {
                noted.push(Counter { table, before, after: None, origin });
            }
        }
        self.counters = Some(noted);
        Ok(())
    }

    /// What went with a table or view that is there again.
    pub(super) fn vanished(&self, connection: &Connection) -> Result<Vec<Vanished>> {
        let mut found = Vec::new();
        for vanished in &self.vanishing {
            let Object { kind, name, table, .. } = &vanished.object;
            if !self.dropped_by_name.contains(&name.to_ascii_lowercase())
                && !schema::exists(connection, kind, name)?
                && (schema::exists(connection, "table", table)? || schema::exists(connection, "view", table)?)
            {
                found.push(vanished.clone());
            }
        }
        Ok(found)
    }

    /// Counters that are lower than before, of tables that are there.
    pub(super) fn counters_gone_back(&self, connection: &Connection) -> Result<Vec<Counter>> {
        let Some(before) = &self.counters else { return Ok(Vec::new()) };
        let now = counters(connection)?;
        let mut found = Vec::new();
        for counter in before {
            let after = now.iter().find(|(table, _)| table.eq_ignore_ascii_case(&counter.table)).map(|(_, now)| *now);
            if after.is_none_or(|after| after < counter.before) && schema::exists(connection, "table", &counter.table)?
            {
                found.push(Counter { after, ..counter.clone() });
            }
        }
        Ok(found)
    }
}

fn counters(connection: &Connection) -> Result<Vec<(String, i64)>> {
    if !schema::exists(connection, "table", "sqlite_sequence")? {
        return Ok(Vec::new());
    }
    let rows = connection.rows("SELECT name, seq FROM main.sqlite_sequence", &[])?;
    let pair = |row: Vec<Value>| match <[Value; 2]>::try_from(row) {
        Ok([Value::Text(name), Value::Integer(at)]) => Some((name, at)),
        _ => None,
    };
    Ok(rows.into_iter().filter_map(pair).collect())
}

/// Views and triggers that a transaction may have broken.
#[derive(Default)]
pub(super) struct Compiled {
    made: Vec<(String, Origin)>,
    gone: Vec<(String, Origin)>,
    judged: BTreeSet<String>,
    broken_before: BTreeSet<String>,
}

/// A view or trigger that does not compile.
pub(super) struct Broken {
    object: Object,
    message: String,
    pub(super) origin: Origin,
}

impl Broken {
    pub(super) fn is(&self, kind: &str, name: &str) -> bool {
        self.object.kind == kind && self.object.name.eq_ignore_ascii_case(name)
    }

    pub(super) fn guard(&self) -> &'static str {
        if self.object.kind == "view" { BROKEN_VIEW } else { BROKEN_TRIGGER }
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Object { kind, name, table, .. } = &self.object;
        let of = if kind == "trigger" { format!(" of {table}") } else { String::new() };
        write!(f, "the {kind} {name}{of} does not compile any more: {}", self.message)
    }
}

impl Compiled {
    pub(super) fn made(&mut self, name: &str, origin: Origin) {
        self.made.push((name.to_owned(), origin));
    }

    /// What a step made and left, by kind and name.
    pub(super) fn made_by(&self, connection: &Connection, source: usize) -> Result<Vec<(String, String)>> {
        let names: Vec<&String> =
            self.made.iter().filter(|(_, origin)| origin.source == source).map(|(name, _)| name).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let objects = schema::views_and_triggers(connection)?.into_iter();
        let left = objects.filter(|object| names.iter().any(|name| name.eq_ignore_ascii_case(&object.name)));
        Ok(left.map(|object| (object.kind, object.name)).collect())
    }

    /// A table or view is about to go.
    pub(super) fn dropping(&mut self, connection: &Connection, name: &str, origin: Origin) -> Result<()> {
        let gone = (name.to_ascii_lowercase(), origin);
        for (object, _) in affected(connection, std::slice::from_ref(&gone))? {
            // why once: what an earlier drop of this transaction broke was not broken before
            if self.judged.insert(object.name.to_ascii_lowercase()) && problem(connection, &object)?.is_some() {
                self.broken_before.insert(object.name.to_ascii_lowercase());
            }
        }
        self.gone.push(gone);
        Ok(())
    }

    pub(super) fn broken(&self, connection: &Connection) -> Result<Vec<Broken>> {
        if self.made.is_empty() && self.gone.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        let lower = |(name, origin): &(String, Origin)| (name.to_ascii_lowercase(), *origin);
        let made: BTreeMap<String, Origin> = self.made.iter().map(lower).collect();
        let mut suspects = affected(connection, &self.gone)?;
        if !made.is_empty() {
            let known: BTreeSet<String> = suspects.iter().map(|(object, _)| object.name.to_ascii_lowercase()).collect();
            suspects.extend(schema::views_and_triggers(connection)?.into_iter().filter_map(|object| {
                let name = object.name.to_ascii_lowercase();
                made.get(&name).filter(|_| !known.contains(&name)).map(|origin| (object, *origin))
            }));
        }
        for (object, origin) in suspects {
            let name = object.name.to_ascii_lowercase();
            let made = made.get(&name);
            if made.is_none() && self.broken_before.contains(&name) {
                continue;
            }
            if let Some(message) = problem(connection, &object)? {
                found.push(Broken { object, message, origin: made.copied().unwrap_or(origin) });
            }
        }
        Ok(found)
    }
}

/// The views and triggers that mention one of the `roots` (in lower case), or a view that does; each with the origin of the
/// root.
fn affected(connection: &Connection, roots: &[(String, Origin)]) -> Result<Vec<(Object, Origin)>> {
    if roots.is_empty() {
        return Ok(Vec::new());
    }
    let objects = schema::views_and_triggers(connection)?;
    let mut left: Vec<(Object, BTreeSet<String>)> = objects
        .into_iter()
        .map(|object| {
            let mentioned = words(&object.sql).collect();
            (object, mentioned)
        })
        .collect();
    // why the last first: of two that go, the later one is what breaks
    let mut next: Vec<(String, Origin)> = roots.to_vec();
    let mut found = Vec::new();
    while let Some((name, origin)) = next.pop() {
        let (hit, rest): (Vec<_>, Vec<_>) = left.into_iter().partition(|(_, mentioned)| mentioned.contains(&name));
        left = rest;
        for (object, _) in hit {
            if object.kind == "view" {
                next.push((object.name.to_ascii_lowercase(), origin));
            }
            found.push((object, origin));
        }
    }
    Ok(found)
}

/// Why a view or trigger does not compile. SQLite compiles a trigger along with a statement that fires it, so such
/// statements are prepared and never run.
fn problem(connection: &Connection, object: &Object) -> Result<Option<String>> {
    let compiles = |sql: &str| match connection.ours(sql, |_| Ok(())) {
        Ok(()) => Ok(None),
        Err(Error::Sql { message, .. }) => Ok(Some(message)),
        Err(error) => Err(error),
    };
    if object.kind == "view" {
        return compiles(&format!("SELECT 1 FROM main.{}", quoted(&object.name)));
    }
    let table = quoted(&object.table);
    let word = words(&object.sql).find(|word| matches!(word.as_str(), "delete" | "insert" | "update"));
    match word.as_deref() {
        Some("insert") => compiles(&format!("INSERT INTO main.{table} DEFAULT VALUES")),
        Some("update") => {
            // why hidden = 0: a generated column cannot be set
            let sql = "SELECT name FROM pragma_table_xinfo(?, 'main') WHERE hidden = 0";
            let columns = connection.rows(sql, &[object.table.as_str().into()])?;
            let set: Vec<String> = columns
                .into_iter()
                .filter_map(|row| match row.into_iter().next() {
                    Some(Value::Text(name)) => Some(format!("{0} = {0}", quoted(&name))),
                    _ => None,
                })
                .collect();
            compiles(&format!("UPDATE main.{table} SET {}", set.join(", ")))
        }
        _ => compiles(&format!("DELETE FROM main.{table}")),
    }
}
