//! Which backups stay: [`judge`] says it of each, and why.
//!
//! Every rule is a ladder of the newest slots: each backup is a slot of its own for `last`, each period (UTC, ISO weeks) that
//! has a backup is one for the others. A backup that is not verified takes no slot: it stays beside them while its slot is
//! among the newest ones and has no verified backup, so that neither a failing check nor a check that was never asked for
//! pushes out what is proved, or loses what is new.
//! Leaves to others: finding the backups, and deleting.
//!
//! Invariants: newer and older are by `sequence`, never by the clock, which only names the period, so that one wrong clock
//! costs one slot; what stays now stays when those that stayed are judged again.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// What is to stay. A rule that is `None` or 0 asks for nothing; with no rule at all every manual and scheduled backup stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// This many of the newest.
    pub last: Option<u32>,
    /// The newest of each of this many hours.
    pub hourly: Option<u32>,
    /// The newest of each of this many days.
    pub daily: Option<u32>,
    /// The newest of each of this many ISO weeks.
    pub weekly: Option<u32>,
    /// The newest of each of this many months.
    pub monthly: Option<u32>,
    /// The newest of each of this many years.
    pub yearly: Option<u32>,
    /// Never fewer than this many verified full backups stay.
    pub minimum: u32,
    /// Of those made before a migration the newest this many; `None` keeps all. The rules above are not for them.
    pub pre_migrate: Option<u32>,
    /// Of those made before a restore the newest this many; `None` keeps all. The rules above are not for them.
    pub pre_restore: Option<u32>,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            last: None,
            hourly: None,
            daily: None,
            weekly: None,
            monthly: None,
            yearly: None,
            minimum: 1,
            pre_migrate: None,
            pre_restore: None,
        }
    }
}

/// Why a backup was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Somebody asked for it.
    Manual,
    /// It was time.
    Scheduled,
    /// A migration was about to run.
    PreMigrate,
    /// A restore was about to run.
    PreRestore,
}

/// One backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name.
    pub id: String,
    /// Order in which they were made; never from a clock.
    pub sequence: u64,
    /// When, by the clock of the machine.
    pub created_at: i64,
    /// Whether it was checked and found whole.
    pub verified: bool,
    /// Whether somebody wants it to stay.
    pub pinned: bool,
    /// Whether somebody reads it now.
    pub in_use: bool,
    /// Why it was made.
    pub reason: Reason,
    /// The backup that this incremental one is based on; `None` for a full one.
    pub base: Option<String>,
}

/// What becomes of one backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Its name.
    pub id: String,
    /// Whether it stays.
    pub keep: bool,
    /// Why it stays, each reason; empty when it does not.
    pub because: Vec<String>,
}

/// Judges every backup; the verdicts are in the order of `items`. Files that are no finished backups are not to be among them.
///
/// Whatever the policy, these stay: the newest verified backup, the newest verified full one, a pinned one, one in use, the
/// `minimum`, and every base of one that stays.
#[must_use]
pub fn judge(items: &[Item], policy: &Policy) -> Vec<Verdict> {
    let mut newest_first: Vec<usize> = (0..items.len()).collect();
    // why by name too: no two should have one number, but if they do the answer must not depend on who listed them
    newest_first.sort_by_key(|&at| Reverse((items[at].sequence, &items[at].id)));
    let mut bench = Bench { items, newest_first, because: vec![Vec::new(); items.len()] };
    bench.by_rules(policy);
    bench.before(Reason::PreMigrate, "pre-migrate", policy.pre_migrate);
    bench.before(Reason::PreRestore, "pre-restore", policy.pre_restore);
    bench.whatever_the_policy();
    bench.bases();
    // why after the bases: they count, and a full backup has none of its own
    bench.minimum(policy.minimum);
    let verdict =
        |(item, because): (&Item, Vec<String>)| Verdict { id: item.id.clone(), keep: !because.is_empty(), because };
    items.iter().zip(bench.because).map(verdict).collect()
}

/// The name of the period that a time lies in.
type Period = fn(DateTime) -> String;

struct Bench<'i> {
    items: &'i [Item],
    newest_first: Vec<usize>,
    because: Vec<Vec<String>>,
}

