//! Many messages, confirmed together: [`FastBatch`] (ADR-50, nats-server 2.14).
//!
//! A part of a batch is sent in one go and confirmed once. What that confirmation leaves out goes the usual way, message by
//! message, so that each has an outcome of its own.

mod answer;

use std::time::Duration;

use async_nats::Subscriber;
use futures::StreamExt as _;
use pubsub_core::{
    Capability, Confirm, OutboundMessage, PendingReceipt, PublishOptions, Receipt, Result, StreamName,
};
use tokio::time::{Instant, timeout_at};

use super::in_flight::MadeId;
use super::{NatsPublisher, ack, wire_headers, wire_size, wire_subject};
use crate::connection::{Connection, Unanswered, send_failed};
use crate::streams::StreamFacts;
use answer::{Answer, read};

/// The most messages that are confirmed at once. More gain nothing (measured on nats-server 2.15.1).
const MOST: usize = 4_096;
/// What a stream's duplicate window must have left to send a message again.
const MARGIN: Duration = Duration::from_millis(50);

/// The operations of the protocol: begin, go on, and commit with the last message.
const BEGIN: u8 = 0;
const NEXT: u8 = 1;
const COMMIT: u8 = 2;

/// How a part of a batch ended.
enum End {
    /// The first so many are stored, and the rest is not.
    Stored(usize, StreamName),
    /// None is stored.
    Nothing,
    /// It is not known what is stored.
    Unknown,
}

/// One message of a batch, checked.
struct Checked {
    place: usize,
    message: OutboundMessage,
    /// How it may be sent again.
    again: Option<MadeId>,
}

/// What goes together.
pub(super) struct FastBatch<'a> {
    publisher: &'a NatsPublisher,
    options: &'a PublishOptions,
    outcomes: Vec<Option<Result<PendingReceipt>>>,
}

/// The stream that takes all of these messages and may confirm them together, if the caller asked for that.
pub(super) async fn stream(
    publisher: &NatsPublisher,
    messages: &[OutboundMessage],
    options: &PublishOptions,
) -> Option<std::sync::Arc<StreamFacts>> {
    let connection = &publisher.connection;
    let wanted = options.confirm == Confirm::StoredOnly && messages.len() > 1;
    if !wanted || !connection.capabilities().has(Capability::FastBatch) || !connection.is_connected() {
        return None;
    }
    let first = messages.first()?;
    // Who may not ask goes the usual way.
    let stream = connection.streams.find(connection, first.subject.as_str()).await.ok().flatten()?;
    let fits = |message: &OutboundMessage| message.is_plain() && stream.takes(message.subject.as_str());
    (stream.allows_fast_batches && messages.iter().all(fits)).then_some(stream)
}

impl<'a> FastBatch<'a> {
    pub(super) fn new(publisher: &'a NatsPublisher, options: &'a PublishOptions) -> Self {
        Self { publisher, options, outcomes: Vec::new() }
    }

    /// Publishes all of them; one outcome for each.
    pub(super) async fn publish(
        mut self,
        stream: &StreamFacts,
        messages: Vec<OutboundMessage>,
    ) -> Vec<Result<PendingReceipt>> {
        self.outcomes.resize_with(messages.len(), || None);
        let config = &self.publisher.connection.config;
        let (most, most_bytes) = (MOST.min(config.max_in_flight).max(1), config.max_in_flight_bytes);
        let (mut part, mut bytes) = (Vec::new(), 0_u64);
        for (place, mut message) in messages.into_iter().enumerate() {
            let again = match self.publisher.prepare(&mut message, self.options) {
                Ok(again) => again,
                Err(error) => {
                    self.end(place, Err(error));
                    continue;
                }
            };
            let size = u64::try_from(wire_size(&message)).unwrap_or(u64::MAX);
            if part.len() == most || (!part.is_empty() && bytes.saturating_add(size) > most_bytes) {
                self.part(stream, std::mem::take(&mut part)).await;
                bytes = 0;
            }
            bytes = bytes.saturating_add(size);
            part.push(Checked { place, message, again });
        }
        self.part(stream, part).await;
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Err(unknown("")))).collect()
    }

    fn end(&mut self, place: usize, outcome: Result<PendingReceipt>) {
        if let Some(empty) = self.outcomes.get_mut(place) {
            *empty = Some(outcome);
        }
    }

    async fn part(&mut self, stream: &StreamFacts, part: Vec<Checked>) {
        let started = Instant::now();
        let timeout = self.publisher.timeout(self.options);
        // The other half is for sending again.
        let ended = send(self.publisher, &part, started + timeout / 2).await;
        let is_remembered = started.elapsed() + MARGIN < stream.duplicate_window;
        let (stored, stream, certain) = match ended {
            End::Stored(count, stream) => (count, Some(stream), true),
            End::Nothing => (0, None, true),
            End::Unknown => (0, None, false),
        };
        for (number, Checked { place, message, again }) in part.into_iter().enumerate() {
            let outcome = match &stream {
                Some(stream) if number < stored => Ok(PendingReceipt::ready(Ok(stored_only(stream)))),
                _ if certain || (message.id.is_some() && again.is_some() && is_remembered) => {
                    self.publisher.accept(message, again, self.options, started).await
                }
                _ => Ok(PendingReceipt::ready(Err(unknown(message.subject.as_str())))),
            };
            self.end(place, outcome);
        }
    }
}

