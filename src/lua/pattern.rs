//! `string.find`, `match`, `gmatch` and `gsub`, so that a script's limits reach into them.
//!
//! Lua's own run inside one C call where no hook fires, and a pattern can keep them there for hours.
//! `matcher` finds matches, `replacement` replaces them by a string; here is what touches the Lua state.
//! Leaves to others: what a poll looks at, all other functions of `string`.
//!
//! Invariants: an error of the poll ends the call and passes through; any other error is a string of Lua's own with the
//! place of the caller; of memory that Lua does not count there is one text of bounded size at a time, because a
//! script's own functions are only called while everything is in Lua's memory.

mod matcher;
mod replacement;

use mlua::string::BorrowedBytes;
use mlua::{Function, Lua, LuaString, MultiValue, Table, Value, Variadic};

use matcher::{Captured, Failure, Matcher, Outcome, Poll, fail};
use replacement::{MOST_RESULT_BYTES, replaced};

/// Matches the shim is given at once, since each call costs as much as several of them.
const MOST_IN_BATCH: usize = 16;

/// Bytes that are worth a poll before a plain search.
const LONG: usize = 64 << 10;

/// The part that is Lua: only Lua can raise a plain string, and call a script's function so that errors and limits pass
/// through. Each function of Rust's gives a message or false, and then its results.
/// `settle`, `iterate` and `substitute` are tail calls so that level 2 is the caller's line. The caller of a tail call is
/// not known: `return s:find("%")` fails without a line, where C's names it.
const SHIM: &str = r#"
local find, match, gmatch, gsub, step, most_bytes = ...
local error, type, sub, concat, unpack = error, type, string.sub, table.concat, table.unpack

local function settle(failure, ...)
  if failure then error(failure, 2) end
  return ...
end

