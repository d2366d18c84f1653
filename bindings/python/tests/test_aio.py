"""The same for asyncio."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any, Awaitable, Callable, List

import pytest

import rpmadb
from rpmadb import aio
from test_calls import LONG, Thrown, thrower


def run(folder: Path, body: Callable[[aio.Database], Awaitable[None]]) -> None:
    async def main() -> None:
        async with aio.Database(folder / "app.db", migrate=False) as db:
            await db.query("CREATE TABLE t (a)")
            await body(db)
        assert db.closed

    asyncio.run(main())


def test_calls(folder: Path) -> None:
    async def body(db: aio.Database) -> None:
        assert db.opened is not None and db.opened.created
        assert (await db.query("SELECT ?", [b"x"])).rows == ((b"x",),)
        assert (await db.health()).status in ("ok", "degraded")
        assert (await db.checkpoint("truncate")).mode == "truncate"
        assert (await db.monitor_start(tick_ms=50)).tick_ms == 50
        await db.on_alert(lambda alert: None)
        assert (await db.monitor_stop()).ticks >= 0
        with pytest.raises(rpmadb.InvalidArgument):
            await db.stats(more={"estimat": True})
        eva = await db.as_("eva", "supervisor")
        with pytest.raises(rpmadb.Denied):
            await eva.query("DELETE FROM t")
        await eva.close()
        backup = await db.backup(folder / "one.db")
        await db.close()
        await db.close()
        assert (await aio.restore_file(folder / "two.db", str(backup.path), open_options={"migrate": False})).pages > 0

    run(folder, body)


def test_it_can_be_awaited_and_failing_to_open_is_raised(folder: Path) -> None:
    async def main() -> None:
        db = await aio.Database(folder / "app.db", migrate=False)
        await db.close()
        with pytest.raises(rpmadb.NotFound):
            await aio.Database(folder / "none.db", create=False)
        with pytest.raises(RuntimeError, match="not open"):
            await aio.Database(folder / "app.db").health()

    asyncio.run(main())


def test_the_loop_is_never_blocked(folder: Path) -> None:
    async def body(db: aio.Database) -> None:
        late = []

        async def heart() -> None:
            while True:
                begun = time.monotonic()
                await asyncio.sleep(0.01)
                late.append(time.monotonic() - begun)

        beating = asyncio.ensure_future(heart())
        with rpmadb.Operation(timeout_ms=500) as op, pytest.raises(rpmadb.Timeout):
            await db.query(LONG, op=op)
        beating.cancel()
        assert len(late) > 20 and max(late) < 0.25

    run(folder, body)


def test_cancelling_the_task_cancels_the_call(folder: Path) -> None:
    async def body(db: aio.Database) -> None:
        task = asyncio.ensure_future(db.query(LONG))
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - begun < 3
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(db.query(LONG), 0.1)
        # Nothing runs any more: a writer gets through at once.
        await asyncio.wait_for(db.query("INSERT INTO t VALUES (1)"), 2)

    run(folder, body)


def test_cancelling_while_opening_leaves_nothing_open(folder: Path) -> None:
    async def main() -> None:
        for delay in (0, 0.001, 0.01, 0.03):
            task = asyncio.ensure_future(aio.Database(folder / "app.db")._start())
            await asyncio.sleep(delay)
            task.cancel()
            try:
                await (await task).close()
            except asyncio.CancelledError:
                pass
        assert not rpmadb._handles._live

    asyncio.run(main())


def test_a_thousand_calls_at_once(folder: Path) -> None:
    async def body(db: aio.Database) -> None:
        answers = await asyncio.gather(*(db.query("SELECT ?", [number]) for number in range(1000)))
        assert [answer.rows[0][0] for answer in answers] == list(range(1000))

    run(folder, body)


def test_a_block(folder: Path) -> None:
    async def body(db: aio.Database) -> None:
        block = db.transaction()
        async with block as tx:
            await tx.query("INSERT INTO t VALUES (1)")
            assert (await db.query("SELECT count(*) FROM t")).rows == ((0,),)  # what was committed
            # Writers of other tasks wait, however many, and do not keep the block from its end.
            writers = [asyncio.ensure_future(db.query("INSERT INTO t VALUES (2)")) for _ in range(aio.THREADS + 10)]
            await asyncio.sleep(0.05)
            assert (await tx.query("SELECT count(*) FROM t")).rows == ((1,),)
        assert block.report is not None and block.report.committed
        await asyncio.gather(*writers)
        assert (await db.query("SELECT count(*) FROM t")).rows == ((1 + len(writers),),)
        with pytest.raises(Thrown):
            async with db.transaction() as tx:
                await tx.query("DELETE FROM t")
                thrower()
        block = db.transaction()
        async with block as tx:
            await tx.query("DELETE FROM t")
            raise rpmadb.Rollback
        assert block.report is not None and not block.report.committed
        assert (await db.query("SELECT count(*) FROM t")).rows == ((1 + len(writers),),)

    run(folder, body)


def test_a_task_that_is_cancelled_in_a_block_rolls_back(folder: Path) -> None:
    async def body(db: aio.Database) -> None:
        async def work() -> None:
            async with db.transaction() as tx:
                await tx.query("INSERT INTO t VALUES (1)")
                await tx.query(LONG)

        task = asyncio.ensure_future(work())
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await db.query("SELECT count(*) FROM t")).rows == ((0,),)

    run(folder, body)


def test_waiting_for_a_block_can_be_cancelled(folder: Path) -> None:
    async def body(db: aio.Database) -> None:
        async with db.transaction() as tx:
            await tx.query("INSERT INTO t VALUES (1)")

            async def second() -> None:
                async with db.transaction():
                    raise AssertionError("not reached")

            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(second(), 0.1)
        assert (await db.query("SELECT count(*) FROM t")).rows == ((1,),)

    run(folder, body)


def test_steps_and_functions(folder: Path) -> None:
    async def main() -> None:
        (folder / "m").mkdir()
        async with aio.Database(folder / "app.db", migrations=str(folder / "m"), migrate=False) as db:
            await db.add_step(1, "one", lambda tx: tx.query("CREATE TABLE one (a)"))
            assert (await db.migrate()).to == 1
            assert await db.transact(lambda tx: tx.query("INSERT INTO one VALUES (5)").changes) == 1
            with pytest.raises(Thrown):
                await db.transact(thrower)

    asyncio.run(main())


def test_progress(folder: Path) -> None:
    async def body(db: aio.Database) -> None:
        seen: List[Any] = []
        with rpmadb.Operation(lambda *told: seen.append(told)) as op:
            await db.backup(folder / "one.db", op=op)
        assert seen
        with rpmadb.Operation(thrower) as op, pytest.raises(Thrown):
            await db.backup(folder / "two.db", op=op)

    run(folder, body)


def test_a_handle_of_a_block_that_has_ended(folder: Path) -> None:
    async def body(db: aio.Database) -> None:
        async with db.transaction() as tx:
            child = await tx.as_("eva", "supervisor")
        for stale in (tx, child):
            with pytest.raises(rpmadb.StaleHandle):
                await asyncio.wait_for(stale.query("SELECT 1"), 5)
        await child.close()

        async def late(tx: aio.Database) -> None:
            await asyncio.sleep(0.2)
            await tx.query("SELECT 2")

        with pytest.raises(Thrown):
            async with db.transaction() as tx:
                task = asyncio.ensure_future(late(tx))
                thrower()
        with pytest.raises(rpmadb.StaleHandle):
            await asyncio.wait_for(task, 5)

        # What was asked for and not begun when the block ended is refused, too.
        async with db.transaction() as tx:
            first = asyncio.ensure_future(tx.query("SELECT 1"))
            await asyncio.sleep(0)
        asked = [asyncio.ensure_future(tx.query("SELECT 1")) for _ in range(3)]
        done, pending = await asyncio.wait([first, *asked], timeout=5)
        assert not pending and all(isinstance(task.exception(), rpmadb.StaleHandle) for task in asked)

    run(folder, body)


def test_a_handle_lives_on_after_the_one_that_it_came_from(folder: Path) -> None:
    async def main() -> None:
        before = threading.active_count()
        db = await aio.Database(folder / "app.db", migrate=False)
        eva = await db.as_("eva", "supervisor")
        await db.close()
        assert (await eva.query("SELECT 1")).rows == ((1,),)
        with pytest.raises(rpmadb.StaleHandle):
            await db.query("SELECT 1")
        await eva.close()
        for closed in (db, eva):
            with pytest.raises(rpmadb.StaleHandle):
                await closed.query("SELECT 1")
        for _ in range(100):
            if not [thread for thread in threading.enumerate() if thread.name.startswith("rpmadb")]:
                break
            await asyncio.sleep(0.02)
        else:
            raise AssertionError((before, threading.enumerate()))

    asyncio.run(main())


def test_cancelling_a_task_cancels_all_calls_with_its_operation(folder: Path) -> None:
    async def body(db: aio.Database) -> None:
        with rpmadb.Operation() as op:
            first, second = (asyncio.ensure_future(db.query(LONG, op=op)) for _ in range(2))
            own = asyncio.ensure_future(db.query("SELECT 1"))
            await asyncio.sleep(0.1)
            first.cancel()
            with pytest.raises(rpmadb.Cancelled):
                await asyncio.wait_for(second, 5)
            assert (await own).rows == ((1,),)
        assert "share" in str(aio.Database.__doc__)

    run(folder, body)
