//! The circuit breaker around handlers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use pubsub_core::worker::{Binding, Failure, RetryPolicy, Router, Worker};
use pubsub_core::{Client, ConsumerConfig, Result};
use pubsub_layers::{CircuitBreaker, CircuitState};
use pubsub_testkit::TestApp;

use crate::bench::{Bench, SECOND};

/// A bank that is down at first.
#[derive(Debug, Default)]
struct Bank {
    is_up: AtomicBool,
    asked: AtomicU32,
}

async fn app(bank: &Arc<Bank>, breaker: &CircuitBreaker) -> Result<TestApp> {
    let bench = Bench::new(|client| client).await?;
    let (bank, breaker) = (Arc::clone(bank), breaker.clone());
    TestApp::start(bench.truth, |client: Client| {
        let handle = move |payload: bytes::Bytes| {
            let bank = Arc::clone(&bank);
            async move {
                if payload == "bad" {
                    return Err(Failure::reject("bad"));
                }
                bank.asked.fetch_add(1, Ordering::Relaxed);
                if bank.is_up.load(Ordering::Relaxed) {
                    Ok(())
                } else {
                    Err(Failure::retry("the bank is down"))
                }
            }
        };
        let router = Router::new().route("ride.>", handle)?.layer(breaker);
        let binding = Binding::new("RIDE", ConsumerConfig::durable("billing")?, router)?
            .with_concurrency(1)
            .with_retry(RetryPolicy::default().with_attempts(3).without_jitter())
            .discard_dead_letters();
        Ok(Worker::new(client).bind(binding))
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn while_the_circuit_is_open_messages_wait_and_lose_no_attempt() -> Result<()> {
    let (bank, breaker) =
        (Arc::default(), CircuitBreaker::new("bank").with_failures(2).with_open_for(SECOND * 600));
    let app = app(&bank, &breaker).await?.with_patience(SECOND * 7200);
    for _ in 0..5 {
        app.client().publish("ride.n", "x").await?;
    }
    while !matches!(breaker.state(), CircuitState::Open { .. }) {
        tokio::time::sleep(SECOND).await;
    }
    tokio::time::sleep(SECOND * 60).await;
    assert_eq!(bank.asked.load(Ordering::Relaxed), 2, "nobody asks a bank that is down");

    bank.is_up.store(true, Ordering::Relaxed);
    app.advance(SECOND * 600).await?;
    assert_eq!(breaker.state(), CircuitState::Closed);
    assert_eq!(bank.asked.load(Ordering::Relaxed), 7, "two that failed, and five that did not");
    app.handled("ride.n").done().times(5);
    assert_eq!(app.stop().await?.discarded, 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_is_rejected_is_the_messages_fault() -> Result<()> {
    let (bank, breaker) = (Arc::default(), CircuitBreaker::new("bank").with_failures(1));
    let app = app(&bank, &breaker).await?;
    app.publish("ride.n", "bad").await?;
    assert_eq!(breaker.state(), CircuitState::Closed);
    app.stop().await?.into_result().map(drop)?;
    Ok(())
}
