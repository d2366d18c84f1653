//! The text that replacing the matches of a pattern by a string gives.
//!
//! Leaves to others: finding the matches (`matcher`), replacing by what a table or a function gives (the shim).
//!
//! Invariant: a text never grows beyond [`MOST_RESULT_BYTES`], and building it polls as matching does.

use super::matcher::{BYTES_PER_STEP, Captured, Matcher, Outcome, fail};

/// Lua does not count a text while it is being built.
pub(super) const MOST_RESULT_BYTES: usize = 64 << 20;

/// The subject with up to `limit` matches replaced, and their number; no text if there was none.
pub(super) fn replaced<E>(
    matcher: &mut Matcher<'_, E>,
    replacement: &[u8],
    limit: i64,
) -> Outcome<(Option<Vec<u8>>, i64), E> {
    let subject = matcher.subject;
    let (mut text, mut count, mut last) = (Vec::new(), 0, None);
    while count < limit && !(matcher.anchored && count > 0) {
        let copied = last.unwrap_or(0);
        let Some((start, end)) = matcher.search(copied, last)? else { break };
        append(matcher, &mut text, &subject[copied..start])?;
        expand(matcher, &mut text, replacement, (start, end))?;
        (last, count) = (Some(end), count + 1);
    }
    let Some(copied) = last else { return Ok((None, 0)) };
    append(matcher, &mut text, &subject[copied..])?;
    Ok((Some(text), count))
}

fn expand<E>(
    matcher: &mut Matcher<'_, E>,
    text: &mut Vec<u8>,
    replacement: &[u8],
    (start, end): (usize, usize),
) -> Outcome<(), E> {
    let mut rest = replacement;
    while let Some(mark) = memchr::memchr(b'%', rest) {
        append(matcher, text, &rest[..mark])?;
        match rest.get(mark + 1) {
            Some(b'%') => append(matcher, text, b"%")?,
            Some(b'0') => append(matcher, text, &matcher.subject[start..end])?,
            Some(digit @ b'1'..=b'9') => match matcher.capture(usize::from(digit - b'1'), start, end)? {
                Captured::Text(capture) => append(matcher, text, capture)?,
                Captured::Position(position) => append(matcher, text, position.to_string().as_bytes())?,
            },
            _ => return fail("invalid use of '%' in replacement string"),
        }
        rest = &rest[mark + 2..];
    }
    append(matcher, text, rest)
}

fn append<E>(matcher: &mut Matcher<'_, E>, text: &mut Vec<u8>, piece: &[u8]) -> Outcome<(), E> {
    matcher.spend(1 + piece.len() / BYTES_PER_STEP)?;
    if text.len() + piece.len() > MOST_RESULT_BYTES {
        return fail("resulting string too large");
    }
    text.extend_from_slice(piece);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::matcher::Failure;
    use super::*;

    fn result(subject: &str, pattern: &str, replacement: &str, limit: i64) -> String {
        let mut poll = || Ok(());
        let mut matcher = Matcher::<()>::with_anchor(subject.as_bytes(), pattern.as_bytes(), &mut poll);
        match replaced(&mut matcher, replacement.as_bytes(), limit) {
            Ok((None, count)) => format!("unchanged {count}"),
            Ok((Some(text), count)) => format!("{} {count}", text.escape_ascii()),
            Err(failure) => match *failure {
                Failure::Script(message) => message,
                Failure::Stop(()) => "stopped".into(),
            },
        }
    }

    #[test]
    fn an_empty_match_is_not_repeated_where_a_match_ended() {
        assert_eq!(result("abc", "%w*", "<%0>", 9), "<abc> 1");
        assert_eq!(result("ab", "", "-", 9), "-a-b- 3");
        assert_eq!(result("ab", "", "-", 0), "unchanged 0");
        assert_eq!(result("abc d", "b*", "x", 9), "xaxcx xdx 5");
    }

    #[test]
    fn a_percent_sign_means_a_capture_or_itself() {
        assert_eq!(result("aaa", "^a", "%%%1", 9), "%aaa 1");
        assert_eq!(result("a b", "()(%w)", "%2%1", 1), "a1 b 1");
        assert_eq!(result("a", "a", "%", 9), "invalid use of '%' in replacement string");
        assert_eq!(result("a", "a", "%2", 9), "invalid capture index %2");
        // nobody asks for the capture that is not finished
        assert_eq!(result("a", "(a", "x", 9), "x 1");
    }

    #[test]
    fn a_result_beyond_the_bound_is_refused() {
        assert_eq!(result(&"a".repeat(1 << 20), "a", &"b".repeat(65), i64::MAX), "resulting string too large");
    }
}
