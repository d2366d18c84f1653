//! Values between Lua, SQL and JSON.
//!
//! Leaves to others: what the values are for.
//!
//! Invariants: integers and floats stay apart; no metamethod of a script's runs while its result is rendered; what is
//! rendered is bounded in depth and size.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use mlua::{Lua, LuaSerdeExt, MultiValue, Table, Value as LuaValue};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::error::{Error, Result};
use crate::sqlite::{Cell, Params, Value};

/// Deeper results are a mistake or a cycle.
const DEEPEST: usize = 64;
/// More values than this are not a result but an export.
const MOST_VALUES: usize = 1_000_000;
/// And more text than this neither.
const MOST_BYTES: usize = 64 << 20;

/// Bytes that are to be stored as a BLOB, whatever they look like: `db.blob(text)`.
pub(super) struct Blob(pub(super) Vec<u8>);

impl mlua::UserData for Blob {}

/// A value as the raw functions of `sqlite` take it.
pub(super) fn cell(value: &Value) -> Cell<'_> {
    match value {
        Value::Null => Cell::Null,
        Value::Integer(number) => Cell::Integer(*number),
        Value::Real(number) => Cell::Real(*number),
        Value::Text(text) => Cell::Text(text.as_bytes()),
        Value::BadText(bytes) => Cell::Text(bytes),
        Value::Blob(bytes) => Cell::Blob(bytes),
    }
}

/// The metatable of tables that are lists even when they are empty.
pub(super) fn array_metatable(lua: &Lua) -> mlua::Result<Table> {
    let meta = lua.array_metatable();
    // why: it is shared by all lists of the run
    meta.raw_set("__metatable", false)?;
    Ok(meta)
}

/// A report or other data of ours as Lua sees it; null is an absent field.
pub(super) fn report_to_lua(lua: &Lua, report: &impl Serialize) -> mlua::Result<LuaValue> {
    let options = mlua::serde::ser::Options::new().serialize_none_to_null(false).serialize_unit_to_null(false);
    lua.to_value_with(report, options)
}

/// A Lua value as SQL stores it.
pub(super) fn to_sql(value: &LuaValue) -> Result<Value> {
    Ok(match value {
        LuaValue::Nil => Value::Null,
        value if value.is_null() => Value::Null,
        LuaValue::Boolean(flag) => Value::Integer(i64::from(*flag)),
        LuaValue::Integer(number) => Value::Integer(*number),
        LuaValue::Number(number) => Value::Real(*number),
        LuaValue::String(text) => {
            let bytes = text.as_bytes();
            match std::str::from_utf8(&bytes) {
                Ok(text) => Value::Text(text.to_owned()),
                Err(_) => Value::Blob(bytes.to_vec()),
            }
        }
        LuaValue::UserData(data) if data.is::<Blob>() => {
            let blob = data.borrow::<Blob>().map_err(|error| Error::Internal { detail: error.to_string() })?;
            Value::Blob(blob.0.clone())
        }
        other => {
            return Err(Error::InvalidArgument {
                name: "a parameter".into(),
                reason: format!("is a {}, which SQLite cannot store", other.type_name()),
            });
        }
    })
}

/// Parameters of a statement as Lua passed them: values in order, or one table.
pub(super) enum Parameters {
    Positional(Vec<Value>),
    Named(Vec<(String, Value)>),
}

impl Parameters {
    pub(super) fn from_lua(args: &MultiValue) -> Result<Parameters> {
        if let (1, Some(LuaValue::Table(table))) = (args.len(), args.front()) {
            return Parameters::from_table(table);
        }
        args.iter().map(to_sql).collect::<Result<Vec<Value>>>().map(Parameters::Positional)
    }

