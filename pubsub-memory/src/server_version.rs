//! Which server the store stands in for: [`ServerVersion`].

use std::fmt;
use std::str::FromStr;

use pubsub_core::{Capability, Error, Result};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A nats-server, by its major and minor version. A store that stands in for an older one lacks what came later, and does
/// what was changed since as that one does it.
///
/// What differs, as measured on nats-server 2.10.26, 2.11.11, 2.12.8, 2.14.6 and 2.15.1, besides the
/// [capabilities](pubsub_core::Capability::since):
///
/// | since | what |
/// |---|---|
/// | 2.12 | a publish whose expectation does not hold fails, also if its message id is known; before it is a duplicate |
/// | 2.12 | a request that overflows by two bounds is served where one is reached; before, both |
/// | 2.14 | a message that fills a stream to exactly `max_bytes` is stored by a stream that discards new ones |
/// | 2.14 | a message that rolls its subject up is stored on a full subject (`discard_new_per_subject`) |
/// | 2.14 | a lowered `max_messages_per_subject` applies at once, and not with the next message of a subject |
/// | 2.14 | a purge up to the sequence 1 removes nothing; before, everything that its filter names (with files also without a filter) |
/// | 2.14 | a work queue refuses a consumer for its start (10101) before it looks at its filters |
/// | 2.14 | a consumer begins with its ack floor where it starts, not at 0 |
/// | 2.14 | a consumer counts an exhausted message no longer as redelivered once it has left the stream |
/// | 2.15 | a consumer counts as one that sees nothing but what a purge names if all of its filters are such, not one |
/// | 2.15 | a message that is too large is refused (10054) before its id and its expectations are looked at |
///
/// ```
/// use pubsub_core::{Broker, Capability};
/// use pubsub_memory::{MemoryConfig, MemoryServer, ServerVersion};
///
/// let old = MemoryConfig::default().with_server_version(ServerVersion::new(2, 11)?);
/// let capabilities = MemoryServer::new(old)?.connect().capabilities();
/// assert!(capabilities.has(Capability::MessageTtl) && !capabilities.has(Capability::Schedules));
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerVersion {
    major: u16,
    minor: u16,
}

impl ServerVersion {
    /// The oldest that a store can stand in for: 2.10.
    pub const OLDEST: Self = Self { major: 2, minor: 10 };
    /// The newest, and the default: 2.15.
    pub const NEWEST: Self = Self { major: 2, minor: 15 };

    /// A version between [`OLDEST`](Self::OLDEST) and [`NEWEST`](Self::NEWEST).
    ///
    /// # Errors
    /// [`ErrorKind::Config`](pubsub_core::ErrorKind::Config) for any other.
    pub fn new(major: u16, minor: u16) -> Result<Self> {
        let version = Self { major, minor };
        if (Self::OLDEST..=Self::NEWEST).contains(&version) {
            return Ok(version);
        }
        Err(refused(format!("the store cannot stand in for a server of version {version}")))
    }

    /// Whether a server of this version has the feature at all.
    #[must_use]
    pub fn has(self, capability: Capability) -> bool {
        self.is_at_least(capability.since())
    }

    /// Whether it is that version or a later one.
    pub(crate) fn is_at_least(self, (major, minor): (u16, u16)) -> bool {
        self >= Self { major, minor }
    }
}

impl Default for ServerVersion {
    /// [`NEWEST`](Self::NEWEST).
    fn default() -> Self {
        Self::NEWEST
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Reads `2.12`, or a whole version such as `2.12.8`, of which the rest does not count.
impl FromStr for ServerVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut numbers = text.split('.').map(|number| number.parse::<u16>().ok());
        match (numbers.next().flatten(), numbers.next().flatten(), numbers.next(), numbers.next()) {
            (Some(major), Some(minor), None | Some(Some(_)), None) => Self::new(major, minor),
            _ => Err(refused("it is not the version of a server".to_owned())),
        }
    }
}

fn refused(message: String) -> Error {
    let (oldest, newest) = (ServerVersion::OLDEST, ServerVersion::NEWEST);
    Error::config("server_version", message)
        .with_remedy(format!("give one from {oldest} to {newest}, such as 2.12"))
}

impl Serialize for ServerVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ServerVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_with_and_without_a_patch() {
        assert_eq!("2.12".parse::<ServerVersion>().unwrap(), ServerVersion::new(2, 12).unwrap());
        assert_eq!("2.12.8".parse::<ServerVersion>().unwrap().to_string(), "2.12");
        for text in ["", "2", "2.x", "2.12.8.1", "2.12.x", "2.9", "2.16", "3.0", "-2.12"] {
            let error = text.parse::<ServerVersion>().unwrap_err();
            assert_eq!(error.context("field"), Some("server_version"), "{text}");
        }
    }

    #[test]
    fn later_is_at_least() {
        assert!(ServerVersion::NEWEST.is_at_least((2, 12)));
        assert!(!ServerVersion::OLDEST.is_at_least((2, 12)));
    }
}
