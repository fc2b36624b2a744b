//! What every backend refuses alike.

use bytes::Bytes;
use pubsub_core::{
    Capability, ConsumerName, ErrorKind, Headers, MessageId, OutboundMessage, PublisherExt as _, StreamName,
    Subject, SubjectFilter,
};

use crate::check::{CaseResult, check, check_eq, refused_as};
use crate::trial::Trial;

/// The header block of the wire around `h: v`.
const WITH_ONE_HEADER: usize = "NATS/1.0\r\nh: v\r\n\r\n".len();

/// A26: what may be published is the same everywhere: a message at the size limit, its headers counted as on the wire,
/// and not a byte more; no blank, empty token, wildcard or reserved subject; no reserved header; no empty or padded id.
/// Nothing that is refused leaves a trace.
pub(crate) async fn are_the_same_everywhere(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "reader").await?;
    let mut stored = sizes(trial).await?;
    for message in reserved_headers(trial)? {
        let outcome = trial.publisher().publish_message(message).await;
        let error = refused_as(outcome, ErrorKind::InvalidInput, None, "a reserved header")?;
        check!(!error.is_effect_unknown(), "the error leaves the effect unknown: {error}");
    }
    texts(trial)?;
    if trial.has(Capability::MessageId) {
        let id = "x".repeat(MessageId::MAX_LEN);
        trial.publish_with_id("a", &id).await?;
        stored += 1;
    }
    // Long, with room for the prefix of a layer.
    trial.publish(&"x".repeat(Subject::MAX_LEN - 124), "a long subject").await?;
    stored += 1;
    check!(Subject::new("x".repeat(Subject::MAX_LEN)).is_ok(), "a subject of the longest length was refused");
    check!(Subject::new("x".repeat(Subject::MAX_LEN + 1)).is_err(), "a subject over the limit was accepted");

    check_eq!(trial.admin()?.stream_info(&stream).await?.messages, stored, "the messages in the stream");
    consumer.take_and_ack(usize::try_from(stored).unwrap_or(usize::MAX)).await?;
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

/// How many messages it has stored.
async fn sizes(trial: &Trial) -> CaseResult<u64> {
    let Some(limit) = trial.capabilities().max_payload() else {
        return Ok(0);
    };
    let of_size = |size: usize| trial.message("a", Bytes::from(vec![b'x'; size]));
    trial.publisher().publish_message(of_size(limit)?).await?;
    let fitting = limit - WITH_ONE_HEADER;
    trial.publisher().publish_message(of_size(fitting)?.with_header("h", "v")?).await?;
    for message in [of_size(limit + 1)?, of_size(fitting + 1)?.with_header("h", "v")?] {
        let outcome = trial.publisher().publish_message(message).await;
        refused_as(outcome, ErrorKind::PayloadTooLarge, None, "a message of one byte over the limit")?;
    }
    Ok(2)
}

fn reserved_headers(trial: &Trial) -> CaseResult<Vec<OutboundMessage>> {
    let names = ["Nats-Msg-Id", "nats-ttl", "Nats-Rollup", "NATS-Schedule", "Nats-Expected-Last-Sequence"];
    let mut messages = Vec::new();
    for name in names {
        let mut headers = Headers::new();
        headers.append_received(name, "1")?;
        messages.push(trial.message("a", "x")?.with_headers(headers));
    }
    Ok(messages)
}

fn texts(trial: &Trial) -> CaseResult {
    for text in
        ["", " ", ".", "..", "a.", ".a", "a..b", "a b", "a\tb", "a\0b", "\u{a0}", "a.*", "*", "a.>", ">.a"]
    {
        check!(Subject::new(text).is_err(), "the subject {text:?} was accepted");
    }
    for text in ["$SYS.a", "$JS.API.INFO", "$KV.a", "_INBOX.a", "_INBOX"] {
        check!(Subject::new(text).is_err(), "the reserved subject {text:?} was accepted");
    }
    for text in ["", "a..b", "a.>.b", ">.a", "a b", ".>", "_INBOX.>"] {
        check!(SubjectFilter::new(text).is_err(), "the filter {text:?} was accepted");
    }
    // A sign of a wildcard within a token is no wildcard to a server, and looks like one to people.
    for text in ["a.b*", "a.>b"] {
        check!(Subject::new(text).is_err(), "the subject {text:?} was accepted");
    }
    let too_long = "x".repeat(MessageId::MAX_LEN + 1);
    for text in ["", " a", "a ", "a\nb", "\u{feff}a", &too_long] {
        check!(MessageId::new(text).is_err(), "the message id {text:?} was accepted");
        let with_id = trial.message("a", "x")?.with_id(text);
        check!(with_id.is_err(), "a message with the id {text:?} was made");
    }
    let too_long = "x".repeat(256);
    for text in ["", "a.b", "a b", "a*", "a>", "a/b", "a%", "\u{fc}", &too_long] {
        check!(StreamName::new(text).is_err(), "the stream name {text:?} was accepted");
        check!(ConsumerName::new(text).is_err(), "the consumer name {text:?} was accepted");
    }
    Ok(())
}
