--! role: admin, timeout: 5m, memory: 32MB
--! purpose: Makes one client of two: everything that refers to the one is moved to the other, then the one is removed.
--! arg: keep_id string! -- the client who stays
--! arg: remove_id string! -- the client who goes
--! arg: fill boolean = true -- take over what the kept client lacks: an e-mail address, a phone number, ...
--! arg: dry_run boolean = true -- only tell what would be done
--! changes: Every row that refers to the removed client, accepted quotes too; the kept client's empty columns; deletes one client.

local args = job.args
if args.keep_id == args.remove_id then error("arguments 'keep_id' and 'remove_id' name the same client", 0) end

local result = { dry_run = args.dry_run, moved = json.array({}), filled = json.array({}), dropped = {} }

local function quoted(name)
  return '"' .. name:gsub('"', '""') .. '"'
end

local function client(id)
  return db:row("SELECT * FROM clients WHERE id = ?", id) or error(("there is no client '%s'"):format(id), 0)
end

-- Runs `work` without the triggers of a table that refuse changes, and puts them back.
local function unguarded(name, work)
  local guards = db:query(
    "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? AND sql LIKE '%RAISE(%'", name
  )
  for _, guard in ipairs(guards) do db:exec("DROP TRIGGER " .. quoted(guard.name)) end
  local outcome = work()
  for _, guard in ipairs(guards) do db:exec(guard.sql) end
  return outcome
end

-- Where there may be one row for each client, as in the search index, the kept client's stays and the other goes.
local function move(reference)
  local name, column = quoted(reference.child), quoted(reference.from_column)
  local moved = unguarded(reference.child, function()
    local sql = ("UPDATE OR IGNORE %s SET %s = ? WHERE %s = ?"):format(name, column, column)
    return (db:exec(sql, args.keep_id, args.remove_id))
  end)
  local left = db:value(("SELECT count(*) FROM %s WHERE %s = ?"):format(name, column), args.remove_id)
  if left > 0 and reference.on_delete ~= "CASCADE" then
    error(("%d row(s) of %s cannot be moved: the kept client has such rows already"):format(left, reference.child), 0)
  end
  result.moved[#result.moved + 1] =
    { table = reference.child, column = reference.from_column, rows = moved, removed = left }
end

-- What both have and differs is told as dropped, since it goes with the removed client.
local function fill(kept, removed)
  local sets, values = {}, {}
  for column in db:urows([[
    SELECT name FROM pragma_table_info('clients')
    WHERE pk = 0 AND name NOT IN ('created_at', 'created_by', 'updated_at', 'deleted_at')
  ]]) do
    local value = removed[column]
    if value ~= nil and kept[column] == nil and args.fill then
      sets[#sets + 1], values[#values + 1] = quoted(column) .. " = ?", value
      result.filled[#result.filled + 1] = column
    elseif value ~= nil and value ~= kept[column] then
      result.dropped[column] = value
    end
  end
  if #sets > 0 then
    sets[#sets + 1], values[#values + 1] = "updated_at = max(updated_at, ?)", os.time() * 1000
    values[#values + 1] = args.keep_id
    db:exec(("UPDATE clients SET %s WHERE id = ?"):format(table.concat(sets, ", ")), values)
  end
end

local finished = false
local ok, problem = pcall(db.transaction, db, function()
  local kept, removed = client(args.keep_id), client(args.remove_id)
  if kept.deleted_at then error(("client '%s', who is to stay, is deleted"):format(args.keep_id), 0) end
  for _, reference in ipairs(db:query([[
    SELECT m.name AS child, f."from" AS from_column, f.on_delete
    FROM sqlite_schema AS m JOIN pragma_foreign_key_list(m.name) AS f
    WHERE m.type = 'table' AND f."table" = 'clients' COLLATE NOCASE
    ORDER BY m.name, f."from"
  ]])) do
    move(reference)
  end
  fill(kept, removed)
  db:exec("DELETE FROM clients WHERE id = ?", args.remove_id)
  finished = true
  if args.dry_run then error("a dry run is rolled back", 0) end
end)
if not ok and not (finished and args.dry_run) then error(problem, 0) end
return result
