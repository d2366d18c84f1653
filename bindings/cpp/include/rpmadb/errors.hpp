// A class for each status, and one for each family of them.
//
// Made by generate.py from rpmadb.schema.json; do not edit.
// clang-format off
#ifndef RPMADB_ERRORS_HPP
#define RPMADB_ERRORS_HPP

#include <cstdint>

#include "error.hpp"

RPMADB_BEGIN

/// The call is wrong, or its handle is.
class UsageError : public Error {
 public:
  explicit UsageError(const Error& error) : Error(error) {}
};
/// SQLite or the operating system refused.
class DatabaseError : public Error {
 public:
  explicit DatabaseError(const Error& error) : Error(error) {}
};
/// A migration cannot be applied or taken back.
class MigrationError : public Error {
 public:
  explicit MigrationError(const Error& error) : Error(error) {}
};
/// A script does not parse, failed, or went over a limit.
class ScriptError : public Error {
 public:
  explicit ScriptError(const Error& error) : Error(error) {}
};
/// The call was stopped, or not allowed.
class StoppedError : public Error {
 public:
  explicit StoppedError(const Error& error) : Error(error) {}
};
/// A backup is not what it should be.
class BackupError : public Error {
 public:
  explicit BackupError(const Error& error) : Error(error) {}
};
/// A defect of the library, or no memory.
class DefectError : public Error {
 public:
  explicit DefectError(const Error& error) : Error(error) {}
};
/// INVALID_ARGUMENT
class InvalidArgument : public UsageError {
 public:
  explicit InvalidArgument(const Error& error) : UsageError(error) {}
  static constexpr std::int32_t number = 100;
};
/// NULL_ARGUMENT
class NullArgument : public UsageError {
 public:
  explicit NullArgument(const Error& error) : UsageError(error) {}
  static constexpr std::int32_t number = 101;
};
/// INVALID_UTF8
class InvalidUtf8 : public UsageError {
 public:
  explicit InvalidUtf8(const Error& error) : UsageError(error) {}
  static constexpr std::int32_t number = 102;
};
/// STALE_HANDLE
class StaleHandle : public UsageError {
 public:
  explicit StaleHandle(const Error& error) : UsageError(error) {}
  static constexpr std::int32_t number = 103;
};
/// BAD_HANDLE
class BadHandle : public UsageError {
 public:
  explicit BadHandle(const Error& error) : UsageError(error) {}
  static constexpr std::int32_t number = 104;
};
/// WRONG_KIND
class WrongKind : public UsageError {
 public:
  explicit WrongKind(const Error& error) : UsageError(error) {}
  static constexpr std::int32_t number = 105;
};
/// REENTRANT
class Reentrant : public UsageError {
 public:
  explicit Reentrant(const Error& error) : UsageError(error) {}
  static constexpr std::int32_t number = 106;
};
/// WRONG_PROCESS
class WrongProcess : public UsageError {
 public:
  explicit WrongProcess(const Error& error) : UsageError(error) {}
  static constexpr std::int32_t number = 107;
};
/// ABI_MISMATCH
class AbiMismatch : public UsageError {
 public:
  explicit AbiMismatch(const Error& error) : UsageError(error) {}
  static constexpr std::int32_t number = 108;
};
/// UNSUPPORTED
class Unsupported : public UsageError {
 public:
  explicit Unsupported(const Error& error) : UsageError(error) {}
  static constexpr std::int32_t number = 109;
};
/// SQL
class Sql : public DatabaseError {
 public:
  explicit Sql(const Error& error) : DatabaseError(error) {}
  static constexpr std::int32_t number = 200;
};
/// BUSY
class Busy : public DatabaseError {
 public:
  explicit Busy(const Error& error) : DatabaseError(error) {}
  static constexpr std::int32_t number = 201;
};
/// READ_ONLY
class ReadOnly : public DatabaseError {
 public:
  explicit ReadOnly(const Error& error) : DatabaseError(error) {}
  static constexpr std::int32_t number = 202;
};
/// NOT_FOUND
class NotFound : public DatabaseError {
 public:
  explicit NotFound(const Error& error) : DatabaseError(error) {}
  static constexpr std::int32_t number = 203;
};
/// ALREADY_EXISTS
class AlreadyExists : public DatabaseError {
 public:
  explicit AlreadyExists(const Error& error) : DatabaseError(error) {}
  static constexpr std::int32_t number = 204;
};
/// NOT_A_DATABASE
class NotADatabase : public DatabaseError {
 public:
  explicit NotADatabase(const Error& error) : DatabaseError(error) {}
  static constexpr std::int32_t number = 205;
};
/// CORRUPT
class Corrupt : public DatabaseError {
 public:
  explicit Corrupt(const Error& error) : DatabaseError(error) {}
  static constexpr std::int32_t number = 206;
};
/// DISK_FULL
class DiskFull : public DatabaseError {
 public:
  explicit DiskFull(const Error& error) : DatabaseError(error) {}
  static constexpr std::int32_t number = 207;
};
/// IO
class Io : public DatabaseError {
 public:
  explicit Io(const Error& error) : DatabaseError(error) {}
  static constexpr std::int32_t number = 208;
};
/// PERMISSION
class Permission : public DatabaseError {
 public:
  explicit Permission(const Error& error) : DatabaseError(error) {}
  static constexpr std::int32_t number = 209;
};
/// CONSTRAINT
class Constraint : public DatabaseError {
 public:
  explicit Constraint(const Error& error) : DatabaseError(error) {}
  static constexpr std::int32_t number = 210;
};
/// FOREIGN_SQLITE
class ForeignSqlite : public DatabaseError {
 public:
  explicit ForeignSqlite(const Error& error) : DatabaseError(error) {}
  static constexpr std::int32_t number = 211;
};
/// SAME_FILE
class SameFile : public DatabaseError {
 public:
  explicit SameFile(const Error& error) : DatabaseError(error) {}
  static constexpr std::int32_t number = 212;
};
/// LOCK_LOST
class LockLost : public DatabaseError {
 public:
  explicit LockLost(const Error& error) : DatabaseError(error) {}
  static constexpr std::int32_t number = 213;
};
/// MIGRATION_FAILED
class MigrationFailed : public MigrationError {
 public:
  explicit MigrationFailed(const Error& error) : MigrationError(error) {}
  static constexpr std::int32_t number = 300;
};
/// MIGRATION_CHANGED
class MigrationChanged : public MigrationError {
 public:
  explicit MigrationChanged(const Error& error) : MigrationError(error) {}
  static constexpr std::int32_t number = 301;
};
/// MIGRATION_MISSING
class MigrationMissing : public MigrationError {
 public:
  explicit MigrationMissing(const Error& error) : MigrationError(error) {}
  static constexpr std::int32_t number = 302;
};
/// MIGRATION_INVALID
class MigrationInvalid : public MigrationError {
 public:
  explicit MigrationInvalid(const Error& error) : MigrationError(error) {}
  static constexpr std::int32_t number = 303;
};
/// DATABASE_TOO_NEW
class DatabaseTooNew : public MigrationError {
 public:
  explicit DatabaseTooNew(const Error& error) : MigrationError(error) {}
  static constexpr std::int32_t number = 304;
};
/// OUT_OF_ORDER
class OutOfOrder : public MigrationError {
 public:
  explicit OutOfOrder(const Error& error) : MigrationError(error) {}
  static constexpr std::int32_t number = 305;
};
/// GUARD
class Guard : public MigrationError {
 public:
  explicit Guard(const Error& error) : MigrationError(error) {}
  static constexpr std::int32_t number = 306;
};
/// IRREVERSIBLE
class Irreversible : public MigrationError {
 public:
  explicit Irreversible(const Error& error) : MigrationError(error) {}
  static constexpr std::int32_t number = 307;
};
/// SCRIPT_SYNTAX
class ScriptSyntax : public ScriptError {
 public:
  explicit ScriptSyntax(const Error& error) : ScriptError(error) {}
  static constexpr std::int32_t number = 400;
};
/// SCRIPT_FAILED
class ScriptFailed : public ScriptError {
 public:
  explicit ScriptFailed(const Error& error) : ScriptError(error) {}
  static constexpr std::int32_t number = 401;
};
/// SCRIPT_TIMEOUT
class ScriptTimeout : public ScriptError {
 public:
  explicit ScriptTimeout(const Error& error) : ScriptError(error) {}
  static constexpr std::int32_t number = 402;
};
/// SCRIPT_MEMORY
class ScriptMemory : public ScriptError {
 public:
  explicit ScriptMemory(const Error& error) : ScriptError(error) {}
  static constexpr std::int32_t number = 403;
};
/// CANCELLED
class Cancelled : public StoppedError {
 public:
  explicit Cancelled(const Error& error) : StoppedError(error) {}
  static constexpr std::int32_t number = 500;
};
/// TIMEOUT
class Timeout : public StoppedError {
 public:
  explicit Timeout(const Error& error) : StoppedError(error) {}
  static constexpr std::int32_t number = 501;
};
/// DENIED
class Denied : public StoppedError {
 public:
  explicit Denied(const Error& error) : StoppedError(error) {}
  static constexpr std::int32_t number = 502;
};
/// BACKUP_INVALID
class BackupInvalid : public BackupError {
 public:
  explicit BackupInvalid(const Error& error) : BackupError(error) {}
  static constexpr std::int32_t number = 600;
};
/// BACKUP_FAILED
class BackupFailed : public BackupError {
 public:
  explicit BackupFailed(const Error& error) : BackupError(error) {}
  static constexpr std::int32_t number = 601;
};
/// DECRYPT
class Decrypt : public BackupError {
 public:
  explicit Decrypt(const Error& error) : BackupError(error) {}
  static constexpr std::int32_t number = 602;
};
/// INTERNAL
class Internal : public DefectError {
 public:
  explicit Internal(const Error& error) : DefectError(error) {}
  static constexpr std::int32_t number = 900;
};
/// PANIC
class Panic : public DefectError {
 public:
  explicit Panic(const Error& error) : DefectError(error) {}
  static constexpr std::int32_t number = 901;
};
/// NO_MEMORY
class NoMemory : public DefectError {
 public:
  explicit NoMemory(const Error& error) : DefectError(error) {}
  static constexpr std::int32_t number = 902;
};

