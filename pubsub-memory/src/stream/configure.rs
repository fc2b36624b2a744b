//! Changing a stream.

use pubsub_core::{Error, Result, Retention, StreamConfig};

use super::state::StreamState;
use crate::error;

const INVALID_STREAM: u16 = 10052;

impl StreamState {
    pub(crate) fn config(&self) -> &StreamConfig {
        &self.config
    }

    /// Refuses a change that JetStream does not allow (measured on nats-server 2.15.1; `max_consumers` as in its
    /// source).
    pub(crate) fn check_update(&self, wanted: &StreamConfig) -> Result<()> {
        let differences = wanted.differences(&self.config);
        let refused = differences
            .iter()
            .find(|difference| !difference.can_be_updated() || difference.field == "max_consumers");
        match refused {
            Some(difference) => Err(self.refuse(difference.field, difference)),
            None => Ok(()),
        }
    }

    fn refuse(&self, field: &'static str, change: impl std::fmt::Display) -> Error {
        error::not_updatable(field, change, INVALID_STREAM).with_context("stream", self.name())
    }

    /// Takes over a configuration that was found to be allowed. Smaller limits apply at once.
    pub(crate) fn reconfigure(&mut self, config: StreamConfig) {
        let becomes_interest =
            config.retention == Retention::Interest && self.config.retention != Retention::Interest;
        self.duplicate_window = config.effective_duplicate_window();
        self.config = config;
        if becomes_interest {
            self.recount_holders();
        }
        self.enforce_limits(None);
    }
}
