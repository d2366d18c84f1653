//! Who was refused something of late, for whoever watches.
//!
//! Leaves to others: the records of it (`log.rs`), when it is too often (`ops/alerts`).
//!
//! Invariant: bounded; the oldest goes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Denials that are remembered.
const MOST: usize = 1_000;

/// What one actor was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// Who.
    pub actor: Arc<str>,
    /// How often.
    pub count: u64,
    /// The verb of the last time.
    pub last: &'static str,
}

/// See the head of this file.
#[derive(Debug, Default)]
pub(super) struct Denials(Mutex<VecDeque<(Instant, Arc<str>, &'static str)>>);

impl Denials {
    pub(super) fn count(&self, actor: Arc<str>, verb: &'static str) {
        let mut denials = self.0.lock();
        if denials.len() >= MOST {
            denials.pop_front();
        }
        denials.push_back((Instant::now(), actor, verb));
    }

    pub(super) fn within(&self, window: Duration) -> Vec<Denied> {
        let denials = self.0.lock();
        let mut found: BTreeMap<&Arc<str>, (u64, &'static str)> = BTreeMap::new();
        for (_, actor, verb) in denials.iter().filter(|(at, _, _)| at.elapsed() < window) {
            let (count, last) = found.entry(actor).or_default();
            (*count, *last) = (*count + 1, *verb);
        }
        let denied = |(actor, (count, last)): (&Arc<str>, _)| Denied { actor: Arc::clone(actor), count, last };
        found.into_iter().map(denied).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denials_are_counted_by_actor_within_a_window_and_bounded() {
        let denials = Denials::default();
        for verb in ["query", "stats", "backup"] {
            denials.count("eve".into(), verb);
        }
        denials.count("ann".into(), "query");
        let found = denials.within(Duration::from_secs(60));
        let told: Vec<_> = found.iter().map(|denied| (&*denied.actor, denied.count, denied.last)).collect();
        assert_eq!(told, [("ann", 1, "query"), ("eve", 3, "backup")]);
        assert_eq!(denials.within(Duration::ZERO), []);
        (0..2 * MOST).for_each(|_| denials.count("eve".into(), "query"));
        assert_eq!(denials.within(Duration::from_secs(60))[0].count, MOST as u64);
    }
}
