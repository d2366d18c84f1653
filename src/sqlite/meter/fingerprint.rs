//! The fingerprint of a statement: what it has in common with those that differ from it in values, number of values, case and blanks.
//!
//! Leaves to others: taking literals out of a text (`seen.rs`), counting (`meter.rs`).
//!
//! Invariants: nothing of a literal is in it; a list is shortened only where all that is left out is values.

use crate::sqlite::seen::{Kind, pieces, without_literals};

/// Of a longer text the beginning is looked at: what is behind is the values of a long list.
const MOST_READ: usize = 64 << 10;

/// Words that no operand ends with: a sign behind one belongs to the number, and a parenthesis behind one is no call.
const KEYWORDS: &[&str] = &[
    "all",
    "and",
    "as",
    "between",
    "by",
    "case",
    "distinct",
    "else",
    "except",
    "exists",
    "from",
    "having",
    "in",
    "intersect",
    "into",
    "is",
    "join",
    "like",
    "limit",
    "not",
    "offset",
    "on",
    "or",
    "over",
    "returning",
    "select",
    "set",
    "then",
    "union",
    "using",
    "values",
    "when",
    "where",
    "with",
];

/// Signs that are one operator together.
const OPERATORS: &[&str] = &["->>", "<=", ">=", "<>", "!=", "==", "||", "<<", ">>", "->"];

#[derive(Clone, PartialEq, Eq)]
enum Token {
    /// A literal, a parameter without a name, NULL, TRUE or FALSE inside a list.
    Value,
    Word(String),
    Sign(String),
}

impl Token {
    fn is(&self, sign: &str) -> bool {
        matches!(self, Token::Sign(text) if text == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self, Token::Word(text) if text == word)
    }

    /// Whether it stands for a value in a list of values.
    fn is_plain(&self) -> bool {
        match self {
            Token::Value => true,
            Token::Word(word) => {
                word.starts_with([':', '@', '$']) || matches!(word.as_str(), "null" | "true" | "false" | "default")
            }
            Token::Sign(_) => false,
        }
    }

    /// Whether an expression cannot end with it.
    fn is_open(&self) -> bool {
        match self {
            Token::Value => false,
            Token::Word(word) => KEYWORDS.contains(&word.as_str()),
            Token::Sign(sign) => sign != ")",
        }
    }

    fn text(&self) -> &str {
        match self {
            Token::Value => "?",
            Token::Word(text) | Token::Sign(text) => text,
        }
    }
}

/// See the head of this file; `is_name` tells which of the texts in double quotes are names.
pub(super) fn fingerprint(sql: &str, is_name: impl Fn(&str) -> bool) -> String {
    let sql = &sql[..sql.floor_char_boundary(MOST_READ)];
    written(&shortened_lists(&tokens(&without_literals(sql, is_name))))
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut touching = false;
    for (kind, piece) in pieces(text) {
        let token = match kind {
            Kind::Blank => {
                touching = false;
                continue;
            }
            Kind::Literal => Token::Value,
            Kind::Quoted => Token::Word(piece.to_lowercase()),
            // why: a numbered parameter says no more than one without a number
            Kind::Word if piece.starts_with('?') => Token::Value,
            // why as it is: SQLite tells parameters apart by case
            Kind::Word if piece.starts_with([':', '@', '$']) => Token::Word(piece.to_owned()),
            Kind::Word => Token::Word(piece.to_lowercase()),
            Kind::Sign => Token::Sign(piece.to_owned()),
        };
        let last = found.last_mut();
        if let (true, Some(Token::Sign(before)), Token::Sign(sign)) = (touching, last, &token)
            && OPERATORS.contains(&format!("{before}{sign}").as_str())
        {
            before.push_str(sign);
            continue;
        }
        if token == Token::Value
            && let [head @ .., sign] = found.as_slice()
            && (sign.is("-") || sign.is("+"))
            && head.last().is_none_or(Token::is_open)
        {
            found.pop();
        }
        touching = matches!(token, Token::Sign(_));
        found.push(token);
    }
    while found.last().is_some_and(|token| token.is(";")) {
        found.pop();
    }
    found
}

