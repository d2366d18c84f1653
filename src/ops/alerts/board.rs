//! [`Board`]: what the monitor of a database found last, for whoever asks: `alerts` and `health`.
//!
//! Leaves to others: finding it (`database/monitor.rs`), the life of an alert (`engine.rs`).
//!
//! Invariants: empty without a monitor; nothing that was not measured looks well; the lock is held for a look or a copy, never while
//! anybody is told.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::json;

use super::engine::Engine;
use super::rules::{self, Verdict};
use crate::error::Result;
use crate::machine::Moment;
use crate::report::{self, Alert, AlertEvent, AlertState, Check, HealthStatus, Severity, Watched, now_ms};
use crate::request::{self, AlertLimits};

/// A monitor that did not look for so many ticks, or this long, whichever is longer, is stuck.
const STUCK_TICKS: u32 = 10;
const STUCK: Duration = Duration::from_secs(10);

/// See the head of this file.
#[derive(Debug, Default)]
pub struct Board {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    on: Option<On>,
    engine: Engine,
}

#[derive(Debug)]
struct On {
    limits: AlertLimits,
    tick: Duration,
    ticks: u64,
    last: Option<(i64, Instant)>,
    duties: Duties,
}

/// What a monitor does besides looking.
#[derive(Debug, Clone, Default)]
pub struct Duties {
    /// Whether the tasks are this process's to run; `None` while that is not known.
    pub winner: Option<bool>,
    /// Why it cannot be known, or what keeps the monitor from its work.
    pub trouble: Option<String>,
    /// Each task.
    pub tasks: Vec<Duty>,
    /// What is known of the file's soundness.
    pub integrity: Integrity,
}

/// A task of the monitor.
#[derive(Debug, Clone)]
pub struct Duty {
    /// Its name.
    pub name: &'static str,
    /// When it last ran to its end, whoever ran it.
    pub last_at: Option<i64>,
    /// When it is due next, as far as time decides.
    pub next_at: Option<i64>,
    /// Why it failed the last time that this process tried.
    pub failure: Option<String>,
}

/// What is known of the file's soundness.
#[derive(Debug, Clone, Default)]
pub enum Integrity {
    /// Nobody checks.
    #[default]
    Off,
    /// Nobody has checked yet.
    Unchecked,
    /// The last check.
    Checked {
        /// When.
        at: i64,
        /// `quick` or `deep`.
        depth: &'static str,
        /// What it found.
        findings: Vec<String>,
        /// How old it may be, in milliseconds.
        good_for_ms: i64,
    },
}

impl Board {
    /// A monitor begins.
    pub fn start(&self, limits: AlertLimits, tick: Duration) {
        let mut state = self.state.lock();
        state.engine.clear();
        state.on = Some(On { limits, tick, ticks: 0, last: None, duties: Duties::default() });
    }

    /// It ended; how often it looked.
    pub fn stop(&self) -> u64 {
        let mut state = self.state.lock();
        state.engine.clear();
        state.on.take().map_or(0, |on| on.ticks)
    }

    /// Takes in what the rules say of a look.
    pub fn ticked(&self, judge: impl FnOnce(&AlertLimits) -> Verdict, now: Moment) {
        let mut state = self.state.lock();
        let State { on: Some(on), engine } = &mut *state else { return };
        engine.observe(&judge(&on.limits), &on.limits, now);
        on.ticks += 1;
        on.last = Some((now.wall_ms, Instant::now()));
    }

    /// Says how the tasks stand.
    pub fn set_duties(&self, duties: Duties) {
        if let Some(on) = &mut self.state.lock().on {
            on.duties = duties;
        }
    }

    /// What nobody was told yet.
    #[must_use]
    pub fn take_untold(&self) -> Vec<(AlertEvent, Alert)> {
        self.state.lock().engine.take_untold()
    }

    /// The verb `alerts`; whether this caller may acknowledge is decided before.
    pub fn alerts(&self, request: &request::Alerts, actor: &str) -> Result<report::Alerts> {
        let mut state = self.state.lock();
        if let Some(key) = &request.acknowledge {
            state.engine.acknowledge(key, actor, Moment { wall_ms: now_ms(), steady_ms: 0 })?;
        }
        let engine = &state.engine;
        let resolved = engine.resolved().filter(|_| request.all);
        Ok(report::Alerts {
            monitoring: state.on.is_some(),
            alerts: engine.live().into_iter().chain(resolved).cloned().collect(),
            events: engine.events(request.since.unwrap_or(0)).cloned().collect(),
            last_event: engine.last_event(),
        })
    }

