"""The table of cases that every binding runs."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

import rpmadb
from conftest import PROJECT

CASES = json.loads((PROJECT / "bindings" / "cases.json").read_text(encoding="utf-8"))["cases"]
KINDS: Dict[str, Any] = {
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "text": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def in_folder(value: Any, folder: Path) -> Any:
    if isinstance(value, str):
        return value.replace("${folder}", str(folder))
    if isinstance(value, list):
        return [in_folder(one, folder) for one in value]
    if isinstance(value, dict):
        return {name: in_folder(one, folder) for name, one in value.items()}
    return value


def matches(expected: Any, found: Any) -> bool:
    """Whether `expected` is a part of `found`."""
    if isinstance(expected, dict):
        if set(expected) == {"$type"}:
            return bool(KINDS[expected["$type"]](found))
        return isinstance(found, dict) and all(name in found and matches(one, found[name]) for name, one in expected.items())
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(matches, expected, found))
    return type(expected) is type(found) and bool(expected == found)


def test_a_part_is_told_from_something_else() -> None:
    assert matches({"a": [1, {"$type": "text"}]}, {"a": [1, "x"], "b": 2})
    assert not matches({"a": [1]}, {"a": [1, 2]})
    assert not matches({"a": 1}, {"a": True})
    assert not matches({"a": None}, {})
    assert not matches({"$type": "integer"}, 1.5)


def call(db: rpmadb.Database, step: Dict[str, Any]) -> Tuple[str, Dict[str, Any]]:
    """Makes the call as a user would: options by name; those that the method does not have by `more`."""
    who = step.get("as")
    try:
        handle = db.as_(who["actor"], who["role"]) if who else db
        method = getattr(handle, step["verb"])
        known = inspect.signature(method).parameters
        arguments: List[Any] = list(step.get("arguments", {}).values())
        options = step.get("options", {})
        named = {name: value for name, value in options.items() if name in known}
        unknown = {name: value for name, value in options.items() if name not in known}
        try:
            return "report", method(*arguments, **named, **({"more": unknown} if unknown else {})).to_dict()
        finally:
            if who:
                handle.close()
    except rpmadb.Error as error:
        assert type(error) is rpmadb.errors.BY_STATUS[error.status]
        document = error.to_dict()
        assert all(getattr(error, name) == value for name, value in document.items() if name != "changes")
        return "error", document


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: Dict[str, Any], folder: Path) -> None:
    case = in_folder(case, folder)
    for name, text in case.get("files", {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with rpmadb.Database(folder / "app.db", **case.get("open", {})) as db:
        assert db.opened is not None
        assert matches(case.get("opened", {}), db.opened.to_dict())
        for step in case["calls"]:
            kind, found = call(db, step)
            expected = {name: step[name] for name in ("report", "error") if name in step}
            assert matches(expected, {kind: found}), (step, found)
