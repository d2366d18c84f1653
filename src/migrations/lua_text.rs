//! Lua text as tokens with positions, as far as two texts have to be compared: strings with their escapes, long brackets of any
//! level and comments are seen for what they are. Follows Lua's `llex.c`.
//!
//! Leaves to others: judging it. Lua does that; text that is not Lua still gives tokens.
//!
//! Invariants: never fails, never panics, linear in the text; token ranges ascend and lie on character boundaries; two texts of the
//! same tokens are the same program.

use std::borrow::Cow;
use std::ops::Range;

/// The tokens of `text`; comments and white space are passed over.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let bytes = text.as_bytes();
    // why: Lua passes over a first line that begins so
    let mut at = if bytes.first() == Some(&b'#') { line_end(bytes, 0) } else { 0 };
    std::iter::from_fn(move || {
        loop {
            at = find(bytes, at, |byte| !is_space(byte));
            let start = at;
            let first = *bytes.get(start)?;
            at = match first {
                b'-' if bytes.get(start + 1) == Some(&b'-') => {
                    at = match long_bracket(bytes, start + 2) {
                        Some(end) => end,
                        None => line_end(bytes, start),
                    };
                    continue;
                }
                b'[' => long_bracket(bytes, start).unwrap_or(start + 1),
                b'"' | b'\'' => quoted_end(bytes, start, first),
                b'0'..=b'9' => number_end(bytes, start),
                b'.' if bytes.get(start + 1).is_some_and(u8::is_ascii_digit) => number_end(bytes, start),
                byte if is_word(byte) => find(bytes, start, |byte| !is_word(byte)),
                _ => {
                    start
                        + LONGER_SYMBOLS
                            .iter()
                            .find(|symbol| bytes[start..].starts_with(symbol))
                            .map_or(1, |found| found.len())
                }
            };
            return Some(start..at);
        }
    })
}

/// Whether two texts differ in line endings, comments and spacing alone.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let tokens = |text| tokens(text).map(move |range| with_plain_line_ends(&text[range]));
    tokens(one).eq(tokens(other))
}

/// A token with its line endings as Lua reads them: each of the four forms is one `\n`.
fn with_plain_line_ends(token: &str) -> Cow<'_, str> {
    if !token.contains('\r') {
        return token.into();
    }
    let mut plain = String::with_capacity(token.len());
    let mut characters = token.chars().peekable();
    while let Some(character) = characters.next() {
        if matches!(character, '\n' | '\r') {
            plain.push('\n');
            characters.next_if(|next| matches!(next, '\n' | '\r') && *next != character);
        } else {
            plain.push(character);
        }
    }
    plain.into()
}

const LONGER_SYMBOLS: [&[u8]; 10] = [b"...", b"..", b"==", b"~=", b"<=", b">=", b"//", b"::", b"<<", b">>"];

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn find(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.iter().position(|byte| wanted(*byte)).map_or(bytes.len(), |offset| from + offset)
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    find(bytes, from, |byte| matches!(byte, b'\n' | b'\r'))
}

/// The end of the long bracket that opens at `from`, if one does. One that is not closed reaches to the end of the text.
fn long_bracket(bytes: &[u8], from: usize) -> Option<usize> {
    if bytes.get(from) != Some(&b'[') {
        return None;
    }
    let inner = find(bytes, from + 1, |byte| byte != b'=');
    if bytes.get(inner) != Some(&b'[') {
        return None;
    }
    let mut close = bytes[from..=inner].to_vec();
    close[0] = b']';
    *close.last_mut()? = b']';
    let end = memchr::memmem::find(&bytes[inner + 1..], &close);
    Some(end.map_or(bytes.len(), |end| inner + 1 + end + close.len()))
}

/// The end of a string in quotes. One that is not closed ends with its line, as it does for Lua.
fn quoted_end(bytes: &[u8], from: usize, quote: u8) -> usize {
    let mut at = from + 1;
    while let Some(byte) = bytes.get(at).copied() {
        match byte {
            b'\\' => at = escape_end(bytes, at),
            b'\n' | b'\r' => return at,
            byte => {
                at += 1;
                if byte == quote {
                    return at;
                }
            }
        }
    }
    // why: the last escape may reach beyond the end
    bytes.len()
}

/// Behind the escape at `at`, as far as that can hide a quote or the end of a line.
fn escape_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at + 1) {
        Some(b'z') => find(bytes, at + 2, |byte| !is_space(byte)),
        Some(first @ (b'\n' | b'\r')) => match bytes.get(at + 2) {
            Some(second @ (b'\n' | b'\r')) if first != second => at + 3,
            _ => at + 2,
        },
        // why a whole character: a range must not end inside one
        Some(_) => find(bytes, at + 2, |byte| byte & 0xc0 != 0x80),
        None => at + 1,
    }
}

