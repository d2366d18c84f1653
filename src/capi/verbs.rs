//! The verbs: one function each, with the one convention `(db, required..., options, op, out)`.

use std::ffi::c_char;

use serde::Serialize;

use super::database::{admitted, rpmadb};
use super::operation::{given, rpmadb_op};
use super::{guard, text};
use crate::database::Database;
use crate::error::Result;
use crate::operation::Operation;
use crate::request::{self, CheckpointMode, Request};

/// A verb that takes nothing but options.
pub(super) fn plain<R: Request, T: Serialize>(
    verb: &'static str,
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
    call: impl FnOnce(&Database, &R, &Operation) -> Result<T>,
) -> i32 {
    guard::report(out, || {
        let database = admitted(db, verb)?;
        // SAFETY: the header demands a NUL-terminated text that stays valid during the call.
        let request = R::from_json(unsafe { text::optional("options", options)? })?;
        call(&database, &request, &given(op)?)
    })
}

/// Applies what is pending, all of it in one transaction unless told otherwise.
///
/// Options: target (stop after this version), dry_run, backup (first, into the configured folder), lock_timeout_ms,
/// allow_out_of_order, transaction ("run": all of it in one, the default; "file": each migration in its own).
///
/// @param db       an open handle.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {from, to, applied: [{version, name, kind, duration_ms}], backup, dry_run, adopted, drift, moved,
///                 changes, warnings, duration_ms} or the error document with file, line and column; release it with
///                 rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status; on failure nothing of the transaction was kept.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_migrate(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("migrate", db, options, op, out, |database, request, operation| database.migrate(request, operation))
}

/// Lists every migration known or recorded, with its state.
///
/// @param db       an open handle.
/// @param options  NULL or "{}": there are none yet.
/// @param op       watches the call; may be NULL.
/// @param out      receives {current, latest, pending, migrations: [{version, name, kind, state, applied_at, actor, duration_ms,
///                 reversible, origin, repaired_at, repaired_by}], drift} or the error document; release it with rpmadb_free. May be NULL.
///                 state is "applied", "pending", "changed", "missing", "out_of_order", or "removed" for a repeatable whose file
///                 is gone.
/// @return RPMADB_OK or an error status.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_migrations(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("migrations", db, options, op, out, |database, _: &request::Migrations, operation| {
        database.migrations(operation)
    })
}

/// A quick look that says whether somebody must act. Writes nothing; takes well under a millisecond when nothing is wrong.
///
/// The status is that of the worst check, and the score at most 39 when one is critical. A check that could not be made is
/// "unknown"; one that does not apply (such as free_disk in memory, or busy_rate before any lock was asked for) is not there.
/// While a monitor runs, its own state (monitor), what its last check of the file found (integrity) and its worst alert (alerts) are
/// among the checks. What an alert and another check both tell of lowers the score once.
///
/// Options: require_users (true: no row in the table users is critical, and so is no such table), backup_max_age_hours (1 to
/// 87600, 48: an older newest verified backup is degraded, one seven times as old critical), call_max_ms (1 to 86400000, 60000: a call
/// that has had its connection for longer is degraded).
///
/// @param db       an open handle.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {status: "ok" | "unknown" | "degraded" | "critical", score, checks: [{id, status, value, threshold,
///                 measured_at, cost_us, remedy}]} or the error document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK also when the database is unwell; an error status when it could not be looked at.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_health(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("health", db, options, op, out, |database, request, operation| database.health(request, operation))
}

