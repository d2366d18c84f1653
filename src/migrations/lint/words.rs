//! A walk through the tokens of one statement.
//!
//! Leaves to others: what a sequence of words means.
//!
//! Invariants: behind the end there is nothing, and asking there is allowed; positions are those of the file; comments
//! are not there.

use std::ops::Range;

use crate::migrations::scan::{Kind, Token};

/// The name of a table, index, trigger or column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// What it is compared by: unquoted, in lower case, with its schema if that is not `main`.
    pub key: String,
    /// How it is shown: unquoted, on one line, not too long.
    pub shown: String,
    /// Where it stands.
    pub at: usize,
}

/// The tokens of one statement or of a part of it.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    text: &'a str,
    tokens: &'a [Token],
    /// Where `text` begins in the file.
    base: usize,
    at: usize,
}

impl<'a> Words<'a> {
    /// A walk through `tokens`, which are those of `text`, which begins at `base`.
    pub fn new(text: &'a str, tokens: &'a [Token], base: usize) -> Words<'a> {
        Words { text, tokens, base, at: 0 }
    }

    /// Whether nothing is left.
    pub fn is_done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Where the next token stands.
    pub fn offset(&self) -> usize {
        self.base + self.tokens.get(self.at).map_or(self.text.len(), |token| token.range.start)
    }

    /// Whether the next tokens are these words.
    pub fn are(&self, words: &[&str]) -> bool {
        let next = self.tokens.get(self.at..).unwrap_or(&[]);
        next.len() >= words.len()
            && next.iter().zip(words).all(|(token, word)| {
                token.kind == Kind::Word && self.text[token.range.clone()].eq_ignore_ascii_case(word)
            })
    }

    /// Whether the next token is one of these words.
    pub fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.are(&[word]))
    }

    /// Goes behind these words, if they are next.
    pub fn eat(&mut self, words: &[&str]) -> bool {
        let are = self.are(words);
        if are {
            self.at += words.len();
        }
        are
    }

    /// Whether the next token is this punctuation.
    pub fn is_symbol(&self, symbol: &str) -> bool {
        self.tokens
            .get(self.at)
            .is_some_and(|token| token.kind == Kind::Symbol && &self.text[token.range.clone()] == symbol)
    }

    /// Whether the next token is an operator that makes a new value of an old one.
    pub fn is_operator(&self) -> bool {
        ["+", "-", "*", "/", "%", "||", "<<", ">>", "&", "|", "~"].iter().any(|symbol| self.is_symbol(symbol))
    }

    /// Goes one token on; over a whole group, if the next token opens one.
    pub fn skip(&mut self) {
        let mut depth = 0_usize;
        while !self.is_done() {
            if self.is_symbol("(") {
                depth += 1;
            } else if self.is_symbol(")") {
                depth = depth.saturating_sub(1);
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    /// Goes one token on, into a group too.
    pub fn step(&mut self) {
        self.at += 1;
    }

    /// Goes on until one of these words is next, passing over groups.
    pub fn seek(&mut self, words: &[&str]) -> bool {
        while !self.is_done() {
            if self.is_any(words) {
                return true;
            }
            self.skip();
        }
        false
    }

    /// Whether these words come anywhere.
    pub fn contain(mut self, words: &[&str]) -> bool {
        while !self.is_done() {
            if self.are(words) {
                return true;
            }
            self.step();
        }
        false
    }

    /// Whether the next token is this name.
    pub fn is_name(&self, key: &str) -> bool {
        let Some(token) = self.tokens.get(self.at) else { return false };
        let text = &self.text[token.range.clone()];
        match token.kind {
            Kind::Word => text.eq_ignore_ascii_case(key),
            Kind::Quoted => unquoted(text).eq_ignore_ascii_case(key),
            _ => false,
        }
    }

    /// The next token as a name without a schema.
    pub fn name(&mut self) -> Option<Name> {
        let token = self.tokens.get(self.at)?;
        let text = &self.text[token.range.clone()];
        let name = match token.kind {
            Kind::Word => text.to_owned(),
            Kind::Quoted => unquoted(text),
            _ => return None,
        };
        let at = self.offset();
        self.at += 1;
        let shown = name.chars().take(100).map(|character| if character.is_control() { ' ' } else { character });
        Some(Name { shown: shown.collect(), key: name.to_ascii_lowercase(), at })
    }

    /// The next tokens as a name with or without a schema.
    pub fn qualified(&mut self) -> Option<Name> {
        let first = self.name()?;
        if !self.is_symbol(".") {
            return Some(first);
        }
        self.at += 1;
        let mut name = self.name()?;
        name.at = first.at;
        if first.key != "main" {
            name.key = format!("{}.{}", first.key, name.key);
        }
        Some(name)
    }

    /// The parts between the commas of the group that is next, and goes behind it.
    pub fn parts(&mut self) -> Vec<Words<'a>> {
        let mut parts = Vec::new();
        if !self.is_symbol("(") {
            return parts;
        }
        self.at += 1;
        let mut start = self.at;
        while !self.is_done() {
            let ends = self.is_symbol(")");
            if ends || self.is_symbol(",") {
                parts.push(self.between(start..self.at));
                self.at += 1;
                start = self.at;
                if ends {
                    return parts;
                }
            } else {
                self.skip();
            }
        }
        parts.push(self.between(start..self.at));
        parts
    }

    /// The column names of the group that is next; nothing for a part that is an expression.
    pub fn columns(&mut self) -> Vec<Option<Name>> {
        let column = |part: &mut Words<'_>| {
            let name = part.name()?;
            (part.is_done() || part.is_any(&["collate", "asc", "desc"])).then_some(name)
        };
        self.parts().iter_mut().map(column).collect()
    }

    /// The text up to where another walk of the same statement is, on one line.
    pub fn text_until(&self, other: &Words<'_>) -> String {
        let until = other.at.max(self.at).min(self.tokens.len());
        let text = match (self.tokens.get(self.at), self.tokens.get(until.saturating_sub(1))) {
            (Some(first), Some(last)) if self.at < until => &self.text[first.range.start..last.range.end],
            _ => "",
        };
        text.chars().take(100).map(|character| if character.is_control() { ' ' } else { character }).collect()
    }

    fn between(&self, range: Range<usize>) -> Words<'a> {
        let end = range.end.min(self.tokens.len());
        Words { tokens: &self.tokens[range.start.min(end)..end], at: 0, ..*self }
    }
}

