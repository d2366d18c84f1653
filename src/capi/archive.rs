//! The verbs about backups: made, listed, proved, brought back, undone, pruned, pinned.

use std::ffi::c_char;
use std::path::Path;

use serde::Serialize;

use super::database::{admitted, rpmadb};
use super::operation::{given, rpmadb_op};
use super::verbs::plain;
use super::{guard, text};
use crate::database::Database;
use crate::error::Result;
use crate::operation::Operation;
use crate::request::{self, Request};

/// A verb that takes the path of a backup, and options.
fn with_path<R: Request, T: Serialize>(
    verb: &'static str,
    db: *mut rpmadb,
    path: *const c_char,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
    call: impl FnOnce(&Database, &Path, &R, &Operation) -> Result<T>,
) -> i32 {
    guard::report(out, || {
        let database = admitted(db, verb)?;
        // SAFETY: the header demands NUL-terminated texts that stay valid during the call.
        let (path, options) = unsafe { (text::required("path", path)?, text::optional("options", options)?) };
        call(&database, Path::new(path), &R::from_json(options)?, &given(op)?)
    })
}

/// Copies the live database while it is in use. The backup and the manifest beside it, which says what it must be, get their
/// names only when the copy is whole, checked and on disk. An existing file is touched only when told to.
///
/// Options, with their defaults:
/// - verify: how deep the finished copy is looked at: false, "pages" (every byte against what was copied), "quick" (also
///   quick_check but for CHECK constraints, and rows), "full" (also integrity_check, CHECK constraints and foreign keys), true is
///   "quick"; "quick", and "pages" for one that is compressed or encrypted
/// - step_pages: pages between two looks at cancel and time-out, 1 to 100000; 1000
/// - overwrite: replace the destination, which stays whole until the new one is, false
/// - compact: leave out free space, not with incremental, false
/// - compress, encrypt_to: as in rpmadb_open; what the handle was opened with
/// - incremental: true for the pages that changed since the newest backup in the folder, or the name of the one to start from;
///   false
/// - pin: retention never removes it, false
/// - every_hours: do nothing when the folder has a scheduled backup younger than this, 1 to 100000; of several processes that
///   ask, one makes it; always make one
///
/// @param db           an open handle.
/// @param destination  the new file; NULL for a name with the time in the folder that rpmadb_open was given. The database and the files
///                     beside it (such as -wal, -journal, -audit, -monitor) are RPMADB_SAME_FILE.
/// @param options      a JSON object, or NULL for defaults.
/// @param op           watches the call; may be NULL.
/// @param out          receives {path, manifest, size_bytes, pages, verified, depth, base, duration_ms, deleted} or the error
///                     document; path and manifest are null when nothing was due, depth when nothing was looked at, base for
///                     a full backup; deleted are the older ones that retention removed. Release it with rpmadb_free. May be
///                     NULL.
/// @return RPMADB_OK or an error status; on failure the destination is what it was.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_backup(
    db: *mut rpmadb,
    destination: *const c_char,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    guard::report(out, || {
        let database = admitted(db, "backup")?;
        // SAFETY: the header demands NUL-terminated texts that stay valid during the call.
        let (destination, options) =
            unsafe { (text::optional("destination", destination)?, text::optional("options", options)?) };
        database.backup(destination.map(Path::new), &request::Backup::from_json(options)?, &given(op)?)
    })
}

/// Lists the backups in the folder that rpmadb_open was given, the newest first. Their manifests are read, they themselves are
/// not: that is rpmadb_verify.
///
/// @param db       an open handle.
/// @param options  NULL or "{}": there are none yet.
/// @param op       watches the call; may be NULL.
/// @param out      receives {folder, backups: [{path, verified, pinned, complete, manifest}], incomplete: [path]} or the error
///                 document; folder is null when the handle has none, complete is false when what an incremental backup is
///                 based on is not there, incomplete are files without a manifest that can be read and fits, which do not count. A manifest is
///                 {format, id, sequence, file, reason, created_at, database, kind, base, size_bytes, file_hash, page_size,
///                 page_count, stored_pages, compression, encryption, compact, tables, schema_hash, schema_version,
///                 migration_in_part, checks: {pages, quick_check, integrity_check, foreign_keys}, audit_head,
///                 library_version, sqlite_version}. Release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_backups(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("backups", db, options, op, out, |database, _: &request::Backups, operation| database.backups(operation))
}

/// Proves that a backup is what its manifest says, with all it is based on, and holds a sound database. Changes nothing; what
/// it decrypts is on no disk in the plain.
///
/// Options: depth ("pages": every byte against the manifest; "quick", the default: also quick_check but for CHECK constraints,
/// and rows; "full": also integrity_check, CHECK constraints and foreign keys), identities, passphrase (what opens it, before what the handle was opened with).
///
/// @param db       an open handle.
/// @param path     the backup; a bare name is one in the folder that rpmadb_open was given, when it is there.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {path, depth, chain, checks: {pages, quick_check, integrity_check, foreign_keys}, signature: "ok" |
///                 "none" | "not_checked", bytes, manifest, duration_ms} or the error document; release it with rpmadb_free.
///                 May be NULL.
/// @return RPMADB_OK when it is sound; RPMADB_BACKUP_INVALID when it is not, and the message names the pages and what they
///         belong to; RPMADB_DECRYPT without the right key; else an error status.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_verify(
    db: *mut rpmadb,
    path: *const c_char,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    with_path("verify", db, path, options, op, out, |database, path, request, operation| {
        database.verify(path, request, operation)
    })
}

