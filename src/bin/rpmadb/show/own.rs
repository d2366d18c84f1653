//! What the command's own verbs print for people.

use rpmadb::report;

use super::table::{Sheet, coloured, table};
use super::text::{STRONG, duration, escaped, of_health, painted, plain, word};
use crate::args::Args;
use crate::run::doctor::{Advice, Verdict};
use crate::settings::keys::KEYS;
use crate::settings::{Settings, unknown_variables};

pub(crate) fn optimized(report: &report::Optimize) {
    say!("statistics renewed ({})", duration(report.duration_ms));
}

pub(crate) fn doctor(verdict: &Verdict, args: &Args) {
    let mut sheet = Sheet::of(&["look", "verdict", "finding"]);
    for look in &verdict.looks {
        sheet.row(vec![look.verb.into(), coloured(word(look.status), look.status), escaped(&look.finding).into()]);
    }
    sheet.print(&[]);
    say!("{}", painted(of_health(verdict.status), word(verdict.status)));
    let next = painted(STRONG, "next");
    let command = |verb: &str, more: &[&str]| super::command(args, verb, more);
    match &verdict.advice {
        Advice::None => {}
        Advice::Remedies(remedies) => {
            for remedy in remedies {
                say!("{}: {}", painted(STRONG, "hint"), escaped(remedy));
            }
        }
        Advice::ChangedByHand => {
            let (repair, list) = (command("repair", &["--schema"]), command("migrations", &[]));
            say!("{next}: {repair}, or undo what {list} lists");
        }
        Advice::BringBack => {
            say!("{}: bring back a verified backup with rpmadb restore", painted(STRONG, "hint"));
            say!("{next}: {}", command("backups", &[]));
        }
        Advice::Verb(verb, more) => say!("{next}: {}", command(verb, more)),
    }
}

pub(crate) fn config(settings: &Settings, only_changed: bool) {
    match settings.file() {
        Some(path) => say!("file: {}", escaped(&path.display().to_string())),
        None => say!("file: none; rpmadb.toml beside the database would be read"),
    }
    let rows: Vec<Vec<String>> = KEYS
        .iter()
        .map(|key| (key, settings.shown(key)))
        .filter(|(_, (_, source, _))| !only_changed || *source != "default")
        .map(|(key, (value, source, from))| {
            let value = if value.is_null() { "-".to_owned() } else { plain(&value) };
            let from = from.unwrap_or_else(|| source.to_owned());
            vec![key.name.to_owned(), value, from]
        })
        .collect();
    table(&["key", "value", "from"], &rows);
    for name in unknown_variables() {
        say!("{name} is set and means nothing here");
    }
}
