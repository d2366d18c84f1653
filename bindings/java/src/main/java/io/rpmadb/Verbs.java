// Made by Generator from rpmadb.schema.json; do not edit.
package io.rpmadb;

/** The verbs of a database that have arguments, options and a report. */
public abstract sealed class Verbs permits Database {
  Verbs() {}

  abstract <R> R ask(Class<R> report, String verb, Object options, Operation operation, Object... arguments);

  /** {@link #adopt(Options.Adopt, Operation) The same} with less. */
  public Reports.Adopted adopt() {
    return ask(Reports.Adopted.class, "adopt", null, null);
  }

  /** {@link #adopt(Options.Adopt, Operation) The same} with less. */
  public Reports.Adopted adopt(Options.Adopt options) {
    return ask(Reports.Adopted.class, "adopt", options, null);
  }

  /**
   * Takes over the history that another migration tool left in the database: refinery, rusqlite_migration, sqlx, diesel,
   * goose, golang-migrate, dbmate, flyway, alembic. Its checksums are verified where it has any; its table is left as it is. A
   * history that is dirty, or does not fit the set, is refused with the reason. Where a tool records the version that was reached, every
   * version of the set up to it counts as applied; applied_at is null where the tool tells no time.
   */
  public Reports.Adopted adopt(Options.Adopt options, Operation operation) {
    return ask(Reports.Adopted.class, "adopt", options, operation);
  }

  /** {@link #alerts(Options.Alerts, Operation) The same} with less. */
  public Reports.Alerts alerts() {
    return ask(Reports.Alerts.class, "alerts", null, null);
  }

  /** {@link #alerts(Options.Alerts, Operation) The same} with less. */
  public Reports.Alerts alerts(Options.Alerts options) {
    return ask(Reports.Alerts.class, "alerts", options, null);
  }

  /**
   * Tells what is wrong for long enough that somebody should know, as the monitor of this process found it.
   *
   * <p>An alert is pending until its condition has held for long enough, then firing, acknowledged when somebody looks after it, and
   * resolved when it was clear for long enough. Its key names the rule, and where there may be several the subject behind a colon.
   */
  public Reports.Alerts alerts(Options.Alerts options, Operation operation) {
    return ask(Reports.Alerts.class, "alerts", options, operation);
  }

  /** {@link #audit(Options.Audit, Operation) The same} with less. */
  public Reports.Audit audit() {
    return ask(Reports.Audit.class, "audit", null, null);
  }

  /** {@link #audit(Options.Audit, Operation) The same} with less. */
  public Reports.Audit audit(Options.Audit options) {
    return ask(Reports.Audit.class, "audit", options, null);
  }

  /**
   * Tells who did what: the record that the database keeps of every call, in its table rpmadb_audit.
   *
   * <p>A change is recorded in its own transaction. A call that failed or was denied is recorded in one of its own; calls that only
   * look are recorded together, at the latest when the handle is closed, and what waits is written before this call reports.
   * Of many equal calls that only look one record may stand for several (calls). What a close could not write, because another process
   * held the lock, waits in a file beside the database, "-audit-waiting" behind its name, and the next call that can write takes it in.
   */
  public Reports.Audit audit(Options.Audit options, Operation operation) {
    return ask(Reports.Audit.class, "audit", options, operation);
  }

  /** {@link #backup(String, Options.Backup, Operation) The same} with less. */
  public Reports.Backup backup(String destination) {
    return ask(Reports.Backup.class, "backup", null, null, destination);
  }

  /** {@link #backup(String, Options.Backup, Operation) The same} with less. */
  public Reports.Backup backup(String destination, Options.Backup options) {
    return ask(Reports.Backup.class, "backup", options, null, destination);
  }

