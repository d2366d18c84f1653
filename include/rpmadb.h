/*
 * rpmadb: owns the life of a SQLite database for any host.
 *
 * The conventions, once for all functions:
 *
 * - A function returns RPMADB_OK (0) or a positive status, listed below.
 * - Texts are NUL-terminated UTF-8. `options` is a JSON object, or NULL for defaults; an unknown key is an error.
 * - `out` may be NULL. If given, it is set on every path: to NULL or to one JSON document that you release with
 *   rpmadb_free. On success it is the report; on failure {"error": {"status", "name", "message", and where they apply
 *   "hint", "sqlite_code", "file", "line", "column", "statement", "source_line", "version"}}.
 * - Handles look like pointers and are numbers: using one after its close, a copy of it, or a wrong one is an error
 *   status and never undefined behaviour.
 * - Any handle may be used from any thread at any time. Reads run side by side, writes queue. From inside a callback the
 *   handle that is in the call answers RPMADB_REENTRANT.
 * - After fork, handles of the parent answer RPMADB_WRONG_PROCESS in the child, which can open its own, on the same file too.
 *   As with every library, fork when no call is under way on another thread.
 * - Nothing is printed, no signal handler is set, no thread is started before a reader, a script or a monitor needs one.
 * - The shared library stays loaded once it is loaded: dlclose does nothing.
 *
 * Generated from the source by cbindgen; do not edit.
 */

#ifndef RPMADB_H
#define RPMADB_H

#include <stdint.h>

/**
 * The ABI version of this header. Pass it to rpmadb_check_abi.
 */
#define RPMADB_ABI_VERSION 1

/**
 * Success.
 */
#define RPMADB_OK 0

/**
 * An argument or option is wrong; the message names it.
 */
#define RPMADB_INVALID_ARGUMENT 100

/**
 * A required pointer is NULL.
 */
#define RPMADB_NULL_ARGUMENT 101

/**
 * Text is not UTF-8.
 */
#define RPMADB_INVALID_UTF8 102

/**
 * The handle was closed.
 */
#define RPMADB_STALE_HANDLE 103

/**
 * The value was never a handle.
 */
#define RPMADB_BAD_HANDLE 104

/**
 * A handle of the other kind.
 */
#define RPMADB_WRONG_KIND 105

/**
 * The handle is already in a call further up this thread's stack.
 */
#define RPMADB_REENTRANT 106

/**
 * The handle was opened by the process this one was forked from.
 */
#define RPMADB_WRONG_PROCESS 107

/**
 * The header and the library do not fit each other.
 */
#define RPMADB_ABI_MISMATCH 108

/**
 * Not available in this build or at this place.
 */
#define RPMADB_UNSUPPORTED 109

/**
 * No SQLite was handed over yet to a build that has none of its own.
 */
#define RPMADB_NOT_READY 110

/**
 * SQLite refused the SQL.
 */
#define RPMADB_SQL 200

/**
 * Another connection holds the lock.
 */
#define RPMADB_BUSY 201

/**
 * The database or the handle may not write.
 */
#define RPMADB_READ_ONLY 202

/**
 * A file or value does not exist.
 */
#define RPMADB_NOT_FOUND 203

/**
 * The destination exists.
 */
#define RPMADB_ALREADY_EXISTS 204

/**
 * The path is not a SQLite database.
 */
#define RPMADB_NOT_A_DATABASE 205

/**
 * The database is damaged.
 */
#define RPMADB_CORRUPT 206

/**
 * No space is left.
 */
#define RPMADB_DISK_FULL 207

/**
 * The operating system failed a file operation.
 */
#define RPMADB_IO 208

/**
 * The operating system denied access.
 */
#define RPMADB_PERMISSION 209

/**
 * A constraint of the schema is violated.
 */
#define RPMADB_CONSTRAINT 210

/**
 * Another copy of SQLite in this process uses the file.
 */
#define RPMADB_FOREIGN_SQLITE 211

/**
 * Source and destination are one file.
 */
#define RPMADB_SAME_FILE 212

/**
 * A lock that SQLite believed to have was gone; nothing was committed.
 */
#define RPMADB_LOCK_LOST 213

/**
 * A migration step failed; nothing of the run was kept.
 */
#define RPMADB_MIGRATION_FAILED 300

/**
 * An applied migration's file has changed.
 */
#define RPMADB_MIGRATION_CHANGED 301

/**
 * An applied migration is not in the set.
 */
#define RPMADB_MIGRATION_MISSING 302

/**
 * A file of the migration set is not acceptable.
 */
#define RPMADB_MIGRATION_INVALID 303

/**
 * The database was migrated by a newer set.
 */
#define RPMADB_DATABASE_TOO_NEW 304

/**
 * A pending migration is lower than one already applied.
 */
#define RPMADB_OUT_OF_ORDER 305

/**
 * A guard found lost data or a broken schema.
 */
#define RPMADB_GUARD 306

/**
 * A migration has no way back.
 */
#define RPMADB_IRREVERSIBLE 307

/**
 * The Lua text does not parse.
 */
#define RPMADB_SCRIPT_SYNTAX 400

/**
 * The script raised an error.
 */
#define RPMADB_SCRIPT_FAILED 401

/**
 * The script ran longer than it may.
 */
#define RPMADB_SCRIPT_TIMEOUT 402

/**
 * The script used more memory than it may.
 */
#define RPMADB_SCRIPT_MEMORY 403

/**
 * The call was cancelled.
 */
#define RPMADB_CANCELLED 500

/**
 * The call's time ran out.
 */
#define RPMADB_TIMEOUT 501

/**
 * The role may not do this.
 */
#define RPMADB_DENIED 502

/**
 * A backup does not hold what it should.
 */
#define RPMADB_BACKUP_INVALID 600

/**
 * A backup could not be made.
 */
#define RPMADB_BACKUP_FAILED 601

/**
 * A backup could not be decrypted.
 */
#define RPMADB_DECRYPT 602

/**
 * A defect of this library.
 */
#define RPMADB_INTERNAL 900

/**
 * A panic was caught at the boundary.
 */
#define RPMADB_PANIC 901

/**
 * Memory ran out.
 */
#define RPMADB_NO_MEMORY 902

/**
 * Log level: nothing.
 */
#define RPMADB_LOG_OFF 0

/**
 * Log level: what failed.
 */
#define RPMADB_LOG_ERROR 1

/**
 * Log level: what somebody should look at.
 */
#define RPMADB_LOG_WARN 2

/**
 * Log level: what was done.
 */
#define RPMADB_LOG_INFO 3

/**
 * Log level: how it was done.
 */
#define RPMADB_LOG_DEBUG 4

/**
 * An open database. A number in the shape of a pointer; the library never reads through it.
 */
typedef struct rpmadb rpmadb;

/**
 * Watches one call: cancel, time-out, progress. A number in the shape of a pointer; the library never reads through it.
 */
typedef struct rpmadb_op rpmadb_op;

/**
 * Told how far a call is: `done` of `total` units (`total` is 0 while unknown) of `stage`, which is only valid during
 * the callback. Runs on the thread that works, and must not use the handle of the call (`RPMADB_REENTRANT`).
 * Return 0 to go on, anything else to cancel the call. A C++ exception that leaves it ends the process.
 */
