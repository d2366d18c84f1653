//! Figures, times and texts as people read them, and colour.
//!
//! Invariant: text of a database or a file is shown by a terminal and never obeyed by it; colour that nobody wants is taken out where
//! it is printed.

use anstyle::{AnsiColor, Style};
use humansize::{BINARY, FormatSizeOptions};
use rpmadb::report::HealthStatus;
use serde_json::Value;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const POOR: Style = AnsiColor::Yellow.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const STRONG: Style = Style::new().bold();

/// Text in a style.
pub(crate) fn painted(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The style of a verdict.
pub(crate) fn of_health(status: HealthStatus) -> Style {
    match status {
        HealthStatus::Ok => GOOD,
        HealthStatus::Unknown => FAINT,
        HealthStatus::Degraded => POOR,
        HealthStatus::Critical => BAD,
    }
}

pub(crate) fn word(status: HealthStatus) -> &'static str {
    match status {
        HealthStatus::Ok => "ok",
        HealthStatus::Unknown => "unknown",
        HealthStatus::Degraded => "degraded",
        HealthStatus::Critical => "critical",
    }
}

/// A JSON value without the quotes that only JSON needs.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => escaped(text),
        other => other.to_string(),
    }
}

/// What a check of `health` measured, with its unit.
pub(crate) fn measured(id: &str, value: &Value) -> String {
    match (id, value.as_u64()) {
        ("free_disk" | "wal_size" | "ballast", Some(bytes)) => size(bytes),
        ("backup_age" | "oldest_transaction", Some(ms)) => duration(ms as f64),
        _ => short(value),
    }
}

/// A value in a few words.
fn short(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let telling =
                members.iter().filter(|(_, value)| value.is_string() || value.is_number() || value.is_boolean());
            telling
                .map(|(name, value)| format!("{} {}", name.replace('_', " "), plain(value)))
                .collect::<Vec<_>>()
                .join(", ")
        }
        other => plain(other),
    }
}

/// Text that a terminal shows and does not obey.
pub(crate) fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

pub(crate) fn size(bytes: u64) -> String {
    // why not always: half a byte there is none
    let places = usize::from(bytes >= 1024);
    humansize::format_size(bytes, FormatSizeOptions::from(BINARY).decimal_places(places).decimal_zeroes(places))
}

/// How long something took.
pub(crate) fn duration(ms: f64) -> String {
    match ms {
        ms if ms < 1_000.0 => format!("{ms:.1} ms"),
        ms if ms < 60_000.0 => format!("{:.1} s", ms / 1_000.0),
        ms => span((ms / 1_000.0) as i64),
    }
}

/// Whole seconds, in the two largest units that matter.
pub(crate) fn span(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

pub(crate) fn time(since_1970_ms: i64) -> String {
    let known = jiff::Timestamp::from_millisecond(since_1970_ms);
    known.map_or_else(|_| "?".into(), |time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// How long ago a time was.
pub(crate) fn ago(since_1970_ms: i64) -> String {
    let seconds = (jiff::Timestamp::now().as_millisecond() - since_1970_ms) / 1_000;
    let units = [(86_400 * 365, "year"), (86_400 * 30, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute")];
    match units.into_iter().find(|(unit, _)| seconds >= *unit) {
        // why: clocks differ, and a time to come is as good as now
        None => "just now".to_owned(),
        Some((unit, name)) => {
            let count = seconds / unit;
            format!("{count} {name}{} ago", if count == 1 { "" } else { "s" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_spans_have_units_that_fit() {
        let sizes = [0, 999, 1024, 1536, 5 << 20, 3 << 40].map(size);
        assert_eq!(sizes, ["0 B", "999 B", "1.0 KiB", "1.5 KiB", "5.0 MiB", "3.0 TiB"]);
        let durations = [0.04, 12.34, 1_500.0, 184_000.0, 7_260_000.0, 90_000_000.0].map(duration);
        assert_eq!(durations, ["0.0 ms", "12.3 ms", "1.5 s", "3 min 4 s", "2 h 1 min", "1 d 1 h"]);
    }

    #[test]
    fn how_long_ago_is_told_in_one_unit() {
        let now = jiff::Timestamp::now().as_millisecond();
        let told = [0, -5_000, 61_000, 7_300_000, 3 * 86_400_000, 800 * 86_400_000].map(|ms| ago(now - ms));
        assert_eq!(told, ["just now", "just now", "1 minute ago", "2 hours ago", "3 days ago", "2 years ago"]);
    }
}
