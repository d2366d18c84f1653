//! The verbs about backups: what they print, where backups go, and what they do without a database.
//!
//! Leaves to others: where secrets come from (`secrets`).

use super::*;

/// A key pair of this test's own.
pub(super) const RECIPIENT: &str = "age1zw65jj6468n5g4wl3pexmmhf3qdrkx4n2wzrwxm7v8pavhl07vzqec48wy";
pub(super) const IDENTITY: &str =
    "# a comment\nAGE-SECRET-KEY-1ZLSP2QRVMV2HHH49W03AD2CMQ4AX2QMN5KYY5ETQ78UTA6JFH89QPCHR4W\n";

/// Puts `TIME` where a time stands, in a name or in a table, and takes out how long things took.
pub(super) fn timeless(printed: &str) -> String {
    let shape = |text: &str, pattern: &str| {
        text.len() >= pattern.len()
            && text.bytes().zip(pattern.bytes()).all(|(byte, wanted)| match wanted {
                b'd' => byte.is_ascii_digit(),
                wanted => byte == wanted,
            })
    };
    let mut shown = String::new();
    let mut rest = printed;
    while let Some(next) = rest.chars().next() {
        let found = ["ddddddddTdddddd.dddZ", "dddd-dd-dd dd:dd:dd UTC", "dddd-dd-dd dd:dd:dd"]
            .iter()
            .find(|pattern| shape(rest, pattern));
        let length = found.map_or(next.len_utf8(), |pattern| pattern.len());
        shown.push_str(found.map_or(&rest[..length], |_| "TIME"));
        rest = &rest[length..];
    }
    untimed(&shown)
}

fn told(scratch: &Scratch, args: &[&str]) -> String {
    timeless(&succeeded(in_small(scratch, args)))
}

fn json_of(ran: Ran) -> Json {
    serde_json::from_str(&succeeded(ran)).expect("a report")
}

pub(super) fn rows_of_a(scratch: &Scratch) -> Json {
    json_of(in_small(scratch, &["query", "a.db", "SELECT x FROM a ORDER BY x", "--json"]))["rows"].clone()
}

pub(super) fn add(scratch: &Scratch, x: u32) {
    succeeded(in_small(scratch, &["query", "a.db", &format!("INSERT INTO a VALUES ({x}, 0)")]));
}

/// `small` with a row and its backup `b.db` in the folder `backups`.
fn backed_up() -> Scratch {
    let scratch = small();
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    add(&scratch, 1);
    succeeded(in_small(&scratch, &["backup", "a.db", "backups/b.db", "--folder", "backups"]));
    scratch
}

