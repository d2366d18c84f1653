package io.rpmadb;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** What tests run in a process of its own. */
final class Child {
  private Child() {}

  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "load" -> load(arguments.length > 1 ? arguments[1] : null);
      case "leak" -> leak(Path.of(arguments[1]));
      case "exit" -> exit(arguments[1]);
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  private static void load(String path) {
    try {
      if (path != null) {
        Rpmadb.load(Path.of(path));
      }
      String version = Rpmadb.version();
      System.out.println("loaded " + Rpmadb.library() + " " + version);
      Rpmadb.load(Path.of("elsewhere.so"));
    } catch (MisuseException.AbiMismatch e) {
      System.out.println("AbiMismatch: " + e.getMessage() + " " + e.status());
    } catch (IllegalStateException | UnsatisfiedLinkError e) {
      System.out.println(e.getMessage());
    }
  }

  /** The end of a program does not wait for handles, callbacks or calls. */
  private static void exit(String folder) throws InterruptedException {
    Rpmadb.setLog(LogLevel.DEBUG, (level, target, message) -> {});
    Options.Monitor monitor =
        new Options.Monitor()
            .tickMs(10L)
            .requireUsers(true)
            .alerts(new Options.AlertLimits().forMs(0L));
    Database db = Database.open(folder + "/app.db");
    CountDownLatch heard = new CountDownLatch(1);
    db.onAlert(alert -> heard.countDown());
    db.monitorStart(monitor);
    heard.await(); // the monitor's thread belongs to the virtual machine now
    background(() -> db.script("while true do end"));
    background(
        () ->
            db.transaction(
                tx -> {
                  while (true) {
                    Thread.onSpinWait();
                  }
                }));
    Thread.sleep(200);
    System.out.println("bye");
  }

  private static void background(Runnable run) {
    Thread thread = new Thread(run);
    thread.setDaemon(true);
    thread.start();
  }

  /** Tells what many rounds leave behind: descriptors, KiB of memory, registrations. */
  private static void leak(Path folder) throws IOException {
    rounds(folder, 50);
    System.gc();
    int files = Support.descriptors(Path.of("/")).size();
    long memory = Support.resident();
    rounds(folder, 150);
    System.gc();
    long moreFiles = Support.descriptors(Path.of("/")).size() - files;
    long moreMemory = Support.resident() - memory;
    System.out.println(moreFiles + " " + moreMemory + " " + Callbacks.registrations());
  }

  private static void rounds(Path folder, int n) {
    for (int i = 0; i < n; i++) {
      try (Database db = Support.empty(folder);
          Database second = db.as("sue", Options.Role.SUPERVISOR);
          Operation operation = new Operation().onProgress(progress -> true)) {
        db.addStep(
            1,
            "one",
            tx -> {
              throw new IllegalStateException("no");
            },
            null);
        db.onAlert(alert -> {});
        for (int k = 0; k < 20; k++) {
          db.query("SELECT printf('%.*c', 50000, 'x')", List.of(), operation);
          second.health(null, operation);
          db.transaction(tx -> true, operation);
          fails(IllegalStateException.class, db::migrate);
          fails(DatabaseException.Sql.class, () -> db.query("SELEKT"));
        }
      }
    }
  }

  private static void fails(Class<? extends RuntimeException> type, Runnable run) {
    try {
      run.run();
    } catch (RuntimeException e) {
      if (type.isInstance(e)) {
        return;
      }
      throw e;
    }
    throw new IllegalStateException("it did not fail");
  }
}
