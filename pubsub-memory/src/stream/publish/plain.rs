//! Storing a message that asks for nothing, in a stream that does nothing with it but keep it: nearly every message.

use std::mem;

use pubsub_core::{Discard, Limit, OutboundMessage, Receipt, Result, Retention, StreamConfig};
use tokio::time::Instant;

use crate::error;
use crate::stream::effects::Effects;
use crate::stream::state::StreamState;
use crate::stream::stored::cost;

/// Whether a stream of this configuration does nothing with a message but keep it, and drop its oldest ones.
pub(in crate::stream) fn only_keeps(config: &StreamConfig) -> bool {
    let is_bounded = config.max_messages != Limit::Unlimited || config.max_bytes != Limit::Unlimited;
    matches!(config.retention, Retention::Limits | Retention::WorkQueue)
        && (config.discard == Discard::Old || !is_bounded)
        && config.max_messages_per_subject == Limit::Unlimited
        && config.max_message_size == Limit::Unlimited
        && config.subject_transform.is_none()
        && config.republish.is_none()
        && config.subject_delete_marker_ttl.is_none()
        && !config.allow_schedules
}

impl StreamState {
    /// Whether [`publish_plain`](Self::publish_plain) does all that there is to do, at this time.
    pub(crate) fn takes_plainly(&self, message: &OutboundMessage, now: Instant) -> bool {
        self.only_keeps && message.is_plain() && message.id.is_none() && self.is_quiet(now)
    }

    /// Stores a message, as [`publish`](Self::publish), where nothing else is to be done. Leaves its subject.
    pub(crate) fn publish_plain(
        &mut self,
        message: &mut OutboundMessage,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<Receipt> {
        (self.heard, self.lived_until) = (false, now);
        self.catch_up_in_time(now);
        let stored = self.append(message, now);
        let sequence = stored.map_err(|error| error.with_context("subject", &message.subject))?;
        if self.consumers.are_waited_on() {
            self.tell_who_waits(&message.subject, now, effects);
        }
        if mem::take(&mut self.unblocks) {
            self.unblock(now, effects);
        }
        Ok(Receipt::new(self.name().clone(), sequence, false))
    }

    fn append(&mut self, message: &mut OutboundMessage, now: Instant) -> Result<u64> {
        if self.messages.log().next_sequence().is_none() {
            return Err(error::sequences_exhausted(self.name()));
        }
        let cost = cost(&message.subject, &message.headers, &message.payload);
        self.reserve_bytes(cost)?;
        self.catch_up_before_replacing(&message.subject, cost, None);
        let (headers, payload) = (mem::take(&mut message.headers), mem::take(&mut message.payload));
        let sequence = self.messages.push_parts(&message.subject, headers, payload, now, cost);
        self.last_id = None;
        let log = self.messages.log();
        if self.config.max_messages.is_exceeded_by(&log.len())
            || self.config.max_bytes.is_exceeded_by(&log.bytes())
        {
            self.enforce_limits(&message.subject);
            self.settle_account();
        }
        Ok(sequence)
    }
}
