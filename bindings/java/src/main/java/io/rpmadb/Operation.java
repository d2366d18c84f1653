package io.rpmadb;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;

/**
 * Watches calls: cancel, time-out, progress. It may be passed to any number of calls, one after the
 * other or at once; once cancelled it stops every call that gets it.
 */
public final class Operation implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  private final long handle;
  private final Cleaner.Cleanable cleanable;
  private Callbacks.Watcher watcher;
  private long id;
  private boolean closed;

  /** Makes an operation; release it with {@link #close}. */
  public Operation() {
    Library.need();
    long[] made = {0};
    Json.check("rpmadb_op_new", Native.rpmadb_op_new(made));
    handle = made[0];
    long own = handle;
    cleanable = CLEANER.register(this, () -> Native.rpmadb_op_free(new long[] {own}));
  }

  long handle() {
    return handle;
  }

  /**
   * Limits each call from now on, from its start; zero is no limit. A part of a millisecond counts
   * as one.
   */
  public Operation timeout(Duration limit) {
    if (limit.isNegative()) {
      throw Json.misuse(Status.INVALID_ARGUMENT, "the limit is negative");
    }
    try {
      Json.check(
          "rpmadb_op_set_timeout_ms",
          Native.rpmadb_op_set_timeout_ms(handle, limit.plusNanos(999_999).toMillis()));
      return this;
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** Sets what is told how far a call is; null removes it. */
  public synchronized Operation onProgress(ProgressListener listener) {
    Callbacks.Watcher told = listener == null ? null : new Callbacks.Watcher(listener);
    long number = told == null ? 0 : Callbacks.enroll(told);
    int status =
        Native.rpmadb_op_on_progress(handle, told == null ? null : Callbacks.PROGRESS, number);
    if (status != Status.OK) {
      Callbacks.dismiss(number);
      Json.check("rpmadb_op_on_progress", status);
    }
    Callbacks.dismiss(id);
    watcher = told;
    id = number;
    return this;
  }

  /**
   * Stops the calls that have the operation: they throw {@link StoppedException.Cancelled}. From
   * any thread.
   */
  public void cancel() {
    try {
      Json.check("rpmadb_op_cancel", Native.rpmadb_op_cancel(handle));
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** Tells how far the call is. */
  public Reports.Progress progress() {
    try {
      long[] out = {0};
      return Json.read(
          Calls.answer(Native.rpmadb_op_progress(handle, out), out), Reports.Progress.class);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** What the progress listener threw during a call, once. */
  synchronized Throwable taken() {
    return watcher == null ? null : watcher.taken();
  }

  /**
   * Releases the operation. A call that still runs with it goes on unwatched. Closing again is
   * nothing to do.
   */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      cleanable.clean();
      Callbacks.dismiss(id);
    }
  }

  /**
   * Makes a call on another thread. Cancelling the future, or completing it otherwise, as by {@link
   * CompletableFuture#orTimeout}, stops the call.
   *
   * @param executor where it runs; its threads wait for the library
   * @param call is given the operation to pass on, such as {@code operation -> db.backup(path,
   *     null, operation)}
   */
  public static <T> CompletableFuture<T> async(Executor executor, Function<Operation, T> call) {
    Operation operation = new Operation();
    CompletableFuture<T> future = new CompletableFuture<>();
    future.whenComplete(
        (value, thrown) -> {
          synchronized (operation) {
            if (!operation.closed) {
              operation.cancel();
            }
          }
        });
    try {
      executor.execute(
          () -> {
            T value;
            try (operation) {
              value = call.apply(operation);
            } catch (Throwable e) {
              future.completeExceptionally(e);
              return;
            }
            future.complete(value);
          });
    } catch (RuntimeException e) { // the executor takes no more
      operation.close();
      throw e;
    }
    return future;
  }
}
