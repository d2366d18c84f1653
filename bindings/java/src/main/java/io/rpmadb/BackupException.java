// Made by Generator from rpmadb.schema.json; do not edit.
package io.rpmadb;

/** A backup (600 to 699). */
public sealed class BackupException extends RpmadbException
    permits BackupException.BackupInvalid,
        BackupException.BackupFailed,
        BackupException.Decrypt {
  private static final long serialVersionUID = 1;

  BackupException(Reports.Body body) {
    super(body);
  }

  /** A backup does not hold what it should. */
  public static final class BackupInvalid extends BackupException {
    private static final long serialVersionUID = 1;

    BackupInvalid(Reports.Body body) {
      super(body);
    }
  }

  /** A backup could not be made. */
  public static final class BackupFailed extends BackupException {
    private static final long serialVersionUID = 1;

    BackupFailed(Reports.Body body) {
      super(body);
    }
  }

  /** A backup could not be decrypted. */
  public static final class Decrypt extends BackupException {
    private static final long serialVersionUID = 1;

    Decrypt(Reports.Body body) {
      super(body);
    }
  }
}
