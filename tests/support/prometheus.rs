//! A strict reader of the text that Prometheus reads, version 0.0.4: it refuses what the format forbids, and what its guide to names
//! advises against.
//!
//! Invariant: each rule is itself proven by a page that breaks it.

use std::collections::{BTreeMap, BTreeSet};

/// Names and values.
type Labels = Vec<(String, String)>;
/// By name and labels.
pub(crate) type Samples = BTreeMap<(String, Labels), f64>;

/// The samples of a page, or what is wrong with it.
pub(crate) fn parse(page: &str) -> Result<Samples, String> {
    let mut samples = Samples::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    // name, whether TYPE was there, whether a sample was
    let mut family: Option<(&str, Option<&str>, bool)> = None;
    if !page.is_empty() && !page.ends_with('\n') {
        return Err("does not end with a line feed".into());
    }
    for line in page.lines() {
        let wrong = |what: &str| Err(format!("{what}: {line}"));
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').ok_or("HELP without a text")?;
            if help.trim().is_empty() {
                return wrong("HELP without a text");
            }
            if family.is_some_and(|(_, _, seen)| !seen) {
                return wrong("the family before has no sample");
            }
            if !done.insert(name) {
                return wrong("HELP twice");
            }
            family = Some((name, None, false));
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let Some((name, None, false)) = family else { return wrong("TYPE not right behind HELP") };
            let Some((of, kind)) = rest.split_once(' ') else { return wrong("TYPE without a type") };
            if of != name {
                return wrong("TYPE of another family");
            }
            match kind {
                "counter" if !name.ends_with("_total") => return wrong("a counter without _total"),
                "gauge" if name.ends_with("_total") => return wrong("_total of no counter"),
                "counter" | "gauge" => {}
                _ => return wrong("an unknown type"),
            }
            if name.split('_').any(|part| ["ms", "us", "milliseconds", "minutes", "kilobytes"].contains(&part)) {
                return wrong("no base unit");
            }
            family = Some((name, Some(kind), false));
        } else {
            let Some((name, Some(kind), _)) = family else { return wrong("a sample outside of a family") };
            let (found, labels, value) = sample(line).ok_or_else(|| format!("no sample: {line}"))?;
            if found != name {
                return wrong("a sample of another family");
            }
            if kind == "counter" && value < 0.0 {
                return wrong("a counter below zero");
            }
            let mut sorted: Vec<&String> = labels.iter().map(|(label, _)| label).collect();
            sorted.sort();
            sorted.dedup();
            if sorted.len() != labels.len() {
                return wrong("a label twice");
            }
            if samples.insert((found, labels), value).is_some() {
                return wrong("a sample twice");
            }
            family = Some((name, Some(kind), true));
        }
    }
    match family {
        Some((name, _, false)) => Err(format!("{name} has no sample")),
        _ => Ok(samples),
    }
}

fn is_name(text: &str, signs: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || signs.contains(first))
        && text.chars().all(|next| next.is_ascii_alphanumeric() || signs.contains(next))
}

fn sample(line: &str) -> Option<(String, Labels, f64)> {
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Vec::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, behind) = rest.split_once("=\"")?;
            let mut value = String::new();
            let mut characters = behind.char_indices();
            let close = loop {
                match characters.next()? {
                    (at, '"') => break at,
                    (_, '\\') => value.push(match characters.next()?.1 {
                        'n' => '\n',
                        same @ ('\\' | '"') => same,
                        _ => return None,
                    }),
                    (_, other) => value.push(other),
                }
            };
            if !is_name(label, "_") || label.starts_with("__") {
                return None;
            }
            labels.push((label.to_owned(), value));
            rest = &behind[close + 1..];
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => break,
            }
        }
        rest = rest.strip_prefix('}')?;
    }
    let value = rest.strip_prefix(' ').filter(|value| !value.contains(' '))?.parse().ok()?;
    is_name(name, "_:").then(|| (name.to_owned(), labels, value))
}

/// The value of the sample with this name and, where given, this value of its first label.
pub(crate) fn value(samples: &Samples, name: &str, label: Option<&str>) -> Option<f64> {
    let is = |labels: &[(String, String)]| label == labels.first().map(|(_, value)| value.as_str());
    samples.iter().find(|((found, labels), _)| found == name && is(labels)).map(|(_, value)| *value)
}

#[test]
fn a_page_that_breaks_a_rule_is_refused() {
    let head = "# HELP a_total A.\n# TYPE a_total counter\n";
    let good = format!("{head}a_total{{x=\"1\",y=\"\\\\ \\\" \\n ü\"}} 1\na_total 2.5\n");
    let samples = parse(&good).expect("is right");
    assert_eq!((value(&samples, "a_total", Some("1")), value(&samples, "a_total", None)), (Some(1.0), Some(2.5)));
    assert_eq!(samples.keys().nth(1).expect("two").1[1].1, "\\ \" \n ü");
    for (page, said) in [
        (format!("{head}a_total 1"), "line feed"),
        (head.to_owned(), "no sample"),
        (format!("{head}# HELP b B.\n"), "no sample"),
        (format!("{head}a_total 1\na_total 2\n"), "twice"),
        (format!("{head}a_total 1\n{head}a_total{{x=\"1\"}} 2\n"), "HELP twice"),
        (format!("{head}b_total 1\n"), "another family"),
        (format!("{head}a_total -1\n"), "below zero"),
        (format!("{head}a_total{{x=\"1\",x=\"2\"}} 1\n"), "a label twice"),
        (format!("{head}a_total{{x=\"\\t\"}} 1\n"), "no sample"),
        (format!("{head}a_total{{x=\"1}} 1\n"), "no sample"),
        (format!("{head}a_total{{1x=\"1\"}} 1\n"), "no sample"),
        (format!("{head}a_total one\n"), "no sample"),
        (format!("{head}a_total 1 2 3\n"), "no sample"),
        ("a 1\n".to_owned(), "outside"),
        ("# HELP a A.\na 1\n".to_owned(), "outside"),
        ("# HELP a A.\n# TYPE a counter\na 1\n".to_owned(), "without _total"),
        ("# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n".to_owned(), "of no counter"),
        ("# HELP a A.\n# TYPE a odd\na 1\n".to_owned(), "unknown type"),
        ("# HELP a_ms A.\n# TYPE a_ms gauge\na_ms 1\n".to_owned(), "base unit"),
        ("# HELP a A.\n# TYPE b gauge\na 1\n".to_owned(), "another family"),
        ("# TYPE a gauge\na 1\n".to_owned(), "not right behind"),
    ] {
        let refused = parse(&page).expect_err(&page);
        assert!(refused.contains(said), "{refused}");
    }
}
