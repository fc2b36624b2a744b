//! What the server does not allow is told to who asked for it, soon and typed.

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures::future::join_all;
use futures::{StreamExt as _, TryStreamExt as _};
use pubsub_core::{
    Capability, Client, Confirm, Consumer, ConsumerConfig, Error, ErrorKind, FetchOptions, MessageSelector,
    OutboundMessage, Provision, PublishOptions, Purge, ReadOptions, Result, StreamConfig, SubjectFilter,
    SubscribeOptions,
};
use pubsub_testkit::nats_server::{NatsServer, ServerVersion};

use crate::support::{connect, eventually, fetch, soon};

const PERMISSIONS: &str = r#"
authorization { users: [
    { user: "all", password: "p" }
    { user: "some", password: "p", permissions: {
        publish: { deny: ["ride.secret", "batch.secret", "$JS.API.CONSUMER.MSG.NEXT.RIDE.closed"] } } }
    { user: "reader", password: "p", permissions: {
        publish: { deny: ["$JS.API.STREAM.>", "$JS.API.CONSUMER.>", "$JS.ACK.>"] } } }
    { user: "acker", password: "p", permissions: { publish: { deny: ["$JS.ACK.>"] } } }
    { user: "deaf", password: "p", permissions: { subscribe: { deny: ["_INBOX.>"] } } }
    { user: "least", password: "p", permissions: {
        publish: { allow: ["ride.>", "$JS.API.CONSUMER.INFO.RIDE.users", "$JS.API.CONSUMER.MSG.NEXT.RIDE.users",
            "$JS.ACK.RIDE.users.>"] }
        subscribe: { allow: ["_INBOX.>"] } } }
    { user: "boxed", password: "p", permissions: { subscribe: { allow: ["_INBOX_boxed.>"] } } }
] }"#;

/// A server with a stream `RIDE` and a consumer `users` of it.
async fn server() -> NatsServer {
    let server = NatsServer::builder().config_text(PERMISSIONS).start().unwrap();
    let all = connect(&url(&server, "all")).await.unwrap();
    let config = StreamConfig::new("RIDE", ["ride.>"]).unwrap();
    all.ensure_stream(config, Provision::CreateIfMissing).await.unwrap();
    for name in ["users", "closed"] {
        let config = ConsumerConfig::durable(name).unwrap();
        all.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await.unwrap();
    }
    server
}

fn url(server: &NatsServer, user: &str) -> String {
    format!("nats://{user}:p@127.0.0.1:{}", server.port())
}

async fn client(server: &NatsServer, user: &str) -> Client {
    connect(&url(server, user)).await.unwrap()
}

/// The work is denied within 2 s, with a remedy.
async fn denied<T: Debug>(what: &str, work: impl Future<Output = Result<T>>) -> Error {
    let started = Instant::now();
    let error = soon(work).await.expect_err(what);
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{what}: {error:?}");
    assert!(started.elapsed() < Duration::from_secs(2), "{what}: {:?}", started.elapsed());
    assert!(error.remedy().is_some(), "{what}: {error}");
    error
}

#[tokio::test]
async fn a_publish() {
    let server = server().await;
    let some = client(&server, "some").await;
    let error = denied("publish", some.publish("ride.secret", "x")).await;
    assert_eq!(error.context("subject"), Some("ride.secret"));
    assert!(!error.is_effect_unknown(), "{error}");
    some.publish("ride.open", "x").await.unwrap();
}

#[tokio::test]
async fn many_publishes_at_once_among_others_that_are_allowed() {
    let server = server().await;
    let some = client(&server, "some").await;
    let publishes = (0..50).map(|n| {
        let some = some.clone();
        async move {
            if n % 2 == 0 {
                let error = denied("publish", some.publish("ride.secret", "x")).await;
                assert!(!error.is_effect_unknown(), "{error}");
            } else {
                some.publish("ride.open", "x").await.unwrap();
            }
        }
    });
    join_all(publishes).await;
}

#[tokio::test]
async fn batches_of_every_kind() {
    let server = server().await;
    let all = client(&server, "all").await;
    let has = |capability| all.capabilities().has(capability);
    let mut config = StreamConfig::new("BATCH", ["batch.>"]).unwrap();
    if has(Capability::AtomicBatch) {
        config = config.with_allow_atomic_batches();
    }
    if has(Capability::FastBatch) {
        config = config.with_allow_fast_batches();
    }
    all.ensure_stream(config, Provision::CreateIfMissing).await.unwrap();
    let some = client(&server, "some").await;
    let publisher = some.publisher();
    let secret = || vec![OutboundMessage::new("batch.secret", "x").unwrap(); 3];
    for confirm in [Confirm::Full, Confirm::StoredOnly] {
        let options = PublishOptions::default().with_confirm(confirm);
        let started = Instant::now();
        let pending = soon(publisher.publish_batch(secret(), options)).await;
        assert_eq!(pending.len(), 3);
        for pending in pending {
            denied("a batch", async { pending?.await }).await;
        }
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }
    if has(Capability::AtomicBatch) {
        denied("an atomic batch", publisher.publish_atomic(secret(), PublishOptions::default())).await;
    }
    some.publish("batch.open", "x").await.unwrap();
}

