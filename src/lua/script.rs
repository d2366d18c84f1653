//! Running an admin's script against the open database.
//!
//! Leaves to others: the state and its limits (`sandbox.rs`), the `db` object (`db.rs`).
//!
//! Invariants: the lower of the script's and the host's limits holds; a script that ends, however it ends, leaves no
//! transaction open, because each one ends with the function it was opened for.

use std::rc::Rc;
use std::time::{Duration, Instant};

use mlua::{Lua, Value as LuaValue};

use super::db::{self, Db, Run, Target};
use super::session::Session;
use super::{convert, failure, hook, sandbox};
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::report::{self, elapsed_ms};
use crate::request;

/// Verbs of the `db` object that are verbs of every door; `query` takes SQL, and a script is itself the verb `script`.
pub const VERBS: &[&str] = &[
    "adopt",
    "backup",
    "backups",
    "baseline",
    "checkpoint",
    "diagnostics",
    "health",
    "lint",
    "migrate",
    "migrations",
    "pin",
    "prune",
    "query",
    "repair",
    "restore",
    "rollback",
    "schema",
    "stats",
    "test",
    "undo_restore",
    "verify",
];

const TIMEOUT_MS: u64 = 30_000;
pub(super) const MEMORY_BYTES: u64 = 64 << 20;
/// Longer texts are data, and a parser's work grows with them.
const MOST_SOURCE_BYTES: usize = 4 << 20;

/// Runs `source`.
pub fn run(
    session: &Session,
    source: &str,
    request: &request::Script,
    operation: &Operation,
) -> Result<report::Script> {
    let start = Instant::now();
    if source.len() > MOST_SOURCE_BYTES {
        return Err(Error::InvalidArgument {
            name: "source".into(),
            reason: format!("holds {} bytes; a script may have {MOST_SOURCE_BYTES}", source.len()),
        });
    }
    let lower = |asked: Option<u64>, limit: Option<u64>, default: u64| {
        let limit = limit.unwrap_or(default);
        asked.map_or(limit, |asked| asked.min(limit))
    };
    let timeout = Duration::from_millis(lower(request.timeout_ms, session.limits.timeout_ms, TIMEOUT_MS));
    let memory = lower(request.memory_bytes, session.limits.memory_bytes, MEMORY_BYTES);
    let operation = operation.for_script(timeout);
    let name = request.name.as_deref().unwrap_or("script");

    let mut report = sandbox::with_state(&operation, memory, |lua, trace| {
        let failed = |error: &mlua::Error| match operation.check() {
            Err(stopped) => stopped,
            Ok(()) => failure::from_lua(name, source, memory, error),
        };
        let access = session.access.clone();
        let run = Rc::new(Run::new(session.clone(), access, memory, false));
        let db = Db { target: Target::Session(run), operation: operation.clone() };
        db::install(lua, &db).map_err(|error| failed(&error))?;
        add_job(lua, session, name, request, &operation).map_err(|error| failed(&error))?;
        let chunk =
            lua.load(source).set_name(format!("={}", failure::chunk_name(name))).set_mode(mlua::chunk::ChunkMode::Text);
        let chunk = chunk.into_function().map_err(|error| failed(&error))?;
        // why the operation first: what a script's own handlers raise on the way out must not hide why it ended
        let value: LuaValue = sandbox::call(lua, &chunk, ()).map_err(|uncaught| match operation.check() {
            Err(stopped) => stopped,
            Ok(()) => uncaught.into_error(name, source, memory),
        })?;
        // why once more: a script may have caught its last time-out and then returned
        operation.check()?;
        Ok(report::Script {
            result: convert::to_json(lua, &value)?,
            log: trace.log.take(),
            duration_ms: 0.0,
            peak_memory_bytes: hook::peak_memory().max(lua.used_memory()) as u64,
        })
    })?;
    report.duration_ms = elapsed_ms(start);
    Ok(report)
}

/// The global `job`: what the caller passed, who it is, and how far the work is.
fn add_job(
    lua: &Lua,
    session: &Session,
    name: &str,
    request: &request::Script,
    operation: &Operation,
) -> mlua::Result<()> {
    let job = lua.create_table()?;
    job.raw_set("args", convert::report_to_lua(lua, &request.args)?)?;
    job.raw_set("actor", session.actor.as_str())?;
    job.raw_set("role", session.role)?;
    job.raw_set("name", name)?;
    let reported = operation.clone();
    job.raw_set(
        "progress",
        lua.create_function(move |_, (done, total, text): (f64, Option<f64>, Option<String>)| {
            let stage = text.unwrap_or_default();
            // why `as`: it saturates, and a count below zero is none
            let (done, total) = (done as u64, total.unwrap_or(0.0) as u64);
            reported.report(&stage, done, total).map_err(mlua::Error::external)
        })?,
    )?;
    let timed = operation.clone();
    job.raw_set(
        "remaining",
        lua.create_function(move |_, ()| Ok(timed.time_left().map_or(f64::INFINITY, |left| left.as_secs_f64())))?,
    )?;
    let asked = operation.clone();
    job.raw_set(
        "cancelled",
        lua.create_function(move |_, ()| Ok(matches!(asked.check(), Err(Error::Cancelled { .. }))))?,
    )?;
    lua.globals().raw_set("job", job)
}