fn names_in(scratch: &Scratch, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(scratch.path(folder)).expect("reads");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

// --- backup

#[test]
fn backup_says_what_was_made_how_large_and_how_proved() {
    let scratch = small();
    for (name, more, proved) in [
        ("quick.db", &[][..], "verified: quick"),
        ("pages.db", &["--verify", "pages"], "verified: pages"),
        ("full.db", &["--verify", "full"], "verified: full"),
        ("none.db", &["--no-verify"], "not verified"),
        ("small.db", &["--compact"], "verified: quick"),
    ] {
        let shown = told(&scratch, &[&["backup", "a.db", name], more].concat());
        let size = bytes(&scratch.path(name)).len() / 1024;
        assert_eq!(shown, format!("{name} ({size}.0 KiB, {} pages, {proved}, T ms)\n", size / 4));
    }
    let stderr = failed(in_small(&scratch, &["backup", "a.db", "quick.db"]), 1);
    assert_eq!(stderr, "error: quick.db exists already\nhint: choose another name, or replace it with --overwrite\n");
    add(&scratch, 1);
    succeeded(in_small(&scratch, &["backup", "a.db", "quick.db", "--overwrite"]));
    let copy = try_open(scratch.path("quick.db"), &bare()).expect("opens").0;
    assert_eq!(crate::support::value(&copy, "SELECT count(*) FROM a"), 1);
}

#[test]
fn backup_compresses_and_encrypts_for_the_ordinary_programs() {
    let scratch = small();
    scratch.write("key", IDENTITY);
    add(&scratch, 7);
    let output = |program: &str, args: &[&str]| {
        let ran = std::process::Command::new(program).current_dir(scratch.folder()).args(args).output().expect(program);
        assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
    };
    succeeded(in_small(&scratch, &["backup", "a.db", "b.db.zst", "--compress=19"]));
    output("zstd", &["-q", "-d", "b.db.zst", "-o", "b.db"]);
    let both = ["backup", "a.db", "c.db.zst.age", "--compress", "--encrypt-to", RECIPIENT, "--encrypt-to", RECIPIENT];
    succeeded(in_small(&scratch, &both));
    output("age", &["-d", "-i", "key", "-o", "c.db.zst", "c.db.zst.age"]);
    output("zstd", &["-q", "-d", "c.db.zst", "-o", "c.db"]);
    for name in ["b.db", "c.db"] {
        let plain = rusqlite::Connection::open(scratch.path(name)).expect("opens");
        assert_eq!(plain.query_row("SELECT x FROM a", [], |row| row.get::<_, i64>(0)), Ok(7), "{name}");
    }
}

#[test]
fn backup_stores_what_changed_and_tidies_the_folder_up() {
    let scratch = backed_up();
    add(&scratch, 2);
    let shown = told(&scratch, &["backup", "a.db", "--folder", "backups", "--incremental"]);
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[0].starts_with(&format!("{}/a-TIME.inc (", text(&scratch.path("backups")))), "{shown}");
    assert_eq!(lines[1..], ["what changed since b.db; that must stay beside it"]);
    let shown = told(&scratch, &["backup", "a.db", "backups/c.inc", "--folder", "backups", "--incremental=b.db"]);
    assert!(shown.ends_with("\nwhat changed since b.db; that must stay beside it\n"), "{shown}");
    let shown = told(&scratch, &["backup", "a.db", "backups/d.db", "--folder", "backups", "--pin", "--keep-last", "1"]);
    assert!(shown.ends_with(" ms)\nremoved c.inc\nremoved a-TIME.inc\nremoved b.db\n"), "{shown}");
    assert_eq!(names_in(&scratch, "backups"), [".rpmadb-backups.lock", "d.db", "d.db.manifest.json", "d.db.pin"]);
}

#[test]
fn backup_on_a_schedule_is_made_when_it_is_due() {
    let scratch = small();
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    let scheduled = ["backup", "a.db", "--folder", "backups", "--every-hours", "1"];
    assert!(told(&scratch, &scheduled).contains("/a-TIME.db ("));
    assert_eq!(
        told(&scratch, &scheduled),
        "none was due: the newest scheduled backup in the folder is younger than that\n"
    );
    assert_eq!(backups_in(&scratch.path("backups")), 1);
}

// --- backups, pin, prune

#[test]
fn backups_are_a_table_with_the_newest_first() {
    let scratch = backed_up();
    assert_eq!(told(&scratch, &["pin", "a.db", "b.db", "--folder", "backups"]), {
        format!("pinned {}\n", text(&scratch.path("backups/b.db")))
    });
    add(&scratch, 2);
    let more = ["--folder", "backups", "--no-verify", "--compress"];
    succeeded(in_small(&scratch, &[&["backup", "a.db", "backups/c.zst"][..], &more].concat()));
    succeeded(in_small(&scratch, &["backup", "a.db", "backups/d.inc", "--folder", "backups", "--incremental=b.db"]));
    scratch.write("backups/a-20260131T235959.123Z.db", "cut off");
    let shown = told(&scratch, &["backups", "a.db", "--folder", "backups"]);
    let lines: Vec<Vec<&str>> =
        shown.lines().map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()).collect();
    assert_eq!(lines[0], ["name", "made", "age", "size", "kind", "verified", "pinned", "reason"]);
    assert!(lines[1].iter().all(|cell| cell.chars().all(|c| "- ".contains(c))), "{shown}");
    let without_size = |line: &[&str]| [&line[..3], &line[4..]].concat().join("|");
    assert_eq!(without_size(&lines[2]), "d.inc|TIME|just now|incremental|yes|no|manual");
    assert_eq!(without_size(&lines[3]), "c.zst|TIME|just now|full, zstd|no|no|manual");
    assert_eq!(without_size(&lines[4]), "b.db|TIME|just now|full|yes|yes|manual");
    assert_eq!(lines[5], ["a-TIME.db does not count: it has no manifest that fits"]);
    assert_eq!(lines[6], [format!("3 backup(s) in {}", text(&scratch.path("backups")))]);
    std::fs::remove_file(scratch.path("backups/b.db.manifest.json")).expect("removes");
    let shown = told(&scratch, &["backups", "a.db", "--folder", "backups"]);
    assert!(shown.contains("  incremental, base missing  "), "{shown}");
}

