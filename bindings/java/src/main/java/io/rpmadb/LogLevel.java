package io.rpmadb;

/** How serious a log line is. */
public enum LogLevel {
  /** Nothing. */
  OFF,
  /** What failed. */
  ERROR,
  /** What somebody should look at. */
  WARN,
  /** What was done. */
  INFO,
  /** How it was done. */
  DEBUG
}
