//! Removing messages on request.

use pubsub_core::admin::PurgeExtent;
use pubsub_core::{Purge, Result, SubjectFilter};
use tokio::time::Instant;

use super::effects::Effects;
use super::retention::Why;
use super::state::StreamState;
use crate::consumer::Selector;
use crate::{error, known};

impl StreamState {
    /// Removes what the purge names and says how many messages that were. Nothing of it is delivered again.
    pub(crate) fn purge(&mut self, purge: &Purge, now: Instant, effects: &mut Effects) -> Result<u64> {
        self.check_exists()?;
        known::purge(purge)?;
        let before = self.messages.log().len();
        match (&purge.filter, purge.extent) {
            (None, PurgeExtent::All | PurgeExtent::Keep(0)) => self.clear(0),
            (None, PurgeExtent::UpTo(sequence)) if sequence > self.messages.log().last().max(1) => {
                self.clear(sequence);
            }
            _ => self.purge_some(purge),
        }
        self.purge_consumers(purge.filter.as_ref(), now, effects);
        Ok(before - self.messages.log().len())
    }

    /// Which consumers go on where, as nats-server 2.15.1 does it (measured). One that sees nothing else goes on with what
    /// the purge has left; one with a filter that is wider or narrower than the purge goes on with what the stream has.
    fn purge_consumers(&mut self, filter: Option<&SubjectFilter>, now: Instant, effects: &mut Effects) {
        let log = self.messages.log();
        let first = log.first();
        let left = filter.map(|filter| Selector::Wildcards(vec![filter.clone()])).and_then(|left| {
            let (sequence, _) = self.messages.next(&left, first)?;
            Some(sequence)
        });
        let end = log.last().saturating_add(1);
        for consumer in self.consumers.iter_mut() {
            let from = match filter {
                Some(filter) if consumer.selector.is_within(filter) => left.unwrap_or(end),
                Some(filter) if !consumer.selector.is_comparable(filter) => {
                    consumer.forget_removed(&self.messages);
                    continue;
                }
                _ => first,
            };
            consumer.purged(from, &self.messages, now, effects);
        }
    }

    /// Removes everything; the next message is stored at `next` at the earliest.
    pub(super) fn clear(&mut self, next: u64) {
        self.messages.clear(next);
        self.messages.note_dropped();
        self.unblocks |= self.consumers.are_stalled();
    }

    fn purge_some(&mut self, purge: &Purge) {
        let matches = |subject: &str| purge.filter.as_ref().is_none_or(|filter| filter.matches(subject));
        let mut doomed: Vec<u64> = self
            .messages
            .log()
            .iter()
            .filter(|(_, message)| matches(message.subject.as_str()))
            .map(|(sequence, _)| sequence)
            .collect();
        match purge.extent {
            PurgeExtent::All => {}
            PurgeExtent::UpTo(sequence) => doomed.retain(|doomed| *doomed < sequence),
            PurgeExtent::Keep(kept) => {
                let kept = usize::try_from(kept).unwrap_or(usize::MAX);
                doomed.truncate(doomed.len().saturating_sub(kept));
            }
            // `known` has refused the rest.
            _ => doomed.clear(),
        }
        for sequence in doomed {
            self.remove(sequence, Why::Dropped);
        }
    }

    /// Deletes one message; its sequence stays a gap.
    pub(crate) fn delete_message(&mut self, sequence: u64) -> Result<()> {
        self.check_exists()?;
        if !self.remove(sequence, Why::Dropped) {
            return Err(error::message_to_delete_not_found(self.name(), sequence));
        }
        for consumer in self.consumers.iter_mut() {
            consumer.forget_removed(&self.messages);
        }
        Ok(())
    }
}
