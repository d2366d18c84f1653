package io.rpmadb;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes the sources that come from {@code rpmadb.schema.json} and the comments of {@code rpmadb.h}:
 * options, reports, errors, and a method for each verb. {@code GeneratedTest} compares them with
 * what is committed.
 */
final class Generator {
  private static final String HEAD =
      "// Made by Generator from rpmadb.schema.json; do not edit.\npackage io.rpmadb;\n\n";

  /** The families of statuses: the hundreds with the name of their class. */
  private static final Map<Integer, String> FAMILIES = new LinkedHashMap<>();

  static {
    FAMILIES.put(1, "MisuseException/The library was not used as it must be (100 to 199).");
    FAMILIES.put(2, "DatabaseException/The database, its file or its SQL (200 to 299).");
    FAMILIES.put(3, "MigrationException/A migration (300 to 399).");
    FAMILIES.put(4, "ScriptException/A script (400 to 499).");
    FAMILIES.put(5, "StoppedException/The call was stopped, or was not allowed (500 to 599).");
    FAMILIES.put(6, "BackupException/A backup (600 to 699).");
    FAMILIES.put(9, "LibraryException/The library itself (900 to 999).");
  }

  /** Verbs that have no function of the usual shape. */
  private static final Set<String> UNLIKE = Set.of("open", "transaction", "build_info");

  /** Names that the language keeps for itself. */
  private static final Map<String, String> RENAMED =
      Map.of("default", "defaultValue", "class", "findingClass");

  private final JsonNode schema;
  private final String header;

  Generator(Path schema, Path header) throws IOException {
    this.schema = new ObjectMapper().readTree(schema.toFile());
    this.header = Files.readString(header);
  }

  /** The sources by the name of their file. */
  Map<String, String> files() {
    Map<String, String> files = new LinkedHashMap<>();
    files.put("Options.java", options());
    files.put("Reports.java", reports());
    files.put("Verbs.java", verbs());
    files.put("Native.java", natives());
    files.put("Status.java", statuses());
    FAMILIES.forEach(
        (hundred, family) -> files.put(family.split("/")[0] + ".java", family(hundred)));
    return files;
  }

  // Names and types

  private static String camel(String name) {
    StringBuilder out = new StringBuilder();
    for (String word : name.split("_")) {
      out.append(out.isEmpty() ? word : capital(word));
    }
    return RENAMED.getOrDefault(out.toString(), out.toString());
  }

  private static String capital(String word) {
    return Character.toUpperCase(word.charAt(0)) + word.substring(1);
  }

  private static String pascal(String name) {
    StringBuilder out = new StringBuilder();
    for (String word : name.toLowerCase().split("_")) {
      out.append(capital(word));
    }
    return out.toString();
  }

  private static String last(JsonNode ref) {
    String text = ref.asText();
    return text.substring(text.lastIndexOf('/') + 1);
  }

  private static boolean isNull(JsonNode schema) {
    return schema.path("type").asText().equals("null");
  }

  /** A type of Java; one that may be null is boxed. */
  private record Type(String name, boolean nullable) {
    String boxed() {
      return switch (name) {
        case "boolean" -> "Boolean";
        case "int" -> "Integer";
        case "long" -> "Long";
        case "double" -> "Double";
        default -> name;
      };
    }
  }

  private Type type(String name, JsonNode s) {
    if (s.has("$ref")) {
      String ref = last(s.get("$ref"));
      return new Type(ref.equals("Secret") ? "String" : ref, false);
    }
    if (s.has("anyOf") && s.get("anyOf").size() == 2 && isNull(s.get("anyOf").get(1))) {
      return new Type(type(name, s.get("anyOf").get(0)).name(), true);
    }
    JsonNode kind = s.path("type");
    boolean nullable = kind.isArray() && kind.size() == 2 && kind.get(1).asText().equals("null");
    String java =
        switch (kind.isArray() ? kind.get(0).asText() : kind.asText()) {
          case "boolean" -> "boolean";
          case "string" -> "String";
          case "number" -> "double";
          case "integer" -> integer(name, s.path("format").asText("int64"));
          case "array" -> "List<" + type(name, s.get("items")).boxed() + ">";
          case "object" -> "Map<String, " + type(name, s.get("additionalProperties")).boxed() + ">";
          case "" -> "JsonNode";
          default -> throw new IllegalStateException("no type for " + s);
        };
    return new Type(java, nullable);
  }

