//! Rows on their way from SQLite into Lua, and values on their way into a prepared statement, without a stop in between.
//!
//! The functions that are called once a row are C functions of Lua's: what they need they find in their upvalues, which a script
//! cannot reach. The userdata that a script holds is one pointer to a [`Slot`].
//!
//! Leaves to others: which statement, under which rules (`db.rs`).
//!
//! Invariants: nothing with a destructor is alive when a function of Lua's may raise, because Lua jumps out of it; no panic unwinds through
//! Lua's frames; a slot is alive as long as the userdata, and what it holds of SQLite ends at the latest with the run.

use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use mlua::{Function, LightUserData, Lua, MultiValue, Table, Value as LuaValue, ffi};

use super::failure;
use super::outside::{self, Held};
use crate::error::{Error, Result};
use crate::sqlite::{Cell, Cursor, Value};

/// A result that is being read, or a prepared statement.
pub(super) struct Slot {
    source: RefCell<Source>,
    failure: RefCell<Option<Error>>,
    /// The text of the statement.
    pub(super) sql: String,
    _held: Held,
}

/// Where rows come from.
pub(super) enum Source {
    /// A statement that SQLite is running.
    Live(Cursor),
    /// All rows of one that is done.
    Read {
        /// Those to come.
        rows: std::vec::IntoIter<Vec<Value>>,
        /// The one that it is on.
        row: Vec<Value>,
    },
    /// A prepared statement that is on no connection at the moment.
    Nowhere,
    /// Nothing more to come.
    Closed,
    /// The transaction that it belonged to has ended.
    Gone,
}

/// What a slot takes besides its text, about.
const SLOT_BYTES: usize = 512;
/// Most keys that are upvalues of the function that reads a row; Lua allows 255.
const MOST_KEYS: c_int = 200;

#[derive(Clone, Copy)]
enum Next {
    Row(c_int),
    End,
    Failed,
}

enum Ran {
    Done(i64, i64),
    /// The fast way is not open: no connection, a table of parameters, or a value that needs an explanation.
    Otherwise,
    Failed,
}

impl Slot {
    /// `bytes` are those of rows that are read already.
    pub(super) fn new(lua: &Lua, sql: &str, source: Source, bytes: usize) -> Result<Rc<Slot>> {
        let bytes = bytes + sql.len() + SLOT_BYTES;
        outside::make_room(lua, bytes)?;
        let (source, failure) = (RefCell::new(source), RefCell::default());
        Ok(Rc::new(Slot { source, failure, sql: sql.to_owned(), _held: Held::new(bytes) }))
    }

    /// Lets go of the statement.
    pub(super) fn close(&self) {
        // why out of the borrow: dropping a cursor gives its connection back
        let before = self.source.replace(Source::Closed);
        drop(before);
    }

    /// Lets go of what belongs to a transaction that ends.
    pub(super) fn forget(&self, is_statement: bool) {
        if matches!(*self.source.borrow(), Source::Live(_)) {
            let before = self.source.replace(if is_statement { Source::Nowhere } else { Source::Gone });
            drop(before);
        }
    }

    /// Puts a prepared statement on a connection.
    pub(super) fn put(&self, cursor: Cursor) {
        let before = self.source.replace(Source::Live(cursor));
        drop(before);
    }

    /// Runs `body` with the cursor; `None` when there is none.
    pub(super) fn with_cursor<T>(&self, body: impl FnOnce(&mut Cursor) -> T) -> Option<T> {
        match &mut *self.source.borrow_mut() {
            Source::Live(cursor) => Some(body(cursor)),
            _ => None,
        }
    }

    /// Whether it was closed by the script.
    pub(super) fn is_closed(&self) -> bool {
        matches!(*self.source.borrow(), Source::Closed)
    }

    fn fail(&self, error: Error) {
        *self.failure.borrow_mut() = Some(error);
    }

    /// Why the last call of a C function failed.
    pub(super) fn take_failure(&self) -> Error {
        let unknown = || Error::Internal { detail: "a failure without a cause".into() };
        self.failure.borrow_mut().take().unwrap_or_else(unknown)
    }

