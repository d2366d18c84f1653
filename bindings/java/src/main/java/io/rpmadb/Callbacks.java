package io.rpmadb;

import com.sun.jna.Callback;
import com.sun.jna.CallbackThreadInitializer;
import com.sun.jna.Pointer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The functions that C calls, one of each kind for as long as the process lives; the number in
 * user_data tells whose it is. Nothing may be thrown through C: what is thrown is kept, the call is
 * stopped, and the caller gets it.
 */
final class Callbacks {
  private Callbacks() {}

  private static final Map<Long, Object> REGISTRY = new ConcurrentHashMap<>();
  private static final AtomicLong LAST = new AtomicLong();

  /** Gives what a callback is for a number that C can keep. */
  static long enroll(Object what) {
    long id = LAST.incrementAndGet();
    REGISTRY.put(id, what);
    return id;
  }

  static void dismiss(long id) {
    REGISTRY.remove(id);
  }

  static int registrations() {
    return REGISTRY.size();
  }

  interface ProgressFn extends Callback {
    int invoke(long done, long total, Pointer stage, long userData);
  }

  interface StepFn extends Callback {
    int invoke(long db, long userData);
  }

  interface AlertFn extends Callback {
    void invoke(Pointer alert, long userData);
  }

  interface LogFn extends Callback {
    void invoke(int level, Pointer target, Pointer message, long userData);
  }

  static final ProgressFn PROGRESS =
      (done, total, stage, userData) ->
          REGISTRY.get(userData) instanceof Watcher watcher
              ? watcher.told(done, total, stage)
              : 0; // its operation was released while a call goes on

  static final StepFn UP =
      (db, userData) ->
          REGISTRY.get(userData) instanceof Stepper stepper ? stepper.run(db, true) : 1;

  static final StepFn DOWN =
      (db, userData) ->
          REGISTRY.get(userData) instanceof Stepper stepper ? stepper.run(db, false) : 1;

  static final AlertFn ALERT =
      (alert, userData) -> {
        if (REGISTRY.get(userData) instanceof Listener listener) {
          listener.hear(alert);
        }
      };

  static final LogFn LOG =
      (level, target, message, userData) -> {
        if (REGISTRY.get(userData) instanceof Listener listener) {
          listener.hear(level, target, message);
        }
      };

  static {
    // Threads of the library's must not keep the virtual machine from ending.
    for (Callback callback : new Callback[] {PROGRESS, UP, DOWN, ALERT, LOG}) {
      com.sun.jna.Native.setCallbackThreadInitializer(
          callback, new CallbackThreadInitializer(true, false, "rpmadb"));
    }
  }

  /** Throws anything as if it were not checked. */
  @SuppressWarnings("unchecked")
  static <X extends Throwable> RuntimeException sneak(Throwable thrown) throws X {
    throw (X) thrown;
  }

  /** What the host's code threw, and where. */
  record Failure(Throwable thrown, Thread thread, long number) {}

  /** Is told of progress. */
  static final class Watcher {
    private final ProgressListener listener;
    private Throwable thrown;

    Watcher(ProgressListener listener) {
      this.listener = listener;
    }

    int told(long done, long total, Pointer stage) {
      try {
        return listener.told(new Reports.Progress(Text.string(stage), done, total, false)) ? 0 : 1;
      } catch (Throwable e) {
        synchronized (this) {
          thrown = e;
        }
        return 1;
      }
    }

    /** Returns what was thrown, once. */
    synchronized Throwable taken() {
      Throwable e = thrown;
      thrown = null;
      return e;
    }
  }

  /** Runs the host's code in a transaction. */
  interface Stepper {
    int run(long db, boolean up);
  }

  /** Is told of what nobody waits for; after it threw it is told no more. */
  static final class Listener {
    private final java.util.function.Consumer<Reports.Alert> alerts;
    private final LogListener log;
    private volatile Throwable thrown;

    Listener(java.util.function.Consumer<Reports.Alert> alerts, LogListener log) {
      this.alerts = alerts;
      this.log = log;
    }

    void hear(Pointer alert) {
      guarded(() -> alerts.accept(Json.read(Text.copy(alert), Reports.Alert.class)));
    }

    void hear(int level, Pointer target, Pointer message) {
      guarded(() -> log.line(LogLevel.values()[level], Text.string(target), Text.string(message)));
    }

    private void guarded(Runnable run) {
      if (thrown == null) {
        try {
          run.run();
        } catch (Throwable e) {
          thrown = e;
        }
      }
    }

    /** Fails if the listener did. */
    static void check(Listener listener, String what) {
      if (listener != null && listener.thrown != null) {
        throw new IllegalStateException(
            "the listener of " + what + " failed and was not told more", listener.thrown);
      }
    }
  }
}
