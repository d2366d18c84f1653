//! A Lua text as tokens with their kinds and places.
//!
//! Leaves to others: where a token ends (`migrations/lua_text.rs`), and whether the text is Lua. It is asked after Lua's own compiler
//! accepted it, so what is no token is passed over.
//!
//! Invariant: tokens come in order, and `text` is what stands at `at`.

use std::ops::Range;

use super::head::code_at;
use crate::migrations::lua_text;

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
/// The tokens of `source`.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let begin = code_at(source);
    let code = &source[begin..];
    let token = |range: Range<usize>| {
        let (at, text) = (begin + range.start, &code[range]);
        kind(text).map(|kind| Token { kind, at, text })
    };
    lua_text::tokens(code).filter_map(token).collect()
}

/// What a token is by how it begins; `None` for what is no token of Lua.
fn kind(text: &str) -> Option<Kind> {
    Some(match text.as_bytes() {
        [b'"' | b'\'', ..] | [b'[', _, ..] => Kind::String,
        [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => Kind::Number,
        [first, ..] if *first == b'_' || first.is_ascii_alphabetic() => {
            if KEYWORDS.contains(&text) {
                Kind::Keyword
            } else {
                Kind::Name
            }
        }
        [first, ..] if first.is_ascii_punctuation() => Kind::Symbol,
        _ => return None,
    })
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
