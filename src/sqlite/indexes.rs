//! The indexes as they are, and what is wrong with them: one that another makes superfluous, one that a foreign key lacks.
//!
//! Leaves to others: what the statements of users use (`indexes/plans.rs`), and whether to act: advice costs nothing, a
//! missing index does.
//!
//! Invariant: in doubt an index is needed: one whose text is not understood neither is redundant nor makes another so.

mod plans;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::connection::Connection;
use super::foreign_keys::{self, ForeignKey};
use super::rules::is_ours;
use super::schema::{quoted, text};
use super::seen::{Kind, Remembered, pieces};
use super::value::Value;
use crate::error::Result;
use crate::operation::Operation;
use crate::report;

/// What covers an index on nothing but the row id.
const PRIMARY_KEY: &str = "PRIMARY KEY";

/// One index of a table of users.
struct Index {
    name: String,
    table: String,
    unique: bool,
    /// Made by CREATE INDEX and not by a constraint, so that it can be dropped.
    by_hand: bool,
    /// Of the primary key.
    primary: bool,
    /// The words behind WHERE.
    condition: Option<String>,
    /// Empty when its text was not understood.
    keys: Vec<Key>,
}

#[derive(PartialEq, Eq)]
struct Key {
    what: What,
    collation: String,
    descending: bool,
}

#[derive(PartialEq, Eq)]
enum What {
    /// In lower case.
    Column(String),
    /// Its words.
    Expression(String),
}

/// An index, and the statements of users whose plans have it.
pub struct Used {
    /// Its name.
    pub index: String,
    /// Its table.
    pub table: String,
    /// Their texts.
    pub texts: Vec<Arc<str>>,
}

/// Examines the indexes of the main database; with the statements that were `seen`, also what those use.
pub fn examine(connection: &Connection, seen: Option<&Remembered>, operation: &Operation) -> Result<report::Indexes> {
    examine_use(connection, seen, operation).map(|(indexes, _)| indexes)
}

/// Big tables that the statements that were `seen` read whole; `None` when no statement could be planned.
pub fn full_scans(
    connection: &Connection,
    seen: &Remembered,
    operation: &Operation,
) -> Result<Option<Vec<report::FullScan>>> {
    Ok(plans::examine(connection, &[], &[], seen, operation)?.map(|findings| findings.full_scans))
}

/// Like [`examine`], and which statements use which index; `None` when no statement could be planned.
pub fn examine_use(
    connection: &Connection,
    seen: Option<&Remembered>,
    operation: &Operation,
) -> Result<(report::Indexes, Option<Vec<Used>>)> {
    let indexes = all(connection)?;
    let mut keys = foreign_keys::all(connection)?;
    keys.retain(|key| !is_ours(&key.table));
    let row_ids = row_ids(connection, &indexes, &keys)?;
    let used = match seen {
        Some(seen) => plans::examine(connection, &indexes, &keys, seen, operation)?,
        None => None,
    };
    let (used, unused, full_scans) = match used {
        Some(plans::Findings { used, unused, full_scans }) => (Some(used), Some(unused), Some(full_scans)),
        None => (None, None, None),
    };
    let indexes = report::Indexes {
        redundant: redundant(&indexes, &row_ids),
        missing: missing(connection, &indexes, &keys, &row_ids)?,
        unused,
        full_scans,
        statements_seen: seen.map(|seen| seen.texts.len() as u64),
        statements_forgotten: seen.map(|seen| seen.forgotten),
    };
    Ok((indexes, used))
}

/// How SQLite plans a statement, without the values in it; `None` when it cannot be planned now. `is_name` tells which texts are
/// names.
pub(super) fn shown_plan(connection: &Connection, sql: &str, is_name: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    plans::shown(connection, sql, is_name)
}

/// Every name that a statement may quote, in lower case.
pub(super) fn names(connection: &Connection) -> Result<BTreeSet<String>> {
    plans::names(connection)
}

