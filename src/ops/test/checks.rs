//! CHECK constraints as far as their text tells which values they want: the columns they name and the literals in them.
//!
//! Leaves to others: judging values (SQLite does), making values from literals (`columns.rs`).
//!
//! Invariants: never fails; what is not understood is passed over, and costs tries instead of rows.

use crate::sqlite::Value;

/// A CHECK constraint, or a trigger that raises errors.
pub(super) struct Check {
    /// What SQLite calls it in its message: its name, else its text, white space collapsed.
    pub name: String,
    /// The expression; `None` for a trigger, which cannot be asked beforehand.
    pub expression: Option<String>,
    /// The columns it names, as positions in the table.
    pub columns: Vec<usize>,
    /// What it compares with.
    pub literals: Literals,
}

/// The literals of an expression, and the words that say how they are meant.
#[derive(Default)]
pub(super) struct Literals {
    /// Texts that are compared with as they are.
    pub texts: Vec<String>,
    /// Numbers, with their negatives where a minus stands before.
    pub numbers: Vec<Number>,
    /// Patterns of LIKE and GLOB.
    pub patterns: Vec<Pattern>,
    /// Whether a length is asked for, so that numbers may be one.
    pub measures: bool,
    /// Whether a JSON function is called.
    pub json: bool,
    /// Whether a date or time function is called.
    pub dates: bool,
}

/// A number of an expression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// Without a point or exponent.
    Integer(i64),
    /// With one.
    Real(f64),
}

/// A pattern, in the order of its text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern(pub Vec<Part>);

/// What a place in a pattern stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    /// Any text.
    Any,
    /// Any one character.
    One,
    /// One character of those listed, or one that is not.
    Class { negated: bool, listed: Vec<char> },
    /// This character.
    Is(char),
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Word(String),
    /// A name in quotes; double ones may also hold a text, if no column has that name.
    Name(String),
    Text(String),
    Number(Number),
    Symbol(char),
}

struct Token {
    kind: Kind,
    start: usize,
    end: usize,
}

impl Token {
    fn is(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(found) if found.eq_ignore_ascii_case(word))
    }

    fn is_symbol(&self, symbol: char) -> bool {
        self.kind == Kind::Symbol(symbol)
    }
}

/// The CHECK constraints in the text of a table whose columns have these names.
pub(super) fn of_table(sql: &str, names: &[&str]) -> Vec<Check> {
    let tokens = tokens(sql);
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut at = 0;
    while at < tokens.len() {
        let open = at + 1;
        if depth == 1 && tokens[at].is("check") && tokens.get(open).is_some_and(|token| token.is_symbol('(')) {
            let close = closing(&tokens, open);
            let text = sql[tokens[open].end..tokens.get(close).map_or(sql.len(), |token| token.start)].trim();
            let inside = &tokens[open + 1..close];
            let name = match at.checked_sub(2).map(|before| (&tokens[before], &tokens[before + 1].kind)) {
                Some((word, Kind::Word(name) | Kind::Name(name) | Kind::Text(name))) if word.is("constraint") => name,
                _ => text,
            };
            found.push(Check {
                name: collapsed(name),
                expression: Some(text.to_owned()),
                columns: columns_in(inside, names),
                literals: literals_in(inside, names),
            });
            at = close;
        } else {
            match tokens[at].kind {
                Kind::Symbol('(') => depth += 1,
                Kind::Symbol(')') => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        at += 1;
    }
    found
}

/// What the text of a trigger compares new values with, if it can raise an error.
pub(super) fn of_trigger(sql: &str, names: &[&str]) -> Option<Check> {
    let tokens = tokens(sql);
    tokens.iter().any(|token| token.is("raise")).then(|| {
        // why only behind NEW: other names are columns of other tables as a rule
        let new: Vec<Token> = tokens
            .windows(3)
            .filter(|three| three[0].is("new") && three[1].is_symbol('.'))
            .map(|three| Token { kind: three[2].kind.clone(), ..three[2] })
            .collect();
        let literals = literals_in(&tokens, names);
        Check { name: String::new(), expression: None, columns: columns_in(&new, names), literals }
    })
}

/// Text with every run of white space made one blank.
pub(super) fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            Kind::Symbol('(') => depth += 1,
            Kind::Symbol(')') if depth == 1 => return at,
            Kind::Symbol(')') => depth -= 1,
            _ => {}
        }
    }
    tokens.len()
}

