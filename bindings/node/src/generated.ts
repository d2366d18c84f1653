// Made by scripts/generate.mjs from bindings/rpmadb.schema.json and include/rpmadb.h; do not edit.
import type { Argument, CallOptions, Params, Shape, Value } from './values';

/** The ABI that this package is written for. */
export const ABI_VERSION = 1;

/** The statuses by name. */
export const Status = {
  OK: 0,
  INVALID_ARGUMENT: 100,
  NULL_ARGUMENT: 101,
  INVALID_UTF8: 102,
  STALE_HANDLE: 103,
  BAD_HANDLE: 104,
  WRONG_KIND: 105,
  REENTRANT: 106,
  WRONG_PROCESS: 107,
  ABI_MISMATCH: 108,
  UNSUPPORTED: 109,
  NOT_READY: 110,
  SQL: 200,
  BUSY: 201,
  READ_ONLY: 202,
  NOT_FOUND: 203,
  ALREADY_EXISTS: 204,
  NOT_A_DATABASE: 205,
  CORRUPT: 206,
  DISK_FULL: 207,
  IO: 208,
  PERMISSION: 209,
  CONSTRAINT: 210,
  FOREIGN_SQLITE: 211,
  SAME_FILE: 212,
  LOCK_LOST: 213,
  MIGRATION_FAILED: 300,
  MIGRATION_CHANGED: 301,
  MIGRATION_MISSING: 302,
  MIGRATION_INVALID: 303,
  DATABASE_TOO_NEW: 304,
  OUT_OF_ORDER: 305,
  GUARD: 306,
  IRREVERSIBLE: 307,
  SCRIPT_SYNTAX: 400,
  SCRIPT_FAILED: 401,
  SCRIPT_TIMEOUT: 402,
  SCRIPT_MEMORY: 403,
  CANCELLED: 500,
  TIMEOUT: 501,
  DENIED: 502,
  BACKUP_INVALID: 600,
  BACKUP_FAILED: 601,
  DECRYPT: 602,
  INTERNAL: 900,
  PANIC: 901,
  NO_MEMORY: 902,
} as const;

/** The name of a status. */
export type StatusName = keyof typeof Status;

/** What the functions of the header return and take. */
export const prototypes = {
  rpmadb_version: ['text', []],
  rpmadb_abi_version: ['uint32', []],
  rpmadb_check_abi: ['int32', ['uint32']],
  rpmadb_build_info: ['int32', ['text out']],
  rpmadb_status_name: ['text', ['int32']],
  rpmadb_free: ['void', ['owned text']],
  rpmadb_op_new: ['int32', ['handle out']],
  rpmadb_op_on_progress: ['int32', ['handle', 'progress', 'pointer']],
  rpmadb_op_set_timeout_ms: ['int32', ['handle', 'uint64']],
  rpmadb_op_cancel: ['int32', ['handle']],
  rpmadb_op_progress: ['int32', ['handle', 'text out']],
  rpmadb_op_free: ['int32', ['handle inout']],
  rpmadb_open: ['int32', ['text', 'text', 'handle', 'handle out', 'text out']],
  rpmadb_as: ['int32', ['handle', 'text', 'text', 'handle out', 'text out']],
  rpmadb_close: ['int32', ['handle inout']],
  rpmadb_add_step: ['int32', ['handle', 'int64', 'text', 'step', 'step', 'pointer', 'text out']],
  rpmadb_transaction: ['int32', ['handle', 'step', 'pointer', 'text', 'handle', 'text out']],
  rpmadb_bind_host_sqlite: ['int32', ['pointer', 'text out']],
  rpmadb_sqlite3: ['int32', ['handle', 'pointer out', 'text out']],
  rpmadb_open_sqlite3: ['int32', ['pointer', 'text', 'handle', 'handle out', 'text out']],
  rpmadb_migrate: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_migrations: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_health: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_diagnostics: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_metrics: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_stats: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_checkpoint: ['int32', ['handle', 'text', 'text', 'handle', 'text out']],
  rpmadb_audit: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_query: ['int32', ['handle', 'text', 'text', 'text', 'handle', 'text out']],
  rpmadb_script: ['int32', ['handle', 'text', 'text', 'handle', 'text out']],
  rpmadb_script_file: ['int32', ['handle', 'text', 'text', 'handle', 'text out']],
  rpmadb_scripts: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_backup: ['int32', ['handle', 'text', 'text', 'handle', 'text out']],
  rpmadb_backups: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_verify: ['int32', ['handle', 'text', 'text', 'handle', 'text out']],
  rpmadb_restore: ['int32', ['handle', 'text', 'text', 'handle', 'text out']],
  rpmadb_undo_restore: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_restore_file: ['int32', ['text', 'text', 'text', 'text', 'handle', 'text out']],
  rpmadb_prune: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_pin: ['int32', ['handle', 'text', 'text', 'handle', 'text out']],
  rpmadb_rollback: ['int32', ['handle', 'int64', 'text', 'handle', 'text out']],
  rpmadb_adopt: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_baseline: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_repair: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_lint: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_schema: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_test: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_monitor_start: ['int32', ['handle', 'text', 'text out']],
  rpmadb_monitor_stop: ['int32', ['handle', 'text out']],
  rpmadb_alerts: ['int32', ['handle', 'text', 'handle', 'text out']],
  rpmadb_on_alert: ['int32', ['handle', 'alert', 'pointer', 'text out']],
  rpmadb_json_int: ['int32', ['text', 'text', 'int64 out']],
  rpmadb_json_real: ['int32', ['text', 'text', 'double out']],
  rpmadb_json_text: ['int32', ['text', 'text', 'text out']],
  rpmadb_log_set: ['int32', ['int32', 'log', 'pointer']],
} as const;

// What is passed down.

/** Options of `open`. */
export interface OpenOptions {
  /** Who uses the handle, for the log; default `"host"`. */
  actor?: string | null;
  /** What the handle may do; default admin. */
  role?: Role;
  /** Never write, not even to migrate; default false. */
  read_only?: boolean;
  /** Create a missing file; default true. */
  create?: boolean | null;
  /** Migrate to the latest version; default true. */
  migrate?: boolean | null;
  /** A folder of migrations; default the embedded set. */
  migrations?: string | null;
  /** How the files in that folder are named and laid out: `rpmadb`, `auto`, or the name of another tool; default `rpmadb`. */
  style?: string | null;
  /** How long to wait for locks, 0 to 86,400,000; default 5,000. */
  busy_timeout_ms?: number | null;
  /** Default WAL. */
  journal_mode?: JournalMode;
  /** Default NORMAL. */
  synchronous?: Synchronous;
  /** Enforce foreign keys; default true. */
  foreign_keys?: boolean | null;
  /** Trust functions and virtual tables named in the schema; default false. */
  trusted_schema?: boolean;
  /** Refuse SQL that can damage the file; default true. */
  defensive?: boolean | null;
  /** Bytes of the file mapped into memory; default 0, because a file truncated by another process then ends this one. */
  mmap_size_bytes?: number | null;
  /** Bytes kept allocated in a file beside the database, and let go of when the disk is full; 0 to 1 TiB, default none. */
  ballast_bytes?: number | null;
  /** Prepared statements kept per connection, 0 to 10,000; default 64. */
  statement_cache?: number | null;
  /** Count statements, calls and more for `metrics`; default false, or true where the environment says `RPMA_DB_METRICS=1`. */
  metrics?: boolean | null;
  /** A statement that takes longer is kept with its plan while metrics are on, 0 to 86,400,000; default 100. */
  slow_query_ms?: number | null;
  /**
   * What is done about another copy of SQLite in this process that has the database open: `coexist`, `refuse`, `warn` or `off`; default
   * `coexist`.
   */
  foreign_sqlite?: ForeignSqlite;
  /** The readers. */
  pool?: Pool;
  /** Where backups go. */
  backup?: BackupFolder;
  /** Limits of scripts. */
  script?: ScriptLimits;
  /** The record of who did what. */
  audit?: AuditLog;
  /** Starts the monitor with these options; default none. */
  monitor?: MonitorOptions | null;
}

/** Who the user of a handle is, in falling order of rights. */
export type Role = "user" | "supervisor" | "admin";

/** How SQLite keeps its journal. */
export type JournalMode = "wal" | "delete" | "truncate" | "persist" | "keep";

/** How often SQLite waits for the disk. */
export type Synchronous = "off" | "normal" | "full" | "extra";

/** What is done about another copy of SQLite in this process that has the database open. */
export type ForeignSqlite = "coexist" | "refuse" | "warn" | "off";

/** Option `pool` of `open`. */
export interface Pool {
  /** Most readers at once, 1 to 1,000; default 10. */
  max?: number | null;
  /** Readers opened with the first one, at most `max`; default 2. */
  min_idle?: number | null;
  /** How long to wait for a reader; default 30,000. */
  timeout_ms?: number | null;
  /** Readers beyond `min_idle` that were not needed for so long are closed, 1 to 86,400,000; default 60,000. */
  idle_ms?: number | null;
}

/** Option `backup` of `open`: where backups go, how they are wrapped, and which of them stay. */
export interface BackupFolder {
  /** Where backups without a destination go; it must exist. */
  folder?: string | null;
  /** Back up before a migration run that has something to do; default false. */
  before_migrate?: boolean;
  /** A monitor makes a backup when the newest scheduled one is older, 1 to 100,000; default none. */
  every_hours?: number | null;
  /** Compress; default false. */
  compress?: Compress | null;
  /** Encrypt; default not. */
  encrypt_to?: EncryptTo | null;
  /** What opens encrypted backups again: texts of age identities. */
  identities?: Secret[];
  /** What opens backups that were encrypted with a passphrase. */
  passphrase?: Secret | null;
  /** Signs manifests; those without its signature are then refused. */
  sign_key?: Secret | null;
  /** So many of the newest. */
  keep_last?: number | null;
  /** The newest of each hour, for so many hours that have one. */
  keep_hourly?: number | null;
  /** The newest of each day. */
  keep_daily?: number | null;
  /** The newest of each week. */
  keep_weekly?: number | null;
  /** The newest of each month. */
  keep_monthly?: number | null;
  /** The newest of each year. */
  keep_yearly?: number | null;
  /** Never fewer than this many verified full ones; default 1. */
  keep_minimum?: number | null;
  /** Of those made before a migration, so many of the newest; default 3. */
  keep_pre_migrate?: number | null;
  /** Of those made before a restore, so many of the newest; default 3. */
  keep_pre_restore?: number | null;
}

