"""Which handles are open, and what must live as long as they do.

A handle that is forgotten is closed by its finaliser, and one that is left open by the end of the process: a monitor that called into
an interpreter that is going away would take the process down. In a child of a fork neither does anything.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import threading
import warnings
import weakref
from typing import Any, List, Set

from . import _callbacks
from ._capi import library

REENTRANT = 106

_lock = threading.RLock()  # a finaliser may run while its own thread holds it
_late: List[Handle] = []
_live: weakref.WeakSet[Handle] = weakref.WeakSet()
_loops: Set[Any] = set()


class Family:
    """A database that was opened, and what its handles have in common: its steps are kept until the last of them is closed."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.handles = 0
        self.steps: List[int] = []
        self.astray: List[BaseException] = []  # what steps raised inside of a script, see _callbacks.Step


class Handle:
    """A handle of the library's and what belongs to it."""

    def __init__(self, number: int, family: Family, lent: bool) -> None:
        self.number = number
        self.family = family
        self.lent = lent  # by the library, for the time of a callback: not ours to close
        self.open = True
        self.process = os.getpid()
        self.alerts: List[int] = []
        with _lock:
            if not lent:
                family.handles += 1
                _live.add(self)

    def close(self) -> int:
        """Closes it, unless that was done; the status."""
        if self.lent or not self.open:
            return 0
        variable = ctypes.c_void_p(self.number)
        status: int = library().rpmadb_close(ctypes.byref(variable))
        if status == 0:
            self._closed()
        return status

    def _closed(self) -> None:
        with _lock:
            if not self.open:
                return
            self.open = False
            _live.discard(self)
            self.family.handles -= 1
            if self.family.handles == 0:
                for step in self.family.steps:
                    _callbacks.forget(step)
            for alert in self.alerts:
                _callbacks.forget(alert)


def finalize(handle: Handle, shown: str) -> None:
    """What happens to a handle whose database object is gone."""
    if handle.process != os.getpid() or not handle.open or handle.lent:
        return
    if handle.close() == REENTRANT:
        # Collected inside a callback on the same database: closed when that call is over.
        with _lock:
            _late.append(handle)
    # Last, since a filter may make an exception of it.
    warnings.warn(f"unclosed {shown}", ResourceWarning, stacklevel=2)


def close_late() -> None:
    """Closes what could not be closed when it was collected."""
    while _late:
        with _lock:
            handle = _late.pop() if _late else None
        if handle is not None and handle.close() == REENTRANT:
            with _lock:
                _late.append(handle)
            return


def enter_loop(loop: Any) -> None:
    _loops.add(loop)


def leave_loop(loop: Any) -> None:
    _loops.discard(loop)


def _at_exit() -> None:
    # A block that never ends (its generator was forgotten, its thread is a daemon) would be waited for without an end.
    for loop in list(_loops):
        loop.abandon()
    with _lock:
        handles = list(_live)
    for handle in handles:
        if handle.process == os.getpid():
            handle.close()
    silence()


silencers: List[Any] = []


def silence() -> None:
    """Takes away the callback of the log, when there is one."""
    for quiet in silencers:
        quiet()


def _in_child() -> None:
    # Another thread may have held it when the process was forked, and is not there to give it back.
    global _lock
    _lock = threading.RLock()
    _late.clear()
    _loops.clear()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
