//! What a backend checks before it makes a stream.

use super::{Discard, Retention, StreamConfig};
use crate::admin::needs::{need, require};
use crate::{Capabilities, Capability, Error, ErrorKind, Result};

impl StreamConfig {
    /// For backends: refuses what breaks a rule ([`validate`](Self::validate)) and what takes a capability that is not
    /// there. The first thing to call in [`create_stream`](crate::StreamAdmin::create_stream) and
    /// [`update_stream`](crate::StreamAdmin::update_stream).
    ///
    /// | field | takes | unless it is |
    /// |---|---|---|
    /// | `retention` | `interest_retention`, `work_queue_retention` | `limits` |
    /// | `max_age`, `max_bytes`, `max_messages`, `max_messages_per_subject`, `max_message_size`, `max_consumers` | `stream_limits` | unlimited |
    /// | `discard` | `discard_new` | `old` |
    /// | `duplicate_window` | `message_id` | not set |
    /// | `discard_new_per_subject` | `discard_new_per_subject` | false |
    /// | `allow_message_ttl` | `message_ttl` | false |
    /// | `subject_delete_marker_ttl` | `delete_markers` | not set |
    /// | `allow_rollup` | `rollup` | false |
    /// | `allow_schedules` | `schedules` | false |
    /// | `allow_atomic_batches` | `atomic_batch` | false |
    /// | `allow_fast_batches` | `fast_batch` | false |
    /// | `subject_transform`, `republish`, `metadata` | the capability of that name | not set |
    ///
    /// The limits of [`StreamConfig::new`] are finite, so a backend without `stream_limits` refuses it until they are
    /// said to be unlimited: to keep more than was asked for would be to ignore a field. No capability tells about
    /// `storage` and `replicas`: every backend takes both storages, and refuses more replicas than it can keep itself.
    ///
    /// ```
    /// use pubsub_core::{Capabilities, Capability, ErrorKind, StreamConfig};
    ///
    /// let rides = StreamConfig::new("RIDE", ["ride.>"])?;
    /// rides.check(Capabilities::minimum().with(Capability::StreamLimits))?;
    ///
    /// let refused = rides.check(Capabilities::minimum()).unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::Unsupported);
    /// assert_eq!(refused.context("field"), Some("max_age"));
    /// assert_eq!(refused.context("feature"), Some("stream_limits"));
    /// # Ok::<(), pubsub_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) as `validate`;
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) with the stream, the first such field (`field`) and
    /// the capability (`feature`).
    pub fn check(&self, capabilities: Capabilities) -> Result<()> {
        self.validate()?;
        // Taken apart, so that a new field cannot be forgotten here.
        let Self {
            name,
            subjects: _,
            description: _,
            retention,
            storage: _,
            replicas: _,
            max_age,
            max_bytes,
            max_messages,
            max_messages_per_subject,
            max_message_size,
            max_consumers,
            discard,
            duplicate_window,
            discard_new_per_subject,
            allow_message_ttl,
            subject_delete_marker_ttl,
            allow_rollup,
            allow_schedules,
            allow_atomic_batches,
            allow_fast_batches,
            subject_transform,
            republish,
            metadata,
        } = self;
        let retained = |capability| need(false, "retention", capability, "limits");
        let limit = |unlimited, field| need(unlimited, field, Capability::StreamLimits, "unlimited");
        let switch = |on: bool, field, capability| need(!on, field, capability, "false");
        let needs = [
            match retention {
                Retention::Limits => None,
                Retention::Interest => retained(Capability::InterestRetention),
                Retention::WorkQueue => retained(Capability::WorkQueueRetention),
            },
            limit(max_age.is_unlimited(), "max_age"),
            limit(max_bytes.is_unlimited(), "max_bytes"),
            limit(max_messages.is_unlimited(), "max_messages"),
            limit(max_messages_per_subject.is_unlimited(), "max_messages_per_subject"),
            limit(max_message_size.is_unlimited(), "max_message_size"),
            limit(max_consumers.is_unlimited(), "max_consumers"),
            need(*discard == Discard::Old, "discard", Capability::DiscardNew, "old"),
            need(duplicate_window.is_none(), "duplicate_window", Capability::MessageId, "none"),
            switch(*discard_new_per_subject, "discard_new_per_subject", Capability::DiscardNewPerSubject),
            switch(*allow_message_ttl, "allow_message_ttl", Capability::MessageTtl),
            need(
                subject_delete_marker_ttl.is_none(),
                "subject_delete_marker_ttl",
                Capability::DeleteMarkers,
                "none",
            ),
            switch(*allow_rollup, "allow_rollup", Capability::Rollup),
            switch(*allow_schedules, "allow_schedules", Capability::Schedules),
            switch(*allow_atomic_batches, "allow_atomic_batches", Capability::AtomicBatch),
            switch(*allow_fast_batches, "allow_fast_batches", Capability::FastBatch),
            need(subject_transform.is_none(), "subject_transform", Capability::SubjectTransform, "none"),
            need(republish.is_none(), "republish", Capability::Republish, "none"),
            need(metadata.is_empty(), "metadata", Capability::Metadata, "empty"),
        ];
        require(needs, capabilities).map_err(|error| error.with_context("stream", name))
    }

    /// For backends that are one process: refuses more than one replica.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) (10074), with the stream.
    pub fn must_have_one_replica(&self) -> Result<()> {
        if self.replicas <= 1 {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Unsupported, "one process keeps one replica")
            .with_context("stream", &self.name)
            .with_context("field", "replicas")
            .with_broker_code(10074)
            .with_remedy("set `replicas` to 1 for this backend"))
    }

    /// For backends that keep their streams themselves: refuses subjects that `other` stores too. The stream itself is
    /// no other.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) (10065), with both streams and the subject.
    pub fn must_be_disjoint(&self, other: &Self) -> Result<()> {
        let mut subjects = self.subjects.iter();
        let clash = subjects.find(|mine| other.subjects.iter().any(|taken| taken.overlaps(mine)));
        match clash {
            Some(subject) if self.name != other.name => {
                Err(Error::subjects_overlap(&self.name, &other.name, subject))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Limit, Storage};

    fn plain() -> StreamConfig {
        let config = StreamConfig::new("RIDE", ["ride.>"]).unwrap();
        config
            .with_max_age(Limit::Unlimited)
            .with_max_bytes(Limit::Unlimited)
            .with_max_messages(Limit::Unlimited)
    }

    #[test]
    fn the_minimum_takes_a_plain_stream_of_either_storage() {
        let config = plain().with_description("rides").with_storage(Storage::Memory);
        config.check(Capabilities::minimum()).unwrap();
        plain().check(Capabilities::minimum()).unwrap();
    }

    #[test]
    fn each_field_is_refused_without_its_capability_and_only_then() {
        let hour = Duration::from_secs(3600);
        let cases = [
            (plain().with_retention(Retention::Interest), "retention", Capability::InterestRetention),
            (plain().with_retention(Retention::WorkQueue), "retention", Capability::WorkQueueRetention),
            (plain().with_max_age(hour), "max_age", Capability::StreamLimits),
            (plain().with_max_bytes(9), "max_bytes", Capability::StreamLimits),
            (plain().with_max_messages(9), "max_messages", Capability::StreamLimits),
            (plain().with_max_messages_per_subject(9), "max_messages_per_subject", Capability::StreamLimits),
            (plain().with_max_message_size(9), "max_message_size", Capability::StreamLimits),
            (plain().with_max_consumers(9), "max_consumers", Capability::StreamLimits),
            (plain().with_discard(Discard::New), "discard", Capability::DiscardNew),
            (plain().with_duplicate_window(hour), "duplicate_window", Capability::MessageId),
            (plain().with_allow_message_ttl(), "allow_message_ttl", Capability::MessageTtl),
            (plain().with_allow_rollup(), "allow_rollup", Capability::Rollup),
            (plain().with_allow_schedules(), "allow_schedules", Capability::Schedules),
            (plain().with_allow_atomic_batches(), "allow_atomic_batches", Capability::AtomicBatch),
            (plain().with_allow_fast_batches(), "allow_fast_batches", Capability::FastBatch),
            (plain().with_metadata("team", "rides"), "metadata", Capability::Metadata),
        ];
        for (config, field, capability) in cases {
            config.check(Capabilities::minimum().with(capability)).unwrap();
            let refused = config.check(Capabilities::full().without(capability)).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}");
            assert_eq!(refused.context("field"), Some(field));
            assert_eq!(refused.context("feature"), Some(capability.name()));
            assert_eq!(refused.context("stream"), Some("RIDE"));
            assert!(refused.remedy().is_some_and(|remedy| remedy.contains(field)), "{refused}");
        }
    }

    #[test]
    fn a_broken_rule_comes_before_a_lack() {
        let broken = plain().with_max_messages(0);
        assert_eq!(broken.check(Capabilities::minimum()).unwrap_err().kind(), ErrorKind::Config);
    }

    #[test]
    fn one_process_keeps_one_replica() {
        plain().must_have_one_replica().unwrap();
        let refused = plain().with_replicas(3).must_have_one_replica().unwrap_err();
        assert_eq!((refused.kind(), refused.context("field")), (ErrorKind::Unsupported, Some("replicas")));
    }

    #[test]
    fn streams_may_not_share_a_subject() {
        let other = StreamConfig::new("EU", ["*.eu", "match.>"]).unwrap();
        let clash = plain().must_be_disjoint(&other).unwrap_err();
        assert_eq!((clash.kind(), clash.context("subject")), (ErrorKind::Conflict, Some("ride.>")));
        let apart = StreamConfig::new("MATCH", ["match.>"]).unwrap();
        plain().must_be_disjoint(&apart).unwrap();
    }

    #[test]
    fn a_stream_does_not_clash_with_itself() {
        plain().must_be_disjoint(&plain()).unwrap();
    }
}
