---@meta
-- Made from src/lua/api by `RPMADB_UPDATE=1 cargo test lua::api`; do not edit.

---@alias Row table<string, any>
---@alias Sql string|number|boolean|Null|Blob|table|nil
---@class Null
---@class Blob

---A column of a query or table.
---@class Column
---@field name string
---@field type? string

---Options of `db:audit`.
---@class AuditOptions
---@field actor? string
---@field role? "admin"|"supervisor"|"user"
---@field origin? "rust"|"c"|"lua"|"cli"|"monitor"|"migration"
---@field verb? string
---@field outcome? "ok"|"denied"|"error"
---@field target? string
---@field since? integer
---@field until? integer
---@field after? integer
---@field limit? integer
---@field oldest_first? boolean
---@field format? "json"|"jsonl"
---@field verify? boolean
---@field prune? { keep_days?: integer, keep_rows?: integer, folder?: string, dry_run?: boolean }

---Options of `db:backup`.
---@class BackupOptions
---@field verify? boolean|"pages"|"quick"|"full"
---@field step_pages? integer
---@field overwrite? boolean
---@field compact? boolean
---@field compress? boolean|integer
---@field encrypt_to? string|string[]|{ passphrase: string }
---@field incremental? boolean|string
---@field pin? boolean
---@field every_hours? integer

---Options of `db:migrate`.
---@class MigrateOptions
---@field target? integer
---@field dry_run? boolean
---@field backup? boolean
---@field lock_timeout_ms? integer
---@field allow_out_of_order? boolean
---@field transaction? "run"|"file"

---Options of `db:prune`.
---@class PruneOptions
---@field dry_run? boolean
---@field keep_last? integer
---@field keep_hourly? integer
---@field keep_daily? integer
---@field keep_weekly? integer
---@field keep_monthly? integer
---@field keep_yearly? integer
---@field keep_minimum? integer
---@field keep_pre_migrate? integer
---@field keep_pre_restore? integer

---Options of `db:restore`.
---@class RestoreOptions
---@field backup? boolean
---@field dry_run? boolean
---@field allow_newer? boolean
---@field without_manifest? boolean
---@field busy_timeout_ms? integer

---What `db:adopt` returns.
---@class AdoptReport
---@field tool string
---@field table string
---@field migrations { version: integer, name: string, applied_at?: integer, verified: boolean }[]
---@field dry_run boolean

---What `db:alerts` returns.
---@class AlertsReport
---@field monitoring boolean
---@field alerts Alert[]
---@field events { seq: integer, at: integer, key: string, from: string, to: string }[]
---@field last_event integer

---One occurrence of something that is wrong.
---@class Alert
---@field id integer
---@field key string
---@field rule string
---@field severity "info"|"warning"|"critical"
---@field state "pending"|"firing"|"acknowledged"|"resolved"
---@field value any
---@field threshold any
---@field message string
---@field remedy string
---@field since integer
---@field fired_at? integer
---@field acknowledged_at? integer
---@field acknowledged_by? string
---@field resolved_at? integer

---What `db:audit` returns.
---@class AuditReport
---@field enabled boolean
---@field rows integer
---@field head? { count: integer, hash: string }
---@field records AuditRecord[]
---@field text? string
---@field next? integer
---@field waiting integer
---@field lost integer
---@field verify? { status: "ok"|"tampered"|"unknown", rows: integer, anchors: integer, findings: AuditFinding[], more_findings: integer, duration_ms: number }
---@field pruned? { from_seq: integer, to_seq: integer, rows: integer, archive?: string, dry_run: boolean }
---@field duration_ms number

---One record of `db:audit`.
---@class AuditRecord
---@field seq integer
---@field id string
---@field at integer
---@field actor string
---@field role string
---@field origin string
---@field verb string
---@field target? string
---@field outcome "ok"|"denied"|"error"
---@field status integer
---@field duration_us integer
---@field rows integer
---@field calls integer
---@field schema_version integer
---@field process integer
---@field hash string

---What is wrong with the audit.
---@class AuditFinding
---@field class string
---@field from_seq integer
---@field to_seq integer
---@field message string

