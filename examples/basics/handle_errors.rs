//! What can go wrong with a publish, and what to do about it: `cargo run -p pubsub-examples --example handle_errors [URL]`.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::time::Duration;

use pubsub::{
    Client, Error, ErrorKind, Expectations, OutboundMessage, Provision, Receipt, Result, Retry, StreamConfig,
};

/// What a caller can do about an error, by its kind and by what it says of itself.
fn advice(error: &Error) -> &'static str {
    match (error.kind(), error.retry()) {
        _ if error.is_effect_unknown() => "it may be stored: publish it again under the same id",
        (ErrorKind::InvalidInput | ErrorKind::Config, _) => "mend the program or its configuration",
        (ErrorKind::Conflict, _) => "somebody was faster: read again, decide again",
        (_, Retry::Later) => "try again later",
        _ => "tell somebody",
    }
}

/// Publishes a message that must be stored, and once: what is not known is tried again under its id.
async fn must_be_stored(client: &Client, message: OutboundMessage) -> Result<Receipt> {
    let mut wait = Duration::from_millis(100);
    for _ in 0..5 {
        match client.publish_message(message.clone()).await {
            Err(error) if error.is_effect_unknown() || error.retry() == Retry::Later => {
                println!("{error}; again in {wait:?}");
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            decided => return decided,
        }
    }
    client.publish_message(message).await
}

/// Returns the advice for each of four mistakes.
pub(crate) async fn run(client: &Client) -> Result<Vec<&'static str>> {
    client.ensure_stream(StreamConfig::new("RIDE", ["ride.>"])?, Provision::CreateIfMissing).await?;
    let mistakes = [
        ("a subject with a blank", client.publish("ride.r 1.pickup", "").await),
        ("a subject that no stream takes", client.publish("taxi.r-1.pickup", "").await),
        ("an expectation that does not hold", {
            let first = Expectations::none().with_last_subject_sequence(7);
            let message = OutboundMessage::new("ride.r-1.pickup", "")?.with_expectations(first);
            client.publish_message(message).await
        }),
        ("too large a message", client.publish("ride.r-1.pickup", vec![0; 2 << 20]).await),
    ];
    let mut advices = Vec::new();
    for (what, outcome) in mistakes {
        let Err(error) = outcome else {
            println!("{what} was accepted");
            continue;
        };
        println!("{what}: {error}\n  {}", advice(&error));
        advices.push(advice(&error));
    }

    let pickup = || OutboundMessage::new("ride.r-1.pickup", "")?.with_id("pickup-r-1");
    let (first, again) = (must_be_stored(client, pickup()?).await?, must_be_stored(client, pickup()?).await?);
    println!("stored as {:?}; again: a duplicate of {:?}", first.sequence, again.sequence);
    assert!(again.is_duplicate(), "the id is remembered for the stream's duplicate window");
    Ok(advices)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "memory://".to_owned());
    let client = pubsub::connect(&url).await?;
    run(&client).await?;
    client.close().await
}
