//! One fresh Lua state for one run: the globals it has, and the limits it runs under.
//!
//! Leaves to others: `db` and `job` (`db.rs`, `script.rs`).
//!
//! Invariants: globals are an allow list; a run has its own thread, so the host's stack does not matter; the limits are
//! looked at by a hook (`hook.rs`), and `pcall`, `xpcall` and `coroutine` raise them again.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use mlua::state::{GcGenParams, GcMode};
use mlua::{
    FromLuaMulti, Function, IntoLuaMulti, LightUserData, Lua, LuaOptions, MultiValue, StdLib, Table, Value as LuaValue,
};

use super::blocks::{self, Blocks, WEIGHT_BYTES};
use super::failure::{self, MemoryLimit, Revealed, Uncaught};
use super::hook::Alarm;
use super::{hook, json, pattern};
use crate::error::{Error, Result};
use crate::operation::{self, Operation};

/// The worst nesting Lua allows needs 0.75 MB of C stack.
const STACK_BYTES: usize = 4 << 20;
/// What SQLite may allocate for a run besides as much as Lua: pages of the connections, and what it sorts with.
const SQLITE_BYTES: u64 = 32 << 20;
/// Lines and bytes of log one run may leave.
const MOST_LOG_LINES: usize = 10_000;
const MOST_LOG_BYTES: usize = 1 << 20;

/// Globals a script has besides those that `script.rs` and `step.rs` add.
const GLOBALS: &[&str] = &[
    "assert",
    "collectgarbage",
    "error",
    "getmetatable",
    "ipairs",
    "load",
    "next",
    "pairs",
    "pcall",
    "rawequal",
    "rawget",
    "rawlen",
    "rawset",
    "select",
    "setmetatable",
    "tonumber",
    "tostring",
    "type",
    "xpcall",
    "coroutine",
    "math",
    "os",
    "string",
    "table",
    "utf8",
    "_G",
    "_VERSION",
];
const OS_FUNCTIONS: &[&str] = &["time", "date", "clock", "difftime"];

/// Longer texts are not compiled by `load`.
const MOST_LOADED_BYTES: usize = 1 << 20;

/// The parts of the prelude that are easier to read in Lua. `expired` raises when the run must end.
const PRELUDE: &str = include_str!("prelude.lua");

/// What a run leaves behind beside its result.
#[derive(Default)]
pub(super) struct Trace {
    log: RefCell<Vec<String>>,
    log_bytes: Cell<usize>,
}

/// Runs `body` with a fresh state on a thread of its own, under `operation` and at most `memory_limit` bytes.
pub(super) fn with_state<T: Send>(
    operation: &Operation,
    memory_limit: u64,
    body: impl FnOnce(&Lua, &Rc<Trace>) -> Result<T> + Send,
) -> Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("rpmadb-lua".into()).stack_size(STACK_BYTES);
        let (alarm, watcher) = (Alarm::default(), std::thread::current());
        let heard = alarm.clone();
        let run = move || {
            let _armed = heard.arm(watcher);
            let _entered = operation::enter(operation.clone());
            let _share = crate::sqlite::share(memory_limit.saturating_add(SQLITE_BYTES));
            let trace = Rc::new(Trace::default());
            let lua = fresh(operation, memory_limit, &trace)
                .map_err(|error| Error::Internal { detail: format!("a Lua state could not be made: {error}") })?;
            let _blocks = Blocks::new(&lua).map_err(|error| Error::Internal { detail: error.to_string() })?;
            body(&lua, &trace)
        };
        let handle = thread.spawn_scoped(scope, run).map_err(|error| Error::Io {
            what: "a thread for the script".into(),
            detail: error.to_string(),
            sqlite_code: None,
        })?;
        alarm.watch(operation);
        handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn fresh(operation: &Operation, memory_limit: u64, trace: &Rc<Trace>) -> mlua::Result<Lua> {
    let libraries = StdLib::COROUTINE | StdLib::TABLE | StdLib::STRING | StdLib::UTF8 | StdLib::MATH | StdLib::OS;
    let lua = Lua::new_with(libraries, LuaOptions::default())?;
    let globals = lua.globals();
    keep_only(&globals, GLOBALS)?;
    keep_only(&globals.raw_get::<Table>("os")?, OS_FUNCTIONS)?;
    let string: Table = globals.raw_get("string")?;
    string.raw_set("dump", LuaValue::Nil)?;
    // why: the metatable of all strings is shared by everything that runs in this state
    let text: LuaValue = LuaValue::String(lua.create_string("")?);
    if let Ok(meta) = globals.raw_get::<Function>("getmetatable")?.call::<Table>(text) {
        meta.raw_set("__metatable", false)?;
    }
    // why of all of the kind: scripts get no other than that which stands for NULL
    let null = lua.create_table()?;
    null.raw_set("__tostring", lua.create_function(|_, _: LuaValue| Ok("null"))?)?;
    null.raw_set("__metatable", false)?;
    lua.set_type_metatable::<LightUserData>(Some(null));
    lua.set_app_data(MemoryLimit(memory_limit));
    lua.set_app_data(Xpcall(globals.raw_get("xpcall")?));
    let polled = operation.clone();
    pattern::install(&lua, move || polled.heartbeat().map_err(mlua::Error::external))?;
    add_prelude(&lua, operation, memory_limit)?;
    add_log(&lua, trace)?;
    json::install(&lua)?;

    if memory_limit >= 32 * WEIGHT_BYTES as u64 {
        blocks::weigh_down(&lua)?;
    }
    // why generational: what a script reads row by row dies young; measured, a tenth less time
    lua.gc_set_mode(GcMode::Generational(GcGenParams::default()));
    hook::install(&lua)?;
    lua.set_memory_limit(usize::try_from(memory_limit).unwrap_or(usize::MAX))?;
    Ok(lua)
}

