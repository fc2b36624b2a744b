//! Which consumers lag, and letting them catch up before anybody could notice.

use pubsub_core::{Retention, Subject};
use tokio::time::Instant;

use super::publish::Orders;
use super::state::StreamState;

impl StreamState {
    /// Lets all consumers catch up: what follows may look at any of them.
    pub(super) fn catch_up_all(&mut self) {
        while let Some(slot) = self.consumers.take_lagging() {
            self.let_catch_up(slot);
        }
    }

    /// Lets one consumer catch up: what follows concerns no other.
    pub(super) fn catch_up(&mut self, slot: usize) {
        if self.consumers.stop_lagging(slot) {
            self.let_catch_up(slot);
        }
    }

    fn let_catch_up(&mut self, slot: usize) {
        if let Some(consumer) = self.consumers.at_mut(slot) {
            consumer.catch_up(&self.messages);
        }
        self.consumers.note_waiting(slot);
    }

    /// Before a message is stored, and what goes for it: that is gone before anybody is given the message.
    pub(super) fn catch_up_before_replacing(
        &mut self,
        subject: &Subject,
        cost: u64,
        orders: Option<&Orders>,
    ) {
        if !self.consumers.are_lagging() {
            return;
        }
        let (config, log) = (&self.config, self.messages.log());
        let replaces = config.max_messages.is_exceeded_by(&(log.len() + 1))
            || config.max_bytes.is_exceeded_by(&(log.bytes() + cost))
            || orders.is_some()
            || config
                .max_messages_per_subject
                .at()
                .is_some_and(|limit| self.messages.subjects().count(subject.as_str()) >= limit);
        if replaces {
            self.catch_up_all();
        }
    }

    /// Before a publish: lets consumers catch up for which time may have done something.
    pub(super) fn catch_up_in_time(&mut self, now: Instant) {
        if self.consumers.lag_is_over(now) {
            self.catch_up_all();
        }
    }

    /// After an operation on one consumer. While somebody hears of what happens nothing is left for later.
    pub(super) fn let_lag(&mut self, slot: usize, now: Instant) {
        if self.heard || self.deleted {
            return;
        }
        let keeps_acked = self.config.retention == Retention::Limits;
        let Some(consumer) = self.consumers.at_mut(slot) else { return };
        if let Some(until) = consumer.let_lag(&self.messages, keeps_acked, now) {
            self.consumers.note_lag(slot, until);
            self.consumers.note_waiting(slot);
        }
    }
}
