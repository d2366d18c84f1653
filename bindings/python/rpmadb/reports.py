"""What the calls answer.

Made by generate.py from rpmadb.schema.json; do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Literal, Optional, Tuple, Union

from ._report import Report, Table, each, first_of, members


@dataclass(frozen=True)
class Open(Report):
    """Report of `open`."""

    #: The database file, absolute; `:memory:` for one in memory.
    database_path: str
    #: Whether this call made the file.
    created: bool
    #: The journal mode in force.
    journal_mode: str
    #: What opening migrated; null when it was told not to.
    migrate: Optional[Migrate]
    #: Time the call took.
    duration_ms: float


@dataclass(frozen=True)
class Migrate(Report):
    """Report of `migrate`."""

    #: Version before the run; 0 for none.
    from_: int
    #: Version after the run.
    to: int
    #: What ran, in order.
    applied: Tuple[Applied, ...]
    #: The backup made before, if one was.
    backup: Optional[Backup]
    #: Whether all of it was rolled back again, as asked.
    dry_run: bool
    #: What was taken over from another history first; null where there was none.
    adopted: Optional[Adopted]
    #: What somebody changed in the schema by hand since the last run.
    drift: Tuple[SchemaChange, ...]
    #: Statements that ran outside the transaction, such as VACUUM; in a dry run those that would.
    moved: Tuple[str, ...]
    #: What a dry run would change; null in a real one.
    changes: Optional[Changes]
    #: What lint says about what a dry run would apply; null in a real one.
    warnings: Optional[Tuple[Warning, ...]]
    #: Time the run took, waiting for the lock included.
    duration_ms: float


@dataclass(frozen=True)
class Applied(Report):
    """One migration that ran."""

    #: Its version; null for a repeatable.
    version: Optional[int]
    #: Its name.
    name: str
    #: `sql`, `lua`, `host` or `repeatable`.
    kind: str
    #: Time it took.
    duration_ms: float


@dataclass(frozen=True)
class Backup(Report):
    """Report of `backup`."""

    #: The finished file; null when nothing was due.
    path: Optional[str]
    #: The file that describes it.
    manifest: Optional[str]
    #: Size of the file.
    size_bytes: int
    #: Pages in it.
    pages: int
    #: Whether the copy was read back and found to be what was copied, before it got its name.
    verified: bool
    #: What was looked at: `pages`, `quick`, `full`; null when nothing was.
    depth: Optional[str]
    #: The backup this one is based on; null for a full one.
    base: Optional[str]
    #: Time it took.
    duration_ms: float
    #: Older backups that retention removed.
    deleted: Tuple[str, ...]


@dataclass(frozen=True)
class Adopted(Report):
    """A history that was taken over."""

    #: The tool whose it is.
    tool: str
    #: Where it stands.
    table: str
    #: Which migrations it says are applied.
    migrations: Tuple[AdoptedMigration, ...]
    #: Whether nothing was written, as asked.
    dry_run: bool


@dataclass(frozen=True)
class AdoptedMigration(Report):
    """A migration that another history says is applied."""

    #: Its version.
    version: int
    #: Its name in our set.
    name: str
    #: When, where that history tells; null also for a version that it has no row for and that lies below its highest.
    applied_at: Optional[int]
    #: Whether that history has a checksum and our file fits it.
    verified: bool


@dataclass(frozen=True)
class SchemaChange(Report):
    """An object of the schema that differs."""

    #: `added`, `removed` or `changed`.
    change: str
    #: `table`, `index`, `view` or `trigger`.
    kind: str
    #: Its name.
    name: str
    #: The table it belongs to.
    table: str
    #: The statement that made it before.
    before: Optional[str]
    #: The statement that makes it now.
    after: Optional[str]


@dataclass(frozen=True)
class Changes(Report):
    """What a dry run would change."""

    #: Objects of the schema.
    schema: Tuple[SchemaChange, ...]
    #: Tables whose number of rows changes.
    rows: Dict[str, RowChange]
    #: Size of the database before.
    size_bytes: int
    #: The largest it would become on the way.
    peak_size_bytes: int


@dataclass(frozen=True)
class RowChange(Report):
    """A table whose number of rows changes; null where there is no such table."""

    #: Rows before.
    before: Optional[int]
    #: Rows after.
    after: Optional[int]


@dataclass(frozen=True)
class Warning(Report):
    """Something in a migration that is likely to be regretted."""

    #: The rule that says so; the directive `allow` waives it by this name.
    rule: str
    #: What it is.
    message: str
    #: What to do about it.
    hint: str
    #: The file's name as the user knows it.
    file: Optional[str]
    #: Line of the error.
    line: Optional[int]
    #: Column of the error.
    column: Optional[int]
    #: Which statement of the file, counting from 1.
    statement: Optional[int]
    #: The text of that line.
    source_line: Optional[str]
    #: The migration's version.
    version: Optional[int]
    #: The calls that led to a line of a script, the innermost first.
    traceback: Optional[str]


@dataclass(frozen=True)
class Alerts(Report):
    """Report of `alerts`."""

    #: Whether a monitor of this process watches the database; without one there are no alerts.
    monitoring: bool
    #: What is pending, firing or acknowledged, the worst first; and with `all` what was resolved.
    alerts: Tuple[Alert, ...]
    #: What changed, the oldest first; the last 1,000 are remembered.
    events: Tuple[AlertEvent, ...]
    #: The number of the last event; 0 for none. To be given as `since` the next time.
    last_event: int


@dataclass(frozen=True)
class Alert(Report):
    """One occurrence of something that is wrong."""

    #: Its number; another occurrence has another.
    id: int
    #: What it is about: the rule, and where there may be several the subject behind a colon.
    key: str
    #: The rule.
    rule: str
    #: How bad it is.
    severity: Severity
    #: Where it is in its life.
    state: AlertState
    #: What was measured last.
    value: Any
    #: Where the rule fires.
    threshold: Any
    #: What is wrong, one line for a person.
    message: str
    #: What to do first.
    remedy: str
    #: When the condition began to hold.
    since: int
    #: When it had held for long enough; null while pending.
    fired_at: Optional[int]
    #: When somebody said that they look after it.
    acknowledged_at: Optional[int]
    #: Who.
    acknowledged_by: Optional[str]
    #: When it was over.
    resolved_at: Optional[int]


#: How bad it is.
Severity = Literal["info", "warning", "critical"]


#: Where an alert is in its life.
AlertState = Literal["pending", "firing", "acknowledged", "resolved"]


@dataclass(frozen=True)
class AlertEvent(Report):
    """A change of an alert's state. One that gets more severe is told again, from `firing` to `firing`."""

    #: Its number, without gaps from 1.
    seq: int
    #: When.
    at: int
    #: The alert's.
    key: str
    #: The state before.
    from_: AlertState
    #: The state since.
    to: AlertState


@dataclass(frozen=True)
class Audit(Report):
    """What `audit` found, and did."""

    #: Whether the database has an audit.
    enabled: bool
    #: Records there are.
    rows: int
    #: The newest record.
    head: Optional[AuditHead]
    #: Those asked for; empty with the format `jsonl`.
    records: Tuple[AuditRecord, ...]
    #: Those asked for, with the format `jsonl`.
    text: Optional[str]
    #: What to ask for as `after` to get the next ones; null when there are none.
    next: Optional[int]
    #: Records that are not written yet: of this process, and of those that closed the database while it was locked.
    waiting: int
    #: Records that this process could not write, or found cut or changed where they waited, and that are lost.
    lost: int
    #: What the proof found; null when it was not asked for.
    verify: Optional[AuditVerify]
    #: What was archived and removed; null when that was not asked for.
    pruned: Optional[AuditPruned]
    #: How long it took.
    duration_ms: float


