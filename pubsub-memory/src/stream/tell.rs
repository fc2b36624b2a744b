//! What a stream has to tell when somebody listens.

use pubsub_core::{Advisory, MaxDeliver, Pinned, StreamName, Subject, Terminated, Unpinned};
use tokio::time::Instant;

use super::effects::{Effects, Notice};
use super::state::StreamState;
use crate::consumer::ConsumerState;

impl StreamState {
    /// The alarm has gone off.
    pub(super) fn wake_up(&mut self, now: Instant, effects: &mut Effects) {
        if self.tells_at.is_some_and(|at| at <= now) {
            self.look_at_the_clock(now, effects);
        }
    }

    /// Does what is due for every consumer, and says when to do it again.
    pub(crate) fn look_at_the_clock(&mut self, now: Instant, effects: &mut Effects) {
        self.tells_at = None;
        for slot in self.consumers.slots() {
            if let Some(consumer) = self.consumers.at_mut(slot) {
                consumer.advance(&self.messages, now, effects);
                consumer.tell_in_time(effects);
            }
            self.offer(slot, now, effects);
        }
    }

    /// Tells of removals, and keeps in mind when there is more to tell.
    pub(super) fn conclude_telling(&mut self, effects: &mut Effects) {
        if !effects.are_heard() {
            (self.tells_at, self.may_be_in_flight) = (None, true);
            return;
        }
        self.removed.drain(..).for_each(|notice| effects.notice(notice));
        self.may_be_in_flight |= effects.have_delivered();
        if let Some(at) = self.next_removal()
            && self.is_in_flight()
        {
            effects.tell_at(at);
        }
        self.tells_at = [self.tells_at, effects.tells_at()].into_iter().flatten().min();
    }

    /// Whether some delivery is unsettled. Most often the consumer that was found before has one; and where none was found,
    /// there is none until one is made.
    fn is_in_flight(&mut self) -> bool {
        if !self.may_be_in_flight {
            return false;
        }
        if self.consumers.at(self.in_flight_at).is_some_and(ConsumerState::has_in_flight) {
            return true;
        }
        let found = self.consumers.find(ConsumerState::has_in_flight);
        self.may_be_in_flight = found.is_some();
        self.in_flight_at = found.unwrap_or_default();
        self.may_be_in_flight
    }

    /// A message leaves, and not because it was settled: a server terminates the deliveries that are in flight.
    pub(super) fn tell_of_removal(&mut self, sequence: u64, subject: &Subject) {
        let matching = self.consumers.matching(subject);
        for consumer in matching.iter().filter_map(|slot| self.consumers.at(*slot)) {
            if let Some((number, attempts)) = consumer.in_flight(sequence) {
                self.removed.push(Notice::Terminated {
                    consumer: consumer.name.clone(),
                    number,
                    sequence,
                    // As a server counts here (measured on nats-server 2.15.1).
                    attempts: attempts.saturating_sub(1).max(1),
                    reason: Some(Terminated::REMOVED.to_owned()),
                });
            }
        }
    }
}

impl Notice {
    pub(super) fn into_advisory(self, stream: &StreamName) -> Option<Advisory> {
        let stream = stream.clone();
        match self {
            Self::Exhausted { consumer, sequence, attempts } => {
                Some(Advisory::MaxDeliver(MaxDeliver::new(stream, consumer, sequence, attempts)))
            }
            Self::Terminated { consumer, number, sequence, attempts, reason } => {
                let it = Terminated::new(stream, consumer, number, sequence, attempts, reason);
                Some(Advisory::Terminated(it))
            }
            Self::Pinned { consumer, group, pin } => {
                Some(Advisory::Pinned(Pinned::new(stream, consumer, group, pin)))
            }
            Self::Unpinned { consumer, group, reason } => {
                Some(Advisory::Unpinned(Unpinned::new(stream, consumer, group, reason.to_owned())))
            }
            Self::ConsumerExpired { .. } => None,
        }
    }
}
