//! Lua's patterns over bytes: matches and captures.
//!
//! Follows the algorithm of Lua 5.4's lstrlib.c (reference manual, 6.4.1), and its messages.
//! Leaves to others: all that touches a Lua state.
//!
//! Invariants: about [`STEPS_BETWEEN_POLLS`] tests of a character at most lie between two polls, and what a poll raises
//! ends the call; recursion is bounded.

/// One is a test of a character, or a turn of a loop.
const STEPS_BETWEEN_POLLS: usize = 1_000;
/// As many bytes are copied in the time of one step.
pub(super) const BYTES_PER_STEP: usize = 64;
/// Bytes looked at before they are counted as steps.
const WINDOW: usize = 256;
/// Depth of recursion and number of captures, both as in Lua.
const MOST_DEPTH: usize = 200;
const MOST_CAPTURES: usize = 32;

/// Why a call ends without an answer.
pub(super) enum Failure<E> {
    /// The message of an error for the script.
    Script(String),
    /// From the poll, or from mlua; passes through.
    Stop(E),
}

/// Boxed, because the matcher returns one at every level, and small ones make it faster.
pub(super) type Outcome<T, E> = Result<T, Box<Failure<E>>>;
/// Asked whether to go on; its error ends the call.
pub(super) type Poll<'a, E> = &'a mut dyn FnMut() -> Result<(), E>;

/// An error for the script.
pub(super) fn fail<T, E>(message: impl Into<String>) -> Outcome<T, E> {
    Err(Box::new(Failure::Script(message.into())))
}

/// How far a capture has come.
#[derive(Clone, Copy, PartialEq)]
enum Extent {
    Open,
    Closed(usize),
    Position,
}

/// What a capture gives: text, or a position counted from 1.
#[derive(Debug, PartialEq)]
pub(super) enum Captured<'a> {
    Text(&'a [u8]),
    Position(usize),
}

/// One subject, one pattern, and the captures of the last match. Positions are offsets from 0.
pub(super) struct Matcher<'a, E> {
    pub(super) subject: &'a [u8],
    pattern: &'a [u8],
    /// Whether a match has to begin where the search does.
    pub(super) anchored: bool,
    captures: Vec<(usize, Extent)>,
    depth: usize,
    /// Steps until the next poll.
    steps: usize,
    poll: Poll<'a, E>,
}

impl<'a, E> Matcher<'a, E> {
    pub(super) fn new(subject: &'a [u8], pattern: &'a [u8], poll: Poll<'a, E>) -> Self {
        Self {
            subject,
            pattern,
            anchored: false,
            captures: Vec::new(),
            depth: MOST_DEPTH,
            steps: STEPS_BETWEEN_POLLS,
            poll,
        }
    }

    /// As `new`, where `^` at the start of the pattern is an anchor.
    pub(super) fn with_anchor(subject: &'a [u8], pattern: &'a [u8], poll: Poll<'a, E>) -> Self {
        match pattern.strip_prefix(b"^") {
            Some(rest) => Self { anchored: true, ..Self::new(subject, rest, poll) },
            None => Self::new(subject, pattern, poll),
        }
    }

    /// Counts work, and polls when it is time.
    #[inline]
    pub(super) fn spend(&mut self, steps: usize) -> Outcome<(), E> {
        if self.steps > steps {
            self.steps -= steps;
            return Ok(());
        }
        self.steps = STEPS_BETWEEN_POLLS;
        (self.poll)().map_err(|error| Box::new(Failure::Stop(error)))
    }

    /// Start and end of the first match from `from` on that does not end at `last`, where the one before it ended.
    pub(super) fn search(&mut self, from: usize, last: Option<usize>) -> Outcome<Option<(usize, usize)>, E> {
        let furthest = if self.anchored { from } else { self.subject.len() };
        for start in from..=furthest {
            self.captures.clear();
            self.depth = MOST_DEPTH;
            match self.run(start, 0)? {
                Some(end) if Some(end) != last => return Ok(Some((start, end))),
                _ => {}
            }
        }
        Ok(None)
    }

