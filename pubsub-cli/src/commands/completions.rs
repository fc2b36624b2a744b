//! `pubsub completions`.

use clap::CommandFactory as _;

use crate::arguments::{Arguments, CompletionsArguments};
use crate::failure::{Ending, Outcome};
use crate::output::Output;

pub(super) fn run(arguments: &CompletionsArguments, output: &mut Output) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "pubsub", &mut script);
    output.text(&String::from_utf8_lossy(&script))?;
    Ok(Ending::Done)
}
