//! Who leaves a pinned group leaves nothing open behind that could be pinned.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pubsub_core::{Capability, Consumer, ConsumerConfig, FetchOptions, PriorityGroup};

use crate::support::{Bench, connect, eventually, fetch, ride, soon};

/// A fetch that waits, once it has asked for as long as it waits.
async fn waits(consumer: &Arc<dyn Consumer>) -> tokio::task::JoinHandle<()> {
    let fetching = tokio::spawn({
        let consumer = Arc::clone(consumer);
        async move { drop(consumer.fetch(FetchOptions::up_to(1).with_expires(Duration::from_secs(30))).await) }
    });
    eventually("it waits", || async { consumer.info().await.unwrap().waiting == 1 }).await;
    fetching
}

/// A server pins what is first in its row without a look whether anybody waits for it; nobody else is served then for the time
/// of a pin, 2 minutes if nothing is said (by the source of nats-server 2.15).
#[tokio::test]
async fn what_was_given_up_is_pinned_no_more_once_it_was_unpinned() {
    let bench = Bench::start().await;
    if !bench.has(Capability::PriorityGroups) {
        return;
    }
    bench.stream().await;
    let group = PriorityGroup::pinned("members").unwrap();
    let first = bench.consumer(ConsumerConfig::durable("users").unwrap().with_priority(group)).await;
    let other = connect(bench.server.url()).await.unwrap();
    let second = other.consumer("RIDE", "users").await.unwrap();
    for round in 0..10 {
        let fetching = waits(&first).await;
        fetching.abort();
        let _ = fetching.await;
        let started = Instant::now();
        bench.admin().unpin_consumer(&ride(), &"users".try_into().unwrap()).await.unwrap();
        bench.publish(round..round + 1).await;
        soon(fetch(&second, 1)).await.pop().expect("it is served").ack_confirmed().await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        // For the next round.
        other.admin().unwrap().unpin_consumer(&ride(), &"users".try_into().unwrap()).await.unwrap();
    }
}
