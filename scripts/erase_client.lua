--! role: admin, timeout: 10m, memory: 64MB
--! purpose: Erases the personal data of one client (GDPR, article 17); tasks, quotes and sums stay, without the person.
--! arg: client_id string! -- the client
--! arg: dry_run boolean = true -- only tell what would be changed
--! arg: vacuum boolean = false -- then rewrite the file: what was erased stays in its free space until that is used again
--! changes: The client, all that refers to him, and mentions of his name, e-mail address and phone number anywhere; not other clients, accounts and suppliers.

local args = job.args

local ERASED, ERASED_NAME = "***", "erased client"
-- A shorter name would be found in texts that mean something else.
local SHORTEST = 4

-- What is emptied in the rows of the client, whatever it says.
local PERSONAL = {
  clients = { "company_name", "email", "phone", "phone_e164", "address_line", "postal_code", "city", "notes" },
  tasks = { "license_plate", "vin", "notes" },
  interventions = { "notes" },
  intervention_steps = { "notes" },
  photos = { "caption" },
  quotes = { "notes" },
}
-- Tables about other people: a namesake among them keeps his name.
local OTHER_PEOPLE = { users = true, suppliers = true }

local result = {
  dry_run = args.dry_run, vacuumed = false, tables = json.array({}), not_searched = json.array({}),
  search_indexes = json.array({}), traces = json.array({}), traces_left = 0,
}

local function quoted(name)
  return '"' .. name:gsub('"', '""') .. '"'
end

-- Runs `work` without the triggers of a table that refuse changes, and puts them back.
local function unguarded(name, work)
  local guards = db:query(
    "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? AND sql LIKE '%RAISE(%'", name
  )
  for _, guard in ipairs(guards) do db:exec("DROP TRIGGER " .. quoted(guard.name)) end
  work()
  for _, guard in ipairs(guards) do db:exec(guard.sql) end
end

