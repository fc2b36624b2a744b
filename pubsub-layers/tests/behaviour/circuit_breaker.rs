use std::sync::{Arc, Mutex, PoisonError};

use pubsub_core::{ErrorKind, FetchOptions, Health, HealthState, PublishOptions, Result, Retry as Again};
use pubsub_layers::{CircuitBreaker, CircuitState, Retry};
use pubsub_testkit::fault_layer::{FaultLayer, PublishFault, When};
use tokio::time::{Instant, advance};

use crate::bench::{Bench, SECOND, messages};

fn breaker() -> CircuitBreaker {
    CircuitBreaker::new("broker").with_failures(2).with_open_for(SECOND * 10).with_open_at_most(SECOND * 15)
}

fn failing(first: u64) -> FaultLayer {
    FaultLayer::from_seed(1).on_publish(When::first(first), PublishFault::Fail(ErrorKind::Unavailable))
}

async fn behind(breaker: &CircuitBreaker, faults: FaultLayer) -> Result<Bench> {
    Bench::new(|client| client.with_layer(faults).with_layer(breaker.clone())).await
}

async fn opened(faults: u64) -> Result<(Bench, CircuitBreaker)> {
    let breaker = breaker();
    let bench = behind(&breaker, failing(faults)).await?;
    for _ in 0..2 {
        bench.client.publish("ride.n", "x").await.expect_err("it fails");
    }
    assert_eq!(breaker.state(), CircuitState::Open { remaining: SECOND * 10 });
    Ok((bench, breaker))
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_refuses_at_once_and_says_until_when() -> Result<()> {
    let (bench, breaker) = opened(2).await?;
    let error = bench.client.publish("ride.n", "x").await.expect_err("the circuit is open");
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Again::Exhausted));
    assert_eq!((error.context("circuit"), error.context("retry_after")), (Some("broker"), Some("10s")));
    assert!(!error.is_effect_unknown());
    let health = breaker.report(Health::healthy());
    assert_eq!((health.state, health.reasons.len()), (HealthState::Degraded, 1));
    assert!(health.reasons[0].contains("`broker` is open"), "{health:?}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn it_refuses_fetches_and_administration_too() -> Result<()> {
    let (bench, _) = opened(2).await?;
    let fetched = bench.consumer.fetch(FetchOptions::up_to(1)).await;
    assert_eq!(fetched.expect_err("open").context("circuit"), Some("broker"));
    let listed = bench.client.admin()?.list_streams().await;
    assert_eq!(listed.expect_err("open").operation(), Some("list streams"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_succeeds_closes_it() -> Result<()> {
    let (bench, breaker) = opened(2).await?;
    advance(SECOND * 10).await;
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    bench.client.publish("ride.n", "x").await?;
    assert_eq!(breaker.state(), CircuitState::Closed);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_opens_it_for_longer() -> Result<()> {
    let (bench, breaker) = opened(3).await?;
    advance(SECOND * 10).await;
    bench.client.publish("ride.n", "x").await.expect_err("the probe fails");
    assert_eq!(breaker.state(), CircuitState::Open { remaining: SECOND * 15 });
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_by_a_broker_that_answers_is_no_failure() -> Result<()> {
    let breaker = breaker();
    let bench = behind(&breaker, failing(0)).await?;
    for _ in 0..5 {
        bench.client.publish("nowhere", "x").await.expect_err("no stream takes it");
    }
    assert_eq!(breaker.state(), CircuitState::Closed);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_counts_can_be_said() -> Result<()> {
    let breaker = breaker().counting(|error| error.kind() == ErrorKind::NotFound);
    let bench = behind(&breaker, failing(0)).await?;
    for _ in 0..2 {
        bench.client.publish("nowhere", "x").await.expect_err("no stream takes it");
    }
    assert!(matches!(breaker.state(), CircuitState::Open { .. }));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_message_of_a_batch_counts_and_each_is_refused() -> Result<()> {
    let breaker = breaker();
    let bench = behind(&breaker, failing(3)).await?;
    let publisher = bench.client.publisher();
    let outcomes = publisher.publish_batch(messages(3), PublishOptions::default()).await;
    assert!(outcomes.iter().all(std::result::Result::is_err));
    assert!(matches!(breaker.state(), CircuitState::Open { .. }));
    let outcomes = publisher.publish_batch(messages(3), PublishOptions::default()).await;
    let refused: Vec<_> = outcomes.into_iter().map(|outcome| outcome.expect_err("open")).collect();
    assert!(refused.iter().all(|error| error.context("circuit") == Some("broker")));
    assert_eq!(refused.len(), 3);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_fallback_takes_what_an_open_circuit_refuses() -> Result<()> {
    let elsewhere = Bench::new(|client| client).await?;
    let breaker = breaker().with_fallback(elsewhere.truth.publisher());
    let bench = behind(&breaker, failing(u64::MAX)).await?;
    for _ in 0..2 {
        bench.client.publish("ride.n", "x").await.expect_err("it fails while it is closed");
    }
    bench.client.publish("ride.n", "x").await?;
    for outcome in bench.client.publisher().publish_batch(messages(2), PublishOptions::default()).await {
        outcome?.await?;
    }
    bench.client.publisher().publish_atomic(messages(2), PublishOptions::default()).await?;
    assert_eq!((bench.stored().await?, elsewhere.stored().await?), (0, 5));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn changes_are_told() -> Result<()> {
    let told: Arc<Mutex<Vec<&'static str>>> = Arc::default();
    let log = Arc::clone(&told);
    let breaker = breaker().on_change(move |name, state| {
        assert_eq!(name, "broker");
        log.lock().unwrap_or_else(PoisonError::into_inner).push(state.as_str());
    });
    let bench = behind(&breaker, failing(2)).await?;
    for _ in 0..2 {
        bench.client.publish("ride.n", "x").await.expect_err("it fails");
    }
    advance(SECOND * 10).await;
    bench.client.publish("ride.n", "x").await?;
    assert_eq!(*told.lock().unwrap_or_else(PoisonError::into_inner), ["open", "closed"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_retry_outside_of_it_ends_when_it_opens() -> Result<()> {
    let (breaker, began) = (breaker(), Instant::now());
    let bench = Bench::new(|client| {
        client
            .with_layer(failing(u64::MAX))
            .with_layer(breaker.clone())
            .with_layer(Retry::within(SECOND * 60))
    })
    .await?;
    let error = bench.client.publish("ride.n", "x").await.expect_err("it always fails");
    assert_eq!(error.context("circuit"), Some("broker"));
    assert!(began.elapsed() < SECOND * 2);
    Ok(())
}
