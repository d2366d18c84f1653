//! Where the command has its secrets from: files and variables, never arguments.

use super::archive::{IDENTITY, RECIPIENT, add, rows_of_a};
use super::*;

/// Runs the command with a variable.
fn with_variable(scratch: &Scratch, variable: (&str, &str), args: &[&str]) -> Ran {
    let mut command = command();
    command.current_dir(scratch.folder()).env(variable.0, variable.1).args(args).args(["--migrations", "m"]);
    command.output().expect("runs").into()
}

#[test]
fn what_was_encrypted_for_a_recipient_is_opened_by_its_identity() {
    let scratch = small();
    scratch.write("key", IDENTITY);
    add(&scratch, 1);
    succeeded(in_small(&scratch, &["backup", "a.db", "b.age", "--encrypt-to", RECIPIENT]));
    add(&scratch, 2);
    for verb in ["verify", "restore"] {
        let stderr = failed(in_small(&scratch, &[verb, "a.db", "b.age"]), 1);
        assert_eq!(
            stderr,
            "error: b.age cannot be decrypted: no identity was given\n\
             hint: give the identity or passphrase that it was encrypted for\n"
        );
        succeeded(in_small(&scratch, &[verb, "a.db", "b.age", "--identity", "key"]));
    }
    assert_eq!(rows_of_a(&scratch), json!([[1]]));
    let stderr = failed(in_small(&scratch, &["verify", "a.db", "b.age", "--identity", "none"]), 1);
    assert_eq!(stderr, "error: none does not exist\nhint: check the path; a missing folder is not made\n");
    let stderr = failed(in_small(&scratch, &["backup", "a.db", "c.age", "--encrypt-to", "age1nobody"]), 2);
    assert!(stderr.starts_with("error: --encrypt-to: "), "{stderr}");
}

#[test]
fn a_passphrase_comes_from_a_file_or_a_variable() {
    let scratch = small();
    // one line end is the editor's, and the space is the passphrase's
    for (file, text) in
        [("right", "open sesame \n"), ("windows", "open sesame \r\n"), ("wrong", "sesame\n"), ("empty", "\n")]
    {
        scratch.write(file, text);
    }
    succeeded(in_small(&scratch, &["backup", "a.db", "b.age", "--passphrase-file", "right"]));
    assert!(bytes(&scratch.path("b.age")).starts_with(b"age-encryption.org/v1\n-> scrypt "));
    succeeded(in_small(&scratch, &["verify", "a.db", "b.age", "--passphrase-file", "windows"]));
    succeeded(with_variable(
        &scratch,
        ("RPMADB_PASSPHRASE", "open sesame "),
        &["restore", "a.db", "b.age", "--dry-run"],
    ));
    let wrong = ("RPMADB_PASSPHRASE", "sesame");
    succeeded(with_variable(
        &scratch,
        wrong,
        &["verify", "a.db", "b.age", "--passphrase-file", "right", "--depth", "pages"],
    ));
    let stderr = failed(with_variable(&scratch, wrong, &["verify", "a.db", "b.age"]), 1);
    assert!(stderr.contains("the passphrase is wrong") && !stderr.contains("sesame"), "{stderr}");
    succeeded(with_variable(&scratch, wrong, &["backup", "a.db", "c.age"]));
    succeeded(in_small(&scratch, &["verify", "a.db", "c.age", "--passphrase-file", "wrong"]));
    succeeded(with_variable(&scratch, ("RPMADB_PASSPHRASE", ""), &["backup", "a.db", "d.db"]));
    assert!(bytes(&scratch.path("d.db")).starts_with(b"SQLite format 3"), "a variable set to nothing is none");
    let stderr = failed(in_small(&scratch, &["backup", "a.db", "e.age", "--passphrase-file", "empty"]), 2);
    assert_eq!(stderr, "error: --passphrase-file empty is empty\n");
}

#[test]
fn a_key_signs_and_then_demands_its_signature() {
    let scratch = small();
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    scratch.write("key", "of this test\n");
    scratch.write("other", "another\n");
    succeeded(in_small(&scratch, &["backup", "a.db", "backups/b.db", "--sign-key-file", "key"]));
    succeeded(in_small(&scratch, &["backup", "a.db", "backups/c.db"]));
    let verify = |more: &[&str]| in_small(&scratch, &[&["verify", "a.db"], more].concat());
    let shown = succeeded(verify(&["backups/b.db", "--sign-key-file", "key"]));
    assert!(shown.contains(", verified: quick, signature ok, "), "{shown}");
    let shown = succeeded(verify(&["backups/b.db"]));
    assert!(shown.contains(", signature not checked: no key was given, "), "{shown}");
    let stderr = failed(verify(&["backups/b.db", "--sign-key-file", "other"]), 1);
    assert!(stderr.contains("its manifest is signed with another key"), "{stderr}");
    let stderr = failed(verify(&["backups/c.db", "--sign-key-file", "key"]), 1);
    assert!(stderr.contains("its manifest is not signed"), "{stderr}");
    let variable = ("RPMADB_SIGN_KEY", "of this test");
    let shown = succeeded(with_variable(&scratch, variable, &["backups", "a.db", "--folder", "backups"]));
    assert!(shown.contains("\nb.db  ") && shown.contains("\nc.db does not count: "), "{shown}");
    scratch.write("m/3_third.sql", "CREATE TABLE c (x);");
    succeeded(with_variable(&scratch, variable, &["migrate", "a.db", "--backup", "backups"]));
    let shown = succeeded(with_variable(&scratch, variable, &["backups", "a.db", "--folder", "backups"]));
    assert!(shown.contains("  pre_migrate\n") && shown.contains("\n2 backup(s) in "), "{shown}");
}

#[test]
fn no_argument_takes_a_secret() {
    let scratch = Scratch::new();
    for verb in ["backup", "verify", "restore", "undo-restore"] {
        let help = succeeded(run(scratch.folder(), &[verb, "--help"]));
        assert!(help.contains("--passphrase-file <FILE>") && help.contains("--sign-key-file <FILE>"), "{help}");
        assert!(!help.contains("--passphrase ") && !help.contains("--sign-key "), "{help}");
    }
}
