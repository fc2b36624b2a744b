//! Which of the members of a consumer gets the next message: [`PriorityGroup`].

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::duration;
use crate::{Error, Result};

/// JetStream's codes for a group without a name, and for a name that it does not take.
const NAME_EMPTY: u16 = 10161;
const NAME_ILLEGAL: u16 = 10162;
/// The longest name, in bytes (measured on nats-server 2.15.1).
const MAX_NAME: usize = 16;

/// How a consumer chooses among those who ask it for messages (ADR-42). Without one it serves them in turn.
///
/// Everybody who asks says by [`PullPriority`](crate::PullPriority) what the policy takes into account. A consumer has one
/// group: nats-server takes several names, and serves all of them alike (measured on 2.15.1).
///
/// In configuration: `{ "name": "workers", "policy": "pinned", "pin_timeout": "30s" }`.
///
/// ```
/// use std::time::Duration;
///
/// use pubsub_core::{ConsumerConfig, PriorityGroup};
///
/// let group = PriorityGroup::pinned("workers")?.with_pin_timeout(Duration::from_secs(30));
/// ConsumerConfig::durable("projection")?.with_priority(group).validate()?;
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PriorityGroup {
    /// The group's name, which other clients give in their requests: 1 to 16 of `A-Z a-z 0-9 - _ / = ) +`.
    pub name: String,
    /// Who comes first.
    pub policy: PriorityPolicy,
    /// With [`PriorityPolicy::Pinned`], how long who is pinned stays so after its last request; by default 2 min.
    #[serde(default = "default_pin_timeout", with = "duration")]
    pub pin_timeout: Duration,
}

/// Who comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PriorityPolicy {
    /// Whoever asks for less than what waits: a request with
    /// [`min_pending`](crate::PullPriority::min_pending) or [`min_ack_pending`](crate::PullPriority::min_ack_pending) is
    /// served while one of them is reached, so that a second site helps out only when the first cannot keep up.
    Overflow,
    /// One handle gets everything, until it has asked for nothing for the group's `pin_timeout` or is
    /// [unpinned](crate::StreamAdmin::unpin_consumer); then the next one does. So messages keep their order as with one
    /// instance, while others stand by.
    Pinned,
    /// Whoever has the lowest [`rank`](crate::PullPriority::rank) of those that wait at that moment; one that asks anew
    /// just then is passed over once. nats-server 2.12 and newer.
    Prioritized,
}

impl PriorityGroup {
    /// The default of [`pin_timeout`](Self::pin_timeout): 2 min.
    pub const DEFAULT_PIN_TIMEOUT: Duration = Duration::from_secs(120);

    /// A group with [`PriorityPolicy::Overflow`].
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for an illegal name.
    pub fn overflow(name: impl Into<String>) -> Result<Self> {
        Self::new(name.into(), PriorityPolicy::Overflow)
    }

    /// A group with [`PriorityPolicy::Pinned`].
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for an illegal name.
    pub fn pinned(name: impl Into<String>) -> Result<Self> {
        Self::new(name.into(), PriorityPolicy::Pinned)
    }

    /// A group with [`PriorityPolicy::Prioritized`].
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for an illegal name.
    pub fn prioritized(name: impl Into<String>) -> Result<Self> {
        Self::new(name.into(), PriorityPolicy::Prioritized)
    }

    /// Sets [`pin_timeout`](Self::pin_timeout).
    #[must_use]
    pub fn with_pin_timeout(mut self, pin_timeout: Duration) -> Self {
        self.pin_timeout = pin_timeout;
        self
    }

    fn new(name: String, policy: PriorityPolicy) -> Result<Self> {
        let group = Self { name, policy, pin_timeout: Self::DEFAULT_PIN_TIMEOUT };
        group.check_name()?;
        Ok(group)
    }

    pub(super) fn check_name(&self) -> Result<()> {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/=)+".contains(&byte);
        let (code, message) = if self.name.is_empty() {
            (NAME_EMPTY, "the group has no name".to_owned())
        } else if self.name.len() > MAX_NAME || !self.name.bytes().all(is_legal) {
            (NAME_ILLEGAL, format!("`{}` cannot name a group", self.name.escape_debug()))
        } else {
            return Ok(());
        };
        Err(Error::config("priority", message)
            .with_broker_code(code)
            .with_remedy("use 1 to 16 letters, digits, `-` or `_`"))
    }
}

fn default_pin_timeout() -> Duration {
    PriorityGroup::DEFAULT_PIN_TIMEOUT
}

impl fmt::Display for PriorityPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overflow => "overflow",
            Self::Pinned => "pinned",
            Self::Prioritized => "prioritized",
        })
    }
}

impl fmt::Display for PriorityGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.policy, self.name)?;
        if self.policy == PriorityPolicy::Pinned {
            write!(f, " {}", duration::format(self.pin_timeout))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_server() {
        for name in ["a", "A-Z_9", "a/b=)+", "1234567890123456"] {
            PriorityGroup::overflow(name).unwrap();
        }
        for (name, code) in [("", NAME_EMPTY), ("a.b", NAME_ILLEGAL), ("12345678901234567", NAME_ILLEGAL)] {
            let refused = PriorityGroup::pinned(name).unwrap_err();
            assert_eq!((refused.broker_code(), refused.context("field")), (Some(code), Some("priority")));
        }
        assert!(PriorityGroup::pinned("a\r\nb").unwrap_err().to_string().lines().count() == 1);
    }

    #[test]
    fn configuration_round_trips() {
        let json = r#"{"name":"workers","policy":"pinned","pin_timeout":"2m"}"#;
        let group = PriorityGroup::pinned("workers").unwrap();
        assert_eq!(serde_json::to_string(&group).unwrap(), json);
        let short = r#"{"name":"workers","policy":"pinned"}"#;
        assert_eq!(serde_json::from_str::<PriorityGroup>(short).unwrap(), group);
    }
}
