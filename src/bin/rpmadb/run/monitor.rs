//! Watching a database in the foreground: for a terminal, or for a service manager that keeps it running.
//!
//! Leaves to others: all of the watching (`Database::monitor_start`).
//!
//! Invariant: a kill at any moment loses nothing: tasks are what calls of the library are.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use rpmadb::{Database, Error, Operation, Result, request};

use crate::args::monitor::Monitor;
use crate::exit::Exit;
use crate::settings::Settings;
use crate::{show, stop};

/// How often it looks whether its time is over.
const POLL: Duration = Duration::from_millis(50);

/// Watches until the time of `watch` is over, or for ever.
pub(super) fn call(settings: &Settings, typed: &Monitor, database: &Database, watch: &Operation) -> Result<Exit> {
    let (sender, alerts) = mpsc::channel();
    let sender = Mutex::new(sender);
    database.on_alert(Some(Arc::new(move |alert| {
        if let Ok(sender) = sender.lock() {
            // why ignored: nobody listens any more when the command ends
            let _ = sender.send(alert.clone());
        }
    })))?;
    let off = typed.looks_only.then_some(0);
    let set = settings.open.monitor.clone().unwrap_or_default();
    let request = request::Monitor {
        tick_ms: typed.tick.or(set.tick_ms),
        quick_check_hours: off.or(set.quick_check_hours),
        deep_check_days: off.or(set.deep_check_days),
        optimize_hours: off.or(set.optimize_hours),
        idle_ms: off.or(set.idle_ms),
        wal_restart_bytes: off.or(set.wal_restart_bytes),
        ..set
    };
    let bound = watch.begin("monitor", 0, Arc::default());
    let report = database.monitor_start(&request)?;
    if !settings.json {
        show::monitor::started(&report);
    }
    loop {
        match alerts.recv_timeout(POLL) {
            Ok(alert) => show::monitor::alert(settings.json, &alert),
            Err(_) => match bound.check() {
                Ok(()) => {}
                Err(Error::Timeout { .. }) => break,
                // why done: this is how it ends, by Ctrl-C or by a service manager
                Err(Error::Cancelled { .. }) if stop::asked() || show::is_shut() => break,
                Err(error) => return Err(error),
            },
        }
    }
    database.monitor_stop()?;
    database.close().map(|()| Exit::Done)
}
