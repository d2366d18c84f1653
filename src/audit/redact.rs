//! Keeps personal data out of the audit: what stands in a redaction list, and texts that are too long to be looked at.
//!
//! Leaves to others: literals of SQL, which never come here unless the host wants them (`sqlite/seen.rs`).

use std::sync::Arc;

/// Bytes of a target that are kept.
const MOST_BYTES: usize = 2_000;
const REDACTED: &str = "[redacted]";

/// A list of texts that must not stand in a record.
#[derive(Debug, Default)]
pub(super) struct Redaction {
    /// In lower case.
    texts: Vec<String>,
}

impl Redaction {
    pub(super) fn new(texts: &[String]) -> Redaction {
        let mut texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        // why the longest first: of two that overlap the longer one must not be left in part
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Redaction { texts }
    }

    /// `text` as it may be kept.
    pub(super) fn apply(&self, text: &Arc<str>) -> Arc<str> {
        if self.texts.is_empty() && text.len() <= MOST_BYTES {
            return Arc::clone(text);
        }
        let mut kept = text.to_string();
        for wanted in &self.texts {
            kept = without(&kept, wanted);
        }
        if kept.len() > MOST_BYTES {
            kept.truncate(kept.floor_char_boundary(MOST_BYTES));
            kept.push_str("...");
        }
        kept.into()
    }
}

/// `text` with every place that is `wanted`, in any case, replaced.
fn without(text: &str, wanted: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(length) = begins(rest, wanted) {
            kept.push_str(REDACTED);
            rest = &rest[length..];
        } else {
            let first = rest.chars().next().map_or(1, char::len_utf8);
            kept.push_str(&rest[..first]);
            rest = &rest[first..];
        }
    }
    kept
}

/// How many bytes of `text` are `wanted`, which is in lower case; `None` when it begins otherwise. By characters, because
/// the lower case of some has another length.
fn begins(text: &str, wanted: &str) -> Option<usize> {
    let mut left = wanted;
    for (at, character) in text.char_indices() {
        if left.is_empty() {
            return Some(at);
        }
        for lower in character.to_lowercase() {
            left = left.strip_prefix(lower)?;
        }
    }
    left.is_empty().then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_the_list_is_replaced_in_any_case() {
        let redaction = Redaction::new(&["Anna".into(), "anna meier".into(), "ß".into(), "İ".into()]);
        for (text, kept) in [
            ("anna", "[redacted]"),
            ("ANNA Meier and Annas", "[redacted] and [redacted]s"),
            ("Hans", "Hans"),
            ("Straße", "Stra[redacted]e"),
            ("İ", "[redacted]"),
            ("", ""),
        ] {
            assert_eq!(&*redaction.apply(&text.into()), kept);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text: Arc<str> = format!("{}ä", "x".repeat(MOST_BYTES - 1)).into();
        assert_eq!(&*Redaction::default().apply(&text), format!("{}...", "x".repeat(MOST_BYTES - 1)));
        let short: Arc<str> = "short".into();
        assert!(Arc::ptr_eq(&Redaction::default().apply(&short), &short));
    }
}
