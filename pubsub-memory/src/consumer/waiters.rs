//! The fetches that wait at a consumer.

use std::collections::VecDeque;
use std::task::Waker;

use tokio::time::Instant;

use super::Asker;
use crate::stream::Effects;

/// Waiting fetches, first come, first woken.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    line: VecDeque<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    connection: u64,
    asker: Asker,
    waker: Waker,
    /// Woken and not come back yet.
    woken: bool,
    /// When it looks again by itself.
    until: Option<Instant>,
}

impl Waiters {
    pub(crate) fn len(&self) -> usize {
        self.line.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    pub(crate) fn contains(&self, id: u64) -> bool {
        self.line.iter().any(|waiter| waiter.id == id)
    }

    /// How many were woken and have not come back yet.
    pub(crate) fn woken(&self) -> usize {
        self.line.iter().filter(|waiter| waiter.woken).count()
    }

    pub(crate) fn has_asleep(&self) -> bool {
        self.line.iter().any(|waiter| !waiter.woken)
    }

    /// Who waits, or who still waits then: one that did not come back in time is not counted on.
    pub(crate) fn askers(&self, now: Option<Instant>) -> impl Iterator<Item = Asker> + '_ {
        let waits =
            move |waiter: &&Waiter| now.is_none_or(|now| waiter.until.is_none_or(|until| now < until));
        self.line.iter().filter(waits).map(|waiter| waiter.asker)
    }

    /// Puts a waiter at the end of the line, or keeps the place that it has.
    pub(crate) fn wait(
        &mut self,
        id: u64,
        connection: u64,
        asker: Asker,
        waker: &Waker,
        until: Option<Instant>,
    ) {
        match self.line.iter_mut().find(|waiter| waiter.id == id) {
            Some(waiter) => {
                waiter.waker.clone_from(waker);
                waiter.woken = false;
                waiter.until = until;
            }
            None => {
                let waker = waker.clone();
                self.line.push_back(Waiter { id, connection, asker, waker, woken: false, until });
            }
        }
    }

    pub(crate) fn leave(&mut self, id: u64) -> bool {
        let place = self.line.iter().position(|waiter| waiter.id == id);
        place.is_some_and(|place| self.line.remove(place).is_some())
    }

    /// Wakes the first one that is not awake already.
    pub(crate) fn wake_one(&mut self, effects: &mut Effects) {
        if let Some(waiter) = self.line.iter_mut().find(|waiter| !waiter.woken) {
            waiter.wake(effects);
        }
    }

    pub(crate) fn wake_all(&mut self, effects: &mut Effects) {
        self.line.iter_mut().for_each(|waiter| waiter.wake(effects));
    }

    pub(crate) fn wake_connection(&mut self, connection: u64, effects: &mut Effects) {
        let waiters = self.line.iter_mut().filter(|waiter| waiter.connection == connection);
        waiters.for_each(|waiter| waiter.wake(effects));
    }

    /// Sees to it that somebody looks again at that time.
    pub(crate) fn be_awake_at(&mut self, due: Instant, effects: &mut Effects) {
        let seen_to = |waiter: &Waiter| waiter.woken || waiter.until.is_some_and(|until| until <= due);
        if !self.line.iter().any(seen_to) {
            self.wake_one(effects);
        }
    }
}

impl Waiter {
    fn wake(&mut self, effects: &mut Effects) {
        if !self.woken {
            self.woken = true;
            effects.wake(self.waker.clone());
        }
    }
}
