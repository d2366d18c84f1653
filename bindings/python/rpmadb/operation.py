"""Watching and stopping a call."""

from __future__ import annotations

import ctypes
import os
import weakref
from types import TracebackType
from typing import Any, Callable, List, Optional, Type

from . import _callbacks, reports
from ._call import answered, take
from ._capi import library
from ._convert import unsigned

#: Told `done`, `total` (0 while unknown) and the stage. None or 0 goes on; anything else, and an exception, stops the call.
ProgressFunction = Callable[[int, int, str], Any]


def _release(handle: int, number: Optional[int], process: int) -> None:
    if process == os.getpid():
        variable = ctypes.c_void_p(handle)
        library().rpmadb_op_free(ctypes.byref(variable))
    _callbacks.forget(number)


class Operation:
    """Watches the calls that it is passed to as `op`: progress, cancel, time-out.

    It may be passed to any number of calls, one after the other or at once. Once cancelled it stops every call that gets it.
    """

    def __init__(self, on_progress: Optional[ProgressFunction] = None, timeout_ms: Optional[int] = None) -> None:
        variable = ctypes.c_void_p()
        answered(library().rpmadb_op_new(ctypes.byref(variable)), None)
        self._handle = variable.value
        self._raised: List[BaseException] = []
        self._number: Optional[int] = None
        self._finalizer = weakref.finalize(self, _release, variable.value or 0, None, os.getpid())
        if timeout_ms is not None:
            self.set_timeout_ms(timeout_ms)
        if on_progress is not None:
            self.on_progress(on_progress)

    def on_progress(self, function: Optional[ProgressFunction]) -> None:
        """Sets what is told how far a call is, on the thread that works; None removes it.

        An exception in it stops the call, which then raises it.
        """
        raised = self._raised  # and not self, which could then never be collected

        def told(done: int, total: int, stage: Optional[bytes]) -> int:
            try:
                assert function is not None
                return 1 if function(done, total, (stage or b"").decode("utf-8", "replace")) else 0
            except BaseException as error:
                raised.append(error)
                return 1

        old = self._number
        number = _callbacks.register(told) if function is not None else None
        callback = _callbacks.progress if function is not None else _callbacks.NO_PROGRESS
        try:
            answered(library().rpmadb_op_on_progress(self._handle, callback, number), None)
        except BaseException:
            _callbacks.forget(number)
            raise
        self._number = number
        _callbacks.forget(old)
        if self._finalizer.detach() is not None:
            self._finalizer = weakref.finalize(self, _release, self._handle or 0, number, os.getpid())

    def set_timeout_ms(self, timeout_ms: int) -> None:
        """Limits each call that is given the operation from now on, from its start; 0 is no limit."""
        answered(library().rpmadb_op_set_timeout_ms(self._handle, unsigned(timeout_ms)), None)

    def cancel(self) -> None:
        """Asks the calls that have the operation to stop; they raise `Cancelled`. From any thread."""
        answered(library().rpmadb_op_cancel(self._handle), None)

    def progress(self) -> reports.Progress:
        """How far the call is. From any thread."""
        out = ctypes.c_char_p()
        return take(library().rpmadb_op_progress(self._handle, ctypes.byref(out)), out, reports.Progress._read)

    def close(self) -> None:
        """Releases the operation; a call that still runs with it goes on unwatched. Again is nothing to do."""
        if self._finalizer.detach() is not None:
            _release(self._handle or 0, self._number, os.getpid())

    def __enter__(self) -> Operation:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<rpmadb.Operation{'' if self._finalizer.alive else ' closed'}>"

    def __reduce__(self) -> Any:
        raise TypeError("an operation belongs to its process and cannot be pickled or copied")
