//! SQL text as tokens with positions: strings, comments, quoted names and trigger bodies are seen for what they are.
//! Follows SQLite's `tokenize.c` in what a token is and its `complete.c` in where a trigger ends (`; END ;`).
//!
//! Leaves to others: judging the SQL. SQLite does that; text that is not SQL still gives tokens.
//!
//! Invariants: never fails, never panics, linear in the text; token ranges ascend and lie on character boundaries.

use std::borrow::Cow;
use std::ops::Range;

use crate::error::{Error, Result};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or an unquoted name.
    Word,
    /// A quoted name, a string, or a BLOB literal.
    Quoted,
    /// A number.
    Number,
    /// A parameter such as `?1` or `:name`.
    Parameter,
    /// The semicolon.
    Semicolon,
    /// An operator or other punctuation.
    Symbol,
    /// A comment.
    Comment,
}

/// A token and where it stands in the text, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub range: Range<usize>,
}

/// Iterates over the tokens of `text`; white space is passed over.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = Token> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let bytes = text.as_bytes();
        while at < bytes.len() && is_space(bytes[at]) {
            at += 1;
        }
        let start = at;
        let kind = next(bytes, &mut at)?;
        Some(Token { kind, range: start..at })
    })
}

const LONGER_SYMBOLS: [&[u8]; 9] = [b"->>", b"->", b"||", b"<<", b">>", b"<=", b">=", b"<>", b"!="];

fn next(bytes: &[u8], at: &mut usize) -> Option<Kind> {
    let first = *bytes.get(*at)?;
    let following = bytes.get(*at + 1).copied();
    match first {
        b'-' if following == Some(b'-') => {
            *at = find_byte(bytes, *at, b'\n');
            Some(Kind::Comment)
        }
        b'/' if following == Some(b'*') => {
            let end = memchr::memmem::find(&bytes[*at + 2..], b"*/");
            *at = end.map_or(bytes.len(), |end| *at + 2 + end + 2);
            Some(Kind::Comment)
        }
        b'\'' | b'"' | b'`' => {
            skip_quoted(bytes, at, first);
            Some(Kind::Quoted)
        }
        b'[' => {
            *at = (find_byte(bytes, *at, b']') + 1).min(bytes.len());
            Some(Kind::Quoted)
        }
        b'x' | b'X' if following == Some(b'\'') => {
            *at += 1;
            skip_quoted(bytes, at, b'\'');
            Some(Kind::Quoted)
        }
        b'0'..=b'9' => {
            skip_number(bytes, at);
            Some(Kind::Number)
        }
        b'.' if following.is_some_and(|byte| byte.is_ascii_digit()) => {
            skip_number(bytes, at);
            Some(Kind::Number)
        }
        b'?' | b':' | b'@' | b'$' | b'#' => {
            *at = find(bytes, *at + 1, |byte| !is_word(byte));
            Some(Kind::Parameter)
        }
        b';' => {
            *at += 1;
            Some(Kind::Semicolon)
        }
        byte if is_word(byte) => {
            *at = find(bytes, *at, |byte| !is_word(byte));
            Some(Kind::Word)
        }
        _ => {
            let longer = LONGER_SYMBOLS.iter().find(|symbol| bytes[*at..].starts_with(symbol));
            *at += longer.map_or(1, |symbol| symbol.len());
            Some(Kind::Symbol)
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)
}

/// Which bytes a word is made of. A table, because every byte of every file is looked up a few times.
const WORD: [bool; 256] = {
    let mut word = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let value = byte as u8;
        word[byte] = value.is_ascii_alphanumeric() || value == b'_' || value == b'$' || value >= 0x80;
        byte += 1;
    }
    word
};

fn is_word(byte: u8) -> bool {
    WORD[usize::from(byte)]
}

