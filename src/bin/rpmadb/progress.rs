//! Bars of progress: how far a long call is, how fast, and how long it may still take.
//!
//! Leaves to others: measuring the way (`Operation::on_progress`).
//!
//! Invariant: drawn on stderr and only on a terminal; taken away before the report is printed.

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};
use rpmadb::{Operation, Progress};

use crate::show::text::{escaped, size, span};

/// What is over sooner has no bar.
const PATIENCE: Duration = Duration::from_millis(300);
const TEMPLATE: &str = "{spinner} {way}  {msg}";
/// Width of the bar itself.
const WIDTH: usize = 24;

/// How long a stage is watched before its rate is known.
const KNOWN_AFTER: Duration = Duration::from_millis(500);

/// The bar that is shown, if one is.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

fn shown() -> std::sync::MutexGuard<'static, Option<ProgressBar>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shows how far calls with `watch` are, where there is somebody to see it, until something is printed.
pub(crate) fn show(watch: &Operation) {
    // why TERM: a terminal that cannot move its cursor would be filled with bars
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if dumb || !std::io::stderr().is_terminal() {
        return;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    *shown() = Some(bar.clone());
    let state =
        Mutex::new(State { begun: Instant::now(), stage: String::new(), is_shown: false, pace: Arc::default() });
    watch.on_progress(Some(Arc::new(move |progress| {
        if !bar.is_finished() {
            state.lock().unwrap_or_else(PoisonError::into_inner).draw(&bar, progress);
        }
        true
    })));
}

/// Takes the bar away: what comes now is the report.
pub(crate) fn clear() {
    if let Some(bar) = shown().take() {
        bar.finish_and_clear();
    }
}

struct State {
    begun: Instant,
    stage: String,
    is_shown: bool,
    pace: Arc<Mutex<Pace>>,
}

/// What the rate of a stage is made from.
#[derive(Clone, Copy, Default)]
struct Pace {
    /// How far it was when it was first seen: that took an unknown time.
    first: u64,
    unit: Unit,
}

impl State {
    fn draw(&mut self, bar: &ProgressBar, progress: &Progress) {
        if !self.is_shown {
            if self.begun.elapsed() < PATIENCE {
                return;
            }
            self.is_shown = true;
            bar.set_draw_target(ProgressDrawTarget::term_like_with_hz(Box::new(Narrow(Term::stderr())), 15));
            if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
                let pace = Arc::clone(&self.pace);
                let way = move |state: &ProgressState, text: &mut dyn std::fmt::Write| {
                    let pace = *pace.lock().unwrap_or_else(PoisonError::into_inner);
                    // why ignored: a text that cannot be written is not shown
                    let _ = text.write_str(&way(state.pos(), state.len(), state.elapsed(), pace));
                };
                bar.set_style(style.with_key("way", way));
            }
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        if self.stage != progress.stage || bar.length().unwrap_or(0) != progress.total {
            self.stage.clone_from(&progress.stage);
            *self.pace.lock().unwrap_or_else(PoisonError::into_inner) =
                Pace { first: progress.done, unit: Unit::of(&progress.stage) };
            // why: the rate of one stage says nothing of the next
            bar.reset();
            bar.set_length(progress.total);
            // why: a script or a file may have named it
            bar.set_message(escaped(&progress.stage));
        }
        bar.set_position(progress.done);
    }
}

/// The terminal, less wide than it is: the bar is padded to all of it, and the `^C` that a terminal echoes must not wrap into a line that
/// is not cleared.
#[derive(Debug)]
struct Narrow(Term);

impl TermLike for Narrow {
    fn width(&self) -> u16 {
        self.0.size().1.saturating_sub(4).max(20)
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, n: usize) -> std::io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> std::io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> std::io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> std::io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> std::io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> std::io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> std::io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// What a stage counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Unit {
    Bytes,
    Pages,
    Records,
    /// Steps, each as long as it takes: their rate says nothing.
    #[default]
    Steps,
}

impl Unit {
    fn of(stage: &str) -> Unit {
        match stage {
            "reading the bytes of the backup" => Unit::Bytes,
            "copying pages" | "writing pages" | "reading what is replaced" | "reading the backup" => Unit::Pages,
            "measuring tables and indexes" => Unit::Pages,
            "proving the audit" | "archiving the audit" => Unit::Records,
            _ => Unit::Steps,
        }
    }

    fn way(self, done: u64, total: u64) -> String {
        match self {
            Unit::Bytes => format!("{} of {}", size(done), size(total)),
            Unit::Pages | Unit::Records | Unit::Steps => format!("{done}/{total}"),
        }
    }

    /// So many in a second; `None` where that says nothing.
    fn rate(self, in_a_second: f64) -> Option<String> {
        let places = usize::from(in_a_second < 10.0);
        match self {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a rate is finite and not below 0"
            )]
            Unit::Bytes => Some(format!("{}/s", size(in_a_second as u64))),
            Unit::Pages => Some(format!("{in_a_second:.places$} pages/s")),
            Unit::Records => Some(format!("{in_a_second:.places$} records/s")),
            Unit::Steps => None,
        }
    }
}

