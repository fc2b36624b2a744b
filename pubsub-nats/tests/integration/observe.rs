//! State, statistics, events and health of a connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use pubsub_core::{
    Broker, Client, ConsumerConfig, FetchOptions, HealthState, Provision, StreamConfig, SubscribeOptions,
};
use pubsub_nats::{ConnectionState, NatsBroker, NatsConfig, NatsEvent, async_nats};
use pubsub_testkit::nats_server::NatsServer;

use crate::support::{eventually, soon, sync};

async fn start() -> (NatsServer, Arc<NatsBroker>, Client) {
    let server = NatsServer::start().unwrap();
    let broker = Arc::new(NatsBroker::connect(NatsConfig::new(server.url()).unwrap()).await.unwrap());
    let client = Client::new(Arc::clone(&broker) as Arc<dyn Broker>);
    let stream = StreamConfig::new("RIDE", ["ride.>"]).unwrap();
    client.ensure_stream(stream, Provision::CreateIfMissing).await.unwrap();
    (server, broker, client)
}

/// The reasons, of which there must be some of at least that weight.
async fn reasons(client: &Client, state: HealthState) -> String {
    let health = client.health().await;
    assert_eq!(health.state, state, "{health:?}");
    health.reasons.join("; ")
}

#[tokio::test]
async fn state_and_events_follow_the_connection() {
    let (mut server, broker, client) = start().await;
    let mut events = broker.events();
    assert_eq!(broker.state(), ConnectionState::Connected);
    server.kill().unwrap();
    assert_eq!(soon(events.next()).await, Some(NatsEvent::Disconnected));
    assert_eq!(broker.state(), ConnectionState::Disconnected);
    assert!(reasons(&client, HealthState::Unhealthy).await.contains("down"));
    server.restart().unwrap();
    assert_eq!(soon(events.next()).await, Some(NatsEvent::Connected));
    assert_eq!(broker.state(), ConnectionState::Connected);
    assert_eq!(broker.statistics().connects, 2);
    client.close().await.unwrap();
    assert_eq!(broker.state(), ConnectionState::Closed);
    assert!(soon(events.any(|event| std::future::ready(event == NatsEvent::Closed))).await);
}

#[tokio::test]
async fn what_goes_through_is_counted() {
    let (_server, broker, client) = start().await;
    let before = broker.statistics();
    for _ in 0..10 {
        client.publish("ride.n", "0123456789").await.unwrap();
    }
    let after = broker.statistics();
    assert!(
        after.out_messages >= before.out_messages + 10 && after.out_bytes >= before.out_bytes + 100,
        "{after:?}"
    );
    assert!(after.in_messages >= before.in_messages + 10 && after.in_bytes > before.in_bytes, "{after:?}");
    assert_eq!((after.connects, after.publishes_in_flight, after.requests_in_flight), (1, 0, 0));
}

#[tokio::test]
async fn a_listener_that_lags_is_told_and_holds_up_nothing() {
    let (_server, broker, _client) = start().await;
    let mut lagging = broker.events();
    let native = broker.native().and_then(|any| any.downcast_ref::<async_nats::Client>()).unwrap();
    // Each time the connection is lost and made: two events.
    for times in 2..75 {
        native.force_reconnect().await.unwrap();
        eventually("connected again", || async { broker.statistics().connects == times }).await;
    }
    assert!(matches!(soon(lagging.next()).await, Some(NatsEvent::Missed { .. })));
}

#[tokio::test]
async fn a_check_finds_what_is_gone_and_changes_nothing() {
    let (server, _broker, client) = start().await;
    let config = ConsumerConfig::durable("users").unwrap();
    let consumer = client.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await.unwrap();
    client.publish("ride.n", "x").await.unwrap();
    let before = consumer.info().await.unwrap();
    assert!(reasons(&client, HealthState::Healthy).await.is_empty());
    let after = consumer.info().await.unwrap();
    assert_eq!(
        (before.delivered, before.pending, before.ack_pending),
        (after.delivered, after.pending, after.ack_pending)
    );

    let other = async_nats::connect(server.url()).await.unwrap();
    other.request("$JS.API.CONSUMER.DELETE.RIDE.users", "".into()).await.unwrap();
    assert!(reasons(&client, HealthState::Unhealthy).await.contains("`users` of `RIDE` is gone"));
    other.request("$JS.API.STREAM.DELETE.RIDE", "".into()).await.unwrap();
    sync(&other).await;
    assert!(reasons(&client, HealthState::Unhealthy).await.contains("stream `RIDE` is gone"));
}

