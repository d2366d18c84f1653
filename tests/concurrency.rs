//! Many at once, and ends that nobody planned: processes that start together on one file, threads on one handle, and
//! kill -9 at random moments.
//!
//! Leaves to others: locks that are held on purpose, cancel and close (`rust`).
//!
//! `RPMADB_TEST_ROUNDS` sets how often each is tried, `RPMADB_TEST_SEED` repeats a run whose seed was printed. What is
//! random is the moment of a kill; everything else waits for conditions.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rpmadb::{Database, request};
use serde_json::Value as Json;

use crate::support::{Ran, Scratch, bare, run, text, try_open, value, watch};

const PROCESSES: usize = 8;

pub(crate) fn rounds(default: u64) -> u64 {
    std::env::var("RPMADB_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(default)
}

/// A seed that says how to get it again.
pub(crate) fn seed(what: &str) -> u64 {
    let given = std::env::var("RPMADB_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |since| since.as_nanos() as u64);
    let seed = given.unwrap_or(now) | 1;
    println!("{what}: RPMADB_TEST_SEED={seed}");
    seed
}

/// The next number of a xorshift generator, below `limit`.
pub(crate) fn next(state: &mut u64, limit: u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state % limit
}

/// A folder `m` of `count` migrations, each of which adds 1 to a counter.
fn counting(scratch: &Scratch, count: usize) {
    for version in 1..=count {
        let first = "CREATE TABLE counter (n INTEGER NOT NULL) STRICT;\nINSERT INTO counter VALUES (1);\n";
        let text = if version == 1 { first } else { "UPDATE counter SET n = n + 1;\n" };
        scratch.write(&format!("m/{version:03}_count.sql"), text);
    }
}

/// The command behind a gate: it starts to work when a line arrives on its standard input.
pub(crate) fn at_the_gate(folder: &Path, args: &[&str]) -> Child {
    let mut shell = Command::new("sh");
    shell.args(["-c", "read go; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_rpmadb")]).args(args).current_dir(folder);
    shell.env_remove("RPMADB_MIGRATIONS").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shell.spawn().expect("starts")
}

fn document(ran: &Ran) -> Json {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    serde_json::from_str(&ran.stdout).expect("a report")
}

/// Eight processes migrate the file `a.db` of a scene at once; each step runs once, whoever runs it.
fn all_start_at_once(prepare: impl Fn(&Scratch) -> usize) {
    for round in 0..rounds(3) {
        let scratch = Scratch::new();
        counting(&scratch, 20);
        let left = prepare(&scratch);
        let args = ["migrate", "a.db", "--migrations", "m", "--json"];
        let mut children: Vec<Child> = (0..PROCESSES).map(|_| at_the_gate(scratch.folder(), &args)).collect();
        for child in &mut children {
            child.stdin.take().expect("piped").write_all(b"go\n").expect("opens the gate");
        }
        let reports: Vec<Json> =
            children.into_iter().map(|child| document(&child.wait_with_output().expect("ends").into())).collect();
        let ran: usize = reports.iter().map(|report| report["applied"].as_array().map_or(0, Vec::len)).sum();
        assert_eq!(ran, left, "round {round}: each step ran once");
        assert!(reports.iter().all(|report| report["to"] == 20), "round {round}: {reports:?}");
        let database = try_open(scratch.path("a.db"), &bare()).expect("opens").0;
        assert_eq!(value(&database, "SELECT n FROM counter"), 20, "round {round}");
        assert_eq!(database.diagnostics(&watch()).expect("examines").integrity, "ok", "round {round}");
    }
}

#[test]
fn processes_that_start_at_once_on_a_new_file_migrate_it_once() {
    all_start_at_once(|_| 20);
}

#[test]
fn processes_that_start_at_once_on_an_old_file_apply_the_rest_once() {
    all_start_at_once(|scratch| {
        document(&run(scratch.folder(), &["migrate", "a.db", "--migrations", "m", "--to", "10", "--json"]));
        10
    });
}

#[test]
fn processes_that_start_at_once_on_a_file_with_a_rollback_journal_all_find_it_in_wal() {
    all_start_at_once(|scratch| {
        let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
        plain.execute_batch("CREATE TABLE mine (x); INSERT INTO mine VALUES (1)").expect("writes");
        20
    });
}

#[test]
fn processes_that_start_at_once_on_the_embedded_set_all_succeed() {
    for _ in 0..rounds(3) {
        let scratch = Scratch::new();
        let mut children: Vec<Child> =
            (0..PROCESSES).map(|_| at_the_gate(scratch.folder(), &["migrate", "a.db", "--json"])).collect();
        for child in &mut children {
            child.stdin.take().expect("piped").write_all(b"go\n").expect("opens the gate");
        }
        let ran: usize = children
            .into_iter()
            .map(|child| document(&child.wait_with_output().expect("ends").into()))
            .map(|report| report["applied"].as_array().map_or(0, Vec::len))
            .sum();
        assert_eq!(ran, 20);
    }
}

#[test]
fn threads_read_and_write_on_one_handle() {
    const WRITERS: usize = 4;
    const WRITES: usize = 60;
    let scratch = Scratch::new();
    let database = try_open(scratch.path("a.db"), &bare()).expect("opens").0;
    for sql in [
        "CREATE TABLE a (n INTEGER)",
        "CREATE TABLE b (n INTEGER)",
        "INSERT INTO a VALUES (0)",
        "INSERT INTO b VALUES (0)",
    ] {
        database.query(sql, None, &watch()).expect(sql);
    }
    let done = AtomicBool::new(false);
    let add = |bound: &Arc<Database>| {
        for table in ["a", "b"] {
            bound.query(&format!("UPDATE {table} SET n = n + 1"), None, &watch()).expect("adds");
        }
        0
    };
    let reads: usize = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let (mut last, mut reads) = (0, 0);
                    while !done.load(Ordering::Acquire) || reads == 0 {
                        let both = database.query("SELECT a.n, b.n FROM a, b", None, &watch()).expect("reads").rows;
                        assert_eq!(both[0][0], both[0][1], "half a transaction was seen");
                        let now = both[0][0].as_i64().expect("a number");
                        assert!(now >= last, "time went back from {last} to {now}");
                        (last, reads) = (now, reads + 1);
                    }
                    reads
                })
            })
            .collect();
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..WRITES {
                        assert!(database.transaction(&watch(), add).expect("writes").committed);
                    }
                })
            })
            .collect();
        let outcomes: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        done.store(true, Ordering::Release);
        outcomes.into_iter().for_each(|outcome| outcome.expect("no panic"));
        readers.into_iter().map(|reader| reader.join().expect("no panic")).sum()
    });
    assert!(reads >= 4);
    assert_eq!(value(&database, "SELECT n FROM a"), WRITERS * WRITES);
}

