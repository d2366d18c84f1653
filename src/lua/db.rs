//! The `db` object: statements, and with a session transactions (`transaction.rs`) and every verb (`verbs.rs`).
//!
//! Leaves to others: the rows themselves (`rows.rs`), what a statement may do (`sqlite/rules.rs`).
//!
//! Invariants: statements run under the rules for users' SQL; a transaction that ends takes every statement on its connection along.

use std::cell::{Cell as StdCell, RefCell};
use std::rc::{Rc, Weak};

use mlua::{
    IntoLuaMulti, LightUserData, Lua, MultiValue, Table, UserData, UserDataFields, UserDataMethods, Value as LuaValue,
};

use super::convert::{self, Blob, Parameters};
use super::failure::raise_in;
use super::rows::{self, Slot, Source, Tools};
use super::session::Session;
use super::transaction::Transaction;
use super::verbs;
use crate::error::{Error, Result};
use crate::migrations;
use crate::operation::{Account, Operation};
use crate::sqlite::{Access, Connection, Cursor, Statement, Whose};

/// Where statements of a run go.
#[derive(Clone)]
pub(super) enum Target {
    /// A script's: each statement finds its connection.
    Session(Rc<Run>),
    /// A migration's: the connection of its transaction.
    Step(Connection),
}

/// A script that is running.
pub(super) struct Run {
    pub(super) session: Session,
    /// The connections; inside a transaction, its own.
    pub(super) access: RefCell<Access>,
    /// Statements on the connection of the transaction, and whether each is a prepared one.
    bound: RefCell<Vec<(Weak<Slot>, bool)>>,
    pub(super) savepoints: StdCell<u32>,
    /// Whether everything is rolled back at the end, so that nothing may happen outside of the transaction.
    pub(super) is_dry: bool,
    /// The most memory of the run, which rows that wait in ours are held to as well.
    pub(super) memory: u64,
}

impl Run {
    pub(super) fn new(session: Session, access: Access, memory: u64, is_dry: bool) -> Run {
        Run {
            session,
            access: RefCell::new(access),
            bound: RefCell::default(),
            savepoints: StdCell::new(0),
            is_dry,
            memory,
        }
    }

    /// How long one value may be: Lua must be able to hold it beside others.
    pub(super) fn most_value_bytes(&self) -> u64 {
        self.memory / 2
    }

    fn remember(&self, slot: &Rc<Slot>, is_statement: bool) {
        let mut bound = self.bound.borrow_mut();
        if bound.len() >= 64 && bound.len().is_power_of_two() {
            bound.retain(|(slot, _)| slot.strong_count() > 0);
        }
        bound.push((Rc::downgrade(slot), is_statement));
    }

    /// Lets go of every statement on the connection of the transaction.
    pub(super) fn forget_bound(&self) {
        for (slot, is_statement) in self.bound.take() {
            if let Some(slot) = slot.upgrade() {
                slot.forget(is_statement);
            }
        }
    }
}

/// The `db` object.
#[derive(Clone)]
pub(super) struct Db {
    pub(super) target: Target,
    pub(super) operation: Operation,
}

/// A result that has been opened, and the names of its columns.
struct Opened {
    slot: Rc<Slot>,
    names: Vec<String>,
}

