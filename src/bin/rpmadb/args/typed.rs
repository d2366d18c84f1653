//! What was typed, flag by flag, so that a command that is advised can repeat it.
//!
//! Leaves to others: which command is advised (`show/next.rs`), and what the flags mean.
//!
//! Invariant: what a variable or a file says is not in here: it holds for the next command by itself.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::{Arg, ArgMatches, CommandFactory as _};

use super::Args;

/// What every verb takes that it makes a difference to leave out: which migrations, who is recorded, the key of the audit, where backups
/// are and what signs and opens them.
const CARRIED: &[&str] = &[
    "migrations",
    "style",
    "actor",
    "audit_key_file",
    "folder",
    "sign_key_file",
    "identity",
    "passphrase_file",
    "require_users",
];
/// What is about the printing of one call, and no question is answered before it is asked.
const NOT_REPEATED: &[&str] = &["json", "quiet", "yes", "color"];

/// A flag, with the values of each time that it was typed.
struct Flag {
    id: String,
    times: Vec<Vec<OsString>>,
}

/// The flags that were typed.
// why not taken apart at once: few calls have something to advise, and what a verb takes is known when the command line is made again
#[derive(Default)]
pub(crate) struct Typed {
    verb: String,
    matches: ArgMatches,
}

impl Typed {
    pub(super) fn of(matches: &ArgMatches) -> Typed {
        let Some((verb, matches)) = matches.subcommand() else { return Typed::default() };
        Typed { verb: verb.to_owned(), matches: matches.clone() }
    }

    fn flags(&self) -> Vec<Flag> {
        arguments(&self.verb)
            .iter()
            .filter(|arg| arg.get_long().is_some())
            .map(|arg| arg.get_id().as_str())
            .filter(|id| self.matches.value_source(id) == Some(clap::parser::ValueSource::CommandLine))
            .map(|id| {
                let times = self.matches.get_raw_occurrences(id).into_iter().flatten();
                Flag { id: id.to_owned(), times: times.map(|time| time.map(OsStr::to_owned).collect()).collect() }
            })
            .collect()
    }

    /// The verb as it is called, whatever other name it was typed by.
    pub(crate) fn verb(&self) -> &str {
        &self.verb
    }

    /// Whether this flag was typed.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.flags().iter().any(|flag| flag.id == id)
    }

    /// The flag of this name as it was typed.
    pub(crate) fn long(&self, id: &str) -> Option<String> {
        let arg = arguments(&self.verb).into_iter().find(|arg| arg.get_id() == id && self.has(id))?;
        arg.get_long().map(|long| format!("--{long}"))
    }

    /// The words of a call of `verb` on `database`: all flags again where it is the same verb, else those that `verb` has too and that
    /// say which database, whose and where, behind `more`.
    pub(crate) fn again(&self, verb: &str, database: &Path, more: &[&str]) -> Vec<OsString> {
        let mut words: Vec<OsString> = more.iter().map(OsString::from).collect();
        let taken = arguments(verb);
        for flag in &self.flags() {
            let is_same = verb == self.verb && !NOT_REPEATED.contains(&flag.id.as_str());
            let id = match flag.id.as_str() {
                // why: `audit` and `man` mean another folder
                "folder" if ["audit", "man"].contains(&self.verb.as_str()) => continue,
                "backup" if !is_same => "folder",
                id => id,
            };
            let Some(arg) = taken.iter().find(|arg| arg.get_id() == id) else { continue };
            if is_same || CARRIED.contains(&id) {
                spell(arg, &flag.times, &mut words);
            }
        }
        // why not the one in memory: it stands for none where a verb can do without
        let is_named = taken.iter().any(|arg| arg.get_id() == "database" && arg.is_required_set());
        if database.as_os_str().as_encoded_bytes().starts_with(b"-") {
            words.extend(["--".into(), database.into()]);
        } else if is_named || database.as_os_str() != ":memory:" {
            // why first where it can be: that is how it is typed
            words.insert(0, database.into());
        }
        words.insert(0, verb.into());
        words
    }
}

/// The flag as it is typed, once for each time.
fn spell(arg: &Arg, times: &[Vec<OsString>], words: &mut Vec<OsString>) {
    let Some(long) = arg.get_long() else { return };
    for values in times {
        let mut word = OsString::from(format!("--{long}"));
        match values.as_slice() {
            _ if !arg.get_action().takes_values() => words.push(word),
            // why a dash too: it would be taken for a flag
            [value] if arg.is_require_equals_set() || value.as_encoded_bytes().starts_with(b"-") => {
                word.push("=");
                word.push(value);
                words.push(word);
            }
            values => {
                words.push(word);
                words.extend(values.iter().cloned());
            }
        }
    }
}

/// What a verb takes, those flags included that every verb has.
fn arguments(verb: &str) -> Vec<Arg> {
    let mut command = Args::command();
    command.build();
    command.find_subcommand(verb).map(|verb| verb.get_arguments().cloned().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(line: &str, verb: &str, more: &[&str]) -> String {
        let words: Vec<OsString> = std::iter::once("rpmadb").chain(line.split(' ')).map(OsString::from).collect();
        let args = Args::read(words).expect(line);
        let words = args.typed.again(verb, args.verb.database(), more);
        words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn another_verb_gets_what_says_which_whose_and_where() {
        for (line, verb, wanted) in [
            ("stats a.db --migrations m --no-sizes --json -q", "open", "open a.db --migrations m"),
            (
                "--style auto --migrations m migrate a.db --to 3 --actor eva",
                "repair",
                "repair a.db --migrations m --style auto --actor eva",
            ),
            ("verify a.db x.db --folder b --identity k --depth full", "backups", "backups a.db --folder b"),
            ("migrate a.db --backup b --per-file", "backups", "backups a.db --folder b"),
            ("health a.db --require-users", "doctor", "doctor a.db --require-users"),
            ("audit a.db --verify --folder b --timeout 9", "doctor", "doctor a.db"),
            ("health --migrations m -- -a.db", "open", "open --migrations m -- -a.db"),
            ("new add_tags --migrations m --lua", "test", "test --migrations m"),
            ("stats a.db --actor=-x", "open", "open a.db --actor=-x"),
            ("doctor :memory:", "migrate", "migrate :memory:"),
        ] {
            assert_eq!(again(line, verb, &[]), wanted, "{line}");
        }
    }

    #[test]
    fn the_same_verb_gets_all_but_what_is_about_printing() {
        let line = "migrate a.db --to 3 --per-file --migrations m --yes --json --timeout 9";
        let wanted = "migrate a.db --allow-out-of-order --migrations m --timeout 9 --to 3 --per-file";
        let found = again(line, "migrate", &["--allow-out-of-order"]);
        let sorted =
            |text: &str| text.split("--").map(|part| part.trim().to_owned()).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(sorted(&found), sorted(wanted), "{found}");
        assert_eq!(
            again("backup a.db b --compress=3 --encrypt-to x --encrypt-to y", "backup", &[]),
            "backup a.db --compress=3 --encrypt-to x --encrypt-to y"
        );
        assert_eq!(again("backup a.db b --compress", "backup", &[]), "backup a.db --compress");
    }
}
