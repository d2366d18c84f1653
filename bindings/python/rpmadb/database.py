"""A database, and a transaction in it."""

from __future__ import annotations

import ctypes
import os
import queue
import threading
import weakref
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Type, TypeVar

from . import _callbacks, _handles, options, reports
from ._call import answered, decode, decode_rows, owned, raised
from ._capi import StrPath, library
from ._convert import integer, options_text, path_text, text
from ._opening import Opening
from ._verbs import Verbs
from .errors import Error, StaleHandle, WrongProcess
from .operation import Operation

# Calls that may run steps on a thread of the library's.
_SCRIPTS = ("rpmadb_script", "rpmadb_script_file")

T = TypeVar("T")
F = TypeVar("F", bound=Callable[["Database"], Any])


class Rollback(Exception):
    """Raised in a transaction, rolls it back without an error."""


class _Thread(threading.local):
    """The block `with db.transaction()` that this thread is in, if it is in one."""

    def __init__(self) -> None:
        self.loop: Optional[_Loop] = None


_thread = _Thread()


class Database(Opening, Verbs):
    """An open database, for one user of the host. Any thread may use it at any time.

    Close it, best by `with`; one that is forgotten is closed when it is collected, with a ResourceWarning.
    """

    #: The report of opening; None for a handle that was made in another way.
    opened: Optional[reports.Open] = None

    _loop: Optional[_Loop] = None

    def _open(self, path: StrPath, given: Dict[str, Any], more: Optional[Mapping[str, Any]], op: Optional[Operation]) -> None:
        _handles.close_late()
        number, out = ctypes.c_void_p(), ctypes.c_char_p()
        arguments = (path_text(path), options_text(given, more))
        status = library().rpmadb_open(*arguments, None if op is None else op._handle, ctypes.byref(number), ctypes.byref(out))
        report = owned(out)
        if op is not None and op._raised:
            if number.value is not None:
                library().rpmadb_close(ctypes.byref(number))
            raise op._raised.pop(0)
        answered(status, report)
        self.opened = reports.Open._read(decode(report or "")[0])
        self._take_over(_handles.Handle(number.value or 0, _handles.Family(self.opened.database_path), lent=False), None)

    def _take_over(self, handle: _handles.Handle, who: Optional[str]) -> None:
        self._owner = handle
        self._handle = handle.number
        self._who = who
        self._finalizer = weakref.finalize(self, _handles.finalize, handle, repr(self))
        self._finalizer.atexit = False  # type: ignore[misc]  # done for all handles together

    @classmethod
    def _made(cls, handle: _handles.Handle, who: Optional[str], loop: Optional[_Loop] = None) -> Database:
        self = Database.__new__(Database)
        self._loop = loop
        self._take_over(handle, who)
        return self

    # --- calls ---------------------------------------------------------------------------------------------------------

    def _there(self, call: Callable[[], T]) -> T:
        """Makes a call on the thread where the library expects it.

        The function that the library calls for the block `with db.transaction()` runs on a thread of its own. What the block does to
        other handles is done there, so that the library answers as it does in every transaction: REENTRANT, and not a wait for itself.
        """
        loop = _thread.loop
        return call() if loop is None or loop is self._loop else loop.run(call)

    def _watched(
        self,
        function: str,
        arguments: Tuple[Any, ...],
        given: Optional[Mapping[str, Any]],
        more: Optional[Mapping[str, Any]],
        op: Optional[Operation],
        read: Callable[[Dict[str, Any]], Any],
    ) -> Any:
        passed = (*arguments, options_text(given, more))
        if _thread.loop is None:  # most of the time, and quicker
            return self._call(function, passed, op, read)
        return self._there(lambda: self._call(function, passed, op, read))

    def _unwatched(
        self,
        function: str,
        arguments: Tuple[Any, ...],
        given: Optional[Mapping[str, Any]],
        more: Optional[Mapping[str, Any]],
        read: Callable[[Dict[str, Any]], Any],
    ) -> Any:
        rest = (options_text(given, more),) if given is not None else ()
        return self._there(lambda: self._call(function, (*arguments, *rest), _NO_OPERATION, read))

    def _call(self, function: str, arguments: Tuple[Any, ...], op: Optional[Operation], read: Callable[[Dict[str, Any]], T]) -> T:
        lib = library()
        out = ctypes.c_char_p()
        if op is _NO_OPERATION:
            passed: Tuple[Any, ...] = arguments
        else:
            passed = (*arguments, None if op is None else op._handle)
        frame: List[BaseException] = []
        calls = _callbacks.frames.calls
        calls.append(frame)
        try:
            status = getattr(lib, function)(self._handle, *passed, ctypes.byref(out))
        finally:
            calls.pop()
        answer = owned(out)
        # What a step threw is the call's own matter when the call succeeds in spite of it, as `test` does; Ctrl-C is not.
        if frame and status == 0:
            frame = [error for error in frame if not isinstance(error, Exception)]
        if status == 0 and not frame and (op is None or op is _NO_OPERATION or not op._raised):
            if function in _SCRIPTS:
                self._owner.family.astray.clear()  # the script took care of it
            return read((decode_rows if function == "rpmadb_query" else decode)(answer or "")[0])
        raise self._failure(status, answer, frame, op, function)

    def _failure(
        self, status: int, answer: Optional[str], frame: List[BaseException], op: Optional[Operation], function: str
    ) -> BaseException:
        """What a function of the host's raised during the call, else the call's own error."""
        error = raised(status, answer) if status != 0 else None
        astray = self._owner.family.astray if function in _SCRIPTS else []
        if op is not None and op is not _NO_OPERATION and op._raised:
            stored = op._raised.pop(0)
        elif frame:
            stored = frame[0]
        elif astray:
            stored = astray.pop()
            astray.clear()
        else:
            assert error is not None
            return error
        stored.__cause__ = error
        return stored

    # --- handles -------------------------------------------------------------------------------------------------------

    def as_(self, actor: str, role: options.Role) -> Database:
        """Calls `rpmadb_as`: a second handle on the same database, for one user of the host, with that user's rights."""
        number = ctypes.c_void_p()

        def call() -> None:
            out = ctypes.c_char_p()
            status = library().rpmadb_as(self._handle, text(actor), text(role), ctypes.byref(number), ctypes.byref(out))
            answered(status, owned(out))

        self._there(call)
        handle = _handles.Handle(number.value or 0, self._owner.family, lent=False)
        return Database._made(handle, f"{actor} as {role}", self._loop)

    def close(self) -> None:
        """Calls `rpmadb_close`: calls that run are cancelled and waited for. Closing again is nothing to do."""
        answered(self._there(self._owner.close), None)
        self._finalizer.detach()
        _handles.close_late()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return not self._owner.open

    @property
    def path(self) -> str:
        """What the library calls the database."""
        return self._owner.family.path

    def __enter__(self) -> Database:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        if not self._owner.lent:
            self.close()

    def __repr__(self) -> str:
        who = f" {self._who}" if self._who is not None else ""
        return f"<rpmadb.Database {self.path!r}{who}{'' if self._owner.open else ' closed'}>"

    def __reduce__(self) -> Any:
        raise TypeError(
            "a database handle belongs to its process and cannot be pickled or copied; open the database there, or use as_()"
        )

    # --- steps and transactions ----------------------------------------------------------------------------------------

    def add_step(
        self,
        version: int,
        name: str,
        up: Callable[[Database], Any],
        down: Optional[Callable[[Database], Any]] = None,
    ) -> None:
        """Calls `rpmadb_add_step`: a migration whose code is `up`, and `down` to take it back.

        Each is called with a database that is good until it returns. An exception undoes the whole run, which raises it.
        """
        family = self._owner.family

        def lending(function: Callable[[Database], Any]) -> Callable[[int], int]:
            def call(number: int) -> int:
                with _lent(number, family, f"in step {version}") as lent:
                    function(lent)
                return 0

            return call

        step = _callbacks.Step(lending(up), lending(down) if down is not None else None, family.astray)
        number = _callbacks.register(step)
        arguments = (integer(version), text(name), _callbacks.step, _callbacks.step_down if down else _callbacks.NO_STEP, number)
        try:
            self._there(lambda: self._call("rpmadb_add_step", arguments, _NO_OPERATION, lambda report: None))
        except BaseException:
            _callbacks.forget(number)
            raise
        family.steps.append(number)

    def step(self, version: int, name: str, down: Optional[Callable[[Database], Any]] = None) -> Callable[[F], F]:
        """The decorator for `add_step`."""

        def add(up: F) -> F:
            self.add_step(version, name, up, down)
            return up

        return add

    def transact(self, body: Callable[[Database], T], op: Optional[Operation] = None) -> Optional[T]:
        """Calls `rpmadb_transaction`: `body` is called on this thread with a database that is bound to one write transaction.

        What it returns is returned, and the transaction committed. An exception rolls back and is raised; `Rollback` is not.
        """
        returned: List[T] = []

        def call(lent: Database) -> None:
            returned.append(body(lent))

        self._there(lambda: self._transact(call, op))
        return returned[0] if returned else None

    def transaction(self, op: Optional[Operation] = None) -> Transaction:
        """A block in one write transaction: `with db.transaction() as tx:`. See `transact` for what is cheaper."""
        return Transaction(self, op)

    def _transact(self, body: Callable[[Database], None], op: Optional[Operation]) -> reports.Transaction:
        failed: List[BaseException] = []

        def call(number: int) -> int:
            with _lent(number, self._owner.family, "in a transaction") as lent:
                try:
                    body(lent)
                    return 0
                except Rollback:
                    pass
                except BaseException as error:
                    failed.append(error)
                return 1

        key = _callbacks.register(_callbacks.Step(call))
        try:
            report = self._call("rpmadb_transaction", (_callbacks.step, key, None), op, reports.Transaction._read)
        except Error as error:
            if failed:
                raise failed[0] from error
            raise
        finally:
            _callbacks.forget(key)
            _handles.close_late()
        if failed:
            raise failed[0]
        return report

    # --- alerts --------------------------------------------------------------------------------------------------------

    def on_alert(self, function: Optional[Callable[[reports.Alert], Any]]) -> None:
        """Calls `rpmadb_on_alert`: sets what is told when an alert fires, is acknowledged or is resolved; None removes it.

        It runs on the monitor's thread, and must not use the database there. What it raises goes to sys.unraisablehook.
        """
        number = None
        if function is not None:
            told = function
            number = _callbacks.register(lambda document: told(reports.Alert._read(decode(document.decode("utf-8"))[0])))
        callback = _callbacks.alert if number is not None else _callbacks.NO_ALERT
        try:
            self._there(lambda: self._call("rpmadb_on_alert", (callback, number), _NO_OPERATION, lambda report: None))
        except BaseException:
            _callbacks.forget(number)
            raise
        old, self._owner.alerts = self._owner.alerts, [] if number is None else [number]
        for one in old:
            _callbacks.forget(one)


