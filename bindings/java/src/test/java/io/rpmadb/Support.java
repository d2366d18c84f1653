package io.rpmadb;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** What several tests need. */
final class Support {
  private Support() {}

  /** The folder of all bindings; Maven runs tests in that of the pom. */
  static final Path BINDINGS = Path.of("..").toAbsolutePath().normalize();

  static final String LIBRARY = System.getenv("RPMADB_LIBRARY");

  static final String FOREVER =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";

  /** Opens an empty database without migrations. */
  static Database empty(Path folder) {
    return Database.open(folder.resolve("app.db").toString(), new Options.Open().migrate(false));
  }

  /** Opens a database with enough pages for a backup to tell of its progress. */
  static Database filled(Path folder) {
    Options.BackupFolder backup = new Options.BackupFolder().folder(folder.toString());
    Database db =
        Database.open(
            folder.resolve("app.db").toString(), new Options.Open().migrate(false).backup(backup));
    db.query("CREATE TABLE t (a)");
    db.query(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO t SELECT zeroblob(4000) FROM n");
    return db;
  }

  static Options.Backup slowly() {
    return new Options.Backup().stepPages(10L);
  }

  static long count(Database db, String table) {
    return (Long) db.query("SELECT count(*) FROM " + table).rows().get(0).get(0);
  }

  /** What another process said, and how it ended. */
  record Ended(int status, String said) {}

  /** Runs a class in a virtual machine of its own. */
  static Ended java(Map<String, String> environment, String classPath, String... arguments)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath));
    command.addAll(List.of(arguments));
    Path said = Files.createTempFile("said", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    boolean ended = process.waitFor(300, TimeUnit.SECONDS);
    process.destroyForcibly().waitFor();
    String text = Files.readString(said);
    Files.delete(said);
    assertTrue(ended, () -> "it does not end, and said " + text);
    return new Ended(process.exitValue(), text);
  }

  static Ended child(Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of("io.rpmadb.Child"));
    all.addAll(List.of(arguments));
    return java(environment, System.getProperty("java.class.path"), all.toArray(String[]::new));
  }

  /** The open files of this process in a folder. */
  static List<String> descriptors(Path folder) throws IOException {
    List<String> open = new ArrayList<>();
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      for (Path one : all.toList()) {
        try {
          String target = Files.readSymbolicLink(one).toString();
          if (target.startsWith(folder.toString())) {
            open.add(target);
          }
        } catch (IOException e) {
          // why ignored: the one that lists the folder is gone by now
        }
      }
    }
    return open;
  }

  /** The resident memory in KiB. */
  static long resident() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow();
    }
  }
}
