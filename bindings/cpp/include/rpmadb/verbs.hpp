// The functions of a database, one a verb.
//
// Made by generate.py from rpmadb.schema.json; do not edit.
// clang-format off
#ifndef RPMADB_VERBS_HPP
#define RPMADB_VERBS_HPP

#include "call.hpp"
#include "options.hpp"
#include "reports.hpp"

RPMADB_BEGIN

/// The functions of a database, one a verb, each also as try_, which reports an error in place of throwing it.
template <class Self>
class Verbs {
 public:
  /// Calls `rpmadb_adopt`. A history that was taken over.
  Result<Report<reports::Adopted>> try_adopt(const options::Adopt& options = {}, Operation* op = nullptr) {
    const detail::Json options_text(options);
    return self().template call<reports::Adopted>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_adopt(db, options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_adopt`. A history that was taken over.
  Report<reports::Adopted> adopt(const options::Adopt& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_adopt(options, op));
  }
#endif

  /// Calls `rpmadb_alerts`. Report of `alerts`.
  Result<Report<reports::Alerts>> try_alerts(const options::Alerts& options = {}, Operation* op = nullptr) {
    const detail::Json options_text(options);
    return self().template call<reports::Alerts>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_alerts(db, options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_alerts`. Report of `alerts`.
  Report<reports::Alerts> alerts(const options::Alerts& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_alerts(options, op));
  }
#endif

  /// Calls `rpmadb_audit`. What `audit` found, and did.
  Result<Report<reports::Audit>> try_audit(const options::Audit& options = {}, Operation* op = nullptr) {
    const detail::Json options_text(options);
    return self().template call<reports::Audit>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_audit(db, options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_audit`. What `audit` found, and did.
  Report<reports::Audit> audit(const options::Audit& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_audit(options, op));
  }
#endif

  /// Calls `rpmadb_backup`. Report of `backup`.
  Result<Report<reports::Backup>> try_backup(Text destination = {}, const options::Backup& options = {}, Operation* op = nullptr) {
    if (!destination.whole()) return detail::has_nul<reports::Backup>();
    const detail::Json options_text(options);
    return self().template call<reports::Backup>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_backup(db, destination.c_str(), options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_backup`. Report of `backup`.
  Report<reports::Backup> backup(Text destination = {}, const options::Backup& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_backup(std::move(destination), options, op));
  }
#endif

  /// Calls `rpmadb_backups`. Report of `backups`.
  Result<Report<reports::Backups>> try_backups(Operation* op = nullptr) {
    return self().template call<reports::Backups>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_backups(db, nullptr, handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_backups`. Report of `backups`.
  Report<reports::Backups> backups(Operation* op = nullptr) {
    return detail::value_of(try_backups(op));
  }
#endif

  /// Calls `rpmadb_baseline`. Report of `baseline`.
  Result<Report<reports::Baseline>> try_baseline(const options::Baseline& options = {}, Operation* op = nullptr) {
    const detail::Json options_text(options);
    return self().template call<reports::Baseline>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_baseline(db, options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_baseline`. Report of `baseline`.
  Report<reports::Baseline> baseline(const options::Baseline& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_baseline(options, op));
  }
#endif

  /// Calls `rpmadb_checkpoint`. Report of `checkpoint`.
  Result<Report<reports::Checkpoint>> try_checkpoint(Text mode = {}, const options::Checkpoint& options = {}, Operation* op = nullptr) {
    if (!mode.whole()) return detail::has_nul<reports::Checkpoint>();
    const detail::Json options_text(options);
    return self().template call<reports::Checkpoint>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_checkpoint(db, mode.c_str(), options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_checkpoint`. Report of `checkpoint`.
  Report<reports::Checkpoint> checkpoint(Text mode = {}, const options::Checkpoint& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_checkpoint(std::move(mode), options, op));
  }
#endif

  /// Calls `rpmadb_diagnostics`. Report of `diagnostics`.
  Result<Report<reports::Diagnostics>> try_diagnostics(Operation* op = nullptr) {
    return self().template call<reports::Diagnostics>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_diagnostics(db, nullptr, handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_diagnostics`. Report of `diagnostics`.
  Report<reports::Diagnostics> diagnostics(Operation* op = nullptr) {
    return detail::value_of(try_diagnostics(op));
  }
#endif

  /// Calls `rpmadb_health`. Report of `health`.
  Result<Report<reports::Health>> try_health(const options::Health& options = {}, Operation* op = nullptr) {
    const detail::Json options_text(options);
    return self().template call<reports::Health>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_health(db, options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_health`. Report of `health`.
  Report<reports::Health> health(const options::Health& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_health(options, op));
  }
#endif

  /// Calls `rpmadb_lint`. Report of `lint`.
  Result<Report<reports::Lint>> try_lint(Operation* op = nullptr) {
    return self().template call<reports::Lint>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_lint(db, nullptr, handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_lint`. Report of `lint`.
  Report<reports::Lint> lint(Operation* op = nullptr) {
    return detail::value_of(try_lint(op));
  }
#endif

  /// Calls `rpmadb_metrics`. Report of `metrics`, in the form that was asked for.
  Result<Report<reports::Metrics>> try_metrics(const options::Metrics& options = {}, Operation* op = nullptr) {
    const detail::Json options_text(options);
    return self().template call<reports::Metrics>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_metrics(db, options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_metrics`. Report of `metrics`, in the form that was asked for.
  Report<reports::Metrics> metrics(const options::Metrics& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_metrics(options, op));
  }
#endif

  /// Calls `rpmadb_migrate`. Report of `migrate`.
  Result<Report<reports::Migrate>> try_migrate(const options::Migrate& options = {}, Operation* op = nullptr) {
    const detail::Json options_text(options);
    return self().template call<reports::Migrate>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_migrate(db, options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_migrate`. Report of `migrate`.
  Report<reports::Migrate> migrate(const options::Migrate& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_migrate(options, op));
  }
#endif

  /// Calls `rpmadb_migrations`. Report of `migrations`.
  Result<Report<reports::Migrations>> try_migrations(Operation* op = nullptr) {
    return self().template call<reports::Migrations>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_migrations(db, nullptr, handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_migrations`. Report of `migrations`.
  Report<reports::Migrations> migrations(Operation* op = nullptr) {
    return detail::value_of(try_migrations(op));
  }
#endif

  /// Calls `rpmadb_pin`. Report of `pin`.
  Result<Report<reports::Pin>> try_pin(Text path, const options::Pin& options = {}, Operation* op = nullptr) {
    if (!path.whole()) return detail::has_nul<reports::Pin>();
    const detail::Json options_text(options);
    return self().template call<reports::Pin>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_pin(db, path.c_str(), options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_pin`. Report of `pin`.
  Report<reports::Pin> pin(Text path, const options::Pin& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_pin(std::move(path), options, op));
  }
#endif

  /// Calls `rpmadb_prune`. Report of `prune`.
  Result<Report<reports::Prune>> try_prune(const options::Prune& options = {}, Operation* op = nullptr) {
    const detail::Json options_text(options);
    return self().template call<reports::Prune>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_prune(db, options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_prune`. Report of `prune`.
  Report<reports::Prune> prune(const options::Prune& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_prune(options, op));
  }
#endif

  /// Calls `rpmadb_query`. Report of `query`.
  Result<Report<reports::Query>> try_query(Text sql, const Parameters& params = {}, Operation* op = nullptr) {
    if (!sql.whole()) return detail::has_nul<reports::Query>();
    const detail::Json params_text(params.values());
    return self().template call<reports::Query>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_query(db, sql.c_str(), params_text.c_str(), nullptr, handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_query`. Report of `query`.
  Report<reports::Query> query(Text sql, const Parameters& params = {}, Operation* op = nullptr) {
    return detail::value_of(try_query(std::move(sql), params, op));
  }
#endif

  /// Calls `rpmadb_repair`. Report of `repair`.
  Result<Report<reports::Repair>> try_repair(const options::Repair& options = {}, Operation* op = nullptr) {
    const detail::Json options_text(options);
    return self().template call<reports::Repair>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_repair(db, options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_repair`. Report of `repair`.
  Report<reports::Repair> repair(const options::Repair& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_repair(options, op));
  }
#endif

  /// Calls `rpmadb_restore`. Report of `restore` and `undo_restore`.
  Result<Report<reports::Restore>> try_restore(Text path, const options::Restore& options = {}, Operation* op = nullptr) {
    if (!path.whole()) return detail::has_nul<reports::Restore>();
    const detail::Json options_text(options);
    return self().template call<reports::Restore>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_restore(db, path.c_str(), options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_restore`. Report of `restore` and `undo_restore`.
  Report<reports::Restore> restore(Text path, const options::Restore& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_restore(std::move(path), options, op));
  }
#endif

  /// Calls `rpmadb_rollback`. Report of `rollback`.
  Result<Report<reports::Rollback>> try_rollback(std::int64_t target, const options::Rollback& options = {}, Operation* op = nullptr) {
    const detail::Json options_text(options);
    return self().template call<reports::Rollback>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_rollback(db, target, options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_rollback`. Report of `rollback`.
  Report<reports::Rollback> rollback(std::int64_t target, const options::Rollback& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_rollback(target, options, op));
  }
#endif

  /// Calls `rpmadb_schema`. Report of `schema`.
  Result<Report<reports::Schema>> try_schema(const options::Schema& options = {}, Operation* op = nullptr) {
    const detail::Json options_text(options);
    return self().template call<reports::Schema>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_schema(db, options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_schema`. Report of `schema`.
  Report<reports::Schema> schema(const options::Schema& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_schema(options, op));
  }
#endif

  /// Calls `rpmadb_script`. Report of `script`.
  Result<Report<reports::Script>> try_script(Text source, const options::Script& options = {}, Operation* op = nullptr) {
    if (!source.whole()) return detail::has_nul<reports::Script>();
    const detail::Json options_text(options);
    return self().template call<reports::Script>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_script(db, source.c_str(), options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_script`. Report of `script`.
  Report<reports::Script> script(Text source, const options::Script& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_script(std::move(source), options, op));
  }
#endif

  /// Calls `rpmadb_script_file`. Report of `script`.
  Result<Report<reports::Script>> try_script_file(Text name, const options::Script& options = {}, Operation* op = nullptr) {
    if (!name.whole()) return detail::has_nul<reports::Script>();
    const detail::Json options_text(options);
    return self().template call<reports::Script>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_script_file(db, name.c_str(), options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_script_file`. Report of `script`.
  Report<reports::Script> script_file(Text name, const options::Script& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_script_file(std::move(name), options, op));
  }
#endif

  /// Calls `rpmadb_scripts`. Report of `scripts`.
  Result<Report<reports::Scripts>> try_scripts(Operation* op = nullptr) {
    return self().template call<reports::Scripts>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_scripts(db, nullptr, handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_scripts`. Report of `scripts`.
  Report<reports::Scripts> scripts(Operation* op = nullptr) {
    return detail::value_of(try_scripts(op));
  }
#endif

  /// Calls `rpmadb_stats`. Report of `stats`.
  Result<Report<reports::Stats>> try_stats(const options::Stats& options = {}, Operation* op = nullptr) {
    const detail::Json options_text(options);
    return self().template call<reports::Stats>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_stats(db, options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_stats`. Report of `stats`.
  Report<reports::Stats> stats(const options::Stats& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_stats(options, op));
  }
#endif

  /// Calls `rpmadb_test`. Report of `test`.
  Result<Report<reports::Test>> try_test(const options::Test& options = {}, Operation* op = nullptr) {
    const detail::Json options_text(options);
    return self().template call<reports::Test>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_test(db, options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_test`. Report of `test`.
  Report<reports::Test> test(const options::Test& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_test(options, op));
  }
#endif

  /// Calls `rpmadb_undo_restore`. Report of `restore` and `undo_restore`.
  Result<Report<reports::Restore>> try_undo_restore(const options::UndoRestore& options = {}, Operation* op = nullptr) {
    const detail::Json options_text(options);
    return self().template call<reports::Restore>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_undo_restore(db, options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_undo_restore`. Report of `restore` and `undo_restore`.
  Report<reports::Restore> undo_restore(const options::UndoRestore& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_undo_restore(options, op));
  }
#endif

  /// Calls `rpmadb_verify`. Report of `verify`: the backup is what its manifest says. One that is not is an error.
  Result<Report<reports::Verify>> try_verify(Text path, const options::Verify& options = {}, Operation* op = nullptr) {
    if (!path.whole()) return detail::has_nul<reports::Verify>();
    const detail::Json options_text(options);
    return self().template call<reports::Verify>(
        [&](rpmadb* db, rpmadb_op* handle, char** out) { return rpmadb_verify(db, path.c_str(), options_text.c_str(), handle, out); }, op);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_verify`. Report of `verify`: the backup is what its manifest says. One that is not is an error.
  Report<reports::Verify> verify(Text path, const options::Verify& options = {}, Operation* op = nullptr) {
    return detail::value_of(try_verify(std::move(path), options, op));
  }
#endif

  /// Calls `rpmadb_monitor_start`. Report of `monitor_start`.
  Result<Report<reports::MonitorStart>> try_monitor_start(const options::Monitor& options = {}) {
    const detail::Json options_text(options);
    return self().template call<reports::MonitorStart>(
        [&](rpmadb* db, rpmadb_op* /*handle*/, char** out) { return rpmadb_monitor_start(db, options_text.c_str(), out); }, nullptr);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_monitor_start`. Report of `monitor_start`.
  Report<reports::MonitorStart> monitor_start(const options::Monitor& options = {}) {
    return detail::value_of(try_monitor_start(options));
  }
#endif

  /// Calls `rpmadb_monitor_stop`. Report of `monitor_stop`.
  Result<Report<reports::MonitorStop>> try_monitor_stop() {
    return self().template call<reports::MonitorStop>(
        [&](rpmadb* db, rpmadb_op* /*handle*/, char** out) { return rpmadb_monitor_stop(db, out); }, nullptr);
  }
#if RPMADB_EXCEPTIONS
  /// Calls `rpmadb_monitor_stop`. Report of `monitor_stop`.
  Report<reports::MonitorStop> monitor_stop() {
    return detail::value_of(try_monitor_stop());
  }
#endif

 private:
  Self& self() { return static_cast<Self&>(*this); }
};

RPMADB_END

#endif