/// A quoted token without its quotes.
fn unquoted(text: &str) -> String {
    let Some(open) = text.chars().next() else { return String::new() };
    let close = if open == '[' { ']' } else { open };
    let inner = &text[open.len_utf8()..];
    let inner = inner.strip_suffix(close).unwrap_or(inner);
    if open == '[' { inner.to_owned() } else { inner.replace(&format!("{open}{open}"), &open.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::scan;

    fn with<T>(text: &str, check: impl FnOnce(Words<'_>) -> T) -> T {
        let tokens: Vec<Token> = scan::tokens(text).filter(|token| token.kind != Kind::Comment).collect();
        check(Words::new(text, &tokens, 0))
    }

    #[test]
    fn names_are_one_however_they_are_written() {
        for text in ["Tasks", "\"tasks\"", "[TASKS]", "`tasks`", "'tasks'", "main.tasks", "\"MAIN\" . [tasks]"] {
            assert_eq!(
                with(text, |mut words| words.qualified()).map(|name| name.key).as_deref(),
                Some("tasks"),
                "{text}"
            );
        }
        assert_eq!(with("temp.t", |mut words| words.qualified()).map(|name| name.key).as_deref(), Some("temp.t"));
        assert_eq!(with("\"a\"\"\nb\"", |mut words| words.name()).map(|name| name.shown).as_deref(), Some("a\" b"));
        assert_eq!(with("1", |mut words| words.name()), None);
    }

    #[test]
    fn parts_are_split_at_outer_commas_alone() {
        let count = |text| with(text, |mut words| words.parts().len());
        assert_eq!(count("(a, f(b, c), (d, e))"), 3);
        assert_eq!(count("(a, b"), 2);
        assert_eq!(count("a"), 0);
        let columns = with("(a, lower(b), \"c\" COLLATE NOCASE DESC, d + 1)", |mut words| words.columns());
        let keys: Vec<Option<&str>> = columns.iter().map(|name| name.as_ref().map(|name| name.key.as_str())).collect();
        assert_eq!(keys, [Some("a"), None, Some("c"), None]);
    }
}
