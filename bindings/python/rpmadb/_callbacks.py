"""Functions of the host that the library calls.

The library is given one of a few functions that live as long as the process, and a number that stands for the host's function. A
number that is not there any more is harmless, where the address of a function that is gone would not be. No exception gets out: it
is stored where the call that it happened in finds it.
"""

from __future__ import annotations

import itertools
import sys
import threading
from typing import Any, Callable, Dict, List, Optional, cast

from . import _capi

_numbers = itertools.count(1)
_functions: Dict[int, Any] = {}


class _Frames(threading.local):
    """For each thread the calls that it is in, each with the exceptions that functions of the host raised in it."""

    def __init__(self) -> None:
        self.calls: List[List[BaseException]] = []


frames = _Frames()

#: The threads that are in a function of the host's, and how deep.
running: Dict[int, int] = {}


class _Inside:
    """The time that a function of the host's runs."""

    def __enter__(self) -> None:
        thread = threading.get_ident()
        running[thread] = running.get(thread, 0) + 1

    def __exit__(self, *_: Any) -> None:
        thread = threading.get_ident()
        depth = running.get(thread, 0) - 1
        if depth > 0:
            running[thread] = depth
        else:
            running.pop(thread, None)


_inside = _Inside()


def register(function: Any) -> int:
    """The number that stands for `function` until `forget`."""
    number = next(_numbers)
    _functions[number] = function
    return number


def forget(number: Optional[int]) -> None:
    if number is not None:
        _functions.pop(number, None)


def _told(error: BaseException, what: str) -> None:
    """Says what happened where no call can raise it."""
    sys.unraisablehook(cast(Any, _Unraisable(error, what)))


class _Unraisable:
    """What sys.unraisablehook takes, whose own type cannot be made."""

    def __init__(self, error: BaseException, what: str) -> None:
        self.exc_type, self.exc_value, self.exc_traceback = type(error), error, error.__traceback__
        self.err_msg, self.object = f"Exception ignored in {what} of rpmadb", None


def _progress(done: int, total: int, stage: Optional[bytes], number: Optional[int]) -> int:
    function = _functions.get(number or 0)
    if function is None:
        return 0
    # The function that Operation registers stores what is raised.
    with _inside:
        return int(function(done, total, stage))


class Step:
    """The functions of a migration step, or of a transaction: each is given a handle's number, and 0 is success."""

    def __init__(
        self,
        up: Callable[[int], int],
        down: Optional[Callable[[int], int]] = None,
        astray: Optional[List[BaseException]] = None,
    ) -> None:
        self.up, self.down = up, down
        #: Where exceptions go that happen on a thread of the library's, where no call is below them.
        self.astray = astray if astray is not None else []


def _run(function: Optional[Callable[[int], int]], handle: Optional[int], astray: List[BaseException]) -> int:
    try:
        if function is None:
            raise RuntimeError("the function of a migration step is gone: the database that it was added to was closed")
        with _inside:
            return function(handle or 0)
    except BaseException as error:
        (frames.calls[-1] if frames.calls else astray).append(error)
        return 1


def _step(handle: Optional[int], number: Optional[int]) -> int:
    found = _functions.get(number or 0)
    return _run(found and found.up, handle, found.astray if found else [])


def _step_down(handle: Optional[int], number: Optional[int]) -> int:
    found = _functions.get(number or 0)
    return _run(found and found.down, handle, found.astray if found else [])


def _alert(document: Optional[bytes], number: Optional[int]) -> None:
    function = _functions.get(number or 0)
    if function is not None:
        try:
            with _inside:
                function(document)
        except BaseException as error:
            _told(error, "the alert callback")


def _log(level: int, target: Optional[bytes], message: Optional[bytes], number: Optional[int]) -> None:
    function = _functions.get(number or 0)
    if function is not None:
        try:
            with _inside:
                function(level, (target or b"").decode("utf-8", "replace"), (message or b"").decode("utf-8", "replace"))
        except BaseException as error:
            _told(error, "the log callback")


progress = _capi.PROGRESS(_progress)
step = _capi.STEP(_step)
step_down = _capi.STEP(_step_down)
alert = _capi.ALERT(_alert)
log = _capi.LOG(_log)

NO_PROGRESS = _capi.PROGRESS()
NO_STEP = _capi.STEP()
NO_ALERT = _capi.ALERT()
NO_LOG = _capi.LOG()
