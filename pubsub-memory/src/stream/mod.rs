//! One stream: its messages, its consumers, and one lock around both.

mod account;
mod ack;
mod configure;
mod consumer_admin;
mod consumers;
mod dedup;
mod details;
mod dropped;
mod effects;
mod expiries;
mod lag;
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
mod slots;
mod state;
mod stored;
mod subjects;
mod subscribe;
mod tally;
mod tell;
mod time;
mod unblock;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use pubsub_core::{OutboundMessage, Receipt, Result, StreamName};
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
    /// The last sequence that was given out, for whoever does not hold the lock.
    last: AtomicU64,
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
            last: AtomicU64::new(state.messages.log().last()),
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

    /// The last sequence that was given out.
    pub(crate) fn last_sequence(&self) -> u64 {
        self.last.load(Ordering::Relaxed)
    }

    /// Does what is due, then this, under the lock; wakes and logs when the lock is released.
    pub(crate) fn run<R>(&self, operate: impl FnOnce(&mut StreamState, Instant, &mut Effects) -> R) -> R {
        let (result, effects) = self.run_quietly(operate);
        effects.apply(self);
        result
    }

    /// The same for an operation that looks at no other consumer than this one.
    pub(crate) fn run_for<R>(
        &self,
        consumer: ConsumerKey,
        operate: impl FnOnce(&mut StreamState, Instant, &mut Effects) -> R,
    ) -> R {
        let (result, effects) = self.enter(|state, now, effects| {
            state.catch_up(consumer.slot());
            let result = operate(state, now, effects);
            state.let_lag(consumer.slot(), now);
            result
        });
        effects.apply(self);
        result
    }

    /// Stores one message with as little as it takes, where that is all that there is to do, and leaves its subject. With
    /// `None` nothing has happened.
    pub(crate) fn publish_plain(&self, message: &mut OutboundMessage) -> Option<Result<Receipt>> {
        if self.audience.is_any() {
            return None;
        }
        let mut state = self.lock();
        let now = Instant::now();
        if !state.takes_plainly(message, now) {
            return None;
        }
        let mut effects = Effects::new(false);
        let receipt = state.publish_plain(message, now, &mut effects);
        self.last.store(state.messages.log().last(), Ordering::Relaxed);
        drop(state);
        effects.apply(self);
        Some(receipt)
    }

    /// Stores one message.
    pub(crate) fn publish(&self, message: OutboundMessage) -> Result<Receipt> {
        self.run_publish(|state, now, effects| {
            state.check_open_to(&message.subject)?;
            state.publish(message, now, effects)
        })
    }

    /// Applies a plain ack with as little as it takes, where that is all that there is to do. With `None` nothing has
    /// happened.
    pub(crate) fn ack_plain(&self, consumer: ConsumerKey, sequence: u64) -> Option<()> {
        if self.audience.is_any() {
            return None;
        }
        let mut state = self.lock();
        let now = Instant::now();
        state.ack_plain(consumer, sequence, now)
    }

    /// The same for a publish. It lets consumers catch up where it has to.
    pub(crate) fn run_publish<R>(
        &self,
        operate: impl FnOnce(&mut StreamState, Instant, &mut Effects) -> R,
    ) -> R {
        let (result, effects) = self.enter(operate);
        effects.apply(self);
        result
    }

    /// As [`run`](Self::run), for a caller who holds a lock of its own and applies the effects after it.
    pub(crate) fn run_quietly<R>(
        &self,
        operate: impl FnOnce(&mut StreamState, Instant, &mut Effects) -> R,
    ) -> (R, Effects) {
        self.enter(|state, now, effects| {
            state.catch_up_all();
            operate(state, now, effects)
        })
    }

    fn enter<R>(&self, operate: impl FnOnce(&mut StreamState, Instant, &mut Effects) -> R) -> (R, Effects) {
        let mut effects = Effects::new(self.audience.is_any());
        let mut state = self.lock();
        // Read under the lock, so that time never runs backwards for the stream.
        let now = Instant::now();
        state.advance(now, &mut effects);
        let result = operate(&mut state, now, &mut effects);
        state.conclude(now, &mut effects);
        state.set_alarm(now, &self.own);
        effects.post(&self.outbox);
        self.last.store(state.messages.log().last(), Ordering::Relaxed);
        (result, effects)
    }

    fn lock(&self) -> MutexGuard<'_, StreamState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store that it belongs to, unless that is gone.
    fn store(&self) -> Option<Arc<Store>> {
        self.store.upgrade()
    }
}
