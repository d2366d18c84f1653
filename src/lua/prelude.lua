-- What of the globals of a script is written in Lua. Called once in each fresh state, before anything of the script's.
local expired, reveal, plain, most_loaded = ...
local pcall, pack, unpack, setmetatable, rawget, type, error = pcall, table.pack, table.unpack, setmetatable, rawget, type, error
local tostring, select, concat = tostring, select, table.concat
local create, resume, status, close = coroutine.create, coroutine.resume, coroutine.status, coroutine.close
local load, count, byte, find = load, collectgarbage, string.byte, string.find

local function checked(ok, ...)
  expired()
  if ok then return ok, ... end
  return ok, reveal((...))
end

function _G.pcall(...) return checked(pcall(...)) end
-- why not Lua's: a handler that runs where the error is would run in a hook, where no hook fires
function _G.xpcall(body, handler, ...)
  local result = pack(checked(pcall(body, ...)))
  if result[1] then return unpack(result, 1, result.n) end
  local handled = pack(checked(pcall(handler, result[2])))
  return false, unpack(handled, 2, handled.n)
end
local function coroutine_resume(...) return checked(resume(...)) end
coroutine.resume = coroutine_resume
-- why first: Lua fires no hook any more in a coroutine that a hook ended, so that a handler of a variable to be closed would run on
local function checked_close(...)
  expired()
  return checked(close(...))
end
coroutine.close = checked_close
-- why not Lua's: it closes a coroutine that failed, as above
local function settled(co, ok, ...)
  if ok then return ... end
  local failure = (...)
  if status(co) == "dead" then
    local _, later = checked_close(co)
    if later ~= nil then failure = later end
  end
  if type(failure) == "string" then error(failure, 2) end
  error(failure, 0)
end
function coroutine.wrap(body)
  if type(body) ~= "function" then error("bad argument #1 to 'wrap' (function expected)", 2) end
  local co = create(body)
  return function(...) return settled(co, coroutine_resume(co, ...)) end
end

function _G.load(chunk, name, mode, ...)
  if type(chunk) == "function" then
    local parts, size = {}, 0
    for part in chunk do
      if part == "" then break end
      if type(part) ~= "string" then return nil, "reader function must return a string" end
      size = size + #part
      if size > most_loaded then break end
      parts[#parts + 1] = part
    end
    if size > most_loaded then return nil, "the text is too long to load" end
    chunk = concat(parts)
  end
  if type(chunk) ~= "string" then error("bad argument #1 to 'load' (string expected)", 2) end
  if #chunk > most_loaded then return nil, "the text is too long to load" end
  if type(mode) == "string" and byte(chunk) ~= 27 and not find(mode, "t", 1, true) then
    return nil, "attempt to load a text chunk (mode is '" .. mode .. "')"
  end
  name = type(name) == "string" and name or "=load"
  if select("#", ...) > 0 then return load(chunk, name, "t", (...)) end
  return load(chunk, name, "t")
end

function _G.collectgarbage(what)
  if what ~= "count" then error("only collectgarbage('count') is available in scripts", 2) end
  return count("count")
end

-- these work in one C call over a length that a metamethod or an argument makes up, where no limit is looked at
local rep = string.rep
function string.rep(text, count, separator)
  if text == "" and (separator == nil or separator == "") then return "" end
  return rep(text, count, separator)
end
-- why one by one: Lua says the name when it refuses an argument
local concat, insert, remove, unpack, sort = table.concat, table.insert, table.remove, table.unpack, table.sort
function table.concat(list, ...)
  plain(list)
  return concat(list, ...)
end
function table.insert(list, ...)
  plain(list)
  return insert(list, ...)
end
function table.remove(list, ...)
  plain(list)
  return remove(list, ...)
end
function table.unpack(list, ...)
  plain(list)
  return unpack(list, ...)
end
local function less(a, b) return a < b end
function table.sort(list, order)
  plain(list)
  -- why not without: a million comparisons in C take a second
  if order == nil then
    if #list > 10000 then order = less end
    -- nor for long texts, which are compared byte by byte
    for index = 1, order and 0 or #list do
      local item = rawget(list, index)
      if type(item) == "string" and #item > 1000 then
        order = less
        break
      end
    end
  elseif #list > 10000 then
    -- nor with one that is written in C
    local given = order
    order = function(a, b) return given(a, b) end
  end
  return sort(list, order)
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

-- a format is gone through in one C call
local date = os.date
function os.date(format, ...)
  if type(format) == "string" and #format > 1000 then error("bad argument #1 to 'date' (the format is too long)", 2) end
  return date(format, ...)
end

-- a finalizer would run with no limit over it
function _G.setmetatable(value, meta)
  if type(meta) == "table" then
    if rawget(meta, "__gc") ~= nil then error("__gc is not available in scripts", 2) end
    local call = rawget(meta, "__call")
    -- a table that is called by calling itself does so in one C call
    if call ~= nil and type(call) ~= "function" then error("__call must be a function", 2) end
  end
  return setmetatable(value, meta)
end

-- the metatable of caught errors
return {
  __tostring = function(caught) return tostring(rawget(caught, "message")) end,
  __concat = function(a, b) return tostring(a) .. tostring(b) end,
  __name = "error",
  __metatable = false,
}
