//! The rules with readings that are made up.

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
    let age =
        |hours: i64| Readings { newest_backup: Some(Some((1_000 - hours) * HOUR_MS as i64)), ..Readings::default() };
    let none = Readings { newest_backup: Some(None), ..Readings::default() };
    let pages = |newest, before| Readings { backup_pages: Some((newest, before)), ..Readings::default() };
    let locks = |waited, gave_up| Readings { locks: Some(Locks { waited, gave_up }), ..Readings::default() };
    let pool = |in_use| Readings { pool: Some(Pool { in_use, most: 10, oldest: None }), ..Readings::default() };
    let slow = |recent_us, calls| {
        let time = StatementTime { recent_us, baseline_us: 1_000, calls, ..StatementTime::default() };
        Readings { statements: Some([time].into()), ..Readings::default() }
    };
    let scan =
        |rows| Readings { scans: Some([FullScan { rows, ..FullScan::default() }].into()), ..Readings::default() };
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
        actor: Some("bob".into()),
        role: Some("supervisor"),
        statement: Some("SELECT ?".into()),
    };
    let wal = Readings { wal: Some(Wal { size_bytes: 1 << 30, holder: Some(holder()) }), ..Readings::default() };
    let told = message(&wal);
    assert!(told.contains("the call script of bob of the role supervisor (SELECT ?) for 9000 ms"), "{told}");
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
fn what_health_finds_and_no_rule_tells_of_is_told_once() {
    type Told = Vec<(String, Level, Severity)>;
    let found = |id, status, remedy: &str| -> Told {
        let remedy = Some(remedy.to_owned());
        let check = Check { id, status, value: json!(1), threshold: json!(0), measured_at: 0, cost_us: 0, remedy };
        let readings = Readings { health: Some([check].into()), ..Readings::default() };
        let found = judge(&readings, &AlertLimits::default(), 0).found.into_iter();
        found.filter(|found| found.rule == &HEALTH).map(|found| (found.subject, found.level, found.severity)).collect()
    };
    let of = |id, status| found(id, status, "do it");
    use HealthStatus::{Critical as Worst, Degraded, Ok, Unknown};
    assert_eq!(of("ballast", Ok), []);
    assert_eq!(of("ballast", Degraded), [("ballast".into(), Level::Bad, Warning)]);
    assert_eq!(of("file", Worst), [("file".into(), Level::Bad, Critical)]);
    assert_eq!(of("file", Unknown), [("file".into(), Level::Between, Warning)], "it was in use");
    assert_eq!(of("backup_age", Unknown), [("backup_age".into(), Level::Bad, Warning)], "the folder is gone");
    for told in
        ["backup_age", "free_disk", "wal_size", "pool", "busy_rate", "pragmas", "integrity", "foreign_sqlite", "alerts"]
    {
        assert_eq!(of(told, Degraded), [], "{told} has a rule, or is one");
    }
    assert_eq!(of("migrations", Degraded).len(), 1);
    // it fired for what health had found up to ten looks ago, when the rule had seen that it was undone, or had not seen it yet
    assert_eq!(
        found("migrations", Degraded, Check::CHANGED_BY_HAND),
        [],
        "the rule drift tells of it, or that it is over"
    );
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
