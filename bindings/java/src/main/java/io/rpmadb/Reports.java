// Made by Generator from rpmadb.schema.json; do not edit.
package io.rpmadb;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What the verbs answer. What may be null is said by a boxed type. */
public final class Reports {
  private Reports() {}

  /**
   * Report of {@code open}.
   *
   * @param databasePath The database file, absolute; {@code :memory:} for one in memory.
   * @param created Whether this call made the file.
   * @param journalMode The journal mode in force.
   * @param migrate What opening migrated; null when it was told not to.
   * @param durationMs Time the call took.
   */
  public record Open(
      @JsonProperty("database_path") String databasePath,
      @JsonProperty("created") boolean created,
      @JsonProperty("journal_mode") String journalMode,
      @JsonProperty("migrate") Migrate migrate,
      @JsonProperty("duration_ms") double durationMs) {}

  /**
   * Report of {@code migrate}.
   *
   * @param from Version before the run; 0 for none.
   * @param to Version after the run.
   * @param applied What ran, in order.
   * @param backup The backup made before, if one was.
   * @param dryRun Whether all of it was rolled back again, as asked.
   * @param adopted What was taken over from another history first; null where there was none.
   * @param drift What somebody changed in the schema by hand since the last run.
   * @param moved Statements that ran outside the transaction, such as VACUUM; in a dry run those that would.
   * @param changes What a dry run would change; null in a real one.
   * @param warnings What lint says about what a dry run would apply; null in a real one.
   * @param durationMs Time the run took, waiting for the lock included.
   */
  public record Migrate(
      @JsonProperty("from") long from,
      @JsonProperty("to") long to,
      @JsonProperty("applied") List<Applied> applied,
      @JsonProperty("backup") Backup backup,
      @JsonProperty("dry_run") boolean dryRun,
      @JsonProperty("adopted") Adopted adopted,
      @JsonProperty("drift") List<SchemaChange> drift,
      @JsonProperty("moved") List<String> moved,
      @JsonProperty("changes") Changes changes,
      @JsonProperty("warnings") List<Warning> warnings,
      @JsonProperty("duration_ms") double durationMs) {}

  /**
   * One migration that ran.
   *
   * @param version Its version; null for a repeatable.
   * @param name Its name.
   * @param kind {@code sql}, {@code lua}, {@code host} or {@code repeatable}.
   * @param durationMs Time it took.
   */
  public record Applied(
      @JsonProperty("version") Long version,
      @JsonProperty("name") String name,
      @JsonProperty("kind") String kind,
      @JsonProperty("duration_ms") double durationMs) {}

  /**
   * Report of {@code backup}.
   *
   * @param path The finished file; null when nothing was due.
   * @param manifest The file that describes it.
   * @param sizeBytes Size of the file.
   * @param pages Pages in it.
   * @param verified Whether the copy was read back and found to be what was copied, before it got its name.
   * @param depth What was looked at: {@code pages}, {@code quick}, {@code full}; null when nothing was.
   * @param base The backup this one is based on; null for a full one.
   * @param durationMs Time it took.
   * @param deleted Older backups that retention removed.
   */
  public record Backup(
      @JsonProperty("path") String path,
      @JsonProperty("manifest") String manifest,
      @JsonProperty("size_bytes") long sizeBytes,
      @JsonProperty("pages") long pages,
      @JsonProperty("verified") boolean verified,
      @JsonProperty("depth") String depth,
      @JsonProperty("base") String base,
      @JsonProperty("duration_ms") double durationMs,
      @JsonProperty("deleted") List<String> deleted) {}

  /**
   * A history that was taken over.
   *
   * @param tool The tool whose it is.
   * @param table Where it stands.
   * @param migrations Which migrations it says are applied.
   * @param dryRun Whether nothing was written, as asked.
   */
  public record Adopted(
      @JsonProperty("tool") String tool,
      @JsonProperty("table") String table,
      @JsonProperty("migrations") List<AdoptedMigration> migrations,
      @JsonProperty("dry_run") boolean dryRun) {}

  /**
   * A migration that another history says is applied.
   *
   * @param version Its version.
   * @param name Its name in our set.
   * @param appliedAt When, where that history tells; null also for a version that it has no row for and that lies below its highest.
   * @param verified Whether that history has a checksum and our file fits it.
   */
  public record AdoptedMigration(
      @JsonProperty("version") long version,
      @JsonProperty("name") String name,
      @JsonProperty("applied_at") Long appliedAt,
      @JsonProperty("verified") boolean verified) {}

  /**
   * An object of the schema that differs.
   *
   * @param change {@code added}, {@code removed} or {@code changed}.
   * @param kind {@code table}, {@code index}, {@code view} or {@code trigger}.
   * @param name Its name.
   * @param table The table it belongs to.
   * @param before The statement that made it before.
   * @param after The statement that makes it now.
   */
  public record SchemaChange(
      @JsonProperty("change") String change,
      @JsonProperty("kind") String kind,
      @JsonProperty("name") String name,
      @JsonProperty("table") String table,
      @JsonProperty("before") String before,
      @JsonProperty("after") String after) {}

  /**
   * What a dry run would change.
   *
   * @param schema Objects of the schema.
   * @param rows Tables whose number of rows changes.
   * @param sizeBytes Size of the database before.
   * @param peakSizeBytes The largest it would become on the way.
   */
  public record Changes(
      @JsonProperty("schema") List<SchemaChange> schema,
      @JsonProperty("rows") Map<String, RowChange> rows,
      @JsonProperty("size_bytes") long sizeBytes,
      @JsonProperty("peak_size_bytes") long peakSizeBytes) {}

  /**
   * A table whose number of rows changes; null where there is no such table.
   *
   * @param before Rows before.
   * @param after Rows after.
   */
  public record RowChange(
      @JsonProperty("before") Long before,
      @JsonProperty("after") Long after) {}

  /**
   * Something in a migration that is likely to be regretted.
   *
   * @param rule The rule that says so; the directive {@code allow} waives it by this name.
   * @param message What it is.
   * @param hint What to do about it.
   * @param file The file's name as the user knows it.
   * @param line Line of the error.
   * @param column Column of the error.
   * @param statement Which statement of the file, counting from 1.
   * @param sourceLine The text of that line.
   * @param version The migration's version.
   * @param traceback The calls that led to a line of a script, the innermost first.
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Warning(
      @JsonProperty("rule") String rule,
      @JsonProperty("message") String message,
      @JsonProperty("hint") String hint,
      @JsonProperty("file") String file,
      @JsonProperty("line") Long line,
      @JsonProperty("column") Long column,
      @JsonProperty("statement") Long statement,
      @JsonProperty("source_line") String sourceLine,
      @JsonProperty("version") Long version,
      @JsonProperty("traceback") String traceback) {}

  /**
   * Report of {@code alerts}.
   *
   * @param monitoring Whether a monitor of this process watches the database; without one there are no alerts.
   * @param alerts What is pending, firing or acknowledged, the worst first; and with {@code all} what was resolved.
   * @param events What changed, the oldest first; the last 1,000 are remembered.
   * @param lastEvent The number of the last event; 0 for none. To be given as {@code since} the next time.
   */
  public record Alerts(
      @JsonProperty("monitoring") boolean monitoring,
      @JsonProperty("alerts") List<Alert> alerts,
      @JsonProperty("events") List<AlertEvent> events,
      @JsonProperty("last_event") long lastEvent) {}

