//! What a backend can do beyond the minimum: [`Capability`], [`Capabilities`].

use serde::{Serialize, Serializer};

use crate::{Error, ErrorKind, Result};

/// Declares the features once: the enum, its list and the names that errors and reports print.
macro_rules! capabilities {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// One feature that a backend may have or lack.
        ///
        /// Every backend has the minimum: publish with a receipt, durable consumers with filters, fetch,
        /// ack and nak, redelivery after the ack wait, the attempt counter and `max_deliver`. What is listed
        /// here is declared, tested where it is declared, and refused with
        /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) before any side effect where it is not.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Capability {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Capability {
            /// All of them, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name, as errors and reports print it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

capabilities! {
    /// A message id makes the broker store a message once within the stream's duplicate window.
    MessageId = "message_id",
    /// `ack_confirmed` and its kind wait for the broker's answer.
    ConfirmedSettlement = "confirmed_settlement",
    /// `nak_after` delays the next delivery.
    NakDelay = "nak_delay",
    /// `term` ends the deliveries of a message.
    Term = "term",
    /// `extend` buys one more ack wait.
    Extend = "extend",
    /// Consumers that disappear when nobody uses them.
    EphemeralConsumers = "ephemeral_consumers",
    /// Consumers that start elsewhere than at the first message.
    StartPosition = "start_position",
    /// Consumers that acknowledge by position (`AckPolicy::All`) or not at all (`AckPolicy::None`).
    AckPolicies = "ack_policies",
    /// A bound on deliveries that are not settled yet.
    MaxAckPending = "max_ack_pending",
    /// Streams that keep a message until every interested consumer has settled it.
    InterestRetention = "interest_retention",
    /// Streams that keep a message until one consumer has settled it.
    WorkQueueRetention = "work_queue_retention",
    /// Streams bounded by age, bytes, messages, message size or consumers.
    StreamLimits = "stream_limits",
    /// Full streams that refuse new messages.
    DiscardNew = "discard_new",
    /// Streams and consumers can be changed after their creation.
    Update = "update",
    /// Streams and consumers can be listed.
    List = "list",
    /// Messages can be purged from a stream.
    Purge = "purge",
    /// Stored messages can be read without a consumer.
    GetMessage = "get_message",
    /// A single stored message can be deleted.
    DeleteMessage = "delete_message",
}

impl std::fmt::Display for Capability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What a backend, or a stack of layers over one, can do.
///
/// ```
/// use pubsub_core::{Capabilities, Capability, ErrorKind};
///
/// let simple = Capabilities::minimum().with(Capability::NakDelay).with_max_payload(64 * 1024);
/// assert!(simple.has(Capability::NakDelay));
/// let refused = simple.require(Capability::Term).unwrap_err();
/// assert_eq!(refused.kind(), ErrorKind::Unsupported);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    set: u64,
    max_payload: Option<usize>,
}

impl Capabilities {
    /// Only what every backend has.
    #[must_use]
    pub const fn minimum() -> Self {
        Self { set: 0, max_payload: None }
    }

    /// The minimum and these features. A backend lists what it has, so that it does not declare by accident what a
    /// later version of this crate adds.
    #[must_use]
    pub fn of(features: &[Capability]) -> Self {
        features.iter().fold(Self::minimum(), |all, capability| all.with(*capability))
    }

    /// Every feature that is known to this version. For tests and tools; a backend uses [`of`](Self::of).
    #[must_use]
    pub fn full() -> Self {
        Self::of(Capability::ALL)
    }

    /// Adds a feature.
    #[must_use]
    pub const fn with(mut self, capability: Capability) -> Self {
        self.set |= 1 << capability as u8;
        self
    }

    /// Takes a feature away.
    #[must_use]
    pub const fn without(mut self, capability: Capability) -> Self {
        self.set &= !(1 << capability as u8);
        self
    }

    /// Sets the most bytes that a message, headers included, may have.
    #[must_use]
    pub const fn with_max_payload(mut self, bytes: usize) -> Self {
        self.max_payload = Some(bytes);
        self
    }

    /// Whether the feature is there.
    #[must_use]
    pub const fn has(self, capability: Capability) -> bool {
        self.set & (1 << capability as u8) != 0
    }

    /// The most bytes that a message, headers included, may have; `None` if the backend sets no limit.
    #[must_use]
    pub const fn max_payload(self) -> Option<usize> {
        self.max_payload
    }

    /// The features that are there.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.iter().copied().filter(move |capability| self.has(*capability))
    }

    /// Refuses to go on without this feature. A service calls it once at its start for what it needs.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] if the feature is not there.
    pub fn require(self, capability: Capability) -> Result<()> {
        if self.has(capability) { Ok(()) } else { Err(Error::unsupported(capability.name())) }
    }

    /// Refuses a message of that many bytes if it is larger than this backend takes.
    ///
    /// # Errors
    /// [`ErrorKind::PayloadTooLarge`], with the limit and the size.
    pub fn require_size(self, bytes: usize) -> Result<()> {
        match self.max_payload {
            Some(limit) if bytes > limit => Err(Error::new(
                ErrorKind::PayloadTooLarge,
                format!("a message of {bytes} bytes with its headers is over the limit of {limit}"),
            )
            .with_remedy("store the payload elsewhere and publish a reference to it")),
            _ => Ok(()),
        }
    }
}

impl std::fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Capabilities")
            .field("features", &self.iter().map(Capability::name).collect::<Vec<_>>())
            .field("max_payload", &self.max_payload)
            .finish()
    }
}

impl Serialize for Capability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_independent_of_each_other() {
        for capability in Capability::ALL {
            let only = Capabilities::minimum().with(*capability);
            assert_eq!(only.iter().collect::<Vec<_>>(), [*capability]);
            assert_eq!(only.without(*capability), Capabilities::minimum());
        }
    }

    #[test]
    fn the_set_has_room_for_every_feature() {
        assert!(Capability::ALL.len() <= 64);
        assert_eq!(Capabilities::full().iter().count(), Capability::ALL.len());
    }

    #[test]
    fn a_message_of_the_limit_passes_and_one_byte_more_does_not() {
        let limited = Capabilities::minimum().with_max_payload(10);
        assert!(limited.require_size(10).is_ok());
        assert_eq!(limited.require_size(11).unwrap_err().kind(), ErrorKind::PayloadTooLarge);
        assert!(Capabilities::minimum().require_size(usize::MAX).is_ok());
    }
}