fn keep_only(table: &Table, names: &[&str]) -> mlua::Result<()> {
    let mut unwanted = Vec::new();
    table.for_each(|key: LuaValue, _: LuaValue| {
        let keep = matches!(&key, LuaValue::String(name) if names.iter().any(|wanted| *name == **wanted));
        if !keep {
            unwanted.push(key);
        }
        Ok(())
    })?;
    unwanted.into_iter().try_for_each(|key| table.raw_set(key, LuaValue::Nil))
}

fn add_prelude(lua: &Lua, operation: &Operation, memory_limit: u64) -> mlua::Result<()> {
    let polled = operation.clone();
    let expired = lua.create_function(move |_, ()| polled.check().map_err(mlua::Error::external))?;
    let memory_ran_out = move || mlua::Error::external(failure::memory_ran_out(memory_limit));
    let reveal = lua.create_function(move |lua, caught: LuaValue| {
        failure::forget_raised(lua);
        match caught {
            LuaValue::Error(error) => match *error {
                mlua::Error::MemoryError(_) => Err(memory_ran_out()),
                ref error if failure::is_final_in(error) => Err(error.clone()),
                ref error => Revealed::table(lua, error),
            },
            // why by its text: Lua's own error for this is a plain string
            LuaValue::String(text) if text == "not enough memory" => Err(memory_ran_out()),
            LuaValue::String(text) => {
                let bytes = text.as_bytes();
                let own = failure::without_ours(&bytes);
                if own.len() == bytes.len() {
                    Ok(LuaValue::String(text.clone()))
                } else {
                    lua.create_string(own).map(LuaValue::String)
                }
            }
            other => Ok(other),
        }
    })?;
    let plain = lua.create_function(|_, value: LuaValue| match value {
        LuaValue::Table(table) => match table.metatable() {
            Some(meta)
                if ["__len", "__index", "__newindex"]
                    .iter()
                    .any(|name| !matches!(meta.raw_get(*name), Ok(LuaValue::Nil))) =>
            {
                Err(mlua::Error::runtime("a table with metamethods is not accepted here"))
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    })?;
    let prelude = lua.load(PRELUDE).set_name("=prelude");
    Revealed::install(lua, prelude.call::<Table>((expired, reveal, plain, MOST_LOADED_BYTES))?)
}

/// Runs a function of a script's. What it does not catch comes out with where it was raised.
pub(super) fn call<R: FromLuaMulti>(lua: &Lua, function: &Function, args: impl IntoLuaMulti) -> Result<R, Uncaught> {
    let internal = |error: &mlua::Error| Uncaught::new(lua, &LuaValue::Error(Box::new(error.clone())));
    let uncaught = Rc::new(RefCell::new(None));
    let noted = Rc::clone(&uncaught);
    let handler = lua.create_function(move |lua, value: LuaValue| {
        *noted.borrow_mut() = Some(Uncaught::new(lua, &value));
        Ok(())
    });
    let call = || {
        let mut all = args.into_lua_multi(lua)?;
        all.push_front(LuaValue::Function(handler?));
        all.push_front(LuaValue::Function(function.clone()));
        Xpcall::of(lua)?.call::<MultiValue>(all)
    };
    let mut results = call().map_err(|error| internal(&error))?;
    match results.pop_front() {
        Some(LuaValue::Boolean(true)) => R::from_lua_multi(results, lua).map_err(|error| internal(&error)),
        _ => {
            let value = results.pop_front().unwrap_or(LuaValue::Nil);
            // why not always noted: Lua calls no handler when memory is out, or when the handler finds no stack
            let noted = uncaught.borrow_mut().take();
            Err(noted.unwrap_or_else(|| Uncaught::new(lua, &value)))
        }
    }
}

/// Lua's own `xpcall`.
pub(super) struct Xpcall(Function);

impl Xpcall {
    pub(super) fn of(lua: &Lua) -> mlua::Result<Function> {
        let xpcall = lua.app_data_ref::<Xpcall>().map(|xpcall| xpcall.0.clone());
        xpcall.ok_or_else(|| mlua::Error::runtime("a state without xpcall"))
    }
}

/// `log.debug`, `log.info`, `log.warn`, `log.error` with a format, and `print`, which is an info line.
fn add_log(lua: &Lua, trace: &Rc<Trace>) -> mlua::Result<()> {
    let globals = lua.globals();
    let format: Function = globals.raw_get::<Table>("string")?.raw_get("format")?;
    let tostring: Function = globals.raw_get("tostring")?;
    let log = lua.create_table()?;
    for level in ["debug", "info", "warn", "error"] {
        let (trace, format, tostring) = (Rc::clone(trace), format.clone(), tostring.clone());
        let function = lua.create_function(move |_, args: MultiValue| {
            let text: mlua::LuaString = if args.len() > 1 {
                format.call(args)?
            } else {
                tostring.call(args.into_iter().next().unwrap_or(LuaValue::Nil))?
            };
            trace.line(level, &text.to_string_lossy());
            Ok(())
        })?;
        log.raw_set(level, function)?;
    }
    globals.raw_set("log", log)?;
    let trace = Rc::clone(trace);
    let print = lua.create_function(move |_, args: MultiValue| {
        let words: mlua::Result<Vec<String>> =
            args.into_iter().map(|value| Ok(tostring.call::<mlua::LuaString>(value)?.to_string_lossy())).collect();
        trace.line("info", &words?.join("\t"));
        Ok(())
    })?;
    globals.raw_set("print", print)
}

/// The beginning of a text, at most so many bytes.
pub(super) fn first_bytes(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

impl Trace {
    /// The lines so far, taken out.
    pub(super) fn take(&self) -> Vec<String> {
        self.log_bytes.set(0);
        self.log.take()
    }

    fn line(&self, level: &str, text: &str) {
        // why cut first: escaped, a text takes many times its length
        let escaped: String = first_bytes(text, MOST_LOG_BYTES)
            .chars()
            .flat_map(|character| {
                let quoted = character.is_control() && character != '\t';
                let plain = (!quoted).then_some(character);
                plain.into_iter().chain(quoted.then(|| character.escape_default()).into_iter().flatten())
            })
            .collect();
        match level {
            "debug" => tracing::debug!(target: "rpmadb::script", "{escaped}"),
            "info" => tracing::info!(target: "rpmadb::script", "{escaped}"),
            "warn" => tracing::warn!(target: "rpmadb::script", "{escaped}"),
            _ => tracing::error!(target: "rpmadb::script", "{escaped}"),
        }
        let mut log = self.log.borrow_mut();
        let bytes = self.log_bytes.get() + escaped.len();
        if log.len() < MOST_LOG_LINES && bytes <= MOST_LOG_BYTES {
            self.log_bytes.set(bytes);
            log.push(if level == "info" { escaped } else { format!("[{level}] {escaped}") });
        } else if log.last().is_none_or(|last| last != "[log limit reached]") {
            log.push("[log limit reached]".into());
        }
    }
}