  /**
   * One occurrence of something that is wrong.
   *
   * @param id Its number; another occurrence has another.
   * @param key What it is about: the rule, and where there may be several the subject behind a colon.
   * @param rule The rule.
   * @param severity How bad it is.
   * @param state Where it is in its life.
   * @param value What was measured last.
   * @param threshold Where the rule fires.
   * @param message What is wrong, one line for a person.
   * @param remedy What to do first.
   * @param since When the condition began to hold.
   * @param firedAt When it had held for long enough; null while pending.
   * @param acknowledgedAt When somebody said that they look after it.
   * @param acknowledgedBy Who.
   * @param resolvedAt When it was over.
   */
  public record Alert(
      @JsonProperty("id") long id,
      @JsonProperty("key") String key,
      @JsonProperty("rule") String rule,
      @JsonProperty("severity") Severity severity,
      @JsonProperty("state") AlertState state,
      @JsonProperty("value") JsonNode value,
      @JsonProperty("threshold") JsonNode threshold,
      @JsonProperty("message") String message,
      @JsonProperty("remedy") String remedy,
      @JsonProperty("since") long since,
      @JsonProperty("fired_at") Long firedAt,
      @JsonProperty("acknowledged_at") Long acknowledgedAt,
      @JsonProperty("acknowledged_by") String acknowledgedBy,
      @JsonProperty("resolved_at") Long resolvedAt) {}

  /** How bad it is. */
  public enum Severity {
    /** Worth knowing. */
    @JsonProperty("info")
    INFO,
    /** Somebody should look. */
    @JsonProperty("warning")
    WARNING,
    /** Somebody must act. */
    @JsonProperty("critical")
    CRITICAL,
    ;

    /** The text that the library uses. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Where an alert is in its life. */
  public enum AlertState {
    /** The condition holds, but not for long enough. */
    @JsonProperty("pending")
    PENDING,
    /** It holds. */
    @JsonProperty("firing")
    FIRING,
    /** It holds, and somebody looks after it. */
    @JsonProperty("acknowledged")
    ACKNOWLEDGED,
    /** It is over. */
    @JsonProperty("resolved")
    RESOLVED,
    ;

    /** The text that the library uses. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A change of an alert's state. One that gets more severe is told again, from {@code firing} to {@code firing}.
   *
   * @param seq Its number, without gaps from 1.
   * @param at When.
   * @param key The alert's.
   * @param from The state before.
   * @param to The state since.
   */
  public record AlertEvent(
      @JsonProperty("seq") long seq,
      @JsonProperty("at") long at,
      @JsonProperty("key") String key,
      @JsonProperty("from") AlertState from,
      @JsonProperty("to") AlertState to) {}

  /**
   * What {@code audit} found, and did.
   *
   * @param enabled Whether the database has an audit.
   * @param rows Records there are.
   * @param head The newest record.
   * @param records Those asked for; empty with the format {@code jsonl}.
   * @param text Those asked for, with the format {@code jsonl}.
   * @param next What to ask for as {@code after} to get the next ones; null when there are none.
   * @param waiting Records that are not written yet: of this process, and of those that closed the database while it was locked.
   * @param lost Records that this process could not write, or found cut or changed where they waited, and that are lost.
   * @param verify What the proof found; null when it was not asked for.
   * @param pruned What was archived and removed; null when that was not asked for.
   * @param durationMs How long it took.
   */
  public record Audit(
      @JsonProperty("enabled") boolean enabled,
      @JsonProperty("rows") long rows,
      @JsonProperty("head") AuditHead head,
      @JsonProperty("records") List<AuditRecord> records,
      @JsonProperty("text") String text,
      @JsonProperty("next") Long next,
      @JsonProperty("waiting") long waiting,
      @JsonProperty("lost") long lost,
      @JsonProperty("verify") AuditVerify verify,
      @JsonProperty("pruned") AuditPruned pruned,
      @JsonProperty("duration_ms") double durationMs) {}

  /**
   * The newest record: its number, which counts all there ever were, and its hash.
   *
   * @param count Its number.
   * @param hash Its hash, in hexadecimal.
   */
  public record AuditHead(
      @JsonProperty("count") long count,
      @JsonProperty("hash") String hash) {}

  /**
   * One record.
   *
   * @param seq Its number, without gaps from 1.
   * @param id A UUID of version 7.
   * @param at When the call ended, in milliseconds since the Unix epoch.
   * @param actor Who.
   * @param role As what.
   * @param origin Through which door: rust, c, lua, cli, monitor or migration.
   * @param verb What was called.
   * @param target What it was about, such as a path or statements without their values.
   * @param outcome ok, denied or error.
   * @param status The status, 0 for OK.
   * @param durationUs How long it took, for a change until its commit, in microseconds.
   * @param rows Rows changed, or else given.
   * @param calls How many equal calls this record stands for.
   * @param schemaVersion Highest applied migration.
   * @param process The process.
   * @param hash The hash over this record and the one before, in hexadecimal.
   */
  public record AuditRecord(
      @JsonProperty("seq") long seq,
      @JsonProperty("id") String id,
      @JsonProperty("at") long at,
      @JsonProperty("actor") String actor,
      @JsonProperty("role") String role,
      @JsonProperty("origin") String origin,
      @JsonProperty("verb") String verb,
      @JsonProperty("target") String target,
      @JsonProperty("outcome") String outcome,
      @JsonProperty("status") long status,
      @JsonProperty("duration_us") long durationUs,
      @JsonProperty("rows") long rows,
      @JsonProperty("calls") long calls,
      @JsonProperty("schema_version") long schemaVersion,
      @JsonProperty("process") long process,
      @JsonProperty("hash") String hash) {}

  /**
   * What a proof of the audit found.
   *
   * @param status {@code ok}, {@code tampered}, or {@code unknown} when the key of some records was not given.
   * @param rows Records that were read.
   * @param anchors Anchors outside of the database that were compared: in the file beside it, and in manifests of backups.
   * @param findings What is wrong, at most 100.
   * @param moreFindings How many more are wrong.
   * @param durationMs How long it took.
   */
  public record AuditVerify(
      @JsonProperty("status") String status,
      @JsonProperty("rows") long rows,
      @JsonProperty("anchors") long anchors,
      @JsonProperty("findings") List<AuditFinding> findings,
      @JsonProperty("more_findings") long moreFindings,
      @JsonProperty("duration_ms") double durationMs) {}

  /**
   * One thing that is wrong with the audit.
   *
   * @param findingClass {@code edited}, {@code missing}, {@code tail_cut}, {@code head_removed}, {@code rewritten}, {@code table_dropped}, {@code anchor_edited}, {@code trigger}, {@code unkeyed} or
   *     {@code unknown_key}.
   * @param fromSeq First record that it is about.
   * @param toSeq Last one.
   * @param message In words.
   */
  public record AuditFinding(
      @JsonProperty("class") String findingClass,
      @JsonProperty("from_seq") long fromSeq,
      @JsonProperty("to_seq") long toSeq,
      @JsonProperty("message") String message) {}

  /**
   * What was archived and removed.
   *
   * @param fromSeq First record.
   * @param toSeq Last record.
   * @param rows How many; 0 when there was nothing to remove.
   * @param archive Where they are now.
   * @param dryRun Whether nothing was changed.
   */
  public record AuditPruned(
      @JsonProperty("from_seq") long fromSeq,
      @JsonProperty("to_seq") long toSeq,
      @JsonProperty("rows") long rows,
      @JsonProperty("archive") String archive,
      @JsonProperty("dry_run") boolean dryRun) {}

  /**
   * Report of {@code backups}.
   *
   * @param folder The folder; null when the handle has none.
   * @param backups The backups in it, newest first.
   * @param incomplete Files that look like backups and have no manifest that fits; they do not count.
   */
  public record Backups(
      @JsonProperty("folder") String folder,
      @JsonProperty("backups") List<Listed> backups,
      @JsonProperty("incomplete") List<String> incomplete) {}

  /**
   * One backup of a folder.
   *
   * @param path The file.
   * @param verified Whether it was read back and found good when it was made.
   * @param pinned Whether retention keeps its hands off it.
   * @param complete Whether everything that it is based on is there.
   * @param manifest What is known of it.
   */
  public record Listed(
      @JsonProperty("path") String path,
      @JsonProperty("verified") boolean verified,
      @JsonProperty("pinned") boolean pinned,
      @JsonProperty("complete") boolean complete,
      @JsonProperty("manifest") Manifest manifest) {}

