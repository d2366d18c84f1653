package io.rpmadb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first program of the README, and that its other pieces compile. */
final class ReadmeTest {
  @TempDir Path folder;

  private static List<String> pieces() throws IOException {
    List<String> all = new ArrayList<>();
    Matcher found =
        Pattern.compile("(?s)```java\n(.*?)```").matcher(Files.readString(Path.of("README.md")));
    while (found.find()) {
      all.add(found.group(1));
    }
    return all;
  }

  private void compile(String name, String source) throws IOException {
    Path file = folder.resolve(name + ".java");
    Files.writeString(file, source);
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-Xlint:all",
                "-Werror",
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                folder.toString(),
                file.toString());
    assertEquals(0, status, source);
  }

  @Test
  void theExampleRuns() throws IOException, InterruptedException {
    compile("Example", pieces().get(0));
    String classPath = folder + ":" + System.getProperty("java.class.path");
    Support.Ended ended =
        Support.java(Map.of(), classPath, "-Duser.dir=" + folder, "Example", folder.toString());
    assertEquals(0, ended.status(), ended.said());
    for (String part : List.of("Ada\n", "CONSTRAINT 1555", "saved and verified: true")) {
      assertTrue(ended.said().contains(part), () -> part + " is not in " + ended.said());
    }
    assertTrue(Files.exists(folder.resolve("backup.db")));
  }

  @Test
  void thePiecesCompile() throws IOException {
    List<String> pieces = pieces();
    assertTrue(pieces.size() > 1);
    for (String piece : pieces.subList(1, pieces.size())) {
      compile(
          "Piece",
          "import io.rpmadb.*;\nimport java.util.*;\nimport java.util.concurrent.*;\nimport java.time.*;\n"
              + "class Piece {\n  void run(Database db, Executor executor) throws Exception {\n"
              + piece
              + "  }\n}\n");
    }
  }
}