  /**
   * Counts and sizes fit a long, and one that did not would fail to be read; a seed may be any 64
   * bits.
   */
  private static String integer(String name, String format) {
    return switch (format) {
      case "uint64" -> name.equals("seed") ? "BigInteger" : "long";
      case "int64", "uint", "uint32" -> "long";
      case "int32", "uint8" -> "int";
      default -> throw new IllegalStateException("no type for " + format);
    };
  }

  // Comments

  private static String html(String text) {
    String escaped =
        text.replace("&", "&amp;")
            .replace("<", "&lt;")
            .replace(">", "&gt;")
            .replace("@", "&#64;")
            .replace("*/", "*&#47;");
    return escaped.replaceAll("\\[?`([^`]*)`\\]?", "{@code $1}").strip();
  }

  private static String comment(String indent, String text) {
    String[] lines = html(text).split("\n");
    if (lines.length == 1) {
      return indent + "/** " + lines[0] + (lines[0].matches(".*[.!?:)]") ? "" : ".") + " */\n";
    }
    StringBuilder out = new StringBuilder(indent + "/**\n");
    for (String line : lines) {
      out.append(indent)
          .append(line.isBlank() ? " *\n" + indent + " * <p>" : " * " + line.strip() + "\n");
    }
    return out.toString().replace("<p>" + indent + " * ", "<p>") + indent + " */\n";
  }

  /** What the header says about a function, up to its options. */
  private String manual(String function) {
    Matcher found =
        Pattern.compile("/\\*\\*\n((?: \\*[^\n]*\n)+?) \\*/\n[a-z0-9_ ]+\\*?" + function + "\\(")
            .matcher(header);
    if (!found.find()) {
      throw new IllegalStateException("the header has no " + function);
    }
    List<String> lines = new ArrayList<>();
    for (String line : found.group(1).split("\n")) {
      String text = line.replaceFirst("^ \\* ?", "");
      if (text.startsWith("Options") || text.startsWith("@")) {
        break;
      }
      lines.add(text);
    }
    return String.join("\n", lines).strip();
  }

  private static String description(JsonNode s) {
    return s.path("description").asText("");
  }

  // Enumerations: texts of one of several values

  private static void texts(JsonNode s, Map<String, String> all) {
    s.path("enum").forEach(text -> all.put(text.asText(), ""));
    if (s.has("const")) {
      all.put(s.get("const").asText(), description(s));
    }
    s.path("oneOf").forEach(one -> texts(one, all));
  }

  private static String enumeration(String name, JsonNode s, Map<String, String> texts) {
    StringBuilder out =
        new StringBuilder(comment("  ", description(s)) + "  public enum " + name + " {\n");
    texts.forEach(
        (text, about) ->
            out.append(comment("    ", about.isEmpty() ? "`" + text + "`" : about))
                .append("    @JsonProperty(\"" + text + "\")\n    " + text.toUpperCase() + ",\n"));
    out.append(
        "    ;\n\n    /** The text that the library uses. */\n    public String text() {\n      return name().toLowerCase(Locale.ROOT);\n    }\n  }\n\n");
    return out.toString();
  }

  // Options: what is null is not sent, and the library's default holds

  private String options() {
    StringBuilder out = new StringBuilder(HEAD);
    out.append(
        "import com.fasterxml.jackson.annotation.JsonInclude;\nimport com.fasterxml.jackson.annotation.JsonProperty;\n");
    out.append(
        "import com.fasterxml.jackson.annotation.JsonValue;\nimport com.fasterxml.jackson.annotation.JsonCreator;\nimport com.fasterxml.jackson.databind.JsonNode;\n");
    out.append(
        "import java.math.BigInteger;\nimport java.util.List;\nimport java.util.Locale;\nimport java.util.Map;\n\n");
    out.append(
        "/** The options of the verbs. What is not set is not sent, and the library's default holds. */\npublic final class Options {\n  private Options() {}\n\n");
    schema
        .get("options")
        .properties()
        .forEach(
            entry -> {
              String name = entry.getKey();
              JsonNode s = entry.getValue();
              Map<String, String> texts = new LinkedHashMap<>();
              texts(s, texts);
              if (s.has("properties")) {
                out.append(option(name, s));
              } else if (!texts.isEmpty()) {
                out.append(enumeration(name, s, texts));
              } else if (s.has("anyOf")) {
                out.append(union(name, s));
              } else if (!name.equals("Secret")) {
                throw new IllegalStateException("no class for " + name);
              }
            });
    return out.append("}\n").toString();
  }

