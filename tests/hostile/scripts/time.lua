--# a loop: SCRIPT_TIMEOUT
while true do end

--# a goto: SCRIPT_TIMEOUT
::again:: goto again

--# a repeat in an empty function: SCRIPT_TIMEOUT
local function nothing() end
repeat nothing() until false

--# a for to infinity: SCRIPT_TIMEOUT
for _ = 1, math.huge do end

--# a tail call: SCRIPT_TIMEOUT
local function f() return f() end
f()

--# a loop inside pcall: SCRIPT_TIMEOUT
pcall(function() while true do end end)
return "survived"

--# a loop of pcall: SCRIPT_TIMEOUT
while true do pcall(error) end

--# pcall of pcall of a loop, again and again: SCRIPT_TIMEOUT
while true do pcall(pcall, pcall, function() while true do end end) end

--# a loop in the handler of xpcall: SCRIPT_TIMEOUT
xpcall(error, function() while true do end end)

--# a handler that fails in a handler that fails: SCRIPT_TIMEOUT
local function handler() return xpcall(error, error) end
while true do xpcall(handler, handler) end

--# a loop in a coroutine: SCRIPT_TIMEOUT
coroutine.wrap(function() while true do end end)()

--# a loop in a coroutine that is resumed again and again: SCRIPT_TIMEOUT
while true do coroutine.resume(coroutine.create(function() while true do end end)) end

--# a loop that yields: SCRIPT_TIMEOUT
local w = coroutine.wrap(function() while true do coroutine.yield() end end)
while true do w() end

--# coroutines in coroutines: SCRIPT_TIMEOUT
local function nest(n) while true do pcall(coroutine.wrap(function() if n > 0 then nest(n - 1) else while true do end end end)) end end
nest(20)

--# a handler of a variable to be closed: SCRIPT_TIMEOUT
local c <close> = setmetatable({}, { __close = function() while true do end end })

--# a handler of a variable to be closed after a time-out: SCRIPT_TIMEOUT
local c <close> = setmetatable({}, { __close = function() while true do end end })
while true do end

--# a handler of a variable to be closed after a time-out in a coroutine that was wrapped: SCRIPT_TIMEOUT
local closer = setmetatable({}, { __close = function() while true do end end })
coroutine.wrap(function() local c <close> = closer while true do end end)()

--# a handler of a variable to be closed after a time-out in a coroutine that was resumed: SCRIPT_TIMEOUT
local closer = setmetatable({}, { __close = function() while true do end end })
local co = coroutine.create(function() local c <close> = closer while true do end end)
local d <close> = setmetatable({}, { __close = function() coroutine.close(co) end })
coroutine.resume(co)

--# a handler of a generic for in a coroutine after a time-out: SCRIPT_TIMEOUT
local closer = setmetatable({}, { __close = function() while true do end end })
coroutine.wrap(function() for _ in function() return 1 end, nil, nil, closer do while true do end end end)()

--# closing a coroutine whose handler does not end: SCRIPT_TIMEOUT
local co = coroutine.create(function()
  local c <close> = setmetatable({}, { __close = function() while true do end end })
  coroutine.yield()
end)
coroutine.resume(co)
coroutine.close(co)

--# a handler that raises on and on: SCRIPT_TIMEOUT
while true do
  pcall(function()
    local c <close> = setmetatable({}, { __close = function() error("again") end })
    error("first")
  end)
end

--# an error object whose text does not end: SCRIPT_FAILED
error(setmetatable({}, { __tostring = function() while true do end end }))

--# printing an object whose text does not end: SCRIPT_TIMEOUT
print(setmetatable({}, { __tostring = function() while true do end end }))

--# logging an object whose text does not end: SCRIPT_TIMEOUT
log.info("%s", setmetatable({}, { __tostring = function() while true do end end }))

--# a text of an error that is asked for in a loop: SCRIPT_TIMEOUT
local _, failure = pcall(db.exec, db, "x")
while true do local _ = tostring(failure) .. failure end

--# a metamethod __index: SCRIPT_TIMEOUT
return setmetatable({}, { __index = function() while true do end end }).x

--# a metamethod __newindex: SCRIPT_TIMEOUT
setmetatable({}, { __newindex = function() while true do end end }).x = 1

--# a metamethod __eq: SCRIPT_TIMEOUT
local meta = { __eq = function() while true do end end }
return setmetatable({}, meta) == setmetatable({}, meta)

--# a metamethod __lt: SCRIPT_TIMEOUT
local meta = { __lt = function() while true do end end }
return setmetatable({}, meta) < setmetatable({}, meta)

--# a metamethod __le: SCRIPT_TIMEOUT
local meta = { __le = function() while true do end end }
return setmetatable({}, meta) <= 1

--# a metamethod __concat: SCRIPT_TIMEOUT
return "x" .. setmetatable({}, { __concat = function() while true do end end })

--# a metamethod __len: SCRIPT_TIMEOUT
return #setmetatable({}, { __len = function() while true do end end })

