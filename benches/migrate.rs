//! What migrating costs, beside a raw loop that runs the same statements in one transaction, and beside other tools.
//!
//! `cargo bench --bench migrate [-- ROUNDS] [--only PART] [--rows N]`. Every round runs each contestant once, in turn and in a
//! process of its own, so that a busy machine slows all of them and memory can be told apart; the figures are medians over
//! the rounds, and ratios are to `raw`. PART is a piece of a case's name, such as `1000 files` or `rebuild`.
//!
//! The peers (refinery, rusqlite_migration, sqlx, diesel_migrations) take part once `benches/peers/build.sh` has built them.
//!
//! A run is everything between texts in memory and a closed database: opening, the switch to WAL, the history, the commit, the
//! checkpoint of the close. Reading the files is a case of its own. `raw` keeps no history and checks nothing; in the rebuild
//! it asks SQLite for a foreign-key check before it commits, as its documentation advises.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use rpmadb::{Database, Operation, Set, request};

#[path = "peers/measure.rs"]
mod measure;

use measure::Arguments;

/// Runs as one process each. The first is what the others are compared with.
const HERE: [&str; 2] = ["raw", "rpmadb"];
/// Name, program in the folder of the peers, last argument.
const PEERS: [(&str, &str, &str); 5] = [
    ("rusqlite_migration", "peer-rusqlite-migration", ""),
    ("refinery, grouped", "peer-refinery", "grouped"),
    ("refinery", "peer-refinery", ""),
    ("diesel_migrations", "peer-diesel", ""),
    ("sqlx", "peer-sqlx", ""),
];

fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    match arguments.peek().map(String::as_str) {
        Some("raw") => raw(&Arguments::new(arguments.skip(1))),
        Some("rpmadb") => ours(&Arguments::new(arguments.skip(1))),
        _ => drive(&arguments.collect::<Vec<String>>()),
    }
}

fn raw(arguments: &Arguments) {
    let checks = std::env::args().any(|argument| argument == "check");
    measure::report(
        rusqlite::version(),
        || measure::files(&arguments.folder),
        |files| {
            let connection = rusqlite::Connection::open(&arguments.path).expect("opens");
            connection.execute_batch(&arguments.pragmas()).expect("sets");
            connection.execute_batch("PRAGMA foreign_keys=OFF; BEGIN IMMEDIATE").expect("begins");
            for (_, text) in files {
                connection.execute_batch(&text).expect("runs");
            }
            if checks {
                let mut check = connection.prepare("PRAGMA foreign_key_check").expect("prepares");
                assert!(!check.exists([]).expect("checks"), "violations");
            }
            connection.execute_batch("COMMIT").expect("commits");
        },
    );
}

fn ours(arguments: &Arguments) {
    let options = serde_json::json!({ "synchronous": arguments.synchronous.to_lowercase() });
    let options: request::Open = serde_json::from_value(options).expect("options");
    measure::report(
        rusqlite::version(),
        || Arc::new(Set::read_folder(&arguments.folder).expect("a sound folder")),
        |set| {
            let opening = Database::at(&arguments.path).options(options).migrations(set);
            let (_, report) = opening.open(&Operation::new()).expect("opens");
            assert!(report.migrate.is_some_and(|migrate| !migrate.applied.is_empty()));
        },
    );
}

/// What is there before the run that is measured.
#[derive(Clone, Copy)]
enum Base {
    Nothing,
    /// So many tables that nobody's history knows of.
    Tables(usize),
    /// So many migrations, applied by the contestant itself.
    Applied(usize),
    /// A parent of so many rows with two indexes, and a child with two rows for each.
    Rows(usize),
}

struct Case {
    name: String,
    base: Base,
    files: usize,
    rounds: usize,
}

fn drive(arguments: &[String]) {
    let number = |text: Option<&String>| text.and_then(|text| text.parse::<usize>().ok());
    let after = |flag: &str| arguments.iter().position(|argument| argument == flag).map(|at| at + 1);
    let value = |flag: &str| after(flag).and_then(|at| arguments.get(at));
    let rounds = number(arguments.iter().find(|argument| number(Some(argument)).is_some())).unwrap_or(21);
    let rows = number(value("--rows")).unwrap_or(2_000_000);
    let only = value("--only").cloned().unwrap_or_default();

    let case = |base: Base, files: usize, rounds: usize, name: String| Case { name, base, files, rounds };
    let cases = [
        case(Base::Nothing, 1_000, rounds, "1000 files, new database".into()),
        case(Base::Nothing, 100, rounds * 2, "100 files, new database".into()),
        case(Base::Nothing, 10, rounds * 4, "10 files, new database".into()),
        case(Base::Tables(1_000), 100, rounds, "100 files, 1000 tables there".into()),
        case(Base::Applied(1_000), 100, rounds, "100 files behind 1000 applied".into()),
        case(Base::Rows(rows), 1, (rounds / 4).max(3), format!("rebuild of a parent of {rows} rows")),
    ];
    let scratch = tempfile::tempdir().expect("a folder");
    for case in cases.iter().filter(|case| case.name.contains(&only)) {
        for synchronous in ["NORMAL", "FULL"] {
            measure_case(scratch.path(), case, synchronous);
        }
    }
    if "reading 1000 files".contains(&only) {
        reading(scratch.path(), rounds * 4);
    }
}

