//! What is to be sent later: [`Outbox`].

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pubsub_core::{Error, StreamName};
use tokio::sync::mpsc;

/// Something to do about a publish that waits, by its token.
#[derive(Debug)]
pub(crate) enum Job {
    /// No confirmation came in its time.
    Overdue(u64),
    /// Nobody took it.
    NobodyThere(u64),
    /// The server refused it for a moment.
    Later(u64),
    /// The stream is not as expected, perhaps because an earlier try was stored in it.
    Compare(u64, Box<(StreamName, Error)>),
    /// Somebody waits behind the gate.
    Held,
}

/// Publishes that wait for their turn to be sent.
///
/// While the connection is away the gate is closed: what is published then is sent after what was in flight before, so that
/// messages are stored in the order in which they were published.
#[derive(Debug)]
pub(crate) struct Outbox {
    jobs: mpsc::UnboundedSender<Job>,
    /// Whether the gate is closed: asked for with each publish.
    is_closed: AtomicBool,
    held: Mutex<VecDeque<u64>>,
}

impl Outbox {
    /// An outbox with an open gate, and what is to be done for it.
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Job>) {
        let (jobs, to_do) = mpsc::unbounded_channel();
        (Self { jobs, is_closed: AtomicBool::new(false), held: Mutex::default() }, to_do)
    }

    pub(super) fn add(&self, job: Job) {
        // The one who does it ends with the connection.
        let _ = self.jobs.send(job);
    }

    pub(crate) fn close_gate(&self) {
        let _held = self.lock();
        self.is_closed.store(true, Ordering::Release);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Keeps a publish until the gate is open. It may have opened since the caller looked; then the publish goes at once.
    pub(super) fn hold(&self, token: u64) {
        self.lock().push_back(token);
        self.add(Job::Held);
    }

    /// Puts back what was taken and not sent, before what came since.
    pub(super) fn put_back(&self, tokens: impl DoubleEndedIterator<Item = u64>) {
        let mut held = self.lock();
        tokens.rev().for_each(|token| held.push_front(token));
        self.is_closed.store(true, Ordering::Release);
    }

    /// Takes what waits. Opens the gate if nothing does.
    pub(super) fn take_or_open(&self) -> VecDeque<u64> {
        let mut held = self.lock();
        if held.is_empty() {
            self.is_closed.store(false, Ordering::Release);
        }
        std::mem::take(&mut held)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<u64>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_opens_when_nothing_waits() {
        let (outbox, mut jobs) = Outbox::new();
        outbox.close_gate();
        outbox.hold(2);
        outbox.hold(3);
        assert!(matches!(jobs.try_recv(), Ok(Job::Held)));
        assert_eq!(outbox.take_or_open(), [2, 3]);
        assert!(outbox.is_closed(), "what waited is not sent yet");
        outbox.hold(4);
        assert_eq!(outbox.take_or_open(), [4]);
        assert!(outbox.take_or_open().is_empty());
        assert!(!outbox.is_closed());
    }
}
