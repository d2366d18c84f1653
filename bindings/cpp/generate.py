"""Makes the generated headers from ../rpmadb.schema.json.

python3 generate.py           writes the files
python3 generate.py --check   fails when a file is not what the schema says
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any, Dict, List, Optional, Set, Tuple

HERE = Path(__file__).resolve().parent
SCHEMA: Dict[str, Any] = json.loads((HERE.parent / "rpmadb.schema.json").read_text(encoding="utf-8"))

KEYWORDS = {
    "class",
    "default",
    "delete",
    "export",
    "new",
    "operator",
    "private",
    "public",
    "register",
    "template",
    "this",
    "union",
    "using",
}

FAMILIES = {
    1: ("UsageError", "The call is wrong, or its handle is."),
    2: ("DatabaseError", "SQLite or the operating system refused."),
    3: ("MigrationError", "A migration cannot be applied or taken back."),
    4: ("ScriptError", "A script does not parse, failed, or went over a limit."),
    5: ("StoppedError", "The call was stopped, or not allowed."),
    6: ("BackupError", "A backup is not what it should be."),
    9: ("DefectError", "A defect of the library, or no memory."),
}

# Verbs whose functions are written by hand: they make handles or take functions.
BY_HAND = {"open", "transaction", "build_info"}
UNWATCHED = {"monitor_start", "monitor_stop"}


def head(what: str, guard: str, includes: List[str]) -> str:
    lines = "".join(f"#include {one}\n" for one in includes)
    return (
        f"// {what}\n//\n// Made by generate.py from rpmadb.schema.json; do not edit.\n// clang-format off\n"
        f"#ifndef RPMADB_{guard}_HPP\n#define RPMADB_{guard}_HPP\n\n{lines}\nRPMADB_BEGIN\n\n"
    )


FOOT = "\nRPMADB_END\n\n#endif\n"


def safe(name: str) -> str:
    return name + "_" if name in KEYWORDS else name


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.lower().split("_"))


def comment(description: Optional[str], indent: str = "") -> str:
    words = " ".join((description or "").split())
    return "".join(f"{indent}/// {line}\n" for line in textwrap.wrap(words, 116 - len(indent)))


def target(schema: Dict[str, Any]) -> Tuple[str, str]:
    _, section, name = schema["$ref"].split("/")
    return section, name


def literals(schema: Dict[str, Any]) -> Optional[List[str]]:
    if "enum" in schema:
        return list(schema["enum"])
    if "oneOf" in schema:
        found: List[str] = []
        for one in schema["oneOf"]:
            found += [one["const"]] if "const" in one else one["enum"]
        return found
    return None


def kind(schema: Any) -> Tuple[str, bool]:
    """The C++ type of what `schema` describes, and whether it may be null."""
    if schema is True or not schema or set(schema) <= {"description", "default"}:
        return "Value", False
    if "$ref" in schema:
        section, name = target(schema)
        definition = SCHEMA[section][name]
        if literals(definition):
            # A report of a later library may have other texts; what the host asks for is one of these.
            return ("std::string", False) if section == "reports" else (name, False)
        if "properties" in definition or section == "reports":
            return name, False
        return kind({key: value for key, value in definition.items() if key != "description"})
    if literals(schema):
        return "std::string", False
    if "anyOf" in schema:
        parts: List[str] = []
        for one in schema["anyOf"]:
            if one.get("type") != "null":
                parts += [part for part in [kind(one)[0]] if part not in parts]
        nullable = any(one.get("type") == "null" for one in schema["anyOf"])
        return (parts[0] if len(parts) == 1 else f"std::variant<{', '.join(parts)}>"), nullable
    name = schema["type"]
    if isinstance(name, list):
        (inner,) = [one for one in name if one != "null"]
        return kind({**schema, "type": inner})[0], True
    if name == "array":
        inner = full(schema["items"])
        if "maxItems" in schema and schema.get("minItems") == schema["maxItems"]:
            return f"std::array<{inner}, {schema['maxItems']}>", False
        return f"std::vector<{inner}>", False
    if name == "object":
        members = schema.get("additionalProperties", True)
        return ("Value" if members is True else f"std::map<std::string, {full(members)}>"), False
    if name == "integer":
        sizes = {
            "uint64": "std::uint64_t",
            "uint": "std::uint64_t",
            "uint32": "std::uint32_t",
            "uint8": "std::uint32_t",
            "int32": "std::int32_t",
        }
        return sizes.get(schema.get("format", ""), "std::int64_t"), False
    return {"string": "std::string", "number": "double", "boolean": "bool"}[name], False


def full(schema: Any) -> str:
    name, nullable = kind(schema)
    return f"std::optional<{name}>" if nullable else name


def needs(schema: Any, section: str) -> Set[str]:
    """The definitions of the section that a type must come after."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            return {target(schema)[1]} if target(schema)[0] == section else set()
        return set().union(*[needs(value, section) for value in schema.values()], set())
    if isinstance(schema, list):
        return set().union(*[needs(value, section) for value in schema], set())
    return set()


