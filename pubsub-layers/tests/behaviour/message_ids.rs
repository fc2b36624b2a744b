use pubsub_core::{ErrorKind, MessageId, OutboundMessage, PublishOptions, Result};
use pubsub_layers::MessageIds;

use crate::bench::{Bench, messages};

async fn ruled(ids: MessageIds) -> Result<Bench> {
    Bench::new(|client| client.with_layer(ids)).await
}

fn pickup(ride: &str) -> Result<OutboundMessage> {
    OutboundMessage::new("ride.pickup", format!(r#"{{"ride":"{ride}"}}"#))?
        .with_header("event-type", "pickup")?
        .with_header("timestamp", "1767225600")
}

#[tokio::test(start_paused = true)]
async fn what_is_published_twice_by_mistake_is_stored_once() -> Result<()> {
    let bench = ruled(MessageIds::from_template("{event-type}-{json:ride}-{timestamp}")?).await?;
    assert!(!bench.client.publish_message(pickup("r-1")?).await?.is_duplicate());
    assert!(bench.client.publish_message(pickup("r-1")?).await?.is_duplicate());
    assert!(!bench.client.publish_message(pickup("r-2")?).await?.is_duplicate());
    let raw = bench.raw().await?;
    let ids: Vec<_> = raw.iter().map(|delivery| delivery.message_id().map(str::to_owned)).collect();
    assert_eq!(ids, [Some("pickup-r-1-1767225600".to_owned()), Some("pickup-r-2-1767225600".to_owned())]);
    for delivery in raw {
        delivery.ack().await?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_message_without_a_part_is_refused_and_stops_no_other() -> Result<()> {
    let bench = ruled(MessageIds::from_template("{timestamp}-{json:ride}")?).await?;
    let mut batch = messages(1);
    batch.push(pickup("r-1")?);
    batch.extend(messages(1));
    let outcomes = bench.client.publisher().publish_batch(batch, PublishOptions::default()).await;
    let kinds: Vec<_> =
        outcomes.iter().map(|outcome| outcome.as_ref().err().map(pubsub_core::Error::kind)).collect();
    assert_eq!(kinds, [Some(ErrorKind::InvalidInput), None, Some(ErrorKind::InvalidInput)]);
    for outcome in outcomes.into_iter().flatten() {
        outcome.await?;
    }
    assert_eq!(bench.stored().await?, 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn or_without_an_id() -> Result<()> {
    let bench = ruled(MessageIds::from_template("{timestamp}")?.or_without()).await?;
    bench.client.publish("ride.n", "x").await?;
    let raw = bench.raw().await?.pop().expect("a delivery");
    assert_eq!(raw.message_id(), None);
    raw.ack().await
}

#[tokio::test(start_paused = true)]
async fn an_id_that_was_given_is_kept() -> Result<()> {
    let bench = ruled(MessageIds::by(|_| MessageId::new("made").map(Some))).await?;
    bench.client.publish_message(OutboundMessage::new("ride.n", "x")?.with_id("given")?).await?;
    let raw = bench.raw().await?.pop().expect("a delivery");
    assert_eq!(raw.message_id(), Some("given"));
    raw.ack().await
}

#[tokio::test(start_paused = true)]
async fn by_content_the_same_is_one_and_whatever_differs_is_two() -> Result<()> {
    let bench = ruled(MessageIds::of_content()).await?;
    let message = |payload: &'static str| OutboundMessage::new("ride.n", payload);
    bench.client.publish_message(message("x")?).await?;
    assert!(bench.client.publish_message(message("x")?).await?.is_duplicate());
    for other in [
        message("y")?,
        OutboundMessage::new("ride.m", "x")?,
        message("x")?.with_header("a", "b")?,
        message("x")?.with_header("ab", "")?,
        message("x")?.with_rollup(pubsub_core::Rollup::Subject),
    ] {
        let ids = MessageIds::of_content();
        assert_ne!(ids.id_of(&other)?, ids.id_of(&message("x")?)?);
    }
    Ok(())
}
