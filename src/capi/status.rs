//! The status numbers for C, one constant each.
//!
//! Written out because cbindgen reads source and expands no macro; a test compares every one with [`crate::Status`].

/// Success.
pub const RPMADB_OK: i32 = 0;
/// An argument or option is wrong; the message names it.
pub const RPMADB_INVALID_ARGUMENT: i32 = 100;
/// A required pointer is NULL.
pub const RPMADB_NULL_ARGUMENT: i32 = 101;
/// Text is not UTF-8.
pub const RPMADB_INVALID_UTF8: i32 = 102;
/// The handle was closed.
pub const RPMADB_STALE_HANDLE: i32 = 103;
/// The value was never a handle.
pub const RPMADB_BAD_HANDLE: i32 = 104;
/// A handle of the other kind.
pub const RPMADB_WRONG_KIND: i32 = 105;
/// The handle is already in a call further up this thread's stack.
pub const RPMADB_REENTRANT: i32 = 106;
/// The handle was opened by the process this one was forked from.
pub const RPMADB_WRONG_PROCESS: i32 = 107;
/// The header and the library do not fit each other.
pub const RPMADB_ABI_MISMATCH: i32 = 108;
/// Not available in this build or at this place.
pub const RPMADB_UNSUPPORTED: i32 = 109;
/// No SQLite was handed over yet to a build that has none of its own.
pub const RPMADB_NOT_READY: i32 = 110;
/// SQLite refused the SQL.
pub const RPMADB_SQL: i32 = 200;
/// Another connection holds the lock.
pub const RPMADB_BUSY: i32 = 201;
/// The database or the handle may not write.
pub const RPMADB_READ_ONLY: i32 = 202;
/// A file or value does not exist.
pub const RPMADB_NOT_FOUND: i32 = 203;
/// The destination exists.
pub const RPMADB_ALREADY_EXISTS: i32 = 204;
/// The path is not a SQLite database.
pub const RPMADB_NOT_A_DATABASE: i32 = 205;
/// The database is damaged.
pub const RPMADB_CORRUPT: i32 = 206;
/// No space is left.
pub const RPMADB_DISK_FULL: i32 = 207;
/// The operating system failed a file operation.
pub const RPMADB_IO: i32 = 208;
/// The operating system denied access.
pub const RPMADB_PERMISSION: i32 = 209;
/// A constraint of the schema is violated.
pub const RPMADB_CONSTRAINT: i32 = 210;
/// Another copy of SQLite in this process uses the file.
pub const RPMADB_FOREIGN_SQLITE: i32 = 211;
/// Source and destination are one file.
pub const RPMADB_SAME_FILE: i32 = 212;
/// A lock that SQLite believed to have was gone; nothing was committed.
pub const RPMADB_LOCK_LOST: i32 = 213;
/// A migration step failed; nothing of the run was kept.
pub const RPMADB_MIGRATION_FAILED: i32 = 300;
/// An applied migration's file has changed.
pub const RPMADB_MIGRATION_CHANGED: i32 = 301;
/// An applied migration is not in the set.
pub const RPMADB_MIGRATION_MISSING: i32 = 302;
/// A file of the migration set is not acceptable.
pub const RPMADB_MIGRATION_INVALID: i32 = 303;
/// The database was migrated by a newer set.
pub const RPMADB_DATABASE_TOO_NEW: i32 = 304;
/// A pending migration is lower than one already applied.
pub const RPMADB_OUT_OF_ORDER: i32 = 305;
/// A guard found lost data or a broken schema.
pub const RPMADB_GUARD: i32 = 306;
/// A migration has no way back.
pub const RPMADB_IRREVERSIBLE: i32 = 307;
/// The Lua text does not parse.
pub const RPMADB_SCRIPT_SYNTAX: i32 = 400;
/// The script raised an error.
pub const RPMADB_SCRIPT_FAILED: i32 = 401;
/// The script ran longer than it may.
pub const RPMADB_SCRIPT_TIMEOUT: i32 = 402;
/// The script used more memory than it may.
pub const RPMADB_SCRIPT_MEMORY: i32 = 403;
/// The call was cancelled.
pub const RPMADB_CANCELLED: i32 = 500;
/// The call's time ran out.
pub const RPMADB_TIMEOUT: i32 = 501;
/// The role may not do this.
pub const RPMADB_DENIED: i32 = 502;
/// A backup does not hold what it should.
pub const RPMADB_BACKUP_INVALID: i32 = 600;
/// A backup could not be made.
pub const RPMADB_BACKUP_FAILED: i32 = 601;
/// A backup could not be decrypted.
pub const RPMADB_DECRYPT: i32 = 602;
/// A defect of this library.
pub const RPMADB_INTERNAL: i32 = 900;
/// A panic was caught at the boundary.
pub const RPMADB_PANIC: i32 = 901;
/// Memory ran out.
pub const RPMADB_NO_MEMORY: i32 = 902;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

    #[test]
    fn every_constant_is_the_number_of_its_status() {
        let constants = [
            ("OK", RPMADB_OK),
            ("INVALID_ARGUMENT", RPMADB_INVALID_ARGUMENT),
            ("NULL_ARGUMENT", RPMADB_NULL_ARGUMENT),
            ("INVALID_UTF8", RPMADB_INVALID_UTF8),
            ("STALE_HANDLE", RPMADB_STALE_HANDLE),
            ("BAD_HANDLE", RPMADB_BAD_HANDLE),
            ("WRONG_KIND", RPMADB_WRONG_KIND),
            ("REENTRANT", RPMADB_REENTRANT),
            ("WRONG_PROCESS", RPMADB_WRONG_PROCESS),
            ("ABI_MISMATCH", RPMADB_ABI_MISMATCH),
            ("UNSUPPORTED", RPMADB_UNSUPPORTED),
            ("NOT_READY", RPMADB_NOT_READY),
            ("SQL", RPMADB_SQL),
            ("BUSY", RPMADB_BUSY),
            ("READ_ONLY", RPMADB_READ_ONLY),
            ("NOT_FOUND", RPMADB_NOT_FOUND),
            ("ALREADY_EXISTS", RPMADB_ALREADY_EXISTS),
            ("NOT_A_DATABASE", RPMADB_NOT_A_DATABASE),
            ("CORRUPT", RPMADB_CORRUPT),
            ("DISK_FULL", RPMADB_DISK_FULL),
            ("IO", RPMADB_IO),
            ("PERMISSION", RPMADB_PERMISSION),
            ("CONSTRAINT", RPMADB_CONSTRAINT),
            ("FOREIGN_SQLITE", RPMADB_FOREIGN_SQLITE),
            ("SAME_FILE", RPMADB_SAME_FILE),
            ("LOCK_LOST", RPMADB_LOCK_LOST),
            ("MIGRATION_FAILED", RPMADB_MIGRATION_FAILED),
            ("MIGRATION_CHANGED", RPMADB_MIGRATION_CHANGED),
            ("MIGRATION_MISSING", RPMADB_MIGRATION_MISSING),
            ("MIGRATION_INVALID", RPMADB_MIGRATION_INVALID),
            ("DATABASE_TOO_NEW", RPMADB_DATABASE_TOO_NEW),
            ("OUT_OF_ORDER", RPMADB_OUT_OF_ORDER),
            ("GUARD", RPMADB_GUARD),
            ("IRREVERSIBLE", RPMADB_IRREVERSIBLE),
            ("SCRIPT_SYNTAX", RPMADB_SCRIPT_SYNTAX),
            ("SCRIPT_FAILED", RPMADB_SCRIPT_FAILED),
            ("SCRIPT_TIMEOUT", RPMADB_SCRIPT_TIMEOUT),
            ("SCRIPT_MEMORY", RPMADB_SCRIPT_MEMORY),
            ("CANCELLED", RPMADB_CANCELLED),
            ("TIMEOUT", RPMADB_TIMEOUT),
            ("DENIED", RPMADB_DENIED),
            ("BACKUP_INVALID", RPMADB_BACKUP_INVALID),
            ("BACKUP_FAILED", RPMADB_BACKUP_FAILED),
            ("DECRYPT", RPMADB_DECRYPT),
            ("INTERNAL", RPMADB_INTERNAL),
            ("PANIC", RPMADB_PANIC),
            ("NO_MEMORY", RPMADB_NO_MEMORY),
        ];
        assert_eq!(constants.len(), Status::ALL.len());
        for (status, (name, number)) in Status::ALL.iter().zip(constants) {
            assert_eq!((status.name(), *status as i32), (name, number));
        }
    }
}
