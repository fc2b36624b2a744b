//! `pubsub replay`.

use clap::Args;
use pubsub::worker::ReplayEnd;
use pubsub::{DeliverPolicy, StreamName, SubjectFilter};

use super::values;

/// Publish what a stream holds once more, to other subjects
///
/// Copies have the payload and the headers of the original, and in `Replayed-From` which message that was. Nothing is
/// written into the stream that is read, unless --into-source.
#[derive(Args)]
pub(crate) struct ReplayArguments {
    /// The stream to read
    pub(crate) stream: StreamName,
    /// The subjects to replay, such as 'ride.>'
    pub(crate) source: SubjectFilter,
    /// What they become, such as 'test.ride.>'; {{wildcard(1)}} is what the first * matched
    pub(crate) destination: String,
    /// Where to begin: start, a sequence, a time (2026-08-21T09:00:00Z), or how long ago (10m)
    #[arg(long, value_name = "WHERE", default_value = "start", value_parser = values::start)]
    pub(crate) from: DeliverPolicy,
    /// Where to end: newest (what is there when it begins), a sequence, a time, or never
    #[arg(long, value_name = "WHERE", default_value = "newest", value_parser = values::end)]
    pub(crate) until: ReplayEnd,
    /// The most messages in a second; by default as fast as it can
    #[arg(long, value_name = "NUMBER", value_parser = values::rate)]
    pub(crate) rate: Option<f64>,
    /// As far apart as they were stored, so many times as fast: 1 is the original speed
    #[arg(long, value_name = "FACTOR", value_parser = values::rate, conflicts_with = "rate")]
    pub(crate) speed: Option<f64>,
    /// Read and count, and publish nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// A name by which the copies get ids, so that a replay that was broken off and begins again stores none twice, within
    /// the duplicate window
    #[arg(long, value_name = "NAME")]
    pub(crate) run_name: Option<String>,
    /// Pass over what cannot be copied, and count it
    #[arg(long)]
    pub(crate) skip_failures: bool,
    /// Allow it to write into the stream that it reads
    #[arg(long)]
    pub(crate) into_source: bool,
}
