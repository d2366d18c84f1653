//! What is wrong with a set of readings: one function a rule.
//!
//! Leaves to others: measuring (`look.rs`), and when something that is wrong becomes an alert (`engine.rs`).
//!
//! Invariants: a rule without its reading says nothing; the level at which it is clear again lies below the one at which it
//! fires; a remedy is one thing to do first.

use serde_json::{Value as Json, json};

use super::pace::FEW_CALLS;
use super::readings::{Holder, Readings};
use crate::report::Severity::{self, Critical, Info, Warning};
use crate::report::{Alert, Check, HealthStatus};
use crate::request::AlertLimits;
use crate::sqlite;

const HOUR_MS: u64 = 3_600_000;
/// Fewer waits than this say nothing about a share.
const FEW_WAITS: u64 = 10;
/// A backup that differs by fewer pages has not jumped.
const FEW_PAGES: u64 = 256;
/// A statement that takes less is slow for nobody.
const FAST_US: u64 = 1_000;
/// More subjects of one rule than this are a flood that nobody reads.
const MOST_SUBJECTS: usize = 20;

/// A rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// How long its condition must hold before it fires, in milliseconds.
    pub for_ms: u64,
    /// What to do first.
    remedy: &'static str,
}

const fn rule(name: &'static str, for_ms: u64, remedy: &'static str) -> Rule {
    Rule { name, for_ms, remedy }
}

const DISK_SPACE: Rule = rule("disk_space", 5_000, "free space on the file system of the database");
const WAL_SIZE: Rule = rule("wal_size", 10_000, "end the call that holds the log, then run a truncate checkpoint");
const BACKUP_AGE: Rule = rule("backup_age", 60_000, "make a backup, and look why there was none for so long");
const BACKUP_JUMP: Rule =
    rule("backup_size_jump", 0, "look with stats what grew or went, before the older backup is removed");
const BUSY_SHARE: Rule = rule("busy_share", 0, "look who writes for so long: health names the oldest call");
const POOL_EXHAUSTED: Rule = rule("pool_exhausted", 5_000, "end long reads, or open with a larger pool.max");
// why so long: a checkpoint or a cold cache makes everything slow for a while
const STATEMENT_SLOW: Rule =
    rule("statement_slow", 30_000, "look at its plan: an index may be gone, or the statistics stale (optimize)");
const FULL_SCAN: Rule = rule("full_scan", 0, "add an index on the columns that it compares, see diagnostics");
const DENIALS: Rule = rule("denials", 0, "look what this actor tries, and whether the role is the right one");
const CONFIG_CHANGED: Rule =
    rule("config_changed", 0, "find out who changed it, then close the handle and open the database again");
// why not at once: a migration without a transaction changes the schema before it says that it did
const DRIFT: Rule = rule("drift", 2_000, "undo what was changed by hand, or accept it with repair");
const SQLITE_UNSAFE: Rule = rule("sqlite_unsafe", 0, "use a build with SQLite 3.51.3 or later");
const FOREIGN_SQLITE: Rule =
    rule("foreign_sqlite", 0, "let one SQLite alone open the file: two in one process drop each other's locks");
const FOREIGN_KEYS: Rule =
    rule("foreign_keys", 0, "look at the rows with diagnostics, and give them a parent or delete them");
// why not at once: a connection that is in use for a moment is no fault
const HEALTH: Rule = rule("health", 5_000, "do what is said there; the check of that name in health tells more");
const INTEGRITY: Rule = rule("integrity", 0, "restore the newest verified backup, and look at the disk");

/// Checks of `health` about the same as a rule of this name: the rule tells of it, and `health` counts it once.
const SAME: [(&str, &[&str]); 9] = [
    ("disk_space", &["free_disk"]),
    ("wal_size", &["wal_size"]),
    ("backup_age", &["backup_age"]),
    ("busy_share", &["busy_rate"]),
    ("pool_exhausted", &["pool"]),
    ("config_changed", &["foreign_keys", "pragmas", "journal_mode"]),
    ("drift", &["migrations"]),
    ("integrity", &["integrity"]),
    ("foreign_sqlite", &["foreign_sqlite"]),
];

