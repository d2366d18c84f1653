"""Functions of the host in calls: progress, cancel, steps, transactions, alerts, log lines; and threads."""

from __future__ import annotations

import gc
import logging
import signal
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Iterator, List

import pytest

import rpmadb
from rpmadb import _callbacks, _handles

# Long enough that something must stop it.
LONG = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


class Thrown(Exception):
    pass


def thrower(*_: Any) -> Any:
    raise Thrown("by a function of the host")


@pytest.fixture
def big(db: rpmadb.Database) -> rpmadb.Database:
    db.query(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO t SELECT randomblob(200) FROM n"
    )
    return db


# --- operations -----------------------------------------------------------------------------------------------------------


def test_progress_is_told(big: rpmadb.Database, folder: Path) -> None:
    seen: List[Any] = []
    with rpmadb.Operation(lambda done, total, stage: seen.append((done, total, stage))) as op:
        big.backup(folder / "one.db", step_pages=100, op=op)
        last = op.progress()
    assert len(seen) > 5 and all(done <= total for done, total, _ in seen if total) and any(stage for _, _, stage in seen)
    assert last.done == last.total and not last.cancelled


def test_an_answer_that_is_not_zero_stops_the_call(big: rpmadb.Database, folder: Path) -> None:
    with rpmadb.Operation(lambda done, total, stage: True) as op, pytest.raises(rpmadb.Cancelled):
        big.backup(folder / "one.db", step_pages=100, op=op)
    assert not (folder / "one.db").exists()


@pytest.mark.parametrize("kind", [Thrown, KeyboardInterrupt])
def test_an_exception_in_progress_stops_the_call_and_is_raised(big: rpmadb.Database, folder: Path, kind: Any) -> None:
    def throws(done: int, total: int, stage: str) -> None:
        raise kind("stop")

    with rpmadb.Operation(throws) as op, pytest.raises(kind, match="stop") as caught:
        big.backup(folder / "one.db", step_pages=100, op=op)
    assert isinstance(caught.value.__cause__, rpmadb.Cancelled)
    assert not (folder / "one.db").exists()
    big.backup(folder / "one.db")  # the handle is as good as before


def test_an_operation_whose_function_threw_is_good_again(big: rpmadb.Database, folder: Path) -> None:
    with rpmadb.Operation(thrower) as op:
        with pytest.raises(Thrown):
            big.backup(folder / "one.db", step_pages=100, op=op)
        op.on_progress(None)
        with pytest.raises(rpmadb.Cancelled):  # it was cancelled, and stays so
            big.backup(folder / "one.db", op=op)


def test_cancel_from_another_thread(db: rpmadb.Database) -> None:
    with rpmadb.Operation() as op:
        threading.Timer(0.1, op.cancel).start()
        begun = time.monotonic()
        with pytest.raises(rpmadb.Cancelled):
            db.query(LONG, op=op)
        assert time.monotonic() - begun < 3
        assert op.progress().cancelled


def test_a_time_out(db: rpmadb.Database) -> None:
    with rpmadb.Operation(timeout_ms=50) as op:
        with pytest.raises(rpmadb.Timeout):
            db.query(LONG, op=op)
        op.set_timeout_ms(0)
        db.query("SELECT 1", op=op)


def test_a_closed_operation(db: rpmadb.Database) -> None:
    op = rpmadb.Operation(thrower)
    op.close()
    op.close()
    assert "closed" in repr(op)
    for use in (op.cancel, op.progress, lambda: op.on_progress(None), lambda: db.query("SELECT 1", op=op)):
        with pytest.raises(rpmadb.StaleHandle):
            use()


# --- steps ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def steps(folder: Path) -> Iterator[rpmadb.Database]:
    (folder / "migrations").mkdir()
    with rpmadb.Database(folder / "app.db", migrations=str(folder / "migrations"), migrate=False) as db:
        yield db


def test_a_step_goes_up_and_down(steps: rpmadb.Database) -> None:
    kept: List[rpmadb.Database] = []

    def down(tx: rpmadb.Database) -> None:
        tx.query("DROP TABLE parts")

    @steps.step(1, "parts", down=down)
    def up(tx: rpmadb.Database) -> None:
        kept.append(tx)
        tx.query("CREATE TABLE parts (id INTEGER PRIMARY KEY)")
        tx.query("INSERT INTO parts VALUES (?)", [7])

    assert callable(up)
    report = steps.migrate()
    assert [(one.version, one.name, one.kind) for one in report.applied] == [(1, "parts", "host")]
    assert steps.query("SELECT id FROM parts").rows == ((7,),)
    with pytest.raises(rpmadb.StaleHandle):
        kept[0].query("SELECT 1")
    kept[0].close()  # was never its own
    assert steps.rollback(0).to == 0
    assert steps.schema().objects == ()


