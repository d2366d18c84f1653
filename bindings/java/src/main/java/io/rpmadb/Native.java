// Made by Generator from rpmadb.schema.json; do not edit.
package io.rpmadb;

import com.sun.jna.Callback;

/** The functions of the library. A handle is a long, a text its bytes with a NUL, a place for a result an array of one. */
final class Native {
  private Native() {}

  static native String rpmadb_version();

  static native int rpmadb_abi_version();

  static native int rpmadb_check_abi(int header);

  static native int rpmadb_build_info(long[] out);

  static native String rpmadb_status_name(int status);

  static native void rpmadb_free(long text);

  static native int rpmadb_op_new(long[] op);

  static native int rpmadb_op_on_progress(long op, Callback callback, long userData);

  static native int rpmadb_op_set_timeout_ms(long op, long ms);

  static native int rpmadb_op_cancel(long op);

  static native int rpmadb_op_progress(long op, long[] out);

  static native int rpmadb_op_free(long[] op);

  static native int rpmadb_open(byte[] path, byte[] options, long op, long[] db, long[] out);

  static native int rpmadb_as(long db, byte[] actor, byte[] role, long[] second, long[] out);

  static native int rpmadb_close(long[] db);

  static native int rpmadb_add_step(long db, long version, byte[] name, Callback up, Callback down, long userData, long[] out);

  static native int rpmadb_transaction(long db, Callback body, long userData, byte[] options, long op, long[] out);

  static native int rpmadb_restore_file(byte[] database, byte[] path, byte[] openOptions, byte[] options, long op, long[] out);

  static native int rpmadb_on_alert(long db, Callback callback, long userData, long[] out);

  static native int rpmadb_json_int(byte[] json, byte[] pointer, long[] value);

  static native int rpmadb_json_real(byte[] json, byte[] pointer, double[] value);

  static native int rpmadb_json_text(byte[] json, byte[] pointer, long[] value);

  static native int rpmadb_log_set(int level, Callback callback, long userData);

  static native int rpmadb_adopt(long db, byte[] options, long op, long[] out);

  static native int rpmadb_alerts(long db, byte[] options, long op, long[] out);

  static native int rpmadb_audit(long db, byte[] options, long op, long[] out);

  static native int rpmadb_backup(long db, byte[] destination, byte[] options, long op, long[] out);

  static native int rpmadb_backups(long db, byte[] options, long op, long[] out);

  static native int rpmadb_baseline(long db, byte[] options, long op, long[] out);

  static native int rpmadb_checkpoint(long db, byte[] mode, byte[] options, long op, long[] out);

  static native int rpmadb_diagnostics(long db, byte[] options, long op, long[] out);

  static native int rpmadb_health(long db, byte[] options, long op, long[] out);

  static native int rpmadb_lint(long db, byte[] options, long op, long[] out);

  static native int rpmadb_metrics(long db, byte[] options, long op, long[] out);

  static native int rpmadb_migrate(long db, byte[] options, long op, long[] out);

  static native int rpmadb_migrations(long db, byte[] options, long op, long[] out);

  static native int rpmadb_pin(long db, byte[] path, byte[] options, long op, long[] out);

  static native int rpmadb_prune(long db, byte[] options, long op, long[] out);

  static native int rpmadb_query(long db, byte[] sql, byte[] params, byte[] options, long op, long[] out);

  static native int rpmadb_repair(long db, byte[] options, long op, long[] out);

  static native int rpmadb_restore(long db, byte[] path, byte[] options, long op, long[] out);

  static native int rpmadb_rollback(long db, long target, byte[] options, long op, long[] out);

  static native int rpmadb_schema(long db, byte[] options, long op, long[] out);

  static native int rpmadb_script(long db, byte[] source, byte[] options, long op, long[] out);

  static native int rpmadb_script_file(long db, byte[] name, byte[] options, long op, long[] out);

  static native int rpmadb_scripts(long db, byte[] options, long op, long[] out);

  static native int rpmadb_stats(long db, byte[] options, long op, long[] out);

  static native int rpmadb_test(long db, byte[] options, long op, long[] out);

  static native int rpmadb_undo_restore(long db, byte[] options, long op, long[] out);

  static native int rpmadb_verify(long db, byte[] path, byte[] options, long op, long[] out);

  static native int rpmadb_monitor_start(long db, byte[] options, long[] out);

  static native int rpmadb_monitor_stop(long db, long[] out);

  /** Makes a call by its verb; -1 is no verb with so many arguments. */
  static int call(String verb, long db, Object[] a, byte[] options, long op, long[] out) {
    return switch (verb + '/' + a.length) {
      case "adopt/0" -> rpmadb_adopt(db, options, op, out);
      case "alerts/0" -> rpmadb_alerts(db, options, op, out);
      case "audit/0" -> rpmadb_audit(db, options, op, out);
      case "backup/1" -> rpmadb_backup(db, (byte[]) a[0], options, op, out);
      case "backups/0" -> rpmadb_backups(db, options, op, out);
      case "baseline/0" -> rpmadb_baseline(db, options, op, out);
      case "checkpoint/1" -> rpmadb_checkpoint(db, (byte[]) a[0], options, op, out);
      case "diagnostics/0" -> rpmadb_diagnostics(db, options, op, out);
      case "health/0" -> rpmadb_health(db, options, op, out);
      case "lint/0" -> rpmadb_lint(db, options, op, out);
      case "metrics/0" -> rpmadb_metrics(db, options, op, out);
      case "migrate/0" -> rpmadb_migrate(db, options, op, out);
      case "migrations/0" -> rpmadb_migrations(db, options, op, out);
      case "pin/1" -> rpmadb_pin(db, (byte[]) a[0], options, op, out);
      case "prune/0" -> rpmadb_prune(db, options, op, out);
      case "query/2" -> rpmadb_query(db, (byte[]) a[0], (byte[]) a[1], options, op, out);
      case "repair/0" -> rpmadb_repair(db, options, op, out);
      case "restore/1" -> rpmadb_restore(db, (byte[]) a[0], options, op, out);
      case "rollback/1" -> rpmadb_rollback(db, (long) a[0], options, op, out);
      case "schema/0" -> rpmadb_schema(db, options, op, out);
      case "script/1" -> rpmadb_script(db, (byte[]) a[0], options, op, out);
      case "script_file/1" -> rpmadb_script_file(db, (byte[]) a[0], options, op, out);
      case "scripts/0" -> rpmadb_scripts(db, options, op, out);
      case "stats/0" -> rpmadb_stats(db, options, op, out);
      case "test/0" -> rpmadb_test(db, options, op, out);
      case "undo_restore/0" -> rpmadb_undo_restore(db, options, op, out);
      case "verify/1" -> rpmadb_verify(db, (byte[]) a[0], options, op, out);
      case "monitor_start/0" -> rpmadb_monitor_start(db, options, out);
      case "monitor_stop/0" -> rpmadb_monitor_stop(db, out);
      default -> -1;
    };
  }
}