/// The checks of `health` that tell of the same as an alert.
#[must_use]
pub fn checks_of(alert: &Alert) -> Vec<String> {
    if alert.rule == HEALTH.name {
        return alert.key.split_once(':').into_iter().map(|(_, id)| id.to_owned()).collect();
    }
    let same = SAME.iter().filter(|(rule, _)| *rule == alert.rule);
    same.flat_map(|(_, checks)| checks.iter().map(|id| (*id).to_owned())).collect()
}

/// What one look says of one subject of a rule.
#[derive(Debug, Clone)]
pub struct Found {
    /// The rule.
    pub rule: &'static Rule,
    /// Which of several; empty where there is one.
    pub subject: String,
    /// How it stands.
    pub level: Level,
    /// How bad it would be.
    pub severity: Severity,
    /// What was measured.
    pub value: Json,
    /// Where it fires.
    pub threshold: Json,
    /// What is wrong, in words.
    pub message: String,
}

/// How a measure stands to the levels of its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Beyond the level at which it fires.
    Bad,
    /// Between the two: not bad enough to fire, not good enough to be over.
    Between,
    /// Clear.
    Good,
}

impl Found {
    /// What to do first.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        self.rule.remedy
    }
}

/// What all rules say, and which of them had their reading.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What they say. A subject that had an alert and is not among these is clear.
    pub found: Vec<Found>,
    /// The rules that could be judged.
    pub judged: Vec<&'static str>,
}

impl Verdict {
    fn judge(&mut self, rule: &'static Rule) {
        self.judged.push(rule.name);
    }

    fn note(
        &mut self,
        rule: &'static Rule,
        level: Level,
        severity: Severity,
        numbers: (Json, Json),
        message: impl FnOnce() -> String,
    ) {
        self.judge(rule);
        self.add(rule, "", level, severity, numbers, message);
    }

    fn add(
        &mut self,
        rule: &'static Rule,
        subject: &str,
        level: Level,
        severity: Severity,
        (value, threshold): (Json, Json),
        message: impl FnOnce() -> String,
    ) {
        // why not the good ones: what is not among the found is clear
        if level != Level::Good {
            let message = message();
            self.found.push(Found { rule, subject: subject.into(), level, severity, value, threshold, message });
        }
    }

    /// A rule whose finding is a list that should be empty.
    fn list(&mut self, rule: &'static Rule, severity: Severity, found: Option<&[String]>, what: &str) {
        let Some(found) = found else { return };
        let level = if found.is_empty() { Level::Good } else { Level::Bad };
        self.note(rule, level, severity, (json!(found.len()), json!(0)), || {
            let more = if found.len() > 3 { ", ..." } else { "" };
            format!("{what}: {}{more}", found.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", "))
        });
    }
}

/// Bad above `fire`, clear up to `clear`.
fn above(value: u64, fire: u64, clear: u64) -> Level {
    match value {
        value if value > fire => Level::Bad,
        value if value > clear => Level::Between,
        _ => Level::Good,
    }
}

/// Bad below `fire`, clear from `clear` on.
fn below(value: u64, fire: u64, clear: u64) -> Level {
    match value {
        value if value < fire => Level::Bad,
        value if value < clear => Level::Between,
        _ => Level::Good,
    }
}

fn percent(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100).checked_div(whole).unwrap_or(0)
}

/// The limit of a rule; `None` when it is switched off.
fn limit(asked: Option<u64>, default: u64) -> Option<u64> {
    Some(asked.unwrap_or(default)).filter(|limit| *limit > 0)
}

fn who(holder: &Holder) -> String {
    let actor = holder.actor.as_ref().map_or_else(String::new, |actor| format!(" of {}", actor.escape_debug()));
    let role = holder.role.map_or_else(String::new, |role| format!(" of the role {role}"));
    let statement = holder.statement.as_ref().map_or_else(String::new, |statement| format!(" ({statement})"));
    format!("the call {}{actor}{role}{statement} for {} ms", holder.label, holder.age_ms)
}