---What `db:backup` returns.
---@class BackupReport
---@field path? string
---@field manifest? string
---@field size_bytes integer
---@field pages integer
---@field verified boolean
---@field depth? string
---@field base? string
---@field duration_ms number
---@field deleted string[]

---What `db:backups` returns.
---@class BackupsReport
---@field folder? string
---@field backups { path: string, verified: boolean, pinned: boolean, complete: boolean, manifest: table }[]
---@field incomplete string[]

---What `db:baseline` returns.
---@class BaselineReport
---@field from integer
---@field to integer
---@field recorded integer[]

---What `db:checkpoint` returns.
---@class CheckpointReport
---@field mode string
---@field busy boolean
---@field log integer
---@field checkpointed integer
---@field held_by? { who: string, label?: string, age_ms?: integer, actor?: string, role?: string, statement?: string }
---@field duration_ms number

---What `db:diagnostics` returns.
---@class DiagnosticsReport
---@field journal_mode string
---@field wal_checkpoint integer[]
---@field busy_timeout_ms integer
---@field integrity string
---@field table_counts table<string, integer>
---@field pool_state { connections: integer, idle_connections: integer, max_connections: integer }
---@field foreign_key_check? { table: string, rowid?: integer, parent: string }[]
---@field schema_drift? SchemaChange[]
---@field pragmas table<string, any>
---@field pragma_findings? { pragma: string, expected: any, actual: any }[]
---@field wal { size_bytes?: integer, frames?: integer, backlog?: integer }
---@field open_transactions LeaseHolder[]
---@field indexes? { redundant: table[], missing: table[], unused?: table[], full_scans?: table[], statements_seen?: integer, statements_forgotten?: integer }
---@field disks { what: string, path: string, free_bytes?: integer, total_bytes?: integer }[]
---@field files { path: string, mode: string, findings?: string }[]
---@field foreign_sqlite? { mode: string, effective: string, looked: boolean, path: string, descriptors: integer[], live: boolean, modules: string[], version?: string, refused: boolean, remedy?: string }
---@field sqlite_version string
---@field sqlite { version: string, source_id: string, compile_options: string[], has_wal_reset_bug: boolean }
---@field system { free_disk_bytes?: integer, resident_memory_bytes?: integer, cpu_ms?: integer }

---What `db:health` returns.
---@class HealthReport
---@field status "ok"|"unknown"|"degraded"|"critical"
---@field score integer
---@field checks HealthCheck[]

---Who has a connection.
---@class LeaseHolder
---@field label string
---@field age_ms integer
---@field writes boolean
---@field actor? string
---@field role? string
---@field statement? string

---What `db:metrics` returns.
---@class MetricsReport
---@field enabled boolean
---@field since? integer
---@field statements StatementFigures[]
---@field statements_known integer
---@field statements_evicted integer
---@field slow { fingerprint: string, duration_ms: number, rows: integer, failed: boolean, at: integer, verb: string, actor?: string, plan?: string[] }[]
---@field slow_total integer
---@field slow_transactions { label: string, actor?: string, duration_ms: number, at: integer, committed: boolean }[]
---@field slow_transactions_total integer
---@field verbs table<string, { calls: integer, errors: integer, denied: integer, total_ms: number, max_ms: number }>
---@field backups? { made: integer, failed: integer, last_at?: integer, last_duration_ms?: number, last_size_bytes?: integer }
---@field scripts? { runs: integer, failures: integer }
---@field checkpoints? { runs: integer, busy: integer }
---@field denials? integer
---@field indexes? { used?: { index: string, table: string, calls?: integer }[], unused?: table[], redundant: table[], missing: table[], full_scans?: table[] }
---@field pool { connections: integer, idle_connections: integer, max_connections: integer, in_use: integer, waits: integer, wait_ms: number, timeouts: integer, holders: LeaseHolder[] }
---@field locks { leases: integer, waited: integer, gave_up: integer }
---@field wal { size_bytes?: integer, frames?: integer, backlog?: integer }

