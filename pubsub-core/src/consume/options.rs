//! How much to take at once, and for how long to wait: [`FetchOptions`], [`SubscribeOptions`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::PullPriority;
use crate::config::{duration, size};
use crate::message::OnDrop;
use crate::{Capabilities, Capability, Error, Result};

/// The most messages that one fetch may ask for.
const MAX_BATCH: usize = 10_000;
/// The bytes that are taken at once, or held ready, if nobody says otherwise: 16 MiB.
const MAX_BYTES: u64 = 16 << 20;

/// One fetch: how many messages at most, and how long to wait for the first.
///
/// In configuration: `{ "max_messages": 50, "expires": "1s", "max_bytes": "8MiB" }`, where only `max_messages` must be given. An unknown key is
/// an error; ranges are checked by [`validate`](Self::validate).
///
/// ```
/// use std::time::Duration;
/// use pubsub_core::FetchOptions;
///
/// let options = FetchOptions::up_to(50).with_expires(Duration::from_secs(1));
/// assert!(options.validate().is_ok());
/// assert!(FetchOptions::up_to(0).validate().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FetchOptions {
    /// The most messages to return: 1 to 10,000.
    pub max_messages: usize,
    /// How long to wait while there is nothing; zero = do not wait. Default 5 s.
    #[serde(default = "default_expires", with = "duration")]
    pub expires: Duration,
    /// The most bytes to return, subjects and headers included; default 16 MiB. A message that alone is larger comes alone, so
    /// that it does not stop those behind it. What does not fit is not delivered, and stays for the next fetch. A backend in the
    /// same process, whose payloads are shared with the stream, need not count them; the memory backend does.
    #[serde(default = "default_max_bytes", with = "size")]
    pub max_bytes: u64,
    /// What becomes of a delivery of this fetch that is dropped unsettled.
    #[serde(default)]
    pub on_drop: OnDrop,
    /// What it says to a consumer that chooses among those who ask.
    #[serde(default, skip_serializing_if = "PullPriority::is_default")]
    pub priority: PullPriority,
}

impl FetchOptions {
    /// Takes up to that many messages and waits up to 5 s for the first.
    #[must_use]
    pub const fn up_to(max_messages: usize) -> Self {
        let priority = PullPriority { min_pending: None, min_ack_pending: None, rank: 0 };
        let (expires, max_bytes) = (default_expires(), default_max_bytes());
        Self { max_messages, expires, max_bytes, on_drop: OnDrop::Redeliver, priority }
    }

    /// Sets the most bytes to return.
    #[must_use]
    pub const fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
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

    /// Sets what it says to a consumer that chooses among those who ask.
    #[must_use]
    pub const fn with_priority(mut self, priority: PullPriority) -> Self {
        self.priority = priority;
        self
    }

    /// Checks the ranges. Backends call it first.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), with the field.
    pub fn validate(&self) -> Result<()> {
        check_count("max_messages", self.max_messages)?;
        check_bytes(self.max_bytes)?;
        self.priority.validate()
    }

    /// For backends: refuses what breaks a rule ([`validate`](Self::validate)), [`OnDrop::NakAfter`] where `nak_delay` is
    /// not there, and a priority where `priority_groups` is not.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) or
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported), with the field.
    pub fn check(&self, capabilities: Capabilities) -> Result<()> {
        self.validate()?;
        self.priority.require(capabilities)?;
        check_on_drop(self.on_drop, capabilities)
    }
}

/// A subscription: how many messages, and how many bytes, to hold ready.
///
/// Prefetched messages wait in this process while their ack wait runs, so `buffer` should be no more than what the
/// handler settles within half an ack wait. Those not taken when the subscription ends are handed back; JetStream counts
/// that as one of their `max_deliver` attempts, so a consumer that often stops in the middle needs a small buffer or
/// `max_deliver` unlimited.
///
/// In configuration: `{ "buffer": 200, "on_drop": { "nak_after": "5s" } }`. An unknown key is an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SubscribeOptions {
    /// The most messages to prefetch: 1 to 10,000. By default the backend decides: it begins with 100, and may go up to 1,000
    /// for as long as they are taken within an instant, so that neither a fast reader has to wait nor a slow one holds what
    /// others could handle. pubsub-nats does so; a backend in the same process gains nothing by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buffer: Option<usize>,
    /// The most bytes to prefetch, subjects and headers included; default 16 MiB. A message that alone is larger comes alone, so
    /// that it does not stop those behind it. A backend in the same process, whose payloads are shared with the stream, holds
    /// nothing twice and need not count them; the memory backend does not.
    #[serde(with = "size")]
    pub max_bytes: u64,
    /// What becomes of a delivery of this subscription that is dropped unsettled.
    pub on_drop: OnDrop,
    /// What it says to a consumer that chooses among those who ask.
    #[serde(skip_serializing_if = "PullPriority::is_default")]
    pub priority: PullPriority,
}

impl Default for SubscribeOptions {
    fn default() -> Self {
        Self {
            buffer: None,
            max_bytes: MAX_BYTES,
            on_drop: OnDrop::Redeliver,
            priority: PullPriority::default(),
        }
    }
}

impl SubscribeOptions {
    /// Sets the most messages to prefetch.
    #[must_use]
    pub const fn with_buffer(mut self, messages: usize) -> Self {
        self.buffer = Some(messages);
        self
    }

    /// For backends: how many messages to prefetch at first, or always.
    #[must_use]
    pub fn first_buffer(&self) -> usize {
        self.buffer.unwrap_or(100)
    }

