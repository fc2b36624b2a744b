//! `pubsub streams`.

use clap::{Args, Subcommand};
use pubsub::{StreamName, SubjectFilter};

use super::Agreement;

#[derive(Subcommand)]
pub(crate) enum StreamsCommand {
    /// List the streams and what they hold
    #[command(visible_alias = "ls")]
    List,
    /// Show a stream's state and configuration
    Info {
        /// The stream
        stream: StreamName,
    },
    /// Remove messages; the stream, its sequences and its consumers stay
    Purge(PurgeStream),
    /// Delete a stream with its messages and its consumers
    #[command(visible_alias = "rm")]
    Delete(DeleteStream),
}

#[derive(Args)]
pub(crate) struct PurgeStream {
    /// The stream
    pub(crate) stream: StreamName,
    /// Only messages on subjects that match
    #[arg(long, value_name = "FILTER")]
    pub(crate) filter: Option<SubjectFilter>,
    /// Only those below this sequence
    #[arg(long, value_name = "SEQUENCE", conflicts_with = "keep")]
    pub(crate) below: Option<u64>,
    /// All but so many of the newest
    #[arg(long, value_name = "NUMBER")]
    pub(crate) keep: Option<u64>,
    #[command(flatten)]
    pub(crate) agreement: Agreement,
}

#[derive(Args)]
pub(crate) struct DeleteStream {
    /// The stream
    pub(crate) stream: StreamName,
    #[command(flatten)]
    pub(crate) agreement: Agreement,
}