    /// What `health` says of it; nothing without a monitor.
    #[must_use]
    pub fn watched(&self) -> Watched {
        let start = Instant::now();
        let state = self.state.lock();
        let Some(on) = &state.on else { return Watched::default() };
        let told = open(&state.engine).map(|alert| (alert.severity, rules::checks_of(alert))).collect();
        let mut checks = vec![on.monitor()];
        checks.extend(on.integrity());
        checks.push(alerts(on, &state.engine));
        drop(state);
        let cost_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        for check in &mut checks {
            check.cost_us = cost_us / 3;
        }
        Watched { checks, told }
    }
}

fn check(id: &'static str, measured_at: i64, status: HealthStatus, value: serde_json::Value) -> Check {
    Check { id, status, value, threshold: json!(null), measured_at, cost_us: 0, remedy: None }
}

impl On {
    fn monitor(&self) -> Check {
        let tasks: serde_json::Map<String, serde_json::Value> = self
            .duties
            .tasks
            .iter()
            .map(|duty| {
                let Duty { name, last_at, next_at, failure } = duty;
                ((*name).to_owned(), json!({ "last_at": last_at, "next_at": next_at, "failure": failure }))
            })
            .collect();
        let Some((at, when)) = self.last else {
            let value = json!({ "last_tick_at": null, "winner": null, "ticks": 0, "tasks": tasks });
            let mut found = check("monitor", now_ms(), HealthStatus::Unknown, value);
            found.remedy = Some("the monitor has just been started, and has not looked yet".into());
            return found;
        };
        let value = json!({ "last_tick_at": at, "winner": self.duties.winner, "ticks": self.ticks, "tasks": tasks });
        let mut found = check("monitor", at, HealthStatus::Ok, value);
        let failed = self.duties.tasks.iter().find_map(|duty| duty.failure.as_ref().map(|why| (duty.name, why)));
        let late = when.elapsed() > STUCK.max(self.tick * STUCK_TICKS);
        found.remedy = match (&self.duties.trouble, failed) {
            _ if late => {
                Some("the monitor has not looked for too long: see what holds its task up, or start it anew".into())
            }
            (Some(trouble), _) => Some(trouble.clone()),
            (None, Some((task, why))) => Some(format!("its task {task} failed and is tried again: {why}")),
            (None, None) => None,
        };
        if found.remedy.is_some() {
            found.status = HealthStatus::Degraded;
        }
        found
    }

    fn integrity(&self) -> Option<Check> {
        Some(match &self.duties.integrity {
            Integrity::Off => return None,
            Integrity::Unchecked => {
                let mut found = check("integrity", now_ms(), HealthStatus::Unknown, json!(null));
                found.remedy = Some("the monitor has not checked the file yet: wait, or run diagnostics".into());
                found
            }
            Integrity::Checked { at, depth, findings, good_for_ms } => {
                let value = json!({ "findings": findings.len(), "checked_at": at, "depth": depth });
                let mut found = check("integrity", *at, HealthStatus::Ok, value);
                found.threshold = json!(0);
                if let Some(first) = findings.first() {
                    found.status = HealthStatus::Critical;
                    found.remedy = Some(format!("restore the newest verified backup; the first finding: {first}"));
                } else if now_ms().saturating_sub(*at) > *good_for_ms {
                    found.status = HealthStatus::Unknown;
                    found.remedy = Some("the last check is too old to say anything: see why none ran since".into());
                }
                found
            }
        })
    }
}

fn open(engine: &Engine) -> impl Iterator<Item = &Alert> {
    engine.live().into_iter().filter(|alert| alert.state != AlertState::Pending)
}

