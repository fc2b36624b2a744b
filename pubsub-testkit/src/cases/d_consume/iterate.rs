//! Messages as they come.

use pubsub_core::{Capability, Delivery};

use crate::check::{CaseResult, check_eq};
use crate::trial::{TestConsumer, TestSubscription, Trial};

/// D16: a subscription yields every message once, in the order of the stream, those that were there and those that come;
/// it ends when its connection is closed, without an error, and stays ended.
pub(crate) async fn in_order_until_the_close(trial: &Trial) -> CaseResult {
    const COUNT: usize = 200;
    let stream = trial.stream().await?;
    let consumer = trial.consumer(&stream, "worker").await?;
    let broker = trial.another_connection().await?;
    let worker = trial.open(&broker, &consumer).await?;
    trial.publish_many("a", COUNT / 2).await?;
    let mut deliveries = worker.subscribe(20);
    let mut came = Vec::new();
    for place in 0..COUNT {
        if place == COUNT / 4 {
            trial.publish_many("a", COUNT / 2).await?;
        }
        let delivery = deliveries.next().await?;
        came.push((delivery.info().stream_sequence, delivery.info().attempt));
        delivery.ack().await?;
    }
    let expected: Vec<_> = (1..=COUNT as u64).map(|sequence| (sequence, 1)).collect();
    check_eq!(came, expected, "sequences and attempts in the order in which they came");
    consumer.eventually("everything is settled", |info| info.ack_pending == 0).await?;
    broker.close().await?;
    for _ in 0..3 {
        deliveries.ends().await?;
    }
    consumer.stays_silent("a").await?;
    consumer.drained();
    Ok(())
}

/// How messages are asked for.
enum Way<'t> {
    Fetch(TestConsumer<'t>),
    Subscribe(TestConsumer<'t>, TestSubscription<'t>),
}

impl Way<'_> {
    async fn next(&mut self) -> CaseResult<Delivery> {
        match self {
            Self::Fetch(consumer) => consumer.next().await,
            Self::Subscribe(_, subscription) => subscription.next().await,
        }
    }

    fn consumer(&self) -> &TestConsumer<'_> {
        match self {
            Self::Fetch(consumer) | Self::Subscribe(consumer, _) => consumer,
        }
    }
}

/// D17: filters, ack wait, `max_deliver` and `max_ack_pending` hold alike for a fetch and for a subscription.
pub(crate) async fn same_by_fetch_and_subscription(trial: &Trial) -> CaseResult {
    let stream = trial.stream().await?;
    let config = |label: &str| {
        let config = trial.consumer_config(label)?.with_filter(trial.filter("a")?)?.with_max_deliver(2);
        let bounded = trial.has(Capability::MaxAckPending);
        CaseResult::Ok(if bounded { config.with_max_ack_pending(2) } else { config })
    };
    let fetched = trial.create_consumer(&stream, config("fetched")?).await?;
    let subscribed = trial.create_consumer(&stream, config("subscribed")?).await?;
    for label in ["a", "b", "a", "b"] {
        trial.publish(label, label).await?;
    }
    let subscription = subscribed.subscribe(1);
    let mut ways = [Way::Fetch(fetched), Way::Subscribe(subscribed, subscription)];
    for way in &mut ways {
        let mut came = Vec::new();
        let mut held = Vec::new();
        // Of each message the first is nakked or left to its ack wait, and then the second likewise.
        for _ in 0..4 {
            let delivery = way.next().await?;
            came.push((delivery.info().stream_sequence, delivery.info().attempt));
            if delivery.info().stream_sequence == 1 {
                delivery.nak().await?;
            } else {
                held.push(delivery);
            }
        }
        came.sort_unstable();
        check_eq!(came, [(1, 1), (1, 2), (3, 1), (3, 2)], "sequences and attempts");
    }
    trial.pass(trial.ack_wait() * 2).await;
    let sentinel = trial.publish("a", "sentinel").await?.sequence;
    for way in &mut ways {
        let delivery = way.next().await?;
        let came = (Some(delivery.info().stream_sequence), delivery.info().attempt);
        check_eq!(came, (sentinel, 1), "what comes when the others have had their attempts");
        delivery.ack().await?;
        way.consumer().eventually("nothing is unsettled any more", |info| info.ack_pending == 0).await?;
        way.consumer().drained();
    }
    Ok(())
}
