//! Messages for later, moved and called off: `cargo run -p pubsub-examples --example reminders [URL]`. On a server it takes 2.12
//! or newer.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::time::Duration;

use futures::StreamExt as _;
use pubsub::{
    Client, ConsumerConfig, OutboundMessage, Provision, Result, Schedules, StreamConfig, SubscribeOptions,
};

/// Reminds somebody after a time. What is planned for somebody already is replaced.
async fn remind(reminders: &Schedules, name: &str, after: Duration, what: &str) -> Result<()> {
    let message = OutboundMessage::new(format!("remind.due.{name}"), what.to_owned())?;
    reminders.publish_after(name, after, message).await.map(drop)
}

/// Three reminders, of which one is moved forward and one called off. Returns the others as they came.
pub(crate) async fn run(client: &Client) -> Result<Vec<String>> {
    let stream = StreamConfig::new("REMIND", ["remind.>"])?.with_allow_schedules();
    client.ensure_stream(stream, Provision::CreateIfMissing).await?;
    let config = ConsumerConfig::durable("postman")?.with_filter("remind.due.*")?;
    let consumer = client.ensure_consumer("REMIND", config, Provision::CreateIfMissing).await?;

    let reminders = Schedules::open(client.clone(), "REMIND", "remind.plan").await?;
    remind(&reminders, "anna", Duration::from_secs(3600), "call the garage").await?;
    remind(&reminders, "ben", Duration::from_secs(2), "water the plants").await?;
    remind(&reminders, "cora", Duration::from_secs(60), "buy milk").await?;
    reminders.move_after("anna", Duration::from_secs(4)).await?;
    reminders.cancel("cora").await?;

    let mut came = Vec::new();
    let mut due = consumer.subscribe(SubscribeOptions::default()).take(2);
    while let Some(delivery) = due.next().await {
        let delivery = delivery?;
        let what = String::from_utf8_lossy(delivery.payload()).into_owned();
        println!("{}: {what}", delivery.subject());
        came.push(what);
        delivery.ack().await?;
    }
    Ok(came)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "memory://".to_owned());
    let client = pubsub::connect(&url).await?;
    run(&client).await?;
    client.close().await
}
