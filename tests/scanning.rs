//! SQL files of any shape: whatever stands in a file, reading it ends soon, an error lies inside the file, and statements end
//! where SQLite ends them.
//!
//! Everything goes through the API: `Set::from_files` and a database in memory.
//! Leaves to others: what a sound file does (`rust`), bytes on disk (`hostile`).
//!
//! The cases are the same in every run, see `properties`.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::strategy::Strategy;
use proptest::test_runner::TestCaseError;
use rpmadb::error::Place;
use rpmadb::{Database, Error, Operation, Set, request};

use crate::crash::ask;
use crate::properties::check;

const BASE: &str =
    "CREATE TABLE base (id INTEGER PRIMARY KEY, t TEXT); INSERT INTO base VALUES (1, 'one'), (2, 'two');";

/// Files that use everything a file may hold.
const FILES: [&str; 7] = [
    "-- rpmadb: allow=drop-index\nCREATE TABLE a (x INTEGER, y TEXT DEFAULT ';');\r\nINSERT INTO a VALUES (1, 'it''s; -- no comment');\n",
    "/* a comment ; with ' a quote */ CREATE TRIGGER tr AFTER INSERT ON base BEGIN\n  UPDATE base SET t = CASE WHEN new.id > 1 THEN 'a;b' ELSE \"t\" END WHERE id = new.id;\n  SELECT 1;\nEND;\nINSERT INTO base VALUES (3, x'00' || 'ü');",
    "-- rpmadb: transaction=off\nINSERT INTO base VALUES (4, 'four');\nVACUUM;\nBEGIN; UPDATE base SET t = [t]; COMMIT;\n",
    "BEGIN;\nALTER TABLE base ADD COLUMN IF NOT EXISTS \"e\" INTEGER NOT NULL DEFAULT 1e3;\nALTER TABLE base DROP COLUMN IF EXISTS gone;\nEND TRANSACTION;",
    "PRAGMA foreign_keys = OFF;\nCREATE TABLE new (id INTEGER PRIMARY KEY, t TEXT);\nINSERT INTO new SELECT id, t FROM base;\nDROP TABLE base;\nALTER TABLE new RENAME TO base;\nPRAGMA foreign_keys = ON;",
    "\u{feff}CREATE VIEW v AS SELECT id, t, `id` AS `ü;` FROM base WHERE t <> 'x;' OR id IN (1, .5, 0x1F, 1.e+3);\n\nSAVEPOINT s; DELETE FROM base; ROLLBACK TO s; RELEASE s;",
    "EXPLAIN QUERY PLAN SELECT 1;\nCREATE TEMP TABLE tt (x);\nINSERT INTO tt VALUES (json('{\"a\": [1]}') ->> '$.a');\nWITH x AS (SELECT 1 AS one) INSERT INTO base (t) SELECT one FROM x;;;",
];

const PIECES: [&str; 24] = [
    "'",
    "\"",
    "`",
    "[",
    "]",
    "/*",
    "*/",
    "--",
    ";",
    "(",
    ")",
    "\n",
    "\r\n",
    "\0",
    "ü",
    "\u{2028}",
    "\u{feff}",
    "\u{1F980}",
    "BEGIN",
    "END",
    "CASE",
    "COMMIT",
    "-- rpmadb: allow=everything\n",
    "CREATE TRIGGER",
];

#[derive(Debug, Clone)]
enum Change {
    Flip(u16, u8),
    Insert(u16, usize),
    Remove(u16, u8),
    Twice(u16, u8),
    Cut(u16),
    Swap(u16, u16),
    WithoutQuotes,
}

fn changes() -> impl Strategy<Value = (usize, Vec<Change>)> {
    let change = proptest::prop_oneof![
        (any::<u16>(), any::<u8>()).prop_map(|(at, bits)| Change::Flip(at, bits)),
        (any::<u16>(), 0..PIECES.len()).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (any::<u16>(), 1..40_u8).prop_map(|(at, length)| Change::Remove(at, length)),
        (any::<u16>(), 1..60_u8).prop_map(|(at, length)| Change::Twice(at, length)),
        any::<u16>().prop_map(Change::Cut),
        (any::<u16>(), any::<u16>()).prop_map(|(one, two)| Change::Swap(one, two)),
        proptest::strategy::Just(Change::WithoutQuotes),
    ];
    (0..FILES.len(), vec(change, 1..5))
}