/** How hard to compress: true is zstd level 1 */
export type Compress = boolean | number;

/** For whom to encrypt. */
export type EncryptTo = string | string[] | Passphrase;

/** See [`EncryptTo::Passphrase`]. */
export interface Passphrase {
  /** The text. */
  passphrase: Secret;
}

/** A text that never shows in debug output. */
export type Secret = string;

/** Option `script` of `open`: limits that no script can raise. */
export interface ScriptLimits {
  /** Longest run, 1 to 86,400,000; default 30,000. */
  timeout_ms?: number | null;
  /** Most memory, from 1 MiB; default 64 MiB. */
  memory_bytes?: number | null;
}

/** Option `audit` of `open`: the record of who did what. */
export interface AuditLog {
  /** Keep one; default in every database that has the history of this library, and in no other. */
  enabled?: boolean | null;
  /** Also of calls that only look; default true. */
  reads?: boolean | null;
  /**
   * What keys the chain of hashes, so that nobody without it can write a record; default a key that everybody has, and then
   * only the anchors outside the database tell. It must be the same for every handle on the database: what one without it writes
   * behind records of the key is a finding of the proof; calls without it that change nothing are not recorded there.
   */
  key?: Secret | null;
  /** Keep the values that stand in SQL; default false. */
  literals?: boolean;
  /** Texts that are replaced by `[redacted]` wherever they stand in a target or an actor, in any case. */
  redact?: string[];
  /** Records that are older are archived and removed by the monitor, 1 to 36,500; default never. */
  keep_days?: number | null;
}

/** Options of `monitor_start`, and option `monitor` of `open`. 0 switches a task off. */
export interface MonitorOptions {
  /** Between two looks, 10 to 3,600,000; default 1,000. */
  tick_ms?: number | null;
  /** Between two quick checks (`quick_check`), 0 to 8,760; default 24. */
  quick_check_hours?: number | null;
  /** Between two deep checks (integrity and foreign keys), 0 to 3,650; default 7. */
  deep_check_days?: number | null;
  /** Whether to make the backups that are due by `backup.every_hours`; default true. */
  backup?: boolean | null;
  /** Between two runs of `PRAGMA optimize`, 0 to 8,760; default 24. */
  optimize_hours?: number | null;
  /** After so long without a write the log is moved into the database, 0 to 86,400,000; default 5,000. */
  idle_ms?: number | null;
  /** A log with more than this in use is begun anew by a restart checkpoint, 0 to 1 TiB; default 64 MiB. */
  wal_restart_bytes?: number | null;
  /** A database without a row in its table `users` is critical; default false. */
  require_users?: boolean;
  /** When alerts fire. */
  alerts?: AlertLimits;
}

/** Option `alerts` of the monitor: where each rule fires. 0 switches a rule off. */
export interface AlertLimits {
  /** How long a condition must hold before it fires, 0 to 86,400,000; default each rule's own. */
  for_ms?: number | null;
  /** How long it must be clear before the alert is resolved, 0 to 86,400,000; default 5,000. */
  clear_ms?: number | null;
  /** Less free disk than this; default 512 MiB. An eighth of it is critical. */
  disk_free_bytes?: number | null;
  /** A larger log; default 128 MiB. */
  wal_bytes?: number | null;
  /** A newest verified backup that is older, 0 to 87,600; default 48. Seven times as old is critical. */
  backup_age_hours?: number | null;
  /** A backup that is bigger or smaller than the one before by more than this, 0 to 100,000; default 50. */
  backup_jump_percent?: number | null;
  /** So many of the waits for a lock in the last minute were in vain, 0 to 100; default 10. */
  busy_percent?: number | null;
  /** All readers in use for so long, 0 to 86,400,000; default 5,000. */
  pool_exhausted_ms?: number | null;
  /** A call that has its connection for longer, 1 to 86,400,000; default 60,000. */
  call_max_ms?: number | null;
  /** A statement that takes so much of its own baseline, 0 to 1,000,000; default 300. */
  slow_percent?: number | null;
  /** A full scan of a table with so many rows; default 100,000. */
  scan_rows?: number | null;
  /** So many denials of one actor in the window of the audit; default 5. */
  denials?: number | null;
}

/** Options of `adopt`. */
export interface AdoptOptions {
  /** Whose history to take over; default the one that is found. */
  tool?: string | null;
  /** Which version of the set the history stands for; needed where the other tool has no version numbers. */
  target?: number | null;
  /** Look and verify, write nothing; default false. */
  dry_run?: boolean;
}

/** Options of `alerts`. */
export interface AlertsOptions {
  /** The events after the one with this number; default all that are remembered. */
  since?: number | null;
  /** The key of an alert that somebody looks after; for admins. */
  acknowledge?: string | null;
  /** Resolved alerts too; default false. */
  all?: boolean;
}

/** Options of `audit`: which records, and what else is to be done. */
export interface AuditOptions {
  /** Of this actor. */
  actor?: string | null;
  /** Of this role. */
  role?: string | null;
  /** That came through this door: rust, c, lua, cli, monitor or migration. */
  origin?: string | null;
  /** Of this verb. */
  verb?: string | null;
  /** That ended so: ok, denied or error. */
  outcome?: string | null;
  /** Whose target has this text in it. */
  target?: string | null;
  /** From this time on, in milliseconds since the Unix epoch. */
  since?: number | null;
  /** Before this time. */
  until?: number | null;
  /** Behind this number, or before it when the newest come first. */
  after?: number | null;
  /** Most records, 0 to 1,000,000; default 100. */
  limit?: number | null;
  /** The oldest first; default the newest. */
  oldest_first?: boolean;
  /** Default a list. */
  format?: AuditFormat;
  /** Prove the chain of hashes and the anchors; default false. */
  verify?: boolean;
  /** Archive and remove the oldest. */
  prune?: AuditPrune | null;
}

/** How records are reported. */
export type AuditFormat = "json" | "jsonl";

/** Option `prune` of `audit`: which records stay. One of the two must be given; a record goes when either wants it to. */
export interface AuditPrune {
  /** Those of so many days, 0 to 36,500. */
  keep_days?: number | null;
  /** So many of the newest. */
  keep_rows?: number | null;
  /** Where the archive goes; default the folder for backups, or that of the database. */
  folder?: string | null;
  /** Tell what would go, and change nothing; default false. */
  dry_run?: boolean;
}

/** Options of `backup`. */
export interface BackupOptions {
  /** How deep the finished copy is looked at; default `quick`, and `pages` for one that is compressed or encrypted. */
  verify?: Depth | null;
  /** Pages copied between two looks at cancel and time-out, 1 to 100,000; default 1,000. */
  step_pages?: number | null;
  /** Replace the destination if it is there; it stays whole until the new one is; default false. */
  overwrite?: boolean;
  /** Leave out free space, by VACUUM INTO; default false. */
  compact?: boolean;
  /** Compress; default what the handle was opened with. */
  compress?: Compress | null;
  /** Encrypt; default what the handle was opened with. */
  encrypt_to?: EncryptTo | null;
  /** Only the pages that changed since another backup in the folder; default false. */
  incremental?: Incremental | null;
  /** Never removed by retention; default false. */
  pin?: boolean;
  /** Do nothing when the folder has a scheduled backup younger than this, 1 to 100,000; of several processes that ask, one makes it. */
  every_hours?: number | null;
}

/** How deep a backup is looked at: true is quick */
export type Depth = boolean | "pages" | "quick" | "full";

/** What an incremental backup is based on. */
export type Incremental = boolean | string;

/** Options of `baseline`. */
export interface BaselineOptions {
  /** Record up to this version; default the latest. */
  target?: number | null;
}

/** Options of `checkpoint`. */
export interface CheckpointOptions {
  /** How long to wait for readers and writers in the three blocking modes; default the handle's busy_timeout_ms. */
  busy_timeout_ms?: number | null;
}

/** Options of `health`. */
export interface HealthOptions {
  /** A database without a row in its table `users` is critical; default false. */
  require_users?: boolean;
  /** The newest verified backup may be this old, 1 to 87,600 hours; default 48. Seven times as old is critical. */
  backup_max_age_hours?: number | null;
  /**
   * A call may have its connection this long, 1 to 86,400,000; default 60,000. One that has it longer keeps checkpoints, or
   * everybody who writes, from getting through.
   */
  call_max_ms?: number | null;
}

/** Options of `metrics`. */
export interface MetricsOptions {
  /** In which form the report is; default JSON. */
  format?: MetricsFormat;
  /** Most fingerprints, 0 to 1,000; default 100. */
  limit?: number | null;
  /** Plan the statements to tell what indexes they use; default true. */
  indexes?: boolean | null;
}

/** The form of `metrics`. */
export type MetricsFormat = "json" | "prometheus";

/** Options of `migrate`. */
export interface MigrateOptions {
  /** Stop after this version; default the latest. */
  target?: number | null;
  /** Run everything, report, and roll back; default false. */
  dry_run?: boolean;
  /** Back up first into the configured folder; default what `open` said. */
  backup?: boolean | null;
  /** How long to wait for the write lock, 0 to 86,400,000; default 60,000. */
  lock_timeout_ms?: number | null;
  /** Apply a pending migration that is lower than one already applied; default false. */
  allow_out_of_order?: boolean;
  /** What is committed together; default the whole run. */
  transaction?: TransactionPer;
}

/** What `migrate` commits together. */
export type TransactionPer = "run" | "file";

/** Options of `pin`. */
export interface PinOptions {
  /** Whether retention keeps its hands off it; default true. */
  pinned?: boolean | null;
}

/** Options of `prune`. */
export interface PruneOptions {
  /** Say what would be removed, and remove nothing; default false. */
  dry_run?: boolean;
  /** So many of the newest. */
  keep_last?: number | null;
  /** The newest of each hour, for so many hours that have one. */
  keep_hourly?: number | null;
  /** The newest of each day. */
  keep_daily?: number | null;
  /** The newest of each week. */
  keep_weekly?: number | null;
  /** The newest of each month. */
  keep_monthly?: number | null;
  /** The newest of each year. */
  keep_yearly?: number | null;
  /** Never fewer than this many verified full ones; default 1. */
  keep_minimum?: number | null;
  /** Of those made before a migration, so many of the newest; default 3. */
  keep_pre_migrate?: number | null;
  /** Of those made before a restore, so many of the newest; default 3. */
  keep_pre_restore?: number | null;
}