#[tokio::test]
async fn each_call_of_the_administration() {
    let server = server().await;
    let reader = client(&server, "reader").await;
    let admin = reader.admin().unwrap();
    let (stream, consumer) = ("RIDE".try_into().unwrap(), "users".try_into().unwrap());
    let config = || StreamConfig::new("RIDE", ["ride.>"]).unwrap();
    let durable = || ConsumerConfig::durable("users").unwrap();
    let errors = [
        denied("create stream", admin.create_stream(config())).await,
        denied("update stream", admin.update_stream(config())).await,
        denied("stream info", admin.stream_info(&stream)).await,
        denied("list streams", admin.list_streams()).await,
        denied("purge stream", admin.purge_stream(&stream, Purge::all())).await,
        denied("get message", admin.get_message(&stream, MessageSelector::Sequence(1))).await,
        denied("delete message", admin.delete_message(&stream, 1)).await,
        denied("delete stream", admin.delete_stream(&stream)).await,
        denied("create consumer", admin.create_consumer(&stream, durable())).await,
        denied("update consumer", admin.update_consumer(&stream, durable())).await,
        denied("consumer info", admin.consumer_info(&stream, &consumer)).await,
        denied("list consumers", admin.list_consumers(&stream)).await,
        denied("delete consumer", admin.delete_consumer(&stream, &consumer)).await,
        denied("open consumer", reader.consumer("RIDE", "users")).await,
        denied("subjects", admin.stream_subjects(&stream, SubjectFilter::all())).await,
        denied("gaps", admin.deleted_sequences(&stream)).await,
        denied("ensure stream", admin.ensure_stream(config(), Provision::Never)).await,
        denied("ensure consumer", admin.ensure_consumer(&stream, durable(), Provision::Update)).await,
        denied("read", reader.read("RIDE", ReadOptions::default())).await,
    ];
    if reader.capabilities().has(Capability::Pause) {
        let until = SystemTime::now() + Duration::from_secs(60);
        denied("pause", admin.pause_consumer(&stream, &consumer, until)).await;
        denied("resume", admin.resume_consumer(&stream, &consumer)).await;
        denied("unpin", admin.unpin_consumer(&stream, &consumer)).await;
    }
    if reader.capabilities().has(Capability::Reset) {
        denied("reset", admin.reset_consumer(&stream, &consumer, None)).await;
    }
    for error in errors {
        assert!(error.context("subject").is_some_and(|subject| subject.starts_with("$JS.API.")), "{error}");
        assert!(!error.is_effect_unknown(), "{error}");
    }
}

#[tokio::test]
async fn a_confirmed_settlement() {
    let server = server().await;
    let acker = client(&server, "acker").await;
    acker.publish("ride.n", "x").await.unwrap();
    let consumer = acker.consumer("RIDE", "users").await.unwrap();
    let delivery = fetch(&consumer, 1).await.pop().unwrap();
    denied("ack", delivery.ack_confirmed()).await;
}

async fn closed(server: &NatsServer) -> Arc<dyn Consumer> {
    client(server, "some").await.consumer("RIDE", "closed").await.unwrap()
}

#[tokio::test]
async fn a_fetch() {
    let server = server().await;
    let consumer = closed(&server).await;
    let error =
        denied("fetch", consumer.fetch(FetchOptions::up_to(1).with_expires(Duration::from_secs(15)))).await;
    assert_eq!(error.context("consumer"), Some("closed"));
    denied("fetch", consumer.fetch(FetchOptions::up_to(1).with_expires(Duration::ZERO))).await;
}

#[tokio::test]
async fn a_subscription() {
    let server = server().await;
    let mut deliveries = closed(&server).await.subscribe(SubscribeOptions::default());
    let error = denied("subscribe", async { deliveries.next().await.unwrap() }).await;
    assert_eq!(error.context("consumer"), Some("closed"));
    assert!(soon(deliveries.next()).await.is_none());
}

#[tokio::test]
async fn a_client_that_may_not_receive_answers_is_told_at_connect() {
    let server = server().await;
    let error = denied("connect", connect(&url(&server, "deaf"))).await;
    assert!(error.remedy().is_some_and(|remedy| remedy.contains("inbox_prefix")));
}