fn changed(file: usize, changes: &[Change]) -> Vec<u8> {
    let mut text = FILES[file].as_bytes().to_vec();
    for change in changes {
        let within = |at: &u16| usize::from(*at) % (text.len() + 1);
        match change {
            Change::Flip(at, bits) => {
                let at = within(at);
                text.get_mut(at).into_iter().for_each(|byte| *byte ^= bits);
            }
            Change::Insert(at, piece) => {
                let at = within(at);
                text.splice(at..at, PIECES[*piece].bytes());
            }
            Change::Remove(at, length) => {
                let at = within(at);
                text.drain(at..(at + usize::from(*length)).min(text.len()));
            }
            Change::Twice(at, length) => {
                let at = within(at);
                let again = text[at..(at + usize::from(*length)).min(text.len())].to_vec();
                text.splice(at..at, again);
            }
            Change::Cut(at) => text.truncate(usize::from(*at) % (text.len() + 1)),
            Change::Swap(one, two) => {
                let mut tokens: Vec<Vec<u8>> = text.split_inclusive(|byte| *byte == b' ').map(<[u8]>::to_vec).collect();
                if !tokens.is_empty() {
                    let length = tokens.len();
                    tokens.swap(usize::from(*one) % length, usize::from(*two) % length);
                }
                text = tokens.concat();
            }
            Change::WithoutQuotes => text.retain(|byte| !matches!(byte, b'\'' | b'"' | b'`')),
        }
    }
    text
}

const FILE: &str = "2_x.sql";

/// Migrates a database in memory with `text` as its second file.
fn migrate(text: &[u8], limit_ms: u64) -> Result<Database, Error> {
    let files = vec![("1_base.sql".to_owned(), BASE.as_bytes().into()), (FILE.to_owned(), text.to_vec().into())];
    let set = Set::from_files(files)?;
    let operation = Operation::new();
    operation.set_timeout_ms(limit_ms);
    Ok(Database::at(":memory:").options(request::Open::default()).migrations(set.into()).open(&operation)?.0)
}

