// Made by Generator from rpmadb.schema.json; do not edit.
package io.rpmadb;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The options of the verbs. What is not set is not sent, and the library's default holds. */
public final class Options {
  private Options() {}

  /** Options of {@code open}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Open {
    @JsonProperty("actor")
    private String actor;

    @JsonProperty("role")
    private Role role;

    @JsonProperty("read_only")
    private Boolean readOnly;

    @JsonProperty("create")
    private Boolean create;

    @JsonProperty("migrate")
    private Boolean migrate;

    @JsonProperty("migrations")
    private String migrations;

    @JsonProperty("style")
    private String style;

    @JsonProperty("busy_timeout_ms")
    private Long busyTimeoutMs;

    @JsonProperty("journal_mode")
    private JournalMode journalMode;

    @JsonProperty("synchronous")
    private Synchronous synchronous;

    @JsonProperty("foreign_keys")
    private Boolean foreignKeys;

    @JsonProperty("trusted_schema")
    private Boolean trustedSchema;

    @JsonProperty("defensive")
    private Boolean defensive;

    @JsonProperty("mmap_size_bytes")
    private Long mmapSizeBytes;

    @JsonProperty("ballast_bytes")
    private Long ballastBytes;

    @JsonProperty("statement_cache")
    private Long statementCache;

    @JsonProperty("metrics")
    private Boolean metrics;

    @JsonProperty("slow_query_ms")
    private Long slowQueryMs;

    @JsonProperty("foreign_sqlite")
    private ForeignSqlite foreignSqlite;

    @JsonProperty("pool")
    private Pool pool;

    @JsonProperty("backup")
    private BackupFolder backup;

    @JsonProperty("script")
    private ScriptLimits script;

    @JsonProperty("audit")
    private AuditLog audit;

    @JsonProperty("monitor")
    private Monitor monitor;

    /** Who uses the handle, for the log; default {@code "host"}. */
    public Open actor(String value) {
      actor = value;
      return this;
    }

    /** What the handle may do; default admin. */
    public Open role(Role value) {
      role = value;
      return this;
    }

    /** Never write, not even to migrate; default false. */
    public Open readOnly(Boolean value) {
      readOnly = value;
      return this;
    }

    /** Create a missing file; default true. */
    public Open create(Boolean value) {
      create = value;
      return this;
    }

    /** Migrate to the latest version; default true. */
    public Open migrate(Boolean value) {
      migrate = value;
      return this;
    }

    /** A folder of migrations; default the embedded set. */
    public Open migrations(String value) {
      migrations = value;
      return this;
    }

    /** How the files in that folder are named and laid out: {@code rpmadb}, {@code auto}, or the name of another tool; default {@code rpmadb}. */
    public Open style(String value) {
      style = value;
      return this;
    }

    /** How long to wait for locks, 0 to 86,400,000; default 5,000. */
    public Open busyTimeoutMs(Long value) {
      busyTimeoutMs = value;
      return this;
    }

    /** Default WAL. */
    public Open journalMode(JournalMode value) {
      journalMode = value;
      return this;
    }

    /** Default NORMAL. */
    public Open synchronous(Synchronous value) {
      synchronous = value;
      return this;
    }

    /** Enforce foreign keys; default true. */
    public Open foreignKeys(Boolean value) {
      foreignKeys = value;
      return this;
    }

    /** Trust functions and virtual tables named in the schema; default false. */
    public Open trustedSchema(Boolean value) {
      trustedSchema = value;
      return this;
    }

    /** Refuse SQL that can damage the file; default true. */
    public Open defensive(Boolean value) {
      defensive = value;
      return this;
    }

    /** Bytes of the file mapped into memory; default 0, because a file truncated by another process then ends this one. */
    public Open mmapSizeBytes(Long value) {
      mmapSizeBytes = value;
      return this;
    }

    /** Bytes kept allocated in a file beside the database, and let go of when the disk is full; 0 to 1 TiB, default none. */
    public Open ballastBytes(Long value) {
      ballastBytes = value;
      return this;
    }

    /** Prepared statements kept per connection, 0 to 10,000; default 64. */
    public Open statementCache(Long value) {
      statementCache = value;
      return this;
    }

    /** Count statements, calls and more for {@code metrics}; default false, or true where the environment says {@code RPMA_DB_METRICS=1}. */
    public Open metrics(Boolean value) {
      metrics = value;
      return this;
    }

    /** A statement that takes longer is kept with its plan while metrics are on, 0 to 86,400,000; default 100. */
    public Open slowQueryMs(Long value) {
      slowQueryMs = value;
      return this;
    }

    /**
     * What is done about another copy of SQLite in this process that has the database open: {@code coexist}, {@code refuse}, {@code warn} or {@code off}; default
     * {@code coexist}.
     */
    public Open foreignSqlite(ForeignSqlite value) {
      foreignSqlite = value;
      return this;
    }

    /** The readers. */
    public Open pool(Pool value) {
      pool = value;
      return this;
    }

    /** Where backups go. */
    public Open backup(BackupFolder value) {
      backup = value;
      return this;
    }

    /** Limits of scripts. */
    public Open script(ScriptLimits value) {
      script = value;
      return this;
    }

    /** The record of who did what. */
    public Open audit(AuditLog value) {
      audit = value;
      return this;
    }