  private String option(String name, JsonNode s) {
    StringBuilder fields = new StringBuilder();
    StringBuilder setters = new StringBuilder();
    s.get("properties")
        .properties()
        .forEach(
            member -> {
              JsonNode value = member.getValue();
              String type = type(member.getKey(), value).boxed().replace("JsonNode", "Object");
              String field = camel(member.getKey());
              fields.append(
                  "    @JsonProperty(\""
                      + member.getKey()
                      + "\")\n    private "
                      + type
                      + " "
                      + field
                      + ";\n\n");
              setters.append(comment("    ", description(value)));
              setters.append(
                  "    public "
                      + name
                      + " "
                      + field
                      + "("
                      + type
                      + " value) {\n      "
                      + field
                      + " = value;\n      return this;\n    }\n\n");
            });
    return comment("  ", description(s))
        + "  @JsonInclude(JsonInclude.Include.NON_NULL)\n  public static final class "
        + name
        + " {\n"
        + fields
        + setters
        + "  }\n\n";
  }

  /** A value of one of several types, with a method that makes it of each. */
  private String union(String name, JsonNode s) {
    StringBuilder out = new StringBuilder(comment("  ", description(s)));
    out.append(
        "  public static final class "
            + name
            + " {\n    @JsonValue private final Object value;\n\n");
    out.append(
        "    @JsonCreator\n    private "
            + name
            + "(Object value) {\n      this.value = value;\n    }\n\n");
    for (JsonNode variant : s.get("anyOf")) {
      String type = variant.has("enum") ? "String" : type("", variant).name();
      String about =
          variant.has("enum")
              ? "One of " + variant.get("enum")
              : description(variant).isEmpty() ? capital(type) : description(variant);
      out.append(comment("    ", about))
          .append(
              "    public static "
                  + name
                  + " of("
                  + type
                  + " value) {\n      return new "
                  + name
                  + "((Object) value);\n    }\n\n");
    }
    return out.append("  }\n\n").toString();
  }

  // Reports

  private String reports() {
    StringBuilder out = new StringBuilder(HEAD);
    out.append(
        "import com.fasterxml.jackson.annotation.JsonInclude;\nimport com.fasterxml.jackson.annotation.JsonProperty;\n");
    out.append(
        "import com.fasterxml.jackson.annotation.JsonUnwrapped;\nimport com.fasterxml.jackson.databind.JsonNode;\n");
    out.append(
        "import com.fasterxml.jackson.databind.annotation.JsonDeserialize;\nimport com.fasterxml.jackson.databind.annotation.JsonSerialize;\n");
    out.append(
        "import java.math.BigInteger;\nimport java.util.List;\nimport java.util.Locale;\nimport java.util.Map;\n\n");
    out.append(
        "/** What the verbs answer. What may be null is said by a boxed type. */\npublic final class Reports {\n  private Reports() {}\n\n");
    schema
        .get("reports")
        .properties()
        .forEach(
            entry -> {
              String name = entry.getKey();
              JsonNode s = entry.getValue();
              Map<String, String> texts = new LinkedHashMap<>();
              texts(s, texts);
              if (s.has("properties")) {
                out.append(report(name, s));
              } else if (!texts.isEmpty()) {
                out.append(enumeration(name, s, texts));
              } else {
                out.append(alternatives(name, s));
              }
            });
    return out.append("}\n").toString();
  }

