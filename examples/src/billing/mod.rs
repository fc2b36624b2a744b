//! A service of one worker: bills completed rides, in order for each customer; what it gives up can be redriven.

use std::time::Duration;

use pubsub::worker::{
    Attempt, Binding, DeadLetters, Failure, Inbox, Json, KeyBy, MemoryInbox, Path, RetryPolicy, Router,
    State, Timeout, Traced, Worker,
};
use pubsub::{Client, ConsumerConfig, OutboundMessage, Provision, Result, StreamConfig};
use serde::{Deserialize, Serialize};

use bank::Bank;

pub mod bank;

/// What a driver's app publishes to `ride.CUSTOMER.RIDE.completed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Completed {
    /// What is to be paid.
    pub fare_cents: u32,
}

/// What this service publishes to `ride.CUSTOMER.RIDE.billed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Billed {
    /// What was paid.
    pub cents: u32,
    /// How often it took to ask the bank.
    pub attempts: u64,
}

/// Asks the bank; what is returned is stored before the ride is acknowledged.
async fn completed(
    Path((customer, ride)): Path<(String, String)>,
    Json(Completed { fare_cents }): Json<Completed>,
    Attempt(attempts): Attempt,
    State(bank): State<Bank>,
) -> Result<OutboundMessage, Failure> {
    if fare_cents == 0 {
        return Err(Failure::reject("a ride for nothing"));
    }
    bank.debit(&customer, fare_cents).await?; // an error is a retry
    let billed = Billed { cents: fare_cents, attempts };
    Ok(OutboundMessage::json(format!("ride.{customer}.{ride}.billed"), &billed)?)
}

/// Where rides are given up to.
///
/// # Errors
/// None, unless the name is changed to one that is not legal.
pub fn dead_letters() -> Result<DeadLetters> {
    DeadLetters::in_stream("DEAD_LETTERS")
}

/// Makes sure of the stream.
///
/// # Errors
/// As [`Client::ensure_stream`].
///
/// # Cancel safety
/// Dropped before completion, the stream is there or not.
pub async fn provision(client: &Client) -> Result<()> {
    let rides = StreamConfig::new("RIDE", ["ride.>"])?;
    client.ensure_stream(rides, Provision::CreateIfMissing).await.map(drop)
}

/// The service.
///
/// # Errors
/// None, unless a name, a pattern or a number below is changed to one that is not legal.
pub fn service(client: Client, bank: Bank) -> Result<Worker> {
    let rides = Router::new()
        .route("{customer}.{ride}.completed", completed)?
        .layer(Timeout(Duration::from_secs(10)))
        .layer(Inbox::new(MemoryInbox::new(Duration::from_secs(600))))
        .layer(Traced)
        .with_state(bank);
    let retry = RetryPolicy::default().with_attempts(5).with_max_delay(Duration::from_secs(60));
    let billing =
        Binding::new("RIDE", ConsumerConfig::durable("billing")?, Router::new().nest("ride", rides)?)?
            .with_concurrency(32)
            .with_key(KeyBy::token(1)) // the customer
            .with_retry(retry)
            .with_dead_letters(dead_letters()?);
    Ok(Worker::new(client).bind(billing).with_drain(Duration::from_secs(20)))
}