/// A program with its arguments around those of [`Arguments`].
struct Contestant {
    name: &'static str,
    program: PathBuf,
    before: Option<&'static str>,
    last: &'static str,
}

fn contestants(case: &Case) -> Vec<Contestant> {
    let program = std::env::current_exe().expect("this program");
    let check = if matches!(case.base, Base::Rows(_)) { "check" } else { "" };
    let here = HERE.map(|name| Contestant {
        name,
        program: program.clone(),
        before: Some(name),
        last: if name == "raw" { check } else { "" },
    });
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers").join("release");
    let peers =
        PEERS.map(|(name, program, last)| Contestant { name, program: folder.join(program), before: None, last });
    let built = peers.into_iter().filter(|peer| peer.program.exists());
    let mut all: Vec<Contestant> = here.into_iter().collect();
    // why not in the rebuild: what the peers leave unchecked there is no measure for anybody
    if !matches!(case.base, Base::Rows(_)) {
        all.extend(built);
        if all.len() == HERE.len() {
            println!("(without peers: benches/peers/build.sh builds them)");
        }
    }
    all
}

/// One line of a process, see `measure::report`.
struct Figures {
    wall: f64,
    cpu: f64,
    peak_kib: f64,
    sqlite: String,
}

impl Contestant {
    fn run(&self, path: &Path, folder: &Path, synchronous: &str) -> Figures {
        let mut command = Command::new(&self.program);
        command
            .args(self.before)
            .arg(path)
            .arg(folder)
            .arg(synchronous)
            .args(Some(self.last).filter(|last| !last.is_empty()));
        let output = command.output().expect("runs");
        let line = String::from_utf8(output.stdout).expect("a line");
        assert!(output.status.success(), "{}: {}", self.name, String::from_utf8_lossy(&output.stderr));
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |at: usize| words[at].parse::<f64>().expect("a number");
        let sqlite = words.get(4).copied().unwrap_or("").to_owned();
        Figures { wall: number(1) / 1e3, cpu: number(2) / 1e3, peak_kib: number(3), sqlite }
    }
}

/// A small migration: a table with three columns, and an index or a row.
fn small(number: usize, prefix: &str) -> String {
    let more = match number % 2 {
        0 => format!("CREATE INDEX {prefix}{number}_by_name ON {prefix}{number} (name);"),
        _ => format!("INSERT INTO {prefix}{number} (name, at) VALUES ('first', 1700000000);"),
    };
    format!(
        "-- what the application knows of {prefix}{number}\n\
         CREATE TABLE {prefix}{number} (\n  id INTEGER PRIMARY KEY,\n  name TEXT NOT NULL,\n  at INTEGER\n);\n{more}\n"
    )
}

fn write_small(folder: &Path, from: usize, count: usize, prefix: &str) {
    std::fs::create_dir_all(folder).expect("a folder");
    for number in from..from + count {
        let name = format!("{number:04}_{prefix}{number}.sql");
        std::fs::write(folder.join(name), small(number, prefix)).expect("a file");
    }
}

const REBUILD: &str = "CREATE TABLE parent_new (id INTEGER PRIMARY KEY, code TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL DEFAULT 0);
INSERT INTO parent_new (id, code, name, at) SELECT id, code, name, at FROM parent;
DROP TABLE parent;
ALTER TABLE parent_new RENAME TO parent;
CREATE INDEX parent_code ON parent (code);
CREATE INDEX parent_at ON parent (at, name);
";

fn fill(path: &Path, rows: usize) {
    let connection = rusqlite::Connection::open(path).expect("opens");
    let sql = format!(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; BEGIN;
         CREATE TABLE parent (id INTEGER PRIMARY KEY, code TEXT, name TEXT NOT NULL, at INTEGER);
         CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE, n INTEGER);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
         INSERT INTO parent SELECT i, 'code ' || (i * 7919 % {rows}), 'the name of ' || i, i * 31 % 100000 FROM n;
         INSERT INTO child (parent, n) SELECT id * 7919 % {rows} + 1, 1 FROM parent;
         INSERT INTO child (parent, n) SELECT id, 2 FROM parent;
         CREATE INDEX parent_code ON parent (code); CREATE INDEX parent_at ON parent (at, name); COMMIT;"
    );
    connection.execute_batch(&sql).expect("fills");
}

