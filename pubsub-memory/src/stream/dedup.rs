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
    ages: VecDeque<(Instant, MessageId)>,
    /// The id of a stream's very first message, if nobody saw its subject.
    unseen: Option<MessageId>,
}

impl Dedup {
    /// Forgets what is older than the window.
    pub(crate) fn expire(&mut self, now: Instant, window: Duration) {
        while let Some((at, _)) = self.ages.front() {
            if now.saturating_duration_since(*at) < window {
                return;
            }
            if let Some((_, id)) = self.ages.pop_front() {
                self.sequences.remove(&id);
                self.unseen.take_if(|unseen| *unseen == id);
            }
        }
    }

    /// The sequence that the id was stored with.
    pub(crate) fn find(&self, id: &MessageId) -> Option<u64> {
        self.sequences.get(id).copied()
    }

    /// The window has changed. A server gives an unseen first message no time of its own, so that it is too old for any
    /// window the next time that it looks (measured on nats-server 2.15.1).
    pub(crate) fn change_window(&mut self, now: Instant, window: Duration) {
        if let Some(unseen) = self.unseen.take() {
            self.sequences.remove(&unseen);
            self.ages.retain(|(_, id)| *id != unseen);
        }
        self.expire(now, window);
    }

    /// Takes note that the id just remembered is of a first message that nobody saw.
    pub(crate) fn note_unseen(&mut self) {
        self.unseen = self.ages.back().map(|(_, id)| id.clone());
    }

    pub(crate) fn len(&self) -> usize {
        self.ages.len()
    }

    pub(crate) fn remember(&mut self, id: MessageId, sequence: u64, now: Instant) {
        self.ages.push_back((now, id.clone()));
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
        dedup.remember(id.clone(), 7, start);
        dedup.expire(start + window - Duration::from_nanos(1), window);
        assert_eq!(dedup.find(&id), Some(7));
        dedup.expire(start + window, window);
        assert_eq!((dedup.find(&id), dedup.len()), (None, 0));
    }
}
