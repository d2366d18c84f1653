"""Functions that need no handle."""

from __future__ import annotations

import ctypes
from typing import Optional

from . import options as _options
from . import reports
from ._call import answered, decode, owned, take
from ._capi import StrPath, library
from ._convert import options_text, path_text, text
from .operation import Operation


def version() -> str:
    """Calls `rpmadb_version`: the version of the library."""
    return str(library().rpmadb_version().decode())


def abi_version() -> int:
    """Calls `rpmadb_abi_version`: the ABI version of the library."""
    return int(library().rpmadb_abi_version())


def build_info() -> reports.BuildInfo:
    """Calls `rpmadb_build_info`: what the library is made of."""
    out = ctypes.c_char_p()
    return take(library().rpmadb_build_info(ctypes.byref(out)), out, reports.BuildInfo._read)


def status_name(status: int) -> str:
    """Calls `rpmadb_status_name`: the name of a status, "UNKNOWN" for a number that is none."""
    return str(library().rpmadb_status_name(status).decode())


def restore_file(
    database: StrPath,
    path: StrPath,
    open_options: Optional[_options.Open] = None,
    options: Optional[_options.Restore] = None,
    op: Optional[Operation] = None,
) -> reports.Restore:
    """Calls `rpmadb_restore_file`: brings back a backup where there is no database, or one that does not open any more."""
    out = ctypes.c_char_p()
    status = library().rpmadb_restore_file(
        path_text(database),
        path_text(path),
        options_text(open_options, None),
        options_text(options, None),
        None if op is None else op._handle,
        ctypes.byref(out),
    )
    answer = owned(out)
    if op is not None and op._raised:
        raise op._raised.pop(0)
    answered(status, answer)
    return reports.Restore._read(decode(answer or "")[0])


def json_int(document: str, pointer: str) -> int:
    """Calls `rpmadb_json_int`: an integer of a document, by an RFC 6901 pointer."""
    value = ctypes.c_int64()
    answered(library().rpmadb_json_int(text(document), text(pointer), ctypes.byref(value)), None)
    return value.value


def json_real(document: str, pointer: str) -> float:
    """Calls `rpmadb_json_real`: a number of a document."""
    value = ctypes.c_double()
    answered(library().rpmadb_json_real(text(document), text(pointer), ctypes.byref(value)), None)
    return value.value


def json_text(document: str, pointer: str) -> str:
    """Calls `rpmadb_json_text`: a text of a document."""
    out = ctypes.c_char_p()
    answered(library().rpmadb_json_text(text(document), text(pointer), ctypes.byref(out)), None)
    return owned(out) or ""
