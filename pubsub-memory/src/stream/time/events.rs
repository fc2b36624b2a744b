//! The order in which things happen by themselves.

use pubsub_core::Limit;
use tokio::time::Instant;

use crate::clock::after;
use crate::stream::effects::{Effects, Notice};
use crate::stream::state::StreamState;

/// Something that happens by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// A message has become too old.
    Expires(u64),
    /// A schedule fires: the one that is this message.
    Fires(u64),
}

impl StreamState {
    /// Does what time has made due for the stream as a whole; each consumer's own is done when it is used.
    pub(in crate::stream) fn advance(&mut self, now: Instant, effects: &mut Effects) {
        self.heard = effects.are_heard();
        if self.lifetimes.is_empty() && self.schedules.is_empty() && self.marker_ttl().is_none() {
            self.age_until(now);
        } else {
            self.live_until(now, effects);
        }
        if self.consumers.may_expire(now) {
            self.end_unused(now, effects);
        }
        self.lived_until = now;
    }

    /// Ends the consumers that nobody has used for their threshold.
    fn end_unused(&mut self, now: Instant, effects: &mut Effects) {
        self.catch_up_all();
        while let Some((slot, name)) = self.consumers.next_expired(now) {
            self.remove_consumer(slot, effects);
            effects.notice(Notice::ConsumerExpired { consumer: name });
        }
    }

    /// Whether nothing has happened by itself up to now, nobody is to be told, and no task is asleep.
    pub(in crate::stream) fn is_quiet(&self, now: Instant) -> bool {
        let is_young =
            self.config.max_age == Limit::Unlimited || self.young_until.is_some_and(|until| now < until);
        is_young
            && self.lifetimes.is_empty()
            && self.schedules.is_empty()
            && self.alarm.is_none()
            && self.tells_at.is_none()
            && !self.deleted
            && !self.unblocks
            && !self.consumers.may_expire(now)
    }

    /// Removes what has become too old, where it is only `max_age` that says so.
    fn age_until(&mut self, now: Instant) {
        let Limit::At(max_age) = self.config.max_age else { return };
        if self.young_until.is_some_and(|until| now < until) {
            return;
        }
        self.expire(now, max_age);
        let first = self.messages.log().first();
        let oldest = self.messages.log().get(first).map_or(now, |message| message.at);
        self.young_until = Some(after(oldest, max_age));
    }

    /// One event after the other, each at its own time, since one may bring about the next.
    fn live_until(&mut self, now: Instant, effects: &mut Effects) {
        while let Some((due, event)) = self.next_event().filter(|(due, _)| *due <= now) {
            // What a change of the configuration has made due in the past happens now.
            let at = due.max(self.lived_until);
            self.lived_until = at;
            match event {
                Event::Expires(sequence) => self.expire_message(sequence, at, effects),
                Event::Fires(sequence) => self.fire(sequence, at, effects),
            }
        }
    }

    fn next_event(&mut self) -> Option<(Instant, Event)> {
        let ages = self.next_to_age().map(|(due, sequence)| (due, Event::Expires(sequence)));
        let ends = self.lifetimes.next_end().map(|(due, sequence)| (due, Event::Expires(sequence)));
        let fires = self.schedules.next_due().map(|(due, sequence)| (due, Event::Fires(sequence)));
        [ages, ends, fires].into_iter().flatten().min_by_key(|(due, _)| *due)
    }

    /// The oldest message that can become too old, and when it does.
    pub(in crate::stream) fn next_to_age(&mut self) -> Option<(Instant, u64)> {
        let max_age = self.config.max_age.at()?;
        loop {
            let (sequence, message) = self.messages.log().next_from(self.ageless_below)?;
            if !self.lifetimes.is_endless(sequence) {
                return Some((after(message.at, max_age), sequence));
            }
            // Never looked at again.
            self.ageless_below = sequence.checked_add(1)?;
        }
    }

    /// When something happens next that somebody may wait for: a message that the stream itself publishes.
    pub(in crate::stream) fn next_production(&mut self) -> Option<Instant> {
        let fires = self.schedules.next_due().map(|(due, _)| due);
        if self.marker_ttl().is_none() {
            return fires;
        }
        let ages = self.next_to_age().map(|(due, _)| due);
        let ends = self.lifetimes.next_end().map(|(due, _)| due);
        [fires, ages, ends].into_iter().flatten().min()
    }
}
