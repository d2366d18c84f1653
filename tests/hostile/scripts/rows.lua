--# iterators that are left open: OK 50
local count = 0
for _ = 1, 50 do
  db:urows("SELECT a FROM t")()
  count = count + 1
end
return count

--# more iterators open than there are readers: OK "busy"
local t = {}
local ok, failure = pcall(function()
  for i = 1, 50 do
    t[i] = db:urows("SELECT a FROM t")
    t[i]()
  end
end)
return failure.code

--# a query while iterators hold all readers: OK "busy"
local t = {}
pcall(function() for i = 1, 50 do t[i] = db:urows("SELECT a FROM t") t[i]() end end)
return select(2, pcall(db.value, db, "SELECT 1")).code

--# a write while iterators hold all readers: OK [3,3]
local t = {}
pcall(function() for i = 1, 50 do t[i] = db:urows("SELECT a FROM t") t[i]() end end)
local changed = db:exec("UPDATE t SET a = a")
return { changed, t[1]() == 2 and 3 }

--# a verb while iterators hold all readers: OK true
local t = {}
pcall(function() for i = 1, 50 do t[i] = db:urows("SELECT a FROM t") t[i]() end end)
local ok, failure = pcall(db.stats, db)
return ok or failure.code == "busy"

--# readers that a forgotten table of iterators held come back: OK 1
local t = {}
pcall(function() for i = 1, 50 do t[i] = db:urows("SELECT a FROM t") t[i]() end end)
t = nil
return db:value("SELECT 1")

--# an iterator in a coroutine that never ends: OK 1
local co = coroutine.wrap(function() for a in db:urows("SELECT a FROM t") do coroutine.yield(a) end end)
return co()

--# an iterator in a global: OK 1
rest = db:urows("SELECT a FROM t")
return rest()

--# an iterator of a transaction that ended: OK [1,false]
local rest
db:transaction(function() rest = db:urows("SELECT a FROM t") first = rest() end)
return { first, (pcall(rest)) }

--# an iterator of a transaction that was rolled back: OK [1,false]
local rest
pcall(db.transaction, db, function() rest = db:urows("SELECT a FROM t") first = rest() error("no") end)
return { first, (pcall(rest)) }

--# a statement of a transaction that ended: OK [1,1]
local statement
db:transaction(function() statement = db:prepare("SELECT count(*) AS n FROM t WHERE a = ?") statement:run(1) end)
return { statement:query(1)[1].n, statement:query(2)[1].n }

--# a statement that is closed twice: OK false
local statement = db:prepare("SELECT 1")
statement:close()
statement:close()
return (pcall(statement.query, statement))

--# a statement that is closed while its rows are read: OK 6
local sum, statement = 0, db:prepare("SELECT a FROM t")
for a in statement:urows() do
  statement:close()
  sum = sum + a
end
return sum

--# a statement that is closed in a transaction, and used: OK false
return (pcall(db.transaction, db, function()
  local statement = db:prepare("DELETE FROM t")
  statement:close()
  statement:run()
end))

--# rows that are closed while they are read: OK 1
local rest, _, _, held = db:urows("SELECT a FROM t")
local first = rest()
local ok = pcall(function() local c <close> = held end)
pcall(rest)
return first

--# rows that are closed twice: OK 1
local rest, _, _, held = db:urows("SELECT a FROM t")
local first = rest()
for _ = 1, 2 do pcall(function() local c <close> = held end) end
return first

--# an iterator used from a handler of a variable to be closed: OK [1,2]
local rest, seen = db:urows("SELECT a FROM t"), {}
seen[1] = rest()
do local c <close> = setmetatable({}, { __close = function() seen[2] = rest() end }) end
return seen

--# a statement used from a handler of a variable to be closed after the transaction failed: OK [false,3]
local statement = db:prepare("DELETE FROM t WHERE a < ?")
local ok = pcall(db.transaction, db, function()
  local c <close> = setmetatable({}, { __close = function() statement:run(9) end })
  error("no")
end)
return { ok, db:value("SELECT count(*) FROM t") }

