//! Messages that a consumer gave up by itself while no worker was there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use pubsub::worker::{Binding, DeadLetterStore, DeadLetters, Outcome, Router};
use pubsub::{
    Client, ConsumerConfig, Delivery, ErrorKind, FetchOptions, Limit, Provision, Retention, StreamConfig,
    StreamName,
};

use crate::support::{config, start, until};

const DELIVERIES: u32 = 2;

fn limited() -> ConsumerConfig {
    config().with_max_deliver(Limit::At(DELIVERIES))
}

fn letters() -> DeadLetters {
    DeadLetters::in_stream("DEAD").expect("a name")
}

/// A worker on a consumer that somebody else has made.
fn binding(stream: &str, consumer: ConsumerConfig, calls: &Arc<AtomicUsize>) -> Binding {
    let calls = Arc::clone(calls);
    let handler = move || {
        calls.fetch_add(1, SeqCst);
        async {}
    };
    let router = Router::new().route("*.done", handler).expect("a route");
    let binding = Binding::new(stream, consumer, router).expect("a binding");
    binding.with_provision(Provision::Never).with_dead_letters(letters())
}

/// Uses up all deliveries of so many messages, as processes do that die with them in hand.
async fn use_up(client: &Client, stream: &str, messages: usize) {
    let limited = limited().with_filter("*.done").expect("a filter");
    let consumer =
        client.ensure_consumer(stream, limited, Provision::CreateIfMissing).await.expect("a consumer");
    for _ in 0..DELIVERIES {
        let mut batch = Vec::new();
        while batch.len() < messages {
            batch.extend(consumer.fetch(FetchOptions::up_to(messages - batch.len())).await.expect("a batch"));
        }
        batch.into_iter().for_each(Delivery::hand_back);
    }
}

async fn until_kept(client: &Client, letters_kept: u64) {
    let admin = client.admin().expect("administration");
    let dead = StreamName::new("DEAD").expect("a name");
    until("the letters are kept", async || {
        admin.stream_info(&dead).await.is_ok_and(|info| info.messages == letters_kept)
    })
    .await;
}

/// Whether nothing is left of what the broker told.
async fn until_swept(client: &Client) {
    let admin = client.admin().expect("administration");
    let told = StreamName::new("WORKER_ADVISORIES").expect("a name");
    until("what was told is settled", async || {
        let consumers = admin.list_consumers(&told).await.unwrap_or_default();
        !consumers.is_empty() && consumers.iter().all(|info| info.pending == 0 && info.ack_pending == 0)
    })
    .await;
}

async fn sweep(client: &Client, stream: &str, messages: usize) -> (Outcome, usize) {
    let calls = Arc::new(AtomicUsize::new(0));
    let worker = start(client, binding(stream, limited().with_filter("*.done").expect("a filter"), &calls));
    until_kept(client, messages as u64).await;
    until_swept(client).await;
    (worker.stop().await, calls.load(SeqCst))
}

pub(crate) async fn what_died_without_a_worker_is_kept(client: Client) {
    for _ in 0..3 {
        client.publish("ride.done", "12.50").await.expect("stored");
    }
    use_up(&client, "RIDE", 3).await;
    let (outcome, calls) = sweep(&client, "RIDE", 3).await;
    assert_eq!((outcome.dead_lettered, calls), (3, 0));
    let store = DeadLetterStore::open(&client, &letters()).await.expect("letters");
    let page = store.page(0, 10).await.expect("a page");
    // In the order in which the broker told of their deaths, which need not be that of the stream.
    let mut sequences: Vec<_> = page.iter().map(|letter| letter.origin_sequence).collect();
    sequences.sort_unstable();
    assert_eq!(sequences, [1, 2, 3]);
    let letter = page.first().expect("a letter");
    assert_eq!(letter.attempts, u64::from(DELIVERIES));
    assert_eq!((&*letter.payload, &*letter.subject), (b"12.50".as_slice(), "ride.done"));
    assert!(letter.reason.contains("settled by nobody"), "{}", letter.reason);
    // What was swept up is not swept up again.
    let (outcome, _) = sweep(&client, "RIDE", 3).await;
    assert_eq!(outcome.dead_lettered, 0);
}

pub(crate) async fn a_work_queue_is_left_without_what_died(client: Client) {
    let jobs = StreamConfig::new("JOBS", ["job.>"]).expect("a stream").with_retention(Retention::WorkQueue);
    client.ensure_stream(jobs, Provision::CreateIfMissing).await.expect("made");
    client.publish("job.done", "").await.expect("stored");
    use_up(&client, "JOBS", 1).await;
    let (outcome, calls) = sweep(&client, "JOBS", 1).await;
    assert_eq!((outcome.dead_lettered, calls), (1, 0));
    let admin = client.admin().expect("administration");
    let info = admin.stream_info(&StreamName::new("JOBS").expect("a name")).await.expect("the stream");
    assert_eq!(info.messages, 0);
}

/// The stream of what is told is that of somebody else.
pub(crate) async fn a_stream_of_advisories_that_is_there_is_used(client: Client) {
    let own = StreamConfig::new("GIVEN_UP", pubsub::Advisory::FILTERS).expect("a stream");
    client.ensure_stream(own, Provision::CreateIfMissing).await.expect("made");
    client.publish("ride.done", "").await.expect("stored");
    use_up(&client, "RIDE", 1).await;
    let calls = Arc::new(AtomicUsize::new(0));
    let worker = start(&client, binding("RIDE", limited().with_filter("*.done").expect("a filter"), &calls));
    until_kept(&client, 1).await;
    assert_eq!(worker.stop().await.dead_lettered, 1);
    let admin = client.admin().expect("administration");
    let unused = admin.stream_info(&StreamName::new("WORKER_ADVISORIES").expect("a name")).await;
    assert_eq!(unused.map(|info| info.messages).map_err(|error| error.kind()), Err(ErrorKind::NotFound));
}
