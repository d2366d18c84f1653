//! `rpmadb audit`: the table, the filters, the lines for machines, the proof and its exit code, pruning.

use super::*;

fn audit(scratch: &Scratch, args: &[&str]) -> Ran {
    run(scratch.folder(), &[&["audit", "a.db"], args].concat())
}

#[test]
fn audit_lists_who_did_what_newest_first_and_filters() {
    let scratch = migrated();
    succeeded(run(scratch.folder(), &["health", "a.db", "--actor", "anna"]));
    failed(run(scratch.folder(), &["query", "a.db", "SELECT nonsense", "--actor", "bob"]), 1);
    let stdout = succeeded(audit(&scratch, &[]));
    let verbs: Vec<&str> = stdout.lines().skip(2).filter_map(|line| line.split_whitespace().nth(7)).collect();
    assert_eq!(verbs[..2], ["query", "health"], "{stdout}");
    let stdout = succeeded(audit(&scratch, &["--of", "anna", "--jsonl"]));
    let lines: Vec<Json> = stdout.lines().map(|line| serde_json::from_str(line).expect("a document a line")).collect();
    assert_eq!((lines.len(), &lines[0]["verb"], &lines[0]["origin"]), (1, &"health".into(), &"cli".into()));
    let stdout = succeeded(audit(&scratch, &["--outcome", "error", "--since", "1h", "--json"]));
    let report: Json = serde_json::from_str(&stdout).expect("parses");
    assert_eq!(report["records"][0]["actor"], "bob");
    let stdout = succeeded(audit(&scratch, &["--limit", "1"]));
    assert!(stdout.lines().last().is_some_and(|line| line.starts_with("more with --after ")), "{stdout}");
    assert!(failed(audit(&scratch, &["--since", "yesterday"]), 2).contains("neither a time, a date nor how long ago"));
    assert!(failed(audit(&scratch, &["--outcome", "bad"]), 2).contains("'bad' is none of ok, denied, error"));
    assert!(failed(audit(&scratch, &["--dry-run"]), 2).contains("--prune-days or --prune-rows"));
}

#[test]
fn audit_proves_and_exits_1_when_it_was_tampered_with() {
    let scratch = migrated();
    assert!(succeeded(audit(&scratch, &["--verify", "--limit", "0"])).starts_with("ok: "));
    let plain = rusqlite::Connection::open(scratch.path("a.db")).expect("opens");
    plain.execute_batch("UPDATE rpmadb_audit SET actor = 'nobody' WHERE seq = 1").expect("tampers");
    drop(plain);
    let ran = audit(&scratch, &["--verify", "--limit", "0"]);
    assert_eq!(ran.code, Some(1));
    let stdout = ran.stdout;
    assert!(stdout.starts_with("edited: record 1 was changed after it was written\ntampered: "), "{stdout}");
}

#[test]
fn audit_is_keyed_by_a_file_or_a_variable() {
    let scratch = migrated();
    scratch.write("key", "a secret of the admins\n");
    succeeded(run(scratch.folder(), &["health", "a.db", "--audit-key-file", "key"]));
    let keyed = ["--verify", "--limit", "0", "--audit-key-file", "key"];
    let known = succeeded(audit(&scratch, &keyed));
    assert!(known.starts_with("ok: "), "{known}");
    let unknown = succeeded(audit(&scratch, &["--verify", "--limit", "0"]));
    assert!(unknown.starts_with("unknown_key: "), "{unknown}");
    let known = succeeded(audit(&scratch, &keyed));
    assert!(known.starts_with("ok: "), "the look that lacked the key is no record of another: {known}");
    assert!(failed(audit(&scratch, &["--audit-key-file", "nowhere"]), 1).contains("nowhere"));
    scratch.write("short", "short");
    assert!(failed(audit(&scratch, &["--audit-key-file", "short"]), 2).contains("shorter than 16 bytes"));
}

#[test]
fn audit_archives_and_removes_the_oldest() {
    let scratch = migrated();
    for _ in 0..5 {
        succeeded(run(scratch.folder(), &["health", "a.db"]));
    }
    let dry = succeeded(audit(&scratch, &["--prune-rows", "2", "--dry-run", "--limit", "0"]));
    assert!(dry.starts_with("would be archived and removed: "), "{dry}");
    let stdout = succeeded(audit(&scratch, &["--prune-rows", "2", "--limit", "0", "--verify"]));
    assert!(stdout.starts_with("archived and removed: ") && stdout.contains(".jsonl.zst\n"), "{stdout}");
    assert!(stdout.lines().last().is_some_and(|line| line.starts_with("ok: ")), "{stdout}");
}
