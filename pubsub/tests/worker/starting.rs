use std::time::Duration;

use pubsub::worker::{BatchLimits, Binding, DeadLetters, Json, Router, Timeout, Worker};
use pubsub::{Client, ConsumerConfig, ErrorKind};

use crate::support::{binding, config};

async fn nothing() {}

pub(crate) async fn a_worker_that_cannot_work_says_why(client: Client) {
    let router = || Router::new().route("ride.done", nothing).expect("a route");
    let worker = |binding| Worker::new(client.clone()).bind(binding).run();

    let unsaid = Binding::new("RIDE", config(), router()).expect("a binding");
    let refused = worker(unsaid).await.expect_err("nobody said what becomes of dead letters");
    assert_eq!((refused.kind(), refused.context("field")), (ErrorKind::Config, Some("dead_letters")));

    let refused = worker(binding(router()).with_concurrency(0)).await.expect_err("no place");
    assert_eq!(refused.context("field"), Some("concurrency"));

    let filtered = config().with_filter("ride.>").expect("a filter");
    let refused = Binding::new("RIDE", filtered, router()).expect_err("not all is routed");
    assert_eq!((refused.kind(), refused.context("field")), (ErrorKind::Config, Some("filters")));
    assert!(Binding::new("RIDE", config(), Router::new()).is_err());

    let nowhere = Binding::new("NOWHERE", config(), router()).expect("a binding").discard_dead_letters();
    assert_eq!(worker(nowhere).await.expect_err("no such stream").kind(), ErrorKind::NotFound);

    // Somebody else's consumer is not taken over.
    let other = ConsumerConfig::durable("billing").expect("a name").with_max_ack_pending(7);
    let stream = "RIDE".parse().expect("a name");
    client.admin().expect("administration").create_consumer(&stream, other).await.expect("made");
    assert_eq!(worker(binding(router())).await.expect_err("it differs").kind(), ErrorKind::AlreadyExists);
}

pub(crate) async fn what_would_lose_or_repeat_messages_is_refused(client: Client) {
    let router = || Router::new().route("ride.>", nothing).expect("a route");
    let worker = |binding| Worker::new(client.clone()).bind(binding).run();

    // Letters that come back to their own consumer.
    let circular = Binding::new("RIDE", config(), router()).expect("a binding");
    let circular = circular.with_dead_letters(DeadLetters::in_stream("RIDE").expect("a name"));
    let refused = worker(circular).await.expect_err("a loop");
    assert_eq!((refused.kind(), refused.context("field")), (ErrorKind::Config, Some("dead_letters")));

    // Delays that the server would add to the worker's.
    let delays = config().with_backoff([Duration::from_secs(10)]);
    let delays = Binding::new("RIDE", delays, router()).expect("a binding").discard_dead_letters();
    assert_eq!(worker(delays).await.expect_err("two delays").context("field"), Some("backoff"));

    // A layer that goes around nothing.
    let limits = BatchLimits::new(2, Duration::from_secs(1));
    let batches = Router::new().route_batch("ride.>", limits, async |_: Vec<Json<u8>>| {}).expect("a route");
    let refused = Binding::new("RIDE", config(), batches.layer(Timeout(Duration::from_secs(1))));
    assert_eq!(refused.expect_err("no layer").context("field"), Some("router"));

    // One that could not start is not alive.
    let nowhere = Binding::new("NOWHERE", config(), router()).expect("a binding").discard_dead_letters();
    let nowhere = Worker::new(client.clone()).bind(nowhere);
    let handle = nowhere.handle();
    nowhere.run().await.expect_err("no such stream");
    assert!(!handle.status().is_alive());
}
