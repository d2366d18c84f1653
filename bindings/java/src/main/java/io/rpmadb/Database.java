package io.rpmadb;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A handle on an open database, for one actor in one role. It may be used from any thread at any
 * time. Close it: the garbage collector closes what nobody did, late.
 */
public final class Database extends Verbs implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  private final State state;
  private final Cleaner.Cleanable cleanable;

  private Database(State state) {
    this.state = state;
    this.cleanable = state.lent ? null : CLEANER.register(this, state::forgotten);
  }

  /** What outlives a handle that nobody closed, until the cleaner closes it. */
  private static final class State {
    final long handle;
    final Family family;
    final boolean lent; // by a transaction or a step, and ends with that
    final Reports.Open opened;
    boolean closed;
    boolean released; // by this, and not by what lent it
    int closers;
    Callbacks.Listener alerts;
    long alertId;

    State(long handle, Family family, boolean lent, Reports.Open opened) {
      this.handle = handle;
      this.family = family;
      this.lent = lent;
      this.opened = opened;
      if (!lent) {
        family.joined();
      }
    }

    void close() {
      synchronized (this) {
        if (closed) {
          awaitClosers();
          return;
        }
        closers++;
      }
      // Not under the lock: this waits for calls, and a callback of theirs that wants to close,
      // too,
      // is refused by the library.
      int status = Native.rpmadb_close(new long[] {handle});
      boolean ended = status == Status.OK || status == Status.STALE_HANDLE;
      boolean first;
      synchronized (this) {
        closers--;
        notifyAll();
        released |= status == Status.OK;
        first = ended && !closed;
        closed |= ended;
        if (ended) {
          awaitClosers();
        }
        if (ended && (released || !first)) {
          status = Status.OK; // by whoever of them
        }
      }
      if (first && !lent) {
        Callbacks.dismiss(alertId);
        family.left();
      }
      Json.check("rpmadb_close", status);
    }

    /** Waits for all who are in close: until the last of them is done, the file may be open. */
    private synchronized void awaitClosers() {
      boolean interrupted = false;
      while (closers > 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }

    void forgotten() {
      try {
        close();
      } catch (RpmadbException e) {
        // why ignored: nobody is there to be told
      }
    }
  }

  /** The handles on what one open opened. Its steps stay until the last is closed. */
  private static final class Family {
    private int handles;
    private final List<Long> steps = new ArrayList<>();
    private final List<Callbacks.Failure> failures =
        new ArrayList<>(); // of steps, until the call that ran them takes it
    private long failed;

    synchronized void joined() {
      handles++;
    }

    synchronized void left() {
      if (--handles == 0) {
        steps.forEach(Callbacks::dismiss);
        steps.clear();
      }
    }

    synchronized void keep(long step) {
      steps.add(step);
    }

    synchronized long mark() {
      return failed;
    }

    synchronized void failed(Throwable thrown) {
      if (failures.size() == 100) {
        failures.remove(0); // no call took it
      }
      failures.add(new Callbacks.Failure(thrown, Thread.currentThread(), ++failed));
    }

    /**
     * What a step threw since the mark on this thread, or, for a script, which has one of its own,
     * on any.
     */
    synchronized Throwable taken(long mark, boolean anywhere) {
      for (int i = failures.size() - 1; i >= 0; i--) {
        Callbacks.Failure failure = failures.get(i);
        if (failure.number() > mark && (anywhere || failure.thread() == Thread.currentThread())) {
          failures.remove(i);
          return failure.thrown();
        }
      }
      return null;
    }
  }

  /** Opens or creates a database, configures it, and migrates it to the latest version. */
  public static Database open(String path) {
    return open(path, null, null);
  }

  /**
   * Opens or creates a database, configures it, and migrates it to the latest version unless told
   * not to.
   */
  public static Database open(String path, Options.Open options) {
    return open(path, options, null);
  }

  /** Opens a database in a call that is watched. */
  public static Database open(String path, Options.Open options, Operation operation) {
    Library.need();
    byte[] file = Text.bytes(path);
    byte[] given = Json.options(options);
    long[] db = {0};
    byte[] report;
    try {
      report = Calls.make(operation, (op, out) -> Native.rpmadb_open(file, given, op, db, out));
    } catch (Throwable e) {
      if (db[0] != 0) { // the progress listener threw, and still it was opened
        Native.rpmadb_close(new long[] {db[0]});
      }
      throw e;
    }
    return new Database(
        new State(db[0], new Family(), false, Json.read(report, Reports.Open.class)));
  }

  /** Tells what opening the database did. */
  public Reports.Open opened() {
    return state.opened;
  }

  /**
   * Makes a second handle on the same database, for one user of the host, with that user's rights;
   * never more than this one has. It is closed by itself, and stays good when this one is closed.
   */
  public Database as(String actor, Options.Role role) {
    try {
      long[] second = {0};
      long[] out = {0};
      byte[] who = Text.bytes(actor);
      byte[] what = Text.bytes(role == null ? null : role.text());
      Calls.answer(Native.rpmadb_as(state.handle, who, what, second, out), out);
      return new Database(new State(second[0], state.family, false, state.opened));
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /**
   * Closes the handle. Calls that run on it are cancelled and waited for, also by who closes it at
   * the same time. Closing again is nothing to do; any other call after it throws {@link
   * MisuseException.StaleHandle}.
   */
  @Override
  public void close() {
    try {
      state.close();
      if (cleanable != null) {
        cleanable.clean();
      }
      Callbacks.Listener listener;
      synchronized (state) {
        listener = state.alerts;
        state.alerts = null;
      }
      Callbacks.Listener.check(listener, "alerts");
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  <R> R ask(
      Class<R> report, String verb, Object options, Operation operation, Object... arguments) {
    return Json.read(call(verb, Json.options(options), operation, arguments), report);
  }

  /**
   * Makes a call by the name of its verb, with options and a report as the library writes them: for
   * what the types of this package do not know.
   *
   * @param options a JSON object, or null
   * @param operation watches the call, or null
   * @param arguments a String or a Long each, or null
   */
  public String call(String verb, String options, Operation operation, Object... arguments) {
    return new String(
        call(verb, Text.bytes(options), operation, arguments), StandardCharsets.UTF_8);
  }

  private byte[] call(String verb, byte[] options, Operation operation, Object[] arguments) {
    Object[] given = new Object[arguments.length];
    for (int i = 0; i < given.length; i++) {
      Object argument = arguments[i];
      given[i] =
          argument instanceof Number number
              ? (Object) number.longValue()
              : Text.bytes((String) argument);
    }
    boolean script = verb.startsWith("script");
    long mark = state.family.mark();
    RpmadbException failed = null;
    byte[] report = null;
    try {
      report =
          Calls.make(
              operation,
              (op, out) -> {
                int status = Native.call(verb, state.handle, given, options, op, out);
                if (status == -1) {
                  throw Json.misuse(
                      Status.INVALID_ARGUMENT,
                      "no verb " + verb + " with " + given.length + " arguments");
                }
                return status;
              });
    } catch (RpmadbException e) {
      failed = e;
    } finally {
      Reference.reachabilityFence(this);
    }
    if (failed == null) {
      return report; // what a step threw was taken care of: by a script, or in the report of a test
    }
    Throwable thrown = state.family.taken(mark, script);
    if (thrown instanceof RuntimeException || thrown instanceof Error) {
      throw Calls.raise(thrown, failed);
    }
    if (thrown != null) {
      failed.initCause(thrown);
    }
    throw failed;
  }

  /**
   * Runs one SQL statement. The values of rows are Long, Double, String, byte[] and null.
   *
   * @param values for ?, of such types, or other whole numbers, Float, Boolean
   */
  public Reports.Query query(String sql, Object... values) {
    return query(sql, Arrays.asList(values), null);
  }

  /** Runs one SQL statement with values by name, without the colon. */
  public Reports.Query query(String sql, Map<String, ?> values) {
    return query(sql, values, null);
  }

  /** Runs one SQL statement in a call that is watched. */
  public Reports.Query query(String sql, List<?> values, Operation operation) {
    return ask(Reports.Query.class, "query", null, operation, sql, Values.params(values));
  }

  /** Runs one SQL statement with values by name in a call that is watched. */
  public Reports.Query query(String sql, Map<String, ?> values, Operation operation) {
    return ask(Reports.Query.class, "query", null, operation, sql, Values.params(values));
  }

  /** Calls body with a handle on one write transaction, on this thread. */
  public <X extends Exception> Reports.Transaction transaction(TransactionBody<X> body) throws X {
    return transaction(body, null);
  }

  /**
   * Calls body with a handle on one write transaction, on this thread; no other handle on the same
   * database may be used inside. Rolling back as body asked is no error: the report tells. What
   * body throws rolls back and comes out of this call.
   *
   * @param operation watches the call, or null; a cancel or time-out rolls back
   */
  public <X extends Exception> Reports.Transaction transaction(
      TransactionBody<X> body, Operation operation) throws X {
    Throwable[] thrown = {null};
    long id =
        Callbacks.enroll(
            (Callbacks.Stepper)
                (db, up) -> {
                  try {
                    return body.run(lend(db)) ? 0 : 1;
                  } catch (Throwable e) {
                    thrown[0] = e;
                    return 1;
                  }
                });
    RpmadbException failed = null;
    byte[] report = null;
    try {
      report =
          Calls.make(
              operation,
              (op, out) ->
                  Native.rpmadb_transaction(state.handle, Callbacks.UP, id, null, op, out));
    } catch (RpmadbException e) {
      failed = e;
    } finally {
      Callbacks.dismiss(id);
      Reference.reachabilityFence(this);
    }
    if (thrown[0] != null) {
      throw Calls.raise(thrown[0], failed);
    }
    if (failed != null) {
      throw failed;
    }
    return Json.read(report, Reports.Transaction.class);
  }

  private Database lend(long handle) {
    return new Database(new State(handle, state.family, true, state.opened));
  }

  /**
   * Registers a migration in Java. It wins over a file of its version and runs with the next
   * migrate: open with {@code migrate(false)} to register steps first, at every start.
   *
   * @param down takes it back, or null when there is no way back
   */
  public void addStep(long version, String name, Step up, Step down) {
    Family family = state.family;
    Reports.Open opened = state.opened;
    byte[] text = Text.bytes(name);
    long id =
        Callbacks.enroll(
            (Callbacks.Stepper)
                (db, forward) -> {
                  try {
                    (forward ? up : down).run(new Database(new State(db, family, true, opened)));
                    return 0;
                  } catch (Throwable e) {
                    family.failed(e);
                    return 1;
                  }
                });
    try {
      long[] out = {0};
      Callbacks.StepFn first = up == null ? null : Callbacks.UP;
      Callbacks.StepFn second = down == null ? null : Callbacks.DOWN;
      Calls.answer(
          Native.rpmadb_add_step(state.handle, version, text, first, second, id, out), out);
      family.keep(id);
    } catch (RpmadbException e) {
      Callbacks.dismiss(id);
      throw e;
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /**
   * Sets what is told when an alert fires, is acknowledged or is resolved; null removes it. It runs
   * on the monitor's thread, where every handle on the database throws {@link
   * MisuseException.Reentrant}: note what it is about and act elsewhere. A listener that throws is
   * not told more, and what it threw is the cause of an {@link IllegalStateException} of the next
   * call of this method, or of close.
   */
  public void onAlert(Consumer<Reports.Alert> listener) {
    Callbacks.Listener next = listener == null ? null : new Callbacks.Listener(listener, null);
    long id = next == null ? 0 : Callbacks.enroll(next);
    Callbacks.Listener last;
    try {
      long[] out = {0};
      Calls.answer(
          Native.rpmadb_on_alert(state.handle, next == null ? null : Callbacks.ALERT, id, out),
          out);
      synchronized (state) {
        last = state.alerts;
        Callbacks.dismiss(state.alertId);
        state.alerts = next;
        state.alertId = id;
      }
    } catch (RpmadbException e) {
      Callbacks.dismiss(id);
      throw e;
    } finally {
      Reference.reachabilityFence(this);
    }
    Callbacks.Listener.check(last, "alerts");
  }
}
