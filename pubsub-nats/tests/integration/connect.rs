//! Connecting: fast, typed failures, and no secret anywhere.

use std::net::TcpListener;
use std::task::Poll;
use std::time::{Duration, Instant};

use pubsub_core::{ConsumerConfig, Error, ErrorKind, HealthState, Provision, Registry, StreamConfig};
use pubsub_nats::{Credentials, NatsBroker, NatsConfig, NatsConnector, async_nats};
use pubsub_testkit::fault_proxy::FaultProxy;
use pubsub_testkit::nats_server::NatsServer;
use tokio::task::coop::consume_budget;

use crate::support::{connect, connect_with, eventually, fetch, soon};

const USERS: &str = r#"authorization { users: [ { user: "ri@der", password: "canary:pass" } ] }"#;

fn with_users() -> NatsServer {
    NatsServer::builder().config_text(USERS).start().unwrap()
}

fn no_canary(error: &Error) {
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("canary") && !shown.contains("ri@der") && !shown.contains("wrong"), "{shown}");
}

#[tokio::test]
async fn an_open_server_takes_anybody() {
    let server = NatsServer::start().unwrap();
    let client = connect(server.url()).await.unwrap();
    assert!(client.health().await.is_usable());
    client.close().await.unwrap();
}

#[tokio::test]
async fn credentials_of_the_url_are_used() {
    let server = with_users();
    let url = format!("nats://ri%40der:canary%3Apass@127.0.0.1:{}", server.port());
    let registry = Registry::new().with(NatsConnector);
    let client = pubsub_core::Client::connect(&url, &registry).await.unwrap();
    assert!(client.health().await.is_usable());
    let shown = format!("{client:?} {:?}", NatsConfig::new(&url).unwrap());
    assert!(!shown.contains("canary") && !shown.contains("ri@der"), "{shown}");
    client.close().await.unwrap();
}

#[tokio::test]
async fn a_token_is_used() {
    let server = NatsServer::builder().config_text(r#"authorization { token: "canary" }"#).start().unwrap();
    let config = NatsConfig::new(server.url()).unwrap();
    assert!(connect_with(config.clone()).await.is_err());
    connect_with(config.with_credentials(Credentials::token("canary"))).await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_refused_at_once_without_showing_it() {
    let server = with_users();
    let started = Instant::now();
    let url = format!("nats://ri%40der:wrong-canary@127.0.0.1:{}", server.port());
    let error = connect(&url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.remedy().is_some());
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    no_canary(&error);
}

#[tokio::test]
async fn a_dead_server_is_unavailable_at_once() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let started = Instant::now();
    let error = connect(&format!("nats://ri%40der:canary@127.0.0.1:{port}")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.context("servers"), Some(&*format!("127.0.0.1:{port}")));
    assert!(started.elapsed() < Duration::from_secs(5));
    no_canary(&error);
}

#[tokio::test]
async fn a_silent_server_is_unavailable_within_the_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("nats://{}?connect_timeout=300ms", listener.local_addr().unwrap());
    let started = Instant::now();
    let error = connect(&url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn one_dead_server_of_a_list_does_not_matter() {
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = NatsServer::start().unwrap();
    let url = format!("nats://{dead},127.0.0.1:{}", server.port());
    soon(connect(&url)).await.unwrap();
}

/// Whatever it was doing when it was dropped: tokio makes a future stop anywhere once its budget is used up.
#[tokio::test]
async fn dropped_at_any_point_no_connection_stays_open() {
    const BUDGET: usize = 128;
    let server = NatsServer::start().unwrap();
    let proxy = FaultProxy::in_front_of(&server).await.unwrap();
    let config = NatsConfig::new(&proxy.url()).unwrap();
    for left in [1, 2, 3, 4, 6] {
        for polls in 1..=20 {
            let config = config.clone();
            // A budget is a task's.
            let dropped = tokio::spawn(async move {
                let mut connecting = std::pin::pin!(NatsBroker::connect(config));
                for _ in 0..polls {
                    let mut stopped = false;
                    let step = std::future::poll_fn(|context| {
                        if std::mem::replace(&mut stopped, true) {
                            return Poll::Ready(None);
                        }
                        for _ in left..BUDGET {
                            assert!(std::pin::pin!(consume_budget()).poll(context).is_ready());
                        }
                        match connecting.as_mut().poll(context) {
                            Poll::Ready(connected) => Poll::Ready(Some(connected)),
                            Poll::Pending => Poll::Pending,
                        }
                    });
                    if let Some(connected) = step.await {
                        return drop(connected.unwrap());
                    }
                }
            });
            soon(dropped).await.unwrap();
        }
    }
    eventually("no connection is open", || async { proxy.counts().open == 0 }).await;
}

#[tokio::test]
async fn a_server_without_jetstream_is_unavailable_with_a_remedy() {
    let server = NatsServer::builder().jetstream(false).start().unwrap();
    let error = connect(server.url()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.remedy().is_some_and(|remedy| remedy.contains("JetStream")), "{error}");
}

#[tokio::test]
async fn the_native_client_is_there() {
    let server = NatsServer::start().unwrap();
    let broker = NatsBroker::connect(NatsConfig::new(server.url()).unwrap()).await.unwrap();
    assert_eq!(broker.server_version(), server.version().to_string());
    let native =
        pubsub_core::Broker::native(&broker).and_then(|any| any.downcast_ref::<async_nats::Client>());
    assert!(native.is_some());
    assert!(
        pubsub_core::Broker::publisher(&broker)
            .native()
            .is_some_and(<dyn std::any::Any>::is::<async_nats::Client>)
    );
}

#[tokio::test]
async fn a_domain_is_used() {
    let server = NatsServer::builder().config_text("jetstream { domain: hub }").start().unwrap();
    let client = connect(&format!("{}?domain=hub", server.url())).await.unwrap();
    let stream = StreamConfig::new("RIDE", ["ride.>"]).unwrap();
    client.ensure_stream(stream, Provision::CreateIfMissing).await.unwrap();
    client.publish("ride.n", "x").await.unwrap();
    let config = ConsumerConfig::durable("users").unwrap();
    let consumer = client.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await.unwrap();
    let delivery = fetch(&consumer, 1).await.pop().unwrap();
    delivery.ack_confirmed().await.unwrap();
    let error = connect(&format!("{}?domain=elsewhere", server.url())).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.context("domain")),
        (ErrorKind::Unavailable, Some("elsewhere")),
        "{error}"
    );
}

#[tokio::test]
async fn jetstream_can_be_done_without() {
    let server = NatsServer::builder().jetstream(false).start().unwrap();
    let client = connect(&format!("{}?jetstream=false", server.url())).await.unwrap();
    assert_eq!(client.health().await.state, HealthState::Degraded);
    client.close().await.unwrap();
}
