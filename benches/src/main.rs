//! Measures the backends through their public traits, beside what one would use instead: `cargo xtask bench`.
//!
//! A row is one question. Its contenders run in the same process, in rounds, one after the other in each round; what is
//! judged is the median of the ratios of each round, since absolute rates move with whatever else the machine does.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool")]

mod contenders;
mod measure;
mod plot;
mod progress;
mod report;
mod row;
mod rows;
mod sample;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use measure::Effort;
use report::Report;
use row::Row;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Measures the backends beside what one would use instead; fails if a row is below its gate.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench", version)]
struct Arguments {
    /// Only rows whose number, or part of whose name, is this; several with commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Only runs in whose name this is, to be looked at by a profiler; nothing is compared with what does not run
    #[arg(long, value_name = "NAME")]
    run: Option<String>,
    /// Three short rounds: enough to see that it works, not to compare numbers
    #[arg(long)]
    quick: bool,
    /// How many rounds, unless it is quick
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(5..))]
    rounds: u32,
    /// Also writes every round there, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also draws the ratios of rates: FILE-light.svg and FILE-dark.svg
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Draws what an earlier run has written there as JSON, and measures nothing
    #[arg(long, value_name = "FILE", requires = "plot", conflicts_with_all = ["only", "quick", "json", "list"])]
    from: Option<PathBuf>,
    /// Names the rows and runs none
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether every row reaches its gate.
fn run(arguments: &Arguments) -> Result<bool> {
    if let (Some(measured), Some(place)) = (&arguments.from, &arguments.plot) {
        let report = fs::read_to_string(measured)
            .map_err(|cause| format!("cannot read {}: {cause}", measured.display()))?;
        plot::write(&report, place)?;
        return Ok(true);
    }
    let mut rows = chosen(rows::all(), &arguments.only)?;
    if let Some(name) = &arguments.run {
        rows = rows.into_iter().filter_map(|row| row.with_runs(name)).collect();
    }
    if arguments.list {
        rows.iter().for_each(|row| println!("{:>8}  {:<24} {}", row.id, row.name, row.about));
        return Ok(true);
    }
    let effort = if arguments.quick { Effort::quick() } else { Effort::full(arguments.rounds) };
    let results = measure::all(rows, effort, |so_far| match &arguments.json {
        // After each row, so that nothing is lost of a run that is ended.
        Some(path) => fs::write(path, Report::new(effort, so_far).to_json() + "\n")
            .map_err(|cause| format!("cannot write {}: {cause}", path.display()).into()),
        None => Ok(()),
    })?;
    let report = Report::new(effort, &results);
    println!("{}", report.table());
    if let Some(place) = &arguments.plot {
        plot::write(&report.to_json(), place)?;
    }
    Ok(report.below_gate() == 0 && report.not_measured() == 0)
}

fn chosen(rows: Vec<Row>, only: &[String]) -> Result<Vec<Row>> {
    if only.is_empty() {
        return Ok(rows);
    }
    let is_asked_for = |row: &Row, word: &String| row.id == word || row.name.contains(word.as_str());
    if let Some(unknown) = only.iter().find(|word| !rows.iter().any(|row| is_asked_for(row, word))) {
        return Err(format!("no row is called `{unknown}`; `--list` names them all").into());
    }
    Ok(rows.into_iter().filter(|row| only.iter().any(|word| is_asked_for(row, word))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_chosen_by_number_and_by_part_of_their_name() {
        let only = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            chosen(rows::all(), &words).map(|rows| rows.iter().map(|row| row.id).collect::<Vec<_>>())
        };
        assert_eq!(only(&["14"]).unwrap(), ["14"]);
        assert!(only(&["mem.ack"]).unwrap().len() > 2);
        assert!(only(&["nothing"]).is_err());
    }

    #[test]
    fn claims_name_contenders_of_their_row() {
        for row in rows::all() {
            for claim in &row.claims {
                let names = std::iter::once(claim.of).chain(claim.against);
                for name in names {
                    assert!(
                        row.contenders.iter().any(|contender| contender.name == name),
                        "{} {name}",
                        row.id
                    );
                }
            }
        }
    }
}
