//! One event, every service; one that comes late reads what was before: `cargo run -p pubsub-examples --example broadcast [URL]`.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::sync::Arc;

use pubsub::{
    Client, Consumer, ConsumerConfig, DeliverPolicy, FetchOptions, Provision, Result, StreamConfig,
};

/// What a service that begins here would see, at once.
async fn reads(consumer: Arc<dyn Consumer>) -> Result<Vec<String>> {
    let mut seen = Vec::new();
    let mut left = consumer.info().await?.pending;
    while left > 0 {
        for delivery in consumer.fetch(FetchOptions::up_to(100)).await? {
            seen.push(format!("{} {}", delivery.subject(), String::from_utf8_lossy(delivery.payload())));
            left = delivery.info().pending;
            delivery.ack().await?;
        }
    }
    Ok(seen)
}

/// Each durable consumer is one service with a place of its own in the stream. Returns what each of four has seen.
pub(crate) async fn run(client: &Client) -> Result<[Vec<String>; 4]> {
    let prices = StreamConfig::new("PRICE", ["price.*"])?;
    client.ensure_stream(prices, Provision::CreateIfMissing).await?;
    let service =
        |config: ConsumerConfig| client.ensure_consumer("PRICE", config, Provision::CreateIfMissing);
    let display = service(ConsumerConfig::durable("display")?).await?;
    let alerts = service(ConsumerConfig::durable("alerts")?.with_filter("price.tea")?).await?;
    for (subject, price) in [("price.tea", "4"), ("price.rice", "2"), ("price.tea", "5")] {
        client.publish(subject, price).await?;
    }

    // These come late: one reads all that is stored, the other where things stand now.
    let history = service(ConsumerConfig::durable("history")?).await?;
    let latest =
        ConsumerConfig::ephemeral().with_deliver(DeliverPolicy::LastPerSubject).with_filter("price.*")?;
    let latest = service(latest).await?;
    let seen = [reads(display).await?, reads(alerts).await?, reads(history).await?, reads(latest).await?];
    for (name, seen) in ["display", "alerts", "history", "latest"].iter().zip(&seen) {
        println!("{name:8} saw {}", seen.join(", "));
    }
    Ok(seen)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "memory://".to_owned());
    let client = pubsub::connect(&url).await?;
    run(&client).await?;
    client.close().await
}