async fn send(publisher: &NatsPublisher, part: &[Checked], deadline: Instant) -> End {
    let connection = &publisher.connection;
    let Some((last, others)) = part.split_last().filter(|_| part.len() > 1) else { return End::Nothing };
    if connection.check_open().is_err() || connection.check_answerable().is_err() {
        return End::Nothing;
    }
    let bytes = part.iter().map(|checked| wire_size(&checked.message)).fold(0, usize::saturating_add);
    let room = timeout_at(deadline, connection.window.reserve_many(part.len(), bytes)).await;
    let Ok(Some(_room)) = room else { return End::Nothing };
    if !connection.is_connected() {
        return End::Nothing;
    }
    // A new connection has lost what was sent over the one before.
    let mut connections = connection.connections();
    let _ = connections.borrow_and_update();
    let inbox = connection.client.new_inbox();
    let subscribing = connection.client.subscribe(format!("{inbox}.>"));
    let Ok(Ok(mut answers)) = timeout_at(deadline, subscribing).await else { return End::Nothing };
    let prefix = format!("{inbox}.{}.{}.fail", connection.ids.next(), part.len());
    let sending = async {
        for (number, checked) in (1..).zip(others) {
            let operation = if number == 1 { BEGIN } else { NEXT };
            send_one(connection, checked, format!("{prefix}.{number}.{operation}.$FI")).await?;
        }
        send_one(connection, last, format!("{prefix}.{}.{COMMIT}.$FI", part.len())).await
    };
    if !matches!(timeout_at(deadline, sending).await, Ok(Ok(()))) {
        return End::Unknown;
    }
    tokio::select! {
        biased;
        ended = wait(&mut answers, deadline) => ended,
        _ = connections.changed() => End::Unknown,
    }
}

async fn send_one(connection: &Connection, checked: &Checked, reply: String) -> Result<()> {
    let client = &connection.client;
    let message = &checked.message;
    let (to, headers) = (wire_subject(&message.subject)?, wire_headers(message)?);
    let payload = message.payload.clone();
    let sent = match headers {
        Some(headers) => client.publish_with_reply_and_headers(to, reply, headers, payload).await,
        None => client.publish_with_reply(to, reply, payload).await,
    };
    sent.map_err(send_failed)
}

async fn wait(answers: &mut Subscriber, deadline: Instant) -> End {
    loop {
        let Ok(Some(message)) = timeout_at(deadline, answers.next()).await else { return End::Unknown };
        match read(&message) {
            Answer::GoesOn => {}
            Answer::Ended { stream, count } => return End::Stored(count, stream),
            Answer::Refused => return End::Nothing,
            Answer::Unknown => return End::Unknown,
        }
    }
}

fn stored_only(stream: &StreamName) -> Receipt {
    let mut receipt = Receipt::new(stream.clone(), 0, false);
    (receipt.sequence, receipt.duplicate) = (None, None);
    receipt
}

fn unknown(subject: &str) -> pubsub_core::Error {
    ack::unconfirmed(Unanswered::TimedOut, subject).with_operation("publish").with_context("subject", subject)
}