/// Examines everything that helps to find out what is wrong, the slow checks included. Writes nothing. A handle that was opened
/// read_only does not look at CHECK constraints, which SQLite does not load there.
///
/// @param db       an open handle.
/// @param options  NULL or "{}": there are none yet.
/// @param op       watches the call; may be NULL.
/// @param out      receives {journal_mode, wal_checkpoint: [log, checkpointed], busy_timeout_ms, integrity, table_counts,
///                 pool_state: {connections, idle_connections, max_connections}, foreign_key_check, schema_drift, pragmas,
///                 pragma_findings: [{pragma, expected, actual}], wal: {size_bytes, frames, backlog},
///                 open_transactions: [{label, age_ms, writes, actor, role, statement}],
///                 indexes: {redundant: [{index, table, covered_by}], missing: [{table, columns, reason, suggestion}],
///                 unused: [{index, table}], full_scans: [{table, sql, rows}], statements_seen, statements_forgotten},
///                 disks: [{what, path, free_bytes, total_bytes}], files: [{path, mode, findings}], sqlite_version,
///                 sqlite: {version, source_id, compile_options, has_wal_reset_bug},
///                 system: {free_disk_bytes, resident_memory_bytes, cpu_ms}} or the error document; release it with
///                 rpmadb_free. May be NULL. What was not measured is null: pragma_findings while another call writes, unused
///                 and full_scans before the first statement through this handle. Statements are shown without their literals.
/// @return RPMADB_OK or an error status.
///
/// Threads: any. Takes about 8 s per GB of database.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_diagnostics(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("diagnostics", db, options, op, out, |database, _: &request::Diagnostics, operation| {
        database.diagnostics(operation)
    })
}

/// Tells what was counted since the database was opened: statements by fingerprint, slow ones with their plan, long transactions,
/// calls by verb, what indexes are used, and who has the connections.
///
/// Statements and calls are counted only when the database was opened with metrics (see rpmadb_open); without, enabled is false and
/// pool, locks, wal and indexes are told all the same. Literals of statements are never shown.
///
/// Options: format ("json", "prometheus": text in the format that Prometheus reads; json), limit (most fingerprints, 0 to 1000, 100),
/// indexes (false leaves out what needs every statement to be planned; true).
///
/// @param db       an open handle.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {enabled, since, statements: [{fingerprint, calls, errors, rows, total_ms, mean_ms, p95_ms, max_ms,
///                 full_scan_steps, sorts, automatic_index_rows, last_at}] largest total first, statements_known,
///                 statements_evicted, slow: [{fingerprint, duration_ms, rows, failed, at, verb, actor, plan}] newest first,
///                 slow_total, slow_transactions: [{label, actor, duration_ms, at, committed}], slow_transactions_total,
///                 verbs: {name: {calls, errors, denied, total_ms, max_ms}}, backups: {made, failed, last_at, last_duration_ms,
///                 last_size_bytes}, scripts: {runs, failures}, checkpoints: {runs, busy}, denials, indexes: {used: [{index, table,
///                 calls}], unused, redundant, missing, full_scans}, pool: {connections, idle_connections, max_connections, in_use,
///                 waits, wait_ms, timeouts, holders: [{label, age_ms, writes, actor, role, statement}]}, locks: {leases, waited,
///                 gave_up}, wal: {size_bytes, frames, backlog}}, with format "prometheus" {format, text}, or the error document;
///                 release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status.
///
/// Threads: any. Answers also when every connection is in use: what needs one is then null.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_metrics(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("metrics", db, options, op, out, |database, request, operation| database.metrics(request, operation))
}

/// Tells how big the database is and what is in it.
///
/// Options: estimate (true answers without scanning, from SQLite's statistics or a sample of the pages), sizes (measure every
/// table and index; default true, with estimate false).
///
/// @param db       an open handle.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {size_bytes, tables: {name: rows}, database_path, estimated, sources: {name: "exact" | "statistics" |
///                 "rowids" | "sampled"}, page_size, page_count, freelist_count, freelist_bytes, auto_vacuum, encoding,
///                 wal_size_bytes, wal_frames, table_count, index_count, schema_version, objects: [{name, table, kind: "table" |
///                 "index", size_bytes, unused_bytes, pages, overflow_pages}] largest first, objects_measured_at, damaged: [name],
///                 growth: {since, elapsed_ms, size_bytes, wal_size_bytes, tables: {name: rows}} since the last call on this open
///                 database} or the error document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status.
///
/// Threads: any. Counting and measuring read every page, measuring again only after a change; an estimate takes milliseconds.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_stats(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("stats", db, options, op, out, |database, request, operation| database.stats(request, operation))
}

