"""Where the log lines of the library go."""

from __future__ import annotations

import logging
from typing import Any, Callable, Optional

from . import _callbacks, _handles
from ._call import answered
from ._capi import library

OFF, ERROR, WARN, INFO, DEBUG = range(5)

#: Told a level, the part of the library, and the line. It may run on any thread, and must not use a handle that is in a call there.
LogFunction = Callable[[int, str, str], Any]

_LEVELS = {ERROR: logging.ERROR, WARN: logging.WARNING, INFO: logging.INFO, DEBUG: logging.DEBUG}
_set: Optional[int] = None


def log_set(level: int, function: Optional[LogFunction]) -> None:
    """Calls `rpmadb_log_set`: lines of `level` and the more serious ones go to `function`; None is nowhere.

    What it raises goes to sys.unraisablehook.
    """
    global _set
    number = _callbacks.register(function) if function is not None else None
    callback = _callbacks.log if function is not None else _callbacks.NO_LOG
    try:
        answered(library().rpmadb_log_set(level, callback, number), None)
    except BaseException:
        _callbacks.forget(number)
        raise
    _callbacks.forget(_set)
    _set = number


def log_to(logger: Optional[logging.Logger] = None, level: int = DEBUG) -> None:
    """Sends the lines to a logger of `logging`, the one named "rpmadb" unless told otherwise; each part of the library has a child of it."""
    target = logger if logger is not None else logging.getLogger("rpmadb")
    log_set(level, lambda at, part, line: target.getChild(part.replace("::", ".")).log(_LEVELS.get(at, logging.DEBUG), "%s", line))


def _silence() -> None:
    if _set is not None:
        log_set(OFF, None)


_handles.silencers.append(_silence)
