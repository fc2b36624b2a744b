//! The unsettled deliveries of a consumer, and which of them come again when.

mod record;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::window::{How, Window};
use crate::block_deque::BlockDeque;

pub(crate) use super::window::Entry;

/// Unsettled deliveries by stream sequence. Redeliveries that are due stand in a queue of their own.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    window: Window,
    /// Ends of ack waits, in order, as long as every ack wait is equally long; the time is in the entry. A sequence may be
    /// there several times: only its last place counts (see [`Entry::waits`]).
    waits: BlockDeque<u64>,
    /// The latest end in `waits`.
    last_wait: Option<Instant>,
    /// Nothing comes again by itself before this; nothing at all without it.
    none_due_before: Option<Instant>,
    /// Ends of asked-for delays, and of ack waits that are shorter than one that began earlier.
    delays: BTreeSet<(Instant, u64)>,
    /// To be delivered again, in this order, before anything new. Some may be settled meanwhile.
    queue: VecDeque<u64>,
    /// How many of a sequence's places in the queue no longer count: its first ones.
    left: BTreeMap<u64, u32>,
    redelivered: u64,
}

impl Pending {
    pub(crate) fn len(&self) -> usize {
        self.window.len()
    }

    /// How many were delivered more than once.
    pub(crate) fn redelivered(&self) -> u64 {
        self.redelivered
    }

