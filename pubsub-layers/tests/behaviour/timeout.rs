use pubsub_core::{ErrorKind, FetchOptions, PublishOptions, Result, Settlement};
use pubsub_layers::Timeout;
use pubsub_testkit::fault_layer::{FaultLayer, FetchFault, PublishFault, SettleFault, When};
use tokio::time::Instant;

use crate::bench::{Bench, SECOND, messages};

/// Slower than any limit here.
fn slow() -> FaultLayer {
    FaultLayer::from_seed(1)
        .on_publish(When::always(), PublishFault::Delay(SECOND * 60))
        .on_fetch(When::always(), FetchFault::Delay(SECOND * 60))
        .on_settle(When::always(), SettleFault::Delay(SECOND * 60))
}

async fn limited(limit: u32) -> Result<Bench> {
    Bench::new(|client| client.with_layer(slow()).with_layer(Timeout::new(SECOND * limit))).await
}

#[tokio::test(start_paused = true)]
async fn a_publish_that_takes_too_long_ends_with_an_unknown_effect() -> Result<()> {
    let (bench, began) = (limited(2).await?, Instant::now());
    let error = bench.client.publish("ride.n", "x").await.expect_err("it takes a minute");
    assert_eq!((error.kind(), error.is_effect_unknown()), (ErrorKind::Timeout, true));
    assert_eq!(error.context("limit"), Some("2s"));
    assert_eq!(began.elapsed(), SECOND * 3, "the limit, and a second for the backend");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_message_of_a_batch_has_the_error() -> Result<()> {
    let bench = limited(2).await?;
    let outcomes = bench.client.publisher().publish_batch(messages(3), PublishOptions::default()).await;
    let kinds: Vec<_> = outcomes.into_iter().map(|outcome| outcome.expect_err("too slow").kind()).collect();
    assert_eq!(kinds, [ErrorKind::Timeout; 3]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_fetch_has_its_own_time_on_top() -> Result<()> {
    let (bench, began) = (limited(2).await?, Instant::now());
    let options = FetchOptions::up_to(1).with_expires(SECOND * 10);
    assert_eq!(bench.consumer.fetch(options).await.expect_err("too slow").kind(), ErrorKind::Timeout);
    assert_eq!(began.elapsed(), SECOND * 13);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_settlement_that_takes_too_long_ends_with_an_unknown_effect() -> Result<()> {
    let faults = FaultLayer::from_seed(1).on_settle(When::always(), SettleFault::Delay(SECOND * 60));
    let bench = Bench::new(|client| client.with_layer(faults).with_layer(Timeout::new(SECOND))).await?;
    bench.truth.publish("ride.n", "x").await?;
    let delivery = bench.fetch(1).await?.pop().expect("a delivery");
    let error = delivery.settle(Settlement::ack().confirmed()).await.expect_err("too slow");
    assert_eq!((error.kind(), error.is_effect_unknown()), (ErrorKind::Timeout, true));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_is_in_time_passes() -> Result<()> {
    let bench = limited(120).await?;
    bench.client.publish("ride.n", "x").await?;
    let options = FetchOptions::up_to(1).with_expires(SECOND);
    bench.consumer.fetch(options).await?.pop().expect("a delivery").ack().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn no_limit_is_too_long() -> Result<()> {
    let forever = std::time::Duration::MAX;
    let bench = Bench::new(|client| client.with_layer(Timeout::new(forever))).await?;
    bench.client.publish("ride.n", "x").await?;
    assert_eq!(bench.fetch(1).await?.len(), 1);
    Ok(())
}
