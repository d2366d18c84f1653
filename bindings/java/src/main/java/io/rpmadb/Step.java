package io.rpmadb;

/** Code of a migration. */
@FunctionalInterface
public interface Step {
  /**
   * Works inside the migration's transaction. An exception undoes the run: one that is not checked
   * comes out of the call that migrates, a checked one is the cause of its exception.
   *
   * @param transaction a handle on it, good until this returns, on this thread
   * @throws Exception whatever it likes
   */
  void run(Database transaction) throws Exception;
}
