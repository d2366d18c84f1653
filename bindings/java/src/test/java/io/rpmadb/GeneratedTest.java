package io.rpmadb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is committed is what the schema says; with {@code -Drpmadb.update=true} it is written anew.
 */
final class GeneratedTest {
  private static final Path HEADER = Support.BINDINGS.resolve("../include/rpmadb.h");
  private static final Path SCHEMA = Support.BINDINGS.resolve("rpmadb.schema.json");
  private static final Path SOURCES = Path.of("src/main/java/io/rpmadb");

  @Test
  void sourcesAreUpToDate() throws IOException {
    Map<String, String> files = new Generator(SCHEMA, HEADER).files();
    assertEquals(12, files.size());
    for (Map.Entry<String, String> file : files.entrySet()) {
      if (Boolean.getBoolean("rpmadb.update")) {
        Files.writeString(SOURCES.resolve(file.getKey()), file.getValue());
      }
      assertEquals(
          file.getValue(),
          Files.readString(SOURCES.resolve(file.getKey())),
          file.getKey() + ": mvn test -Drpmadb.update=true");
    }
  }

  @Test
  void anotherSchemaMakesOtherSources(@TempDir Path folder) throws IOException {
    Path changed = folder.resolve("schema.json");
    Files.writeString(
        changed, Files.readString(SCHEMA).replace("\"busy_timeout_ms\"", "\"patience_ms\""));
    String options = new Generator(changed, HEADER).files().get("Options.java");
    assertTrue(options.contains("@JsonProperty(\"patience_ms\")\n    private Long patienceMs;"));
    assertNotEquals(options, Files.readString(SOURCES.resolve("Options.java")));
  }
}
