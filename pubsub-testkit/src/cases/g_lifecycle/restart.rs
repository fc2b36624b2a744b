//! Beginning, ending and beginning again.

use futures::future::try_join_all;
use pubsub_core::{FetchOptions, PublishOptions, PublisherExt as _, StreamName};
use tokio::time::Instant;

use crate::check::{CaseResult, Failure, check, check_eq};
use crate::trial::{SettleSurely as _, TestConsumer, Trial};

/// G2: what is ended before it has begun ends quietly and takes nothing with it: a fetch and a subscription that were
/// never polled, a publisher and a handle that were never used, a connection that did nothing.
pub(crate) async fn stop_before_start(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish_many("a", 5).await?;

    drop(consumer.subscribe(10));
    drop(consumer.handle().fetch(FetchOptions::up_to(10)));
    drop(trial.publisher().publish_with(trial.message("a", "never sent")?, PublishOptions::default()));
    // A server counts what was stored a moment after it has confirmed it.
    consumer.eventually("all are counted", |info| info.pending == 5).await?;
    let untouched = consumer.info().await?;
    check_eq!(
        (untouched.pending, untouched.ack_pending, untouched.delivered.consumer),
        (5, 0, 0),
        "pending, ack pending and deliveries after what never began"
    );

    let idle = trial.another_connection().await?;
    trial.in_time("the close of a connection that did nothing", idle.close()).await??;
    let unused = trial.another_connection().await?;
    let (publisher, handle) = (unused.publisher(), trial.open(&unused, &consumer).await?);
    let mut subscription = handle.subscribe(10);
    trial.in_time("the close of a connection with unused parts", unused.close()).await??;
    subscription.ends().await?;
    drop((publisher, handle, subscription));

    let came: Vec<_> = consumer.take_and_ack(5).await?.iter().map(|info| info.attempt).collect();
    check_eq!(came, [1; 5], "the attempts of what comes after that");
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

/// G3: a program that is started, stopped and started again, some times, goes on where it was: each message is handled
/// once, those of the pauses too.
pub(crate) async fn start_stop_start(trial: &Trial) -> CaseResult {
    const ROUNDS: u64 = 4;
    const EACH: usize = 6;
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    let mut handled = Vec::new();
    for round in 0..ROUNDS {
        trial.publish_many("a", EACH / 2).await?;
        let broker = trial.another_connection().await?;
        let worker = trial.open(&broker, &consumer).await?;
        let publisher = broker.publisher();
        let mut subscription = worker.subscribe(EACH);
        for place in 0..EACH {
            if place == EACH / 2 {
                for _ in 0..EACH / 2 {
                    publisher.publish_message(trial.message("a", format!("round {round}"))?).await?;
                }
            }
            let delivery = subscription.next().await?;
            handled.push(delivery.info().stream_sequence);
            delivery.ack_confirmed_if_possible(trial).await?;
        }
        drop(subscription);
        broker.close().await?;
    }
    let expected: Vec<_> = (1..=ROUNDS * EACH as u64).collect();
    check_eq!(handled, expected, "what was handled over all starts");
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

/// G6: connections that are opened and closed at the same time, each in the middle of publishing and consuming, lose
/// nothing: what was confirmed is there, and what was not settled comes again.
pub(crate) async fn at_the_same_time(trial: &Trial) -> CaseResult {
    const CONNECTIONS: usize = 10;
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    trial.publish_many("a", 100).await?;
    try_join_all((0..CONNECTIONS).map(|number| short_life(trial, &stream, &consumer, number))).await?;

    let stored = trial.admin()?.stream_info(&stream).await?.messages;
    check_eq!(stored, 100 + 20 * CONNECTIONS as u64, "the messages of all connections");
    let left = || async {
        for delivery in consumer.fetch(100, trial.ack_wait()).await? {
            delivery.ack_confirmed_if_possible(trial).await?;
        }
        let info = consumer.info().await?;
        Ok(info.pending == 0 && info.ack_pending == 0)
    };
    trial.eventually("everything is settled", left).await?;
    consumer.drained();
    Ok(())
}

/// Publishes twenty, takes some, settles half of those, and closes with the rest in hand.
async fn short_life(
    trial: &Trial,
    stream: &StreamName,
    consumer: &TestConsumer<'_>,
    number: usize,
) -> CaseResult {
    let broker = trial.another_connection().await?;
    let worker = trial.open(&broker, consumer).await?;
    check_eq!(worker.stream(), stream, "the stream of the handle");
    let publisher = broker.publisher();
    let mut receipts = Vec::new();
    for message in 0..20 {
        let message = trial.message("a", format!("{message} of connection {number}"))?;
        receipts.push(publisher.publish_with(message, PublishOptions::default()).await?);
    }
    let mut held = worker.fetch(8, trial.patience()).await?;
    for delivery in held.split_off(held.len() / 2) {
        delivery.ack().await?;
    }
    try_join_all(receipts).await?;
    broker.close().await?;
    drop(held);
    Ok(())
}

/// G10: a consumer that is started again is not starved by what its predecessor took and never settled, though that was
/// all that may be unsettled at a time: it gets the orphans after their ack wait, and then the rest.
pub(crate) async fn predecessors_orphans(trial: &Trial) -> CaseResult {
    const MOST: u32 = 5;
    let stream = trial.stream().await?;
    let config = trial.consumer_config("worker")?.with_max_ack_pending(MOST);
    let first = trial.another_connection().await?;
    let before = trial.create_consumer_over(&first, &stream, config).await?;
    trial.publish_many("a", 20).await?;
    let orphans = before.take(MOST as usize).await?;
    let taken = Instant::now();
    first.close().await?;
    drop(orphans);

    let second = trial.another_connection().await?;
    let after = trial.open(&second, &before).await?;
    let mut subscription = after.subscribe(50);
    let mut came = Vec::new();
    let mut orphans_came = None;
    for _ in 0..20 {
        let delivery = subscription.next().await?;
        let info = delivery.info();
        came.push((info.stream_sequence, info.is_redelivery()));
        if came.len() == MOST as usize {
            orphans_came = Some(taken.elapsed());
        }
        delivery.ack_confirmed_if_possible(trial).await?;
    }
    let orphans_came = orphans_came.ok_or_else(|| Failure::new("the orphans never came"))?;
    let limit = trial.ack_wait() * 4 + trial.slack();
    check!(
        orphans_came < limit,
        "the orphans came after {orphans_came:?}; their ack wait is {:?}",
        trial.ack_wait()
    );
    came.sort_unstable();
    let expected: Vec<_> = (1..=20).map(|sequence| (sequence, sequence <= u64::from(MOST))).collect();
    check_eq!(came, expected, "the sequences, and whether they came before");
    drop(subscription);
    after.eventually("everything is settled", |info| info.ack_pending == 0 && info.pending == 0).await?;
    after.drained();
    Ok(())
}
