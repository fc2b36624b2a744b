//! Below which delivery everything is settled: [`Floor`].

use pubsub_core::SequencePair;

use super::pending::{Entry, Pending};

/// The last delivery below which everything is settled, as nats-server 2.15.1 keeps it (measured): it begins before the
/// first message, moves when the lowest unsettled delivery ends, and then up to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Floor(SequencePair);

impl Floor {
    pub(super) const fn before(sequence: u64) -> Self {
        Self(SequencePair::new(0, sequence.saturating_sub(1)))
    }

    pub(super) fn pair(self) -> SequencePair {
        self.0
    }

    /// Everything up to this delivery is settled.
    pub(super) fn set(&mut self, pair: SequencePair) {
        self.0 = pair;
    }

    /// Whether an ack of all deliveries up to this one says something new.
    pub(super) fn is_below(self, number: u64, sequence: u64) -> bool {
        number > self.0.consumer && sequence > self.0.stream
    }

    /// The delivery `number` of the message `sequence` has ended, and is no longer pending.
    pub(super) fn ended(&mut self, number: u64, sequence: u64, pending: &Pending, delivered: SequencePair) {
        if pending.is_empty() {
            self.0 = delivered;
        } else if number == self.0.consumer + 1 {
            self.0 = match pending.next_above(sequence) {
                Some((next, entry)) => {
                    SequencePair::new(entry.number.saturating_sub(1), next.saturating_sub(1))
                }
                None => SequencePair::new(number, sequence),
            };
        }
    }

    /// The same where `next` is the lowest unsettled delivery now.
    pub(super) fn ended_before(&mut self, number: u64, next: &Entry) {
        if number == self.0.consumer + 1 {
            self.0 = SequencePair::new(next.number.saturating_sub(1), next.sequence.saturating_sub(1));
        }
    }

    /// Everything below this message was purged; the latest of the deliveries that went with it had this number.
    pub(super) fn purged_below(&mut self, sequence: u64, highest_number: u64) {
        self.0.stream = sequence.saturating_sub(1);
        self.0.consumer = self.0.consumer.max(highest_number);
    }
}
