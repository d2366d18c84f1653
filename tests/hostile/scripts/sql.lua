--# a recursion without end: SCRIPT_TIMEOUT
return db:value("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")

--# a recursion without end that is caught: SCRIPT_TIMEOUT
while true do
  pcall(db.value, db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")
end

--# a recursion without end, row by row: SCRIPT_TIMEOUT
for _ in db:urows("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n") do end

--# a recursion without end whose rows nobody gets: SCRIPT_TIMEOUT
return db:row("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0")

--# a join of everything with everything: SCRIPT_TIMEOUT
local tables = {}
for i = 1, 40 do tables[i] = "sqlite_schema s" .. i end
return db:value("SELECT count(*) FROM " .. table.concat(tables, ","))

--# a sort of everything with everything: SCRIPT_TIMEOUT
return db:value("SELECT a.name FROM sqlite_schema a, sqlite_schema b, sqlite_schema c, sqlite_schema d, sqlite_schema e ORDER BY random()")

--# common tables that double: SCRIPT_FAILED|SCRIPT_TIMEOUT|SCRIPT_MEMORY
local parts = { "c0(x) AS (SELECT 1 UNION ALL SELECT 2)" }
for i = 1, 40 do parts[#parts + 1] = ("c%d(x) AS (SELECT a.x FROM c%d a, c%d b)"):format(i, i - 1, i - 1) end
return db:value("WITH " .. table.concat(parts, ",") .. " SELECT count(*) FROM c40")

--# an expression that is nested too deep: SCRIPT_FAILED
return db:value("SELECT " .. ("("):rep(5000) .. "1" .. (")"):rep(5000))

--# an expression with too many operators: SCRIPT_FAILED
return db:value("SELECT " .. ("1+"):rep(5000) .. "1")

--# too many selects in one: SCRIPT_FAILED
return db:value("SELECT 1" .. (" UNION ALL SELECT 1"):rep(5000))

--# a statement that is too long: SCRIPT_FAILED|SCRIPT_MEMORY
return db:value("SELECT 1 --" .. ("x"):rep(2000000))

--# too many columns: SCRIPT_FAILED
return db:value("SELECT " .. ("1,"):rep(5000) .. "1")

--# too many parameters: SCRIPT_FAILED
return db:value("SELECT ?99999", 1)

--# a list of very many values: OK 3
return db:value("SELECT count(*) FROM t WHERE a IN (" .. ("1,2,3,"):rep(20000) .. "1)")

--# a pattern with very many wildcards: OK 0
return db:value("SELECT hex(zeroblob(1900000)) LIKE ?", ("%0"):rep(400) .. "1")

--# a pattern with very many sets: OK 0
return db:value("SELECT hex(zeroblob(1900000)) GLOB ?", ("*[0-9]"):rep(160) .. "x")

--# a pattern that is too long: SCRIPT_FAILED
return db:value("SELECT 'a' LIKE ?", ("%a"):rep(100000))

--# looking for a long text in a long one: OK 0
return db:value("SELECT instr(?, ?)", ("a"):rep(2000000), ("a"):rep(1000000) .. "b")

--# replacing in a long text: OK 1000000
return db:value("SELECT length(replace(?, ?, 'x'))", ("ab"):rep(500000), ("ab"):rep(250000) .. "c")

--# trimming by a long set: OK 1
local set = {}
for i = 0x100, 0x8000 do set[#set + 1] = utf8.char(i) end
return db:value("SELECT length(trim(?, ?))", ("\u{8000}"):rep(300000) .. "x", table.concat(set))

--# reading digits among a long set of others: OK 0
return db:value("SELECT length(unhex(?, ?))", ("zz"):rep(500000), ("x"):rep(500000) .. "z")

--# patching a long object with a long one: SCRIPT_FAILED
local members = {}
for i = 1, 50000 do members[i] = '"k' .. i .. '":1' end
return db:value("SELECT length(json_patch(?1, ?1))", "{" .. table.concat(members, ",") .. "}")

--# patching a short object with a short one: OK "{\"a\":2,\"b\":3}"
return db:value("SELECT json_patch('{\"a\":1,\"b\":3}', '{\"a\":2}')")

--# JSON that is nested too deep: SCRIPT_FAILED
return db:value("SELECT json_extract(?, '$')", ("["):rep(1000000) .. ("]"):rep(1000000))

--# JSON with a very long path: SCRIPT_FAILED
return db:value("SELECT json_extract('{}', ?)", "$" .. ("."):rep(1000000))

--# JSON of many values taken apart: OK 500001
return db:value("SELECT count(*) FROM json_each(?)", "[" .. ("0,"):rep(500000) .. "0]")

--# JSON of many values taken apart and multiplied: SCRIPT_TIMEOUT
local text = "[" .. ("0,"):rep(100000) .. "0]"
return db:value("SELECT count(*) FROM json_each(?1) a, json_each(?1) b", text)

--# very many long values without a jump: SCRIPT_TIMEOUT|SCRIPT_MEMORY
local columns = {}
for i = 1, 1900 do columns[i] = "length(hex(zeroblob(1900000)))" end
while true do db:value("SELECT " .. table.concat(columns, "+0,")) end

--# many lengths of one long value without a jump: SCRIPT_TIMEOUT|SCRIPT_MEMORY
local columns = {}
for i = 1, 1900 do columns[i] = "length(x)" end
while true do db:value("SELECT " .. table.concat(columns, ",") .. " FROM (SELECT hex(zeroblob(1500000)) x)") end

--# a window over everything: SCRIPT_TIMEOUT
return db:value("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) " ..
  "SELECT max(length(g)) FROM (SELECT group_concat(i) OVER (ORDER BY i ROWS BETWEEN 100000 PRECEDING AND CURRENT ROW) g FROM n)")

--# a full-text index of one long text: SCRIPT_MEMORY|SCRIPT_TIMEOUT|SCRIPT_FAILED
db:transaction(function()
  db:exec("CREATE VIRTUAL TABLE words USING fts5(a)")
  db:exec("INSERT INTO words VALUES (?)", ("a "):rep(300000))
  db:value("SELECT count(*) FROM words WHERE words MATCH ?", ("a "):rep(2000))
  error("enough")
end)

--# an insert without end: SCRIPT_TIMEOUT|SCRIPT_MEMORY
db:exec("INSERT INTO t (a) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n")

--# an insert without end in a transaction that catches it: SCRIPT_TIMEOUT
db:transaction(function()
  db:exec("INSERT INTO t VALUES (4, 'four')")
  pcall(db.exec, db, "INSERT INTO t (a) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n")
end)

--# a trigger that fires itself: SCRIPT_FAILED|SCRIPT_TIMEOUT
db:transaction(function()
  db:exec("CREATE TRIGGER again AFTER INSERT ON t BEGIN INSERT INTO t SELECT a + 1, b FROM t; END")
  db:exec("INSERT INTO t VALUES (4, 'four')")
  db:exec("INSERT INTO t VALUES (4, 'four')")
  error("enough")
end)

--# views of views that double: SCRIPT_FAILED|SCRIPT_TIMEOUT|SCRIPT_MEMORY
db:transaction(function()
  db:exec("CREATE VIEW v0 AS SELECT 1 AS x UNION ALL SELECT 2")
  for i = 1, 14 do db:exec(("CREATE VIEW v%d AS SELECT a.x FROM v%d a, v%d b"):format(i, i - 1, i - 1)) end
  db:value("SELECT count(*) FROM v14")
  error("enough")
end)

--# attaching a file: OK "unsupported"
return select(2, pcall(db.exec, db, "ATTACH 'other.db' AS other")).code

--# attaching a file by a parameter: OK "unsupported"
return select(2, pcall(db.exec, db, "ATTACH ? AS other", "other.db")).code

--# attaching a file by an expression: OK "unsupported"
return select(2, pcall(db.value, db, "ATTACH 'other' || '.db' AS other")).code

--# attaching a file by an expression in a transaction: OK "unsupported"
return select(2, pcall(db.transaction, db, function() db:prepare("ATTACH lower(?) AS other"):run("other.db") end)).code

--# attaching a database in memory: OK "unsupported"
return select(2, pcall(db.exec, db, "ATTACH ':memory:' AS other")).code

--# detaching: OK [false,false]
return { (pcall(db.exec, db, "DETACH main")), (pcall(db.exec, db, "DETACH ?", "main")) }

--# a vacuum into a file: OK "unsupported"
return select(2, pcall(db.exec, db, "VACUUM INTO 'other.db'")).code

--# a vacuum: OK "unsupported"
return select(2, pcall(db.exec, db, "VACUUM")).code

--# loading an extension: OK "unsupported"
return select(2, pcall(db.value, db, "SELECT load_extension('x')")).code

--# other ways to a file: OK [false,false,false,false]
return { (pcall(db.value, db, "SELECT readfile('x')")), (pcall(db.value, db, "SELECT writefile('x', 'y')")),
  (pcall(db.value, db, "SELECT edit('x')")), (pcall(db.value, db, "SELECT fts3_tokenizer('simple', x'00')")) }

--# pragmas that set: OK ""
local allowed = {}
for _, text in ipairs { "writable_schema=1", "journal_mode=delete", "journal_mode=off", "synchronous=off", "foreign_keys=0", "query_only=0",
  "locking_mode=exclusive", "trusted_schema=1", "temp_store_directory='.'", "data_store_directory='.'", "user_version=9", "application_id=9",
  "schema_version=9", "auto_vacuum=1", "page_size=512", "cache_size=1000000", "mmap_size=1000000000", "wal_checkpoint(truncate)",
  "incremental_vacuum", "shrink_memory", "optimize", "hard_heap_limit=1", "soft_heap_limit=1", "threads=8", "case_sensitive_like=1",
  "ignore_check_constraints=1", "legacy_alter_table=1", "recursive_triggers=1", "reverse_unordered_selects=1", "secure_delete=1",
  "busy_timeout=100000", "wal_autocheckpoint=0", "journal_size_limit=0", "max_page_count=1", "cell_size_check=0", "full_column_names=1",
  "parser_trace=1", "vdbe_trace=1", "key='x'", "rekey='x'", "hexkey='00'", "temp_store=2", "default_cache_size=1", "count_changes=1",
  "empty_result_callbacks=1", "writable_schema=reset", "main.writable_schema=1", "temp.writable_schema=1", "fullfsync=1",
  "checkpoint_fullfsync=1", "automatic_index=0", "defer_foreign_keys=1", "encoding='UTF-16'", "analysis_limit=1", "vdbe_listing=1",
  "no_such_pragma=1", "lock_status", "stats", "cache_spill=0" } do
  for _, sql in ipairs { "PRAGMA " .. text, "/* x */ pragma -- y\n " .. text .. " ;" } do
    if pcall(db.exec, db, sql) or pcall(db.query, db, sql) then allowed[#allowed + 1] = text end
  end
end
return table.concat(allowed, " ")

--# pragmas as tables that set: OK ""
local allowed = {}
for _, text in ipairs { "pragma_journal_mode('delete')", "pragma_writable_schema(1)", "pragma_user_version(9)", "pragma_wal_checkpoint" } do
  if pcall(db.query, db, "SELECT * FROM " .. text) then allowed[#allowed + 1] = text end
end
return table.concat(allowed, " ")

--# transactions as text: OK ""
local allowed = {}
for _, text in ipairs { "BEGIN", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE", "COMMIT", "END", "ROLLBACK", "SAVEPOINT a", "RELEASE a", "ROLLBACK TO a",
  "RELEASE rpmadb_1", "ROLLBACK TO rpmadb_1", "/**/COMMIT", "-- x\nROLLBACK", "EXPLAIN COMMIT" } do
  local function try()
    for _, how in ipairs { "exec", "query", "value" } do
      if pcall(db[how], db, text) and text ~= "EXPLAIN COMMIT" then allowed[#allowed + 1] = text end
    end
  end
  try()
  db:transaction(function() db:transaction(try) end)
end
return table.concat(allowed, " ")

--# a rollback from inside a statement: OK [false,3]
local function try()
  db:exec("DELETE FROM t")
  db:exec("CREATE TABLE u (a PRIMARY KEY)")
  db:exec("INSERT INTO u VALUES (1)")
  pcall(db.exec, db, "INSERT OR ROLLBACK INTO u VALUES (1)")
  db:exec("DELETE FROM t")
end
return { (pcall(db.transaction, db, try)), db:value("SELECT count(*) FROM t") }

--# a rollback from inside a trigger: OK [false,3]
local function try()
  db:exec("CREATE TRIGGER stop BEFORE DELETE ON t BEGIN SELECT RAISE(ROLLBACK, 'mine'); END")
  pcall(db.exec, db, "DELETE FROM t")
  pcall(db.exec, db, "DELETE FROM t")
end
return { (pcall(db.transaction, db, try)), db:value("SELECT count(*) FROM t") }

--# tables of rpmadb's own: OK ""
local allowed = {}
local function try(...)
  for _, sql in ipairs { ... } do
    if pcall(db.exec, db, sql) then allowed[#allowed + 1] = sql end
  end
end
try("DELETE FROM rpmadb_migrations", "DELETE FROM RPMADB_MIGRATIONS", 'DELETE FROM "rpmadb_migrations"', "DELETE FROM main.[rpmadb_migrations]",
  "UPDATE rpmadb_migrations SET version = 99", "INSERT INTO rpmadb_migrations DEFAULT VALUES", "REPLACE INTO rpmadb_state DEFAULT VALUES",
  "INSERT INTO rpmadb_state SELECT * FROM rpmadb_state WHERE true ON CONFLICT DO UPDATE SET rowid = 1",
  "WITH x AS (SELECT 1) DELETE FROM rpmadb_migrations", "WITH x AS (SELECT 1) UPDATE rpmadb_migrations SET version = 99",
  "DROP TABLE rpmadb_migrations", "ALTER TABLE rpmadb_migrations RENAME TO x", "ALTER TABLE rpmadb_migrations ADD COLUMN x",
  "ALTER TABLE rpmadb_migrations DROP COLUMN version", "CREATE TABLE rpmadb_x AS SELECT 1", "CREATE TABLE rpmadb_x (a)",
  "CREATE VIEW rpmadb_x AS SELECT 1", "CREATE INDEX x ON rpmadb_migrations (version)", "CREATE TABLE IF NOT EXISTS rpmadb_x (a)",
  "CREATE TRIGGER x AFTER INSERT ON rpmadb_migrations BEGIN SELECT 1; END", "CREATE VIRTUAL TABLE rpmadb_x USING fts5(a)",
  "CREATE TEMP TABLE rpmadb_migrations (version)", "CREATE TEMP VIEW rpmadb_migrations AS SELECT 1", "UPDATE sqlite_schema SET sql = ''",
  "DELETE FROM sqlite_schema", "INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 0, 'x')", "DROP TABLE sqlite_schema",
  "CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM rpmadb_migrations; END")
return table.concat(allowed, " ")

--# tables of rpmadb's own by a trigger: OK false
return (pcall(db.transaction, db, function()
  db:exec("CREATE TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM rpmadb_migrations; END")
  db:exec("INSERT INTO t VALUES (4, 'four')")
end))

--# tables of rpmadb's own by a trigger of a view: OK false
return (pcall(db.transaction, db, function()
  db:exec("CREATE VIEW v AS SELECT * FROM rpmadb_migrations")
  db:exec("CREATE TRIGGER x INSTEAD OF DELETE ON v BEGIN DELETE FROM rpmadb_migrations; END")
  db:exec("DELETE FROM v")
end))

--# tables of rpmadb's own by the new name of a table: OK false
return (pcall(db.transaction, db, function()
  db:exec("CREATE TABLE x (a)")
  db:exec("ALTER TABLE x RENAME TO rpmadb_x")
end))

--# tables of rpmadb's own by a foreign key: OK false
return (pcall(db.transaction, db, function()
  db:exec("CREATE TABLE x (a REFERENCES rpmadb_migrations (version) ON DELETE CASCADE)")
  db:exec("DELETE FROM rpmadb_migrations")
end))

--# the shadow tables of a full-text index: OK false
return (pcall(db.transaction, db, function()
  db:exec("CREATE VIRTUAL TABLE words USING fts5(a)")
  db:exec("INSERT INTO words_data VALUES (1, x'00')")
end))

--# pages of the file as a table: OK [false,false]
return { (pcall(db.exec, db, "UPDATE sqlite_dbpage SET data = x'00' WHERE pgno = 1")),
  (pcall(db.exec, db, "INSERT INTO sqlite_dbpage VALUES (1, x'00')")) }

--# several statements in one: OK [false,false,false,false]
return { (pcall(db.exec, db, "SELECT 1; DELETE FROM t")), (pcall(db.query, db, "SELECT 1; SELECT 2")),
  (pcall(db.exec, db, "DELETE FROM t WHERE 0;; DELETE FROM t")), (pcall(db.prepare, db, "SELECT 1;/**/SELECT 2")) }

--# statements that are none: OK [false,false,false,false,false]
return { (pcall(db.exec, db, "")), (pcall(db.query, db, "-- nothing")), (pcall(db.value, db, "/* open")), (pcall(db.row, db, ";")),
  (pcall(db.exec, db, "SELECT '\0'")) }

--# transactions in the text of a script: OK [false,3]
return { (pcall(db.script, db, "DELETE FROM t; COMMIT; BEGIN; DELETE FROM t;")), db:value("SELECT count(*) FROM t") }

--# the text of a script that fails at its end: OK [false,3]
return { (pcall(db.script, db, "DELETE FROM t; DELETE FROM t; no statement;")), db:value("SELECT count(*) FROM t") }

--# temporary tables, views and triggers: OK ""
local allowed = {}
for _, sql in ipairs { "CREATE TEMP TABLE x (a)", "CREATE TABLE temp.x (a)", "CREATE TABLE \"TEMP\".x AS SELECT 1", "CREATE TEMP VIEW t AS SELECT 1",
  "CREATE VIEW temp.t AS SELECT 1", "CREATE VIEW [temp].t AS SELECT 1", "CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END",
  "CREATE TRIGGER temp.x AFTER INSERT ON t BEGIN SELECT 1; END", "/**/CREATE TRIGGER IF NOT EXISTS 'temp' . x AFTER INSERT ON main.t BEGIN SELECT 1; END",
  "CREATE INDEX temp.x ON t (a)", "CREATE VIRTUAL TABLE temp.x USING fts5(a)" } do
  if pcall(db.exec, db, sql) then allowed[#allowed + 1] = sql end
  if pcall(db.transaction, db, function() db:prepare(sql):run() end) then allowed[#allowed + 1] = sql end
end
return table.concat(allowed, " ") .. table.concat(db:query("SELECT name FROM temp.sqlite_schema"))

--# backups out of their folder: OK [false,false,false]
return { (pcall(db.backup, db, "../x.db")), (pcall(db.backup, db, "x.db")), (pcall(db.verify, db, "/etc/passwd")) }

--# the schema of another file: OK false
return (pcall(db.schema, db, { compare = "/etc/passwd" }))
