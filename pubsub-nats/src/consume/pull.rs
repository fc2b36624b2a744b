//! One pull request, and what may come back: [`Pull`], [`Arrival`].

use std::time::Duration;

use async_nats::Message;
use pubsub_core::{Delivery, Error, ErrorKind, OnDrop};
use serde::Serialize;

use super::NatsConsumer;
use super::credit::Unsent;
use super::members::Membership;
use crate::message::{NatsMessage, Source};

/// How often the server shows that a request lives. One that is lost with its leader is noticed after two of these.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(2);
/// The same after a request was lost or refused, until something comes: the next one may meet no leader either.
pub(super) const TROUBLED_HEARTBEAT: Duration = Duration::from_millis(500);

/// Asks a consumer for messages.
#[derive(Debug, Default, Serialize)]
pub(super) struct Pull {
    pub(super) batch: usize,
    /// The most bytes: subjects, reply subjects, headers and payloads, as [`Message::length`] counts them. A message beyond
    /// them ends the pull.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_bytes: Option<u64>,
    /// Nanoseconds until the server gives up.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
    /// Whether to end at once when there is no more. With `expires`, only after the first message (measured on
    /// nats-server 2.10.26 and 2.15.1).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    no_wait: bool,
    /// Nanoseconds between signs of life while there is nothing. At most half of `expires`.
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_heartbeat: Option<u64>,
    /// For a consumer that chooses among those who ask.
    #[serde(flatten)]
    membership: Option<Membership>,
}

impl Pull {
    /// What there is, up to that many; while there is nothing it waits for so long, zero for not at all.
    pub(super) fn once(batch: usize, expires: Duration) -> Self {
        // The server refuses a request that ends before two of them.
        let idle_heartbeat = (expires >= 2 * HEARTBEAT).then(|| nanos(HEARTBEAT));
        let expires = (!expires.is_zero()).then(|| nanos(expires));
        Self { batch, expires, no_wait: true, idle_heartbeat, ..Self::default() }
    }

    /// That many, as they come.
    pub(super) fn endless(batch: usize, expires: Duration, heartbeat: Duration) -> Self {
        let heartbeat = Some(nanos(heartbeat.min(expires / 2)));
        let expires = Some(nanos(expires));
        Self { batch, expires, idle_heartbeat: heartbeat, ..Self::default() }
    }

    pub(super) const fn up_to(mut self, bytes: Option<u64>) -> Self {
        self.max_bytes = bytes;
        self
    }

    pub(super) fn by_member(mut self, membership: Option<Membership>) -> Self {
        self.membership = membership;
        self
    }

    /// Whether the server shows that it lives.
    pub(super) const fn has_heartbeats(&self) -> bool {
        self.idle_heartbeat.is_some()
    }

    /// The pin that it refers to.
    pub(super) fn pin(&self) -> Option<String> {
        self.membership.as_ref()?.pin.clone()
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// What came to an inbox.
#[derive(Debug)]
pub(super) enum Arrival {
    Delivery(Delivery),
    /// The pull lives, and there is nothing.
    Heartbeat,
    /// The pull has ended with so much not sent, if the server says how much.
    Ended {
        unsent: Option<Unsent>,
    },
    /// The pull was refused. The protocol tells the cause in words only, so whoever needs it asks for the consumer's
    /// state.
    Refused(Refusal),
    /// Nothing of JetStream's.
    Foreign,
}

/// How a server refused a pull.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    /// What a pull that was begun has not brought.
    unsent: Option<Unsent>,
    description: String,
}

impl Arrival {
    pub(super) fn read(consumer: &NatsConsumer, message: Message, on_drop: OnDrop) -> Self {
        let Some(status) = message.status else {
            let NatsConsumer { connection, stream, name, members, activity, settles_each, .. } = consumer;
            members.received(message.headers.as_ref());
            let (consumer, settles_each) = (name, *settles_each);
            let source = Source { connection, stream, consumer, activity, settles_each };
            let delivery = NatsMessage::delivery(source, message, on_drop);
            return delivery.map_or(Self::Foreign, Self::Delivery);
        };
        match status.as_u16() {
            100 => Self::Heartbeat,
            404 | 408 => Self::Ended { unsent: unsent(&message) },
            409 if is_completion(&message) => Self::Ended { unsent: unsent(&message) },
            status => Self::Refused(Refusal {
                status,
                unsent: unsent(&message),
                description: message.description.unwrap_or_default(),
            }),
        }
    }
}

impl Refusal {
    /// Whether the request itself was wrong: that does not pass.
    pub(super) const fn is_our_fault(&self) -> bool {
        self.status == 400
    }

    /// Where a pull was ended that had begun: for its bytes, or because the consumer has another leader, which is told in words
    /// only.
    pub(super) const fn unsent(&self) -> Option<Unsent> {
        if self.status == 409 { self.unsent } else { None }
    }

    /// Whether the pull referred to a pin that has ended.
    pub(super) const fn is_of_an_old_pin(&self) -> bool {
        self.status == 423
    }

    /// The error for a refusal that did not pass, of a consumer that exists.
    pub(super) fn into_error(self) -> Error {
        let (kind, message) = match self.status {
            400 => (ErrorKind::Unexpected, "the server does not understand the request for messages"),
            503 => (ErrorKind::Unavailable, "the consumer has no leader now"),
            _ => (ErrorKind::Overloaded, "the server refuses requests for messages now"),
        };
        Error::new(kind, message)
            .with_broker_code(self.status)
            .with_context("server_says", self.description)
            .with_remedy("try again; if it stays, look at the consumer's `max_waiting` and at the cluster")
    }
}

/// Whether a pull with a bound in bytes says that it has all its messages (measured on nats-server 2.15.1). This comes after
/// the last of them, when more may have been asked for already.
fn is_completion(message: &Message) -> bool {
    unsent(message).is_some_and(|unsent| unsent.messages == 0)
}

fn unsent(message: &Message) -> Option<Unsent> {
    let headers = message.headers.as_ref()?;
    let messages = headers.get("Nats-Pending-Messages")?.as_str().parse().ok()?;
    let bytes = headers.get("Nats-Pending-Bytes").and_then(|bytes| bytes.as_str().parse().ok());
    Some(Unsent { messages, bytes: bytes.unwrap_or(0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_written_as_the_server_reads_them() {
        let json = |pull| serde_json::to_string(&pull).unwrap();
        assert_eq!(json(Pull::once(5, Duration::ZERO)), r#"{"batch":5,"no_wait":true}"#);
        assert_eq!(
            json(Pull::once(5, Duration::from_secs(1)).up_to(Some(4096))),
            r#"{"batch":5,"max_bytes":4096,"expires":1000000000,"no_wait":true}"#
        );
        assert_eq!(
            json(Pull::once(1, Duration::from_secs(4))),
            r#"{"batch":1,"expires":4000000000,"no_wait":true,"idle_heartbeat":2000000000}"#
        );
        assert_eq!(
            json(Pull::endless(9, Duration::from_secs(2), HEARTBEAT)),
            r#"{"batch":9,"expires":2000000000,"idle_heartbeat":1000000000}"#
        );
    }
}
