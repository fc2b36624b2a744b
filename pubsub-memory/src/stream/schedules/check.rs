//! Which schedules a stream takes, in the order of nats-server 2.15.1 (measured).

use pubsub_core::{Result, Rollup, Subject, SubjectFilter};
use tokio::time::Instant;

use super::times::{self, Fault};
use crate::error::{self, ScheduleFault};
use crate::stream::publish::{Incoming, ROLLUP};
use crate::stream::state::StreamState;

impl StreamState {
    /// Refuses a schedule that the stream does not take. One that it takes replaces what its subject had.
    pub(in crate::stream) fn check_schedule(&self, incoming: &mut Incoming, now: Instant) -> Result<()> {
        let Some(orders) = incoming.orders.as_mut() else {
            return Ok(());
        };
        let Some(schedule) = &orders.schedule else {
            return Ok(());
        };
        if !self.config.allow_schedules {
            return Err(error::no_schedules(self.name()));
        }
        let refused = |fault| Err(error::schedule_refused(self.name(), fault));
        let now = self.clock.wall(now);
        match times::next(schedule, now, now) {
            Err(Fault::TimeZone) => return refused(ScheduleFault::TimeZone),
            Err(Fault::Pattern) => return refused(ScheduleFault::Time),
            Ok(_) => {}
        }
        if schedule.ttl.is_some() && !self.config.allow_message_ttl {
            return Err(error::no_message_ttl(self.name()));
        }
        let subject = &incoming.message.subject;
        if schedule.target == *subject || !self.may_take(&schedule.target) {
            return refused(ScheduleFault::Target);
        }
        if let Some(source) = &schedule.source
            && (*source == schedule.target || source == subject || !self.may_take(source))
        {
            return refused(ScheduleFault::Source);
        }
        match orders.rollup {
            None => orders.rollup = Some(Rollup::Subject),
            Some(Rollup::Subject) => return Ok(()),
            Some(_) => return refused(ScheduleFault::Rollup),
        }
        incoming.set_header(ROLLUP, "sub")
    }

    fn may_take(&self, subject: &Subject) -> bool {
        let subject = SubjectFilter::from(subject);
        self.config.subjects.iter().any(|taken| taken.overlaps(&subject))
    }
}