@dataclass(frozen=True)
class AuditHead(Report):
    """The newest record: its number, which counts all there ever were, and its hash."""

    #: Its number.
    count: int
    #: Its hash, in hexadecimal.
    hash: str


@dataclass(frozen=True)
class AuditRecord(Report):
    """One record."""

    #: Its number, without gaps from 1.
    seq: int
    #: A UUID of version 7.
    id: str
    #: When the call ended, in milliseconds since the Unix epoch.
    at: int
    #: Who.
    actor: str
    #: As what.
    role: str
    #: Through which door: rust, c, lua, cli, monitor or migration.
    origin: str
    #: What was called.
    verb: str
    #: What it was about, such as a path or statements without their values.
    target: Optional[str]
    #: ok, denied or error.
    outcome: str
    #: The status, 0 for OK.
    status: int
    #: How long it took, for a change until its commit, in microseconds.
    duration_us: int
    #: Rows changed, or else given.
    rows: int
    #: How many equal calls this record stands for.
    calls: int
    #: Highest applied migration.
    schema_version: int
    #: The process.
    process: int
    #: The hash over this record and the one before, in hexadecimal.
    hash: str


@dataclass(frozen=True)
class AuditVerify(Report):
    """What a proof of the audit found."""

    #: `ok`, `tampered`, or `unknown` when the key of some records was not given.
    status: str
    #: Records that were read.
    rows: int
    #: Anchors outside of the database that were compared: in the file beside it, and in manifests of backups.
    anchors: int
    #: What is wrong, at most 100.
    findings: Tuple[AuditFinding, ...]
    #: How many more are wrong.
    more_findings: int
    #: How long it took.
    duration_ms: float


@dataclass(frozen=True)
class AuditFinding(Report):
    """One thing that is wrong with the audit."""

    #: `edited`, `missing`, `tail_cut`, `head_removed`, `rewritten`, `table_dropped`, `anchor_edited`, `trigger`,
    #: `unkeyed` or `unknown_key`.
    class_: str
    #: First record that it is about.
    from_seq: int
    #: Last one.
    to_seq: int
    #: In words.
    message: str


@dataclass(frozen=True)
class AuditPruned(Report):
    """What was archived and removed."""

    #: First record.
    from_seq: int
    #: Last record.
    to_seq: int
    #: How many; 0 when there was nothing to remove.
    rows: int
    #: Where they are now.
    archive: Optional[str]
    #: Whether nothing was changed.
    dry_run: bool


@dataclass(frozen=True)
class Backups(Report):
    """Report of `backups`."""

    #: The folder; null when the handle has none.
    folder: Optional[str]
    #: The backups in it, newest first.
    backups: Tuple[Listed, ...]
    #: Files that look like backups and have no manifest that fits; they do not count.
    incomplete: Tuple[str, ...]


@dataclass(frozen=True)
class Listed(Report):
    """One backup of a folder."""

    #: The file.
    path: str
    #: Whether it was read back and found good when it was made.
    verified: bool
    #: Whether retention keeps its hands off it.
    pinned: bool
    #: Whether everything that it is based on is there.
    complete: bool
    #: What is known of it.
    manifest: Manifest


@dataclass(frozen=True)
class Manifest(Report):
    """What is known of a backup; the JSON file beside it holds this, the hashes of its pages, and a seal."""

    #: Version of this description; 1.
    format: int
    #: A name that no other backup has.
    id: str
    #: In which order backups were made, from 1; no clock is trusted with that.
    sequence: int
    #: The file's name.
    file: str
    #: Why it was made: `manual`, `scheduled`, `pre_migrate`, `pre_restore`.
    reason: str
    #: When, in milliseconds since the Unix epoch.
    created_at: int
    #: The database it was made from.
    database: str
    #: `full` or `incremental`.
    kind: str
    #: The backup that an incremental one is based on.
    base: Optional[Base]
    #: Size of the file.
    size_bytes: int
    #: BLAKE3 of the file; null for a plain full backup, whose pages are hashed.
    file_hash: Optional[str]
    #: Size of a page.
    page_size: int
    #: Pages of the database.
    page_count: int
    #: Pages in the file: fewer in an incremental one.
    stored_pages: int
    #: `zstd`, or null.
    compression: Optional[str]
    #: `age`, or null.
    encryption: Optional[str]
    #: Whether free space was left out.
    compact: bool
    #: Rows of every table; null where they cannot be counted.
    tables: Dict[str, Optional[int]]
    #: BLAKE3 of the schema.
    schema_hash: str
    #: Highest applied migration.
    schema_version: int
    #: Whether a migration outside a transaction had run in part.
    migration_in_part: bool
    #: What was looked at before the file got its name.
    checks: Checks
    #: Number and hash of the last audit record; null where there is no audit.
    audit_head: Optional[AuditHead]
    #: Version of this library.
    library_version: str
    #: Version of SQLite.
    sqlite_version: str


@dataclass(frozen=True)
class Base(Report):
    """What an incremental backup is based on."""

    #: The name of its file, in the same folder.
    file: str
    #: Its id.
    id: str


@dataclass(frozen=True)
class Checks(Report):
    """How the looks at a finished backup came out; null: not looked."""

    #: Read back and compared with what was copied.
    pages: Optional[str]
    #: `PRAGMA quick_check`.
    quick_check: Optional[str]
    #: `PRAGMA integrity_check`.
    integrity_check: Optional[str]
    #: Rows whose foreign key points nowhere.
    foreign_keys: Optional[int]


@dataclass(frozen=True)
class Baseline(Report):
    """Report of `baseline`."""

    #: Version before.
    from_: int
    #: Version after.
    to: int
    #: What was recorded as applied without running.
    recorded: Tuple[int, ...]


@dataclass(frozen=True)
class Checkpoint(Report):
    """Report of `checkpoint`."""

    #: The mode that ran.
    mode: str
    #: Whether readers or writers kept it from finishing.
    busy: bool
    #: Frames in the log; -1 when not in WAL mode.
    log: int
    #: Frames that are now in the database file; -1 when not in WAL mode.
    checkpointed: int
    #: Who kept it from finishing, as far as this process can tell; null when not busy.
    held_by: Optional[HeldBy]
    #: Time it took.
    duration_ms: float


@dataclass(frozen=True)
class HeldBy(Report):
    """Who keeps a checkpoint from finishing."""

    #: `reader` or `writer`: a call on this database by this process; else `another process`.
    who: str
    #: The verb of that call; null for another process.
    label: Optional[str]
    #: How long that call has had its connection; null for another process.
    age_ms: Optional[int]
    #: Who made that call; null for another process.
    actor: Optional[str]
    #: In which role.
    role: Optional[str]
    #: The statement it has the connection for, without literals; null where it is for something else.
    statement: Optional[str]


