//! Random operations, a restart in their midst, more of them: a store that was saved and restored answers as the one that
//! was not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::fmt::Write as _;
use std::time::Duration;

use common::{SECOND, Setup, durable, stream, take};
use proptest::prelude::*;
use pubsub_core::{
    Broker as _, ConsumerName, Limit, MessageSelector, OutboundMessage, PublisherExt as _, Purge, Retention,
    Schedule, StreamConfig, TimeToLive,
};
use pubsub_memory::{MemoryConfig, MemoryServer};
use tokio::time::advance;

const SUBJECTS: [&str; 4] = ["s.a", "s.b", "s.a.x", "s.c"];
const CONSUMERS: [&str; 4] = ["all", "one", "each", "replay"];

#[derive(Debug, Clone)]
enum Operation {
    Publish { subject: usize, id: Option<u8>, ttl: Option<u8> },
    Schedule { every: u8, subject: usize },
    Fetch { consumer: usize, max: usize, settle: usize },
    Pass { seconds: u8 },
    PurgeTo { place: u8 },
    PurgeSubject { subject: usize, keep: u8 },
    Delete { place: u8 },
    Pause { consumer: usize, seconds: u8 },
    Reset { consumer: usize },
}

fn operation() -> impl Strategy<Value = Operation> {
    let (subject, consumer) = (0..SUBJECTS.len(), 0..CONSUMERS.len());
    prop_oneof![
        6 => (subject.clone(), proptest::option::of(0..6_u8), proptest::option::of(0..30_u8))
            .prop_map(|(subject, id, ttl)| Operation::Publish { subject, id, ttl }),
        1 => (1..40_u8, subject.clone()).prop_map(|(every, subject)| Operation::Schedule { every, subject }),
        6 => (consumer.clone(), 1..5_usize, 0..6_usize)
            .prop_map(|(consumer, max, settle)| Operation::Fetch { consumer, max, settle }),
        3 => (1..40_u8).prop_map(|seconds| Operation::Pass { seconds }),
        1 => any::<u8>().prop_map(|place| Operation::PurgeTo { place }),
        1 => (subject, 0..3_u8).prop_map(|(subject, keep)| Operation::PurgeSubject { subject, keep }),
        1 => any::<u8>().prop_map(|place| Operation::Delete { place }),
        1 => (consumer.clone(), 1..60_u8).prop_map(|(consumer, seconds)| Operation::Pause { consumer, seconds }),
        1 => consumer.prop_map(|consumer| Operation::Reset { consumer }),
    ]
}

fn config(retention: Retention) -> StreamConfig {
    let config = stream().with_retention(retention).with_allow_message_ttl().with_allow_schedules();
    config.with_max_messages_per_subject(Limit::At(20)).with_duplicate_window(60 * SECOND)
}

async fn begin(retention: Retention) -> Setup {
    let setup = Setup::new(config(retention)).await;
    // The store's clock is ahead of the real one, so that the restart takes no time.
    advance(3600 * SECOND).await;
    setup.consumer(durable("all").with_max_deliver(3).with_ack_wait(10 * SECOND)).await;
    setup.consumer(durable("one").with_filter("s.a").unwrap().with_max_ack_pending(3)).await;
    let backoff = durable("each").with_filters(["s.b", "s.*.x"]).unwrap().with_max_deliver(5);
    setup.consumer(backoff.with_backoff([SECOND, 5 * SECOND, 20 * SECOND])).await;
    setup.fill(3).await;
    setup.consumer(durable("replay").with_replay(pubsub_core::ReplayPolicy::Original)).await;
    setup
}

