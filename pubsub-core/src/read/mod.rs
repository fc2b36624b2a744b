//! Reading a stream in order and without acknowledgements: [`StreamReader`], [`ReadOptions`].

mod follow;
mod missing;
mod options;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures::stream::{self, BoxStream, Stream, StreamExt as _};

pub use options::ReadOptions;

use crate::admin::StoredMessage;
use crate::broker::Broker;
use crate::name::StreamName;
use crate::{Capability, Error, Result};
use follow::Follower;

/// The messages of a stream, each once and in the order in which they were stored, and then those that come: for replays,
/// projections and caches. Made by [`Client::read`](crate::Client::read).
///
/// Nothing is acknowledged and nothing is left behind: it reads through an ephemeral consumer without acks, as the ordered
/// consumers of other NATS clients do. Each delivery is counted; where one is missing, and after whatever may have cost
/// some (a lost connection, a leader that is gone, a consumer that was deleted), the reader goes on with a new consumer
/// after the last message that it handed out. So faults make no gap and repeat nothing, and are not seen but for the time
/// that they take. What the stream itself has dropped meanwhile, by its limits, is not read.
///
/// A message that never arrives, because it breaks the connection each time, is got by itself with
/// [`StreamAdmin::get_message`](crate::StreamAdmin::get_message), so that it stops nobody.
///
/// It never ends by itself. After an error that does not pass it has ended: `NotFound` if the stream is gone, or was made
/// anew so that its sequences mean something else; `PermissionDenied`; `Config` (10084) for a work queue, which keeps its
/// messages for those who ack. A closed broker ends it without an error.
///
/// A reader that is not polled asks for nothing more than its buffer. Dropped, its consumer goes by itself, 30 s later.
pub struct StreamReader {
    messages: BoxStream<'static, Result<StoredMessage>>,
    /// As the follower last heard.
    pending: Arc<AtomicU64>,
}

impl StreamReader {
    /// Begins to read. As [`Client::read`](crate::Client::read), over any broker.
    ///
    /// # Errors
    /// `Unsupported` without the capabilities `ephemeral_consumers`, `ack_policies` and `start_position`, `InvalidInput`
    /// for options that break a rule, `NotFound` if there is no such stream, and as
    /// [`StreamAdmin::create_consumer`](crate::StreamAdmin::create_consumer) and [`Broker::consumer`].
    ///
    /// # Cancel safety
    /// Dropped before completion, a consumer that was made goes by itself, 30 s later.
    pub async fn open(broker: Arc<dyn Broker>, stream: &StreamName, options: ReadOptions) -> Result<Self> {
        let explain = |error: Error| error.with_operation("read").with_context("stream", stream);
        options.validate().map_err(explain)?;
        let has = broker.capabilities();
        let needs = [Capability::EphemeralConsumers, Capability::AckPolicies, Capability::StartPosition];
        needs.into_iter().try_for_each(|need| has.require(need)).map_err(explain)?;
        let pending = Arc::default();
        let follower =
            Follower::begin(broker, stream, options, Arc::clone(&pending)).await.map_err(explain)?;
        let messages = stream::unfold(follower, |mut follower| async move {
            let item = follower.next().await?;
            Some((item, follower))
        });
        // Polled again after its end it has still ended.
        Ok(Self { messages: messages.fuse().boxed(), pending })
    }

    /// How many messages were still to come after the last one that was handed out, as the broker knew when it sent it; before
    /// the first one, how many there were at the start. 0 when everything that was stored has been read. While nothing comes it is
    /// asked for anew every 5 s, since what is to come may be removed; it moves only when the reader is polled.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.pending.load(Ordering::Relaxed)
    }
}

impl Stream for StreamReader {
    type Item = Result<StoredMessage>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.messages.poll_next_unpin(context)
    }
}

impl fmt::Debug for StreamReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamReader").finish_non_exhaustive()
    }
}
