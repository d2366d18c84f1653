"""Makes the types and methods of the package from ../rpmadb.schema.json.

python generate.py           writes the files
python generate.py --check   fails when a file is not what the schema says
"""

from __future__ import annotations

import json
import keyword
import sys
import textwrap
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

HERE = Path(__file__).resolve().parent
SCHEMA: Dict[str, Any] = json.loads((HERE.parent / "rpmadb.schema.json").read_text(encoding="utf-8"))

HEAD = '''"""{what}

Made by generate.py from rpmadb.schema.json; do not edit.
"""

from __future__ import annotations

'''

FAMILIES = {
    1: ("UsageError", "The call is wrong, or its handle is."),
    2: ("DatabaseError", "SQLite or the operating system refused."),
    3: ("MigrationError", "A migration cannot be applied or taken back."),
    4: ("ScriptError", "A script does not parse, failed, or went over a limit."),
    5: ("StoppedError", "The call was stopped, or not allowed."),
    6: ("BackupError", "A backup is not what it should be."),
    9: ("DefectError", "A defect of the library, or no memory."),
}

# Verbs whose methods are written by hand: they make handles or take functions.
BY_HAND = {"open", "transaction", "build_info"}

# What a verb's report can do beyond its members.
BASES = {"Query": "Table"}


def safe(name: str) -> str:
    return name + "_" if keyword.iskeyword(name) else name


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.lower().split("_"))


def text(description: Optional[str], indent: str, width: int = 120) -> str:
    """A docstring."""
    words = " ".join((description or "").split()).replace("\\", "\\\\")
    if len(indent) + len(words) + 6 <= width:
        return f'{indent}"""{words}"""\n'
    lines = textwrap.wrap(words, width - len(indent))
    return f'{indent}"""' + f"\n{indent}".join(lines) + f'\n{indent}"""\n'


def comment(description: Optional[str], indent: str, width: int = 120) -> str:
    words = " ".join((description or "").split())
    return "".join(f"{indent}#: {line}\n" for line in textwrap.wrap(words, width - len(indent) - 3))


def target(schema: Dict[str, Any]) -> Tuple[str, str]:
    _, section, name = schema["$ref"].split("/")
    return section, name


def literals(schema: Dict[str, Any]) -> Optional[List[str]]:
    """The texts of an enumeration."""
    if "enum" in schema:
        return list(schema["enum"])
    if "oneOf" in schema:
        found: List[str] = []
        for one in schema["oneOf"]:
            found += [one["const"]] if "const" in one else one["enum"]
        return found
    return None


def optional(schema: Any) -> bool:
    if schema is True or not isinstance(schema, dict):
        return False
    if isinstance(schema.get("type"), list):
        return "null" in schema["type"]
    return any(one.get("type") == "null" for one in schema.get("anyOf", ()))


def annotation(schema: Any, request: bool, prefix: str = "") -> str:
    """The type of what `schema` describes; `request` when the host gives it, who may give any sequence or mapping."""
    if schema is True or not schema or set(schema) <= {"description", "default"}:
        return "Any"
    if "$ref" in schema:
        return prefix + target(schema)[1]
    if literals(schema):
        return "Literal[" + ", ".join(json.dumps(one) for one in literals(schema) or ()) + "]"
    if "anyOf" in schema:
        parts = [annotation(one, request, prefix) for one in schema["anyOf"] if one.get("type") != "null"]
        inner = parts[0] if len(parts) == 1 else f"Union[{', '.join(parts)}]"
        return f"Optional[{inner}]" if optional(schema) else inner
    kind = schema["type"]
    if isinstance(kind, list):
        (kind,) = [one for one in kind if one != "null"]
        return f"Optional[{annotation({**schema, 'type': kind}, request, prefix)}]"
    if kind == "array":
        inner = annotation(schema["items"], request, prefix)
        if request:
            return f"Sequence[{inner}]"
        if "maxItems" in schema and schema.get("minItems") == schema["maxItems"]:
            return f"Tuple[{', '.join([inner] * schema['maxItems'])}]"
        return f"Tuple[{inner}, ...]"
    if kind == "object":
        members = schema.get("additionalProperties", True)
        return f"{'Mapping' if request else 'Dict'}[str, {annotation(members, request, prefix)}]"
    return {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}[kind]


def conversion(schema: Any) -> Optional[str]:
    """The expression that makes a report's member of parsed JSON; None when it is that already."""
    if schema is True or not schema:
        return None
    if "$ref" in schema:
        section, name = target(schema)
        return conversion_of(name, SCHEMA[section][name])
    if "anyOf" in schema:
        parts = [one for one in schema["anyOf"] if one.get("type") != "null"]
        return conversion(parts[0]) if len(parts) == 1 else None
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "array" in kinds:
        inner = conversion(schema["items"])
        return f"each({inner})" if inner else "tuple"
    if "object" in kinds and isinstance(schema.get("additionalProperties"), dict):
        inner = conversion(schema["additionalProperties"])
        return f"members({inner})" if inner else None
    return None


