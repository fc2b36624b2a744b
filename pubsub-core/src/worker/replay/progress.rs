//! How far a replay is: [`ReplayProgress`], [`Replaying`].

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use futures::stream::{self, BoxStream, Stream, StreamExt as _};
use serde::Serialize;

use super::run::Run;
use crate::Result;

/// How far a replay is. It serialises.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReplayProgress {
    /// The last message that was dealt with; 0 before the first. A later replay goes on with
    /// [`FromSequence`](crate::DeliverPolicy::FromSequence) of the next.
    pub sequence: u64,
    /// When that message was stored.
    pub published_at: Option<SystemTime>,
    /// How many messages were published or handled; in a dry run, how many would be.
    pub replayed: u64,
    /// How many messages are none to replay: no transform or route takes their subject, or they are schedules or the
    /// markers of deleted messages.
    pub skipped: u64,
    /// How many messages failed, and were passed over because it was said so.
    pub failed: u64,
    /// How many messages that handlers returned were not published.
    pub withheld: u64,
    /// How many messages are still to come, at most.
    pub remaining: u64,
    /// The time since the start.
    pub elapsed: Duration,
}

/// A replay under way: one [`ReplayProgress`] for each message that was dealt with, in the order of the stream. It
/// does its work when it is polled. Made by [`Replay::start`](super::Replay::start).
///
/// It ends at the replay's end; after an error it has ended too. The error names the sequence to go on from. Dropped
/// in the middle, what was handed over for publishing may be stored without having been reported.
pub struct Replaying {
    progress: BoxStream<'static, Result<ReplayProgress>>,
    last: ReplayProgress,
}

impl Replaying {
    pub(super) fn new(run: Run) -> Self {
        let last = run.progress();
        let progress = stream::unfold(run, |mut run| async move {
            let item = run.next().await?;
            Some((item, run))
        });
        Self { progress: progress.fuse().boxed(), last }
    }

    /// What was reported last; at the start, what there is to do.
    #[must_use]
    pub fn progress(&self) -> ReplayProgress {
        self.last
    }

    /// Goes on to the end.
    ///
    /// # Errors
    /// The error that ends the replay.
    ///
    /// # Cancel safety
    /// Dropped before completion, the replay ends where it is.
    pub async fn finish(mut self) -> Result<ReplayProgress> {
        while let Some(progress) = self.next().await {
            progress?;
        }
        Ok(self.last)
    }
}

impl Stream for Replaying {
    type Item = Result<ReplayProgress>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.progress.poll_next_unpin(context);
        if let Poll::Ready(Some(Ok(progress))) = &next {
            self.last = *progress;
        }
        next
    }
}

impl fmt::Debug for Replaying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replaying").field("progress", &self.last).finish_non_exhaustive()
    }
}
