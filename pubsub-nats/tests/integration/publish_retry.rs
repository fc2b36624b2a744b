//! A publish whose outcome is not known is tried again under one id.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use futures::future::{join, join_all};
use futures::{StreamExt as _, stream};
use pubsub_core::{
    Capability, Client, Error, ErrorKind, Expectations, MessageSelector, OutboundMessage, PublishOptions,
    PublisherExt as _, Receipt, Result, Storage, StreamConfig,
};
use pubsub_nats::NatsConfig;
use pubsub_testkit::fault_proxy::{Direction, FaultProxy};

use crate::support::{Bench, connect, connect_with, eventually, listen, ride, soon};

/// A bench, and a client whose wire can be broken.
async fn behind_a_proxy() -> (Bench, FaultProxy, Client) {
    let bench = Bench::start().await;
    bench.stream().await;
    let proxy = FaultProxy::in_front_of(&bench.server).await.unwrap();
    let client = connect(&proxy.url()).await.unwrap();
    (bench, proxy, client)
}

/// Mends the wire, without what was held on it.
async fn reset_what_is_held(proxy: &FaultProxy) {
    let resets = proxy.counts().resets;
    proxy.reset();
    eventually("the connection is reset", || async { proxy.counts().resets > resets }).await;
    proxy.resume();
}

fn message(payload: &str) -> OutboundMessage {
    OutboundMessage::new("ride.n", payload.to_owned()).unwrap()
}

async fn publish(client: &Client, message: OutboundMessage, options: PublishOptions) -> Result<Receipt> {
    soon(async { client.publisher().publish_with(message, options).await?.await }).await
}

/// How often each payload is stored.
async fn stored(bench: &Bench) -> HashMap<String, usize> {
    let info = bench.admin().stream_info(&ride()).await.unwrap();
    let mut counts = HashMap::new();
    for sequence in 1..=info.last_sequence {
        let selector = MessageSelector::Sequence(sequence);
        let stored = bench.admin().get_message(&ride(), selector).await.unwrap();
        *counts.entry(String::from_utf8(stored.payload.to_vec()).unwrap()).or_insert(0) += 1;
    }
    counts
}

#[tokio::test]
async fn a_reset_in_mid_flight_loses_nothing_and_stores_nothing_twice() {
    const COUNT: usize = 3_000;
    let (bench, proxy, client) = behind_a_proxy().await;
    let publisher = client.publisher();
    let messages = stream::iter((0..COUNT).map(|number| message(&number.to_string())));
    let window = NonZeroUsize::new(256).unwrap();
    let mut receipts = publisher.publish_all(messages, window, PublishOptions::default());
    for number in 0..COUNT {
        if number % 500 == 250 {
            proxy.reset();
        }
        let receipt = soon(receipts.next()).await.unwrap().unwrap();
        assert_eq!(receipt.duplicate, Some(false), "its caller published it once");
    }
    let stored = stored(&bench).await;
    assert_eq!(stored.len(), COUNT);
    assert!(stored.values().all(|times| *times == 1));
}

#[tokio::test]
async fn a_lost_confirmation_is_asked_for_again() {
    let (bench, proxy, client) = behind_a_proxy().await;
    proxy.black_hole(Direction::ToClient);
    let publishing = tokio::spawn(async move { client.publish("ride.n", "x").await });
    eventually("it is stored", || async { bench.admin().stream_info(&ride()).await.unwrap().messages == 1 })
        .await;
    reset_what_is_held(&proxy).await;
    let receipt = soon(publishing).await.unwrap().unwrap();
    assert_eq!((receipt.sequence, receipt.duplicate), (Some(1), Some(false)));
    assert_eq!(stored(&bench).await["x"], 1);
}

#[tokio::test]
async fn what_is_published_during_an_outage_is_sent_once_after_it() {
    let (bench, proxy, client) = behind_a_proxy().await;
    proxy.refuse();
    eventually("the loss is noticed", || async { !client.health().await.is_usable() }).await;
    let numbers: Vec<String> = (0..50).map(|number: u32| number.to_string()).collect();
    let publishing = join_all(numbers.iter().map(|number| client.publish("ride.n", number.clone())));
    let (receipts, ()) = soon(join(publishing, async { proxy.resume() })).await;
    assert!(receipts.iter().all(Result::is_ok));
    let stored = stored(&bench).await;
    assert!(stored.len() == 50 && stored.values().all(|times| *times == 1));
}

