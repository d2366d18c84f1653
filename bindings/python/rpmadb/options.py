"""What the calls may be told, where it is more than a plain value.

Made by generate.py from rpmadb.schema.json; do not edit.
"""

from __future__ import annotations

from typing import Any, Literal, Mapping, Optional, Sequence, TypedDict, Union

#: Who the user of a handle is, in falling order of rights.
Role = Literal["user", "supervisor", "admin"]
#: How SQLite keeps its journal.
JournalMode = Literal["wal", "delete", "truncate", "persist", "keep"]
#: How often SQLite waits for the disk.
Synchronous = Literal["off", "normal", "full", "extra"]
#: What is done about another copy of SQLite in this process that has the database open.
ForeignSqlite = Literal["coexist", "refuse", "warn", "off"]
#: How hard to compress: true is zstd level 1
Compress = Union[bool, int]
#: For whom to encrypt.
EncryptTo = Union[str, Sequence[str], "Passphrase"]
#: A text that never shows in debug output.
Secret = str
#: How records are reported.
AuditFormat = Literal["json", "jsonl"]
#: How deep a backup is looked at: true is quick
Depth = Union[bool, Literal["pages", "quick", "full"]]
#: What an incremental backup is based on.
Incremental = Union[bool, str]
#: The form of `metrics`.
MetricsFormat = Literal["json", "prometheus"]
#: What `migrate` commits together.
TransactionPer = Literal["run", "file"]


class Open(TypedDict, total=False):
    """Options of `open`."""

    #: Who uses the handle, for the log; default `"host"`.
    actor: Optional[str]
    #: What the handle may do; default admin.
    role: Role
    #: Never write, not even to migrate; default false.
    read_only: bool
    #: Create a missing file; default true.
    create: Optional[bool]
    #: Migrate to the latest version; default true.
    migrate: Optional[bool]
    #: A folder of migrations; default the embedded set.
    migrations: Optional[str]
    #: How the files in that folder are named and laid out: `rpmadb`, `auto`, or the name of another tool; default
    #: `rpmadb`.
    style: Optional[str]
    #: How long to wait for locks, 0 to 86,400,000; default 5,000.
    busy_timeout_ms: Optional[int]
    #: Default WAL.
    journal_mode: JournalMode
    #: Default NORMAL.
    synchronous: Synchronous
    #: Enforce foreign keys; default true.
    foreign_keys: Optional[bool]
    #: Trust functions and virtual tables named in the schema; default false.
    trusted_schema: bool
    #: Refuse SQL that can damage the file; default true.
    defensive: Optional[bool]
    #: Bytes of the file mapped into memory; default 0, because a file truncated by another process then ends this one.
    mmap_size_bytes: Optional[int]
    #: Bytes kept allocated in a file beside the database, and let go of when the disk is full; 0 to 1 TiB, default
    #: none.
    ballast_bytes: Optional[int]
    #: Prepared statements kept per connection, 0 to 10,000; default 64.
    statement_cache: Optional[int]
    #: Count statements, calls and more for `metrics`; default false, or true where the environment says
    #: `RPMA_DB_METRICS=1`.
    metrics: Optional[bool]
    #: A statement that takes longer is kept with its plan while metrics are on, 0 to 86,400,000; default 100.
    slow_query_ms: Optional[int]
    #: What is done about another copy of SQLite in this process that has the database open: `coexist`, `refuse`, `warn`
    #: or `off`; default `coexist`.
    foreign_sqlite: ForeignSqlite
    #: The readers.
    pool: Pool
    #: Where backups go.
    backup: BackupFolder
    #: Limits of scripts.
    script: ScriptLimits
    #: The record of who did what.
    audit: AuditLog
    #: Starts the monitor with these options; default none.
    monitor: Optional[Monitor]