@dataclass(frozen=True)
class Diagnostics(Report):
    """Report of `diagnostics`."""

    #: The journal mode in force.
    journal_mode: str
    #: Frames in the log and frames already in the database file; `[-1, -1]` when not in WAL mode.
    wal_checkpoint: Tuple[int, int]
    #: How long a call waits for locks.
    busy_timeout_ms: int
    #: `"ok"`, or the findings of SQLite's integrity check, one a line. A handle that may only read does not look at
    #: CHECK constraints.
    integrity: str
    #: Rows of every table; null where they could not be counted: a virtual table without its module, a damaged page.
    table_counts: Dict[str, Optional[int]]
    #: The readers and the writer.
    pool_state: PoolState
    #: Rows whose foreign key points nowhere, at most 100 of them; null when damage kept it from being checked.
    foreign_key_check: Optional[Tuple[ForeignKeyFinding, ...]]
    #: What somebody changed in the schema by hand since the last migration; null when damage kept it from being
    #: compared.
    schema_drift: Optional[Tuple[SchemaChange, ...]]
    #: The settings SQLite really uses, as its pragmas answer; empty when the writer was busy.
    pragmas: Dict[str, Any]
    #: Where they are not what this handle was configured for; null when the writer was busy.
    pragma_findings: Optional[Tuple[PragmaFinding, ...]]
    #: The write-ahead log.
    wal: Wal
    #: What holds a connection of this handle, this call left out.
    open_transactions: Tuple[OpenTransaction, ...]
    #: What is wrong with the indexes; null when damage kept them from being examined.
    indexes: Optional[Indexes]
    #: The file systems involved, each once.
    disks: Tuple[Disk, ...]
    #: The database file and those that SQLite keeps beside it, as far as they exist.
    files: Tuple[FileMode, ...]
    #: Another copy of SQLite in this process; null for a database in memory.
    foreign_sqlite: Optional[ForeignSqlite]
    #: The SQLite inside.
    sqlite_version: str
    #: How that was built.
    sqlite: SqliteBuild
    #: The machine.
    system: System


@dataclass(frozen=True)
class PoolState(Report):
    """The connections of a handle."""

    #: Connections open, the writer included.
    connections: int
    #: Connections open and not in use.
    idle_connections: int
    #: Most connections there may be.
    max_connections: int


@dataclass(frozen=True)
class ForeignKeyFinding(Report):
    """One row whose foreign key points nowhere."""

    #: The table of the row.
    table: str
    #: Its row id; null in a table without row ids.
    rowid: Optional[int]
    #: The table it points to.
    parent: str


@dataclass(frozen=True)
class PragmaFinding(Report):
    """One setting that is not what it should be."""

    #: Its name.
    pragma: str
    #: What the handle was configured for.
    expected: Any
    #: What is in force.
    actual: Any


@dataclass(frozen=True)
class Wal(Report):
    """The write-ahead log; null where there is none, or inside a transaction."""

    #: Size of the file.
    size_bytes: Optional[int]
    #: Frames in it.
    frames: Optional[int]
    #: Frames of it that are not in the database file yet.
    backlog: Optional[int]


@dataclass(frozen=True)
class OpenTransaction(Report):
    """One holder of a connection."""

    #: What it is doing.
    label: str
    #: Since when.
    age_ms: int
    #: Whether it holds the writer.
    writes: bool
    #: Who made the call; null for the library's own work.
    actor: Optional[str]
    #: In which role.
    role: Optional[str]
    #: The statement it has the connection for, without literals; null where it is for something else, such as a
    #: transaction.
    statement: Optional[str]


@dataclass(frozen=True)
class Indexes(Report):
    """What is wrong with the indexes."""

    #: Indexes that another one makes superfluous; all of them may be dropped.
    redundant: Tuple[RedundantIndex, ...]
    #: Foreign keys whose columns no index begins with.
    missing: Tuple[MissingIndex, ...]
    #: Indexes that no statement uses and nothing else needs; null when no statement was seen.
    unused: Optional[Tuple[UnusedIndex, ...]]
    #: Statements that read a table of more than 1,000 rows without an index, at most 100; null when no statement was
    #: seen.
    full_scans: Optional[Tuple[FullScan, ...]]
    #: How many statements that is: distinct ones of this handle since it was opened, 500 at most.
    statements_seen: Optional[int]
    #: How many were left out, too old or too long; if any, an unused index may have been used by one of them.
    statements_forgotten: Optional[int]


@dataclass(frozen=True)
class RedundantIndex(Report):
    """An index that another one makes superfluous."""

    #: Its name.
    index: str
    #: Its table.
    table: str
    #: The index that does its work, or `PRIMARY KEY`.
    covered_by: str


@dataclass(frozen=True)
class MissingIndex(Report):
    """An index that there should be."""

    #: The table that lacks it.
    table: str
    #: Its columns.
    columns: Tuple[str, ...]
    #: What it is for.
    reason: str
    #: The statement that makes it.
    suggestion: str


@dataclass(frozen=True)
class UnusedIndex(Report):
    """An index that no statement uses."""

    #: Its name.
    index: str
    #: Its table.
    table: str


@dataclass(frozen=True)
class FullScan(Report):
    """A statement that reads a large table without an index."""

    #: The table.
    table: str
    #: The statement, with `?` for each literal.
    sql: str
    #: Rows of the table, about.
    rows: int


@dataclass(frozen=True)
class Disk(Report):
    """A file system."""

    #: The first of what is on it: `database`, `backups`, `temporary`.
    what: str
    #: The folder of that.
    path: str
    #: Space this process may still fill; null where it could not be measured.
    free_bytes: Optional[int]
    #: Its size; null where it could not be measured.
    total_bytes: Optional[int]


@dataclass(frozen=True)
class FileMode(Report):
    """Who may do what with a file."""

    #: The file.
    path: str
    #: Its permissions, in octal as `chmod` takes them.
    mode: str
    #: What is questionable about them; null when nothing is.
    findings: Optional[str]


@dataclass(frozen=True)
class ForeignSqlite(Report):
    """Another copy of SQLite in this process that has the database open, as far as it shows."""

    #: The option `foreign_sqlite` of the handle.
    mode: str
    #: What is in force: `refuse` where `coexist` is not possible, `one_copy` in a build without a SQLite of its own.
    effective: str
    #: Whether it is known which descriptors are not this library's; with `off` nobody looks. Those of its own SQLite
    #: are none.
    looked: bool
    #: The database.
    path: str
    #: The descriptors of the database in this process that are not this library's.
    descriptors: Tuple[int, ...]
    #: Whether one of them is a SQLite for certain, because it has locks.
    live: bool
    #: The libraries with another SQLite in them, the likeliest first. One that is built into the host shows no library.
    modules: Tuple[str, ...]
    #: Its version, where it tells.
    version: Optional[str]
    #: Whether this handle refuses to write until the database is opened again.
    refused: bool
    #: What to do about it; null when there is nothing to do.
    remedy: Optional[str]


@dataclass(frozen=True)
class SqliteBuild(Report):
    """How the SQLite inside was built."""

    #: Its version.
    version: str
    #: Its source id.
    source_id: str
    #: The options it was compiled with, without `SQLITE_`.
    compile_options: Tuple[str, ...]
    #: Whether its version can damage a database when a checkpoint resets the log while another connection begins to
    #: write.
    has_wal_reset_bug: bool


