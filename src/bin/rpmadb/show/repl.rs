//! Printing what lines of the repl give.

use std::collections::BTreeSet;

use rpmadb::report;
use serde_json::Value;

use super::json;
use super::table::table;
use super::text::plain;

pub(crate) fn line(report: &report::ReplLine) {
    for line in &report.log {
        say!("{line}");
    }
    for value in &report.values {
        match rows(value) {
            Some((columns, cells)) => table(&columns, &cells),
            None if value.is_object() || value.is_array() => json(value),
            None if value.is_null() => say!("nil"),
            None => say!("{}", plain(value)),
        }
    }
}

/// A list of rows as columns and cells. Lua keeps no order of fields, so `id` comes first and the rest by name.
fn rows(value: &Value) -> Option<(Vec<String>, Vec<Vec<String>>)> {
    let list = value.as_array().filter(|list| !list.is_empty())?;
    let rows: Option<Vec<_>> = list.iter().map(Value::as_object).collect();
    let rows = rows?;
    let is_flat = |value: &Value| !value.is_object() && !value.is_array();
    if !rows.iter().all(|row| row.values().all(is_flat)) {
        return None;
    }
    let names: BTreeSet<(bool, &String)> =
        rows.iter().flat_map(|row| row.keys()).map(|name| (name != "id", name)).collect();
    let columns: Vec<String> = names.into_iter().map(|(_, name)| name.clone()).collect();
    if columns.is_empty() {
        return None;
    }
    let cell = |value: Option<&Value>| value.map_or_else(String::new, plain);
    let cells = rows.iter().map(|row| columns.iter().map(|name| cell(row.get(name))).collect()).collect();
    Some((columns, cells))
}

/// The statements of a schema.
pub(crate) fn schema(report: &report::Query) {
    for text in report.rows.iter().filter_map(|row| row.first()?.as_str()) {
        say!("{};", text.replace(|c: char| c.is_control() && !matches!(c, '\n' | '\t'), "?"));
    }
}