    fn advance(&self) -> Next {
        let outcome = match &mut *self.source.borrow_mut() {
            Source::Live(cursor) => {
                cursor.step().map(|is_row| is_row.then(|| c_int::try_from(cursor.columns()).unwrap_or(c_int::MAX)))
            }
            Source::Read { rows, row } => Ok(rows.next().map(|next| {
                *row = next;
                c_int::try_from(row.len()).unwrap_or(c_int::MAX)
            })),
            Source::Gone => Err(Error::Unsupported {
                what: "a row of a transaction that has ended".into(),
                instead: Some("read all rows before the function of db:transaction returns"),
            }),
            Source::Closed | Source::Nowhere => Ok(None),
        };
        match outcome {
            Ok(Some(columns)) => Next::Row(columns),
            Ok(None) => {
                self.close();
                Next::End
            }
            Err(error) => {
                self.fail(error);
                self.close();
                Next::Failed
            }
        }
    }

    /// Reads the next row; `None` behind the last.
    pub(super) fn next(&self) -> Result<Option<usize>> {
        match self.advance() {
            Next::Row(columns) => Ok(usize::try_from(columns).ok()),
            Next::End => Ok(None),
            Next::Failed => Err(self.take_failure()),
        }
    }
}

/// What the C functions are called by; one for each state.
pub(super) struct Tools {
    new_slot: Function,
    make_iterator: Function,
    collect: Function,
    results: Table,
    statements: Table,
}

/// A C function with upvalues: `closure(pointer, upvalues...)`.
unsafe extern "C-unwind" fn closure(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: only `Tools::install` calls it, with the address of a C function and at most 20 values behind it.
    unsafe {
        let function = ffi::lua_touserdata(state, 1);
        let function = std::mem::transmute::<*mut c_void, ffi::lua_CFunction>(function);
        ffi::lua_pushcclosure(state, function, ffi::lua_gettop(state) - 1);
    }
    1
}

fn address(function: ffi::lua_CFunction) -> LuaValue {
    LuaValue::LightUserData(LightUserData(function as *mut c_void))
}

impl Tools {
    /// Makes the functions and metatables in a fresh state. `run` is called with a statement and parameters where the fast way of its
    /// `run` is not open; `methods` are the other methods of a statement: each gets the slot as a light userdata first.
    pub(super) fn install(lua: &Lua, run: Function, methods: &[(&str, Function)]) -> mlua::Result<()> {
        // SAFETY: see `closure`.
        let closure = unsafe { lua.create_c_function(closure) }?;
        let raise = lua.create_function(|lua, slot: LightUserData| -> mlua::Result<()> {
            let slot = borrow(slot);
            Err(failure::raise_in(lua, slot.take_failure(), Some(&slot.sql)))
        })?;
        let (results, statements) = (lua.create_table()?, lua.create_table()?);
        let list = lua.create_table()?;
        for (meta, name) in [(&results, "rows"), (&statements, "statement")] {
            meta.raw_set("__name", name)?;
            meta.raw_set("__metatable", false)?;
            for (event, function) in
                [("__gc", collect_garbage as ffi::lua_CFunction), ("__close", close as ffi::lua_CFunction)]
            {
                meta.raw_set(event, closure.call::<Function>((address(function), meta))?)?;
            }
        }
        for (name, method) in methods {
            list.raw_set(*name, closure.call::<Function>((address(checked), &statements, method))?)?;
        }
        list.raw_set("run", closure.call::<Function>((address(run_statement), &statements, &raise, run))?)?;
        list.raw_set("close", closure.call::<Function>((address(close), &statements))?)?;
        statements.raw_set("__index", list)?;
        let tools = Tools {
            new_slot: closure.call((address(new_slot),))?,
            make_iterator: closure.call((address(make_iterator), &raise))?,
            collect: closure.call((address(collect), &raise))?,
            results,
            statements,
        };
        lua.set_app_data(tools);
        Ok(())
    }

    fn of<T>(lua: &Lua, body: impl FnOnce(&Tools) -> mlua::Result<T>) -> mlua::Result<T> {
        match lua.app_data_ref::<Tools>() {
            Some(tools) => body(&tools),
            None => Err(failure::raise_in(lua, Error::Internal { detail: "a state without tools".into() }, None)),
        }
    }
}

