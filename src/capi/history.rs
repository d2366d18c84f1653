//! The verbs about the history of migrations: back, over from other tools, accepted, checked, tried.

use std::ffi::c_char;

use super::database::{admitted, rpmadb};
use super::operation::{given, rpmadb_op};
use super::verbs::plain;
use super::{guard, text};
use crate::request::{self, Request};

/// Steps back to `target`, running the down steps of every migration above it, in one transaction. A step whose file this
/// library no longer has is taken from the history. A migration without a way back is RPMADB_IRREVERSIBLE before anything
/// runs.
///
/// Options: dry_run, backup (first, into the configured folder), lock_timeout_ms.
///
/// @param db       an open handle.
/// @param target   the version to go back to; 0 takes back everything.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {from, to, reverted: [{version, name, kind, duration_ms}], backup, dry_run, changes,
///                 duration_ms} or the error document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status; on failure the database is as it was.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_rollback(
    db: *mut rpmadb,
    target: i64,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    guard::report(out, || {
        let database = admitted(db, "rollback")?;
        // SAFETY: the header demands a NUL-terminated text that stays valid during the call.
        let request = request::Rollback::from_json(unsafe { text::optional("options", options)? })?;
        database.rollback(target, &request, &given(op)?)
    })
}

/// Takes over the history that another migration tool left in the database: refinery, rusqlite_migration, sqlx, diesel,
/// goose, golang-migrate, dbmate, flyway, alembic. Its checksums are verified where it has any; its table is left as it is. A
/// history that is dirty, or does not fit the set, is refused with the reason. Where a tool records the version that was reached, every
/// version of the set up to it counts as applied; applied_at is null where the tool tells no time.
///
/// Options: tool (default the one that is found), target (the version that an alembic revision stands for), dry_run (look
/// and verify, write nothing).
///
/// @param db       an open handle; open it with {"migrate": false}.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {tool, table, migrations: [{version, name, applied_at, verified}], dry_run} or the error
///                 document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_adopt(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("adopt", db, options, op, out, |database, request, operation| database.adopt(request, operation))
}

/// Records migrations as applied without running them, for a database that was made in another way.
///
/// Options: target (up to this version; default the latest).
///
/// @param db       an open handle; open it with {"migrate": false}.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {from, to, recorded: [version]} or the error document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_baseline(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("baseline", db, options, op, out, |database, request, operation| database.baseline(request, operation))
}

/// Accepts the present text of migrations that were changed after they were applied, and records who did.
///
/// Options: versions (default all that changed), schema (true also accepts what was changed in the schema by hand).
///
/// @param db       an open handle; open it with {"migrate": false}.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {repaired: [version], accepted: [...]} or the error document; release it with rpmadb_free. May be
///                 NULL.
/// @return RPMADB_OK or an error status.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_repair(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("repair", db, options, op, out, |database, request, operation| database.repair(request, operation))
}

/// Warns about what is likely to be regretted in the migration files of the handle. Reads the files alone.
///
/// @param db       an open handle.
/// @param options  NULL or "{}": there are none yet.
/// @param op       watches the call; may be NULL.
/// @param out      receives {files, warnings: [{rule, message, hint, file, line, column, statement, source_line, version}]} or
///                 the error document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK also when there are warnings; else an error status.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_lint(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("lint", db, options, op, out, |database, _: &request::Lint, operation| database.lint(operation))
}

/// Tells the schema as it is, what was changed in it by hand since the last migration, and how another database's differs.
///
/// Options: compare (another database file, which is only read).
///
/// @param db       an open handle.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {version, hash, objects: [{kind, name, table, sql}], drift: [{change, kind, name, table, before,
///                 after}], differences} or the error document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_schema(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("schema", db, options, op, out, |database, request, operation| database.schema(request, operation))
}

/// Tries the migrations of the handle on scratch databases in the folder for temporary files: from every earlier version
/// with generated rows up, back and up again, and with a crash at every statement. The handle's database is not touched.
///
/// Options: rows (for each table at every version started from, 1 to 1000; 8), seed (1), versions (to start from; default all, or 50 spread evenly), crash
/// (true).
///
/// @param db       an open handle; it may be on ":memory:".
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {passed, seed, started_from, crashes, problems: [{from, what, error}], rows, skipped_tables,
///                 irreversible, duration_ms} or the error document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK also when problems were found, which `passed` tells; else an error status.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_test(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("test", db, options, op, out, |database, request, operation| database.test(request, operation))
}
