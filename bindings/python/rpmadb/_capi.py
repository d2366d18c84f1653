"""The shared library: found, checked and given its prototypes.

Nothing here knows what a function means. The library is loaded by the first call that needs it, so that `load` can be told a path
before.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from typing import Any, Dict, List, Optional, Tuple, Union

from .errors import ABI_VERSION, AbiMismatch

StrPath = Union[str, "os.PathLike[str]"]

_HANDLE = ctypes.c_void_p
_TEXT = ctypes.c_char_p
_OUT = ctypes.c_void_p  # address of a variable

PROGRESS = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_char_p, ctypes.c_void_p)
STEP = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)
ALERT = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_void_p)
LOG = ctypes.CFUNCTYPE(None, ctypes.c_int32, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)

_STATUS = ctypes.c_int32

#: What each function returns and takes. A test compares the names with the header's.
PROTOTYPES: Dict[str, Tuple[Any, List[Any]]] = {
    "rpmadb_version": (_TEXT, []),
    "rpmadb_abi_version": (ctypes.c_uint32, []),
    "rpmadb_check_abi": (_STATUS, [ctypes.c_uint32]),
    "rpmadb_build_info": (_STATUS, [_OUT]),
    "rpmadb_status_name": (_TEXT, [_STATUS]),
    "rpmadb_free": (None, [ctypes.c_void_p]),
    "rpmadb_op_new": (_STATUS, [_OUT]),
    "rpmadb_op_on_progress": (_STATUS, [_HANDLE, PROGRESS, ctypes.c_void_p]),
    "rpmadb_op_set_timeout_ms": (_STATUS, [_HANDLE, ctypes.c_uint64]),
    "rpmadb_op_cancel": (_STATUS, [_HANDLE]),
    "rpmadb_op_progress": (_STATUS, [_HANDLE, _OUT]),
    "rpmadb_op_free": (_STATUS, [_OUT]),
    "rpmadb_open": (_STATUS, [_TEXT, _TEXT, _HANDLE, _OUT, _OUT]),
    "rpmadb_as": (_STATUS, [_HANDLE, _TEXT, _TEXT, _OUT, _OUT]),
    "rpmadb_close": (_STATUS, [_OUT]),
    "rpmadb_add_step": (_STATUS, [_HANDLE, ctypes.c_int64, _TEXT, STEP, STEP, ctypes.c_void_p, _OUT]),
    "rpmadb_transaction": (_STATUS, [_HANDLE, STEP, ctypes.c_void_p, _TEXT, _HANDLE, _OUT]),
    "rpmadb_rollback": (_STATUS, [_HANDLE, ctypes.c_int64, _TEXT, _HANDLE, _OUT]),
    "rpmadb_checkpoint": (_STATUS, [_HANDLE, _TEXT, _TEXT, _HANDLE, _OUT]),
    "rpmadb_query": (_STATUS, [_HANDLE, _TEXT, _TEXT, _TEXT, _HANDLE, _OUT]),
    "rpmadb_script": (_STATUS, [_HANDLE, _TEXT, _TEXT, _HANDLE, _OUT]),
    "rpmadb_script_file": (_STATUS, [_HANDLE, _TEXT, _TEXT, _HANDLE, _OUT]),
    "rpmadb_backup": (_STATUS, [_HANDLE, _TEXT, _TEXT, _HANDLE, _OUT]),
    "rpmadb_verify": (_STATUS, [_HANDLE, _TEXT, _TEXT, _HANDLE, _OUT]),
    "rpmadb_restore": (_STATUS, [_HANDLE, _TEXT, _TEXT, _HANDLE, _OUT]),
    "rpmadb_restore_file": (_STATUS, [_TEXT, _TEXT, _TEXT, _TEXT, _HANDLE, _OUT]),
    "rpmadb_pin": (_STATUS, [_HANDLE, _TEXT, _TEXT, _HANDLE, _OUT]),
    "rpmadb_monitor_start": (_STATUS, [_HANDLE, _TEXT, _OUT]),
    "rpmadb_monitor_stop": (_STATUS, [_HANDLE, _OUT]),
    "rpmadb_on_alert": (_STATUS, [_HANDLE, ALERT, ctypes.c_void_p, _OUT]),
    "rpmadb_json_int": (_STATUS, [_TEXT, _TEXT, _OUT]),
    "rpmadb_json_real": (_STATUS, [_TEXT, _TEXT, _OUT]),
    "rpmadb_json_text": (_STATUS, [_TEXT, _TEXT, _OUT]),
    "rpmadb_log_set": (_STATUS, [_STATUS, LOG, ctypes.c_void_p]),
}
for _verb in (
    "migrate", "migrations", "health", "diagnostics", "metrics", "stats", "audit", "scripts", "backups", "undo_restore", "prune",
    "adopt", "baseline", "repair", "lint", "schema", "test", "alerts",
):  # fmt: skip
    PROTOTYPES["rpmadb_" + _verb] = (_STATUS, [_HANDLE, _TEXT, _HANDLE, _OUT])

_loading = threading.Lock()
_library: Optional[Library] = None


class Library:
    """The loaded library. Its functions are attributes with the names of the header."""

    def __init__(self, path: str) -> None:
        self.path = path
        functions = ctypes.CDLL(path)  # gives up the GIL during each call
        _check_abi(functions, path)
        for name, (result, arguments) in PROTOTYPES.items():
            function = getattr(functions, name)
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)
        # Releasing a text is too short to give up the GIL for it, and getting the GIL back is what costs.
        free = ctypes.PyDLL(path).rpmadb_free
        free.restype, free.argtypes = PROTOTYPES["rpmadb_free"]
        self.rpmadb_free = free

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the library has no function {name}")

    def __repr__(self) -> str:
        return f"<rpmadb library {self.path!r}, version {self.rpmadb_version().decode()}>"


def _check_abi(functions: ctypes.CDLL, path: str) -> None:
    functions.rpmadb_abi_version.restype = ctypes.c_uint32
    functions.rpmadb_check_abi.argtypes = [ctypes.c_uint32]
    if functions.rpmadb_check_abi(ABI_VERSION) != 0:
        raise AbiMismatch(
            {
                "status": AbiMismatch.STATUS,
                "name": "ABI_MISMATCH",
                "message": f"this package is made for ABI {ABI_VERSION}, and {path} has ABI {functions.rpmadb_abi_version()}",
                "hint": "install a package and a library of the same version",
            }
        )


def _names() -> Tuple[str, ...]:
    if sys.platform == "win32":
        return ("rpmadb.dll",)
    if sys.platform == "darwin":
        return ("librpmadb.dylib",)
    return ("librpmadb.so", f"librpmadb.so.{ABI_VERSION}")


def _open() -> Library:
    named = os.environ.get("RPMADB_LIBRARY")
    if named:
        return Library(named)
    beside = os.path.dirname(os.path.abspath(__file__))
    for name in _names():
        path = os.path.join(beside, name)
        if os.path.exists(path):
            return Library(path)
    refused = []
    for name in _names():
        try:
            return Library(name)
        except OSError as error:
            refused.append(str(error))
    raise ImportError(
        "the shared library of rpmadb is neither named by RPMADB_LIBRARY, nor beside the package, nor where the system looks: "
        + "; ".join(refused)
    )


def load(path: Optional[StrPath] = None) -> Library:
    """Loads the library: from `path`, or else RPMADB_LIBRARY, beside this package, and where the system looks.

    Called for you by whatever needs it first. Raises `AbiMismatch` when the library does not fit this package, and ImportError
    when another one is loaded already, or none is found.
    """
    global _library
    with _loading:
        if path is None:
            if _library is None:
                _library = _open()
            return _library
        wanted = os.fspath(path)
        if _library is None:
            _library = Library(wanted)
        elif not (os.path.exists(_library.path) and os.path.samefile(_library.path, wanted)):
            raise ImportError(f"{wanted} was asked for, but {_library.path} is loaded already, and one process has one")
        return _library


def library() -> Library:
    """The library, loaded when it is not yet."""
    return _library if _library is not None else load()
