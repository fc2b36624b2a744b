//! Settlements that are not allowed are told to who made them, also those that nobody confirms.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use pubsub_core::{
    Client, Consumer, ConsumerConfig, Delivery, ErrorKind, HealthState, Provision, Result, Settlement,
    StreamConfig,
};
use pubsub_testkit::nats_server::{NatsServer, ServerVersion};

use crate::support::{Bench, connect, eventually, fetch, listen, soon};

/// Whether `all` may settle; `acker` never may.
fn users(may_settle: bool) -> String {
    let denied = r#"permissions: { publish: { deny: ["$JS.ACK.>"] } }"#;
    let of_all = if may_settle { "" } else { denied };
    format!(
        "authorization {{ users: [ {{ user: all, password: p, {of_all} }}\n {{ user: acker, password: p, {denied} }} ] }}"
    )
}

async fn server() -> (NatsServer, Client) {
    let server = NatsServer::builder().config_text(users(true)).start().unwrap();
    let all = client(&server, "all").await;
    let config = StreamConfig::new("RIDE", ["ride.>"]).unwrap();
    all.ensure_stream(config, Provision::CreateIfMissing).await.unwrap();
    let config = ConsumerConfig::durable("users").unwrap();
    all.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await.unwrap();
    (server, all)
}

async fn client(server: &NatsServer, user: &str) -> Client {
    connect(&format!("nats://{user}:p@127.0.0.1:{}", server.port())).await.unwrap()
}

async fn some(client: &Client, consumer: &Arc<dyn Consumer>, most: usize) -> Vec<Delivery> {
    for _ in 0..most {
        client.publish("ride.n", "x").await.unwrap();
    }
    let mut got = Vec::new();
    while got.len() < most {
        got.extend(fetch(consumer, most - got.len()).await);
    }
    got
}

#[track_caller]
fn assert_denied(what: &str, settled: Result<()>, started: Instant) {
    let error = settled.expect_err(what);
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{what}: {error:?}");
    assert!(
        error.context("subject").is_some_and(|subject| subject.starts_with("$JS.ACK.")),
        "{what}: {error}"
    );
    assert!(error.remedy().is_some() && !error.is_effect_unknown(), "{what}: {error}");
    assert_eq!((error.context("stream"), error.context("consumer")), (Some("RIDE"), Some("users")), "{what}");
    assert!(started.elapsed() < Duration::from_secs(2), "{what}: {:?}", started.elapsed());
}

#[tokio::test]
async fn each_kind_is_told_on_the_call_that_made_it() {
    let (server, _all) = server().await;
    let acker = client(&server, "acker").await;
    let consumer = acker.consumer("RIDE", "users").await.unwrap();
    let mut held = some(&acker, &consumer, 8).await.into_iter();
    let mut next = || held.next().unwrap();
    let now = Instant::now;
    let started = now();
    assert_denied("ack", soon(next().ack()).await, started);
    let started = now();
    assert_denied("a second ack", soon(next().ack()).await, started);
    let started = now();
    assert_denied("nak", soon(next().nak()).await, started);
    let started = now();
    assert_denied("term", soon(next().term("no")).await, started);
    let started = now();
    assert_denied("extend", soon(next().extend()).await, started);
    let started = now();
    assert_denied("confirmed", soon(next().ack_confirmed()).await, started);
    let rest: Vec<_> = held.collect();
    let started = now();
    for settled in soon(consumer.settle_many(rest, Settlement::ack())).await {
        assert_denied("many", settled, started);
    }
    let health = acker.health().await;
    assert_eq!(health.state, HealthState::Unhealthy);
    assert!(health.reasons.iter().any(|reason| reason.contains("`$JS.ACK.RIDE.users.>`")), "{health:?}");
}

#[tokio::test]
async fn only_the_first_of_a_consumer_asks_the_server() {
    let (bench, consumer) = Bench::with_consumer().await;
    let mut seen = listen(&bench.foreign().await, "$JS.ACK.>").await;
    for delivery in some(&bench.client, &consumer, 3).await {
        delivery.ack().await.unwrap();
    }
    let mut asked = Vec::new();
    while asked.len() < 3 {
        asked.push(soon(seen.next()).await.unwrap().reply.is_some());
    }
    assert_eq!(asked, [true, false, false]);
}

#[tokio::test]
async fn rights_that_are_revoked_and_restored() {
    let (mut server, all) = server().await;
    // After a reload nats-server 2.10 has no JetStream for who was there before (measured on 2.10.26).
    if server.version() < ServerVersion::new(2, 11, 0) {
        return;
    }
    let consumer = all.consumer("RIDE", "users").await.unwrap();
    let settle = || async { soon(some(&all, &consumer, 1).await.pop().unwrap().ack()).await };
    settle().await.unwrap();
    server.set_config_text(users(false)).unwrap();
    server.reload();
    // The first one after it is only handed over, and tells the library.
    eventually("it is told", || async { settle().await.is_err() }).await;
    let started = Instant::now();
    assert_denied("the next one", settle().await, started);
    assert!(!all.health().await.is_usable());
    server.set_config_text(users(true)).unwrap();
    server.reload();
    eventually("it is allowed again", || async { settle().await.is_ok() }).await;
    assert!(all.health().await.is_usable());
}