---What the statements of one fingerprint did.
---@class StatementFigures
---@field fingerprint string
---@field calls integer
---@field errors integer
---@field rows integer
---@field total_ms number
---@field mean_ms number
---@field p95_ms number
---@field max_ms number
---@field full_scan_steps integer
---@field sorts integer
---@field automatic_index_rows integer
---@field last_at integer

---One check of `db:health`.
---@class HealthCheck
---@field id string
---@field status "ok"|"unknown"|"degraded"|"critical"
---@field value any
---@field threshold any
---@field measured_at integer
---@field cost_us integer
---@field remedy? string

---What `db:integrity_check` returns.
---@class IntegrityReport
---@field integrity string
---@field findings string[]
---@field duration_ms number

---What `db:lint` returns.
---@class LintReport
---@field files integer
---@field warnings Warning[]

---What is likely to be regretted in a migration file.
---@class Warning
---@field rule string
---@field message string
---@field hint string
---@field file? string
---@field line? integer
---@field column? integer

---What `db:migrate` returns.
---@class MigrateReport
---@field from integer
---@field to integer
---@field applied Applied[]
---@field backup? BackupReport
---@field dry_run boolean
---@field adopted? AdoptReport
---@field drift SchemaChange[]
---@field moved string[]
---@field changes? Changes
---@field warnings? Warning[]
---@field duration_ms number

---A migration that was run.
---@class Applied
---@field version? integer
---@field name string
---@field kind string
---@field duration_ms number

---What a dry run would change.
---@class Changes
---@field schema SchemaChange[]
---@field rows table<string, { before?: integer, after?: integer }>
---@field size_bytes integer
---@field peak_size_bytes integer

---A table, index, view or trigger that is not what it was.
---@class SchemaChange
---@field change string
---@field kind string
---@field name string
---@field table string
---@field before? string
---@field after? string

---What `db:migrations` returns.
---@class MigrationsReport
---@field current integer
---@field latest integer
---@field pending integer
---@field migrations MigrationState[]
---@field drift SchemaChange[]

---One migration, known or recorded.
---@class MigrationState
---@field version? integer
---@field name string
---@field kind string
---@field state string
---@field applied_at? integer
---@field actor? string
---@field duration_ms? number
---@field reversible? boolean
---@field origin? string
---@field repaired_at? integer
---@field repaired_by? string

---What `db:optimize` returns.
---@class OptimizeReport
---@field duration_ms number

---What `db:pin` returns.
---@class PinReport
---@field path string
---@field pinned boolean

---What `db:prune` returns.
---@class PruneReport
---@field deleted string[]
---@field kept { path: string, because: string[] }[]
---@field leftovers string[]
---@field dry_run boolean
---@field duration_ms number

---What `db:repair` returns.
---@class RepairReport
---@field repaired integer[]
---@field accepted SchemaChange[]

---What `db:restore` and `db:undo_restore` return.
---@class RestoreReport
---@field path string
---@field database_path string
---@field method string
---@field backup? string
---@field kept? string
---@field pages integer
---@field schema_version integer
---@field warnings string[]
---@field dry_run boolean
---@field duration_ms number

---What `db:rollback` returns.
---@class RollbackReport
---@field from integer
---@field to integer
---@field reverted Applied[]
---@field backup? BackupReport
---@field dry_run boolean
---@field changes? Changes
---@field duration_ms number

---What `db:schema` returns.
---@class SchemaReport
---@field version integer
---@field hash string
---@field objects { kind: string, name: string, table: string, sql: string }[]
---@field drift SchemaChange[]
---@field differences? SchemaChange[]

---What `db:stats` returns.
---@class StatsReport
---@field size_bytes integer
---@field tables table<string, integer>
---@field database_path string
---@field estimated boolean
---@field sources table<string, string>
---@field page_size integer
---@field page_count integer
---@field freelist_count integer
---@field freelist_bytes integer
---@field auto_vacuum string
---@field encoding string
---@field wal_size_bytes? integer
---@field wal_frames? integer
---@field table_count integer
---@field index_count integer
---@field schema_version integer
---@field objects? { name: string, table: string, kind: string, size_bytes: integer, unused_bytes: integer, pages: integer, overflow_pages: integer }[]
---@field objects_measured_at? integer
---@field damaged string[]
---@field growth? { since: integer, elapsed_ms: integer, size_bytes: integer, wal_size_bytes?: integer, tables: table<string, integer> }

