//! The copies of messages that are given up.

use std::borrow::Cow;

use super::{DeadLetters, id_of};
use crate::config::timestamp;
use crate::message::{Message, OutboundMessage};
use crate::subject::Subject;
use crate::worker::Failure;
use crate::{HeaderName, HeaderValue, Headers, Result};

/// The most bytes of a reason; what is longer is cut off.
const MAX_REASON: usize = 2048;
/// The same, where room is short.
const SHORT_REASON: usize = 256;
/// What the message id adds to the headers.
const ROOM_FOR_THE_ID: usize = 512;

/// What a copy lacks.
pub(super) const HEADERS: &str = "headers";
pub(super) const HEADERS_AND_PAYLOAD: &str = "headers and payload";

impl DeadLetters {
    /// The copies of a message that is given up, of which one is to be stored: the first one that is not too large. The last one
    /// has no payload.
    pub(in crate::worker) fn copies_of(
        &self,
        message: &dyn Message,
        attempts: u64,
        failure: &Failure,
        has_ids: bool,
    ) -> Result<Vec<OutboundMessage>> {
        let reason = failure.chain();
        let headers = |mut headers: Headers, reason: &str, most: usize| {
            headers.insert(Self::REASON, in_one_line(reason, most))?;
            own(headers, message, attempts)
        };
        let full = headers(publishable(message.headers()), &reason, MAX_REASON)?;
        let short = |lacks: &str| -> Result<Headers> {
            let mut short = headers(Headers::new(), &reason, SHORT_REASON)?;
            short.insert(Self::TRUNCATED, lacks.to_owned())?;
            Ok(short)
        };
        let mut copies = Vec::with_capacity(3);
        if full.wire_len() + ROOM_FOR_THE_ID <= Headers::MAX_WIRE_LEN {
            copies.push((full, message.payload().clone()));
        }
        copies.push((short(HEADERS)?, message.payload().clone()));
        copies.push((short(HEADERS_AND_PAYLOAD)?, bytes::Bytes::new()));
        let info = message.info();
        let subject = Subject::new(format!("{}.{}.{}", self.root, info.stream, info.consumer))?;
        let id = if has_ids { Some(id_of(info, "dead-letter")?) } else { None };
        let copy = |(headers, payload)| {
            let mut copy = OutboundMessage::new(subject.clone(), payload)?.with_headers(headers);
            copy.id.clone_from(&id);
            Ok(copy)
        };
        copies.into_iter().map(copy).collect()
    }
}

/// Adds where the original stands. What is empty is left out.
fn own(mut headers: Headers, message: &dyn Message, attempts: u64) -> Result<Headers> {
    let info = message.info();
    let text = |text: &str| in_one_line(text, usize::MAX);
    for (name, value) in [
        (DeadLetters::ATTEMPTS, attempts.to_string()),
        (DeadLetters::STREAM, info.stream.to_string()),
        (DeadLetters::CONSUMER, info.consumer.to_string()),
        (DeadLetters::SUBJECT, text(message.subject())),
        (DeadLetters::SEQUENCE, info.stream_sequence.to_string()),
        (DeadLetters::PUBLISHED_AT, timestamp::format(info.published_at).unwrap_or_default()),
        (DeadLetters::MESSAGE_ID, text(message.headers().get("Nats-Msg-Id").unwrap_or_default())),
    ] {
        if !value.is_empty() {
            headers.insert(name, value)?;
        }
    }
    Ok(headers)
}

/// Headers that came from a broker, as they can be published: control characters become spaces, and what a copy says itself is left
/// out.
pub(super) fn publishable(received: &Headers) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in received {
        let own = DeadLetters::OWN.iter().any(|own| *name == **own);
        let Ok(name) = HeaderName::new(name.as_str()) else { continue };
        let value = match HeaderValue::new(value.as_str()) {
            Ok(_) => Cow::Borrowed(value.as_str()),
            Err(_) => Cow::Owned(in_one_line(value.as_str(), usize::MAX)),
        };
        if !own && !name.is_reserved() && headers.append(name, value.into_owned()).is_err() {
            tracing::debug!("a header cannot be published, and is not in the dead letter");
        }
    }
    headers
}

/// A text as a header's value: without line ends, not too long, without blanks at its ends.
fn in_one_line(text: &str, most: usize) -> String {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    let (line, _) = text.split_at(end.unwrap_or(0));
    line.replace(char::is_control, " ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::message::{DeliveryInfo, Settlement};
    use crate::{Capabilities, Capability, ConsumerName, StreamName};

    #[derive(Debug)]
    struct Received(String, Headers, DeliveryInfo, Bytes);

    #[async_trait::async_trait]
    impl Message for Received {
        fn subject(&self) -> &str {
            &self.0
        }
        fn payload(&self) -> &Bytes {
            &self.3
        }
        fn headers(&self) -> &Headers {
            &self.1
        }
        fn info(&self) -> &DeliveryInfo {
            &self.2
        }
        async fn settle(self: Box<Self>, _: Settlement) -> Result<()> {
            Ok(())
        }
        fn abandon(self: Box<Self>) {}
    }

    fn received(subject: String, headers: Headers) -> Received {
        let (stream, consumer) = (StreamName::new("RIDE").unwrap(), ConsumerName::new("billing").unwrap());
        let info = DeliveryInfo::new(stream, consumer, 7, 7, 1, 0, UNIX_EPOCH);
        Received(subject, headers, info, Bytes::from_static(b"body"))
    }

    fn copies(message: &Received, reason: &str) -> Vec<OutboundMessage> {
        let letters = DeadLetters::in_stream("DEAD").unwrap();
        letters.copies_of(message, 1, &Failure::reject(reason), true).unwrap()
    }

    #[test]
    fn an_id_with_a_control_character_can_be_kept() {
        let mut headers = Headers::new();
        headers.append_received("Nats-Msg-Id", "a\u{1}b").unwrap();
        headers.append_received("tenant", "os\u{7}lo").unwrap();
        let copies = copies(&received("ride.done".to_owned(), headers), "no");
        assert_eq!(copies[0].headers.get(DeadLetters::MESSAGE_ID), Some("a b"));
        assert_eq!(copies[0].headers.get("tenant"), Some("os lo"));
    }

    #[test]
    fn smaller_copies_say_what_they_lack() {
        let mut headers = Headers::new();
        headers.append("tenant", "x".repeat(Headers::MAX_WIRE_LEN - 100)).unwrap();
        let copies = copies(&received("ride.done".to_owned(), headers), "no");
        let lacks: Vec<_> = copies.iter().map(|copy| copy.headers.get(DeadLetters::TRUNCATED)).collect();
        assert_eq!(lacks, [Some(HEADERS), Some(HEADERS_AND_PAYLOAD)]);
        assert_eq!((copies[0].payload.len(), copies[1].payload.len()), (4, 0));
    }

    proptest! {
        #[test]
        fn a_copy_can_be_made_of_whatever_was_received(
            lines in prop::collection::vec(("[!-9;-~]{1,12}", any::<String>()), 0..4),
            id in any::<String>(), subject in any::<String>(), reason in any::<String>(),
        ) {
            let mut headers = Headers::new();
            for (name, value) in &lines {
                let _ = headers.append_received(name, value);
            }
            let _ = headers.append_received("Nats-Msg-Id", &id);
            let all = Capabilities::minimum().with(Capability::MessageId);
            for copy in copies(&received(subject, headers), &reason) {
                prop_assert!(copy.check(all).is_ok());
            }
        }
    }
}