#[test]
fn backups_beside_the_database_are_found_without_a_folder_named() {
    let scratch = small();
    succeeded(in_small(&scratch, &["backup", "a.db", "b.db"]));
    let shown = told(&scratch, &["backups", "a.db"]);
    assert!(shown.contains("\nb.db  ") && shown.contains("\n1 backup(s) in "), "{shown}");
    assert_eq!(told(&scratch, &["backups", ":memory:"]), "no folder was named; use --folder\n");
}

#[test]
fn prune_tells_what_goes_what_stays_and_why() {
    let scratch = backed_up();
    for name in ["backups/c.db", "backups/d.db"] {
        succeeded(in_small(&scratch, &["backup", "a.db", name, "--folder", "backups"]));
    }
    let path = text(&scratch.path("backups/b.db"));
    assert_eq!(told(&scratch, &["pin", "a.db", "backups/b.db"]), "pinned backups/b.db\n");
    let before = names_in(&scratch, "backups");
    let prune = ["prune", "a.db", "--folder", "backups", "--keep-last", "1"];
    let shown = told(&scratch, &[&prune[..], &["--dry-run"]].concat());
    let kept = |name: &str| {
        let line = shown.lines().find(|line| line.starts_with(&format!("kept {name}: ")));
        line.map(|line| line.split_once(": ").expect("a reason").1.to_owned())
    };
    assert!(shown.starts_with("would remove c.db\n"), "{shown}");
    assert!(shown.ends_with("would remove 1, kept 2 (T ms)\n"), "{shown}");
    assert!(kept("d.db").is_some_and(|why| why.contains("last 1")), "{shown}");
    assert!(kept("b.db").is_some_and(|why| why.contains("pinned")), "{shown}");
    assert_eq!(names_in(&scratch, "backups"), before);
    assert!(told(&scratch, &prune).ends_with("removed 1, kept 2 (T ms)\n"));
    assert!(!scratch.path("backups/c.db").exists() && !scratch.path("backups/c.db.manifest.json").exists());
    assert_eq!(
        told(&scratch, &["pin", "a.db", "b.db", "--folder", "backups", "--unpin"]),
        format!("unpinned {path}\n")
    );
    assert!(told(&scratch, &prune).starts_with("removed b.db\n"));
    assert!(told(&scratch, &prune).ends_with("removed 0, kept 1 (T ms)\n"));
}

// --- verify

#[test]
fn verify_says_how_deep_it_looked() {
    let scratch = backed_up();
    let path = text(&scratch.path("backups/b.db"));
    let size = bytes(&scratch.path("backups/b.db")).len() / 1024;
    for depth in ["pages", "quick", "full"] {
        let shown = told(&scratch, &["verify", "a.db", "b.db", "--folder", "backups", "--depth", depth]);
        assert_eq!(shown, format!("{path} is sound ({size}.0 KiB read, verified: {depth}, T ms)\n"));
    }
    assert!(told(&scratch, &["verify", "a.db", "backups/b.db"]).contains(", verified: quick, "));
    add(&scratch, 2);
    succeeded(in_small(&scratch, &["backup", "a.db", "backups/c.inc", "--folder", "backups", "--incremental"]));
    assert!(
        told(&scratch, &["verify", "a.db", "backups/c.inc"]).starts_with("based on b.db\nbackups/c.inc is sound (")
    );
}

