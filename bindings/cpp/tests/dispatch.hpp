// A call by the name of its verb, for the table of cases.
//
// Made by generate.py from rpmadb.schema.json; do not edit.
// clang-format off
#pragma once

inline Answer dispatch(rpma::Database& db, const std::string& verb, const Value& arguments, const Value& options) {
  (void)arguments;
  if (verb == "adopt") {
    rpma::options::Adopt chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "tool" && take(value, chosen.tool)) continue;
      if (key == "target" && take(value, chosen.target)) continue;
      if (key == "dry_run" && take(value, chosen.dry_run)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_adopt(chosen));
  }
  if (verb == "alerts") {
    rpma::options::Alerts chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "since" && take(value, chosen.since)) continue;
      if (key == "acknowledge" && take(value, chosen.acknowledge)) continue;
      if (key == "all" && take(value, chosen.all)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_alerts(chosen));
  }
  if (verb == "audit") {
    rpma::options::Audit chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "actor" && take(value, chosen.actor)) continue;
      if (key == "role" && take(value, chosen.role)) continue;
      if (key == "origin" && take(value, chosen.origin)) continue;
      if (key == "verb" && take(value, chosen.verb)) continue;
      if (key == "outcome" && take(value, chosen.outcome)) continue;
      if (key == "target" && take(value, chosen.target)) continue;
      if (key == "since" && take(value, chosen.since)) continue;
      if (key == "until" && take(value, chosen.until)) continue;
      if (key == "after" && take(value, chosen.after)) continue;
      if (key == "limit" && take(value, chosen.limit)) continue;
      if (key == "oldest_first" && take(value, chosen.oldest_first)) continue;
      if (key == "verify" && take(value, chosen.verify)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_audit(chosen));
  }
  if (verb == "backup") {
    rpma::options::Backup chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "step_pages" && take(value, chosen.step_pages)) continue;
      if (key == "overwrite" && take(value, chosen.overwrite)) continue;
      if (key == "compact" && take(value, chosen.compact)) continue;
      if (key == "pin" && take(value, chosen.pin)) continue;
      if (key == "every_hours" && take(value, chosen.every_hours)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_backup(text_of(arguments["destination"]), chosen));
  }
  if (verb == "backups") {
    return answer(db.try_backups());
  }
  if (verb == "baseline") {
    rpma::options::Baseline chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "target" && take(value, chosen.target)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_baseline(chosen));
  }
  if (verb == "checkpoint") {
    rpma::options::Checkpoint chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "busy_timeout_ms" && take(value, chosen.busy_timeout_ms)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_checkpoint(text_of(arguments["mode"]), chosen));
  }
  if (verb == "diagnostics") {
    return answer(db.try_diagnostics());
  }
  if (verb == "health") {
    rpma::options::Health chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "require_users" && take(value, chosen.require_users)) continue;
      if (key == "backup_max_age_hours" && take(value, chosen.backup_max_age_hours)) continue;
      if (key == "call_max_ms" && take(value, chosen.call_max_ms)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_health(chosen));
  }
  if (verb == "lint") {
    return answer(db.try_lint());
  }
  if (verb == "metrics") {
    rpma::options::Metrics chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "limit" && take(value, chosen.limit)) continue;
      if (key == "indexes" && take(value, chosen.indexes)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_metrics(chosen));
  }
  if (verb == "migrate") {
    rpma::options::Migrate chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "target" && take(value, chosen.target)) continue;
      if (key == "dry_run" && take(value, chosen.dry_run)) continue;
      if (key == "backup" && take(value, chosen.backup)) continue;
      if (key == "lock_timeout_ms" && take(value, chosen.lock_timeout_ms)) continue;
      if (key == "allow_out_of_order" && take(value, chosen.allow_out_of_order)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_migrate(chosen));
  }
  if (verb == "migrations") {
    return answer(db.try_migrations());
  }
  if (verb == "pin") {
    rpma::options::Pin chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "pinned" && take(value, chosen.pinned)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_pin(text_of(arguments["path"]), chosen));
  }
  if (verb == "prune") {
    rpma::options::Prune chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "dry_run" && take(value, chosen.dry_run)) continue;
      if (key == "keep_last" && take(value, chosen.keep_last)) continue;
      if (key == "keep_hourly" && take(value, chosen.keep_hourly)) continue;
      if (key == "keep_daily" && take(value, chosen.keep_daily)) continue;
      if (key == "keep_weekly" && take(value, chosen.keep_weekly)) continue;
      if (key == "keep_monthly" && take(value, chosen.keep_monthly)) continue;
      if (key == "keep_yearly" && take(value, chosen.keep_yearly)) continue;
      if (key == "keep_minimum" && take(value, chosen.keep_minimum)) continue;
      if (key == "keep_pre_migrate" && take(value, chosen.keep_pre_migrate)) continue;
      if (key == "keep_pre_restore" && take(value, chosen.keep_pre_restore)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_prune(chosen));
  }
  if (verb == "query") {
    return answer(db.try_query(text_of(arguments["sql"]), parameters_of(arguments["params"])));
  }
  if (verb == "repair") {
    rpma::options::Repair chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "schema" && take(value, chosen.schema)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_repair(chosen));
  }
  if (verb == "restore") {
    rpma::options::Restore chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "backup" && take(value, chosen.backup)) continue;
      if (key == "dry_run" && take(value, chosen.dry_run)) continue;
      if (key == "allow_newer" && take(value, chosen.allow_newer)) continue;
      if (key == "without_manifest" && take(value, chosen.without_manifest)) continue;
      if (key == "busy_timeout_ms" && take(value, chosen.busy_timeout_ms)) continue;
      if (key == "passphrase" && take(value, chosen.passphrase)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_restore(text_of(arguments["path"]), chosen));
  }
  if (verb == "rollback") {
    rpma::options::Rollback chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "dry_run" && take(value, chosen.dry_run)) continue;
      if (key == "backup" && take(value, chosen.backup)) continue;
      if (key == "lock_timeout_ms" && take(value, chosen.lock_timeout_ms)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_rollback(integer_of(arguments["target"]), chosen));
  }
  if (verb == "schema") {
    rpma::options::Schema chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "compare" && take(value, chosen.compare)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_schema(chosen));
  }
  if (verb == "script") {
    rpma::options::Script chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "name" && take(value, chosen.name)) continue;
      if (key == "args" && take(value, chosen.args)) continue;
      if (key == "dry_run" && take(value, chosen.dry_run)) continue;
      if (key == "timeout_ms" && take(value, chosen.timeout_ms)) continue;
      if (key == "memory_bytes" && take(value, chosen.memory_bytes)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_script(text_of(arguments["source"]), chosen));
  }
  if (verb == "script_file") {
    rpma::options::Script chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "name" && take(value, chosen.name)) continue;
      if (key == "args" && take(value, chosen.args)) continue;
      if (key == "dry_run" && take(value, chosen.dry_run)) continue;
      if (key == "timeout_ms" && take(value, chosen.timeout_ms)) continue;
      if (key == "memory_bytes" && take(value, chosen.memory_bytes)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_script_file(text_of(arguments["name"]), chosen));
  }
  if (verb == "scripts") {
    return answer(db.try_scripts());
  }
  if (verb == "stats") {
    rpma::options::Stats chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "estimate" && take(value, chosen.estimate)) continue;
      if (key == "sizes" && take(value, chosen.sizes)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_stats(chosen));
  }
  if (verb == "test") {
    rpma::options::Test chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "rows" && take(value, chosen.rows)) continue;
      if (key == "seed" && take(value, chosen.seed)) continue;
      if (key == "crash" && take(value, chosen.crash)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_test(chosen));
  }
  if (verb == "undo_restore") {
    rpma::options::UndoRestore chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "busy_timeout_ms" && take(value, chosen.busy_timeout_ms)) continue;
      if (key == "passphrase" && take(value, chosen.passphrase)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_undo_restore(chosen));
  }
  if (verb == "verify") {
    rpma::options::Verify chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "passphrase" && take(value, chosen.passphrase)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_verify(text_of(arguments["path"]), chosen));
  }
  if (verb == "monitor_start") {
    rpma::options::Monitor chosen;
    for (const auto& [key, value] : members_of(options)) {
      if (key == "tick_ms" && take(value, chosen.tick_ms)) continue;
      if (key == "quick_check_hours" && take(value, chosen.quick_check_hours)) continue;
      if (key == "deep_check_days" && take(value, chosen.deep_check_days)) continue;
      if (key == "backup" && take(value, chosen.backup)) continue;
      if (key == "optimize_hours" && take(value, chosen.optimize_hours)) continue;
      if (key == "idle_ms" && take(value, chosen.idle_ms)) continue;
      if (key == "wal_restart_bytes" && take(value, chosen.wal_restart_bytes)) continue;
      if (key == "require_users" && take(value, chosen.require_users)) continue;
      chosen.more.emplace_back(key, value);
    }
    return answer(db.try_monitor_start(chosen));
  }
  if (verb == "monitor_stop") {
    return answer(db.try_monitor_stop());
  }
  fail("no such verb: " + verb);
  return {};
}
