//! The consumers of a stream: by name, by handle, by the subjects they see.

use std::collections::BTreeMap;
use std::sync::Arc;

use pubsub_core::{ConsumerName, Subject, SubjectFilter};
use tokio::time::Instant;

use super::effects::Effects;
use super::expiries::Expiries;
use super::slots::Slots;
use crate::consumer::{ConsumerState, Waits};
use crate::subject_memo::SubjectMemo;
use crate::subject_trie::SubjectTrie;

/// Up to so many candidates are asked one by one, which is cheaper than to look the subject up.
const FEW: usize = 8;

/// A consumer, and no later one of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConsumerKey {
    slot: usize,
    id: u64,
}

impl ConsumerKey {
    pub(super) fn slot(self) -> usize {
        self.slot
    }
}

/// All consumers of one stream. A publish touches only those that match its subject and wait.
#[derive(Debug, Default)]
pub(crate) struct Consumers {
    slots: Vec<Option<(u64, Box<ConsumerState>)>>,
    free: Vec<usize>,
    names: BTreeMap<ConsumerName, usize>,
    by_subject: SubjectTrie<usize>,
    /// What `by_subject` answered, until a consumer comes, goes or changes.
    memo: SubjectMemo<Arc<[usize]>>,
    /// Those with a fetch that waits or a subscription that asks for more.
    waiting: Slots,
    /// Of those, the ones at their `max_ack_pending`. Some may have got room since.
    stalled: Slots,
    /// Those that lag.
    lagging: Slots,
    /// None of them lags at this time.
    lag_ends: Option<Instant>,
    /// Those that want to hear of removals.
    watching: Slots,
    expiries: Expiries,
    created: u64,
    /// An empty list whose room is used again.
    spare: Vec<usize>,
}

impl Consumers {
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// How many there were, for the names of those without one.
    pub(super) fn created(&self) -> u64 {
        self.created
    }

    pub(super) fn set_created(&mut self, created: u64) {
        self.created = self.created.max(created);
    }

    pub(super) fn slot(&self, name: &ConsumerName) -> Option<usize> {
        self.names.get(name).copied()
    }

    pub(super) fn key(&self, name: &ConsumerName) -> Option<ConsumerKey> {
        let slot = self.slot(name)?;
        let (id, _) = self.slots.get(slot)?.as_ref()?;
        Some(ConsumerKey { slot, id: *id })
    }