fn all(connection: &Connection) -> Result<Vec<Index>> {
    let mut texts = HashMap::new();
    for row in connection.rows("SELECT name, sql FROM main.sqlite_schema WHERE type = 'index'", &[])? {
        if let Ok([Value::Text(name), Value::Text(sql)]) = <[Value; 2]>::try_from(row) {
            texts.insert(name, sql);
        }
    }
    let sql = "SELECT m.name, l.name, l.\"unique\", l.origin, x.cid, x.name, x.coll, x.\"desc\" \
               FROM main.sqlite_schema AS m, pragma_index_list(m.name, 'main') AS l, pragma_index_xinfo(l.name, 'main') AS x \
               WHERE m.type = 'table' AND x.key ORDER BY m.name, l.name, x.seqno";
    let mut indexes: Vec<Index> = Vec::new();
    let mut parts: Option<Parts> = None;
    for row in connection.rows(sql, &[])? {
        let Ok([Value::Text(table), Value::Text(name), unique, origin, cid, column, collation, descending]) =
            <[Value; 8]>::try_from(row)
        else {
            continue;
        };
        if is_ours(&table) || table.starts_with("sqlite_") {
            continue;
        }
        if indexes.last().is_none_or(|last| last.name != name) {
            let origin = text(origin).unwrap_or_default();
            parts = texts.get(&name).map(|sql| Parts::of(sql));
            let condition = parts.as_ref().and_then(|parts| parts.condition.clone());
            let (by_hand, primary) = (origin == "c", origin == "pk");
            let unique = unique == Value::Integer(1);
            indexes.push(Index { name, table, unique, by_hand, primary, condition, keys: Vec::new() });
        }
        let Some(index) = indexes.last_mut() else { continue };
        let what = match (cid, text(column)) {
            (_, Some(column)) => Some(What::Column(column.to_lowercase())),
            // -2 is SQLite's number for an expression
            (Value::Integer(-2), None) => {
                parts.as_ref().and_then(|parts| parts.terms.get(index.keys.len()).cloned()).map(What::Expression)
            }
            _ => None,
        };
        // why a term that equals nothing: a shorter list of keys would be the beginning of too many others
        let what = what.unwrap_or_else(|| What::Expression(format!("\0{}", index.name)));
        let collation = text(collation).unwrap_or_default().to_lowercase();
        index.keys.push(Key { what, collation, descending: descending == Value::Integer(1) });
    }
    Ok(indexes)
}

/// What CREATE INDEX says, by its words, so that blanks, comments and the case of words make no difference.
struct Parts {
    terms: Vec<String>,
    condition: Option<String>,
}

impl Parts {
    fn of(sql: &str) -> Parts {
        let mut terms = vec![Vec::new()];
        let (mut depth, mut condition) = (0_u32, None::<Vec<String>>);
        let mut closed = false;
        for (kind, piece) in pieces(sql).filter(|(kind, _)| *kind != Kind::Blank) {
            let word = if kind == Kind::Word { piece.to_lowercase() } else { piece.to_owned() };
            if closed {
                match &mut condition {
                    Some(words) => words.push(word),
                    None => condition = Some(Vec::new()),
                }
                continue;
            }
            match (kind, piece) {
                (Kind::Sign, "(") => depth += 1,
                (Kind::Sign, ")") => depth = depth.saturating_sub(1),
                _ => {}
            }
            match (kind, piece, depth) {
                (Kind::Sign, ")", 0) => closed = true,
                (Kind::Sign, "(", 1) | (_, _, 0) => {}
                (Kind::Sign, ",", 1) => terms.push(Vec::new()),
                _ => terms.last_mut().into_iter().for_each(|term| term.push(word.clone())),
            }
        }
        Parts {
            terms: terms.into_iter().map(|words| words.join(" ")).collect(),
            condition: condition.map(|words| words.join(" ")),
        }
    }
}

/// The column of each table that is another name of the row id; tables that no index and no key is about are left out.
fn row_ids(connection: &Connection, indexes: &[Index], keys: &[ForeignKey]) -> Result<BTreeMap<String, String>> {
    let mut tables: BTreeSet<&str> = indexes.iter().map(|index| index.table.as_str()).collect();
    tables.extend(keys.iter().map(|key| key.table.as_str()));
    for index in indexes.iter().filter(|index| index.primary) {
        tables.remove(index.table.as_str());
    }
    let mut found = BTreeMap::new();
    for table in tables {
        let sql = "SELECT name, type FROM pragma_table_xinfo(?, 'main') WHERE pk > 0";
        let rows = connection.rows(sql, &[table.into()])?;
        if let [row] = rows.as_slice()
            && let [Value::Text(name), Value::Text(kind)] = row.as_slice()
            && kind.eq_ignore_ascii_case("integer")
        {
            found.insert(table.to_owned(), name.to_lowercase());
        }
    }
    Ok(found)
}

impl Index {
    /// Whether `other` can do without this one.
    fn covers(&self, other: &Index) -> bool {
        if self.table != other.table || self.name == other.name || self.condition != other.condition {
            return false;
        }
        if other.unique { self.unique && self.keys == other.keys } else { self.keys.starts_with(&other.keys) }
    }