--# a metamethod __call: SCRIPT_TIMEOUT
setmetatable({}, { __call = function() while true do end end })()

--# a metamethod __pairs: SCRIPT_TIMEOUT
for _ in pairs(setmetatable({}, { __pairs = function() return function() return 1 end end })) do end

--# a metamethod __unm: SCRIPT_TIMEOUT
return -setmetatable({}, { __unm = function() while true do end end })

--# a chain of __index that comes round: SCRIPT_FAILED
local a, b = {}, {}
setmetatable(a, { __index = b })
setmetatable(b, { __index = a })
return a.x

--# a chain of __call without end: SCRIPT_FAILED
local t = {}
setmetatable(t, { __call = t })
return t()

--# a chain of __call without end that is made later: SCRIPT_TIMEOUT
local meta = {}
local t = setmetatable({}, meta)
meta.__call = t
return t()

--# recursion: SCRIPT_FAILED|SCRIPT_MEMORY
local function f() return 1 + f() end
return f()

--# recursion through metamethods: SCRIPT_FAILED|SCRIPT_MEMORY
local t = setmetatable({}, {})
getmetatable(t).__index = function(_, key) return t[key .. "x"] end
return t.x

--# recursion through tostring: SCRIPT_FAILED|SCRIPT_MEMORY
local t = setmetatable({}, {})
getmetatable(t).__tostring = function() return tostring(t) end
return tostring(t)

--# recursion through pcall: SCRIPT_FAILED|SCRIPT_MEMORY|SCRIPT_TIMEOUT
local function f() pcall(f) end
f()
error("done")

--# recursion through gsub: SCRIPT_FAILED|SCRIPT_MEMORY
local function f() return (("x"):gsub("x", f)) end
return f()

--# recursion through sort: SCRIPT_FAILED|SCRIPT_MEMORY
local function f() table.sort({ 1, 2, 3 }, f) end
f()

--# recursion through coroutines: SCRIPT_FAILED|SCRIPT_MEMORY
local function f() return coroutine.wrap(f)() end
f()

--# recursion through transactions: SCRIPT_FAILED|SCRIPT_MEMORY
local function f() return db:transaction(f) end
f()

--# recursion through load: SCRIPT_FAILED|SCRIPT_MEMORY
function f() return 1 + load("return f()")() end
return 1 + f()

--# a pattern that goes back and forth: SCRIPT_TIMEOUT
return string.find(("a"):rep(40000), (".-"):rep(30) .. "b")

--# a pattern that goes back and forth in match: SCRIPT_TIMEOUT
return ("a"):rep(40000):match((".-"):rep(30) .. "b")

--# a pattern that goes back and forth in gmatch: SCRIPT_TIMEOUT
for _ in ("a"):rep(40000):gmatch((".-"):rep(30) .. "b") do end

--# a pattern that goes back and forth in gsub: SCRIPT_TIMEOUT
return ("a"):rep(40000):gsub((".-"):rep(30) .. "b", "")

--# a pattern with balanced brackets that go on: SCRIPT_TIMEOUT
return ("("):rep(1000000):find("%b()")

--# a pattern with back references: SCRIPT_TIMEOUT
return ("a"):rep(40000):find("(.*)%1%1b")

--# a set without end in a pattern: SCRIPT_TIMEOUT
return ("a"):rep(100000):find("[" .. ("b-c"):rep(30000) .. "]")

--# gsub with a function that does not end: SCRIPT_TIMEOUT
return ("x"):gsub("x", function() while true do end end)

--# gsub with a table that does not end: SCRIPT_TIMEOUT
return ("x"):gsub("x", setmetatable({}, { __index = function() while true do end end }))

--# gsub with a pattern that matches nothing, again and again: SCRIPT_TIMEOUT
while true do local _ = ("a"):rep(100000):gsub("", "") end

--# repeating nothing: OK ""
return ("").rep("", 1 << 62)

--# repeating nothing with nothing between, as a method on a number: OK 0
return #(""):rep(math.maxinteger, "")

--# sorting by an order that does not end: SCRIPT_TIMEOUT
table.sort({ 3, 2, 1 }, function() while true do end end)

--# sorting by an order that is none: OK "string"
local list = {}
for i = 1, 2000 do list[i] = i % 7 end
local ok, failure = pcall(table.sort, list, function() return true end)
return ok and "string" or type(failure)

--# sorting long texts that are the same: SCRIPT_TIMEOUT
local a, b, list = ("x"):rep(2000000), ("x"):rep(2000000), {}
for i = 1, 9000 do list[i] = i % 2 == 0 and a or b end
table.sort(list)

--# sorting a long list again and again: SCRIPT_TIMEOUT
local list = {}
for i = 1, 100000 do list[i] = i * 7919 % 100003 end
while true do table.sort(list, function(a, b) return a > b end) table.sort(list) end

--# sorting tables whose metamethod makes the length up: SCRIPT_FAILED
table.sort(setmetatable({}, { __len = function() return 1e9 end, __index = function() return 1 end }))

