//! How much to take at once, and for how long to wait: [`FetchOptions`], [`SubscribeOptions`].

use std::time::Duration;

use crate::message::OnDrop;
use crate::{Error, Result};

/// The most messages that one fetch may ask for.
const MAX_BATCH: usize = 10_000;

/// One fetch: how many messages at most, and how long to wait for the first.
///
/// ```
/// use std::time::Duration;
/// use pubsub_core::FetchOptions;
///
/// let options = FetchOptions::up_to(50).with_expires(Duration::from_secs(1));
/// assert!(options.validate().is_ok());
/// assert!(FetchOptions::up_to(0).validate().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchOptions {
    /// The most messages to return: 1 to 10,000.
    pub max_messages: usize,
    /// How long to wait while there is nothing; zero = do not wait. Default 5 s.
    pub expires: Duration,
    /// What becomes of a delivery of this fetch that is dropped unsettled.
    pub on_drop: OnDrop,
}

impl FetchOptions {
    /// Takes up to that many messages and waits up to 5 s for the first.
    #[must_use]
    pub const fn up_to(max_messages: usize) -> Self {
        Self {
            max_messages,
            expires: Duration::from_secs(5),
            on_drop: OnDrop::Redeliver,
        }
    }

    /// Sets how long to wait while there is nothing.
    #[must_use]
    pub const fn with_expires(mut self, expires: Duration) -> Self {
        self.expires = expires;
        self
    }

    /// Sets what becomes of a delivery that is dropped unsettled.
    #[must_use]
    pub const fn with_on_drop(mut self, on_drop: OnDrop) -> Self {
        self.on_drop = on_drop;
        self
    }

    /// Checks the ranges. Backends call it first.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), with the field.
    pub fn validate(&self) -> Result<()> {
        check_count("max_messages", self.max_messages)
    }
}

/// A subscription: how many messages to hold ready.
///
/// Prefetched messages wait in this process while their ack wait runs, so `buffer` should be no more than what the
/// handler settles within half an ack wait.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscribeOptions {
    /// The most messages to prefetch: 1 to 10,000. Default 100.
    pub buffer: usize,
    /// What becomes of a delivery of this subscription that is dropped unsettled.
    pub on_drop: OnDrop,
}

impl Default for SubscribeOptions {
    fn default() -> Self {
        Self {
            buffer: 100,
            on_drop: OnDrop::Redeliver,
        }
    }
}

impl SubscribeOptions {
    /// Sets the most messages to prefetch.
    #[must_use]
    pub const fn with_buffer(mut self, messages: usize) -> Self {
        self.buffer = messages;
        self
    }

    /// Sets what becomes of a delivery that is dropped unsettled.
    #[must_use]
    pub const fn with_on_drop(mut self, on_drop: OnDrop) -> Self {
        self.on_drop = on_drop;
        self
    }

    /// Checks the ranges. Backends call it first.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), with the field.
    pub fn validate(&self) -> Result<()> {
        check_count("buffer", self.buffer)
    }
}

fn check_count(field: &'static str, count: usize) -> Result<()> {
    if (1..=MAX_BATCH).contains(&count) {
        return Ok(());
    }
    Err(Error::invalid_input(
        field,
        format!("{count} messages at once are outside 1 to {MAX_BATCH}"),
    ))
}
