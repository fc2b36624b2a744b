//! When a message leaves because of its consumers, and how it is removed whatever the reason.

use pubsub_core::{Retention, Subject};

use super::state::StreamState;
use crate::consumer::{ConsumerState, Selector};

/// Why a message leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Everybody concerned has settled it.
    Settled,
    /// A limit or a deletion: somebody may still hold a delivery of it, and is told.
    Dropped,
    /// A purge: the same, and nobody is told.
    Purged,
}

impl StreamState {
    /// Removes one message. Returns whether it was there.
    pub(super) fn remove(&mut self, sequence: u64, why: Why) -> bool {
        let is_first = sequence == self.messages.log().first();
        let Some(subject) = self.messages.remove(sequence) else {
            return false;
        };
        if why != Why::Settled && !is_first {
            self.messages.note_dropped(sequence);
        }
        if why == Why::Dropped && self.heard {
            self.tell_of_removal(sequence, &subject);
        }
        self.unblocks |= why != Why::Settled && self.consumers.are_stalled();
        self.lifetimes.forget(sequence);
        self.schedules.forget(sequence);
        self.consumers.on_removed(sequence, &subject);
        true
    }

    /// How many consumers would have to settle this message.
    pub(super) fn interested(&mut self, sequence: u64, subject: &Subject) -> u32 {
        let matching = self.consumers.matching(subject);
        let wants = |slot: &&usize| {
            self.consumers.at(**slot).is_some_and(|consumer| consumer.wants(sequence, subject.as_str()))
        };
        u32::try_from(matching.iter().filter(wants).count()).unwrap_or(u32::MAX)
    }

    /// One consumer has settled these messages.
    pub(super) fn release(&mut self, sequences: impl IntoIterator<Item = u64>) {
        let retention = self.config.retention;
        if retention == Retention::Limits {
            return;
        }
        for sequence in sequences {
            match retention {
                Retention::WorkQueue => {
                    self.remove(sequence, Why::Settled);
                }
                Retention::Interest => self.let_go(sequence),
                _ => {}
            }
        }
    }

    fn let_go(&mut self, sequence: u64) {
        self.unhold(&[sequence]);
        self.remove_unneeded(sequence);
    }

    /// A consumer has settled a message once more, or one that its filters no longer match: it leaves if nobody needs it.
    pub(super) fn remove_unneeded(&mut self, sequence: u64) {
        let is_unneeded = match self.config.retention {
            Retention::Interest => self.messages.holders_mut(sequence).is_some_and(|holders| *holders == 0),
            Retention::WorkQueue => match self.messages.log().get(sequence) {
                Some(message) => {
                    let subject = message.subject.clone();
                    self.interested(sequence, &subject) == 0
                }
                None => false,
            },
            _ => false,
        };
        if is_unneeded {
            self.remove(sequence, Why::Settled);
        }
    }

    /// Removes what nobody needs any more, of the messages from `from` to `to` that the selector takes. A server looks
    /// through them when a consumer is deleted, changed or reset, and not below (measured on nats-server 2.15.1).
    pub(super) fn sweep(&mut self, from: u64, to: u64, selector: &Selector) {
        if self.config.retention != Retention::Interest {
            return;
        }
        let mut next = from;
        while let Some((sequence, message)) = self.messages.log().next_from(next) {
            if sequence > to {
                return;
            }
            let is_unneeded = message.holders() == 0 && selector.matches(message.subject.as_str());
            if is_unneeded {
                self.remove(sequence, Why::Settled);
            }
            next = sequence.saturating_add(1);
        }
    }

    /// A consumer no longer needs these, which by itself removes none.
    pub(super) fn unhold(&mut self, sequences: &[u64]) {
        for sequence in sequences {
            if let Some(holders) = self.messages.holders_mut(*sequence) {
                *holders = holders.saturating_sub(1);
            }
        }
    }

    /// What the stream keeps for a consumer; nothing unless retention is by interest.
    pub(super) fn kept_for(&self, consumer: &ConsumerState) -> Vec<u64> {
        if self.config.retention != Retention::Interest {
            return Vec::new();
        }
        let wanted = self
            .messages
            .log()
            .iter()
            .filter(|(sequence, message)| consumer.wants(*sequence, message.subject.as_str()));
        wanted.map(|(sequence, _)| sequence).collect()
    }

    /// A consumer has begun to want these messages.
    pub(super) fn hold(&mut self, sequences: &[u64]) {
        for sequence in sequences {
            if let Some(holders) = self.messages.holders_mut(*sequence) {
                *holders = holders.saturating_add(1);
            }
        }
    }

    /// Counts all holders anew, after retention has become interest. What everybody is done with leaves; without consumers
    /// that is everything. What nobody has seen stays (measured on nats-server 2.15.1).
    pub(super) fn recount_holders(&mut self) {
        let all: Vec<u64> = self.messages.log().iter().map(|(sequence, _)| sequence).collect();
        for sequence in &all {
            if let Some(holders) = self.messages.holders_mut(*sequence) {
                *holders = 0;
            }
        }
        let kept: Vec<Vec<u64>> = self.consumers.iter().map(|consumer| self.kept_for(consumer)).collect();
        kept.iter().for_each(|sequences| self.hold(sequences));
        for sequence in all {
            if self.is_done_with(sequence) {
                self.remove(sequence, Why::Settled);
            }
        }
    }

    /// Whether a message of before is of no interest to anybody any more.
    fn is_done_with(&mut self, sequence: u64) -> bool {
        let is_held = self.messages.holders_mut(sequence).is_none_or(|holders| *holders > 0);
        let Some(message) = self.messages.log().get(sequence).filter(|_| !is_held) else {
            return false;
        };
        let (subject, last) = (message.subject.as_str(), self.messages.log().last());
        let mut consumers = self.consumers.iter().peekable();
        consumers.peek().is_none() || consumers.any(|consumer| consumer.is_past(sequence, subject, last))
    }
}
