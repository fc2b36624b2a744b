//! Layers that make messages wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use pubsub::worker::{Inbox, MemoryInbox, RateLimit, Router, Timeout};
use pubsub::{Client, OutboundMessage, Provision, StreamConfig};

use crate::support::{binding, start, until, until_settled};

pub(crate) async fn waiting_for_a_rate_uses_up_no_attempt(client: Client) {
    for _ in 0..12 {
        client.publish("ride.done", "").await.expect("stored");
    }
    let router = Router::new()
        .route("ride.done", || async {})
        .expect("a route")
        .layer(RateLimit::new(1, Duration::from_millis(200)))
        .layer(Timeout(Duration::from_millis(500)));
    let worker = start(&client, binding(router).with_concurrency(8));
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.retried, outcome.dead_lettered), (12, 0, 0));
}

pub(crate) async fn two_copies_of_one_id_are_handled_once_behind_an_inbox(client: Client) {
    let window = Duration::from_millis(100);
    let rides = StreamConfig::new("RIDE", ["ride.>"]).expect("a stream").with_duplicate_window(window);
    client.ensure_stream(rides, Provision::Update).await.expect("changed");
    let message = || OutboundMessage::new("ride.done", "").and_then(|message| message.with_id("r-17"));
    let publish = async || client.publish_message(message().expect("a message")).await.expect("stored");
    publish().await;
    until("it is published once more", async || publish().await.duplicate == Some(false)).await;

    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = move || {
        let counted = Arc::clone(&counted);
        async move {
            counted.fetch_add(1, SeqCst);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let router = Router::new().route("ride.done", handler).expect("a route");
    let router = router.layer(Inbox::new(MemoryInbox::new(Duration::from_secs(60))));
    let worker = start(&client, binding(router));
    until_settled(&client).await;
    let outcome = worker.stop().await;
    assert_eq!((outcome.done, outcome.retried, calls.load(SeqCst)), (2, 0, 1));
}