  /**
   * What is known of a backup; the JSON file beside it holds this, the hashes of its pages, and a seal.
   *
   * @param format Version of this description; 1.
   * @param id A name that no other backup has.
   * @param sequence In which order backups were made, from 1; no clock is trusted with that.
   * @param file The file's name.
   * @param reason Why it was made: {@code manual}, {@code scheduled}, {@code pre_migrate}, {@code pre_restore}.
   * @param createdAt When, in milliseconds since the Unix epoch.
   * @param database The database it was made from.
   * @param kind {@code full} or {@code incremental}.
   * @param base The backup that an incremental one is based on.
   * @param sizeBytes Size of the file.
   * @param fileHash BLAKE3 of the file; null for a plain full backup, whose pages are hashed.
   * @param pageSize Size of a page.
   * @param pageCount Pages of the database.
   * @param storedPages Pages in the file: fewer in an incremental one.
   * @param compression {@code zstd}, or null.
   * @param encryption {@code age}, or null.
   * @param compact Whether free space was left out.
   * @param tables Rows of every table; null where they cannot be counted.
   * @param schemaHash BLAKE3 of the schema.
   * @param schemaVersion Highest applied migration.
   * @param migrationInPart Whether a migration outside a transaction had run in part.
   * @param checks What was looked at before the file got its name.
   * @param auditHead Number and hash of the last audit record; null where there is no audit.
   * @param libraryVersion Version of this library.
   * @param sqliteVersion Version of SQLite.
   */
  public record Manifest(
      @JsonProperty("format") long format,
      @JsonProperty("id") String id,
      @JsonProperty("sequence") long sequence,
      @JsonProperty("file") String file,
      @JsonProperty("reason") String reason,
      @JsonProperty("created_at") long createdAt,
      @JsonProperty("database") String database,
      @JsonProperty("kind") String kind,
      @JsonProperty("base") Base base,
      @JsonProperty("size_bytes") long sizeBytes,
      @JsonProperty("file_hash") String fileHash,
      @JsonProperty("page_size") long pageSize,
      @JsonProperty("page_count") long pageCount,
      @JsonProperty("stored_pages") long storedPages,
      @JsonProperty("compression") String compression,
      @JsonProperty("encryption") String encryption,
      @JsonProperty("compact") boolean compact,
      @JsonProperty("tables") Map<String, Long> tables,
      @JsonProperty("schema_hash") String schemaHash,
      @JsonProperty("schema_version") long schemaVersion,
      @JsonProperty("migration_in_part") boolean migrationInPart,
      @JsonProperty("checks") Checks checks,
      @JsonProperty("audit_head") AuditHead auditHead,
      @JsonProperty("library_version") String libraryVersion,
      @JsonProperty("sqlite_version") String sqliteVersion) {}

  /**
   * What an incremental backup is based on.
   *
   * @param file The name of its file, in the same folder.
   * @param id Its id.
   */
  public record Base(
      @JsonProperty("file") String file,
      @JsonProperty("id") String id) {}

  /**
   * How the looks at a finished backup came out; null: not looked.
   *
   * @param pages Read back and compared with what was copied.
   * @param quickCheck {@code PRAGMA quick_check}.
   * @param integrityCheck {@code PRAGMA integrity_check}.
   * @param foreignKeys Rows whose foreign key points nowhere.
   */
  public record Checks(
      @JsonProperty("pages") String pages,
      @JsonProperty("quick_check") String quickCheck,
      @JsonProperty("integrity_check") String integrityCheck,
      @JsonProperty("foreign_keys") Long foreignKeys) {}

  /**
   * Report of {@code baseline}.
   *
   * @param from Version before.
   * @param to Version after.
   * @param recorded What was recorded as applied without running.
   */
  public record Baseline(
      @JsonProperty("from") long from,
      @JsonProperty("to") long to,
      @JsonProperty("recorded") List<Long> recorded) {}

  /**
   * Report of {@code checkpoint}.
   *
   * @param mode The mode that ran.
   * @param busy Whether readers or writers kept it from finishing.
   * @param log Frames in the log; -1 when not in WAL mode.
   * @param checkpointed Frames that are now in the database file; -1 when not in WAL mode.
   * @param heldBy Who kept it from finishing, as far as this process can tell; null when not busy.
   * @param durationMs Time it took.
   */
  public record Checkpoint(
      @JsonProperty("mode") String mode,
      @JsonProperty("busy") boolean busy,
      @JsonProperty("log") long log,
      @JsonProperty("checkpointed") long checkpointed,
      @JsonProperty("held_by") HeldBy heldBy,
      @JsonProperty("duration_ms") double durationMs) {}

  /**
   * Who keeps a checkpoint from finishing.
   *
   * @param who {@code reader} or {@code writer}: a call on this database by this process; else {@code another process}.
   * @param label The verb of that call; null for another process.
   * @param ageMs How long that call has had its connection; null for another process.
   * @param actor Who made that call; null for another process.
   * @param role In which role.
   * @param statement The statement it has the connection for, without literals; null where it is for something else.
   */
  public record HeldBy(
      @JsonProperty("who") String who,
      @JsonProperty("label") String label,
      @JsonProperty("age_ms") Long ageMs,
      @JsonProperty("actor") String actor,
      @JsonProperty("role") String role,
      @JsonProperty("statement") String statement) {}

  /**
   * Report of {@code diagnostics}.
   *
   * @param journalMode The journal mode in force.
   * @param walCheckpoint Frames in the log and frames already in the database file; {@code [-1, -1]} when not in WAL mode.
   * @param busyTimeoutMs How long a call waits for locks.
   * @param integrity {@code "ok"}, or the findings of SQLite's integrity check, one a line. A handle that may only read does not look at CHECK
   *     constraints.
   * @param tableCounts Rows of every table; null where they could not be counted: a virtual table without its module, a damaged page.
   * @param poolState The readers and the writer.
   * @param foreignKeyCheck Rows whose foreign key points nowhere, at most 100 of them; null when damage kept it from being checked.
   * @param schemaDrift What somebody changed in the schema by hand since the last migration; null when damage kept it from being compared.
   * @param pragmas The settings SQLite really uses, as its pragmas answer; empty when the writer was busy.
   * @param pragmaFindings Where they are not what this handle was configured for; null when the writer was busy.
   * @param wal The write-ahead log.
   * @param openTransactions What holds a connection of this handle, this call left out.
   * @param indexes What is wrong with the indexes; null when damage kept them from being examined.
   * @param disks The file systems involved, each once.
   * @param files The database file and those that SQLite keeps beside it, as far as they exist.
   * @param foreignSqlite Another copy of SQLite in this process; null for a database in memory.
   * @param sqliteVersion The SQLite inside.
   * @param sqlite How that was built.
   * @param system The machine.
   */
  public record Diagnostics(
      @JsonProperty("journal_mode") String journalMode,
      @JsonProperty("wal_checkpoint") List<Long> walCheckpoint,
      @JsonProperty("busy_timeout_ms") long busyTimeoutMs,
      @JsonProperty("integrity") String integrity,
      @JsonProperty("table_counts") Map<String, Long> tableCounts,
      @JsonProperty("pool_state") PoolState poolState,
      @JsonProperty("foreign_key_check") List<ForeignKeyFinding> foreignKeyCheck,
      @JsonProperty("schema_drift") List<SchemaChange> schemaDrift,
      @JsonProperty("pragmas") Map<String, JsonNode> pragmas,
      @JsonProperty("pragma_findings") List<PragmaFinding> pragmaFindings,
      @JsonProperty("wal") Wal wal,
      @JsonProperty("open_transactions") List<OpenTransaction> openTransactions,
      @JsonProperty("indexes") Indexes indexes,
      @JsonProperty("disks") List<Disk> disks,
      @JsonProperty("files") List<FileMode> files,
      @JsonProperty("foreign_sqlite") ForeignSqlite foreignSqlite,
      @JsonProperty("sqlite_version") String sqliteVersion,
      @JsonProperty("sqlite") SqliteBuild sqlite,
      @JsonProperty("system") System system) {}