/// The userdata of a slot.
fn userdata(new_slot: &Function, slot: &Rc<Slot>, meta: &Table) -> mlua::Result<LuaValue> {
    let pointer = Rc::into_raw(Rc::clone(slot)).cast_mut().cast::<c_void>();
    new_slot.call::<LuaValue>((LightUserData(pointer), meta)).inspect_err(|_| {
        // SAFETY: the userdata was not made, so the count is still ours.
        drop(unsafe { Rc::from_raw(pointer.cast_const().cast::<Slot>()) });
    })
}

/// A prepared statement as a script holds it.
pub(super) fn statement(lua: &Lua, slot: &Rc<Slot>) -> mlua::Result<LuaValue> {
    Tools::of(lua, |tools| userdata(&tools.new_slot, slot, &tools.statements))
}

/// What a generic `for` takes: a function, two nils, and what is closed at the end of the loop. With `names` each row is a table, else
/// its bare values.
pub(super) fn iterator(lua: &Lua, slot: &Rc<Slot>, names: Option<&[String]>) -> mlua::Result<MultiValue> {
    Tools::of(lua, |tools| {
        let held = userdata(&tools.new_slot, slot, &tools.results)?;
        tools.make_iterator.call((held, names.map(<[String]>::to_vec)))
    })
}

/// All rows, as a list of tables, which goes into `list`.
pub(super) fn collect_into(lua: &Lua, slot: &Rc<Slot>, names: &[String], list: &Table, most: i64) -> mlua::Result<()> {
    Tools::of(lua, |tools| {
        let held = userdata(&tools.new_slot, slot, &tools.results)?;
        tools.collect.call((held, names.to_vec(), list, most))
    })
}

/// The value in a column of the row that `slot` is on.
pub(super) fn value(lua: &Lua, slot: &Slot, column: usize) -> mlua::Result<LuaValue> {
    let source = slot.source.borrow();
    Ok(match cell(&source, column) {
        Cell::Null => LuaValue::Nil,
        Cell::Integer(number) => LuaValue::Integer(number),
        Cell::Real(number) => LuaValue::Number(number),
        Cell::Text(bytes) | Cell::Blob(bytes) => LuaValue::String(lua.create_string(bytes)?),
    })
}

/// The slot behind a light userdata, which only functions of this file hand out.
fn borrow<'s>(slot: LightUserData) -> &'s Slot {
    // SAFETY: scripts cannot make light userdata; the userdata that owns the slot is on the caller's stack.
    unsafe { &*slot.0.cast_const().cast::<Slot>() }
}

/// As [`borrow`], and keeps it.
pub(super) fn shared(slot: LightUserData) -> Rc<Slot> {
    let pointer = slot.0.cast_const().cast::<Slot>();
    // SAFETY: as for `borrow`; the pointer came from `Rc::into_raw`.
    unsafe {
        Rc::increment_strong_count(pointer);
        Rc::from_raw(pointer)
    }
}

fn cell(source: &Source, column: usize) -> Cell<'_> {
    match source {
        Source::Live(cursor) => cursor.cell(column),
        Source::Read { row, .. } => match row.get(column) {
            None | Some(Value::Null) => Cell::Null,
            Some(Value::Integer(number)) => Cell::Integer(*number),
            Some(Value::Real(number)) => Cell::Real(*number),
            Some(Value::Text(text)) => Cell::Text(text.as_bytes()),
            Some(Value::BadText(bytes)) => Cell::Text(bytes),
            Some(Value::Blob(bytes)) => Cell::Blob(bytes),
        },
        _ => Cell::Null,
    }
}

/// # Safety
/// `index` is that of a userdata of ours, or of an upvalue that is one; the slot stays as long as the userdata.
unsafe fn slot_at<'s>(state: *mut ffi::lua_State, index: c_int) -> Option<&'s Slot> {
    // SAFETY: the block holds one pointer, which is null after the collector has had it.
    unsafe {
        let block = ffi::lua_touserdata(state, index).cast::<*const Slot>();
        if block.is_null() { None } else { (*block).as_ref() }
    }
}

