//! `pubsub top`.

use std::time::Duration;

use clap::Args;
use pubsub::config::duration;
use pubsub::{Error, Result, StreamName};

/// Watch streams and consumers on the whole terminal: what they hold, how fast they move, what they lag behind
///
/// Keys: q ends it, space holds the picture, s sorts by another column.
#[derive(Args)]
pub(crate) struct TopArguments {
    /// Only this stream
    pub(crate) stream: Option<StreamName>,
    /// How often to look: 200ms to 1h
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = interval)]
    pub(crate) interval: Duration,
}

/// The server is asked for each stream and its consumers: not without a pause.
fn interval(text: &str) -> Result<Duration> {
    let interval = duration::parse(text)?;
    if (Duration::from_millis(200)..=Duration::from_secs(3600)).contains(&interval) {
        return Ok(interval);
    }
    Err(Error::invalid_input("interval", "it is out of range").with_remedy("give 200ms to 1h"))
}