typedef int32_t (*rpmadb_progress_fn)(uint64_t done, uint64_t total, const char *stage, void *user_data);

/**
 * Host code that works inside a transaction. `db` is a handle on that transaction, good until the function returns.
 * Use it and no other handle on the same database (they answer RPMADB_REENTRANT on this thread).
 * Return 0 for success, anything else to have all of it rolled back. A C++ exception that leaves it ends the process.
 */
typedef int32_t (*rpmadb_step_fn)(rpmadb *db, void *user_data);

/**
 * Told of an alert: one JSON object as in the alerts of rpmadb_alerts, only valid during the callback. Runs on the monitor's thread.
 * From inside it every handle on the database answers RPMADB_REENTRANT: note what it is about, and act on another thread. A C++
 * exception that leaves it ends the process.
 */
typedef void (*rpmadb_alert_fn)(const char *alert, void *user_data);

/**
 * Receives one log line. `target` and `message` are only valid during the call. It may run on any thread and must not
 * use a handle that is in a call on that thread. A C++ exception that leaves it ends the process.
 */
typedef void (*rpmadb_log_fn)(int32_t level, const char *target, const char *message, void *user_data);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library, such as "0.1.0".
 *
 * @return static text; do not release it.
 *
 * Threads: any.
 */
const char *rpmadb_version(void);

/**
 * The ABI version of the library. It changes only when a program compiled against an older header would break.
 *
 * Threads: any.
 */
uint32_t rpmadb_abi_version(void);

/**
 * Refuses a library that does not fit the header a program was compiled with.
 *
 * @param header_abi  RPMADB_ABI_VERSION.
 * @return RPMADB_OK or RPMADB_ABI_MISMATCH.
 *
 * Threads: any.
 */
int32_t rpmadb_check_abi(uint32_t header_abi);

/**
 * Tells what the library is made of.
 *
 * @param out  receives {version, abi_version, sqlite: {version, source_id, linkage}, lua, features, target,
 *             embedded_migrations}; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK.
 *
 * Threads: any.
 */
int32_t rpmadb_build_info(char **out);

/**
 * The name of a status, such as "BUSY"; "UNKNOWN" for a number that is none.
 *
 * @param status  a status number.
 * @return static text; do not release it.
 *
 * Threads: any.
 */
const char *rpmadb_status_name(int32_t status);

/**
 * Releases a text that the library handed out. Only those: memory of the host's own is not for this function.
 *
 * @param text  the text; NULL is nothing to do. Do not use it afterwards.
 *
 * Threads: any.
 */
void rpmadb_free(char *text);

/**
 * Makes an operation. It may be passed to any number of calls, one after the other or at once; once cancelled it
 * stops every call that gets it.
 *
 * @param op_out  receives the handle; release it with rpmadb_op_free.
 * @return RPMADB_OK, RPMADB_NULL_ARGUMENT, or RPMADB_NO_MEMORY when 65,536 handles are open.
 *
 * Threads: any.
 */
int32_t rpmadb_op_new(rpmadb_op **op_out);

/**
 * Sets or, with a NULL function, removes the progress callback.
 *
 * @param op         the operation.
 * @param callback   see rpmadb_progress_fn.
 * @param user_data  handed to the callback; must stay valid until the callback is removed and no call that has `op`
 *                   is running.
 * @return RPMADB_OK or the status of a wrong handle.
 *
 * Threads: any.
 */
int32_t rpmadb_op_on_progress(rpmadb_op *op, rpmadb_progress_fn callback, void *user_data);

/**
 * Limits each call that is given `op` from now on to `timeout_ms` milliseconds from its start (RPMADB_TIMEOUT).
 *
 * @param op          the operation.
 * @param timeout_ms  the limit; 0 is none.
 * @return RPMADB_OK or the status of a wrong handle.
 *
 * Threads: any. A call that already runs keeps the limit it started with.
 */
int32_t rpmadb_op_set_timeout_ms(rpmadb_op *op, uint64_t timeout_ms);

/**
 * Asks the calls that have `op` to stop; they return RPMADB_CANCELLED, usually within a few milliseconds.
 *
 * @param op  the operation.
 * @return RPMADB_OK or the status of a wrong handle.
 *
 * Threads: any, also while the call runs.
 */
int32_t rpmadb_op_cancel(rpmadb_op *op);

/**
 * Tells how far the call is: `{"stage": ..., "done": ..., "total": ..., "cancelled": ...}`.
 *
 * @param op   the operation.
 * @param out  receives the document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or the status of a wrong handle.
 *
 * Threads: any, also while the call runs.
 */
int32_t rpmadb_op_progress(rpmadb_op *op, char **out);

/**
 * Releases an operation and sets the variable to NULL. A call that still runs with it goes on unwatched.
 *
 * @param op  address of the variable; a variable that holds NULL is RPMADB_OK.
 * @return RPMADB_OK, or the status of a wrong handle, and then the variable is left as it was.
 *
 * Threads: any.
 */
int32_t rpmadb_op_free(rpmadb_op **op);

