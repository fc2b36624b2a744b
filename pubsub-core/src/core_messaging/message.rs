//! What a listener receives: [`CoreMessage`].

use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;

use crate::headers::Headers;
use crate::subject::ReplySubject;

/// A plain message as a listener received it: nothing is to be settled.
///
/// `Debug` prints the length of the payload, not the payload.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoreMessage {
    /// What it was published to. Not a [`Subject`](crate::Subject): another client may have published what this library
    /// refuses.
    pub subject: ByteString,
    /// Where the answer goes, if one is wanted ([`CoreMessaging::respond`](crate::CoreMessaging::respond)).
    pub reply: Option<ReplySubject>,
    /// Its headers.
    pub headers: Headers,
    /// Its body.
    pub payload: Bytes,
}

impl CoreMessage {
    /// For backends.
    #[must_use]
    pub fn new(subject: ByteString, reply: Option<ReplySubject>, headers: Headers, payload: Bytes) -> Self {
        Self { subject, reply, headers, payload }
    }
}

impl fmt::Debug for CoreMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoreMessage")
            .field("subject", &self.subject)
            .field("reply", &self.reply)
            .field("headers", &self.headers)
            .field("payload_bytes", &self.payload.len())
            .finish()
    }
}