/// What is wrong with the place of an error, if anything is.
fn wrong_place(place: &Place, text: &str) -> Option<String> {
    if place.file.as_deref() != Some(FILE) {
        return Some("it does not name the file".into());
    }
    let (Some(line), Some(column)) = (place.line, place.column) else {
        return (place.line.is_some() != place.column.is_some()).then(|| "a line or column without the other".into());
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(found) = text.split('\n').nth(line as usize - 1) else {
        return Some("its line is not in the file".into());
    };
    let columns = found.chars().count() + 1;
    if column == 0 || column as usize > columns {
        return Some(format!("its column is not in the line, which has {columns}"));
    }
    let shown = found.trim_end_matches('\r');
    let source = place.source_line.as_deref().unwrap_or(shown).trim_end_matches('\r');
    // why not the NUL itself: a terminal would show nothing
    (source.replace('\u{fffd}', "\0") != shown.replace('\u{fffd}', "\0"))
        .then(|| "its source line is not that line".into())
}

#[test]
fn the_files_run_as_long_as_nobody_changes_them() {
    for text in FILES {
        migrate(text.as_bytes(), 20_000).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    }
}

#[test]
fn a_file_of_any_bytes_ends_soon_and_its_error_lies_inside_it() {
    let (good, bad, placed) = Default::default();
    let (good, bad, placed): (std::cell::Cell<u32>, std::cell::Cell<u32>, std::cell::Cell<u32>) = (good, bad, placed);
    check("changed files", 800, changes(), |(file, changes)| {
        let bytes = changed(file, &changes);
        let text = String::from_utf8_lossy(&bytes);
        let start = Instant::now();
        let outcome = migrate(&bytes, 20_000);
        let failed = |what: &str| Err(TestCaseError::fail(format!("{what}\n{text:?}")));
        if start.elapsed() > Duration::from_secs(10) {
            return failed(&format!("it took {:?}", start.elapsed()));
        }
        match outcome {
            Ok(_) => good.set(good.get() + 1),
            Err(error) => {
                bad.set(bad.get() + 1);
                if error.status().name() == "INTERNAL" || error.status().name() == "PANIC" {
                    return failed(&format!("{error:?}"));
                }
                let Some(place) = error.place() else { return failed(&format!("{error:?} has no place")) };
                placed.set(placed.get() + u32::from(place.line.is_some()));
                if let Some(problem) = wrong_place(place, &text) {
                    return failed(&format!("{error}: {problem}: {place:?}"));
                }
            }
        }
        Ok(())
    });
    println!("{} files ran, {} were refused, {} of these with a line", good.get(), bad.get(), placed.get());
    assert!(good.get() > 0 && placed.get() > 0, "both happen");
}

// --- where statements end

/// A statement, and what it leaves: a row of `log` or an object.
fn valid(kind: u8, number: usize) -> String {
    let row = |value: &str| format!("INSERT INTO log (t) VALUES ({value})");
    match kind {
        0 => row(&format!("'{number}; it''s'")),
        1 => row("x'3b' || \"id\" || '/*'").replace("\"id\"", "';'"),
        2 => row("(SELECT CASE WHEN 1 THEN 'END;' END)"),
        3 => row("'-- ;' /* ; ' */ -- ; \" \n || ';'"),
        4 => format!("CREATE TABLE \"t;{number}\" (a DEFAULT ';', [b;] CHECK ([b;] <> '/*'), `c;` AS (a || ';'))"),
        5 => format!(
            "CREATE TRIGGER [tr;{number}] AFTER UPDATE ON log WHEN new.t = ';' BEGIN SELECT CASE WHEN 1 THEN 2 END; /* END; */ \
             UPDATE log SET t = 'END;' WHERE 0; -- END;\n DELETE FROM log WHERE CASE id WHEN 0 THEN 1 ELSE 0 END; END"
        ),
        6 => format!(
            "create temporary /* ; */ trigger if not exists \"tt{number}\" before delete on log begin insert into log (t) \
             select case when 1 then 2 end; end"
        )
        .replace("create temporary /* ; */", "create /* ; */"),
        7 => format!("CREATE VIEW v{number} AS SELECT ';' AS \"begin;\", id AS \"end;\" FROM log"),
        8 => row("1.e+3 || .5e-3 || 0x1F || 1_000"),
        9 => format!("CREATE INDEX `i;{number}` ON log (t || ';') WHERE t <> ';'"),
        10 => "WITH trigger(x) AS (VALUES (';')) INSERT INTO log (t) SELECT x FROM trigger".into(),
        _ => row("'\u{1F980};ü' || char(59)"),
    }
}

const BETWEEN: [&str; 8] = [";", ";;", ";\r\n", " ; -- ' ; \"\n", "; /* ; ' */ ;", "\n;\n\n", ";/**/", ";\u{0c}\t"];

#[test]
fn statements_end_where_sqlite_ends_them() {
    let statements = vec((0..12_u8, 0..BETWEEN.len()), 1..14);
    check("statements", 200, (statements, any::<bool>()), |(statements, last)| {
        let mut text = String::new();
        for (number, (kind, between)) in statements.iter().enumerate() {
            text.push_str(&valid(*kind, number));
            text.push_str(BETWEEN[*between]);
        }
        if last {
            text.push_str("INSERT INTO log (t) VALUES ('the last; without a semicolon')");
        }
        let create = "CREATE TABLE log (id INTEGER PRIMARY KEY, t);";
        let failed = |what: String| TestCaseError::fail(format!("{what}\n{text}"));
        let plain = rusqlite::Connection::open_in_memory().expect("opens");
        plain.execute_batch(create).expect("makes the table");
        plain.execute_batch(&text).map_err(|error| failed(format!("SQLite does not take it: {error}")))?;
        let database =
            migrate(format!("{create}{text}").as_bytes(), 20_000).map_err(|error| failed(format!("{error:?}")))?;
        let schema = "SELECT quote(rtrim(sql, char(32, 10, 13, 9, 12))) FROM sqlite_schema WHERE name NOT LIKE 'rpmadb%' AND name NOT IN ('base', 'sqlite_sequence') ORDER BY name";
        for sql in ["SELECT quote(t) FROM log ORDER BY id", schema] {
            let wanted = ask(&plain, sql);
            let found: Vec<String> = crate::support::rows(&database, sql)
                .into_iter()
                .map(|row| format!("'{}'", row[0].as_str().unwrap_or_default()))
                .collect();
            crate::properties::same(sql, &found, &wanted).map_err(|error| failed(error.to_string()))?;
        }
        let count = |sql: &str| ask(&plain, sql)[0].parse::<usize>().expect("a number");
        let effects =
            count("SELECT count(*) FROM log") + count("SELECT count(*) FROM sqlite_schema WHERE name <> 'log'");
        crate::properties::same("effects", &effects, &(statements.len() + usize::from(last)))
    });
}

// --- in time that grows with the size

/// How long the file takes; whether it succeeds is not the question.
fn time_of(text: &str) -> Duration {
    let start = Instant::now();
    let _ = migrate(text.as_bytes(), 60_000);
    start.elapsed()
}

#[test]
fn a_file_of_twice_the_size_takes_about_twice_the_time() {
    let kinds: [(&str, &str, &str); 16] = [
        ("single quotes", "'", ""),
        ("double quotes", "\"", ""),
        ("brackets", "[", ""),
        ("back quotes", "`", ""),
        ("open comments", "/*", ""),
        ("nearly closed comments", "/* *", ""),
        ("closed comments", "/**/", "SELECT 1"),
        ("line comments", "--", ""),
        ("lines of comments", "-- rpmadb\n", "SELECT 1"),
        ("semicolons", ";", "SELECT 1"),
        ("parentheses", "(", ""),
        ("words", "case end begin ", ""),
        ("triggers without an end", "CREATE TRIGGER a BEGIN SELECT 1; END ", ""),
        ("exponents", "1e+", ""),
        ("lines", "\n", "SELECT wrong"),
        ("crabs", "\u{1F980}", ""),
    ];
    let whole = 2 << 20;
    for (name, piece, last) in kinds {
        let of = |size: usize| format!("{}{last}", piece.repeat(size / piece.len()));
        let (half, whole) = (of(whole / 2), of(whole));
        // why the best of some: the machine may be busy at any one time
        let mut best = (Duration::MAX, Duration::MAX);
        for attempt in 1..=4 {
            best = (best.0.min(time_of(&half)), best.1.min(time_of(&whole)));
            if best.1 < best.0 * 4 + Duration::from_millis(50) {
                println!("{name}: {:?}, twice the size {:?}", best.0, best.1);
                break;
            }
            assert!(attempt < 4, "{name}: {:?}, and twice the size {:?}", best.0, best.1);
        }
    }
}

#[test]
fn a_file_of_twice_the_statements_takes_about_twice_the_time() {
    let kinds = [
        ("selects", "SELECT 1;\n"),
        ("inserts", "INSERT INTO base (t) VALUES ('x;');\n"),
        ("own transactions", "BEGIN;COMMIT;\n"),
        ("triggers", "CREATE TRIGGER x AFTER INSERT ON base BEGIN SELECT 1; END; DROP TRIGGER x;\n"),
    ];
    for (name, piece) in kinds {
        let of = |count: usize| piece.repeat(count);
        let (half, whole) = (of(1_000), of(2_000));
        let mut best = (Duration::MAX, Duration::MAX);
        for attempt in 1..=4 {
            best = (best.0.min(time_of(&half)), best.1.min(time_of(&whole)));
            if best.1 < best.0 * 4 + Duration::from_millis(50) {
                println!("{name}: {:?}, twice as many {:?}", best.0, best.1);
                break;
            }
            assert!(attempt < 4, "{name}: {:?}, and twice as many {:?}", best.0, best.1);
        }
    }
    let wrong = format!("{}SELECT wrong;\n", "SELECT 1;\n".repeat(2_000));
    let error = migrate(wrong.as_bytes(), 60_000).expect_err("the last one is wrong");
    assert_eq!(error.place().and_then(|place| place.line), Some(2_001));
}
