//! Faults that backups, restores, retention and migrations with a backup survive: death at any boundary and any system call,
//! errors of any system call, full disks, and company.
//!
//! `scene` is the database with its backups and what must be true of them afterwards, `child` the process that meets the
//! fault, `kills`, `errors` and `together` the faults. CI tries some points of each verb; `RPMADB_TEST_ROUNDS=10000` tries all, and
//! `RPMADB_TEST_ONLY=words` those whose description holds the words, such as `an undo` or `fsync`.
//!
//! What must hold: a name stands for a whole backup or for nothing; the database is the old or the new one, never a mix; the same
//! call again needs no help; nothing stays behind and nothing else is touched.

mod child;
mod errors;
mod kills;
mod scene;
mod together;

use crate::concurrency::{next, rounds, seed};

/// `count` of them, all when there are no more than that, in order.
fn some_of<T: Clone>(all: &[T], count: u64, random: &mut u64) -> Vec<T> {
    let mut left: Vec<usize> = (0..all.len()).collect();
    while left.len() as u64 > count {
        left.remove(next(random, left.len() as u64) as usize);
    }
    left.into_iter().map(|at| all[at].clone()).collect()
}

/// Whether this was asked for.
fn is_wanted(here: &str) -> bool {
    std::env::var("RPMADB_TEST_ONLY").map_or(true, |words| here.contains(&words))
}

/// How many faults of a kind this meets.
fn share(order: &child::Order, count: u64) -> u64 {
    // why fewer: what goes through an encrypted scratch file takes ten times as long without optimisation
    let is_slow = order.verb == "verify" || order.options["compact"] == true;
    rounds(if is_slow { 1 } else { count })
}
