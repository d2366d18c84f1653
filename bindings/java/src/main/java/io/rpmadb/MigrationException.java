// Made by Generator from rpmadb.schema.json; do not edit.
package io.rpmadb;

/** A migration (300 to 399). */
public sealed class MigrationException extends RpmadbException
    permits MigrationException.MigrationFailed,
        MigrationException.MigrationChanged,
        MigrationException.MigrationMissing,
        MigrationException.MigrationInvalid,
        MigrationException.DatabaseTooNew,
        MigrationException.OutOfOrder,
        MigrationException.Guard,
        MigrationException.Irreversible {
  private static final long serialVersionUID = 1;

  MigrationException(Reports.Body body) {
    super(body);
  }

  /** A migration step failed; nothing of the run was kept. */
  public static final class MigrationFailed extends MigrationException {
    private static final long serialVersionUID = 1;

    MigrationFailed(Reports.Body body) {
      super(body);
    }
  }

  /** An applied migration's file has changed. */
  public static final class MigrationChanged extends MigrationException {
    private static final long serialVersionUID = 1;

    MigrationChanged(Reports.Body body) {
      super(body);
    }
  }

  /** An applied migration is not in the set. */
  public static final class MigrationMissing extends MigrationException {
    private static final long serialVersionUID = 1;

    MigrationMissing(Reports.Body body) {
      super(body);
    }
  }

  /** A file of the migration set is not acceptable. */
  public static final class MigrationInvalid extends MigrationException {
    private static final long serialVersionUID = 1;

    MigrationInvalid(Reports.Body body) {
      super(body);
    }
  }

  /** The database was migrated by a newer set. */
  public static final class DatabaseTooNew extends MigrationException {
    private static final long serialVersionUID = 1;

    DatabaseTooNew(Reports.Body body) {
      super(body);
    }
  }

  /** A pending migration is lower than one already applied. */
  public static final class OutOfOrder extends MigrationException {
    private static final long serialVersionUID = 1;

    OutOfOrder(Reports.Body body) {
      super(body);
    }
  }

  /** A guard found lost data or a broken schema. */
  public static final class Guard extends MigrationException {
    private static final long serialVersionUID = 1;

    Guard(Reports.Body body) {
      super(body);
    }
  }

  /** A migration has no way back. */
  public static final class Irreversible extends MigrationException {
    private static final long serialVersionUID = 1;

    Irreversible(Reports.Body body) {
      super(body);
    }
  }
}