impl Bench<'_> {
    fn by_rules(&mut self, policy: &Policy) {
        let ordinary = self.those(|item| matches!(item.reason, Reason::Manual | Reason::Scheduled));
        let asked = |rule: Option<u32>| rule.filter(|&slots| slots > 0);
        let periods: [(&str, Option<u32>, Period); 5] = [
            ("hourly", policy.hourly, |time| format!("{}T{:02}", time.date(), time.hour())),
            ("daily", policy.daily, |time| time.date().to_string()),
            ("weekly", policy.weekly, |time| {
                let week = time.date().iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }),
            ("monthly", policy.monthly, |time| format!("{:04}-{:02}", time.year(), time.month())),
            ("yearly", policy.yearly, |time| format!("{:04}", time.year())),
        ];
        if asked(policy.last).is_none() && periods.iter().all(|(_, slots, _)| asked(*slots).is_none()) {
            ordinary.into_iter().for_each(|at| self.keep(at, "no rule".into()));
            return;
        }
        if let Some(slots) = asked(policy.last) {
            self.ladder(&ordinary, slots, |at, _| at, |_| format!("last {slots}"));
        }
        for (name, slots, period) in periods {
            let Some(slots) = asked(slots) else { continue };
            self.ladder(&ordinary, slots, |_, item| period(utc(item.created_at)), |period| format!("{name} {period}"));
        }
    }

    /// Fills the newest `slots` of a rule. `among` is newest first; `slot` is where a backup belongs.
    fn ladder<S: std::hash::Hash + Eq>(
        &mut self,
        among: &[usize],
        slots: u32,
        slot: impl Fn(usize, &Item) -> S,
        name: impl Fn(&S) -> String,
    ) {
        let slots = usize::try_from(slots).unwrap_or(usize::MAX);
        let (verified, others): (Vec<usize>, Vec<usize>) = among.iter().partition(|&&at| self.items[at].verified);
        let first_of_each = |list: Vec<usize>| -> Vec<(usize, S)> {
            let mut seen = HashSet::new();
            let first = list.into_iter().map(|at| (at, slot(at, &self.items[at])));
            first.filter(|(at, _)| seen.insert(slot(*at, &self.items[*at]))).collect()
        };
        let mut taken = first_of_each(verified);
        let proved: HashSet<S> = taken.iter().map(|(at, _)| slot(*at, &self.items[*at])).collect();
        taken.truncate(slots);
        let oldest = taken.get(slots - 1).map_or(0, |(at, _)| self.items[*at].sequence);
        // why cut before the proved slots are left out: after their unverified backups are gone, others may only move up
        let beside = first_of_each(others).into_iter().take(slots);
        let beside: Vec<(usize, S)> =
            beside.filter(|(at, slot)| self.items[*at].sequence >= oldest && !proved.contains(slot)).collect();
        taken.into_iter().for_each(|(at, slot)| self.keep(at, name(&slot)));
        beside.into_iter().for_each(|(at, slot)| self.keep(at, format!("{}, unverified", name(&slot))));
    }

    fn before(&mut self, reason: Reason, name: &str, limit: Option<u32>) {
        let those = self.those(|item| item.reason == reason);
        let (most, because) = match limit {
            Some(limit) => (usize::try_from(limit).unwrap_or(usize::MAX), format!("{name} {limit}")),
            None => (usize::MAX, name.to_owned()),
        };
        those.into_iter().take(most).for_each(|at| self.keep(at, because.clone()));
    }

    fn whatever_the_policy(&mut self) {
        if let Some(&at) = self.those(|item| item.verified).first() {
            self.keep(at, "newest verified".into());
        }
        if let Some(&at) = self.those(|item| item.verified && item.base.is_none()).first() {
            self.keep(at, "newest verified full".into());
        }
        self.those(|item| item.pinned).into_iter().for_each(|at| self.keep(at, "pinned".into()));
        self.those(|item| item.in_use).into_iter().for_each(|at| self.keep(at, "in use".into()));
    }

    fn bases(&mut self) {
        let mut named: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, item) in self.items.iter().enumerate() {
            named.entry(&item.id).or_default().push(at);
        }
        let mut open: Vec<usize> = self.those(|_| true).into_iter().filter(|&at| self.kept(at)).collect();
        while let Some(at) = open.pop() {
            let item = &self.items[at];
            for &base in item.base.as_deref().and_then(|base| named.get(base)).into_iter().flatten() {
                if !self.kept(base) {
                    open.push(base);
                }
                self.keep(base, format!("base of {}", item.id));
            }
        }
    }

    fn minimum(&mut self, minimum: u32) {
        let full = self.those(|item| item.verified && item.base.is_none());
        let (kept, others): (Vec<usize>, Vec<usize>) = full.into_iter().partition(|&at| self.kept(at));
        let missing = usize::try_from(minimum).unwrap_or(usize::MAX).saturating_sub(kept.len());
        others.into_iter().take(missing).for_each(|at| self.keep(at, "minimum".into()));
    }

    /// Newest first.
    fn those(&self, which: impl Fn(&Item) -> bool) -> Vec<usize> {
        self.newest_first.iter().copied().filter(|&at| which(&self.items[at])).collect()
    }

    pub(super) fn kept(&self, at: usize) -> bool {
        !self.because[at].is_empty()
    }

    fn keep(&mut self, at: usize, because: String) {
        self.because[at].push(because);
    }
}

