//! Properties of retention: random backups, policies and clocks that jump; the same cases in every run.
//!
//! Leaves to others: examples that can be read (`retention.rs`).

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::tests::{DAY, HOUR, MONDAY, daily, item, kept};
use super::{Item, Policy, Reason, judge, utc};

fn policies() -> impl Strategy<Value = Policy> {
    let rule = || proptest::option::weighted(0.4, 0..4_u32);
    let rules = (rule(), rule(), rule(), rule(), rule(), rule());
    (rules, 0..4_u32, rule(), rule()).prop_map(|((last, hourly, daily, weekly, monthly, yearly), minimum, m, r)| {
        Policy { last, hourly, daily, weekly, monthly, yearly, minimum, pre_migrate: m, pre_restore: r }
    })
}

/// Times around a week, a clock that stands, and clocks that jumped.
fn times() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => (0..24 * 9_i64).prop_map(|hours| MONDAY + hours * HOUR),
        2 => (0..400_i64).prop_map(|days| MONDAY + days * DAY),
        1 => Just(0),
        1 => any::<i64>(),
    ]
}

fn backups() -> impl Strategy<Value = Vec<Item>> {
    let flag = |often| proptest::bool::weighted(often);
    let one = (times(), flag(0.7), flag(0.1), flag(0.1), 0..8_usize, proptest::option::weighted(0.3, 0..30_u64));
    proptest::collection::vec(one, 0..24).prop_map(|all| {
        let mut items = Vec::new();
        for (at, (created_at, verified, pinned, in_use, reason, base)) in (1..).zip(all) {
            let reason = match reason {
                0 => Reason::PreMigrate,
                1 => Reason::PreRestore,
                2 => Reason::Manual,
                _ => Reason::Scheduled,
            };
            let base = base.map(|base| format!("app-{base:03}"));
            items.push(Item { verified, pinned, in_use, reason, base, ..item(at * 7 % 29, created_at) });
        }
        items
    })
}

fn hold<S: Strategy>(strategy: S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases: 1000, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
        .run(&strategy, property)
        .unwrap();
}

#[test]
fn what_must_stay_stays_under_every_policy() {
    hold((backups(), policies()), |(items, policy)| {
        let verdicts = judge(&items, &policy);
        prop_assert_eq!(verdicts.len(), items.len());
        let newest = |full: bool| {
            let those = items.iter().filter(|item| item.verified && (!full || item.base.is_none()));
            those.max_by_key(|item| item.sequence).map(|item| item.id.clone())
        };
        let kept: HashSet<&str> = verdicts.iter().filter(|found| found.keep).map(|found| &*found.id).collect();
        for (item, verdict) in items.iter().zip(&verdicts) {
            prop_assert_eq!(&item.id, &verdict.id);
            prop_assert_eq!(verdict.keep, !verdict.because.is_empty());
            let id = Some(item.id.clone());
            let must = item.pinned || item.in_use || id == newest(false) || id == newest(true);
            prop_assert!(verdict.keep || !must, "{} is deleted", item.id);
            if let Some(base) = item.base.as_deref().filter(|_| verdict.keep) {
                let there = items.iter().any(|other| other.id == base);
                prop_assert!(!there || kept.contains(base), "{} lost its base", item.id);
            }
        }
        let full = |item: &&Item| item.verified && item.base.is_none();
        let (all, left) = (
            items.iter().filter(full).count(),
            items.iter().filter(full).filter(|item| kept.contains(&*item.id)).count(),
        );
        prop_assert!(left >= all.min(policy.minimum as usize), "{left} of {all} full ones stay");
        let survivors: Vec<Item> = items.iter().filter(|item| kept.contains(&*item.id)).cloned().collect();
        prop_assert!(judge(&survivors, &policy).iter().all(|verdict| verdict.keep), "a second look deletes more");
        let mut shuffled = items.clone();
        shuffled.reverse();
        let mut again = judge(&shuffled, &policy);
        again.reverse();
        prop_assert_eq!(verdicts, again, "the order of the list matters");
        Ok(())
    });
}

#[test]
fn a_rule_keeps_as_many_as_it_says_and_a_wrong_clock_costs_one_other_slot() {
    let clocks = proptest::collection::vec(times(), 1..24);
    hold((clocks, 1..5_u32, any::<prop::sample::Index>(), times()), |(clocks, count, at, jump)| {
        let mut items: Vec<Item> = (1..).zip(&clocks).map(|(at, &time)| item(at, time)).collect();
        let periods = |items: &[Item]| items.iter().map(|item| utc(item.created_at).date()).collect::<HashSet<_>>();
        let before = kept(&items, &daily(count));
        prop_assert_eq!(before.len(), periods(&items).len().min(count as usize));
        let at = at.index(items.len());
        items[at].created_at = jump;
        let after = kept(&items, &daily(count));
        prop_assert_eq!(after.len(), periods(&items).len().min(count as usize));
        let lost = before.iter().filter(|&&sequence| sequence != items[at].sequence && !after.contains(&sequence));
        prop_assert!(lost.count() <= 1, "{before:?} became {after:?}");
        let last = Policy { last: Some(count), ..Policy::default() };
        let oldest = (items.len() as u64).saturating_sub(count.into()) + 1;
        prop_assert_eq!(kept(&items, &last), (oldest..=items.len() as u64).collect::<Vec<_>>());
        Ok(())
    });
}

#[test]
fn with_a_good_clock_it_is_the_rule_that_others_have() {
    let steps = proptest::collection::vec(0..40 * HOUR, 1..30);
    hold((steps, 1..9_u32), |(steps, count)| {
        let times = steps.iter().scan(MONDAY, |time, step| {
            *time += step;
            Some(*time)
        });
        let items: Vec<Item> = (1..).zip(times).map(|(at, time)| item(at, time)).collect();
        // the walk of borg's prune: from the newest, each whose day is another than that of the last one kept
        let (mut wanted, mut last) = (Vec::new(), None);
        for item in items.iter().rev() {
            let day = item.created_at.div_euclid(DAY);
            if last != Some(day) && wanted.len() < count as usize {
                wanted.insert(0, item.sequence);
                last = Some(day);
            }
        }
        prop_assert_eq!(kept(&items, &daily(count)), wanted);
        Ok(())
    });
}
