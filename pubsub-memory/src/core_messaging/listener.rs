//! One who listens: [`Listener`].

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use pubsub_core::{CoreMessage, GroupName};

/// What waits for one listener. A listener that does not keep up loses messages, and is told how many in their place.
#[derive(Debug)]
pub(crate) struct Listener {
    id: u64,
    connection: u64,
    group: Option<GroupName>,
    /// The most messages that wait.
    size: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: VecDeque<Held>,
    /// How many of these are messages.
    messages: usize,
    waker: Option<Waker>,
    ended: bool,
}

#[derive(Debug)]
enum Held {
    Message(CoreMessage),
    /// So many were dropped here.
    Gap(u64),
}

/// What a listener hears next.
#[derive(Debug)]
pub(super) enum Heard {
    Message(CoreMessage),
    /// So many messages were dropped.
    Missed(u64),
    /// Nothing comes any more.
    End,
}

impl Listener {
    pub(super) fn new(id: u64, connection: u64, group: Option<GroupName>, size: usize) -> Self {
        Self { id, connection, group, size, state: Mutex::default() }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn connection(&self) -> u64 {
        self.connection
    }

    pub(super) fn group(&self) -> Option<&GroupName> {
        self.group.as_ref()
    }

    /// Hands a message over; whom to wake when all locks are released.
    pub(super) fn hand(&self, message: CoreMessage) -> Option<Waker> {
        let mut state = self.lock();
        if state.ended {
            return None;
        }
        if state.messages < self.size {
            state.messages += 1;
            state.held.push_back(Held::Message(message));
        } else if let Some(Held::Gap(missed)) = state.held.back_mut() {
            *missed += 1;
        } else {
            state.held.push_back(Held::Gap(1));
        }
        state.waker.take()
    }

    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<Heard> {
        let mut state = self.lock();
        if state.ended {
            return Poll::Ready(Heard::End);
        }
        match state.held.pop_front() {
            Some(Held::Message(message)) => {
                state.messages -= 1;
                return Poll::Ready(Heard::Message(message));
            }
            Some(Held::Gap(missed)) => return Poll::Ready(Heard::Missed(missed)),
            None => {}
        }
        match &mut state.waker {
            Some(known) => known.clone_from(context.waker()),
            None => state.waker = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    /// Nothing more is heard, not even what waits.
    pub(super) fn end(&self) -> Option<Waker> {
        let mut state = self.lock();
        *state = State { ended: true, waker: state.waker.take(), ..State::default() };
        state.waker.take()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
