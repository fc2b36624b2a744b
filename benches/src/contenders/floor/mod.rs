//! What one would write by hand: a log, cursors and unsettled deliveries behind one mutex, called directly.
//!
//! It has an ack wait and delivers again what is not settled in time, without which acks would mean nothing. It has no
//! limits, no filters, no names, no naks, no count of attempts: what those cost is what the rows show.

mod drive;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Notify;

pub(crate) use drive::{fan_out, shared, shared_batches};

const ACK_WAIT: Duration = Duration::from_secs(30);

/// One log, read by groups; each group gets every message, its members share them.
#[derive(Debug)]
pub(crate) struct Floor {
    state: Mutex<State>,
    arrived: Vec<Notify>,
}

#[derive(Debug)]
struct State {
    log: VecDeque<Message>,
    /// The number of the first message in the log.
    first: u64,
    groups: Vec<Group>,
}

/// What is published.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) subject: Arc<str>,
    pub(crate) payload: Bytes,
}

#[derive(Debug, Default)]
struct Group {
    next: u64,
    /// Each delivery from `settled` on.
    window: VecDeque<Unsettled>,
    settled: u64,
    /// Ends of ack waits, in order, since all are equally long.
    waits: VecDeque<(Instant, u64)>,
    again: VecDeque<u64>,
    waiting: usize,
}

#[derive(Debug)]
struct Unsettled {
    until: Instant,
    is_settled: bool,
}

/// A message that was handed out.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) message: Message,
    number: u64,
}

impl Floor {
    pub(crate) fn new(groups: usize) -> Self {
        let groups = 0..groups;
        let arrived = groups.clone().map(|_| Notify::new()).collect();
        let groups = groups.map(|_| Group::default()).collect();
        Self { state: Mutex::new(State { log: VecDeque::new(), first: 0, groups }), arrived }
    }

    pub(crate) fn publish(&self, message: Message) {
        self.publish_all(std::iter::once(message));
    }

    pub(crate) fn publish_all(&self, messages: impl IntoIterator<Item = Message>) {
        let mut state = self.lock();
        state.log.extend(messages);
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
            if let Some(handed) = self.lock().take_one(group, Instant::now()) {
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

    fn take(&self, group: usize, max: usize) -> Vec<Handed> {
        let (mut batch, mut state, now) = (Vec::new(), self.lock(), Instant::now());
        while batch.len() < max
            && let Some(handed) = state.take_one(group, now)
        {
            batch.push(handed);
        }
        batch
    }

    /// Waits for the next message. One that is in doubt after its ack wait is found with it.
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
    fn take_one(&mut self, group: usize, now: Instant) -> Option<Handed> {
        let Self { log, first, groups } = self;
        let group = groups.get_mut(group)?;
        group.expire(now);
        let (number, is_new) = group.again.pop_front().map_or((group.next, true), |number| (number, false));
        let message = log.get(usize::try_from(number - *first).unwrap_or(usize::MAX))?.clone();
        let until = now + ACK_WAIT;
        if is_new {
            group.next += 1;
            group.window.push_back(Unsettled { until, is_settled: false });
        } else if let Some(delivery) = group.delivery(number) {
            delivery.until = until;
        }
        group.waits.push_back((until, number));
        Some(Handed { message, number })
    }

    fn has_more(&self, group: usize) -> bool {
        let end = self.first + u64::try_from(self.log.len()).unwrap_or(u64::MAX);
        self.groups.get(group).is_some_and(|group| group.next < end || !group.again.is_empty())
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
        if let Some(delivery) = group.delivery(number) {
            delivery.is_settled = true;
        }
        while group.window.front().is_some_and(|delivery| delivery.is_settled) {
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

impl Group {
    fn delivery(&mut self, number: u64) -> Option<&mut Unsettled> {
        let place = usize::try_from(number.checked_sub(self.settled)?).ok()?;
        self.window.get_mut(place)
    }

    /// Queues what was not settled in time.
    fn expire(&mut self, now: Instant) {
        while let Some((until, number)) = self.waits.front().copied() {
            let is_current =
                self.delivery(number).is_some_and(|delivery| !delivery.is_settled && delivery.until == until);
            if is_current && until > now {
                return;
            }
            self.waits.pop_front();
            if is_current {
                self.again.push_back(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &'static str) -> Message {
        Message { subject: "a".into(), payload: Bytes::from_static(text.as_bytes()) }
    }

    fn texts(batch: &[Handed]) -> Vec<&[u8]> {
        batch.iter().map(|handed| &handed.message.payload[..]).collect()
    }

    #[tokio::test]
    async fn every_group_gets_every_message_and_what_all_acked_is_dropped() {
        let floor = Floor::new(2);
        floor.publish_all([message("a"), message("b")]);
        let first = floor.next_batch(0, 64).await;
        assert_eq!(texts(&first), [b"a", b"b"]);
        floor.ack_all(0, &first);
        let second = floor.next(1).await;
        assert_eq!((&second.message.payload[..], &*second.message.subject), (&b"a"[..], "a"));
        floor.ack(1, &second);
        assert_eq!(floor.lock().log.len(), 1);
    }

    #[tokio::test]
    async fn who_waits_is_woken() {
        let floor = Arc::new(Floor::new(1));
        let other = Arc::clone(&floor);
        let waits = tokio::spawn(async move { other.next(0).await });
        tokio::task::yield_now().await;
        floor.publish(message("a"));
        assert_eq!(&waits.await.unwrap().message.payload[..], b"a");
    }

    #[test]
    fn what_is_not_settled_in_time_comes_again() {
        let (floor, now) = (Floor::new(1), Instant::now());
        floor.publish_all([message("a"), message("b")]);
        let mut state = floor.lock();
        let first = state.take_one(0, now).unwrap();
        state.take_one(0, now).unwrap();
        state.settle(0, first.number);
        assert!(state.take_one(0, now).is_none());
        assert_eq!(&state.take_one(0, now + ACK_WAIT).unwrap().message.payload[..], b"b");
    }
}
