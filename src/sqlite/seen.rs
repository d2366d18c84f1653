//! The statements that users ran on one handle, remembered to see what they use, and a text without its literals to show.
//!
//! Leaves to others: planning them (`indexes.rs`).
//!
//! Invariants: bounded, in number and in size; noting one never waits, and costs one look into a hash set when it is known;
//! of texts that differ in literals alone a few are kept, so that a host that writes values into its SQL pushes nothing out.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};

/// Most texts remembered; the oldest goes.
const MOST: usize = 500;
/// Texts of this many bytes and more are not remembered.
const LONG: usize = 10_000;
/// Most texts remembered that differ in literals alone: a literal may decide whether a partial index serves.
const MOST_ALIKE: usize = 8;
/// Bytes of a statement that are shown.
const MOST_SHOWN: usize = 1_000;
/// So often noting tries to get at what is remembered: a few dozen nanoseconds each.
const TRIES: u32 = 16;
/// How long reading waits for another thread that notes.
const WAIT: Duration = Duration::from_millis(250);

/// The statements of one handle.
#[derive(Default)]
pub struct Seen(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    /// Each with its text without literals.
    texts: HashMap<Arc<str>, Arc<str>>,
    /// Oldest first, each with the hash of its text without literals.
    order: VecDeque<(Arc<str>, u64)>,
    alike: HashMap<u64, usize>,
    forgotten: u64,
}

/// What is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Distinct texts, oldest first.
    pub texts: Vec<Arc<str>>,
    /// How many are no longer, or were never, among them for want of room.
    pub forgotten: u64,
}

impl Seen {
    /// Notes a statement whose main word (see `migrations::main_word`) is given; what has no plan is not remembered. Returns its text
    /// without literals (see [`shape`]) where that is at hand.
    pub fn note(&self, main_word: &str, sql: &str) -> Option<Arc<str>> {
        // why so strict: SQLite runs some pragmas while it prepares them, so these texts must never be prepared again
        if !matches!(main_word, "select" | "values" | "insert" | "replace" | "update" | "delete") {
            return None;
        }
        let memory = self.free()?;
        if let Some(shape) = memory.texts.get(sql) {
            return Some(Arc::clone(shape));
        }
        drop(memory);
        let mut hasher = DefaultHasher::new();
        without_literals(sql, |_| true).hash(&mut hasher);
        let shape: Arc<str> = shape(sql).into();
        self.free()?.add(sql, Arc::clone(&shape), hasher.finish());
        Some(shape)
    }

    /// The memory, unless another thread has it for longer than a look takes.
    fn free(&self) -> Option<MutexGuard<'_, Memory>> {
        // why not waited for: noting is never worth a wait, and in a child of a fork nobody may be there to unlock
        (0..TRIES).find_map(|_| {
            let memory = self.0.try_lock();
            if memory.is_none() {
                std::hint::spin_loop();
            }
            memory
        })
    }

    /// What is remembered; `None` when it could not be read.
    #[must_use]
    pub fn remembered(&self) -> Option<Remembered> {
        let memory = self.0.try_lock_for(WAIT)?;
        let texts = memory.order.iter().map(|(text, _)| Arc::clone(text)).collect();
        Some(Remembered { texts, forgotten: memory.forgotten })
    }
}

impl Memory {
    fn add(&mut self, sql: &str, text: Arc<str>, shape: u64) {
        if sql.len() >= LONG {
            self.forgotten += 1;
            return;
        }
        if self.texts.contains_key(sql) || self.alike.get(&shape).is_some_and(|count| *count >= MOST_ALIKE) {
            return;
        }
        if self.order.len() >= MOST
            && let Some((oldest, shape)) = self.order.pop_front()
        {
            self.texts.remove(&oldest);
            if let Some(count) = self.alike.get_mut(&shape) {
                *count -= 1;
                if *count == 0 {
                    self.alike.remove(&shape);
                }
            }
            self.forgotten += 1;
        }
        let sql: Arc<str> = sql.into();
        self.texts.insert(Arc::clone(&sql), text);
        self.order.push_back((sql, shape));
        *self.alike.entry(shape).or_default() += 1;
    }
}

/// What a piece of SQL is, as far as literals need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// White space and comments.
    Blank,
    /// A string, a number or a BLOB.
    Literal,
    /// A name in quotes. SQLite takes one in `"` for a string where there is no such name.
    Quoted,
    /// A name, keyword or parameter.
    Word,
    /// Any other character.
    Sign,
}

