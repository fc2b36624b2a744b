//! What this backend can do beyond the minimum.

use pubsub_core::{Capabilities, Capability};

use crate::config::MemoryConfig;

/// What this backend has, by name: a feature that a later core adds is not declared before it is there.
const FEATURES: &[Capability] = &[
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
    Capability::PriorityGroups,
    Capability::PrioritizedGroups,
    Capability::Metadata,
    Capability::DiscardNewPerSubject,
    Capability::Expectations,
    Capability::ExpectedSubjectFilter,
    Capability::MessageTtl,
    Capability::DeleteMarkers,
    Capability::Rollup,
    Capability::Schedules,
    Capability::RecurringSchedules,
    Capability::AtomicBatch,
    Capability::FastBatch,
    Capability::SubjectTransform,
    Capability::Republish,
    Capability::StreamDetails,
    Capability::AccountInfo,
    Capability::CoreMessaging,
    Capability::Advisories,
    Capability::PublishRetry,
];

/// What a store of this configuration can do: what a server of that version could.
pub(crate) fn capabilities(config: &MemoryConfig) -> Capabilities {
    let known = FEATURES.iter().filter(|feature| config.server_version.has(**feature));
    let all = known.fold(Capabilities::minimum(), |all, feature| all.with(*feature));
    all.with_max_payload(usize::try_from(config.max_payload).unwrap_or(usize::MAX))
}
