//! kill -9 at random moments of `rpmadb migrate`, and then again: what was cut off is made up for, nothing is done twice.
//!
//! Leaves to others: kills at known places (`crash.rs`), kills in a run that is one long transaction (`concurrency`).
//!
//! The set is made so that many commits lie in a run: a file without a transaction, statements that are moved outside, Lua,
//! a rebuild, repeatables. `RPMADB_TEST_ROUNDS` makes it longer, `RPMADB_TEST_SEED` repeats a run.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::seen::{Seen, remove_files};
use crate::concurrency::{at_the_gate, next, rounds, seed};
use crate::support::{Scratch, command};

/// `files`, then the log without a transaction, then statements that are moved.
fn files() -> Vec<(&'static str, &'static str)> {
    let late = [
        ("010_off.sql", super::OFF[1].1),
        ("011_after.sql", super::OFF[2].1),
        ("012_moved.sql", super::MOVED[1].1),
        (
            "013_off.sql",
            "-- rpmadb: transaction=off\nINSERT INTO log (y) VALUES ('nine');\nINSERT INTO log (y) VALUES ('ten');",
        ),
    ];
    super::MIXED.iter().copied().chain(late).collect()
}

const COUNTER: i64 = 4 + 7 + 1 + 2;

/// Waits for a process that must end within half a minute; whether it succeeded.
fn ends(mut child: Child, what: &str) {
    let limit = Instant::now() + Duration::from_secs(30);
    while child.try_wait().expect("is ours").is_none() {
        if Instant::now() > limit {
            child.kill().expect("is ours");
            child.wait().expect("is ours");
            panic!("{what}: it is stuck");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let output = child.wait_with_output().expect("ended");
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stdout));
}

fn migrate(folder: &Path, what: &str) {
    let mut again = command();
    again.current_dir(folder).args(["migrate", "a.db", "--migrations", "m", "--json"]);
    ends(again.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts"), what);
}

/// Begins a migrate; returns it when it is at work.
fn begin(folder: &Path) -> Child {
    let mut child = at_the_gate(folder, &["migrate", "a.db", "--migrations", "m", "--json"]);
    child.stdin.take().expect("piped").write_all(b"go\n").expect("opens the gate");
    child
}

#[test]
fn a_migrate_killed_at_any_moment_is_completed_by_the_next_one() {
    let mut random = seed("kills");
    let scratch = Scratch::new();
    scratch.migrations("m", &files());
    let (folder, path) = (scratch.folder(), scratch.path("a.db"));
    let start = Instant::now();
    ends(begin(folder), "without a kill");
    let whole = start.elapsed();
    let wanted = Seen::at(&path);
    assert!(wanted.is_sound() && wanted.counter() == COUNTER, "{wanted:?}");
    let (total, mut kills, mut halfway) = (rounds(40), 0, 0);
    for round in 0..total {
        remove_files(&path);
        let mut here = format!("round {round} of {total}");
        for _ in 0..=next(&mut random, 2) {
            let delay = Duration::from_micros(next(&mut random, whole.as_micros() as u64 * 5 / 4));
            let mut child = begin(folder);
            // why a sleep: the moment is what is tried, there is nothing to wait for
            std::thread::sleep(delay);
            child.kill().expect("is ours");
            kills += u32::from(child.wait().expect("is ours").code().is_none());
            here.push_str(&format!(", killed after {delay:?}"));
            if path.exists() {
                let left = Seen::left_at(&path);
                assert!(left.is_sound(), "{here}: {left:#?}");
                halfway += u32::from(left.recorded() > 0 && left != wanted);
            }
        }
        migrate(folder, &here);
        let found = Seen::at(&path);
        assert_eq!(found, wanted, "{here}");
        migrate(folder, &here);
        assert_eq!(Seen::at(&path), wanted, "{here}: once more");
    }
    println!(
        "{total} rounds: {kills} kills came while it was at work, {halfway} left it halfway; none wrong, none stuck"
    );
    assert!(kills > 0, "no kill came in time");
}
