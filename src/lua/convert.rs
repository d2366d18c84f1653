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
use crate::sqlite::{Params, Value};

/// Deeper results are a mistake or a cycle.
const DEEPEST: usize = 64;
/// More values than this are not a result but an export.
const MOST_VALUES: usize = 1_000_000;

/// A SQL value as Lua sees it; NULL is nil.
pub(super) fn to_lua(lua: &Lua, value: &Value) -> mlua::Result<LuaValue> {
    Ok(match value {
        Value::Null => LuaValue::Nil,
        Value::Integer(number) => LuaValue::Integer(*number),
        Value::Real(number) => LuaValue::Number(*number),
        Value::Text(text) => LuaValue::String(lua.create_string(text)?),
        Value::BadText(bytes) | Value::Blob(bytes) => LuaValue::String(lua.create_string(bytes)?),
    })
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
    pub(super) fn from_lua(args: &MultiValue) -> mlua::Result<Parameters> {
        if let (1, Some(LuaValue::Table(table))) = (args.len(), args.front()) {
            return Parameters::from_table(table);
        }
        let values: Result<Vec<Value>> = args.iter().map(to_sql).collect();
        values.map(Parameters::Positional).map_err(mlua::Error::external)
    }

    fn from_table(table: &Table) -> mlua::Result<Parameters> {
        let mut named = Vec::new();
        table.for_each(|key: LuaValue, value: LuaValue| {
            if let LuaValue::String(name) = key {
                named.push((name.to_string_lossy(), to_sql(&value).map_err(mlua::Error::external)?));
            }
            Ok(())
        })?;
        if !named.is_empty() {
            return Ok(Parameters::Named(named));
        }
        let mut values = Vec::new();
        for index in 1..=table.raw_len() {
            values.push(to_sql(&table.raw_get::<LuaValue>(index)?).map_err(mlua::Error::external)?);
        }
        Ok(Parameters::Positional(values))
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
    let array_mark = lua.array_metatable();
    let mut left = MOST_VALUES;
    render(value, &array_mark, DEEPEST, &mut left)
}

fn render(value: &LuaValue, array_mark: &Table, depth: usize, left: &mut usize) -> Result<Json> {
    let refuse = |reason: &str| Err(Error::ScriptFailed { message: reason.to_owned(), place: Box::default() });
    *left = match left.checked_sub(1) {
        Some(left) => left,
        None => return refuse("the result holds more than a million values"),
    };
    Ok(match value {
        LuaValue::Nil => Json::Null,
        LuaValue::Boolean(flag) => (*flag).into(),
        LuaValue::Integer(number) => (*number).into(),
        LuaValue::Number(number) if number.is_finite() => (*number).into(),
        LuaValue::Number(number) => serde_json::json!({ "real": number.to_string() }),
        LuaValue::String(text) => bytes_to_json(&text.as_bytes()),
        LuaValue::Table(_) if depth == 0 => {
            return refuse("the result is nested deeper than 64 tables, or holds itself");
        }
        LuaValue::Table(table) => {
            let length = table.raw_len();
            let mut pairs = Vec::new();
            let outcome = table.for_each(|key: LuaValue, value: LuaValue| {
                pairs.push((key, value));
                Ok(())
            });
            outcome.map_err(|error| Error::ScriptFailed { message: error.to_string(), place: Box::default() })?;
            let is_marked = table.metatable().is_some_and(|found| found == *array_mark);
            if pairs.len() == length && (length > 0 || is_marked) {
                // why sorted: iteration order over a table is nobody's promise
                let mut items = Vec::with_capacity(length);
                for index in 1..=length {
                    let item = table.raw_get::<LuaValue>(index).unwrap_or(LuaValue::Nil);
                    items.push(render(&item, array_mark, depth - 1, left)?);
                }
                Json::Array(items)
            } else {
                let mut object = Map::new();
                for (key, value) in pairs {
                    let name = match key {
                        LuaValue::String(text) => text.to_string_lossy(),
                        LuaValue::Integer(number) => number.to_string(),
                        LuaValue::Number(number) => number.to_string(),
                        LuaValue::Boolean(flag) => flag.to_string(),
                        other => return refuse(&format!("the result has a key that is a {}", other.type_name())),
                    };
                    object.insert(name, render(&value, array_mark, depth - 1, left)?);
                }
                Json::Object(object)
            }
        }
        other => return refuse(&format!("the result holds a {}", other.type_name())),
    })
}

fn bytes_to_json(bytes: &[u8]) -> Json {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => serde_json::json!({ "base64": BASE64.encode(bytes) }),
    }
}
