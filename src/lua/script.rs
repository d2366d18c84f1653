//! Running an admin's script against the open database.
//!
//! Leaves to others: the state and its limits (`sandbox.rs`), the `db` object (`db.rs`).
//!
//! Invariants: of what the call, the script's head and the host ask, the lowest limit holds; a dry run keeps nothing; a script that ends, however it ends, leaves no
//! transaction open, because each one ends with the function it was opened for.

use std::rc::Rc;
use std::time::{Duration, Instant};

use mlua::{Lua, Value as LuaValue};
use serde_json::{Map, Value as Json};

use super::db::{self, Db, Run, Target};
use super::head::{Head, code_at};
use super::job::job;
use super::session::Session;
use super::{convert, failure, hook, sandbox};
use crate::error::{Error, Result};
use crate::migrations::Measured;
use crate::operation::{self, Operation};
use crate::report::{self, elapsed_ms};
use crate::request;
use crate::sqlite::{Access, Lease};

/// Verbs of the `db` object that are verbs of every door; `query` takes SQL, and a script is itself the verb `script`.
pub const VERBS: &[&str] = &[
    "adopt",
    "alerts",
    "audit",
    "backup",
    "backups",
    "baseline",
    "checkpoint",
    "diagnostics",
    "health",
    "lint",
    "metrics",
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

/// Longest run, and most memory, where nobody says anything else.
pub(super) const TIMEOUT_MS: u64 = 30_000;
pub(super) const MEMORY_BYTES: u64 = 64 << 20;
/// Longer texts are data, and a parser's work grows with them.
pub(super) const MOST_SOURCE_BYTES: usize = 4 << 20;

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
    let name = request.name.as_deref().unwrap_or("script");
    let request = &Head::parse(source, name)?.bind(request, session.role)?;
    operation::about_dry_run(request.dry_run);
    let lower = |asked: Option<u64>, limit: Option<u64>, default: u64| {
        let limit = limit.unwrap_or(default);
        asked.map_or(limit, |asked| asked.min(limit))
    };
    let timeout = Duration::from_millis(lower(request.timeout_ms, session.limits.timeout_ms, TIMEOUT_MS));
    let memory = lower(request.memory_bytes, session.limits.memory_bytes, MEMORY_BYTES);
    let operation = operation.for_script(timeout);

    let mut report = sandbox::with_state(&operation, memory, |lua, trace| {
        let rehearsal = if request.dry_run { Rehearsal::begin(session, &operation)? } else { None };
        let access = rehearsal.as_ref().map_or_else(|| session.access.clone(), |rehearsal| rehearsal.access.clone());
        let run = Rc::new(Run::new(session.clone(), access, memory, request.dry_run));
        let _limited = run.access.borrow().limited(run.most_value_bytes())?;
        let outcome = evaluate(lua, &run, &Chunk { name, source, args: &request.args }, &operation);
        // why whatever came out: the connection is somebody else's after this
        run.forget_bound();
        let (result, log) = (failure::ended(&operation, outcome, name, source)?, trace.take());
        let rehearsed = rehearsal.map(Rehearsal::end).transpose()?;
        Ok(report::Script {
            result,
            log,
            dry_run: request.dry_run,
            rows_changed: rehearsed.as_ref().map(|(rows, _)| *rows),
            changes: rehearsed.map(|(_, changes)| changes),
            duration_ms: 0.0,
            peak_memory_bytes: hook::peak_memory().max(lua.used_memory()) as u64,
        })
    })?;
    report.duration_ms = elapsed_ms(start);
    Ok(report)
}

/// A text that is to be run.
pub(super) struct Chunk<'c> {
    pub(super) name: &'c str,
    pub(super) source: &'c str,
    pub(super) args: &'c Map<String, Json>,
}

fn evaluate(lua: &Lua, run: &Rc<Run>, chunk: &Chunk<'_>, operation: &Operation) -> Result<Json> {
    let failed = |error: &mlua::Error| failure::from_lua(chunk.name, chunk.source, run.memory, error);
    set_up(lua, run, chunk.name, chunk.args, operation).map_err(|error| failed(&error))?;
    let function = load(lua, chunk.name, chunk.source).into_function().map_err(|error| failed(&error))?;
    let value: LuaValue = sandbox::call(lua, &function, ())
        .map_err(|uncaught| uncaught.into_error(chunk.name, chunk.source, run.memory))?;
    convert::to_json(lua, &value, "the result")
}

/// Sets the globals `db` and `job`.
pub(super) fn set_up(
    lua: &Lua,
    run: &Rc<Run>,
    name: &str,
    args: &Map<String, Json>,
    operation: &Operation,
) -> mlua::Result<()> {
    db::install(lua, &Db { target: Target::Session(Rc::clone(run)), operation: operation.clone() })?;
    lua.globals().raw_set("job", job(lua, &run.session, name, args)?)
}

/// The text of a script, never bytecode, under the name that errors show.
pub(super) fn load<'s>(lua: &Lua, name: &str, source: &'s str) -> mlua::chunk::Chunk<'s> {
    lua.load(&source[code_at(source)..])
        .set_name(format!("={}", failure::chunk_name(name)))
        .set_mode(mlua::chunk::ChunkMode::Text)
}

/// SQLite's extended code for that.
const CONSTRAINT_FOREIGN_KEY: i32 = 787;

/// A run whose changes are counted and then rolled back.
struct Rehearsal<'s> {
    writer: Lease<'s>,
    access: Access,
    rows_changed: u64,
    before: Measured,
}

impl Rehearsal<'_> {
    /// `None` for a role that changes nothing anyway.
    fn begin<'s>(session: &'s Session, operation: &Operation) -> Result<Option<Rehearsal<'s>>> {
        if !session.may_write() {
            return Ok(None);
        }
        if session.access.is_bound() {
            return Err(Error::Unsupported {
                what: "a dry run inside a transaction".into(),
                instead: Some("run it outside, or roll the transaction back"),
            });
        }
        let writer = session.access.writer(operation)?;
        writer.begin_immediate()?;
        let access = session.access.bind(&writer);
        let before = Measured::before(&writer)?;
        Ok(Some(Rehearsal { rows_changed: writer.total_changes(), before, access, writer }))
    }

    /// How many rows were changed, and what is different.
    fn end(self) -> Result<(u64, report::Changes)> {
        self.writer.must_be_in_transaction()?;
        if self.writer.has_deferred_violations() {
            return Err(Error::Constraint {
                message: "FOREIGN KEY constraint failed: what the script leaves could not be committed".into(),
                sqlite_code: CONSTRAINT_FOREIGN_KEY,
                place: Box::default(),
            });
        }
        let rows = self.writer.total_changes() - self.rows_changed;
        let changes = self.before.after(&self.writer)?;
        self.writer.rollback();
        Ok((rows, changes))
    }
}
