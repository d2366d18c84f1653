//! Lua, from outside: scripts through [`Database::script`], and migrations written in Lua.
//!
//! Leaves to others: that the verbs of `db` are those of every door, with the same keys in their reports (`parity`).
//!
//! What a script must not be able to do (run on, take more memory, reach the machine, keep half a transaction) is tried
//! in the ways a script has to try it; after each the handle must be good for the next call.

mod api;
mod bounds;
mod failures;
mod rows;
mod running;
mod scripts;
mod shipped;
mod verbs;

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use rpmadb::{Database, Error, Operation, Role, report, request};
use serde_json::{Value as Json, json};

use crate::support::{Scratch, bare, contents, open, refusal, rows, text, try_open, value, watch, with_folder};

const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";

fn run(database: &Database, source: &str) -> Result<report::Script, Error> {
    database.script(source, &request::Script::default(), &watch())
}

fn result(database: &Database, source: &str) -> Json {
    run(database, source).unwrap_or_else(|error| panic!("{error}\n{source}")).result
}

fn log(database: &Database, source: &str) -> Vec<String> {
    run(database, source).unwrap_or_else(|error| panic!("{error}\n{source}")).log
}

fn failure(database: &Database, source: &str) -> Error {
    run(database, source).expect_err(source)
}

/// What happened, without where.
fn placeless(error: Error) -> Error {
    error.at(rpmadb::error::Place::default())
}

fn timeout(limit_ms: u64) -> Error {
    Error::ScriptTimeout { limit_ms, place: Box::default() }
}

fn memory(limit_bytes: u64) -> Error {
    Error::ScriptMemory { limit_bytes, place: Box::default() }
}

/// Runs with a time-out that a right script of these tests never reaches on its own.
fn limited(database: &Database, source: &str, timeout_ms: u64) -> Result<report::Script, Error> {
    let request = request::Script { timeout_ms: Some(timeout_ms), ..request::Script::default() };
    database.script(source, &request, &watch())
}

/// A database with a table `a` that holds 1.
fn table_with_one(scratch: &Scratch) -> Database {
    let database = try_open(scratch.path("a.db"), &bare()).expect("opens").0;
    for sql in ["CREATE TABLE a (x PRIMARY KEY)", "INSERT INTO a VALUES (1)"] {
        database.query(sql, None, &watch()).expect(sql);
    }
    database
}
