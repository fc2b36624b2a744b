//! What the backends of this workspace are still getting: [`UNDER_CONSTRUCTION`].

use pubsub_core::Capability;

/// Capabilities that `pubsub-memory` and `pubsub-nats` may have or not. What they have for good is taken off this list, so
/// that its loss fails.
pub(super) const UNDER_CONSTRUCTION: &[Capability] = &[
    Capability::DiscardNewPerSubject,
    Capability::Backoff,
    Capability::HeadersOnly,
    Capability::OriginalReplay,
    Capability::Pause,
    Capability::Reset,
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
    Capability::Metadata,
    Capability::StreamDetails,
    Capability::AccountInfo,
    Capability::CoreMessaging,
    Capability::Advisories,
    Capability::PublishRetry,
];
