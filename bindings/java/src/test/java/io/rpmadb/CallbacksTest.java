package io.rpmadb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class CallbacksTest {
  @TempDir Path folder;

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  @Test
  void progressIsTold() {
    List<Reports.Progress> told = new ArrayList<>();
    try (Database db = Support.filled(folder);
        Operation operation = new Operation().onProgress(told::add)) {
      assertTrue(db.backup(path("one.db"), Support.slowly(), operation).verified());
    }
    assertTrue(told.size() > 10);
    assertFalse(told.get(0).stage().isEmpty());
    assertTrue(told.get(told.size() - 1).total() > 0);
  }

  @Test
  void progressThatSaysNoCancels() {
    try (Database db = Support.filled(folder);
        Operation operation = new Operation().onProgress(progress -> progress.done() < 100)) {
      assertThrows(
          StoppedException.Cancelled.class,
          () -> db.backup(path("one.db"), Support.slowly(), operation));
      assertFalse(Files.exists(folder.resolve("one.db")));
      assertEquals(2000, Support.count(db, "t"));
    }
  }

  @Test
  void whatCallbacksThrowComesOutOfTheCall() {
    Error mine = new AssertionError("mine");
    try (Database db = Support.filled(folder);
        Operation operation =
            new Operation()
                .onProgress(
                    progress -> {
                      throw mine;
                    })) {
      Error thrown =
          assertThrows(Error.class, () -> db.backup(path("one.db"), Support.slowly(), operation));
      assertSame(mine, thrown);
      assertTrue(thrown.getSuppressed()[0] instanceof StoppedException.Cancelled);

      IOException checked = new IOException("checked");
      IOException out =
          assertThrows(
              IOException.class,
              () ->
                  db.transaction(
                      tx -> {
                        tx.query("DELETE FROM t");
                        throw checked;
                      }));
      assertSame(checked, out);
      assertEquals(2000, Support.count(db, "t"));
      assertThrows(
          StackOverflowError.class,
          () ->
              db.transaction(
                  tx -> {
                    tx.query("DELETE FROM t");
                    return endless(1) > 0;
                  }));
      assertEquals(2000, Support.count(db, "t"));
    }
  }

  private static int endless(int n) {
    return endless(n + 1) + 1;
  }

  @Test
  void transactions() {
    try (Database db = Support.empty(folder)) {
      db.query("CREATE TABLE t (a)");
      assertTrue(
          db.transaction(tx -> tx.query("INSERT INTO t VALUES (1)").changes() == 1).committed());
      Reports.Transaction back =
          db.transaction(
              tx -> {
                tx.query("INSERT INTO t VALUES (2)");
                return false;
              });
      assertFalse(back.committed());
      assertEquals(1, Support.count(db, "t"));

      AtomicReference<Database> kept = new AtomicReference<>();
      db.transaction(
          tx -> {
            kept.set(tx);
            assertThrows(MisuseException.Reentrant.class, () -> db.query("SELECT 1"));
            assertThrows(MisuseException.Reentrant.class, db::close);
            try (Database second = tx.as("sue", Options.Role.SUPERVISOR)) {
              assertThrows(StoppedException.Denied.class, () -> second.query("DELETE FROM t"));
            }
            return true;
          });
      assertThrows(MisuseException.StaleHandle.class, () -> kept.get().query("SELECT 1"));
      assertEquals(1, Support.count(db, "t"));
    }
  }

  @Test
  void stepsInJava() throws IOException {
    Path none = Files.createDirectory(folder.resolve("none"));
    AtomicReference<Exception> fails = new AtomicReference<>(new IOException("not today"));
    try (Database db =
        Database.open(
            path("app.db"), new Options.Open().migrate(false).migrations(none.toString()))) {
      db.addStep(
          1,
          "parts",
          tx -> {
            tx.query("CREATE TABLE parts (id)");
            if (fails.get() != null) {
              throw fails.get();
            }
          },
          tx -> tx.query("DROP TABLE parts"));
      MigrationException.MigrationFailed e =
          assertThrows(MigrationException.MigrationFailed.class, db::migrate);
      assertSame(fails.get(), e.getCause()); // a checked one
      assertEquals(1L, e.version());
      ScriptException script =
          assertThrows(
              ScriptException.class,
              () -> db.script("db:migrate()")); // on a thread of the library's
      assertSame(fails.get(), script.getCause());

      fails.set(new IllegalStateException("unchecked"));
      IllegalStateException unchecked = assertThrows(IllegalStateException.class, db::migrate);
      assertSame(fails.get(), unchecked);
      assertTrue(unchecked.getSuppressed()[0] instanceof MigrationException);

      fails.set(null);
      assertEquals(1L, db.migrate().applied().get(0).version());
      assertEquals(0, Support.count(db, "parts"));
      assertEquals(0, db.rollback(0).to());
      assertThrows(DatabaseException.Sql.class, () -> db.query("SELECT * FROM parts"));
      assertThrows(MisuseException.NullArgument.class, () -> db.addStep(2, "x", null, null));
    }
  }

  @Test
  void whatAStepThrewDoesNotComeOutOfACallThatEndedWell() throws IOException {
    Path none = Files.createDirectory(folder.resolve("none"));
    try (Database db =
        Database.open(
            path("app.db"), new Options.Open().migrate(false).migrations(none.toString()))) {
      IllegalStateException mine = new IllegalStateException("mine");
      db.addStep(
          1,
          "bad",
          tx -> {
            throw mine;
          },
          null);
      assertFalse(db.test().passed());
      assertFalse(db.script("return pcall(db.migrate, db)").result().booleanValue());
      assertSame(mine, assertThrows(IllegalStateException.class, db::migrate));
    }
  }

  @Test
  void operations() throws Exception {
    try (Database db = Support.filled(folder)) {
      Operation operation = new Operation().timeout(Duration.ofMillis(30));
      assertThrows(
          StoppedException.Timeout.class, () -> db.query(Support.FOREVER, List.of(), operation));
      operation.timeout(Duration.ZERO);
      assertFalse(operation.progress().cancelled());
      Thread other =
          new Thread(
              () -> {
                pause(50);
                operation.cancel();
              });
      other.start();
      assertThrows(
          StoppedException.Cancelled.class, () -> db.query(Support.FOREVER, List.of(), operation));
      other.join();
      assertTrue(operation.progress().cancelled());
      assertThrows(StoppedException.Cancelled.class, () -> db.stats(null, operation));
      operation.close();
      operation.close();
      assertThrows(MisuseException.StaleHandle.class, operation::cancel);
      assertThrows(MisuseException.StaleHandle.class, () -> db.stats(null, operation));
      assertThrows(
          MisuseException.InvalidArgument.class,
          () -> new Operation().timeout(Duration.ofMillis(-1)));
    }
  }

  private static void pause(long ms) {
    try {
      Thread.sleep(ms);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void futures() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (Database db = Support.filled(folder)) {
      assertEquals(2000L, Operation.async(threads, op -> Support.count(db, "t")).get());
      AtomicReference<Throwable> inside = new AtomicReference<>();
      CompletableFuture<Reports.Query> endless =
          Operation.async(
              threads,
              op -> {
                try {
                  return db.query(Support.FOREVER, List.of(), op);
                } catch (StoppedException e) {
                  inside.set(e);
                  throw e;
                }
              });
      pause(50);
      assertTrue(endless.cancel(true));
      assertThrows(CancellationException.class, endless::get);
      for (long end = System.nanoTime() + 10_000_000_000L;
          inside.get() == null && System.nanoTime() < end; ) {
        pause(5);
      }
      assertTrue(inside.get() instanceof StoppedException.Cancelled);

      CompletableFuture<Reports.Query> late =
          Operation.async(threads, op -> db.query(Support.FOREVER, List.of(), op))
              .orTimeout(50, TimeUnit.MILLISECONDS);
      assertTrue(
          assertThrows(ExecutionException.class, late::get).getCause() instanceof TimeoutException);
      CompletableFuture<Reports.Query> wrong = Operation.async(threads, op -> db.query("SELEKT"));
      assertTrue(
          assertThrows(CompletionException.class, wrong::join).getCause()
              instanceof DatabaseException.Sql);
    } finally {
      threads.shutdown();
      assertTrue(threads.awaitTermination(20, TimeUnit.SECONDS), "every call has ended");
    }
    assertThrows(
        java.util.concurrent.RejectedExecutionException.class,
        () -> Operation.async(threads, op -> 1));
  }

  /** Starts a monitor that has something to tell of at once. */
  private static void alarm(Database db) {
    db.query("CREATE TABLE users (id)");
    db.monitorStart(
        new Options.Monitor()
            .tickMs(10L)
            .requireUsers(true)
            .alerts(new Options.AlertLimits().forMs(0L)));
  }

  @Test
  void alerts() throws InterruptedException {
    LinkedBlockingQueue<Reports.Alert> heard = new LinkedBlockingQueue<>();
    AtomicBoolean reentrant = new AtomicBoolean();
    try (Database db = Support.empty(folder)) {
      db.onAlert(
          alert -> {
            try {
              db.stats();
            } catch (MisuseException.Reentrant e) {
              reentrant.set(true);
            }
            heard.add(alert);
          });
      alarm(db);
      Reports.Alert alert = heard.poll(20, TimeUnit.SECONDS);
      assertNotNull(alert);
      assertEquals(Reports.AlertState.FIRING, alert.state());
      assertFalse(alert.message().isEmpty());
      assertTrue(reentrant.get());
      assertTrue(db.alerts().monitoring());
      db.onAlert(null);
      db.monitorStop();
    }
  }

  @Test
  void anAlertListenerThatThrows() throws InterruptedException {
    LinkedBlockingQueue<Boolean> fired = new LinkedBlockingQueue<>();
    RuntimeException mine = new RuntimeException("mine");
    try (Database db = Support.empty(folder)) {
      db.onAlert(
          alert -> {
            fired.add(true);
            throw mine;
          });
      alarm(db);
      assertNotNull(fired.poll(20, TimeUnit.SECONDS));
      db.monitorStop();
      assertSame(
          mine, assertThrows(IllegalStateException.class, () -> db.onAlert(null)).getCause());
      assertTrue(fired.isEmpty());
    }
  }

  @Test
  void logLines() {
    List<String> lines = java.util.Collections.synchronizedList(new ArrayList<>());
    Rpmadb.setLog(
        LogLevel.DEBUG,
        (level, target, message) -> lines.add(level + " " + target + " " + message));
    Database.open(path("log1.db")).close();
    Rpmadb.setLog(LogLevel.OFF, null);
    int heard = lines.size();
    assertTrue(lines.stream().anyMatch(line -> line.startsWith("INFO rpmadb")), lines::toString);
    Database.open(path("log2.db")).close();
    assertEquals(heard, lines.size());

    RuntimeException mine = new RuntimeException("mine");
    Rpmadb.setLog(
        LogLevel.DEBUG,
        (level, target, message) -> {
          throw mine;
        });
    Database.open(path("log3.db")).close();
    assertSame(
        mine,
        assertThrows(IllegalStateException.class, () -> Rpmadb.setLog(LogLevel.OFF, null))
            .getCause());
  }

  @Test
  void logLinesForALoggerOfThePlatform() {
    List<String> lines = new ArrayList<>();
    System.Logger logger =
        new System.Logger() {
          @Override
          public String getName() {
            return "test";
          }

          @Override
          public boolean isLoggable(Level level) {
            return true;
          }

          @Override
          public void log(
              Level level, java.util.ResourceBundle bundle, String message, Throwable thrown) {
            lines.add(message);
          }

          @Override
          public void log(
              Level level, java.util.ResourceBundle bundle, String format, Object... params) {
            lines.add(level + " " + java.text.MessageFormat.format(format, params));
          }
        };
    Rpmadb.to(logger).line(LogLevel.WARN, "rpmadb", "a {1} line");
    assertEquals(List.of("WARNING rpmadb: a {1} line"), lines);
  }
}
