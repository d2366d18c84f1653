//! What is wrong with a set of readings: one function a rule.
//!
//! Leaves to others: measuring (`look.rs`), and when something that is wrong becomes an alert (`engine.rs`).
//!
//! Invariants: a rule without its reading says nothing; the level at which it is clear again lies below the one at which it
//! fires; a remedy is one thing to do first.

use serde_json::{Value as Json, json};

use super::readings::{Holder, Readings};
use crate::report::Severity::{self, Critical, Info, Warning};
use crate::request::AlertLimits;
use crate::sqlite;

const HOUR_MS: u64 = 3_600_000;
/// Fewer waits than this say nothing about a share.
const FEW_WAITS: u64 = 10;
/// A backup that differs by fewer pages has not jumped.
const FEW_PAGES: u64 = 256;
/// Fewer calls than this say nothing about a mean.
const FEW_CALLS: u64 = 10;
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
const STATEMENT_SLOW: Rule =
    rule("statement_slow", 0, "look at its plan: an index may be gone, or the statistics stale (optimize)");
const FULL_SCAN: Rule = rule("full_scan", 0, "add an index on the columns that it compares, see diagnostics");
const DENIALS: Rule = rule("denials", 0, "look what this actor tries, and whether the role is the right one");
const CONFIG_CHANGED: Rule =
    rule("config_changed", 0, "find out who changed it, then close the handle and open the database again");
const DRIFT: Rule = rule("drift", 0, "undo what was changed by hand, or accept it with repair");
const SQLITE_UNSAFE: Rule = rule("sqlite_unsafe", 0, "use a build with SQLite 3.51.3 or later");
const FOREIGN_SQLITE: Rule =
    rule("foreign_sqlite", 0, "let one SQLite alone open the file: two in one process drop each other's locks");
const FOREIGN_KEYS: Rule =
    rule("foreign_keys", 0, "look at the rows with diagnostics, and give them a parent or delete them");
const INTEGRITY: Rule = rule("integrity", 0, "restore the newest verified backup, and look at the disk");

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
    let role = holder.role.map_or_else(String::new, |role| format!(" of the role {role}"));
    let statement = holder.statement.as_ref().map_or_else(String::new, |statement| format!(" ({statement})"));
    format!("the call {}{role}{statement} for {} ms", holder.label, holder.age_ms)
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
    if let Some(version) = readings.sqlite_version {
        let level = if sqlite::has_wal_reset_bug(version) { Level::Bad } else { Level::Good };
        verdict.note(&SQLITE_UNSAFE, level, Warning, (json!(version), json!(3_051_003)), || {
            format!("SQLite {version} can lose part of a commit when the log is begun anew")
        });
    }
    verdict
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
mod tests {
    use super::super::readings::{Denials, FullScan, Locks, Pool, SettingChange, StatementTime, Wal};
    use super::*;

    /// The rule, its level, and its severity; good when it said nothing but was judged.
    fn level(readings: &Readings, rule: &str) -> Option<Level> {
        let verdict = judge(readings, &AlertLimits::default(), 1_000 * HOUR_MS as i64);
        let judged = verdict.judged.contains(&rule);
        let found = verdict.found.iter().find(|found| found.rule.name == rule);
        assert!(judged || found.is_none(), "{rule} speaks without being judged");
        judged.then(|| found.map_or(Level::Good, |found| found.level))
    }

    fn message(readings: &Readings) -> String {
        judge(readings, &AlertLimits::default(), 0).found.remove(0).message
    }

    #[test]
    fn a_rule_without_its_reading_says_nothing() {
        let verdict = judge(&Readings::default(), &AlertLimits::default(), 0);
        assert!(verdict.found.is_empty() && verdict.judged.is_empty(), "{verdict:?}");
    }