#[test]
fn verify_fails_with_1_and_names_the_page_and_its_table() {
    let scratch = backed_up();
    let plain = rusqlite::Connection::open(scratch.path("backups/b.db")).expect("opens");
    let page: u32 =
        plain.query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'a'", [], |row| row.get(0)).expect("a");
    drop(plain);
    let mut flipped = bytes(&scratch.path("backups/b.db"));
    flipped[page as usize * 4096 - 1] ^= 1;
    scratch.write("backups/b.db", &flipped);
    let stderr = failed(in_small(&scratch, &["verify", "a.db", "backups/b.db"]), 1);
    let start = format!("error: the backup backups/b.db is not sound: not as it was written: page {page} (");
    assert!(stderr.starts_with(&start) && stderr.contains("a)"), "{stderr}");
    scratch.write("backups/b.db", &flipped[..flipped.len() / 2]);
    let ran = in_small(&scratch, &["verify", "a.db", "backups/b.db", "--json"]);
    assert_eq!((ran.code, &ran.error()["name"]), (Some(1), &json!("BACKUP_INVALID")));
    let stderr = failed(in_small(&scratch, &["verify", "a.db", "a.db"]), 1);
    assert!(stderr.ends_with("a.db is the open database itself\nhint: name another file\n"), "{stderr}");
}

// --- restore and back

#[test]
fn restore_brings_back_and_undo_restore_takes_that_back() {
    let scratch = backed_up();
    add(&scratch, 2);
    let (database, backup) = (text(&scratch.path("a.db")), text(&scratch.path("backups/b.db")));
    let pages = bytes(&scratch.path("backups/b.db")).len() / 4096;
    let restore = ["restore", "a.db", "b.db", "--folder", "backups"];
    let what = format!("{database} from {backup} ({pages} pages, version 2, T ms)\n");
    let shown = told(&scratch, &[&restore[..], &["--dry-run"]].concat());
    assert_eq!(shown, format!("dry run: it would be brought back to {what}"));
    assert_eq!(rows_of_a(&scratch), json!([[1], [2]]));
    let kept = format!("{}/a-TIME.pre-restore.db", text(&scratch.path("backups")));
    let expected = format!("what was there is in {kept}; undo-restore brings it back\nbrought back to {what}");
    assert_eq!(told(&scratch, &restore), expected);
    assert_eq!(rows_of_a(&scratch), json!([[1]]));
    let shown = told(&scratch, &["undo-restore", "a.db", "--folder", "backups"]);
    assert!(shown.contains(&format!("\nbrought back to {database} from {kept} (")), "{shown}");
    assert_eq!(rows_of_a(&scratch), json!([[1], [2]]));
}

#[test]
fn restore_without_a_folder_keeps_what_was_there_beside_the_database() {
    let scratch = backed_up();
    let stderr = failed(in_small(&scratch, &["undo-restore", "a.db"]), 1);
    assert!(
        stderr.starts_with("error: a backup of ")
            && stderr.contains(" made before a restore that can be undone does not exist\n"),
        "{stderr}"
    );
    add(&scratch, 2);
    let shown = told(&scratch, &["restore", "a.db", "backups/b.db", "--no-backup"]);
    assert!(shown.starts_with("brought back to ") && shown.contains(" from backups/b.db ("), "{shown}");
    assert_eq!((rows_of_a(&scratch), backups_in(&scratch.path("backups"))), (json!([[1]]), 1));
    add(&scratch, 3);
    let shown = told(&scratch, &["restore", "a.db", "backups/b.db"]);
    let beside = format!("what was there is in {}/a-TIME.pre-restore.db; ", text(scratch.folder()));
    assert!(shown.starts_with(&beside), "{shown}");
    succeeded(in_small(&scratch, &["undo-restore", "a.db"]));
    assert_eq!(rows_of_a(&scratch), json!([[1], [3]]));
}

