//! Where messages wait for a subscription that has asked for them: [`Inbox`].

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use tokio::time::Instant;

use super::Taken;
use crate::clock::after;
use crate::stream::Effects;

/// How long a subscription that nobody polls goes on asking. The requests of the NATS backend live as long.
const REQUEST: Duration = Duration::from_secs(30);

/// What was delivered to a subscription and not taken yet, and what it still asks for. The subscription and its
/// consumer share it; its lock is taken alone or after the stream's.
#[derive(Debug)]
pub(crate) struct Inbox {
    id: u64,
    connection: u64,
    /// The most messages that are delivered or asked for, and not taken.
    size: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: VecDeque<Taken>,
    /// Messages that may still be delivered.
    asked: usize,
    /// Until when that holds if nobody waits.
    until: Option<Instant>,
    /// Who waits for the next message. There is none while something is held.
    waker: Option<Waker>,
    /// When who waits looks again by itself.
    again: Option<Instant>,
}

/// What a subscription finds under the lock of its stream.
#[derive(Debug)]
pub(crate) enum Next {
    Taken(Taken),
    /// Nothing is there. The waker is kept; look again at this time at the latest.
    Wait(Option<Instant>),
}

impl Inbox {
    pub(crate) fn new(id: u64, connection: u64, size: usize) -> Self {
        Self { id, connection, size, state: Mutex::default() }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn connection(&self) -> u64 {
        self.connection
    }

    /// Takes a message, unless it is time to ask for more: when half of the size has been taken.
    pub(crate) fn take_before_asking(&self) -> Option<Taken> {
        let mut state = self.lock();
        if self.is_half_taken(&state) {
            return None;
        }
        state.held.pop_front()
    }

    /// Takes a message, and asks for nothing.
    pub(crate) fn take(&self) -> Option<Taken> {
        self.lock().held.pop_front()
    }

    /// Takes a message, or leaves the waker.
    pub(crate) fn take_or_wait(&self, waker: &Waker, again: Option<Instant>) -> Next {
        let mut state = self.lock();
        if let Some(taken) = state.held.pop_front() {
            return Next::Taken(taken);
        }
        match &mut state.waker {
            Some(known) => known.clone_from(waker),
            None => state.waker = Some(waker.clone()),
        }
        state.again = again;
        Next::Wait(again)
    }

    /// Forgets a request that is over. Returns whether one is to be made now, and whether it comes on top of another.
    pub(crate) fn needs(&self, now: Instant) -> Need {
        let mut state = self.lock();
        if !state.is_asking(now) {
            state.asked = 0;
        }
        match (self.is_half_taken(&state), state.asked) {
            (false, _) => Need::Nothing,
            (true, 0) => Need::Request,
            (true, _) => Need::More,
        }
    }

    /// Asks for as much as there is room for.
    pub(crate) fn ask(&self, now: Instant) {
        let mut state = self.lock();
        state.asked = self.size.saturating_sub(state.held.len());
        state.until = Some(after(now, REQUEST));
    }

    /// Whether a message may be delivered here now.
    pub(super) fn is_asking(&self, now: Instant) -> bool {
        self.lock().is_asking(now)
    }

    /// Whether a message may be delivered here if the request is not over yet.
    pub(super) fn has_asked(&self) -> bool {
        self.lock().asked > 0
    }

    /// Until when a subscription that nobody polls asks.
    pub(super) fn asks_until(&self) -> Option<Instant> {
        let state = self.lock();
        state.until.filter(|_| state.asked > 0)
    }

    pub(super) fn is_waited_on(&self) -> bool {
        self.lock().waker.is_some()
    }

    pub(super) fn deliver(&self, taken: Taken, now: Instant, effects: &mut Effects) {
        let mut state = self.lock();
        state.held.push_back(taken);
        state.asked = state.asked.saturating_sub(1);
        if let Some(waker) = state.waker.take() {
            // While somebody waited, the request was renewed.
            state.until = Some(after(now, REQUEST));
            effects.wake(waker);
        }
    }

    /// Lets who waits look again, and wait on if there is nothing.
    pub(super) fn wake(&self, effects: &mut Effects) {
        if let Some(waker) = &self.lock().waker {
            effects.wake(waker.clone());
        }
    }

    /// Sees to it that who waits looks again at that time.
    pub(super) fn be_awake_at(&self, due: Instant, effects: &mut Effects) {
        let mut state = self.lock();
        if let Some(waker) = &state.waker
            && state.again.is_none_or(|again| again > due)
        {
            effects.wake(waker.clone());
            state.again = Some(due);
        }
    }

    /// Lets who waits without a request make one.
    pub(super) fn wake_refused(&self, effects: &mut Effects) {
        let mut state = self.lock();
        if state.asked == 0
            && let Some(waker) = state.waker.take()
        {
            effects.wake(waker);
        }
    }

    /// Asks for nothing more, and gives what was not taken.
    pub(super) fn end(&self, effects: &mut Effects) -> VecDeque<Taken> {
        let state = std::mem::take(&mut *self.lock());
        if let Some(waker) = state.waker {
            effects.wake(waker);
        }
        state.held
    }

    fn is_half_taken(&self, state: &State) -> bool {
        state.held.len() + state.asked <= self.size / 2
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a subscription has to ask for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Nothing,
    /// It has no request.
    Request,
    /// Its request gets larger.
    More,
}

impl State {
    fn is_asking(&self, now: Instant) -> bool {
        self.asked > 0 && (self.waker.is_some() || self.until.is_some_and(|until| now < until))
    }
}