/**
 * Opens or creates a database, configures it, and migrates it to the latest version unless told not to.
 *
 * Options (a JSON object, or NULL), with their ranges and defaults:
 * - actor: a name for the history, "host"; role: "admin", "supervisor", "user", see rpmadb_as; admin. Whatever the role, the
 *   database is migrated: that is the library's work
 * - read_only, false; create, true; migrate, true unless read_only
 * - migrations: a folder; the embedded set. style: how its files are named, "rpmadb", "auto" or another tool's name; rpmadb
 * - busy_timeout_ms: 0 to 86400000; 5000
 * - journal_mode: "wal", "delete", "truncate", "persist", "keep"; wal
 * - synchronous: "off", "normal", "full", "extra"; normal
 * - foreign_keys, true; trusted_schema, false, but true whatever is given with a SQLite of the host's or the system's that takes its own JSON
 *   functions for unsafe in a schema; defensive, true
 * - mmap_size_bytes, 0; statement_cache: 0 to 10000 statements a connection, 64
 * - ballast_bytes: 0 to 1099511627776, none; a file PATH-ballast whose space is kept allocated beside the database. It is
 *   removed when SQLite finds the disk full, so that deletions and a checkpoint work again, and made again by an open or a
 *   checkpoint when more than twice its size is free. That there is none never fails a call; rpmadb_health tells
 * - metrics: true counts statements, calls and more for rpmadb_metrics; false, or true where the environment variable
 *   RPMA_DB_METRICS is "1". slow_query_ms: a statement that takes longer is then kept with its plan, 0 to 86400000; 100
 * - foreign_sqlite: another SQLite in this process that has the database open. "coexist" keeps the locks of the two apart so that both may
 *   write, "refuse" fails every write with RPMADB_FOREIGN_SQLITE from then on until the database is opened again, "warn" tells the log,
 *   "off" neither looks nor changes anything; coexist. Where that is not possible it is as refuse: outside of Linux, on a file system
 *   without locks of open file descriptions, and for a file that this library has open already in another mode. The first
 *   open with coexist changes how this library's SQLite locks every file it opens from then on; it keeps descriptors of files it
 *   has closed, which no other process takes for an open database. Without effect in a build that works through the host's or the system's
 *   SQLite
 * - pool: max, 1 to 1000 readers, 10; min_idle, readers opened with the first, 2; timeout_ms, 1 to 86400000, 30000; idle_ms,
 *   readers beyond min_idle that were not needed for so long are closed by the next call that gives one back or asks for
 *   metrics or diagnostics, 1 to 86400000, 60000
 * - backup: folder, where backups without a destination go, it must exist, none; before_migrate, back up before a run that has
 *   something to do, false; compress, true or a zstd level from 1 to 19, false; encrypt_to, an age recipient, a list of them or
 *   {"passphrase": "..."}, none; identities, a list of texts of age identities, and passphrase: what opens encrypted backups
 *   again, none; sign_key, a text that signs manifests, and those without its signature are then refused, none; every_hours, a monitor
 *   makes a backup when the newest scheduled one is older, 1 to 100000, none
 * - backup, which stay: keep_last, so many of the newest; keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly, the
 *   newest of each of so many; without any of these six all stay. keep_minimum, never fewer verified full ones, 1;
 *   keep_pre_migrate and keep_pre_restore, so many of those made before a migration or a restore, 3
 * - audit: enabled, keep a record of who did what, true in a database that has this library's history; reads, also of calls that
 *   only look, true; key, a secret of at least 16 bytes that nobody can write a record without, none: give it to every process that
 *   changes the database, for a record without it behind one of the key is a finding, and calls without it that change nothing are
 *   not recorded there; literals, keep the values that stand in SQL,
 *   false; redact, a list of texts that are never kept, none; keep_days, 1 to 36500, after which the monitor archives and removes
 *   records, never
 * - script: timeout_ms, 1 to 86400000, 30000; memory_bytes, from 1048576, 67108864
 * - monitor: an object with the options of rpmadb_monitor_start starts the monitor, {} with its defaults; none
 *
 * @param path     the file, or ":memory:".
 * @param options  see above.
 * @param op       watches the call; may be NULL.
 * @param db_out   receives the handle, or NULL on failure; release it with rpmadb_close.
 * @param out      receives the report {database_path, created, journal_mode, migrate, duration_ms} or the error document;
 *                 release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status. A file that is no database is left as it is.
 *
 * Threads: any. The handle may be used from any thread at any time.
 */
int32_t rpmadb_open(const char *path,
                    const char *options,
                    rpmadb_op *op,
                    rpmadb **db_out,
                    char **out);

/**
 * Makes a second handle on the same database, for one user of the host, with that user's rights. They are fixed for the life of
 * the handle:
 * - admin: everything, but nobody writes to tables of rpmadb's own.
 * - supervisor: rpmadb_query and scripts that only read, rpmadb_alerts, the own records of rpmadb_audit, rpmadb_backups,
 *   rpmadb_diagnostics, rpmadb_health, rpmadb_lint, rpmadb_metrics,
 *   rpmadb_migrations, rpmadb_schema, rpmadb_scripts, rpmadb_stats, and rpmadb_as. Reads every table but the audit
 *   (rpmadb_audit) and what shows it in another form (sqlite_dbpage, sqlite_stat4, sqlite_stmt). Changes nothing.
 * - user: may close the handle, and nothing else.
 *
 * What a role may not do is RPMADB_DENIED, whatever else is passed.
 *
 * @param db      an open handle.
 * @param actor   who: a name for records and logs.
 * @param role    "admin", "supervisor" or "user"; never more than `db` has, and of a supervisor "supervisor" to the own actor
 *                alone (RPMADB_DENIED).
 * @param db_out  receives the handle, or NULL on failure; release it with rpmadb_close. It stays good when `db` is closed,
 *                unless `db` was lent to a transaction: then it ends with that.
 * @param out     receives {actor, role} or the error document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any.
 */
int32_t rpmadb_as(rpmadb *db,
                  const char *actor,
                  const char *role,
                  rpmadb **db_out,
                  char **out);

/**
 * Closes a handle and sets the variable to NULL. Calls that run on it are cancelled and waited for. The last handle on
 * a database closes the file.
 *
 * @param db  address of the variable; a variable that holds NULL is RPMADB_OK.
 * @return RPMADB_OK; RPMADB_REENTRANT from inside a call on the handle; RPMADB_WRONG_PROCESS after fork; the status of a
 *         wrong handle. On failure the variable is left as it was.
 *
 * Threads: any.
 */
int32_t rpmadb_close(rpmadb **db);

/**
 * Registers a migration whose code is the host's own function. It wins over a file of its version and runs with the
 * next rpmadb_migrate, inside the migration's transaction; open with {"migrate": false} to register steps first. Register it
 * at every start: a set without it lacks a migration that the database has (RPMADB_MIGRATION_MISSING).
 *
 * @param db         an open handle.
 * @param version    from 1.
 * @param name       a name for the history.
 * @param up         applies it.
 * @param down       takes it back; NULL when there is no way back.
 * @param user_data  handed to both; must stay valid until the last handle on the database is closed.
 * @param out        receives {version, name} or the error document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any. The functions run on the thread that migrates: the one that calls rpmadb_migrate, or a script's.
 */
int32_t rpmadb_add_step(rpmadb *db,
                        int64_t version,
                        const char *name,
                        rpmadb_step_fn up,
                        rpmadb_step_fn down,
                        void *user_data,
                        char **out);

/**
 * Calls a function with a handle bound to one write transaction: 0 commits, anything else rolls back. Rolling back as the
 * function asked is RPMADB_OK with `committed` false.
 *
 * Options: none yet; pass NULL.
 *
 * @param db         an open handle.
 * @param body       the function.
 * @param user_data  handed to it.
 * @param options    NULL or "{}".
 * @param op         watches the call; may be NULL. A cancel or time-out rolls back even if the function returned 0.
 * @param out        receives {committed, returned, duration_ms} or the error document; release it with rpmadb_free.
 *                   May be NULL.
 * @return RPMADB_OK when the function was called and the transaction ended as it asked; else an error status.
 *
 * Threads: any. The function runs on the calling thread.
 */
int32_t rpmadb_transaction(rpmadb *db,
                           rpmadb_step_fn body,
                           void *user_data,
                           const char *options,
                           rpmadb_op *op,
                           char **out);

/**
 * Hands a SQLite to a library that was built without one (the feature host-sqlite): everything works through it from then on, and until then
 * every call that needs one is RPMADB_NOT_READY. Such a library can also be loaded with load_extension or .load, which does
 * the same. In other builds it is RPMADB_UNSUPPORTED.
 *
 * SQLite gives its functions to the entry points of extensions alone, so a program that is linked to it becomes one for a moment:
 *
 * ```c
 * static int entry(sqlite3 *db, char **error, const sqlite3_api_routines *api) {
 *     return rpmadb_bind_host_sqlite(api, NULL) == RPMADB_OK ? SQLITE_OK : SQLITE_ERROR;
 * }
 * sqlite3_auto_extension((void (*)(void))entry);
 * sqlite3_open(":memory:", &db);
 * sqlite3_close(db);
 * sqlite3_cancel_auto_extension((void (*)(void))entry);
 * ```
 *
 * @param api  a `const sqlite3_api_routines *`, as SQLite gave it. It must stay what it is: SQLite's own does.
 * @param out  receives {version, source_id, linkage} or the error document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK, also for the same SQLite once more; RPMADB_UNSUPPORTED for a second one, for one before 3.40, and for one that was
 *         compiled without something that is needed.
 *
 * Threads: any.
 */
