//! The status numbers of the C ABI.
//!
//! Leaves to others: which error has which status (`error.rs`).
//!
//! Invariant: numbers are never reused and families never move.

macro_rules! statuses {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal;)*) => {
        /// The status number a C function returns, see the table in `include/rpmadb.h`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(i32)]
        pub enum Status { $($(#[$doc])* $variant = $number,)* }

        impl Status {
            /// Every status, in ascending order of its number.
            pub const ALL: &[Status] = &[$(Status::$variant,)*];

            /// The name as the C header and the error document spell it, such as `MIGRATION_FAILED`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Status::$variant => $name,)* }
            }
        }
    };
}

statuses! {
    /// Success.
    Ok = 0, "OK";
    /// An argument or option is wrong; the message names it.
    InvalidArgument = 100, "INVALID_ARGUMENT";
    /// A required pointer is NULL.
    NullArgument = 101, "NULL_ARGUMENT";
    /// Text is not UTF-8.
    InvalidUtf8 = 102, "INVALID_UTF8";
    /// The handle was closed.
    StaleHandle = 103, "STALE_HANDLE";
    /// The value was never a handle.
    BadHandle = 104, "BAD_HANDLE";
    /// A handle of the other kind.
    WrongKind = 105, "WRONG_KIND";
    /// The handle is already in a call further up this thread's stack.
    Reentrant = 106, "REENTRANT";
    /// The handle was opened by the process this one was forked from.
    WrongProcess = 107, "WRONG_PROCESS";
    /// The header and the library do not fit each other.
    AbiMismatch = 108, "ABI_MISMATCH";
    /// Not available in this build or at this place.
    Unsupported = 109, "UNSUPPORTED";
    /// No SQLite was handed over yet to a build that has none of its own.
    NotReady = 110, "NOT_READY";
    /// SQLite refused the SQL.
    Sql = 200, "SQL";
    /// Another connection holds the lock.
    Busy = 201, "BUSY";
    /// The database or the handle may not write.
    ReadOnly = 202, "READ_ONLY";
    /// A file or value does not exist.
    NotFound = 203, "NOT_FOUND";
    /// The destination exists.
    AlreadyExists = 204, "ALREADY_EXISTS";
    /// The path is not a SQLite database.
    NotADatabase = 205, "NOT_A_DATABASE";
    /// The database is damaged.
    Corrupt = 206, "CORRUPT";
    /// No space is left.
    DiskFull = 207, "DISK_FULL";
    /// The operating system failed a file operation.
    Io = 208, "IO";
    /// The operating system denied access.
    Permission = 209, "PERMISSION";
    /// A constraint of the schema is violated.
    Constraint = 210, "CONSTRAINT";
    /// Another copy of SQLite in this process uses the file.
    ForeignSqlite = 211, "FOREIGN_SQLITE";
    /// Source and destination are one file.
    SameFile = 212, "SAME_FILE";
    /// A lock that SQLite believed to have was gone; nothing was committed.
    LockLost = 213, "LOCK_LOST";
    /// A migration step failed; nothing of the run was kept.
    MigrationFailed = 300, "MIGRATION_FAILED";
    /// An applied migration's file has changed.
    MigrationChanged = 301, "MIGRATION_CHANGED";
    /// An applied migration is not in the set.
    MigrationMissing = 302, "MIGRATION_MISSING";
    /// A file of the migration set is not acceptable.
    MigrationInvalid = 303, "MIGRATION_INVALID";
    /// The database was migrated by a newer set.
    DatabaseTooNew = 304, "DATABASE_TOO_NEW";
    /// A pending migration is lower than one already applied.
    OutOfOrder = 305, "OUT_OF_ORDER";
    /// A guard found lost data or a broken schema.
    Guard = 306, "GUARD";
    /// A migration has no way back.
    Irreversible = 307, "IRREVERSIBLE";
    /// The Lua text does not parse.
    ScriptSyntax = 400, "SCRIPT_SYNTAX";
    /// The script raised an error.
    ScriptFailed = 401, "SCRIPT_FAILED";
    /// The script ran longer than it may.
    ScriptTimeout = 402, "SCRIPT_TIMEOUT";
    /// The script used more memory than it may.
    ScriptMemory = 403, "SCRIPT_MEMORY";
    /// The call was cancelled.
    Cancelled = 500, "CANCELLED";
    /// The call's time ran out.
    Timeout = 501, "TIMEOUT";
    /// The role may not do this.
    Denied = 502, "DENIED";
    /// A backup does not hold what it should.
    BackupInvalid = 600, "BACKUP_INVALID";
    /// A backup could not be made.
    BackupFailed = 601, "BACKUP_FAILED";
    /// A backup could not be decrypted.
    Decrypt = 602, "DECRYPT";
    /// A defect of this library.
    Internal = 900, "INTERNAL";
    /// A panic was caught at the boundary.
    Panic = 901, "PANIC";
    /// Memory ran out.
    NoMemory = 902, "NO_MEMORY";
}

impl Status {
    /// The status of a number, or `None` for a number that is not one.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Status> {
        Status::ALL.iter().copied().find(|status| *status as i32 == number)
    }
}
