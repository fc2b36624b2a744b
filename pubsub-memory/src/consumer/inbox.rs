//! Where messages wait for a subscription that has asked for them: [`Inbox`].

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Asker, Taken};

/// What was delivered to a subscription and not taken yet. The subscription and its consumer share it.
///
/// It has two queues, so that the one side rarely waits for the other: messages arrive in one, and the subscription takes
/// from the other, and all that has arrived when that is empty. Their locks are taken in this order: `ready`, `arrived`;
/// alone or after the stream's.
#[derive(Debug)]
pub(crate) struct Inbox {
    id: u64,
    connection: u64,
    asker: Asker,
    /// The most messages that are delivered or asked for, and not taken.
    size: usize,
    arrived: Mutex<VecDeque<Taken>>,
    ready: Mutex<Ready>,
}

#[derive(Debug, Default)]
struct Ready {
    queue: VecDeque<Taken>,
    /// How many messages are delivered or asked for, and not taken.
    expected: usize,
}

impl Inbox {
    pub(crate) fn new(id: u64, connection: u64, asker: Asker, size: usize) -> Self {
        Self { id, connection, asker, size, arrived: Mutex::default(), ready: Mutex::default() }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn asker(&self) -> Asker {
        self.asker
    }

    pub(super) fn connection(&self) -> u64 {
        self.connection
    }

    /// Takes a message, unless it is time to ask for more: when half of the size has been taken.
    pub(crate) fn take_before_asking(&self) -> Option<Taken> {
        let mut ready = self.ready();
        if self.is_half_taken(&ready) { None } else { self.pop(&mut ready) }
    }

    /// Takes a message, and asks for nothing.
    pub(crate) fn take(&self) -> Option<Taken> {
        self.pop(&mut self.ready())
    }

    /// Whether it is time to ask for more, after what was asked for is over if `is_over` says so.
    pub(super) fn wants(&self, is_over: bool) -> bool {
        let mut ready = self.ready();
        if is_over {
            ready.expected = ready.queue.len() + self.arrived().len();
        }
        self.is_half_taken(&ready)
    }

    /// Asks for as much as there is room for, and says how much that is.
    pub(super) fn ask(&self) -> usize {
        let mut ready = self.ready();
        let held = ready.queue.len() + self.arrived().len();
        ready.expected = held.max(self.size);
        self.size.saturating_sub(held)
    }

    pub(super) fn deliver(&self, taken: Taken) {
        self.arrived().push_back(taken);
    }

    /// Where messages arrive, for many in a row. The stream's lock must be held.
    pub(super) fn arrivals(&self) -> MutexGuard<'_, VecDeque<Taken>> {
        self.arrived()
    }

    /// Gives what was not taken.
    pub(super) fn end(&self) -> VecDeque<Taken> {
        let mut held = std::mem::take(&mut *self.ready()).queue;
        held.append(&mut self.arrived());
        held
    }

    fn pop(&self, ready: &mut Ready) -> Option<Taken> {
        if ready.queue.is_empty() {
            std::mem::swap(&mut ready.queue, &mut self.arrived());
        }
        let taken = ready.queue.pop_front()?;
        ready.expected = ready.expected.saturating_sub(1);
        Some(taken)
    }

    fn is_half_taken(&self, ready: &Ready) -> bool {
        ready.expected <= self.size / 2
    }

    fn ready(&self) -> MutexGuard<'_, Ready> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn arrived(&self) -> MutexGuard<'_, VecDeque<Taken>> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