/** Options of `repair`. */
export interface RepairOptions {
  /** Accept the present text of these; default of all that changed. */
  versions?: number[] | null;
  /** Accept the schema as it is, so that it no longer counts as changed by hand; default false. */
  schema?: boolean;
}

/** Options of `restore`. */
export interface RestoreOptions {
  /** Keep what is there as a backup first; default true. */
  backup?: boolean | null;
  /** Verify, say what would be done, and change nothing; default false. */
  dry_run?: boolean;
  /** Restore a backup of a newer schema than this library's migrations know; default false. */
  allow_newer?: boolean;
  /**
   * Restore a SQLite file that has no manifest, after a full check; one that somebody has open, or with a log or a hot journal beside it,
   * is refused; default false.
   */
  without_manifest?: boolean;
  /** How long to wait for other connections; default the handle's busy_timeout_ms. */
  busy_timeout_ms?: number | null;
  /** Texts of age identities that open it; default what the handle was opened with. */
  identities?: Secret[];
  /** The passphrase that opens it; default what the handle was opened with. */
  passphrase?: Secret | null;
}

/** Options of `rollback`. */
export interface RollbackOptions {
  /** Run everything, report, and undo it again; default false. */
  dry_run?: boolean;
  /** Back up first into the configured folder; default what `open` said. */
  backup?: boolean | null;
  /** How long to wait for the write lock, 0 to 86,400,000; default 60,000. */
  lock_timeout_ms?: number | null;
}

/** Options of `schema`. */
export interface SchemaOptions {
  /** Another database file to compare with; it is only read. */
  compare?: string | null;
}

/** Options of `script` and `script_file`. */
export interface ScriptOptions {
  /** The name in messages; default `script`, or the name of the file. */
  name?: string | null;
  /** What the script finds in `job.args`. */
  args?: Record<string, unknown>;
  /** Run, report what was changed, and roll back; default false. */
  dry_run?: boolean;
  /** Longest run; the limit of the handle wins when it is lower. */
  timeout_ms?: number | null;
  /** Most memory; the limit of the handle wins when it is lower. */
  memory_bytes?: number | null;
}

/** Options of `stats`. */
export interface StatsOptions {
  /** Answer without scanning: row counts from SQLite's statistics or from a sample of the pages; default false. */
  estimate?: boolean;
  /**
   * Measure every table and index, which reads every page unless nothing changed since the last time; default true,
   * with `estimate` false. Where it is false, `objects` is what was measured before.
   */
  sizes?: boolean | null;
}

/** Options of `test`. */
export interface TestOptions {
  /** Rows generated for each table at every version started from, 1 to 1,000; default 8. */
  rows?: number | null;
  /** What the rows are made from: the same seed makes the same; default 1. */
  seed?: number | null;
  /** Versions to start from, 0 for an empty database; default all, or 50 of them spread evenly. */
  versions?: number[] | null;
  /** End every migration at each of its statements as well; default true. */
  crash?: boolean | null;
}

/** Options of `undo_restore`. */
export interface UndoRestoreOptions {
  /** How long to wait for other connections; default the handle's busy_timeout_ms. */
  busy_timeout_ms?: number | null;
  /** Texts of age identities that open it; default what the handle was opened with. */
  identities?: Secret[];
  /** The passphrase that opens it; default what the handle was opened with. */
  passphrase?: Secret | null;
}

/** Options of `verify`. */
export interface VerifyOptions {
  /** How deep to look: `pages`, `quick` (the default) or `full`. */
  depth?: Depth | null;
  /** Texts of age identities that open it; default what the handle was opened with. */
  identities?: Secret[];
  /** The passphrase that opens it; default what the handle was opened with. */
  passphrase?: Secret | null;
}

// What is reported.

/** Report of `open`. */
export interface OpenReport {
  /** The database file, absolute; `:memory:` for one in memory. */
  database_path: string;
  /** Whether this call made the file. */
  created: boolean;
  /** The journal mode in force. */
  journal_mode: string;
  /** What opening migrated; null when it was told not to. */
  migrate: MigrateReport | null;
  /** Time the call took. */
  duration_ms: number;
}

/** Report of `migrate`. */
export interface MigrateReport {
  /** Version before the run; 0 for none. */
  from: number;
  /** Version after the run. */
  to: number;
  /** What ran, in order. */
  applied: Applied[];
  /** The backup made before, if one was. */
  backup: BackupReport | null;
  /** Whether all of it was rolled back again, as asked. */
  dry_run: boolean;
  /** What was taken over from another history first; null where there was none. */
  adopted: AdoptedReport | null;
  /** What somebody changed in the schema by hand since the last run. */
  drift: SchemaChange[];
  /** Statements that ran outside the transaction, such as VACUUM; in a dry run those that would. */
  moved: string[];
  /** What a dry run would change; null in a real one. */
  changes: Changes | null;
  /** What lint says about what a dry run would apply; null in a real one. */
  warnings: Warning[] | null;
  /** Time the run took, waiting for the lock included. */
  duration_ms: number;
}

/** One migration that ran. */
export interface Applied {
  /** Its version; null for a repeatable. */
  version: number | null;
  /** Its name. */
  name: string;
  /** `sql`, `lua`, `host` or `repeatable`. */
  kind: string;
  /** Time it took. */
  duration_ms: number;
}

/** Report of `backup`. */
export interface BackupReport {
  /** The finished file; null when nothing was due. */
  path: string | null;
  /** The file that describes it. */
  manifest: string | null;
  /** Size of the file. */
  size_bytes: number;
  /** Pages in it. */
  pages: number;
  /** Whether the copy was read back and found to be what was copied, before it got its name. */
  verified: boolean;
  /** What was looked at: `pages`, `quick`, `full`; null when nothing was. */
  depth: string | null;
  /** The backup this one is based on; null for a full one. */
  base: string | null;
  /** Time it took. */
  duration_ms: number;
  /** Older backups that retention removed. */
  deleted: string[];
}

/** A history that was taken over. */
export interface AdoptedReport {
  /** The tool whose it is. */
  tool: string;
  /** Where it stands. */
  table: string;
  /** Which migrations it says are applied. */
  migrations: AdoptedMigration[];
  /** Whether nothing was written, as asked. */
  dry_run: boolean;
}

/** A migration that another history says is applied. */
export interface AdoptedMigration {
  /** Its version. */
  version: number;
  /** Its name in our set. */
  name: string;
  /** When, where that history tells; null also for a version that it has no row for and that lies below its highest. */
  applied_at: number | null;
  /** Whether that history has a checksum and our file fits it. */
  verified: boolean;
}

/** An object of the schema that differs. */
export interface SchemaChange {
  /** `added`, `removed` or `changed`. */
  change: string;
  /** `table`, `index`, `view` or `trigger`. */
  kind: string;
  /** Its name. */
  name: string;
  /** The table it belongs to. */
  table: string;
  /** The statement that made it before. */
  before: string | null;
  /** The statement that makes it now. */
  after: string | null;
}

/** What a dry run would change. */
export interface Changes {
  /** Objects of the schema. */
  schema: SchemaChange[];
  /** Tables whose number of rows changes. */
  rows: Record<string, RowChange>;
  /** Size of the database before. */
  size_bytes: number;
  /** The largest it would become on the way. */
  peak_size_bytes: number;
}

/** A table whose number of rows changes; null where there is no such table. */
export interface RowChange {
  /** Rows before. */
  before: number | null;
  /** Rows after. */
  after: number | null;
}

/** Something in a migration that is likely to be regretted. */
export interface Warning {
  /** The rule that says so; the directive `allow` waives it by this name. */
  rule: string;
  /** What it is. */
  message: string;
  /** What to do about it. */
  hint: string;
  /** The file's name as the user knows it. */
  file: string | null;
  /** Line of the error. */
  line: number | null;
  /** Column of the error. */
  column: number | null;
  /** Which statement of the file, counting from 1. */
  statement: number | null;
  /** The text of that line. */
  source_line: string | null;
  /** The migration's version. */
  version: number | null;
  /** The calls that led to a line of a script, the innermost first. */
  traceback: string | null;
}

/** Report of `alerts`. */
export interface AlertsReport {
  /** Whether a monitor of this process watches the database; without one there are no alerts. */
  monitoring: boolean;
  /** What is pending, firing or acknowledged, the worst first; and with `all` what was resolved. */
  alerts: Alert[];
  /** What changed, the oldest first; the last 1,000 are remembered. */
  events: AlertEvent[];
  /** The number of the last event; 0 for none. To be given as `since` the next time. */
  last_event: number;
}

/** One occurrence of something that is wrong. */
export interface Alert {
  /** Its number; another occurrence has another. */
  id: number;
  /** What it is about: the rule, and where there may be several the subject behind a colon. */
  key: string;
  /** The rule. */
  rule: string;
  /** How bad it is. */
  severity: Severity;
  /** Where it is in its life. */
  state: AlertState;
  /** What was measured last. */
  value: unknown;
  /** Where the rule fires. */
  threshold: unknown;
  /** What is wrong, one line for a person. */
  message: string;
  /** What to do first. */
  remedy: string;
  /** When the condition began to hold. */
  since: number;
  /** When it had held for long enough; null while pending. */
  fired_at: number | null;
  /** When somebody said that they look after it. */
  acknowledged_at: number | null;
  /** Who. */
  acknowledged_by: string | null;
  /** When it was over. */
  resolved_at: number | null;
}

/** How bad it is. */
export type Severity = "info" | "warning" | "critical";

/** Where an alert is in its life. */
export type AlertState = "pending" | "firing" | "acknowledged" | "resolved";

/** A change of an alert's state. One that gets more severe is told again, from `firing` to `firing`. */
export interface AlertEvent {
  /** Its number, without gaps from 1. */
  seq: number;
  /** When. */
  at: number;
  /** The alert's. */
  key: string;
  /** The state before. */
  from: AlertState;
  /** The state since. */
  to: AlertState;
}