class Pool(TypedDict, total=False):
    """Option `pool` of `open`."""

    #: Most readers at once, 1 to 1,000; default 10.
    max: Optional[int]
    #: Readers opened with the first one, at most `max`; default 2.
    min_idle: Optional[int]
    #: How long to wait for a reader; default 30,000.
    timeout_ms: Optional[int]
    #: Readers beyond `min_idle` that were not needed for so long are closed, 1 to 86,400,000; default 60,000.
    idle_ms: Optional[int]


class BackupFolder(TypedDict, total=False):
    """Option `backup` of `open`: where backups go, how they are wrapped, and which of them stay."""

    #: Where backups without a destination go; it must exist.
    folder: Optional[str]
    #: Back up before a migration run that has something to do; default false.
    before_migrate: bool
    #: A monitor makes a backup when the newest scheduled one is older, 1 to 100,000; default none.
    every_hours: Optional[int]
    #: Compress; default false.
    compress: Optional[Compress]
    #: Encrypt; default not.
    encrypt_to: Optional[EncryptTo]
    #: What opens encrypted backups again: texts of age identities.
    identities: Sequence[Secret]
    #: What opens backups that were encrypted with a passphrase.
    passphrase: Optional[Secret]
    #: Signs manifests; those without its signature are then refused.
    sign_key: Optional[Secret]
    #: So many of the newest.
    keep_last: Optional[int]
    #: The newest of each hour, for so many hours that have one.
    keep_hourly: Optional[int]
    #: The newest of each day.
    keep_daily: Optional[int]
    #: The newest of each week.
    keep_weekly: Optional[int]
    #: The newest of each month.
    keep_monthly: Optional[int]
    #: The newest of each year.
    keep_yearly: Optional[int]
    #: Never fewer than this many verified full ones; default 1.
    keep_minimum: Optional[int]
    #: Of those made before a migration, so many of the newest; default 3.
    keep_pre_migrate: Optional[int]
    #: Of those made before a restore, so many of the newest; default 3.
    keep_pre_restore: Optional[int]


class Passphrase(TypedDict, total=False):
    """See [`EncryptTo::Passphrase`]."""

    #: The text.
    passphrase: Secret


class ScriptLimits(TypedDict, total=False):
    """Option `script` of `open`: limits that no script can raise."""

    #: Longest run, 1 to 86,400,000; default 30,000.
    timeout_ms: Optional[int]
    #: Most memory, from 1 MiB; default 64 MiB.
    memory_bytes: Optional[int]


class AuditLog(TypedDict, total=False):
    """Option `audit` of `open`: the record of who did what."""

    #: Keep one; default in every database that has the history of this library, and in no other.
    enabled: Optional[bool]
    #: Also of calls that only look; default true.
    reads: Optional[bool]
    #: What keys the chain of hashes, so that nobody without it can write a record; default a key that everybody has,
    #: and then only the anchors outside the database tell. It must be the same for every handle on the database: what
    #: one without it writes behind records of the key is a finding of the proof; calls without it that change nothing
    #: are not recorded there.
    key: Optional[Secret]
    #: Keep the values that stand in SQL; default false.
    literals: bool
    #: Texts that are replaced by `[redacted]` wherever they stand in a target or an actor, in any case.
    redact: Sequence[str]
    #: Records that are older are archived and removed by the monitor, 1 to 36,500; default never.
    keep_days: Optional[int]


class Monitor(TypedDict, total=False):
    """Options of `monitor_start`, and option `monitor` of `open`. 0 switches a task off."""

    #: Between two looks, 10 to 3,600,000; default 1,000.
    tick_ms: Optional[int]
    #: Between two quick checks (`quick_check`), 0 to 8,760; default 24.
    quick_check_hours: Optional[int]
    #: Between two deep checks (integrity and foreign keys), 0 to 3,650; default 7.
    deep_check_days: Optional[int]
    #: Whether to make the backups that are due by `backup.every_hours`; default true.
    backup: Optional[bool]
    #: Between two runs of `PRAGMA optimize`, 0 to 8,760; default 24.
    optimize_hours: Optional[int]
    #: After so long without a write the log is moved into the database, 0 to 86,400,000; default 5,000.
    idle_ms: Optional[int]
    #: A log with more than this in use is begun anew by a restart checkpoint, 0 to 1 TiB; default 64 MiB.
    wal_restart_bytes: Optional[int]
    #: A database without a row in its table `users` is critical; default false.
    require_users: bool
    #: When alerts fire.
    alerts: AlertLimits


