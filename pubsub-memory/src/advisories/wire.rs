//! Advisories as a server writes them.

use std::time::SystemTime;

use bytes::Bytes;
use pubsub_core::config::timestamp;
use pubsub_core::{Advisory, Headers, MaxDeliver, Pinned, Result, Subject, Terminated, Unpinned};
use serde::Serialize;

use crate::stream::Plain;

#[derive(Serialize)]
struct Envelope<'a, T> {
    r#type: &'static str,
    id: String,
    timestamp: String,
    #[serde(flatten)]
    fields: &'a T,
}

/// The message that tells it. `number` is unique among the advisories of one server.
pub(super) fn message(advisory: &Advisory, number: u64, at: SystemTime) -> Result<Plain> {
    let payload = match advisory {
        Advisory::MaxDeliver(fields) => json(MaxDeliver::TYPE, fields, number, at),
        Advisory::Terminated(fields) => json(Terminated::TYPE, fields, number, at),
        Advisory::Pinned(fields) => json(Pinned::TYPE, fields, number, at),
        Advisory::Unpinned(fields) => json(Unpinned::TYPE, fields, number, at),
        _ => None,
    };
    let (subject, payload) = (Subject::of_broker(advisory.subject())?, payload.unwrap_or_default());
    Ok(Plain { subject, reply: None, headers: Headers::new(), payload })
}

fn json<T: Serialize>(r#type: &'static str, fields: &T, number: u64, at: SystemTime) -> Option<Bytes> {
    let timestamp = timestamp::format(at).unwrap_or_default();
    // As long as a server's, which are random; counted, so that a program runs the same each time.
    let envelope = Envelope { r#type, id: format!("{number:022}"), timestamp, fields };
    serde_json::to_vec(&envelope).ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use pubsub_core::{ConsumerName, StreamName};

    use super::*;

    fn text(advisory: &Advisory) -> String {
        let at = UNIX_EPOCH + Duration::new(1_787_302_800, 981_432_033);
        let message = message(advisory, 7, at).unwrap();
        assert_eq!(Advisory::parse(&message.payload).unwrap().as_ref(), Some(advisory));
        String::from_utf8(message.payload.to_vec()).unwrap()
    }

    fn names() -> (StreamName, ConsumerName) {
        (StreamName::new("S").unwrap(), ConsumerName::new("z").unwrap())
    }

    /// The fields and their order are those of nats-server 2.15.1.
    #[test]
    fn they_read_as_a_servers_do() {
        let (stream, consumer) = names();
        let exhausted = Advisory::MaxDeliver(MaxDeliver::new(stream, consumer, 23, 1));
        assert_eq!(
            text(&exhausted),
            r#"{"type":"io.nats.jetstream.advisory.v1.max_deliver","id":"0000000000000000000007","timestamp":"2026-08-21T09:00:00.981432033Z","stream":"S","consumer":"z","stream_seq":23,"deliveries":1}"#
        );
        let (stream, consumer) = names();
        let terminated = Terminated::new(stream, consumer, 1, 24, 1, Some("why".into()));
        assert_eq!(
            text(&Advisory::Terminated(terminated)),
            r#"{"type":"io.nats.jetstream.advisory.v1.terminated","id":"0000000000000000000007","timestamp":"2026-08-21T09:00:00.981432033Z","stream":"S","consumer":"z","consumer_seq":1,"stream_seq":24,"deliveries":1,"reason":"why"}"#
        );
    }
}
