//! The report of `health` for people.

use rpmadb::report;

use super::text::{measured, of_health, painted, word};

pub(crate) fn health(health: &report::Health) {
    for check in &health.checks {
        let verdict = painted(of_health(check.status), format_args!("{:<9}", word(check.status)));
        say!("  {verdict} {:<20} {}", check.id, measured(check.id, &check.value));
        if let Some(remedy) = &check.remedy {
            say!("            {remedy}");
        }
    }
    say!("{}, score {} of 100", painted(of_health(health.status), word(health.status)), health.score);
}
