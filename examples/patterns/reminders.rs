//! Messages for later, moved and called off: `cargo run -p pubsub-examples --example reminders [URL]`. On a server it takes 2.12
//! or newer.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::time::{Duration, SystemTime};

use futures::StreamExt as _;
use pubsub::{
    Capability, Client, ConsumerConfig, OutboundMessage, Provision, Purge, Result, Schedule, StreamConfig,
    SubscribeOptions,
};

/// Reminds somebody after a time. What is planned for somebody already is replaced.
///
/// The schedule is itself a message of the stream, `remind.plan.NAME`: the last one of its subject counts.
async fn remind(client: &Client, name: &str, after: Duration, what: &str) -> Result<()> {
    let schedule = Schedule::at(SystemTime::now() + after, format!("remind.due.{name}"))?;
    let plan = OutboundMessage::new(format!("remind.plan.{name}"), what.to_owned())?.with_schedule(schedule);
    client.publish_message(plan).await.map(drop)
}

async fn call_off(client: &Client, name: &str) -> Result<()> {
    let plan = Purge::all().with_filter(format!("remind.plan.{name}"))?;
    client.admin()?.purge_stream(&"REMIND".try_into()?, plan).await.map(drop)
}

/// Three reminders, of which one is moved forward and one called off. Returns the others as they came.
pub(crate) async fn run(client: &Client) -> Result<Vec<String>> {
    client.require(&[Capability::Schedules])?;
    let stream = StreamConfig::new("REMIND", ["remind.>"])?.with_allow_schedules();
    client.ensure_stream(stream, Provision::CreateIfMissing).await?;
    let config = ConsumerConfig::durable("postman")?.with_filter("remind.due.*")?;
    let consumer = client.ensure_consumer("REMIND", config, Provision::CreateIfMissing).await?;

    remind(client, "anna", Duration::from_secs(3600), "call the garage").await?;
    remind(client, "ben", Duration::from_secs(2), "water the plants").await?;
    remind(client, "cora", Duration::from_secs(1), "buy milk").await?;
    remind(client, "anna", Duration::from_secs(3), "call the garage now").await?;
    call_off(client, "cora").await?;

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
