//! What this backend can do beyond the minimum: every feature, as far as the server has it.
//!
//! An older server ignores in silence what it does not know (up to 2.11) or refuses it in its own words, so what it lacks
//! is not declared, and refused before anything is sent.

use pubsub_core::{Capabilities, Capability};

use crate::connection::ServerVersion;

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
    Capability::DiscardNewPerSubject,
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

/// What a server of this version has, whose interface is of this level if that is known. In a cluster of several versions
/// the level is that of the server which answers, so the lower one counts.
pub(crate) fn of(version: &ServerVersion, level: Option<u16>) -> Capabilities {
    let server = level.map_or(version.release(), |level| version.release().min(release(level)));
    let there = FEATURES.iter().filter(|feature| feature.since() <= server);
    there.fold(Capabilities::minimum(), |all, feature| all.with(*feature))
}

/// The release that brought a level of JetStream's interface (measured on nats-server 2.10.26, 2.11.11, 2.12.8, 2.14.6 and
/// 2.15.1). A level that is not known is newer than all of them.
const fn release(level: u16) -> (u16, u16) {
    match level {
        0 => (2, 10),
        1 => (2, 11),
        2 | 3 => (2, 12),
        4 => (2, 14),
        _ => (u16::MAX, u16::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(version: &str, level: Option<u16>) -> Capabilities {
        of(&ServerVersion::checked(version).unwrap(), level)
    }

    #[test]
    fn a_feature_is_there_from_its_version_on() {
        assert!(!at("2.10.26", Some(0)).has(Capability::Pause));
        assert!(at("2.11.11", Some(1)).has(Capability::Pause));
        assert!(!at("2.11.11", None).has(Capability::Schedules));
        assert!(at("2.12.8", Some(3)).has(Capability::Schedules));
        assert!(!at("2.12.8", Some(3)).has(Capability::Reset));
        assert_eq!(at("2.14.6", Some(4)), at("3.0.0", Some(99)));
    }

    #[test]
    fn the_lower_of_version_and_level_counts() {
        assert_eq!(at("2.15.1", Some(1)), at("2.11.0", None));
        assert_eq!(at("2.11.0", Some(5)), at("2.11.0", None));
    }
}
