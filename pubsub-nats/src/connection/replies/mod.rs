//! Answers that come back through one shared subscription, each to the one who waits for it.
//!
//! async-nats has a multiplexer of its own, but it keeps an entry for the life of the client for every answer that
//! never comes (nats.rs issue 1617), and each of its publishes costs two timers and a set of clones. Here one task reads
//! the subscription, one sweep looks after all deadlines, and no waiter outlives its deadline.

mod reply_subject;
mod slots;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::{Message, Subject, Subscriber};
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior};

pub(crate) use reply_subject::reply_subject;
use slots::Slots;

/// How often deadlines are looked at: an unanswered request is noticed up to this much late.
const SWEEP: Duration = Duration::from_millis(20);

/// How many answers are taken between two looks at anything else.
const BURST: usize = 128;

/// Someone who waits for an answer.
pub(crate) trait Waiter: Send + 'static {
    /// Where the request went.
    fn subject(&self) -> &str;

    /// Takes the answer, or the reason that there will be none. Must not block.
    fn resolve(self, answer: Result<Message, Unanswered>);

    /// Whether this answer may be one to go on after. Asked for each answer, so it has to be quick.
    fn may_go_on_after(_answer: &Message) -> bool {
        false
    }

    /// Until when to wait all the same, if this answer does not end the wait. Must be quick and take no lock.
    fn goes_on_after(&mut self, _token: u64, _answer: &Message) -> Option<Instant> {
        None
    }

    /// Until when to wait on, if the time that is over does not end the wait. Must be quick and take no lock.
    fn goes_on_without_answer(&mut self, _token: u64, _now: Instant, _answered: Answered) -> Option<Instant> {
        None
    }
}

/// What was answered lately.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Answered {
    /// The last registered of all whose answer has come.
    newest: u64,
    /// When any answer was noticed last.
    last: Option<Instant>,
}

impl Answered {
    /// Whether one that was registered after this was answered.
    pub(crate) const fn is_beyond(&self, token: u64) -> bool {
        self.newest > token
    }

    /// Whether nobody has had an answer for so long.
    pub(crate) fn is_silent_for(&self, time: Duration, now: Instant) -> bool {
        self.last.is_none_or(|last| now.duration_since(last) >= time)
    }
}

/// Why there is no answer to a request that was handed to the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// None came in time.
    TimedOut,
    /// The server said that this client may not publish there.
    Denied,
    /// The server said so, and it cannot be told which of several that wait it meant.
    PerhapsDenied,
    /// The server does not allow this client to receive answers.
    Deaf,
    /// The connection was lost, and the server does not let this client connect again.
    Refused,
    /// The connection was closed first.
    Closed,
}

/// The waiters of one shared subscription.
pub(crate) struct Replies<W> {
    slots: Mutex<Slots<W>>,
    /// Told when the table stops being empty, so that an idle connection sets no timers.
    busy: Notify,
}

