//! An error for people: the message, the source line with a caret, what is changed, and the hint.
//!
//! Leaves to others: the text of it all (the library), and which command comes next (`next.rs`).

use annotate_snippets::renderer::{DecorStyle, Renderer};
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Snippet};
use rpmadb::error::{Body, Place};

use super::note;
use super::text::{BAD, STRONG, escaped, painted};

/// More of a changed file is better seen with the files side by side.
const MOST_CHANGED_LINES: usize = 10;

pub(crate) fn print(error: &Body, next: Option<&str>) {
    let title = Level::ERROR.primary_title(escaped(&error.message));
    match shown(&error.place) {
        Some(element) => note(format_args!("{}", renderer().render(&[title.element(element)]))),
        // why not the renderer: without a place it has nothing to add, and it breaks long lines
        None => note(format_args!("{}: {}", painted(BAD, "error"), escaped(&error.message))),
    }
    for change in error.changes.iter().take(MOST_CHANGED_LINES) {
        for (sign, text) in [('-', &change.before), ('+', &change.after)] {
            if let Some(text) = text {
                note(format_args!("{:>6} {sign} {}", change.line, escaped(text)));
            }
        }
    }
    if let Some(hint) = &error.hint {
        note(format_args!("{}: {}", painted(STRONG, "hint"), escaped(hint)));
    }
    if let Some(next) = next {
        note(format_args!("{}: {next}", painted(STRONG, "next")));
    }
}

fn renderer() -> Renderer {
    Renderer::styled().decor_style(DecorStyle::Ascii)
}

/// Where it is, with the line and a caret where they are known.
fn shown(place: &Place) -> Option<Element<'static>> {
    let number = |number: Option<u32>| number.and_then(|number| usize::try_from(number).ok());
    match (&place.source_line, place.line) {
        (Some(text), Some(line)) => {
            let text = text.replace(|c: char| c.is_control() && c != '\t', "?");
            let at = number(place.column).unwrap_or(1).saturating_sub(1);
            let start = text.char_indices().nth(at).map_or(text.len(), |(start, _)| start);
            let end = text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
            let snippet = Snippet::source(text)
                .line_start(number(Some(line)).unwrap_or(1))
                .path(place.file.as_deref().map(escaped));
            Some(snippet.annotation(AnnotationKind::Primary.span(start..end)).into())
        }
        _ => {
            let origin = Origin::path(escaped(place.file.as_deref()?));
            let origin = number(place.line).map_or(origin.clone(), |line| origin.line(line));
            Some(number(place.column).map_or(origin.clone(), |column| origin.char_column(column)).into())
        }
    }
}

/// A finding at a place, each line behind `margin`.
pub(crate) fn place(margin: &str, place: &Place) {
    if let Some(element) = shown(place) {
        let rendered = renderer().render(&[Group::with_level(Level::ERROR).element(element)]);
        rendered.lines().for_each(|line| say!("{margin}{line}"));
    }
}
