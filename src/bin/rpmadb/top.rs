//! `rpmadb top`: a live view of a database that other processes work with.
//!
//! Leaves to others: looking (`sample`, `processes`), drawing (`view`).
//!
//! Invariant: the terminal is given back as it was on every path out: a key, a signal, an error, a panic.

mod processes;
mod sample;
mod view;

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use rpmadb::{Database, Error, Operation};

use crate::args::desk::Top;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::settings::Settings;
use crate::{show, stop};
use sample::Looks;
use view::Screen;

/// How often a key or a signal is looked for.
const POLL: Duration = Duration::from_millis(50);

/// Refuses what cannot be shown, before a database is looked at.
pub(crate) fn refuse(typed: &Top) -> Result<()> {
    if typed.once || (std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return Ok(());
    }
    Err(Failure::usage("top needs a terminal", Some("--once prints one look")))
}

pub(crate) fn call(
    typed: &Top,
    settings: &Settings,
    path: &str,
    database: &Database,
    watch: &Operation,
) -> Result<Exit> {
    let mut looks = Looks::at(std::path::Path::new(path));
    looks.look(database, watch)?;
    if typed.once {
        show::report(settings, &looks.last, view::print);
        return Ok(Exit::Done);
    }
    stop::before_exit(ratatui::restore);
    let failed = |error: std::io::Error| Error::from_io("the terminal", &error);
    let mut terminal = ratatui::try_init().map_err(failed)?;
    let outcome = run(&mut terminal, typed, path, &mut looks, database, watch);
    ratatui::restore();
    match outcome {
        // why done: this is how it ends
        Err(Error::Cancelled { .. }) if stop::asked() => Ok(Exit::Done),
        outcome => Ok(outcome.map(|()| Exit::Done)?),
    }
}

fn run(
    terminal: &mut DefaultTerminal,
    typed: &Top,
    path: &str,
    looks: &mut Looks,
    database: &Database,
    watch: &Operation,
) -> rpmadb::Result<()> {
    let failed = |error: std::io::Error| Error::from_io("the terminal", &error);
    let (mut every, mut is_stopped) = (Duration::from_millis(typed.every), false);
    let has_colour = show::has_colour();
    let mut next = Instant::now() + every;
    loop {
        let every_ms = u64::try_from(every.as_millis()).unwrap_or(u64::MAX);
        let screen = Screen { title: path, every_ms, is_stopped, has_colour };
        terminal.draw(|frame| view::draw(frame, looks, &screen)).map_err(failed)?;
        let was = (every, is_stopped);
        while Instant::now() < next || is_stopped {
            if stop::asked() {
                return Ok(());
            }
            if !event::poll(POLL).map_err(failed)? {
                continue;
            }
            match event::read().map_err(failed)? {
                Event::Key(key) if key.kind != KeyEventKind::Release => match key.code {
                    KeyCode::Char('q') | KeyCode::Esc => return Ok(()),
                    KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Ok(()),
                    KeyCode::Char(' ') => is_stopped = !is_stopped,
                    KeyCode::Char('+') => every = (every * 2).min(Duration::from_secs(60)),
                    KeyCode::Char('-') => every = (every / 2).max(Duration::from_millis(125)),
                    _ => {}
                },
                Event::Resize(..) => break,
                _ => {}
            }
            if was != (every, is_stopped) {
                break;
            }
        }
        if Instant::now() >= next && !is_stopped {
            looks.look(database, watch)?;
            next = Instant::now() + every;
        }
    }
}