/// Moves the write-ahead log into the database file.
///
/// Options: busy_timeout_ms (how long the modes other than passive wait for readers and writers).
///
/// When busy, held_by says who kept it from finishing, as far as this process can tell: {who: "reader" or "writer", label,
/// age_ms, actor, role, statement} for the oldest call of its own that was in the way, with its verb; {who: "another process"}
/// otherwise.
///
/// @param db       an open handle.
/// @param mode     "passive", "full", "restart" or "truncate"; NULL is passive.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {mode, busy, log, checkpointed, held_by, duration_ms} or the error document; release it with
///                 rpmadb_free. May be NULL.
/// @return RPMADB_OK also when readers kept it from finishing, which `busy` tells; else an error status.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_checkpoint(
    db: *mut rpmadb,
    mode: *const c_char,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    guard::report(out, || {
        let database = admitted(db, "checkpoint")?;
        // SAFETY: the header demands NUL-terminated texts that stay valid during the call.
        let (mode, options) = unsafe { (text::optional("mode", mode)?, text::optional("options", options)?) };
        let request = request::Checkpoint::from_json(options)?;
        database.checkpoint(CheckpointMode::from_name(mode)?, &request, &given(op)?)
    })
}

/// Tells who did what: the record that the database keeps of every call, in its table rpmadb_audit.
///
/// A change is recorded in its own transaction. A call that failed or was denied is recorded in one of its own; calls that only
/// look are recorded together, at the latest when the handle is closed, and what waits is written before this call reports.
/// Of many equal calls that only look one record may stand for several (calls). What a close could not write, because another process
/// held the lock, waits in a file beside the database, "-audit-waiting" behind its name, and the next call that can write takes it in.
///
/// Options: actor, role, origin ("rust", "c", "lua", "cli", "monitor", "migration"), verb, outcome ("ok", "denied", "error"), target (a
/// text in it), since and until (milliseconds since the Unix epoch), after (a number: go on there), limit (100, at most 1000000),
/// oldest_first (false); format ("json", or "jsonl": a text with a document a line); verify (true proves the chain of hashes and
/// the anchors, about a second for a million records); prune ({keep_days or keep_rows, folder, dry_run}: archives the oldest and
/// removes them). A handle that is not an admin's is shown the records of its own actor, and may not verify or prune.
///
/// @param db       an open handle.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {enabled, rows, head: {count, hash}, records: [{seq, id, at, actor, role, origin, verb, target, outcome,
///                 status, duration_us, rows, calls, schema_version, process, hash}], text, next, waiting, lost, verify: {status:
///                 "ok" | "tampered" | "unknown", rows, anchors, findings: [{class, from_seq, to_seq, message}], more_findings,
///                 duration_ms}, pruned: {from_seq, to_seq, rows, archive, dry_run}, duration_ms} or the error document; release
///                 it with rpmadb_free. May be NULL. class is "edited", "missing", "tail_cut", "head_removed", "rewritten",
///                 "table_dropped", "anchor_edited", "trigger", "unkeyed" or "unknown_key".
/// @return RPMADB_OK also when the audit was tampered with, which verify tells; else an error status.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_audit(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("audit", db, options, op, out, |database, request, operation| database.audit(request, operation))
}

