//! `db:transaction`: a function of a script's inside a transaction, or inside a savepoint of one.
//!
//! Leaves to others: the statements in it (`db.rs`).
//!
//! Invariants: the transaction is over when the function returns, and commits only if no limit was reached; what the function raises
//! comes out as it was, the very same value.

use std::ffi::c_int;

use mlua::{FromLuaMulti, Function, IntoLua, Lua, MultiValue, UserDataRef, Value as LuaValue, ffi};

use super::db::{Db, Run, Target, note_denied};
use super::failure::{self, raise_in};
use super::rows;
use super::sandbox::Xpcall;
use crate::error::Error;
use crate::operation::Operation;
use crate::sqlite::Access;

/// The method, as a field: mlua's methods can raise errors, and nothing else that a script may raise.
pub(super) struct Transaction;

impl IntoLua for Transaction {
    fn into_lua(self, lua: &Lua) -> mlua::Result<LuaValue> {
        let noting = lua.create_function(|lua, value: LuaValue| {
            failure::note_raised(lua);
            Ok(value)
        })?;
        let attempt = lua.create_function(move |lua, args: MultiValue| {
            let (db, body) = <(UserDataRef<Db>, Function)>::from_lua_args(args, 1, Some("Db.transaction"), lua)?;
            let mut results = MultiValue::new();
            db.in_transaction(lua, &mut || {
                let xpcall = Xpcall::of(lua)?;
                results = xpcall.call((&body, &noting, lua.create_userdata(db.clone())?))?;
                Ok(matches!(results.front(), Some(LuaValue::Boolean(true))))
            })?;
            Ok(results)
        })?;
        rows::with_upvalue(lua, raising, &attempt).map(LuaValue::Function)
    }
}

/// Calls upvalue 1, which returns as `pcall` does, and raises what it returns behind false.
unsafe extern "C-unwind" fn raising(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Lua passes a live state with room for 20 values more than the arguments; nothing here has a destructor.
    unsafe {
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(1));
        ffi::lua_insert(state, 1);
        ffi::lua_call(state, ffi::lua_gettop(state) - 1, ffi::LUA_MULTRET);
        if ffi::lua_toboolean(state, 1) == 0 {
            ffi::lua_settop(state, 2);
            ffi::lua_error(state);
        }
        ffi::lua_gettop(state) - 1
    }
}

impl Db {
    /// Runs `body` in a transaction and commits if it says so; the same is returned.
    pub(super) fn in_transaction(&self, lua: &Lua, body: &mut dyn FnMut() -> mlua::Result<bool>) -> mlua::Result<bool> {
        let raise = |error: Error| raise_in(lua, error, None);
        let Target::Session(run) = &self.target else {
            return Err(raise(Error::Unsupported {
                what: "a transaction inside a migration".into(),
                instead: Some("the whole migration is one transaction already"),
            }));
        };
        if !run.session.may_write() {
            let error = run.session.denied("open a write transaction");
            note_denied(run, "transaction", None, &error);
            return Err(raise(error));
        }
        let access = run.access.borrow().clone();
        if access.is_bound() {
            return self.in_savepoint(lua, run, &access, body);
        }
        let writer = access.writer(&self.operation).map_err(raise)?;
        let _limited = writer.limited(run.most_value_bytes()).map_err(raise)?;
        writer.begin_immediate().map_err(raise)?;
        let bound = Bound::new(run, access.bind(&writer));
        let outcome = body();
        drop(bound);
        match self.unless_over(outcome, raise) {
            Ok(true) => writer.must_be_in_transaction().and_then(|()| writer.commit()).map(|()| true).map_err(raise),
            outcome => {
                writer.rollback();
                outcome
            }
        }
    }

    /// What came of the function of a transaction, if no limit was reached.
    // why checked once more: a script may have caught its time-out, and half its work must not be kept
    fn unless_over(&self, outcome: mlua::Result<bool>, raise: impl FnOnce(Error) -> mlua::Error) -> mlua::Result<bool> {
        if outcome? { self.operation.check().map(|()| true).map_err(raise) } else { Ok(false) }
    }

    fn in_savepoint(
        &self,
        lua: &Lua,
        run: &Run,
        access: &Access,
        body: &mut dyn FnMut() -> mlua::Result<bool>,
    ) -> mlua::Result<bool> {
        let raise = |error: Error| raise_in(lua, error, None);
        let writer = access.writer(&self.operation).map_err(raise)?;
        let number = run.savepoints.get() + 1;
        run.savepoints.set(number);
        let account = self.operation.account();
        let told = account.map(|account| account.told());
        writer.execute_batch(&format!("SAVEPOINT rpmadb_{number}")).map_err(raise)?;
        match self.unless_over(body(), raise) {
            Ok(true) => writer
                .must_be_in_transaction()
                .and_then(|()| writer.execute_batch(&format!("RELEASE rpmadb_{number}")))
                .map(|()| true)
                .map_err(raise),
            outcome => {
                if !writer.is_autocommit() {
                    // why unwatched: a run that was stopped must still be able to go back
                    let _unwatched = crate::operation::enter(Operation::new());
                    writer
                        .execute_batch(&format!("ROLLBACK TO rpmadb_{number}; RELEASE rpmadb_{number}"))
                        .map_err(raise)?;
                    if let Some((account, told)) = account.zip(told) {
                        account.go_back(told);
                    }
                }
                outcome
            }
        }
    }
}

/// While it lives, the statements of a run go to the connection of a transaction.
struct Bound<'r> {
    run: &'r Run,
    before: Access,
}

impl<'r> Bound<'r> {
    fn new(run: &'r Run, access: Access) -> Bound<'r> {
        Bound { run, before: run.access.replace(access) }
    }
}

// why a guard: a panic on its way to whoever called must not leave the run on a connection that is somebody else's by then
impl Drop for Bound<'_> {
    fn drop(&mut self) {
        self.run.forget_bound();
        self.run.access.replace(self.before.clone());
    }
}
