//! One fresh Lua state for one run: the globals it has, and the limits it runs under.
//!
//! Leaves to others: `db` and `job` (`db.rs`, `script.rs`).
//!
//! Invariants: globals are an allow list; a run has its own thread, so the host's stack does not matter; the limits are
//! looked at by a hook (`hook.rs`), and `pcall`, `xpcall` and `coroutine` raise them again.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use mlua::{Function, Lua, LuaOptions, MultiValue, StdLib, Table, Value as LuaValue};

use super::{failure, hook, pattern};
use crate::error::{Error, Result};
use crate::operation::{self, Operation};

/// The worst nesting Lua allows needs 0.75 MB of C stack.
const STACK_BYTES: usize = 4 << 20;
/// Lines and bytes of log one run may leave.
const MOST_LOG_LINES: usize = 10_000;
const MOST_LOG_BYTES: usize = 1 << 20;

/// Globals a script has besides those that `script.rs` and `step.rs` add.
const GLOBALS: &[&str] = &[
    "assert",
    "error",
    "getmetatable",
    "ipairs",
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

/// The parts of the prelude that are easier to read in Lua. `expired` raises when the run must end.
const PRELUDE: &str = r#"
local expired, reveal, plain = ...
local pcall, pack, unpack, setmetatable, rawget, type, error = pcall, table.pack, table.unpack, setmetatable, rawget, type, error
local resume = coroutine.resume

local function checked(ok, ...)
  expired()
  if ok then return ok, ... end
  return ok, reveal((...))
end

function _G.pcall(...) return checked(pcall(...)) end
function _G.xpcall(body, handler, ...)
  local result = pack(checked(pcall(body, ...)))
  if result[1] then return unpack(result, 1, result.n) end
  local handled = pack(checked(pcall(handler, result[2])))
  return false, unpack(handled, 2, handled.n)
end
function coroutine.resume(...) return checked(resume(...)) end

-- these work in one C call over a length that a metamethod or an argument makes up, where no limit is looked at
local rep = string.rep
function string.rep(text, count, separator)
  if text == "" and (separator == nil or separator == "") then return "" end
  return rep(text, count, separator)
end
for _, name in ipairs { "concat", "insert", "remove", "sort", "unpack" } do
  local original = table[name]
  table[name] = function(list, ...)
    plain(list)
    return original(list, ...)
  end
end
function table.move(from, first, last, to, target)
  target = target == nil and from or target
  plain(from)
  plain(target)
  if last < first then return target end
  if last - first >= 2 ^ 31 then error("too many elements to move", 2) end
  if to > last or to <= first or target ~= from then
    for offset = 0, last - first do target[to + offset] = from[first + offset] end
  else
    for offset = last - first, 0, -1 do target[to + offset] = from[first + offset] end
  end
  return target
end

-- a finalizer would run with no limit over it
function _G.setmetatable(value, meta)
  if type(meta) == "table" and rawget(meta, "__gc") ~= nil then error("__gc is not available in scripts", 2) end
  return setmetatable(value, meta)
end
"#;

/// What a run leaves behind beside its result.
#[derive(Default)]
pub(super) struct Trace {
    pub(super) log: RefCell<Vec<String>>,
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
        let run = || {
            let _entered = operation::enter(operation.clone());
            let trace = Rc::new(Trace::default());
            let lua = fresh(operation, memory_limit, &trace)
                .map_err(|error| Error::Internal { detail: format!("a Lua state could not be made: {error}") })?;
            body(&lua, &trace)
        };
        let handle = thread.spawn_scoped(scope, run).map_err(|error| Error::Io {
            what: "a thread for the script".into(),
            detail: error.to_string(),
            sqlite_code: None,
        })?;
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
    let polled = operation.clone();
    pattern::install(&lua, move || polled.heartbeat().map_err(mlua::Error::external))?;
    add_prelude(&lua, operation, memory_limit)?;
    add_log(&lua, trace)?;

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

fn memory_ran_out(limit_bytes: u64) -> mlua::Error {
    mlua::Error::external(Error::ScriptMemory { limit_bytes })
}

fn add_prelude(lua: &Lua, operation: &Operation, memory_limit: u64) -> mlua::Result<()> {
    let polled = operation.clone();
    let expired = lua.create_function(move |_, ()| polled.check().map_err(mlua::Error::external))?;
    let reveal = lua.create_function(move |lua, caught: LuaValue| match caught {
        LuaValue::Error(error) => match *error {
            mlua::Error::MemoryError(_) => Err(memory_ran_out(memory_limit)),
            ref error => reveal(lua, error),
        },
        // why by its text: Lua's own error for this is a plain string
        LuaValue::String(text) if text == "not enough memory" => Err(memory_ran_out(memory_limit)),
        other => Ok(other),
    })?;
    let plain = lua.create_function(|_, value: LuaValue| match value {
        LuaValue::Table(table) => match table.metatable() {
            Some(meta)
                if ["__len", "__index", "__newindex"].iter().any(|name| meta.contains_key(*name).unwrap_or(true)) =>
            {
                Err(mlua::Error::runtime("a table with metamethods is not accepted here"))
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    })?;
    lua.load(PRELUDE).set_name("=prelude").call::<()>((expired, reveal, plain))
}

/// An error of Rust's as the table a script can look into: `code`, `message`, and `tostring` gives the message.
fn reveal(lua: &Lua, error: &mlua::Error) -> mlua::Result<LuaValue> {
    let (code, message) = match failure::ours(error) {
        Some(ours) => (ours.status().name().to_ascii_lowercase(), ours.to_string()),
        None => ("script_failed".to_owned(), error.to_string()),
    };
    let table = lua.create_table()?;
    table.raw_set("code", code)?;
    table.raw_set("message", message.as_str())?;
    let meta = lua.create_table()?;
    meta.raw_set("__tostring", lua.create_function(move |_, _: LuaValue| Ok(message.clone()))?)?;
    meta.raw_set("__metatable", false)?;
    table.set_metatable(Some(meta))?;
    Ok(LuaValue::Table(table))
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

impl Trace {
    fn line(&self, level: &str, text: &str) {
        let escaped: String = text
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
