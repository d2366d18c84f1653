"""rpmadb owns the life of a SQLite database: migrations, health, backups, scripts, audit.

with rpmadb.Database("app.db") as db:
    print(db.query("SELECT count(*) FROM clients").rows)
"""

from . import aio, errors, log, options, reports
from ._capi import library, load
from ._module import abi_version, build_info, json_int, json_real, json_text, restore_file, status_name, version
from .database import Database, Rollback, Transaction
from .errors import *  # noqa: F403
from .errors import __all__ as _errors
from .log import log_set, log_to
from .operation import Operation

__all__ = [
    "Database",
    "Operation",
    "Rollback",
    "Transaction",
    "abi_version",
    "aio",
    "build_info",
    "errors",
    "json_int",
    "json_real",
    "json_text",
    "library",
    "load",
    "log",
    "log_set",
    "log_to",
    "options",
    "reports",
    "restore_file",
    "status_name",
    "version",
]
__all__ += _errors
