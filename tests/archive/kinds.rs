//! Every kind of backup, opened with the ordinary programs: sqlite3, zstd and age.

use std::time::{Duration, Instant};

use super::*;
use crate::support::refusal;

/// What the `sqlite3` program says a file holds.
fn dump(path: &Path) -> String {
    run("sqlite3", &[&text(path), "SELECT count(*), sum(id), group_concat(a) FROM plain; SELECT count(*) FROM words;"])
}

#[test]
fn a_plain_backup_is_a_database_for_sqlite3_in_rollback_mode() {
    let scene = scene();
    let report = scene.try_backup("{}").expect("backs up");
    let path = PathBuf::from(report.path.expect("was made"));
    assert!(report.verified && report.depth == Some("quick") && report.base.is_none() && report.deleted.is_empty());
    assert_eq!(run("sqlite3", &[&text(&path), "PRAGMA journal_mode"]).trim(), "delete");
    assert_eq!(dump(&path), dump(&scene.path()));
    assert_eq!(contents(&path), scene.contents());
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| std::fs::metadata(path).expect("is there").permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    let manifest_path = PathBuf::from(report.manifest.expect("has one"));
    assert_eq!(mode(&manifest_path), 0o600);
    let manifest = &manifest(&path)["manifest"];
    assert_eq!(manifest["tables"]["plain"], 601);
    assert_eq!(manifest["schema_version"], 2);
    assert_eq!(manifest["checks"]["quick_check"], "ok");
    assert_eq!(manifest["size_bytes"], std::fs::metadata(&path).expect("is there").len());
    let verified = scene.verify(&path, r#"{"depth": "full"}"#).expect("is sound");
    assert_eq!(verified.checks.integrity_check.as_deref(), Some("ok"));
    assert_eq!(verified.chain, [text(&path)]);
}

#[test]
fn a_compressed_backup_is_a_zstd_frame() {
    let scene = scene();
    for level in ["true", "3"] {
        let path = scene.backup(&format!(r#"{{"compress": {level}}}"#));
        assert!(text(&path).ends_with(".db.zst"), "{path:?}");
        run("zstd", &["-t", "-q", &text(&path)]);
        let plain = scene.scratch.path("plain.db");
        run("zstd", &["-d", "-q", "-f", &text(&path), "-o", &text(&plain)]);
        assert_eq!(contents(&plain), scene.contents());
        for depth in ["pages", "quick", "full"] {
            scene.verify(&path, &format!(r#"{{"depth": "{depth}"}}"#)).expect("is sound");
        }
    }
}

#[test]
fn an_encrypted_backup_is_an_age_file_and_no_plain_text_is_on_the_disk() {
    let scene = scene();
    let (secret, recipient, file) = identity(&scene.scratch);
    for (compress, ending) in [(false, ".db.age"), (true, ".db.zst.age")] {
        let path =
            scene.backup(&format!(r#"{{"encrypt_to": "{recipient}", "compress": {compress}, "verify": "quick"}}"#));
        assert!(text(&path).ends_with(ending), "{path:?}");
        let bytes = std::fs::read(&path).expect("reads");
        assert!(!bytes.windows(15).any(|window| window == b"SQLite format 3"), "plain text in {path:?}");
        let opened = scene.scratch.path("opened");
        run("age", &["-d", "-i", &text(&file), "-o", &text(&opened), &text(&path)]);
        let plain = scene.scratch.path("plain.db");
        match compress {
            true => drop(run("zstd", &["-d", "-q", "-f", &text(&opened), "-o", &text(&plain)])),
            false => drop(std::fs::copy(&opened, &plain).expect("copies")),
        }
        assert_eq!(contents(&plain), scene.contents());
        assert_eq!(refusal(scene.verify(&path, "{}")), "DECRYPT");
        let keys = format!(r#"{{"identities": ["{secret}"], "depth": "full"}}"#);
        assert_eq!(scene.verify(&path, &keys).expect("is sound").manifest.tables["plain"], Some(601));
    }
    assert_eq!(refusal(scene.try_backup(r#"{"encrypt_to": "age1nonsense"}"#)), "INVALID_ARGUMENT");
}

#[test]
fn a_passphrase_opens_what_it_closed() {
    let scene = scene_with(r#"{"backup": {"passphrase": "correct horse", "compress": true}}"#);
    let path = scene.backup(r#"{"encrypt_to": {"passphrase": "correct horse"}}"#);
    scene.verify(&path, "{}").expect("the handle knows the passphrase");
    assert_eq!(refusal(scene.verify(&path, r#"{"passphrase": "wrong"}"#)), "DECRYPT");
}

#[test]
fn a_compact_backup_leaves_out_free_space() {
    let scene = scene();
    scene.query("DELETE FROM plain WHERE id > 50");
    let (secret, recipient, _) = identity(&scene.scratch);
    let whole = scene.try_backup("{}").expect("backs up");
    for options in [
        r#"{"compact": true"#.to_owned(),
        format!(r#"{{"compact": true, "encrypt_to": ["{recipient}"], "compress": true"#),
    ] {
        let report = scene.try_backup(&format!("{options}}}")).expect("backs up");
        assert!(report.pages < whole.pages, "{} of {}", report.pages, whole.pages);
        let path = PathBuf::from(report.path.expect("was made"));
        scene.verify(&path, &format!(r#"{{"identities": ["{secret}"]}}"#)).expect("is sound");
        let before = scene.contents();
        scene.query("UPDATE keyed SET v = 0");
        scene.restore(&path, &format!(r#"{{"identities": ["{secret}"]}}"#)).expect("restores");
        assert_eq!(scene.contents(), before);
    }
}

#[test]
fn increments_hold_the_changed_pages_and_bring_each_state_back() {
    let scene = scene();
    let (secret, recipient, _) = identity(&scene.scratch);
    let full = scene.try_backup("{}").expect("backs up");
    let mut states = vec![(PathBuf::from(full.path.expect("was made")), scene.contents())];
    for (sql, options) in [
        ("UPDATE plain SET a = 'changed' WHERE id = 300", r#"{"incremental": true}"#.to_owned()),
        ("DELETE FROM plain WHERE id > 200", r#"{"incremental": true, "compress": true}"#.to_owned()),
        ("INSERT INTO keyed VALUES ('new', 1)", format!(r#"{{"incremental": true, "encrypt_to": "{recipient}"}}"#)),
        ("INSERT INTO plain (b) VALUES (zeroblob(500000))", r#"{"incremental": true, "verify": "quick"}"#.to_owned()),
    ] {
        scene.query(sql);
        let report = scene.try_backup(&options).expect("backs up");
        let path = PathBuf::from(report.path.expect("was made"));
        assert_eq!(report.base, states[states.len() - 1].0.file_name().map(|name| name.to_string_lossy().into_owned()));
        let manifest = &manifest(&path)["manifest"];
        let (stored, pages) = (manifest["stored_pages"].as_u64(), manifest["page_count"].as_u64());
        if sql.starts_with("UPDATE") {
            assert!(stored < pages.map(|pages| pages / 4), "{stored:?} of {pages:?}");
        }
        states.push((path, scene.contents()));
    }
    let keys = format!(r#"{{"identities": ["{secret}"]}}"#);
    for (index, (path, wanted)) in states.iter().enumerate().rev() {
        let verified = scene.verify(path, &keys).expect("is sound");
        assert_eq!(verified.chain.len(), index + 1);
        scene.restore(path, &keys).expect("restores");
        assert_eq!(&scene.contents(), wanted, "{path:?}");
    }
    let named = states[1].0.file_name().expect("a name").to_string_lossy().into_owned();
    let report = scene.try_backup(&format!(r#"{{"incremental": "{named}"}}"#)).expect("backs up");
    assert_eq!(report.base.as_deref(), Some(named.as_str()));
    assert_eq!(refusal(scene.try_backup(r#"{"incremental": "../app.db"}"#)), "INVALID_ARGUMENT");
    assert_eq!(refusal(scene.try_backup(r#"{"incremental": true, "compact": true}"#)), "INVALID_ARGUMENT");
    std::fs::remove_file(&states[0].0).expect("removes");
    assert_eq!(refusal(scene.verify(&states[2].0, &keys)), "BACKUP_INVALID");
}

#[test]
fn a_destination_that_is_there_is_refused_or_replaced_as_a_whole() {
    let scene = scene();
    let destination = scene.scratch.path("mine.db");
    let backup = |options: &str| {
        let request = <request::Backup as request::Request>::from_json(Some(options)).expect("options");
        scene.database.backup(Some(&destination), &request, &watch())
    };
    backup("{}").expect("backs up");
    assert_eq!(refusal(backup("{}")), "ALREADY_EXISTS");
    scene.query("DELETE FROM plain");
    backup(r#"{"overwrite": true}"#).expect("replaces");
    assert_eq!(contents(&destination), scene.contents());
    scene.verify(&destination, "{}").expect("the manifest is the new one's");
    scene.scratch.write("app.db-ballast", "");
    std::os::unix::fs::symlink(scene.scratch.path(""), scene.scratch.path("same")).expect("links");
    for name in [
        "app.db",
        "./app.db",
        "app.db-wal",
        "app.db-journal",
        "app.db-audit",
        "app.db-audit-waiting",
        "app.db-monitor",
        "app.db-ballast",
        "app.db-restored",
        "same/app.db-restored",
    ] {
        let request =
            <request::Backup as request::Request>::from_json(Some(r#"{"overwrite": true}"#)).expect("options");
        let outcome = scene.database.backup(Some(&scene.scratch.path(name)), &request, &watch());
        assert_eq!(refusal(outcome), "SAME_FILE", "{name}");
    }
    std::os::unix::fs::symlink(scene.path(), scene.scratch.path("link.db")).expect("links");
    std::fs::hard_link(scene.path(), scene.scratch.path("hard.db")).expect("links");
    for name in ["link.db", "hard.db"] {
        for overwrite in [true, false] {
            let request = request::Backup { overwrite, ..request::Backup::default() };
            let outcome = scene.database.backup(Some(&scene.scratch.path(name)), &request, &watch());
            assert_eq!(refusal(outcome), "SAME_FILE", "{name}");
        }
    }
    assert_eq!(contents(&scene.path()), contents(&destination));
}

/// A backup under such a name would be taken for a leftover and removed, or be written into by whoever locks the folder.
#[test]
fn a_name_that_the_archive_uses_itself_is_no_destination() {
    let scene = scene();
    for name in [".rpmadb-backups.lock", ".a.db.1-1.partial", ".a.db.1-1.manifest.partial", ".a.db.1-1.deleted"] {
        let destination = scene.folder().join(name);
        let before = destination.exists();
        let request = request::Backup { overwrite: true, ..request::Backup::default() };
        let outcome = scene.database.backup(Some(&destination), &request, &watch());
        assert_eq!(refusal(outcome), "INVALID_ARGUMENT", "{name}");
        assert_eq!(destination.exists(), before, "{name}");
    }
}

#[test]
fn a_signed_manifest_is_demanded_by_whoever_has_the_key() {
    let signed = scene_with(r#"{"backup": {"sign_key": "secret"}}"#);
    let path = signed.backup("{}");
    assert_eq!(signed.verify(&path, "{}").expect("is sound").signature, "ok");
    let other = scene_with(r#"{"backup": {"sign_key": "another"}}"#);
    assert_eq!(refusal(other.verify(&path, "{}")), "BACKUP_INVALID");
    let unsigned = scene();
    assert_eq!(unsigned.verify(&path, "{}").expect("is sound").signature, "not_checked");
    let path = unsigned.backup("{}");
    assert_eq!(refusal(signed.verify(&path, "{}")), "BACKUP_INVALID");
    assert_eq!(refusal(signed.restore(&path, "{}")), "BACKUP_INVALID");
}

#[test]
fn a_scheduled_backup_is_made_when_it_is_due() {
    let scene = scene();
    let first = scene.try_backup(r#"{"every_hours": 1}"#).expect("backs up");
    assert!(first.path.is_some());
    let second = scene.try_backup(r#"{"every_hours": 1}"#).expect("looks");
    assert_eq!((second.path, second.pages), (None, 0));
    scene.backup("{}");
    let backups = scene.database.backups(&watch()).expect("lists");
    let reasons: Vec<_> = backups.backups.iter().map(|backup| backup.manifest.reason.as_str()).collect();
    assert_eq!(reasons, ["manual", "scheduled"], "the newest first");
}

/// The bytes of a backup and when they were written, and what is in its folder.
fn seen(path: &Path) -> (Vec<u8>, std::time::SystemTime, Vec<String>) {
    let written = std::fs::metadata(path).and_then(|found| found.modified()).expect("is there");
    (std::fs::read(path).expect("reads"), written, names_in(path.parent().expect("a folder")))
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("reads");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// SQLite knows no CHECK constraints on a connection that may only read, and plain backups were looked at on one. A quick look
/// leaves them out for every kind: a row that was wrong before must not keep anybody from a backup.
#[test]
fn a_full_look_finds_rows_that_break_a_check_and_changes_no_byte() {
    let scene = scene();
    scene.query("CREATE TABLE prices (cents INTEGER CHECK (cents >= 0))");
    let raw = rusqlite::Connection::open(scene.path()).expect("opens");
    raw.execute_batch("PRAGMA ignore_check_constraints=1; INSERT INTO prices VALUES (-1)").expect("plants");
    drop(raw);
    for options in [r#"{"verify": "quick"}"#, r#"{"verify": "quick", "compress": true}"#] {
        let path = scene.backup(options);
        let before = seen(&path);
        scene.verify(&path, r#"{"depth": "quick"}"#).expect(options);
        let error = scene.verify(&path, r#"{"depth": "full"}"#).expect_err(options);
        let wanted = format!("the backup {} is not sound: CHECK constraint failed in prices", path.display());
        assert_eq!((error.status().name(), error.to_string()), ("BACKUP_INVALID", wanted), "{options}");
        assert_eq!(seen(&path), before, "{options}");
        let names = names_in(&scene.folder());
        let full = options.replace("quick", "full");
        assert_eq!(refusal(scene.try_backup(&full)), "BACKUP_INVALID", "{full}");
        assert_eq!(names_in(&scene.folder()), names, "nothing is left of {full}");
    }
    scene.query("DELETE FROM prices");
    let path = scene.backup(r#"{"verify": "full"}"#);
    let before = seen(&path);
    let report = scene.verify(&path, r#"{"depth": "full"}"#).expect("every byte is as the manifest says");
    assert_eq!((report.checks.integrity_check.as_deref(), report.checks.foreign_keys), (Some("ok"), Some(0)));
    assert_eq!(seen(&path), before);
}

#[test]
fn a_journal_beside_what_a_link_leads_to_is_not_rolled_back() {
    let scene = scene();
    let path = scene.backup("{}");
    let link = scene.scratch.path("link.db");
    for ending in ["", ".manifest.json"] {
        let (from, to) = (format!("{}{ending}", path.display()), format!("{}{ending}", link.display()));
        std::os::unix::fs::symlink(from, to).expect("links");
    }
    scene.verify(&link, r#"{"depth": "full"}"#).expect("a link is as good");
    std::fs::write(format!("{}-journal", path.display()), b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7").expect("writes");
    let before = seen(&path);
    for path in [&path, &link] {
        let error = scene.verify(path, r#"{"depth": "full"}"#).expect_err("is refused").to_string();
        assert!(error.ends_with("-journal stands beside it and is no part of it"), "{error}");
    }
    assert_eq!(seen(&path), before);
}

#[test]
fn a_backup_at_the_highest_level_stops_as_soon_as_it_is_told_to() {
    let scene = scene();
    let rows = "INSERT INTO plain (b) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2400) \
                SELECT hex(randomblob(5000)) FROM n";
    scene.query(rows);
    let request = <request::Backup as request::Request>::from_json(Some(r#"{"compress": 19}"#)).expect("options");
    for into_it_ms in [100, 600] {
        let operation = watch();
        let took = std::thread::scope(|scope| {
            let backup = scope.spawn(|| refusal(scene.database.backup(None, &request, &operation)));
            std::thread::sleep(Duration::from_millis(into_it_ms));
            let start = Instant::now();
            operation.cancel();
            assert_eq!(backup.join().expect("ends"), "CANCELLED");
            start.elapsed()
        });
        // a block of zstd, where all that waited took many times as long
        assert!(took < Duration::from_secs(1), "{into_it_ms} ms into it: {took:?}");
    }
    let left = std::fs::read_dir(scene.folder()).expect("reads").map(|entry| entry.expect("an entry").file_name());
    assert_eq!(left.collect::<Vec<_>>(), [".rpmadb-backups.lock"]);
}