fn columns_in(tokens: &[Token], names: &[&str]) -> Vec<usize> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let (Kind::Word(name) | Kind::Name(name)) = &token.kind else { continue };
        let is_function = tokens.get(at + 1).is_some_and(|next| next.is_symbol('('));
        let column = names.iter().position(|column| column.eq_ignore_ascii_case(name));
        found.extend(column.filter(|column| !is_function && !found.contains(column)));
    }
    found
}

fn literals_in(tokens: &[Token], names: &[&str]) -> Literals {
    let mut found = Literals::default();
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &tokens[before]);
        match &token.kind {
            Kind::Text(text) | Kind::Name(text) => {
                if matches!(token.kind, Kind::Name(_)) && names.iter().any(|name| name.eq_ignore_ascii_case(text)) {
                    continue;
                }
                match before {
                    Some(word) if word.is("like") => found.patterns.push(Pattern::like(text)),
                    Some(word) if word.is("glob") => found.patterns.push(Pattern::glob(text)),
                    _ => found.texts.push(text.clone()),
                }
            }
            Kind::Number(number) => {
                found.numbers.push(*number);
                if before.is_some_and(|token| token.is_symbol('-')) {
                    found.numbers.push(match *number {
                        Number::Integer(number) => Number::Integer(-number),
                        Number::Real(number) => Number::Real(-number),
                    });
                }
            }
            Kind::Word(word) => {
                let word = word.to_ascii_lowercase();
                found.measures |= matches!(word.as_str(), "length" | "octet_length" | "substr" | "substring");
                found.json |= word.starts_with("json");
                found.dates |=
                    matches!(word.as_str(), "date" | "time" | "datetime" | "julianday" | "unixepoch" | "strftime");
            }
            Kind::Symbol(_) => {}
        }
    }
    found
}

impl Pattern {
    fn like(text: &str) -> Pattern {
        Pattern(
            text.chars()
                .map(|letter| match letter {
                    '%' => Part::Any,
                    '_' => Part::One,
                    letter => Part::Is(letter),
                })
                .collect(),
        )
    }

    fn glob(text: &str) -> Pattern {
        let mut parts = Vec::new();
        let mut rest = text.chars().peekable();
        while let Some(letter) = rest.next() {
            parts.push(match letter {
                '*' => Part::Any,
                '?' => Part::One,
                '[' => {
                    let negated = rest.next_if_eq(&'^').is_some();
                    let mut listed: Vec<char> = rest.next_if_eq(&']').into_iter().collect();
                    while let Some(letter) = rest.next().filter(|letter| *letter != ']') {
                        match (letter, listed.last().copied(), rest.peek().copied()) {
                            ('-', Some(first), Some(last)) if last != ']' => {
                                listed.extend((first..=last).skip(1).take(255))
                            }
                            _ if listed.last() == Some(&letter) => {}
                            _ => listed.push(letter),
                        }
                    }
                    Part::Class { negated, listed }
                }
                letter => Part::Is(letter),
            });
        }
        Pattern(parts)
    }
}

fn tokens(sql: &str) -> Vec<Token> {
    let bytes = sql.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80;
    let run = |from: usize, wanted: &dyn Fn(u8) -> bool| {
        bytes[from..].iter().position(|byte| !wanted(*byte)).map_or(bytes.len(), |length| from + length)
    };
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &sql[at..];
        let first = bytes[at];
        let (end, kind) = match first {
            _ if rest.starts_with("--") => (rest.find('\n').map_or(sql.len(), |length| at + length), None),
            _ if rest.starts_with("/*") => (rest.find("*/").map_or(sql.len(), |length| at + length + 2), None),
            b'\'' | b'"' | b'`' | b'[' => {
                let (end, text) = unquoted(rest, char::from(if first == b'[' { b']' } else { first }));
                (at + end, Some(if first == b'\'' { Kind::Text(text) } else { Kind::Name(text) }))
            }
            b'0'..=b'9' => {
                let end = run(at, &|byte| is_word(byte) || byte == b'.');
                (end, number(&sql[at..end]).map(Kind::Number))
            }
            byte if is_word(byte) => {
                let end = run(at, &is_word);
                (end, Some(Kind::Word(sql[at..end].to_owned())))
            }
            byte => (at + 1, Some(Kind::Symbol(char::from(byte))).filter(|_| !byte.is_ascii_whitespace())),
        };
        found.extend(kind.map(|kind| Token { kind, start: at, end }));
        at = end;
    }
    found
}