/// How far it is, how fast, and how long it may still take; how long it has taken, where the end is not in sight or nothing was measured yet.
// why not by the template: one with another template is drawn once with the figures of the stage before; why not the bar's own rate: its
// first ones are absurd, and without any it says that nothing is left
fn way(done: u64, total: Option<u64>, elapsed: Duration, pace: Pace) -> String {
    let seconds = |seconds: f64| {
        #[allow(clippy::cast_possible_truncation, reason = "a time beyond all times is one")]
        span(seconds.ceil() as i64)
    };
    let so_far = span(i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX));
    let Some(total) = total.filter(|total| *total > 0) else { return so_far };
    let done = done.min(total);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most the width, and not below 0")]
    let filled = (done as f64 / total as f64 * WIDTH as f64) as usize;
    let bar = format!("[{:<WIDTH$}] {:>3} %  {}", "=".repeat(filled), done * 100 / total, pace.unit.way(done, total));
    let moved = done.saturating_sub(pace.first);
    if moved == 0 || elapsed < KNOWN_AFTER {
        return format!("{bar}  {so_far}");
    }
    let rate = moved as f64 / elapsed.as_secs_f64();
    let left = seconds((total - done) as f64 / rate);
    match pace.unit.rate(rate) {
        Some(shown) => format!("{bar}  {shown}, {left} left"),
        None => format!("{bar}  {left} left"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(stage: &str, done: u64, total: u64, ms: u64) -> String {
        let pace = Pace { first: 0, unit: Unit::of(stage) };
        way(done, Some(total), Duration::from_millis(ms), pace).split("] ").last().unwrap_or_default().trim().to_owned()
    }

    #[test]
    fn what_is_not_known_yet_is_not_told() {
        assert_eq!(shown("applying 1_a.sql", 0, 1, 9_000), "0 %  0/1  9 s");
        assert_eq!(shown("copying pages", 0, 100, 2_000), "0 %  0/100  2 s");
        assert_eq!(shown("copying pages", 50_000, 100_000, 1), "50 %  50000/100000  0 s");
        assert_eq!(way(7, None, Duration::from_secs(75), Pace::default()), "1 min 15 s");
        assert_eq!(way(7, Some(0), Duration::from_secs(3), Pace::default()), "3 s");
    }

    #[test]
    fn a_rate_has_a_unit() {
        assert_eq!(shown("copying pages", 50, 100, 2_000), "50 %  50/100  25 pages/s, 2 s left");
        assert_eq!(shown("proving the audit", 10, 100, 4_000), "10 %  10/100  2.5 records/s, 36 s left");
        let bytes = shown("reading the bytes of the backup", 4 << 20, 8 << 20, 1_000);
        assert_eq!(bytes, "50 %  4.0 MiB of 8.0 MiB  4.0 MiB/s, 1 s left");
        assert_eq!(shown("applying 2_b.sql", 1, 4, 10_000), "25 %  1/4  30 s left");
    }

    #[test]
    fn what_was_done_before_a_stage_was_seen_is_no_rate() {
        let pace = Pace { first: 90, unit: Unit::Pages };
        let shown = way(100, Some(200), Duration::from_secs(1), pace);
        assert!(shown.ends_with("100/200  10 pages/s, 10 s left"), "{shown}");
    }
}
