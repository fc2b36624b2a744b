//! `pubsub tail`.

use clap::Args;
use pubsub::{DeliverPolicy, StreamName, SubjectFilter};

use super::values;

/// Print messages as they are stored, without a trace on anybody's consumer
///
/// Reads in order and without acknowledgements, over lost connections too, until it is interrupted. On a snapshot it reads
/// from the start, and ends with what is there.
#[derive(Args)]
pub(crate) struct TailArguments {
    /// The subjects, such as 'ride.>'; by default all of the stream
    #[arg(value_name = "FILTER", required_unless_present = "stream")]
    pub(crate) filters: Vec<SubjectFilter>,
    /// The stream; by default the one that stores these subjects
    #[arg(long)]
    pub(crate) stream: Option<StreamName>,
    /// Where to begin: start, new, last, a sequence, a time (2026-08-21T09:00:00Z), or how long ago (10m). By default new
    #[arg(long, value_name = "WHERE", value_parser = values::start)]
    pub(crate) from: Option<DeliverPolicy>,
    /// End after so many messages
    #[arg(short = 'n', long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// End with the newest message that is there when it begins; then it begins with the first, unless `--from` says otherwise
    #[arg(long)]
    pub(crate) no_follow: bool,
    /// Leave payloads out
    #[arg(long)]
    pub(crate) headers_only: bool,
}
