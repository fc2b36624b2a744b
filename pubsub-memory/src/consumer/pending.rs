//! The unsettled deliveries of a consumer, and which of them come again when.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

/// Unsettled deliveries by stream sequence. Redeliveries that are due stand in a queue of their own.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    entries: BTreeMap<u64, Entry>,
    /// Ends of ack waits, in order, as long as every ack wait is equally long. Some are out of date: see
    /// [`Self::is_due`].
    waits: VecDeque<(Instant, u64)>,
    /// Ends of asked-for delays, and of ack waits that are shorter than one that began earlier.
    delays: BTreeSet<(Instant, u64)>,
    /// To be delivered again, in this order, before anything new. Some may be settled meanwhile.
    queue: VecDeque<u64>,
    redelivered: u64,
}

/// One unsettled message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    /// The consumer's number of the first delivery.
    pub(crate) number: u64,
    /// How often it was delivered.
    pub(crate) attempts: u64,
    comes_again: Again,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    /// When the ack wait is over.
    After(Instant),
    /// When the delay is over.
    Delayed(Instant),
    /// As soon as somebody asks. Should a purge end that, when the ack wait is over that still runs.
    Queued { or_at: Instant },
}

impl Again {
    const fn is_queued(&self) -> bool {
        matches!(self, Self::Queued { .. })
    }
}

impl Pending {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many were delivered more than once.
    pub(crate) fn redelivered(&self) -> u64 {
        self.redelivered
    }

