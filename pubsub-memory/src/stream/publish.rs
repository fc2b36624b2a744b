//! Storing a message.

use pubsub_core::{Headers, MessageId, OutboundMessage, Receipt, Result, Retention};
use tokio::time::Instant;

use super::effects::Effects;
use super::log::Stored;
use super::state::StreamState;
use crate::error;

/// The header in which a stored message carries its id.
const MESSAGE_ID: &str = "Nats-Msg-Id";

impl StreamState {
    /// Stores a message. In the order of nats-server 2.15.1 (measured): first the size of the message, then whether it
    /// is a duplicate, then whether anybody is interested, then the room. A refused message leaves its id free.
    pub(crate) fn publish(
        &mut self,
        message: OutboundMessage,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<Receipt> {
        let OutboundMessage { subject, payload, headers, id, .. } = message;
        let headers = with_id(headers, id.as_ref())?;
        let stored = Stored { subject, headers, payload, at: now };
        self.check_size(&stored)?;
        if let Some(sequence) = self.find_duplicate(id.as_ref(), now)? {
            return Ok(Receipt::new(self.name().clone(), sequence, true));
        }
        let sequence = self.store(stored, effects)?;
        if let Some(id) = id {
            let is_stored = self.messages.log().get(sequence).is_some();
            self.dedup.remember(id, sequence, is_stored, now);
        }
        Ok(Receipt::new(self.name().clone(), sequence, false))
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

    fn store(&mut self, message: Stored, effects: &mut Effects) -> Result<u64> {
        let next =
            self.messages.log().next_sequence().ok_or_else(|| error::sequences_exhausted(self.name()))?;
        let mut holders = 0;
        if self.config.retention == Retention::Interest {
            if self.consumers.matching(&message.subject).is_empty() {
                // Confirmed and not stored: nobody sees this subject.
                return Ok(self.messages.skip());
            }
            holders = self.interested(next, &message.subject);
        }
        self.check_room(&message)?;
        let (subject, now) = (message.subject.clone(), message.at);
        let sequence = self.messages.push(message, holders);
        self.enforce_limits(&subject);
        for slot in self.consumers.waiting_for(&subject) {
            self.arrived(slot, now, effects);
        }
        Ok(sequence)
    }
}

fn with_id(mut headers: Headers, id: Option<&MessageId>) -> Result<Headers> {
    if let Some(id) = id {
        headers.append_received(MESSAGE_ID, id.as_str())?;
    }
    Ok(headers)
}
