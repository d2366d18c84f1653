--! role: supervisor, timeout: 10m, memory: 64MB
--! purpose: Tells which indexes are missing for foreign keys, which are superfluous, and what the statements seen so far say.
--! arg: usage boolean = true -- also tell unused indexes and statements that read whole tables, as far as this handle saw any
--! changes: nothing

local args = job.args

local function quoted(name)
  return '"' .. name:gsub('"', '""') .. '"'
end

local found = db:diagnostics().indexes
if not found then error("the indexes could not be examined; see integrity_sweep", 0) end

local advice = json.array({})
local function add(kind, on, reason, sql)
  advice[#advice + 1] = { kind = kind, table = on, reason = reason, sql = sql }
end
for _, index in ipairs(found.missing) do
  add("missing", index.table, ("%s (%s)"):format(index.reason, table.concat(index.columns, ", ")), index.suggestion)
end
for _, index in ipairs(found.redundant) do
  local reason = ("%s is covered by %s"):format(index.index, index.covered_by)
  add("redundant", index.table, reason, "DROP INDEX " .. quoted(index.index))
end
if args.usage then
  for _, index in ipairs(found.unused or {}) do
    local reason = ("no statement seen so far used %s"):format(index.index)
    add("unused", index.table, reason, "DROP INDEX " .. quoted(index.index))
  end
  for _, scan in ipairs(found.full_scans or {}) do
    add("full_scan", scan.table, "the statement reads the whole table", scan.sql)
  end
end
return { advice = advice, statements_seen = found.statements_seen or 0 }
