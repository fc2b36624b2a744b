//! Several messages, all or none: [`publish`] (ADR-50, nats-server 2.12).

use async_nats::Message;
use pubsub_core::{BatchReceipt, Capability, Error, ErrorKind, OutboundMessage, Result, StreamName, Subject};
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use super::batch_headers::batch_headers;
use super::{ack, wire_size, wire_subject};
use crate::api::{self, ApiError};
use crate::connection::{Connection, Phase, send_failed};

/// The most messages of a batch, as nats-server's.
const MOST: usize = 1_000;

/// Sends the first message and waits for the server's word, so that what a stream does not allow is told before the rest is
/// sent; the last one commits. Before that nothing is stored, whatever goes wrong.
pub(super) async fn publish(
    connection: &Connection,
    messages: &[OutboundMessage],
    deadline: Instant,
) -> Result<BatchReceipt> {
    connection.check_open()?;
    let capabilities = connection.capabilities();
    capabilities.require(Capability::AtomicBatch)?;
    messages.iter().try_for_each(|message| message.check(capabilities))?;
    let Some((last, others)) = messages.split_last().filter(|_| messages.len() <= MOST) else {
        return Err(wrong_size(messages.len()));
    };
    connection.check_answerable()?;
    let bytes = messages.iter().map(wire_size).fold(0, usize::saturating_add);
    let Ok(Some(_room)) = timeout_at(deadline, connection.window.reserve_many(messages.len(), bytes)).await
    else {
        return Err(Error::new(ErrorKind::Overloaded, "too much is in flight for the batch")
            .with_remedy("publish more slowly, or raise `max_in_flight` and `max_in_flight_bytes`"));
    };
    connection.ready_by(deadline, connection.config.publish_timeout, Phase::Closing).await?;
    let batch = connection.ids.next();
    for (number, message) in (1..).zip(others) {
        let sent = send(connection, message, &batch, number, deadline).await;
        sent.map_err(|error| about(nothing_stored(error), &message.subject, number))?;
    }
    let headers = batch_headers(last, &batch, messages.len(), true)?;
    let time = deadline.saturating_duration_since(Instant::now());
    let (to, payload) = (wire_subject(&last.subject)?, last.payload.clone());
    let answer = connection.request_within(time, to, Some(headers), payload).await;
    answer.and_then(|answer| receipt(&answer)).map_err(|error| about(error, &last.subject, messages.len()))
}

async fn send(
    connection: &Connection,
    message: &OutboundMessage,
    batch: &str,
    number: usize,
    deadline: Instant,
) -> Result<()> {
    let headers = batch_headers(message, batch, number, false)?;
    let (to, payload) = (wire_subject(&message.subject)?, message.payload.clone());
    if number > 1 {
        let sending = connection.client.publish_with_headers(to, headers, payload);
        return match timeout_at(deadline, sending).await {
            Ok(sent) => sent.map_err(send_failed),
            Err(_) => Err(connection.unreachable_or_late(connection.config.publish_timeout)),
        };
    }
    let time = deadline.saturating_duration_since(Instant::now());
    let answer = connection.request_within(time, to, Some(headers), payload).await?;
    // The word that goes on is empty.
    if answer.status.is_none() && answer.payload.is_empty() { Ok(()) } else { receipt(&answer).map(drop) }
}

/// JetStream's confirmation of a batch, as JSON.
#[derive(Deserialize)]
struct BatchAck<'a> {
    error: Option<ApiError>,
    #[serde(borrow)]
    stream: Option<&'a str>,
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    count: u64,
}

fn receipt(answer: &Message) -> Result<BatchReceipt> {
    if answer.status.is_some() {
        // A status comes from no stream.
        ack::receipt(answer)?;
    }
    let foreign = || {
        Error::new(ErrorKind::Unexpected, "the answer to the batch is not JetStream's").with_effect_unknown()
    };
    let ack: BatchAck<'_> = serde_json::from_slice(&answer.payload).map_err(|_| foreign())?;
    if let Some(error) = ack.error {
        return Err(error.into_error());
    }
    let stream = ack.stream.and_then(|stream| StreamName::new(stream).ok());
    let stream = stream.filter(|_| ack.seq > 0 && ack.count > 0).ok_or_else(foreign)?;
    Ok(BatchReceipt::new(stream, ack.seq, ack.count))
}

/// Without its commit a batch has no effect.
fn nothing_stored(error: Error) -> Error {
    api::without_unknown_effect(error)
}

fn about(error: Error, subject: &Subject, number: usize) -> Error {
    error.with_context("subject", subject).with_context("message", number)
}

fn wrong_size(messages: usize) -> Error {
    Error::invalid_input("messages", format!("a batch of {messages} messages is not between 1 and {MOST}"))
        .with_broker_code(api::BATCH_TOO_LARGE)
        .with_remedy("publish fewer at once, or more than none")
}
