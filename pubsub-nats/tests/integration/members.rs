//! Who is pinned, as the server tells it.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use pubsub_core::{
    Advisory, Capability, ConsumerConfig, CoreMessage, CoreSubscribeOptions, PriorityGroup, Result,
    SubjectFilter, Unpinned,
};

use crate::support::{Bench, ack_all, fetch, ride, soon};

async fn hear(bench: &Bench) -> BoxStream<'static, Result<CoreMessage>> {
    let core = bench.client.core().unwrap();
    // Both of `Advisory::PINS`, in the order in which they are told.
    let filter = SubjectFilter::new("$JS.EVENT.ADVISORY.CONSUMER.*.RIDE.users").unwrap();
    let heard = core.subscribe(filter, CoreSubscribeOptions::default()).await.unwrap();
    core.flush().await.unwrap();
    heard
}

async fn told(heard: &mut BoxStream<'static, Result<CoreMessage>>) -> Advisory {
    let message = soon(heard.next()).await.unwrap().unwrap();
    let advisory = Advisory::parse(&message.payload).unwrap().unwrap();
    assert_eq!(&*message.subject, advisory.subject());
    advisory
}

#[tokio::test]
async fn pins_are_told_with_their_ends() {
    let bench = Bench::start().await;
    if !bench.has(Capability::PriorityGroups) {
        return;
    }
    bench.stream().await;
    let group = PriorityGroup::pinned("members").unwrap().with_pin_timeout(Duration::from_secs(1));
    let consumer = bench.consumer(ConsumerConfig::durable("users").unwrap().with_priority(group)).await;
    let mut heard = hear(&bench).await;
    bench.publish(0..3).await;
    ack_all(fetch(&consumer, 1).await).await;
    let Advisory::Pinned(first) = told(&mut heard).await else { panic!("no pin") };
    assert_eq!((first.stream.as_str(), first.consumer.as_str()), ("RIDE", "users"));
    assert_eq!(first.group, "members");
    assert!(!first.pin.is_empty());
    bench.admin().unpin_consumer(&ride(), &"users".try_into().unwrap()).await.unwrap();
    assert_eq!(unpinned(told(&mut heard).await), Unpinned::ADMIN);
    ack_all(fetch(&consumer, 1).await).await;
    let Advisory::Pinned(second) = told(&mut heard).await else { panic!("no pin") };
    assert_ne!(first.pin, second.pin);
    assert_eq!(unpinned(told(&mut heard).await), Unpinned::TIMEOUT);
}

fn unpinned(advisory: Advisory) -> String {
    let Advisory::Unpinned(it) = advisory else { panic!("{advisory:?}") };
    assert_eq!((it.stream.as_str(), it.consumer.as_str(), it.group.as_str()), ("RIDE", "users", "members"));
    it.reason
}