def in_order(section: str) -> List[str]:
    order: List[str] = []

    def add(name: str) -> None:
        if name not in order:
            for before in sorted(needs(SCHEMA[section][name], section) - {name}):
                add(before)
            order.append(name)

    for name in SCHEMA[section]:
        add(name)
    return order


def initial(kind_: str) -> str:
    if kind_ == "bool":
        return " = false"
    if kind_ == "double" or kind_.endswith("_t"):
        return " = 0"
    return ""


def report(name: str, schema: Dict[str, Any]) -> str:
    out = comment(schema.get("description")) + f"struct {name} {{\n"
    reading, writing = [], []
    required = set(schema.get("required", ()))
    for key, member in schema["properties"].items():
        type_ = full(member)
        if key not in required and not type_.startswith("std::optional") and not type_.startswith("std::vector"):
            type_ = f"std::optional<{type_}>"
        out += comment(member.get("description"), "  ") + f"  {type_} {safe(key)}{initial(type_)};\n"
        rows = name == "Query" and key == "rows"
        reading.append(f'if (name == "{key}") return in.{"read_rows" if rows else "read"}(out.{safe(key)});')
        if key in required:
            writing.append(f'out.member("{key}", in.{safe(key)});')
        elif type_.startswith("std::vector"):
            writing.append(f'if (!in.{safe(key)}.empty()) out.member("{key}", in.{safe(key)});')
        else:
            writing.append(f'out.given("{key}", in.{safe(key)});')
    out += "};\n"
    out += f"inline void read_members(Reader& in, {name}& out) {{\n  in.object([&](std::string_view name) {{\n"
    out += "".join(f"    {line}\n" for line in reading) + "    in.skip();\n  });\n}\n"
    out += f"inline void write_members(Writer& out, const {name}& in) {{\n" + "".join(f"  {line}\n" for line in writing) + "}\n\n"
    return out


def snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() and at else letter.lower() for at, letter in enumerate(name))


def choice(name: str, schema: Dict[str, Any]) -> str:
    """A report that has one of several forms: a struct with an optional of each. They are told apart by their required members."""
    out, forms = "", []
    for one in schema["anyOf"]:
        if "$ref" in one:
            forms.append((target(one)[1], SCHEMA["reports"][target(one)[1]]))
        else:
            out += report(f"{name}Text", one)
            forms.append((f"{name}Text", one))
    out += comment(schema.get("description")) + f"struct {name} {{\n"
    out += "".join(f"  std::optional<{form}> {snake(form.replace(name, '') or form)};\n" for form, _ in forms) + "};\n"
    out += f"inline void read_members(Reader& in, {name}& out) {{\n  Value look;\n  Reader ahead = in;\n  ahead.read(look);\n"
    for form, definition in reversed(forms):
        test = " && ".join(f'!look["{key}"].is_null()' for key in definition["required"][:2])
        member = snake(form.replace(name, "") or form)
        out += (
            f"  if ({test}) return in.read(out.{member}.emplace());\n"
            if form != forms[0][0]
            else f"  in.read(out.{member}.emplace());\n"
        )
    out += "}\n" + f"inline void write_members(Writer& out, const {name}& in) {{\n"
    out += "".join(
        f"  if (in.{snake(form.replace(name, '') or form)}) write_members(out, *in.{snake(form.replace(name, '') or form)});\n"
        for form, _ in forms
    )
    return out + "}\n\n"


def reports() -> str:
    out = (
        head(
            "What the calls answer.",
            "REPORTS",
            ["<array>", "<cstdint>", "<map>", "<optional>", "<string>", "<string_view>", "<vector>", "", '"json.hpp"'],
        ).replace("#include \n", "\n")
        + "namespace reports {\n\n"
    )
    for name in in_order("reports"):
        schema = SCHEMA["reports"][name]
        if "properties" in schema:
            out += report(name, schema)
        elif "anyOf" in schema:
            out += choice(name, schema)
    return out + "}  // namespace reports\n" + FOOT