fn number(text: &str) -> Option<Number> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return i64::from_str_radix(digits, 16).ok().map(Number::Integer);
    }
    let text = text.replace('_', "");
    text.parse().ok().map(Number::Integer).or_else(|| text.parse().ok().map(Number::Real))
}

/// The length of a quoted text with its quotes, and what is in it; a doubled quote stands for itself.
fn unquoted(text: &str, quote: char) -> (usize, String) {
    let mut inside = String::new();
    let mut rest = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = rest.next() {
        if letter == quote && (quote == ']' || rest.next_if(|(_, next)| *next == quote).is_none()) {
            return (at + 1, inside);
        }
        inside.push(letter);
    }
    (text.len(), inside)
}

impl From<Number> for Value {
    fn from(number: Number) -> Value {
        match number {
            Number::Integer(number) => Value::Integer(number),
            Number::Real(number) => Value::Real(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_found_with_their_names_columns_and_literals() {
        let sql = "CREATE TABLE t ( -- CHECK (no)
            a TEXT DEFAULT 'CHECK (x)' CHECK (a IN ('it''s', \"b\", \"c\")), \"b\" INT CONSTRAINT \"how many\" CHECK (
                b BETWEEN -5 AND 0x10 /* ) */ OR b > 1.5
            ), date TEXT, CHECK (date(date) LIKE '2_%' AND length([date]) = 10 AND json_valid(a) IS NOT NULL))";
        let checks = of_table(sql, &["a", "b", "date"]);
        let seen: Vec<_> = checks.iter().map(|check| (check.name.as_str(), check.columns.as_slice())).collect();
        let last = "date(date) LIKE '2_%' AND length([date]) = 10 AND json_valid(a) IS NOT NULL";
        assert_eq!(
            seen,
            [("a IN ('it''s', \"b\", \"c\")", &[0, 1][..]), ("how many", &[1][..]), (last, &[2, 0][..])],
            "a double-quoted word is a column where there is one"
        );
        assert_eq!(checks[0].literals.texts, ["it's", "c"]);
        let numbers = [5, -5, 16].map(Number::Integer).into_iter().chain([Number::Real(1.5)]).collect::<Vec<_>>();
        assert_eq!(checks[1].literals.numbers, numbers);
        let literals = &checks[2].literals;
        assert_eq!(literals.patterns, [Pattern(vec![Part::Is('2'), Part::One, Part::Any])]);
        assert!(literals.measures && literals.json && literals.dates && literals.texts.is_empty());
    }

    #[test]
    fn classes_of_a_pattern_are_spelled_out() {
        let class = |negated, listed: &str| Part::Class { negated, listed: listed.chars().collect() };
        assert_eq!(Pattern::glob("[^0-3_.]").0, [class(true, "0123_.")]);
        assert_eq!(Pattern::glob("+[]a-]").0, [Part::Is('+'), class(false, "]a-")]);
        assert_eq!(Pattern::glob("[a").0, [class(false, "a")]);
    }

    #[test]
    fn triggers_that_raise_tell_of_the_new_row() {
        let sql = "CREATE TRIGGER g BEFORE INSERT ON t WHEN NEW.kind <> 'good' BEGIN SELECT RAISE(ABORT, 'no'); END";
        let check = of_trigger(sql, &["id", "kind"]).expect("raises");
        assert_eq!((check.columns.as_slice(), check.literals.texts.len()), (&[1][..], 2));
        assert!(of_trigger("CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT NEW.kind; END", &["kind"]).is_none());
    }

    #[test]
    fn any_text_is_survived() {
        for text in
            ["", "CREATE TABLE t (a CHECK (", "(CHECK ('", "(CHECK (\"ä", "(check (a)) [", "( CHECK (x'00' > 1..2"]
        {
            of_table(text, &["a"]);
        }
    }
}
