use pubsub::worker::{Binding, Router, Worker};
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