/// The pieces of `sql`, which together are all of it.
pub(super) fn pieces(sql: &str) -> impl Iterator<Item = (Kind, &str)> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        let (kind, length) = first(rest)?;
        let (piece, after) = rest.split_at(length);
        rest = after;
        Some((kind, piece))
    })
}

fn first(sql: &str) -> Option<(Kind, usize)> {
    let bytes = sql.as_bytes();
    let next = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let span =
        |from: usize, which: fn(u8) -> bool| from + bytes[from..].iter().take_while(|byte| which(**byte)).count();
    let until = |mark: &str, from: usize| sql[from..].find(mark).map_or(sql.len(), |at| from + at + mark.len());
    Some(match *bytes.first()? {
        byte if byte.is_ascii_whitespace() => (Kind::Blank, span(0, |byte| byte.is_ascii_whitespace())),
        b'-' if next(1) == b'-' => (Kind::Blank, until("\n", 2)),
        b'/' if next(1) == b'*' => (Kind::Blank, until("*/", 2)),
        b'\'' => (Kind::Literal, closed(bytes, 0)),
        b'x' | b'X' if next(1) == b'\'' => (Kind::Literal, closed(bytes, 1)),
        b'"' | b'`' => (Kind::Quoted, closed(bytes, 0)),
        b'[' => (Kind::Quoted, until("]", 1)),
        byte if byte.is_ascii_digit() || (byte == b'.' && next(1).is_ascii_digit()) => (Kind::Literal, number(bytes)),
        byte if is_word(byte) || matches!(byte, b'?' | b':' | b'@' | b'#') => (Kind::Word, span(1, is_word)),
        _ => (Kind::Sign, 1),
    })
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || !byte.is_ascii()
}