    /// The end of a match of the pattern from `item` on, at `at`.
    fn run(&mut self, mut at: usize, mut item: usize) -> Outcome<Option<usize>, E> {
        if self.depth == 0 {
            return fail("pattern too complex");
        }
        self.depth -= 1;
        let pattern = self.pattern;
        let end = loop {
            self.spend(1)?;
            match pattern[item..] {
                [] => break Some(at),
                [b'(', b')', ..] => break self.open(at, item + 2, Extent::Position)?,
                [b'(', ..] => break self.open(at, item + 1, Extent::Open)?,
                [b')', ..] => break self.close(at, item + 1)?,
                [b'$'] => break (at == self.subject.len()).then_some(at),
                [b'%', b'b', ..] => match self.balanced(at, item + 2)? {
                    Some(after) => (at, item) = (after, item + 4),
                    None => break None,
                },
                [b'%', b'f', ..] => match self.frontier(at, item + 2)? {
                    Some(after) => item = after,
                    None => break None,
                },
                [b'%', digit @ b'0'..=b'9', ..] => match self.repeated(at, digit)? {
                    Some(after) => (at, item) = (after, item + 2),
                    None => break None,
                },
                _ => {
                    let after = self.item_end(item)?;
                    match (self.single(at, item, after)?, pattern.get(after)) {
                        (true, Some(b'?')) => match self.run(at + 1, after + 1)? {
                            Some(end) => break Some(end),
                            None => item = after + 1,
                        },
                        (true, Some(b'+')) => break self.longest(at + 1, item, after)?,
                        (true, Some(b'*')) => break self.longest(at, item, after)?,
                        (true, Some(b'-')) => break self.shortest(at, item, after)?,
                        (true, _) => (at, item) = (at + 1, after),
                        (false, Some(b'*' | b'?' | b'-')) => item = after + 1,
                        (false, _) => break None,
                    }
                }
            }
        };
        self.depth += 1;
        Ok(end)
    }

    fn longest(&mut self, from: usize, item: usize, after: usize) -> Outcome<Option<usize>, E> {
        let mut at = self.skip(from, item, after)?;
        loop {
            match self.run(at, after + 1)? {
                None if at > from => at -= 1,
                end => return Ok(end),
            }
        }
    }

    /// The first offset from `at` on where the item does not match. Goes by windows, so as not to count each byte.
    fn skip(&mut self, mut at: usize, item: usize, after: usize) -> Outcome<usize, E> {
        loop {
            let rest = &self.subject[at..];
            let window = &rest[..rest.len().min(WINDOW)];
            let alike = match self.pattern[item..] {
                [b'.', ..] => window.len(),
                [b'%', class, ..] => window.iter().take_while(|byte| in_class(**byte, class)).count(),
                [b'[', ..] => {
                    let mut alike = 0;
                    while alike < window.len() && self.in_set(window[alike], item, after)? {
                        alike += 1;
                    }
                    alike
                }
                _ => window.iter().take_while(|byte| **byte == self.pattern[item]).count(),
            };
            self.spend(alike + 1)?;
            at += alike;
            if alike < WINDOW {
                return Ok(at);
            }
        }
    }

    fn shortest(&mut self, mut at: usize, item: usize, after: usize) -> Outcome<Option<usize>, E> {
        loop {
            match self.run(at, after + 1)? {
                None if self.single(at, item, after)? => at += 1,
                end => return Ok(end),
            }
        }
    }

    fn open(&mut self, at: usize, item: usize, extent: Extent) -> Outcome<Option<usize>, E> {
        if self.captures.len() == MOST_CAPTURES {
            return fail("too many captures");
        }
        self.captures.push((at, extent));
        let end = self.run(at, item)?;
        if end.is_none() {
            self.captures.pop();
        }
        Ok(end)
    }

    fn close(&mut self, at: usize, item: usize) -> Outcome<Option<usize>, E> {
        let Some(index) = self.captures.iter().rposition(|&(_, extent)| extent == Extent::Open) else {
            return fail("invalid pattern capture");
        };
        self.captures[index].1 = Extent::Closed(at);
        let end = self.run(at, item)?;
        if end.is_none() {
            self.captures[index].1 = Extent::Open;
        }
        Ok(end)
    }

    /// `%bxy`; `item` is at the x.
    fn balanced(&mut self, at: usize, item: usize) -> Outcome<Option<usize>, E> {
        let [opening, closing, ..] = self.pattern[item..] else {
            return fail("malformed pattern (missing arguments to '%b')");
        };
        if self.subject.get(at) != Some(&opening) {
            return Ok(None);
        }
        let mut unclosed = 1_usize;
        for next in at + 1..self.subject.len() {
            self.spend(1)?;
            let byte = self.subject[next];
            if byte == closing {
                unclosed -= 1;
                if unclosed == 0 {
                    return Ok(Some(next + 1));
                }
            } else if byte == opening {
                unclosed += 1;
            }
        }
        Ok(None)
    }

