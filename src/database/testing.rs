//! Tests of scripts: each on a fresh database in memory.
//!
//! Leaves to others: what a test is (`lua/testing.rs`).
//!
//! Invariant: a test never sees a database that another test had, nor one on the disk.

use std::path::Path;
use std::time::Instant;

use super::{Database, rights};
use crate::error::{Error, Result};
use crate::lua::TestFile;
use crate::operation::Operation;
use crate::report::{self, elapsed_ms};
use crate::request;

/// See [`Database::test_script`].
pub(super) fn run(path: &Path, options: &request::Open, operation: &Operation) -> Result<report::ScriptTests> {
    let start = Instant::now();
    rights::check("script", options.role)?;
    let file = TestFile::read(path)?;
    let names = one(&file, 0, options, operation, &mut Vec::new())?;
    if names.is_empty() {
        return Err(Error::InvalidArgument {
            name: path.display().to_string(),
            reason: "has no test: it calls it(name, function) nowhere".into(),
        });
    }
    let mut tests = Vec::new();
    for (at, name) in names.into_iter().enumerate() {
        let start = Instant::now();
        let mut log = Vec::new();
        let outcome = one(&file, at + 1, options, operation, &mut log);
        // why: a run that was stopped is no verdict on the tests behind
        if let Err(stopped @ (Error::Cancelled { .. } | Error::Timeout { .. })) = outcome {
            return Err(stopped);
        }
        let error = outcome.err().map(|error| error.document().error);
        tests.push(report::ScriptTest { name, passed: error.is_none(), error, log, duration_ms: elapsed_ms(start) });
    }
    Ok(report::ScriptTests {
        name: file.name().to_owned(),
        passed: tests.iter().all(|test| test.passed),
        tests,
        duration_ms: elapsed_ms(start),
    })
}

fn one(
    file: &TestFile,
    number: usize,
    options: &request::Open,
    operation: &Operation,
    log: &mut Vec<String>,
) -> Result<Vec<String>> {
    let (database, _) = Database::open(":memory:", options, operation)?;
    database.call("script", operation, |core, operation| {
        operation.about(|| file.name().to_owned());
        file.run(&database.session(core)?, number, operation, log)
    })
}
