//! Values between Lua, SQL and JSON.
//!
//! Leaves to others: what the values are for.
//!
//! Invariants: integers and floats stay apart; no metamethod of a script's runs while its result is rendered; what is
//! rendered is bounded in depth and size.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use mlua::{AnyUserData, Lua, LuaString, MultiValue, Table, Value as LuaValue};
use serde_json::{Map, Value as Json};

use super::failure::MemoryLimit;
use crate::error::{Error, Result};
use crate::sqlite::{Params, Value};

/// Deeper results are a mistake or a cycle.
const DEEPEST: usize = 64;
/// More values than this are not a result but an export.
const MOST_VALUES: usize = 1_000_000;
/// And more text than this neither.
const MOST_BYTES: usize = 64 << 20;

/// Bytes that are to be stored as a BLOB, whatever they look like: `db.blob(text)`. They are its user value, so that Lua counts them.
pub(super) struct Blob;

impl mlua::UserData for Blob {}

/// The metatable of tables that are lists even when they are empty.
pub(super) fn array_metatable(lua: &Lua) -> mlua::Result<Table> {
    if let Some(meta) = lua.app_data_ref::<ArrayMetatable>() {
        return Ok(meta.0.clone());
    }
    let meta = lua.create_table()?;
    // why: it is shared by all lists of the run
    meta.raw_set("__metatable", false)?;
    lua.set_app_data(ArrayMetatable(meta.clone()));
    Ok(meta)
}

struct ArrayMetatable(Table);

