"""What is made from the schema is up to date, and nothing of the header is missing."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import re
import subprocess
import sys
from typing import Any

import pytest

import rpmadb
from conftest import HERE, PROJECT
from rpmadb import _capi, reports

SCHEMA = json.loads((PROJECT / "bindings" / "rpmadb.schema.json").read_text(encoding="utf-8"))


def test_the_generated_files_are_what_the_schema_says() -> None:
    done = subprocess.run([sys.executable, HERE.parent / "generate.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_function_of_the_header_is_there() -> None:
    header = (PROJECT / "include" / "rpmadb.h").read_text(encoding="utf-8")
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    declared = {name: arguments for name, arguments in re.findall(r"\b(rpmadb_\w+)\(([^)]*)\);", code)}
    assert len(declared) > 40
    # For builds without a SQLite of their own, which this package does not load.
    for name in ("rpmadb_bind_host_sqlite", "rpmadb_sqlite3", "rpmadb_open_sqlite3"):
        del declared[name]
    assert set(_capi.PROTOTYPES) == set(declared)
    for name, arguments in declared.items():
        count = 0 if arguments.strip() == "void" else arguments.count(",") + 1
        assert len(_capi.PROTOTYPES[name][1]) == count, name
        assert getattr(rpmadb.library(), name) is not None


def test_the_package_has_the_version_of_the_library() -> None:
    assert importlib.metadata.version("rpmadb") == rpmadb.version()


def test_every_verb_is_a_method() -> None:
    for name in SCHEMA["verbs"]:
        owner: Any = {"open": rpmadb, "build_info": rpmadb}.get(name, rpmadb.Database)
        assert hasattr(owner, {"open": "Database"}.get(name, name)), name
        assert hasattr(rpmadb if name in ("open", "build_info") else rpmadb.aio.Database, {"open": "aio"}.get(name, name)), name


def test_every_status_has_a_class_in_its_family() -> None:
    for name, status in SCHEMA["statuses"].items():
        if status:
            assert rpmadb.status_name(status) == name
            found = rpmadb.errors.BY_STATUS[status]
            assert issubclass(found, rpmadb.errors.BY_FAMILY[status // 100])
            assert found.STATUS == status and getattr(rpmadb, found.__name__) is found
    assert rpmadb.status_name(1) == "UNKNOWN"


def test_a_status_of_a_later_version_is_of_its_family() -> None:
    later = rpmadb.errors.error_of({"status": 299, "name": "LATER", "message": "m"})
    assert type(later) is rpmadb.DatabaseError
    assert type(rpmadb.errors.error_of({"status": 1200, "name": "LATER", "message": "m"})) is rpmadb.Error


def test_a_report_keeps_what_it_does_not_know_and_misses_nothing() -> None:
    document = {"from": 1, "to": 2, "applied": [{"version": 2, "name": "n", "kind": "sql", "duration_ms": 1.5, "colour": "red"}]}
    report = reports.Migrate._read(json.loads(json.dumps({**document, "later": {"a": 1}})))
    assert report.from_ == 1 and report.applied[0].version == 2
    assert report.extra == {"later": {"a": 1}} and report.applied[0].extra == {"colour": "red"}
    assert report.to_dict() == {**document, "later": {"a": 1}}
    assert report.warnings is None  # an older library does not tell
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.to = 3  # type: ignore[misc]
    assert report == reports.Migrate._read(json.loads(json.dumps(document)))
    assert "applied=(Applied(version=2" in repr(report)


def test_reports_can_be_made_replaced_and_matched_by_hand() -> None:
    disk = reports.Disk(what="database", path="/p", free_bytes=2**63, total_bytes=1)
    assert dataclasses.replace(disk, path="/q").path == "/q"
    assert disk.to_dict() == {"what": "database", "path": "/p", "free_bytes": 2**63, "total_bytes": 1}