    fn from_table(table: &Table) -> Result<Parameters> {
        let failed = |error: mlua::Error| Error::Internal { detail: error.to_string() };
        let mut named = Vec::new();
        table
            .for_each(|key: LuaValue, value: LuaValue| {
                if let LuaValue::String(name) = key {
                    named.push((name.to_string_lossy(), value));
                }
                Ok(())
            })
            .map_err(failed)?;
        if !named.is_empty() {
            let named = named.into_iter().map(|(name, value)| Ok((name, to_sql(&value)?)));
            return named.collect::<Result<_>>().map(Parameters::Named);
        }
        let mut values = Vec::new();
        for index in 1..=table.raw_len() {
            values.push(to_sql(&table.raw_get::<LuaValue>(index).map_err(failed)?)?);
        }
        Ok(Parameters::Positional(values))
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        match self {
            Parameters::Positional(values) => values.len(),
            Parameters::Named(values) => values.len(),
        }
    }

    pub(super) fn as_params(&self) -> Params<'_> {
        match self {
            Parameters::Positional(values) => Params::Positional(values),
            Parameters::Named(values) => Params::Named(values),
        }
    }
}

/// What a chunk returned, as JSON.
pub(super) fn to_json(lua: &Lua, value: &LuaValue) -> Result<Json> {
    let mut rendering = Rendering { array_mark: lua.array_metatable(), values: MOST_VALUES, bytes: MOST_BYTES };
    rendering.value(value, DEEPEST)
}

/// A value that is being made JSON, and how much of it may still come.
struct Rendering {
    array_mark: Table,
    values: usize,
    bytes: usize,
}

impl Rendering {
    fn value(&mut self, value: &LuaValue, depth: usize) -> Result<Json> {
        let refuse = |reason: &str| Err(Error::ScriptFailed { message: reason.to_owned(), place: Box::default() });
        self.values = match self.values.checked_sub(1) {
            Some(left) => left,
            None => return refuse("the result holds more than a million values"),
        };
        Ok(match value {
            LuaValue::Nil => Json::Null,
            value if value.is_null() => Json::Null,
            LuaValue::Boolean(flag) => (*flag).into(),
            LuaValue::Integer(number) => (*number).into(),
            LuaValue::Number(number) if number.is_finite() => (*number).into(),
            LuaValue::Number(number) => serde_json::json!({ "real": number.to_string() }),
            LuaValue::String(text) => {
                let bytes = text.as_bytes();
                // why counted: one long string may stand in a table a million times
                self.bytes = match self.bytes.checked_sub(bytes.len()) {
                    Some(left) => left,
                    None => return refuse("the result holds more than 64 MiB of text"),
                };
                bytes_to_json(&bytes)
            }
            LuaValue::Table(_) if depth == 0 => {
                return refuse("the result is nested deeper than 64 tables, or holds itself");
            }
            LuaValue::Table(table) => self.table(table, depth - 1)?,
            other => return refuse(&format!("the result holds a {}", other.type_name())),
        })
    }

    fn table(&mut self, table: &Table, depth: usize) -> Result<Json> {
        let failed = |message: String| Error::ScriptFailed { message, place: Box::default() };
        let length = table.raw_len();
        let mut pairs = Vec::new();
        let outcome = table.for_each(|key: LuaValue, value: LuaValue| {
            pairs.push((key, value));
            Ok(())
        });
        outcome.map_err(|error| failed(error.to_string()))?;
        let is_marked = table.metatable().is_some_and(|found| found == self.array_mark);
        if pairs.len() == length && (length > 0 || is_marked) {
            // why by index: iteration order over a table is nobody's promise
            let item = |index| table.raw_get::<LuaValue>(index).unwrap_or(LuaValue::Nil);
            return (1..=length).map(|index| self.value(&item(index), depth)).collect::<Result<_>>().map(Json::Array);
        }
        let mut object = Map::new();
        for (key, value) in pairs {
            let name = match key {
                LuaValue::String(text) => text.to_string_lossy(),
                LuaValue::Integer(number) => number.to_string(),
                LuaValue::Number(number) => number.to_string(),
                LuaValue::Boolean(flag) => flag.to_string(),
                other => return Err(failed(format!("the result has a key that is a {}", other.type_name()))),
            };
            object.insert(name, self.value(&value, depth)?);
        }
        Ok(Json::Object(object))
    }
}

fn bytes_to_json(bytes: &[u8]) -> Json {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => serde_json::json!({ "base64": BASE64.encode(bytes) }),
    }
}
