//! What this backend refuses besides what every backend refuses alike (see [`Error`]), with the kinds and the codes that
//! a JetStream server gives.

use std::borrow::Cow;
use std::fmt::Display;

use pubsub_core::{ConsumerName, Error, ErrorKind, StreamName};

const MAX_CONSUMERS: u16 = 10026;
const MAX_STREAMS: u16 = 10027;
const NO_RESET: u16 = 10204;

/// A server answers 503, "no responders", to a settlement that waits for its answer.
pub(crate) fn nobody_settles() -> Error {
    Error::new(ErrorKind::NotFound, "nobody takes the settlement: the consumer is gone, or it has no acks")
        .with_broker_code(503)
        .with_remedy("treat the message as unsettled; whoever reads the stream next gets it again")
}

/// JetStream says 10149 where an update finds nothing.
pub(crate) fn consumer_to_update_not_found(stream: &StreamName, consumer: &ConsumerName) -> Error {
    Error::consumer_not_found(stream, consumer).with_broker_code(10149)
}

pub(crate) fn message_not_found(stream: &StreamName, what: impl Display) -> Error {
    no_message(stream, what).with_broker_code(10037)
}

pub(crate) fn message_to_delete_not_found(stream: &StreamName, what: impl Display) -> Error {
    no_message(stream, what).with_broker_code(10043)
}

fn no_message(stream: &StreamName, what: impl Display) -> Error {
    Error::new(ErrorKind::NotFound, "the stream has no such message")
        .with_context("stream", stream)
        .with_context("message", what)
        .with_remedy(
            "it may have been removed by a limit, a purge or an ack; `stream_info` tells what there is",
        )
}

pub(crate) fn too_many_streams(stream: &StreamName, limit: u32) -> Error {
    Error::new(ErrorKind::Conflict, format!("the store has its {limit} streams"))
        .with_context("stream", stream)
        .with_broker_code(MAX_STREAMS)
        .with_remedy("delete one, or raise `max_streams`")
}

pub(crate) fn too_many_consumers(stream: &StreamName, limit: u32, option: &'static str) -> Error {
    Error::new(ErrorKind::Conflict, format!("the stream has its {limit} consumers"))
        .with_context("stream", stream)
        .with_broker_code(MAX_CONSUMERS)
        .with_remedy(format!("delete one, or raise `{option}`"))
}

pub(crate) fn too_many_waiting(stream: &StreamName, consumer: &ConsumerName, limit: u32) -> Error {
    Error::new(ErrorKind::Overloaded, format!("{limit} fetches wait at the consumer already"))
        .with_context("stream", stream)
        .with_context("consumer", consumer)
        .with_broker_code(409)
        .with_remedy("use fewer fetches at once, or raise `max_waiting`")
}

pub(crate) fn too_many_ids(stream: &StreamName, limit: u32) -> Error {
    Error::new(ErrorKind::Overloaded, format!("the stream remembers its {limit} message ids"))
        .with_context("stream", stream)
        .with_remedy("shorten the stream's duplicate window, or raise `max_message_ids`")
}

pub(crate) fn message_too_large(stream: &StreamName, size: u64, limit: u32) -> Error {
    Error::new(
        ErrorKind::PayloadTooLarge,
        format!("a message of {size} bytes with its headers is over the stream's limit of {limit}"),
    )
    .with_context("stream", stream)
    .with_broker_code(10054)
    .with_remedy(
        "raise the stream's `max_message_size`, or store the payload elsewhere and publish a reference to it",
    )
}

pub(crate) fn stream_full(stream: &StreamName, limit: &'static str) -> Error {
    Error::new(ErrorKind::Conflict, format!("the stream is full ({limit}) and refuses new messages"))
        .with_context("stream", stream)
        .with_context("field", limit)
        .with_broker_code(10077)
        .with_remedy("settle or purge messages, raise the limit, or let the stream discard the oldest")
}

pub(crate) fn sequences_exhausted(stream: &StreamName) -> Error {
    Error::new(ErrorKind::Conflict, "the stream has no sequence left")
        .with_context("stream", stream)
        .with_remedy("delete the stream and create it again")
}

/// What a work-queue stream does not allow its consumers.
pub(crate) fn work_queue(
    stream: &StreamName,
    code: u16,
    message: &'static str,
    remedy: &'static str,
) -> Error {
    let kind = match code {
        10084 | 10098 => ErrorKind::Config,
        _ => ErrorKind::Conflict,
    };
    Error::new(kind, message).with_context("stream", stream).with_broker_code(code).with_remedy(remedy)
}

/// A reset that JetStream does not allow.
pub(crate) fn no_reset(
    stream: &StreamName,
    consumer: &ConsumerName,
    message: impl Into<Cow<'static, str>>,
    remedy: &'static str,
) -> Error {
    Error::invalid_input("sequence", message)
        .with_context("stream", stream)
        .with_context("consumer", consumer)
        .with_broker_code(NO_RESET)
        .with_remedy(remedy)
}

/// A change that JetStream does not allow: 10052 for streams, 10012 for consumers.
pub(crate) fn not_updatable(field: &'static str, change: impl Display, code: u16) -> Error {
    Error::config(field, format!("{field} cannot be changed ({change})"))
        .with_broker_code(code)
        .with_remedy("keep it as it is, or delete and create anew")
}
