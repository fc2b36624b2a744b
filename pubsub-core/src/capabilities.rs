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
    /// Full subjects that refuse new messages.
    DiscardNewPerSubject = "discard_new_per_subject",
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
    /// Redelivery after times that grow with the attempt.
    Backoff = "backoff",
    /// Consumers that get headers without payloads.
    HeadersOnly = "headers_only",
    /// Consumers that get messages with the time between them with which they were stored.
    OriginalReplay = "original_replay",
    /// Consumers can be stopped for a while.
    Pause = "pause",
    /// Consumers can be set back or forward.
    Reset = "reset",
    /// Consumers that choose who gets the next message: those who ask for what is left over, or one at a time.
    PriorityGroups = "priority_groups",
    /// Consumers that serve those who ask by their rank.
    PrioritizedGroups = "prioritized_groups",
    /// A publish that is stored only if the stream is as expected.
    Expectations = "expectations",
    /// The expected sequence of a subject may be that of a filter.
    ExpectedSubjectFilter = "expected_subject_filter",
    /// Messages with a time to live of their own.
    MessageTtl = "message_ttl",
    /// A message that tells that the last one of its subject has expired.
    DeleteMarkers = "delete_markers",
    /// Messages that replace those before them.
    Rollup = "rollup",
    /// Messages that the broker publishes at a given time.
    Schedules = "schedules",
    /// Schedules that recur, that take their payload from another subject, or that replace what was there.
    RecurringSchedules = "recurring_schedules",
    /// Several messages that are stored all or not at all.
    AtomicBatch = "atomic_batch",
    /// Several messages that are confirmed together, without a sequence for each.
    FastBatch = "fast_batch",
    /// Streams that store messages under another subject than that of the publish.
    SubjectTransform = "subject_transform",
    /// Streams that publish what they store to plain subscribers.
    Republish = "republish",
    /// Notes about streams and consumers, for programs.
    Metadata = "metadata",
    /// The subjects of a stream's messages, and its gaps, can be listed.
    StreamDetails = "stream_details",
    /// What the account uses and may use can be asked.
    AccountInfo = "account_info",
    /// Plain publish, subscribe and request, without a stream.
    CoreMessaging = "core_messaging",
    /// The broker tells of messages that were given up.
    Advisories = "advisories",
    /// A publish whose outcome is not known is tried again, under one id, within its time.
    PublishRetry = "publish_retry",
}

impl Capability {
    /// The first nats-server, by major and minor version, that has the feature; 2.10 for those that are older. What a
    /// backend that stands in for a server of some version leaves out.
    #[must_use]
    pub const fn since(self) -> (u16, u16) {
        match self {
            Self::Pause
            | Self::ExpectedSubjectFilter
            | Self::MessageTtl
            | Self::DeleteMarkers
            | Self::PriorityGroups => (2, 11),
            Self::Schedules | Self::AtomicBatch | Self::PrioritizedGroups => (2, 12),
            Self::RecurringSchedules | Self::FastBatch | Self::Reset => (2, 14),
            _ => (2, 10),
        }
    }
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
