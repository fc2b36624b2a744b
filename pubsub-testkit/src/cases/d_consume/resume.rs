//! What a durable consumer keeps when its clients come and go.

use std::time::Duration;

use crate::check::{CaseResult, check, check_eq};
use crate::harness::Clock;
use crate::trial::{SettleSurely as _, Trial};

/// D1: after a restart of the client a durable consumer goes on at the first message that is not acked: what was
/// delivered and not settled comes again, what was acked does not, and the rest follows.
pub(crate) async fn at_the_first_unacked(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish_many("a", 10).await?;

    let before = trial.another_connection().await?;
    let worker = trial.open(&before, &consumer).await?;
    let mut unsettled = worker.take(5).await?;
    for delivery in unsettled.drain(..3) {
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    before.close().await?;
    drop(unsettled);

    let after = trial.another_connection().await?;
    let worker = trial.open(&after, &consumer).await?;
    let mut came = Vec::new();
    for info in worker.take_and_ack(7).await? {
        came.push((info.stream_sequence, info.attempt));
    }
    came.sort_unstable();
    let expected = [(4, 2), (5, 2), (6, 1), (7, 1), (8, 1), (9, 1), (10, 1)];
    check_eq!(came, expected, "sequences and attempts after the restart");
    worker.eventually("everything is settled", |info| info.ack_pending == 0 && info.pending == 0).await?;
    consumer.drained();
    Ok(())
}

/// D2: closing the client deletes no durable consumer: it is still there with its configuration and its position, and
/// what was stored while nobody was there comes.
pub(crate) async fn after_the_client_closed(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let first = trial.another_connection().await?;
    let worker = trial.create_consumer_over(&first, &stream, trial.consumer_config("worker")?).await?;
    let created = worker.info().await?;
    trial.publish("a", "before").await?;
    worker.next().await?.ack_confirmed_if_possible(trial).await?;
    first.close().await?;

    if trial.clock() == Clock::Virtual {
        // Longer than any ephemeral consumer lives.
        trial.pass(Duration::from_secs(24 * 3600)).await;
    }
    trial.publish("a", "meanwhile").await?;

    let second = trial.another_connection().await?;
    let worker = trial.open(&second, &worker).await?;
    let info = worker.info().await?;
    check_eq!(info.config, created.config, "the configuration after the close");
    check_eq!(info.created, created.created, "when the consumer was made");
    check!(info.delivered.stream == 1, "the position after the close is {:?}", info.delivered);
    let came = worker.take_and_ack(1).await?;
    let came: Vec<_> = came.iter().map(|info| (info.stream_sequence, info.attempt)).collect();
    check_eq!(came, [(2, 1)], "what comes after the close");
    worker.drained();
    Ok(())
}