    /** Starts the monitor with these options; default none. */
    public Open monitor(Monitor value) {
      monitor = value;
      return this;
    }

  }

  /** Who the user of a handle is, in falling order of rights. */
  public enum Role {
    /** Has no access. */
    @JsonProperty("user")
    USER,
    /** Reads all but the audit; changes nothing. */
    @JsonProperty("supervisor")
    SUPERVISOR,
    /** Does everything. */
    @JsonProperty("admin")
    ADMIN,
    ;

    /** The text that the library uses. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** How SQLite keeps its journal. */
  public enum JournalMode {
    /** {@code wal}. */
    @JsonProperty("wal")
    WAL,
    /** {@code delete}. */
    @JsonProperty("delete")
    DELETE,
    /** {@code truncate}. */
    @JsonProperty("truncate")
    TRUNCATE,
    /** {@code persist}. */
    @JsonProperty("persist")
    PERSIST,
    /** Leaves it as it is found. */
    @JsonProperty("keep")
    KEEP,
    ;

    /** The text that the library uses. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** How often SQLite waits for the disk. */
  public enum Synchronous {
    /** {@code off}. */
    @JsonProperty("off")
    OFF,
    /** {@code normal}. */
    @JsonProperty("normal")
    NORMAL,
    /** {@code full}. */
    @JsonProperty("full")
    FULL,
    /** {@code extra}. */
    @JsonProperty("extra")
    EXTRA,
    ;

    /** The text that the library uses. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What is done about another copy of SQLite in this process that has the database open. */
  public enum ForeignSqlite {
    /** Keep the locks of the two apart, so that both may read and write. Where that is not possible, as {@code refuse}. */
    @JsonProperty("coexist")
    COEXIST,
    /** Write nothing more until the database is opened again. */
    @JsonProperty("refuse")
    REFUSE,
    /** Tell the log. */
    @JsonProperty("warn")
    WARN,
    /** Neither look for it nor change anything. */
    @JsonProperty("off")
    OFF,
    ;

    /** The text that the library uses. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Option {@code pool} of {@code open}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Pool {
    @JsonProperty("max")
    private Long max;

    @JsonProperty("min_idle")
    private Long minIdle;

    @JsonProperty("timeout_ms")
    private Long timeoutMs;

    @JsonProperty("idle_ms")
    private Long idleMs;

    /** Most readers at once, 1 to 1,000; default 10. */
    public Pool max(Long value) {
      max = value;
      return this;
    }

    /** Readers opened with the first one, at most {@code max}; default 2. */
    public Pool minIdle(Long value) {
      minIdle = value;
      return this;
    }

    /** How long to wait for a reader; default 30,000. */
    public Pool timeoutMs(Long value) {
      timeoutMs = value;
      return this;
    }

    /** Readers beyond {@code min_idle} that were not needed for so long are closed, 1 to 86,400,000; default 60,000. */
    public Pool idleMs(Long value) {
      idleMs = value;
      return this;
    }

  }

  /** Option {@code backup} of {@code open}: where backups go, how they are wrapped, and which of them stay. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class BackupFolder {
    @JsonProperty("folder")
    private String folder;

    @JsonProperty("before_migrate")
    private Boolean beforeMigrate;

    @JsonProperty("every_hours")
    private Long everyHours;

    @JsonProperty("compress")
    private Compress compress;

    @JsonProperty("encrypt_to")
    private EncryptTo encryptTo;

    @JsonProperty("identities")
    private List<String> identities;

    @JsonProperty("passphrase")
    private String passphrase;

    @JsonProperty("sign_key")
    private String signKey;

    @JsonProperty("keep_last")
    private Long keepLast;

    @JsonProperty("keep_hourly")
    private Long keepHourly;

    @JsonProperty("keep_daily")
    private Long keepDaily;

    @JsonProperty("keep_weekly")
    private Long keepWeekly;

    @JsonProperty("keep_monthly")
    private Long keepMonthly;

    @JsonProperty("keep_yearly")
    private Long keepYearly;

    @JsonProperty("keep_minimum")
    private Long keepMinimum;

    @JsonProperty("keep_pre_migrate")
    private Long keepPreMigrate;

    @JsonProperty("keep_pre_restore")
    private Long keepPreRestore;

    /** Where backups without a destination go; it must exist. */
    public BackupFolder folder(String value) {
      folder = value;
      return this;
    }

    /** Back up before a migration run that has something to do; default false. */
    public BackupFolder beforeMigrate(Boolean value) {
      beforeMigrate = value;
      return this;
    }

    /** A monitor makes a backup when the newest scheduled one is older, 1 to 100,000; default none. */
    public BackupFolder everyHours(Long value) {
      everyHours = value;
      return this;
    }

    /** Compress; default false. */
    public BackupFolder compress(Compress value) {
      compress = value;
      return this;
    }

    /** Encrypt; default not. */
    public BackupFolder encryptTo(EncryptTo value) {
      encryptTo = value;
      return this;
    }

    /** What opens encrypted backups again: texts of age identities. */
    public BackupFolder identities(List<String> value) {
      identities = value;
      return this;
    }

    /** What opens backups that were encrypted with a passphrase. */
    public BackupFolder passphrase(String value) {
      passphrase = value;
      return this;
    }

    /** Signs manifests; those without its signature are then refused. */
    public BackupFolder signKey(String value) {
      signKey = value;
      return this;
    }

    /** So many of the newest. */
    public BackupFolder keepLast(Long value) {
      keepLast = value;
      return this;
    }

    /** The newest of each hour, for so many hours that have one. */
    public BackupFolder keepHourly(Long value) {
      keepHourly = value;
      return this;
    }

    /** The newest of each day. */
    public BackupFolder keepDaily(Long value) {
      keepDaily = value;
      return this;
    }

    /** The newest of each week. */
    public BackupFolder keepWeekly(Long value) {
      keepWeekly = value;
      return this;
    }

    /** The newest of each month. */
    public BackupFolder keepMonthly(Long value) {
      keepMonthly = value;
      return this;
    }

    /** The newest of each year. */
    public BackupFolder keepYearly(Long value) {
      keepYearly = value;
      return this;
    }

    /** Never fewer than this many verified full ones; default 1. */
    public BackupFolder keepMinimum(Long value) {
      keepMinimum = value;
      return this;
    }

    /** Of those made before a migration, so many of the newest; default 3. */
    public BackupFolder keepPreMigrate(Long value) {
      keepPreMigrate = value;
      return this;
    }

    /** Of those made before a restore, so many of the newest; default 3. */
    public BackupFolder keepPreRestore(Long value) {
      keepPreRestore = value;
      return this;
    }

  }

  /** How hard to compress: true is zstd level 1. */
  public static final class Compress {
    @JsonValue private final Object value;

    @JsonCreator
    private Compress(Object value) {
      this.value = value;
    }

    /** Boolean. */
    public static Compress of(boolean value) {
      return new Compress((Object) value);
    }

    /** Long. */
    public static Compress of(long value) {
      return new Compress((Object) value);
    }

  }

  /** For whom to encrypt. */
  public static final class EncryptTo {
    @JsonValue private final Object value;

    @JsonCreator
    private EncryptTo(Object value) {
      this.value = value;
    }

    /** An age recipient, {@code age1...}. */
    public static EncryptTo of(String value) {
      return new EncryptTo((Object) value);
    }

    /** Several. */
    public static EncryptTo of(List<String> value) {
      return new EncryptTo((Object) value);
    }

    /** Whoever knows the passphrase. */
    public static EncryptTo of(Passphrase value) {
      return new EncryptTo((Object) value);
    }

  }

  /** See {@code EncryptTo::Passphrase}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Passphrase {
    @JsonProperty("passphrase")
    private String passphrase;

    /** The text. */
    public Passphrase passphrase(String value) {
      passphrase = value;
      return this;
    }

  }

  /** Option {@code script} of {@code open}: limits that no script can raise. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class ScriptLimits {
    @JsonProperty("timeout_ms")
    private Long timeoutMs;

    @JsonProperty("memory_bytes")
    private Long memoryBytes;

    /** Longest run, 1 to 86,400,000; default 30,000. */
    public ScriptLimits timeoutMs(Long value) {
      timeoutMs = value;
      return this;
    }

    /** Most memory, from 1 MiB; default 64 MiB. */
    public ScriptLimits memoryBytes(Long value) {
      memoryBytes = value;
      return this;
    }

  }

  /** Option {@code audit} of {@code open}: the record of who did what. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class AuditLog {
    @JsonProperty("enabled")
    private Boolean enabled;

    @JsonProperty("reads")
    private Boolean reads;

    @JsonProperty("key")
    private String key;

    @JsonProperty("literals")
    private Boolean literals;

    @JsonProperty("redact")
    private List<String> redact;

    @JsonProperty("keep_days")
    private Long keepDays;

    /** Keep one; default in every database that has the history of this library, and in no other. */
    public AuditLog enabled(Boolean value) {
      enabled = value;
      return this;
    }

    /** Also of calls that only look; default true. */
    public AuditLog reads(Boolean value) {
      reads = value;
      return this;
    }

    /**
     * What keys the chain of hashes, so that nobody without it can write a record; default a key that everybody has, and then
     * only the anchors outside the database tell. It must be the same for every handle on the database: what one without it writes
     * behind records of the key is a finding of the proof; calls without it that change nothing are not recorded there.
     */
    public AuditLog key(String value) {
      key = value;
      return this;
    }

    /** Keep the values that stand in SQL; default false. */
    public AuditLog literals(Boolean value) {
      literals = value;
      return this;
    }

    /** Texts that are replaced by {@code [redacted]} wherever they stand in a target or an actor, in any case. */
    public AuditLog redact(List<String> value) {
      redact = value;
      return this;
    }

    /** Records that are older are archived and removed by the monitor, 1 to 36,500; default never. */
    public AuditLog keepDays(Long value) {
      keepDays = value;
      return this;
    }

  }

  /** Options of {@code monitor_start}, and option {@code monitor} of {@code open}. 0 switches a task off. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Monitor {
    @JsonProperty("tick_ms")
    private Long tickMs;

    @JsonProperty("quick_check_hours")
    private Long quickCheckHours;

    @JsonProperty("deep_check_days")
    private Long deepCheckDays;

    @JsonProperty("backup")
    private Boolean backup;

    @JsonProperty("optimize_hours")
    private Long optimizeHours;

    @JsonProperty("idle_ms")
    private Long idleMs;

    @JsonProperty("wal_restart_bytes")
    private Long walRestartBytes;

    @JsonProperty("require_users")
    private Boolean requireUsers;

    @JsonProperty("alerts")
    private AlertLimits alerts;

    /** Between two looks, 10 to 3,600,000; default 1,000. */
    public Monitor tickMs(Long value) {
      tickMs = value;
      return this;
    }

    /** Between two quick checks ({@code quick_check}), 0 to 8,760; default 24. */
    public Monitor quickCheckHours(Long value) {
      quickCheckHours = value;
      return this;
    }

    /** Between two deep checks (integrity and foreign keys), 0 to 3,650; default 7. */
    public Monitor deepCheckDays(Long value) {
      deepCheckDays = value;
      return this;
    }

    /** Whether to make the backups that are due by {@code backup.every_hours}; default true. */
    public Monitor backup(Boolean value) {
      backup = value;
      return this;
    }

    /** Between two runs of {@code PRAGMA optimize}, 0 to 8,760; default 24. */
    public Monitor optimizeHours(Long value) {
      optimizeHours = value;
      return this;
    }

    /** After so long without a write the log is moved into the database, 0 to 86,400,000; default 5,000. */
    public Monitor idleMs(Long value) {
      idleMs = value;
      return this;
    }

    /** A log with more than this in use is begun anew by a restart checkpoint, 0 to 1 TiB; default 64 MiB. */
    public Monitor walRestartBytes(Long value) {
      walRestartBytes = value;
      return this;
    }

    /** A database without a row in its table {@code users} is critical; default false. */
    public Monitor requireUsers(Boolean value) {
      requireUsers = value;
      return this;
    }

    /** When alerts fire. */
    public Monitor alerts(AlertLimits value) {
      alerts = value;
      return this;
    }

  }

  /** Option {@code alerts} of the monitor: where each rule fires. 0 switches a rule off. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class AlertLimits {
    @JsonProperty("for_ms")
    private Long forMs;

    @JsonProperty("clear_ms")
    private Long clearMs;

    @JsonProperty("disk_free_bytes")
    private Long diskFreeBytes;

    @JsonProperty("wal_bytes")
    private Long walBytes;

    @JsonProperty("backup_age_hours")
    private Long backupAgeHours;

    @JsonProperty("backup_jump_percent")
    private Long backupJumpPercent;

    @JsonProperty("busy_percent")
    private Long busyPercent;

    @JsonProperty("pool_exhausted_ms")
    private Long poolExhaustedMs;

    @JsonProperty("call_max_ms")
    private Long callMaxMs;

    @JsonProperty("slow_percent")
    private Long slowPercent;

    @JsonProperty("scan_rows")
    private Long scanRows;

    @JsonProperty("denials")
    private Long denials;

    /** How long a condition must hold before it fires, 0 to 86,400,000; default each rule's own. */
    public AlertLimits forMs(Long value) {
      forMs = value;
      return this;
    }

    /** How long it must be clear before the alert is resolved, 0 to 86,400,000; default 5,000. */
    public AlertLimits clearMs(Long value) {
      clearMs = value;
      return this;
    }

    /** Less free disk than this; default 512 MiB. An eighth of it is critical. */
    public AlertLimits diskFreeBytes(Long value) {
      diskFreeBytes = value;
      return this;
    }

    /** A larger log; default 128 MiB. */
    public AlertLimits walBytes(Long value) {
      walBytes = value;
      return this;
    }

    /** A newest verified backup that is older, 0 to 87,600; default 48. Seven times as old is critical. */
    public AlertLimits backupAgeHours(Long value) {
      backupAgeHours = value;
      return this;
    }

    /** A backup that is bigger or smaller than the one before by more than this, 0 to 100,000; default 50. */
    public AlertLimits backupJumpPercent(Long value) {
      backupJumpPercent = value;
      return this;
    }

    /** So many of the waits for a lock in the last minute were in vain, 0 to 100; default 10. */
    public AlertLimits busyPercent(Long value) {
      busyPercent = value;
      return this;
    }

    /** All readers in use for so long, 0 to 86,400,000; default 5,000. */
    public AlertLimits poolExhaustedMs(Long value) {
      poolExhaustedMs = value;
      return this;
    }

    /** A call that has its connection for longer, 1 to 86,400,000; default 60,000. */
    public AlertLimits callMaxMs(Long value) {
      callMaxMs = value;
      return this;
    }

    /** A statement that takes so much of its own baseline, 0 to 1,000,000; default 300. */
    public AlertLimits slowPercent(Long value) {
      slowPercent = value;
      return this;
    }

    /** A full scan of a table with so many rows; default 100,000. */
    public AlertLimits scanRows(Long value) {
      scanRows = value;
      return this;
    }

    /** So many denials of one actor in the window of the audit; default 5. */
    public AlertLimits denials(Long value) {
      denials = value;
      return this;
    }

  }

  /** Options of {@code adopt}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Adopt {
    @JsonProperty("tool")
    private String tool;

    @JsonProperty("target")
    private Long target;

    @JsonProperty("dry_run")
    private Boolean dryRun;

    /** Whose history to take over; default the one that is found. */
    public Adopt tool(String value) {
      tool = value;
      return this;
    }

    /** Which version of the set the history stands for; needed where the other tool has no version numbers. */
    public Adopt target(Long value) {
      target = value;
      return this;
    }

    /** Look and verify, write nothing; default false. */
    public Adopt dryRun(Boolean value) {
      dryRun = value;
      return this;
    }

  }

  /** Options of {@code alerts}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Alerts {
    @JsonProperty("since")
    private Long since;

    @JsonProperty("acknowledge")
    private String acknowledge;

    @JsonProperty("all")
    private Boolean all;

    /** The events after the one with this number; default all that are remembered. */
    public Alerts since(Long value) {
      since = value;
      return this;
    }

    /** The key of an alert that somebody looks after; for admins. */
    public Alerts acknowledge(String value) {
      acknowledge = value;
      return this;
    }

    /** Resolved alerts too; default false. */
    public Alerts all(Boolean value) {
      all = value;
      return this;
    }

  }

  /** Options of {@code audit}: which records, and what else is to be done. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Audit {
    @JsonProperty("actor")
    private String actor;

    @JsonProperty("role")
    private String role;

    @JsonProperty("origin")
    private String origin;

    @JsonProperty("verb")
    private String verb;

    @JsonProperty("outcome")
    private String outcome;

    @JsonProperty("target")
    private String target;

    @JsonProperty("since")
    private Long since;

    @JsonProperty("until")
    private Long until;

    @JsonProperty("after")
    private Long after;

    @JsonProperty("limit")
    private Long limit;

    @JsonProperty("oldest_first")
    private Boolean oldestFirst;

    @JsonProperty("format")
    private AuditFormat format;

    @JsonProperty("verify")
    private Boolean verify;

    @JsonProperty("prune")
    private AuditPrune prune;

    /** Of this actor. */
    public Audit actor(String value) {
      actor = value;
      return this;
    }

    /** Of this role. */
    public Audit role(String value) {
      role = value;
      return this;
    }

    /** That came through this door: rust, c, lua, cli, monitor or migration. */
    public Audit origin(String value) {
      origin = value;
      return this;
    }

    /** Of this verb. */
    public Audit verb(String value) {
      verb = value;
      return this;
    }

    /** That ended so: ok, denied or error. */
    public Audit outcome(String value) {
      outcome = value;
      return this;
    }

    /** Whose target has this text in it. */
    public Audit target(String value) {
      target = value;
      return this;
    }

    /** From this time on, in milliseconds since the Unix epoch. */
    public Audit since(Long value) {
      since = value;
      return this;
    }

    /** Before this time. */
    public Audit until(Long value) {
      until = value;
      return this;
    }

    /** Behind this number, or before it when the newest come first. */
    public Audit after(Long value) {
      after = value;
      return this;
    }

    /** Most records, 0 to 1,000,000; default 100. */
    public Audit limit(Long value) {
      limit = value;
      return this;
    }

    /** The oldest first; default the newest. */
    public Audit oldestFirst(Boolean value) {
      oldestFirst = value;
      return this;
    }

    /** Default a list. */
    public Audit format(AuditFormat value) {
      format = value;
      return this;
    }

    /** Prove the chain of hashes and the anchors; default false. */
    public Audit verify(Boolean value) {
      verify = value;
      return this;
    }

    /** Archive and remove the oldest. */
    public Audit prune(AuditPrune value) {
      prune = value;
      return this;
    }

  }

  /** How records are reported. */
  public enum AuditFormat {
    /** As a list. */
    @JsonProperty("json")
    JSON,
    /** As one text, a JSON document a line. */
    @JsonProperty("jsonl")
    JSONL,
    ;

    /** The text that the library uses. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Option {@code prune} of {@code audit}: which records stay. One of the two must be given; a record goes when either wants it to. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class AuditPrune {
    @JsonProperty("keep_days")
    private Long keepDays;

    @JsonProperty("keep_rows")
    private Long keepRows;

    @JsonProperty("folder")
    private String folder;

    @JsonProperty("dry_run")
    private Boolean dryRun;

    /** Those of so many days, 0 to 36,500. */
    public AuditPrune keepDays(Long value) {
      keepDays = value;
      return this;
    }

    /** So many of the newest. */
    public AuditPrune keepRows(Long value) {
      keepRows = value;
      return this;
    }

    /** Where the archive goes; default the folder for backups, or that of the database. */
    public AuditPrune folder(String value) {
      folder = value;
      return this;
    }

    /** Tell what would go, and change nothing; default false. */
    public AuditPrune dryRun(Boolean value) {
      dryRun = value;
      return this;
    }

  }

  /** Options of {@code backup}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Backup {
    @JsonProperty("verify")
    private Depth verify;

    @JsonProperty("step_pages")
    private Long stepPages;

    @JsonProperty("overwrite")
    private Boolean overwrite;

    @JsonProperty("compact")
    private Boolean compact;

    @JsonProperty("compress")
    private Compress compress;

    @JsonProperty("encrypt_to")
    private EncryptTo encryptTo;

    @JsonProperty("incremental")
    private Incremental incremental;

    @JsonProperty("pin")
    private Boolean pin;

    @JsonProperty("every_hours")
    private Long everyHours;

    /** How deep the finished copy is looked at; default {@code quick}, and {@code pages} for one that is compressed or encrypted. */
    public Backup verify(Depth value) {
      verify = value;
      return this;
    }

    /** Pages copied between two looks at cancel and time-out, 1 to 100,000; default 1,000. */
    public Backup stepPages(Long value) {
      stepPages = value;
      return this;
    }

    /** Replace the destination if it is there; it stays whole until the new one is; default false. */
    public Backup overwrite(Boolean value) {
      overwrite = value;
      return this;
    }

    /** Leave out free space, by VACUUM INTO; default false. */
    public Backup compact(Boolean value) {
      compact = value;
      return this;
    }

    /** Compress; default what the handle was opened with. */
    public Backup compress(Compress value) {
      compress = value;
      return this;
    }

    /** Encrypt; default what the handle was opened with. */
    public Backup encryptTo(EncryptTo value) {
      encryptTo = value;
      return this;
    }

    /** Only the pages that changed since another backup in the folder; default false. */
    public Backup incremental(Incremental value) {
      incremental = value;
      return this;
    }

    /** Never removed by retention; default false. */
    public Backup pin(Boolean value) {
      pin = value;
      return this;
    }

    /** Do nothing when the folder has a scheduled backup younger than this, 1 to 100,000; of several processes that ask, one makes it. */
    public Backup everyHours(Long value) {
      everyHours = value;
      return this;
    }

  }

  /** How deep a backup is looked at: true is quick. */
  public static final class Depth {
    @JsonValue private final Object value;

    @JsonCreator
    private Depth(Object value) {
      this.value = value;
    }

    /** Boolean. */
    public static Depth of(boolean value) {
      return new Depth((Object) value);
    }

    /** One of ["pages","quick","full"]. */
    public static Depth of(String value) {
      return new Depth((Object) value);
    }

  }

  /** What an incremental backup is based on. */
  public static final class Incremental {
    @JsonValue private final Object value;

    @JsonCreator
    private Incremental(Object value) {
      this.value = value;
    }

    /** The newest in the folder; false: a full backup. */
    public static Incremental of(boolean value) {
      return new Incremental((Object) value);
    }

    /** The one of this name. */
    public static Incremental of(String value) {
      return new Incremental((Object) value);
    }

  }

  /** Options of {@code baseline}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Baseline {
    @JsonProperty("target")
    private Long target;

    /** Record up to this version; default the latest. */
    public Baseline target(Long value) {
      target = value;
      return this;
    }

  }

  /** Options of {@code checkpoint}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Checkpoint {
    @JsonProperty("busy_timeout_ms")
    private Long busyTimeoutMs;

    /** How long to wait for readers and writers in the three blocking modes; default the handle's busy_timeout_ms. */
    public Checkpoint busyTimeoutMs(Long value) {
      busyTimeoutMs = value;
      return this;
    }

  }

  /** Options of {@code health}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Health {
    @JsonProperty("require_users")
    private Boolean requireUsers;

    @JsonProperty("backup_max_age_hours")
    private Long backupMaxAgeHours;

    @JsonProperty("call_max_ms")
    private Long callMaxMs;

    /** A database without a row in its table {@code users} is critical; default false. */
    public Health requireUsers(Boolean value) {
      requireUsers = value;
      return this;
    }

    /** The newest verified backup may be this old, 1 to 87,600 hours; default 48. Seven times as old is critical. */
    public Health backupMaxAgeHours(Long value) {
      backupMaxAgeHours = value;
      return this;
    }

    /**
     * A call may have its connection this long, 1 to 86,400,000; default 60,000. One that has it longer keeps checkpoints, or
     * everybody who writes, from getting through.
     */
    public Health callMaxMs(Long value) {
      callMaxMs = value;
      return this;
    }

  }

  /** Options of {@code metrics}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Metrics {
    @JsonProperty("format")
    private MetricsFormat format;

    @JsonProperty("limit")
    private Long limit;

    @JsonProperty("indexes")
    private Boolean indexes;

    /** In which form the report is; default JSON. */
    public Metrics format(MetricsFormat value) {
      format = value;
      return this;
    }

    /** Most fingerprints, 0 to 1,000; default 100. */
    public Metrics limit(Long value) {
      limit = value;
      return this;
    }

    /** Plan the statements to tell what indexes they use; default true. */
    public Metrics indexes(Boolean value) {
      indexes = value;
      return this;
    }

  }

  /** The form of {@code metrics}. */
  public enum MetricsFormat {
    /** The figures as JSON. */
    @JsonProperty("json")
    JSON,
    /** Text in the format that Prometheus reads. */
    @JsonProperty("prometheus")
    PROMETHEUS,
    ;

    /** The text that the library uses. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Options of {@code migrate}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Migrate {
    @JsonProperty("target")
    private Long target;

    @JsonProperty("dry_run")
    private Boolean dryRun;

    @JsonProperty("backup")
    private Boolean backup;

    @JsonProperty("lock_timeout_ms")
    private Long lockTimeoutMs;

    @JsonProperty("allow_out_of_order")
    private Boolean allowOutOfOrder;

    @JsonProperty("transaction")
    private TransactionPer transaction;

    /** Stop after this version; default the latest. */
    public Migrate target(Long value) {
      target = value;
      return this;
    }

    /** Run everything, report, and roll back; default false. */
    public Migrate dryRun(Boolean value) {
      dryRun = value;
      return this;
    }

    /** Back up first into the configured folder; default what {@code open} said. */
    public Migrate backup(Boolean value) {
      backup = value;
      return this;
    }

    /** How long to wait for the write lock, 0 to 86,400,000; default 60,000. */
    public Migrate lockTimeoutMs(Long value) {
      lockTimeoutMs = value;
      return this;
    }

    /** Apply a pending migration that is lower than one already applied; default false. */
    public Migrate allowOutOfOrder(Boolean value) {
      allowOutOfOrder = value;
      return this;
    }

    /** What is committed together; default the whole run. */
    public Migrate transaction(TransactionPer value) {
      transaction = value;
      return this;
    }

  }

  /** What {@code migrate} commits together. */
  public enum TransactionPer {
    /** The whole run: an upgrade lands whole or not at all. */
    @JsonProperty("run")
    RUN,
    /** Each migration by itself. */
    @JsonProperty("file")
    FILE,
    ;

    /** The text that the library uses. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Options of {@code pin}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Pin {
    @JsonProperty("pinned")
    private Boolean pinned;

    /** Whether retention keeps its hands off it; default true. */
    public Pin pinned(Boolean value) {
      pinned = value;
      return this;
    }

  }

  /** Options of {@code prune}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Prune {
    @JsonProperty("dry_run")
    private Boolean dryRun;

    @JsonProperty("keep_last")
    private Long keepLast;

    @JsonProperty("keep_hourly")
    private Long keepHourly;

    @JsonProperty("keep_daily")
    private Long keepDaily;

    @JsonProperty("keep_weekly")
    private Long keepWeekly;

    @JsonProperty("keep_monthly")
    private Long keepMonthly;

    @JsonProperty("keep_yearly")
    private Long keepYearly;

    @JsonProperty("keep_minimum")
    private Long keepMinimum;

    @JsonProperty("keep_pre_migrate")
    private Long keepPreMigrate;

    @JsonProperty("keep_pre_restore")
    private Long keepPreRestore;

    /** Say what would be removed, and remove nothing; default false. */
    public Prune dryRun(Boolean value) {
      dryRun = value;
      return this;
    }

    /** So many of the newest. */
    public Prune keepLast(Long value) {
      keepLast = value;
      return this;
    }

    /** The newest of each hour, for so many hours that have one. */
    public Prune keepHourly(Long value) {
      keepHourly = value;
      return this;
    }

    /** The newest of each day. */
    public Prune keepDaily(Long value) {
      keepDaily = value;
      return this;
    }

    /** The newest of each week. */
    public Prune keepWeekly(Long value) {
      keepWeekly = value;
      return this;
    }

    /** The newest of each month. */
    public Prune keepMonthly(Long value) {
      keepMonthly = value;
      return this;
    }

    /** The newest of each year. */
    public Prune keepYearly(Long value) {
      keepYearly = value;
      return this;
    }

    /** Never fewer than this many verified full ones; default 1. */
    public Prune keepMinimum(Long value) {
      keepMinimum = value;
      return this;
    }

    /** Of those made before a migration, so many of the newest; default 3. */
    public Prune keepPreMigrate(Long value) {
      keepPreMigrate = value;
      return this;
    }

    /** Of those made before a restore, so many of the newest; default 3. */
    public Prune keepPreRestore(Long value) {
      keepPreRestore = value;
      return this;
    }

  }

  /** Options of {@code repair}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Repair {
    @JsonProperty("versions")
    private List<Long> versions;

    @JsonProperty("schema")
    private Boolean schema;

    /** Accept the present text of these; default of all that changed. */
    public Repair versions(List<Long> value) {
      versions = value;
      return this;
    }

    /** Accept the schema as it is, so that it no longer counts as changed by hand; default false. */
    public Repair schema(Boolean value) {
      schema = value;
      return this;
    }

  }

  /** Options of {@code restore}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Restore {
    @JsonProperty("backup")
    private Boolean backup;

    @JsonProperty("dry_run")
    private Boolean dryRun;

    @JsonProperty("allow_newer")
    private Boolean allowNewer;

    @JsonProperty("without_manifest")
    private Boolean withoutManifest;

    @JsonProperty("busy_timeout_ms")
    private Long busyTimeoutMs;

    @JsonProperty("identities")
    private List<String> identities;

    @JsonProperty("passphrase")
    private String passphrase;

    /** Keep what is there as a backup first; default true. */
    public Restore backup(Boolean value) {
      backup = value;
      return this;
    }

    /** Verify, say what would be done, and change nothing; default false. */
    public Restore dryRun(Boolean value) {
      dryRun = value;
      return this;
    }

    /** Restore a backup of a newer schema than this library's migrations know; default false. */
    public Restore allowNewer(Boolean value) {
      allowNewer = value;
      return this;
    }

    /**
     * Restore a SQLite file that has no manifest, after a full check; one that somebody has open, or with a log or a hot journal beside it,
     * is refused; default false.
     */
    public Restore withoutManifest(Boolean value) {
      withoutManifest = value;
      return this;
    }

    /** How long to wait for other connections; default the handle's busy_timeout_ms. */
    public Restore busyTimeoutMs(Long value) {
      busyTimeoutMs = value;
      return this;
    }

    /** Texts of age identities that open it; default what the handle was opened with. */
    public Restore identities(List<String> value) {
      identities = value;
      return this;
    }

    /** The passphrase that opens it; default what the handle was opened with. */
    public Restore passphrase(String value) {
      passphrase = value;
      return this;
    }

  }

  /** Options of {@code rollback}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Rollback {
    @JsonProperty("dry_run")
    private Boolean dryRun;

    @JsonProperty("backup")
    private Boolean backup;

    @JsonProperty("lock_timeout_ms")
    private Long lockTimeoutMs;

    /** Run everything, report, and undo it again; default false. */
    public Rollback dryRun(Boolean value) {
      dryRun = value;
      return this;
    }

    /** Back up first into the configured folder; default what {@code open} said. */
    public Rollback backup(Boolean value) {
      backup = value;
      return this;
    }

    /** How long to wait for the write lock, 0 to 86,400,000; default 60,000. */
    public Rollback lockTimeoutMs(Long value) {
      lockTimeoutMs = value;
      return this;
    }

  }

  /** Options of {@code schema}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Schema {
    @JsonProperty("compare")
    private String compare;

    /** Another database file to compare with; it is only read. */
    public Schema compare(String value) {
      compare = value;
      return this;
    }

  }

  /** Options of {@code script} and {@code script_file}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Script {
    @JsonProperty("name")
    private String name;

    @JsonProperty("args")
    private Map<String, Object> args;

    @JsonProperty("dry_run")
    private Boolean dryRun;

    @JsonProperty("timeout_ms")
    private Long timeoutMs;

    @JsonProperty("memory_bytes")
    private Long memoryBytes;

    /** The name in messages; default {@code script}, or the name of the file. */
    public Script name(String value) {
      name = value;
      return this;
    }

    /** What the script finds in {@code job.args}. */
    public Script args(Map<String, Object> value) {
      args = value;
      return this;
    }

    /** Run, report what was changed, and roll back; default false. */
    public Script dryRun(Boolean value) {
      dryRun = value;
      return this;
    }

    /** Longest run; the limit of the handle wins when it is lower. */
    public Script timeoutMs(Long value) {
      timeoutMs = value;
      return this;
    }

    /** Most memory; the limit of the handle wins when it is lower. */
    public Script memoryBytes(Long value) {
      memoryBytes = value;
      return this;
    }

  }

  /** Options of {@code stats}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Stats {
    @JsonProperty("estimate")
    private Boolean estimate;

    @JsonProperty("sizes")
    private Boolean sizes;

    /** Answer without scanning: row counts from SQLite's statistics or from a sample of the pages; default false. */
    public Stats estimate(Boolean value) {
      estimate = value;
      return this;
    }

    /**
     * Measure every table and index, which reads every page unless nothing changed since the last time; default true,
     * with {@code estimate} false. Where it is false, {@code objects} is what was measured before.
     */
    public Stats sizes(Boolean value) {
      sizes = value;
      return this;
    }

  }

  /** Options of {@code test}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Test {
    @JsonProperty("rows")
    private Long rows;

    @JsonProperty("seed")
    private BigInteger seed;

    @JsonProperty("versions")
    private List<Long> versions;

    @JsonProperty("crash")
    private Boolean crash;

    /** Rows generated for each table at every version started from, 1 to 1,000; default 8. */
    public Test rows(Long value) {
      rows = value;
      return this;
    }

    /** What the rows are made from: the same seed makes the same; default 1. */
    public Test seed(BigInteger value) {
      seed = value;
      return this;
    }

    /** Versions to start from, 0 for an empty database; default all, or 50 of them spread evenly. */
    public Test versions(List<Long> value) {
      versions = value;
      return this;
    }

    /** End every migration at each of its statements as well; default true. */
    public Test crash(Boolean value) {
      crash = value;
      return this;
    }

  }

  /** Options of {@code undo_restore}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class UndoRestore {
    @JsonProperty("busy_timeout_ms")
    private Long busyTimeoutMs;

    @JsonProperty("identities")
    private List<String> identities;

    @JsonProperty("passphrase")
    private String passphrase;

    /** How long to wait for other connections; default the handle's busy_timeout_ms. */
    public UndoRestore busyTimeoutMs(Long value) {
      busyTimeoutMs = value;
      return this;
    }

    /** Texts of age identities that open it; default what the handle was opened with. */
    public UndoRestore identities(List<String> value) {
      identities = value;
      return this;
    }

    /** The passphrase that opens it; default what the handle was opened with. */
    public UndoRestore passphrase(String value) {
      passphrase = value;
      return this;
    }

  }

  /** Options of {@code verify}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public static final class Verify {
    @JsonProperty("depth")
    private Depth depth;

    @JsonProperty("identities")
    private List<String> identities;

    @JsonProperty("passphrase")
    private String passphrase;

    /** How deep to look: {@code pages}, {@code quick} (the default) or {@code full}. */
    public Verify depth(Depth value) {
      depth = value;
      return this;
    }

    /** Texts of age identities that open it; default what the handle was opened with. */
    public Verify identities(List<String> value) {
      identities = value;
      return this;
    }

    /** The passphrase that opens it; default what the handle was opened with. */
    public Verify passphrase(String value) {
      passphrase = value;
      return this;
    }

  }

}
