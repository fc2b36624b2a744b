//! Which nats-server it is: [`ServerVersion`].

use std::fmt;

use pubsub_core::{Error, ErrorKind, Result};

/// Older servers have no strict creation of consumers and no multiple filters.
const OLDEST: (u16, u16) = (2, 10);

/// The version that a server says it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerVersion {
    text: String,
    release: (u16, u16),
}

impl ServerVersion {
    /// Takes what the server said, or refuses a server that is too old.
    pub(crate) fn checked(text: &str) -> Result<Self> {
        match parse(text) {
            Some(release) if release >= OLDEST => Ok(Self { text: text.to_owned(), release }),
            Some(_) => Err(Error::new(
                ErrorKind::Unsupported,
                format!("nats-server {text} is older than {}.{}", OLDEST.0, OLDEST.1),
            )
            .with_context("server_version", text)
            .with_remedy("use nats-server 2.10 or newer; 2.12.7 or 2.14.3 and newer are recommended")),
            None => {
                Err(Error::new(ErrorKind::Unsupported, "the server does not tell a version that is known")
                    .with_context("server_version", text)
                    .with_remedy("use nats-server 2.10 or newer"))
            }
        }
    }
}

impl ServerVersion {
    /// Its major and minor number.
    pub(crate) const fn release(&self) -> (u16, u16) {
        self.release
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn parse(text: &str) -> Option<(u16, u16)> {
    let mut parts = text.trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ten_is_the_oldest() {
        for text in ["2.10.0", "2.15.1", "v2.12.0-RC.1", "3.0.0", "2.100.1"] {
            assert_eq!(ServerVersion::checked(text).unwrap().to_string(), text);
        }
        for text in ["2.9.25", "1.4.1", "", "two", "2"] {
            let error = ServerVersion::checked(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert_eq!(error.context("server_version"), Some(text));
        }
    }
}