fn blob_bytes(blob: &AnyUserData) -> Result<LuaString> {
    blob.user_value().map_err(|error| Error::Internal { detail: error.to_string() })
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
        LuaValue::UserData(data) if data.is::<Blob>() => Value::Blob(blob_bytes(data)?.as_bytes().to_vec()),
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
    /// Fails when they come to more than the run may have: one long text may be the value of many.
    pub(super) fn from_lua(lua: &Lua, args: &MultiValue) -> Result<Parameters> {
        let limit_bytes = limit(lua);
        let mut left = limit_bytes;
        let mut counted = |value: &LuaValue, more: usize| {
            let value = to_sql(value)?;
            left = left
                .checked_sub(value.size_bytes() + more as u64)
                .ok_or_else(|| Error::ScriptMemory { limit_bytes, place: Box::default() })?;
            Ok(value)
        };
        if let (1, Some(LuaValue::Table(table))) = (args.len(), args.front()) {
            return Parameters::from_table(table, counted);
        }
        args.iter().map(|value| counted(value, 0)).collect::<Result<Vec<Value>>>().map(Parameters::Positional)
    }

    fn from_table(table: &Table, mut counted: impl FnMut(&LuaValue, usize) -> Result<Value>) -> Result<Parameters> {
        let failed = |error: mlua::Error| match error {
            mlua::Error::ExternalError(inner) if inner.is::<Error>() => {
                inner.downcast_ref::<Error>().cloned().unwrap_or_else(|| Error::Internal { detail: String::new() })
            }
            error => Error::Internal { detail: error.to_string() },
        };
        let mut named = Vec::new();
        table
            .for_each(|key: LuaValue, value: LuaValue| {
                if let LuaValue::String(name) = key {
                    let name = name.to_string_lossy();
                    let value = counted(&value, name.len()).map_err(mlua::Error::external)?;
                    named.push((name, value));
                }
                Ok(())
            })
            .map_err(failed)?;
        if !named.is_empty() {
            return Ok(Parameters::Named(named));
        }
        let mut values = Vec::new();
        for index in 1..=table.raw_len() {
            values.push(counted(&table.raw_get::<LuaValue>(index).map_err(failed)?, 0)?);
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

/// The most memory of the run.
fn limit(lua: &Lua) -> u64 {
    lua.app_data_ref::<MemoryLimit>().map_or(super::script::MEMORY_BYTES, |limit| limit.0)
}

/// A value as JSON; `what` is what it is called in messages.
pub(super) fn to_json(lua: &Lua, value: &LuaValue, what: &'static str) -> Result<Json> {
    let limit_bytes = limit(lua);
    let memory = usize::try_from(limit_bytes).unwrap_or(usize::MAX).saturating_mul(2);
    let (values, bytes) = (MOST_VALUES, MOST_BYTES);
    let array_mark = array_metatable(lua).map_err(|error| super::failure::raised_error(&error))?;
    Rendering { what, array_mark, values, bytes, memory, limit_bytes }.value(value, DEEPEST)
}

/// A value that is being made JSON, and how much of it may still come.
struct Rendering {
    what: &'static str,
    array_mark: Table,
    values: usize,
    bytes: usize,
    /// What it takes as JSON: a few bytes of Lua's can stand for very many, since one table or text may stand in many places.
    memory: usize,
    limit_bytes: u64,
}

/// What a value and a name take as JSON, besides their text.
const VALUE_BYTES: usize = 32;
const NAME_BYTES: usize = 64;
/// Values between two looks at the operation.
const VALUES_BETWEEN_POLLS: usize = 4_096;

impl Rendering {
    fn value(&mut self, value: &LuaValue, depth: usize) -> Result<Json> {
        self.take(VALUE_BYTES)?;
        Ok(match value {
            LuaValue::Nil => Json::Null,
            value if value.is_null() => Json::Null,
            LuaValue::Boolean(flag) => (*flag).into(),
            LuaValue::Integer(number) => (*number).into(),
            LuaValue::Number(number) if number.is_finite() => (*number).into(),
            LuaValue::Number(number) => serde_json::json!({ "real": number.to_string() }),
            LuaValue::String(text) => {
                let bytes = text.as_bytes();
                self.text(&bytes)?;
                bytes_to_json(&bytes)
            }
            LuaValue::Table(_) if depth == 0 => {
                return self.refuse("is nested deeper than 64 tables, or holds itself");
            }
            LuaValue::Table(table) => self.table(table, depth - 1)?,
            LuaValue::UserData(data) if data.is::<Blob>() => {
                let bytes = blob_bytes(data)?;
                self.text(&bytes.as_bytes())?;
                base64(&bytes.as_bytes())
            }
            other => return self.refuse(&format!("holds a {}", other.type_name())),
        })
    }

    fn table(&mut self, table: &Table, depth: usize) -> Result<Json> {
        let length = table.raw_len();
        let mut pairs = Vec::new();
        let mut counted = Ok(());
        let outcome = table.for_each(|key: LuaValue, value: LuaValue| {
            // why here: a table that holds itself is gone through many times before it is too deep
            counted = self.count();
            if counted.is_err() {
                return Err(mlua::Error::runtime(""));
            }
            pairs.push((key, value));
            Ok(())
        });
        counted?;
        outcome.map_err(|error| Error::ScriptFailed { message: error.to_string(), place: Box::default() })?;
        let is_marked = table.metatable().is_some_and(|found| found == self.array_mark);
        if pairs.len() == length && (length > 0 || is_marked) {
            drop(pairs);
            // why by index: iteration order over a table is nobody's promise
            let item = |index| table.raw_get::<LuaValue>(index).unwrap_or(LuaValue::Nil);
            return (1..=length).map(|index| self.value(&item(index), depth)).collect::<Result<_>>().map(Json::Array);
        }
        let mut object = Map::new();
        for (key, value) in pairs {
            let name = match key {
                LuaValue::String(text) => {
                    self.text(&text.as_bytes())?;
                    text.to_string_lossy()
                }
                LuaValue::Integer(number) => number.to_string(),
                LuaValue::Number(number) => number.to_string(),
                LuaValue::Boolean(flag) => flag.to_string(),
                other => return self.refuse(&format!("has a key that is a {}", other.type_name())),
            };
            self.take(NAME_BYTES)?;
            object.insert(name, self.value(&value, depth)?);
        }
        Ok(Json::Object(object))
    }

    fn refuse<T>(&self, reason: &str) -> Result<T> {
        Err(Error::ScriptFailed { message: format!("{} {reason}", self.what), place: Box::default() })
    }

    /// One value more.
    fn count(&mut self) -> Result<()> {
        self.values = match self.values.checked_sub(1) {
            Some(left) => left,
            None => return self.refuse("holds more than a million values"),
        };
        if self.values.is_multiple_of(VALUES_BETWEEN_POLLS) {
            crate::operation::current().map_or(Ok(()), |operation| operation.check())?;
        }
        Ok(())
    }

    fn text(&mut self, bytes: &[u8]) -> Result<()> {
        // why counted: one long string may stand in a table a million times
        self.bytes = match self.bytes.checked_sub(bytes.len()) {
            Some(left) => left,
            None => return self.refuse("holds more than 64 MiB of text"),
        };
        // why so: JSON writes `\u0001` for one byte
        self.take(bytes.iter().map(|byte| if byte.is_ascii_control() { 6 } else { 1 }).sum())
    }

    fn take(&mut self, bytes: usize) -> Result<()> {
        self.memory = self
            .memory
            .checked_sub(bytes)
            .ok_or_else(|| Error::ScriptMemory { limit_bytes: self.limit_bytes, place: Box::default() })?;
        Ok(())
    }
}

fn bytes_to_json(bytes: &[u8]) -> Json {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => base64(bytes),
    }
}

fn base64(bytes: &[u8]) -> Json {
    serde_json::json!({ "base64": BASE64.encode(bytes) })
}
