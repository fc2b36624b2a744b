//! [`ServerVersion`]: three numbers to compare.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use pubsub_core::{Capability, Error, Result};

/// The version of a nats-server. Ordered as versions are: 2.9.3 is older than 2.10.0.
///
/// Reads `2.15.1` and `v2.15.1`; a pre-release suffix (`-RC.1`) is accepted and dropped.
///
/// ```
/// use pubsub_testkit::nats_server::ServerVersion;
///
/// let version: ServerVersion = "v2.15.1".parse()?;
/// assert!(version >= ServerVersion::OLDEST);
/// assert_eq!(version.to_string(), "2.15.1");
/// # Ok::<(), pubsub_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerVersion {
    major: u32,
    minor: u32,
    patch: u32,
}

impl ServerVersion {
    /// The oldest server that the tests run on: 2.10.0.
    pub const OLDEST: Self = Self::new(2, 10, 0);

    /// The version of these three numbers.
    #[must_use]
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    /// Whether a server of this version has the feature at all.
    pub(crate) fn has(self, capability: Capability) -> bool {
        let (major, minor) = capability.since();
        (self.major, self.minor) >= (u32::from(major), u32::from(minor))
    }
}

impl FromStr for ServerVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refused = || {
            Error::invalid_input("version", "not a version of three numbers")
                .with_context("version", text)
                .with_remedy("write it like 2.15.1")
        };
        let plain = text.strip_prefix('v').unwrap_or(text);
        let numbers = plain.split_once('-').map_or(plain, |(numbers, _)| numbers);
        let mut parts = numbers.split('.').map(str::parse::<u32>);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Ok(major)), Some(Ok(minor)), Some(Ok(patch)), None) => Ok(Self::new(major, minor, patch)),
            _ => Err(refused()),
        }
    }
}

impl Display for ServerVersion {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use pubsub_core::Capability;

    use super::ServerVersion;

    #[test]
    fn versions_compare_by_number() {
        let older: ServerVersion = "2.9.25".parse().unwrap();
        let newer: ServerVersion = "v2.10.26-RC.1".parse().unwrap();
        assert!(older < ServerVersion::OLDEST);
        assert!(newer > ServerVersion::OLDEST);
        assert_eq!(newer, ServerVersion::new(2, 10, 26));
    }

    #[test]
    fn a_feature_comes_with_its_version() {
        assert!(!ServerVersion::new(2, 11, 11).has(Capability::Schedules));
        assert!(ServerVersion::new(2, 12, 0).has(Capability::Schedules));
        assert!(ServerVersion::new(3, 0, 0).has(Capability::Schedules));
    }

    #[test]
    fn what_is_not_a_version_is_refused() {
        for text in ["", "2", "2.15", "2.15.x", "2.15.1.4", "latest", "2..1"] {
            let error = text.parse::<ServerVersion>().unwrap_err();
            assert_eq!(error.context("version"), Some(text));
        }
    }
}