/// Judges.
#[must_use]
pub fn judge(readings: &Readings, limits: &AlertLimits, now_ms: i64) -> Verdict {
    let mut verdict = Verdict::default();
    file(&mut verdict, readings, limits);
    backups(&mut verdict, readings, limits, now_ms);
    contention(&mut verdict, readings, limits);
    statements(&mut verdict, readings, limits);
    let config: Option<Vec<String>> = readings.config.as_ref().map(|changes| {
        let shown =
            changes.iter().map(|change| format!("{} is {}, not {}", change.name, change.actual, change.expected));
        shown.collect()
    });
    verdict.list(&CONFIG_CHANGED, Warning, config.as_deref(), "settings were changed");
    verdict.list(&DRIFT, Warning, readings.drift.as_deref(), "the schema was changed by hand");
    verdict.list(&FOREIGN_SQLITE, Critical, readings.foreign_sqlite.as_deref(), "another SQLite has the file open");
    verdict.list(&FOREIGN_KEYS, Warning, readings.orphans.as_deref(), "rows point nowhere");
    verdict.list(&INTEGRITY, Critical, readings.damage.as_deref(), "the file is damaged");
    health(&mut verdict, readings);
    if let Some(version) = readings.sqlite_version {
        let level = if sqlite::has_wal_reset_bug(version) { Level::Bad } else { Level::Good };
        verdict.note(&SQLITE_UNSAFE, level, Warning, (json!(version), json!(3_051_003)), || {
            format!("SQLite {version} can lose part of a commit when the log is begun anew")
        });
    }
    verdict
}

/// What a check of `health` finds and no rule tells of.
fn health(verdict: &mut Verdict, readings: &Readings) {
    let Some(checks) = &readings.health else { return };
    verdict.judge(&HEALTH);
    for check in checks.iter() {
        let (level, severity) = match check.status {
            HealthStatus::Ok => continue,
            HealthStatus::Degraded => (Level::Bad, Warning),
            HealthStatus::Critical => (Level::Bad, Critical),
            // why bad: nothing that is in use for a moment keeps a folder from being listed
            HealthStatus::Unknown if check.id == "backup_age" => (Level::Bad, Warning),
            HealthStatus::Unknown => (Level::Between, Warning),
        };
        let is_told = match check.id {
            "alerts" => true,
            // why by its words: the rule drift looks at each tick, and what health found before that may be no longer so
            "migrations" => check.remedy.as_deref() == Some(Check::CHANGED_BY_HAND),
            "backup_age" => check.status != HealthStatus::Unknown,
            id => SAME.iter().any(|(_, checks)| checks.contains(&id)),
        };
        if !is_told {
            let numbers = (check.value.clone(), check.threshold.clone());
            verdict.add(&HEALTH, check.id, level, severity, numbers, || told(check));
        }
    }
}

fn told(check: &Check) -> String {
    format!("the check {} says: {}", check.id, check.remedy.as_deref().unwrap_or("nothing more"))
}

fn file(verdict: &mut Verdict, readings: &Readings, limits: &AlertLimits) {
    if let (Some(free), Some(limit)) = (readings.free_disk, limit(limits.disk_free_bytes, 512 << 20)) {
        let severity = if free < limit / 8 { Critical } else { Warning };
        // why a quarter more: what frees a little every minute must not end the alert every minute
        let level = below(free, limit, limit.saturating_add(limit / 4));
        verdict.note(&DISK_SPACE, level, severity, (json!(free), json!(limit)), || {
            format!("{free} bytes are free on the file system of the database")
        });
    }
    if let (Some(wal), Some(limit)) = (&readings.wal, limit(limits.wal_bytes, 128 << 20)) {
        let size = wal.size_bytes;
        verdict.note(&WAL_SIZE, above(size, limit, limit / 2), Warning, (json!(size), json!(limit)), || {
            match &wal.holder {
                Some(holder) => format!("the log has {size} bytes; {} holds it", who(holder)),
                None => format!("the log has {size} bytes, and no call of this process holds it"),
            }
        });
    }
}

