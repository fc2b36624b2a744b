//! The subscriptions of a consumer: [`Inboxes`].

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::time::Instant;

use super::Inbox;
use crate::stream::Effects;

/// The inboxes of all subscriptions, in the order of their turns.
#[derive(Debug, Default)]
pub(crate) struct Inboxes {
    line: VecDeque<Arc<Inbox>>,
}

impl Inboxes {
    pub(crate) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// Adds one that is not there yet.
    pub(crate) fn add(&mut self, inbox: &Arc<Inbox>) {
        if !self.line.iter().any(|known| known.id() == inbox.id()) {
            self.line.push_back(Arc::clone(inbox));
        }
    }

    pub(super) fn remove(&mut self, inbox: &Inbox) {
        self.line.retain(|known| known.id() != inbox.id());
    }

    pub(crate) fn of_connection(&self, connection: u64) -> Vec<Arc<Inbox>> {
        let theirs = self.line.iter().filter(|inbox| inbox.connection() == connection);
        theirs.map(Arc::clone).collect()
    }

    /// Whether a message may be delivered to one of them.
    pub(super) fn is_asking(&self, now: Instant) -> bool {
        self.line.iter().any(|inbox| inbox.is_asking(now))
    }

    /// How many requests there are.
    pub(super) fn asking(&self, now: Instant) -> usize {
        self.line.iter().filter(|inbox| inbox.is_asking(now)).count()
    }

    /// Whether there are requests, those that are over included.
    pub(crate) fn have_asked(&self) -> bool {
        self.line.iter().any(|inbox| inbox.has_asked())
    }

    /// Whose turn it is. It then goes to the end of the line.
    pub(super) fn next_asking(&mut self, now: Instant) -> Option<Arc<Inbox>> {
        let place = self.line.iter().position(|inbox| inbox.is_asking(now))?;
        let inbox = self.line.remove(place)?;
        self.line.push_back(Arc::clone(&inbox));
        Some(inbox)
    }

    pub(super) fn are_waited_on(&self) -> bool {
        self.line.iter().any(|inbox| inbox.is_waited_on())
    }

    /// When the last request is over by itself.
    pub(super) fn ask_until(&self) -> Option<Instant> {
        self.line.iter().filter_map(|inbox| inbox.asks_until()).max()
    }

    pub(super) fn wake_all(&self, effects: &mut Effects) {
        self.line.iter().for_each(|inbox| inbox.wake(effects));
    }

    pub(crate) fn wake_refused(&self, effects: &mut Effects) {
        self.line.iter().for_each(|inbox| inbox.wake_refused(effects));
    }

    /// Sees to it that all who wait look again at that time: one that does not come back must not hold up the others.
    pub(super) fn be_awake_at(&self, due: Instant, effects: &mut Effects) {
        self.line.iter().for_each(|inbox| inbox.be_awake_at(due, effects));
    }
}
