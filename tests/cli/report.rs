//! `rpmadb report`: one file, with everything in it and nothing from elsewhere; where Chromium is installed, in that too.

use super::*;

/// A database with names that would be markup, backups, and a migration to come.
fn scene() -> Scratch {
    let scratch = small();
    std::fs::create_dir(scratch.path("backups")).expect("makes");
    for sql in [
        "CREATE TABLE \"<script>alert(1)</script>\" (x)",
        "CREATE INDEX \"i</style>\" ON a (x)",
        "CREATE TABLE k (p REFERENCES parent (id), q)",
        "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
    ] {
        succeeded(in_small(&scratch, &["query", "a.db", sql]));
    }
    succeeded(in_small(&scratch, &["backup", "a.db", "--folder", "backups"]));
    scratch.write("m/3_third.sql", "CREATE TABLE c (x);");
    scratch
}

fn report(scratch: &Scratch, more: &[&str]) -> String {
    let args = [&["report", "a.db", "r.html", "--folder", "backups", "--overwrite"], more].concat();
    let told = succeeded(in_small(scratch, &args));
    assert!(told.starts_with("r.html (") && told.ends_with(" KiB)\n"), "{told}");
    std::fs::read_to_string(scratch.path("r.html")).expect("reads")
}

#[test]
fn everything_is_in_it() {
    let scratch = scene();
    let page = report(&scratch, &[]);
    for part in [
        "<!doctype html>",
        "<strong>degraded</strong> <span>score 80 of 100</span>",
        "&lt;script&gt;alert(1)&lt;&#x2f;script&gt;",
        "<bdi>i&lt;&#x2f;style&gt;</bdi>",
        "<rect class=\"own\"",
        "<polyline points=\"0,",
        "<td><bdi>integrity</bdi></td><td><bdi>ok</bdi></td>",
        "CREATE INDEX &quot;k_p&quot; ON &quot;k&quot;",
        "<span class=\"badge pending\">pending</span>",
        "1 migration(s) wait to be applied.",
        "<td><bdi>verified (quick)</bdi></td>",
        "--metrics FILE",
        "prefers-color-scheme: dark",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    for part in ["<script", "http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(part), "{part}");
    }
}

#[test]
fn what_the_host_counted_is_handed_in() {
    let scratch = scene();
    let figures = json!({ "statements": [{ "fingerprint": "SELECT <b>", "calls": 7, "total_ms": 1500.0, "mean_ms": 1.0, "p95_ms": 2.0, "max_ms": 3.0 }],
        "slow": [{ "fingerprint": "SELECT y", "duration_ms": 180.0, "at": 0, "plan": ["SCAN a"] }] });
    scratch.write("metrics.json", figures.to_string());
    let alert = json!({ "severity": "warning", "state": "firing", "key": "disk_space", "message": "full", "since": 0, "remedy": "free some" });
    scratch.write("alerts.json", json!({ "alerts": [alert] }).to_string());
    let page = report(&scratch, &["--metrics", "metrics.json", "--alerts", "alerts.json"]);
    for part in ["SELECT &lt;b&gt;", "1.5 s", "SCAN a", "1970-01-01 00:00:00 UTC", "disk_space", "free some"] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    scratch.write("metrics.json", "nonsense");
    let stderr = failed(in_small(&scratch, &["report", "a.db", "-", "--metrics", "metrics.json"]), 2);
    assert!(stderr.starts_with("error: metrics.json is not JSON: "), "{stderr}");
}

#[test]
fn a_file_is_replaced_only_when_told_and_the_database_never() {
    let scratch = scene();
    report(&scratch, &[]);
    let stderr = failed(in_small(&scratch, &["report", "a.db", "r.html"]), 1);
    assert_eq!(stderr, "error: r.html exists already\nhint: choose another name, or replace it with --overwrite\n");
    let before = held(&scratch);
    let stderr = failed(in_small(&scratch, &["report", "a.db", "./a.db", "--overwrite"]), 1);
    assert_eq!(stderr, "error: ./a.db is the open database itself\nhint: name another file\n");
    assert_eq!(held(&scratch), before);
    let stderr = failed(in_small(&scratch, &["report", "a.db", "none/r.html"]), 1);
    assert!(stderr.starts_with("error: the folder none does not exist\n"), "{stderr}");
    assert!(succeeded(in_small(&scratch, &["report", "a.db", "-"])).starts_with("<!doctype html>\n"));
    let document = in_small(&scratch, &["report", "a.db", "s.html", "--json"]);
    let document: Json = serde_json::from_str(&succeeded(document)).expect("parses");
    assert_eq!(document["file"], "s.html");
}

#[test]
fn a_damaged_database_has_a_report_that_says_so() {
    let scratch = damaged();
    let page = succeeded(in_small(&scratch, &["report", "a.db", "-"]));
    assert!(
        page.contains("<td><bdi>integrity</bdi></td><td><bdi>") && !page.contains("integrity</bdi></td><td><bdi>ok<"),
        "{page}"
    );
}

/// What Chromium says of the page with these settings of its engine, and what it made of the markup.
fn in_browser(scratch: &Scratch, scheme: &str) -> Option<(String, String)> {
    let profile = scratch.path(&format!("profile-{scheme}"));
    let output = std::process::Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--enable-logging=stderr",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("file://{}", scratch.path("r.html").display()))
        .env("HOME", scratch.folder())
        .output();
    let output = output.ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some((text(&output.stderr), text(&output.stdout)))
}

#[test]
fn a_browser_has_nothing_to_say_about_it() {
    let scratch = scene();
    report(&scratch, &[]);
    // 0 is dark and 1 light
    for scheme in ["0", "1"] {
        let Some((said, page)) = in_browser(&scratch, scheme) else {
            println!("chromium is not installed and was not tried");
            return;
        };
        assert!(!said.contains("CONSOLE"), "{said}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.contains("<script"), "{page}");
        assert!(page.contains("Made by rpmadb"), "all of it was read: {page}");
    }
    // why: that it would be heard
    let broken = scratch.path("r.html");
    let page = std::fs::read_to_string(&broken).expect("reads").replace("</main>", "<script>1</script></main>");
    std::fs::write(&broken, page).expect("writes");
    let (said, _) = in_browser(&scratch, "1").expect("runs");
    assert!(said.contains("CONSOLE") && said.contains("Content Security Policy"), "{said}");
}
