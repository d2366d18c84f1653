//! What every verb prints, word for word, in a pipe and on a terminal, against `snapshots/`.
//!
//! Leaves to others: what the verbs do.
//!
//! Invariant: what differs from run to run is masked and nothing else; `RPMADB_UPDATE=1` writes the files anew, and a difference is read
//! before it is kept.

use super::archive::timeless;
use super::*;
use crate::support::terminal::Terminal;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/snapshots");

/// Verbs in an order in which each finds something to do. `{N}` is the name of the newest backup.
const TYPED: &[&str] = &[
    "open a.db",
    "migrate a.db --dry-run",
    "migrate a.db --to 2",
    "migrations a.db",
    "health a.db",
    "migrate a.db",
    "rollback a.db 2",
    "migrate a.db --actor eva",
    "schema a.db",
    "schema a.db --against-files",
    "lint",
    "test --seed 7 --rows 3 --no-crash",
    "repair a.db",
    "baseline a.db",
    "adopt a.db",
    "query a.db|INSERT INTO tag VALUES (1, 'one'), (2, 'two')",
    "query a.db|SELECT * FROM tag",
    "query a.db|SELEC 1",
    "script a.db hello.lua --arg who=Eva",
    "script --check bad.lua",
    "scripts",
    "checkpoint a.db truncate",
    "optimize a.db",
    "backup a.db --folder b",
    "backups a.db --folder b",
    "verify a.db {N} --folder b",
    "pin a.db {N} --folder b",
    "restore a.db {N} --folder b --dry-run",
    "restore a.db {N} --folder b",
    "undo-restore a.db --folder b",
    "prune a.db --folder b --keep-last 1 --dry-run",
    "audit a.db --limit 4",
    "audit a.db --verify --limit 0",
    "alerts a.db",
    "stats a.db --no-sizes",
    "metrics a.db --no-indexes",
    "diagnostics a.db",
    "doctor a.db --folder b",
    "health a.db",
    "config a.db --changed",
    "new add_colour",
    "stats none.db",
    "stats a.db --frob",
];

fn scene() -> Scratch {
    let scratch = Scratch::new();
    scratch.migrations(
        "m",
        &[
            ("001_tag.sql", "CREATE TABLE tag (id INTEGER PRIMARY KEY, name TEXT);"),
            ("001_tag.down.sql", "DROP TABLE tag;"),
            ("002_use.sql", "CREATE TABLE use (tag REFERENCES tag (id));\nCREATE INDEX use_tag ON use (tag);"),
            ("002_use.down.sql", "DROP TABLE use;"),
        ],
    );
    std::fs::create_dir(scratch.path("b")).expect("makes");
    scratch.write("hello.lua", "log.info('hello %s', job.args.who); return { n = 1 }");
    scratch.write("bad.lua", "local n = db:valu('SELECT 1')");
    scratch
}

fn words(typed: &str, scratch: &Scratch) -> Vec<String> {
    let (words, sql) = typed.split_once('|').map_or((typed, None), |(words, sql)| (words, Some(sql)));
    let mut names: Vec<String> = std::fs::read_dir(scratch.path("b"))
        .expect("reads")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with("Z.db"))
        .collect();
    names.sort();
    let newest = names.pop().unwrap_or_default();
    let mut all: Vec<String> = words.split(' ').map(|word| word.replace("{N}", &newest)).collect();
    all.extend(sql.map(str::to_owned));
    all.extend(["--migrations".to_owned(), "m".to_owned()]);
    all
}

