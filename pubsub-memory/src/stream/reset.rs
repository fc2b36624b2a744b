//! Setting a consumer back or forward.

use pubsub_core::{ConsumerInfo, ConsumerName, Error, Result};
use tokio::time::Instant;

use super::effects::Effects;
use super::state::StreamState;
use crate::consumer::NoReset;
use crate::error;

impl StreamState {
    /// Sets a consumer to a sequence, or to its ack floor. What it holds under interest retention follows.
    pub(crate) fn reset_consumer(
        &mut self,
        name: &ConsumerName,
        sequence: Option<u64>,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<ConsumerInfo> {
        self.check_exists()?;
        if sequence == Some(0) {
            // A server would take it for "to the ack floor".
            return Err(error::no_reset(
                self.name(),
                name,
                "no message has the sequence 0: they begin with 1",
                "give a sequence from 1 on, or none for the ack floor",
            ));
        }
        let missing = || Error::consumer_not_found(self.name(), name);
        let slot = self.consumers.slot(name).ok_or_else(missing)?;
        let consumer =
            self.consumers.at_mut(slot).ok_or_else(|| Error::consumer_not_found(&self.config.name, name))?;
        consumer.advance(&self.messages, now, effects);
        consumer.forget_removed(&self.messages);
        let target = consumer
            .reset_target(sequence, &self.messages, &self.clock)
            .map_err(|refused| self.reset_refused(name, refused))?;
        let before = self.consumers.at(slot).map(|consumer| self.kept_for(consumer)).unwrap_or_default();
        self.consumers.change(slot, |consumer| consumer.reset(target));
        let after = self.consumers.at(slot).map(|consumer| self.kept_for(consumer)).unwrap_or_default();
        self.hold(&after);
        self.unhold(&before);
        let (last, selector) =
            (self.messages.log().last(), self.consumers.at(slot).map(|at| at.selector.clone()));
        if let Some(selector) = selector.filter(|_| target <= last.saturating_add(1)) {
            self.sweep(0, target.saturating_sub(1), &selector);
        }
        if let Some(consumer) = self.consumers.at_mut(slot) {
            consumer.wake_all(effects);
        }
        self.info_at(slot, now, effects)
    }

    fn reset_refused(&self, name: &ConsumerName, refused: NoReset) -> Error {
        match refused {
            NoReset::Start => error::no_reset(
                self.name(),
                name,
                "the consumer does not start at a sequence, a time or the beginning",
                "reset it to its ack floor, or create another consumer that starts there",
            ),
            NoReset::Below(first) => error::no_reset(
                self.name(),
                name,
                format!("the consumer starts with sequence {first}"),
                "give a sequence from there on",
            ),
        }
    }
}