    /// `%f[set]`; `item` is at the set. Both ends of the subject count as a zero byte.
    fn frontier(&mut self, at: usize, item: usize) -> Outcome<Option<usize>, E> {
        if self.pattern.get(item) != Some(&b'[') {
            return fail("missing '[' after '%f' in pattern");
        }
        let after = self.item_end(item)?;
        let before = if at == 0 { 0 } else { self.subject[at - 1] };
        let next = self.subject.get(at).copied().unwrap_or(0);
        let crossed = !self.in_set(before, item, after)? && self.in_set(next, item, after)?;
        Ok(crossed.then_some(after))
    }

    /// `%1` to `%9`, the text of a capture once more.
    fn repeated(&mut self, at: usize, digit: u8) -> Outcome<Option<usize>, E> {
        let capture = digit.checked_sub(b'1').and_then(|index| self.captures.get(usize::from(index)));
        let (start, end) = match capture {
            Some(&(start, Extent::Closed(end))) => (start, end),
            Some((_, Extent::Position)) => return Ok(None),
            None | Some((_, Extent::Open)) => return fail(format!("invalid capture index %{}", char::from(digit))),
        };
        self.spend(end - start)?;
        Ok(self.subject[at..].starts_with(&self.subject[start..end]).then_some(at + end - start))
    }

    /// Where the single-character item at `item` ends; a quantifier may follow there.
    #[inline]
    fn item_end(&mut self, item: usize) -> Outcome<usize, E> {
        match self.pattern[item..] {
            [b'%'] => fail("malformed pattern (ends with '%')"),
            [b'%', ..] => Ok(item + 2),
            [b'[', ..] => self.set_end(item),
            _ => Ok(item + 1),
        }
    }

    fn set_end(&mut self, item: usize) -> Outcome<usize, E> {
        let mut next = item + 1 + usize::from(self.pattern.get(item + 1) == Some(&b'^'));
        loop {
            self.spend(1)?;
            next += match self.pattern.get(next) {
                None => return fail("malformed pattern (missing ']')"),
                Some(b'%') => 2,
                Some(_) => 1,
            };
            // why after the first turn: a ']' at the start of a set is one of its characters
            if self.pattern.get(next) == Some(&b']') {
                return Ok(next + 1);
            }
        }
    }

    #[inline]
    fn single(&mut self, at: usize, item: usize, after: usize) -> Outcome<bool, E> {
        let Some(&byte) = self.subject.get(at) else { return Ok(false) };
        self.spend(1)?;
        match self.pattern[item] {
            b'.' => Ok(true),
            b'%' => Ok(in_class(byte, self.pattern[item + 1])),
            b'[' => self.in_set(byte, item, after),
            literal => Ok(byte == literal),
        }
    }

    fn in_set(&mut self, byte: u8, item: usize, after: usize) -> Outcome<bool, E> {
        let set = &self.pattern[item + 1..after - 1];
        let (wanted, mut rest) = set.strip_prefix(b"^").map_or((true, set), |rest| (false, rest));
        loop {
            self.spend(1)?;
            let hit;
            (hit, rest) = match rest {
                [] => return Ok(!wanted),
                // as in Lua: in "[+-%%]" the range takes the first '%', and the second then escapes the ']'
                [b'%'] => (byte == b']', &[][..]),
                [b'%', class, rest @ ..] => (in_class(byte, *class), rest),
                [low, b'-', high, rest @ ..] => ((*low..=*high).contains(&byte), rest),
                [literal, rest @ ..] => (byte == *literal, rest),
            };
            if hit {
                return Ok(wanted);
            }
        }
    }

    /// How many captures the last match has.
    pub(super) fn captures(&self) -> usize {
        self.captures.len()
    }

    /// A capture of the match from `start` to `end`; without captures the first is the whole match.
    pub(super) fn capture(&mut self, index: usize, start: usize, end: usize) -> Outcome<Captured<'a>, E> {
        let (start, end) = match self.captures.get(index) {
            Some((at, Extent::Position)) => return Ok(Captured::Position(at + 1)),
            Some(&(start, Extent::Closed(end))) => (start, end),
            Some((_, Extent::Open)) => return fail("unfinished capture"),
            None if index == 0 => (start, end),
            None => return fail(format!("invalid capture index %{}", index + 1)),
        };
        // it is going to be copied
        self.spend((end - start) / BYTES_PER_STEP)?;
        Ok(Captured::Text(&self.subject[start..end]))
    }
}

