//! From plain NATS to messages that are not lost, one step at a time: `cargo run -p pubsub-examples --example from_plain_nats
//! [URL]`.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use futures::StreamExt as _;
use pubsub::{
    Client, ConsumerConfig, CoreSubscribeOptions, OutboundMessage, Provision, Result, StreamConfig,
    SubjectFilter, SubscribeOptions,
};

/// Step 0, as it was: whoever does not listen when it is said never hears of it.
async fn plain(client: &Client) -> Result<String> {
    let core = client.core()?; // async-nats: the client itself
    core.publish(OutboundMessage::new("ride.r-1.pickup", "lost: nobody listens yet")?).await?;
    let filter = SubjectFilter::new("ride.*.pickup")?;
    let mut listener = core.subscribe(filter, CoreSubscribeOptions::default()).await?;
    core.publish(OutboundMessage::new("ride.r-2.pickup", "r-2")?).await?;
    match listener.next().await {
        Some(message) => Ok(String::from_utf8_lossy(&message?.payload).into_owned()),
        None => Ok("closed".to_owned()),
    }
}

/// Step 1: a stream over the same subjects. Nothing else changes: those who publish plainly are heard by those who
/// listen plainly, and by the stream.
async fn with_a_stream(client: &Client) -> Result<u64> {
    let stream =
        client.ensure_stream(StreamConfig::new("RIDE", ["ride.>"])?, Provision::CreateIfMissing).await?;
    let core = client.core()?;
    core.publish(OutboundMessage::new("ride.r-3.pickup", "r-3")?).await?;
    core.flush().await?;
    Ok(stream.messages)
}

/// Step 2: listeners become consumers, one by one. Each has a place in the stream that outlives it, and says when it is
/// done with a message.
async fn with_a_consumer(client: &Client) -> Result<Vec<String>> {
    let config = ConsumerConfig::durable("dispatch")?.with_filter("ride.*.pickup")?;
    let dispatch = client.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await?;
    // Step 3: publishers ask for a receipt, and give an id that is stored once.
    let message = OutboundMessage::new("ride.r-4.pickup", "r-4")?.with_id("pickup-r-4")?;
    let receipt = client.publish_message(message).await?;
    println!("now a publisher knows: stored in {} as {:?}", receipt.stream, receipt.sequence);

    let mut came = Vec::new();
    let mut deliveries = dispatch.subscribe(SubscribeOptions::default()).take(2);
    while let Some(delivery) = deliveries.next().await {
        let delivery = delivery?;
        came.push(String::from_utf8_lossy(delivery.payload()).into_owned());
        delivery.ack().await?; // without it, it comes again
    }
    Ok(came)
}

/// Returns what a consumer got of what was published before it was there, and after.
pub(crate) async fn run(client: &Client) -> Result<Vec<String>> {
    println!("plain: heard {}", plain(client).await?);
    println!("the stream began with {} messages", with_a_stream(client).await?);
    let came = with_a_consumer(client).await?;
    println!("the consumer got {}", came.join(" and "));
    Ok(came)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "memory://".to_owned());
    let client = pubsub::connect(&url).await?;
    run(&client).await?;
    client.close().await
}
