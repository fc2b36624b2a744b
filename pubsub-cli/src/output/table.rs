//! Rows under a header: [`Table`].

use std::fmt;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table as Grid};

use super::STRONG;
use super::visible;

/// On which side a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows under a header, without rules: to be read, and to be cut by `awk`.
pub(crate) struct Table(Grid);

impl Table {
    pub(crate) fn new(columns: &[(&str, Align)]) -> Self {
        let mut grid = Grid::new();
        grid.load_style(NOTHING).set_header(columns.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        for (column, (_, align)) in grid.column_iter_mut().zip(columns) {
            column.set_padding((0, 2));
            if *align == Align::Right {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self(grid)
    }

    /// A table of names and values, without a header.
    pub(crate) fn of_facts(facts: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut grid = Grid::new();
        grid.load_style(NOTHING);
        for (name, value) in facts {
            grid.add_row([visible::line(&name), visible::line(&value)]);
        }
        for column in grid.column_iter_mut() {
            column.set_padding((0, 2));
        }
        Self(grid)
    }

    /// Text from a broker is made visible.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.0.add_row(cells.into_iter().map(|cell| visible::line(&cell).into_owned()).collect::<Vec<_>>());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_header = self.0.header().is_some();
        for (number, line) in self.0.lines().enumerate() {
            let line = line.trim_end();
            if has_header && number == 0 {
                writeln!(f, "{STRONG}{line}{STRONG:#}")?;
            } else {
                writeln!(f, "{line}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_and_the_header_is_strong() {
        let mut table = Table::new(&[("STREAM", Align::Left), ("MESSAGES", Align::Right)]);
        table.row(["RIDE".to_owned(), "17".to_owned()]);
        table.row(["A\u{1b}[2J".to_owned(), "1000".to_owned()]);
        let text = anstream::adapter::strip_str(&table.to_string()).to_string();
        assert_eq!(text, "STREAM      MESSAGES\nRIDE              17\nA\\u{1b}[2J      1000\n");
        assert!(table.to_string().starts_with('\u{1b}'));
    }

    #[test]
    fn facts_have_no_header() {
        let facts = [("stream".to_owned(), "RIDE".to_owned()), ("messages".to_owned(), "3".to_owned())];
        assert_eq!(Table::of_facts(facts).to_string(), "stream    RIDE\nmessages  3\n");
    }
}
