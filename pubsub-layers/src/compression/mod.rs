//! Payloads compressed on the wire and in the stream: [`Compression`].

mod codec;
mod plain;
mod reader;

use std::sync::Arc;

use bytes::Bytes;
use pubsub_core::{
    Capabilities, Consumer, CoreMessaging, Headers, Layer, OutboundMessage, Publisher, Result, StoredMessage,
    StreamAdmin,
};

pub use codec::Encoding;

use crate::around::{AdminAround, AroundAdmin, ConsumerAround, PublisherAround, Rewrite, Rewriting};
use plain::DecodingCore;

/// A layer that compresses large payloads, and gives them to readers as they were.
///
/// A payload of at least [`with_threshold`](Self::with_threshold) bytes is compressed if that makes it smaller, and says so in the
/// header `Content-Encoding` (`zstd` or `lz4`, as HTTP has it); one that has such a header already stays as it is. Readers with the
/// layer, whichever encoding they publish with, get payload and headers as they were before, of both encodings if both
/// features are on: from consumers, from [`StreamAdmin::get_message`], and as plain listeners. Readers without it see the
/// compressed payload and its header. What is published plainly, without a stream, is not compressed.
///
/// A payload that is not what its header says, or that would become larger than [`with_limit`](Self::with_limit), is given to the
/// reader as it is stored, its header included, with a warning in the log: a small message cannot fill the memory, and no
/// message is lost. A consumer's `headers_only` leaves the header too, and `Nats-Msg-Size` is the compressed size.
///
/// It is done where the message is published and taken: about 1 ms for each 300 kB by zstd, less by lz4.
///
/// **Place**: inside of [`MessageIds`](crate::MessageIds), which look at the content, and outside of
/// [`Retry`](crate::Retry), so that it is done once.
///
/// ```
/// # #[cfg(feature = "zstd")] {
/// use pubsub_layers::Compression;
///
/// let layer = Compression::zstd().with_threshold(16 * 1024);
/// # drop(layer);
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Compression {
    encoding: Encoding,
    threshold: usize,
    larger: bool,
    decoder: Decoder,
}

/// The header that says how a payload is encoded.
const HEADER: &str = "Content-Encoding";

impl Compression {
    /// The default of [`with_threshold`](Self::with_threshold): 4,096 bytes.
    pub const DEFAULT_THRESHOLD: usize = 4096;
    /// The default of [`with_limit`](Self::with_limit): 64 MiB.
    pub const DEFAULT_LIMIT: usize = 64 * 1024 * 1024;

    /// Publishes with zstd (at its level 3): small, and fast to read.
    #[cfg(feature = "zstd")]
    #[must_use]
    pub const fn zstd() -> Self {
        Self::by(Encoding::Zstd)
    }

    /// Publishes with lz4 (its frame format): less small, and faster.
    #[cfg(feature = "lz4")]
    #[must_use]
    pub const fn lz4() -> Self {
        Self::by(Encoding::Lz4)
    }

    /// Publishes with this encoding.
    #[must_use]
    pub const fn by(encoding: Encoding) -> Self {
        let decoder = Decoder { limit: Self::DEFAULT_LIMIT };
        Self { encoding, threshold: Self::DEFAULT_THRESHOLD, larger: false, decoder }
    }

    /// Sets from how many bytes on a payload is compressed, by default 4,096.
    #[must_use]
    pub const fn with_threshold(mut self, bytes: usize) -> Self {
        self.threshold = bytes;
        self
    }

    /// Compresses payloads too that are larger than the broker takes, so that some of them pass. By default they are refused whether or not
    /// they would fit: what is accepted does not depend on what is in it.
    #[must_use]
    pub const fn with_larger_payloads(mut self) -> Self {
        self.larger = true;
        self
    }

    /// Sets how many bytes a payload may have when it is read, by default 64 MiB.
    #[must_use]
    pub const fn with_limit(mut self, bytes: usize) -> Self {
        self.decoder.limit = bytes;
        self
    }
}

impl Rewrite for Compression {
    fn rewrite(&self, mut message: OutboundMessage, below: Capabilities) -> Result<OutboundMessage> {
        if !self.larger && message.check(below).is_err() {
            return Ok(message);
        }
        if message.payload.len() < self.threshold || encoding_of(&message.headers).is_some() {
            return Ok(message);
        }
        match self.encoding.encode(&message.payload) {
            Ok(encoded) if encoded.len() + HEADER.len() + 16 < message.payload.len() => {
                message.headers.insert(HEADER, self.encoding.as_str())?;
                message.payload = encoded;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(
                subject = message.subject.as_str(),
                %error,
                "a payload could not be compressed; it is published as it is"
            ),
        }
        Ok(message)
    }
}

/// What the header says, in whatever case another publisher wrote its name.
fn encoding_of(headers: &Headers) -> Option<&str> {
    let mut named = headers.iter().filter(|(name, _)| name.as_str().eq_ignore_ascii_case(HEADER));
    named.next().map(|(_, value)| value.as_str())
}

/// Gives payloads back as they were.
#[derive(Debug, Clone, Copy)]
struct Decoder {
    limit: usize,
}

impl Decoder {
    /// The headers and the payload as they were published; `None` if they are what they seem, or cannot be decoded.
    fn decode(self, subject: &str, headers: &Headers, payload: &Bytes) -> Option<(Headers, Bytes)> {
        // Without a payload there is nothing to decode: it was left out.
        if headers.is_empty() || payload.is_empty() {
            return None;
        }
        let encoding = Encoding::named(encoding_of(headers)?)?;
        match encoding.decode(payload, self.limit) {
            Ok(decoded) => {
                let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str().to_owned()).collect();
                let mut headers = headers.clone();
                for name in names.iter().filter(|name| name.eq_ignore_ascii_case(HEADER)) {
                    headers.remove(name);
                }
                Some((headers, decoded))
            }
            Err(error) => {
                tracing::warn!(
                    subject,
                    encoding = encoding.as_str(),
                    limit = self.limit,
                    %error,
                    "a payload cannot be decompressed; it is given to its reader as it is stored"
                );
                None
            }
        }
    }
}

impl AroundAdmin for Decoder {
    fn read(&self, mut message: StoredMessage) -> StoredMessage {
        if let Some((headers, payload)) = self.decode(&message.subject, &message.headers, &message.payload) {
            message.headers = headers;
            message.payload = payload;
        }
        message
    }
}

impl Layer for Compression {
    fn publisher(&self, inner: Arc<dyn Publisher>) -> Arc<dyn Publisher> {
        PublisherAround::over(inner, Rewriting(*self))
    }

    fn consumer(&self, inner: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
        ConsumerAround::over(inner, self.decoder)
    }

    fn admin(&self, inner: Arc<dyn StreamAdmin>) -> Arc<dyn StreamAdmin> {
        AdminAround::over(inner, self.decoder)
    }

    fn core(&self, inner: Arc<dyn CoreMessaging>) -> Arc<dyn CoreMessaging> {
        Arc::new(DecodingCore { inner, decoder: self.decoder })
    }
}