class _lent:
    """A database on a handle that the library lends for the time of a callback."""

    def __init__(self, number: int, family: _handles.Family, who: str, loop: Optional[_Loop] = None) -> None:
        self._handle = _handles.Handle(number, family, lent=True)
        self._who = who

    def __enter__(self) -> Database:
        return Database._made(self._handle, self._who)

    def __exit__(self, *_: Any) -> None:
        self._handle.open = False


class Job:
    """A call that another thread makes."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self.future: Future[Any] = Future()

    def __call__(self) -> None:
        if self.future.set_running_or_notify_cancel():
            try:
                self.future.set_result(self._call())
            except BaseException as error:
                self.future.set_exception(error)
                del self  # or the error would keep itself, by its traceback

    def fail(self, error: BaseException) -> None:
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)


def _stale() -> StaleHandle:
    return StaleHandle({"status": StaleHandle.STATUS, "name": "STALE_HANDLE", "message": "the transaction has ended"})


class _Loop:
    """The thread that a transaction of a block runs on, and the calls that are made there."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._ended = False
        self.started: Future[Database] = Future()
        self.finished: Future[reports.Transaction] = Future()
        self.process = os.getpid()
        # They run from the beginning: whoever waits for one cannot take it away from the thread that fills it in.
        self.started.set_running_or_notify_cancel()
        self.finished.set_running_or_notify_cancel()

    def begin(self, database: Database, op: Optional[Operation], outer: Optional[_Loop]) -> None:
        """Begins the transaction, inside of the block `outer` on its thread."""

        def run() -> None:
            _handles.enter_loop(self)
            try:
                self.finished.set_result(database._transact(self._serve, op))
            except BaseException as error:
                (self.finished if self.started.done() else self.started).set_exception(error)
            finally:
                _handles.leave_loop(self)

        def begun(future: Future[None]) -> None:
            error = future.exception()
            if error is not None:
                self.started.set_exception(error)

        if outer is not None and outer.process == os.getpid():
            outer.submit(run).add_done_callback(begun)
        else:
            threading.Thread(target=run, name="rpmadb transaction", daemon=True).start()

    def _serve(self, lent: Database) -> None:
        lent._loop = self
        self.started.set_result(lent)
        try:
            while True:
                job = self._jobs.get()
                if job is None:
                    return
                if job is Rollback:
                    raise Rollback
                job()
                del job  # and with it what the call refers to
        finally:
            with self._lock:
                self._ended = True
            # Nobody will get to what is still there.
            while not self._jobs.empty():
                job = self._jobs.get()
                if isinstance(job, Job):
                    job.fail(_stale())

    def end(self, commit: bool) -> None:
        self._jobs.put(None if commit else Rollback)

    def abandon(self) -> None:
        self.end(commit=False)

    def submit(self, call: Callable[[], T]) -> Future[T]:
        job = Job(call)
        if self.process != os.getpid():
            job()  # the library refuses it
            return job.future
        with self._lock:
            if not self._ended:
                self._jobs.put(job)
                return job.future
        job.fail(_stale())
        return job.future

    def run(self, call: Callable[[], T]) -> T:
        if self.finished.done() or self.process != os.getpid():
            return call()
        return self.submit(call).result()


