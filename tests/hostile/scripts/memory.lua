--# one long text: SCRIPT_MEMORY
return #("x"):rep(100 << 20)

--# a text that doubles: SCRIPT_MEMORY
local s = "x"
while true do s = s .. s end

--# a text that doubles in pcall: SCRIPT_MEMORY
local s = "x"
while true do pcall(function() s = s .. s end) end

--# many texts: SCRIPT_MEMORY
local t = {}
while true do t[#t + 1] = ("x"):rep(1000) .. #t end

--# a table that grows: SCRIPT_MEMORY
local t = {}
for i = 1, 1e9 do t[i] = i end

--# many small tables: SCRIPT_MEMORY
local t = {}
while true do t = { t } end

--# many small tables in a coroutine: SCRIPT_MEMORY
local t = {}
coroutine.wrap(function() while true do t[#t + 1] = {} end end)()

--# coroutines by the thousand: SCRIPT_MEMORY
local t = {}
while true do t[#t + 1] = coroutine.create(print) end

--# coroutines by the thousand that wait: SCRIPT_MEMORY
local t = {}
while true do
  t[#t + 1] = coroutine.wrap(function() coroutine.yield() end)
  t[#t]()
end

--# closures: SCRIPT_MEMORY
local t = {}
while true do
  local a, b, c = 1, 2, 3
  t[#t + 1] = function() return a, b, c end
end

--# a deep stack of calls: SCRIPT_MEMORY|SCRIPT_FAILED
local function f(a, b, c, d) return f(a, b, c, d) + 1 end
f(1, 2, 3, 4)

--# a text with very many parts: SCRIPT_MEMORY
local t = {}
for i = 1, 100000 do t[i] = ("x"):rep(100) end
return #table.concat(t)

--# a long replacement of each byte: SCRIPT_MEMORY|SCRIPT_FAILED
return #("x"):rep(1000000):gsub("x", ("y"):rep(1000))

--# a long replacement of each byte by a function: SCRIPT_MEMORY|SCRIPT_FAILED
local long = ("y"):rep(1000)
return #("x"):rep(1000000):gsub("x", function() return long end)

--# a format that grows: SCRIPT_MEMORY
local s = "x"
while true do s = ("%s%s"):format(s, s) end

--# a list of captures: SCRIPT_MEMORY
local t = {}
for a, b, c in ("abc"):rep(1000000):gmatch("(.)(.)(.)") do t[#t + 1] = a .. b .. c .. #t end

--# a long text is loaded again and again: SCRIPT_MEMORY|SCRIPT_TIMEOUT
local t, text = {}, ("local x = 'some text' "):rep(100)
while true do t[#t + 1] = load(text .. "return " .. #t) end

--# rows that are collected: SCRIPT_MEMORY
return #db:query("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, 'some text' FROM n")

--# rows that are collected inside of a transaction: SCRIPT_MEMORY
return db:transaction(function()
  return #db:query("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n")
end)

--# rows that are collected one by one: SCRIPT_MEMORY
local t = {}
for row in db:nrows("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, randomblob(1000) b FROM n") do
  t[#t + 1] = row
end

--# rows that an update returns: SCRIPT_MEMORY|SCRIPT_TIMEOUT
return #db:query("INSERT INTO t (a) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000) SELECT i FROM n RETURNING a, hex(randomblob(50))")

--# a long BLOB: SCRIPT_MEMORY
return #db:value("SELECT randomblob(400000000)")

--# a long text of a long BLOB: SCRIPT_MEMORY
return #db:value("SELECT hex(randomblob(400000000))")

--# a BLOB of zeros: SCRIPT_MEMORY
return #db:value("SELECT zeroblob(1000000000)")

--# a BLOB of zeros that is stored: SCRIPT_MEMORY
db:exec("INSERT INTO t (a) VALUES (zeroblob(1000000000))")

--# a long text in each of very many columns: SCRIPT_MEMORY|SCRIPT_TIMEOUT
local columns = {}
for i = 1, 1900 do columns[i] = "hex(zeroblob(1900000))" end
return db:value("SELECT " .. table.concat(columns, ","))

--# very many texts that grow row by row: SCRIPT_MEMORY|SCRIPT_TIMEOUT
local columns = {}
for i = 1, 1900 do columns[i] = "group_concat(x)" end
return db:value("WITH n(x) AS (SELECT hex(zeroblob(1900000))) SELECT " .. table.concat(columns, ",") .. " FROM n")

--# one text that grows row by row: SCRIPT_MEMORY|SCRIPT_TIMEOUT
return #db:value("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT group_concat(i) FROM n")

--# a JSON array that grows row by row: SCRIPT_MEMORY|SCRIPT_TIMEOUT
return #db:value("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT json_group_array(i) FROM n")

--# a text that grows in a recursion: SCRIPT_MEMORY
return #db:value("WITH RECURSIVE n(s) AS (SELECT 'x' UNION ALL SELECT s || s FROM n) SELECT max(length(s)) FROM n")

--# a format of a width that is made up in SQL: SCRIPT_MEMORY
return #db:value("SELECT printf('%*d', 1000000000, 1)")

--# a format of a precision that is made up in SQL: SCRIPT_MEMORY
return #db:value("SELECT printf('%.*f', 1000000000, 1.5)")

--# JSON made of very many copies: SCRIPT_MEMORY
local parts = {}
for i = 1, 50 do parts[i] = "'$.a" .. i .. "',?1" end
return #db:value("SELECT json_set('{}'," .. table.concat(parts, ",") .. ")", ("x"):rep(1000000))

--# one long text as very many parameters: SCRIPT_MEMORY
local text, list = ("x"):rep(1 << 20), {}
for i = 1, 100000 do list[i] = text end
return db:query("SELECT 1", list)

--# one long text as very many named parameters: SCRIPT_MEMORY
local text, list = ("x"):rep(1 << 20), {}
for i = 1, 30000 do list["p" .. i] = text end
return db:query("SELECT 1", list)

--# one long text as many parameters of a prepared statement: SCRIPT_MEMORY
local text, list = ("x"):rep(1 << 20), {}
for i = 1, 10000 do list[i] = text end
local statement = db:prepare("SELECT ?")
db:transaction(function() statement:run(list) end)

--# iterators that each hold a copy of a parameter: SCRIPT_MEMORY
local text = ("x"):rep(1 << 20)
db:transaction(function()
  local t = {}
  for i = 1, 5000 do t[i] = db:urows("SELECT ?", text) end
end)

--# iterators by the thousand in a transaction: SCRIPT_MEMORY|SCRIPT_TIMEOUT
db:transaction(function()
  local t = {}
  for i = 1, 1e6 do t[i] = db:urows("SELECT a FROM t") t[i]() end
end)

--# statements with long texts: SCRIPT_MEMORY
local text, t = "SELECT 1 --" .. ("x"):rep(1000000), {}
for i = 1, 5000 do t[i] = db:prepare(text) end

--# BLOBs of one long text: OK 1000
local text, t = ("x"):rep(1000000), {}
for i = 1, 1000 do t[i] = db.blob(text) end
return #t

--# errors that are kept without their text: SCRIPT_MEMORY
local text, t = "SELEC " .. ("x"):rep(500000), {}
for i = 1, 1000 do
  local _, failure = pcall(db.exec, db, text)
  failure.sql, failure.message = nil, nil
  t[i] = failure
end

--# rows of writing statements that wait in memory: SCRIPT_MEMORY
local t = {}
for i = 1, 1000 do
  t[i] = db:urows("UPDATE t SET b = b RETURNING hex(zeroblob(500000))")
end

--# a result of very many copies of one table: SCRIPT_MEMORY|SCRIPT_FAILED
local t = {}
for i = 1, 1000 do t[i] = i end
local u = {}
for i = 1, 1000 do u[i] = t end
return { u, u, u }

--# a result of very many copies of one text: SCRIPT_MEMORY|SCRIPT_FAILED
local text, t = ("\1"):rep(1 << 20), {}
for i = 1, 60 do t[i] = text end
return t

--# JSON of very many copies of one long name: SCRIPT_MEMORY|SCRIPT_FAILED
local t, u = { [("k"):rep(1 << 20)] = 1 }, {}
for i = 1, 100000 do u[i] = t end
return #json.encode(u)

--# a list that holds itself: SCRIPT_MEMORY|SCRIPT_FAILED
local t = {}
for i = 1, 200000 do t[i] = i end
t[1] = t
return t

--# a list that holds itself in every place: SCRIPT_FAILED
local t = {}
for i = 1, 100 do t[i] = t end
return t

--# decoding JSON of very many values: SCRIPT_MEMORY
return #json.decode("[" .. ("0,"):rep(2000000) .. "0]")

--# decoding JSON of very many lists: SCRIPT_MEMORY
return #json.decode("[" .. ("[],"):rep(1000000) .. "0]")

--# decoding a text with very many escapes: SCRIPT_MEMORY|SCRIPT_FAILED
return #json.decode('"' .. ("\\u0001"):rep(1000000) .. '"')

--# a line of a log that is long: OK 1
log.info(("\1"):rep(3000000))
return 1

--# options of a verb that are long: SCRIPT_FAILED
db:health({ [("x"):rep(1000000)] = 1 })
