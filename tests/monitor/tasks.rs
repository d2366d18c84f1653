//! What the monitor runs: when, by whom, and what ends it.

use super::*;

#[test]
fn damage_that_a_check_finds_is_critical_in_health_and_alerts() {
    let scratch = Scratch::new();
    let database = try_open(scratch.path("a.db"), &bare()).expect("opens").0;
    fill(&database, 1);
    database.close().expect("closes");
    let mut bytes = std::fs::read(scratch.path("a.db")).expect("nobody has it open");
    bytes[4096..4196].fill(0xff);
    std::fs::write(scratch.path("a.db"), bytes).expect("writes");
    let database = try_open(scratch.path("a.db"), &bare()).expect("opens").0;
    database.monitor_start(&quick()).expect("starts");
    wait_until("the check found it", || fires(&database, "integrity"));
    let found = check(&database, "integrity").expect("was checked");
    assert_eq!(found.status, HealthStatus::Critical, "{found:?}");
    let health = database.health(&request::Health::default(), &watch()).expect("looks");
    assert!(health.score <= 39);
    assert_eq!(alerts(&database).alerts[0].severity, Severity::Critical);
}

#[test]
fn a_close_in_the_middle_of_a_task_is_quick() {
    let scratch = Scratch::new();
    let database = try_open(scratch.path("a.db"), &bare()).expect("opens").0;
    fill(&database, 40);
    drop(database);
    let mut slowest = Duration::ZERO;
    for round in 0..8u64 {
        let _ = std::fs::remove_file(scratch.path("a.db-monitor"));
        let options = request::Open { monitor: Some(quick()), ..bare() };
        let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
        std::thread::sleep(Duration::from_millis(round * 15));
        let start = Instant::now();
        database.close().expect("closes");
        slowest = slowest.max(start.elapsed());
    }
    println!("the slowest close while the file was checked took {slowest:?}");
    assert!(slowest < Duration::from_millis(500), "{slowest:?}");
}

#[test]
fn a_close_while_a_task_waits_for_the_writer_is_quick() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let mine = database.act_as("ada", Role::Admin).expect("hands out");
    let took = Mutex::new(Duration::ZERO);
    let committed = database.transaction(&watch(), |_| {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                mine.monitor_start(&request::Monitor { tick_ms: Some(20), ..request::Monitor::default() })
                    .expect("starts");
                // why these: what is after them in the order of tasks waits for the writer
                wait_until("the checks are done", || has_run(&mine, "deep_check"));
                std::thread::sleep(Duration::from_millis(100));
                let start = Instant::now();
                mine.close().expect("closes");
                *took.lock().expect("whole") = start.elapsed();
            });
        });
        0
    });
    assert!(committed.expect("runs").committed);
    let took = *took.lock().expect("whole");
    println!("a close while a task waited for the writer took {took:?}");
    assert!(took < Duration::from_millis(500), "{took:?}");
}

#[test]
fn a_large_log_is_begun_anew() {
    let scratch = Scratch::new();
    let database = try_open(scratch.path("a.db"), &bare()).expect("opens").0;
    let request = request::Monitor { wal_restart_bytes: Some(1 << 20), ..looks() };
    database.monitor_start(&request).expect("starts");
    wait_until("it has looked", || ticks(&database) > 1);
    assert!(task(&database, "restart_checkpoint")["last_at"].is_null());
    fill(&database, 2);
    wait_until("the log is begun anew", || has_run(&database, "restart_checkpoint"));
    let frames = || database.diagnostics(&watch()).expect("examines").wal_checkpoint[0];
    query(&database, "INSERT INTO big VALUES (1)");
    assert!(frames() < 20, "{} frames", frames());
}

#[test]
fn the_log_is_moved_and_made_small_when_nobody_writes() {
    let scratch = Scratch::new();
    let database = try_open(scratch.path("a.db"), &bare()).expect("opens").0;
    let request = request::Monitor { idle_ms: Some(100), wal_restart_bytes: Some(1 << 20), ..looks() };
    fill(&database, 2);
    database.monitor_start(&request).expect("starts");
    wait_until("the log is empty", || std::fs::metadata(scratch.path("a.db-wal")).expect("is open").len() == 0);
    query(&database, "INSERT INTO big VALUES (1)");
    let backlog = || database.diagnostics(&watch()).expect("examines").wal.backlog;
    wait_until("what was written is moved", || backlog() == Some(0));
}

