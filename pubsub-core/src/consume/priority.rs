//! What a request says to a consumer that chooses among those who ask: [`PullPriority`].

use serde::{Deserialize, Serialize};

use crate::admin::{PriorityGroup, PriorityPolicy};
use crate::{Capabilities, Capability, Error, Result};

/// The highest [`rank`](PullPriority::rank).
const LAST_RANK: u8 = 9;

/// What a fetch or subscription says to a consumer with a [`PriorityGroup`]. What the group's policy does not take into
/// account is refused there, and so is anything but the default at a consumer without a group.
///
/// ```
/// use pubsub_core::{FetchOptions, PullPriority};
///
/// // Only what the others cannot cope with.
/// let options = FetchOptions::up_to(50).with_priority(PullPriority::overflow(1000));
/// options.validate()?;
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PullPriority {
    /// With [`PriorityPolicy::Overflow`]: be served while at least so many messages were never delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_pending: Option<u64>,
    /// With [`PriorityPolicy::Overflow`]: be served while at least so many deliveries are unsettled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_ack_pending: Option<u64>,
    /// With [`PriorityPolicy::Prioritized`]: 0, which is served first, to 9.
    #[serde(skip_serializing_if = "is_first")]
    pub rank: u8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_first(rank: &u8) -> bool {
    *rank == 0
}

impl PullPriority {
    /// To be served while at least so many messages were never delivered.
    #[must_use]
    pub const fn overflow(min_pending: u64) -> Self {
        Self { min_pending: Some(min_pending), min_ack_pending: None, rank: 0 }
    }

    /// To be served after all with a lower rank: 0 to 9.
    #[must_use]
    pub const fn ranked(rank: u8) -> Self {
        Self { min_pending: None, min_ack_pending: None, rank }
    }

    /// Sets [`min_ack_pending`](Self::min_ack_pending). Where both are set, one that is reached will do; nats-server
    /// 2.11 wants both (measured on 2.11.11, 2.12.8 and 2.15.1).
    #[must_use]
    pub const fn with_min_ack_pending(mut self, deliveries: u64) -> Self {
        self.min_ack_pending = Some(deliveries);
        self
    }

    /// Whether it asks for nothing special.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// For backends: whether a consumer with so many messages and unsettled deliveries serves it, by
    /// [`PriorityPolicy::Overflow`].
    #[must_use]
    pub fn overflows(&self, pending: u64, ack_pending: u64) -> bool {
        let reached = |least: Option<u64>, there: u64| least.map(|least| there >= least);
        match (reached(self.min_pending, pending), reached(self.min_ack_pending, ack_pending)) {
            (None, None) => true,
            (one, other) => one == Some(true) || other == Some(true),
        }
    }

    /// For backends: refuses what the consumer's group does not take into account.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), with the field.
    pub fn check(&self, group: Option<&PriorityGroup>) -> Result<()> {
        let policy = group.map(|group| group.policy);
        let overflows = self.min_pending.or(self.min_ack_pending).is_some();
        let (message, remedy) = if overflows && policy != Some(PriorityPolicy::Overflow) {
            ("the consumer does not look at what is pending", "give it a group with the policy `overflow`")
        } else if self.rank != 0 && policy != Some(PriorityPolicy::Prioritized) {
            ("the consumer does not look at ranks", "give it a group with the policy `prioritized`")
        } else {
            return Ok(());
        };
        Err(Error::invalid_input("priority", message).with_remedy(remedy))
    }

    pub(super) fn validate(&self) -> Result<()> {
        if self.rank > LAST_RANK {
            return Err(Error::invalid_input(
                "priority",
                format!("the rank {} is over {LAST_RANK}", self.rank),
            )
            .with_remedy("give 0, for first, to 9"));
        }
        Ok(())
    }

    pub(super) fn require(&self, capabilities: Capabilities) -> Result<()> {
        let with_field = |error: Error| error.with_context("field", "priority");
        if self.rank != 0 {
            capabilities.require(Capability::PrioritizedGroups).map_err(with_field)?;
        }
        if self.is_default() {
            Ok(())
        } else {
            capabilities.require(Capability::PriorityGroups).map_err(with_field)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn one_bound_that_is_reached_will_do() {
        let both = PullPriority::overflow(10).with_min_ack_pending(3);
        assert!(both.overflows(10, 0) && both.overflows(0, 3) && !both.overflows(9, 2));
        assert!(PullPriority::default().overflows(0, 0));
    }

    #[test]
    fn what_the_policy_does_not_know_is_refused() {
        let overflow = PriorityGroup::overflow("a").unwrap();
        let prioritized = PriorityGroup::prioritized("a").unwrap();
        PullPriority::overflow(1).check(Some(&overflow)).unwrap();
        PullPriority::ranked(1).check(Some(&prioritized)).unwrap();
        PullPriority::default().check(None).unwrap();
        for (asked, group) in [
            (PullPriority::overflow(1), None),
            (PullPriority::overflow(1), Some(&prioritized)),
            (PullPriority::ranked(1), Some(&overflow)),
        ] {
            assert_eq!(asked.check(group).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        assert!(PullPriority::ranked(10).validate().is_err());
    }

    #[test]
    fn it_takes_the_capabilities() {
        let minimum = Capabilities::minimum();
        PullPriority::default().require(minimum).unwrap();
        let refused = PullPriority::ranked(1).require(minimum.with(Capability::PriorityGroups)).unwrap_err();
        assert_eq!(refused.context("feature"), Some("prioritized_groups"));
        assert!(PullPriority::overflow(1).require(minimum).is_err());
    }
}