/** What `audit` found, and did. */
export interface AuditReport {
  /** Whether the database has an audit. */
  enabled: boolean;
  /** Records there are. */
  rows: number;
  /** The newest record. */
  head: AuditHead | null;
  /** Those asked for; empty with the format `jsonl`. */
  records: AuditRecord[];
  /** Those asked for, with the format `jsonl`. */
  text: string | null;
  /** What to ask for as `after` to get the next ones; null when there are none. */
  next: number | null;
  /** Records that are not written yet: of this process, and of those that closed the database while it was locked. */
  waiting: number;
  /** Records that this process could not write, or found cut or changed where they waited, and that are lost. */
  lost: number;
  /** What the proof found; null when it was not asked for. */
  verify: AuditVerify | null;
  /** What was archived and removed; null when that was not asked for. */
  pruned: AuditPruned | null;
  /** How long it took. */
  duration_ms: number;
}

/** The newest record: its number, which counts all there ever were, and its hash. */
export interface AuditHead {
  /** Its number. */
  count: number;
  /** Its hash, in hexadecimal. */
  hash: string;
}

/** One record. */
export interface AuditRecord {
  /** Its number, without gaps from 1. */
  seq: number;
  /** A UUID of version 7. */
  id: string;
  /** When the call ended, in milliseconds since the Unix epoch. */
  at: number;
  /** Who. */
  actor: string;
  /** As what. */
  role: string;
  /** Through which door: rust, c, lua, cli, monitor or migration. */
  origin: string;
  /** What was called. */
  verb: string;
  /** What it was about, such as a path or statements without their values. */
  target: string | null;
  /** ok, denied or error. */
  outcome: string;
  /** The status, 0 for OK. */
  status: number;
  /** How long it took, for a change until its commit, in microseconds. */
  duration_us: number;
  /** Rows changed, or else given. */
  rows: number;
  /** How many equal calls this record stands for. */
  calls: number;
  /** Highest applied migration. */
  schema_version: number;
  /** The process. */
  process: number;
  /** The hash over this record and the one before, in hexadecimal. */
  hash: string;
}

/** What a proof of the audit found. */
export interface AuditVerify {
  /** `ok`, `tampered`, or `unknown` when the key of some records was not given. */
  status: string;
  /** Records that were read. */
  rows: number;
  /** Anchors outside of the database that were compared: in the file beside it, and in manifests of backups. */
  anchors: number;
  /** What is wrong, at most 100. */
  findings: AuditFinding[];
  /** How many more are wrong. */
  more_findings: number;
  /** How long it took. */
  duration_ms: number;
}

/** One thing that is wrong with the audit. */
export interface AuditFinding {
  /**
   * `edited`, `missing`, `tail_cut`, `head_removed`, `rewritten`, `table_dropped`, `anchor_edited`, `trigger`, `unkeyed` or
   * `unknown_key`.
   */
  class: string;
  /** First record that it is about. */
  from_seq: number;
  /** Last one. */
  to_seq: number;
  /** In words. */
  message: string;
}

/** What was archived and removed. */
export interface AuditPruned {
  /** First record. */
  from_seq: number;
  /** Last record. */
  to_seq: number;
  /** How many; 0 when there was nothing to remove. */
  rows: number;
  /** Where they are now. */
  archive: string | null;
  /** Whether nothing was changed. */
  dry_run: boolean;
}

/** Report of `backups`. */
export interface BackupsReport {
  /** The folder; null when the handle has none. */
  folder: string | null;
  /** The backups in it, newest first. */
  backups: Listed[];
  /** Files that look like backups and have no manifest that fits; they do not count. */
  incomplete: string[];
}

/** One backup of a folder. */
export interface Listed {
  /** The file. */
  path: string;
  /** Whether it was read back and found good when it was made. */
  verified: boolean;
  /** Whether retention keeps its hands off it. */
  pinned: boolean;
  /** Whether everything that it is based on is there. */
  complete: boolean;
  /** What is known of it. */
  manifest: Manifest;
}

/** What is known of a backup; the JSON file beside it holds this, the hashes of its pages, and a seal. */
export interface Manifest {
  /** Version of this description; 1. */
  format: number;
  /** A name that no other backup has. */
  id: string;
  /** In which order backups were made, from 1; no clock is trusted with that. */
  sequence: number;
  /** The file's name. */
  file: string;
  /** Why it was made: `manual`, `scheduled`, `pre_migrate`, `pre_restore`. */
  reason: string;
  /** When, in milliseconds since the Unix epoch. */
  created_at: number;
  /** The database it was made from. */
  database: string;
  /** `full` or `incremental`. */
  kind: string;
  /** The backup that an incremental one is based on. */
  base: Base | null;
  /** Size of the file. */
  size_bytes: number;
  /** BLAKE3 of the file; null for a plain full backup, whose pages are hashed. */
  file_hash: string | null;
  /** Size of a page. */
  page_size: number;
  /** Pages of the database. */
  page_count: number;
  /** Pages in the file: fewer in an incremental one. */
  stored_pages: number;
  /** `zstd`, or null. */
  compression: string | null;
  /** `age`, or null. */
  encryption: string | null;
  /** Whether free space was left out. */
  compact: boolean;
  /** Rows of every table; null where they cannot be counted. */
  tables: Record<string, number | null>;
  /** BLAKE3 of the schema. */
  schema_hash: string;
  /** Highest applied migration. */
  schema_version: number;
  /** Whether a migration outside a transaction had run in part. */
  migration_in_part: boolean;
  /** What was looked at before the file got its name. */
  checks: Checks;
  /** Number and hash of the last audit record; null where there is no audit. */
  audit_head: AuditHead | null;
  /** Version of this library. */
  library_version: string;
  /** Version of SQLite. */
  sqlite_version: string;
}

/** What an incremental backup is based on. */
export interface Base {
  /** The name of its file, in the same folder. */
  file: string;
  /** Its id. */
  id: string;
}

/** How the looks at a finished backup came out; null: not looked. */
export interface Checks {
  /** Read back and compared with what was copied. */
  pages: string | null;
  /** `PRAGMA quick_check`. */
  quick_check: string | null;
  /** `PRAGMA integrity_check`. */
  integrity_check: string | null;
  /** Rows whose foreign key points nowhere. */
  foreign_keys: number | null;
}

/** Report of `baseline`. */
export interface BaselineReport {
  /** Version before. */
  from: number;
  /** Version after. */
  to: number;
  /** What was recorded as applied without running. */
  recorded: number[];
}

/** Report of `checkpoint`. */
export interface CheckpointReport {
  /** The mode that ran. */
  mode: string;
  /** Whether readers or writers kept it from finishing. */
  busy: boolean;
  /** Frames in the log; -1 when not in WAL mode. */
  log: number;
  /** Frames that are now in the database file; -1 when not in WAL mode. */
  checkpointed: number;
  /** Who kept it from finishing, as far as this process can tell; null when not busy. */
  held_by: HeldBy | null;
  /** Time it took. */
  duration_ms: number;
}

/** Who keeps a checkpoint from finishing. */
export interface HeldBy {
  /** `reader` or `writer`: a call on this database by this process; else `another process`. */
  who: string;
  /** The verb of that call; null for another process. */
  label: string | null;
  /** How long that call has had its connection; null for another process. */
  age_ms: number | null;
  /** Who made that call; null for another process. */
  actor: string | null;
  /** In which role. */
  role: string | null;
  /** The statement it has the connection for, without literals; null where it is for something else. */
  statement: string | null;
}

/** Report of `diagnostics`. */
export interface DiagnosticsReport {
  /** The journal mode in force. */
  journal_mode: string;
  /** Frames in the log and frames already in the database file; `[-1, -1]` when not in WAL mode. */
  wal_checkpoint: [number, number];
  /** How long a call waits for locks. */
  busy_timeout_ms: number;
  /**
   * `"ok"`, or the findings of SQLite's integrity check, one a line. A handle that may only read does not look at CHECK
   * constraints.
   */
  integrity: string;
  /** Rows of every table; null where they could not be counted: a virtual table without its module, a damaged page. */
  table_counts: Record<string, number | null>;
  /** The readers and the writer. */
  pool_state: PoolState;
  /** Rows whose foreign key points nowhere, at most 100 of them; null when damage kept it from being checked. */
  foreign_key_check: ForeignKeyFinding[] | null;
  /** What somebody changed in the schema by hand since the last migration; null when damage kept it from being compared. */
  schema_drift: SchemaChange[] | null;
  /** The settings SQLite really uses, as its pragmas answer; empty when the writer was busy. */
  pragmas: Record<string, unknown>;
  /** Where they are not what this handle was configured for; null when the writer was busy. */
  pragma_findings: PragmaFinding[] | null;
  /** The write-ahead log. */
  wal: Wal;
  /** What holds a connection of this handle, this call left out. */
  open_transactions: OpenTransaction[];
  /** What is wrong with the indexes; null when damage kept them from being examined. */
  indexes: Indexes | null;
  /** The file systems involved, each once. */
  disks: Disk[];
  /** The database file and those that SQLite keeps beside it, as far as they exist. */
  files: FileMode[];
  /** Another copy of SQLite in this process; null for a database in memory. */
  foreign_sqlite: ForeignSqliteReport | null;
  /** The SQLite inside. */
  sqlite_version: string;
  /** How that was built. */
  sqlite: SqliteBuild;
  /** The machine. */
  system: System;
}

/** The connections of a handle. */
export interface PoolState {
  /** Connections open, the writer included. */
  connections: number;
  /** Connections open and not in use. */
  idle_connections: number;
  /** Most connections there may be. */
  max_connections: number;
}

/** One row whose foreign key points nowhere. */
export interface ForeignKeyFinding {
  /** The table of the row. */
  table: string;
  /** Its row id; null in a table without row ids. */
  rowid: number | bigint | null;
  /** The table it points to. */
  parent: string;
}

/** One setting that is not what it should be. */
export interface PragmaFinding {
  /** Its name. */
  pragma: string;
  /** What the handle was configured for. */
  expected: unknown;
  /** What is in force. */
  actual: unknown;
}

/** The write-ahead log; null where there is none, or inside a transaction. */
export interface Wal {
  /** Size of the file. */
  size_bytes: number | null;
  /** Frames in it. */
  frames: number | null;
  /** Frames of it that are not in the database file yet. */
  backlog: number | null;
}

/** One holder of a connection. */
export interface OpenTransaction {
  /** What it is doing. */
  label: string;
  /** Since when. */
  age_ms: number;
  /** Whether it holds the writer. */
  writes: boolean;
  /** Who made the call; null for the library's own work. */
  actor: string | null;
  /** In which role. */
  role: string | null;
  /** The statement it has the connection for, without literals; null where it is for something else, such as a transaction. */
  statement: string | null;
}

