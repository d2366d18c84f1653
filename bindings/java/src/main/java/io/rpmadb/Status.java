// Made by Generator from rpmadb.schema.json; do not edit.
package io.rpmadb;

/** The numbers of the statuses, and the ABI that this package is made for. */
public final class Status {
  private Status() {}

  /** The version of the ABI. */
  public static final int ABI_VERSION = 1;

  /** Success. */
  public static final int OK = 0;

  /** An argument or option is wrong; the message names it. */
  public static final int INVALID_ARGUMENT = 100;

  /** A required pointer is NULL. */
  public static final int NULL_ARGUMENT = 101;

  /** Text is not UTF-8. */
  public static final int INVALID_UTF8 = 102;

  /** The handle was closed. */
  public static final int STALE_HANDLE = 103;

  /** The value was never a handle. */
  public static final int BAD_HANDLE = 104;

  /** A handle of the other kind. */
  public static final int WRONG_KIND = 105;

  /** The handle is already in a call further up this thread's stack. */
  public static final int REENTRANT = 106;

  /** The handle was opened by the process this one was forked from. */
  public static final int WRONG_PROCESS = 107;

  /** The header and the library do not fit each other. */
  public static final int ABI_MISMATCH = 108;

  /** Not available in this build or at this place. */
  public static final int UNSUPPORTED = 109;

  /** SQLite refused the SQL. */
  public static final int SQL = 200;

  /** Another connection holds the lock. */
  public static final int BUSY = 201;

  /** The database or the handle may not write. */
  public static final int READ_ONLY = 202;

  /** A file or value does not exist. */
  public static final int NOT_FOUND = 203;

  /** The destination exists. */
  public static final int ALREADY_EXISTS = 204;

  /** The path is not a SQLite database. */
  public static final int NOT_A_DATABASE = 205;

  /** The database is damaged. */
  public static final int CORRUPT = 206;

  /** No space is left. */
  public static final int DISK_FULL = 207;

  /** The operating system failed a file operation. */
  public static final int IO = 208;

  /** The operating system denied access. */
  public static final int PERMISSION = 209;

  /** A constraint of the schema is violated. */
  public static final int CONSTRAINT = 210;

  /** Another copy of SQLite in this process uses the file. */
  public static final int FOREIGN_SQLITE = 211;

  /** Source and destination are one file. */
  public static final int SAME_FILE = 212;

  /** A lock that SQLite believed to have was gone; nothing was committed. */
  public static final int LOCK_LOST = 213;

  /** A migration step failed; nothing of the run was kept. */
  public static final int MIGRATION_FAILED = 300;

  /** An applied migration's file has changed. */
  public static final int MIGRATION_CHANGED = 301;

  /** An applied migration is not in the set. */
  public static final int MIGRATION_MISSING = 302;

  /** A file of the migration set is not acceptable. */
  public static final int MIGRATION_INVALID = 303;

  /** The database was migrated by a newer set. */
  public static final int DATABASE_TOO_NEW = 304;

  /** A pending migration is lower than one already applied. */
  public static final int OUT_OF_ORDER = 305;

  /** A guard found lost data or a broken schema. */
  public static final int GUARD = 306;

  /** A migration has no way back. */
  public static final int IRREVERSIBLE = 307;

  /** The Lua text does not parse. */
  public static final int SCRIPT_SYNTAX = 400;

  /** The script raised an error. */
  public static final int SCRIPT_FAILED = 401;

  /** The script ran longer than it may. */
  public static final int SCRIPT_TIMEOUT = 402;

  /** The script used more memory than it may. */
  public static final int SCRIPT_MEMORY = 403;

  /** The call was cancelled. */
  public static final int CANCELLED = 500;

  /** The call's time ran out. */
  public static final int TIMEOUT = 501;

  /** The role may not do this. */
  public static final int DENIED = 502;

  /** A backup does not hold what it should. */
  public static final int BACKUP_INVALID = 600;

  /** A backup could not be made. */
  public static final int BACKUP_FAILED = 601;

  /** A backup could not be decrypted. */
  public static final int DECRYPT = 602;

  /** A defect of this library. */
  public static final int INTERNAL = 900;

  /** A panic was caught at the boundary. */
  public static final int PANIC = 901;

  /** Memory ran out. */
  public static final int NO_MEMORY = 902;

