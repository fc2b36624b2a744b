//! Removing messages on request.

use std::sync::Arc;

use pubsub_core::admin::PurgeExtent;
use pubsub_core::{Purge, Result, Storage, Subject, SubjectFilter};
use tokio::time::Instant;

use super::effects::Effects;
use super::retention::Why;
use super::state::StreamState;
use crate::consumer::{Purged, Selector};
use crate::{error, known};

/// The first server on which a purge up to the sequence 1 removes nothing.
const UP_TO_THE_FIRST_IS_NOTHING: (u16, u16) = (2, 14);

/// The first server to which a consumer is within a purge only if all of its filters are.
const EACH_FILTER_COUNTS: (u16, u16) = (2, 15);

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
        let extent = match extent {
            PurgeExtent::UpTo(1) if self.purges_all_up_to_the_first(filter) => PurgeExtent::Keep(0),
            extent => extent,
        };
        let before = self.messages.log().len();
        let concerned = self.concerned_by(filter);
        for slot in concerned.iter() {
            if let Some(consumer) = self.consumers.at_mut(*slot) {
                consumer.forget_removed(&self.messages);
            }
        }
        let some = match (filter, extent) {
            (None, PurgeExtent::All | PurgeExtent::Keep(0)) => {
                self.clear(0);
                None
            }
            (None, PurgeExtent::UpTo(sequence)) if sequence > self.messages.log().last().max(1) => {
                self.clear(sequence);
                None
            }
            (None, PurgeExtent::UpTo(_)) => {
                self.purge_some(None, extent);
                None
            }
            _ => Some(self.purge_some(filter, extent)),
        };
        self.purge_consumers(filter, some.as_deref(), &concerned, now, effects);
        before - self.messages.log().len()
    }

    /// An older server takes "up to the first" for everything, except in memory and without a filter.
    fn purges_all_up_to_the_first(&self, filter: Option<&SubjectFilter>) -> bool {
        let is_old = !self.bounds.server_version.is_at_least(UP_TO_THE_FIRST_IS_NOTHING);
        is_old && (filter.is_some() || self.config.storage == Storage::File)
    }

    /// The consumers that may hold what a purge with this filter removes.
    fn concerned_by(&mut self, filter: Option<&SubjectFilter>) -> Arc<[usize]> {
        match filter {
            Some(literal) if literal.is_literal() => match Subject::new(literal.as_str()) {
                Ok(subject) => self.consumers.matching(&subject),
                Err(_) => self.consumers.slots().into(),
            },
            _ => self.consumers.slots().into(),
        }
    }

    /// Which consumers go on where, as nats-server 2.15.1 does it (measured). One that sees nothing else goes on with what
    /// the purge has left; one that sees more goes on with what the stream has. The others find out when they look.
    ///
    /// `removed` is what a purge looked for one by one. Consumers are told of it if it was one message; with files, only
    /// those that see all that the purge names.
    fn purge_consumers(
        &mut self,
        filter: Option<&SubjectFilter>,
        removed: Option<&[u64]>,
        concerned: &[usize],
        now: Instant,
        effects: &mut Effects,
    ) {
        let log = self.messages.log();
        let first = log.first();
        let left = filter.and_then(|filter| {
            let (sequence, _) = self.messages.next(&Selector::only(filter), first)?;
            Some(sequence)
        });
        let end = log.last().saturating_add(1);
        let each_filter_counts = self.bounds.server_version.is_at_least(EACH_FILTER_COUNTS);
        for slot in concerned {
            let Some(consumer) = self.consumers.at_mut(*slot) else { continue };
            let selector = &consumer.selector;
            let is_within = |filter: &SubjectFilter| match each_filter_counts {
                true => selector.is_within(filter),
                false => selector.is_partly_within(filter),
            };
            let goes_on = match filter {
                None => Some((first, false)),
                Some(filter) if is_within(filter) => Some((left.unwrap_or(end), false)),
                Some(filter)
                    if selector.covers(filter) || (each_filter_counts && selector.is_comparable(filter)) =>
                {
                    Some((first, true))
                }
                Some(_) => None,
            };
            let sees_all = match filter {
                Some(filter) => selector.covers(filter),
                None => matches!(selector, Selector::All),
            };
            let removed = removed.unwrap_or_default();
            let is_told = removed.len() == 1 && (sees_all || self.config.storage == Storage::Memory);
            if !is_told {
                consumer.miss(removed);
            }
            if let Some((from, is_wider)) = goes_on {
                consumer.purged(Purged { from, is_wider, removed }, &self.messages, now, effects);
            }
            consumer.forget_removed(&self.messages);
        }
    }

    /// Removes everything; the next message is stored at `next` at the earliest.
    pub(super) fn clear(&mut self, next: u64) {
        self.messages.clear(next);
        self.unblocks |= self.consumers.are_stalled();
        self.lifetimes.clear();
        self.schedules.clear();
    }

    fn purge_some(&mut self, filter: Option<&SubjectFilter>, extent: PurgeExtent) -> Vec<u64> {
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
        for sequence in &doomed {
            self.remove(*sequence, Why::Purged);
        }
        doomed
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
