--! role: supervisor, timeout: 30m, memory: 64MB
--! purpose: Looks for damage: every page, every index entry, every constraint, every foreign key.
--! arg: most integer = 100 -- tell at most so many findings of each kind
--! changes: nothing

local args = job.args
if args.most < 1 then error(("argument 'most' is %d and must be at least 1"):format(args.most), 0) end

job.progress(0, 2, "integrity")
local check = db:integrity_check()
local findings = json.array({})
for _, finding in ipairs(check.findings or {}) do
  if #findings < args.most then findings[#findings + 1] = finding end
end

job.progress(1, 2, "foreign keys")
local foreign_keys, rows = json.array({}), 0
local checked, failure = pcall(function()
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
end)
-- why caught: in a damaged file the check may not come to its end, and what was found before is what the sweep is for
if not checked and (check.integrity == "ok" or failure.code ~= "corrupt") then error(failure) end

local sound = check.integrity == "ok" and rows == 0
if not checked then
  log.error("integrity: %s; the foreign keys could not be checked: %s", check.integrity, failure.message)
elseif not sound then
  log.error("integrity: %s; %d row(s) whose foreign key points nowhere", check.integrity, rows)
end
return {
  sound = sound, integrity = check.integrity, findings = findings, foreign_keys = foreign_keys,
  orphaned_rows = checked and rows or nil, unchecked = not checked and failure.message or nil,
}
