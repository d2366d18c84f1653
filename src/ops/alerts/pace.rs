//! [`Pace`]: how long statements take now beside what they usually take, and which of them read a big table whole.
//!
//! Leaves to others: counting (`sqlite/meter.rs`), planning (`sqlite/indexes`), judging (`rules.rs`).
//!
//! Invariants: asked at each look and measures at every tenth or sixtieth, so that a look stays cheap; a time that is far from the usual one
//! hardly changes what is usual, so that a statement does not get used to being slow before anybody hears of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::readings::{FullScan, StatementTime};
use crate::machine::Moment;
use crate::operation::Operation;
use crate::report::StatementFigures;
use crate::sqlite::{Access, Remembered, indexes};

/// Looks between two measurements of times, and the longest time between them.
const LOOKS_PER_TIME: u64 = 10;
const TIMES_AT_LEAST_MS: u64 = 10_000;
/// The same for full scans, which cost planning: they are looked for where there are other statements or another schema than the last
/// time, and anew after the longest time, because tables grow.
const LOOKS_PER_SCAN: u64 = 60;
const SCANS_AT_LEAST_MS: u64 = 300_000;
/// Fewer calls than this say nothing about a mean; they are counted on.
pub(super) const FEW_CALLS: u64 = 10;
/// What was measured last stands for so many measurements in which there were too few calls, and is forgotten then.
const STANDS: u32 = 6;
/// What share a new mean has in the usual one, when it is near it and when it is not.
const LEARNS: f64 = 1.0 / 16.0;
const LEARNS_FROM_ODD: f64 = 1.0 / 256.0;

type Times = Option<Arc<[StatementTime]>>;
type Scans = Option<Arc<[FullScan]>>;

/// See the head of this file.
#[derive(Debug, Default)]
pub struct Pace {
    known: HashMap<Arc<str>, Known>,
    times: Times,
    timed_at: Option<u64>,
    scans: Scans,
    /// When it was last asked whether to look for them.
    scans_asked_at: Option<u64>,
    planned: Option<Planned>,
}

/// What full scans were looked for in.
#[derive(Debug)]
struct Planned {
    at: u64,
    statements: Remembered,
    schema: Option<i64>,
}

#[derive(Debug, Clone, Default)]
struct Known {
    calls: u64,
    total_us: f64,
    usual_us: f64,
    last: Option<StatementTime>,
    /// Measurements since then.
    stood: u32,
}

impl Pace {
    /// What is known now, measured anew where it is time; nothing where nobody counts. `schema` is a number that moves with the schema.
    pub fn see(
        &mut self,
        access: &Access,
        schema: Option<i64>,
        (tick, now): (Duration, Moment),
        operation: &Operation,
    ) -> (Times, Scans) {
        let tick_ms = u64::try_from(tick.as_millis()).unwrap_or(u64::MAX);
        let is_due = |at: Option<u64>, looks: u64, most: u64| {
            at.is_none_or(|at| now.steady_ms.saturating_sub(at) >= tick_ms.saturating_mul(looks).min(most))
        };
        if let Some(meter) = access.meter()
            && is_due(self.timed_at, LOOKS_PER_TIME, TIMES_AT_LEAST_MS)
        {
            self.timed_at = Some(now.steady_ms);
            self.times = Some(self.times(&meter.statements()).into());
        }
        if is_due(self.scans_asked_at, LOOKS_PER_SCAN, SCANS_AT_LEAST_MS) {
            self.scans_asked_at = Some(now.steady_ms);
            self.look_for_scans(access, schema, now.steady_ms, operation);
        }
        (self.times.clone(), self.scans.clone())
    }

    fn look_for_scans(&mut self, access: &Access, schema: Option<i64>, now: u64, operation: &Operation) {
        let Some(statements) = access.statements() else { return };
        let is_known = |planned: &Planned| {
            planned.statements == statements
                && planned.schema == schema
                && now.saturating_sub(planned.at) < SCANS_AT_LEAST_MS
        };
        if self.planned.as_ref().is_some_and(is_known) {
            return;
        }
        let reader = access.reader_within(operation, Duration::ZERO);
        let found = reader.and_then(|reader| indexes::full_scans(&reader, &statements, operation));
        // why kept: what could not be looked at now is as it was, and is looked at the next time
        if let Ok(found) = found {
            self.scans = found.map(|scans| scans.into_iter().map(scan).collect());
            self.planned = Some(Planned { at: now, statements, schema });
        }
    }

    /// The mean of the calls since the last time, beside the usual one.
    fn times(&mut self, figures: &[StatementFigures]) -> Vec<StatementTime> {
        let mut times = Vec::new();
        let mut seen = HashMap::with_capacity(figures.len());
        for figure in figures {
            let total_us = figure.total_ms * 1_000.0;
            let before = self.known.remove(&figure.fingerprint);
            let mut known = Known { calls: figure.calls, total_us, ..Known::default() };
            if let Some(before) = before.as_ref().filter(|before| figure.calls >= before.calls + FEW_CALLS) {
                let calls = figure.calls - before.calls;
                let recent = (total_us - before.total_us).max(0.0) / calls as f64;
                let is_odd = before.usual_us > 0.0 && recent > before.usual_us * 2.0;
                let share = if is_odd { LEARNS_FROM_ODD } else { LEARNS };
                known.usual_us = match before.usual_us > 0.0 {
                    true => before.usual_us + (recent - before.usual_us) * share,
                    false => recent,
                };
                known.last = Some(StatementTime {
                    fingerprint: figure.fingerprint.to_string(),
                    sql: figure.fingerprint.to_string(),
                    recent_us: recent as u64,
                    baseline_us: before.usual_us as u64,
                    calls,
                });
            } else if let Some(before) = before.filter(|before| figure.calls >= before.calls) {
                let stood = before.stood + 1;
                known = Known { stood, last: before.last.filter(|_| stood <= STANDS), ..before };
            }
            times.extend(known.last.clone());
            seen.insert(Arc::clone(&figure.fingerprint), known);
        }
        self.known = seen;
        times
    }
}

