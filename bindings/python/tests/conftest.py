from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Callable, Iterator

import pytest

import rpmadb

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[2]  # beside include/ and bindings/


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def db(folder: Path) -> Iterator[rpmadb.Database]:
    """An open database without migrations, and an empty table t(a)."""
    with rpmadb.Database(folder / "app.db", migrate=False) as opened:
        opened.query("CREATE TABLE t (a)")
        yield opened


Program = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def program(folder: Path) -> Program:
    """Runs a program in an interpreter of its own, in the folder, and gives back how it ended."""

    def run(source: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        # Not the checkout's package: what is installed.
        settings = {**os.environ, "PYTHONWARNINGS": "default", **environment}
        command = [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(source)]
        settings = {name: value for name, value in settings.items() if value}
        return subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, timeout=60)

    return run