    pub(crate) fn contains(&self, sequence: u64) -> bool {
        self.window.get(sequence).is_some()
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<&Entry> {
        self.window.get(sequence)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.window.is_empty()
    }

    /// The lowest unsettled sequence above this one.
    pub(crate) fn next_above(&self, sequence: u64) -> Option<(u64, &Entry)> {
        self.window.next_above(sequence).map(|entry| (entry.sequence, entry))
    }

    pub(crate) fn sequences(&self) -> impl Iterator<Item = u64> {
        self.window.iter().map(|entry| entry.sequence)
    }

    /// Whether a redelivery can be taken.
    pub(crate) fn has_queued(&mut self) -> bool {
        !self.queue.is_empty() && self.next_queued().is_some()
    }

    /// The first delivery of a message.
    pub(crate) fn insert(&mut self, sequence: u64, number: u64, until: Instant) {
        let how = self.list_wait(sequence, until);
        let waits = u32::from(how == How::After);
        self.window.insert(Entry { sequence, number, attempts: 1, at: until, how, waits });
    }

    /// The next message to deliver again. It stays queued until [`redeliver`](Self::redeliver) or
    /// [`remove`](Self::remove).
    pub(crate) fn next_queued(&mut self) -> Option<(u64, Entry)> {
        while let Some(sequence) = self.queue.front().copied() {
            match self.window.get(sequence) {
                Some(entry) if entry.how == How::Queued && !self.left.contains_key(&sequence) => {
                    return Some((sequence, *entry));
                }
                _ => self.leave_queue(),
            }
        }
        None
    }

    fn leave_queue(&mut self) {
        let first = self.queue.pop_front();
        if let Some((sequence, left)) = first.and_then(|first| Some((first, self.left.get_mut(&first)?))) {
            *left -= 1;
            if *left == 0 {
                self.left.remove(&sequence);
            }
        }
    }

    /// Counts one more attempt.
    pub(crate) fn redeliver(&mut self, sequence: u64, until: Instant) {
        let Some(entry) = self.window.get_mut(sequence) else {
            return;
        };
        self.redelivered += u64::from(entry.attempts == 1);
        entry.attempts += 1;
        if self.queue.front() == Some(&sequence) {
            self.queue.pop_front();
        }
        self.begin_wait(sequence, until);
    }

    /// Makes a message available at once, after those that are already.
    pub(crate) fn queue(&mut self, sequence: u64) {
        self.queue_until(sequence, Duration::ZERO);
    }

    /// The time of a message is over: makes it available, and begins the next ack wait.
    pub(crate) fn expire(&mut self, sequence: u64, ack_wait: Duration) {
        self.queue_until(sequence, ack_wait);
    }

    fn queue_until(&mut self, sequence: u64, later: Duration) {
        let Some(entry) = self.window.get_mut(sequence) else {
            return;
        };
        let until = entry.at;
        match entry.how {
            How::Queued => return,
            How::Delayed => {
                self.delays.remove(&(until, sequence));
            }
            How::After => {}
        }
        (entry.at, entry.how) = (crate::clock::after(until, later), How::Queued);
        self.queue.push_back(sequence);
        self.drop_outdated_waits();
    }

    /// Makes a message available later, also one that is available already.
    pub(crate) fn delay(&mut self, sequence: u64, until: Instant) {
        let Some(entry) = self.window.get_mut(sequence) else {
            return;
        };
        match entry.how {
            // Not to come twice, once it is queued again.
            How::Queued => *self.left.entry(sequence).or_default() += 1,
            How::Delayed => {
                self.delays.remove(&(entry.at, sequence));
            }
            How::After => {}
        }
        (entry.at, entry.how) = (until, How::Delayed);
        self.delays.insert((until, sequence));
        self.note_due(until);
        self.drop_outdated_waits();
    }

    /// Begins the ack wait anew. A message that is available again already stays so.
    pub(crate) fn extend(&mut self, sequence: u64, until: Instant) {
        let Some(entry) = self.window.get_mut(sequence) else {
            return;
        };
        match entry.how {
            How::Queued => {
                entry.at = until;
                return;
            }
            How::Delayed => {
                self.delays.remove(&(entry.at, sequence));
            }
            How::After => {}
        }
        self.begin_wait(sequence, until);
        self.drop_outdated_waits();
    }

    /// Nothing is available any more: what was waits for the end of its ack wait, which depends on the attempt, or of the
    /// next one that is not over.
    pub(crate) fn unqueue(&mut self, now: Instant, wait_after: impl Fn(u64) -> Duration) {
        if self.queue.is_empty() {
            return;
        }
        self.left.clear();
        for sequence in std::mem::take(&mut self.queue) {
            let Some(entry) = self.window.get_mut(sequence) else {
                continue;
            };
            if entry.how == How::Queued {
                let (or_at, ack_wait) = (entry.at, wait_after(entry.attempts));
                let late = now.saturating_duration_since(or_at).as_nanos();
                let over = u32::try_from(late / ack_wait.as_nanos().max(1)).unwrap_or(u32::MAX);
                let next = || ack_wait.checked_mul(over.saturating_add(1)).unwrap_or(Duration::MAX);
                let until = if now < or_at { or_at } else { crate::clock::after(or_at, next()) };
                entry.comes_after(until);
            }
        }
        self.sort_waits();
    }

    /// Ends a delivery, if it was unsettled.
    pub(crate) fn remove(&mut self, sequence: u64) -> Option<Entry> {
        let entry = self.window.remove(sequence)?;
        self.redelivered -= u64::from(entry.attempts > 1);
        if entry.how == How::Delayed {
            self.delays.remove(&(entry.at, sequence));
        }
        if self.window.is_empty() {
            self.queue.clear();
            self.left.clear();
            self.waits.clear();
            (self.last_wait, self.none_due_before) = (None, None);
        } else if self.waits.front() == Some(&sequence) {
            // What is settled in order leaves nothing to clean up.
            self.waits.pop_front();
            if self.waits.is_empty() {
                self.last_wait = None;
            }
        }
        self.drop_outdated_waits();
        Some(entry)
    }

    /// As [`remove`](Self::remove), for the lowest one, where others are left and its ack wait was the first to end: so are
    /// nearly all that are settled in order. Returns its number, and the one that is the lowest then.
    pub(super) fn remove_lowest(&mut self, sequence: u64) -> Option<(u64, &Entry)> {
        let first = self.window.first().filter(|first| first.sequence == sequence)?;
        let is_plain = first.attempts == 1 && first.waits == 1 && first.how == How::After;
        if !is_plain || self.window.len() < 2 || self.waits.front() != Some(&sequence) {
            return None;
        }
        let number = first.number;
        self.window.remove_first();
        self.waits.drop_front();
        if self.waits.is_empty() {
            self.last_wait = None;
        }
        self.drop_outdated_waits();
        Some((number, self.window.first()?))
    }

    /// Nothing comes again by itself before this; nothing at all without it.
    pub(crate) fn none_due_before(&self) -> Option<Instant> {
        self.none_due_before
    }

    /// Whether the time of one may be over. It says so too where only looking can tell.
    pub(crate) fn may_be_due(&self, now: Instant) -> bool {
        self.none_due_before.is_some_and(|earliest| earliest <= now)
    }

    /// Takes those whose time is over, in the order in which a server's timer would find them: by time, and within a
    /// millisecond by sequence. The caller queues or removes each.
    pub(crate) fn take_due(&mut self, now: Instant) -> Vec<u64> {
        if !self.may_be_due(now) {
            return Vec::new();
        }
        let mut due = Vec::new();
        while let Some((until, sequence)) = self.first_wait().filter(|(until, _)| *until <= now) {
            self.drop_first_wait();
            due.push((until, sequence));
        }
        while let Some((until, sequence)) = self.delays.first().copied() {
            if until > now {
                break;
            }
            self.delays.pop_first();
            due.push((until, sequence));
        }
        self.none_due_before = self.next_due();
        due.sort_unstable_by_key(|(until, sequence)| {
            (Reverse(now.saturating_duration_since(*until).as_millis()), *sequence)
        });
        due.dedup_by_key(|(_, sequence)| *sequence);
        due.into_iter().map(|(_, sequence)| sequence).collect()
    }

    /// When the next message comes again by itself.
    pub(crate) fn next_due(&mut self) -> Option<Instant> {
        let wait = self.first_wait().map(|(until, _)| until);
        let delay = self.delays.first().map(|(until, _)| *until);
        wait.into_iter().chain(delay).min()
    }

    /// When the last of them comes again by itself.
    pub(crate) fn last_due(&mut self) -> Option<Instant> {
        let mut wait = None;
        while let Some(sequence) = self.waits.back().copied() {
            match self.window.get_mut(sequence) {
                Some(entry) if entry.how == How::After => {
                    wait = Some(entry.at);
                    break;
                }
                Some(entry) => entry.waits -= 1,
                None => {}
            }
            self.waits.pop_back();
        }
        let delay = self.delays.last().map(|(until, _)| *until);
        wait.into_iter().chain(delay).max()
    }

    /// The waits, which depend on the attempt, have changed for those that are running, too; and for delays, since a
    /// server keeps one as a delivery that began so long ago that the delay is left of its wait (measured on nats-server
    /// 2.15.1).
    pub(crate) fn change_waits(&mut self, from: impl Fn(u64) -> Duration, to: impl Fn(u64) -> Duration) {
        let changed = |until: Instant, attempts: u64| {
            let (from, to) = (from(attempts), to(attempts));
            let begun = until.checked_sub(from);
            begun.map_or_else(|| until + to.saturating_sub(from), |begun| crate::clock::after(begun, to))
        };
        self.delays.clear();
        for entry in self.window.iter_mut() {
            match entry.how {
                How::After => entry.at = changed(entry.at, entry.attempts),
                How::Delayed => {
                    entry.at = changed(entry.at, entry.attempts);
                    self.delays.insert((entry.at, entry.sequence));
                }
                How::Queued => {}
            }
        }
        self.sort_waits();
    }

    fn begin_wait(&mut self, sequence: u64, until: Instant) {
        let how = self.list_wait(sequence, until);
        if let Some(entry) = self.window.get_mut(sequence) {
            (entry.at, entry.how) = (until, how);
            entry.waits += u32::from(how == How::After);
        }
    }

    /// Lists the end of an ack wait among those that come in order, or among the delays.
    fn list_wait(&mut self, sequence: u64, until: Instant) -> How {
        self.note_due(until);
        if self.last_wait.is_none_or(|last| last <= until) {
            self.waits.push_back(sequence);
            self.last_wait = Some(until);
            How::After
        } else {
            self.delays.insert((until, sequence));
            How::Delayed
        }
    }

    fn note_due(&mut self, until: Instant) {
        let earliest = self.none_due_before.map_or(until, |earliest| earliest.min(until));
        self.none_due_before = Some(earliest);
    }

    /// The ack wait that ends first.
    fn first_wait(&mut self) -> Option<(Instant, u64)> {
        while let Some(sequence) = self.waits.front().copied() {
            if let Some(entry) = self.window.get(sequence)
                && entry.how == How::After
                && entry.waits == 1
            {
                return Some((entry.at, sequence));
            }
            self.drop_first_wait();
        }
        None
    }

    fn drop_first_wait(&mut self) {
        let first = self.waits.pop_front();
        if self.waits.is_empty() {
            self.last_wait = None;
        }
        if let Some(entry) = first.and_then(|sequence| self.window.get_mut(sequence)) {
            entry.waits -= 1;
        }
    }

    /// Lists the ends of all ack waits anew.
    fn sort_waits(&mut self) {
        let mut waits = Vec::new();
        for entry in self.window.iter_mut() {
            entry.waits = u32::from(entry.how == How::After);
            if entry.waits == 1 {
                waits.push((entry.at, entry.sequence));
            }
        }
        waits.sort_unstable();
        self.last_wait = waits.last().map(|(until, _)| *until);
        self.waits = waits.into_iter().map(|(_, sequence)| sequence).collect();
        self.none_due_before = self.next_due();
    }

    /// Keeps the list of waits about as long as the list of entries: one old entry must not hold the ends of all that
    /// were settled after it.
    fn drop_outdated_waits(&mut self) {
        if self.waits.len() > 2 * self.window.len() + 64 {
            let window = &mut self.window;
            self.waits.retain(|sequence| {
                let Some(entry) = window.get_mut(*sequence) else { return false };
                let is_current = entry.waits == 1 && entry.how == How::After;
                entry.waits -= u32::from(!is_current);
                is_current
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(30);

    fn delivered(start: Instant, sequences: &[u64]) -> Pending {
        let mut pending = Pending::default();
        for (number, sequence) in (1..).zip(sequences) {
            pending.insert(*sequence, number, start + WAIT);
        }
        pending
    }

    fn queued(pending: &mut Pending, until: Instant) -> Vec<u64> {
        let mut order = Vec::new();
        while let Some((sequence, _)) = pending.next_queued() {
            order.push(sequence);
            pending.redeliver(sequence, until);
        }
        order
    }

    #[test]
    fn naks_keep_their_order() {
        let start = Instant::now();
        let mut pending = delivered(start, &[1, 2, 3, 4]);
        [3, 1, 3].into_iter().for_each(|sequence| pending.queue(sequence));
        assert_eq!(queued(&mut pending, start + WAIT), [3, 1]);
        assert_eq!(pending.redelivered(), 2);
    }

    #[test]
    fn what_expires_together_comes_in_the_order_of_sequences() {
        let start = Instant::now();
        let mut pending = delivered(start, &[3, 1, 2]);
        assert!(pending.take_due(start + WAIT - Duration::from_nanos(1)).is_empty());
        assert_eq!(pending.take_due(start + WAIT), [1, 2, 3]);
    }

    #[test]
    fn what_expires_earlier_comes_earlier() {
        let start = Instant::now();
        let mut pending = delivered(start, &[1, 2, 3]);
        pending.extend(1, start + WAIT + Duration::from_millis(5));
        pending.delay(3, start + Duration::from_millis(100));
        assert_eq!(pending.next_due(), Some(start + Duration::from_millis(100)));
        assert_eq!(pending.take_due(start + 2 * WAIT), [3, 2, 1]);
    }

    #[test]
    fn a_settled_message_neither_expires_nor_waits_in_the_queue() {
        let start = Instant::now();
        let mut pending = delivered(start, &[1, 2, 3]);
        pending.queue(1);
        assert!([1, 2].into_iter().all(|sequence| pending.remove(sequence).is_some()));
        assert!(pending.remove(2).is_none());
        assert_eq!(pending.next_queued().map(|(sequence, _)| sequence), None);
        assert_eq!(pending.take_due(start + WAIT), [3]);
    }

    #[test]
    fn a_queued_message_can_be_delayed_and_not_extended() {
        let start = Instant::now();
        let mut pending = delivered(start, &[1]);
        pending.queue(1);
        pending.extend(1, start + WAIT);
        assert!(pending.has_queued());
        assert_eq!(pending.next_due(), None);

        pending.delay(1, start + WAIT);
        assert!(!pending.has_queued());
        assert_eq!(pending.take_due(start + WAIT), [1]);
    }

    #[test]
    fn a_delayed_message_takes_its_place_in_the_queue_anew() {
        let start = Instant::now();
        let mut pending = delivered(start, &[1, 2]);
        [1, 2].into_iter().for_each(|sequence| pending.queue(sequence));
        pending.delay(1, start + WAIT);
        pending.queue(1);
        assert_eq!(queued(&mut pending, start + WAIT), [2, 1]);
    }

    #[test]
    fn waits_of_different_length_end_in_the_order_of_time() {
        let start = Instant::now();
        let mut pending = delivered(start, &[1, 2]);
        pending.queue(1);
        pending.redeliver(1, start + WAIT / 2);
        pending.extend(2, start + WAIT / 3);
        assert_eq!(pending.next_due(), Some(start + WAIT / 3));
        assert_eq!(pending.take_due(start + WAIT), [2, 1]);
    }

    #[test]
    fn one_old_entry_does_not_hold_the_waits_of_all_after_it() {
        let start = Instant::now();
        let mut pending = delivered(start, &[1]);
        for sequence in 2..10_000 {
            pending.insert(sequence, sequence, start + WAIT);
            pending.remove(sequence);
        }
        assert!(pending.waits.len() < 100, "{}", pending.waits.len());
    }

    #[test]
    fn a_changed_ack_wait_counts_from_the_delivery() {
        let start = Instant::now();
        let mut pending = delivered(start, &[1]);
        pending.change_waits(|_| WAIT, |_| WAIT * 2);
        assert_eq!(pending.next_due(), Some(start + WAIT * 2));
    }
}
