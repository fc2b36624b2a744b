//! A service that bills rides until it is told to end: `cargo run -p pubsub-examples --example billing [URL]`, then
//! Ctrl-C or SIGTERM. It finishes what it has begun, and its exit code says whether it could.

use std::process::ExitCode;

use pubsub_examples::billing::{Completed, bank::Bank, provision, service};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a program for the command line")]
async fn main() -> pubsub::Result<ExitCode> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "memory://".to_owned());
    let client = pubsub::connect(&url).await?;
    provision(&client).await?;
    for (ride, fare_cents) in [("r-1", 1250), ("r-2", 0), ("r-3", 840)] {
        client.publish_json(format!("ride.anna.{ride}.completed"), &Completed { fare_cents }).await?;
    }
    let worker = service(client.clone(), Bank::default())?
        .after_settle(|settled| println!("{}: {:?}", settled.subject, settled.ending));
    let outcome = worker.run_until(pubsub::stop_signal()?).await?;
    println!("{} billed, {} given up", outcome.done, outcome.dead_lettered);
    client.close().await?;
    Ok(outcome.exit_code())
}
