//! What is asked for is bounded by bytes, not only by number.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use pubsub_core::{Client, Consumer, ConsumerConfig, Delivery, FetchOptions, Settlement, SubscribeOptions};
use pubsub_nats::{NatsBroker, NatsConfig};

use crate::support::{Bench, eventually, fetch, listen, soon, sync};

const MIB: u64 = 1 << 20;
/// What all but fills a message of a server's default limit.
const LARGE: usize = (1 << 20) - 1_000;

/// Publishes messages of these sizes, each beginning with its number.
async fn publish(bench: &Bench, sizes: impl IntoIterator<Item = usize>) {
    for size in sizes {
        bench.client.publish("ride.n", vec![0; size]).await.unwrap();
    }
}

fn sequences(batch: &[Delivery]) -> Vec<u64> {
    batch.iter().map(|delivery| delivery.info().stream_sequence).collect()
}

#[tokio::test]
async fn a_fetch_ends_before_its_bytes_and_leaves_the_rest() {
    let (bench, consumer) = Bench::with_consumer().await;
    publish(&bench, [LARGE; 10]).await;
    let options = FetchOptions::up_to(100).with_max_bytes(4 * MIB);
    let mut seen = Vec::new();
    for count in [4, 4, 2] {
        let batch = soon(consumer.fetch(options.clone())).await.unwrap();
        assert_eq!(batch.len(), count);
        assert!(batch.iter().all(|delivery| delivery.info().attempt == 1));
        seen.extend(sequences(&batch));
    }
    assert_eq!(seen, (1..=10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_message_that_is_larger_than_a_fetch_takes_comes_alone() {
    let (bench, consumer) = Bench::with_consumer().await;
    publish(&bench, [10, 5_000, 6_000, 10, 10]).await;
    let mut batches = Vec::new();
    for expires in [Duration::ZERO, Duration::from_secs(5), Duration::ZERO, Duration::from_secs(5)] {
        let options = FetchOptions::up_to(10).with_max_bytes(1_000).with_expires(expires);
        batches.push(sequences(&soon(consumer.fetch(options)).await.unwrap()));
    }
    assert_eq!(batches, [vec![1], vec![2], vec![3], vec![4, 5]]);
    // One that waits for the first is there before it.
    let waiting = tokio::spawn({
        let consumer = Arc::clone(&consumer);
        async move { consumer.fetch(FetchOptions::up_to(10).with_max_bytes(1_000)).await }
    });
    eventually("the fetch waits", || async { consumer.info().await.unwrap().waiting == 1 }).await;
    publish(&bench, [5_000]).await;
    assert_eq!(sequences(&soon(waiting).await.unwrap().unwrap()), [6]);
}

/// A server says of a pull with a bound in bytes that it has all its messages, after the last of them: when more may have been
/// asked for already. What then comes belongs to the batch.
#[tokio::test]
async fn a_fetch_that_asks_twice_keeps_what_comes_after_the_end_of_the_first_pull() {
    let bench = Bench::start().await;
    bench.stream().await;
    let config = ConsumerConfig::durable("users").unwrap().with_max_ack_pending(3);
    bench.consumer(config).await;
    let consumer = bench.client.consumer("RIDE", "users").await.unwrap();
    publish(&bench, [10; 7]).await;
    let held = soon(consumer.fetch(FetchOptions::up_to(3))).await.unwrap();
    let foreign = bench.foreign().await;
    let mut pulls = listen(&foreign, "$JS.API.CONSUMER.MSG.NEXT.RIDE.users").await;
    let waiting = tokio::spawn({
        let consumer = Arc::clone(&consumer);
        async move { consumer.fetch(FetchOptions::up_to(20).with_expires(Duration::from_secs(10))).await }
    });
    // Its first request asks for several and is over soon; the second waits for one.
    soon(pulls.next()).await.unwrap();
    soon(pulls.next()).await.unwrap();
    eventually("the fetch waits for one", || async { consumer.info().await.unwrap().waiting == 1 }).await;
    for settled in consumer.settle_many(held, Settlement::ack().confirmed()).await {
        settled.unwrap();
    }
    let mut seen = Vec::new();
    let mut batch = soon(waiting).await.unwrap().unwrap();
    loop {
        assert!(batch.iter().all(|delivery| delivery.info().attempt == 1), "{batch:?}");
        seen.extend(sequences(&batch));
        for settled in consumer.settle_many(batch, Settlement::ack().confirmed()).await {
            settled.unwrap();
        }
        if seen.len() >= 4 {
            break;
        }
        batch = soon(consumer.fetch(FetchOptions::up_to(20))).await.unwrap();
    }
    assert_eq!(seen, [4, 5, 6, 7]);
}

/// The server tells how much it has sent, so this needs no look at the memory: what was not sent is not held.
#[tokio::test]
async fn a_subscription_that_nobody_reads_holds_no_more_than_its_bytes() {
    let bench = Bench::start().await;
    bench.stream().await;
    let broker = Arc::new(NatsBroker::connect(NatsConfig::new(bench.server.url()).unwrap()).await.unwrap());
    let client = Client::new(Arc::clone(&broker) as _);
    bench.consumer(ConsumerConfig::durable("users").unwrap()).await;
    let consumer = client.consumer("RIDE", "users").await.unwrap();
    publish(&bench, [LARGE; 40]).await;
    let options = SubscribeOptions::default().with_buffer(1_000).with_max_bytes(8 * MIB);
    let mut deliveries = Arc::clone(&consumer).subscribe(options);
    let mut taken = Vec::new();
    while taken.len() < 40 {
        let before = broker.statistics().in_bytes;
        let delivery = soon(deliveries.next()).await.unwrap().unwrap();
        assert_eq!(delivery.info().attempt, 1);
        taken.push(delivery.info().stream_sequence);
        // A handler that hangs meanwhile.
        if taken.len().is_multiple_of(10) {
            let unread = consumer.info().await.unwrap().ack_pending;
            assert!(unread * MIB <= 9 * MIB, "{unread} messages of 1 MiB are held");
            let came = broker.statistics().in_bytes - before;
            assert!(came <= 9 * MIB, "{came} bytes came");
        }
        delivery.ack_confirmed().await.unwrap();
    }
    assert_eq!(taken, (1..=40).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_subscription_goes_on_past_what_is_larger_than_its_bytes() {
    let (bench, consumer) = Bench::with_consumer().await;
    let sizes: Vec<_> = (0..60).map(|n| if n % 7 == 3 { 50_000 } else { 10 * n }).collect();
    publish(&bench, sizes.iter().copied()).await;
    let mut deliveries = consumer.subscribe(SubscribeOptions::default().with_max_bytes(2_000));
    for (n, size) in sizes.iter().enumerate() {
        let delivery = soon(deliveries.next()).await.unwrap().unwrap();
        assert_eq!((delivery.payload().len(), delivery.info().attempt), (*size, 1), "{n}");
        delivery.ack().await.unwrap();
    }
    bench.publish(0..1).await;
    assert_eq!(soon(deliveries.next()).await.unwrap().unwrap().info().stream_sequence, 61);
}

/// `max_bytes` of a consumer that another client made: a pull above it would be refused.
#[tokio::test]
async fn a_consumers_own_limit_is_kept() {
    let bench = Bench::start().await;
    bench.stream().await;
    let foreign = bench.foreign().await;
    let config =
        r#"{"stream_name":"RIDE","config":{"durable_name":"few","ack_policy":"explicit","max_bytes":3000}}"#;
    foreign.request("$JS.API.CONSUMER.DURABLE.CREATE.RIDE.few", config.into()).await.unwrap();
    sync(&foreign).await;
    let consumer: Arc<dyn Consumer> = bench.client.consumer("RIDE", "few").await.unwrap();
    publish(&bench, [1_000; 5]).await;
    assert_eq!(fetch(&consumer, 10).await.len(), 2);
    let mut deliveries = consumer.subscribe(SubscribeOptions::default());
    for sequence in 3..=5 {
        let delivery = soon(deliveries.next()).await.unwrap().unwrap();
        assert_eq!(delivery.info().stream_sequence, sequence);
    }
}