#[test]
fn every_verb_may_run_beside_every_other() {
    let scratch = Scratch::new();
    let folder = request::BackupFolder { folder: Some(text(scratch.folder())), ..request::BackupFolder::default() };
    let options = request::Open { backup: folder, ..request::Open::default() };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let insert = "INSERT INTO application_settings (key, value, updated_at) VALUES (lower(hex(randomblob(8))), 'x', 1)";
    let calls: [&(dyn Fn() -> Result<(), rpmadb::Error> + Sync); 9] = [
        &|| database.query(insert, None, &watch()).map(|_| ()),
        &|| database.transaction(&watch(), |_| 1).map(|_| ()),
        &|| database.health(&request::Health::default(), &watch()).map(|_| ()),
        &|| database.diagnostics(&watch()).map(|_| ()),
        &|| database.stats(&request::Stats::default(), &watch()).map(|_| ()),
        &|| database.migrations(&watch()).map(|_| ()),
        &|| database.migrate(&request::Migrate::default(), &watch()).map(|_| ()),
        &|| {
            database
                .script(
                    "db:exec([[UPDATE application_settings SET description = 'y']])",
                    &request::Script::default(),
                    &watch(),
                )
                .map(|_| ())
        },
        &|| {
            let mode = rpmadb::CheckpointMode::Passive;
            database.checkpoint(mode, &request::Checkpoint::default(), &watch()).map(|_| ())
        },
    ];
    std::thread::scope(|scope| {
        for call in calls {
            scope.spawn(move || (0..15).for_each(|_| call().expect("succeeds")));
        }
    });
    assert_eq!(value(&database, "SELECT count(*) FROM application_settings"), 8 + 15);
}

// --- kill -9

/// Starts the command and kills it after `delay`; tells whether it was still at work.
fn kill_after(folder: &Path, args: &[&str], delay: Duration) -> bool {
    let mut child = at_the_gate(folder, args);
    child.stdin.take().expect("piped").write_all(b"go\n").expect("opens the gate");
    // why a sleep: the moment is what is tried, there is nothing to wait for
    std::thread::sleep(delay);
    child.kill().expect("is ours");
    child.wait().expect("is ours").code().is_none()
}

/// How long a whole run takes here and now.
fn time_of(folder: &Path, args: &[&str]) -> Duration {
    let mut child = at_the_gate(folder, args);
    let start = Instant::now();
    child.stdin.take().expect("piped").write_all(b"go\n").expect("opens the gate");
    let output = child.wait_with_output().expect("ends");
    assert!(output.status.success(), "{output:?}");
    start.elapsed()
}

