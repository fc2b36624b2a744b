//! Where a call is made: [`Scene`].

use std::time::Duration;

use pubsub_core::{Delivery, FetchOptions, StreamName};

use crate::check::{CaseResult, Failure};
use crate::trial::{TestConsumer, Trial};

/// How many messages are there before the call.
pub(super) const MESSAGES: usize = 3;

/// A stream with some messages, and a consumer of them.
#[derive(Debug)]
pub(super) struct Scene<'t> {
    pub(super) trial: &'t Trial,
    pub(super) stream: StreamName,
    pub(super) consumer: TestConsumer<'t>,
}

impl<'t> Scene<'t> {
    pub(super) async fn set(trial: &'t Trial) -> CaseResult<Self> {
        let stream = trial.stream().await?;
        let consumer = trial.consumer(&stream, "worker").await?;
        trial.publish_many("a", MESSAGES).await?;
        Ok(Self { trial, stream, consumer })
    }

    /// The first message, unsettled.
    pub(super) async fn held(&self) -> CaseResult<Delivery> {
        self.consumer.next().await
    }

    /// A fetch of more than there is.
    pub(super) fn greedy(&self) -> FetchOptions {
        FetchOptions::up_to(MESSAGES * 2).with_expires(self.brief())
    }

    /// A time that ends soon, and after what is there has come.
    pub(super) fn brief(&self) -> Duration {
        self.trial.ack_wait() / 2
    }

    /// How many messages the stream has.
    pub(super) async fn stored(&self) -> CaseResult<u64> {
        Ok(self.trial.admin()?.stream_info(&self.stream).await?.messages)
    }

    /// Fails unless the stream has one of these numbers of messages now, and stays there.
    pub(super) async fn holds_one_of(&self, numbers: &[u64]) -> CaseResult {
        let first = self.settled_number().await?;
        if numbers.contains(&first) {
            return Ok(());
        }
        Err(Failure::new(format!("the stream holds {first} messages instead of one of {numbers:?}")))
    }

    /// What was on its way when the call was dropped may take a moment; it has arrived when an answer has come back on the
    /// same connection, which is in order.
    async fn settled_number(&self) -> CaseResult<u64> {
        self.trial.publisher().flush().await?;
        self.stored().await
    }
}