impl<W: Waiter> Replies<W> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { slots: Mutex::new(Slots::new()), busy: Notify::new() })
    }

    /// Adds a waiter, made for its token. `None`, and nothing is made, if about a million wait already.
    pub(crate) fn register(
        self: &Arc<Self>,
        deadline: Instant,
        waiter: impl FnOnce(u64) -> W,
    ) -> Option<Ticket<W>> {
        let mut slots = self.lock();
        let was_empty = slots.is_empty();
        let token = slots.insert(deadline, waiter)?;
        drop(slots);
        if was_empty {
            self.busy.notify_one();
        }
        Some(Ticket { replies: Arc::clone(self), token, sent: false })
    }

    /// Resolves when everyone who waits now has an answer, or the reason that there is none.
    pub(crate) async fn flushed(&self) {
        let flushed = self.lock().flush();
        // The table goes away only with the connection, and then nobody waits any more.
        let _ = flushed.await;
    }

    /// How many wait whose request went to this subject.
    pub(super) fn waiting_for(&self, subject: &str) -> usize {
        self.lock().count(|waiter| waiter.subject() == subject)
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().len()
    }

    /// Ends the wait of those whose request went to this subject.
    pub(super) fn end_for(&self, subject: &str, why: Unanswered) {
        self.end(why, |waiter| waiter.subject() == subject);
    }

    /// Ends every wait.
    pub(super) fn end_all(&self, why: Unanswered) {
        self.end(why, |_| true);
    }

    /// Ends every wait, for good: of who is registered and not sent yet too, as soon as it is sent.
    pub(crate) fn close(&self) {
        let ended = self.lock().close();
        self.resolve_all(ended, Unanswered::Closed);
    }

    fn end(&self, why: Unanswered, condition: impl FnMut(&W) -> bool) {
        let ended = self.lock().take_where(condition);
        self.resolve_all(ended, why);
    }

    /// After the lock is released: a waiter may do anything.
    fn resolve_all(&self, ended: Vec<(u64, W)>, why: Unanswered) {
        for (token, waiter) in ended {
            waiter.resolve(Err(why));
            self.lock().leave(token);
        }
    }

    fn sweep(&self, now: Instant) {
        let ended = self
            .lock()
            .take_due(now, |waiter, token, answered| waiter.goes_on_without_answer(token, now, answered));
        self.resolve_all(ended, Unanswered::TimedOut);
    }

    /// What is to be known of a waiter; `None` if it is gone.
    pub(crate) fn look_at<T>(&self, token: u64, look: impl FnOnce(&W) -> T) -> Option<T> {
        self.lock().get(token).map(look)
    }

    /// Changes a waiter and the time until which it waits.
    pub(crate) fn postpone(&self, token: u64, change: impl FnOnce(&mut W) -> Instant) {
        self.lock().postpone(token, |waiter| Some(change(waiter)));
    }

    /// Ends the wait of one, if it is there.
    pub(crate) fn end_one(&self, token: u64, resolve: impl FnOnce(W)) {
        let waiter = self.lock().take(token);
        if let Some(waiter) = waiter {
            resolve(waiter);
            self.lock().leave(token);
        }
    }

    /// The tokens of those that were sent and fulfil the condition, in the order of their registration.
    pub(crate) fn select(&self, condition: impl FnMut(&mut W) -> bool) -> Vec<u64> {
        self.lock().select(condition)
    }

    /// Brings an answer to its waiter, which is to leave after it: those of one burst leave together.
    fn answer(&self, prefix_len: usize, message: Message, resolved: &mut Vec<u64>) {
        let token: Option<u64> = message.subject.get(prefix_len..).and_then(|token| token.parse().ok());
        let waiter = token.and_then(|token| {
            let mut slots = self.lock();
            slots.mark_answered(token);
            if W::may_go_on_after(&message)
                && slots.postpone(token, |waiter| waiter.goes_on_after(token, &message)) == Some(true)
            {
                return Some(None);
            }
            slots.take(token).map(|waiter| Some((token, waiter)))
        });
        match waiter {
            Some(Some((token, waiter))) => {
                waiter.resolve(Ok(message));
                resolved.push(token);
            }
            Some(None) => {}
            None => tracing::debug!("an answer came that nobody waits for any more"),
        }
    }

    /// Takes out one whose request was not handed over: there is nothing to flush.
    fn withdraw(&self, token: u64) -> Option<W> {
        let mut slots = self.lock();
        let waiter = slots.take(token)?;
        slots.leave(token);
        Some(waiter)
    }

    fn leave(&self, resolved: &mut Vec<u64>) {
        let mut slots = self.lock();
        resolved.drain(..).for_each(|token| slots.leave(token));
    }

    /// Brings each answer to its waiter until the subscription ends. `prefix_len` bytes of each subject precede the
    /// token.
    pub(crate) async fn route(self: Arc<Self>, mut answers: Subscriber, prefix_len: usize) {
        let mut sweep = tokio::time::interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut busy = true;
        let mut resolved = Vec::with_capacity(BURST + 1);
        loop {
            tokio::select! {
                biased;
                // First, so that a flood of answers cannot keep those without one waiting.
                now = sweep.tick(), if busy => {
                    self.sweep(now);
                    busy = !self.lock().is_empty();
                }
                () = self.busy.notified(), if !busy => {
                    busy = true;
                    // The ticks that were missed while idle would make each request alone pay for a look at the table.
                    sweep.reset();
                }
                message = answers.next() => {
                    let Some(message) = message else { break };
                    self.answer(prefix_len, message, &mut resolved);
                    let burst = std::iter::from_fn(|| answers.next().now_or_never().flatten());
                    burst.take(BURST).for_each(|message| self.answer(prefix_len, message, &mut resolved));
                    self.leave(&mut resolved);
                }
            }
        }
        self.close();
    }

    fn lock(&self) -> MutexGuard<'_, Slots<W>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W> fmt::Debug for Replies<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replies").finish_non_exhaustive()
    }
}

/// The place of one waiter until its request is sent. Dropped before that, the waiter leaves the table.
pub(crate) struct Ticket<W: Waiter> {
    replies: Arc<Replies<W>>,
    token: u64,
    sent: bool,
}

impl<W: Waiter> Ticket<W> {
    /// Where the answer is to go.
    pub(crate) fn reply_subject(&self, prefix: &str) -> Subject {
        reply_subject(prefix, self.token)
    }

    /// Says that the request was handed to the connection, or to somebody who does that: from now on its effect may happen.
    /// Gives the token.
    pub(crate) fn sent(mut self) -> u64 {
        self.sent = true;
        let closed = self.replies.lock().mark_sent(self.token);
        if let Some(waiter) = closed {
            waiter.resolve(Err(Unanswered::Closed));
            self.replies.lock().leave(self.token);
        }
        self.token
    }

    /// Gives the waiter back: the request was not handed over.
    pub(crate) fn withdraw(mut self) -> Option<W> {
        self.sent = true;
        self.replies.withdraw(self.token)
    }
}

impl<W: Waiter> Drop for Ticket<W> {
    fn drop(&mut self) {
        if !self.sent {
            drop(self.replies.withdraw(self.token));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot::{Receiver, channel, error::TryRecvError};

    use super::*;

    struct Asker(tokio::sync::oneshot::Sender<Option<Unanswered>>);

    impl Waiter for Asker {
        fn subject(&self) -> &str {
            "a"
        }

        fn resolve(self, answer: Result<Message, Unanswered>) {
            let _ = self.0.send(answer.err());
        }
    }

    fn asker(replies: &Arc<Replies<Asker>>) -> (Ticket<Asker>, Receiver<Option<Unanswered>>) {
        let (answer, answered) = channel();
        (replies.register(Instant::now() + SWEEP, |_| Asker(answer)).unwrap(), answered)
    }

    #[test]
    fn a_close_ends_the_wait_of_what_was_sent() {
        let replies = Replies::new();
        let (ticket, mut answered) = asker(&replies);
        ticket.sent();
        replies.close();
        assert_eq!(answered.try_recv(), Ok(Some(Unanswered::Closed)));
    }

    #[test]
    fn what_is_sent_after_the_close_waits_for_nothing() {
        let replies = Replies::new();
        let (ticket, mut answered) = asker(&replies);
        replies.close();
        assert_eq!(answered.try_recv(), Err(TryRecvError::Empty), "its caller is in charge");
        ticket.sent();
        assert_eq!(answered.try_recv(), Ok(Some(Unanswered::Closed)));
        assert_eq!(replies.waiting(), 0);
    }
}
