//! The schema as it is against the schema as the migrations left it, and two schemas against each other.
//!
//! Leaves to others: storing a schema (`state.rs`) and telling anybody.
//!
//! Invariant: what somebody changed by hand stays a difference until it is undone or accepted; a later run does not make it
//! part of what the migrations made.

use std::collections::BTreeMap;

use super::scan::{self, Kind};
use super::state::{self, State};
use super::statement;
use crate::error::Result;
use crate::report::SchemaChange;
use crate::sqlite::Connection;
use crate::sqlite::schema::{self, Object};

/// What changed from `before` to `after`. Spacing and comments are no change.
pub fn differences(before: &[Object], after: &[Object]) -> Vec<SchemaChange> {
    let by_name = |objects: &[Object]| -> BTreeMap<(String, String), Object> {
        let key = |object: &Object| (object.kind.clone(), object.name.to_ascii_lowercase());
        objects.iter().map(|object| (key(object), object.clone())).collect()
    };
    let (before, after) = (by_name(before), by_name(after));
    let change = |change, object: &Object, before: Option<&Object>, after: Option<&Object>| SchemaChange {
        change,
        kind: object.kind.clone(),
        name: object.name.clone(),
        table: object.table.clone(),
        before: before.map(|object| object.sql.clone()),
        after: after.map(|object| object.sql.clone()),
    };
    let mut found = Vec::new();
    for (key, old) in &before {
        match after.get(key) {
            None => found.push(change("removed", old, Some(old), None)),
            Some(new) if old.sql != new.sql && meaning(&old.sql) != meaning(&new.sql) => {
                found.push(change("changed", new, Some(old), Some(new)));
            }
            Some(_) => {}
        }
    }
    let added = after.iter().filter(|(key, _)| !before.contains_key(*key));
    found.extend(added.map(|(_, new)| change("added", new, None, Some(new))));
    found.sort_by(|one, other| (&one.kind, &one.name).cmp(&(&other.kind, &other.name)));
    found
}

/// The tokens of a statement of the schema. A name may have quotes or none: SQLite puts some around names when it renames, and a
/// table that went there and back would seem another.
pub(super) fn meaning(sql: &str) -> Vec<String> {
    let tokens = scan::tokens(sql).filter(|token| token.kind != Kind::Comment);
    let text = tokens.map(|token| match token.kind {
        Kind::Quoted if !sql[token.range.clone()].ends_with('\'') => statement::unquoted(&sql[token.range]),
        _ => sql[token.range].to_owned(),
    });
    text.collect()
}

/// What was changed since the last run, by something else than a migration.
pub(super) fn since_last_run(connection: &Connection, state: &State) -> Result<Vec<SchemaChange>> {
    // why also without one: a database that no run has touched has no schema to compare with
    if state.cookie.is_none() || state.cookie == Some(state::cookie(connection)?) {
        return Ok(Vec::new());
    }
    match state::schema(connection)? {
        Some(recorded) => Ok(differences(&recorded, &schema::objects(connection)?)),
        None => Ok(Vec::new()),
    }
}

/// Records the schema as the migrations made it: as it is, but for what `drift` says was changed by hand and still is.
/// Returns what still is.
pub(super) fn record(connection: &Connection, drift: Vec<SchemaChange>) -> Result<Vec<SchemaChange>> {
    let mut objects = schema::objects(connection)?;
    let mut remaining = Vec::new();
    for change in drift {
        let at = objects
            .iter()
            .position(|object| object.kind == change.kind && object.name.eq_ignore_ascii_case(&change.name));
        if at.map(|at| &objects[at].sql) != change.after.as_ref() {
            continue;
        }
        if let Some(at) = at {
            objects.remove(at);
        }
        if let Some(sql) = &change.before {
            let SchemaChange { kind, name, table, .. } = change.clone();
            objects.push(Object { kind, name, table, sql: sql.clone() });
        }
        remaining.push(change);
    }
    if !remaining.is_empty() {
        objects.sort();
    }
    state::set_schema(connection, objects, remaining.is_empty())?;
    Ok(remaining)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: &str, name: &str, sql: &str) -> Object {
        Object { kind: kind.into(), name: name.into(), table: name.into(), sql: sql.into() }
    }

    #[test]
    fn only_what_means_something_else_is_a_difference() {
        let before = [object("table", "a", "CREATE TABLE a (x)"), object("index", "i", "CREATE INDEX i ON a (x)")];
        let after =
            [object("table", "A", "CREATE TABLE \"a\"(x) -- y"), object("view", "v", "CREATE VIEW v AS SELECT 1")];
        let found = differences(&before, &after);
        let found: Vec<(&str, &str)> = found.iter().map(|change| (change.change, change.name.as_str())).collect();
        assert_eq!(found, [("removed", "i"), ("added", "v")]);
    }
}
