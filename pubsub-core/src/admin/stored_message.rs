//! Reading a stored message without a consumer: [`MessageSelector`], [`StoredMessage`].

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use bytestring::ByteString;

use crate::headers::Headers;
use crate::subject::{Subject, SubjectFilter};

/// Which stored message to read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageSelector {
    /// The one with this sequence in the stream.
    Sequence(u64),
    /// The newest one on this subject.
    LastOf(Subject),
    /// The oldest one with at least this sequence that matches.
    Next {
        /// The least sequence; 0 and 1 for the beginning.
        from: u64,
        /// Which subjects.
        filter: SubjectFilter,
    },
}

/// A message as it is stored, read without a consumer: nothing is delivered and nothing is to be settled.
///
/// `Debug` prints the length of the payload, not the payload.
#[derive(Clone)]
#[non_exhaustive]
pub struct StoredMessage {
    /// What it was published to. Not a [`Subject`]: another client may have stored what this library refuses.
    pub subject: ByteString,
    /// Its sequence in the stream.
    pub sequence: u64,
    /// When the broker stored it, by the broker's clock.
    pub published_at: SystemTime,
    /// Its headers, those that the broker reserves included.
    pub headers: Headers,
    /// Its body.
    pub payload: Bytes,
}

impl StoredMessage {
    /// For backends.
    #[must_use]
    pub fn new(
        subject: ByteString,
        sequence: u64,
        published_at: SystemTime,
        headers: Headers,
        payload: Bytes,
    ) -> Self {
        Self { subject, sequence, published_at, headers, payload }
    }
}

impl fmt::Debug for StoredMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredMessage")
            .field("subject", &self.subject)
            .field("sequence", &self.sequence)
            .field("published_at", &self.published_at)
            .field("headers", &self.headers)
            .field("payload_len", &self.payload.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_payload() {
        let message = StoredMessage::new(
            "ride.pickup".into(),
            7,
            SystemTime::UNIX_EPOCH,
            Headers::new(),
            Bytes::from_static(b"c4n4ry"),
        );
        let text = format!("{message:?}");
        assert!(text.contains("payload_len: 6") && !text.contains("c4n4ry"), "{text}");
        assert!(!text.contains(&format!("{:?}", b"c4n4ry")), "{text}");
    }
}
