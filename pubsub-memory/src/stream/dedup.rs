//! The message ids that a stream remembers.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use pubsub_core::MessageId;
use tokio::time::Instant;

/// Message ids of the duplicate window. The window of an id begins with its first publish; a duplicate does not
/// lengthen it, and neither an ack nor a purge ends it (measured on nats-server 2.15.1).
#[derive(Debug, Default)]
pub(crate) struct Dedup {
    sequences: HashMap<MessageId, u64>,
    /// In the order of their publish, which is the order of their age.
    ages: VecDeque<Age>,
}

#[derive(Debug)]
struct Age {
    at: Instant,
    id: MessageId,
    /// Whether the message was stored. A server gives the id of one that nobody sees no time, so that it is too old for
    /// any window as soon as the server looks (measured on nats-server 2.15.1).
    is_stored: bool,
}

impl Dedup {
    /// Forgets what is older than the window.
    pub(crate) fn expire(&mut self, now: Instant, window: Duration) {
        self.forget(now, window, false);
    }

    /// Applies another window to what there is.
    pub(crate) fn change_window(&mut self, now: Instant, window: Duration) {
        self.forget(now, window, true);
    }

    /// A server looks when the oldest id is too old, and when the window changes.
    fn forget(&mut self, now: Instant, window: Duration, mut looks: bool) {
        while let Some(oldest) = self.ages.front() {
            let is_old = now.saturating_duration_since(oldest.at) >= window;
            if !is_old && (oldest.is_stored || !looks) {
                return;
            }
            looks = true;
            if let Some(oldest) = self.ages.pop_front() {
                self.sequences.remove(&oldest.id);
            }
        }
    }

    /// The sequence that the id was stored with.
    pub(crate) fn find(&self, id: &MessageId) -> Option<u64> {
        self.sequences.get(id).copied()
    }

    /// Each id with its sequence, the time of its publish and whether its message was stored, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&MessageId, u64, Instant, bool)> {
        self.ages.iter().filter_map(|age| Some((&age.id, self.find(&age.id)?, age.at, age.is_stored)))
    }

    pub(crate) fn len(&self) -> usize {
        self.ages.len()
    }

    pub(crate) fn remember(&mut self, id: MessageId, sequence: u64, is_stored: bool, now: Instant) {
        let age = Age { at: now, id: id.clone(), is_stored };
        self.ages.push_back(age);
        self.sequences.insert(id, sequence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_forgotten_when_its_window_is_over() {
        let (mut dedup, start, window) = (Dedup::default(), Instant::now(), Duration::from_secs(10));
        let id = MessageId::new("one").unwrap();
        dedup.remember(id.clone(), 7, true, start);
        dedup.expire(start + window - Duration::from_nanos(1), window);
        assert_eq!(dedup.find(&id), Some(7));
        dedup.expire(start + window, window);
        assert_eq!((dedup.find(&id), dedup.len()), (None, 0));
    }

    #[test]
    fn the_id_of_a_message_that_nobody_sees_goes_with_the_one_before_it() {
        let (mut dedup, start, window) = (Dedup::default(), Instant::now(), Duration::from_secs(10));
        let (one, other) = (MessageId::new("one").unwrap(), MessageId::new("other").unwrap());
        dedup.remember(one.clone(), 1, true, start);
        dedup.remember(other.clone(), 2, false, start + window / 2);
        dedup.expire(start + window / 2, window);
        assert_eq!((dedup.find(&one), dedup.find(&other)), (Some(1), Some(2)));
        dedup.expire(start + window, window);
        assert_eq!((dedup.find(&one), dedup.find(&other)), (None, None));
    }
}
