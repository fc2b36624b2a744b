//! Changing a stream.

use pubsub_core::{Result, Retention, StreamConfig};

use tokio::time::Instant;

use super::effects::Effects;
use super::publish::only_keeps;
use super::state::{self, StreamState};
use crate::error;

const INVALID_STREAM: u16 = 10052;

impl StreamState {
    pub(crate) fn config(&self) -> &StreamConfig {
        &self.config
    }

    /// Refuses a change that JetStream does not allow.
    pub(crate) fn check_update(&self, wanted: &StreamConfig) -> Result<()> {
        let differences = wanted.differences(&self.config);
        match differences.iter().find(|difference| !difference.can_be_updated()) {
            Some(fixed) => {
                Err(error::not_updatable(fixed.field, fixed, INVALID_STREAM)
                    .with_context("stream", self.name()))
            }
            None => Ok(()),
        }
    }

    /// Takes over a configuration that was found to be allowed. Smaller limits apply at once.
    ///
    /// # Errors
    /// Those of a transform that does not fit; nothing has changed then.
    pub(crate) fn reconfigure(
        &mut self,
        config: StreamConfig,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<()> {
        let (mapping, republisher) = (state::mapping(&config)?, state::republisher(&config)?);
        (self.mapping, self.republisher) = (mapping, republisher);
        let becomes_interest =
            config.retention == Retention::Interest && self.config.retention != Retention::Interest;
        self.dedup.expire(now, self.duplicate_window);
        let window = config.effective_duplicate_window();
        if std::mem::replace(&mut self.duplicate_window, window) != window {
            self.dedup.change_window(now, window);
        }
        (self.only_keeps, self.young_until) = (only_keeps(&config), None);
        self.config = config;
        if becomes_interest {
            self.recount_holders();
        }
        self.advance(now, effects);
        self.enforce_new_limits();
        Ok(())
    }
}