def options() -> str:
    out = (
        head(
            "What the calls may be told. A member that has no value is left to the library.",
            "OPTIONS",
            ["<cstdint>", "<map>", "<optional>", "<string>", "<variant>", "<vector>", "", '"json.hpp"'],
        ).replace("#include \n", "\n")
        + "namespace options {\n\n"
    )
    for name in in_order("options"):
        schema = SCHEMA["options"][name]
        texts = literals(schema)
        if texts:
            out += comment(schema.get("description")) + f"enum class {name} {{ {', '.join(map(safe, texts))} }};\n"
            out += f"inline const char* to_text({name} value) {{\n  switch (value) {{\n"
            out += "".join(f'    case {name}::{safe(one)}: return "{one}";\n' for one in texts) + '  }\n  return "";\n}\n\n'
        elif "properties" in schema:
            out += comment(schema.get("description")) + f"struct {name} {{\n"
            for key, member in schema["properties"].items():
                out += comment(member.get("description"), "  ") + f"  std::optional<{kind(member)[0]}> {safe(key)} = {{}};\n"
            out += "  /// Options that this version does not know.\n  Value::Object more = {};\n};\n"
            out += f"inline void write_members(Writer& out, const {name}& in) {{\n"
            for key, member in schema["properties"].items():
                type_ = kind(member)[0]
                if type_ in SCHEMA["options"] and literals(SCHEMA["options"][type_]):
                    out += f'  if (in.{safe(key)}) out.member("{key}", to_text(*in.{safe(key)}));\n'
                else:
                    out += f'  out.given("{key}", in.{safe(key)});\n'
            out += "  for (const auto& [key, value] : in.more) out.member(key, value);\n}\n\n"
    return out + "}  // namespace options\n" + FOOT


def errors() -> str:
    out = head("A class for each status, and one for each family of them.", "ERRORS", ["<cstdint>", "", '"error.hpp"']).replace(
        "#include \n", "\n"
    )
    for name, description in FAMILIES.values():
        out += f"/// {description}\nclass {name} : public Error {{\n public:\n  explicit {name}(const Error& error) : Error(error) {{}}\n}};\n"
    cases = ""
    for name, status in SCHEMA["statuses"].items():
        if status:
            out += (
                f"/// {name}\nclass {camel(name)} : public {FAMILIES[status // 100][0]} {{\n public:\n"
                f"  explicit {camel(name)}(const Error& error) : {FAMILIES[status // 100][0]}(error) {{}}\n  static constexpr std::int32_t number = {status};\n}};\n"
            )
            cases += f"    case {status}: throw {camel(name)}(*this);\n"
    out += (
        "\n#if RPMADB_EXCEPTIONS\ninline void Error::raise() const {\n  switch (status()) {\n"
        + cases
        + "    default: break;\n  }\n"
    )
    out += "  switch (status() / 100) {  // one of a later version\n"
    out += "".join(f"    case {number}: throw {name}(*this);\n" for number, (name, _) in FAMILIES.items())
    out += "    default: throw *this;\n  }\n}\n#endif\n"
    return out + FOOT


ARGUMENTS = {
    "text": ("Text", "{}.c_str()"),
    "text or null": ("Text", "{}.c_str()"),
    "json or null": ("const Parameters&", "detail::text_of({}).c_str()"),
    "integer": ("std::int64_t", "{}"),
}