  /**
   * Copies the live database while it is in use. The backup and the manifest beside it, which says what it must be, get their
   * names only when the copy is whole, checked and on disk. An existing file is touched only when told to.
   */
  public Reports.Backup backup(String destination, Options.Backup options, Operation operation) {
    return ask(Reports.Backup.class, "backup", options, operation, destination);
  }

  /** {@link #backups(Operation) The same} with less. */
  public Reports.Backups backups() {
    return ask(Reports.Backups.class, "backups", null, null);
  }

  /**
   * Lists the backups in the folder that rpmadb_open was given, the newest first. Their manifests are read, they themselves are
   * not: that is rpmadb_verify.
   */
  public Reports.Backups backups(Operation operation) {
    return ask(Reports.Backups.class, "backups", null, operation);
  }

  /** {@link #baseline(Options.Baseline, Operation) The same} with less. */
  public Reports.Baseline baseline() {
    return ask(Reports.Baseline.class, "baseline", null, null);
  }

  /** {@link #baseline(Options.Baseline, Operation) The same} with less. */
  public Reports.Baseline baseline(Options.Baseline options) {
    return ask(Reports.Baseline.class, "baseline", options, null);
  }

  /** Records migrations as applied without running them, for a database that was made in another way. */
  public Reports.Baseline baseline(Options.Baseline options, Operation operation) {
    return ask(Reports.Baseline.class, "baseline", options, operation);
  }

  /** {@link #checkpoint(String, Options.Checkpoint, Operation) The same} with less. */
  public Reports.Checkpoint checkpoint(String mode) {
    return ask(Reports.Checkpoint.class, "checkpoint", null, null, mode);
  }

  /** {@link #checkpoint(String, Options.Checkpoint, Operation) The same} with less. */
  public Reports.Checkpoint checkpoint(String mode, Options.Checkpoint options) {
    return ask(Reports.Checkpoint.class, "checkpoint", options, null, mode);
  }

  /** Moves the write-ahead log into the database file. */
  public Reports.Checkpoint checkpoint(String mode, Options.Checkpoint options, Operation operation) {
    return ask(Reports.Checkpoint.class, "checkpoint", options, operation, mode);
  }

  /** {@link #diagnostics(Operation) The same} with less. */
  public Reports.Diagnostics diagnostics() {
    return ask(Reports.Diagnostics.class, "diagnostics", null, null);
  }

  /**
   * Examines everything that helps to find out what is wrong, the slow checks included. Writes nothing. A handle that was opened
   * read_only does not look at CHECK constraints, which SQLite does not load there.
   */
  public Reports.Diagnostics diagnostics(Operation operation) {
    return ask(Reports.Diagnostics.class, "diagnostics", null, operation);
  }

  /** {@link #health(Options.Health, Operation) The same} with less. */
  public Reports.Health health() {
    return ask(Reports.Health.class, "health", null, null);
  }

  /** {@link #health(Options.Health, Operation) The same} with less. */
  public Reports.Health health(Options.Health options) {
    return ask(Reports.Health.class, "health", options, null);
  }

  /**
   * A quick look that says whether somebody must act. Writes nothing; takes well under a millisecond when nothing is wrong.
   *
   * <p>The status is that of the worst check, and the score at most 39 when one is critical. A check that could not be made is
   * "unknown"; one that does not apply (such as free_disk in memory, or busy_rate before any lock was asked for) is not there.
   * While a monitor runs, its own state (monitor), what its last check of the file found (integrity) and its worst alert (alerts) are
   * among the checks. What an alert and another check both tell of lowers the score once.
   */
  public Reports.Health health(Options.Health options, Operation operation) {
    return ask(Reports.Health.class, "health", options, operation);
  }

  /** {@link #lint(Operation) The same} with less. */
  public Reports.Lint lint() {
    return ask(Reports.Lint.class, "lint", null, null);
  }

  /** Warns about what is likely to be regretted in the migration files of the handle. Reads the files alone. */
  public Reports.Lint lint(Operation operation) {
    return ask(Reports.Lint.class, "lint", null, operation);
  }

