//! Many publishes on their way at once, and what each came to: `cargo run -p pubsub-examples --example publish_async [URL]`.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::num::NonZeroUsize;

use futures::{StreamExt as _, stream};
use pubsub::{Client, OutboundMessage, Provision, PublishOptions, PublisherExt as _, Result, StreamConfig};

/// Returns how many messages the stream has.
pub(crate) async fn run(client: &Client) -> Result<u64> {
    client.ensure_stream(StreamConfig::new("LOG", ["log.*"])?, Provision::CreateIfMissing).await?;
    let publisher = client.publisher();
    let line = |number: u32| OutboundMessage::new("log.app", format!("line {number}"));

    // One at a time: the receipt says that it is stored.
    let receipt = publisher.publish("log.app", "line 0").await?;
    println!("stored as {:?}", receipt.sequence);

    // Sent now, asked later: the first await has it accepted, the second has it stored.
    let first = publisher.publish_with(line(1)?, PublishOptions::default()).await?;
    let second = publisher.publish_with(line(2)?, PublishOptions::default()).await?;
    println!("stored as {:?} and {:?}", first.await?.sequence, second.await?.sequence);

    // A few at once, with an outcome for each.
    for outcome in publisher.publish_batch(vec![line(3)?, line(4)?], PublishOptions::default()).await {
        println!("stored as {:?}", outcome?.await?.sequence);
    }

    // As many as there are, 64 on their way at a time. One that fails does not stop the others.
    let many = stream::iter((5..500).map(line).collect::<Result<Vec<_>>>()?);
    let window = NonZeroUsize::new(64).unwrap_or(NonZeroUsize::MIN);
    let mut outcomes = publisher.publish_all(many, window, PublishOptions::default());
    let (mut stored, mut failed) = (0, 0);
    while let Some(outcome) = outcomes.next().await {
        match outcome {
            Ok(_) => stored += 1,
            Err(error) => {
                failed += 1;
                println!("not stored, or not known: {error}");
            }
        }
    }
    println!("{stored} stored, {failed} not");
    Ok(client.admin()?.stream_info(&"LOG".try_into()?).await?.messages)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "memory://".to_owned());
    let client = pubsub::connect(&url).await?;
    run(&client).await?;
    client.close().await
}