    pub(crate) fn contains(&self, sequence: u64) -> bool {
        self.entries.contains_key(&sequence)
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<&Entry> {
        self.entries.get(&sequence)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The lowest unsettled sequence above this one.
    pub(crate) fn next_above(&self, sequence: u64) -> Option<(u64, &Entry)> {
        let above = self.entries.range(sequence.checked_add(1)?..);
        above.map(|(sequence, entry)| (*sequence, entry)).next()
    }

    pub(crate) fn sequences(&self) -> impl Iterator<Item = u64> {
        self.entries.keys().copied()
    }

    /// Whether a redelivery can be taken.
    pub(crate) fn has_queued(&mut self) -> bool {
        self.next_queued().is_some()
    }

    /// The first delivery of a message.
    pub(crate) fn insert(&mut self, sequence: u64, number: u64, until: Instant) {
        let comes_again = self.begin_wait(sequence, until);
        self.entries.insert(sequence, Entry { number, attempts: 1, comes_again });
    }

    fn begin_wait(&mut self, sequence: u64, until: Instant) -> Again {
        if self.waits.back().is_none_or(|(last, _)| *last <= until) {
            self.waits.push_back((until, sequence));
            Again::After(until)
        } else {
            self.delays.insert((until, sequence));
            Again::Delayed(until)
        }
    }

    /// The next message to deliver again. It stays queued until [`redeliver`](Self::redeliver) or
    /// [`remove`](Self::remove).
    pub(crate) fn next_queued(&mut self) -> Option<(u64, Entry)> {
        while let Some(sequence) = self.queue.front().copied() {
            match self.entries.get(&sequence) {
                Some(entry) if entry.comes_again.is_queued() => return Some((sequence, *entry)),
                _ => self.queue.pop_front(),
            };
        }
        None
    }

    /// Counts one more attempt.
    pub(crate) fn redeliver(&mut self, sequence: u64, until: Instant) {
        if !self.entries.contains_key(&sequence) {
            return;
        }
        let comes_again = self.begin_wait(sequence, until);
        if let Some(entry) = self.entries.get_mut(&sequence) {
            self.redelivered += u64::from(entry.attempts == 1);
            entry.attempts += 1;
            entry.comes_again = comes_again;
        }
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
        let Some(entry) = self.entries.get_mut(&sequence) else {
            return;
        };
        let until = match entry.comes_again {
            Again::Queued { .. } => return,
            Again::After(until) => until,
            Again::Delayed(until) => {
                self.delays.remove(&(until, sequence));
                until
            }
        };
        entry.comes_again = Again::Queued { or_at: crate::clock::after(until, later) };
        self.queue.push_back(sequence);
        self.drop_outdated_waits();
    }

    /// Makes a message available later, also one that is available already.
    pub(crate) fn delay(&mut self, sequence: u64, until: Instant) {
        let Some(entry) = self.entries.get_mut(&sequence) else {
            return;
        };
        match entry.comes_again {
            // Not to come twice, once it is queued again.
            Again::Queued { .. } => self.queue.retain(|queued| *queued != sequence),
            Again::Delayed(before) => {
                self.delays.remove(&(before, sequence));
            }
            Again::After(_) => {}
        }
        entry.comes_again = Again::Delayed(until);
        self.delays.insert((until, sequence));
        self.drop_outdated_waits();
    }

    /// Begins the ack wait anew. A message that is available again already stays so.
    pub(crate) fn extend(&mut self, sequence: u64, until: Instant) {
        let Some(entry) = self.entries.get_mut(&sequence) else {
            return;
        };
        match &mut entry.comes_again {
            Again::Queued { or_at } => {
                *or_at = until;
                return;
            }
            Again::Delayed(before) => {
                self.delays.remove(&(*before, sequence));
            }
            Again::After(_) => {}
        }
        let comes_again = self.begin_wait(sequence, until);
        if let Some(entry) = self.entries.get_mut(&sequence) {
            entry.comes_again = comes_again;
        }
        self.drop_outdated_waits();
    }

    /// Nothing is available any more: what was waits for the end of its ack wait, which depends on the attempt, or of the
    /// next one that is not over.
    pub(crate) fn unqueue(&mut self, now: Instant, wait_after: impl Fn(u64) -> Duration) {
        for sequence in std::mem::take(&mut self.queue) {
            let Some(entry) = self.entries.get_mut(&sequence) else {
                continue;
            };
            if let Again::Queued { or_at } = entry.comes_again {
                let ack_wait = wait_after(entry.attempts);
                let late = now.saturating_duration_since(or_at).as_nanos();
                let over = u32::try_from(late / ack_wait.as_nanos().max(1)).unwrap_or(u32::MAX);
                let until =
                    if now < or_at { or_at } else { crate::clock::after(or_at, ack_wait * (over + 1)) };
                entry.comes_again = Again::After(until);
                self.waits.push_back((until, sequence));
            }
        }
        self.waits.make_contiguous().sort_unstable();
    }

    /// Ends a delivery. Returns whether it was unsettled.
    pub(crate) fn remove(&mut self, sequence: u64) -> bool {
        let Some(entry) = self.entries.remove(&sequence) else {
            return false;
        };
        self.redelivered -= u64::from(entry.attempts > 1);
        if let Again::Delayed(until) = entry.comes_again {
            self.delays.remove(&(until, sequence));
        }
        if self.entries.is_empty() {
            self.queue.clear();
        }
        self.drop_outdated_waits();
        true
    }

    /// Takes those whose time is over, in the order in which a server's timer would find them: by time, and within a
    /// millisecond by sequence. The caller queues or removes each.
    pub(crate) fn take_due(&mut self, now: Instant) -> Vec<u64> {
        let mut due = Vec::new();
        while let Some((until, sequence)) = self.waits.front().copied() {
            let current = self.is_due(until, sequence);
            if current && until > now {
                break;
            }
            self.waits.pop_front();
            if current {
                due.push((until, sequence));
            }
        }
        while let Some((until, sequence)) = self.delays.first().copied() {
            if until > now {
                break;
            }
            self.delays.pop_first();
            due.push((until, sequence));
        }
        due.sort_unstable_by_key(|(until, sequence)| {
            (Reverse(now.saturating_duration_since(*until).as_millis()), *sequence)
        });
        due.dedup_by_key(|(_, sequence)| *sequence);
        due.into_iter().map(|(_, sequence)| sequence).collect()
    }

    /// When the next message comes again by itself.
    pub(crate) fn next_due(&mut self) -> Option<Instant> {
        self.drop_outdated_waits();
        let wait = self.waits.front().map(|(until, _)| *until);
        let delay = self.delays.first().map(|(until, _)| *until);
        wait.into_iter().chain(delay).min()
    }

    /// When the last of them comes again by itself.
    pub(crate) fn last_due(&mut self) -> Option<Instant> {
        while let Some((until, sequence)) = self.waits.back().copied() {
            if self.is_due(until, sequence) {
                break;
            }
            self.waits.pop_back();
        }
        let wait = self.waits.back().map(|(until, _)| *until);
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
        self.waits.clear();
        self.delays.clear();
        for (sequence, entry) in &mut self.entries {
            match &mut entry.comes_again {
                Again::After(until) => {
                    *until = changed(*until, entry.attempts);
                    self.waits.push_back((*until, *sequence));
                }
                Again::Delayed(until) => {
                    *until = changed(*until, entry.attempts);
                    self.delays.insert((*until, *sequence));
                }
                Again::Queued { .. } => {}
            }
        }
        self.waits.make_contiguous().sort_unstable();
    }

    fn is_due(&self, until: Instant, sequence: u64) -> bool {
        self.entries.get(&sequence).is_some_and(|entry| entry.comes_again == Again::After(until))
    }

    /// Keeps the list of waits about as long as the list of entries: one old entry must not hold the ends of all that
    /// were settled after it.
    fn drop_outdated_waits(&mut self) {
        while let Some((until, sequence)) = self.waits.front().copied() {
            if self.is_due(until, sequence) {
                break;
            }
            self.waits.pop_front();
        }
        if self.waits.len() > 2 * self.entries.len() + 64 {
            let entries = &self.entries;
            self.waits.retain(|(until, sequence)| {
                entries.get(sequence).is_some_and(|entry| entry.comes_again == Again::After(*until))
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
        assert!(pending.remove(1) && pending.remove(2) && !pending.remove(2));
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
