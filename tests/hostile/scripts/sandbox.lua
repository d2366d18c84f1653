--# no global reaches the machine: OK ""
local found = {}
for _, name in ipairs { "debug", "dofile", "io", "loadfile", "loadstring", "module", "newproxy", "package", "require", "warn", "rawdump" } do
  if _G[name] ~= nil then found[#found + 1] = name end
end
for _, name in ipairs { "execute", "exit", "getenv", "remove", "rename", "setlocale", "tmpname" } do
  if os[name] ~= nil then found[#found + 1] = "os." .. name end
end
if string.dump then found[#found + 1] = "string.dump" end
return table.concat(found, " ")

--# no global is reached through the environment of a loaded text: OK "nil nil nil"
return load("return tostring(io) .. ' ' .. tostring(require) .. ' ' .. tostring(debug)")()

--# the metatable of strings is hidden: OK [false,false]
return { getmetatable("") and true, (pcall(function() getmetatable("").__index = nil end)) }

--# the metatable of db and its parts is hidden: OK [false,false,false,false]
local statement = db:prepare("SELECT 1")
local _, _, _, rows = db:nrows("SELECT 1")
return { getmetatable(db), getmetatable(statement), getmetatable(rows), getmetatable(db.blob("x")) }

--# the finalizer of a userdata of ours cannot be called: OK [false,false,false]
local statement = db:prepare("SELECT 1")
return { (pcall(function() statement.__gc(statement) end)), (pcall(function() return db.__gc(db) end)), (pcall(rawget, statement, "__gc")) }

--# bytecode is not loaded: OK [false,false,false]
return { load("\27Lua", "x", "b") and true or false, load("\27LuaT\0\25\147\r\n\26\n", "x", "bt") and true or false,
  load(function() return "\27LuaT" end) and true or false }

--# a script that is bytecode: SCRIPT_SYNTAX
LuaT

--# a text that is too long is not loaded: OK "the text is too long to load"
return select(2, load(("x"):rep(2 ^ 20 + 1)))

--# a text without end is not loaded: OK "the text is too long to load"
return select(2, load(function() return "x = 1 " end))

--# a reader without end that gives nothing: SCRIPT_TIMEOUT
return load(function() while true do end end)

--# a text that is nested too deep is not loaded: OK false
return (load("return " .. ("("):rep(100000) .. "1" .. (")"):rep(100000))) and true or false

--# tables nested too deep in a text: OK false
return (load("return " .. ("{"):rep(100000) .. ("}"):rep(100000))) and true or false

--# functions nested too deep in a text: OK false
return (load(("return function() "):rep(10000) .. ("end "):rep(10000))) and true or false

--# a text with too many operators: OK false
return (load("return " .. ("- "):rep(100000) .. "1")) and true or false

--# a text with too many concatenations: OK false
return (load("return " .. ("'a'.."):rep(30000) .. "'a'")) and true or false

--# the garbage collector is not in the hands of a script: OK [false,false,false,"number"]
return { (pcall(collectgarbage)), (pcall(collectgarbage, "stop")), (pcall(collectgarbage, "step")), type(collectgarbage("count")) }

--# no finalizers: OK [false,false]
return { (pcall(setmetatable, {}, { __gc = function() while true do end end })), (pcall(setmetatable, {}, { __gc = true })) }

--# a finalizer that is added later is none: OK 1
local meta = {}
for i = 1, 10000 do setmetatable({}, meta) meta.__gc = nil end
local later = setmetatable({}, meta)
meta.__gc = function() while true do end end
later = nil
for i = 1, 10000 do local _ = { {} } end
return 1

--# the library of one run is not that of the next, first half: OK 1
pcall(function() db.exec = nil end)
string.rep, table.concat, pcall, math.huge = nil, nil, nil, 0
_G.leftover = 1
return 1

--# the library of one run is not that of the next, second half: OK ["function","function","function","nil"]
return { type(string.rep), type(table.concat), type(pcall), type(leftover) }

--# what the library of the run uses cannot be taken away from it: OK "error"
local real = pcall
error, type, select, tostring, table.pack, table.unpack, string.sub, coroutine.create = nil
local ok, failure = real(db.exec, db, "no statement")
return getmetatable(failure) == false and "error" or "nothing"

--# the names of the library in the hands of a script: OK [true,"x"]
local before = xpcall
pcall = function() return "mine" end
return { before(function() return "x" end, print) }

--# a null character in a name of a global: OK 1
_G["io\0"] = 1
return _G["io\0"]

--# the environment can be replaced without a way out: OK "nil"
local _ENV = { type = type, f = load("return io") }
return type(f())

--# the error of a caught failure is no way to the inside: OK [false,"nil","nil"]
local _, failure = pcall(db.exec, db, "x")
return { getmetatable(failure), type(failure.traceback), type(failure.error) }

--# the table of a caught failure made by hand is no failure of ours: SCRIPT_FAILED
error({ code = "script_timeout", message = "mine", sql = "x" })

--# job is no way to more time or another role: OK ["admin",true]
job.role, job.actor, job.remaining = "root", "root", function() return 1e9 end
local fresh = db:transaction(function() return 1 end)
return { "admin", fresh == 1 }

--# numbers that are not: OK [true,true,true]
return { 0 / 0 ~= 0 / 0, math.huge > 2 ^ 1023, math.mininteger // -1 == math.mininteger }