  private String report(String name, JsonNode s) {
    List<String> required = new ArrayList<>();
    s.path("required").forEach(one -> required.add(one.asText()));
    List<String> components = new ArrayList<>();
    StringBuilder params = new StringBuilder();
    boolean[] optional = {false};
    s.get("properties")
        .properties()
        .forEach(
            member -> {
              Type type = type(member.getKey(), member.getValue());
              boolean needed = required.contains(member.getKey());
              optional[0] |= !needed;
              String java = type.nullable() || !needed ? type.boxed() : type.name();
              String extra = "";
              if (name.equals("Query") && member.getKey().equals("rows")) {
                java = "List<List<Object>>";
                extra =
                    "@JsonDeserialize(using = Values.Reader.class) @JsonSerialize(using = Values.Writer.class) ";
              }
              String field = camel(member.getKey());
              components.add(
                  "      @JsonProperty(\"" + member.getKey() + "\") " + extra + java + " " + field);
              params.append(
                  "   * @param "
                      + field
                      + " "
                      + html(description(member.getValue())).replace("\n", "\n   *     ")
                      + "\n");
            });
    String about =
        "  /**\n   * "
            + html(description(s)).replace("\n", "\n   * ")
            + "\n   *\n"
            + params
            + "   */\n";
    return about
        + (optional[0] ? "  @JsonInclude(JsonInclude.Include.NON_NULL)\n" : "")
        + "  public record "
        + name
        + "(\n"
        + String.join(",\n", components)
        + ") {}\n\n";
  }

  /** One of several objects: the one that was answered is not null. */
  private String alternatives(String name, JsonNode s) {
    StringBuilder inner = new StringBuilder();
    List<String> names = new ArrayList<>();
    for (JsonNode variant : s.get("anyOf")) {
      if (variant.has("$ref")) {
        names.add(last(variant.get("$ref")));
      } else {
        List<String> members = new ArrayList<>();
        variant.get("properties").fieldNames().forEachRemaining(members::add);
        String own = name + capital(members.get(members.size() - 1));
        names.add(own);
        inner.append(report(own, variant));
      }
    }
    StringBuilder out =
        new StringBuilder(
            comment("  ", description(s) + " The one that was answered is not null."));
    out.append("  @JsonDeserialize(using = " + name + "Reader.class)\n");
    out.append("  public record " + name + "(\n");
    List<String> components = new ArrayList<>();
    for (String one : names) {
      components.add(
          "      @JsonUnwrapped "
              + one
              + " "
              + camel(Character.toLowerCase(one.charAt(0)) + one.substring(1)));
    }
    return out + String.join(",\n", components) + ") {}\n\n" + inner;
  }

  // Statuses and errors

  private String statuses() {
    StringBuilder out = new StringBuilder(HEAD);
    out.append(
        "/** The numbers of the statuses, and the ABI that this package is made for. */\npublic final class Status {\n  private Status() {}\n\n");
    out.append(
        "  /** The version of the ABI. */\n  public static final int ABI_VERSION = "
            + schema.get("abi")
            + ";\n\n");
    schema
        .get("statuses")
        .properties()
        .forEach(
            s ->
                out.append(comment("  ", about(s.getKey())))
                    .append(
                        "  public static final int "
                            + s.getKey()
                            + " = "
                            + s.getValue()
                            + ";\n\n"));
    out.append(
        "  /** The name of a status while no library is loaded that could tell it. */\n  static String name(int status) {\n    return switch (status) {\n");
    schema
        .get("statuses")
        .properties()
        .forEach(s -> out.append("      case " + s.getKey() + " -> \"" + s.getKey() + "\";\n"));
    out.append("      default -> \"UNKNOWN\";\n    };\n  }\n\n");
    out.append(
        "  static RpmadbException exception(Reports.Body body) {\n    return switch (body.status()) {\n");
    schema
        .get("statuses")
        .properties()
        .forEach(
            s -> {
              String family = FAMILIES.getOrDefault(s.getValue().asInt() / 100, "").split("/")[0];
              if (!family.isEmpty()) {
                out.append(
                    "      case "
                        + s.getKey()
                        + " -> new "
                        + family
                        + "."
                        + pascal(s.getKey())
                        + "(body);\n");
              }
            });
    out.append("      default -> switch (body.status() / 100) {\n");
    FAMILIES.forEach(
        (hundred, family) -> {
          if (hundred != 9) {
            out.append("        case " + hundred + " -> new " + family.split("/")[0] + "(body);\n");
          }
        });
    return out + "        default -> new LibraryException(body);\n      };\n    };\n  }\n}\n";
  }