@dataclass(frozen=True)
class System(Report):
    """The machine around the database; null where this platform does not tell."""

    #: Free space on the file system of the database.
    free_disk_bytes: Optional[int]
    #: Memory this process occupies.
    resident_memory_bytes: Optional[int]
    #: Processor time this process has used.
    cpu_ms: Optional[int]


@dataclass(frozen=True)
class Health(Report):
    """Report of `health`."""

    #: The worst of the checks: `ok`, `degraded`, `critical`, or `unknown`.
    status: HealthStatus
    #: 0 to 100; at most 39 when a check is critical.
    score: int
    #: Each check.
    checks: Tuple[Check, ...]


#: How well a check or the whole is, best first.
HealthStatus = Literal["ok", "unknown", "degraded", "critical"]


@dataclass(frozen=True)
class Check(Report):
    """One check of `health`."""

    #: Its name.
    id: str
    #: How it came out.
    status: HealthStatus
    #: What was measured; null when it could not be.
    value: Any
    #: Where `degraded` begins; null where there is no number to it.
    threshold: Any
    #: When.
    measured_at: int
    #: What measuring cost, in microseconds.
    cost_us: int
    #: What to do about it; null when well.
    remedy: Optional[str]


@dataclass(frozen=True)
class Lint(Report):
    """Report of `lint`."""

    #: How many files were read.
    files: int
    #: What was found.
    warnings: Tuple[Warning, ...]


@dataclass(frozen=True)
class MetricsText(Report):
    """The figures as a text for another program."""

    #: The name of the form: `prometheus`.
    format: str
    #: The text.
    text: str


@dataclass(frozen=True)
class Figures(Report):
    """The figures of `metrics`, since the handle was opened."""

    #: Whether metrics are on; else only `pool`, `locks`, `wal` and `indexes` are known.
    enabled: bool
    #: When counting began; null when metrics are off.
    since: Optional[int]
    #: The statements of users by fingerprint, those with the largest total first.
    statements: Tuple[StatementFigures, ...]
    #: How many fingerprints there are, those beyond the limit of the call included.
    statements_known: int
    #: How many fingerprints were forgotten for newer ones, with their numbers.
    statements_evicted: int
    #: The last 100 statements that took longer than `slow_query_ms`, the newest first.
    slow: Tuple[SlowStatement, ...]
    #: How many there were since `since`.
    slow_total: int
    #: The last 100 transactions of the writer that were open for longer than 250 ms, the newest first.
    slow_transactions: Tuple[SlowTransaction, ...]
    #: How many there were since `since`.
    slow_transactions_total: int
    #: Calls by verb.
    verbs: Dict[str, VerbFigures]
    #: Backups that were made; null when metrics are off.
    backups: Optional[BackupFigures]
    #: Scripts that were run; null when metrics are off.
    scripts: Optional[ScriptFigures]
    #: Checkpoints that were asked for; null when metrics are off.
    checkpoints: Optional[CheckpointFigures]
    #: Calls that the role of the handle did not allow; null when metrics are off.
    denials: Optional[int]
    #: What the statements use; null when it was not asked for, when no reader was free to look, and where damage kept
    #: it from being examined.
    indexes: Optional[IndexFigures]
    #: The connections.
    pool: PoolFigures
    #: Waits for locks.
    locks: LockFigures
    #: The write-ahead log.
    wal: Wal


@dataclass(frozen=True)
class StatementFigures(Report):
    """What the statements of one fingerprint did."""

    #: The statement without literals, lists of values shortened; of a long one the beginning.
    fingerprint: str
    #: How often it was run.
    calls: int
    #: How often it failed.
    errors: int
    #: Rows it gave, or else changed.
    rows: int
    #: Time it took, all calls together. Waiting for a connection and the commit are not in it.
    total_ms: float
    #: Of one call.
    mean_ms: float
    #: What 95 of 100 calls did not exceed, to within 1/16.
    p95_ms: float
    #: Of the longest call.
    max_ms: float
    #: Steps from row to row of a table that was read whole.
    full_scan_steps: int
    #: Times that rows were sorted.
    sorts: int
    #: Rows put into indexes that were made for this one time.
    automatic_index_rows: int
    #: When it was run the last time.
    last_at: int


@dataclass(frozen=True)
class SlowStatement(Report):
    """One statement that took long."""

    #: The statement without literals.
    fingerprint: str
    #: How long it took.
    duration_ms: float
    #: Rows it gave, or else changed.
    rows: int
    #: Whether it failed.
    failed: bool
    #: When it ended.
    at: int
    #: The verb it was run by.
    verb: str
    #: Who ran it; null where nobody is known.
    actor: Optional[str]
    #: How SQLite planned it right after; null for one without a plan.
    plan: Optional[Tuple[str, ...]]


@dataclass(frozen=True)
class SlowTransaction(Report):
    """One transaction of the writer that was open for long."""

    #: The verb whose it was.
    label: str
    #: Who made the call; null where nobody is known.
    actor: Optional[str]
    #: How long it was open.
    duration_ms: float
    #: When it ended.
    at: int
    #: Whether it was committed, and not rolled back.
    committed: bool


@dataclass(frozen=True)
class VerbFigures(Report):
    """The calls of one verb."""

    #: How many.
    calls: int
    #: How many failed, the denied ones left out.
    errors: int
    #: How many the role did not allow.
    denied: int
    #: Time they took together.
    total_ms: float
    #: Time the longest took.
    max_ms: float


@dataclass(frozen=True)
class BackupFigures(Report):
    """Backups, those made by scripts included."""

    #: How many were made.
    made: int
    #: How many failed.
    failed: int
    #: When the last was made; null before the first, as are the next two.
    last_at: Optional[int]
    #: How long it took.
    last_duration_ms: Optional[float]
    #: Its size.
    last_size_bytes: Optional[int]


@dataclass(frozen=True)
class ScriptFigures(Report):
    """Scripts, typed ones and files."""

    #: How many were run.
    runs: int
    #: How many failed.
    failures: int


@dataclass(frozen=True)
class CheckpointFigures(Report):
    """Checkpoints, those of scripts included; the ones that SQLite makes by itself are not counted."""

    #: How many were made.
    runs: int
    #: How many of them readers or writers kept from finishing.
    busy: int


@dataclass(frozen=True)
class IndexFigures(Report):
    """What the statements of this handle use, as SQLite plans them now."""

    #: Indexes that statements use; null before the first statement.
    used: Optional[Tuple[UsedIndex, ...]]
    #: Indexes that no statement uses and nothing else needs; null before the first statement.
    unused: Optional[Tuple[UnusedIndex, ...]]
    #: Indexes that another one makes superfluous.
    redundant: Tuple[RedundantIndex, ...]
    #: Foreign keys whose columns no index begins with.
    missing: Tuple[MissingIndex, ...]
    #: Statements that read a table of more than 1,000 rows without an index; null before the first statement.
    full_scans: Optional[Tuple[FullScan, ...]]


@dataclass(frozen=True)
class UsedIndex(Report):
    """An index that statements use."""

    #: Its name.
    index: str
    #: Its table.
    table: str
    #: How often statements ran whose fingerprint uses it; null when metrics are off.
    calls: Optional[int]