  /** The name of a status while no library is loaded that could tell it. */
  static String name(int status) {
    return switch (status) {
      case OK -> "OK";
      case INVALID_ARGUMENT -> "INVALID_ARGUMENT";
      case NULL_ARGUMENT -> "NULL_ARGUMENT";
      case INVALID_UTF8 -> "INVALID_UTF8";
      case STALE_HANDLE -> "STALE_HANDLE";
      case BAD_HANDLE -> "BAD_HANDLE";
      case WRONG_KIND -> "WRONG_KIND";
      case REENTRANT -> "REENTRANT";
      case WRONG_PROCESS -> "WRONG_PROCESS";
      case ABI_MISMATCH -> "ABI_MISMATCH";
      case UNSUPPORTED -> "UNSUPPORTED";
      case SQL -> "SQL";
      case BUSY -> "BUSY";
      case READ_ONLY -> "READ_ONLY";
      case NOT_FOUND -> "NOT_FOUND";
      case ALREADY_EXISTS -> "ALREADY_EXISTS";
      case NOT_A_DATABASE -> "NOT_A_DATABASE";
      case CORRUPT -> "CORRUPT";
      case DISK_FULL -> "DISK_FULL";
      case IO -> "IO";
      case PERMISSION -> "PERMISSION";
      case CONSTRAINT -> "CONSTRAINT";
      case FOREIGN_SQLITE -> "FOREIGN_SQLITE";
      case SAME_FILE -> "SAME_FILE";
      case LOCK_LOST -> "LOCK_LOST";
      case MIGRATION_FAILED -> "MIGRATION_FAILED";
      case MIGRATION_CHANGED -> "MIGRATION_CHANGED";
      case MIGRATION_MISSING -> "MIGRATION_MISSING";
      case MIGRATION_INVALID -> "MIGRATION_INVALID";
      case DATABASE_TOO_NEW -> "DATABASE_TOO_NEW";
      case OUT_OF_ORDER -> "OUT_OF_ORDER";
      case GUARD -> "GUARD";
      case IRREVERSIBLE -> "IRREVERSIBLE";
      case SCRIPT_SYNTAX -> "SCRIPT_SYNTAX";
      case SCRIPT_FAILED -> "SCRIPT_FAILED";
      case SCRIPT_TIMEOUT -> "SCRIPT_TIMEOUT";
      case SCRIPT_MEMORY -> "SCRIPT_MEMORY";
      case CANCELLED -> "CANCELLED";
      case TIMEOUT -> "TIMEOUT";
      case DENIED -> "DENIED";
      case BACKUP_INVALID -> "BACKUP_INVALID";
      case BACKUP_FAILED -> "BACKUP_FAILED";
      case DECRYPT -> "DECRYPT";
      case INTERNAL -> "INTERNAL";
      case PANIC -> "PANIC";
      case NO_MEMORY -> "NO_MEMORY";
      default -> "UNKNOWN";
    };
  }

  static RpmadbException exception(Reports.Body body) {
    return switch (body.status()) {
      case INVALID_ARGUMENT -> new MisuseException.InvalidArgument(body);
      case NULL_ARGUMENT -> new MisuseException.NullArgument(body);
      case INVALID_UTF8 -> new MisuseException.InvalidUtf8(body);
      case STALE_HANDLE -> new MisuseException.StaleHandle(body);
      case BAD_HANDLE -> new MisuseException.BadHandle(body);
      case WRONG_KIND -> new MisuseException.WrongKind(body);
      case REENTRANT -> new MisuseException.Reentrant(body);
      case WRONG_PROCESS -> new MisuseException.WrongProcess(body);
      case ABI_MISMATCH -> new MisuseException.AbiMismatch(body);
      case UNSUPPORTED -> new MisuseException.Unsupported(body);
      case SQL -> new DatabaseException.Sql(body);
      case BUSY -> new DatabaseException.Busy(body);
      case READ_ONLY -> new DatabaseException.ReadOnly(body);
      case NOT_FOUND -> new DatabaseException.NotFound(body);
      case ALREADY_EXISTS -> new DatabaseException.AlreadyExists(body);
      case NOT_A_DATABASE -> new DatabaseException.NotADatabase(body);
      case CORRUPT -> new DatabaseException.Corrupt(body);
      case DISK_FULL -> new DatabaseException.DiskFull(body);
      case IO -> new DatabaseException.Io(body);
      case PERMISSION -> new DatabaseException.Permission(body);
      case CONSTRAINT -> new DatabaseException.Constraint(body);
      case FOREIGN_SQLITE -> new DatabaseException.ForeignSqlite(body);
      case SAME_FILE -> new DatabaseException.SameFile(body);
      case LOCK_LOST -> new DatabaseException.LockLost(body);
      case MIGRATION_FAILED -> new MigrationException.MigrationFailed(body);
      case MIGRATION_CHANGED -> new MigrationException.MigrationChanged(body);
      case MIGRATION_MISSING -> new MigrationException.MigrationMissing(body);
      case MIGRATION_INVALID -> new MigrationException.MigrationInvalid(body);
      case DATABASE_TOO_NEW -> new MigrationException.DatabaseTooNew(body);
      case OUT_OF_ORDER -> new MigrationException.OutOfOrder(body);
      case GUARD -> new MigrationException.Guard(body);
      case IRREVERSIBLE -> new MigrationException.Irreversible(body);
      case SCRIPT_SYNTAX -> new ScriptException.ScriptSyntax(body);
      case SCRIPT_FAILED -> new ScriptException.ScriptFailed(body);
      case SCRIPT_TIMEOUT -> new ScriptException.ScriptTimeout(body);
      case SCRIPT_MEMORY -> new ScriptException.ScriptMemory(body);
      case CANCELLED -> new StoppedException.Cancelled(body);
      case TIMEOUT -> new StoppedException.Timeout(body);
      case DENIED -> new StoppedException.Denied(body);
      case BACKUP_INVALID -> new BackupException.BackupInvalid(body);
      case BACKUP_FAILED -> new BackupException.BackupFailed(body);
      case DECRYPT -> new BackupException.Decrypt(body);
      case INTERNAL -> new LibraryException.Internal(body);
      case PANIC -> new LibraryException.Panic(body);
      case NO_MEMORY -> new LibraryException.NoMemory(body);
      default -> switch (body.status() / 100) {
        case 1 -> new MisuseException(body);
        case 2 -> new DatabaseException(body);
        case 3 -> new MigrationException(body);
        case 4 -> new ScriptException(body);
        case 5 -> new StoppedException(body);
        case 6 -> new BackupException(body);
        default -> new LibraryException(body);
      };
    };
  }
}