--# an iterator that is asked from inside itself: OK [1,2,3]
local seen, rest = {}, nil
rest = db:urows("SELECT a FROM t")
for a in rest do
  seen[#seen + 1] = a
  local more = rest()
  while more do
    seen[#seen + 1] = more
    more = rest()
  end
end
return seen

--# an iterator that is asked again behind its end: OK [true,true]
local rest = db:urows("SELECT a FROM t WHERE 0")
return { rest() == nil, rest() == nil }

--# the rows of a table that is emptied meanwhile: OK [false,3]
local count = 0
local ok = pcall(db.transaction, db, function()
  for row in db:nrows("SELECT rowid AS id, a FROM t") do
    db:transaction(function() db:exec("DELETE FROM t") end)
    count = count + 1
  end
  error("no")
end)
return { ok, db:value("SELECT count(*) FROM t") }

--# the rows of a table that is dropped meanwhile: OK [false,3]
local ok = pcall(db.transaction, db, function()
  for row in db:nrows("SELECT a FROM t") do db:exec("DROP TABLE t") end
  error("no")
end)
return { ok, db:value("SELECT count(*) FROM t") }

--# the rows of a table that grows meanwhile: SCRIPT_TIMEOUT|SCRIPT_MEMORY
db:transaction(function()
  for a in db:urows("SELECT a FROM t") do db:exec("INSERT INTO t VALUES (?, 'more')", a + 1) end
end)

--# rows over a savepoint that is rolled back: OK [false,3]
local ok = pcall(db.transaction, db, function()
  local rest = db:urows("SELECT a FROM t ORDER BY a")
  rest()
  pcall(db.transaction, db, function() db:exec("CREATE TABLE u (a)") db:exec("DELETE FROM t") rest() error("no") end)
  pcall(rest)
  pcall(rest)
  error("no")
end)
return { ok, db:value("SELECT count(*) FROM t") }

--# rows from inside a savepoint that is rolled back: OK [false,3]
local rest
local ok = pcall(db.transaction, db, function()
  pcall(db.transaction, db, function() db:exec("DELETE FROM t WHERE a = 1") rest = db:urows("SELECT a FROM t") rest() error("no") end)
  pcall(rest)
  error("no")
end)
return { ok, db:value("SELECT count(*) FROM t") }

--# a prepared statement that calls itself: OK [false,3]
local statement = db:prepare("UPDATE t SET a = a + ? RETURNING a")
local ok = pcall(db.transaction, db, function()
  local function again(depth)
    for row in statement:nrows(1) do if depth > 0 then again(depth - 1) statement:run(1) end end
  end
  again(5)
  error("no")
end)
return { ok, db:value("SELECT count(*) FROM t") }

--# a transaction inside an iteration of a pooled reader: OK [false,3]
local ok = pcall(function()
  for a in db:urows("SELECT a FROM t") do db:transaction(function() db:exec("DELETE FROM t") error("no") end) end
end)
return { ok, db:value("SELECT count(*) FROM t") }

--# a yield out of a transaction: OK [false,3]
local co = coroutine.create(function()
  db:transaction(function() db:exec("DELETE FROM t") coroutine.yield() end)
end)
return { (coroutine.resume(co)), db:value("SELECT count(*) FROM t") }

--# a coroutine inside a transaction that is left behind: OK [false,3]
local co
local ok = pcall(db.transaction, db, function()
  co = coroutine.wrap(function() for a in db:urows("SELECT a FROM t") do db:exec("DELETE FROM t") coroutine.yield(a) end end)
  co()
  error("no")
end)
pcall(co)
return { ok, db:value("SELECT count(*) FROM t") }

--# a time-out that is caught in a transaction: SCRIPT_TIMEOUT
db:transaction(function()
  db:exec("DELETE FROM t")
  pcall(function() while true do end end)
end)

--# a time-out that is caught in a transaction by a coroutine: SCRIPT_TIMEOUT
db:transaction(function()
  db:exec("DELETE FROM t")
  coroutine.resume(coroutine.create(function() while true do end end))
end)

--# a time-out of a statement that is caught in a savepoint: SCRIPT_TIMEOUT
db:transaction(function()
  db:exec("DELETE FROM t")
  pcall(db.transaction, db, function()
    db:value("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")
  end)
end)

--# want of memory that is caught in a transaction: SCRIPT_MEMORY
db:transaction(function()
  db:exec("DELETE FROM t")
  pcall(function() local s = "x" while true do s = s .. s end end)
end)

--# want of memory of a statement that is caught in a transaction: SCRIPT_MEMORY
db:transaction(function()
  db:exec("DELETE FROM t")
  pcall(db.value, db, "SELECT hex(randomblob(400000000))")
end)

--# a transaction whose function is none: OK [false,false,false]
return { (pcall(db.transaction, db)), (pcall(db.transaction, db, 1)), (pcall(db.transaction, db, {})) }

--# a transaction whose function returns very many values: SCRIPT_FAILED|SCRIPT_MEMORY|OK
return select("#", db:transaction(function() return table.unpack({}, 1, 200000) end))

--# db of a transaction after it ended: OK 3
local kept
db:transaction(function(inner) kept = inner end)
return kept:value("SELECT count(*) FROM t")

--# methods of db called on something else: OK [false,false,false,false]
return { (pcall(db.exec)), (pcall(db.exec, {}, "SELECT 1")), (pcall(db.exec, "db", "SELECT 1")), (pcall(db.query, db.blob("x"), "SELECT 1")) }

--# methods of a statement called on something else: OK [false,false,false,false]
local statement = db:prepare("SELECT 1")
local _, _, _, held = db:urows("SELECT 1")
return { (pcall(statement.run)), (pcall(statement.run, db)), (pcall(statement.close, held)), (pcall(statement.query, db.blob("x"))) }

--# an iterator called with anything: OK 1
local rest, _, _, held = db:nrows("SELECT a FROM t")
return rest(held, db, nil, {}, rest).a

--# 300 columns: OK [300,300]
local columns = {}
for i = 1, 300 do columns[i] = i .. " AS c" .. i end
local sql, count = "SELECT " .. table.concat(columns, ","), 0
for row in db:nrows(sql) do for _ in pairs(row) do count = count + 1 end end
return { count, #{ db:urows(sql)() } }

--# 2000 columns: OK [2000,2000,2000]
local columns = {}
for i = 1, 2000 do columns[i] = i .. " AS c" .. i end
local sql, count = "SELECT " .. table.concat(columns, ","), 0
for row in db:nrows(sql) do for _ in pairs(row) do count = count + 1 end end
return { count, #{ db:urows(sql)() }, db:query(sql)[1].c2000 }

--# columns of one name: OK [2,1]
local row = db:row("SELECT 1 AS x, 2 AS x")
local count = 0
for _ in pairs(row) do count = count + 1 end
return { row.x, count }

--# columns of 2000 equal names: OK [1,2000]
local row, count = db:row("SELECT " .. ("1 AS x,"):rep(1999) .. "2000 AS x"), 0
for _ in pairs(row) do count = count + 1 end
return { count, row.x }

--# the name of a column that is long, empty or not text: OK 3
local row, count = db:row('SELECT 1 AS "' .. ("x"):rep(100000) .. '", 2 AS "", 3 AS "a\1b"'), 0
for _ in pairs(row) do count = count + 1 end
return count

--# the columns of what has none: OK [false,false,false]
return { (pcall(db.columns, db, "no_such_table")), (pcall(db.columns, db, "DELETE FROM t")), (pcall(db.columns, db, 't"; DELETE FROM t; --')) }