class AlertLimits(TypedDict, total=False):
    """Option `alerts` of the monitor: where each rule fires. 0 switches a rule off."""

    #: How long a condition must hold before it fires, 0 to 86,400,000; default each rule's own.
    for_ms: Optional[int]
    #: How long it must be clear before the alert is resolved, 0 to 86,400,000; default 5,000.
    clear_ms: Optional[int]
    #: Less free disk than this; default 512 MiB. An eighth of it is critical.
    disk_free_bytes: Optional[int]
    #: A larger log; default 128 MiB.
    wal_bytes: Optional[int]
    #: A newest verified backup that is older, 0 to 87,600; default 48. Seven times as old is critical.
    backup_age_hours: Optional[int]
    #: A backup that is bigger or smaller than the one before by more than this, 0 to 100,000; default 50.
    backup_jump_percent: Optional[int]
    #: So many of the waits for a lock in the last minute were in vain, 0 to 100; default 10.
    busy_percent: Optional[int]
    #: All readers in use for so long, 0 to 86,400,000; default 5,000.
    pool_exhausted_ms: Optional[int]
    #: A call that has its connection for longer, 1 to 86,400,000; default 60,000.
    call_max_ms: Optional[int]
    #: A statement that takes so much of its own baseline, 0 to 1,000,000; default 300.
    slow_percent: Optional[int]
    #: A full scan of a table with so many rows; default 100,000.
    scan_rows: Optional[int]
    #: So many denials of one actor in the window of the audit; default 5.
    denials: Optional[int]


class Adopt(TypedDict, total=False):
    """Options of `adopt`."""

    #: Whose history to take over; default the one that is found.
    tool: Optional[str]
    #: Which version of the set the history stands for; needed where the other tool has no version numbers.
    target: Optional[int]
    #: Look and verify, write nothing; default false.
    dry_run: bool


class Alerts(TypedDict, total=False):
    """Options of `alerts`."""

    #: The events after the one with this number; default all that are remembered.
    since: Optional[int]
    #: The key of an alert that somebody looks after; for admins.
    acknowledge: Optional[str]
    #: Resolved alerts too; default false.
    all: bool


class Audit(TypedDict, total=False):
    """Options of `audit`: which records, and what else is to be done."""

    #: Of this actor.
    actor: Optional[str]
    #: Of this role.
    role: Optional[str]
    #: That came through this door: rust, c, lua, cli, monitor or migration.
    origin: Optional[str]
    #: Of this verb.
    verb: Optional[str]
    #: That ended so: ok, denied or error.
    outcome: Optional[str]
    #: Whose target has this text in it.
    target: Optional[str]
    #: From this time on, in milliseconds since the Unix epoch.
    since: Optional[int]
    #: Before this time.
    until: Optional[int]
    #: Behind this number, or before it when the newest come first.
    after: Optional[int]
    #: Most records, 0 to 1,000,000; default 100.
    limit: Optional[int]
    #: The oldest first; default the newest.
    oldest_first: bool
    #: Default a list.
    format: AuditFormat
    #: Prove the chain of hashes and the anchors; default false.
    verify: bool
    #: Archive and remove the oldest.
    prune: Optional[AuditPrune]


