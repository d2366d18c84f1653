//! Flyway's history: `flyway_schema_history`, a journal of what was done, in the order of `installed_rank`.
//!
//! Leaves to others: checksums (`checksum.rs`), and whether we have the versions (`adopt.rs`).
//!
//! Invariant: what holds of a version is the last row about it. A row without a version is a repeatable's or the
//! schema's and says nothing of a version.

use super::checksum::Sum;
use super::{Claim, Claims, Foreign, Ours, Stop, cell};
use crate::sqlite::{Connection, Value};

/// What a row did to its version, by its type.
enum Deed {
    /// It stands for this version and everything below it.
    Baseline,
    /// It took the version back, or struck it from the history.
    TakenBack,
    /// It applied a file whose checksum is that of the text.
    Sql,
    /// It applied something of which we have no text: Java, a script.
    Other,
}

impl Deed {
    fn of(kind: &str) -> Deed {
        match kind {
            "SQL" => Deed::Sql,
            "DELETE" => Deed::TakenBack,
            // why endings: next to BASELINE there are SQL_BASELINE and JDBC_BASELINE, and every kind has its undo
            kind if kind.ends_with("BASELINE") => Deed::Baseline,
            kind if kind.starts_with("UNDO_") => Deed::TakenBack,
            _ => Deed::Other,
        }
    }
}

pub(super) fn claims(connection: &Connection, foreign: &Foreign, ours: &Ours<'_>) -> Result<Claims, Stop> {
    let columns = "version, type, checksum, installed_on, success";
    let mut claims = Claims::new();
    for [version, kind, sum, time, success] in cell::rows(connection, foreign, columns, "installed_rank")? {
        let kind = cell::text(foreign, "type", &kind)?;
        // why a failed repeatable passes too: we run all repeatables anew
        if version == Value::Null || kind == "SCHEMA" {
            continue;
        }
        let version = number(foreign, &version)?;
        if !cell::flag(foreign, "success", &success)? {
            return Err(foreign.unfinished(version).into());
        }
        let claim = |sum| Claim { applied_at_ms: cell::time(&time), sum };
        match Deed::of(kind) {
            // why not asked whether it is in the set: the files up to a baseline are often gone, and Flyway itself
            //    sets baselines that have no file; one above the set is another matter
            Deed::Baseline if ours.keys().next_back().is_none_or(|latest| *latest < version) => {
                return Err(foreign.unknown(version).into());
            }
            Deed::Baseline => {
                for (below, _) in ours.range(..=version) {
                    claims.entry(*below).or_default();
                }
            }
            Deed::TakenBack => {
                claims.remove(&version);
            }
            Deed::Sql => {
                claims.insert(version, claim(crc(foreign, &sum)?));
            }
            Deed::Other => {
                claims.insert(version, claim(None));
            }
        }
    }
    Ok(claims)
}

/// Flyway's versions have parts; parts that are 0 at the end make no difference, and others cannot be numbers of ours.
fn number(foreign: &Foreign, version: &Value) -> Result<i64, Stop> {
    let Value::Text(text) = version else { return cell::version(foreign, version) };
    let mut whole = text.as_str();
    while let Some((rest, part)) = whole.rsplit_once('.') {
        if part.is_empty() || part.bytes().any(|byte| byte != b'0') {
            return Err(foreign.no_number(text).into());
        }
        whole = rest;
    }
    cell::version(foreign, &whole.into())
}

