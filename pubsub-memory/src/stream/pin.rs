//! Ending the pin of a consumer that serves one of those who ask.

use pubsub_core::{ConsumerName, Error, PriorityGroup, Result};
use tokio::time::Instant;

use super::consumers::ConsumerKey;
use super::effects::Effects;
use super::serve::{Gone, find};
use super::state::StreamState;

impl StreamState {
    /// The group of a consumer, for who asks for more than to be served.
    pub(crate) fn group(&mut self, key: ConsumerKey) -> Result<Option<PriorityGroup>, Gone> {
        let consumer = find(self.deleted, self.consumers.get_mut(key))?;
        Ok(consumer.group().cloned())
    }

    pub(crate) fn unpin_consumer(
        &mut self,
        name: &ConsumerName,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<()> {
        self.check_exists()?;
        let slot = self.consumers.slot(name).ok_or_else(|| Error::consumer_not_found(self.name(), name))?;
        if let Some(consumer) = self.consumers.at_mut(slot) {
            consumer.advance(&self.messages, now, effects);
            consumer.unpin(effects);
            consumer.wake_all(effects);
        }
        self.offer(slot, now, effects);
        Ok(())
    }
}
