//! A client with a stream, and workers that run beside the test.

use std::time::Duration;

use pubsub::worker::{Binding, DeadLetters, Outcome, RetryPolicy, Router, Worker, WorkerHandle};
use pubsub::{Client, ConsumerConfig, ConsumerInfo, Provision, StoredMessage, StreamConfig, StreamName};
use tokio::task::JoinHandle;

/// How long a condition may take to come true, on a server; on virtual time it is no time at all.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn on_memory() -> Client {
    with_stream(pubsub::connect("memory://").await.expect("memory connects")).await
}

#[cfg(feature = "nats")]
pub(crate) async fn on_server(server: &pubsub_testkit::nats_server::NatsServer) -> Client {
    with_stream(pubsub::connect(server.url()).await.expect("a server connects")).await
}

async fn with_stream(client: Client) -> Client {
    let rides = StreamConfig::new("RIDE", ["ride.>"]).expect("a stream");
    client.ensure_stream(rides, Provision::CreateIfMissing).await.expect("the stream is made");
    client
}

pub(crate) fn config() -> ConsumerConfig {
    ConsumerConfig::durable("billing").expect("a name").with_ack_wait(Duration::from_secs(2))
}

/// What a worker makes of [`config`] for a router with this one route.
pub(crate) fn wanted(filter: &str) -> ConsumerConfig {
    config().with_max_deliver(pubsub::Limit::Unlimited).with_filter(filter).expect("a filter")
}

pub(crate) fn binding(router: Router) -> Binding {
    let quick = RetryPolicy::default().with_first_delay(Duration::from_millis(100)).without_jitter();
    Binding::new("RIDE", config(), router)
        .expect("a binding")
        .with_retry(quick)
        .with_dead_letters(DeadLetters::in_stream("DEAD").expect("a name"))
}

/// A worker that runs beside the test.
pub(crate) struct Running {
    pub(crate) handle: WorkerHandle,
    task: JoinHandle<pubsub::Result<Outcome>>,
}

pub(crate) fn start(client: &Client, binding: Binding) -> Running {
    start_worker(Worker::new(client.clone()).bind(binding))
}

pub(crate) fn start_worker(worker: Worker) -> Running {
    Running { handle: worker.handle(), task: tokio::spawn(worker.run()) }
}

impl Running {
    pub(crate) async fn stop(self) -> Outcome {
        self.handle.stop();
        self.ended().await
    }

    /// Ends it where it is, as a process that dies.
    pub(crate) async fn crash(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    pub(crate) async fn ended(self) -> Outcome {
        let ended = tokio::time::timeout(PATIENCE, self.task).await.expect("the worker ends");
        ended.expect("the worker does not panic").expect("the worker could start")
    }
}

/// Waits until something is true.
pub(crate) async fn until(what: &str, mut is_true: impl AsyncFnMut() -> bool) {
    let mut tries = 0;
    while !is_true().await {
        tries += 1;
        assert!(tries < 2000, "never true: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What the consumer says, once the worker has made it.
pub(crate) async fn info(client: &Client) -> ConsumerInfo {
    let mut info = None;
    until("the consumer is there", async || {
        info = try_info(client).await;
        info.is_some()
    })
    .await;
    info.expect("it is there")
}

async fn try_info(client: &Client) -> Option<ConsumerInfo> {
    let (stream, name) = (StreamName::new("RIDE").ok()?, "billing".parse().ok()?);
    client.admin().ok()?.consumer_info(&stream, &name).await.ok()
}

/// Waits until nothing is to be delivered and nothing is unsettled.
pub(crate) async fn until_settled(client: &Client) {
    until("everything is settled", async || {
        let info = info(client).await;
        info.pending == 0 && info.ack_pending == 0 && info.delivered.stream > 0
    })
    .await;
}

/// The dead letters, in order.
pub(crate) async fn dead_letters(client: &Client) -> Vec<StoredMessage> {
    let admin = client.admin().expect("administration");
    let dead = StreamName::new("DEAD").expect("a name");
    let last = admin.stream_info(&dead).await.expect("the stream is there").last_sequence;
    let mut letters = Vec::new();
    for sequence in 1..=last {
        let read = admin.get_message(&dead, pubsub::MessageSelector::Sequence(sequence)).await;
        letters.push(read.expect("it is stored"));
    }
    letters
}
