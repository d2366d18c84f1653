package io.rpmadb;

import java.util.List;

/**
 * A call that failed, with all that the library says of it. Its subclasses are the families of
 * statuses, and in each there is a class for each status: {@code catch (DatabaseException.Busy e)}.
 */
public abstract sealed class RpmadbException extends RuntimeException
    permits MisuseException,
        DatabaseException,
        MigrationException,
        ScriptException,
        StoppedException,
        BackupException,
        LibraryException {
  private static final long serialVersionUID = 1;

  /**
   * Records cannot all be serialized: what is sent elsewhere has the message and the status alone.
   */
  private final transient Reports.Body details;

  private final int status;

  RpmadbException(Reports.Body details) {
    super(details.message() + " (" + details.name() + ")");
    this.details = details;
    this.status = details.status();
  }

  /** The error document as it is; null after serialization. */
  public Reports.Body details() {
    return details;
  }

  /** The status, such as {@link Status#BUSY}. */
  public int status() {
    return status;
  }

  /** The name of the status, such as "BUSY". */
  public String statusName() {
    return details.name();
  }

  /** What to do about it, or null. */
  public String hint() {
    return details.hint();
  }

  /** The extended code of SQLite, or null. */
  public Integer sqliteCode() {
    return details.sqliteCode();
  }

  /** The file of the user's that it is about, or null. */
  public String file() {
    return details.file();
  }

  /** The line in that file, from 1, or null. */
  public Long line() {
    return details.line();
  }

  /** The column in that line, from 1, or null. */
  public Long column() {
    return details.column();
  }

  /** Which statement of the file, from 1, or null. */
  public Long statement() {
    return details.statement();
  }

  /** The text of the line, or null. */
  public String sourceLine() {
    return details.sourceLine();
  }

  /** The migration, or null. */
  public Long version() {
    return details.version();
  }

  /** Where in the script it was raised, or null. */
  public String traceback() {
    return details.traceback();
  }

  /** The lines of a migration that were changed after it was applied, or null. */
  public List<Reports.LineChange> changes() {
    return details.changes();
  }
}
