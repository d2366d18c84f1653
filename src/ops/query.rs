//! `query`: one statement, with its parameters and rows as JSON.
//!
//! Leaves to others: transactions of several statements (`rpmadb_transaction`, scripts).
//!
//! Invariants: reads go to a reader and writes to the writer; a statement that fails changes nothing; integers stay
//! exact, and what JSON has no form for is an object that says what it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value as Json, json};

use crate::error::{Error, Result};
use crate::migrations;
use crate::operation::Operation;
use crate::report;
use crate::request::Role;
use crate::sqlite::{Access, Connection, Params, Statement, Value};

/// Runs `sql` with `params`, a JSON array for `?` or an object for `:name`.
pub fn run(
    access: &Access,
    sql: &str,
    params: Option<&str>,
    role: Role,
    operation: &Operation,
) -> Result<report::Query> {
    migrations::one_statement(sql)?;
    let params = Parameters::from_json(params)?;
    let main_word = migrations::main_word(sql);
    let report = access.for_statement(sql, &main_word, role, None, operation, |connection, statement| {
        on(connection, statement, sql, &params)
    })?;
    if let Some(account) = operation.own_account() {
        account.add_rows(report.rows.len() as u64);
    }
    Ok(report)
}

fn on(connection: &Connection, statement: &mut Statement<'_>, sql: &str, params: &Parameters) -> Result<report::Query> {
    let before = (connection.total_changes(), connection.last_insert_rowid());
    statement.bind(params.as_params())?;
    let columns = statement.columns();
    let mut rows = Vec::new();
    statement.for_each(|row| {
        rows.push(row.values().into_iter().map(to_json).collect());
        Ok(true)
    })?;
    let changes = connection.changes_since(before.0);
    let rowid = connection.last_insert_rowid();
    Ok(report::Query {
        columns,
        rows,
        changes,
        last_insert_rowid: (changes > 0 && inserted(sql, rowid != before.1)).then_some(rowid),
    })
}

/// Whether SQLite's last row id is of this statement. An upsert may have updated instead; then only a row id that moved
/// tells.
fn inserted(sql: &str, moved: bool) -> bool {
    let inserts = matches!(migrations::main_word(sql).as_str(), "insert" | "replace");
    let may_update = sql.to_ascii_lowercase().contains("conflict");
    inserts && (moved || !may_update)
}

enum Parameters {
    Positional(Vec<Value>),
    Named(Vec<(String, Value)>),
}

impl Parameters {
    fn from_json(text: Option<&str>) -> Result<Parameters> {
        let wrong = |reason: String| Error::InvalidArgument { name: "params".into(), reason };
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            return Ok(Parameters::Positional(Vec::new()));
        };
        match serde_json::from_str::<Json>(text).map_err(|error| wrong(format!("are not JSON: {error}")))? {
            Json::Array(values) => values
                .into_iter()
                .enumerate()
                .map(|(at, value)| from_json(value).map_err(|reason| wrong(format!("[{at}] {reason}"))))
                .collect::<Result<_>>()
                .map(Parameters::Positional),
            Json::Object(values) => values
                .into_iter()
                .map(|(name, value)| match from_json(value) {
                    Ok(value) => Ok((name, value)),
                    Err(reason) => Err(wrong(format!("'{name}' {reason}"))),
                })
                .collect::<Result<_>>()
                .map(Parameters::Named),
            _ => Err(wrong("must be a JSON array or object".into())),
        }
    }

    fn as_params(&self) -> Params<'_> {
        match self {
            Parameters::Positional(values) => Params::Positional(values),
            Parameters::Named(values) => Params::Named(values),
        }
    }
}

fn from_json(value: Json) -> std::result::Result<Value, String> {
    match value {
        Json::Null => Ok(Value::Null),
        Json::Bool(flag) => Ok(Value::Integer(i64::from(flag))),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Ok(Value::Integer(number)),
            (None, _) if number.is_u64() => Err(format!("is {number}, beyond SQLite's 64-bit integers")),
            (None, Some(number)) => Ok(Value::Real(number)),
            (None, None) => Err(format!("is {number}, which is no number SQLite stores")),
        },
        Json::String(text) => Ok(Value::Text(text)),
        Json::Object(object) => match object.iter().next() {
            Some((key, Json::String(text))) if object.len() == 1 && key == "base64" => {
                BASE64.decode(text).map(Value::Blob).map_err(|error| format!("is not base64: {error}"))
            }
            Some((key, Json::String(text))) if object.len() == 1 && key == "real" => match text.as_str() {
                "inf" => Ok(Value::Real(f64::INFINITY)),
                "-inf" => Ok(Value::Real(f64::NEG_INFINITY)),
                other => Err(format!("has real '{other}', which must be inf or -inf")),
            },
            _ => Err("is an object; only {\"base64\": \"...\"} is one SQLite can store. Pass JSON as text".into()),
        },
        Json::Array(_) => Err("is an array. Pass JSON as text".into()),
    }
}

fn to_json(value: Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Integer(number) => number.into(),
        Value::Real(number) if number.is_infinite() => json!({"real": if number > 0.0 { "inf" } else { "-inf" }}),
        Value::Real(number) => number.into(),
        Value::Text(text) => text.into(),
        // why like a BLOB: JSON text must be UTF-8, and replacing bytes would lose them
        Value::BadText(bytes) | Value::Blob(bytes) => json!({"base64": BASE64.encode(bytes)}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::Whose;

    fn run_on(connection: &Connection, sql: &str, params: &Parameters) -> report::Query {
        let run = connection.users(Whose::Users, sql, |statement| on(connection, statement, sql, params));
        run.expect(sql)
    }

    #[test]
    fn values_survive_the_way_there_and_back() {
        let connection = Connection::open_in_memory().expect("opens");
        let params = r#"[9007199254740993, -9223372036854775808, 0.1, "ä\u0000b", {"base64": "AP8="}, null, true, {"real": "-inf"}, 1.0]"#;
        let params = Parameters::from_json(Some(params)).expect("reads");
        let report = run_on(&connection, "SELECT ?,?,?,?,?,?,?,?,?", &params);
        let expected = json!([9_007_199_254_740_993_i64, i64::MIN, 0.1, "ä\u{0}b", {"base64": "AP8="}, null, 1, {"real": "-inf"}, 1.0]);
        assert_eq!(Json::Array(report.rows[0].clone()), expected);
        assert_eq!((report.changes, report.last_insert_rowid), (0, None));
    }

    #[test]
    fn what_sqlite_cannot_store_is_refused_by_place() {
        for (text, said) in [
            ("[18446744073709551615]", "[0] is 18446744073709551615, beyond"),
            (r#"{"a": [1]}"#, "'a' is an array"),
            (r#"[1, {"x": 1}]"#, "[1] is an object"),
            ("7", "must be a JSON array or object"),
            ("[", "are not JSON"),
        ] {
            let error = Parameters::from_json(Some(text)).err().expect(text).to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn changes_and_row_id_are_those_of_this_statement() {
        let connection = Connection::open_in_memory().expect("opens");
        let run = |sql: &str| {
            let report = run_on(&connection, sql, &Parameters::Positional(Vec::new()));
            (report.changes, report.last_insert_rowid)
        };
        assert_eq!(run("CREATE TABLE t (a)"), (0, None));
        assert_eq!(run("INSERT INTO t VALUES (1), (2)"), (2, Some(2)));
        assert_eq!(run("CREATE TABLE u (a)"), (0, None));
        assert_eq!(run("UPDATE t SET a = 3"), (2, None));
        assert_eq!(run("SELECT * FROM t"), (0, None));
    }
}