@dataclass(frozen=True)
class PoolFigures(Report):
    """The connections of a handle."""

    #: Connections open, the writer included.
    connections: int
    #: Connections open and not in use.
    idle_connections: int
    #: Most connections there may be.
    max_connections: int
    #: Connections in use, this call left out.
    in_use: int
    #: How often a reader was asked for while all were in use.
    waits: int
    #: How long was waited for one, all waits together.
    wait_ms: float
    #: How many of these waits ended without one, by their limit or because the call was stopped.
    timeouts: int
    #: Who has the connections that are in use, those who have them longest first.
    holders: Tuple[OpenTransaction, ...]


@dataclass(frozen=True)
class LockFigures(Report):
    """Waits for locks."""

    #: How often a connection was taken to work with.
    leases: int
    #: How often a lock was held by somebody else: by another process, or the writer by another call of this handle.
    waited: int
    #: How many of these waits ended without the lock.
    gave_up: int


@dataclass(frozen=True)
class Migrations(Report):
    """Report of `migrations`."""

    #: Highest applied version; 0 for none.
    current: int
    #: Highest version in the set; 0 for none.
    latest: int
    #: How many would run now.
    pending: int
    #: Every migration known or recorded, by version, the repeatables last.
    migrations: Tuple[MigrationState, ...]
    #: What somebody changed in the schema by hand since the last run.
    drift: Tuple[SchemaChange, ...]


@dataclass(frozen=True)
class MigrationState(Report):
    """One migration known or recorded."""

    #: Its version; null for a repeatable.
    version: Optional[int]
    #: Its name.
    name: str
    #: `sql`, `lua`, `host` or `repeatable`.
    kind: str
    #: `applied`, `pending`, `changed`, `missing` or `out_of_order`; `removed` is a repeatable whose file is gone, what
    #: it made stays.
    state: str
    #: When it was applied.
    applied_at: Optional[int]
    #: By whom.
    actor: Optional[str]
    #: How long it took then.
    duration_ms: Optional[float]
    #: Whether there is a way back; null for a Lua file that does not load.
    reversible: Optional[bool]
    #: How it came to be recorded: `run`, `baseline`, or the tool it was adopted from.
    origin: Optional[str]
    #: When a changed text was accepted.
    repaired_at: Optional[int]
    #: By whom.
    repaired_by: Optional[str]


@dataclass(frozen=True)
class Pin(Report):
    """Report of `pin`."""

    #: The file.
    path: str
    #: Whether retention now keeps its hands off it.
    pinned: bool


@dataclass(frozen=True)
class Prune(Report):
    """Report of `prune`."""

    #: What was removed; in a dry run what would be.
    deleted: Tuple[str, ...]
    #: What stays, and why.
    kept: Tuple[Kept, ...]
    #: What was cleaned up after backups that were killed.
    leftovers: Tuple[str, ...]
    #: Whether nothing was removed, as asked.
    dry_run: bool
    #: Time it took.
    duration_ms: float


@dataclass(frozen=True)
class Kept(Report):
    """A backup that stays."""

    #: The file.
    path: str
    #: What wants it.
    because: Tuple[str, ...]


@dataclass(frozen=True, repr=False)
class Query(Table):
    """Report of `query`."""

    #: Names of the result's columns.
    columns: Tuple[str, ...]
    #: The rows, each an array. A BLOB is `{"base64": "..."}`, an infinite number `{"real": "inf"}` or `{"real":
    #: "-inf"}`.
    rows: Tuple[Tuple[Any, ...], ...]
    #: Rows inserted, updated or deleted.
    changes: int
    #: Row id of the last insert by this statement; null when it inserted none.
    last_insert_rowid: Optional[int]


@dataclass(frozen=True)
class Repair(Report):
    """Report of `repair`."""

    #: Migrations whose present text was accepted.
    repaired: Tuple[int, ...]
    #: Changes of the schema that were accepted.
    accepted: Tuple[SchemaChange, ...]


@dataclass(frozen=True)
class Restore(Report):
    """Report of `restore` and `undo_restore`."""

    #: The backup that was brought back.
    path: str
    #: The database.
    database_path: str
    #: How: `rename`, or `transaction` while others had the database open.
    method: str
    #: The backup of what was there before; null when there was nothing, or it was not wanted.
    backup: Optional[str]
    #: What was kept of a file that was no longer a database; null when it was one.
    kept: Optional[str]
    #: Pages of the database now.
    pages: int
    #: Highest applied migration now.
    schema_version: int
    #: What deserves a look.
    warnings: Tuple[str, ...]
    #: Whether nothing was changed, as asked.
    dry_run: bool
    #: Time it took.
    duration_ms: float


@dataclass(frozen=True)
class Rollback(Report):
    """Report of `rollback`."""

    #: Version before.
    from_: int
    #: Version after.
    to: int
    #: What was taken back, in order.
    reverted: Tuple[Applied, ...]
    #: The backup made before, if one was.
    backup: Optional[Backup]
    #: Whether all of it was undone again, as asked.
    dry_run: bool
    #: What a dry run would change; null in a real one.
    changes: Optional[Changes]
    #: Time it took, waiting for the lock included.
    duration_ms: float


@dataclass(frozen=True)
class Schema(Report):
    """Report of `schema`."""

    #: Highest applied migration.
    version: int
    #: A sum over all objects: equal for schemas that mean the same.
    hash: str
    #: Every object, by kind and name.
    objects: Tuple[SchemaObject, ...]
    #: What somebody changed by hand since the last run.
    drift: Tuple[SchemaChange, ...]
    #: What is different in the other database, seen from this one; null when none was named.
    differences: Optional[Tuple[SchemaChange, ...]]


@dataclass(frozen=True)
class SchemaObject(Report):
    """One object of the schema."""

    #: `table`, `index`, `view` or `trigger`.
    kind: str
    #: Its name.
    name: str
    #: The table it belongs to.
    table: str
    #: The statement that makes it.
    sql: str


@dataclass(frozen=True)
class Script(Report):
    """Report of `script`."""

    #: What the chunk returned.
    result: Any
    #: What it logged, control characters escaped; a line not of level info starts with its level in brackets.
    log: Tuple[str, ...]
    #: Whether what it changed was rolled back.
    dry_run: bool
    #: How many rows a dry run changed: also what triggers and foreign keys changed with them, and what the script took
    #: back itself; else null.
    rows_changed: Optional[int]
    #: What a dry run would have changed in schema, numbers of rows and size; else null.
    changes: Optional[Changes]
    #: Time it took.
    duration_ms: float
    #: The most memory Lua held.
    peak_memory_bytes: int


@dataclass(frozen=True)
class Scripts(Report):
    """Report of `scripts`."""

    #: The scripts that are built in, by name.
    scripts: Tuple[ScriptEntry, ...]


@dataclass(frozen=True)
class ScriptEntry(Report):
    """What the head of a script says."""

    #: What it is run by.
    name: str
    #: What it is for.
    purpose: Optional[str]
    #: Its arguments.
    args: Tuple[ScriptArg, ...]
    #: What it changes, or `nothing`.
    changes: Optional[str]
    #: The lowest role that may run it; null when every role may that can run scripts.
    role: Optional[str]
    #: How long it asks to run; the limit of the handle wins.
    timeout_ms: Optional[int]
    #: How much memory it asks for; the limit of the handle wins.
    memory_bytes: Optional[int]


