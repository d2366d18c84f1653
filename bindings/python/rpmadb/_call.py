"""From a status and an answer to a report or an exception."""

from __future__ import annotations

import ctypes
import json
from typing import Any, Callable, Dict, Optional, TypeVar

from ._capi import library
from ._report import cell
from .errors import error_of

T = TypeVar("T")

# raw_decode leaves out looking for white space around the document, which is never there.
decode = json.JSONDecoder().raw_decode
decode_rows = json.JSONDecoder(object_hook=cell).raw_decode


def raised(status: int, text: Optional[str]) -> BaseException:
    """The exception for a failed call."""
    if text is not None:
        return error_of(decode(text)[0]["error"])
    name = library().rpmadb_status_name(status).decode()
    return error_of({"status": status, "name": name, "message": name.replace("_", " ").lower()})


def owned(out: ctypes.c_char_p) -> Optional[str]:
    """The text that was handed out, which is released."""
    text = out.value  # a copy
    if text is None:
        return None
    library().rpmadb_free(out)
    return text.decode("utf-8")


def answered(status: int, text: Optional[str]) -> None:
    if status != 0:
        raise raised(status, text)


def take(status: int, out: ctypes.c_char_p, read: Callable[[Dict[str, Any]], T]) -> T:
    """The report of a call, or its error raised."""
    text = owned(out)
    answered(status, text)
    assert text is not None, "a call that succeeds hands out its report"
    return read(decode(text)[0])