def conversion_of(name: str, schema: Dict[str, Any]) -> Optional[str]:
    if "properties" in schema or "anyOf" in schema:
        return f"{name}._read" if "properties" in schema else f"_read_{name.lower()}"
    return None


def report_class(name: str, schema: Dict[str, Any]) -> Tuple[str, str]:
    """The class, and the call that tells it about its members, which may name classes that come later."""
    base = BASES.get(name, "Report")
    shown = ", repr=False" if base != "Report" else ""
    out = f"@dataclass(frozen=True{shown})\nclass {name}({base}):\n" + text(schema.get("description"), "    ") + "\n"
    known, converted, renamed = [], [], []
    required = set(schema.get("required", ()))
    for key, member in schema["properties"].items():
        kind = annotation(member, request=False)
        if key not in required and not kind.startswith("Optional") and kind != "Any":
            kind = f"Optional[{kind}]"
        out += comment(member.get("description"), "    ") + f"    {safe(key)}: {kind}\n"
        known.append(safe(key))
        convert = conversion(member)
        if convert:
            converted.append(f"({json.dumps(key)}, {convert})")
        if safe(key) != key:
            renamed.append(f"({json.dumps(key)}, {json.dumps(safe(key))})")
    call = f"{name}._describe(\n    ({', '.join(json.dumps(one) for one in known)},),\n"
    if converted or renamed:
        call += f"    ({', '.join(converted)}{',' if converted else ''}),\n"
    if renamed:
        call += f"    ({', '.join(renamed)},),\n"
    return out + "\n\n", call + ")\n"


def reports() -> str:
    out = HEAD.format(what="What the calls answer.") + (
        "from dataclasses import dataclass\n"
        "from typing import Any, Dict, Literal, Optional, Tuple, Union\n\n"
        "from ._report import Report, Table, each, first_of, members\n\n\n"
    )
    calls, unions = "", ""
    for name, schema in SCHEMA["reports"].items():
        if "properties" in schema:
            body, call = report_class(name, schema)
            out, calls = out + body, calls + call
        elif "anyOf" in schema:
            names = []
            for one in schema["anyOf"]:
                if "$ref" in one:
                    names.append(target(one)[1])
                    continue
                inner = f"{name}Text"
                body, call = report_class(inner, one)
                out, calls = out + body, calls + call
                names.append(inner)
            unions += comment(schema.get("description"), "") + f"{name} = Union[{', '.join(names)}]\n"
            calls = calls + f"_read_{name.lower()} = first_of({', '.join(names)})\n"
        else:
            listed = ", ".join(json.dumps(one) for one in literals(schema) or ())
            out += comment(schema.get("description"), "") + f"{name} = Literal[{listed}]\n\n\n"
    return out + unions + "\n" + calls


def options() -> str:
    out = HEAD.format(what="What the calls may be told, where it is more than a plain value.") + (
        "from typing import Any, Literal, Mapping, Optional, Sequence, TypedDict, Union\n\n"
    )
    aliases, classes = "", ""
    for name, schema in SCHEMA["options"].items():
        if "properties" in schema:
            classes += f"\n\nclass {name}(TypedDict, total=False):\n" + text(schema.get("description"), "    ") + "\n"
            for key, member in schema["properties"].items():
                classes += comment(member.get("description"), "    ") + f"    {key}: {annotation(member, request=True)}\n"
        else:
            kind = annotation({key: value for key, value in schema.items() if key != "description"}, request=True)
            for later in SCHEMA["options"]:
                # An alias is evaluated at import; the classes come below.
                if "properties" in SCHEMA["options"][later]:
                    kind = kind.replace(f" {later}]", f' "{later}"]').replace(f" {later},", f' "{later}",')
            aliases += comment(schema.get("description"), "") + f"{name} = {kind}\n"
    return out + ordered(aliases) + classes


def ordered(aliases: str) -> str:
    """Puts an alias behind those it names."""
    blocks, block = [], ""
    for line in aliases.splitlines(keepends=True):
        block += line
        if not line.startswith("#:"):
            blocks.append((line.split(" = ")[0], line.split(" = ", 1)[1], block))
            block = ""
    done: List[str] = []
    out = ""
    names = {name for name, _, _ in blocks}
    while blocks:
        for entry in blocks:
            needs = {
                name
                for name in names
                if name in entry[1].replace('"', " ").replace("[", " ").replace(",", " ").replace("]", " ").split()
            }
            if needs <= set(done):
                out += entry[2]
                done.append(entry[0])
                blocks.remove(entry)
                break
    return out


