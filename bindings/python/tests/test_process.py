"""Loading the library, forks, the end of the interpreter, and leaks."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path


import rpmadb
from conftest import Program

LIBRARY = os.environ["RPMADB_LIBRARY"]

# --- loading --------------------------------------------------------------------------------------------------------------


def test_the_library_beside_the_package_is_the_one_of_the_wheel(program: Program) -> None:
    done = program("import rpmadb; print(rpmadb.library().path); print(rpmadb.__file__)", RPMADB_LIBRARY="")
    library, package = map(Path, done.stdout.split())
    assert library == package.parent / "librpmadb.so", done.stderr
    assert "site-packages" in library.parts


def test_the_library_that_the_environment_names_comes_first(program: Program, folder: Path) -> None:
    shutil.copy(LIBRARY, folder / "named.so")
    done = program("import rpmadb; print(rpmadb.library())", RPMADB_LIBRARY=str(folder / "named.so"))
    assert str(folder / "named.so") in done.stdout and rpmadb.version() in done.stdout


def test_an_explicit_path_wins_and_there_is_one_library(program: Program, folder: Path) -> None:
    shutil.copy(LIBRARY, folder / "explicit.so")
    done = program(
        """
        import os, rpmadb
        assert rpmadb.load("./explicit.so").path == "./explicit.so"
        rpmadb.load(os.path.abspath("explicit.so"))
        try:
            rpmadb.load(os.environ["RPMADB_LIBRARY"])
        except ImportError as error:
            print(error)
        """
    )
    assert "loaded already" in done.stdout, done.stderr


def test_where_it_was_looked_for_is_said(program: Program, folder: Path) -> None:
    missing = program("import rpmadb; rpmadb.version()", RPMADB_LIBRARY=str(folder / "none.so"))
    assert missing.returncode == 1 and str(folder / "none.so") in missing.stderr
    shutil.copytree(Path(rpmadb.__file__).parent, folder / "rpmadb", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    nowhere = program("import rpmadb; rpmadb.version()", RPMADB_LIBRARY="", PYTHONPATH=str(folder))
    assert nowhere.returncode == 1 and "RPMADB_LIBRARY" in nowhere.stderr and "beside the package" in nowhere.stderr
    shutil.copy(LIBRARY, folder / "librpmadb.so")
    system = program(
        "import rpmadb; print(rpmadb.version())", RPMADB_LIBRARY="", PYTHONPATH=str(folder), LD_LIBRARY_PATH=str(folder)
    )
    assert system.stdout.strip() == rpmadb.version(), system.stderr


def test_a_library_of_another_abi_is_refused(program: Program, folder: Path) -> None:
    source = (
        "unsigned rpmadb_abi_version(void) { return 7; } int rpmadb_check_abi(unsigned header) { return header == 7 ? 0 : 108; }"
    )
    subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", folder / "other.so"], input=source, text=True, check=True)
    done = program(
        """
        import rpmadb
        try:
            rpmadb.Database("app.db")
        except rpmadb.AbiMismatch as error:
            print(error.status, error)
        """,
        RPMADB_LIBRARY=str(folder / "other.so"),
    )
    assert "108 ABI_MISMATCH: this package is made for ABI 1, and" in done.stdout and "has ABI 7" in done.stdout, done.stderr


def test_nothing_is_loaded_before_it_is_needed(program: Program) -> None:
    done = program("import rpmadb; print('rpmadb' in open('/proc/self/maps').read())", RPMADB_LIBRARY="/none.so")
    assert done.stdout.strip() == "False", done.stderr


# --- forks ----------------------------------------------------------------------------------------------------------------


def test_a_child_has_its_own_handles_only(program: Program) -> None:
    done = program(
        """
        import gc, os, sys, warnings
        import rpmadb

        warnings.simplefilter("error")
        db = rpmadb.Database("app.db", migrate=False)
        db.query("CREATE TABLE t (a)")
        spare = db.as_("a", "admin")
        op = rpmadb.Operation(lambda *told: None)
        pid = os.fork()
        if pid == 0:
            for use in (db.health, db.close, lambda: db.query("SELECT 1", op=op), lambda: db.as_("x", "user"), op.progress):
                try:
                    use()
                    os._exit(1)
                except rpmadb.WrongProcess:
                    pass
            del spare, op  # the finalisers do nothing
            gc.collect()
            with rpmadb.Database("app.db", migrate=False) as own:
                own.query("INSERT INTO t VALUES (1)")
                with own.transaction() as tx:
                    tx.query("INSERT INTO t VALUES (2)")
            sys.exit(42)  # and so does the end of the interpreter
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 42
        assert db.query("SELECT count(*) FROM t").rows == ((2,),)
        spare.close()
        db.close()
        print("done")
        """
    )
    assert done.stdout == "done\n" and done.returncode == 0 and done.stderr == "", done.stderr


def test_a_fork_inside_of_a_block(program: Program) -> None:
    done = program(
        """
        import os, sys
        import rpmadb

        with rpmadb.Database("app.db", migrate=False) as db:
            db.query("CREATE TABLE t (a)")
            with db.transaction() as tx:
                tx.query("INSERT INTO t VALUES (1)")
                pid = os.fork()
                if pid == 0:
                    try:
                        tx.query("INSERT INTO t VALUES (2)")
                    except rpmadb.WrongProcess:
                        os._exit(42)
                assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 42
            print(db.query("SELECT a FROM t").rows)
        """
    )
    assert done.stdout == "((1,),)\n" and done.returncode == 0, done.stderr


def test_a_child_leaves_a_block_with_an_error(program: Program) -> None:
    done = program(
        """
        import os, sys
        import rpmadb

        db = rpmadb.Database("app.db", migrate=False)
        pid = None
        try:
            with db.transaction():
                pid = os.fork()
        except rpmadb.WrongProcess:
            os._exit(42 if pid == 0 else 1)
        if pid == 0:
            os._exit(2)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        db.close()
        """
    )
    assert done.stdout == "42\n" and done.returncode == 0, done.stderr


def test_a_child_that_was_forked_inside_of_a_block_has_blocks_of_its_own(program: Program) -> None:
    done = program(
        """
        import asyncio, faulthandler, os
        import rpmadb

        async def fails(tx):
            try:
                await tx.query("SELECT 1")
            except rpmadb.WrongProcess:
                print("wrong process", flush=True)

        async def main():
            async with rpmadb.aio.Database("three.db", migrate=False) as three, three.transaction() as tx:
                pid = os.fork()
                if pid == 0:
                    faulthandler.dump_traceback_later(10, exit=True)
                    await fails(three)
                    await fails(tx)
                    os._exit(42)
                assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 42

        with rpmadb.Database("app.db", migrate=False) as db, db.transaction() as tx:
            pid = os.fork()
            if pid == 0:
                faulthandler.dump_traceback_later(10, exit=True)
                with rpmadb.Database("two.db", migrate=False) as own:
                    with own.transaction() as inner:
                        inner.query("CREATE TABLE t (a)")
                    own.query("SELECT * FROM t")
                os._exit(42)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 42
        asyncio.run(main())
        """
    )
    assert done.stdout == "wrong process\n" * 2 and done.returncode == 0 and done.stderr == "", done.stderr


def test_multiprocessing(program: Program, folder: Path) -> None:
    (folder / "work.py").write_text(
        "import rpmadb\n"
        "def work(number):\n"
        "    with rpmadb.Database('app.db', migrate=False) as db:\n"
        "        return db.query('INSERT INTO t VALUES (?)', [number]).changes\n"
    )
    done = program(
        """
        import multiprocessing, pickle, sys
        sys.path.insert(0, "")
        import rpmadb, work

        if __name__ == "__main__":
            with rpmadb.Database("app.db", migrate=False) as db:
                db.query("CREATE TABLE t (a)")
                with multiprocessing.get_context("fork").Pool(4) as pool:
                    print(sum(pool.map(work.work, range(20))))
                print(db.query("SELECT count(*) FROM t").rows)
                try:
                    pickle.dumps(db)
                except TypeError as error:
                    print(error)
        """
    )
    assert done.stdout.startswith("20\n((20,),)\na database handle belongs to its process"), done.stderr


# --- the end of the interpreter -------------------------------------------------------------------------------------------


def ends_well(program: Program, source: str) -> str:
    done = program("import rpmadb, threading, time, sys\n" + source)
    assert done.returncode == 0 and done.stderr == "", (done.returncode, done.stderr)
    return done.stdout


def test_open_handles_are_closed(program: Program, folder: Path) -> None:
    source = (
        'db = rpmadb.Database("app.db"); db.query("DELETE FROM clients"); child = db.as_("a", "user"); op = rpmadb.Operation()\n'
    )
    ends_well(program, source)
    assert not (folder / "app.db-wal").exists()  # the last handle took it away


def test_a_monitor_and_its_callback_are_stopped(program: Program) -> None:
    source = """