  /**
   * The connections of a handle.
   *
   * @param connections Connections open, the writer included.
   * @param idleConnections Connections open and not in use.
   * @param maxConnections Most connections there may be.
   */
  public record PoolState(
      @JsonProperty("connections") long connections,
      @JsonProperty("idle_connections") long idleConnections,
      @JsonProperty("max_connections") long maxConnections) {}

  /**
   * One row whose foreign key points nowhere.
   *
   * @param table The table of the row.
   * @param rowid Its row id; null in a table without row ids.
   * @param parent The table it points to.
   */
  public record ForeignKeyFinding(
      @JsonProperty("table") String table,
      @JsonProperty("rowid") Long rowid,
      @JsonProperty("parent") String parent) {}

  /**
   * One setting that is not what it should be.
   *
   * @param pragma Its name.
   * @param expected What the handle was configured for.
   * @param actual What is in force.
   */
  public record PragmaFinding(
      @JsonProperty("pragma") String pragma,
      @JsonProperty("expected") JsonNode expected,
      @JsonProperty("actual") JsonNode actual) {}

  /**
   * The write-ahead log; null where there is none, or inside a transaction.
   *
   * @param sizeBytes Size of the file.
   * @param frames Frames in it.
   * @param backlog Frames of it that are not in the database file yet.
   */
  public record Wal(
      @JsonProperty("size_bytes") Long sizeBytes,
      @JsonProperty("frames") Long frames,
      @JsonProperty("backlog") Long backlog) {}

  /**
   * One holder of a connection.
   *
   * @param label What it is doing.
   * @param ageMs Since when.
   * @param writes Whether it holds the writer.
   * @param actor Who made the call; null for the library's own work.
   * @param role In which role.
   * @param statement The statement it has the connection for, without literals; null where it is for something else, such as a transaction.
   */
  public record OpenTransaction(
      @JsonProperty("label") String label,
      @JsonProperty("age_ms") long ageMs,
      @JsonProperty("writes") boolean writes,
      @JsonProperty("actor") String actor,
      @JsonProperty("role") String role,
      @JsonProperty("statement") String statement) {}

  /**
   * What is wrong with the indexes.
   *
   * @param redundant Indexes that another one makes superfluous; all of them may be dropped.
   * @param missing Foreign keys whose columns no index begins with.
   * @param unused Indexes that no statement uses and nothing else needs; null when no statement was seen.
   * @param fullScans Statements that read a table of more than 1,000 rows without an index, at most 100; null when no statement was seen.
   * @param statementsSeen How many statements that is: distinct ones of this handle since it was opened, 500 at most.
   * @param statementsForgotten How many were left out, too old or too long; if any, an unused index may have been used by one of them.
   */
  public record Indexes(
      @JsonProperty("redundant") List<RedundantIndex> redundant,
      @JsonProperty("missing") List<MissingIndex> missing,
      @JsonProperty("unused") List<UnusedIndex> unused,
      @JsonProperty("full_scans") List<FullScan> fullScans,
      @JsonProperty("statements_seen") Long statementsSeen,
      @JsonProperty("statements_forgotten") Long statementsForgotten) {}

  /**
   * An index that another one makes superfluous.
   *
   * @param index Its name.
   * @param table Its table.
   * @param coveredBy The index that does its work, or {@code PRIMARY KEY}.
   */
  public record RedundantIndex(
      @JsonProperty("index") String index,
      @JsonProperty("table") String table,
      @JsonProperty("covered_by") String coveredBy) {}

  /**
   * An index that there should be.
   *
   * @param table The table that lacks it.
   * @param columns Its columns.
   * @param reason What it is for.
   * @param suggestion The statement that makes it.
   */
  public record MissingIndex(
      @JsonProperty("table") String table,
      @JsonProperty("columns") List<String> columns,
      @JsonProperty("reason") String reason,
      @JsonProperty("suggestion") String suggestion) {}

  /**
   * An index that no statement uses.
   *
   * @param index Its name.
   * @param table Its table.
   */
  public record UnusedIndex(
      @JsonProperty("index") String index,
      @JsonProperty("table") String table) {}

  /**
   * A statement that reads a large table without an index.
   *
   * @param table The table.
   * @param sql The statement, with {@code ?} for each literal.
   * @param rows Rows of the table, about.
   */
  public record FullScan(
      @JsonProperty("table") String table,
      @JsonProperty("sql") String sql,
      @JsonProperty("rows") long rows) {}

  /**
   * A file system.
   *
   * @param what The first of what is on it: {@code database}, {@code backups}, {@code temporary}.
   * @param path The folder of that.
   * @param freeBytes Space this process may still fill; null where it could not be measured.
   * @param totalBytes Its size; null where it could not be measured.
   */
  public record Disk(
      @JsonProperty("what") String what,
      @JsonProperty("path") String path,
      @JsonProperty("free_bytes") Long freeBytes,
      @JsonProperty("total_bytes") Long totalBytes) {}

  /**
   * Who may do what with a file.
   *
   * @param path The file.
   * @param mode Its permissions, in octal as {@code chmod} takes them.
   * @param findings What is questionable about them; null when nothing is.
   */
  public record FileMode(
      @JsonProperty("path") String path,
      @JsonProperty("mode") String mode,
      @JsonProperty("findings") String findings) {}

  /**
   * Another copy of SQLite in this process that has the database open, as far as it shows.
   *
   * @param mode The option {@code foreign_sqlite} of the handle.
   * @param effective What is in force: {@code refuse} where {@code coexist} is not possible, {@code one_copy} in a build without a SQLite of its own.
   * @param looked Whether it is known which descriptors are not this library's; with {@code off} nobody looks. Those of its own SQLite are none.
   * @param path The database.
   * @param descriptors The descriptors of the database in this process that are not this library's.
   * @param live Whether one of them is a SQLite for certain, because it has locks.
   * @param modules The libraries with another SQLite in them, the likeliest first. One that is built into the host shows no library.
   * @param version Its version, where it tells.
   * @param refused Whether this handle refuses to write until the database is opened again.
   * @param remedy What to do about it; null when there is nothing to do.
   */
  public record ForeignSqlite(
      @JsonProperty("mode") String mode,
      @JsonProperty("effective") String effective,
      @JsonProperty("looked") boolean looked,
      @JsonProperty("path") String path,
      @JsonProperty("descriptors") List<Integer> descriptors,
      @JsonProperty("live") boolean live,
      @JsonProperty("modules") List<String> modules,
      @JsonProperty("version") String version,
      @JsonProperty("refused") boolean refused,
      @JsonProperty("remedy") String remedy) {}

  /**
   * How the SQLite inside was built.
   *
   * @param version Its version.
   * @param sourceId Its source id.
   * @param compileOptions The options it was compiled with, without {@code SQLITE_}.
   * @param hasWalResetBug Whether its version can damage a database when a checkpoint resets the log while another connection begins to write.
   */
  public record SqliteBuild(
      @JsonProperty("version") String version,
      @JsonProperty("source_id") String sourceId,
      @JsonProperty("compile_options") List<String> compileOptions,
      @JsonProperty("has_wal_reset_bug") boolean hasWalResetBug) {}

  /**
   * The machine around the database; null where this platform does not tell.
   *
   * @param freeDiskBytes Free space on the file system of the database.
   * @param residentMemoryBytes Memory this process occupies.
   * @param cpuMs Processor time this process has used.
   */
  public record System(
      @JsonProperty("free_disk_bytes") Long freeDiskBytes,
      @JsonProperty("resident_memory_bytes") Long residentMemoryBytes,
      @JsonProperty("cpu_ms") Long cpuMs) {}

  /**
   * Report of {@code health}.
   *
   * @param status The worst of the checks: {@code ok}, {@code degraded}, {@code critical}, or {@code unknown}.
   * @param score 0 to 100; at most 39 when a check is critical.
   * @param checks Each check.
   */
  public record Health(
      @JsonProperty("status") HealthStatus status,
      @JsonProperty("score") int score,
      @JsonProperty("checks") List<Check> checks) {}

