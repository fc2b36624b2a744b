use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use pubsub::worker::{Router, Worker};
use pubsub::{Client, ErrorKind, FetchOptions};

use crate::support::{binding, info, start, start_worker, until};

fn sleeping(time: Duration) -> (Router, Arc<AtomicUsize>) {
    let begun = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&begun);
    let handler = move || {
        counted.fetch_add(1, SeqCst);
        tokio::time::sleep(time)
    };
    (Router::new().route("ride.done", handler).expect("a route"), begun)
}

pub(crate) async fn what_runs_is_finished_and_what_has_not_begun_is_handed_back(client: Client) {
    for _ in 0..10 {
        client.publish("ride.done", "").await.expect("stored");
    }
    let (router, begun) = sleeping(Duration::from_millis(500));
    let worker = start(&client, binding(router).with_concurrency(2).with_prefetch(6));
    until("two are begun", async || begun.load(SeqCst) == 2).await;
    until("six are held", async || info(&client).await.ack_pending == 6).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.handed_back, outcome.cut_off), (2, 4, 0));
    assert_eq!(begun.load(SeqCst), 2);
    // At once, not after the ack wait.
    let consumer = client.consumer("RIDE", "billing").await.expect("it is there");
    let batch = consumer.fetch(FetchOptions::up_to(10).with_expires(Duration::from_secs(1))).await;
    let batch = batch.expect("a batch");
    assert_eq!(batch.len(), 8);
    for delivery in batch {
        delivery.ack().await.expect("settled");
    }
}

pub(crate) async fn a_handler_that_does_not_end_is_cut_off_and_its_message_comes_again(client: Client) {
    client.publish("ride.done", "").await.expect("stored");
    let (router, begun) = sleeping(Duration::from_secs(3600));
    let worker = Worker::new(client.clone()).bind(binding(router)).with_drain(Duration::from_millis(200));
    let worker = start_worker(worker);
    until("it is begun", async || begun.load(SeqCst) == 1).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.cut_off), (0, 1));
    let consumer = client.consumer("RIDE", "billing").await.expect("it is there");
    let batch = consumer.fetch(FetchOptions::up_to(1).with_expires(Duration::from_secs(1))).await;
    let delivery = batch.expect("a batch").pop().expect("it comes again at once");
    delivery.ack().await.expect("settled");
}

pub(crate) async fn a_consumer_that_is_deleted_ends_the_worker_with_an_error(client: Client) {
    let (router, _) = sleeping(Duration::ZERO);
    let worker = start(&client, binding(router));
    let (admin, stream) = (client.admin().expect("administration"), "RIDE".parse().expect("a name"));
    let name = "billing".parse().expect("a name");
    until("it is there", async || admin.consumer_info(&stream, &name).await.is_ok()).await;
    until("it is waited on", async || {
        admin.consumer_info(&stream, &name).await.is_ok_and(|info| info.waiting > 0)
    })
    .await;
    admin.delete_consumer(&stream, &name).await.expect("deleted");
    let outcome = worker.ended().await;
    assert_eq!(outcome.errors.iter().map(pubsub::Error::kind).collect::<Vec<_>>(), [ErrorKind::NotFound]);
    assert_eq!(outcome.exit_code(), std::process::ExitCode::FAILURE);
}

pub(crate) async fn as_long_as_it_takes_is_a_time_to_stop_in(client: Client) {
    client.publish("ride.done", "").await.expect("stored");
    let (router, begun) = sleeping(Duration::from_millis(300));
    let worker = Worker::new(client.clone()).bind(binding(router)).with_drain(Duration::MAX);
    let worker = start_worker(worker);
    until("it is begun", async || begun.load(SeqCst) == 1).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.cut_off), (1, 0));
}

#[expect(clippy::disallowed_methods, reason = "a handler that blocks its thread cannot be cut off")]
pub(crate) async fn a_handler_that_ends_while_it_is_cut_off_is_done(client: Client) {
    client.publish("ride.done", "").await.expect("stored");
    let begun = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&begun);
    let handler = move || {
        let counted = Arc::clone(&counted);
        async move {
            // Not where messages are taken.
            tokio::time::sleep(Duration::from_millis(1)).await;
            counted.fetch_add(1, SeqCst);
            std::thread::sleep(Duration::from_millis(400));
        }
    };
    let router = Router::new().route("ride.done", handler).expect("a route");
    let worker = Worker::new(client.clone()).bind(binding(router)).with_drain(Duration::from_millis(50));
    let worker = start_worker(worker);
    until("it is begun", async || begun.load(SeqCst) == 1).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.cut_off), (1, 0));
}
