//! Directives: comment lines `-- rpmadb: key=value` before the first statement of a file.
//!
//! Leaves to others: acting on them.
//!
//! Invariant: a directive that is not understood is an error with its line; none is passed over.

use super::scan::{self, Kind};
use super::{guard, lint};
use crate::error::{Error, Place, Result};

/// What the head of a file asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Directives {
    /// `compatible-from=12`: a library that ends at 12 or later may work with a database that has had this migration.
    pub(super) compatible_from: Option<i64>,
    /// `transaction=off`: each statement is committed by itself.
    pub(super) without_transaction: bool,
    /// `foreign_keys=on`: foreign keys are enforced while it runs.
    pub(super) enforces_foreign_keys: bool,
    /// `allow=drop-index,...`: guards and lint rules that are waived.
    pub(super) allowed: Vec<String>,
}

/// The directives at the head of a text, with the places of their comments.
fn directives(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let comments = scan::tokens(text).take_while(|token| token.kind == Kind::Comment);
    comments.filter_map(|token| {
        let line = text[token.range.clone()].strip_prefix("--")?;
        Some((line.trim().strip_prefix("rpmadb:")?.trim(), token.range.start))
    })
}

/// Where the directive with one of these keys stands.
pub(super) fn place(file: &str, text: &str, keys: &[&str]) -> Place {
    let is_it = |directive: &str| directive.split_once('=').is_some_and(|(key, _)| keys.contains(&key.trim()));
    let found = directives(text).find(|(directive, _)| is_it(directive));
    Place::locate(text, found.map_or(0, |(_, at)| at)).in_file(file)
}

/// Reads the directives of a file. A Lua file's first lines are comments in both languages.
pub(super) fn read(file: &str, text: &str) -> Result<Directives> {
    let mut found = Directives::default();
    for (directive, at) in directives(text) {
        apply(directive, &mut found).map_err(|problem| Error::MigrationInvalid {
            reason: format!("'{file}' has the directive '{directive}', {problem}"),
            place: Box::new(Place::locate(text, at).in_file(file)),
        })?;
    }
    Ok(found)
}

fn apply(directive: &str, found: &mut Directives) -> Result<(), String> {
    let unknown = || "which this version does not know".to_owned();
    let (key, value) = directive.split_once('=').ok_or_else(unknown)?;
    let value = value.trim();
    let is_on = |word: &str| match word {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("whose value must be on or off".to_owned()),
    };
    match key.trim() {
        "compatible-from" => {
            let version = value.parse::<i64>().ok().filter(|version| *version > 0);
            found.compatible_from = Some(version.ok_or("whose value must be a version")?);
        }
        "transaction" => found.without_transaction = !is_on(value)?,
        "foreign_keys" => found.enforces_foreign_keys = is_on(value)?,
        "allow" => {
            for name in value.split(',').map(str::trim) {
                if !guard::NAMES.contains(&name) && !lint::RULES.contains(&name) {
                    return Err(format!("and '{name}' is none of {}", guard::NAMES.join(", ")));
                }
                found.allowed.push(name.to_owned());
            }
        }
        _ => return Err(unknown()),
    }
    Ok(())
}

impl Directives {
    /// Whether the guard or rule `name` is waived.
    pub(super) fn allows(&self, name: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_directive_is_read() {
        let text = "-- rpmadb: compatible-from=12\n--rpmadb: transaction = off\n/* x */ -- rpmadb: foreign_keys=on\n\
                    -- rpmadb: allow=drop-index, row-loss\n-- other: a=b\nSELECT 1; -- rpmadb: nonsense";
        let found = read("1_a.sql", text).expect("reads");
        assert_eq!(found.compatible_from, Some(12));
        assert!(found.without_transaction && found.enforces_foreign_keys);
        assert!(found.allows("drop-index") && found.allows("row-loss") && !found.allows("foreign-key"));
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        for (directive, problem) in [
            ("speed=high", "does not know"),
            ("transaction", "does not know"),
            ("transaction=maybe", "on or off"),
            ("compatible-from=0", "must be a version"),
            ("allow=everything", "'everything' is none of"),
        ] {
            let text = format!("-- one\n-- rpmadb: {directive}\nSELECT 1");
            let error = read("1_a.sql", &text).expect_err(directive);
            assert!(error.to_string().contains(problem), "{error}");
            assert_eq!(error.place().and_then(|place| place.line), Some(2));
        }
    }
}
