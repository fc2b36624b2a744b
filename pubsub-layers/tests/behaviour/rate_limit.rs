use std::sync::Arc;

use futures::StreamExt as _;
use pubsub_core::{ErrorKind, FetchOptions, OutboundMessage, PublishOptions, Result, SubscribeOptions};
use pubsub_layers::RateLimit;
use tokio::time::Instant;

use crate::bench::{Bench, MILLI, SECOND, messages};

async fn limited(limit: RateLimit) -> Result<Bench> {
    Bench::new(|client| client.with_layer(limit)).await
}

#[tokio::test(start_paused = true)]
async fn publishes_wait_for_their_turn() -> Result<()> {
    let bench = limited(RateLimit::new(10, SECOND).with_burst(1)).await?;
    let began = Instant::now();
    for _ in 0..11 {
        bench.client.publish("ride.n", "x").await?;
    }
    assert_eq!(began.elapsed(), SECOND);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_publish_that_would_wait_too_long_is_refused_at_once() -> Result<()> {
    let bench = limited(RateLimit::new(1, SECOND).with_burst(1)).await?;
    let began = Instant::now();
    bench.client.publish("ride.n", "x").await?;
    let options = PublishOptions::default().with_timeout(MILLI * 500);
    let message = OutboundMessage::new("ride.n", "x")?;
    let error = bench.client.publisher().publish_with(message, options).await.expect_err("too early");
    assert_eq!((error.kind(), error.is_effect_unknown()), (ErrorKind::Overloaded, false));
    assert_eq!(error.context("wait"), Some("1s"));
    assert_eq!((began.elapsed(), bench.stored().await?), (std::time::Duration::ZERO, 1));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_batch_passes_as_a_whole_and_others_wait_for_it() -> Result<()> {
    let bench = limited(RateLimit::new(10, SECOND).with_burst(1)).await?;
    let began = Instant::now();
    for outcome in bench.client.publisher().publish_batch(messages(20), PublishOptions::default()).await {
        outcome?.await?;
    }
    assert_eq!(began.elapsed(), std::time::Duration::ZERO);
    bench.client.publish("ride.n", "x").await?;
    assert_eq!(began.elapsed(), SECOND * 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn fetches_take_no_more_than_the_rate() -> Result<()> {
    let bench = limited(RateLimit::new(10, SECOND).with_burst(5)).await?;
    for message in messages(30) {
        bench.truth.publish_message(message).await?;
    }
    let (began, mut taken) = (Instant::now(), 0);
    while taken < 30 {
        let batch = bench.consumer.fetch(FetchOptions::up_to(30).with_expires(SECOND * 10)).await?;
        assert!(batch.len() <= 5, "no more than a burst at once");
        taken += batch.len();
        for delivery in batch {
            delivery.ack().await?;
        }
    }
    let took = began.elapsed();
    assert!(
        (SECOND * 2..=SECOND * 3).contains(&took),
        "30 messages at 10 a second, 5 of them at once: {took:?}"
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_fetch_without_a_place_is_empty_when_it_expires() -> Result<()> {
    let bench = limited(RateLimit::new(1, SECOND * 60).with_burst(1)).await?;
    for message in messages(2) {
        bench.truth.publish_message(message).await?;
    }
    bench.fetch(1).await?.pop().expect("the first").ack().await?;
    let began = Instant::now();
    assert!(bench.consumer.fetch(FetchOptions::up_to(1).with_expires(SECOND)).await?.is_empty());
    assert_eq!(began.elapsed(), SECOND);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_subscription_takes_no_more_than_the_rate() -> Result<()> {
    let bench = limited(RateLimit::new(10, SECOND).with_burst(1)).await?;
    for message in messages(11) {
        bench.truth.publish_message(message).await?;
    }
    let began = Instant::now();
    let mut deliveries = Arc::clone(&bench.consumer).subscribe(SubscribeOptions::default());
    for _ in 0..11 {
        deliveries.next().await.expect("a delivery")?.ack().await?;
    }
    assert_eq!(began.elapsed(), SECOND);
    Ok(())
}
