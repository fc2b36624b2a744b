//! In order for each customer, side by side for different ones: `cargo run -p pubsub-examples --example ordered_by_customer [URL]`.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pubsub::worker::{
    Attempt, Binding, DeadLetters, Failure, KeyBy, Path, RetryPolicy, Router, State, Worker, WorkerHandle,
};
use pubsub::{Client, ConsumerConfig, Provision, Result, StreamConfig};

/// What was done, in order.
type Done = Arc<Mutex<Vec<String>>>;

/// How many orders there are; the last one ends the program.
const ORDERS: usize = 5;

async fn place(
    Path((customer, order)): Path<(String, String)>,
    Attempt(attempt): Attempt,
    State(done): State<Done>,
    worker: WorkerHandle,
) -> Result<(), Failure> {
    if (customer.as_str(), order.as_str(), attempt) == ("anna", "1", 1) {
        println!("anna's first order has to wait, and so has her second; ben's have not");
        return Err(Failure::retry("the stock is being counted"));
    }
    println!("{customer} ordered {order}");
    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
    done.push(format!("{customer}.{order}"));
    if done.len() == ORDERS {
        worker.stop();
    }
    Ok(())
}

/// Returns the orders as they were done.
pub(crate) async fn run(client: &Client) -> Result<Vec<String>> {
    client.ensure_stream(StreamConfig::new("ORDER", ["order.>"])?, Provision::CreateIfMissing).await?;
    for order in ["anna.1", "ben.1", "anna.2", "ben.2", "anna.3"] {
        client.publish(format!("order.{order}"), "").await?;
    }
    let done = Done::default();
    let router = Router::new().route("order.{customer}.{order}", place)?.with_state(Arc::clone(&done));
    let orders = Binding::new("ORDER", ConsumerConfig::durable("shop")?, router)?
        .with_key(KeyBy::token(1)) // the customer
        .with_retry(RetryPolicy::default().with_first_delay(Duration::from_millis(200)))
        .with_dead_letters(DeadLetters::in_stream("DEAD_LETTERS")?);
    Worker::new(client.clone()).bind(orders).run().await?.into_result().map(drop)?;
    let done = done.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(done)
}

#[tokio::main]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "memory://".to_owned());
    let client = pubsub::connect(&url).await?;
    run(&client).await?;
    client.close().await
}
