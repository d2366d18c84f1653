--! role: supervisor, timeout: 5m, memory: 64MB
--! purpose: Finds clients who are in the register more than once: with the same e-mail address, phone number or name.
--! arg: by string = all -- compare by email, phone, name, or all of them
--! arg: most integer = 100 -- tell at most so many groups of each kind, and clients of each group
--! arg: deleted boolean = false -- look at deleted clients, too
--! changes: nothing

local args = job.args
if args.most < 1 then error(("argument 'most' is %d and must be at least 1"):format(args.most), 0) end

-- What has to be the same. Case is ignored for A to Z only, which is all that SQLite's lower() knows.
local function without(expression, characters)
  for character in characters:gmatch(".") do
    expression = ("replace(%s, '%s', '')"):format(expression, character)
  end
  return expression
end
local kinds = {
  { by = "email", key = "lower(trim(email))" },
  { by = "phone", key = "coalesce(phone_e164, " .. without("phone", " .-/()") .. ")" },
  { by = "name", key = "lower(" .. without("name", " .-") .. ")" },
}
local wanted = {}
for _, kind in ipairs(kinds) do
  if args.by == "all" or args.by == kind.by then wanted[#wanted + 1] = kind end
end
if #wanted == 0 then error(("argument 'by' is '%s' and must be email, phone, name or all"):format(args.by), 0) end

-- All members of all groups, one group after the other, the largest first.
local MEMBERS = [[
  WITH
    keyed AS (
      SELECT id, name, email, phone, created_at, nullif(%s, '') AS key
      FROM clients
      WHERE deleted_at IS NULL OR ?1
    ),
    grouped AS (
      SELECT key, row_number() OVER (ORDER BY count(*) DESC, key) AS number, count(*) OVER () AS groups
      FROM keyed
      WHERE key IS NOT NULL
      GROUP BY key
      HAVING count(*) > 1
    )
  SELECT
    g.number, g.groups, k.key, k.id, k.name, k.email, k.phone, k.created_at,
    (SELECT count(*) FROM tasks AS t WHERE t.client_id = k.id) AS tasks
  FROM grouped AS g JOIN keyed AS k ON k.key = g.key
  WHERE g.number <= ?2
  ORDER BY g.number, k.created_at, k.id
]]

local groups, counts = json.array({}), {}
for number, kind in ipairs(wanted) do
  job.progress(number - 1, #wanted, kind.by)
  counts[kind.by] = 0
  local group
  for row in db:nrows(MEMBERS:format(kind.key), args.deleted, args.most) do
    counts[kind.by] = row.groups
    if not group or group.key ~= row.key then
      group = { by = kind.by, key = row.key, count = 0, clients = {} }
      groups[#groups + 1] = group
    end
    group.count = group.count + 1
    row.number, row.groups, row.key = nil, nil, nil
    if group.count <= args.most then group.clients[group.count] = row end
  end
end
return { groups = groups, group_counts = counts }
