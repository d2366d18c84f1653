"""What a call adds over the same call from C, in microseconds: medians of rounds in turn, in one run.

RPMADB_LIBRARY names the library; RPMADB_SCRATCH is where the C program is built. Exits with 1 when a query adds more than the limit
in three runs: a machine that does something else, too, is slow at times.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Dict, List

import rpmadb

LIMIT_US = 20.0
ROUNDS, CALLS = 15, 500
HERE = Path(__file__).resolve().parent


def build() -> Path:
    library = Path(os.environ["RPMADB_LIBRARY"]).resolve()
    program = Path(os.environ.get("RPMADB_SCRATCH", tempfile.gettempdir())) / "bench"
    include = HERE.parents[1] / "include"
    command = [
        "gcc",
        "-O2",
        f"-I{include}",
        str(HERE / "bench.c"),
        str(library),
        f"-Wl,-rpath,{library.parent}",
        "-o",
        str(program),
    ]
    subprocess.run(command, check=True)
    return program


def timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - begun) / CALLS * 1e6


def within_limit() -> bool:
    within = True
    with tempfile.TemporaryDirectory() as folder, rpmadb.Database(Path(folder) / "python.db") as db:
        calls: Dict[str, Callable[[], object]] = {"query": lambda: db.query("SELECT 1"), "health": db.health}
        with subprocess.Popen(
            [build(), Path(folder) / "c.db", str(CALLS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as peer:
            assert peer.stdin is not None and peer.stdout is not None
            for name, call in calls.items():
                ours: List[float] = []
                theirs: List[float] = []
                for _ in range(ROUNDS):
                    ours.append(timed(call))
                    print(name, file=peer.stdin, flush=True)
                    theirs.append(float(peer.stdout.readline()))
                added = statistics.median(ours) - statistics.median(theirs)
                within &= name != "query" or added <= LIMIT_US
                print(f"{name}: C {statistics.median(theirs):.1f} us, Python {statistics.median(ours):.1f} us, adds {added:.1f} us")
            peer.stdin.close()
    return within


def main() -> int:
    return 0 if any(within_limit() for _ in range(3)) else 1


if __name__ == "__main__":
    sys.exit(main())
