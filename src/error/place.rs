//! Where in a file of the user's an error is.
//!
//! Leaves to others: finding the offset (SQLite, Lua, the scanner).
//!
//! Invariant: lines and columns count from 1, columns in characters.

use serde::Serialize;

/// Where in a file of the user's an error is: lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Place {
    /// The file's name as the user knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Which statement of the file, counting from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<u32>,
    /// The text of that line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_line: Option<String>,
    /// The migration's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// The calls that led to a line of a script, the innermost first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceback: Option<String>,
}

impl Place {
    /// Line, column and source line of a byte offset into `text`; an offset inside a character or behind the end is moved
    /// back to where a character begins.
    #[must_use]
    pub fn locate(text: &str, offset: usize) -> Place {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before[line_start..].chars().count() + 1;
        let source_line = text[line_start..].lines().next().unwrap_or("");
        Place {
            line: u32::try_from(line).ok(),
            column: u32::try_from(column).ok(),
            source_line: Some(source_line.to_owned()),
            ..Place::default()
        }
    }

    /// This place in the file `file`.
    #[must_use]
    pub fn in_file(self, file: &str) -> Place {
        Place { file: Some(file.to_owned()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one() {
        let text = "ä\nöü x\r\n";
        let found = |offset| {
            let place = Place::locate(text, offset);
            (place.line.unwrap_or(0), place.column.unwrap_or(0), place.source_line.unwrap_or_default())
        };
        assert_eq!(found(0), (1, 1, "ä".into()));
        assert_eq!(found(1), (1, 1, "ä".into()), "inside a character");
        assert_eq!(found(text.find('x').expect("there")), (2, 4, "öü x".into()));
        assert_eq!(found(999), (3, 1, String::new()));
    }
}
