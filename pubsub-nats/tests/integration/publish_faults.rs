//! Publishing through faults of the server, its cluster and the wire: nothing fails, nothing is lost, stored twice or out of
//! order.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use pubsub_core::{Client, MessageSelector, PublisherExt as _, Storage, StreamConfig};
use pubsub_nats::NatsConfig;
use pubsub_testkit::fault_proxy::FaultProxy;
use pubsub_testkit::nats_cluster::NatsCluster;
use tokio::time::sleep;

use crate::support::{Bench, connect, connect_with, eventually, ride};

/// As many publishers, each with a key of its own, and one message in flight.
const KEYS: usize = 8;
const PACE: Duration = Duration::from_millis(10);

/// Who publishes while the world breaks.
struct Load {
    client: Client,
    stored: Arc<AtomicU32>,
    stop: Arc<AtomicBool>,
    last: Arc<Mutex<(Instant, Duration)>>,
    tasks: Vec<tokio::task::JoinHandle<u32>>,
}

impl Load {
    fn start(client: &Client) -> Self {
        let mut load = Self {
            client: client.clone(),
            stored: Arc::default(),
            stop: Arc::default(),
            last: Arc::new(Mutex::new((Instant::now(), Duration::ZERO))),
            tasks: Vec::new(),
        };
        load.tasks = (0..KEYS).map(|key| tokio::spawn(load.publish(key))).collect();
        load
    }

    fn publish(&self, key: usize) -> impl Future<Output = u32> + use<> {
        let (client, stored) = (self.client.clone(), Arc::clone(&self.stored));
        let (stop, last) = (Arc::clone(&self.stop), Arc::clone(&self.last));
        async move {
            let publisher = client.publisher();
            for number in 0.. {
                if stop.load(Ordering::Relaxed) {
                    return number;
                }
                let receipt = publisher.publish(format!("ride.{key}"), number.to_string()).await;
                let receipt = receipt.unwrap_or_else(|error| panic!("message {number} of {key}: {error:?}"));
                assert_eq!(receipt.duplicate, Some(false), "it was published once");
                stored.fetch_add(1, Ordering::Relaxed);
                {
                    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                    last.1 = last.1.max(last.0.elapsed());
                    last.0 = Instant::now();
                }
                sleep(PACE).await;
            }
            0
        }
    }

    /// Waits until so many more are confirmed.
    async fn goes_on(&self, more: u32) {
        let before = self.stored.load(Ordering::Relaxed);
        eventually("publishing goes on", || async { self.stored.load(Ordering::Relaxed) >= before + more })
            .await;
    }

    /// Ends it, and judges what is stored. Gives the longest time without a confirmation.
    async fn judge(self) -> Duration {
        self.stop.store(true, Ordering::Relaxed);
        let counts = try_join_all(self.tasks).await.unwrap();
        let admin = self.client.admin().unwrap();
        let info = admin.stream_info(&ride()).await.unwrap();
        let mut next: HashMap<String, u32> = HashMap::new();
        for sequence in 1..=info.last_sequence {
            let stored = admin.get_message(&ride(), MessageSelector::Sequence(sequence)).await.unwrap();
            let expected = next.entry(stored.subject.to_string()).or_default();
            assert_eq!(
                String::from_utf8(stored.payload.to_vec()).unwrap(),
                expected.to_string(),
                "what comes next on {}",
                stored.subject
            );
            *expected += 1;
        }
        for (key, count) in counts.into_iter().enumerate() {
            assert_eq!(next.get(&format!("ride.{key}")), Some(&count), "the messages of {key}");
        }
        self.last.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

async fn with_file_stream() -> Bench {
    let bench = Bench::start().await;
    let config = StreamConfig::new("RIDE", ["ride.>"]).unwrap().with_storage(Storage::File);
    bench.admin().create_stream(config).await.unwrap();
    bench
}

#[tokio::test]
async fn a_server_that_is_killed_and_restarted() {
    let mut bench = with_file_stream().await;
    let load = Load::start(&bench.client);
    for _ in 0..3 {
        load.goes_on(100).await;
        bench.server.kill().unwrap();
        sleep(Duration::from_millis(500)).await;
        bench.server.restart().unwrap();
    }
    load.goes_on(100).await;
    load.judge().await;
}

#[tokio::test]
async fn a_server_that_stands_still() {
    let mut bench = with_file_stream().await;
    let load = Load::start(&bench.client);
    load.goes_on(100).await;
    bench.server.freeze();
    sleep(Duration::from_secs(3)).await;
    bench.server.thaw();
    load.goes_on(100).await;
    load.judge().await;
}

#[tokio::test]
async fn a_wire_that_is_cut_every_two_seconds() {
    let bench = with_file_stream().await;
    let proxy = FaultProxy::in_front_of(&bench.server).await.unwrap();
    let client = connect(&proxy.url()).await.unwrap();
    let load = Load::start(&client);
    for _ in 0..5 {
        sleep(Duration::from_secs(2)).await;
        proxy.reset();
    }
    load.goes_on(100).await;
    let gap = load.judge().await;
    // On an idle machine it is a few milliseconds; raw async-nats stands still for 5 s.
    assert!(gap < Duration::from_millis(1_500), "nothing was confirmed for {gap:?}");
}

#[tokio::test]
async fn a_leader_that_is_killed() {
    let cluster = NatsCluster::start().await.unwrap();
    let client = connect_with(NatsConfig::new(&cluster.url()).unwrap()).await.unwrap();
    let config = StreamConfig::new("RIDE", ["ride.>"]).unwrap().with_replicas(3);
    client.admin().unwrap().create_stream(config).await.unwrap();
    let load = Load::start(&client);
    load.goes_on(100).await;
    cluster.kill_stream_leader(&ride()).await.unwrap();
    load.goes_on(100).await;
    cluster.restore().await.unwrap();
    load.goes_on(100).await;
    load.judge().await;
}
