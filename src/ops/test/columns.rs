//! Values worth trying in a column: edge values of its type, and those that its CHECK constraints ask for.
//!
//! Leaves to others: which constraints there are (`checks.rs`), which value goes into which row (`rows.rs`).
//!
//! Invariant: values are of the column's declared type, also where SQLite would take others, except for what one of its own
//! constraints names.

use super::checks::{Check, Literals, Number, Part, Pattern};
use super::random::Random;
use super::tables::Column;
use crate::sqlite::Value;

/// Texts longer than this are not made for a constraint on the length.
const LONGEST: i64 = 20_000;

/// Different texts of one shape, where the column need not be unique.
const FEW: usize = 2;

/// Texts that programs stumble over.
const TEXTS: [&str; 7] =
    ["", "ä€😀", "it's \"quoted\"; --", "two\nlines", "NULL", "  blanks around  ", "2024-02-29 23:59:59"];

/// Dates, in the spellings that SQLite reads.
const DATES: [&str; 4] = ["2024-02-29", "2024-02-29 23:59:59", "2024-02-29T23:59:59Z", "23:59:59"];

/// JSON of every kind.
const JSON: [&str; 6] = ["{}", "[]", "{\"ä\": [1, null, \"€😀\"]}", "null", "0", "\"text\""];

/// What is put into a column, by its declared type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// INTEGER affinity.
    Integer,
    /// REAL affinity.
    Real,
    /// TEXT affinity.
    Text,
    /// BLOB in the declared type.
    Blob,
    /// NUMERIC affinity: DECIMAL, DATE, BOOLEAN and whatever else people write.
    Numeric,
    /// No declared type, or ANY.
    Any,
}

impl Kind {
    /// The kind of a declared type, by SQLite's own rules in their order.
    pub(super) fn of(declared: &str) -> Kind {
        let declared = declared.to_ascii_uppercase();
        let has_any = |parts: &[&str]| parts.iter().any(|part| declared.contains(part));
        match () {
            () if declared.is_empty() || declared == "ANY" => Kind::Any,
            () if has_any(&["INT"]) => Kind::Integer,
            () if has_any(&["CHAR", "CLOB", "TEXT"]) => Kind::Text,
            () if has_any(&["BLOB"]) => Kind::Blob,
            () if has_any(&["REAL", "FLOA", "DOUB"]) => Kind::Real,
            () => Kind::Numeric,
        }
    }
}

/// Edge values of a declared type.
pub(super) fn edges(declared: &str) -> Vec<Value> {
    let integers = || [0, -1, 1, i64::MAX, i64::MIN, (1 << 53) + 1].map(Value::Integer).to_vec();
    let reals = || [0.0, -0.0, 1e308, 0.1].map(Value::Real).to_vec();
    let texts = || {
        let mut texts: Vec<Value> = TEXTS.iter().map(|text| (*text).into()).collect();
        texts.insert(3, Value::Text("long ".repeat(2_000)));
        texts
    };
    let blobs =
        || [vec![], vec![0], (0..300_u16).map(|byte| byte.to_le_bytes()[0]).collect()].map(Value::Blob).to_vec();
    let named = |part: &str| declared.to_ascii_uppercase().contains(part);
    match Kind::of(declared) {
        Kind::Integer => integers(),
        Kind::Real => reals(),
        Kind::Text => texts(),
        Kind::Blob => blobs(),
        Kind::Numeric if named("BOOL") => vec![Value::Integer(0), Value::Integer(1)],
        Kind::Numeric if named("DATE") || named("TIME") => {
            DATES.iter().map(|date| (*date).into()).chain(integers()).collect()
        }
        Kind::Numeric if named("JSON") => JSON.iter().map(|json| (*json).into()).collect(),
        Kind::Numeric => interleaved(integers(), reals()),
        Kind::Any => interleaved(interleaved(integers(), texts()), interleaved(reals(), blobs())),
    }
}

/// Values made for the constraints on a column. For a unique one, at least `distinct` of each shape, as far as there are.
pub(super) fn wanted(
    column: &Column,
    position: usize,
    checks: &[Check],
    distinct: usize,
    random: &mut Random,
) -> Vec<Value> {
    let kind = Kind::of(&column.declared);
    let count = if column.unique { distinct.max(FEW) } else { FEW };
    // why a start of its own: different seeds are to give different texts, too
    let start = random.below(1_000);
    let mut found = Vec::new();
    for check in checks.iter().filter(|check| check.columns.contains(&position)) {
        let is_own = check.columns.len() == 1;
        let literals = &check.literals;
        match kind {
            Kind::Text => texts(literals, start, count, &mut found),
            Kind::Blob => blobs(literals, start, count, &mut found),
            _ => {
                numbers(literals, kind, if column.unique { distinct } else { 0 }, &mut found);
                // why: such a column takes text, but only a constraint of its own says that text is meant
                if kind == Kind::Any || (is_own && !column.strict) {
                    texts(literals, start, count, &mut found);
                }
            }
        }
    }
    if column.unique {
        found.extend((0..distinct).map(|index| numbered(kind, start + index)));
    }
    let mut different: Vec<Value> = Vec::with_capacity(found.len());
    for value in found {
        if !different.iter().any(|known| is_same(known, &value)) {
            different.push(value);
        }
    }
    different
}

