//! Tables with aligned columns.
//!
//! Invariant: on a terminal a table is as wide as that and cells wrap; in a pipe every row is one line.

use std::io::IsTerminal as _;

use comfy_table::{
    Cell, CellAlignment, Color, ContentArrangement, ContentLineStyle, LineStyle, Row, Table, TableStyle,
};
use rpmadb::report::HealthStatus;

/// A line below the names of the columns, and nothing else.
const STYLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction(' '))
    .header_separator(LineStyle::none().fill('-').junction(' '))
    .content_lines(ContentLineStyle::none().junction(' '));

/// A table on its way to be printed.
pub(crate) struct Sheet(Table);

impl Sheet {
    pub(crate) fn of<T: ToString>(columns: &[T]) -> Sheet {
        let mut table = Table::new();
        table.load_style(STYLE).enforce_styling();
        table.style_text_only();
        if std::io::stdout().is_terminal() {
            table.set_content_arrangement(ContentArrangement::Dynamic);
        }
        table.set_header(columns.iter().map(|name| Cell::new(name.to_string())).collect::<Vec<_>>());
        Sheet(table)
    }

    pub(crate) fn row<T: Into<Row>>(&mut self, row: T) {
        self.0.add_row(row);
    }

    /// Prints it, the columns with these numbers aligned to the right.
    pub(crate) fn print(mut self, right: &[usize]) {
        for column in self.0.column_iter_mut() {
            column.set_padding((0, 1));
        }
        for at in right {
            if let Some(column) = self.0.column_mut(*at) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for line in self.0.lines() {
            say!("{}", line.trim_end());
        }
    }
}

/// A cell in the colour of a verdict.
pub(crate) fn coloured(text: impl ToString, status: HealthStatus) -> Cell {
    let cell = Cell::new(text.to_string());
    match status {
        HealthStatus::Ok => cell.fg(Color::Green),
        HealthStatus::Unknown => cell.fg(Color::DarkGrey),
        HealthStatus::Degraded => cell.fg(Color::Yellow),
        HealthStatus::Critical => cell.fg(Color::Red),
    }
}

/// Prints a table of texts.
pub(crate) fn table<T: ToString>(columns: &[T], rows: &[Vec<String>]) {
    let mut sheet = Sheet::of(columns);
    rows.iter().for_each(|row| sheet.row(row.clone()));
    sheet.print(&[]);
}