  /** How well a check or the whole is, best first. */
  public enum HealthStatus {
    /** Measured and well. */
    @JsonProperty("ok")
    OK,
    /** Not measured. */
    @JsonProperty("unknown")
    UNKNOWN,
    /** Works, but somebody should look. */
    @JsonProperty("degraded")
    DEGRADED,
    /** Somebody must act. */
    @JsonProperty("critical")
    CRITICAL,
    ;

    /** The text that the library uses. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * One check of {@code health}.
   *
   * @param id Its name.
   * @param status How it came out.
   * @param value What was measured; null when it could not be.
   * @param threshold Where {@code degraded} begins; null where there is no number to it.
   * @param measuredAt When.
   * @param costUs What measuring cost, in microseconds.
   * @param remedy What to do about it; null when well.
   */
  public record Check(
      @JsonProperty("id") String id,
      @JsonProperty("status") HealthStatus status,
      @JsonProperty("value") JsonNode value,
      @JsonProperty("threshold") JsonNode threshold,
      @JsonProperty("measured_at") long measuredAt,
      @JsonProperty("cost_us") long costUs,
      @JsonProperty("remedy") String remedy) {}

  /**
   * Report of {@code lint}.
   *
   * @param files How many files were read.
   * @param warnings What was found.
   */
  public record Lint(
      @JsonProperty("files") long files,
      @JsonProperty("warnings") List<Warning> warnings) {}

  /** Report of {@code metrics}, in the form that was asked for. The one that was answered is not null. */
  @JsonDeserialize(using = MetricsReader.class)
  public record Metrics(
      @JsonUnwrapped Figures figures,
      @JsonUnwrapped MetricsText metricsText) {}

  /**
   * The figures as a text for another program.
   *
   * @param format The name of the form: {@code prometheus}.
   * @param text The text.
   */
  public record MetricsText(
      @JsonProperty("format") String format,
      @JsonProperty("text") String text) {}

  /**
   * The figures of {@code metrics}, since the handle was opened.
   *
   * @param enabled Whether metrics are on; else only {@code pool}, {@code locks}, {@code wal} and {@code indexes} are known.
   * @param since When counting began; null when metrics are off.
   * @param statements The statements of users by fingerprint, those with the largest total first.
   * @param statementsKnown How many fingerprints there are, those beyond the limit of the call included.
   * @param statementsEvicted How many fingerprints were forgotten for newer ones, with their numbers.
   * @param slow The last 100 statements that took longer than {@code slow_query_ms}, the newest first.
   * @param slowTotal How many there were since {@code since}.
   * @param slowTransactions The last 100 transactions of the writer that were open for longer than 250 ms, the newest first.
   * @param slowTransactionsTotal How many there were since {@code since}.
   * @param verbs Calls by verb.
   * @param backups Backups that were made; null when metrics are off.
   * @param scripts Scripts that were run; null when metrics are off.
   * @param checkpoints Checkpoints that were asked for; null when metrics are off.
   * @param denials Calls that the role of the handle did not allow; null when metrics are off.
   * @param indexes What the statements use; null when it was not asked for, when no reader was free to look, and where damage kept it from being
   *     examined.
   * @param pool The connections.
   * @param locks Waits for locks.
   * @param wal The write-ahead log.
   */
  public record Figures(
      @JsonProperty("enabled") boolean enabled,
      @JsonProperty("since") Long since,
      @JsonProperty("statements") List<StatementFigures> statements,
      @JsonProperty("statements_known") long statementsKnown,
      @JsonProperty("statements_evicted") long statementsEvicted,
      @JsonProperty("slow") List<SlowStatement> slow,
      @JsonProperty("slow_total") long slowTotal,
      @JsonProperty("slow_transactions") List<SlowTransaction> slowTransactions,
      @JsonProperty("slow_transactions_total") long slowTransactionsTotal,
      @JsonProperty("verbs") Map<String, VerbFigures> verbs,
      @JsonProperty("backups") BackupFigures backups,
      @JsonProperty("scripts") ScriptFigures scripts,
      @JsonProperty("checkpoints") CheckpointFigures checkpoints,
      @JsonProperty("denials") Long denials,
      @JsonProperty("indexes") IndexFigures indexes,
      @JsonProperty("pool") PoolFigures pool,
      @JsonProperty("locks") LockFigures locks,
      @JsonProperty("wal") Wal wal) {}

  /**
   * What the statements of one fingerprint did.
   *
   * @param fingerprint The statement without literals, lists of values shortened; of a long one the beginning.
   * @param calls How often it was run.
   * @param errors How often it failed.
   * @param rows Rows it gave, or else changed.
   * @param totalMs Time it took, all calls together. Waiting for a connection and the commit are not in it.
   * @param meanMs Of one call.
   * @param p95Ms What 95 of 100 calls did not exceed, to within 1/16.
   * @param maxMs Of the longest call.
   * @param fullScanSteps Steps from row to row of a table that was read whole.
   * @param sorts Times that rows were sorted.
   * @param automaticIndexRows Rows put into indexes that were made for this one time.
   * @param lastAt When it was run the last time.
   */
  public record StatementFigures(
      @JsonProperty("fingerprint") String fingerprint,
      @JsonProperty("calls") long calls,
      @JsonProperty("errors") long errors,
      @JsonProperty("rows") long rows,
      @JsonProperty("total_ms") double totalMs,
      @JsonProperty("mean_ms") double meanMs,
      @JsonProperty("p95_ms") double p95Ms,
      @JsonProperty("max_ms") double maxMs,
      @JsonProperty("full_scan_steps") long fullScanSteps,
      @JsonProperty("sorts") long sorts,
      @JsonProperty("automatic_index_rows") long automaticIndexRows,
      @JsonProperty("last_at") long lastAt) {}

  /**
   * One statement that took long.
   *
   * @param fingerprint The statement without literals.
   * @param durationMs How long it took.
   * @param rows Rows it gave, or else changed.
   * @param failed Whether it failed.
   * @param at When it ended.
   * @param verb The verb it was run by.
   * @param actor Who ran it; null where nobody is known.
   * @param plan How SQLite planned it right after; null for one without a plan.
   */
  public record SlowStatement(
      @JsonProperty("fingerprint") String fingerprint,
      @JsonProperty("duration_ms") double durationMs,
      @JsonProperty("rows") long rows,
      @JsonProperty("failed") boolean failed,
      @JsonProperty("at") long at,
      @JsonProperty("verb") String verb,
      @JsonProperty("actor") String actor,
      @JsonProperty("plan") List<String> plan) {}

  /**
   * One transaction of the writer that was open for long.
   *
   * @param label The verb whose it was.
   * @param actor Who made the call; null where nobody is known.
   * @param durationMs How long it was open.
   * @param at When it ended.
   * @param committed Whether it was committed, and not rolled back.
   */
  public record SlowTransaction(
      @JsonProperty("label") String label,
      @JsonProperty("actor") String actor,
      @JsonProperty("duration_ms") double durationMs,
      @JsonProperty("at") long at,
      @JsonProperty("committed") boolean committed) {}

  /**
   * The calls of one verb.
   *
   * @param calls How many.
   * @param errors How many failed, the denied ones left out.
   * @param denied How many the role did not allow.
   * @param totalMs Time they took together.
   * @param maxMs Time the longest took.
   */
  public record VerbFigures(
      @JsonProperty("calls") long calls,
      @JsonProperty("errors") long errors,
      @JsonProperty("denied") long denied,
      @JsonProperty("total_ms") double totalMs,
      @JsonProperty("max_ms") double maxMs) {}

  /**
   * Backups, those made by scripts included.
   *
   * @param made How many were made.
   * @param failed How many failed.
   * @param lastAt When the last was made; null before the first, as are the next two.
   * @param lastDurationMs How long it took.
   * @param lastSizeBytes Its size.
   */
  public record BackupFigures(
      @JsonProperty("made") long made,
      @JsonProperty("failed") long failed,
      @JsonProperty("last_at") Long lastAt,
      @JsonProperty("last_duration_ms") Double lastDurationMs,
      @JsonProperty("last_size_bytes") Long lastSizeBytes) {}

