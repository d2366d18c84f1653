// The table of cases that every binding runs, and the JSON that it needs.
#include "check.hpp"

using rpma::Value;
using testing::fail;

struct Answer {
  bool ok = false;
  Value raw;    // what the library handed out
  Value typed;  // the report or error made of it, as a document again
};

template <class T>
Answer answer(rpma::Result<rpma::Report<T>> result) {
  Answer made;
  made.ok = result.has_value();
  if (result) {
    made.raw = Value::parse(result->json()).value_or(Value());
    made.typed = Value::parse(rpma::to_json(static_cast<const T&>(*result))).value_or(Value());
  } else {
    made.raw = made.typed = Value::parse(rpma::to_json(result.error().details())).value_or(Value());
  }
  return made;
}

static rpma::Text text_of(const Value& value) {
  const auto text = value.as<std::string>();
  return text ? rpma::Text(std::string(*text)) : rpma::Text();
}

static std::int64_t integer_of(const Value& value) { return value.as<std::int64_t>().value_or(0); }

static Value cell(const Value& value) {
  if (const auto text = value["base64"].as<std::string>()) return Value(rpma::Blob{*rpma::detail::from_base64(*text)});
  return value;
}

static rpma::Parameters parameters_of(const Value& value) {
  if (const auto* array = value.get_if<Value::Array>()) {
    std::vector<Value> values;
    for (const Value& one : *array) values.push_back(cell(one));
    return rpma::Parameters(std::move(values));
  }
  if (const auto* object = value.get_if<Value::Object>()) {
    Value::Object members;
    for (const auto& [name, one] : *object) members.emplace_back(name, cell(one));
    return rpma::Parameters::named(std::move(members));
  }
  return {};
}

static Value::Object members_of(const Value& value) {
  const auto* object = value.get_if<Value::Object>();
  return object ? *object : Value::Object();
}

template <class T>
static bool take(const Value& value, std::optional<T>& out) {
  if constexpr (std::is_same_v<T, Value>) {
    out = value;
  } else {
    const auto found = value.as<T>();
    if (!found) return false;
    out = *found;
  }
  return true;
}

#include "dispatch.hpp"

static bool is_type(const std::string& type, const Value& value) {
  if (type == "integer") return value.get_if<std::int64_t>() != nullptr;
  if (type == "number") return value.get_if<std::int64_t>() != nullptr || value.get_if<double>() != nullptr;
  if (type == "text") return value.get_if<std::string>() != nullptr;
  if (type == "boolean") return value.get_if<bool>() != nullptr;
  if (type == "array") return value.get_if<Value::Array>() != nullptr;
  return type == "object" && value.get_if<Value::Object>() != nullptr;
}

static bool has(const Value& value, const std::string& name) {
  for (const auto& member : members_of(value)) {
    if (member.first == name) return true;
  }
  return false;
}

/// Whether `expected` is a part of `found`.
static bool matches(const Value& expected, const Value& found) {
  if (const auto* object = expected.get_if<Value::Object>()) {
    if (object->size() == 1 && object->front().first == "$type") return is_type(*object->front().second.as<std::string>(), found);
    if (found.get_if<Value::Object>() == nullptr) return false;
    for (const auto& [name, one] : *object) {
      if (!has(found, name) || !matches(one, found[name])) return false;
    }
    return true;
  }
  if (const auto* array = expected.get_if<Value::Array>()) {
    const auto* others = found.get_if<Value::Array>();
    if (others == nullptr || others->size() != array->size()) return false;
    for (std::size_t at = 0; at < array->size(); at++) {
      if (!matches((*array)[at], (*others)[at])) return false;
    }
    return true;
  }
  return expected == found;
}

static Value in_folder(const Value& value, const std::string& folder) {
  if (const auto text = value.as<std::string>()) {
    std::string made = *text;
    for (std::size_t at; (at = made.find("${folder}")) != std::string::npos;) made.replace(at, 9, folder);
    return Value(made);
  }
  if (const auto* array = value.get_if<Value::Array>()) {
    Value::Array made;
    for (const Value& one : *array) made.push_back(in_folder(one, folder));
    return Value(made);
  }
  if (const auto* object = value.get_if<Value::Object>()) {
    Value::Object made;
    for (const auto& [name, one] : *object) made.emplace_back(name, in_folder(one, folder));
    return Value(made);
  }
  return value;
}

