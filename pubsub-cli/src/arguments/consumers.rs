//! `pubsub consumers`.

use std::time::{Duration, SystemTime};

use clap::{Args, Subcommand};
use pubsub::config::{duration, timestamp};
use pubsub::{ConsumerName, StreamName};

use super::Agreement;

#[derive(Subcommand)]
pub(crate) enum ConsumersCommand {
    /// List consumers: what they lag behind, what waits for an ack, how they do
    #[command(visible_alias = "ls")]
    List {
        /// The stream; by default all streams
        stream: Option<StreamName>,
    },
    /// Show a consumer's state and configuration
    Info(ConsumerArguments),
    /// Stop deliveries for a while; what is delivered can still be settled
    Pause(PauseConsumer),
    /// End a pause
    Resume(ConsumerArguments),
    /// Set a consumer back, or forward, to a sequence; what is unsettled is forgotten
    Reset(ResetConsumer),
    /// Delete a consumer and its position
    #[command(visible_alias = "rm")]
    Delete(DeleteConsumer),
}

#[derive(Args)]
pub(crate) struct ConsumerArguments {
    /// The stream
    pub(crate) stream: StreamName,
    /// The consumer
    pub(crate) consumer: ConsumerName,
}

#[derive(Args)]
pub(crate) struct PauseConsumer {
    #[command(flatten)]
    pub(crate) which: ConsumerArguments,
    /// For how long, by this machine's clock: 10m, 1h 30m
    #[arg(long = "for", value_name = "DURATION", value_parser = duration::parse, required_unless_present = "until")]
    pub(crate) lasting: Option<Duration>,
    /// Until when, in UTC: 2026-08-21T09:00:00Z
    #[arg(long, value_name = "TIME", value_parser = timestamp::parse, conflicts_with = "lasting")]
    pub(crate) until: Option<SystemTime>,
}

#[derive(Args)]
pub(crate) struct ResetConsumer {
    #[command(flatten)]
    pub(crate) which: ConsumerArguments,
    /// The sequence that it delivers next; by default the first that is not settled
    #[arg(long, value_name = "SEQUENCE", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) to: Option<u64>,
    #[command(flatten)]
    pub(crate) agreement: Agreement,
}

#[derive(Args)]
pub(crate) struct DeleteConsumer {
    #[command(flatten)]
    pub(crate) which: ConsumerArguments,
    #[command(flatten)]
    pub(crate) agreement: Agreement,
}
