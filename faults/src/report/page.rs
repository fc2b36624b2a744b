//! The page of the documentation: what is promised, and what was measured.

use std::fmt::Write as _;

use super::{Report, table};
use crate::load::Driver;

/// What stands before the figures.
const INTRODUCTION: &str = include_str!("introduction.md");

pub(super) fn of(report: &Report) -> String {
    let mut page = format!(
        "{INTRODUCTION}\n## Scenarios and targets\n\n| scenario | what happens | targets |\n|---|---|---|\n"
    );
    let ours = || report.rows.iter().filter(|row| row.driver == Driver::Ours);
    for row in ours() {
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "| `{}` | {} ({} s) | {} |",
            row.scenario,
            row.about,
            row.seconds,
            row.targets.join("; ")
        );
    }
    let _ = write!(page, "\n## Measured\n\n{}\n\n{}\n", machine(report), table::of(&report.rows));
    let missed = report.missed();
    if missed.is_empty() {
        page.push_str("\nEvery target was reached.\n");
    } else {
        page.push_str("\nTargets that were missed:\n\n");
        missed.iter().for_each(|line| page.push_str(&format!("- {line}\n")));
    }
    page
}

fn machine(report: &Report) -> String {
    let machine = &report.machine;
    let server = report.rows.first().map_or("", |row| row.server.as_str());
    format!(
        "nats-server {server}, async-nats {}, {} cores{}, {} on {}, {}.",
        machine.async_nats,
        machine.cores,
        machine.processor.as_ref().map(|name| format!(" ({name})")).unwrap_or_default(),
        machine.system,
        machine.architecture,
        if machine.optimised { "built with optimisation" } else { "built without optimisation" },
    )
}