int32_t rpmadb_bind_host_sqlite(const void *api,
                                char **out);

/**
 * Makes a connection on the file of a database for the host alone, in a library that works through the host's SQLite or the system's.
 * In the build with a SQLite of its own it is RPMADB_UNSUPPORTED: a connection of one SQLite is nothing to another.
 *
 * It is a new connection and none of the library's, so nothing that is done with it harms them. It is configured as the handle
 * is (busy_timeout_ms, synchronous, foreign_keys, trusted_schema, defensive, read_only). The library neither watches nor records what is
 * done with it: no role holds it back, and it can write to the library's own tables, so only an admin gets one.
 *
 * @param db          an open handle; not of a database in memory, and not one that was lent to a transaction.
 * @param handle_out  receives a `sqlite3 *`, or NULL on failure. It is the host's: close it with sqlite3_close, before or after `db`.
 * @param out         receives {} or the error document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any, and the connection may be used from any thread too.
 */
int32_t rpmadb_sqlite3(rpmadb *db,
                       void **handle_out,
                       char **out);

/**
 * Opens the database of a connection that the host has, as rpmadb_open does with its path: the handle works through connections of
 * its own, in the same SQLite. In the build with a SQLite of its own it is RPMADB_UNSUPPORTED.
 *
 * @param connection  a `sqlite3 *` of the SQLite that the library works through, open on a file. It stays the host's, is looked at during
 *                    this call alone, and may be closed before the handle. It must not be in a transaction, nor in a statement
 *                    that reads: the library would wait for it in vain.
 * @param options     those of rpmadb_open.
 * @param op          watches the call; may be NULL.
 * @param db_out      receives the handle, or NULL on failure; release it with rpmadb_close.
 * @param out         receives the report of rpmadb_open or the error document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status; RPMADB_UNSUPPORTED for a database in memory, and for a connection with a VFS of its own.
 *
 * Threads: any that may use the connection at that moment.
 */
int32_t rpmadb_open_sqlite3(void *connection,
                            const char *options,
                            rpmadb_op *op,
                            rpmadb **db_out,
                            char **out);

/**
 * Applies what is pending, all of it in one transaction unless told otherwise.
 *
 * Options: target (stop after this version), dry_run, backup (first, into the configured folder), lock_timeout_ms,
 * allow_out_of_order, transaction ("run": all of it in one, the default; "file": each migration in its own).
 *
 * @param db       an open handle.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {from, to, applied: [{version, name, kind, duration_ms}], backup, dry_run, adopted, drift, moved,
 *                 changes, warnings, duration_ms} or the error document with file, line and column; release it with
 *                 rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status; on failure nothing of the transaction was kept.
 *
 * Threads: any.
 */
int32_t rpmadb_migrate(rpmadb *db,
                       const char *options,
                       rpmadb_op *op,
                       char **out);

/**
 * Lists every migration known or recorded, with its state.
 *
 * @param db       an open handle.
 * @param options  NULL or "{}": there are none yet.
 * @param op       watches the call; may be NULL.
 * @param out      receives {current, latest, pending, migrations: [{version, name, kind, state, applied_at, actor, duration_ms,
 *                 reversible, origin, repaired_at, repaired_by}], drift} or the error document; release it with rpmadb_free. May be NULL.
 *                 state is "applied", "pending", "changed", "missing", "out_of_order", or "removed" for a repeatable whose file
 *                 is gone.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any.
 */
int32_t rpmadb_migrations(rpmadb *db,
                          const char *options,
                          rpmadb_op *op,
                          char **out);

/**
 * A quick look that says whether somebody must act. Writes nothing; takes well under a millisecond when nothing is wrong.
 *
 * The status is that of the worst check, and the score at most 39 when one is critical. A check that could not be made is
 * "unknown"; one that does not apply (such as free_disk in memory, or busy_rate before any lock was asked for) is not there.
 * While a monitor runs, its own state (monitor), what its last check of the file found (integrity) and its worst alert (alerts) are
 * among the checks. What an alert and another check both tell of lowers the score once.
 *
 * Options: require_users (true: no row in the table users is critical, and so is no such table), backup_max_age_hours (1 to
 * 87600, 48: an older newest verified backup is degraded, one seven times as old critical), call_max_ms (1 to 86400000, 60000: a call
 * that has had its connection for longer is degraded).
 *
 * @param db       an open handle.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {status: "ok" | "unknown" | "degraded" | "critical", score, checks: [{id, status, value, threshold,
 *                 measured_at, cost_us, remedy}]} or the error document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK also when the database is unwell; an error status when it could not be looked at.
 *
 * Threads: any.
 */
int32_t rpmadb_health(rpmadb *db,
                      const char *options,
                      rpmadb_op *op,
                      char **out);

/**
 * Examines everything that helps to find out what is wrong, the slow checks included. Writes nothing. A handle that was opened
 * read_only does not look at CHECK constraints, which SQLite does not load there.
 *
 * @param db       an open handle.
 * @param options  NULL or "{}": there are none yet.
 * @param op       watches the call; may be NULL.
 * @param out      receives {journal_mode, wal_checkpoint: [log, checkpointed], busy_timeout_ms, integrity, table_counts,
 *                 pool_state: {connections, idle_connections, max_connections}, foreign_key_check, schema_drift, pragmas,
 *                 pragma_findings: [{pragma, expected, actual}], wal: {size_bytes, frames, backlog},
 *                 open_transactions: [{label, age_ms, writes, actor, role, statement}],
 *                 indexes: {redundant: [{index, table, covered_by}], missing: [{table, columns, reason, suggestion}],
 *                 unused: [{index, table}], full_scans: [{table, sql, rows}], statements_seen, statements_forgotten},
 *                 disks: [{what, path, free_bytes, total_bytes}], files: [{path, mode, findings}], sqlite_version,
 *                 sqlite: {version, source_id, compile_options, has_wal_reset_bug},
 *                 system: {free_disk_bytes, resident_memory_bytes, cpu_ms}} or the error document; release it with
 *                 rpmadb_free. May be NULL. What was not measured is null: pragma_findings while another call writes, unused
 *                 and full_scans before the first statement through this handle. Statements are shown without their literals.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any. Takes about 8 s per GB of database.
 */
int32_t rpmadb_diagnostics(rpmadb *db,
                           const char *options,
                           rpmadb_op *op,
                           char **out);

