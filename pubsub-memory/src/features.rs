//! What this backend can do beyond the minimum.

use pubsub_core::Capability;

/// What this backend has, by name: a feature that a later core adds is not declared before it is there.
pub(crate) const FEATURES: &[Capability] = &[
    Capability::MessageId,
    Capability::ConfirmedSettlement,
    Capability::NakDelay,
    Capability::Term,
    Capability::Extend,
    Capability::EphemeralConsumers,
    Capability::StartPosition,
    Capability::AckPolicies,
    Capability::MaxAckPending,
    Capability::InterestRetention,
    Capability::WorkQueueRetention,
    Capability::StreamLimits,
    Capability::DiscardNew,
    Capability::Update,
    Capability::List,
    Capability::Purge,
    Capability::GetMessage,
    Capability::DeleteMessage,
    Capability::Backoff,
    Capability::HeadersOnly,
    Capability::OriginalReplay,
    Capability::Pause,
    Capability::Reset,
    Capability::Metadata,
];
