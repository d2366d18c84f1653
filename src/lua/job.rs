//! The object `job` of a run: what the caller passed, who it is, and how far the work is.
//!
//! Leaves to others: the operation, which is the one that this thread has entered.
//!
//! Invariant: what a script says of its progress is told as it says it; a stop is raised like anywhere else.

use mlua::{Lua, Table};
use serde_json::{Map, Value as Json};

use super::json;
use super::sandbox::first_bytes;
use super::session::Session;
use crate::error::Error;
use crate::operation;

/// A longer text is cut.
const MOST_STAGE_BYTES: usize = 1_000;

/// Makes it.
pub(super) fn job(lua: &Lua, session: &Session, name: &str, args: &Map<String, Json>) -> mlua::Result<Table> {
    let job = lua.create_table()?;
    job.raw_set("args", json::object_to_lua(lua, args)?)?;
    job.raw_set("actor", session.actor.as_str())?;
    job.raw_set("role", session.role.name())?;
    job.raw_set("name", name)?;
    let progress = |_: &Lua, (done, total, text): (f64, Option<f64>, Option<String>)| {
        // why `as`: it saturates, and a count below zero is none
        let (done, total) = (done as u64, total.unwrap_or(0.0) as u64);
        let text = text.unwrap_or_default();
        // why cut: it stays with the host until the next call
        let stage = first_bytes(&text, MOST_STAGE_BYTES);
        let reported = operation::current().map(|now| now.report(stage, done, total));
        reported.unwrap_or(Ok(())).map_err(mlua::Error::external)
    };
    job.raw_set("progress", lua.create_function(progress)?)?;
    let remaining = |_: &Lua, ()| {
        let left = operation::current().and_then(|now| now.time_left());
        Ok(left.map_or(f64::INFINITY, |left| left.as_secs_f64()))
    };
    job.raw_set("remaining", lua.create_function(remaining)?)?;
    let cancelled =
        |_: &Lua, ()| Ok(operation::current().is_some_and(|now| matches!(now.check(), Err(Error::Cancelled { .. }))));
    job.raw_set("cancelled", lua.create_function(cancelled)?)?;
    Ok(job)
}