fn scan(found: crate::report::FullScan) -> FullScan {
    FullScan {
        fingerprint: format!("{}: {}", found.table, found.sql),
        table: found.table,
        rows: found.rows,
        sql: found.sql,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Open, Role};
    use crate::sqlite::{Pool, Settings};

    fn figures(calls: u64, total_ms: f64) -> Vec<StatementFigures> {
        vec![StatementFigures {
            fingerprint: "SELECT ?".into(),
            calls,
            errors: 0,
            rows: 0,
            total_ms,
            mean_ms: 0.0,
            p95_ms: 0.0,
            max_ms: 0.0,
            full_scan_steps: 0,
            sorts: 0,
            automatic_index_rows: 0,
            last_at: 0,
        }]
    }

    #[test]
    fn a_statement_is_compared_with_what_it_usually_takes() {
        let mut pace = Pace::default();
        assert!(pace.times(&figures(10, 10.0)).is_empty(), "nothing before");
        let first = pace.times(&figures(20, 20.0));
        assert_eq!((first[0].recent_us, first[0].baseline_us, first[0].calls), (1_000, 0, 10));
        let usual = pace.times(&figures(30, 30.0));
        assert_eq!((usual[0].recent_us, usual[0].baseline_us), (1_000, 1_000));
        let slow = pace.times(&figures(40, 130.0));
        assert_eq!((slow[0].recent_us, slow[0].baseline_us), (10_000, 1_000));
        // a minute of it at one measurement in ten seconds is still told
        for minute in 0..6_u32 {
            let calls = 50 + u64::from(minute) * 10;
            let slow = pace.times(&figures(calls, 230.0 + f64::from(minute) * 100.0));
            assert!(slow[0].recent_us > slow[0].baseline_us * 3, "{slow:?}");
        }
    }

    #[test]
    fn full_scans_are_looked_for_again_only_where_something_is_new() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = Settings::new(Some(folder.path().join("a.db")), &Open::default());
        let access = Access::Pool(Arc::new(Pool::open(settings).expect("opens").0));
        let operation = Operation::new();
        let writer = access.writer(&operation).expect("the writer");
        let grow = "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000) SELECT i, i FROM n";
        writer.execute_batch("CREATE TABLE t (a, b)").expect("creates");
        drop(writer);
        let mut pace = Pace::default();
        let mut look = |schema: i64, second: u64| {
            let now = Moment { steady_ms: second * 1_000, ..Moment::now() };
            let (_, scans) = pace.see(&access, Some(schema), (Duration::from_secs(1), now), &operation);
            scans.map_or(0, |scans| scans.len())
        };
        let run = |sql: &str| {
            access.for_statement(sql, "select", Role::Admin, None, &operation, |_, _| Ok(())).expect("runs")
        };
        assert_eq!(look(1, 0), 0, "no statement was seen");
        run("SELECT a FROM t WHERE b = 1");
        assert_eq!(look(1, 60), 0, "the table is empty");
        access.writer(&operation).expect("the writer").execute_batch(grow).expect("fills");
        assert_eq!(look(1, 120), 0, "nothing is new that would be worth a look");
        assert_eq!(look(1, 359), 0);
        assert_eq!(look(1, 419), 1, "five minutes later: tables grow");
        run("SELECT b FROM t WHERE a = 1");
        assert_eq!(look(1, 420), 1, "not at each look");
        assert_eq!(look(1, 479), 2, "a statement is new");
        access.writer(&operation).expect("the writer").execute_batch("CREATE INDEX i ON t (a)").expect("creates");
        assert_eq!(look(1, 539), 2);
        assert_eq!(look(2, 599), 1, "the schema is new");
    }

    #[test]
    fn a_few_calls_are_counted_on_until_there_are_enough() {
        let mut pace = Pace::default();
        pace.times(&figures(10, 10.0));
        assert!(pace.times(&figures(19, 28.0)).is_empty());
        let enough = pace.times(&figures(22, 34.0));
        assert_eq!((enough[0].calls, enough[0].recent_us), (12, 2_000));
        for calls in 23..23 + u64::from(STANDS) {
            assert_eq!(pace.times(&figures(calls, 34.0))[0].recent_us, 2_000, "too few to tell: it is as it was");
        }
        assert!(pace.times(&figures(30, 34.0)).is_empty(), "nobody asks for it any more");
        // what was forgotten and began anew is a new statement
        assert!(pace.times(&figures(1, 1.0)).is_empty());
    }
}
