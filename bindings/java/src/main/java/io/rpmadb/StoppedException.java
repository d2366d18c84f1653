// Made by Generator from rpmadb.schema.json; do not edit.
package io.rpmadb;

/** The call was stopped, or was not allowed (500 to 599). */
public sealed class StoppedException extends RpmadbException
    permits StoppedException.Cancelled,
        StoppedException.Timeout,
        StoppedException.Denied {
  private static final long serialVersionUID = 1;

  StoppedException(Reports.Body body) {
    super(body);
  }

  /** The call was cancelled. */
  public static final class Cancelled extends StoppedException {
    private static final long serialVersionUID = 1;

    Cancelled(Reports.Body body) {
      super(body);
    }
  }

  /** The call's time ran out. */
  public static final class Timeout extends StoppedException {
    private static final long serialVersionUID = 1;

    Timeout(Reports.Body body) {
      super(body);
    }
  }

  /** The role may not do this. */
  public static final class Denied extends StoppedException {
    private static final long serialVersionUID = 1;

    Denied(Reports.Body body) {
      super(body);
    }
  }
}