  /** {@link #metrics(Options.Metrics, Operation) The same} with less. */
  public Reports.Metrics metrics() {
    return ask(Reports.Metrics.class, "metrics", null, null);
  }

  /** {@link #metrics(Options.Metrics, Operation) The same} with less. */
  public Reports.Metrics metrics(Options.Metrics options) {
    return ask(Reports.Metrics.class, "metrics", options, null);
  }

  /**
   * Tells what was counted since the database was opened: statements by fingerprint, slow ones with their plan, long transactions,
   * calls by verb, what indexes are used, and who has the connections.
   *
   * <p>Statements and calls are counted only when the database was opened with metrics (see rpmadb_open); without, enabled is false and
   * pool, locks, wal and indexes are told all the same. Literals of statements are never shown.
   */
  public Reports.Metrics metrics(Options.Metrics options, Operation operation) {
    return ask(Reports.Metrics.class, "metrics", options, operation);
  }

  /** {@link #migrate(Options.Migrate, Operation) The same} with less. */
  public Reports.Migrate migrate() {
    return ask(Reports.Migrate.class, "migrate", null, null);
  }

  /** {@link #migrate(Options.Migrate, Operation) The same} with less. */
  public Reports.Migrate migrate(Options.Migrate options) {
    return ask(Reports.Migrate.class, "migrate", options, null);
  }

  /** Applies what is pending, all of it in one transaction unless told otherwise. */
  public Reports.Migrate migrate(Options.Migrate options, Operation operation) {
    return ask(Reports.Migrate.class, "migrate", options, operation);
  }

  /** {@link #migrations(Operation) The same} with less. */
  public Reports.Migrations migrations() {
    return ask(Reports.Migrations.class, "migrations", null, null);
  }

  /** Lists every migration known or recorded, with its state. */
  public Reports.Migrations migrations(Operation operation) {
    return ask(Reports.Migrations.class, "migrations", null, operation);
  }

  /** {@link #pin(String, Options.Pin, Operation) The same} with less. */
  public Reports.Pin pin(String path) {
    return ask(Reports.Pin.class, "pin", null, null, path);
  }

  /** {@link #pin(String, Options.Pin, Operation) The same} with less. */
  public Reports.Pin pin(String path, Options.Pin options) {
    return ask(Reports.Pin.class, "pin", options, null, path);
  }

  /** Keeps retention away from a backup, or lets it have it again. */
  public Reports.Pin pin(String path, Options.Pin options, Operation operation) {
    return ask(Reports.Pin.class, "pin", options, operation, path);
  }

  /** {@link #prune(Options.Prune, Operation) The same} with less. */
  public Reports.Prune prune() {
    return ask(Reports.Prune.class, "prune", null, null);
  }

  /** {@link #prune(Options.Prune, Operation) The same} with less. */
  public Reports.Prune prune(Options.Prune options) {
    return ask(Reports.Prune.class, "prune", options, null);
  }

  /**
   * Removes the backups in the folder that rpmadb_open was given which no rule wants any more, and what killed backups left
   * there. What stays in any case: the newest verified one, those with a pin, those in use, and what others are based on.
   */
  public Reports.Prune prune(Options.Prune options, Operation operation) {
    return ask(Reports.Prune.class, "prune", options, operation);
  }

  /** {@link #repair(Options.Repair, Operation) The same} with less. */
  public Reports.Repair repair() {
    return ask(Reports.Repair.class, "repair", null, null);
  }

  /** {@link #repair(Options.Repair, Operation) The same} with less. */
  public Reports.Repair repair(Options.Repair options) {
    return ask(Reports.Repair.class, "repair", options, null);
  }

  /** Accepts the present text of migrations that were changed after they were applied, and records who did. */
  public Reports.Repair repair(Options.Repair options, Operation operation) {
    return ask(Reports.Repair.class, "repair", options, operation);
  }

