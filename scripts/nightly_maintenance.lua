--! role: admin, timeout: 30m, memory: 64MB
--! purpose: Does what a database wants every night: fresh statistics, an empty log, a backup, and no more old backups than wanted.
--! arg: backup boolean = true -- make a backup and remove old ones, if the handle has a backup folder
--! arg: keep_last integer = 0 -- keep so many of the newest backups; if all of these are 0, the rules of the handle hold
--! arg: keep_daily integer = 0 -- the newest of each day, for so many days
--! arg: keep_weekly integer = 0 -- the newest of each week
--! arg: keep_monthly integer = 0 -- the newest of each month
--! arg: dry_run boolean = false -- only tell how the database is and which backups would go
--! changes: SQLite's statistics, the write-ahead log and the backup folder; no rows.

local args = job.args

local rules = { dry_run = args.dry_run }
for _, name in ipairs({ "keep_last", "keep_daily", "keep_weekly", "keep_monthly" }) do
  if args[name] < 0 then error(("argument '%s' is %d and must be at least 0"):format(name, args[name]), 0) end
  if args[name] > 0 then rules[name] = args[name] end
end

local health = db:health()
log.info("health: %s, score %d", health.status, health.score)
for _, check in ipairs(health.checks) do
  if check.status ~= "ok" then log.warn("%s: %s", check.id, check.remedy or check.status) end
end
local result = { dry_run = args.dry_run, health = health.status, backed_up = false, backups_removed = json.array({}) }

if not args.dry_run then
  job.progress(0, 4, "statistics")
  result.optimize_ms = db:optimize().duration_ms
  job.progress(1, 4, "checkpoint")
  result.checkpoint = db:checkpoint("truncate")
end

if args.backup and db:backups().folder then
  if not args.dry_run then
    job.progress(2, 4, "backup")
    result.backup = db:backup().path
    result.backed_up = true
  end
  job.progress(3, 4, "old backups")
  result.backups_removed = db:prune(rules).deleted
elseif args.backup then
  log.warn("no backup: this handle has no backup folder")
end
return result
