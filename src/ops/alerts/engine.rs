//! [`Engine`]: the life of alerts, from what the rules say at each look.
//!
//! Leaves to others: what is wrong (`rules.rs`), and telling anybody (`board.rs`).
//!
//! Invariants: one alert a key at a time; it fires when its condition has held for long enough, and is over when it was clear for
//! long enough: what goes up and down faster than that tells nothing new. Durations are by a clock that never goes back; times in
//! reports are not. What could not be judged stays as it is.

use std::collections::{BTreeMap, VecDeque};

use super::rules::{Found, Level, Verdict, holds_for_ms};
use crate::error::{Error, Result};
use crate::machine::Moment;
use crate::report::{Alert, AlertEvent, AlertState};
use crate::request::AlertLimits;

/// Events and resolved alerts that are remembered.
const MOST_REMEMBERED: usize = 1_000;
/// How long a condition must be clear, where nothing else is said.
const CLEAR_MS: u64 = 5_000;

/// See the head of this file.
#[derive(Debug, Default)]
pub struct Engine {
    live: BTreeMap<String, Live>,
    resolved: VecDeque<Alert>,
    events: VecDeque<AlertEvent>,
    /// What nobody was told yet.
    untold: Vec<(AlertEvent, Alert)>,
    last_id: u64,
    last_seq: u64,
}

#[derive(Debug)]
struct Live {
    alert: Alert,
    /// When the condition began to hold, by the steady clock.
    since: u64,
    /// Since when it is clear, by the steady clock.
    clear_since: Option<u64>,
}

impl Engine {
    /// Takes in what the rules say now.
    pub fn observe(&mut self, verdict: &Verdict, limits: &AlertLimits, now: Moment) {
        for found in &verdict.found {
            let key = match found.subject.as_str() {
                "" => found.rule.name.to_owned(),
                subject => format!("{}:{subject}", found.rule.name),
            };
            match found.level {
                Level::Bad => self.holds(&key, found, limits, now),
                Level::Between => self.lingers(&key, found),
                Level::Good => self.is_clear(&key, limits, now),
            }
        }
        let speaks = |alert: &Alert| {
            let subject = alert.key.strip_prefix(alert.rule).map_or("", |rest| rest.trim_start_matches(':'));
            verdict.found.iter().any(|found| found.rule.name == alert.rule && found.subject == subject)
        };
        let silent =
            self.live.iter().filter(|(_, live)| verdict.judged.contains(&live.alert.rule) && !speaks(&live.alert));
        let silent: Vec<String> = silent.map(|(key, _)| key.clone()).collect();
        for key in silent {
            self.is_clear(&key, limits, now);
        }
    }

    fn holds(&mut self, key: &str, found: &Found, limits: &AlertLimits, now: Moment) {
        let live = self.live.entry(key.to_owned()).or_insert_with(|| {
            self.last_id += 1;
            Live { alert: pending(self.last_id, key, found, now), since: now.steady_ms, clear_since: None }
        });
        live.clear_since = None;
        let worse = found.severity > live.alert.severity;
        live.alert.severity = found.severity;
        live.update(found);
        let held = now.steady_ms.saturating_sub(live.since) >= holds_for_ms(found.rule, limits);
        match live.alert.state {
            AlertState::Pending if held => {
                live.alert.fired_at = Some(now.wall_ms);
                self.turn(key, AlertState::Firing, now);
            }
            AlertState::Firing | AlertState::Acknowledged if worse => self.turn(key, AlertState::Firing, now),
            _ => {}
        }
    }

    fn lingers(&mut self, key: &str, found: &Found) {
        let Some(live) = self.live.get_mut(key) else { return };
        if live.alert.state == AlertState::Pending {
            self.live.remove(key);
        } else {
            live.clear_since = None;
            live.update(found);
        }
    }

