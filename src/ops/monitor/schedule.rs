//! [`Schedule`]: given the time, which task is due.
//!
//! Leaves to others: running it, and remembering across restarts (`seat.rs`).
//!
//! Invariants: no clock of its own. A wall clock that jumps back makes nothing due that ran in this process; a last run that lies
//! ahead of the clock by more than an hour is a clock that was wrong, and no reason to wait for it. What failed is tried again
//! after a pause that grows.

use std::collections::BTreeMap;

use super::seat::Notes;
use crate::machine::Moment;
use crate::request;

const HOUR_MS: u64 = 3_600_000;
/// A folder is asked this often whether a backup is due; that decides by what is in it, whoever made it.
const BACKUP_LOOK_MS: u64 = 300_000;
/// A last run may lie ahead by so much.
const SKEW_MS: i64 = 3_600_000;

/// What the monitor does besides looking, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// Begins a log anew that has grown too large.
    RestartCheckpoint,
    /// Makes the backup that is due, and lets retention remove older ones.
    Backup,
    /// `quick_check`.
    QuickCheck,
    /// `integrity_check` and the foreign keys.
    DeepCheck,
    /// `PRAGMA optimize`.
    Optimize,
    /// Archives and removes old records of the audit.
    AuditPrune,
    /// Moves the log into the database while nobody writes.
    Checkpoint,
}

impl Task {
    /// All of them, the most urgent first.
    pub const ALL: [Task; 7] = [
        Task::RestartCheckpoint,
        Task::Backup,
        Task::QuickCheck,
        Task::DeepCheck,
        Task::Optimize,
        Task::AuditPrune,
        Task::Checkpoint,
    ];

    /// The name as reports spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Task::RestartCheckpoint => "restart_checkpoint",
            Task::Backup => "backup",
            Task::QuickCheck => "quick_check",
            Task::DeepCheck => "deep_check",
            Task::Optimize => "optimize",
            Task::AuditPrune => "audit_prune",
            Task::Checkpoint => "checkpoint",
        }
    }

    /// The first pause after a failure, and the longest.
    const fn pauses(self) -> (u64, u64) {
        match self {
            Task::RestartCheckpoint | Task::Checkpoint => (1_000, 60_000),
            _ => (10_000, HOUR_MS),
        }
    }
}

/// Which tasks there are, and how often.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    every: BTreeMap<Task, u64>,
    idle_ms: u64,
    restart_bytes: u64,
}

impl Plan {
    /// What the options ask for, where there is something to do: `backups` is whether there is a folder and an interval for them, `log`
    /// whether there is a log, `audit` whether records of the audit have an end.
    #[must_use]
    pub fn new(request: &request::Monitor, backups: bool, log: bool, audit: bool) -> Plan {
        let hours = |asked: Option<u64>, default: u64| asked.unwrap_or(default).saturating_mul(HOUR_MS);
        let mut every = BTreeMap::from([
            (Task::QuickCheck, hours(request.quick_check_hours, 24)),
            (Task::DeepCheck, hours(request.deep_check_days, 7).saturating_mul(24)),
            (Task::Optimize, hours(request.optimize_hours, 24)),
        ]);
        if backups && request.backup.unwrap_or(true) {
            every.insert(Task::Backup, BACKUP_LOOK_MS);
        }
        if audit {
            every.insert(Task::AuditPrune, 24 * HOUR_MS);
        }
        every.retain(|_, every| *every > 0);
        Plan {
            every,
            idle_ms: if log { request.idle_ms() } else { 0 },
            restart_bytes: if log { request.wal_restart_bytes() } else { 0 },
        }
    }

    /// Nothing but looks.
    #[must_use]
    pub fn looks_only() -> Plan {
        Plan::default()
    }

    /// The tasks with their intervals; `None` for one that the log decides about.
    #[must_use]
    pub fn tasks(&self) -> Vec<(Task, Option<u64>)> {
        let of = |task: Task| match task {
            Task::RestartCheckpoint => (self.restart_bytes > 0).then_some((task, None)),
            Task::Checkpoint => (self.idle_ms > 0).then_some((task, None)),
            task => self.every.get(&task).map(|every| (task, Some(*every))),
        };
        Task::ALL.into_iter().filter_map(of).collect()
    }

