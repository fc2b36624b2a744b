//! Telling that the last message of a subject has expired.

use bytes::Bytes;
use pubsub_core::{Headers, Result, Rollup, Subject, TimeToLive};
use std::time::Duration;
use tokio::time::Instant;

use crate::stream::effects::Effects;
use crate::stream::publish::{Orders, ROLLUP, TTL};
use crate::stream::retention::Why;
use crate::stream::state::StreamState;
use crate::stream::stored::Kept;

const REASON: &str = "Nats-Marker-Reason";
const MAX_AGE: &str = "MaxAge";

impl StreamState {
    /// Removes a message that is too old, by `max_age` or by its time to live; where it was the last of its subject, and
    /// no marker itself, a marker takes its place (measured on nats-server 2.15.1, for both).
    pub(super) fn expire_message(&mut self, sequence: u64, at: Instant, effects: &mut Effects) {
        let message = self.messages.log().get(sequence);
        let marked = self.marker_ttl().and_then(|ttl| {
            let message = message.filter(|message| !is_marker(message))?;
            let subject = message.subject.clone();
            (self.messages.subjects().count(subject.as_str()) == 1).then_some((subject, ttl))
        });
        if let Some((subject, ttl)) = marked {
            // A stream that refuses new messages may have no room for it.
            let _ = self.mark(subject, ttl, at, effects);
        }
        self.remove(sequence, Why::Dropped);
    }

    fn mark(&mut self, subject: Subject, ttl: Duration, at: Instant, effects: &mut Effects) -> Result<u64> {
        let mut headers = Headers::new();
        headers.append_received(REASON, MAX_AGE)?;
        headers.append_received(TTL, &in_words(ttl))?;
        headers.append_received(ROLLUP, "sub")?;
        let orders =
            Orders { ttl: Some(TimeToLive::After(ttl)), rollup: Some(Rollup::Subject), ..Orders::default() };
        let mut marker = self.produced(subject, headers, Bytes::new(), orders, at)?;
        self.keep(&mut marker, effects)
    }
}

/// Also what a key-value store writes to purge a key.
fn is_marker(message: &Kept<'_>) -> bool {
    let headers = message.headers;
    headers.contains(REASON) || headers.get("KV-Operation") == Some("PURGE")
}

/// As Go prints a duration: `2s`, `1m30s`, `1h0m0s`.
fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds}s"),
        (hours, minutes, seconds) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_a_server_writes_them() {
        for (seconds, text) in [(1, "1s"), (90, "1m30s"), (3600, "1h0m0s"), (90_061, "25h1m1s")] {
            assert_eq!(in_words(Duration::from_secs(seconds)), text);
        }
    }
}
