//! One stream: its messages, its consumers, and one lock around both.

mod configure;
mod consumer_admin;
mod consumers;
mod dedup;
mod effects;
mod limits;
mod log;
mod messages;
mod pause;
mod publish;
mod purge;
mod read;
mod reset;
mod retention;
mod serve;
mod state;
mod subjects;
mod subscribe;
mod unblock;

use std::sync::{Mutex, PoisonError};

use pubsub_core::StreamName;
use tokio::time::Instant;

pub(crate) use consumers::ConsumerKey;
pub(crate) use effects::{Effects, Notice};
pub(crate) use log::Stored;
pub(crate) use messages::Messages;
pub(crate) use serve::{Gone, Want, Wanted};
pub(crate) use state::StreamState;

/// A stream, shared by everybody who uses it.
#[derive(Debug)]
pub(crate) struct Stream {
    name: StreamName,
    state: Mutex<StreamState>,
}

impl Stream {
    pub(crate) fn new(name: StreamName, state: StreamState) -> Self {
        Self { name, state: Mutex::new(state) }
    }

    pub(crate) fn name(&self) -> &StreamName {
        &self.name
    }

    /// Does what is due, then this, under the lock; wakes and logs when the lock is released.
    pub(crate) fn run<R>(&self, operate: impl FnOnce(&mut StreamState, Instant, &mut Effects) -> R) -> R {
        let (result, effects) = self.run_quietly(operate);
        effects.apply(&self.name);
        result
    }

    /// As [`run`](Self::run), for a caller who holds a lock of its own and applies the effects after it.
    pub(crate) fn run_quietly<R>(
        &self,
        operate: impl FnOnce(&mut StreamState, Instant, &mut Effects) -> R,
    ) -> (R, Effects) {
        let mut effects = Effects::default();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that time never runs backwards for the stream.
        let now = Instant::now();
        state.advance(now, &mut effects);
        let result = operate(&mut state, now, &mut effects);
        state.conclude(now, &mut effects);
        (result, effects)
    }
}