fn find(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> usize {
    bytes[from..].iter().position(|byte| wanted(*byte)).map_or(bytes.len(), |offset| from + offset)
}

fn find_byte(bytes: &[u8], from: usize, wanted: u8) -> usize {
    memchr::memchr(wanted, &bytes[from..]).map_or(bytes.len(), |offset| from + offset)
}

/// From an opening quote to behind its closing one; a doubled quote stands for itself. An unterminated one
/// reaches to the end of the text.
fn skip_quoted(bytes: &[u8], at: &mut usize, quote: u8) {
    *at += 1;
    loop {
        *at = find_byte(bytes, *at, quote);
        if *at >= bytes.len() {
            return;
        }
        *at += 1;
        if bytes.get(*at) != Some(&quote) {
            return;
        }
        *at += 1;
    }
}

fn skip_number(bytes: &[u8], at: &mut usize) {
    loop {
        *at = find(bytes, *at, |byte| !(is_word(byte) || byte == b'.'));
        let exponent = matches!(bytes[*at - 1], b'e' | b'E');
        let sign = matches!(bytes.get(*at), Some(b'+' | b'-'));
        if !(exponent && sign && bytes.get(*at + 1).is_some_and(u8::is_ascii_digit)) {
            return;
        }
        *at += 1;
    }
}

/// The statements of `text` without their semicolons; statements of nothing but comments are left out.
pub fn statements(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut splitter = Splitter::default();
    let mut tokens = tokens(text).filter(|token| token.kind != Kind::Comment);
    std::iter::from_fn(move || {
        let ended = tokens.find_map(|token| splitter.push(&token, &text[token.range.clone()]));
        ended.or_else(|| std::mem::take(&mut splitter).range())
    })
}

/// Refuses a text that is not exactly one statement.
pub fn one_statement(sql: &str) -> Result<()> {
    let wrong = |reason: &str| Err(Error::InvalidArgument { name: "sql".into(), reason: reason.into() });
    if sql.contains('\0') {
        return wrong("holds a NUL byte");
    }
    match statements(sql).take(2).count() {
        0 => wrong("holds no statement"),
        1 => Ok(()),
        _ => wrong("holds more than one statement; pass them one by one, or use a script"),
    }
}

/// The word that says what a statement does, in lower case: `select`, `insert` and so on; behind the `WITH` clause if there
/// is one.
pub fn main_word(sql: &str) -> String {
    const AFTER_WITH: [&str; 6] = ["select", "values", "insert", "replace", "update", "delete"];
    let mut tokens = tokens(sql).filter(|token| token.kind != Kind::Comment).peekable();
    let word_of = |token: &Token| sql[token.range.clone()].to_ascii_lowercase();
    let Some(first) = tokens.next().map(|token| word_of(&token)) else { return String::new() };
    if first != "with" {
        return first;
    }
    let mut depth = 0_u32;
    while let Some(token) = tokens.next() {
        let word = word_of(&token);
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            // why not before AS or a parenthesis: there it is the name of a common table expression
            found if depth == 0 && AFTER_WITH.contains(&found) => {
                let is_name = tokens.peek().is_some_and(|next| matches!(word_of(next).as_str(), "as" | "("));
                if !is_name || found == "values" {
                    return word;
                }
            }
            _ => {}
        }
    }
    first
}

/// Whether the letters of `word`, which is in lower case, stand anywhere in `text`, in any case. A quick no for who looks for
/// a token.
pub(super) fn holds_letters(text: &str, word: &str) -> bool {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let Some(first) = word.first() else { return true };
    memchr::memchr2_iter(*first, first.to_ascii_uppercase(), text)
        .any(|at| text.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word)))
}

/// Whether there is any statement; stops at the first.
pub fn has_statement(text: &str) -> bool {
    tokens(text).any(|token| !matches!(token.kind, Kind::Comment | Kind::Semicolon))
}

/// Watches tokens go by and says where a statement ends.
#[derive(Default)]
struct Splitter {
    start: Option<usize>,
    end: usize,
    words: usize,
    creates: bool,
    in_trigger: bool,
    /// Whether the last two tokens were `;` and `END`.
    after_semicolon: bool,
    after_end: bool,
}

impl Splitter {
    fn push(&mut self, token: &Token, text: &str) -> Option<Range<usize>> {
        if token.kind == Kind::Semicolon {
            if self.in_trigger && !self.after_end {
                self.after_semicolon = true;
                self.end = token.range.end;
                return None;
            }
            let range = self.range();
            *self = Splitter::default();
            return range;
        }
        self.start.get_or_insert(token.range.start);
        self.end = token.range.end;
        self.after_end = self.after_semicolon && token.kind == Kind::Word && text.eq_ignore_ascii_case("end");
        self.after_semicolon = false;
        if token.kind == Kind::Word && self.words < 4 && !self.in_trigger {
            let is = |word: &str| text.eq_ignore_ascii_case(word);
            match self.words {
                0 if is("explain") => return None,
                0 => self.creates = is("create"),
                _ if self.creates && is("trigger") => self.in_trigger = true,
                _ if is("temp") || is("temporary") => {}
                _ => self.creates = false,
            }
            self.words += 1;
        }
        None
    }

    fn range(&self) -> Option<Range<usize>> {
        self.start.map(|start| start..self.end)
    }
}

