//! What was handed over without a server: it waits outside the connection, and nothing leaves after a close.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pubsub_core::{Broker as _, Client, ErrorKind, OutboundMessage, PublishOptions, Publisher};
use pubsub_nats::{NatsConfig, async_nats};
use pubsub_testkit::fault_proxy::{Direction, FaultProxy};

use crate::support::{Bench, connect_with, eventually, ride, soon};

/// A stream, and a client of it whose wire can be cut.
async fn behind_a_proxy() -> (Bench, FaultProxy, Client) {
    let bench = Bench::start().await;
    bench.stream().await;
    let proxy = FaultProxy::in_front_of(&bench.server).await.unwrap();
    let config = NatsConfig::new(&proxy.url()).unwrap().with_request_timeout(Duration::from_secs(1));
    let client = connect_with(config).await.unwrap();
    (bench, proxy, client)
}

/// Cuts the wire. The next attempt to connect is taken, and gets no answer yet.
async fn cut(proxy: &FaultProxy, client: &Client) {
    let before = proxy.counts().connections;
    proxy.black_hole(Direction::Both);
    proxy.reset();
    eventually("an attempt is under way", || async { proxy.counts().connections > before }).await;
    assert!(!client.health().await.is_usable());
}

fn native(client: &Client) -> async_nats::Client {
    client.native().unwrap().downcast_ref::<async_nats::Client>().unwrap().clone()
}

async fn stored(bench: &Bench) -> u64 {
    bench.admin().stream_info(&ride()).await.unwrap().messages
}

fn message() -> OutboundMessage {
    OutboundMessage::new("ride.n", "x").unwrap()
}

fn within(timeout: Duration) -> PublishOptions {
    PublishOptions::default().with_timeout(timeout)
}

#[tokio::test]
async fn nothing_that_was_queued_leaves_after_the_close() {
    let (bench, proxy, client) = behind_a_proxy().await;
    let (publisher, native) = (client.publisher(), native(&client));
    cut(&proxy, &client).await;
    // As what was handed over just before the loss was noticed.
    native.publish("ride.n", "zombie".into()).await.unwrap();
    soon(client.close()).await.unwrap();

    proxy.resume();
    eventually("the attempt ends, or has brought a message", || async {
        proxy.counts().open == 0 || stored(&bench).await > 0
    })
    .await;
    assert_eq!(stored(&bench).await, 0);
    drop((publisher, native));
}

#[tokio::test]
async fn a_connection_that_comes_up_during_the_close_ends() {
    let (_bench, proxy, client) = behind_a_proxy().await;
    let publisher = client.publisher();
    proxy.delay(Direction::ToClient, Duration::from_millis(500));
    let before = proxy.counts();
    proxy.reset();
    // The credentials have been shown, and the server's answer to them is on its way.
    eventually("the attempt has been made", || async {
        let counts = proxy.counts();
        counts.connections > before.connections && counts.bytes_to_server > before.bytes_to_server
    })
    .await;
    soon(client.close()).await.unwrap();
    eventually("the answer has come", || async { proxy.counts().bytes_to_client > before.bytes_to_client })
        .await;
    eventually("the connection ends", || async { proxy.counts().open == 0 }).await;
    drop(publisher);
}

#[tokio::test]
async fn a_publish_that_finds_no_server_is_certainly_not_sent() {
    let (bench, proxy, client) = behind_a_proxy().await;
    cut(&proxy, &client).await;
    let started = Instant::now();
    let publisher = client.publisher();
    let publishing = publisher.publish_with(message(), within(Duration::from_millis(300)));
    let error = soon(publishing).await.unwrap_err();
    assert_eq!((error.kind(), error.is_effect_unknown()), (ErrorKind::Unavailable, false), "{error}");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());

    proxy.resume();
    soon(client.publish("ride.n", "after")).await.unwrap();
    assert_eq!(stored(&bench).await, 1);
}

#[tokio::test]
async fn a_publish_waits_for_the_connection() {
    let (_bench, proxy, client) = behind_a_proxy().await;
    cut(&proxy, &client).await;
    let publisher: Arc<dyn Publisher> = client.publisher();
    let publishing = tokio::spawn(async move {
        publisher.publish_with(message(), within(Duration::from_secs(15))).await?.await
    });
    proxy.resume();
    assert_eq!(soon(publishing).await.unwrap().unwrap().sequence, Some(1));
}

#[tokio::test]
async fn a_close_ends_a_publish_that_waits_for_the_connection() {
    let (_bench, proxy, client) = behind_a_proxy().await;
    cut(&proxy, &client).await;
    let publisher: Arc<dyn Publisher> = client.publisher();
    let publishing =
        tokio::spawn(async move { publisher.publish_with(message(), within(Duration::from_secs(60))).await });
    soon(client.close()).await.unwrap();
    let error = soon(publishing).await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.is_effect_unknown()), (ErrorKind::Closed, false), "{error}");
}
