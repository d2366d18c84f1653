//! Lines of Lua one after the other in one state, for somebody who types them.
//!
//! The state lives on a thread of its own until the [`Lines`] are dropped; globals stay from line to line, locals do not.
//! Leaves to others: who may (`database/repl.rs`), reading and printing lines (the command).
//!
//! Invariants: each line has its own operation and limits, and one that was stopped does not harm the next; between two lines
//! the state holds no transaction, and no connection unless somebody keeps `db` under another name.

use std::rc::Rc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mlua::{Function, Lua, MultiValue, Value as LuaValue};
use serde_json::{Map, Value as Json};

use super::db::Run;
use super::script::{MEMORY_BYTES, TIMEOUT_MS};
use super::session::Session;
use super::{convert, failure, hook, sandbox, script};
use crate::error::{Error, Result};
use crate::operation::{self, Operation};
use crate::report::{ReplLine, elapsed_ms};

const NAME: &str = "repl";

/// A state that waits for lines.
#[derive(Debug)]
pub struct Lines {
    /// `None` only while it is dropped.
    sender: Option<mpsc::Sender<Line>>,
    thread: Option<JoinHandle<()>>,
}

struct Line {
    source: String,
    session: Session,
    operation: Operation,
    reply: mpsc::Sender<Result<ReplLine>>,
}

fn gone(detail: &str) -> Error {
    Error::Internal { detail: format!("the thread of the Lua state {detail}") }
}

impl Lines {
    /// Makes a state.
    pub fn new(memory_bytes: Option<u64>) -> Result<Lines> {
        let memory = memory_bytes.unwrap_or(MEMORY_BYTES);
        let (sender, receiver) = mpsc::channel::<Line>();
        let serve = move || {
            let served = sandbox::with_state(&Operation::new(), memory, move |lua, trace| {
                for line in receiver {
                    let outcome = run(lua, &line, memory, || trace.take());
                    // why ignored: who asked may have given up
                    let _ = line.reply.send(outcome);
                }
                Ok(())
            });
            // why ignored: without a state the channel is closed, and the next line says so
            let _ = served;
        };
        let thread = std::thread::Builder::new().name("rpmadb-repl".into()).spawn(serve).map_err(|error| {
            Error::Io { what: "a thread for the lines".into(), detail: error.to_string(), sqlite_code: None }
        })?;
        Ok(Lines { sender: Some(sender), thread: Some(thread) })
    }

    /// Runs a line, or tells that it goes on.
    pub fn run(&self, source: &str, session: &Session, operation: &Operation) -> Result<ReplLine> {
        let timeout = session.limits.timeout_ms.unwrap_or(TIMEOUT_MS);
        let operation = operation.for_script(Duration::from_millis(timeout));
        let (reply, answer) = mpsc::channel();
        let line = Line { source: source.to_owned(), session: session.clone(), operation, reply };
        let sender = self.sender.as_ref().ok_or_else(|| gone("has ended"))?;
        sender.send(line).map_err(|_| gone("has ended"))?;
        answer.recv().map_err(|_| gone("ended in the middle of a line"))?
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // why ignored: a thread that panicked has nothing more to say
            let _ = thread.join();
        }
    }
}

fn run(lua: &Lua, line: &Line, memory: u64, log: impl Fn() -> Vec<String>) -> Result<ReplLine> {
    let start = Instant::now();
    let _entered = operation::enter(line.operation.clone());
    let failed = |error: &mlua::Error| match line.operation.check() {
        Err(stopped) => stopped,
        Ok(()) => failure::from_lua(NAME, &line.source, memory, error),
    };
    release(lua).map_err(|error| failed(&error))?;
    let Some(function) = compile(lua, &line.source).map_err(|error| failed(&error))? else {
        return Ok(ReplLine { complete: false, values: Vec::new(), log: Vec::new(), duration_ms: elapsed_ms(start) });
    };
    let run = Rc::new(Run::new(line.session.clone(), line.session.access.clone(), memory, false));
    let prepared = (|| {
        // why anew: a line that was stopped leaves a hook that looks at every instruction
        hook::install(lua)?;
        script::set_up(lua, &run, NAME, &Map::new(), &line.operation)
    })();
    prepared.map_err(|error| failed(&error))?;
    reserve(lua);
    let outcome = sandbox::call::<MultiValue>(lua, &function, ());
    lua.globals().raw_set("db", LuaValue::Nil).map_err(|error| failed(&error))?;
    let outcome = outcome.map_err(|uncaught| uncaught.into_error(NAME, &line.source, memory));
    let values = failure::ended(&line.operation, outcome, NAME, &line.source)?;
    let values = values.iter().map(|value| shown(lua, value)).collect();
    // why: what is only waiting to be collected still holds the connections
    lua.gc_collect().map_err(|error| failed(&error))?;
    Ok(ReplLine { complete: true, values, log: log(), duration_ms: elapsed_ms(start) })
}

/// What a line that ran out of memory left must not keep the next from letting go of it: so this much is held while a line runs, and
/// let go of before the next is read.
static RESERVE: [u8; 64 << 10] = [b' '; 64 << 10];
const RESERVED: &str = "reserve";

fn release(lua: &Lua) -> mlua::Result<()> {
    if !lua.named_registry_value::<LuaValue>(RESERVED)?.is_nil() {
        lua.unset_named_registry_value(RESERVED)?;
        lua.gc_collect()?;
    }
    Ok(())
}

fn reserve(lua: &Lua) {
    // why ignored: without it the line has what there is
    let _ = lua.create_string(RESERVE).and_then(|text| lua.set_named_registry_value(RESERVED, text));
}

/// A value as JSON; what has no JSON, such as a function, as a text.
fn shown(lua: &Lua, value: &LuaValue) -> Json {
    convert::to_json(lua, value, "the value").unwrap_or_else(|_| value.type_name().into())
}

/// The line as a function: as an expression if it is one, else as statements; `None` when it goes on.
fn compile(lua: &Lua, source: &str) -> mlua::Result<Option<Function>> {
    let load =
        |text: &str| lua.load(text).set_name(format!("={NAME}")).set_mode(mlua::chunk::ChunkMode::Text).into_function();
    let goes_on = |error: &mlua::Error| matches!(error, mlua::Error::SyntaxError { incomplete_input: true, .. });
    match load(&format!("return {source}")) {
        Ok(function) => return Ok(Some(function)),
        Err(error) if goes_on(&error) => return Ok(None),
        Err(_) => {}
    }
    match load(source) {
        Ok(function) => Ok(Some(function)),
        Err(error) if goes_on(&error) => Ok(None),
        Err(error) => Err(error),
    }
}
