//! Running a `NNN_name.lua` migration: a chunk that returns `{ up = function(db) ... end, down = function(db) ... end }`.
//!
//! Leaves to others: the transaction around it and the history (`migrations/run.rs`).
//!
//! Invariant: the step sees `db` (statements only) and `log`, and no clock, so that it does the same on every machine.

use mlua::{Function, Lua, Table, Value as LuaValue};

use super::db::{self, Db, Target};
use super::script::{self, MEMORY_BYTES};
use super::{failure, sandbox};
use crate::error::{Error, Place, Result};
use crate::migrations::LuaStep;
use crate::operation::Operation;
use crate::sqlite::Connection;

/// Loads a Lua migration and, with a connection, runs it there. Tells whether it has a way back.
pub fn run(step: &LuaStep<'_>, connection: Option<&Connection>, operation: &Operation) -> Result<bool> {
    let LuaStep { file, text, back } = *step;
    sandbox::with_state(operation, MEMORY_BYTES, |lua, _| {
        let failed = |error: &mlua::Error| match operation.check() {
            Err(stopped) => stopped,
            Ok(()) => failure::from_lua(file, text, MEMORY_BYTES, error),
        };
        let call = |function: &Function, args: LuaValue| {
            let outcome = sandbox::call::<LuaValue>(lua, function, args);
            let outcome = outcome.map_err(|uncaught| uncaught.into_error(file, text, MEMORY_BYTES));
            failure::ended(operation, outcome, file, text)
        };
        take_chance_away(lua).map_err(|error| failed(&error))?;
        let chunk = script::load(lua, file, text).into_function().map_err(|error| failed(&error))?;
        let returned = call(&chunk, LuaValue::Nil)?;
        let function = |name: &str| match &returned {
            LuaValue::Table(table) => function_of(table, name),
            _ => None,
        };
        let has_down = function("down").is_some();
        let Some(connection) = connection else { return Ok(has_down) };
        let name = if back { "down" } else { "up" };
        let Some(function) = function(name) else {
            return Err(Error::MigrationInvalid {
                reason: format!("'{file}' does not return a table with a function '{name}'"),
                place: Box::new(Place { file: Some(file.to_owned()), ..Place::default() }),
            });
        };
        let db = Db { target: Target::Step(connection.clone()), operation: operation.clone() };
        let _limited = connection.limited(MEMORY_BYTES / 2)?;
        db::install(lua, &db).map_err(|error| failed(&error))?;
        let handle: LuaValue = lua.globals().raw_get("db").map_err(|error| failed(&error))?;
        call(&function, handle)?;
        Ok(has_down)
    })
}

/// No clock, and the same random numbers in every run.
fn take_chance_away(lua: &Lua) -> mlua::Result<()> {
    lua.globals().raw_set("os", LuaValue::Nil)?;
    lua.globals().raw_get::<Table>("math")?.raw_get::<Function>("randomseed")?.call((0, 0))
}

fn function_of(table: &Table, name: &str) -> Option<Function> {
    match table.raw_get(name) {
        Ok(LuaValue::Function(function)) => Some(function),
        _ => None,
    }
}
