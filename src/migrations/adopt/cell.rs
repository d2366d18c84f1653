//! One value of another tool's history: a version, a yes or no, a time.
//!
//! Leaves to others: which column holds which, and what it means (`tables.rs`, `flyway.rs`).
//!
//! Invariant: a value of a form that the tools do not write is `None`, never a default.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Foreign, Stop};
use crate::sqlite::{Connection, Value, schema};

/// Columns of all rows of a history, in the order that the SQL text `order` gives.
pub(super) fn rows<const N: usize>(
    connection: &Connection,
    foreign: &Foreign,
    columns: &str,
    order: &str,
) -> Result<Vec<[Value; N]>, Stop> {
    let sql = format!("SELECT {columns} FROM main.{} ORDER BY {order}", schema::quoted(&foreign.table));
    let fit = |row: Vec<Value>| row.try_into().map_err(|_| foreign.unreadable("it has other columns").into());
    connection.rows(&sql, &[])?.into_iter().map(fit).collect()
}

/// A whole number, stored as such or as digits.
pub(super) fn version(foreign: &Foreign, value: &Value) -> Result<i64, Stop> {
    match value {
        Value::Integer(number) => Ok(*number),
        // why the digits are looked at: parsing would take a sign too
        Value::Text(text) => match text.parse() {
            Ok(number) if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(number),
            _ => Err(foreign.no_number(text).into()),
        },
        _ => Err(foreign.unreadable("its version is neither a number nor text").into()),
    }
}

/// A yes or no, which SQLite stores as 1 or 0.
pub(super) fn flag(foreign: &Foreign, column: &str, value: &Value) -> Result<bool, Stop> {
    match value {
        Value::Integer(0) => Ok(false),
        Value::Integer(1) => Ok(true),
        _ => Err(foreign.unreadable(&format!("its {column} is neither 0 nor 1")).into()),
    }
}

/// Text.
pub(super) fn text<'a>(foreign: &Foreign, column: &str, value: &'a Value) -> Result<&'a str, Stop> {
    match value {
        Value::Text(text) => Ok(text),
        _ => Err(foreign.unreadable(&format!("its {column} is not text")).into()),
    }
}

/// Milliseconds since 1970 in UTC from a written time; one without an offset is in UTC, as SQLite's own are.
pub(super) fn time(value: &Value) -> Option<i64> {
    let Value::Text(text) = value else { return None };
    // why in this order: a civil time is parsed past its offset, which would then be lost
    let found = text.parse::<Timestamp>().or_else(|_| TimeZone::UTC.to_timestamp(text.parse::<DateTime>()?));
    found.ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::super::Tool;
    use super::*;

    fn foreign() -> Foreign {
        Foreign { tool: Tool::Dbmate, table: "schema_migrations".into(), rows: 1 }
    }

    #[test]
    fn times_are_read_in_every_form_that_tools_write() {
        for (text, ms) in [
            ("2024-05-01 10:20:30", Some(1_714_558_830_000)),
            ("2026-07-19 18:01:56.504", Some(1_784_484_116_504)),
            ("2024-05-01T10:20:30.123456789Z", Some(1_714_558_830_123)),
            ("2024-05-01T12:20:30+02:00", Some(1_714_558_830_000)),
            ("2024-05-01 12:20:30.5+02:00", Some(1_714_558_830_500)),
            ("1969-12-31 23:59:59", Some(-1_000)),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(time(&text.into()), ms, "{text}");
        }
        assert_eq!(time(&Value::Null), None);
    }

    #[test]
    fn versions_are_whole_numbers_without_a_sign() {
        for (value, version_found) in [
            (Value::Integer(7), Some(7)),
            ("20151219180527".into(), Some(20_151_219_180_527)),
            ("007".into(), Some(7)),
            ("+7".into(), None),
            ("7a".into(), None),
            ("".into(), None),
            ("99999999999999999999".into(), None),
            (Value::Null, None),
            (Value::Real(7.0), None),
        ] {
            assert_eq!(version(&foreign(), &value).ok(), version_found, "{value:?}");
        }
    }

    #[test]
    fn only_one_and_zero_are_yes_and_no() {
        let read = |value: Value| flag(&foreign(), "dirty", &value).ok();
        assert_eq!((read(Value::Integer(1)), read(Value::Integer(0))), (Some(true), Some(false)));
        assert_eq!((read(Value::Integer(2)), read(Value::Null)), (None, None));
    }
}