/// Pushes one value.
///
/// # Safety
/// `source` has a row, and there is room on the stack. No destructor may be waiting in the callers.
unsafe fn push(state: *mut ffi::lua_State, source: &Source, column: c_int) {
    // SAFETY: the bytes of a cell stay until the next step, and Lua copies them.
    unsafe {
        match cell(source, column as usize) {
            Cell::Null => ffi::lua_pushnil(state),
            Cell::Integer(number) => ffi::lua_pushinteger(state, number),
            Cell::Real(number) => ffi::lua_pushnumber(state, number),
            Cell::Text(bytes) | Cell::Blob(bytes) => {
                ffi::lua_pushlstring(state, bytes.as_ptr().cast(), bytes.len());
            }
        }
    }
}

/// Raises what `slot` failed with, by the function in upvalue `raise`.
///
/// # Safety
/// As for [`push`].
unsafe fn raise(state: *mut ffi::lua_State, raise: c_int, slot: &Slot) -> c_int {
    // SAFETY: Lua passes a live state; the call does not return.
    unsafe {
        // why not all: a statement that only the caller's first argument refers to must live until the error is taken from it
        ffi::lua_settop(state, 1);
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(raise));
        ffi::lua_pushlightuserdata(state, std::ptr::from_ref(slot).cast_mut().cast());
        ffi::lua_call(state, 1, 0);
    }
    0
}

fn guarded(slot: &Slot, body: impl FnOnce() -> Next) -> Next {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        slot.fail(Error::Panic { text: "while a row was read".into() });
        Next::Failed
    })
}

unsafe extern "C-unwind" fn new_slot(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by `userdata` alone, with the pointer and the metatable. The block is made before the pointer is in it, so that
    // a failure leaves the count with the caller.
    unsafe {
        let pointer = ffi::lua_touserdata(state, 1).cast::<Slot>();
        let block = ffi::lua_newuserdatauv(state, size_of::<*const Slot>(), 0).cast::<*const Slot>();
        block.write(pointer);
        ffi::lua_pushvalue(state, 2);
        ffi::lua_setmetatable(state, -2);
    }
    1
}

unsafe extern "C-unwind" fn collect_garbage(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: Lua calls it with a userdata of ours; a script cannot get at it, because the metatable is hidden. After this the block
    // is null, should Lua have been made to call it twice.
    unsafe {
        let block = ffi::lua_touserdata(state, 1).cast::<*const Slot>();
        if !block.is_null() && !(*block).is_null() {
            let pointer = std::mem::replace(&mut *block, std::ptr::null());
            // why ignored: what is being let go of has nobody to tell
            let _ = catch_unwind(AssertUnwindSafe(|| drop(Rc::from_raw(pointer))));
        }
    }
    0
}

/// Lets go of the statement. Upvalue: the metatable that it must have.
unsafe extern "C-unwind" fn close(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: `own` proves that it is a userdata of ours.
    unsafe {
        let Some(slot) = own(state) else { return 0 };
        let _ = catch_unwind(AssertUnwindSafe(|| slot.close()));
    }
    0
}

/// The slot in the first argument, if that has the metatable in the first upvalue; raises otherwise.
///
/// # Safety
/// As for [`push`]; called from a C function whose first upvalue is a metatable of ours.
unsafe fn own<'s>(state: *mut ffi::lua_State) -> Option<&'s Slot> {
    // SAFETY: Lua passes a live state with room for 20 values; a userdata with our metatable is ours.
    unsafe {
        if ffi::lua_type(state, 1) == ffi::LUA_TUSERDATA && ffi::lua_getmetatable(state, 1) != 0 {
            let is_own = ffi::lua_rawequal(state, -1, ffi::lua_upvalueindex(1)) != 0;
            ffi::lua_pop(state, 1);
            if is_own {
                return slot_at(state, 1);
            }
        }
        ffi::luaL_argerror(state, 1, c"a statement expected".as_ptr());
    }
    None
}

/// A method written in Rust: calls upvalue 2 with the slot in the place of the userdata.
unsafe extern "C-unwind" fn checked(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as above; the userdata stays on the stack below, so that the slot stays.
    unsafe {
        let Some(slot) = own(state) else { return 0 };
        let count = ffi::lua_gettop(state);
        ffi::luaL_checkstack(state, count + 2, c"too many arguments".as_ptr());
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(2));
        ffi::lua_pushlightuserdata(state, std::ptr::from_ref(slot).cast_mut().cast());
        for index in 2..=count {
            ffi::lua_pushvalue(state, index);
        }
        ffi::lua_call(state, count, ffi::LUA_MULTRET);
        ffi::lua_gettop(state) - count
    }
}