    /// For how long a check of the file says something: twice the shortest interval; `None` when there is no check.
    #[must_use]
    pub fn check_good_for_ms(&self) -> Option<u64> {
        let checks = [Task::QuickCheck, Task::DeepCheck];
        checks.iter().filter_map(|task| self.every.get(task)).min().map(|every| every.saturating_mul(2))
    }

    /// How many bytes of the log may be in use; 0 for any.
    #[must_use]
    pub fn restart_bytes(&self) -> u64 {
        self.restart_bytes
    }
}

/// The write-ahead log by `stat`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Log {
    /// Its size.
    pub size: u64,
    /// When it was last written, in whatever unit.
    pub written: i128,
}

/// How a run of a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it should.
    Done,
    /// Somebody was in the way.
    Postponed,
    /// It failed, for this reason.
    Failed(String),
}

/// See the head of this file.
#[derive(Debug, Default)]
pub struct Schedule {
    plan: Plan,
    runs: BTreeMap<Task, Runs>,
    log: Log,
    /// Since when the log is as it is.
    log_since: u64,
    /// The log as the last complete checkpoint, or look at its size, left it.
    moved: Option<Log>,
    measured: Option<Log>,
}

#[derive(Debug, Default)]
struct Runs {
    last_wall: Option<i64>,
    /// Known when it ran in this process.
    last_steady: Option<u64>,
    failures: u32,
    not_before: u64,
    failure: Option<String>,
}

