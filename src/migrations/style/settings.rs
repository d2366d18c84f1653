//! The small files other tools put beside a migration: Diesel's `metadata.toml`, Flyway's `V1__name.sql.conf`.
//!
//! Leaves to others: which files they speak of (`names.rs`).
//!
//! Invariants: what cannot be understood and could change how a migration runs is refused; nothing said means the
//! migration runs in a transaction.

use super::{Style, invalid};
use crate::error::{Place, Result};

/// Whether the file says that its migration runs outside a transaction.
pub(super) fn is_transaction_off(style: Style, file: &str, bytes: &[u8]) -> Result<bool> {
    let text = String::from_utf8_lossy(bytes);
    let key = if style == Style::Diesel { "run_in_transaction" } else { "executeInTransaction" };
    let mut is_off = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let setting = line.split('#').next().unwrap_or("").trim().trim_start_matches('\u{feff}');
        // why the end: keys behind a TOML table's head belong to that table
        if setting.starts_with('[') {
            break;
        }
        let Some((name, value)) = setting.split_once('=') else { continue };
        let name = name.trim().trim_matches('"');
        let wrong = |what: String| Err(invalid(file, what).at(Place::locate(&text, start).in_file(file)));
        match (name == key, value.trim()) {
            (true, "true") => is_off = false,
            (true, "false") => is_off = true,
            (true, value) => {
                return wrong(format!("'{file}' sets {key} to '{value}', which is neither true nor false"));
            }
            // why not all: Diesel hands keys it does not know to its host, Flyway's change how the text is read
            (false, _) if style == Style::Flyway => {
                return wrong(format!("'{file}' has the setting '{name}', which is not known here"));
            }
            (false, _) => {}
        }
    }
    Ok(is_off)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_off(style: Style, text: &str) -> Result<bool> {
        is_transaction_off(style, "x", text.as_bytes())
    }

    #[test]
    fn a_transaction_is_the_default() {
        for text in [
            "",
            "# run_in_transaction = false",
            "run_in_transaction = true",
            "other = 1\n[t]\nrun_in_transaction=false",
        ] {
            assert_eq!(is_off(Style::Diesel, text), Ok(false), "{text}");
        }
        for text in ["run_in_transaction=false", "\r\n\"run_in_transaction\" = false # for VACUUM\r\n[t]\r\n"] {
            assert_eq!(is_off(Style::Diesel, text), Ok(true), "{text}");
        }
        assert_eq!(is_off(Style::Flyway, "executeInTransaction=false\n"), Ok(true));
        assert_eq!(is_off(Style::Flyway, ""), Ok(false));
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        let error = is_off(Style::Diesel, "a = 1\nrun_in_transaction = 0").expect_err("refused");
        assert_eq!(error.to_string(), "'x' sets run_in_transaction to '0', which is neither true nor false");
        assert_eq!(error.place().and_then(|place| place.line), Some(2));
        let error = is_off(Style::Flyway, "encoding=UTF-16").expect_err("refused");
        assert!(error.to_string().contains("the setting 'encoding'"));
    }
}
