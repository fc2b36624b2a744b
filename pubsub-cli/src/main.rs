//! The command `pubsub`: what operators do with streams, consumers and messages, from a terminal or a script.
//!
//! `arguments` is what can be said, a file a command; `commands` is what is then done, over the core's traits, so that it
//! is the same on a server and on a snapshot of the memory backend; `output` is how it is told.

mod arguments;
mod commands;
mod confirm;
mod connect;
mod failure;
mod output;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    commands::run(&arguments::Arguments::parse())
}
