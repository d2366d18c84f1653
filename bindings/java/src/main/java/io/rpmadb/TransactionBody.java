package io.rpmadb;

/**
 * What is done in a transaction.
 *
 * @param <X> what it may throw
 */
@FunctionalInterface
public interface TransactionBody<X extends Exception> {
  /**
   * Works inside the transaction. An exception rolls back, too, and comes out of the call.
   *
   * @param transaction a handle on it, good until this returns, on this thread
   * @return true to commit, false to roll back
   * @throws X whatever it likes
   */
  boolean run(Database transaction) throws X;
}