---What `db:test` returns.
---@class TestReport
---@field passed boolean
---@field seed integer
---@field started_from integer[]
---@field crashes integer
---@field problems { from: integer, what: string, error?: table }[]
---@field rows table<string, integer>
---@field skipped_tables table<string, string>
---@field irreversible integer[]
---@field duration_ms number

---What `db:vacuum` returns.
---@class VacuumReport
---@field size_before_bytes integer
---@field size_after_bytes integer
---@field duration_ms number

---What `db:verify` returns.
---@class VerifyReport
---@field path string
---@field depth string
---@field chain string[]
---@field checks { pages?: string, quick_check?: string, integrity_check?: string, foreign_keys?: integer }
---@field signature string
---@field bytes integer
---@field manifest table
---@field duration_ms number

---The open database. Every function raises an error table when it fails. NULL is nil, or an absent field.
---Parameters stand for `?` in order, or are one table: a list, or with the names of `:name`, `@name` and `$name`.
---@class Db
---@field null Null NULL where nil would end a list of parameters.
db = {}

---All rows of a statement, each a table by column name.
---@param sql string
---@param ... Sql
---@return Row[]
function db:query(sql, ...) end

---The first row, or nil when there is none.
---@param sql string
---@param ... Sql
---@return Row?
function db:row(sql, ...) end

---The first column of the first row, or nil.
---@param sql string
---@param ... Sql
---@return any
function db:value(sql, ...) end

---Iterates over rows as tables by column name.
---@param sql string
---@param ... Sql
---@return fun(): Row?
function db:nrows(sql, ...) end

---Iterates over rows as values in the order of the columns. A NULL in the first column raises `invalid_argument`, because the loop would end there: use `nrows`, or put a column first that is never NULL.
---@param sql string
---@param ... Sql
---@return fun(): ...
function db:urows(sql, ...) end

---Runs a statement that changes something.
---@param sql string
---@param ... Sql
---@return integer changes
---@return integer last_insert_rowid
function db:exec(sql, ...) end

---A statement to run many times; `local s <close> = db:prepare(...)`.
---@param sql string
---@return Statement
function db:prepare(sql) end

---Runs `body` in a transaction: commits when it returns, rolls back when it raises, and raises the same; inside another it is a savepoint.
---
---Not in migrations.
---@param body fun(db: Db): ...
---@return any ...
function db:transaction(body) end

---The columns of a query or a table.
---
---Not in migrations.
---@param sql_or_table string
---@return Column[]
function db:columns(sql_or_table) end

---Runs several statements; for admins.
---@param sql string
---@return integer changes
function db:script(sql) end

---Marks a string to be bound as a BLOB.
---@param bytes string
---@return Blob
function db.blob(bytes) end

---Takes over the history that another migration tool left.
---
---Not in migrations.
---@param options? { tool?: string, target?: integer, dry_run?: boolean }
---@return AdoptReport
function db:adopt(options) end

---What the monitor found wrong, if one runs.
---
---Not in migrations.
---@param options? { since?: integer, acknowledge?: string, all?: boolean }
---@return AlertsReport
function db:alerts(options) end

---Who did what: the records asked for, of the script's actor alone for who is not an admin.
---
---Not in migrations.
---@param options? AuditOptions
---@return AuditReport
function db:audit(options) end

---Backs up into the configured folder.
---
---Not in migrations.
---@param name? string
---@param options? BackupOptions
---@return BackupReport
function db:backup(name, options) end

---The backups in the configured folder, the newest first.
---
---Not in migrations.
---@return BackupsReport
function db:backups() end

---Records migrations as applied without running them.
---
---Not in migrations.
---@param options? { target?: integer }
---@return BaselineReport
function db:baseline(options) end