/// `make_iterator(userdata, names or nil)`; upvalue: `raise`.
unsafe extern "C-unwind" fn make_iterator(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by `iterator` alone.
    unsafe {
        let is_named = ffi::lua_type(state, 2) == ffi::LUA_TTABLE;
        ffi::lua_pushvalue(state, 1);
        ffi::lua_pushvalue(state, ffi::lua_upvalueindex(1));
        let count = if is_named { c_int::try_from(ffi::lua_rawlen(state, 2)).unwrap_or(c_int::MAX) } else { 0 };
        if is_named && count <= MOST_KEYS {
            ffi::luaL_checkstack(state, count + 8, c"too many columns".as_ptr());
            for column in 0..count {
                push_key(state, 2, column);
            }
            ffi::lua_pushcclosure(state, next_named, 2 + count);
        } else if is_named {
            ffi::lua_pushvalue(state, 2);
            ffi::lua_pushcclosure(state, next_named_wide, 3);
        } else {
            ffi::lua_pushcclosure(state, next_values, 2);
        }
        ffi::lua_pushnil(state);
        ffi::lua_pushnil(state);
        ffi::lua_pushvalue(state, 1);
    }
    4
}

/// The next row as bare values. Upvalues: the userdata, `raise`.
unsafe extern "C-unwind" fn next_values(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the upvalues are what `make_iterator` gave it. Nothing borrowed from the slot is held while Lua may raise but a plain
    // reference, and nothing else changes the slot while its row is pushed.
    unsafe {
        let Some(slot) = slot_at(state, ffi::lua_upvalueindex(1)) else { return 0 };
        match guarded(slot, || slot.advance()) {
            Next::Row(columns) => {
                ffi::luaL_checkstack(state, columns, c"too many columns".as_ptr());
                let source = &*slot.source.as_ptr();
                for column in 0..columns {
                    push(state, source, column);
                }
                columns
            }
            Next::End => {
                ffi::lua_pushnil(state);
                1
            }
            Next::Failed => raise(state, 2, slot),
        }
    }
}

/// Pushes the row as a table, whose keys `key` pushes.
///
/// # Safety
/// As for [`push`].
unsafe fn push_named(state: *mut ffi::lua_State, slot: &Slot, columns: c_int, key: impl Fn(c_int)) {
    // SAFETY: the caller promises it.
    unsafe {
        ffi::lua_createtable(state, 0, columns);
        let source = &*slot.source.as_ptr();
        for column in 0..columns {
            key(column);
            push(state, source, column);
            ffi::lua_rawset(state, -3);
        }
    }
}

/// Pushes key number `column` of the list at `names`.
///
/// # Safety
/// As for [`push`].
unsafe fn push_key(state: *mut ffi::lua_State, names: c_int, column: c_int) {
    // SAFETY: the caller promises it.
    unsafe { ffi::lua_rawgeti(state, names, ffi::lua_Integer::from(column) + 1) };
}

/// The next row as a table. Upvalues: the userdata, `raise`, the names one by one.
unsafe extern "C-unwind" fn next_named(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as for `next_values`.
    unsafe { next_by(state, |column| ffi::lua_pushvalue(state, ffi::lua_upvalueindex(3 + column))) }
}

/// The same for rows of more columns than a function may have upvalues: there they are in a list.
unsafe extern "C-unwind" fn next_named_wide(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: as for `next_values`.
    unsafe { next_by(state, |column| push_key(state, ffi::lua_upvalueindex(3), column)) }
}

/// # Safety
/// As for [`next_values`].
unsafe fn next_by(state: *mut ffi::lua_State, key: impl Fn(c_int)) -> c_int {
    // SAFETY: the caller promises it.
    unsafe {
        let Some(slot) = slot_at(state, ffi::lua_upvalueindex(1)) else { return 0 };
        match guarded(slot, || slot.advance()) {
            Next::Row(columns) => push_named(state, slot, columns, key),
            Next::End => ffi::lua_pushnil(state),
            Next::Failed => return raise(state, 2, slot),
        }
    }
    1
}

