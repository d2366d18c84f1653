package io.rpmadb;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** What belongs to the library as a whole. */
public final class Rpmadb {
  private Rpmadb() {}

  private static Callbacks.Listener log;
  private static long logId;

  /**
   * Loads the library from a path, before anything else is called. Otherwise the first call loads
   * it: from the path in the system property {@code rpmadb.library} or the environment variable
   * {@code RPMADB_LIBRARY}, else from the folder of this package's jar, else from the class path,
   * as {@code io/rpmadb/native/linux-x86-64/librpmadb.so}, else from where the system looks.
   *
   * @throws MisuseException.AbiMismatch if it is of another ABI
   * @throws IllegalStateException if another is loaded already
   */
  public static void load(Path path) {
    Library.load(path.toAbsolutePath().toString());
  }

  /** The path that the library was loaded from, or null before it was. */
  public static String library() {
    return Library.path();
  }

  /** The version of the library, such as "0.1.0". */
  public static String version() {
    Library.need();
    return Native.rpmadb_version();
  }

  /** Tells what the library is made of. */
  public static Reports.BuildInfo buildInfo() {
    Library.need();
    long[] out = {0};
    return Json.read(Calls.answer(Native.rpmadb_build_info(out), out), Reports.BuildInfo.class);
  }

  /** The name of a status, such as "BUSY"; "UNKNOWN" for a number that is none. */
  public static String statusName(int status) {
    Library.need();
    return Native.rpmadb_status_name(status);
  }

  /**
   * Brings back a backup where there is no database, or one that does not open any more. What is
   * there is kept under another name. Close your own handles on the database first.
   *
   * @param open what the database will be opened with
   */
  public static Reports.Restore restoreFile(
      String database,
      String path,
      Options.Open open,
      Options.Restore options,
      Operation operation) {
    Library.need();
    byte[] file = Text.bytes(database);
    byte[] backup = Text.bytes(path);
    byte[] first = Json.options(open);
    byte[] second = Json.options(options);
    return Json.read(
        Calls.make(
            operation,
            (op, out) -> Native.rpmadb_restore_file(file, backup, first, second, op, out)),
        Reports.Restore.class);
  }

  /**
   * Sets where log lines of the whole library go in this process; null is nowhere. A listener that
   * throws is not told more, and what it threw is the cause of an {@link IllegalStateException} of
   * the next call of this method.
   *
   * @param level lines of this level and the more serious ones come
   */
  public static synchronized void setLog(LogLevel level, LogListener listener) {
    Library.need();
    Callbacks.Listener next = listener == null ? null : new Callbacks.Listener(null, listener);
    long id = next == null ? 0 : Callbacks.enroll(next);
    int status = Native.rpmadb_log_set(level.ordinal(), next == null ? null : Callbacks.LOG, id);
    if (status != Status.OK) {
      Callbacks.dismiss(id);
      Json.check("rpmadb_log_set", status);
    }
    Callbacks.Listener last = log;
    Callbacks.dismiss(logId);
    log = next;
    logId = id;
    Callbacks.Listener.check(last, "log lines");
  }

  /** A listener that writes to a logger of the platform. */
  public static LogListener to(System.Logger logger) {
    return (level, target, message) ->
        logger.log(
            switch (level) {
              case OFF -> System.Logger.Level.OFF;
              case ERROR -> System.Logger.Level.ERROR;
              case WARN -> System.Logger.Level.WARNING;
              case INFO -> System.Logger.Level.INFO;
              case DEBUG -> System.Logger.Level.DEBUG;
            },
            "{0}: {1}",
            target,
            message);
  }

  /** Reads an integer of a document by RFC 6901 pointer, or a truth value as 1 or 0. */
  public static long jsonInt(String document, String pointer) {
    Library.need();
    long[] value = {0};
    Json.check(
        "rpmadb_json_int",
        Native.rpmadb_json_int(Text.bytes(document), Text.bytes(pointer), value));
    return value[0];
  }

  /** Reads a number of a document by RFC 6901 pointer. */
  public static double jsonReal(String document, String pointer) {
    Library.need();
    double[] value = {0};
    Json.check(
        "rpmadb_json_real",
        Native.rpmadb_json_real(Text.bytes(document), Text.bytes(pointer), value));
    return value[0];
  }

  /** Reads a text of a document by RFC 6901 pointer. A NUL inside is shown as U+2400. */
  public static String jsonText(String document, String pointer) {
    Library.need();
    long[] value = {0};
    Json.check(
        "rpmadb_json_text",
        Native.rpmadb_json_text(Text.bytes(document), Text.bytes(pointer), value));
    return new String(Text.take(value), StandardCharsets.UTF_8);
  }
}
