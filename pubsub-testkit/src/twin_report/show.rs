//! Answers as text that is equal on two right backends.

use pubsub_core::{
    BatchReceipt, ConsumerInfo, Delivery, Error, Headers, Receipt, Retry, StoredMessage, StreamInfo,
};

use crate::check::text;

/// Kind and code, whether it may be tried again, and whether the effect is unknown. Not the words.
pub(super) fn error(error: &Error) -> String {
    let code = error.broker_code().map_or_else(String::new, |code| format!(" {code}"));
    let retry = match error.retry() {
        Retry::Never => "",
        _ => ", may be tried again",
    };
    let effect = if error.is_effect_unknown() { ", effect unknown" } else { "" };
    format!("refused: {}{code}{retry}{effect}", error.kind())
}

pub(super) fn receipt(receipt: &Receipt) -> String {
    let sequence = receipt.sequence.map_or_else(|| "?".to_owned(), |sequence| sequence.to_string());
    let how = if receipt.is_duplicate() { "duplicate of" } else { "stored as" };
    format!("{how} {sequence} in {}", receipt.stream)
}

pub(super) fn batch(receipt: &BatchReceipt) -> String {
    format!("{} stored, the last as {}", receipt.messages, receipt.last_sequence)
}

/// First and last sequence only where there has been a message: a server is free in what it says before.
pub(super) fn stream(info: &StreamInfo) -> String {
    let place = match info.last_sequence {
        0 => String::new(),
        last => format!(" from {} to {last}", info.first_sequence),
    };
    format!(
        "{} messages{place}, {} deleted, {} subjects, {} consumers",
        info.messages, info.deleted, info.subjects, info.consumers
    )
}

pub(super) fn consumer(info: &ConsumerInfo) -> String {
    format!(
        "delivered {}/{}, floor {}/{}, {} ack pending, {} redelivered, {} pending",
        info.delivered.consumer,
        info.delivered.stream,
        info.ack_floor.consumer,
        info.ack_floor.stream,
        info.ack_pending,
        info.redelivered,
        info.pending
    )
}

/// What came, one by one.
pub(super) fn deliveries(deliveries: &[Delivery]) -> String {
    if deliveries.is_empty() {
        return "nothing".to_owned();
    }
    let each = |delivery: &Delivery| {
        let info = delivery.info();
        let again = if info.attempt > 1 { format!(" attempt {}", info.attempt) } else { String::new() };
        format!("{}{again}", info.stream_sequence)
    };
    deliveries.iter().map(each).collect::<Vec<_>>().join(", ")
}

/// One delivery in full.
pub(super) fn delivery(delivery: &Delivery) -> String {
    let info = delivery.info();
    format!(
        "{} `{}` {:?}{}, attempt {}, number {}, {} pending",
        info.stream_sequence,
        delivery.subject(),
        text(delivery.payload()),
        headers(delivery.headers()),
        info.attempt,
        info.consumer_sequence,
        info.pending
    )
}

pub(super) fn stored(message: &StoredMessage) -> String {
    let payload = text(&message.payload);
    format!("{} `{}` {payload:?}{}", message.sequence, message.subject, headers(&message.headers))
}

/// No id of a probe is as long as one that a backend makes, to try a publish again.
const LONGEST_OWN_ID: usize = 12;

/// By name, since only the values of one name have an order. Times are left out, and ids that a backend has made.
pub(super) fn headers(headers: &Headers) -> String {
    let differs = |name: &str, value: &str| match name {
        "Nats-Time-Stamp" | "Nats-Schedule" | "Nats-Schedule-Next" => true,
        "Nats-Msg-Id" => value.len() > LONGEST_OWN_ID,
        _ => false,
    };
    let mut lines: Vec<_> =
        headers.iter().filter(|(name, value)| !differs(name.as_str(), value.as_str())).collect();
    lines.sort_by_key(|(name, _)| name.as_str());
    lines.into_iter().map(|(name, value)| format!(" {name}: {value}")).collect()
}