/// Where what begins with a quote at `start` ends; a doubled quote is one in it.
fn closed(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let mut at = start + 1;
    while at < bytes.len() {
        if bytes[at] == quote {
            if bytes.get(at + 1) != Some(&quote) {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    bytes.len()
}

fn number(bytes: &[u8]) -> usize {
    let mut at = 0;
    while at < bytes.len() {
        let signed = matches!(bytes[at], b'+' | b'-') && at > 0 && matches!(bytes[at - 1], b'e' | b'E');
        let hexadecimal = bytes.len() > 1 && matches!(bytes[1], b'x' | b'X');
        if !(is_word(bytes[at]) || bytes[at] == b'.' || (signed && !hexadecimal)) {
            break;
        }
        at += 1;
    }
    at
}

/// `sql` with `?` for each literal and a space for white space and comments, which may hold anything. What stands in double
/// quotes is a literal too unless `is_name` says that there is such a name.
#[must_use]
pub fn without_literals(sql: &str, is_name: impl Fn(&str) -> bool) -> String {
    let mut text = String::with_capacity(sql.len());
    for (kind, piece) in pieces(sql) {
        match kind {
            Kind::Blank if text.is_empty() || text.ends_with(' ') => {}
            Kind::Blank => text.push(' '),
            Kind::Literal => text.push('?'),
            Kind::Quoted if piece.starts_with('"') && !is_name(&unquoted(piece)) => text.push('?'),
            Kind::Quoted | Kind::Word | Kind::Sign => text.push_str(piece),
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// Words that are followed by a name.
const BEFORE_NAMES: &[&str] =
    &["from", "join", "into", "update", "table", "index", "view", "trigger", "on", "references", "as", "exists"];

/// Words that may stand right behind a literal.
const BEHIND_LITERALS: &[&str] = &[
    "and",
    "as",
    "asc",
    "between",
    "collate",
    "desc",
    "else",
    "end",
    "escape",
    "except",
    "from",
    "glob",
    "group",
    "having",
    "in",
    "intersect",
    "is",
    "isnull",
    "like",
    "limit",
    "match",
    "not",
    "notnull",
    "offset",
    "on",
    "or",
    "order",
    "regexp",
    "returning",
    "then",
    "union",
    "when",
    "where",
];

/// Whether a text ends inside of a literal or a name in quotes.
fn is_open(sql: &str) -> bool {
    pieces(sql).last().is_some_and(|(kind, piece)| match kind {
        Kind::Literal => piece.matches('\'').count() % 2 != 0,
        Kind::Quoted => piece.starts_with('"') && piece.matches('"').count() % 2 != 0,
        _ => false,
    })
}

/// As [`without_literals`], where the names are not known: what stands in double quotes is kept only where nothing but a name can
/// stand. Of a text whose quotes do not fit, as when a value with one in it was written into it, nothing is kept from there on.
#[must_use]
pub fn shape(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let (mut before, mut earlier) = ("", "");
    // why: elsewhere an expression follows the word
    let is_definition =
        pieces(sql).find(|(kind, _)| *kind != Kind::Blank).is_some_and(|(_, word)| word.eq_ignore_ascii_case("create"));
    let mut rest = sql;
    let is_open = is_open(sql);
    // whether a value in quotes ended right here
    let mut ended = false;
    for (kind, piece) in pieces(sql) {
        rest = &rest[piece.len()..];
        let is_value = matches!(kind, Kind::Literal | Kind::Quoted) && piece.ends_with(['\'', '"']);
        if ended && kind == Kind::Word && !BEHIND_LITERALS.iter().any(|word| piece.eq_ignore_ascii_case(word)) {
            break;
        }
        ended = is_value;
        if is_open && (is_value || rest.is_empty()) {
            text.push('?');
            break;
        }
        match kind {
            Kind::Blank if text.is_empty() || text.ends_with(' ') => continue,
            Kind::Blank => {
                text.push(' ');
                continue;
            }
            Kind::Literal => text.push('?'),
            Kind::Quoted if piece.starts_with('"') => {
                let follows = BEFORE_NAMES.iter().any(|word| before.eq_ignore_ascii_case(word))
                    && !earlier.eq_ignore_ascii_case("distinct")
                    && (is_definition || !before.eq_ignore_ascii_case("on"));
                let is_name = follows || before == "." || rest.trim_start().starts_with('.');
                text.push_str(if is_name { piece } else { "?" });
            }
            Kind::Quoted | Kind::Word | Kind::Sign => text.push_str(piece),
        }
        (earlier, before) = (before, piece);
    }
    text.truncate(text.trim_end().len());
    text
}

/// `text` as it is shown: of a long one the beginning, cut between two characters.
pub(super) fn shortened(mut text: String) -> String {
    if text.len() > MOST_SHOWN {
        text.truncate(text.floor_char_boundary(MOST_SHOWN));
        text.push_str("...");
    }
    text
}

/// A quoted name without its quotes.
pub(super) fn unquoted(name: &str) -> String {
    let Some(quote) = name.chars().next() else { return String::new() };
    let close = if quote == '[' { ']' } else { quote };
    let inside = name.strip_prefix(quote).unwrap_or(name);
    let inside = inside.strip_suffix(close).unwrap_or(inside);
    inside.replace(&format!("{quote}{quote}"), &quote.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(seen: &Seen) -> Vec<String> {
        seen.remembered().expect("is free").texts.iter().map(|text| text.to_string()).collect()
    }

    #[test]
    fn literals_and_comments_are_not_shown() {
        for (sql, shown) in [
            ("SELECT  a\n FROM t WHERE b = 'it''s' AND c=1.5e-3", "SELECT a FROM t WHERE b = ? AND c=?"),
            ("-- secret\nSELECT x'00ff', X'', 0x1F, 1_000, .5, -7 /* secret */", "SELECT ?, ?, ?, ?, ?, -?"),
            ("SELECT t1.a1 - 1, 1-1, ?1, :name, @x, $y", "SELECT t1.a1 - ?, ?-?, ?1, :name, @x, $y"),
            (
                "SELECT \"a\", [b 1], `c 2` FROM \"t\" WHERE d = \"secret\"",
                "SELECT \"a\", [b 1], `c 2` FROM \"t\" WHERE d = ?",
            ),
            ("SELECT 'é' || été, 'not closed", "SELECT ? || été, ?"),
            ("SELECT 1 /* not closed", "SELECT ?"),
            ("SELECT \"not closed", "SELECT ?"),
            ("", ""),
        ] {
            assert_eq!(without_literals(sql, |name| ["a", "t"].contains(&name)), shown);
            assert_eq!(pieces(sql).map(|(_, piece)| piece).collect::<String>(), sql, "nothing is lost");
        }
    }

    #[test]
    fn what_may_be_a_literal_is_not_shown_without_the_names() {
        for (sql, shown) in [
            ("SELECT \"a\" FROM \"t\" WHERE \"t\".\"b\" = \"secret\"", "SELECT ? FROM \"t\" WHERE \"t\".\"b\" = ?"),
            ("INSERT INTO \"t\" VALUES (\"secret\", 'x', 1)", "INSERT INTO \"t\" VALUES (?, ?, ?)"),
            ("CREATE TABLE IF NOT EXISTS \"t\" (a)", "CREATE TABLE IF NOT EXISTS \"t\" (a)"),
            ("SELECT [a] FROM `t` /* secret */", "SELECT [a] FROM `t`"),
            ("SELECT 'ä", "SELECT ?"),
            ("SELECT 1 FROM t WHERE a = 'O'Brien' AND b = 'x'", "SELECT ? FROM t WHERE a = ?"),
            ("INSERT INTO t VALUES (7, 'O'Brien', 'D'Arcy')", "INSERT INTO t VALUES (?, ?"),
            ("SELECT \"O\"Brien\"", "SELECT ?"),
            ("SELECT 1 FROM t WHERE a = 'the ' Brien'", "SELECT ? FROM t WHERE a = ?"),
            ("SELECT 'it''s'AND'b'COLLATE NOCASE", "SELECT ?AND?COLLATE NOCASE"),
            (
                "SELECT 1 FROM t WHERE a IS NOT DISTINCT FROM \"secret\"",
                "SELECT ? FROM t WHERE a IS NOT DISTINCT FROM ?",
            ),
            ("SELECT 1 FROM t JOIN u ON \"secret\" = u.a", "SELECT ? FROM t JOIN u ON ? = u.a"),
            ("/* x */ CREATE INDEX i ON \"t\" (a)", "CREATE INDEX i ON \"t\" (a)"),
        ] {
            assert_eq!(shape(sql), shown);
        }
    }

    #[test]
    fn a_text_is_remembered_once_and_only_where_it_has_a_plan() {
        let seen = Seen::default();
        for _ in 0..3 {
            seen.note("select", "SELECT 1");
            seen.note("pragma", "PRAGMA user_version");
            seen.note("create", "CREATE TABLE t (a)");
            seen.note("explain", "EXPLAIN SELECT 1");
        }
        assert_eq!(texts(&seen), ["SELECT 1"]);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_oldest_goes() {
        let seen = Seen::default();
        for table in 0..MOST + 3 {
            seen.note("select", &format!("SELECT * FROM t{table}"));
        }
        let remembered = seen.remembered().expect("is free");
        assert_eq!((remembered.texts.len(), remembered.forgotten), (MOST, 3));
        assert_eq!(&*remembered.texts[0], "SELECT * FROM t3");
        seen.note("select", &format!("SELECT '{}'", "x".repeat(LONG)));
        assert_eq!(seen.remembered().expect("is free").forgotten, 4, "what is too long");
        assert_eq!(texts(&seen).len(), MOST);
    }

    #[test]
    fn values_written_into_the_text_push_nothing_out() {
        let seen = Seen::default();
        seen.note("select", "SELECT * FROM t WHERE name = 'kept'");
        for number in 0..10_000 {
            seen.note("update", &format!("UPDATE t SET a = {number} WHERE b = '{number}'"));
        }
        let texts = texts(&seen);
        assert_eq!(texts.len(), 1 + MOST_ALIKE);
        assert_eq!(texts[0], "SELECT * FROM t WHERE name = 'kept'");
        let memory = seen.0.lock();
        assert_eq!((memory.texts.len(), memory.alike.values().sum::<usize>()), (1 + MOST_ALIKE, 1 + MOST_ALIKE));
    }

    #[test]
    fn noting_does_not_wait() {
        let seen = Seen::default();
        let _held = seen.0.lock();
        seen.note("select", "SELECT 1");
        assert_eq!(seen.remembered(), None);
    }

    /// Prints what a hit costs; run with `--release --nocapture` for a number that means something.
    #[test]
    #[allow(clippy::print_stdout, reason = "what was measured goes to whoever runs it")]
    fn a_known_text_is_found_quickly() {
        let seen = Seen::default();
        let sql =
            "SELECT id, name, created_at FROM clients WHERE deleted_at IS NULL AND city = ? ORDER BY name LIMIT 20";
        seen.note("select", sql);
        let start = std::time::Instant::now();
        const ROUNDS: u32 = 100_000;
        (0..ROUNDS).for_each(|_| drop(seen.note("select", std::hint::black_box(sql))));
        let each = start.elapsed() / ROUNDS;
        println!("a hit costs {each:?}");
        assert!(each < Duration::from_micros(20), "{each:?}");
    }
}