---Moves the write-ahead log into the database file.
---
---Not in migrations.
---@param mode? "passive"|"full"|"restart"|"truncate"
---@param options? { busy_timeout_ms?: integer }
---@return CheckpointReport
function db:checkpoint(mode, options) end

---Everything that helps to find out what is wrong, the slow checks included.
---
---Not in migrations.
---@return DiagnosticsReport
function db:diagnostics() end

---A quick look that says whether somebody must act.
---
---Not in migrations.
---@param options? { require_users?: boolean, backup_max_age_hours?: integer, call_max_ms?: integer }
---@return HealthReport
function db:health(options) end

---Reads the whole database and tells what is damaged.
---
---Not in migrations.
---@return IntegrityReport
function db:integrity_check() end

---Warns about what is likely to be regretted in the migration files.
---
---Not in migrations.
---@return LintReport
function db:lint() end

---What was counted since the database was opened; with `format = "prometheus"` a table with that text as `text`.
---
---Not in migrations.
---@param options? { format?: "json"|"prometheus", limit?: integer, indexes?: boolean }
---@return MetricsReport
function db:metrics(options) end

---Applies what is pending.
---
---Not in migrations.
---@param options? MigrateOptions
---@return MigrateReport
function db:migrate(options) end

---Every migration known or recorded, with its state.
---
---Not in migrations.
---@return MigrationsReport
function db:migrations() end

---Lets SQLite renew the statistics that its planner needs.
---
---Not in migrations.
---@return OptimizeReport
function db:optimize() end

---Keeps retention away from a backup, or lets it have it again.
---
---Not in migrations.
---@param name string
---@param options? { pinned?: boolean }
---@return PinReport
function db:pin(name, options) end

---Removes the backups that no rule wants any more.
---
---Not in migrations.
---@param options? PruneOptions
---@return PruneReport
function db:prune(options) end

---Accepts the present text of migrations that were changed after they were applied.
---
---Not in migrations.
---@param options? { versions?: integer[], schema?: boolean }
---@return RepairReport
function db:repair(options) end

---Brings back a backup, after it was proved and what is there was backed up.
---
---Not in migrations.
---@param name string
---@param options? RestoreOptions
---@return RestoreReport
function db:restore(name, options) end

---Steps back to an earlier version.
---
---Not in migrations.
---@param target integer
---@param options? { dry_run?: boolean, backup?: boolean, lock_timeout_ms?: integer }
---@return RollbackReport
function db:rollback(target, options) end

---The schema, and what was changed in it by hand.
---
---Not in migrations.
---@return SchemaReport
function db:schema() end

---How big the database is and what is in it.
---
---Not in migrations.
---@param options? { estimate?: boolean, sizes?: boolean }
---@return StatsReport
function db:stats(options) end

---Tries the migrations on scratch databases.
---
---Not in migrations.
---@param options? { rows?: integer, seed?: integer, versions?: integer[], crash?: boolean }
---@return TestReport
function db:test(options) end

---Brings back what the last restore replaced.
---
---Not in migrations.
---@param options? { busy_timeout_ms?: integer }
---@return RestoreReport
function db:undo_restore(options) end

---Rebuilds the file without free space; nobody else can write meanwhile.
---
---Not in migrations.
---@return VacuumReport
function db:vacuum() end

---Proves that a backup is what its manifest says.
---
---Not in migrations.
---@param name string
---@param options? { depth?: "pages"|"quick"|"full" }
---@return VerifyReport
function db:verify(name, options) end

---A prepared statement, from `db:prepare`. It is closed at the end of its block when it was declared with `<close>`.
---@class Statement
local statement = {}

---Runs it for what it changes.
---@param ... Sql
---@return integer changes
---@return integer last_insert_rowid
function statement:run(...) end

---Runs it and returns all rows.
---@param ... Sql
---@return Row[]
function statement:query(...) end

---Runs it and iterates over rows as tables by column name.
---@param ... Sql
---@return fun(): Row?
function statement:nrows(...) end

---Runs it and iterates over rows as values; a NULL in the first column is an error, as for `db:urows`.
---@param ... Sql
---@return fun(): ...
function statement:urows(...) end

