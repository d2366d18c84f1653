//! SIGKILL at the boundaries that the library names, and before any system call that changes something.
//!
//! Leaves to others: what must be true (`scene.rs`).

use super::child::{Call, End, Order};
use super::scene::Scene;
use super::{is_wanted, rounds, seed, share, some_of};

/// Kills at some boundaries of each of these.
#[track_caller]
fn kill_at_boundaries(names: &[&str], count: u64) {
    let (mut random, scene) = (seed("boundaries"), Scene::new());
    for name in names {
        let order = scene.order_named(name);
        scene.set_up();
        let boundaries = order.boundaries();
        scene.is_completed(&order, name);
        scene.is_whole(&order, name);
        println!("{name}: {boundaries:?}");
        assert!(!boundaries.is_empty() || order.verb == "verify", "{name} has no boundary");
        let numbered: Vec<(usize, String)> = (1..).zip(boundaries).collect();
        for (at, place) in some_of(&numbered, share(&order, count), &mut random) {
            let here = format!("{name}, killed at boundary {at} ({place})");
            if !is_wanted(&here) {
                continue;
            }
            scene.set_up();
            let end = order.killed_at(at);
            assert_eq!(end.at.as_ref(), Some(&place), "{here}: {end:?}");
            scene.is_plausible(&order, &here);
            scene.is_whole(&order, &here);
            scene.is_made_up_for(&order, &here);
        }
    }
}

/// Kills at some system calls of each of these.
#[track_caller]
fn kill_at_calls(names: &[&str], count: u64) {
    let (mut random, scene) = (seed("calls"), Scene::new());
    for name in names {
        let order = scene.order_named(name);
        kill_one_at_calls(&scene, &order, share(&order, count), &mut random);
    }
}

fn kill_one_at_calls(scene: &Scene, order: &Order, count: u64, random: &mut u64) {
    scene.set_up();
    let calls = order.calls(&scene.log());
    scene.is_whole(order, order.name);
    let here = |call: &Call| format!("{}, killed at {} number {}: {}", order.name, call.name, call.number, call.shown);
    let calls: Vec<Call> = calls.into_iter().filter(|call| is_wanted(&here(call))).collect();
    println!("{}: {} calls", order.name, calls.len());
    let mut killed = 0;
    for call in some_of(&calls, count, random) {
        let here = here(&call);
        scene.set_up();
        let end = order.with_fault(&call.name, "signal=KILL", &call.number.to_string());
        killed += usize::from(died(&end));
        scene.is_plausible(order, &here);
        scene.is_whole(order, &here);
        scene.is_made_up_for(order, &here);
    }
    println!("{}: {killed} of {} died on the way", order.name, calls.len().min(count as usize));
    assert!(killed > 0 || calls.is_empty(), "{}: nobody died", order.name);
}

fn died(end: &End) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    end.begun && end.outcome.is_none() && end.status.signal() == Some(9)
}

const BACKUPS: [&str; 7] = [
    "a plain backup",
    "a pinned, compressed backup",
    "an encrypted backup",
    "a backup to a path",
    "a backup over another",
    "a compact backup over another",
    "an incremental backup",
];
const RESTORES: [&str; 3] = ["a restore by rename", "a restore as a transaction", "an undo"];
const MIGRATIONS: [&str; 2] = ["a migration per run", "a migration per file"];

#[test]
fn a_backup_killed_at_any_boundary_is_whole_or_not_there() {
    kill_at_boundaries(&BACKUPS, 1);
}

#[test]
fn a_restore_killed_at_any_boundary_leaves_the_old_or_the_new_database() {
    kill_at_boundaries(&RESTORES, 3);
}

#[test]
fn a_prune_killed_at_any_boundary_leaves_whole_backups() {
    kill_at_boundaries(&["a prune", "a verify"], 2);
}

#[test]
fn a_migration_with_its_backup_killed_at_any_boundary_is_completed_by_the_next() {
    kill_at_boundaries(&MIGRATIONS, 2);
}

#[test]
fn a_backup_killed_at_any_system_call_is_whole_or_not_there() {
    kill_at_calls(&BACKUPS, 2);
}

#[test]
fn a_restore_killed_at_any_system_call_leaves_the_old_or_the_new_database() {
    kill_at_calls(&RESTORES, 3);
}

#[test]
fn a_prune_killed_at_any_system_call_leaves_whole_backups() {
    kill_at_calls(&["a prune"], 4);
}

#[test]
fn a_migration_with_its_backup_killed_at_any_system_call_is_completed_by_the_next() {
    kill_at_calls(&MIGRATIONS, 2);
}

#[test]
fn where_names_cannot_be_swapped_safely_a_kill_is_survived_too() {
    // why: some file systems do not know renameat2 with a flag, and then a link is made
    let (mut random, scene) = (seed("links"), Scene::new());
    for name in ["a plain backup", "a backup to a path"] {
        let order = scene.order_named(name);
        scene.set_up();
        let end = order.with_fault("renameat2", "error=EINVAL", "1+");
        assert!(matches!(end.outcome, Some(Ok(_))), "{name}: {end:?}");
        scene.is_whole(&order, name);
        let points = [("?link,?linkat", 2), ("?rename,?renameat", 2), ("?unlink,?unlinkat", 4), ("fsync", 7)];
        let points: Vec<(&str, u32)> =
            points.iter().flat_map(|(call, last)| (1..=*last).map(move |number| (*call, number))).collect();
        for (call, number) in some_of(&points, rounds(3), &mut random) {
            let here = format!("{name} by link, killed at {call} number {number}");
            scene.set_up();
            order.with_faults(&[("renameat2", "error=EINVAL", "1+"), (call, "signal=KILL", &number.to_string())]);
            scene.is_plausible(&order, &here);
            scene.is_whole(&order, &here);
            scene.is_made_up_for(&order, &here);
        }
    }
}

#[test]
fn a_crash_loop_leaves_a_bounded_number_of_backups() {
    let scene = Scene::new();
    let mut order = scene.order_named("a migration per run");
    order.open["backup"]["keep_pre_migrate"] = 2.into();
    let boundaries = order.boundaries();
    let last = boundaries.iter().rposition(|place| place == "before a commit").expect("commits") + 1;
    scene.set_up();
    for round in 0..5 {
        let end = order.killed_at(last);
        // why not where: what a prune removes adds boundaries
        assert!(end.at.is_some(), "round {round}: {end:?}");
        let made = scene.names("backups").iter().filter(|name| name.ends_with(".pre-migrate.db")).count();
        assert!((1..=3).contains(&made), "round {round}: {made}");
    }
    scene.is_made_up_for(&order, "after the loop");
}
