// Made by Generator from rpmadb.schema.json; do not edit.
package io.rpmadb;

/** The library itself (900 to 999). */
public sealed class LibraryException extends RpmadbException
    permits LibraryException.Internal,
        LibraryException.Panic,
        LibraryException.NoMemory {
  private static final long serialVersionUID = 1;

  LibraryException(Reports.Body body) {
    super(body);
  }

  /** A defect of this library. */
  public static final class Internal extends LibraryException {
    private static final long serialVersionUID = 1;

    Internal(Reports.Body body) {
      super(body);
    }
  }

  /** A panic was caught at the boundary. */
  public static final class Panic extends LibraryException {
    private static final long serialVersionUID = 1;

    Panic(Reports.Body body) {
      super(body);
    }
  }

  /** Memory ran out. */
  public static final class NoMemory extends LibraryException {
    private static final long serialVersionUID = 1;

    NoMemory(Reports.Body body) {
      super(body);
    }
  }
}
