//! What must be handled one after the other: [`KeyBy`].

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::Failure;
use crate::message::Message;

/// What messages have in common that must be handled one after the other, in the order of the stream: two of one key are
/// never handled at the same time, and one that waits for its retry holds back the others of its key, and only those.
///
/// This holds within one worker. Of several workers on one consumer each gets some messages of a key; to keep the order
/// then, run them as a [`ConsumerGroup`](super::ConsumerGroup), or give each its own consumer with a filter of its own.
///
/// Messages of a key that waits are held, up to the consumer's `max_ack_pending`; beyond that the consumer delivers nothing.
///
/// ```
/// use pubsub_core::worker::KeyBy;
///
/// let by_ride = KeyBy::token(1); // of ride.r-17.completed: r-17
/// let by_tenant = KeyBy::header("tenant");
/// # drop((by_ride, by_tenant));
/// ```
#[derive(Clone)]
pub struct KeyBy {
    key: Arc<KeyOf>,
}

type KeyOf = dyn Fn(&dyn Message) -> Option<String> + Send + Sync;

impl KeyBy {
    /// The whole subject.
    #[must_use]
    pub fn subject() -> Self {
        Self::with(|message| Some(message.subject().to_owned()))
    }

    /// One token of the subject, from 0. A subject without it has no key.
    #[must_use]
    pub fn token(index: usize) -> Self {
        Self::with(move |message| message.subject().split('.').nth(index).map(str::to_owned))
    }

    /// The first value of a header. A message without it has no key.
    #[must_use]
    pub fn header(name: impl Into<String>) -> Self {
        let name = name.into();
        Self::with(move |message| message.headers().get(&name).map(str::to_owned))
    }

    /// What a function makes of the message, its payload for example. `None` for a message that waits for no other.
    #[must_use]
    pub fn with(key: impl Fn(&dyn Message) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { key: Arc::new(key) }
    }

    /// A panic of the function is the message's failure.
    pub(super) fn key(&self, message: &dyn Message) -> Result<Option<String>, Failure> {
        catch_unwind(AssertUnwindSafe(|| (self.key)(message)))
            .map_err(|_| Failure::reject("the function that tells its key panicked"))
    }
}

impl fmt::Debug for KeyBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyBy").finish_non_exhaustive()
    }
}
