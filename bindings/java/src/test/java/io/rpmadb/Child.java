package io.rpmadb;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** What tests run in a process of its own. */
final class Child {
  private Child() {}

  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "load" -> load(arguments.length > 1 ? arguments[1] : null);
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
}
