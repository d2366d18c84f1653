//! `json.encode`, `json.decode`, `json.null` and `json.array` for scripts, and reports on their way into Lua.
//!
//! Leaves to others: what is rendered, and within which bounds (`convert.rs`).
//!
//! Invariants: integers stay integers to the last; no metamethod of a script's runs.

use std::cell::{Cell, RefCell};
use std::fmt;

use mlua::{Lua, LuaString, Table, Value as LuaValue};
use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

use super::convert;
use super::failure::raise_in;
use crate::error::Error;
use crate::operation;

/// Longer texts are not parsed in one call.
const MOST_BYTES: usize = 16 << 20;

/// Values between two looks at the operation.
const VALUES_BETWEEN_POLLS: u32 = 1_024;

/// JSON on its way into Lua: each value is made there at once, so that Lua counts it.
struct Reading<'l> {
    lua: &'l Lua,
    array: Table,
    /// What null becomes; nil is an absent field.
    null: LuaValue,
    /// Why it ended, when that is not the text's fault.
    stopped: RefCell<Option<mlua::Error>>,
    read: Cell<u32>,
}

impl<'l> Reading<'l> {
    fn new(lua: &'l Lua, null: LuaValue) -> mlua::Result<Reading<'l>> {
        let array = convert::array_metatable(lua)?;
        Ok(Reading { lua, array, null, stopped: RefCell::default(), read: Cell::new(0) })
    }

    /// What was read, or why it could not be; `wrong` makes an error of the text's fault.
    fn end<E>(self, outcome: Result<LuaValue, E>, wrong: impl FnOnce(E) -> mlua::Error) -> mlua::Result<LuaValue> {
        match (self.stopped.into_inner(), outcome) {
            (Some(stopped), _) => Err(stopped),
            (None, outcome) => outcome.map_err(wrong),
        }
    }

    fn lua<T, E: serde::de::Error>(&self, made: mlua::Result<T>) -> Result<T, E> {
        made.map_err(|error| {
            self.stopped.borrow_mut().get_or_insert(error);
            E::custom("stopped")
        })
    }

    fn text<E: serde::de::Error>(&self, text: &str) -> Result<LuaValue, E> {
        self.lua(self.lua.create_string(text)).map(LuaValue::String)
    }
}

impl<'de> DeserializeSeed<'de> for &Reading<'_> {
    type Value = LuaValue;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<LuaValue, D::Error> {
        let read = self.read.get().wrapping_add(1);
        self.read.set(read);
        if read.is_multiple_of(VALUES_BETWEEN_POLLS) {
            let polled = operation::current().map_or(Ok(()), |operation| operation.heartbeat());
            self.lua(polled.map_err(mlua::Error::external))?;
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Reading<'_> {
    type Value = LuaValue;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<LuaValue, E> {
        Ok(self.null.clone())
    }

    fn visit_bool<E>(self, flag: bool) -> Result<LuaValue, E> {
        Ok(LuaValue::Boolean(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<LuaValue, E> {
        Ok(LuaValue::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<LuaValue, E> {
        Ok(i64::try_from(number).map_or(LuaValue::Number(number as f64), LuaValue::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<LuaValue, E> {
        Ok(LuaValue::Number(number))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<LuaValue, E> {
        self.text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<LuaValue, A::Error> {
        let list = self.lua(self.lua.create_table())?;
        let mut index = 0;
        while let Some(item) = items.next_element_seed(self)? {
            // why not pushed: a null that is nil keeps its place
            index += 1;
            self.lua(list.raw_seti(index, item))?;
        }
        self.lua(list.set_metatable(Some(self.array.clone())))?;
        Ok(LuaValue::Table(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<LuaValue, A::Error> {
        let object = self.lua(self.lua.create_table())?;
        while let Some(name) = members.next_key_seed(self)? {
            let value = members.next_value_seed(self)?;
            self.lua(object.raw_set(name, value))?;
        }
        Ok(LuaValue::Table(object))
    }
}

fn read(
    lua: &Lua,
    text: &[u8],
    null: LuaValue,
    wrong: impl FnOnce(serde_json::Error) -> mlua::Error,
) -> mlua::Result<LuaValue> {
    let reading = Reading::new(lua, null)?;
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = (&reading).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    reading.end(value, wrong)
}

/// A report of ours as Lua sees it; null is an absent field.
pub(super) fn report_to_lua(lua: &Lua, report: &impl Serialize) -> mlua::Result<LuaValue> {
    // why as text: the other doors have the code for that, and for each report it is as long as what one straight into Lua would be
    text_to_lua(lua, serde_json::to_string(report))
}

#[inline(never)]
fn text_to_lua(lua: &Lua, text: serde_json::Result<String>) -> mlua::Result<LuaValue> {
    let internal = |error: serde_json::Error| raise_in(lua, Error::Internal { detail: error.to_string() }, None);
    read(lua, text.map_err(internal)?.as_bytes(), LuaValue::Nil, internal)
}

/// An object as a table; null is an absent field.
pub(super) fn object_to_lua(lua: &Lua, object: &Map<String, Json>) -> mlua::Result<LuaValue> {
    let reading = Reading::new(lua, LuaValue::Nil)?;
    let value = (&reading).deserialize(object);
    reading.end(value, |error| raise_in(lua, Error::Internal { detail: error.to_string() }, None))
}

/// Sets the global `json`.
pub(super) fn install(lua: &Lua) -> mlua::Result<()> {
    // why now: it is not to fail where a result is rendered
    convert::array_metatable(lua)?;
    let json = lua.create_table()?;
    json.raw_set("null", LuaValue::NULL)?;
    json.raw_set(
        "encode",
        lua.create_function(|lua, value: LuaValue| {
            let value = convert::to_json(lua, &value, "the value").map_err(|error| raise_in(lua, error, None))?;
            lua.create_string(value.to_string())
        })?,
    )?;
    json.raw_set(
        "decode",
        lua.create_function(|lua, text: LuaString| {
            let wrong =
                |reason: String| raise_in(lua, Error::InvalidArgument { name: "the text".into(), reason }, None);
            let bytes = text.as_bytes();
            if bytes.len() > MOST_BYTES {
                return Err(wrong(format!("holds {} bytes; at most {MOST_BYTES} are decoded at once", bytes.len())));
            }
            read(lua, &bytes, LuaValue::NULL, |error| wrong(format!("is not JSON: {error}")))
        })?,
    )?;
    json.raw_set(
        "array",
        lua.create_function(|lua, table: Option<Table>| {
            let table = table.map_or_else(|| lua.create_table(), Ok)?;
            if table.metatable().is_none() {
                table.set_metatable(Some(convert::array_metatable(lua)?))?;
            }
            Ok(table)
        })?,
    )?;
    lua.globals().raw_set("json", json)
}
