//! A message on its way into the stream: [`Incoming`].

use std::borrow::Cow;

use bytes::Bytes;
use pubsub_core::{
    Error, Expectations, Headers, MessageId, OutboundMessage, Result, Rollup, Schedule, Subject, TimeToLive,
};
use tokio::time::Instant;

use super::wire;
use crate::stream::state::StreamState;
use crate::stream::stored::Stored;

/// The header in which a stored message carries its id.
pub(in crate::stream) const MESSAGE_ID: &str = "Nats-Msg-Id";
pub(in crate::stream) const ROLLUP: &str = "Nats-Rollup";
pub(in crate::stream) const TTL: &str = "Nats-TTL";

/// What is to be stored, and what is to be done besides.
#[derive(Debug)]
pub(in crate::stream) struct Incoming {
    /// With the subject and the headers that it is stored with.
    pub(in crate::stream) message: Stored,
    pub(in crate::stream) id: Option<MessageId>,
    /// Nearly every message has none.
    pub(in crate::stream) orders: Option<Box<Orders>>,
}

/// The rare parts of a publish.
#[derive(Debug, Default)]
pub(in crate::stream) struct Orders {
    pub(in crate::stream) expectations: Option<Expectations>,
    pub(in crate::stream) ttl: Option<TimeToLive>,
    pub(in crate::stream) rollup: Option<Rollup>,
    pub(in crate::stream) schedule: Option<Schedule>,
    /// The stream itself publishes this, because of a schedule.
    pub(in crate::stream) scheduled: Option<Scheduled>,
}

/// What a schedule's message does to its schedule.
#[derive(Debug)]
pub(in crate::stream) struct Scheduled {
    /// The subject of the schedule.
    pub(in crate::stream) scheduler: Subject,
    /// Whether that was its last time.
    pub(in crate::stream) is_last: bool,
}

impl Incoming {
    pub(in crate::stream) fn expectations(&self) -> Option<&Expectations> {
        self.orders.as_ref()?.expectations.as_ref()
    }

    pub(in crate::stream) fn rollup(&self) -> Option<Rollup> {
        self.orders.as_ref()?.rollup
    }

    pub(in crate::stream) fn ttl(&self) -> Option<TimeToLive> {
        self.orders.as_ref()?.ttl
    }

    /// Gives a header this one value, as its last.
    pub(in crate::stream) fn set_header(&mut self, name: &str, value: &str) -> Result<()> {
        self.message.headers.remove(name);
        self.message.headers.append_received(name, value)
    }
}

impl StreamState {
    /// A client's message, as this stream would store it.
    pub(super) fn incoming(&self, message: OutboundMessage, now: Instant) -> Result<Incoming> {
        let orders = (!message.is_plain()).then(|| {
            Box::new(Orders {
                expectations: message.expectations().cloned(),
                ttl: message.ttl(),
                rollup: message.rollup(),
                schedule: message.schedule().cloned(),
                scheduled: None,
            })
        });
        let lines = orders.as_ref().map(|_| own(message.instruction_headers())).unwrap_or_default();
        let OutboundMessage { subject, payload, mut headers, id, .. } = message;
        if let Some(id) = &id {
            headers.append_received(MESSAGE_ID, id.as_str())?;
        }
        for (name, value) in lines {
            headers.append_received(name, &value)?;
        }
        let subject = self.transformed(subject)?;
        Ok(Incoming { message: Stored { subject, headers, payload, at: now }, id, orders })
    }

    /// What a plain publish brought. Its headers count as on a server.
    pub(super) fn received(
        &self,
        subject: Subject,
        headers: Headers,
        payload: Bytes,
        now: Instant,
    ) -> Result<Incoming> {
        let id = headers.get(MESSAGE_ID).map(|id| MessageId::new(id.to_owned())).transpose()?;
        let orders = wire::orders(&headers)?;
        let message = Stored { subject: self.transformed(subject)?, headers, payload, at: now };
        Ok(Incoming { message, id, orders })
    }

    /// What the stream itself publishes, at this time.
    pub(in crate::stream) fn produced(
        &self,
        subject: Subject,
        headers: Headers,
        payload: Bytes,
        orders: Orders,
        at: Instant,
    ) -> Result<Incoming> {
        let subject = self.transformed(subject)?;
        let message = Stored { subject, headers, payload, at };
        Ok(Incoming { message, id: None, orders: Some(Box::new(orders)) })
    }

    /// The subject that a message of this subject is stored under.
    pub(in crate::stream) fn transformed(&self, subject: Subject) -> Result<Subject> {
        let Some(renamed) = self.mapping.as_ref().and_then(|mapping| mapping.apply(subject.as_str())) else {
            return Ok(subject);
        };
        Subject::new(renamed).map_err(|fault| {
            Error::config("subject_transform", "the stream's transform makes no legal subject of this one")
                .with_context("stream", self.name())
                .with_source(fault)
                .with_remedy("publish to another subject, or change the stream's transform")
        })
    }
}

fn own(lines: Vec<(&'static str, Cow<'_, str>)>) -> Vec<(&'static str, String)> {
    lines.into_iter().map(|(name, value)| (name, value.into_owned())).collect()
}
