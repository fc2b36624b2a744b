use bytes::Bytes;
use futures::StreamExt as _;
use pubsub_core::{
    CoreSubscribeOptions, ErrorKind, MessageSelector, OutboundMessage, PublishOptions, Result, SubjectFilter,
    SubscribeOptions,
};
use pubsub_layers::{Compression, Encoding};
use std::sync::Arc;

use crate::bench::Bench;

const LARGE: usize = 100_000;

fn large() -> Bytes {
    Bytes::from(vec![b'x'; LARGE])
}

async fn compressing(layer: Compression) -> Result<Bench> {
    Bench::new(|client| client.with_layer(layer)).await
}

#[tokio::test(start_paused = true)]
async fn a_large_payload_is_stored_small_and_read_as_it_was() -> Result<()> {
    for encoding in [Encoding::Zstd, Encoding::Lz4] {
        let bench = compressing(Compression::by(encoding)).await?;
        let message = OutboundMessage::new("ride.n", large())?.with_header("kept", "1")?;
        bench.client.publish_message(message).await?;

        let raw = bench.raw().await?.pop().expect("a delivery");
        assert!(raw.payload().len() < LARGE / 10, "{encoding:?}: {}", raw.payload().len());
        assert_eq!(raw.headers().get("Content-Encoding"), Some(encoding.as_str()));
        raw.nak().await?;

        let read = bench.fetch(1).await?.pop().expect("it comes again");
        assert_eq!(*read.payload(), large());
        assert_eq!((read.headers().get("Content-Encoding"), read.headers().get("kept")), (None, Some("1")));
        read.ack().await?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_is_small_or_becomes_no_smaller_stays_as_it_is() -> Result<()> {
    let bench = compressing(Compression::zstd().with_threshold(1000)).await?;
    let mut noise: Vec<u8> = Vec::new();
    let mut state = 1_u64;
    while noise.len() < 4000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        noise.extend_from_slice(&state.to_le_bytes()[4..]);
    }
    for payload in [Bytes::from(vec![b'x'; 999]), Bytes::from(noise)] {
        bench.client.publish("ride.n", payload.clone()).await?;
        let raw = bench.raw().await?.pop().expect("a delivery");
        assert_eq!((raw.payload(), raw.headers().contains("Content-Encoding")), (&payload, false));
        raw.ack().await?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn every_way_to_publish_compresses_and_every_way_to_read_restores() -> Result<()> {
    let bench = compressing(Compression::lz4()).await?;
    let mut listening = bench
        .client
        .core()?
        .subscribe(SubjectFilter::new("ride.>")?, CoreSubscribeOptions::default())
        .await?;
    let message = OutboundMessage::new("ride.n", large())?;
    let publisher = bench.client.publisher();
    let options = PublishOptions::default();
    publisher.publish_with(message.clone(), options.clone()).await?.await?;
    for outcome in publisher.publish_batch(vec![message.clone(); 2], options.clone()).await {
        outcome?.await?;
    }
    publisher.publish_atomic(vec![message; 2], options).await?;

    let stream = "RIDE".try_into()?;
    for sequence in 1..=5 {
        let below = bench.truth.admin()?.get_message(&stream, MessageSelector::Sequence(sequence)).await?;
        assert!(below.payload.len() < LARGE / 10);
        let above = bench.client.admin()?.get_message(&stream, MessageSelector::Sequence(sequence)).await?;
        assert_eq!((above.payload, above.headers.contains("Content-Encoding")), (large(), false));
    }
    let mut deliveries = Arc::clone(&bench.consumer).subscribe(SubscribeOptions::default());
    for _ in 0..5 {
        let delivery = deliveries.next().await.expect("a delivery")?;
        assert_eq!(*delivery.payload(), large());
        delivery.ack().await?;
    }
    for _ in 0..5 {
        assert_eq!(listening.next().await.expect("it is heard")?.payload, large());
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn readers_take_both_encodings_in_any_case() -> Result<()> {
    let bench = compressing(Compression::zstd()).await?;
    let by_lz4 = compressing(Compression::lz4()).await?;
    by_lz4.client.publish("ride.n", large()).await?;
    let encoded = by_lz4.raw().await?.pop().expect("a delivery");
    let foreign =
        OutboundMessage::new("ride.n", encoded.payload().clone())?.with_header("content-encoding", "LZ4")?;
    bench.truth.publish_message(foreign).await?;
    let read = bench.fetch(1).await?.pop().expect("a delivery");
    assert_eq!((read.payload(), read.headers().is_empty()), (&large(), true));
    encoded.ack().await?;
    read.ack().await
}

#[tokio::test(start_paused = true)]
async fn a_bomb_and_a_lie_are_given_as_they_are_stored() -> Result<()> {
    let bench = compressing(Compression::zstd().with_limit(LARGE - 1)).await?;
    bench.client.publish("ride.n", large()).await?;
    let lie = OutboundMessage::new("ride.n", "not compressed")?.with_header("Content-Encoding", "zstd")?;
    bench.truth.publish_message(lie).await?;
    let unknown = OutboundMessage::new("ride.n", "gzipped")?.with_header("Content-Encoding", "gzip")?;
    bench.truth.publish_message(unknown).await?;
    for delivery in bench.fetch(3).await? {
        assert!(delivery.payload().len() < 1000);
        assert!(delivery.headers().contains("Content-Encoding"));
        delivery.ack().await?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_is_encoded_already_is_not_encoded_again() -> Result<()> {
    let bench = compressing(Compression::zstd()).await?;
    let encoded = OutboundMessage::new("ride.n", large())?.with_header("Content-Encoding", "br")?;
    bench.client.publish_message(encoded).await?;
    let raw = bench.raw().await?.pop().expect("a delivery");
    assert_eq!((raw.payload(), raw.headers().get("Content-Encoding")), (&large(), Some("br")));
    raw.ack().await
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_is_refused_whatever_is_in_it_unless_that_is_wanted() -> Result<()> {
    let huge = Bytes::from(vec![b'x'; 2 * 1024 * 1024]);
    let bench = compressing(Compression::zstd()).await?;
    let error = bench.client.publish("ride.n", huge.clone()).await.expect_err("the broker takes 1 MiB");
    assert_eq!(error.kind(), ErrorKind::PayloadTooLarge);
    let bench = compressing(Compression::zstd().with_larger_payloads()).await?;
    bench.client.publish("ride.n", huge.clone()).await?;
    let read = bench.fetch(1).await?.pop().expect("a delivery");
    assert_eq!(*read.payload(), huge);
    read.ack().await
}
