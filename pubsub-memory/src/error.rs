//! What this backend refuses besides what every backend refuses alike (see [`Error`]), with the kinds and the codes that
//! a JetStream server gives.

use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use pubsub_core::{ConsumerName, Error, ErrorKind, Retry, StreamName, Subject, SubjectFilter};

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

/// The store has what it may hold, as an account of a server that has its limits.
pub(crate) fn store_full(stream: &StreamName, bound: &'static str, limit: u64) -> Error {
    Error::new(ErrorKind::Conflict, format!("the store is full ({bound} is {limit})"))
        .with_context("stream", stream)
        .with_context("field", bound)
        .with_broker_code(10002)
        .with_remedy(format!("settle or purge messages, give streams lower limits, or raise `{bound}`"))
}

pub(crate) fn too_many_listeners(filter: &SubjectFilter, limit: u32) -> Error {
    Error::new(ErrorKind::Overloaded, format!("{limit} listen already"))
        .with_context("subject", filter)
        .with_context("field", "max_listeners")
        .with_remedy("drop listeners that are not used, or raise `max_listeners`")
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

/// A listener did not keep up.
pub(crate) fn missed(filter: &SubjectFilter, count: u64) -> Error {
    Error::new(
        ErrorKind::Overloaded,
        format!("{count} messages came while the buffer was full and were dropped"),
    )
    .with_context("subject", filter)
    .with_context("missed", count)
    .with_remedy("take messages faster, give a larger `buffer`, or share them in a group")
}

pub(crate) fn nobody_listens(subject: &Subject) -> Error {
    Error::new(ErrorKind::NotFound, "nobody listens to the subject")
        .with_context("subject", subject)
        .with_broker_code(503)
        .with_remedy("start whoever answers before whoever asks, or try again later")
}

pub(crate) fn nobody_answers(subject: &Subject, timeout: Duration) -> Error {
    Error::new(ErrorKind::Timeout, format!("no answer came within {timeout:?}"))
        .with_context("subject", subject)
        .with_effect_unknown()
        .with_remedy("somebody has the request and may act on it: ask again only what may be done twice")
}

pub(crate) fn not_plain(subject: &Subject) -> Error {
    Error::invalid_input("message", "a plain message has instructions, which speak of streams")
        .with_context("subject", subject)
        .with_remedy("publish it with a `Publisher`, or leave the instructions out")
}

/// May be tried again: a server says the same for a moment while a stream has no leader.
pub(crate) fn no_stream_for(subject: &Subject) -> Error {
    Error::no_stream_for(subject).with_retry(Retry::Later)
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

pub(crate) fn another_stream_expected(stream: &StreamName, expected: &StreamName) -> Error {
    conflict(stream, format!("the stream `{expected}` is expected to take the message"), 10060)
        .with_remedy("expect the stream whose subjects cover this one")
}

pub(crate) fn wrong_last_sequence(stream: &StreamName, last: u64) -> Error {
    conflict(stream, format!("the last sequence is {last}, another one is expected"), 10071)
        .with_remedy("read what was stored since, and decide anew")
}

/// JetStream says no number where it is known only after the batch.
pub(crate) fn sequence_of_batch(stream: &StreamName) -> Error {
    conflict(stream, "a sequence is expected that the batch itself gives".to_owned(), 10164).with_remedy(
        "expect the stream's sequence at the first message, and that of a subject at its first message",
    )
}

pub(crate) fn wrong_last_id(stream: &StreamName, last: Option<&str>) -> Error {
    conflict(stream, "the newest message has another id than expected".to_owned(), 10070)
        .with_context("last_id", last.unwrap_or_default())
        .with_remedy("read what was stored since, and decide anew")
}

fn conflict(stream: &StreamName, message: String, code: u16) -> Error {
    Error::new(ErrorKind::Conflict, message).with_context("stream", stream).with_broker_code(code)
}

pub(crate) fn no_message_ttl(stream: &StreamName) -> Error {
    not_allowed(stream, "allow_message_ttl", 10166)
}

pub(crate) fn no_rollup(stream: &StreamName) -> Error {
    not_allowed(stream, "allow_rollup", 10111)
}

pub(crate) fn no_schedules(stream: &StreamName) -> Error {
    not_allowed(stream, "allow_schedules", 10188)
}

pub(crate) fn no_atomic_batches(stream: &StreamName) -> Error {
    not_allowed(stream, "allow_atomic_batches", 10174)
}

fn not_allowed(stream: &StreamName, field: &'static str, code: u16) -> Error {
    Error::new(ErrorKind::Config, "the stream does not allow that")
        .with_context("stream", stream)
        .with_context("field", field)
        .with_broker_code(code)
        .with_remedy(format!("switch `{field}` on in the stream's configuration"))
}

/// What is wrong with a schedule, by JetStream's number.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ScheduleFault {
    Time = 10189,
    Target = 10190,
    Rollup = 10192,
    Source = 10203,
    TimeZone = 10223,
}

pub(crate) fn schedule_refused(stream: &StreamName, fault: ScheduleFault) -> Error {
    let (message, remedy) = match fault {
        ScheduleFault::Time => (
            "the schedule's time is none, or does not come within five years",
            "write six fields, such as `0 30 2 * * *`, and a time zone only with those",
        ),
        ScheduleFault::Target => (
            "the schedule's target is its own subject, or none of the stream's",
            "give a subject that the same stream stores",
        ),
        ScheduleFault::Rollup => (
            "a schedule replaces what is on its subject, and nothing else",
            "leave the rollup out, or use that of the subject",
        ),
        ScheduleFault::Source => (
            "the schedule's source is its own subject, its target, or none of the stream's",
            "give another subject that the same stream stores",
        ),
        ScheduleFault::TimeZone => (
            "the schedule's time zone is not known",
            "name it as the IANA database does, such as Europe/Berlin",
        ),
    };
    Error::invalid_input("schedule", message)
        .with_context("stream", stream)
        .with_broker_code(fault as u16)
        .with_remedy(remedy)
}

/// What a batch cannot have.
#[derive(Debug, Clone, Copy)]
pub(crate) enum BatchFault {
    ExpectedId,
    KnownId,
    Rollup,
}

pub(crate) fn batch_refused(stream: &StreamName, fault: BatchFault) -> Error {
    let (kind, code, message, remedy) = match fault {
        BatchFault::ExpectedId => (
            ErrorKind::Unsupported,
            10177,
            "no message of a batch can expect the id of the newest one",
            "expect a sequence at the first message",
        ),
        BatchFault::KnownId => (
            ErrorKind::Conflict,
            10201,
            "a message id of the batch is known already",
            "give each message an id of its own; a batch that was stored before needs no second time",
        ),
        BatchFault::Rollup => (
            ErrorKind::Unsupported,
            10111,
            "a message of the batch would replace what the batch has before it",
            "put a rollup of all first, and a rollup of a subject before its other messages",
        ),
    };
    Error::new(kind, message).with_context("stream", stream).with_broker_code(code).with_remedy(remedy)
}

pub(crate) fn batch_of_wrong_size(messages: usize, limit: usize) -> Error {
    Error::invalid_input("messages", format!("a batch of {messages} messages is not between 1 and {limit}"))
        .with_broker_code(10199)
        .with_remedy("publish fewer at once, or more than none")
}

pub(crate) fn batch_of_two_streams(stream: &StreamName, other: &StreamName) -> Error {
    Error::invalid_input("messages", format!("the stream `{other}` takes a part of the batch"))
        .with_context("stream", stream)
        .with_broker_code(10176)
        .with_remedy("publish one batch for each stream")
}
