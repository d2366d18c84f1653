"""The same for asyncio: no call blocks the loop, and a task that is cancelled cancels its call.

It does so by its `op`: when one was passed to several calls, cancelling the task of one of them stops them all.

async with rpmadb.aio.Database("app.db") as db:
    rows = await db.query("SELECT 1")
"""

from __future__ import annotations

import asyncio
import functools
import os
import queue
import threading
import weakref
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Callable, Dict, Generator, Mapping, Optional, Tuple, Type, TypeVar

from . import _module, database, options, reports
from ._async_verbs import AsyncVerbs
from ._capi import StrPath
from ._opening import Opening
from .errors import Error
from .operation import Operation

T = TypeVar("T")
F = TypeVar("F", bound=Callable[[database.Database], Any])

__all__ = ["Database", "Transaction", "restore_file"]

#: Calls that run at once for one database that was opened; more of them wait for their turn.
THREADS = 32


async def _finish(future: Future[T], op: Optional[Operation]) -> T:
    """Waits for a call on another thread. When the task is cancelled, the call is told to stop, and its end is waited for.

    That cancels `op`, and with it every other call that has the same one.
    """
    waiting = asyncio.wrap_future(future)
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        if not future.cancel() and not future.done():
            if op is not None:
                op.cancel()
            while not waiting.done():
                # Cancelled again: the call has been told, and is on its way.
                try:
                    await asyncio.wait([waiting])
                except asyncio.CancelledError:
                    pass
        if not waiting.cancelled() and waiting.done():
            waiting.exception()  # looked at, so that asyncio does not say that nobody did
        raise


def _work(jobs: queue.SimpleQueue[Optional[database.Job]], idle: threading.Semaphore) -> None:
    while True:
        job = jobs.get()
        if job is None:
            jobs.put(None)  # for the next thread
            return
        job()
        del job  # and with it what the call refers to
        idle.release()


class _Threads:
    """The threads of a database that was opened, and of all its handles.

    Not a ThreadPoolExecutor: the end of the interpreter waits for the threads of one before it closes the handles that they are busy with.
    """

    def __init__(self, limit: int) -> None:
        self._jobs: queue.SimpleQueue[Optional[database.Job]] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._count, self._limit = 0, limit
        self._process = os.getpid()
        self._finalizer = weakref.finalize(self, self._jobs.put, None)
        self._finalizer.atexit = False  # type: ignore[misc]

    def submit(self, call: Callable[[], Any]) -> Future[Any]:
        job = database.Job(call)
        if self._process == os.getpid():
            with self._lock:
                if self._finalizer.alive:
                    if not self._idle.acquire(blocking=False) and self._count < self._limit:
                        name = f"rpmadb_{self._count}"
                        threading.Thread(target=_work, args=(self._jobs, self._idle), name=name, daemon=True).start()
                        self._count += 1
                    self._jobs.put(job)
                    return job.future
        job()  # the library refuses it at once: the handles are closed, or belong to another process
        return job.future

    def end(self) -> None:
        """Ends the threads, when what they have is done."""
        with self._lock:
            self._finalizer()


