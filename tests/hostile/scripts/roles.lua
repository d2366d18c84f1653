--# a supervisor writes by every statement: OK "" as supervisor
local allowed = {}
for _, sql in ipairs { "DELETE FROM t", "UPDATE t SET a = 1", "INSERT INTO t VALUES (4, 'four')", "REPLACE INTO t VALUES (4, 'four')", "DROP TABLE t",
  "ALTER TABLE t ADD COLUMN c", "CREATE TABLE u (a)", "CREATE TEMP TABLE u (a)", "CREATE VIEW v AS SELECT 1", "CREATE TEMP VIEW v AS SELECT 1",
  "CREATE INDEX i ON t (a)", "CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END", "REINDEX", "ANALYZE", "VACUUM", "VACUUM INTO 'x.db'",
  "WITH x AS (SELECT 1) DELETE FROM t", "WITH x AS (SELECT 1) INSERT INTO t SELECT 1, 2", "DELETE FROM t RETURNING a", "UPDATE t SET a = 1 RETURNING a",
  "INSERT INTO t VALUES (4, 4) ON CONFLICT DO NOTHING RETURNING a", "CREATE VIRTUAL TABLE w USING fts5(a)", "ATTACH ':memory:' AS m", "BEGIN IMMEDIATE",
  "PRAGMA user_version = 1", "PRAGMA writable_schema = 1", "PRAGMA wal_checkpoint", "PRAGMA incremental_vacuum", "PRAGMA optimize",
  "/* SELECT */ DELETE FROM t", "\n\t-- x\nDELETE FROM t", "CREATE TABLE u AS SELECT * FROM t", "DELETE FROM sqlite_sequence",
  "EXPLAIN ANALYZE DELETE FROM t" } do
  for _, how in ipairs { "exec", "query", "row", "value", "nrows", "urows", "columns", "script" } do
    if pcall(db[how], db, sql) then allowed[#allowed + 1] = how .. ": " .. sql end
  end
  if pcall(function() db:prepare(sql):run() end) then allowed[#allowed + 1] = "prepare: " .. sql end
  if pcall(function() db:prepare(sql):query() end) then allowed[#allowed + 1] = "prepared query: " .. sql end
end
return table.concat(allowed, "; ")

--# a supervisor opens a transaction: OK [false,"denied"] as supervisor
local ok, failure = pcall(db.transaction, db, function() return 1 end)
return { ok, failure.code }

--# a supervisor calls verbs that change something: OK "" as supervisor
local allowed = {}
for _, verb in ipairs { "adopt", "backup", "baseline", "checkpoint", "migrate", "pin", "prune", "repair", "restore", "rollback", "test", "undo_restore",
  "verify", "vacuum", "optimize" } do
  for _, argument in ipairs { "x.db", 1, {} } do
    if pcall(db[verb], db, argument) then allowed[#allowed + 1] = verb end
  end
  if pcall(db[verb], db) then allowed[#allowed + 1] = verb end
end
return table.concat(allowed, " ")

--# a supervisor makes itself an admin: OK [false,"supervisor"] as supervisor
local role = job.role
job.role = "admin"
return { (pcall(db.exec, db, "DELETE FROM t")), role }

--# a supervisor reads: OK 3 as supervisor
return db:value("SELECT count(*) FROM t")

--# a supervisor never ends: SCRIPT_TIMEOUT as supervisor
while true do pcall(db.exec, db, "DELETE FROM t") end

--# a supervisor wants too much memory: SCRIPT_MEMORY as supervisor
return #db:query("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, 'some text' FROM n")