    #[test]
    fn each_rule_fires_at_its_level_and_is_clear_below() {
        use Level::{Bad, Between, Good};
        let disk = |free| Readings { free_disk: Some(free), ..Readings::default() };
        let wal = |size_bytes| Readings { wal: Some(Wal { size_bytes, holder: None }), ..Readings::default() };
        let age = |hours: i64| Readings {
            newest_backup: Some(Some((1_000 - hours) * HOUR_MS as i64)),
            ..Readings::default()
        };
        let none = Readings { newest_backup: Some(None), ..Readings::default() };
        let pages = |newest, before| Readings { backup_pages: Some((newest, before)), ..Readings::default() };
        let locks = |waited, gave_up| Readings { locks: Some(Locks { waited, gave_up }), ..Readings::default() };
        let pool = |in_use| Readings { pool: Some(Pool { in_use, most: 10, oldest: None }), ..Readings::default() };
        let slow = |recent_us, calls| {
            let time = StatementTime { recent_us, baseline_us: 1_000, calls, ..StatementTime::default() };
            Readings { statements: Some(vec![time]), ..Readings::default() }
        };
        let scan =
            |rows| Readings { scans: Some(vec![FullScan { rows, ..FullScan::default() }]), ..Readings::default() };
        let denied =
            |count| Readings { denials: Some(vec![Denials { count, ..Denials::default() }]), ..Readings::default() };
        let change = SettingChange { name: "synchronous", expected: "normal".into(), actual: "off".into() };
        let config = |changes| Readings { config: Some(changes), ..Readings::default() };
        let version = |version| Readings { sqlite_version: Some(version), ..Readings::default() };
        for (rule, readings, expected) in [
            ("disk_space", disk((512 << 20) - 1), Bad),
            ("disk_space", disk(512 << 20), Between),
            ("disk_space", disk(640 << 20), Good),
            ("wal_size", wal((128 << 20) + 1), Bad),
            ("wal_size", wal(100 << 20), Between),
            ("wal_size", wal(64 << 20), Good),
            ("backup_age", none, Bad),
            ("backup_age", age(49), Bad),
            ("backup_age", age(48), Good),
            ("backup_age", age(-5), Good),
            ("backup_size_jump", pages(1_501, 1_000), Good),
            ("backup_size_jump", pages(1_511, 1_000), Bad),
            ("backup_size_jump", pages(480, 1_000), Bad),
            ("backup_size_jump", pages(20, 4), Good),
            ("busy_share", locks(9, 9), Good),
            ("busy_share", locks(100, 11), Bad),
            ("busy_share", locks(100, 8), Between),
            ("busy_share", locks(100, 5), Good),
            ("pool_exhausted", pool(10), Bad),
            ("pool_exhausted", pool(9), Between),
            ("pool_exhausted", pool(8), Good),
            ("statement_slow", slow(3_010, 10), Bad),
            ("statement_slow", slow(3_010, 9), Good),
            ("statement_slow", slow(2_000, 10), Between),
            ("statement_slow", slow(1_400, 10), Good),
            ("full_scan", scan(100_000), Bad),
            ("full_scan", scan(60_000), Between),
            ("full_scan", scan(50_000), Good),
            ("denials", denied(5), Bad),
            ("denials", denied(3), Between),
            ("denials", denied(2), Good),
            ("config_changed", config(vec![change]), Bad),
            ("config_changed", config(Vec::new()), Good),
            ("drift", Readings { drift: Some(vec!["index i".into()]), ..Readings::default() }, Bad),
            ("foreign_sqlite", Readings { foreign_sqlite: Some(vec!["x".into()]), ..Readings::default() }, Bad),
            ("foreign_keys", Readings { orphans: Some(vec!["row 3 of a".into()]), ..Readings::default() }, Bad),
            ("integrity", Readings { damage: Some(vec!["page 3".into()]), ..Readings::default() }, Bad),
            ("integrity", Readings { damage: Some(Vec::new()), ..Readings::default() }, Good),
            ("sqlite_unsafe", version(3_051_002), Bad),
            ("sqlite_unsafe", version(3_051_003), Good),
        ] {
            assert_eq!(level(&readings, rule), Some(expected), "{rule}: {readings:?}");
        }
    }

    #[test]
    fn a_message_names_who_it_is_about() {
        let holder = || Holder {
            label: "script".into(),
            age_ms: 9_000,
            role: Some("supervisor"),
            statement: Some("SELECT ?".into()),
        };
        let wal = Readings { wal: Some(Wal { size_bytes: 1 << 30, holder: Some(holder()) }), ..Readings::default() };
        let told = message(&wal);
        assert!(told.contains("the call script of the role supervisor (SELECT ?) for 9000 ms"), "{told}");
        let pool = Pool { in_use: 2, most: 2, oldest: Some(holder()) };
        let told = message(&Readings { pool: Some(pool), ..Readings::default() });
        assert!(told.contains("all 2 readers") && told.contains("the call script"), "{told}");
        let denials = vec![Denials { actor: "eve".into(), count: 9, last: "call backup".into() }];
        let readings = Readings { denials: Some(denials), ..Readings::default() };
        let found = judge(&readings, &AlertLimits::default(), 0).found.remove(0);
        assert_eq!(found.subject, "eve");
        assert_eq!(found.message, "eve was denied 9 calls, the last: call backup");
    }

    #[test]
    fn a_limit_of_zero_switches_a_rule_off_and_another_moves_it() {
        let disk = Readings { free_disk: Some(100), ..Readings::default() };
        let with = |bytes| judge(&disk, &AlertLimits { disk_free_bytes: Some(bytes), ..AlertLimits::default() }, 0);
        assert!(with(0).judged.is_empty());
        assert!(with(50).found.is_empty());
        assert_eq!(with(101).found[0].severity, Warning);
        assert_eq!(with(1_000).found[0].severity, Critical);
    }

    #[test]
    fn how_long_a_rule_must_hold_can_be_said() {
        let limits = |for_ms, pool_exhausted_ms| AlertLimits { for_ms, pool_exhausted_ms, ..AlertLimits::default() };
        assert_eq!(holds_for_ms(&POOL_EXHAUSTED, &limits(None, None)), 5_000);
        assert_eq!(holds_for_ms(&POOL_EXHAUSTED, &limits(None, Some(7))), 7);
        assert_eq!(holds_for_ms(&DISK_SPACE, &limits(None, Some(7))), 5_000);
        assert_eq!(holds_for_ms(&DISK_SPACE, &limits(Some(0), None)), 0);
    }
}
