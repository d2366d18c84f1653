"""Which handles are open, and what must live as long as they do.

A handle that is forgotten is closed by its finaliser, and one that is left open by the end of the process: a monitor that called into
an interpreter that is going away would take the process down. In a child of a fork neither does anything.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import queue
import threading
import time
import warnings
import weakref
from typing import Any, List, Set

from . import _callbacks
from ._capi import library

STALE_HANDLE, REENTRANT = 103, 106

#: How long the end of the interpreter waits for functions of the host that do not return, in seconds.
PATIENCE = 3.0

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
        self.closing = 0  # how many threads are in the library to close it
        with _lock:
            if not lent:
                family.handles += 1
                _live.add(self)

    def close(self) -> int:
        """Closes it, unless that was done; the status. When another thread is at it, its end is waited for."""
        if self.lent or not self.open:
            return 0
        variable = ctypes.c_void_p(self.number)
        with _lock:
            self.closing += 1
        try:
            status: int = library().rpmadb_close(ctypes.byref(variable))
            if status == 0:
                self._closed()
        finally:
            with _lock:
                self.closing -= 1
        if status == STALE_HANDLE:
            # Not in a function of the host's: the other thread may be waiting for its end.
            while self.open and self.closing and threading.get_ident() not in _callbacks.running:
                time.sleep(0.001)
            if not self.closing:
                self._closed()  # the thread that closed it was interrupted before it could say so
            return 0
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
        handles = [handle for handle in _live if handle.process == os.getpid()]
    if _closers == 0:
        for handle in handles:
            handle.close()
    else:
        _close_all(handles)
    silence()


def _close_all(handles: List[Handle]) -> None:
    """Closes them on other threads. A function of the host's that does not return is not waited for without an end."""
    for handle in handles:
        _to_close.put(handle)
    late = time.monotonic() + PATIENCE
    for _ in handles:
        while True:
            try:
                _are_closed.get(timeout=0.05)
                break
            except queue.Empty:
                if _callbacks.running and time.monotonic() > late:
                    return


_to_close: queue.SimpleQueue[Handle] = queue.SimpleQueue()
_are_closed: queue.SimpleQueue[None] = queue.SimpleQueue()
_closers = 0


def _closer() -> None:
    while True:
        handle = _to_close.get()
        try:
            handle.close()
        finally:
            _are_closed.put(None)


def _before_exit() -> None:
    # Later, from Python 3.12 on, no thread can begin. One for each handle, so that none waits behind one that does not end.
    global _closers
    with _lock:
        wanted = sum(handle.process == os.getpid() for handle in _live)
    for _ in range(wanted):
        try:
            threading.Thread(target=_closer, name="rpmadb closing", daemon=True).start()
        except RuntimeError:
            return
        _closers += 1


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
    for thread in list(_callbacks.running):
        if thread != threading.get_ident():
            _callbacks.running.pop(thread, None)


atexit.register(_at_exit)
if hasattr(threading, "_register_atexit"):
    threading._register_atexit(_before_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
