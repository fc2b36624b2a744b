//! The report as text.

use std::fmt::{Display, Formatter, Result};

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use super::Report;

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "{}", self.streams_table())?;
        writeln!(f, "{}", self.consumers_table())?;
        let input = self.input;
        writeln!(f, "input: {} lines, {} published, {} broken", input.lines, input.published, input.broken)?;
        let faults = self.faults;
        writeln!(f, "faults: {} failed, {} hung, {} crashed", faults.failed, faults.hung, faults.crashed)?;
        if faults.unsettled > 0 {
            writeln!(f, "settlements that failed: {}", faults.unsettled)?;
        }
        for (service, summary) in &self.services {
            writeln!(f, "{service}: {summary}")?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        if self.broken.is_empty() {
            return f.write_str("all invariants hold");
        }
        for violation in &self.broken {
            writeln!(f, "BROKEN {violation}")?;
        }
        write!(f, "the run is not right: {} findings", self.broken.len())
    }
}

impl Report {
    fn streams_table(&self) -> Table {
        let mut table = table(["stream", "published", "duplicates refused", "held at the end"]);
        for row in &self.streams {
            let numbers = [row.published, row.duplicates, row.held].map(|number| number.to_string());
            table.add_row([row.stream.clone()].into_iter().chain(numbers));
        }
        numbers_to_the_right(table)
    }

    fn consumers_table(&self) -> Table {
        let mut table = table(["consumer", "delivered", "acked", "redelivered", "pending"]);
        for row in &self.consumers {
            let numbers =
                [row.delivered, row.acked, row.redelivered, row.pending].map(|number| number.to_string());
            table.add_row([row.consumer.clone()].into_iter().chain(numbers));
        }
        numbers_to_the_right(table)
    }
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header);
    table
}

fn numbers_to_the_right(mut table: Table) -> Table {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ride_sharing::proof::{Invariant, Violation};
    use crate::ride_sharing::report::{FaultCounts, InputCounts, StreamRow};

    fn report(broken: Vec<Violation>) -> Report {
        Report {
            input: InputCounts { lines: 3, published: 2, broken: 1 },
            streams: vec![StreamRow { stream: "RIDE_STREAM".into(), published: 2, duplicates: 1, held: 1 }],
            consumers: Vec::new(),
            faults: FaultCounts::default(),
            services: Vec::new(),
            notes: Vec::new(),
            broken,
        }
    }

    #[test]
    fn a_clean_report_says_so_and_exits_with_0() {
        let report = report(Vec::new());
        assert_eq!(report.exit_code(), 0);
        let text = report.to_string();
        assert!(text.contains("RIDE_STREAM") && text.contains("1 broken"), "{text}");
        assert!(text.ends_with("all invariants hold"), "{text}");
    }

    #[test]
    fn a_broken_invariant_is_named_and_exits_with_1() {
        let report = report(vec![Violation::new(Invariant::NothingLost, "a-1 never reached rides")]);
        assert_eq!(report.exit_code(), 1);
        assert!(report.to_string().contains("BROKEN nothing is lost: a-1 never reached rides"));
    }
}
