//! What is done after a stream's lock is released.

use std::task::Waker;

use bytes::Bytes;
use bytestring::ByteString;
use pubsub_core::{ConsumerName, Headers, StreamName};

use super::Stream;

/// Wake-ups, log lines and plain messages that came up under the lock. None may be done there: all call foreign code.
#[derive(Debug, Default)]
#[must_use = "effects that are not applied leave tasks asleep"]
pub(crate) struct Effects {
    wakers: Vec<Waker>,
    notices: Vec<Notice>,
    plain: Vec<Plain>,
}

/// A message for whoever listens.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) subject: ByteString,
    pub(crate) headers: Headers,
    pub(crate) payload: Bytes,
}

/// What a server would publish as an advisory.
#[derive(Debug)]
pub(crate) enum Notice {
    /// A message had its `max_deliver` attempts.
    Exhausted { consumer: ConsumerName, sequence: u64, attempts: u64 },
    /// A message was given up.
    Terminated { consumer: ConsumerName, sequence: u64, reason: Option<String> },
    /// Nobody used a consumer for its inactive threshold.
    ConsumerExpired { consumer: ConsumerName },
}

impl Effects {
    pub(crate) fn wake(&mut self, waker: Waker) {
        self.wakers.push(waker);
    }

    pub(crate) fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }

    pub(super) fn publish(&mut self, plain: Plain) {
        self.plain.push(plain);
    }

    pub(crate) fn apply(self, stream: &Stream) {
        for notice in self.notices {
            notice.log(stream.name());
        }
        self.wakers.into_iter().for_each(Waker::wake);
        self.plain.into_iter().for_each(|plain| stream.publish_plain(plain));
    }
}

impl Notice {
    fn log(&self, stream: &StreamName) {
        match self {
            Self::Exhausted { consumer, sequence, attempts } => tracing::warn!(
                %stream, %consumer, sequence, attempts,
                "a message had its last attempt; it stays in the stream and this consumer does not see it again"
            ),
            Self::Terminated { consumer, sequence, reason } => tracing::info!(
                %stream, %consumer, sequence, reason = reason.as_deref().unwrap_or_default(),
                "a message was terminated"
            ),
            Self::ConsumerExpired { consumer } => {
                tracing::debug!(%stream, %consumer, "a consumer was deleted: nobody used it");
            }
        }
    }
}
