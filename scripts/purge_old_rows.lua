--! role: admin, timeout: 10m, memory: 32MB
--! purpose: Removes sessions that ended, notifications that were read, and old history, a batch at a time.
--! arg: session_days integer = 30 -- keep sessions so many days after they ended; 0 keeps all, here and below
--! arg: notification_days integer = 180 -- keep notifications so many days after they were read; unread ones stay
--! arg: history_days integer = 0 -- keep the status history of finished tasks so many days
--! arg: audit_days integer = 0 -- keep changes of settings so many days; the newest of each setting stays
--! arg: batch_size integer = 1000 -- rows in a transaction
--! arg: dry_run boolean = false -- only count
--! changes: Deletes rows of user_sessions, notifications, task_status_history, and, if asked, of settings_audit_log.

local args = job.args
if args.batch_size < 1 then error(("argument 'batch_size' is %d and must be at least 1"):format(args.batch_size), 0) end

-- `old` is what makes a row old; its ? is the moment, in milliseconds, before which that is so.
-- `guard` is a trigger that forbids deleting: it is lifted for the length of each transaction.
local kinds = {
  {
    name = "sessions", from = "user_sessions", days = "session_days",
    old = "min(expires_at, coalesce(revoked_at, expires_at)) < ?",
  },
  { name = "notifications", from = "notifications", days = "notification_days", old = "read_at < ?" },
  {
    name = "history", from = "task_status_history", days = "history_days",
    old = "changed_at < ? AND task_id IN (SELECT id FROM tasks WHERE status IN ('completed', 'cancelled'))",
  },
  {
    name = "audit", from = "settings_audit_log", days = "audit_days", guard = "settings_audit_log_kept",
    old = [[changed_at < ? AND EXISTS (
      SELECT 1 FROM settings_audit_log AS newer
      WHERE newer.setting_key = settings_audit_log.setting_key AND newer.id > settings_audit_log.id)]],
  },
}

local SECONDS_TO_SPARE = 5
local now = os.time() * 1000
local result, total, done = { dry_run = args.dry_run, stopped = false, kinds = {} }, 0, 0

for _, kind in ipairs(kinds) do
  local days, found = args[kind.days], 0
  if days < 0 then error(("argument '%s' is %d and must be at least 0"):format(kind.days, days), 0) end
  kind.before = now - days * 86400000
  if days > 0 then
    found = db:value(("SELECT count(*) FROM %s WHERE %s"):format(kind.from, kind.old), kind.before)
  end
  total = total + found
  result.kinds[kind.name] = { found = found, deleted = 0, batches = 0 }
end

-- Deletes the next old rows behind row id `last`; returns how many and where the batch ended, or nothing.
local function delete_batch(kind, last)
  local stop = db:value(
    ("SELECT max(rowid) FROM (SELECT rowid FROM %s WHERE rowid > ? AND %s ORDER BY rowid LIMIT ?)")
      :format(kind.from, kind.old),
    last, kind.before, args.batch_size
  )
  if not stop then return nil end
  local guard = kind.guard and db:value("SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = ?", kind.guard)
  if guard then db:exec("DROP TRIGGER " .. kind.guard) end
  local deleted = db:exec(
    ("DELETE FROM %s WHERE rowid > ? AND rowid <= ? AND %s"):format(kind.from, kind.old),
    last, stop, kind.before
  )
  if guard then db:exec(guard) end
  return deleted, stop
end

for _, kind in ipairs(args.dry_run and {} or kinds) do
  local counts, last = result.kinds[kind.name], math.mininteger
  while counts.found > 0 do
    if job.remaining() < SECONDS_TO_SPARE then
      result.stopped = true
      log.warn("stopped in time with %d of %d row(s) deleted; the next run goes on", done, total)
      return result
    end
    local deleted, stop = db:transaction(function() return delete_batch(kind, last) end)
    if not deleted then break end
    counts.deleted, counts.batches, last = counts.deleted + deleted, counts.batches + 1, stop
    done = done + deleted
    job.progress(done, total, kind.name)
  end
end
return result
