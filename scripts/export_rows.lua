--! role: supervisor, timeout: 5m, memory: 256MB
--! purpose: Gives a table, or what a SELECT gives, as CSV (RFC 4180).
--! arg: table string -- the table or view; either this or sql
--! arg: sql string -- a SELECT
--! arg: columns string -- only these, in this order, with commas between them
--! arg: limit integer = 1000 -- at most so many rows
--! arg: null string = "" -- how NULL is written; a text that reads the same is put in quotes, so that the two differ
--! arg: header boolean = true -- begin with the names of the columns
--! changes: nothing

local args = job.args
if (args.table == nil) == (args.sql == nil) then error("either argument 'table' or argument 'sql' is needed", 0) end
if args.limit < 0 then error(("argument 'limit' is %d and must be at least 0"):format(args.limit), 0) end
if args.null:find('[",\r\n]') then error("argument 'null' must hold no quote, comma or end of line", 0) end

local function quoted(name)
  return '"' .. name:gsub('"', '""') .. '"'
end

-- In parentheses nothing can write, whatever it is. The line of its own is for a comment at its end.
local source = args.sql and ("(\n%s\n)"):format(args.sql) or quoted(args.table)
if args.table and not db:value("SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = ?", args.table) then
  error(("there is no table '%s'"):format(args.table), 0)
end

local names, known_names = {}, {}
for number, column in ipairs(db:columns("SELECT * FROM " .. source)) do
  names[number], known_names[column.name] = column.name, true
end
if args.columns then
  local all = table.concat(names, ", ")
  names = {}
  for name in args.columns:gmatch("[^,]+") do
    name = name:match("^%s*(.-)%s*$")
    if not known_names[name] then error(("there is no column '%s'; there are %s"):format(name, all), 0) end
    names[#names + 1] = name
  end
end

local function field(value)
  if value == nil then return args.null end
  local text = tostring(value)
  if text == args.null or text:find('[",\r\n]') then return '"' .. text:gsub('"', '""') .. '"' end
  return text
end

local selected, heads, lines = {}, {}, {}
for number, name in ipairs(names) do
  local column = quoted(name)
  selected[number] = ("iif(typeof(%s) = 'blob', 'x''' || hex(%s) || '''', %s) AS c%d")
    :format(column, column, column, number)
  heads[number] = field(name)
end
if args.header then lines[1] = table.concat(heads, ",") .. "\r\n" end

local rows, truncated = 0, false
local sql = ("SELECT %s FROM %s LIMIT %d"):format(table.concat(selected, ", "), source, args.limit + 1)
for row in db:nrows(sql) do
  if rows == args.limit then
    truncated = true
    break
  end
  rows = rows + 1
  local fields = {}
  for number = 1, #names do fields[number] = field(row["c" .. number]) end
  lines[#lines + 1] = table.concat(fields, ",") .. "\r\n"
end
return { columns = names, rows = rows, truncated = truncated, csv = table.concat(lines) }