--# concat over a length that is made up: SCRIPT_FAILED
return table.concat(setmetatable({}, { __len = function() return math.maxinteger end, __index = function() return "" end }))

--# concat over a range that is made up: SCRIPT_FAILED
return table.concat({}, "", 1, math.maxinteger)

--# insert over a length that is made up: SCRIPT_FAILED
table.insert(setmetatable({}, { __len = function() return 1 << 40 end }), 1, 1)

--# remove over a length that is made up: SCRIPT_FAILED
table.remove(setmetatable({}, { __len = function() return 1 << 40 end }), 1)

--# unpack of a range that is made up: SCRIPT_FAILED
return table.unpack({}, 1, math.maxinteger)

--# unpack of a range around zero: SCRIPT_FAILED
return table.unpack({}, math.mininteger, math.maxinteger)

--# move of a range that is made up: SCRIPT_FAILED
table.move({}, 1, math.maxinteger - 1, 2)

--# move of a long range of nothing: SCRIPT_TIMEOUT
table.move({}, 1, 1 << 30, 2)

--# select of far too many: SCRIPT_FAILED|SCRIPT_MEMORY
return select("#", table.unpack({}, 1, 1 << 20))

--# next over a table that was emptied: SCRIPT_TIMEOUT
local t = {}
for i = 1, 100000 do t[i] = true end
for i = 1, 100000 do t[i] = nil end
while true do next(t) end

--# comparing long texts: SCRIPT_TIMEOUT
local a, b = ("x"):rep(2000000) .. "a", ("x"):rep(2000000) .. "b"
while true do local _ = a < b end

--# comparing long texts for being the same: SCRIPT_TIMEOUT
local a, b = ("x"):rep(2000000) .. "a", ("x"):rep(2000000) .. "b"
while true do local _ = a == b end

--# texts one byte longer each time: SCRIPT_TIMEOUT|SCRIPT_MEMORY
local text = ("x"):rep(1000000)
while true do text = text .. "x" end

--# a date by a format that is long: SCRIPT_FAILED
return os.date(("%c"):rep(1000000))

--# a date by a format that there is not: SCRIPT_FAILED
return os.date("%Ez %")

--# a date that is far away: SCRIPT_FAILED
return os.date("%c", math.maxinteger)

--# a time that is far away: SCRIPT_FAILED
return os.time({ year = math.maxinteger, month = math.mininteger, day = 1 })

--# a time from a table whose metamethod does not end: SCRIPT_TIMEOUT
return os.time(setmetatable({}, { __index = function() while true do end end }))

--# a format of a width that is made up: SCRIPT_FAILED
return ("%1000000000d"):format(1)

--# a format that repeats itself: OK 99000
local t = {}
for i = 1, 1000 do t[i] = 1 end
return #(("%99d"):rep(1000)):format(table.unpack(t))

--# packing in sizes that are made up: SCRIPT_FAILED
return string.pack("!16 i17", 1)

--# packing text of a width that is made up: SCRIPT_FAILED|SCRIPT_MEMORY
return #string.pack("c2000000000", "x")

--# unpacking a length that is made up: SCRIPT_FAILED
return string.unpack("s8", "\255\255\255\255\255\255\255\127")

--# utf8 of what is none: SCRIPT_FAILED
return utf8.codepoint(("\255"):rep(1000), 1, -1)

--# utf8 of a long text: OK 3000000
return utf8.len(("x"):rep(3000000))

--# characters of a long text: SCRIPT_FAILED
return utf8.codepoint(("x"):rep(3000000), 1, -1)

--# bytes of a long text: SCRIPT_FAILED
return #{ ("x"):rep(3000000):byte(1, -1) }

--# a log without end: SCRIPT_TIMEOUT
while true do log.info("x") end

--# a log of long lines: SCRIPT_TIMEOUT
local line = ("\1"):rep(100000)
while true do print(line) end

--# a progress without end: SCRIPT_TIMEOUT
while true do job.progress(1, 2, "x") end

--# a progress of numbers that are none: OK 1
job.progress(0 / 0, math.huge, ("x"):rep(1000000))
job.progress(-1, -1)
return 1

--# a look at the clock in a loop: SCRIPT_TIMEOUT
while true do local _ = os.time(), os.clock(), job.remaining(), job.cancelled() end

--# random numbers in a loop: SCRIPT_TIMEOUT
while true do math.random(math.mininteger, math.maxinteger) end

--# random numbers from a range that is none: SCRIPT_FAILED
return math.random(1, 0)

--# encoding JSON in a loop: SCRIPT_TIMEOUT
local t = {}
for i = 1, 10000 do t[i] = { i } end
while true do json.encode(t) end

--# decoding JSON in a loop: SCRIPT_TIMEOUT
local text = "[" .. ("[1,2.5,null,true],"):rep(10000) .. "0]"
while true do json.decode(text) end

--# verbs in a loop: SCRIPT_TIMEOUT
while true do db:health() end