#[tokio::test]
async fn an_inbox_prefix_of_its_own_is_used() {
    let server = server().await;
    let boxed = connect(&format!("{}?inbox_prefix=_INBOX_boxed", url(&server, "boxed"))).await.unwrap();
    boxed.publish("ride.n", "x").await.unwrap();
    let consumer = boxed.consumer("RIDE", "users").await.unwrap();
    assert_eq!(fetch(&consumer, 1).await.len(), 1);
}

/// After a second reload nats-server 2.10 has no JetStream for anybody, new clients too (measured on 2.10.26).
fn survives_reloads(server: &NatsServer) -> bool {
    server.version() >= ServerVersion::new(2, 11, 0)
}

/// What docs/security.md says that a user needs, and nothing else.
#[tokio::test]
async fn the_least_that_is_documented_is_enough() {
    let server = server().await;
    let least = client(&server, "least").await;
    least.publish("ride.n", "x").await.unwrap();
    let consumer = least.consumer("RIDE", "users").await.unwrap();
    fetch(&consumer, 1).await.pop().unwrap().ack_confirmed().await.unwrap();
    let health = least.health().await;
    assert!(health.is_usable(), "{health:?}");
    least.publish("ride.n", "x").await.unwrap();
    let mut deliveries = consumer.subscribe(SubscribeOptions::default());
    soon(deliveries.next()).await.unwrap().unwrap().ack().await.unwrap();
    soon(least.close()).await.unwrap();
}

fn revoked(permissions: &str) -> String {
    PERMISSIONS.replace(
        r#"{ user: "all", password: "p" }"#,
        &format!(r#"{{ user: "all", password: "p", {permissions} }}"#),
    )
}

#[tokio::test]
async fn a_permission_that_is_revoked_and_restored_while_publishing() {
    let mut server = server().await;
    let all = client(&server, "all").await;
    let publish = |n: u32| {
        let all = all.clone();
        async move { all.publish("ride.n", n.to_string()).await }
    };
    publish(0).await.unwrap();
    server.set_config_text(revoked(r#"permissions: { publish: { deny: ["ride.n"] } }"#)).unwrap();
    server.reload();
    // Several in flight while it happens: none may be told to be refused that was stored.
    let started = Instant::now();
    let (mut stored, mut unknown, mut refused) = (1, 0, 0);
    while refused < 50 {
        for outcome in join_all((0..10).map(publish)).await {
            match outcome {
                Ok(_) => stored += 1,
                Err(error) if error.is_effect_unknown() => unknown += 1,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
                    refused += 1;
                }
            }
        }
        assert!(started.elapsed() < Duration::from_secs(10), "{stored} {unknown} {refused}");
    }
    if !survives_reloads(&server) {
        return;
    }
    server.set_config_text(PERMISSIONS).unwrap();
    server.reload();
    eventually("it is allowed again", || {
        let again = publish(1);
        async move { again.await.is_ok() }
    })
    .await;
    stored += 1;
    let messages = all.admin().unwrap().stream_info(&"RIDE".try_into().unwrap()).await.unwrap().messages;
    assert!((stored..=stored + unknown).contains(&messages), "{stored} {unknown} {refused} of {messages}");
}

#[tokio::test]
async fn answers_that_are_revoked_and_restored() {
    let mut server = server().await;
    let all = client(&server, "all").await;
    let consumer = all.consumer("RIDE", "users").await.unwrap();
    let mut deliveries = Arc::clone(&consumer).subscribe(SubscribeOptions::default());
    all.publish("ride.n", "x").await.unwrap();
    soon(deliveries.next()).await.unwrap().unwrap().ack_confirmed().await.unwrap();
    server.set_config_text(revoked(r#"permissions: { subscribe: { deny: ["_INBOX.>"] } }"#)).unwrap();
    server.reload();
    eventually("it is revoked", || async {
        all.publish("ride.n", "x").await.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
    })
    .await;
    denied("publish", all.publish("ride.n", "x")).await;
    denied("info", consumer.info()).await;
    denied("fetch", consumer.fetch(FetchOptions::up_to(1))).await;
    // What came before may still be there.
    denied("subscription", deliveries.try_for_each(|_| std::future::ready(Ok(())))).await;
    assert!(!all.health().await.is_usable());
    if !survives_reloads(&server) {
        return;
    }
    server.set_config_text(PERMISSIONS).unwrap();
    server.reload();
    eventually("it is allowed again", || async { all.publish("ride.n", "x").await.is_ok() }).await;
    assert!(all.health().await.is_usable());
}