def told(alert):
    time.sleep(0.01)
    print(alert.key)

rpmadb.log_set(rpmadb.log.DEBUG, lambda *line: None)
db = rpmadb.Database("app.db", monitor={"tick_ms": 10, "alerts": {"disk_free_bytes": 2**60, "for_ms": 0}})
db.on_alert(told)
time.sleep(0.3)
"""
    assert "disk_space" in ends_well(program, source)


def test_a_call_on_a_daemon_thread_is_cancelled(program: Program) -> None:
    source = """
LONG = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
db = rpmadb.Database("app.db")
op = rpmadb.Operation(lambda *told: None)

def run():
    try:
        db.query(LONG, op=op)
    except rpmadb.Cancelled:
        pass

threading.Thread(target=run, daemon=True).start()
time.sleep(0.2)
"""
    ends_well(program, source)


def test_a_block_that_nobody_leaves_is_rolled_back(program: Program, folder: Path) -> None:
    source = """
db = rpmadb.Database("app.db", migrate=False)
db.query("CREATE TABLE t (a)")
block = db.transaction()
tx = block.__enter__()
tx.query("INSERT INTO t VALUES (1)")
"""
    ends_well(program, source)
    with rpmadb.Database(folder / "app.db", migrate=False) as db:
        assert db.query("SELECT a FROM t").rows == ()


def test_an_exception_that_ends_the_program_ends_it(program: Program) -> None:
    done = program("import rpmadb\ndb = rpmadb.Database('app.db')\nwith db.transaction() as tx:\n    raise SystemExit(3)")
    assert done.returncode == 3 and done.stderr == ""


def test_asyncio_that_is_left_in_the_middle(program: Program) -> None:
    source = """