/**
 * Tells what was counted since the database was opened: statements by fingerprint, slow ones with their plan, long transactions,
 * calls by verb, what indexes are used, and who has the connections.
 *
 * Statements and calls are counted only when the database was opened with metrics (see rpmadb_open); without, enabled is false and
 * pool, locks, wal and indexes are told all the same. Literals of statements are never shown.
 *
 * Options: format ("json", "prometheus": text in the format that Prometheus reads; json), limit (most fingerprints, 0 to 1000, 100),
 * indexes (false leaves out what needs every statement to be planned; true).
 *
 * @param db       an open handle.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {enabled, since, statements: [{fingerprint, calls, errors, rows, total_ms, mean_ms, p95_ms, max_ms,
 *                 full_scan_steps, sorts, automatic_index_rows, last_at}] largest total first, statements_known,
 *                 statements_evicted, slow: [{fingerprint, duration_ms, rows, failed, at, verb, actor, plan}] newest first,
 *                 slow_total, slow_transactions: [{label, actor, duration_ms, at, committed}], slow_transactions_total,
 *                 verbs: {name: {calls, errors, denied, total_ms, max_ms}}, backups: {made, failed, last_at, last_duration_ms,
 *                 last_size_bytes}, scripts: {runs, failures}, checkpoints: {runs, busy}, denials, indexes: {used: [{index, table,
 *                 calls}], unused, redundant, missing, full_scans}, pool: {connections, idle_connections, max_connections, in_use,
 *                 waits, wait_ms, timeouts, holders: [{label, age_ms, writes, actor, role, statement}]}, locks: {leases, waited,
 *                 gave_up}, wal: {size_bytes, frames, backlog}}, with format "prometheus" {format, text}, or the error document;
 *                 release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any. Answers also when every connection is in use: what needs one is then null.
 */
int32_t rpmadb_metrics(rpmadb *db,
                       const char *options,
                       rpmadb_op *op,
                       char **out);

/**
 * Tells how big the database is and what is in it.
 *
 * Options: estimate (true answers without scanning, from SQLite's statistics or a sample of the pages), sizes (measure every
 * table and index; default true, with estimate false).
 *
 * @param db       an open handle.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {size_bytes, tables: {name: rows}, database_path, estimated, sources: {name: "exact" | "statistics" |
 *                 "rowids" | "sampled"}, page_size, page_count, freelist_count, freelist_bytes, auto_vacuum, encoding,
 *                 wal_size_bytes, wal_frames, table_count, index_count, schema_version, objects: [{name, table, kind: "table" |
 *                 "index", size_bytes, unused_bytes, pages, overflow_pages}] largest first, objects_measured_at, damaged: [name],
 *                 growth: {since, elapsed_ms, size_bytes, wal_size_bytes, tables: {name: rows}} since the last call on this open
 *                 database} or the error document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any. Counting and measuring read every page, measuring again only after a change; an estimate takes milliseconds.
 */
int32_t rpmadb_stats(rpmadb *db,
                     const char *options,
                     rpmadb_op *op,
                     char **out);

/**
 * Moves the write-ahead log into the database file.
 *
 * Options: busy_timeout_ms (how long the modes other than passive wait for readers and writers).
 *
 * When busy, held_by says who kept it from finishing, as far as this process can tell: {who: "reader" or "writer", label,
 * age_ms, actor, role, statement} for the oldest call of its own that was in the way, with its verb; {who: "another process"}
 * otherwise.
 *
 * @param db       an open handle.
 * @param mode     "passive", "full", "restart" or "truncate"; NULL is passive.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {mode, busy, log, checkpointed, held_by, duration_ms} or the error document; release it with
 *                 rpmadb_free. May be NULL.
 * @return RPMADB_OK also when readers kept it from finishing, which `busy` tells; else an error status.
 *
 * Threads: any.
 */
int32_t rpmadb_checkpoint(rpmadb *db,
                          const char *mode,
                          const char *options,
                          rpmadb_op *op,
                          char **out);

/**
 * Tells who did what: the record that the database keeps of every call, in its table rpmadb_audit.
 *
 * A change is recorded in its own transaction. A call that failed or was denied is recorded in one of its own; calls that only
 * look are recorded together, at the latest when the handle is closed, and what waits is written before this call reports.
 * Of many equal calls that only look one record may stand for several (calls). What a close could not write, because another process
 * held the lock, waits in a file beside the database, "-audit-waiting" behind its name, and the next call that can write takes it in.
 *
 * Options: actor, role, origin ("rust", "c", "lua", "cli", "monitor", "migration"), verb, outcome ("ok", "denied", "error"), target (a
 * text in it), since and until (milliseconds since the Unix epoch), after (a number: go on there), limit (100, at most 1000000),
 * oldest_first (false); format ("json", or "jsonl": a text with a document a line); verify (true proves the chain of hashes and
 * the anchors, about a second for a million records); prune ({keep_days or keep_rows, folder, dry_run}: archives the oldest and
 * removes them). A handle that is not an admin's is shown the records of its own actor, and may not verify or prune.
 *
 * @param db       an open handle.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {enabled, rows, head: {count, hash}, records: [{seq, id, at, actor, role, origin, verb, target, outcome,
 *                 status, duration_us, rows, calls, schema_version, process, hash}], text, next, waiting, lost, verify: {status:
 *                 "ok" | "tampered" | "unknown", rows, anchors, findings: [{class, from_seq, to_seq, message}], more_findings,
 *                 duration_ms}, pruned: {from_seq, to_seq, rows, archive, dry_run}, duration_ms} or the error document; release
 *                 it with rpmadb_free. May be NULL. class is "edited", "missing", "tail_cut", "head_removed", "rewritten",
 *                 "table_dropped", "anchor_edited", "trigger", "unkeyed" or "unknown_key".
 * @return RPMADB_OK also when the audit was tampered with, which verify tells; else an error status.
 *
 * Threads: any.
 */
int32_t rpmadb_audit(rpmadb *db,
                     const char *options,
                     rpmadb_op *op,
                     char **out);

/**
 * Runs one SQL statement.
 *
 * BEGIN, COMMIT and the like are refused (use rpmadb_transaction), as are ATTACH, VACUUM and pragmas that set something, and for
 * everybody writing to tables of rpmadb's own. A supervisor's statement reads, or is RPMADB_DENIED.
 *
 * @param db       an open handle.
 * @param sql      one statement.
 * @param params   a JSON array for ?, an object for :name, or NULL. A BLOB is {"base64": "..."}, an infinite number {"real": "inf"}
 *                 or {"real": "-inf"}, in parameters and rows alike.
 * @param options  NULL or "{}": there are none yet.
 * @param op       watches the call; may be NULL.
 * @param out      receives {columns, rows: [[...]], changes, last_insert_rowid} or the error document; release it with
 *                 rpmadb_free. May be NULL. Integers are exact up to 64 bits.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any. Reads run side by side, writes queue.
 */
int32_t rpmadb_query(rpmadb *db,
                     const char *sql,
                     const char *params,
                     const char *options,
                     rpmadb_op *op,
                     char **out);

/**
 * Runs a Lua script against the database.
 *
 * Options: name (for messages), args (what the script finds in job.args), dry_run (true runs it, reports, and rolls back what
 * it changed), timeout_ms, memory_bytes; the limits that rpmadb_open was given win.
 *
 * @param db       an open handle.
 * @param source   the text of the script.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {result, log, duration_ms, peak_memory_bytes} or the error document with file and line; release it
 *                 with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any. The script runs on a thread of the library's, and so does a progress callback it causes.
 */
