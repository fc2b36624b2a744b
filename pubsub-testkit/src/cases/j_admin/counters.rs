//! The counters of a consumer.

use pubsub_core::ConsumerInfo;

use crate::check::{CaseResult, check_eq};
use crate::trial::{SettleSurely as _, TestConsumer, Trial};

/// J3: pending, ack pending and redelivered move with each delivery and settlement. Messages whose ack wait is over stay
/// in ack pending until they are delivered again; it is 0 once all are settled or have used up their attempts.
pub(crate) async fn move_as_expected(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let config = trial.consumer_config("worker")?.with_max_deliver(2);
    let worker = trial.create_consumer(&stream, config).await?;
    at(&worker, Counters { pending: 0, ack_pending: 0, redelivered: 0 }, (0, 0)).await?;
    trial.publish_many("a", 5).await?;
    at(&worker, Counters { pending: 5, ack_pending: 0, redelivered: 0 }, (0, 0)).await?;

    let mut held = worker.take(3).await?;
    at(&worker, Counters { pending: 2, ack_pending: 3, redelivered: 0 }, (3, 3)).await?;
    held.swap_remove(0).ack_confirmed_if_possible(trial).await?;
    at(&worker, Counters { pending: 2, ack_pending: 2, redelivered: 0 }, (3, 3)).await?;

    // Their ack wait passes with nobody there to take them.
    trial.pass(trial.ack_wait() * 3 / 2).await;
    let info = worker.info().await?;
    check_eq!(
        (info.ack_pending, info.pending),
        (2, 2),
        "ack pending and pending with expired messages waiting"
    );

    let mut again = worker.take(2).await?;
    at(&worker, Counters { pending: 2, ack_pending: 2, redelivered: 2 }, (5, 3)).await?;
    again.swap_remove(0).ack_confirmed_if_possible(trial).await?;
    worker.eventually("one is acked", |info| info.ack_pending == 1).await?;
    worker.take_and_ack(2).await?;
    worker.eventually("the rest is acked", |info| info.ack_pending == 1 && info.pending == 0).await?;

    // The last one has had its two attempts.
    worker.stays_silent("a").await?;
    worker.eventually("nothing is unsettled any more", |info| info.ack_pending == 0).await?;
    check_eq!(worker.info().await?.pending, 0, "what is pending at the end");
    worker.drained();
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct Counters {
    pending: u64,
    ack_pending: u64,
    redelivered: u64,
}

impl From<&ConsumerInfo> for Counters {
    fn from(info: &ConsumerInfo) -> Self {
        Self { pending: info.pending, ack_pending: info.ack_pending, redelivered: info.redelivered }
    }
}

/// Waits until the counters are so; then the last delivery must be this one, counted in deliveries and in the stream.
async fn at(worker: &TestConsumer<'_>, counters: Counters, delivered: (u64, u64)) -> CaseResult {
    let what = format!("the counters are {counters:?}");
    worker.eventually(&what, |info| Counters::from(info) == counters).await?;
    let last = worker.info().await?.delivered;
    check_eq!((last.consumer, last.stream), delivered, "the last delivery, in deliveries and in the stream");
    Ok(())
}