fn alerts(on: &On, engine: &Engine) -> Check {
    let Some((at, _)) = on.last else {
        return check("alerts", now_ms(), HealthStatus::Unknown, json!(null));
    };
    let open: Vec<&Alert> = open(engine).collect();
    let worst = open.iter().max_by_key(|alert| (alert.severity, std::cmp::Reverse(alert.id)));
    let status = match worst.map(|alert| alert.severity) {
        None | Some(Severity::Info) => HealthStatus::Ok,
        Some(Severity::Warning) => HealthStatus::Degraded,
        Some(Severity::Critical) => HealthStatus::Critical,
    };
    let value = json!({ "open": open.len(), "worst": worst.map(|alert| &alert.key) });
    let mut found = check("alerts", at, status, value);
    found.threshold = json!(0);
    if worst.is_some() {
        found.remedy = worst.map(|alert| format!("{}: {}", alert.message, alert.remedy));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::readings::Readings;
    use super::super::rules::judge;
    use super::*;

    fn statuses(board: &Board) -> Vec<(&'static str, HealthStatus)> {
        board.watched().checks.iter().map(|check| (check.id, check.status)).collect()
    }

    fn tick(board: &Board, free: u64, at: u64) {
        let readings = Readings { free_disk: Some(free), ..Readings::default() };
        board.ticked(|limits| judge(&readings, limits, 0), Moment { wall_ms: now_ms(), steady_ms: at });
    }

    #[test]
    fn nothing_is_green_before_it_was_measured() {
        let board = Board::default();
        assert!(board.watched().checks.is_empty(), "no monitor");
        board.start(AlertLimits::default(), Duration::from_secs(1));
        assert_eq!(statuses(&board), [("monitor", HealthStatus::Unknown), ("alerts", HealthStatus::Unknown)]);
        tick(&board, 1 << 40, 0);
        board.set_duties(Duties { integrity: Integrity::Unchecked, ..Duties::default() });
        let expected =
            [("monitor", HealthStatus::Ok), ("integrity", HealthStatus::Unknown), ("alerts", HealthStatus::Ok)];
        assert_eq!(statuses(&board), expected);
    }

    #[test]
    fn damage_is_critical_and_an_old_check_says_nothing() {
        let board = Board::default();
        board.start(AlertLimits::default(), Duration::from_secs(1));
        for (findings, age, status) in [
            (vec![], 0, HealthStatus::Ok),
            (vec!["page 7".to_owned()], 0, HealthStatus::Critical),
            (vec![], 2_000, HealthStatus::Unknown),
        ] {
            let integrity = Integrity::Checked { at: now_ms() - age, depth: "quick", findings, good_for_ms: 1_000 };
            board.set_duties(Duties { integrity, ..Duties::default() });
            assert_eq!(statuses(&board)[1], ("integrity", status));
        }
    }

    #[test]
    fn the_worst_open_alert_is_in_the_health_and_a_stop_ends_all() {
        let board = Board::default();
        board.start(AlertLimits { for_ms: Some(0), ..AlertLimits::default() }, Duration::from_secs(1));
        tick(&board, 100 << 20, 0);
        assert_eq!(statuses(&board)[1], ("alerts", HealthStatus::Degraded));
        tick(&board, 1 << 20, 1);
        let found = board.watched().checks.remove(1);
        assert_eq!((found.status, &found.value["worst"]), (HealthStatus::Critical, &json!("disk_space")));
        let report = board.alerts(&request::Alerts::default(), "ada").expect("answers");
        assert_eq!((report.monitoring, report.alerts.len(), report.events.len(), report.last_event), (true, 1, 2, 2));
        assert_eq!(board.stop(), 2);
        let report =
            board.alerts(&request::Alerts { all: true, ..request::Alerts::default() }, "ada").expect("answers");
        assert_eq!((report.monitoring, report.alerts.len(), report.events.len(), report.last_event), (false, 0, 0, 2));
    }

    #[test]
    fn a_task_that_fails_is_named() {
        let board = Board::default();
        board.start(AlertLimits::default(), Duration::from_secs(1));
        tick(&board, 1 << 40, 0);
        let task = Duty { name: "backup", last_at: None, next_at: None, failure: Some("the disk is full".into()) };
        board.set_duties(Duties { tasks: vec![task], ..Duties::default() });
        let found = board.watched().checks.remove(0);
        assert_eq!(found.status, HealthStatus::Degraded);
        assert!(found.remedy.is_some_and(|remedy| remedy.contains("backup") && remedy.contains("full")));
    }
}