#[test]
fn restore_refuses_what_is_newer_or_has_no_manifest_until_it_is_told_to() {
    let scratch = small();
    scratch.write("m/3_third.sql", "CREATE TABLE c (x);");
    succeeded(in_small(&scratch, &["migrate", "a.db"]));
    succeeded(in_small(&scratch, &["backup", "a.db", "b.db"]));
    std::fs::remove_file(scratch.path("m/3_third.sql")).expect("removes");
    let stderr = failed(in_small(&scratch, &["restore", "a.db", "b.db"]), 1);
    assert!(stderr.starts_with("error: the database is at version 3, this set of migrations ends at 2\n"), "{stderr}");
    assert!(told(&scratch, &["restore", "a.db", "b.db", "--allow-newer", "--no-backup"]).contains(", version 3, "));
    std::fs::remove_file(scratch.path("b.db.manifest.json")).expect("removes");
    let bare = ["restore", "a.db", "b.db", "--allow-newer", "--no-backup"];
    let stderr = failed(in_small(&scratch, &bare), 1);
    assert_eq!(
        stderr,
        "error: the backup b.db is not sound: it has no manifest beside it\nnext: rpmadb backups a.db --migrations m\n"
    );
    let shown = told(&scratch, &[&bare[..], &["--without-manifest"]].concat());
    assert!(
        shown.starts_with("warning: it has no manifest: that nothing is missing from it is not proved\n"),
        "{shown}"
    );
}

// --- without a database

#[test]
fn a_database_that_is_missing_is_brought_back() {
    let scratch = backed_up();
    std::fs::remove_file(scratch.path("a.db")).expect("removes");
    let shown = told(&scratch, &["backups", "a.db", "--folder", "backups"]);
    assert!(shown.contains("\nb.db  "), "{shown}");
    assert!(told(&scratch, &["verify", "a.db", "backups/b.db"]).starts_with("backups/b.db is sound ("));
    let shown = told(&scratch, &["restore", "a.db", "b.db", "--folder", "backups", "--dry-run"]);
    assert!(shown.starts_with("dry run: it would be brought back to "), "{shown}");
    assert!(!scratch.path("a.db").exists(), "nothing of these made it");
    let report = json_of(in_small(&scratch, &["restore", "a.db", "b.db", "--folder", "backups", "--json"]));
    assert_eq!((&report["method"], &report["kept"], &report["backup"]), (&json!("rename"), &json!(null), &json!(null)));
    assert_eq!(rows_of_a(&scratch), json!([[1]]));
}

#[test]
fn a_file_that_is_no_database_any_more_is_kept_and_replaced() {
    for damage in ["Dear diary, this is not a database at all.\n".repeat(40).into_bytes(), vec![0xff; 4096 * 3]] {
        let scratch = backed_up();
        scratch.write("a.db", &damage);
        assert!(told(&scratch, &["backups", "a.db", "--folder", "backups"]).contains("\nb.db  "));
        assert!(told(&scratch, &["verify", "a.db", "backups/b.db"]).starts_with("backups/b.db is sound ("));
        let shown = told(&scratch, &["restore", "a.db", "backups/b.db"]);
        let kept = format!("what was there is kept as {}.damaged-", text(&scratch.path("a.db")));
        assert!(
            shown.starts_with(&kept) || shown.starts_with("what was there is kept as a.db.damaged-TIME\n"),
            "{shown}"
        );
        assert_eq!(rows_of_a(&scratch), json!([[1]]));
        let aside = scratch.names().into_iter().find(|name| name.starts_with("a.db.damaged-")).expect("is kept");
        assert!(bytes(&scratch.path(&aside)) == damage);
    }
}

