package io.rpmadb;

/** Told how far a call is, on the thread that works. */
@FunctionalInterface
public interface ProgressListener {
  /**
   * Is told of progress. An exception stops the call, too, and comes out of it.
   *
   * @param progress how far the call is
   * @return true to go on, false to cancel the call
   */
  boolean told(Reports.Progress progress);
}