/** What is wrong with the indexes. */
export interface Indexes {
  /** Indexes that another one makes superfluous; all of them may be dropped. */
  redundant: RedundantIndex[];
  /** Foreign keys whose columns no index begins with. */
  missing: MissingIndex[];
  /** Indexes that no statement uses and nothing else needs; null when no statement was seen. */
  unused: UnusedIndex[] | null;
  /** Statements that read a table of more than 1,000 rows without an index, at most 100; null when no statement was seen. */
  full_scans: FullScan[] | null;
  /** How many statements that is: distinct ones of this handle since it was opened, 500 at most. */
  statements_seen: number | null;
  /** How many were left out, too old or too long; if any, an unused index may have been used by one of them. */
  statements_forgotten: number | null;
}

/** An index that another one makes superfluous. */
export interface RedundantIndex {
  /** Its name. */
  index: string;
  /** Its table. */
  table: string;
  /** The index that does its work, or `PRIMARY KEY`. */
  covered_by: string;
}

/** An index that there should be. */
export interface MissingIndex {
  /** The table that lacks it. */
  table: string;
  /** Its columns. */
  columns: string[];
  /** What it is for. */
  reason: string;
  /** The statement that makes it. */
  suggestion: string;
}

/** An index that no statement uses. */
export interface UnusedIndex {
  /** Its name. */
  index: string;
  /** Its table. */
  table: string;
}

/** A statement that reads a large table without an index. */
export interface FullScan {
  /** The table. */
  table: string;
  /** The statement, with `?` for each literal. */
  sql: string;
  /** Rows of the table, about. */
  rows: number;
}

/** A file system. */
export interface Disk {
  /** The first of what is on it: `database`, `backups`, `temporary`. */
  what: string;
  /** The folder of that. */
  path: string;
  /** Space this process may still fill; null where it could not be measured. */
  free_bytes: number | null;
  /** Its size; null where it could not be measured. */
  total_bytes: number | null;
}

/** Who may do what with a file. */
export interface FileMode {
  /** The file. */
  path: string;
  /** Its permissions, in octal as `chmod` takes them. */
  mode: string;
  /** What is questionable about them; null when nothing is. */
  findings: string | null;
}

/** Another copy of SQLite in this process that has the database open, as far as it shows. */
export interface ForeignSqliteReport {
  /** The option `foreign_sqlite` of the handle. */
  mode: string;
  /** What is in force: `refuse` where `coexist` is not possible, `one_copy` in a build without a SQLite of its own. */
  effective: string;
  /** Whether it is known which descriptors are not this library's; with `off` nobody looks. Those of its own SQLite are none. */
  looked: boolean;
  /** The database. */
  path: string;
  /** The descriptors of the database in this process that are not this library's. */
  descriptors: number[];
  /** Whether one of them is a SQLite for certain, because it has locks. */
  live: boolean;
  /** The libraries with another SQLite in them, the likeliest first. One that is built into the host shows no library. */
  modules: string[];
  /** Its version, where it tells. */
  version: string | null;
  /** Whether this handle refuses to write until the database is opened again. */
  refused: boolean;
  /** What to do about it; null when there is nothing to do. */
  remedy: string | null;
}

/** How the SQLite inside was built. */
export interface SqliteBuild {
  /** Its version. */
  version: string;
  /** Its source id. */
  source_id: string;
  /** The options it was compiled with, without `SQLITE_`. */
  compile_options: string[];
  /** Whether its version can damage a database when a checkpoint resets the log while another connection begins to write. */
  has_wal_reset_bug: boolean;
}

/** The machine around the database; null where this platform does not tell. */
export interface System {
  /** Free space on the file system of the database. */
  free_disk_bytes: number | null;
  /** Memory this process occupies. */
  resident_memory_bytes: number | null;
  /** Processor time this process has used. */
  cpu_ms: number | null;
}

/** Report of `health`. */
export interface HealthReport {
  /** The worst of the checks: `ok`, `degraded`, `critical`, or `unknown`. */
  status: HealthStatus;
  /** 0 to 100; at most 39 when a check is critical. */
  score: number;
  /** Each check. */
  checks: Check[];
}

/** How well a check or the whole is, best first. */
export type HealthStatus = "ok" | "unknown" | "degraded" | "critical";

/** One check of `health`. */
export interface Check {
  /** Its name. */
  id: string;
  /** How it came out. */
  status: HealthStatus;
  /** What was measured; null when it could not be. */
  value: unknown;
  /** Where `degraded` begins; null where there is no number to it. */
  threshold: unknown;
  /** When. */
  measured_at: number;
  /** What measuring cost, in microseconds. */
  cost_us: number;
  /** What to do about it; null when well. */
  remedy: string | null;
}

/** Report of `lint`. */
export interface LintReport {
  /** How many files were read. */
  files: number;
  /** What was found. */
  warnings: Warning[];
}

/** Report of `metrics`, in the form that was asked for. */
export type MetricsReport = Figures | { format: string; text: string };

/** The figures of `metrics`, since the handle was opened. */
export interface Figures {
  /** Whether metrics are on; else only `pool`, `locks`, `wal` and `indexes` are known. */
  enabled: boolean;
  /** When counting began; null when metrics are off. */
  since: number | null;
  /** The statements of users by fingerprint, those with the largest total first. */
  statements: StatementFigures[];
  /** How many fingerprints there are, those beyond the limit of the call included. */
  statements_known: number;
  /** How many fingerprints were forgotten for newer ones, with their numbers. */
  statements_evicted: number;
  /** The last 100 statements that took longer than `slow_query_ms`, the newest first. */
  slow: SlowStatement[];
  /** How many there were since `since`. */
  slow_total: number;
  /** The last 100 transactions of the writer that were open for longer than 250 ms, the newest first. */
  slow_transactions: SlowTransaction[];
  /** How many there were since `since`. */
  slow_transactions_total: number;
  /** Calls by verb. */
  verbs: Record<string, VerbFigures>;
  /** Backups that were made; null when metrics are off. */
  backups: BackupFigures | null;
  /** Scripts that were run; null when metrics are off. */
  scripts: ScriptFigures | null;
  /** Checkpoints that were asked for; null when metrics are off. */
  checkpoints: CheckpointFigures | null;
  /** Calls that the role of the handle did not allow; null when metrics are off. */
  denials: number | null;
  /**
   * What the statements use; null when it was not asked for, when no reader was free to look, and where damage kept it from being
   * examined.
   */
  indexes: IndexFigures | null;
  /** The connections. */
  pool: PoolFigures;
  /** Waits for locks. */
  locks: LockFigures;
  /** The write-ahead log. */
  wal: Wal;
}

/** What the statements of one fingerprint did. */
export interface StatementFigures {
  /** The statement without literals, lists of values shortened; of a long one the beginning. */
  fingerprint: string;
  /** How often it was run. */
  calls: number;
  /** How often it failed. */
  errors: number;
  /** Rows it gave, or else changed. */
  rows: number;
  /** Time it took, all calls together. Waiting for a connection and the commit are not in it. */
  total_ms: number;
  /** Of one call. */
  mean_ms: number;
  /** What 95 of 100 calls did not exceed, to within 1/16. */
  p95_ms: number;
  /** Of the longest call. */
  max_ms: number;
  /** Steps from row to row of a table that was read whole. */
  full_scan_steps: number;
  /** Times that rows were sorted. */
  sorts: number;
  /** Rows put into indexes that were made for this one time. */
  automatic_index_rows: number;
  /** When it was run the last time. */
  last_at: number;
}

/** One statement that took long. */
export interface SlowStatement {
  /** The statement without literals. */
  fingerprint: string;
  /** How long it took. */
  duration_ms: number;
  /** Rows it gave, or else changed. */
  rows: number;
  /** Whether it failed. */
  failed: boolean;
  /** When it ended. */
  at: number;
  /** The verb it was run by. */
  verb: string;
  /** Who ran it; null where nobody is known. */
  actor: string | null;
  /** How SQLite planned it right after; null for one without a plan. */
  plan: string[] | null;
}

/** One transaction of the writer that was open for long. */
export interface SlowTransaction {
  /** The verb whose it was. */
  label: string;
  /** Who made the call; null where nobody is known. */
  actor: string | null;
  /** How long it was open. */
  duration_ms: number;
  /** When it ended. */
  at: number;
  /** Whether it was committed, and not rolled back. */
  committed: boolean;
}

/** The calls of one verb. */
export interface VerbFigures {
  /** How many. */
  calls: number;
  /** How many failed, the denied ones left out. */
  errors: number;
  /** How many the role did not allow. */
  denied: number;
  /** Time they took together. */
  total_ms: number;
  /** Time the longest took. */
  max_ms: number;
}

/** Backups, those made by scripts included. */
export interface BackupFigures {
  /** How many were made. */
  made: number;
  /** How many failed. */
  failed: number;
  /** When the last was made; null before the first, as are the next two. */
  last_at: number | null;
  /** How long it took. */
  last_duration_ms: number | null;
  /** Its size. */
  last_size_bytes: number | null;
}

/** Scripts, typed ones and files. */
export interface ScriptFigures {
  /** How many were run. */
  runs: number;
  /** How many failed. */
  failures: number;
}

/** Checkpoints, those of scripts included; the ones that SQLite makes by itself are not counted. */
export interface CheckpointFigures {
  /** How many were made. */
  runs: number;
  /** How many of them readers or writers kept from finishing. */
  busy: number;
}

/** What the statements of this handle use, as SQLite plans them now. */
export interface IndexFigures {
  /** Indexes that statements use; null before the first statement. */
  used: UsedIndex[] | null;
  /** Indexes that no statement uses and nothing else needs; null before the first statement. */
  unused: UnusedIndex[] | null;
  /** Indexes that another one makes superfluous. */
  redundant: RedundantIndex[];
  /** Foreign keys whose columns no index begins with. */
  missing: MissingIndex[];
  /** Statements that read a table of more than 1,000 rows without an index; null before the first statement. */
  full_scans: FullScan[] | null;
}

/** An index that statements use. */
export interface UsedIndex {
  /** Its name. */
  index: string;
  /** Its table. */
  table: string;
  /** How often statements ran whose fingerprint uses it; null when metrics are off. */
  calls: number | null;
}

