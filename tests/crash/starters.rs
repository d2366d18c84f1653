//! Eight processes that start at once with pending files: each file runs once, all of them succeed.
//!
//! In WAL mode and with a rollback journal, on a new file and on an old one, committing the run or each file, with a file
//! that wants no transaction, and with one of the processes killed on its way.
//! Leaves to others: the command, which always works in WAL mode (`concurrency`).
//!
//! `RPMADB_TEST_ROUNDS` sets how often each is tried, `RPMADB_TEST_SEED` repeats which one is killed and where.

use std::process::Child;

use serde_json::json;

use super::child::{End, Order, end, open_the_gate};
use super::seen::{Seen, remove_files};
use crate::concurrency::{next, rounds, seed};
use crate::support::{Scratch, watch};

const PROCESSES: usize = 8;
const FILES: usize = 20;

/// What the rounds of a test have in common.
struct Way {
    journal: &'static str,
    per: &'static str,
    /// Whether every fifth file wants no transaction.
    off: bool,
    /// How many files are applied before the processes start.
    old: usize,
    /// Whether one process is killed.
    kill: bool,
}

const WAY: Way = Way { journal: "wal", per: "run", off: false, old: 0, kill: false };

fn files(off: bool) -> Vec<(String, String)> {
    let file = |version: usize| {
        let text = match version {
            1 => "CREATE TABLE counter (n INTEGER NOT NULL) STRICT;\nINSERT INTO counter VALUES (1);\n".to_owned(),
            _ if off && version.is_multiple_of(5) => {
                "-- rpmadb: transaction=off\nSELECT 1;\nUPDATE counter SET n = n + 1;\nVACUUM;\n".to_owned()
            }
            _ => "UPDATE counter SET n = n + 1;\n".to_owned(),
        };
        (format!("{version:03}_count.sql"), text)
    };
    (1..=FILES).map(file).collect()
}

fn all_start_at_once(way: &Way) {
    let mut random = seed("starters");
    let scratch = Scratch::new();
    let files = files(way.off);
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let folder = scratch.migrations("m", &files);
    let order =
        Order { migrate: json!({"transaction": way.per}), ..Order::new(scratch.path("a.db"), &folder, way.journal) };
    let boundaries = order.on(&scratch.path("counted.db")).boundaries().len() as u64;
    for round in 0..rounds(5) {
        remove_files(&order.path);
        if way.old > 0 {
            let first = Order { migrate: json!({"target": way.old}), ..order.clone() };
            first.carry_out(&watch()).expect("applies the first ones");
        }
        let (victim, at) = (next(&mut random, PROCESSES as u64), 1 + next(&mut random, boundaries));
        let stop_at = |index: u64| (way.kill && index == victim).then_some(at as usize);
        let mut children: Vec<Child> = (0..PROCESSES as u64).map(|index| order.start(stop_at(index), true)).collect();
        children.iter_mut().for_each(open_the_gate);
        // why each by a thread: the one that waits to be killed may hold the lock that the others wait for
        let waits: Vec<_> = children.into_iter().map(|child| std::thread::spawn(move || end(child))).collect();
        let ends: Vec<End> = waits.into_iter().map(|wait| wait.join().expect("every process succeeds")).collect();
        let mut ran = way.old;
        for end in &ends {
            if let End::Done(report) = end {
                assert_eq!(report["to"], FILES, "round {round}: {report}");
                ran += report["applied"].as_array().map_or(0, Vec::len);
            }
        }
        let killed = ends.iter().any(|end| matches!(end, End::Killed(_)));
        assert!(if killed { ran <= FILES } else { ran == FILES }, "round {round}: {ran} files ran, {ends:?}");
        let found = Seen::at(&order.path);
        assert!(found.is_sound(), "round {round}: {found:#?}");
        assert_eq!((found.counter(), found.recorded()), (FILES as i64, FILES), "round {round}: {ends:?}");
    }
}

#[test]
fn starters_on_a_new_file_in_a_rollback_journal_run_each_file_once() {
    all_start_at_once(&Way { journal: "delete", ..WAY });
}

#[test]
fn starters_on_an_old_file_in_a_rollback_journal_run_the_rest_once() {
    all_start_at_once(&Way { journal: "delete", old: 10, ..WAY });
}

#[test]
fn starters_that_commit_each_file_run_each_file_once() {
    all_start_at_once(&Way { per: "file", ..WAY });
}

#[test]
fn starters_that_commit_each_file_in_a_rollback_journal_run_each_file_once() {
    all_start_at_once(&Way { per: "file", journal: "delete", old: 3, ..WAY });
}

#[test]
fn starters_with_files_that_want_no_transaction_run_each_statement_once() {
    all_start_at_once(&Way { off: true, ..WAY });
}

#[test]
fn starters_with_files_that_want_no_transaction_in_a_rollback_journal_run_each_statement_once() {
    all_start_at_once(&Way { off: true, journal: "delete", ..WAY });
}

#[test]
fn starters_do_the_work_of_the_one_that_is_killed() {
    all_start_at_once(&Way { kill: true, ..WAY });
    all_start_at_once(&Way { kill: true, journal: "delete", old: 2, ..WAY });
}

#[test]
fn starters_that_commit_bit_by_bit_do_the_rest_of_the_one_that_is_killed() {
    all_start_at_once(&Way { kill: true, off: true, per: "file", ..WAY });
    all_start_at_once(&Way { kill: true, off: true, per: "file", journal: "delete", ..WAY });
}
