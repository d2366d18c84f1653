import { Status, type StatusName } from './generated';

/** What an error document says. */
export interface ErrorDocument {
  status: number;
  name: string;
  message: string;
  hint?: string;
  sqlite_code?: number;
  file?: string;
  line?: number;
  column?: number;
  statement?: number;
  source_line?: string;
  version?: number | bigint;
  changes?: unknown;
}

/** Every failure of the library, with all it said about it. `name` is that of the status, such as `BUSY`. */
export class RpmadbError extends Error {
  /** The number of the status, see `Status`. */
  declare readonly status: number;
  /** `RPMADB_` and the name of the status, as Node's own errors have a code. */
  declare readonly code: string;
  /** What to do about it. */
  declare readonly hint?: string;
  /** SQLite's extended result code. */
  declare readonly sqlite_code?: number;
  /** The file that is wrong. */
  declare readonly file?: string;
  /** Where in it, from 1. */
  declare readonly line?: number;
  /** Where in that line, from 1. */
  declare readonly column?: number;
  /** Which statement of the file, from 1. */
  declare readonly statement?: number;
  /** The text of the line. */
  declare readonly source_line?: string;
  /** The version of the migration. */
  declare readonly version?: number | bigint;
  /** What was changed in a migration after it was applied. */
  declare readonly changes?: unknown;

  constructor(document: ErrorDocument, options?: { cause?: unknown }) {
    // why not `options` alone: an absent cause must not become a property
    super(document.message, options && 'cause' in options ? { cause: options.cause } : undefined);
    const { message: _message, name, ...fields } = document;
    // why not enumerable: it stands before the message already
    Object.defineProperty(this, 'name', { value: name, configurable: true, writable: true });
    Object.assign(this, fields, { code: `RPMADB_${name}` });
    // why again: the first line of the stack has the name
    Error.captureStackTrace(this, toError);
  }
}

/** 1xx: the call itself is wrong. */
export class ArgumentError extends RpmadbError {}
/** An argument or option is wrong; the message names it. */
export class InvalidArgumentError extends ArgumentError {}
/** The handle was closed. */
export class StaleHandleError extends ArgumentError {}
/** The handle is already in the call that this one was made from. */
export class ReentrantError extends ArgumentError {}
/** The handle was opened by the process this one was forked from. */
export class WrongProcessError extends ArgumentError {}
/** The library is of another ABI than this package. */
export class AbiMismatchError extends ArgumentError {}
/** Not available in this build or at this place. */
export class UnsupportedError extends ArgumentError {}

/** 2xx: SQLite, the file or the operating system refused. */
export class DatabaseError extends RpmadbError {}
/** SQLite refused the SQL. */
export class SqlError extends DatabaseError {}
/** Another connection holds the lock. */
export class BusyError extends DatabaseError {}
/** The database or the handle may not write. */
export class ReadOnlyError extends DatabaseError {}
/** A file or value does not exist. */
export class NotFoundError extends DatabaseError {}
/** The destination exists. */
export class AlreadyExistsError extends DatabaseError {}
/** The path is not a SQLite database. */
export class NotADatabaseError extends DatabaseError {}
/** The database is damaged. */
export class CorruptError extends DatabaseError {}
/** No space is left. */
export class DiskFullError extends DatabaseError {}
/** A constraint of the schema is violated. */
export class ConstraintError extends DatabaseError {}
/** Another copy of SQLite in this process uses the file. */
export class ForeignSqliteError extends DatabaseError {}

/** 3xx: a migration. */
export class MigrationError extends RpmadbError {}
/** A guard found lost data or a broken schema. */
export class GuardError extends MigrationError {}

/** 4xx: a script. */
export class ScriptError extends RpmadbError {}
/** The Lua text does not parse. */
export class ScriptSyntaxError extends ScriptError {}
/** The script ran longer than it may. */
export class ScriptTimeoutError extends ScriptError {}
/** The script used more memory than it may. */
export class ScriptMemoryError extends ScriptError {}

/** 5xx: the call was stopped. */
export class StoppedError extends RpmadbError {}
/** The call was cancelled; `cause` is the reason of its AbortSignal. */
export class CancelledError extends StoppedError {}
/** The call's time ran out. */
export class TimeoutError extends StoppedError {}
/** The role may not do this. */
export class DeniedError extends StoppedError {}

/** 6xx: a backup. */
export class BackupError extends RpmadbError {}
/** A backup does not hold what it should. */
export class BackupInvalidError extends BackupError {}
/** A backup could not be decrypted. */
export class DecryptError extends BackupError {}

/** 9xx: a defect of the library, or no memory. */
export class InternalError extends RpmadbError {}

type ErrorClass = new (document: ErrorDocument, options?: { cause?: unknown }) => RpmadbError;

const families: Record<number, ErrorClass> = {
  1: ArgumentError,
  2: DatabaseError,
  3: MigrationError,
  4: ScriptError,
  5: StoppedError,
  6: BackupError,
  9: InternalError,
};

const classes: Partial<Record<StatusName, ErrorClass>> = {
  INVALID_ARGUMENT: InvalidArgumentError,
  STALE_HANDLE: StaleHandleError,
  REENTRANT: ReentrantError,
  WRONG_PROCESS: WrongProcessError,
  ABI_MISMATCH: AbiMismatchError,
  UNSUPPORTED: UnsupportedError,
  SQL: SqlError,
  BUSY: BusyError,
  READ_ONLY: ReadOnlyError,
  NOT_FOUND: NotFoundError,
  ALREADY_EXISTS: AlreadyExistsError,
  NOT_A_DATABASE: NotADatabaseError,
  CORRUPT: CorruptError,
  DISK_FULL: DiskFullError,
  CONSTRAINT: ConstraintError,
  FOREIGN_SQLITE: ForeignSqliteError,
  GUARD: GuardError,
  SCRIPT_SYNTAX: ScriptSyntaxError,
  SCRIPT_TIMEOUT: ScriptTimeoutError,
  SCRIPT_MEMORY: ScriptMemoryError,
  CANCELLED: CancelledError,
  TIMEOUT: TimeoutError,
  DENIED: DeniedError,
  BACKUP_INVALID: BackupInvalidError,
  DECRYPT: DecryptError,
};

/** The error of a document, in the class of its status, or else of its family. */
export function toError(document: ErrorDocument, options?: { cause?: unknown }): RpmadbError {
  const Class = classes[document.name as StatusName] ?? families[Math.floor(document.status / 100)] ?? RpmadbError;
  return new Class(document, options);
}

/** An error that this package finds before the library could. */
export function ownError(name: StatusName, message: string, options?: { cause?: unknown }): RpmadbError {
  return toError({ status: Status[name], name, message }, options);
}
