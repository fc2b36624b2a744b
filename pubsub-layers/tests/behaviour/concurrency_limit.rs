use std::sync::Arc;

use futures::{FutureExt as _, StreamExt as _};
use pubsub_core::{ErrorKind, FetchOptions, OutboundMessage, PublishOptions, Result, SubscribeOptions};
use pubsub_layers::ConcurrencyLimit;
use pubsub_testkit::fault_layer::{FaultLayer, PublishFault, When};
use tokio::time::Instant;

use crate::bench::{Bench, SECOND, messages};

/// Each publish takes a second.
async fn slow(limit: &ConcurrencyLimit) -> Result<Bench> {
    let faults = FaultLayer::from_seed(1).on_publish(When::always(), PublishFault::Delay(SECOND));
    Bench::new(|client| client.with_layer(faults).with_layer(limit.clone())).await
}

#[tokio::test(start_paused = true)]
async fn so_many_are_published_at_once() -> Result<()> {
    let limit = ConcurrencyLimit::new(2);
    let (bench, began) = (slow(&limit).await?, Instant::now());
    let publishes = (0..6).map(|_| bench.client.publish("ride.n", "x"));
    for outcome in futures::future::join_all(publishes).await {
        outcome?;
    }
    assert_eq!(began.elapsed(), SECOND * 3);
    assert_eq!(limit.publishes(), 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_publish_without_a_place_is_refused_unsent() -> Result<()> {
    let limit = ConcurrencyLimit::new(1);
    let bench = slow(&limit).await?;
    let publisher = bench.client.publisher();
    let options = PublishOptions::default().with_timeout(SECOND / 2);
    let (first, second) = futures::join!(bench.client.publish("ride.n", "x"), async {
        publisher.publish_with(OutboundMessage::new("ride.n", "y")?, options).await
    });
    first?;
    let error = second.expect_err("there was no place");
    assert_eq!((error.kind(), error.is_effect_unknown()), (ErrorKind::Overloaded, false));
    assert_eq!(bench.stored().await?, 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn receipts_that_nobody_waits_for_hold_no_place() -> Result<()> {
    let limit = ConcurrencyLimit::new(1);
    let bench = Bench::new(|client| client.with_layer(limit)).await?;
    let publisher = bench.client.publisher();
    let mut receipts = Vec::new();
    for message in messages(5) {
        receipts.push(publisher.publish_with(message, PublishOptions::default()).await?);
    }
    assert_eq!(bench.stored().await?, 5);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_larger_than_the_limit_takes_all_places() -> Result<()> {
    let limit = ConcurrencyLimit::new(2);
    let bench = Bench::new(|client| client.with_layer(limit.clone())).await?;
    for outcome in bench.client.publisher().publish_batch(messages(5), PublishOptions::default()).await {
        outcome?.await?;
    }
    assert_eq!((bench.stored().await?, limit.publishes()), (5, 0));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn so_many_deliveries_are_held_at_once() -> Result<()> {
    let bench = Bench::new(|client| client.with_layer(ConcurrencyLimit::new(2))).await?;
    for message in messages(5) {
        bench.truth.publish_message(message).await?;
    }
    let mut held = bench.fetch(5).await?;
    assert_eq!(held.len(), 2);
    assert!(bench.fetch(5).await?.is_empty());
    held.pop().expect("two are held").ack().await?;
    drop(held);
    assert_eq!(bench.fetch(5).await?.len(), 2, "what was dropped frees its place");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_fetch_waits_for_a_place() -> Result<()> {
    let bench = Bench::new(|client| client.with_layer(ConcurrencyLimit::new(1))).await?;
    for message in messages(2) {
        bench.truth.publish_message(message).await?;
    }
    let held = bench.fetch(1).await?.pop().expect("the first");
    let later = async {
        tokio::time::sleep(SECOND).await;
        held.ack().await
    };
    let options = FetchOptions::up_to(1).with_expires(SECOND * 5);
    let (acked, batch) = futures::join!(later, bench.consumer.fetch(options));
    acked?;
    assert_eq!(batch?.len(), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_subscription_waits_for_a_place() -> Result<()> {
    let bench = Bench::new(|client| client.with_layer(ConcurrencyLimit::new(1))).await?;
    for message in messages(2) {
        bench.truth.publish_message(message).await?;
    }
    let mut deliveries = Arc::clone(&bench.consumer).subscribe(SubscribeOptions::default());
    let first = deliveries.next().await.expect("the first")?;
    assert!(tokio::time::timeout(SECOND, deliveries.next()).await.is_err());
    first.ack().await?;
    assert!(tokio::time::timeout(SECOND, deliveries.next()).await.is_ok());
    assert!(deliveries.next().now_or_never().is_none());
    Ok(())
}
