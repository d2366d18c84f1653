//! The C functions of `rows.rs`: what Lua calls once a row, with nothing in between.
//!
//! Leaves to others: making them, and what they find in their upvalues ([`super::Tools`]).
//!
//! Invariants: nothing with a destructor is alive when a function of Lua's may raise, because Lua jumps out of it; no panic unwinds
//! through Lua's frames.

use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use mlua::{LightUserData, Value as LuaValue, ffi};

use super::{Next, Slot, Source};
use crate::error::Error;
use crate::sqlite::Cell;

/// Most keys that are upvalues of the function that reads a row; Lua allows 255.
const MOST_KEYS: c_int = 200;

enum Ran {
    Done(i64, i64),
    /// The fast way is not open: no connection, a table of parameters, or a value that needs an explanation.
    Otherwise,
    Failed,
}

/// A C function with upvalues: `closure(pointer, upvalues...)`.
pub(super) unsafe extern "C-unwind" fn closure(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: only functions of `rows.rs` call it, with the address of a C function and at most 20 values behind it.
    unsafe {
        let function = ffi::lua_touserdata(state, 1);
        let function = std::mem::transmute::<*mut c_void, ffi::lua_CFunction>(function);
        ffi::lua_pushcclosure(state, function, ffi::lua_gettop(state) - 1);
    }
    1
}

pub(super) fn address(function: ffi::lua_CFunction) -> LuaValue {
    LuaValue::LightUserData(LightUserData(function as *mut c_void))
}

pub(super) fn cell(source: &Source, column: usize) -> Cell<'_> {
    match source {
        Source::Live(cursor) => cursor.cell(column),
        Source::Read { row, .. } => row.get(column).map_or(Cell::Null, Cell::of),
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
/// There is room on the stack. No destructor may be waiting in the callers.
#[inline(always)]
unsafe fn push(state: *mut ffi::lua_State, cell: Cell<'_>) {
    // SAFETY: the bytes of a cell stay until the next step, and Lua copies them.
    unsafe {
        match cell {
            Cell::Null => ffi::lua_pushnil(state),
            Cell::Integer(number) => ffi::lua_pushinteger(state, number),
            Cell::Real(number) => ffi::lua_pushnumber(state, number),
            Cell::Text(bytes) | Cell::Blob(bytes) => {
                ffi::lua_pushlstring(state, bytes.as_ptr().cast(), bytes.len());
            }
        }
    }
}

/// Does `put` with every value of the row that `slot` is on.
///
/// # Safety
/// It is on a row. No destructor may be waiting in the callers, because `put` may raise, and nothing else may change the slot
/// meanwhile.
#[inline(always)]
unsafe fn each_cell(slot: &Slot, columns: c_int, mut put: impl FnMut(c_int, Cell<'_>)) {
    // SAFETY: the caller promises it.
    let source = unsafe { &*slot.source.as_ptr() };
    // why out of the loop: nearly all rows are those of a cursor, and a look for each value is a good part of what it costs
    if let Source::Live(cursor) = source {
        for column in 0..columns {
            put(column, cursor.cell(column as usize));
        }
    } else {
        for column in 0..columns {
            put(column, cell(source, column as usize));
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

pub(super) unsafe extern "C-unwind" fn new_slot(state: *mut ffi::lua_State) -> c_int {
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

pub(super) unsafe extern "C-unwind" fn collect_garbage(state: *mut ffi::lua_State) -> c_int {
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
pub(super) unsafe extern "C-unwind" fn close(state: *mut ffi::lua_State) -> c_int {
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
pub(super) unsafe extern "C-unwind" fn checked(state: *mut ffi::lua_State) -> c_int {
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
pub(super) unsafe extern "C-unwind" fn make_iterator(state: *mut ffi::lua_State) -> c_int {
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
                if columns > ffi::LUA_MINSTACK {
                    ffi::luaL_checkstack(state, columns, c"too many columns".as_ptr());
                }
                let mut ends_a_loop = false;
                each_cell(slot, columns, |column, cell| {
                    // why in here: `push` tells the kinds of values apart as well, so that for others the look costs nothing
                    ends_a_loop |= column == 0 && matches!(cell, Cell::Null);
                    push(state, cell);
                });
                if ends_a_loop {
                    slot.refuse_null();
                    return raise(state, 2, slot);
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
        each_cell(slot, columns, |column, cell| {
            key(column);
            push(state, cell);
            ffi::lua_rawset(state, -3);
        });
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
pub(super) unsafe extern "C-unwind" fn collect(state: *mut ffi::lua_State) -> c_int {
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
pub(super) unsafe extern "C-unwind" fn run_statement(state: *mut ffi::lua_State) -> c_int {
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