  private String about(String status) {
    Matcher found =
        Pattern.compile("/\\*\\*\n \\* ([^\n]*)\n \\*/\n#define RPMADB_" + status + " ")
            .matcher(header);
    if (!found.find()) {
      throw new IllegalStateException("the header has no " + status);
    }
    return found.group(1);
  }

  private String family(int hundred) {
    String[] family = FAMILIES.get(hundred).split("/");
    List<String> permits = new ArrayList<>();
    StringBuilder inner = new StringBuilder();
    schema
        .get("statuses")
        .properties()
        .forEach(
            s -> {
              if (s.getValue().asInt() / 100 == hundred) {
                String name = pascal(s.getKey());
                permits.add(family[0] + "." + name);
                inner.append(
                    "\n"
                        + comment("  ", about(s.getKey()))
                        + "  public static final class "
                        + name
                        + " extends "
                        + family[0]
                        + " {\n    private static final long serialVersionUID = 1;\n\n    "
                        + name
                        + "(Reports.Body body) {\n      super(body);\n    }\n  }\n");
              }
            });
    return HEAD
        + comment("", family[1])
        + "public sealed class "
        + family[0]
        + " extends RpmadbException\n    permits "
        + String.join(",\n        ", permits)
        + " {\n  private static final long serialVersionUID = 1;\n\n  "
        + family[0]
        + "(Reports.Body body) {\n    super(body);\n  }\n"
        + inner
        + "}\n";
  }

  // Verbs

  /** The monitor's functions take no operation, and the one that stops it no options. */
  private static String tail(String verb, String options, String op, String out) {
    return switch (verb) {
      case "monitor_start" -> options + ", " + out;
      case "monitor_stop" -> out;
      default -> options + ", " + op + ", " + out;
    };
  }

  private List<Map.Entry<String, JsonNode>> usual() {
    return schema.get("verbs").properties().stream()
        .filter(v -> !UNLIKE.contains(v.getKey()))
        .toList();
  }

  private String natives() {
    StringBuilder out = new StringBuilder(HEAD);
    out.append("import com.sun.jna.Callback;\n\n");
    out.append(
        "/** The functions of the library. A handle is a long, a text its bytes with a NUL, a place for a result an array of one. */\n");
    out.append("final class Native {\n  private Native() {}\n\n");
    String[] others = {
      "String rpmadb_version()",
      "int rpmadb_abi_version()",
      "int rpmadb_check_abi(int header)",
      "int rpmadb_build_info(long[] out)",
      "String rpmadb_status_name(int status)",
      "void rpmadb_free(long text)",
      "int rpmadb_op_new(long[] op)",
      "int rpmadb_op_on_progress(long op, Callback callback, long userData)",
      "int rpmadb_op_set_timeout_ms(long op, long ms)",
      "int rpmadb_op_cancel(long op)",
      "int rpmadb_op_progress(long op, long[] out)",
      "int rpmadb_op_free(long[] op)",
      "int rpmadb_open(byte[] path, byte[] options, long op, long[] db, long[] out)",
      "int rpmadb_as(long db, byte[] actor, byte[] role, long[] second, long[] out)",
      "int rpmadb_close(long[] db)",
      "int rpmadb_add_step(long db, long version, byte[] name, Callback up, Callback down, long userData, long[] out)",
      "int rpmadb_transaction(long db, Callback body, long userData, byte[] options, long op, long[] out)",
      "int rpmadb_restore_file(byte[] database, byte[] path, byte[] openOptions, byte[] options, long op, long[] out)",
      "int rpmadb_on_alert(long db, Callback callback, long userData, long[] out)",
      "int rpmadb_json_int(byte[] json, byte[] pointer, long[] value)",
      "int rpmadb_json_real(byte[] json, byte[] pointer, double[] value)",
      "int rpmadb_json_text(byte[] json, byte[] pointer, long[] value)",
      "int rpmadb_log_set(int level, Callback callback, long userData)",
    };
    for (String other : others) {
      out.append("  static native " + other + ";\n\n");
    }
    for (var v : usual()) {
      StringBuilder arguments = new StringBuilder("long db, ");
      for (JsonNode argument : v.getValue().get("arguments")) {
        arguments
            .append(argument.get("type").asText().equals("integer") ? "long " : "byte[] ")
            .append(camel(argument.get("name").asText()))
            .append(", ");
      }
      out.append(
          "  static native int "
              + v.getValue().get("function").asText()
              + "("
              + arguments
              + tail(v.getKey(), "byte[] options", "long op", "long[] out")
              + ");\n\n");
    }
    out.append("  /** Makes a call by its verb; -1 is no verb with so many arguments. */\n");
    out.append(
        "  static int call(String verb, long db, Object[] a, byte[] options, long op, long[] out) {\n    return switch (verb + '/' + a.length) {\n");
    for (var v : usual()) {
      StringBuilder arguments = new StringBuilder("db, ");
      int i = 0;
      for (JsonNode argument : v.getValue().get("arguments")) {
        arguments
            .append(argument.get("type").asText().equals("integer") ? "(long) " : "(byte[]) ")
            .append("a[" + i++ + "], ");
      }
      out.append(
          "      case \""
              + v.getKey()
              + "/"
              + i
              + "\" -> "
              + v.getValue().get("function").asText()
              + "("
              + arguments
              + tail(v.getKey(), "options", "op", "out")
              + ");\n");
    }
    return out + "      default -> -1;\n    };\n  }\n}\n";
  }