/// All that the server tells of streams and consumers, but for the time at which it was asked.
async fn told(client: &async_nats::Client) -> Vec<serde_json::Value> {
    let mut told = Vec::new();
    for subject in ["$JS.API.STREAM.LIST", "$JS.API.CONSUMER.LIST.RIDE"] {
        let answer = client.request(subject, "".into()).await.unwrap();
        let mut answer: serde_json::Value = serde_json::from_slice(&answer.payload).unwrap();
        for one in
            answer.as_object_mut().unwrap().values_mut().filter_map(serde_json::Value::as_array_mut).flatten()
        {
            one.as_object_mut().unwrap().remove("ts");
        }
        told.push(answer);
    }
    told
}

#[tokio::test]
async fn a_check_leaves_every_stream_and_consumer_as_it_was() {
    let (server, _broker, client) = start().await;
    let config = ConsumerConfig::durable("users").unwrap().with_max_ack_pending(1);
    let users = client.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await.unwrap();
    let brief = ConsumerConfig::ephemeral().with_inactive_threshold(Duration::from_secs(300));
    let _brief = client.ensure_consumer("RIDE", brief, Provision::CreateIfMissing).await.unwrap();
    for _ in 0..3 {
        client.publish("ride.n", "x").await.unwrap();
    }
    // Full, so that there is something to find.
    let _held = users.fetch(FetchOptions::up_to(1)).await.unwrap();
    let other = async_nats::connect(server.url()).await.unwrap();
    let before = told(&other).await;
    for _ in 0..3 {
        assert!(reasons(&client, HealthState::Degraded).await.contains("ack pending is full"));
    }
    assert_eq!(told(&other).await, before);
}

#[tokio::test]
async fn what_was_deleted_here_is_not_missed() {
    let (_server, _broker, client) = start().await;
    client.admin().unwrap().delete_stream(&"RIDE".try_into().unwrap()).await.unwrap();
    assert!(reasons(&client, HealthState::Healthy).await.is_empty());
}

#[tokio::test]
async fn full_ack_pending_is_told() {
    let (_server, _broker, client) = start().await;
    let config = ConsumerConfig::durable("users").unwrap().with_max_ack_pending(2);
    let consumer = client.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await.unwrap();
    for _ in 0..3 {
        client.publish("ride.n", "x").await.unwrap();
    }
    let held = consumer.fetch(FetchOptions::up_to(2)).await.unwrap();
    let told = reasons(&client, HealthState::Degraded).await;
    assert!(told.contains("ack pending is full (2 of 2)"), "{told}");
    for delivery in held {
        delivery.ack_confirmed().await.unwrap();
    }
    assert!(reasons(&client, HealthState::Healthy).await.is_empty());
}

#[tokio::test]
async fn a_subscription_that_nobody_reads_is_told_as_stalled() {
    let (_server, _broker, client) = start().await;
    let config = ConsumerConfig::durable("users").unwrap();
    let consumer = client.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await.unwrap();
    for _ in 0..10 {
        client.publish("ride.n", "x").await.unwrap();
    }
    let mut deliveries = Arc::clone(&consumer).subscribe(SubscribeOptions::default().with_buffer(2));
    soon(deliveries.next()).await.unwrap().unwrap().ack().await.unwrap();
    eventually("the stall is told", || async {
        let health = client.health().await;
        health.state == HealthState::Degraded
            && health.reasons.iter().any(|reason| reason.contains("stalled for 1"))
    })
    .await;
}

#[tokio::test]
async fn a_check_of_a_frozen_server_is_bounded() {
    let (mut server, _broker, client) = start().await;
    server.freeze();
    eventually("the server is frozen", || async { !client.health().await.is_usable() }).await;
    let started = Instant::now();
    let told = reasons(&client, HealthState::Unhealthy).await;
    assert!(told.contains("JetStream does not answer"), "{told}");
    assert!(started.elapsed() < Duration::from_millis(2_500), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_close_with_a_frozen_server_is_bounded_and_says_what_is_open() {
    let server = NatsServer::start().unwrap();
    let config = NatsConfig::new(server.url()).unwrap().with_close_timeout(Duration::from_secs(1));
    let config = config.with_request_timeout(Duration::from_millis(200));
    let broker = NatsBroker::connect(config).await.unwrap();
    let mut server = server;
    server.freeze();
    eventually("the server is frozen", || async { !broker.health().await.is_usable() }).await;
    let message = pubsub_core::OutboundMessage::new("ride.n", "x").unwrap();
    let receipt =
        broker.publisher().publish_with(message, pubsub_core::PublishOptions::default()).await.unwrap();
    let started = Instant::now();
    let error = soon(broker.close()).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_millis(2_500), "{:?}", started.elapsed());
    assert!(error.context("unfinished").is_some_and(|steps| steps.contains("receipts")), "{error}");
    assert!(soon(receipt).await.unwrap_err().is_effect_unknown());
}