@dataclass(frozen=True)
class ScriptArg(Report):
    """An argument of a script."""

    #: Its name in `job.args`.
    name: str
    #: `integer`, `number`, `string` or `boolean`.
    type: str
    #: Whether it must be given.
    required: bool
    #: What it is when it is not given; null when it is then absent.
    default: Any
    #: What it means.
    doc: str


@dataclass(frozen=True)
class Stats(Report):
    """Report of `stats`."""

    #: Size of the database: its pages, without the log.
    size_bytes: int
    #: Rows of every table; null where they could not be counted or estimated: a virtual table without its module, a
    #: damaged page.
    tables: Dict[str, Optional[int]]
    #: The database file.
    database_path: str
    #: Whether the row counts are estimates; `sources` tells it of each.
    estimated: bool
    #: Where the number of rows of each table comes from; a table without a number is not here.
    sources: Dict[str, RowSource]
    #: Size of a page.
    page_size: int
    #: Pages in the database.
    page_count: int
    #: Pages that are free for reuse.
    freelist_count: int
    #: Their size.
    freelist_bytes: int
    #: What becomes of free pages: `none` (they stay in the file), `full` or `incremental`.
    auto_vacuum: str
    #: How text is stored: `UTF-8`, `UTF-16le` or `UTF-16be`.
    encoding: str
    #: Size of the write-ahead log; null when there is none.
    wal_size_bytes: Optional[int]
    #: Frames in the log, also those that are in the database already; null when not in WAL mode, and inside a
    #: transaction.
    wal_frames: Optional[int]
    #: How many tables.
    table_count: int
    #: How many indexes.
    index_count: int
    #: Highest applied migration.
    schema_version: int
    #: Size of every table and index, SQLite's own included, largest first; null when never measured.
    objects: Optional[Tuple[ObjectSize, ...]]
    #: When `objects` was measured. It is measured anew only when the database changed since and sizes are asked for.
    objects_measured_at: Optional[int]
    #: Tables and indexes in which a damaged page was met; `diagnostics` is what looks for damage.
    damaged: Tuple[str, ...]
    #: What changed since the last call on this open database, by any handle; null at the first, and inside a
    #: transaction.
    growth: Optional[Growth]


#: Where a number of rows comes from.
RowSource = Literal["exact", "statistics", "rowids", "sampled"]


@dataclass(frozen=True)
class ObjectSize(Report):
    """Size of a table or an index."""

    #: Its name.
    name: str
    #: The table it belongs to; a table's own name.
    table: str
    #: What it is.
    kind: ObjectKind
    #: Size of its pages.
    size_bytes: int
    #: How much of that holds nothing.
    unused_bytes: int
    #: Its pages.
    pages: int
    #: Those of them that continue rows which do not fit on one page.
    overflow_pages: int


#: What an object of `stats` is.
ObjectKind = Literal["table", "index"]


@dataclass(frozen=True)
class Growth(Report):
    """What changed between two calls of `stats`."""

    #: When the call before was.
    since: int
    #: How long ago that is.
    elapsed_ms: int
    #: By how much the database grew; below zero, it shrank.
    size_bytes: int
    #: By how much the log grew; null when there was none and is none.
    wal_size_bytes: Optional[int]
    #: By how many rows tables grew: those that changed, and were counted both times or estimated both times.
    tables: Dict[str, int]


@dataclass(frozen=True)
class Test(Report):
    """Report of `test`."""

    #: Whether nothing was found wrong.
    passed: bool
    #: What the rows were made from.
    seed: int
    #: Versions that were started from.
    started_from: Tuple[int, ...]
    #: How many crashes were tried.
    crashes: int
    #: What was found wrong.
    problems: Tuple[TestProblem, ...]
    #: Most rows that each table had.
    rows: Dict[str, int]
    #: Tables that no row could be made for, and why.
    skipped_tables: Dict[str, str]
    #: Migrations without a way back; going back was tried above them only.
    irreversible: Tuple[int, ...]
    #: Time it took.
    duration_ms: float


@dataclass(frozen=True)
class TestProblem(Report):
    """Something that `test` found wrong."""

    #: The version that was started from, or that a crash was tried in.
    from_: int
    #: What it is.
    what: str
    #: The error, where there was one.
    error: Optional[Body]


@dataclass(frozen=True)
class Body(Report):
    """The members of an error document."""

    #: The status number.
    status: int
    #: The status name.
    name: str
    #: One line for a person.
    message: str
    #: What to do about it.
    hint: Optional[str]
    #: SQLite's extended result code.
    sqlite_code: Optional[int]
    #: The file's name as the user knows it.
    file: Optional[str]
    #: Line of the error.
    line: Optional[int]
    #: Column of the error.
    column: Optional[int]
    #: Which statement of the file, counting from 1.
    statement: Optional[int]
    #: The text of that line.
    source_line: Optional[str]
    #: The migration's version.
    version: Optional[int]
    #: The calls that led to a line of a script, the innermost first.
    traceback: Optional[str]
    #: The lines of a changed migration that are not what was applied.
    changes: Optional[Tuple[LineChange, ...]]


@dataclass(frozen=True)
class LineChange(Report):
    """A line of a file that is not what it was."""

    #: Its number, counting from 1: in the file as it is now, or where it would stand.
    line: int
    #: The text that was applied; null for a line that is new.
    before: Optional[str]
    #: The text now; null for a line that is gone.
    after: Optional[str]


@dataclass(frozen=True)
class Verify(Report):
    """Report of `verify`: the backup is what its manifest says. One that is not is an error."""

    #: The file.
    path: str
    #: What was looked at: `pages`, `quick` or `full`.
    depth: str
    #: The backups it is made of, the full one first.
    chain: Tuple[str, ...]
    #: How the looks came out.
    checks: Checks
    #: `ok`, `none`, or `not_checked` when it is signed and the handle has no key.
    signature: str
    #: Bytes read.
    bytes: int
    #: What is known of it.
    manifest: Manifest
    #: Time it took.
    duration_ms: float


@dataclass(frozen=True)
class MonitorStart(Report):
    """Report of `monitor_start`."""

    #: Between two looks.
    tick_ms: int
    #: What it will do besides looking.
    tasks: Tuple[MonitorTask, ...]


@dataclass(frozen=True)
class MonitorTask(Report):
    """A task of the monitor."""

    #: Its name.
    name: str
    #: Between two runs; null for one that runs when the log asks for it.
    every_ms: Optional[int]


@dataclass(frozen=True)
class MonitorStop(Report):
    """Report of `monitor_stop`."""

    #: How often it looked.
    ticks: int
    #: How long stopping took.
    duration_ms: float


@dataclass(frozen=True)
class Transaction(Report):
    """Report of `transaction`."""

    #: Whether it was committed.
    committed: bool
    #: What the callback returned.
    returned: int
    #: Time it took.
    duration_ms: float


@dataclass(frozen=True)
class BuildInfo(Report):
    """Report of `build_info`."""

    #: Version of this library.
    version: str
    #: Version of its C ABI.
    abi_version: int
    #: The SQLite that it works through.
    sqlite: SqliteInfo
    #: The Lua inside.
    lua: str
    #: Optional parts that are in this build.
    features: Tuple[str, ...]
    #: What it was compiled for.
    target: str
    #: How many migrations are embedded.
    embedded_migrations: int


