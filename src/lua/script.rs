//! Running an admin's script against the open database.
//!
//! Leaves to others: the state and its limits (`sandbox.rs`), the `db` object (`db.rs`).
//!
//! Invariants: the lower of the script's and the host's limits holds; a script that ends, however it ends, leaves no
//! transaction open, because each one ends with the function it was opened for.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use mlua::Value as LuaValue;

use super::db::{Db, Target};
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
        let outcome = (|| {
            let target = Target::Session(Rc::new(session.clone()), Rc::new(RefCell::new(session.access.clone())));
            lua.globals().raw_set("db", Db { target, operation: operation.clone() })?;
            let job = lua.create_table()?;
            job.raw_set("args", convert::report_to_lua(lua, &request.args)?)?;
            job.raw_set("actor", session.actor.as_str())?;
            job.raw_set("role", session.role)?;
            lua.globals().raw_set("job", job)?;
            let chunk = lua
                .load(source)
                .set_name(format!("={}", failure::chunk_name(name)))
                .set_mode(mlua::chunk::ChunkMode::Text);
            chunk.eval::<LuaValue>()
        })();
        // why the operation first: what a script's own handlers raise on the way out must not hide why it ended
        let value = outcome.map_err(|error| match operation.check() {
            Err(stopped) => stopped,
            Ok(()) => failure::from_lua(name, source, memory, &error),
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
