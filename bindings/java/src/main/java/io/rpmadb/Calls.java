package io.rpmadb;

import java.lang.ref.Reference;

/** One call: its operation, its answer, and what the host's own code threw in it. */
final class Calls {
  private Calls() {}

  interface Function {
    int call(long operation, long[] out);
  }

  /** Makes a call and takes its report. */
  static byte[] make(Operation operation, Function function) {
    RpmadbException failed = null;
    byte[] report = null;
    long[] out = {0};
    try {
      report = answer(function.call(operation == null ? 0 : operation.handle(), out), out);
    } catch (RpmadbException e) {
      failed = e;
    } finally {
      Reference.reachabilityFence(operation);
    }
    Throwable thrown = operation == null ? null : operation.taken();
    if (thrown != null) {
      throw raise(thrown, failed);
    }
    if (failed != null) {
      throw failed;
    }
    return report;
  }

  /** What a call handed out: the report, or the exception. */
  static byte[] answer(int status, long[] out) {
    byte[] document = Text.take(out);
    if (status == Status.OK) {
      return document;
    }
    if (document.length == 0) {
      throw Json.misuse(status, "the library said no more");
    }
    throw Status.exception(Json.read(document, Reports.Document.class).error());
  }

  /** Throws what the host's code threw, with what the library says of it beside. */
  static RuntimeException raise(Throwable thrown, RpmadbException failed) {
    if (failed != null && failed != thrown) {
      thrown.addSuppressed(failed);
    }
    throw Callbacks.<RuntimeException>sneak(thrown);
  }
}
