//! What one would write by hand: a log, cursors and unsettled deliveries behind one mutex, called directly.
//!
//! It has no ack wait, no redelivery, no limits, no filters and no names; it is what those cost that the rows show.

mod drive;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

pub(crate) use drive::{fan_out, shared, shared_batches};

/// One log, read by groups; each group gets every message, its members share them.
#[derive(Debug)]
pub(crate) struct Floor {
    state: Mutex<State>,
    arrived: Vec<Notify>,
}

#[derive(Debug)]
struct State {
    subject: Arc<str>,
    log: VecDeque<Bytes>,
    /// The number of the first message in the log.
    first: u64,
    groups: Vec<Group>,
}

#[derive(Debug, Default)]
struct Group {
    next: u64,
    /// Whether each delivery from `settled` on is settled.
    window: VecDeque<bool>,
    settled: u64,
    waiting: usize,
}

/// A message that was handed out.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) payload: Bytes,
    pub(crate) subject: Arc<str>,
    number: u64,
}

impl Floor {
    pub(crate) fn new(groups: usize) -> Self {
        let state = State {
            subject: "bench.one".into(),
            log: VecDeque::new(),
            first: 0,
            groups: (0..groups).map(|_| Group::default()).collect(),
        };
        Self { state: Mutex::new(state), arrived: (0..groups).map(|_| Notify::new()).collect() }
    }

    pub(crate) fn publish(&self, payload: Bytes) {
        self.publish_all(std::iter::once(payload));
    }

    pub(crate) fn publish_all(&self, payloads: impl IntoIterator<Item = Bytes>) {
        let mut state = self.lock();
        state.log.extend(payloads);
        // One group is the common case, and costs no allocation.
        if let ([group], [arrived]) = (state.groups.as_slice(), self.arrived.as_slice()) {
            let is_waited_on = group.waiting > 0;
            drop(state);
            if is_waited_on {
                arrived.notify_one();
            }
            return;
        }
        let waited_on: Vec<bool> = state.groups.iter().map(|group| group.waiting > 0).collect();
        drop(state);
        let waited_on = self.arrived.iter().zip(waited_on).filter(|(_, waits)| *waits);
        waited_on.for_each(|(arrived, _)| arrived.notify_one());
    }

    pub(crate) async fn next(&self, group: usize) -> Handed {
        loop {
            if let Some(handed) = self.take_one(group) {
                return handed;
            }
            self.wait(group).await;
        }
    }

    pub(crate) async fn next_batch(&self, group: usize, max: usize) -> Vec<Handed> {
        loop {
            let batch = self.take(group, max);
            if !batch.is_empty() {
                return batch;
            }
            self.wait(group).await;
        }
    }

    pub(crate) fn ack(&self, group: usize, handed: &Handed) {
        self.ack_all(group, std::slice::from_ref(handed));
    }

    pub(crate) fn ack_all(&self, group: usize, handed: &[Handed]) {
        let mut state = self.lock();
        for handed in handed {
            state.settle(group, handed.number);
        }
        state.trim();
    }

    fn take_one(&self, group: usize) -> Option<Handed> {
        let mut state = self.lock();
        let State { subject, log, first, groups } = &mut *state;
        let group = groups.get_mut(group)?;
        let number = group.next;
        let payload = log.get(usize::try_from(number - *first).unwrap_or(usize::MAX))?.clone();
        group.next += 1;
        group.window.push_back(false);
        Some(Handed { payload, subject: Arc::clone(subject), number })
    }

    fn take(&self, group: usize, max: usize) -> Vec<Handed> {
        let mut state = self.lock();
        let State { subject, log, first, groups } = &mut *state;
        let Some(group) = groups.get_mut(group) else { return Vec::new() };
        let begin = usize::try_from(group.next - *first).unwrap_or(usize::MAX);
        let batch: Vec<Handed> = (group.next..)
            .zip(log.iter().skip(begin).take(max))
            .map(|(number, payload)| Handed {
                payload: payload.clone(),
                subject: Arc::clone(subject),
                number,
            })
            .collect();
        group.next += u64::try_from(batch.len()).unwrap_or(u64::MAX);
        group.window.extend(batch.iter().map(|_| false));
        batch
    }

    async fn wait(&self, group: usize) {
        let Some(arrived) = self.arrived.get(group) else { return };
        if !self.lock().begin_waiting(group) {
            return;
        }
        // A wake-up that comes first is kept.
        arrived.notified().await;
        self.lock().count_waiting(group, -1);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_more(&self, group: usize) -> bool {
        let end = self.first + u64::try_from(self.log.len()).unwrap_or(u64::MAX);
        self.groups.get(group).is_some_and(|group| group.next < end)
    }

    /// Returns whether there is anything to wait for.
    fn begin_waiting(&mut self, group: usize) -> bool {
        let waits = !self.has_more(group);
        if waits {
            self.count_waiting(group, 1);
        }
        waits
    }

    fn count_waiting(&mut self, group: usize, change: isize) {
        if let Some(group) = self.groups.get_mut(group) {
            group.waiting = group.waiting.saturating_add_signed(change);
        }
    }

    fn settle(&mut self, group: usize, number: u64) {
        let Some(group) = self.groups.get_mut(group) else { return };
        let place = usize::try_from(number - group.settled).unwrap_or(usize::MAX);
        if let Some(settled) = group.window.get_mut(place) {
            *settled = true;
        }
        while group.window.front() == Some(&true) {
            group.window.pop_front();
            group.settled += 1;
        }
    }

    /// Drops what all groups have settled.
    fn trim(&mut self) {
        let settled = self.groups.iter().map(|group| group.settled).min().unwrap_or(self.first);
        while self.first < settled {
            self.log.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_group_gets_every_message_and_what_all_acked_is_dropped() {
        let floor = Floor::new(2);
        floor.publish_all([Bytes::from_static(b"a"), Bytes::from_static(b"b")]);
        let first = floor.next_batch(0, 64).await;
        assert_eq!(first.iter().map(|handed| &handed.payload[..]).collect::<Vec<_>>(), [b"a", b"b"]);
        floor.ack_all(0, &first);
        let second = floor.next(1).await;
        assert_eq!((&second.payload[..], &*second.subject), (&b"a"[..], "bench.one"));
        floor.ack(1, &second);
        assert_eq!(floor.lock().log.len(), 1);
    }

    #[tokio::test]
    async fn who_waits_is_woken() {
        let floor = Arc::new(Floor::new(1));
        let other = Arc::clone(&floor);
        let waits = tokio::spawn(async move { other.next(0).await });
        tokio::task::yield_now().await;
        floor.publish(Bytes::from_static(b"a"));
        assert_eq!(&waits.await.unwrap().payload[..], b"a");
    }
}
