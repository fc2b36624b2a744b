//! Where messages come from: [`Intake`].

use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _, ready};

use tokio::time::Instant;

use crate::Result;
use crate::consume::{Consumer, FetchOptions};
use crate::message::Delivery;

/// What a fetch has brought.
pub(super) struct Arrived {
    pub(super) batch: Vec<Delivery>,
    /// How many messages of the consumer nobody has settled; asked for only if the batch is empty.
    pub(super) unsettled: u64,
}

/// One fetch at a time, asked for before what the last one brought is handled.
pub(super) struct Intake {
    consumer: Arc<dyn Consumer>,
    asked: Option<BoxFuture<'static, Result<Arrived>>>,
    asked_at: Instant,
    /// Whether the last fetch failed, or brought nothing and did not wait: it must not be asked in a hot loop.
    pauses: bool,
}

impl Intake {
    /// The most that one fetch asks for.
    const MOST: usize = 500;
    /// The wait after such a fetch.
    const PAUSE: Duration = Duration::from_millis(500);

    pub(super) fn new(consumer: Arc<dyn Consumer>) -> Self {
        Self { consumer, asked: None, asked_at: Instant::now(), pauses: false }
    }

    /// Asks for so many, unless a fetch is under way.
    pub(super) fn ask(&mut self, room: usize) {
        if self.asked.is_some() || room == 0 {
            return;
        }
        let (consumer, pauses) = (Arc::clone(&self.consumer), std::mem::take(&mut self.pauses));
        let mut asked = async move {
            if pauses {
                tokio::time::sleep(Self::PAUSE).await;
            }
            let batch = consumer.fetch(FetchOptions::up_to(room.min(Self::MOST))).await?;
            let unsettled =
                if batch.is_empty() { consumer.info().await.map_or(0, |info| info.ack_pending) } else { 0 };
            Ok(Arrived { batch, unsettled })
        }
        .boxed();
        self.asked_at = Instant::now();
        // Polled once, so that the request is on its way while what came before is handled.
        self.asked = Some(match (&mut asked).now_or_never() {
            Some(outcome) => ready(outcome).boxed(),
            None => asked,
        });
    }

    /// Whether a fetch is under way.
    pub(super) fn is_asking(&self) -> bool {
        self.asked.is_some()
    }

    /// What the fetch brings; waits for ever if none is under way.
    ///
    /// Dropped before completion, the fetch goes on.
    pub(super) async fn next(&mut self) -> Result<Arrived> {
        let Some(asked) = &mut self.asked else {
            return std::future::pending().await;
        };
        let outcome = asked.await;
        self.asked = None;
        let waited = self.asked_at.elapsed() >= Self::PAUSE;
        self.pauses = outcome.as_ref().map_or(true, |arrived| arrived.batch.is_empty() && !waited);
        outcome
    }

    /// Ends the fetch. What it has brought goes back.
    pub(super) fn cancel(&mut self) {
        if let Some(Ok(arrived)) = self.asked.take().and_then(futures::FutureExt::now_or_never) {
            arrived.batch.into_iter().for_each(Delivery::hand_back);
        }
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.cancel();
    }
}