#[test]
fn a_database_that_opens_and_cannot_be_read_is_replaced_too() {
    let scratch = backed_up();
    let whole = bytes(&scratch.path("a.db"));
    let with_the_first = |kept: usize| [&whole[..kept], &vec![0xff; whole.len() - kept]].concat();
    // the header alone lets it open; with the first page it can be read so far that it is backed up
    for damaged in [with_the_first(100), with_the_first(4096), whole[..whole.len() / 2].to_vec()] {
        scratch.write("a.db", &damaged);
        let ran = in_small(&scratch, &["restore", "a.db", "backups/b.db"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
        assert_eq!(rows_of_a(&scratch), json!([[1]]));
    }
}

#[test]
fn a_missing_backup_is_named_and_nothing_is_made() {
    let scratch = small();
    for verb in ["verify", "pin", "restore"] {
        let stderr = failed(in_small(&scratch, &[verb, "a.db", "none.db"]), 1);
        assert!(stderr.starts_with("error: ") && stderr.contains("none.db"), "{verb}: {stderr}");
    }
    for args in [&["restore", "gone.db", "none.db"][..], &["verify", "gone.db", "none.db"]] {
        let stderr = failed(in_small(&scratch, args), 1);
        assert_eq!(stderr, "error: none.db does not exist\nhint: check the path; a missing folder is not made\n");
    }
    assert_eq!(scratch.names(), ["a.db", "m"]);
    scratch.write("there.db", "");
    let stderr = failed(run(scratch.folder(), &["restore", "gone.db", "there.db", "--migrations", "gone"]), 1);
    assert!(
        stderr.contains("gone") && !stderr.contains("there.db"),
        "the folder of migrations is what is missing: {stderr}"
    );
}

// --- wrong usage

#[test]
fn wrong_usage_of_the_verbs_about_backups_exits_with_2() {
    let scratch = backed_up();
    for (args, start) in [
        (
            ["backup", "a.db", "x.db", "--compress=20"].as_slice(),
            "error: invalid value '20' for '--compress[=<LEVEL>]'",
        ),
        (&["backup", "a.db", "x.db", "--compress=no"], "error: invalid value 'no' for '--compress[=<LEVEL>]'"),
        (
            &["backup", "a.db", "x.db", "--verify", "deep"],
            "error: invalid value 'deep' for '--verify <DEPTH>': must be ",
        ),
        (
            &["backup", "a.db", "x.db", "--verify", "full", "--no-verify"],
            "error: the argument '--verify <DEPTH>' cannot be",
        ),
        (
            &["backup", "a.db", "x.db", "--compact", "--incremental"],
            "error: the argument '--compact' cannot be used with",
        ),
        (&["backup", "a.db", "x.db", "--every-hours", "0"], "error: --every-hours: 0 is outside 1 to 100000\n"),
        (&["backup", "a.db", "--incremental=../b.db", "--folder", "backups"], "error: --incremental: '../b.db' must"),
        (&["backup", "a.db", "--keep-last", "-1"], "error: "),
        (&["backup", "a.db", "--folder", "none"], "error: --folder: "),
        (
            &["backup", "a.db", "x", "--encrypt-to", RECIPIENT, "--passphrase-file", "f"],
            "error: the argument '--encrypt-to",
        ),
        (&["backups"], "error: the following required arguments were not provided:\n  <DATABASE>"),
        (&["verify", "a.db"], "error: the following required arguments were not provided:\n  <BACKUP>"),
        (&["verify", "a.db", "b.db", "--depth", "none"], "error: invalid value 'none' for '--depth <DEPTH>'"),
        (&["restore", "a.db"], "error: the following required arguments were not provided:\n  <BACKUP>"),
        (&["undo_restore", "a.db"], "error: unrecognized subcommand 'undo_restore'\n"),
        (&["prune", "a.db"], "error: the following required arguments were not provided:\n  --folder <FOLDER>"),
        (&["pin", "a.db", "b.db", "--pin"], "error: unexpected argument '--pin' found\n"),
    ] {
        let stderr = failed(in_small(&scratch, args), 2);
        assert!(stderr.starts_with(start), "{args:?}: {stderr}");
    }
    assert_eq!(scratch.names(), ["a.db", "backups", "m"]);
}