int32_t rpmadb_script(rpmadb *db,
                      const char *source,
                      const char *options,
                      rpmadb_op *op,
                      char **out);

/**
 * Runs a Lua script that is built in, or that is in a file. What its head (the lines that begin with --!) declares holds: the
 * lowest role that may run it, its arguments with their types and defaults, the time and memory it asks for.
 *
 * Options: as for rpmadb_script; name is that of the file unless it is given.
 *
 * @param db            an open handle.
 * @param name_or_path  the name of a script that rpmadb_scripts lists, or the path of a regular file of at most 4 MiB;
 *                      for a supervisor its name must end in .lua.
 * @param options       a JSON object, or NULL for defaults.
 * @param op            watches the call; may be NULL.
 * @param out           receives the same as with rpmadb_script; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status: RPMADB_NOT_FOUND when there is neither such a script nor such a file,
 *         RPMADB_INVALID_ARGUMENT when an argument is missing, unknown or of another type, RPMADB_SCRIPT_SYNTAX also for the
 *         head.
 *
 * Threads: any, as with rpmadb_script.
 */
int32_t rpmadb_script_file(rpmadb *db,
                           const char *name_or_path,
                           const char *options,
                           rpmadb_op *op,
                           char **out);

/**
 * Lists the scripts that are built in.
 *
 * @param db       an open handle.
 * @param options  NULL or "{}": there are none yet.
 * @param op       watches the call; may be NULL.
 * @param out      receives {scripts: [{name, purpose, args: [{name, type: "integer" | "number" | "string" | "boolean", required,
 *                 default, doc}], changes, role, timeout_ms, memory_bytes}]} or the error document; release it with
 *                 rpmadb_free. May be NULL. What a script does not declare is null.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any.
 */
int32_t rpmadb_scripts(rpmadb *db,
                       const char *options,
                       rpmadb_op *op,
                       char **out);

/**
 * Copies the live database while it is in use. The backup and the manifest beside it, which says what it must be, get their
 * names only when the copy is whole, checked and on disk. An existing file is touched only when told to.
 *
 * Options, with their defaults:
 * - verify: how deep the finished copy is looked at: false, "pages" (every byte against what was copied), "quick" (also
 *   quick_check but for CHECK constraints, and rows), "full" (also integrity_check, CHECK constraints and foreign keys), true is
 *   "quick"; "quick", and "pages" for one that is compressed or encrypted
 * - step_pages: pages between two looks at cancel and time-out, 1 to 100000; 1000
 * - overwrite: replace the destination, which stays whole until the new one is, false
 * - compact: leave out free space, not with incremental, false
 * - compress, encrypt_to: as in rpmadb_open; what the handle was opened with
 * - incremental: true for the pages that changed since the newest backup in the folder, or the name of the one to start from;
 *   false
 * - pin: retention never removes it, false
 * - every_hours: do nothing when the folder has a scheduled backup younger than this, 1 to 100000; of several processes that
 *   ask, one makes it; always make one
 *
 * @param db           an open handle.
 * @param destination  the new file; NULL for a name with the time in the folder that rpmadb_open was given. The database and the files
 *                     beside it (such as -wal, -journal, -audit, -monitor) are RPMADB_SAME_FILE.
 * @param options      a JSON object, or NULL for defaults.
 * @param op           watches the call; may be NULL.
 * @param out          receives {path, manifest, size_bytes, pages, verified, depth, base, duration_ms, deleted} or the error
 *                     document; path and manifest are null when nothing was due, depth when nothing was looked at, base for
 *                     a full backup; deleted are the older ones that retention removed. Release it with rpmadb_free. May be
 *                     NULL.
 * @return RPMADB_OK or an error status; on failure the destination is what it was.
 *
 * Threads: any.
 */
int32_t rpmadb_backup(rpmadb *db,
                      const char *destination,
                      const char *options,
                      rpmadb_op *op,
                      char **out);

/**
 * Lists the backups in the folder that rpmadb_open was given, the newest first. Their manifests are read, they themselves are
 * not: that is rpmadb_verify.
 *
 * @param db       an open handle.
 * @param options  NULL or "{}": there are none yet.
 * @param op       watches the call; may be NULL.
 * @param out      receives {folder, backups: [{path, verified, pinned, complete, manifest}], incomplete: [path]} or the error
 *                 document; folder is null when the handle has none, complete is false when what an incremental backup is
 *                 based on is not there, incomplete are files without a manifest that can be read and fits, which do not count. A manifest is
 *                 {format, id, sequence, file, reason, created_at, database, kind, base, size_bytes, file_hash, page_size,
 *                 page_count, stored_pages, compression, encryption, compact, tables, schema_hash, schema_version,
 *                 migration_in_part, checks: {pages, quick_check, integrity_check, foreign_keys}, audit_head,
 *                 library_version, sqlite_version}. Release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any.
 */
int32_t rpmadb_backups(rpmadb *db,
                       const char *options,
                       rpmadb_op *op,
                       char **out);

/**
 * Proves that a backup is what its manifest says, with all it is based on, and holds a sound database. Changes nothing; what
 * it decrypts is on no disk in the plain.
 *
 * Options: depth ("pages": every byte against the manifest; "quick", the default: also quick_check but for CHECK constraints,
 * and rows; "full": also integrity_check, CHECK constraints and foreign keys), identities, passphrase (what opens it, before what the handle was opened with).
 *
 * @param db       an open handle.
 * @param path     the backup; a bare name is one in the folder that rpmadb_open was given, when it is there.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {path, depth, chain, checks: {pages, quick_check, integrity_check, foreign_keys}, signature: "ok" |
 *                 "none" | "not_checked", bytes, manifest, duration_ms} or the error document; release it with rpmadb_free.
 *                 May be NULL.
 * @return RPMADB_OK when it is sound; RPMADB_BACKUP_INVALID when it is not, and the message names the pages and what they
 *         belong to; RPMADB_DECRYPT without the right key; else an error status.
 *
 * Threads: any.
 */
int32_t rpmadb_verify(rpmadb *db,
                      const char *path,
                      const char *options,
                      rpmadb_op *op,
                      char **out);

/**
 * Brings back a backup, after it was proved and what is there was backed up: into the folder that rpmadb_open was given, or
 * beside the database. Handles stay good and see the new content. While other processes have the database open, its pages are
 * overwritten in one transaction; otherwise the file is replaced.
 *
 * Options: backup (false: do not keep what is there), dry_run (prove, say what would be done, change nothing), allow_newer (also
 * one of a newer schema than this library's migrations know), without_manifest (also a SQLite file without a manifest, after a
 * full check; one that somebody has open, or with a log or a hot journal beside it, is refused), busy_timeout_ms (how long other connections are waited for, 0 to 86400000; default the handle's), identities,
 * passphrase (what opens it, before what the handle was opened with).
 *
 * @param db       an open handle.
 * @param path     the backup; a bare name is one in the folder that rpmadb_open was given, when it is there.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {path, database_path, method: "rename" | "transaction" | "none", backup, kept, pages, schema_version,
 *                 warnings, dry_run, duration_ms} or the error document; backup is the one of what was there. Release it
 *                 with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status; on failure the database is as it was.
 *
 * Threads: any.
 */
