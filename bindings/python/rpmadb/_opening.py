"""How a database is opened.

Made by generate.py from rpmadb.schema.json; do not edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Sequence, Union

from . import options
from ._capi import StrPath

if TYPE_CHECKING:
    from .operation import Operation


class Opening:
    """The constructor of a database."""

    def _open(self, path: StrPath, given: Dict[str, Any], more: Optional[Mapping[str, Any]], op: Optional[Operation]) -> None:
        raise NotImplementedError

    def __init__(
        self,
        path: StrPath,
        *,
        actor: Optional[str] = None,
        role: Optional[options.Role] = None,
        read_only: Optional[bool] = None,
        create: Optional[bool] = None,
        migrate: Optional[bool] = None,
        migrations: Optional[str] = None,
        style: Optional[str] = None,
        busy_timeout_ms: Optional[int] = None,
        journal_mode: Optional[options.JournalMode] = None,
        synchronous: Optional[options.Synchronous] = None,
        foreign_keys: Optional[bool] = None,
        trusted_schema: Optional[bool] = None,
        defensive: Optional[bool] = None,
        mmap_size_bytes: Optional[int] = None,
        ballast_bytes: Optional[int] = None,
        statement_cache: Optional[int] = None,
        metrics: Optional[bool] = None,
        slow_query_ms: Optional[int] = None,
        foreign_sqlite: Optional[options.ForeignSqlite] = None,
        pool: Optional[options.Pool] = None,
        backup: Optional[options.BackupFolder] = None,
        script: Optional[options.ScriptLimits] = None,
        audit: Optional[options.AuditLog] = None,
        monitor: Optional[options.Monitor] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> None:
        """Calls `rpmadb_open`: opens or creates the database, and migrates it unless told not to.

        Options:
            actor: Who uses the handle, for the log; default `"host"`.
            role: What the handle may do; default admin.
            read_only: Never write, not even to migrate; default false.
            create: Create a missing file; default true.
            migrate: Migrate to the latest version; default true.
            migrations: A folder of migrations; default the embedded set.
            style: How the files in that folder are named and laid out: `rpmadb`, `auto`, or the name of another tool;
              default `rpmadb`.
            busy_timeout_ms: How long to wait for locks, 0 to 86,400,000; default 5,000.
            journal_mode: Default WAL.
            synchronous: Default NORMAL.
            foreign_keys: Enforce foreign keys; default true.
            trusted_schema: Trust functions and virtual tables named in the schema; default false.
            defensive: Refuse SQL that can damage the file; default true.
            mmap_size_bytes: Bytes of the file mapped into memory; default 0, because a file truncated by another
              process then ends this one.
            ballast_bytes: Bytes kept allocated in a file beside the database, and let go of when the disk is full; 0
              to 1 TiB, default none.
            statement_cache: Prepared statements kept per connection, 0 to 10,000; default 64.
            metrics: Count statements, calls and more for `metrics`; default false, or true where the environment says
              `RPMA_DB_METRICS=1`.
            slow_query_ms: A statement that takes longer is kept with its plan while metrics are on, 0 to 86,400,000;
              default 100.
            foreign_sqlite: What is done about another copy of SQLite in this process that has the database open:
              `coexist`, `refuse`, `warn` or `off`; default `coexist`.
            pool: The readers.
            backup: Where backups go.
            script: Limits of scripts.
            audit: The record of who did what.
            monitor: Starts the monitor with these options; default none.
        """
        given = {"actor": actor, "role": role, "read_only": read_only, "create": create, "migrate": migrate, "migrations": migrations, "style": style, "busy_timeout_ms": busy_timeout_ms, "journal_mode": journal_mode, "synchronous": synchronous, "foreign_keys": foreign_keys, "trusted_schema": trusted_schema, "defensive": defensive, "mmap_size_bytes": mmap_size_bytes, "ballast_bytes": ballast_bytes, "statement_cache": statement_cache, "metrics": metrics, "slow_query_ms": slow_query_ms, "foreign_sqlite": foreign_sqlite, "pool": pool, "backup": backup, "script": script, "audit": audit, "monitor": monitor}
        self._open(path, given, more, op)
