//! A message that was pulled: [`NatsMessage`].

mod confirm;
mod headers;
mod plain;
mod position;
mod settle;

use std::fmt;
use std::sync::{Arc, OnceLock};

use async_nats::{HeaderMap, Subject};
use async_trait::async_trait;
use bytes::Bytes;
use pubsub_core::{
    ConsumerName, Delivery, DeliveryInfo, Error, Headers, Message, OnDrop, Result, Settlement,
    SettlementKind, StreamName,
};

pub(crate) use headers::{parse as parse_headers, received as received_headers};

use crate::connection::Connection;
use crate::observe::Activity;
use confirm::confirm;
use position::Position;

pub(crate) struct NatsMessage {
    connection: Arc<Connection>,
    subject: Subject,
    /// Where settlements go.
    reply: Subject,
    payload: Bytes,
    wire_headers: Option<HeaderMap>,
    /// Taken over from `wire_headers` when first asked for: many handlers never look.
    headers: OnceLock<Headers>,
    info: DeliveryInfo,
    on_drop: OnDrop,
    /// Where it is noted what became of settlements.
    activity: Arc<Activity>,
    /// Whether a settlement is of this message, not of all before it too.
    settles_each: bool,
}

/// Whose deliveries arrive.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) connection: &'a Arc<Connection>,
    pub(crate) stream: &'a StreamName,
    pub(crate) consumer: &'a ConsumerName,
    pub(crate) activity: &'a Arc<Activity>,
    /// Whether a settlement is of one message, not of all before it too.
    pub(crate) settles_each: bool,
}

impl NatsMessage {
    /// Takes a message that arrived on an inbox of this consumer. `None` if it is no delivery of JetStream's: anybody may
    /// publish to an inbox.
    pub(crate) fn delivery(
        source: Source<'_>,
        message: async_nats::Message,
        on_drop: OnDrop,
    ) -> Option<Delivery> {
        let reply = message.reply?;
        let position = Position::parse(&reply)?;
        let info = DeliveryInfo::new(
            source.stream.clone(),
            source.consumer.clone(),
            position.stream_sequence,
            position.consumer_sequence,
            position.attempt,
            position.pending,
            position.published_at,
        );
        Some(Delivery::new(Box::new(Self {
            connection: Arc::clone(source.connection),
            subject: message.subject,
            reply,
            payload: message.payload,
            wire_headers: message.headers,
            headers: OnceLock::new(),
            info,
            on_drop,
            activity: Arc::clone(source.activity),
            settles_each: source.settles_each,
        })))
    }

    /// Whether what this subject is told settles a delivery. Anybody may publish to an inbox, with any reply subject.
    pub(crate) fn is_settled_by(reply: &str) -> bool {
        Position::parse(reply).is_some()
    }

    fn explain(&self, error: Error, operation: &'static str) -> Error {
        error
            .with_operation(operation)
            .with_context("stream", &self.info.stream)
            .with_context("consumer", &self.info.consumer)
            .with_context("sequence", self.info.stream_sequence)
    }

    async fn send(&self, settlement: &Settlement) -> Result<()> {
        let payload = settle::payload(settlement)?;
        let is_for_good = matches!(settlement.kind(), SettlementKind::Ack | SettlementKind::Term { .. });
        if settlement.is_confirmed() {
            let DeliveryInfo { stream, consumer, .. } = &self.info;
            let confirmed = confirm(&self.connection, (stream, consumer), &self.reply, payload, is_for_good);
            self.activity.settling.note(self.connection.settling_epoch(), confirmed.await)?;
        } else {
            plain::tell(&self.connection, &self.activity.settling, &self.reply, payload).await?;
        }
        if self.settles_each && is_for_good {
            self.activity.settled.note(&self.info);
        }
        Ok(())
    }
}

#[async_trait]
impl Message for NatsMessage {
    fn subject(&self) -> &str {
        &self.subject
    }

    fn payload(&self) -> &Bytes {
        &self.payload
    }

    fn headers(&self) -> &Headers {
        self.headers.get_or_init(|| headers::received(self.wire_headers.as_ref()))
    }

    fn info(&self) -> &DeliveryInfo {
        &self.info
    }

    async fn settle(self: Box<Self>, settlement: Settlement) -> Result<()> {
        self.send(&settlement).await.map_err(|error| self.explain(error, "settle"))
    }

    async fn extend(&self) -> Result<()> {
        let told = plain::tell(&self.connection, &self.activity.settling, &self.reply, settle::EXTEND).await;
        told.map_err(|error| self.explain(error, "extend"))
    }

    fn abandon(self: Box<Self>) {
        if let OnDrop::NakAfter(delay) = self.on_drop {
            self.connection.post(self.reply, settle::nak(Some(delay)));
        }
    }

    fn hand_back(self: Box<Self>) {
        self.connection.post(self.reply, settle::nak(None));
    }
}

impl fmt::Debug for NatsMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsMessage")
            .field("subject", &self.subject.as_str())
            .field("payload_bytes", &self.payload.len())
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}