/** The connections of a handle. */
export interface PoolFigures {
  /** Connections open, the writer included. */
  connections: number;
  /** Connections open and not in use. */
  idle_connections: number;
  /** Most connections there may be. */
  max_connections: number;
  /** Connections in use, this call left out. */
  in_use: number;
  /** How often a reader was asked for while all were in use. */
  waits: number;
  /** How long was waited for one, all waits together. */
  wait_ms: number;
  /** How many of these waits ended without one, by their limit or because the call was stopped. */
  timeouts: number;
  /** Who has the connections that are in use, those who have them longest first. */
  holders: OpenTransaction[];
}

/** Waits for locks. */
export interface LockFigures {
  /** How often a connection was taken to work with. */
  leases: number;
  /** How often a lock was held by somebody else: by another process, or the writer by another call of this handle. */
  waited: number;
  /** How many of these waits ended without the lock. */
  gave_up: number;
}

/** Report of `migrations`. */
export interface MigrationsReport {
  /** Highest applied version; 0 for none. */
  current: number;
  /** Highest version in the set; 0 for none. */
  latest: number;
  /** How many would run now. */
  pending: number;
  /** Every migration known or recorded, by version, the repeatables last. */
  migrations: MigrationState[];
  /** What somebody changed in the schema by hand since the last run. */
  drift: SchemaChange[];
}

/** One migration known or recorded. */
export interface MigrationState {
  /** Its version; null for a repeatable. */
  version: number | null;
  /** Its name. */
  name: string;
  /** `sql`, `lua`, `host` or `repeatable`. */
  kind: string;
  /** `applied`, `pending`, `changed`, `missing` or `out_of_order`; `removed` is a repeatable whose file is gone, what it made stays. */
  state: string;
  /** When it was applied. */
  applied_at: number | null;
  /** By whom. */
  actor: string | null;
  /** How long it took then. */
  duration_ms: number | null;
  /** Whether there is a way back; null for a Lua file that does not load. */
  reversible: boolean | null;
  /** How it came to be recorded: `run`, `baseline`, or the tool it was adopted from. */
  origin: string | null;
  /** When a changed text was accepted. */
  repaired_at: number | null;
  /** By whom. */
  repaired_by: string | null;
}

/** Report of `pin`. */
export interface PinReport {
  /** The file. */
  path: string;
  /** Whether retention now keeps its hands off it. */
  pinned: boolean;
}

/** Report of `prune`. */
export interface PruneReport {
  /** What was removed; in a dry run what would be. */
  deleted: string[];
  /** What stays, and why. */
  kept: Kept[];
  /** What was cleaned up after backups that were killed. */
  leftovers: string[];
  /** Whether nothing was removed, as asked. */
  dry_run: boolean;
  /** Time it took. */
  duration_ms: number;
}

/** A backup that stays. */
export interface Kept {
  /** The file. */
  path: string;
  /** What wants it. */
  because: string[];
}

/** Report of `query`. */
export interface QueryReport {
  /** Names of the result's columns. */
  columns: string[];
  /** The rows, each an array. A BLOB is `{"base64": "..."}`, an infinite number `{"real": "inf"}` or `{"real": "-inf"}`. */
  rows: Value[][];
  /** Rows inserted, updated or deleted. */
  changes: number;
  /** Row id of the last insert by this statement; null when it inserted none. */
  last_insert_rowid: number | bigint | null;
}

/** Report of `repair`. */
export interface RepairReport {
  /** Migrations whose present text was accepted. */
  repaired: number[];
  /** Changes of the schema that were accepted. */
  accepted: SchemaChange[];
}

/** Report of `restore` and `undo_restore`. */
export interface RestoreReport {
  /** The backup that was brought back. */
  path: string;
  /** The database. */
  database_path: string;
  /** How: `rename`, or `transaction` while others had the database open. */
  method: string;
  /** The backup of what was there before; null when there was nothing, or it was not wanted. */
  backup: string | null;
  /** What was kept of a file that was no longer a database; null when it was one. */
  kept: string | null;
  /** Pages of the database now. */
  pages: number;
  /** Highest applied migration now. */
  schema_version: number;
  /** What deserves a look. */
  warnings: string[];
  /** Whether nothing was changed, as asked. */
  dry_run: boolean;
  /** Time it took. */
  duration_ms: number;
}

/** Report of `rollback`. */
export interface RollbackReport {
  /** Version before. */
  from: number;
  /** Version after. */
  to: number;
  /** What was taken back, in order. */
  reverted: Applied[];
  /** The backup made before, if one was. */
  backup: BackupReport | null;
  /** Whether all of it was undone again, as asked. */
  dry_run: boolean;
  /** What a dry run would change; null in a real one. */
  changes: Changes | null;
  /** Time it took, waiting for the lock included. */
  duration_ms: number;
}

/** Report of `schema`. */
export interface SchemaReport {
  /** Highest applied migration. */
  version: number;
  /** A sum over all objects: equal for schemas that mean the same. */
  hash: string;
  /** Every object, by kind and name. */
  objects: SchemaObject[];
  /** What somebody changed by hand since the last run. */
  drift: SchemaChange[];
  /** What is different in the other database, seen from this one; null when none was named. */
  differences: SchemaChange[] | null;
}

/** One object of the schema. */
export interface SchemaObject {
  /** `table`, `index`, `view` or `trigger`. */
  kind: string;
  /** Its name. */
  name: string;
  /** The table it belongs to. */
  table: string;
  /** The statement that makes it. */
  sql: string;
}

/** Report of `script`. */
export interface ScriptReport {
  /** What the chunk returned. */
  result: unknown;
  /** What it logged, control characters escaped; a line not of level info starts with its level in brackets. */
  log: string[];
  /** Whether what it changed was rolled back. */
  dry_run: boolean;
  /**
   * How many rows a dry run changed: also what triggers and foreign keys changed with them, and what the script took back itself;
   * else null.
   */
  rows_changed: number | null;
  /** What a dry run would have changed in schema, numbers of rows and size; else null. */
  changes: Changes | null;
  /** Time it took. */
  duration_ms: number;
  /** The most memory Lua held. */
  peak_memory_bytes: number;
}

/** Report of `scripts`. */
export interface ScriptsReport {
  /** The scripts that are built in, by name. */
  scripts: ScriptEntry[];
}

/** What the head of a script says. */
export interface ScriptEntry {
  /** What it is run by. */
  name: string;
  /** What it is for. */
  purpose: string | null;
  /** Its arguments. */
  args: ScriptArg[];
  /** What it changes, or `nothing`. */
  changes: string | null;
  /** The lowest role that may run it; null when every role may that can run scripts. */
  role: string | null;
  /** How long it asks to run; the limit of the handle wins. */
  timeout_ms: number | null;
  /** How much memory it asks for; the limit of the handle wins. */
  memory_bytes: number | null;
}

/** An argument of a script. */
export interface ScriptArg {
  /** Its name in `job.args`. */
  name: string;
  /** `integer`, `number`, `string` or `boolean`. */
  type: string;
  /** Whether it must be given. */
  required: boolean;
  /** What it is when it is not given; null when it is then absent. */
  default: unknown;
  /** What it means. */
  doc: string;
}

/** Report of `stats`. */
export interface StatsReport {
  /** Size of the database: its pages, without the log. */
  size_bytes: number;
  /**
   * Rows of every table; null where they could not be counted or estimated: a virtual table without its module, a
   * damaged page.
   */
  tables: Record<string, number | null>;
  /** The database file. */
  database_path: string;
  /** Whether the row counts are estimates; `sources` tells it of each. */
  estimated: boolean;
  /** Where the number of rows of each table comes from; a table without a number is not here. */
  sources: Record<string, RowSource>;
  /** Size of a page. */
  page_size: number;
  /** Pages in the database. */
  page_count: number;
  /** Pages that are free for reuse. */
  freelist_count: number;
  /** Their size. */
  freelist_bytes: number;
  /** What becomes of free pages: `none` (they stay in the file), `full` or `incremental`. */
  auto_vacuum: string;
  /** How text is stored: `UTF-8`, `UTF-16le` or `UTF-16be`. */
  encoding: string;
  /** Size of the write-ahead log; null when there is none. */
  wal_size_bytes: number | null;
  /** Frames in the log, also those that are in the database already; null when not in WAL mode, and inside a transaction. */
  wal_frames: number | null;
  /** How many tables. */
  table_count: number;
  /** How many indexes. */
  index_count: number;
  /** Highest applied migration. */
  schema_version: number;
  /** Size of every table and index, SQLite's own included, largest first; null when never measured. */
  objects: ObjectSize[] | null;
  /** When `objects` was measured. It is measured anew only when the database changed since and sizes are asked for. */
  objects_measured_at: number | null;
  /** Tables and indexes in which a damaged page was met; `diagnostics` is what looks for damage. */
  damaged: string[];
  /** What changed since the last call on this open database, by any handle; null at the first, and inside a transaction. */
  growth: Growth | null;
}

/** Where a number of rows comes from. */
export type RowSource = "exact" | "statistics" | "rowids" | "sampled";

/** Size of a table or an index. */
export interface ObjectSize {
  /** Its name. */
  name: string;
  /** The table it belongs to; a table's own name. */
  table: string;
  /** What it is. */
  kind: ObjectKind;
  /** Size of its pages. */
  size_bytes: number;
  /** How much of that holds nothing. */
  unused_bytes: number;
  /** Its pages. */
  pages: number;
  /** Those of them that continue rows which do not fit on one page. */
  overflow_pages: number;
}

/** What an object of `stats` is. */
export type ObjectKind = "table" | "index";

/** What changed between two calls of `stats`. */
export interface Growth {
  /** When the call before was. */
  since: number;
  /** How long ago that is. */
  elapsed_ms: number;
  /** By how much the database grew; below zero, it shrank. */
  size_bytes: number;
  /** By how much the log grew; null when there was none and is none. */
  wal_size_bytes: number | null;
  /** By how many rows tables grew: those that changed, and were counted both times or estimated both times. */
  tables: Record<string, number>;
}

/** Report of `test`. */
export interface TestReport {
  /** Whether nothing was found wrong. */
  passed: boolean;
  /** What the rows were made from. */
  seed: number;
  /** Versions that were started from. */
  started_from: number[];
  /** How many crashes were tried. */
  crashes: number;
  /** What was found wrong. */
  problems: TestProblem[];
  /** Most rows that each table had. */
  rows: Record<string, number>;
  /** Tables that no row could be made for, and why. */
  skipped_tables: Record<string, string>;
  /** Migrations without a way back; going back was tried above them only. */
  irreversible: number[];
  /** Time it took. */
  duration_ms: number;
}