#[test]
fn scheduled_backups_are_made_and_retention_follows() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("b")).expect("makes");
    let folder = |keep_last| request::BackupFolder {
        folder: Some(text(&scratch.path("b"))),
        every_hours: Some(1),
        keep_last,
        ..request::BackupFolder::default()
    };
    let options = |keep_last| request::Open { backup: folder(keep_last), ..request::Open::default() };
    let database = try_open(scratch.path("a.db"), &options(None)).expect("opens").0;
    for _ in 0..3 {
        database.backup(None, &request::Backup::default(), &watch()).expect("backs up");
    }
    database.close().expect("closes");
    let options = request::Open { monitor: Some(quick()), ..options(Some(2)) };
    let database = try_open(scratch.path("a.db"), &options).expect("opens").0;
    let reasons = || -> Vec<String> {
        let found = database.backups(&watch()).expect("lists").backups;
        found.into_iter().map(|backup| backup.manifest.reason).collect()
    };
    wait_until("it was made", || has_run(&database, "backup"));
    assert_eq!(reasons(), ["scheduled", "manual"]);
    database.monitor_stop().expect("stops");
    std::fs::remove_file(scratch.path("a.db-monitor")).expect("removes");
    database.monitor_start(&quick()).expect("starts");
    wait_until("it has asked again", || has_run(&database, "backup"));
    assert_eq!(reasons(), ["scheduled", "manual"], "none is due");
}

#[test]
fn a_restart_does_not_check_again() {
    let scratch = Scratch::new();
    let run_once = || {
        let database = open(scratch.path("a.db"));
        database.monitor_start(&quick()).expect("starts");
        wait_until("it knows of a check", || has_run(&database, "deep_check") && has_run(&database, "optimize"));
        let at = task(&database, "deep_check")["last_at"].clone();
        database.close().expect("closes");
        at
    };
    let first = run_once();
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(run_once(), first);
    assert_eq!(run_once(), first);
    std::fs::write(scratch.path("a.db-monitor"), "damaged").expect("writes");
    assert_ne!(run_once(), first, "damaged notes are none");
}

#[test]
fn two_databases_of_one_process_on_one_file_have_one_winner() {
    let scratch = Scratch::new();
    let (first, second) = (open(scratch.path("a.db")), open(scratch.path("a.db")));
    let winner = |database: &Database| check(database, "monitor").map(|check| check.value["winner"].clone());
    first.monitor_start(&quick()).expect("starts");
    wait_until("the first has it", || winner(&first) == Some(true.into()) && has_run(&first, "deep_check"));
    second.monitor_start(&quick()).expect("starts");
    wait_until("the second has looked", || ticks(&second) > 3);
    assert_eq!(winner(&second), Some(false.into()));
    let integrity = check(&second, "integrity").expect("is told");
    assert_eq!(integrity.status, HealthStatus::Ok, "what the other found: {integrity:?}");
    first.monitor_stop().expect("stops");
    wait_until("the second takes over", || winner(&second) == Some(true.into()));
}

fn watching(folder: &Path, args: &[&str]) -> Child {
    let mut command = crate::support::command();
    command.current_dir(folder).args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("starts")
}

#[test]
fn when_the_process_that_has_the_tasks_is_killed_another_takes_over() {
    let scratch = Scratch::new();
    let database = open(scratch.path("a.db"));
    let mut child = watching(scratch.folder(), &["monitor", "a.db", "--tick", "20"]);
    wait_until("the child has noted a check", || {
        std::fs::read_to_string(scratch.path("a.db-monitor")).is_ok_and(|text| text.contains("deep_check"))
    });
    database.monitor_start(&quick()).expect("starts");
    wait_until("this one has looked", || ticks(&database) > 3);
    let winner = || check(&database, "monitor").map(|check| check.value["winner"].clone());
    assert_eq!(winner(), Some(false.into()));
    child.kill().expect("is ours");
    child.wait().expect("is ours");
    let start = Instant::now();
    wait_until("this one takes over", || winner() == Some(true.into()));
    println!("took over {:?} after the kill, with a look every 20 ms", start.elapsed());
}
