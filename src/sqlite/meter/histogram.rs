//! Durations counted in buckets, to tell a percentile without keeping them.
//!
//! Leaves to others: whose durations they are (`meter.rs`).
//!
//! The buckets are those of HdrHistogram (Gil Tene): each doubling is divided into [`STEPS`] of equal width, so a value is told to within
//! 1/16 of itself wherever it lies, and finding its bucket is a shift.
//!
//! Invariant: the size never changes; a bucket that is full halves all of them, which keeps their proportions.

use std::time::Duration;

/// The unit is 64 ns: less than any statement takes.
const UNIT_BITS: u32 = 6;
const STEP_BITS: u32 = 4;
/// Buckets of one doubling.
const STEPS: usize = 1 << STEP_BITS;
/// Durations from 2^36 units on, an hour and a quarter, are in the last bucket.
const MOST_BITS: u32 = 36;
const BUCKETS: usize = (MOST_BITS - STEP_BITS + 1) as usize * STEPS;

/// See the head of this file.
pub(super) struct Histogram([u32; BUCKETS]);

impl Histogram {
    pub(super) fn new() -> Box<Histogram> {
        Box::new(Histogram([0; BUCKETS]))
    }

    pub(super) fn add(&mut self, duration: Duration) {
        let index = bucket(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
        if self.0[index] == u32::MAX {
            self.0.iter_mut().for_each(|count| *count /= 2);
        }
        self.0[index] += 1;
    }

    /// The duration that `percent` of those counted do not exceed: the middle of its bucket.
    pub(super) fn percentile(&self, percent: u64) -> Duration {
        let total: u64 = self.0.iter().map(|count| u64::from(*count)).sum();
        let wanted = (total * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let reached = |count: &u32| {
            seen += u64::from(*count);
            seen >= wanted
        };
        self.0.iter().position(reached).map_or(Duration::ZERO, middle)
    }
}

fn bucket(nanos: u64) -> usize {
    let units = (nanos >> UNIT_BITS).min((1 << MOST_BITS) - 1);
    let shift = (u64::BITS - units.leading_zeros()).saturating_sub(STEP_BITS + 1);
    // below 2 doublings of STEPS the shift is 0 and the bucket is the number itself
    shift as usize * STEPS + (units >> shift) as usize
}

fn middle(index: usize) -> Duration {
    let shift = (index / STEPS).saturating_sub(1);
    let low = ((index - shift * STEPS) as u64) << shift;
    Duration::from_nanos(((low << 1) + (1 << shift)) << (UNIT_BITS - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_never_wider_than_a_sixteenth_of_what_is_in_it() {
        let mut last = 0;
        for exponent in 0..41 {
            for part in 0..97 {
                let nanos = (1_u64 << exponent) + (1_u64 << exponent) * part / 97;
                let index = bucket(nanos);
                assert!(index >= last && index < BUCKETS, "{nanos}: {index} behind {last}");
                last = index;
                let told = middle(index).as_nanos() as f64;
                assert!((told - nanos as f64).abs() <= (nanos as f64 / 16.0).max(64.0), "{nanos} is told as {told}");
            }
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_durations() {
        let seed = rusqlite::Connection::open_in_memory()
            .and_then(|connection| connection.query_row("SELECT random()", [], |row| row.get::<_, i64>(0)))
            .expect("a number")
            .unsigned_abs();
        #[allow(clippy::print_stdout, reason = "whoever sees it fail wants to run it again")]
        {
            println!("seed {seed}");
        }
        let mut state = seed | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for round in 0..200 {
            let most_bits = 8 + round % 30;
            let mut all: Vec<u64> = (0..1 + next() % 2_000).map(|_| next() >> (64 - most_bits)).collect();
            let mut histogram = Histogram::new();
            all.iter().for_each(|nanos| histogram.add(Duration::from_nanos(*nanos)));
            all.sort_unstable();
            for percent in [1, 50, 95, 99, 100] {
                let rank = (all.len() as u64 * percent).div_ceil(100).max(1) as usize;
                let (expected, told) = (all[rank - 1] as f64, histogram.percentile(percent).as_nanos() as f64);
                assert!((told - expected).abs() <= (expected / 16.0).max(64.0), "p{percent}: {told} for {expected}");
            }
        }
    }

    #[test]
    fn a_full_bucket_keeps_the_proportions() {
        let mut histogram = Histogram::new();
        histogram.0[bucket(1_000)] = u32::MAX;
        histogram.0[bucket(1_000_000)] = u32::MAX / 2;
        histogram.add(Duration::from_nanos(1_000));
        assert_eq!(histogram.0[bucket(1_000)], u32::MAX / 2 + 1);
        assert_eq!(histogram.0[bucket(1_000_000)], u32::MAX / 4);
        assert_eq!(Histogram::new().percentile(95), Duration::ZERO, "nothing was counted");
    }
}
