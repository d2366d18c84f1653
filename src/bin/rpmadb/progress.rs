//! Bars of progress: how far a long call is, how fast, and how long it may still take.
//!
//! Leaves to others: measuring the way (`Operation::on_progress`).
//!
//! Invariant: drawn on stderr and only on a terminal; taken away before the report is printed.

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rpmadb::{Operation, Progress};

/// What is over sooner has no bar.
const PATIENCE: Duration = Duration::from_millis(300);
const KNOWN: &str = "{spinner} {wide_msg} {bar:24} {percent:>3} %  {pos}/{len}  {per_sec}, {eta} left";
const UNKNOWN: &str = "{spinner} {wide_msg} {elapsed}";

/// A bar that goes away when it is dropped.
pub(crate) struct Bar {
    bar: ProgressBar,
    watch: Operation,
}

/// Shows how far calls with `watch` are, where there is somebody to see it.
pub(crate) fn show(watch: &Operation, is_wanted: bool) -> Option<Bar> {
    // why TERM: a terminal that cannot move its cursor would be filled with bars
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if !is_wanted || dumb || !std::io::stderr().is_terminal() {
        return None;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    let state = Mutex::new(State { begun: Instant::now(), stage: String::new(), is_shown: false });
    let shown = bar.clone();
    watch.on_progress(Some(Arc::new(move |progress| {
        state.lock().unwrap_or_else(PoisonError::into_inner).draw(&shown, progress);
        true
    })));
    Some(Bar { bar, watch: watch.clone() })
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
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        if self.stage != progress.stage || bar.length().unwrap_or(0) != progress.total {
            self.stage.clone_from(&progress.stage);
            let template = if progress.total > 0 { KNOWN } else { UNKNOWN };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            // why: the rate of one stage says nothing of the next
            bar.reset();
            bar.set_length(progress.total);
            bar.set_message(progress.stage.clone());
        }
        bar.set_position(progress.done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.watch.on_progress(None);
        self.bar.finish_and_clear();
    }
}
