//! A full disk: nothing half done, and everything right once there is room.

use super::*;

/// A small file system of its own, until the end of the test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None`, said aloud, where mounting is not allowed.
    fn mount(at: PathBuf, size: &str) -> Option<SmallDisk> {
        std::fs::create_dir(&at).expect("makes a folder");
        let options = format!("size={size}");
        let output = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&at).output();
        match output {
            Ok(output) if output.status.success() => Some(SmallDisk(at)),
            other => {
                println!("no tmpfs could be mounted, so only the limit on file sizes was tried: {other:?}");
                None
            }
        }
    }

    fn grow(&self, size: &str) {
        let options = format!("remount,size={size}");
        let status = Command::new("mount").args(["-o", &options]).arg(&self.0).status().expect("runs");
        assert!(status.success(), "grows");
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).expect("reads");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Runs the command where no file may grow beyond `blocks` of 512 bytes.
fn with_small_files(folder: &Path, blocks: u32, args: &[&str]) -> Ran {
    let mut shell = Command::new("sh");
    // why the trap: the signal would end the process before the write could fail
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_rpmadb")]).args(args).arg("--json").current_dir(folder);
    shell.env_remove("RPMADB_MIGRATIONS");
    finish(shell)
}

/// Nothing of the run that failed is in the file, and with more space the same run succeeds.
#[track_caller]
fn nothing_half_applied(folder: &Path, name: &str) {
    let ran = rpmadb(folder, &["migrations", name]);
    let listed: Json = serde_json::from_str(&ran.stdout).expect("a report");
    assert_eq!((&listed["current"], &listed["pending"]), (&0.into(), &20.into()), "{ran:?}");
    let ran = rpmadb(folder, &["query", name, "SELECT count(*) FROM sqlite_schema"]);
    let counted: Json = serde_json::from_str(&ran.stdout).expect("a report");
    assert_eq!(counted["rows"][0][0], 0, "{ran:?}");
    assert_eq!(rpmadb(folder, &["migrate", name]).code, Some(0));
    let ran = rpmadb(folder, &["diagnostics", name]);
    let found: Json = serde_json::from_str(&ran.stdout).expect("a report");
    assert_eq!(found["integrity"], "ok");
}

#[test]
fn a_migration_that_fills_the_disk_keeps_nothing() {
    let scratch = Scratch::new();
    for size in ["64k", "300k"] {
        let Some(disk) = SmallDisk::mount(scratch.path(size), size) else { break };
        let message = refused(&rpmadb(&disk.0, &["migrate", "a.db"]), "DISK_FULL");
        assert!(message.contains("a.db"), "{message}");
        disk.grow("8m");
        nothing_half_applied(&disk.0, "a.db");
    }
}