/// The time of a clock that may say anything; beyond the calendar is its end.
fn utc(milliseconds: i64) -> DateTime {
    let end = if milliseconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    TimeZone::UTC.to_datetime(Timestamp::from_millisecond(milliseconds).unwrap_or(end))
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const HOUR: i64 = 3_600_000;
    pub(super) const DAY: i64 = 24 * HOUR;
    /// 2026-01-26, a Monday.
    pub(super) const MONDAY: i64 = 1_769_385_600_000;

    pub(super) fn item(sequence: u64, created_at: i64) -> Item {
        let (verified, pinned, in_use, reason, base) = (true, false, false, Reason::Scheduled, None);
        Item { id: format!("app-{sequence:03}"), sequence, created_at, verified, pinned, in_use, reason, base }
    }

    fn days(count: u64) -> Vec<Item> {
        (1..=count).map(|at| item(at, MONDAY + i64::try_from(at - 1).unwrap() * DAY)).collect()
    }

    pub(super) fn kept(items: &[Item], policy: &Policy) -> Vec<u64> {
        let verdicts = judge(items, policy);
        items.iter().zip(verdicts).filter(|(_, verdict)| verdict.keep).map(|(item, _)| item.sequence).collect()
    }

    pub(super) fn daily(count: u32) -> Policy {
        Policy { daily: Some(count), ..Policy::default() }
    }

    #[test]
    fn each_rule_keeps_the_newest_of_its_periods() {
        // a backup every 6 hours for 60 days: number 1 at midnight of a Monday, number 240 on 2026-03-26 at 18:00
        let items: Vec<Item> =
            (1..=240).map(|at| item(at, MONDAY + i64::try_from(at - 1).unwrap() * 6 * HOUR)).collect();
        let none = Policy::default();
        for (policy, wanted) in [
            (Policy { last: Some(3), ..none.clone() }, vec![238, 239, 240]),
            (Policy { hourly: Some(2), ..none.clone() }, vec![239, 240]),
            (Policy { daily: Some(3), ..none.clone() }, vec![232, 236, 240]),
            (Policy { weekly: Some(3), ..none.clone() }, vec![196, 224, 240]),
            (Policy { monthly: Some(9), ..none.clone() }, vec![24, 136, 240]),
            (Policy { yearly: Some(2), ..none.clone() }, vec![240]),
            (Policy { last: Some(2), weekly: Some(2), ..none.clone() }, vec![224, 239, 240]),
            (Policy { yearly: Some(1), minimum: 3, ..none.clone() }, vec![238, 239, 240]),
            (Policy { last: Some(1), daily: Some(0), minimum: 0, ..none.clone() }, vec![240]),
        ] {
            assert_eq!(kept(&items, &policy), wanted, "{policy:?}");
        }
    }

    #[test]
    fn a_policy_without_a_rule_keeps_every_ordinary_backup() {
        let items = days(5);
        for last in [None, Some(0)] {
            assert_eq!(kept(&items, &Policy { last, ..Policy::default() }), [1, 2, 3, 4, 5]);
        }
    }

    #[test]
    fn each_reason_to_stay_is_said() {
        let mut items = days(6);
        items[0].pinned = true;
        items[1].in_use = true;
        items[3].base = Some(items[2].id.clone());
        items[3].pinned = true;
        items[5].verified = false;
        let policy = Policy { last: Some(1), daily: Some(1), weekly: Some(1), minimum: 4, ..Policy::default() };
        let because: Vec<String> =
            judge(&items, &policy).into_iter().map(|verdict| verdict.because.join(", ")).collect();
        let wanted = [
            "pinned",
            "in use",
            "base of app-004",
            "pinned",
            "last 1, daily 2026-01-30, weekly 2026-W05, newest verified, newest verified full",
            "last 1, unverified, daily 2026-01-31, unverified",
        ];
        assert_eq!(because, wanted);
        items[0].pinned = false;
        assert_eq!(judge(&items, &policy)[0].because, ["minimum"], "with three others the first one is needed again");
    }

    #[test]
    fn an_unverified_backup_takes_the_place_of_no_verified_one() {
        let mut items = days(3);
        items.push(Item { verified: false, ..item(4, MONDAY + 2 * DAY + HOUR) });
        assert_eq!(kept(&items, &daily(2)), [2, 3], "the newest of its day, but its day has a verified one");
        items.push(Item { verified: false, ..item(5, MONDAY + 3 * DAY) });
        assert_eq!(kept(&items, &daily(2)), [2, 3, 5], "the only one of its day stays, and pushes none out");
        items.insert(0, Item { verified: false, ..item(0, MONDAY - DAY) });
        assert_eq!(kept(&items, &daily(2)), [2, 3, 5], "what is older than the slots does not stay");
        items.iter_mut().for_each(|item| item.verified = false);
        assert_eq!(kept(&items, &daily(2)), [4, 5], "where none is verified they are slots like any");
    }

    #[test]
    fn backups_before_a_migration_or_a_restore_have_limits_of_their_own() {
        let mut items = days(6);
        items[0].reason = Reason::PreRestore;
        items[1].reason = Reason::PreMigrate;
        items[4].reason = Reason::PreMigrate;
        items[5].reason = Reason::PreMigrate;
        let policy = Policy { last: Some(1), ..Policy::default() };
        assert_eq!(kept(&items, &policy), [1, 2, 4, 5, 6], "without a limit all, and they take no slot");
        let policy = Policy { pre_migrate: Some(2), pre_restore: Some(0), ..policy };
        assert_eq!(kept(&items, &policy), [4, 5, 6]);
        let policy = Policy { pre_migrate: Some(0), ..policy };
        assert_eq!(kept(&items, &policy), [4, 6], "the newest verified one stays whatever it was made for");
    }

    #[test]
    fn a_chain_stays_whole_though_its_bases_are_older_than_every_rule() {
        let mut items = days(6);
        for at in [2, 3, 5] {
            items[at].base = Some(items[at - 1].id.clone());
        }
        items[4].base = Some("app-elsewhere".into());
        items[3].in_use = true;
        assert_eq!(kept(&items, &daily(1)), [2, 3, 4, 5, 6]);
        items[1].base = Some(items[3].id.clone());
        assert_eq!(kept(&items, &daily(1)), [1, 2, 3, 4, 5, 6], "a circle has an end, and the newest full one stays");
    }

    #[test]
    fn a_clock_may_say_anything() {
        let far = 4_070_908_800_000; // 2099
        for wrong in [far, 0, -1, -DAY, i64::MIN, i64::MAX] {
            let mut items = days(6);
            items[2].created_at = wrong;
            assert_eq!(kept(&items, &daily(4)), [3, 4, 5, 6], "{wrong}: one slot, by its place in the order");
            items[5].created_at = wrong;
            assert_eq!(kept(&items, &daily(3)), [4, 5, 6], "{wrong}: the newest is the newest");
        }
        let back: Vec<Item> = (1..=6).map(|at| item(at, far - i64::try_from(at).unwrap() * DAY)).collect();
        assert_eq!(kept(&back, &daily(2)), [5, 6], "a clock that runs backwards");
    }
}
