//! Every verb as a method of `db`: reads its arguments, calls `ops` or `migrations`, and converts the report.
//!
//! Leaves to others: what a verb does.
//!
//! Invariants: who may not write calls no verb that does; a dry run calls none that reaches beyond its transaction.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use mlua::{FromLuaMulti, Lua, MultiValue, Table, UserDataMethods, Value as LuaValue};
use serde::Serialize;

use super::convert;
use super::db::{Db, Run, Target};
use super::failure::{raise_in, raised_error};
use super::json;
use crate::error::{Error, Result};
use crate::migrations;
use crate::operation::{self, Account, Caller, Origin};
use crate::ops;
use crate::ops::restore::Net;
use crate::request::{self, Request};
use crate::sqlite::Access;

/// What a verb works with; a migration has none.
// why never inline, here and below: each verb would have its own, and a call of a verb costs far more than that of a function
#[inline(never)]
pub(super) fn session(db: &Db, lua: &Lua, verb: &str) -> mlua::Result<(Rc<Run>, Access)> {
    match &db.target {
        Target::Session(run) => {
            let access = run.access.borrow().clone();
            if access.cursors() > 0 && access.cursors() >= access.most_readers() {
                // why: iterators that nothing refers to any more hold the readers that the verb may need
                lua.gc_collect()?;
            }
            Ok((Rc::clone(run), access))
        }
        Target::Step(_) => {
            let error = Error::Unsupported {
                what: format!("db:{verb} inside a migration"),
                instead: Some("a migration has exec, query, row, value, nrows, urows and prepare"),
            };
            Err(raise_in(lua, error, None))
        }
    }
}

/// Like [`session`], for verbs that change something.
#[inline(never)]
fn writing_session(db: &Db, lua: &Lua, verb: &str) -> mlua::Result<(Rc<Run>, Access)> {
    let (run, access) = session(db, lua, verb)?;
    if !run.session.may_write() {
        return Err(raise_in(lua, run.session.denied(&format!("call {verb}")), None));
    }
    if run.is_dry {
        let error = Error::Unsupported {
            what: format!("db:{verb} in a dry run"),
            instead: Some("run it without dry_run: what this verb does cannot be rolled back"),
        };
        return Err(raise_in(lua, error, None));
    }
    Ok((run, access))
}

fn shown(lua: &Lua, report: Result<impl Serialize>) -> mlua::Result<LuaValue> {
    json::report_to_lua(lua, &report.map_err(|error| raise_in(lua, error, None))?)
}

/// Options of a verb from a Lua table, read by the same rules as from JSON.
fn options<T: Request>(lua: &Lua, table: Option<Table>) -> mlua::Result<T> {
    let Some(table) = table else { return Ok(T::default()) };
    T::from_json(Some(&options_text(lua, table)?)).map_err(|error| raise_in(lua, error, None))
}

#[inline(never)]
fn options_text(lua: &Lua, table: Table) -> mlua::Result<String> {
    let mut json =
        convert::to_json(lua, &LuaValue::Table(table), "the value").map_err(|error| raise_in(lua, error, None))?;
    // why: an empty Lua table is both an empty list and an empty object
    if json.as_array().is_some_and(Vec::is_empty) {
        json = serde_json::json!({});
    }
    Ok(json.to_string())
}

/// What a method of `db` does with the arguments behind `db`.
type Method = Box<dyn Fn(&Lua, &Db, MultiValue) -> mlua::Result<LuaValue>>;

