package io.rpmadb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LoadingTest {
  @TempDir Path folder;

  private static final Map<String, String> NO_LIBRARY = Map.of("RPMADB_LIBRARY", "");

  private Path compile(String name, String source) throws IOException, InterruptedException {
    Path file = folder.resolve(name + ".c");
    Path library = folder.resolve(name + ".so");
    Files.writeString(file, source);
    assertEquals(
        0,
        new ProcessBuilder("gcc", "-shared", "-fPIC", "-o", library.toString(), file.toString())
            .inheritIO()
            .start()
            .waitFor());
    return library;
  }

  private static void says(String part, Support.Ended ended) {
    assertTrue(ended.said().contains(part), () -> part + " is not in " + ended.said());
  }

  @Test
  void aLibraryOfAnotherAbiIsRefused() throws IOException, InterruptedException {
    Path wrong =
        compile(
            "wrong",
            "#include <stdint.h>\nuint32_t rpmadb_abi_version(void) { return 77; }\n"
                + "int32_t rpmadb_check_abi(uint32_t header) { return header == 77 ? 0 : 108; }\n");
    Support.Ended ended = Support.child(Map.of("RPMADB_LIBRARY", wrong.toString()), "load");
    says("AbiMismatch: ", ended);
    says("has ABI 77, and this package is made for ABI 1", ended);
    says(" 108\n", ended);
  }

  @Test
  void aLibraryThatIsAnotherIsRefused() throws IOException, InterruptedException {
    Path other = compile("other", "int nothing;\n");
    says("rpmadb_abi_version", Support.child(Map.of(), "load", other.toString()));
    Path missing = folder.resolve("missing.so");
    says(
        "missing.so",
        Support.child(
            Map.of("RPMADB_LIBRARY", missing.toString()), "load")); // and no other is taken
  }

  @Test
  void aPathComesFirst() throws IOException, InterruptedException {
    Support.Ended ended =
        Support.child(Map.of("RPMADB_LIBRARY", "/nowhere.so"), "load", Support.LIBRARY);
    says("loaded " + Support.LIBRARY + " ", ended);
    says("elsewhere.so cannot be", ended);
  }

  @Test
  void thePropertyAndTheSystem() throws IOException, InterruptedException {
    String classPath = System.getProperty("java.class.path");
    Support.Ended ended =
        Support.java(
            NO_LIBRARY,
            classPath,
            "-Drpmadb.library=" + Support.LIBRARY,
            "io.rpmadb.Child",
            "load");
    says("loaded " + Support.LIBRARY + " ", ended);
    Files.copy(Path.of(Support.LIBRARY), folder.resolve("librpmadb.so"));
    ended =
        Support.java(
            NO_LIBRARY, classPath, "-Djna.library.path=" + folder, "io.rpmadb.Child", "load");
    says("loaded rpmadb ", ended);
  }

  /** As it is installed: the package in a jar, with the library beside it or inside of it. */
  @Test
  void besideTheJarAndInIt() throws Exception {
    Path beside = Files.createDirectory(folder.resolve("beside"));
    jar(beside.resolve("rpmadb.jar"), false);
    Path library = Files.copy(Path.of(Support.LIBRARY), beside.resolve("librpmadb.so"));
    says(
        "loaded " + library + " ",
        Support.java(NO_LIBRARY, classPath(beside), "io.rpmadb.Child", "load"));

    Path inside = Files.createDirectory(folder.resolve("inside"));
    jar(inside.resolve("rpmadb.jar"), true);
    Path temporary = Files.createDirectory(folder.resolve("temporary"));
    says(
        "loaded " + temporary,
        Support.java(
            NO_LIBRARY,
            classPath(inside),
            "-Djava.io.tmpdir=" + temporary,
            "io.rpmadb.Child",
            "load"));
    try (Stream<Path> left = Files.list(temporary)) {
      assertEquals(
          0,
          left.filter(path -> path.toString().contains("rpmadb")).count(),
          "what was unpacked is removed");
    }
  }

  private static Path place(Class<?> type) throws Exception {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  private static String classPath(Path folder) throws Exception {
    return String.join(
        ":",
        folder.resolve("rpmadb.jar").toString(),
        place(Child.class).toString(),
        place(com.sun.jna.Native.class).toString(),
        place(com.fasterxml.jackson.databind.ObjectMapper.class).toString(),
        place(com.fasterxml.jackson.core.JsonFactory.class).toString(),
        place(com.fasterxml.jackson.annotation.JsonProperty.class).toString());
  }

  private static void jar(Path file, boolean withLibrary) throws Exception {
    Path classes = place(Rpmadb.class);
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(file));
        Stream<Path> all = Files.walk(classes)) {
      for (Path path : all.filter(Files::isRegularFile).toList()) {
        add(out, classes.relativize(path).toString(), path);
      }
      if (withLibrary) {
        add(
            out,
            "io/rpmadb/native/" + com.sun.jna.Platform.RESOURCE_PREFIX + "/librpmadb.so",
            Path.of(Support.LIBRARY));
      }
    }
  }

  private static void add(JarOutputStream out, String name, Path path) throws IOException {
    out.putNextEntry(new JarEntry(name));
    try (InputStream in = Files.newInputStream(path)) {
      in.transferTo((OutputStream) out);
    }
    out.closeEntry();
  }

  /** Every function of the header is declared. */
  @Test
  void theWholeHeader() throws IOException {
    TreeSet<String> header = new TreeSet<>();
    Matcher found =
        Pattern.compile("(?m)^[a-z][a-z0-9_ ]* \\*?(rpmadb_[a-z_]+)\\(")
            .matcher(Files.readString(Support.BINDINGS.resolve("../include/rpmadb.h")));
    while (found.find()) {
      header.add(found.group(1));
    }
    // for builds without a SQLite of their own, which this package does not load
    header.removeAll(List.of("rpmadb_bind_host_sqlite", "rpmadb_sqlite3", "rpmadb_open_sqlite3"));
    TreeSet<String> declared = new TreeSet<>();
    for (Method method : Native.class.getDeclaredMethods()) {
      if (Modifier.isNative(method.getModifiers())) {
        declared.add(method.getName());
      }
    }
    assertEquals(header, declared);
    assertTrue(declared.size() > 40);
  }

  @Test
  void theStatusesAreThoseOfTheLibrary() throws ReflectiveOperationException {
    assertEquals(Status.ABI_VERSION, Rpmadb.buildInfo().abiVersion());
    assertEquals(Rpmadb.version(), Rpmadb.buildInfo().version());
    for (var field : Status.class.getFields()) {
      if (!field.getName().equals("ABI_VERSION")) {
        assertEquals(field.getName(), Rpmadb.statusName(field.getInt(null)));
        assertEquals(field.getName(), Status.name(field.getInt(null)));
      }
    }
    assertEquals("UNKNOWN", Rpmadb.statusName(999));
  }
}