class Transaction:
    """The block `with db.transaction() as tx:`. It commits when it is left, and rolls back when an exception leaves it.

    `raise rpmadb.Rollback` leaves it without an error. What is done with another handle on the database inside of it is refused, as
    in every transaction; `tx` is good until the end of the block.
    """

    #: How it ended; None before.
    report: Optional[reports.Transaction] = None

    def __init__(self, database: Database, op: Optional[Operation]) -> None:
        self._database, self._op = database, op
        self._loop: Optional[_Loop] = None
        self._outer: Optional[_Loop] = None

    def __enter__(self) -> Database:
        if self._loop is not None:
            raise RuntimeError("a transaction is for one block; call db.transaction() again")
        loop, self._outer = _Loop(), _thread.loop
        self._loop = loop
        op = self._op if self._op is not None else Operation()
        try:
            loop.begin(self._database, op, self._outer)
            lent = loop.started.result()
            _thread.loop = loop
            return lent
        except BaseException:
            # When this was interrupted, the other thread is still waiting, or has begun.
            _thread.loop = self._outer
            if not loop.started.done():
                op.cancel()
            loop.abandon()
            raise

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> bool:
        loop = self._loop
        assert loop is not None
        _thread.loop = self._outer
        if loop.process != os.getpid():
            raise WrongProcess(
                {
                    "status": WrongProcess.STATUS,
                    "name": "WRONG_PROCESS",
                    "message": "the transaction belongs to the process that this one was forked from",
                }
            )
        loop.end(commit=error is None)
        try:
            self.report = loop.finished.result()
        except Error:
            if error is None:
                raise
        return isinstance(error, Rollback)


_NO_OPERATION: Any = object()
