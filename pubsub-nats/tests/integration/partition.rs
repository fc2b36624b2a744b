//! A wire that carries nothing for a while, and then all that was written: no connection breaks.

use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _};
use pubsub_core::{FetchOptions, SubscribeOptions};
use pubsub_testkit::fault_proxy::{Direction, FaultProxy};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{Bench, connect, eventually, listen, soon, sync, text};

const PULLS: &str = "$JS.API.CONSUMER.MSG.NEXT.RIDE.users";

/// Requests that are made meanwhile would all reach the server afterwards, and take messages that nobody waits for.
#[tokio::test]
async fn a_subscription_asks_for_nothing_again_while_nothing_passes() {
    let (bench, direct) = Bench::with_consumer().await;
    let proxy = FaultProxy::in_front_of(&bench.server).await.unwrap();
    let client = connect(&proxy.url()).await.unwrap();
    let consumer = client.consumer("RIDE", "users").await.unwrap();
    let mut deliveries = consumer.subscribe(SubscribeOptions::default());
    let (sender, mut received) = mpsc::unbounded_channel();
    let reading = tokio::spawn(async move {
        while let Some(Ok(delivery)) = deliveries.next().await {
            let _ = sender.send(delivery);
        }
    });
    eventually("it waits", || async { direct.info().await.unwrap().waiting == 1 }).await;
    let foreign = bench.foreign().await;
    let mut pulls = listen(&foreign, PULLS).await;
    proxy.black_hole(Direction::Both);
    // Two heartbeats are missed after 4 s.
    sleep(Duration::from_millis(6_500)).await;
    proxy.resume();
    bench.publish(0..20).await;
    for n in 0..20 {
        let delivery = soon(received.recv()).await.unwrap();
        assert_eq!((text(&delivery), delivery.info().attempt), (n.to_string(), 1));
        delivery.ack().await.unwrap();
    }
    sync(&foreign).await;
    let asked = pulls.next().now_or_never().flatten();
    assert!(asked.is_none(), "it was asked again: {asked:?}");
    reading.abort();
}

/// A server that is reached but has forgotten a request is asked again.
#[tokio::test]
async fn a_fetch_that_meets_silence_is_told_and_the_next_ones_ask_for_nothing() {
    let (bench, direct) = Bench::with_consumer().await;
    let proxy = FaultProxy::in_front_of(&bench.server).await.unwrap();
    let client = connect(&proxy.url()).await.unwrap();
    let consumer = client.consumer("RIDE", "users").await.unwrap();
    let brief = || FetchOptions::up_to(10).with_expires(Duration::from_millis(200));
    assert!(consumer.fetch(brief()).await.unwrap().is_empty());
    proxy.black_hole(Direction::Both);
    let foreign = bench.foreign().await;
    let mut pulls = listen(&foreign, PULLS).await;
    // The first may find out no sooner than that nothing comes.
    let _ = soon(consumer.fetch(brief())).await;
    let started = Instant::now();
    for _ in 0..5 {
        let told = soon(consumer.fetch(brief())).await.unwrap_err();
        assert_eq!(told.kind(), pubsub_core::ErrorKind::Timeout, "{told}");
    }
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    proxy.resume();
    eventually("no request waits", || async { direct.info().await.unwrap().waiting == 0 }).await;
    bench.publish(0..10).await;
    let mut got = 0;
    while got < 10 {
        for delivery in soon(consumer.fetch(FetchOptions::up_to(10))).await.unwrap() {
            assert_eq!(delivery.info().attempt, 1);
            delivery.ack().await.unwrap();
            got += 1;
        }
    }
    // At most those of the first one, and of the last.
    sync(&foreign).await;
    let mut asked = 0;
    while let Ok(Some(_)) = timeout(Duration::from_millis(20), pulls.next()).await {
        asked += 1;
    }
    assert!(asked <= 6, "{asked} requests");
    drop(Arc::clone(&consumer));
}