fn shortened_lists(tokens: &[Token]) -> Vec<Token> {
    let mut short: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at].is_word("in")
            && let Some(end) = plain_list(&tokens[at + 1..])
        {
            short.push(tokens[at].clone());
            short.extend([Token::Sign("(".into()), Token::Word("...".into()), Token::Sign(")".into())]);
            at += 1 + end;
            continue;
        }
        short.push(tokens[at].clone());
        at += 1;
        if tokens[at - 1].is_word("values")
            && let Some(first) = group(&tokens[at..])
        {
            short.extend_from_slice(&tokens[at..at + first]);
            let shape = &tokens[at..at + first];
            at += first;
            while let Some(length) = next_row(&tokens[at..], shape) {
                at += length;
            }
        }
    }
    short
}

/// How long the list in parentheses is that `tokens` begin with, if nothing but values and lists of them are in it. It may be cut
/// off by the end of what was read.
fn plain_list(tokens: &[Token]) -> Option<usize> {
    if !tokens.first()?.is("(") {
        return None;
    }
    let length = group(tokens).unwrap_or(tokens.len());
    let inside = &tokens[1..length];
    let is_plain = |token: &Token| token.is_plain() || token.is(",") || token.is("(") || token.is(")");
    (inside.iter().any(Token::is_plain) && inside.iter().all(is_plain)).then_some(length)
}

/// How long the parentheses are that `tokens` begin with.
fn group(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        if token.is("(") {
            depth += 1;
        } else if token.is(")") {
            depth = depth.checked_sub(1)?;
        }
        if depth == 0 {
            return (at > 0).then_some(at + 1);
        }
    }
    None
}

/// How long the comma and the row are that `tokens` begin with, if the row is like `shape` but for its values. One that the end of
/// what was read cuts off is like it, too.
fn next_row(tokens: &[Token], shape: &[Token]) -> Option<usize> {
    let [comma, rest @ ..] = tokens else { return None };
    if !comma.is(",") {
        return None;
    }
    let length = group(rest).unwrap_or(rest.len());
    let alike = |(one, other): (&Token, &Token)| one == other || (one.is_plain() && other.is_plain());
    let row = &rest[..length];
    let fits = row.len() == shape.len() || (length == rest.len() && row.len() < shape.len());
    (fits && row.iter().zip(shape).all(alike)).then_some(1 + length)
}