    fn is_clear(&mut self, key: &str, limits: &AlertLimits, now: Moment) {
        let Some(live) = self.live.get_mut(key) else { return };
        if live.alert.state == AlertState::Pending {
            self.live.remove(key);
            return;
        }
        let since = *live.clear_since.get_or_insert(now.steady_ms);
        if now.steady_ms.saturating_sub(since) < limits.clear_ms.unwrap_or(CLEAR_MS) {
            return;
        }
        live.alert.resolved_at = Some(now.wall_ms);
        self.turn(key, AlertState::Resolved, now);
        if let Some(live) = self.live.remove(key) {
            remember(&mut self.resolved, live.alert);
        }
    }

    /// Says that `actor` looks after the alert with this key.
    pub fn acknowledge(&mut self, key: &str, actor: &str, now: Moment) -> Result<()> {
        let live = self.live.get_mut(key).filter(|live| live.alert.state != AlertState::Pending);
        let live = live.ok_or_else(|| Error::NoSuch {
            what: format!("a firing alert with the key {key}"),
            remedy: "alerts lists the keys of those that are firing",
        })?;
        if live.alert.state == AlertState::Firing {
            live.alert.acknowledged_at = Some(now.wall_ms);
            live.alert.acknowledged_by = Some(actor.to_owned());
            self.turn(key, AlertState::Acknowledged, now);
        }
        Ok(())
    }

    fn turn(&mut self, key: &str, to: AlertState, now: Moment) {
        let Some(live) = self.live.get_mut(key) else { return };
        let from = std::mem::replace(&mut live.alert.state, to);
        self.last_seq += 1;
        let event = AlertEvent { seq: self.last_seq, at: now.wall_ms, key: key.to_owned(), from, to };
        remember(&mut self.events, event.clone());
        self.untold.push((event, live.alert.clone()));
    }

    /// What changed since this was asked the last time.
    pub fn take_untold(&mut self) -> Vec<(AlertEvent, Alert)> {
        std::mem::take(&mut self.untold)
    }

    /// What is pending, firing or acknowledged, the worst first.
    #[must_use]
    pub fn live(&self) -> Vec<&Alert> {
        let mut alerts: Vec<&Alert> = self.live.values().map(|live| &live.alert).collect();
        alerts.sort_by_key(|alert| (alert.state == AlertState::Pending, std::cmp::Reverse(alert.severity), alert.id));
        alerts
    }

    /// What was resolved, the newest first.
    pub fn resolved(&self) -> impl Iterator<Item = &Alert> {
        self.resolved.iter().rev()
    }

    /// The events after the one with the number `since`, the oldest first.
    pub fn events(&self, since: u64) -> impl Iterator<Item = &AlertEvent> {
        self.events.iter().filter(move |event| event.seq > since)
    }

    /// The number of the last event.
    #[must_use]
    pub fn last_event(&self) -> u64 {
        self.last_seq
    }

    /// Forgets all but the numbers, which go on: whoever polls must not take a new event for an old one.
    pub fn clear(&mut self) {
        *self = Engine { last_id: self.last_id, last_seq: self.last_seq, ..Engine::default() };
    }
}

impl Live {
    fn update(&mut self, found: &Found) {
        self.alert.value = found.value.clone();
        self.alert.message.clone_from(&found.message);
    }
}

fn pending(id: u64, key: &str, found: &Found, now: Moment) -> Alert {
    Alert {
        id,
        key: key.to_owned(),
        rule: found.rule.name,
        severity: found.severity,
        state: AlertState::Pending,
        value: found.value.clone(),
        threshold: found.threshold.clone(),
        message: found.message.clone(),
        remedy: found.remedy(),
        since: now.wall_ms,
        fired_at: None,
        acknowledged_at: None,
        acknowledged_by: None,
        resolved_at: None,
    }
}