fn measure_case(scratch: &Path, case: &Case, synchronous: &str) {
    let contestants = contestants(case);
    let folder = scratch.join("files");
    let earlier = scratch.join("earlier");
    for folder in [&folder, &earlier] {
        let _ = std::fs::remove_dir_all(folder);
    }
    let base = |contestant: &Contestant| scratch.join(format!("base-{}.db", contestant.name));
    match case.base {
        Base::Nothing => write_small(&folder, 1, case.files, "t"),
        Base::Tables(count) => {
            write_small(&earlier, 1, count, "earlier");
            write_small(&folder, 1, case.files, "t");
            contestants[0].run(&base(&contestants[0]), &earlier, "NORMAL");
            for contestant in &contestants[1..] {
                std::fs::copy(base(&contestants[0]), base(contestant)).expect("copies");
            }
        }
        Base::Applied(count) => {
            write_small(&earlier, 1, count, "t");
            for contestant in &contestants {
                contestant.run(&base(contestant), &earlier, "NORMAL");
            }
            // why not all of them for the raw loop: it does not know what it has run
            write_small(&folder, count + 1, case.files, "t");
        }
        Base::Rows(rows) => {
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(folder.join("0001_rebuild.sql"), REBUILD).expect("a file");
            for contestant in &contestants {
                fill(&base(contestant), rows);
            }
        }
    }
    let all = scratch.join("all");
    let _ = std::fs::remove_dir_all(&all);
    if let Base::Applied(count) = case.base {
        write_small(&all, 1, count + case.files, "t");
    }

    let mut figures: Vec<Vec<Figures>> = contestants.iter().map(|_| Vec::new()).collect();
    for round in 0..case.rounds {
        for turn in 0..contestants.len() {
            // why not always the same first: a neighbour may leave the disk or the caches warm
            let at = (turn + round) % contestants.len();
            let contestant = &contestants[at];
            let room = tempfile::tempdir_in(scratch).expect("a folder");
            let path = room.path().join("app.db");
            if !matches!(case.base, Base::Nothing) {
                std::fs::copy(base(contestant), &path).expect("copies");
            }
            let knows_all = matches!(case.base, Base::Applied(_)) && contestant.name != "raw";
            figures[at].push(contestant.run(&path, if knows_all { &all } else { &folder }, synchronous));
        }
    }
    for contestant in &contestants {
        let _ = std::fs::remove_file(base(contestant));
    }
    print_table(case, synchronous, &contestants, &figures);
}

fn print_table(case: &Case, synchronous: &str, contestants: &[Contestant], figures: &[Vec<Figures>]) {
    println!("{}, synchronous {synchronous}, {} rounds", case.name, case.rounds);
    println!("  {:<20} {:>10} {:>6} {:>10} {:>6} {:>10}", "", "wall ms", "ratio", "cpu ms", "ratio", "peak KiB");
    let of = |at: usize, what: fn(&Figures) -> f64| median(figures[at].iter().map(what).collect());
    let wall = |at| of(at, |figures| figures.wall);
    let cpu = |at| of(at, |figures| figures.cpu);
    let peak = |at| of(at, |figures| figures.peak_kib);
    for (at, contestant) in contestants.iter().enumerate() {
        println!(
            "  {:<20} {:>10.2} {:>6.3} {:>10.2} {:>6.3} {:>+10.0}  {}",
            contestant.name,
            wall(at),
            wall(at) / wall(0),
            cpu(at),
            cpu(at) / cpu(0),
            if at == 0 { peak(0) } else { peak(at) - peak(0) },
            figures[at].first().map_or("", |figures| &figures.sqlite),
        );
    }
}

/// `Set::read_folder`, which reads, checks and sums up, beside plain reading of the same files.
fn reading(scratch: &Path, rounds: usize) {
    let folder = scratch.join("reading");
    write_small(&folder, 1, 1_000, "t");
    let (mut plain, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let start = Instant::now();
        let entries = std::fs::read_dir(&folder).expect("a folder");
        let read: Vec<Vec<u8>> =
            entries.map(|entry| std::fs::read(entry.expect("an entry").path()).expect("a file")).collect();
        plain.push(start.elapsed().as_secs_f64() * 1e3);
        assert_eq!(read.len(), 1_000);
        let start = Instant::now();
        let set = Set::read_folder(&folder).expect("a sound folder");
        ours.push(start.elapsed().as_secs_f64() * 1e3);
        assert_eq!(set.len(), 1_000);
    }
    let (plain, ours) = (median(plain), median(ours));
    println!("reading 1000 files: plain {plain:.2} ms, rpmadb {ours:.2} ms, ratio {:.3}", ours / plain);
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
