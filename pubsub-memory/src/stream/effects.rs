//! What is done after a stream's lock is released.

use std::task::Waker;

use bytes::Bytes;
use pubsub_core::{ConsumerName, Headers, ReplySubject, StreamName, Subject};
use tokio::time::Instant;

use super::Stream;
use super::outbox::Outbox;

/// Wake-ups, log lines and plain messages that came up under the lock. None may be done there: all call foreign code.
#[derive(Debug, Default)]
#[must_use = "effects that are not applied leave tasks asleep"]
pub(crate) struct Effects {
    /// Most operations wake one task at most, and do nothing else.
    waker: Option<Waker>,
    rest: Option<Box<Rest>>,
    /// Whether anybody would hear of what happens.
    heard: bool,
    /// Whether there may be new deliveries.
    delivered: bool,
    /// When the stream has something to tell by itself.
    tells_at: Option<Instant>,
}

#[derive(Debug, Default)]
struct Rest {
    wakers: Vec<Waker>,
    notices: Vec<Notice>,
    plain: Vec<Plain>,
    /// Whether there were plain messages, which are in the stream's outbox by now.
    is_posted: bool,
}

/// A message for whoever listens, with headers as on the wire.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) subject: Subject,
    /// Where the answer goes, if one is wanted.
    pub(crate) reply: Option<ReplySubject>,
    pub(crate) headers: Headers,
    pub(crate) payload: Bytes,
}

/// What a server would publish as an advisory.
#[derive(Debug)]
pub(crate) enum Notice {
    /// A message had its `max_deliver` attempts.
    Exhausted { consumer: ConsumerName, sequence: u64, attempts: u64 },
    /// A message was given up. `number` is the consumer's count at the delivery.
    Terminated { consumer: ConsumerName, number: u64, sequence: u64, attempts: u64, reason: Option<String> },
    /// One of a consumer's group was pinned.
    Pinned { consumer: ConsumerName, group: String, pin: String },
    /// Its pin has ended.
    Unpinned { consumer: ConsumerName, group: String, reason: &'static str },
    /// Nobody used a consumer for its inactive threshold.
    ConsumerExpired { consumer: ConsumerName },
}

impl Effects {
    pub(super) fn new(heard: bool) -> Self {
        Self { heard, ..Self::default() }
    }

    pub(crate) fn wake(&mut self, waker: Waker) {
        match self.waker {
            None => self.waker = Some(waker),
            Some(_) => self.rest().wakers.push(waker),
        }
    }

    pub(crate) fn notice(&mut self, notice: Notice) {
        self.rest().notices.push(notice);
    }

    pub(super) fn publish(&mut self, plain: Plain) {
        self.rest().plain.push(plain);
    }

    /// Whether anybody listens, so that what happens is to be told, and in time.
    pub(crate) fn are_heard(&self) -> bool {
        self.heard
    }

    /// Lets the stream look at the clock then, although nobody calls. Only while somebody listens.
    pub(crate) fn tell_at(&mut self, at: Instant) {
        if self.heard {
            self.tells_at = Some(self.tells_at.map_or(at, |known| known.min(at)));
        }
    }

    /// Takes note that a consumer has unsettled deliveries.
    pub(crate) fn note_delivered(&mut self) {
        self.delivered = true;
    }

    pub(super) fn have_delivered(&self) -> bool {
        self.delivered
    }

    pub(super) fn tells_at(&self) -> Option<Instant> {
        self.tells_at
    }

    pub(crate) fn apply(self, stream: &Stream) {
        let Some(rest) = self.rest else {
            self.waker.into_iter().for_each(Waker::wake);
            return;
        };
        for notice in &rest.notices {
            notice.log(stream.name());
        }
        self.waker.into_iter().chain(rest.wakers).for_each(Waker::wake);
        if (rest.notices.is_empty() || !self.heard) && !rest.is_posted {
            return;
        }
        let Some(store) = stream.store() else { return };
        for notice in rest.notices.into_iter().filter(|_| self.heard) {
            if let Some(advisory) = notice.into_advisory(stream.name()) {
                store.publish_advisory(&advisory);
            }
        }
        stream.outbox.send(&store);
    }

    /// Puts what is to be published again in its place, as long as the stream's lock is held.
    pub(super) fn post(&mut self, outbox: &Outbox) {
        if let Some(rest) = &mut self.rest
            && !rest.plain.is_empty()
        {
            outbox.put(std::mem::take(&mut rest.plain));
            rest.is_posted = true;
        }
    }

    fn rest(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }
}

impl Notice {
    fn log(&self, stream: &StreamName) {
        match self {
            Self::Exhausted { consumer, sequence, attempts } => tracing::warn!(
                %stream, %consumer, sequence, attempts,
                "a message had its last attempt; it stays in the stream and this consumer does not see it again"
            ),
            Self::Terminated { consumer, sequence, reason, .. } => tracing::info!(
                %stream, %consumer, sequence, reason = reason.as_deref().unwrap_or_default(),
                "a message was terminated"
            ),
            Self::Pinned { consumer, group, .. } => {
                tracing::debug!(%stream, %consumer, group, "one of a group is pinned");
            }
            Self::Unpinned { consumer, group, reason } => {
                tracing::debug!(%stream, %consumer, group, reason, "a pin has ended");
            }
            Self::ConsumerExpired { consumer } => {
                tracing::debug!(%stream, %consumer, "a consumer was deleted: nobody used it");
            }
        }
    }
}
