--! role: supervisor, timeout: 30m, memory: 64MB
--! purpose: Looks for damage: every page, every index entry, every constraint, every foreign key.
--! arg: most integer = 100 -- tell at most so many findings of each kind
--! changes: nothing

-- The defaults; they also say which arguments there are, and of which types.
local args = { most = 100 }
local known = {}
for name in pairs(args) do known[#known + 1] = name end
table.sort(known)
for name, value in pairs(job.args) do
  local wanted, given = math.type(args[name]) or type(args[name]), math.type(value) or type(value)
  if wanted == "nil" then
    error(("unknown argument '%s'; known are %s"):format(name, table.concat(known, ", ")), 0)
  elseif wanted == "string" and given == "integer" then
    value = tostring(value)
  elseif given ~= wanted then
    error(("argument '%s' is of type %s and must be of type %s"):format(name, given, wanted), 0)
  end
  args[name] = value
end
if args.most < 1 then error(("argument 'most' is %d and must be at least 1"):format(args.most), 0) end

job.progress(0, 2, "integrity")
local check = db:integrity_check()
local findings = json.array({})
for _, finding in ipairs(check.findings or {}) do
  if #findings < args.most then findings[#findings + 1] = finding end
end

job.progress(1, 2, "foreign keys")
local foreign_keys, rows = json.array({}), 0
for child, parent, count in db:urows([[
  SELECT "table", parent, count(*)
  FROM pragma_foreign_key_check
  GROUP BY "table", parent
  ORDER BY count(*) DESC, "table", parent
]]) do
  rows = rows + count
  if #foreign_keys < args.most then
    foreign_keys[#foreign_keys + 1] = { table = child, parent = parent, rows = count }
  end
end

local sound = check.integrity == "ok" and rows == 0
if not sound then
  log.error("integrity: %s; %d row(s) whose foreign key points nowhere", check.integrity, rows)
end
return {
  sound = sound, integrity = check.integrity, findings = findings, foreign_keys = foreign_keys, orphaned_rows = rows,
}
