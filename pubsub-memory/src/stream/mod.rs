//! One stream: its messages, its consumers, and one lock around both.

mod account;
mod configure;
mod consumer_admin;
mod consumers;
mod dedup;
mod details;
mod dropped;
mod effects;
mod expiries;
mod limits;
mod log;
mod messages;
mod outbox;
mod pause;
mod pin;
mod publish;
mod purge;
mod read;
mod record;
mod reset;
mod retention;
mod schedules;
mod segment;
mod sequences;
mod serve;
mod state;
mod stored;
mod subjects;
mod subscribe;
mod tally;
mod tell;
mod time;
mod unblock;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use pubsub_core::StreamName;
use tokio::time::Instant;

use crate::advisories::Audience;
use crate::store::Store;
use outbox::Outbox;

pub(crate) use consumers::ConsumerKey;
pub(crate) use effects::{Effects, Notice, Plain};
pub(crate) use messages::Messages;
pub(crate) use publish::batch_headers;
pub(crate) use record::{from_json, to_json};
pub(crate) use serve::{Gone, Want, Wanted};
pub(crate) use state::StreamState;
pub(crate) use stored::{Handout, Kept};

/// A stream, shared by everybody who uses it.
pub(crate) struct Stream {
    name: StreamName,
    state: Mutex<StreamState>,
    outbox: Outbox,
    audience: Arc<Audience>,
    own: Weak<Self>,
    store: Weak<Store>,
}

/// Without the state: it holds payloads.
impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Stream {
    /// The stream that this is the state of.
    pub(crate) fn open(state: StreamState, audience: Arc<Audience>, store: Weak<Store>) -> Arc<Self> {
        let name = state.config().name.clone();
        Arc::new_cyclic(|own| Self {
            name,
            state: Mutex::new(state),
            outbox: Outbox::default(),
            audience,
            own: Weak::clone(own),
            store,
        })
    }

    pub(crate) fn name(&self) -> &StreamName {
        &self.name
    }

    /// Does what is due, then this, under the lock; wakes and logs when the lock is released.
    pub(crate) fn run<R>(&self, operate: impl FnOnce(&mut StreamState, Instant, &mut Effects) -> R) -> R {
        let (result, effects) = self.run_quietly(operate);
        effects.apply(self);
        result
    }

    /// As [`run`](Self::run), for a caller who holds a lock of its own and applies the effects after it.
    pub(crate) fn run_quietly<R>(
        &self,
        operate: impl FnOnce(&mut StreamState, Instant, &mut Effects) -> R,
    ) -> (R, Effects) {
        let mut effects = Effects::new(self.audience.is_any());
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that time never runs backwards for the stream.
        let now = Instant::now();
        state.advance(now, &mut effects);
        let result = operate(&mut state, now, &mut effects);
        state.conclude(now, &mut effects);
        state.set_alarm(now, &self.own);
        effects.post(&self.outbox);
        (result, effects)
    }

    /// The store that it belongs to, unless that is gone.
    fn store(&self) -> Option<Arc<Store>> {
        self.store.upgrade()
    }
}
