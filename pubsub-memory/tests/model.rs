//! Many random operations, compared with a model that is too simple to be wrong.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use common::{Setup, attempts, durable, sequences, stream, take};
use pubsub_core::{Consumer, Limit, MessageSelector, Purge, Retention, SubjectFilter};

/// The numbers of a linear congruential generator: the same for each seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

const SUBJECTS: [&str; 5] = ["s.a", "s.b", "s.a.x", "s.b.x", "s.c"];
const CONSUMERS: [(&str, &[&str]); 6] = [
    ("all", &[]),
    ("literal", &["s.a"]),
    ("literals", &["s.b", "s.a.x"]),
    ("wildcard", &["s.*"]),
    ("wildcards", &["s.*.x", "s.c"]),
    ("outside", &["t.>"]),
];

struct Reader {
    name: &'static str,
    filters: Vec<SubjectFilter>,
    consumer: Arc<dyn Consumer>,
    delivered: BTreeSet<u64>,
    unsettled: BTreeSet<u64>,
    settled: BTreeSet<u64>,
}

impl Reader {
    fn matches(&self, subject: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| filter.matches(subject))
    }
}

async fn run(seed: u64, retention: Retention) {
    let mut random = Random(seed);
    let setup = Setup::new(stream().with_retention(retention)).await;
    let mut readers = Vec::new();
    for (name, filters) in CONSUMERS {
        let config = durable(name).with_filters(filters.iter().copied()).unwrap();
        let config = config.with_max_deliver(Limit::Unlimited).with_max_ack_pending(Limit::Unlimited);
        readers.push(Reader {
            name,
            filters: config.filters.clone(),
            consumer: setup.consumer(config).await,
            delivered: BTreeSet::new(),
            unsettled: BTreeSet::new(),
            settled: BTreeSet::new(),
        });
    }
    let mut stored: BTreeMap<u64, &str> = BTreeMap::new();
    for step in 0..500 {
        match random.below(10) {
            0..=3 => {
                let subject = SUBJECTS[random.below(SUBJECTS.len())];
                stored.insert(setup.publish(subject).await.sequence.unwrap(), subject);
            }
            4..=8 => {
                let at = random.below(readers.len());
                let reader = &mut readers[at];
                let max = 1 + random.below(4);
                let batch = take(&reader.consumer, max).await;
                // What was nakked first, in any order here; then new ones, each once, in order and none left out.
                let (got, tries) = (sequences(&batch), attempts(&batch));
                let new: Vec<u64> =
                    got.iter().zip(&tries).filter(|(_, attempt)| **attempt == 1).map(|(s, _)| *s).collect();
                let waiting = stored.iter().filter(|(sequence, subject)| {
                    !reader.delivered.contains(sequence) && reader.matches(subject)
                });
                let expected: Vec<u64> = waiting.map(|(sequence, _)| *sequence).take(new.len()).collect();
                assert_eq!(new, expected, "seed {seed}, step {step}, {}", reader.name);
                assert!(
                    tries.is_sorted_by(|one, other| *one > 1 || *other == 1),
                    "redeliveries come first: {tries:?}"
                );
                for delivery in batch {
                    let sequence = delivery.info().stream_sequence;
                    reader.delivered.insert(sequence);
                    reader.unsettled.insert(sequence);
                    match random.below(4) {
                        0 => delivery.nak().await.unwrap(),
                        1 => drop(delivery),
                        _ => {
                            delivery.ack().await.unwrap();
                            reader.unsettled.remove(&sequence);
                            reader.settled.insert(sequence);
                        }
                    }
                }
            }
            _ => match random.below(4) {
                0 => {
                    let purge =
                        Purge::keep(u64::try_from(random.below(20)).unwrap()).with_filter("s.a").unwrap();
                    setup.admin().purge_stream(&setup.stream, purge).await.unwrap();
                }
                1 => {
                    let up_to = setup.info().await.first_sequence + u64::try_from(random.below(3)).unwrap();
                    setup.admin().purge_stream(&setup.stream, Purge::up_to(up_to)).await.unwrap();
                }
                _ => {
                    if let Some(sequence) = stored.keys().nth(random.below(stored.len().max(1))).copied() {
                        let _ = setup.admin().delete_message(&setup.stream, sequence).await;
                    }
                }
            },
        }
        if step % 25 == 0 {
            compare(&setup, &readers, &mut stored, retention, seed).await;
        }
        forget_removed(&setup, &mut stored).await;
    }
}

async fn forget_removed(setup: &Setup, stored: &mut BTreeMap<u64, &str>) {
    let mut kept = BTreeMap::new();
    for (sequence, subject) in std::mem::take(stored) {
        let selector = MessageSelector::Sequence(sequence);
        if setup.admin().get_message(&setup.stream, selector).await.is_ok() {
            kept.insert(sequence, subject);
        }
    }
    *stored = kept;
}

async fn compare(
    setup: &Setup,
    readers: &[Reader],
    stored: &mut BTreeMap<u64, &str>,
    retention: Retention,
    seed: u64,
) {
    forget_removed(setup, stored).await;
    let info = setup.info().await;
    assert_eq!(info.messages, u64::try_from(stored.len()).unwrap());
    if retention == Retention::Interest {
        for (sequence, subject) in stored.iter() {
            let wanted =
                readers.iter().any(|reader| reader.matches(subject) && !reader.settled.contains(sequence));
            assert!(wanted, "seed {seed}: {sequence} is kept for nobody");
        }
    }
    for reader in readers {
        let info = setup.consumer_info(reader.name).await.unwrap();
        let pending = stored
            .iter()
            .filter(|(sequence, subject)| reader.matches(subject) && !reader.delivered.contains(sequence))
            .count();
        let unsettled = reader.unsettled.iter().filter(|sequence| stored.contains_key(sequence)).count();
        assert_eq!(info.pending, u64::try_from(pending).unwrap(), "seed {seed}, pending of {}", reader.name);
        // A consumer need not be told what a purge has removed, if that was more than one message.
        let possible = u64::try_from(unsettled).unwrap()..=u64::try_from(reader.unsettled.len()).unwrap();
        assert!(
            possible.contains(&info.ack_pending),
            "seed {seed}, unsettled of {}: {} outside {possible:?}",
            reader.name,
            info.ack_pending
        );
    }
}

#[tokio::test(start_paused = true)]
async fn consumers_of_a_log_see_what_their_filters_say() {
    for seed in 0..6 {
        run(seed, Retention::Limits).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_interest_stream_keeps_what_is_wanted_and_nothing_else() {
    for seed in 100..106 {
        run(seed, Retention::Interest).await;
    }
}
