//! Running a `NNN_name.lua` migration: a chunk that returns `{ up = function(db) ... end, down = function(db) ... end }`.
//!
//! Leaves to others: the transaction around it and the history (`migrations/run.rs`).
//!
//! Invariant: the step sees `db` (statements only) and `log`, and no clock, so that it does the same on every machine.

use mlua::{Table, Value as LuaValue};

use super::db::{Db, Target};
use super::script::MEMORY_BYTES;
use super::{failure, sandbox};
use crate::error::{Error, Place, Result};
use crate::operation::Operation;
use crate::sqlite::Connection;

/// Applies a Lua migration on the connection of its transaction.
pub fn run(file: &str, text: &str, connection: &Connection, operation: &Operation) -> Result<()> {
    sandbox::with_state(operation, MEMORY_BYTES, |lua, _| {
        let failed = |error: &mlua::Error| match operation.check() {
            Err(stopped) => stopped,
            Ok(()) => failure::from_lua(file, text, MEMORY_BYTES, error),
        };
        lua.globals().raw_set("os", LuaValue::Nil).map_err(|error| failed(&error))?;
        let chunk =
            lua.load(text).set_name(format!("={}", failure::chunk_name(file))).set_mode(mlua::chunk::ChunkMode::Text);
        let returned = chunk.eval::<LuaValue>().map_err(|error| failed(&error))?;
        let function = match &returned {
            LuaValue::Table(table) => function_of(table, "up"),
            _ => None,
        };
        let Some(function) = function else {
            return Err(Error::MigrationInvalid {
                reason: format!("'{file}' does not return a table with a function 'up'"),
                place: Box::new(Place { file: Some(file.to_owned()), ..Place::default() }),
            });
        };
        let db = Db { target: Target::Step(connection.clone()), operation: operation.clone() };
        function.call::<()>(db).map_err(|error| failed(&error))?;
        operation.check()
    })
}

fn function_of(table: &Table, name: &str) -> Option<mlua::Function> {
    match table.raw_get(name) {
        Ok(LuaValue::Function(function)) => Some(function),
        _ => None,
    }
}
