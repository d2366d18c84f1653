// Made by Generator from rpmadb.schema.json; do not edit.
package io.rpmadb;

/** The library was not used as it must be (100 to 199). */
public sealed class MisuseException extends RpmadbException
    permits MisuseException.InvalidArgument,
        MisuseException.NullArgument,
        MisuseException.InvalidUtf8,
        MisuseException.StaleHandle,
        MisuseException.BadHandle,
        MisuseException.WrongKind,
        MisuseException.Reentrant,
        MisuseException.WrongProcess,
        MisuseException.AbiMismatch,
        MisuseException.Unsupported {
  private static final long serialVersionUID = 1;

  MisuseException(Reports.Body body) {
    super(body);
  }

  /** An argument or option is wrong; the message names it. */
  public static final class InvalidArgument extends MisuseException {
    private static final long serialVersionUID = 1;

    InvalidArgument(Reports.Body body) {
      super(body);
    }
  }

  /** A required pointer is NULL. */
  public static final class NullArgument extends MisuseException {
    private static final long serialVersionUID = 1;

    NullArgument(Reports.Body body) {
      super(body);
    }
  }

  /** Text is not UTF-8. */
  public static final class InvalidUtf8 extends MisuseException {
    private static final long serialVersionUID = 1;

    InvalidUtf8(Reports.Body body) {
      super(body);
    }
  }

  /** The handle was closed. */
  public static final class StaleHandle extends MisuseException {
    private static final long serialVersionUID = 1;

    StaleHandle(Reports.Body body) {
      super(body);
    }
  }

  /** The value was never a handle. */
  public static final class BadHandle extends MisuseException {
    private static final long serialVersionUID = 1;

    BadHandle(Reports.Body body) {
      super(body);
    }
  }

  /** A handle of the other kind. */
  public static final class WrongKind extends MisuseException {
    private static final long serialVersionUID = 1;

    WrongKind(Reports.Body body) {
      super(body);
    }
  }

  /** The handle is already in a call further up this thread's stack. */
  public static final class Reentrant extends MisuseException {
    private static final long serialVersionUID = 1;

    Reentrant(Reports.Body body) {
      super(body);
    }
  }

  /** The handle was opened by the process this one was forked from. */
  public static final class WrongProcess extends MisuseException {
    private static final long serialVersionUID = 1;

    WrongProcess(Reports.Body body) {
      super(body);
    }
  }

  /** The header and the library do not fit each other. */
  public static final class AbiMismatch extends MisuseException {
    private static final long serialVersionUID = 1;

    AbiMismatch(Reports.Body body) {
      super(body);
    }
  }

  /** Not available in this build or at this place. */
  public static final class Unsupported extends MisuseException {
    private static final long serialVersionUID = 1;

    Unsupported(Reports.Body body) {
      super(body);
    }
  }
}