/** Something that `test` found wrong. */
export interface TestProblem {
  /** The version that was started from, or that a crash was tried in. */
  from: number;
  /** What it is. */
  what: string;
  /** The error, where there was one. */
  error: Body | null;
}

/** The members of an error document. */
export interface Body {
  /** The status number. */
  status: number;
  /** The status name. */
  name: string;
  /** One line for a person. */
  message: string;
  /** What to do about it. */
  hint: string | null;
  /** SQLite's extended result code. */
  sqlite_code: number | null;
  /** The file's name as the user knows it. */
  file: string | null;
  /** Line of the error. */
  line: number | null;
  /** Column of the error. */
  column: number | null;
  /** Which statement of the file, counting from 1. */
  statement: number | null;
  /** The text of that line. */
  source_line: string | null;
  /** The migration's version. */
  version: number | null;
  /** The calls that led to a line of a script, the innermost first. */
  traceback: string | null;
  /** The lines of a changed migration that are not what was applied. */
  changes: LineChange[];
}

/** A line of a file that is not what it was. */
export interface LineChange {
  /** Its number, counting from 1: in the file as it is now, or where it would stand. */
  line: number;
  /** The text that was applied; null for a line that is new. */
  before: string | null;
  /** The text now; null for a line that is gone. */
  after: string | null;
}

/** Report of `verify`: the backup is what its manifest says. One that is not is an error. */
export interface VerifyReport {
  /** The file. */
  path: string;
  /** What was looked at: `pages`, `quick` or `full`. */
  depth: string;
  /** The backups it is made of, the full one first. */
  chain: string[];
  /** How the looks came out. */
  checks: Checks;
  /** `ok`, `none`, or `not_checked` when it is signed and the handle has no key. */
  signature: string;
  /** Bytes read. */
  bytes: number;
  /** What is known of it. */
  manifest: Manifest;
  /** Time it took. */
  duration_ms: number;
}

/** Report of `monitor_start`. */
export interface MonitorStartReport {
  /** Between two looks. */
  tick_ms: number;
  /** What it will do besides looking. */
  tasks: MonitorTask[];
}

/** A task of the monitor. */
export interface MonitorTask {
  /** Its name. */
  name: string;
  /** Between two runs; null for one that runs when the log asks for it. */
  every_ms: number | null;
}

/** Report of `monitor_stop`. */
export interface MonitorStopReport {
  /** How often it looked. */
  ticks: number;
  /** How long stopping took. */
  duration_ms: number;
}

/** Report of `transaction`. */
export interface TransactionReport {
  /** Whether it was committed. */
  committed: boolean;
  /** What the callback returned. */
  returned: number;
  /** Time it took. */
  duration_ms: number;
}

/** Report of `build_info`. */
export interface BuildInfoReport {
  /** Version of this library. */
  version: string;
  /** Version of its C ABI. */
  abi_version: number;
  /** The SQLite that it works through. */
  sqlite: SqliteInfo;
  /** The Lua inside. */
  lua: string;
  /** Optional parts that are in this build. */
  features: string[];
  /** What it was compiled for. */
  target: string;
  /** How many migrations are embedded. */
  embedded_migrations: number;
}

/** The SQLite that the library works through. */
export interface SqliteInfo {
  /** Its version; null while there is none. */
  version: string | null;
  /** Its source id; null while there is none. */
  source_id: string | null;
  /** `bundled`, `system` or `host`. */
  linkage: string;
}

/** How far a call has come. */
export interface Progress {
  /** What is being done now, such as `copying pages`; empty before the first report. */
  stage: string;
  /** Units done of `total`. */
  done: number;
  /** Units in all; 0 while unknown. */
  total: number;
  /** Whether a stop was asked for. */
  cancelled: boolean;
}

/** `{"error": {...}}`: what a failed call hands out. */
export interface Document {
  /** The one member. */
  error: Body;
}

/** One method for each verb. */
export abstract class Verbs {
  /** Makes the call `name`. */
  protected abstract call<R>(name: keyof typeof prototypes, given: Argument[], options: object | null | undefined, shape: Shape): Promise<R>;

  /**
   * Takes over the history that another migration tool left in the database: refinery, rusqlite_migration, sqlx, diesel,
   * goose, golang-migrate, dbmate, flyway, alembic. Its checksums are verified where it has any; its table is left as it is. A
   * history that is dirty, or does not fit the set, is refused with the reason. Where a tool records the version that was reached, every
   * version of the set up to it counts as applied; applied_at is null where the tool tells no time.
   *
   * Options: tool (default the one that is found), target (the version that an alembic revision stands for), dry_run (look
   * and verify, write nothing).
   */
  adopt(options?: AdoptOptions & CallOptions): Promise<AdoptedReport> {
    return this.call('rpmadb_adopt', [], options, 'watched');
  }

  /**
   * Tells what is wrong for long enough that somebody should know, as the monitor of this process found it.
   *
   * An alert is pending until its condition has held for long enough, then firing, acknowledged when somebody looks after it, and
   * resolved when it was clear for long enough. Its key names the rule, and where there may be several the subject behind a colon.
   *
   * Options: since (events after the one with this number only, for polling), acknowledge (the key of an alert that fires; for admins),
   * all (true: resolved ones too).
   */
  alerts(options?: AlertsOptions & CallOptions): Promise<AlertsReport> {
    return this.call('rpmadb_alerts', [], options, 'watched');
  }

  /**
   * Tells who did what: the record that the database keeps of every call, in its table rpmadb_audit.
   *
   * A change is recorded in its own transaction. A call that failed or was denied is recorded in one of its own; calls that only
   * look are recorded together, at the latest when the handle is closed, and what waits is written before this call reports.
   * Of many equal calls that only look one record may stand for several (calls). What a close could not write, because another process
   * held the lock, waits in a file beside the database, "-audit-waiting" behind its name, and the next call that can write takes it in.
   *
   * Options: actor, role, origin ("rust", "c", "lua", "cli", "monitor", "migration"), verb, outcome ("ok", "denied", "error"), target (a
   * text in it), since and until (milliseconds since the Unix epoch), after (a number: go on there), limit (100, at most 1000000),
   * oldest_first (false); format ("json", or "jsonl": a text with a document a line); verify (true proves the chain of hashes and
   * the anchors, about a second for a million records); prune ({keep_days or keep_rows, folder, dry_run}: archives the oldest and
   * removes them). A handle that is not an admin's is shown the records of its own actor, and may not verify or prune.
   */
  audit(options?: AuditOptions & CallOptions): Promise<AuditReport> {
    return this.call('rpmadb_audit', [], options, 'watched');
  }

  /**
   * Copies the live database while it is in use. The backup and the manifest beside it, which says what it must be, get their
   * names only when the copy is whole, checked and on disk. An existing file is touched only when told to.
   *
   * Options, with their defaults:
   * - verify: how deep the finished copy is looked at: false, "pages" (every byte against what was copied), "quick" (also
   *   quick_check but for CHECK constraints, and rows), "full" (also integrity_check, CHECK constraints and foreign keys), true is
   *   "quick"; "quick", and "pages" for one that is compressed or encrypted
   * - step_pages: pages between two looks at cancel and time-out, 1 to 100000; 1000
   * - overwrite: replace the destination, which stays whole until the new one is, false
   * - compact: leave out free space, not with incremental, false
   * - compress, encrypt_to: as in rpmadb_open; what the handle was opened with
   * - incremental: true for the pages that changed since the newest backup in the folder, or the name of the one to start from;
   *   false
   * - pin: retention never removes it, false
   * - every_hours: do nothing when the folder has a scheduled backup younger than this, 1 to 100000; of several processes that
   *   ask, one makes it; always make one
   */
  backup(destination?: string | null, options?: BackupOptions & CallOptions): Promise<BackupReport> {
    return this.call('rpmadb_backup', [{ text: destination, name: 'destination' }], options, 'watched');
  }

  /**
   * Lists the backups in the folder that rpmadb_open was given, the newest first. Their manifests are read, they themselves are
   * not: that is rpmadb_verify.
   */
  backups(options?: CallOptions): Promise<BackupsReport> {
    return this.call('rpmadb_backups', [], options, 'watched');
  }

  /**
   * Records migrations as applied without running them, for a database that was made in another way.
   *
   * Options: target (up to this version; default the latest).
   */
  baseline(options?: BaselineOptions & CallOptions): Promise<BaselineReport> {
    return this.call('rpmadb_baseline', [], options, 'watched');
  }

  /**
   * Moves the write-ahead log into the database file.
   *
   * Options: busy_timeout_ms (how long the modes other than passive wait for readers and writers).
   *
   * When busy, held_by says who kept it from finishing, as far as this process can tell: {who: "reader" or "writer", label,
   * age_ms, actor, role, statement} for the oldest call of its own that was in the way, with its verb; {who: "another process"}
   * otherwise.
   */
  checkpoint(mode?: string | null, options?: CheckpointOptions & CallOptions): Promise<CheckpointReport> {
    return this.call('rpmadb_checkpoint', [{ text: mode, name: 'mode' }], options, 'watched');
  }

  /**
   * Examines everything that helps to find out what is wrong, the slow checks included. Writes nothing. A handle that was opened
   * read_only does not look at CHECK constraints, which SQLite does not load there.
   */
  diagnostics(options?: CallOptions): Promise<DiagnosticsReport> {
    return this.call('rpmadb_diagnostics', [], options, 'watched');
  }

  /**
   * A quick look that says whether somebody must act. Writes nothing; takes well under a millisecond when nothing is wrong.
   *
   * The status is that of the worst check, and the score at most 39 when one is critical. A check that could not be made is
   * "unknown"; one that does not apply (such as free_disk in memory, or busy_rate before any lock was asked for) is not there.
   * While a monitor runs, its own state (monitor), what its last check of the file found (integrity) and its worst alert (alerts) are
   * among the checks. What an alert and another check both tell of lowers the score once.
   *
   * Options: require_users (true: no row in the table users is critical, and so is no such table), backup_max_age_hours (1 to
   * 87600, 48: an older newest verified backup is degraded, one seven times as old critical), call_max_ms (1 to 86400000, 60000: a call
   * that has had its connection for longer is degraded).
   */
  health(options?: HealthOptions & CallOptions): Promise<HealthReport> {
    return this.call('rpmadb_health', [], options, 'watched');
  }

