//! Stopping a consumer for a while, as nats-server 2.15.1 does it (measured): whoever waits goes on waiting, an update
//! leaves the pause as it is, and a time that has passed ends it.

use std::time::SystemTime;

use pubsub_core::{ConsumerName, Error, Result};
use tokio::time::Instant;

use super::effects::Effects;
use super::state::StreamState;
use crate::consumer::Pause;

impl StreamState {
    pub(crate) fn pause_consumer(
        &mut self,
        name: &ConsumerName,
        until: SystemTime,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<()> {
        let at = self.clock.instant(until, now);
        let pause = (at > now).then_some(Pause { until: at, asked: until });
        self.set_pause(name, pause, now, effects)
    }

    pub(crate) fn resume_consumer(
        &mut self,
        name: &ConsumerName,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<()> {
        self.set_pause(name, None, now, effects)
    }

    fn set_pause(
        &mut self,
        name: &ConsumerName,
        pause: Option<Pause>,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<()> {
        self.check_exists()?;
        let slot = self.consumers.slot(name).ok_or_else(|| Error::consumer_not_found(self.name(), name))?;
        if let Some(consumer) = self.consumers.at_mut(slot) {
            consumer.advance(&self.messages, now, effects);
            consumer.set_pause(pause);
            // All who wait look again: at once, or when the pause is over.
            consumer.wake_all(effects);
        }
        self.offer(slot, now, effects);
        Ok(())
    }
}
