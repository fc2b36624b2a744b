//! What came of a comparison: [`DifferentialReport`].

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

use super::lane::Difference;
use super::observation::Observation;
use super::sequence::Sequence;
use super::tally::{Count, Tally};

/// What a comparison of two backends found and tried.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DifferentialReport {
    /// The side that is right by definition.
    pub reference: String,
    /// The side that is judged.
    pub subject: String,
    /// How many sequences were compared to their end.
    pub runs: u64,
    /// Sequences that could not be judged, by reason: mostly a burst of operations that the machine was too slow for.
    pub discarded: BTreeMap<String, u64>,
    /// Sequences that differed once and not again.
    pub not_reproduced: Vec<DifferenceReport>,
    /// Sequences that differ, shrunk.
    pub differences: Vec<DifferenceReport>,
    /// What the sequences that do not differ consisted of.
    pub tally: Tally,
}

impl DifferentialReport {
    /// How many operations the sequences had that do not differ.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.tally.operations().iter().map(|count| count.count).sum()
    }

    /// How often each kind of operation, of answer and of refusal occurred, as three tables, and a summary.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = format!(
            "{}\n\n{}\n\n{}\n",
            counted("operation", &self.tally.operations()),
            counted("answer", &self.tally.answers()),
            counted("refusal", &self.tally.refusals())
        );
        let operations = self.operations();
        let discarded: u64 = self.discarded.values().sum();
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n{} beside {}: {} sequences with {operations} operations are the same, {} differ, {} differed once and not \
             again, {discarded} discarded",
            self.subject,
            self.reference,
            self.runs,
            self.differences.len(),
            self.not_reproduced.len(),
        );
        for (reason, count) in &self.discarded {
            let _ = write!(text, "\ndiscarded {count}: {reason}");
        }
        text
    }
}

fn counted(what: &str, counts: &[Count]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header([what, "count", "%"]);
    for count in counts {
        table.add_row([count.kind.clone(), count.count.to_string(), format!("{:.1}", count.percent)]);
    }
    table
}

/// A sequence on which the sides differ. `Display` shows all of it, with both sides where they part.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DifferenceReport {
    /// From which the sequence is made again.
    pub seed: u64,
    /// How many operations the sequence had before it was shrunk.
    pub original_length: usize,
    /// What is done, in words. The last one shows the difference, or the look at everything after it.
    pub operations: Vec<String>,
    reference: Side,
    subject: Side,
    before: Vec<Observation>,
}

#[derive(Debug, Clone)]
struct Side {
    name: String,
    lines: Vec<String>,
}

impl DifferenceReport {
    pub(super) fn new(
        names: (&str, &str),
        original_length: usize,
        sequence: &Sequence,
        difference: Difference,
    ) -> Self {
        let side =
            |name: &str, observation: Observation| Side { name: name.to_owned(), lines: observation.lines };
        Self {
            seed: sequence.seed,
            original_length,
            operations: sequence.operations.iter().map(ToString::to_string).collect(),
            reference: side(names.0, difference.reference),
            subject: side(names.1, difference.subject),
            before: difference.before,
        }
    }
}

impl DifferenceReport {
    /// What the operation showed on which the sides part; lines that differ twice, each with its side.
    #[must_use]
    pub fn parting(&self) -> String {
        let mut text = String::new();
        let lines = self.reference.lines.len().max(self.subject.lines.len());
        for at in 0..lines {
            let (one, other) = (self.reference.lines.get(at), self.subject.lines.get(at));
            let shown = |line: Option<&String>| line.map_or("(nothing)", String::as_str).to_owned();
            let (one, other) = (shown(one), shown(other));
            // Writing to a string cannot fail.
            let _ = if one == other {
                writeln!(text, "       {one}")
            } else {
                let (reference, subject) = (&self.reference.name, &self.subject.name);
                writeln!(text, "   --> {reference}: {one}\n   --> {subject}: {other}")
            };
        }
        text
    }
}

impl fmt::Display for DifferenceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seed {}: {} operations, shrunk from {}",
            self.seed,
            self.operations.len(),
            self.original_length
        )?;
        for (at, operation) in self.operations.iter().enumerate() {
            writeln!(f, "{:>3}  {operation}", at + 1)?;
            let seen = self.before.get(at).map_or(&[][..], |seen| &seen.lines);
            seen.iter().try_for_each(|line| writeln!(f, "       {line}"))?;
        }
        if self.before.len() >= self.operations.len() {
            writeln!(f, "     look at everything")?;
        }
        f.write_str(&self.parting())
    }
}
