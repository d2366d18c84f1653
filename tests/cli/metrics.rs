//! What `metrics` prints: lines for people, the bare text for Prometheus, the document with `--json`.

use super::*;
use crate::support::prometheus;

fn ran(scratch: &Scratch, args: &[&str], on: bool) -> Ran {
    let mut command = command();
    if on {
        command.env("RPMA_DB_METRICS", "1");
    }
    Ran::from(command.args(args).current_dir(scratch.folder()).output().expect("runs"))
}

fn scene() -> Scratch {
    let scratch = Scratch::new();
    let database = try_open(scratch.path("a.db"), &bare()).expect("opens").0;
    database.query("CREATE TABLE t (a)", None, &rpmadb::Operation::new()).expect("makes");
    scratch
}

#[test]
fn the_text_for_prometheus_is_printed_bare() {
    let scratch = scene();
    for on in [false, true] {
        let ran = ran(&scratch, &["metrics", "a.db", "--format", "prometheus"], on);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        let samples = prometheus::parse(&ran.stdout).unwrap_or_else(|wrong| panic!("{wrong}\n{}", ran.stdout));
        let enabled = prometheus::value(&samples, "rpmadb_metrics_enabled", None);
        assert_eq!(enabled, Some(f64::from(u8::from(on))), "the environment turns it on");
    }
}

#[test]
fn people_are_told_how_to_turn_it_on() {
    let scratch = scene();
    let off = ran(&scratch, &["metrics", "a.db"], false);
    assert!(off.stdout.starts_with("metrics            off: open with metrics, or set RPMA_DB_METRICS=1\n"), "{off:?}");
    assert!(off.stdout.contains("\nconnections        1 of 11, 1 idle; 0 wait(s), 0.0 ms, 0 in vain\n"), "{off:?}");
    let on = ran(&scratch, &["metrics", "a.db", "--no-indexes", "--limit", "0"], true);
    assert!(on.stdout.starts_with("metrics            on\n"), "{on:?}");
    let json = ran(&scratch, &["metrics", "a.db", "--json", "--format", "prometheus"], true);
    let document: Json = serde_json::from_str(&json.stdout).expect("is JSON");
    assert_eq!(document["format"], "prometheus");
}

#[test]
fn an_unknown_form_is_wrong_usage() {
    let scratch = scene();
    let ran = ran(&scratch, &["metrics", "a.db", "--format", "xml"], false);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.starts_with("error: "), "{ran:?}");
    assert!(ran.stderr.contains("'xml' and must be json or prometheus"), "{ran:?}");
}
