//! Watching a database in the foreground: for a terminal, or for a service manager that keeps it running.
//!
//! Leaves to others: all of the watching (`Database::monitor_start`).
//!
//! Invariant: a kill at any moment loses nothing: tasks are what calls of the library are.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use rpmadb::{Database, Error, Operation, Result, request};

use crate::args::monitor::Monitor;
use crate::show;

/// How often it looks whether its time is over.
const POLL: Duration = Duration::from_millis(50);

/// Watches until the time of `watch` is over, or for ever.
pub(super) fn call(as_json: bool, typed: &Monitor, database: &Database, watch: &Operation) -> Result<ExitCode> {
    let (sender, alerts) = mpsc::channel();
    let sender = Mutex::new(sender);
    database.on_alert(Some(Arc::new(move |alert| {
        if let Ok(sender) = sender.lock() {
            // why ignored: nobody listens any more when the command ends
            let _ = sender.send(alert.clone());
        }
    })))?;
    let off = typed.looks_only.then_some(0);
    let request = request::Monitor {
        tick_ms: typed.tick,
        quick_check_hours: off,
        deep_check_days: off,
        optimize_hours: off,
        idle_ms: off,
        wal_restart_bytes: off,
        ..request::Monitor::default()
    };
    let bound = watch.begin("monitor", 0, Arc::default());
    let report = database.monitor_start(&request)?;
    if !as_json {
        show::monitor::started(&report);
    }
    loop {
        match alerts.recv_timeout(POLL) {
            Ok(alert) => show::monitor::alert(as_json, &alert),
            Err(_) => match bound.check() {
                Ok(()) => {}
                Err(Error::Timeout { .. }) => break,
                Err(error) => return Err(error),
            },
        }
    }
    database.monitor_stop()?;
    database.close().map(|()| ExitCode::SUCCESS)
}
