//! What a stream publishes again, in the order in which it was stored: [`Outbox`].

use std::collections::VecDeque;
use std::mem;
use std::sync::{Mutex, PoisonError};

use super::effects::Plain;
use crate::store::{Hops, Store};

/// Plain messages on their way out of one stream. They are put in under the stream's lock and sent without it, by one
/// caller at a time, so that nobody hears of a later message first.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<(Plain, Hops)>,
    is_being_sent: bool,
}

impl Outbox {
    /// Adds messages, behind those that wait. The stream's lock must be held.
    pub(super) fn put(&self, messages: Vec<Plain>) {
        let hops = Hops::so_far();
        self.with(|waiting| waiting.messages.extend(messages.into_iter().map(|message| (message, hops))));
    }

    /// Sends what waits. If somebody does that already it goes out with theirs.
    pub(super) fn send(&self, store: &Store) {
        let begins = self.with(|waiting| !mem::replace(&mut waiting.is_being_sent, true));
        if !begins {
            return;
        }
        let sending = Sending(self);
        while let Some((message, hops)) = sending.next() {
            hops.and_one_more(|| store.publish_plain(message));
        }
    }

    fn with<R>(&self, look: impl FnOnce(&mut Waiting) -> R) -> R {
        look(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whoever sends. Listeners' wakers are foreign code: also after a panic somebody else can go on.
struct Sending<'a>(&'a Outbox);

impl Sending<'_> {
    fn next(&self) -> Option<(Plain, Hops)> {
        self.0.with(|waiting| {
            let next = waiting.messages.pop_front();
            // In one step with the look, so that nobody leaves a message to a sender who has just stopped.
            waiting.is_being_sent = next.is_some();
            next
        })
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.with(|waiting| waiting.is_being_sent = false);
        }
    }
}
