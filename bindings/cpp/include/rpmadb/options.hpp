// What the calls may be told. A member that has no value is left to the library.
//
// Made by generate.py from rpmadb.schema.json; do not edit.
// clang-format off
#ifndef RPMADB_OPTIONS_HPP
#define RPMADB_OPTIONS_HPP

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "json.hpp"

RPMADB_BEGIN

namespace options {

/// Option `audit` of `open`: the record of who did what.
struct AuditLog {
  /// Keep one; default in every database that has the history of this library, and in no other.
  std::optional<bool> enabled = {};
  /// Also of calls that only look; default true.
  std::optional<bool> reads = {};
  /// What keys the chain of hashes, so that nobody without it can write a record; default a key that everybody has, and
  /// then only the anchors outside the database tell. It must be the same for every handle on the database: what one
  /// without it writes behind records of the key is a finding of the proof; calls without it that change nothing are
  /// not recorded there.
  std::optional<std::string> key = {};
  /// Keep the values that stand in SQL; default false.
  std::optional<bool> literals = {};
  /// Texts that are replaced by `[redacted]` wherever they stand in a target or an actor, in any case.
  std::optional<std::vector<std::string>> redact = {};
  /// Records that are older are archived and removed by the monitor, 1 to 36,500; default never.
  std::optional<std::uint64_t> keep_days = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const AuditLog& in) {
  out.given("enabled", in.enabled);
  out.given("reads", in.reads);
  out.given("key", in.key);
  out.given("literals", in.literals);
  out.given("redact", in.redact);
  out.given("keep_days", in.keep_days);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// See [`EncryptTo::Passphrase`].
struct Passphrase {
  /// The text.
  std::optional<std::string> passphrase = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Passphrase& in) {
  out.given("passphrase", in.passphrase);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Option `backup` of `open`: where backups go, how they are wrapped, and which of them stay.
struct BackupFolder {
  /// Where backups without a destination go; it must exist.
  std::optional<std::string> folder = {};
  /// Back up before a migration run that has something to do; default false.
  std::optional<bool> before_migrate = {};
  /// A monitor makes a backup when the newest scheduled one is older, 1 to 100,000; default none.
  std::optional<std::uint64_t> every_hours = {};
  /// Compress; default false.
  std::optional<std::variant<bool, std::int64_t>> compress = {};
  /// Encrypt; default not.
  std::optional<std::variant<std::string, std::vector<std::string>, Passphrase>> encrypt_to = {};
  /// What opens encrypted backups again: texts of age identities.
  std::optional<std::vector<std::string>> identities = {};
  /// What opens backups that were encrypted with a passphrase.
  std::optional<std::string> passphrase = {};
  /// Signs manifests; those without its signature are then refused.
  std::optional<std::string> sign_key = {};
  /// So many of the newest.
  std::optional<std::uint32_t> keep_last = {};
  /// The newest of each hour, for so many hours that have one.
  std::optional<std::uint32_t> keep_hourly = {};
  /// The newest of each day.
  std::optional<std::uint32_t> keep_daily = {};
  /// The newest of each week.
  std::optional<std::uint32_t> keep_weekly = {};
  /// The newest of each month.
  std::optional<std::uint32_t> keep_monthly = {};
  /// The newest of each year.
  std::optional<std::uint32_t> keep_yearly = {};
  /// Never fewer than this many verified full ones; default 1.
  std::optional<std::uint32_t> keep_minimum = {};
  /// Of those made before a migration, so many of the newest; default 3.
  std::optional<std::uint32_t> keep_pre_migrate = {};
  /// Of those made before a restore, so many of the newest; default 3.
  std::optional<std::uint32_t> keep_pre_restore = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const BackupFolder& in) {
  out.given("folder", in.folder);
  out.given("before_migrate", in.before_migrate);
  out.given("every_hours", in.every_hours);
  out.given("compress", in.compress);
  out.given("encrypt_to", in.encrypt_to);
  out.given("identities", in.identities);
  out.given("passphrase", in.passphrase);
  out.given("sign_key", in.sign_key);
  out.given("keep_last", in.keep_last);
  out.given("keep_hourly", in.keep_hourly);
  out.given("keep_daily", in.keep_daily);
  out.given("keep_weekly", in.keep_weekly);
  out.given("keep_monthly", in.keep_monthly);
  out.given("keep_yearly", in.keep_yearly);
  out.given("keep_minimum", in.keep_minimum);
  out.given("keep_pre_migrate", in.keep_pre_migrate);
  out.given("keep_pre_restore", in.keep_pre_restore);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// What is done about another copy of SQLite in this process that has the database open.
enum class ForeignSqlite { coexist, refuse, warn, off };
inline const char* to_text(ForeignSqlite value) {
  switch (value) {
    case ForeignSqlite::coexist: return "coexist";
    case ForeignSqlite::refuse: return "refuse";
    case ForeignSqlite::warn: return "warn";
    case ForeignSqlite::off: return "off";
  }
  return "";
}

/// How SQLite keeps its journal.
enum class JournalMode { wal, delete_, truncate, persist, keep };
inline const char* to_text(JournalMode value) {
  switch (value) {
    case JournalMode::wal: return "wal";
    case JournalMode::delete_: return "delete";
    case JournalMode::truncate: return "truncate";
    case JournalMode::persist: return "persist";
    case JournalMode::keep: return "keep";
  }
  return "";
}

/// Option `alerts` of the monitor: where each rule fires. 0 switches a rule off.
struct AlertLimits {
  /// How long a condition must hold before it fires, 0 to 86,400,000; default each rule's own.
  std::optional<std::uint64_t> for_ms = {};
  /// How long it must be clear before the alert is resolved, 0 to 86,400,000; default 5,000.
  std::optional<std::uint64_t> clear_ms = {};
  /// Less free disk than this; default 512 MiB. An eighth of it is critical.
  std::optional<std::uint64_t> disk_free_bytes = {};
  /// A larger log; default 128 MiB.
  std::optional<std::uint64_t> wal_bytes = {};
  /// A newest verified backup that is older, 0 to 87,600; default 48. Seven times as old is critical.
  std::optional<std::uint64_t> backup_age_hours = {};
  /// A backup that is bigger or smaller than the one before by more than this, 0 to 100,000; default 50.
  std::optional<std::uint64_t> backup_jump_percent = {};
  /// So many of the waits for a lock in the last minute were in vain, 0 to 100; default 10.
  std::optional<std::uint64_t> busy_percent = {};
  /// All readers in use for so long, 0 to 86,400,000; default 5,000.
  std::optional<std::uint64_t> pool_exhausted_ms = {};
  /// A call that has its connection for longer, 1 to 86,400,000; default 60,000.
  std::optional<std::uint64_t> call_max_ms = {};
  /// A statement that takes so much of its own baseline, 0 to 1,000,000; default 300.
  std::optional<std::uint64_t> slow_percent = {};
  /// A full scan of a table with so many rows; default 100,000.
  std::optional<std::uint64_t> scan_rows = {};
  /// So many denials of one actor in the window of the audit; default 5.
  std::optional<std::uint64_t> denials = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const AlertLimits& in) {
  out.given("for_ms", in.for_ms);
  out.given("clear_ms", in.clear_ms);
  out.given("disk_free_bytes", in.disk_free_bytes);
  out.given("wal_bytes", in.wal_bytes);
  out.given("backup_age_hours", in.backup_age_hours);
  out.given("backup_jump_percent", in.backup_jump_percent);
  out.given("busy_percent", in.busy_percent);
  out.given("pool_exhausted_ms", in.pool_exhausted_ms);
  out.given("call_max_ms", in.call_max_ms);
  out.given("slow_percent", in.slow_percent);
  out.given("scan_rows", in.scan_rows);
  out.given("denials", in.denials);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `monitor_start`, and option `monitor` of `open`. 0 switches a task off.
struct Monitor {
  /// Between two looks, 10 to 3,600,000; default 1,000.
  std::optional<std::uint64_t> tick_ms = {};
  /// Between two quick checks (`quick_check`), 0 to 8,760; default 24.
  std::optional<std::uint64_t> quick_check_hours = {};
  /// Between two deep checks (integrity and foreign keys), 0 to 3,650; default 7.
  std::optional<std::uint64_t> deep_check_days = {};
  /// Whether to make the backups that are due by `backup.every_hours`; default true.
  std::optional<bool> backup = {};
  /// Between two runs of `PRAGMA optimize`, 0 to 8,760; default 24.
  std::optional<std::uint64_t> optimize_hours = {};
  /// After so long without a write the log is moved into the database, 0 to 86,400,000; default 5,000.
  std::optional<std::uint64_t> idle_ms = {};
  /// A log with more than this in use is begun anew by a restart checkpoint, 0 to 1 TiB; default 64 MiB.
  std::optional<std::uint64_t> wal_restart_bytes = {};
  /// A database without a row in its table `users` is critical; default false.
  std::optional<bool> require_users = {};
  /// When alerts fire.
  std::optional<AlertLimits> alerts = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Monitor& in) {
  out.given("tick_ms", in.tick_ms);
  out.given("quick_check_hours", in.quick_check_hours);
  out.given("deep_check_days", in.deep_check_days);
  out.given("backup", in.backup);
  out.given("optimize_hours", in.optimize_hours);
  out.given("idle_ms", in.idle_ms);
  out.given("wal_restart_bytes", in.wal_restart_bytes);
  out.given("require_users", in.require_users);
  out.given("alerts", in.alerts);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Option `pool` of `open`.
struct Pool {
  /// Most readers at once, 1 to 1,000; default 10.
  std::optional<std::uint64_t> max = {};
  /// Readers opened with the first one, at most `max`; default 2.
  std::optional<std::uint64_t> min_idle = {};
  /// How long to wait for a reader; default 30,000.
  std::optional<std::uint64_t> timeout_ms = {};
  /// Readers beyond `min_idle` that were not needed for so long are closed, 1 to 86,400,000; default 60,000.
  std::optional<std::uint64_t> idle_ms = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Pool& in) {
  out.given("max", in.max);
  out.given("min_idle", in.min_idle);
  out.given("timeout_ms", in.timeout_ms);
  out.given("idle_ms", in.idle_ms);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Who the user of a handle is, in falling order of rights.
enum class Role { user, supervisor, admin };
inline const char* to_text(Role value) {
  switch (value) {
    case Role::user: return "user";
    case Role::supervisor: return "supervisor";
    case Role::admin: return "admin";
  }
  return "";
}

/// Option `script` of `open`: limits that no script can raise.
struct ScriptLimits {
  /// Longest run, 1 to 86,400,000; default 30,000.
  std::optional<std::uint64_t> timeout_ms = {};
  /// Most memory, from 1 MiB; default 64 MiB.
  std::optional<std::uint64_t> memory_bytes = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const ScriptLimits& in) {
  out.given("timeout_ms", in.timeout_ms);
  out.given("memory_bytes", in.memory_bytes);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// How often SQLite waits for the disk.
enum class Synchronous { off, normal, full, extra };
inline const char* to_text(Synchronous value) {
  switch (value) {
    case Synchronous::off: return "off";
    case Synchronous::normal: return "normal";
    case Synchronous::full: return "full";
    case Synchronous::extra: return "extra";
  }
  return "";
}

/// Options of `open`.
struct Open {
  /// Who uses the handle, for the log; default `"host"`.
  std::optional<std::string> actor = {};
  /// What the handle may do; default admin.
  std::optional<Role> role = {};
  /// Never write, not even to migrate; default false.
  std::optional<bool> read_only = {};
  /// Create a missing file; default true.
  std::optional<bool> create = {};
  /// Migrate to the latest version; default true.
  std::optional<bool> migrate = {};
  /// A folder of migrations; default the embedded set.
  std::optional<std::string> migrations = {};
  /// How the files in that folder are named and laid out: `rpmadb`, `auto`, or the name of another tool; default
  /// `rpmadb`.
  std::optional<std::string> style = {};
  /// How long to wait for locks, 0 to 86,400,000; default 5,000.
  std::optional<std::uint64_t> busy_timeout_ms = {};
  /// Default WAL.
  std::optional<JournalMode> journal_mode = {};
  /// Default NORMAL.
  std::optional<Synchronous> synchronous = {};
  /// Enforce foreign keys; default true.
  std::optional<bool> foreign_keys = {};
  /// Trust functions and virtual tables named in the schema; default false.
  std::optional<bool> trusted_schema = {};
  /// Refuse SQL that can damage the file; default true.
  std::optional<bool> defensive = {};
  /// Bytes of the file mapped into memory; default 0, because a file truncated by another process then ends this one.
  std::optional<std::uint64_t> mmap_size_bytes = {};
  /// Bytes kept allocated in a file beside the database, and let go of when the disk is full; 0 to 1 TiB, default none.
  std::optional<std::uint64_t> ballast_bytes = {};
  /// Prepared statements kept per connection, 0 to 10,000; default 64.
  std::optional<std::uint64_t> statement_cache = {};
  /// Count statements, calls and more for `metrics`; default false, or true where the environment says
  /// `RPMA_DB_METRICS=1`.
  std::optional<bool> metrics = {};
  /// A statement that takes longer is kept with its plan while metrics are on, 0 to 86,400,000; default 100.
  std::optional<std::uint64_t> slow_query_ms = {};
  /// What is done about another copy of SQLite in this process that has the database open: `coexist`, `refuse`, `warn`
  /// or `off`; default `coexist`.
  std::optional<ForeignSqlite> foreign_sqlite = {};
  /// The readers.
  std::optional<Pool> pool = {};
  /// Where backups go.
  std::optional<BackupFolder> backup = {};
  /// Limits of scripts.
  std::optional<ScriptLimits> script = {};
  /// The record of who did what.
  std::optional<AuditLog> audit = {};
  /// Starts the monitor with these options; default none.
  std::optional<Monitor> monitor = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Open& in) {
  out.given("actor", in.actor);
  if (in.role) out.member("role", to_text(*in.role));
  out.given("read_only", in.read_only);
  out.given("create", in.create);
  out.given("migrate", in.migrate);
  out.given("migrations", in.migrations);
  out.given("style", in.style);
  out.given("busy_timeout_ms", in.busy_timeout_ms);
  if (in.journal_mode) out.member("journal_mode", to_text(*in.journal_mode));
  if (in.synchronous) out.member("synchronous", to_text(*in.synchronous));
  out.given("foreign_keys", in.foreign_keys);
  out.given("trusted_schema", in.trusted_schema);
  out.given("defensive", in.defensive);
  out.given("mmap_size_bytes", in.mmap_size_bytes);
  out.given("ballast_bytes", in.ballast_bytes);
  out.given("statement_cache", in.statement_cache);
  out.given("metrics", in.metrics);
  out.given("slow_query_ms", in.slow_query_ms);
  if (in.foreign_sqlite) out.member("foreign_sqlite", to_text(*in.foreign_sqlite));
  out.given("pool", in.pool);
  out.given("backup", in.backup);
  out.given("script", in.script);
  out.given("audit", in.audit);
  out.given("monitor", in.monitor);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `adopt`.
struct Adopt {
  /// Whose history to take over; default the one that is found.
  std::optional<std::string> tool = {};
  /// Which version of the set the history stands for; needed where the other tool has no version numbers.
  std::optional<std::int64_t> target = {};
  /// Look and verify, write nothing; default false.
  std::optional<bool> dry_run = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Adopt& in) {
  out.given("tool", in.tool);
  out.given("target", in.target);
  out.given("dry_run", in.dry_run);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `alerts`.
struct Alerts {
  /// The events after the one with this number; default all that are remembered.
  std::optional<std::uint64_t> since = {};
  /// The key of an alert that somebody looks after; for admins.
  std::optional<std::string> acknowledge = {};
  /// Resolved alerts too; default false.
  std::optional<bool> all = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Alerts& in) {
  out.given("since", in.since);
  out.given("acknowledge", in.acknowledge);
  out.given("all", in.all);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// How records are reported.
enum class AuditFormat { json, jsonl };
inline const char* to_text(AuditFormat value) {
  switch (value) {
    case AuditFormat::json: return "json";
    case AuditFormat::jsonl: return "jsonl";
  }
  return "";
}

/// Option `prune` of `audit`: which records stay. One of the two must be given; a record goes when either wants it to.
struct AuditPrune {
  /// Those of so many days, 0 to 36,500.
  std::optional<std::uint64_t> keep_days = {};
  /// So many of the newest.
  std::optional<std::uint64_t> keep_rows = {};
  /// Where the archive goes; default the folder for backups, or that of the database.
  std::optional<std::string> folder = {};
  /// Tell what would go, and change nothing; default false.
  std::optional<bool> dry_run = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const AuditPrune& in) {
  out.given("keep_days", in.keep_days);
  out.given("keep_rows", in.keep_rows);
  out.given("folder", in.folder);
  out.given("dry_run", in.dry_run);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `audit`: which records, and what else is to be done.
struct Audit {
  /// Of this actor.
  std::optional<std::string> actor = {};
  /// Of this role.
  std::optional<std::string> role = {};
  /// That came through this door: rust, c, lua, cli, monitor or migration.
  std::optional<std::string> origin = {};
  /// Of this verb.
  std::optional<std::string> verb = {};
  /// That ended so: ok, denied or error.
  std::optional<std::string> outcome = {};
  /// Whose target has this text in it.
  std::optional<std::string> target = {};
  /// From this time on, in milliseconds since the Unix epoch.
  std::optional<std::int64_t> since = {};
  /// Before this time.
  std::optional<std::int64_t> until = {};
  /// Behind this number, or before it when the newest come first.
  std::optional<std::uint64_t> after = {};
  /// Most records, 0 to 1,000,000; default 100.
  std::optional<std::uint64_t> limit = {};
  /// The oldest first; default the newest.
  std::optional<bool> oldest_first = {};
  /// Default a list.
  std::optional<AuditFormat> format = {};
  /// Prove the chain of hashes and the anchors; default false.
  std::optional<bool> verify = {};
  /// Archive and remove the oldest.
  std::optional<AuditPrune> prune = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Audit& in) {
  out.given("actor", in.actor);
  out.given("role", in.role);
  out.given("origin", in.origin);
  out.given("verb", in.verb);
  out.given("outcome", in.outcome);
  out.given("target", in.target);
  out.given("since", in.since);
  out.given("until", in.until);
  out.given("after", in.after);
  out.given("limit", in.limit);
  out.given("oldest_first", in.oldest_first);
  if (in.format) out.member("format", to_text(*in.format));
  out.given("verify", in.verify);
  out.given("prune", in.prune);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `backup`.
struct Backup {
  /// How deep the finished copy is looked at; default `quick`, and `pages` for one that is compressed or encrypted.
  std::optional<std::variant<bool, std::string>> verify = {};
  /// Pages copied between two looks at cancel and time-out, 1 to 100,000; default 1,000.
  std::optional<std::uint64_t> step_pages = {};
  /// Replace the destination if it is there; it stays whole until the new one is; default false.
  std::optional<bool> overwrite = {};
  /// Leave out free space, by VACUUM INTO; default false.
  std::optional<bool> compact = {};
  /// Compress; default what the handle was opened with.
  std::optional<std::variant<bool, std::int64_t>> compress = {};
  /// Encrypt; default what the handle was opened with.
  std::optional<std::variant<std::string, std::vector<std::string>, Passphrase>> encrypt_to = {};
  /// Only the pages that changed since another backup in the folder; default false.
  std::optional<std::variant<bool, std::string>> incremental = {};
  /// Never removed by retention; default false.
  std::optional<bool> pin = {};
  /// Do nothing when the folder has a scheduled backup younger than this, 1 to 100,000; of several processes that ask,
  /// one makes it.
  std::optional<std::uint64_t> every_hours = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Backup& in) {
  out.given("verify", in.verify);
  out.given("step_pages", in.step_pages);
  out.given("overwrite", in.overwrite);
  out.given("compact", in.compact);
  out.given("compress", in.compress);
  out.given("encrypt_to", in.encrypt_to);
  out.given("incremental", in.incremental);
  out.given("pin", in.pin);
  out.given("every_hours", in.every_hours);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `baseline`.
struct Baseline {
  /// Record up to this version; default the latest.
  std::optional<std::int64_t> target = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Baseline& in) {
  out.given("target", in.target);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `checkpoint`.
struct Checkpoint {
  /// How long to wait for readers and writers in the three blocking modes; default the handle's busy_timeout_ms.
  std::optional<std::uint64_t> busy_timeout_ms = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Checkpoint& in) {
  out.given("busy_timeout_ms", in.busy_timeout_ms);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `health`.
struct Health {
  /// A database without a row in its table `users` is critical; default false.
  std::optional<bool> require_users = {};
  /// The newest verified backup may be this old, 1 to 87,600 hours; default 48. Seven times as old is critical.
  std::optional<std::uint64_t> backup_max_age_hours = {};
  /// A call may have its connection this long, 1 to 86,400,000; default 60,000. One that has it longer keeps
  /// checkpoints, or everybody who writes, from getting through.
  std::optional<std::uint64_t> call_max_ms = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Health& in) {
  out.given("require_users", in.require_users);
  out.given("backup_max_age_hours", in.backup_max_age_hours);
  out.given("call_max_ms", in.call_max_ms);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// The form of `metrics`.
enum class MetricsFormat { json, prometheus };
inline const char* to_text(MetricsFormat value) {
  switch (value) {
    case MetricsFormat::json: return "json";
    case MetricsFormat::prometheus: return "prometheus";
  }
  return "";
}

/// Options of `metrics`.
struct Metrics {
  /// In which form the report is; default JSON.
  std::optional<MetricsFormat> format = {};
  /// Most fingerprints, 0 to 1,000; default 100.
  std::optional<std::uint64_t> limit = {};
  /// Plan the statements to tell what indexes they use; default true.
  std::optional<bool> indexes = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Metrics& in) {
  if (in.format) out.member("format", to_text(*in.format));
  out.given("limit", in.limit);
  out.given("indexes", in.indexes);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// What `migrate` commits together.
enum class TransactionPer { run, file };
inline const char* to_text(TransactionPer value) {
  switch (value) {
    case TransactionPer::run: return "run";
    case TransactionPer::file: return "file";
  }
  return "";
}

/// Options of `migrate`.
struct Migrate {
  /// Stop after this version; default the latest.
  std::optional<std::int64_t> target = {};
  /// Run everything, report, and roll back; default false.
  std::optional<bool> dry_run = {};
  /// Back up first into the configured folder; default what `open` said.
  std::optional<bool> backup = {};
  /// How long to wait for the write lock, 0 to 86,400,000; default 60,000.
  std::optional<std::uint64_t> lock_timeout_ms = {};
  /// Apply a pending migration that is lower than one already applied; default false.
  std::optional<bool> allow_out_of_order = {};
  /// What is committed together; default the whole run.
  std::optional<TransactionPer> transaction = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Migrate& in) {
  out.given("target", in.target);
  out.given("dry_run", in.dry_run);
  out.given("backup", in.backup);
  out.given("lock_timeout_ms", in.lock_timeout_ms);
  out.given("allow_out_of_order", in.allow_out_of_order);
  if (in.transaction) out.member("transaction", to_text(*in.transaction));
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `pin`.
struct Pin {
  /// Whether retention keeps its hands off it; default true.
  std::optional<bool> pinned = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Pin& in) {
  out.given("pinned", in.pinned);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `prune`.
struct Prune {
  /// Say what would be removed, and remove nothing; default false.
  std::optional<bool> dry_run = {};
  /// So many of the newest.
  std::optional<std::uint32_t> keep_last = {};
  /// The newest of each hour, for so many hours that have one.
  std::optional<std::uint32_t> keep_hourly = {};
  /// The newest of each day.
  std::optional<std::uint32_t> keep_daily = {};
  /// The newest of each week.
  std::optional<std::uint32_t> keep_weekly = {};
  /// The newest of each month.
  std::optional<std::uint32_t> keep_monthly = {};
  /// The newest of each year.
  std::optional<std::uint32_t> keep_yearly = {};
  /// Never fewer than this many verified full ones; default 1.
  std::optional<std::uint32_t> keep_minimum = {};
  /// Of those made before a migration, so many of the newest; default 3.
  std::optional<std::uint32_t> keep_pre_migrate = {};
  /// Of those made before a restore, so many of the newest; default 3.
  std::optional<std::uint32_t> keep_pre_restore = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Prune& in) {
  out.given("dry_run", in.dry_run);
  out.given("keep_last", in.keep_last);
  out.given("keep_hourly", in.keep_hourly);
  out.given("keep_daily", in.keep_daily);
  out.given("keep_weekly", in.keep_weekly);
  out.given("keep_monthly", in.keep_monthly);
  out.given("keep_yearly", in.keep_yearly);
  out.given("keep_minimum", in.keep_minimum);
  out.given("keep_pre_migrate", in.keep_pre_migrate);
  out.given("keep_pre_restore", in.keep_pre_restore);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `repair`.
struct Repair {
  /// Accept the present text of these; default of all that changed.
  std::optional<std::vector<std::int64_t>> versions = {};
  /// Accept the schema as it is, so that it no longer counts as changed by hand; default false.
  std::optional<bool> schema = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Repair& in) {
  out.given("versions", in.versions);
  out.given("schema", in.schema);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `restore`.
struct Restore {
  /// Keep what is there as a backup first; default true.
  std::optional<bool> backup = {};
  /// Verify, say what would be done, and change nothing; default false.
  std::optional<bool> dry_run = {};
  /// Restore a backup of a newer schema than this library's migrations know; default false.
  std::optional<bool> allow_newer = {};
  /// Restore a SQLite file that has no manifest, after a full check; one that somebody has open, or with a log or a hot
  /// journal beside it, is refused; default false.
  std::optional<bool> without_manifest = {};
  /// How long to wait for other connections; default the handle's busy_timeout_ms.
  std::optional<std::uint64_t> busy_timeout_ms = {};
  /// Texts of age identities that open it; default what the handle was opened with.
  std::optional<std::vector<std::string>> identities = {};
  /// The passphrase that opens it; default what the handle was opened with.
  std::optional<std::string> passphrase = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Restore& in) {
  out.given("backup", in.backup);
  out.given("dry_run", in.dry_run);
  out.given("allow_newer", in.allow_newer);
  out.given("without_manifest", in.without_manifest);
  out.given("busy_timeout_ms", in.busy_timeout_ms);
  out.given("identities", in.identities);
  out.given("passphrase", in.passphrase);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `rollback`.
struct Rollback {
  /// Run everything, report, and undo it again; default false.
  std::optional<bool> dry_run = {};
  /// Back up first into the configured folder; default what `open` said.
  std::optional<bool> backup = {};
  /// How long to wait for the write lock, 0 to 86,400,000; default 60,000.
  std::optional<std::uint64_t> lock_timeout_ms = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Rollback& in) {
  out.given("dry_run", in.dry_run);
  out.given("backup", in.backup);
  out.given("lock_timeout_ms", in.lock_timeout_ms);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `schema`.
struct Schema {
  /// Another database file to compare with; it is only read.
  std::optional<std::string> compare = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Schema& in) {
  out.given("compare", in.compare);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `script` and `script_file`.
struct Script {
  /// The name in messages; default `script`, or the name of the file.
  std::optional<std::string> name = {};
  /// What the script finds in `job.args`.
  std::optional<Value> args = {};
  /// Run, report what was changed, and roll back; default false.
  std::optional<bool> dry_run = {};
  /// Longest run; the limit of the handle wins when it is lower.
  std::optional<std::uint64_t> timeout_ms = {};
  /// Most memory; the limit of the handle wins when it is lower.
  std::optional<std::uint64_t> memory_bytes = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Script& in) {
  out.given("name", in.name);
  out.given("args", in.args);
  out.given("dry_run", in.dry_run);
  out.given("timeout_ms", in.timeout_ms);
  out.given("memory_bytes", in.memory_bytes);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `stats`.
struct Stats {
  /// Answer without scanning: row counts from SQLite's statistics or from a sample of the pages; default false.
  std::optional<bool> estimate = {};
  /// Measure every table and index, which reads every page unless nothing changed since the last time; default true,
  /// with `estimate` false. Where it is false, `objects` is what was measured before.
  std::optional<bool> sizes = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Stats& in) {
  out.given("estimate", in.estimate);
  out.given("sizes", in.sizes);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `test`.
struct Test {
  /// Rows generated for each table at every version started from, 1 to 1,000; default 8.
  std::optional<std::uint32_t> rows = {};
  /// What the rows are made from: the same seed makes the same; default 1.
  std::optional<std::uint64_t> seed = {};
  /// Versions to start from, 0 for an empty database; default all, or 50 of them spread evenly.
  std::optional<std::vector<std::int64_t>> versions = {};
  /// End every migration at each of its statements as well; default true.
  std::optional<bool> crash = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Test& in) {
  out.given("rows", in.rows);
  out.given("seed", in.seed);
  out.given("versions", in.versions);
  out.given("crash", in.crash);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `undo_restore`.
struct UndoRestore {
  /// How long to wait for other connections; default the handle's busy_timeout_ms.
  std::optional<std::uint64_t> busy_timeout_ms = {};
  /// Texts of age identities that open it; default what the handle was opened with.
  std::optional<std::vector<std::string>> identities = {};
  /// The passphrase that opens it; default what the handle was opened with.
  std::optional<std::string> passphrase = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const UndoRestore& in) {
  out.given("busy_timeout_ms", in.busy_timeout_ms);
  out.given("identities", in.identities);
  out.given("passphrase", in.passphrase);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

/// Options of `verify`.
struct Verify {
  /// How deep to look: `pages`, `quick` (the default) or `full`.
  std::optional<std::variant<bool, std::string>> depth = {};
  /// Texts of age identities that open it; default what the handle was opened with.
  std::optional<std::vector<std::string>> identities = {};
  /// The passphrase that opens it; default what the handle was opened with.
  std::optional<std::string> passphrase = {};
  /// Options that this version does not know.
  Value::Object more = {};
};
inline void write_members(Writer& out, const Verify& in) {
  out.given("depth", in.depth);
  out.given("identities", in.identities);
  out.given("passphrase", in.passphrase);
  for (const auto& [key, value] : in.more) out.member(key, value);
}

}  // namespace options

RPMADB_END

#endif