  /** Warns about what is likely to be regretted in the migration files of the handle. Reads the files alone. */
  lint(options?: CallOptions): Promise<LintReport> {
    return this.call('rpmadb_lint', [], options, 'watched');
  }

  /**
   * Tells what was counted since the database was opened: statements by fingerprint, slow ones with their plan, long transactions,
   * calls by verb, what indexes are used, and who has the connections.
   *
   * Statements and calls are counted only when the database was opened with metrics (see rpmadb_open); without, enabled is false and
   * pool, locks, wal and indexes are told all the same. Literals of statements are never shown.
   *
   * Options: format ("json", "prometheus": text in the format that Prometheus reads; json), limit (most fingerprints, 0 to 1000, 100),
   * indexes (false leaves out what needs every statement to be planned; true).
   */
  metrics(options?: MetricsOptions & CallOptions): Promise<MetricsReport> {
    return this.call('rpmadb_metrics', [], options, 'watched');
  }

  /**
   * Applies what is pending, all of it in one transaction unless told otherwise.
   *
   * Options: target (stop after this version), dry_run, backup (first, into the configured folder), lock_timeout_ms,
   * allow_out_of_order, transaction ("run": all of it in one, the default; "file": each migration in its own).
   */
  migrate(options?: MigrateOptions & CallOptions): Promise<MigrateReport> {
    return this.call('rpmadb_migrate', [], options, 'watched');
  }

  /** Lists every migration known or recorded, with its state. */
  migrations(options?: CallOptions): Promise<MigrationsReport> {
    return this.call('rpmadb_migrations', [], options, 'watched');
  }

  /**
   * Keeps retention away from a backup, or lets it have it again.
   *
   * Options: pinned (false takes the pin away).
   */
  pin(path: string, options?: PinOptions & CallOptions): Promise<PinReport> {
    return this.call('rpmadb_pin', [{ text: path, name: 'path' }], options, 'watched');
  }

  /**
   * Removes the backups in the folder that rpmadb_open was given which no rule wants any more, and what killed backups left
   * there. What stays in any case: the newest verified one, those with a pin, those in use, and what others are based on.
   *
   * Options: dry_run (say what would be removed), and keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly,
   * keep_minimum, keep_pre_migrate, keep_pre_restore as in rpmadb_open; each default is what the handle was opened with.
   */
  prune(options?: PruneOptions & CallOptions): Promise<PruneReport> {
    return this.call('rpmadb_prune', [], options, 'watched');
  }

  /**
   * Runs one SQL statement.
   *
   * BEGIN, COMMIT and the like are refused (use rpmadb_transaction), as are ATTACH, VACUUM and pragmas that set something, and for
   * everybody writing to tables of rpmadb's own. A supervisor's statement reads, or is RPMADB_DENIED.
   */
  query(sql: string, params?: Params | null, options?: CallOptions): Promise<QueryReport> {
    return this.call('rpmadb_query', [{ text: sql, name: 'sql' }, { json: params, name: 'params' }], options, 'watched');
  }

  /**
   * Accepts the present text of migrations that were changed after they were applied, and records who did.
   *
   * Options: versions (default all that changed), schema (true also accepts what was changed in the schema by hand).
   */
  repair(options?: RepairOptions & CallOptions): Promise<RepairReport> {
    return this.call('rpmadb_repair', [], options, 'watched');
  }

  /**
   * Brings back a backup, after it was proved and what is there was backed up: into the folder that rpmadb_open was given, or
   * beside the database. Handles stay good and see the new content. While other processes have the database open, its pages are
   * overwritten in one transaction; otherwise the file is replaced.
   *
   * Options: backup (false: do not keep what is there), dry_run (prove, say what would be done, change nothing), allow_newer (also
   * one of a newer schema than this library's migrations know), without_manifest (also a SQLite file without a manifest, after a
   * full check; one that somebody has open, or with a log or a hot journal beside it, is refused), busy_timeout_ms (how long other connections are waited for, 0 to 86400000; default the handle's), identities,
   * passphrase (what opens it, before what the handle was opened with).
   */
  restore(path: string, options?: RestoreOptions & CallOptions): Promise<RestoreReport> {
    return this.call('rpmadb_restore', [{ text: path, name: 'path' }], options, 'watched');
  }

  /**
   * Steps back to `target`, running the down steps of every migration above it, in one transaction. A step whose file this
   * library no longer has is taken from the history. A migration without a way back is RPMADB_IRREVERSIBLE before anything
   * runs.
   *
   * Options: dry_run, backup (first, into the configured folder), lock_timeout_ms.
   */
  rollback(target: number | bigint, options?: RollbackOptions & CallOptions): Promise<RollbackReport> {
    return this.call('rpmadb_rollback', [{ integer: target, name: 'target' }], options, 'watched');
  }

  /**
   * Tells the schema as it is, what was changed in it by hand since the last migration, and how another database's differs.
   *
   * Options: compare (another database file, which is only read).
   */
  schema(options?: SchemaOptions & CallOptions): Promise<SchemaReport> {
    return this.call('rpmadb_schema', [], options, 'watched');
  }

  /**
   * Runs a Lua script against the database.
   *
   * Options: name (for messages), args (what the script finds in job.args), dry_run (true runs it, reports, and rolls back what
   * it changed), timeout_ms, memory_bytes; the limits that rpmadb_open was given win.
   */
  script(source: string, options?: ScriptOptions & CallOptions): Promise<ScriptReport> {
    return this.call('rpmadb_script', [{ text: source, name: 'source' }], options, 'watched');
  }

  /**
   * Runs a Lua script that is built in, or that is in a file. What its head (the lines that begin with --!) declares holds: the
   * lowest role that may run it, its arguments with their types and defaults, the time and memory it asks for.
   *
   * Options: as for rpmadb_script; name is that of the file unless it is given.
   */
  scriptFile(name: string, options?: ScriptOptions & CallOptions): Promise<ScriptReport> {
    return this.call('rpmadb_script_file', [{ text: name, name: 'name' }], options, 'watched');
  }

  /** Lists the scripts that are built in. */
  scripts(options?: CallOptions): Promise<ScriptsReport> {
    return this.call('rpmadb_scripts', [], options, 'watched');
  }

  /**
   * Tells how big the database is and what is in it.
   *
   * Options: estimate (true answers without scanning, from SQLite's statistics or a sample of the pages), sizes (measure every
   * table and index; default true, with estimate false).
   */
  stats(options?: StatsOptions & CallOptions): Promise<StatsReport> {
    return this.call('rpmadb_stats', [], options, 'watched');
  }

  /**
   * Tries the migrations of the handle on scratch databases in the folder for temporary files: from every earlier version
   * with generated rows up, back and up again, and with a crash at every statement. The handle's database is not touched.
   *
   * Options: rows (for each table at every version started from, 1 to 1000; 8), seed (1), versions (to start from; default all, or 50 spread evenly), crash
   * (true).
   */
  test(options?: TestOptions & CallOptions): Promise<TestReport> {
    return this.call('rpmadb_test', [], options, 'watched');
  }

  /**
   * Brings back what the last restore replaced. That is a restore, too, and can be undone.
   *
   * Options: busy_timeout_ms (0 to 86400000; default the handle's), identities, passphrase (what opens it, before what the handle
   * was opened with).
   */
  undoRestore(options?: UndoRestoreOptions & CallOptions): Promise<RestoreReport> {
    return this.call('rpmadb_undo_restore', [], options, 'watched');
  }

  /**
   * Proves that a backup is what its manifest says, with all it is based on, and holds a sound database. Changes nothing; what
   * it decrypts is on no disk in the plain.
   *
   * Options: depth ("pages": every byte against the manifest; "quick", the default: also quick_check but for CHECK constraints,
   * and rows; "full": also integrity_check, CHECK constraints and foreign keys), identities, passphrase (what opens it, before what the handle was opened with).
   */
  verify(path: string, options?: VerifyOptions & CallOptions): Promise<VerifyReport> {
    return this.call('rpmadb_verify', [{ text: path, name: 'path' }], options, 'watched');
  }

  /**
   * Starts the monitor: one thread of the library's, which looks every tick, tells of alerts, and runs what is due. It belongs to `db`:
   * closing that handle stops it. Nothing of it runs in a child of a fork.
   *
   * Of several processes with a monitor on one database one runs the tasks; the others look, and take over when it is gone. When each
   * task last ran is kept in the file PATH-monitor. A database in memory has no such file, and a read_only handle only looks.
   *
   * Options (a JSON object, or NULL), with their ranges and defaults; 0 switches a task or a rule off:
   * - tick_ms: 10 to 3600000; 1000
   * - quick_check_hours: 0 to 8760; 24. deep_check_days (integrity and foreign keys): 0 to 3650; 7. optimize_hours: 0 to 8760; 24
   * - backup: makes the backups that are due by backup.every_hours of rpmadb_open, and lets retention remove older ones; true
   * - idle_ms: after so long without a write the log is moved into the database, 0 to 86400000; 5000
   * - wal_restart_bytes: a log with more in use is begun anew, 0 to 1099511627776; 67108864
   * - require_users: no row in the table users is critical; false
   * - alerts, where they fire: disk_free_bytes, less free disk, 536870912; wal_bytes, a larger log, 134217728; backup_age_hours, an older
   *   newest verified backup, 48; backup_jump_percent, a backup bigger or smaller than the one before by more, 50; busy_percent, so many
   *   waits for a lock in the last minute in vain, 10; pool_exhausted_ms, all readers in use for so long, 5000;
   *   call_max_ms, a call that has its connection for so long, 60000; slow_percent, a statement
   *   that takes so much of its own baseline, 300; scan_rows, a full scan of so many rows, 100000; denials of one actor, 5
   * - alerts, for how long: for_ms, a condition must hold, each rule's own; clear_ms, it must be clear, 5000
   */
  monitorStart(options?: MonitorOptions): Promise<MonitorStartReport> {
    return this.call('rpmadb_monitor_start', [], options, 'unwatched');
  }

  /**
   * Stops the monitor, whichever handle started it; what it is doing is cancelled. Returns when its thread has ended, and so waits for
   * an alert callback that runs.
   */
  monitorStop(): Promise<MonitorStopReport> {
    return this.call('rpmadb_monitor_stop', [], undefined, 'bare');
  }
}
