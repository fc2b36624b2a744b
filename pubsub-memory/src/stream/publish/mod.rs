//! Storing a message: whether it may be, and what is done when it is.

mod atomic;
mod expectations;
mod incoming;
mod keep;
mod republish;
mod rollup;
mod wire;

use bytes::Bytes;
use pubsub_core::{Error, Headers, MessageId, OutboundMessage, Receipt, Result, Subject};
use tokio::time::Instant;

use super::effects::Effects;
use super::state::StreamState;
use crate::error;
pub(crate) use atomic::batch_headers;
pub(super) use incoming::{Incoming, Orders, Scheduled};
pub(super) use incoming::{MESSAGE_ID, ROLLUP, TTL};
pub(super) use republish::Republisher;

/// The first server that refuses what is too large before anything else.
const SIZE_FIRST: (u16, u16) = (2, 15);
/// The first server that looks at expectations before it looks for a duplicate.
const EXPECTATIONS_FIRST: (u16, u16) = (2, 12);

impl StreamState {
    /// Stores a message. In the order of nats-server 2.15.1 (measured): its size, its stream, its time to live, what it
    /// expects of sequences, its schedule, whether it is a duplicate, which id it expects, its rollup; then whether anybody
    /// is interested, then the room. A refused message leaves its id free; errors name its subject.
    pub(crate) fn publish(
        &mut self,
        message: OutboundMessage,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<Receipt> {
        // Whatever else is refused still has its subject when it is.
        let changes = self.mapping.is_some() || message.id.is_some() || !message.is_plain();
        let published = changes.then(|| message.subject.clone());
        let about = |error: Error, subject: &Subject| {
            error.with_context("subject", published.as_ref().unwrap_or(subject))
        };
        let mut incoming = match (self.incoming(message, now), &published) {
            (Err(error), Some(subject)) => return Err(about(error, subject)),
            (incoming, _) => incoming?,
        };
        let outcome = self.publish_incoming(&mut incoming, now, effects);
        outcome.map_err(|error| about(error, &incoming.message.subject))
    }

    fn publish_incoming(
        &mut self,
        incoming: &mut Incoming,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<Receipt> {
        let size_first = self.bounds.server_version.is_at_least(SIZE_FIRST);
        if size_first {
            self.check_size(&incoming.message)?;
        }
        if let Some(sequence) = self.check_orders(incoming, now)? {
            return Ok(Receipt::new(self.name().clone(), sequence, true));
        }
        if !size_first {
            self.check_size(&incoming.message)?;
        }
        let sequence = self.keep(incoming, effects)?;
        Ok(Receipt::new(self.name().clone(), sequence, false))
    }

    /// Stores what a plain publish brought, whose headers are those of the wire.
    pub(crate) fn publish_received(
        &mut self,
        subject: Subject,
        headers: Headers,
        payload: Bytes,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<Receipt> {
        self.check_exists()?;
        let mut incoming = self.received(subject, headers, payload, now)?;
        self.check_size(&incoming.message)?;
        if let Some(sequence) = self.check_orders(&mut incoming, now)? {
            return Ok(Receipt::new(self.name().clone(), sequence, true));
        }
        let sequence = self.keep(&mut incoming, effects)?;
        Ok(Receipt::new(self.name().clone(), sequence, false))
    }

    /// Returns the sequence of the first, if it is a duplicate.
    fn check_orders(&mut self, incoming: &mut Incoming, now: Instant) -> Result<Option<u64>> {
        if incoming.orders.is_none() {
            return self.find_duplicate(incoming.id.as_ref(), now);
        }
        let expectations_first = self.bounds.server_version.is_at_least(EXPECTATIONS_FIRST);
        if let Some(expected) = incoming.expectations() {
            self.check_expected_stream(expected)?;
        }
        self.check_ttl(incoming.ttl())?;
        if expectations_first {
            self.check_sequences_and_schedule(incoming, now)?;
        }
        if let Some(sequence) = self.find_duplicate(incoming.id.as_ref(), now)? {
            return Ok(Some(sequence));
        }
        if !expectations_first {
            self.check_sequences_and_schedule(incoming, now)?;
        }
        if let Some(expected) = incoming.expectations() {
            self.check_expected_id(expected)?;
        }
        self.check_rollup(incoming.rollup())?;
        Ok(None)
    }

    fn check_sequences_and_schedule(&self, incoming: &mut Incoming, now: Instant) -> Result<()> {
        if let Some(expected) = incoming.expectations() {
            self.check_expected_sequences(expected, &incoming.message.subject)?;
        }
        self.check_schedule(incoming, now)
    }

    fn find_duplicate(&mut self, id: Option<&MessageId>, now: Instant) -> Result<Option<u64>> {
        let Some(id) = id else { return Ok(None) };
        self.dedup.expire(now, self.duplicate_window);
        if let Some(sequence) = self.dedup.find(id) {
            return Ok(Some(sequence));
        }
        let limit = self.bounds.max_message_ids;
        if self.dedup.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
            return Err(error::too_many_ids(self.name(), limit));
        }
        Ok(None)
    }
}
