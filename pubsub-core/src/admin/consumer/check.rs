//! What a backend checks before it makes a consumer.

use super::{AckPolicy, ConsumerConfig, DeliverPolicy, PriorityPolicy, ReplayPolicy};
use crate::admin::needs::{need, require};
use crate::name::ConsumerName;
use crate::{Capabilities, Capability, Error, Result};

impl ConsumerConfig {
    /// For backends: refuses what breaks a rule ([`validate`](Self::validate)) and what takes a capability that is not
    /// there. The first thing to call in [`create_consumer`](crate::StreamAdmin::create_consumer) and
    /// [`update_consumer`](crate::StreamAdmin::update_consumer).
    ///
    /// | field | takes | unless it is |
    /// |---|---|---|
    /// | `durable` | `ephemeral_consumers` | true |
    /// | `deliver` | `start_position` | `all` |
    /// | `ack` | `ack_policies` | `explicit` |
    /// | `max_ack_pending` | `max_ack_pending` | unlimited, or nothing is acknowledged (`ack` is `none`) |
    /// | `inactive_threshold` | `ephemeral_consumers` | not set |
    /// | `backoff` | `backoff` | empty |
    /// | `replay` | `original_replay` | `instant` |
    /// | `headers_only` | `headers_only` | false |
    /// | `priority` | `priority_groups`, and `prioritized_groups` for that policy | none |
    /// | `metadata` | `metadata` | empty |
    ///
    /// `max_ack_pending` is 1,000 by default, so a backend without that capability refuses a consumer until it is said
    /// to be unlimited: to hand out more than was asked for would be to ignore a field.
    ///
    /// ```
    /// use pubsub_core::{Capabilities, Capability, ConsumerConfig, ErrorKind};
    ///
    /// let users = ConsumerConfig::durable("users")?;
    /// users.check(Capabilities::minimum().with(Capability::MaxAckPending))?;
    ///
    /// let refused = users.check(Capabilities::minimum()).unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::Unsupported);
    /// assert_eq!(refused.context("field"), Some("max_ack_pending"));
    /// # Ok::<(), pubsub_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) as `validate`;
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) with the consumer, the first such field (`field`) and
    /// the capability (`feature`).
    pub fn check(&self, capabilities: Capabilities) -> Result<()> {
        self.validate()?;
        // Taken apart, so that a new field cannot be forgotten here.
        let Self {
            name,
            durable,
            description: _,
            filters: _,
            deliver,
            ack,
            ack_wait: _,
            max_deliver: _,
            max_ack_pending,
            inactive_threshold,
            backoff,
            replay,
            headers_only,
            priority,
            metadata,
        } = self;
        let unbounded = max_ack_pending.is_unlimited() || *ack == AckPolicy::None;
        let ranked = priority.as_ref().is_some_and(|group| group.policy == PriorityPolicy::Prioritized);
        let needs = [
            need(*durable, "durable", Capability::EphemeralConsumers, "true"),
            need(*deliver == DeliverPolicy::All, "deliver", Capability::StartPosition, "all"),
            need(*ack == AckPolicy::Explicit, "ack", Capability::AckPolicies, "explicit"),
            need(unbounded, "max_ack_pending", Capability::MaxAckPending, "unlimited"),
            need(inactive_threshold.is_none(), "inactive_threshold", Capability::EphemeralConsumers, "none"),
            need(backoff.is_empty(), "backoff", Capability::Backoff, "empty"),
            need(*replay == ReplayPolicy::Instant, "replay", Capability::OriginalReplay, "instant"),
            need(!headers_only, "headers_only", Capability::HeadersOnly, "false"),
            need(priority.is_none(), "priority", Capability::PriorityGroups, "none"),
            need(!ranked, "priority", Capability::PrioritizedGroups, "none, or to another policy"),
            need(metadata.is_empty(), "metadata", Capability::Metadata, "empty"),
        ];
        require(needs, capabilities).map_err(|error| match name {
            Some(name) => error.with_context("consumer", name),
            None => error,
        })
    }

    /// For backends that name no consumers themselves: the name.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) with the capability `ephemeral_consumers`, if there is
    /// none.
    pub fn must_have_a_name(&self) -> Result<&ConsumerName> {
        self.name.as_ref().ok_or_else(|| {
            Error::unsupported(Capability::EphemeralConsumers.name())
                .with_context("field", "name")
                .with_remedy("name it, or choose a backend that declares this feature")
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{ErrorKind, Limit, PriorityGroup};

    fn plain() -> ConsumerConfig {
        ConsumerConfig::durable("users").unwrap().with_max_ack_pending(Limit::Unlimited)
    }

    #[test]
    fn the_minimum_takes_filters_waits_and_attempts() {
        let config = plain().with_filter("ride.pickup").unwrap();
        let config = config.with_ack_wait(Duration::from_secs(1)).with_max_deliver(9);
        config.with_description("users").check(Capabilities::minimum()).unwrap();
    }

    #[test]
    fn each_field_is_refused_without_its_capability_and_only_then() {
        let mut ephemeral = plain();
        ephemeral.durable = false;
        let hour = Duration::from_secs(3600);
        let cases = [
            (ephemeral, "durable", Capability::EphemeralConsumers),
            (plain().with_inactive_threshold(hour), "inactive_threshold", Capability::EphemeralConsumers),
            (plain().with_deliver(DeliverPolicy::New), "deliver", Capability::StartPosition),
            (plain().with_ack(AckPolicy::All), "ack", Capability::AckPolicies),
            (plain().with_max_ack_pending(9), "max_ack_pending", Capability::MaxAckPending),
            (plain().with_backoff([hour]), "backoff", Capability::Backoff),
            (plain().with_replay(ReplayPolicy::Original), "replay", Capability::OriginalReplay),
            (plain().with_headers_only(), "headers_only", Capability::HeadersOnly),
            (plain().with_metadata("team", "rides"), "metadata", Capability::Metadata),
            (
                plain().with_priority(PriorityGroup::pinned("a").unwrap()),
                "priority",
                Capability::PriorityGroups,
            ),
        ];
        for (config, field, capability) in cases {
            config.check(Capabilities::minimum().with(capability)).unwrap();
            let refused = config.check(Capabilities::full().without(capability)).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}");
            assert_eq!(refused.context("field"), Some(field));
            assert_eq!(refused.context("feature"), Some(capability.name()));
            assert_eq!(refused.context("consumer"), Some("users"));
            assert!(refused.remedy().is_some_and(|remedy| remedy.contains(field)), "{refused}");
        }
    }

    #[test]
    fn a_name_is_asked_for() {
        assert_eq!(plain().must_have_a_name().unwrap(), "users");
        let refused = ConsumerConfig::ephemeral().must_have_a_name().unwrap_err();
        assert_eq!((refused.kind(), refused.context("field")), (ErrorKind::Unsupported, Some("name")));
    }

    #[test]
    fn without_acks_the_bound_on_them_asks_for_nothing() {
        let config = plain().with_ack(AckPolicy::None).with_max_ack_pending(9);
        config.check(Capabilities::minimum().with(Capability::AckPolicies)).unwrap();
    }

    #[test]
    fn a_broken_rule_comes_before_a_lack() {
        let broken = plain().with_max_deliver(0);
        assert_eq!(broken.check(Capabilities::minimum()).unwrap_err().kind(), ErrorKind::Config);
    }
}