#[tokio::test]
async fn what_was_never_sent_is_rejected_and_not_unknown() {
    let (_bench, proxy, client) = behind_a_proxy().await;
    proxy.refuse();
    eventually("the loss is noticed", || async { !client.health().await.is_usable() }).await;
    let options = PublishOptions::default().with_timeout(Duration::from_millis(200));
    let started = Instant::now();
    let error = publish(&client, message("x"), options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(!error.is_effect_unknown() && error.remedy().is_some());
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test]
async fn without_retries_a_lost_confirmation_is_unknown_and_no_id_is_made() {
    let (bench, proxy, client) = behind_a_proxy().await;
    proxy.black_hole(Direction::ToClient);
    let options = PublishOptions::default().with_retry(false).with_timeout(Duration::from_millis(300));
    let error = publish(&client, message("x"), options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.is_effect_unknown());
    proxy.resume();
    let stored = bench.admin().get_message(&ride(), MessageSelector::Sequence(1)).await.unwrap();
    assert_eq!(stored.headers.get("Nats-Msg-Id"), None);
}

#[tokio::test]
async fn the_configuration_turns_retries_off() {
    let bench = Bench::start().await;
    bench.stream().await;
    let config = NatsConfig::new(bench.server.url()).unwrap().with_publish_retry(false);
    let client = connect_with(config).await.unwrap();
    client.publish("ride.n", "without").await.unwrap();
    bench.client.publish("ride.n", "with").await.unwrap();
    for (sequence, has_id) in [(1, false), (2, true)] {
        let stored = bench.admin().get_message(&ride(), MessageSelector::Sequence(sequence)).await.unwrap();
        assert_eq!(stored.headers.get("Nats-Msg-Id").is_some(), has_id);
    }
}

#[tokio::test]
async fn nothing_is_tried_again_after_the_stream_has_forgotten_the_id() {
    let bench = Bench::start().await;
    bench.stream_with(|config| config.with_duplicate_window(Duration::from_millis(200))).await;
    let proxy = FaultProxy::in_front_of(&bench.server).await.unwrap();
    let client = connect(&proxy.url()).await.unwrap();
    proxy.black_hole(Direction::ToClient);
    let options = PublishOptions::default().with_timeout(Duration::from_millis(2_500));
    let publishing = tokio::spawn(async move { publish(&client, message("x"), options).await });
    eventually("it is stored", || async { bench.admin().stream_info(&ride()).await.unwrap().messages == 1 })
        .await;
    // What was stored later is forgotten later.
    let publish_later = || async {
        let later = message("later").with_id("later").unwrap();
        publish(&bench.client, later, PublishOptions::default()).await.unwrap().duplicate == Some(false)
    };
    assert!(publish_later().await);
    eventually("the ids are forgotten", publish_later).await;
    reset_what_is_held(&proxy).await;
    let error = publishing.await.unwrap().unwrap_err();
    assert!(error.is_effect_unknown(), "{error:?}");
    assert_eq!(stored(&bench).await["x"], 1);
}

#[tokio::test]
async fn an_expectation_that_its_own_first_try_broke_is_no_conflict() {
    let (bench, proxy, client) = behind_a_proxy().await;
    bench.publish(0..1).await;
    proxy.black_hole(Direction::ToClient);
    let message = message("x").with_expectations(Expectations::default().with_last_sequence(1));
    let publishing = tokio::spawn(async move { publish(&client, message, PublishOptions::default()).await });
    eventually("it is stored", || async { bench.admin().stream_info(&ride()).await.unwrap().messages == 2 })
        .await;
    reset_what_is_held(&proxy).await;
    let receipt = publishing.await.unwrap().unwrap();
    assert_eq!((receipt.sequence, receipt.duplicate), (Some(2), Some(false)));
}

#[tokio::test]
async fn a_stream_that_comes_back_gets_what_was_published_meanwhile() {
    let mut bench = Bench::start().await;
    let config = StreamConfig::new("RIDE", ["ride.>"]).unwrap().with_storage(Storage::File);
    bench.admin().create_stream(config).await.unwrap();
    bench.server.kill().unwrap();
    let client = bench.client.clone();
    let publishing = tokio::spawn(async move { client.publish("ride.n", "x").await });
    bench.server.restart().unwrap();
    soon(publishing).await.unwrap().unwrap();
    assert_eq!(stored(&bench).await["x"], 1);
}

#[tokio::test]
async fn someone_who_never_answers_makes_it_unknown_within_its_time() {
    let bench = Bench::start().await;
    assert!(bench.has(Capability::PublishRetry));
    let foreign = bench.foreign().await;
    let mut silent = listen(&foreign, "silent").await;
    let options = PublishOptions::default().with_retry(true).with_timeout(Duration::from_millis(400));
    let started = Instant::now();
    let message = OutboundMessage::new("silent", "x").unwrap();
    let error: Error = publish(&bench.client, message, options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.is_effect_unknown() && started.elapsed() < Duration::from_secs(1));
    let first = soon(silent.next()).await.unwrap().headers;
    let again = soon(silent.next()).await.unwrap().headers;
    assert!(first.is_some() && first == again, "one id over all tries");
}
