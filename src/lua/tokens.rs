//! A Lua text as tokens with their places.
//!
//! Leaves to others: whether the text is Lua. It is asked after Lua's own compiler accepted it, so what is no token is passed
//! over.
//!
//! Invariant: tokens come in order, and `text` is what stands at `at`.

use super::head::code_at;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Keyword,
    Symbol,
    String,
    Number,
}

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'s> {
    pub(super) kind: Kind,
    /// Where it begins, in bytes.
    pub(super) at: usize,
    pub(super) text: &'s str,
}

const KEYWORDS: &[&str] = &[
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
    "not", "or", "repeat", "return", "then", "true", "until", "while",
];
/// Those of more than one character, the longest first.
const SYMBOLS: &[&str] = &["...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>"];

/// The tokens of `source`.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = code_at(source);
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        let (kind, length) = match first {
            '-' if rest.starts_with("--") => {
                at += comment(rest);
                continue;
            }
            '"' | '\'' => (Kind::String, quoted(rest)),
            '[' if long_bracket(rest).is_some() => (Kind::String, long_bracket(rest).unwrap_or(1)),
            '0'..='9' => (Kind::Number, number(rest)),
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => (Kind::Number, number(rest)),
            c if c == '_' || c.is_ascii_alphabetic() => {
                let length = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
                (if KEYWORDS.contains(&&rest[..length]) { Kind::Keyword } else { Kind::Name }, length)
            }
            c if c.is_ascii_punctuation() => (
                Kind::Symbol,
                SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)).map_or(1, |symbol| symbol.len()),
            ),
            other => {
                at += other.len_utf8();
                continue;
            }
        };
        found.push(Token { kind, at, text: &rest[..length] });
        at += length;
    }
    found
}

fn comment(rest: &str) -> usize {
    match long_bracket(&rest[2..]) {
        Some(length) => 2 + length,
        None => rest.find('\n').unwrap_or(rest.len()),
    }
}

/// The length of a text in long brackets of any level, if one begins here.
fn long_bracket(rest: &str) -> Option<usize> {
    let level = rest.strip_prefix('[')?.bytes().take_while(|byte| *byte == b'=').count();
    rest[1 + level..].strip_prefix('[')?;
    let close = format!("]{}]", "=".repeat(level));
    Some(rest.find(&close).map_or(rest.len(), |end| end + close.len()))
}

fn quoted(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != bytes[0] {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    // why looked for: an escaped character of several bytes at the very end is no Lua, and must not panic
    (at + 1..=rest.len()).find(|end| rest.is_char_boundary(*end)).unwrap_or(rest.len())
}

fn number(rest: &str) -> usize {
    let is_hex = rest.starts_with("0x") || rest.starts_with("0X");
    let mut before = ' ';
    let goes_on = |c: char| {
        let is_exponent = if is_hex { matches!(before, 'p' | 'P') } else { matches!(before, 'e' | 'E') };
        let part = c == '.' || c.is_ascii_alphanumeric() || (is_exponent && matches!(c, '+' | '-'));
        before = c;
        !part
    };
    rest.find(goes_on).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        tokens(source).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn tokens_are_told_apart() {
        let source = "#!lua\nlocal a<const> = 1e-5 + 0x1p-3 .. 'it''s' --[==[ no ]] ]==] [=[ ]] ]=] -- end\na.b:c\"\\\"\"{...}::x:: //>>.5";
        assert_eq!(
            texts(source),
            [
                "local",
                "a",
                "<",
                "const",
                ">",
                "=",
                "1e-5",
                "+",
                "0x1p-3",
                "..",
                "'it'",
                "'s'",
                "[=[ ]] ]=]",
                "a",
                ".",
                "b",
                ":",
                "c",
                "\"\\\"\"",
                "{",
                "...",
                "}",
                "::",
                "x",
                "::",
                "//",
                ">>",
                ".5"
            ]
        );
        for token in tokens(source) {
            assert!(source[token.at..].starts_with(token.text));
        }
    }

    #[test]
    fn what_is_no_lua_does_not_harm() {
        for source in ["'", "\"\\", "\"\\ä", "[==[", "--[[", "ä", "0x", "'\\\u{1F600}", "--", "[=", "#", "\u{0}"] {
            let _ = texts(source);
        }
    }
}
