// Made by Generator from rpmadb.schema.json; do not edit.
package io.rpmadb;

/** A script (400 to 499). */
public sealed class ScriptException extends RpmadbException
    permits ScriptException.ScriptSyntax,
        ScriptException.ScriptFailed,
        ScriptException.ScriptTimeout,
        ScriptException.ScriptMemory {
  private static final long serialVersionUID = 1;

  ScriptException(Reports.Body body) {
    super(body);
  }

  /** The Lua text does not parse. */
  public static final class ScriptSyntax extends ScriptException {
    private static final long serialVersionUID = 1;

    ScriptSyntax(Reports.Body body) {
      super(body);
    }
  }

  /** The script raised an error. */
  public static final class ScriptFailed extends ScriptException {
    private static final long serialVersionUID = 1;

    ScriptFailed(Reports.Body body) {
      super(body);
    }
  }

  /** The script ran longer than it may. */
  public static final class ScriptTimeout extends ScriptException {
    private static final long serialVersionUID = 1;

    ScriptTimeout(Reports.Body body) {
      super(body);
    }
  }

  /** The script used more memory than it may. */
  public static final class ScriptMemory extends ScriptException {
    private static final long serialVersionUID = 1;

    ScriptMemory(Reports.Body body) {
      super(body);
    }
  }
}
