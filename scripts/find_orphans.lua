--! role: supervisor, timeout: 10m, memory: 32MB
--! purpose: Finds rows that refer to something that is not there, by foreign keys and by references the schema does not enforce.
--! arg: samples integer = 5 -- so many ids for each finding
--! changes: nothing

local args = job.args
if args.samples < 0 then error(("argument 'samples' is %d and must be at least 0"):format(args.samples), 0) end

-- References that are no foreign keys: each statement gives the ids of rows that are wrong.
local SOFT = {
  {
    rule = "client_without_search_document", table = "clients",
    sql = "SELECT id FROM clients WHERE id NOT IN (SELECT client_id FROM client_search_documents)",
  },
  {
    rule = "photo_in_a_step_of_another_intervention", table = "photos",
    sql = [[SELECT p.id FROM photos AS p JOIN intervention_steps AS s ON s.id = p.step_id
      WHERE s.intervention_id <> p.intervention_id]],
  },
  {
    rule = "consumption_in_a_step_of_another_intervention", table = "material_consumption",
    sql = [[SELECT m.id FROM material_consumption AS m JOIN intervention_steps AS s ON s.id = m.step_id
      WHERE s.intervention_id <> m.intervention_id]],
  },
  {
    rule = "quote_for_a_task_of_another_client", table = "quotes",
    sql = "SELECT q.id FROM quotes AS q JOIN tasks AS t ON t.id = q.task_id WHERE t.client_id <> q.client_id",
  },
  {
    rule = "setting_without_audit_trail", table = "application_settings",
    sql = "SELECT key AS id FROM application_settings WHERE key NOT IN (SELECT setting_key FROM settings_audit_log)",
  },
}

local function quoted(name)
  return '"' .. name:gsub('"', '""') .. '"'
end

local function values(sql, ...)
  local list = json.array({})
  for value in db:urows(sql, ...) do list[#list + 1] = value end
  return list
end

-- The ids of some rows of `child` whose foreign key number `fkid` points nowhere.
local function sample(child, fkid)
  local key = db:value("SELECT name FROM pragma_table_info(?) WHERE pk = 1", child)
  return values(
    ([[SELECT %s FROM %s WHERE rowid IN (
      SELECT rowid FROM pragma_foreign_key_check(?) WHERE fkid = ? LIMIT ?) ORDER BY 1]])
      :format(key and quoted(key) or "rowid", quoted(child)),
    child, fkid, args.samples
  )
end

local foreign_keys, soft, orphans = json.array({}), json.array({}), 0
for _, group in ipairs(db:query([[
  SELECT "table" AS child, parent, fkid, count(*) AS count, max(rowid) AS rowid
  FROM pragma_foreign_key_check
  GROUP BY "table", parent, fkid
  ORDER BY "table", parent, fkid
]])) do
  local child, fkid = group.child, group.fkid
  orphans = orphans + group.count
  foreign_keys[#foreign_keys + 1] = {
    table = child,
    columns = values('SELECT "from" FROM pragma_foreign_key_list(?) WHERE id = ? ORDER BY seq', child, fkid),
    parent = group.parent,
    count = group.count,
    -- A table without row ids has none to tell.
    sample_ids = group.rowid and sample(child, fkid) or json.array({}),
  }
end

for number, reference in ipairs(SOFT) do
  job.progress(number - 1, #SOFT, reference.rule)
  local count = db:value(("SELECT count(*) FROM (%s)"):format(reference.sql))
  orphans = orphans + count
  if count > 0 then
    soft[#soft + 1] = {
      rule = reference.rule,
      table = reference.table,
      count = count,
      sample_ids = values(("SELECT id FROM (%s) ORDER BY id LIMIT ?"):format(reference.sql), args.samples),
    }
  end
end
return { orphans = orphans, foreign_keys = foreign_keys, soft_references = soft }