  private String verbs() {
    StringBuilder out = new StringBuilder(HEAD);
    out.append(
        "/** The verbs of a database that have arguments, options and a report. */\npublic abstract sealed class Verbs permits Database {\n  Verbs() {}\n\n");
    out.append(
        "  abstract <R> R ask(Class<R> report, String verb, Object options, Operation operation, Object... arguments);\n\n");
    for (var v : usual()) {
      if (!v.getKey().equals("query")) {
        out.append(methods(v.getKey(), v.getValue()));
      }
    }
    return out.append("}\n").toString();
  }

  /** The method of a verb with all it takes, and those that leave out options or operation. */
  private String methods(String verb, JsonNode v) {
    Map<String, String> parameters = new LinkedHashMap<>();
    for (JsonNode argument : v.get("arguments")) {
      boolean number = argument.get("type").asText().equals("integer");
      parameters.put(camel(argument.get("name").asText()), number ? "long" : "String");
    }
    String given = String.join("", parameters.keySet().stream().map(name -> ", " + name).toList());
    List<Map<String, String>> all = new ArrayList<>(List.of(new LinkedHashMap<>(parameters)));
    if (!v.get("options").isNull()) {
      parameters.put("options", "Options." + last(v.get("options").get("$ref")));
      all.add(new LinkedHashMap<>(parameters));
    }
    if (!verb.startsWith("monitor_")) { // those take none
      parameters.put("operation", "Operation");
      all.add(parameters);
    }
    String report = "Reports." + last(v.get("report").get("$ref"));
    StringBuilder out = new StringBuilder();
    for (Map<String, String> some : all) {
      out.append(
          some.size() == parameters.size()
              ? comment("  ", manual(v.get("function").asText()))
              : "  /** {@link #%s(%s) The same} with less. */\n"
                  .formatted(camel(verb), String.join(", ", parameters.values())));
      List<String> declared =
          some.entrySet().stream().map(one -> one.getValue() + " " + one.getKey()).toList();
      out.append(
          "  public %s %s(%s) {\n    return ask(%s.class, \"%s\", %s, %s%s);\n  }\n\n"
              .formatted(
                  report,
                  camel(verb),
                  String.join(", ", declared),
                  report,
                  verb,
                  some.containsKey("options") ? "options" : "null",
                  some.containsKey("operation") ? "operation" : "null",
                  given));
    }
    return out.toString();
  }

  /** Writes the sources: {@code SCHEMA HEADER FOLDER}. */
  public static void main(String[] arguments) throws IOException {
    for (var file :
        new Generator(Path.of(arguments[0]), Path.of(arguments[1])).files().entrySet()) {
      Files.writeString(Path.of(arguments[2], file.getKey()), file.getValue());
    }
  }
}