/// `collect(userdata, names, list, most)`: appends the rows that are left; upvalue: `raise`.
unsafe extern "C-unwind" fn collect(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by `collect_into` alone; otherwise as for `next_values`.
    unsafe {
        let Some(slot) = slot_at(state, 1) else { return 0 };
        let most = ffi::lua_tointegerx(state, 4, std::ptr::null_mut());
        for number in 1..=most {
            match guarded(slot, || slot.advance()) {
                Next::Row(columns) => {
                    push_named(state, slot, columns, |column| push_key(state, 2, column));
                    ffi::lua_rawseti(state, 3, number);
                }
                Next::End => break,
                Next::Failed => return raise(state, 1, slot),
            }
        }
    }
    0
}

/// `statement:run(...)`. Upvalues: the metatable, `raise`, the function for what is not fast.
unsafe extern "C-unwind" fn run_statement(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: `own` proves the first argument; otherwise as for `next_values`.
    unsafe {
        let Some(slot) = own(state) else { return 0 };
        let count = ffi::lua_gettop(state) - 1;
        let ran = catch_unwind(AssertUnwindSafe(|| run_fast(state, slot, count)));
        match ran.unwrap_or_else(|_| {
            slot.fail(Error::Panic { text: "while a statement ran".into() });
            Ran::Failed
        }) {
            Ran::Done(changes, rowid) => {
                ffi::lua_pushinteger(state, changes);
                ffi::lua_pushinteger(state, rowid);
                2
            }
            Ran::Failed => raise(state, 2, slot),
            Ran::Otherwise => {
                ffi::luaL_checkstack(state, count + 3, c"too many arguments".as_ptr());
                ffi::lua_pushvalue(state, ffi::lua_upvalueindex(3));
                ffi::lua_pushlightuserdata(state, std::ptr::from_ref(slot).cast_mut().cast());
                for index in 2..=count + 1 {
                    ffi::lua_pushvalue(state, index);
                }
                ffi::lua_call(state, count + 1, 2);
                2
            }
        }
    }
}

/// # Safety
/// `state` has `count` arguments from index 2 on. Raises nothing: only functions of Lua's that look are called.
unsafe fn run_fast(state: *mut ffi::lua_State, slot: &Slot, count: c_int) -> Ran {
    // SAFETY: see above; a string on the stack is not converted by `lua_tolstring`, and stays while it is there.
    let parameter = |index: usize| unsafe {
        let index = index as c_int + 2;
        match ffi::lua_type(state, index) {
            ffi::LUA_TBOOLEAN => Cell::Integer(i64::from(ffi::lua_toboolean(state, index))),
            ffi::LUA_TNUMBER if ffi::lua_isinteger(state, index) != 0 => {
                Cell::Integer(ffi::lua_tointegerx(state, index, std::ptr::null_mut()))
            }
            ffi::LUA_TNUMBER => Cell::Real(ffi::lua_tonumberx(state, index, std::ptr::null_mut())),
            ffi::LUA_TSTRING => {
                let mut length = 0;
                let bytes = ffi::lua_tolstring(state, index, &raw mut length).cast::<u8>();
                let bytes = std::slice::from_raw_parts(bytes, length);
                if std::str::from_utf8(bytes).is_ok() { Cell::Text(bytes) } else { Cell::Blob(bytes) }
            }
            _ => Cell::Null,
        }
    };
    let is_plain = |index: c_int| {
        let plain = [ffi::LUA_TNIL, ffi::LUA_TBOOLEAN, ffi::LUA_TNUMBER, ffi::LUA_TSTRING];
        // SAFETY: the index is that of an argument.
        plain.contains(&unsafe { ffi::lua_type(state, index) })
    };
    if !(2..count + 2).all(is_plain) {
        return Ran::Otherwise;
    }
    let count = usize::try_from(count).unwrap_or(0);
    match slot.with_cursor(|cursor| cursor.run(count, parameter)) {
        None => Ran::Otherwise,
        Some(Ok((changes, rowid))) => Ran::Done(i64::try_from(changes).unwrap_or(i64::MAX), rowid),
        Some(Err(error)) => {
            slot.fail(error);
            Ran::Failed
        }
    }
}