/// As Lua reads a numeral: an exponent may have a sign, and what follows without a gap belongs to it, right or wrong.
fn number_end(bytes: &[u8], from: usize) -> usize {
    let is_hex = bytes[from] == b'0' && matches!(bytes.get(from + 1), Some(b'x' | b'X'));
    let exponent = if is_hex { [b'p', b'P'] } else { [b'e', b'E'] };
    let mut at = from;
    while let Some(byte) = bytes.get(at).copied().filter(|byte| is_word(*byte) || *byte == b'.') {
        at += 1;
        if exponent.contains(&byte) && matches!(bytes.get(at), Some(b'+' | b'-')) {
            at += 1;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<&str> {
        tokens(text).map(|range| &text[range]).collect()
    }

    #[test]
    fn every_token_is_seen_for_what_it_is() {
        for (text, wanted) in [
            ("return { up = f }", vec!["return", "{", "up", "=", "f", "}"]),
            ("a--b\nc--[[ d\n]]e --[==[ ]] ]=] ]==] f --[=x\ng --", vec!["a", "c", "e", "f", "g"]),
            (
                "x='a--b' y=\"it's\" z='it\\'s' w='\\\\'--'",
                vec!["x", "=", "'a--b'", "y", "=", "\"it's\"", "z", "=", "'it\\'s'", "w", "=", "'\\\\'"],
            ),
            (
                "a=[[ -- ' ]] b=[==[ ]] ]=] ]==] c[d[1]]",
                vec!["a", "=", "[[ -- ' ]]", "b", "=", "[==[ ]] ]=] ]==]", "c", "[", "d", "[", "1", "]", "]"],
            ),
            ("'a\\z \n  b' 'c\\\r\nd' 'e\nf'", vec!["'a\\z \n  b'", "'c\\\r\nd'", "'e", "f", "'"]),
            (
                "a..b...c==d~=e<=f>=g//h::i<<j>>k=l~m",
                vec![
                    "a", "..", "b", "...", "c", "==", "d", "~=", "e", "<=", "f", ">=", "g", "//", "h", "::", "i", "<<",
                    "j", ">>", "k", "=", "l", "~", "m",
                ],
            ),
            ("0x1p+3 1e-2 .5 3..2 0xep1 a.b", vec!["0x1p+3", "1e-2", ".5", "3..2", "0xep1", "a", ".", "b"]),
            ("#!/usr/bin/lua -- x\nreturn #t", vec!["return", "#", "t"]),
            ("é='\\é' [[ü", vec!["é", "=", "'\\é'", "[[ü"]),
            ("'a\\", vec!["'a\\"]),
            ("- - -1", vec!["-", "-", "-", "1"]),
        ] {
            assert_eq!(shown(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn only_what_lua_passes_over_makes_no_difference() {
        let text = "return { up = function(db)\n  db:exec('CREATE TABLE a (x)')\nend }";
        for same in [
            format!("{text}\n\n"),
            text.replace('\n', "\r\n"),
            text.replace(" = ", "="),
            format!("-- about\n--[[ more\n]] {text} -- done"),
            text.replace("  db", "\tdb"),
        ] {
            assert!(is_same(text, &same), "{same:?}");
        }
        for other in [
            text.replace("(x)", "( x)"),
            text.replace("(x)", "(x--)"),
            text.replace("up =", "u p ="),
            text.replace("db:exec", "db.exec"),
            format!("--[[{text}]]"),
        ] {
            assert!(!is_same(text, &other), "{other:?}");
        }
        for ending in ["\r\n", "\n\r", "\r"] {
            assert!(is_same("x=[[a\n\nb]]", &format!("x=[[a{ending}{ending}b]]")), "{ending:?} is one line end");
        }
        assert!(!is_same("x=[[a\nb]]", "x=[[a\n\nb]]"));
    }

    /// Texts of random pieces: ranges ascend on character boundaries, what is left out is white space and comments alone, and a text
    /// put together from its tokens has the same ones.
    #[test]
    fn whatever_the_text_the_tokens_put_together_are_the_same_tokens() {
        const PIECES: [&str; 34] = [
            "'", "\"", "\\", "[[", "]]", "[=[", "]=]", "--", "-", "--[[", "--[==[", "]==]", "\n", "\r", "\r\n", " ",
            "\t", "é", "日", "a", "1", "0x", "e", "p", "+", ".", "..", "=", "#", "\\z", "\\'", "\u{feff}", "\0", "~",
        ];
        let seed =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_nanos() as u64;
        let mut state = seed | 1;
        let mut next = |bound: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % bound as u64).expect("fits")
        };
        for _ in 0..20_000 {
            let text: String = (0..next(24)).map(|_| PIECES[next(PIECES.len())]).collect();
            let mut end = 0;
            for range in tokens(&text) {
                assert!(range.start >= end && range.end > range.start, "seed {seed}: {text:?} {range:?}");
                assert!(text.get(range.clone()).is_some(), "seed {seed}: {text:?} {range:?}");
                end = range.end;
            }
            let first: Vec<&str> = shown(&text);
            // why a line end: it ends what one would end, and joins no two tokens
            let mut joined = "\n".to_owned();
            for token in &first {
                // why the same again: a newline behind an escaped return would be part of the escape
                let ending = if joined.ends_with('\r') { '\r' } else { '\n' };
                joined.push(ending);
                joined.push_str(token);
            }
            assert_eq!(shown(&joined), first, "seed {seed}: {text:?}");
            assert!(is_same(&joined, &text), "seed {seed}: {text:?}");
        }
    }
}
