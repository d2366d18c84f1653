"""A class for each status, and one for each family of them.

Made by generate.py from rpmadb.schema.json; do not edit.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Type

from ._error import Error

#: The ABI version that this package is made for.
ABI_VERSION = 1


class UsageError(Error):
    """The call is wrong, or its handle is."""


class DatabaseError(Error):
    """SQLite or the operating system refused."""


class MigrationError(Error):
    """A migration cannot be applied or taken back."""


class ScriptError(Error):
    """A script does not parse, failed, or went over a limit."""


class StoppedError(Error):
    """The call was stopped, or not allowed."""


class BackupError(Error):
    """A backup is not what it should be."""


class DefectError(Error):
    """A defect of the library, or no memory."""


class InvalidArgument(UsageError, ValueError):
    """INVALID_ARGUMENT"""

    STATUS = 100


class NullArgument(UsageError):
    """NULL_ARGUMENT"""

    STATUS = 101


class InvalidUtf8(UsageError, ValueError):
    """INVALID_UTF8"""

    STATUS = 102


class StaleHandle(UsageError):
    """STALE_HANDLE"""

    STATUS = 103


class BadHandle(UsageError):
    """BAD_HANDLE"""

    STATUS = 104


class WrongKind(UsageError):
    """WRONG_KIND"""

    STATUS = 105


class Reentrant(UsageError):
    """REENTRANT"""

    STATUS = 106


class WrongProcess(UsageError):
    """WRONG_PROCESS"""

    STATUS = 107


class AbiMismatch(UsageError):
    """ABI_MISMATCH"""

    STATUS = 108


class Unsupported(UsageError):
    """UNSUPPORTED"""

    STATUS = 109


class Sql(DatabaseError):
    """SQL"""

    STATUS = 200


class Busy(DatabaseError):
    """BUSY"""

    STATUS = 201


class ReadOnly(DatabaseError):
    """READ_ONLY"""

    STATUS = 202


class NotFound(DatabaseError):
    """NOT_FOUND"""

    STATUS = 203


class AlreadyExists(DatabaseError):
    """ALREADY_EXISTS"""

    STATUS = 204


class NotADatabase(DatabaseError):
    """NOT_A_DATABASE"""

    STATUS = 205


class Corrupt(DatabaseError):
    """CORRUPT"""

    STATUS = 206


class DiskFull(DatabaseError):
    """DISK_FULL"""

    STATUS = 207


class Io(DatabaseError):
    """IO"""

    STATUS = 208


class Permission(DatabaseError):
    """PERMISSION"""

    STATUS = 209


class Constraint(DatabaseError):
    """CONSTRAINT"""

    STATUS = 210


class ForeignSqlite(DatabaseError):
    """FOREIGN_SQLITE"""

    STATUS = 211


class SameFile(DatabaseError):
    """SAME_FILE"""

    STATUS = 212


class LockLost(DatabaseError):
    """LOCK_LOST"""

    STATUS = 213


class MigrationFailed(MigrationError):
    """MIGRATION_FAILED"""

    STATUS = 300


class MigrationChanged(MigrationError):
    """MIGRATION_CHANGED"""

    STATUS = 301


class MigrationMissing(MigrationError):
    """MIGRATION_MISSING"""

    STATUS = 302


class MigrationInvalid(MigrationError):
    """MIGRATION_INVALID"""

    STATUS = 303


class DatabaseTooNew(MigrationError):
    """DATABASE_TOO_NEW"""

    STATUS = 304


class OutOfOrder(MigrationError):
    """OUT_OF_ORDER"""

    STATUS = 305


class Guard(MigrationError):
    """GUARD"""

    STATUS = 306


class Irreversible(MigrationError):
    """IRREVERSIBLE"""

    STATUS = 307


class ScriptSyntax(ScriptError):
    """SCRIPT_SYNTAX"""

    STATUS = 400


class ScriptFailed(ScriptError):
    """SCRIPT_FAILED"""

    STATUS = 401


class ScriptTimeout(ScriptError):
    """SCRIPT_TIMEOUT"""

    STATUS = 402


class ScriptMemory(ScriptError):
    """SCRIPT_MEMORY"""

    STATUS = 403


class Cancelled(StoppedError):
    """CANCELLED"""

    STATUS = 500


class Timeout(StoppedError):
    """TIMEOUT"""

    STATUS = 501


class Denied(StoppedError):
    """DENIED"""

    STATUS = 502


class BackupInvalid(BackupError):
    """BACKUP_INVALID"""

    STATUS = 600


class BackupFailed(BackupError):
    """BACKUP_FAILED"""

    STATUS = 601


class Decrypt(BackupError):
    """DECRYPT"""

    STATUS = 602


class Internal(DefectError):
    """INTERNAL"""

    STATUS = 900


class Panic(DefectError):
    """PANIC"""

    STATUS = 901


class NoMemory(DefectError, MemoryError):
    """NO_MEMORY"""

    STATUS = 902


BY_STATUS: Dict[int, Type[Error]] = {
    100: InvalidArgument,
    101: NullArgument,
    102: InvalidUtf8,
    103: StaleHandle,
    104: BadHandle,
    105: WrongKind,
    106: Reentrant,
    107: WrongProcess,
    108: AbiMismatch,
    109: Unsupported,
    200: Sql,
    201: Busy,
    202: ReadOnly,
    203: NotFound,
    204: AlreadyExists,
    205: NotADatabase,
    206: Corrupt,
    207: DiskFull,
    208: Io,
    209: Permission,
    210: Constraint,
    211: ForeignSqlite,
    212: SameFile,
    213: LockLost,
    300: MigrationFailed,
    301: MigrationChanged,
    302: MigrationMissing,
    303: MigrationInvalid,
    304: DatabaseTooNew,
    305: OutOfOrder,
    306: Guard,
    307: Irreversible,
    400: ScriptSyntax,
    401: ScriptFailed,
    402: ScriptTimeout,
    403: ScriptMemory,
    500: Cancelled,
    501: Timeout,
    502: Denied,
    600: BackupInvalid,
    601: BackupFailed,
    602: Decrypt,
    900: Internal,
    901: Panic,
    902: NoMemory,
}

#: For statuses that this version does not know.
BY_FAMILY: Dict[int, Type[Error]] = {
    1: UsageError,
    2: DatabaseError,
    3: MigrationError,
    4: ScriptError,
    5: StoppedError,
    6: BackupError,
    9: DefectError,
}


def error_of(document: Mapping[str, Any]) -> Error:
    """The exception for an error document's inner object."""
    status = document["status"]
    return (BY_STATUS.get(status) or BY_FAMILY.get(status // 100) or Error)(document)


__all__ = [
    "ABI_VERSION",
    "Error",
    "UsageError",
    "DatabaseError",
    "MigrationError",
    "ScriptError",
    "StoppedError",
    "BackupError",
    "DefectError",
    "InvalidArgument",
    "NullArgument",
    "InvalidUtf8",
    "StaleHandle",
    "BadHandle",
    "WrongKind",
    "Reentrant",
    "WrongProcess",
    "AbiMismatch",
    "Unsupported",
    "Sql",
    "Busy",
    "ReadOnly",
    "NotFound",
    "AlreadyExists",
    "NotADatabase",
    "Corrupt",
    "DiskFull",
    "Io",
    "Permission",
    "Constraint",
    "ForeignSqlite",
    "SameFile",
    "LockLost",
    "MigrationFailed",
    "MigrationChanged",
    "MigrationMissing",
    "MigrationInvalid",
    "DatabaseTooNew",
    "OutOfOrder",
    "Guard",
    "Irreversible",
    "ScriptSyntax",
    "ScriptFailed",
    "ScriptTimeout",
    "ScriptMemory",
    "Cancelled",
    "Timeout",
    "Denied",
    "BackupInvalid",
    "BackupFailed",
    "Decrypt",
    "Internal",
    "Panic",
    "NoMemory",
]