def option_parameters(verb: Dict[str, Any]) -> Tuple[str, str, str]:
    """Of a verb's options: the parameters, the dictionary, and the documentation."""
    if verb["options"] is None:
        return "", "None", ""
    schema = SCHEMA["options"][target(verb["options"])[1]]
    parameters, pairs, documented = "", "", ""
    for key, member in schema["properties"].items():
        kind = annotation(member, request=True, prefix="options.")
        if not kind.startswith("Optional"):
            kind = f"Optional[{kind}]"
        parameters += f"        {safe(key)}: {kind} = None,\n"
        pairs += f"{json.dumps(key)}: {safe(key)}, "
        lines = textwrap.wrap(" ".join(f"{safe(key)}: {member.get('description', '')}".split()), 106, subsequent_indent="  ")
        documented += "".join(f"            {line}\n" for line in lines).replace("\\", "\\\\")
    return parameters, "{" + pairs.rstrip(", ") + "}", documented


ARGUMENTS = {
    "text": ("str", "text({})"),
    "text or null": ("Optional[str]", "text_or_none({})"),
    "json or null": ("Parameters", "parameters({})"),
    "integer": ("int", "integer({})"),
}


def arguments(verb: Dict[str, Any]) -> Tuple[str, str, str]:
    """Of a verb's arguments: the parameters, what the function is given, and what another method is given."""
    declared, given, passed = "", "", ""
    for one in verb["arguments"]:
        kind, convert = ARGUMENTS[one["type"]]
        name = safe(one["name"])
        if verb["function"] == "rpmadb_script_file" and name == "name":
            name = "name_or_path"  # as in the header; `name` is one of its options, too
        if name in ("path", "destination", "name_or_path"):
            kind = kind.replace("str", "StrPath")
            convert = convert.replace("text", "path_text")
        default = " = None" if "null" in one["type"] else ""
        declared += f"        {name}: {kind}{default},\n"
        given += convert.format(name) + ", "
        passed += f"{name}, "
    return declared, given, passed


BASE = """    def _watched(
        self,
        function: str,
        arguments: Tuple[Any, ...],
        given: Optional[Mapping[str, Any]],
        more: Optional[Mapping[str, Any]],
        op: Optional[Operation],
        read: Callable[[Dict[str, Any]], Any],
    ) -> Any:
        raise NotImplementedError

    def _unwatched(
        self,
        function: str,
        arguments: Tuple[Any, ...],
        given: Optional[Mapping[str, Any]],
        more: Optional[Mapping[str, Any]],
        read: Callable[[Dict[str, Any]], Any],
    ) -> Any:
        raise NotImplementedError
"""

ASYNC_BASE = """    async def _watched(self, verb: str, arguments: Tuple[Any, ...], options: Dict[str, Any], op: Optional[Operation]) -> Any:
        raise NotImplementedError

    async def _unwatched(self, verb: str, arguments: Tuple[Any, ...], options: Dict[str, Any]) -> Any:
        raise NotImplementedError
"""


def methods(asynchronous: bool) -> str:
    """The mixin with a method for each verb."""
    what = "The methods of a database, one a verb" + (", as coroutines." if asynchronous else ".")
    out = HEAD.format(what=what) + (
        "from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional, Sequence, Tuple, Union\n\n"
        "from . import options, reports\n"
        "from ._capi import StrPath\n"
        + (
            "from ._convert import Parameters\n"
            if asynchronous
            else "from ._convert import Parameters, integer, parameters, path_text, path_text_or_none, text, text_or_none\n"
        )
        + "\nif TYPE_CHECKING:\n    from .operation import Operation\n\n"
    )
    out += "\n\nclass " + ("AsyncVerbs" if asynchronous else "Verbs") + ":\n"
    out += '    """' + what + '"""\n\n'
    out += ASYNC_BASE if asynchronous else BASE
    for name, verb in SCHEMA["verbs"].items():
        if name in BY_HAND:
            continue
        parameters, pairs, documented = option_parameters(verb)
        declared, given, passed = arguments(verb)
        report = target(verb["report"])[1]
        schema = SCHEMA["reports"][report]
        watched = name not in ("monitor_start", "monitor_stop")
        op = "        op: Optional[Operation] = None,\n" if watched else ""
        more = "        more: Optional[Mapping[str, Any]] = None,\n" if verb["options"] is not None else ""
        star = "        *,\n" if op or more or parameters else ""
        first = f"Calls `{verb['function']}`. {' '.join(schema.get('description', '').split())}"
        doc = text(first, "        ") if not documented else f'        """{first}\n\n        Options:\n{documented}        """\n'
        define = "    async def" if asynchronous else "    def"
        out += f"\n{define} {safe(name)}(\n        self,\n{declared}{star}{parameters}{more}{op}    ) -> reports.{report}:\n{doc}"
        if asynchronous:
            keywords = keyword_arguments(verb) + (", more=more" if more else "")
            given = f'"{safe(name)}", ({passed}), dict({keywords.lstrip(", ")})'
            call = f"self._watched({given}, op)" if watched else f"self._unwatched({given})"
            out += f"        report: reports.{report} = await {call}\n        return report\n"
        else:
            read = f"reports.{report}._read" if "properties" in schema else f"reports._read_{report.lower()}"
            given = f'"{verb["function"]}", ({given}), {pairs}, {"more" if more else "None"}'
            call = f"self._watched({given}, op, {read})" if watched else f"self._unwatched({given}, {read})"
            out += f"        report: reports.{report} = {call}\n        return report\n"
    return out