class AuditPrune(TypedDict, total=False):
    """Option `prune` of `audit`: which records stay. One of the two must be given; a record goes when either wants it to.
    """

    #: Those of so many days, 0 to 36,500.
    keep_days: Optional[int]
    #: So many of the newest.
    keep_rows: Optional[int]
    #: Where the archive goes; default the folder for backups, or that of the database.
    folder: Optional[str]
    #: Tell what would go, and change nothing; default false.
    dry_run: bool


class Backup(TypedDict, total=False):
    """Options of `backup`."""

    #: How deep the finished copy is looked at; default `quick`, and `pages` for one that is compressed or encrypted.
    verify: Optional[Depth]
    #: Pages copied between two looks at cancel and time-out, 1 to 100,000; default 1,000.
    step_pages: Optional[int]
    #: Replace the destination if it is there; it stays whole until the new one is; default false.
    overwrite: bool
    #: Leave out free space, by VACUUM INTO; default false.
    compact: bool
    #: Compress; default what the handle was opened with.
    compress: Optional[Compress]
    #: Encrypt; default what the handle was opened with.
    encrypt_to: Optional[EncryptTo]
    #: Only the pages that changed since another backup in the folder; default false.
    incremental: Optional[Incremental]
    #: Never removed by retention; default false.
    pin: bool
    #: Do nothing when the folder has a scheduled backup younger than this, 1 to 100,000; of several processes that ask,
    #: one makes it.
    every_hours: Optional[int]


class Baseline(TypedDict, total=False):
    """Options of `baseline`."""

    #: Record up to this version; default the latest.
    target: Optional[int]


class Checkpoint(TypedDict, total=False):
    """Options of `checkpoint`."""

    #: How long to wait for readers and writers in the three blocking modes; default the handle's busy_timeout_ms.
    busy_timeout_ms: Optional[int]


class Health(TypedDict, total=False):
    """Options of `health`."""

    #: A database without a row in its table `users` is critical; default false.
    require_users: bool
    #: The newest verified backup may be this old, 1 to 87,600 hours; default 48. Seven times as old is critical.
    backup_max_age_hours: Optional[int]
    #: A call may have its connection this long, 1 to 86,400,000; default 60,000. One that has it longer keeps
    #: checkpoints, or everybody who writes, from getting through.
    call_max_ms: Optional[int]


class Metrics(TypedDict, total=False):
    """Options of `metrics`."""

    #: In which form the report is; default JSON.
    format: MetricsFormat
    #: Most fingerprints, 0 to 1,000; default 100.
    limit: Optional[int]
    #: Plan the statements to tell what indexes they use; default true.
    indexes: Optional[bool]


class Migrate(TypedDict, total=False):
    """Options of `migrate`."""

    #: Stop after this version; default the latest.
    target: Optional[int]
    #: Run everything, report, and roll back; default false.
    dry_run: bool
    #: Back up first into the configured folder; default what `open` said.
    backup: Optional[bool]
    #: How long to wait for the write lock, 0 to 86,400,000; default 60,000.
    lock_timeout_ms: Optional[int]
    #: Apply a pending migration that is lower than one already applied; default false.
    allow_out_of_order: bool
    #: What is committed together; default the whole run.
    transaction: TransactionPer


class Pin(TypedDict, total=False):
    """Options of `pin`."""

    #: Whether retention keeps its hands off it; default true.
    pinned: Optional[bool]


class Prune(TypedDict, total=False):
    """Options of `prune`."""

    #: Say what would be removed, and remove nothing; default false.
    dry_run: bool
    #: So many of the newest.
    keep_last: Optional[int]
    #: The newest of each hour, for so many hours that have one.
    keep_hourly: Optional[int]
    #: The newest of each day.
    keep_daily: Optional[int]
    #: The newest of each week.
    keep_weekly: Optional[int]
    #: The newest of each month.
    keep_monthly: Optional[int]
    #: The newest of each year.
    keep_yearly: Optional[int]
    #: Never fewer than this many verified full ones; default 1.
    keep_minimum: Optional[int]
    #: Of those made before a migration, so many of the newest; default 3.
    keep_pre_migrate: Optional[int]
    #: Of those made before a restore, so many of the newest; default 3.
    keep_pre_restore: Optional[int]