  /**
   * Scripts, typed ones and files.
   *
   * @param runs How many were run.
   * @param failures How many failed.
   */
  public record ScriptFigures(
      @JsonProperty("runs") long runs,
      @JsonProperty("failures") long failures) {}

  /**
   * Checkpoints, those of scripts included; the ones that SQLite makes by itself are not counted.
   *
   * @param runs How many were made.
   * @param busy How many of them readers or writers kept from finishing.
   */
  public record CheckpointFigures(
      @JsonProperty("runs") long runs,
      @JsonProperty("busy") long busy) {}

  /**
   * What the statements of this handle use, as SQLite plans them now.
   *
   * @param used Indexes that statements use; null before the first statement.
   * @param unused Indexes that no statement uses and nothing else needs; null before the first statement.
   * @param redundant Indexes that another one makes superfluous.
   * @param missing Foreign keys whose columns no index begins with.
   * @param fullScans Statements that read a table of more than 1,000 rows without an index; null before the first statement.
   */
  public record IndexFigures(
      @JsonProperty("used") List<UsedIndex> used,
      @JsonProperty("unused") List<UnusedIndex> unused,
      @JsonProperty("redundant") List<RedundantIndex> redundant,
      @JsonProperty("missing") List<MissingIndex> missing,
      @JsonProperty("full_scans") List<FullScan> fullScans) {}

  /**
   * An index that statements use.
   *
   * @param index Its name.
   * @param table Its table.
   * @param calls How often statements ran whose fingerprint uses it; null when metrics are off.
   */
  public record UsedIndex(
      @JsonProperty("index") String index,
      @JsonProperty("table") String table,
      @JsonProperty("calls") Long calls) {}

  /**
   * The connections of a handle.
   *
   * @param connections Connections open, the writer included.
   * @param idleConnections Connections open and not in use.
   * @param maxConnections Most connections there may be.
   * @param inUse Connections in use, this call left out.
   * @param waits How often a reader was asked for while all were in use.
   * @param waitMs How long was waited for one, all waits together.
   * @param timeouts How many of these waits ended without one, by their limit or because the call was stopped.
   * @param holders Who has the connections that are in use, those who have them longest first.
   */
  public record PoolFigures(
      @JsonProperty("connections") long connections,
      @JsonProperty("idle_connections") long idleConnections,
      @JsonProperty("max_connections") long maxConnections,
      @JsonProperty("in_use") long inUse,
      @JsonProperty("waits") long waits,
      @JsonProperty("wait_ms") double waitMs,
      @JsonProperty("timeouts") long timeouts,
      @JsonProperty("holders") List<OpenTransaction> holders) {}

  /**
   * Waits for locks.
   *
   * @param leases How often a connection was taken to work with.
   * @param waited How often a lock was held by somebody else: by another process, or the writer by another call of this handle.
   * @param gaveUp How many of these waits ended without the lock.
   */
  public record LockFigures(
      @JsonProperty("leases") long leases,
      @JsonProperty("waited") long waited,
      @JsonProperty("gave_up") long gaveUp) {}

  /**
   * Report of {@code migrations}.
   *
   * @param current Highest applied version; 0 for none.
   * @param latest Highest version in the set; 0 for none.
   * @param pending How many would run now.
   * @param migrations Every migration known or recorded, by version, the repeatables last.
   * @param drift What somebody changed in the schema by hand since the last run.
   */
  public record Migrations(
      @JsonProperty("current") long current,
      @JsonProperty("latest") long latest,
      @JsonProperty("pending") long pending,
      @JsonProperty("migrations") List<MigrationState> migrations,
      @JsonProperty("drift") List<SchemaChange> drift) {}

  /**
   * One migration known or recorded.
   *
   * @param version Its version; null for a repeatable.
   * @param name Its name.
   * @param kind {@code sql}, {@code lua}, {@code host} or {@code repeatable}.
   * @param state {@code applied}, {@code pending}, {@code changed}, {@code missing} or {@code out_of_order}; {@code removed} is a repeatable whose file is gone, what it made stays.
   * @param appliedAt When it was applied.
   * @param actor By whom.
   * @param durationMs How long it took then.
   * @param reversible Whether there is a way back; null for a Lua file that does not load.
   * @param origin How it came to be recorded: {@code run}, {@code baseline}, or the tool it was adopted from.
   * @param repairedAt When a changed text was accepted.
   * @param repairedBy By whom.
   */
  public record MigrationState(
      @JsonProperty("version") Long version,
      @JsonProperty("name") String name,
      @JsonProperty("kind") String kind,
      @JsonProperty("state") String state,
      @JsonProperty("applied_at") Long appliedAt,
      @JsonProperty("actor") String actor,
      @JsonProperty("duration_ms") Double durationMs,
      @JsonProperty("reversible") Boolean reversible,
      @JsonProperty("origin") String origin,
      @JsonProperty("repaired_at") Long repairedAt,
      @JsonProperty("repaired_by") String repairedBy) {}

  /**
   * Report of {@code pin}.
   *
   * @param path The file.
   * @param pinned Whether retention now keeps its hands off it.
   */
  public record Pin(
      @JsonProperty("path") String path,
      @JsonProperty("pinned") boolean pinned) {}

  /**
   * Report of {@code prune}.
   *
   * @param deleted What was removed; in a dry run what would be.
   * @param kept What stays, and why.
   * @param leftovers What was cleaned up after backups that were killed.
   * @param dryRun Whether nothing was removed, as asked.
   * @param durationMs Time it took.
   */
  public record Prune(
      @JsonProperty("deleted") List<String> deleted,
      @JsonProperty("kept") List<Kept> kept,
      @JsonProperty("leftovers") List<String> leftovers,
      @JsonProperty("dry_run") boolean dryRun,
      @JsonProperty("duration_ms") double durationMs) {}

  /**
   * A backup that stays.
   *
   * @param path The file.
   * @param because What wants it.
   */
  public record Kept(
      @JsonProperty("path") String path,
      @JsonProperty("because") List<String> because) {}

  /**
   * Report of {@code query}.
   *
   * @param columns Names of the result's columns.
   * @param rows The rows, each an array. A BLOB is {@code {"base64": "..."}}, an infinite number {@code {"real": "inf"}} or {@code {"real": "-inf"}}.
   * @param changes Rows inserted, updated or deleted.
   * @param lastInsertRowid Row id of the last insert by this statement; null when it inserted none.
   */
  public record Query(
      @JsonProperty("columns") List<String> columns,
      @JsonProperty("rows") @JsonDeserialize(using = Values.Reader.class) @JsonSerialize(using = Values.Writer.class) List<List<Object>> rows,
      @JsonProperty("changes") long changes,
      @JsonProperty("last_insert_rowid") Long lastInsertRowid) {}

  /**
   * Report of {@code repair}.
   *
   * @param repaired Migrations whose present text was accepted.
   * @param accepted Changes of the schema that were accepted.
   */
  public record Repair(
      @JsonProperty("repaired") List<Long> repaired,
      @JsonProperty("accepted") List<SchemaChange> accepted) {}

  /**
   * Report of {@code restore} and {@code undo_restore}.
   *
   * @param path The backup that was brought back.
   * @param databasePath The database.
   * @param method How: {@code rename}, or {@code transaction} while others had the database open.
   * @param backup The backup of what was there before; null when there was nothing, or it was not wanted.
   * @param kept What was kept of a file that was no longer a database; null when it was one.
   * @param pages Pages of the database now.
   * @param schemaVersion Highest applied migration now.
   * @param warnings What deserves a look.
   * @param dryRun Whether nothing was changed, as asked.
   * @param durationMs Time it took.
   */
  public record Restore(
      @JsonProperty("path") String path,
      @JsonProperty("database_path") String databasePath,
      @JsonProperty("method") String method,
      @JsonProperty("backup") String backup,
      @JsonProperty("kept") String kept,
      @JsonProperty("pages") long pages,
      @JsonProperty("schema_version") long schemaVersion,
      @JsonProperty("warnings") List<String> warnings,
      @JsonProperty("dry_run") boolean dryRun,
      @JsonProperty("duration_ms") double durationMs) {}