static void run_case(const Value& one, const std::filesystem::path& folder) {
  for (const auto& [name, text] : members_of(one["files"])) testing::write(folder / name, *text.as<std::string>());
  rpma::options::Open options;
  for (const auto& [name, value] : members_of(one["open"])) {
    if (name == "migrate" && take(value, options.migrate)) continue;
    if (name == "actor" && take(value, options.actor)) continue;
    options.more.emplace_back(name, value);
  }
  rpma::Database db((folder / "app.db").string(), options);
  CHECK(db.opened() != nullptr);
  const Value opened = *Value::parse(db.opened()->json());
  CHECK(matches(one["opened"].is_null() ? Value::object() : one["opened"], opened));
  for (const Value& call : *one["calls"].get_if<Value::Array>()) {
    const std::string verb = *call["verb"].as<std::string>();
    const bool succeeds = has(call, "report");
    Answer found;
    if (const Value& who = call["as"]; !who.is_null()) {
      auto handle = db.try_as(*who["actor"].as<std::string>(), *who["role"].as<std::string>());
      found = handle ? dispatch(*handle, verb, call["arguments"], call["options"]) : answer<rpma::reports::Open>(rpma::detail::failed(handle.error()));
    } else {
      found = dispatch(db, verb, call["arguments"], call["options"]);
    }
    const Value& expected = succeeds ? call["report"] : call["error"];
    if (found.ok != succeeds || !matches(expected, found.raw) || !matches(expected, found.typed)) {
      fail(verb + " answers " + rpma::to_json(found.raw) + ", wanted " + rpma::to_json(expected));
    }
    // Nothing of the document is lost or changed in the typed report.
    if (!matches(found.raw, found.typed)) fail(verb + ": " + rpma::to_json(found.raw) + " became " + rpma::to_json(found.typed));
  }
}

struct Cases {
  Cases() {
    const auto document = Value::parse(testing::read(std::filesystem::path(PROJECT) / "bindings" / "cases.json"));
    if (!document) {
      fail("cases.json cannot be read");
      return;
    }
    for (const Value& one : *(*document)["cases"].get_if<Value::Array>()) {
      testing::tests().push_back(
          {*one["name"].as<std::string>(), [one](const std::filesystem::path& folder) { run_case(in_folder(one, folder.string()), folder); }});
    }
  }
};
static const Cases cases;

TEST("a part is told from something else") {
  const auto of = [](const char* text) { return *Value::parse(text); };
  CHECK(matches(of(R"({"a": [1, {"$type": "text"}]})"), of(R"({"a": [1, "x"], "b": 2})")));
  CHECK(!matches(of(R"({"a": [1]})"), of(R"({"a": [1, 2]})")));
  CHECK(!matches(of(R"({"a": 1})"), of(R"({"a": true})")));
  CHECK(!matches(of(R"({"a": 1})"), of(R"({"a": 1.0})")));
  CHECK(!matches(of(R"({"a": null})"), of("{}")));
}

TEST("JSON there and back") {
  for (const char* text : {"null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "0.1", "1e-300", "1.5",
                           "\"\"", "\"a\\\"\\\\\\u0001\"", "\"\\ud83d\\ude00 \\u00e9 \\u65e5 \\n\\t\\r\\b\\f\\/\"", "[]", "{}", " [ 1 , { \"a\" : [ ] } ] "}) {
    const auto value = Value::parse(text);
    CHECK(value.has_value());
    if (value) CHECK(Value::parse(rpma::to_json(*value)) == value);
  }
  CHECK(*Value::parse("\"\\ud83d\\ude00 \\u00e9\"")->as<std::string>() == "\xF0\x9F\x98\x80 \xC3\xA9");
  CHECK(Value::parse("1e999")->as<double>() == std::numeric_limits<double>::infinity());
  for (const char* text : {"", "nul", "tru", "01x", "1 2", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":1,}", "{a:1}", "\"", "\"\\u12\"", "\"\\ud800\"", "\"\\x\"", "-",
                           "[", "{", "{\"a\":"}) {
    CHECK(!Value::parse(text));
  }
  CHECK(!Value::parse(std::string(100000, '[')));  // and does not run out of stack
  CHECK(Value::parse(std::string(500, '[') + std::string(500, ']')));
}

TEST("base64") {
  for (std::size_t size = 0; size < 70; size++) {
    std::vector<std::uint8_t> bytes;
    for (std::size_t at = 0; at < size; at++) bytes.push_back(static_cast<std::uint8_t>(at * 37 + size));
    const std::string text = rpma::detail::to_base64(bytes);
    CHECK(text.size() == (size + 2) / 3 * 4 && rpma::detail::from_base64(text) == bytes);
  }
  CHECK(rpma::detail::to_base64({0, 1, 0xFF}) == "AAH/");
  for (const char* text : {"A", "AA", "AAA", "A===", "AA=A", "AAA*", "====", "AA==AAAA"}) CHECK(!rpma::detail::from_base64(text));
}

int main(int argc, char** argv) { return testing::run(argc, argv); }