    /// The slots in the order of names.
    pub(super) fn slots(&self) -> Vec<usize> {
        self.names.values().copied().collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &ConsumerState> {
        self.names.values().filter_map(|slot| self.at(*slot))
    }

    /// The slot of one of which this is true.
    pub(super) fn find(&self, is_it: impl Fn(&ConsumerState) -> bool) -> Option<usize> {
        self.names.values().copied().find(|slot| self.at(*slot).is_some_and(&is_it))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut ConsumerState> {
        self.slots.iter_mut().flatten().map(|(_, consumer)| &mut **consumer)
    }

    pub(super) fn at(&self, slot: usize) -> Option<&ConsumerState> {
        self.slots.get(slot)?.as_ref().map(|(_, consumer)| &**consumer)
    }

    pub(super) fn at_mut(&mut self, slot: usize) -> Option<&mut ConsumerState> {
        self.slots.get_mut(slot)?.as_mut().map(|(_, consumer)| &mut **consumer)
    }

    pub(super) fn get_mut(&mut self, key: ConsumerKey) -> Option<&mut ConsumerState> {
        match self.slots.get_mut(key.slot)? {
            Some((id, consumer)) if *id == key.id => Some(consumer),
            _ => None,
        }
    }

    /// A name that no consumer has.
    pub(super) fn unused_name(&mut self) -> ConsumerName {
        loop {
            self.created += 1;
            // Counted, not random: the same program gets the same names each time.
            if let Ok(name) = ConsumerName::new(format!("ephemeral-{}", self.created))
                && !self.names.contains_key(&name)
            {
                return name;
            }
        }
    }

    pub(super) fn insert(&mut self, consumer: ConsumerState) -> usize {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.created += 1;
        self.names.insert(consumer.name.clone(), slot);
        if let Some(place) = self.slots.get_mut(slot) {
            *place = Some((self.created, Box::new(consumer)));
        }
        self.index(slot);
        self.note_expiry(slot);
        slot
    }

    pub(super) fn remove(&mut self, slot: usize) -> Option<ConsumerState> {
        self.unindex(slot);
        let (_, consumer) = self.slots.get_mut(slot)?.take()?;
        self.names.remove(&consumer.name);
        self.waiting.remove(slot);
        self.stalled.remove(slot);
        self.lagging.remove(slot);
        self.watching.remove(slot);
        self.expiries.forget(slot);
        self.free.push(slot);
        Some(*consumer)
    }

    /// Changes a consumer's filters, or what else the indexes depend on.
    pub(super) fn change(&mut self, slot: usize, change: impl FnOnce(&mut ConsumerState)) {
        self.unindex(slot);
        if let Some(consumer) = self.at_mut(slot) {
            change(consumer);
        }
        self.index(slot);
        self.note_expiry(slot);
    }

    /// Those whose filters match the subject.
    pub(super) fn matching(&mut self, subject: &Subject) -> Arc<[usize]> {
        if let Some(known) = self.memo.get(subject) {
            return Arc::clone(known);
        }
        let mut found = Vec::new();
        self.by_subject.visit(subject.as_str(), &mut |slot| found.push(*slot));
        found.sort_unstable();
        let found: Arc<[usize]> = found.into();
        self.memo.insert(subject.clone(), Arc::clone(&found), found.len());
        found
    }

    /// Whether there may be any that a message concerns at once.
    pub(super) fn are_waited_on(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The consumers that see this subject and have somebody who waits.
    pub(super) fn waiting_for(&mut self, subject: &Subject) -> Vec<usize> {
        self.matching_among(Among::Waiting, subject)
    }

    /// Takes back the room of a list that was looked through.
    pub(super) fn recycle(&mut self, mut slots: Vec<usize>) {
        slots.clear();
        self.spare = slots;
    }

    /// Tells those who want to know that a message has left the stream.
    pub(super) fn on_removed(&mut self, sequence: u64, subject: &Subject) {
        let slots = self.matching_among(Among::Watching, subject);
        for slot in &slots {
            if let Some(consumer) = self.at_mut(*slot) {
                consumer.on_removed(sequence);
            }
        }
        self.recycle(slots);
    }

    fn matching_among(&mut self, among: Among, subject: &Subject) -> Vec<usize> {
        let candidates = match among {
            Among::Waiting => &self.waiting,
            Among::Watching => &self.watching,
        };
        if candidates.is_empty() {
            return Vec::new();
        }
        let mut found = std::mem::take(&mut self.spare);
        let candidates = match among {
            Among::Waiting => &self.waiting,
            Among::Watching => &self.watching,
        };
        if candidates.len() <= FEW {
            let matches = |slot: &usize| {
                self.at(*slot).is_some_and(|consumer| consumer.selector.matches(subject.as_str()))
            };
            found.extend(candidates.iter().filter(matches));
            return found;
        }
        let matching = self.matching(subject);
        let candidates = match among {
            Among::Waiting => &self.waiting,
            Among::Watching => &self.watching,
        };
        if candidates.len() < matching.len() {
            found.extend(candidates.iter().filter(|slot| matching.binary_search(slot).is_ok()));
        } else {
            found.extend(matching.iter().copied().filter(|slot| candidates.contains(*slot)));
        }
        found
    }

    pub(super) fn wake_all(&mut self, effects: &mut Effects) {
        self.iter_mut().for_each(|consumer| consumer.wake_all(effects));
    }

    /// Takes note of whether somebody waits at this consumer.
    pub(super) fn note_waiting(&mut self, slot: usize) {
        let Some(consumer) = self.at_mut(slot) else { return };
        let waits = Waits::of(consumer);
        if std::mem::replace(&mut consumer.noted, waits) == waits {
            return;
        }
        for (set, belongs) in [(&mut self.waiting, waits.at_all), (&mut self.stalled, waits.for_room)] {
            if belongs {
                set.insert(slot);
            } else {
                set.remove(slot);
            }
        }
    }

    /// This consumer lags until then at most.
    pub(super) fn note_lag(&mut self, slot: usize, until: Instant) {
        self.lagging.insert(slot);
        self.lag_ends = Some(self.lag_ends.map_or(until, |known| known.min(until)));
    }

    pub(super) fn are_lagging(&self) -> bool {
        !self.lagging.is_empty()
    }

    /// Whether some consumer must not lag any longer.
    pub(super) fn lag_is_over(&self, now: Instant) -> bool {
        self.lag_ends.is_some_and(|ends| ends <= now)
    }

    /// The next one of those that lag, which then does so no longer.
    pub(super) fn take_lagging(&mut self) -> Option<usize> {
        let slot = self.lagging.pop_first();
        if self.lagging.is_empty() {
            self.lag_ends = None;
        }
        slot
    }

    /// Returns whether this one has lagged.
    pub(super) fn stop_lagging(&mut self, slot: usize) -> bool {
        let lagged = self.lagging.remove(slot);
        if self.lagging.is_empty() {
            self.lag_ends = None;
        }
        lagged
    }

    /// Those that wait for room.
    pub(super) fn stalled(&self) -> Vec<usize> {
        self.stalled.iter().collect()
    }

    pub(super) fn are_stalled(&self) -> bool {
        !self.stalled.is_empty()
    }

    /// Whether the time of a consumer without use may be over.
    pub(super) fn may_expire(&self, now: Instant) -> bool {
        self.expiries.may_be_due(now)
    }

    /// The next consumer that nobody has used for its threshold.
    pub(super) fn next_expired(&mut self, now: Instant) -> Option<(usize, ConsumerName)> {
        while let Some(slot) = self.expiries.take_due(now) {
            let Some(consumer) = self.at_mut(slot) else { continue };
            match consumer.expires() {
                Some(expires) if expires <= now => return Some((slot, consumer.name.clone())),
                Some(later) => self.expiries.note(slot, later),
                // It is waited on. When that is over, its time is noted anew.
                None => {}
            }
        }
        None
    }

    /// Takes note of when a consumer ends without use.
    pub(super) fn note_expiry(&mut self, slot: usize) {
        if let Some(expires) = self.at_mut(slot).and_then(ConsumerState::expires) {
            self.expiries.note(slot, expires);
        }
    }

    fn index(&mut self, slot: usize) {
        for filter in self.filters(slot) {
            self.by_subject.insert(&filter, slot);
        }
        self.memo.clear();
        if self.at(slot).is_some_and(ConsumerState::watches_removals) {
            self.watching.insert(slot);
        } else {
            self.watching.remove(slot);
        }
    }

    fn unindex(&mut self, slot: usize) {
        for filter in self.filters(slot) {
            self.by_subject.remove(&filter, |indexed| *indexed == slot);
        }
        self.memo.clear();
    }

    fn filters(&self, slot: usize) -> Vec<SubjectFilter> {
        let Some(consumer) = self.at(slot) else {
            return Vec::new();
        };
        consumer.selector.filters().map_or_else(|| vec![SubjectFilter::all()], <[SubjectFilter]>::to_vec)
    }
}

#[derive(Clone, Copy)]
enum Among {
    Waiting,
    Watching,
}
