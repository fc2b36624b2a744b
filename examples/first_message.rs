//! Publishes one message and consumes it: `cargo run -p pubsub-examples --example first_message [URL]`.

use pubsub::{ConsumerConfig, FetchOptions, Provision, StreamConfig};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "a program for the command line")]
async fn main() -> pubsub::Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "memory://".to_owned());
    let client = pubsub::connect(&url).await?;
    client.ensure_stream(StreamConfig::new("RIDE", ["ride.>"])?, Provision::CreateIfMissing).await?;
    let config = ConsumerConfig::durable("ride_pickup_users")?.with_filter("ride.pickup")?;
    let consumer = client.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await?;

    let receipt = client.publish("ride.pickup", r#"{"ride_id":"r-17"}"#).await?;
    println!("stored in {} as message {:?}", receipt.stream, receipt.sequence);

    for delivery in consumer.fetch(FetchOptions::up_to(10)).await? {
        println!("{} carries {:?}", delivery.subject(), delivery.payload());
        delivery.ack().await?;
    }
    client.close().await
}
