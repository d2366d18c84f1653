package io.rpmadb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class HostileTest {
  @TempDir Path folder;

  @Test
  void useAfterClose() {
    Database db = Support.empty(folder);
    Database second = db.as("sue", Options.Role.SUPERVISOR);
    db.close();
    db.close();
    assertThrows(MisuseException.StaleHandle.class, db::stats);
    assertThrows(MisuseException.StaleHandle.class, () -> db.transaction(tx -> true));
    assertTrue(second.stats().sizeBytes() > 0); // stays good
    second.close();
  }

  @Test
  void whatDoesNotFitIsRefused() {
    try (Database db = Support.empty(folder)) {
      Map<String, Executable> wrong = new HashMap<>();
      wrong.put("NUL in SQL", () -> db.query("SELECT 1\0, 2"));
      wrong.put("NUL in a path", () -> Database.open(folder + "/a\0b"));
      wrong.put("an object", () -> db.query("SELECT ?", new Object()));
      wrong.put("NaN", () -> db.query("SELECT ?", Double.NaN));
      wrong.put("no such verb", () -> db.call("dance", null, null));
      wrong.put("too few arguments", () -> db.call("verify", null, null));
      wrong.put("a wrong option", () -> db.call("stats", "{\"estimat\": true}", null));
      wrong.forEach((name, run) -> assertThrows(MisuseException.InvalidArgument.class, run, name));
      for (Executable run :
          List.<Executable>of(
              () -> db.query("SELECT '\ud800'"),
              () -> db.query("SELECT ?", "\ud800"),
              () -> db.adopt(new Options.Adopt().tool("\udc00")))) {
        assertThrows(MisuseException.InvalidUtf8.class, run);
      }
      assertThrows(MisuseException.NullArgument.class, () -> db.query(null));
      assertThrows(MisuseException.NullArgument.class, () -> db.as("sue", null));
      assertThrows(MisuseException.NullArgument.class, () -> Database.open(null));
      assertThrows(
          MisuseException.InvalidArgument.class,
          () -> db.query("SELECT ?", BigInteger.TWO.pow(63)));
      assertEquals(
          Long.MAX_VALUE,
          db.query("SELECT ?", BigInteger.TWO.pow(63).subtract(BigInteger.ONE))
              .rows()
              .get(0)
              .get(0));
    }
  }

  @Test
  void valuesAreExact() {
    try (Database db = Support.empty(folder)) {
      String text = "naïve \0 <&> \u2028 日本 \ud83d\ude00 ".repeat(1000);
      List<Object> values =
          new ArrayList<>(
              List.of(
                  Long.MIN_VALUE,
                  Long.MAX_VALUE,
                  (1L << 53) + 1,
                  0.1,
                  1.0,
                  1e300,
                  Double.MIN_VALUE,
                  Double.POSITIVE_INFINITY,
                  Double.NEGATIVE_INFINITY,
                  text));
      values.add(null);
      for (Object value : values) {
        assertEquals(value, db.query("SELECT ?", value).rows().get(0).get(0));
      }
      byte[] bytes = {0, -1};
      assertArrayEquals(bytes, (byte[]) db.query("SELECT ?", bytes).rows().get(0).get(0));
      assertEquals(
          List.of(7L, 8L, 1L, 0.5),
          db.query("SELECT ?, ?, ?, ?", 7, (short) 8, true, 0.5f).rows().get(0));
      assertEquals("real", db.query("SELECT typeof(?)", 2.0).rows().get(0).get(0));
      assertEquals(3L, db.query("SELECT :a + :b", Map.of("a", 1, "b", 2)).rows().get(0).get(0));
      assertEquals(
          9007199254740993L,
          db.script("return { big = 9007199254740993 }").result().get("big").asLong());
      assertThrows(
          UnsupportedOperationException.class, () -> db.query("SELECT 1").rows().get(0).set(0, 2));
      // longer than what Jackson reads unless told
      assertEquals(
          25_000_000,
          ((String) db.query("SELECT printf('%.*c', 25000000, 'x')").rows().get(0).get(0))
              .length());
      assertEquals(1, Rpmadb.jsonInt("{\"a\": [true]}", "/a/0"));
      assertEquals(0.5, Rpmadb.jsonReal("{\"a\": 0.5}", "/a"));
      assertEquals("日本", Rpmadb.jsonText("{\"a\": \"日本\"}", "/a"));
      assertThrows(DatabaseException.NotFound.class, () -> Rpmadb.jsonText("{}", "/a"));
    }
  }

  @Test
  void aThousandConcurrentCalls() throws InterruptedException {
    try (Database db = Support.empty(folder)) {
      db.query("CREATE TABLE t (a)");
      ConcurrentLinkedQueue<Throwable> failed = new ConcurrentLinkedQueue<>();
      CountDownLatch start = new CountDownLatch(1);
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        int n = i;
        Thread thread =
            new Thread(
                () -> {
                  try (Operation operation = new Operation().onProgress(progress -> true)) {
                    start.await();
                    switch (n % 4) {
                      case 0 -> db.query("INSERT INTO t VALUES (?)", n);
                      case 1 -> Support.count(db, "t");
                      case 2 -> db.health(null, operation);
                      default ->
                          db.transaction(
                              tx -> tx.query("INSERT INTO t VALUES (?)", n).changes() == 1,
                              operation);
                    }
                  } catch (Throwable e) {
                    failed.add(e);
                  }
                });
        thread.start();
        threads.add(thread);
      }
      start.countDown();
      for (Thread thread : threads) {
        thread.join();
      }
      assertTrue(failed.isEmpty(), failed::toString);
      assertEquals(500, Support.count(db, "t"));
    }
  }

  @Test
  void closeStopsACallOfAnotherThread() throws InterruptedException {
    Database db = Support.empty(folder);
    AtomicReference<Throwable> ended = new AtomicReference<>();
    Thread other =
        new Thread(
            () -> {
              try {
                db.script("while true do end");
              } catch (Throwable e) {
                ended.set(e);
              }
            });
    other.start();
    Thread.sleep(100);
    db.close();
    other.join();
    assertTrue(
        ended.get() instanceof StoppedException.Cancelled, () -> String.valueOf(ended.get()));
  }

  @Test
  void closingAtOnceReturnsWhenItIsClosed() throws InterruptedException {
    for (int round = 0; round < 20; round++) {
      Database db = Support.empty(folder);
      Path log = folder.resolve("app.db-wal");
      db.query("CREATE TABLE IF NOT EXISTS t (a)");
      CountDownLatch inside = new CountDownLatch(1);
      CountDownLatch go = new CountDownLatch(1);
      List<String> wrong = Collections.synchronizedList(new ArrayList<>());
      Thread caller =
          new Thread(
              () -> {
                try {
                  db.transaction(
                      tx -> {
                        inside.countDown();
                        go.await();
                        try {
                          db.close();
                          wrong.add("closed inside of its own call");
                        } catch (MisuseException.Reentrant e) {
                          // as it should
                        }
                        return true;
                      });
                  wrong.add("a closed handle commits");
                } catch (StoppedException.Cancelled e) {
                  // as it should
                } catch (Throwable e) {
                  wrong.add("the call: " + e);
                }
              });
      caller.start();
      inside.await();
      List<Thread> closers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Thread closer =
            new Thread(
                () -> {
                  try {
                    db.close();
                    if (Files.exists(log)) {
                      wrong.add("still open");
                    }
                  } catch (Throwable e) {
                    wrong.add("a close: " + e);
                  }
                });
        closer.start();
        closers.add(closer);
      }
      Thread.sleep(30);
      go.countDown();
      caller.join();
      for (Thread closer : closers) {
        closer.join();
      }
      assertEquals(List.of(), wrong);
    }
  }

  @Test
  void collectedHandlesAreClosed() throws IOException, InterruptedException {
    forget();
    Path log = folder.resolve("app.db-wal");
    for (long end = System.nanoTime() + 20_000_000_000L; Files.exists(log); Thread.sleep(20)) {
      assertTrue(System.nanoTime() < end, "the handles are still open");
      System.gc();
    }
  }

  /** One that is in a call is not collected, even if nobody else has it any more. */
  @Test
  void handlesInACallAreNotCollected() {
    Thread collector =
        new Thread(
            () -> {
              while (!Thread.interrupted()) {
                System.gc();
              }
            });
    collector.start();
    try (Operation operation = new Operation().timeout(Duration.ofMillis(500))) {
      assertThrows(
          StoppedException.Timeout.class,
          () -> Support.empty(folder).query(Support.FOREVER, List.of(), operation));
      Reports.Transaction report =
          Support.empty(folder)
              .transaction(
                  tx -> {
                    Thread.sleep(300);
                    return true;
                  });
      assertTrue(report.committed());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    } finally {
      collector.interrupt();
    }
  }

  /** Opens what nobody closes. */
  private void forget() {
    Database db = Support.empty(folder);
    db.as("sue", Options.Role.SUPERVISOR);
    new Operation().onProgress(progress -> true);
    db.query("CREATE TABLE t (a)");
    assertTrue(Files.exists(folder.resolve("app.db-wal")));
  }

  /** In a virtual machine of its own, whose heap is all there from the start. */
  @Test
  void nothingLeaks() throws IOException, InterruptedException {
    Support.Ended ended =
        Support.java(
            Map.of(),
            System.getProperty("java.class.path"),
            "-Xms96m",
            "-Xmx96m",
            "-XX:+AlwaysPreTouch",
            "io.rpmadb.Child",
            "leak",
            folder.toString());
    assertEquals(0, ended.status(), ended.said());
    String[] said = ended.said().strip().split(" ");
    assertTrue(Long.parseLong(said[0]) <= 2, () -> said[0] + " descriptors more");
    assertTrue(Long.parseLong(said[1]) < 30 * 1024, () -> said[1] + " KiB more");
    assertEquals("0", said[2], "registrations");
  }

  /** The library has room for 65,536 handles. */
  @Test
  void operationsAreReleased() {
    for (int i = 0; i < 70_000; i++) {
      new Operation().close();
    }
  }

  /**
   * A thread of the library's that called back is forgotten by the virtual machine when it ends.
   */
  @Test
  void threadsOfTheLibraryAreForgotten() throws InterruptedException {
    Set<Thread> threads = new HashSet<>();
    try (Database db = Support.filled(folder);
        Operation operation =
            new Operation()
                .onProgress(
                    progress -> {
                      threads.add(Thread.currentThread());
                      return true;
                    })) {
      for (int i = 0; i < 10; i++) {
        db.script("db:backup('" + i + ".db')", null, operation);
      }
    }
    assertFalse(threads.contains(Thread.currentThread()));
    assertTrue(threads.size() >= 10, () -> threads.toString());
    for (Thread thread : threads) {
      thread.join(10_000);
      assertFalse(thread.isAlive());
    }
  }

  @Test
  void anExceptionThatIsSentElsewhere() throws IOException, ClassNotFoundException {
    RpmadbException e;
    try (Database db = Support.empty(folder)) {
      e = assertThrows(DatabaseException.Sql.class, () -> db.query("SELEKT"));
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(e);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      RpmadbException back = (RpmadbException) in.readObject();
      assertEquals(Status.SQL, back.status());
      assertEquals(e.getMessage(), back.getMessage());
      assertNull(back.details());
    }
  }

  @Test
  void theVirtualMachineEndsWithOpenHandles() throws IOException, InterruptedException {
    Support.Ended ended = Support.child(Map.of(), "exit", folder.toString());
    assertEquals("bye\n", ended.said());
    assertEquals(0, ended.status());
  }

  /** Java has no fork; a program that is started gets no descriptor of the database. */
  @Test
  void programsInheritNothing() throws IOException {
    try (Database db = Support.empty(folder)) {
      db.query("CREATE TABLE t (a)");
      assertFalse(Support.descriptors(folder).isEmpty());
      Process ls = new ProcessBuilder("ls", "-l", "/proc/self/fd").start();
      assertFalse(
          new String(ls.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
              .contains(folder.toString()));
    }
  }

  @Test
  void aBackupWhereThereIsNoDatabase() throws IOException {
    String one = folder.resolve("one.db").toString();
    try (Database db = Support.empty(folder)) {
      db.query("CREATE TABLE t (a)");
      db.backup(one);
    }
    Path file = folder.resolve("app.db");
    Files.delete(file);
    Options.Open open = new Options.Open().migrate(false);
    assertEquals(
        "rename",
        Rpmadb.restoreFile(file.toString(), one, open, new Options.Restore().allowNewer(true), null)
            .method());
    try (Database db = Support.empty(folder)) {
      assertEquals(0, Support.count(db, "t"));
    }
  }
}