@dataclass(frozen=True)
class SqliteInfo(Report):
    """The SQLite that the library works through."""

    #: Its version; null while there is none.
    version: Optional[str]
    #: Its source id; null while there is none.
    source_id: Optional[str]
    #: `bundled`, `system` or `host`.
    linkage: str


@dataclass(frozen=True)
class Progress(Report):
    """How far a call has come."""

    #: What is being done now, such as `copying pages`; empty before the first report.
    stage: str
    #: Units done of `total`.
    done: int
    #: Units in all; 0 while unknown.
    total: int
    #: Whether a stop was asked for.
    cancelled: bool


@dataclass(frozen=True)
class Document(Report):
    """`{"error": {...}}`: what a failed call hands out."""

    #: The one member.
    error: Body


#: Report of `metrics`, in the form that was asked for.
Metrics = Union[Figures, MetricsText]

Open._describe(
    ("database_path", "created", "journal_mode", "migrate", "duration_ms",),
    (("migrate", Migrate._read),),
)
Migrate._describe(
    ("from_", "to", "applied", "backup", "dry_run", "adopted", "drift", "moved", "changes", "warnings", "duration_ms",),
    (("applied", each(Applied._read)), ("backup", Backup._read), ("adopted", Adopted._read), ("drift", each(SchemaChange._read)), ("moved", tuple), ("changes", Changes._read), ("warnings", each(Warning._read)),),
    (("from", "from_"),),
)
Applied._describe(
    ("version", "name", "kind", "duration_ms",),
)
Backup._describe(
    ("path", "manifest", "size_bytes", "pages", "verified", "depth", "base", "duration_ms", "deleted",),
    (("deleted", tuple),),
)
Adopted._describe(
    ("tool", "table", "migrations", "dry_run",),
    (("migrations", each(AdoptedMigration._read)),),
)
AdoptedMigration._describe(
    ("version", "name", "applied_at", "verified",),
)
SchemaChange._describe(
    ("change", "kind", "name", "table", "before", "after",),
)
Changes._describe(
    ("schema", "rows", "size_bytes", "peak_size_bytes",),
    (("schema", each(SchemaChange._read)), ("rows", members(RowChange._read)),),
)
RowChange._describe(
    ("before", "after",),
)
Warning._describe(
    ("rule", "message", "hint", "file", "line", "column", "statement", "source_line", "version", "traceback",),
)
Alerts._describe(
    ("monitoring", "alerts", "events", "last_event",),
    (("alerts", each(Alert._read)), ("events", each(AlertEvent._read)),),
)
Alert._describe(
    ("id", "key", "rule", "severity", "state", "value", "threshold", "message", "remedy", "since", "fired_at", "acknowledged_at", "acknowledged_by", "resolved_at",),
)
AlertEvent._describe(
    ("seq", "at", "key", "from_", "to",),
    (),
    (("from", "from_"),),
)
Audit._describe(
    ("enabled", "rows", "head", "records", "text", "next", "waiting", "lost", "verify", "pruned", "duration_ms",),
    (("head", AuditHead._read), ("records", each(AuditRecord._read)), ("verify", AuditVerify._read), ("pruned", AuditPruned._read),),
)
AuditHead._describe(
    ("count", "hash",),
)
AuditRecord._describe(
    ("seq", "id", "at", "actor", "role", "origin", "verb", "target", "outcome", "status", "duration_us", "rows", "calls", "schema_version", "process", "hash",),
)
AuditVerify._describe(
    ("status", "rows", "anchors", "findings", "more_findings", "duration_ms",),
    (("findings", each(AuditFinding._read)),),
)
AuditFinding._describe(
    ("class_", "from_seq", "to_seq", "message",),
    (),
    (("class", "class_"),),
)
AuditPruned._describe(
    ("from_seq", "to_seq", "rows", "archive", "dry_run",),
)
Backups._describe(
    ("folder", "backups", "incomplete",),
    (("backups", each(Listed._read)), ("incomplete", tuple),),
)
Listed._describe(
    ("path", "verified", "pinned", "complete", "manifest",),
    (("manifest", Manifest._read),),
)
Manifest._describe(
    ("format", "id", "sequence", "file", "reason", "created_at", "database", "kind", "base", "size_bytes", "file_hash", "page_size", "page_count", "stored_pages", "compression", "encryption", "compact", "tables", "schema_hash", "schema_version", "migration_in_part", "checks", "audit_head", "library_version", "sqlite_version",),
    (("base", Base._read), ("checks", Checks._read), ("audit_head", AuditHead._read),),
)
Base._describe(
    ("file", "id",),
)
Checks._describe(
    ("pages", "quick_check", "integrity_check", "foreign_keys",),
)
Baseline._describe(
    ("from_", "to", "recorded",),
    (("recorded", tuple),),
    (("from", "from_"),),
)
Checkpoint._describe(
    ("mode", "busy", "log", "checkpointed", "held_by", "duration_ms",),
    (("held_by", HeldBy._read),),
)
HeldBy._describe(
    ("who", "label", "age_ms", "actor", "role", "statement",),
)
Diagnostics._describe(
    ("journal_mode", "wal_checkpoint", "busy_timeout_ms", "integrity", "table_counts", "pool_state", "foreign_key_check", "schema_drift", "pragmas", "pragma_findings", "wal", "open_transactions", "indexes", "disks", "files", "foreign_sqlite", "sqlite_version", "sqlite", "system",),
    (("wal_checkpoint", tuple), ("pool_state", PoolState._read), ("foreign_key_check", each(ForeignKeyFinding._read)), ("schema_drift", each(SchemaChange._read)), ("pragma_findings", each(PragmaFinding._read)), ("wal", Wal._read), ("open_transactions", each(OpenTransaction._read)), ("indexes", Indexes._read), ("disks", each(Disk._read)), ("files", each(FileMode._read)), ("foreign_sqlite", ForeignSqlite._read), ("sqlite", SqliteBuild._read), ("system", System._read),),
)
PoolState._describe(
    ("connections", "idle_connections", "max_connections",),
)
ForeignKeyFinding._describe(
    ("table", "rowid", "parent",),
)
PragmaFinding._describe(
    ("pragma", "expected", "actual",),
)
Wal._describe(
    ("size_bytes", "frames", "backlog",),
)
OpenTransaction._describe(
    ("label", "age_ms", "writes", "actor", "role", "statement",),
)
Indexes._describe(
    ("redundant", "missing", "unused", "full_scans", "statements_seen", "statements_forgotten",),
    (("redundant", each(RedundantIndex._read)), ("missing", each(MissingIndex._read)), ("unused", each(UnusedIndex._read)), ("full_scans", each(FullScan._read)),),
)
RedundantIndex._describe(
    ("index", "table", "covered_by",),
)
MissingIndex._describe(
    ("table", "columns", "reason", "suggestion",),
    (("columns", tuple),),
)
UnusedIndex._describe(
    ("index", "table",),
)
FullScan._describe(
    ("table", "sql", "rows",),
)
Disk._describe(
    ("what", "path", "free_bytes", "total_bytes",),
)
FileMode._describe(
    ("path", "mode", "findings",),
)
ForeignSqlite._describe(
    ("mode", "effective", "looked", "path", "descriptors", "live", "modules", "version", "refused", "remedy",),
    (("descriptors", tuple), ("modules", tuple),),
)
SqliteBuild._describe(
    ("version", "source_id", "compile_options", "has_wal_reset_bug",),
    (("compile_options", tuple),),
)
System._describe(
    ("free_disk_bytes", "resident_memory_bytes", "cpu_ms",),
)
Health._describe(
    ("status", "score", "checks",),
    (("checks", each(Check._read)),),
)
Check._describe(
    ("id", "status", "value", "threshold", "measured_at", "cost_us", "remedy",),
)
Lint._describe(
    ("files", "warnings",),
    (("warnings", each(Warning._read)),),
)
MetricsText._describe(
    ("format", "text",),
)
_read_metrics = first_of(Figures, MetricsText)
Figures._describe(
    ("enabled", "since", "statements", "statements_known", "statements_evicted", "slow", "slow_total", "slow_transactions", "slow_transactions_total", "verbs", "backups", "scripts", "checkpoints", "denials", "indexes", "pool", "locks", "wal",),
    (("statements", each(StatementFigures._read)), ("slow", each(SlowStatement._read)), ("slow_transactions", each(SlowTransaction._read)), ("verbs", members(VerbFigures._read)), ("backups", BackupFigures._read), ("scripts", ScriptFigures._read), ("checkpoints", CheckpointFigures._read), ("indexes", IndexFigures._read), ("pool", PoolFigures._read), ("locks", LockFigures._read), ("wal", Wal._read),),
)
StatementFigures._describe(
    ("fingerprint", "calls", "errors", "rows", "total_ms", "mean_ms", "p95_ms", "max_ms", "full_scan_steps", "sorts", "automatic_index_rows", "last_at",),
)
SlowStatement._describe(
    ("fingerprint", "duration_ms", "rows", "failed", "at", "verb", "actor", "plan",),
    (("plan", tuple),),
)
SlowTransaction._describe(
    ("label", "actor", "duration_ms", "at", "committed",),
)
VerbFigures._describe(
    ("calls", "errors", "denied", "total_ms", "max_ms",),
)
BackupFigures._describe(
    ("made", "failed", "last_at", "last_duration_ms", "last_size_bytes",),
)
ScriptFigures._describe(
    ("runs", "failures",),
)
CheckpointFigures._describe(
    ("runs", "busy",),
)
IndexFigures._describe(
    ("used", "unused", "redundant", "missing", "full_scans",),
    (("used", each(UsedIndex._read)), ("unused", each(UnusedIndex._read)), ("redundant", each(RedundantIndex._read)), ("missing", each(MissingIndex._read)), ("full_scans", each(FullScan._read)),),
)
UsedIndex._describe(
    ("index", "table", "calls",),
)
PoolFigures._describe(
    ("connections", "idle_connections", "max_connections", "in_use", "waits", "wait_ms", "timeouts", "holders",),
    (("holders", each(OpenTransaction._read)),),
)
LockFigures._describe(
    ("leases", "waited", "gave_up",),
)
Migrations._describe(
    ("current", "latest", "pending", "migrations", "drift",),
    (("migrations", each(MigrationState._read)), ("drift", each(SchemaChange._read)),),
)
MigrationState._describe(
    ("version", "name", "kind", "state", "applied_at", "actor", "duration_ms", "reversible", "origin", "repaired_at", "repaired_by",),
)
Pin._describe(
    ("path", "pinned",),
)
Prune._describe(
    ("deleted", "kept", "leftovers", "dry_run", "duration_ms",),
    (("deleted", tuple), ("kept", each(Kept._read)), ("leftovers", tuple),),
)
Kept._describe(
    ("path", "because",),
    (("because", tuple),),
)
Query._describe(
    ("columns", "rows", "changes", "last_insert_rowid",),
    (("columns", tuple), ("rows", each(tuple)),),
)
Repair._describe(
    ("repaired", "accepted",),
    (("repaired", tuple), ("accepted", each(SchemaChange._read)),),
)
Restore._describe(
    ("path", "database_path", "method", "backup", "kept", "pages", "schema_version", "warnings", "dry_run", "duration_ms",),
    (("warnings", tuple),),
)
Rollback._describe(
    ("from_", "to", "reverted", "backup", "dry_run", "changes", "duration_ms",),
    (("reverted", each(Applied._read)), ("backup", Backup._read), ("changes", Changes._read),),
    (("from", "from_"),),
)
Schema._describe(
    ("version", "hash", "objects", "drift", "differences",),
    (("objects", each(SchemaObject._read)), ("drift", each(SchemaChange._read)), ("differences", each(SchemaChange._read)),),
)
SchemaObject._describe(
    ("kind", "name", "table", "sql",),
)
Script._describe(
    ("result", "log", "dry_run", "rows_changed", "changes", "duration_ms", "peak_memory_bytes",),
    (("log", tuple), ("changes", Changes._read),),
)
Scripts._describe(
    ("scripts",),
    (("scripts", each(ScriptEntry._read)),),
)
ScriptEntry._describe(
    ("name", "purpose", "args", "changes", "role", "timeout_ms", "memory_bytes",),
    (("args", each(ScriptArg._read)),),
)
ScriptArg._describe(
    ("name", "type", "required", "default", "doc",),
)
Stats._describe(
    ("size_bytes", "tables", "database_path", "estimated", "sources", "page_size", "page_count", "freelist_count", "freelist_bytes", "auto_vacuum", "encoding", "wal_size_bytes", "wal_frames", "table_count", "index_count", "schema_version", "objects", "objects_measured_at", "damaged", "growth",),
    (("objects", each(ObjectSize._read)), ("damaged", tuple), ("growth", Growth._read),),
)
ObjectSize._describe(
    ("name", "table", "kind", "size_bytes", "unused_bytes", "pages", "overflow_pages",),
)
Growth._describe(
    ("since", "elapsed_ms", "size_bytes", "wal_size_bytes", "tables",),
)
Test._describe(
    ("passed", "seed", "started_from", "crashes", "problems", "rows", "skipped_tables", "irreversible", "duration_ms",),
    (("started_from", tuple), ("problems", each(TestProblem._read)), ("irreversible", tuple),),
)
TestProblem._describe(
    ("from_", "what", "error",),
    (("error", Body._read),),
    (("from", "from_"),),
)
Body._describe(
    ("status", "name", "message", "hint", "sqlite_code", "file", "line", "column", "statement", "source_line", "version", "traceback", "changes",),
    (("changes", each(LineChange._read)),),
)
LineChange._describe(
    ("line", "before", "after",),
)
Verify._describe(
    ("path", "depth", "chain", "checks", "signature", "bytes", "manifest", "duration_ms",),
    (("chain", tuple), ("checks", Checks._read), ("manifest", Manifest._read),),
)
MonitorStart._describe(
    ("tick_ms", "tasks",),
    (("tasks", each(MonitorTask._read)),),
)
MonitorTask._describe(
    ("name", "every_ms",),
)
MonitorStop._describe(
    ("ticks", "duration_ms",),
)
Transaction._describe(
    ("committed", "returned", "duration_ms",),
)
BuildInfo._describe(
    ("version", "abi_version", "sqlite", "lua", "features", "target", "embedded_migrations",),
    (("sqlite", SqliteInfo._read), ("features", tuple),),
)
SqliteInfo._describe(
    ("version", "source_id", "linkage",),
)
Progress._describe(
    ("stage", "done", "total", "cancelled",),
)
Document._describe(
    ("error",),
    (("error", Body._read),),
)