---Lets go of it; using it later is an error.
function statement:close() end

---The run of this script. Migrations have none.
---@class Job
---@field args table<string, any> The arguments of the run, with the defaults that the head of the script declares.
---@field actor string Who runs it.
---@field role string As what: "admin" or "supervisor".
---@field name string The name of the script.
job = {}

---Tells whoever watches how far it is.
---@param done integer
---@param total? integer
---@param text? string
function job.progress(done, total, text) end

---How much of its time is left.
---@return number seconds
function job.remaining() end

---Whether somebody asked it to stop.
---@return boolean
function job.cancelled() end

---Lines for the report and the host's log. With more than one argument the first is a format as for `string.format`.
---@class Log
log = {}

---A line for whoever looks for a fault.
---@param format any
---@param ... any
function log.debug(format, ...) end

---A line about what was done.
---@param format any
---@param ... any
function log.info(format, ...) end

---A line about what somebody should look at.
---@param format any
---@param ... any
function log.warn(format, ...) end

---A line about what went wrong; raises nothing.
---@param format any
---@param ... any
function log.error(format, ...) end

---JSON texts, such as those in columns.
---@class Json
---@field null Null JSON's null, where nil would leave the field out.
json = {}

---The JSON text of a value.
---@param value any
---@return string
function json.encode(value) end

---The value of a JSON text; null becomes json.null.
---@param text string
---@return any
function json.decode(text) end

---Marks a table as a list, so that an empty one is [].
---@param list? table
---@return table
function json.array(list) end

---What functions of `db` raise and `pcall` catches; `tostring` and `..` give the message. Codes: `busy`, `read_only`,
---`sql`, `denied`, `not_found`, and the other names of statuses in lower case; behind `constraint` the kind, as SQLite names it:
---`constraint.primarykey` for a row whose primary key is there already, `constraint.unique` for another unique column or index,
---`constraint.foreignkey`, `constraint.notnull`, `constraint.check`, `constraint.datatype` in a STRICT table, `constraint.trigger` where
---a trigger raises, `constraint.rowid`, `constraint.vtab`, `constraint.function` and `constraint.pinned`.
---@class Error
---@field code string What happened, for programs.
---@field message string What happened, for people.
---@field sql? string The statement that failed.
---@field file? string The script.
---@field line? integer The line in it.

---Puts tests under a name.
---@param name string
---@param body fun()
function describe(name, body) end

---One test.
---@param name string
---@param body fun()
function it(name, body) end

---Runs before each test of the `describe` it stands in.
---@param body fun()
function before_each(body) end

---Begins a claim about a value.
---@param value any
---@return Expectation
function expect(value) end

---Runs a script, shipped or beside the test file, and returns its result.
---@param name_or_path string
---@param args? table<string, any>
---@return any
function run(name_or_path, args) end

---A claim about a value; a claim that does not hold ends the test.
---@class Expectation
local expectation = {}

---It is this, tables by what is in them.
---@param wanted any
function expectation:equals(wanted) end

---It is true.
function expectation:is_true() end

---It is false.
function expectation:is_false() end

---It is nil.
function expectation:is_nil() end

---Its type is this.
---@param kind type
function expectation:is_a(kind) end

---It is a text that holds this, or a list that has it.
---@param wanted any
function expectation:contains(wanted) end

---It is a function that raises; with this code, or a message that holds it. Returns what was raised.
---@param code? string
---@return any
function expectation:fails(code) end

---The clock, and nothing else of the machine. Migrations have none, so that they do the same everywhere.
os = {}

---Processor time in seconds.
---@return number
function os.clock() end

---A time as text or table.
---@param format? string
---@param time? integer
---@return string|table
function os.date(format, time) end

---Seconds between two times.
---@param later integer
---@param earlier integer
---@return number
function os.difftime(later, earlier) end

---Seconds since 1970.
---@param date? table
---@return integer
function os.time(date) end

---Not in scripts: a script is one file.
---@deprecated
function dofile() end

---Not in scripts: a script is one file.
---@deprecated
function loadfile() end