def test_a_step_that_throws_undoes_the_run_which_raises_it(steps: rpmadb.Database) -> None:
    steps.add_step(1, "good", lambda tx: tx.query("CREATE TABLE good (a)"))

    @steps.step(2, "bad")
    def bad(tx: rpmadb.Database) -> None:
        tx.query("CREATE TABLE bad (a)")
        tx.query("SELEKT")

    with pytest.raises(rpmadb.Sql) as caught:
        steps.migrate()
    assert isinstance(caught.value.__cause__, rpmadb.MigrationFailed) and caught.value.__cause__.version == 2
    assert steps.schema().objects == ()


def test_a_step_runs_through_another_handle(steps: rpmadb.Database) -> None:
    ran: List[int] = []
    steps.add_step(1, "one", lambda tx: ran.append(1))
    with steps.as_("eva", "admin") as other:
        steps.close()
        gc.collect()
        other.migrate()
    assert ran == [1]


def test_steps_are_let_go_of_with_the_last_handle(steps: rpmadb.Database) -> None:
    before = len(_callbacks._functions)
    steps.add_step(1, "one", lambda tx: None)
    with pytest.raises(rpmadb.InvalidArgument):
        steps.add_step(1, "again", lambda tx: None)
    assert len(_callbacks._functions) == before + 1
    second = steps.as_("a", "admin")
    steps.close()
    assert len(_callbacks._functions) == before + 1
    second.close()
    assert len(_callbacks._functions) == before


def test_a_step_that_throws_inside_of_a_script(steps: rpmadb.Database) -> None:
    steps.add_step(1, "bad", thrower)
    with pytest.raises(Thrown):
        steps.script("db:migrate()")
    assert steps.script("return pcall(db.migrate, db)").result is not None
    with pytest.raises(rpmadb.ScriptFailed):  # and not what the script before took care of
        steps.script("error('its own')")


def test_a_call_that_succeeds_keeps_its_report_though_a_step_threw(steps: rpmadb.Database) -> None:
    steps.add_step(1, "bad", thrower)
    assert steps.test().problems
    with pytest.raises(Thrown):
        steps.migrate()


def test_ctrl_c_in_a_step_is_never_lost(steps: rpmadb.Database) -> None:
    def interrupted(tx: rpmadb.Database) -> None:
        raise KeyboardInterrupt

    steps.add_step(1, "interrupted", interrupted)
    with pytest.raises(KeyboardInterrupt):
        steps.test()


# --- transactions ---------------------------------------------------------------------------------------------------------


def test_a_block_commits(db: rpmadb.Database) -> None:
    block = db.transaction()
    with block as tx:
        tx.query("INSERT INTO t VALUES (1)")
        assert tx.query("SELECT count(*) FROM t").rows == ((1,),)
    assert block.report is not None and block.report.committed
    assert db.query("SELECT a FROM t").rows == ((1,),)
    with pytest.raises(rpmadb.StaleHandle):
        tx.query("SELECT 1")
    with pytest.raises(RuntimeError), block:
        pass


def test_an_exception_rolls_a_block_back(db: rpmadb.Database) -> None:
    with pytest.raises(Thrown), db.transaction() as tx:
        tx.query("INSERT INTO t VALUES (1)")
        thrower()
    block = db.transaction()
    with block as tx:
        tx.query("INSERT INTO t VALUES (1)")
        raise rpmadb.Rollback
    assert block.report is not None and not block.report.committed
    assert db.query("SELECT a FROM t").rows == ()


def test_other_handles_are_refused_inside_of_a_block_at_once(db: rpmadb.Database, folder: Path) -> None:
    with rpmadb.Database(folder / "other.db", migrate=False) as other, db.transaction() as tx:
        begun = time.monotonic()
        with pytest.raises(rpmadb.Reentrant):
            db.query("INSERT INTO t VALUES (1)")
        with pytest.raises(rpmadb.Reentrant):
            db.close()
        with pytest.raises(rpmadb.Reentrant), db.transaction():
            pass
        with pytest.raises(rpmadb.Unsupported), tx.transaction():
            pass
        with other.transaction() as second:
            second.query("CREATE TABLE o (a)")
            tx.query("INSERT INTO t VALUES (2)")
        assert other.query("SELECT count(*) FROM o").rows == ((0,),)
        assert time.monotonic() - begun < 2
    assert db.query("SELECT a FROM t").rows == ((2,),)


def test_a_block_that_cannot_begin(db: rpmadb.Database) -> None:
    db.close()
    with pytest.raises(rpmadb.StaleHandle), db.transaction():
        raise AssertionError("not reached")
    assert rpmadb.database._thread.loop is None


