//! Breaks servers and wires under a publisher and its consumers, and judges what came of it: `cargo xtask faults`.
//!
//! A scenario is one way to break things. The same load runs through it twice, over this library and over async-nats as its
//! own examples use it; the judge looks at all that was published, stored, delivered and settled. What this library promises
//! of a scenario are its targets.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool")]

mod judge;
mod load;
mod memory;
mod progress;
mod report;
mod run;
mod scenario;
mod scenarios;
mod site;
mod stage;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::Builder;

use report::Report;
use run::Effort;
use scenario::Scenario;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// How many threads run the load, as on the machine of the published table.
const WORKERS: usize = 2;

/// Breaks servers and wires under a publisher and its consumers; fails if this library misses a target.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask faults", bin_name = "cargo xtask faults", version)]
struct Arguments {
    /// Only these scenarios, by name or part of it; several with commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// How long each scenario publishes, in seconds, instead of its own time
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(4..=3600))]
    secs: Option<u64>,
    /// The short scenarios only, over this library only, with three times the time where time counts: for CI
    #[arg(long, conflicts_with = "secs")]
    quick: bool,
    /// Not over async-nats
    #[arg(long)]
    no_raw: bool,
    /// Also writes every run there, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also writes the page of the documentation there
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Names the scenarios and runs none
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("faults: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether every target was reached.
fn run(arguments: &Arguments) -> Result<bool> {
    let mut scenarios = chosen(scenarios::all(), &arguments.only)?;
    if arguments.quick && arguments.only.is_empty() {
        scenarios.retain(|scenario| scenario.quick.is_some());
    }
    if arguments.list {
        scenarios.iter().for_each(|scenario| println!("{:<18} {}", scenario.name, scenario.about));
        return Ok(true);
    }
    let effort = Effort {
        seconds: arguments.secs,
        quick: arguments.quick,
        raw: !arguments.no_raw && !arguments.quick,
    };
    let runtime = Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    let rows = runtime.block_on(run::all(scenarios, effort))?;
    let report = Report::new(rows)?;
    println!("{}", report.table());
    let missed = report.missed();
    missed.iter().for_each(|line| println!("missed: {line}"));
    if let Some(path) = &arguments.json {
        write(path, &(report.to_json() + "\n"))?;
    }
    if let Some(path) = &arguments.markdown {
        write(path, &report.page())?;
    }
    Ok(missed.is_empty())
}

fn write(path: &Path, text: &str) -> Result<()> {
    Ok(fs::write(path, text).map_err(|cause| format!("cannot write {}: {cause}", path.display()))?)
}

fn chosen(scenarios: Vec<Scenario>, only: &[String]) -> Result<Vec<Scenario>> {
    if only.is_empty() {
        return Ok(scenarios);
    }
    let exact = |word: &str| scenarios.iter().any(|scenario| scenario.name == word);
    let is_asked_for = |scenario: &Scenario, word: &String| {
        if exact(word) { scenario.name == word } else { scenario.name.contains(word.as_str()) }
    };
    if let Some(unknown) = only.iter().find(|word| !scenarios.iter().any(|one| is_asked_for(one, word))) {
        return Err(format!("no scenario is called `{unknown}`; `--list` names them all").into());
    }
    let kept: Vec<bool> =
        scenarios.iter().map(|scenario| only.iter().any(|word| is_asked_for(scenario, word))).collect();
    Ok(scenarios.into_iter().zip(kept).filter_map(|(scenario, keep)| keep.then_some(scenario)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(only: &[&str]) -> Result<Vec<&'static str>> {
        let words: Vec<String> = only.iter().map(|word| (*word).to_owned()).collect();
        Ok(chosen(scenarios::all(), &words)?.iter().map(|scenario| scenario.name).collect())
    }

    #[test]
    fn scenarios_are_chosen_by_name_and_by_part_of_it() {
        assert_eq!(names(&["kill", "reset"]).unwrap(), ["kill", "reset"]);
        assert_eq!(names(&["deleted"]).unwrap().len(), 2);
        assert!(names(&["nothing"]).is_err());
    }

    #[test]
    fn every_scenario_has_a_name_of_its_own_and_a_target() {
        let all = scenarios::all();
        for scenario in &all {
            assert_eq!(
                all.iter().filter(|other| other.name == scenario.name).count(),
                1,
                "{}",
                scenario.name
            );
            assert!(!scenario.targets.is_empty(), "{}", scenario.name);
        }
        let quick: u64 = all.iter().filter_map(|scenario| scenario.quick).sum();
        assert!(quick <= 35, "they are to take less than a minute: {quick} s");
    }
}
