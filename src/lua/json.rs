//! `json.encode`, `json.decode`, `json.null` and `json.array` for scripts.
//!
//! Leaves to others: what is rendered, and within which bounds (`convert.rs`).
//!
//! Invariants: integers stay integers to the last; no metamethod of a script's runs.

use mlua::{Lua, LuaSerdeExt, LuaString, Table, Value as LuaValue};

use super::convert;
use super::failure::raise_in;
use crate::error::Error;

/// Longer texts are not parsed in one call.
const MOST_BYTES: usize = 16 << 20;

/// Sets the global `json`.
pub(super) fn install(lua: &Lua) -> mlua::Result<()> {
    let json = lua.create_table()?;
    json.raw_set("null", LuaValue::NULL)?;
    json.raw_set(
        "encode",
        lua.create_function(|lua, value: LuaValue| {
            let value = convert::to_json(lua, &value).map_err(|error| raise_in(lua, error, None))?;
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
            let value: serde_json::Value =
                serde_json::from_slice(&bytes).map_err(|error| wrong(format!("is not JSON: {error}")))?;
            lua.to_value(&value)
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
