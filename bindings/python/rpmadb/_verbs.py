"""The methods of a database, one a verb.

Made by generate.py from rpmadb.schema.json; do not edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional, Sequence, Tuple, Union

from . import options, reports
from ._capi import StrPath
from ._convert import Parameters, integer, parameters, path_text, path_text_or_none, text, text_or_none

if TYPE_CHECKING:
    from .operation import Operation



class Verbs:
    """The methods of a database, one a verb."""

    def _watched(
        self,
        function: str,
        arguments: Tuple[Any, ...],
        given: Optional[Mapping[str, Any]],
        more: Optional[Mapping[str, Any]],
        op: Optional[Operation],
        read: Callable[[Dict[str, Any]], Any],
    ) -> Any:
        raise NotImplementedError

    def _unwatched(
        self,
        function: str,
        arguments: Tuple[Any, ...],
        given: Optional[Mapping[str, Any]],
        more: Optional[Mapping[str, Any]],
        read: Callable[[Dict[str, Any]], Any],
    ) -> Any:
        raise NotImplementedError

    def adopt(
        self,
        *,
        tool: Optional[str] = None,
        target: Optional[int] = None,
        dry_run: Optional[bool] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Adopted:
        """Calls `rpmadb_adopt`. A history that was taken over.

        Options:
            tool: Whose history to take over; default the one that is found.
            target: Which version of the set the history stands for; needed where the other tool has no version
              numbers.
            dry_run: Look and verify, write nothing; default false.
        """
        report: reports.Adopted = self._watched("rpmadb_adopt", (), {"tool": tool, "target": target, "dry_run": dry_run}, more, op, reports.Adopted._read)
        return report

    def alerts(
        self,
        *,
        since: Optional[int] = None,
        acknowledge: Optional[str] = None,
        all: Optional[bool] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Alerts:
        """Calls `rpmadb_alerts`. Report of `alerts`.

        Options:
            since: The events after the one with this number; default all that are remembered.
            acknowledge: The key of an alert that somebody looks after; for admins.
            all: Resolved alerts too; default false.
        """
        report: reports.Alerts = self._watched("rpmadb_alerts", (), {"since": since, "acknowledge": acknowledge, "all": all}, more, op, reports.Alerts._read)
        return report

    def audit(
        self,
        *,
        actor: Optional[str] = None,
        role: Optional[str] = None,
        origin: Optional[str] = None,
        verb: Optional[str] = None,
        outcome: Optional[str] = None,
        target: Optional[str] = None,
        since: Optional[int] = None,
        until: Optional[int] = None,
        after: Optional[int] = None,
        limit: Optional[int] = None,
        oldest_first: Optional[bool] = None,
        format: Optional[options.AuditFormat] = None,
        verify: Optional[bool] = None,
        prune: Optional[options.AuditPrune] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Audit:
        """Calls `rpmadb_audit`. What `audit` found, and did.

        Options:
            actor: Of this actor.
            role: Of this role.
            origin: That came through this door: rust, c, lua, cli, monitor or migration.
            verb: Of this verb.
            outcome: That ended so: ok, denied or error.
            target: Whose target has this text in it.
            since: From this time on, in milliseconds since the Unix epoch.
            until: Before this time.
            after: Behind this number, or before it when the newest come first.
            limit: Most records, 0 to 1,000,000; default 100.
            oldest_first: The oldest first; default the newest.
            format: Default a list.
            verify: Prove the chain of hashes and the anchors; default false.
            prune: Archive and remove the oldest.
        """
        report: reports.Audit = self._watched("rpmadb_audit", (), {"actor": actor, "role": role, "origin": origin, "verb": verb, "outcome": outcome, "target": target, "since": since, "until": until, "after": after, "limit": limit, "oldest_first": oldest_first, "format": format, "verify": verify, "prune": prune}, more, op, reports.Audit._read)
        return report

    def backup(
        self,
        destination: Optional[StrPath] = None,
        *,
        verify: Optional[options.Depth] = None,
        step_pages: Optional[int] = None,
        overwrite: Optional[bool] = None,
        compact: Optional[bool] = None,
        compress: Optional[options.Compress] = None,
        encrypt_to: Optional[options.EncryptTo] = None,
        incremental: Optional[options.Incremental] = None,
        pin: Optional[bool] = None,
        every_hours: Optional[int] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Backup:
        """Calls `rpmadb_backup`. Report of `backup`.

        Options:
            verify: How deep the finished copy is looked at; default `quick`, and `pages` for one that is compressed
              or encrypted.
            step_pages: Pages copied between two looks at cancel and time-out, 1 to 100,000; default 1,000.
            overwrite: Replace the destination if it is there; it stays whole until the new one is; default false.
            compact: Leave out free space, by VACUUM INTO; default false.
            compress: Compress; default what the handle was opened with.
            encrypt_to: Encrypt; default what the handle was opened with.
            incremental: Only the pages that changed since another backup in the folder; default false.
            pin: Never removed by retention; default false.
            every_hours: Do nothing when the folder has a scheduled backup younger than this, 1 to 100,000; of several
              processes that ask, one makes it.
        """
        report: reports.Backup = self._watched("rpmadb_backup", (path_text_or_none(destination), ), {"verify": verify, "step_pages": step_pages, "overwrite": overwrite, "compact": compact, "compress": compress, "encrypt_to": encrypt_to, "incremental": incremental, "pin": pin, "every_hours": every_hours}, more, op, reports.Backup._read)
        return report

    def backups(
        self,
        *,
        op: Optional[Operation] = None,
    ) -> reports.Backups:
        """Calls `rpmadb_backups`. Report of `backups`."""
        report: reports.Backups = self._watched("rpmadb_backups", (), None, None, op, reports.Backups._read)
        return report

    def baseline(
        self,
        *,
        target: Optional[int] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Baseline:
        """Calls `rpmadb_baseline`. Report of `baseline`.

        Options:
            target: Record up to this version; default the latest.
        """
        report: reports.Baseline = self._watched("rpmadb_baseline", (), {"target": target}, more, op, reports.Baseline._read)
        return report

    def checkpoint(
        self,
        mode: Optional[str] = None,
        *,
        busy_timeout_ms: Optional[int] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Checkpoint:
        """Calls `rpmadb_checkpoint`. Report of `checkpoint`.

        Options:
            busy_timeout_ms: How long to wait for readers and writers in the three blocking modes; default the
              handle's busy_timeout_ms.
        """
        report: reports.Checkpoint = self._watched("rpmadb_checkpoint", (text_or_none(mode), ), {"busy_timeout_ms": busy_timeout_ms}, more, op, reports.Checkpoint._read)
        return report

    def diagnostics(
        self,
        *,
        op: Optional[Operation] = None,
    ) -> reports.Diagnostics:
        """Calls `rpmadb_diagnostics`. Report of `diagnostics`."""
        report: reports.Diagnostics = self._watched("rpmadb_diagnostics", (), None, None, op, reports.Diagnostics._read)
        return report

    def health(
        self,
        *,
        require_users: Optional[bool] = None,
        backup_max_age_hours: Optional[int] = None,
        call_max_ms: Optional[int] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Health:
        """Calls `rpmadb_health`. Report of `health`.

        Options:
            require_users: A database without a row in its table `users` is critical; default false.
            backup_max_age_hours: The newest verified backup may be this old, 1 to 87,600 hours; default 48. Seven
              times as old is critical.
            call_max_ms: A call may have its connection this long, 1 to 86,400,000; default 60,000. One that has it
              longer keeps checkpoints, or everybody who writes, from getting through.
        """
        report: reports.Health = self._watched("rpmadb_health", (), {"require_users": require_users, "backup_max_age_hours": backup_max_age_hours, "call_max_ms": call_max_ms}, more, op, reports.Health._read)
        return report

    def lint(
        self,
        *,
        op: Optional[Operation] = None,
    ) -> reports.Lint:
        """Calls `rpmadb_lint`. Report of `lint`."""
        report: reports.Lint = self._watched("rpmadb_lint", (), None, None, op, reports.Lint._read)
        return report

    def metrics(
        self,
        *,
        format: Optional[options.MetricsFormat] = None,
        limit: Optional[int] = None,
        indexes: Optional[bool] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Metrics:
        """Calls `rpmadb_metrics`. Report of `metrics`, in the form that was asked for.

        Options:
            format: In which form the report is; default JSON.
            limit: Most fingerprints, 0 to 1,000; default 100.
            indexes: Plan the statements to tell what indexes they use; default true.
        """
        report: reports.Metrics = self._watched("rpmadb_metrics", (), {"format": format, "limit": limit, "indexes": indexes}, more, op, reports._read_metrics)
        return report

    def migrate(
        self,
        *,
        target: Optional[int] = None,
        dry_run: Optional[bool] = None,
        backup: Optional[bool] = None,
        lock_timeout_ms: Optional[int] = None,
        allow_out_of_order: Optional[bool] = None,
        transaction: Optional[options.TransactionPer] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Migrate:
        """Calls `rpmadb_migrate`. Report of `migrate`.

        Options:
            target: Stop after this version; default the latest.
            dry_run: Run everything, report, and roll back; default false.
            backup: Back up first into the configured folder; default what `open` said.
            lock_timeout_ms: How long to wait for the write lock, 0 to 86,400,000; default 60,000.
            allow_out_of_order: Apply a pending migration that is lower than one already applied; default false.
            transaction: What is committed together; default the whole run.
        """
        report: reports.Migrate = self._watched("rpmadb_migrate", (), {"target": target, "dry_run": dry_run, "backup": backup, "lock_timeout_ms": lock_timeout_ms, "allow_out_of_order": allow_out_of_order, "transaction": transaction}, more, op, reports.Migrate._read)
        return report

    def migrations(
        self,
        *,
        op: Optional[Operation] = None,
    ) -> reports.Migrations:
        """Calls `rpmadb_migrations`. Report of `migrations`."""
        report: reports.Migrations = self._watched("rpmadb_migrations", (), None, None, op, reports.Migrations._read)
        return report

    def pin(
        self,
        path: StrPath,
        *,
        pinned: Optional[bool] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Pin:
        """Calls `rpmadb_pin`. Report of `pin`.

        Options:
            pinned: Whether retention keeps its hands off it; default true.
        """
        report: reports.Pin = self._watched("rpmadb_pin", (path_text(path), ), {"pinned": pinned}, more, op, reports.Pin._read)
        return report

    def prune(
        self,
        *,
        dry_run: Optional[bool] = None,
        keep_last: Optional[int] = None,
        keep_hourly: Optional[int] = None,
        keep_daily: Optional[int] = None,
        keep_weekly: Optional[int] = None,
        keep_monthly: Optional[int] = None,
        keep_yearly: Optional[int] = None,
        keep_minimum: Optional[int] = None,
        keep_pre_migrate: Optional[int] = None,
        keep_pre_restore: Optional[int] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Prune:
        """Calls `rpmadb_prune`. Report of `prune`.

        Options:
            dry_run: Say what would be removed, and remove nothing; default false.
            keep_last: So many of the newest.
            keep_hourly: The newest of each hour, for so many hours that have one.
            keep_daily: The newest of each day.
            keep_weekly: The newest of each week.
            keep_monthly: The newest of each month.
            keep_yearly: The newest of each year.
            keep_minimum: Never fewer than this many verified full ones; default 1.
            keep_pre_migrate: Of those made before a migration, so many of the newest; default 3.
            keep_pre_restore: Of those made before a restore, so many of the newest; default 3.
        """
        report: reports.Prune = self._watched("rpmadb_prune", (), {"dry_run": dry_run, "keep_last": keep_last, "keep_hourly": keep_hourly, "keep_daily": keep_daily, "keep_weekly": keep_weekly, "keep_monthly": keep_monthly, "keep_yearly": keep_yearly, "keep_minimum": keep_minimum, "keep_pre_migrate": keep_pre_migrate, "keep_pre_restore": keep_pre_restore}, more, op, reports.Prune._read)
        return report

    def query(
        self,
        sql: str,
        params: Parameters = None,
        *,
        op: Optional[Operation] = None,
    ) -> reports.Query:
        """Calls `rpmadb_query`. Report of `query`."""
        report: reports.Query = self._watched("rpmadb_query", (text(sql), parameters(params), ), None, None, op, reports.Query._read)
        return report

    def repair(
        self,
        *,
        versions: Optional[Sequence[int]] = None,
        schema: Optional[bool] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Repair:
        """Calls `rpmadb_repair`. Report of `repair`.

        Options:
            versions: Accept the present text of these; default of all that changed.
            schema: Accept the schema as it is, so that it no longer counts as changed by hand; default false.
        """
        report: reports.Repair = self._watched("rpmadb_repair", (), {"versions": versions, "schema": schema}, more, op, reports.Repair._read)
        return report

    def restore(
        self,
        path: StrPath,
        *,
        backup: Optional[bool] = None,
        dry_run: Optional[bool] = None,
        allow_newer: Optional[bool] = None,
        without_manifest: Optional[bool] = None,
        busy_timeout_ms: Optional[int] = None,
        identities: Optional[Sequence[options.Secret]] = None,
        passphrase: Optional[options.Secret] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Restore:
        """Calls `rpmadb_restore`. Report of `restore` and `undo_restore`.

        Options:
            backup: Keep what is there as a backup first; default true.
            dry_run: Verify, say what would be done, and change nothing; default false.
            allow_newer: Restore a backup of a newer schema than this library's migrations know; default false.
            without_manifest: Restore a SQLite file that has no manifest, after a full check; one that somebody has
              open, or with a log or a hot journal beside it, is refused; default false.
            busy_timeout_ms: How long to wait for other connections; default the handle's busy_timeout_ms.
            identities: Texts of age identities that open it; default what the handle was opened with.
            passphrase: The passphrase that opens it; default what the handle was opened with.
        """
        report: reports.Restore = self._watched("rpmadb_restore", (path_text(path), ), {"backup": backup, "dry_run": dry_run, "allow_newer": allow_newer, "without_manifest": without_manifest, "busy_timeout_ms": busy_timeout_ms, "identities": identities, "passphrase": passphrase}, more, op, reports.Restore._read)
        return report

    def rollback(
        self,
        target: int,
        *,
        dry_run: Optional[bool] = None,
        backup: Optional[bool] = None,
        lock_timeout_ms: Optional[int] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Rollback:
        """Calls `rpmadb_rollback`. Report of `rollback`.

        Options:
            dry_run: Run everything, report, and undo it again; default false.
            backup: Back up first into the configured folder; default what `open` said.
            lock_timeout_ms: How long to wait for the write lock, 0 to 86,400,000; default 60,000.
        """
        report: reports.Rollback = self._watched("rpmadb_rollback", (integer(target), ), {"dry_run": dry_run, "backup": backup, "lock_timeout_ms": lock_timeout_ms}, more, op, reports.Rollback._read)
        return report

    def schema(
        self,
        *,
        compare: Optional[str] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Schema:
        """Calls `rpmadb_schema`. Report of `schema`.

        Options:
            compare: Another database file to compare with; it is only read.
        """
        report: reports.Schema = self._watched("rpmadb_schema", (), {"compare": compare}, more, op, reports.Schema._read)
        return report

    def script(
        self,
        source: str,
        *,
        name: Optional[str] = None,
        args: Optional[Mapping[str, Any]] = None,
        dry_run: Optional[bool] = None,
        timeout_ms: Optional[int] = None,
        memory_bytes: Optional[int] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Script:
        """Calls `rpmadb_script`. Report of `script`.

        Options:
            name: The name in messages; default `script`, or the name of the file.
            args: What the script finds in `job.args`.
            dry_run: Run, report what was changed, and roll back; default false.
            timeout_ms: Longest run; the limit of the handle wins when it is lower.
            memory_bytes: Most memory; the limit of the handle wins when it is lower.
        """
        report: reports.Script = self._watched("rpmadb_script", (text(source), ), {"name": name, "args": args, "dry_run": dry_run, "timeout_ms": timeout_ms, "memory_bytes": memory_bytes}, more, op, reports.Script._read)
        return report

    def script_file(
        self,
        name_or_path: StrPath,
        *,
        name: Optional[str] = None,
        args: Optional[Mapping[str, Any]] = None,
        dry_run: Optional[bool] = None,
        timeout_ms: Optional[int] = None,
        memory_bytes: Optional[int] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Script:
        """Calls `rpmadb_script_file`. Report of `script`.

        Options:
            name: The name in messages; default `script`, or the name of the file.
            args: What the script finds in `job.args`.
            dry_run: Run, report what was changed, and roll back; default false.
            timeout_ms: Longest run; the limit of the handle wins when it is lower.
            memory_bytes: Most memory; the limit of the handle wins when it is lower.
        """
        report: reports.Script = self._watched("rpmadb_script_file", (path_text(name_or_path), ), {"name": name, "args": args, "dry_run": dry_run, "timeout_ms": timeout_ms, "memory_bytes": memory_bytes}, more, op, reports.Script._read)
        return report

    def scripts(
        self,
        *,
        op: Optional[Operation] = None,
    ) -> reports.Scripts:
        """Calls `rpmadb_scripts`. Report of `scripts`."""
        report: reports.Scripts = self._watched("rpmadb_scripts", (), None, None, op, reports.Scripts._read)
        return report

    def stats(
        self,
        *,
        estimate: Optional[bool] = None,
        sizes: Optional[bool] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Stats:
        """Calls `rpmadb_stats`. Report of `stats`.

        Options:
            estimate: Answer without scanning: row counts from SQLite's statistics or from a sample of the pages;
              default false.
            sizes: Measure every table and index, which reads every page unless nothing changed since the last time;
              default true, with `estimate` false. Where it is false, `objects` is what was measured before.
        """
        report: reports.Stats = self._watched("rpmadb_stats", (), {"estimate": estimate, "sizes": sizes}, more, op, reports.Stats._read)
        return report

    def test(
        self,
        *,
        rows: Optional[int] = None,
        seed: Optional[int] = None,
        versions: Optional[Sequence[int]] = None,
        crash: Optional[bool] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Test:
        """Calls `rpmadb_test`. Report of `test`.

        Options:
            rows: Rows generated for each table at every version started from, 1 to 1,000; default 8.
            seed: What the rows are made from: the same seed makes the same; default 1.
            versions: Versions to start from, 0 for an empty database; default all, or 50 of them spread evenly.
            crash: End every migration at each of its statements as well; default true.
        """
        report: reports.Test = self._watched("rpmadb_test", (), {"rows": rows, "seed": seed, "versions": versions, "crash": crash}, more, op, reports.Test._read)
        return report

    def undo_restore(
        self,
        *,
        busy_timeout_ms: Optional[int] = None,
        identities: Optional[Sequence[options.Secret]] = None,
        passphrase: Optional[options.Secret] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Restore:
        """Calls `rpmadb_undo_restore`. Report of `restore` and `undo_restore`.

        Options:
            busy_timeout_ms: How long to wait for other connections; default the handle's busy_timeout_ms.
            identities: Texts of age identities that open it; default what the handle was opened with.
            passphrase: The passphrase that opens it; default what the handle was opened with.
        """
        report: reports.Restore = self._watched("rpmadb_undo_restore", (), {"busy_timeout_ms": busy_timeout_ms, "identities": identities, "passphrase": passphrase}, more, op, reports.Restore._read)
        return report

    def verify(
        self,
        path: StrPath,
        *,
        depth: Optional[options.Depth] = None,
        identities: Optional[Sequence[options.Secret]] = None,
        passphrase: Optional[options.Secret] = None,
        more: Optional[Mapping[str, Any]] = None,
        op: Optional[Operation] = None,
    ) -> reports.Verify:
        """Calls `rpmadb_verify`. Report of `verify`: the backup is what its manifest says. One that is not is an error.

        Options:
            depth: How deep to look: `pages`, `quick` (the default) or `full`.
            identities: Texts of age identities that open it; default what the handle was opened with.
            passphrase: The passphrase that opens it; default what the handle was opened with.
        """
        report: reports.Verify = self._watched("rpmadb_verify", (path_text(path), ), {"depth": depth, "identities": identities, "passphrase": passphrase}, more, op, reports.Verify._read)
        return report

    def monitor_start(
        self,
        *,
        tick_ms: Optional[int] = None,
        quick_check_hours: Optional[int] = None,
        deep_check_days: Optional[int] = None,
        backup: Optional[bool] = None,
        optimize_hours: Optional[int] = None,
        idle_ms: Optional[int] = None,
        wal_restart_bytes: Optional[int] = None,
        require_users: Optional[bool] = None,
        alerts: Optional[options.AlertLimits] = None,
        more: Optional[Mapping[str, Any]] = None,
    ) -> reports.MonitorStart:
        """Calls `rpmadb_monitor_start`. Report of `monitor_start`.

        Options:
            tick_ms: Between two looks, 10 to 3,600,000; default 1,000.
            quick_check_hours: Between two quick checks (`quick_check`), 0 to 8,760; default 24.
            deep_check_days: Between two deep checks (integrity and foreign keys), 0 to 3,650; default 7.
            backup: Whether to make the backups that are due by `backup.every_hours`; default true.
            optimize_hours: Between two runs of `PRAGMA optimize`, 0 to 8,760; default 24.
            idle_ms: After so long without a write the log is moved into the database, 0 to 86,400,000; default 5,000.
            wal_restart_bytes: A log with more than this in use is begun anew by a restart checkpoint, 0 to 1 TiB;
              default 64 MiB.
            require_users: A database without a row in its table `users` is critical; default false.
            alerts: When alerts fire.
        """
        report: reports.MonitorStart = self._unwatched("rpmadb_monitor_start", (), {"tick_ms": tick_ms, "quick_check_hours": quick_check_hours, "deep_check_days": deep_check_days, "backup": backup, "optimize_hours": optimize_hours, "idle_ms": idle_ms, "wal_restart_bytes": wal_restart_bytes, "require_users": require_users, "alerts": alerts}, more, reports.MonitorStart._read)
        return report

    def monitor_stop(
        self,
    ) -> reports.MonitorStop:
        """Calls `rpmadb_monitor_stop`. Report of `monitor_stop`."""
        report: reports.MonitorStop = self._unwatched("rpmadb_monitor_stop", (), None, None, reports.MonitorStop._read)
        return report
