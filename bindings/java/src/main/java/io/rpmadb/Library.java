package io.rpmadb;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.CodeSource;
import java.util.Map;

/** Finds and loads the shared library, once in a process. */
final class Library {
  private Library() {}

  private static final String FILE = System.mapLibraryName("rpmadb");

  /**
   * All symbols at once, and only for this class: a library that lacks one fails here and not in a
   * call.
   */
  private static final Map<String, Object> NOW_AND_LOCAL =
      Map.of(com.sun.jna.Library.OPTION_OPEN_FLAGS, 2);

  private static volatile String path;

  static boolean loaded() {
    return path != null;
  }

  static String path() {
    return path;
  }

  /** Loads the library if it is not yet. */
  static void need() {
    if (path == null) {
      load(null);
    }
  }

  static synchronized void load(String wanted) {
    if (path != null) {
      if (wanted == null || wanted.equals(path)) {
        return;
      }
      throw new IllegalStateException(path + " is loaded already, " + wanted + " cannot be");
    }
    path = wanted != null ? open(wanted) : find();
  }

  /** A path that somebody named is meant: no other is tried when it fails. */
  private static String find() {
    for (String named :
        new String[] {System.getProperty("rpmadb.library"), System.getenv("RPMADB_LIBRARY")}) {
      if (named != null && !named.isEmpty()) {
        return open(Path.of(named).toAbsolutePath().toString());
      }
    }
    Path beside = beside();
    if (beside != null && Files.exists(beside)) {
      return open(beside.toString());
    }
    String resource = "/io/rpmadb/native/" + Platform.RESOURCE_PREFIX + "/" + FILE;
    try (InputStream inside = Library.class.getResourceAsStream(resource)) {
      return inside == null ? open("rpmadb") : unpack(inside);
    } catch (IOException e) {
      throw new UncheckedIOException(resource + " cannot be unpacked", e);
    }
  }

  /** The library in the folder of this package's jar. */
  private static Path beside() {
    CodeSource source = Library.class.getProtectionDomain().getCodeSource();
    try {
      return source == null ? null : Path.of(source.getLocation().toURI()).resolveSibling(FILE);
    } catch (URISyntaxException | IllegalArgumentException e) {
      return null; // the classes come from elsewhere than a file
    }
  }

  private static String unpack(InputStream inside) throws IOException {
    Path file = Files.createTempFile("rpmadb", FILE);
    try {
      Files.copy(inside, file, StandardCopyOption.REPLACE_EXISTING);
      return open(file.toString());
    } finally {
      Files.delete(file); // the system keeps what is loaded
    }
  }

  private static String open(String name) {
    NativeLibrary library = NativeLibrary.getInstance(name, NOW_AND_LOCAL);
    // The ABI first: a library of another one may lack functions.
    int found = library.getFunction("rpmadb_abi_version").invokeInt(new Object[0]);
    if (library.getFunction("rpmadb_check_abi").invokeInt(new Object[] {Status.ABI_VERSION})
        != Status.OK) {
      throw Json.misuse(
          Status.ABI_MISMATCH,
          name + " has ABI " + found + ", and this package is made for ABI " + Status.ABI_VERSION,
          "install the library and the package of one release");
    }
    com.sun.jna.Native.register(Native.class, library);
    return name;
  }
}