class Database(Opening, AsyncVerbs):
    """An open database. It is opened by `async with` or by `await`, and takes what rpmadb.Database takes.

    A task that is cancelled cancels the `op` of its call, and so all calls that share it: give each call that is to go on its own.
    """

    _sync: Optional[database.Database] = None
    _submit: Callable[[Callable[[], Any]], Future[Any]]
    _threads: Optional[_Threads] = None  # None in a transaction

    def _open(self, path: StrPath, given: Dict[str, Any], more: Optional[Mapping[str, Any]], op: Optional[Operation]) -> None:
        self._opening = functools.partial(_opened, path, given, more), op

    @classmethod
    def _made(
        cls, sync: database.Database, submit: Callable[[Callable[[], Any]], Future[Any]], threads: Optional[_Threads] = None
    ) -> Database:
        self = Database.__new__(Database)
        self._sync, self._submit, self._threads = sync, submit, threads
        return self

    @property
    def sync(self) -> database.Database:
        """The same handle for calls that block."""
        if self._sync is None:
            raise RuntimeError("the database is not open: use `async with`, or `await` it first")
        return self._sync

    @property
    def opened(self) -> Optional[reports.Open]:
        """The report of opening; None for a handle that was made in another way."""
        return self.sync.opened

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self.sync.closed

    async def _call(self, call: Callable[[], T], op: Optional[Operation] = None) -> T:
        return await _finish(self._submit(call), op)

    async def _watched(self, verb: str, arguments: Tuple[Any, ...], options: Dict[str, Any], op: Optional[Operation]) -> Any:
        method = getattr(self.sync, verb)
        if op is not None:
            return await self._call(functools.partial(method, *arguments, op=op, **options), op)
        with Operation() as own:
            return await self._call(functools.partial(method, *arguments, op=own, **options), own)

    async def _unwatched(self, verb: str, arguments: Tuple[Any, ...], options: Dict[str, Any]) -> Any:
        return await self._call(functools.partial(getattr(self.sync, verb), *arguments, **options))

    async def _start(self) -> Database:
        if self._sync is None:
            self._threads = _Threads(THREADS)
            self._submit = self._threads.submit
            opening, given = self._opening
            op = given if given is not None else Operation()
            future = self._submit(functools.partial(opening, op))
            try:
                opened: database.Database = await _finish(future, op)
                self._sync = opened
            except BaseException:
                if future.done() and not future.cancelled() and future.exception() is None:
                    future.result().close()  # it was open before it heard that it should not be
                self._threads.end()
                raise
            finally:
                if given is None:
                    op.close()
        return self

    def __await__(self) -> Generator[Any, None, Database]:
        return self._start().__await__()

    async def __aenter__(self) -> Database:
        return await self._start()

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the handle: calls that run are cancelled and waited for. Closing again is nothing to do."""
        if self._sync is None or self._sync.closed:
            return
        # Not behind the calls that it is to stop: those may have all the threads.
        loop = asyncio.get_running_loop()
        await asyncio.shield(loop.run_in_executor(None, self._sync.close))
        if self._threads is not None and self._sync._owner.family.handles == 0:
            self._threads.end()

    async def as_(self, actor: str, role: options.Role) -> Database:
        """A second handle on the same database, for one user of the host, with that user's rights."""
        return Database._made(await self._call(functools.partial(self.sync.as_, actor, role)), self._submit, self._threads)

    async def add_step(
        self,
        version: int,
        name: str,
        up: Callable[[database.Database], Any],
        down: Optional[Callable[[database.Database], Any]] = None,
    ) -> None:
        """As rpmadb.Database.add_step. The functions are plain ones, and run on the thread that migrates."""
        await self._call(functools.partial(self.sync.add_step, version, name, up, down))

    async def transact(self, body: Callable[[database.Database], T], op: Optional[Operation] = None) -> Optional[T]:
        """As rpmadb.Database.transact. `body` is a plain function, and runs on another thread."""
        if op is not None:
            return await self._call(functools.partial(self.sync.transact, body, op), op)
        with Operation() as own:
            return await self._call(functools.partial(self.sync.transact, body, own), own)

    def transaction(self, op: Optional[Operation] = None) -> Transaction:
        """A block in one write transaction: `async with db.transaction() as tx:`."""
        return Transaction(self, op)

    async def on_alert(self, function: Optional[Callable[[reports.Alert], Any]]) -> None:
        """As rpmadb.Database.on_alert: the function runs on the monitor's thread. Use loop.call_soon_threadsafe in it."""
        await self._call(functools.partial(self.sync.on_alert, function))

    def __repr__(self) -> str:
        return f"<rpmadb.aio.Database of {self._sync!r}>" if self._sync is not None else "<rpmadb.aio.Database not open>"


def _opened(path: StrPath, given: Dict[str, Any], more: Optional[Mapping[str, Any]], op: Operation) -> database.Database:
    made = database.Database.__new__(database.Database)
    made._open(path, given, more, op)
    return made


class Transaction:
    """The block `async with db.transaction() as tx:`, as rpmadb.Transaction.

    Other tasks may go on using the database; a write of theirs waits for the end of the block. So does a write with `db` inside of the
    block, until the busy time-out: use `tx`.
    """

    #: How it ended; None before.
    report: Optional[reports.Transaction] = None

    def __init__(self, owner: Database, op: Optional[Operation]) -> None:
        self._owner, self._op = owner, op
        self._loop: Optional[database._Loop] = None

    async def __aenter__(self) -> Database:
        if self._loop is not None:
            raise RuntimeError("a transaction is for one block; call db.transaction() again")
        own = self._op if self._op is not None else Operation()
        self._loop = loop = database._Loop()
        loop.begin(self._owner.sync, own, None)
        try:
            return Database._made(await _finish(loop.started, own), loop.submit)
        except BaseException:
            loop.abandon()
            raise

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> bool:
        loop = self._loop
        assert loop is not None
        loop.end(commit=error is None)
        try:
            report: reports.Transaction = await _finish(loop.finished, None)
            self.report = report
        except Error:
            if error is None:
                raise
        return isinstance(error, database.Rollback)


async def restore_file(
    database: StrPath,
    path: StrPath,
    open_options: Optional[options.Open] = None,
    options: Optional[options.Restore] = None,
    op: Optional[Operation] = None,
) -> reports.Restore:
    """As rpmadb.restore_file."""
    own = op if op is not None else Operation()
    with ThreadPoolExecutor(1, "rpmadb") as executor:
        return await _finish(executor.submit(_module.restore_file, database, path, open_options, options, own), own)
