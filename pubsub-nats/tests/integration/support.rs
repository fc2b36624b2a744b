//! What the tests share: a server, a connection to it, a stream and a consumer.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use pubsub_core::{
    Capability, Client, Consumer, ConsumerConfig, Delivery, ErrorKind, FetchOptions, Provision, Result,
    Storage, StreamAdmin, StreamConfig, StreamInfo, StreamName,
};
use pubsub_nats::{NatsBroker, NatsConfig, async_nats};
use pubsub_testkit::nats_server::NatsServer;
use tokio::time::{Instant, sleep, timeout};

/// The longest that anything in these tests may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A server with one client of ours.
pub(crate) struct Bench {
    pub(crate) server: NatsServer,
    pub(crate) client: Client,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::on(NatsServer::start().unwrap()).await
    }

    pub(crate) async fn on(server: NatsServer) -> Self {
        let client = connect(server.url()).await.unwrap();
        Self { server, client }
    }

    /// A stream `RIDE` of `ride.>` with a durable consumer `users` of all of it.
    pub(crate) async fn with_consumer() -> (Self, Arc<dyn Consumer>) {
        let bench = Self::start().await;
        bench.stream().await;
        let consumer = bench.consumer(ConsumerConfig::durable("users").unwrap()).await;
        (bench, consumer)
    }

    pub(crate) async fn stream(&self) {
        let config = StreamConfig::new("RIDE", ["ride.>"]).unwrap().with_storage(Storage::Memory);
        self.client.ensure_stream(config, Provision::CreateIfMissing).await.unwrap();
    }

    pub(crate) async fn consumer(&self, config: ConsumerConfig) -> Arc<dyn Consumer> {
        self.client.ensure_consumer("RIDE", config, Provision::CreateIfMissing).await.unwrap()
    }

    /// Publishes the numbers of the range to `ride.n`.
    pub(crate) async fn publish(&self, numbers: std::ops::Range<u32>) {
        for number in numbers {
            self.client.publish("ride.n", number.to_string()).await.unwrap();
        }
    }

    /// Another NATS client.
    pub(crate) async fn foreign(&self) -> async_nats::Client {
        async_nats::connect(self.server.url()).await.unwrap()
    }
}

impl Bench {
    /// Whether this server has it. A test of what it lacks goes another way, so that the suite runs on every version.
    pub(crate) fn has(&self, capability: Capability) -> bool {
        self.client.capabilities().has(capability)
    }

    pub(crate) fn admin(&self) -> Arc<dyn StreamAdmin> {
        self.client.admin().unwrap()
    }

    /// The stream `RIDE` of `ride.>`, changed.
    pub(crate) async fn stream_with(&self, change: impl FnOnce(StreamConfig) -> StreamConfig) -> StreamInfo {
        let config = StreamConfig::new("RIDE", ["ride.>"]).unwrap().with_storage(Storage::Memory);
        self.admin().create_stream(change(config)).await.unwrap()
    }
}

/// The name of the stream.
pub(crate) fn ride() -> StreamName {
    StreamName::new("RIDE").unwrap()
}

/// Asserts that this was refused for want of the capability.
#[track_caller]
pub(crate) fn assert_unsupported<T: std::fmt::Debug>(outcome: Result<T>, capability: Capability) {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert_eq!(error.context("feature"), Some(capability.name()), "{error}");
    assert!(!error.is_effect_unknown());
}

/// Waits until the server has read all that this client sent: a flush only says that it was written.
pub(crate) async fn sync(client: &async_nats::Client) {
    client.request("$JS.API.INFO", "".into()).await.unwrap();
}

/// What another client sees on a subject from now on.
pub(crate) async fn listen(client: &async_nats::Client, subject: &'static str) -> async_nats::Subscriber {
    let subscriber = client.subscribe(subject).await.unwrap();
    sync(client).await;
    subscriber
}

pub(crate) async fn connect(url: &str) -> Result<Client> {
    connect_with(NatsConfig::new(url)?).await
}

pub(crate) async fn connect_with(config: NatsConfig) -> Result<Client> {
    Ok(Client::new(Arc::new(NatsBroker::connect(config).await?)))
}

/// A fetch of up to `most` that waits up to 5 s for the first.
pub(crate) async fn fetch(consumer: &Arc<dyn Consumer>, most: usize) -> Vec<Delivery> {
    consumer.fetch(FetchOptions::up_to(most)).await.unwrap()
}

pub(crate) fn texts(deliveries: &[Delivery]) -> Vec<String> {
    deliveries.iter().map(text).collect()
}

pub(crate) fn text(delivery: &Delivery) -> String {
    String::from_utf8(delivery.payload().to_vec()).unwrap()
}

pub(crate) async fn ack_all(deliveries: Vec<Delivery>) {
    for delivery in deliveries {
        delivery.ack_confirmed().await.unwrap();
    }
}

/// Fails the test instead of hanging.
pub(crate) async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(DEADLINE, work).await.expect("it took too long")
}

/// Waits until the condition holds.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let deadline = Instant::now() + DEADLINE;
    while !condition().await {
        assert!(Instant::now() < deadline, "this did not come: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}