impl Schedule {
    /// For a plan, with nothing known of earlier runs.
    #[must_use]
    pub fn new(plan: Plan) -> Schedule {
        Schedule { plan, ..Schedule::default() }
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Takes in what other processes, or this one before, left.
    pub fn learn(&mut self, notes: &Notes) {
        for task in Task::ALL {
            if let Some(at) = notes.ran.get(task.name()) {
                let runs = self.runs.entry(task).or_default();
                if runs.last_wall.is_none_or(|known| known < *at) {
                    runs.last_wall = Some(*at);
                    runs.last_steady = None;
                }
            }
        }
    }

    /// Takes in how the log is.
    pub fn see_log(&mut self, log: Log, now: Moment) {
        if self.log != log {
            self.log = log;
            self.log_since = now.steady_ms;
        }
    }

    /// The log as it was seen last.
    #[must_use]
    pub fn log(&self) -> Log {
        self.log
    }

    /// The task to run now.
    #[must_use]
    pub fn due(&self, now: Moment) -> Option<Task> {
        Task::ALL.into_iter().find(|task| {
            let waits = self.runs.get(task).is_some_and(|runs| runs.not_before > now.steady_ms);
            !waits && self.is_due(*task, now)
        })
    }

    fn is_due(&self, task: Task, now: Moment) -> bool {
        match task {
            Task::RestartCheckpoint => {
                let limit = self.plan.restart_bytes;
                limit > 0 && self.log.size > limit && self.measured != Some(self.log)
            }
            Task::Checkpoint => {
                let idle = now.steady_ms.saturating_sub(self.log_since);
                self.plan.idle_ms > 0 && self.log.size > 0 && idle >= self.plan.idle_ms && self.moved != Some(self.log)
            }
            task => match self.plan.every.get(&task) {
                Some(every) => self.elapsed(task, now).is_none_or(|elapsed| elapsed >= *every),
                None => false,
            },
        }
    }

    /// How long ago a task last ran; `None` when it never did, or nothing can be made of what is known.
    fn elapsed(&self, task: Task, now: Moment) -> Option<u64> {
        let runs = self.runs.get(&task)?;
        if let Some(steady) = runs.last_steady {
            return Some(now.steady_ms.saturating_sub(steady));
        }
        match now.wall_ms.saturating_sub(runs.last_wall?) {
            ahead if ahead < -SKEW_MS => None,
            elapsed => Some(u64::try_from(elapsed).unwrap_or(0)),
        }
    }

    /// Takes in how a run ended that began with the log `log`.
    pub fn ran(&mut self, task: Task, outcome: &Outcome, log: Log, now: Moment) {
        if *outcome == Outcome::Done {
            match task {
                Task::RestartCheckpoint => self.measured = Some(log),
                Task::Checkpoint => self.moved = Some(log),
                _ => {}
            }
            self.runs.insert(task, done(now));
            if task == Task::DeepCheck {
                // why: it looks at all that the quick one does
                self.runs.insert(Task::QuickCheck, done(now));
            }
            return;
        }
        let runs = self.runs.entry(task).or_default();
        let (first, longest) = task.pauses();
        let pause = first.saturating_mul(1 << runs.failures.min(16)).min(longest);
        runs.failures = runs.failures.saturating_add(1);
        runs.not_before = now.steady_ms.saturating_add(pause);
        runs.failure = match outcome {
            Outcome::Failed(why) => Some(why.clone()),
            Outcome::Done | Outcome::Postponed => None,
        };
    }

    /// When a task last ran to its end.
    #[must_use]
    pub fn last_at(&self, task: Task) -> Option<i64> {
        self.runs.get(&task)?.last_wall
    }

    /// Why it failed the last time.
    #[must_use]
    pub fn failure(&self, task: Task) -> Option<&str> {
        self.runs.get(&task)?.failure.as_deref()
    }

    /// When it is due next, as far as time decides.
    #[must_use]
    pub fn next_at(&self, task: Task, now: Moment) -> Option<i64> {
        let every = *self.plan.every.get(&task)?;
        let left = self.elapsed(task, now).map_or(0, |elapsed| every.saturating_sub(elapsed));
        let pause = self.runs.get(&task).map_or(0, |runs| runs.not_before.saturating_sub(now.steady_ms));
        Some(now.wall_ms.saturating_add_unsigned(left.max(pause)))
    }
}

fn done(now: Moment) -> Runs {
    Runs { last_wall: Some(now.wall_ms), last_steady: Some(now.steady_ms), ..Runs::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_800_000_000_000;

    fn at(ms: u64) -> Moment {
        Moment { wall_ms: START + ms as i64, steady_ms: ms }
    }

    fn plan() -> Plan {
        Plan::new(&request::Monitor::default(), true, true, false)
    }

    /// Runs what is due until nothing is, and tells what it was.
    fn run_all(schedule: &mut Schedule, now: Moment) -> Vec<Task> {
        let mut ran = Vec::new();
        while let Some(task) = schedule.due(now) {
            assert!(ran.len() < 10, "{ran:?} without end");
            schedule.ran(task, &Outcome::Done, schedule.log(), now);
            ran.push(task);
        }
        ran
    }

    #[test]
    fn what_never_ran_is_due_at_once_and_then_not_before_its_time() {
        let mut schedule = Schedule::new(plan());
        assert_eq!(run_all(&mut schedule, at(0)), [Task::Backup, Task::QuickCheck, Task::DeepCheck, Task::Optimize]);
        assert_eq!(run_all(&mut schedule, at(BACKUP_LOOK_MS - 1)), []);
        assert_eq!(run_all(&mut schedule, at(BACKUP_LOOK_MS)), [Task::Backup]);
        let day = 24 * HOUR_MS;
        assert_eq!(run_all(&mut schedule, at(day)), [Task::Backup, Task::QuickCheck, Task::Optimize]);
        assert_eq!(schedule.next_at(Task::DeepCheck, at(day)), Some(START + 7 * day as i64));
        for days in 2..7 {
            run_all(&mut schedule, at(days * day));
        }
        let week = run_all(&mut schedule, at(7 * day));
        assert!(week.contains(&Task::DeepCheck), "{week:?}");
    }

    #[test]
    fn a_restart_remembers_and_twenty_of_them_are_not_twenty_deep_checks() {
        let mut notes = Notes::default();
        let mut deep = 0;
        for start in 0..20 {
            let now = at(start * HOUR_MS);
            let mut schedule = Schedule::new(plan());
            schedule.learn(&notes);
            for task in run_all(&mut schedule, Moment { steady_ms: 3, ..now }) {
                deep += u32::from(task == Task::DeepCheck);
                notes.ran.insert(task.name().to_owned(), now.wall_ms);
            }
        }
        assert_eq!(deep, 1);
    }

    #[test]
    fn a_clock_that_jumps_back_makes_nothing_due_again() {
        let mut schedule = Schedule::new(plan());
        run_all(&mut schedule, at(1_000));
        let back = Moment { wall_ms: START - 365 * 24 * HOUR_MS as i64, steady_ms: 2_000 };
        assert_eq!(run_all(&mut schedule, back), []);
        let later = Moment { steady_ms: 24 * HOUR_MS + 2_000, ..back };
        assert!(run_all(&mut schedule, later).contains(&Task::QuickCheck), "a day has passed all the same");
    }

    #[test]
    fn a_last_run_that_lies_far_ahead_is_no_reason_to_wait() {
        let ahead = |ms: i64| {
            let mut schedule = Schedule::new(plan());
            let ran = Task::ALL.map(|task| (task.name().to_owned(), START + ms));
            schedule.learn(&Notes { ran: ran.into(), ..Notes::default() });
            run_all(&mut schedule, at(0)).contains(&Task::DeepCheck)
        };
        assert!(!ahead(-1_000), "a second ago");
        assert!(!ahead(SKEW_MS), "clocks of two machines differ");
        assert!(ahead(SKEW_MS + 1));
    }

    #[test]
    fn what_fails_is_tried_again_after_a_pause_that_grows() {
        let mut schedule = Schedule::new(plan());
        let mut now = 0;
        let mut pauses = Vec::new();
        for _ in 0..12 {
            assert_eq!(schedule.due(at(now)), Some(Task::Backup));
            schedule.ran(Task::Backup, &Outcome::Failed("no space".into()), Log::default(), at(now));
            assert_ne!(schedule.due(at(now)), Some(Task::Backup), "others come first");
            let next = schedule.next_at(Task::Backup, at(now)).expect("is planned") - START;
            pauses.push(next as u64 - now);
            now = next as u64;
        }
        assert_eq!(pauses[..4], [10_000, 20_000, 40_000, 80_000]);
        assert_eq!(pauses[11], HOUR_MS, "and no further");
        assert_eq!(schedule.failure(Task::Backup), Some("no space"));
        schedule.ran(Task::Backup, &Outcome::Done, Log::default(), at(now));
        assert_eq!(schedule.failure(Task::Backup), None);
    }

    #[test]
    fn a_zero_switches_a_task_off() {
        let request = request::Monitor {
            quick_check_hours: Some(0),
            deep_check_days: Some(0),
            backup: Some(false),
            optimize_hours: Some(0),
            idle_ms: Some(0),
            wal_restart_bytes: Some(0),
            ..request::Monitor::default()
        };
        let mut schedule = Schedule::new(Plan::new(&request, true, true, false));
        schedule.see_log(Log { size: 1 << 40, written: 1 }, at(0));
        assert_eq!(schedule.due(at(400 * 24 * HOUR_MS)), None);
        assert!(schedule.plan().tasks().is_empty());
        assert_eq!(schedule.plan().check_good_for_ms(), None);
    }

    #[test]
    fn the_log_is_moved_once_after_nobody_wrote_for_a_while() {
        let mut schedule = Schedule::new(plan());
        run_all(&mut schedule, at(0));
        let log = |written| Log { size: 4_152, written };
        for second in 1..=10u64 {
            schedule.see_log(log(i128::from(second)), at(second * 1_000));
            assert_eq!(schedule.due(at(second * 1_000)), None, "somebody writes");
        }
        schedule.see_log(log(10), at(14_999));
        assert_eq!(schedule.due(at(14_999)), None);
        assert_eq!(run_all(&mut schedule, at(15_000)), [Task::Checkpoint]);
        assert_eq!(schedule.due(at(60_000)), None, "nothing was written since");
        schedule.see_log(log(11), at(60_000));
        schedule.ran(Task::Checkpoint, &Outcome::Postponed, log(11), at(65_000));
        assert_eq!(schedule.due(at(65_999)), None);
        assert_eq!(schedule.due(at(66_000)), Some(Task::Checkpoint), "a reader was in the way");
        assert_eq!(schedule.failure(Task::Checkpoint), None, "which is no failure");
    }

    #[test]
    fn a_log_over_its_limit_is_begun_anew_before_anything_else() {
        let mut schedule = Schedule::new(plan());
        schedule.see_log(Log { size: (64 << 20) + 1, written: 1 }, at(0));
        assert_eq!(schedule.due(at(0)), Some(Task::RestartCheckpoint));
        run_all(&mut schedule, at(0));
        assert_ne!(schedule.due(at(1)), Some(Task::RestartCheckpoint), "the file stays large, and nothing was written");
        schedule.see_log(Log { size: (64 << 20) + 1, written: 2 }, at(2));
        assert_eq!(schedule.due(at(2)), Some(Task::RestartCheckpoint));
    }
}
