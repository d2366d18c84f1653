//! Drawing a look at the database on the screen, or as plain text.
//!
//! Leaves to others: looking (`sample.rs`).
//!
//! Invariant: text of the database is escaped, so that it cannot move the cursor.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Row, Sparkline, Table};
use rpmadb::report::HealthStatus;

use super::processes::Process;
use super::sample::{Looks, Sample};
use crate::show::text::{ago, duration, escaped, size, span, word};

const KEYS: &str = " q quits   space stops and goes on   + - changes how often ";

/// What the screen shows beside the look.
pub(super) struct Screen<'s> {
    pub(super) title: &'s str,
    pub(super) every_ms: u64,
    pub(super) is_stopped: bool,
    pub(super) has_colour: bool,
}

pub(super) fn draw(frame: &mut Frame<'_>, looks: &Looks, screen: &Screen<'_>) {
    let sample = &looks.last;
    let findings = u16::try_from(sample.findings.len() + usize::from(sample.failed.is_some())).unwrap_or(0).min(4);
    let processes = u16::try_from(sample.processes.iter().flatten().count().max(1)).unwrap_or(1).min(8);
    let [head, wrong, log, who, calls, keys] = Layout::vertical([
        Constraint::Length(3),
        Constraint::Length(findings),
        Constraint::Length(5),
        Constraint::Length(processes + 3),
        Constraint::Min(4),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    head_of(frame, head, sample, screen);
    let told = sample.failed.iter().map(|error| ("failed".to_owned(), error.clone())).chain(sample.findings.clone());
    let lines: Vec<Line<'_>> = told.map(|(what, remedy)| Line::from(escaped(&format!(" {what}: {remedy}")))).collect();
    frame.render_widget(Paragraph::new(lines).style(colour(screen, Color::Yellow)), wrong);
    let title = format!(" write-ahead log  {} ", log_line(sample));
    let widget =
        Sparkline::default().block(Block::bordered().title(title)).data(&looks.log).style(colour(screen, Color::Cyan));
    frame.render_widget(widget, log);
    processes_of(frame, who, sample);
    calls_of(frame, calls, sample);
    let state =
        if screen.is_stopped { "stopped".to_owned() } else { format!("every {}", duration(screen.every_ms as f64)) };
    let line = Line::from(vec![Span::raw(KEYS), Span::raw(state)]).style(Style::new().add_modifier(Modifier::REVERSED));
    frame.render_widget(Paragraph::new(line), keys);
}

fn colour(screen: &Screen<'_>, colour: Color) -> Style {
    if screen.has_colour { Style::new().fg(colour) } else { Style::new() }
}

fn verdict(sample: &Sample) -> (String, Color) {
    match sample.status {
        None => ("unknown".to_owned(), Color::DarkGray),
        Some(status) => {
            let colour = match status {
                HealthStatus::Ok => Color::Green,
                HealthStatus::Unknown => Color::DarkGray,
                HealthStatus::Degraded => Color::Yellow,
                HealthStatus::Critical => Color::Red,
            };
            (format!("{}, score {} of 100", word(status), sample.score), colour)
        }
    }
}

fn figures(sample: &Sample) -> String {
    let disk = sample.free_disk_bytes.map_or_else(|| "?".to_owned(), size);
    let others = sample.processes.as_ref().map_or_else(|| "?".to_owned(), |found| found.len().to_string());
    format!(
        "size {}   log {}   disk {disk} free   other processes {others}",
        size(sample.size_bytes),
        size(sample.wal_bytes)
    )
}

fn log_line(sample: &Sample) -> String {
    let frames = |count: Option<u64>| count.map_or_else(|| "?".to_owned(), |count| count.to_string());
    let checkpoint = sample.checkpoint_at.map_or_else(|| "none seen".to_owned(), ago);
    format!(
        "{}, {} frame(s), {} not in the database yet; checkpoint: {checkpoint}",
        size(sample.wal_bytes),
        frames(sample.wal_frames),
        frames(sample.wal_backlog)
    )
}

fn head_of(frame: &mut Frame<'_>, area: Rect, sample: &Sample, screen: &Screen<'_>) {
    let (text, shade) = verdict(sample);
    let line = Line::from(vec![
        Span::styled(format!(" {text}"), colour(screen, shade).add_modifier(Modifier::BOLD)),
        Span::raw(format!("   {}", figures(sample))),
    ]);
    let block = Block::bordered().title(format!(" {} ", escaped(screen.title)));
    frame.render_widget(Paragraph::new(line).block(block), area);
}

/// What a process does, in words.
fn doing(process: &Process) -> String {
    if process.locks.is_empty() { "idle".to_owned() } else { process.locks.join(", ") }
}

fn process_cells(process: &Process, sample: &Sample) -> [String; 5] {
    let since =
        sample.busy_ms.get(&process.pid).map_or_else(String::new, |ms| span(i64::try_from(ms / 1_000).unwrap_or(0)));
    [process.pid.to_string(), escaped(&process.name), process.descriptors.to_string(), doing(process), since]
}

const PROCESS_COLUMNS: [&str; 5] = ["process", "program", "open", "does", "for"];
const CALL_COLUMNS: [&str; 6] = ["took", "when", "process", "actor", "call", "about"];

fn processes_of(frame: &mut Frame<'_>, area: Rect, sample: &Sample) {
    let rows = sample.processes.iter().flatten().map(|process| Row::new(process_cells(process, sample)));
    let widths = [
        Constraint::Length(8),
        Constraint::Length(18),
        Constraint::Length(5),
        Constraint::Length(24),
        Constraint::Min(8),
    ];
    let block = Block::bordered().title(" who has it open: connections, transactions, locks ");
    let header = Row::new(PROCESS_COLUMNS).style(Style::new().add_modifier(Modifier::BOLD));
    frame.render_widget(Table::new(rows, widths).header(header).block(block), area);
}

fn call_cells(sample: &Sample) -> Vec<[String; 6]> {
    let cells = |call: &super::sample::Call| {
        let verb = if call.outcome == "ok" { call.verb.clone() } else { format!("{} ({})", call.verb, call.outcome) };
        let target = call.target.split_whitespace().collect::<Vec<_>>().join(" ");
        [
            duration(call.duration_ms),
            ago(call.at),
            call.process.to_string(),
            escaped(&call.actor),
            escaped(&verb),
            escaped(&target),
        ]
    };
    sample.calls.iter().map(cells).collect()
}

fn calls_of(frame: &mut Frame<'_>, area: Rect, sample: &Sample) {
    let rows = call_cells(sample).into_iter().map(Row::new);
    let widths = [
        Constraint::Length(10),
        Constraint::Length(15),
        Constraint::Length(8),
        Constraint::Length(10),
        Constraint::Length(16),
        Constraint::Min(10),
    ];
    let block = Block::bordered().title(" slowest of the last calls, of every process that keeps an audit ");
    let header = Row::new(CALL_COLUMNS).style(Style::new().add_modifier(Modifier::BOLD));
    frame.render_widget(Table::new(rows, widths).header(header).block(block), area);
}

/// The look as text, for a pipe.
pub(super) fn print(sample: &Sample) {
    say!("{}   {}", verdict(sample).0, figures(sample));
    say!("log {}", log_line(sample));
    for (what, remedy) in &sample.findings {
        say!("{what}: {remedy}");
    }
    let processes: Vec<Vec<String>> =
        sample.processes.iter().flatten().map(|process| process_cells(process, sample).to_vec()).collect();
    if !processes.is_empty() {
        crate::show::table(&PROCESS_COLUMNS, &processes);
    }
    let calls: Vec<Vec<String>> = call_cells(sample).into_iter().map(|cells| cells.to_vec()).collect();
    if !calls.is_empty() {
        crate::show::table(&CALL_COLUMNS, &calls);
    }
}
