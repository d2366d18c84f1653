// Made by Generator from rpmadb.schema.json; do not edit.
package io.rpmadb;

/** The database, its file or its SQL (200 to 299). */
public sealed class DatabaseException extends RpmadbException
    permits DatabaseException.Sql,
        DatabaseException.Busy,
        DatabaseException.ReadOnly,
        DatabaseException.NotFound,
        DatabaseException.AlreadyExists,
        DatabaseException.NotADatabase,
        DatabaseException.Corrupt,
        DatabaseException.DiskFull,
        DatabaseException.Io,
        DatabaseException.Permission,
        DatabaseException.Constraint,
        DatabaseException.ForeignSqlite,
        DatabaseException.SameFile,
        DatabaseException.LockLost {
  private static final long serialVersionUID = 1;

  DatabaseException(Reports.Body body) {
    super(body);
  }

  /** SQLite refused the SQL. */
  public static final class Sql extends DatabaseException {
    private static final long serialVersionUID = 1;

    Sql(Reports.Body body) {
      super(body);
    }
  }

  /** Another connection holds the lock. */
  public static final class Busy extends DatabaseException {
    private static final long serialVersionUID = 1;

    Busy(Reports.Body body) {
      super(body);
    }
  }

  /** The database or the handle may not write. */
  public static final class ReadOnly extends DatabaseException {
    private static final long serialVersionUID = 1;

    ReadOnly(Reports.Body body) {
      super(body);
    }
  }

  /** A file or value does not exist. */
  public static final class NotFound extends DatabaseException {
    private static final long serialVersionUID = 1;

    NotFound(Reports.Body body) {
      super(body);
    }
  }

  /** The destination exists. */
  public static final class AlreadyExists extends DatabaseException {
    private static final long serialVersionUID = 1;

    AlreadyExists(Reports.Body body) {
      super(body);
    }
  }

  /** The path is not a SQLite database. */
  public static final class NotADatabase extends DatabaseException {
    private static final long serialVersionUID = 1;

    NotADatabase(Reports.Body body) {
      super(body);
    }
  }

  /** The database is damaged. */
  public static final class Corrupt extends DatabaseException {
    private static final long serialVersionUID = 1;

    Corrupt(Reports.Body body) {
      super(body);
    }
  }

  /** No space is left. */
  public static final class DiskFull extends DatabaseException {
    private static final long serialVersionUID = 1;

    DiskFull(Reports.Body body) {
      super(body);
    }
  }

  /** The operating system failed a file operation. */
  public static final class Io extends DatabaseException {
    private static final long serialVersionUID = 1;

    Io(Reports.Body body) {
      super(body);
    }
  }

  /** The operating system denied access. */
  public static final class Permission extends DatabaseException {
    private static final long serialVersionUID = 1;

    Permission(Reports.Body body) {
      super(body);
    }
  }

  /** A constraint of the schema is violated. */
  public static final class Constraint extends DatabaseException {
    private static final long serialVersionUID = 1;

    Constraint(Reports.Body body) {
      super(body);
    }
  }

  /** Another copy of SQLite in this process uses the file. */
  public static final class ForeignSqlite extends DatabaseException {
    private static final long serialVersionUID = 1;

    ForeignSqlite(Reports.Body body) {
      super(body);
    }
  }

  /** Source and destination are one file. */
  public static final class SameFile extends DatabaseException {
    private static final long serialVersionUID = 1;

    SameFile(Reports.Body body) {
      super(body);
    }
  }

  /** A lock that SQLite believed to have was gone; nothing was committed. */
  public static final class LockLost extends DatabaseException {
    private static final long serialVersionUID = 1;

    LockLost(Reports.Body body) {
      super(body);
    }
  }
}
