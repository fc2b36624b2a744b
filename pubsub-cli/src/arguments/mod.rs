//! What can be said on the command line.

#![expect(
    clippy::doc_markdown,
    reason = "what stands at arguments is printed as their help, which is no Markdown"
)]

mod completions;
mod connection;
mod consumers;
mod dead_letters;
mod publish;
mod replay;
mod streams;
mod tail;
mod top;
mod topology;
mod values;

use clap::{Args, Parser, Subcommand};

pub(crate) use completions::CompletionsArguments;
pub(crate) use connection::ConnectionArguments;
pub(crate) use consumers::{
    ConsumerArguments, ConsumersCommand, DeleteConsumer, PauseConsumer, ResetConsumer,
};
pub(crate) use dead_letters::{
    Chosen, DeadLettersArguments, DeadLettersCommand, ListDeadLetters, RedriveDeadLetters,
};
pub(crate) use publish::PublishArguments;
pub(crate) use replay::ReplayArguments;
pub(crate) use streams::{DeleteStream, PurgeStream, StreamsCommand};
pub(crate) use tail::TailArguments;
pub(crate) use top::TopArguments;
pub(crate) use topology::{ApplyTopology, CheckTopology, PlanTopology, TopologyCommand};

/// Operate streams, consumers and messages on NATS JetStream
///
/// Works on a server, which --server or the variables of the `nats` command line name (NATS_URL, NATS_USER,
/// NATS_PASSWORD, NATS_CREDS, NATS_NKEY, NATS_CA, NATS_CERT, NATS_KEY, NATS_TIMEOUT, ...), or on a file in which the
/// memory backend keeps its store (--snapshot). Prints tables and text for people, and JSON with --json. Colours are left
/// out where NO_COLOR is set or nobody sees them.
#[derive(Parser)]
#[command(name = "pubsub", version, help_expected = true, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Print JSON: one document, or one line for each message
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done; also if whoever reads the output closes it
  1  failed, in whole or in part; standard error says why, and what to do
  2  the arguments cannot be; or --yes is missing where nobody can be asked
  3  done, with findings: mistakes in a topology, a plan with something to change, messages that a replay passed over";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List, inspect, purge and delete streams
    #[command(subcommand, visible_alias = "stream")]
    Streams(StreamsCommand),
    /// List consumers with what they have still to do; pause, resume, reset and delete them
    #[command(subcommand, visible_alias = "consumer")]
    Consumers(ConsumersCommand),
    Publish(PublishArguments),
    Tail(TailArguments),
    /// Check a file of streams and consumers, compare it with what exists, and make it so
    #[command(subcommand)]
    Topology(TopologyCommand),
    /// List, read, publish again and discard the messages that workers have given up
    DeadLetters(DeadLettersArguments),
    Replay(ReplayArguments),
    Top(TopArguments),
    /// Print a script that completes this command in a shell
    Completions(CompletionsArguments),
}

/// For what cannot be undone.
#[derive(Args)]
pub(crate) struct Agreement {
    /// Do it without asking; needed where there is no terminal
    #[arg(short, long)]
    pub(crate) yes: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_fit_together_and_each_has_a_help() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn where_to_connect_can_be_said_before_and_after_the_command() {
        for line in ["pubsub -s a:4222 --json streams list", "pubsub streams list --json -s a:4222"] {
            let arguments =
                Arguments::try_parse_from(line.split(' ')).map_err(|error| error.to_string()).unwrap();
            assert_eq!(
                (arguments.connection.server.as_deref(), arguments.json),
                (Some("a:4222"), true),
                "{line}"
            );
        }
    }
}
