--! purpose: Checks the database, updates SQLite's statistics of it and empties the log.
--! role: admin
--! arg: backup boolean = false -- also make a backup into the configured folder
--! changes: Statistics only, no data.

local health = db:health()
log.info("health: %s, score %d", health.status, health.score)
for _, check in ipairs(health.checks) do
  if check.status ~= "ok" then
    log.warn("%s: %s", check.id, check.remedy or check.status)
  end
end

db:exec("ANALYZE")

local result = { health = health.status, checkpoint = db:checkpoint("truncate") }
if job.args.backup then
  result.backup = db:backup().path
end
return result