fn written(tokens: &[Token]) -> String {
    let mut text = String::new();
    let mut before: Option<&Token> = None;
    for token in tokens {
        let tight = match (before, token) {
            (None, _) => true,
            (Some(before), token) if before.is("(") || before.is(".") || token.is(".") => true,
            (_, token) if token.is(",") || token.is(")") || token.is(";") => true,
            (Some(Token::Word(word)), token) if token.is("(") => !KEYWORDS.contains(&word.as_str()),
            _ => false,
        };
        if !tight {
            text.push(' ');
        }
        text.push_str(token.text());
        before = Some(token);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_differ_in_values_alone_have_one_fingerprint() {
        for (expected, texts) in [
            (
                "select * from t where a = ?",
                &[
                    "SELECT * FROM t WHERE a = 1",
                    "select  *\nfrom T where A=2 -- 3",
                    "SELECT * FROM t WHERE a = -3;",
                    "SELECT * FROM t WHERE a = 'x''y'",
                    "SELECT * FROM t WHERE a = ?",
                    "SELECT * FROM t WHERE a = ?17 ; ",
                    "SELECT * FROM t WHERE a=x'00ff'/* secret */",
                ][..],
            ),
            (
                "select a from t where b in (...) and c > ?",
                &[
                    "SELECT a FROM t WHERE b IN (1) AND c > 1",
                    "SELECT a FROM t WHERE b IN (1, -2,3) AND c>1.5",
                    "SELECT a FROM t WHERE b IN (?, ?, ?) AND c > ?",
                    "SELECT a FROM t WHERE b IN (:x, :y, NULL) AND c > ?",
                    "SELECT a FROM t WHERE b in('a','b')and c>9",
                ],
            ),
            ("select a from t where (b, c) in (...)", &["SELECT a FROM t WHERE(b,c) IN ((1,2),(3,4))"]),
            (
                "insert into t(a, b) values (?, ?)",
                &[
                    "INSERT INTO t (a, b) VALUES (1, 'x')",
                    "INSERT INTO t(a,b) VALUES (1, 'x'), (2, 'y'), (3, NULL)",
                    "insert into t(a, b) values (?,?),(?,?)",
                ],
            ),
            ("select a - ?, - a", &["SELECT a - 1, -a", "select a-2,- a"]),
            ("select a || ? <= b ->> ?", &["SELECT a||'x'<=b->>'$.y'"]),
            ("select count(*), t.a from main.t as t", &["SELECT COUNT( * ), t . a FROM main.t AS t"]),
            ("select :Name, @other, $third", &["SELECT :Name,@other,$third"]),
            ("select ?", &["SELECT 1", "SELECT -1", "SELECT +1", "SELECT 'not closed", "SELECT 'é"]),
            ("", &["", "-- nothing", ";;"]),
        ] {
            for text in texts {
                assert_eq!(fingerprint(text, |_| true), expected, "{text}");
            }
        }
    }

    #[test]
    fn what_differs_in_more_than_values_stays_apart() {
        for (one, other) in [
            ("SELECT a FROM t", "SELECT b FROM t"),
            ("SELECT a FROM t WHERE b IN (SELECT 1)", "SELECT a FROM t WHERE b IN (1)"),
            ("SELECT a FROM t WHERE b IN (c, 1)", "SELECT a FROM t WHERE b IN (1, 1)"),
            ("INSERT INTO t VALUES (1, abs(2))", "INSERT INTO t VALUES (1, 2)"),
            ("INSERT INTO t VALUES (1, 2), (abs(1), 2)", "INSERT INTO t VALUES (1, 2)"),
            ("SELECT f(1, 2)", "SELECT f(1)"),
            ("SELECT a FROM t WHERE b = :x", "SELECT a FROM t WHERE b = :y"),
            ("SELECT a < b", "SELECT a <= b"),
        ] {
            assert_ne!(fingerprint(one, |_| true), fingerprint(other, |_| true));
        }
    }

    #[test]
    fn no_literal_is_in_it_wherever_the_text_is_cut() {
        let sql = "INSERT INTO t (\"a\", b) VALUES ('sécrèt''sécrèt', x'5ec2e7', \"sécrèt\", 5333.5e3), ('sécrèt', 1, 2, 3) -- sécrèt";
        for end in (0..=sql.len()).filter(|end| sql.is_char_boundary(*end)) {
            let found = fingerprint(&sql[..end], |name| name == "a");
            assert!(!["sé", "cr", "5e", "53"].iter().any(|part| found.contains(part)), "{found} of {}", &sql[..end]);
        }
    }

    #[test]
    fn a_long_list_is_cut_inside_a_character_and_still_one_fingerprint() {
        let rows = |count: usize, value: &str| {
            let row = format!("('{value}', ?)");
            format!("INSERT INTO t VALUES {}", vec![row; count].join(", "))
        };
        for shift in 0..4 {
            let sql = rows(20_000, &format!("{}é€😀", "x".repeat(shift)));
            assert!(sql.len() > MOST_READ);
            assert_eq!(fingerprint(&sql, |_| true), "insert into t values (?, ?)");
        }
    }
}
