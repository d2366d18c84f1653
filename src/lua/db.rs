//! The `db` object: statements, and with a session every verb.
//!
//! Leaves to others: what a verb does; a function here reads its arguments, calls `ops`, and converts the report.
//!
//! Invariants: statements run under the rules for users' SQL; a transaction that a script opened is over when its
//! function returns, and commits only if no limit was reached.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use mlua::{Function, Lua, LuaSerdeExt, MultiValue, Table, UserData, UserDataMethods, Value as LuaValue};
use serde::Serialize;

use super::convert::{self, Parameters};
use super::session::Session;
use crate::error::{Error, Result};
use crate::migrations;
use crate::operation::Operation;
use crate::ops;
use crate::ops::restore::Net;
use crate::request::{self, Request};
use crate::sqlite::{Access, Connection, Statement, Whose};

/// Where statements of a run go.
#[derive(Clone)]
pub(super) enum Target {
    /// A script's: each statement finds its connection.
    Session(Rc<Session>, Rc<RefCell<Access>>),
    /// A migration's: the connection of its transaction.
    Step(Connection),
}

/// The `db` object.
#[derive(Clone)]
pub(super) struct Db {
    pub(super) target: Target,
    pub(super) operation: Operation,
}

fn raise(error: Error) -> mlua::Error {
    mlua::Error::external(error)
}

impl Db {
    fn on<T>(&self, sql: &str, mut body: impl FnMut(&Connection, &mut Statement<'_>) -> Result<T>) -> Result<T> {
        match &self.target {
            Target::Session(session, access) => {
                let access = access.borrow().clone();
                let main_word = migrations::main_word(sql);
                match access.for_statement(sql, &main_word, session.may_write, &self.operation, body) {
                    Err(Error::ReadOnly { .. }) if !session.may_write => {
                        Err(Error::Denied { role: session.role, what: "change anything".into() })
                    }
                    outcome => outcome,
                }
            }
            Target::Step(connection) => {
                connection.must_be_in_transaction()?;
                connection.users(Whose::Migrations, sql, |statement| body(connection, statement))
            }
        }
    }

    /// Runs a statement; `limit` rows at most.
    fn rows(&self, lua: &Lua, sql: &str, args: &MultiValue, limit: usize) -> mlua::Result<Rows> {
        migrations::one_statement(sql).map_err(raise)?;
        if let Target::Step(connection) = &self.target {
            let line = lua.inspect_stack(1, |caller| caller.current_line()).flatten();
            connection.set_line(line.and_then(|line| u32::try_from(line).ok()));
        }
        let params = Parameters::from_lua(args)?;
        let found = self.on(sql, |connection, statement| {
            statement.bind(params.as_params())?;
            let before = connection.total_changes();
            let columns = statement.columns();
            let mut rows = Vec::new();
            statement.for_each(|row| {
                rows.push(row.values());
                Ok(rows.len() < limit)
            })?;
            Ok(Rows { columns, rows, changes: connection.changes_since(before), rowid: connection.last_insert_rowid() })
        });
        found.map_err(raise)
    }

    fn transaction(&self, lua: &Lua, body: &Function) -> mlua::Result<MultiValue> {
        let Target::Session(session, current) = &self.target else {
            return Err(raise(Error::Unsupported {
                what: "a transaction inside a migration".into(),
                instead: Some("the whole migration is one transaction already"),
            }));
        };
        let access = current.borrow().clone();
        if access.is_bound() {
            return Err(raise(Error::Unsupported {
                what: "a transaction inside a transaction".into(),
                instead: Some("do the work in one db:transaction"),
            }));
        }
        if !session.may_write {
            return Err(raise(Error::Denied { role: session.role, what: "open a write transaction".into() }));
        }
        let writer = access.writer(&self.operation).map_err(raise)?;
        writer.begin_immediate().map_err(raise)?;
        *current.borrow_mut() = access.bind(&writer);
        let outcome = body.call::<MultiValue>(lua.create_userdata(self.clone())?);
        *current.borrow_mut() = access.clone();
        // why checked once more: a script may have caught its time-out, and half its work must not be kept
        let outcome = outcome.and_then(|values| self.operation.check().map(|()| values).map_err(raise));
        match outcome {
            Ok(values) => writer.commit().map(|()| values).map_err(raise),
            Err(error) => {
                writer.rollback();
                Err(error)
            }
        }
    }

    fn session(&self, verb: &str) -> mlua::Result<(Rc<Session>, Access)> {
        match &self.target {
            Target::Session(session, access) => Ok((Rc::clone(session), access.borrow().clone())),
            Target::Step(_) => Err(raise(Error::Unsupported {
                what: format!("db:{verb} inside a migration"),
                instead: Some("a migration has exec, query, row, value, nrows and urows"),
            })),
        }
    }

    /// Like [`Db::session`], for verbs that change something.
    fn writing_session(&self, verb: &str) -> mlua::Result<(Rc<Session>, Access)> {
        let (session, access) = self.session(verb)?;
        if !session.may_write {
            return Err(raise(Error::Denied { role: session.role, what: format!("call {verb}") }));
        }
        Ok((session, access))
    }
}

struct Rows {
    columns: Vec<String>,
    rows: Vec<Vec<crate::sqlite::Value>>,
    changes: u64,
    rowid: i64,
}

impl Rows {
    fn named(&self, lua: &Lua, row: &[crate::sqlite::Value]) -> mlua::Result<Table> {
        let table = lua.create_table_with_capacity(0, row.len())?;
        for (name, value) in self.columns.iter().zip(row) {
            table.raw_set(name.as_str(), convert::to_lua(lua, value)?)?;
        }
        Ok(table)
    }
}

fn shown(lua: &Lua, report: Result<impl Serialize>) -> mlua::Result<LuaValue> {
    convert::report_to_lua(lua, &report.map_err(raise)?)
}

/// Options of a verb from a Lua table, read by the same rules as from JSON.
fn options<T: Request>(lua: &Lua, table: Option<Table>) -> mlua::Result<T> {
    let Some(table) = table else { return Ok(T::default()) };
    let mut json = convert::to_json(lua, &LuaValue::Table(table)).map_err(raise)?;
    // why: an empty Lua table is both an empty list and an empty object
    if json.as_array().is_some_and(Vec::is_empty) {
        json = serde_json::json!({});
    }
    T::from_json(Some(&json.to_string())).map_err(raise)
}

impl UserData for Db {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        add_statements(methods);
        add_verbs(methods);
    }
}

