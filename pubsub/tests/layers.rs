//! What the layers of the core do, through a client on the memory backend.
#![cfg(feature = "memory")]

use std::sync::{Arc, Mutex};

use pubsub::{
    Capabilities, Capability, Client, ConsumerConfig, ErrorKind, FetchOptions, Layer, OnPublish,
    OutboundMessage, Provision, PublisherExt as _, Purge, Result, StreamConfig, SubjectFilter, SubjectPrefix,
};

/// A client and, over the same store, one that puts `staging.` before every subject.
async fn plain_and_prefixed() -> Result<(Client, Client)> {
    let plain = pubsub::connect("memory://").await?;
    let prefixed = plain.clone().with_layer(SubjectPrefix::new("staging")?);
    Ok((plain, prefixed))
}

#[tokio::test]
async fn a_prefix_is_put_on_once_and_taken_off_once() -> Result<()> {
    let (plain, prefixed) = plain_and_prefixed().await?;
    prefixed.ensure_stream(StreamConfig::new("RIDE", ["ride.>"])?, Provision::CreateIfMissing).await?;
    let stored = plain.admin()?.stream_info(&"RIDE".try_into()?).await?;
    assert_eq!(stored.config.subjects, [SubjectFilter::new("staging.ride.>")?]);

    prefixed.publish("ride.pickup", "r-17").await?;
    let filter = ConsumerConfig::durable("users")?.with_filter("ride.pickup")?;
    let inside = prefixed.ensure_consumer("RIDE", filter, Provision::CreateIfMissing).await?;
    let all = ConsumerConfig::durable("audit")?;
    let outside = plain.ensure_consumer("RIDE", all, Provision::CreateIfMissing).await?;
    for (consumer, subject) in [(inside, "ride.pickup"), (outside, "staging.ride.pickup")] {
        let batch = consumer.fetch(FetchOptions::up_to(10)).await?;
        let subjects: Vec<_> = batch.iter().map(|delivery| delivery.subject()).collect();
        assert_eq!(subjects, [subject]);
        for delivery in batch {
            delivery.ack().await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_prefixed_batch_keeps_one_outcome_per_message_in_order() -> Result<()> {
    let (_plain, prefixed) = plain_and_prefixed().await?;
    prefixed.ensure_stream(StreamConfig::new("RIDE", ["ride.>"])?, Provision::CreateIfMissing).await?;
    let longest = "x".repeat(1024);
    let messages = ["ride.a", longest.as_str(), "ride.b"]
        .into_iter()
        .map(|subject| OutboundMessage::new(subject, ""))
        .collect::<Result<Vec<_>>>()?;
    let mut sequences = Vec::new();
    for outcome in prefixed.publisher().publish_batch(messages, Default::default()).await {
        sequences.push(match outcome {
            Ok(pending) => pending.await?.sequence,
            Err(_) => None,
        });
    }
    assert_eq!(sequences, [Some(1), None, Some(2)], "with the prefix the second subject is too long");
    Ok(())
}

#[tokio::test]
async fn the_hook_is_called_once_per_publish_and_its_panic_is_contained() -> Result<()> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let client = pubsub::connect("memory://").await?.with_layer(OnPublish::new(move |event| {
        log.lock().unwrap().push((event.subject.to_string(), event.outcome.is_ok()));
        panic!("a bug in the application's hook");
    }));
    client.ensure_stream(StreamConfig::new("RIDE", ["ride.>"])?, Provision::CreateIfMissing).await?;
    client.publish("ride.pickup", "r-17").await?;
    client.publish("match.accepted", "no stream takes it").await.unwrap_err();
    client.publisher().publish_message(OutboundMessage::new("ride.started", "")?).await?;
    let expected = [("ride.pickup", true), ("match.accepted", false), ("ride.started", true)];
    assert_eq!(*seen.lock().unwrap(), expected.map(|(subject, ok)| (subject.to_owned(), ok)));
    Ok(())
}

#[tokio::test]
async fn a_clone_made_before_a_layer_was_added_does_not_have_it() -> Result<()> {
    let (plain, _prefixed) = plain_and_prefixed().await?;
    plain.ensure_stream(StreamConfig::new("RIDE", ["ride.>"])?, Provision::CreateIfMissing).await?;
    assert!(plain.publish("ride.pickup", "").await.is_ok());
    Ok(())
}

#[tokio::test]
async fn somebody_elses_stream_does_not_pass_for_ours() -> Result<()> {
    let (plain, prefixed) = plain_and_prefixed().await?;
    let rides = StreamConfig::new("RIDE", ["ride.>"])?;
    plain.ensure_stream(rides.clone(), Provision::CreateIfMissing).await?;
    for provision in [Provision::Never, Provision::CreateIfMissing] {
        let error = prefixed.ensure_stream(rides.clone(), provision).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert!(error.to_string().contains("staging.ride.>"), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_consumer_and_a_purge_without_filters_keep_to_the_prefix() -> Result<()> {
    let (plain, prefixed) = plain_and_prefixed().await?;
    let shared = StreamConfig::new("RIDE", ["ride.>", "staging.ride.>"])?;
    plain.ensure_stream(shared, Provision::CreateIfMissing).await?;
    plain.publish("ride.pickup", "theirs").await?;
    prefixed.publish("ride.pickup", "ours").await?;

    let everything = ConsumerConfig::durable("users")?;
    let consumer = prefixed.ensure_consumer("RIDE", everything, Provision::CreateIfMissing).await?;
    let batch = consumer.fetch(FetchOptions::up_to(10)).await?;
    let payloads: Vec<_> = batch.iter().map(|delivery| delivery.payload().clone()).collect();
    assert_eq!(payloads, ["ours"]);
    assert!(consumer.info().await?.config.filters.is_empty());
    for delivery in batch {
        delivery.ack().await?;
    }

    let stream = "RIDE".try_into()?;
    assert_eq!(prefixed.admin()?.purge_stream(&stream, Purge::all()).await?, 1);
    assert_eq!(plain.admin()?.stream_info(&stream).await?.messages, 1);
    Ok(())
}

/// Takes the right to give up away from consumers.
#[derive(Debug)]
struct NoTerm;

impl Layer for NoTerm {
    fn capabilities(&self, inner: Capabilities) -> Capabilities {
        inner.without(Capability::Term)
    }
}

#[tokio::test]
async fn what_a_layer_takes_away_is_not_there() -> Result<()> {
    let layer: Arc<dyn Layer> = Arc::new(NoTerm);
    let client = pubsub::connect("memory://").await?.with_layer(layer);
    client.require(&[Capability::NakDelay])?;
    assert_eq!(client.require(&[Capability::Term]).unwrap_err().kind(), ErrorKind::Unsupported);
    Ok(())
}
