//! Running a test file: `describe`, `it`, `before_each`, `expect`, `run`.
//!
//! A file runs once to find its tests, and once more for each of them, in a fresh state and on the database it is given, so that
//! no test sees what another left.
//! Leaves to others: the databases (`database/testing.rs`), the state and its limits (`sandbox.rs`).
//!
//! Invariant: a script that a test runs has globals of its own, and what its head declares holds.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use mlua::{Function, Lua, Table, Value as LuaValue};
use serde_json::{Map, Value as Json};

use super::db::Run;
use super::head::Head;
use super::job::job;
use super::script::{MEMORY_BYTES, TIMEOUT_MS};
use super::session::Session;
use super::shipped::{self, Source};
use super::{convert, failure, sandbox, script};
use crate::error::Result;
use crate::operation::Operation;
use crate::request;

/// Sets the globals of test files; returns the function that runs the chosen test and returns the names of all.
const RUNNER: &str = include_str!("testing.lua");
/// What only test files have.
const OURS: &[&str] = &["describe", "it", "before_each", "expect", "run"];

/// A file with tests.
#[derive(Debug)]
pub struct TestFile {
    source: Source,
    head: Head,
    /// Where scripts are looked for.
    folder: std::path::PathBuf,
}

impl TestFile {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<TestFile> {
        let source = shipped::read(path, None)?;
        let head = Head::parse(&source.text, &source.name)?;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(TestFile { source, head, folder })
    }

    /// Its name in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// Runs the file, and of its tests the one with this number, which counts from 1; 0 is none. What was logged is in `log` also
    /// when it fails.
    pub fn run(
        &self,
        session: &Session,
        number: usize,
        operation: &Operation,
        log: &mut Vec<String>,
    ) -> Result<Vec<String>> {
        let limit =
            |asked: Option<u64>, limit: Option<u64>, default| asked.unwrap_or(default).min(limit.unwrap_or(u64::MAX));
        let timeout = limit(self.head.timeout_ms, session.limits.timeout_ms, TIMEOUT_MS);
        let memory = limit(self.head.memory_bytes, session.limits.memory_bytes, MEMORY_BYTES);
        let operation = operation.for_script(Duration::from_millis(timeout));
        let (outcome, lines) = sandbox::with_state(&operation, memory, |lua, trace| {
            let run = Rc::new(Run::new(session.clone(), session.access.clone(), memory, false));
            let outcome = self.inside(lua, &run, number, &operation);
            Ok((failure::ended(&operation, outcome, self.name(), &self.source.text), trace.take()))
        })?;
        log.extend(lines);
        outcome
    }

    fn inside(&self, lua: &Lua, run: &Rc<Run>, number: usize, operation: &Operation) -> Result<Vec<String>> {
        let (name, source) = (self.name(), &self.source.text);
        let failed = |error: &mlua::Error| failure::from_lua(name, source, run.memory, error);
        let uncaught = |error: failure::Uncaught| error.into_error(name, source, run.memory);
        let prepare = || {
            script::set_up(lua, run, name, &Map::new(), operation)?;
            let runner = lua.load(RUNNER).set_name("=test runner").into_function()?;
            let finish = runner.call::<Function>((number, self.script_runner(lua, &run.session)?))?;
            Ok((finish, script::load(lua, name, source).into_function()?))
        };
        let (finish, tests) = prepare().map_err(|error| failed(&error))?;
        sandbox::call::<LuaValue>(lua, &tests, ()).map_err(uncaught)?;
        sandbox::call(lua, &finish, ()).map_err(uncaught)
    }

    /// The function `run` of tests: runs a script with globals of its own and returns its result.
    fn script_runner(&self, lua: &Lua, session: &Session) -> mlua::Result<Function> {
        let (folder, session) = (self.folder.clone(), session.clone());
        lua.create_function(move |lua, (name, args): (String, Option<Table>)| {
            let found = script_and_args(lua, &folder, &session, &name, args);
            let (source, args) = found.map_err(mlua::Error::external)?;
            let globals = lua.globals();
            let own = lua.create_table()?;
            own.raw_set("_G", &own)?;
            own.raw_set("job", job(lua, &session, &source.name, &args)?)?;
            let meta = lua.create_table()?;
            let index = move |_: &Lua, (_, key): (Table, LuaValue)| match &key {
                // why: a script that finds them here would miss them in earnest
                LuaValue::String(name) if OURS.iter().any(|ours| *name == **ours) => Ok(LuaValue::Nil),
                _ => globals.raw_get::<LuaValue>(key),
            };
            meta.raw_set("__index", lua.create_function(index)?)?;
            own.set_metatable(Some(meta))?;
            script::load(lua, &source.name, &source.text).set_environment(own).eval::<LuaValue>()
        })
    }
}

/// The script that a test names, and its arguments as the script will see them.
fn script_and_args(
    lua: &Lua,
    folder: &Path,
    session: &Session,
    name: &str,
    args: Option<Table>,
) -> Result<(Source, Map<String, Json>)> {
    let source = shipped::find(name, Some(folder), Some(&session.access))?;
    let args = match args.map(|args| convert::to_json(lua, &LuaValue::Table(args), "the value")).transpose()? {
        Some(Json::Object(args)) => args,
        // why: an empty table is also an empty list
        _ => Map::new(),
    };
    let request = request::Script { args, ..request::Script::default() };
    let request = Head::parse(&source.text, &source.name)?.bind(&request, session.role)?;
    Ok((source, request.args))
}
