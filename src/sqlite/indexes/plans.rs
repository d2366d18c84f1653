//! What the statements of users use, as SQLite plans them now: indexes that none of them needs, tables that they read whole.
//!
//! Leaves to others: remembering the statements (`seen.rs`).
//!
//! Invariants: a statement is planned and never run; nothing is said without a statement; an index that may serve
//! something else than a statement (a constraint, a foreign key) is not called unused; literals are not shown.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rusqlite::config::DbConfig;

use super::{Index, Used, lower};
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::report;
use crate::sqlite::connection::Connection;
use crate::sqlite::estimate::estimate;
use crate::sqlite::foreign_keys::ForeignKey;
use crate::sqlite::schema::{self, text};
use crate::sqlite::seen::{Kind, Remembered, pieces, shortened, unquoted, without_literals};

/// Reading a table up to this size whole is no matter.
const FEW_ROWS: u64 = 1_000;
/// Findings beyond this many help nobody.
const MOST_FINDINGS: usize = 100;

/// What the statements use and do not use.
pub(super) struct Findings {
    pub(super) used: Vec<Used>,
    pub(super) unused: Vec<report::UnusedIndex>,
    pub(super) full_scans: Vec<report::FullScan>,
}

/// `None` when there was no statement that could be planned.
pub(super) fn examine(
    connection: &Connection,
    indexes: &[Index],
    keys: &[ForeignKey],
    seen: &Remembered,
    operation: &Operation,
) -> Result<Option<Findings>> {
    if seen.texts.is_empty() {
        return Ok(None);
    }
    let names = Names::of(connection)?;
    let mut used: BTreeMap<&str, Vec<Arc<str>>> = BTreeMap::new();
    let mut scans = BTreeSet::new();
    let mut estimates = None;
    let mut planned = false;
    let _shown = Triggers::show(connection)?;
    for sql in &seen.texts {
        operation.check()?;
        let Some(plan) = plan(connection, sql)? else { continue };
        planned = true;
        for step in plan {
            if let Some(rest) = step.split_once(" USING INDEX ").or_else(|| step.split_once(" USING COVERING INDEX ")) {
                let is =
                    |name: &str| rest.1.strip_prefix(name).is_some_and(|more| more.is_empty() || more.starts_with(' '));
                for index in indexes.iter().filter(|index| is(&index.name)) {
                    used.entry(&index.name).or_default().push(Arc::clone(sql));
                }
            }
            let Some(table) = scanned(&step).and_then(|name| names.table(name, sql)) else { continue };
            let rows = match &estimates {
                Some(known) => known,
                None => estimates.insert(estimate(connection, operation)?.0),
            };
            let Some((rows, _)) = rows.get(table).copied().flatten().filter(|(rows, _)| *rows > FEW_ROWS) else {
                continue;
            };
            if scans.len() < MOST_FINDINGS {
                let shown = without_literals(sql, |name| names.all.contains(&name.to_lowercase()));
                scans.insert((table.to_owned(), shortened(shown), rows));
            }
        }
    }
    let serves = |index: &Index| keys.iter().any(|key| key.table == index.table && index.finds(&lower(&key.from)));
    let unused = indexes
        .iter()
        .filter(|index| index.by_hand && !index.unique && !used.contains_key(index.name.as_str()) && !serves(index))
        .map(|index| report::UnusedIndex { index: index.name.clone(), table: index.table.clone() });
    let unused = unused.collect();
    let table = |name: &str| indexes.iter().find(|index| index.name == name).map(|index| index.table.clone());
    let used =
        used.into_iter().filter_map(|(name, texts)| Some(Used { table: table(name)?, index: name.into(), texts }));
    let scans = scans.into_iter().map(|(table, sql, rows)| report::FullScan { table, sql, rows });
    Ok(planned.then(|| Findings { used: used.collect(), unused, full_scans: scans.collect() }))
}

/// The plan of a statement as it may be shown; `None` for one that cannot be planned now.
pub(super) fn shown(connection: &Connection, sql: &str, is_name: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let texts: Vec<String> = pieces(sql)
        .filter(|(_, piece)| piece.starts_with(['\'', '"']))
        .map(|(_, piece)| unquoted(piece))
        .filter(|text| !text.is_empty() && !is_name(text))
        .collect();
    Some(plan(connection, sql).ok()??.into_iter().map(|step| shortened(without_values(step, &texts))).collect())
}

