//! [`Survey`]: when a look also asks `health`, which costs several times as much as the rest of it.
//!
//! Leaves to others: asking (`database/monitor`), judging (`rules.rs`).
//!
//! Invariant: each tenth look, and at least every ten seconds; in between what was found last stands.

use std::sync::Arc;
use std::time::Duration;

use crate::machine::Moment;
use crate::report::Check;

/// Looks between two, and the longest time between them.
const LOOKS: u64 = 10;
const AT_LEAST_MS: u64 = 10_000;

/// See the head of this file.
#[derive(Debug, Default)]
pub struct Survey {
    at: Option<u64>,
    found: Option<Arc<[Check]>>,
}

impl Survey {
    /// What was found last, anew where it is time; `ask` gives nothing when it cannot.
    pub fn see(
        &mut self,
        tick: Duration,
        now: Moment,
        ask: impl FnOnce() -> Option<Vec<Check>>,
    ) -> Option<Arc<[Check]>> {
        let tick_ms = u64::try_from(tick.as_millis()).unwrap_or(u64::MAX);
        let every = tick_ms.saturating_mul(LOOKS).min(AT_LEAST_MS);
        if self.at.is_none_or(|at| now.steady_ms.saturating_sub(at) >= every) {
            self.at = Some(now.steady_ms);
            self.found = ask().map(Arc::from).or_else(|| self.found.take());
        }
        self.found.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_is_asked_at_each_tenth_look_and_every_ten_seconds() {
        for (tick_ms, asked) in [(20, 10), (1_000, 10), (5_000, 50), (60_000, 100)] {
            let (mut survey, mut times) = (Survey::default(), 0);
            for look in 0..100 {
                let now = Moment { steady_ms: look * tick_ms, ..Moment::now() };
                let found = survey.see(Duration::from_millis(tick_ms), now, || {
                    times += 1;
                    (times == 1).then(Vec::new)
                });
                assert!(found.is_some(), "what cannot be asked is as it was");
            }
            assert_eq!(times, asked, "a look every {tick_ms} ms");
        }
    }
}