fn remember<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() >= MOST_REMEMBERED {
        list.pop_front();
    }
    list.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::super::readings::{Denials, Readings};
    use super::super::rules::judge;
    use super::*;
    use crate::report::Severity;

    /// An engine with a clock that the test sets, and the rule on free disk: bad below 512 MiB for 5 s, clear from 640 MiB on for
    /// 5 s, critical below 64 MiB.
    struct Scene {
        engine: Engine,
        now: Moment,
    }

    const LOW: Option<u64> = Some(100 << 20);
    const BETWEEN: Option<u64> = Some(600 << 20);
    const PLENTY: Option<u64> = Some(700 << 20);

    impl Scene {
        fn new() -> Scene {
            Scene { engine: Engine::default(), now: Moment { wall_ms: 1_000_000, steady_ms: 50 } }
        }

        /// After a second, with so much free disk.
        fn look(&mut self, free_disk: Option<u64>) -> &mut Scene {
            self.look_at(&Readings { free_disk, ..Readings::default() })
        }

        fn look_at(&mut self, readings: &Readings) -> &mut Scene {
            self.now.wall_ms += 1_000;
            self.now.steady_ms += 1_000;
            let limits = AlertLimits::default();
            self.engine.observe(&judge(readings, &limits, self.now.wall_ms), &limits, self.now);
            self
        }

        fn states(&self) -> Vec<AlertState> {
            self.engine.live().iter().map(|alert| alert.state).collect()
        }

        fn told(&mut self) -> Vec<(AlertState, AlertState)> {
            self.engine.take_untold().into_iter().map(|(event, _)| (event.from, event.to)).collect()
        }

        fn firing() -> Scene {
            let mut scene = Scene::new();
            for _ in 0..6 {
                scene.look(LOW);
            }
            assert_eq!(scene.told(), [(AlertState::Pending, AlertState::Firing)]);
            scene
        }
    }

    #[test]
    fn what_is_clear_with_a_break_in_between_is_not_over() {
        let mut scene = Scene::firing();
        for free in [PLENTY, PLENTY, PLENTY, PLENTY, BETWEEN, PLENTY, PLENTY, PLENTY, PLENTY, PLENTY] {
            scene.look(free);
            assert_eq!(scene.states(), [AlertState::Firing]);
        }
        scene.look(PLENTY);
        assert_eq!(scene.told(), [(AlertState::Firing, AlertState::Resolved)]);
    }

    #[test]
    fn an_alert_fires_only_after_its_duration() {
        let mut scene = Scene::new();
        for _ in 0..5 {
            scene.look(LOW);
            assert_eq!((scene.states(), scene.told()), (vec![AlertState::Pending], vec![]));
        }
        scene.look(LOW);
        assert_eq!(scene.states(), [AlertState::Firing]);
        let alert = scene.engine.live()[0].clone();
        assert_eq!((alert.since, alert.fired_at), (1_001_000, Some(1_006_000)));
        assert_eq!((alert.key.as_str(), alert.severity), ("disk_space", Severity::Warning));
    }

    #[test]
    fn what_is_over_before_its_duration_leaves_no_trace() {
        let mut scene = Scene::new();
        for round in 0..20 {
            scene.look(LOW).look(LOW).look(if round % 2 == 0 { PLENTY } else { BETWEEN });
            assert_eq!((scene.states(), scene.told()), (vec![], vec![]));
        }
        assert_eq!(scene.engine.last_event(), 0);
    }

    #[test]
    fn it_is_resolved_when_it_was_clear_for_long_enough() {
        let mut scene = Scene::firing();
        for _ in 0..5 {
            scene.look(PLENTY);
            assert_eq!(scene.states(), [AlertState::Firing]);
        }
        scene.look(PLENTY);
        assert_eq!((scene.states(), scene.told()), (vec![], vec![(AlertState::Firing, AlertState::Resolved)]));
        let resolved: Vec<&Alert> = scene.engine.resolved().collect();
        assert_eq!((resolved.len(), resolved[0].resolved_at), (1, Some(scene.now.wall_ms)));
    }

    #[test]
    fn between_the_levels_it_goes_on_and_flapping_tells_nothing() {
        let mut scene = Scene::firing();
        for _ in 0..100 {
            scene.look(BETWEEN);
        }
        for round in 0..100 {
            scene.look(if round % 3 == 0 { LOW } else { PLENTY });
        }
        assert_eq!((scene.states(), scene.told()), (vec![AlertState::Firing], vec![]));
    }

    #[test]
    fn one_key_has_one_alert_and_two_subjects_have_two() {
        let mut scene = Scene::new();
        let denied = |actors: &[&str]| Readings {
            denials: Some(
                actors.iter().map(|actor| Denials { actor: (*actor).into(), count: 9, last: "x".into() }).collect(),
            ),
            ..Readings::default()
        };
        scene.look_at(&denied(&["eve", "mallory"])).look_at(&denied(&["eve", "mallory"]));
        let keys: Vec<String> = scene.engine.live().iter().map(|alert| alert.key.clone()).collect();
        assert_eq!(keys, ["denials:eve", "denials:mallory"]);
        assert_eq!(scene.told().len(), 2, "each once");
        for _ in 0..6 {
            scene.look_at(&denied(&["mallory"]));
        }
        assert_eq!(scene.engine.live().len(), 1, "who is not among the denied is clear");
    }

    #[test]
    fn somebody_looks_after_it_and_it_is_still_resolved() {
        let mut scene = Scene::firing();
        scene.engine.acknowledge("disk_space", "ada", scene.now).expect("fires");
        scene.engine.acknowledge("disk_space", "bob", scene.now).expect("again is no error");
        scene.look(LOW);
        assert_eq!(scene.told(), [(AlertState::Firing, AlertState::Acknowledged)]);
        let alert = scene.engine.live()[0].clone();
        assert_eq!(alert.acknowledged_by.as_deref(), Some("ada"));
        for _ in 0..6 {
            scene.look(PLENTY);
        }
        assert_eq!(scene.told(), [(AlertState::Acknowledged, AlertState::Resolved)]);
        let again = scene.engine.acknowledge("disk_space", "ada", scene.now);
        assert!(matches!(again, Err(Error::NoSuch { .. })), "{again:?}");
    }

    #[test]
    fn what_gets_worse_is_told_again_and_what_gets_better_is_not() {
        let mut scene = Scene::firing();
        scene.engine.acknowledge("disk_space", "ada", scene.now).expect("fires");
        scene.told();
        scene.look(Some(1 << 20));
        assert_eq!(scene.told(), [(AlertState::Acknowledged, AlertState::Firing)]);
        assert_eq!(scene.engine.live()[0].severity, Severity::Critical);
        scene.look(LOW);
        assert_eq!((scene.told(), scene.engine.live()[0].severity), (vec![], Severity::Warning));
    }

    #[test]
    fn what_is_not_measured_is_neither_resolved_nor_new() {
        let mut scene = Scene::firing();
        for _ in 0..100 {
            scene.look(None);
        }
        assert_eq!((scene.states(), scene.told()), (vec![AlertState::Firing], vec![]));
    }

    #[test]
    fn a_wall_clock_that_jumps_moves_no_duration() {
        let mut scene = Scene::new();
        scene.look(LOW);
        scene.now.wall_ms += 86_400_000;
        scene.look(LOW);
        assert_eq!(scene.states(), [AlertState::Pending]);
        scene.now.wall_ms = 5;
        for _ in 0..4 {
            scene.look(LOW);
        }
        assert_eq!(scene.states(), [AlertState::Firing]);
    }

    #[test]
    fn the_last_thousand_events_are_remembered() {
        let mut scene = Scene::new();
        for _ in 0..700 {
            for free in [LOW, PLENTY] {
                for _ in 0..6 {
                    scene.look(free);
                }
            }
        }
        assert_eq!(scene.engine.last_event(), 1_400);
        let kept: Vec<u64> = scene.engine.events(0).map(|event| event.seq).collect();
        assert_eq!((kept.len(), kept[0], kept[999]), (1_000, 401, 1_400));
        assert_eq!(scene.engine.events(1_398).count(), 2);
        assert_eq!(scene.engine.resolved().count(), 700);
        scene.engine.clear();
        assert_eq!((scene.engine.last_event(), scene.engine.events(0).count()), (1_400, 0));
    }
}