-- a batch is a failure or false, a stride, and for each match: its start, the position after it, its captures
local function iterate(failure, subject, pattern, position)
  if failure then error(failure, 2) end
  local batch, at, stride, again = {}, 1, 0, false
  return function()
    if position and not batch[at] then
      batch, at = {step(subject, pattern, position, again, false, false)}, 3
      if batch[1] then error(batch[1], 2) end
      stride, again = batch[2], true
      position = batch[#batch - stride + 2]
    end
    at = at + stride
    return unpack(batch, at - stride + 2, at - 1)
  end
end

-- without a replacement all is done, and the other two are the result and the count
local function substitute(failure, subject, pattern, replacement, limit)
  if failure then error(failure, 2) end
  if not replacement then return subject, pattern end
  local indexed = type(replacement) == "table"
  local batch, at, stride = {}, 1, 0
  local count, position, copied, bytes = 0, 1, 1, 0
  -- why two lists: one entry for each match would need many times the memory of the result
  local chunks, parts, filled = {}, {}, 0
  while count < limit do
    if not batch[at] then
      batch, at = {step(subject, pattern, position, count > 0, true, indexed)}, 3
      if batch[1] then error(batch[1], 2) end
      if not batch[at] then break end
      stride = batch[2]
    end
    local start, value = batch[at], nil
    if indexed then value = replacement[batch[at + 2]]
    else value = replacement(unpack(batch, at + 2, at + stride - 1)) end
    position, at, count = batch[at + 1], at + stride, count + 1
    local kind = type(value)
    if kind == "string" or kind == "number" then
      value = value .. ""
      bytes = bytes + start - copied + #value
      if bytes > most_bytes then error("resulting string too large", 2) end
      parts[filled + 1], parts[filled + 2] = sub(subject, copied, start - 1), value
      filled, copied = filled + 2, position
      if filled == 1024 then chunks[#chunks + 1], filled = concat(parts, "", 1, filled), 0 end
    elseif value then
      error("invalid replacement value (a " .. kind .. ")", 2)
    end
  end
  if filled == 0 and #chunks == 0 then return subject, count end
  if bytes + #subject - copied + 1 > most_bytes then error("resulting string too large", 2) end
  chunks[#chunks + 1] = concat(parts, "", 1, filled)
  chunks[#chunks + 1] = sub(subject, copied)
  return concat(chunks), count
end

function string.find(...) return settle(find(...)) end
function string.match(...) return settle(match(...)) end
function string.gmatch(...) return iterate(gmatch(...)) end
function string.gsub(...) return substitute(gsub(...)) end
"#;

type Answer = Outcome<Vec<Value>, mlua::Error>;

impl From<mlua::Error> for Box<Failure<mlua::Error>> {
    fn from(error: mlua::Error) -> Self {
        Box::new(Failure::Stop(error))
    }
}

/// One call from Lua: its arguments, counted and converted as lauxlib.c does.
struct Call<'a> {
    lua: &'a Lua,
    name: &'static str,
    values: MultiValue,
}

impl Call<'_> {
    /// The argument with this number, counted from 1.
    fn value(&self, number: usize) -> Option<&Value> {
        self.values.get(number - 1)
    }

    fn text(&self, number: usize) -> Outcome<LuaString, mlua::Error> {
        match self.value(number) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(value @ (Value::Integer(_) | Value::Number(_))) => match self.lua.coerce_string(value.clone())? {
                Some(text) => Ok(text),
                None => self.unexpected(number, "string"),
            },
            _ => self.unexpected(number, "string"),
        }
    }

    fn bytes(&self, number: usize) -> Outcome<BorrowedBytes, mlua::Error> {
        match self.value(number) {
            Some(Value::String(text)) => Ok(text.as_bytes()),
            _ => Ok(self.text(number)?.as_bytes()),
        }
    }

    fn integer(&self, number: usize, default: i64) -> Outcome<i64, mlua::Error> {
        match self.value(number) {
            None | Some(Value::Nil) => Ok(default),
            Some(Value::Integer(value)) => Ok(*value),
            Some(value) => match self.lua.coerce_integer(value.clone())? {
                Some(value) => Ok(value),
                None if self.lua.coerce_number(value.clone())?.is_some() => {
                    self.refuse(number, "number has no integer representation")
                }
                None => self.unexpected(number, "number"),
            },
        }
    }

    fn flag(&self, number: usize) -> bool {
        !matches!(self.value(number), None | Some(Value::Nil | Value::Boolean(false)))
    }

    /// The offset that the argument `init` means in a text of `length` bytes; it may lie beyond the end.
    fn init(&self, number: usize, length: usize) -> Outcome<usize, mlua::Error> {
        let init = self.integer(number, 1)?;
        let distance = usize::try_from(init.unsigned_abs()).unwrap_or(usize::MAX);
        Ok(if init < 0 { length.saturating_sub(distance) } else { distance.saturating_sub(1) })
    }

    fn unexpected<T>(&self, number: usize, expected: &str) -> Outcome<T, mlua::Error> {
        let found = match self.value(number) {
            None => "no value".to_owned(),
            Some(Value::Integer(_)) => "number".to_owned(),
            Some(Value::LightUserData(_)) => "light userdata".to_owned(),
            Some(Value::Error(_)) => "userdata".to_owned(),
            Some(Value::UserData(data)) => data.type_name().map_or("userdata".into(), |name| name.to_string_lossy()),
            Some(value) => match value.as_table().and_then(Table::metatable).map(|meta| meta.raw_get("__name")) {
                Some(Ok(Value::String(name))) => name.to_string_lossy(),
                _ => value.type_name().to_owned(),
            },
        };
        self.refuse(number, &format!("{expected} expected, got {found}"))
    }

    /// As luaL_argerror: by the name the caller used, and without counting the `s` of `s:find()`.
    fn refuse<T>(&self, number: usize, why: &str) -> Outcome<T, mlua::Error> {
        // level 0 is this function, level 1 the one of the shim
        let named = self.lua.inspect_stack(1, |frame| {
            let names = frame.names();
            let name = match names.name {
                Some(name) => name.into_owned(),
                // after a tail call nothing says how it was called
                None if frame.is_tail_call() => self.name.to_owned(),
                None => format!("string.{}", self.name),
            };
            (name, names.name_what == Some("method"))
        });
        let (name, is_method) = named.unwrap_or_else(|| (self.name.to_owned(), false));
        match number - usize::from(is_method) {
            0 => fail(format!("calling '{name}' on bad self ({why})")),
            number => fail(format!("bad argument #{number} to '{name}' ({why})")),
        }
    }

    /// Appends the first `count` captures of the match from `start` to `end`.
    fn captures(
        &self,
        matcher: &mut Matcher<'_, mlua::Error>,
        (start, end): (usize, usize),
        count: usize,
        answer: &mut Vec<Value>,
    ) -> Outcome<(), mlua::Error> {
        for index in 0..count {
            answer.push(match matcher.capture(index, start, end)? {
                Captured::Text(text) => Value::String(self.lua.create_string(text)?),
                Captured::Position(position) => integer(position),
            });
        }
        Ok(())
    }
}

/// Whether no byte of it means anything but itself.
fn is_plain(pattern: &[u8]) -> bool {
    let special = |byte| matches!(byte, b'^' | b'$' | b'*' | b'+' | b'?' | b'.' | b'(' | b'[' | b'%' | b'-');
    !pattern.iter().any(|byte| special(*byte))
}

fn integer(value: usize) -> Value {
    // a length never exceeds it
    Value::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}

/// `find`, and `match`, which differ in what they give.
fn locate(call: &Call, poll: Poll<'_, mlua::Error>, is_find: bool) -> Answer {
    let (subject, pattern) = (call.bytes(1)?, call.bytes(2)?);
    let from = call.init(3, subject.len())?;
    if from > subject.len() {
        return Ok(vec![Value::Nil]);
    }
    if is_find && (call.flag(4) || is_plain(&pattern)) {
        // why here: this search takes no longer than a copy, but cannot poll itself
        if subject.len() + pattern.len() > LONG {
            poll()?;
        }
        return Ok(match memchr::memmem::find(&subject[from..], &pattern) {
            Some(at) => vec![integer(from + at + 1), integer(from + at + pattern.len())],
            None => vec![Value::Nil],
        });
    }
    let mut matcher = Matcher::with_anchor(&subject, &pattern, poll);
    let Some((start, end)) = matcher.search(from, None)? else { return Ok(vec![Value::Nil]) };
    let mut answer = Vec::new();
    if is_find {
        answer.extend([integer(start + 1), integer(end)]);
    }
    let count = matcher.captures().max(usize::from(!is_find));
    call.captures(&mut matcher, (start, end), count, &mut answer)?;
    Ok(answer)
}

/// What `iterate` of the shim needs: subject, pattern, and the position to start at.
fn gmatch(call: &Call, _: Poll<'_, mlua::Error>) -> Answer {
    let (subject, pattern) = (call.text(1)?, call.text(2)?);
    let length = subject.as_bytes().len();
    let from = call.init(3, length)?.min(length + 1);
    Ok(vec![Value::String(subject), Value::String(pattern), integer(from + 1)])
}

/// The result and the count, or, for a table or a function, what `substitute` of the shim needs.
fn gsub(call: &Call, poll: Poll<'_, mlua::Error>) -> Answer {
    let (subject, pattern) = (call.text(1)?, call.text(2)?);
    let bytes = subject.as_bytes();
    let limit = call.integer(4, i64::try_from(bytes.len() + 1).unwrap_or(i64::MAX))?;
    match call.value(3) {
        Some(Value::String(_) | Value::Integer(_) | Value::Number(_)) => {}
        Some(replacement @ (Value::Table(_) | Value::Function(_))) => {
            return Ok(vec![
                Value::String(subject),
                Value::String(pattern),
                replacement.clone(),
                Value::Integer(limit),
            ]);
        }
        _ => return call.unexpected(3, "string/function/table"),
    }
    let (pattern, replacement) = (pattern.as_bytes(), call.text(3)?.as_bytes());
    let mut matcher = Matcher::with_anchor(&bytes, &pattern, poll);
    let (text, count) = replaced(&mut matcher, &replacement, limit)?;
    let text = text.map_or(Ok(subject), |text| call.lua.create_string(text))?;
    Ok(vec![Value::String(text), Value::Integer(count)])
}

/// A batch of matches for the shim. The arguments are subject, pattern, position, whether a match ended there, whether
/// `^` is an anchor, and whether one capture is enough.
fn step(call: &Call, poll: Poll<'_, mlua::Error>) -> Answer {
    let (subject, pattern) = (call.bytes(1)?, call.bytes(2)?);
    let mut from = call.init(3, subject.len())?;
    let mut last = call.flag(4).then_some(from);
    let mut matcher = if call.flag(5) {
        Matcher::with_anchor(&subject, &pattern, poll)
    } else {
        Matcher::new(&subject, &pattern, poll)
    };
    let most = match last {
        Some(_) if matcher.anchored => 0,
        Some(_) => MOST_IN_BATCH,
        // many a loop ends at the first
        None => 1,
    };
    let mut answer = vec![integer(0)];
    for _ in 0..most {
        let (start, end) = match matcher.search(from, last) {
            Ok(Some(found)) => found,
            Ok(None) => break,
            // the next batch begins with it, after the script has had the matches before it
            Err(failure) if answer.len() > 1 && matches!(*failure, Failure::Script(_)) => break,
            Err(failure) => return Err(failure),
        };
        let count = if call.flag(6) { 1 } else { matcher.captures().max(1) };
        answer[0] = integer(count + 2);
        answer.extend([integer(start + 1), integer(end + 1)]);
        call.captures(&mut matcher, (start, end), count, &mut answer)?;
        (from, last) = (end, Some(end));
    }
    Ok(answer)
}

/// Sets the four functions in `lua`'s table `string`. Each call, however long, ends soon after `poll` gives an error.
pub(super) fn install(lua: &Lua, poll: impl Fn() -> mlua::Result<()> + Clone + 'static) -> mlua::Result<()> {
    let define = |name, body: fn(&Call, Poll<'_, mlua::Error>) -> Answer| -> mlua::Result<Function> {
        let poll = poll.clone();
        lua.create_function(move |lua, values: MultiValue| match body(&Call { lua, name, values }, &mut || poll()) {
            Ok(answer) => Ok((Value::Boolean(false), Variadic::from(answer))),
            Err(failure) => match *failure {
                Failure::Script(message) => Ok((Value::String(lua.create_string(message)?), Variadic::new())),
                Failure::Stop(error) => Err(error),
            },
        })
    };
    lua.load(SHIM).set_name("=string").call((
        define("find", |call, poll| locate(call, poll, true))?,
        define("match", |call, poll| locate(call, poll, false))?,
        define("gmatch", gmatch)?,
        define("gsub", gsub)?,
        define("step", step)?,
        MOST_RESULT_BYTES,
    ))
}
