//! Flaws in what a message carries.

use std::time::SystemTime;

use async_trait::async_trait;
use pubsub_core::{Delivery, Headers, OutboundMessage, Subject};

use super::{Shown, Tamper};

/// The likely cause: a wire format that has no place for them.
#[derive(Debug)]
pub(super) struct DropsHeaders;

impl Tamper for DropsHeaders {
    fn outbound(&self, message: OutboundMessage) -> OutboundMessage {
        message.with_headers(Headers::new())
    }
}

/// The likely cause: a map from name to value.
#[derive(Debug)]
pub(super) struct KeepsOneValue;

impl Tamper for KeepsOneValue {
    fn shown(&self, mut shown: Shown) -> Shown {
        let mut kept = Headers::new();
        for (name, value) in &shown.headers {
            if !kept.contains(name.as_str()) {
                // What was received once can be received again.
                let _ = kept.append_received(name.as_str(), value.as_str());
            }
        }
        shown.headers = kept;
        shown
    }
}

/// The likely cause: a library for HTTP, where the case of a name does not matter.
#[derive(Debug)]
pub(super) struct LowersHeaderNames;

impl Tamper for LowersHeaderNames {
    fn shown(&self, mut shown: Shown) -> Shown {
        let mut lowered = Headers::new();
        for (name, value) in &shown.headers {
            // What was received once can be received again.
            let _ = lowered.append_received(&name.as_str().to_ascii_lowercase(), value.as_str());
        }
        shown.headers = lowered;
        shown
    }
}

/// The likely cause: a reader with a buffer of fixed size.
#[derive(Debug)]
pub(super) struct CutsLargePayloads;

impl Tamper for CutsLargePayloads {
    fn outbound(&self, mut message: OutboundMessage) -> OutboundMessage {
        message.payload.truncate(64 * 1024);
        message
    }
}

/// The likely cause: a payload that is kept as a string.
#[derive(Debug)]
pub(super) struct MakesText;

impl Tamper for MakesText {
    fn outbound(&self, mut message: OutboundMessage) -> OutboundMessage {
        message.payload = String::from_utf8_lossy(&message.payload).into_owned().into();
        message
    }
}

/// The likely cause: headers that are cleaned up instead of checked.
#[derive(Debug)]
pub(super) struct TakesReservedHeaders;

impl Tamper for TakesReservedHeaders {
    fn outbound(&self, mut message: OutboundMessage) -> OutboundMessage {
        message.headers = std::mem::take(&mut message.headers).without_reserved();
        message
    }
}

/// The likely cause: an envelope of the library's own.
#[derive(Debug)]
pub(super) struct AddsAHeader;

impl Tamper for AddsAHeader {
    fn outbound(&self, message: OutboundMessage) -> OutboundMessage {
        let plain = message.clone();
        message.with_header("content-type", "application/octet-stream").unwrap_or(plain)
    }
}

/// The likely cause: a field that is filled in where there is nothing to fill in.
#[derive(Debug)]
pub(super) struct ForgetsTheTime;

impl Tamper for ForgetsTheTime {
    fn shown(&self, mut shown: Shown) -> Shown {
        shown.info.published_at = SystemTime::UNIX_EPOCH;
        shown
    }
}

/// The likely cause: subjects that are compared without regard to case.
#[derive(Debug)]
pub(super) struct LowersSubjects;

impl Tamper for LowersSubjects {
    fn outbound(&self, mut message: OutboundMessage) -> OutboundMessage {
        if let Ok(lowered) = Subject::new(message.subject.as_str().to_lowercase()) {
            message.subject = lowered;
        }
        message
    }
}

/// The likely cause: the counter is one of this process.
#[derive(Debug)]
pub(super) struct CountsOneAttempt;

impl Tamper for CountsOneAttempt {
    fn shown(&self, mut shown: Shown) -> Shown {
        shown.info.attempt = 1;
        shown
    }
}

/// The likely cause: an empty message that is taken for a heartbeat.
#[derive(Debug)]
pub(super) struct DropsEmptyMessages;

#[async_trait]
impl Tamper for DropsEmptyMessages {
    async fn batch(&self, deliveries: Vec<Delivery>) -> Vec<Delivery> {
        let (empty, others): (Vec<_>, Vec<_>) =
            deliveries.into_iter().partition(|delivery| delivery.payload().is_empty());
        for heartbeat in empty {
            // Whether this works makes no difference: the message is not handed out.
            let _ = heartbeat.ack().await;
        }
        others
    }
}

/// The likely cause: a value that is tested where its presence is meant.
#[derive(Debug)]
pub(super) struct DropsEmptyHeaders;

impl Tamper for DropsEmptyHeaders {
    fn shown(&self, mut shown: Shown) -> Shown {
        let mut kept = Headers::new();
        for (name, value) in &shown.headers {
            if !value.as_str().is_empty() {
                // What was received once can be received again.
                let _ = kept.append_received(name.as_str(), value.as_str());
            }
        }
        shown.headers = kept;
        shown
    }
}
