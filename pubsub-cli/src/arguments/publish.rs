//! `pubsub publish`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use pubsub::config::duration;
use pubsub::{HeaderName, HeaderValue, MessageId, Subject};

use super::values;

/// Publish a message, or one for each line of a file or of standard input, and print the receipts
///
/// Without a payload and without --file, each line of standard input is a message; empty lines are passed over. At the first
/// message that is refused it stops, and says which line that was.
#[derive(Args)]
pub(crate) struct PublishArguments {
    /// Where to
    pub(crate) subject: Subject,
    /// The payload; by default the lines of standard input, each a message
    #[arg(conflicts_with = "file", allow_negative_numbers = true)]
    pub(crate) payload: Option<String>,
    /// Publish this file, as one message
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Publish each line of the file as a message
    #[arg(long, requires = "file")]
    pub(crate) lines: bool,
    /// A header, as NAME:VALUE; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME:VALUE", value_parser = values::header)]
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// The message id, by which the broker stores it once within the stream's duplicate window. Of lines, the id's
    /// beginning: ID-1 for the first line
    #[arg(long)]
    pub(crate) id: Option<MessageId>,
    /// Publish later: the broker keeps the message and publishes it then, to the second. Needs --plans
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, requires = "plans", conflicts_with = "id")]
    pub(crate) delay: Option<Duration>,
    /// Below which subject the stream keeps its plans, such as remind.plan for remind.plan.*
    #[arg(long, value_name = "SUBJECT", requires = "delay")]
    pub(crate) plans: Option<Subject>,
    /// What the plan is known by, so that planning again replaces it; by default a new key. Of lines, the key's beginning
    #[arg(long, requires = "delay")]
    pub(crate) key: Option<String>,
    /// The most messages in a second
    #[arg(long, value_name = "NUMBER", value_parser = values::rate)]
    pub(crate) rate: Option<f64>,
    /// Print no receipts
    #[arg(short, long)]
    pub(crate) quiet: bool,
}
