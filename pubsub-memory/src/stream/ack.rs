//! An ack that takes its message out of a work queue, and does nothing else: nearly every one there.

use pubsub_core::Retention;
use tokio::time::Instant;

use super::consumers::ConsumerKey;
use super::retention::Why;
use super::state::StreamState;

impl StreamState {
    /// Applies a plain ack, as [`settle`](Self::settle), where that ends the lowest unsettled delivery, lets nobody have
    /// another one, and nothing has happened by itself up to now. With `None` nothing has happened.
    pub(super) fn ack_plain(&mut self, key: ConsumerKey, sequence: u64, now: Instant) -> Option<()> {
        let is_simple = self.config.retention == Retention::WorkQueue
            && self.is_quiet(now)
            && !self.consumers.lag_is_over(now)
            && sequence >= self.messages.log().first();
        let consumer = self.consumers.get_mut(key).filter(|_| is_simple)?;
        consumer.ack_quietly(sequence, &self.messages, now)?;
        (self.heard, self.lived_until) = (false, now);
        self.remove(sequence, Why::Settled);
        self.settle_account();
        Some(())
    }
}