  /** {@link #restore(String, Options.Restore, Operation) The same} with less. */
  public Reports.Restore restore(String path) {
    return ask(Reports.Restore.class, "restore", null, null, path);
  }

  /** {@link #restore(String, Options.Restore, Operation) The same} with less. */
  public Reports.Restore restore(String path, Options.Restore options) {
    return ask(Reports.Restore.class, "restore", options, null, path);
  }

  /**
   * Brings back a backup, after it was proved and what is there was backed up: into the folder that rpmadb_open was given, or
   * beside the database. Handles stay good and see the new content. While other processes have the database open, its pages are
   * overwritten in one transaction; otherwise the file is replaced.
   */
  public Reports.Restore restore(String path, Options.Restore options, Operation operation) {
    return ask(Reports.Restore.class, "restore", options, operation, path);
  }

  /** {@link #rollback(long, Options.Rollback, Operation) The same} with less. */
  public Reports.Rollback rollback(long target) {
    return ask(Reports.Rollback.class, "rollback", null, null, target);
  }

  /** {@link #rollback(long, Options.Rollback, Operation) The same} with less. */
  public Reports.Rollback rollback(long target, Options.Rollback options) {
    return ask(Reports.Rollback.class, "rollback", options, null, target);
  }

  /**
   * Steps back to {@code target}, running the down steps of every migration above it, in one transaction. A step whose file this
   * library no longer has is taken from the history. A migration without a way back is RPMADB_IRREVERSIBLE before anything
   * runs.
   */
  public Reports.Rollback rollback(long target, Options.Rollback options, Operation operation) {
    return ask(Reports.Rollback.class, "rollback", options, operation, target);
  }

  /** {@link #schema(Options.Schema, Operation) The same} with less. */
  public Reports.Schema schema() {
    return ask(Reports.Schema.class, "schema", null, null);
  }

  /** {@link #schema(Options.Schema, Operation) The same} with less. */
  public Reports.Schema schema(Options.Schema options) {
    return ask(Reports.Schema.class, "schema", options, null);
  }

  /** Tells the schema as it is, what was changed in it by hand since the last migration, and how another database's differs. */
  public Reports.Schema schema(Options.Schema options, Operation operation) {
    return ask(Reports.Schema.class, "schema", options, operation);
  }

  /** {@link #script(String, Options.Script, Operation) The same} with less. */
  public Reports.Script script(String source) {
    return ask(Reports.Script.class, "script", null, null, source);
  }

  /** {@link #script(String, Options.Script, Operation) The same} with less. */
  public Reports.Script script(String source, Options.Script options) {
    return ask(Reports.Script.class, "script", options, null, source);
  }

  /** Runs a Lua script against the database. */
  public Reports.Script script(String source, Options.Script options, Operation operation) {
    return ask(Reports.Script.class, "script", options, operation, source);
  }

  /** {@link #scriptFile(String, Options.Script, Operation) The same} with less. */
  public Reports.Script scriptFile(String name) {
    return ask(Reports.Script.class, "script_file", null, null, name);
  }

  /** {@link #scriptFile(String, Options.Script, Operation) The same} with less. */
  public Reports.Script scriptFile(String name, Options.Script options) {
    return ask(Reports.Script.class, "script_file", options, null, name);
  }

  /**
   * Runs a Lua script that is built in, or that is in a file. What its head (the lines that begin with --!) declares holds: the
   * lowest role that may run it, its arguments with their types and defaults, the time and memory it asks for.
   */
  public Reports.Script scriptFile(String name, Options.Script options, Operation operation) {
    return ask(Reports.Script.class, "script_file", options, operation, name);
  }

  /** {@link #scripts(Operation) The same} with less. */
  public Reports.Scripts scripts() {
    return ask(Reports.Scripts.class, "scripts", null, null);
  }

