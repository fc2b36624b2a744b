//! Serving the subscriptions of a consumer: asking for messages, and handing back what was not taken.

use std::sync::Arc;
use std::task::Waker;

use tokio::time::Instant;

use super::consumers::ConsumerKey;
use super::effects::Effects;
use super::serve::{Gone, find};
use super::state::StreamState;
use crate::consumer::{Inbox, Need, Next};

impl StreamState {
    /// Keeps what a subscription asks for between a half and all of its size, and takes a message or leaves the waker. A
    /// subscription that will not ask again must [`unsubscribe`](Self::unsubscribe).
    pub(crate) fn ask(
        &mut self,
        key: ConsumerKey,
        inbox: &Arc<Inbox>,
        waker: &Waker,
        now: Instant,
        effects: &mut Effects,
    ) -> Result<Next, Gone> {
        let limit = self.max_waiting();
        let consumer = find(self.deleted, self.consumers.get_mut(key))?;
        consumer.advance(&self.messages, now, effects);
        consumer.used(now);
        consumer.asked(inbox.asker().handle, now);
        consumer.inboxes.add(inbox);
        match consumer.inboxes.needs(inbox, now) {
            Need::Nothing => {}
            // As with a server, one request too many is refused. The subscription waits until there is room for it.
            Need::Request if consumer.waiting(now) >= limit => {}
            Need::Request | Need::More => consumer.inboxes.ask(inbox, now),
        }
        self.offer(key.slot(), now, effects);
        let next = match inbox.take() {
            Some(taken) => Next::Taken(taken),
            None => self.wait_for_more(key, inbox, waker)?,
        };
        self.consumers.note_expiry(key.slot());
        Ok(next)
    }

    fn wait_for_more(&mut self, key: ConsumerKey, inbox: &Inbox, waker: &Waker) -> Result<Next, Gone> {
        let removal = self.next_removal();
        let consumer = find(self.deleted, self.consumers.get_mut(key))?;
        let removal = removal.filter(|_| consumer.is_stalled());
        let again = consumer.next_due().into_iter().chain(removal).min();
        consumer.inboxes.wait(inbox, waker, again);
        Ok(Next::Wait(again))
    }

    /// A subscription is dropped.
    pub(crate) fn unsubscribe(
        &mut self,
        key: ConsumerKey,
        inbox: &Arc<Inbox>,
        now: Instant,
        effects: &mut Effects,
    ) {
        if self.consumers.get_mut(key).is_some() {
            self.hand_back(key.slot(), std::slice::from_ref(inbox), now, effects);
        }
    }

    /// A connection is closed: what waits through it is woken, and what its subscriptions have not taken is handed back.
    pub(crate) fn close_connection(&mut self, connection: u64, now: Instant, effects: &mut Effects) {
        for slot in self.consumers.slots() {
            let Some(consumer) = self.consumers.at_mut(slot) else { continue };
            consumer.waiters.wake_connection(connection, effects);
            let inboxes = consumer.inboxes.of_connection(connection);
            if !inboxes.is_empty() {
                self.hand_back(slot, &inboxes, now, effects);
            }
        }
    }

    fn hand_back(&mut self, slot: usize, inboxes: &[Arc<Inbox>], now: Instant, effects: &mut Effects) {
        if let Some(consumer) = self.consumers.at_mut(slot) {
            consumer.hand_back(inboxes, &self.messages, now, effects);
        }
        self.offer(slot, now, effects);
        self.consumers.note_waiting(slot);
        self.consumers.note_expiry(slot);
    }

    /// Lets a consumer deliver what it can to those who ask, after anything that may have made messages available.
    pub(super) fn offer(&mut self, slot: usize, now: Instant, effects: &mut Effects) {
        let limit = self.max_waiting();
        let Some(consumer) = self.consumers.at_mut(slot).filter(|consumer| !consumer.inboxes.is_empty())
        else {
            return;
        };
        let settled = consumer.offer(&self.messages, now, effects);
        // Most often there are too few of them to count.
        if consumer.waiters.len() + consumer.inboxes.len() < limit || consumer.waiting(now) < limit {
            consumer.inboxes.wake_refused(effects);
        }
        self.release(settled);
        self.consumers.note_waiting(slot);
        self.consumers.note_expiry(slot);
    }

    /// A message that this consumer sees was stored.
    pub(super) fn arrived(&mut self, slot: usize, now: Instant, effects: &mut Effects) {
        let Some(consumer) = self.consumers.at_mut(slot) else {
            return;
        };
        if consumer.inboxes.is_empty() {
            // Acks that were left for later make no room that it needs: one that lags has room.
            if !consumer.is_stalled() {
                consumer.wake_one(effects);
                self.consumers.note_waiting(slot);
            }
            return;
        }
        self.catch_up(slot);
        if let Some(consumer) = self.consumers.at_mut(slot) {
            consumer.advance(&self.messages, now, effects);
        }
        self.offer(slot, now, effects);
        self.let_lag(slot, now);
    }
}