    /// Sets the most bytes to prefetch.
    #[must_use]
    pub const fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets what becomes of a delivery that is dropped unsettled.
    #[must_use]
    pub const fn with_on_drop(mut self, on_drop: OnDrop) -> Self {
        self.on_drop = on_drop;
        self
    }

    /// Sets what it says to a consumer that chooses among those who ask.
    #[must_use]
    pub const fn with_priority(mut self, priority: PullPriority) -> Self {
        self.priority = priority;
        self
    }

    /// Checks the ranges. Backends call it first.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), with the field.
    pub fn validate(&self) -> Result<()> {
        check_count("buffer", self.first_buffer())?;
        check_bytes(self.max_bytes)?;
        self.priority.validate()
    }

    /// For backends with a subscription of their own: as [`FetchOptions::check`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) or
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported), with the field.
    pub fn check(&self, capabilities: Capabilities) -> Result<()> {
        self.validate()?;
        self.priority.require(capabilities)?;
        check_on_drop(self.on_drop, capabilities)
    }
}

const fn default_expires() -> Duration {
    Duration::from_secs(5)
}

const fn default_max_bytes() -> u64 {
    MAX_BYTES
}

fn check_bytes(bytes: u64) -> Result<()> {
    if (1..=size::MAX).contains(&bytes) {
        return Ok(());
    }
    Err(Error::invalid_input("max_bytes", format!("{bytes} bytes at once are outside 1 to {}", size::MAX))
        .with_remedy("leave it out for 16 MiB; a message that is larger comes alone"))
}

fn check_count(field: &'static str, count: usize) -> Result<()> {
    if (1..=MAX_BATCH).contains(&count) {
        return Ok(());
    }
    let message = format!("{count} messages at once are outside 1 to {MAX_BATCH}");
    Err(Error::invalid_input(field, message)
        .with_remedy("ask for less, more often; to wait for one, ask for 1"))
}

fn check_on_drop(on_drop: OnDrop, capabilities: Capabilities) -> Result<()> {
    match on_drop {
        OnDrop::Redeliver => Ok(()),
        OnDrop::NakAfter(_) => {
            let required = capabilities.require(Capability::NakDelay);
            required.map_err(|error| error.with_context("field", "on_drop"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    const LATER: OnDrop = OnDrop::NakAfter(Duration::from_secs(1));

    #[test]
    fn a_nak_on_drop_takes_the_capability() {
        let minimum = Capabilities::minimum();
        let fetch = FetchOptions::up_to(1).with_on_drop(LATER);
        let refused = fetch.check(minimum).unwrap_err();
        assert_eq!((refused.kind(), refused.context("field")), (ErrorKind::Unsupported, Some("on_drop")));
        assert!(SubscribeOptions::default().with_on_drop(LATER).check(minimum).is_err());
        fetch.check(minimum.with(Capability::NakDelay)).unwrap();
    }

    #[test]
    fn configuration_has_the_defaults_of_the_code() {
        let fetch = serde_json::from_str::<FetchOptions>(r#"{"max_messages": 50}"#).unwrap();
        assert_eq!(fetch, FetchOptions::up_to(50));
        let subscribe = serde_json::from_str::<SubscribeOptions>("{}").unwrap();
        assert_eq!(subscribe, SubscribeOptions::default());
    }

    #[test]
    fn configuration_round_trips_with_units() {
        let fetch = FetchOptions::up_to(7).with_expires(Duration::from_secs(90)).with_on_drop(LATER);
        let json = serde_json::to_string(&fetch).unwrap();
        assert_eq!(
            json,
            r#"{"max_messages":7,"expires":"1m 30s","max_bytes":"16MiB","on_drop":{"nak_after":"1s"}}"#
        );
        assert_eq!(serde_json::from_str::<FetchOptions>(&json).unwrap(), fetch);

        for (subscribe, expected) in [
            (SubscribeOptions::default(), r#"{"max_bytes":"16MiB","on_drop":"redeliver"}"#),
            (
                SubscribeOptions::default().with_buffer(7),
                r#"{"buffer":7,"max_bytes":"16MiB","on_drop":"redeliver"}"#,
            ),
        ] {
            let json = serde_json::to_string(&subscribe).unwrap();
            assert_eq!(json, expected);
            assert_eq!(serde_json::from_str::<SubscribeOptions>(&json).unwrap(), subscribe);
        }
    }

    #[test]
    fn bytes_are_bounded_and_at_least_one() {
        let read =
            serde_json::from_str::<FetchOptions>(r#"{"max_messages": 1, "max_bytes": "8MiB"}"#).unwrap();
        assert_eq!(read, FetchOptions::up_to(1).with_max_bytes(8 << 20));
        let field = |refused: Result<()>| refused.unwrap_err().context("field").map(str::to_owned);
        assert_eq!(field(FetchOptions::up_to(1).with_max_bytes(0).validate()).as_deref(), Some("max_bytes"));
        let options = SubscribeOptions::default().with_max_bytes(u64::MAX);
        assert_eq!(field(options.validate()).as_deref(), Some("max_bytes"));
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        assert!(serde_json::from_str::<FetchOptions>(r#"{"max_messages": 1, "expiry": "1s"}"#).is_err());
        assert!(serde_json::from_str::<SubscribeOptions>(r#"{"buffers": 1}"#).is_err());
    }

    #[test]
    fn the_minimum_lets_what_is_dropped_come_again() {
        FetchOptions::up_to(1).check(Capabilities::minimum()).unwrap();
        SubscribeOptions::default().check(Capabilities::minimum()).unwrap();
    }
}