-- For each table that refers to clients, directly or through others: the condition of rows that belong to clients for
-- whom `whose` holds. A table that refers to several belongs to whom the nearest of them says.
local function belonging(whose)
  local rows_of, level, order = { clients = whose }, { clients = 0 }, { "clients" }
  for _, parent in ipairs(order) do
    for _, key in ipairs(db:query([[
      SELECT m.name AS child, f."from" AS from_column, coalesce(f."to", 'id') AS to_column
      FROM sqlite_schema AS m JOIN pragma_foreign_key_list(m.name) AS f
      WHERE m.type = 'table' AND f."table" = ? COLLATE NOCASE
      ORDER BY m.name, f.id
    ]], parent)) do
      local child = key.child
      if not level[child] then
        level[child], order[#order + 1] = level[parent] + 1, child
      end
      if level[child] == level[parent] + 1 then
        local condition = ("%s IN (SELECT %s FROM %s WHERE %s)"):format(
          quoted(key.from_column), quoted(key.to_column), quoted(parent), rows_of[parent]
        )
        rows_of[child] = rows_of[child] and rows_of[child] .. " OR " .. condition or condition
      end
    end
  end
  return rows_of
end

-- The ways to write a text when case is ignored for A to Z, which is what SQLite's lower() does: É, é, or E.
local PLAIN = "aaaaaa?ceeeeiiii?nooooo?ouuuuy?y"
local function spellings(text)
  text = text:lower()
  local small = text:gsub("\xC3[\x80-\x9E]", function(letter) return "\xC3" .. string.char(letter:byte(2) + 32) end)
  local large = small:gsub("\xC3[\xA0-\xBE]", function(letter) return "\xC3" .. string.char(letter:byte(2) - 32) end)
  local plain = small:gsub("\xC3[\xA0-\xBF]", function(letter)
    local at = letter:byte(2) - 0x9F
    return PLAIN:sub(at, at) ~= "?" and PLAIN:sub(at, at)
  end)
  return { text, small, large, plain }
end

-- What is looked for. It must be whole words, which patterns tell, but slowly: they are tried where the text is at all.
local texts, seen, parameters = {}, {}, { args.client_id }
local function look_for(what, text)
  if not text or text == "" then return end
  if #text < SHORTEST then
    result.not_searched[#result.not_searched + 1] = what
    return
  end
  for _, spelling in ipairs(spellings(text)) do
    if not seen[spelling] then
      seen[spelling], texts[#texts + 1] = true, spelling
      parameters[#parameters + 1] = spelling
      parameters[#parameters + 1] = "*[^a-z0-9]" .. spelling:gsub("[%*%?%[]", "[%0]") .. "[^a-z0-9]*"
    end
  end
end

-- In all statements from here on ?1 is the client, ?2 and ?3 a text and its pattern, and so on.
local own, others
local function of_others(name)
  if OTHER_PEOPLE[name] then return "1" end
  return others[name] and ("((%s) IS TRUE)"):format(others[name]) or "0"
end

local function mentions(column)
  local any = {}
  for number = 2, #parameters, 2 do
    any[#any + 1] = ("instr(lower(%s), ?%d) AND ' ' || lower(%s) || ' ' GLOB ?%d")
      :format(column, number, column, number + 1)
  end
  return ("(typeof(%s) = 'text' AND (%s))"):format(column, table.concat(any, " OR "))
end

-- The columns of a table that have mentions: in how many rows, and in how many rows of others.
local function count_mentions(name)
  local columns = db:query("SELECT name, hidden FROM pragma_table_xinfo(?) WHERE hidden <> 1", name)
  local counts, whole, any, list = {}, {}, {}, {}
  for number, column in ipairs(columns) do
    whole[number] = quoted(column.name)
    local found, foreign = mentions(quoted(column.name)), of_others(name)
    counts[number] =
      ("count(*) FILTER (WHERE %s AND NOT %s) AS rows_%d, count(*) FILTER (WHERE %s AND %s) AS foreign_%d")
        :format(found, foreign, number, found, foreign, number)
  end
  -- Each row is first looked at as one text, since most have no mention at all.
  for number = 2, #parameters, 2 do
    any[#any + 1] = ("instr(lower(concat_ws(char(10), %s)), ?%d)"):format(table.concat(whole, ", "), number)
  end
  local sql = ("SELECT %s FROM %s WHERE %s"):format(table.concat(counts, ", "), quoted(name), table.concat(any, " OR "))
  local row = db:row(sql, parameters)
  for number, column in ipairs(columns) do
    local rows, foreign = row["rows_" .. number], row["foreign_" .. number]
    if rows + foreign > 0 then
      list[#list + 1] = { name = column.name, generated = column.hidden > 0, rows = rows, foreign = foreign }
    end
  end
  return list
end

local function without_mentions(text)
  for _, wanted in ipairs(texts) do
    local from = 1
    while true do
      local first, last = text:lower():find(wanted, from, true)
      if not first then break end
      local before, after = text:sub(1, first - 1), text:sub(last + 1)
      if before:find("%w$") or after:find("^%w") then
        from = first + 1
      else
        text, from = before .. ERASED .. after, first + #ERASED
      end
    end
  end
  return text
end

local function redact(name, column)
  local rows_with = ("FROM %s WHERE %s AND NOT %s"):format(quoted(name), mentions(quoted(column)), of_others(name))
  local update = ("UPDATE %s SET %s = ?%d WHERE %s = ?%d AND NOT %s"):format(
    quoted(name), quoted(column), #parameters + 1, quoted(column), #parameters + 2, of_others(name)
  )
  local changed = 0
  while true do
    local batch = db:query(("SELECT DISTINCT %s AS text %s LIMIT 200"):format(quoted(column), rows_with), parameters)
    if #batch == 0 then return changed end
    for _, row in ipairs(batch) do
      local text = without_mentions(row.text)
      if text == row.text then error(("a mention in %s.%s cannot be erased"):format(name, column), 0) end
      local values = table.move(parameters, 1, #parameters, 1, {})
      values[#values + 1], values[#values + 2] = text, row.text
      changed = changed + db:exec(update, values)
    end
  end
end

local function empty(name)
  local sets, any = {}, {}
  for number, column in ipairs(PERSONAL[name]) do
    sets[number], any[number] = quoted(column) .. " = NULL", quoted(column) .. " IS NOT NULL"
  end
  local sql = ("UPDATE %s SET %s WHERE (%s) AND (%s)")
    :format(quoted(name), table.concat(sets, ", "), own[name], table.concat(any, " OR "))
  return (db:exec(sql, args.client_id))
end

local function erase()
  local client = db:row("SELECT * FROM clients WHERE id = ?", args.client_id)
  if not client then error(("there is no client '%s'"):format(args.client_id), 0) end
  if client.name == ERASED_NAME then error(("client '%s' was erased already"):format(args.client_id), 0) end
  look_for("name", client.name:match("^%s*(.-)%s*$"))
  look_for("email", client.email)
  look_for("phone", client.phone)
  look_for("phone as digits", client.phone and client.phone:gsub("%D", ""))
  look_for("phone_e164", client.phone_e164)
  own, others = belonging("id = ?1"), belonging("id <> ?1")
  local tables = db:query([[
    SELECT name FROM pragma_table_list
    WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
    ORDER BY name = 'clients' DESC, name
  ]])

  result.photo_files = db:value("SELECT count(*) FROM photos WHERE " .. own.photos, args.client_id)
  db:exec([[
    UPDATE clients
    SET name = ?2, deleted_at = coalesce(deleted_at, ?3), updated_at = max(updated_at, ?3)
    WHERE id = ?1
  ]], args.client_id, ERASED_NAME, os.time() * 1000)
  for number, row in ipairs(tables) do
    local name = row.name
    job.progress(number - 1, #tables, name)
    local entry = { table = name, emptied = 0, redacted = 0 }
    unguarded(name, function()
      if PERSONAL[name] then entry.emptied = empty(name) end
      if name == "clients" then entry.emptied = 1 end
      if #texts == 0 or name:find("^rpmadb_") then return end
      for _, column in ipairs(count_mentions(name)) do
        if column.rows > 0 and not column.generated then
          entry.redacted = entry.redacted + redact(name, column.name)
        end
      end
    end)
    if entry.emptied + entry.redacted > 0 then result.tables[#result.tables + 1] = entry end
  end

  -- A full-text index keeps removed words until its parts are merged; the check compares it with the table it is of.
  for _, row in ipairs(db:query([[
    SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE % USING fts5%' ORDER BY name
  ]])) do
    local name = quoted(row.name)
    db:exec(("INSERT INTO %s (%s) VALUES ('optimize')"):format(name, name))
    db:exec(("INSERT INTO %s (%s, rank) VALUES ('integrity-check', 1)"):format(name, name))
    result.search_indexes[#result.search_indexes + 1] = row.name
  end

  -- The proof: every text column of every table once more.
  for _, row in ipairs(#texts > 0 and tables or {}) do
    for _, column in ipairs(count_mentions(row.name)) do
      result.traces_left = result.traces_left + column.rows
      result.traces[#result.traces + 1] =
        { table = row.name, column = column.name, rows = column.rows, rows_of_others = column.foreign }
    end
  end
end

local finished = false
local ok, problem = pcall(db.transaction, db, function()
  erase()
  finished = true
  if args.dry_run then error("a dry run is rolled back", 0) end
end)
if not ok and not (finished and args.dry_run) then error(problem, 0) end

if args.vacuum and not args.dry_run then
  db:vacuum()
  db:checkpoint("truncate")
  result.vacuumed = true
end
if result.photo_files > 0 then
  log.warn("%d photo file(s) of the client are not in the database and stay", result.photo_files)
end
if result.traces_left > 0 then log.error("%d trace(s) of the client are left", result.traces_left) end
log.warn("backups made before this still hold the client")
return result