fn add_statements<M: UserDataMethods<Db>>(methods: &mut M) {
    methods.add_method("exec", |lua, db, (sql, args): (String, MultiValue)| {
        let rows = db.rows(lua, &sql, &args, usize::MAX)?;
        Ok((rows.changes, rows.rowid))
    });
    methods.add_method("query", |lua, db, (sql, args): (String, MultiValue)| {
        let rows = db.rows(lua, &sql, &args, usize::MAX)?;
        let list = lua.create_table_with_capacity(rows.rows.len(), 0)?;
        for row in &rows.rows {
            list.raw_push(rows.named(lua, row)?)?;
        }
        list.set_metatable(Some(lua.array_metatable()))?;
        Ok(list)
    });
    methods.add_method("row", |lua, db, (sql, args): (String, MultiValue)| {
        let rows = db.rows(lua, &sql, &args, 1)?;
        rows.rows.first().map(|row| rows.named(lua, row)).transpose()
    });
    methods.add_method("value", |lua, db, (sql, args): (String, MultiValue)| {
        let rows = db.rows(lua, &sql, &args, 1)?;
        match rows.rows.first().and_then(|row| row.first()) {
            Some(value) => convert::to_lua(lua, value),
            None => Ok(LuaValue::Nil),
        }
    });
    methods.add_method("nrows", |lua, db, (sql, args): (String, MultiValue)| {
        let rows = db.rows(lua, &sql, &args, usize::MAX)?;
        let mut next = 0;
        lua.create_function_mut(move |lua, _: MultiValue| {
            next += 1;
            rows.rows.get(next - 1).map(|row| rows.named(lua, row)).transpose()
        })
    });
    methods.add_method("urows", |lua, db, (sql, args): (String, MultiValue)| {
        let rows = db.rows(lua, &sql, &args, usize::MAX)?;
        let mut next = 0;
        lua.create_function_mut(move |lua, _: MultiValue| {
            next += 1;
            match rows.rows.get(next - 1) {
                Some(row) => row.iter().map(|value| convert::to_lua(lua, value)).collect::<mlua::Result<MultiValue>>(),
                None => Ok(MultiValue::new()),
            }
        })
    });
    methods.add_method("transaction", |lua, db, body: Function| db.transaction(lua, &body));
}