/// Adds a verb, whose calls are recorded as the script's.
fn add_verb<M, A>(methods: &mut M, name: &'static str, call: fn(&Lua, &Db, A) -> mlua::Result<LuaValue>)
where
    M: UserDataMethods<Db>,
    A: FromLuaMulti + 'static,
{
    let full_name = format!("Db.{name}");
    let method: Method = Box::new(move |lua, db, args| {
        // why 2: `db` is the first
        let args = A::from_lua_args(args, 2, Some(&full_name), lua)?;
        recorded(db, name, Box::new(move || call(lua, db, args)))
    });
    add_boxed(methods, name, method);
}

// why of one type: what mlua makes around a function is 7 kB for each type of function
fn add_boxed<M: UserDataMethods<Db>>(methods: &mut M, name: &'static str, method: Method) {
    methods.add_method(name, move |lua, db, args: MultiValue| method(lua, db, args));
}

fn recorded(
    db: &Db,
    name: &'static str,
    call: Box<dyn FnOnce() -> mlua::Result<LuaValue> + '_>,
) -> mlua::Result<LuaValue> {
    let Target::Session(run) = &db.target else { return call() };
    let session = &run.session;
    let caller = Caller { origin: Origin::Lua, ..session.caller.clone() };
    let operation = db.operation.clone().with_account(Account::new(caller, name));
    let entered = operation::enter(operation.clone());
    let outcome = call();
    drop(entered);
    if let Some(account) = operation.own_account() {
        let raised = outcome.as_ref().err().map(raised_error);
        session.audit.finished_in_script(account, raised.as_ref());
    }
    outcome
}

/// Adds every verb.
pub(super) fn add<M: UserDataMethods<Db>>(methods: &mut M) {
    add_verb(methods, "health", |lua, db, table: Option<Table>| {
        let (run, access) = session(db, lua, "health")?;
        let request = options(lua, table)?;
        let session = &run.session;
        let (kept, asked) = ((&session.vault, &*session.audit), (&db.operation, ops::health::PATIENCE));
        shown(lua, ops::health::of(&access, &session.catalog, kept, &request, session.board.watched(), asked))
    });
    add_verb(methods, "alerts", |lua, db, table: Option<Table>| {
        let request: request::Alerts = options(lua, table)?;
        let (run, _) = match request.acknowledge {
            Some(_) => writing_session(db, lua, "alerts with acknowledge")?,
            None => session(db, lua, "alerts")?,
        };
        shown(lua, ops::alerts::run(&run.session.board, &request, &run.session.actor))
    });
    add_verb(methods, "diagnostics", |lua, db, table: Option<Table>| {
        let (run, access) = session(db, lua, "diagnostics")?;
        let _: request::Diagnostics = options(lua, table)?;
        shown(lua, ops::diagnostics::run(&access, run.session.vault.folder(), &db.operation))
    });
    add_verb(methods, "audit", |lua, db, table: Option<Table>| {
        let (run, access) = session(db, lua, "audit")?;
        let session = &run.session;
        let request: request::Audit = options(lua, table)?;
        if request.prune.is_some() || request.verify {
            writing_session(db, lua, "audit with prune or verify")?;
        }
        let only = (!session.may_write()).then_some(&*session.caller.actor);
        shown(lua, ops::audit::run(&access, &session.audit, &session.vault, &request, only, &db.operation))
    });
    add_verb(methods, "metrics", |lua, db, table: Option<Table>| {
        let (_, access) = session(db, lua, "metrics")?;
        shown(lua, ops::metrics::run(&access, &options(lua, table)?, &db.operation))
    });
    add_verb(methods, "stats", |lua, db, table: Option<Table>| {
        let (run, access) = session(db, lua, "stats")?;
        shown(lua, ops::stats::run(&access, &run.session.measured, &options(lua, table)?, &db.operation))
    });
    add_verb(methods, "migrations", |lua, db, table: Option<Table>| {
        let (run, access) = session(db, lua, "migrations")?;
        let _: request::Migrations = options(lua, table)?;
        shown(lua, migrations::status(&access, &run.session.catalog, &db.operation))
    });
    add_verb(methods, "migrate", |lua, db, table: Option<Table>| {
        let (run, access) = writing_session(db, lua, "migrate")?;
        let request: request::Migrate = options(lua, table)?;
        let mut net = Net::new(&access, run.session.place(), request.backup, &db.operation);
        let mut before = || net.before();
        let report = migrations::migrate(
            &access,
            &run.session.catalog,
            &request,
            &run.session.actor,
            &db.operation,
            &mut before,
        );
        shown(lua, net.after(report, request.transaction))
    });
    add_verb(methods, "rollback", |lua, db, (target, table): (i64, Option<Table>)| {
        let (run, access) = writing_session(db, lua, "rollback")?;
        let request: request::Rollback = options(lua, table)?;
        let mut net = Net::new(&access, run.session.place(), request.backup, &db.operation);
        let mut before = || net.before();
        shown(lua, migrations::rollback(&access, &run.session.catalog, target, &request, &db.operation, &mut before))
    });
    add_verb(methods, "adopt", |lua, db, table: Option<Table>| {
        let (run, access) = writing_session(db, lua, "adopt")?;
        let request = options(lua, table)?;
        shown(lua, migrations::adopt(&access, &run.session.catalog, &request, &run.session.actor, &db.operation))
    });
    add_verb(methods, "baseline", |lua, db, table: Option<Table>| {
        let (run, access) = writing_session(db, lua, "baseline")?;
        let request = options(lua, table)?;
        shown(lua, migrations::baseline(&access, &run.session.catalog, &request, &run.session.actor, &db.operation))
    });
    add_verb(methods, "repair", |lua, db, table: Option<Table>| {
        let (run, access) = writing_session(db, lua, "repair")?;
        let request = options(lua, table)?;
        shown(lua, migrations::repair(&access, &run.session.catalog, &request, &run.session.actor, &db.operation))
    });
    add_verb(methods, "lint", |lua, db, table: Option<Table>| {
        let (run, _) = session(db, lua, "lint")?;
        let _: request::Lint = options(lua, table)?;
        shown(lua, migrations::lint(&run.session.catalog))
    });
    add_verb(methods, "schema", |lua, db, table: Option<Table>| {
        let (_, access) = session(db, lua, "schema")?;
        let request: request::Schema = options(lua, table)?;
        if request.compare.is_some() {
            return Err(raise_in(
                lua,
                Error::Unsupported {
                    what: "db:schema with another file".into(),
                    instead: Some("scripts see their own database only; compare with the command or the C API"),
                },
                None,
            ));
        }
        shown(lua, migrations::schema(&access, &request, &db.operation))
    });
    add_verb(methods, "test", |lua, db, table: Option<Table>| {
        let (run, _) = writing_session(db, lua, "test")?;
        let request = options(lua, table)?;
        shown(lua, ops::test::run(&run.session.catalog, &request, &run.session.actor, &db.operation))
    });
    add_verb(methods, "checkpoint", |lua, db, (mode, table): (Option<String>, Option<Table>)| {
        let (_, access) = writing_session(db, lua, "checkpoint")?;
        let mode = request::CheckpointMode::from_name(mode.as_deref()).map_err(|error| raise_in(lua, error, None))?;
        shown(lua, ops::checkpoint::run(&access, mode, &options(lua, table)?, &db.operation))
    });
    add_verb(methods, "optimize", |lua, db, ()| {
        let (_, access) = writing_session(db, lua, "optimize")?;
        shown(lua, ops::upkeep::optimize(&access, &db.operation))
    });
    add_verb(methods, "integrity_check", |lua, db, ()| {
        let (_, access) = session(db, lua, "integrity_check")?;
        shown(lua, ops::upkeep::integrity_check(&access, &db.operation))
    });
    add_verb(methods, "vacuum", |lua, db, ()| {
        let (_, access) = writing_session(db, lua, "vacuum")?;
        shown(lua, ops::upkeep::vacuum(&access, &db.operation))
    });
    add_archive_verbs(methods);
}

fn add_archive_verbs<M: UserDataMethods<Db>>(methods: &mut M) {
    add_verb(methods, "backup", |lua, db, (name, table): (Option<String>, Option<Table>)| {
        let (run, access) = writing_session(db, lua, "backup")?;
        let destination = name
            .map(|name| in_folder(run.session.vault.folder(), &name))
            .transpose()
            .map_err(|error| raise_in(lua, error, None))?;
        let request = options(lua, table)?;
        shown(lua, ops::backup::run(&access, &run.session.vault, destination.as_deref(), &request, &db.operation))
    });
    add_verb(methods, "backups", |lua, db, table: Option<Table>| {
        let (run, _) = session(db, lua, "backups")?;
        let _: request::Backups = options(lua, table)?;
        shown(lua, ops::backups::run(&run.session.vault))
    });
    add_verb(methods, "verify", |lua, db, (name, table): (String, Option<Table>)| {
        let (run, access) = writing_session(db, lua, "verify")?;
        let path = in_folder(run.session.vault.folder(), &name).map_err(|error| raise_in(lua, error, None))?;
        shown(lua, ops::verify::run(&access, &run.session.vault, &path, &options(lua, table)?, &db.operation))
    });
    add_verb(methods, "restore", |lua, db, (name, table): (String, Option<Table>)| {
        let (run, access) = writing_session(db, lua, "restore")?;
        let path = in_folder(run.session.vault.folder(), &name).map_err(|error| raise_in(lua, error, None))?;
        shown(lua, ops::restore::run(&access, &run.session.place(), &path, &options(lua, table)?, &db.operation))
    });
    add_verb(methods, "undo_restore", |lua, db, table: Option<Table>| {
        let (run, access) = writing_session(db, lua, "undo_restore")?;
        shown(lua, ops::restore::undo(&access, &run.session.place(), &options(lua, table)?, &db.operation))
    });
    add_verb(methods, "prune", |lua, db, table: Option<Table>| {
        let (run, _) = writing_session(db, lua, "prune")?;
        shown(lua, ops::prune::run(&run.session.vault, &options(lua, table)?, &db.operation))
    });
    add_verb(methods, "pin", |lua, db, (name, table): (String, Option<Table>)| {
        let (run, _) = writing_session(db, lua, "pin")?;
        let path = in_folder(run.session.vault.folder(), &name).map_err(|error| raise_in(lua, error, None))?;
        shown(lua, ops::pin::run(&run.session.vault, &path, &options(lua, table)?))
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
