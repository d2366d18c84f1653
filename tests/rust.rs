//! The Rust interface: what [`Database`] promises, seen from outside.
//!
//! Leaves to others: the same promises at the other doors (`cli`, `lua`, `c`), files that are no databases (`hostile`),
//! many at once (`concurrency`), and the texts of errors (`errors`).
//!
//! Each test makes its own file in its own folder. What a rollback kept away is compared by contents, table by table.

mod asking;
mod checking;
mod checkpointing;
mod diagnosing;
mod measuring;
mod metrics;
mod migrating;
mod opening;
mod running;
mod scripting;
mod working;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::time::{Duration, Instant};

use rpmadb::report::HealthStatus;
use rpmadb::{CheckpointMode, Database, Error, HostFn, HostStep, Operation, Role, build_info, report, request};
use serde_json::{Value as Json, json};

use crate::support::{
    Scratch, bare, bytes, contents, open, refusal, rows, run, text, try_open, unrecorded, value, wait_until, watch,
    with_folder,
};

const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";

fn migrate(database: &Database) -> Result<report::Migrate, Error> {
    database.migrate(&request::Migrate::default(), &watch())
}

fn migrate_to(database: &Database, target: i64) -> Result<report::Migrate, Error> {
    database.migrate(&request::Migrate { target: Some(target), ..request::Migrate::default() }, &watch())
}

fn query(database: &Database, sql: &str) -> Result<report::Query, Error> {
    database.query(sql, None, &watch())
}

fn stats(database: &Database, estimate: bool) -> report::Stats {
    database.stats(&request::Stats { estimate, ..request::Stats::default() }, &watch()).expect("measures")
}

fn diagnostics(database: &Database) -> report::Diagnostics {
    database.diagnostics(&watch()).expect("examines")
}

/// What ran, as `1 name` and `R name`.
fn applied(report: &report::Migrate) -> Vec<String> {
    report
        .applied
        .iter()
        .map(|step| step.version.map_or_else(|| format!("R {}", step.name), |v| format!("{v} {}", step.name)))
        .collect()
}

/// A database without a schema of ours.
fn empty(scratch: &Scratch) -> Database {
    try_open(scratch.path("a.db"), &bare()).expect("opens").0
}

fn host_step(version: i64, up: impl Fn(&Arc<Database>) -> Result<(), Error> + Send + Sync + 'static) -> HostStep {
    let up: HostFn = Arc::new(up);
    HostStep { version, name: "by_host".into(), up, down: None }
}

/// A user, a client, a task of theirs and an intervention on it.
fn add_a_job(database: &Database) {
    add_user(database);
    add_client(database, "c1", "Élodie Durand");
    for sql in [
        "INSERT INTO tasks (id, task_number, client_id, assigned_to, created_by, title, license_plate, scheduled_at, \
         estimated_duration_minutes, created_at, updated_at) \
         VALUES ('t1', 'T-1', 'c1', 'u1', 'u1', 'Hood', 'ab 123-cd', 1000, 60, 1, 1)",
        "INSERT INTO interventions (id, task_id, technician_id, created_at, updated_at) \
         VALUES ('i1', 't1', 'u1', 2, 2)",
        "INSERT INTO intervention_steps (id, intervention_id, step_number, step_type, name, created_at, updated_at) \
         VALUES ('s1', 'i1', 1, 'inspection', 'Look', 3, 3), ('s2', 'i1', 2, 'installation', 'Lay', 3, 3)",
    ] {
        query(database, sql).expect(sql);
    }
}

fn add_user(database: &Database) {
    let sql = "INSERT INTO users (id, username, email, password_hash, full_name, created_at, updated_at) \
               VALUES ('u1', 'ada', 'ada@example.org', 'x', 'Ada L.', 1, 1)";
    query(database, sql).expect("adds a user");
}

const OLDER: &[(&str, &str)] =
    &[("1_a.sql", "CREATE TABLE a (x);"), ("R_v.sql", "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT 1 AS n;")];

fn table_with_one(scratch: &Scratch) -> Database {
    let database = empty(scratch);
    query(&database, "CREATE TABLE a (x PRIMARY KEY)").expect("makes");
    query(&database, "INSERT INTO a VALUES (1)").expect("adds");
    database
}

fn add_client(database: &Database, id: &str, name: &str) {
    let sql = "INSERT INTO clients (id, name, phone, created_at, updated_at) VALUES (?, ?, '06 12 34 56 78', 1, 1)";
    database.query(sql, Some(&json!([id, name]).to_string()), &watch()).expect("adds a client");
}
