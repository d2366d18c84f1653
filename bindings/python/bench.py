"""What a call adds over the same call from C, in microseconds: medians, by turns in one run.

RPMADB_LIBRARY names the library; RPMADB_SCRATCH is where the C program is built. `bench.sh` runs it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Callable, Dict, List

import rpmadb

TURNS, CALLS = 5, 5000
HERE = Path(__file__).resolve().parent


def build() -> Path:
    library = Path(os.environ["RPMADB_LIBRARY"]).resolve()
    program = Path(os.environ.get("RPMADB_SCRATCH", tempfile.gettempdir())) / "loop"
    include = HERE.parents[1] / "include"
    source = HERE.parent / "c" / "loop.c"
    command = ["gcc", "-O2", f"-I{include}", str(source), str(library), f"-Wl,-rpath,{library.parent}", "-o", str(program)]
    subprocess.run(command, check=True)
    return program


def timed(call: Callable[[], object]) -> float:
    took: List[float] = []
    for _ in range(CALLS):
        begun = time.perf_counter()
        call()
        took.append((time.perf_counter() - begun) * 1e6)
    return statistics.median(took)


def main() -> None:
    loop = build()
    with tempfile.TemporaryDirectory() as folder, rpmadb.Database(Path(folder) / "python.db") as db:
        calls: Dict[str, Callable[[], object]] = {"query": lambda: db.query("SELECT 1"), "health": db.health}
        for name, call in calls.items():
            ours: List[float] = []
            theirs: List[float] = []
            for _ in range(TURNS):
                said = subprocess.run([loop, Path(folder) / "c.db", name], stdout=subprocess.PIPE, check=True).stdout
                theirs.append(float(said) / 1e3)
                ours.append(timed(call))
            c, python = statistics.median(theirs), statistics.median(ours)
            print(f"{name:<36} C {c:6.1f} us   Python {python:6.1f} us   adds {python - c:5.1f} us")


if __name__ == "__main__":
    main()