def keyword_arguments(verb: Dict[str, Any]) -> str:
    if verb["options"] is None:
        return ""
    names = [safe(key) for key in SCHEMA["options"][target(verb["options"])[1]]["properties"]]
    return "".join(f", {name}={name}" for name in names)


def errors() -> str:
    out = HEAD.format(what="A class for each status, and one for each family of them.")
    out += "from typing import Any, Dict, Mapping, Type\n\nfrom ._error import Error\n\n"
    out += f"#: The ABI version that this package is made for.\nABI_VERSION = {SCHEMA['abi']}\n\n"
    for name, description in FAMILIES.values():
        out += f'\nclass {name}(Error):\n    """{description}"""\n\n'
    exported, by_status = [], ""
    for name, status in SCHEMA["statuses"].items():
        if status == 0:
            continue
        family = FAMILIES[status // 100][0]
        also = {"INVALID_ARGUMENT": ", ValueError", "INVALID_UTF8": ", ValueError", "NO_MEMORY": ", MemoryError"}.get(name, "")
        out += f'\nclass {camel(name)}({family}{also}):\n    """{name}"""\n\n    STATUS = {status}\n\n'
        by_status += f"    {status}: {camel(name)},\n"
        exported.append(camel(name))
    out += "\nBY_STATUS: Dict[int, Type[Error]] = {\n" + by_status + "}\n\n"
    out += "#: For statuses that this version does not know.\nBY_FAMILY: Dict[int, Type[Error]] = {\n"
    out += "".join(f"    {number}: {name},\n" for number, (name, _) in FAMILIES.items()) + "}\n\n\n"
    out += (
        "def error_of(document: Mapping[str, Any]) -> Error:\n"
        '    """The exception for an error document\'s inner object."""\n'
        '    status = document["status"]\n'
        "    return (BY_STATUS.get(status) or BY_FAMILY.get(status // 100) or Error)(document)\n\n\n"
    )
    names = ["ABI_VERSION", "Error"] + [name for name, _ in FAMILIES.values()] + exported
    out += "__all__ = [\n" + "".join(f"    {json.dumps(name)},\n" for name in names) + "]\n"
    return out


def open_method() -> str:
    """The constructors, whose options are those of `open`."""
    parameters, pairs, documented = option_parameters(SCHEMA["verbs"]["open"])
    head = HEAD.format(what="How a database is opened.") + (
        "from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Sequence, Union\n\n"
        "from . import options\n"
        "from ._capi import StrPath\n\n"
        "if TYPE_CHECKING:\n    from .operation import Operation\n\n\n"
    )
    return head + (
        "class Opening:\n"
        '    """The constructor of a database."""\n\n'
        "    def _open(self, path: StrPath, given: Dict[str, Any], more: Optional[Mapping[str, Any]], op: Optional[Operation]) -> None:\n"
        "        raise NotImplementedError\n\n"
        f"    def __init__(\n        self,\n        path: StrPath,\n        *,\n{parameters}"
        "        more: Optional[Mapping[str, Any]] = None,\n        op: Optional[Operation] = None,\n    ) -> None:\n"
        f'        """Calls `rpmadb_open`: opens or creates the database, and migrates it unless told not to.\n\n        Options:\n{documented}        """\n'
        f"        given = {pairs}\n        self._open(path, given, more, op)\n"
    )


FILES = {
    "reports.py": reports,
    "options.py": options,
    "errors.py": errors,
    "_verbs.py": lambda: methods(asynchronous=False),
    "_async_verbs.py": lambda: methods(asynchronous=True),
    "_opening.py": open_method,
}


def main() -> int:
    stale = []
    for name, make in FILES.items():
        path = HERE / "rpmadb" / name
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
