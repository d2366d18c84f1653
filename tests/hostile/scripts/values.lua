--# parameters of every wrong type: OK ""
local allowed = {}
for name, value in pairs { fn = print, co = coroutine.create(print), db = db, nested = { {} }, mixed = { {}, 1 } } do
  if pcall(db.value, db, "SELECT ?", value) then allowed[#allowed + 1] = name end
  local statement = db:prepare("SELECT ?")
  if pcall(statement.query, statement, value) then allowed[#allowed + 1] = name .. " prepared" end
  db:transaction(function()
    local statement = db:prepare("UPDATE t SET a = ? WHERE 0")
    if pcall(statement.run, statement, value) then allowed[#allowed + 1] = name .. " run" end
  end)
end
return table.concat(allowed, " ")

--# parameters that are too few or too many: OK [false,false,false,false]
local statement = db:prepare("SELECT ?, ?")
return { (pcall(db.value, db, "SELECT ?")), (pcall(db.value, db, "SELECT 1", 1)), (pcall(statement.run, statement, 1)),
  (pcall(statement.query, statement, 1, 2, 3)) }

--# parameters in a table that holds itself: OK false
local t = {}
t[1] = t
return (pcall(db.value, db, "SELECT ?", t))

--# parameters in a table with holes: OK [false,true]
return { (pcall(db.value, db, "SELECT ?, ?, ?", { [1] = 1, [5] = 5 })), (pcall(db.value, db, "SELECT ?, ?, ?", { 1, nil, 3 })) }

--# parameters in a table of numbers and names: OK [false,false,1]
return { (pcall(db.value, db, "SELECT ?, :a", { 1, a = 2 })), (pcall(db.value, db, "SELECT :a", { b = 1 })), db:value("SELECT :a", { 7, a = 1 }) }

--# parameters in a table whose metamethods do not end: OK 1
local endless = function() while true do end end
return db:value("SELECT ?", setmetatable({ 1 }, { __index = endless, __len = endless, __pairs = endless, __call = endless }))

--# parameters named by what is no name: OK [false,false,false]
return { (pcall(db.value, db, "SELECT :a", { ["a\0"] = 1 })), (pcall(db.value, db, "SELECT :a", { [""] = 1 })),
  (pcall(db.value, db, "SELECT :a", { ["\255"] = 1 })) }

--# parameters named twice: OK false
return (pcall(db.value, db, "SELECT :a, :b", { a = 1, [":a"] = 2 }))

--# very many parameters of a prepared statement: SCRIPT_FAILED
local statement = db:prepare("SELECT ?")
return statement:run(table.unpack({}, 1, 200000))

--# numbers at the edges: OK [true,true,true,true,"real"]
return { db:value("SELECT ?", 0 / 0) == nil, db:value("SELECT ?", math.huge) == math.huge, db:value("SELECT ?", math.maxinteger) == math.maxinteger,
  db:value("SELECT ?", 2 ^ 63) == 2 ^ 63, db:value("SELECT typeof(?)", 2 ^ 63) }

--# sums that do not fit: OK [false,"real"]
return { (pcall(db.value, db, "SELECT sum(x) FROM (SELECT 9223372036854775807 AS x UNION ALL SELECT 1)")),
  db:value("SELECT typeof(9223372036854775807 + 1)") }

--# a null character in a text: OK [3,"text",true]
return { db:value("SELECT length(CAST(? AS BLOB))", "a\0b"), db:value("SELECT typeof(?)", "a\0b"), db:value("SELECT ?", "a\0b") == "a\0b" }

--# bytes that are no text: OK ["blob",true,{"base64":"/w=="}]
return { db:value("SELECT typeof(?)", "\255"), db:value("SELECT ?", "\255") == "\255", "\255" }

--# bytes that are no text, said to be text: OK true
return db:value("SELECT CAST(x'ff' AS TEXT)") == "\255"

--# a statement that is no text: OK [false,false]
return { (pcall(db.exec, db, "SELECT '\255'")), (pcall(db.exec, db, nil)) }

--# a name of a table that is no text: OK false
return (pcall(db.columns, db, "\255"))

--# booleans, null and nothing: OK [1,0,true,true]
return { db:value("SELECT ?", true), db:value("SELECT ?", false), db:value("SELECT ?", db.null) == nil, db:value("SELECT ?", nil) == nil }

--# an empty text and an empty BLOB: OK ["text","blob","text"]
return { db:value("SELECT typeof(?)", ""), db:value("SELECT typeof(?)", db.blob("")), db:value("SELECT typeof(?)", db:value("SELECT x''")) }

--# a result that is a function: SCRIPT_FAILED
return print

--# a result that holds a function: SCRIPT_FAILED
return { a = { b = { print } } }

--# a result that is db: SCRIPT_FAILED
return db

--# a result that is a coroutine: SCRIPT_FAILED
return coroutine.create(print)

--# a result that holds itself: SCRIPT_FAILED
local t = {}
t.t = t
return t

--# a result that is deep: SCRIPT_FAILED
local t = {}
for _ = 1, 10000 do t = { t } end
return t

--# a result with a name that is a table: SCRIPT_FAILED
return { [{}] = 1 }

--# a result whose metamethods do not end: OK {"a":1}
local endless = function() while true do end end
return setmetatable({ a = 1 }, { __index = endless, __pairs = endless, __len = endless, __tostring = endless, __name = "x" })

--# a result of numbers that are none: OK [{"real":"inf"},{"real":"-inf"}]
return { math.huge, -math.huge }

--# JSON of what has none: OK [false,false,false]
local t = {}
t.t = t
return { (pcall(json.encode, print)), (pcall(json.encode, t)), (pcall(json.encode, { [t] = 1 })) }

--# JSON that is none: OK ""
local allowed = {}
for _, text in ipairs { "", "{", "[1,]", "{\"a\":}", "nul", "\"\\ud800\"", "\255", "1 2", ("["):rep(100000), ("[{\"a\":"):rep(100000), "{\"a\":1}}", "1e999" } do
  if pcall(json.decode, text) then allowed[#allowed + 1] = text end
end
return table.concat(allowed, " ")

--# JSON there and back: OK [9223372036854775807,-1,1.5,true,null,{"a":[]},"\u0000é"]
local value = json.decode('[9223372036854775807,-1,1.5,true,null,{"a":[]},"\\u0000é"]')
return json.decode(json.encode(value))

--# JSON of numbers that do not fit: OK ["float","float"]
return { math.type(json.decode("9223372036854775808")), math.type(json.decode("1e3")) }

--# JSON with one name twice: OK 2
return json.decode('{"a":1,"a":2}').a

--# lists that are said to be lists: OK [[],[],{}]
return { json.array(), json.array({}), {} }

--# verbs with options that are none: OK [false,false,false,false]
return { (pcall(db.health, db, 1)), (pcall(db.health, db, { nothing = 1 })), (pcall(db.stats, db, { {} })), (pcall(db.checkpoint, db, "sideways")) }

--# verbs with options that hold themselves: OK false
local t = {}
t.t = t
return (pcall(db.health, db, t))

--# job.progress with what is no number: OK [false,false]
return { (pcall(job.progress)), (pcall(job.progress, {}, print)) }
