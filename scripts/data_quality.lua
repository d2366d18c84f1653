--! role: supervisor, timeout: 10m, memory: 32MB
--! purpose: Tells which rows of the workshop's tables cannot be right: addresses, numbers, times, sums, and work without a trace.
--! arg: samples integer = 5 -- so many ids for each rule
--! arg: passed boolean = false -- also list the rules that no row breaks
--! changes: nothing

local args = job.args
if args.samples < 0 then error(("argument 'samples' is %d and must be at least 0"):format(args.samples), 0) end

local NO_ADDRESS = [[email IS NOT NULL AND (
  email NOT GLOB '?*@?*.?*' OR email GLOB '*@*@*' OR email GLOB '*[ ,;<>]*' OR email GLOB '*..*'
  OR email GLOB '*@.*' OR email GLOB '*.')]]
local NOT_E164 = [[phone IS NOT NULL AND (
  phone NOT GLOB '+[1-9]*' OR substr(phone, 2) GLOB '*[^0-9]*' OR length(phone) NOT BETWEEN 9 AND 16)]]

-- Name, table, and what is true of a row that breaks the rule. Add your own.
local rules = {
  { "email_invalid", "clients", NO_ADDRESS },
  { "email_invalid", "users", NO_ADDRESS },
  { "email_invalid", "suppliers", NO_ADDRESS },
  { "phone_not_e164", "clients", "trim(phone) <> '' AND phone_e164 IS NULL" },
  { "phone_not_e164", "suppliers", NOT_E164 },
  { "e164_without_phone", "clients", "phone_e164 IS NOT NULL AND coalesce(trim(phone), '') = ''" },
  {
    "client_without_contact", "clients",
    "deleted_at IS NULL AND coalesce(trim(email), '') = '' AND coalesce(trim(phone), '') = ''",
  },
  { "business_without_company", "clients", "client_type = 'business' AND coalesce(trim(company_name), '') = ''" },
  { "task_without_client", "tasks", "NOT EXISTS (SELECT 1 FROM clients AS c WHERE c.id = tasks.client_id)" },
  {
    "open_task_of_deleted_client", "tasks",
    [[deleted_at IS NULL AND status NOT IN ('completed', 'cancelled')
      AND EXISTS (SELECT 1 FROM clients AS c WHERE c.id = tasks.client_id AND c.deleted_at IS NOT NULL)]],
  },
  { "ends_before_it_starts", "tasks", "scheduled_end_at <= scheduled_at" },
  { "end_without_start", "tasks", "scheduled_end_at IS NOT NULL AND scheduled_at IS NULL" },
  { "scheduled_without_time", "tasks", "status = 'scheduled' AND scheduled_at IS NULL" },
  { "completed_without_time", "tasks", "status = 'completed' AND completed_at IS NULL" },
  { "completed_without_time", "interventions", "status = 'completed' AND completed_at IS NULL" },
  { "ends_before_it_starts", "interventions", "completed_at < started_at" },
  { "ends_before_it_starts", "intervention_steps", "completed_at < started_at" },
  {
    "intervention_without_steps", "interventions",
    "NOT EXISTS (SELECT 1 FROM intervention_steps AS s WHERE s.intervention_id = interventions.id)",
  },
  {
    "completed_with_open_steps", "interventions",
    [[status = 'completed' AND EXISTS (SELECT 1 FROM intervention_steps AS s
      WHERE s.intervention_id = interventions.id AND s.status IN ('pending', 'in_progress'))]],
  },
  { "taken_in_the_future", "photos", "taken_at > :now" },
  { "negative_price", "materials", "unit_cost_cents < 0" },
  { "negative_price", "material_consumption", "unit_cost_cents < 0" },
  { "negative_price", "quote_items", "unit_price_cents < 0" },
  { "negative_stock", "materials", "current_stock < 0" },
  {
    "stock_differs_from_movements", "materials",
    [[abs(current_stock - (SELECT coalesce(sum(m.quantity_change), 0) FROM material_stock_movements AS m
      WHERE m.material_id = materials.id)) > 0.001]],
  },
  {
    "sum_differs_from_items", "quotes",
    [[subtotal_cents <> (SELECT coalesce(sum(i.line_total_cents), 0) FROM quote_items AS i
      WHERE i.quote_id = quotes.id)]],
  },
  {
    "quote_without_items", "quotes",
    "status <> 'draft' AND NOT EXISTS (SELECT 1 FROM quote_items AS i WHERE i.quote_id = quotes.id)",
  },
  { "discount_above_subtotal", "quotes", "discount_cents > subtotal_cents" },
  { "decided_before_sent", "quotes", "decided_at < sent_at" },
}

-- Two rules for every table that tells when its rows were made.
for name, has_update in db:urows([[
  SELECT m.name, max(c.name = 'updated_at')
  FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c
  WHERE m.type = 'table' AND m.name NOT LIKE 'rpmadb\_%' ESCAPE '\'
  GROUP BY m.name
  HAVING max(c.name = 'created_at') AND max(c.name = 'id')
  ORDER BY m.name
]]) do
  rules[#rules + 1] = { "created_in_the_future", name, "created_at > :now" }
  if has_update == 1 then rules[#rules + 1] = { "updated_before_created", name, "updated_at < created_at" } end
end

-- A day to spare, because clocks differ.
local tomorrow = (os.time() + 86400) * 1000
local findings = json.array({})
for number, rule in ipairs(rules) do
  local name, from, broken = table.unpack(rule)
  job.progress(number - 1, #rules, name)
  local parameters = broken:find(":now", 1, true) and { now = tomorrow } or {}
  local where = ('FROM "%s" WHERE %s'):format(from:gsub('"', '""'), broken)
  local count = db:value("SELECT count(*) " .. where, parameters)
  if count > 0 or args.passed then
    local ids = json.array({})
    for id in db:urows(("SELECT id %s ORDER BY id LIMIT %d"):format(where, args.samples), parameters) do
      ids[#ids + 1] = id
    end
    findings[#findings + 1] = { rule = name, table = from, count = count, sample_ids = ids }
  end
end
return findings