/// A step of a plan has values in two places: SQLite takes a text for an alias, and what a virtual table is asked for is its own.
fn without_values(step: String, texts: &[String]) -> String {
    let mut step = match step.split_once(" VIRTUAL TABLE INDEX ") {
        Some((before, _)) => format!("{before} VIRTUAL TABLE"),
        None => step,
    };
    for text in texts {
        let mut from = 0;
        while let Some(at) = step[from..].find(text.as_str()).map(|at| from + at) {
            let end = at + text.len();
            let is_whole = step[..at].ends_with(' ') && (end == step.len() || step[end..].starts_with(' '));
            if is_whole {
                step.replace_range(at..end, "?");
            }
            from = if is_whole { at + 1 } else { at + text.chars().next().map_or(1, char::len_utf8) };
        }
    }
    step
}

/// Every name in the schema, in lower case.
pub(super) fn names(connection: &Connection) -> Result<BTreeSet<String>> {
    Ok(Names::of(connection)?.all)
}

/// The steps of a plan; `None` for a statement that no longer fits the schema.
fn plan(connection: &Connection, sql: &str) -> Result<Option<Vec<String>>> {
    let mut steps = Vec::new();
    let outcome = connection.ours(&format!("EXPLAIN QUERY PLAN {sql}"), |statement| {
        statement.for_each(|row| {
            steps.extend(text(row.value(3)));
            Ok(true)
        })
    });
    match outcome {
        Ok(()) => Ok(Some(steps)),
        Err(Error::Sql { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The name in a step that reads a table whole, to answer or to build an index for this one time.
fn scanned(step: &str) -> Option<&str> {
    if let Some((name, _)) = step.strip_prefix("SEARCH ").and_then(|rest| rest.split_once(" USING AUTOMATIC ")) {
        return Some(name);
    }
    let name = step.strip_prefix("SCAN ")?;
    let name = name.strip_suffix(" LEFT-JOIN").unwrap_or(name);
    (!name.contains(" USING ") && !name.contains(" VIRTUAL TABLE ")).then_some(name)
}

/// The names of the schema. SQLite's plans name a table by its alias where it has one.
struct Names {
    /// By their lower case.
    tables: HashMap<String, String>,
    /// Every name that a statement may quote, in lower case.
    all: BTreeSet<String>,
    /// The texts of views and triggers, whose aliases may be in a plan too.
    bodies: Vec<String>,
}

impl Names {
    fn of(connection: &Connection) -> Result<Names> {
        let tables = schema::tables(connection)?;
        let mut all: BTreeSet<String> = BTreeSet::new();
        for row in connection.rows(
            "SELECT lower(m.name), lower(c.name) FROM main.sqlite_schema AS m LEFT JOIN pragma_table_xinfo(m.name, 'main') AS c \
             WHERE m.type = 'table' AND m.sql NOT LIKE 'create virtual%'",
            &[],
        )? {
            all.extend(row.into_iter().filter_map(text));
        }
        let bodies = schema::views_and_triggers(connection)?;
        all.extend(bodies.iter().map(|object| object.name.to_lowercase()));
        Ok(Names {
            tables: tables.into_iter().map(|name| (name.to_lowercase(), name)).collect(),
            all,
            bodies: bodies.into_iter().map(|object| object.sql).collect(),
        })
    }

    fn table(&self, name: &str, sql: &str) -> Option<&str> {
        let name = name.strip_prefix("main.").unwrap_or(name).to_lowercase();
        if let Some(table) = self.tables.get(&name) {
            return Some(table);
        }
        std::iter::once(sql).chain(self.bodies.iter().map(String::as_str)).find_map(|text| self.aliased(&name, text))
    }

    /// The table that `alias` stands for in `sql`: the one it is written behind.
    fn aliased(&self, alias: &str, sql: &str) -> Option<&str> {
        let mut before: Option<&str> = None;
        for (kind, piece) in pieces(sql).filter(|(kind, _)| *kind != Kind::Blank) {
            let word = match kind {
                Kind::Word => piece.to_lowercase(),
                Kind::Quoted => unquoted(piece).to_lowercase(),
                _ => {
                    before = None;
                    continue;
                }
            };
            if word == alias && before.is_some() {
                return before;
            }
            if word != "as" {
                before = self.tables.get(&word).map(String::as_str);
            }
        }
        None
    }
}

/// While this lives, plans show what triggers do.
struct Triggers<'c>(&'c Connection);

impl Triggers<'_> {
    fn show(connection: &Connection) -> Result<Triggers<'_>> {
        let switched = connection.raw().set_db_config(DbConfig::SQLITE_DBCONFIG_TRIGGER_EQP, true);
        switched.map(|_| Triggers(connection)).map_err(|error| connection.failure(error))
    }
}

impl Drop for Triggers<'_> {
    fn drop(&mut self) {
        let _ = self.0.raw().set_db_config(DbConfig::SQLITE_DBCONFIG_TRIGGER_EQP, false);
    }
}