    /// Of two that cover each other, whether this is the one to keep.
    fn outranks(&self, other: &Index) -> bool {
        (self.by_hand, &self.name) < (other.by_hand, &other.name)
    }

    /// Whether it finds the rows whose `columns` have given values.
    fn finds(&self, columns: &[String]) -> bool {
        let leading = self.keys.get(..columns.len()).unwrap_or_default().iter().filter_map(|key| match &key.what {
            What::Column(column) => Some(column.clone()),
            What::Expression(_) => None,
        });
        let complete = self.condition.as_ref().is_none_or(|condition| {
            // why these: what equals a value is not null
            let words = condition.split(' ').collect::<Vec<_>>();
            matches!(words.as_slice(), [column, "is", "not", "null"] | [column, "notnull"] | [column, "not", "null"]
                if columns.iter().any(|name| name == column))
        });
        complete && leading.collect::<BTreeSet<_>>() == columns.iter().cloned().collect()
    }
}

fn redundant(indexes: &[Index], row_ids: &BTreeMap<String, String>) -> Vec<report::RedundantIndex> {
    let is_row_id = |index: &Index| match (index.keys.as_slice(), row_ids.get(&index.table), &index.condition) {
        ([Key { what: What::Column(column), .. }], Some(row_id), None) => column == row_id,
        _ => false,
    };
    let replaces = |one: &Index, other: &Index| one.covers(other) && !(other.covers(one) && other.outranks(one));
    let mut of_table: HashMap<&str, Vec<&Index>> = HashMap::new();
    indexes.iter().for_each(|index| of_table.entry(&index.table).or_default().push(index));
    let mut found = Vec::new();
    for index in indexes.iter().filter(|index| index.by_hand) {
        let peers = of_table.get(index.table.as_str()).into_iter().flatten().copied();
        let covered_by = if is_row_id(index) {
            Some(PRIMARY_KEY)
        } else {
            // why the longest: it is covered by none that is to go itself
            let best = peers.filter(|peer| replaces(peer, index)).reduce(|one, other| {
                let longer = (other.keys.len(), other.unique) > (one.keys.len(), one.unique);
                if longer || (replaces(other, one) && !replaces(one, other)) { other } else { one }
            });
            best.map(|index| index.name.as_str())
        };
        if let Some(covered_by) = covered_by {
            let (index, table) = (index.name.clone(), index.table.clone());
            found.push(report::RedundantIndex { index, table, covered_by: covered_by.to_owned() });
        }
    }
    found
}

fn missing(
    connection: &Connection,
    indexes: &[Index],
    keys: &[ForeignKey],
    row_ids: &BTreeMap<String, String>,
) -> Result<Vec<report::MissingIndex>> {
    let mut of_table: HashMap<&str, Vec<&Index>> = HashMap::new();
    indexes.iter().for_each(|index| of_table.entry(&index.table).or_default().push(index));
    let mut found: Vec<report::MissingIndex> = Vec::new();
    let mut known = BTreeSet::new();
    let mut names: Option<BTreeSet<String>> = None;
    for key in keys {
        let columns = lower(&key.from);
        let is_row_id = row_ids.get(&key.table).is_some_and(|row_id| columns.contains(row_id));
        let has_index = of_table.get(&*key.table).into_iter().flatten().any(|index| index.finds(&columns));
        let set: BTreeSet<String> = columns.into_iter().collect();
        if is_row_id || has_index || !known.insert((key.table.clone(), set)) {
            continue;
        }
        let names = match &mut names {
            Some(names) => names,
            None => names.insert(
                connection
                    .rows("SELECT lower(name) FROM main.sqlite_schema", &[])?
                    .into_iter()
                    .filter_map(|row| row.into_iter().next().and_then(text))
                    .collect(),
            ),
        };
        let wanted = format!("{}_{}", key.table, key.from.join("_"));
        let numbered = (2..).map(|number| format!("{wanted}_{number}"));
        let name = std::iter::once(wanted.clone()).chain(numbered).find(|name| names.insert(name.to_lowercase()));
        let list = key.from.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ");
        found.push(report::MissingIndex {
            table: key.table.clone(),
            columns: key.from.clone(),
            reason: format!(
                "a foreign key to {}: deleting a row there, or changing its key, reads all of {}",
                key.parent, key.table
            ),
            suggestion: format!("CREATE INDEX {} ON {} ({list})", quoted(&name.unwrap_or(wanted)), quoted(&key.table)),
        });
    }
    Ok(found)
}

fn lower(names: &[String]) -> Vec<String> {
    names.iter().map(|name| name.to_lowercase()).collect()
}

#[cfg(test)]
mod tests;
