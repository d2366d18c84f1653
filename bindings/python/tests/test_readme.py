"""The examples of the README run, one after the other in one folder, and the package says what it is typed as."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import HERE

README = (HERE.parent / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", README, flags=re.S | re.M)


def test_the_examples_run(folder: Path) -> None:
    assert len(EXAMPLES) >= 6
    (folder / "migrations").mkdir()
    (folder / "migrations" / "001_parts.sql").write_text("CREATE TABLE parts (id INTEGER PRIMARY KEY, name TEXT, price REAL);\n")
    (folder / "backups").mkdir()
    for number, example in enumerate(EXAMPLES):
        (folder / f"example{number}.py").write_text(example)
        done = subprocess.run(
            [sys.executable, "-W", "error", f"example{number}.py"], cwd=folder, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0 and done.stderr == "", (example, done.stderr)
        for said in re.findall(r"print\(.*\)  # (.*)$", example, flags=re.M):
            assert said in done.stdout.splitlines(), (said, done.stdout)


def test_the_examples_and_the_package_are_typed(folder: Path) -> None:
    for number, example in enumerate(EXAMPLES):
        (folder / f"example{number}.py").write_text(example)
    files = [f"example{number}.py" for number in range(len(EXAMPLES))]
    command = [sys.executable, "-m", "mypy", "--strict", "--python-version", "3.9", "--no-incremental"]
    done = subprocess.run([*command, *files], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    (folder / "wrong.py").write_text(
        "import rpmadb\n"
        "db = rpmadb.Database('app.db')\n"
        "db.health().scores\n"
        "db.stats(estimat=True)\n"
        "db.as_('eva', 'owner')\n"
        "n: str = db.stats().size_bytes\n"
        "rpmadb.Database('a', pool={'maxx': 1})\n"
    )
    done = subprocess.run([*command, "wrong.py"], cwd=folder, capture_output=True, text=True)
    assert {line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line} == {"3", "4", "5", "6", "7"}, done.stdout


@pytest.mark.parametrize("word", ["asyncio", "fork", "coexist", "RPMADB_LIBRARY", "Rollback", "Operation"])
def test_the_readme_speaks_of(word: str) -> None:
    assert word in README