  /** Lists the scripts that are built in. */
  public Reports.Scripts scripts(Operation operation) {
    return ask(Reports.Scripts.class, "scripts", null, operation);
  }

  /** {@link #stats(Options.Stats, Operation) The same} with less. */
  public Reports.Stats stats() {
    return ask(Reports.Stats.class, "stats", null, null);
  }

  /** {@link #stats(Options.Stats, Operation) The same} with less. */
  public Reports.Stats stats(Options.Stats options) {
    return ask(Reports.Stats.class, "stats", options, null);
  }

  /** Tells how big the database is and what is in it. */
  public Reports.Stats stats(Options.Stats options, Operation operation) {
    return ask(Reports.Stats.class, "stats", options, operation);
  }

  /** {@link #test(Options.Test, Operation) The same} with less. */
  public Reports.Test test() {
    return ask(Reports.Test.class, "test", null, null);
  }

  /** {@link #test(Options.Test, Operation) The same} with less. */
  public Reports.Test test(Options.Test options) {
    return ask(Reports.Test.class, "test", options, null);
  }

  /**
   * Tries the migrations of the handle on scratch databases in the folder for temporary files: from every earlier version
   * with generated rows up, back and up again, and with a crash at every statement. The handle's database is not touched.
   */
  public Reports.Test test(Options.Test options, Operation operation) {
    return ask(Reports.Test.class, "test", options, operation);
  }

  /** {@link #undoRestore(Options.UndoRestore, Operation) The same} with less. */
  public Reports.Restore undoRestore() {
    return ask(Reports.Restore.class, "undo_restore", null, null);
  }

  /** {@link #undoRestore(Options.UndoRestore, Operation) The same} with less. */
  public Reports.Restore undoRestore(Options.UndoRestore options) {
    return ask(Reports.Restore.class, "undo_restore", options, null);
  }

  /** Brings back what the last restore replaced. That is a restore, too, and can be undone. */
  public Reports.Restore undoRestore(Options.UndoRestore options, Operation operation) {
    return ask(Reports.Restore.class, "undo_restore", options, operation);
  }

  /** {@link #verify(String, Options.Verify, Operation) The same} with less. */
  public Reports.Verify verify(String path) {
    return ask(Reports.Verify.class, "verify", null, null, path);
  }

  /** {@link #verify(String, Options.Verify, Operation) The same} with less. */
  public Reports.Verify verify(String path, Options.Verify options) {
    return ask(Reports.Verify.class, "verify", options, null, path);
  }

  /**
   * Proves that a backup is what its manifest says, with all it is based on, and holds a sound database. Changes nothing; what
   * it decrypts is on no disk in the plain.
   */
  public Reports.Verify verify(String path, Options.Verify options, Operation operation) {
    return ask(Reports.Verify.class, "verify", options, operation, path);
  }

  /** {@link #monitorStart(Options.Monitor) The same} with less. */
  public Reports.MonitorStart monitorStart() {
    return ask(Reports.MonitorStart.class, "monitor_start", null, null);
  }

  /**
   * Starts the monitor: one thread of the library's, which looks every tick, tells of alerts, and runs what is due. It belongs to {@code db}:
   * closing that handle stops it. Nothing of it runs in a child of a fork.
   *
   * <p>Of several processes with a monitor on one database one runs the tasks; the others look, and take over when it is gone. When each
   * task last ran is kept in the file PATH-monitor. A database in memory has no such file, and a read_only handle only looks.
   */
  public Reports.MonitorStart monitorStart(Options.Monitor options) {
    return ask(Reports.MonitorStart.class, "monitor_start", options, null);
  }

  /**
   * Stops the monitor, whichever handle started it; what it is doing is cancelled. Returns when its thread has ended, and so waits for
   * an alert callback that runs.
   */
  public Reports.MonitorStop monitorStop() {
    return ask(Reports.MonitorStop.class, "monitor_stop", null, null);
  }

}