/// The stored number is the 32 bits of the sum, read with a sign; rows of old releases and of baselines have none.
fn crc(foreign: &Foreign, sum: &Value) -> Result<Option<Sum>, Stop> {
    match sum {
        Value::Null => Ok(None),
        Value::Integer(number) => match i32::try_from(*number) {
            Ok(number) => Ok(Some(Sum::Flyway(number.cast_unsigned()))),
            Err(_) => Err(foreign.unreadable("its checksum has more than 32 bits").into()),
        },
        _ => Err(foreign.unreadable("its checksum is not a number").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{adopted, refusal, set, versions};
    use super::super::{Adopted, Known};

    /// The table as Flyway makes it, with rows of version, type, checksum and success.
    fn history(rows: &[(&str, &str, &str, i64)]) -> String {
        let mut sql = "CREATE TABLE \"flyway_schema_history\" (
                \"installed_rank\" INT NOT NULL PRIMARY KEY, \"version\" VARCHAR(50),
                \"description\" VARCHAR(200) NOT NULL, \"type\" VARCHAR(20) NOT NULL, \"script\" VARCHAR(1000) NOT NULL,
                \"checksum\" INT, \"installed_by\" VARCHAR(100) NOT NULL,
                \"installed_on\" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f','now')),
                \"execution_time\" INT NOT NULL, \"success\" BOOLEAN NOT NULL);
            CREATE INDEX \"flyway_schema_history_s_idx\" ON \"flyway_schema_history\" (\"success\");"
            .to_owned();
        for (rank, (version, kind, sum, success)) in rows.iter().enumerate() {
            sql += &format!(
                "INSERT INTO flyway_schema_history VALUES ({rank}, {version}, 'd', '{kind}', 's', {sum}, '', \
                 '2026-07-19 18:01:56.504', 2, {success});"
            );
        }
        sql
    }

    #[test]
    fn sql_is_adopted_with_its_time_and_verified() {
        // zlib.crc32 of Python gave the number, struct its form with a sign
        let known = [Known { version: 1, file: "1_a.sql", text: Some("CREATE TABLE b (x);\n") }];
        let adopted = adopted(&history(&[("'1'", "SQL", "-1802148518", 1)]), &known, None).expect("adopted");
        assert_eq!(adopted, [Adopted { version: 1, applied_at_ms: Some(1_784_484_116_504), verified: true }]);
    }

    #[test]
    fn another_text_is_refused_with_its_version_and_file() {
        let known = [Known { version: 1, file: "1_a.sql", text: Some("CREATE TABLE other (x);\n") }];
        let refusal = refusal(adopted(&history(&[("'1'", "SQL", "-1802148518", 1)]), &known, None));
        assert_eq!(
            refusal.reason,
            "the text that flyway applied is not the text of 1_a.sql (version 1 in the table flyway_schema_history)"
        );
        assert_eq!((refusal.version, refusal.file.as_deref()), (Some(1), Some("1_a.sql")));
    }

    #[test]
    fn a_baseline_stands_for_everything_up_to_it() {
        let rows = history(&[("'3'", "BASELINE", "NULL", 1), ("'5'", "JDBC", "7", 1)]);
        assert_eq!(versions(adopted(&rows, &set(&[1, 2, 4, 5, 6]), None)), [1, 2, 5]);
        let beyond = refusal(adopted(&history(&[("'9'", "SQL_BASELINE", "1", 1)]), &set(&[1, 2]), None));
        assert_eq!(beyond.reason, "the table flyway_schema_history records version 9, which is not in the set");
    }

    #[test]
    fn what_was_undone_or_deleted_is_not_applied_until_it_is_done_again() {
        let rows = history(&[
            ("'1'", "SQL", "NULL", 1),
            ("'2'", "SQL", "NULL", 1),
            ("'3'", "SQL", "NULL", 1),
            ("'2'", "UNDO_SQL", "NULL", 1),
            ("'3'", "DELETE", "NULL", 1),
            ("'2'", "SQL", "NULL", 1),
        ]);
        assert_eq!(versions(adopted(&rows, &set(&[1, 2, 3]), None)), [1, 2]);
    }

    #[test]
    fn a_failed_row_is_refused_with_its_version() {
        let refusal = refusal(adopted(&history(&[("'2'", "SQL", "NULL", 0)]), &set(&[1, 2]), None));
        assert_eq!(refusal.reason, "the table flyway_schema_history marks version 2 as not finished by flyway");
        assert_eq!(refusal.version, Some(2));
    }

    #[test]
    fn rows_without_a_version_are_repeatables_and_say_nothing() {
        let rows = history(&[("'0'", "SCHEMA", "NULL", 1), ("NULL", "SQL", "1", 0), ("'1'", "SQL", "NULL", 1)]);
        assert_eq!(versions(adopted(&rows, &set(&[1]), None)), [1]);
    }

    #[test]
    fn a_version_with_parts_is_refused_by_name_unless_they_are_zero() {
        let rows = history(&[("'1.0.00'", "SQL", "NULL", 1)]);
        assert_eq!(versions(adopted(&rows, &set(&[1]), None)), [1]);
        for version in ["1.1", "1.0.1", "1.", "2020.04.16.0"] {
            let rows = history(&[(&format!("'{version}'"), "SQL", "NULL", 1)]);
            let reason = refusal(adopted(&rows, &set(&[1]), None)).reason;
            let expected = format!("records version '{version}', which is no whole number");
            assert_eq!(reason, format!("the table flyway_schema_history {expected}"));
        }
    }
}
