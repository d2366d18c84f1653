--! role: supervisor, timeout: 10m, memory: 64MB
--! purpose: Tells how many rows and bytes each table has, largest first, and how it grew since this was asked the last time.
--! arg: top integer = 20 -- so many tables
--! arg: estimate boolean = false -- estimate the rows, which is faster on a large database
--! changes: nothing

local args = job.args
if args.top < 1 then error(("argument 'top' is %d and must be at least 1"):format(args.top), 0) end

local stats = db:stats({ estimate = args.estimate, sizes = true })
local growth = stats.growth

local tables, by_name = {}, {}
for name, rows in pairs(stats.tables) do
  local grown = growth and growth.tables[name] or 0
  by_name[name] = { table = name, rows = rows, size_bytes = 0, index_bytes = 0, grown_rows = grown }
  tables[#tables + 1] = by_name[name]
end
for _, object in ipairs(stats.objects or {}) do
  local entry = by_name[object.table]
  local key = object.kind == "index" and "index_bytes" or "size_bytes"
  if entry then entry[key] = entry[key] + object.size_bytes end
end
table.sort(tables, function(a, b)
  local size_a, size_b = a.size_bytes + a.index_bytes, b.size_bytes + b.index_bytes
  if size_a ~= size_b then return size_a > size_b end
  return a.table < b.table
end)

local top = json.array({})
for number = 1, math.min(args.top, #tables) do top[number] = tables[number] end
return {
  tables = top,
  table_count = #tables,
  size_bytes = stats.size_bytes,
  free_bytes = stats.freelist_bytes,
  -- Whether stats were asked for before on this open database; if not, all growth is 0.
  compared = growth ~= nil,
  elapsed_ms = growth and growth.elapsed_ms or 0,
  grown_bytes = growth and growth.size_bytes or 0,
}