/// Both lists taken in turns.
pub(super) fn interleaved(first: Vec<Value>, second: Vec<Value>) -> Vec<Value> {
    let mut all = Vec::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    loop {
        let before = all.len();
        all.extend(first.next());
        all.extend(second.next());
        if all.len() == before {
            return all;
        }
    }
}

/// Whether two values are the same to the bit: the two zeros are not.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Real(one), Value::Real(other)) => one.to_bits() == other.to_bits(),
        _ => one == other,
    }
}

fn numbered(kind: Kind, number: usize) -> Value {
    let integer = i64::try_from(number).unwrap_or(i64::MAX);
    match kind {
        Kind::Integer | Kind::Numeric => Value::Integer(integer),
        Kind::Real => Value::Real(f64::from(u32::try_from(number).unwrap_or(u32::MAX)) + 0.5),
        Kind::Text | Kind::Any => Value::Text(format!("n{number}")),
        Kind::Blob => Value::Blob(integer.to_be_bytes().to_vec()),
    }
}

fn numbers(literals: &Literals, kind: Kind, distinct: usize, found: &mut Vec<Value>) {
    let distinct = i64::try_from(distinct).unwrap_or(i64::MAX);
    for number in &literals.numbers {
        match (*number, kind) {
            (Number::Integer(number), Kind::Real) => {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "a bound that has no exact REAL has none in SQLite either"
                )]
                let real = number as f64;
                found.extend([real, real - 1.0, real + 1.0, real + 0.5, real - 0.5].map(Value::Real));
            }
            (Number::Real(number), Kind::Real | Kind::Numeric | Kind::Any) => {
                found.extend([number, number - 1.0, number + 1.0, number / 2.0].map(Value::Real));
            }
            (Number::Integer(number), _) => {
                found.extend([0, -1, 1].map(|step| Value::Integer(number.saturating_add(step))));
                found.extend((2..distinct.max(2)).map(|step| Value::Integer(number.saturating_add(step))));
            }
            (Number::Real(number), _) => {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "as saturates, and any integer near the bound will do"
                )]
                let floor = number.floor() as i64;
                found.extend([floor, floor.saturating_add(1)].map(Value::Integer));
            }
        }
    }
}

/// Lengths around the numbers of an expression that asks for a length.
fn lengths(literals: &Literals) -> Vec<usize> {
    let mut found = Vec::new();
    for number in literals.numbers.iter().filter(|_| literals.measures) {
        let Number::Integer(number) = *number else { continue };
        let near = [number, number.saturating_add(1), number.saturating_sub(1)];
        for length in near.into_iter().filter(|length| (0..=LONGEST).contains(length)) {
            let length = usize::try_from(length).unwrap_or(0);
            if !found.contains(&length) {
                found.push(length);
            }
        }
    }
    found
}

fn blobs(literals: &Literals, start: usize, count: usize, found: &mut Vec<Value>) {
    for length in lengths(literals) {
        for index in start..start + count {
            let byte = index.to_le_bytes()[0];
            found.push(Value::Blob(
                (0..length).map(|at| if at % 2 == 0 { byte } else { index.to_le_bytes()[1] }).collect(),
            ));
        }
    }
}

fn texts(literals: &Literals, start: usize, count: usize, found: &mut Vec<Value>) {
    found.extend(literals.texts.iter().map(|text| Value::from(text.as_str())));
    if literals.json {
        found.extend(JSON.iter().map(|json| Value::from(*json)));
    }
    found.extend(literals.numbers.iter().filter(|_| !literals.measures).map(|number| match number {
        Number::Integer(number) => Value::Text(number.to_string()),
        Number::Real(number) => Value::Text(number.to_string()),
    }));
    if literals.dates {
        found.extend(DATES.iter().map(|date| Value::from(*date)));
    }
    let alphabets = alphabets(&literals.patterns);
    let mut lengths = lengths(literals);
    if !literals.patterns.is_empty() {
        lengths.extend([0, 6].into_iter().filter(|_| !literals.measures));
        for pattern in &literals.patterns {
            for index in start..start + count {
                found.extend(TEXTS.iter().map(|text| Value::Text(pattern.fill(text, index))));
                let shortest = pattern.fill("", index).chars().count();
                for length in lengths.iter().filter_map(|length| length.checked_sub(shortest)) {
                    found.extend(
                        alphabets
                            .iter()
                            .map(|letters| Value::Text(pattern.fill(&spelled(letters, length, index), index))),
                    );
                }
            }
        }
    }
    for length in lengths {
        if length == 36 {
            found.extend((start..start + count).map(|index| Value::Text(uuid(index))));
        }
        for letters in &alphabets {
            found.extend((start..start + count).map(|index| Value::Text(spelled(letters, length, index))));
        }
    }
}