int32_t rpmadb_restore(rpmadb *db,
                       const char *path,
                       const char *options,
                       rpmadb_op *op,
                       char **out);

/**
 * Brings back what the last restore replaced. That is a restore, too, and can be undone.
 *
 * Options: busy_timeout_ms (0 to 86400000; default the handle's), identities, passphrase (what opens it, before what the handle
 * was opened with).
 *
 * @param db       an open handle.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives what rpmadb_restore reports, or the error document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK; RPMADB_NOT_FOUND when no backup from before a restore is there; else an error status. On failure the
 *         database is as it was.
 *
 * Threads: any.
 */
int32_t rpmadb_undo_restore(rpmadb *db,
                            const char *options,
                            rpmadb_op *op,
                            char **out);

/**
 * Brings back a backup where there is no database, or one that does not open any more. What is there is kept under another
 * name, as it is.
 *
 * Options: those of rpmadb_restore; `backup` has no meaning here.
 *
 * @param database      the file; one that is kept beside a database (such as x.db-audit) is RPMADB_SAME_FILE.
 * @param path          the backup; a bare name is one in the folder of `open_options`, when it is there.
 * @param open_options  what the database will be opened with, as for rpmadb_open: its migrations, `backup` and `audit` count here; NULL
 *                      for defaults.
 * @param options       a JSON object, or NULL for defaults.
 * @param op            watches the call; may be NULL.
 * @param out           receives what rpmadb_restore reports, with the name that what was there now has in `kept`, or the error
 *                      document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK; RPMADB_BUSY while another process has the file open; else an error status. On failure what was there is as
 *         it was.
 *
 * Threads: any. Close your own handles on the database first.
 */
int32_t rpmadb_restore_file(const char *database,
                            const char *path,
                            const char *open_options,
                            const char *options,
                            rpmadb_op *op,
                            char **out);

/**
 * Removes the backups in the folder that rpmadb_open was given which no rule wants any more, and what killed backups left
 * there. What stays in any case: the newest verified one, those with a pin, those in use, and what others are based on.
 *
 * Options: dry_run (say what would be removed), and keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly,
 * keep_minimum, keep_pre_migrate, keep_pre_restore as in rpmadb_open; each default is what the handle was opened with.
 *
 * @param db       an open handle.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {deleted: [path], kept: [{path, because}], leftovers: [name], dry_run, duration_ms} or the error
 *                 document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any.
 */
int32_t rpmadb_prune(rpmadb *db,
                     const char *options,
                     rpmadb_op *op,
                     char **out);

/**
 * Keeps retention away from a backup, or lets it have it again.
 *
 * Options: pinned (false takes the pin away).
 *
 * @param db       an open handle.
 * @param path     the backup; a bare name is one in the folder that rpmadb_open was given, when it is there.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {path, pinned} or the error document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any.
 */
int32_t rpmadb_pin(rpmadb *db, const char *path, const char *options, rpmadb_op *op, char **out);

/**
 * Steps back to `target`, running the down steps of every migration above it, in one transaction. A step whose file this
 * library no longer has is taken from the history. A migration without a way back is RPMADB_IRREVERSIBLE before anything
 * runs.
 *
 * Options: dry_run, backup (first, into the configured folder), lock_timeout_ms.
 *
 * @param db       an open handle.
 * @param target   the version to go back to; 0 takes back everything.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {from, to, reverted: [{version, name, kind, duration_ms}], backup, dry_run, changes,
 *                 duration_ms} or the error document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status; on failure the database is as it was.
 *
 * Threads: any.
 */
int32_t rpmadb_rollback(rpmadb *db,
                        int64_t target,
                        const char *options,
                        rpmadb_op *op,
                        char **out);

/**
 * Takes over the history that another migration tool left in the database: refinery, rusqlite_migration, sqlx, diesel,
 * goose, golang-migrate, dbmate, flyway, alembic. Its checksums are verified where it has any; its table is left as it is. A
 * history that is dirty, or does not fit the set, is refused with the reason. Where a tool records the version that was reached, every
 * version of the set up to it counts as applied; applied_at is null where the tool tells no time.
 *
 * Options: tool (default the one that is found), target (the version that an alembic revision stands for), dry_run (look
 * and verify, write nothing).
 *
 * @param db       an open handle; open it with {"migrate": false}.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {tool, table, migrations: [{version, name, applied_at, verified}], dry_run} or the error
 *                 document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any.
 */
int32_t rpmadb_adopt(rpmadb *db,
                     const char *options,
                     rpmadb_op *op,
                     char **out);

/**
 * Records migrations as applied without running them, for a database that was made in another way.
 *
 * Options: target (up to this version; default the latest).
 *
 * @param db       an open handle; open it with {"migrate": false}.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {from, to, recorded: [version]} or the error document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any.
 */
int32_t rpmadb_baseline(rpmadb *db,
                        const char *options,
                        rpmadb_op *op,
                        char **out);

/**
 * Accepts the present text of migrations that were changed after they were applied, and records who did.
 *
 * Options: versions (default all that changed), schema (true also accepts what was changed in the schema by hand).
 *
 * @param db       an open handle; open it with {"migrate": false}.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {repaired: [version], accepted: [...]} or the error document; release it with rpmadb_free. May be
 *                 NULL.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any.
 */
int32_t rpmadb_repair(rpmadb *db,
                      const char *options,
                      rpmadb_op *op,
                      char **out);

/**
 * Warns about what is likely to be regretted in the migration files of the handle. Reads the files alone.
 *
 * @param db       an open handle.
 * @param options  NULL or "{}": there are none yet.
 * @param op       watches the call; may be NULL.
 * @param out      receives {files, warnings: [{rule, message, hint, file, line, column, statement, source_line, version}]} or
 *                 the error document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK also when there are warnings; else an error status.
 *
 * Threads: any.
 */
int32_t rpmadb_lint(rpmadb *db,
                    const char *options,
                    rpmadb_op *op,
                    char **out);

/**
 * Tells the schema as it is, what was changed in it by hand since the last migration, and how another database's differs.
 *
 * Options: compare (another database file, which is only read).
 *
 * @param db       an open handle.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {version, hash, objects: [{kind, name, table, sql}], drift: [{change, kind, name, table, before,
 *                 after}], differences} or the error document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any.
 */
int32_t rpmadb_schema(rpmadb *db,
                      const char *options,
                      rpmadb_op *op,
                      char **out);

/**
 * Tries the migrations of the handle on scratch databases in the folder for temporary files: from every earlier version
 * with generated rows up, back and up again, and with a crash at every statement. The handle's database is not touched.
 *
 * Options: rows (for each table at every version started from, 1 to 1000; 8), seed (1), versions (to start from; default all, or 50 spread evenly), crash
 * (true).
 *
 * @param db       an open handle; it may be on ":memory:".
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {passed, seed, started_from, crashes, problems: [{from, what, error}], rows, skipped_tables,
 *                 irreversible, duration_ms} or the error document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK also when problems were found, which `passed` tells; else an error status.
 *
 * Threads: any.
 */
int32_t rpmadb_test(rpmadb *db,
                    const char *options,
                    rpmadb_op *op,
                    char **out);