/// Runs one SQL statement.
///
/// BEGIN, COMMIT and the like are refused (use rpmadb_transaction), as are ATTACH, VACUUM and pragmas that set something, and for
/// everybody writing to tables of rpmadb's own. A supervisor's statement reads, or is RPMADB_DENIED.
///
/// @param db       an open handle.
/// @param sql      one statement.
/// @param params   a JSON array for ?, an object for :name, or NULL. A BLOB is {"base64": "..."}, an infinite number {"real": "inf"}
///                 or {"real": "-inf"}, in parameters and rows alike.
/// @param options  NULL or "{}": there are none yet.
/// @param op       watches the call; may be NULL.
/// @param out      receives {columns, rows: [[...]], changes, last_insert_rowid} or the error document; release it with
///                 rpmadb_free. May be NULL. Integers are exact up to 64 bits.
/// @return RPMADB_OK or an error status.
///
/// Threads: any. Reads run side by side, writes queue.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_query(
    db: *mut rpmadb,
    sql: *const c_char,
    params: *const c_char,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    guard::report(out, || {
        let database = admitted(db, "query")?;
        // SAFETY: the header demands NUL-terminated texts that stay valid during the call.
        let (sql, params, options) = unsafe {
            (text::required("sql", sql)?, text::optional("params", params)?, text::optional("options", options)?)
        };
        request::Query::from_json(options)?;
        database.query(sql, params, &given(op)?)
    })
}

/// Runs a Lua script against the database.
///
/// Options: name (for messages), args (what the script finds in job.args), dry_run (true runs it, reports, and rolls back what
/// it changed), timeout_ms, memory_bytes; the limits that rpmadb_open was given win.
///
/// @param db       an open handle.
/// @param source   the text of the script.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {result, log, duration_ms, peak_memory_bytes} or the error document with file and line; release it
///                 with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status.
///
/// Threads: any. The script runs on a thread of the library's, and so does a progress callback it causes.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_script(
    db: *mut rpmadb,
    source: *const c_char,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    guard::report(out, || {
        let database = admitted(db, "script")?;
        // SAFETY: the header demands NUL-terminated texts that stay valid during the call.
        let (source, options) = unsafe { (text::required("source", source)?, text::optional("options", options)?) };
        database.script(source, &request::Script::from_json(options)?, &given(op)?)
    })
}

/// Runs a Lua script that is built in, or that is in a file. What its head (the lines that begin with --!) declares holds: the
/// lowest role that may run it, its arguments with their types and defaults, the time and memory it asks for.
///
/// Options: as for rpmadb_script; name is that of the file unless it is given.
///
/// @param db            an open handle.
/// @param name_or_path  the name of a script that rpmadb_scripts lists, or the path of a regular file of at most 4 MiB;
///                      for a supervisor its name must end in .lua.
/// @param options       a JSON object, or NULL for defaults.
/// @param op            watches the call; may be NULL.
/// @param out           receives the same as with rpmadb_script; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status: RPMADB_NOT_FOUND when there is neither such a script nor such a file,
///         RPMADB_INVALID_ARGUMENT when an argument is missing, unknown or of another type, RPMADB_SCRIPT_SYNTAX also for the
///         head.
///
/// Threads: any, as with rpmadb_script.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_script_file(
    db: *mut rpmadb,
    name_or_path: *const c_char,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    guard::report(out, || {
        let database = admitted(db, "script_file")?;
        // SAFETY: the header demands NUL-terminated texts that stay valid during the call.
        let (name, options) =
            unsafe { (text::required("name_or_path", name_or_path)?, text::optional("options", options)?) };
        database.script_file(name, &request::Script::from_json(options)?, &given(op)?)
    })
}

/// Lists the scripts that are built in.
///
/// @param db       an open handle.
/// @param options  NULL or "{}": there are none yet.
/// @param op       watches the call; may be NULL.
/// @param out      receives {scripts: [{name, purpose, args: [{name, type: "integer" | "number" | "string" | "boolean", required,
///                 default, doc}], changes, role, timeout_ms, memory_bytes}]} or the error document; release it with
///                 rpmadb_free. May be NULL. What a script does not declare is null.
/// @return RPMADB_OK or an error status.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_scripts(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("scripts", db, options, op, out, |database, _: &request::Scripts, operation| database.scripts(operation))
}
