//! What a message replaces.

use pubsub_core::admin::PurgeExtent;
use pubsub_core::{Result, Rollup, Subject, SubjectFilter};
use tokio::time::Instant;

use super::incoming::Orders;
use crate::error;
use crate::stream::effects::Effects;
use crate::stream::state::StreamState;

impl StreamState {
    pub(super) fn check_rollup(&self, rollup: Option<Rollup>) -> Result<()> {
        match rollup {
            Some(_) if !self.config.effective_allow_rollup() => Err(error::no_rollup(self.name())),
            Some(Rollup::Subject | Rollup::All) | None => Ok(()),
            Some(_) => Err(pubsub_core::Error::unsupported("rollup")),
        }
    }

    /// Purges what a stored message replaces, but for `kept`, and the schedule that it was the last message of.
    pub(super) fn roll_up(
        &mut self,
        orders: &Orders,
        subject: &Subject,
        kept: u64,
        now: Instant,
        effects: &mut Effects,
    ) {
        let mut purge = |filter: Option<SubjectFilter>, kept| {
            self.purge_extent(filter.as_ref(), PurgeExtent::Keep(kept), now, effects);
        };
        match orders.rollup {
            Some(Rollup::Subject) => purge(Some(subject.into()), kept),
            Some(Rollup::All) => purge(None, kept),
            _ => {}
        }
        if let Some(scheduled) = orders.scheduled.as_ref().filter(|scheduled| scheduled.is_last) {
            purge(Some((&scheduled.scheduler).into()), 0);
        }
    }
}
