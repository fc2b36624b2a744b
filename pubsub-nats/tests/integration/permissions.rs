//! What the server does not allow is told, soon and typed.

use std::time::{Duration, Instant};

use pubsub_core::{ConsumerConfig, ErrorKind, FetchOptions, Provision, StreamConfig};
use pubsub_testkit::nats_server::NatsServer;

use crate::support::{connect, soon};

const PERMISSIONS: &str = r#"
authorization { users: [
    { user: "all", password: "p" }
    { user: "some", password: "p", permissions: {
        publish: { deny: ["ride.secret", "$JS.API.STREAM.DELETE.>", "$JS.API.CONSUMER.MSG.NEXT.RIDE.closed"] } } }
    { user: "deaf", password: "p", permissions: { subscribe: { deny: ["_INBOX.>"] } } }
    { user: "boxed", password: "p", permissions: { subscribe: { allow: ["_INBOX_boxed.>"] } } }
] }"#;

fn server() -> NatsServer {
    NatsServer::builder().config_text(PERMISSIONS).start().unwrap()
}

fn url(server: &NatsServer, user: &str) -> String {
    format!("nats://{user}:p@127.0.0.1:{}", server.port())
}

#[tokio::test]
async fn a_forbidden_publish_is_denied_within_two_seconds() {
    let server = server();
    let all = connect(&url(&server, "all")).await.unwrap();
    let config = StreamConfig::new("RIDE", ["ride.>"]).unwrap();
    all.ensure_stream(config, Provision::CreateIfMissing).await.unwrap();
    let some = connect(&url(&server, "some")).await.unwrap();
    let started = Instant::now();
    let error = soon(some.publish("ride.secret", "x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(error.context("subject"), Some("ride.secret"));
    assert!(started.elapsed() < Duration::from_secs(2));
    some.publish("ride.open", "x").await.unwrap();
}

#[tokio::test]
async fn a_forbidden_call_is_denied_within_two_seconds() {
    let server = server();
    let some = connect(&url(&server, "some")).await.unwrap();
    let started = Instant::now();
    let error = some.admin().unwrap().delete_stream(&"RIDE".try_into().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_forbidden_pull_is_denied_within_two_seconds() {
    let server = server();
    let some = connect(&url(&server, "some")).await.unwrap();
    let config = StreamConfig::new("RIDE", ["ride.>"]).unwrap();
    some.ensure_stream(config, Provision::CreateIfMissing).await.unwrap();
    let config = ConsumerConfig::durable("closed").unwrap();
    let consumer = some.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await.unwrap();
    let started = Instant::now();
    let error = soon(consumer.fetch(FetchOptions::up_to(1))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(error.context("consumer"), Some("closed"));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_client_that_may_not_receive_answers_is_told_at_connect() {
    let server = server();
    let error = soon(connect(&format!("{}?request_timeout=500ms", url(&server, "deaf")))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    assert!(error.remedy().is_some_and(|remedy| remedy.contains("inbox_prefix")));
}

#[tokio::test]
async fn an_inbox_prefix_of_its_own_is_used() {
    let server = server();
    let boxed = connect(&format!("{}?inbox_prefix=_INBOX_boxed", url(&server, "boxed"))).await.unwrap();
    let config = StreamConfig::new("RIDE", ["ride.>"]).unwrap();
    boxed.ensure_stream(config, Provision::CreateIfMissing).await.unwrap();
    boxed.publish("ride.n", "x").await.unwrap();
}
