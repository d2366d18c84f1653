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

use crate::show::text::{escaped, span};

/// What is over sooner has no bar.
const PATIENCE: Duration = Duration::from_millis(300);
const TEMPLATE: &str = "{spinner} {way}  {msg}";
/// Width of the bar itself.
const WIDTH: usize = 24;

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
    let state = Mutex::new(State { begun: Instant::now(), stage: String::new(), is_shown: false });
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
                bar.set_style(style.with_key("way", way));
            }
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        if self.stage != progress.stage || bar.length().unwrap_or(0) != progress.total {
            self.stage.clone_from(&progress.stage);
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

/// How far it is, how fast, and how long it may still take; of what has no end in sight, how long it has taken.
// why not by the template: one with another template is drawn once with the figures of the stage before
fn way(state: &ProgressState, text: &mut dyn std::fmt::Write) {
    let seconds = |time: Duration| span(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    // why ignored: a text that cannot be written is not shown
    let _ = match state.len().filter(|len| *len > 0) {
        None => write!(text, "{}", seconds(state.elapsed())),
        Some(len) => {
            let (done, rate) = (state.pos().min(len), state.per_sec());
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "at most the width, and not below 0"
            )]
            let filled = (done as f64 / len as f64 * WIDTH as f64) as usize;
            let places = usize::from(rate < 10.0);
            write!(
                text,
                "[{:<WIDTH$}] {:>3} %  {done}/{len}  {rate:.places$}/s, {} left",
                "=".repeat(filled),
                done * 100 / len,
                seconds(state.eta())
            )
        }
    };
}
