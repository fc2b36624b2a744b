use pubsub_core::{
    Capability, ErrorKind, Expectations, OutboundMessage, PublishOptions, Result, Retry as Again,
};
use pubsub_layers::Retry;
use pubsub_testkit::fault_layer::{FaultLayer, PublishFault, When};
use tokio::time::Instant;

use crate::bench::{Bench, MILLI, SECOND, WithoutRetry, messages};

async fn retried(faults: FaultLayer) -> Result<Bench> {
    let retry = Retry::within(SECOND * 10).with_first_delay(MILLI * 100).with_max_delay(SECOND);
    Bench::new(|client| client.with_layer(WithoutRetry).with_layer(faults).with_layer(retry)).await
}

fn failing(first: u64, kind: ErrorKind) -> FaultLayer {
    FaultLayer::from_seed(1).on_publish(When::first(first), PublishFault::Fail(kind))
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again_until_it_passes() -> Result<()> {
    let (bench, began) = (retried(failing(3, ErrorKind::Unavailable)).await?, Instant::now());
    bench.client.publish("ride.n", "x").await?;
    assert_eq!(bench.stored().await?, 1);
    let waited = began.elapsed();
    assert!((MILLI * 700..=MILLI * 1400).contains(&waited), "three delays that double: {waited:?}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_budget_ends_it_and_the_error_says_so() -> Result<()> {
    let (bench, began) = (retried(failing(u64::MAX, ErrorKind::Unavailable)).await?, Instant::now());
    let error = bench.client.publish("ride.n", "x").await.expect_err("it always fails");
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Again::Exhausted));
    assert_eq!(error.context("budget"), Some("10s"));
    assert!(error.context("attempts").and_then(|attempts| attempts.parse::<u32>().ok()) > Some(5));
    assert!(began.elapsed() <= SECOND * 10);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_publishes_own_timeout_shortens_the_budget() -> Result<()> {
    let (bench, began) = (retried(failing(u64::MAX, ErrorKind::Unavailable)).await?, Instant::now());
    let options = PublishOptions::default().with_timeout(SECOND);
    let message = OutboundMessage::new("ride.n", "x")?;
    bench.client.publisher().publish_with(message, options).await.expect_err("it always fails");
    assert!(began.elapsed() <= SECOND);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_cannot_pass_is_not_tried_again() -> Result<()> {
    let (bench, began) = (retried(FaultLayer::from_seed(1)).await?, Instant::now());
    let message =
        OutboundMessage::new("ride.n", "x")?.with_expectations(Expectations::none().with_last_sequence(7));
    let error = bench.client.publish_message(message).await.expect_err("the stream is empty");
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Conflict, Again::Never));
    assert!(began.elapsed() < MILLI * 100, "{:?}", began.elapsed());
    Ok(())
}

/// A stream without a leader looks like no stream, and has one again within seconds.
#[tokio::test(start_paused = true)]
async fn a_subject_that_no_stream_takes_is_given_up_sooner() -> Result<()> {
    let retry = Retry::within(SECOND * 60);
    let (bench, began) = (Bench::new(|client| client.with_layer(retry)).await?, Instant::now());
    let error = bench.client.publish("nowhere", "x").await.expect_err("no stream takes it");
    assert_eq!((error.kind(), error.retry()), (ErrorKind::NotFound, Again::Exhausted));
    assert!((SECOND..=SECOND * 10).contains(&began.elapsed()), "{:?}", began.elapsed());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_publish_that_may_be_stored_is_stored_once() -> Result<()> {
    for fault in [PublishFault::UnknownStored, PublishFault::UnknownNotStored] {
        let bench = retried(FaultLayer::from_seed(1).on_publish(When::first(2), fault)).await?;
        bench.client.require(&[Capability::PublishRetry])?;
        bench.client.publish("ride.n", "x").await?;
        assert_eq!(bench.stored().await?, 1, "{fault:?}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_publish_that_asks_for_it_is_not_repeated() -> Result<()> {
    let faults = FaultLayer::from_seed(1).on_publish(When::first(1), PublishFault::UnknownNotStored);
    let bench = retried(faults).await?;
    let options = PublishOptions::default().with_retry(false);
    let pending =
        bench.client.publisher().publish_with(OutboundMessage::new("ride.n", "x")?, options).await?;
    assert!(pending.await.expect_err("it is unknown").is_effect_unknown());
    assert_eq!(bench.stored().await?, 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_repeats_itself_is_the_one_that_does() -> Result<()> {
    let faults = FaultLayer::from_seed(1).on_publish(When::first(1), PublishFault::UnknownNotStored);
    let bench = Bench::new(|client| client.with_layer(faults).with_layer(Retry::within(SECOND * 10))).await?;
    let error = bench.client.publish("ride.n", "x").await.expect_err("memory says that it does it");
    assert!(error.is_effect_unknown());
    assert_eq!(bench.stored().await?, 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_message_of_a_batch_is_tried_again() -> Result<()> {
    let faults = failing(2, ErrorKind::Overloaded).on_publish(When::nth(4), PublishFault::UnknownStored);
    let bench = retried(faults).await?;
    for outcome in bench.client.publisher().publish_batch(messages(5), PublishOptions::default()).await {
        outcome?.await?;
    }
    assert_eq!(bench.stored().await?, 5);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_atomic_batch_is_tried_again_if_it_was_certainly_not_stored() -> Result<()> {
    let bench = retried(failing(2, ErrorKind::Unavailable)).await?;
    let receipt = bench.client.publisher().publish_atomic(messages(3), PublishOptions::default()).await?;
    assert_eq!((receipt.messages, bench.stored().await?), (3, 3));
    Ok(())
}
