//! `rpmadb_monitor_start`, `rpmadb_monitor_stop`, `rpmadb_alerts`, `rpmadb_on_alert`: what watches a database.

use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;

use super::database::{admitted, rpmadb};
use super::operation::{UserData, rpmadb_op};
use super::verbs::plain;
use super::{guard, text};
use crate::database::OnAlert;
use crate::error::Error;
use crate::report;
use crate::request::{self, Request};

/// Told of an alert: one JSON object as in the alerts of rpmadb_alerts, only valid during the callback. Runs on the monitor's thread.
/// From inside it every handle on the database answers RPMADB_REENTRANT: note what it is about, and act on another thread. A C++
/// exception that leaves it ends the process.
#[allow(non_camel_case_types)]
pub type rpmadb_alert_fn = Option<unsafe extern "C-unwind" fn(alert: *const c_char, user_data: *mut c_void)>;

/// Starts the monitor: one thread of the library's, which looks every tick, tells of alerts, and runs what is due. It belongs to `db`:
/// closing that handle stops it. Nothing of it runs in a child of a fork.
///
/// Of several processes with a monitor on one database one runs the tasks; the others look, and take over when it is gone. When each
/// task last ran is kept in the file PATH-monitor. A database in memory has no such file, and a read_only handle only looks.
///
/// Options (a JSON object, or NULL), with their ranges and defaults; 0 switches a task or a rule off:
/// - tick_ms: 10 to 3600000; 1000
/// - quick_check_hours: 0 to 8760; 24. deep_check_days (integrity and foreign keys): 0 to 3650; 7. optimize_hours: 0 to 8760; 24
/// - backup: makes the backups that are due by backup.every_hours of rpmadb_open, and lets retention remove older ones; true
/// - idle_ms: after so long without a write the log is moved into the database, 0 to 86400000; 5000
/// - wal_restart_bytes: a log with more in use is begun anew, 0 to 1099511627776; 67108864
/// - require_users: no row in the table users is critical; false
/// - alerts, where they fire: disk_free_bytes, less free disk, 536870912; wal_bytes, a larger log, 134217728; backup_age_hours, an older
///   newest verified backup, 48; backup_jump_percent, a backup bigger or smaller than the one before by more, 50; busy_percent, so many
///   waits for a lock in the last minute in vain, 10; pool_exhausted_ms, all readers in use for so long, 5000;
///   call_max_ms, a call that has its connection for so long, 60000; slow_percent, a statement
///   that takes so much of its own baseline, 300; scan_rows, a full scan of so many rows, 100000; denials of one actor, 5
/// - alerts, for how long: for_ms, a condition must hold, each rule's own; clear_ms, it must be clear, 5000
///
/// @param db       an open handle of an admin.
/// @param options  see above.
/// @param out      receives {tick_ms, tasks: [{name, every_ms}]} or the error document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status: RPMADB_ALREADY_EXISTS when one runs for this database.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_monitor_start(db: *mut rpmadb, options: *const c_char, out: *mut *mut c_char) -> i32 {
    guard::report(out, || {
        let database = admitted(db, "monitor_start")?;
        // SAFETY: the header demands a NUL-terminated text that stays valid during the call.
        database.monitor_start(&request::Monitor::from_json(unsafe { text::optional("options", options)? })?)
    })
}

/// Stops the monitor, whichever handle started it; what it is doing is cancelled. Returns when its thread has ended, and so waits for
/// an alert callback that runs.
///
/// @param db   an open handle of an admin.
/// @param out  receives {ticks, duration_ms} or the error document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status: RPMADB_NOT_FOUND when none runs.
///
/// Threads: any but the monitor's, which gets RPMADB_REENTRANT.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_monitor_stop(db: *mut rpmadb, out: *mut *mut c_char) -> i32 {
    guard::report(out, || admitted(db, "monitor_stop")?.monitor_stop())
}

/// Tells what is wrong for long enough that somebody should know, as the monitor of this process found it.
///
/// An alert is pending until its condition has held for long enough, then firing, acknowledged when somebody looks after it, and
/// resolved when it was clear for long enough. Its key names the rule, and where there may be several the subject behind a colon.
///
/// Options: since (events after the one with this number only, for polling), acknowledge (the key of an alert that fires; for admins),
/// all (true: resolved ones too).
///
/// @param db       an open handle.
/// @param options  a JSON object, or NULL for defaults.
/// @param op       watches the call; may be NULL.
/// @param out      receives {monitoring, alerts: [{id, key, rule, severity: "info" | "warning" | "critical", state: "pending" | "firing" |
///                 "acknowledged" | "resolved", value, threshold, message, remedy, since, fired_at, acknowledged_at, acknowledged_by,
///                 resolved_at}], events: [{seq, at, key, from, to}], last_event} or the error document; release it with rpmadb_free.
///                 May be NULL. Without a monitor, monitoring is false and the rest is empty. The last 1,000 events are remembered.
/// @return RPMADB_OK or an error status: RPMADB_NOT_FOUND when no alert with the key to acknowledge fires.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_alerts(
    db: *mut rpmadb,
    options: *const c_char,
    op: *mut rpmadb_op,
    out: *mut *mut c_char,
) -> i32 {
    plain("alerts", db, options, op, out, |database, request, operation| database.alerts(request, operation))
}

/// Sets or, with a NULL function, removes what is told when an alert fires, is acknowledged or is resolved. There is one for each
/// handle, and it is removed when that is closed; those of several handles on one database are told one after the other.
///
/// @param db         an open handle.
/// @param callback   see rpmadb_alert_fn.
/// @param user_data  handed to the callback; must stay valid until the callback is removed. Removing returns when it is not running any
///                   more.
/// @param out        receives {set} or the error document; release it with rpmadb_free. May be NULL.
/// @return RPMADB_OK or an error status.
///
/// Threads: any but the monitor's, which gets RPMADB_REENTRANT.
#[unsafe(no_mangle)]
pub extern "C" fn rpmadb_on_alert(
    db: *mut rpmadb,
    callback: rpmadb_alert_fn,
    user_data: *mut c_void,
    out: *mut *mut c_char,
) -> i32 {
    guard::report(out, || {
        let user_data = UserData(user_data);
        admitted(db, "on_alert")?.on_alert(callback.map(|callback| -> Arc<OnAlert> {
            Arc::new(move |alert| {
                let Ok(alert) = document(alert) else { return };
                // SAFETY: the host promised a function of this type; `alert` outlives the call.
                unsafe { callback(alert.as_ptr(), user_data.pointer()) }
            })
        }))?;
        Ok(serde_json::json!({ "set": callback.is_some() }))
    })
}

fn document(alert: &report::Alert) -> Result<CString, Error> {
    let internal = |detail: String| Error::Internal { detail };
    let text = serde_json::to_string(alert).map_err(|error| internal(error.to_string()))?;
    CString::new(text).map_err(|error| internal(error.to_string()))
}
