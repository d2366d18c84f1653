//! Which backups stay, and what becomes of what killed processes left.

use super::*;

fn names(scene: &Scene) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(scene.folder())
        .expect("reads")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name != ".rpmadb-backups.lock")
        .collect();
    names.sort();
    names
}

fn files(scene: &Scene) -> usize {
    scene.database.backups(&watch()).expect("lists").backups.len()
}

#[test]
fn retention_keeps_the_last_and_what_is_pinned() {
    let scene = scene_with(r#"{"backup": {"keep_last": 2}}"#);
    let pinned = scene.backup(r#"{"pin": true}"#);
    let mut deleted = Vec::new();
    for _ in 0..4 {
        deleted.extend(scene.try_backup("{}").expect("backs up").deleted);
    }
    assert_eq!((deleted.len(), files(&scene)), (2, 3));
    assert!(pinned.exists() && deleted.iter().all(|path| !Path::new(path).exists()));
    let request = request::Prune { dry_run: true, keep_last: Some(1), ..request::Prune::default() };
    let report = scene.database.prune(&request, &watch()).expect("judges");
    assert_eq!((report.deleted.len(), report.kept.len(), files(&scene)), (1, 2, 3));
    scene.database.pin(&pinned, &request::Pin { pinned: Some(false) }, &watch()).expect("unpins");
    let report = scene.database.prune(&request::Prune { dry_run: false, ..request }, &watch()).expect("prunes");
    assert_eq!((report.deleted.len(), files(&scene)), (2, 1));
    assert_eq!(names(&scene).len(), 2, "a backup and its manifest: {:?}", names(&scene));
}

#[test]
fn retention_never_breaks_a_chain() {
    let scene = scene_with(r#"{"backup": {"keep_last": 1}}"#);
    scene.backup("{}");
    for _ in 0..3 {
        scene.query("UPDATE plain SET a = a || '!' WHERE id = 7");
        scene.backup(r#"{"incremental": true}"#);
    }
    assert_eq!(files(&scene), 4, "the last one needs them all");
    let newest = scene.database.backups(&watch()).expect("lists").backups[0].path.clone();
    scene.verify(Path::new(&newest), "{}").expect("is sound");
    scene.backup("{}");
    assert_eq!(files(&scene), 1);
}

#[test]
fn leftovers_of_killed_backups_are_cleaned_up_and_a_finished_one_gets_its_manifest() {
    let scene = scene();
    let path = scene.backup("{}");
    let name = path.file_name().expect("a name").to_string_lossy().into_owned();
    let hidden = |name: &str| scene.folder().join(name);
    // as a kill between the two names leaves it
    std::fs::rename(format!("{}.manifest.json", path.display()), hidden(&format!(".{name}.77-0.manifest.partial")))
        .expect("renames");
    std::fs::write(hidden(".app-x.db.77-1.partial"), "half").expect("writes");
    std::fs::write(hidden(".app-x.db.77-1.manifest.partial"), "{}").expect("writes");
    std::fs::write(hidden(".app-y.db.77-2.deleted"), "half gone").expect("writes");
    assert_eq!(files(&scene), 0);
    let report = scene.database.prune(&request::Prune::default(), &watch()).expect("cleans up");
    assert_eq!(report.leftovers.len(), 4, "{:?}", report.leftovers);
    assert_eq!(names(&scene), [name.clone(), format!("{name}.manifest.json")]);
    scene.verify(&path, "{}").expect("is sound");
}

#[test]
fn a_backup_before_each_migration_is_bounded() {
    let scene = scene_with(r#"{"backup": {"before_migrate": true, "keep_pre_migrate": 2}}"#);
    assert_eq!(files(&scene), 0, "a new database has nothing to back up");
    for version in 3..8 {
        scene.scratch.write(&format!("m/{version}_x.sql"), format!("CREATE TABLE t{version} (x)"));
        let report = scene.database.migrate(&request::Migrate::default(), &watch()).expect("migrates");
        let backup = report.backup.expect("was made");
        assert!(backup.path.is_some_and(|path| path.ends_with(".pre-migrate.db")));
    }
    assert_eq!(files(&scene), 2);
}

#[test]
fn a_guard_that_fails_after_a_commit_brings_the_backup_back() {
    let scene = scene_with(r#"{"backup": {"before_migrate": true}}"#);
    let before = scene.contents();
    scene.scratch.write("m/3_fine.sql", "CREATE TABLE fine (x)");
    scene.scratch.write("m/4_loses_an_index.sql", "ALTER TABLE plain RENAME TO old; CREATE TABLE plain (id INTEGER PRIMARY KEY, a TEXT, b BLOB); INSERT INTO plain SELECT * FROM old; DROP TABLE old;");
    let request = request::Migrate { transaction: request::TransactionPer::File, ..request::Migrate::default() };
    let error = scene.database.migrate(&request, &watch()).expect_err("the guard fails");
    assert_eq!(error.status().name(), "GUARD");
    assert!(matches!(&error, Error::BroughtBack { backup, .. } if backup.ends_with(".pre-migrate.db")), "{error}");
    assert_eq!(scene.contents(), before, "the table of the third migration is gone again");
    let state = scene.database.migrations(&watch()).expect("lists");
    assert_eq!((state.current, state.pending), (2, 2));
    let reasons = scene.database.backups(&watch()).expect("lists");
    let reasons: Vec<_> = reasons.backups.iter().map(|backup| backup.manifest.reason.as_str()).collect();
    assert_eq!(reasons, ["pre_restore", "pre_migrate"]);
    std::fs::remove_file(scene.scratch.path("m/4_loses_an_index.sql")).expect("removes");
    scene.database.migrate(&request, &watch()).expect("goes on");
}

#[test]
fn a_needed_or_pinned_backup_is_not_replaced_and_files_of_others_stay() {
    use crate::support::refusal;
    let scene = scene();
    let destination = scene.folder().join("base.db");
    let backup = |options: &str| {
        let request = <request::Backup as request::Request>::from_json(Some(options)).expect("options");
        scene.database.backup(Some(&destination), &request, &watch())
    };
    std::fs::write(scene.folder().join("base.db.pin"), "notes of somebody").expect("writes");
    backup("{}").expect("backs up");
    assert_eq!(std::fs::read_to_string(scene.folder().join("base.db.pin")).expect("is there"), "notes of somebody");
    std::fs::remove_file(scene.folder().join("base.db.pin")).expect("removes");
    scene.database.pin(&destination, &request::Pin::default(), &watch()).expect("pins");
    assert_eq!(refusal(backup(r#"{"overwrite": true}"#)), "INVALID_ARGUMENT", "pinned");
    scene.database.pin(&destination, &request::Pin { pinned: Some(false) }, &watch()).expect("unpins");
    scene.backup(r#"{"incremental": "base.db"}"#);
    assert_eq!(refusal(backup(r#"{"overwrite": true}"#)), "INVALID_ARGUMENT", "needed");
    std::fs::write(scene.folder().join("fresh.db-wal"), "of a database that is gone").expect("writes");
    let outcome = scene.database.backup(Some(&scene.folder().join("fresh.db")), &request::Backup::default(), &watch());
    assert_eq!(refusal(outcome), "ALREADY_EXISTS", "SQLite would take the old log for the backup's");
}

#[test]
fn the_order_of_backups_counts_those_that_a_key_refuses() {
    let scene = scene();
    scene.backup("{}");
    let older = scene.backup("{}");
    let backup = request::BackupFolder {
        folder: Some(text(&scene.folder())),
        sign_key: Some(request::Secret("key".into())),
        ..request::BackupFolder::default()
    };
    let options = request::Open { backup, migrate: Some(false), ..request::Open::default() };
    let (signing, _) = try_open(scene.path(), &options).expect("opens");
    let newest = signing.backup(None, &request::Backup::default(), &watch()).expect("backs up").path.expect("was made");
    scene.database.prune(&request::Prune { keep_last: Some(1), ..Default::default() }, &watch()).expect("prunes");
    assert!(Path::new(&newest).exists() && !older.exists());
}

#[test]
fn two_databases_in_one_folder_leave_each_other_alone() {
    let scene = scene();
    let mine = scene.backup("{}");
    let folder = request::BackupFolder { folder: Some(text(&scene.folder())), ..request::BackupFolder::default() };
    let options = request::Open { backup: folder, ..request::Open::default() };
    let (other, _) = try_open(scene.scratch.path("other.db"), &options).expect("opens");
    let hourly = request::Backup { every_hours: Some(1), ..request::Backup::default() };
    scene.backup(r#"{"every_hours": 1}"#);
    assert!(other.backup(None, &hourly, &watch()).expect("looks").path.is_some(), "it has none of its own yet");
    other.prune(&request::Prune { keep_last: Some(1), ..Default::default() }, &watch()).expect("prunes");
    assert!(mine.exists());
}

/// One manifest that is no file, or that only somebody else may read, would end every look at the folder.
#[test]
fn a_manifest_that_cannot_be_read_hides_no_other_backup() {
    let scene = scene_with(r#"{"backup": {"keep_last": 1}}"#);
    let unreadable = scene.backup("{}");
    let manifest = format!("{}.manifest.json", unreadable.display());
    std::fs::remove_file(&manifest).expect("removes");
    std::fs::create_dir(&manifest).expect("makes");
    let whole = scene.backup("{}");
    let listed = scene.database.backups(&watch()).expect("lists");
    let paths: Vec<&str> = listed.backups.iter().map(|backup| backup.path.as_str()).collect();
    assert_eq!((paths, listed.incomplete), (vec![&*text(&whole)], vec![text(&unreadable)]));
    scene.restore(&whole, "{}").expect("restores");
    let report = scene.database.prune(&request::Prune::default(), &watch()).expect("prunes");
    assert!(report.deleted.is_empty() && unreadable.exists(), "what is not known stays: {:?}", report.deleted);
}

/// Its base was removed as one that nobody needs.
#[test]
fn nothing_goes_while_a_manifest_cannot_be_read_because_that_backup_may_be_based_on_it() {
    let scene = scene();
    scene.backup("{}");
    let increment = scene.backup(r#"{"incremental": true}"#);
    scene.backup("{}");
    let manifest = PathBuf::from(format!("{}.manifest.json", increment.display()));
    let aside = scene.scratch.path("aside");
    std::fs::rename(&manifest, &aside).expect("moves");
    std::fs::create_dir(&manifest).expect("makes");
    let keep: request::Prune = serde_json::from_str(r#"{"keep_last": 1}"#).expect("parses");
    let report = scene.database.prune(&keep, &watch()).expect("prunes");
    assert_eq!(report.deleted, Vec::<String>::new());
    assert!(report.kept.iter().any(|kept| kept.because[0].contains("cannot be read")), "{:?}", report.kept);
    std::fs::remove_dir(&manifest).expect("removes");
    std::fs::rename(&aside, &manifest).expect("moves back");
    scene.restore(&increment, "{}").expect("has its base");
}
