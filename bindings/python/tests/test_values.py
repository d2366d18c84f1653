"""Values, texts and reports as Python has them."""

from __future__ import annotations

import copy
import math
import pickle
from pathlib import Path
from typing import Any

import pytest

import rpmadb


@pytest.mark.parametrize(
    "value",
    [
        0,
        -1,
        2**53 + 1,
        2**63 - 1,
        -(2**63),
        0.1,
        -0.0,
        5e-324,
        math.inf,
        -math.inf,
        "",
        "naïve \0 日本 \U0001f600",
        b"",
        b"\0\xff",
        None,
    ],
)
def test_a_value_survives_the_way_there_and_back(db: rpmadb.Database, value: Any) -> None:
    ((back,),) = db.query("SELECT ?", [value])
    assert type(back) is type(value) and back == value
    ((back,),) = db.query("SELECT :v", {"v": value})
    assert type(back) is type(value) and back == value


def test_infinity_as_a_text_stays_one(db: rpmadb.Database) -> None:
    ((text, number, blob),) = db.query("SELECT ?, ?, ?", ("Infinity", math.inf, b"Infinity"))
    assert (text, number, blob) == ("Infinity", math.inf, b"Infinity")


def test_other_types_of_the_language(db: rpmadb.Database, folder: Path) -> None:
    ((a, b, c),) = db.query("SELECT ?, ?, ?", (bytearray(b"a"), memoryview(b"b"), folder))
    assert (a, b, c) == (b"a", b"b", str(folder))
    with pytest.raises(TypeError, match="complex"):
        db.query("SELECT ?", [1j])


def test_what_does_not_fit_is_refused_and_never_cut(db: rpmadb.Database) -> None:
    with pytest.raises(rpmadb.InvalidArgument, match="NUL"):
        db.query("SELECT 1 -- \0 ; DROP TABLE t")
    with pytest.raises(ValueError):
        db.query("SELECT \0")
    with pytest.raises(rpmadb.InvalidArgument):
        db.query("SELECT ?", [2**63])
    with pytest.raises(rpmadb.InvalidArgument):
        db.query("SELECT ?", [math.nan])
    with pytest.raises(rpmadb.InvalidArgument, match="64 bits"):
        db.rollback(2**64)
    with pytest.raises(rpmadb.InvalidUtf8):
        db.query("SELECT '\ud800'")
    with pytest.raises(rpmadb.InvalidArgument, match="64 bits"):
        rpmadb.Operation(timeout_ms=-1)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**64, 2**70, -(2**64), 10**400])
def test_an_integer_of_more_than_64_bits_is_refused_and_not_rounded(db: rpmadb.Database, number: int) -> None:
    class Like:
        def __index__(self) -> int:
            return number

    for values in ([number], (1, number), {"v": number}, [Like()]):
        with pytest.raises(rpmadb.InvalidArgument, match="64 bits"):
            db.query("SELECT :v" if isinstance(values, dict) else "SELECT ?" + ", ?" * (len(values) - 1), values)
    with pytest.raises(rpmadb.InvalidArgument):
        db.query("SELECT ?", 5)  # type: ignore[arg-type]


def test_a_query_is_a_sequence_and_shows_itself_as_a_table(db: rpmadb.Database) -> None:
    report = db.query("SELECT 1 AS one, NULL AS none, '<b>\u001b[1m' AS text UNION ALL SELECT 22, x'00ff', 'x'")
    assert [row[0] for row in report] == [1, 22] and len(report) == 2 and report[1][1] == b"\x00\xff"
    assert next(report.dicts()) == {"one": 1, "none": None, "text": "<b>\x1b[1m"}
    assert repr(report).splitlines()[0].split() == ["one", "none", "text"]
    assert "x'00ff'" in repr(report) and repr(report).endswith("(2 rows)") and "\x1b" not in repr(report)
    page = report._repr_html_()
    assert "<th>one</th>" in page and "&lt;b&gt;" in page and "<b>" not in page and "\x1b" not in page
    many = db.query("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) SELECT i FROM n")
    assert (
        "50 rows, the first 20 shown" in repr(many)
        and "<td>20</td>" in many._repr_html_()
        and "<td>21</td>" not in many._repr_html_()
    )
    assert "1 changed" in repr(db.query("INSERT INTO t VALUES (1)"))
    assert db.query("SELECT 1 WHERE 0") and "(0 rows)" in repr(db.query("SELECT 1 WHERE 0"))