fn add_verbs<M: UserDataMethods<Db>>(methods: &mut M) {
    methods.add_method("health", |lua, db, table: Option<Table>| {
        let (session, access) = db.session("health")?;
        let request = options(lua, table)?;
        let newest = || session.vault.newest_verified();
        let newest = session.vault.folder().map(|_| &newest as ops::health::NewestVerified<'_>);
        shown(lua, ops::health::run(&access, &session.catalog, &request, newest, &db.operation))
    });
    methods.add_method("diagnostics", |lua, db, table: Option<Table>| {
        let (session, access) = db.session("diagnostics")?;
        let _: request::Diagnostics = options(lua, table)?;
        shown(lua, ops::diagnostics::run(&access, session.vault.folder(), &db.operation))
    });
    methods.add_method("stats", |lua, db, table: Option<Table>| {
        let (session, access) = db.session("stats")?;
        shown(lua, ops::stats::run(&access, &session.measured, &options(lua, table)?, &db.operation))
    });
    methods.add_method("migrations", |lua, db, table: Option<Table>| {
        let (session, access) = db.session("migrations")?;
        let _: request::Migrations = options(lua, table)?;
        shown(lua, migrations::status(&access, &session.catalog, &db.operation))
    });
    methods.add_method("migrate", |lua, db, table: Option<Table>| {
        let (session, access) = db.writing_session("migrate")?;
        let request: request::Migrate = options(lua, table)?;
        let mut net = Net::new(&access, session.place(), request.backup, &db.operation);
        let mut before = || net.before();
        let report =
            migrations::migrate(&access, &session.catalog, &request, &session.actor, &db.operation, &mut before);
        shown(lua, net.after(report, request.transaction))
    });
    methods.add_method("rollback", |lua, db, (target, table): (i64, Option<Table>)| {
        let (session, access) = db.writing_session("rollback")?;
        let request: request::Rollback = options(lua, table)?;
        let mut net = Net::new(&access, session.place(), request.backup, &db.operation);
        let mut before = || net.before();
        shown(lua, migrations::rollback(&access, &session.catalog, target, &request, &db.operation, &mut before))
    });
    methods.add_method("adopt", |lua, db, table: Option<Table>| {
        let (session, access) = db.writing_session("adopt")?;
        let request = options(lua, table)?;
        shown(lua, migrations::adopt(&access, &session.catalog, &request, &session.actor, &db.operation))
    });
    methods.add_method("baseline", |lua, db, table: Option<Table>| {
        let (session, access) = db.writing_session("baseline")?;
        let request = options(lua, table)?;
        shown(lua, migrations::baseline(&access, &session.catalog, &request, &session.actor, &db.operation))
    });
    methods.add_method("repair", |lua, db, table: Option<Table>| {
        let (session, access) = db.writing_session("repair")?;
        let request = options(lua, table)?;
        shown(lua, migrations::repair(&access, &session.catalog, &request, &session.actor, &db.operation))
    });
    methods.add_method("lint", |lua, db, table: Option<Table>| {
        let (session, _) = db.session("lint")?;
        let _: request::Lint = options(lua, table)?;
        shown(lua, migrations::lint(&session.catalog))
    });
    methods.add_method("schema", |lua, db, table: Option<Table>| {
        let (_, access) = db.session("schema")?;
        let request: request::Schema = options(lua, table)?;
        if request.compare.is_some() {
            return Err(raise(Error::Unsupported {
                what: "db:schema with another file".into(),
                instead: Some("scripts see their own database only; compare with the command or the C API"),
            }));
        }
        shown(lua, migrations::schema(&access, &request, &db.operation))
    });
    methods.add_method("test", |lua, db, table: Option<Table>| {
        let (session, _) = db.writing_session("test")?;
        let request = options(lua, table)?;
        shown(lua, ops::test::run(&session.catalog, &request, &session.actor, &db.operation))
    });
    methods.add_method("checkpoint", |lua, db, (mode, table): (Option<String>, Option<Table>)| {
        let (_, access) = db.writing_session("checkpoint")?;
        let mode = request::CheckpointMode::from_name(mode.as_deref()).map_err(raise)?;
        shown(lua, ops::checkpoint::run(&access, mode, &options(lua, table)?, &db.operation))
    });
    add_archive_verbs(methods);
}

fn add_archive_verbs<M: UserDataMethods<Db>>(methods: &mut M) {
    methods.add_method("backup", |lua, db, (name, table): (Option<String>, Option<Table>)| {
        let (session, access) = db.writing_session("backup")?;
        let destination = name.map(|name| in_folder(session.vault.folder(), &name)).transpose().map_err(raise)?;
        let request = options(lua, table)?;
        shown(lua, ops::backup::run(&access, &session.vault, destination.as_deref(), &request, &db.operation))
    });
    methods.add_method("backups", |lua, db, table: Option<Table>| {
        let (session, _) = db.session("backups")?;
        let _: request::Backups = options(lua, table)?;
        shown(lua, ops::backups::run(&session.vault))
    });
    methods.add_method("verify", |lua, db, (name, table): (String, Option<Table>)| {
        let (session, access) = db.writing_session("verify")?;
        let path = in_folder(session.vault.folder(), &name).map_err(raise)?;
        shown(lua, ops::verify::run(&access, &session.vault, &path, &options(lua, table)?, &db.operation))
    });
    methods.add_method("restore", |lua, db, (name, table): (String, Option<Table>)| {
        let (session, access) = db.writing_session("restore")?;
        let path = in_folder(session.vault.folder(), &name).map_err(raise)?;
        shown(lua, ops::restore::run(&access, &session.place(), &path, &options(lua, table)?, &db.operation))
    });
    methods.add_method("undo_restore", |lua, db, table: Option<Table>| {
        let (session, access) = db.writing_session("undo_restore")?;
        shown(lua, ops::restore::undo(&access, &session.place(), &options(lua, table)?, &db.operation))
    });
    methods.add_method("prune", |lua, db, table: Option<Table>| {
        let (session, _) = db.writing_session("prune")?;
        shown(lua, ops::prune::run(&session.vault, &options(lua, table)?, &db.operation))
    });
    methods.add_method("pin", |lua, db, (name, table): (String, Option<Table>)| {
        let (session, _) = db.writing_session("pin")?;
        let path = in_folder(session.vault.folder(), &name).map_err(raise)?;
        shown(lua, ops::pin::run(&session.vault, &path, &options(lua, table)?))
    });
}

/// A script names a file in the configured folder, never a path.
fn in_folder(folder: Option<&Path>, name: &str) -> Result<PathBuf> {
    let wrong = |reason: &str| Error::InvalidArgument { name: "name".into(), reason: reason.to_owned() };
    let folder = folder.ok_or_else(|| wrong("was given but the handle has no backup folder"))?;
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
        return Err(wrong(&format!("is '{}' and must be a plain file name in the backup folder", name.escape_debug())));
    }
    Ok(folder.join(name))
}
