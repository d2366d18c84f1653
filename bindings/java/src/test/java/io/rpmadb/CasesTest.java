package io.rpmadb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The calls that are the same for all bindings, each through its method and types, and then by
 * name.
 */
final class CasesTest {
  /** Refuses what the types do not know. */
  private static final ObjectMapper STRICT =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .build();

  private final JsonNode schema =
      STRICT.readTree(Support.BINDINGS.resolve("rpmadb.schema.json").toFile());

  CasesTest() throws IOException {}

  @TestFactory
  Stream<DynamicTest> cases() throws IOException {
    String text = Files.readString(Support.BINDINGS.resolve("cases.json"));
    List<DynamicTest> all = new ArrayList<>();
    for (boolean typed : new boolean[] {true, false}) {
      for (JsonNode each : STRICT.readTree(text).get("cases")) {
        all.add(
            DynamicTest.dynamicTest(
                (typed ? "typed: " : "by name: ") + each.get("name").asText(),
                () -> {
                  Path folder = Files.createTempDirectory("cases");
                  run(
                      STRICT.readTree(each.toString().replace("${folder}", folder.toString())),
                      folder,
                      typed);
                  remove(folder);
                }));
      }
    }
    assertTrue(all.size() >= 20, "the file has cases");
    return all.stream();
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> inside = Files.walk(folder)) {
      for (Path path : inside.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(path);
      }
    }
  }

  private void run(JsonNode each, Path folder, boolean typed) throws Exception {
    for (Map.Entry<String, JsonNode> file : each.path("files").properties()) {
      Path path = folder.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, file.getValue().asText());
    }
    Options.Open options =
        each.has("open")
            ? STRICT.treeToValue(each.get("open"), Options.Open.class)
            : new Options.Open();
    try (Database db = Database.open(folder.resolve("app.db").toString(), options)) {
      if (each.has("opened")) {
        same("opened", STRICT.valueToTree(db.opened()), each.get("opened"));
      }
      for (JsonNode call : each.get("calls")) {
        String where = call.toString();
        JsonNode answered;
        try {
          answered = call(db, call, typed);
        } catch (RpmadbException e) {
          assertTrue(call.has("error"), () -> where + " failed with " + e);
          assertEquals(Rpmadb.statusName(e.status()), e.statusName());
          same(where, STRICT.valueToTree(e.details()), call.get("error"));
          continue;
        }
        if (!call.has("report")) {
          fail(where + " answered " + answered);
        }
        same(where, answered, call.get("report"));
      }
    }
  }

  private JsonNode call(Database db, JsonNode call, boolean typed) throws Exception {
    if (!call.has("as")) {
      return make(db, call, typed);
    }
    String role = call.get("as").get("role").asText();
    for (Options.Role known : Options.Role.values()) {
      if (known.text().equals(role)) {
        try (Database second = db.as(call.get("as").get("actor").asText(), known)) {
          return make(second, call, typed);
        }
      }
    }
    throw Json.misuse(
        Status.INVALID_ARGUMENT, "the type Role has no " + role); // it cannot even be said
  }

  private JsonNode make(Database db, JsonNode call, boolean typed) throws Exception {
    String verb = call.get("verb").asText();
    JsonNode known = schema.get("verbs").get(verb).get("arguments");
    JsonNode given = call.path("arguments");
    Method method = method(verb);
    if (typed && verb.equals("query")) {
      return STRICT.valueToTree(query(db, given));
    }
    List<Object> arguments = new ArrayList<>();
    for (JsonNode argument : known) {
      JsonNode value = given.path(argument.get("name").asText());
      if (value.isMissingNode() || value.isNull()) {
        arguments.add(null);
      } else if (argument.get("type").asText().equals("integer")) {
        arguments.add(value.asLong());
      } else {
        arguments.add(
            argument.get("type").asText().startsWith("json") ? value.toString() : value.asText());
      }
    }
    if (typed) {
      boolean takes = !schema.get("verbs").get(verb).get("options").isNull();
      boolean fits = true;
      if (takes) {
        try {
          arguments.add(
              STRICT.treeToValue(
                  call.get("options"), method.getParameterTypes()[arguments.size()]));
        } catch (MismatchedInputException e) {
          fits = false; // the types cannot even say what the case has wrong
        }
      }
      if (fits) {
        if (arguments.size() < method.getParameterCount()) {
          arguments.add(null);
        }
        try {
          return STRICT.valueToTree(method.invoke(db, arguments.toArray()));
        } catch (InvocationTargetException e) {
          throw (Exception) e.getCause();
        }
      }
    }
    String options = call.has("options") ? call.get("options").toString() : null;
    String report = db.call(verb, options, null, arguments.toArray());
    Class<?> type = verb.equals("query") ? Reports.Query.class : method.getReturnType();
    assertInstanceOf(
        type, STRICT.readValue(report, type)); // the types know every member of what is answered
    return STRICT.readTree(report);
  }

  /** The method of a verb that has the most parameters. */
  private static Method method(String verb) {
    StringBuilder name = new StringBuilder();
    for (String word : verb.split("_")) {
      name.append(
          name.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
    }
    Method found = null;
    for (Method method : Verbs.class.getMethods()) {
      if (method.getName().equals(name.toString())
          && (found == null || found.getParameterCount() < method.getParameterCount())) {
        found = method;
      }
    }
    return found;
  }

  private static Reports.Query query(Database db, JsonNode given) {
    String sql = given.get("sql").asText();
    JsonNode params = given.path("params");
    if (params.isObject()) {
      Map<String, Object> named = new HashMap<>();
      params.properties().forEach(entry -> named.put(entry.getKey(), value(entry.getValue())));
      return db.query(sql, named);
    }
    List<Object> values = new ArrayList<>();
    params.forEach(value -> values.add(value(value)));
    return db.query(sql, values.toArray());
  }

  private static Object value(JsonNode value) {
    if (value.isIntegralNumber()) {
      return value.asLong();
    }
    if (value.isNumber()) {
      return value.asDouble();
    }
    if (value.has("base64")) {
      return Base64.getDecoder().decode(value.get("base64").asText());
    }
    return value.isNull() ? null : value.asText();
  }

  private static void same(String where, JsonNode answered, JsonNode expected) {
    assertEquals("", differs("", answered, expected), () -> where + " answered " + answered);
  }

  /** Where what was answered has not what was expected; nothing when it has. */
  private static String differs(String path, JsonNode got, JsonNode want) {
    String wrong = path + ": " + got + " is not " + want;
    if (got == null) {
      return wrong;
    }
    if (want.has("$type")) {
      return switch (want.get("$type").asText()) {
            case "integer" -> got.isIntegralNumber();
            case "number" -> got.isNumber();
            case "text" -> got.isTextual();
            case "boolean" -> got.isBoolean();
            case "array" -> got.isArray();
            case "object" -> got.isObject();
            default -> false;
          }
          ? ""
          : wrong;
    }
    if (want.isObject()) {
      for (Map.Entry<String, JsonNode> member : want.properties()) {
        String difference =
            got.isObject()
                ? differs(path + "/" + member.getKey(), got.get(member.getKey()), member.getValue())
                : wrong;
        if (!difference.isEmpty()) {
          return difference;
        }
      }
      return got.isObject() ? "" : wrong;
    }
    if (want.isArray()) {
      if (!got.isArray() || got.size() != want.size()) {
        return wrong;
      }
      for (int i = 0; i < want.size(); i++) {
        String difference = differs(path + "/" + i, got.get(i), want.get(i));
        if (!difference.isEmpty()) {
          return difference;
        }
      }
      return "";
    }
    if (want.isNumber()) {
      return got.isNumber() && got.decimalValue().compareTo(want.decimalValue()) == 0 ? "" : wrong;
    }
    return got.equals(want) ? "" : wrong;
  }

  /** A comparison that finds nothing wrong would make every case pass. */
  @Test
  void theComparisonFindsDifferences() throws IOException {
    String[][] pairs = {
      {"{\"a\": 1}", "{\"a\": 2}"},
      {"{}", "{\"a\": 1}"},
      {"[1, 2]", "[1]"},
      {"9007199254740993", "9007199254740992"},
      {"\"1\"", "1"},
      {"{\"a\": null}", "{\"a\": {\"$type\": \"text\"}}"},
      {"1.5", "{\"$type\": \"integer\"}"},
      {"null", "[]"},
      {"[]", "{}"},
    };
    for (String[] pair : pairs) {
      assertNotEquals(
          "",
          differs("", STRICT.readTree(pair[0]), STRICT.readTree(pair[1])),
          pair[0] + " passes for " + pair[1]);
    }
  }
}