def test_reports_are_values(db: rpmadb.Database) -> None:
    report = db.query("SELECT 1, x'00'")
    assert (
        pickle.loads(pickle.dumps(report)) == report and copy.deepcopy(report) == report and hash(report) == hash(copy.copy(report))
    )


def test_errors_are_values_and_tell_where(folder: Path) -> None:
    (folder / "m").mkdir()
    (folder / "m" / "001_a.sql").write_text("CREATE TABLE a (x);\n\tCREATE TABEL b (y);\n")
    with pytest.raises(rpmadb.MigrationFailed) as caught:
        rpmadb.Database(folder / "app.db", migrations=str(folder / "m"))
    error = pickle.loads(pickle.dumps(caught.value))
    assert type(error) is rpmadb.MigrationFailed and error.to_dict() == caught.value.to_dict()
    assert isinstance(error, rpmadb.MigrationError) and isinstance(error, rpmadb.Error)
    assert (error.status, error.name, error.file, error.line, error.statement, error.version) == (
        300,
        "MIGRATION_FAILED",
        "001_a.sql",
        2,
        2,
        1,
    )
    lines = str(error).splitlines()
    assert lines[0] == f"MIGRATION_FAILED: {error.message}" and lines[1] == "  \tCREATE TABEL b (y);" and lines[2].endswith("^")
    assert error.column is not None
    assert lines[2].index("^") - 2 == error.column - 1 and lines[2].startswith("  \t") and lines[3] == f"hint: {error.hint}"


def test_a_changed_migration_shows_its_lines(folder: Path) -> None:
    (folder / "m").mkdir()
    file = folder / "m" / "001_a.sql"
    file.write_text("CREATE TABLE a (x);\n")
    rpmadb.Database(folder / "app.db", migrations=str(folder / "m")).close()
    file.write_text("CREATE TABLE a (y);\n")
    with pytest.raises(rpmadb.MigrationChanged) as caught:
        rpmadb.Database(folder / "app.db", migrations=str(folder / "m"))
    (change,) = caught.value.changes
    assert change.line == 1 and change.before == "CREATE TABLE a (x);" and change.after == "CREATE TABLE a (y);"


def test_functions_without_a_handle(folder: Path, db: rpmadb.Database) -> None:
    info = rpmadb.build_info()
    assert info.version == rpmadb.version() and info.abi_version == rpmadb.abi_version() == rpmadb.errors.ABI_VERSION
    document = '{"a": [9007199254740993, 1.5, "x"]}'
    assert rpmadb.json_int(document, "/a/0") == 9007199254740993
    assert rpmadb.json_real(document, "/a/1") == 1.5 and rpmadb.json_text(document, "/a/2") == "x"
    with pytest.raises(rpmadb.NotFound):
        rpmadb.json_int(document, "/b")
    with pytest.raises(rpmadb.InvalidArgument):
        rpmadb.json_text(document, "/a/0")


def test_a_lost_database_is_brought_back(folder: Path) -> None:
    with rpmadb.Database(folder / "app.db", migrate=False) as db:
        db.query("CREATE TABLE kept (a)")
        db.backup(folder / "one.db")
    (folder / "app.db").unlink()
    report = rpmadb.restore_file(folder / "app.db", folder / "one.db", open_options={"migrate": False})
    assert report.database_path == str(folder / "app.db")
    with rpmadb.Database(folder / "app.db", migrate=False) as db:
        assert [one.name for one in db.schema().objects] == ["kept"]
    with pytest.raises(rpmadb.NotFound):
        rpmadb.restore_file(folder / "app.db", folder / "none.db")


def test_metrics_in_both_forms(folder: Path) -> None:
    with rpmadb.Database(folder / "app.db", migrate=False, metrics=True) as db:
        figures = db.metrics()
        assert isinstance(figures, rpmadb.reports.Figures) and figures.enabled
        text = db.metrics(format="prometheus")
        assert isinstance(text, rpmadb.reports.MetricsText) and "# TYPE" in text.text