/// Brings back a backup, after it was proved and what is there was backed up: into the folder that rpmadb_open was given, or
/// beside the database. Handles stay good and see the new content. While other processes have the database open, its pages are
/// overwritten in one transaction; otherwise the file is replaced.
///
/// Options: backup (false: do not keep what is there), dry_run (prove, say what would be done, change nothing), allow_newer (also
/// one of a newer schema than this library's migrations know), without_manifest (also a SQLite file without a manifest, after a
/// full check; one that somebody has open, or with a log or a hot journal beside it, is refused), busy_timeout_ms (how long other connections are waited for, 0 to 86400000; default the handle's), identities,
/// passphrase (what opens it, before what the handle was opened with).
///
/// @param db       an open handle.
/// @param path     the backup; a bare name is one in the folder that rpmadb_open was given, when it is there.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {path, database_path, method: "rename" | "transaction" | "none", backup, kept, pages, schema_version,
///                 warnings, dry_run, duration_ms} or the error document; backup is the one of what was there. Release it
///                 with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status; on failure the database is as it was.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_restore(
    db: *mut rpmadb,
    path: *const c_char,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    with_path("restore", db, path, options, op, out, |database, path, request, operation| {
        database.restore(path, request, operation)
    })
}

/// Brings back what the last restore replaced. That is a restore, too, and can be undone.
///
/// Options: busy_timeout_ms (0 to 86400000; default the handle's), identities, passphrase (what opens it, before what the handle
/// was opened with).
///
/// @param db       an open handle.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives what rpmadb_restore reports, or the error document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK; RPMADB_NOT_FOUND when no backup from before a restore is there; else an error status. On failure the
///         database is as it was.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_undo_restore(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("undo_restore", db, options, op, out, |database, request, operation| {
        database.undo_restore(request, operation)
    })
}

/// Brings back a backup where there is no database, or one that does not open any more. What is there is kept under another
/// name, as it is.
///
/// Options: those of rpmadb_restore; `backup` has no meaning here.
///
/// @param database      the file; one that is kept beside a database (such as x.db-audit) is RPMADB_SAME_FILE.
/// @param path          the backup; a bare name is one in the folder of `open_options`, when it is there.
/// @param open_options  what the database will be opened with, as for rpmadb_open: its migrations, `backup` and `audit` count here; NULL
///                      for defaults.
/// @param options       a JSON object, or NULL for defaults.
/// @param op            watches the call; may be NULL.
/// @param out           receives what rpmadb_restore reports, with the name that what was there now has in `kept`, or the error
///                      document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK; RPMADB_BUSY while another process has the file open; else an error status. On failure what was there is as
///         it was.
///
/// Threads: any. Close your own handles on the database first.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_restore_file(
    database: *const c_char,
    path: *const c_char,
    open_options: *const c_char,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    guard::report(out, || {
        // SAFETY: the header demands NUL-terminated texts that stay valid during the call.
        let (database, path) = unsafe { (text::required("database", database)?, text::required("path", path)?) };
        // SAFETY: as above.
        let (open_options, options) =
            unsafe { (text::optional("open_options", open_options)?, text::optional("options", options)?) };
        let open = request::Open::from_json(open_options)?;
        Database::restore_file(database, Path::new(path), &open, &request::Restore::from_json(options)?, &given(op)?)
    })
}

/// Removes the backups in the folder that rpmadb_open was given which no rule wants any more, and what killed backups left
/// there. What stays in any case: the newest verified one, those with a pin, those in use, and what others are based on.
///
/// Options: dry_run (say what would be removed), and keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly,
/// keep_minimum, keep_pre_migrate, keep_pre_restore as in rpmadb_open; each default is what the handle was opened with.
///
/// @param db       an open handle.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {deleted: [path], kept: [{path, because}], leftovers: [name], dry_run, duration_ms} or the error
///                 document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_prune(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("prune", db, options, op, out, |database, request, operation| database.prune(request, operation))
}

/// Keeps retention away from a backup, or lets it have it again.
///
/// Options: pinned (false takes the pin away).
///
/// @param db       an open handle.
/// @param path     the backup; a bare name is one in the folder that rpmadb_open was given, when it is there.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {path, pinned} or the error document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_pin(
    db: *mut rpmadb,
    path: *const c_char,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    with_path("pin", db, path, options, op, out, |database, path, request, operation| {
        database.pin(path, request, operation)
    })
}
