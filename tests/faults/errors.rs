//! System calls that fail and disks that are full: the call answers with a proper status, and all is as before.
//!
//! Leaves to others: what must be true (`scene.rs`).

use super::child::{Call, End, Order};
use super::scene::Scene;
use super::{is_wanted, next, seed, share, some_of};

/// What this call may fail with.
fn errors_of(call: &Call) -> &'static [&'static str] {
    match call.name.as_str() {
        "write" | "pwrite64" | "fallocate" => &["ENOSPC", "EIO", "EDQUOT"],
        "open" | "openat" | "link" | "linkat" => &["ENOSPC", "EIO", "EMFILE"],
        "fchmod" => &["EPERM", "EIO"],
        _ => &["EIO", "ENOSPC"],
    }
}

/// After an error: a proper status, and a handle that sees what is on the disk.
#[track_caller]
fn is_proper(scene: &Scene, order: &Order, end: &End, goes_on: bool, here: &str) {
    scene.is_plausible(order, here);
    let Some(outcome) = &end.outcome else { panic!("{here}: no outcome: {end:?}") };
    match outcome {
        Ok(_) => scene.is_completed(order, &format!("{here}: it was called a success")),
        Err(error) => {
            let name = error["name"].as_str().expect("a name");
            assert!(["DISK_FULL", "IO", "PERMISSION"].contains(&name), "{here}: {error}");
        }
    }
    if !goes_on {
        let afterwards = end.afterwards.as_ref().unwrap_or_else(|| panic!("{here}: {end:?}"));
        let wanted = serde_json::json!({"sees": scene.left(&scene.database()), "writes": "ok"});
        assert_eq!(afterwards[1], wanted, "{here}: the same handle: {end:?}");
        let written =
            afterwards.as_array().map_or(0, |looks| looks.iter().filter(|look| look["writes"] == "ok").count());
        assert_eq!(scene.marks(), written.to_string(), "{here}: what the same handle wrote is lost: {end:?}");
        // why these: each thread's calls are counted by themselves, and a call that failed on the thread that syncs is yet to
        // come on the one that goes on
        let comes_later = ["from open", "from fsync", "from fdatasync"].iter().any(|call| here.contains(call));
        assert!(afterwards[0] == wanted || comes_later, "{here}: the same handle: {end:?}");
    }
}

/// Whether the verb said that it failed.
#[track_caller]
fn fail_one(scene: &Scene, order: &Order, call: &Call, error: &str, goes_on: bool) -> bool {
    let when = format!("{}{}", call.number, if goes_on { "+" } else { "" });
    let here = format!("{}, {error} from {} number {when}: {}", order.name, call.name, call.shown);
    scene.set_up();
    let end = order.with_fault(&call.name, &format!("error={error}"), &when);
    is_proper(scene, order, &end, goes_on, &here);
    scene.is_whole(order, &here);
    scene.is_made_up_for(order, &here);
    matches!(end.outcome, Some(Err(_)))
}

#[track_caller]
fn fail_calls(names: &[&str], count: u64) {
    let (mut random, scene) = (seed("errors"), Scene::new());
    for name in names {
        let order = scene.order_named(name);
        scene.set_up();
        let mut calls = order.calls(&scene.log());
        calls.retain(|call| is_wanted(&format!("{name}, from {} number {}: {}", call.name, call.number, call.shown)));
        let mut refused = 0;
        let some = some_of(&calls, share(&order, count), &mut random);
        for call in &some {
            let errors = errors_of(call);
            let error = errors[next(&mut random, errors.len() as u64) as usize];
            // why not always: where a disk stays full, cleaning up must not need room
            let goes_on = error != "EMFILE" && next(&mut random, 3) == 0;
            refused += usize::from(fail_one(&scene, &order, call, error, goes_on));
        }
        println!("{name}: {refused} of {} errors were told, of {} calls", some.len(), calls.len());
    }
}

#[test]
fn a_backup_whose_system_calls_fail_says_so_and_leaves_nothing() {
    fail_calls(
        &[
            "a plain backup",
            "a pinned, compressed backup",
            "an encrypted backup",
            "a backup to a path",
            "a backup over another",
            "a compact backup over another",
            "an incremental backup",
        ],
        2,
    );
}

#[test]
fn a_restore_whose_system_calls_fail_says_so_and_the_handle_goes_on() {
    fail_calls(&["a restore by rename", "a restore as a transaction", "an undo"], 3);
}

/// The database that a restore replaces is its own backup, under two names for a moment. When the last sync before the new file got
/// the name failed, the live database became a backup for good.
#[test]
fn a_restore_whose_syncs_and_changes_of_names_fail_makes_no_backup_of_the_live_database() {
    let scene = Scene::new();
    let order = scene.order_named("a restore by rename");
    scene.set_up();
    let mut calls = order.calls(&scene.log());
    calls.retain(|call| {
        ["fsync", "fdatasync", "link", "linkat", "rename", "renameat2", "unlink"].contains(&&*call.name)
    });
    assert!(calls.len() > 10, "{calls:?}");
    let refused = calls.iter().filter(|call| fail_one(&scene, &order, call, "EIO", false)).count();
    println!("{refused} of {} errors were told", calls.len());
    assert!(refused >= 4);
}

#[test]
fn a_verify_or_prune_whose_system_calls_fail_says_so() {
    fail_calls(&["a verify", "a prune"], 2);
}

#[test]
fn a_migration_with_its_backup_whose_system_calls_fail_says_so() {
    fail_calls(&["a migration per run", "a migration per file"], 2);
}

#[test]
fn where_no_file_may_grow_nothing_half_done_is_left() {
    let (mut random, scene) = (seed("sizes"), Scene::new());
    for order in scene.orders() {
        let mut refused = 0;
        for round in 0..share(&order, 1) {
            let blocks = 100 + next(&mut random, 1_200);
            let here = format!("{} where files end at {blocks} blocks (round {round})", order.name);
            scene.set_up();
            let end = order.with_small_files(blocks);
            refused += u32::from(matches!(end.outcome, Some(Err(_))));
            is_proper(&scene, &order, &end, true, &here);
            scene.is_whole(&order, &here);
            scene.is_made_up_for(&order, &here);
        }
        println!("{}: {refused} did not fit", order.name);
    }
}