def test_a_block_that_is_interrupted_while_it_waits_for_its_turn(folder: Path) -> None:
    held, hold = threading.Event(), threading.Event()

    def body(tx: rpmadb.Database) -> None:
        held.set()
        hold.wait(30)

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with rpmadb.Database(folder / "app.db", migrate=False, busy_timeout_ms=20_000) as db:
        db.query("CREATE TABLE t (a)")
        holder = threading.Thread(target=db.transact, args=(body,), daemon=True)
        holder.start()
        assert held.wait(10)
        before = signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            with pytest.raises(KeyboardInterrupt), db.transaction():
                raise AssertionError("not reached")
        finally:
            signal.signal(signal.SIGALRM, before)
        assert rpmadb.database._thread.loop is None
        hold.set()
        holder.join(10)
        with rpmadb.Database(folder / "app.db", migrate=False, busy_timeout_ms=2000) as other:
            other.query("INSERT INTO t VALUES (1)")
        # In a thread, so that a failure does not hang.
        closing = threading.Thread(target=db.close, daemon=True)
        closing.start()
        closing.join(10)
        assert db.closed


def test_a_block_whose_operation_is_cancelled_rolls_back(db: rpmadb.Database) -> None:
    with rpmadb.Operation() as op, pytest.raises(rpmadb.Cancelled), db.transaction(op) as tx:
        tx.query("INSERT INTO t VALUES (1)")
        op.cancel()
    assert db.query("SELECT a FROM t").rows == ()


def test_a_handle_of_a_block_ends_with_it(db: rpmadb.Database) -> None:
    with db.transaction() as tx:
        child = tx.as_("eva", "supervisor")
        assert child.query("SELECT count(*) FROM t").rows == ((0,),)
        with pytest.raises(rpmadb.Denied):
            child.query("INSERT INTO t VALUES (1)")
    with pytest.raises(rpmadb.StaleHandle):
        child.query("SELECT 1")
    child.close()


def test_transact_calls_a_function_on_this_thread(db: rpmadb.Database) -> None:
    def body(tx: rpmadb.Database) -> str:
        tx.query("INSERT INTO t VALUES (1)")
        with pytest.raises(rpmadb.Reentrant):
            db.query("SELECT 1")
        return threading.current_thread().name

    assert db.transact(body) == threading.current_thread().name
    with pytest.raises(Thrown):
        db.transact(thrower)

    def undone(tx: rpmadb.Database) -> None:
        tx.query("DELETE FROM t")
        raise rpmadb.Rollback

    assert db.transact(undone) is None
    assert db.query("SELECT a FROM t").rows == ((1,),)


# --- handles --------------------------------------------------------------------------------------------------------------


def test_roles(folder: Path) -> None:
    with rpmadb.Database(folder / "app.db") as db, db.as_("eva", "supervisor") as eva, db.as_("uwe", "user") as uwe:
        assert "eva as supervisor" in repr(eva)
        assert eva.stats().size_bytes > 0
        with pytest.raises(rpmadb.Denied):
            eva.query("DELETE FROM clients")
        with pytest.raises(rpmadb.Denied):
            uwe.health()
        with pytest.raises(rpmadb.Denied):
            eva.as_("eva", "admin")
        db.close()
        assert eva.stats().size_bytes > 0  # stays good


def test_use_after_close_and_closing_twice(db: rpmadb.Database) -> None:
    child = db.as_("a", "admin")
    db.close()
    db.close()
    assert db.closed and "closed" in repr(db)
    for use in (
        db.health,
        lambda: db.query("SELECT 1"),
        lambda: db.as_("x", "user"),
        lambda: db.transact(thrower),
        lambda: db.on_alert(None),
    ):
        with pytest.raises(rpmadb.StaleHandle):
            use()
    child.close()


def test_closing_on_many_threads_at_once(folder: Path) -> None:
    failed: List[BaseException] = []
    for _ in range(20):
        db = rpmadb.Database(folder / "app.db", migrate=False)

        def close(db: rpmadb.Database = db) -> None:
            try:
                db.close()
                assert db.closed  # each waits for the one that does it
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=close) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert not failed


def test_closing_inside_of_a_function_while_another_thread_closes(db: rpmadb.Database) -> None:
    other = threading.Thread(target=db.close, daemon=True)

    def body(tx: rpmadb.Database) -> None:
        other.start()
        time.sleep(0.2)
        try:
            db.close()  # must not wait for the one that waits for this function
        except rpmadb.Reentrant:
            pass

    begun = time.monotonic()
    try:
        db.transact(body)
    except rpmadb.Cancelled:
        pass
    other.join(10)
    assert db.closed and time.monotonic() - begun < 5