/**
 * Starts the monitor: one thread of the library's, which looks every tick, tells of alerts, and runs what is due. It belongs to `db`:
 * closing that handle stops it. Nothing of it runs in a child of a fork.
 *
 * Of several processes with a monitor on one database one runs the tasks; the others look, and take over when it is gone. When each
 * task last ran is kept in the file PATH-monitor. A database in memory has no such file, and a read_only handle only looks.
 *
 * Options (a JSON object, or NULL), with their ranges and defaults; 0 switches a task or a rule off:
 * - tick_ms: 10 to 3600000; 1000
 * - quick_check_hours: 0 to 8760; 24. deep_check_days (integrity and foreign keys): 0 to 3650; 7. optimize_hours: 0 to 8760; 24
 * - backup: makes the backups that are due by backup.every_hours of rpmadb_open, and lets retention remove older ones; true
 * - idle_ms: after so long without a write the log is moved into the database, 0 to 86400000; 5000
 * - wal_restart_bytes: a log with more in use is begun anew, 0 to 1099511627776; 67108864
 * - require_users: no row in the table users is critical; false
 * - alerts, where they fire: disk_free_bytes, less free disk, 536870912; wal_bytes, a larger log, 134217728; backup_age_hours, an older
 *   newest verified backup, 48; backup_jump_percent, a backup bigger or smaller than the one before by more, 50; busy_percent, so many
 *   waits for a lock in the last minute in vain, 10; pool_exhausted_ms, all readers in use for so long, 5000;
 *   call_max_ms, a call that has its connection for so long, 60000; slow_percent, a statement
 *   that takes so much of its own baseline, 300; scan_rows, a full scan of so many rows, 100000; denials of one actor, 5
 * - alerts, for how long: for_ms, a condition must hold, each rule's own; clear_ms, it must be clear, 5000
 *
 * @param db       an open handle of an admin.
 * @param options  see above.
 * @param out      receives {tick_ms, tasks: [{name, every_ms}]} or the error document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status: RPMADB_ALREADY_EXISTS when one runs for this database.
 *
 * Threads: any.
 */
int32_t rpmadb_monitor_start(rpmadb *db,
                             const char *options,
                             char **out);

/**
 * Stops the monitor, whichever handle started it; what it is doing is cancelled. Returns when its thread has ended, and so waits for
 * an alert callback that runs.
 *
 * @param db   an open handle of an admin.
 * @param out  receives {ticks, duration_ms} or the error document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status: RPMADB_NOT_FOUND when none runs.
 *
 * Threads: any but the monitor's, which gets RPMADB_REENTRANT.
 */
int32_t rpmadb_monitor_stop(rpmadb *db,
                            char **out);

/**
 * Tells what is wrong for long enough that somebody should know, as the monitor of this process found it.
 *
 * An alert is pending until its condition has held for long enough, then firing, acknowledged when somebody looks after it, and
 * resolved when it was clear for long enough. Its key names the rule, and where there may be several the subject behind a colon.
 *
 * Options: since (events after the one with this number only, for polling), acknowledge (the key of an alert that fires; for admins),
 * all (true: resolved ones too).
 *
 * @param db       an open handle.
 * @param options  a JSON object, or NULL for defaults.
 * @param op       watches the call; may be NULL.
 * @param out      receives {monitoring, alerts: [{id, key, rule, severity: "info" | "warning" | "critical", state: "pending" | "firing" |
 *                 "acknowledged" | "resolved", value, threshold, message, remedy, since, fired_at, acknowledged_at, acknowledged_by,
 *                 resolved_at}], events: [{seq, at, key, from, to}], last_event} or the error document; release it with rpmadb_free.
 *                 May be NULL. Without a monitor, monitoring is false and the rest is empty. The last 1,000 events are remembered.
 * @return RPMADB_OK or an error status: RPMADB_NOT_FOUND when no alert with the key to acknowledge fires.
 *
 * Threads: any.
 */
int32_t rpmadb_alerts(rpmadb *db,
                      const char *options,
                      rpmadb_op *op,
                      char **out);

/**
 * Sets or, with a NULL function, removes what is told when an alert fires, is acknowledged or is resolved. There is one for each
 * handle, and it is removed when that is closed; those of several handles on one database are told one after the other.
 *
 * @param db         an open handle.
 * @param callback   see rpmadb_alert_fn.
 * @param user_data  handed to the callback; must stay valid until the callback is removed. Removing returns when it is not running any
 *                   more.
 * @param out        receives {set} or the error document; release it with rpmadb_free. May be NULL.
 * @return RPMADB_OK or an error status.
 *
 * Threads: any but the monitor's, which gets RPMADB_REENTRANT.
 */
int32_t rpmadb_on_alert(rpmadb *db,
                        rpmadb_alert_fn callback,
                        void *user_data,
                        char **out);

/**
 * Reads an integer, or a truth value as 1 or 0.
 *
 * @param json     a document, such as one that a call handed out.
 * @param pointer  an RFC 6901 pointer, such as "/size_bytes" or "/checks/0/cost_us".
 * @param value    receives the number; left as it was on failure.
 * @return RPMADB_OK; RPMADB_NOT_FOUND when nothing is there; RPMADB_INVALID_ARGUMENT when it is no integer of 64 bits, or the
 *         pointer is none.
 *
 * Threads: any.
 */
int32_t rpmadb_json_int(const char *json,
                        const char *pointer,
                        int64_t *value);

/**
 * Reads a number as a double.
 *
 * @param json     a document.
 * @param pointer  an RFC 6901 pointer.
 * @param value    receives the number; left as it was on failure.
 * @return RPMADB_OK; RPMADB_NOT_FOUND when nothing is there; RPMADB_INVALID_ARGUMENT when it is no number, or the pointer is none.
 *
 * Threads: any.
 */
int32_t rpmadb_json_real(const char *json,
                         const char *pointer,
                         double *value);

/**
 * Reads a text.
 *
 * @param json     a document.
 * @param pointer  an RFC 6901 pointer.
 * @param value    receives the text, or NULL on failure; release it with rpmadb_free. A NUL inside is shown as U+2400.
 * @return RPMADB_OK; RPMADB_NOT_FOUND when nothing is there; RPMADB_INVALID_ARGUMENT when it is no text, or the pointer is none.
 *
 * Threads: any.
 */
int32_t rpmadb_json_text(const char *json,
                         const char *pointer,
                         char **value);

/**
 * Sets where log lines of the whole library go in this process.
 *
 * @param level      RPMADB_LOG_OFF to RPMADB_LOG_DEBUG: lines of this level and the more serious ones come.
 * @param callback   receives them; NULL for nowhere.
 * @param user_data  handed to the callback; must stay valid until another call of this function has returned.
 * @return RPMADB_OK; RPMADB_INVALID_ARGUMENT for another level; RPMADB_UNSUPPORTED inside a Rust program that has a tracing
 *         subscriber of its own, which gets the lines instead.
 *
 * Threads: any; from inside the callback it is RPMADB_REENTRANT.
 */
int32_t rpmadb_log_set(int32_t level,
                       rpmadb_log_fn callback,
                       void *user_data);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* RPMADB_H */