  /**
   * Report of {@code rollback}.
   *
   * @param from Version before.
   * @param to Version after.
   * @param reverted What was taken back, in order.
   * @param backup The backup made before, if one was.
   * @param dryRun Whether all of it was undone again, as asked.
   * @param changes What a dry run would change; null in a real one.
   * @param durationMs Time it took, waiting for the lock included.
   */
  public record Rollback(
      @JsonProperty("from") long from,
      @JsonProperty("to") long to,
      @JsonProperty("reverted") List<Applied> reverted,
      @JsonProperty("backup") Backup backup,
      @JsonProperty("dry_run") boolean dryRun,
      @JsonProperty("changes") Changes changes,
      @JsonProperty("duration_ms") double durationMs) {}

  /**
   * Report of {@code schema}.
   *
   * @param version Highest applied migration.
   * @param hash A sum over all objects: equal for schemas that mean the same.
   * @param objects Every object, by kind and name.
   * @param drift What somebody changed by hand since the last run.
   * @param differences What is different in the other database, seen from this one; null when none was named.
   */
  public record Schema(
      @JsonProperty("version") long version,
      @JsonProperty("hash") String hash,
      @JsonProperty("objects") List<SchemaObject> objects,
      @JsonProperty("drift") List<SchemaChange> drift,
      @JsonProperty("differences") List<SchemaChange> differences) {}

  /**
   * One object of the schema.
   *
   * @param kind {@code table}, {@code index}, {@code view} or {@code trigger}.
   * @param name Its name.
   * @param table The table it belongs to.
   * @param sql The statement that makes it.
   */
  public record SchemaObject(
      @JsonProperty("kind") String kind,
      @JsonProperty("name") String name,
      @JsonProperty("table") String table,
      @JsonProperty("sql") String sql) {}

  /**
   * Report of {@code script}.
   *
   * @param result What the chunk returned.
   * @param log What it logged, control characters escaped; a line not of level info starts with its level in brackets.
   * @param dryRun Whether what it changed was rolled back.
   * @param rowsChanged How many rows a dry run changed: also what triggers and foreign keys changed with them, and what the script took back itself;
   *     else null.
   * @param changes What a dry run would have changed in schema, numbers of rows and size; else null.
   * @param durationMs Time it took.
   * @param peakMemoryBytes The most memory Lua held.
   */
  public record Script(
      @JsonProperty("result") JsonNode result,
      @JsonProperty("log") List<String> log,
      @JsonProperty("dry_run") boolean dryRun,
      @JsonProperty("rows_changed") Long rowsChanged,
      @JsonProperty("changes") Changes changes,
      @JsonProperty("duration_ms") double durationMs,
      @JsonProperty("peak_memory_bytes") long peakMemoryBytes) {}

  /**
   * Report of {@code scripts}.
   *
   * @param scripts The scripts that are built in, by name.
   */
  public record Scripts(
      @JsonProperty("scripts") List<ScriptEntry> scripts) {}

  /**
   * What the head of a script says.
   *
   * @param name What it is run by.
   * @param purpose What it is for.
   * @param args Its arguments.
   * @param changes What it changes, or {@code nothing}.
   * @param role The lowest role that may run it; null when every role may that can run scripts.
   * @param timeoutMs How long it asks to run; the limit of the handle wins.
   * @param memoryBytes How much memory it asks for; the limit of the handle wins.
   */
  public record ScriptEntry(
      @JsonProperty("name") String name,
      @JsonProperty("purpose") String purpose,
      @JsonProperty("args") List<ScriptArg> args,
      @JsonProperty("changes") String changes,
      @JsonProperty("role") String role,
      @JsonProperty("timeout_ms") Long timeoutMs,
      @JsonProperty("memory_bytes") Long memoryBytes) {}

  /**
   * An argument of a script.
   *
   * @param name Its name in {@code job.args}.
   * @param type {@code integer}, {@code number}, {@code string} or {@code boolean}.
   * @param required Whether it must be given.
   * @param defaultValue What it is when it is not given; null when it is then absent.
   * @param doc What it means.
   */
  public record ScriptArg(
      @JsonProperty("name") String name,
      @JsonProperty("type") String type,
      @JsonProperty("required") boolean required,
      @JsonProperty("default") JsonNode defaultValue,
      @JsonProperty("doc") String doc) {}

  /**
   * Report of {@code stats}.
   *
   * @param sizeBytes Size of the database: its pages, without the log.
   * @param tables Rows of every table; null where they could not be counted or estimated: a virtual table without its module, a
   *     damaged page.
   * @param databasePath The database file.
   * @param estimated Whether the row counts are estimates; {@code sources} tells it of each.
   * @param sources Where the number of rows of each table comes from; a table without a number is not here.
   * @param pageSize Size of a page.
   * @param pageCount Pages in the database.
   * @param freelistCount Pages that are free for reuse.
   * @param freelistBytes Their size.
   * @param autoVacuum What becomes of free pages: {@code none} (they stay in the file), {@code full} or {@code incremental}.
   * @param encoding How text is stored: {@code UTF-8}, {@code UTF-16le} or {@code UTF-16be}.
   * @param walSizeBytes Size of the write-ahead log; null when there is none.
   * @param walFrames Frames in the log, also those that are in the database already; null when not in WAL mode, and inside a transaction.
   * @param tableCount How many tables.
   * @param indexCount How many indexes.
   * @param schemaVersion Highest applied migration.
   * @param objects Size of every table and index, SQLite's own included, largest first; null when never measured.
   * @param objectsMeasuredAt When {@code objects} was measured. It is measured anew only when the database changed since and sizes are asked for.
   * @param damaged Tables and indexes in which a damaged page was met; {@code diagnostics} is what looks for damage.
   * @param growth What changed since the last call on this open database, by any handle; null at the first, and inside a transaction.
   */
  public record Stats(
      @JsonProperty("size_bytes") long sizeBytes,
      @JsonProperty("tables") Map<String, Long> tables,
      @JsonProperty("database_path") String databasePath,
      @JsonProperty("estimated") boolean estimated,
      @JsonProperty("sources") Map<String, RowSource> sources,
      @JsonProperty("page_size") long pageSize,
      @JsonProperty("page_count") long pageCount,
      @JsonProperty("freelist_count") long freelistCount,
      @JsonProperty("freelist_bytes") long freelistBytes,
      @JsonProperty("auto_vacuum") String autoVacuum,
      @JsonProperty("encoding") String encoding,
      @JsonProperty("wal_size_bytes") Long walSizeBytes,
      @JsonProperty("wal_frames") Long walFrames,
      @JsonProperty("table_count") long tableCount,
      @JsonProperty("index_count") long indexCount,
      @JsonProperty("schema_version") long schemaVersion,
      @JsonProperty("objects") List<ObjectSize> objects,
      @JsonProperty("objects_measured_at") Long objectsMeasuredAt,
      @JsonProperty("damaged") List<String> damaged,
      @JsonProperty("growth") Growth growth) {}

  /** Where a number of rows comes from. */
  public enum RowSource {
    /** Counted. */
    @JsonProperty("exact")
    EXACT,
    /** What ANALYZE counted, and samples do not contradict. */
    @JsonProperty("statistics")
    STATISTICS,
    /** The span of the row ids: at most so many. */
    @JsonProperty("rowids")
    ROWIDS,
    /** Some pages of the table were looked at. */
    @JsonProperty("sampled")
    SAMPLED,
    ;

    /** The text that the library uses. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Size of a table or an index.
   *
   * @param name Its name.
   * @param table The table it belongs to; a table's own name.
   * @param kind What it is.
   * @param sizeBytes Size of its pages.
   * @param unusedBytes How much of that holds nothing.
   * @param pages Its pages.
   * @param overflowPages Those of them that continue rows which do not fit on one page.
   */
  public record ObjectSize(
      @JsonProperty("name") String name,
      @JsonProperty("table") String table,
      @JsonProperty("kind") ObjectKind kind,
      @JsonProperty("size_bytes") long sizeBytes,
      @JsonProperty("unused_bytes") long unusedBytes,
      @JsonProperty("pages") long pages,
      @JsonProperty("overflow_pages") long overflowPages) {}