import asyncio
LONG = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

async def main():
    db = await rpmadb.aio.Database("app.db", migrate=False)
    asyncio.ensure_future(db.query(LONG))
    await asyncio.sleep(0.2)

asyncio.run(main())
time.sleep(0.2)  # until the thread of the call has let go of it, or it is closed by the end without a word
print("left")
"""
    done = program("import rpmadb, threading, time, sys\n" + source)
    assert done.returncode == 0 and done.stdout == "left\n" and "unclosed <rpmadb.Database" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def test_asyncio_without_a_loop_that_is_left_with_a_call(program: Program) -> None:
    source = """
import asyncio
LONG = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

async def begin():
    return await rpmadb.aio.Database("app.db", migrate=False)

loop = asyncio.new_event_loop()
db = loop.run_until_complete(begin())
task = loop.create_task(db.query(LONG))
loop.run_until_complete(asyncio.sleep(0.2))
print("left")
"""
    done = program("import rpmadb\n" + source)
    assert done.returncode == 0 and done.stdout == "left\n" and "Traceback" not in done.stderr, done.stderr


def test_a_function_that_does_not_return_does_not_keep_the_interpreter(program: Program, folder: Path) -> None:
    source = """
stuck = rpmadb.Database("stuck.db", migrate=False)
db = rpmadb.Database("app.db", migrate=False)
db.query("CREATE TABLE t (a)")
threading.Thread(target=lambda: stuck.transact(lambda tx: time.sleep(1e6)), daemon=True).start()
time.sleep(0.2)
"""
    begun = time.monotonic()
    ends_well(program, source)
    assert time.monotonic() - begun < 20
    assert not (folder / "app.db-wal").exists()  # the other one was closed


def test_a_function_that_does_not_return_of_asyncio(program: Program) -> None:
    source = """
import asyncio

async def begin():
    return await rpmadb.aio.Database("app.db", migrate=False)

loop = asyncio.new_event_loop()
db = loop.run_until_complete(begin())
task = loop.create_task(db.transact(lambda tx: time.sleep(1e6)))
loop.run_until_complete(asyncio.sleep(0.2))
print("left")
"""
    done = program("import rpmadb, time\n" + source)
    assert done.returncode == 0 and done.stdout == "left\n" and "Traceback" not in done.stderr, done.stderr


def test_a_thread_that_outlives_the_main_one_keeps_its_database(program: Program) -> None:
    source = """
db = rpmadb.Database("app.db", migrate=False)

def run():
    time.sleep(0.3)
    with rpmadb.Database("other.db", migrate=False) as other:
        print(db.query("SELECT 1").rows, other.query("SELECT 2").rows)

threading.Thread(target=run).start()
"""
    assert ends_well(program, source) == "((1,),) ((2,),)\n"


# --- leaks ----------------------------------------------------------------------------------------------------------------


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def round_of_calls(folder: Path) -> None:
    with rpmadb.Database(folder / "app.db", migrate=False, pool={"min_idle": 0}) as db, db.as_("eva", "supervisor") as eva:
        db.add_step(1, "one", lambda tx: None)
        eva.query("SELECT ?, ?", ["x" * 1000, 1])
        db.health()
        db.on_alert(lambda alert: None)
        with rpmadb.Operation(lambda *told: None, timeout_ms=1000) as op:
            db.query("SELECT 1", op=op)
            op.progress()
        try:
            db.query("SELEKT")
        except rpmadb.Sql:
            pass
        db.transact(lambda tx: tx.query("SELECT 1"))
        with db.transaction() as tx:
            tx.query("SELECT 1")


def test_nothing_leaks(folder: Path) -> None:
    from rpmadb import _callbacks, _handles

    def state() -> "tuple[int, int, int, int]":
        gc.collect()
        return len(os.listdir("/proc/self/fd")), threading.active_count(), len(_callbacks._functions), len(_handles._live)

    for _ in range(60):
        round_of_calls(folder)
    begun, before = state(), resident()
    for _ in range(400):
        round_of_calls(folder)
    descriptors, *rest = state()
    assert rest == list(begun[1:])
    assert descriptors <= begun[0] + 8  # the library keeps those of as many files that it has closed
    assert resident() - before < 4_000_000


def test_large_answers_do_not_leak(db: rpmadb.Database) -> None:
    def fetch() -> None:
        assert len(db.query("SELECT zeroblob(1000000)")[0][0]) == 1_000_000

    for _ in range(20):
        fetch()
    before = resident()
    for _ in range(200):
        fetch()
    assert resident() - before < 20_000_000


def test_the_interpreter_is_one_that_is_supported() -> None:
    assert sys.version_info >= (3, 9)