impl Db {
    // why by a pointer: all of what runs a statement would be there for each type of `body`
    fn on(
        &self,
        lua: &Lua,
        sql: &str,
        body: &mut dyn FnMut(&Connection, &mut Statement<'_>) -> Result<()>,
    ) -> Result<()> {
        match &self.target {
            Target::Session(run) => {
                let access = run.access.borrow().clone();
                let main_word = migrations::main_word(sql);
                let most_bytes = Some(run.most_value_bytes());
                let ran =
                    || access.for_statement(sql, &main_word, run.session.role, most_bytes, &self.operation, &mut *body);
                collecting(lua, &access, ran).inspect_err(|error| note_denied(run, "query", Some(sql), error))
            }
            Target::Step(connection) => {
                connection.must_be_in_transaction()?;
                connection.users(Whose::Migrations, sql, |statement| body(connection, statement))
            }
        }
    }

    /// Opens the result of one statement.
    fn open(&self, lua: &Lua, sql: &str, args: &MultiValue, limit: usize) -> mlua::Result<Opened> {
        let raise = |error: Error| raise_in(lua, error, Some(sql));
        migrations::one_statement(sql).map_err(raise)?;
        let params = Parameters::from_lua(lua, args).map_err(raise)?;
        match &self.target {
            Target::Step(connection) => note_line(lua, connection),
            Target::Session(run) => {
                if let Some(mut cursor) = self.cursor(lua, run, sql).map_err(raise)? {
                    cursor.bind_all(params.as_params()).map_err(raise)?;
                    let names = cursor.names().to_vec();
                    let slot = Slot::new(lua, sql, Source::Live(cursor), 0).map_err(raise)?;
                    if run.access.borrow().is_bound() {
                        run.remember(&slot, false);
                    }
                    return Ok(Opened { slot, names });
                }
            }
        }
        let most_bytes = match &self.target {
            Target::Session(run) => run.memory,
            Target::Step(_) => super::script::MEMORY_BYTES,
        };
        let (mut names, mut rows, mut bytes) = (Vec::new(), Vec::new(), 0);
        let found = self.on(lua, sql, &mut |_, statement| {
            statement.bind(params.as_params())?;
            names = statement.columns();
            // why emptied: it is run once more where the first connection would not do
            (rows, bytes) = (Vec::new(), 0);
            statement.for_each(|row| {
                let row = row.values();
                bytes += row.iter().map(crate::sqlite::Value::size_bytes).sum::<u64>();
                if bytes > most_bytes {
                    return Err(Error::ScriptMemory { limit_bytes: most_bytes, place: Box::default() });
                }
                rows.push(row);
                Ok(rows.len() < limit)
            })
        });
        found.map_err(raise)?;
        let source = Source::Read { rows: rows.into_iter(), row: Vec::new() };
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        Ok(Opened { slot: Slot::new(lua, sql, source, bytes).map_err(raise)?, names })
    }

    fn cursor(&self, lua: &Lua, run: &Run, sql: &str) -> Result<Option<Cursor>> {
        let access = run.access.borrow().clone();
        let main_word = migrations::main_word(sql);
        let most_bytes = run.most_value_bytes();
        let open = || access.cursor(sql, &main_word, run.session.role, most_bytes, &self.operation);
        collecting(lua, &access, open).inspect_err(|error| note_denied(run, "query", Some(sql), error))
    }

    /// Runs one statement and returns how many rows it changed, and the last rowid.
    fn exec(&self, lua: &Lua, sql: &str, args: &MultiValue) -> mlua::Result<(u64, i64)> {
        let raise = |error: Error| raise_in(lua, error, Some(sql));
        migrations::one_statement(sql).map_err(raise)?;
        let params = Parameters::from_lua(lua, args).map_err(raise)?;
        if let Target::Step(connection) = &self.target {
            note_line(lua, connection);
        }
        let mut done = (0, 0);
        let ran = self.on(lua, sql, &mut |connection, statement| {
            statement.bind(params.as_params())?;
            let before = connection.total_changes();
            statement.for_each(|_| Ok(true))?;
            done = (connection.changes_since(before), connection.last_insert_rowid());
            Ok(())
        });
        ran.map(|()| done).map_err(raise)
    }

    /// Runs several statements, all of them or none.
    fn script(&self, lua: &Lua, text: &str) -> mlua::Result<u64> {
        let each = || {
            let mut changes = 0;
            for range in migrations::statements(text) {
                self.operation.check().map_err(|error| raise_in(lua, error, None))?;
                changes += self.exec(lua, text.get(range).unwrap_or_default(), &MultiValue::new())?.0;
            }
            Ok(changes)
        };
        match &self.target {
            // why not one of its own: the whole migration is one
            Target::Step(_) => each(),
            Target::Session(run) if !run.session.may_write() => {
                let error = run.session.denied("call db:script");
                note_denied(run, "query", Some(text), &error);
                Err(raise_in(lua, error, None))
            }
            Target::Session(_) => {
                let mut changes = 0;
                self.in_transaction(lua, &mut || {
                    changes = each()?;
                    Ok(true)
                })?;
                Ok(changes)
            }
        }
    }

    fn columns(&self, lua: &Lua, of: &str) -> mlua::Result<Table> {
        let raise = |error: Error| raise_in(lua, error, Some(of));
        let (run, _) = verbs::session(self, lua, "columns")?;
        let is_name = !of.contains(char::is_whitespace);
        let sql = if is_name { format!("SELECT * FROM {}", crate::sqlite::schema::quoted(of)) } else { of.to_owned() };
        let cursor = self.cursor(lua, &run, &sql).map_err(raise)?.ok_or_else(|| {
            raise(Error::Unsupported {
                what: "db:columns of a statement that gives no rows or writes".into(),
                instead: Some("pass the name of a table or a SELECT"),
            })
        })?;
        let list = lua.create_table()?;
        for column in 0..cursor.columns() {
            let entry = lua.create_table()?;
            entry.raw_set("name", cursor.names()[column].as_str())?;
            entry.raw_set("type", cursor.declared_type(column))?;
            list.raw_push(entry)?;
        }
        list.set_metatable(Some(convert::array_metatable(lua)?))?;
        Ok(list)
    }

    fn prepare(&self, lua: &Lua, sql: &str) -> mlua::Result<LuaValue> {
        migrations::one_statement(sql).map_err(|error| raise_in(lua, error, Some(sql)))?;
        let slot = Slot::new(lua, sql, Source::Nowhere, 0).map_err(|error| raise_in(lua, error, Some(sql)))?;
        // why at once: a mistake is to be told where it was made
        self.put_on_connection(lua, &slot)?;
        rows::statement(lua, &slot)
    }

    /// Inside a transaction, prepares the statement on its connection.
    fn put_on_connection(&self, lua: &Lua, slot: &Rc<Slot>) -> mlua::Result<()> {
        let raise = |error: Error| raise_in(lua, error, Some(&slot.sql));
        let Target::Session(run) = &self.target else { return Ok(()) };
        let access = run.access.borrow().clone();
        let prepared = access.prepared(&slot.sql, run.session.role);
        let prepared = prepared.inspect_err(|error| note_denied(run, "query", Some(&slot.sql), error));
        match prepared.map_err(raise)? {
            Some(cursor) => {
                slot.put(cursor);
                run.remember(slot, true);
                Ok(())
            }
            // why prepared all the same: as above, on whatever connection
            None => self.cursor(lua, run, &slot.sql).map(|_| ()).map_err(raise),
        }
    }

    /// `statement:run` where the fast way is not open.
    fn run_slowly(&self, lua: &Lua, slot: LightUserData, args: &MultiValue) -> mlua::Result<(u64, i64)> {
        let slot = self.usable(lua, slot)?;
        let raise = |error: Error| raise_in(lua, error, Some(&slot.sql));
        if !matches!(&self.target, Target::Session(run) if run.access.borrow().is_bound()) {
            return self.exec(lua, &slot.sql, args);
        }
        if slot.with_cursor(|_| ()).is_none() {
            self.put_on_connection(lua, &slot)?;
        }
        if slot.with_cursor(|_| ()).is_none() {
            return self.exec(lua, &slot.sql, args);
        }
        let params = Parameters::from_lua(lua, args).map_err(raise)?;
        let ran = slot.with_cursor(|cursor| {
            cursor.bind_all(params.as_params())?;
            cursor.run_bound()
        });
        let missing = || Err(Error::Internal { detail: "a statement without a connection".into() });
        ran.unwrap_or_else(missing).map_err(raise)
    }

    fn usable(&self, lua: &Lua, slot: LightUserData) -> mlua::Result<Rc<Slot>> {
        let slot = rows::shared(slot);
        if slot.is_closed() {
            let closed = Error::InvalidArgument { name: "the statement".into(), reason: "was closed".into() };
            return Err(raise_in(lua, closed, Some(&slot.sql)));
        }
        Ok(slot)
    }

    fn query(&self, lua: &Lua, sql: &str, args: &MultiValue) -> mlua::Result<Table> {
        let opened = self.open(lua, sql, args, usize::MAX)?;
        let list = lua.create_table()?;
        rows::collect_into(lua, &opened.slot, &opened.names, &list, i64::MAX)?;
        list.set_metatable(Some(convert::array_metatable(lua)?))?;
        Ok(list)
    }

    fn row(&self, lua: &Lua, sql: &str, args: &MultiValue) -> mlua::Result<LuaValue> {
        let opened = self.open(lua, sql, args, 1)?;
        let list = lua.create_table()?;
        rows::collect_into(lua, &opened.slot, &opened.names, &list, 1)?;
        opened.slot.close();
        list.raw_get::<LuaValue>(1)
    }

    fn value(&self, lua: &Lua, sql: &str, args: &MultiValue) -> mlua::Result<LuaValue> {
        let opened = self.open(lua, sql, args, 1)?;
        let found = opened.slot.next().map_err(|error| raise_in(lua, error, Some(sql)))?;
        let value = found.map_or(Ok(LuaValue::Nil), |_| rows::value(lua, &opened.slot, 0));
        opened.slot.close();
        value
    }

    fn iterate(&self, lua: &Lua, sql: &str, args: &MultiValue, is_named: bool) -> mlua::Result<MultiValue> {
        let opened = self.open(lua, sql, args, usize::MAX)?;
        rows::iterator(lua, &opened.slot, is_named.then_some(&opened.names[..]))
    }
}

/// Records what the role of a script may not do; the script may catch the error, and then nobody else would hear of it.
pub(super) fn note_denied(run: &Run, verb: &'static str, sql: Option<&str>, error: &Error) {
    if !matches!(error, Error::Denied { .. }) {
        return;
    }
    let account = Account::new(run.session.caller.clone(), verb);
    if let Some(sql) = sql {
        account.set_target(run.access.borrow().as_told(sql));
    }
    run.session.audit.finished_in_script(&account, Some(error));
}

/// Runs `body`, and once more after a collection when all readers are in use and some of them by iterators of this run: those
/// that nothing refers to any more give theirs back.
fn collecting<T>(lua: &Lua, access: &Access, mut body: impl FnMut() -> Result<T>) -> Result<T> {
    match body() {
        Err(Error::Busy { .. }) if access.cursors() > 0 && lua.gc_collect().is_ok() => body(),
        outcome => outcome,
    }
}

/// Tells the guards of a migration which line the next statement comes from.
fn note_line(lua: &Lua, connection: &Connection) {
    let line = lua.inspect_stack(1, |caller| caller.current_line()).flatten();
    connection.set_line(line.and_then(|line| u32::try_from(line).ok()));
}

/// Sets what `db` needs in a fresh state.
pub(super) fn install(lua: &Lua, db: &Db) -> mlua::Result<()> {
    let of = db.clone();
    let run =
        lua.create_function(move |lua, (slot, args): (LightUserData, MultiValue)| of.run_slowly(lua, slot, &args))?;
    let of = db.clone();
    let query = lua.create_function(move |lua, (slot, args): (LightUserData, MultiValue)| {
        of.query(lua, &of.usable(lua, slot)?.sql, &args)
    })?;
    let of = db.clone();
    let nrows = lua.create_function(move |lua, (slot, args): (LightUserData, MultiValue)| {
        of.iterate(lua, &of.usable(lua, slot)?.sql, &args, true)
    })?;
    let of = db.clone();
    let urows = lua.create_function(move |lua, (slot, args): (LightUserData, MultiValue)| {
        of.iterate(lua, &of.usable(lua, slot)?.sql, &args, false)
    })?;
    Tools::install(lua, run, &[("query", query), ("nrows", nrows), ("urows", urows)])?;
    lua.globals().raw_set("db", db.clone())
}

/// Adds a method that takes a text, in most a statement, and what comes behind it, in most the parameters.
// why a pointer: one type for all, see `verbs.rs`. Why not boxed as there: db:exec in a loop is a fifth slower where its text takes a way more
fn add_statement<M: UserDataMethods<Db>>(
    methods: &mut M,
    name: &'static str,
    call: fn(&Db, &Lua, &str, &MultiValue) -> mlua::Result<MultiValue>,
) {
    methods.add_method(name, move |lua, db, (text, args): (String, MultiValue)| call(db, lua, &text, &args));
}

impl UserData for Db {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field("null", LuaValue::NULL);
        fields.add_field("transaction", Transaction);
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_function("blob", |lua, bytes: mlua::LuaString| {
            let blob = lua.create_userdata(Blob)?;
            blob.set_user_value(bytes).map(|()| blob)
        });
        // why by itself: two numbers go to Lua as they are, and many of them through a list
        methods.add_method("exec", |lua, db, (sql, args): (String, MultiValue)| db.exec(lua, &sql, &args));
        add_statement(methods, "query", |db, lua, sql, args| db.query(lua, sql, args)?.into_lua_multi(lua));
        add_statement(methods, "row", |db, lua, sql, args| db.row(lua, sql, args)?.into_lua_multi(lua));
        add_statement(methods, "value", |db, lua, sql, args| db.value(lua, sql, args)?.into_lua_multi(lua));
        add_statement(methods, "nrows", |db, lua, sql, args| db.iterate(lua, sql, args, true));
        add_statement(methods, "urows", |db, lua, sql, args| db.iterate(lua, sql, args, false));
        add_statement(methods, "prepare", |db, lua, sql, _| db.prepare(lua, sql)?.into_lua_multi(lua));
        add_statement(methods, "columns", |db, lua, of, _| db.columns(lua, of)?.into_lua_multi(lua));
        add_statement(methods, "script", |db, lua, text, _| db.script(lua, text)?.into_lua_multi(lua));
        verbs::add(methods);
    }
}
