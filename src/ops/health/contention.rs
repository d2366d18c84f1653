//! The checks on who uses the connections of this handle and for how long, and on waits for locks.
//!
//! Leaves to others: counting (`sqlite/leases.rs`).
//!
//! Invariant: takes no connection, so that it answers also when there is none left.

use serde_json::json;

use super::{Finding, grade, measure};
use crate::report::{Check, HealthStatus};
use crate::request;
use crate::sqlite::{Access, LeaseInfo};

/// Fewer waits than this say nothing about a rate.
const FEW_WAITS: u64 = 10;
/// More of the waits than this should not end without the lock.
const BUSY_RATE_HIGH: f64 = 0.1;

pub(super) fn checks(access: &Access, request: &request::Health) -> Vec<Check> {
    let leases = access.leases();
    let mut checks = vec![measure("oldest_transaction", || Ok(oldest(leases.first(), request.call_max_ms())))];
    // why not in memory: the one connection is the writer, and no reader can be lacking
    if access.settings().path.is_some() {
        let readers = || leases.iter().filter(|lease| !lease.writes);
        let most = u64::from(access.settings().readers);
        checks.push(measure("pool", || Ok(pool(readers().count() as u64, most, readers().next()))));
    }
    if access.lock_counters().leases > 0 {
        checks.push(measure("busy_rate", || Ok(busy_rate(access.recent_waits()))));
    }
    checks
}

fn oldest(lease: Option<&LeaseInfo>, limit_ms: u64) -> Finding {
    let age_ms = lease.map_or(0, |lease| u64::try_from(lease.age.as_millis()).unwrap_or(u64::MAX));
    let remedy = lease.map_or_else(String::new, |lease| {
        let kind = if lease.writes { "the writer" } else { "a reader" };
        let by = lease.caller.as_ref().map_or_else(String::new, |(actor, _)| format!(" of {}", actor.escape_debug()));
        format!("the call {}{by} has had {kind} for {age_ms} ms: end or cancel it", lease.label)
    });
    let (status, remedy) = grade(age_ms > limit_ms, HealthStatus::Degraded, &remedy);
    (status, json!(age_ms), json!(limit_ms), remedy)
}

fn pool(in_use: u64, most: u64, oldest: Option<&LeaseInfo>) -> Finding {
    let oldest = oldest.map_or_else(String::new, |lease| format!(", one by {lease}"));
    let remedy = format!("every reader is in use{oldest}: end long reads, or open with a larger pool.max");
    let (status, remedy) = grade(in_use >= most, HealthStatus::Degraded, &remedy);
    (status, json!(in_use), json!(most), remedy)
}

fn busy_rate((waited, gave_up): (u64, u64)) -> Finding {
    let rate = if waited == 0 { 0.0 } else { gave_up as f64 / waited as f64 };
    let remedy = format!("{gave_up} of {waited} waits for a lock were in vain: look who writes for so long");
    let (status, remedy) = grade(waited >= FEW_WAITS && rate > BUSY_RATE_HIGH, HealthStatus::Degraded, &remedy);
    (status, json!((rate * 1_000.0).round() / 1_000.0), json!(BUSY_RATE_HIGH), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_call_of_more_than_a_minute_is_named() {
        assert_eq!(oldest(None, 60_000).0, HealthStatus::Ok);
        let lease = |seconds| LeaseInfo {
            label: "transaction",
            caller: None,
            statement: None,
            age: Duration::from_secs(seconds),
            writes: true,
        };
        assert_eq!(oldest(Some(&lease(60)), 60_000), (HealthStatus::Ok, json!(60_000), json!(60_000), None));
        let (status, _, _, remedy) = oldest(Some(&lease(61)), 60_000);
        assert_eq!(status, HealthStatus::Degraded);
        assert_eq!(remedy.as_deref(), Some("the call transaction has had the writer for 61000 ms: end or cancel it"));
    }

    #[test]
    fn waits_in_vain_count_when_there_were_enough_to_tell() {
        let status = |waited, gave_up| busy_rate((waited, gave_up)).0;
        assert_eq!(status(0, 0), HealthStatus::Ok);
        assert_eq!(status(9, 9), HealthStatus::Ok, "too few to tell");
        assert_eq!(status(10, 1), HealthStatus::Ok);
        assert_eq!(status(10, 2), HealthStatus::Degraded);
        assert_eq!(busy_rate((3, 1)).1, json!(0.333));
    }

    #[test]
    fn a_pool_is_short_when_every_reader_is_in_use() {
        assert_eq!((pool(9, 10, None).0, pool(10, 10, None).0), (HealthStatus::Ok, HealthStatus::Degraded));
    }
}
