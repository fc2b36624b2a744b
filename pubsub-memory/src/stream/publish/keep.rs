//! Storing what was found to be allowed.

use std::time::Duration;

use pubsub_core::{Limit, Result, Retention, Subject, TimeToLive};
use tokio::time::Instant;

use super::incoming::{Incoming, TTL};
use crate::clock::after;
use crate::error;
use crate::stream::effects::Effects;
use crate::stream::state::StreamState;
use crate::stream::time::Lifetime;

/// A message's room in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    ToBeTaken,
    Taken,
}

impl StreamState {
    /// Stores a message, or only gives out its sequence where nobody is interested. What it replaces goes, what waits for
    /// it is served. Of what was stored only the subject is left.
    pub(in crate::stream) fn keep(&mut self, incoming: &mut Incoming, effects: &mut Effects) -> Result<u64> {
        self.keep_in(Room::ToBeTaken, incoming, effects)
    }

    /// The same, where the caller may have taken its room in the store.
    pub(super) fn keep_in(
        &mut self,
        room: Room,
        incoming: &mut Incoming,
        effects: &mut Effects,
    ) -> Result<u64> {
        self.catch_up_in_time(incoming.message.at);
        let next =
            self.messages.log().next_sequence().ok_or_else(|| error::sequences_exhausted(self.name()))?;
        let mut holders = 0;
        if self.config.retention == Retention::Interest {
            if self.consumers.matching(&incoming.message.subject).is_empty() {
                return Ok(self.skip(incoming, effects));
            }
            holders = self.interested(next, &incoming.message.subject);
        }
        self.lengthen_ttl(incoming)?;
        self.check_room(&incoming.message, incoming.rollup())?;
        if room == Room::ToBeTaken {
            self.reserve(&incoming.message)?;
        }
        let again = self.republished(&incoming.message);
        let (subject, cost) = (&incoming.message.subject, incoming.message.cost());
        self.catch_up_before_replacing(subject, cost, incoming.orders.as_deref());
        let (id, orders, at) = (incoming.id.take(), incoming.orders.take(), incoming.message.at);
        let sequence = self.messages.push(&mut incoming.message, holders);
        let subject = &incoming.message.subject;
        if let Some(ttl) = orders.as_ref().and_then(|orders| orders.ttl) {
            self.lifetimes.begin(
                sequence,
                match ttl {
                    TimeToLive::After(time) => Lifetime::Until(after(at, time)),
                    _ => Lifetime::Endless,
                },
            );
        }
        if self.config.allow_schedules {
            self.note_schedule(sequence, subject, orders.as_deref(), at);
        }
        self.remember(id, sequence, true, at);
        self.enforce_limits(subject);
        if let Some(orders) = orders {
            self.roll_up(&orders, subject, 1, at, effects);
        }
        if let Some(again) = again {
            effects.publish(again.finish(self.name(), sequence));
        }
        self.tell_who_waits(subject, at, effects);
        Ok(sequence)
    }

    /// A message of this subject was stored.
    pub(super) fn tell_who_waits(&mut self, subject: &Subject, at: Instant, effects: &mut Effects) {
        let waiting = self.consumers.waiting_for(subject);
        for slot in &waiting {
            self.arrived(*slot, at, effects);
        }
        self.consumers.recycle(waiting);
    }

    /// Confirmed and not stored: nobody sees this subject.
    fn skip(&mut self, incoming: &mut Incoming, effects: &mut Effects) -> u64 {
        let sequence = self.messages.skip();
        self.remember(incoming.id.take(), sequence, false, incoming.message.at);
        if let Some(orders) = &incoming.orders {
            self.roll_up(orders, &incoming.message.subject, 0, incoming.message.at, effects);
        }
        sequence
    }

    fn remember(&mut self, id: Option<pubsub_core::MessageId>, sequence: u64, is_stored: bool, at: Instant) {
        if let Some(id) = &id {
            self.dedup.remember(id.clone(), sequence, is_stored, at);
        }
        self.last_id = id;
    }

    /// A message lives at least as long as the marker that tells of its end, or a marker of before would outlive it. Where
    /// a subject has one message at most, it would not. As nats-server 2.15.1 (measured), which writes the time anew.
    pub(super) fn lengthen_ttl(&self, incoming: &mut Incoming) -> Result<()> {
        let Some(least) = self.marker_ttl().filter(|_| self.config.max_messages_per_subject != Limit::At(1))
        else {
            return Ok(());
        };
        let Some(TimeToLive::After(time)) = incoming.ttl() else {
            return Ok(());
        };
        if time >= least {
            return Ok(());
        }
        if let Some(orders) = &mut incoming.orders {
            orders.ttl = Some(TimeToLive::After(least));
        }
        incoming.set_header(TTL, &least.as_secs().to_string())
    }

    /// How long a marker lives, if the stream has markers.
    pub(in crate::stream) fn marker_ttl(&self) -> Option<Duration> {
        self.config.subject_delete_marker_ttl.map(|ttl| Duration::from_secs(ttl.as_secs()))
    }

    pub(super) fn check_ttl(&self, ttl: Option<TimeToLive>) -> Result<()> {
        match ttl {
            Some(_) if !self.config.allow_message_ttl => Err(error::no_message_ttl(self.name())),
            _ => Ok(()),
        }
    }
}