fn in_class(byte: u8, class: u8) -> bool {
    let inside = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'g' => byte.is_ascii_graphic(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => matches!(byte, b' ' | b'\t'..=b'\r'),
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        b'z' => byte == 0,
        _ => return byte == class,
    };
    inside != class.is_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Start and end as offsets and the captures, `@` before a position; or the message.
    fn found(subject: impl AsRef<[u8]>, pattern: &str) -> String {
        let mut poll = || Ok(());
        let mut matcher = Matcher::<()>::with_anchor(subject.as_ref(), pattern.as_bytes(), &mut poll);
        let mut found = || -> Outcome<String, ()> {
            let Some((start, end)) = matcher.search(0, None)? else { return Ok("none".into()) };
            let mut found = format!("{start} {end}");
            for index in 0..matcher.captures() {
                found += &match matcher.capture(index, start, end)? {
                    Captured::Text(text) => format!(" {}", text.escape_ascii()),
                    Captured::Position(position) => format!(" @{position}"),
                };
            }
            Ok(found)
        };
        found().unwrap_or_else(|failure| match *failure {
            Failure::Script(message) => message,
            Failure::Stop(()) => "stopped".into(),
        })
    }

    #[test]
    fn quantifiers_take_as_much_or_as_little_as_those_of_lua() {
        for (subject, pattern, expected) in [
            ("aaab", "a*", "0 3"),
            ("aaab", "a-b", "0 4"),
            ("aaab", "a-", "0 0"),
            ("xab", "a?b", "1 3"),
            ("xb", "a+b", "none"),
            ("ab", "^b", "none"),
            ("a$b", "$b", "1 3"),
            (&"a".repeat(600), "a*$", "0 600"),
        ] {
            assert_eq!(found(subject, pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn sets_and_classes_are_those_of_the_c_locale() {
        for (subject, pattern, expected) in [
            (&b"x-]"[..], "[]-]+", "1 3"),
            (b"a^b", "[b^]+", "1 3"),
            (b"09afG", "[^%X]+", "0 4"),
            (b"a\x0bb", "%s", "1 2"),
            (b"]", "[+-%%]", "0 1"),
            (b"\xE9", "%a", "none"),
            (b"a\0b", "\0", "1 2"),
        ] {
            assert_eq!(found(subject, pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn captures_are_text_or_positions() {
        assert_eq!(found("k=v", "(%w)()=(%w)"), "0 3 k @2 v");
        assert_eq!(found("say 'it' or \"it\"", "([\"']).-%1"), r"4 8 \'");
        assert_eq!(found("f(a(b)c) d", "%b()"), "1 8");
        assert_eq!(found("THE (quick) fox", "%f[%a]%a+%f[%A]"), "0 3");
    }

    #[test]
    fn malformed_patterns_are_named_as_lua_names_them() {
        for (pattern, expected) in [
            ("%", "malformed pattern (ends with '%')"),
            ("[%]", "malformed pattern (missing ']')"),
            ("%b(", "malformed pattern (missing arguments to '%b')"),
            ("%fa", "missing '[' after '%f' in pattern"),
            ("a)", "invalid pattern capture"),
            ("(a", "unfinished capture"),
            ("(a%1)", "invalid capture index %1"),
            ("%0", "invalid capture index %0"),
            (&"()".repeat(33), "too many captures"),
            (&"a?".repeat(200), "pattern too complex"),
        ] {
            assert_eq!(found("a".repeat(300), pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn a_poll_ends_a_match_that_would_take_years() {
        let (subject, pattern) = ("a".repeat(40_000), ".-".repeat(30) + "b");
        let mut polls = 0;
        let mut poll = || {
            polls += 1;
            if polls == 100 { Err(()) } else { Ok(()) }
        };
        let found = Matcher::new(subject.as_bytes(), pattern.as_bytes(), &mut poll).search(0, None);
        assert!(found.is_err_and(|failure| matches!(*failure, Failure::Stop(()))));
        assert_eq!(polls, 100);
    }
}