/// A sum over the tokens: the same for texts that differ in line endings, comments and spacing alone.
pub(super) fn checksum(text: &str) -> String {
    // why gathered: a sum over few long pieces costs a fifth of one over many short ones
    const GATHERED: usize = 16 * 1024;
    let mut hasher = blake3::Hasher::new();
    let has_returns = memchr::memchr(b'\r', text.as_bytes()).is_some();
    let mut gathered = Vec::with_capacity((text.len() * 3).min(GATHERED));
    for token in tokens(text).filter(|token| token.kind != Kind::Comment) {
        let token = &text[token.range];
        // why replaced: a line ending inside a string differs between checkouts of one file
        let token = if has_returns { Cow::Owned(token.replace("\r\n", "\n")) } else { Cow::Borrowed(token) };
        // why the length: without it `ab c` and `a bc` would have one sum
        gathered.extend_from_slice(&(token.len() as u64).to_le_bytes());
        gathered.extend_from_slice(token.as_bytes());
        if gathered.len() >= GATHERED {
            hasher.update(&gathered);
            gathered.clear();
        }
    }
    hasher.update(&gathered);
    hasher.finalize().to_hex()[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        statements(text).map(|range| &text[range]).collect()
    }

    #[test]
    fn semicolons_in_strings_comments_and_names_end_nothing() {
        let text = "SELECT 'a;b', \"c;d\", [e;f], `g;h`; -- i;j\n/* k;l */ SELECT x';'; ;; -- end";
        assert_eq!(texts(text), ["SELECT 'a;b', \"c;d\", [e;f], `g;h`", "SELECT x';'"]);
    }

    #[test]
    fn a_trigger_is_one_statement_whatever_its_body_holds() {
        let trigger = "CREATE TEMP TRIGGER IF NOT EXISTS t AFTER INSERT ON a BEGIN \
            UPDATE a SET b = CASE WHEN c THEN 1 ELSE 2 END; SELECT 'END;'; DELETE FROM x; END";
        let text = format!("{trigger}; SELECT 2;");
        assert_eq!(texts(&text), [trigger, "SELECT 2"]);
        assert_eq!(texts(trigger), [trigger], "without the last semicolon");
    }

    #[test]
    fn the_main_word_is_found_behind_comments_and_with() {
        for (sql, word) in [
            ("/* insert */ SELECT 1", "select"),
            ("WITH a AS (SELECT 1), b(x) AS (VALUES (2)) INSERT INTO t SELECT * FROM a", "insert"),
            ("WITH RECURSIVE replace AS (SELECT 1) DELETE FROM t", "delete"),
            ("WITH a AS (SELECT 1) VALUES (1)", "values"),
            ("EXPLAIN SELECT 1", "explain"),
            ("", ""),
        ] {
            assert_eq!(main_word(sql), word, "{sql}");
        }
    }

    #[test]
    fn a_table_or_column_named_trigger_is_no_trigger() {
        assert_eq!(
            texts("CREATE TABLE trigger_log (trigger); SELECT 1"),
            ["CREATE TABLE trigger_log (trigger)", "SELECT 1"]
        );
    }

    #[test]
    fn the_checksum_ignores_spacing_and_comments_and_nothing_else() {
        let base = checksum("CREATE TABLE a (b, c);");
        assert_eq!(checksum("CREATE  TABLE a(b,c) ;\r\n-- x"), base);
        assert_eq!(checksum("/* y */ CREATE TABLE a (b\t, c);"), base);
        for other in
            ["CREATE TABLE a (b, d);", "CREATE TABLE a (bc);", "create table a (b, c);", "CREATE TABLE a (b, c)"]
        {
            assert_ne!(checksum(other), base, "{other}");
        }
        assert_ne!(checksum("SELECT 'a b'"), checksum("SELECT 'a  b'"));
        assert_eq!(checksum("SELECT 'a\r\nb'"), checksum("SELECT 'a\nb'"));
        assert_ne!(checksum("SELECT 'a\rb'"), checksum("SELECT 'ab'"));
        assert_ne!(checksum("SELECT a||b"), checksum("SELECT a | | b"));
    }

    #[test]
    fn tokens_of_garbage_ascend_and_end() {
        for text in ["'", "\"", "[", "/*", "--", "1e+", "x'", "'''", ".5e", "é'é", "\0;\0", "?:@$", "->>-"] {
            let mut last = 0;
            for token in tokens(text) {
                assert!(token.range.start >= last && token.range.end > token.range.start, "{text:?}");
                assert!(text.is_char_boundary(token.range.end), "{text:?}");
                last = token.range.end;
            }
        }
    }
}