/// Does it, and says everything that can be seen of it. Time passes only once for both stores.
async fn apply(setup: &Setup, operation: &Operation) -> String {
    let admin = setup.admin();
    match operation {
        Operation::Publish { subject, id, ttl } => {
            let mut message = OutboundMessage::new(SUBJECTS[*subject], format!("{operation:?}")).unwrap();
            if let Some(id) = id {
                message = message.with_id(format!("id-{id}")).unwrap();
            }
            if let Some(ttl) = ttl {
                let ttl =
                    if *ttl == 0 { TimeToLive::Never } else { TimeToLive::After(SECOND * (*ttl).into()) };
                message = message.with_ttl(ttl);
            }
            format!("{:?}", setup.broker.publisher().publish_message(message).await)
        }
        Operation::Schedule { every, subject } => {
            let schedule = Schedule::every(SECOND * (*every).into(), SUBJECTS[*subject]).unwrap();
            let message = OutboundMessage::new("s.plan", "tick").unwrap().with_schedule(schedule);
            format!("{:?}", setup.broker.publisher().publish_message(message).await)
        }
        Operation::Fetch { consumer, max, settle } => {
            let consumer = setup.open(CONSUMERS[*consumer]).await.unwrap();
            let mut seen = String::new();
            for (place, delivery) in take(&consumer, *max).await.into_iter().enumerate() {
                write!(seen, "{:?} {:?} {:?};", delivery.info(), delivery.headers(), delivery.payload())
                    .unwrap();
                match (settle + place / 3) % 6 {
                    0 => delivery.ack_confirmed().await.unwrap(),
                    1 | 2 => delivery.nak().await.unwrap(),
                    3 => delivery.nak_after(7 * SECOND).await.unwrap(),
                    4 => delivery.extend().await.unwrap(),
                    _ => drop(delivery),
                }
            }
            seen
        }
        Operation::Pass { .. } => String::new(),
        Operation::PurgeTo { place } => {
            let info = setup.info().await;
            let sequence = info.first_sequence + u64::from(*place) % (info.messages + 1);
            format!("{:?}", admin.purge_stream(&setup.stream, Purge::up_to(sequence)).await)
        }
        Operation::PurgeSubject { subject, keep } => {
            let purge = Purge::keep(u64::from(*keep)).with_filter(SUBJECTS[*subject]).unwrap();
            format!("{:?}", admin.purge_stream(&setup.stream, purge).await)
        }
        Operation::Delete { place } => {
            let info = setup.info().await;
            let sequence = info.first_sequence + u64::from(*place) % (info.messages + 1);
            format!("{:?}", admin.delete_message(&setup.stream, sequence).await)
        }
        Operation::Pause { consumer, seconds } => {
            let name = ConsumerName::new(CONSUMERS[*consumer]).unwrap();
            // By the clock of the store, which tells it in the time of a message.
            setup.publish("s.clock").await;
            let clock = MessageSelector::LastOf("s.clock".try_into().unwrap());
            let now = admin.get_message(&setup.stream, clock).await.unwrap().published_at;
            let until = now + Duration::from_secs((*seconds).into());
            format!("{:?}", admin.pause_consumer(&setup.stream, &name, until).await)
        }
        Operation::Reset { consumer } => {
            let name = ConsumerName::new(CONSUMERS[*consumer]).unwrap();
            format!("{:?}", admin.reset_consumer(&setup.stream, &name, None).await)
        }
    }
}

/// Everything that can be asked for.
async fn state(setup: &Setup) -> String {
    let mut seen = format!("{:?}\n", setup.info().await);
    for consumer in CONSUMERS {
        writeln!(seen, "{:?}", setup.consumer_info(consumer).await).unwrap();
    }
    for sequence in setup.stored().await {
        let message = setup.admin().get_message(&setup.stream, MessageSelector::Sequence(sequence)).await;
        writeln!(seen, "{:?}", message.unwrap()).unwrap();
    }
    seen
}

async fn run(retention: Retention, before: &[Operation], after: &[Operation]) {
    let one = begin(retention).await;
    for operation in before {
        apply(&one, operation).await;
        pass(operation).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("snapshot");
    one.server.save(&file).unwrap();
    let server = MemoryServer::restore(&file, MemoryConfig::default()).unwrap();
    let other = Setup { broker: server.connect(), server, stream: one.stream.clone() };
    assert_eq!(state(&other).await, state(&one).await, "after the restart");
    for operation in after {
        assert_eq!(apply(&other, operation).await, apply(&one, operation).await, "{operation:?}");
        pass(operation).await;
        assert_eq!(state(&other).await, state(&one).await, "after {operation:?}");
    }
}

async fn pass(operation: &Operation) {
    if let Operation::Pass { seconds } = operation {
        advance(SECOND * (*seconds).into()).await;
    }
}

/// The floor moves over a message that nobody was given only with the next settlement, before and after a restart alike.
#[tokio::test(start_paused = true)]
async fn a_floor_over_what_expired_unseen_is_kept() {
    use Operation::{Fetch, Pass, Publish, PurgeSubject, PurgeTo};
    let before = [
        Publish { subject: 0, id: None, ttl: Some(1) },
        Pass { seconds: 1 },
        PurgeSubject { subject: 1, keep: 0 },
        Fetch { consumer: 0, max: 4, settle: 0 },
    ];
    let after = [
        Publish { subject: 0, id: None, ttl: None },
        Fetch { consumer: 0, max: 1, settle: 1 },
        PurgeTo { place: 0 },
    ];
    run(Retention::Limits, &before, &after).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_restored_store_answers_as_one_that_went_on(
        retention in prop_oneof![Just(Retention::Limits), Just(Retention::Interest)],
        before in proptest::collection::vec(operation(), 0..40),
        after in proptest::collection::vec(operation(), 0..25),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(run(retention, &before, &after));
    }
}
