//! Removing messages on request.

use pubsub_core::admin::PurgeExtent;
use pubsub_core::{Purge, Result, Subject, SubjectFilter};
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
        Ok(self.purge_extent(purge.filter.as_ref(), purge.extent, now, effects))
    }

    /// The same for the stream itself.
    pub(super) fn purge_extent(
        &mut self,
        filter: Option<&SubjectFilter>,
        extent: PurgeExtent,
        now: Instant,
        effects: &mut Effects,
    ) -> u64 {
        let before = self.messages.log().len();
        match (filter, extent) {
            (None, PurgeExtent::All | PurgeExtent::Keep(0)) => self.clear(0),
            (None, PurgeExtent::UpTo(sequence)) if sequence > self.messages.log().last().max(1) => {
                self.clear(sequence);
            }
            _ => self.purge_some(filter, extent),
        }
        self.purge_consumers(filter, now, effects);
        before - self.messages.log().len()
    }

    /// Which consumers go on where, as nats-server 2.15.1 does it (measured). One that sees nothing else goes on with what
    /// the purge has left; one with a filter that is wider or narrower than the purge goes on with what the stream has.
    fn purge_consumers(&mut self, filter: Option<&SubjectFilter>, now: Instant, effects: &mut Effects) {
        let log = self.messages.log();
        let first = log.first();
        let left = filter.and_then(|filter| {
            let (sequence, _) = self.messages.next(&Selector::only(filter), first)?;
            Some(sequence)
        });
        let end = log.last().saturating_add(1);
        // The others find out when they look.
        let concerned = match filter {
            Some(literal) if literal.is_literal() => Some(Subject::new(literal.as_str())),
            _ => None,
        };
        let concerned = match concerned {
            Some(Ok(subject)) => self.consumers.matching(&subject),
            _ => self.consumers.slots().into(),
        };
        for slot in concerned.iter() {
            let Some(consumer) = self.consumers.at_mut(*slot) else { continue };
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
        self.unblocks |= self.consumers.are_stalled();
        self.lifetimes.clear();
        self.schedules.clear();
    }

    fn purge_some(&mut self, filter: Option<&SubjectFilter>, extent: PurgeExtent) {
        let mut doomed = filter.map_or_else(|| self.oldest(extent), |filter| self.sequences_of(filter));
        match extent {
            PurgeExtent::UpTo(sequence) => doomed.retain(|doomed| *doomed < sequence),
            PurgeExtent::Keep(kept) if filter.is_some() => {
                let kept = usize::try_from(kept).unwrap_or(usize::MAX);
                doomed.truncate(doomed.len().saturating_sub(kept));
            }
            PurgeExtent::All | PurgeExtent::Keep(_) => {}
            // `known` has refused the rest.
            _ => doomed.clear(),
        }
        for sequence in doomed {
            self.remove(sequence, Why::Purged);
        }
    }

    /// What a purge of all subjects removes. It looks at nothing else.
    fn oldest(&self, extent: PurgeExtent) -> Vec<u64> {
        let log = self.messages.log();
        let all = log.iter().map(|(sequence, _)| sequence);
        match extent {
            PurgeExtent::UpTo(end) => all.take_while(|sequence| *sequence < end).collect(),
            PurgeExtent::Keep(kept) => {
                all.take(usize::try_from(log.len().saturating_sub(kept)).unwrap_or(usize::MAX)).collect()
            }
            _ => all.collect(),
        }
    }

    /// The messages that a filter matches, in order.
    fn sequences_of(&self, filter: &SubjectFilter) -> Vec<u64> {
        let subjects = self.messages.subjects();
        if filter.is_literal() {
            return subjects.sequences_of(filter.as_str()).collect();
        }
        let matching = subjects.counts().filter(|(subject, _)| filter.matches(subject.as_str()));
        let mut sequences: Vec<u64> =
            matching.flat_map(|(subject, _)| subjects.sequences_of(subject.as_str())).collect();
        sequences.sort_unstable();
        sequences
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