/// What comes before the third migration's file, and what goes with it.
fn before(typed: &str, scratch: &Scratch) {
    if typed == "migrate a.db --dry-run" {
        scratch.write("m/003_colour.sql", "ALTER TABLE tag ADD COLUMN colour TEXT;");
        scratch.write("m/003_colour.down.sql", "ALTER TABLE tag DROP COLUMN colour;");
    }
    if typed == "query a.db|INSERT INTO tag VALUES (1, 'one'), (2, 'two')" {
        // why: the rows have two columns
        let ran = run(scratch.folder(), &["rollback", "a.db", "2", "--migrations", "m"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
}

/// Puts a letter where a figure is the machine's or the moment's: what is free on a disk, hashes, and sizes, for how many pages the audit has
/// depends on how many digits the times in it have.
fn masked(printed: &str, scratch: &Scratch) -> String {
    let text = timeless(printed).replace(&text(scratch.folder()), "SCRATCH");
    let mut shown = String::new();
    for line in text.split_inclusive('\n') {
        let is_of_machine = ["free", "file mode", "hash ", "pragma ", "SQLite  ", " KiB", " %", " pages"]
            .iter()
            .any(|part| line.contains(part));
        let mut in_number = false;
        for c in line.chars() {
            let is_digit = c.is_ascii_digit() || (in_number && c == '.');
            if is_of_machine && is_digit && !line.contains("free pages") {
                if !in_number {
                    shown.push('N');
                }
            } else {
                shown.push(c);
            }
            in_number = is_digit;
        }
    }
    let mut words = String::new();
    for part in shown.split_inclusive([' ', '\n', ',']) {
        let word = part.trim_end_matches([' ', '\n', ',']);
        let is_hash = word.len() >= 16 && word.chars().all(|c| c.is_ascii_hexdigit() || c == 'N');
        if is_hash { words.push_str(&part.replace(word, "HASH")) } else { words.push_str(part) }
    }
    words
}

fn compare(name: &str, found: &str) {
    let path = format!("{FOLDER}/{name}");
    if std::env::var_os("RPMADB_UPDATE").is_some() {
        std::fs::create_dir_all(FOLDER).expect("makes");
        std::fs::write(&path, found).expect("writes");
    }
    let wanted = std::fs::read_to_string(&path).expect("the snapshot; RPMADB_UPDATE=1 writes it");
    for (at, (found, wanted)) in found.lines().zip(wanted.lines()).enumerate() {
        assert_eq!(found, wanted, "{name}:{}", at + 1);
    }
    assert_eq!(found.lines().count(), wanted.lines().count(), "{name}");
}

#[test]
fn what_stands_in_a_pipe() {
    let scratch = scene();
    let mut found = String::new();
    for typed in TYPED {
        before(typed, &scratch);
        let words = words(typed, &scratch);
        let ran = run(scratch.folder(), &words.iter().map(String::as_str).collect::<Vec<_>>());
        let code = ran.code.expect("a code");
        let output = masked(&format!("{}{}", ran.stdout, ran.stderr), &scratch);
        found.push_str(&format!("$ rpmadb {typed}   # {code}\n{output}\n"));
    }
    compare("pipe.txt", &found);
}

/// Colours as `<green>` and so on, so that they can be read and reviewed.
fn named(written: &str) -> String {
    let names = [
        ("32", "green"),
        ("33", "yellow"),
        ("31", "red"),
        ("1", "bold"),
        ("2", "faint"),
        ("0", "/"),
        ("39", "/"),
        ("38;5;10", "green"),
        ("38;5;11", "yellow"),
        ("38;5;9", "red"),
        ("38;5;8", "faint"),
        ("1m\u{1b}[38;5;9", "red"),
    ];
    // why: a bar that came because the machine was busy was also taken away
    let kept = |line: &str| line.rsplit("\u{1b}[2K").next().unwrap_or_default().to_owned();
    let mut text = written.replace("\r\n", "\n").split('\n').map(kept).collect::<Vec<_>>().join("\n");
    for (code, name) in names {
        text = text.replace(&format!("\u{1b}[{code}m"), &format!("<{name}>"));
    }
    text.replace('\u{1b}', "ESC")
}

#[test]
fn what_stands_on_a_terminal() {
    let scratch = scene();
    let mut found = String::new();
    for typed in TYPED {
        before(typed, &scratch);
        let words = words(typed, &scratch);
        // why a link: the folder's name has another length each time, and lines wrap
        let args: Vec<&str> = words.iter().map(String::as_str).chain(["--yes"]).collect();
        let mut terminal = Terminal::start(scratch.folder(), &args, &[]);
        let code = terminal.end();
        let output = masked(&named(&terminal.written()), &scratch);
        found.push_str(&format!("$ rpmadb {typed}   # {code}\n{output}\n"));
    }
    compare("terminal.txt", &found);
}