#if RPMADB_EXCEPTIONS
inline void Error::raise() const {
  switch (status()) {
    case 100: throw InvalidArgument(*this);
    case 101: throw NullArgument(*this);
    case 102: throw InvalidUtf8(*this);
    case 103: throw StaleHandle(*this);
    case 104: throw BadHandle(*this);
    case 105: throw WrongKind(*this);
    case 106: throw Reentrant(*this);
    case 107: throw WrongProcess(*this);
    case 108: throw AbiMismatch(*this);
    case 109: throw Unsupported(*this);
    case 200: throw Sql(*this);
    case 201: throw Busy(*this);
    case 202: throw ReadOnly(*this);
    case 203: throw NotFound(*this);
    case 204: throw AlreadyExists(*this);
    case 205: throw NotADatabase(*this);
    case 206: throw Corrupt(*this);
    case 207: throw DiskFull(*this);
    case 208: throw Io(*this);
    case 209: throw Permission(*this);
    case 210: throw Constraint(*this);
    case 211: throw ForeignSqlite(*this);
    case 212: throw SameFile(*this);
    case 213: throw LockLost(*this);
    case 300: throw MigrationFailed(*this);
    case 301: throw MigrationChanged(*this);
    case 302: throw MigrationMissing(*this);
    case 303: throw MigrationInvalid(*this);
    case 304: throw DatabaseTooNew(*this);
    case 305: throw OutOfOrder(*this);
    case 306: throw Guard(*this);
    case 307: throw Irreversible(*this);
    case 400: throw ScriptSyntax(*this);
    case 401: throw ScriptFailed(*this);
    case 402: throw ScriptTimeout(*this);
    case 403: throw ScriptMemory(*this);
    case 500: throw Cancelled(*this);
    case 501: throw Timeout(*this);
    case 502: throw Denied(*this);
    case 600: throw BackupInvalid(*this);
    case 601: throw BackupFailed(*this);
    case 602: throw Decrypt(*this);
    case 900: throw Internal(*this);
    case 901: throw Panic(*this);
    case 902: throw NoMemory(*this);
    default: break;
  }
  switch (status() / 100) {  // one of a later version
    case 1: throw UsageError(*this);
    case 2: throw DatabaseError(*this);
    case 3: throw MigrationError(*this);
    case 4: throw ScriptError(*this);
    case 5: throw StoppedError(*this);
    case 6: throw BackupError(*this);
    case 9: throw DefectError(*this);
    default: throw *this;
  }
}
#endif

RPMADB_END

#endif
