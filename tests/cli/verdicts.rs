//! What the command calls well, what it leaves behind, and what it says of both.

use super::*;

/// `a.db` without a backup, and two of another database in `backups`.
fn shared_folder() -> Scratch {
    let scratch = small();
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    succeeded(in_small(&scratch, &["migrate", "other.db"]));
    for _ in 0..2 {
        succeeded(in_small(&scratch, &["backup", "other.db", "--folder", "backups"]));
    }
    scratch
}

// --- doctor and report

#[test]
fn doctor_counts_no_backups_of_other_databases() {
    let scratch = shared_folder();
    let doctor = ["doctor", "a.db", "--folder", "backups"];
    let stdout = ended(in_small(&scratch, &doctor), 4);
    assert!(stdout.contains("\nbackups      degraded  none, 2 of other databases\n"), "{stdout}");
    succeeded(in_small(&scratch, &["backup", "a.db", "--folder", "backups"]));
    let stdout = succeeded(in_small(&scratch, &doctor));
    assert!(
        stdout.contains("\nbackups      ok       1, the newest just now, verified, 2 of other databases\n"),
        "{stdout}"
    );
    // a link leads to the same database
    std::os::unix::fs::symlink("a.db", scratch.path("link.db")).expect("links");
    let stdout = succeeded(in_small(&scratch, &["doctor", "link.db", "--folder", "backups"]));
    assert!(stdout.contains("1, the newest just now, verified, 2 of other databases"), "{stdout}");
}

#[test]
fn a_report_lists_no_backups_of_other_databases() {
    let scratch = shared_folder();
    let page = succeeded(in_small(&scratch, &["report", "a.db", "-", "--folder", "backups"]));
    assert!(page.contains("the newest first. 2 of other databases are left out."), "{page}");
    assert!(!page.contains("<bdi>other-2"), "{page}");
    assert!(!page.contains("<polyline"), "sizes of others are no history of this one: {page}");
}

#[test]
fn doctor_of_a_schema_changed_by_hand_advises_no_migrate() {
    let scratch = small();
    succeeded(in_small(&scratch, &["query", "a.db", "CREATE TABLE by_hand (x)"]));
    let stdout = ended(in_small(&scratch, &["doctor", "a.db"]), 4);
    let next = "next: rpmadb repair a.db --schema, or undo what rpmadb migrations a.db lists\n";
    assert!(stdout.ends_with(next), "{stdout}");
    let document = ended(in_small(&scratch, &["doctor", "a.db", "--json"]), 4);
    let document: Json = serde_json::from_str(&document).expect("parses");
    assert_eq!(document["only_pending"], false);
    scratch.write("m/3_third.sql", "CREATE TABLE c (x);");
    let stdout = ended(in_small(&scratch, &["doctor", "a.db"]), 4);
    assert!(stdout.contains("version 2 of 3, 1 pending, 1 object(s) changed by hand\n"), "{stdout}");
    assert!(stdout.ends_with("\nnext: rpmadb migrations a.db\n"), "{stdout}");
    std::fs::remove_file(scratch.path("m/3_third.sql")).expect("removes");
    succeeded(in_small(&scratch, &["repair", "a.db", "--schema"]));
    assert!(succeeded(in_small(&scratch, &["doctor", "a.db"])).ends_with("\nok\n"));
}