/// The letters to spell texts with: those of the patterns' classes first.
fn alphabets(patterns: &[Pattern]) -> Vec<Vec<char>> {
    let classes = patterns.iter().flat_map(|pattern| &pattern.0).filter_map(|part| match part {
        Part::Class { listed, .. } if !listed.is_empty() => Some(listed.clone()),
        _ => None,
    });
    let mut found: Vec<Vec<char>> = Vec::new();
    for letters in classes.chain(["0123456789abcdef", "ABCDEFGHIJ", "ä€😀"].map(|letters| letters.chars().collect()))
    {
        if !found.contains(&letters) {
            found.push(letters);
        }
    }
    found
}

/// `index` as a number with these letters for digits.
fn spelled(letters: &[char], length: usize, mut index: usize) -> String {
    let mut text: Vec<char> = Vec::with_capacity(length);
    for _ in 0..length {
        text.push(letters[index % letters.len()]);
        index /= letters.len();
    }
    text.iter().rev().collect()
}

fn uuid(index: usize) -> String {
    format!("{index:08x}-0000-4000-8000-{index:012x}")
}

impl Pattern {
    /// A text that matches: `fill` where any text may stand first, nothing where it may stand again; the members of
    /// classes change with `index`.
    fn fill(&self, fill: &str, mut index: usize) -> String {
        let mut text = String::new();
        let mut fill = Some(fill);
        for part in &self.0 {
            match part {
                Part::Any => text.push_str(fill.take().unwrap_or_default()),
                Part::One => text.push('a'),
                Part::Is(letter) => text.push(*letter),
                Part::Class { negated, listed } => {
                    let others = || ('!'..='~').filter(|letter| !listed.contains(letter)).collect();
                    let letters: Vec<char> = if *negated { others() } else { listed.clone() };
                    text.extend(letters.get(index % letters.len().max(1)));
                    index /= letters.len().max(1);
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::checks;
    use super::*;

    fn made(declared: &str, check: &str) -> Vec<Value> {
        let column = Column { name: "x".into(), declared: declared.into(), ..Column::default() };
        let checks = checks::of_table(&format!("CREATE TABLE t (x {declared} CHECK ({check}))"), &["x"]);
        wanted(&column, 0, &checks, 8, &mut Random::new(1, "t"))
    }

    #[test]
    fn types_have_the_affinity_that_sqlite_gives_them() {
        let kinds =
            ["", "any", "POINT", "varchar(9)", "INT", "DOUBLE", "BLOB", "DECIMAL(10, 2)", "CHARINT"].map(Kind::of);
        use Kind::{Any, Blob, Integer, Numeric, Real, Text};
        assert_eq!(kinds, [Any, Any, Integer, Text, Integer, Real, Blob, Numeric, Integer]);
    }

    #[test]
    fn bounds_are_tried_on_both_sides() {
        let found = made("INTEGER", "x BETWEEN -5 AND 7");
        for wanted in [-6, -5, -4, 6, 7, 8] {
            assert!(found.contains(&Value::Integer(wanted)), "{wanted}");
        }
        assert!(made("REAL", "x > 0").contains(&Value::Real(0.5)));
    }

    #[test]
    fn patterns_and_lengths_are_met_together() {
        let check = "x GLOB '+[1-9]*' AND substr(x, 2) NOT GLOB '*[^0-9]*' AND length(x) BETWEEN 9 AND 16";
        let fits = |value: &Value| {
            let Value::Text(text) = value else { return false };
            text.strip_prefix('+').is_some_and(|digits| {
                !digits.starts_with('0') && digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_digit())
            })
        };
        assert!(made("TEXT", check).iter().any(fits));
        let is_mail = |value: &Value| matches!(value, Value::Text(text) if text.ends_with("ä€😀a@a"));
        assert!(made("TEXT", "x LIKE '%_@_%'").iter().any(is_mail));
    }
}
