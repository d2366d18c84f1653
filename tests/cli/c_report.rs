//! `--json` prints what the C API hands out: the same call on the same scene through both doors, compared value by value.
//!
//! Leaves to others: the keys of the Rust report (`cli`).
//!
//! Invariant: only times, identities and figures of the machine are left out of the comparison.

use super::*;

/// Calls one function of the shared library and prints the document it hands out.
const CALL: &str = r#"
import ctypes, json, sys
library, path, options, verb, arguments = sys.argv[1:6]
c = ctypes.CDLL(library)
handle, out = ctypes.c_void_p(), ctypes.c_char_p()
status = c.rpmadb_open(path.encode(), options.encode(), None, ctypes.byref(handle), ctypes.byref(out))
assert status == 0, out.value
given = [ctypes.c_int64(a) if isinstance(a, int) else a.encode() if a is not None else None for a in json.loads(arguments)]
out = ctypes.c_char_p()
status = getattr(c, "rpmadb_" + verb)(handle, *given, None, ctypes.byref(out))
assert status == 0, out.value
sys.stdout.write(out.value.decode())
assert c.rpmadb_close(ctypes.byref(handle)) == 0
"#;

const SQL: &str = "INSERT INTO child VALUES (NULL) RETURNING rowid AS id, x'00' AS bytes";

/// What stands between the handle and the operation.
fn arguments(verb: &str, scratch: &Scratch) -> Json {
    let greeting = r#"{"args": {"greeting": "hi"}}"#;
    match verb {
        "backup" => json!([null, null]),
        "checkpoint" => json!(["full", null]),
        "migrate" => json!([r#"{"backup": true}"#]),
        "pin" | "restore" | "verify" => json!(["b.db", null]),
        "prune" => json!([r#"{"keep_last": 1}"#]),
        "query" => json!([SQL, null, null]),
        "repair" => json!([r#"{"schema": true}"#]),
        "rollback" => json!([0, r#"{"dry_run": true}"#]),
        "script_file" => json!([text(&scratch.path("hello.lua")), greeting]),
        "test" => json!([r#"{"crash": true, "seed": 7}"#]),
        _ => json!([null]),
    }
}

/// The document without what differs from run to run.
fn comparable(mut document: Json, scratch: &Scratch) -> Json {
    const OF_THE_RUN: &[&str] = &[
        "at",
        "hash",
        "head",
        "sequence",
        "process",
        "origin",
        "path",
        "manifest_path",
        "free_bytes",
        "cpu_ms",
        "resident_memory_bytes",
        "free_disk_bytes",
        "peak_memory_bytes",
        "pool",
        "pool_state",
        "audit_head",
        "peak_size_bytes",
    ];
    fn walk(value: &mut Json) {
        match value {
            Json::Object(members) => {
                for (name, member) in members.iter_mut() {
                    let is_time = ["_ms", "_us", "_at"].iter().any(|end| name.ends_with(end));
                    let is_uuid = name == "id" && member.as_str().is_some_and(|id| id.len() >= 32);
                    if is_uuid || is_time || OF_THE_RUN.contains(&name.as_str()) {
                        *member = Json::from("masked");
                    } else {
                        walk(member);
                    }
                }
                // why: what a check measured of the machine
                if members.get("id").is_some()
                    && members.contains_key("remedy")
                    && members.get("value").is_some_and(Json::is_number)
                {
                    members.insert("value".into(), Json::from("masked"));
                }
            }
            Json::Array(items) => items.iter_mut().for_each(walk),
            _ => {}
        }
    }
    walk(&mut document);
    let text = document.to_string().replace(&text(scratch.folder()), "SCRATCH");
    serde_json::from_str(&super::archive::timeless(&text)).expect("still JSON")
}

#[test]
fn json_is_the_report_of_the_c_api() {
    let library = text(&crate::c::library());
    // why not `script`: typed, a script is a file or a name, and then it is `script_file`
    for verb in VERBS.iter().filter(|verb| **verb != "script") {
        let scratch = parity::scene(verb);
        let options = json!({ "actor": "cli", "create": false, "migrate": false, "journal_mode": "keep", "migrations": text(&scratch.path("m")),
            "backup": { "folder": text(&scratch.path("backups")) } });
        let given = arguments(verb, &scratch).to_string();
        let output = std::process::Command::new("python3")
            .args(["-c", CALL, &library, &text(&scratch.path("a.db")), &options.to_string(), verb, &given])
            .output()
            .expect("python3");
        assert!(output.status.success(), "{verb}: {}", String::from_utf8_lossy(&output.stderr));
        let from_c = comparable(serde_json::from_slice(&output.stdout).expect("JSON"), &scratch);

        let scratch = parity::scene(verb);
        let name = parity::subcommand(verb);
        let more: &[&str] = match *verb {
            "test" => &["--seed", "7"],
            verb => parity::typed(verb),
        };
        let mut command = command();
        command.current_dir(scratch.folder()).env("RPMADB_BACKUP_FOLDER", "backups");
        command.args([name.as_str(), "a.db", "--json", "--migrations", "m"]).args(more);
        let ran: Ran = command.output().expect("runs").into();
        assert_eq!(ran.stderr, "", "{verb}");
        let typed = comparable(serde_json::from_str(&ran.stdout).expect("JSON"), &scratch);
        assert_eq!(typed, from_c, "{verb}");
    }
}
