//! `pubsub dead-letters`.

use clap::{Args, Subcommand};
use pubsub::{ConsumerName, StreamName};

use super::{Agreement, values};

#[derive(Args)]
pub(crate) struct DeadLettersArguments {
    #[command(subcommand)]
    pub(crate) command: DeadLettersCommand,
    /// The stream that keeps them
    #[arg(long, default_value = "DEAD_LETTERS", global = true, value_name = "STREAM")]
    pub(crate) letters: StreamName,
}

#[derive(Subcommand)]
pub(crate) enum DeadLettersCommand {
    /// List them, the oldest first: what died where, when and why
    #[command(visible_alias = "ls")]
    List(ListDeadLetters),
    /// Show one of them, with its headers and its payload
    Show {
        /// Its sequence among the dead letters
        sequence: u64,
    },
    /// Publish them again for the consumer that gave them up, and take them from the dead letters
    Redrive(RedriveDeadLetters),
    /// Delete them
    #[command(visible_alias = "rm")]
    Discard(Chosen),
}

#[derive(Args)]
pub(crate) struct ListDeadLetters {
    /// Only what this consumer gave up
    #[arg(long, value_name = "STREAM/CONSUMER", value_parser = values::consumer)]
    pub(crate) of: Option<(StreamName, ConsumerName)>,
    /// From this sequence on
    #[arg(long, value_name = "SEQUENCE", default_value_t = 0, hide_default_value = true)]
    pub(crate) from: u64,
    /// The most to list
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 50)]
    pub(crate) count: usize,
}

/// Which dead letters.
#[derive(Args)]
pub(crate) struct Chosen {
    /// Their sequences among the dead letters
    #[arg(value_name = "SEQUENCE", required_unless_present = "all", conflicts_with = "all")]
    pub(crate) sequences: Vec<u64>,
    /// All that are there now
    #[arg(long)]
    pub(crate) all: bool,
    /// With --all, only what this consumer gave up
    #[arg(long, value_name = "STREAM/CONSUMER", value_parser = values::consumer, requires = "all")]
    pub(crate) of: Option<(StreamName, ConsumerName)>,
    #[command(flatten)]
    pub(crate) agreement: Agreement,
}

#[derive(Args)]
pub(crate) struct RedriveDeadLetters {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// For all consumers of the subject, also those that have handled the original; for a letter whose consumer is gone
    #[arg(long)]
    pub(crate) for_all: bool,
}