#[test]
fn a_killed_migrate_has_done_all_or_nothing_and_can_be_run_again() {
    let mut random = seed("kill migrate");
    let scratch = Scratch::new();
    counting(&scratch, 300);
    let args = |name: &'static str| ["migrate", name, "--migrations", "m", "--json"];
    let whole = time_of(scratch.folder(), &args("timed.db"));
    let mut hits = 0;
    for round in 0..rounds(10) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let _ = std::fs::remove_file(scratch.path(&format!("a.db{suffix}")));
        }
        // up to a few kills before a run is let through, some of them on what earlier ones left
        for _ in 0..=next(&mut random, 3) {
            let delay = Duration::from_micros(next(&mut random, whole.as_micros() as u64 * 5 / 4));
            hits += u32::from(kill_after(scratch.folder(), &args("a.db"), delay));
            if scratch.path("a.db").exists() {
                let ran = run(scratch.folder(), &["migrations", "a.db", "--migrations", "m", "--json"]);
                let listed: Json = serde_json::from_str(&ran.stdout).expect("a report");
                let outcome = (ran.code, listed["current"].as_i64());
                assert!([(Some(3), Some(0)), (Some(0), Some(300))].contains(&outcome), "round {round}: {outcome:?}");
            }
        }
        let report = document(&run(scratch.folder(), &args("a.db")));
        assert_eq!(report["to"], 300, "round {round}");
        let database = try_open(scratch.path("a.db"), &bare()).expect("opens").0;
        assert_eq!(value(&database, "SELECT n FROM counter"), 300, "round {round}");
        assert_eq!(database.diagnostics(&watch()).expect("examines").integrity, "ok", "round {round}");
    }
    println!("{hits} kills came while it was at work");
}

/// What a process leaves that was killed in the middle of a transaction in rollback-journal mode: half its pages in the
/// file, and a journal to undo them. Whichever verb comes first must undo them, also one that only looks.
#[test]
fn a_journal_left_by_a_kill_is_rolled_back_by_whatever_verb_comes_first() {
    let killed = Scratch::new();
    let plain = rusqlite::Connection::open(killed.path("a.db")).expect("opens");
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) \
                INSERT INTO a SELECT 1, zeroblob(1000) FROM n";
    plain.execute_batch(&format!("CREATE TABLE a (x, pad); {fill}; PRAGMA cache_size = 5")).expect("writes");
    plain.execute_batch("BEGIN; UPDATE a SET x = 2").expect("writes more than its cache holds");
    let verbs: [&[&str]; 7] = [
        &["migrate", "a.db"],
        &["migrations", "a.db"],
        &["health", "a.db"],
        &["diagnostics", "a.db"],
        &["stats", "a.db"],
        &["backup", "a.db", "b.db"],
        &["query", "a.db", "SELECT count(*) FROM a"],
    ];
    for args in verbs {
        let scratch = Scratch::new();
        for name in ["a.db", "a.db-journal"] {
            std::fs::copy(killed.path(name), scratch.path(name)).expect("copies");
        }
        let ran = run(scratch.folder(), args);
        // why 3 and 4: the embedded migrations are pending
        let code = if args[0] == "migrations" {
            3
        } else if args[0] == "health" {
            4
        } else {
            0
        };
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(code), ""), "{args:?}");
        let database = try_open(scratch.path("a.db"), &bare()).expect("opens").0;
        assert_eq!(value(&database, "SELECT max(x) FROM a"), 1, "{args:?}");
    }
}

#[test]
fn a_killed_backup_leaves_a_whole_copy_or_none() {
    let mut random = seed("kill backup");
    let scratch = Scratch::new();
    let database = try_open(scratch.path("a.db"), &bare()).expect("opens").0;
    database.query("CREATE TABLE a (x)", None, &watch()).expect("makes");
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) \
                INSERT INTO a SELECT randomblob(2000) FROM n";
    database.query(fill, None, &watch()).expect("fills");
    database.close().expect("closes");
    let whole = time_of(scratch.folder(), &["backup", "a.db", "timed.db"]);
    for round in 0..rounds(10) {
        let delay = Duration::from_micros(next(&mut random, whole.as_micros() as u64 * 5 / 4));
        kill_after(scratch.folder(), &["backup", "a.db", "b.db"], delay);
        if scratch.path("b.db").exists() {
            let copy = rusqlite::Connection::open(scratch.path("b.db")).expect("opens");
            let ask = |sql: &str| copy.query_row(sql, [], |row| row.get::<_, String>(0)).expect(sql);
            assert_eq!(
                (ask("PRAGMA integrity_check"), ask("SELECT count(*) || '' FROM a")),
                ("ok".into(), "2000".into())
            );
            drop(copy);
            std::fs::remove_file(scratch.path("b.db")).expect("removes");
        }
        // why not always there: between the two names a kill leaves the backup, and the next backup gives it its manifest
        let _ = std::fs::remove_file(scratch.path("b.db.manifest.json"));
        let names = scratch.names();
        let visible: Vec<_> = names.iter().filter(|name| !name.starts_with('.') && !name.starts_with("a.db")).collect();
        assert_eq!(visible, ["timed.db", "timed.db.manifest.json"], "round {round}");
    }
    document(&run(scratch.folder(), &["backup", "a.db", "last.db", "--json"]));
}
