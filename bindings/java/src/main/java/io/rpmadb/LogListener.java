package io.rpmadb;

/** Receives log lines, on any thread. It must not use a handle that is in a call on that thread. */
@FunctionalInterface
public interface LogListener {
  /**
   * Receives a line.
   *
   * @param level how serious it is
   * @param target what part of the library it comes from
   * @param message the line
   */
  void line(LogLevel level, String target, String message);
}
