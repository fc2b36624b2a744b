//! Credentials that stop being right while a client is connected.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use nkeys::KeyPair;
use pubsub_core::{
    Broker, Client, Consumer, ConsumerConfig, ErrorKind, FetchOptions, Provision, StreamConfig,
    SubscribeOptions,
};
use pubsub_nats::{ConnectionState, Credentials, NatsBroker, NatsConfig, NatsEvent};
use pubsub_testkit::nats_server::NatsServer;

use crate::support::{eventually, soon};

fn users(password: &str) -> String {
    format!("authorization {{ users: [ {{ user: ride, password: {password} }} ] }}")
}

struct Locked {
    server: NatsServer,
    broker: Arc<NatsBroker>,
    client: Client,
    consumer: Arc<dyn Consumer>,
}

impl Locked {
    async fn start() -> Self {
        let server = NatsServer::builder().config_text(users("right")).start().unwrap();
        let url = format!("nats://ride:right@127.0.0.1:{}", server.port());
        let broker = Arc::new(NatsBroker::connect(NatsConfig::new(&url).unwrap()).await.unwrap());
        let client = Client::new(Arc::clone(&broker) as Arc<dyn Broker>);
        let stream = StreamConfig::new("RIDE", ["ride.>"]).unwrap();
        client.ensure_stream(stream, Provision::CreateIfMissing).await.unwrap();
        let config = ConsumerConfig::durable("users").unwrap();
        let consumer = client.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await.unwrap();
        Self { server, broker, client, consumer }
    }

    fn change_password(&mut self, password: &str) {
        self.server.set_config_text(users(password)).unwrap();
        self.server.restart().unwrap();
    }
}

#[tokio::test]
async fn every_call_is_told_in_time_and_all_is_well_once_it_is_right_again() {
    let mut locked = Locked::start().await;
    let mut events = locked.broker.events();
    let subscription =
        tokio::spawn(Arc::clone(&locked.consumer).subscribe(SubscribeOptions::default()).collect::<Vec<_>>());
    locked.change_password("other");

    let started = Instant::now();
    let publish = soon(locked.client.publish("ride.n", "x")).await.unwrap_err();
    assert_eq!(publish.kind(), ErrorKind::PermissionDenied, "{publish:?}");
    assert!(publish.remedy().is_some(), "{publish}");
    let fetch = soon(locked.consumer.fetch(FetchOptions::up_to(1))).await.unwrap_err();
    assert_eq!(fetch.kind(), ErrorKind::PermissionDenied, "{fetch:?}");
    let call = soon(locked.consumer.info()).await.unwrap_err();
    assert_eq!(call.kind(), ErrorKind::PermissionDenied, "{call:?}");
    let last = soon(subscription).await.unwrap().pop().unwrap().unwrap_err();
    assert_eq!(last.kind(), ErrorKind::PermissionDenied, "{last:?}");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());

    assert_eq!(locked.broker.state(), ConnectionState::Refused);
    let health = locked.client.health().await;
    assert!(
        !health.is_usable() && health.reasons.iter().any(|reason| reason.contains("credentials")),
        "{health:?}"
    );
    let refused = async {
        while let Some(event) = events.next().await {
            if let NatsEvent::Refused { reason } = event {
                return reason;
            }
        }
        String::new()
    };
    assert!(soon(refused).await.contains("credentials"));

    locked.change_password("right");
    eventually("the connection is made again", || async {
        locked.broker.state() == ConnectionState::Connected
    })
    .await;
    locked.client.publish("ride.n", "x").await.unwrap();
    assert_eq!(soon(locked.consumer.fetch(FetchOptions::up_to(1))).await.unwrap().len(), 1);
    assert!(locked.client.health().await.is_usable());
}

#[tokio::test]
async fn a_close_while_locked_out_is_bounded() {
    let mut locked = Locked::start().await;
    locked.change_password("other");
    eventually("the client is locked out", || async { locked.broker.state() == ConnectionState::Refused })
        .await;
    let started = Instant::now();
    let _ = soon(locked.client.close()).await;
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(locked.broker.state(), ConnectionState::Closed);
}

#[tokio::test]
async fn a_file_that_is_replaced_is_used_for_the_next_connection() {
    let users = |pair: &KeyPair| format!("authorization {{ users: [ {{ nkey: {} }} ] }}", pair.public_key());
    let (first, second) = (KeyPair::new_user(), KeyPair::new_user());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), first.seed().unwrap()).unwrap();
    let mut server = NatsServer::builder().config_text(users(&first)).start().unwrap();
    let config = NatsConfig::new(&format!("nats://127.0.0.1:{}", server.port())).unwrap();
    let config = config.with_credentials(Credentials::nkey_file(file.path()));
    let broker = NatsBroker::connect(config).await.unwrap();

    std::fs::write(file.path(), second.seed().unwrap()).unwrap();
    server.set_config_text(users(&second)).unwrap();
    server.restart().unwrap();
    eventually("the connection is made again", || async {
        broker.statistics().connects == 2 && broker.state() == ConnectionState::Connected
    })
    .await;
}