def test_closing_cancels_what_runs(db: rpmadb.Database) -> None:
    failed: List[BaseException] = []

    def run() -> None:
        try:
            db.query(LONG)
        except rpmadb.Error as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.1)
    db.close()
    thread.join(5)
    assert [type(error) for error in failed] == [rpmadb.Cancelled]


def test_a_thousand_calls_at_once(db: rpmadb.Database) -> None:
    def call(number: int) -> Any:
        if number % 10 == 0:
            db.query("INSERT INTO t VALUES (?)", [number])
        return db.query("SELECT ?", [number]).rows[0][0]

    with ThreadPoolExecutor(50) as threads:
        assert list(threads.map(call, range(1000))) == list(range(1000))
    assert db.query("SELECT count(*) FROM t").rows == ((100,),)


def test_an_open_handle_that_is_collected_is_closed(folder: Path) -> None:
    opened = rpmadb.Database(folder / "app.db", migrate=False)
    owner = opened._owner
    with pytest.warns(ResourceWarning, match="unclosed <rpmadb.Database .*app.db"):
        del opened
        gc.collect()
    assert not owner.open
    stale = rpmadb.library().rpmadb_health(owner.number, None, None, None)
    assert stale == rpmadb.StaleHandle.STATUS


def test_it_is_closed_also_where_warnings_are_errors(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: List[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: seen.append(told.exc_type))
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: seen.append(kind))
    opened = rpmadb.Database(folder / "app.db", migrate=False)
    owner = opened._owner
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del opened
        gc.collect()
    assert not owner.open and seen == [ResourceWarning]


def test_a_handle_that_is_collected_inside_of_a_callback_is_closed_after_it(db: rpmadb.Database) -> None:
    child = [db.as_("a", "admin")]
    owner = child[0]._owner

    def body(tx: rpmadb.Database) -> None:
        with pytest.warns(ResourceWarning):
            child.clear()
            gc.collect()
        assert owner.open  # the library refuses it here

    db.transact(body)
    assert not owner.open and not _handles._late


# --- alerts and log lines -------------------------------------------------------------------------------------------------


def alerts_of(db: rpmadb.Database, function: Any) -> None:
    db.on_alert(function)
    # A disk is never as free as this.
    db.monitor_start(tick_ms=10, alerts={"disk_free_bytes": 2**60, "for_ms": 0})


def test_an_alert_is_told(db: rpmadb.Database) -> None:
    told: List[Any] = []
    came = threading.Event()

    def function(alert: rpmadb.reports.Alert) -> None:
        try:
            db.query("SELECT 1")
        except rpmadb.Error as error:
            told.append((alert, error))
        came.set()

    alerts_of(db, function)
    assert came.wait(10)
    db.on_alert(None)
    db.monitor_stop()
    assert any(alert.rule == "disk_space" for alert, _ in told)
    assert all(isinstance(error, rpmadb.Reentrant) for _, error in told)


def test_an_exception_in_an_alert_is_told_and_does_no_harm(db: rpmadb.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    came = threading.Event()
    seen: List[Any] = []

    def hook(told: Any) -> None:
        seen.append(told)
        came.set()

    monkeypatch.setattr(sys, "unraisablehook", hook)
    alerts_of(db, thrower)
    assert came.wait(10)
    db.monitor_stop()
    assert seen[0].exc_type is Thrown and "alert" in seen[0].err_msg


def test_log_lines(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    lines: List[Any] = []
    rpmadb.log_set(rpmadb.log.DEBUG, lambda *line: lines.append(line))
    try:
        rpmadb.Database(folder / "app.db").close()
        assert lines and all(1 <= level <= 4 and target and message for level, target, message in lines)
        with caplog.at_level(logging.DEBUG, "rpmadb"):
            rpmadb.log_to()
            rpmadb.Database(folder / "two.db").close()
        assert any(record.name.startswith("rpmadb") for record in caplog.records)
    finally:
        rpmadb.log_set(rpmadb.log.OFF, None)
    count = len(lines)
    rpmadb.Database(folder / "three.db").close()
    assert len(lines) == count
    with pytest.raises(rpmadb.InvalidArgument):
        rpmadb.log_set(9, print)


def test_an_exception_in_a_log_function_does_no_harm(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: List[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", seen.append)
    rpmadb.log_set(rpmadb.log.DEBUG, thrower)
    try:
        rpmadb.Database(folder / "app.db").close()
    finally:
        rpmadb.log_set(rpmadb.log.OFF, None)
    assert seen and seen[0].exc_type is Thrown