class Repair(TypedDict, total=False):
    """Options of `repair`."""

    #: Accept the present text of these; default of all that changed.
    versions: Optional[Sequence[int]]
    #: Accept the schema as it is, so that it no longer counts as changed by hand; default false.
    schema: bool


class Restore(TypedDict, total=False):
    """Options of `restore`."""

    #: Keep what is there as a backup first; default true.
    backup: Optional[bool]
    #: Verify, say what would be done, and change nothing; default false.
    dry_run: bool
    #: Restore a backup of a newer schema than this library's migrations know; default false.
    allow_newer: bool
    #: Restore a SQLite file that has no manifest, after a full check; one that somebody has open, or with a log or a
    #: hot journal beside it, is refused; default false.
    without_manifest: bool
    #: How long to wait for other connections; default the handle's busy_timeout_ms.
    busy_timeout_ms: Optional[int]
    #: Texts of age identities that open it; default what the handle was opened with.
    identities: Sequence[Secret]
    #: The passphrase that opens it; default what the handle was opened with.
    passphrase: Optional[Secret]


class Rollback(TypedDict, total=False):
    """Options of `rollback`."""

    #: Run everything, report, and undo it again; default false.
    dry_run: bool
    #: Back up first into the configured folder; default what `open` said.
    backup: Optional[bool]
    #: How long to wait for the write lock, 0 to 86,400,000; default 60,000.
    lock_timeout_ms: Optional[int]


class Schema(TypedDict, total=False):
    """Options of `schema`."""

    #: Another database file to compare with; it is only read.
    compare: Optional[str]


class Script(TypedDict, total=False):
    """Options of `script` and `script_file`."""

    #: The name in messages; default `script`, or the name of the file.
    name: Optional[str]
    #: What the script finds in `job.args`.
    args: Mapping[str, Any]
    #: Run, report what was changed, and roll back; default false.
    dry_run: bool
    #: Longest run; the limit of the handle wins when it is lower.
    timeout_ms: Optional[int]
    #: Most memory; the limit of the handle wins when it is lower.
    memory_bytes: Optional[int]


class Stats(TypedDict, total=False):
    """Options of `stats`."""

    #: Answer without scanning: row counts from SQLite's statistics or from a sample of the pages; default false.
    estimate: bool
    #: Measure every table and index, which reads every page unless nothing changed since the last time; default true,
    #: with `estimate` false. Where it is false, `objects` is what was measured before.
    sizes: Optional[bool]


class Test(TypedDict, total=False):
    """Options of `test`."""

    #: Rows generated for each table at every version started from, 1 to 1,000; default 8.
    rows: Optional[int]
    #: What the rows are made from: the same seed makes the same; default 1.
    seed: Optional[int]
    #: Versions to start from, 0 for an empty database; default all, or 50 of them spread evenly.
    versions: Optional[Sequence[int]]
    #: End every migration at each of its statements as well; default true.
    crash: Optional[bool]


class UndoRestore(TypedDict, total=False):
    """Options of `undo_restore`."""

    #: How long to wait for other connections; default the handle's busy_timeout_ms.
    busy_timeout_ms: Optional[int]
    #: Texts of age identities that open it; default what the handle was opened with.
    identities: Sequence[Secret]
    #: The passphrase that opens it; default what the handle was opened with.
    passphrase: Optional[Secret]


class Verify(TypedDict, total=False):
    """Options of `verify`."""

    #: How deep to look: `pages`, `quick` (the default) or `full`.
    depth: Optional[Depth]
    #: Texts of age identities that open it; default what the handle was opened with.
    identities: Sequence[Secret]
    #: The passphrase that opens it; default what the handle was opened with.
    passphrase: Optional[Secret]
