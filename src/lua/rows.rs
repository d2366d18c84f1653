//! Rows on their way from SQLite into Lua, and values on their way into a prepared statement, without a stop in between.
//!
//! The functions that are called once a row are C functions of Lua's: what they need they find in their upvalues, which a script
//! cannot reach. The userdata that a script holds is one pointer to a [`Slot`].
//!
//! Leaves to others: which statement, under which rules (`db.rs`), and the C functions (`rows/raw.rs`).
//!
//! Invariant: a slot is alive as long as the userdata, and what it holds of SQLite ends at the latest with the run.

mod raw;

use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::rc::Rc;

use mlua::{Function, LightUserData, Lua, MultiValue, Table, Value as LuaValue, ffi};

use super::failure;
use super::outside::{self, Held};
use crate::error::{Error, Result};
use crate::sqlite::{Cell, Cursor, Value};
use raw::{address, cell};

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

#[derive(Clone, Copy)]
enum Next {
    Row(c_int),
    End,
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

    /// Fails because a generic `for` takes a first value that is nil for the end.
    #[cold]
    fn refuse_null(&self) {
        let name = self.with_cursor(|cursor| cursor.names().first().cloned()).flatten();
        let which = name.map_or_else(String::new, |name| format!(" '{name}'"));
        self.fail(Error::InvalidArgument {
            name: "a row of urows".into(),
            reason: format!(
                "has NULL in its first column{which}, where the loop would end: use nrows, or put a column first that is never NULL"
            ),
        });
        self.close();
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

impl Tools {
    /// Makes the functions and metatables in a fresh state. `run` is called with a statement and parameters where the fast way of its
    /// `run` is not open; `methods` are the other methods of a statement: each gets the slot as a light userdata first.
    pub(super) fn install(lua: &Lua, run: Function, methods: &[(&str, Function)]) -> mlua::Result<()> {
        let closure = closures(lua)?;
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
                [("__gc", raw::collect_garbage as ffi::lua_CFunction), ("__close", raw::close as ffi::lua_CFunction)]
            {
                meta.raw_set(event, closure.call::<Function>((address(function), meta))?)?;
            }
        }
        for (name, method) in methods {
            list.raw_set(*name, closure.call::<Function>((address(raw::checked), &statements, method))?)?;
        }
        list.raw_set("run", closure.call::<Function>((address(raw::run_statement), &statements, &raise, run))?)?;
        list.raw_set("close", closure.call::<Function>((address(raw::close), &statements))?)?;
        statements.raw_set("__index", list)?;
        let tools = Tools {
            new_slot: closure.call((address(raw::new_slot),))?,
            make_iterator: closure.call((address(raw::make_iterator), &raise))?,
            collect: closure.call((address(raw::collect), &raise))?,
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

/// The function that makes a C function with upvalues: `closure(pointer, upvalues...)`.
fn closures(lua: &Lua) -> mlua::Result<Function> {
    // SAFETY: only functions of this file call what is made, with the address of a C function and a few values.
    unsafe { lua.create_c_function(raw::closure) }
}

/// A C function with an upvalue.
pub(super) fn with_upvalue(lua: &Lua, function: ffi::lua_CFunction, upvalue: &Function) -> mlua::Result<Function> {
    closures(lua)?.call((address(function), upvalue))
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