#[test]
fn a_migration_that_reaches_the_limit_on_file_sizes_keeps_nothing() {
    let scratch = Scratch::new();
    // 70: the first pages of the log; 400: in the middle of the run
    for blocks in [70, 400] {
        let name = format!("{blocks}.db");
        let ran = with_small_files(scratch.folder(), blocks, &["migrate", &name]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        nothing_half_applied(scratch.folder(), &name);
        assert!(refused(&ran, "DISK_FULL").contains(&name), "{ran:?}");
    }
}

#[test]
fn a_statement_that_fills_the_disk_changes_nothing() {
    let scratch = Scratch::new();
    let path = sound(&scratch, "a.db");
    let before = contents_of(&path);
    let fill = "INSERT INTO application_settings (key, value, updated_at) VALUES ('big', hex(zeroblob(2000000)), 1)";
    let ran = with_small_files(scratch.folder(), 2_000, &["query", "a.db", fill]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(contents_of(&path), before);
    assert_eq!(run(scratch.folder(), &["query", "a.db", fill]).stdout, "1 row(s) changed\n");
    refused(&ran, "DISK_FULL");
}

#[test]
fn a_backup_that_does_not_fit_leaves_nothing() {
    let scratch = Scratch::new();
    let path = text(&sound(&scratch, "a.db"));
    if let Some(disk) = SmallDisk::mount(scratch.path("full"), "64k") {
        let message = refused(&rpmadb(&disk.0, &["backup", &path, "b.db"]), "DISK_FULL");
        assert!(message.contains("b.db"), "{message}");
        assert_eq!(disk.names(), Vec::<String>::new());
        disk.grow("8m");
        assert_eq!(rpmadb(&disk.0, &["backup", &path, "b.db"]).code, Some(0));
    }
    let before = contents_of(Path::new(&path));
    let ran = with_small_files(scratch.folder(), 200, &["backup", "a.db", "b.db"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(scratch.names().iter().filter(|name| *name != "full").collect::<Vec<_>>(), ["a.db"]);
    assert_eq!(contents_of(Path::new(&path)), before);
    let message = refused(&ran, "DISK_FULL");
    assert!(message.contains("b.db") && !message.contains(".partial"), "names what was asked for: {message}");
}

/// A database on a small disk that another program then fills to the last byte.
fn on_a_full_disk(at: &Path, ballast_bytes: Option<u64>) -> Database {
    let options = request::Open { migrate: Some(false), ballast_bytes, ..request::Open::default() };
    let database = Database::open(at.join("a.db"), &options, &Operation::new()).expect("opens").0;
    let sql = |sql: &str| database.query(sql, None, &Operation::new()).expect("fits");
    sql("CREATE TABLE t (a)");
    sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO t SELECT zeroblob(500) FROM n",
    );
    let mut filler = std::fs::File::create(at.join("filler")).expect("makes");
    while std::io::Write::write_all(&mut filler, &[1; 4_096]).is_ok() {}
    database
}

#[test]
fn a_ballast_lets_a_full_disk_be_cleaned_up_where_nothing_else_works() {
    let scratch = Scratch::new();
    let Some(disk) = SmallDisk::mount(scratch.path("small"), "8m") else { return };
    let ask = |database: &Database, sql: &str| database.query(sql, None, &Operation::new());
    let truncate = |database: &Database| {
        database.checkpoint(CheckpointMode::Truncate, &request::Checkpoint::default(), &Operation::new())
    };
    let more = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) INSERT INTO t SELECT zeroblob(500) FROM n";

    let without = on_a_full_disk(&disk.0, None);
    for sql in [more, "DELETE FROM t"] {
        assert_eq!(ask(&without, sql).expect_err("no room").status().name(), "DISK_FULL", "{sql}");
    }
    drop(without);
    for name in disk.names() {
        std::fs::remove_file(disk.0.join(name)).expect("removes");
    }

    let with = on_a_full_disk(&disk.0, Some(1 << 20));
    assert!(disk.names().contains(&"a.db-ballast".to_owned()));
    assert_eq!(ask(&with, more).expect_err("no room").status().name(), "DISK_FULL");
    assert!(!disk.names().contains(&"a.db-ballast".to_owned()), "let go of at once");
    assert_eq!(ask(&with, "SELECT count(*) FROM t").expect("reads").rows[0][0], 2_000, "nothing half done");
    assert_eq!(ask(&with, "DELETE FROM t").expect("has room").changes, 2_000);
    assert!(!truncate(&with).expect("has room").busy);
    let gone = |with: &Database| {
        !disk.names().contains(&"a.db-ballast".to_owned()) && {
            let health = with.health(&request::Health::default(), &Operation::new()).expect("looks");
            let check = health.checks.iter().find(|check| check.id == "ballast").expect("is configured");
            check.status == report::HealthStatus::Degraded
        }
    };
    assert!(gone(&with), "not made again while there is no room for twice as much");
    std::fs::remove_file(disk.0.join("filler")).expect("removes");
    assert!(gone(&with));
    truncate(&with).expect("works");
    assert!(!gone(&with), "made again");
    assert_eq!(ask(&with, "PRAGMA integrity_check").expect("checks").rows[0][0], "ok");
}