  /** What an object of {@code stats} is. */
  public enum ObjectKind {
    /** {@code table}. */
    @JsonProperty("table")
    TABLE,
    /** {@code index}. */
    @JsonProperty("index")
    INDEX,
    ;

    /** The text that the library uses. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What changed between two calls of {@code stats}.
   *
   * @param since When the call before was.
   * @param elapsedMs How long ago that is.
   * @param sizeBytes By how much the database grew; below zero, it shrank.
   * @param walSizeBytes By how much the log grew; null when there was none and is none.
   * @param tables By how many rows tables grew: those that changed, and were counted both times or estimated both times.
   */
  public record Growth(
      @JsonProperty("since") long since,
      @JsonProperty("elapsed_ms") long elapsedMs,
      @JsonProperty("size_bytes") long sizeBytes,
      @JsonProperty("wal_size_bytes") Long walSizeBytes,
      @JsonProperty("tables") Map<String, Long> tables) {}

  /**
   * Report of {@code test}.
   *
   * @param passed Whether nothing was found wrong.
   * @param seed What the rows were made from.
   * @param startedFrom Versions that were started from.
   * @param crashes How many crashes were tried.
   * @param problems What was found wrong.
   * @param rows Most rows that each table had.
   * @param skippedTables Tables that no row could be made for, and why.
   * @param irreversible Migrations without a way back; going back was tried above them only.
   * @param durationMs Time it took.
   */
  public record Test(
      @JsonProperty("passed") boolean passed,
      @JsonProperty("seed") BigInteger seed,
      @JsonProperty("started_from") List<Long> startedFrom,
      @JsonProperty("crashes") long crashes,
      @JsonProperty("problems") List<TestProblem> problems,
      @JsonProperty("rows") Map<String, Long> rows,
      @JsonProperty("skipped_tables") Map<String, String> skippedTables,
      @JsonProperty("irreversible") List<Long> irreversible,
      @JsonProperty("duration_ms") double durationMs) {}

  /**
   * Something that {@code test} found wrong.
   *
   * @param from The version that was started from, or that a crash was tried in.
   * @param what What it is.
   * @param error The error, where there was one.
   */
  public record TestProblem(
      @JsonProperty("from") long from,
      @JsonProperty("what") String what,
      @JsonProperty("error") Body error) {}

  /**
   * The members of an error document.
   *
   * @param status The status number.
   * @param name The status name.
   * @param message One line for a person.
   * @param hint What to do about it.
   * @param sqliteCode SQLite's extended result code.
   * @param file The file's name as the user knows it.
   * @param line Line of the error.
   * @param column Column of the error.
   * @param statement Which statement of the file, counting from 1.
   * @param sourceLine The text of that line.
   * @param version The migration's version.
   * @param traceback The calls that led to a line of a script, the innermost first.
   * @param changes The lines of a changed migration that are not what was applied.
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Body(
      @JsonProperty("status") int status,
      @JsonProperty("name") String name,
      @JsonProperty("message") String message,
      @JsonProperty("hint") String hint,
      @JsonProperty("sqlite_code") Integer sqliteCode,
      @JsonProperty("file") String file,
      @JsonProperty("line") Long line,
      @JsonProperty("column") Long column,
      @JsonProperty("statement") Long statement,
      @JsonProperty("source_line") String sourceLine,
      @JsonProperty("version") Long version,
      @JsonProperty("traceback") String traceback,
      @JsonProperty("changes") List<LineChange> changes) {}

  /**
   * A line of a file that is not what it was.
   *
   * @param line Its number, counting from 1: in the file as it is now, or where it would stand.
   * @param before The text that was applied; null for a line that is new.
   * @param after The text now; null for a line that is gone.
   */
  public record LineChange(
      @JsonProperty("line") long line,
      @JsonProperty("before") String before,
      @JsonProperty("after") String after) {}

  /**
   * Report of {@code verify}: the backup is what its manifest says. One that is not is an error.
   *
   * @param path The file.
   * @param depth What was looked at: {@code pages}, {@code quick} or {@code full}.
   * @param chain The backups it is made of, the full one first.
   * @param checks How the looks came out.
   * @param signature {@code ok}, {@code none}, or {@code not_checked} when it is signed and the handle has no key.
   * @param bytes Bytes read.
   * @param manifest What is known of it.
   * @param durationMs Time it took.
   */
  public record Verify(
      @JsonProperty("path") String path,
      @JsonProperty("depth") String depth,
      @JsonProperty("chain") List<String> chain,
      @JsonProperty("checks") Checks checks,
      @JsonProperty("signature") String signature,
      @JsonProperty("bytes") long bytes,
      @JsonProperty("manifest") Manifest manifest,
      @JsonProperty("duration_ms") double durationMs) {}

  /**
   * Report of {@code monitor_start}.
   *
   * @param tickMs Between two looks.
   * @param tasks What it will do besides looking.
   */
  public record MonitorStart(
      @JsonProperty("tick_ms") long tickMs,
      @JsonProperty("tasks") List<MonitorTask> tasks) {}

  /**
   * A task of the monitor.
   *
   * @param name Its name.
   * @param everyMs Between two runs; null for one that runs when the log asks for it.
   */
  public record MonitorTask(
      @JsonProperty("name") String name,
      @JsonProperty("every_ms") Long everyMs) {}

  /**
   * Report of {@code monitor_stop}.
   *
   * @param ticks How often it looked.
   * @param durationMs How long stopping took.
   */
  public record MonitorStop(
      @JsonProperty("ticks") long ticks,
      @JsonProperty("duration_ms") double durationMs) {}

  /**
   * Report of {@code transaction}.
   *
   * @param committed Whether it was committed.
   * @param returned What the callback returned.
   * @param durationMs Time it took.
   */
  public record Transaction(
      @JsonProperty("committed") boolean committed,
      @JsonProperty("returned") int returned,
      @JsonProperty("duration_ms") double durationMs) {}

  /**
   * Report of {@code build_info}.
   *
   * @param version Version of this library.
   * @param abiVersion Version of its C ABI.
   * @param sqlite The SQLite that it works through.
   * @param lua The Lua inside.
   * @param features Optional parts that are in this build.
   * @param target What it was compiled for.
   * @param embeddedMigrations How many migrations are embedded.
   */
  public record BuildInfo(
      @JsonProperty("version") String version,
      @JsonProperty("abi_version") long abiVersion,
      @JsonProperty("sqlite") SqliteInfo sqlite,
      @JsonProperty("lua") String lua,
      @JsonProperty("features") List<String> features,
      @JsonProperty("target") String target,
      @JsonProperty("embedded_migrations") long embeddedMigrations) {}

  /**
   * The SQLite that the library works through.
   *
   * @param version Its version; null while there is none.
   * @param sourceId Its source id; null while there is none.
   * @param linkage {@code bundled}, {@code system} or {@code host}.
   */
  public record SqliteInfo(
      @JsonProperty("version") String version,
      @JsonProperty("source_id") String sourceId,
      @JsonProperty("linkage") String linkage) {}

  /**
   * How far a call has come.
   *
   * @param stage What is being done now, such as {@code copying pages}; empty before the first report.
   * @param done Units done of {@code total}.
   * @param total Units in all; 0 while unknown.
   * @param cancelled Whether a stop was asked for.
   */
  public record Progress(
      @JsonProperty("stage") String stage,
      @JsonProperty("done") long done,
      @JsonProperty("total") long total,
      @JsonProperty("cancelled") boolean cancelled) {}

  /**
   * {@code {"error": {...}}}: what a failed call hands out.
   *
   * @param error The one member.
   */
  public record Document(
      @JsonProperty("error") Body error) {}

}