fn backups(verdict: &mut Verdict, readings: &Readings, limits: &AlertLimits, now_ms: i64) {
    if let (Some(newest), Some(hours)) = (readings.newest_backup, limit(limits.backup_age_hours, 48)) {
        let limit_ms = hours.saturating_mul(HOUR_MS);
        match newest {
            None => verdict.note(&BACKUP_AGE, Level::Bad, Warning, (Json::Null, json!(limit_ms)), || {
                "there is no verified backup".into()
            }),
            Some(newest) => {
                // why 0 for one from the future: a clock that was put back does not make a backup old
                let age = u64::try_from(now_ms.saturating_sub(newest)).unwrap_or(0);
                let severity = if age > limit_ms.saturating_mul(7) { Critical } else { Warning };
                verdict.note(
                    &BACKUP_AGE,
                    above(age, limit_ms, limit_ms),
                    severity,
                    (json!(age), json!(limit_ms)),
                    || format!("the newest verified backup is {} hours old", age / HOUR_MS),
                );
            }
        }
    }
    if let (Some((newest, before)), Some(limit)) = (readings.backup_pages, limit(limits.backup_jump_percent, 50)) {
        let jump = if newest.abs_diff(before) < FEW_PAGES { 0 } else { percent(newest.abs_diff(before), before) };
        let word = if newest > before { "bigger" } else { "smaller" };
        verdict.note(&BACKUP_JUMP, above(jump, limit, limit), Warning, (json!(jump), json!(limit)), || {
            format!("the newest backup has {newest} pages and is {jump} % {word} than the one before")
        });
    }
}

fn contention(verdict: &mut Verdict, readings: &Readings, limits: &AlertLimits) {
    if let (Some(locks), Some(limit)) = (readings.locks, limit(limits.busy_percent, 10)) {
        let share = if locks.waited < FEW_WAITS { 0 } else { percent(locks.gave_up, locks.waited) };
        verdict.note(&BUSY_SHARE, above(share, limit, limit / 2), Warning, (json!(share), json!(limit)), || {
            format!("{} of {} waits for a lock in the last minute were in vain", locks.gave_up, locks.waited)
        });
    }
    if let (Some(pool), Some(_)) = (&readings.pool, limit(limits.pool_exhausted_ms, POOL_EXHAUSTED.for_ms)) {
        // why one below for clear: a pool that is always full but for a moment is no pool with room
        let level = above(pool.in_use, pool.most.saturating_sub(1), pool.most.saturating_sub(2));
        verdict.note(&POOL_EXHAUSTED, level, Warning, (json!(pool.in_use), json!(pool.most)), || {
            let oldest = pool.oldest.as_ref().map_or_else(String::new, |oldest| format!("; {} has one", who(oldest)));
            format!("all {} readers are in use{oldest}", pool.most)
        });
    }
    if let (Some(denials), Some(limit)) = (&readings.denials, limit(limits.denials, 5)) {
        verdict.judge(&DENIALS);
        for denied in denials.iter().take(MOST_SUBJECTS) {
            let level = above(denied.count, limit - 1, limit / 2);
            verdict.add(&DENIALS, &denied.actor, level, Warning, (json!(denied.count), json!(limit)), || {
                format!("{} was denied {} calls, the last: {}", denied.actor, denied.count, denied.last)
            });
        }
    }
}

fn statements(verdict: &mut Verdict, readings: &Readings, limits: &AlertLimits) {
    if let (Some(times), Some(limit)) = (&readings.statements, limit(limits.slow_percent, 300)) {
        verdict.judge(&STATEMENT_SLOW);
        let told = times.iter().filter(|time| time.calls >= FEW_CALLS && time.baseline_us > 0);
        for time in told.filter(|time| time.recent_us >= FAST_US).take(MOST_SUBJECTS) {
            let ratio = percent(time.recent_us, time.baseline_us);
            let level = above(ratio, limit, limit / 2);
            verdict.add(&STATEMENT_SLOW, &time.fingerprint, level, Warning, (json!(ratio), json!(limit)), || {
                format!("{} takes {} us, {} us before", time.sql, time.recent_us, time.baseline_us)
            });
        }
    }
    if let (Some(scans), Some(limit)) = (&readings.scans, limit(limits.scan_rows, 100_000)) {
        verdict.judge(&FULL_SCAN);
        for scan in scans.iter().take(MOST_SUBJECTS) {
            let level = above(scan.rows, limit - 1, limit / 2);
            verdict.add(&FULL_SCAN, &scan.fingerprint, level, Info, (json!(scan.rows), json!(limit)), || {
                format!("{} reads all {} rows of {}", scan.sql, scan.rows, scan.table)
            });
        }
    }
}

/// How long the condition of a rule must hold.
#[must_use]
pub fn holds_for_ms(rule: &Rule, limits: &AlertLimits) -> u64 {
    let own = match limits.pool_exhausted_ms {
        Some(asked) if rule.name == POOL_EXHAUSTED.name => asked,
        _ => rule.for_ms,
    };
    limits.for_ms.unwrap_or(own)
}

#[cfg(test)]
mod tests;