def verbs() -> str:
    out = head("The functions of a database, one a verb.", "VERBS", ['"call.hpp"', '"options.hpp"', '"reports.hpp"'])
    out += "/// The functions of a database, one a verb, each also as try_, which reports an error in place of throwing it.\n"
    out += "template <class Self>\nclass Verbs {\n public:\n"
    for name, verb in SCHEMA["verbs"].items():
        if name in BY_HAND:
            continue
        watched = name not in UNWATCHED
        result = target(verb["report"])[1]
        declared, given, passed = [], [], []
        for one in verb["arguments"]:
            type_, convert = ARGUMENTS[one["type"]]
            default = " = {}" if "null" in one["type"] else ""
            declared.append(f"{type_} {one['name']}{default}")
            value = convert.format(one["name"])
            if type_ == "const Parameters&":
                value = f"{one['name']}_text.c_str()"
            given.append(value)
            passed.append(one["name"])
        chosen = verb["options"] is not None
        if chosen:
            declared.append(f"const options::{target(verb['options'])[1]}& options = {{}}")
            passed.append("options")
        if watched:
            declared.append("Operation* op = nullptr")
            passed.append("op")
        takes_options = not (name == "monitor_stop")
        calls = (
            ["db", *given]
            + (["options_text.c_str()" if chosen else "nullptr"] if takes_options else [])
            + (["handle"] if watched else [])
            + ["out"]
        )
        texts = [one["name"] for one in verb["arguments"] if one["type"].startswith("text")]
        checks = "".join(f"    if (!{one}.whole()) return detail::has_nul<reports::{result}>();\n" for one in texts)
        locals_ = "".join(
            f"    const detail::Json {one['name']}_text({one['name']}.values());\n"
            for one in verb["arguments"]
            if one["type"] == "json or null"
        ) + ("    const detail::Json options_text(options);\n" if chosen else "")
        doc = comment(f"Calls `{verb['function']}`. " + SCHEMA["reports"][result].get("description", ""), "  ")
        parameters = ", ".join(declared)
        out += f"{doc}  Result<Report<reports::{result}>> try_{safe(name)}({parameters}) {{\n{checks}{locals_}"
        op = "op" if watched else "nullptr"
        unused = "" if watched else "/*handle*/"
        out += (
            f"    return self().template call<reports::{result}>(\n        [&](rpmadb* db, rpmadb_op* {'handle' if watched else unused}, char** out) {{"
            f" return {verb['function']}({', '.join(calls)}); }}, {op});\n  }}\n"
        )
        out += f"#if RPMADB_EXCEPTIONS\n{doc}  Report<reports::{result}> {safe(name)}({parameters}) {{\n"
        moved = ", ".join(f"std::move({one})" if one in texts else one for one in passed)
        out += f"    return detail::value_of(try_{safe(name)}({moved}));\n  }}\n#endif\n\n"
    out += " private:\n  Self& self() { return static_cast<Self&>(*this); }\n};\n"
    return out + FOOT


FILES = {"reports.hpp": reports, "options.hpp": options, "errors.hpp": errors, "verbs.hpp": verbs}


def dispatch() -> str:
    """For the tests: a verb by its name, with the options as they stand in a case."""
    out = "// A call by the name of its verb, for the table of cases.\n//\n// Made by generate.py from rpmadb.schema.json; do not edit.\n// clang-format off\n#pragma once\n\n"
    out += "inline Answer dispatch(rpma::Database& db, const std::string& verb, const Value& arguments, const Value& options) {\n"
    out += "  (void)arguments;\n"
    for name, verb in SCHEMA["verbs"].items():
        if name in BY_HAND:
            continue
        out += f'  if (verb == "{name}") {{\n'
        given = []
        for one in verb["arguments"]:
            given.append(
                {"json or null": "parameters_of", "integer": "integer_of"}.get(one["type"], "text_of")
                + f'(arguments["{one["name"]}"])'
            )
        if verb["options"] is not None:
            definition = target(verb["options"])[1]
            out += f"    rpma::options::{definition} chosen;\n    for (const auto& [key, value] : members_of(options)) {{\n"
            for key, member in SCHEMA["options"][definition]["properties"].items():
                type_ = kind(member)[0]
                if type_ in ("bool", "std::string", "double", "Value") or type_.endswith("_t"):
                    out += f'      if (key == "{key}" && take(value, chosen.{safe(key)})) continue;\n'
            out += "      chosen.more.emplace_back(key, value);\n    }\n"
            given.append("chosen")
        out += f"    return answer(db.try_{safe(name)}({', '.join(given)}));\n  }}\n"
    return out + '  fail("no such verb: " + verb);\n  return {};\n}\n'


def main() -> int:
    stale = []
    made = {f"include/rpmadb/{name}": make for name, make in FILES.items()}
    made["tests/dispatch.hpp"] = dispatch
    for name, make in made.items():
        path = HERE / name
        wanted = make()
        if "--check" in sys.argv[1:]:
            if not path.exists() or path.read_text(encoding="utf-8") != wanted:
                stale.append(name)
        else:
            path.write_text(wanted, encoding="utf-8")
    if stale:
        print(f"not what the schema says, run generate.py: {', '.join(stale)}", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
